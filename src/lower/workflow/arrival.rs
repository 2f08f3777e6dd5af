//! Code and files of others that steps bring into a job, and the folders whose content steps execute.

use super::execute;
use super::plan::{Plan, StartDoc};
use super::read::open_list;
use super::scope::JobScope;
use super::{script, uses};
use crate::eval::actions::{Control, Operand, Outcome, RunSource};
use crate::eval::shell::{Argument, Command};
use crate::logic::{Reason, Tri};
use crate::lower::command::say;
use crate::model::pipeline::Arrival;
use crate::model::{Head, Model, One};
use crate::source::{Span, clean_path};
use crate::syntax::yaml::Node;
use crate::value::{Kind, Origin, Value};

/// Actions that download what another run left behind.
const DOWNLOADS: [&str; 3] =
    ["dawidd6/action-download-artifact", "actions/download-artifact", "aochmann/actions-download-artifact"];

/// What a step brings in.
struct Brought {
    kind: &'static str,
    control: Control,
    is_mutable: Tri,
    guard: &'static str,
    lets_forks_in: Value,
    folder: String,
    span: Span,
}

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>, job: usize) {
    let doc = &plan.jobs[job];
    for index in 0..doc.steps.len() {
        executes(model, plan, job, index);
        let node = doc.steps[index].node;
        let used = node.get("uses").map(|written| (written, uses::parts(written.scalar_text().unwrap_or(""))));
        let text = node.get("run").and_then(Node::as_str).unwrap_or("");
        let may_bring = ["gh ", "git "].iter().any(|word| text.contains(word));
        for start in &doc.starts {
            let runs = start.steps.get(index).copied().unwrap_or(Outcome::Yes);
            if runs == Outcome::No {
                continue;
            }
            let scope = JobScope::step(plan, job, Some(start), index);
            let mut found = Vec::new();
            if let Some((written, parts)) = &used {
                found.extend(by_action(&scope, start, written, &parts.action()));
                found.iter_mut().for_each(|brought| guarded(model, &scope, start, parts, brought));
            }
            if may_bring {
                by_script(&scope, start, &mut found);
            }
            for brought in found {
                let maybe = runs == Outcome::Unknown;
                add(model, plan, job, index, start, brought, maybe);
            }
        }
    }
}

fn add(model: &mut Model, plan: &Plan<'_>, job: usize, index: usize, start: &StartDoc, brought: Brought, maybe: bool) {
    let origin = Origin::written(brought.span);
    let mut arrival = Arrival::new(Head::new(&plan.jobs[job].key, brought.span));
    arrival.kind.set(Value::text(brought.kind, origin.clone()));
    let control = match maybe {
        true => Value::unknown(Reason::at("condition-not-known", "if", brought.span), origin.clone()),
        false => Value::text(brought.control.word(), origin.clone()),
    };
    arrival.control.set(control);
    arrival.is_mutable.set(match brought.is_mutable {
        Tri::Unknown => Value::unknown(Reason::at("run-time-value", "git checkout", brought.span), origin.clone()),
        known => Value::bool(known == Tri::True, origin.clone()),
    });
    arrival.lets_forks_in.set(brought.lets_forks_in);
    arrival.guard.set(Value::text(brought.guard, origin.clone()));
    arrival.folder.set(match brought.folder.as_str() {
        "?" => Value::unknown(Reason::at("computed-directory", "path", brought.span), origin.clone()),
        folder => Value::text(folder, origin.clone()),
    });
    arrival.step = One::to(plan.jobs[job].steps[index].id, origin.clone());
    arrival.start = One::to(start.id, origin);
    model.pipeline.arrivals.push(arrival);
}

/// No name of a folder in the workspace.
pub(super) const TEMPORARY: &str = "/runner.temp";

fn with<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let entries = node.get("with").map(Node::entries).unwrap_or_default();
    entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(name)).map(|entry| &entry.value)
}

