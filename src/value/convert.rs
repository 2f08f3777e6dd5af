//! Conversion of values to types, as variables, functions and conditionals ask for it. Members keep their origins.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::equal::equals;
use super::types::{Attribute, Type, common_type};
use super::{Entries, Kind, List, ListFlavour, Map, MapFlavour, Number, TerraformError, Text, Value};
use crate::logic::{Reason, Tri};

/// The most members of one computed collection.
pub(super) const MOST_MEMBERS: usize = 10_000;
const DEEPEST: usize = 160;

/// The value as this type. Null stays null and unknown stays unknown; an error is what Terraform would refuse.
pub fn convert(value: &Value, to: &Type) -> Result<Value, TerraformError> {
    at_depth(value, to, 0)
}

fn at_depth(value: &Value, to: &Type, depth: usize) -> Result<Value, TerraformError> {
    if depth > DEEPEST {
        let reason = Reason::new("limit-depth", "a value nested too deeply to convert");
        return Ok(Value::derived_for("convert", std::slice::from_ref(value), reason, value.origin.clone()));
    }
    let kind = match (&value.kind, to) {
        (_, Type::Any) | (Kind::Null | Kind::Unknown(_) | Kind::Reference(_), _) => return Ok(value.clone()),
        (_, Type::Bool) => to_bool(value)?,
        (_, Type::Number) => to_number(value)?,
        (_, Type::Text) => to_text(value)?,
        (Kind::List(list), Type::List(of)) => collection(list, of, ListFlavour::List, depth)?,
        (Kind::List(list), Type::Set(of)) => collection(list, of, ListFlavour::Set, depth)?,
        (Kind::List(list), Type::Tuple(members)) => tuple(list, members, depth)?,
        (Kind::Map(map), Type::Map(of)) => map_of(map, of, depth)?,
        (Kind::Map(map), Type::Object(attributes)) => object(value, map, attributes, depth)?,
        (
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_),
            Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Map(_) | Type::Object(_),
        ) => return Err(refused(value, to)),
    };
    Ok(Value { kind, origin: value.origin.clone(), sensitive: value.sensitive })
}

fn refused(value: &Value, to: &Type) -> TerraformError {
    TerraformError::wrong_type(format!("{} is required, not {}", article(&to.to_string()), value.kind_name()))
}

fn article(noun: &str) -> String {
    let is_vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    if is_vowel { format!("an {noun}") } else { format!("a {noun}") }
}

fn to_bool(value: &Value) -> Result<Kind, TerraformError> {
    match &value.kind {
        Kind::Bool(value) => Ok(Kind::Bool(*value)),
        Kind::Text(text) => match text.known() {
            Some("true" | "1") => Ok(Kind::Bool(true)),
            Some("false" | "0") => Ok(Kind::Bool(false)),
            Some(_) => Err(refused(value, &Type::Bool)),
            None => holed(value, text, &Type::Bool, |c| "truefals01".contains(c)),
        },
        _ => Err(refused(value, &Type::Bool)),
    }
}

fn to_number(value: &Value) -> Result<Kind, TerraformError> {
    match &value.kind {
        Kind::Number(number) => Ok(Kind::Number(*number)),
        Kind::Text(text) => match text.known() {
            Some(known) => match Number::parse(known) {
                Some(number) => Ok(Kind::Number(number)),
                None if is_decimal(known) => {
                    let reason = Reason::new("limit-number", "a number of too many digits");
                    let unknown =
                        Value::derived_for("tonumber", std::slice::from_ref(value), reason, value.origin.clone());
                    Ok(unknown.kind)
                }
                None => Err(refused(value, &Type::Number)),
            },
            None => holed(value, text, &Type::Number, |c| c.is_ascii_digit() || "+-.eE".contains(c)),
        },
        _ => Err(refused(value, &Type::Number)),
    }
}

