//! What stands at a span, as an address that survives moved lines: `terraform#aws_lb.main.internal`,
//! `.github/workflows/deploy.yml#jobs.deploy.steps[build].run`. A function of the tree alone; asked for findings only.

use std::cell::RefCell;

use crate::source::{QuickMap, Span};
use crate::syntax::hcl::{Block, Body, Expr, ExprKind, ObjectKey};
use crate::syntax::yaml::{Kind as NodeKind, Node};
use crate::syntax::{Kind, Sources};

pub struct Addresses<'s, 'w> {
    sources: &'s Sources<'w>,
    /// One place is a step of many ways.
    known: RefCell<QuickMap<Span, String>>,
}

impl<'s, 'w> Addresses<'s, 'w> {
    pub fn new(sources: &'s Sources<'w>) -> Addresses<'s, 'w> {
        Addresses { sources, known: RefCell::default() }
    }

    pub fn of(&self, span: Span) -> String {
        self.known.borrow_mut().entry(span).or_insert_with(|| self.find(span)).clone()
    }

    fn find(&self, span: Span) -> String {
        let file = self.sources.world.file(span.file);
        match self.sources.kind(span.file) {
            Kind::Terraform => format!("{}#{}", or_dot(file.folder()), self.terraform(span)),
            Kind::Tfvars | Kind::LockFile => format!("{}#{}", file.path, self.terraform(span)),
            Kind::TerraformJson => format!("{}#{}", or_dot(file.folder()), self.tree(span)),
            Kind::TfvarsJson
            | Kind::Workflow
            | Kind::Action
            | Kind::Dependabot
            | Kind::PreCommit
            | Kind::Compose
            | Kind::TaskDefinition
            | Kind::Policy => format!("{}#{}", file.path, self.tree(span)),
            Kind::StateFile
            | Kind::Dockerfile
            | Kind::DockerIgnore
            | Kind::Requirements
            | Kind::EnvFile
            | Kind::ShellScript
            | Kind::Config
            | Kind::Other => format!("{}#{}", file.path, self.line(span)),
        }
    }

    fn terraform(&self, span: Span) -> String {
        let mut path = Vec::new();
        body_path(&self.sources.hcl(span.file).body, span, Depth::Top, &mut path);
        join(&path)
    }

    fn tree(&self, span: Span) -> String {
        let mut path = Vec::new();
        if let Some(root) = &self.sources.tree(span.file).root {
            node_path(root, span, &mut path);
        }
        join(&path)
    }

    /// Where no tree is at hand: the line's words, which survive moving; of an assignment the name, since what a secret
    /// is must not show in an address.
    fn line(&self, span: Span) -> String {
        let file = self.sources.world.file(span.file);
        let Some(text) = file.text() else { return String::new() };
        let line = file.lines().line(span.start);
        let line = &text[file.lines().line_range(text, line)];
        let kind = self.sources.kind(span.file);
        let assigns = || ["ENV", "ARG", "LABEL"].iter().any(|word| line.trim_start().starts_with(word));
        let is_assignment = matches!(kind, Kind::EnvFile | Kind::Other) || (kind == Kind::Dockerfile && assigns());
        let named = line.split_once('=').filter(|_| is_assignment);
        named.map_or(line, |(name, _)| name).split_whitespace().take(6).collect::<Vec<_>>().join(" ")
    }
}

fn or_dot(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}

fn join(path: &[String]) -> String {
    let mut text = String::new();
    for part in path {
        if !text.is_empty() && !part.starts_with('[') {
            text.push('.');
        }
        text.push_str(part);
    }
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Top,
    Inside,
}

