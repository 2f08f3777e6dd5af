# source: terraform-aws-modules/rds/aws
# major versions: 6 to 7
# may also create: aws_cloudwatch_log_group, aws_iam_role, aws_iam_role_policy_attachment, aws_db_option_group, aws_db_instance_role_association, aws_secretsmanager_secret_rotation
#
# Not written out: what is listed above. The defaults are those of the module as of 2026-03.

variable "create_db_instance" { default = true }
variable "identifier" {}
variable "engine" { default = null }
variable "engine_version" { default = null }
variable "instance_class" { default = null }
variable "allocated_storage" { default = null }
variable "max_allocated_storage" { default = 0 }
variable "storage_type" { default = null }
variable "storage_encrypted" { default = true }
variable "kms_key_id" { default = null }
variable "db_name" { default = null }
variable "username" { default = null }
variable "password" { default = null }
variable "password_wo" { default = null }
variable "manage_master_user_password" { default = true }
variable "master_user_secret_kms_key_id" { default = null }
variable "port" { default = null }
variable "vpc_security_group_ids" { default = [] }
variable "create_db_subnet_group" { default = false }
variable "db_subnet_group_name" { default = null }
variable "subnet_ids" { default = [] }
variable "availability_zone" { default = null }
variable "multi_az" { default = false }
variable "publicly_accessible" { default = false }
variable "iam_database_authentication_enabled" { default = false }
variable "auto_minor_version_upgrade" { default = true }
variable "apply_immediately" { default = false }
variable "copy_tags_to_snapshot" { default = true }
variable "skip_final_snapshot" { default = false }
variable "snapshot_identifier" { default = null }
variable "replicate_source_db" { default = null }
variable "backup_retention_period" { default = null }
variable "deletion_protection" { default = false }
variable "performance_insights_enabled" { default = false }
variable "performance_insights_kms_key_id" { default = null }
variable "monitoring_interval" { default = 0 }
variable "enabled_cloudwatch_logs_exports" { default = [] }
variable "ca_cert_identifier" { default = null }
variable "create_db_parameter_group" { default = true }
variable "parameter_group_name" { default = null }
variable "family" { default = null }
variable "parameters" { default = [] }
variable "tags" { default = {} }

resource "aws_db_subnet_group" "this" {
  count = var.create_db_subnet_group ? 1 : 0

  subnet_ids = var.subnet_ids
}

resource "aws_db_parameter_group" "this" {
  count = var.create_db_parameter_group ? 1 : 0

  family = var.family

  dynamic "parameter" {
    for_each = var.parameters == null ? [] : var.parameters
    content {
      name         = parameter.value.name
      value        = parameter.value.value
      apply_method = try(parameter.value.apply_method, null)
    }
  }
}

resource "aws_db_instance" "this" {
  count = var.create_db_instance ? 1 : 0

  identifier                          = var.identifier
  engine                              = var.engine
  engine_version                      = var.engine_version
  instance_class                      = var.instance_class
  allocated_storage                   = var.allocated_storage
  max_allocated_storage               = var.max_allocated_storage
  storage_type                        = var.storage_type
  storage_encrypted                   = var.storage_encrypted
  kms_key_id                          = var.kms_key_id
  db_name                             = var.db_name
  username                            = var.username
  password                            = var.manage_master_user_password ? null : var.password
  password_wo                         = var.manage_master_user_password ? null : var.password_wo
  manage_master_user_password         = var.manage_master_user_password ? true : null
  master_user_secret_kms_key_id       = var.master_user_secret_kms_key_id
  port                                = var.port
  vpc_security_group_ids              = var.vpc_security_group_ids
  db_subnet_group_name                = var.create_db_subnet_group ? aws_db_subnet_group.this[0].id : var.db_subnet_group_name
  parameter_group_name                = var.create_db_parameter_group ? aws_db_parameter_group.this[0].id : var.parameter_group_name
  availability_zone                   = var.availability_zone
  multi_az                            = var.multi_az
  publicly_accessible                 = var.publicly_accessible
  iam_database_authentication_enabled = var.iam_database_authentication_enabled
  auto_minor_version_upgrade          = var.auto_minor_version_upgrade
  apply_immediately                   = var.apply_immediately
  copy_tags_to_snapshot               = var.copy_tags_to_snapshot
  skip_final_snapshot                 = var.skip_final_snapshot
  snapshot_identifier                 = var.snapshot_identifier
  replicate_source_db                 = var.replicate_source_db
  backup_retention_period             = var.backup_retention_period
  deletion_protection                 = var.deletion_protection
  performance_insights_enabled        = var.performance_insights_enabled
  performance_insights_kms_key_id     = var.performance_insights_kms_key_id
  monitoring_interval                 = var.monitoring_interval
  enabled_cloudwatch_logs_exports     = var.enabled_cloudwatch_logs_exports
  ca_cert_identifier                  = var.ca_cert_identifier
  tags                                = var.tags
}

output "db_instance_address" { value = one(aws_db_instance.this[*].address) }
output "db_instance_arn" { value = one(aws_db_instance.this[*].arn) }
output "db_instance_endpoint" { value = one(aws_db_instance.this[*].endpoint) }
output "db_instance_identifier" { value = one(aws_db_instance.this[*].identifier) }
output "db_instance_name" { value = one(aws_db_instance.this[*].db_name) }
output "db_instance_port" { value = one(aws_db_instance.this[*].port) }
output "db_instance_master_user_secret_arn" { value = one(aws_db_instance.this[*].master_user_secret[0].secret_arn) }
output "db_instance_username" {
  value     = one(aws_db_instance.this[*].username)
  sensitive = true
}
output "db_subnet_group_id" { value = one(aws_db_subnet_group.this[*].id) }
output "db_parameter_group_id" { value = one(aws_db_parameter_group.this[*].id) }
