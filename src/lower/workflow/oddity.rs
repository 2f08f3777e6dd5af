//! What GitHub refuses in a workflow, or never does: keys that it does not know, jobs that wait for nobody, expressions
//! that do not parse, scopes and events that do not exist. Dated November 2026: a newer key is no mistake for certain.

use super::permission::SCOPES;
use super::plan::Plan;
use super::read::holes;
use crate::model::pipeline::Oddity;
use crate::model::{Head, Model, One};
use crate::source::{Span, nearest};
use crate::syntax::expression::{Condition, condition};
use crate::syntax::yaml::{Entry, Node};
use crate::value::{Origin, Value};

const WORKFLOW_KEYS: &[&str] =
    &["name", "run-name", "on", "true", "permissions", "env", "defaults", "concurrency", "jobs", "cache-mode"];

const JOB_KEYS: &[&str] = &[
    "name",
    "permissions",
    "needs",
    "if",
    "runs-on",
    "environment",
    "concurrency",
    "outputs",
    "env",
    "defaults",
    "steps",
    "timeout-minutes",
    "strategy",
    "continue-on-error",
    "container",
    "services",
    "uses",
    "with",
    "secrets",
    "cache-mode",
    "snapshot",
];

const STEP_KEYS: &[&str] = &[
    "id",
    "if",
    "name",
    "uses",
    "run",
    "working-directory",
    "shell",
    "with",
    "env",
    "continue-on-error",
    "timeout-minutes",
    "background",
    "wait",
    "wait-all",
    "cancel",
    "parallel",
];

const EVENTS: &[&str] = &[
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "create",
    "delete",
    "deployment",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "fork",
    "gollum",
    "image_version",
    "issue_comment",
    "issues",
    "label",
    "merge_group",
    "milestone",
    "page_build",
    "project",
    "project_card",
    "project_column",
    "public",
    "pull_request",
    "pull_request_comment",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
    "push",
    "registry_package",
    "release",
    "repository_dispatch",
    "schedule",
    "status",
    "watch",
    "workflow_call",
    "workflow_dispatch",
    "workflow_run",
    "commit_comment",
];

/// Images that GitHub has taken away.
const RETIRED_IMAGES: &[&str] = &[
    "ubuntu-16.04",
    "ubuntu-18.04",
    "ubuntu-20.04",
    "macos-10.15",
    "macos-11",
    "macos-12",
    "macos-13",
    "windows-2016",
    "windows-2019",
];

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>) {
    for index in 0..plan.workflows.len() {
        workflow(model, plan, index);
    }
    for index in 0..plan.jobs.len() {
        job(model, plan, index);
    }
}

struct Odd<'t> {
    kind: &'static str,
    name: &'t str,
    nearest: Option<&'t str>,
    span: Span,
    message: String,
}

fn add(model: &mut Model, plan: &Plan<'_>, workflow: usize, odd: Odd<'_>) {
    let origin = Origin::written(odd.span);
    let mut oddity = Oddity::new(Head::new(odd.name, odd.span));
    oddity.kind.set(Value::text(odd.kind, origin.clone()));
    oddity.name.set(Value::text(odd.name, origin.clone()));
    if let Some(nearest) = odd.nearest {
        oddity.nearest.set(Value::text(nearest, origin.clone()));
    }
    oddity.message.set(Value::text(odd.message, origin.clone()));
    oddity.workflow = One::to(plan.workflows[workflow].id, origin);
    model.pipeline.oddities.push(oddity);
}

