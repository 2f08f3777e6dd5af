//! One call as its function sees it: arguments read with the types that the function asks for. What is missing in an
//! argument ends the function early, through `?`.

use std::borrow::Cow;

use super::CallContext;
use crate::logic::Reason;
use crate::value::{
    Entries, Kind, List, ListFlavour, Map, MapFlavour, Number, Origin, TerraformError, Text, Type, Value, convert,
};

pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) spread: Spread,
    pub(super) result: Nullness,
    pub(super) run: fn(&Call<'_>) -> Answer,
}

pub(super) const MANY: usize = usize::MAX;

impl Function {
    /// A function whose result is sensitive if anything in its arguments is.
    pub(super) const fn new(name: &'static str, least: usize, most: usize, run: fn(&Call<'_>) -> Answer) -> Function {
        Function { name, least, most, spread: Spread::Deep, result: Nullness::NeverNull, run }
    }

    pub(super) const fn spreading(self, spread: Spread) -> Function {
        Function { spread, ..self }
    }

    pub(super) const fn perhaps_null(self) -> Function {
        Function { result: Nullness::PerhapsNull, ..self }
    }
}

/// Whether a result that is not known may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nullness {
    NeverNull,
    PerhapsNull,
}

/// How the sensitive mark of arguments reaches the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    /// From anything in an argument.
    Deep,
    /// From an argument itself; members keep their own marks.
    Shallow,
    /// The function marks its result.
    Own,
    /// The same, and arguments that are errors reach the function.
    Catches,
}

pub(super) type Answer = Result<Value, Fault>;

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Fault {
    Error(TerraformError),
    /// An argument is not known enough.
    Derived,
    /// For a reason of the function's own.
    Unknown(Reason),
}

pub(super) struct Call<'a> {
    pub(super) function: &'static Function,
    pub(super) arguments: &'a [Value],
    pub(super) context: &'a CallContext<'a>,
}

impl<'a> Call<'a> {
    /// What Terraform refuses about an argument.
    pub(super) fn wrong(&self, message: impl std::fmt::Display) -> Fault {
        let name = self.function.name;
        let message = match self.arguments.iter().any(Value::is_sensitive_within) {
            true => format!("`{name}`: a sensitive argument is not what it takes"),
            false => format!("`{name}`: {}", shortened(&message.to_string())),
        };
        Fault::Error(TerraformError::new("wrong-argument", message))
    }

    /// What has no common type; with something unknown among it, it may have one.
    pub(super) fn no_common_type(&self, error: TerraformError) -> Fault {
        if self.arguments.iter().all(Value::is_wholly_known) { self.wrong(error) } else { Fault::Derived }
    }

    pub(super) fn unknown(&self, code: &'static str, object: impl Into<String>) -> Fault {
        let object = match self.arguments.iter().any(Value::is_sensitive_within) {
            true => format!("a sensitive argument of `{}`", self.function.name),
            false => shortened(&object.into()),
        };
        Fault::Unknown(Reason::at(code, object, self.context.span))
    }

    pub(super) fn wrong_kind(&self, index: usize, wanted: &str) -> Fault {
        let given = self.arguments[index].kind_name();
        self.wrong(format!("argument {} must be {wanted}, not {given}", index + 1))
    }

    /// The argument as text with holes: numbers and bools convert.
    pub(super) fn text(&self, index: usize) -> Result<Text, Fault> {
        self.text_of(&self.arguments[index]).ok_or_else(|| self.wrong_kind(index, "a text"))
    }

    /// A member or argument as text with holes; nothing for null and collections.
    pub(super) fn text_of(&self, value: &Value) -> Option<Text> {
        match &value.kind {
            Kind::Reference(_) | Kind::Unknown(_) => Some(Text::hole(value.clone())),
            _ => value.as_text(),
        }
    }

