# source: terraform-aws-modules/iam/aws//modules/iam-user
# major versions: 6 to 6
# may also create: aws_iam_user_ssh_key
#
# The defaults are those of the module as of 2026-04.

variable "create" { default = true }
variable "name" { default = "" }
variable "path" { default = null }
variable "permissions_boundary" { default = null }
variable "force_destroy" { default = false }
variable "policies" { default = {} }
variable "create_login_profile" { default = true }
variable "pgp_key" { default = null }
variable "password_length" { default = null }
variable "password_reset_required" { default = true }
variable "create_access_key" { default = true }
variable "access_key_status" { default = null }
variable "create_inline_policy" { default = false }
variable "source_inline_policy_documents" { default = [] }
variable "override_inline_policy_documents" { default = [] }
variable "inline_policy_permissions" { default = null }
variable "tags" { default = {} }

resource "aws_iam_user" "this" {
  count = var.create ? 1 : 0

  name                 = var.name
  path                 = var.path
  permissions_boundary = var.permissions_boundary
  force_destroy        = var.force_destroy
  tags                 = var.tags
}

resource "aws_iam_user_policy_attachment" "this" {
  for_each = var.create ? var.policies : {}

  user       = aws_iam_user.this[0].name
  policy_arn = each.value
}

data "aws_iam_policy_document" "inline" {
  count = var.create && var.create_inline_policy ? 1 : 0

  source_policy_documents   = var.source_inline_policy_documents
  override_policy_documents = var.override_inline_policy_documents

  dynamic "statement" {
    for_each = var.inline_policy_permissions == null ? {} : var.inline_policy_permissions
    content {
      sid           = try(coalesce(statement.value.sid), statement.key)
      effect        = try(coalesce(statement.value.effect), "Allow")
      actions       = try(statement.value.actions, null)
      not_actions   = try(statement.value.not_actions, null)
      resources     = try(statement.value.resources, null)
      not_resources = try(statement.value.not_resources, null)

      dynamic "condition" {
        for_each = try(statement.value.condition == null ? [] : statement.value.condition, [])
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

resource "aws_iam_user_policy" "inline" {
  count = var.create && var.create_inline_policy ? 1 : 0

  user   = aws_iam_user.this[0].name
  name   = var.name
  policy = data.aws_iam_policy_document.inline[0].json
}

resource "aws_iam_user_login_profile" "this" {
  count = var.create && var.create_login_profile ? 1 : 0

  user                    = aws_iam_user.this[0].name
  pgp_key                 = var.pgp_key
  password_length         = var.password_length
  password_reset_required = var.password_reset_required
}

resource "aws_iam_access_key" "this" {
  count = var.create && var.create_access_key ? 1 : 0

  user    = aws_iam_user.this[0].name
  pgp_key = var.pgp_key
  status  = var.access_key_status
}

output "arn" { value = one(aws_iam_user.this[*].arn) }
output "name" { value = one(aws_iam_user.this[*].name) }
output "unique_id" { value = one(aws_iam_user.this[*].unique_id) }
output "access_key_id" { value = one(aws_iam_access_key.this[*].id) }
output "access_key_secret" {
  value     = one(aws_iam_access_key.this[*].secret)
  sensitive = true
}
