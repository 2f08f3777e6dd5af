//! The language's own equality: without conversions, with flavours, and in three values.

use super::identity::{canonical_path, is_identity, resource_type};
use super::{Kind, List, ListFlavour, Map, MapFlavour, Reference, Text, Value};
use crate::logic::Tri;

/// Deeper than any document that is read.
const DEEPEST: usize = 160;

/// `a == b`. Different types are simply not equal; null equals null of any type.
pub fn equals(a: &Value, b: &Value) -> Tri {
    at_depth(a, b, 0)
}

fn at_depth(a: &Value, b: &Value, depth: usize) -> Tri {
    if depth > DEEPEST {
        return Tri::Unknown;
    }
    match (&a.kind, &b.kind) {
        (Kind::Null, _) => b.is_null(),
        (_, Kind::Null) => a.is_null(),
        (Kind::Bool(a), Kind::Bool(b)) => Tri::from(a == b),
        (Kind::Number(a), Kind::Number(b)) => Tri::from(a == b),
        (Kind::Text(a), Kind::Text(b)) => a.equals(b),
        (Kind::List(a), Kind::List(b)) => lists(a, b, depth),
        (Kind::Map(a), Kind::Map(b)) => maps(a, b, depth),
        (Kind::Reference(_) | Kind::Unknown(_), _) | (_, Kind::Reference(_) | Kind::Unknown(_)) => holes(a, b),
        (Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_), _) => Tri::False,
    }
}

/// At least one side is a reference or unknown, neither is null.
fn holes(a: &Value, b: &Value) -> Tri {
    match (&a.kind, &b.kind) {
        (Kind::Reference(_) | Kind::Unknown(_), Kind::Reference(_) | Kind::Unknown(_)) => same_hole(a, b),
        (Kind::Reference(reference), Kind::Text(text)) | (Kind::Text(text), Kind::Reference(reference)) => {
            if text.known() == Some("") && is_identity(reference) {
                return Tri::False;
            }
            let hole = if matches!(a.kind, Kind::Reference(_)) { a } else { b };
            text.equals(&Text::hole(hole.clone()))
        }
        // What identifies a resource is a text.
        (Kind::Reference(reference), _) | (_, Kind::Reference(reference)) if is_identity(reference) => Tri::False,
        _ => Tri::Unknown,
    }
}

/// Two holes of texts, or two values that are references or unknown.
pub(super) fn same_hole(a: &Value, b: &Value) -> Tri {
    match (&a.kind, &b.kind) {
        (Kind::Reference(a), Kind::Reference(b)) => references(a, b),
        // Each call of an impure function gives another value.
        (Kind::Unknown(a), _) if a.reason.code == "impure-function" => Tri::Unknown,
        (Kind::Unknown(a), Kind::Unknown(b)) if a.identity == b.identity => Tri::True,
        _ => Tri::Unknown,
    }
}

fn references(a: &Reference, b: &Reference) -> Tri {
    // A symbolic instance stands for several: its attribute need not be the same twice.
    if a.address.contains("[?]") || b.address.contains("[?]") {
        return Tri::Unknown;
    }
    if a == b {
        return Tri::True;
    }
    match (canonical_path(a), canonical_path(b)) {
        (Some(one), Some(other)) if one == other && same_type(a, b) => {
            if a.root == b.root && a.address == b.address {
                return Tri::True;
            }
            // Two data sources may have found one and the same object, and so may two roots.
            let is_data = [a, b].iter().any(|side| resource_type(&side.address).is_none_or(|(_, is_data)| is_data));
            if is_data || a.root != b.root { Tri::Unknown } else { Tri::False }
        }
        (Some(_), Some(_)) => different_shapes(a, b),
        _ => zones(a, b),
    }
}

fn same_type(a: &Reference, b: &Reference) -> bool {
    let kind = |side: &Reference| resource_type(&side.address).map(|(kind, _)| kind.to_owned());
    kind(a) == kind(b)
}

