//! Unknowns that come from other values: a function of unknowns is one again, and the same one wherever the same
//! function meets the same arguments.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::{Kind, Origin, Piece, Unknown, Value, is_error_code};
use crate::logic::Reason;

/// How an expression ends in Terraform, as `try` and `can` see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Failure,
    /// It depends on something that is not known.
    Undecided,
}

/// A stable hash: equal inputs give equal identities in every run.
pub fn fingerprint(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Value {
    /// The result of an operation that cannot be computed because of its arguments: never null, and identified by the
    /// operation and its arguments. The reason is that of the argument in the way, an error first.
    pub fn derived(operation: &str, arguments: &[Value], origin: Origin) -> Value {
        let reason = first_reason(arguments).unwrap_or_else(|| Reason::new("unsupported", operation));
        Value::derived_for(operation, arguments, reason, origin)
    }

    /// The same for a reason of the operation's own.
    pub fn derived_for(operation: &str, arguments: &[Value], reason: Reason, origin: Origin) -> Value {
        let identities: Vec<u64> = arguments.iter().map(Value::identity).collect();
        let identity = fingerprint(&(operation, identities));
        let unknown = Unknown { reason, identity, may_be_null: false, may_fail: true, settles: None };
        Value::new(Kind::Unknown(Arc::new(unknown)), origin)
    }

    /// The value, unless Terraform refuses the operation that leads to it, for which there is this reason.
    pub fn unless_refused(self, operation: &str, reason: Reason) -> Value {
        if self.error().is_some() {
            return self;
        }
        let identity = fingerprint(&(operation, self.identity()));
        let (origin, sensitive) = (self.origin.clone(), self.sensitive);
        let settles = Some(Arc::new(self));
        let unknown = Unknown { reason, identity, may_be_null: false, may_fail: true, settles };
        Value { kind: Kind::Unknown(Arc::new(unknown)), origin, sensitive }
    }

    /// The member of a value whose members nobody has seen: a reference below a reference, an unknown of an unknown.
    pub fn member(&self, key: &str) -> Value {
        let kind = match &self.kind {
            Kind::Reference(reference) => {
                let path =
                    if reference.path.is_empty() { key.into() } else { format!("{}.{key}", reference.path).into() };
                Kind::Reference(Arc::new(super::Reference { path, ..(**reference).clone() }))
            }
            Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::List(_)
            | Kind::Map(_)
            | Kind::Unknown(_) => {
                let key = Value::text(key, Origin::none());
                Value::derived("index", &[self.clone(), key], Origin::none()).perhaps_null().kind
            }
        };
        Value { kind, origin: self.origin.clone(), sensitive: self.sensitive }
    }

    /// An unknown with the promise that it is not null; every other value as it is.
    pub fn never_null(self) -> Value {
        match &self.kind {
            Kind::Unknown(unknown) if unknown.may_be_null => {
                let unknown = Unknown { may_be_null: false, ..(**unknown).clone() };
                Value { kind: Kind::Unknown(Arc::new(unknown)), ..self }
            }
            _ => self,
        }
    }

    /// An unknown that may be null, whatever was said of it; every other value as it is.
    pub fn perhaps_null(self) -> Value {
        match &self.kind {
            Kind::Unknown(unknown) if !unknown.may_be_null => {
                let unknown = Unknown { may_be_null: true, ..(**unknown).clone() };
                Value { kind: Kind::Unknown(Arc::new(unknown)), ..self }
            }
            _ => self,
        }
    }

    /// A hash of what the value is, without where it came from. Walks the value without recursion.
    pub fn identity(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let mut open = vec![self];
        while let Some(value) = open.pop() {
            hash_one(value, &mut hasher, &mut open);
        }
        hasher.finish()
    }

    /// Whether the value or anything in it carries the mark.
    pub fn is_sensitive_within(&self) -> bool {
        self.walk().any(|value| value.sensitive)
    }

    /// Whether nothing in the value is missing: no reference, no unknown, no open end.
    pub fn is_wholly_known(&self) -> bool {
        self.walk().all(|value| match &value.kind {
            Kind::Reference(_) | Kind::Unknown(_) => false,
            Kind::List(list) => list.open.is_none(),
            Kind::Map(map) => map.open.is_none(),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => true,
        })
    }

    /// Why Terraform refuses the value itself; nothing for values that are merely unknown.
    pub fn error(&self) -> Option<&Reason> {
        self.reason().filter(|reason| is_error_code(reason.code))
    }

    /// Whether Terraform gets past the expression that gave this value.
    pub fn outcome(&self) -> Outcome {
        let mut outcome = Outcome::Success;
        for value in self.walk() {
            match &value.kind {
                Kind::Unknown(unknown) if is_error_code(unknown.reason.code) => return Outcome::Failure,
                Kind::Unknown(unknown) if unknown.may_fail => outcome = Outcome::Undecided,
                Kind::Text(text) => {
                    let may_be_null = text.holes().any(|hole| hole.is_null() == crate::logic::Tri::Unknown);
                    if may_be_null {
                        outcome = Outcome::Undecided;
                    }
                }
                _ => {}
            }
        }
        outcome
    }

    /// The value as another node of the configuration reads it: that node came into being, so Terraform got past the
    /// operations in it.
    pub fn settled(&self) -> Value {
        settled_at(self, 0)
    }

    /// The value and everything in it, holes of texts included, the value itself first.
    pub fn walk(&self) -> impl Iterator<Item = &Value> {
        let mut first = Some(self);
        let mut open = Vec::new();
        std::iter::from_fn(move || {
            let value = first.take().or_else(|| open.pop())?;
            match &value.kind {
                Kind::Text(text) => open.extend(text.holes()),
                Kind::List(list) => open.extend(list.items.iter().rev()),
                Kind::Map(map) => open.extend(map.entries.values().rev()),
                Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Reference(_) | Kind::Unknown(_) => {}
            }
            Some(value)
        })
    }

    /// Why a text is not known: its own reason, or that of one of its holes.
    pub fn missing(&self) -> Option<Reason> {
        let mut open = vec![self];
        while let Some(value) = open.pop() {
            match &value.kind {
                Kind::Unknown(unknown) => return Some(unknown.reason.clone()),
                Kind::Reference(reference) => return Some(reference.computed(value.origin.span())),
                Kind::Text(text) => open.extend(text.holes()),
                Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::List(_) | Kind::Map(_) => {}
            }
        }
        None
    }

    /// The reason why something in the value is missing: an error before anything else, else the first met.
    pub fn first_reason(&self) -> Option<Reason> {
        first_reason(std::slice::from_ref(self))
    }
}

fn first_reason(values: &[Value]) -> Option<Reason> {
    let mut first = None;
    for value in values.iter().flat_map(Value::walk) {
        let reason = match &value.kind {
            Kind::Unknown(unknown) if is_error_code(unknown.reason.code) => return Some(unknown.reason.clone()),
            Kind::Unknown(unknown) => Some(unknown.reason.clone()),
            Kind::Reference(reference) => Some(reference.computed(value.origin.newest().map(|step| step.span))),
            Kind::List(list) => list.open.clone(),
            Kind::Map(map) => map.open.clone(),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => None,
        };
        if first.is_none() {
            first = reason;
        }
    }
    first
}

/// Values are not nested deeper than documents; what is deeper stays as it is.
const DEEPEST: usize = 160;

fn settled_at(value: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return value.clone();
    }
    let kind = match &value.kind {
        Kind::Unknown(unknown) => match &unknown.settles {
            Some(expected) => {
                let expected = settled_at(expected, depth + 1);
                return Value { sensitive: expected.sensitive || value.sensitive, ..expected };
            }
            None => return value.clone(),
        },
        Kind::Text(text) => Kind::Text(text.with_holes(|hole| settled_at(hole, depth + 1))),
        Kind::List(list) => {
            let items = list.items.iter().map(|item| settled_at(item, depth + 1)).collect();
            Kind::List(Arc::new(super::List { items, ..(**list).clone() }))
        }
        Kind::Map(map) => {
            let entries = map.entries.iter().map(|(key, value)| (key.clone(), settled_at(value, depth + 1))).collect();
            Kind::Map(Arc::new(super::Map { entries, ..(**map).clone() }))
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Reference(_) => return value.clone(),
    };
    Value { kind, origin: value.origin.clone(), sensitive: value.sensitive }
}

fn hash_one<'a>(value: &'a Value, hasher: &mut DefaultHasher, open: &mut Vec<&'a Value>) {
    match &value.kind {
        Kind::Null => 0u8.hash(hasher),
        Kind::Bool(value) => (1u8, value).hash(hasher),
        Kind::Number(number) => (2u8, number).hash(hasher),
        Kind::Text(text) => {
            (3u8, text.pieces().len()).hash(hasher);
            for piece in text.pieces() {
                match piece {
                    Piece::Literal(text, _) => (0u8, text).hash(hasher),
                    Piece::Hole(hole) => {
                        1u8.hash(hasher);
                        open.push(hole);
                    }
                }
            }
        }
        Kind::List(list) => {
            (4u8, list.flavour as u8, list.items.len(), &list.open, list.is_indexed).hash(hasher);
            open.extend(list.items.iter().rev());
        }
        Kind::Map(map) => {
            (5u8, map.flavour as u8, map.entries.len(), &map.open, &map.owner).hash(hasher);
            for key in map.entries.keys() {
                key.hash(hasher);
            }
            open.extend(map.entries.values().rev());
        }
        Kind::Reference(reference) => (6u8, reference).hash(hasher),
        Kind::Unknown(unknown) => (7u8, unknown.identity).hash(hasher),
    }
}
