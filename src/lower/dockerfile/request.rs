//! Who builds which Dockerfile, and how: compose files and build steps of workflows, or nobody with defaults.

use std::collections::BTreeMap;

use crate::eval::shell::{self as eval_shell, Nothing};
use crate::lower::tree::value_of;
use crate::source::{FileId, MappedText, Span, clean_path, parent_of};
use crate::syntax::shell::{self, Dialect};
use crate::syntax::yaml::Node;
use crate::syntax::{Kind, Sources};
use crate::value::{Origin, Value};

/// One way to build a file.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) file: String,
    /// The folder whose files the build sees; nothing if it cannot be told.
    pub(super) context: Option<String>,
    pub(super) is_git_context: bool,
    pub(super) target: Option<Value>,
    pub(super) arguments: BTreeMap<String, Value>,
}

impl Request {
    /// A file that no build names: in its own folder, all defaults.
    pub(super) fn default_for(path: &str) -> Request {
        Request {
            file: path.to_owned(),
            context: Some(parent_of(path).to_owned()),
            is_git_context: false,
            target: None,
            arguments: BTreeMap::new(),
        }
    }
}

pub(super) fn requests(sources: &Sources<'_>) -> Vec<Request> {
    let mut found = Vec::new();
    for file in sources.subjects_of(Kind::Compose) {
        compose(sources, file, &mut found);
    }
    for file in sources.all_of(Kind::Workflow) {
        workflow(sources, file, &mut found);
    }
    found
}

fn compose(sources: &Sources<'_>, file: FileId, found: &mut Vec<Request>) {
    let folder = sources.world.file(file).folder();
    let Some(services) = sources.tree(file).root.as_ref().and_then(|root| root.get("services")) else { return };
    for service in services.entries() {
        let Some(build) = service.value.get("build") else { continue };
        let text = |key: &str| build.get(key).and_then(Node::as_str);
        let context = build.as_str().or_else(|| text("context")).unwrap_or(".");
        let Some(context) = clean_path(folder, context).filter(|_| !context.contains("://")) else { continue };
        let Some(file) = clean_path(&context, text("dockerfile").unwrap_or("Dockerfile")) else { continue };
        found.push(Request {
            file,
            context: Some(context),
            is_git_context: false,
            target: build.get("target").map(value_of),
            arguments: build.get("args").map(compose_arguments).unwrap_or_default(),
        });
    }
}

/// A map, or a list of `NAME=value`; a bare name takes the environment.
fn compose_arguments(node: &Node) -> BTreeMap<String, Value> {
    let mut arguments = BTreeMap::new();
    for entry in node.entries() {
        arguments.insert(entry.key.to_string(), value_of(&entry.value));
    }
    for item in node.items() {
        let Some(text) = item.as_str() else { continue };
        let (name, value) = argument(text, item.span);
        arguments.insert(name, value);
    }
    arguments
}

fn argument(text: &str, span: Span) -> (String, Value) {
    match text.split_once('=') {
        Some((name, value)) if !value.contains("${") && !value.contains('$') => {
            (name.to_owned(), Value::text(value, Origin::written(span)))
        }
        Some((name, _)) => (name.to_owned(), super::unknown("no-value", name, span)),
        None => (text.to_owned(), super::unknown("no-value", text, span)),
    }
}

fn workflow(sources: &Sources<'_>, file: FileId, found: &mut Vec<Request>) {
    let Some(root) = &sources.tree(file).root else { return };
    let default_folder = root.at(&["defaults", "run", "working-directory"]).and_then(Node::as_str);
    let Some(jobs) = root.get("jobs") else { return };
    for job in jobs.entries() {
        let job_folder = job.value.at(&["defaults", "run", "working-directory"]).and_then(Node::as_str);
        let steps = job.value.get("steps").map(Node::items).unwrap_or(&[]);
        for step in steps {
            let folder = step.get("working-directory").and_then(Node::as_str).or(job_folder).or(default_folder);
            let uses = step.get("uses").and_then(Node::as_str).unwrap_or("");
            if uses.starts_with("docker/build-push-action@") {
                found.extend(build_action(step));
            }
            if let Some(run) = step.get("run") {
                script(sources, file, run, folder.unwrap_or(""), found);
            }
        }
    }
}

