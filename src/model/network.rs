//! Networks: ranges, routes, gateways, groups, endpoints, load balancers.

use super::entities;

entities! { in network; }
