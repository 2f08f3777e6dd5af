//! Elements of a policy document: scalars and lists are the same thing, and a hole in either leaves it open.

use std::sync::Arc;

use crate::logic::Reason;
use crate::value::{Kind, List, ListFlavour, Origin, Value};

/// Members of a list (or a single one), and why there may be more.
pub(super) struct Entries<'a> {
    pub(super) items: Vec<&'a Value>,
    pub(super) open: Option<Reason>,
}

pub(super) fn entries(value: &Value) -> Entries<'_> {
    match &value.kind {
        Kind::Null => Entries { items: Vec::new(), open: None },
        Kind::List(list) => Entries { items: list.items.iter().collect(), open: list.open.clone() },
        Kind::Unknown(unknown) => Entries { items: Vec::new(), open: Some(unknown.reason.clone()) },
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Map(_) | Kind::Reference(_) => {
            Entries { items: vec![value], open: None }
        }
    }
}

/// Members that are texts; an unknown member is a text of one hole.
pub(super) struct Texts {
    pub(super) items: Vec<Value>,
    pub(super) open: Option<Reason>,
}

pub(super) fn texts(value: &Value) -> Texts {
    let mut found = Texts { items: Vec::new(), open: None };
    if let Kind::Unknown(unknown) = &value.kind {
        // One text or a list of them: nobody knows.
        found.open = Some(unknown.reason.clone());
        found.items.push(value.clone());
        return found;
    }
    let mut todo = vec![value];
    while let Some(value) = todo.pop() {
        match &value.kind {
            Kind::List(list) => {
                found.open = found.open.take().or_else(|| list.open.clone());
                todo.extend(list.items.iter().rev());
            }
            Kind::Text(_) | Kind::Reference(_) | Kind::Unknown(_) => found.items.push(value.clone()),
            Kind::Bool(_) | Kind::Number(_) => {
                if let Some(text) = value.as_text() {
                    found.items.push(Value { kind: Kind::Text(text), ..value.clone() });
                }
            }
            Kind::Null | Kind::Map(_) => {}
        }
    }
    found
}

/// The entries of a map, and why there may be more.
pub(super) fn keyed(value: &Value) -> (Vec<(&str, &Value)>, Option<Reason>) {
    match &value.kind {
        Kind::Map(map) => (map.entries.iter().map(|(key, value)| (&**key, value)).collect(), map.open.clone()),
        Kind::Unknown(unknown) => (Vec::new(), Some(unknown.reason.clone())),
        Kind::Reference(_) => (Vec::new(), Some(reason(value))),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) => (Vec::new(), None),
    }
}

pub(super) fn list(items: Vec<Value>, open: Option<Reason>, origin: Origin) -> Value {
    let list = List { items, flavour: ListFlavour::Tuple, open, is_indexed: true };
    Value::new(Kind::List(Arc::new(list)), origin)
}

/// Why a value says nothing where a statement should stand.
pub(super) fn reason(value: &Value) -> Reason {
    match &value.kind {
        Kind::Unknown(unknown) => unknown.reason.clone(),
        Kind::Reference(reference) => reference.computed(value.origin.span()),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => {
            Reason::with("not-a-policy", "a statement", value.origin.span())
        }
    }
}

/// Characters of the document at least, if all of it is known: as compact JSON, without white space.
pub(super) fn size(document: &Value) -> Option<i64> {
    let mut total = 0;
    let mut todo = vec![document];
    while let Some(value) = todo.pop() {
        total += match &value.kind {
            Kind::Null => 4,
            Kind::Bool(true) => 4,
            Kind::Bool(false) => 5,
            Kind::Number(number) => number.to_string().len(),
            Kind::Text(text) => text.known()?.chars().filter(|character| !character.is_whitespace()).count() + 2,
            Kind::List(list) => {
                todo.extend(&list.items);
                if list.open.is_some() {
                    return None;
                }
                // A single member may stand without its brackets.
                if list.items.len() == 1 { 0 } else { 2 + list.items.len().saturating_sub(1) }
            }
            Kind::Map(map) => {
                todo.extend(map.entries.values());
                if map.open.is_some() {
                    return None;
                }
                let keys: usize = map.entries.keys().map(|key| key.chars().count() + 3).sum();
                2 + keys + map.entries.len().saturating_sub(1)
            }
            Kind::Reference(_) | Kind::Unknown(_) => return None,
        };
    }
    i64::try_from(total).ok()
}