fn workflow(model: &mut Model, plan: &Plan<'_>, index: usize) {
    let doc = &plan.workflows[index];
    keys(model, plan, index, doc.root, WORKFLOW_KEYS);
    for duplicate in &doc.source.parsed.duplicates {
        let text = plan.world.text(duplicate.last).to_owned();
        let message = "GitHub refuses a file with two keys of one name".to_owned();
        add(
            model,
            plan,
            index,
            Odd { kind: "duplicate-key", name: &text, nearest: None, span: duplicate.last, message },
        );
    }
    for trigger in &doc.triggers {
        if !EVENTS.contains(&trigger.event.as_str()) {
            let near = nearest(&trigger.event, EVENTS.iter().copied());
            let message = "GitHub knows no such event".to_owned();
            let odd = Odd { kind: "unknown-event", name: &trigger.event, nearest: near, span: trigger.span, message };
            add(model, plan, index, odd);
        }
    }
    permissions(model, plan, index, doc.root);
    expressions(model, plan, index, doc.root);
}

fn keys(model: &mut Model, plan: &Plan<'_>, workflow: usize, node: &Node, known: &[&'static str]) {
    for entry in node.resolved().entries() {
        let is_known = known.iter().any(|key| entry.key.eq_ignore_ascii_case(key));
        // A merge key or an extension is read by other tools.
        if is_known || entry.key.starts_with("x-") {
            continue;
        }
        let near = nearest(&entry.key, known.iter().copied());
        let kind = if near.is_some() { "misspelt-key" } else { "unknown-key" };
        let message = "GitHub knows no such key here".to_owned();
        add(model, plan, workflow, Odd { kind, name: &entry.key, nearest: near, span: entry.key_span, message });
    }
}

fn permissions(model: &mut Model, plan: &Plan<'_>, workflow: usize, owner: &Node) {
    let Some(block) = owner.get("permissions") else { return };
    for entry in block.entries() {
        let level = entry.value.scalar_text().unwrap_or("");
        let is_level = matches!(level, "read" | "write" | "none");
        let is_scope = SCOPES.contains(&&*entry.key);
        if is_level && is_scope {
            continue;
        }
        let (name, span) = if is_scope { (level, entry.value.span) } else { (&*entry.key, entry.key_span) };
        let near = match is_scope {
            true => nearest(level, ["read", "write", "none"]),
            false => nearest(&entry.key, SCOPES.iter().copied()),
        };
        let message = "GitHub knows no such permission".to_owned();
        add(model, plan, workflow, Odd { kind: "unknown-scope", name, nearest: near, span, message });
    }
}

fn job(model: &mut Model, plan: &Plan<'_>, index: usize) {
    let doc = &plan.jobs[index];
    keys(model, plan, doc.workflow, doc.node, JOB_KEYS);
    permissions(model, plan, doc.workflow, doc.node);
    needs(model, plan, index);
    let labels = doc.node.get("runs-on");
    let single = labels.map(std::slice::from_ref).unwrap_or_default();
    let all = labels.filter(|node| node.is_list()).map_or(single, Node::items);
    for label in all {
        if let Some(text) = label.scalar_text().filter(|text| RETIRED_IMAGES.contains(text)) {
            let message = "no runner has this image any more: the job never starts".to_owned();
            let odd = Odd { kind: "retired-runner", name: text, nearest: None, span: label.span, message };
            add(model, plan, doc.workflow, odd);
        }
    }
    if doc.node.get("runs-on").is_none() && doc.node.get("uses").is_none() && doc.node.is_map() {
        let message = "GitHub refuses a job without `runs-on` and without `uses`".to_owned();
        let odd = Odd { kind: "missing-key", name: "runs-on", nearest: None, span: doc.key_span, message };
        add(model, plan, doc.workflow, odd);
    }
    for step in doc.steps.iter().filter(|step| step.action.is_none()) {
        keys(model, plan, doc.workflow, step.node, STEP_KEYS);
        if let Some(condition) = step.node.entry("if") {
            tagged(model, plan, doc.workflow, condition);
        }
        versions(model, plan, doc.workflow, step.node);
    }
    if let Some(condition) = doc.node.entry("if") {
        tagged(model, plan, doc.workflow, condition);
    }
}

