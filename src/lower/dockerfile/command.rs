//! The commands of RUN, of the process and of scripts that are started.

use super::build::{Builder, Shell};
use super::{concluded, installs, modes, say, shown, texts, unknown};
use crate::eval::shell::{self as eval_shell, Nothing, Output, Run, Surroundings};
use crate::lower::command::{Description, Stands, describe, entity};
use crate::model::image::{Command as Entity, Instruction as InstructionEntity};
use crate::model::{Id, One};
use crate::source::{FileId, MappedText, Span};
use crate::syntax::dockerfile::{CommandLine, Instruction};
use crate::syntax::shell::{self, Dialect, Expressions, Joint, List, Script};
use crate::value::{Origin, Value};

impl<'a> Builder<'a> {
    pub(super) fn run(&mut self, instruction: &'a Instruction, line: &'a CommandLine, id: Id<InstructionEntity>) {
        let state = &self.states[self.states.len() - 1];
        if state.shell == Shell::Other && !matches!(line, CommandLine::Exec(_)) {
            return;
        }
        if let CommandLine::HereDocument(body) = line
            && is_foreign_script(body.text())
        {
            return;
        }
        let script = self.script_of(line);
        let has_errexit = matches!(state.shell, Shell::PosixWithErrexit | Shell::PosixWithBoth);
        if let CommandLine::HereDocument(body) = line {
            let ignores = !has_errexit && ignores_failures(&script.list, body.text());
            let opener = instruction.here_documents.first().map_or(instruction.keyword_span, |it| it.opener);
            self.model[id].ignores_failures.set(shown(ignores, opener));
        }
        let dialect = self.dialect();
        let run = eval_shell::run(&script, self.text, dialect, &state.scope);
        let mounts_secret = instruction.flags.iter().any(|flag| {
            let value = flag.value.as_ref().and_then(|value| value.literal()).unwrap_or_default();
            flag.name == "mount" && value.split(',').any(|part| matches!(part, "type=secret" | "type=ssh"))
        });
        self.facts_of_run(&run, instruction.keyword_span, id);
        self.audit_run(instruction, &run, id);
        let description = Description { mounts_secret, stands: Stands::InRun };
        self.add_commands(&run, description, Some(id));
    }

    pub(super) fn dialect(&self) -> Dialect {
        Dialect { escape: b'\\', expressions: Expressions::None }
    }

    /// The script of a command line; an exec form is one command.
    pub(super) fn script_of(&self, line: &CommandLine) -> Script {
        match line {
            CommandLine::Shell(text) | CommandLine::HereDocument(text) => shell::read(text, self.dialect()),
            CommandLine::Exec(words) => Script { list: single(words.clone()), comments: Vec::new(), broken: None },
        }
    }

    /// The commands of a script of the tree that the process starts.
    pub(super) fn add_script(&mut self, file: FileId, line: &'static str) -> Option<Run> {
        let text = self.sources.world.file(file).text()?;
        let first = text.lines().next().unwrap_or("");
        if first.starts_with("#!") && is_foreign_script(text) {
            return None;
        }
        let script = shell::read(&MappedText::part(file, text, 0..text.len()), self.dialect());
        let run = eval_shell::run(&script, text, self.dialect(), &Nothing);
        let lines = self.model.image.commands.len();
        self.add_commands(&run, Description { mounts_secret: false, stands: Stands::InScript }, None);
        self.started_by(line, &run, lines);
        Some(run)
    }

    /// What all commands of an instruction say together.
    fn facts_of_run(&mut self, run: &Run, place: Span, id: Id<InstructionEntity>) {
        let mut modes_written: Vec<&Value> = Vec::new();
        let mut expired = Vec::new();
        let given: Vec<Value> = run
            .commands
            .iter()
            .filter(|command| matches!(command.program(), Some("install" | "mkdir")))
            .filter_map(|command| Some(command.option(&["-m", "--mode"])?.operand.value))
            .collect();
        modes_written.extend(&given);
        for command in &run.commands {
            if command.program() == Some("chmod") {
                modes_written.extend(command.positionals(&[]).first().map(|argument| &argument.operand.value));
            }
            let words = command.arguments().iter().map(|argument| &argument.operand.value);
            expired.extend(words.filter(|value| describe::names_expired_bundle(value)).cloned());
        }
        let modes = modes::of(modes_written);
        let first_update = run.commands.iter().find(|command| installs::is_update(command));
        let installs = run.commands.iter().any(installs::uses_index);
        let open = run.open.clone();
        let entity = &mut self.model[id];
        say!(entity, world_writable_modes, modes.world_writable(place));
        say!(entity, setuid_modes, modes.setuid(place));
        say!(entity, expired_certificates, texts(expired, None, place));
        let only_updates = match (first_update, open) {
            (Some(update), None) => shown(!installs, update.span),
            (Some(_), Some(reason)) if !installs => unknown(reason.code, &reason.object, place),
            (Some(_) | None, _) => concluded(false),
        };
        say!(entity, only_updates_index, only_updates);
    }

