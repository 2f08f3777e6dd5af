//! JSON as Terraform's `jsondecode` reads it, from a text that may have holes. A hole inside a string is a hole of
//! that text, a hole that is a whole value is that value, and a hole where there could be more opens what it stands in.
//! Own code beside `syntax::yaml::json`, since no reader of plain text knows holes.

use std::ops::Range;
use std::sync::Arc;

use super::json::DEEPEST;
use crate::logic::Reason;
use crate::source::World;
use crate::value::{
    Kind, List, ListFlavour, Map, MapFlavour, Number, Origin, Piece, Places, Text, TextBuilder, Value, is_identity, nfc,
};

#[derive(Debug)]
pub(super) enum JsonError {
    Syntax {
        /// Bytes of the literals.
        at: usize,
        message: &'static str,
    },
    Depth,
}

pub(super) fn read_json(text: &Text, world: &World) -> Result<Value, JsonError> {
    let mut reader = Reader { pieces: text.pieces(), piece: 0, within: 0, at: 0, places: Places::new(text, world) };
    let value = reader.value(0)?;
    reader.blanks();
    match reader.next() {
        None => Ok(value),
        Some(Next::Hole(_) | Next::Byte(_)) => Err(reader.error("something follows the value")),
    }
}

struct Reader<'a> {
    pieces: &'a [Piece],
    piece: usize,
    /// In the current piece.
    within: usize,
    /// In all literals.
    at: usize,
    places: Places<'a>,
}

#[derive(Clone, Copy)]
enum Next<'a> {
    Byte(u8),
    Hole(&'a Value),
}

