//! What keeps data, keys, and the hops between client and store.

use super::identity::{Policy, Role};
use super::network::{LoadBalancer, SecurityGroup, Subnet, Vpc};
use super::secret::{Parameter, Secret, Variable};
use super::web::Distribution;
use super::workload::{Container, Host, MountTarget, Service, Task};
use super::{entities, views};

entities! { in data;
    /// A relational database, a cluster of one, or a warehouse, with the instances that belong to it.
    Database "database" databases {
        kind: Word["instance", "cluster", "cluster_instance", "global_cluster", "warehouse", "document", "graph"],
        engine: Text,
        engine_version: Text,
        encrypted: Flag,
        publicly_accessible: Flag = false,
        /// `DUAL` where it has IPv6 too.
        network_type: Text = "IPV4",
        /// The certificate authority that signs the server's certificate.
        ca: Text,
        managed_password: Flag = false,
        skip_final_snapshot: Flag = false,
        storage_type: Text,
        port: Number,
        multi_az: Flag = false,
        deletion_protection: Flag = false,
        /// Days that automated backups are kept.
        backup_retention: Number,
        /// The logs that go to CloudWatch.
        log_exports: Texts,
        /// As written: a default group has a name and no block.
        parameter_group_name: Text,
        cluster_parameter_group_name: Text,
        subnet_group: One<SubnetGroup>,
        key: One<Key>,
        parameter_group: One<ParameterGroup>,
        cluster_parameter_group: One<ParameterGroup>,
        /// What a replica copies.
        source: One<Database>,
        /// The instances of a cluster that are declared here.
        n_instances: Number,
        zones: Texts,
        security_groups: Many<SecurityGroup>,
    }

    /// A parameter group of an instance or a cluster.
    ParameterGroup "parameter_group" parameter_groups {
        /// Engine and major version: `postgres15`.
        family: Text,
        settings: Entries,
    }

    /// A proxy in front of a database.
    DatabaseProxy "database_proxy" database_proxies {
        require_tls: Flag = false,
    }

    /// A Redis, Valkey or Memcached cache.
    Cache "cache" caches {
        kind: Word["replication_group", "cluster", "serverless"],
        engine: Text = "redis",
        engine_version: Text,
        encrypted: Flag,
        encrypted_in_transit: Flag,
        transit_mode: Word["required", "preferred"] = "required",
        auth_token: Raw,
        user_groups: Texts,
        port: Number,
        /// Nodes beside the first.
        n_nodes: Number,
        subnet_group: One<SubnetGroup>,
        key: One<Key>,
        security_groups: Many<SecurityGroup>,
    }

    /// The subnets that databases, caches or warehouses are spread over.
    SubnetGroup "subnet_group" subnet_groups {
        kind: Word["database", "cache", "warehouse"],
        name: Text,
        subnets: Many<Subnet>,
        consumers: Many<Store>,
    }

    /// An S3 bucket with its parts.
    Bucket "bucket" buckets {
        name: Text,
        /// Encryption at rest that the bucket asks for.
        algorithm: Text = "AES256",
        bucket_key: Flag = false,
        /// The four switches of its public access block.
        block_flags: Entries,
        ownership: Text,
        acl: Text,
        /// Permission and grantee of each written grant: `READ http://acs.amazonaws.com/groups/global/AllUsers`.
        acl_grants: Texts,
        /// `Enabled`, `Suspended` or `Disabled`.
        versioning: Text,
        /// Whether it serves a website of its own; one that only redirects serves nothing.
        website: Flag = false,
        cors_rules: Many<CorsRule>,
        /// Distributions that fetch from it.
        distributions: Many<Distribution>,
        key: One<Key>,
        /// Where its access logs go, as written.
        log_target: Text,
        log_bucket: One<Bucket>,
        policy: One<Policy>,
        /// Load balancers that write their access logs here.
        logging_load_balancers: Many<LoadBalancer>,
        /// Buckets that write their access logs here.
        logging_buckets: Many<Bucket>,
    }

    /// What pages of other sites may ask of a bucket.
    CorsRule "cors_rule" cors_rules {
        origins: Texts,
        methods: Texts,
        headers: Texts,
        bucket: One<Bucket>,
    }

    /// The switches that keep all buckets of the account closed.
    AccountAccessBlock "account_access_block" account_access_blocks {
        block_flags: Entries,
    }

    /// An elastic file system.
    FileSystem "file_system" file_systems {
        encrypted: Flag = false,
        key: One<Key>,
        mount_targets: Many<MountTarget>,
    }

    /// A block device of a host, or a volume of its own.
    Disk "disk" disks {
        encrypted: Flag,
        storage_type: Text,
        key: One<Key>,
        host: One<Host>,
    }

    /// A DynamoDB table.
    DynamoTable "table" tables {
        /// `LockID` in a table of Terraform's locks.
        hash_key: Text,
        point_in_time_recovery: Flag = false,
        deletion_protection: Flag = false,
        key: One<Key>,
    }

    /// A queue.
    Queue "queue" queues {
        encrypted: Flag = true,
        key: One<Key>,
    }

    /// A topic.
    Topic "topic" topics {
        encrypted: Flag,
        key: One<Key>,
    }

    /// A subscription to a topic.
    Subscription "subscription" subscriptions {
        protocol: Text,
        topic: One<Topic>,
    }

    /// A CloudWatch log group.
    LogGroup "log_group" log_groups {
        name: Text,
        retention_days: Number = 0,
        key: One<Key>,
    }

    /// A CloudTrail trail.
    Trail "trail" trails {
        enabled: Flag = true,
        all_regions: Flag = false,
        validated: Flag = false,
        management_events: Flag = true,
        /// The log group that its records are sent to, as written.
        log_target: Text,
        bucket: One<Bucket>,
        log_group: One<LogGroup>,
        /// The role under which they are sent.
        log_role: One<Role>,
        key: One<Key>,
    }

    /// A machine image, one's own or looked up.
    MachineImage "machine_image" machine_images {
        owners: Texts,
        /// The patterns of names that a lookup filters by.
        name_patterns: Texts,
        encrypted: Flag,
    }

    /// A KMS key, or an alias of one.
    Key "key" keys {
        rotation: Flag = false,
        deletion_days: Number = 30,
        enabled: Flag = true,
        is_symmetric: Flag = true,
        /// Whether AWS keeps it for a service (`alias/aws/rds`): it can be neither shared nor opened.
        is_aws_managed: Flag = false,
        policy: One<Policy>,
    }

    /// A certificate.
    Certificate "certificate" certificates {
        /// `acm` or `iam`.
        kind: Word["acm", "iam"],
        key_algorithm: Text,
        /// The certificate itself, where it is imported.
        body: Text,
    }

    /// A data source that asks a web address.
    HttpRequest "http_request" http_requests {
        url: Text,
        headers: Entries,
    }

    /// A connection string that a task is given.
    Connection "connection" connections {
        /// Absent where only a mode is set: `PGSSLMODE`.
        scheme: Text,
        /// The TLS mode that it names; absent where it surely names none.
        mode: Text,
        /// The file of the authorities that it trusts.
        root_file: Text,
        container: One<Container>,
        variable: One<Variable>,
        parameter: One<Parameter>,
        secret: One<Secret>,
        database: One<Database>,
        cache: One<Cache>,
    }

    /// One step on the way from clients over tasks to what keeps their data.
    Hop "hop" hops {
        from: Text,
        to: Text,
        /// What is known of its encryption; unknown where nobody can see it.
        state: Word["verified", "encrypted", "either", "redirect", "fixed", "clear", "inside", "dead"],
        /// What else is to be said in a few words.
        remark: Text,
        /// Whether only a file of settings says so: code, which may decide otherwise.
        from_settings: Flag = false,
        service: One<Service>,
        task: One<Task>,
    }

    /// One thing that keeps data, whatever it is.
    AtRest "at_rest" at_rests {
        kind: Text,
        storage_type: Text,
        /// What the owner says of its encryption.
        encryption: Flag,
        key: One<Key>,
        database: One<Database>,
        disk: One<Disk>,
        bucket: One<Bucket>,
        vpc: One<Vpc>,
    }
}

views! {
    /// What keeps data and listens on a port.
    Store "store" { Database, Cache }
}
