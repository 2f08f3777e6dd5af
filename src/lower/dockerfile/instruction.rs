//! What each instruction says, and what it changes for those below it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::{Builder, Shell};
use super::process::Process;
use super::{concluded, modes, reason_of, say, shown, texts, unknown, word};
use crate::data::secrets::{is_harmless, names_secret};
use crate::eval::shell::word_value;
use crate::logic::Reason;
use crate::model::image::{BuildArgument, Instruction as Entity};
use crate::model::secret::Variable;
use crate::model::{Entity as _, Head, Id, One};
use crate::source::{Span, nearest};
use crate::syntax::dockerfile::{Arguments, CommandLine, Instruction, Keyword, PairForm, Pairs, Word};
use crate::syntax::shell::PieceKind;
use crate::value::{Origin, Value};

impl<'a> Builder<'a> {
    pub(super) fn instruction(&mut self, instruction: &'a Instruction, is_last: Value) {
        // What the target does not need is built by nobody and judged by nobody.
        if self.closure() == Some("unused") {
            return;
        }
        let id = self.add(instruction, is_last);
        self.read(instruction, id);
    }

    /// An instruction that a parent left for its children.
    pub(super) fn onbuild(&mut self, instruction: &'a Instruction, from: Span) {
        if self.closure() == Some("unused") {
            return;
        }
        let id = self.add(instruction, concluded(true));
        self.model[id].from_onbuild.set(shown(true, from));
        self.read(instruction, id);
    }

    fn add(&mut self, instruction: &Instruction, is_last: Value) -> Id<Entity> {
        let stage = self.state().id;
        let mut head = Head::new(instruction.keyword.name(), instruction.keyword_span);
        head.block = instruction.span;
        let mut entity = Entity::new(head);
        entity.keyword.set(Value::text(instruction.keyword.name(), Origin::written(instruction.keyword_span)));
        let is_last = match is_last.kind {
            crate::value::Kind::Bool(value) => shown(value, instruction.keyword_span),
            _ => is_last,
        };
        entity.is_last_of_kind.set(is_last);
        let scope = &self.states[self.states.len() - 1].scope;
        let mut flags = BTreeMap::new();
        for flag in &instruction.flags {
            let value = match &flag.value {
                Some(value) => word_value(value, scope),
                None => Value::text("", Origin::written(flag.span)),
            };
            flags.insert(Arc::<str>::from(flag.name.as_str()), value);
        }
        let place = if flags.is_empty() { instruction.keyword_span } else { instruction.span };
        entity.flags.set(Value::map(flags, Origin::written(place)));
        entity.arguments.set(texts(Vec::new(), None, instruction.keyword_span));
        if let Some(blank) = instruction.blank_line {
            entity.has_blank_line.set(shown(true, blank));
        }
        entity.stage = One::to(stage, Origin::none());
        let id = self.model.image.instructions.push(entity);
        self.model[stage].instructions.push(id, Origin::written(instruction.span));
        id
    }

    fn read(&mut self, instruction: &'a Instruction, id: Id<Entity>) {
        self.undefined(instruction, id);
        match &instruction.arguments {
            Arguments::Pairs(pairs) => match instruction.keyword {
                Keyword::Env => self.environment(instruction, pairs, id),
                Keyword::Arg => self.arguments(pairs, id),
                _ => {}
            },
            Arguments::Command(line) => self.command_line(instruction, line, id),
            Arguments::Healthcheck(line) => {
                let kind = if line.is_some() { "command" } else { "none" };
                self.state().healthcheck = Some(Value::text(kind, Origin::written(instruction.keyword_span)));
            }
            Arguments::Words(words) => self.words(instruction, words, id),
            Arguments::Copy(copy) => self.copy(instruction, copy, id),
            Arguments::Shell(words) => self.state().shell = shell_of(words),
            Arguments::Onbuild(inner) => {
                let forbidden = matches!(inner.keyword, Keyword::Onbuild | Keyword::From | Keyword::Maintainer);
                self.model[id].wraps_forbidden.set(shown(forbidden, inner.keyword_span));
                if !forbidden {
                    self.state().onbuild.push(inner);
                }
            }
            Arguments::From(_) => {}
        }
    }