impl<'a> Reader<'a> {
    fn next(&self) -> Option<Next<'a>> {
        match self.pieces.get(self.piece)? {
            Piece::Literal(text, _) if self.within < text.len() => Some(Next::Byte(text.as_bytes()[self.within])),
            Piece::Literal(..) => match self.pieces.get(self.piece + 1)? {
                Piece::Hole(hole) => Some(Next::Hole(hole)),
                Piece::Literal(text, _) => text.bytes().next().map(Next::Byte),
            },
            Piece::Hole(hole) => Some(Next::Hole(hole)),
        }
    }

    fn byte(&self) -> Option<u8> {
        match self.next()? {
            Next::Byte(byte) => Some(byte),
            Next::Hole(_) => None,
        }
    }

    /// Steps over one byte or one hole.
    fn step(&mut self) {
        while let Some(Piece::Literal(text, _)) = self.pieces.get(self.piece) {
            if self.within < text.len() {
                self.within += 1;
                self.at += 1;
                return;
            }
            self.piece += 1;
            self.within = 0;
        }
        self.piece += 1;
        self.within = 0;
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.step();
        }
    }

    fn error(&self, message: &'static str) -> JsonError {
        JsonError::Syntax { at: self.at, message }
    }

    fn made(&self, kind: Kind, range: Range<usize>) -> Value {
        Value::new(kind, self.places.origin(range))
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth > DEEPEST {
            return Err(JsonError::Depth);
        }
        self.blanks();
        match self.next() {
            Some(Next::Byte(b'{')) => self.object(depth),
            Some(Next::Byte(b'[')) => self.array(depth),
            Some(Next::Byte(b'"')) => {
                let start = self.at;
                let text = self.string()?;
                Ok(self.text_value(text, start))
            }
            Some(Next::Byte(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') | Next::Hole(_)) => self.scalar(),
            Some(Next::Byte(_)) => Err(self.error("a value is missing")),
            None => Err(self.error("the text ends where a value is missing")),
        }
    }

    fn text_value(&self, text: Text, start: usize) -> Value {
        match text.pieces() {
            [Piece::Hole(hole)] => (**hole).clone().never_null(),
            _ => {
                let sensitive = text.holes().any(|hole| hole.sensitive);
                Value { sensitive, ..self.made(Kind::Text(text), start..self.at) }
            }
        }
    }

    /// A number or a word, with holes or in one.
    fn scalar(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        let mut word = String::new();
        let mut holes: Vec<&Value> = Vec::new();
        loop {
            match self.next() {
                Some(Next::Hole(hole)) => holes.push(hole),
                Some(Next::Byte(byte @ (b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'+' | b'.'))) => {
                    word.push(char::from(byte));
                }
                Some(Next::Byte(_)) | None => break,
            }
            self.step();
        }
        if let [hole] = holes[..]
            && word.is_empty()
        {
            return Ok(whole_value(hole));
        }
        if !holes.is_empty() {
            return Err(JsonError::Syntax { at: start, message: "something stands right beside a value" });
        }
        let kind = match word.as_str() {
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "null" => Kind::Null,
            word if is_number(word) => match Number::parse(word) {
                Some(number) => Kind::Number(number),
                None => {
                    let reason = Reason::new("limit-number", "a number of too many digits");
                    let text = Value::text(word, Origin::none());
                    return Ok(Value::derived_for("jsondecode", &[text], reason, self.places.origin(start..self.at)));
                }
            },
            _ => return Err(JsonError::Syntax { at: start, message: "neither a number nor true, false or null" }),
        };
        Ok(self.made(kind, start..self.at))
    }

    /// A string from its quote to behind its closing quote.
    fn string(&mut self) -> Result<Text, JsonError> {
        self.step();
        let mut builder = TextBuilder::default();
        let mut run: Vec<u8> = Vec::new();
        let mut start = self.at;
        loop {
            let next = self.next();
            match next {
                Some(Next::Byte(b'"')) => {
                    self.end_run(&mut builder, &mut run, start)?;
                    self.step();
                    return Ok(builder.finish());
                }
                Some(Next::Byte(b'\\')) => {
                    self.step();
                    let c = self.escape()?;
                    run.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(Next::Byte(0..=0x1f)) => return Err(self.error("a control character in a string")),
                Some(Next::Byte(byte)) => {
                    run.push(byte);
                    self.step();
                }
                Some(Next::Hole(hole)) => {
                    self.end_run(&mut builder, &mut run, start)?;
                    builder.hole(hole.clone());
                    self.step();
                    start = self.at;
                }
                None => return Err(self.error("a string never ends")),
            }
        }
    }

    fn end_run(&self, builder: &mut TextBuilder, run: &mut Vec<u8>, start: usize) -> Result<(), JsonError> {
        let bytes = std::mem::take(run);
        let text = String::from_utf8(bytes).map_err(|_| self.error("a string that is not UTF-8"))?;
        let parts = self.places.cut(start..self.at);
        // Without escapes each byte of the string is one of the text: what came from several places keeps them.
        if parts.len() > 1 && text.len() == self.at - start && text.is_ascii() {
            for part in parts {
                builder.literal(&text[part.start - start..part.end - start], &self.places.origin(part));
            }
        } else if builder.is_empty() || !text.is_empty() {
            builder.literal(&nfc(&text), &self.places.origin(start..self.at));
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let c = match self.byte() {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code(),
            Some(_) | None => return Err(self.error("an escape that JSON does not know")),
        };
        self.step();
        Ok(c)
    }

    /// `uXXXX`, and its other half where it is one half of a pair. A half alone is the replacement character.
    fn code(&mut self) -> Result<char, JsonError> {
        let high = self.hex()?;
        if !(0xd800..0xdc00).contains(&high) {
            return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = (self.piece, self.within, self.at);
        if self.byte() == Some(b'\\') {
            self.step();
            if self.byte() == Some(b'u') {
                let low = self.hex()?;
                if (0xdc00..0xe000).contains(&low) {
                    let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
        }
        (self.piece, self.within, self.at) = before;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        self.step();
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.error("four hexadecimal digits are missing"))?;
            self.step();
        }
        Ok(code)
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        let start = self.at;
        self.step();
        let mut members = Members::default();
        self.blanks();
        while self.byte() != Some(b']') {
            if members.needs_comma {
                self.comma(&mut members.open)?;
                if self.byte() == Some(b']') {
                    break;
                }
            }
            if let Some(Next::Hole(hole)) = self.next() {
                // Several members may stand in it, or none.
                if !hole.as_reference().is_some_and(is_identity) {
                    self.step();
                    members.opened_by(hole);
                    self.blanks();
                    continue;
                }
            }
            if members.open.is_some() && self.byte() == Some(b',') {
                self.step();
                self.blanks();
                continue;
            }
            let item = self.value(depth + 1)?;
            members.items.push(item);
            members.needs_comma = true;
            self.blanks();
        }
        self.step();
        let Members { items, open, is_indexed, .. } = members;
        let list = List { items, flavour: ListFlavour::Tuple, open, is_indexed };
        Ok(self.made(Kind::List(Arc::new(list)), start..self.at))
    }

    /// The comma between members; a hole in its place opens the collection.
    fn comma(&mut self, open: &mut Option<Reason>) -> Result<(), JsonError> {
        match self.next() {
            Some(Next::Byte(b',')) => {
                self.step();
                self.blanks();
                match (self.byte(), &open) {
                    (Some(b']' | b'}'), None) => Err(self.error("a value is missing after the comma")),
                    _ => Ok(()),
                }
            }
            Some(Next::Hole(hole)) => {
                *open = open.take().or_else(|| hole.first_reason());
                self.step();
                self.blanks();
                if self.byte() == Some(b',') {
                    self.step();
                    self.blanks();
                }
                Ok(())
            }
            Some(Next::Byte(_)) if open.is_some() => Ok(()),
            Some(Next::Byte(_)) => Err(self.error("a comma is missing")),
            None => Err(self.error("a bracket is never closed")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        let start = self.at;
        self.step();
        let mut entries: Vec<(Arc<str>, Value)> = Vec::new();
        let mut open = None;
        let mut needs_comma = false;
        self.blanks();
        while self.byte() != Some(b'}') {
            if needs_comma {
                self.comma(&mut open)?;
                if self.byte() == Some(b'}') {
                    break;
                }
            }
            match self.next() {
                Some(Next::Byte(b'"')) => {}
                Some(Next::Hole(hole)) => {
                    open = open.or_else(|| hole.first_reason());
                    self.step();
                    self.blanks();
                    needs_comma = false;
                    continue;
                }
                Some(Next::Byte(b',')) if open.is_some() => {
                    self.step();
                    self.blanks();
                    continue;
                }
                Some(Next::Byte(_)) => return Err(self.error("a key in quotes is missing")),
                None => return Err(self.error("a brace is never closed")),
            }
            let key = self.string()?;
            self.blanks();
            if self.byte() != Some(b':') {
                return Err(self.error("a colon is missing"));
            }
            self.step();
            let value = self.value(depth + 1)?;
            match key.known() {
                Some(key) => {
                    entries.push((key.into(), value));
                }
                None => open = open.or_else(|| key.holes().next().and_then(Value::first_reason)),
            }
            needs_comma = true;
            self.blanks();
        }
        self.step();
        let map = Map { entries: entries.into(), flavour: MapFlavour::Object, open, owner: None };
        Ok(self.made(Kind::Map(Arc::new(map)), start..self.at))
    }
}

/// The members of an array so far.
struct Members {
    items: Vec<Value>,
    open: Option<Reason>,
    is_indexed: bool,
    needs_comma: bool,
}

impl Default for Members {
    fn default() -> Members {
        Members { items: Vec::new(), open: None, is_indexed: true, needs_comma: false }
    }
}

impl Members {
    fn opened_by(&mut self, hole: &Value) {
        self.open = self.open.take().or_else(|| hole.first_reason());
        self.is_indexed = false;
        self.needs_comma = false;
    }
}

/// The value whose JSON text is all that stands in a hole.
fn whole_value(hole: &Value) -> Value {
    match &hole.kind {
        Kind::Reference(_) => hole.clone(),
        _ => Value::derived("jsondecode", std::slice::from_ref(hole), hole.origin.clone()).perhaps_null(),
    }
}

/// A number as JSON writes it: no sign but `-`, no leading noughts, digits on both sides of the point.
fn is_number(word: &str) -> bool {
    let body = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}
