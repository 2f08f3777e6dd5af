//! What a container runs instead of what its image says: its own `entryPoint` and `command`, and the first program of
//! its health check.

use crate::eval::actions::Operand;
use crate::eval::shell::{Argument, Command, Nothing, of_words, run};
use crate::lower::development::development;
use crate::lower::listening;
use crate::model::image::Command as Entity;
use crate::model::workload::Container;
use crate::model::{Head, Id, Model, One};
use crate::source::{MappedText, Span};
use crate::syntax::shell::{Dialect, read};
use crate::value::{List, Origin, Value};

/// The commands of a container's own lines.
pub(super) fn add_commands(model: &mut Model, id: Id<Container>) {
    let container = &model[id];
    let place = container.head.span;
    let lines = [("entrypoint", container.entry_point.value()), ("command", container.command_line.value())];
    let mut found = Vec::new();
    for (line, value) in lines {
        if let Some(list) = value.as_list() {
            found.extend(commands(list, place).into_iter().map(|command| (line, command)));
        }
    }
    for (line, command) in found {
        add(model, id, line, &command);
    }
}

fn add(model: &mut Model, container: Id<Container>, line: &str, command: &Command) {
    let program = command.program().unwrap_or("a command");
    let mut head = Head::new(program, command.words.first().map_or(command.span, |word| word.span));
    head.presence = model[container].head.presence;
    head.block = command.span;
    let mut entity = Entity::new(head);
    if let Some(first) = command.words.first() {
        entity.program.set(match command.program() {
            Some(name) => Value::text(name, Origin::written(first.span)),
            None => first.operand.value.clone(),
        });
    }
    let list = |items: Vec<Value>| super::texts(items, None, command.span);
    entity.arguments.set(list(command.arguments().iter().map(|argument| argument.operand.value.clone()).collect()));
    entity.downloads.set(list(Vec::new()));
    entity.plain_downloads.set(list(Vec::new()));
    entity.origin.set(Value::text("process", Origin::none()));
    entity.reached.set(Value::text("always", Origin::none()));
    entity.line.set(Value::text(line, Origin::none()));
    entity.listens_on.set(listening::listens_on(command));
    entity.is_development_server.set(match development(command, &|_| None) {
        Ok(found) => Value::bool(found.is_some(), Origin::written(found.unwrap_or(command.span))),
        Err(reason) => Value::unknown(reason, Origin::missing("file-not-found", command.span)),
    });
    entity.container = One::to(container, Origin::written(command.span));
    model.image.commands.push(entity);
}

fn argument(value: &Value, span: Span) -> Argument {
    Argument { operand: Operand::known(value.clone()), span, is_quoted: true, variable: None, tail: None }
}

/// The command of an exec form; for a shell with `-c` those of its script.
fn commands(list: &List, place: Span) -> Vec<Command> {
    let Some(command) = of_words(&list.items, place) else { return Vec::new() };
    let is_shell = matches!(command.program(), Some("sh" | "bash" | "ash" | "dash"));
    let is_script = command.word(1).is_some_and(|flag| flag.starts_with('-') && flag.ends_with('c'));
    match command.words.get(2).filter(|_| is_shell && is_script) {
        Some(script) => of_script(script),
        None => vec![command],
    }
}

fn of_script(script: &Argument) -> Vec<Command> {
    let Some(text) = script.text() else { return Vec::new() };
    let mut mapped = MappedText::new(script.span.file, script.span.start as usize);
    mapped.push(text, script.span.range());
    run(&read(&mapped, Dialect::PLAIN), text, Dialect::PLAIN, &Nothing).commands
}

/// `curl` of `["CMD-SHELL", "curl -f http://localhost/ || exit 1"]`, at its place.
pub(super) fn health_check_program(check: &Value) -> Option<Value> {
    let map = check.as_map()?;
    let (_, command) = map.entries.iter().find(|(name, _)| name.eq_ignore_ascii_case("command"))?;
    let list = command.as_list()?;
    let argument = |index: usize| {
        let value = list.items.get(index)?;
        Some(self::argument(value, value.origin.span()?))
    };
    match list.items.first()?.as_str()? {
        "CMD" => Some(program(&argument(1)?)),
        "CMD-SHELL" => {
            let line = argument(1)?;
            match of_script(&line).first() {
                Some(first) => Some(program(first.words.first()?)),
                None => Some(line.operand.value.clone()),
            }
        }
        _ => None,
    }
}

fn program(word: &Argument) -> Value {
    match word.text() {
        Some(path) => Value::text(path.rsplit('/').next().unwrap_or(path), Origin::written(word.span)),
        None => word.operand.value.clone(),
    }
}
