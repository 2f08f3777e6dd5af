//! Templates as a flat run of tokens, as the language defines white space: first what `~` strips, then the indentation
//! of `<<-`, then the nesting of directives.

use std::ops::Range;

use super::reader::{Lines, Names, Read, Reader, Spans};
use super::scan::ENDS_QUOTED;
use super::tree::{Expr, ExprKind, Name, Part, Template, TemplateForm};
use crate::source::Span;

#[derive(Debug, Default)]
struct Tokens {
    tokens: Vec<Token>,
}

#[derive(Debug)]
struct Token {
    kind: TokenKind,
    bytes: Range<usize>,
    strips: Strips,
}

/// On which sides a `~` takes white space away.
#[derive(Clone, Copy, Debug, Default)]
struct Strips {
    before: bool,
    after: bool,
}

#[derive(Debug)]
enum TokenKind {
    Literal(String),
    Interpolation(Expr),
    If(Expr),
    Else,
    For { key: Option<Name>, value: Name, collection: Expr },
    End,
}

/// What ends a template.
#[derive(Clone, Copy)]
enum Ends<'a> {
    Quote,
    /// A line with this word.
    Word(&'a str),
    Text,
}

/// A directive that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    If,
    Else,
    For,
}

impl<'a> Reader<'a> {
    /// The whole text as a template.
    pub(super) fn whole_template(&mut self) -> Read<Template> {
        let tokens = self.tokens(Ends::Text)?;
        Ok(self.template(tokens, TemplateForm::Bare))
    }

    /// A text in quotes; a template if anything is interpolated.
    pub(super) fn quoted(&mut self) -> Read<ExprKind> {
        let start = self.at;
        if let Some(text) = self.simple_text() {
            return Ok(ExprKind::Text(text));
        }
        self.at = start + 1;
        let mut tokens = self.tokens(Ends::Quote)?;
        if let [Token { kind: TokenKind::Literal(text), .. }] = tokens.tokens.as_mut_slice() {
            return Ok(ExprKind::Text(self.names.share(text)));
        }
        Ok(ExprKind::Template(Box::new(self.template(tokens, TemplateForm::Quoted))))
    }

    /// A text in quotes in which nothing can be interpolated: a label.
    pub(super) fn plain_text(&mut self) -> Read<Name> {
        match self.quoted()? {
            ExprKind::Text(text) => Ok(text),
            _ => self.refused("nothing can be interpolated in a label"),
        }
    }

    /// A text in quotes without escapes and markers, which most texts are.
    fn simple_text(&mut self) -> Option<Name> {
        let bytes = self.text.as_bytes().get(self.at + 1..)?;
        let length = bytes.iter().position(|byte| ENDS_QUOTED[usize::from(*byte)])?;
        if bytes[length] != b'"' {
            return None;
        }
        let start = self.at + 1;
        self.at = start + length + 1;
        Some(self.names.share(&self.text[start..start + length]))
    }

    /// `<<WORD`, lines, and the word again.
    pub(super) fn heredoc(&mut self) -> Read<ExprKind> {
        let start = self.at;
        self.at += 2;
        let is_indented = self.byte(0) == b'-';
        if is_indented {
            self.at += 1;
        }
        let Some(word) = self.word() else { return self.refused("a word is expected here, which ends the heredoc") };
        let rest = self.rest();
        let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
        if !rest[..length].trim().is_empty() {
            return self.refused("the lines of a heredoc begin on a line of their own");
        }
        self.at += length;
        let mut tokens = self.tokens(Ends::Word(word))?;
        self.asides.heredocs.push(start..self.at);
        tokens.strip();
        if is_indented {
            tokens.remove_indent();
        }
        let parts = tokens.into_parts(&self.spans, self.names);
        Ok(ExprKind::Template(Box::new(Template { form: TemplateForm::Heredoc, parts })))
    }

