//! One property of an entity: a value of the declared type, read from what was written, from the provider's default,
//! or unknown. Conversion happens when the cell is filled, so that nobody above sees `"true"` where a flag stands.

use std::cell::OnceCell;
use std::marker::PhantomData;
use std::sync::{Arc, LazyLock};

use super::schema;
use crate::logic::{Reason, Tri};
use crate::source::{QuickMap, Span};
use crate::value::{Kind, List, Map, Number, Origin, Piece, Text, Value};

/// The types that a property may have.
pub mod mark {
    /// True or false.
    #[derive(Clone, Copy, Debug)]
    pub struct Flag;
    #[derive(Clone, Copy, Debug)]
    pub struct Number;
    #[derive(Clone, Copy, Debug)]
    pub struct Text;
    /// A text out of a fixed set of words.
    #[derive(Clone, Copy, Debug)]
    pub struct Word;
    /// A list of texts.
    #[derive(Clone, Copy, Debug)]
    pub struct Texts;
    /// A map from texts to anything.
    #[derive(Clone, Copy, Debug)]
    pub struct Entries;
    /// Any value.
    #[derive(Clone, Copy, Debug)]
    pub struct Raw;
}

/// A property of the type `T` (one of `mark`). Most properties of most entities are never written, so the value lies
/// behind a pointer that they share.
#[derive(Clone, Debug)]
pub struct Cell<T> {
    value: Arc<Value>,
    marker: PhantomData<T>,
}

/// What the cells of one new entity hold, each value once.
pub struct Blank {
    /// Nothing where all entities share what they have not said.
    block: Option<Span>,
    absent: OnceCell<Arc<Value>>,
    flags: [OnceCell<Arc<Value>>; 2],
}

impl Blank {
    /// Defaults that know the block which lacks them.
    pub fn block(block: Span) -> Blank {
        Blank { block: Some(block), absent: OnceCell::new(), flags: [OnceCell::new(), OnceCell::new()] }
    }

    /// Defaults that all entities share: they stand where the entity stands.
    pub fn shared() -> Blank {
        Blank { block: None, absent: OnceCell::new(), flags: [OnceCell::new(), OnceCell::new()] }
    }

    /// Where what nobody wrote is missing.
    pub(super) fn default(&self) -> Origin {
        self.block.map_or(Origin::own_default(), |block| Origin::provider_default("", block))
    }

    /// Where an edge is missing.
    pub(super) fn edge(&self) -> Origin {
        self.block.map_or(Origin::own_written(), Origin::written)
    }

    fn absent(&self) -> Arc<Value> {
        static ABSENT: LazyLock<Arc<Value>> = LazyLock::new(|| Arc::new(Value::null(Origin::own_default())));
        match self.block {
            Some(_) => self.absent.get_or_init(|| Arc::new(Value::null(self.default()))).clone(),
            None => ABSENT.clone(),
        }
    }

    fn flag(&self, default: bool) -> Arc<Value> {
        static FLAGS: LazyLock<[Arc<Value>; 2]> = LazyLock::new(|| flags(&Origin::own_default()));
        match self.block {
            Some(_) => {
                self.flags[usize::from(default)].get_or_init(|| Arc::new(Value::bool(default, self.default()))).clone()
            }
            None => FLAGS[usize::from(default)].clone(),
        }
    }
}

fn flags(origin: &Origin) -> [Arc<Value>; 2] {
    [false, true].map(|flag| Arc::new(Value::bool(flag, origin.clone())))
}

/// What a cell says. The provider's default is known, too: `Cell::is_default` tells it apart.
#[derive(Clone, Debug)]
pub enum Reading<T> {
    Known(T),
    /// Nobody wrote it and there is no default.
    Absent,
    Unknown(Reason),
}

impl<T> Reading<T> {
    /// What is known, where absent and unknown are the same to the caller.
    pub fn known(self) -> Option<T> {
        match self {
            Reading::Known(value) => Some(value),
            Reading::Absent | Reading::Unknown(_) => None,
        }
    }
}

impl<T: CellType> Cell<T> {
    /// Nothing was written.
    pub fn absent(blank: &Blank) -> Cell<T> {
        Cell { value: blank.absent(), marker: PhantomData }
    }

    pub fn of(value: Value) -> Cell<T> {
        Cell { value: shared(T::convert(value)), marker: PhantomData }
    }

    pub fn unknown(reason: Reason, origin: Origin) -> Cell<T> {
        Cell::of(Value::unknown(reason, origin))
    }

    /// Takes what was written; nothing and null leave the default, and say which attribute a fix would write.
    pub fn read(&mut self, block: Span, attribute: &'static str, written: Option<Value>) {
        match written {
            Some(value) if !matches!(value.kind, Kind::Null) => self.set(value),
            Some(_) | None => {
                if self.is_default() {
                    Arc::make_mut(&mut self.value).origin = Origin::provider_default(attribute, block);
                }
            }
        }
    }

