//! The folder that a build sees, what its ignore file keeps out, and what a COPY takes from it.

use std::collections::BTreeSet;

use super::build::{Builder, stage_number};
use super::reference::Reference;
use super::request::Request;
use super::{concluded, reason_of, say, shown, texts, unknown};
use crate::data::secrets::{has_password, is_harmless, is_secret_file, names_secret};
use crate::eval::shell::{word_pieces, word_value};
use crate::model::image::{Copy as Entity, Instruction as InstructionEntity};
use crate::model::{Head, Id, One};
use crate::source::{FileId, Span, World, clean_path, parent_of};
use crate::syntax::Sources;
use crate::syntax::dockerfile::{Arguments, Copy, Dockerfile, Instruction, Source};
use crate::syntax::lines::env;
use crate::syntax::lines::ignore::{self, Flavour, Ignore};
use crate::syntax::lines::nginx;
use crate::value::{Origin, Piece, StepKind, Value};

pub(super) struct Context<'a> {
    world: &'a World,
    folder: Option<String>,
    is_git: bool,
    ignore: Option<Ignore>,
    tree: &'a Tree,
}

/// The folder that a file which no build names is written for: its own, or the nearest above it that holds something of
/// what COPY names while its own holds nothing of it.
pub(super) fn likely_folder<'p>(world: &World, path: &'p str, dockerfile: &Dockerfile) -> &'p str {
    let own = parent_of(path);
    let copies = dockerfile.instructions.iter().filter(|instruction| instruction.flag("from").is_none());
    let sources = copies.filter_map(|instruction| match &instruction.arguments {
        Arguments::Copy(copy) => Some(&copy.sources),
        Arguments::From(_)
        | Arguments::Command(_)
        | Arguments::Healthcheck(_)
        | Arguments::Pairs(_)
        | Arguments::Words(_)
        | Arguments::Shell(_)
        | Arguments::Onbuild(_) => None,
    });
    let named: Vec<String> = sources
        .flatten()
        .filter_map(|source| match source {
            Source::Path(word) => word.literal(),
            Source::HereDocument(..) => None,
        })
        .filter(|source| !source.contains(['*', '?', '[']) && !is_address(source))
        .filter_map(|source| clean_path("", source.trim_start_matches('/')).filter(|source| !source.is_empty()))
        .collect();
    let holds = |folder: &str| {
        let exists = |path: String| world.find(&path).is_some() || world.below(&path).next().is_some();
        named.iter().filter_map(|source| clean_path(folder, source)).any(exists)
    };
    let mut folder = own;
    // Each turn goes one folder up, so this ends.
    while !holds(folder) {
        if folder.is_empty() {
            return own;
        }
        folder = parent_of(folder);
    }
    folder
}

/// What all contexts of a tree may ask for.
pub(super) struct Tree {
    /// Ignore files of git with their folders.
    git: Vec<(String, Ignore)>,
    /// Paths of configurations of nginx.
    nginx: Vec<String>,
}

/// A secret that a COPY takes, and where it stands.
struct Taken {
    path: String,
    file: FileId,
}

impl Tree {
    pub(super) fn new(world: &World) -> Tree {
        let mut tree = Tree { git: Vec::new(), nginx: Vec::new() };
        for (id, file) in world.files() {
            if nginx::is_configuration(&file.path) {
                tree.nginx.push(file.path.clone());
            }
            if file.name() == ".gitignore"
                && let Some(text) = file.text()
            {
                tree.git.push((file.folder().to_owned(), ignore::read(id, text, Flavour::Git)));
            }
        }
        tree
    }
}

