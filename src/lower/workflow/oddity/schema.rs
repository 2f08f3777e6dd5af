//! Keys and shapes of mappings: what GitHub knows where, and what may stand there.

use super::{Found, is_expression};
use crate::data::github::schema::{Shape, keys, scopes, shapes};
use crate::lower::workflow::plan::{Plan, WorkflowDoc};
use crate::source::nearest;
use crate::syntax::yaml::{Kind, Node};

pub(super) fn workflow(plan: &Plan<'_>, doc: &WorkflowDoc<'_>, found: &mut Found) {
    block("workflow", doc.root, found);
    for duplicate in &doc.source.parsed.duplicates {
        let text = plan.world.text(duplicate.last);
        found.add("duplicate-key", text, duplicate.last, format!("`{text}` stands twice: GitHub refuses the file"));
    }
    shared(doc.root, found);
    for job in doc.root.get("jobs").map(Node::entries).unwrap_or_default() {
        if !job.value.is_map() && !is_expression(&job.value) {
            found.add(
                "wrong-type",
                &job.key,
                job.key_span,
                format!("`{}` is no mapping: GitHub refuses the file", job.key),
            );
            continue;
        }
        self::job(&job.value, found);
    }
}

/// What workflows and jobs have in common.
fn shared(node: &Node, found: &mut Found) {
    permissions(node, found);
    inner("concurrency", node.get("concurrency"), found);
    inner("defaults", node.get("defaults"), found);
    inner("defaults-run", node.at(&["defaults", "run"]), found);
    scalars(node, "env", found);
}

fn job(node: &Node, found: &mut Found) {
    block(if node.get("uses").is_some() { "call-job" } else { "job" }, node, found);
    shared(node, found);
    scalars(node, "outputs", found);
    scalars(node, "with", found);
    inner("environment", node.get("environment"), found);
    inner("runs-on", node.get("runs-on"), found);
    inner("strategy", node.get("strategy"), found);
    container("container", node.get("container"), found);
    for service in node.get("services").map(Node::entries).unwrap_or_default() {
        container("service", Some(&service.value), found);
    }
    steps(node, "step", found);
}

/// The steps of a job, or of a composite action.
pub(super) fn steps(owner: &Node, kind: &'static str, found: &mut Found) {
    for step in owner.get("steps").map(Node::items).unwrap_or_default() {
        if !step.is_map() {
            if !is_expression(step) {
                found.add("wrong-type", "step", step.span, "a step is a mapping: GitHub refuses the file");
            }
            continue;
        }
        if step.is_alias() {
            continue;
        }
        block(kind, step, found);
        scalars(step, "env", found);
        scalars(step, "with", found);
        for member in step.get("parallel").map(Node::items).unwrap_or_default() {
            block(kind, member, found);
        }
    }
}

fn container(kind: &'static str, node: Option<&Node>, found: &mut Found) {
    inner(kind, node, found);
    inner("credentials", node.and_then(|node| node.get("credentials")), found);
    if let Some(node) = node {
        scalars(node, "env", found);
    }
}

fn inner(kind: &'static str, node: Option<&Node>, found: &mut Found) {
    if let Some(node) = node.filter(|node| node.is_map() && !node.is_alias()) {
        block(kind, node, found);
    }
}

/// The keys of one mapping and what stands at them.
pub(super) fn block(kind: &'static str, node: &Node, found: &mut Found) {
    let known = keys(kind);
    for entry in node.resolved().entries() {
        if !known.iter().any(|key| entry.key.eq_ignore_ascii_case(key)) {
            // An extension is read by other tools.
            if !entry.key.starts_with("x-") {
                unknown(&entry.key, known, entry.key_span, found);
            }
            continue;
        }
        let wanted = shapes(if kind == "call-job" { "job" } else { kind }, &entry.key);
        if !wanted.is_empty() && !fits(&entry.value, wanted) {
            let message = format!("`{}` is {}: GitHub refuses the file", entry.key, wanted_words(wanted));
            found.add("wrong-type", &entry.key, entry.key_span, message);
        }
    }
}

fn unknown(key: &str, known: &[&'static str], span: crate::source::Span, found: &mut Found) {
    let near = nearest(key, known.iter().copied());
    let kind = if near.is_some() { "misspelt-key" } else { "unknown-key" };
    found.add_near(kind, key, near, span, format!("GitHub knows no key `{key}` here"));
}

/// Whether a value has one of the shapes; what an expression gives is not known here, and nothing is nothing.
fn fits(node: &Node, wanted: &[Shape]) -> bool {
    if is_expression(node) {
        return true;
    }
    wanted.iter().any(|shape| match (shape, node.kind()) {
        (_, Kind::Null | Kind::Unread(_)) => true,
        (Shape::Scalar, Kind::Text(_) | Kind::Number(_) | Kind::Bool(_)) => true,
        (Shape::Number, Kind::Number(_)) => true,
        (Shape::Number, Kind::Text(text)) => text.as_str().trim().parse::<f64>().is_ok(),
        (Shape::Bool, Kind::Bool(_)) => true,
        (Shape::Bool, Kind::Text(text)) => matches!(text.as_str(), "true" | "false"),
        (Shape::List, Kind::List(_)) => true,
        (Shape::Map, Kind::Map(_)) => true,
        (Shape::Scalar | Shape::Number | Shape::Bool | Shape::List | Shape::Map, _) => false,
    })
}

fn wanted_words(wanted: &[Shape]) -> String {
    let words: Vec<&str> = wanted
        .iter()
        .map(|shape| match shape {
            Shape::Scalar => "a text",
            Shape::Number => "a number",
            Shape::Bool => "`true` or `false`",
            Shape::List => "a list",
            Shape::Map => "a mapping",
        })
        .collect();
    words.join(" or ")
}

/// Members of `env`, `with` and `outputs` are texts, never lists or mappings.
fn scalars(owner: &Node, key: &str, found: &mut Found) {
    let Some(node) = owner.get(key).filter(|node| !node.is_alias()) else { return };
    for entry in node.entries() {
        if entry.value.is_list() || entry.value.is_map() {
            let message = format!("`{}` in `{key}` must be a text: GitHub refuses the file", entry.key);
            found.add("wrong-type", &entry.key, entry.key_span, message);
        }
    }
}

fn permissions(owner: &Node, found: &mut Found) {
    let Some(block) = owner.get("permissions").filter(|block| !block.is_alias()) else { return };
    if let Some(word) = block.as_str().filter(|_| !is_expression(block)) {
        let words = ["read-all", "write-all"];
        if !words.contains(&word) {
            let message = format!("`{word}` is neither `read-all` nor `write-all`");
            found.add_near("unknown-scope", word, nearest(word, words), block.span, message);
        }
    }
    for entry in block.entries() {
        let level = entry.value.scalar_text().unwrap_or("");
        let is_scope = scopes().contains(&&*entry.key);
        if is_scope && matches!(level, "read" | "write" | "none") {
            continue;
        }
        let (name, span) = if is_scope { (level, entry.value.span) } else { (&*entry.key, entry.key_span) };
        let near = match is_scope {
            true => nearest(level, ["read", "write", "none"]),
            false => nearest(&entry.key, scopes().iter().copied()),
        };
        // A scope that resembles none of those known here may be newer than they are.
        let kind = if is_scope || near.is_some() { "unknown-scope" } else { "unknown-key" };
        found.add_near(kind, name, near, span, format!("GitHub knows no permission `{name}`"));
    }
}
