//! Who reaches whom over the network: where routes lead, what security groups admit, which endpoints serve a task.

mod block_access;
mod group;
mod party;
mod ports;
mod route;
mod rules;
mod subnet;

use crate::model::network::{Ingress, Route, SecurityGroup, Subnet, Vpc};

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
    }
    Route {
        /// Whether a peer gets everything, or a whole block of private addresses.
        peers_widely: Flag = route::peers_widely,
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
    }
}
