//! JSON syntax, read into the tree of the native one: texts are templates, labels are nested objects, and what may be a
//! block or an attribute is an attribute that holds objects.

use super::reader::{Names, Reader, Spans};
use super::tree::{Attribute, Block, Body, Expr, ExprKind, Label, Name, ObjectItem, ObjectKey, Part, Template};
use super::{Fault, Parsed};
use crate::source::{Comment, CommentPosition, FileId, Span};
use crate::syntax::yaml::{self, Entry, Kind, Node, Scalar};

/// Expressions may nest this deep, as in native syntax.
const DEEPEST: usize = 64;

/// Reads a configuration file of JSON syntax.
pub fn parse_json(file: FileId, text: &str) -> Parsed {
    read(file, text, |reader, root| reader.body(root, Place::Top, 0))
}

/// Reads a file of variable values: every text is literal.
pub fn parse_json_values(file: FileId, text: &str) -> Parsed {
    read(file, text, |reader, root| {
        let mut body = Body::default();
        for entry in root.entries() {
            body.attributes.push(reader.attribute(entry, Texts::Literal));
        }
        body
    })
}

fn read(file: FileId, text: &str, body: impl FnOnce(&mut JsonReader, &Node) -> Body) -> Parsed {
    let json = yaml::json::parse_repeated(file, text);
    let mut reader = JsonReader { file, names: Names::default(), faults: json.faults.clone(), comments: Vec::new() };
    let body = match &json.root {
        Some(root) if root.is_map() || root.is_list() => body(&mut reader, root),
        Some(root) => {
            let message = "a configuration is an object".to_owned();
            reader.faults.push(Fault { reason: "syntax-error", span: root.span, message });
            Body::default()
        }
        None => Body::default(),
    };
    let JsonReader { faults, comments, .. } = reader;
    Parsed { body, comments, is_broken: !faults.is_empty() || !json.is_complete, faults }
}

/// What the texts of an expression are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Texts {
    Template,
    Literal,
    /// Texts are expressions of the native language.
    Expression,
}

/// Where a body stands: it decides which names are blocks, and of how many labels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Resource,
    Module,
    Variable,
    Terraform,
    Check,
    Dynamic,
    Other,
}

impl Place {
    /// The labels of a block of this name and the place inside it; nothing if the name is an attribute.
    fn block(self, name: &str) -> Option<(usize, Place)> {
        match (self, name) {
            (Place::Top, "resource" | "data" | "ephemeral") => Some((2, Place::Resource)),
            (Place::Top, "module") => Some((1, Place::Module)),
            (Place::Top, "variable") => Some((1, Place::Variable)),
            (Place::Top, "provider") => Some((1, Place::Resource)),
            (Place::Top, "output") => Some((1, Place::Other)),
            (Place::Top, "check") => Some((1, Place::Check)),
            (Place::Top, "action" | "list") => Some((2, Place::Resource)),
            (Place::Top, "terraform") => Some((0, Place::Terraform)),
            (Place::Top, _) => Some((0, Place::Other)),
            (Place::Check, "data") => Some((2, Place::Resource)),
            (Place::Check, _) => Some((0, Place::Other)),
            (Place::Resource, "dynamic") => Some((1, Place::Dynamic)),
            (Place::Resource, "provisioner") => Some((1, Place::Resource)),
            (Place::Resource | Place::Module, "lifecycle" | "connection") => Some((0, Place::Resource)),
            (Place::Dynamic, "content") => Some((0, Place::Resource)),
            (Place::Variable, "validation") => Some((0, Place::Other)),
            (Place::Terraform, "backend" | "provider_meta" | "state_store") => Some((1, Place::Other)),
            (Place::Terraform, "required_providers" | "cloud" | "encryption") => Some((0, Place::Other)),
            (
                Place::Resource | Place::Module | Place::Variable | Place::Terraform | Place::Dynamic | Place::Other,
                _,
            ) => None,
        }
    }

    /// Without a schema an object may be a block or an attribute, and we read it as an attribute. Only a block can have
    /// `dynamic` blocks in it.
    fn block_with_dynamic(self, entry: &Entry) -> Option<(usize, Place)> {
        (self == Place::Resource && &*entry.key != "dynamic" && has_dynamic(&entry.value))
            .then_some((0, Place::Resource))
    }

    fn texts(self, name: &str) -> Texts {
        match (self, name) {
            (Place::Variable, "default") => Texts::Literal,
            (Place::Variable, "type") => Texts::Expression,
            (
                Place::Resource | Place::Module,
                "provider" | "providers" | "depends_on" | "ignore_changes" | "replace_triggered_by",
            ) => Texts::Expression,
            _ => Texts::Template,
        }
    }
}

struct JsonReader {
    file: FileId,
    names: Names,
    faults: Vec<Fault>,
    comments: Vec<Comment>,
}