    fn template(&mut self, mut tokens: Tokens, form: TemplateForm) -> Template {
        tokens.strip();
        Template { form, parts: tokens.into_parts(&self.spans, self.names) }
    }

    /// Everything up to the end, which is passed.
    fn tokens(&mut self, ends: Ends<'a>) -> Read<Tokens> {
        let mut tokens = Tokens::default();
        let mut open: Vec<Open> = Vec::new();
        let mut at_line_start = true;
        loop {
            if at_line_start
                && let Ends::Word(word) = ends
                && self.passes_last_line(word)
            {
                break;
            }
            if self.is_at_end() {
                match ends {
                    Ends::Text => break,
                    Ends::Quote => return self.refused("a text begins and never ends"),
                    Ends::Word(word) => return self.refused(format!("the heredoc `{word}` never ends")),
                }
            }
            match (self.byte(0), self.byte(1)) {
                (b'"', _) if matches!(ends, Ends::Quote) => {
                    self.at += 1;
                    break;
                }
                (b'$', b'{') => self.interpolation(&mut tokens)?,
                (b'%', b'{') => self.directive(&mut tokens, &mut open)?,
                _ => {
                    let token = match ends {
                        Ends::Quote => self.quoted_literal()?,
                        Ends::Word(_) | Ends::Text => self.raw_line(),
                    };
                    tokens.tokens.push(token);
                }
            }
            at_line_start = self.text.as_bytes().get(self.at.wrapping_sub(1)) == Some(&b'\n');
        }
        if open.is_empty() { Ok(tokens) } else { self.refused("a directive begins and never ends") }
    }