impl<'a> Context<'a> {
    pub(super) fn new(sources: &'a Sources<'a>, dockerfile: &str, request: &Request, tree: &'a Tree) -> Context<'a> {
        let world = sources.world;
        let folder = request.context.clone();
        let read = |path: &str, flavour: Flavour| {
            let id = world.find(path)?;
            Some(ignore::read(id, world.file(id).text()?, flavour))
        };
        let own = read(&format!("{dockerfile}.dockerignore"), Flavour::Docker);
        let shared = || read(&clean_path(folder.as_deref()?, ".dockerignore")?, Flavour::Docker);
        let ignore = own.or_else(shared);
        Context { world, folder, is_git: request.is_git_context, ignore, tree }
    }

    /// A path of the context as a path of the tree.
    pub(super) fn tree_path(&self, path: &str) -> Option<String> {
        clean_path(self.folder.as_deref()?, path.trim_start_matches('/'))
    }

    pub(super) fn find(&self, path: &str) -> Option<FileId> {
        self.world.find(&self.tree_path(path)?)
    }

    /// Whether a source of a COPY brings a path of the tree along.
    pub(super) fn takes(&self, source: &str, path: &str) -> bool {
        let Some(context) = self.folder.as_deref().filter(|_| !self.is_git) else { return false };
        let inside = if context.is_empty() { Some(path) } else { path.strip_prefix(context) };
        let Some(inside) = inside.map(|inside| inside.trim_start_matches('/')) else { return false };
        let Some(source) = clean_path("", source.trim_start_matches('/')) else { return false };
        let is_below =
            source.is_empty() || source == "*" || inside == source || inside.starts_with(&format!("{source}/"));
        is_below && !self.keeps_out(inside)
    }

    /// The configurations of nginx that a source of a COPY brings along; a pattern stands for files of its folder.
    fn nginx_files(&self, source: &str) -> impl Iterator<Item = &'a String> {
        let (folder, name) = source.rsplit_once('/').unwrap_or(("", source));
        let pattern = name.split_once('*').filter(|_| name != "*");
        let takes = move |path: &&String| match pattern {
            None => self.takes(source, path),
            Some((start, end)) => {
                let own = path.rsplit('/').next().unwrap_or(path);
                let fits = own.len() >= start.len() + end.len() && own.starts_with(start) && own.ends_with(end);
                fits && self.takes(folder, path) && self.tree_path(folder).as_deref() == Some(parent_of(path))
            }
        };
        self.tree.nginx.iter().filter(takes).collect::<Vec<_>>().into_iter()
    }

    fn keeps_out(&self, path: &str) -> bool {
        self.ignore.as_ref().is_some_and(|ignore| ignore.covers(path))
    }

    /// The secret files of the tree at or below a path of the context.
    fn secrets_below(&self, path: &str) -> Vec<Taken> {
        let Some(folder) = self.tree_path(path) else { return Vec::new() };
        let context = self.folder.as_deref().unwrap_or("");
        let mut found = Vec::new();
        let single = self.world.find(&folder).map(|id| (id, self.world.file(id)));
        for (id, file) in self.world.below(&folder).chain(single) {
            let relative = file.path[context.len()..].trim_start_matches('/');
            if !self.keeps_out(relative) && holds_secret(relative, file.text()) {
                found.push(Taken { path: relative.to_owned(), file: id });
            }
        }
        found
    }

    /// Paths that git ignores because they are secret, as they would lie at the context's root.
    fn ignored_secrets(&self) -> Vec<(String, Span)> {
        let Some(context) = self.folder.as_deref().filter(|_| !self.is_git) else { return Vec::new() };
        let mut found: Vec<(String, Span)> = Vec::new();
        let mut seen = BTreeSet::new();
        for (folder, ignore) in &self.tree.git {
            let speaks = context == folder || context.starts_with(&format!("{folder}/")) || folder.is_empty();
            for pattern in ignore.patterns.iter().filter(|pattern| speaks && !pattern.is_exception) {
                let name = pattern.text.rsplit('/').next().unwrap_or(&pattern.text);
                let below = pattern.text.strip_suffix(&format!("/{name}")).unwrap_or("");
                if !below.is_empty() && !below.contains('*') && clean_path(folder, below).as_deref() != Some(context) {
                    continue;
                }
                let sample = name.replace('*', "sample");
                let is_ignored = ignore.covers(&relative_to(folder, context, &sample));
                let is_secret = is_secret_file(&sample) && !sample.contains(['[', '?']);
                if is_secret && is_ignored && !self.keeps_out(&sample) && seen.insert(sample.clone()) {
                    found.push((sample, pattern.span));
                }
            }
        }
        found
    }
}

