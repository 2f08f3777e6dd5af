# source: terraform-aws-modules/kms/aws
# major versions: 2 to 4
# may also create: aws_kms_external_key, aws_kms_replica_key, aws_kms_replica_external_key, aws_kms_grant, aws_kms_key_policy, aws_kms_alias
#
# Not written out: the policy of the key, which is put together from many inputs, and what is listed above. The defaults
# are those of the module as of 2025-10.

variable "create" { default = true }
variable "create_external" { default = false }
variable "create_replica" { default = false }
variable "create_replica_external" { default = false }
variable "customer_master_key_spec" { default = null }
variable "deletion_window_in_days" { default = null }
variable "description" { default = null }
variable "enable_key_rotation" { default = true }
variable "is_enabled" { default = null }
variable "key_usage" { default = null }
variable "multi_region" { default = false }
variable "policy" { default = null }
variable "enable_default_policy" { default = true }
variable "tags" { default = {} }

resource "aws_kms_key" "this" {
  count = var.create && !var.create_external && !var.create_replica && !var.create_replica_external ? 1 : 0

  customer_master_key_spec = var.customer_master_key_spec
  deletion_window_in_days  = var.deletion_window_in_days
  description              = var.description
  enable_key_rotation      = var.enable_key_rotation
  is_enabled               = var.is_enabled
  key_usage                = var.key_usage
  multi_region             = var.multi_region
  tags                     = var.tags

  # Statements for administrators, users and services are added to it.
  policy = try(coalesce(var.policy), timestamp())
}

output "key_arn" { value = try(one(aws_kms_key.this[*].arn)) }
output "key_id" { value = try(one(aws_kms_key.this[*].key_id)) }
