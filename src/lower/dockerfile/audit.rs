//! What a Dockerfile says by its form alone: caches that stay in layers, pipes that hide failures, keywords in two
//! cases, names that look like slips. Nothing here changes what is deployed.

use super::build::{Builder, Shell};
use super::{concluded, say, shown, texts};
use crate::eval::shell::{Command, Output, Run};
use crate::model::Id;
use crate::model::image::{Copy as CopyEntity, Instruction as InstructionEntity, Stage};
use crate::source::{Span, clean_path, nearest};
use crate::syntax::dockerfile::{Arguments, Dockerfile, From, Instruction, Word};
use crate::syntax::shell::PieceKind;
use crate::value::{Origin, Value};

/// Where managers of packages leave what they fetched, the words that say so in a path, and what keeps them from it.
struct Cache {
    programs: &'static [&'static str],
    verbs: &'static [&'static str],
    /// A part of every path that holds it.
    folder: &'static str,
    without: &'static [&'static str],
}

const CACHES: [Cache; 5] = [
    Cache { programs: &["apt-get", "apt", "aptitude"], verbs: &["install"], folder: "/var/lib/apt", without: &[] },
    Cache { programs: &["apk"], verbs: &["add"], folder: "/var/cache/apk", without: &["--no-cache"] },
    Cache { programs: &["yum", "dnf", "microdnf"], verbs: &["install"], folder: "/var/cache", without: &[] },
    Cache { programs: &["zypper"], verbs: &["install", "in"], folder: "/var/cache/zypp", without: &["--no-cache"] },
    Cache {
        programs: &["pip", "pip3"],
        verbs: &["install"],
        folder: ".cache",
        without: &["--no-cache-dir", "--no-cache"],
    },
];

