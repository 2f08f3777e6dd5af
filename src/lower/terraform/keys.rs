//! KMS keys and their aliases: those declared here, and those that only an ARN or alias names.

use super::context::{Context, cells, computed};
use super::vpc::each;
use crate::eval::terraform::BlockView;
use crate::logic::{Reason, Tri};
use crate::model::data::Key;
use crate::model::{Head, Id, Link, One};
use crate::value::{Origin, Value};

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_kms_key") {
        let mut key = Key::new(cx.head(instance));
        let view = instance.view();
        cells!(key, view; rotation = "enable_key_rotation", deletion_days = "deletion_window_in_days",
            enabled = "is_enabled");
        let spec = view.attr("customer_master_key_spec").or_else(|| view.attr("key_spec"));
        if let Some(spec) = spec {
            let symmetric = match spec.as_str() {
                Some(name) => Value::bool(name == "SYMMETRIC_DEFAULT", spec.origin.clone()),
                None => spec,
            };
            key.is_symmetric.set(symmetric);
        }
        cx.add(instance, key);
    }
    for type_name in ["aws_kms_key", "aws_kms_alias"] {
        for instance in cx.data(type_name) {
            let mut key = Key::new(cx.head(instance));
            computed!(key, instance; rotation, deletion_days, enabled, is_symmetric);
            let view = instance.view();
            let name = view.attr("name").or_else(|| view.attr("key_id"));
            match name.map(|name| is_aws_managed(&name)) {
                Some(Tri::True) => key.is_aws_managed.set(Value::bool(true, Origin::written(instance.header_span))),
                Some(Tri::Unknown) => {
                    computed!(key, instance; is_aws_managed);
                }
                Some(Tri::False) | None => {}
            }
            cx.add(instance, key);
        }
    }
}

/// Aliases lead to their keys.
pub(super) fn connect(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_kms_alias") {
        let view = instance.view();
        if let Some(key) = cx.one::<Key>(view, "target_key_id").id() {
            cx.model.register(&instance.itself(&cx.deployment.root), key);
            cx.call(key, view.attr("name"));
        }
    }
    each::<Key>(cx, &["aws_kms_key"], |_, _, _| {});
}

/// The key that an attribute names; absent where none is written.
pub(super) fn key(cx: &mut Context<'_>, block: BlockView<'_>, attribute: &'static str) -> One<Key> {
    let Some(value) = block.attr(attribute) else {
        return cx.one(block, attribute);
    };
    let edge = cx.edge::<Key>(&value);
    match &edge.link {
        Link::Unknown(_) => match named_elsewhere(cx, &value) {
            Some(id) => One::to(id, value.origin.clone()),
            None => edge,
        },
        Link::To(_) | Link::Absent => edge,
    }
}

/// A key that its ARN, id or alias tells to be one's own or AWS's, although no block declares it.
fn named_elsewhere(cx: &mut Context<'_>, value: &Value) -> Option<Id<Key>> {
    let text = value.as_text()?;
    if text.prefix().is_empty() && text.known().is_none() {
        return None;
    }
    let managed = is_aws_managed(value);
    let is_named = text.known().is_some() || text.contains(":key/") == Tri::True;
    if managed == Tri::Unknown || !is_named && managed != Tri::True {
        return None;
    }
    let span = value.origin.span()?;
    let mut head = Head::new(text.to_string(), span);
    head.terraform = None;
    let mut key = Key::new(head);
    let unknown = || Value::unknown(Reason::at("not-declared-here", text.to_string(), span), Origin::written(span));
    key.rotation.set(unknown());
    key.deletion_days.set(unknown());
    key.enabled.set(unknown());
    key.is_symmetric.set(unknown());
    key.is_aws_managed.set(Value::bool(managed == Tri::True, value.origin.clone()));
    let id = cx.model.data.keys.push(key);
    cx.call(id, Some(value.clone()));
    Some(id)
}

/// `alias/aws/rds`, also at the end of an ARN.
fn is_aws_managed(value: &Value) -> Tri {
    let Some(text) = value.as_text() else { return Tri::Unknown };
    let Some(known) = text.known() else {
        let prefix = text.prefix();
        let is_key = text.contains(":key/") == Tri::True;
        return match (prefix.starts_with("alias/aws/"), is_key) {
            (true, _) => Tri::True,
            (false, true) => Tri::False,
            (false, false) if prefix.starts_with("alias/") && prefix.len() > "alias/aws/".len() => Tri::False,
            (false, false) => text.contains(":alias/aws/").or(Tri::Unknown),
        };
    };
    Tri::from(known.starts_with("alias/aws/") || known.contains(":alias/aws/"))
}