/// `docker/build-push-action`; without a path its context is what is committed.
fn build_action(step: &Node) -> Option<Request> {
    let input = |name: &str| step.at(&["with", name]).and_then(Node::as_str);
    let written = input("context").filter(|context| !context.contains("defaultContext"));
    let is_git_context = written.is_none() || written.is_some_and(|context| context.contains("://"));
    let context = clean_path("", written.filter(|_| !is_git_context).unwrap_or(""))?;
    if context.contains("${{") {
        return None;
    }
    let file = match input("file") {
        Some(file) => clean_path("", file)?,
        None => clean_path(&context, "Dockerfile")?,
    };
    let lines = input("build-args").unwrap_or("").lines().map(str::trim).filter(|line| !line.is_empty());
    let place = step.at(&["with", "build-args"]).map(|node| node.span);
    let arguments = lines.filter_map(|line| Some(argument(line, place?))).collect();
    let target = step.at(&["with", "target"]).map(|node| match node.as_str() {
        Some(text) if !text.contains("${{") => value_of(node),
        Some(_) | None => super::unknown("no-value", "target", node.span),
    });
    Some(Request { file, context: Some(context), is_git_context, target, arguments })
}

/// `docker build` and its like in a script.
fn script(sources: &Sources<'_>, file: FileId, run: &Node, folder: &str, found: &mut Vec<Request>) {
    let Some(text) = run.as_str().filter(|text| text.contains("build")) else { return };
    let mut mapped = MappedText::new(file, run.span.start as usize);
    mapped.push(text, run.span.range());
    let script = shell::read(&mapped, Dialect::WORKFLOW);
    let source = sources.world.file(file).text().unwrap_or("");
    for command in eval_shell::run(&script, source, Dialect::WORKFLOW, &Nothing).commands {
        let is_builder = matches!(command.program(), Some("docker" | "podman" | "nerdctl"));
        let is_build = ["build", "buildx build", "image build", "builder build"]
            .iter()
            .any(|words| words.split(' ').enumerate().all(|(index, word)| command.word(index + 1) == Some(word)));
        if is_builder && is_build {
            found.extend(build_command(&command, folder));
        }
    }
}

/// Options of `docker build` that take the next word.
const WITH_VALUE: [&str; 20] = [
    "-f",
    "--file",
    "-t",
    "--tag",
    "--build-arg",
    "--target",
    "--platform",
    "--secret",
    "--ssh",
    "--label",
    "--cache-from",
    "--cache-to",
    "--network",
    "--build-context",
    "-o",
    "--output",
    "--progress",
    "--builder",
    "--iidfile",
    "--metadata-file",
];

fn build_command(command: &eval_shell::Command, folder: &str) -> Option<Request> {
    let directory = clean_path(folder, command.directory.as_deref()?)?;
    let positionals = command.positionals(&WITH_VALUE);
    let context = positionals.last().filter(|_| positionals.len() > 1)?;
    let context = context.operand.value.as_str().filter(|context| *context != "-" && !context.contains("://"))?;
    let context = clean_path(&directory, context)?;
    let file = match command.options(&["-f", "--file"]).pop() {
        Some(file) => clean_path(&directory, file.operand.value.as_str()?)?,
        None => clean_path(&context, "Dockerfile")?,
    };
    let mut arguments = BTreeMap::new();
    for given in command.options(&["--build-arg"]) {
        let Some(text) = given.operand.value.as_text() else { continue };
        match text.prefix().split_once('=') {
            Some((name, _)) => {
                arguments.insert(name.to_owned(), given.without_prefix(name.len() + 1).operand.value);
            }
            None => {
                arguments.insert(text.prefix().to_owned(), super::unknown("no-value", text.prefix(), given.span));
            }
        }
    }
    let target = command.options(&["--target"]).pop().map(|target| target.operand.value);
    Some(Request { file, context: Some(context), is_git_context: false, target, arguments })
}
