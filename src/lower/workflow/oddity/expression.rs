//! Expressions wherever they stand: whether they parse, and whether every name in them stands for something there.

use std::rc::Rc;

use super::Found;
use super::context::{Place, writes_output};
use super::types::{Checker, Fault};
use crate::data::github::schema;
use crate::lower::workflow::parsed::Parsed;
use crate::lower::workflow::plan::Plan;
use crate::lower::workflow::uses;
use crate::model::Model;
use crate::source::Span;
use crate::syntax::expression::{self, Condition, Expression};
use crate::syntax::yaml::Node;

pub(super) fn workflow(model: &Model, plan: &Plan<'_>, index: usize, found: &mut Found) {
    let doc = &plan.workflows[index];
    let whole = Place::Workflow { plan, workflow: index };
    for entry in doc.root.entries() {
        if &*entry.key != "jobs" {
            let key = if &*entry.key == "true" { "on" } else { &*entry.key };
            below(&whole, &[key.to_owned()], &entry.value, found);
        }
    }
    for job in &doc.jobs {
        let doc = &plan.jobs[*job];
        let place = Place::Job { model, plan, job: *job, before: None };
        for entry in doc.node.resolved().entries() {
            if &*entry.key != "steps" {
                let path = ["jobs".to_owned(), doc.key.clone(), entry.key.to_string()];
                below(&place, &path, &entry.value, found);
            }
        }
        for (number, step) in doc.steps.iter().enumerate() {
            // Steps of a composite are checked in its own file, aliased ones at their anchor.
            if step.action.is_some() || step.node.is_alias() {
                continue;
            }
            let place = Place::Job { model, plan, job: *job, before: Some(number) };
            let path = ["jobs".to_owned(), doc.key.clone(), "steps".to_owned(), "0".to_owned()];
            below(&place, &path, step.node, found);
        }
    }
}

pub(super) fn action(root: &Node, found: &mut Found) {
    let whole = Place::Action { root, before: None };
    for entry in root.entries() {
        if matches!(&*entry.key, "inputs" | "outputs") {
            below(&whole, &[entry.key.to_string()], &entry.value, found);
        }
    }
    for (number, step) in root.at(&["runs", "steps"]).map(Node::items).unwrap_or_default().iter().enumerate() {
        let place = Place::Action { root, before: Some(number) };
        let path = ["runs".to_owned(), "steps".to_owned(), "0".to_owned()];
        below(&place, &path, step, found);
    }
}

/// All scalars below a node, each with the path of keys that leads there.
fn below(place: &Place<'_, '_>, path: &[String], node: &Node, found: &mut Found) {
    let start: Vec<&str> = path.iter().map(String::as_str).collect();
    // A node with the length of the path above it and its own key.
    let mut open: Vec<(&Node, usize, Option<&str>)> = vec![(node, start.len(), None)];
    let mut path = start;
    while let Some((node, depth, key)) = open.pop() {
        path.truncate(depth);
        path.extend(key);
        if node.is_alias() {
            continue;
        }
        if node.as_str().is_some() {
            scalar(place, &path, node, found);
        }
        let depth = path.len();
        open.extend(node.items().iter().rev().map(|item| (item, depth, Some("0"))));
        open.extend(node.entries().iter().rev().map(|entry| (&entry.value, depth, Some(&*entry.key))));
    }
}

fn scalar(place: &Place<'_, '_>, names: &[&str], node: &Node, found: &mut Found) {
    let Some(text) = node.as_str() else { return };
    let holes = match place {
        Place::Workflow { plan, .. } | Place::Job { plan, .. } => plan.parsed.placed(node),
        Place::Action { .. } => Parsed::default().placed(node),
    };
    for (hole, span) in &holes {
        if let Err(error) = &hole.expression {
            let shown = if error.range.is_empty() { *span } else { node.span_of(error.range.clone()) };
            found.add("expression-syntax", "expression", shown, error.message.clone());
        }
    }
    let is_condition = names.last() == Some(&"if") && names.len() > 2;
    if holes.is_empty() && !is_condition {
        return;
    }
    let Some(available) = schema::available(names) else { return };
    let mut check = |expression: &Expression| {
        let mut checker = Checker { place, available, faults: Vec::new() };
        checker.check(expression);
        for fault in checker.faults {
            report(place, names, node, fault, found);
        }
    };
    for (hole, _) in &holes {
        if let Ok(expression) = &hole.expression {
            check(expression);
        }
    }
    if is_condition && holes.is_empty() {
        let condition = match place {
            Place::Workflow { plan, .. } | Place::Job { plan, .. } => plan.parsed.condition(node),
            Place::Action { .. } => Some(Rc::new(expression::condition(text))),
        };
        if let Some(Condition::Expression(Ok(expression))) = condition.as_deref() {
            check(expression);
        }
    }
}

fn report(place: &Place<'_, '_>, path: &[&str], node: &Node, fault: Fault<'_>, found: &mut Found) {
    if fault.missing.kind == "unknown-output" && feeds_image(place, path) {
        return;
    }
    let span: Span = node.span_of(fault.part.range.clone());
    let mut message = fault.missing.message;
    if let Some(note) = step_without_id(place, &fault.part.range, node) {
        message = format!("{message}; {note}");
    }
    found.add_near(fault.missing.kind, &fault.name, fault.missing.nearest.as_deref(), span, message);
}

/// The image of a task definition that a step renders has a rule of its own.
fn feeds_image(place: &Place<'_, '_>, path: &[&str]) -> bool {
    let Place::Job { plan, job, before: Some(step), .. } = place else { return false };
    let written = plan.jobs[*job].steps[*step].node.get("uses").and_then(Node::scalar_text).unwrap_or("");
    path.last() == Some(&"image") && uses::parts(written).action() == "aws-actions/amazon-ecs-render-task-definition"
}

/// The earlier step without an id that writes the very output that is asked for.
fn step_without_id(place: &Place<'_, '_>, range: &std::ops::Range<usize>, node: &Node) -> Option<String> {
    let Place::Job { plan, job, before, .. } = place else { return None };
    let text = node.as_str()?;
    let rest = text.get(range.end..)?.strip_prefix(".outputs.")?;
    let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && !matches!(it, '_' | '-')).unwrap_or(rest.len());
    let name = &rest[..end];
    let steps = &plan.jobs[*job].steps;
    let step = (0..before.unwrap_or(steps.len()))
        .find(|index| steps[*index].key.is_none() && writes_output(plan, *job, *index, name))?;
    let shown = steps[step].node.get("name").and_then(Node::scalar_text).map(str::to_owned);
    let shown = shown.unwrap_or_else(|| format!("step {}", step + 1));
    Some(format!("`{shown}` writes `{name}` and has no id"))
}
