//! Packages that commands install, and files of requirements.

use std::collections::BTreeMap;

use super::{concluded, shown, unknown, word};
use crate::data::images::package_ended;
use crate::eval::shell::Command;
use crate::lower::command::describe::is_pip;
use crate::model::image::{Command as CommandEntity, Copy, ImageBuild, Package, RequirementsFile};
use crate::model::{Head, Id, Model, One};
use crate::source::{FileId, Span, clean_path};
use crate::syntax::lines::requirements::{self, EntryKind};
use crate::syntax::{Kind, Sources};
use crate::value::{Origin, StepKind, Value};

const PIP_WITH_VALUE: [&str; 24] = [
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "-e",
    "--editable",
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "-t",
    "--target",
    "--prefix",
    "--root",
    "--python",
    "--trusted-host",
    "--platform",
    "--timeout",
    "--retries",
    "--cache-dir",
    "--progress-bar",
    "--only-binary",
    "--no-binary",
];

/// The manager that a command installs packages with, and the index of its first argument after the verb.
fn installer(command: &Command) -> Option<(&'static str, usize)> {
    if is_pip(command) {
        let at = command.words.iter().position(|it| it.operand.value.as_str() == Some("install"))?;
        return Some(("pip", at + 1));
    }
    let words: Vec<&str> = command.words.iter().map(|it| it.operand.value.as_str().unwrap_or("")).collect();
    let verb = words.iter().skip(1).position(|it| !it.starts_with('-')).map(|at| at + 1)?;
    let found = match (command.program()?, words[verb]) {
        ("npm", "install" | "i" | "add") => "npm",
        ("apt-get" | "apt", "install") => "apt",
        ("apk", "add") => "apk",
        ("yum" | "dnf" | "microdnf" | "zypper", "install" | "in") => "yum",
        ("gem", "install") => "gem",
        ("go", "install" | "get") => "go",
        _ => return None,
    };
    Some((found, verb + 1))
}

/// Whether a command refreshes the index of packages.
pub(super) fn is_update(command: &Command) -> bool {
    let verb = command.arguments().iter().filter_map(|it| it.operand.value.as_str()).find(|it| !it.starts_with('-'));
    match (command.program(), verb) {
        (Some("apt-get" | "apt" | "apk"), Some("update")) => true,
        (Some("yum" | "dnf"), Some("makecache")) => true,
        (Some("zypper"), Some("refresh" | "ref")) => true,
        (Some(_) | None, _) => false,
    }
}

/// Whether a command has a use for a fresh index; what is not known may have one.
pub(super) fn uses_index(command: &Command) -> bool {
    let verb = command.arguments().iter().filter_map(|it| it.operand.value.as_str()).find(|it| !it.starts_with('-'));
    match command.program() {
        None => true,
        Some("apt-get" | "apt" | "aptitude" | "apk" | "yum" | "dnf" | "zypper") => {
            !is_update(command) && verb != Some("clean")
        }
        Some(program) => {
            // Another program may install packages by itself; a plain one does not.
            !matches!(
                program,
                "rm" | "echo" | "true" | "set" | "mkdir" | "ln" | "export" | "cd" | "sed" | "cp" | "mv" | "chmod"
            )
        }
    }
}

/// The packages that a command names.
pub(super) fn add_packages(model: &mut Model, id: Id<CommandEntity>, command: &Command) {
    let Some((manager, from)) = installer(command) else { return };
    let with_value: &[&str] = match manager {
        "pip" => &PIP_WITH_VALUE,
        "apt" => &["-t", "-o", "-c"],
        "apk" => &["-t", "--virtual", "-X", "--repository", "-p"],
        "gem" => &["-v", "--version", "--source", "-s"],
        _ => &["--prefix", "--registry"],
    };
    let gem_version = (manager == "gem").then(|| command.options(&["-v", "--version"]).pop()).flatten();
    let first = command.words.get(from).map_or(command.span.end, |word| word.span.start);
    for argument in command.positionals(with_value) {
        if argument.span.start < first {
            continue;
        }
        let Some((name, version, is_pinned)) = package(manager, &argument.operand.value, argument.span) else {
            continue;
        };
        let mut package = Package::new(Head::new(&name, argument.span));
        package.name.set(Value::text(&name, Origin::written(argument.span)));
        package.manager.set(word(manager));
        package.version.read(argument.span, "version", version);
        package.is_pinned.set(match &gem_version {
            Some(version) => shown(true, version.span),
            None => is_pinned,
        });
        package.command = One::to(id, Origin::none());
        let package = model.image.packages.push(package);
        model[id].packages.push(package, Origin::written(argument.span));
    }
}

