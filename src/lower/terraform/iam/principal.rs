//! Roles, users and groups, with what stands in their own blocks.

use super::super::context::{Context, cells};
use super::attachment::attach;
use super::{Holder, block_policy, own_arn, written_policy};
use crate::eval::terraform::Instance;
use crate::logic::Reason;
use crate::lower::policy::PolicyKind;
use crate::model::identity::{IamGroup, IamUser, OidcProvider, Policy, Role};
use crate::model::{Entity, Id, Link, Many, One};
use crate::value::Origin;

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_iam_role").into_iter().chain(cx.data("aws_iam_role")) {
        let view = instance.view();
        let mut role = Role::new(cx.head(instance));
        cells!(role, view;
            name = "name", path = "path", max_session_duration = "max_session_duration",
            boundary_arn = "permissions_boundary");
        role.arn.set(own_arn(cx, instance));
        let id = cx.add(instance, role);
        cx.call(id, view.attr("name"));
    }
    for instance in cx.managed("aws_iam_user").into_iter().chain(cx.data("aws_iam_user")) {
        let view = instance.view();
        let mut user = IamUser::new(cx.head(instance));
        cells!(user, view; path = "path", boundary_arn = "permissions_boundary");
        let name = view.attr("name").or_else(|| view.attr("user_name"));
        user.name.read(view.header_span(), "name", name.clone());
        user.arn.set(own_arn(cx, instance));
        let id = cx.add(instance, user);
        cx.call(id, name);
    }
    for instance in cx.managed("aws_iam_group").into_iter().chain(cx.data("aws_iam_group")) {
        let view = instance.view();
        let mut group = IamGroup::new(cx.head(instance));
        cells!(group, view; path = "path");
        let name = view.attr("name").or_else(|| view.attr("group_name"));
        group.name.read(view.header_span(), "name", name.clone());
        group.arn.set(own_arn(cx, instance));
        let id = cx.add(instance, group);
        cx.call(id, name);
    }
}

/// The entity that an instance became.
pub(super) fn made<E: Entity>(cx: &Context<'_>, instance: &Instance) -> Option<Id<E>> {
    cx.made_of(instance).iter().find_map(|id| id.typed())
}

pub(super) fn connect(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_iam_instance_profile") {
        let role: One<Role> = cx.one(instance.view(), "role");
        if let Some(role) = role.id() {
            cx.model.register(&instance.itself(&cx.deployment.root), role);
            cx.call(role, instance.view().attr("name"));
        }
    }
    for instance in cx.managed("aws_iam_role") {
        let Some(role) = made::<Role>(cx, instance) else { continue };
        connect_role(cx, instance, role);
    }
    for instance in cx.managed("aws_iam_user") {
        let Some(user) = made::<IamUser>(cx, instance) else { continue };
        cx.model[user].boundary = boundary(cx, instance);
    }
    declared_elsewhere(cx);
    hidden_in_modules(cx);
}

fn connect_role(cx: &mut Context<'_>, instance: &Instance, role: Id<Role>) {
    let view = instance.view();
    if let Some(written) = view.attr("assume_role_policy") {
        let trust = written_policy(cx, instance, &written, PolicyKind::Trust);
        cx.model[role].trust = One::to(trust, written.origin.clone());
        cx.model[role].oidc_providers = providers(cx, trust);
    }
    let blocks = view.blocks("inline_policy");
    for block in blocks.members {
        let Some(written) = block.attr("policy") else { continue };
        let policy = block_policy(cx, instance, block, &written);
        cx.model[role].policies.push(policy, written.origin.clone());
    }
    if let Some(reason) = blocks.open {
        cx.model[role].policies.open(reason);
    }
    if let Some(arns) = view.attr("managed_policy_arns") {
        let (members, open) = super::super::resolve::elements(&arns);
        for arn in members {
            attach(cx, instance, Holder::Role(role), &arn);
        }
        if let Some(reason) = open {
            cx.model[role].attachments.open(reason);
        }
    }
    cx.model[role].boundary = boundary(cx, instance);
}