/// Whether a text is a decimal number, however long.
fn is_decimal(text: &str) -> bool {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, exponent) = body.split_once(['e', 'E']).unwrap_or((body, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let n_points = digits.bytes().filter(|byte| *byte == b'.').count();
    let all = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    digits.bytes().any(|byte| byte.is_ascii_digit())
        && n_points < 2
        && all(digits)
        && !exponent.is_empty()
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text with holes is unknown as a number or bool, and an error if its literals exclude one.
fn holed(value: &Value, text: &Text, to: &Type, may_hold: impl Fn(char) -> bool) -> Result<Kind, TerraformError> {
    let literals = text.pieces().iter().filter_map(|piece| match piece {
        super::Piece::Literal(text, _) => Some(&**text),
        super::Piece::Hole(_) => None,
    });
    if literals.flat_map(str::chars).any(|c| !may_hold(c)) {
        return Err(refused(value, to));
    }
    Ok(Value::derived(&format!("to{to}"), std::slice::from_ref(value), value.origin.clone()).kind)
}

fn to_text(value: &Value) -> Result<Kind, TerraformError> {
    match (&value.kind, value.as_text()) {
        (Kind::List(_) | Kind::Map(_), _) | (_, None) => Err(refused(value, &Type::Text)),
        (_, Some(text)) => Ok(Kind::Text(text)),
    }
}

fn collection(list: &List, of: &Type, flavour: ListFlavour, depth: usize) -> Result<Kind, TerraformError> {
    let common = element_type(of, list.items.iter(), list.open.is_some())?;
    let mut items = Vec::with_capacity(list.items.len().min(MOST_MEMBERS));
    for item in list.items.iter().take(MOST_MEMBERS) {
        items.push(at_depth(item, &common, depth + 1)?);
    }
    let open = match list.items.len() > MOST_MEMBERS {
        true => Some(Reason::new("limit-elements", format!("a collection of {} members", list.items.len()))),
        false => list.open.clone(),
    };
    if flavour == ListFlavour::Set {
        let items = as_set(items);
        let is_indexed = open.is_none() && items.iter().all(Value::is_wholly_known);
        return Ok(Kind::List(Arc::new(List { items, flavour, open, is_indexed })));
    }
    let (is_ordered, open) = order_of_set(list, open);
    Ok(Kind::List(Arc::new(List { items, flavour, open, is_indexed: list.is_indexed && is_ordered })))
}

/// Whether members stand where they will stand, and why there may be fewer: the members of a set that are not known
/// may belong before others, or be equal to them.
fn order_of_set(list: &List, open: Option<Reason>) -> (bool, Option<Reason>) {
    if list.flavour != ListFlavour::Set || list.items.len() < 2 {
        return (true, open);
    }
    let Some(unknown) = list.items.iter().find(|item| !item.is_wholly_known()) else { return (true, open) };
    match list.has_certain_length() {
        true => (false, open),
        false => (false, open.or_else(|| unknown.first_reason())),
    }
}

impl List {
    /// False for a set of which unknown members may turn out equal.
    pub fn has_certain_length(&self) -> bool {
        let is_set = self.flavour == ListFlavour::Set;
        if !is_set || self.items.len() < 2 || self.items.iter().all(Value::is_wholly_known) {
            return self.open.is_none();
        }
        if self.open.is_some() || self.items.len() > 64 {
            return false;
        }
        let differ = |(at, one): (usize, &Value)| self.items[at + 1..].iter().all(|it| equals(one, it) == Tri::False);
        self.items.iter().enumerate().all(differ)
    }
}

/// The type that all members get: what is asked for, or what they have in common.
fn element_type<'a>(
    of: &Type,
    members: impl Iterator<Item = &'a Value>,
    is_open: bool,
) -> Result<Type, TerraformError> {
    match of {
        // What is not shown has a say in the type.
        Type::Any if is_open => Ok(common_type(members).unwrap_or(Type::Any)),
        Type::Any => common_type(members).map_err(|error| TerraformError::wrong_type(error.message)),
        of => Ok(of.clone()),
    }
}

/// Members in the order of sets, equal ones once. Members that are not known stay behind the others.
pub(super) fn as_set(items: Vec<Value>) -> Vec<Value> {
    let (mut known, unknown): (Vec<Value>, Vec<Value>) = items.into_iter().partition(Value::is_wholly_known);
    known.sort_by(order);
    known.dedup_by(|b, a| order(a, b) == Ordering::Equal);
    let mut kept: Vec<Value> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for item in unknown {
        let is_new = seen.insert(item.identity());
        // Comparing all pairs is for sets that people write; a big one may keep a member twice.
        let is_known_twin = kept.len() < 64 && kept.iter().any(|it| equals(it, &item) == Tri::True);
        if is_new && !is_known_twin {
            kept.push(item);
        }
    }
    known.append(&mut kept);
    known
}

impl Value {
    /// The kind in Terraform's words.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "bool",
            Kind::Number(_) => "number",
            Kind::Text(_) => "string",
            Kind::List(list) => match list.flavour {
                ListFlavour::Tuple => "tuple",
                ListFlavour::List => "list",
                ListFlavour::Set => "set",
            },
            Kind::Map(map) => match map.flavour {
                MapFlavour::Object => "object",
                MapFlavour::Map => "map",
            },
            Kind::Reference(_) | Kind::Unknown(_) => "a value not known yet",
        }
    }
}

