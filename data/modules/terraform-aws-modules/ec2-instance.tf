# source: terraform-aws-modules/ec2-instance/aws
# major versions: 6 to 6
# may also create: aws_ec2_tag
#
# Not written out: processors, capacity, markets, network interfaces and what is listed above. The defaults are those of
# the module as of 2026-03.

variable "create" { default = true }
variable "name" { default = "" }
variable "ami" { default = null }
variable "ami_ssm_parameter" { default = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64" }
variable "associate_public_ip_address" { default = null }
variable "availability_zone" { default = null }
variable "disable_api_termination" { default = null }
variable "disable_api_stop" { default = null }
variable "ebs_optimized" { default = null }
variable "iam_instance_profile" { default = null }
variable "instance_type" { default = "t3.micro" }
variable "key_name" { default = null }
variable "launch_template" { default = null }
variable "metadata_options" {
  default = {
    http_endpoint               = "enabled"
    http_put_response_hop_limit = 1
    http_tokens                 = "required"
  }
}
variable "monitoring" { default = null }
variable "network_interface" { default = null }
variable "root_block_device" { default = null }
variable "source_dest_check" { default = null }
variable "subnet_id" { default = null }
variable "user_data" { default = null }
variable "user_data_base64" { default = null }
variable "vpc_security_group_ids" { default = [] }
variable "create_spot_instance" { default = false }
variable "ebs_volumes" { default = null }
variable "create_iam_instance_profile" { default = false }
variable "iam_role_name" { default = null }
variable "iam_role_use_name_prefix" { default = true }
variable "iam_role_path" { default = null }
variable "iam_role_permissions_boundary" { default = null }
variable "iam_role_policies" { default = {} }
variable "create_security_group" { default = true }
variable "security_group_vpc_id" { default = null }
variable "security_group_ingress_rules" { default = null }
variable "security_group_egress_rules" {
  default = {
    ipv4_default = { cidr_ipv4 = "0.0.0.0/0", ip_protocol = "-1" }
    ipv6_default = { cidr_ipv6 = "::/0", ip_protocol = "-1" }
  }
}
variable "create_eip" { default = false }
variable "tags" { default = {} }
variable "instance_tags" { default = {} }

locals {
  has_group = var.create && var.create_security_group && var.network_interface == null
  role_name = try(coalesce(var.iam_role_name, var.name), "")
  groups    = concat(var.vpc_security_group_ids, aws_security_group.this[*].id)
}

data "aws_ssm_parameter" "ami" {
  name = var.ami_ssm_parameter
}

resource "aws_instance" "this" {
  count = var.create && !var.create_spot_instance ? 1 : 0

  ami                         = try(coalesce(var.ami), nonsensitive(data.aws_ssm_parameter.ami.value))
  instance_type               = var.instance_type
  associate_public_ip_address = var.associate_public_ip_address
  availability_zone           = var.availability_zone
  disable_api_stop            = var.disable_api_stop
  disable_api_termination     = var.disable_api_termination
  ebs_optimized               = var.ebs_optimized
  iam_instance_profile        = var.create_iam_instance_profile ? aws_iam_instance_profile.this[0].name : var.iam_instance_profile
  key_name                    = var.key_name
  monitoring                  = var.monitoring
  source_dest_check           = var.network_interface == null ? var.source_dest_check : null
  subnet_id                   = var.network_interface == null ? var.subnet_id : timestamp()
  user_data                   = var.user_data
  user_data_base64            = var.user_data_base64
  vpc_security_group_ids      = var.network_interface == null ? local.groups : timestamp()
  tags                        = merge(var.tags, var.instance_tags, var.name == "" ? {} : { Name = var.name })

  dynamic "launch_template" {
    for_each = var.launch_template == null ? [] : [var.launch_template]
    content {
      id      = try(launch_template.value.id, null)
      name    = try(launch_template.value.name, null)
      version = try(launch_template.value.version, null)
    }
  }

  dynamic "metadata_options" {
    for_each = var.metadata_options == null ? [] : [var.metadata_options]
    content {
      http_endpoint               = try(metadata_options.value.http_endpoint, "enabled")
      http_put_response_hop_limit = try(metadata_options.value.http_put_response_hop_limit, 1)
      http_tokens                 = try(metadata_options.value.http_tokens, "required")
      instance_metadata_tags      = try(metadata_options.value.instance_metadata_tags, null)
    }
  }

  dynamic "root_block_device" {
    for_each = var.root_block_device == null ? [] : [var.root_block_device]
    content {
      delete_on_termination = try(root_block_device.value.delete_on_termination, null)
      encrypted             = try(root_block_device.value.encrypted, null)
      kms_key_id            = try(root_block_device.value.kms_key_id, null)
      volume_size           = try(root_block_device.value.size, null)
      volume_type           = try(root_block_device.value.type, null)
    }
  }
}

resource "aws_spot_instance_request" "this" {
  count = var.create && var.create_spot_instance ? 1 : 0

  ami                         = try(coalesce(var.ami), nonsensitive(data.aws_ssm_parameter.ami.value))
  instance_type               = var.instance_type
  associate_public_ip_address = var.associate_public_ip_address
  iam_instance_profile        = var.create_iam_instance_profile ? aws_iam_instance_profile.this[0].name : var.iam_instance_profile
  key_name                    = var.key_name
  subnet_id                   = var.subnet_id
  user_data                   = var.user_data
  vpc_security_group_ids      = local.groups
}

resource "aws_ebs_volume" "this" {
  for_each = var.create && var.ebs_volumes != null ? var.ebs_volumes : {}

  availability_zone = one(aws_instance.this[*].availability_zone)
  encrypted         = try(each.value.encrypted, null)
  kms_key_id        = try(each.value.kms_key_id, null)
  size              = try(each.value.size, null)
  snapshot_id       = try(each.value.snapshot_id, null)
  type              = try(coalesce(each.value.type), "gp3")
}

resource "aws_volume_attachment" "this" {
  for_each = var.create && var.ebs_volumes != null ? var.ebs_volumes : {}

  device_name = try(coalesce(each.value.device_name), each.key)
  instance_id = one(aws_instance.this[*].id)
  volume_id   = aws_ebs_volume.this[each.key].id
}

resource "aws_iam_role" "this" {
  count = var.create && var.create_iam_instance_profile ? 1 : 0

  name                 = var.iam_role_use_name_prefix ? null : local.role_name
  name_prefix          = var.iam_role_use_name_prefix ? "${local.role_name}-" : null
  path                 = var.iam_role_path
  permissions_boundary = var.iam_role_permissions_boundary
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.create && var.create_iam_instance_profile ? var.iam_role_policies : {}

  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

resource "aws_iam_instance_profile" "this" {
  count = var.create && var.create_iam_instance_profile ? 1 : 0

  name        = var.iam_role_use_name_prefix ? null : local.role_name
  name_prefix = var.iam_role_use_name_prefix ? "${local.role_name}-" : null
  role        = aws_iam_role.this[0].name
}

data "aws_subnet" "this" {
  count = local.has_group ? 1 : 0

  id = var.subnet_id
}

resource "aws_security_group" "this" {
  count = local.has_group ? 1 : 0

  vpc_id = try(coalesce(var.security_group_vpc_id), data.aws_subnet.this[0].vpc_id)
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = local.has_group && var.security_group_ingress_rules != null ? var.security_group_ingress_rules : {}

  security_group_id            = aws_security_group.this[0].id
  ip_protocol                  = try(coalesce(each.value.ip_protocol), "tcp")
  from_port                    = try(coalesce(each.value.from_port), coalesce(each.value.to_port), null)
  to_port                      = try(coalesce(each.value.to_port), coalesce(each.value.from_port), null)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id, null)
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = local.has_group && var.security_group_egress_rules != null ? var.security_group_egress_rules : {}

  security_group_id            = aws_security_group.this[0].id
  ip_protocol                  = try(coalesce(each.value.ip_protocol), "tcp")
  from_port                    = try(coalesce(each.value.from_port), coalesce(each.value.to_port), null)
  to_port                      = try(coalesce(each.value.to_port), coalesce(each.value.from_port), null)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id, null)
}

