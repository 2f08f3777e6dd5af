//! Databases that RDS does not run: documents (DocumentDB), graphs (Neptune) and warehouses (Redshift).

use super::context::{Context, cells};
use super::database::{default_flag, use_default_group, word};
use super::keys::key;
use super::vpc::each;
use crate::eval::terraform::Instance;
use crate::logic::Tri;
use crate::model::Id;
use crate::model::data::Database;
use crate::value::{Origin, Value};

/// What one kind of them is called and how its arguments are.
struct Spelling {
    type_name: &'static str,
    kind: &'static str,
    engine: &'static str,
    port: i64,
    encrypted: &'static str,
    /// What the provider sends or AWS does where nothing is written, if that is one thing for every version.
    encrypted_by_default: Option<bool>,
    public_by_default: Option<bool>,
    key: &'static str,
    subnet_group: &'static str,
    parameter_group: &'static str,
    retention: &'static str,
    log_exports: &'static str,
    managed_password: &'static str,
    copies: &'static [&'static str],
}

const SPELLINGS: [Spelling; 3] = [
    Spelling {
        type_name: "aws_docdb_cluster",
        kind: "document",
        engine: "docdb",
        port: 27017,
        encrypted: "storage_encrypted",
        encrypted_by_default: Some(false),
        public_by_default: Some(false),
        key: "kms_key_id",
        subnet_group: "db_subnet_group_name",
        parameter_group: "db_cluster_parameter_group_name",
        retention: "backup_retention_period",
        log_exports: "enabled_cloudwatch_logs_exports",
        managed_password: "manage_master_user_password",
        copies: &["snapshot_identifier", "restore_to_point_in_time", "global_cluster_identifier"],
    },
    Spelling {
        type_name: "aws_neptune_cluster",
        kind: "graph",
        engine: "neptune",
        port: 8182,
        encrypted: "storage_encrypted",
        encrypted_by_default: Some(false),
        public_by_default: Some(false),
        key: "kms_key_arn",
        subnet_group: "neptune_subnet_group_name",
        parameter_group: "neptune_cluster_parameter_group_name",
        retention: "backup_retention_period",
        log_exports: "enable_cloudwatch_logs_exports",
        managed_password: "",
        copies: &["snapshot_identifier", "replication_source_identifier", "global_cluster_identifier"],
    },
    // Both defaults differ between major versions of the provider, and AWS changed its own.
    Spelling {
        type_name: "aws_redshift_cluster",
        kind: "warehouse",
        engine: "redshift",
        port: 5439,
        encrypted: "encrypted",
        encrypted_by_default: None,
        public_by_default: None,
        key: "kms_key_id",
        subnet_group: "cluster_subnet_group_name",
        parameter_group: "cluster_parameter_group_name",
        retention: "automated_snapshot_retention_period",
        log_exports: "",
        managed_password: "manage_master_password",
        copies: &["snapshot_identifier", "snapshot_arn"],
    },
];

pub(super) fn make(cx: &mut Context<'_>) {
    for spelling in &SPELLINGS {
        for instance in cx.managed(spelling.type_name) {
            let database = database(cx, instance, spelling);
            let id = cx.add(instance, database);
            cx.call(id, instance.view().attr("cluster_identifier"));
        }
    }
}

fn database(cx: &Context<'_>, instance: &Instance, spelling: &Spelling) -> Database {
    let mut database = Database::new(cx.head(instance));
    let view = instance.view();
    let written = || Origin::written(instance.header_span);
    word(&mut database.kind, spelling.kind, instance);
    database.engine.set(Value::text(spelling.engine, written()));
    let is_copy = spelling.copies.iter().any(|attribute| view.attr(attribute).is_some());
    let encrypted = spelling.encrypted_by_default.filter(|_| !is_copy);
    default_flag(&mut database.encrypted, view, spelling.encrypted, encrypted);
    default_flag(&mut database.publicly_accessible, view, "publicly_accessible", spelling.public_by_default);
    database.port.set(Value::number(spelling.port, view.lacks("port")));
    database.backup_retention.set(Value::number(1, view.lacks(spelling.retention)));
    cells!(database, view; port = "port", engine_version = "engine_version",
        publicly_accessible = "publicly_accessible", skip_final_snapshot = "skip_final_snapshot",
        deletion_protection = "deletion_protection");
    let span = view.header_span();
    if let Some(value) = view.attr(spelling.encrypted) {
        database.encrypted.read(span, spelling.encrypted, Some(value));
    }
    if let Some(value) = view.attr(spelling.retention) {
        database.backup_retention.read(span, spelling.retention, Some(value));
    }
    if let Some(value) = view.attr(spelling.parameter_group) {
        database.parameter_group_name.read(span, spelling.parameter_group, Some(value));
    }
    if !spelling.log_exports.is_empty() {
        database.log_exports.read(span, spelling.log_exports, view.attr(spelling.log_exports));
    }
    if let Some(value) = view.attr(spelling.managed_password) {
        database.managed_password.read(span, spelling.managed_password, Some(value));
    }
    database
}

pub(super) fn connect(cx: &mut Context<'_>) {
    for spelling in &SPELLINGS {
        each::<Database>(cx, &[spelling.type_name], |cx, instance, id| {
            let view = instance.view();
            let group = cx.one(view, spelling.subnet_group);
            let parameters = cx.one(view, spelling.parameter_group);
            let key = key(cx, view, spelling.key);
            let groups = cx.many(view, "vpc_security_group_ids");
            let database = &mut cx.model[id];
            database.subnet_group = group;
            database.parameter_group = parameters;
            database.key = key;
            database.security_groups = groups;
            use_default_group(cx, instance, id.into());
        });
    }
    instances(cx);
}

/// The instances of a cluster say who may reach it and which authority signs its certificate.
fn instances(cx: &mut Context<'_>) {
    for type_name in ["aws_docdb_cluster_instance", "aws_neptune_cluster_instance"] {
        for instance in cx.managed(type_name) {
            let view = instance.view();
            let cluster = cx.one::<Database>(view, "cluster_identifier");
            if let Some(id) = cluster.id() {
                of_instance(cx, instance, id);
            }
        }
    }
}

fn of_instance(cx: &mut Context<'_>, instance: &Instance, id: Id<Database>) {
    let view = instance.view();
    let database = &mut cx.model[id];
    if let Some(public) = view.attr("publicly_accessible") {
        let was_private = database.publicly_accessible.tri() == Tri::False;
        if was_private {
            database.publicly_accessible.read(view.header_span(), "publicly_accessible", Some(public));
        }
    }
    if database.ca.as_str().is_none()
        && let Some(ca) = view.attr("ca_cert_identifier")
    {
        database.ca.read(view.header_span(), "ca_cert_identifier", Some(ca));
    }
}
