//! Texts of outsiders in the commands of scripts, where no quoting helps: as the command itself, as an option, as the host
//! that is asked, and in the file of outputs. Expressions that a script expands are judged by themselves.

use std::rc::Rc;

use super::plan::{Plan, StartDoc};
use super::read::flag_at;
use super::scope::JobScope;
use super::script::{self, File};
use crate::eval::actions::{Charset, Control, Outcome, RunSource, Share};
use crate::eval::shell::{Argument, Command};
use crate::model::pipeline::Run;
use crate::model::{Id, Model};
use crate::source::Span;

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>, job: usize) {
    for index in 0..plan.jobs[job].steps.len() {
        let Some(run) = model[plan.jobs[job].steps[index].id].run.id() else { continue };
        for start in plan.jobs[job].starts.iter().filter(|start| is_remarkable(start)) {
            let runs = start.steps.get(index).copied().unwrap_or(Outcome::Yes);
            if runs == Outcome::No || runs == Outcome::Unknown {
                continue;
            }
            let Some(walk) = script::walk(&JobScope::step(plan, job, Some(start), index)) else { break };
            for command in &walk.commands {
                judge(model, plan, run, command);
            }
            forged(model, plan, run, &walk);
        }
    }
}

/// A fork's own run holds nothing, and what may not happen accuses nobody.
fn is_remarkable(start: &StartDoc) -> bool {
    (start.run.source != RunSource::Fork || start.is_trusted) && start.maybe.is_none()
}

/// An outsider's share of a word that comes through a variable or a command, not through an expression of the script.
fn outsiders<'w>(plan: &Plan<'_>, word: &'w Argument, at_least: Charset) -> Option<&'w Share> {
    word.operand.shares.iter().find(|share| {
        let is_expanded = share.way.last().is_some_and(|span| plan.world.text(*span).starts_with("${{"));
        share.control == Control::Outsider && share.charset >= at_least && !is_expanded
    })
}

fn judge(model: &mut Model, plan: &Plan<'_>, run: Id<Run>, command: &Command) {
    if let Some(span) = as_command(plan, command) {
        model[run].runs_outsider_command.set(flag_at(true, span));
    }
    if let Some(span) = as_option(plan, command) {
        model[run].lets_outsider_add_options.set(flag_at(true, span));
    }
    if let Some(span) = as_host(plan, command) {
        model[run].lets_outsider_pick_host.set(flag_at(true, span));
    }
}

fn as_command(plan: &Plan<'_>, command: &Command) -> Option<Span> {
    let first = command.words.first()?;
    let is_whole = first.prefix().is_empty();
    if is_whole && outsiders(plan, first, Charset::Url).is_some() {
        return Some(first.span);
    }
    let script = match command.name() {
        "eval" => command.words.get(1..).unwrap_or_default(),
        "bash" | "sh" | "zsh" | "dash" => {
            let at = command.words.iter().position(|word| matches!(word.text(), Some("-c" | "-ec" | "-lc")))?;
            command.words.get(at + 1..at + 2).unwrap_or_default()
        }
        _ => return None,
    };
    script.iter().find(|word| outsiders(plan, word, Charset::Url).is_some()).map(|word| word.span)
}

/// A word of its own that may begin with `-`, and that no option in front of it takes as its value.
fn as_option(plan: &Plan<'_>, command: &Command) -> Option<Span> {
    const OBEDIENT: [&str; 11] = ["git", "find", "sed", "awk", "tar", "wget", "zip", "gh", "curl", "rsync", "ssh"];
    if !OBEDIENT.contains(&command.name()) {
        return None;
    }
    let mut before = "";
    for word in command.words.iter().skip(1) {
        let text = word.text().unwrap_or("");
        if text == "--" {
            return None;
        }
        let is_value = before.starts_with('-') && !before.contains('=');
        before = text;
        // A branch cannot begin with `-`, a name or number neither.
        let share = outsiders(plan, word, Charset::Path).filter(|share| share.charset != Charset::Ref);
        if word.prefix().is_empty() && !is_value && share.is_some() {
            return Some(word.span);
        }
    }
    None
}

fn as_host(plan: &Plan<'_>, command: &Command) -> Option<Span> {
    let is_clone = command.says(&["git", "clone"]);
    if !is_clone && !matches!(command.name(), "curl" | "wget") {
        return None;
    }
    let mut before = "";
    for word in command.words.iter().skip(1) {
        let prefix = word.prefix();
        let is_value = before.starts_with('-')
            && before != "--url"
            && before.len() == 2
            && !matches!(before, "-s" | "-L" | "-f" | "-k");
        before = word.text().unwrap_or("");
        let is_in_host = match prefix.split_once("://") {
            Some((scheme, rest)) => scheme.starts_with("http") && !rest.contains('/'),
            None => prefix.is_empty() && !is_value && !is_clone,
        };
        let share = outsiders(plan, word, Charset::Url).filter(|share| share.charset != Charset::Ref);
        if is_in_host && word.text().is_none() && share.is_some() {
            return Some(word.span);
        }
    }
    None
}

/// Several lines in the file of outputs: a value on the line of its name, or behind a delimiter that everybody knows.
fn forged(model: &mut Model, plan: &Plan<'_>, run: Id<Run>, walk: &Rc<crate::eval::shell::Run>) {
    let is_open = |share: &&Share| share.control == Control::Outsider && share.charset == Charset::Text;
    for line in plan.walks.lines(walk, File::Output).iter() {
        if line.value.shares.iter().any(|share| is_open(&share)) {
            model[run].lets_outsider_forge_outputs.set(flag_at(true, line.span));
        }
    }
    let script = model[run].script.as_str().unwrap_or("");
    let has_fixed_delimiter = script.lines().any(|line| {
        let delimiter = line.split_once("<<").map_or("", |(_, rest)| rest);
        delimiter.starts_with(|first: char| first.is_ascii_alphabetic())
            && (line.contains("echo") || line.contains("printf"))
    });
    let mentions = script.contains("GITHUB_OUTPUT");
    for command in walk.commands.iter().filter(|_| has_fixed_delimiter && mentions) {
        let goes = command.writes_to().any(|it| it.target.variable.as_deref() == Some("GITHUB_OUTPUT"));
        let has_text = command.words.iter().skip(1).any(|word| outsiders(plan, word, Charset::Text).is_some());
        if goes && has_text && matches!(command.name(), "echo" | "printf") {
            model[run].lets_outsider_forge_outputs.set(flag_at(true, command.span));
        }
    }
}
