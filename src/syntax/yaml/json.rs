//! JSON as JSON: tabs, duplicate keys, no surprises of YAML. One pass with a stack; what is wrong is said, and reading
//! goes on where the meaning is still clear (a missing or trailing comma, a raw line break in a text).

use std::collections::HashMap;

use super::key::{Key, key_of};
use super::{DEPTH_LIMIT, Duplicate, Entry, Fault, Kind, Node, Parsed, Scalar, Style};
use crate::source::{FileId, Span};

/// Reads one JSON value. A broken text yields what came before the fault.
pub fn parse(file: FileId, text: &str) -> Parsed {
    read(file, text, Repeated::LastWins)
}

/// The same, but members with the same name all stay, in order.
pub(crate) fn parse_repeated(file: FileId, text: &str) -> Parsed {
    read(file, text, Repeated::Kept)
}

fn read(file: FileId, text: &str, repeated: Repeated) -> Parsed {
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let parsed = Parsed { is_complete: true, ..Parsed::default() };
    let mut reader = Reader { file, text, bytes: text.as_bytes(), at, open: Vec::new(), parsed, repeated };
    if reader.read().is_none() {
        reader.parsed.is_complete = false;
    }
    while let Some(open) = reader.open.pop() {
        let end = reader.at;
        reader.close(open, end);
    }
    reader.parsed
}

/// What becomes of members with the same name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeated {
    LastWins,
    Kept,
}

struct Open {
    start: usize,
    content: Content,
    /// A comma stands before the next member.
    has_comma: bool,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, index: HashMap<Key, usize>, key: Option<(Key, Span)> },
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    open: Vec<Open>,
    parsed: Parsed,
    repeated: Repeated,
}

