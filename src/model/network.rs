//! VPCs, subnets, routes, security groups, endpoints and load balancers: what they say of themselves. What follows from
//! them together (the class of a subnet, who reaches whom) is the business of `facts::reach`.

use super::data::{Cache, Certificate, Database};
use super::identity::Policy;
use super::web::WebAcl;
use super::workload::{Function, Host, MountTarget, Registration, Service};
use super::{entities, views};

/// The reason for which a table is open where a VPN gateway may add routes to it: they lead to that gateway.
pub const ROUTES_PROPAGATED: &str = "routes-propagated";

entities! { in network;
    /// A virtual private cloud.
    Vpc "vpc" vpcs {
        /// Its IPv4 ranges, associated ones included.
        cidrs4: Texts,
        /// Its IPv6 ranges.
        cidrs6: Texts,
        /// Whether Amazon's resolver answers inside.
        dns_support: Flag = true,
        /// Whether instances get public names; private names of endpoints need it too.
        dns_hostnames: Flag = false,
        /// The resolvers that workloads are told to use.
        dns_servers: Texts,
        /// Whether it is the account's default VPC.
        is_default: Flag = false,
        main_route_table: One<RouteTable>,
        default_security_group: One<SecurityGroup>,
        subnets: Many<Subnet>,
        endpoints: Many<Endpoint>,
        route_tables: Many<RouteTable>,
        flow_logs: Many<FlowLog>,
    }

    /// A log of the traffic of a VPC or a subnet.
    FlowLog "flow_log" flow_logs {
        vpc: One<Vpc>,
        subnet: One<Subnet>,
    }

    /// A subnet.
    Subnet "subnet" subnets {
        zone: Text,
        cidr4: Text,
        cidr6: Text,
        /// Without any IPv4.
        ipv6_native: Flag = false,
        /// Whether what is launched here gets a public IPv4 address.
        map_public_ip: Flag = false,
        assign_ipv6: Flag = false,
        /// Whether AWS made it with the account's default VPC.
        is_default: Flag = false,
        /// What people call it: tags, label, module path.
        names: Texts,
        vpc: One<Vpc>,
        associations: Many<Association>,
    }

    /// A route table.
    RouteTable "route_table" route_tables {
        /// Whether it is the table of subnets without one of their own.
        is_main: Flag = false,
        /// The spellings of its routes: `inline`, `separate`.
        rule_styles: Texts,
        vpc: One<Vpc>,
        routes: Many<Route>,
        /// The subnets that are associated with it by name.
        subnets: Many<Subnet>,
    }

    /// One route of a table.
    Route "route" routes {
        /// A range; absent for a prefix list.
        destination: Raw,
        /// What kind of thing it leads to, known by the thing itself.
        target_kind: Word["local", "internet_gateway", "carrier_gateway", "egress_only_gateway", "nat_gateway",
            "vpn_gateway", "transit_gateway", "peering", "core_network", "local_gateway", "network_interface", "host",
            "endpoint"],
        route_table: One<RouteTable>,
        target: One<RouteTarget>,
        prefix_list: One<PrefixList>,
        /// The `count` or `for_each` that makes it.
        made_by: Raw,
        /// The subnets of the firewall that it leads to, which sends on what it lets through.
        inspected_in: Many<Subnet>,
    }

    /// The association of a route table with a subnet or a gateway, or its role as the main table.
    Association "association" associations {
        /// Whether it moves the role of the main table.
        is_main: Flag = false,
        vpc: One<Vpc>,
        subnet: One<Subnet>,
        gateway: One<Gateway>,
        route_table: One<RouteTable>,
    }

    /// A way out of a VPC that is not NAT: internet, egress-only, VPN, transit, peering and others.
    Gateway "gateway" gateways {
        kind: Word["internet_gateway", "carrier_gateway", "egress_only_gateway", "vpn_gateway", "transit_gateway",
            "peering", "core_network", "local_gateway", "network_interface"],
        vpc: One<Vpc>,
    }

    /// A NAT gateway.
    NatGateway "nat_gateway" nat_gateways {
        connectivity: Word["public", "private"] = "public",
        availability_mode: Word["zonal", "regional"] = "zonal",
        vpc: One<Vpc>,
        subnet: One<Subnet>,
    }

    /// A network ACL.
    NetworkAcl "network_acl" network_acls {
        is_default: Flag = false,
        vpc: One<Vpc>,
        subnets: Many<Subnet>,
        rules: Many<AclRule>,
    }

    /// One rule of a network ACL.
    AclRule "acl_rule" acl_rules {
        number: Number,
        allow: Flag,
        outbound: Flag = false,
        protocol: Text,
        from_port: Number,
        to_port: Number,
        range: Text,
    }

    /// A security group.
    SecurityGroup "security_group" security_groups {
        /// Whether it is the group that AWS made with the VPC.
        is_default: Flag = false,
        /// Whether a block of the repository says what its rules are.
        is_declared: Flag = true,
        /// The spellings of its rules: `inline`, `separate`.
        rule_styles: Texts,
        vpc: One<Vpc>,
        ingress: Many<Ingress>,
        egress: Many<Egress>,
        consumers: Many<Workload>,
    }

    /// One source that a security group lets in, on one range of ports.
    Ingress "ingress" ingresses {
        /// By name: `tcp`, `udp`, `icmp`, or `-1` for all.
        protocol: Text,
        from_port: Number,
        to_port: Number,
        range: Text,
        /// Whether the members of the group reach each other.
        to_itself as "self": Flag = false,
        security_group: One<SecurityGroup>,
        source_group: One<SecurityGroup>,
        prefix_list: One<PrefixList>,
    }

    /// One destination that a security group lets its members reach, on one range of ports.
    Egress "egress" egresses {
        protocol: Text,
        from_port: Number,
        to_port: Number,
        range: Text,
        to_itself as "self": Flag = false,
        security_group: One<SecurityGroup>,
        source_group: One<SecurityGroup>,
        prefix_list: One<PrefixList>,
    }

    /// A list of ranges under one id: one's own, or a service's that AWS keeps.
    PrefixList "prefix_list" prefix_lists {
        entries: Texts,
        aws_service: Text,
    }

    /// A VPC endpoint.
    Endpoint "endpoint" endpoints {
        kind as "type": Word["Gateway", "Interface", "GatewayLoadBalancer"] = "Gateway",
        /// The service's own name: `s3`, `ecr.api`.
        aws_service: Text,
        private_dns: Flag = false,
        only_for_inbound_resolver: Flag = false,
        vpc: One<Vpc>,
        subnets: Many<Subnet>,
        security_groups: Many<SecurityGroup>,
        route_tables: Many<RouteTable>,
        policy: One<Policy>,
    }

    /// An AWS service that tasks must reach over one set of route tables.
    Need "need" needs {
        /// The service's own name; empty for what is not AWS.
        aws_service: Text,
        strength: Word["start", "run", "hint"],
        /// Whether it lies on the internet, where no endpoint leads.
        outside_aws: Flag = false,
        vpc: One<Vpc>,
        services: Many<Service>,
        subnets: Many<Subnet>,
        route_tables: Many<RouteTable>,
        endpoint_uses: Many<EndpointUse>,
    }

    /// A need and one endpoint of that service in the same VPC.
    EndpointUse "endpoint_use" endpoint_uses {
        need: One<Need>,
        endpoint: One<Endpoint>,
    }

    /// The account's switch that keeps a region's VPCs off the internet.
    VpcPublicAccessBlock "vpc_public_access_block" vpc_public_access_blocks {
        mode: Word["off", "block-ingress", "block-bidirectional"] = "off",
        /// What it leaves out, by VPC or by subnet.
        exclusions: Many<VpcPublicAccessExclusion>,
    }

    /// A VPC or subnet that the switch leaves out.
    VpcPublicAccessExclusion "vpc_public_access_exclusion" vpc_public_access_exclusions {
        mode: Word["allow-bidirectional", "allow-egress"],
        vpc: One<Vpc>,
        subnet: One<Subnet>,
    }

    /// A load balancer.
    LoadBalancer "load_balancer" load_balancers {
        kind as "type": Word["application", "network", "gateway", "classic"] = "application",
        internal: Flag = false,
        /// `dualstack` where it has IPv6 too.
        address_type: Text = "ipv4",
        drops_invalid_headers: Flag = false,
        desync_mode: Text = "defensive",
        /// Whether access logs are written.
        access_logs: Flag = false,
        deletion_protection: Flag = false,
        vpc: One<Vpc>,
        subnets: Many<Subnet>,
        security_groups: Many<SecurityGroup>,
        listeners: Many<Listener>,
        web_acl: One<WebAcl>,
    }

    /// One port that a load balancer listens on.
    Listener "listener" listeners {
        protocol: Text,
        port: Number,
        tls_policy: Text,
        certificate_arn: Text,
        load_balancer: One<LoadBalancer>,
        certificate: One<Certificate>,
        target_groups: Many<TargetGroup>,
        listener_rules: Many<ListenerRule>,
    }

    /// What a listener does with a request; its default action is one of them.
    ListenerRule "listener_rule" listener_rules {
        does: Word["forward", "redirect", "fixed", "authenticate"],
        to_protocol: Text,
        to_port: Text,
        to_host: Text,
        listener: One<Listener>,
        target_groups: Many<TargetGroup>,
    }

    /// The targets that a listener forwards to.
    TargetGroup "target_group" target_groups {
        port: Number,
        protocol: Text,
        protocol_version: Text = "HTTP1",
        target_type: Text = "instance",
        health_protocol: Text = "HTTP",
        health_port: Text = "traffic-port",
        health_check: Flag = true,
        /// Whether targets see the addresses of the clients; what the type of the targets decides where nobody says.
        preserve_client_ip: Flag,
        vpc: One<Vpc>,
        listeners: Many<Listener>,
        registrations: Many<Registration>,
    }
}

views! {
    /// Everything that stands in subnets behind security groups.
    Workload "workload" { Service, Host, Function, Database, Cache, LoadBalancer, MountTarget, Endpoint }

    /// What a route may lead to.
    RouteTarget "route_target" { Gateway, NatGateway, Endpoint, Host }
}
