# source: terraform-aws-modules/elasticache/aws
# major versions: 1 to 1
# may also create: aws_elasticache_global_replication_group, aws_elasticache_user, aws_elasticache_user_group
#
# Not written out: groups that span Regions, and what is listed above. The defaults are those of the module as of 2025-10.

variable "create" { default = true }
variable "create_cluster" { default = false }
variable "create_replication_group" { default = true }
variable "create_primary_global_replication_group" { default = false }
variable "create_secondary_global_replication_group" { default = false }
variable "cluster_id" { default = "" }
variable "replication_group_id" { default = null }
variable "description" { default = null }
variable "engine" { default = "redis" }
variable "engine_version" { default = null }
variable "node_type" { default = null }
variable "port" { default = null }
variable "num_cache_nodes" { default = 1 }
variable "num_cache_clusters" { default = null }
variable "num_node_groups" { default = null }
variable "replicas_per_node_group" { default = null }
variable "cluster_mode" { default = null }
variable "cluster_mode_enabled" { default = false }
variable "multi_az_enabled" { default = false }
variable "automatic_failover_enabled" { default = null }
variable "auto_minor_version_upgrade" { default = null }
variable "az_mode" { default = null }
variable "at_rest_encryption_enabled" { default = true }
variable "kms_key_arn" { default = null }
variable "transit_encryption_enabled" { default = true }
variable "transit_encryption_mode" { default = null }
variable "auth_token" { default = null }
variable "auth_token_update_strategy" { default = null }
variable "user_group_ids" { default = null }
variable "snapshot_retention_limit" { default = null }
variable "snapshot_window" { default = null }
variable "maintenance_window" { default = null }
variable "log_delivery_configuration" {
  default = {
    slow-log = {
      destination_type = "cloudwatch-logs"
      log_format       = "json"
    }
  }
}
variable "create_parameter_group" { default = false }
variable "parameter_group_name" { default = null }
variable "parameter_group_family" { default = "" }
variable "parameters" { default = [] }
variable "create_subnet_group" { default = true }
variable "subnet_group_name" { default = null }
variable "subnet_ids" { default = [] }
variable "create_security_group" { default = true }
variable "security_group_ids" { default = [] }
variable "security_group_rules" { default = {} }
variable "vpc_id" { default = null }
variable "tags" { default = {} }

locals {
  is_group        = var.create && var.create_replication_group && !(var.create_primary_global_replication_group || var.create_secondary_global_replication_group)
  is_member       = var.replication_group_id != null
  port            = var.port != null ? var.port : var.engine == "memcached" ? 11211 : 6379
  groups          = concat(var.security_group_ids, aws_security_group.this[*].id)
  subnet_group    = var.create && var.create_subnet_group ? aws_elasticache_subnet_group.this[0].name : var.subnet_group_name
  parameter_group = var.create && var.create_parameter_group ? aws_elasticache_parameter_group.this[0].id : var.parameter_group_name
  deliveries      = { for name, it in var.log_delivery_configuration : name => it if var.engine != "memcached" }
}

resource "aws_elasticache_replication_group" "this" {
  count = local.is_group ? 1 : 0

  replication_group_id       = var.replication_group_id
  description                = var.description == null ? "Replication group" : var.description
  engine                     = var.engine
  engine_version             = var.engine_version
  node_type                  = var.node_type
  port                       = local.port
  num_cache_clusters         = var.cluster_mode_enabled ? null : var.num_cache_clusters
  num_node_groups            = var.cluster_mode_enabled ? var.num_node_groups : null
  replicas_per_node_group    = var.replicas_per_node_group
  cluster_mode               = var.cluster_mode
  multi_az_enabled           = var.multi_az_enabled
  automatic_failover_enabled = var.multi_az_enabled || var.cluster_mode_enabled ? true : var.automatic_failover_enabled
  auto_minor_version_upgrade = var.auto_minor_version_upgrade
  at_rest_encryption_enabled = var.at_rest_encryption_enabled
  kms_key_id                 = var.at_rest_encryption_enabled ? var.kms_key_arn : null
  transit_encryption_enabled = var.transit_encryption_enabled
  transit_encryption_mode    = var.transit_encryption_mode
  auth_token                 = var.auth_token
  auth_token_update_strategy = var.auth_token_update_strategy
  user_group_ids             = var.user_group_ids
  security_group_ids         = local.groups
  subnet_group_name          = local.subnet_group
  parameter_group_name       = local.parameter_group
  snapshot_retention_limit   = var.snapshot_retention_limit
  snapshot_window            = var.snapshot_window
  maintenance_window         = var.maintenance_window
  tags                       = var.tags

  dynamic "log_delivery_configuration" {
    for_each = local.deliveries
    content {
      destination      = try(log_delivery_configuration.value.destination, aws_cloudwatch_log_group.this[log_delivery_configuration.key].name)
      destination_type = log_delivery_configuration.value.destination_type
      log_format       = log_delivery_configuration.value.log_format
      log_type         = try(log_delivery_configuration.value.log_type, log_delivery_configuration.key)
    }
  }
}

