//! Spelling: the same arguments in an override file, the same document as JSON text, as a file, as a template or as
//! statements. What a rule says must not change.

use secure_lint::source::parent_of;
use secure_lint::syntax::hcl::{Attribute, Block, Body, Expr, ExprKind, ObjectItem, ObjectKey, Part, StepKind};

use super::terraform::{Edit, Files, edited};

type Parsed<'a> = [(&'a String, &'a String, Body)];

/// The attributes of every resource in an override file, which wins over what stands in the block.
pub(super) fn overridden(files: &Files, parsed: &Parsed<'_>) -> Option<Files> {
    if files.keys().any(|path| path.contains("override")) {
        return None;
    }
    let is_meta = |attribute: &&Attribute| {
        matches!(&*attribute.name, "count" | "for_each" | "provider" | "depends_on" | "source" | "version")
    };
    let mut changed = files.clone();
    for (path, text, body) in parsed {
        let (mut edits, mut moved) = (Vec::new(), String::new());
        for block in body.blocks.iter().filter(|block| &*block.kind == "resource" && is_on_lines(text, block)) {
            let own: Vec<&Attribute> = block.body.attributes.iter().filter(|it| !is_meta(it)).collect();
            if own.is_empty() {
                continue;
            }
            moved.push_str(&text[block.header_span.range()]);
            moved.push_str(" {\n");
            for attribute in own {
                moved.push_str(&format!("  {}\n", &text[attribute.span.range()]));
                edits.push(Edit::replace(attribute.span, ""));
            }
            moved.push_str("}\n");
        }
        changed.insert((*path).clone(), edited(text, edits));
        if !moved.is_empty() {
            let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".tf");
            changed.insert(inside(parent_of(path), &format!("{name}_override.tf")), moved);
        }
    }
    Some(changed)
}

/// How a document is written that was the argument of `jsonencode`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    Heredoc,
    File,
    Template,
    Statements,
}

impl Spelling {
    pub(super) const ALL: [Spelling; 4] = [Spelling::Heredoc, Spelling::File, Spelling::Template, Spelling::Statements];

    pub(super) fn name(self) -> &'static str {
        match self {
            Spelling::Heredoc => "heredoc",
            Spelling::File => "file",
            Spelling::Template => "template file",
            Spelling::Statements => "statements",
        }
    }
}

/// Every attribute that is one call of `jsonencode`, in another spelling.
pub(super) fn documents(files: &Files, parsed: &Parsed<'_>, spelling: Spelling) -> Files {
    let mut changed = files.clone();
    let mut n_documents = 0;
    for (path, text, body) in parsed {
        let folder = parent_of(path);
        let mut edits = Vec::new();
        let mut blocks = String::new();
        for (attribute, argument) in encoded(text, body) {
            n_documents += 1;
            let name = format!("moved_{n_documents}");
            let span = attribute.value.span;
            let mut variables = Vec::new();
            let written = match spelling {
                Spelling::Statements => {
                    let Some(block) = statements(text, argument, &name) else { continue };
                    blocks.push_str(&block);
                    format!("data.aws_iam_policy_document.{name}.json")
                }
                Spelling::Heredoc => {
                    let interpolation = |source: &str, _: &mut Vec<String>| Some(format!("${{{source}}}"));
                    let Some(json) = json(text, argument, &interpolation, &mut variables) else { continue };
                    format!("<<EOF\n{json}\nEOF\n")
                }
                Spelling::File => {
                    let Some(json) = json(text, argument, &|_, _| None, &mut variables) else { continue };
                    // What is no template escapes nothing.
                    let json = json.replace("$${", "${").replace("%%{", "%{");
                    changed.insert(inside(folder, &format!("{name}.json")), format!("{json}\n"));
                    format!("file(\"${{path.module}}/{name}.json\")")
                }
                Spelling::Template => {
                    let interpolation = |source: &str, variables: &mut Vec<String>| {
                        variables.push(source.to_owned());
                        Some(format!("${{value_{}}}", variables.len()))
                    };
                    let Some(json) = json(text, argument, &interpolation, &mut variables) else { continue };
                    changed.insert(inside(folder, &format!("{name}.tftpl")), format!("{json}\n"));
                    let given = variables.iter().enumerate();
                    let given: Vec<String> = given.map(|(at, it)| format!("value_{} = {it}", at + 1)).collect();
                    format!("templatefile(\"${{path.module}}/{name}.tftpl\", {{ {} }})", given.join(", "))
                }
            };
            edits.push(Edit::replace(span, written));
        }
        changed.insert((*path).clone(), edited(text, edits) + &blocks);
    }
    changed
}

