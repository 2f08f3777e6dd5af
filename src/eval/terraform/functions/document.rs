//! The structured value behind a text: what an encoding function made it of, or what its JSON says, with the places of
//! its parts in heredocs, files and templates.

use std::sync::Arc;

use super::json::{DEEPEST, decoded};
use super::read_json::{JsonError, read_json};
use crate::logic::Reason;
use crate::source::World;
use crate::value::{Kind, List, Map, Piece, Text, Value, Wrapper};

/// Encodings around encodings, such as base64 of JSON: more than anybody writes.
const MOST_WRAPPERS: usize = 16;

/// What a policy, a trust or a list of containers says. A value that is no text is itself; a text that is no JSON is
/// unknown, for the reason `not-json` at the place where reading stopped.
pub fn document(value: &Value, world: &World) -> Value {
    let mut value = value.clone();
    for _ in 0..MOST_WRAPPERS {
        let is_sensitive = value.sensitive;
        let inner = match &value.kind {
            Kind::Text(text) => match text.wrapped() {
                Some(wrapped) if matches!(wrapped.by, Wrapper::Json | Wrapper::Yaml) => {
                    return marked(decoded(&wrapped.value), is_sensitive, 0);
                }
                Some(wrapped) => wrapped.value.clone(),
                None => return marked(of_text(&value, text, world), is_sensitive, 0),
            },
            _ => return value,
        };
        value = Value { sensitive: inner.sensitive || is_sensitive, ..inner };
    }
    value
}

fn of_text(value: &Value, text: &Text, world: &World) -> Value {
    if let [Piece::Hole(hole)] = text.pieces() {
        return (**hole).clone();
    }
    let origin = value.origin.clone();
    let reason = match read_json(text, world) {
        Ok(document) => return document,
        Err(JsonError::Depth) => Reason { code: "limit-depth", object: "a JSON text".to_owned(), place: origin.span() },
        // What stands in a hole may set right what looks wrong.
        Err(JsonError::Syntax { .. }) if text.known().is_none() => {
            return Value::derived("jsondecode", std::slice::from_ref(value), origin);
        }
        Err(JsonError::Syntax { at, message }) => {
            let place = text.place(world, at..(at + 1).min(text.known_length())).or(origin.span());
            Reason { code: "not-json", object: message.to_owned(), place }
        }
    };
    Value::derived_for("jsondecode", std::slice::from_ref(value), reason, origin)
}

/// Everything in a sensitive text is sensitive.
fn marked(value: Value, is_sensitive: bool, depth: usize) -> Value {
    if !is_sensitive || depth > DEEPEST {
        return Value { sensitive: value.sensitive || is_sensitive, ..value };
    }
    let kind = match &value.kind {
        Kind::List(list) => {
            let items = list.items.iter().map(|item| marked(item.clone(), true, depth + 1)).collect();
            Kind::List(Arc::new(List { items, ..(**list).clone() }))
        }
        Kind::Map(map) => {
            let entries =
                map.entries.iter().map(|(key, it)| (key.clone(), marked(it.clone(), true, depth + 1))).collect();
            Kind::Map(Arc::new(Map { entries, ..(**map).clone() }))
        }
        _ => value.kind,
    };
    Value { kind, origin: value.origin, sensitive: true }
}
