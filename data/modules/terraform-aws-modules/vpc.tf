# source: terraform-aws-modules/vpc/aws
# major versions: 5 to 6
# may also create: aws_vpc_dhcp_options, aws_vpc_dhcp_options_association, aws_network_acl, aws_network_acl_rule, aws_default_network_acl, aws_vpn_gateway, aws_vpn_gateway_attachment, aws_vpn_gateway_route_propagation, aws_customer_gateway, aws_redshift_subnet_group, aws_default_vpc, aws_cloudwatch_log_group, aws_iam_role, aws_iam_policy, aws_iam_role_policy_attachment, aws_vpc_block_public_access_options, aws_vpc_block_public_access_exclusion
#
# Not written out: subnets of an outpost, and what is listed above. The defaults are those of the module as of 2026-01.

variable "create_vpc" { default = true }
variable "name" { default = "" }
variable "cidr" { default = "10.0.0.0/16" }
variable "secondary_cidr_blocks" { default = [] }
variable "azs" { default = [] }
variable "use_ipam_pool" { default = false }
variable "enable_ipv6" { default = false }
variable "enable_dns_hostnames" { default = true }
variable "enable_dns_support" { default = true }
variable "tags" { default = {} }
variable "vpc_tags" { default = {} }

variable "public_subnets" { default = [] }
variable "private_subnets" { default = [] }
variable "database_subnets" { default = [] }
variable "elasticache_subnets" { default = [] }
variable "redshift_subnets" { default = [] }
variable "intra_subnets" { default = [] }
variable "public_subnet_ipv6_prefixes" { default = [] }
variable "private_subnet_ipv6_prefixes" { default = [] }
variable "database_subnet_ipv6_prefixes" { default = [] }
variable "elasticache_subnet_ipv6_prefixes" { default = [] }
variable "redshift_subnet_ipv6_prefixes" { default = [] }
variable "intra_subnet_ipv6_prefixes" { default = [] }
variable "public_subnet_ipv6_native" { default = false }
variable "private_subnet_ipv6_native" { default = false }
variable "database_subnet_ipv6_native" { default = false }
variable "elasticache_subnet_ipv6_native" { default = false }
variable "redshift_subnet_ipv6_native" { default = false }
variable "intra_subnet_ipv6_native" { default = false }
variable "public_subnet_suffix" { default = "public" }
variable "private_subnet_suffix" { default = "private" }
variable "database_subnet_suffix" { default = "db" }
variable "elasticache_subnet_suffix" { default = "elasticache" }
variable "redshift_subnet_suffix" { default = "redshift" }
variable "intra_subnet_suffix" { default = "intra" }
variable "map_public_ip_on_launch" { default = false }
variable "create_multiple_public_route_tables" { default = false }
variable "create_multiple_intra_route_tables" { default = false }

variable "create_database_subnet_route_table" { default = false }
variable "create_database_internet_gateway_route" { default = false }
variable "create_database_nat_gateway_route" { default = false }
variable "create_database_subnet_group" { default = true }
variable "database_subnet_group_name" { default = null }
variable "create_elasticache_subnet_route_table" { default = false }
variable "create_elasticache_subnet_group" { default = true }
variable "elasticache_subnet_group_name" { default = null }
variable "create_redshift_subnet_route_table" { default = false }
variable "enable_public_redshift" { default = false }

variable "create_igw" { default = true }
variable "create_egress_only_igw" { default = true }
variable "enable_nat_gateway" { default = false }
variable "nat_gateway_destination_cidr_block" { default = "0.0.0.0/0" }
variable "single_nat_gateway" { default = false }
variable "one_nat_gateway_per_az" { default = false }
variable "create_private_nat_gateway_route" { default = true }
variable "private_subnet_enable_dns64" { default = true }

variable "manage_default_security_group" { default = true }
variable "default_security_group_ingress" { default = [] }
variable "default_security_group_egress" { default = [] }
variable "manage_default_route_table" { default = true }
variable "default_route_table_routes" { default = [] }

variable "enable_flow_log" { default = false }
variable "flow_log_traffic_type" { default = "ALL" }
variable "flow_log_destination_type" { default = "cloud-watch-logs" }
variable "flow_log_destination_arn" { default = "" }

