//! Packages that scripts install and no lock file names.

use super::plan::Plan;
use super::scope::JobScope;
use super::script;
use crate::eval::shell::{Argument, Command};
use crate::model::Model;
use crate::value::{Origin, Value};

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>, job: usize) {
    for index in 0..plan.jobs[job].steps.len() {
        let step = plan.jobs[job].steps[index].id;
        let scope = JobScope::step(plan, job, None, index);
        let Some(walk) = script::walk(&scope) else { continue };
        let Some(run) = model[step].run.id() else { continue };
        for command in &walk.commands {
            if let Some(word) = unlocked(command) {
                model[run].installs_unlocked.set(Value::bool(true, Origin::written(word.span)));
            }
        }
    }
}

/// The package managers, and the verbs with which they install what is named behind.
const BY_NAME: [(&str, &[&str]); 10] = [
    ("npm", &["install", "i", "add"]),
    ("pnpm", &["add", "install", "i"]),
    ("yarn", &["add"]),
    ("bun", &["add", "install"]),
    ("pip", &["install"]),
    ("pip3", &["install"]),
    ("pipx", &["install"]),
    ("gem", &["install"]),
    ("cargo", &["install"]),
    ("go", &["install"]),
];

/// The first package of a command that is named without an exact version.
fn unlocked(command: &Command) -> Option<&Argument> {
    let is_module = matches!(command.name(), "python" | "python3") && command.texts().starts_with(&["-m", "pip"]);
    let (program, skipped) = if is_module { ("pip", 4) } else { (command.name(), 2) };
    let (_, verbs) = BY_NAME.iter().find(|(name, _)| *name == program)?;
    let verb = command.words.get(skipped - 1).and_then(Argument::text)?;
    let texts = command.texts();
    let is_locked = texts.iter().any(|text| {
        matches!(
            *text,
            "--require-hashes" | "--locked" | "--frozen-lockfile" | "--version" | "-v" | "-c" | "--constraint"
        ) || ["--version=", "--no-index", "--find-links", "--group"].iter().any(|flag| text.starts_with(flag))
            || text.starts_with("--constraint=")
    });
    if !verbs.contains(&verb) || is_locked {
        return None;
    }
    let mut before = "";
    for word in command.words.iter().skip(skipped) {
        let text = word.text().unwrap_or("");
        let is_value = matches!(
            before,
            "-r" | "--requirement"
                | "-e"
                | "--editable"
                | "-i"
                | "--index-url"
                | "--extra-index-url"
                | "--prefix"
                | "--root"
                | "--git"
                | "--path"
                | "--target"
                | "-t"
                | "--registry"
                | "-C"
                | "--dir"
                | "-w"
                | "--filter"
        );
        before = text;
        if !is_value && is_floating_package(program, text) {
            return Some(word);
        }
    }
    None
}

fn is_floating_package(program: &str, text: &str) -> bool {
    let is_path = text.starts_with(['.', '/', '-', '~', '$']) || text.contains("://") || text.ends_with(".whl");
    if text.is_empty() || is_path || text.ends_with(".tgz") {
        return false;
    }
    match program {
        // What pip itself needs is no dependency.
        "pip" | "pip3" | "pipx" => {
            !text.contains("==")
                && !text.contains(['@', '/'])
                && !matches!(text, "pip" | "setuptools" | "wheel" | "install")
        }
        "go" => text.ends_with("@latest"),
        "npm" | "pnpm" | "yarn" | "bun" => {
            let version = text.get(1..).and_then(|rest| rest.split_once('@')).map(|(_, version)| version);
            !version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
        }
        "cargo" | "gem" => !text.contains('@') && !text.contains(':'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_floating_package;

    #[test]
    fn packages_with_versions_are_fixed() {
        for (program, text) in
            [("pip", "black"), ("npm", "typescript"), ("npm", "@a/b"), ("npm", "x@latest"), ("go", "a/b@latest")]
        {
            assert!(is_floating_package(program, text), "{program} {text}");
        }
        for (program, text) in
            [("pip", "black==24.1.0"), ("pip", "."), ("npm", "x@1.2.3"), ("npm", "@a/b@2.0.0"), ("go", "a/b@v1.2.3")]
        {
            assert!(!is_floating_package(program, text), "{program} {text}");
        }
    }
}
