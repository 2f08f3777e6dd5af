//! HCL: a file is read into our tree as a whole. Where that fails, one pass finds the top-level items and each is read by
//! itself, so that one that does not parse costs itself alone. What the blocks mean is the business of `eval` (and of `rule`, whose conditions are expressions).

mod body;
mod comments;
mod expression;
mod json;
mod reader;
mod scan;
mod template;
#[cfg(test)]
mod tests;
mod tree;

use crate::source::{Comment, FileId, Span};
pub use reader::Names;
use reader::{Reader, Spans};
use scan::Asides;
pub use tree::{
    Attribute, Binary, BinaryOperator, Block, Body, Call, Conditional, Expr, ExprKind, For, Label, Name, ObjectItem,
    ObjectKey, Part, Step, StepKind, Template, TemplateForm, Traversal, UnaryOperator,
};

pub use crate::syntax::yaml::Fault;
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
    parse_sharing(file, text, &mut Names::of_file(text.len()))
}

/// The same, where other files have many of the names.
pub fn parse_sharing(file: FileId, text: &str, names: &mut Names) -> Parsed {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    match whole(file, text, start, names) {
        Some((body, asides)) => {
            let comments = comments::comments(file, text, &asides, &body);
            Parsed { body, comments, ..Parsed::default() }
        }
        None => in_parts(file, text, start, names),
    }
}

/// A file in which nothing is refused.
fn whole(file: FileId, text: &str, start: usize, names: &mut Names) -> Option<(Body, Asides)> {
    let mut reader = Reader::new(text, start, Spans::From(file, 0), names);
    let body = reader.whole_body().ok()?;
    reader.asides.unclosed_comment.is_none().then_some((body, reader.asides))
}

fn in_parts(file: FileId, text: &str, start: usize, names: &mut Names) -> Parsed {
    let scan = scan::scan(text, start);
    let spans = Spans::From(file, 0);
    let mut faults = Vec::new();
    let mut body = Body::default();
    for item in &scan.items {
        match Reader::new(&text[..item.end], item.start, spans, names).whole_body() {
            Ok(mut read) => {
                body.attributes.append(&mut read.attributes);
                body.blocks.append(&mut read.blocks);
            }
            Err(refused) => faults.push(refused.fault(&spans)),
        }
    }
    drop_repeated(&mut body, &mut faults);
    if let Some(start) = scan.asides.unclosed_comment {
        let message = "this comment never ends".to_owned();
        faults.push(Fault { reason: "syntax-error", span: Span::new(file, start, start + 2), message });
    }
    let comments = comments::comments(file, text, &scan.asides, &body);
    Parsed { comments, body, is_broken: !faults.is_empty(), faults }
}

/// Reads configuration of our own that no file holds: all of it stands at one place of a file.
pub fn parse_at(place: Span, text: &str) -> Parsed {
    let spans = Spans::At(place);
    match Reader::new(text, 0, spans, &mut Names::default()).whole_body() {
        Ok(body) => Parsed { body, ..Parsed::default() },
        Err(refused) => Parsed { faults: vec![refused.fault(&spans)], is_broken: true, ..Parsed::default() },
    }
}

/// Reads a lone expression as if it stood in parentheses, so that it may break lines. Its first byte stands at `offset`
/// of the file.
pub fn parse_expression(file: FileId, text: &str, offset: usize) -> Result<Expr, Fault> {
    let spans = Spans::From(file, offset);
    let mut names = Names::default();
    let mut reader = Reader::new(text, 0, spans, &mut names);
    reader.whole_expression().map_err(|refused| refused.fault(&spans))
}

/// Reads a text that is a template as a whole: a template file, a text of JSON syntax.
pub fn parse_template(file: FileId, text: &str, offset: usize) -> Result<Template, Fault> {
    let spans = Spans::From(file, offset);
    let read = Reader::new(text, 0, spans, &mut Names::default()).whole_template();
    read.map_err(|refused| refused.fault(&spans))
}

/// An attribute that stands twice at the top of a file; inside a block the reader refuses it.
fn drop_repeated(body: &mut Body, faults: &mut Vec<Fault>) {
    let mut seen = std::collections::HashSet::new();
    body.attributes.retain(|attribute| {
        let is_first = seen.insert(attribute.name.clone());
        if !is_first {
            let message = format!("`{}` is set twice", attribute.name);
            faults.push(Fault { reason: "syntax-error", span: attribute.name_span, message });
        }
        is_first
    });
}
