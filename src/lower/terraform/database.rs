//! Databases with their clusters, parameter and subnet groups, and caches.

use std::sync::Arc;

use super::context::{Context, cells};
use super::keys::key;
use super::other_databases;
use super::vpc::{default_group, each, open_all};
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::{Reason, Tri};
use crate::model::data::{Cache, Database, DatabaseProxy, ParameterGroup, SubnetGroup};
use crate::model::network::{SecurityGroup, Subnet};
use crate::model::{AnyId, Cell, Id, Link, Many, Model, One};
use crate::value::{Entries, Kind, Map, MapFlavour, Origin, Value};

/// Resource types of groups of subnets, and what stands in them.
const SUBNET_GROUPS: [(&str, &str); 5] = [
    ("aws_db_subnet_group", "database"),
    ("aws_elasticache_subnet_group", "cache"),
    ("aws_docdb_subnet_group", "document"),
    ("aws_neptune_subnet_group", "graph"),
    ("aws_redshift_subnet_group", "warehouse"),
];

const PARAMETER_GROUPS: [&str; 4] = [
    "aws_db_parameter_group",
    "aws_rds_cluster_parameter_group",
    "aws_docdb_cluster_parameter_group",
    "aws_redshift_parameter_group",
];

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_db_instance") {
        let database = instance_database(cx, instance);
        let id = cx.add(instance, database);
        cx.call(id, instance.view().attr("identifier"));
    }
    for instance in cx.managed("aws_rds_cluster") {
        let database = cluster(cx, instance);
        let id = cx.add(instance, database);
        cx.call(id, instance.view().attr("cluster_identifier"));
    }
    for instance in cx.managed("aws_rds_global_cluster") {
        let mut database = Database::new(cx.head(instance));
        let view = instance.view();
        word(&mut database.kind, "global_cluster", instance);
        cells!(database, view; engine = "engine", engine_version = "engine_version");
        let source = view.attr("source_db_cluster_identifier");
        default_flag(&mut database.encrypted, view, "storage_encrypted", source.is_none().then_some(false));
        cells!(database, view; encrypted = "storage_encrypted");
        cx.add(instance, database);
    }
    for (type_name, kind) in SUBNET_GROUPS {
        for instance in cx.managed(type_name) {
            let mut group = SubnetGroup::new(cx.head(instance));
            word(&mut group.kind, kind, instance);
            cells!(group, instance.view(); name = "name");
            let id = cx.add(instance, group);
            cx.call(id, instance.view().attr("name"));
        }
    }
    for type_name in PARAMETER_GROUPS {
        for instance in cx.managed(type_name) {
            let mut group = ParameterGroup::new(cx.head(instance));
            cells!(group, instance.view(); family = "family");
            group.settings.set(settings(instance));
            let id = cx.add(instance, group);
            cx.call(id, instance.view().attr("name"));
        }
    }
    for instance in cx.managed("aws_db_proxy") {
        let mut proxy = DatabaseProxy::new(cx.head(instance));
        cells!(proxy, instance.view(); require_tls = "require_tls");
        cx.add(instance, proxy);
    }
    other_databases::make(cx);
    caches(cx);
}

pub(super) fn word(cell: &mut Cell<crate::model::mark::Word>, kind: &str, instance: &Instance) {
    cell.set(Value::text(kind, Origin::written(instance.header_span)));
}

/// What the provider or AWS does where nothing is written; unknown where that depends on something else.
pub(super) fn default_flag(
    cell: &mut Cell<crate::model::mark::Flag>,
    view: BlockView<'_>,
    attribute: &'static str,
    default: Option<bool>,
) {
    let origin = view.lacks(attribute);
    cell.set(match default {
        Some(flag) => Value::bool(flag, origin),
        None => Value::unknown(Reason::at("provider-default", attribute, view.header_span()), origin),
    });
}

