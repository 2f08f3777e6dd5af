//! Calls: what steps hand to actions, and jobs to reusable workflows of this repository.

use super::{Found, is_expression};
use crate::data::github::lists;
use crate::lower::workflow::plan::{Plan, StepDoc};
use crate::lower::workflow::uses;
use crate::model::Model;
use crate::source::{Span, nearest};
use crate::syntax::yaml::{Kind, Node};

/// An input of something that is called.
struct Input {
    name: String,
    is_required: bool,
    is_deprecated: bool,
}

pub(super) fn job(model: &Model, plan: &Plan<'_>, index: usize, found: &mut Found) {
    let doc = &plan.jobs[index];
    if let Some(callee) = doc.callee {
        reusable(plan, index, callee, found);
    }
    for step in doc.steps.iter().filter(|step| step.action.is_none() && !step.node.is_alias()) {
        self::step(model, plan, step, found);
    }
}

fn step(model: &Model, plan: &Plan<'_>, step: &StepDoc<'_>, found: &mut Found) {
    let Some(written) = step.node.get("uses") else { return };
    let Some(text) = written.scalar_text() else { return };
    let parts = uses::parts(text);
    let full = parts.full();
    let with = step.node.get("with");
    if with.is_some_and(|with| !with.is_map() && !with.is_null()) || parts.kind == "docker" {
        return;
    }
    if matches!(parts.kind, "workspace" | "self") {
        let Some(action) = plan.local_folder(&parts.path).and_then(|folder| plan.actions.get(&folder)) else { return };
        let inputs: Vec<Input> = action
            .root
            .get("inputs")
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .map(|entry| {
                let is_true = entry.value.get("required").and_then(Node::scalar_text) == Some("true");
                Input {
                    name: entry.key.to_string(),
                    is_required: is_true && entry.value.get("default").is_none(),
                    is_deprecated: entry.value.get("deprecationMessage").is_some(),
                }
            })
            .collect();
        // What the action reads without declaring it is said at the action, once.
        let source = plan.world.file(action.source.file).text().unwrap_or("").to_lowercase();
        let is_undeclared = |name: &str| {
            !inputs.iter().any(|input| input.name.eq_ignore_ascii_case(name))
                && source.contains(&format!("inputs.{}", name.to_lowercase()))
        };
        if with.map(Node::entries).unwrap_or_default().iter().any(|entry| is_undeclared(&entry.key)) {
            return;
        }
        let is_docker = action.root.at(&["runs", "using"]).and_then(Node::scalar_text) == Some("docker");
        return given(
            &full_name(text),
            &inputs,
            with,
            written.span,
            if is_docker { Docker::Yes } else { Docker::No },
            found,
        );
    }
    if lists::takes_anything(&full) {
        return;
    }
    let version = step.uses.and_then(|uses| model[uses].version.as_str().map(str::to_owned));
    let Some(releases) = version.and_then(|version| uses::releases(&parts, &version)) else { return };
    let inputs: Vec<Input> = releases
        .inputs()
        .into_iter()
        .map(|input| Input {
            name: input.name.to_owned(),
            is_required: input.is_required,
            is_deprecated: input.is_deprecated,
        })
        .collect();
    let is_docker = releases.runtime() == Some("docker");
    let docker = match (releases.may_be_newer, is_docker) {
        (true, _) => Docker::MayBeNewer,
        (false, true) => Docker::Yes,
        (false, false) => Docker::No,
    };
    given(&full_name(text), &inputs, with, written.span, docker, found);
}

/// What else than its inputs may be handed to an action.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Docker {
    No,
    /// `args` and `entrypoint`.
    Yes,
    /// Inputs that are newer than what is known here; a slip is told apart by the name that it is near to.
    MayBeNewer,
}

/// `owner/name` without its ref, or the path.
fn full_name(text: &str) -> String {
    text.split('@').next().unwrap_or(text).to_owned()
}