/// Blocks may nest as deep as the parser lets them, which is a small bound.
fn body_path(body: &Body, span: Span, depth: Depth, path: &mut Vec<String>) {
    if let Some(attribute) = around(&body.attributes, span, |attribute| attribute.span) {
        path.push(attribute.name.to_string());
        expr_path(&attribute.value, span, path);
        return;
    }
    let Some(block) = around(&body.blocks, span, |block| block.span) else { return };
    let labels: Vec<&str> = block.labels.iter().map(|label| &*label.text).collect();
    match (depth, &*block.kind, labels.as_slice()) {
        (Depth::Top, "resource", [ty, name]) => path.push(format!("{ty}.{name}")),
        (Depth::Top, "variable", [name]) => path.push(format!("var.{name}")),
        (Depth::Top, "locals", []) => path.push("local".to_owned()),
        (Depth::Inside, "dynamic", [kind]) => path.push((*kind).to_owned()),
        (_, kind, labels) => {
            let has_labels = |other: &Block| other.labels.iter().map(|label| &*label.text).eq(labels.iter().copied());
            let is_same = |other: &&Block| other.kind == block.kind && has_labels(other);
            let same: Vec<_> = body.blocks.iter().filter(is_same).collect();
            let position = same.iter().position(|other| other.span == block.span).unwrap_or(0);
            let mut name = kind.to_owned();
            for label in labels {
                name.push('.');
                name.push_str(label);
            }
            let sid = block.body.attribute("sid").or(block.body.attribute("name")).and_then(|it| it.value.as_text());
            match (depth, sid) {
                (Depth::Inside, Some(sid)) if same.len() > 1 => name.push_str(&format!("[{sid}]")),
                _ if position > 0 => name.push_str(&format!("[{position}]")),
                _ => {}
            }
            path.push(name);
        }
    }
    if block.header_span.contains(&span) {
        return;
    }
    body_path(&block.body, span, Depth::Inside, path);
}

/// What lies around a span, of things in the order of the text.
fn around<T>(things: &[T], span: Span, place: impl Fn(&T) -> Span) -> Option<&T> {
    let n_before = things.partition_point(|thing| place(thing).start <= span.start);
    things[..n_before].last().filter(|thing| place(thing).contains(&span))
}

fn expr_path(expr: &Expr, span: Span, path: &mut Vec<String>) {
    if expr.span == span {
        return;
    }
    match &expr.kind {
        ExprKind::List(items) => {
            let Some(index) = items.iter().position(|item| item.span.contains(&span)) else { return };
            let name = match &items[index].kind {
                ExprKind::Object(entries) => entries.iter().find_map(|entry| {
                    let key = key_name(&entry.key)?;
                    let is_name = ["name", "Name", "id", "Sid", "sid", "key"].contains(&key);
                    if is_name { entry.value.as_text().map(str::to_owned) } else { None }
                }),
                _ => None,
            };
            path.push(format!("[{}]", name.unwrap_or_else(|| index.to_string())));
            expr_path(&items[index], span, path);
        }
        ExprKind::Object(entries) => {
            let Some(entry) = entries.iter().find(|entry| entry.span().contains(&span)) else { return };
            path.push(key_name(&entry.key).unwrap_or("?").to_owned());
            expr_path(&entry.value, span, path);
        }
        ExprKind::Parentheses(inner) => expr_path(inner, span, path),
        ExprKind::Call(call) => {
            if let Some(argument) = call.arguments.iter().find(|argument| argument.span.contains(&span)) {
                expr_path(argument, span, path);
            }
        }
        ExprKind::Conditional(conditional) => {
            for branch in [&conditional.condition, &conditional.then, &conditional.otherwise] {
                if branch.span.contains(&span) {
                    expr_path(branch, span, path);
                }
            }
        }
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Template(_)
        | ExprKind::Variable(_)
        | ExprKind::Traversal(_)
        | ExprKind::Binary(_)
        | ExprKind::Unary(..)
        | ExprKind::For(_)
        | ExprKind::Unreadable(_) => {}
    }
}

fn key_name(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Name(name, _) => Some(name),
        ObjectKey::Expr(expr) => expr.as_text(),
    }
}