/// Name, version and whether it is one version; nothing for paths.
fn package(manager: &str, value: &Value, span: Span) -> Option<(String, Option<Value>, Value)> {
    let Some(text) = value.as_str() else {
        let all = value.as_text()?;
        let separator = if matches!(manager, "npm" | "go") { "@" } else { "=" };
        let prefix = all.prefix();
        let is_pin =
            prefix.len() > 1 && prefix[1..].contains(separator) && !prefix.contains(">=") && !prefix.contains("<=");
        let name = prefix.split(['=', '@', '<', '>', '~']).next().unwrap_or(prefix).to_owned();
        let pinned = if is_pin { shown(true, span) } else { unknown("no-value", &all.to_string(), span) };
        let name = if name.is_empty() { all.to_string() } else { name };
        return Some((name, None, pinned));
    };
    let (name, version) = match manager {
        "pip" => requirements::package(text)?,
        "npm" => npm_package(text)?,
        "go" => match text.split_once('@') {
            Some((name, version)) => (name.to_owned(), (version != "latest").then(|| version.to_owned())),
            None => (text.to_owned(), None),
        },
        "gem" => match text.split_once(':') {
            Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
            None => (text.to_owned(), None),
        },
        _ => {
            if text.starts_with(['.', '/']) || text.contains("://") {
                return None;
            }
            match text.split_once(['=', '~', '<']) {
                Some((name, version)) => (name.to_owned(), Some(version.trim_start_matches('=').to_owned())),
                None => (text.to_owned(), None),
            }
        }
    };
    let is_pinned = shown(version.is_some(), span);
    Some((name, version.map(|version| Value::text(version, Origin::written(span))), is_pinned))
}

/// `@scope/name@1.2.3`; a range or a tag is no version.
fn npm_package(text: &str) -> Option<(String, Option<String>)> {
    if text.starts_with(['.', '/']) || text.contains("://") || text.ends_with(".tgz") {
        return None;
    }
    match text[1..].find('@') {
        None => Some((text.to_owned(), None)),
        Some(at) => {
            let version = &text[at + 2..];
            let is_exact = version.starts_with(|first: char| first.is_ascii_digit()) && !version.contains(['x', '*']);
            Some((text[..=at].to_owned(), is_exact.then(|| version.to_owned())))
        }
    }
}

/// All files of requirements of the tree, with the pip command of an image that installs them.
pub(super) fn add_requirements(model: &mut Model, sources: &Sources<'_>) {
    let installed = installed(model, sources);
    for file in sources.subjects_of(Kind::Requirements) {
        let source = sources.world.file(file);
        let Some(text) = source.text() else { continue };
        let step = installed.iter().find(|(path, _)| *path == source.path).map(|(_, span)| *span);
        add_requirements_file(model, file, &source.path, text, step);
    }
}

