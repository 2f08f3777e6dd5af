//! Values of a TOML file with their places, each read as the type that is wanted there; what does not fit is an error
//! with its place and the reading goes on.

use std::ops::Range;

use serde_spanned::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::finding::Param;
use crate::source::TextError;
use crate::triage::Date;

use super::Named;

pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// Collects what is wrong with one file.
pub(super) struct Reader<'t> {
    path: &'t str,
    text: &'t str,
    pub(super) errors: Vec<TextError>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(path: &'t str, text: &'t str) -> Reader<'t> {
        Reader { path, text, errors: Vec::new() }
    }

    /// The file's top table, as far as it could be parsed.
    pub(super) fn parse(&mut self) -> DeTable<'t> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let range = error.span().unwrap_or(0..0);
            self.fault(range, error.message().to_owned());
        }
        table.into_inner()
    }

    pub(super) fn fault(&mut self, range: Range<usize>, message: impl Into<String>) {
        let error = self.error(range, message);
        self.errors.push(error);
    }

    pub(super) fn error(&self, range: Range<usize>, message: impl Into<String>) -> TextError {
        TextError::new(self.path, self.text, range, message)
    }

    pub(super) fn unknown_key(&mut self, key: &Named, known: &[&str]) {
        let error =
            self.error(key.range(), format!("unknown key `{}`", key.text)).offer(&key.text, known.iter().copied());
        self.errors.push(error);
    }

    fn expected(&mut self, value: &Value<'_>, what: &str) {
        let found = value.get_ref().type_str();
        self.fault(value.span(), format!("expected {what}, found {found}"));
    }

    pub(super) fn table<'v>(&mut self, value: &'v Value<'t>) -> Option<&'v DeTable<'t>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => {
                self.expected(value, "a table");
                None
            }
        }
    }

    pub(super) fn array<'v>(&mut self, value: &'v Value<'t>) -> Option<&'v DeArray<'t>> {
        match value.get_ref() {
            DeValue::Array(array) => Some(array),
            _ => {
                self.expected(value, "a list");
                None
            }
        }
    }

    pub(super) fn text(&mut self, value: &Value<'_>) -> Option<Named> {
        match value.get_ref() {
            DeValue::String(text) => Some(Named::new(text.as_ref(), value.span())),
            _ => {
                self.expected(value, "a text");
                None
            }
        }
    }

    pub(super) fn texts(&mut self, value: &Value<'t>) -> Vec<Named> {
        let Some(array) = self.array(value) else { return Vec::new() };
        array.iter().filter_map(|item| self.text(item)).collect()
    }

    pub(super) fn plain_texts(&mut self, value: &Value<'t>) -> Vec<String> {
        self.texts(value).into_iter().map(|named| named.text).collect()
    }

    pub(super) fn boolean(&mut self, value: &Value<'_>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => {
                self.expected(value, "true or false");
                None
            }
        }
    }

    pub(super) fn number(&mut self, value: &Value<'_>) -> Option<u64> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            self.expected(value, "a whole number that is not negative");
        }
        number
    }

    /// One of some words.
    pub(super) fn word<T>(
        &mut self,
        value: &Value<'_>,
        words: &[&str],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let named = self.text(value)?;
        let parsed = parse(&named.text);
        if parsed.is_none() {
            let error = self
                .error(named.range(), format!("`{}` is not one of the words for this key", named.text))
                .offer(&named.text, words.iter().copied());
            self.errors.push(error);
        }
        parsed
    }

    /// A day, as a TOML date or as text.
    pub(super) fn date(&mut self, value: &Value<'_>) -> Option<Date> {
        let date = match value.get_ref() {
            DeValue::Datetime(datetime) if datetime.time.is_none() => {
                datetime.date.and_then(|date| Date::new(date.year, date.month, date.day))
            }
            DeValue::String(text) => Date::parse(text),
            _ => None,
        };
        if date.is_none() {
            self.fault(value.span(), "expected a day: 2026-12-31");
        }
        date
    }

    /// `10 MiB`, `500 kB`, or a number of bytes.
    pub(super) fn size(&mut self, value: &Value<'_>) -> Option<u64> {
        let size = match value.get_ref() {
            DeValue::String(text) => parse_size(text),
            DeValue::Integer(_) => return self.number(value),
            _ => None,
        };
        if size.is_none() {
            self.fault(value.span(), "expected a size: \"10 MiB\"");
        }
        size
    }

    /// The value of a rule's parameter, whatever its type.
    pub(super) fn param(&mut self, value: &Value<'t>) -> Option<Param> {
        match value.get_ref() {
            DeValue::Boolean(value) => Some(Param::Bool(*value)),
            DeValue::Integer(number) => number.as_str().replace('_', "").parse().ok().map(Param::Number),
            DeValue::Float(number) => number.as_str().replace('_', "").parse().ok().map(Param::Number),
            DeValue::String(text) => Some(Param::Text(text.to_string())),
            DeValue::Array(_) => Some(Param::Texts(self.plain_texts(value))),
            DeValue::Datetime(_) | DeValue::Table(_) => {
                self.expected(value, "a text, a number, true or false, or a list of texts");
                None
            }
        }
    }
}

/// The keys and values of a table in the order in which they are written.
pub(super) fn entries<'v, 't>(table: &'v DeTable<'t>) -> Vec<(Named, &'v Value<'t>)> {
    let mut entries: Vec<_> =
        table.iter().map(|(key, value)| (Named::new(key.get_ref().as_ref(), key.span()), value)).collect();
    entries.sort_by_key(|(key, _)| key.range);
    entries
}

/// Bytes.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}