fn relative_to(folder: &str, context: &str, name: &str) -> String {
    let inside = context[folder.len().min(context.len())..].trim_matches('/');
    if inside.is_empty() { name.to_owned() } else { format!("{inside}/{name}") }
}

/// Whether a file is secret by its name and by what it holds.
fn holds_secret(path: &str, text: Option<&str>) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let holds_key = |text: &str| text.contains("PRIVATE KEY-----");
    if matches!(name, ".npmrc" | ".pypirc") {
        let has_token = |text: &str| text.contains("_authToken=") || text.contains("password");
        return text.is_some_and(has_token);
    }
    if name.ends_with(".pem") || name.ends_with(".key") {
        // A certificate has no private part; what cannot be read is taken by its name.
        return text.map_or_else(|| is_secret_file(path), holds_key);
    }
    if !is_secret_file(path) {
        return false;
    }
    match text.filter(|_| name.starts_with(".env")) {
        Some(text) => env::read(FileId(0), text).entries.iter().any(|entry| {
            let is_secret = names_secret(&entry.name) && !is_harmless(&entry.value);
            is_secret || has_password(&entry.value)
        }),
        None => true,
    }
}

impl<'a> Builder<'a> {
    pub(super) fn copy(&mut self, instruction: &'a Instruction, copy: &'a Copy, id: Id<InstructionEntity>) {
        let scope = &self.states[self.states.len() - 1].scope;
        let target = word_value(&copy.target, scope);
        let sources: Vec<Value> = copy
            .sources
            .iter()
            .filter_map(|source| match source {
                Source::Path(word) => Some(word_value(word, scope)),
                Source::HereDocument(..) => None,
            })
            .collect();
        let mut entity = Entity::new(Head::new(instruction.keyword.name(), instruction.keyword_span));
        entity.head.block = instruction.span;
        entity.sources.set(texts(sources.clone(), None, instruction.keyword_span));
        entity.lacks_workdir.set(self.lacks_workdir(&target, copy.target.span));
        entity.lacks_slash.set(lacks_slash(copy.sources.len(), &target, copy.target.span));
        entity.target.set(target.clone());
        let checksum = instruction.flag("checksum").and_then(|flag| flag.value.as_ref());
        if let Some(checksum) = checksum {
            entity.checksum.set(word_value(checksum, scope));
        }
        entity.is_remote.set(is_remote(&sources, instruction.keyword_span));
        entity.stage = One::to(self.state().id, Origin::none());
        entity.instruction = One::to(id, Origin::written(instruction.keyword_span));
        let from = instruction.flag("from").and_then(|flag| flag.value.as_ref());
        let copy_id = self.model.image.copies.push(entity);
        match from {
            Some(from) => {
                self.copied_from(from, copy_id);
                self.audit_copy_from(from, &sources, copy_id);
            }
            None => self.copied_from_context(&sources, copy_id, instruction.keyword_span),
        }
        self.model[id].copies.push(copy_id, Origin::written(instruction.span));
        let old: Vec<Value> = sources
            .iter()
            .filter(|source| crate::lower::command::describe::names_expired_bundle(source))
            .cloned()
            .collect();
        if !old.is_empty() {
            self.model[id].expired_certificates.set(texts(old, None, instruction.keyword_span));
        }
    }

    fn copied_from(&mut self, from: &crate::syntax::shell::Word, id: Id<Entity>) {
        let pieces = word_pieces(from, &self.states[self.states.len() - 1].scope);
        self.taken_from(&pieces, from.span, id);
    }