    fn command_line(&mut self, instruction: &'a Instruction, line: &'a CommandLine, id: Id<Entity>) {
        let form = match line {
            CommandLine::Exec(_) => "exec",
            CommandLine::Shell(_) => "shell",
            CommandLine::HereDocument(_) => "heredoc",
        };
        self.model[id].form.set(Value::text(form, Origin::written(instruction.keyword_span)));
        self.model[id].share();
        match instruction.keyword {
            Keyword::Run => {
                self.mounted(instruction, id);
                let weakens = self.weakens_isolation(instruction);
                say!(self.model[id], weakens_isolation, weakens);
                self.run(instruction, line, id);
            }
            Keyword::Cmd => self.state().command = Some(Process { instruction, line }),
            Keyword::Entrypoint => {
                let state = self.state();
                state.entrypoint = Some(Process { instruction, line });
                // An inherited CMD belonged to the parent's entrypoint.
                let own = state.id;
                let is_inherited =
                    state.command.is_some_and(|command| command.instruction.span.start < state.from.start);
                let _ = own;
                if is_inherited {
                    state.command = None;
                }
            }
            _ => {}
        }
    }

    fn weakens_isolation(&self, instruction: &Instruction) -> Value {
        let scope = &self.states[self.states.len() - 1].scope;
        let mut answer = concluded(false);
        for flag in instruction.flags.iter().filter(|flag| matches!(flag.name.as_str(), "security" | "network")) {
            let Some(value) = flag.value.as_ref().map(|value| word_value(value, scope)) else { continue };
            match value.as_str() {
                Some("insecure" | "host") => return shown(true, flag.span),
                Some(_) => {}
                None => answer = unknown("no-value", &flag.name, flag.span),
            }
        }
        answer
    }

    fn environment(&mut self, instruction: &Instruction, pairs: &Pairs, id: Id<Entity>) {
        let in_chain = self.closure() == Some("chain");
        let is_legacy = pairs.form == PairForm::Legacy;
        self.model[id].is_legacy_env.set(shown(is_legacy, instruction.keyword_span));
        let names: BTreeSet<String> =
            pairs.pairs.iter().filter_map(|pair| Some(pair.name.literal()?.into_owned())).collect();
        let mut earlier: BTreeSet<&str> = BTreeSet::new();
        let mut references = Vec::new();
        let mut values = Vec::new();
        let literals: Vec<Option<String>> =
            pairs.pairs.iter().map(|pair| pair.name.literal().map(|name| name.into_owned())).collect();
        for (pair, name) in pairs.pairs.iter().zip(&literals) {
            let Some(value) = &pair.value else { continue };
            for piece in &value.pieces {
                if let PieceKind::Variable(variable) = &piece.kind
                    && earlier.contains(variable.name.as_str())
                    && names.contains(&variable.name)
                {
                    references.push(Value::text(&variable.name, Origin::written(piece.span)));
                }
            }
            earlier.extend(name.as_deref());
            let scope = &self.states[self.states.len() - 1].scope;
            let written = word_value(value, scope);
            if let Some(name) = name {
                values.push((name.clone(), written, pair.span, value.span));
            }
        }
        say!(self.model[id], self_references, texts(references, None, instruction.keyword_span));
        let build = self.id;
        for (name, value, pair, place) in values {
            self.state().scope.environment.insert(name.clone(), value.clone());
            if !in_chain {
                continue;
            }
            let mut head = Head::new(&name, if place.is_empty() { pair } else { place });
            head.block = pair;
            let mut variable = Variable::new(head);
            variable.name.set(Value::text(&name, Origin::written(pair)));
            variable.is_literal_secret.set(literal_secret(&name, &value, place));
            variable.content.set(value);
            variable.set_in.set(word("image"));
            variable.image_build = One::to(build, Origin::none());
            let variable = self.model.secret.variables.push(variable);
            self.model[build].variables.push(variable, Origin::written(pair));
            self.model[id].variables.push(variable, Origin::written(pair));
        }
    }

