//! Policies that resources carry: of endpoints, buckets, keys, and whatever else lets others in by a document.

use super::context::Context;
use super::vpc::each;
use crate::eval::terraform::functions::document;
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::{Reason, Tri};
use crate::lower::policy::{PolicyKind, add_policy};
use crate::model::data::{Bucket, Key};
use crate::model::identity::{Policy, ResourcePolicy};
use crate::model::network::Endpoint;
use crate::model::secret::Secret;
use crate::model::{Id, Link, One};
use crate::value::{Origin, Value};

/// A resource type whose attribute holds a policy of some kind of resource.
struct Carrier {
    type_name: &'static str,
    attribute: &'static str,
    kind: &'static str,
    service: &'static str,
}

const fn carrier(
    type_name: &'static str,
    attribute: &'static str,
    kind: &'static str,
    service: &'static str,
) -> Carrier {
    Carrier { type_name, attribute, kind, service }
}

/// Buckets, keys and secrets are joined with their policies below.
const CARRIERS: [Carrier; 18] = [
    carrier("aws_api_gateway_rest_api", "policy", "api", "execute-api"),
    carrier("aws_api_gateway_rest_api_policy", "policy", "api", "execute-api"),
    carrier("aws_backup_vault_policy", "policy", "vault", "backup"),
    carrier("aws_cloudwatch_log_destination_policy", "access_policy", "log_destination", "logs"),
    carrier("aws_cloudwatch_log_resource_policy", "policy_document", "log_group", "logs"),
    carrier("aws_ecr_repository_policy", "policy", "repository", "ecr"),
    carrier("aws_efs_file_system_policy", "policy", "file_system", "elasticfilesystem"),
    carrier("aws_elasticsearch_domain", "access_policies", "search_domain", "es"),
    carrier("aws_elasticsearch_domain_policy", "access_policies", "search_domain", "es"),
    carrier("aws_glacier_vault", "access_policy", "vault", "glacier"),
    carrier("aws_glue_resource_policy", "policy", "catalog", "glue"),
    carrier("aws_opensearch_domain", "access_policies", "search_domain", "es"),
    carrier("aws_opensearch_domain_policy", "access_policies", "search_domain", "es"),
    carrier("aws_ses_identity_policy", "policy", "mail", "ses"),
    carrier("aws_sns_topic", "policy", "topic", "sns"),
    carrier("aws_sns_topic_policy", "policy", "topic", "sns"),
    carrier("aws_sqs_queue", "policy", "queue", "sqs"),
    carrier("aws_sqs_queue_policy", "policy", "queue", "sqs"),
];

const BUCKET: Carrier = carrier("aws_s3_bucket", "policy", "bucket", "s3");
const SECRET: Carrier = carrier("aws_secretsmanager_secret", "policy", "secret", "secretsmanager");
const KEY: Carrier = carrier("aws_kms_key", "policy", "key", "kms");

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<Endpoint>(cx, &["aws_vpc_endpoint"], |cx, instance, id| {
        if let Some(policy) = written(cx, instance, instance.view(), "policy", PolicyKind::Endpoint) {
            cx.model[id].policy = policy;
        }
    });
    let of_endpoint = |cx: &mut Context<'_>, instance: &Instance| {
        written(cx, instance, instance.view(), "policy", PolicyKind::Endpoint)
    };
    part::<Endpoint>(cx, "aws_vpc_endpoint_policy", "vpc_endpoint_id", of_endpoint, |cx, id, policy| {
        cx.model[id].policy = policy;
    });
    each::<Bucket>(cx, &["aws_s3_bucket"], |cx, instance, id| {
        if let Some(policy) = carried(cx, instance, &BUCKET) {
            cx.model[id].policy = policy;
        }
        if let Some(reason) = cx.hidden_in_module(&[instance], &["aws_s3_bucket_policy"]) {
            cx.model[id].policy = One::unknown(reason, Origin::written(instance.header_span));
        }
    });
    let of_bucket = |cx: &mut Context<'_>, instance: &Instance| carried(cx, instance, &BUCKET);
    part::<Bucket>(cx, "aws_s3_bucket_policy", "bucket", of_bucket, |cx, id, policy| {
        cx.model[id].policy = policy;
    });
    each::<Key>(cx, &["aws_kms_key"], |cx, instance, id| {
        if let Some(policy) = carried(cx, instance, &KEY) {
            cx.model[id].policy = policy;
        }
    });
    let of_key = |cx: &mut Context<'_>, instance: &Instance| carried(cx, instance, &KEY);
    part::<Key>(cx, "aws_kms_key_policy", "key_id", of_key, |cx, id, policy| {
        cx.model[id].policy = policy;
    });
    each::<Secret>(cx, &["aws_secretsmanager_secret"], |cx, instance, id| {
        if let Some(policy) = carried(cx, instance, &SECRET) {
            cx.model[id].policy = policy;
        }
    });
    let of_secret = |cx: &mut Context<'_>, instance: &Instance| carried(cx, instance, &SECRET);
    part::<Secret>(cx, "aws_secretsmanager_secret_policy", "secret_arn", of_secret, |cx, id, policy| {
        cx.model[id].policy = policy;
    });
    for carrier in &CARRIERS {
        for instance in cx.managed(carrier.type_name) {
            carried(cx, instance, carrier);
        }
    }
}