    pub(super) fn add_commands(
        &mut self,
        run: &Run,
        description: Description,
        instruction: Option<Id<InstructionEntity>>,
    ) {
        let stage = self.state().id;
        let first = self.model.image.commands.len() as u32;
        for (index, command) in run.commands.iter().enumerate() {
            let mut entity = entity(run, index, description);
            entity.stage = One::to(stage, Origin::none());
            entity.image_build = One::to(self.id, Origin::none());
            if let Some(id) = instruction {
                entity.instruction = One::to(id, Origin::none());
            }
            if let Output::Piped(reader) = command.output {
                entity.piped_into = One::to(Id::<Entity>::new(first + reader as u32), Origin::written(command.span));
            }
            if description.stands == Stands::InRun {
                say!(entity, passes_lock_file_by, self.passes_lock_file_by(command));
            }
            let id = self.model.image.commands.push(entity);
            installs::add_packages(self.model, id, command);
            if let Some(instruction) = instruction {
                self.model[instruction].commands.push(id, Origin::written(command.span));
            }
        }
    }

    /// What a command line runs, for those who ask what the first process is.
    pub(super) fn run_of(&self, line: &CommandLine, around: &dyn Surroundings) -> Run {
        eval_shell::run(&self.script_of(line), self.text, self.dialect(), around)
    }
}

/// One command of words that nobody expands.
fn single(words: Vec<shell::Word>) -> List {
    let Some(span) = words.first().map(|first| first.span.to(words[words.len() - 1].span)) else {
        return List::default();
    };
    let simple = shell::Simple { assignments: Vec::new(), words };
    let command = shell::Command { kind: shell::CommandKind::Simple(simple), redirections: Vec::new(), span };
    let pipeline = shell::Pipeline { is_negated: false, commands: vec![command], span };
    List { items: vec![shell::Item { joint: Joint::Sequence, pipeline, is_background: false }] }
}

/// Whether the first line names an interpreter that is no shell.
pub(super) fn is_foreign_script(text: &str) -> bool {
    let Some(line) = text.lines().next().and_then(|line| line.strip_prefix("#!")) else { return false };
    !crate::lower::command::is_shell(line)
}

/// Several commands, one after the other whatever the first ones say.
fn ignores_failures(list: &List, text: &str) -> bool {
    let first = text.lines().next().unwrap_or("");
    if first.starts_with("#!")
        && first.split_whitespace().skip(1).any(|word| word.starts_with('-') && word.contains('e'))
    {
        return false;
    }
    let n_sequences = list.items.iter().filter(|item| item.joint == Joint::Sequence && !is_setting(item)).count();
    let sets_errexit = list.items.iter().any(|item| {
        item.pipeline.commands.iter().any(|command| match &command.kind {
            shell::CommandKind::Simple(simple) => {
                let words: Vec<_> = simple.words.iter().map(|word| word.literal().unwrap_or_default()).collect();
                let is_set = words.first().is_some_and(|word| word == "set");
                is_set
                    && words[1..].iter().any(|word| (word.starts_with('-') && word.contains('e')) || word == "errexit")
            }
            _ => false,
        })
    });
    n_sequences > 1 && !sets_errexit
}

/// Assignments and functions do not fail in a way that matters.
fn is_setting(item: &shell::Item) -> bool {
    item.pipeline.commands.iter().all(|command| match &command.kind {
        shell::CommandKind::Simple(simple) => simple.words.is_empty(),
        shell::CommandKind::Function { .. } => true,
        _ => false,
    })
}