    /// What the mounts of a RUN take from a stage or an image.
    pub(super) fn mounted(&mut self, instruction: &Instruction, id: Id<InstructionEntity>) {
        for flag in instruction.flags.iter().filter(|flag| flag.name == "mount") {
            let Some(value) = &flag.value else { continue };
            let written = self.text.get(value.span.range()).unwrap_or("");
            // What is written in parts, or needs a variable, stands for whatever the builder makes of it.
            let Some(part) = written.split(',').find(|part| part.starts_with("from=")) else { continue };
            let at = part.as_ptr() as usize - written.as_ptr() as usize + "from=".len();
            let name = part["from=".len()..].trim_matches('"');
            if name.is_empty() || name.contains('$') {
                continue;
            }
            let start = value.span.start as usize + at;
            let span = Span::new(self.file, start, start + name.len());
            let mut entity = Entity::new(Head::new("mount", span));
            entity.head.block = instruction.span;
            entity.sources.set(texts(Vec::new(), None, span));
            entity.stage = One::to(self.state().id, Origin::none());
            entity.instruction = One::to(id, Origin::written(instruction.keyword_span));
            let copy = self.model.image.copies.push(entity);
            self.taken_from(&[Piece::Literal(name.into(), Origin::written(span))], span, copy);
            self.model[id].copies.push(copy, Origin::written(span));
        }
    }

    fn taken_from(&mut self, pieces: &[Piece], span: Span, id: Id<Entity>) {
        let number = self.states.len() - 1;
        let reference = Reference::new(pieces, span);
        let own = &self.plan.names[number];
        let name = reference.known().map(str::to_lowercase);
        let is_own = name.as_ref().is_some_and(|name| !own.is_empty() && name == own);
        let named = name.as_deref().and_then(|name| self.request.contexts.get(name));
        let is_context = name.as_deref() == Some("context") || named.is_some();
        self.model[id].is_from_itself.set(shown(is_own, span));
        let stage = name.as_deref().filter(|_| named.is_none());
        let stage = stage.and_then(|name| stage_number(&self.plan.names[..number], name));
        if let Some(stage) = stage {
            self.model[id].from_stage = One::to(self.states[stage].id, Origin::written(span));
        } else if !is_own && !is_context {
            let image = reference.image();
            let image = self.model.image.images.push(image);
            self.model[id].from_image = One::to(image, Origin::written(span));
        }
    }

    fn copied_from_context(&mut self, sources: &[Value], id: Id<Entity>, place: Span) {
        let is_git = self.context.is_git;
        let mut secrets = Vec::new();
        let mut ignored = Vec::new();
        let mut open = None;
        let mut whole: Option<&Value> = None;
        let mut nginx_files = Vec::new();
        for source in sources {
            let Some(path) = source.as_str() else {
                open = open.or(reason_of(source));
                continue;
            };
            if is_address(path) {
                continue;
            }
            let cleaned = clean_path("", path.trim_start_matches('/'));
            if path != "*" && cleaned.as_deref() == Some("") {
                whole = Some(source);
            }
            if path == "*" {
                whole = Some(source);
            }
            self.secrets_of(source, path, is_git, &mut secrets);
            let files = self.context.nginx_files(path);
            nginx_files.extend(files.map(|file| Value::text(file, source.origin.clone())));
            let relative = cleaned.unwrap_or_default();
            let decider = self.context.ignore.as_ref().and_then(|ignore| ignore.decides(&relative));
            if let Some(pattern) = decider.filter(|pattern| !pattern.is_exception && !relative.is_empty()) {
                let is_plain = !relative.contains(['*', '?', '[']) && !self.context_has_exception_below(&relative);
                if is_plain {
                    let step = StepKind::Said("ignored here");
                    ignored.push(Value::text(&relative, source.origin.then(step, pattern.span)));
                }
            }
        }
        let takes_whole = match (whole, &open) {
            (Some(source), _) => Value::bool(true, source.origin.clone()),
            (None, Some(_)) => unknown("no-value", "source", place),
            (None, None) => concluded(false),
        };
        let leaks = whole.map(|source| self.leaks(source));
        let uncovered = whole.map(|source| self.uncovered(source)).unwrap_or_default();
        let entity = &mut self.model[id];
        entity.takes_whole_context.set(takes_whole);
        say!(entity, secret_files, texts(secrets, open.clone(), place));
        say!(entity, nginx_files, texts(nginx_files, open.clone(), place));
        say!(entity, ignored_sources, texts(ignored, open.clone(), place));
        say!(entity, ignored_secrets, texts(leaks.unwrap_or_default(), open.clone(), place));
        say!(entity, uncovered, texts(uncovered, open, place));
    }

