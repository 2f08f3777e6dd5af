# source: terraform-aws-modules/alb/aws
# major versions: 9 to 10
# may also create: aws_lb_listener_rule, aws_lb_listener_certificate, aws_lb_target_group_attachment, aws_lambda_permission, aws_route53_record, aws_wafv2_web_acl_association
#
# Not written out: what is listed above, and actions of listeners that log people in. The defaults are those of the module
# as of 2026-01.

variable "create" { default = true }
variable "name" { default = null }
variable "name_prefix" { default = null }
variable "load_balancer_type" { default = "application" }
variable "internal" { default = null }
variable "subnets" { default = null }
variable "vpc_id" { default = null }
variable "security_groups" { default = [] }
variable "access_logs" { default = null }
variable "connection_logs" { default = null }
variable "desync_mitigation_mode" { default = null }
variable "drop_invalid_header_fields" { default = true }
variable "enable_cross_zone_load_balancing" { default = true }
variable "enable_deletion_protection" { default = true }
variable "idle_timeout" { default = null }
variable "ip_address_type" { default = null }
variable "default_port" { default = 80 }
variable "default_protocol" { default = "HTTP" }
variable "listeners" { default = {} }
variable "target_groups" { default = null }
variable "create_security_group" { default = true }
variable "security_group_name" { default = null }
variable "security_group_ingress_rules" { default = null }
variable "security_group_egress_rules" { default = null }
variable "tags" { default = {} }

locals {
  has_group     = var.create && var.create_security_group && contains(["application", "network"], var.load_balancer_type)
  groups        = concat(var.security_groups, aws_security_group.this[*].id)
  target_groups = var.target_groups == null ? {} : var.target_groups
  listeners     = var.listeners == null ? {} : var.listeners
}

resource "aws_lb" "this" {
  count = var.create ? 1 : 0

  name                             = var.name
  name_prefix                      = var.name_prefix
  load_balancer_type               = var.load_balancer_type
  internal                         = var.internal
  subnets                          = var.subnets
  security_groups                  = local.groups
  desync_mitigation_mode           = var.desync_mitigation_mode
  drop_invalid_header_fields       = var.load_balancer_type == "application" ? var.drop_invalid_header_fields : null
  enable_cross_zone_load_balancing = var.enable_cross_zone_load_balancing
  enable_deletion_protection       = var.enable_deletion_protection
  idle_timeout                     = var.idle_timeout
  ip_address_type                  = var.ip_address_type
  tags                             = var.tags

  dynamic "access_logs" {
    for_each = try(length(var.access_logs) > 0, false) ? [var.access_logs] : []
    content {
      bucket  = access_logs.value.bucket
      enabled = try(access_logs.value.enabled, true)
      prefix  = try(access_logs.value.prefix, null)
    }
  }

  dynamic "connection_logs" {
    for_each = try(length(var.connection_logs) > 0, false) ? [var.connection_logs] : []
    content {
      bucket  = connection_logs.value.bucket
      enabled = try(connection_logs.value.enabled, true)
      prefix  = try(connection_logs.value.prefix, null)
    }
  }
}

resource "aws_lb_target_group" "this" {
  for_each = var.create ? local.target_groups : {}

  name             = try(each.value.name, null)
  name_prefix      = try(each.value.name_prefix, null)
  port             = try(each.value.target_type, null) == "lambda" ? null : try(coalesce(each.value.port, var.default_port), var.default_port)
  protocol         = try(each.value.target_type, null) == "lambda" ? null : try(coalesce(each.value.protocol, var.default_protocol), var.default_protocol)
  protocol_version = try(each.value.protocol_version, null)
  target_type      = try(each.value.target_type, null)
  vpc_id           = try(coalesce(each.value.vpc_id, var.vpc_id), var.vpc_id)

  dynamic "health_check" {
    for_each = try([each.value.health_check], [])
    content {
      enabled  = try(health_check.value.enabled, null)
      path     = try(health_check.value.path, null)
      port     = try(health_check.value.port, null)
      protocol = try(health_check.value.protocol, null)
      matcher  = try(health_check.value.matcher, null)
    }
  }
}

resource "aws_lb_listener" "this" {
  for_each = var.create ? local.listeners : {}

  load_balancer_arn = aws_lb.this[0].arn
  port              = try(coalesce(each.value.port, var.default_port), var.default_port)
  protocol          = try(coalesce(each.value.protocol, var.default_protocol), var.default_protocol)
  certificate_arn   = try(each.value.certificate_arn, null)
  # Which of the policies for TLS 1.3 it is depends on the version of the module.
  ssl_policy = try(coalesce(each.value.ssl_policy), contains(["HTTPS", "TLS"], try(each.value.protocol, var.default_protocol)) ? "ELBSecurityPolicy-TLS13-1-${timestamp()}" : null)

  dynamic "default_action" {
    for_each = try([each.value.forward], [])
    content {
      type             = "forward"
      target_group_arn = try(aws_lb_target_group.this[default_action.value.target_group_key].arn, default_action.value.arn, default_action.value.target_group_arn, null)
    }
  }

  dynamic "default_action" {
    for_each = try([each.value.weighted_forward], [])
    content {
      type = "forward"

      forward {
        dynamic "target_group" {
          for_each = try(default_action.value.target_groups, [])
          content {
            arn    = try(aws_lb_target_group.this[target_group.value.target_group_key].arn, target_group.value.arn, target_group.value.target_group_arn, null)
            weight = try(target_group.value.weight, null)
          }
        }
      }
    }
  }

  dynamic "default_action" {
    for_each = try([each.value.redirect], [])
    content {
      type = "redirect"

      redirect {
        host        = try(default_action.value.host, null)
        path        = try(default_action.value.path, null)
        port        = try(default_action.value.port, null)
        protocol    = try(default_action.value.protocol, null)
        status_code = default_action.value.status_code
      }
    }
  }

  dynamic "default_action" {
    for_each = try([each.value.fixed_response], [])
    content {
      type = "fixed-response"

      fixed_response {
        content_type = default_action.value.content_type
        status_code  = try(default_action.value.status_code, null)
      }
    }
  }
}

resource "aws_security_group" "this" {
  count = local.has_group ? 1 : 0

  name   = var.security_group_name
  vpc_id = var.vpc_id
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
  referenced_security_group_id = try(each.value.referenced_security_group_id, null)
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
  referenced_security_group_id = try(each.value.referenced_security_group_id, null)
}

output "arn" { value = one(aws_lb.this[*].arn) }
output "id" { value = one(aws_lb.this[*].id) }
output "dns_name" { value = one(aws_lb.this[*].dns_name) }
output "zone_id" { value = one(aws_lb.this[*].zone_id) }
output "target_groups" { value = aws_lb_target_group.this }
output "listeners" { value = aws_lb_listener.this }
output "security_group_id" { value = one(aws_security_group.this[*].id) }
output "security_group_arn" { value = one(aws_security_group.this[*].arn) }
