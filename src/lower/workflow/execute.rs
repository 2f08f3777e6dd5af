//! Commands and actions that execute what lies in the workspace: whoever decides its content decides what they do.

use super::scope::JobScope;
use super::uses;
use crate::eval::shell::{Argument, Command};
use crate::source::clean_path;
use crate::syntax::yaml::Node;
use crate::value::{Origin, Value};

/// Programs that obey files of the folder they run in, whatever their arguments.
const OBEDIENT: [&str; 38] = [
    "make",
    "gmake",
    "just",
    "task",
    "ant",
    "mvn",
    "mvnw",
    "gradle",
    "gradlew",
    "msbuild",
    "tox",
    "nox",
    "pytest",
    "tflint",
    "checkov",
    "pre-commit",
    "eslint",
    "stylelint",
    "prettier",
    "webpack",
    "mypy",
    "pylint",
    "rubocop",
    "phpstan",
    "golangci-lint",
    "goreleaser",
    "mkdocs",
    "sonar-scanner",
    "vale",
    "pipenv",
    "bundle",
    "rake",
    "rails",
    "composer",
    "mix",
    "sbt",
    "bazel",
    "bazelisk",
];

/// Programs that do so with one of these verbs.
const BY_VERB: &[(&str, &[&str])] = &[
    ("npm", &["ci", "install", "i", "test", "t", "run", "start", "exec", "rebuild", "pack", "publish", "run-script"]),
    ("yarn", &["install", "test", "run", "start", "build", "lint", ""]),
    ("pnpm", &["install", "i", "test", "run", "start", "exec", "build", "lint"]),
    ("bun", &["install", "test", "run", "build"]),
    ("poetry", &["install", "run", "build"]),
    ("cargo", &["build", "run", "test", "bench", "check", "clippy", "install", "publish"]),
    ("go", &["generate", "run", "test"]),
    ("dotnet", &["build", "test", "run", "publish", "restore", "pack"]),
    ("terraform", &["init", "plan", "apply"]),
    ("tofu", &["init", "plan", "apply"]),
    ("docker", &["build", "buildx", "compose"]),
    ("docker-compose", &["build", "up", "run"]),
    ("uv", &["sync", "run"]),
    ("hatch", &["run", "build", "test"]),
    ("flutter", &["test", "build", "run"]),
];

const INTERPRETERS: [&str; 14] =
    ["bash", "sh", "zsh", "dash", "python", "python3", "node", "ruby", "perl", "php", "deno", "pwsh", "ts-node", "tsx"];

/// The folders whose content a command executes.
pub(super) fn folders(command: &Command) -> Vec<String> {
    let here = command.directory.clone().unwrap_or_default();
    let program = command.words.first().map(Argument::prefix).unwrap_or_default();
    let name = command.name();
    let texts = command.texts();
    let first = texts.iter().copied().find(|text| !text.starts_with('-')).unwrap_or("");
    let prefixed = |flags: &[&str]| {
        command.words.iter().zip(command.words.iter().skip(1)).find_map(|(flag, value)| {
            flags.contains(&flag.text()?).then(|| value.text())?.and_then(|to| clean_path(&here, to))
        })
    };
    if OBEDIENT.contains(&name) {
        return vec![prefixed(&["-C", "--directory", "-f"]).unwrap_or(here)];
    }
    if let Some((_, verbs)) = BY_VERB.iter().find(|(known, _)| *known == name) {
        let fits = verbs.contains(&first) && !is_named_install(name, first, &texts);
        let folder = prefixed(&["--prefix", "--cwd", "-C"]).or_else(|| chdir(command, &here)).unwrap_or(here);
        return if fits { vec![folder] } else { Vec::new() };
    }
    if matches!(name, "pip" | "pip3") || (INTERPRETERS.contains(&name) && texts.starts_with(&["-m", "pip"])) {
        let obeys = texts.iter().any(|text| matches!(*text, "-r" | "-e" | "--editable" | "--requirement" | "."))
            || texts.iter().any(|text| text.starts_with("./") || text.starts_with(".["));
        return if obeys { vec![here] } else { Vec::new() };
    }
    if INTERPRETERS.contains(&name) || matches!(name, "source" | ".") {
        return interpreted(&here, &texts);
    }
    let is_own_file = program.starts_with("./") || program.starts_with("../") || is_workspace_path(&program);
    match is_own_file {
        true => vec![clean_path(&here, crate::source::parent_of(&program)).unwrap_or(here)],
        false => Vec::new(),
    }
}

/// `scripts/deploy.sh`: a path that does not begin at the root.
fn is_workspace_path(program: &str) -> bool {
    program.contains('/') && !program.starts_with(['/', '~', '$'])
}

/// `npm install left-pad` brings a package, but the folder's own scripts run too; `-g` looks at nothing here.
fn is_named_install(program: &str, verb: &str, texts: &[&str]) -> bool {
    let is_global = texts.iter().any(|text| matches!(*text, "-g" | "--global"));
    (matches!(program, "npm" | "pnpm") && is_global)
        || (program == "cargo" && verb == "install" && !texts.contains(&"--path"))
}

fn chdir(command: &Command, here: &str) -> Option<String> {
    let to = command.option(&["-chdir", "--chdir"])?;
    clean_path(here, to.text()?)
}

fn interpreted(here: &str, texts: &[&str]) -> Vec<String> {
    let mut rest = texts.iter().copied();
    while let Some(text) = rest.next() {
        match text {
            "-c" | "-e" | "-" | "-s" => return Vec::new(),
            "-m" => return vec![here.to_owned()],
            text if text.starts_with('-') => {}
            text if text.starts_with(['/', '~']) || text.starts_with("$RUNNER") => return Vec::new(),
            text => return clean_path(here, crate::source::parent_of(text)).into_iter().collect(),
        }
    }
    Vec::new()
}

/// What an action of a step executes: itself if it lies in the workspace, and for some what lies there.
pub(super) fn by_action(scope: &JobScope<'_, '_>, node: &Node, written: &Node) -> Vec<Value> {
    let parts = uses::parts(written.scalar_text().unwrap_or(""));
    let input = |name: &str| {
        let entries = node.get("with").map(Node::entries).unwrap_or_default();
        let found = entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(name))?;
        scope.read(&found.value).value.as_str().map(str::to_owned)
    };
    let at = |folder: Option<String>| {
        let folder = folder.and_then(|folder| clean_path("", &folder)).unwrap_or_default();
        vec![Value::text(folder, Origin::written(written.span))]
    };
    if parts.kind == "workspace" {
        return at(Some(parts.path));
    }
    match parts.full().as_str() {
        "ruby/setup-ruby" if input("bundler-cache").as_deref() == Some("true") => at(input("working-directory")),
        "docker/build-push-action" => match input("context") {
            Some(context) => at(Some(context)),
            // Without a context the commit of the run is built, not what lies here.
            None => Vec::new(),
        },
        "pre-commit/action"
        | "golangci/golangci-lint-action"
        | "super-linter/super-linter"
        | "github/super-linter"
        | "gradle/gradle-build-action"
        | "gradle/gradle-command-action"
        | "oxsecurity/megalinter"
        | "sonarsource/sonarcloud-github-action"
        | "bridgecrewio/checkov-action"
        | "terraform-linters/tflint"
        | "goreleaser/goreleaser-action"
        | "cypress-io/github-action"
        | "docker/bake-action"
        | "changesets/action"
        | "borales/actions-yarn"
        | "bahmutov/npm-install"
        | "actions-rs/cargo"
        | "chromaui/action" => at(input("working-directory")),
        _ => Vec::new(),
    }
}