fn inside(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn is_on_lines(text: &str, block: &Block) -> bool {
    text[block.span.range()].contains('\n')
}

/// The attributes of resources that are a call of `jsonencode`, with its argument.
fn encoded<'a>(text: &str, body: &'a Body) -> Vec<(&'a Attribute, &'a Expr)> {
    let blocks = body.blocks.iter().filter(|block| &*block.kind == "resource" && is_on_lines(text, block));
    let attributes = blocks.flat_map(|block| &block.body.attributes);
    attributes
        .filter_map(|attribute| match &attribute.value.kind {
            ExprKind::Call(call) if &*call.name == "jsonencode" => Some((attribute, call.arguments.first()?)),
            _ => None,
        })
        .collect()
}

type Interpolation<'a> = &'a dyn Fn(&str, &mut Vec<String>) -> Option<String>;

/// The JSON text of an expression, as a template; nothing where it holds what may be no text.
fn json(text: &str, expr: &Expr, put: Interpolation<'_>, variables: &mut Vec<String>) -> Option<String> {
    match &expr.kind {
        ExprKind::Null => Some("null".to_owned()),
        ExprKind::Bool(value) => Some(value.to_string()),
        ExprKind::Number(number) => Some(number.to_string()),
        ExprKind::Text(value) => Some(format!("\"{}\"", escaped(value))),
        ExprKind::Template(template) => {
            let mut pieces = String::new();
            for part in &template.parts {
                match part {
                    Part::Literal { text, .. } => pieces.push_str(&escaped(text)),
                    Part::Interpolation { value, .. } => pieces.push_str(&put(&text[value.span.range()], variables)?),
                    Part::If { .. } | Part::For { .. } => return None,
                }
            }
            Some(format!("\"{pieces}\""))
        }
        ExprKind::Traversal(traversal) => {
            let last = traversal.steps.last().map(|step| &step.kind);
            let is_text = matches!(last, Some(StepKind::Attribute(name)) if matches!(&**name, "arn" | "id" | "name" | "url" | "repository_url" | "account_id"));
            if !is_text {
                return None;
            }
            Some(format!("\"{}\"", put(&text[expr.span.range()], variables)?))
        }
        ExprKind::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(|item| json(text, item, put, variables)).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        ExprKind::Object(items) => {
            let member = |item: &ObjectItem, variables: &mut Vec<String>| {
                Some(format!("\"{}\": {}", escaped(&key(item)?), json(text, &item.value, put, variables)?))
            };
            let members: Option<Vec<String>> = items.iter().map(|item| member(item, variables)).collect();
            Some(format!("{{ {} }}", members?.join(", ")))
        }
        _ => None,
    }
}

fn key(item: &ObjectItem) -> Option<String> {
    match &item.key {
        ObjectKey::Name(name, _) => Some(name.to_string()),
        ObjectKey::Expr(Expr { kind: ExprKind::Text(text), .. }) => Some(text.to_string()),
        ObjectKey::Expr(_) => None,
    }
}

/// Inside the quotes of JSON, inside a template.
fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a text can be written");
    quoted[1..quoted.len() - 1].replace("${", "$${").replace("%{", "%%{")
}