/// Depth is bounded by the reader.
fn node_path(node: &Node, span: Span, path: &mut Vec<String>) {
    if node.is_alias() {
        return;
    }
    match node.kind() {
        NodeKind::Map(_) => {
            let Some(entry) = node.entries().iter().rev().find(|entry| entry.span().contains(&span)) else { return };
            path.push(entry.key.to_string());
            node_path(&entry.value, span, path);
        }
        NodeKind::List(_) => {
            let Some(index) = node.items().iter().position(|item| item.span.contains(&span)) else { return };
            let item = &node.items()[index];
            path.push(match item_name(item) {
                Some(name) => {
                    let before = node.items()[..index].iter().filter(|other| item_name(other) == Some(name)).count();
                    if before == 0 { format!("[{name}]") } else { format!("[{name}~{}]", before + 1) }
                }
                None => format!("[{index}]"),
            });
            node_path(item, span, path);
        }
        _ => {}
    }
}

/// What a list item is called: its id or name, a step's action, the first line of its script.
fn item_name(item: &Node) -> Option<&str> {
    let [mut id, mut name, mut uses, mut run, mut sid, mut key] = [None; 6];
    for entry in item.entries() {
        let place = match &*entry.key {
            "id" => &mut id,
            "name" => &mut name,
            "uses" => &mut uses,
            "run" => &mut run,
            "Sid" => &mut sid,
            "key" => &mut key,
            _ => continue,
        };
        place.get_or_insert(entry.value.scalar_text());
    }
    let is_step = uses.is_some() || run.is_some();
    let [id, name, uses, run, sid, key] = [id, name, uses, run, sid, key].map(Option::flatten);
    if is_step {
        let action = || uses.map(|uses| uses.split('@').next().unwrap_or(""));
        let script = || run.and_then(|run| run.lines().next().map(str::trim));
        return id.or(name).or_else(action).or_else(script);
    }
    name.or(id).or(sid).or(key)
}

#[cfg(test)]
mod tests {
    use super::Addresses;
    use crate::source::{Span, WorldBuilder};
    use crate::syntax::Sources;

    /// The address of what stands at the first `mark` of the only file.
    fn address(path: &str, text: &str, mark: &str) -> String {
        let mut builder = WorldBuilder::default();
        builder.add_bytes(path.to_owned(), text.as_bytes().to_vec(), true);
        let world = builder.build();
        let (file, _) = world.files().next().expect("the file");
        let start = text.find(mark).expect("the mark");
        Addresses::new(&Sources::new(&world)).of(Span::new(file, start, start + mark.len()))
    }

    #[test]
    fn blocks_with_names_are_not_counted() {
        let text = "module \"a\" {\n  source = \"./a\"\n}\nmodule \"b\" {\n  source = \"./b\"\n}\n";
        assert_eq!(address("infra/main.tf", text, "\"./b\""), "infra#module.b.source");
        let text = "data \"t\" \"a\" {\n  s {\n    x = 1\n  }\n  s {\n    x = 2\n  }\n}\n";
        assert_eq!(address("main.tf", text, "2"), ".#data.t.a.s[1].x");
        let text = "provider \"aws\" {\n}\nprovider \"aws\" {\n  alias = \"b\"\n}\n";
        assert_eq!(address("main.tf", text, "\"b\""), ".#provider.aws[1].alias");
    }

    #[test]
    fn items_are_called_by_their_names() {
        let text = "on: push\njobs:\n  a:\n    steps:\n      - run: make\n      - uses: a/b@v1\n      - name: N\n        run: make\n      - run: make\n        shell: sh\n";
        let path = ".github/workflows/a.yml";
        assert_eq!(address(path, text, "a/b@v1"), format!("{path}#jobs.a.steps[a/b].uses"));
        assert_eq!(address(path, text, "N"), format!("{path}#jobs.a.steps[N].name"));
        assert_eq!(address(path, text, "shell: sh"), format!("{path}#jobs.a.steps[make~2].shell"));
    }
}