    /// At the start of a line: the closing word ends the heredoc.
    fn passes_last_line(&mut self, word: &str) -> bool {
        let line = self.rest();
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let Some(rest) = line[indent..].strip_prefix(word) else { return false };
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-') {
            return false;
        }
        self.at += indent + word.len();
        true
    }

    fn interpolation(&mut self, tokens: &mut Tokens) -> Read<()> {
        let start = self.at;
        self.at += 2;
        let before = self.passes_tilde();
        let value = self.with_lines(Lines::Blank, Self::expression)?;
        self.close_marker(tokens, TokenKind::Interpolation(value), start, before)
    }

    /// `~}` or `}`, and the token that it ends.
    fn close_marker(&mut self, tokens: &mut Tokens, kind: TokenKind, start: usize, before: bool) -> Read<()> {
        let after = self.with_lines(Lines::Blank, |it| {
            it.skip();
            let after = it.passes_tilde();
            it.expect(b'}')?;
            Ok(after)
        })?;
        tokens.tokens.push(Token { kind, bytes: start..self.at, strips: Strips { before, after } });
        Ok(())
    }

    fn passes_tilde(&mut self) -> bool {
        let is_there = self.byte(0) == b'~';
        self.at += usize::from(is_there);
        is_there
    }

    fn directive(&mut self, tokens: &mut Tokens, open: &mut Vec<Open>) -> Read<()> {
        let start = self.at;
        self.at += 2;
        let before = self.passes_tilde();
        let kind = self.with_lines(Lines::Blank, |it| it.directive_kind(open))?;
        self.close_marker(tokens, kind, start, before)
    }

    fn directive_kind(&mut self, open: &mut Vec<Open>) -> Read<TokenKind> {
        self.skip();
        let start = self.at;
        let word = self.word().unwrap_or("");
        match (word, open.last()) {
            ("if", _) => {
                open.push(Open::If);
                self.opened(open)?;
                Ok(TokenKind::If(self.expression()?))
            }
            ("for", _) => {
                open.push(Open::For);
                self.opened(open)?;
                let first = self.name()?;
                self.skip();
                let (key, value) = match self.byte(0) {
                    b',' => {
                        self.at += 1;
                        (Some(first), self.name()?)
                    }
                    _ => (None, first),
                };
                self.expect_word("in")?;
                Ok(TokenKind::For { key, value, collection: self.expression()? })
            }
            ("else", Some(Open::If)) => {
                open.pop();
                open.push(Open::Else);
                Ok(TokenKind::Else)
            }
            ("endif", Some(Open::If | Open::Else)) | ("endfor", Some(Open::For)) => {
                open.pop();
                Ok(TokenKind::End)
            }
            _ => {
                self.at = start;
                self.refused("this is no directive that can stand here")
            }
        }
    }

    /// Directives nest no deeper than expressions.
    fn opened(&self, open: &[Open]) -> Read<()> {
        const DEEPEST: usize = 64;
        if open.len() > DEEPEST { self.too_deep("directives nest deeper than 64 levels") } else { Ok(()) }
    }

    /// The literal text up to the next marker or the quote, unescaped.
    fn quoted_literal(&mut self) -> Read<Token> {
        let start = self.at;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let length = rest.find(['"', '\\', '\n', '$', '%']).unwrap_or(rest.len());
            text.push_str(&rest[..length]);
            self.at += length;
            match (self.byte(0), self.byte(1), self.byte(2)) {
                (b'\\', _, _) => text.push(self.escape()?),
                (b'\n', _, _) => return self.refused("a text in quotes ends on the line on which it begins"),
                (first @ (b'$' | b'%'), second, b'{') if second == first => {
                    text.push(char::from(first));
                    text.push('{');
                    self.at += 3;
                }
                (first @ (b'$' | b'%'), second, _) if second != b'{' => {
                    text.push(char::from(first));
                    self.at += 1;
                }
                // A quote, a marker, or the end.
                _ => break,
            }
        }
        Ok(Token { kind: TokenKind::Literal(text), bytes: start..self.at, strips: Strips::default() })
    }

    fn escape(&mut self) -> Read<char> {
        let digits = |it: &Self, n: usize| {
            let hex = it.text.get(it.at + 2..it.at + 2 + n)?;
            let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
            u32::from_str_radix(hex, 16).ok().filter(|_| is_hex).and_then(char::from_u32)
        };
        let (found, length) = match self.byte(1) {
            b'n' => (Some('\n'), 2),
            b'r' => (Some('\r'), 2),
            b't' => (Some('\t'), 2),
            b'"' => (Some('"'), 2),
            b'\\' => (Some('\\'), 2),
            b'u' => (digits(self, 4), 6),
            b'U' => (digits(self, 8), 10),
            _ => (None, 0),
        };
        match found {
            Some(found) => {
                self.at += length;
                Ok(found)
            }
            None => self.refused("this escape is not known; a backslash is written `\\\\`"),
        }
    }

    /// The literal text of a heredoc or template file up to the next marker or the end of the line; only `$${` and
    /// `%%{` are escapes.
    fn raw_line(&mut self) -> Token {
        let start = self.at;
        let mut has_escape = false;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'$' | b'%')).unwrap_or(rest.len());
            self.at += length;
            match (self.byte(0), self.byte(1), self.byte(2)) {
                (b'\n', _, _) => {
                    self.at += 1;
                    break;
                }
                (first @ (b'$' | b'%'), second, b'{') if second == first => {
                    has_escape = true;
                    self.at += 3;
                }
                (b'$' | b'%', second, _) if second != b'{' => self.at += 1,
                _ => break,
            }
        }
        let raw = &self.text[start..self.at];
        let text = if has_escape { raw.replace("$${", "${").replace("%%{", "%{") } else { raw.to_owned() };
        Token { kind: TokenKind::Literal(text), bytes: start..self.at, strips: Strips::default() }
    }
}

impl Token {
    /// Cuts `n` bytes from the start of a literal.
    fn cut_start(&mut self, n: usize) {
        let TokenKind::Literal(text) = &mut self.kind else { return };
        text.drain(..n);
        // The bytes before the first escape are those of the file, and white space is never escaped in a raw literal.
        self.bytes.start = (self.bytes.start + n).min(self.bytes.end);
    }
}

