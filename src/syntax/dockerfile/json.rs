//! The exec form: a JSON array of texts, with the place of each. Anything else is no exec form.

use std::ops::Range;

use crate::source::MappedText;

/// The members of a JSON array of texts that fills `range`; nothing if it is not one.
pub(super) fn texts(source: &MappedText, range: Range<usize>) -> Option<Vec<MappedText>> {
    let mut reader = Reader { source, at: range.start, end: range.end };
    reader.skip_blanks();
    reader.expect(b'[')?;
    let mut members = Vec::new();
    reader.skip_blanks();
    if reader.peek() == Some(b']') {
        reader.at += 1;
    } else {
        loop {
            reader.skip_blanks();
            members.push(reader.text()?);
            reader.skip_blanks();
            match reader.peek()? {
                b',' => reader.at += 1,
                b']' => {
                    reader.at += 1;
                    break;
                }
                _ => return None,
            }
        }
    }
    reader.skip_blanks();
    (reader.at == reader.end).then_some(members)
}

struct Reader<'a> {
    source: &'a MappedText,
    at: usize,
    end: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        if self.at < self.end { self.source.text().as_bytes().get(self.at).copied() } else { None }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        let found = self.peek() == Some(byte);
        self.at += 1;
        found.then_some(())
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn text(&mut self) -> Option<MappedText> {
        self.expect(b'"')?;
        let start = self.source.span(self.at..self.at).start as usize;
        let mut text = MappedText::new(self.source.file(), start);
        let mut run = self.at;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    text.push_part(self.source, run..self.at);
                    let escape = self.at;
                    let decoded = self.escape()?;
                    let written = self.source.span(escape..self.at).range();
                    text.push(decoded.encode_utf8(&mut [0; 4]), written);
                    run = self.at;
                }
                byte if byte < 0x20 && byte != b'\t' => return None,
                _ => self.at += 1,
            }
        }
        text.push_part(self.source, run..self.at);
        self.at += 1;
        Some(text)
    }

    fn escape(&mut self) -> Option<char> {
        self.at += 1;
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let digits = self.source.text().get(self.at..self.at + 4)?;
                self.at += 4;
                char::from_u32(u32::from_str_radix(digits, 16).ok()?).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return None,
        })
    }
}