impl Reader<'_> {
    /// Nothing if reading had to stop.
    fn read(&mut self) -> Option<()> {
        loop {
            self.skip_blanks();
            if self.open.is_empty() && self.parsed.root.is_some() {
                if self.at < self.bytes.len() {
                    self.fault(self.at, self.at + 1, "something follows the end of the JSON value");
                }
                return Some(());
            }
            let Some(byte) = self.bytes.get(self.at).copied() else {
                if self.open.is_empty() {
                    return Some(());
                }
                self.fault(self.at, self.at, "the text ends within a list or an object");
                return None;
            };
            match byte {
                b'}' | b']' => self.end(byte)?,
                b',' => self.comma(),
                _ => self.member(byte)?,
            }
        }
    }

    fn skip_blanks(&mut self) {
        while self.bytes.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn fault(&mut self, start: usize, end: usize, message: &str) {
        // A hundred faults say enough about a text that is not JSON at all.
        if self.parsed.faults.len() < 100 {
            let mut end = end.min(self.bytes.len());
            while !self.text.is_char_boundary(end) {
                end += 1;
            }
            let span = Span::new(self.file, start, end);
            self.parsed.faults.push(Fault { reason: "syntax-error", span, message: message.to_owned() });
        }
    }

    fn end(&mut self, byte: u8) -> Option<()> {
        let start = self.at;
        self.at += 1;
        let Some(open) = self.open.pop() else {
            self.fault(start, self.at, "nothing is open that this could close");
            return None;
        };
        if matches!(open.content, Content::Map { .. }) != (byte == b'}') {
            self.fault(start, self.at, "this bracket closes another kind of collection");
            self.open.push(open);
            return None;
        }
        if open.has_comma {
            self.fault(start, self.at, "a comma stands before the closing bracket");
        }
        self.close(open, self.at);
        Some(())
    }

    fn close(&mut self, open: Open, end: usize) {
        let kind = match open.content {
            Content::List(items) => Kind::List(items),
            Content::Map { mut entries, key, .. } => {
                if let Some((key, key_span)) = key {
                    let value = Node::new(Kind::Unread("syntax-error"), Span { start: key_span.end, ..key_span });
                    entries.push(Entry { key, key_span, value });
                }
                Kind::Map(entries)
            }
        };
        self.add(Node::new(kind, Span::new(self.file, open.start, end)));
    }

    fn comma(&mut self) {
        let start = self.at;
        self.at += 1;
        let is_due = self.open.last().is_some_and(|open| !open.has_comma && open.is_between_members());
        if is_due {
            self.open.last_mut().into_iter().for_each(|open| open.has_comma = true);
        } else {
            self.fault(start, self.at, "no comma belongs here");
        }
    }

    /// A key, or a value: of a key, of a list, or the whole text.
    fn member(&mut self, byte: u8) -> Option<()> {
        let needs_comma = self.open.last().is_some_and(|open| open.needs_comma());
        if needs_comma {
            self.fault(self.at, self.at + 1, "a comma is missing");
        }
        let wants_key = matches!(self.open.last(), Some(Open { content: Content::Map { key: None, .. }, .. }));
        if wants_key {
            return self.key(byte);
        }
        match byte {
            b'{' | b'[' => self.begin(byte),
            b'"' => {
                let node = self.string()?;
                self.add(node);
                Some(())
            }
            _ => self.word(),
        }
    }

    fn key(&mut self, byte: u8) -> Option<()> {
        if byte != b'"' {
            self.fault(self.at, self.at + 1, "a key in quotes is expected");
            return None;
        }
        let node = self.string()?;
        self.skip_blanks();
        if self.bytes.get(self.at) == Some(&b':') {
            self.at += 1;
        } else {
            self.fault(self.at, self.at, "a colon is missing behind the key");
        }
        if let Some(Open { content: Content::Map { key, .. }, has_comma, .. }) = self.open.last_mut() {
            *key = Some((key_of(node.as_str().unwrap_or("")), node.span));
            *has_comma = false;
        }
        Some(())
    }

    fn begin(&mut self, byte: u8) -> Option<()> {
        if self.open.len() >= DEPTH_LIMIT as usize {
            self.fault(self.at, self.at + 1, "collections nest too deep");
            return None;
        }
        let content = match byte {
            b'[' => Content::List(Vec::new()),
            _ => Content::Map { entries: Vec::new(), index: HashMap::new(), key: None },
        };
        self.open.push(Open { start: self.at, content, has_comma: false });
        self.at += 1;
        Some(())
    }

    /// `true`, `false`, `null` or a number.
    fn word(&mut self) -> Option<()> {
        let start = self.at;
        let rest = &self.bytes[start..];
        let length = rest
            .iter()
            .position(|byte| {
                matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}' | b':' | b'"' | b'[' | b'{')
            })
            .unwrap_or(rest.len())
            .max(1);
        let word = self.text.get(start..start + length).unwrap_or("");
        let kind = match word {
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "null" => Kind::Null,
            word if is_number(word) => Kind::Number(word.into()),
            _ => {
                self.fault(start, start + length, "this is no JSON value");
                return None;
            }
        };
        self.at = start + length;
        self.add(Node::new(kind, Span::new(self.file, start, self.at)));
        Some(())
    }

    /// A text, from its opening quote on.
    fn string(&mut self) -> Option<Node> {
        let start = self.at;
        let mut decoded = String::new();
        let mut runs = vec![(0, start as u32 + 1)];
        let mut at = start + 1;
        loop {
            let run = self.bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
            let end = run.map_or(self.bytes.len(), |length| at + length);
            decoded.push_str(self.text.get(at..end).unwrap_or(""));
            at = end;
            match self.bytes.get(at) {
                None => {
                    self.fault(start, start + 1, "this text has no closing quote");
                    self.at = at;
                    return None;
                }
                Some(b'"') => break,
                Some(b'\\') => {
                    runs.push((decoded.len() as u32, at as u32));
                    let (character, length) = self.escape(at);
                    decoded.push(character);
                    at += length;
                    runs.push((decoded.len() as u32, at as u32));
                }
                Some(control) => {
                    decoded.push(char::from(*control));
                    self.fault(at, at + 1, "a control character stands in a text: it must be escaped");
                    at += 1;
                }
            }
        }
        self.at = at + 1;
        runs.dedup_by(|next, before| {
            next.0 == before.0 && {
                before.1 = next.1;
                true
            }
        });
        let scalar = Scalar::from_runs(&decoded, Style::Double, runs, start + 1, at);
        Some(Node::new(Kind::Text(scalar), Span::new(self.file, start, self.at)))
    }

    /// The character of an escape and the bytes it takes; two escapes that form one character count together.
    fn escape(&mut self, at: usize) -> (char, usize) {
        let simple = match self.bytes.get(at + 1) {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            Some(b'u') => return self.unicode(at),
            Some(_) | None => {
                self.fault(at, at + 1, "JSON knows no such escape");
                return ('\\', 1);
            }
        };
        (simple, 2)
    }

    fn unicode(&mut self, at: usize) -> (char, usize) {
        let Some(high) = self.hex4(at + 2) else {
            self.fault(at, at + 2, "four hexadecimal digits are expected");
            return ('\u{fffd}', 2);
        };
        if let Some(character) = char::from_u32(high) {
            return (character, 6);
        }
        let low = if self.bytes.get(at + 6..at + 8) == Some(b"\\u") { self.hex4(at + 8) } else { None };
        match low {
            Some(low) if (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low) => {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                (char::from_u32(code).unwrap_or('\u{fffd}'), 12)
            }
            _ => ('\u{fffd}', 6),
        }
    }

    fn hex4(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 4)?;
        digits.iter().try_fold(0, |sum, byte| Some(sum * 16 + char::from(*byte).to_digit(16)?))
    }

    fn add(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.parsed.root = Some(node);
            return;
        };
        open.has_comma = false;
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, index, key } => {
                let Some((key, key_span)) = key.take() else { return };
                match index.get(&key) {
                    Some(at) => {
                        let first = entries[*at].key_span;
                        self.parsed.duplicates.push(Duplicate { first, last: key_span });
                        let entry = Entry { key, key_span, value: node };
                        match self.repeated {
                            Repeated::LastWins => entries[*at] = entry,
                            Repeated::Kept => entries.push(entry),
                        }
                    }
                    None => {
                        index.insert(key.clone(), entries.len());
                        entries.push(Entry { key, key_span, value: node });
                    }
                }
            }
        }
    }
}

impl Open {
    fn is_between_members(&self) -> bool {
        match &self.content {
            Content::List(items) => !items.is_empty(),
            Content::Map { entries, key, .. } => !entries.is_empty() && key.is_none(),
        }
    }

    fn needs_comma(&self) -> bool {
        !self.has_comma && self.is_between_members()
    }
}

/// The grammar of JSON: no sign but minus, no leading zero, digits on both sides of the point.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let body = word.strip_prefix('-').unwrap_or(word);
    let (body, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    let (whole, fraction) = match body.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (body, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['-', '+']).unwrap_or(text)))
}
