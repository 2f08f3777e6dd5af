//! File systems, disks, queues, topics, tables, logs, trails, certificates and requests, and everything that keeps data
//! as one kind of entity.

use super::context::{Context, cells};
use super::keys::key;
use super::vpc::each;
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::{Reason, Tri};
use crate::model::data::{
    AtRest, Bucket, Cache, Certificate, Database, Disk, DynamoTable, FileSystem, HttpRequest, LogGroup, Queue,
    Subscription, Topic, Trail,
};
use crate::model::workload::MountTarget;
use crate::model::{Id, Link, One};
use crate::value::{Kind, Origin, Value};

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_efs_file_system") {
        let mut system = FileSystem::new(cx.head(instance));
        cells!(system, instance.view(); encrypted = "encrypted");
        cx.add(instance, system);
    }
    for instance in cx.managed("aws_efs_mount_target") {
        let target = MountTarget::new(cx.head(instance));
        cx.add(instance, target);
    }
    for instance in cx.managed("aws_ebs_volume") {
        let mut disk = Disk::new(cx.head(instance));
        let view = instance.view();
        let from_snapshot = view.attr("snapshot_id").is_some();
        encrypted_disk(cx, &mut disk, view, from_snapshot);
        cells!(disk, view; storage_type = "type");
        cx.add(instance, disk);
    }
    for instance in cx.managed("aws_sqs_queue") {
        let mut queue = Queue::new(cx.head(instance));
        let view = instance.view();
        let has_key = view.attr("kms_master_key_id").is_some();
        if !has_key {
            cells!(queue, view; encrypted = "sqs_managed_sse_enabled");
        }
        let id = cx.add(instance, queue);
        cx.call(id, view.attr("name"));
    }
    for instance in cx.managed("aws_sns_topic") {
        let mut topic = Topic::new(cx.head(instance));
        let view = instance.view();
        let encrypted = view.attr("kms_master_key_id").map_or(Tri::False, |key| !key.is_null());
        let flag = match encrypted {
            Tri::Unknown => {
                Value::unknown(Reason::at("no-value", "a key", instance.header_span), view.lacks("kms_master_key_id"))
            }
            known => Value::bool(known == Tri::True, view.lacks("kms_master_key_id")),
        };
        topic.encrypted.set(flag);
        let id = cx.add(instance, topic);
        cx.call(id, view.attr("name"));
    }
    for instance in cx.managed("aws_cloudwatch_log_group") {
        let mut group = LogGroup::new(cx.head(instance));
        let view = instance.view();
        cells!(group, view; name = "name", retention_days = "retention_in_days");
        let id = cx.add(instance, group);
        cx.call(id, view.attr("name"));
    }
    for instance in cx.managed("aws_dynamodb_table") {
        let mut table = DynamoTable::new(cx.head(instance));
        let view = instance.view();
        if let Some(recovery) = view.block("point_in_time_recovery") {
            cells!(table, recovery; point_in_time_recovery = "enabled");
        }
        cells!(table, view; hash_key = "hash_key", deletion_protection = "deletion_protection_enabled");
        let id = cx.add(instance, table);
        cx.call(id, view.attr("name"));
    }
    for instance in cx.managed("aws_cloudtrail") {
        let mut trail = Trail::new(cx.head(instance));
        let view = instance.view();
        cells!(trail, view; enabled = "enable_logging", all_regions = "is_multi_region_trail",
            validated = "enable_log_file_validation");
        if let Some(selector) = view.block("event_selector") {
            cells!(trail, selector; management_events = "include_management_events");
        }
        cx.add(instance, trail);
    }
    for (type_name, kind) in [("aws_acm_certificate", "acm"), ("aws_iam_server_certificate", "iam")] {
        for instance in cx.managed(type_name).into_iter().chain(cx.data(type_name)) {
            let mut certificate = Certificate::new(cx.head(instance));
            super::database::word(&mut certificate.kind, kind, instance);
            cells!(certificate, instance.view(); key_algorithm = "key_algorithm", body = "certificate_body");
            cx.add(instance, certificate);
        }
    }
    for instance in cx.managed("aws_acm_certificate_validation") {
        let mut certificate = Certificate::new(cx.head(instance));
        super::database::word(&mut certificate.kind, "acm", instance);
        cx.add(instance, certificate);
    }
    for instance in cx.data("http") {
        let mut request = HttpRequest::new(cx.head(instance));
        cells!(request, instance.view(); url = "url", headers = "request_headers");
        cx.add(instance, request);
    }
}

