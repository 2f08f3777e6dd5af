//! `yamlencode` and `yamldecode`. YAML as Terraform reads it is older than that of the shared reader: `yes` is a bool,
//! `010` a ten, a date a timestamp; so plain scalars are resolved here.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::{Answer, Call, Fault, Function, Spread};
use super::date;
use super::json::{DEEPEST, decoded};
use crate::source::FileId;
use crate::syntax::yaml::{self, Entry, Node, Style};
use crate::value::{Kind, ListFlavour, MapFlavour, Number, Origin, Places, Text, Value, Wrapper, nfc};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("yamldecode", 1, 1, yamldecode).spreading(Spread::Shallow).perhaps_null(),
    Function::new("yamlencode", 1, 1, yamlencode),
];

/// The most nodes of a document, those that aliases repeat included.
const MOST_NODES: usize = 10_000;

fn yamldecode(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    if let Some(wrapped) = text.wrapped().filter(|wrapped| matches!(wrapped.by, Wrapper::Json | Wrapper::Yaml)) {
        return Ok(decoded(&wrapped.value));
    }
    let known = text.known().ok_or(Fault::Derived)?;
    // The file is only a label here: places go through the text's own.
    let parsed = yaml::parse(FileId(0), known);
    if let Some(fault) = parsed.faults.first() {
        return Err(call.wrong(format!("no YAML: {}", fault.message)));
    }
    if parsed.second_document.is_some() {
        return Err(call.wrong("there is more than one document"));
    }
    if !parsed.is_complete {
        return Err(call.unknown("limit-elements", "a YAML document that is too big"));
    }
    let Some(root) = &parsed.root else { return Ok(Value::null(call.origin())) };
    let mut reader = Reader { call, text: known, places: Places::new(&text, call.context.world), n_nodes: 0 };
    reader.node(root, 0)
}

struct Reader<'a> {
    call: &'a Call<'a>,
    text: &'a str,
    places: Places<'a>,
    n_nodes: usize,
}

impl Reader<'_> {
    fn node(&mut self, node: &Node, depth: usize) -> Answer {
        self.n_nodes += 1;
        if self.n_nodes > MOST_NODES {
            return Err(self
                .call
                .unknown("limit-elements", format!("a YAML document of more than {MOST_NODES} nodes")));
        }
        if depth > DEEPEST {
            return Err(self.call.unknown("limit-depth", "a YAML document nested too deeply"));
        }
        if let Some(tag) = node.resolved().tag.as_ref().filter(|tag| !tag.text.is_empty()) {
            return Err(self.call.wrong(format!("the tag `{}` is not supported", tag.text)));
        }
        let origin = self.places.origin(node.resolved().span.range());
        let value = match node.kind() {
            yaml::Kind::Null => Value::null(origin),
            yaml::Kind::Bool(value) => Value::bool(*value, origin),
            yaml::Kind::Number(text) => self.number(text, origin)?,
            yaml::Kind::Text(scalar) if scalar.style == Style::Plain => self.plain(scalar.as_str(), origin)?,
            yaml::Kind::Text(scalar) => Value::text(nfc(scalar.as_str()), origin),
            yaml::Kind::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.node(item, depth + 1)?);
                }
                Value { origin, ..self.call.made_list(values, ListFlavour::Tuple, None) }
            }
            yaml::Kind::Map(entries) => {
                let entries = self.entries(entries, depth)?;
                Value { origin, ..self.call.made_map(entries, MapFlavour::Object, None) }
            }
            yaml::Kind::Unread(reason) => return Err(self.call.unknown(reason, "an alias")),
        };
        Ok(value)
    }

    fn entries(&mut self, entries: &[Entry], depth: usize) -> Result<BTreeMap<Arc<str>, Value>, Fault> {
        let mut merged: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        let mut own: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        for entry in entries {
            let is_plain = !self.text.get(entry.key_span.range()).is_some_and(|key| key.starts_with(['"', '\'']));
            let value = self.node(&entry.value, depth + 1)?;
            if &*entry.key == "<<" && is_plain {
                self.merge(&mut merged, &value)?;
                continue;
            }
            let key = if is_plain { self.key(&entry.key)? } else { nfc(&entry.key).into_owned() };
            own.insert(key.into(), value);
        }
        merged.append(&mut own);
        Ok(merged)
    }

    /// The entries of a merge key; of several maps the first one counts.
    fn merge(&self, merged: &mut BTreeMap<Arc<str>, Value>, value: &Value) -> Result<(), Fault> {
        let maps: Vec<&Value> = match &value.kind {
            Kind::List(list) => list.items.iter().collect(),
            _ => vec![value],
        };
        for map in maps {
            let Some(map) = map.as_map() else { return Err(self.call.wrong("only maps can be merged by `<<`")) };
            for (key, value) in &map.entries {
                merged.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        Ok(())
    }

    /// A key is resolved like any scalar, and becomes text again.
    fn key(&self, text: &str) -> Result<String, Fault> {
        let value = match is_number(text) {
            true => self.number(text, Origin::none())?,
            false => self.plain(text, Origin::none())?,
        };
        Ok(value.as_text().and_then(|text| text.known().map(str::to_owned)).unwrap_or_else(|| text.to_owned()))
    }

    fn plain(&self, text: &str, origin: Origin) -> Answer {
        let value = match text {
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::bool(true, origin),
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::bool(false, origin),
            _ if is_number(text) => return self.number(text, origin),
            _ => match date::normal_form(text).filter(|_| text.starts_with(|c: char| c.is_ascii_digit())) {
                Some(timestamp) => Value::text(timestamp, origin),
                None => Value::text(nfc(text), origin),
            },
        };
        Ok(value)
    }

    fn number(&self, text: &str, origin: Origin) -> Answer {
        let digits = text.replace('_', "");
        let (sign, body) = match digits.strip_prefix('-') {
            Some(body) => (-1, body),
            None => (1, digits.strip_prefix('+').unwrap_or(&digits)),
        };
        let radix = [("0x", 16), ("0b", 2), ("0o", 8)].into_iter().find(|(prefix, _)| body.starts_with(prefix));
        let number = match radix {
            Some((_, radix)) => i128::from_str_radix(&body[2..], radix).ok().map(|it| Number::new(sign * it, 0)),
            None => Number::parse(&digits),
        };
        match number {
            Some(number) => Ok(Value::number(number, origin)),
            None => Err(self.call.unknown("limit-number", text)),
        }
    }
}

/// A number that the shared reader takes for text, or that stands in a key.
fn is_number(text: &str) -> bool {
    let digits = text.replace('_', "");
    let body = digits.strip_prefix(['+', '-']).unwrap_or(&digits);
    let starts = body.starts_with(|c: char| c.is_ascii_digit());
    let is_radix = |prefix: &str, radix: u32| {
        body.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix)))
    };
    starts && (Number::parse(&digits).is_some() || is_radix("0x", 16) || is_radix("0b", 2) || is_radix("0o", 8))
}