    fn arguments(&mut self, pairs: &Pairs, id: Id<Entity>) {
        let (build, stage) = (self.id, self.state().id);
        for pair in &pairs.pairs {
            let Some(name) = pair.name.literal().map(|name| name.into_owned()) else { continue };
            let scope = &self.states[self.states.len() - 1].scope;
            let default = pair.value.as_ref().map(|value| word_value(value, scope));
            let global = self.plan.global_argument(&name);
            let passed = self.request.arguments.get(&name).cloned();
            let value = passed.clone().or(default.clone()).or(global);
            let value = value.unwrap_or_else(|| super::scope::Scope::unset(&name, pair.span));
            self.state().scope.arguments.insert(name.clone(), value);
            let mut head = Head::new(&name, pair.name.span);
            head.block = pair.span;
            let mut argument = BuildArgument::new(head);
            argument.name.set(Value::text(&name, Origin::written(pair.name.span)));
            argument.preset.read(pair.name.span, "default", default);
            argument.passed.read(pair.name.span, "passed", passed);
            argument.takes_secret.set(takes_secret(&name, argument.preset.value(), pair.name.span));
            argument.stage = One::to(stage, Origin::none());
            argument.image_build = One::to(build, Origin::none());
            let argument = self.model.image.build_arguments.push(argument);
            self.model[build].build_arguments.push(argument, Origin::written(pair.span));
            self.model[id].build_arguments.push(argument, Origin::written(pair.span));
        }
    }

    fn words(&mut self, instruction: &Instruction, words: &[Word], id: Id<Entity>) {
        let scope = &self.states[self.states.len() - 1].scope;
        let values: Vec<Value> = words.iter().map(|word| word_value(word, scope)).collect();
        self.model[id].arguments.set(texts(values.clone(), None, instruction.keyword_span));
        let Some(first) = values.first().cloned() else { return };
        match instruction.keyword {
            Keyword::User => self.state().user = Some(user_part(&first)),
            Keyword::Expose => self.expose(instruction, values, id),
            Keyword::Workdir => self.workdir(instruction, &first, id),
            Keyword::Volume => {
                let open = values.iter().find(|value| value.as_str().is_none()).and_then(reason_of);
                let known = values.into_iter().filter(|value| value.as_str().is_some()).collect();
                self.model[id].paths.set(texts(known, open, instruction.keyword_span));
            }
            _ => {}
        }
    }

    fn expose(&mut self, instruction: &Instruction, values: Vec<Value>, id: Id<Entity>) {
        let (mut ports, mut impossible, mut malformed) = (Vec::new(), Vec::new(), Vec::new());
        let mut open: Option<Reason> = None;
        for value in &values {
            let Some(text) = value.as_str() else {
                open = open.or(reason_of(value));
                continue;
            };
            if text.is_empty() {
                continue;
            }
            let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
            let is_known_protocol = matches!(protocol, "tcp" | "udp" | "sctp");
            if range.contains(':') || !is_known_protocol {
                malformed.push(value.clone());
            }
            let range = range.rsplit(':').next().unwrap_or(range);
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            match (from.parse::<u64>(), to.parse::<u64>()) {
                (Ok(from), Ok(to)) if to <= 65535 && from <= to => {
                    ports
                        .extend((from..=to).take(1024).map(|port| Value::text(port.to_string(), value.origin.clone())));
                }
                (Ok(_), Ok(_)) => impossible.push(value.clone()),
                (Err(_), _) | (_, Err(_)) => malformed.push(value.clone()),
            }
        }
        malformed.dedup_by(|b, a| a.origin.span() == b.origin.span());
        let hidden = values.iter().filter(|value| value.as_str().is_none());
        self.state().exposes.extend(ports.iter().chain(hidden).cloned());
        let span = instruction.keyword_span;
        let entity = &mut self.model[id];
        say!(entity, ports, texts(ports, open.clone(), span));
        say!(entity, impossible_ports, texts(impossible, open.clone(), span));
        say!(entity, malformed_ports, texts(malformed, open, span));
    }

    fn workdir(&mut self, instruction: &Instruction, value: &Value, id: Id<Entity>) {
        let text = value.as_text();
        let prefix = text.as_ref().map_or("", crate::value::Text::prefix).to_owned();
        let known = value.as_str().map(str::to_owned);
        let is_absolute = if prefix.starts_with('/') || prefix.get(1..2) == Some(":") {
            Some(true)
        } else if prefix.is_empty() && known.is_none() {
            None
        } else {
            Some(false)
        };
        let state = self.state();
        let relative = match (is_absolute, state.has_workdir) {
            (Some(true), _) | (Some(false), Some(true)) => shown(false, instruction.keyword_span),
            (Some(false), Some(false)) => Value::bool(true, value.origin.clone()),
            (None, _) | (Some(false), None) => unknown("no-value", "WORKDIR", instruction.keyword_span),
        };
        state.has_workdir = match (is_absolute, state.has_workdir) {
            (Some(true), _) => Some(true),
            (Some(false), before) => before,
            (None, Some(true)) => Some(true),
            (None, Some(false) | None) => None,
        };
        state.workdir = known.map(|known| match (&state.workdir, known.starts_with('/')) {
            (Some(before), false) => format!("{}/{known}", before.trim_end_matches('/')),
            (None, false) => format!("/{known}"),
            (_, true) => known,
        });
        self.model[id].is_relative_workdir.set(relative);
    }

