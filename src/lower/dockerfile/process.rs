//! What the target has become: its user, its process, its ports.

use super::build::{Builder, Shell, State};
use super::command::is_foreign_script;
use super::{concluded, shown, texts, unknown, word};
use crate::data::images::{BaseImage, StartsAs, SystemShell, base_image};
use crate::eval::shell::{Command, Reached, Run};
use crate::lower::command::{Description, Stands, shown_with};
use crate::model::One;
use crate::source::{FileId, Span};
use crate::syntax::dockerfile::{CommandLine, Instruction};
use crate::value::{Origin, StepKind, Value};

/// An ENTRYPOINT or CMD.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process<'a> {
    pub(super) instruction: &'a Instruction,
    pub(super) line: &'a CommandLine,
}

impl<'a> Builder<'a> {
    pub(super) fn target(&mut self, state: &State<'a>) {
        let place = self.process_place(state);
        let base = self.known_base(state);
        let build = self.id;
        self.model[build].head.span = place;
        self.model[build].target_stage = One::to(state.id, Origin::written(state.from));
        self.user(state, base, place);
        let healthcheck = state.healthcheck.clone().unwrap_or_else(|| word("absent"));
        let exposes = texts(state.exposes.clone(), None, place);
        let entity = &mut self.model[build];
        entity.healthcheck.set(healthcheck);
        entity.exposes.set(exposes);
        self.lines(state, place);
        let arrives = self.signal(state, base);
        self.model[build].process_gets_signal.set(arrives);
        self.started(state);
    }

    /// The instruction that starts the process.
    fn process_place(&self, state: &State<'a>) -> Span {
        let process = state.entrypoint.or(state.command);
        process.map_or(state.from, |process| process.instruction.keyword_span)
    }

    fn known_base(&self, state: &State<'a>) -> Option<&'static BaseImage> {
        let (path, _) = state.base.as_ref()?;
        // The stage whose FROM names the base is the first of the chain.
        let mut stage = state.id;
        while let Some(parent) = self.model[stage].base_stage.id() {
            stage = parent;
        }
        let image = self.model[stage].base_image.id()?;
        let registry = self.model[image].registry.as_str();
        let whole = registry.map_or_else(|| path.clone(), |registry| format!("{registry}/{path}"));
        base_image(&whole, self.model[image].tag.as_str())
    }

    fn user(&mut self, state: &State<'a>, base: Option<&'static BaseImage>, place: Span) {
        let is_known = base.is_some() || state.is_scratch;
        let from = state.base.as_ref().map_or(state.from, |(_, span)| *span);
        let starts_as = match base {
            Some(base) => base.starts_as,
            None if state.is_scratch => StartsAs::Root,
            None => StartsAs::Other,
        };
        let user = match &state.user {
            Some(user) if user.as_str() != Some("") => user.clone(),
            Some(_) | None if !is_known => unknown("no-value", "user of the base image", from),
            Some(_) | None => {
                let name = if starts_as == StartsAs::Other { "nonroot" } else { "root" };
                let step = StepKind::ReadThrough("the base starts as it".into());
                Value::text(name, Origin::written(place).then(step, from))
            }
        };
        let gives_up = state.user.is_none() && is_known && starts_as == StartsAs::GivesRootUp;
        let entity = &mut self.model[self.id];
        entity.sets_user.set(shown(state.user.is_some(), place));
        entity.base_is_known.set(concluded(is_known));
        entity.base_gives_root_up.set(concluded(gives_up));
        entity.user.set(user);
    }

    fn lines(&mut self, state: &State<'a>, place: Span) {
        let shown_line = |process: Option<Process<'a>>| -> Option<Value> {
            let process = process?;
            let words = match process.line {
                CommandLine::Exec(words) => words
                    .iter()
                    .map(|word| Value::text(word.literal().unwrap_or_default(), Origin::written(word.span)))
                    .collect(),
                CommandLine::Shell(text) | CommandLine::HereDocument(text) => {
                    let origin = Origin::written(text.whole());
                    let shell = ["/bin/sh", "-c"].map(|word| Value::text(word, origin.clone()));
                    shell.into_iter().chain([Value::text(text.text(), origin.clone())]).collect()
                }
            };
            Some(texts(words, None, place))
        };
        let (entrypoint, command) = (shown_line(state.entrypoint), shown_line(state.command));
        let is_shell = |process: &Process<'_>| !matches!(process.line, CommandLine::Exec(_));
        let first = state.entrypoint.or(state.command);
        let loses = state.entrypoint.filter(is_shell).zip(state.command);
        let entity = &mut self.model[self.id];
        entity.entrypoint.read(place, "ENTRYPOINT", entrypoint);
        entity.command_line.read(place, "CMD", command);
        if let Some(first) = first {
            let keyword = first.instruction.keyword.name();
            entity.process.set(Value::text(keyword, Origin::written(place)));
            entity
                .process_form
                .set(Value::text(if is_shell(&first) { "shell" } else { "exec" }, Origin::written(place)));
        }
        entity.loses_command.set(match loses {
            Some((entrypoint, command)) => {
                let (lost, by) = (command.instruction.keyword_span, entrypoint.instruction.keyword_span);
                shown_with(true, lost, by, "shell form")
            }
            None => concluded(false),
        });
    }