/// A block under construction: its kind and the labels met so far.
struct Header {
    kind: Name,
    kind_span: Span,
    labels: Vec<Label>,
}

impl JsonReader {
    fn name(&mut self, text: &str) -> Name {
        self.names.share(text)
    }

    /// JSON has no comments; what stands at the top under `//` speaks about the file.
    fn comment(&mut self, node: &Node) {
        if let Some(text) = node.as_str() {
            self.comments.push(Comment::new(node.span, text.trim(), CommentPosition::Alone));
        }
    }

    /// The members of an object, or of several in an array.
    fn body(&mut self, node: &Node, place: Place, depth: usize) -> Body {
        let mut body = Body::default();
        if depth > DEEPEST {
            self.too_deep(node.span);
            return body;
        }
        let objects: Vec<&Node> = if node.is_list() { node.items().iter().collect() } else { vec![node] };
        for entry in objects.into_iter().flat_map(Node::entries) {
            if &*entry.key == "//" {
                if place == Place::Top {
                    self.comment(&entry.value);
                }
                continue;
            }
            match place.block(&entry.key).or_else(|| place.block_with_dynamic(entry)) {
                Some((n_labels, inside)) => {
                    let header = Header { kind: self.name(&entry.key), kind_span: entry.key_span, labels: Vec::new() };
                    self.blocks(&entry.value, header, n_labels, inside, &mut body.blocks, depth);
                }
                None => {
                    let attribute = self.attribute(entry, place.texts(&entry.key));
                    self.add_attribute(attribute, &mut body);
                }
            }
        }
        body
    }

    /// A name that stands twice means several blocks where it holds objects, and is refused elsewhere.
    fn add_attribute(&mut self, attribute: Attribute, body: &mut Body) {
        let Some(first) = body.attributes.iter_mut().find(|first| first.name == attribute.name) else {
            body.attributes.push(attribute);
            return;
        };
        if !may_be_blocks(&first.value) || !may_be_blocks(&attribute.value) {
            let message = format!("`{}` is set twice", attribute.name);
            let span = attribute.name_span;
            self.faults.push(Fault { reason: "syntax-error", span, message });
            return;
        }
        let span = first.value.span;
        let mut blocks = objects(std::mem::replace(&mut first.value, Expr { kind: ExprKind::Null, span }));
        blocks.append(&mut objects(attribute.value));
        first.value = Expr { kind: ExprKind::List(blocks), span };
    }

    /// Every level of labels is an object, or an array of objects; so is the body.
    fn blocks(
        &mut self,
        node: &Node,
        header: Header,
        n_labels: usize,
        place: Place,
        found: &mut Vec<Block>,
        depth: usize,
    ) {
        if depth > DEEPEST {
            self.too_deep(node.span);
            return;
        }
        match node.kind() {
            Kind::List(items) => {
                for item in items {
                    let header = Header {
                        kind: header.kind.clone(),
                        kind_span: header.kind_span,
                        labels: header.labels.clone(),
                    };
                    self.blocks(item, header, n_labels, place, found, depth + 1);
                }
            }
            Kind::Map(entries) if n_labels > 0 => {
                for entry in entries.iter().filter(|entry| &*entry.key != "//") {
                    let mut labels = header.labels.clone();
                    labels.push(Label { text: self.name(&entry.key), span: entry.key_span });
                    let header = Header { kind: header.kind.clone(), kind_span: header.kind_span, labels };
                    self.blocks(&entry.value, header, n_labels - 1, place, found, depth + 1);
                }
            }
            Kind::Map(_) => {
                let header_span = header.labels.last().map_or(header.kind_span, |label| label.span);
                found.push(Block {
                    body: self.body(node, place, depth + 1),
                    kind: header.kind,
                    kind_span: header.kind_span,
                    labels: header.labels,
                    header_span,
                    span: header_span.to(node.span),
                });
            }
            Kind::Null => {}
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Unread(_) => {
                let message = format!("`{}` is a block here: an object is required", header.kind);
                self.faults.push(Fault { reason: "syntax-error", span: node.span, message });
            }
        }
    }

    fn attribute(&mut self, entry: &Entry, texts: Texts) -> Attribute {
        let value = self.expr(&entry.value, texts, 0);
        Attribute { name: self.name(&entry.key), name_span: entry.key_span, span: entry.span(), value }
    }