/// Encrypted where the account encrypts every new volume, else as written; from a snapshot, as that is.
pub(super) fn encrypted_disk(cx: &Context<'_>, disk: &mut Disk, block: BlockView<'_>, from_snapshot: bool) {
    let default = cx.managed("aws_ebs_encryption_by_default").into_iter().next();
    let by_account = default.map(|default| match default.view().attr("enabled") {
        Some(value) => value,
        None => Value::bool(true, default.view().lacks("enabled")),
    });
    match by_account {
        Some(flag) if !matches!(flag.kind, Kind::Bool(false)) => disk.encrypted.set(flag),
        Some(_) | None => {
            let none = (!from_snapshot).then_some(false);
            super::database::default_flag(&mut disk.encrypted, block, "encrypted", none);
            cells!(disk, block; encrypted = "encrypted");
        }
    }
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<FileSystem>(cx, &["aws_efs_file_system"], |cx, instance, id| {
        let key = key(cx, instance.view(), "kms_key_id");
        cx.model[id].key = key;
        if let Some(reason) = cx.hidden_in_module(&[instance], &["aws_efs_mount_target"]) {
            cx.model[id].mount_targets.open(reason);
        }
    });
    each::<MountTarget>(cx, &["aws_efs_mount_target"], |cx, instance, id| {
        let view = instance.view();
        let (subnet, system) = (cx.one(view, "subnet_id"), cx.one::<FileSystem>(view, "file_system_id"));
        let groups = cx.many(view, "security_groups");
        let vpc = subnet.id().and_then(|subnet: Id<crate::model::network::Subnet>| cx.model[subnet].vpc.id());
        match (system.id(), &system.link) {
            (Some(system), _) => cx.model[system].mount_targets.push(id, Origin::written(instance.header_span)),
            // It may be a target of any file system.
            (None, Link::Unknown(reason)) if reason.code != "not-declared-here" => {
                cx.model.data.file_systems.iter_mut().for_each(|(_, it)| it.mount_targets.open(reason.clone()));
            }
            (None, Link::Unknown(_) | Link::To(_) | Link::Absent) => {}
        }
        let is_bare = groups.members.is_empty() && groups.open.is_none();
        let target = &mut cx.model[id];
        target.subnet = subnet;
        target.file_system = system;
        target.security_groups = groups;
        if is_bare {
            let group = super::vpc::default_group(cx, vpc, instance);
            cx.model[id].security_groups.push(group, instance.view().lacks("security_groups"));
        }
    });
    each::<Disk>(cx, &["aws_ebs_volume"], |cx, instance, id| {
        let key = key(cx, instance.view(), "kms_key_id");
        cx.model[id].key = key;
    });
    each::<Queue>(cx, &["aws_sqs_queue"], |cx, instance, id| {
        let key = key(cx, instance.view(), "kms_master_key_id");
        cx.model[id].key = key;
    });
    each::<Topic>(cx, &["aws_sns_topic"], |cx, instance, id| {
        let key = key(cx, instance.view(), "kms_master_key_id");
        cx.model[id].key = key;
    });
    each::<LogGroup>(cx, &["aws_cloudwatch_log_group"], |cx, instance, id| {
        let key = key(cx, instance.view(), "kms_key_id");
        cx.model[id].key = key;
    });
    each::<DynamoTable>(cx, &["aws_dynamodb_table"], |cx, instance, id| {
        if let Some(encryption) = instance.view().block("server_side_encryption") {
            let key = key(cx, encryption, "kms_key_arn");
            cx.model[id].key = key;
        }
    });
    each::<Trail>(cx, &["aws_cloudtrail"], |cx, instance, id| {
        let view = instance.view();
        let (bucket, key) = (cx.one(view, "s3_bucket_name"), key(cx, view, "kms_key_id"));
        let group = cx.one::<LogGroup>(view, "cloud_watch_logs_group_arn");
        let role = cx.one(view, "cloud_watch_logs_role_arn");
        let trail = &mut cx.model[id];
        trail.bucket = bucket;
        trail.key = key;
        trail.log_group = group;
        trail.log_role = role;
        cells!(trail, view; log_target = "cloud_watch_logs_group_arn");
    });
    for instance in cx.managed("aws_sns_topic_subscription") {
        let mut subscription = Subscription::new(cx.head(instance));
        let view = instance.view();
        cells!(subscription, view; protocol = "protocol");
        subscription.topic = cx.one(view, "topic_arn");
        cx.add(instance, subscription);
    }
}

/// Resources that keep data, the argument that names a key of one's own, and the one that switches encryption on.
const KEEPERS: &[(&str, &str, &str, &str)] = &[
    ("aws_ecr_repository", "repository", "kms_key", "encryption_type"),
    ("aws_cloudwatch_log_group", "log_group", "kms_key_id", ""),
    ("aws_secretsmanager_secret", "secret", "kms_key_id", ""),
    ("aws_ssm_parameter", "parameter", "key_id", "type"),
    ("aws_efs_file_system", "file_system", "kms_key_id", "encrypted"),
    ("aws_dynamodb_table", "table", "kms_key_arn", ""),
    ("aws_sqs_queue", "queue", "kms_master_key_id", ""),
    ("aws_sns_topic", "topic", "kms_master_key_id", ""),
    ("aws_cloudtrail", "trail", "kms_key_id", ""),
    ("aws_ebs_volume", "disk", "kms_key_id", "encrypted"),
    ("aws_ebs_snapshot_copy", "snapshot", "kms_key_id", "encrypted"),
    ("aws_ami_copy", "machine_image", "kms_key_id", "encrypted"),
    ("aws_db_instance", "database", "kms_key_id", "storage_encrypted"),
    ("aws_rds_cluster", "database", "kms_key_id", "storage_encrypted"),
    ("aws_docdb_cluster", "database", "kms_key_id", "storage_encrypted"),
    ("aws_neptune_cluster", "database", "kms_key_arn", "storage_encrypted"),
    ("aws_redshift_cluster", "database", "kms_key_id", "encrypted"),
    ("aws_elasticache_replication_group", "cache", "kms_key_id", "at_rest_encryption_enabled"),
    ("aws_s3_bucket", "bucket", "", "sse_algorithm"),
];

