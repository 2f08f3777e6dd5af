# source: terraform-aws-modules/iam/aws//modules/iam-policy
# major versions: 6 to 6
# may also create:
#
# The defaults are those of the module as of 2025-10.

variable "create" { default = true }
variable "name" { default = null }
variable "name_prefix" { default = null }
variable "path" { default = null }
variable "description" { default = null }
variable "policy" { default = "" }
variable "tags" { default = {} }

resource "aws_iam_policy" "this" {
  count = var.create ? 1 : 0

  name        = var.name
  name_prefix = var.name_prefix
  path        = var.path
  description = var.description
  policy      = var.policy
  tags        = var.tags
}

output "arn" { value = one(aws_iam_policy.this[*].arn) }
output "id" { value = one(aws_iam_policy.this[*].id) }
output "name" { value = one(aws_iam_policy.this[*].name) }
