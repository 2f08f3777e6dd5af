//! What the target has become: its user, its process, its ports.

use super::build::{Builder, Shell, State};
use super::command::is_foreign_script;
use super::{concluded, shown, texts, unknown, word};
use crate::data::images::{BaseImage, StartsAs, SystemShell, base_image};
use crate::eval::shell::{Command, Output, Reached, Run};
use crate::logic::Reason;
use crate::lower::command::{Description, Stands, shown_with};
use crate::lower::development::development;
use crate::lower::listening;
use crate::model::image::Command as CommandEntity;
use crate::model::{Id, One};
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
        let (exposes, hidden): (Vec<Value>, Vec<Value>) =
            state.exposes.iter().cloned().partition(|port| port.as_str().is_some());
        let exposes = texts(exposes, hidden.iter().find_map(Value::first_reason), place);
        let entity = &mut self.model[build];
        entity.healthcheck.set(healthcheck);
        entity.exposes.set(exposes);
        self.lines(state, place);
        let arrives = self.signal(state, base);
        self.model[build].process_gets_signal.set(arrives);
        self.started(state);
        let tools = super::tools::present(self, base, place);
        self.model[build].tools.set(tools);
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
                let step = StepKind::Said("and this base starts as it");
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
                shown_with(true, lost, by, "the shell form takes no command")
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
        if inner.is_empty() {
            // `sh -c` takes its script from CMD or from the task.
            return unknown("no-value", "the script of the shell", place);
        }
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
        for (process, line) in [(state.entrypoint, "entrypoint"), (state.command, "command")] {
            let Some(process) = process else { continue };
            let run = self.run_of(process.line, &state.scope);
            let first = self.model.image.commands.len();
            self.add_commands(&run, Description { mounts_secret: false, stands: Stands::InProcess }, None);
            self.started_by(line, &run, first);
            let is_first = line == "entrypoint" || state.entrypoint.is_none();
            let is_exec = matches!(process.line, CommandLine::Exec(_));
            let scripts: Vec<FileId> = self.scripts(state, &run);
            if is_first && is_exec && scripts.is_empty() && names_script(&run) {
                let object = run.commands[0].program().unwrap_or("");
                let hole = unknown("file-not-found", object, process.instruction.keyword_span);
                self.model[self.id].script_hands_over.set(hole);
            }
            for script in scripts {
                let inner = self.add_script(script, line);
                if let (true, true, Some(inner)) = (is_first, is_exec, inner) {
                    let hands_over = hands_over(&inner, process.instruction.keyword_span);
                    self.model[self.id].script_hands_over.set(hands_over);
                }
            }
        }
    }

    /// Notes of the commands of a run, which begin at an index of the table, what ENTRYPOINT or CMD starts by them.
    pub(super) fn started_by(&mut self, line: &str, run: &Run, first: usize) {
        for (index, command) in run.commands.iter().enumerate() {
            let listens_on = self.listens_on(command);
            let is_development_server = self.development_server(command);
            let entity = &mut self.model[Id::<CommandEntity>::new((first + index) as u32)];
            entity.line.set(word(line));
            entity.listens_on.set(listens_on);
            entity.is_development_server.set(is_development_server);
        }
    }

    /// Where a command of the process listens; nginx says so in its configuration.
    pub(super) fn listens_on(&self, command: &Command) -> Value {
        if command.program() != Some("nginx") {
            return listening::listens_on(command);
        }
        let mut items = Vec::new();
        for (_, copy) in self.model.image.copies.added_since(self.n_copies) {
            let is_ours = copy.stage.id().is_some_and(|stage| self.model[stage].image_build.id() == Some(self.id));
            let sources = copy.sources.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
            for source in
                sources.iter().filter(|_| is_ours).filter_map(Value::as_str).filter(|it| it.ends_with(".conf"))
            {
                let Some(file) = self.context.find(source.trim_start_matches("./")) else { continue };
                items.extend(listen_lines(file, self.sources.world.file(file).text().unwrap_or("")));
            }
        }
        let open = items.is_empty().then(|| Reason::at("unsupported", "where `nginx` listens", command.span));
        texts(items, open, command.span)
    }

    /// Whether a command of the process is a server for development; a program that it names is looked for in the tree.
    pub(super) fn development_server(&self, command: &Command) -> Value {
        let state = &self.states[self.states.len() - 1];
        let read = |path: &str| {
            let file = self.mapped_back(state, path)?;
            self.sources.world.file(file).text().map(str::to_owned)
        };
        match development(command, &read) {
            Ok(Some(span)) => shown(true, span),
            Ok(None) => concluded(false),
            Err(reason) => unknown(reason.code, &reason.object, command.span),
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
        for (_, copy) in self.model.image.copies.added_since(self.n_copies) {
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

/// `listen 8080 ssl;`
fn listen_lines(file: FileId, text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let words: Vec<&str> = line.trim().trim_end_matches(';').split_whitespace().collect();
        if let ["listen", address, ..] = words.as_slice() {
            let address = address.trim_end_matches(';');
            let port = address.rsplit(':').next().unwrap_or(address);
            let at = start + line.find(address).unwrap_or(0);
            if port.bytes().all(|byte| byte.is_ascii_digit()) {
                let host = address.rsplit_once(':').map_or("0.0.0.0", |(host, _)| host);
                let span = Span::new(file, at, at + address.len());
                found.push(Value::text(format!("{host}:{port}"), Origin::written(span)));
            }
        }
        start += line.len();
    }
    found
}

/// Whether the process is a shell script by its name.
fn names_script(run: &Run) -> bool {
    let Some(first) = run.commands.first() else { return false };
    let is_shell = matches!(first.program(), Some("sh" | "bash" | "dash" | "ash"));
    let path = first.word(usize::from(is_shell));
    path.is_some_and(|path| path.ends_with(".sh"))
}

/// Whether a script gives its place to what it starts last; a trap or an unread part may do as well.
fn hands_over(run: &Run, entrypoint: Span) -> Value {
    let inner = || run.commands.iter().filter(|command| command.inside.is_none());
    let last = inner().rfind(|command| {
        let is_asked = matches!(command.program(), Some("test" | "[" | "[[" | "exit" | "return"));
        command.reached != Reached::Unreachable && command.output == Output::Open && !is_asked
    });
    let Some(last) = last else { return unknown("unsupported", "the script", entrypoint) };
    let through = |name: &str| last.wrappers.iter().any(|wrapper| wrapper == name);
    if through("exec") || through("dumb-init") || matches!(last.program(), Some("exec" | "supervisord" | "dumb-init")) {
        return concluded(true);
    }
    let is_trapped = run.commands.iter().any(|command| matches!(command.program(), Some("trap" | "wait")));
    if is_trapped || through("tini") || last.program().is_none() || run.open.is_some() {
        return unknown("unsupported", "a shell that waits", last.span);
    }
    shown_with(false, last.span, entrypoint, "which is started here")
}

/// `sh -c …`
fn starts_shell(command: &Command) -> bool {
    matches!(command.program(), Some("sh" | "bash" | "dash" | "ash")) && command.flag(&["c"]).is_some()
}