fn boundary(cx: &Context<'_>, instance: &Instance) -> One<Policy> {
    cx.one(instance.view(), "permissions_boundary")
}

/// The providers that a trust names by reference.
fn providers(cx: &Context<'_>, trust: Id<Policy>) -> Many<OidcProvider> {
    let policy = &cx.model[trust];
    let mut found = Many::none(policy.head.span);
    for statement in policy.statements.ids() {
        let federated = cx.model[statement].federated_principals.value();
        let Some(list) = federated.as_list() else { continue };
        for value in &list.items {
            let edge: One<OidcProvider> = cx.edge(value);
            match edge.link {
                Link::To(id) if !found.members.iter().any(|(known, _)| *known == id) => {
                    found.push(id, value.origin.clone())
                }
                Link::To(_) | Link::Absent => {}
                Link::Unknown(reason) => found.open(reason),
            }
        }
    }
    found
}

/// A role that a data source reads has policies that nobody sees.
fn declared_elsewhere(cx: &mut Context<'_>) {
    let elsewhere =
        |instance: &Instance| Reason::at("declared-elsewhere", instance.address.to_string(), instance.header_span);
    for instance in cx.data("aws_iam_role") {
        let Some(role) = made::<Role>(cx, instance) else { continue };
        let reason = elsewhere(instance);
        let role = &mut cx.model[role];
        role.policies.open(reason.clone());
        role.attachments.open(reason.clone());
        role.trust = One::unknown(reason, Origin::written(instance.header_span));
    }
    for instance in cx.data("aws_iam_user") {
        let Some(user) = made::<IamUser>(cx, instance) else { continue };
        let user = &mut cx.model[user];
        user.policies.open(elsewhere(instance));
        user.groups.open(elsewhere(instance));
    }
    for instance in cx.data("aws_iam_group") {
        let Some(group) = made::<IamGroup>(cx, instance) else { continue };
        cx.model[group].policies.open(elsewhere(instance));
    }
}

/// A module that nobody could read may attach something to a principal that is handed to it.
fn hidden_in_modules(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_iam_role") {
        let creates = ["aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_iam_policy_attachment"];
        let (Some(role), Some(reason)) = (made::<Role>(cx, instance), handed_over(cx, instance, &creates)) else {
            continue;
        };
        cx.model[role].attachments.open(reason);
    }
    for instance in cx.managed("aws_iam_user") {
        let creates = ["aws_iam_user_policy", "aws_iam_user_policy_attachment", "aws_iam_policy_attachment"];
        let (Some(user), Some(reason)) = (made::<IamUser>(cx, instance), handed_over(cx, instance, &creates)) else {
            continue;
        };
        cx.model[user].attachments.open(reason);
    }
    for instance in cx.managed("aws_iam_group") {
        let creates = ["aws_iam_group_policy", "aws_iam_group_policy_attachment", "aws_iam_policy_attachment"];
        let (Some(group), Some(reason)) = (made::<IamGroup>(cx, instance), handed_over(cx, instance, &creates)) else {
            continue;
        };
        cx.model[group].attachments.open(reason);
    }
}

/// Only a module that is given the principal can add to it, or the one that makes it: names of roles are rarely guessed.
fn handed_over(cx: &Context<'_>, instance: &Instance, creates: &[&str]) -> Option<Reason> {
    let given = cx.flow(instance).map(|flow| &flow.holes);
    let mut holes = cx
        .deployment
        .holes
        .iter()
        .enumerate()
        .filter(|(index, hole)| hole.holds(&instance.address) || given.is_some_and(|given| given.contains(index)));
    let found = holes.find(|(_, hole)| match &hole.creates {
        Some(made) => made.iter().any(|kind| creates.contains(&&**kind)),
        None => true,
    });
    found.map(|(_, hole)| hole.reason.clone())
}
