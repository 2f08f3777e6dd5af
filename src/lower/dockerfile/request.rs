//! Who builds which Dockerfile, and how: compose files and build steps of workflows, or nobody with defaults.

use std::collections::BTreeMap;

use crate::eval::actions::Operand;
use crate::eval::shell::{self as eval_shell, Argument, Surroundings};
use crate::lower::tree::value_of;
use crate::source::{FileId, Span, clean_path, parent_of};
use crate::syntax::expression;
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
    /// `linux/arm64` and its like; nothing where the builder's own platform counts.
    pub(super) platforms: Option<Value>,
    /// The step or command that builds, in a workflow.
    pub(super) place: Option<Span>,
    /// Named contexts: they stand in for a stage or an image of their name.
    pub(super) contexts: BTreeMap<String, String>,
    /// What the image is called: `-t`, or `image` of a compose file.
    pub(super) tags: Vec<Value>,
    /// Files into which an earlier step of the job writes a secret of the workflow, with their places.
    pub(super) written_secrets: Vec<(String, Span)>,
}

impl Request {
    /// A file in its own folder, all defaults.
    pub(super) fn default_for(path: &str) -> Request {
        Request {
            file: path.to_owned(),
            context: Some(parent_of(path).to_owned()),
            is_git_context: false,
            target: None,
            arguments: BTreeMap::new(),
            platforms: None,
            place: None,
            contexts: BTreeMap::new(),
            tags: Vec::new(),
            written_secrets: Vec::new(),
        }
    }
}

pub(super) fn requests(sources: &Sources<'_>) -> Vec<Request> {
    let mut found = Vec::new();
    for file in sources.subjects_of(Kind::Compose) {
        compose(sources, file, &mut found);
    }
    super::bake::requests(sources, &mut found);
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
            target: build.get("target").map(value_of),
            arguments: build.get("args").map(compose_arguments).unwrap_or_default(),
            contexts: build.get("additional_contexts").map(named_contexts).unwrap_or_default(),
            tags: service.value.get("image").map(value_of).into_iter().collect(),
            ..Request::default_for("")
        });
    }
}

/// A map, a list of `name=value`, or a text of such lines.
fn named_contexts(node: &Node) -> BTreeMap<String, String> {
    let pairs =
        node.entries().iter().map(|entry| (entry.key.to_string(), entry.value.as_str().unwrap_or("").to_owned()));
    let items = node.items().iter().filter_map(Node::as_str).chain(node.as_str().into_iter().flat_map(str::lines));
    let split = items.filter_map(|item| item.trim().split_once('='));
    pairs.chain(split.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
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
        Some((name, value)) => (name.trim().to_owned(), given(value, name, span)),
        None => (text.to_owned(), super::unknown("no-value", text, span)),
    }
}

/// A text as it stands, or why it is not known: a secret of the workflow is known to be one.
fn given(text: &str, name: &str, span: Span) -> Value {
    match named_secret(text) {
        Some(secret) => super::unknown("secret", &secret, span),
        None if text.contains('$') => super::unknown("no-value", name, span),
        None => Value::text(text, Origin::written(span)),
    }
}

/// `secrets.NAME` of the expressions in a text.
fn named_secret(text: &str) -> Option<String> {
    expression::holes(text).iter().filter_map(|hole| hole.expression.as_ref().ok()).find_map(|expression| {
        let path = expression.all().into_iter().filter_map(expression::Expression::path).find(|path| {
            path.first().is_some_and(|name| name == "secrets") && path.get(1).is_some_and(|name| name != "github_token")
        })?;
        Some(path.join("."))
    })
}

/// The environment of a script, as far as workflow, job and step write it.
#[derive(Clone, Default)]
struct Environment {
    variables: BTreeMap<String, Value>,
}

impl Environment {
    fn with(&self, env: Option<&Node>) -> Environment {
        let mut inner = self.clone();
        for entry in env.map(Node::entries).unwrap_or_default() {
            let text = entry.value.scalar_text().unwrap_or("");
            inner.variables.insert(entry.key.to_string(), given(text, &entry.key, entry.value.span));
        }
        inner
    }
}

