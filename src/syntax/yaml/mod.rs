//! One tree for YAML and JSON: every node with its bytes, keys with theirs, comments with what they cover. Scalars know
//! where each decoded character stands in the source. What the keys mean is the business of `lower`.

mod block;
mod comments;
mod compose;
pub mod json;
mod key;
mod scalar;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::source::{Comment, FileId, Problem, Span};

pub use compose::parse;
pub use key::Key;
pub use scalar::{Scalar, Style};

/// Aliases of one document may add this many nodes; an alias beyond it is unread.
pub const EXPANSION_LIMIT: u32 = 100_000;

/// Collections may nest this deep, in the text and through aliases.
pub const DEPTH_LIMIT: u32 = 256;

/// What could be read of a text, and what went wrong.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The first document; nothing if there is none.
    pub root: Option<Node>,
    pub comments: Vec<Comment>,
    pub faults: Vec<Fault>,
    pub duplicates: Vec<Duplicate>,
    /// Where a second document begins: nobody here reads it.
    pub second_document: Option<Span>,
    /// False if reading stopped early: then every collection may have further members.
    pub is_complete: bool,
}

/// A key that a mapping holds more than once; the last one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    pub first: Span,
    pub last: Span,
}

/// A place where the text is not what its language allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub reason: &'static str,
    pub span: Span,
    pub message: String,
}

impl Fault {
    pub fn problem(&self, path: &str) -> Problem {
        Problem::at(self.reason, path, self.span, self.message.clone())
    }
}

#[derive(Clone, Debug)]
pub struct Node {
    /// The value itself, quotes and brackets included; the alias where it is one. An empty value is an empty span.
    pub span: Span,
    /// `!cancelled` of `if: !cancelled()`: a tag as written, with its place. The core schema's own tags are applied.
    pub tag: Option<Box<Tag>>,
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub text: String,
    pub span: Span,
}

/// Either a value of its own, or one that an anchor shares.
#[derive(Clone, Debug)]
enum Form {
    Own(Kind),
    Shared(Arc<Node>),
}

#[derive(Clone, Debug)]
pub enum Kind {
    Null,
    Bool(bool),
    /// As written: `3.10` and `0x1F` stay what they are.
    Number(Box<str>),
    Text(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// An alias without anchor, into itself or beyond the limits; the reason code says which.
    Unread(&'static str),
}

/// A member of a mapping. Of duplicates only the last is kept, in the place of the first.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: Key,
    pub key_span: Span,
    pub value: Node,
}

impl Entry {
    /// From the key to the end of the value.
    pub fn span(&self) -> Span {
        self.key_span.to(if self.value.span.file == self.key_span.file { self.value.span } else { self.key_span })
    }
}

impl Node {
    pub fn new(kind: Kind, span: Span) -> Node {
        Node { span, tag: None, form: Form::Own(kind) }
    }

    fn shared(node: Arc<Node>, span: Span) -> Node {
        Node { span, tag: node.tag.clone(), form: Form::Shared(node) }
    }

    /// The kind, seen through aliases.
    pub fn kind(&self) -> &Kind {
        match &self.resolved().form {
            Form::Own(kind) => kind,
            // `resolved` ends at a node of its own; an anchor on an alias is no YAML.
            Form::Shared(_) => &Kind::Unread("alias-chain"),
        }
    }

    /// The node that an anchor names, or this one. Its span is where the value is written.
    pub fn resolved(&self) -> &Node {
        let mut node = self;
        while let Form::Shared(target) = &node.form {
            node = target;
        }
        node
    }

    /// Whether the value is written elsewhere.
    pub fn is_alias(&self) -> bool {
        self.resolved().span != self.span
    }

    /// The member of a mapping with this key; nothing if there is none or this is no mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The member at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The members of a mapping; none if it is something else.
    pub fn entries(&self) -> &[Entry] {
        match self.kind() {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The members of a list; none if it is something else.
    pub fn items(&self) -> &[Node] {
        match self.kind() {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.kind(), Kind::Null)
    }

    pub fn is_map(&self) -> bool {
        matches!(self.kind(), Kind::Map(_))
    }

    pub fn is_list(&self) -> bool {
        matches!(self.kind(), Kind::List(_))
    }

    /// The decoded text of a text.
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().map(Scalar::as_str)
    }

    pub fn as_scalar(&self) -> Option<&Scalar> {
        match self.kind() {
            Kind::Text(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Any scalar as a reader that knows only texts sees it: `true`, `3.10`, `main`. Null is no scalar here.
    pub fn scalar_text(&self) -> Option<&str> {
        match self.kind() {
            Kind::Text(scalar) => Some(scalar.as_str()),
            Kind::Number(text) => Some(text),
            Kind::Bool(true) => Some("true"),
            Kind::Bool(false) => Some("false"),
            Kind::Null | Kind::List(_) | Kind::Map(_) | Kind::Unread(_) => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.kind() {
            Kind::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The source span of decoded bytes of a scalar (the whole value for what is no text).
    pub fn span_of(&self, decoded: std::ops::Range<usize>) -> Span {
        let node = self.resolved();
        match node.as_scalar() {
            Some(scalar) => {
                Span::new(node.span.file, scalar.source_offset(decoded.start), scalar.source_end(decoded.end))
            }
            None => node.span,
        }
    }
}

/// Reads JSON where the name or the first character says so and the text is JSON, YAML otherwise.
pub fn read(file: FileId, name: &str, text: &str) -> Parsed {
    if name.ends_with(".json") {
        return json::parse(file, text);
    }
    let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    if !is_yaml && text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        let parsed = json::parse(file, text);
        if parsed.faults.is_empty() {
            return parsed;
        }
    }
    parse(file, text)
}
