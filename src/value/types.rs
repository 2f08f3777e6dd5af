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

/// The one type that all of these convert to.
pub fn common_type<'a>(values: impl IntoIterator<Item = &'a Value>) -> Result<Type, TerraformError> {
    unify_all(values.into_iter().map(type_of)).ok_or_else(|| {
        TerraformError::new("inconsistent-types", "these values have no common type, so Terraform refuses them")
    })
}

fn unify_all(types: impl IntoIterator<Item = Type>) -> Option<Type> {
    types.into_iter().try_fold(Type::Any, |so_far, next| unify(&so_far, &next))
}

/// Nothing where Terraform finds no common type.
fn unify(a: &Type, b: &Type) -> Option<Type> {
    match (a, b) {
        (Type::Any, other) | (other, Type::Any) => Some(other.clone()),
        (Type::Bool, Type::Bool) => Some(Type::Bool),
        (Type::Number, Type::Number) => Some(Type::Number),
        (Type::Text, Type::Bool | Type::Number | Type::Text) | (Type::Bool | Type::Number, Type::Text) => {
            Some(Type::Text)
        }
        (Type::Tuple(one), Type::Tuple(other)) => unify_tuples(one, other),
        (Type::List(one), Type::List(other) | Type::Set(other)) | (Type::Set(one), Type::List(other)) => {
            Some(Type::List(Box::new(unify(one, other)?)))
        }
        (Type::Set(one), Type::Set(other)) => Some(Type::Set(Box::new(unify(one, other)?))),
        (Type::List(of), Type::Tuple(members)) | (Type::Tuple(members), Type::List(of)) => {
            Some(Type::List(Box::new(unify(of, &unify_all(members.iter().cloned())?)?)))
        }
        (Type::Set(of), Type::Tuple(members)) | (Type::Tuple(members), Type::Set(of)) => {
            Some(Type::Set(Box::new(unify(of, &unify_all(members.iter().cloned())?)?)))
        }
        (Type::Object(one), Type::Object(other)) => unify_objects(one, other),
        (Type::Map(one), Type::Map(other)) => Some(Type::Map(Box::new(unify(one, other)?))),
        (Type::Map(of), Type::Object(attributes)) | (Type::Object(attributes), Type::Map(of)) => {
            let all = unify_all(attributes.values().map(|attribute| attribute.of.clone()))?;
            Some(Type::Map(Box::new(unify(of, &all)?)))
        }
        (
            Type::Bool
            | Type::Number
            | Type::Text
            | Type::List(_)
            | Type::Set(_)
            | Type::Map(_)
            | Type::Tuple(_)
            | Type::Object(_),
            _,
        ) => None,
    }
}

fn unify_tuples(one: &[Type], other: &[Type]) -> Option<Type> {
    if one.len() == other.len() {
        let members: Option<Vec<Type>> = one.iter().zip(other).map(|(a, b)| unify(a, b)).collect();
        if let Some(members) = members {
            return Some(Type::Tuple(members));
        }
    }
    Some(Type::List(Box::new(unify_all(one.iter().chain(other).cloned())?)))
}

fn unify_objects(one: &BTreeMap<Arc<str>, Attribute>, other: &BTreeMap<Arc<str>, Attribute>) -> Option<Type> {
    if one.len() == other.len() && one.keys().eq(other.keys()) {
        let attributes: Option<BTreeMap<Arc<str>, Attribute>> = one
            .iter()
            .zip(other.values())
            .map(|((key, a), b)| Some((key.clone(), Attribute::required(unify(&a.of, &b.of)?))))
            .collect();
        if let Some(attributes) = attributes {
            return Some(Type::Object(attributes));
        }
    }
    let all = one.values().chain(other.values()).map(|attribute| attribute.of.clone());
    Some(Type::Map(Box::new(unify_all(all)?)))
}