/// One entity per thing that keeps data. Its place is the argument that encrypts without a key, else the block.
pub(super) fn keep(cx: &mut Context<'_>) {
    for (type_name, kind, key_attribute, switch) in KEEPERS {
        for instance in cx.managed(type_name) {
            keep_one(cx, instance, kind, key_attribute, switch);
        }
    }
    insights(cx);
}

fn keep_one(cx: &mut Context<'_>, instance: &Instance, kind: &str, key_attribute: &'static str, switch: &str) {
    let view = instance.view();
    let mut thing = AtRest::new(cx.head(instance));
    let written = Origin::written(instance.header_span);
    thing.kind.set(Value::text(kind, written.clone()));
    let holder = match kind {
        "repository" => view.block("encryption_configuration").unwrap_or(view),
        "table" => view.block("server_side_encryption").unwrap_or(view),
        _ => view,
    };
    if !key_attribute.is_empty() {
        thing.key = key(cx, holder, key_attribute);
    }
    let switched = (!switch.is_empty()).then(|| holder.attr(switch)).flatten();
    thing.encryption.set(Value::bool(true, written.clone()));
    if kind == "parameter" {
        let Some(ty) = &switched else { return };
        match ty.as_str() {
            Some("SecureString") => {}
            Some(_) => return,
            None => thing.encryption.set(ty.clone()),
        }
    }
    // Only a switch that asks for encryption is where a key is missing; a type or a kind is not.
    let mut place = match switch {
        "type" | "encryption_type" => None,
        _ => switched.as_ref().and_then(|value| value.origin.span()),
    };
    let ids = cx.made_of(instance).to_vec();
    for id in ids {
        if let Some(id) = id.typed::<Database>() {
            thing.database = One::to(id, written.clone());
            thing.encryption = cx.model[id].encrypted.clone();
            thing.storage_type = cx.model[id].storage_type.clone();
        } else if let Some(id) = id.typed::<Cache>() {
            thing.encryption = cx.model[id].encrypted.clone();
        } else if let Some(id) = id.typed::<Disk>() {
            thing.disk = One::to(id, written.clone());
            thing.encryption = cx.model[id].encrypted.clone();
            thing.storage_type = cx.model[id].storage_type.clone();
        } else if let Some(id) = id.typed::<FileSystem>() {
            thing.encryption = cx.model[id].encrypted.clone();
        } else if let Some(id) = id.typed::<Queue>() {
            thing.encryption = cx.model[id].encrypted.clone();
        } else if let Some(id) = id.typed::<Topic>() {
            thing.encryption = cx.model[id].encrypted.clone();
        } else if let Some(id) = id.typed::<Bucket>() {
            thing.bucket = One::to(id, written.clone());
            thing.key = cx.model[id].key.clone();
            let algorithm = &cx.model[id].algorithm;
            if !algorithm.is_default() {
                place = algorithm.origin().span();
            }
        }
    }
    if let Some(place) = place {
        thing.head.span = place;
    }
    cx.model.data.at_rests.push(thing);
}

/// Performance Insights and managed passwords are kept under keys of their own.
fn insights(cx: &mut Context<'_>) {
    for (kind, switch, own_key) in [
        ("performance_insights", "performance_insights_enabled", "performance_insights_kms_key_id"),
        ("managed_password", "manage_master_user_password", "master_user_secret_kms_key_id"),
    ] {
        for type_name in ["aws_db_instance", "aws_rds_cluster", "aws_rds_cluster_instance"] {
            for instance in cx.managed(type_name) {
                let view = instance.view();
                let Some(flag) = view.attr(switch).filter(|flag| !matches!(flag.kind, Kind::Bool(false))) else {
                    continue;
                };
                let mut thing = AtRest::new(cx.head(instance));
                thing.kind.set(Value::text(kind, Origin::written(instance.header_span)));
                thing.key = key(cx, view, own_key);
                thing.head.span = flag.origin.span().unwrap_or(instance.header_span);
                thing.encryption.read(view.header_span(), "", Some(flag));
                cx.model.data.at_rests.push(thing);
            }
        }
    }
}
