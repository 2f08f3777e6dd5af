# source: terraform-aws-modules/ecs/aws//modules/service
# major versions: 6 to 7
# may also create: aws_iam_policy, aws_iam_role_policy, aws_iam_role_policy_attachment, aws_appautoscaling_target, aws_appautoscaling_policy, aws_appautoscaling_scheduled_action, aws_ecs_task_set, aws_cloudwatch_log_group
#
# Not written out: the policies of the roles, the log groups of the containers, and what is listed above. The defaults are
# those of the module as of 2026-03.

variable "create" { default = true }
variable "create_service" { default = true }
variable "create_task_definition" { default = true }
variable "create_security_group" { default = true }
variable "create_task_exec_iam_role" { default = true }
variable "create_tasks_iam_role" { default = true }
variable "name" { default = "" }
variable "family" { default = null }
variable "cluster_arn" { default = "" }
variable "task_definition_arn" { default = null }
variable "task_exec_iam_role_arn" { default = null }
variable "tasks_iam_role_arn" { default = null }
variable "container_definitions" { default = {} }
variable "cpu" { default = 1024 }
variable "memory" { default = 2048 }
variable "network_mode" { default = "awsvpc" }
variable "pid_mode" { default = null }
variable "ipc_mode" { default = null }
variable "requires_compatibilities" { default = ["FARGATE"] }
variable "launch_type" { default = "FARGATE" }
variable "platform_version" { default = null }
variable "scheduling_strategy" { default = null }
variable "capacity_provider_strategy" { default = null }
variable "deployment_controller" { default = null }
variable "deployment_circuit_breaker" { default = null }
variable "alarms" { default = null }
variable "deployment_maximum_percent" { default = 200 }
variable "deployment_minimum_healthy_percent" { default = 66 }
variable "desired_count" { default = 1 }
variable "enable_execute_command" { default = false }
variable "assign_public_ip" { default = false }
variable "security_group_ids" { default = [] }
variable "subnet_ids" { default = [] }
variable "vpc_id" { default = null }
variable "security_group_ingress_rules" { default = {} }
variable "security_group_egress_rules" { default = {} }
variable "load_balancer" { default = null }
variable "service_connect_configuration" { default = null }
variable "volume" { default = null }
variable "tags" { default = {} }

locals {
  is_external = try(var.deployment_controller.type, null) == "EXTERNAL"
  is_daemon   = var.scheduling_strategy == "DAEMON"
  has_task    = var.create && var.create_task_definition
  has_group   = var.create && var.create_security_group && var.network_mode == "awsvpc"

  # What the module puts in the place of the service's own defaults.
  defaults = {
    interactive            = false
    privileged             = false
    pseudoTerminal         = false
    readonlyRootFilesystem = true
    startTimeout           = 30
    stopTimeout            = 120
    versionConsistency     = "disabled"
  }
  # Switches of the module, and what it fills in by itself.
  apart = ["create", "linuxParameters", "logConfiguration", "restartPolicy", "enable_cloudwatch_logging", "create_cloudwatch_log_group", "cloudwatch_log_group_name", "cloudwatch_log_group_use_name_prefix", "cloudwatch_log_group_class", "cloudwatch_log_group_retention_in_days", "cloudwatch_log_group_kms_key_id"]
  containers = [
    for key, it in var.container_definitions : merge(
      { name = key },
      local.defaults,
      { for name, value in it : name => value if value != null && !contains(local.apart, name) },
      { linuxParameters = merge({ initProcessEnabled = var.enable_execute_command }, try({ for name, value in it.linuxParameters : name => value if value != null }, {})) },
      {
        logConfiguration = merge(
          {
            for name, value in {
              logDriver = "awslogs"
              options = {
                awslogs-region        = data.aws_region.current.region
                awslogs-group         = try(coalesce(it.cloudwatch_log_group_name), "/aws/ecs/${var.name}/${key}")
                awslogs-stream-prefix = "ecs"
              }
            } : name => value if try(it.create_cloudwatch_log_group, true) != false
          },
          try({ for name, value in it.logConfiguration : name => value if value != null }, {}),
        )
      },
    ) if try(it.create, true) != false
  ]
}

data "aws_region" "current" {}

