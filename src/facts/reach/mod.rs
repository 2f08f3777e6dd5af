//! Who reaches whom over the network: where routes lead, what security groups admit, which endpoints serve a task.

mod acl;
mod balancer;
mod block_access;
mod chain;
mod endpoint;
mod exposure;
mod group;
mod host;
mod met;
mod mount;
mod need;
mod party;
mod ports;
mod route;
mod rules;
mod subnet;
mod table;
mod zone;

pub(super) use chain::{balancers, stores_of};
pub(super) use group::ports_of;

use crate::model::data::{Cache, Database, SubnetGroup};
use crate::model::network::{
    Endpoint, EndpointUse, Ingress, LoadBalancer, NatGateway, Need, NetworkAcl, Route, RouteTable, SecurityGroup,
    Subnet, Vpc,
};
use crate::model::workload::{AutoscalingGroup, Function, Host, MountTarget, Service};
pub(in crate::facts) use exposure::{host_admits_login, host_has_public_address};

/// Fills the derived entities of this area.
pub(super) fn derive(model: &mut crate::model::Model) {
    need::derive(model);
}

super::facts! {
    Subnet {
        /// Whether it has IPv4 at all.
        has4: Flag = subnet::has4,
        /// Whether it has IPv6 at all.
        has6: Flag = subnet::has6,
        /// Whether an internet gateway stands at the end of its IPv4 routes.
        public4: Flag = subnet::public4,
        /// Whether an internet gateway stands at the end of its IPv6 routes.
        public6: Flag = subnet::public6,
        /// Whether a NAT gateway or instance leads out over IPv4.
        egress4: Flag = subnet::egress4,
        /// Whether an egress-only gateway or NAT leads out over IPv6.
        egress6: Flag = subnet::egress6,
        /// Whether IPv4 routes leave for a peer, a transit gateway or another network out of sight.
        transit4: Flag = subnet::transit4,
        /// The same for IPv6.
        transit6: Flag = subnet::transit6,
        class4: Word["none", "public", "egress", "transit", "isolated"] = subnet::class4,
        class6: Word["none", "public", "egress", "transit", "isolated"] = subnet::class6,
        /// Whether the internet can be reached from it and reach it, in either family.
        reaches_internet: Flag = subnet::reaches_internet,
        /// Whether nothing leads out of the VPC, in either family.
        isolated: Flag = subnet::isolated,
        /// Whether an association gives it a route table.
        has_own_table: Flag = table::has_own_table,
        /// The tables that it uses or may use, as far as they stand in the repository.
        route_tables: Many<RouteTable> = subnet::route_tables,
        /// Whether at most one association claims it.
        tables_agree: Flag = table::tables_agree,
    }
    RouteTable {
        /// Whether it leads subnets to the internet that people call private.
        exposes_private_subnets: Flag = table::exposes_private_subnets,
        /// Whether tasks reach AWS services over NAT that an endpoint could serve.
        carries_aws_traffic_through_nat: Flag = met::carries_aws_traffic_through_nat,
    }
    NatGateway {
        /// Whether it is public and stands where the internet is reached.
        works: Flag = subnet::nat_gateway_works,
        /// Whether subnets of other zones go out through it.
        serves_other_zones: Flag = zone::serves_other_zones,
    }
    NetworkAcl {
        opens_admin_port_to_world: Flag = acl::opens_admin_port,
        opens_every_port_to_world: Flag = acl::opens_every_port,
    }
    Route {
        /// Whether a peer gets everything, or a whole block of private addresses.
        peers_widely: Flag = route::peers_widely,
        /// Whether a transit gateway gets everything that has no nearer way.
        hands_all_to_transit: Flag = route::hands_all_to_transit,
    }
    SecurityGroup {
        /// The most sensitive thing that stands behind it.
        protects: Word["database", "cache", "file_system", "task", "endpoint", "load_balancer", "host", "function", "none"] = group::protects,
        /// Whether a task runs behind it.
        holds_tasks: Flag = group::holds_tasks,
        /// Whether it lets its members send anything to the whole internet.
        sends_anywhere: Flag = group::sends_anywhere,
        /// Whether remote shells or desktops are open to the internet.
        opens_admin_port_to_world: Flag = group::opens_admin_port_to_world,
        /// Whether they are open to many addresses, or to a range that holds the VPC.
        opens_admin_port_to_wide_range: Flag = group::opens_admin_port_to_wide_range,
        /// Whether some other port is open to the internet where nothing public stands.
        opens_other_port_to_world: Flag = group::opens_other_port_to_world,
        /// Whether the port of a service that expects a closed network is open to the internet.
        opens_sensitive_port_to_world: Flag = group::opens_sensitive_port_to_world,
        /// Whether more ports are open than anything behind it listens on.
        opens_more_than_served: Flag = group::opens_more_than_served,
    }
    Ingress {
        /// Whether unrelated workloads share its group.
        group_is_shared: Flag = group::group_is_shared,
        /// Whether a public source that is not the internet is wider than a /16.
        comes_from_wide_public_range: Flag = group::comes_from_wide_public_range,
        /// Whether the port of a closed service is open to some public addresses.
        opens_sensitive_port_to_public_range: Flag = group::opens_sensitive_port_to_public_range,
        /// Whether the port of a closed service is open to a whole block of private addresses.
        opens_sensitive_port_to_private_block: Flag = group::opens_sensitive_port_to_private_block,
    }
    Vpc {
        /// Whether the security group that AWS makes with it lets nobody in and nothing out.
        default_group_locked: Flag = group::default_group_locked,
        /// Whether a log records its traffic.
        has_flow_log: Flag = table::has_flow_log,
        /// Whether some subnet of it is out of the internet's reach.
        has_private_subnet: Flag = table::has_private_subnet,
    }
    LoadBalancer {
        /// The zones that it stands in.
        zones: Texts = zone::of_load_balancer,
        in_one_zone: Flag = zone::one_zone_of_load_balancer,
        /// Whether the internet is let in on a port that nothing listens on.
        admits_world_without_listener: Flag = balancer::admits_world_without_listener,
        /// Whether the internet reaches a listener that serves plain HTTP.
        world_reaches_plain_http: Flag = balancer::world_reaches_plain_http,
        reachable_from_internet: Flag = exposure::reachable_from_internet::<LoadBalancer>,
        in_default_vpc: Flag = exposure::in_default_vpc::<LoadBalancer>,
    }
    SubnetGroup {
        in_one_zone: Flag = zone::of_subnet_group,
    }
    AutoscalingGroup {
        in_one_zone: Flag = zone::of_autoscaling_group,
    }
    Service {
        /// Whether its tasks get public addresses, and what that means in their subnets.
        takes_public_address: Flag = exposure::takes_public_address,
        /// Whether some group of it admits the internet on some port.
        open_to_world: Flag = exposure::service_open_to_world,
        /// Whether its load balancers and it let each other through.
        reached_by_load_balancer: Flag = chain::reached_by_load_balancer,
        /// Whether only its load balancers and other tasks may reach it.
        bound_to_load_balancer: Flag = chain::bound_to_load_balancer,
        /// Whether it and the stores whose addresses it is given let each other through.
        reaches_its_stores: Flag = chain::reaches_its_stores,
        /// Whether the file systems that its tasks mount have a target in each of its zones that lets them through.
        reaches_its_mount_targets: Flag = mount::reaches_its_mount_targets,
        in_one_zone: Flag = zone::of_service,
        reachable_from_internet: Flag = exposure::reachable_from_internet::<Service>,
        in_default_vpc: Flag = exposure::in_default_vpc::<Service>,
    }
    Host {
        /// Whether keys of a user lie on it.
        is_given_keys: Flag = host::is_given_keys,
        has_public_address: Flag = exposure::host_has_public_address,
        /// Whether people outside may open a shell on it.
        admits_login: Flag = exposure::host_admits_login,
        /// Whether its image is of a system without updates.
        image_out_of_support: Flag = host::image_out_of_support,
        /// Whether every user on it may command Docker.
        opens_docker_socket: Flag = host::opens_docker_socket,
        /// Whether a variable's default makes it.
        made_by_default: Flag = host::made_by_default,
        reachable_from_internet: Flag = exposure::reachable_from_internet::<Host>,
        in_default_vpc: Flag = exposure::in_default_vpc::<Host>,
    }
    Function {
        reachable_from_internet: Flag = exposure::reachable_from_internet::<Function>,
        in_default_vpc: Flag = exposure::in_default_vpc::<Function>,
    }
    Database {
        /// Whether its port is open to the internet.
        open_to_world: Flag = exposure::store_open_to_world::<Database>,
        /// Whether its port is open to a whole VPC, a wide private range or many public addresses.
        open_to_wide_range: Flag = exposure::store_open_to_wide_range::<Database>,
        reachable_from_internet: Flag = exposure::reachable_from_internet::<Database>,
        in_default_vpc: Flag = exposure::in_default_vpc::<Database>,
    }
    Cache {
        open_to_world: Flag = exposure::store_open_to_world::<Cache>,
        open_to_wide_range: Flag = exposure::store_open_to_wide_range::<Cache>,
        reachable_from_internet: Flag = exposure::reachable_from_internet::<Cache>,
        in_default_vpc: Flag = exposure::in_default_vpc::<Cache>,
    }
    MountTarget {
        reachable_from_internet: Flag = exposure::reachable_from_internet::<MountTarget>,
        in_default_vpc: Flag = exposure::in_default_vpc::<MountTarget>,
    }
    Need {
        /// Whether the VPC has an endpoint of the service, usable or not.
        has_endpoint: Flag = met::has_endpoint,
        /// Whether every subnet of the tasks leads to the internet.
        has_way_out: Flag = met::has_way_out,
        goes_through_nat: Flag = met::goes_through_nat,
        /// Whether every task gets what it needs: by an endpoint that it can use, or, where none takes its traffic, by a
        /// way out.
        is_met: Flag = met::is_met,
    }
    EndpointUse {
        /// Whether the traffic of the tasks goes to this endpoint.
        caught: Flag = endpoint::caught,
        /// Whether the subnets that it does not serve have another way: an endpoint of their own, or one out.
        rest_has_another_way: Flag = endpoint::rest_has_another_way,
        /// Whether the groups of both ends let port 443 through.
        admitted: Flag = endpoint::admitted,
        /// Whether the endpoint's policy may allow what the tasks do.
        permitted: Flag = endpoint::permitted,
    }
    Endpoint {
        /// Whether the service has an endpoint of this type.
        type_fits_service: Flag = endpoint::type_fits_service,
        policy_allows_something: Flag = endpoint::policy_allows_something,
        /// Whether neither callers nor resources are limited.
        open_to_all: Flag = endpoint::open_to_all,
        in_one_zone: Flag = zone::of_endpoint,
        reachable_from_internet: Flag = exposure::reachable_from_internet::<Endpoint>,
        in_default_vpc: Flag = exposure::in_default_vpc::<Endpoint>,
    }
}
