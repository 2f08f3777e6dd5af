//! What steps do for others: merge, publish, hand on caches, install tools. Told by the actions that do it and by the
//! commands of scripts.

use super::plan::{Plan, StepDoc};
use super::read::flag_at;
use super::scope::JobScope;
use super::script;
use super::secrecy::secret_in;
use super::{arrival, uses};
use crate::data::github::lists;
use crate::eval::shell::Command;
use crate::model::Model;
use crate::syntax::yaml::{Entry, Node};
use crate::value::{Origin, Value};

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>, job: usize) {
    for index in 0..plan.jobs[job].steps.len() {
        let step = &plan.jobs[job].steps[index];
        if let Some(written) = step.node.get("uses") {
            used(model, step, written, &uses::parts(written.scalar_text().unwrap_or("")));
        }
        let scope = JobScope::step(plan, job, None, index);
        let Some(walk) = script::walk(&scope) else { continue };
        for command in &walk.commands {
            let yes = || Value::bool(true, Origin::written(command.span));
            if merges(command) {
                model[step.id].merges.set(yes());
            }
            if let Some(token) = publishes(command) {
                model[step.id].publishes.set(yes());
                let has_token = scope.find_env(token).is_some_and(|operand| secret_in(&operand.value).is_some());
                if has_token && !token.is_empty() {
                    model[step.id].publishes_with_token.set(yes());
                }
            }
        }
    }
}

fn with<'n>(step: &'n StepDoc<'_>, name: &str) -> Option<&'n Entry> {
    let entries = step.node.get("with").map(Node::entries).unwrap_or_default();
    entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(name))
}

fn used(model: &mut Model, step: &StepDoc<'_>, written: &Node, parts: &uses::Parts) {
    let (full, name) = (parts.full(), parts.action());
    let span = written.span;
    if lists::merges(&name) {
        model[step.id].merges.set(flag_at(true, span));
    }
    if lists::publishes(&name) {
        model[step.id].publishes.set(flag_at(true, span));
    }
    for entry in step.node.get("with").map(Node::entries).unwrap_or_default() {
        let is_secret = entry.value.as_str().is_some_and(|text| text.contains("secrets."));
        if is_secret && lists::takes_publish_token(&name, &entry.key.to_lowercase()) {
            model[step.id].publishes_with_token.set(flag_at(true, entry.span()));
        }
    }
    if let Some(cache) = lists::cache(&full) {
        let value =
            cache.input.and_then(|input| with(step, input)).map(|entry| entry.value.scalar_text().unwrap_or("?"));
        let is_on = match (cache.input, cache.off, value) {
            (None, ..) => true,
            // Switched on by what its input says, or on until it is switched off.
            (Some(_), None, value) => value.is_some_and(|value| !value.is_empty() && value != "false"),
            (Some(_), Some(off), value) => value.is_none_or(|value| value != off),
        };
        // What only saves or only looks is no restoring.
        let is_lookup = with(step, "lookup-only").is_some_and(|entry| entry.value.scalar_text() == Some("true"));
        if is_on && !is_lookup && !(full == "ruby/setup-ruby" && value != Some("true")) {
            model[step.id].cache.set(Value::text(&full, Origin::written(span)));
        }
    }
    let Some(uses) = step.uses else { return };
    if let Some(tool) = lists::tool(&full) {
        let version = with(step, tool.input);
        let is_newest = version.is_none_or(|entry| entry.value.scalar_text() == Some(tool.newest));
        let from_file = [format!("{}-file", tool.input), format!("{}_file", tool.input)];
        let has_file = from_file.iter().any(|name| with(step, name).is_some());
        if is_newest && !has_file {
            let place = version.map_or(span, Entry::span);
            model[uses].floating_tool.set(Value::text(tool.input, Origin::written(place)));
        }
    }
    if name == "actions/checkout" {
        let version = model[uses].version.as_str().map(str::to_owned);
        let guard = arrival::guard_of(parts, version.as_deref());
        model[uses].checkout_guard.set(Value::text(guard, Origin::written(span)));
    }
}

fn merges(command: &Command) -> bool {
    command.says(&["gh", "pr", "merge"])
        || (command.says(&["gh", "pr", "review"]) && (command.has("--approve") || command.has("-a")))
        || (command.says(&["gh", "api"])
            && command.words.iter().any(|word| {
                let text = word.operand.value.as_text();
                text.is_some_and(|text| text.prefix().contains("/pulls/") && text.suffix().ends_with("/merge"))
            }))
}

/// Whether a command publishes; the variable that would hold a long-lived token, where trusted publishing exists.
fn publishes(command: &Command) -> Option<&'static str> {
    const BY_WORDS: [(&[&str], &str); 14] = [
        (&["npm", "publish"], "NODE_AUTH_TOKEN"),
        (&["pnpm", "publish"], "NODE_AUTH_TOKEN"),
        (&["yarn", "npm", "publish"], "YARN_NPM_AUTH_TOKEN"),
        (&["yarn", "publish"], "NODE_AUTH_TOKEN"),
        (&["twine", "upload"], "TWINE_PASSWORD"),
        (&["uv", "publish"], "UV_PUBLISH_TOKEN"),
        (&["poetry", "publish"], ""),
        (&["cargo", "publish"], "CARGO_REGISTRY_TOKEN"),
        (&["gem", "push"], "GEM_HOST_API_KEY"),
        (&["gh", "release", "create"], ""),
        (&["gh", "release", "upload"], ""),
        (&["goreleaser", "release"], ""),
        (&["helm", "push"], ""),
        (&["dotnet", "nuget", "push"], "NUGET_API_KEY"),
    ];
    if command.has("--dry-run") {
        return None;
    }
    BY_WORDS.iter().find(|(words, _)| command.says(words)).map(|(_, token)| *token)
}
