//! What runs: services, tasks, containers, hosts, functions.

use super::entities;

entities! { in workload; }
