//! Types as Terraform writes them: what a variable may be constrained to, and what several values have in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Kind, List, ListFlavour, Map, MapFlavour, TerraformError, Value};

#[derive(Clone, Debug)]
pub enum Type {
    /// `any`, and the type of what is not known.
    Any,
    Bool,
    Number,
    Text,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(BTreeMap<Arc<str>, Attribute>),
}

#[derive(Clone, Debug)]
pub struct Attribute {
    pub of: Type,
    /// Written `optional(…)`.
    pub is_optional: bool,
    /// The second argument of `optional`.
    pub default: Option<Value>,
}

impl Attribute {
    pub fn required(of: Type) -> Attribute {
        Attribute { of, is_optional: false, default: None }
    }

    pub fn optional(of: Type, default: Option<Value>) -> Attribute {
        Attribute { of, is_optional: true, default }
    }
}

/// Deeper than any document that is read.
const DEEPEST: usize = 160;

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Type::Any => f.write_str("any"),
            Type::Bool => f.write_str("bool"),
            Type::Number => f.write_str("number"),
            Type::Text => f.write_str("string"),
            Type::List(_) => f.write_str("list"),
            Type::Set(_) => f.write_str("set"),
            Type::Map(_) => f.write_str("map"),
            Type::Tuple(_) => f.write_str("tuple"),
            Type::Object(_) => f.write_str("object"),
        }
    }
}

/// The type that a value shows; `Any` for null, unknowns and what may have more attributes than are seen.
pub fn type_of(value: &Value) -> Type {
    at_depth(value, 0)
}

fn at_depth(value: &Value, depth: usize) -> Type {
    if depth > DEEPEST {
        return Type::Any;
    }
    match &value.kind {
        Kind::Null | Kind::Unknown(_) | Kind::Reference(_) => Type::Any,
        Kind::Bool(_) => Type::Bool,
        Kind::Number(_) => Type::Number,
        Kind::Text(_) => Type::Text,
        Kind::List(list) => type_of_list(list, depth),
        Kind::Map(map) => type_of_map(map, depth),
    }
}

fn type_of_list(list: &List, depth: usize) -> Type {
    let members = list.items.iter().map(|item| at_depth(item, depth + 1));
    match list.flavour {
        ListFlavour::Tuple if list.open.is_some() => Type::Any,
        ListFlavour::Tuple => Type::Tuple(members.collect()),
        ListFlavour::List => Type::List(Box::new(unify_all(members).unwrap_or(Type::Any))),
        ListFlavour::Set => Type::Set(Box::new(unify_all(members).unwrap_or(Type::Any))),
    }
}

fn type_of_map(map: &Map, depth: usize) -> Type {
    let values = map.entries.iter().map(|(key, value)| (key, at_depth(value, depth + 1)));
    match map.flavour {
        MapFlavour::Object if map.open.is_some() => Type::Any,
        MapFlavour::Object => Type::Object(values.map(|(key, of)| (key.clone(), Attribute::required(of))).collect()),
        MapFlavour::Map => Type::Map(Box::new(unify_all(values.map(|(_, of)| of)).unwrap_or(Type::Any))),
    }
}

/// The one type that all of these convert to; `Any` where one of them may have more parts than it shows.
pub fn common_type<'a>(values: impl IntoIterator<Item = &'a Value>) -> Result<Type, TerraformError> {
    let values: Vec<&Value> = values.into_iter().collect();
    if values.iter().any(|value| value.walk().any(has_open_type)) {
        return Ok(Type::Any);
    }
    unify_all(values.into_iter().map(type_of)).ok_or_else(|| {
        TerraformError::new("inconsistent-types", "these values have no common type, so Terraform refuses them")
    })
}

/// An object or a tuple that shows only some of its parts shows only some of its type.
fn has_open_type(value: &Value) -> bool {
    match &value.kind {
        Kind::Map(map) => map.flavour == MapFlavour::Object && (map.open.is_some() || map.owner.is_some()),
        Kind::List(list) => list.flavour == ListFlavour::Tuple && list.open.is_some(),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Reference(_) | Kind::Unknown(_) => false,
    }
}

fn unify_all(types: impl IntoIterator<Item = Type>) -> Option<Type> {
    let types: Vec<Type> = types.into_iter().collect();
    unify(&types.iter().collect::<Vec<&Type>>())
}

