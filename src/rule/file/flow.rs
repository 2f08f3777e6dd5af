//! The front matter's form: one `key: value` a line, a value in YAML's flow form. A small part of YAML on purpose: the
//! files of all rules are read at every start, and everything outside this part is refused with its place.

use std::borrow::Cow;
use std::ops::Range;

use super::RuleSource;
use crate::rule::RuleError;

/// One line of the front matter.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) key_range: Range<usize>,
    pub(super) value: Node<'a>,
}

#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) range: Range<usize>,
    pub(super) kind: Form<'a>,
}

#[derive(Debug)]
pub(super) enum Form<'a> {
    /// Without quotes: a word, a number, `true`, or any text.
    Plain(&'a str),
    /// In quotes: a text whatever it looks like.
    Quoted(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Map(Vec<Entry<'a>>),
}

/// How deep lists and maps may stand in each other; nothing needs more than two.
const DEEPEST: usize = 8;

/// All entries between `range`, which holds whole lines.
pub(super) fn entries<'a>(source: &'a RuleSource, range: Range<usize>, errors: &mut Vec<RuleError>) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let mut start = range.start;
    for line in source.text[range].split_inclusive('\n') {
        let content = line.trim_end();
        let is_blank = content.is_empty() || content.trim_start().starts_with('#');
        if !is_blank {
            match (Reader { source, at: start, end: start + content.len() }).entry() {
                Ok(entry) => {
                    if entries.iter().any(|other| other.key == entry.key) {
                        errors.push(source.error(entry.key_range, format!("key `{}` stands here twice", entry.key)));
                    } else {
                        entries.push(entry);
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        start += line.len();
    }
    entries
}

/// Where two characters stand side by side.
fn pair_at(text: &str, pair: &[u8; 2]) -> Option<usize> {
    text.as_bytes().windows(2).position(|two| two == pair)
}

/// A position on one line.
struct Reader<'a> {
    source: &'a RuleSource,
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    fn entry(mut self) -> Result<Entry<'a>, RuleError> {
        let line = self.rest();
        let key_length = line.find(':').unwrap_or(line.len());
        let key = &line[..key_length];
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
            let message = "front matter is one `key: value` a line, lists as `[a, b]`";
            return Err(self.source.error(self.at..self.end, message));
        }
        let key_range = self.at..self.at + key_length;
        self.at += key_length;
        if !self.rest().starts_with(": ") {
            return Err(self.source.error(key_range, format!("key `{key}` needs a value on its line: `{key}: …`")));
        }
        self.at += 2;
        self.skip_blanks();
        let value = self.block_value()?;
        self.skip_blanks();
        let rest = self.rest();
        if !rest.is_empty() && !rest.starts_with('#') {
            return Err(self.source.error(self.at..self.end, "unexpected text behind the value"));
        }
        Ok(Entry { key, key_range, value })
    }

    /// A value that has the rest of its line for itself: a plain text may hold commas and brackets.
    fn block_value(&mut self) -> Result<Node<'a>, RuleError> {
        if let Some('[' | '{' | '"' | '\'') = self.peek() {
            return self.flow_value(0);
        }
        let rest = self.rest();
        let plain = pair_at(rest, b" #").map_or(rest, |comment| &rest[..comment]).trim_end();
        let range = self.at..self.at + plain.len();
        if plain.is_empty() || plain.starts_with('#') {
            return Err(self.source.error(self.at..self.end, "the value is missing"));
        }
        if plain.starts_with(['|', '>', '&', '*', '!', '%', '@', '`'])
            || pair_at(plain, b": ").is_some()
            || plain.ends_with(':')
        {
            return Err(self.source.error(range, "YAML reads more into this text than it says: put it in quotes"));
        }
        self.at = range.end;
        Ok(Node { kind: Form::Plain(plain), range })
    }

    fn flow_value(&mut self, depth: usize) -> Result<Node<'a>, RuleError> {
        let start = self.at;
        if depth > DEEPEST {
            return Err(self.source.error(start..self.end, "nested too deeply"));
        }
        let kind = match self.peek() {
            Some('[') => {
                let mut items = Vec::new();
                self.members(']', |reader| {
                    items.push(reader.flow_value(depth + 1)?);
                    Ok(())
                })?;
                Form::List(items)
            }
            Some('{') => {
                let mut members = Vec::new();
                self.members('}', |reader| {
                    members.push(reader.flow_entry(depth + 1)?);
                    Ok(())
                })?;
                Form::Map(members)
            }
            Some('"') => Form::Quoted(self.double_quoted()?),
            Some('\'') => Form::Quoted(self.single_quoted()?),
            Some(_) | None => Form::Plain(self.flow_plain()?),
        };
        Ok(Node { kind, range: start..self.at })
    }

    fn flow_entry(&mut self, depth: usize) -> Result<Entry<'a>, RuleError> {
        let key_start = self.at;
        let rest = self.rest();
        let length = rest.bytes().position(|byte| matches!(byte, b':' | b',' | b'}')).unwrap_or(rest.len());
        let key = rest[..length].trim_end();
        let key_range = key_start..key_start + key.len();
        self.at += length;
        if key.is_empty() || !self.rest().starts_with(": ") {
            return Err(self.source.error(key_start..self.at.max(key_start + 1), "expected `key: value`"));
        }
        self.at += 1;
        self.skip_blanks();
        let value = self.flow_value(depth)?;
        Ok(Entry { key, key_range, value })
    }

    /// What stands between an opening bracket and `close`, parted by commas.
    fn members(
        &mut self,
        close: char,
        mut member: impl FnMut(&mut Self) -> Result<(), RuleError>,
    ) -> Result<(), RuleError> {
        let open = self.at;
        self.at += 1;
        loop {
            self.skip_blanks();
            if self.take(close) {
                return Ok(());
            }
            if self.rest().is_empty() {
                return Err(self.source.error(open..open + 1, format!("no `{close}` on this line")));
            }
            member(self)?;
            self.skip_blanks();
            if !self.take(',') && self.peek() != Some(close) {
                return Err(self.source.error(open..self.end, format!("expected `,` or `{close}`")));
            }
        }
    }

    fn flow_plain(&mut self) -> Result<&'a str, RuleError> {
        let rest = self.rest();
        let ends = |byte| matches!(byte, b',' | b']' | b'}' | b'[' | b'{');
        let mut end = rest.bytes().position(ends).unwrap_or(rest.len());
        if let Some(comment) = pair_at(&rest[..end], b" #") {
            end = comment;
        }
        let plain = rest[..end].trim_end();
        let range = self.at..self.at + plain.len().max(1);
        if plain.is_empty()
            || pair_at(plain, b": ").is_some()
            || plain.ends_with(':')
            || plain.starts_with(['&', '*', '!', '%', '@', '`', '|', '>', '"', '\''])
        {
            return Err(self.source.error(range, "expected a value; put texts with special characters in quotes"));
        }
        self.at += plain.len();
        Ok(plain)
    }

    fn double_quoted(&mut self) -> Result<Cow<'a, str>, RuleError> {
        let open = self.at;
        self.at += 1;
        let rest = self.rest();
        let end = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(rest.len());
        if rest[end..].starts_with('"') {
            self.at += end + 1;
            return Ok(Cow::Borrowed(&rest[..end]));
        }
        let mut text = String::new();
        while let Some(next) = self.next() {
            match next {
                '"' => return Ok(Cow::Owned(text)),
                '\\' => match self.next() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some(same @ ('"' | '\\' | '/' | ' ')) => text.push(same),
                    Some(_) | None => {
                        return Err(self.source.error(open..self.at, "unknown escape; `\\\\` is a backslash"));
                    }
                },
                other => text.push(other),
            }
        }
        Err(self.source.error(open..self.end, "the closing quote is missing"))
    }

    fn single_quoted(&mut self) -> Result<Cow<'a, str>, RuleError> {
        let open = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(next) = self.next() {
            if next != '\'' {
                text.push(next);
            } else if self.take('\'') {
                text.push('\'');
            } else {
                return Ok(Cow::Owned(text));
            }
        }
        Err(self.source.error(open..self.end, "the closing quote is missing"))
    }

    fn rest(&self) -> &'a str {
        &self.source.text[self.at..self.end]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
    }
}