resource "aws_iam_role" "task_exec" {
  count = local.has_task && var.create_task_exec_iam_role ? 1 : 0

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_iam_role" "tasks" {
  count = local.has_task && var.create_tasks_iam_role ? 1 : 0

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_ecs_task_definition" "this" {
  count = local.has_task ? 1 : 0

  family                   = coalesce(var.family, var.name)
  container_definitions    = jsonencode(local.containers)
  cpu                      = var.cpu
  memory                   = var.memory
  network_mode             = var.network_mode
  pid_mode                 = var.pid_mode
  ipc_mode                 = var.ipc_mode
  requires_compatibilities = var.requires_compatibilities
  execution_role_arn       = try(aws_iam_role.task_exec[0].arn, var.task_exec_iam_role_arn)
  task_role_arn            = try(aws_iam_role.tasks[0].arn, var.tasks_iam_role_arn)

  dynamic "volume" {
    for_each = var.volume == null ? {} : var.volume
    content {
      name      = try(coalesce(volume.value.name), volume.key)
      host_path = try(volume.value.host_path, null)

      dynamic "efs_volume_configuration" {
        for_each = try([volume.value.efs_volume_configuration], [])
        content {
          file_system_id     = efs_volume_configuration.value.file_system_id
          root_directory     = try(efs_volume_configuration.value.root_directory, null)
          transit_encryption = try(efs_volume_configuration.value.transit_encryption, null)

          dynamic "authorization_config" {
            for_each = try([efs_volume_configuration.value.authorization_config], [])
            content {
              access_point_id = try(authorization_config.value.access_point_id, null)
              iam             = try(authorization_config.value.iam, null)
            }
          }
        }
      }
    }
  }
}

resource "aws_ecs_service" "this" {
  count = var.create && var.create_service ? 1 : 0

  name                               = var.name
  cluster                            = var.cluster_arn
  task_definition                    = local.has_task ? aws_ecs_task_definition.this[0].arn : var.task_definition_arn
  launch_type                        = local.is_external || var.capacity_provider_strategy != null ? null : var.launch_type
  platform_version                   = var.platform_version
  scheduling_strategy                = var.scheduling_strategy
  deployment_maximum_percent         = local.is_daemon || local.is_external ? null : var.deployment_maximum_percent
  deployment_minimum_healthy_percent = local.is_daemon || local.is_external ? null : var.deployment_minimum_healthy_percent
  desired_count                      = local.is_daemon || local.is_external ? null : var.desired_count
  enable_execute_command             = var.enable_execute_command

  dynamic "deployment_circuit_breaker" {
    for_each = var.deployment_circuit_breaker == null ? [] : [var.deployment_circuit_breaker]
    content {
      enable   = deployment_circuit_breaker.value.enable
      rollback = deployment_circuit_breaker.value.rollback
    }
  }

  dynamic "alarms" {
    for_each = var.alarms == null ? [] : [var.alarms]
    content {
      alarm_names = alarms.value.alarm_names
      enable      = try(alarms.value.enable, null)
      rollback    = try(alarms.value.rollback, null)
    }
  }

  dynamic "network_configuration" {
    for_each = var.network_mode == "awsvpc" && !local.is_external ? [1] : []
    content {
      assign_public_ip = var.assign_public_ip
      security_groups  = concat(aws_security_group.this[*].id, var.security_group_ids)
      subnets          = var.subnet_ids
    }
  }

  dynamic "load_balancer" {
    for_each = var.load_balancer == null ? {} : var.load_balancer
    content {
      container_name   = load_balancer.value.container_name
      container_port   = load_balancer.value.container_port
      target_group_arn = try(load_balancer.value.target_group_arn, null)
      elb_name         = try(load_balancer.value.elb_name, null)
    }
  }
}

resource "aws_security_group" "this" {
  count = local.has_group ? 1 : 0

  vpc_id = var.vpc_id == null ? timestamp() : var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = local.has_group && var.security_group_ingress_rules != null ? var.security_group_ingress_rules : {}

  security_group_id            = aws_security_group.this[0].id
  ip_protocol                  = try(coalesce(each.value.ip_protocol, "tcp"), "tcp")
  from_port                    = try(each.value.from_port, null)
  to_port                      = try(coalesce(each.value.to_port, each.value.from_port), each.value.from_port, null)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id == "self" ? aws_security_group.this[0].id : each.value.referenced_security_group_id, null)
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = local.has_group && var.security_group_egress_rules != null ? var.security_group_egress_rules : {}

  security_group_id            = aws_security_group.this[0].id
  ip_protocol                  = try(coalesce(each.value.ip_protocol, "tcp"), "tcp")
  from_port                    = try(each.value.from_port, null)
  to_port                      = try(coalesce(each.value.to_port, each.value.from_port), each.value.from_port, null)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id == "self" ? aws_security_group.this[0].id : each.value.referenced_security_group_id, null)
}

output "id" { value = one(aws_ecs_service.this[*].id) }
output "name" { value = one(aws_ecs_service.this[*].name) }
output "task_definition_arn" { value = one(aws_ecs_task_definition.this[*].arn) }
output "task_exec_iam_role_arn" { value = try(aws_iam_role.task_exec[0].arn, var.task_exec_iam_role_arn) }
output "task_exec_iam_role_name" { value = one(aws_iam_role.task_exec[*].name) }
output "tasks_iam_role_arn" { value = try(aws_iam_role.tasks[0].arn, var.tasks_iam_role_arn) }
output "tasks_iam_role_name" { value = one(aws_iam_role.tasks[*].name) }
output "security_group_id" { value = one(aws_security_group.this[*].id) }
output "security_group_arn" { value = one(aws_security_group.this[*].arn) }
