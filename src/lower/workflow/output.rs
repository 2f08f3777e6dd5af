//! What a step gives to later ones: outputs of scripts, of composite actions, and of the few actions of others that are
//! modelled here.

use super::scope::JobScope;
use super::{script, uses};
use crate::data::github::lists;
use crate::eval::actions::{Charset, Control, Operand, RunSource};
use crate::logic::Reason;
use crate::syntax::yaml::Node;

/// The output of the step at an index of the scope's job.
pub(super) fn of_step(scope: &JobScope<'_, '_>, index: usize, name: &str) -> Operand {
    let full = format!("steps.{}.outputs.{name}", scope.step_doc().and_then(|step| step.key.as_deref()).unwrap_or(""));
    let Some(step) = scope.step_doc() else { return Operand::null() };
    if step.node.get("run").is_some() {
        return of_script(scope, name, &full);
    }
    let inner: Vec<usize> =
        (0..scope.doc().steps.len()).filter(|inner| scope.doc().steps[*inner].caller == Some(index)).collect();
    let action = inner.first().and_then(|first| scope.doc().steps[*first].action);
    if let (Some(action), Some(last)) = (action, inner.last()) {
        let outputs = action.get("outputs").map(Node::entries).unwrap_or_default();
        let output = outputs.iter().find(|entry| entry.key.eq_ignore_ascii_case(name));
        return match output.and_then(|entry| entry.value.get("value")) {
            Some(value) => scope.behind(action, last + 1).read(value),
            None => Operand::null(),
        };
    }
    let text = step.node.get("uses").and_then(Node::scalar_text).unwrap_or("");
    of_action(scope, &uses::parts(text).full(), name, &full)
}

fn of_script(scope: &JobScope<'_, '_>, name: &str, full: &str) -> Operand {
    if let Some(found) = script::written(scope, script::File::Output, name) {
        return found;
    }
    let place = scope.step_doc().map(|step| step.node.span);
    let walk = script::walk(scope);
    let is_closed = walk.is_some_and(|walk| walk.open.is_none() && walk.commands.iter().all(writes_nothing_itself));
    if is_closed {
        return Operand::null();
    }
    let reason = Reason::with("script-not-followed", full.to_owned(), place);
    Operand::unknown(reason)
}

/// The names of all outputs that the scope's script writes, in lower case; nothing where there may be others.
pub(super) fn names_of_script(scope: &JobScope<'_, '_>) -> Option<Vec<String>> {
    let walk = script::walk(scope)?;
    let is_closed = walk.open.is_none() && walk.commands.iter().all(writes_nothing_itself);
    let is_named = walk.commands.iter().all(|command| {
        let goes = command.writes_to().any(|it| it.target.variable.as_deref() == Some("GITHUB_OUTPUT"));
        let is_output = goes || command.name() == "tee";
        let says_name = command.words.iter().skip(1).any(|word| word.prefix().contains(['=', '<']));
        !is_output || matches!(command.name(), "echo" | "printf") && says_name
    });
    let lines = script::written_by(&walk, script::File::Output);
    // The wrapper that the setup action puts around Terraform gives these.
    let wrapped = walk.commands.iter().any(|command| matches!(command.name(), "terraform" | "tofu"));
    let wrapper: &[&str] = if wrapped { &["stdout", "stderr", "exitcode"] } else { &[] };
    let names = lines.into_iter().map(|line| line.name.to_lowercase());
    (is_closed && is_named).then(|| names.chain(wrapper.iter().map(|name| (*name).to_owned())).collect())
}

/// Whether a command surely hands nothing to later steps by itself: a tool of the shell, not a script or a program.
fn writes_nothing_itself(command: &crate::eval::shell::Command) -> bool {
    lists::is_quiet(command.name())
}

fn of_action(scope: &JobScope<'_, '_>, action: &str, name: &str, full: &str) -> Operand {
    match lists::gives(action, name) {
        Some(("platform", charset)) => Operand::chosen(Control::Platform, charset_of(charset), full),
        Some(("closed", _)) => Operand::chosen(Control::Closed, Charset::Enum, full),
        Some(("outsider", _)) => Operand::chosen(Control::Outsider, Charset::Text, full),
        // Names of files that a change touches.
        Some(("paths", _)) => {
            let is_fork = scope.start().is_some_and(|start| start.run.source == RunSource::Fork);
            let control = if is_fork { Control::Outsider } else { Control::Writer };
            Operand::chosen(control, Charset::Path, full)
        }
        Some(_) | None => {
            let place = scope.step_doc().map(|step| step.node.span);
            Operand::unknown(Reason::with("output-of-action", format!("{action}: {name}"), place))
        }
    }
}

/// What the platform puts into an output.
fn charset_of(word: &str) -> Charset {
    match word {
        "number" => Charset::Number,
        "hex" => Charset::Hex,
        "ref" => Charset::Ref,
        _ => Charset::Name,
    }
}
