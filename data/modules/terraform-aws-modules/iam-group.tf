# source: terraform-aws-modules/iam/aws//modules/iam-group
# major versions: 6 to 6
# may also create: aws_iam_policy, aws_iam_group_policy_attachment
#
# Not written out: the policy by which members manage themselves. The defaults are those of the module as of 2026-04.

variable "create" { default = true }
variable "name" { default = "" }
variable "path" { default = null }
variable "users" { default = [] }
variable "policies" { default = {} }

resource "aws_iam_group" "this" {
  count = var.create ? 1 : 0

  name = var.name
  path = var.path
}

resource "aws_iam_group_membership" "this" {
  count = var.create && length(var.users) > 0 ? 1 : 0

  name  = var.name
  group = aws_iam_group.this[0].id
  users = var.users
}

resource "aws_iam_group_policy_attachment" "this" {
  for_each = var.create ? var.policies : {}

  group      = aws_iam_group.this[0].id
  policy_arn = each.value
}

output "id" { value = one(aws_iam_group.this[*].id) }
output "arn" { value = one(aws_iam_group.this[*].arn) }
output "name" { value = one(aws_iam_group.this[*].name) }
output "unique_id" { value = one(aws_iam_group.this[*].unique_id) }
output "users" { value = flatten(aws_iam_group_membership.this[*].users) }