resource "aws_elasticache_cluster" "this" {
  count = var.create && var.create_cluster ? 1 : 0

  cluster_id                 = var.cluster_id
  replication_group_id       = var.create && var.create_replication_group ? aws_elasticache_replication_group.this[0].id : var.replication_group_id
  engine                     = local.is_member ? null : var.engine
  engine_version             = local.is_member ? null : var.engine_version
  node_type                  = local.is_member ? null : var.node_type
  num_cache_nodes            = local.is_member ? null : var.num_cache_nodes
  port                       = local.is_member ? null : local.port
  az_mode                    = local.is_member ? null : var.az_mode
  security_group_ids         = local.is_member ? null : local.groups
  subnet_group_name          = local.is_member ? null : local.subnet_group
  parameter_group_name       = local.is_member ? null : local.parameter_group
  snapshot_retention_limit   = local.is_member ? null : var.snapshot_retention_limit
  auto_minor_version_upgrade = var.auto_minor_version_upgrade
  transit_encryption_enabled = var.engine == "memcached" ? var.transit_encryption_enabled : null
  tags                       = var.tags
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = { for name, it in local.deliveries : name => it if var.create && try(it.create_cloudwatch_log_group, true) && it.destination_type == "cloudwatch-logs" }

  retention_in_days = try(each.value.cloudwatch_log_group_retention_in_days, 14)
  kms_key_id        = try(each.value.cloudwatch_log_group_kms_key_id, null)
  tags              = var.tags
}

resource "aws_elasticache_parameter_group" "this" {
  count = var.create && var.create_parameter_group ? 1 : 0

  family = var.parameter_group_family

  dynamic "parameter" {
    for_each = var.cluster_mode_enabled ? concat([{ name = "cluster-enabled", value = "yes" }], var.parameters) : var.parameters
    content {
      name  = parameter.value.name
      value = parameter.value.value
    }
  }
}

resource "aws_elasticache_subnet_group" "this" {
  count = var.create && var.create_subnet_group ? 1 : 0

  name       = try(coalesce(var.subnet_group_name, var.cluster_id, var.replication_group_id), "")
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "this" {
  count = var.create && var.create_security_group ? 1 : 0

  vpc_id = var.vpc_id
  tags   = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = { for name, it in var.security_group_rules : name => it if var.create && var.create_security_group && try(it.type, "ingress") == "ingress" }

  security_group_id            = aws_security_group.this[0].id
  ip_protocol                  = try(each.value.ip_protocol, "tcp")
  from_port                    = try(each.value.from_port, local.port)
  to_port                      = try(each.value.to_port, local.port)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id, null) == "self" ? aws_security_group.this[0].id : try(each.value.referenced_security_group_id, null)
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = { for name, it in var.security_group_rules : name => it if var.create && var.create_security_group && try(it.type, "ingress") == "egress" }

  security_group_id            = aws_security_group.this[0].id
  ip_protocol                  = try(each.value.ip_protocol, "tcp")
  from_port                    = try(each.value.from_port, null)
  to_port                      = try(each.value.to_port, null)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id, null) == "self" ? aws_security_group.this[0].id : try(each.value.referenced_security_group_id, null)
}

output "cluster_arn" { value = try(aws_elasticache_cluster.this[0].arn, null) }
output "cluster_address" { value = try(aws_elasticache_cluster.this[0].cluster_address, null) }
output "cluster_cache_nodes" { value = try(aws_elasticache_cluster.this[0].cache_nodes, null) }
output "replication_group_arn" { value = try(aws_elasticache_replication_group.this[0].arn, null) }
output "replication_group_id" { value = try(aws_elasticache_replication_group.this[0].id, null) }
output "replication_group_port" { value = try(aws_elasticache_replication_group.this[0].port, null) }
output "replication_group_primary_endpoint_address" { value = try(aws_elasticache_replication_group.this[0].primary_endpoint_address, null) }
output "replication_group_reader_endpoint_address" { value = try(aws_elasticache_replication_group.this[0].reader_endpoint_address, null) }
output "replication_group_configuration_endpoint_address" { value = try(aws_elasticache_replication_group.this[0].configuration_endpoint_address, null) }
output "subnet_group_name" { value = try(aws_elasticache_subnet_group.this[0].name, null) }
output "security_group_id" { value = try(aws_security_group.this[0].id, null) }
output "security_group_arn" { value = try(aws_security_group.this[0].arn, null) }
