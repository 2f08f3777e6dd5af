//! An object of a task definition as its readers see it: keys looked up as the one who registers it would, holes as
//! unknown values.

use crate::logic::Reason;
use crate::source::Span;
use crate::value::{Kind, Map, Origin, Value};

/// Who reads the definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// The Terraform provider: case does not count, unknown keys are dropped.
    Provider,
    /// The API, the command line, the deploy action: case counts.
    Api,
}

#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    map: &'a Map,
    /// Where the object is written.
    pub(super) span: Span,
    spelling: Spelling,
}

impl<'a> Object<'a> {
    pub(super) fn of(value: &'a Value, fallback: Span, spelling: Spelling) -> Option<Object<'a>> {
        let map = value.as_map()?;
        Some(Object { map, span: written_at(value).unwrap_or(fallback), spelling })
    }

    /// What is written; nothing for null, unknown where nobody can say whether it is.
    pub(super) fn get(&self, key: &str) -> Option<Value> {
        match self.entry(key) {
            Some(value) if matches!(value.kind, Kind::Null) => None,
            Some(value) => Some(value.clone()),
            None => {
                let reason = self.map.open.clone()?;
                Some(Value::unknown(reason, Origin::written(self.span)))
            }
        }
    }

    /// The object below a key; an empty text and an empty object count as nothing, as described definitions hold them.
    pub(super) fn object(&self, key: &str) -> Option<Object<'a>> {
        let value = self.entry(key)?;
        Object::of(value, self.span, self.spelling)
    }

    pub(super) fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// Why there may be further keys.
    pub(super) fn open(&self) -> Option<Reason> {
        self.map.open.clone()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let entries = self.map.entries.iter().map(|(key, value)| (&**key, value));
        entries.filter(|(_, value)| !matches!(value.kind, Kind::Null))
    }

    /// The members of a list below a key, and why there may be more.
    pub(super) fn items(&self, key: &str) -> (Vec<Value>, Option<Reason>) {
        self.get(key).map_or_else(|| (Vec::new(), None), |value| items(&value))
    }

    pub(super) fn knows(&self, key: &str, known: &[&str]) -> bool {
        known.iter().any(|known| self.is_same(known, key))
    }

    fn entry(&self, key: &str) -> Option<&'a Value> {
        let exact = self.map.entries.get(key);
        match self.spelling {
            Spelling::Api => exact,
            Spelling::Provider => {
                exact.or_else(|| self.map.entries.iter().find(|(it, _)| it.eq_ignore_ascii_case(key)).map(|(_, it)| it))
            }
        }
    }

    fn is_same(&self, known: &str, key: &str) -> bool {
        match self.spelling {
            Spelling::Api => known == key,
            Spelling::Provider => known.eq_ignore_ascii_case(key),
        }
    }
}

/// The members of a list; what is no list holds none, or any if it is not known.
pub(super) fn items(value: &Value) -> (Vec<Value>, Option<Reason>) {
    match &value.kind {
        Kind::List(list) => (list.items.clone(), list.open.clone()),
        Kind::Unknown(unknown) => (Vec::new(), Some(unknown.reason.clone())),
        Kind::Reference(reference) => (Vec::new(), Some(reference.computed(value.origin.span()))),
        Kind::Text(text) if text.known().is_none() => {
            let reason = text.holes().find_map(|hole| hole.reason().cloned());
            (Vec::new(), Some(reason.unwrap_or_else(|| wrong_type(value))))
        }
        Kind::Null => (Vec::new(), None),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Map(_) => (Vec::new(), Some(wrong_type(value))),
    }
}

fn wrong_type(value: &Value) -> Reason {
    Reason::with("wrong-type", "a list", value.origin.span())
}

/// Where a value stands in the definition, whatever it was read through: the newest place.
pub(super) fn written_at(value: &Value) -> Option<Span> {
    value.origin.newest().map(|step| step.span)
}
