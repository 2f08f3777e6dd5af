//! `jsonencode` and `jsondecode`, on values and texts that may be partly unknown. The text of the one keeps the value
//! that it was made of; the other reads a text with holes and says where in the files each part stands.

use std::borrow::Cow;
use std::sync::Arc;

use super::call::{Answer, Call, Fault, Function, Spread};
use super::read_json::{JsonError, read_json};
use crate::value::{
    Kind, List, ListFlavour, Map, MapFlavour, Origin, Piece, Text, TextBuilder, Value, Wrapper, is_identity,
};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("jsondecode", 1, 1, jsondecode).spreading(Spread::Shallow).perhaps_null(),
    Function::new("jsonencode", 1, 1, jsonencode),
];

/// Values nested deeper than this are not written or read.
pub(super) const DEEPEST: usize = 128;

fn jsonencode(call: &Call<'_>) -> Answer {
    let value = &call.arguments[0];
    if matches!(value.kind, Kind::Unknown(_)) {
        return Err(Fault::Derived);
    }
    let text = to_json(value).map_err(|message| call.unknown("limit-depth", message))?;
    let wrapped = text.wrapping(Wrapper::Json, value.clone());
    Ok(Value::new(Kind::Text(wrapped), Origin::none()))
}

fn jsondecode(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    if let Some(wrapped) = text.wrapped().filter(|wrapped| wrapped.by == Wrapper::Json) {
        return Ok(decoded(&wrapped.value));
    }
    if let [Piece::Hole(_)] = text.pieces() {
        return Err(Fault::Derived);
    }
    match read_json(&text, call.context.world) {
        Ok(value) => Ok(value),
        Err(JsonError::Depth) => Err(call.unknown("limit-depth", "a JSON text nested too deeply")),
        // What stands in a hole may set right what looks wrong.
        Err(JsonError::Syntax { .. }) if text.known().is_none() => Err(Fault::Derived),
        Err(JsonError::Syntax { at, message }) => Err(call.wrong(format!("no JSON: {message}, at byte {at}"))),
    }
}

/// What decoding gives of a value that was encoded: tuples and objects, with the places of the original.
pub(super) fn decoded(value: &Value) -> Value {
    if is_decoded(value) {
        return value.clone();
    }
    decoded_at(value, 0)
}

/// Whether decoding gives the value as it is.
fn is_decoded(value: &Value) -> bool {
    value.walk().all(|part| match &part.kind {
        Kind::List(list) => list.flavour == ListFlavour::Tuple,
        Kind::Map(map) => map.flavour == MapFlavour::Object,
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Reference(_) | Kind::Unknown(_) => true,
    })
}

fn decoded_at(value: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return value.clone();
    }
    let kind = match &value.kind {
        Kind::List(list) => {
            let items = list.items.iter().map(|item| decoded_at(item, depth + 1)).collect();
            Kind::List(Arc::new(List { items, flavour: ListFlavour::Tuple, ..(**list).clone() }))
        }
        Kind::Map(map) => {
            let entries = map.entries.iter().map(|(key, value)| (key.clone(), decoded_at(value, depth + 1))).collect();
            Kind::Map(Arc::new(Map { entries, flavour: MapFlavour::Object, ..(**map).clone() }))
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Reference(_) | Kind::Unknown(_) => {
            return value.clone();
        }
    };
    Value { kind, origin: value.origin.clone(), sensitive: value.sensitive }
}

/// The JSON text of a value, with holes for what is not known.
pub(super) fn to_json(value: &Value) -> Result<Text, String> {
    let mut writer = Writer::default();
    writer.value(value, 0)?;
    writer.flush();
    Ok(writer.builder.finish())
}

/// Writes JSON into a text.
#[derive(Default)]
struct Writer {
    builder: TextBuilder,
    /// Marks and keys that are still to be added: they stand nowhere.
    marks: String,
}

impl Writer {
    fn flush(&mut self) {
        self.builder.literal(&self.marks, &Origin::none());
        self.marks.clear();
    }

    fn literal(&mut self, text: &str, origin: &Origin) {
        self.flush();
        self.builder.literal(text, origin);
    }

    fn hole(&mut self, value: Value) {
        self.flush();
        self.builder.hole(value);
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!("a value nested deeper than {DEEPEST} levels"));
        }
        let origin = &value.origin;
        match &value.kind {
            Kind::Null => self.literal("null", origin),
            Kind::Bool(value) => self.literal(if *value { "true" } else { "false" }, origin),
            Kind::Number(number) => self.literal(&number.to_string(), origin),
            Kind::Text(text) => self.text(text),
            Kind::List(list) => return self.list(value, list, depth),
            Kind::Map(map) => return self.map(value, map, depth),
            Kind::Reference(reference) if is_identity(reference) => self.text(&Text::hole(value.clone())),
            Kind::Reference(_) | Kind::Unknown(_) => self.hole(encoded(value)),
        }
        Ok(())
    }

    fn text(&mut self, text: &Text) {
        self.marks.push('"');
        for piece in text.pieces() {
            match piece {
                Piece::Literal(literal, origin) => self.literal(&escaped(literal), origin),
                // What identifies a resource has nothing to escape; for the rest the difference is kept.
                Piece::Hole(hole) if matches!(hole.kind, Kind::Reference(_)) => self.hole((**hole).clone()),
                Piece::Hole(hole) => {
                    self.hole(Value::derived("jsonescape", std::slice::from_ref(&**hole), hole.origin.clone()));
                }
            }
        }
        self.marks.push('"');
    }

    fn list(&mut self, value: &Value, list: &List, depth: usize) -> Result<(), String> {
        let has_order = list.flavour != ListFlavour::Set || value.is_wholly_known();
        if !list.is_indexed || !has_order {
            self.hole(encoded(value));
            return Ok(());
        }
        self.marks.push('[');
        for (index, item) in list.items.iter().enumerate() {
            if index > 0 {
                self.marks.push(',');
            }
            self.value(item, depth + 1)?;
        }
        if list.open.is_some() {
            self.hole(encoded(value));
        }
        self.marks.push(']');
        Ok(())
    }

    fn map(&mut self, value: &Value, map: &Map, depth: usize) -> Result<(), String> {
        if map.open.is_some() || map.owner.is_some() {
            self.hole(encoded(value));
            return Ok(());
        }
        self.marks.push('{');
        for (index, (key, member)) in map.entries.iter().enumerate() {
            self.marks.push_str(if index > 0 { ",\"" } else { "\"" });
            self.marks.push_str(&escaped(key));
            self.marks.push_str("\":");
            self.value(member, depth + 1)?;
        }
        self.marks.push('}');
        Ok(())
    }
}

/// The JSON text of something unknown.
fn encoded(value: &Value) -> Value {
    Value::derived("jsonencode", std::slice::from_ref(value), value.origin.clone())
}

/// A text in quotes, as `jsonencode` writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// The bytes that stand for themselves.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x20_u8;
    while byte < 0x80 {
        plain[byte as usize] = !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&');
        byte += 1;
    }
    plain
};

fn escaped(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| PLAIN[usize::from(byte)]) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}