fn given(action: &str, inputs: &[Input], with: Option<&Node>, place: Span, docker: Docker, found: &mut Found) {
    let entries = with.map(Node::entries).unwrap_or_default();
    for entry in entries.iter().filter(|_| with.is_some_and(|with| !with.is_alias())) {
        let input = inputs.iter().find(|input| input.name.eq_ignore_ascii_case(&entry.key));
        if let Some(input) = input {
            if input.is_deprecated {
                let message = format!("`{action}` will drop its input `{}`", entry.key);
                found.add("deprecated-input", &entry.key, entry.key_span, message);
            }
            continue;
        }
        let near = nearest(&entry.key, inputs.iter().map(|input| input.name.as_str()));
        let is_extra = docker == Docker::Yes && matches!(&*entry.key, "args" | "entrypoint");
        if !is_extra && (docker != Docker::MayBeNewer || near.is_some()) {
            let message = format!("`{action}` has no input `{}`", entry.key);
            found.add_near("unknown-input", &entry.key, near, entry.key_span, message);
        }
    }
    for input in inputs.iter().filter(|input| input.is_required) {
        if !entries.iter().any(|entry| entry.key.eq_ignore_ascii_case(&input.name)) {
            found.add("missing-input", &input.name, place, format!("`{action}` needs the input `{}`", input.name));
        }
    }
}

fn reusable(plan: &Plan<'_>, job: usize, callee: usize, found: &mut Found) {
    let doc = &plan.jobs[job];
    let path = &plan.workflows[callee].source.path;
    let file = path.rsplit('/').next().unwrap_or(path);
    let place = doc.node.get("uses").map_or(doc.key_span, |node| node.span);
    let trigger = plan.workflows[callee].triggers.iter().find(|trigger| trigger.event == "workflow_call");
    let Some(trigger) = trigger else {
        let message = format!("`{file}` has no `workflow_call`: GitHub refuses the run");
        return found.add("call-mismatch", &doc.key, place, message);
    };
    let declared = |key: &str| trigger.node.and_then(|node| node.get(key)).map(Node::entries).unwrap_or_default();
    let is_required =
        |node: &Node| node.get("required").and_then(Node::scalar_text) == Some("true") && node.get("default").is_none();
    let with = doc.node.get("with");
    for entry in with.map(Node::entries).unwrap_or_default() {
        let Some(input) = declared("inputs").iter().find(|input| input.key.eq_ignore_ascii_case(&entry.key)) else {
            let near = nearest(&entry.key, declared("inputs").iter().map(|input| &*input.key));
            let message = format!("`{file}` has no input `{}`: GitHub refuses the run", entry.key);
            found.add_near("call-mismatch", &entry.key, near, entry.key_span, message);
            continue;
        };
        let kind = input.value.get("type").and_then(Node::scalar_text).unwrap_or("");
        if !has_type(&entry.value, kind) {
            let message = format!("`{}` of `{file}` is a {kind}: GitHub refuses the run", entry.key);
            found.add("call-mismatch", &entry.key, entry.value.span, message);
        }
    }
    let secrets = doc.node.get("secrets");
    let inherits = secrets.and_then(Node::scalar_text) == Some("inherit");
    for entry in secrets.map(Node::entries).unwrap_or_default() {
        if !declared("secrets").iter().any(|secret| secret.key.eq_ignore_ascii_case(&entry.key)) {
            let near = nearest(&entry.key, declared("secrets").iter().map(|secret| &*secret.key));
            let message = format!("`{file}` takes no secret `{}`: GitHub refuses the run", entry.key);
            found.add_near("call-mismatch", &entry.key, near, entry.key_span, message);
        }
    }
    let gives = |node: Option<&Node>, name: &str| {
        node.is_some_and(|node| {
            !node.is_map() || node.entries().iter().any(|entry| entry.key.eq_ignore_ascii_case(name))
        })
    };
    for input in declared("inputs").iter().filter(|input| is_required(&input.value)) {
        if !gives(with, &input.key) {
            let message = format!("`{file}` needs the input `{}`: GitHub refuses the run", input.key);
            found.add("call-mismatch", &input.key, place, message);
        }
    }
    for secret in declared("secrets").iter().filter(|secret| is_required(&secret.value)) {
        if !inherits && !gives(secrets, &secret.key) {
            let message = format!("`{file}` needs the secret `{}`: GitHub refuses the run", secret.key);
            found.add("call-mismatch", &secret.key, place, message);
        }
    }
}

/// Whether a literal has the type of an input; what an expression gives is not known here.
fn has_type(node: &Node, kind: &str) -> bool {
    if is_expression(node) {
        return true;
    }
    match (kind, node.kind()) {
        (_, Kind::Null | Kind::Unread(_)) => true,
        ("boolean", Kind::Bool(_)) | ("number", Kind::Number(_)) => true,
        ("boolean" | "number", _) => false,
        ("string", Kind::List(_) | Kind::Map(_)) => false,
        _ => true,
    }
}