resource "aws_eip" "this" {
  count = var.create && var.create_eip && !var.create_spot_instance ? 1 : 0

  domain   = "vpc"
  instance = one(aws_instance.this[*].id)
}

output "id" { value = try(aws_instance.this[0].id, aws_spot_instance_request.this[0].spot_instance_id, null) }
output "arn" { value = try(aws_instance.this[0].arn, aws_spot_instance_request.this[0].arn, null) }
output "private_ip" { value = try(aws_instance.this[0].private_ip, aws_spot_instance_request.this[0].private_ip, null) }
output "private_dns" { value = try(aws_instance.this[0].private_dns, aws_spot_instance_request.this[0].private_dns, null) }
output "public_ip" { value = try(aws_eip.this[0].public_ip, aws_instance.this[0].public_ip, aws_spot_instance_request.this[0].public_ip, null) }
output "public_dns" { value = try(aws_instance.this[0].public_dns, aws_spot_instance_request.this[0].public_dns, null) }
output "availability_zone" { value = try(aws_instance.this[0].availability_zone, aws_spot_instance_request.this[0].availability_zone, null) }
output "iam_role_name" { value = one(aws_iam_role.this[*].name) }
output "iam_role_arn" { value = one(aws_iam_role.this[*].arn) }
output "iam_instance_profile_id" { value = one(aws_iam_instance_profile.this[*].id) }
output "iam_instance_profile_arn" { value = one(aws_iam_instance_profile.this[*].arn) }
output "security_group_id" { value = one(aws_security_group.this[*].id) }
output "security_group_arn" { value = one(aws_security_group.this[*].arn) }
