//! What runs: services, tasks, containers, hosts, functions.

use super::data::{Disk, FileSystem, MachineImage};
use super::entities;
use super::network::{SecurityGroup, Subnet, TargetGroup};

entities! { in workload;
    /// A virtual machine, or the template of one.
    Host "host" hosts {
        kind: Word["instance", "launch_template", "launch_configuration"],
        associate_public_ip: Flag,
        /// `required` where the metadata service answers to tokens alone.
        http_tokens: Word["optional", "required"] = "optional",
        hop_limit: Number = 1,
        user_data: Text,
        key_name: Text,
        /// `false` on what forwards traffic of others.
        checks_source: Flag = true,
        elastic_address: Flag = false,
        subnet: One<Subnet>,
        security_groups: Many<SecurityGroup>,
        machine_image: One<MachineImage>,
        disks: Many<Disk>,
    }

    /// A group of hosts that grows and shrinks.
    AutoscalingGroup "autoscaling_group" autoscaling_groups {
        hosts: Many<Host>,
        subnets: Many<Subnet>,
        target_groups: Many<TargetGroup>,
    }

    /// A Lambda function.
    Function "function" functions {
        runtime: Text,
        subnets: Many<Subnet>,
        security_groups: Many<SecurityGroup>,
    }

    /// The address of a file system in one subnet.
    MountTarget "mount_target" mount_targets {
        port: Number = 2049,
        subnet: One<Subnet>,
        security_groups: Many<SecurityGroup>,
        file_system: One<FileSystem>,
    }
}