fn different_shapes(a: &Reference, b: &Reference) -> Tri {
    use super::identity::{ShapePart, shape};
    match (shape(a).first(), shape(b).first()) {
        (Some(ShapePart::Literal(a)), Some(ShapePart::Literal(b))) if !a.starts_with(b) && !b.starts_with(a) => {
            Tri::False
        }
        _ => Tri::Unknown,
    }
}

/// The zones of one data source differ from each other.
fn zones(a: &Reference, b: &Reference) -> Tri {
    let index = |side: &Reference| side.path.strip_prefix("names.").and_then(|index| index.parse::<u32>().ok());
    let is_zones = resource_type(&a.address) == Some(("aws_availability_zones", true));
    match (index(a), index(b)) {
        (Some(one), Some(other)) if is_zones && a.root == b.root && a.address == b.address && one != other => {
            Tri::False
        }
        _ => Tri::Unknown,
    }
}

fn lists(a: &List, b: &List, depth: usize) -> Tri {
    if std::ptr::eq(a, b) && a.open.is_none() {
        return Tri::all(a.items.iter().map(|item| at_depth(item, item, depth + 1)));
    }
    if a.flavour != b.flavour {
        // What is put together from something unknown may turn out to be of the other flavour.
        let is_open = a.open.is_some() || b.open.is_some();
        return if is_open { Tri::Unknown } else { Tri::False };
    }
    if a.flavour == ListFlavour::Set {
        return sets(a, b, depth);
    }
    let is_indexed = a.is_indexed && b.is_indexed;
    if a.open.is_none() && b.open.is_none() {
        if a.items.len() != b.items.len() {
            return Tri::False;
        }
        // Lists of different element types are different, and an empty one does not show its type.
        if a.items.is_empty() && a.flavour == ListFlavour::List {
            return Tri::Unknown;
        }
    }
    let shorter_is_whole =
        (a.open.is_none() && a.items.len() < b.items.len()) || (b.open.is_none() && b.items.len() < a.items.len());
    if shorter_is_whole {
        return Tri::False;
    }
    let pairs = a.items.iter().zip(&b.items).map(|(a, b)| at_depth(a, b, depth + 1));
    let all = if is_indexed { Tri::all(pairs) } else { Tri::Unknown };
    if a.open.is_some() || b.open.is_some() { all.and(Tri::Unknown) } else { all }
}

fn sets(a: &List, b: &List, depth: usize) -> Tri {
    if a.open.is_some() || b.open.is_some() {
        return Tri::Unknown;
    }
    if a.items.is_empty() && b.items.is_empty() {
        return Tri::Unknown;
    }
    let within = |side: &List, other: &List| {
        Tri::all(side.items.iter().map(|item| Tri::any(other.items.iter().map(|it| at_depth(item, it, depth + 1)))))
    };
    within(a, b).and(within(b, a))
}

fn maps(a: &Map, b: &Map, depth: usize) -> Tri {
    if a.flavour != b.flavour {
        // What is put together from something unknown may turn out to be of the other flavour.
        let is_open = a.open.is_some() || b.open.is_some();
        return if is_open { Tri::Unknown } else { Tri::False };
    }
    let missing = |side: &Map, other: &Map| {
        other.open.is_none() && side.entries.keys().any(|key| !other.entries.contains_key(key))
    };
    if missing(a, b) || missing(b, a) {
        return Tri::False;
    }
    let is_open = a.open.is_some() || b.open.is_some();
    if !is_open && a.entries.is_empty() && a.flavour == MapFlavour::Map && !std::ptr::eq(a, b) {
        return Tri::Unknown;
    }
    let common = a.entries.iter().filter_map(|(key, value)| Some((value, b.entries.get(key)?)));
    let all = Tri::all(common.map(|(a, b)| at_depth(a, b, depth + 1)));
    if is_open { all.and(Tri::Unknown) } else { all }
}