fn instance_database(cx: &Context<'_>, instance: &Instance) -> Database {
    let mut database = Database::new(cx.head(instance));
    let view = instance.view();
    word(&mut database.kind, "instance", instance);
    let inherits = ["replicate_source_db", "snapshot_identifier", "s3_import", "restore_to_point_in_time"];
    let is_copy = inherits.iter().any(|attribute| view.attr(attribute).is_some());
    default_flag(&mut database.encrypted, view, "storage_encrypted", (!is_copy).then_some(false));
    database.backup_retention.set(Value::number(0, view.lacks("backup_retention_period")));
    cells!(database, view; engine = "engine", engine_version = "engine_version", encrypted = "storage_encrypted",
        publicly_accessible = "publicly_accessible", ca = "ca_cert_identifier",
        managed_password = "manage_master_user_password", skip_final_snapshot = "skip_final_snapshot",
        storage_type = "storage_type", multi_az = "multi_az", deletion_protection = "deletion_protection",
        backup_retention = "backup_retention_period", log_exports = "enabled_cloudwatch_logs_exports",
        parameter_group_name = "parameter_group_name", network_type = "network_type");
    if view.attr("replicate_source_db").is_some() {
        unless_written(&mut database.engine, view, "engine");
        unless_written(&mut database.engine_version, view, "engine_version");
    }
    read_port(&mut database, view);
    database
}

fn unless_written(cell: &mut Cell<crate::model::mark::Text>, view: BlockView<'_>, attribute: &'static str) {
    if view.attr(attribute).is_none() {
        let reason = Reason::at("provider-computed", attribute, view.header_span());
        cell.set(Value::unknown(reason, view.lacks(attribute)));
    }
}

fn read_port(database: &mut Database, view: BlockView<'_>) {
    match database.engine.as_str().and_then(port_of_engine) {
        Some(port) => database.port.set(Value::number(port, view.lacks("port"))),
        None => {
            database.port.set(Value::unknown(Reason::at("no-value", "engine", view.header_span()), view.lacks("port")))
        }
    }
    cells!(database, view; port = "port");
}

/// Where a database engine listens unless told otherwise.
fn port_of_engine(engine: &str) -> Option<i64> {
    match engine {
        "postgres" | "aurora-postgresql" => Some(5432),
        "mysql" | "mariadb" | "aurora-mysql" | "aurora" => Some(3306),
        "redis" | "valkey" => Some(6379),
        "memcached" => Some(11211),
        engine if engine.starts_with("sqlserver-") => Some(1433),
        engine if engine.starts_with("oracle-") => Some(1521),
        _ => None,
    }
}

fn cluster(cx: &Context<'_>, instance: &Instance) -> Database {
    let mut database = Database::new(cx.head(instance));
    let view = instance.view();
    word(&mut database.kind, "cluster", instance);
    cells!(database, view; engine = "engine");
    let is_aurora = database.engine.as_str().is_some_and(|engine| engine.starts_with("aurora"));
    let inherits = [
        "replication_source_identifier",
        "snapshot_identifier",
        "restore_to_point_in_time",
        "global_cluster_identifier",
    ];
    let is_copy = inherits.iter().any(|attribute| view.attr(attribute).is_some());
    default_flag(&mut database.encrypted, view, "storage_encrypted", (is_aurora && !is_copy).then_some(true));
    database.backup_retention.set(Value::number(1, view.lacks("backup_retention_period")));
    cells!(database, view; engine_version = "engine_version", encrypted = "storage_encrypted",
        managed_password = "manage_master_user_password", skip_final_snapshot = "skip_final_snapshot",
        storage_type = "storage_type", deletion_protection = "deletion_protection",
        backup_retention = "backup_retention_period", log_exports = "enabled_cloudwatch_logs_exports",
        cluster_parameter_group_name = "db_cluster_parameter_group_name", zones = "availability_zones",
        network_type = "network_type");
    read_port(&mut database, view);
    database
}

