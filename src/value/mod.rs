//! A value and where it came from. Shared by evaluation, the model and the rules; how values are computed is the
//! business of `eval`.

mod convert;
mod entries;
mod equal;
mod error;
mod identical;
mod identity;
mod join;
mod number;
mod origin;
mod places;
mod text;
mod types;
mod unknown;

use std::sync::{Arc, LazyLock};

pub use convert::convert;
pub use entries::Entries;
pub use equal::equals;
pub use error::{TerraformError, is_error_code};
pub use identity::{ShapePart, canonical_path, is_identity, resource_type, shape};
pub use join::join;
pub use number::Number;
pub use origin::{Origin, Step, StepKind};
pub use places::Places;
pub use text::{Piece, Text, TextBuilder, Wrapped, Wrapper, nfc};
pub use types::{Attribute, Type, common_type, type_of};
pub use unknown::{Outcome, fingerprint};

use crate::logic::{Reason, Tri};
use crate::source::Span;

/// Equality ignores the origin and the sensitive mark (`Value::equals` is the language's own, three-valued one).
#[derive(Clone, Debug)]
pub struct Value {
    pub kind: Kind,
    pub origin: Origin,
    /// Never hides the value from evaluation; reports print `(sensitive)`.
    pub sensitive: bool,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    List(Arc<List>),
    Map(Arc<Map>),
    Reference(Arc<Reference>),
    Unknown(Arc<Unknown>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFlavour {
    Tuple,
    List,
    Set,
}

#[derive(Clone, Debug)]
pub struct List {
    pub items: Vec<Value>,
    pub flavour: ListFlavour,
    /// There may be more members than these, for this reason.
    pub open: Option<Reason>,
    /// Whether the items stand at their indices (an open tail), or were picked from anywhere.
    pub is_indexed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapFlavour {
    Object,
    Map,
}

#[derive(Clone, Debug)]
pub struct Map {
    pub entries: Entries,
    pub flavour: MapFlavour,
    pub open: Option<Reason>,
    /// Set where the map is a resource, a data source or a block of one: what is not written is a reference below
    /// this address.
    pub owner: Option<Arc<Reference>>,
}

fn tuple(items: Vec<Value>) -> List {
    List { items, flavour: ListFlavour::Tuple, open: None, is_indexed: true }
}

fn object(entries: Entries) -> Map {
    Map { entries, flavour: MapFlavour::Object, open: None, owner: None }
}

/// Something that exists outside the configuration: an attribute that the provider assigns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The folder of the root module, so that one address means one thing in a world of several roots.
    pub root: Arc<str>,
    /// `module.net["a"].aws_subnet.app[0]`, with instance keys.
    pub address: Arc<str>,
    /// The attribute path below it: `id`, `arn`, `endpoint.0.address`.
    pub path: Arc<str>,
}

impl Reference {
    /// Why its value is not known: only the provider can say it.
    pub fn computed(&self, place: Option<Span>) -> Reason {
        Reason::with("provider-computed", self.to_string(), place)
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.address, self.path)
    }
}

/// Not known, and why. Two unknowns are equal only if they are the same one.
#[derive(Clone, Debug)]
pub struct Unknown {
    pub reason: Reason,
    /// Equal for the same node asked twice; a function of unknowns hashes its name and arguments.
    pub identity: u64,
    pub may_be_null: bool,
    /// An operation on unknowns made it, which Terraform may yet refuse; never set for what is merely not written here.
    pub may_fail: bool,
    /// What it is if Terraform does not refuse the operation: `T.N[0].id` where nobody knows whether there is one.
    pub settles: Option<Arc<Value>>,
}

impl Value {
    pub fn new(kind: Kind, origin: Origin) -> Value {
        Value { kind, origin, sensitive: false }
    }

    pub fn null(origin: Origin) -> Value {
        Value::new(Kind::Null, origin)
    }

    pub fn bool(value: bool, origin: Origin) -> Value {
        Value::new(Kind::Bool(value), origin)
    }

    pub fn text(text: impl AsRef<str>, origin: Origin) -> Value {
        Value::new(Kind::Text(Text::literal(text.as_ref(), origin.clone())), origin)
    }

    pub fn number(number: impl Into<Number>, origin: Origin) -> Value {
        Value::new(Kind::Number(number.into()), origin)
    }

    pub fn list(items: Vec<Value>, origin: Origin) -> Value {
        // Lists without members are many, and all the same.
        static EMPTY: LazyLock<Arc<List>> = LazyLock::new(|| Arc::new(tuple(Vec::new())));
        let list = if items.is_empty() { EMPTY.clone() } else { Arc::new(tuple(items)) };
        Value::new(Kind::List(list), origin)
    }

    pub fn map(entries: impl Into<Entries>, origin: Origin) -> Value {
        static EMPTY: LazyLock<Arc<Map>> = LazyLock::new(|| Arc::new(object(Entries::new())));
        let entries = entries.into();
        let map = if entries.is_empty() { EMPTY.clone() } else { Arc::new(object(entries)) };
        Value::new(Kind::Map(map), origin)
    }

    /// A fresh unknown; its identity is the reason with its place, so that the same node asked twice is the same.
    pub fn unknown(reason: Reason, origin: Origin) -> Value {
        let identity = fingerprint(&reason);
        let unknown = Unknown { reason, identity, may_be_null: true, may_fail: false, settles: None };
        Value::new(Kind::Unknown(Arc::new(unknown)), origin)
    }

    pub fn sensitive(self) -> Value {
        Value { sensitive: true, ..self }
    }

    /// The same value, read through one more step.
    pub fn through(mut self, kind: StepKind, span: Span) -> Value {
        self.origin = self.origin.then(kind, span);
        self
    }

    /// Why the value is not known; nothing if it is.
    pub fn reason(&self) -> Option<&Reason> {
        match &self.kind {
            Kind::Unknown(unknown) => Some(&unknown.reason),
            Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::List(_)
            | Kind::Map(_)
            | Kind::Reference(_) => None,
        }
    }

    pub fn is_null(&self) -> Tri {
        match &self.kind {
            Kind::Null => Tri::True,
            Kind::Unknown(unknown) if unknown.may_be_null => Tri::Unknown,
            Kind::Unknown(_)
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::List(_)
            | Kind::Map(_)
            | Kind::Reference(_) => Tri::False,
        }
    }

    /// The whole text, if it is a text without holes.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => text.known(),
            _ => None,
        }
    }

    /// The pieces of a text; a reference or an unknown is a text of one hole.
    pub fn as_text(&self) -> Option<Text> {
        match &self.kind {
            Kind::Text(text) => Some(text.clone()),
            Kind::Reference(_) | Kind::Unknown(_) => Some(Text::hole(self.clone())),
            Kind::Number(number) => Some(Text::literal(&number.to_string(), self.origin.clone())),
            Kind::Bool(value) => Some(Text::literal(if *value { "true" } else { "false" }, self.origin.clone())),
            Kind::Null | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    pub fn as_list(&self) -> Option<&List> {
        match &self.kind {
            Kind::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_reference(&self) -> Option<&Reference> {
        match &self.kind {
            Kind::Reference(reference) => Some(reference),
            _ => None,
        }
    }

    /// Every reference in the value, at any depth, holes of texts included.
    pub fn references(&self) -> Vec<&Reference> {
        self.walk().filter_map(Value::as_reference).collect()
    }
}
