//! Settings modules of Python, as far as literals show: assignments at the beginning of a line, each as a row of tokens.
//! No program is understood: what is computed is just not a literal.

use std::ops::Range;

use crate::source::{Comment, CommentPosition, FileId, Span};

/// `NAME = expression`.
#[derive(Debug)]
pub struct Assignment {
    pub name: String,
    pub name_span: Span,
    pub tokens: Vec<Token>,
}

#[derive(Debug)]
pub struct Token {
    pub kind: TokenKind,
    /// With the quotes of a text.
    pub span: Span,
}

#[derive(Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// The text between the quotes as written; of a formatted one up to its first hole.
    Text {
        text: String,
        is_formatted: bool,
    },
    /// `os.environ.get`, `True`, `5432`.
    Word(String),
    Symbol(char),
}

impl Token {
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            TokenKind::Text { text, .. } => Some(text),
            TokenKind::Word(_) | TokenKind::Symbol(_) => None,
        }
    }

    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            TokenKind::Word(word) => Some(word),
            TokenKind::Text { .. } | TokenKind::Symbol(_) => None,
        }
    }

    pub fn is_symbol(&self, symbol: char) -> bool {
        self.kind == TokenKind::Symbol(symbol)
    }
}

/// Whether a path names a settings module: `settings.py`, `settings_prod.py`, `settings/production.py`. What only tests
/// and desks use is none.
pub fn is_module(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some(stem) = name.strip_suffix(".py") else { return false };
    let in_folder = crate::source::parent_of(path).rsplit('/').next() == Some("settings");
    let is_elsewhere = stem.split('_').any(|word| matches!(word, "test" | "tests" | "testing" | "local" | "dev"));
    (stem.starts_with("settings") || in_folder) && !is_elsewhere && stem != "development"
}

/// Comments that have a line of their own speak for the next line, others for theirs.
pub fn comments(file: FileId, text: &str) -> Vec<Comment> {
    let mut comments: Vec<Comment> = Vec::new();
    let mut above: Vec<usize> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let code = line.trim();
        let offset = start + (line.len() - line.trim_start().len());
        let span = Span::new(file, offset, offset + code.len());
        if let Some(comment) = code.strip_prefix('#') {
            above.push(comments.len());
            comments.push(Comment::new(span, comment.trim(), CommentPosition::Alone));
            continue;
        }
        for comment in above.drain(..).filter(|_| !code.is_empty()) {
            comments[comment].covers.push(span);
        }
        if let Some(behind) = code.find(" # ").filter(|_| code.contains("secure-lint")) {
            let place = Span::new(file, offset + behind + 1, offset + code.len());
            let mut comment = Comment::new(place, code[behind + 3..].trim(), CommentPosition::BehindCode);
            comment.covers.push(Span::new(file, offset, offset + behind));
            comments.push(comment);
        }
    }
    comments
}

/// The modules all of whose names a module takes over: `from .base import *`.
pub fn star_imports(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (name, taken) = line.trim().strip_prefix("from ")?.split_once(" import ")?;
        let taken = taken.split('#').next().unwrap_or("").trim().trim_matches(['(', ')']);
        (taken == "*").then(|| name.trim())
    })
}