/// A policy as a data source; nothing where the data source would not write the same.
fn statements(text: &str, document: &Expr, name: &str) -> Option<String> {
    let ExprKind::Object(members) = &document.kind else { return None };
    let mut block = format!("\ndata \"aws_iam_policy_document\" \"{name}\" {{\n");
    let mut has_version = false;
    for member in members {
        match (&*key(member)?, &member.value.kind) {
            ("Version", ExprKind::Text(version)) if &**version == "2012-10-17" => has_version = true,
            ("Statement", ExprKind::List(items)) => {
                for item in items {
                    block.push_str(&statement(text, item)?);
                }
            }
            _ => return None,
        }
    }
    block.push_str("}\n");
    has_version.then_some(block)
}

fn statement(text: &str, statement: &Expr) -> Option<String> {
    let ExprKind::Object(members) = &statement.kind else { return None };
    let mut block = String::from("  statement {\n");
    let mut has_effect = false;
    for member in members {
        let value = &member.value;
        match &*key(member)? {
            "Sid" => block.push_str(&format!("    sid = {}\n", &text[value.span.range()])),
            "Effect" => {
                has_effect = true;
                block.push_str(&format!("    effect = {}\n", &text[value.span.range()]));
            }
            "Action" => block.push_str(&format!("    actions = {}\n", list(text, value)?)),
            "NotAction" => block.push_str(&format!("    not_actions = {}\n", list(text, value)?)),
            "Resource" => block.push_str(&format!("    resources = {}\n", list(text, value)?)),
            "NotResource" => block.push_str(&format!("    not_resources = {}\n", list(text, value)?)),
            "Principal" => block.push_str(&principals(text, value, "principals")?),
            "NotPrincipal" => block.push_str(&principals(text, value, "not_principals")?),
            "Condition" => block.push_str(&conditions(text, value)?),
            _ => return None,
        }
    }
    block.push_str("  }\n");
    has_effect.then_some(block)
}

/// One text is a list of one; what may be a list itself stays where it is.
fn list(text: &str, value: &Expr) -> Option<String> {
    let source = &text[value.span.range()];
    match &value.kind {
        ExprKind::List(items) if items.is_empty() => None,
        ExprKind::List(_) => Some(source.to_owned()),
        ExprKind::Text(_) | ExprKind::Template(_) | ExprKind::Bool(_) | ExprKind::Number(_) => {
            Some(format!("[{source}]"))
        }
        ExprKind::Traversal(it) => match it.steps.last().map(|step| &step.kind) {
            Some(StepKind::Attribute(last)) if matches!(&**last, "arn" | "id") => Some(format!("[{source}]")),
            _ => None,
        },
        _ => None,
    }
}

fn principals(text: &str, value: &Expr, kind: &str) -> Option<String> {
    if let ExprKind::Text(all) = &value.kind {
        let written =
            format!("    {kind} {{\n      type = \"*\"\n      identifiers = [{}]\n    }}\n", &text[value.span.range()]);
        return (&**all == "*").then_some(written);
    }
    let ExprKind::Object(members) = &value.kind else { return None };
    let block = |member: &ObjectItem| {
        let (name, members) = (key(member)?, list(text, &member.value)?);
        Some(format!("    {kind} {{\n      type = \"{name}\"\n      identifiers = {members}\n    }}\n"))
    };
    members.iter().map(block).collect()
}

fn conditions(text: &str, value: &Expr) -> Option<String> {
    let ExprKind::Object(operators) = &value.kind else { return None };
    let mut blocks = String::new();
    for operator in operators {
        let ExprKind::Object(keys) = &operator.value.kind else { return None };
        for context in keys {
            let (test, variable, values) = (key(operator)?, key(context)?, list(text, &context.value)?);
            blocks.push_str(&format!(
                "    condition {{\n      test = \"{test}\"\n      variable = \"{}\"\n      values = {values}\n    }}\n",
                variable.replace("${", "$${")
            ));
        }
    }
    Some(blocks)
}
