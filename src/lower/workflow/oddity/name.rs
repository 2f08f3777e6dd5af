//! Names that must have a form: ids of jobs and steps, variables, and the inputs of a run that somebody starts by hand.

use super::{Found, is_expression, items};
use crate::source::{Span, nearest};
use crate::syntax::yaml::{Kind, Node};

/// GitHub takes no longer ids.
const LONGEST_ID: usize = 100;

pub(super) fn workflow(root: &Node, found: &mut Found) {
    variables(root, found);
    for entry in root.get("jobs").map(Node::entries).unwrap_or_default() {
        id(&entry.key, entry.key_span, "job", found);
        variables(&entry.value, found);
        steps(&entry.value, found);
    }
    let triggers = root.get("on").or_else(|| root.get("true"));
    let inputs = triggers.and_then(|on| on.at(&["workflow_dispatch", "inputs"]));
    for input in inputs.map(Node::entries).unwrap_or_default() {
        dispatch_input(&input.key, &input.value, input.key_span, found);
    }
}

/// The ids of steps, each once, and the variables that they set.
pub(super) fn steps(owner: &Node, found: &mut Found) {
    let mut seen: Vec<String> = Vec::new();
    for step in owner.get("steps").map(Node::items).unwrap_or_default() {
        if step.is_alias() {
            continue;
        }
        variables(step, found);
        let Some(node) = step.get("id").filter(|node| !node.is_alias() && !is_expression(node)) else { continue };
        let Some(text) = node.scalar_text() else { continue };
        id(text, node.span, "step", found);
        let lower = text.to_lowercase();
        if seen.contains(&lower) {
            let message = format!("two steps have the id `{text}`: GitHub refuses the file");
            found.add("malformed-id", text, node.span, message);
        }
        seen.push(lower);
    }
}

fn id(text: &str, span: Span, what: &str, found: &mut Found) {
    let is_begin = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let is_rest = text.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | '-'));
    if is_begin && is_rest && text.len() <= LONGEST_ID || text.contains("${{") {
        return;
    }
    let message = format!(
        "`{text}` is no id for a {what}: it begins with a letter or `_` and holds letters, digits, `-` and `_`"
    );
    found.add("malformed-id", text, span, message);
}

fn variables(owner: &Node, found: &mut Found) {
    let Some(env) = owner.get("env").filter(|env| !env.is_alias()) else { return };
    for entry in env.entries() {
        let is_odd =
            entry.key.is_empty() || entry.key.contains(|it: char| it.is_whitespace() || matches!(it, '=' | '&'));
        if is_odd && !entry.key.contains("${{") {
            let message = format!("`{}` is no name of a variable: no shell can read it", entry.key);
            found.add("malformed-variable", &entry.key, entry.key_span, message);
        }
    }
}

fn dispatch_input(name: &str, node: &Node, span: Span, found: &mut Found) {
    const KINDS: [&str; 5] = ["string", "choice", "boolean", "number", "environment"];
    let kind_node = node.get("type");
    let kind = kind_node.and_then(Node::scalar_text).unwrap_or("string");
    if let (false, Some(place)) = (KINDS.contains(&kind), kind_node) {
        let message = format!("`{kind}` is no type of an input");
        return found.add_near("dispatch-input", name, nearest(kind, KINDS), place.span, message);
    }
    let options = node.get("options");
    let texts: Vec<&str> = options.map(items).unwrap_or_default().iter().filter_map(Node::scalar_text).collect();
    let default = node.get("default").filter(|default| !is_expression(default) && !default.is_null());
    match (kind, options, default) {
        ("choice", None, _) => {
            found.add(
                "dispatch-input",
                name,
                span,
                format!("`{name}` is a choice without `options`: nothing can be chosen"),
            );
        }
        ("choice", Some(_), Some(default)) => {
            let text = default.scalar_text().unwrap_or("");
            if !texts.contains(&text) {
                let message = format!("the default `{text}` is none of the options of `{name}`");
                found.add_near("dispatch-input", name, nearest(text, texts), default.span, message);
            }
        }
        ("boolean", _, Some(default)) if !matches!(default.scalar_text(), Some("true" | "false")) => {
            found.add(
                "dispatch-input",
                name,
                default.span,
                format!("the default of `{name}` is neither true nor false"),
            );
        }
        ("number", _, Some(default)) if !is_number(default) => {
            found.add("dispatch-input", name, default.span, format!("the default of `{name}` is no number"));
        }
        ("string" | "boolean" | "number" | "environment", Some(options), _) => {
            let message = format!("`{name}` has options, but only a choice offers them");
            found.add("dispatch-input", name, options.span, message);
        }
        _ => {}
    }
}

fn is_number(node: &Node) -> bool {
    match node.kind() {
        Kind::Number(_) => true,
        Kind::Text(text) => text.as_str().trim().parse::<f64>().is_ok(),
        _ => false,
    }
}
