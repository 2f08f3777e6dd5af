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

use std::borrow::Cow;
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
    // The opening parenthesis is ours; it stands one byte before the text.
    let wrapped = Marked { text: format!("({text}\n)").into(), marks: Marks::opening_parenthesis() };
    let read = wrapped.read(parser::parse_expr);
    let (expression, marked) = read.map_err(|(at, error)| fault(file, offset + at.min(text.len()), &error))?;
    let converted = reader.converter(&marked.shift(offset)).expr(&expression);
    match converted.kind {
        ExprKind::Parentheses(inner) => Ok(*inner),
        _ => Ok(converted),
    }
}

/// Reads a text that is a template as a whole: a template file, a text of JSON syntax.
pub fn parse_template(file: FileId, text: &str, offset: usize) -> Result<Template, Fault> {
    let mut reader = Reader { file, names: Names::default(), faults: Vec::new() };
    let read = Marked::new(text).read(parser::parse_template);
    let (template, marked) = read.map_err(|(at, error)| fault(file, offset + at.min(text.len()), &error))?;
    match reader.converter(&marked.shift(offset)).template(&template, TemplateForm::Bare, Indent::Kept) {
        ExprKind::Template(template) => Ok(*template),
        _ => Ok(Template { form: TemplateForm::Bare, parts: Vec::new() }),
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
        match Marked::new(&text[range.clone()]).read(parser::parse_body) {
            Ok((body, marked)) => Some(self.converter(&marked.shift(range.start)).body(&body)),
            Err((at, error)) => {
                self.faults.push(fault(self.file, range.start + at, &error));
                None
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

/// A text as hcl-edit takes it. The language allows a key that stands twice in an object, hcl-edit does not: each
/// repetition gets a mark in a copy of the text, and the marks are taken off again while the tree is converted.
struct Marked<'a> {
    text: Cow<'a, str>,
    marks: Marks,
}

impl<'a> Marked<'a> {
    fn new(text: &'a str) -> Marked<'a> {
        Marked { text: Cow::Borrowed(text), marks: Marks::default() }
    }

    /// The tree with what was put into the text for it, or the error with its place in the text as it was.
    fn read<T>(
        mut self,
        parse: impl Fn(&str) -> Result<T, parser::Error>,
    ) -> Result<(T, Marked<'a>), (usize, parser::Error)> {
        let mut n_bytes = 0;
        loop {
            n_bytes += self.text.len();
            match parse(&self.text) {
                Ok(tree) => return Ok((tree, self)),
                Err(error) => {
                    let offset = error.location().offset();
                    let is_marked = is_repeated_key(&error) && n_bytes <= REPARSED_BYTES && self.mark(offset);
                    if !is_marked {
                        return Err((self.marks.original(offset), error));
                    }
                }
            }
        }
    }

    fn shift(&self, offset: usize) -> Shift<'_> {
        Shift { text: &self.text, marks: &self.marks, offset, scalar: None }
    }

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
        self.text.to_mut().insert_str(at, &inserted);
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
