//! GitHub's expression language: `${{ … }}` found in a text, read into a tree with the bytes of every part. Offsets are
//! those of the text handed in (a decoded scalar); what names mean is the business of `eval::actions`.

mod lex;
mod parse;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use parse::parse;

/// Parts of one expression may nest this deep, and a chain of accesses may be this long.
const DEPTH_LIMIT: usize = 100;

/// A part of an expression with its bytes in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub kind: Kind,
    pub range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// The head of an access: `github`, `needs`.
    Context(String),
    /// `.name`
    Property(Box<Expression>, String),
    /// `[index]`
    Index(Box<Expression>, Box<Expression>),
    /// `.*` or `[*]`
    Every(Box<Expression>),
    Call(String, Vec<Expression>),
    Not(Box<Expression>),
    Compare(Operator, Box<Expression>, Box<Expression>),
    /// At least two parts.
    And(Vec<Expression>),
    Or(Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// Why an expression could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub range: Range<usize>,
    pub message: String,
}

/// One `${{ … }}` of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Hole {
    /// With the braces.
    pub range: Range<usize>,
    pub expression: Result<Expression, Error>,
}

/// All holes of a text in order. A hole that is not closed ends the search.
pub fn holes(text: &str) -> Vec<Hole> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = start_of_hole(text, at) {
        let Some(end) = lex::end_of_hole(text, start + 3) else {
            let error = Error { range: start..text.len(), message: "`${{` is not closed by `}}`".to_owned() };
            found.push(Hole { range: start..text.len(), expression: Err(error) });
            break;
        };
        found.push(Hole { range: start..end + 2, expression: parse(text, start + 3..end) });
        at = end + 2;
    }
    found
}

/// Whether a text has a hole. Most have none, and that is quickly seen.
pub fn has_hole(text: &str) -> bool {
    start_of_hole(text, 0).is_some()
}

fn start_of_hole(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += text[at..].find('$')?;
        if text[at + 1..].starts_with("{{") {
            return Some(at);
        }
        at += 1;
    }
}

/// What an `if` holds: one expression, or a text around expressions, which is never empty and so always true.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    Expression(Result<Expression, Error>),
    AlwaysTrue(Vec<Hole>),
}

/// Reads the text of an `if`, where the braces may be left out.
pub fn condition(text: &str) -> Condition {
    let found = holes(text);
    match found.as_slice() {
        [] => Condition::Expression(parse(text, 0..text.len())),
        [hole] if hole.range == (0..text.len()) => Condition::Expression(hole.expression.clone()),
        _ => Condition::AlwaysTrue(found),
    }
}

impl Expression {
    /// Whether it reads something by its name.
    pub fn is_access(&self) -> bool {
        matches!(self.kind, Kind::Context(_) | Kind::Property(..) | Kind::Index(..) | Kind::Every(_))
    }

    /// The names of an access in lower case, `*` for a filter: `github.event.commits.*.message`. Literal texts as indices
    /// are names too. Nothing for anything else, a computed index included.
    pub fn path(&self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let mut part = self;
        loop {
            match &part.kind {
                Kind::Context(name) => {
                    names.push(name.to_lowercase());
                    names.reverse();
                    return Some(names);
                }
                Kind::Property(object, name) => {
                    names.push(name.to_lowercase());
                    part = object;
                }
                Kind::Index(object, index) => {
                    match &index.kind {
                        Kind::Text(name) => names.push(name.to_lowercase()),
                        Kind::Number(number) => names.push(number.to_string()),
                        _ => return None,
                    }
                    part = object;
                }
                Kind::Every(object) => {
                    names.push("*".to_owned());
                    part = object;
                }
                _ => return None,
            }
        }
    }

    /// The name in lower case, `*` for all, where this reads a member of that context: `secrets.NAME`.
    pub fn member_of(&self, context: &str) -> Option<String> {
        let is_context =
            |object: &Expression| matches!(&object.kind, Kind::Context(name) if name.eq_ignore_ascii_case(context));
        match &self.kind {
            Kind::Property(object, _) | Kind::Index(object, _) | Kind::Every(object) if is_context(object) => {
                self.path()?.pop()
            }
            _ => None,
        }
    }

    /// The parts directly below.
    pub fn children(&self) -> impl DoubleEndedIterator<Item = &Expression> {
        let (first, second, more): (Option<&Expression>, Option<&Expression>, &[Expression]) = match &self.kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Context(_) => (None, None, &[]),
            Kind::Property(object, _) | Kind::Every(object) | Kind::Not(object) => (Some(object), None, &[]),
            Kind::Index(left, right) | Kind::Compare(_, left, right) => (Some(left), Some(right), &[]),
            Kind::Call(_, parts) | Kind::And(parts) | Kind::Or(parts) => (None, None, parts),
        };
        first.into_iter().chain(second).chain(more)
    }

    /// This part and all below, in reading order.
    pub fn all(&self) -> Vec<&Expression> {
        let mut found = Vec::new();
        let mut open = vec![self];
        while let Some(part) = open.pop() {
            found.push(part);
            open.extend(part.children().rev());
        }
        found
    }
}