    fn context_has_exception_below(&self, path: &str) -> bool {
        let below = format!("{path}/");
        let patterns = self.context.ignore.iter().flat_map(|ignore| &ignore.patterns);
        patterns.into_iter().any(|it| it.is_exception && (it.text.starts_with(&below) || it.text.contains('*')))
    }

    /// Files with secrets that a source takes: those of the tree, and one that is named outright.
    fn secrets_of(&self, source: &Value, path: &str, is_git: bool, secrets: &mut Vec<Value>) {
        let Some(relative) = clean_path("", path.trim_start_matches('/')) else { return };
        if relative.contains(['*', '?', '[']) && relative != "*" {
            return;
        }
        let relative = if relative == "*" { String::new() } else { relative };
        for taken in self.context.secrets_below(&relative) {
            let step = StepKind::Said("this file comes along");
            secrets.push(Value::text(&taken.path, source.origin.then(step, Span::file_start(taken.file))));
        }
        let is_missing = self.context.find(&relative).is_none();
        let is_named = !relative.is_empty() && is_secret_file(&relative) && !relative.ends_with(".key");
        if is_missing && is_named && !is_git && !self.context.keeps_out(&relative) {
            secrets.push(Value::text(&relative, source.origin.clone()));
        }
    }

    fn leaks(&self, source: &Value) -> Vec<Value> {
        let leaks = self.context.ignored_secrets();
        let one = |(path, span): (String, Span)| {
            let step = StepKind::Said("git ignores it");
            Value::text(&path, source.origin.then(step, span))
        };
        leaks.into_iter().map(one).collect()
    }

    /// What nearly every context holds and no image needs.
    fn uncovered(&self, source: &Value) -> Vec<Value> {
        let is_root = self.context.folder.as_deref() == Some("");
        let mut names = vec![".env"];
        if is_root && !self.context.is_git {
            names.push(".git");
        }
        let free = names.into_iter().filter(|name| !self.context.keeps_out(name));
        free.map(|name| Value::text(name, source.origin.clone())).collect()
    }
}

fn is_address(path: &str) -> bool {
    path.starts_with("http://")
        || path.starts_with("https://")
        || path.starts_with("git@")
        || path.starts_with("git://")
}

/// Whether something comes over the network without naming a commit.
fn is_remote(sources: &[Value], place: Span) -> Value {
    for source in sources {
        let text = source.as_text();
        let prefix = text.as_ref().map_or("", crate::value::Text::prefix);
        let names_commit = prefix.rsplit(['#', '@']).next().is_some_and(is_commit) && prefix.contains(".git");
        if is_address(prefix) && !names_commit {
            return Value::bool(true, source.origin.clone());
        }
        if prefix.is_empty() && source.as_str().is_none() {
            return unknown("no-value", "source", place);
        }
    }
    concluded(false)
}

fn is_commit(text: &str) -> bool {
    let commit = text.split(':').next().unwrap_or(text);
    commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Several sources need a folder.
fn lacks_slash(n_sources: usize, target: &Value, place: Span) -> Value {
    if n_sources < 2 {
        return concluded(false);
    }
    match target.as_text().map(|text| text.suffix().to_owned()) {
        Some(suffix) if suffix.ends_with('/') || suffix.ends_with("/.") => concluded(false),
        Some(suffix) if target.as_str().is_some() => {
            Value::bool(!matches!(suffix.as_str(), "." | ".."), Origin::written(place))
        }
        Some(suffix) if !suffix.is_empty() => shown(true, place),
        Some(_) | None => unknown("no-value", "target", place),
    }
}
