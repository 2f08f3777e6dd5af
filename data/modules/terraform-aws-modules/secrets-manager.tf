# source: terraform-aws-modules/secrets-manager/aws
# major versions: 1 to 2
# may also create: aws_secretsmanager_secret_policy, aws_secretsmanager_secret_rotation, random_password
#
# Not written out: the policy of the secret, how it rotates, a password that the module makes up, and what is listed above.
# The defaults are those of the module as of 2025-10.

variable "create" { default = true }
variable "name" { default = null }
variable "name_prefix" { default = null }
variable "description" { default = null }
variable "kms_key_id" { default = null }
variable "recovery_window_in_days" { default = null }
variable "replica" { default = {} }
variable "secret_string" { default = null }
variable "secret_string_wo" { default = null }
variable "secret_binary" { default = null }
variable "create_random_password" { default = false }
variable "tags" { default = {} }

resource "aws_secretsmanager_secret" "this" {
  count = var.create ? 1 : 0

  name                    = var.name
  name_prefix             = var.name_prefix
  description             = var.description
  kms_key_id              = var.kms_key_id
  recovery_window_in_days = var.recovery_window_in_days
  tags                    = var.tags

  dynamic "replica" {
    for_each = var.replica == null ? {} : var.replica
    content {
      kms_key_id = try(replica.value.kms_key_id, null)
      region     = try(replica.value.region, replica.key)
    }
  }
}

resource "aws_secretsmanager_secret_version" "this" {
  count = var.create ? 1 : 0

  secret_id     = aws_secretsmanager_secret.this[0].id
  secret_string = var.create_random_password ? timestamp() : var.secret_string
  secret_binary = var.secret_binary
}

output "secret_arn" { value = one(aws_secretsmanager_secret.this[*].arn) }
output "secret_id" { value = one(aws_secretsmanager_secret.this[*].id) }
output "secret_name" { value = one(aws_secretsmanager_secret.this[*].name) }
