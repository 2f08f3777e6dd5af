//! Who may have put something into a file that a script reads: earlier steps that wrote it, jobs that handed it on, and
//! whoever began the run whose files, or wrote the code whose folder, an earlier step brought in.

use super::walk;
use super::word::mixed;
use crate::eval::actions::{Charset, Operand};
use crate::eval::shell::{Argument, Command, Direction};
use crate::lower::workflow::arrival::{self, TEMPORARY};
use crate::lower::workflow::scope::JobScope;
use crate::lower::workflow::uses;
use crate::source::clean_path;
use crate::syntax::yaml::Node;

/// The files that a command reads, as paths of the workspace.
pub(super) fn read_by(command: &Command) -> Vec<String> {
    let operands: Vec<&Argument> =
        command.arguments().iter().filter(|argument| !argument.prefix().starts_with('-')).collect();
    let is_path = |argument: &&&Argument| argument.text().is_none_or(|text| text.contains(['.', '/']));
    let named: Vec<&Argument> = match command.program() {
        Some("cat") => operands,
        Some("head" | "tail") => operands.last().filter(is_path).copied().into_iter().collect(),
        // What is looked for stands in front of where.
        Some("jq" | "yq" | "sed" | "awk" | "grep" | "cut" | "sort") if operands.len() > 1 => {
            operands.last().filter(is_path).copied().into_iter().collect()
        }
        Some(_) | None => Vec::new(),
    };
    let input = command.redirections.iter().filter(|it| it.kind == Direction::Reads).map(|it| &it.target);
    named.into_iter().chain(input).filter_map(|argument| path_of(argument, command)).collect()
}

fn path_of(argument: &Argument, command: &Command) -> Option<String> {
    match argument.text() {
        Some(text) if text.starts_with('/') => None,
        Some(text) => clean_path(command.directory.as_deref()?, text),
        None => {
            let shown = argument.operand.value.as_text()?.to_string();
            (shown.contains("runner.temp") || shown.contains("RUNNER_TEMP")).then(|| TEMPORARY.to_owned())
        }
    }
}

/// What a file holds at the step of the scope, if somebody is known to have a hand in it.
pub(super) fn of_file(scope: &JobScope<'_, '_>, path: &str) -> Option<Operand> {
    let before = scope.step.unwrap_or(scope.doc().steps.len());
    (0..before).rev().find_map(|step| {
        let inside = scope.further_at(scope.job, step)?;
        let node = inside.step_doc()?.node;
        match node.get("run").and_then(Node::as_str) {
            Some(script) => written(&inside, script, path),
            None => brought(&inside, path).or_else(|| handed_on(&inside, node, path)),
        }
    })
}

/// `echo "$TITLE" > title.txt`
fn written(scope: &JobScope<'_, '_>, script: &str, path: &str) -> Option<Operand> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if path == TEMPORARY || !script.contains(name) {
        return None;
    }
    let walk = walk(scope)?;
    let into = |command: &&Command| {
        let mut targets = command.writes_to().map(|it| &it.target);
        targets.any(|target| path_of(target, command).as_deref() == Some(path))
    };
    let command = walk.commands.iter().rev().find(into)?;
    Some(mixed(command.arguments().iter().map(|word| word.operand.clone()), path).at(command.span))
}

/// A file of another run, or of a folder with others' code.
fn brought(scope: &JobScope<'_, '_>, path: &str) -> Option<Operand> {
    let (control, folder, span) = arrival::brought(scope)?;
    let covers = match folder.as_str() {
        "?" => false,
        "" => path != TEMPORARY,
        folder => path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')),
    };
    covers.then(|| Operand::chosen(control, Charset::Text, "a file of others").at(span))
}

/// A file of an artifact that an earlier job of the same run uploaded.
fn handed_on(scope: &JobScope<'_, '_>, node: &Node, path: &str) -> Option<Operand> {
    let action = |node: &Node| node.get("uses").and_then(Node::scalar_text).map(|text| uses::parts(text).action());
    if action(node).as_deref() != Some("actions/download-artifact") || node.at(&["with", "run-id"]).is_some() {
        return None;
    }
    let text = |scope: &JobScope<'_, '_>, node: &Node, input: &str| -> Option<String> {
        scope.read(node.at(&["with", input])?).value.as_str().map(str::to_owned)
    };
    let name = text(scope, node, "name")?;
    let folder = text(scope, node, "path").map_or(Some(String::new()), |folder| clean_path("", &folder))?;
    let rest = path.strip_prefix(&folder)?.trim_start_matches('/');
    let mut open = scope.doc().needs.clone();
    let mut seen = Vec::new();
    while let Some(job) = open.pop() {
        if seen.contains(&job) {
            continue;
        }
        seen.push(job);
        let doc = &scope.plan.jobs[job];
        open.extend(&doc.needs);
        for step in 0..doc.steps.len() {
            let node = doc.steps[step].node;
            if action(node).as_deref() != Some("actions/upload-artifact") {
                continue;
            }
            let inside = scope.further_at(job, step)?;
            if text(&inside, node, "name").as_deref() != Some(&name) {
                continue;
            }
            let sources = text(&inside, node, "path").unwrap_or_default();
            let found = sources.lines().filter_map(|source| clean_path("", source.trim())).find_map(|source| {
                let is_file = source.rsplit('/').next() == Some(rest);
                let inner = if is_file { Some(source) } else { clean_path(&source, rest) };
                of_file(&inside, &inner?)
            });
            if found.is_some() {
                return found;
            }
        }
    }
    None
}
