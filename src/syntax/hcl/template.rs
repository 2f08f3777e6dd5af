//! Templates as a flat run of tokens, as the language defines white space: first what `~` strips, then the indentation
//! of `<<-`, then the nesting of directives.

use hcl_edit::Span as _;
use hcl_edit::template::{Directive, Element, Strip, Template};

use super::convert::Converter;
use super::tree::{Expr, Name, Part, TemplateForm};
use crate::source::Span;

#[derive(Debug, Default)]
pub(super) struct Tokens {
    tokens: Vec<Token>,
}

#[derive(Debug)]
struct Token {
    kind: TokenKind,
    span: Span,
    strip: Strip,
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

impl Converter<'_> {
    pub(super) fn tokens(&mut self, template: &Template, form: TemplateForm, tokens: &mut Tokens) {
        for element in template {
            match element {
                Element::Literal(literal) => {
                    let span = self.span(literal.span());
                    match (form, literal.span().and_then(|range| self.text.get(range))) {
                        (TemplateForm::Heredoc | TemplateForm::Bare, Some(raw)) => push_lines(raw, span, tokens),
                        _ => {
                            let text = self.marks.unmarked(literal.as_str()).to_owned();
                            tokens.push(TokenKind::Literal(text), span, Strip::None);
                        }
                    }
                }
                Element::Interpolation(interpolation) => {
                    let value = self.expr(&interpolation.expr);
                    let span = self.span(element.span());
                    tokens.push(TokenKind::Interpolation(value), span, interpolation.strip);
                }
                Element::Directive(directive) => self.directive(directive, form, tokens),
            }
        }
    }

    fn directive(&mut self, directive: &Directive, form: TemplateForm, tokens: &mut Tokens) {
        let span = self.span(directive.span());
        match directive {
            Directive::If(directive) => {
                let condition = self.expr(&directive.if_expr.cond_expr);
                tokens.push(TokenKind::If(condition), span, directive.if_expr.strip);
                self.tokens(&directive.if_expr.template, form, tokens);
                if let Some(otherwise) = &directive.else_expr {
                    tokens.push(TokenKind::Else, span, otherwise.strip);
                    self.tokens(&otherwise.template, form, tokens);
                }
                tokens.push(TokenKind::End, span, directive.endif_expr.strip);
            }
            Directive::For(directive) => {
                let collection = self.expr(&directive.for_expr.collection_expr);
                let key = directive.for_expr.key_var.as_ref().map(|name| self.name(name.as_str()));
                let value = self.name(directive.for_expr.value_var.as_str());
                tokens.push(TokenKind::For { key, value, collection }, span, directive.for_expr.strip);
                self.tokens(&directive.for_expr.template, form, tokens);
                tokens.push(TokenKind::End, span, directive.endfor_expr.strip);
            }
        }
    }
}

/// The literal text of a heredoc or template file, one token a line; only `$${` and `%%{` are escapes.
fn push_lines(raw: &str, span: Span, tokens: &mut Tokens) {
    let mut start = span.start as usize;
    for line in raw.split_inclusive('\n') {
        let span = Span::new(span.file, start, start + line.len());
        start += line.len();
        let has_escape = line.contains("$${") || line.contains("%%{");
        let text = if has_escape { line.replace("$${", "${").replace("%%{", "%{") } else { line.to_owned() };
        tokens.push(TokenKind::Literal(text), span, Strip::None);
    }
}

impl Token {
    /// Cuts `n` bytes from the start of a literal.
    fn cut_start(&mut self, n: usize) {
        let TokenKind::Literal(text) = &mut self.kind else { return };
        text.drain(..n);
        // The bytes before the first escape are those of the file, and white space is never escaped in a raw literal.
        let end = self.span.end;
        self.span.start = (self.span.start + n as u32).min(end);
    }
}

impl Tokens {
    fn push(&mut self, kind: TokenKind, span: Span, strip: Strip) {
        self.tokens.push(Token { kind, span, strip });
    }

    /// Takes the white space that `~` strips from the neighbouring literals.
    pub(super) fn strip(&mut self) {
        for index in 0..self.tokens.len() {
            let strip = self.tokens[index].strip;
            if strip.strip_start() && index > 0 {
                let before = &mut self.tokens[index - 1];
                if let TokenKind::Literal(text) = &mut before.kind {
                    let kept = text.trim_end().len();
                    let cut = (text.len() - kept) as u32;
                    text.truncate(kept);
                    before.span.end = before.span.end.saturating_sub(cut).max(before.span.start);
                }
            }
            if strip.strip_end()
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
    pub(super) fn remove_indent(&mut self) {
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

    pub(super) fn into_parts(self, converter: &mut Converter<'_>) -> Vec<Part> {
        let mut open: Vec<Frame> = Vec::new();
        let mut parts: Vec<Part> = Vec::new();
        for token in self.tokens {
            let span = token.span;
            match token.kind {
                TokenKind::Literal(text) if text.is_empty() => {}
                TokenKind::Literal(text) => {
                    parts.push(Part::Literal { text: converter.names.share(&text), span });
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
                    if let Some(frame) = open.pop() {
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
