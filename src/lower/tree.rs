//! A tree of JSON or YAML as values: each knows where it is written, texts character by character.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::yaml::{Kind, Node};
use crate::value::{Number, Origin, Value};

/// Depth and size are bounded by the reader, aliases included.
pub(crate) fn value_of(node: &Node) -> Value {
    let node = node.resolved();
    let origin = Origin::written(node.span);
    match node.kind() {
        Kind::Null => Value::null(origin),
        Kind::Bool(value) => Value::bool(*value, origin),
        Kind::Number(written) => match Number::parse(written) {
            Some(number) => Value::number(number, origin),
            None => Value::text(written, origin),
        },
        Kind::Text(text) => Value::text(text.as_str(), origin),
        Kind::List(items) => Value::list(items.iter().map(value_of).collect(), origin),
        Kind::Map(entries) => {
            let members: BTreeMap<Arc<str>, Value> =
                entries.iter().map(|entry| (Arc::from(&*entry.key), value_of(&entry.value))).collect();
            Value::map(members, origin)
        }
        Kind::Unread(code) => unread(code, node.span),
    }
}

fn unread(code: &'static str, span: Span) -> Value {
    Value::unknown(Reason::at(code, String::new(), span), Origin::missing(code, span))
}
