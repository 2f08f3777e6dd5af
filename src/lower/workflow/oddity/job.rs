//! Single jobs: whom they wait for, what they run on, which shells their steps ask for, and conditions that YAML takes for
//! something else.

use super::{Found, is_expression, items};
use crate::data::github::schema::{self, System};
use crate::lower::workflow::plan::Plan;
use crate::source::{nearest, nearest_within};
use crate::syntax::expression::{Condition, condition};
use crate::syntax::yaml::{Entry, Kind, Node};

pub(super) fn check(plan: &Plan<'_>, index: usize, found: &mut Found) {
    let doc = &plan.jobs[index];
    needs(plan, index, found);
    if doc.node.is_map() && doc.node.get("runs-on").is_none() && doc.node.get("uses").is_none() {
        let message = format!("`{}` has neither `runs-on` nor `uses`: GitHub refuses the file", doc.key);
        found.add("missing-key", "runs-on", doc.key_span, message);
    }
    labels(doc.node, found);
    let systems = systems(doc.node);
    if let Some(condition) = doc.node.entry("if") {
        tagged(condition, found);
    }
    shell(doc.node.at(&["defaults", "run", "shell"]), &systems, found);
    steps(doc.node, &systems, found);
}

fn steps(job: &Node, systems: &[System], found: &mut Found) {
    let background: Vec<&str> = job
        .get("steps")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter(|step| step.get("background").and_then(Node::as_bool) == Some(true))
        .filter_map(|step| step.get("id").and_then(Node::scalar_text))
        .collect();
    for step in job.get("steps").map(Node::items).unwrap_or_default() {
        if step.is_alias() || !step.is_map() {
            continue;
        }
        self::step(step, found);
        // A condition may let the step run on another system only.
        if step.get("if").is_none() {
            shell(step.get("shell"), systems, found);
        }
        for key in ["wait", "cancel"] {
            let Some(node) = step.get(key) else { continue };
            for item in items(node) {
                let Some(name) = item.as_str().filter(|name| !name.contains("${{")) else { continue };
                if !background.contains(&name) {
                    let near = nearest(name, background.iter().copied());
                    let message = format!("no step in the background is called `{name}`");
                    found.add_near("unknown-need", name, near, item.span, message);
                }
            }
        }
        for member in step.get("parallel").map(Node::items).unwrap_or_default() {
            if let Some(nested) = member.entry("parallel") {
                found.add(
                    "unknown-need",
                    "parallel",
                    nested.key_span,
                    "`parallel` stands in `parallel`: GitHub refuses the file",
                );
            }
        }
    }
}

/// What must hold for a step of a job and of a composite action.
pub(super) fn step(step: &Node, found: &mut Found) {
    if let Some(condition) = step.entry("if") {
        tagged(condition, found);
    }
    versions(step, found);
    let does = ["uses", "run", "parallel", "wait", "wait-all", "cancel"];
    let first = step.entries().first();
    if let (false, Some(first)) = (does.iter().any(|key| step.get(key).is_some()), first) {
        let message = "the step has neither `uses` nor `run`: GitHub refuses the file";
        found.add("missing-key", "run", first.key_span, message);
    }
    if let (Some(_), Some(run)) = (step.get("uses"), step.entry("run")) {
        found.add("wrong-type", "run", run.key_span, "a step has `uses` or `run`, never both: GitHub refuses the file");
    }
}

/// `if: !cancelled()`: to YAML, `!` begins a tag.
fn tagged(entry: &Entry, found: &mut Found) {
    if let Some(tag) = &entry.value.tag {
        let message = "YAML reads this as a tag and not as an expression: put it in quotes";
        return found.add("expression-syntax", &tag.text, tag.span, message);
    }
    let Some(text) = entry.value.as_str().filter(|_| !entry.value.is_alias()) else { return };
    if text.contains("${{") {
        return;
    }
    if let Condition::Expression(Err(error)) = condition(text) {
        found.add("expression-syntax", "if", entry.value.span_of(error.range.clone()), error.message);
    }
}

