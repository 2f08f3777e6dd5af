//! Commands and actions that execute what lies in the workspace: whoever decides its content decides what they do.

use super::scope::JobScope;
use super::uses;
use crate::data::github::lists;
use crate::eval::shell::{Argument, Command};
use crate::source::clean_path;
use crate::syntax::yaml::Node;
use crate::value::{Origin, Value};

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
    if lists::obeys_folder(name) {
        return vec![prefixed(&["-C", "--directory", "-f"]).unwrap_or(here)];
    }
    if let Some(verbs) = lists::obeying_verbs(name) {
        let fits =
            verbs.contains(&if first.is_empty() { "-" } else { first }) && !is_named_install(name, first, &texts);
        let folder = prefixed(&["--prefix", "--cwd", "-C"]).or_else(|| chdir(command, &here)).unwrap_or(here);
        return if fits { vec![folder] } else { Vec::new() };
    }
    if matches!(name, "pip" | "pip3") || (lists::is_interpreter(name) && texts.starts_with(&["-m", "pip"])) {
        let obeys = texts.iter().any(|text| matches!(*text, "-r" | "-e" | "--editable" | "--requirement" | "."))
            || texts.iter().any(|text| text.starts_with("./") || text.starts_with(".["));
        return if obeys { vec![here] } else { Vec::new() };
    }
    if lists::is_interpreter(name) || matches!(name, "source" | ".") {
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
    let rest = texts.iter().copied();
    for text in rest {
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
        action if lists::executes_workspace(action) => at(input("working-directory")),
        _ => Vec::new(),
    }
}
