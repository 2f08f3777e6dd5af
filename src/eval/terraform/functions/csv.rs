//! `csvdecode`: RFC 4180 as Go reads it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::{Answer, Call, Fault, Function, MOST_MEMBERS};
use crate::value::{ListFlavour, MapFlavour, Places, Value, nfc};

pub(super) const FUNCTIONS: &[Function] = &[Function::new("csvdecode", 1, 1, csvdecode)];

/// A field and the bytes that it was written with.
struct Field {
    text: String,
    start: usize,
    end: usize,
}

fn csvdecode(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    let known = text.known().ok_or(Fault::Derived)?;
    let mut reader = Reader { text: known, at: 0 };
    let Some(header) = reader.record(call)? else { return Err(call.wrong("the header line is missing")) };
    let names: Vec<Arc<str>> = header.iter().map(|field| nfc(&field.text).into()).collect();
    if let Some(twice) = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)) {
        return Err(call.wrong(format!("the column \"{}\" is there twice", twice.1)));
    }
    let places = Places::new(&text, call.context.world);
    let mut rows = Vec::new();
    while let Some(record) = reader.record(call)? {
        if record.len() != names.len() {
            return Err(call.wrong(format!("a line has {} fields, the header {}", record.len(), names.len())));
        }
        if rows.len() > MOST_MEMBERS {
            break;
        }
        let cells = names.iter().zip(&record).map(|(name, field)| {
            let origin = places.origin(field.start..field.end);
            (name.clone(), Value::text(nfc(&field.text), origin))
        });
        let entries: BTreeMap<Arc<str>, Value> = cells.collect();
        let origin = record.first().map(|field| places.origin(field.start..field.end)).unwrap_or_default();
        rows.push(Value { origin, ..call.made_map(entries, MapFlavour::Object, None) });
    }
    Ok(call.made_list(rows, ListFlavour::List, None))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// The next line that is not empty.
    fn record(&mut self, call: &Call<'_>) -> Result<Option<Vec<Field>>, Fault> {
        while let Some(length) = line_end(&self.text[self.at..]).filter(|length| *length > 0) {
            self.at += length;
        }
        if self.at >= self.text.len() {
            return Ok(None);
        }
        let mut fields = Vec::new();
        loop {
            fields.push(self.field(call)?);
            let rest = &self.text[self.at..];
            if rest.starts_with(',') {
                self.at += 1;
                continue;
            }
            self.at += line_end(rest).unwrap_or(0);
            return Ok(Some(fields));
        }
    }

    fn field(&mut self, call: &Call<'_>) -> Result<Field, Fault> {
        let start = self.at;
        let rest = &self.text[start..];
        if !rest.starts_with('"') {
            let length = rest.find([',', '\n']).unwrap_or(rest.len());
            let body = &rest[..length];
            let body = if rest[length..].starts_with(',') { body } else { body.strip_suffix('\r').unwrap_or(body) };
            if body.contains('"') {
                return Err(call.wrong("a quote stands in a field that is not quoted"));
            }
            self.at += body.len();
            return Ok(Field { text: body.to_owned(), start, end: self.at });
        }
        let mut text = String::new();
        let mut at = start + 1;
        loop {
            let rest = &self.text[at..];
            let Some(length) = rest.find('"') else { return Err(call.wrong("a quoted field never ends")) };
            text.push_str(&rest[..length].replace("\r\n", "\n"));
            at += length + 1;
            if !self.text[at..].starts_with('"') {
                break;
            }
            text.push('"');
            at += 1;
        }
        let rest = &self.text[at..];
        if !rest.is_empty() && !rest.starts_with(',') && line_end(rest).is_none() {
            return Err(call.wrong("something follows the closing quote of a field"));
        }
        self.at = at;
        Ok(Field { text, start, end: at })
    }
}

/// The length of the end of a line at the start of a text.
fn line_end(text: &str) -> Option<usize> {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => Some(2),
        [b'\n', ..] => Some(1),
        _ => None,
    }
}
