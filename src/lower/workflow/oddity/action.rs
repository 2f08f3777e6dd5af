//! `action.yml`: what an action must say of itself, and what its steps must say that a job's need not.

use super::{Found, job, name, schema};
use crate::data::github::schema as known;
use crate::lower::workflow::plan::{ActionDoc, Plan};
use crate::source::{nearest, parent_of};
use crate::syntax::yaml::{Entry, Node};

pub(super) fn check(plan: &Plan<'_>, doc: &ActionDoc<'_>, found: &mut Found) {
    schema::block("action", doc.root, found);
    for (key, kind) in [("inputs", "action-input"), ("outputs", "action-output")] {
        for entry in doc.root.get(key).map(Node::entries).unwrap_or_default() {
            schema::block(kind, &entry.value, found);
        }
    }
    let Some(runs) = doc.root.entry("runs") else { return };
    let Some(using) = runs.value.get("using") else {
        return found.add(
            "action-metadata",
            "using",
            runs.key_span,
            "`runs` does not say what the action runs on: no job can use it",
        );
    };
    let text = using.scalar_text().unwrap_or("");
    if known::is_retired_runtime(text).is_none() {
        let near = nearest(text, known::runtimes());
        found.add_near("action-metadata", text, near, using.span, format!("no runner knows `{text}`"));
    }
    match text {
        "composite" => composite(&runs.value, found),
        "docker" => match runs.value.get("image").and_then(Node::scalar_text) {
            None => found.add("action-metadata", "image", runs.key_span, "a Docker action needs an `image`"),
            Some(image) if image.starts_with("docker://") => {}
            Some(_) => file(plan, doc, runs.value.entry("image"), found),
        },
        _ => {
            match runs.value.entry("main") {
                None => found.add(
                    "action-metadata",
                    "main",
                    runs.key_span,
                    "the action does not say with which file it begins",
                ),
                Some(entry) => file(plan, doc, Some(entry), found),
            }
            file(plan, doc, runs.value.entry("pre"), found);
            file(plan, doc, runs.value.entry("post"), found);
        }
    }
    outputs(doc, text, found);
}

fn composite(runs: &Node, found: &mut Found) {
    schema::steps(runs, "composite-step", found);
    name::steps(runs, found);
    let Some(steps) = runs.get("steps") else {
        return found.add("action-metadata", "steps", runs.span.at_start(), "a composite action needs `steps`");
    };
    for step in steps.items().iter().filter(|step| step.is_map() && !step.is_alias()) {
        job::step(step, found);
        if let (Some(run), None) = (step.entry("run"), step.get("shell")) {
            found.add(
                "missing-shell",
                "run",
                run.key_span,
                "a step of a composite action needs a `shell`: the run fails",
            );
        }
    }
}

/// Values of outputs: a composite must say them, other actions set them themselves.
fn outputs(doc: &ActionDoc<'_>, using: &str, found: &mut Found) {
    for entry in doc.root.get("outputs").map(Node::entries).unwrap_or_default() {
        if using == "composite" && entry.value.get("value").is_none() {
            let message = format!("the output `{}` of a composite action needs a `value`: it is empty", entry.key);
            found.add("action-metadata", &entry.key, entry.key_span, message);
        }
    }
}

/// A file that the action names. What is built before use and left out of the repository is not missed: only a file
/// that stands alone in a folder of the tree.
fn file(plan: &Plan<'_>, doc: &ActionDoc<'_>, entry: Option<&Entry>, found: &mut Found) {
    let Some(entry) = entry else { return };
    let Some(text) = entry.value.as_str().filter(|text| !text.contains("${{")) else { return };
    let folder = parent_of(&doc.source.path);
    let Some(path) = crate::source::clean_path(folder, text) else { return };
    let is_folder_known = plan.world.folder_exists(parent_of(&path));
    let has_neighbours = plan.world.directly_in(parent_of(&path)).any(|(_, file)| file.path != doc.source.path);
    if is_folder_known && has_neighbours && plan.world.find(&path).is_none() {
        found.add(
            "action-metadata",
            text,
            entry.value.span,
            format!("the action begins with `{text}`, which is not there"),
        );
    }
}