    /// Replaces the value by one that lowering computed.
    pub fn set(&mut self, value: Value) {
        self.value = shared(T::convert(value));
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    pub fn origin(&self) -> &Origin {
        &self.value.origin
    }

    pub fn is_default(&self) -> bool {
        self.value.origin.is_default()
    }

    /// Whether anything stands there, default included.
    pub fn is_present(&self) -> Tri {
        !self.value.is_null()
    }

    pub fn get(&self) -> Reading<T::Known<'_>> {
        match &self.value.kind {
            Kind::Null => Reading::Absent,
            Kind::Unknown(unknown) => Reading::Unknown(unknown.reason.clone()),
            _ => match T::read(&self.value) {
                Some(known) => Reading::Known(known),
                None => Reading::Unknown(missing(&self.value)),
            },
        }
    }
}

fn shared(value: Value) -> Arc<Value> {
    concluded(&value).unwrap_or_else(|| Arc::new(value))
}

/// What lowering concluded and no place shows is the same everywhere.
fn concluded(value: &Value) -> Option<Arc<Value>> {
    static COMMON: LazyLock<Common> = LazyLock::new(|| Common::new(&Origin::none()));
    if value.origin.is_none() { COMMON.get(value, Origin::is_none) } else { None }
}

/// Flags, the words of the schema and collections of nothing, with one origin: they are the same everywhere.
struct Common {
    flags: [Arc<Value>; 2],
    empty_list: Arc<Value>,
    empty_map: Arc<Value>,
    words: QuickMap<&'static str, Arc<Value>>,
}

impl Common {
    fn new(origin: &Origin) -> Common {
        let words = schema::entities().flat_map(|entity| entity.properties).flat_map(|property| match property.ty {
            schema::PropertyType::Word(words) => words,
            _ => &[],
        });
        let words = words.map(|word| (*word, Arc::new(Value::text(word, origin.clone())))).collect();
        Common {
            flags: flags(origin),
            empty_list: Arc::new(Value::list(Vec::new(), origin.clone())),
            empty_map: Arc::new(Value::map(Vec::new(), origin.clone())),
            words,
        }
    }

    fn get(&self, value: &Value, is_here: impl Fn(&Origin) -> bool) -> Option<Arc<Value>> {
        if value.sensitive {
            return None;
        }
        match &value.kind {
            Kind::Bool(flag) => Some(self.flags[usize::from(*flag)].clone()),
            Kind::List(_) if value.is_same_collection(&self.empty_list) => Some(self.empty_list.clone()),
            Kind::Map(_) if value.is_same_collection(&self.empty_map) => Some(self.empty_map.clone()),
            Kind::Text(text) if text.is_plain() => match text.pieces() {
                [Piece::Literal(word, origin)] if is_here(origin) => self.words.get(&**word).cloned(),
                _ => None,
            },
            _ => None,
        }
    }
}

impl<T: CellType> Cell<T> {
    /// Lets go of a value of one's own where it is what others say of themselves, too.
    pub(super) fn share(&mut self, place: Span) {
        static COMMON: LazyLock<Common> = LazyLock::new(|| Common::new(&Origin::own_written()));
        if self.value.origin.is_written_at(place) {
            let common = COMMON.get(&self.value, |origin| origin.is_written_at(place));
            self.value = common.unwrap_or_else(|| self.value.clone());
        }
    }

    /// Whether it would be another cell with this value: not if it holds the same conclusion already, or shares with
    /// others that its list is empty.
    pub fn differs(&self, value: &Value) -> bool {
        let is_empty = |value: &Value| value.as_list().is_some_and(|list| list.items.is_empty() && list.open.is_none());
        match value.kind {
            Kind::List(_) => !(self.value.origin.is_own() && is_empty(&self.value) && is_empty(value)),
            _ => !concluded(value).is_some_and(|common| Arc::ptr_eq(&self.value, &common)),
        }
    }
}

impl Cell<mark::Flag> {
    /// Nothing was written, and the provider assumes this.
    pub fn default_of(blank: &Blank, default: bool) -> Cell<mark::Flag> {
        Cell { value: blank.flag(default), marker: PhantomData }
    }

    pub fn tri(&self) -> Tri {
        match self.get() {
            Reading::Known(value) => Tri::from(value),
            Reading::Absent | Reading::Unknown(_) => Tri::Unknown,
        }
    }
}

impl Cell<mark::Text> {
    pub fn equals(&self, other: &str) -> Tri {
        equals(self.get(), other)
    }

    /// The whole text, if all of it is known.
    pub fn as_str(&self) -> Option<&str> {
        self.value.as_str()
    }
}

impl Cell<mark::Word> {
    pub fn equals(&self, other: &str) -> Tri {
        equals(self.get(), other)
    }

    pub fn as_str(&self) -> Option<&str> {
        self.value.as_str()
    }
}

