//! Simple commands as entities, wherever they stand: in a Dockerfile, in a workflow, in a script.

mod admin;
pub(super) mod describe;
pub(super) mod resources;

use std::sync::Arc;

use crate::eval::shell::{Reached, Run};
use crate::logic::Reason;
use crate::model::Head;
use crate::model::image::Command as Entity;
use crate::source::Span;
use crate::value::{Kind as ValueKind, List, ListFlavour, Origin, StepKind, Value};

/// Says something of an entity where it does not go without saying.
macro_rules! say {
    ($entity:expr, $property:ident, $value:expr) => {{
        let value = $value;
        if $entity.$property.differs(&value) {
            $entity.$property.set(value);
        }
    }};
}

pub(super) use say;

/// Where commands come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    InRun,
    InProcess,
    InScript,
    InWorkflow,
    InUserData,
}

impl Stands {
    fn name(self) -> &'static str {
        match self {
            Stands::InRun => "run",
            Stands::InProcess => "process",
            Stands::InScript => "script",
            Stands::InWorkflow => "workflow",
            Stands::InUserData => "user_data",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Description {
    pub(super) mounts_secret: bool,
    pub(super) stands: Stands,
}

/// The command with this index of a run; its edges are set by who knows them.
pub(super) fn entity(run: &Run, index: usize, description: Description) -> Entity {
    let command = &run.commands[index];
    let program = command.program().unwrap_or("a command");
    let mut head = Head::new(program, command.words.first().map_or(command.span, |word| word.span));
    head.block = command.span;
    let mut entity = Entity::new(head);
    if let Some(program) = command.words.first() {
        entity.program.set(match command.program() {
            Some(name) => Value::text(name, Origin::written(program.span)),
            None => program.operand.value.clone(),
        });
    }
    let arguments = command.arguments().iter().map(|argument| argument.operand.value.clone()).collect();
    entity.arguments.set(texts(arguments, None, command.span));
    entity.origin.set(word(description.stands.name()));
    entity.reached.set(word(match command.reached {
        Reached::Always => "always",
        Reached::Conditional => "conditional",
        Reached::Unreachable => "unreachable",
    }));
    if let Some(first) = command.words.first()
        && command.wrappers.iter().any(|wrapper| wrapper == "sudo")
    {
        entity.uses_sudo.set(shown(true, first.span));
    }
    say!(entity, mounts_secret, concluded(description.mounts_secret));
    describe::describe(&mut entity, run, index, description);
    entity
}

/// A flag shown at one place, and on at another.
pub(super) fn shown_with(value: bool, first: Span, then: Span, role: &'static str) -> Value {
    Value::bool(value, Origin::written(first).then(StepKind::Said(role), then))
}

/// A flag that the text itself shows.
pub(super) fn shown(value: bool, span: Span) -> Value {
    Value::bool(value, Origin::written(span))
}

/// A flag, word or text that lowering concluded, and that no single place shows.
pub(super) fn concluded(value: bool) -> Value {
    Value::bool(value, Origin::none())
}

pub(super) fn word(text: &str) -> Value {
    Value::text(text, Origin::none())
}

pub(super) fn unknown(code: &'static str, object: &str, span: Span) -> Value {
    Value::unknown(Reason::at(code, object, span), Origin::missing(code, span))
}

/// A list that is shown by its first member.
pub(super) fn texts(items: Vec<Value>, open: Option<Reason>, fallback: Span) -> Value {
    if items.is_empty() && open.is_none() {
        return Value::list(items, Origin::written(fallback));
    }
    let first = items.first().map(|item| item.origin.clone());
    let list = List { items, flavour: ListFlavour::Tuple, open, is_indexed: true };
    Value::new(ValueKind::List(Arc::new(list)), first.unwrap_or_else(|| Origin::written(fallback)))
}

/// Why a value is not wholly known; nothing if it is.
pub(super) fn reason_of(value: &Value) -> Option<Reason> {
    match value.reason() {
        Some(reason) => Some(reason.clone()),
        None => value.as_text()?.holes().find_map(|hole| hole.reason().cloned()),
    }
}

/// Whether a file is a script for a POSIX shell: by the program that its first line names, else by its name.
pub(super) fn is_shell_script(name: &str, text: &str) -> bool {
    match text.lines().next().and_then(|line| line.strip_prefix("#!")) {
        Some(line) => is_shell(line),
        None => [".sh", ".bash"].iter().any(|ending| name.ends_with(ending)),
    }
}

/// Whether a line such as `/usr/bin/env -S bash -e` names a shell.
pub(super) fn is_shell(line: &str) -> bool {
    let mut words = line.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    let program = match words.next() {
        Some("env") => words.find(|word| !word.starts_with('-')),
        other => other,
    };
    program.is_some_and(|program| matches!(program, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh"))
}
