//! Policies that resources carry: of endpoints, buckets and keys.

use super::context::Context;
use super::vpc::each;
use crate::eval::terraform::functions::document;
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::Reason;
use crate::lower::policy::{PolicyKind, add_policy};
use crate::model::data::{Bucket, Key};
use crate::model::identity::Policy;
use crate::model::network::Endpoint;
use crate::model::secret::Secret;
use crate::model::{Id, Link, One};
use crate::value::{Origin, Value};

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<Endpoint>(cx, &["aws_vpc_endpoint"], |cx, instance, id| {
        if let Some(policy) = written(cx, instance, instance.view(), "policy", PolicyKind::Endpoint) {
            cx.model[id].policy = policy;
        }
    });
    part::<Endpoint>(cx, "aws_vpc_endpoint_policy", "vpc_endpoint_id", PolicyKind::Endpoint, |cx, id, policy| {
        cx.model[id].policy = policy;
    });
    each::<Bucket>(cx, &["aws_s3_bucket"], |cx, instance, id| {
        if let Some(policy) = written(cx, instance, instance.view(), "policy", PolicyKind::Resource("s3")) {
            cx.model[id].policy = policy;
        }
        if let Some(reason) = cx.hidden_in_module(&[instance], &["aws_s3_bucket_policy"]) {
            cx.model[id].policy = One::unknown(reason, Origin::written(instance.header_span));
        }
    });
    part::<Bucket>(cx, "aws_s3_bucket_policy", "bucket", PolicyKind::Resource("s3"), |cx, id, policy| {
        cx.model[id].policy = policy;
    });
    each::<Key>(cx, &["aws_kms_key"], |cx, instance, id| {
        if let Some(policy) = written(cx, instance, instance.view(), "policy", PolicyKind::Resource("kms")) {
            cx.model[id].policy = policy;
        }
    });
    each::<Secret>(cx, &["aws_secretsmanager_secret"], |cx, instance, id| {
        if let Some(policy) = written(cx, instance, instance.view(), "policy", PolicyKind::Resource("secretsmanager")) {
            cx.model[id].policy = policy;
        }
    });
    part::<Secret>(
        cx,
        "aws_secretsmanager_secret_policy",
        "secret_arn",
        PolicyKind::Resource("secretsmanager"),
        |cx, id, policy| {
            cx.model[id].policy = policy;
        },
    );
    part::<Key>(cx, "aws_kms_key_policy", "key_id", PolicyKind::Resource("kms"), |cx, id, policy| {
        cx.model[id].policy = policy;
    });
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
    kind: PolicyKind,
    set: impl Fn(&mut Context<'_>, Id<E>, One<Policy>),
) {
    for instance in cx.managed(type_name) {
        let view = instance.view();
        let edge = cx.one::<E>(view, owner);
        match (edge.id(), edge.link) {
            (Some(id), _) => {
                if let Some(policy) = written(cx, instance, view, "policy", kind) {
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
