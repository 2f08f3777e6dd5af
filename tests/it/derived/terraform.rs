//! What the derived tests need to know of a Terraform file: its literals, its folders, its blocks.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use secure_lint::source::{FileId, Span, clean_path, parent_of};
use secure_lint::syntax::hcl::{self, Block, Body, Expr, ExprKind, Part, StepKind};

/// An example's files, by path.
pub(super) type Files = BTreeMap<String, String>;

/// A change of one file's text.
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Edit {
    pub(super) fn replace(span: Span, text: impl Into<String>) -> Edit {
        Edit { range: span.range(), text: text.into() }
    }

    pub(super) fn insert(at: usize, text: impl Into<String>) -> Edit {
        Edit { range: at..at, text: text.into() }
    }
}

/// The text after all edits, which do not overlap.
pub(super) fn edited(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.range.start);
    let mut text = text.to_owned();
    for edit in edits.into_iter().rev() {
        text.replace_range(edit.range, &edit.text);
    }
    text
}

pub(super) fn is_tf(path: &str) -> bool {
    path.ends_with(".tf")
}

/// Configuration that was read whole; what is broken on purpose is left alone.
pub(super) fn parse(text: &str) -> Option<Body> {
    let parsed = hcl::parse(FileId(0), text);
    (!parsed.is_broken).then_some(parsed.body)
}

/// The folders that hold configuration, without those that another calls as a module.
pub(super) fn roots(files: &Files) -> BTreeSet<String> {
    let mut roots: BTreeSet<String> =
        files.keys().filter(|path| is_tf(path)).map(|path| parent_of(path).to_owned()).collect();
    for (path, text) in files.iter().filter(|(path, _)| is_tf(path)) {
        let Some(body) = parse(text) else { continue };
        for call in body.blocks("module") {
            let source = call.body.attribute("source").and_then(|source| source.value.as_text());
            if let Some(called) = source.and_then(|source| clean_path(parent_of(path), source)) {
                roots.remove(&called);
            }
        }
    }
    roots
}

/// Where a literal stands, as far as it decides how it can be replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// Any expression may stand here.
    Expression,
    /// The default of a variable, whose attribute is this span: only a constant may stand here.
    Default(Span),
}

pub(super) struct Literal {
    pub(super) span: Span,
    pub(super) position: Position,
}

/// Every text, number and truth value that is no part of the structure: labels, sources, keys of `for_each`, indices,
/// what Terraform itself demands to be written out.
pub(super) fn literals(body: &Body) -> Vec<Literal> {
    let mut found = Vec::new();
    for block in &body.blocks {
        match &*block.kind {
            "variable" => {
                if let Some(default) = block.body.attribute("default") {
                    let position = Position::Default(default.span);
                    let mut inside = Vec::new();
                    in_expression(&default.value, &mut inside);
                    // The whole default goes at once, whatever it is made of.
                    if let Some(span) = inside.first() {
                        found.push(Literal { span: *span, position });
                    }
                }
            }
            "terraform" | "moved" | "import" | "removed" | "check" => {}
            _ => in_block(block, &mut found),
        }
    }
    found
}

fn in_block(block: &Block, found: &mut Vec<Literal>) {
    let is_data_or_managed = |name: &str| matches!(name, "count" | "for_each");
    for attribute in &block.body.attributes {
        let is_structure = matches!(
            &*attribute.name,
            "source" | "version" | "providers" | "provider" | "alias" | "depends_on" | "iterator"
        ) || is_data_or_managed(&attribute.name);
        if !is_structure {
            let mut spans = Vec::new();
            in_expression(&attribute.value, &mut spans);
            found.extend(spans.into_iter().map(|span| Literal { span, position: Position::Expression }));
        }
    }
    for inner in &block.body.blocks {
        if !matches!(&*inner.kind, "lifecycle" | "provisioner" | "connection") {
            in_block(inner, found);
        }
    }
}

