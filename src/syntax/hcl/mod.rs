//! HCL: our own compact tree, filled by hcl-edit, which nobody above sees. A top-level block that does not parse costs
//! that block alone. What the blocks mean is the business of `eval` (and of `rule`, whose conditions are expressions).

mod comments;
mod convert;
mod json;
mod scan;
mod template;
#[cfg(test)]
mod tests;
mod tree;

use std::ops::Range;

use hcl_edit::parser;

use crate::source::{Comment, FileId, Span};
use convert::{Converter, Indent, MARK, Marks, Names};
pub use tree::{
    Attribute, Binary, BinaryOperator, Block, Body, Call, Conditional, Expr, ExprKind, For, Label, Name, ObjectItem,
    ObjectKey, Part, Step, StepKind, Template, TemplateForm, Traversal, UnaryOperator,
};

pub use crate::syntax::yaml::Fault;
use crate::syntax::yaml::Scalar;
pub use json::{parse_json, parse_json_values};

/// What could be read of a file, and what went wrong.
#[derive(Debug, Default)]
pub struct Parsed {
    pub body: Body,
    pub comments: Vec<Comment>,
    pub faults: Vec<Fault>,
    /// Something of the file could not be read: there may be more than the body holds.
    pub is_broken: bool,
}

/// Reads a file of native syntax: configuration, variable values, a lock file.
pub fn parse(file: FileId, text: &str) -> Parsed {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let scan = scan::scan(text, start);
    let mut reader = Reader { file, names: Names::default(), faults: Vec::new() };
    let mut body = Body::default();
    for item in &scan.items {
        if let Some(mut read) = reader.item(text, item.clone()) {
            body.attributes.append(&mut read.attributes);
            body.blocks.append(&mut read.blocks);
        }
    }
    reader.drop_repeated(&mut body);
    if let Some(start) = scan.unclosed_comment {
        let message = "this comment never ends".to_owned();
        reader.faults.push(Fault { reason: "syntax-error", span: Span::new(file, start, start + 2), message });
    }
    let comments = comments::comments(file, text, &scan, &body);
    Parsed { comments, body, is_broken: !reader.faults.is_empty(), faults: reader.faults }
}

/// Reads a lone expression as if it stood in parentheses, so that it may break lines. Its first byte stands at `offset`
/// of the file.
pub fn parse_expression(file: FileId, text: &str, offset: usize) -> Result<Expr, Fault> {
    let mut reader = Reader { file, names: Names::default(), faults: Vec::new() };
    let wrapped = format!("({text}\n)");
    match parser::parse_expr(&wrapped) {
        Ok(expression) => {
            // The opening parenthesis is ours; it stands one byte before the text.
            let shift = Shift { text: &wrapped, marks: &Marks::opening_parenthesis(), offset, scalar: None };
            let converted = reader.converter(&shift).expr(&expression);
            match converted.kind {
                ExprKind::Parentheses(inner) => Ok(*inner),
                _ => Ok(converted),
            }
        }
        Err(error) => {
            let at = error.location().offset().saturating_sub(1).min(text.len());
            Err(fault(file, offset + at, &error))
        }
    }
}

/// Reads a text that is a template as a whole: a template file, a text of JSON syntax.
pub fn parse_template(file: FileId, text: &str, offset: usize) -> Result<Template, Fault> {
    let mut reader = Reader { file, names: Names::default(), faults: Vec::new() };
    match parser::parse_template(text) {
        Ok(template) => {
            let shift = Shift { text, marks: &Marks::default(), offset, scalar: None };
            match reader.converter(&shift).template(&template, TemplateForm::Bare, Indent::Kept) {
                ExprKind::Template(template) => Ok(*template),
                _ => Ok(Template { form: TemplateForm::Bare, parts: Vec::new() }),
            }
        }
        Err(error) => Err(fault(file, offset + error.location().offset().min(text.len()), &error)),
    }
}

struct Reader {
    file: FileId,
    names: Names,
    faults: Vec<Fault>,
}

/// A text that hcl-edit read and where it stands in the file.
struct Shift<'a> {
    text: &'a str,
    marks: &'a Marks,
    offset: usize,
    scalar: Option<&'a Scalar>,
}

