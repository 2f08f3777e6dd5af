//! Every instance as it is, for rules that ask its attributes.

use std::sync::Arc;

use super::context::Context;
use crate::eval::terraform::Mode;
use crate::eval::terraform::functions::document;
use crate::model::{Resource, ResourceMode};
use crate::source::World;
use crate::value::{Kind, Map, Value, Wrapper};

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in &cx.deployment.instances {
        let mode = match instance.mode {
            Mode::Managed => ResourceMode::Managed,
            Mode::Data => ResourceMode::Data,
            Mode::Ephemeral => ResourceMode::Ephemeral,
        };
        let resource = Resource {
            head: cx.head(instance),
            mode,
            type_name: instance.type_name.clone(),
            body: with_documents(&instance.body, cx.world),
        };
        cx.add(instance, resource);
    }
}

/// The same with each JSON text read as what it says, so that rules go on into it however it is written.
fn with_documents(body: &Value, world: &World) -> Value {
    let Kind::Map(map) = &body.kind else { return body.clone() };
    let read = map.entries.iter().filter_map(|(name, value)| Some((name.clone(), read(value, world)?)));
    let read: Vec<(Arc<str>, Value)> = read.collect();
    if read.is_empty() {
        return body.clone();
    }
    let mut entries = map.entries.clone();
    for (name, value) in read {
        entries.insert(name, value);
    }
    Value { kind: Kind::Map(Arc::new(Map { entries, ..(**map).clone() })), ..body.clone() }
}

/// A text that looks like JSON and is; what a function encoded knows what it says already.
fn read(value: &Value, world: &World) -> Option<Value> {
    let Kind::Text(text) = &value.kind else { return None };
    if text.wrapped().is_some() || !text.prefix().trim_start().starts_with(['{', '[']) {
        return None;
    }
    let said = document(value, world);
    let is_read = matches!(said.kind, Kind::Map(_) | Kind::List(_));
    is_read.then(|| Value { kind: Kind::Text(text.clone().wrapping(Wrapper::Json, said)), ..value.clone() })
}
