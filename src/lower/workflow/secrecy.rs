//! Secrets in scripts: printed, and sent to hosts that are not known to take any.

use super::plan::Plan;
use super::scope::JobScope;
use super::script;
use crate::data::github::lists;
use crate::eval::shell::{Argument, Command};
use crate::logic::Reason;
use crate::model::Model;
use crate::value::{Origin, Value};

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>, job: usize) {
    for index in 0..plan.jobs[job].steps.len() {
        let scope = JobScope::step(plan, job, None, index);
        let Some(run) = model[plan.jobs[job].steps[index].id].run.id() else { continue };
        let Some(walk) = script::walk(&scope) else { continue };
        for command in &walk.commands {
            if prints_secret(command) {
                model[run].prints_secret.set(Value::bool(true, Origin::written(command.span)));
            }
            match sent(command) {
                Sent::Nothing => {}
                Sent::ToStranger => model[run].sends_secret.set(Value::bool(true, Origin::written(command.span))),
                Sent::Somewhere if model[run].sends_secret.tri() != crate::logic::Tri::True => {
                    let reason = Reason::at("computed-host", command.name(), command.span);
                    model[run].sends_secret.set(Value::unknown(reason, Origin::written(command.span)));
                }
                Sent::Somewhere => {}
            }
        }
    }
}

/// The secret that a value is or has in it, the job's own token aside: `secrets.name`.
pub(super) fn secret_in(value: &Value) -> Option<String> {
    let of = |value: &Value| {
        let reason = value.reason()?;
        let is_secret =
            reason.code == "secret" && !reason.object.ends_with("github_token") && reason.object != "github.token";
        is_secret.then(|| reason.object.clone())
    };
    of(value).or_else(|| value.as_text()?.holes().find_map(of))
}

/// Printed for the log to show: not handed to another command, to a file or to the mask.
fn prints_secret(command: &Command) -> bool {
    let is_printer = matches!(command.name(), "echo" | "printf");
    let goes_elsewhere = command.pipes_into().is_some() || command.is_captured || command.writes_to().next().is_some();
    let is_mask = command.words.get(1).is_some_and(|word| word.prefix().starts_with("::add-mask::"));
    is_printer
        && !goes_elsewhere
        && !is_mask
        && command.words.iter().skip(1).any(|word| secret_in(&word.operand.value).is_some())
}

enum Sent {
    Nothing,
    ToStranger,
    /// The host is not known.
    Somewhere,
}

fn sent(command: &Command) -> Sent {
    if !matches!(command.name(), "curl" | "wget" | "http" | "https") {
        return Sent::Nothing;
    }
    let secret = command.words.iter().skip(1).find_map(|word| secret_in(&word.operand.value));
    let Some(secret) = secret else { return Sent::Nothing };
    let mut is_open = false;
    for word in command.words.iter().skip(1) {
        match host(word) {
            Host::None => {}
            // An address that is a secret as a whole is the secret's own.
            Host::Secret => return Sent::Nothing,
            Host::Unknown => is_open = true,
            Host::Known(host) if lists::is_known_host(&host) || is_its_own(&secret, &host) => return Sent::Nothing,
            Host::Known(_) => return Sent::ToStranger,
        }
    }
    if is_open { Sent::Somewhere } else { Sent::Nothing }
}

enum Host {
    None,
    Secret,
    Unknown,
    Known(String),
}

fn host(word: &Argument) -> Host {
    let Some(text) = word.operand.value.as_text() else { return Host::None };
    let prefix = text.prefix();
    let Some((_, rest)) = prefix.split_once("://").filter(|(scheme, _)| scheme.starts_with("http")) else {
        let is_whole = prefix.is_empty() && text.suffix().is_empty() && text.known().is_none();
        return match (is_whole, secret_in(&word.operand.value)) {
            (true, Some(secret)) if secret.contains("url") || secret.contains("webhook") => Host::Secret,
            _ => Host::None,
        };
    };
    let end = rest.find(['/', '?', '#']);
    match (end, text.known()) {
        (None, None) => Host::Unknown,
        (end, _) => {
            let authority = &rest[..end.unwrap_or(rest.len())];
            let host = authority.rsplit('@').next().unwrap_or(authority);
            Host::Known(host.split(':').next().unwrap_or(host).to_owned())
        }
    }
}

/// Whether a secret is called after the host that it goes to: `SONAR_TOKEN` and `sonar.example.org`.
fn is_its_own(secret: &str, host: &str) -> bool {
    let host = host.to_lowercase();
    let name = secret.trim_start_matches("secrets.");
    name.split(['_', '-']).any(|word| word.len() > 3 && host.contains(word))
}