fn equals(reading: Reading<Text>, other: &str) -> Tri {
    match reading {
        Reading::Known(text) => text.equals_str(other),
        Reading::Absent | Reading::Unknown(_) => Tri::Unknown,
    }
}

/// How a property's type is read from a value.
pub trait CellType {
    type Known<'a>;

    /// Terraform's conversions, as the provider's schema would ask for them; what does not convert is unknown.
    fn convert(value: Value) -> Value;

    fn read(value: &Value) -> Option<Self::Known<'_>>;
}

impl CellType for mark::Flag {
    type Known<'a> = bool;

    fn convert(value: Value) -> Value {
        match &value.kind {
            Kind::Bool(_) | Kind::Null | Kind::Unknown(_) => value,
            Kind::Text(text) => match text.known() {
                Some("true" | "1") => Value { kind: Kind::Bool(true), ..value },
                Some("false" | "0") => Value { kind: Kind::Bool(false), ..value },
                Some(_) => wrong_type(value, "a flag"),
                None => unknown_of(value),
            },
            Kind::Reference(_) => unknown_of(value),
            Kind::Number(_) | Kind::List(_) | Kind::Map(_) => wrong_type(value, "a flag"),
        }
    }

    fn read(value: &Value) -> Option<bool> {
        match value.kind {
            Kind::Bool(known) => Some(known),
            _ => None,
        }
    }
}

impl CellType for mark::Number {
    type Known<'a> = Number;

    fn convert(value: Value) -> Value {
        match &value.kind {
            Kind::Number(_) | Kind::Null | Kind::Unknown(_) => value,
            Kind::Text(text) => match text.known().map(Number::parse) {
                Some(Some(number)) => Value { kind: Kind::Number(number), ..value },
                Some(None) => wrong_type(value, "a number"),
                None => unknown_of(value),
            },
            Kind::Reference(_) => unknown_of(value),
            Kind::Bool(_) | Kind::List(_) | Kind::Map(_) => wrong_type(value, "a number"),
        }
    }

    fn read(value: &Value) -> Option<Number> {
        match value.kind {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }
}

impl CellType for mark::Text {
    type Known<'a> = Text;

    fn convert(value: Value) -> Value {
        match &value.kind {
            Kind::Text(_) | Kind::Null | Kind::Reference(_) | Kind::Unknown(_) => value,
            Kind::Bool(_) | Kind::Number(_) => match value.as_text() {
                Some(text) => Value { kind: Kind::Text(text), ..value },
                None => value,
            },
            Kind::List(_) | Kind::Map(_) => wrong_type(value, "a text"),
        }
    }

    fn read(value: &Value) -> Option<Text> {
        value.as_text()
    }
}

impl CellType for mark::Word {
    type Known<'a> = Text;

    fn convert(value: Value) -> Value {
        mark::Text::convert(value)
    }

    fn read(value: &Value) -> Option<Text> {
        value.as_text()
    }
}

impl CellType for mark::Texts {
    type Known<'a> = &'a List;

    /// A single value is a list of one, as providers take it.
    fn convert(value: Value) -> Value {
        match &value.kind {
            Kind::List(_) | Kind::Null | Kind::Unknown(_) => value,
            Kind::Text(_) | Kind::Bool(_) | Kind::Number(_) => {
                let origin = value.origin.clone();
                Value::list(vec![value], origin)
            }
            Kind::Reference(_) => unknown_of(value),
            Kind::Map(_) => wrong_type(value, "a list"),
        }
    }

    fn read(value: &Value) -> Option<&List> {
        value.as_list()
    }
}

impl CellType for mark::Entries {
    type Known<'a> = &'a Map;

    fn convert(value: Value) -> Value {
        match &value.kind {
            Kind::Map(_) | Kind::Null | Kind::Unknown(_) => value,
            Kind::Reference(_) => unknown_of(value),
            Kind::Text(_) | Kind::Bool(_) | Kind::Number(_) | Kind::List(_) => wrong_type(value, "a map"),
        }
    }

    fn read(value: &Value) -> Option<&Map> {
        value.as_map()
    }
}

impl CellType for mark::Raw {
    type Known<'a> = &'a Value;

    fn convert(value: Value) -> Value {
        value
    }

    fn read(value: &Value) -> Option<&Value> {
        Some(value)
    }
}

fn wrong_type(value: Value, wanted: &str) -> Value {
    let reason = Reason::with("wrong-type", wanted.to_owned(), value.origin.span());
    Value { sensitive: value.sensitive, ..Value::unknown(reason, value.origin) }
}

/// A text with holes, or a reference, where the whole must be known.
fn unknown_of(value: Value) -> Value {
    Value { sensitive: value.sensitive, ..Value::unknown(missing(&value), value.origin) }
}

fn missing(value: &Value) -> Reason {
    value.missing().unwrap_or_else(|| Reason::with("wrong-type", "", value.origin.span()))
}
