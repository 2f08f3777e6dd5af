//! What runs: services, tasks, containers, hosts, functions.

use super::data::{Disk, FileSystem, Key, LogGroup, MachineImage};
use super::entities;
use super::identity::Role;
use super::image::{Image, ImageBuild};
use super::network::{LoadBalancer, SecurityGroup, Subnet, TargetGroup};
use super::secret::{SecretReference, Variable};

entities! { in workload;
    /// Tasks that are kept running, or started by an event or a schedule.
    Service "service" services {
        name: Text,
        /// A service or task set is kept running; a schedule or an event starts tasks.
        kind: Word["service", "task_set", "schedule", "event"] = "service",
        scheduling: Word["REPLICA", "DAEMON"] = "REPLICA",
        assign_public_ip: Flag = false,
        /// `FARGATE` also where a capacity provider of Fargate is named.
        launch_type: Text = "EC2",
        desired_count: Number,
        minimum_percent: Number = 100,
        maximum_percent: Number = 200,
        controller: Text = "ECS",
        circuit_breaker: Flag = false,
        rollback: Flag = false,
        alarms_roll_back: Flag = false,
        exec_enabled: Flag = false,
        grace_period: Number = 0,
        platform_version: Text = "LATEST",
        waits: Flag = false,
        ignores_task_definition: Flag = false,
        service_connect_tls: Flag,
        propagates_tags: Flag = false,
        task: One<Task>,
        cluster: One<Cluster>,
        subnets: Many<Subnet>,
        security_groups: Many<SecurityGroup>,
        registrations: Many<Registration>,
        load_balancers: Many<LoadBalancer>,
    }

    /// The entry of one container's port in a target group.
    Registration "registration" registrations {
        container_name: Text,
        container_port: Number,
        service: One<Service>,
        target_group: One<TargetGroup>,
        container: One<Container>,
    }

    /// A task definition.
    Task "task" tasks {
        family: Text,
        /// The file that holds it, where it is a document of its own.
        path: Text,
        network_mode: Text = "bridge",
        /// As written: a number of units, or a text with a unit.
        cpu: Text,
        memory: Text,
        pid_mode: Text,
        ipc_mode: Text,
        ephemeral_storage: Number,
        architecture: Text = "X86_64",
        fault_injection: Flag = false,
        /// The settings of the task and its volumes that Fargate refuses, as they are written.
        refused_by_fargate: Texts,
        /// What the definition itself demands: `FARGATE`, `EC2`.
        compatibilities: Texts,
        /// The roles as written: an ARN or a name.
        execution_role_arn: Text,
        task_role_arn: Text,
        containers: Many<Container>,
        volumes: Many<Volume>,
        services: Many<Service>,
        execution_role: One<Role>,
        task_role: One<Role>,
    }

    /// A container of a task definition.
    Container "container" containers {
        name: Text,
        essential: Flag = true,
        user: Text,
        privileged: Flag = false,
        readonly_root: Flag = false,
        cpu: Number,
        memory: Number,
        memory_reservation: Number,
        entry_point: Texts,
        command_line: Texts,
        health_check: Entries,
        /// The first program of its health check.
        health_check_program: Text,
        capabilities_added: Texts,
        capabilities_dropped: Texts,
        init_process: Flag = false,
        stop_timeout: Number = 30,
        version_consistency: Flag = true,
        unknown_keys: Texts,
        environment_files: Texts,
        /// `dockerSecurityOptions`.
        security_options: Texts,
        /// `dockerLabels`.
        labels: Entries,
        repository_credentials: Text,
        /// The image as written.
        image_name: Text,
        image: One<Image>,
        image_build: One<ImageBuild>,
        /// `dependsOn` as written: each entry names a container and the condition it waits for.
        dependencies: Raw,
        /// `mountPoints` as written.
        mount_points: Raw,
        /// `fluentd` or `fluentbit` where the container takes the logs of the others.
        firelens: Text,
        /// The keys that Fargate refuses, as they are written.
        refused_by_fargate: Texts,
        task: One<Task>,
        variables: Many<Variable>,
        secret_references: Many<SecretReference>,
        port_mappings: Many<PortMapping>,
        volumes: Many<Volume>,
        log_configuration: One<LogConfiguration>,
        depends_on: Many<Container>,
        servers: Many<Server>,
    }

    /// A server that a container starts, as far as its command line tells.
    Server "server" servers {
        program: Text,
        /// The address that it listens on; absent for a socket file.
        address: Text,
        port: Number,
        /// Whether it serves TLS there.
        speaks_tls: Flag,
        /// Whether it takes a proxy's word for the protocol that clients speak.
        believes_proxy: Flag,
        container: One<Container>,
    }

    /// A volume of a task.
    Volume "volume" volumes {
        name: Text,
        kind: Word["scratch", "host", "efs", "fsx", "docker", "ebs"],
        host_path: Text,
        /// As written; the edge leads to it where it is declared here.
        file_system_id: Text,
        access_point: Text,
        transit_encryption: Word["ENABLED", "DISABLED"] = "DISABLED",
        iam_authorization: Word["ENABLED", "DISABLED"] = "DISABLED",
        /// An EBS volume that ECS makes with the task.
        managed: Flag = false,
        encrypted: Flag,
        task: One<Task>,
        file_system: One<FileSystem>,
        containers: Many<Container>,
    }

    /// A port that a container offers.
    PortMapping "port_mapping" port_mappings {
        container_port: Number,
        host_port: Number,
        protocol: Text = "tcp",
        name: Text,
        container: One<Container>,
    }

    /// Where the output of a container goes.
    LogConfiguration "log_configuration" log_configurations {
        driver: Text,
        options: Entries,
        secret_options: Entries,
        mode: Text,
        container: One<Container>,
        log_group: One<LogGroup>,
    }

    /// A cluster of ECS.
    Cluster "cluster" clusters {
        name: Text,
        insights: Flag = false,
        exec_logging: Word["DEFAULT", "OVERRIDE", "NONE"] = "DEFAULT",
        exec_key: One<Key>,
        storage_key: One<Key>,
    }

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
        /// Whether it is given IPv6 addresses, whatever its subnet does.
        has_ipv6: Flag = false,
        /// Files that its first script lets every user write to.
        opened_files: Texts,
        /// Keys of AWS that its first script, or whoever prepares it, puts there.
        given_keys: Texts,
        /// The `count` or `for_each` that makes it.
        made_by: Raw,
        role: One<Role>,
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
        role: One<Role>,
        subnets: Many<Subnet>,
        security_groups: Many<SecurityGroup>,
    }

    /// A notebook that people open in a browser.
    Notebook "notebook" notebooks {
        name: Text,
        role: One<Role>,
    }

    /// The address of a file system in one subnet.
    MountTarget "mount_target" mount_targets {
        port: Number = 2049,
        subnet: One<Subnet>,
        security_groups: Many<SecurityGroup>,
        file_system: One<FileSystem>,
    }
}