/// The order of sets: false before true, numbers by size, texts bytewise, the rest by their parts.
pub(super) fn order(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match &value.kind {
        Kind::Null => 0,
        Kind::Bool(_) => 1,
        Kind::Number(_) => 2,
        Kind::Text(_) => 3,
        Kind::List(_) => 4,
        Kind::Map(_) => 5,
        Kind::Reference(_) | Kind::Unknown(_) => 6,
    };
    match (&a.kind, &b.kind) {
        (Kind::Bool(a), Kind::Bool(b)) => a.cmp(b),
        (Kind::Number(a), Kind::Number(b)) => a.cmp(b),
        (Kind::Text(one), Kind::Text(other)) => match (one.known(), other.known()) {
            (Some(one), Some(other)) => one.cmp(other),
            _ => a.identity().cmp(&b.identity()),
        },
        (Kind::List(_), Kind::List(_)) | (Kind::Map(_), Kind::Map(_)) => order_of_parts(a, b),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// Compares nested values leaf by leaf, without recursion.
fn order_of_parts(a: &Value, b: &Value) -> Ordering {
    let mut sizes = a.walk().zip(b.walk()).map(|(a, b)| match (&a.kind, &b.kind) {
        (Kind::List(one), Kind::List(other)) => one.items.len().cmp(&other.items.len()),
        (Kind::Map(one), Kind::Map(other)) => one.entries.keys().cmp(other.entries.keys()),
        _ => order(a, b),
    });
    sizes.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn tuple(list: &List, members: &[Type], depth: usize) -> Result<Kind, TerraformError> {
    if !list.is_indexed {
        return Ok(Kind::List(Arc::new(List { flavour: ListFlavour::Tuple, ..list.clone() })));
    }
    let fits = list.items.len() == members.len() || (list.open.is_some() && list.items.len() < members.len());
    if list.flavour == ListFlavour::Set || !fits {
        let message = format!("a tuple of {} members is required, not of {}", members.len(), list.items.len());
        return Err(TerraformError::wrong_type(message));
    }
    let items: Result<Vec<Value>, TerraformError> =
        list.items.iter().zip(members).map(|(item, of)| at_depth(item, of, depth + 1)).collect();
    let (open, is_indexed) = (list.open.clone(), list.is_indexed);
    Ok(Kind::List(Arc::new(List { items: items?, flavour: ListFlavour::Tuple, open, is_indexed })))
}

fn map_of(map: &Map, of: &Type, depth: usize) -> Result<Kind, TerraformError> {
    let common = element_type(of, map.entries.values(), map.open.is_some())?;
    let converted = map.entries.iter().map(|(key, value)| Ok((key.clone(), at_depth(value, &common, depth + 1)?)));
    let entries = converted.collect::<Result<Entries, TerraformError>>()?;
    Ok(Kind::Map(Arc::new(Map { entries, flavour: MapFlavour::Map, open: map.open.clone(), owner: map.owner.clone() })))
}

fn object(
    value: &Value,
    map: &Map,
    attributes: &BTreeMap<Arc<str>, Attribute>,
    depth: usize,
) -> Result<Kind, TerraformError> {
    let mut entries = Entries::new();
    for (name, attribute) in attributes {
        let written = map.entries.get(name);
        let filled = match (written.map(|it| &it.kind), &attribute.default) {
            (Some(Kind::Null), Some(default)) => at_depth(default, &attribute.of, depth + 1)?,
            (None, Some(default)) if map.open.is_none() => at_depth(default, &attribute.of, depth + 1)?,
            (Some(_), _) => at_depth(written.unwrap_or(value), &attribute.of, depth + 1)
                .map_err(|error| TerraformError { message: format!("attribute `{name}`: {error}"), ..error })?,
            (None, _) if map.open.is_some() || map.owner.is_some() => value.member_of_open(map, name),
            (None, None) if attribute.is_optional => Value::null(value.origin.clone()),
            (None, _) => {
                return Err(TerraformError::wrong_type(format!("attribute `{name}` is required")));
            }
        };
        entries.insert(name.clone(), filled);
    }
    Ok(Kind::Map(Arc::new(Map { entries, flavour: MapFlavour::Object, open: None, owner: None })))
}

impl Value {
    /// What stands under a key that an open map does not show: a reference below a resource, else unknown.
    pub fn member_of_open(&self, map: &Map, key: &str) -> Value {
        match (&map.owner, &map.open) {
            (Some(owner), _) => {
                Value { kind: Kind::Reference(owner.clone()), origin: self.origin.clone(), sensitive: self.sensitive }
                    .member(key)
            }
            (None, open) => {
                let reason = open.clone().unwrap_or_else(|| Reason::new("key-unknown", key));
                let arguments = [self.clone(), Value::text(key, self.origin.clone())];
                Value::derived_for("index", &arguments, reason, self.origin.clone()).perhaps_null()
            }
        }
    }
}