fn settings(instance: &Instance) -> Value {
    let blocks = instance.view().blocks("parameter");
    let mut entries = Entries::new();
    let mut open = blocks.open;
    for block in blocks.members {
        if let (Some(name), Some(value)) = (block.attr("name"), block.attr("value")) {
            match name.as_str() {
                Some(name) => {
                    entries.insert(Arc::from(name.to_ascii_lowercase()), value);
                }
                None => open = open.or_else(|| name.reason().cloned()).or(Some(Reason::new("no-value", "a parameter"))),
            }
        }
    }
    let map = Map { entries, flavour: MapFlavour::Map, open, owner: None };
    Value::new(Kind::Map(Arc::new(map)), Origin::written(instance.header_span))
}

fn caches(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_elasticache_replication_group") {
        let mut cache = Cache::new(cx.head(instance));
        let view = instance.view();
        word(&mut cache.kind, "replication_group", instance);
        cells!(cache, view; engine = "engine", engine_version = "engine_version");
        let is_member = view.attr("global_replication_group_id").is_some();
        let (at_rest, transit) = match cache.engine.as_str() {
            Some("redis") if !is_member => (Some(false), Some(false)),
            Some("valkey") if !is_member => (Some(true), None),
            Some(_) | None => (None, None),
        };
        default_flag(&mut cache.encrypted, view, "at_rest_encryption_enabled", at_rest);
        default_flag(&mut cache.encrypted_in_transit, view, "transit_encryption_enabled", transit);
        cache.port.set(Value::number(6379, view.lacks("port")));
        cache.n_nodes.set(Value::number(1, view.lacks("num_cache_clusters")));
        cells!(cache, view; encrypted = "at_rest_encryption_enabled", port = "port",
            encrypted_in_transit = "transit_encryption_enabled", transit_mode = "transit_encryption_mode",
            auth_token = "auth_token", user_groups = "user_group_ids", n_nodes = "num_cache_clusters");
        if view.attr("num_node_groups").is_some() || view.attr("replicas_per_node_group").is_some() {
            let replicas = view.attr("replicas_per_node_group");
            let value = replicas.unwrap_or_else(|| Value::number(2, view.lacks("num_cache_clusters")));
            cache.n_nodes.set(value);
        }
        let id = cx.add(instance, cache);
        cx.call(id, view.attr("replication_group_id"));
    }
    for instance in cx.managed("aws_elasticache_cluster") {
        let view = instance.view();
        if view.attr("replication_group_id").is_some() {
            continue;
        }
        let mut cache = Cache::new(cx.head(instance));
        word(&mut cache.kind, "cluster", instance);
        cells!(cache, view; engine = "engine", engine_version = "engine_version");
        default_flag(&mut cache.encrypted, view, "at_rest_encryption_enabled", None);
        let is_clear = matches!(cache.engine.as_str(), Some("redis" | "memcached"));
        default_flag(&mut cache.encrypted_in_transit, view, "transit_encryption_enabled", is_clear.then_some(false));
        let written = view.attr("transit_encryption_enabled");
        if !(cache.engine.as_str() == Some("redis") && written.is_some()) {
            cache.encrypted_in_transit.read(view.header_span(), "transit_encryption_enabled", written);
        } else {
            default_flag(&mut cache.encrypted_in_transit, view, "transit_encryption_enabled", None);
        }
        let port = if cache.engine.as_str() == Some("memcached") { 11211 } else { 6379 };
        cache.port.set(Value::number(port, view.lacks("port")));
        cells!(cache, view; port = "port", n_nodes = "num_cache_nodes");
        let id = cx.add(instance, cache);
        cx.call(id, view.attr("cluster_id"));
    }
    for instance in cx.managed("aws_elasticache_serverless_cache") {
        let mut cache = Cache::new(cx.head(instance));
        let view = instance.view();
        word(&mut cache.kind, "serverless", instance);
        default_flag(&mut cache.encrypted, view, "at_rest_encryption_enabled", Some(true));
        default_flag(&mut cache.encrypted_in_transit, view, "transit_encryption_enabled", Some(true));
        cache.port.set(Value::number(6379, view.lacks("port")));
        cells!(cache, view; engine = "engine", user_groups = "user_group_id");
        let id = cx.add(instance, cache);
        cx.call(id, view.attr("name"));
    }
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<SubnetGroup>(cx, &SUBNET_GROUPS.map(|(type_name, _)| type_name), |cx, instance, id| {
        let subnets = cx.many(instance.view(), "subnet_ids");
        cx.model[id].subnets = subnets;
    });
    each::<Database>(cx, &["aws_db_instance"], |cx, instance, id| {
        let view = instance.view();
        let source = cx.one::<Database>(view, "replicate_source_db");
        if let Some(source) = source.id()
            && source != id
        {
            inherit(cx.model, id, source);
        }
        cx.model[id].source = source;
        connect_database(cx, instance, id);
    });
    each::<Database>(cx, &["aws_rds_cluster"], connect_database);
    cluster_instances(cx);
    other_databases::connect(cx);
    stand_with_sources(cx);
    each::<Cache>(cx, &["aws_elasticache_replication_group", "aws_elasticache_cluster"], |cx, instance, id| {
        let view = instance.view();
        let (group, key) = (cx.one(view, "subnet_group_name"), key(cx, view, "kms_key_id"));
        let groups = cx.many(view, "security_group_ids");
        let cache = &mut cx.model[id];
        cache.subnet_group = group;
        cache.key = key;
        cache.security_groups = groups;
        use_default_group(cx, instance, id.into());
    });
    each::<Cache>(cx, &["aws_elasticache_serverless_cache"], |cx, instance, id| {
        let view = instance.view();
        let subnets = cx.many(view, "subnet_ids");
        let groups = cx.many(view, "security_group_ids");
        let key = key(cx, view, "kms_key_id");
        let mut group = SubnetGroup::new(cx.head(instance));
        group.subnets = subnets;
        word(&mut group.kind, "cache", instance);
        let group = cx.model.data.subnet_groups.push(group);
        let cache = &mut cx.model[id];
        cache.subnet_group = One::to(group, Origin::written(instance.header_span));
        cache.security_groups = groups;
        cache.key = key;
        use_default_group(cx, instance, id.into());
    });
    let databases = cx.own::<Database>().into_iter().map(|id| (id.into(), cx.model[id].subnet_group.clone()));
    let caches = cx.own::<Cache>().into_iter().map(|id| (id.into(), cx.model[id].subnet_group.clone()));
    let stores: Vec<(AnyId, One<SubnetGroup>)> = databases.chain(caches).collect();
    for (store, group) in stores {
        if let Some(id) = group.id() {
            cx.model[id].consumers.push(store, group.origin);
        }
    }
}

