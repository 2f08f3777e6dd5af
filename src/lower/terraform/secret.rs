//! Secrets and parameters, which containers and functions name.

use super::context::{Context, cells, computed};
use super::vpc::each;
use crate::eval::terraform::{BlockView, Instance, Mode};
use crate::logic::Reason;
use crate::model::secret::{Parameter, Secret, SecretAttribute};
use crate::model::{Head, One};
use crate::value::{Kind, Origin, Value};

/// Resource type and path of an attribute that can only hold a secret; nested blocks by their names.
const SINKS: &[(&str, &[&str])] = &[
    ("aws_datasync_location_object_storage", &["secret_key"]),
    ("aws_db_instance", &["password"]),
    ("aws_db_instance", &["password_wo"]),
    ("aws_directory_service_directory", &["password"]),
    ("aws_dms_endpoint", &["password"]),
    ("aws_docdb_cluster", &["master_password"]),
    ("aws_docdb_cluster", &["master_password_wo"]),
    ("aws_elasticache_replication_group", &["auth_token"]),
    ("aws_elasticache_user", &["passwords"]),
    ("aws_fsx_windows_file_system", &["self_managed_active_directory", "password"]),
    ("aws_mq_broker", &["user", "password"]),
    ("aws_opensearch_domain", &["advanced_security_options", "master_user_options", "master_user_password"]),
    ("aws_rds_cluster", &["master_password"]),
    ("aws_rds_cluster", &["master_password_wo"]),
    ("aws_redshift_cluster", &["master_password"]),
    ("aws_redshift_cluster", &["master_password_wo"]),
    ("aws_redshiftserverless_namespace", &["admin_user_password"]),
    ("aws_secretsmanager_secret_version", &["secret_string"]),
    ("aws_secretsmanager_secret_version", &["secret_string_wo"]),
    ("aws_transfer_user", &["password"]),
];

/// Attributes for which AWS can manage the secret, or which the provider also takes without keeping it.
const WITH_OTHER_WAY: &[(&str, &str)] = &[
    ("aws_db_instance", "password"),
    ("aws_docdb_cluster", "master_password"),
    ("aws_rds_cluster", "master_password"),
    ("aws_redshift_cluster", "master_password"),
    ("aws_redshiftserverless_namespace", "admin_user_password"),
    ("aws_secretsmanager_secret_version", "secret_string"),
    ("aws_ssm_parameter", "value"),
];

/// Attributes that hold secrets, and nothing else ever.
pub(super) fn make_sinks(cx: &mut Context<'_>) {
    for (type_name, path) in SINKS {
        for instance in cx.managed(type_name) {
            let mut blocks = vec![instance.view()];
            let Some((attribute, around)) = path.split_last() else { continue };
            for name in around {
                blocks = blocks.iter().flat_map(|block| block.blocks(name).members).collect();
            }
            for block in blocks {
                add_sink(cx, instance, block, attribute, "attribute");
            }
        }
    }
    for instance in cx.managed("aws_ssm_parameter") {
        let view = instance.view();
        let is_secure = view.attr("type").is_some_and(|kind| kind.as_str() == Some("SecureString"));
        let sink = if is_secure { "attribute" } else { "parameter" };
        for attribute in ["value", "value_wo"] {
            add_sink(cx, instance, view, attribute, sink);
        }
    }
}

fn add_sink(
    cx: &mut Context<'_>,
    instance: &Instance,
    block: BlockView<'_>,
    attribute: &'static str,
    sink_kind: &'static str,
) {
    let Some(content) = block.attr(attribute) else { return };
    let whole = cx.head(instance);
    let place = content.origin.newest().map_or(whole.span, |step| step.span);
    let head = Head { span: place, block: place, terraform: None, ..whole };
    let written = || Origin::written(place);
    let has_other_way = WITH_OTHER_WAY.contains(&(&*instance.type_name, attribute));
    let mut sink = SecretAttribute::new(head);
    sink.sink.set(Value::text(sink_kind, written()));
    sink.has_other_way.set(Value::bool(has_other_way, written()));
    sink.attribute.set(Value::text(attribute, written()));
    sink.is_write_only.set(Value::bool(attribute.ends_with("_wo"), written()));
    sink.content.set(content);
    cx.model.secret.secret_attributes.push(sink);
}

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_secretsmanager_secret") {
        let mut secret = Secret::new(cx.head(instance));
        cells!(secret, instance.view(); name = "name");
        cx.add(instance, secret);
    }
    for instance in cx.data("aws_secretsmanager_secret") {
        let mut secret = Secret::new(cx.head(instance));
        cells!(secret, instance.view(); name = "name");
        secret.key = One::unknown(
            Reason::at("provider-computed", instance.address.to_string(), instance.header_span),
            Origin::written(instance.header_span),
        );
        cx.add(instance, secret);
    }
    for instance in cx.managed("aws_ssm_parameter") {
        let mut parameter = Parameter::new(cx.head(instance));
        let view = instance.view();
        cells!(parameter, view; name = "name", kind = "type", content = "value");
        if let Some(plain) = view.attr("insecure_value") {
            parameter.content.set(plain);
        }
        cx.add(instance, parameter);
    }
    for instance in cx.data("aws_ssm_parameter") {
        let mut parameter = Parameter::new(cx.head(instance));
        cells!(parameter, instance.view(); name = "name");
        computed!(parameter, instance; kind, content);
        cx.add(instance, parameter);
    }
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<Secret>(cx, &["aws_secretsmanager_secret"], |cx, instance, id| {
        if instance.mode == Mode::Managed {
            cx.model[id].key = cx.one(instance.view(), "kms_key_id");
        }
    });
    for instance in cx.managed("aws_secretsmanager_secret_version") {
        let view = instance.view();
        let Some(secret) = cx.one::<Secret>(view, "secret_id").id() else { continue };
        let Some(content) = view.attr("secret_string") else { continue };
        // Which of several versions counts is decided by their stages, which nobody reads here.
        let is_first = matches!(cx.model[secret].content.value().kind, Kind::Null);
        let content = match is_first {
            true => content,
            false => {
                let reason = Reason::at("several-versions", instance.address.to_string(), instance.header_span);
                Value::unknown(reason, Origin::written(instance.header_span))
            }
        };
        cx.model[secret].content.set(content);
    }
    each::<Parameter>(cx, &["aws_ssm_parameter"], |cx, instance, id| {
        if instance.mode == Mode::Managed {
            cx.model[id].key = cx.one(instance.view(), "key_id");
        }
    });
}