impl Builder<'_> {
    /// What the commands of a RUN leave behind or hide.
    pub(super) fn audit_run(&mut self, instruction: &Instruction, run: &Run, id: Id<InstructionEntity>) {
        let place = instruction.keyword_span;
        let has_no_cache = self.states[self.states.len() - 1].scope.environment.contains_key("PIP_NO_CACHE_DIR");
        let mounts: Vec<String> = instruction
            .flags
            .iter()
            .filter(|flag| flag.name == "mount")
            .filter_map(|flag| Some(flag.value.as_ref()?.literal()?.into_owned()))
            .collect();
        let mut left = Vec::new();
        for (index, command) in run.commands.iter().enumerate() {
            let Some(cache) = cache_of(command) else { continue };
            let is_mounted = mounts.iter().any(|mount| mount.contains("type=cache") || mount.contains("type=tmpfs"));
            let is_off = cache.without.iter().any(|option| command.has(option))
                || (cache.folder == ".cache" && has_no_cache)
                || command.assignments.iter().any(|(name, _)| name == "PIP_NO_CACHE_DIR");
            let is_removed = run.commands[index..].iter().any(|later| removes(later, cache));
            if !is_mounted && !is_off && !is_removed {
                let name = command.program().unwrap_or("");
                left.push(Value::text(name, Origin::written(command.words[0].span)));
            }
        }
        let hides = self.hidden_pipe(run);
        let entity = &mut self.model[id];
        say!(entity, leaves_package_cache, texts(left, run.open.clone(), place));
        say!(entity, hides_pipe_failure, hides);
    }

    /// The first command that prints into another while nothing asks for its failure.
    fn hidden_pipe(&self, run: &Run) -> Value {
        if self.states[self.states.len() - 1].shell.has_pipefail() {
            return concluded(false);
        }
        let sets = |command: &Command| {
            let is_set = matches!(command.program(), Some("set" | "shopt" | "bash" | "sh" | "zsh"));
            is_set && command.arguments().iter().any(|it| it.text().is_some_and(|text| text.contains("pipefail")))
        };
        let mut is_safe = false;
        for command in &run.commands {
            is_safe = is_safe || sets(command);
            let is_piped = matches!(command.output, Output::Piped(_));
            // What prints a text does not fail.
            let may_fail = !matches!(command.program(), Some("echo" | "printf" | "yes" | "true"));
            if is_piped && may_fail && !is_safe {
                return shown(true, command.words.first().map_or(command.span, |word| word.span));
            }
        }
        concluded(false)
    }

    /// Whether `npm install` stands beside a lock file that the stage has copied.
    pub(super) fn passes_lock_file_by(&self, command: &Command) -> Value {
        let verb = command.words.get(1).filter(|word| matches!(word.text(), Some("install" | "i")));
        let (Some("npm"), Some(verb)) = (command.program(), verb) else { return concluded(false) };
        let names_package = command.words[2..].iter().any(|word| word.text().is_none_or(|text| !text.starts_with('-')));
        if names_package || command.flag(&["g", "--global"]).is_some() || command.has("--package-lock=false") {
            return concluded(false);
        }
        let stage = self.states[self.states.len() - 1].id;
        let copies = self.model.image.copies.iter().map(|(_, copy)| copy).filter(|copy| copy.stage.id() == Some(stage));
        for copy in copies.filter(|copy| copy.from_stage.any().is_none() && copy.from_image.any().is_none()) {
            let items = copy.sources.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
            for source in items.iter().filter_map(Value::as_str) {
                let (folder, name) = source.rsplit_once('/').unwrap_or(("", source));
                let takes_lock = matches!(name, "package-lock.json" | "package*.json" | "*.json");
                let folder = match takes_lock {
                    true => clean_path("", folder.trim_start_matches('/')),
                    false => clean_path("", source.trim_start_matches('/')),
                };
                let lock = folder.and_then(|folder| self.context.find(&format!("{folder}/package-lock.json")));
                if let Some(lock) = lock {
                    let origin = Origin::written(verb.span);
                    let step = crate::value::StepKind::Said("the lock file");
                    return Value::bool(true, origin.then(step, Span::file_start(lock)));
                }
            }
        }
        concluded(false)
    }

    /// How a FROM is written: its platform, its name, its keywords.
    pub(super) fn audit_from(&mut self, instruction: &Instruction, from: &From, stage: &mut Stage) {
        if let Some(platform) = instruction.flag("platform").and_then(|flag| flag.value.as_ref()) {
            let variables = variables(platform);
            stage.names_one_platform.set(shown(variables.is_empty(), platform.span));
            stage.repeats_target_platform.set(shown(variables == ["TARGETPLATFORM"], platform.span));
        }
        let written = |span: Span| self.text.get(span.range()).unwrap_or("");
        if let Some(name) = &from.name {
            let has_capitals = written(name.span).chars().any(char::is_uppercase);
            stage.name_has_capitals.set(shown(has_capitals, name.span));
        }
        let mut odd = Vec::new();
        let from_case = case_of(written(instruction.keyword_span));
        if let Some(name) = &from.name
            && case_of(written(name.keyword_span)) != from_case
        {
            odd.push(Value::text("AS", Origin::written(name.keyword_span)));
        }
        odd.extend(self.odd_keywords(instruction));
        stage.odd_keywords.set(texts(odd, None, instruction.keyword_span));
    }

    /// The keywords from a FROM to the next that are not written as most of the file's.
    fn odd_keywords(&self, from: &Instruction) -> Vec<Value> {
        let written = |it: &Instruction| case_of(self.text.get(it.keyword_span.range()).unwrap_or(""));
        let is_from = |it: &&Instruction| !matches!(it.arguments, Arguments::From(_));
        let all = &self.dockerfile.instructions;
        let start = all.iter().position(|it| it.span == from.span).unwrap_or(0);
        let own = all[start..].iter().take(1).chain(all.get(start + 1..).unwrap_or(&[]).iter().take_while(is_from));
        own.filter(|it| written(it) != self.usual_case)
            .map(|it| Value::text(it.keyword.name(), Origin::written(it.keyword_span)))
            .collect()
    }

    /// What a COPY from a stage or image takes, and whether the name is one.
    pub(super) fn audit_copy_from(&mut self, from: &Word, sources: &[Value], id: Id<CopyEntity>) {
        let root = sources.iter().find(|source| source.as_str() == Some("/"));
        if let Some(root) = root {
            self.model[id].takes_whole_filesystem.set(Value::bool(true, root.origin.clone()));
        }
        let Some(name) = from.literal().map(|name| name.to_lowercase()) else { return };
        let number = self.states.len() - 1;
        if self.model[id].from_stage.any().is_some() || self.request.contexts.contains_key(&name) {
            return;
        }
        let later = self.plan.names.get(number + 1..).unwrap_or(&[]);
        let is_later = later.contains(&name);
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let is_plain = !name.contains(['/', ':', '.', '@']);
        let known = self.plan.names[..number].iter().map(String::as_str).filter(|name| !name.is_empty());
        let is_slip = is_plain
            && name.len() > 3
            && crate::data::images::base_image(&name, None).is_none()
            && nearest(&name, known).is_some();
        self.model[id].misses_stage.set(shown(is_later || is_number || is_slip, from.span));
    }

    pub(super) fn lacks_workdir(&self, target: &Value, place: Span) -> Value {
        let state = &self.states[self.states.len() - 1];
        let Some(text) = target.as_text() else { return concluded(false) };
        let is_relative = match text.known() {
            Some(known) => !known.starts_with(['/', '\\']) && known.get(1..2) != Some(":"),
            // A variable in front may hold the slash.
            None => !text.prefix().is_empty() && !text.prefix().starts_with('/'),
        };
        shown(is_relative && state.has_workdir == Some(false), place)
    }
}

