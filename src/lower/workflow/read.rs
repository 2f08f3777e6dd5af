//! From nodes to cells: each node is read for what it should be; what it is not is unknown at its place, and its
//! neighbours are read as usual.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::eval::actions::{Scope, read_template};
use crate::logic::Reason;
use crate::model::{Cell, mark};
use crate::source::Span;
use crate::syntax::yaml::{Kind, Node};
use crate::value::{Kind as ValueKind, List, ListFlavour, Origin, Value};

/// The value of a node with the expressions in it.
pub(super) fn value(node: &Node, scope: &dyn Scope) -> Value {
    let span = node.resolved().span;
    let origin = Origin::written(span);
    match node.kind() {
        Kind::List(items) => Value::list(items.iter().map(|item| value(item, scope)).collect(), origin),
        Kind::Map(entries) => {
            let members = entries.iter().map(|entry| (Arc::from(&*entry.key), value(&entry.value, scope)));
            Value::map(members.collect::<BTreeMap<Arc<str>, Value>>(), origin)
        }
        Kind::Unread(code) => Value::unknown(Reason::at(code, "", span), origin),
        Kind::Number(text) if text.as_bytes().iter().all(u8::is_ascii_digit) => {
            match crate::value::Number::parse(text) {
                Some(number) => Value::number(number, origin),
                None => Value::text(&**text, origin),
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => read_template(node, scope).value,
    }
}

/// The text of a scalar; nothing where it is missing, a list or a mapping.
pub(super) fn plain(node: Option<&Node>) -> Option<String> {
    node.and_then(Node::scalar_text).map(str::to_owned)
}

/// Fills a cell of a text, flag or number from a member of a mapping.
pub(super) fn fill<T: crate::model::CellType>(cell: &mut Cell<T>, block: &Node, key: &'static str, scope: &dyn Scope) {
    cell.read(block.resolved().span, key, block.get(key).map(|node| value(node, scope)));
}

/// Fills a list of texts: a single text is a list of one, a mapping has its keys.
pub(super) fn fill_texts(cell: &mut Cell<mark::Texts>, block: &Node, key: &'static str, scope: &dyn Scope) {
    let Some(node) = block.get(key) else { return };
    cell.read(block.resolved().span, key, Some(texts(node, scope)));
}

pub(super) fn texts(node: &Node, scope: &dyn Scope) -> Value {
    let origin = Origin::written(node.resolved().span);
    match node.kind() {
        Kind::Map(entries) => {
            let keys = entries.iter().map(|entry| Value::text(&*entry.key, Origin::written(entry.key_span)));
            Value::list(keys.collect(), origin)
        }
        Kind::List(_) => value(node, scope),
        _ => {
            let single = value(node, scope);
            match &single.kind {
                // A list that an expression computed.
                ValueKind::List(_) | ValueKind::Null => single,
                ValueKind::Unknown(unknown) => open_list(Vec::new(), unknown.reason.clone(), origin),
                _ => Value::list(vec![single], origin),
            }
        }
    }
}

/// The members that are known, and why there may be more.
pub(super) fn open_list(items: Vec<Value>, reason: Reason, origin: Origin) -> Value {
    let list = List { items, flavour: ListFlavour::List, open: Some(reason), is_indexed: false };
    Value::new(ValueKind::List(Arc::new(list)), origin)
}

/// A cell's value that lowering computed, with the place that decided.
pub(super) fn flag_at(value: bool, span: Span) -> Value {
    Value::bool(value, Origin::written(span))
}
