//! Policies that are given to principals by resources of their own.

use super::super::context::Context;
use super::super::resolve::elements;
use super::{Holder, written_policy};
use crate::eval::terraform::Instance;
use crate::logic::Reason;
use crate::lower::policy::{PolicyKind, add_written_arn, new_attachment};
use crate::model::identity::{Attachment, IamGroup, IamUser, Role};
use crate::model::{Link, One};
use crate::value::Value;

pub(super) fn connect(cx: &mut Context<'_>) {
    for (type_name, attribute) in
        [("aws_iam_role_policy", "role"), ("aws_iam_user_policy", "user"), ("aws_iam_group_policy", "group")]
    {
        for instance in cx.managed(type_name) {
            let Some(written) = instance.view().attr("policy") else { continue };
            let policy = written_policy(cx, instance, &written, PolicyKind::Identity);
            cx.model.register(&instance.itself(&cx.deployment.root), policy);
            match holder(cx, instance.view().attr(attribute), attribute) {
                Ok(Some(holder)) => push_policy(cx, holder, policy, &written),
                Ok(None) => {}
                Err(reason) => open_all(cx, attribute, &reason),
            }
        }
    }
    for (type_name, attribute) in [
        ("aws_iam_role_policy_attachment", "role"),
        ("aws_iam_user_policy_attachment", "user"),
        ("aws_iam_group_policy_attachment", "group"),
    ] {
        for instance in cx.managed(type_name) {
            let Some(arn) = instance.view().attr("policy_arn") else { continue };
            attach_to(cx, instance, instance.view().attr(attribute), attribute, &arn);
        }
    }
    for instance in cx.managed("aws_iam_policy_attachment") {
        let Some(arn) = instance.view().attr("policy_arn") else { continue };
        for (list, attribute) in [("roles", "role"), ("users", "user"), ("groups", "group")] {
            let Some(named) = instance.view().attr(list) else { continue };
            let (members, open) = elements(&named);
            for member in members {
                attach_to(cx, instance, Some(member), attribute, &arn);
            }
            if let Some(reason) = open {
                open_all(cx, attribute, &reason);
            }
        }
    }
    exclusive(cx);
    memberships(cx);
}

/// `…_attachments_exclusive` lists ARNs that the role has.
fn exclusive(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_iam_role_policy_attachments_exclusive") {
        let view = instance.view();
        let Some(arns) = view.attr("policy_arns") else { continue };
        for arn in elements(&arns).0 {
            attach_to(cx, instance, view.attr("role_name"), "role", &arn);
        }
    }
}

fn memberships(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_iam_user_group_membership") {
        let view = instance.view();
        let user: One<IamUser> = cx.one(view, "user");
        let Some(user) = user.id() else { continue };
        let groups = cx.many::<IamGroup>(view, "groups");
        join_groups(cx, user, groups);
    }
    for instance in cx.managed("aws_iam_group_membership") {
        let view = instance.view();
        let group: One<IamGroup> = cx.one(view, "group");
        let users = cx.many::<IamUser>(view, "users");
        let Some(group) = group.id() else { continue };
        for (user, origin) in users.members {
            if let Some(user) = user.typed::<IamUser>() {
                cx.model[user].groups.push(group, origin);
            }
        }
    }
}

fn join_groups(cx: &mut Context<'_>, user: crate::model::Id<IamUser>, groups: crate::model::Many<IamGroup>) {
    let known = &mut cx.model[user].groups;
    for (group, origin) in groups.members {
        known.push(group, origin);
    }
    if let Some(reason) = groups.open {
        known.open(reason);
    }
}

/// The principal that a value names; nothing if it is not of this tree, an error if nobody can say.
fn holder(cx: &Context<'_>, named: Option<Value>, kind: &str) -> Result<Option<Holder>, Reason> {
    let Some(named) = named else { return Ok(None) };
    let link = match kind {
        "role" => cx.edge::<Role>(&named).link,
        "user" => cx.edge::<IamUser>(&named).link,
        _ => cx.edge::<IamGroup>(&named).link,
    };
    match link {
        Link::To(id) => Ok(id
            .typed()
            .map(Holder::Role)
            .or_else(|| id.typed().map(Holder::User))
            .or_else(|| id.typed().map(Holder::Group))),
        Link::Absent => Ok(None),
        // A name that nothing here has is somebody else's.
        Link::Unknown(reason) if reason.code == "not-declared-here" => Ok(None),
        Link::Unknown(reason) => Err(reason),
    }
}

fn push_policy(
    cx: &mut Context<'_>,
    holder: Holder,
    policy: crate::model::Id<crate::model::identity::Policy>,
    written: &Value,
) {
    let origin = written.origin.clone();
    match holder {
        Holder::Role(id) => cx.model[id].policies.push(policy, origin),
        Holder::User(id) => cx.model[id].policies.push(policy, origin),
        Holder::Group(id) => cx.model[id].policies.push(policy, origin),
    }
}

fn attach_to(cx: &mut Context<'_>, instance: &Instance, named: Option<Value>, kind: &str, arn: &Value) {
    match holder(cx, named, kind) {
        Ok(Some(holder)) => attach(cx, instance, holder, arn),
        Ok(None) => {
            make_attachment(cx, instance, arn);
        }
        Err(reason) => {
            make_attachment(cx, instance, arn);
            open_all(cx, kind, &reason);
        }
    }
}

/// Gives the policy of an ARN to a principal.
pub(super) fn attach(cx: &mut Context<'_>, instance: &Instance, holder: Holder, arn: &Value) {
    let origin = arn.origin.clone();
    let id = make_attachment(cx, instance, arn);
    cx.model[id].principal = holder.edge(origin.clone());
    match holder {
        Holder::Role(holder) => cx.model[holder].attachments.push(id, origin),
        Holder::User(holder) => cx.model[holder].attachments.push(id, origin),
        Holder::Group(holder) => cx.model[holder].attachments.push(id, origin),
    }
}

fn make_attachment(cx: &mut Context<'_>, instance: &Instance, arn: &Value) -> crate::model::Id<Attachment> {
    let head = cx.head(instance);
    let policy = cx.edge(arn);
    let written = add_written_arn(cx.model, arn.clone(), head.span);
    let id = new_attachment(cx.model, head, written, arn, policy);
    cx.model.register(&instance.itself(&cx.deployment.root), id);
    id
}

/// Something was given to a principal that nobody can tell: it may be any.
fn open_all(cx: &mut Context<'_>, kind: &str, reason: &Reason) {
    match kind {
        "role" => {
            for (_, role) in cx.model.identity.roles.iter_mut() {
                role.attachments.open(reason.clone());
            }
        }
        "user" => {
            for (_, user) in cx.model.identity.iam_users.iter_mut() {
                user.attachments.open(reason.clone());
            }
        }
        _ => {
            for (_, group) in cx.model.identity.iam_groups.iter_mut() {
                group.attachments.open(reason.clone());
            }
        }
    }
}