    /// Whether the signal that stops the container reaches the server.
    fn signal(&mut self, state: &State<'a>, base: Option<&'static BaseImage>) -> Value {
        let Some(process) = state.entrypoint.or(state.command) else {
            // What the base starts is said in the base's own file.
            return concluded(true);
        };
        let place = process.instruction.keyword_span;
        if state.shell == Shell::Other {
            return unknown("unsupported", "SHELL", place);
        }
        let run = self.run_of(process.line, &state.scope);
        let is_shell_form = !matches!(process.line, CommandLine::Exec(_));
        let inner: Vec<&Command> = match run.commands.first() {
            Some(first) if !is_shell_form && starts_shell(first) => {
                run.commands.iter().filter(|command| command.inside == Some(0)).collect()
            }
            Some(_) if is_shell_form => run.commands.iter().filter(|command| command.inside.is_none()).collect(),
            Some(_) => return shown(true, place),
            None => return unknown("no-value", "process", place),
        };
        // What stands behind `exec` is the process; everything else runs below the shell.
        let hands_over = inner.iter().any(|command| {
            let through = |name: &str| command.wrappers.iter().any(|wrapper| wrapper == name);
            through("exec") || through("dumb-init") || matches!(command.program(), Some("dumb-init" | "supervisord"))
        });
        if hands_over {
            return shown(true, place);
        }
        let has_tini = inner.iter().any(|command| command.wrappers.iter().any(|wrapper| wrapper == "tini"));
        if has_tini || inner.iter().any(|command| command.program().is_none() || command.program() == Some("trap")) {
            return unknown("unsupported", "shell as the first process", place);
        }
        match base.map(|base| base.shell) {
            Some(SystemShell::Dash) => shown(false, place),
            Some(SystemShell::Other) => {
                let last = inner.last().is_some_and(|command| command.reached != Reached::Unreachable);
                shown(last, place)
            }
            Some(SystemShell::None) | None => unknown("no-value", "shell of the base image", place),
        }
    }

    /// The commands of the process, and of a script of the tree that it starts.
    fn started(&mut self, state: &State<'a>) {
        for process in [state.entrypoint, state.command].into_iter().flatten() {
            let run = self.run_of(process.line, &state.scope);
            self.add_commands(&run, Description { mounts_secret: false, stands: Stands::InProcess }, None);
            let scripts: Vec<FileId> = self.scripts(state, &run);
            for script in scripts {
                self.add_script(script);
            }
        }
    }

    fn scripts(&self, state: &State<'a>, run: &Run) -> Vec<FileId> {
        let mut found = Vec::new();
        for command in &run.commands {
            let first = command.words.first().and_then(|word| word.operand.value.as_str());
            let is_shell = matches!(command.program(), Some("sh" | "bash" | "dash" | "ash"));
            let path = if is_shell { command.word(1) } else { first };
            let Some(path) = path.filter(|path| path.contains('/') || path.ends_with(".sh")) else { continue };
            let Some(file) = self.mapped_back(state, path) else { continue };
            let is_script = self
                .sources
                .world
                .file(file)
                .text()
                .is_some_and(|text| (text.starts_with("#!") || path.ends_with(".sh")) && !is_foreign_script(text));
            if is_script && !found.contains(&file) {
                found.push(file);
            }
        }
        found
    }

    /// The file of the tree that a COPY of the chain put at a path of the image.
    fn mapped_back(&self, state: &State<'a>, path: &str) -> Option<FileId> {
        let absolute = match path.strip_prefix('/') {
            Some(_) => path.to_owned(),
            None => format!(
                "{}/{}",
                state.workdir.as_deref().unwrap_or("").trim_end_matches('/'),
                path.trim_start_matches("./")
            ),
        };
        let name = absolute.rsplit('/').next().unwrap_or("");
        let mut candidates: Vec<String> = Vec::new();
        for (_, copy) in self.model.image.copies.iter() {
            let is_ours = copy.stage.id().is_some_and(|stage| self.model[stage].image_build.id() == Some(self.id));
            if !is_ours || copy.from_stage.id().is_some() || copy.from_image.id().is_some() {
                continue;
            }
            let items = copy.sources.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
            for source in items.iter().filter_map(Value::as_str) {
                let source = source.trim_end_matches('/');
                if source.rsplit('/').next() == Some(name) {
                    candidates.push(source.to_owned());
                }
                let inside = absolute.strip_prefix(state.workdir.as_deref().unwrap_or("")).unwrap_or(name);
                candidates.push(format!("{source}/{}", inside.trim_start_matches('/')));
                candidates.push(format!("{source}/{name}"));
            }
        }
        candidates.iter().find_map(|candidate| self.context.find(candidate))
    }
}

/// `sh -c …`
fn starts_shell(command: &Command) -> bool {
    matches!(command.program(), Some("sh" | "bash" | "dash" | "ash")) && command.flag(&["c"]).is_some()
}