/// Whose files the action of the scope's step brings in, into which folder, and where that is said.
pub(super) fn brought(scope: &JobScope<'_, '_>) -> Option<(Control, String, Span)> {
    let written = scope.step_doc()?.node.get("uses")?;
    let parts = uses::parts(written.scalar_text()?);
    if !brings(&parts.action()) {
        return None;
    }
    let start = scope.start()?;
    let node = scope.step_doc()?.node;
    // Which release it is, and with it whether it refuses forks, is not looked up here.
    let may_refuse = matches!(start.run.event.as_str(), "pull_request_target" | "workflow_run")
        && with(node, "allow-unsafe-pr-checkout").and_then(Node::scalar_text) != Some("true");
    let brought = by_action(scope, start, written, &parts.action())?;
    (brought.kind != "code" || !may_refuse).then_some((brought.control, brought.folder, brought.span))
}

fn brings(action: &str) -> bool {
    action == "actions/checkout" || DOWNLOADS.contains(&action)
}

fn by_action(scope: &JobScope<'_, '_>, start: &StartDoc, written: &Node, action: &str) -> Option<Brought> {
    let step = scope.step_doc()?;
    if !brings(action) {
        return None;
    }
    let path = with(step.node, "path");
    let is_temporary = path.and_then(Node::scalar_text).is_some_and(|text| text.contains("runner.temp"));
    let folder = path.map(|node| scope.read(node));
    let folder = match folder.as_ref().map(|operand| operand.value.as_str()) {
        None => String::new(),
        // Nothing of the workspace lies there.
        Some(_) if is_temporary => TEMPORARY.to_owned(),
        Some(Some(path)) => clean_path("", path).unwrap_or_else(|| "?".to_owned()),
        Some(None) => "?".to_owned(),
    };
    if action == "actions/checkout" {
        return Some(Brought { folder, ..checkout(scope, start, step.node, written.span)? });
    }
    let from_other_run = action != "actions/download-artifact" || with(step.node, "run-id").is_some();
    if !from_other_run || start.run.event != "workflow_run" {
        return None;
    }
    let span = with(step.node, "run-id").map_or(written.span, |node| node.span);
    Some(Brought {
        kind: "artifact",
        control: start.run.who,
        is_mutable: Tri::False,
        guard: "absent",
        lets_forks_in: no(span),
        folder,
        span,
    })
}

/// What keeps the code of forks out of a checkout.
fn guarded(model: &Model, scope: &JobScope<'_, '_>, start: &StartDoc, parts: &uses::Parts, brought: &mut Brought) {
    let Some(step) = scope.step_doc().filter(|_| brought.kind == "code") else { return };
    let version = step.uses.and_then(|uses| model[uses].version.as_str().map(str::to_owned));
    brought.guard = guard(start, step.node, parts, version.as_deref());
    if let Some(option) = with(step.node, "allow-unsafe-pr-checkout") {
        brought.lets_forks_in = super::read::value(option, scope);
    }
}

/// The code that a checkout brings, if it is not the repository's own at the run's ref.
fn checkout(scope: &JobScope<'_, '_>, start: &StartDoc, node: &Node, span: Span) -> Option<Brought> {
    let git_ref = with(node, "ref");
    let repository = with(node, "repository");
    let ref_value = git_ref.map(|node| scope.read(node));
    let repository_value = repository.map(|node| scope.read(node));
    let place = git_ref.or(repository).map_or(span, |node| node.span);
    let from_fork = repository_value.as_ref().is_some_and(is_head_repository);
    let asked = ref_value.as_ref().map_or(Asked::Nothing, asked_ref);
    let is_plain = git_ref.is_none() && repository.is_none();
    let by_default = is_plain && start.run.event.starts_with("pull_request") && !start.is_trusted;
    let (is_outsiders, is_mutable) = match asked {
        _ if by_default => (start.run.source == RunSource::Fork, false),
        Asked::Pull => (true, true),
        Asked::Commit => (true, start.run.event == "issue_comment"),
        // A branch of the head's name in this repository is a writer's.
        Asked::Branch => (from_fork, true),
        Asked::Nothing | Asked::Other => (from_fork, true),
    };
    if !is_outsiders {
        return None;
    }
    // Comments speak about pull requests of anybody; the other events say where theirs comes from.
    let control = match start.run.source {
        RunSource::Fork => start.run.who,
        RunSource::Base if start.is_trusted && start.run.event != "workflow_run" => Control::Outsider,
        RunSource::Base | RunSource::Same => return None,
    };
    Some(Brought {
        kind: "code",
        control,
        is_mutable: Tri::from(is_mutable),
        guard: "absent",
        lets_forks_in: no(place),
        folder: String::new(),
        span: place,
    })
}