    fn expr(&mut self, node: &Node, texts: Texts, depth: usize) -> Expr {
        let kind = match node.kind() {
            _ if depth > DEEPEST => {
                self.too_deep(node.span);
                ExprKind::Unreadable("limit-depth")
            }
            Kind::Null => ExprKind::Null,
            Kind::Bool(value) => ExprKind::Bool(*value),
            Kind::Number(text) => ExprKind::Number(self.name(text)),
            Kind::Text(scalar) => return self.text(scalar, node.span, texts),
            Kind::List(items) => ExprKind::List(items.iter().map(|item| self.expr(item, texts, depth + 1)).collect()),
            Kind::Map(entries) if has_repetition(entries) => ExprKind::Unreadable("duplicate-key"),
            Kind::Map(entries) => {
                ExprKind::Object(entries.iter().map(|entry| self.item(entry, texts, depth)).collect())
            }
            Kind::Unread(reason) => ExprKind::Unreadable(reason),
        };
        Expr { kind, span: node.span }
    }

    fn item(&mut self, entry: &Entry, texts: Texts, depth: usize) -> ObjectItem {
        let is_template = texts == Texts::Template && (entry.key.contains("${") || entry.key.contains("%{"));
        let key = if is_template {
            match super::parse_template(self.file, &entry.key, entry.key_span.start as usize + 1) {
                Ok(template) => {
                    ObjectKey::Expr(Expr { kind: ExprKind::Template(Box::new(template)), span: entry.key_span })
                }
                Err(fault) => {
                    self.faults.push(fault);
                    ObjectKey::Expr(Expr { kind: ExprKind::Unreadable("syntax-error"), span: entry.key_span })
                }
            }
        } else {
            ObjectKey::Name(self.name(&entry.key), entry.key_span)
        };
        ObjectItem { key, value: self.expr(&entry.value, texts, depth + 1) }
    }

    fn text(&mut self, scalar: &Scalar, span: Span, texts: Texts) -> Expr {
        let text = scalar.as_str();
        let has_marker = text.contains("${") || text.contains("%{");
        match texts {
            Texts::Template if has_marker => self.template(scalar, span),
            Texts::Template | Texts::Literal => Expr { kind: ExprKind::Text(self.name(text)), span },
            Texts::Expression => match super::parse_expression(self.file, text, span.start as usize + 1) {
                Ok(expr) => expr,
                Err(fault) => {
                    self.faults.push(fault);
                    Expr { kind: ExprKind::Unreadable("syntax-error"), span }
                }
            },
        }
    }

    fn template(&mut self, scalar: &Scalar, span: Span) -> Expr {
        let spans = Spans::Scalar(self.file, scalar);
        let kind = match Reader::new(scalar.as_str(), 0, spans, &mut self.names).whole_template() {
            Ok(template) => lone_literal(template),
            Err(refused) => {
                self.faults.push(refused.fault(&spans));
                ExprKind::Unreadable("syntax-error")
            }
        };
        Expr { kind, span }
    }

    fn too_deep(&mut self, span: Span) {
        let message = format!("nested deeper than {DEEPEST} levels");
        self.faults.push(Fault { reason: "limit-depth", span, message });
    }
}

/// Whether a `dynamic` block stands anywhere in the bodies that a value may be.
fn has_dynamic(node: &Node) -> bool {
    let mut open = vec![(node, 0)];
    while let Some((node, depth)) = open.pop() {
        if depth > DEEPEST {
            continue;
        }
        open.extend(node.items().iter().map(|item| (item, depth + 1)));
        for entry in node.entries() {
            if &*entry.key == "dynamic" && is_dynamic(&entry.value) {
                return true;
            }
            open.push((&entry.value, depth + 1));
        }
    }
    false
}

/// `{ "label": { "for_each": …, "content": … } }`, or several of them in arrays.
fn is_dynamic(node: &Node) -> bool {
    let has = |body: &Node, name: &str| body.entries().iter().any(|entry| &*entry.key == name);
    let labels = one_or_several(node).iter().flat_map(Node::entries);
    let mut bodies = labels.flat_map(|entry| one_or_several(&entry.value)).peekable();
    bodies.peek().is_some() && bodies.all(|body| has(body, "for_each") && has(body, "content"))
}

fn one_or_several(node: &Node) -> &[Node] {
    if node.is_list() { node.items() } else { std::slice::from_ref(node) }
}

fn has_repetition(entries: &[Entry]) -> bool {
    let mut names: Vec<&str> = entries.iter().map(|entry| &*entry.key).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

fn may_be_blocks(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Object(_) => true,
        ExprKind::List(items) => items.iter().all(|item| matches!(item.kind, ExprKind::Object(_))),
        _ => false,
    }
}

/// The blocks that a value stands for.
fn objects(value: Expr) -> Vec<Expr> {
    match value.kind {
        ExprKind::List(items) => items,
        _ => vec![value],
    }
}

/// A template of one literal (`$${escaped}`) is a text.
fn lone_literal(template: Template) -> ExprKind {
    match template.parts.as_slice() {
        [] => ExprKind::Text("".into()),
        [Part::Literal { text, .. }] => ExprKind::Text(text.clone()),
        _ => ExprKind::Template(Box::new(template)),
    }
}