/// The policy that an instance carries, as an entity of its own too.
fn carried(cx: &mut Context<'_>, instance: &Instance, carrier: &Carrier) -> Option<One<Policy>> {
    let view = instance.view();
    let policy = written(cx, instance, view, carrier.attribute, PolicyKind::Resource(carrier.service))?;
    let mut head = cx.head(instance);
    head.span = policy.origin.span().unwrap_or(instance.header_span);
    let mut carried = ResourcePolicy::new(head);
    carried.kind.set(Value::text(carrier.kind, Origin::written(instance.header_span)));
    carried.is_private.read(view.header_span(), "", is_private(cx, instance, carrier));
    carried.policy = policy.clone();
    cx.model.identity.resource_policies.push(carried);
    Some(policy)
}

/// Whether the resource stands in a network of one's own; nothing where that is no question.
fn is_private(cx: &Context<'_>, instance: &Instance, carrier: &Carrier) -> Option<Value> {
    let view = instance.view();
    let owner = match carrier.type_name {
        "aws_elasticsearch_domain_policy" | "aws_opensearch_domain_policy" => view.attr("domain_name"),
        "aws_api_gateway_rest_api_policy" => view.attr("rest_api_id"),
        _ => None,
    };
    let Some(owner) = owner else { return private_by_itself(view, carrier.kind) };
    let by_reference = owner.references().into_iter().find_map(|reference| cx.deployment.referred(reference));
    let found = by_reference.or_else(|| named(cx, &owner));
    match found {
        Some(found) => private_by_itself(found.view(), carrier.kind),
        None => {
            let reason = Reason::at("not-declared-here", owner.as_str().unwrap_or("its owner"), view.header_span());
            Some(Value::unknown(reason, owner.origin))
        }
    }
}

/// The search domain that calls itself so.
fn named<'a>(cx: &Context<'a>, name: &Value) -> Option<&'a Instance> {
    let name = name.as_text()?;
    let domains = cx.managed("aws_elasticsearch_domain").into_iter().chain(cx.managed("aws_opensearch_domain"));
    let is_named = |domain: &&Instance| {
        let own = domain.view().attr("domain_name").and_then(|own| own.as_text());
        own.is_some_and(|own| own.equals(&name) == Tri::True)
    };
    domains.into_iter().find(is_named)
}

fn private_by_itself(view: BlockView<'_>, kind: &str) -> Option<Value> {
    match kind {
        "search_domain" => {
            let networks = view.blocks("vpc_options");
            match (networks.members.first(), networks.open) {
                (Some(block), _) => Some(Value::bool(true, Origin::written(block.header_span()))),
                (None, Some(reason)) => Some(Value::unknown(reason, Origin::written(view.header_span()))),
                (None, None) => None,
            }
        }
        "api" => {
            let types = view.block("endpoint_configuration")?.attr("types")?;
            match types.as_list() {
                Some(list) => {
                    let is_private = list.items.iter().any(|item| item.as_str() == Some("PRIVATE"));
                    Some(Value::bool(is_private, types.origin.clone()))
                }
                None => Some(types),
            }
        }
        _ => None,
    }
}

fn written(
    cx: &mut Context<'_>,
    instance: &Instance,
    view: BlockView<'_>,
    attribute: &str,
    kind: PolicyKind,
) -> Option<One<Policy>> {
    let value = view.attr(attribute)?;
    Some(One::to(add(cx, instance, &value, kind), value.origin))
}

fn add(cx: &mut Context<'_>, instance: &Instance, value: &Value, kind: PolicyKind) -> Id<Policy> {
    let mut head = cx.head(instance);
    head.span = value.origin.span().unwrap_or(instance.header_span);
    let document = document(value, cx.world);
    add_policy(cx.model, &document, kind, head)
}

/// A policy in a resource of its own. One whose owner is not known may be anybody's.
fn part<E: crate::model::Entity>(
    cx: &mut Context<'_>,
    type_name: &'static str,
    owner: &'static str,
    read: impl Fn(&mut Context<'_>, &Instance) -> Option<One<Policy>>,
    set: impl Fn(&mut Context<'_>, Id<E>, One<Policy>),
) {
    for instance in cx.managed(type_name) {
        let edge = cx.one::<E>(instance.view(), owner);
        let policy = read(cx, instance);
        match (edge.id(), edge.link) {
            (Some(id), _) => {
                if let Some(policy) = policy {
                    set(cx, id, policy);
                }
            }
            (None, Link::Unknown(reason)) if reason.code != "not-declared-here" => {
                let unknown = Reason::at("no-value", instance.address.to_string(), instance.header_span);
                let ids: Vec<Id<E>> = E::table(cx.model).ids().collect();
                for id in ids {
                    set(cx, id, One::unknown(unknown.clone(), Origin::written(instance.header_span)));
                }
            }
            (None, Link::Unknown(_) | Link::To(_) | Link::Absent) => {}
        }
    }
}