/// The spans of all literals of an expression, in order.
fn in_expression(expr: &Expr, found: &mut Vec<Span>) {
    match &expr.kind {
        ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Text(_) => found.push(expr.span),
        ExprKind::Null | ExprKind::Variable(_) | ExprKind::Unreadable(_) => {}
        ExprKind::Template(template) => in_parts(&template.parts, found),
        ExprKind::Traversal(traversal) => in_expression(&traversal.base, found),
        ExprKind::Call(call) => call.arguments.iter().for_each(|argument| in_expression(argument, found)),
        ExprKind::Conditional(it) => {
            in_expression(&it.condition, found);
            in_expression(&it.then, found);
            in_expression(&it.otherwise, found);
        }
        ExprKind::Binary(it) => {
            in_expression(&it.left, found);
            in_expression(&it.right, found);
        }
        ExprKind::Unary(_, inner) | ExprKind::Parentheses(inner) => in_expression(inner, found),
        ExprKind::List(items) => items.iter().for_each(|item| in_expression(item, found)),
        ExprKind::Object(items) => items.iter().for_each(|item| in_expression(&item.value, found)),
        ExprKind::For(it) => {
            in_expression(&it.collection, found);
            in_expression(&it.value, found);
        }
    }
}

fn in_parts(parts: &[Part], found: &mut Vec<Span>) {
    for part in parts {
        if let Part::Interpolation { value, .. } = part {
            in_expression(value, found);
        }
    }
}

/// `aws_lb.main` or `data.aws_lb.main` in an expression.
pub(super) struct Reference {
    /// The words up to the name.
    pub(super) words: Vec<String>,
    /// The last of these words.
    pub(super) name: Span,
    /// An index or a splat follows.
    pub(super) is_indexed: bool,
    /// Only the address is meant (`depends_on`, `ignore_changes`): it takes no index.
    pub(super) is_address: bool,
}

/// Every reference of a file, wherever it stands.
pub(super) fn references(body: &Body) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut open = vec![body];
    while let Some(body) = open.pop() {
        for attribute in &body.attributes {
            let is_address = matches!(&*attribute.name, "depends_on" | "replace_triggered_by" | "from" | "to");
            references_in(&attribute.value, is_address, &mut found);
        }
        open.extend(body.blocks.iter().map(|block| &block.body));
    }
    found
}

fn references_in(expr: &Expr, is_address: bool, found: &mut Vec<Reference>) {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::Traversal(traversal) => {
                match traversal.base.as_variable() {
                    Some(first) => {
                        let n_names = if first == "data" { 2 } else { 1 };
                        let mut words = vec![first.to_owned()];
                        let mut name = traversal.base.span;
                        for step in traversal.steps.iter().take(n_names) {
                            if let StepKind::Attribute(word) = &step.kind {
                                words.push(word.to_string());
                                name =
                                    Span::new(name.file, step.span.end as usize - word.len(), step.span.end as usize);
                            }
                        }
                        let next = traversal.steps.get(n_names).map(|step| &step.kind);
                        let is_indexed = !matches!(next, None | Some(StepKind::Attribute(_)));
                        if words.len() == n_names + 1 {
                            found.push(Reference { words, name, is_indexed, is_address });
                        }
                    }
                    None => open.push(&traversal.base),
                }
                for step in &traversal.steps {
                    if let StepKind::Index(index) = &step.kind {
                        open.push(index);
                    }
                }
            }
            ExprKind::Template(template) => {
                let mut parts: Vec<&Part> = template.parts.iter().collect();
                while let Some(part) = parts.pop() {
                    match part {
                        Part::Literal { .. } => {}
                        Part::Interpolation { value, .. } => open.push(value),
                        Part::If { condition, then, otherwise, .. } => {
                            open.push(condition);
                            parts.extend(then.iter().chain(otherwise));
                        }
                        Part::For { collection, body, .. } => {
                            open.push(collection);
                            parts.extend(body);
                        }
                    }
                }
            }
            ExprKind::Call(call) => open.extend(&call.arguments),
            ExprKind::Conditional(it) => open.extend([&it.condition, &it.then, &it.otherwise]),
            ExprKind::Binary(it) => open.extend([&it.left, &it.right]),
            ExprKind::Unary(_, inner) | ExprKind::Parentheses(inner) => open.push(inner),
            ExprKind::List(items) => open.extend(items),
            ExprKind::Object(items) => {
                for item in items {
                    if let hcl::ObjectKey::Expr(key) = &item.key {
                        open.push(key);
                    }
                    open.push(&item.value);
                }
            }
            ExprKind::For(it) => {
                open.extend([&it.collection, &it.value]);
                open.extend(it.key.iter().chain(&it.condition));
            }
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Variable(_)
            | ExprKind::Unreadable(_) => {}
        }
    }
}