/// Nothing where Terraform finds no common type. All types at once, since a bool and a number have none until there is
/// a text beside them.
fn unify(types: &[&Type]) -> Option<Type> {
    let known: Vec<&Type> = types.iter().copied().filter(|of| !matches!(of, Type::Any)).collect();
    let all = |is: fn(&Type) -> bool| known.iter().all(|of| is(of));
    if known.is_empty() {
        return Some(Type::Any);
    }
    if all(|of| matches!(of, Type::Bool | Type::Number | Type::Text)) {
        return unify_scalars(&known, known.len() < types.len());
    }
    if all(|of| matches!(of, Type::Tuple(_) | Type::List(_) | Type::Set(_))) {
        return unify_lists(&known);
    }
    if all(|of| matches!(of, Type::Object(_) | Type::Map(_))) {
        return unify_maps(&known);
    }
    None
}

fn unify_scalars(known: &[&Type], has_unknown: bool) -> Option<Type> {
    let has = |is: fn(&Type) -> bool| known.iter().any(|of| is(of));
    let (bools, numbers) = (has(|of| matches!(of, Type::Bool)), has(|of| matches!(of, Type::Number)));
    match (has(|of| matches!(of, Type::Text)), bools, numbers) {
        (true, _, _) => Some(Type::Text),
        (false, true, false) => Some(Type::Bool),
        (false, false, true) => Some(Type::Number),
        // What is not known may be the text that both convert to.
        (false, _, _) => has_unknown.then_some(Type::Any),
    }
}

fn unify_lists(known: &[&Type]) -> Option<Type> {
    let tuples: Vec<&Vec<Type>> =
        known.iter().filter_map(|of| if let Type::Tuple(members) = of { Some(members) } else { None }).collect();
    let length = tuples.first().map_or(0, |members| members.len());
    if tuples.len() == known.len() && tuples.iter().all(|members| members.len() == length) {
        let column = |at: usize| unify(&tuples.iter().map(|members| &members[at]).collect::<Vec<&Type>>());
        if let Some(members) = (0..length).map(column).collect::<Option<Vec<Type>>>() {
            return Some(Type::Tuple(members));
        }
    }
    let mut elements: Vec<&Type> = Vec::new();
    for of in known {
        match of {
            Type::Tuple(members) => elements.extend(members),
            Type::List(of) | Type::Set(of) => elements.push(of),
            Type::Any | Type::Bool | Type::Number | Type::Text | Type::Map(_) | Type::Object(_) => {}
        }
    }
    let Some(element) = unify(&elements).map(Box::new) else { return any_if_empty(known) };
    let has_list = known.iter().any(|of| matches!(of, Type::List(_)));
    let has_set = known.iter().any(|of| matches!(of, Type::Set(_)));
    Some(if has_set && !has_list { Type::Set(element) } else { Type::List(element) })
}

fn unify_maps(known: &[&Type]) -> Option<Type> {
    let objects: Vec<&BTreeMap<Arc<str>, Attribute>> =
        known.iter().filter_map(|of| if let Type::Object(attributes) = of { Some(attributes) } else { None }).collect();
    if let Some(first) = objects.first().filter(|_| objects.len() == known.len())
        && objects.iter().all(|attributes| attributes.len() == first.len() && attributes.keys().eq(first.keys()))
    {
        let column = |name: &Arc<str>| {
            let of = unify(&objects.iter().map(|attributes| &attributes[name].of).collect::<Vec<&Type>>())?;
            Some((name.clone(), Attribute::required(of)))
        };
        if let Some(attributes) = first.keys().map(column).collect::<Option<BTreeMap<Arc<str>, Attribute>>>() {
            return Some(Type::Object(attributes));
        }
    }
    let mut values: Vec<&Type> = Vec::new();
    for of in known {
        match of {
            Type::Object(attributes) => values.extend(attributes.values().map(|attribute| &attribute.of)),
            Type::Map(of) => values.push(of),
            Type::Any | Type::Bool | Type::Number | Type::Text | Type::List(_) | Type::Set(_) | Type::Tuple(_) => {}
        }
    }
    match unify(&values) {
        Some(of) => Some(Type::Map(Box::new(of))),
        None => any_if_empty(known),
    }
}

/// What is empty says nothing of its members, so the others may have members of any types.
fn any_if_empty(known: &[&Type]) -> Option<Type> {
    let is_empty = |of: &&Type| match of {
        Type::List(of) | Type::Set(of) | Type::Map(of) => matches!(**of, Type::Any),
        Type::Any | Type::Bool | Type::Number | Type::Text | Type::Tuple(_) | Type::Object(_) => false,
    };
    known.iter().any(is_empty).then_some(Type::Any)
}
