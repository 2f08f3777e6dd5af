# source: terraform-aws-modules/ecs/aws//modules/cluster
# major versions: 6 to 7
# may also create: aws_cloudwatch_log_group, aws_ecs_cluster_capacity_providers, aws_ecs_capacity_provider, aws_iam_role, aws_iam_policy, aws_iam_role_policy_attachment, aws_iam_instance_profile, aws_security_group, aws_vpc_security_group_ingress_rule, aws_vpc_security_group_egress_rule
#
# Not written out: what is listed above. The defaults are those of the module as of 2026-03.

variable "create" { default = true }
variable "name" { default = "" }
variable "setting" { default = [{ name = "containerInsights", value = "enabled" }] }
variable "tags" { default = {} }

resource "aws_ecs_cluster" "this" {
  count = var.create ? 1 : 0

  name = var.name
  tags = var.tags

  dynamic "setting" {
    for_each = var.setting == null ? [] : var.setting
    content {
      name  = setting.value.name
      value = setting.value.value
    }
  }
}

output "arn" { value = one(aws_ecs_cluster.this[*].arn) }
output "id" { value = one(aws_ecs_cluster.this[*].id) }
output "name" { value = one(aws_ecs_cluster.this[*].name) }