    /// Variables that nobody declares; with a foreign base only those that look like a slip.
    fn undefined(&mut self, instruction: &Instruction, id: Id<Entity>) {
        let mut words: Vec<&Word> = Vec::new();
        match &instruction.arguments {
            Arguments::Pairs(pairs) => words.extend(pairs.pairs.iter().filter_map(|pair| pair.value.as_ref())),
            Arguments::Words(all) if instruction.keyword != Keyword::Maintainer => words.extend(all),
            Arguments::Copy(copy) => {
                words.push(&copy.target);
                words.extend(copy.sources.iter().filter_map(|source| match source {
                    crate::syntax::dockerfile::Source::Path(path) => Some(path),
                    crate::syntax::dockerfile::Source::HereDocument(..) => None,
                }));
            }
            _ => {}
        }
        let state = &self.states[self.states.len() - 1];
        let mut found = Vec::new();
        for piece in words.iter().flat_map(|word| &word.pieces) {
            let PieceKind::Variable(variable) = &piece.kind else { continue };
            let name = variable.name.as_str();
            let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
            if !is_name || variable.operation.is_some() || state.scope.declares(name) {
                continue;
            }
            let is_slip = nearest(name, state.scope.declared()).is_some_and(|near| near.len() > 3 && name.len() > 3);
            if state.is_scratch || is_slip {
                found.push(Value::text(name, Origin::written(piece.span)));
            }
        }
        if !found.is_empty() {
            self.model[id].undefined_variables.set(texts(found, None, instruction.keyword_span));
        }
        if let Some(flag) = instruction.flag("chmod").and_then(|flag| flag.value.as_ref()) {
            let value = word_value(flag, &state.scope);
            let modes = modes::of([&value]);
            say!(self.model[id], world_writable_modes, modes.world_writable(instruction.keyword_span));
            say!(self.model[id], setuid_modes, modes.setuid(instruction.keyword_span));
        }
    }
}

/// Made for a secret, unless the default shows that it holds something else.
fn takes_secret(name: &str, preset: &Value, place: Span) -> Value {
    if !names_secret(name) {
        return concluded(false);
    }
    match preset.as_str() {
        Some("") => shown(true, place),
        Some(preset) => shown(!is_harmless(preset), place),
        None => shown(true, place),
    }
}

/// Name and value both say that a secret stands here.
fn literal_secret(name: &str, value: &Value, place: Span) -> Value {
    if !names_secret(name) {
        return concluded(false);
    }
    match value.as_str() {
        Some(text) => Value::bool(!is_harmless(text), value.origin.clone()),
        None => unknown("no-value", name, place),
    }
}

/// The user without its group, at its own place.
fn user_part(value: &Value) -> Value {
    let Some(text) = value.as_text() else { return value.clone() };
    let Some(known) = text.known() else {
        // With the user written out a hole in the group does not matter.
        return match text.prefix().split_once(':') {
            Some((user, _)) => Value::text(user, value.origin.clone()),
            None => value.clone(),
        };
    };
    let user = known.split(':').next().unwrap_or(known).trim();
    Value::text(user, value.origin.clone())
}

fn shell_of(words: &[Word]) -> Shell {
    let words: Vec<String> = words.iter().filter_map(|word| word.literal().map(|text| text.into_owned())).collect();
    let program = words.first().map_or("", |program| program.rsplit(['/', '\\']).next().unwrap_or(program));
    if !matches!(program, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "busybox") {
        return Shell::Other;
    }
    let asks = |long: &str, short: char| {
        words[1..].iter().enumerate().any(|(index, word)| {
            let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or("");
            let is_cluster = letters.chars().all(|letter| "euxolc".contains(letter));
            (is_cluster && letters.contains(short)) || (word == long && index > 0)
        })
    };
    match (words.iter().any(|word| word == "pipefail"), asks("errexit", 'e')) {
        (true, true) => Shell::PosixWithBoth,
        (true, false) => Shell::PosixWithPipefail,
        (false, true) => Shell::PosixWithErrexit,
        (false, false) => Shell::Posix,
    }
}