fn add_requirements_file(model: &mut Model, file: FileId, path: &str, text: &str, installed: Option<Span>) {
    let start = Span::file_start(file);
    let mut entity = RequirementsFile::new(Head::new(path, start));
    entity.path.set(word(path));
    let read = requirements::read(file, text);
    let mut unpinned = Vec::new();
    let mut without_hash = Vec::new();
    let mut ended = Vec::new();
    for entry in &read.entries {
        let EntryKind::Package { name, version } = &entry.kind else { continue };
        if version.is_none() {
            unpinned.push(entry.span);
        }
        if !entry.has_hash {
            without_hash.push(entry.span);
        }
        let mut package = Package::new(Head::new(name, entry.span));
        package.name.set(Value::text(name, Origin::written(entry.span)));
        package.manager.set(word("pip"));
        package.is_pinned.set(shown(version.is_some(), entry.span));
        if let Some(version) = version {
            package.version.set(Value::text(version, Origin::written(entry.span)));
            let month = package_ended(name, version);
            let installed = installed.map_or_else(Vec::new, |span| vec![span]);
            ended.extend(month.map(|month| {
                let step = || StepKind::Said("installed here");
                let origin =
                    installed.iter().fold(Origin::written(entry.span), |origin, span| origin.then(step(), *span));
                Value::text(format!("{name} {version} (no fixes since {month})"), origin)
            }));
        }
        let package = model.image.packages.push(package);
        entity.packages.push(package, Origin::written(entry.span));
    }
    entity.is_pinned.set(verdict(&unpinned, start));
    entity.has_hashes.set(verdict(&without_hash, start));
    entity.ended_frameworks.set(super::texts(ended, None, start));
    entity.is_installed.set(match installed {
        Some(span) => shown(true, span),
        None => concluded(false),
    });
    model.image.requirements_files.push(entity);
}

/// True where nothing is wrong; false at the first line that is, with the next ones behind it.
fn verdict(wrong: &[Span], start: Span) -> Value {
    let Some((first, others)) = wrong.split_first() else { return shown(true, start) };
    let mut origin = Origin::written(*first);
    for other in others.iter().take(8) {
        origin = origin.then(StepKind::Said("nor this one"), *other);
    }
    Value::bool(false, origin)
}

/// The requirements of the tree that a pip command installs: mapped back through COPY to the context.
fn installed(model: &Model, sources: &Sources<'_>) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    let copies = copies_by_build(model);
    for (_, command) in model.image.commands.iter() {
        if command
            .program
            .as_str()
            .is_none_or(|program| !program.starts_with("pip") && !program.starts_with("python") && program != "uv")
        {
            continue;
        }
        let Some(list) = command.arguments.value().as_list() else { continue };
        let Some(build) = command.image_build.id() else { continue };
        let Some(context) = model[build].context.as_str() else { continue };
        let words: Vec<&str> = list.items.iter().map(|item| item.as_str().unwrap_or("")).collect();
        for (index, word) in words.iter().enumerate() {
            let path = match *word {
                "-r" | "--requirement" => words.get(index + 1).copied(),
                word => {
                    word.strip_prefix("--requirement=").or_else(|| word.strip_prefix("-r").filter(|it| !it.is_empty()))
                }
            };
            let Some(name) = path.and_then(|path| path.rsplit('/').next()) else { continue };
            let written = path.unwrap_or("").trim_start_matches('/');
            let candidates = [clean_path(context, written), clean_path(context, name)];
            let hit = candidates.into_iter().flatten().find(|path| sources.world.find(path).is_some());
            let copies = copies.get(&build).into_iter().flatten();
            let hit = hit.or_else(|| copied_as(model, copies.copied(), context, name, sources));
            if let Some(path) = hit {
                found.push((path, command.head.block));
            }
        }
    }
    found
}

fn copies_by_build(model: &Model) -> BTreeMap<Id<ImageBuild>, Vec<Id<Copy>>> {
    let mut copies: BTreeMap<Id<ImageBuild>, Vec<Id<Copy>>> = BTreeMap::new();
    for (id, copy) in model.image.copies.iter() {
        if let Some(build) = copy.stage.id().and_then(|stage| model[stage].image_build.id()) {
            copies.entry(build).or_default().push(id);
        }
    }
    copies
}

/// A file of this name that a COPY of a build names.
fn copied_as(
    model: &Model,
    copies: impl Iterator<Item = Id<Copy>>,
    context: &str,
    name: &str,
    sources: &Sources<'_>,
) -> Option<String> {
    for copy in copies {
        let items = model[copy].sources.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
        for source in items.iter().filter_map(Value::as_str) {
            let direct = clean_path(context, source.trim_start_matches('/'));
            let inside = clean_path(context, &format!("{}/{name}", source.trim_start_matches('/')));
            let is_it = |path: &String| path.rsplit('/').next() == Some(name) && sources.world.find(path).is_some();
            if let Some(path) = [direct, inside].into_iter().flatten().find(is_it) {
                return Some(path);
            }
        }
    }
    None
}