/// The assignments that begin at the beginning of a line.
pub fn read(file: FileId, text: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    let mut reader = Reader { file, text, at: 0 };
    while reader.at < text.len() {
        let start = reader.at;
        match reader.name() {
            Some(name) => found.extend(reader.assignment(name)),
            None => reader.skip_line(),
        }
        // A line that nothing was taken from must not be met again.
        if reader.at == start {
            reader.skip_line();
        }
    }
    found
}

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    fn skip_line(&mut self) {
        // Texts over several lines are passed as a whole.
        while let Some(byte) = self.byte() {
            match byte {
                b'\n' => {
                    self.at += 1;
                    return;
                }
                b'#' => self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at),
                b'"' | b'\'' => {
                    self.quoted(self.at);
                }
                _ => self.at += 1,
            }
        }
    }

    fn name(&mut self) -> Option<Range<usize>> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let is_name = length > 0 && !rest[0].is_ascii_digit();
        is_name.then(|| self.at..self.at + length)
    }

    fn assignment(&mut self, name: Range<usize>) -> Option<Assignment> {
        self.at = name.end;
        let blanks = self.text[self.at..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let behind = &self.text.as_bytes()[self.at + blanks..];
        if behind.first() != Some(&b'=') || behind.get(1) == Some(&b'=') {
            self.skip_line();
            return None;
        }
        self.at += blanks + 1;
        let tokens = self.tokens();
        Some(Assignment { name: self.text[name.clone()].to_owned(), name_span: self.span(name), tokens })
    }

    /// Up to the end of the line at which no bracket is open.
    fn tokens(&mut self) -> Vec<Token> {
        let mut tokens = Vec::new();
        let mut depth = 0usize;
        while let Some(byte) = self.byte() {
            let start = self.at;
            match byte {
                b'\n' if depth == 0 => break,
                b'#' => self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at),
                b'\\' | b' ' | b'\t' | b'\r' | b'\n' => {
                    // A backslash takes the end of the line along.
                    self.at += if byte == b'\\' && self.text[self.at..].starts_with("\\\n") { 2 } else { 1 };
                }
                b'"' | b'\'' => tokens.push(self.text_token(start, false)),
                _ if byte.is_ascii_alphanumeric() || byte == b'_' => {
                    let length = self.text[start..]
                        .bytes()
                        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
                        .count();
                    self.at += length;
                    let word = &self.text[start..self.at];
                    let is_prefix = word.len() <= 2 && matches!(self.byte(), Some(b'"' | b'\''));
                    if is_prefix {
                        let is_formatted = word.to_ascii_lowercase().contains('f');
                        tokens.push(self.text_token(start, is_formatted));
                    } else {
                        tokens.push(Token { kind: TokenKind::Word(word.to_owned()), span: self.span(start..self.at) });
                    }
                }
                _ => {
                    match byte {
                        b'(' | b'[' | b'{' => depth += 1,
                        b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    let character = self.text[start..].chars().next().unwrap_or(' ');
                    self.at += character.len_utf8();
                    tokens.push(Token { kind: TokenKind::Symbol(character), span: self.span(start..self.at) });
                }
            }
        }
        tokens
    }

    fn text_token(&mut self, start: usize, is_formatted: bool) -> Token {
        let inner = self.quoted(self.at);
        let whole = &self.text[inner];
        let text = match is_formatted.then(|| whole.split_once('{')).flatten() {
            Some((before, _)) => before,
            None => whole,
        };
        let kind = TokenKind::Text { text: text.to_owned(), is_formatted };
        Token { kind, span: self.span(start..self.at) }
    }

    /// Passes a text whose first quote stands here; gives what is between the quotes.
    fn quoted(&mut self, start: usize) -> Range<usize> {
        let bytes = self.text.as_bytes();
        let quote = bytes[start];
        let is_long = bytes[start..].starts_with(&[quote; 3]);
        let length = if is_long { 3 } else { 1 };
        let mut at = start + length;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' => at += 2,
                b'\n' if !is_long => break,
                byte if byte == quote && (!is_long || bytes[at..].starts_with(&[quote; 3])) => {
                    self.at = at + length;
                    return start + length..at;
                }
                _ => at += 1,
            }
        }
        // Never closed: the text ends with its line or with the file.
        let mut end = at.min(bytes.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.at = end;
        (start + length).min(end)..end
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::source::FileId;

    fn check(text: &str, expected: &str) {
        let shown: Vec<String> = read(FileId(0), text)
            .into_iter()
            .map(|it| {
                let tokens = it.tokens.iter().map(|token| &text[token.span.range()]);
                format!("{}:{}", it.name, tokens.collect::<Vec<_>>().join(" "))
            })
            .collect();
        assert_eq!(shown.join("|"), expected, "{text}");
    }

    #[test]
    fn assignments() {
        check("DEBUG = True\n", "DEBUG:True");
        check("A = os.environ.get('A', \"b\") # c\nif x:\n    B = 1\n", "A:os.environ.get ( 'A' , \"b\" )");
        check("A = [\n  'x', # y\n]\nB = 1", "A:[ 'x' , ]|B:1");
        check("A = f\"redis://{h}:1\"", "A:f\"redis://{h}:1\"");
        check("A == 1\n\"\"\"\nB = 1\n\"\"\"\nC = 2", "C:2");
        check("A = 'never closed\nB = 1", "A:'never closed|B:1");
        check("A = \"\"\"never closed\nB = 1", "A:\"\"\"never closed\nB = 1");
        check("A = 'ü", "A:'ü");
        check("A = '\\", "A:'\\");
    }
}
