//! The part of YAML that most files keep to, read in one pass over the lines: block mappings and lists, scalars of one
//! line, `|` and `>`, lists in brackets on one line. Whatever else a text holds is refused here, and the full parser
//! reads all of it; where this one answers, both give the same tree.

use std::borrow::Cow;

use super::compose::{Composer, Content};
use super::key::key_of;
use super::{Kind, Node, Parsed, Style};
use crate::source::{FileId, Span};

/// Deeper texts, and longer keys, are the full parser's.
const DEEPEST: usize = 64;
const LONGEST_KEY: usize = 500;

/// Reads a text that keeps to this part; nothing if it does not.
pub(super) fn parse(file: FileId, text: &str) -> Option<Parsed> {
    if !is_plain_text(text) {
        return None;
    }
    let mut reader = Reader {
        composer: Composer::new(file, text, &[]),
        file,
        text,
        bytes: text.as_bytes(),
        open: Vec::new(),
        has_marker: false,
    };
    let mut at = 0;
    while at < text.len() {
        at = reader.line(at)?;
    }
    reader.finish()
}

/// Printable characters, `\n` as the only end of line, and tabs, which are looked at where they stand.
fn is_plain_text(text: &str) -> bool {
    let is_plain = |byte: u8| (0x20..0x7f).contains(&byte) || byte == b'\n' || byte == b'\t';
    if text.bytes().all(is_plain) {
        return true;
    }
    text.chars().all(|it| {
        let is_mark = matches!(it, '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}');
        it == '\n' || it == '\t' || (!it.is_control() && !is_mark)
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    List,
    Map,
}

/// A block collection that is not closed yet.
struct Open {
    form: Form,
    column: usize,
    /// Where the value begins that has not come so far: at the `:`, or behind the `-` and its blanks.
    waiting: Option<usize>,
}

struct Reader<'a> {
    composer: Composer<'a>,
    file: FileId,
    text: &'a str,
    bytes: &'a [u8],
    open: Vec<Open>,
    /// Whether the `---` of the document was there.
    has_marker: bool,
}

/// A scalar of one line.
struct Scalar<'a> {
    value: Cow<'a, str>,
    style: Style,
    start: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    fn is_end(&self, at: usize) -> bool {
        matches!(self.bytes.get(at), None | Some(b'\n'))
    }

    fn is_blank_or_end(&self, at: usize) -> bool {
        matches!(self.bytes.get(at), None | Some(b'\n' | b' '))
    }

    fn skip_spaces(&self, mut at: usize) -> usize {
        while self.bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        at
    }

    fn end_of_line(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |length| at + length)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// Reads one line, and the further lines of a block scalar; gives where the next one begins.
    fn line(&mut self, line: usize) -> Option<usize> {
        let start = self.skip_spaces(line);
        let column = start - line;
        match self.bytes.get(start) {
            None | Some(b'\n') => return Some(start + 1),
            Some(b'#') => return Some(self.comment(start)),
            Some(b'-' | b'.' | b'%') if column == 0 => {
                let rest = &self.text[start..];
                if rest.starts_with("---\n") && !self.has_marker && self.composer.is_empty() {
                    self.has_marker = true;
                    return Some(start + 4);
                }
                if rest.starts_with("---") || rest.starts_with("...") || rest.starts_with('%') {
                    return None;
                }
            }
            Some(_) => {}
        }
        let is_dash = self.bytes[start] == b'-' && self.is_blank_or_end(start + 1);
        self.settle(column, is_dash)?;
        self.node(start, column)
    }

    /// Closes what ends in front of a node at this column; nothing where none may stand.
    fn settle(&mut self, column: usize, is_dash: bool) -> Option<()> {
        loop {
            let Some(top) = self.open.last() else {
                return (column == 0 && self.composer.is_empty()).then_some(());
            };
            let same_form = (top.form == Form::List) == is_dash;
            let is_value_list = top.form == Form::Map && is_dash && top.waiting.is_some();
            match column.cmp(&top.column) {
                std::cmp::Ordering::Greater => return top.waiting.is_some().then_some(()),
                std::cmp::Ordering::Equal if same_form => {
                    self.fill();
                    return Some(());
                }
                // A list may stand at the column of its key.
                std::cmp::Ordering::Equal if is_value_list => return Some(()),
                std::cmp::Ordering::Equal if top.form == Form::Map => return None,
                std::cmp::Ordering::Equal | std::cmp::Ordering::Less => {
                    self.fill();
                    self.composer.close(None);
                    self.open.pop();
                }
            }
        }
    }

    /// A value that did not come is null.
    fn fill(&mut self) {
        if let Some(at) = self.open.last_mut().and_then(|top| top.waiting.take()) {
            let null = Node::new(Kind::Null, self.span(at, at));
            self.composer.add(null, 0, 1, 0);
        }
    }

    fn comment(&mut self, start: usize) -> usize {
        let end = self.end_of_line(start);
        self.composer.comments.push(self.span(start, end));
        end + 1
    }

    /// What may follow a value: blanks, and a comment behind at least one.
    fn rest_of_line(&mut self, at: usize) -> Option<usize> {
        let next = self.skip_spaces(at);
        match self.bytes.get(next) {
            None | Some(b'\n') => Some(next + 1),
            Some(b'#') if next > at => Some(self.comment(next)),
            Some(_) => None,
        }
    }

    fn begin(&mut self, form: Form, start: usize, column: usize) -> Option<()> {
        let is_member = self.open.last().is_some_and(|top| top.form == form && top.column == column);
        if is_member {
            return Some(());
        }
        if let Some(top) = self.open.last_mut() {
            top.waiting.take()?;
        }
        if self.open.len() >= DEEPEST {
            return None;
        }
        let content = match form {
            Form::List => Content::List(Vec::new()),
            Form::Map => Content::map(),
        };
        self.composer.begin(start, 0, None, content);
        self.open.push(Open { form, column, waiting: None });
        Some(())
    }

    /// A node that is the first on its line, or behind a dash.
    fn node(&mut self, start: usize, column: usize) -> Option<usize> {
        match *self.bytes.get(start)? {
            b'-' if self.is_blank_or_end(start + 1) => self.item(start, column),
            b'[' | b'{' | b'|' | b'>' => self.value(start),
            _ => {
                let scalar = self.scalar(start)?;
                let sign = self.skip_spaces(scalar.end);
                if self.bytes.get(sign) == Some(&b':') && self.is_blank_or_end(sign + 1) {
                    return self.member(scalar, sign, column);
                }
                self.put(scalar)
            }
        }
    }

    fn item(&mut self, start: usize, column: usize) -> Option<usize> {
        let inner = self.skip_spaces(start + 1);
        let first = self.bytes.get(inner).copied().unwrap_or(b'\n');
        // At the column of its key, a list begins with its first value for the full parser.
        let is_at_key = self.open.last().is_some_and(|top| top.form == Form::Map && top.column == column);
        if first == b'#' || (is_at_key && matches!(first, b'[' | b'{')) {
            return None;
        }
        self.begin(Form::List, if is_at_key { inner } else { start }, column)?;
        self.open.last_mut()?.waiting = Some(inner);
        match first {
            b'\n' => Some(inner + 1),
            _ => self.node(inner, column + inner - start),
        }
    }

    fn member(&mut self, key: Scalar<'a>, sign: usize, column: usize) -> Option<usize> {
        if key.end - key.start > LONGEST_KEY || key.value.is_empty() {
            return None;
        }
        self.begin(Form::Map, key.start, column)?;
        self.composer.put_key(key_of(&key.value), self.span(key.start, key.end));
        self.open.last_mut()?.waiting = Some(sign);
        let value = self.skip_spaces(sign + 1);
        match self.bytes.get(value) {
            None | Some(b'\n') => Some(value + 1),
            Some(b'#') => Some(self.comment(value)),
            Some(b'-') if self.is_blank_or_end(value + 1) => None,
            Some(_) => self.value(value),
        }
    }

    /// A value that is no block collection.
    fn value(&mut self, at: usize) -> Option<usize> {
        match self.bytes.get(at)? {
            b'|' | b'>' => self.block_scalar(at),
            b'[' | b'{' => {
                self.open.last_mut()?.waiting.take()?;
                let end = self.flow(at, 0)?;
                self.rest_of_line(end)
            }
            _ => {
                let scalar = self.scalar(at)?;
                self.put(scalar)
            }
        }
    }

    fn put(&mut self, scalar: Scalar<'a>) -> Option<usize> {
        self.open.last_mut()?.waiting.take()?;
        let end = scalar.end;
        self.composer.add_scalar(&scalar.value, scalar.style, scalar.start, end);
        self.rest_of_line(end)
    }

    /// A plain or quoted scalar that ends on its line.
    fn scalar(&self, start: usize) -> Option<Scalar<'a>> {
        match self.bytes[start] {
            b'"' => self.double_quoted(start),
            b'\'' => self.single_quoted(start),
            b'-' | b'?' if !self.is_blank_or_end(start + 1) => self.plain(start),
            b'-' | b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%'
            | b'@' | b'`' => None,
            _ => self.plain(start),
        }
    }

    fn plain(&self, start: usize) -> Option<Scalar<'a>> {
        let mut at = start;
        let mut end = start;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'\n' => break,
                b'\t' => return None,
                b':' if self.is_blank_or_end(at + 1) => break,
                b'#' if self.bytes[at - 1] == b' ' => break,
                b' ' => {}
                _ => end = at + 1,
            }
            at += 1;
        }
        Some(Scalar { value: Cow::Borrowed(&self.text[start..end]), style: Style::Plain, start, end })
    }

    fn single_quoted(&self, start: usize) -> Option<Scalar<'a>> {
        let mut at = start + 1;
        let mut has_quotes = false;
        loop {
            match self.bytes.get(at)? {
                b'\n' | b'\t' => return None,
                b'\'' if self.bytes.get(at + 1) == Some(&b'\'') => {
                    has_quotes = true;
                    at += 2;
                }
                b'\'' => break,
                _ => at += 1,
            }
        }
        let inner = &self.text[start + 1..at];
        let value = if has_quotes { Cow::Owned(inner.replace("''", "'")) } else { Cow::Borrowed(inner) };
        Some(Scalar { value, style: Style::Single, start, end: at + 1 })
    }

    fn double_quoted(&self, start: usize) -> Option<Scalar<'a>> {
        let inner_start = start + 1;
        let mut at = inner_start;
        let mut decoded: Option<String> = None;
        loop {
            let byte = *self.bytes.get(at)?;
            match byte {
                b'\n' | b'\t' => return None,
                b'"' => break,
                b'\\' => {
                    let written = match self.bytes.get(at + 1)? {
                        b'n' => '\n',
                        b't' => '\t',
                        b'"' => '"',
                        b'\\' => '\\',
                        _ => return None,
                    };
                    decoded.get_or_insert_with(|| self.text[inner_start..at].to_owned()).push(written);
                    at += 2;
                }
                _ => {
                    let next = at + self.text[at..].chars().next().map_or(1, char::len_utf8);
                    if let Some(decoded) = &mut decoded {
                        decoded.push_str(&self.text[at..next]);
                    }
                    at = next;
                }
            }
        }
        let value = decoded.map_or(Cow::Borrowed(&self.text[inner_start..at]), Cow::Owned);
        Some(Scalar { value, style: Style::Double, start, end: at + 1 })
    }

    /// A list in brackets, or empty braces; gives where it ends.
    fn flow(&mut self, start: usize, depth: usize) -> Option<usize> {
        if self.bytes[start] == b'{' {
            let end = self.skip_spaces(start + 1);
            if self.bytes.get(end) != Some(&b'}') {
                return None;
            }
            self.composer.begin(start, 0, None, Content::map());
            self.composer.close(Some(end + 1));
            return Some(end + 1);
        }
        self.composer.begin(start, 0, None, Content::List(Vec::new()));
        let mut at = self.skip_spaces(start + 1);
        let mut is_first = true;
        while self.bytes.get(at) != Some(&b']') {
            if !is_first {
                if self.bytes.get(at) != Some(&b',') {
                    return None;
                }
                at = self.skip_spaces(at + 1);
            }
            is_first = false;
            at = match self.bytes.get(at)? {
                b'[' | b'{' if depth < DEEPEST => self.flow(at, depth + 1)?,
                b'"' | b'\'' => {
                    let scalar = self.scalar(at)?;
                    self.composer.add_scalar(&scalar.value, scalar.style, scalar.start, scalar.end);
                    scalar.end
                }
                _ => self.flow_plain(at)?,
            };
            at = self.skip_spaces(at);
        }
        self.composer.close(Some(at + 1));
        Some(at + 1)
    }

    fn flow_plain(&mut self, start: usize) -> Option<usize> {
        let first = self.bytes[start];
        if !first.is_ascii_alphanumeric() && !matches!(first, b'.' | b'_' | b'/' | b'$' | b'(' | b'<' | b'=' | b'+') {
            return None;
        }
        let mut at = start;
        let mut end = start;
        loop {
            match self.bytes.get(at)? {
                b',' | b']' => break,
                b'\n' | b'\t' | b'#' | b':' | b'{' | b'}' | b'[' | b'"' | b'\'' => return None,
                b' ' => {}
                _ => end = at + 1,
            }
            at += 1;
        }
        self.composer.add_scalar(&self.text[start..end], Style::Plain, start, end);
        Some(at)
    }

    /// `|` or `>`, without an indentation of its own and without `+`.
    fn block_scalar(&mut self, header: usize) -> Option<usize> {
        let top = self.open.last_mut()?;
        top.waiting.take()?;
        let parent = top.column;
        let style = if self.bytes[header] == b'|' { Style::Literal } else { Style::Folded };
        let is_stripped = self.bytes.get(header + 1) == Some(&b'-');
        let end_of_header = self.skip_spaces(header + 1 + usize::from(is_stripped));
        if self.bytes.get(end_of_header) != Some(&b'\n') {
            return None;
        }
        let mut at = end_of_header + 1;
        let indent = self.skip_spaces(at) - at;
        if indent <= parent || self.is_end(at + indent) {
            return None;
        }
        let mut decoded = String::new();
        let mut content_end = at;
        let mut n_blank = 0;
        while at < self.text.len() {
            let end = self.end_of_line(at);
            let first = self.skip_spaces(at);
            if first >= end {
                // A line of more blanks than the indentation is a text of blanks.
                if first - at > indent {
                    return None;
                }
                n_blank += 1;
                at = end + 1;
                continue;
            }
            if first - at < indent {
                if self.bytes[first] == b'\t' {
                    return None;
                }
                break;
            }
            let line = &self.text[at + indent..end];
            let is_folded_simply = n_blank == 0 && !line.starts_with([' ', '\t']) && !line.ends_with([' ', '\t']);
            match style {
                Style::Folded if !is_folded_simply => return None,
                Style::Folded if !decoded.is_empty() => decoded.push(' '),
                _ => (0..n_blank).for_each(|_| decoded.push('\n')),
            }
            n_blank = 0;
            decoded.push_str(line);
            content_end = end;
            at = end + 1;
            if style == Style::Literal {
                decoded.push('\n');
            }
        }
        match (style, is_stripped) {
            (Style::Literal, true) => drop(decoded.pop()),
            (Style::Folded, false) => decoded.push('\n'),
            _ => {}
        }
        let end = header + self.text[header..content_end].trim_end().len();
        self.composer.add_scalar(&decoded, style, header, end.max(header + 1));
        Some(at)
    }

    fn finish(mut self) -> Option<Parsed> {
        while !self.open.is_empty() {
            self.fill();
            self.composer.close(None);
            self.open.pop();
        }
        let parsed = self.composer.finish();
        parsed.root.is_some().then_some(parsed)
    }
}
