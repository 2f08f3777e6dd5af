//! Roles, users, groups, their policies and attachments, identity providers and access keys. Split resources are joined
//! with their principal; what may belong to any principal opens all of them.

mod attachment;
mod principal;

use super::context::{Context, cells, place_of};
use crate::eval::terraform::functions::document;
use crate::eval::terraform::{BlockView, Instance};
use crate::lower::policy::{PolicyKind, add_policy};
use crate::model::identity::{AccessKey, IamGroup, IamUser, OidcProvider, Policy, Role};
use crate::model::{Head, Id, One};
use crate::value::{Origin, Value};

pub(super) fn make(cx: &mut Context<'_>) {
    principal::make(cx);
    for instance in cx.managed("aws_iam_policy") {
        let Some(written) = instance.view().attr("policy") else { continue };
        let id = written_policy(cx, instance, &written, PolicyKind::Identity);
        register(cx, instance, id);
    }
    for instance in
        cx.managed("aws_iam_openid_connect_provider").into_iter().chain(cx.data("aws_iam_openid_connect_provider"))
    {
        let view = instance.view();
        let mut provider = OidcProvider::new(cx.head(instance));
        cells!(provider, view; url = "url", client_ids = "client_id_list", thumbprints = "thumbprint_list");
        provider.arn.set(own_arn(cx, instance));
        let id = cx.add(instance, provider);
        cx.call(id, view.attr("arn"));
    }
}

pub(super) fn connect(cx: &mut Context<'_>) {
    principal::connect(cx);
    attachment::connect(cx);
    for instance in cx.managed("aws_iam_access_key") {
        let view = instance.view();
        let mut key = AccessKey::new(cx.head(instance));
        key.made_by.set(Value::text("terraform", Origin::written(instance.header_span)));
        key.iam_user = cx.one(view, "user");
        let user = key.iam_user.id();
        let id = cx.add(instance, key);
        if let Some(user) = user {
            cx.model[user].access_keys.push(id, Origin::written(instance.header_span));
        }
    }
}

/// The `arn` of an instance as a value: what other blocks write to name it.
fn own_arn(cx: &Context<'_>, instance: &Instance) -> Value {
    let reference = instance.reference(&cx.deployment.root, "arn");
    let origin = Origin::written(instance.header_span);
    Value::new(crate::value::Kind::Reference(std::sync::Arc::new(reference)), origin)
}

/// A policy from the attribute of an instance that holds it.
fn written_policy(cx: &mut Context<'_>, instance: &Instance, written: &Value, kind: PolicyKind) -> Id<Policy> {
    let head = policy_head(cx, instance, written, instance.view());
    let document = document(written, cx.world);
    add_policy(cx.model, &document, kind, head)
}

/// The policy of a nested block.
fn block_policy(cx: &mut Context<'_>, instance: &Instance, block: BlockView<'_>, written: &Value) -> Id<Policy> {
    let head = policy_head(cx, instance, written, block);
    let document = document(written, cx.world);
    add_policy(cx.model, &document, PolicyKind::Identity, head)
}

fn policy_head(cx: &Context<'_>, instance: &Instance, written: &Value, block: BlockView<'_>) -> Head {
    let mut head = cx.head(instance);
    head.span = place_of(Some(written), block);
    head
}

fn register(cx: &mut Context<'_>, instance: &Instance, id: Id<Policy>) {
    cx.model.register(&instance.itself(&cx.deployment.root), id);
}

/// A principal of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Role(Id<Role>),
    User(Id<IamUser>),
    Group(Id<IamGroup>),
}

impl Holder {
    fn edge(self, origin: Origin) -> One<crate::model::identity::Principal> {
        match self {
            Holder::Role(id) => One::to(id, origin),
            Holder::User(id) => One::to(id, origin),
            Holder::Group(id) => One::to(id, origin),
        }
    }
}
