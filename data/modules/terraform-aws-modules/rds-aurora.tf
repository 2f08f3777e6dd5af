# source: terraform-aws-modules/rds-aurora/aws
# major versions: 10 to 10
# may also create: aws_cloudwatch_log_group, aws_iam_role, aws_iam_role_policy_attachment, aws_appautoscaling_target, aws_appautoscaling_policy, aws_rds_cluster_endpoint, aws_rds_cluster_role_association, aws_rds_cluster_activity_stream, aws_rds_shard_group, aws_secretsmanager_secret_rotation
#
# Not written out: restoring, scaling and what is listed above. The defaults are those of the module as of 2026-03.

variable "create" { default = true }
variable "name" { default = "" }
variable "create_db_subnet_group" { default = false }
variable "db_subnet_group_name" { default = "" }
variable "subnets" { default = [] }
variable "is_primary_cluster" { default = true }
variable "cluster_use_name_prefix" { default = false }
variable "allocated_storage" { default = null }
variable "apply_immediately" { default = null }
variable "availability_zones" { default = null }
variable "backup_retention_period" { default = null }
variable "backtrack_window" { default = null }
variable "cluster_ca_cert_identifier" { default = null }
variable "cluster_instance_class" { default = null }
variable "cluster_monitoring_interval" { default = 0 }
variable "cluster_performance_insights_enabled" { default = null }
variable "cluster_performance_insights_kms_key_id" { default = null }
variable "copy_tags_to_snapshot" { default = true }
variable "database_name" { default = null }
variable "deletion_protection" { default = null }
variable "enabled_cloudwatch_logs_exports" { default = [] }
variable "enable_http_endpoint" { default = null }
variable "engine" { default = null }
variable "engine_mode" { default = "provisioned" }
variable "engine_version" { default = null }
variable "final_snapshot_identifier" { default = null }
variable "global_cluster_identifier" { default = null }
variable "iam_database_authentication_enabled" { default = null }
variable "kms_key_id" { default = null }
variable "manage_master_user_password" { default = true }
variable "master_user_secret_kms_key_id" { default = null }
variable "master_password_wo" { default = null }
variable "master_username" { default = null }
variable "port" { default = null }
variable "skip_final_snapshot" { default = false }
variable "snapshot_identifier" { default = null }
variable "storage_encrypted" { default = true }
variable "storage_type" { default = null }
variable "vpc_security_group_ids" { default = [] }
variable "instances" { default = {} }
variable "create_security_group" { default = true }
variable "vpc_id" { default = "" }
variable "security_group_ingress_rules" { default = {} }
variable "security_group_egress_rules" { default = {} }
variable "cluster_parameter_group_name" { default = null }
variable "cluster_parameter_group" { default = null }
variable "db_parameter_group" { default = null }
variable "tags" { default = {} }
variable "cluster_tags" { default = {} }

locals {
  is_serverless  = var.engine_mode == "serverless"
  manages_secret = var.manage_master_user_password && var.global_cluster_identifier == null
  has_group      = var.create && var.create_security_group
  port           = coalesce(var.port, contains(["aurora-postgresql", "postgres"], var.engine) ? 5432 : 3306)
  subnet_group   = var.create_db_subnet_group ? one(aws_db_subnet_group.this[*].name) : try(coalesce(var.db_subnet_group_name, var.name), "")
}

resource "aws_db_subnet_group" "this" {
  count = var.create && var.create_db_subnet_group ? 1 : 0

  name       = try(coalesce(var.db_subnet_group_name, var.name), "")
  subnet_ids = var.subnets
}

resource "aws_rds_cluster_parameter_group" "this" {
  count = var.create && var.cluster_parameter_group != null ? 1 : 0

  family = var.cluster_parameter_group.family

  dynamic "parameter" {
    for_each = try(var.cluster_parameter_group.parameters == null ? [] : var.cluster_parameter_group.parameters, [])
    content {
      name         = try(coalesce(parameter.value.name), parameter.key)
      value        = parameter.value.value
      apply_method = try(parameter.value.apply_method, "immediate")
    }
  }
}

resource "aws_db_parameter_group" "this" {
  count = var.create && var.db_parameter_group != null ? 1 : 0

  family = var.db_parameter_group.family

  dynamic "parameter" {
    for_each = try(var.db_parameter_group.parameters == null ? [] : var.db_parameter_group.parameters, [])
    content {
      name         = try(coalesce(parameter.value.name), parameter.key)
      value        = parameter.value.value
      apply_method = try(parameter.value.apply_method, "immediate")
    }
  }
}