impl Tokens {
    /// Takes the white space that `~` strips from the neighbouring literals.
    fn strip(&mut self) {
        for index in 0..self.tokens.len() {
            let strips = self.tokens[index].strips;
            if strips.before && index > 0 {
                let before = &mut self.tokens[index - 1];
                if let TokenKind::Literal(text) = &mut before.kind {
                    let kept = text.trim_end().len();
                    let cut = text.len() - kept;
                    text.truncate(kept);
                    before.bytes.end = before.bytes.end.saturating_sub(cut).max(before.bytes.start);
                }
            }
            if strips.after
                && let Some(after) = self.tokens.get_mut(index + 1)
                && let TokenKind::Literal(text) = &after.kind
            {
                let cut = text.len() - text.trim_start().len();
                after.cut_start(cut);
            }
        }
    }

    /// Removes from every line the smallest indentation found. A blank line does not count, a line that begins with
    /// something else than a literal counts as not indented.
    fn remove_indent(&mut self) {
        let mut smallest = usize::MAX;
        let mut lines = Vec::new();
        let mut at_line_start = true;
        for (index, token) in self.tokens.iter().enumerate() {
            let TokenKind::Literal(text) = &token.kind else {
                if at_line_start {
                    smallest = 0;
                }
                at_line_start = false;
                continue;
            };
            if at_line_start {
                let trimmed = text.trim_start();
                let is_blank = trimmed.is_empty() && text.ends_with('\n');
                if !is_blank {
                    smallest = smallest.min(text[..text.len() - trimmed.len()].chars().count());
                    lines.push(index);
                }
            }
            at_line_start = text.ends_with('\n');
        }
        for index in lines {
            let TokenKind::Literal(text) = &self.tokens[index].kind else { continue };
            let cut = text.char_indices().nth(smallest).map_or(text.len(), |(at, _)| at);
            self.tokens[index].cut_start(cut);
        }
    }

    fn into_parts(self, spans: &Spans<'_>, names: &mut Names) -> Vec<Part> {
        let mut open: Vec<Frame> = Vec::new();
        let mut parts: Vec<Part> = Vec::new();
        for token in self.tokens {
            let span = spans.of(token.bytes);
            match token.kind {
                TokenKind::Literal(text) if text.is_empty() => {}
                TokenKind::Literal(text) => {
                    parts.push(Part::Literal { text: names.share(&text), span });
                }
                TokenKind::Interpolation(value) => parts.push(Part::Interpolation { value, span }),
                TokenKind::If(_) | TokenKind::For { .. } => {
                    open.push(Frame { opener: token.kind, span, outer: std::mem::take(&mut parts), then: None });
                }
                TokenKind::Else => {
                    if let Some(frame) = open.last_mut() {
                        frame.then = Some(std::mem::take(&mut parts));
                    }
                }
                TokenKind::End => {
                    if let Some(mut frame) = open.pop() {
                        frame.span = frame.span.to(span);
                        parts = frame.close(parts);
                    }
                }
            }
        }
        parts
    }
}

/// A directive whose end is still to come.
struct Frame {
    opener: TokenKind,
    span: Span,
    /// What stood before it.
    outer: Vec<Part>,
    /// Of an `if` with `else`: its first half.
    then: Option<Vec<Part>>,
}

impl Frame {
    fn close(mut self, last: Vec<Part>) -> Vec<Part> {
        let span = self.span;
        match self.opener {
            TokenKind::If(condition) => {
                let (then, otherwise) = match self.then {
                    Some(then) => (then, last),
                    None => (last, Vec::new()),
                };
                self.outer.push(Part::If { condition, then, otherwise, span });
            }
            TokenKind::For { key, value, collection } => {
                self.outer.push(Part::For { key, value, collection, body: last, span });
            }
            TokenKind::Literal(_) | TokenKind::Interpolation(_) | TokenKind::Else | TokenKind::End => {}
        }
        self.outer
    }
}