impl Surroundings for Environment {
    fn variable(&self, name: &str, _: Span) -> Option<Operand> {
        self.variables.get(name).cloned().map(Operand::known)
    }

    fn expression(&self, text: &str, span: Span) -> Operand {
        let whole = format!("${{{{ {text} }}}}");
        Operand::known(match text.trim().strip_prefix("env.").and_then(|name| self.variables.get(name)) {
            Some(value) => value.clone(),
            None => given(&whole, text, span),
        })
    }
}

fn workflow(sources: &Sources<'_>, file: FileId, found: &mut Vec<Request>) {
    let Some(root) = &sources.tree(file).root else { return };
    let default_folder = root.at(&["defaults", "run", "working-directory"]).and_then(Node::as_str);
    let Some(jobs) = root.get("jobs") else { return };
    let outer = Environment::default().with(root.get("env"));
    for job in jobs.entries() {
        let job_folder = job.value.at(&["defaults", "run", "working-directory"]).and_then(Node::as_str);
        let of_job = outer.with(job.value.get("env"));
        let steps = job.value.get("steps").map(Node::items).unwrap_or(&[]);
        let mut written: Vec<(String, Span)> = Vec::new();
        for step in steps {
            let folder = step.get("working-directory").and_then(Node::as_str).or(job_folder).or(default_folder);
            let uses = step.get("uses").and_then(Node::scalar_text).unwrap_or("");
            let first = found.len();
            if uses.starts_with("docker/build-push-action@") {
                found.extend(build_action(sources, step));
            }
            for request in &mut found[first..] {
                request.written_secrets.clone_from(&written);
            }
            if let Some(run) = step.get("run") {
                let script = Script { sources, file, run, folder: folder.unwrap_or("") };
                script.read(&of_job.with(step.get("env")), &mut written, found);
            }
        }
    }
}

/// `docker/build-push-action`; without a path its context is what is committed.
fn build_action(sources: &Sources<'_>, step: &Node) -> Option<Request> {
    let input = |name: &str| step.at(&["with", name]).and_then(Node::as_str);
    let written = input("context").filter(|context| !context.contains("defaultContext"));
    let is_git_context = written.is_none() || written.is_some_and(|context| context.contains("://"));
    let context = clean_path("", written.filter(|_| !is_git_context).unwrap_or(""))?;
    // A folder that is not known holds the only Dockerfile there is, if there is only one.
    let is_hidden = context.contains("${{");
    let file = match input("file") {
        Some(file) if !file.contains("${{") => clean_path("", file)?,
        Some(_) => only_dockerfile(sources)?,
        None if is_hidden => only_dockerfile(sources)?,
        None => clean_path(&context, "Dockerfile")?,
    };
    let context = (!is_hidden).then_some(context);
    let arguments = step.at(&["with", "build-args"]).map(lines_of).unwrap_or_default();
    let arguments = arguments.into_iter().map(|(line, span)| argument(line, span)).collect();
    let target = step.at(&["with", "target"]).map(|node| match node.as_str() {
        Some(text) if !text.contains("${{") => value_of(node),
        Some(_) | None => super::unknown("no-value", "target", node.span),
    });
    let platforms = step.at(&["with", "platforms"]).map(|node| match node.as_str() {
        Some(text) => given(text, "platforms", node.span),
        None => super::unknown("no-value", "platforms", node.span),
    });
    let place = step.at(&["uses"]).map(|node| node.span);
    Some(Request {
        file,
        context,
        is_git_context,
        target,
        arguments,
        platforms,
        place,
        contexts: step.at(&["with", "build-contexts"]).map(named_contexts).unwrap_or_default(),
        // The step that builds pushes, too: its tags are those of the push.
        tags: Vec::new(),
        written_secrets: Vec::new(),
    })
}

fn only_dockerfile(sources: &Sources<'_>) -> Option<String> {
    let mut files = sources.subjects_of(Kind::Dockerfile).map(|file| sources.world.file(file).path.clone());
    let first = files.next()?;
    files.next().is_none().then_some(first)
}