/// A replica stands where its source stands, unless it says otherwise.
fn stand_with_sources(cx: &mut Context<'_>) {
    for id in cx.own::<Database>() {
        if !matches!(cx.model[id].subnet_group.link, Link::Absent) {
            continue;
        }
        let (source, link) = (cx.model[id].source.id(), cx.model[id].source.link.clone());
        let origin = cx.model[id].source.origin.clone();
        match (source, link) {
            (Some(source), _) if source != id => {
                let group = cx.model[source].subnet_group.clone();
                cx.model[id].subnet_group = group;
            }
            (_, Link::Unknown(reason)) => cx.model[id].subnet_group = One::unknown(reason, origin),
            (Some(_) | None, Link::To(_) | Link::Absent) => {}
        }
    }
}

/// A replica takes from its source what it does not say itself.
fn inherit(model: &mut Model, id: Id<Database>, source: Id<Database>) {
    let source = model[source].clone();
    let replica = &mut model[id];
    if replica.encrypted.tri() == Tri::Unknown && replica.encrypted.is_default() {
        replica.encrypted = source.encrypted;
    }
    if replica.engine.as_str().is_none() {
        replica.engine = source.engine;
    }
    if replica.engine_version.as_str().is_none() {
        replica.engine_version = source.engine_version;
    }
}