fn yamlencode(call: &Call<'_>) -> Answer {
    let value = &call.arguments[0];
    if matches!(value.kind, Kind::Unknown(_)) {
        return Err(Fault::Derived);
    }
    let text = match value.is_wholly_known() {
        true => {
            let mut out = String::new();
            write(call, &mut out, value, Place { indent: 0, depth: 0 })?;
            Text::literal(&out, call.origin())
        }
        false => Text::hole(Value::derived("yamlencode", call.arguments, call.origin())),
    };
    Ok(Value::new(Kind::Text(text.wrapping(Wrapper::Yaml, value.clone())), Origin::none()))
}

#[derive(Clone, Copy)]
struct Place {
    indent: usize,
    depth: usize,
}

/// Writes a value that begins where the line stands, and ends it with a newline.
fn write(call: &Call<'_>, out: &mut String, value: &Value, place: Place) -> Result<(), Fault> {
    if place.depth > DEEPEST {
        return Err(call.unknown("limit-depth", "a value nested too deeply"));
    }
    match &value.kind {
        Kind::Null => out.push_str("null\n"),
        Kind::Bool(value) => out.push_str(if *value { "true\n" } else { "false\n" }),
        Kind::Number(number) => out.push_str(&format!("{number}\n")),
        Kind::Text(text) => write_text(out, text.known().unwrap_or(""), place.indent),
        Kind::List(list) if list.items.is_empty() => out.push_str("[]\n"),
        Kind::Map(map) if map.entries.is_empty() => out.push_str("{}\n"),
        Kind::List(list) => {
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    out.push_str(&" ".repeat(place.indent));
                }
                out.push_str("- ");
                write(call, out, item, Place { indent: place.indent + 2, depth: place.depth + 1 })?;
            }
        }
        Kind::Map(map) => {
            for (index, (key, item)) in map.entries.iter().enumerate() {
                if index > 0 {
                    out.push_str(&" ".repeat(place.indent));
                }
                out.push_str(&double_quoted(key));
                out.push(':');
                write_member(call, out, item, place)?;
            }
        }
        Kind::Reference(_) | Kind::Unknown(_) => return Err(Fault::Derived),
    }
    Ok(())
}

/// What stands behind a key: scalars on the same line, lists at the key's own indentation, maps further in.
fn write_member(call: &Call<'_>, out: &mut String, item: &Value, place: Place) -> Result<(), Fault> {
    let inner = match &item.kind {
        Kind::List(list) if !list.items.is_empty() => place.indent,
        Kind::Map(map) if !map.entries.is_empty() => place.indent + 2,
        _ => {
            out.push(' ');
            return write(call, out, item, Place { indent: place.indent, depth: place.depth + 1 });
        }
    };
    out.push('\n');
    out.push_str(&" ".repeat(inner));
    write(call, out, item, Place { indent: inner, depth: place.depth + 1 })
}

/// Texts of several lines as blocks, if a block can hold them; all others in double quotes.
fn write_text(out: &mut String, text: &str, indent: usize) {
    let is_printable = |c: char| c == '\n' || (!c.is_control() && c != '\u{feff}');
    let fits_block =
        text.contains('\n') && !text.contains(" \n") && !text.ends_with(' ') && text.chars().all(is_printable);
    if !fits_block {
        out.push_str(&double_quoted(text));
        out.push('\n');
        return;
    }
    let body = text.trim_end_matches('\n');
    let chomping = match text.len() - body.len() {
        0 => "-",
        1 if !body.is_empty() => "",
        _ => "+",
    };
    let indicator = if text.starts_with([' ', '\n']) { "2" } else { "" };
    out.push_str(&format!("|{indicator}{chomping}\n"));
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent + 2));
            out.push_str(line);
        }
        out.push('\n');
    }
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{a0}' => out.push_str("\\_"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            '\u{feff}' => out.push_str("\\uFEFF"),
            c if c.is_control() && u32::from(c) < 0x100 => out.push_str(&format!("\\x{:02X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