impl Reader {
    fn converter<'a>(&'a mut self, shift: &Shift<'a>) -> Converter<'a> {
        Converter {
            file: self.file,
            text: shift.text,
            base: shift.offset,
            marks: shift.marks,
            scalar: shift.scalar,
            names: &mut self.names,
        }
    }

    fn item(&mut self, text: &str, range: Range<usize>) -> Option<Body> {
        let source = &text[range.clone()];
        match parser::parse_body(source) {
            Ok(body) => {
                let shift = Shift { text: source, marks: &Marks::default(), offset: range.start, scalar: None };
                Some(self.converter(&shift).body(&body))
            }
            Err(error) if is_repeated_key(&error) => self.item_with_repeated_keys(source, range.start, &error),
            Err(error) => {
                self.faults.push(fault(self.file, range.start + error.location().offset(), &error));
                None
            }
        }
    }

    /// The language takes a key that stands twice in an object, hcl-edit does not: each repetition gets a mark in a copy
    /// of the text, and the marks are taken off again while the tree is converted.
    fn item_with_repeated_keys(&mut self, source: &str, base: usize, first: &parser::Error) -> Option<Body> {
        let mut marked = Marked { text: source.to_owned(), marks: Marks::default() };
        let mut offset = first.location().offset();
        let mut n_bytes = 0;
        loop {
            n_bytes += marked.text.len();
            if !marked.mark(offset) || n_bytes > REPARSED_BYTES {
                self.faults.push(Fault {
                    reason: "syntax-error",
                    span: Span::new(self.file, base, base + source.len()),
                    message: "too many keys stand twice in the objects of this block".to_owned(),
                });
                return None;
            }
            match parser::parse_body(&marked.text) {
                Ok(body) => {
                    let shift = Shift { text: &marked.text, marks: &marked.marks, offset: base, scalar: None };
                    return Some(self.converter(&shift).body(&body));
                }
                Err(error) if is_repeated_key(&error) => offset = error.location().offset(),
                Err(error) => {
                    let at = marked.marks.original(error.location().offset());
                    self.faults.push(fault(self.file, base + at, &error));
                    return None;
                }
            }
        }
    }

    /// An attribute that stands twice at the top of a file (hcl-edit refuses those inside a block).
    fn drop_repeated(&mut self, body: &mut Body) {
        let mut seen = std::collections::HashSet::new();
        let faults = &mut self.faults;
        body.attributes.retain(|attribute| {
            let is_first = seen.insert(attribute.name.clone());
            if !is_first {
                let message = format!("`{}` is set twice", attribute.name);
                faults.push(Fault { reason: "syntax-error", span: attribute.name_span, message });
            }
            is_first
        });
    }
}

/// So many bytes are read again because of repeated keys before a block is given up.
const REPARSED_BYTES: usize = 8 << 20;

struct Marked {
    text: String,
    marks: Marks,
}

impl Marked {
    /// Puts a mark into the key that begins at `offset`, in a way that keeps it a key; false if that cannot be.
    fn mark(&mut self, offset: usize) -> bool {
        let mark = format!("{MARK}{}_", self.marks.inserted.len());
        let (at, inserted) = match self.text[offset..].chars().next() {
            Some('"') => (offset + 1, mark),
            Some('(') => (offset + 1, format!("{mark} ? 0 : ")),
            Some(c) if c.is_alphabetic() || c == '_' => (offset, mark),
            // A number is read from the file, so other digits before it do not show.
            Some(c) if c.is_ascii_digit() => (offset, format!("9{:04}", self.marks.inserted.len())),
            _ => return false,
        };
        self.text.insert_str(at, &inserted);
        self.marks.insert(at, inserted.len());
        true
    }
}

/// hcl-edit has no other way to tell its errors apart; a test holds it to these words.
fn is_repeated_key(error: &parser::Error) -> bool {
    error.message().contains("redefined object key")
}

fn fault(file: FileId, offset: usize, error: &parser::Error) -> Fault {
    let message = error.message();
    let is_too_deep = message.contains("nesting depth") || message.contains("chained binary");
    let reason = if is_too_deep { "limit-depth" } else { "syntax-error" };
    Fault { reason, span: Span::new(file, offset, offset), message: message.replace('\n', "; ") }
}