/// The lines of a text with their places, blank ones left out.
fn lines_of(node: &Node) -> Vec<(&str, Span)> {
    let Some(text) = node.as_str() else { return Vec::new() };
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if !trimmed.is_empty() {
            let at = start + line.find(trimmed).unwrap_or(0);
            found.push((trimmed, node.span_of(at..at + trimmed.len())));
        }
        start += line.len();
    }
    found
}

/// The script of a step.
struct Script<'s> {
    sources: &'s Sources<'s>,
    file: FileId,
    run: &'s Node,
    folder: &'s str,
}

impl Script<'_> {
    /// `docker build` and its like, and what is written into files on the way.
    fn read(&self, around: &Environment, written: &mut Vec<(String, Span)>, found: &mut Vec<Request>) {
        if !self.run.as_str().is_some_and(|text| is_of_interest(text, around)) {
            return;
        }
        let Some(scalar) = self.run.as_scalar() else { return };
        let script = shell::read(&scalar.mapped(self.file), Dialect::WORKFLOW);
        let source = self.sources.world.file(self.file).text().unwrap_or("");
        let commands = eval_shell::run(&script, source, Dialect::WORKFLOW, around).commands;
        for (index, command) in commands.iter().enumerate() {
            written.extend(self.written(&commands, index));
            let is_builder = matches!(command.program(), Some("docker" | "podman" | "nerdctl"));
            let is_build = ["build", "buildx build", "image build", "builder build"]
                .iter()
                .any(|words| words.split(' ').enumerate().all(|(index, word)| command.word(index + 1) == Some(word)));
            if is_builder && is_build {
                let request = build_command(command, self.folder);
                found.extend(request.map(|request| Request { written_secrets: written.clone(), ..request }));
            }
        }
    }

    /// The files that a command fills with a secret: by `>`, or through `tee`.
    fn written(&self, commands: &[eval_shell::Command], index: usize) -> Vec<(String, Span)> {
        let command = &commands[index];
        let input = command.input.iter().map(|input| &input.value);
        let words = command.arguments().iter().map(Argument::value).chain(input);
        let secret = words.into_iter().find_map(secret_in);
        let Some(place) = secret else { return Vec::new() };
        let mut targets: Vec<&Value> = command.writes_to().map(|it| it.target.value()).collect();
        if let Some(reader) = command.pipes_into().map(|reader| &commands[reader])
            && reader.program() == Some("tee")
        {
            targets.extend(reader.arguments().iter().map(Argument::value));
        }
        let folder = command.directory.as_deref().and_then(|directory| clean_path(self.folder, directory));
        let path = |target: &Value| clean_path(folder.as_deref()?, target.as_str().filter(|it| !it.starts_with('-'))?);
        targets.into_iter().filter_map(path).map(|path| (path, place.unwrap_or(command.span))).collect()
    }
}

/// Whether a script may build an image or write a secret. Most do neither, and reading them closely costs much.
fn is_of_interest(text: &str, around: &Environment) -> bool {
    let known = || around.variables.values().filter_map(Value::as_str).chain([text]);
    let builds = text.contains("build")
        && known().any(|text| ["docker", "podman", "nerdctl"].iter().any(|program| text.contains(program)));
    let has_secret = || text.contains("secrets") || around.variables.values().any(|value| secret_in(value).is_some());
    builds || ((text.contains('>') || text.contains("build")) && has_secret())
}

/// Where a secret of the workflow stands in a value.
fn secret_in(value: &Value) -> Option<Option<Span>> {
    let is_secret = |value: &Value| value.reason().is_some_and(|reason| reason.code == "secret");
    if is_secret(value) {
        return Some(value.origin.span());
    }
    let text = value.as_text()?;
    let hole = text.holes().find(|hole| is_secret(hole))?;
    Some(hole.origin.span())
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
    let platforms = command.options(&["--platform"]).pop().map(|platform| platform.operand.value);
    let named = command.options(&["--build-context"]);
    let contexts = named.iter().filter_map(|it| it.text()?.split_once('='));
    Some(Request {
        context: Some(context),
        target,
        arguments,
        platforms,
        place: Some(command.span),
        tags: command.options(&["-t", "--tag"]).into_iter().map(|tag| tag.operand.value).collect(),
        contexts: contexts.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        ..Request::default_for(&file)
    })
}
