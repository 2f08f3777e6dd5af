//! `on`: events with their filters, and the inputs of a run that somebody starts by hand.

use super::plan::TriggerDoc;
use super::read::{fill_texts, flag_at, value};
use crate::eval::actions::Scope;
use crate::model::pipeline::{DispatchInput, Trigger, Workflow};
use crate::model::{Head, Id, Model, One};
use crate::source::Span;
use crate::syntax::yaml::{Kind, Node};
use crate::value::{Origin, Value};

/// Events that begin a run with the default branch's rights although anybody may cause them.
pub(super) const OUTSIDERS_IN_TRUST: [&str; 10] = [
    "pull_request_target",
    "issue_comment",
    "issues",
    "discussion",
    "discussion_comment",
    "commit_comment",
    "gollum",
    "watch",
    "fork",
    "workflow_run",
];

/// Lowers the members of `on`, whatever its shape.
pub(super) fn lower<'a>(
    model: &mut Model,
    workflow: Id<Workflow>,
    root: &'a Node,
    scope: &dyn Scope,
) -> Vec<TriggerDoc<'a>> {
    // A round trip through an older YAML writes the key as `true`.
    let Some(entry) = root.entry("on").or_else(|| root.entry("true")) else { return Vec::new() };
    let mut found = Vec::new();
    let mut add = |model: &mut Model, event: &str, span: Span, block: Span, node: Option<&'a Node>| {
        let id = trigger(model, workflow, event, span, block, node, scope);
        found.push(TriggerDoc { id, event: event.to_owned(), node, span });
    };
    match entry.value.kind() {
        Kind::List(items) => {
            for item in items {
                if let Some(event) = item.scalar_text() {
                    add(model, event, item.span, item.span, None);
                }
            }
        }
        Kind::Map(entries) => {
            for entry in entries {
                add(model, &entry.key, entry.key_span, entry.span(), Some(&entry.value));
            }
        }
        Kind::Text(_) | Kind::Bool(_) | Kind::Number(_) | Kind::Null | Kind::Unread(_) => {
            if let Some(event) = entry.value.scalar_text() {
                add(model, event, entry.value.span, entry.value.span, None);
            }
        }
    }
    found
}

fn trigger(
    model: &mut Model,
    workflow: Id<Workflow>,
    event: &str,
    span: Span,
    block: Span,
    node: Option<&Node>,
    scope: &dyn Scope,
) -> Id<Trigger> {
    let mut trigger = Trigger::new(Head { block, ..Head::new(event, span) });
    trigger.event.set(Value::text(event, Origin::written(span)));
    trigger.workflow = One::to(workflow, Origin::written(span));
    trigger.is_privileged.set(flag_at(OUTSIDERS_IN_TRUST.contains(&event), span));
    if let Some(node) = node {
        fill_texts(&mut trigger.types, node, "types", scope);
        fill_texts(&mut trigger.branches, node, "branches", scope);
        fill_texts(&mut trigger.branches_ignore, node, "branches-ignore", scope);
        fill_texts(&mut trigger.tags, node, "tags", scope);
        fill_texts(&mut trigger.tags_ignore, node, "tags-ignore", scope);
        fill_texts(&mut trigger.paths, node, "paths", scope);
        fill_texts(&mut trigger.workflows, node, "workflows", scope);
        if let Some(inputs) = node.get("inputs") {
            trigger.inputs.read(node.span, "inputs", Some(value(inputs, scope)));
        }
        let crons: Vec<Value> =
            node.items().iter().filter_map(|item| item.get("cron")).map(|cron| value(cron, scope)).collect();
        if !crons.is_empty() {
            trigger.crons.read(node.span, "cron", Some(Value::list(crons, Origin::written(node.span))));
        }
    }
    let id = model.pipeline.triggers.push(trigger);
    model[workflow].triggers.push(id, Origin::written(span));
    if let (true, Some(node)) = (event == "workflow_dispatch", node) {
        dispatch_inputs(model, id, node, scope);
    }
    id
}

fn dispatch_inputs(model: &mut Model, trigger: Id<Trigger>, node: &Node, scope: &dyn Scope) {
    for entry in node.get("inputs").map(Node::entries).unwrap_or_default() {
        let head = Head { block: entry.span(), ..Head::new(&*entry.key, entry.key_span) };
        let mut input = DispatchInput::new(head);
        input.name.set(Value::text(&*entry.key, Origin::written(entry.key_span)));
        input.kind.read(entry.value.span, "type", entry.value.get("type").map(|node| value(node, scope)));
        fill_texts(&mut input.options, &entry.value, "options", scope);
        input.asks_for_approval.set(flag_at(asks_for_approval(&entry.key, &entry.value), entry.key_span));
        input.trigger = One::to(trigger, Origin::written(entry.key_span));
        model.pipeline.dispatch_inputs.push(input);
    }
}

/// Whether an input is a question whether to go on: by its name, or by answers of which one says no.
fn asks_for_approval(name: &str, node: &Node) -> bool {
    const NAMES: [&str; 6] = ["approve", "approval", "approved", "confirm", "confirmed", "proceed"];
    let words = name.to_lowercase();
    let by_name = words.split(|c: char| !c.is_alphanumeric()).any(|word| NAMES.contains(&word));
    let options: Vec<String> = node
        .get("options")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(Node::scalar_text)
        .map(str::to_lowercase)
        .collect();
    let pairs = [("yes", "no"), ("approve", "reject"), ("approve", "deny"), ("approve", "dont"), ("confirm", "cancel")];
    let by_options = pairs.iter().any(|(yes, no)| [yes, no].iter().all(|word| options.iter().any(|it| it == *word)));
    by_name || by_options
}