fn no(span: Span) -> Value {
    super::read::flag_at(false, span)
}

enum Asked {
    /// The head's commit.
    Commit,
    /// `refs/pull/N/head` or `merge`.
    Pull,
    /// The head's branch by its name.
    Branch,
    Other,
    Nothing,
}

fn asked_ref(operand: &Operand) -> Asked {
    let text = operand.value.as_text();
    let prefix = text.as_ref().map_or("", |text| text.prefix());
    if prefix.starts_with("refs/pull/") || prefix.starts_with("pull/") {
        return Asked::Pull;
    }
    let ends =
        |endings: &[&str]| operand.shares.iter().any(|share| endings.iter().any(|ending| share.name.ends_with(ending)));
    if ends(&["head.sha", "merge_commit_sha", "head_sha", "head_commit.id", "head-sha"]) {
        Asked::Commit
    } else if ends(&["head.ref", "head_ref", "head_branch", "head.label"]) {
        Asked::Branch
    } else {
        Asked::Other
    }
}

fn is_head_repository(operand: &Operand) -> bool {
    let by_value = match &operand.value.kind {
        Kind::Reference(reference) => &*reference.address == "fork",
        _ => false,
    };
    by_value
        || operand.shares.iter().any(|share| share.name.contains("head.repo") || share.name.contains("head_repository"))
}

/// Whether the checkout refuses forks in this run. Releases before the middle of 2026 do not.
fn guard(start: &StartDoc, node: &Node, parts: &uses::Parts, version: Option<&str>) -> &'static str {
    match with(node, "allow-unsafe-pr-checkout").and_then(Node::scalar_text) {
        Some("true") => return "off",
        Some(text) if text.contains("${{") => return "unread",
        Some(_) | None => {}
    }
    if !matches!(start.run.event.as_str(), "pull_request_target" | "workflow_run") {
        return "absent";
    }
    guard_of(parts, version)
}

/// Whether the releases that are meant refuse forks: `present`, `absent`, or `unread`.
pub(super) fn guard_of(parts: &uses::Parts, version: Option<&str>) -> &'static str {
    match version
        .and_then(|version| uses::releases(parts, version))
        .map(|it| it.input_state("allow-unsafe-pr-checkout"))
    {
        Some(Some(true)) => "present",
        Some(Some(false)) => "absent",
        Some(None) => "unread",
        // A release that the table does not know is newer than the guard.
        None if version.is_some_and(|version| {
            uses::is_version(version) && !version.trim_start_matches('v').starts_with(['0', '1'])
        }) =>
        {
            "present"
        }
        None => "unread",
    }
}