resource "aws_rds_cluster" "this" {
  count = var.create ? 1 : 0

  cluster_identifier                  = var.cluster_use_name_prefix ? null : var.name
  cluster_identifier_prefix           = var.cluster_use_name_prefix ? "${var.name}-" : null
  engine                              = var.engine
  engine_mode                         = var.engine_mode
  engine_version                      = var.engine_version
  database_name                       = var.is_primary_cluster ? var.database_name : null
  master_username                     = var.is_primary_cluster ? var.master_username : null
  master_password_wo                  = var.is_primary_cluster && !local.manages_secret ? var.master_password_wo : null
  manage_master_user_password         = local.manages_secret ? true : null
  master_user_secret_kms_key_id       = local.manages_secret ? var.master_user_secret_kms_key_id : null
  port                                = local.port
  storage_encrypted                   = var.storage_encrypted
  storage_type                        = var.storage_type
  kms_key_id                          = var.kms_key_id
  allocated_storage                   = var.allocated_storage
  availability_zones                  = var.availability_zones
  vpc_security_group_ids              = concat(aws_security_group.this[*].id, var.vpc_security_group_ids)
  db_subnet_group_name                = local.subnet_group
  db_cluster_parameter_group_name     = var.cluster_parameter_group == null ? var.cluster_parameter_group_name : aws_rds_cluster_parameter_group.this[0].id
  iam_database_authentication_enabled = var.iam_database_authentication_enabled
  enable_http_endpoint                = var.enable_http_endpoint
  enabled_cloudwatch_logs_exports     = var.enabled_cloudwatch_logs_exports
  backup_retention_period             = var.backup_retention_period
  backtrack_window                    = contains(["aurora-mysql", "aurora"], var.engine) && !local.is_serverless ? var.backtrack_window : 0
  ca_certificate_identifier           = var.cluster_ca_cert_identifier
  copy_tags_to_snapshot               = var.copy_tags_to_snapshot
  skip_final_snapshot                 = var.skip_final_snapshot
  final_snapshot_identifier           = var.final_snapshot_identifier
  snapshot_identifier                 = var.snapshot_identifier
  global_cluster_identifier           = var.global_cluster_identifier
  deletion_protection                 = var.deletion_protection
  monitoring_interval                 = var.cluster_monitoring_interval
  performance_insights_enabled        = var.cluster_performance_insights_enabled
  performance_insights_kms_key_id     = var.cluster_performance_insights_kms_key_id
  apply_immediately                   = var.apply_immediately
  tags                                = merge(var.tags, var.cluster_tags)
}

resource "aws_rds_cluster_instance" "this" {
  for_each = var.create && !local.is_serverless ? var.instances : {}

  identifier                      = try(coalesce(each.value.identifier), "${var.name}-${each.key}")
  cluster_identifier              = aws_rds_cluster.this[0].id
  engine                          = var.engine
  engine_version                  = var.engine_version
  instance_class                  = try(coalesce(each.value.instance_class), var.cluster_instance_class)
  db_subnet_group_name            = local.subnet_group
  db_parameter_group_name         = var.db_parameter_group == null ? try(each.value.db_parameter_group_name, null) : aws_db_parameter_group.this[0].id
  publicly_accessible             = try(each.value.publicly_accessible, null)
  auto_minor_version_upgrade      = try(each.value.auto_minor_version_upgrade, null)
  availability_zone               = try(each.value.availability_zone, null)
  apply_immediately               = try(coalesce(each.value.apply_immediately), var.apply_immediately)
  ca_cert_identifier              = try(coalesce(each.value.ca_cert_identifier), var.cluster_ca_cert_identifier)
  copy_tags_to_snapshot           = try(coalesce(each.value.copy_tags_to_snapshot), true)
  monitoring_interval             = try(coalesce(each.value.monitoring_interval), var.cluster_monitoring_interval)
  performance_insights_enabled    = try(coalesce(each.value.performance_insights_enabled), var.cluster_performance_insights_enabled)
  performance_insights_kms_key_id = try(coalesce(each.value.performance_insights_kms_key_id), var.cluster_performance_insights_kms_key_id)
  tags                            = merge(var.tags, try(each.value.tags, {}))
}

resource "aws_security_group" "this" {
  count = local.has_group ? 1 : 0

  vpc_id = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = local.has_group && var.security_group_ingress_rules != null ? var.security_group_ingress_rules : {}

  security_group_id            = aws_security_group.this[0].id
  ip_protocol                  = try(coalesce(each.value.ip_protocol), "tcp")
  from_port                    = try(coalesce(each.value.from_port), local.port)
  to_port                      = try(coalesce(each.value.to_port), coalesce(each.value.from_port), local.port)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id == "self" ? aws_security_group.this[0].id : each.value.referenced_security_group_id, null)
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = local.has_group && var.security_group_egress_rules != null ? var.security_group_egress_rules : {}

  security_group_id            = aws_security_group.this[0].id
  ip_protocol                  = try(coalesce(each.value.ip_protocol), "tcp")
  from_port                    = try(coalesce(each.value.from_port), coalesce(each.value.to_port), local.port)
  to_port                      = try(coalesce(each.value.to_port), local.port)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id == "self" ? aws_security_group.this[0].id : each.value.referenced_security_group_id, null)
}

output "cluster_arn" { value = one(aws_rds_cluster.this[*].arn) }
output "cluster_id" { value = one(aws_rds_cluster.this[*].id) }
output "cluster_endpoint" { value = one(aws_rds_cluster.this[*].endpoint) }
output "cluster_reader_endpoint" { value = one(aws_rds_cluster.this[*].reader_endpoint) }
output "cluster_resource_id" { value = one(aws_rds_cluster.this[*].cluster_resource_id) }
output "cluster_database_name" { value = var.database_name }
output "cluster_port" { value = one(aws_rds_cluster.this[*].port) }
output "cluster_master_user_secret" { value = one(aws_rds_cluster.this[*].master_user_secret) }
output "cluster_master_username" {
  value     = one(aws_rds_cluster.this[*].master_username)
  sensitive = true
}
output "db_subnet_group_name" { value = local.subnet_group }
output "db_cluster_parameter_group_id" { value = one(aws_rds_cluster_parameter_group.this[*].id) }
output "db_parameter_group_id" { value = one(aws_db_parameter_group.this[*].id) }
output "security_group_id" { value = one(aws_security_group.this[*].id) }