impl Shell {
    fn has_pipefail(self) -> bool {
        match self {
            Shell::Posix | Shell::PosixWithErrexit => false,
            Shell::PosixWithPipefail | Shell::PosixWithBoth | Shell::Other => true,
        }
    }
}

fn cache_of(command: &Command) -> Option<&'static Cache> {
    let is_python_pip = command.program().is_some_and(|it| it.starts_with("python")) && command.word(2) == Some("pip");
    let program = if is_python_pip { "pip" } else { command.program()? };
    let cache = CACHES.iter().find(|cache| cache.programs.contains(&program))?;
    let verb = command.arguments().iter().filter_map(|it| it.text()).find(|it| cache.verbs.contains(it));
    verb.map(|_| cache)
}

/// `rm -rf /var/lib/apt/lists/*`, `yum clean all`, `pip cache purge`.
fn removes(command: &Command, cache: &Cache) -> bool {
    let words = command.texts();
    match command.program() {
        Some("rm" | "find") => words.iter().any(|word| {
            let above = word.trim_end_matches(['*', '/']);
            word.contains(cache.folder) || (above.len() > 4 && cache.folder.starts_with(above))
        }),
        Some(program) if cache.programs.contains(&program) => {
            // What clears the archive of packages leaves the index of apt.
            let is_apt = cache.folder == "/var/lib/apt";
            !is_apt && (words.contains(&"clean") || words.contains(&"purge"))
        }
        Some(_) | None => false,
    }
}

fn variables(word: &Word) -> Vec<&str> {
    let names = word.pieces.iter().filter_map(|piece| match &piece.kind {
        PieceKind::Variable(variable) => Some(variable.name.as_str()),
        _ => None,
    });
    names.collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Lower,
    Mixed,
}

fn case_of(word: &str) -> Case {
    match (word.chars().any(char::is_lowercase), word.chars().any(char::is_uppercase)) {
        (true, true) => Case::Mixed,
        (true, false) => Case::Lower,
        (false, _) => Case::Upper,
    }
}

/// How most keywords of a file are written.
pub(super) fn usual_case(dockerfile: &Dockerfile, text: &str) -> Case {
    let written = dockerfile.instructions.iter().map(|it| case_of(text.get(it.keyword_span.range()).unwrap_or("")));
    let n_lower = written.filter(|case| *case == Case::Lower).count();
    if n_lower * 2 > dockerfile.instructions.len() { Case::Lower } else { Case::Upper }
}