fn by_script(scope: &JobScope<'_, '_>, start: &StartDoc, found: &mut Vec<Brought>) {
    let Some(walk) = script::walk(scope) else { return };
    let is_pull = start.run.source == RunSource::Fork || (start.is_trusted && start.run.event != "workflow_run");
    for (at, command) in walk.commands.iter().enumerate() {
        if !matches!(command.program(), Some("gh" | "git")) {
            continue;
        }
        // A commit that is named behind it is what runs, and whether that one was approved is not known here.
        let names_commit = || walk.commands[at + 1..].iter().any(takes_computed_commit);
        let brought = |kind, control| Brought {
            kind,
            control,
            is_mutable: if names_commit() { Tri::Unknown } else { Tri::True },
            guard: "absent",
            lets_forks_in: no(command.span),
            folder: command.directory.clone().unwrap_or_else(|| "?".to_owned()),
            span: command.span,
        };
        let control = match start.run.source {
            RunSource::Fork => start.run.who,
            RunSource::Base | RunSource::Same => Control::Outsider,
        };
        let names_pull = || {
            command.words.iter().skip(1).any(|word| {
                let text = word.operand.value.as_text();
                let known = text.as_ref().is_some_and(|text| text.contains("pull/") == crate::logic::Tri::True);
                known || (is_head_repository(&word.operand) && start.run.source == RunSource::Fork)
            })
        };
        let is_taken_by_git = || {
            command.says(&["git", "pull"])
                || command.says(&["git", "clone"])
                || (command.says(&["git", "fetch"]) && is_taken(scope, &walk.commands[at + 1..]))
        };
        if is_pull && (command.says(&["gh", "pr", "checkout"]) || (is_taken_by_git() && names_pull())) {
            found.push(brought("code", control));
        } else if start.run.event == "workflow_run" && command.says(&["gh", "run", "download"]) {
            found.push(brought("artifact", start.run.who));
        }
    }
}

/// Whether what was fetched is put into the workspace, in this script or a later one; until then it lies in git alone.
fn is_taken(scope: &JobScope<'_, '_>, rest: &[Command]) -> bool {
    const VERBS: [&str; 9] =
        ["checkout", "switch", "merge", "reset", "rebase", "restore", "worktree", "cherry-pick", "read-tree"];
    let takes = |command: &Command| VERBS.iter().any(|verb| command.says(&["git", verb]));
    let next = scope.step.map_or(0, |step| step + 1);
    let later = (next..scope.doc().steps.len())
        .filter_map(|step| script::walk(&JobScope::step(scope.plan, scope.job, scope.start(), step)));
    rest.iter().any(takes) || later.into_iter().any(|walk| walk.commands.iter().any(takes))
}

/// `git checkout "$SHA"`, where nobody wrote the commit down.
fn takes_computed_commit(command: &Command) -> bool {
    let moves = ["checkout", "switch", "reset"].iter().any(|verb| command.says(&["git", verb]));
    let is_computed = |word: &Argument| word.text().is_none();
    moves && command.words.iter().skip(2).any(is_computed)
}

/// The folders whose content a step executes, each where that is written.
fn executes(model: &mut Model, plan: &Plan<'_>, job: usize, index: usize) {
    let step = &plan.jobs[job].steps[index];
    let scope = JobScope::step(plan, job, plan.jobs[job].starts.first(), index);
    let mut folders: Vec<Value> = Vec::new();
    let mut open = None;
    if let Some(run) = step.node.get("run") {
        match script::walk(&scope) {
            Some(walk) => {
                for command in &walk.commands {
                    for folder in execute::folders(command) {
                        folders.push(Value::text(folder, Origin::written(command.span)));
                    }
                }
                open = walk.open.clone();
            }
            None => {
                let runs_files = run.as_str().is_some_and(|text| text.contains("./") || text.contains(".\\"));
                match runs_files {
                    true => folders.push(Value::text("", Origin::written(run.span))),
                    false => open = Some(Reason::at("script-not-followed", "run", run.span)),
                }
            }
        }
    }
    if let Some(written) = step.node.get("uses") {
        folders.extend(execute::by_action(&scope, step.node, written));
    }
    let origin = Origin::written(step.node.span);
    let list = match open {
        Some(reason) => open_list(folders, reason, origin),
        None => Value::list(folders, origin),
    };
    say!(model[step.id], executes, list);
}