/// Versions that a number makes shorter: `3.10` is 3.1.
fn versions(step: &Node, found: &mut Found) {
    for entry in step.get("with").map(Node::entries).unwrap_or_default() {
        if !schema::is_version_input(&entry.key) {
            continue;
        }
        for value in items(&entry.value) {
            if let Kind::Number(written) = value.kind()
                && written.contains('.')
                && written.ends_with('0')
            {
                let message = format!("a number loses its last zero: put `{written}` in quotes");
                found.add("lost-zero", &entry.key, value.span, message);
            }
        }
    }
}

fn needs(plan: &Plan<'_>, index: usize, found: &mut Found) {
    let doc = &plan.jobs[index];
    let Some(node) = doc.node.get("needs").filter(|node| !is_expression(node)) else { return };
    let siblings: Vec<&str> = plan.workflow_of(index).jobs.iter().map(|job| plan.jobs[*job].key.as_str()).collect();
    for member in items(node) {
        let Some(name) = member.scalar_text() else { continue };
        if !siblings.iter().any(|sibling| sibling.eq_ignore_ascii_case(name)) {
            let near = nearest(name, siblings.iter().copied());
            let message = format!("`{}` waits for `{name}`, which is no job here: GitHub refuses the file", doc.key);
            found.add_near("unknown-need", name, near, member.span, message);
        }
    }
    let mut open = doc.needs.clone();
    let mut seen = Vec::new();
    while let Some(next) = open.pop() {
        if next == index {
            let message = format!("`{}` waits for itself: GitHub refuses the file", doc.key);
            return found.add("cyclic-need", &doc.key, node.span, message);
        }
        if !seen.contains(&next) {
            seen.push(next);
            open.extend(plan.jobs[next].needs.iter().copied());
        }
    }
}

/// The labels that are written out, with where they stand.
fn written_labels(job: &Node) -> Vec<(&str, &Node)> {
    let Some(node) = job.get("runs-on") else { return Vec::new() };
    let node = node.get("labels").unwrap_or(node);
    let members = if node.is_map() { &[][..] } else { items(node) };
    members.iter().filter(|item| !is_expression(item)).filter_map(|item| Some((item.scalar_text()?, item))).collect()
}

fn labels(job: &Node, found: &mut Found) {
    let written = written_labels(job);
    let is_own = written.iter().any(|(label, _)| label.eq_ignore_ascii_case("self-hosted"))
        || job.at(&["runs-on", "group"]).is_some();
    for (label, node) in &written {
        if schema::is_retired_label(label) && !is_own {
            let message = format!("no runner has `{label}` any more: the job never starts");
            found.add("retired-runner", label, node.span, message);
            continue;
        }
        // A label of one's own is no mistake; one letter off a known one is.
        if is_own || schema::labels().any(|known| known.eq_ignore_ascii_case(label)) {
            continue;
        }
        let near = nearest_within(label, schema::labels().filter(|known| known.len() > 6), 1);
        if let Some(near) = near {
            let message = format!("no runner of GitHub's has the label `{label}`");
            found.add_near("unknown-label", label, Some(near), node.span, message);
        }
    }
    let hosted: Vec<_> = written.iter().filter(|(label, _)| schema::system_of(label).is_some()).collect();
    if let ([(first, _), (second, node), ..], false) = (hosted.as_slice(), is_own) {
        let message = format!("no runner is both `{first}` and `{second}`: the job never starts");
        found.add("unknown-label", second, node.span, message);
    }
}

/// The systems that a job may run on; none where that is not known.
fn systems(job: &Node) -> Vec<System> {
    let written = written_labels(job);
    match written.as_slice() {
        [(label, _)] => schema::system_of(label).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn shell(node: Option<&Node>, systems: &[System], found: &mut Found) {
    let Some(node) = node.filter(|node| !is_expression(node) && !node.is_alias()) else { return };
    let Some(text) = node.scalar_text() else { return };
    if text.contains("{0}") {
        return;
    }
    let name = text.split_whitespace().next().unwrap_or("");
    match schema::systems_of_shell(name) {
        None => {
            let near = nearest(name, schema::shells());
            let message =
                format!("GitHub knows no shell `{name}`; a shell of one's own says where the script goes with `{{0}}`");
            found.add_near("wrong-shell", name, near, node.span, message);
        }
        Some(known) if !systems.is_empty() && systems.iter().all(|system| !known.contains(system)) => {
            found.add("wrong-shell", name, node.span, format!("the runner of this job has no `{name}`"));
        }
        Some(_) => {}
    }
}