fn connect_database(cx: &mut Context<'_>, instance: &Instance, id: Id<Database>) {
    let view = instance.view();
    let (group, key) = (cx.one(view, "db_subnet_group_name"), key(cx, view, "kms_key_id"));
    let parameters = cx.one(view, "parameter_group_name");
    let cluster_parameters = cx.one(view, "db_cluster_parameter_group_name");
    let groups = cx.many(view, "vpc_security_group_ids");
    let database = &mut cx.model[id];
    database.subnet_group = group;
    database.key = key;
    database.parameter_group = parameters;
    database.cluster_parameter_group = cluster_parameters;
    database.security_groups = groups;
    use_default_group(cx, instance, id.into());
}

/// What names no group is in the default group of its VPC.
pub(super) fn use_default_group(cx: &mut Context<'_>, instance: &Instance, id: AnyId) {
    let (groups, subnet_group): (Many<SecurityGroup>, One<SubnetGroup>) = if let Some(database) = id.typed::<Database>()
    {
        (cx.model[database].security_groups.clone(), cx.model[database].subnet_group.clone())
    } else if let Some(cache) = id.typed::<Cache>() {
        (cx.model[cache].security_groups.clone(), cx.model[cache].subnet_group.clone())
    } else {
        return;
    };
    if !groups.members.is_empty() || groups.open.is_some() {
        return;
    }
    let subnet = subnet_group.id().and_then(|group| cx.model[group].subnets.ids().next());
    let vpc = subnet.and_then(|subnet: Id<Subnet>| cx.model[subnet].vpc.id());
    let group = default_group(cx, vpc, instance);
    let origin = groups.origin;
    if let Some(database) = id.typed::<Database>() {
        cx.model[database].security_groups.push(group, origin);
    } else if let Some(cache) = id.typed::<Cache>() {
        cx.model[cache].security_groups.push(group, origin);
    }
}

/// The instances of a cluster say who may reach it and which authority signs its certificate.
fn cluster_instances(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_rds_cluster_instance") {
        let view = instance.view();
        let cluster = cx.one::<Database>(view, "cluster_identifier");
        let Some(id) = cluster.id() else {
            if let Link::Unknown(reason) = cluster.link {
                lone_instance(cx, instance, reason);
            }
            continue;
        };
        let n_instances = cx.model[id].n_instances.get().known().and_then(|number| number.as_i64()).unwrap_or(0);
        let database = &mut cx.model[id];
        database.n_instances.set(Value::number(n_instances + 1, Origin::written(instance.header_span)));
        if database.publicly_accessible.tri() == Tri::False && view.attr("publicly_accessible").is_some() {
            cells!(database, view; publicly_accessible = "publicly_accessible");
        }
        if database.ca.as_str().is_none() {
            cells!(database, view; ca = "ca_cert_identifier");
        }
        let parameters = cx.one(view, "db_parameter_group_name");
        let database = &mut cx.model[id];
        if let Link::Absent = database.parameter_group.link {
            database.parameter_group = parameters;
        }
    }
}

fn lone_instance(cx: &mut Context<'_>, instance: &Instance, reason: Reason) {
    let mut database = Database::new(cx.head(instance));
    let view = instance.view();
    word(&mut database.kind, "cluster_instance", instance);
    default_flag(&mut database.encrypted, view, "storage_encrypted", None);
    cells!(database, view; engine = "engine", engine_version = "engine_version",
        publicly_accessible = "publicly_accessible", ca = "ca_cert_identifier");
    let origin = Origin::written(instance.header_span);
    database.deletion_protection.set(Value::unknown(reason.clone(), origin.clone()));
    database.skip_final_snapshot.set(Value::unknown(reason.clone(), origin.clone()));
    database.multi_az.set(Value::unknown(reason.clone(), origin.clone()));
    database.log_exports.set(Value::unknown(reason.clone(), origin.clone()));
    database.port.set(Value::unknown(reason.clone(), origin.clone()));
    database.subnet_group = One::unknown(reason.clone(), origin.clone());
    database.key = One::unknown(reason.clone(), origin.clone());
    database.cluster_parameter_group = One::unknown(reason.clone(), origin);
    open_all(&mut database.security_groups, Some(reason));
    cx.add(instance, database);
}