/// `if: !cancelled()`: to YAML, `!` begins a tag.
fn tagged(model: &mut Model, plan: &Plan<'_>, workflow: usize, entry: &Entry) {
    if let Some(tag) = &entry.value.tag {
        let message = "YAML reads this as a tag and not as an expression: put it in quotes".to_owned();
        let odd = Odd { kind: "expression-syntax", name: &tag.text, nearest: None, span: tag.span, message };
        return add(model, plan, workflow, odd);
    }
    let Some(text) = entry.value.as_str() else { return };
    if let (Condition::Expression(Err(error)), false) = (condition(text), text.contains("${{")) {
        let span = entry.value.span_of(error.range.clone());
        add(
            model,
            plan,
            workflow,
            Odd { kind: "expression-syntax", name: "if", nearest: None, span, message: error.message },
        );
    }
}

/// Versions that a number makes shorter: `3.10` is 3.1.
fn versions(model: &mut Model, plan: &Plan<'_>, workflow: usize, node: &Node) {
    const INPUTS: [&str; 7] = [
        "python-version",
        "go-version",
        "node-version",
        "terraform_version",
        "tofu_version",
        "ruby-version",
        "java-version",
    ];
    for entry in node.get("with").map(Node::entries).unwrap_or_default() {
        let is_version = INPUTS.contains(&&*entry.key);
        let list = std::slice::from_ref(&entry.value);
        let values = if entry.value.is_list() { entry.value.items() } else { list };
        for value in values.iter().filter(|_| is_version) {
            let written = match value.kind() {
                crate::syntax::yaml::Kind::Number(text) => text,
                _ => continue,
            };
            if written.contains('.') && written.ends_with('0') {
                let message = format!("a number loses its last zero: put `{written}` in quotes");
                let odd = Odd { kind: "lost-zero", name: &entry.key, nearest: None, span: value.span, message };
                add(model, plan, workflow, odd);
            }
        }
    }
}

fn needs(model: &mut Model, plan: &Plan<'_>, index: usize) {
    let doc = &plan.jobs[index];
    let Some(node) = doc.node.get("needs") else { return };
    let siblings: Vec<&str> =
        plan.workflows[doc.workflow].jobs.iter().map(|job| plan.jobs[*job].key.as_str()).collect();
    let single = std::slice::from_ref(node);
    for member in if node.is_list() { node.items() } else { single } {
        let Some(name) = member.scalar_text() else { continue };
        if !siblings.iter().any(|sibling| sibling.eq_ignore_ascii_case(name)) {
            let near = nearest(name, siblings.iter().copied());
            let message = "no job has this name: GitHub refuses the file".to_owned();
            let odd = Odd { kind: "unknown-need", name, nearest: near, span: member.span, message };
            add(model, plan, doc.workflow, odd);
        }
    }
    let mut open = doc.needs.clone();
    let mut seen = Vec::new();
    while let Some(next) = open.pop() {
        if next == index {
            let message = "the job waits for itself: GitHub refuses the file".to_owned();
            let odd = Odd { kind: "cyclic-need", name: &doc.key, nearest: None, span: node.span, message };
            return add(model, plan, doc.workflow, odd);
        }
        if !seen.contains(&next) {
            seen.push(next);
            open.extend(plan.jobs[next].needs.iter().copied());
        }
    }
}

/// Expressions anywhere that do not parse.
fn expressions(model: &mut Model, plan: &Plan<'_>, workflow: usize, root: &Node) {
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        for (hole, span) in holes(node) {
            if let Err(error) = &hole.expression {
                let place = if error.range.is_empty() { span } else { node.span_of(error.range.clone()) };
                let odd = Odd {
                    kind: "expression-syntax",
                    name: "expression",
                    nearest: None,
                    span: place,
                    message: error.message.clone(),
                };
                add(model, plan, workflow, odd);
            }
        }
        if node.is_alias() {
            continue;
        }
        open.extend(node.items().iter().rev());
        open.extend(node.entries().iter().rev().map(|entry| &entry.value));
    }
}
