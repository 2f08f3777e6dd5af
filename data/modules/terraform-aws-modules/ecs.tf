# source: terraform-aws-modules/ecs/aws
# major versions: 6 to 7
# may also create: aws_cloudwatch_log_group, aws_ecs_cluster_capacity_providers, aws_ecs_capacity_provider, aws_iam_role, aws_iam_policy, aws_iam_role_policy_attachment, aws_iam_instance_profile, aws_security_group, aws_vpc_security_group_ingress_rule, aws_vpc_security_group_egress_rule
#
# The module is its two parts, the cluster and the services. Not written out: the role that the cluster lends its services,
# and what is listed above. The defaults are those of the module as of 2026-03.

variable "create" { default = true }
variable "cluster_name" { default = "" }
variable "cluster_setting" { default = [{ name = "containerInsights", value = "enabled" }] }
variable "services" { default = null }
variable "tags" { default = {} }
variable "cluster_tags" { default = {} }

module "cluster" {
  source = "terraform-aws-modules/ecs/aws//modules/cluster"

  create  = var.create
  name    = var.cluster_name
  setting = var.cluster_setting
  tags    = merge(var.tags, var.cluster_tags)
}

module "service" {
  source   = "terraform-aws-modules/ecs/aws//modules/service"
  for_each = var.create && var.services != null ? var.services : {}

  name                               = try(coalesce(each.value.name), each.key)
  cluster_arn                        = module.cluster.arn
  task_exec_iam_role_arn             = try(each.value.task_exec_iam_role_arn, null)
  tags                               = merge(var.tags, try(each.value.tags, {}))
  create                             = try(coalesce(each.value.create), true)
  create_service                     = try(coalesce(each.value.create_service), true)
  create_task_definition             = try(coalesce(each.value.create_task_definition), true)
  create_security_group              = try(coalesce(each.value.create_security_group), true)
  create_task_exec_iam_role          = try(coalesce(each.value.create_task_exec_iam_role), true)
  create_tasks_iam_role              = try(coalesce(each.value.create_tasks_iam_role), true)
  family                             = try(each.value.family, null)
  task_definition_arn                = try(each.value.task_definition_arn, null)
  tasks_iam_role_arn                 = try(each.value.tasks_iam_role_arn, null)
  container_definitions              = try(each.value.container_definitions == null ? {} : each.value.container_definitions, {})
  cpu                                = try(each.value.cpu, 1024)
  memory                             = try(each.value.memory, 2048)
  network_mode                       = try(coalesce(each.value.network_mode), "awsvpc")
  pid_mode                           = try(each.value.pid_mode, null)
  ipc_mode                           = try(each.value.ipc_mode, null)
  requires_compatibilities           = try(each.value.requires_compatibilities == null ? ["FARGATE"] : each.value.requires_compatibilities, ["FARGATE"])
  launch_type                        = try(coalesce(each.value.launch_type), "FARGATE")
  platform_version                   = try(each.value.platform_version, null)
  scheduling_strategy                = try(each.value.scheduling_strategy, null)
  capacity_provider_strategy         = try(each.value.capacity_provider_strategy, null)
  deployment_controller              = try(each.value.deployment_controller, null)
  deployment_circuit_breaker         = try(each.value.deployment_circuit_breaker, null)
  alarms                             = try(each.value.alarms, null)
  deployment_maximum_percent         = try(each.value.deployment_maximum_percent, 200)
  deployment_minimum_healthy_percent = try(each.value.deployment_minimum_healthy_percent, 66)
  desired_count                      = try(each.value.desired_count, 1)
  enable_execute_command             = try(coalesce(each.value.enable_execute_command), false)
  assign_public_ip                   = try(coalesce(each.value.assign_public_ip), false)
  security_group_ids                 = try(each.value.security_group_ids == null ? [] : each.value.security_group_ids, [])
  subnet_ids                         = try(each.value.subnet_ids == null ? [] : each.value.subnet_ids, [])
  vpc_id                             = try(each.value.vpc_id, null)
  security_group_ingress_rules       = try(each.value.security_group_ingress_rules == null ? {} : each.value.security_group_ingress_rules, {})
  security_group_egress_rules        = try(each.value.security_group_egress_rules == null ? {} : each.value.security_group_egress_rules, {})
  load_balancer                      = try(each.value.load_balancer, null)
  service_connect_configuration      = try(each.value.service_connect_configuration, null)
  volume                             = try(each.value.volume, null)
}

output "cluster_arn" { value = module.cluster.arn }
output "cluster_id" { value = module.cluster.id }
output "cluster_name" { value = module.cluster.name }
output "services" { value = module.service }