locals {
  n = {
    public      = max(length(var.public_subnets), length(var.public_subnet_ipv6_prefixes))
    private     = max(length(var.private_subnets), length(var.private_subnet_ipv6_prefixes))
    database    = max(length(var.database_subnets), length(var.database_subnet_ipv6_prefixes))
    elasticache = max(length(var.elasticache_subnets), length(var.elasticache_subnet_ipv6_prefixes))
    redshift    = max(length(var.redshift_subnets), length(var.redshift_subnet_ipv6_prefixes))
    intra       = max(length(var.intra_subnets), length(var.intra_subnet_ipv6_prefixes))
  }
  longest = max(local.n.private, local.n.public, local.n.elasticache, local.n.database, local.n.redshift)
  n_nat   = var.single_nat_gateway ? 1 : var.one_nat_gateway_per_az ? length(var.azs) : local.longest

  n_public_tables   = var.create_multiple_public_route_tables ? local.n.public : 1
  n_intra_tables    = var.create_multiple_intra_route_tables ? local.n.intra : 1
  is_one_database   = var.single_nat_gateway || var.create_database_internet_gateway_route
  n_database_tables = local.is_one_database ? 1 : local.n.database

  has_public         = var.create_vpc && local.n.public > 0
  has_private        = var.create_vpc && local.n.private > 0
  has_database       = var.create_vpc && local.n.database > 0
  has_database_table = local.has_database && var.create_database_subnet_route_table
  has_nat            = var.create_vpc && var.enable_nat_gateway

  vpc_id = one(aws_vpc.this[*].id)
}

resource "aws_vpc" "this" {
  count = var.create_vpc ? 1 : 0

  cidr_block                       = var.use_ipam_pool ? null : var.cidr
  assign_generated_ipv6_cidr_block = var.enable_ipv6 && !var.use_ipam_pool ? true : null
  enable_dns_hostnames             = var.enable_dns_hostnames
  enable_dns_support               = var.enable_dns_support
  tags                             = merge({ Name = var.name }, var.tags, var.vpc_tags)
}

resource "aws_vpc_ipv4_cidr_block_association" "this" {
  count = var.create_vpc ? length(var.secondary_cidr_blocks) : 0

  vpc_id     = local.vpc_id
  cidr_block = var.secondary_cidr_blocks[count.index]
}

resource "aws_subnet" "public" {
  count = local.has_public && (!var.one_nat_gateway_per_az || local.n.public >= length(var.azs)) ? local.n.public : 0

  vpc_id                  = local.vpc_id
  availability_zone       = try(element(var.azs, count.index), null)
  cidr_block              = var.public_subnet_ipv6_native ? null : try(var.public_subnets[count.index], null)
  ipv6_cidr_block         = var.enable_ipv6 && length(var.public_subnet_ipv6_prefixes) > 0 ? cidrsubnet(aws_vpc.this[0].ipv6_cidr_block, 8, var.public_subnet_ipv6_prefixes[count.index]) : null
  map_public_ip_on_launch = var.map_public_ip_on_launch
  tags                    = { Name = "${var.name}-${var.public_subnet_suffix}" }
}