    /// The argument as text without holes.
    pub(super) fn known(&self, index: usize) -> Result<Cow<'a, str>, Fault> {
        match &self.arguments[index].kind {
            Kind::Text(text) => text.known().map(Cow::Borrowed).ok_or(Fault::Derived),
            Kind::Number(number) => Ok(Cow::Owned(number.to_string())),
            Kind::Bool(value) => Ok(Cow::Borrowed(if *value { "true" } else { "false" })),
            Kind::Reference(_) | Kind::Unknown(_) => Err(Fault::Derived),
            Kind::Null | Kind::List(_) | Kind::Map(_) => Err(self.wrong_kind(index, "a text")),
        }
    }

    pub(super) fn number(&self, index: usize) -> Result<Number, Fault> {
        self.number_of(&self.arguments[index], index)
    }

    pub(super) fn number_of(&self, value: &Value, index: usize) -> Result<Number, Fault> {
        match convert(value, &Type::Number) {
            Ok(Value { kind: Kind::Number(number), .. }) => Ok(number),
            Ok(Value { kind: Kind::Unknown(_) | Kind::Reference(_), .. }) => Err(Fault::Derived),
            Ok(_) | Err(_) => Err(self.wrong_kind(index, "a number")),
        }
    }

    /// A whole number that fits 64 bits.
    pub(super) fn integer(&self, index: usize) -> Result<i64, Fault> {
        let number = self.number(index)?;
        number
            .as_i64()
            .ok_or_else(|| self.wrong(format!("argument {} must be a whole number, not {number}", index + 1)))
    }

    pub(super) fn list(&self, index: usize) -> Result<&'a List, Fault> {
        match &self.arguments[index].kind {
            Kind::List(list) => Ok(list),
            Kind::Reference(_) | Kind::Unknown(_) => Err(Fault::Derived),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Map(_) => {
                Err(self.wrong_kind(index, "a list"))
            }
        }
    }

    pub(super) fn map(&self, index: usize) -> Result<&'a Map, Fault> {
        match &self.arguments[index].kind {
            Kind::Map(map) => Ok(map),
            Kind::Reference(_) | Kind::Unknown(_) => Err(Fault::Derived),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) => {
                Err(self.wrong_kind(index, "a map or object"))
            }
        }
    }

    /// A text as result; a text of one hole is what stands in the hole.
    pub(super) fn made(&self, text: Text) -> Value {
        match text.pieces() {
            [crate::value::Piece::Hole(hole)] => (**hole).clone().never_null(),
            _ => Value::new(Kind::Text(text), Origin::none()),
        }
    }

    /// A known text as result, with the place of the first argument.
    pub(super) fn made_known(&self, text: &str) -> Value {
        Value::text(crate::value::nfc(text), self.origin())
    }

    /// Where the first argument that was written comes from.
    pub(super) fn origin(&self) -> Origin {
        let mut origins = self.arguments.iter().map(|argument| &argument.origin);
        origins.find(|origin| origin.newest().is_some()).cloned().unwrap_or_default()
    }

    pub(super) fn made_number(&self, number: impl Into<Number>) -> Value {
        Value::number(number, Origin::none())
    }

    pub(super) fn made_bool(&self, value: bool) -> Value {
        Value::bool(value, Origin::none())
    }

    /// True, false, or unknown because of the arguments.
    pub(super) fn made_tri(&self, tri: crate::logic::Tri) -> Answer {
        match tri {
            crate::logic::Tri::True => Ok(self.made_bool(true)),
            crate::logic::Tri::False => Ok(self.made_bool(false)),
            crate::logic::Tri::Unknown => Err(Fault::Derived),
        }
    }

    pub(super) fn made_list(&self, items: Vec<Value>, flavour: ListFlavour, open: Option<Reason>) -> Value {
        let (items, open) = self.at_most(items, open);
        made_list_of(List { items, flavour, open, is_indexed: true })
    }

    pub(super) fn made_map(&self, entries: impl Into<Entries>, flavour: MapFlavour, open: Option<Reason>) -> Value {
        let map = Map { entries: entries.into(), flavour, open, owner: None };
        Value::new(Kind::Map(std::sync::Arc::new(map)), Origin::none())
    }

    fn at_most(&self, mut items: Vec<Value>, open: Option<Reason>) -> (Vec<Value>, Option<Reason>) {
        if items.len() <= MOST_MEMBERS {
            return (items, open);
        }
        let object = format!("a collection of {} members made by `{}`", items.len(), self.function.name);
        items.truncate(MOST_MEMBERS);
        (items, Some(Reason::at("limit-elements", object, self.context.span)))
    }
}

/// The longest text of a message, in characters.
const LONGEST_MESSAGE: usize = 240;

/// Messages quote arguments, which may be long.
fn shortened(message: &str) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

/// The most members of one computed collection.
pub(super) const MOST_MEMBERS: usize = 10_000;

pub(super) fn made_list_of(list: List) -> Value {
    Value::new(Kind::List(std::sync::Arc::new(list)), Origin::none())
}