resource "aws_route_table" "public" {
  count = local.has_public ? local.n_public_tables : 0

  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "public" {
  count = local.has_public ? local.n.public : 0

  subnet_id      = element(aws_subnet.public[*].id, count.index)
  route_table_id = element(aws_route_table.public[*].id, var.create_multiple_public_route_tables ? count.index : 0)
}

resource "aws_internet_gateway" "this" {
  count = local.has_public && var.create_igw ? 1 : 0

  vpc_id = local.vpc_id
}

resource "aws_route" "public_internet_gateway" {
  count = local.has_public && var.create_igw ? local.n_public_tables : 0

  route_table_id         = aws_route_table.public[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route" "public_internet_gateway_ipv6" {
  count = local.has_public && var.create_igw && var.enable_ipv6 ? local.n_public_tables : 0

  route_table_id              = aws_route_table.public[count.index].id
  destination_ipv6_cidr_block = "::/0"
  gateway_id                  = aws_internet_gateway.this[0].id
}

resource "aws_subnet" "private" {
  count = local.has_private ? local.n.private : 0

  vpc_id            = local.vpc_id
  availability_zone = try(element(var.azs, count.index), null)
  cidr_block        = var.private_subnet_ipv6_native ? null : try(var.private_subnets[count.index], null)
  ipv6_cidr_block   = var.enable_ipv6 && length(var.private_subnet_ipv6_prefixes) > 0 ? cidrsubnet(aws_vpc.this[0].ipv6_cidr_block, 8, var.private_subnet_ipv6_prefixes[count.index]) : null
  tags              = { Name = "${var.name}-${var.private_subnet_suffix}" }
}

resource "aws_route_table" "private" {
  count = local.has_private ? local.n_nat : 0

  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "private" {
  count = local.has_private ? local.n.private : 0

  subnet_id      = element(aws_subnet.private[*].id, count.index)
  route_table_id = element(aws_route_table.private[*].id, var.single_nat_gateway ? 0 : count.index)
}

resource "aws_eip" "nat" {
  count = local.has_nat ? local.n_nat : 0
}

resource "aws_nat_gateway" "this" {
  count = local.has_nat ? local.n_nat : 0

  subnet_id = element(aws_subnet.public[*].id, var.single_nat_gateway ? 0 : count.index)
}

resource "aws_route" "private_nat_gateway" {
  count = local.has_nat && var.create_private_nat_gateway_route ? local.n_nat : 0

  route_table_id         = element(aws_route_table.private[*].id, count.index)
  destination_cidr_block = var.nat_gateway_destination_cidr_block
  nat_gateway_id         = element(aws_nat_gateway.this[*].id, count.index)
}

resource "aws_route" "private_dns64_nat_gateway" {
  count = local.has_nat && var.enable_ipv6 && var.private_subnet_enable_dns64 ? local.n_nat : 0

  route_table_id              = element(aws_route_table.private[*].id, count.index)
  destination_ipv6_cidr_block = "64:ff9b::/96"
  nat_gateway_id              = element(aws_nat_gateway.this[*].id, count.index)
}

resource "aws_egress_only_internet_gateway" "this" {
  count = var.create_vpc && var.create_egress_only_igw && var.enable_ipv6 && local.longest > 0 ? 1 : 0

  vpc_id = local.vpc_id
}

resource "aws_route" "private_ipv6_egress" {
  count = var.create_vpc && var.create_egress_only_igw && var.enable_ipv6 && local.n.private > 0 ? local.n_nat : 0

  route_table_id              = element(aws_route_table.private[*].id, count.index)
  destination_ipv6_cidr_block = "::/0"
  egress_only_gateway_id      = one(aws_egress_only_internet_gateway.this[*].id)
}

resource "aws_subnet" "database" {
  count = local.has_database ? local.n.database : 0

  vpc_id            = local.vpc_id
  availability_zone = try(element(var.azs, count.index), null)
  cidr_block        = var.database_subnet_ipv6_native ? null : try(var.database_subnets[count.index], null)
  ipv6_cidr_block   = var.enable_ipv6 && length(var.database_subnet_ipv6_prefixes) > 0 ? cidrsubnet(aws_vpc.this[0].ipv6_cidr_block, 8, var.database_subnet_ipv6_prefixes[count.index]) : null
  tags              = { Name = "${var.name}-${var.database_subnet_suffix}" }
}

resource "aws_db_subnet_group" "database" {
  count = local.has_database && var.create_database_subnet_group ? 1 : 0

  name       = lower(coalesce(var.database_subnet_group_name, var.name))
  subnet_ids = aws_subnet.database[*].id
}

resource "aws_route_table" "database" {
  count = local.has_database_table ? local.n_database_tables : 0

  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "database" {
  count = local.has_database ? local.n.database : 0

  subnet_id = element(aws_subnet.database[*].id, count.index)
  route_table_id = element(
    coalescelist(aws_route_table.database[*].id, aws_route_table.private[*].id),
    var.create_database_subnet_route_table && local.is_one_database ? 0 : count.index,
  )
}

resource "aws_route" "database_internet_gateway" {
  count = local.has_database_table && var.create_igw && var.create_database_internet_gateway_route && !var.create_database_nat_gateway_route ? 1 : 0

  route_table_id         = aws_route_table.database[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route" "database_nat_gateway" {
  count = local.has_database_table && !var.create_database_internet_gateway_route && var.create_database_nat_gateway_route && var.enable_nat_gateway ? (var.single_nat_gateway ? 1 : local.n.database) : 0

  route_table_id         = element(aws_route_table.database[*].id, count.index)
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = element(aws_nat_gateway.this[*].id, count.index)
}

resource "aws_route" "database_ipv6_egress" {
  count = local.has_database_table && var.create_egress_only_igw && var.enable_ipv6 && var.create_database_internet_gateway_route ? 1 : 0

  route_table_id              = aws_route_table.database[0].id
  destination_ipv6_cidr_block = "::/0"
  egress_only_gateway_id      = aws_egress_only_internet_gateway.this[0].id
}

resource "aws_subnet" "elasticache" {
  count = var.create_vpc && local.n.elasticache > 0 ? local.n.elasticache : 0

  vpc_id            = local.vpc_id
  availability_zone = try(element(var.azs, count.index), null)
  cidr_block        = var.elasticache_subnet_ipv6_native ? null : try(var.elasticache_subnets[count.index], null)
  tags              = { Name = "${var.name}-${var.elasticache_subnet_suffix}" }
}

resource "aws_elasticache_subnet_group" "elasticache" {
  count = var.create_vpc && local.n.elasticache > 0 && var.create_elasticache_subnet_group ? 1 : 0

  name       = coalesce(var.elasticache_subnet_group_name, var.name)
  subnet_ids = aws_subnet.elasticache[*].id
}

resource "aws_route_table" "elasticache" {
  count = var.create_vpc && local.n.elasticache > 0 && var.create_elasticache_subnet_route_table ? 1 : 0

  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "elasticache" {
  count = var.create_vpc && local.n.elasticache > 0 ? local.n.elasticache : 0

  subnet_id = element(aws_subnet.elasticache[*].id, count.index)
  route_table_id = element(
    coalescelist(aws_route_table.elasticache[*].id, aws_route_table.private[*].id),
    var.single_nat_gateway || var.create_elasticache_subnet_route_table ? 0 : count.index,
  )
}

resource "aws_subnet" "redshift" {
  count = var.create_vpc && local.n.redshift > 0 ? local.n.redshift : 0

  vpc_id            = local.vpc_id
  availability_zone = try(element(var.azs, count.index), null)
  cidr_block        = var.redshift_subnet_ipv6_native ? null : try(var.redshift_subnets[count.index], null)
  tags              = { Name = "${var.name}-${var.redshift_subnet_suffix}" }
}

resource "aws_route_table" "redshift" {
  count = var.create_vpc && local.n.redshift > 0 && var.create_redshift_subnet_route_table ? 1 : 0

  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "redshift" {
  count = var.create_vpc && local.n.redshift > 0 ? local.n.redshift : 0

  subnet_id = element(aws_subnet.redshift[*].id, count.index)
  route_table_id = element(
    coalescelist(aws_route_table.redshift[*].id, var.enable_public_redshift ? aws_route_table.public[*].id : aws_route_table.private[*].id),
    var.single_nat_gateway || var.create_redshift_subnet_route_table ? 0 : count.index,
  )
}

resource "aws_subnet" "intra" {
  count = var.create_vpc && local.n.intra > 0 ? local.n.intra : 0

  vpc_id            = local.vpc_id
  availability_zone = try(element(var.azs, count.index), null)
  cidr_block        = var.intra_subnet_ipv6_native ? null : try(var.intra_subnets[count.index], null)
  tags              = { Name = "${var.name}-${var.intra_subnet_suffix}" }
}

resource "aws_route_table" "intra" {
  count = var.create_vpc && local.n.intra > 0 ? local.n_intra_tables : 0

  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "intra" {
  count = var.create_vpc && local.n.intra > 0 ? local.n.intra : 0

  subnet_id      = element(aws_subnet.intra[*].id, count.index)
  route_table_id = element(aws_route_table.intra[*].id, var.create_multiple_intra_route_tables ? count.index : 0)
}

resource "aws_default_security_group" "this" {
  count = var.create_vpc && var.manage_default_security_group ? 1 : 0

  vpc_id = local.vpc_id

  dynamic "ingress" {
    for_each = var.default_security_group_ingress
    content {
      self             = try(ingress.value.self, null)
      cidr_blocks      = compact(split(",", try(ingress.value.cidr_blocks, "")))
      ipv6_cidr_blocks = compact(split(",", try(ingress.value.ipv6_cidr_blocks, "")))
      prefix_list_ids  = compact(split(",", try(ingress.value.prefix_list_ids, "")))
      security_groups  = compact(split(",", try(ingress.value.security_groups, "")))
      description      = try(ingress.value.description, null)
      from_port        = try(ingress.value.from_port, 0)
      to_port          = try(ingress.value.to_port, 0)
      protocol         = try(ingress.value.protocol, "-1")
    }
  }

  dynamic "egress" {
    for_each = var.default_security_group_egress
    content {
      self             = try(egress.value.self, null)
      cidr_blocks      = compact(split(",", try(egress.value.cidr_blocks, "")))
      ipv6_cidr_blocks = compact(split(",", try(egress.value.ipv6_cidr_blocks, "")))
      prefix_list_ids  = compact(split(",", try(egress.value.prefix_list_ids, "")))
      security_groups  = compact(split(",", try(egress.value.security_groups, "")))
      description      = try(egress.value.description, null)
      from_port        = try(egress.value.from_port, 0)
      to_port          = try(egress.value.to_port, 0)
      protocol         = try(egress.value.protocol, "-1")
    }
  }
}

resource "aws_default_route_table" "default" {
  count = var.create_vpc && var.manage_default_route_table ? 1 : 0

  default_route_table_id = aws_vpc.this[0].default_route_table_id

  dynamic "route" {
    for_each = var.default_route_table_routes
    content {
      cidr_block                = try(route.value.cidr_block, null)
      ipv6_cidr_block           = try(route.value.ipv6_cidr_block, null)
      egress_only_gateway_id    = try(route.value.egress_only_gateway_id, null)
      gateway_id                = try(route.value.gateway_id, null)
      instance_id               = try(route.value.instance_id, null)
      nat_gateway_id            = try(route.value.nat_gateway_id, null)
      network_interface_id      = try(route.value.network_interface_id, null)
      transit_gateway_id        = try(route.value.transit_gateway_id, null)
      vpc_endpoint_id           = try(route.value.vpc_endpoint_id, null)
      vpc_peering_connection_id = try(route.value.vpc_peering_connection_id, null)
    }
  }
}

resource "aws_flow_log" "this" {
  count = var.create_vpc && var.enable_flow_log ? 1 : 0

  vpc_id               = local.vpc_id
  traffic_type         = var.flow_log_traffic_type
  log_destination_type = var.flow_log_destination_type
}

output "vpc_id" { value = local.vpc_id }
output "vpc_arn" { value = one(aws_vpc.this[*].arn) }
output "vpc_cidr_block" { value = one(aws_vpc.this[*].cidr_block) }
output "vpc_main_route_table_id" { value = one(aws_vpc.this[*].main_route_table_id) }
output "default_security_group_id" { value = one(aws_vpc.this[*].default_security_group_id) }
output "default_route_table_id" { value = one(aws_vpc.this[*].default_route_table_id) }
output "name" { value = var.name }
output "azs" { value = var.azs }
output "public_subnets" { value = aws_subnet.public[*].id }
output "public_subnet_arns" { value = aws_subnet.public[*].arn }
output "public_subnets_cidr_blocks" { value = compact(aws_subnet.public[*].cidr_block) }
output "private_subnets" { value = aws_subnet.private[*].id }
output "private_subnet_arns" { value = aws_subnet.private[*].arn }
output "private_subnets_cidr_blocks" { value = compact(aws_subnet.private[*].cidr_block) }
output "database_subnets" { value = aws_subnet.database[*].id }
output "database_subnet_arns" { value = aws_subnet.database[*].arn }
output "database_subnets_cidr_blocks" { value = compact(aws_subnet.database[*].cidr_block) }
output "database_subnet_group" { value = one(aws_db_subnet_group.database[*].id) }
output "database_subnet_group_name" { value = one(aws_db_subnet_group.database[*].name) }
output "elasticache_subnets" { value = aws_subnet.elasticache[*].id }
output "elasticache_subnets_cidr_blocks" { value = compact(aws_subnet.elasticache[*].cidr_block) }
output "elasticache_subnet_group_name" { value = one(aws_elasticache_subnet_group.elasticache[*].name) }
output "redshift_subnets" { value = aws_subnet.redshift[*].id }
output "redshift_subnets_cidr_blocks" { value = compact(aws_subnet.redshift[*].cidr_block) }
output "intra_subnets" { value = aws_subnet.intra[*].id }
output "intra_subnets_cidr_blocks" { value = compact(aws_subnet.intra[*].cidr_block) }
output "public_route_table_ids" { value = aws_route_table.public[*].id }
output "private_route_table_ids" { value = aws_route_table.private[*].id }
output "database_route_table_ids" { value = try(coalescelist(aws_route_table.database[*].id, aws_route_table.private[*].id), []) }
output "intra_route_table_ids" { value = aws_route_table.intra[*].id }
output "igw_id" { value = one(aws_internet_gateway.this[*].id) }
output "natgw_ids" { value = aws_nat_gateway.this[*].id }
output "nat_ids" { value = aws_eip.nat[*].id }
output "nat_public_ips" { value = aws_eip.nat[*].public_ip }
output "egress_only_internet_gateway_id" { value = one(aws_egress_only_internet_gateway.this[*].id) }
