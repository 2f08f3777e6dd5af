//! Runs of Terraform and OpenTofu: verb, folder, files of variables, plans.

use std::sync::Arc;

use super::read::{flag_at, open_list};
use super::scope::JobScope;
use crate::eval::shell::{Argument, Command, Reached, Run};
use crate::eval::terraform::{BackendSetting, RunInput, RunVerb, Setting};
use crate::logic::Reason;
use crate::model::delivery::TerraformRun;
use crate::model::{Head, Model, One};
use crate::source::{World, clean_path};
use crate::syntax::yaml::Node;
use crate::value::{Kind, Origin, Value};

/// What the name of a variable of the environment begins with that gives a Terraform variable its value.
const PREFIX: &str = "TF_VAR_";

/// Verbs that change what exists or what the state says of it.
const CHANGING: [&str; 9] =
    ["apply", "destroy", "import", "taint", "untaint", "force-unlock", "refresh", "state", "workspace"];

/// The runs of a script.
pub(super) fn runs(model: &Model, scope: &JobScope<'_, '_>, walk: &Run) -> Vec<TerraformRun> {
    let commands = walk.commands.iter().enumerate();
    let of_terraform = commands.filter(|(_, command)| matches!(command.name(), "terraform" | "tofu"));
    of_terraform.filter_map(|(number, command)| run(model, scope, walk, number, command)).collect()
}

/// The verb and what follows it that is no option; a plan file, a subcommand.
fn operands(command: &Command) -> Vec<&Argument> {
    command.words.iter().skip(1).filter(|word| !word.prefix().starts_with('-')).collect()
}

fn run(model: &Model, scope: &JobScope<'_, '_>, walk: &Run, number: usize, command: &Command) -> Option<TerraformRun> {
    let operands = operands(command);
    let verb = operands.first().and_then(|word| word.text())?;
    let sub = operands.get(1).and_then(|word| word.text());
    let origin = Origin::written(command.span);
    let mut run = TerraformRun::new(Head::new(format!("{} {verb}", command.name()), command.span));
    run.program.set(Value::text(command.name(), origin.clone()));
    run.verb.set(Value::text(verb, origin.clone()));
    directory(&mut run, command, &origin);
    let is_changing = match (verb, sub) {
        ("state", sub) => matches!(sub, Some("rm" | "mv" | "push" | "replace-provider")),
        ("workspace", sub) => sub == Some("delete"),
        (verb, _) => CHANGING.contains(&verb),
    };
    run.changes_state.set(flag_at(is_changing, command.span));
    let is_approved = command.has("-auto-approve")
        || command.has("--auto-approve")
        || is_answered(walk, number, command)
        || scope
            .find_env(&format!("TF_CLI_ARGS_{verb}"))
            .is_some_and(|args| args.value.as_str().is_some_and(|text| text.contains("auto-approve")));
    run.is_approved_in_advance.set(flag_at(is_approved, command.span));
    if let Some(word) = command.words.iter().find(|word| matches!(word.text(), Some("-lock=false" | "--lock=false"))) {
        run.locks.set(flag_at(false, word.span));
    }
    if verb == "apply"
        && let Some(plan) = operands.get(1)
    {
        run.plan_in.set(plan.operand.value.clone().through(crate::value::StepKind::Written, plan.span));
    }
    if let Some(plan) = command.option(&["-out", "--out"]).filter(|_| verb == "plan") {
        run.plan_out.set(plan.operand.value);
    }
    files(&mut run, scope, command, &origin);
    let flags: Vec<Value> = command
        .words
        .iter()
        .skip(1)
        .filter(|word| word.prefix().starts_with('-'))
        .map(|word| word.operand.value.clone())
        .collect();
    run.flags.set(Value::list(flags, origin.clone()));
    run.job = One::to(scope.doc().id, origin.clone());
    if let Some(step) = scope.step_doc() {
        run.step = One::to(step.id, origin.clone());
    }
    let before = model[scope.doc().id].credentials.ids().filter(|credential| {
        let from = model[*credential].from_step.value();
        matches!(&from.kind, Kind::Number(number) if number.as_i64().is_some_and(|from| from <= scope.step.unwrap_or(0) as i64))
    });
    if let Some(credential) = before.last() {
        run.credential = One::to(credential, origin);
    }
    Some(run)
}

/// The folder of the script, then `-chdir`.
fn directory(run: &mut TerraformRun, command: &Command, origin: &Origin) {
    let chdir = command.option(&["-chdir", "--chdir"]);
    let folder = match (&command.directory, &chdir) {
        (Some(folder), None) => Some(folder.clone()),
        (Some(folder), Some(chdir)) => chdir.text().and_then(|to| clean_path(folder, to)),
        (None, _) => None,
    };
    match folder {
        Some(folder) => run.directory.set(Value::text(folder, origin.clone())),
        None => {
            let reason = Reason::at("computed-directory", "terraform", command.span);
            run.directory.set(Value::unknown(reason, origin.clone()));
        }
    }
}

fn files(run: &mut TerraformRun, scope: &JobScope<'_, '_>, command: &Command, origin: &Origin) {
    let world = scope.plan.world;
    let mut found: Vec<Value> = Vec::new();
    let mut missing: Vec<Value> = Vec::new();
    let mut open = None;
    if let Some(folder) = run.directory.as_str().and_then(|folder| clean_path(&scope.plan.root, folder)) {
        let is_configuration = |name: &str| [".tf", ".tf.json", ".tofu"].iter().any(|ending| name.ends_with(ending));
        // Some verbs have no use for a configuration.
        let needs_none = matches!(run.verb.as_str(), Some("version" | "fmt" | "login" | "logout" | "help"));
        let exists = needs_none || world.directly_in(&folder).any(|(_, file)| is_configuration(file.name()));
        run.root_exists.set(flag_at(exists, command.span));
        for file in command.options(&["-var-file", "--var-file"]) {
            let path = file.text().and_then(|path| clean_path(&folder, path));
            if let Some(path) = path.filter(|path| world.find(path).is_none() && !is_ignored(world, path)) {
                missing.push(Value::text(path, Origin::written(file.span)));
            }
        }
    }
    run.missing_var_files.set(Value::list(missing, origin.clone()));
    for file in command.options(&["-var-file", "--var-file"]) {
        if file.text().is_none() {
            open.get_or_insert(Reason::at("run-time-value", "-var-file", file.span));
        }
        found.push(file.operand.value.clone().through(crate::value::StepKind::Written, file.span));
    }
    for name in ["TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply"] {
        if let Some(args) = scope.find_env(name) {
            match args.value.as_str() {
                Some(text) if !text.contains("-var-file") => {}
                Some(_) | None => open = open.or(Some(Reason::new("variable-files-in-environment", name))),
            }
        }
    }
    run.var_files.set(match open {
        Some(reason) => open_list(found, reason, origin.clone()),
        None => Value::list(found, origin.clone()),
    });
}

/// The run as the evaluation of Terraform is told of it; nothing where the folder is not known.
pub(super) fn input(scope: &JobScope<'_, '_>, walk: &Run, number: usize) -> Option<RunInput> {
    let command = walk.commands.get(number)?;
    let program = command.name();
    if program != "terraform" && program != "tofu" {
        return None;
    }
    let verb = match operands(command).first()?.text()? {
        "apply" => RunVerb::Apply,
        "plan" => RunVerb::Plan,
        "destroy" => RunVerb::Destroy,
        _ => RunVerb::Other,
    };
    let folder = match command.option(&["-chdir", "--chdir"]) {
        Some(chdir) => clean_path(command.directory.as_deref()?, chdir.text()?)?,
        None => command.directory.clone()?,
    };
    let mut run = RunInput {
        root_dir: clean_path(&scope.plan.root, &folder)?,
        verb,
        settings: Vec::new(),
        environment: variables(scope, walk, number),
        workspace: scope.find_env("TF_WORKSPACE").map(|operand| operand.value),
        backend_config: Vec::new(),
        place: command.span,
        label: scope.doc().key.clone(),
    };
    for (name, value) in settings(command) {
        let value = || value.operand.value.clone().through(crate::value::StepKind::Written, value.span);
        match name {
            Name::VarFile => run.settings.push(Setting::File(value())),
            Name::Var(variable) => run.settings.push(Setting::Var(variable.into(), value())),
            Name::BackendFile => run.backend_config.push(BackendSetting::File(value())),
            Name::Backend(key) => run.backend_config.push(BackendSetting::Entry(key.into(), value())),
        }
    }
    Some(run)
}

enum Name {
    VarFile,
    Var(String),
    BackendFile,
    Backend(String),
}

/// The options that set something, in order, each with its value.
fn settings(command: &Command) -> Vec<(Name, Argument)> {
    let mut found = Vec::new();
    for (index, word) in command.words.iter().enumerate().skip(1) {
        let prefix = word.prefix();
        let option = prefix.trim_start_matches('-');
        let dashes = prefix.len() - option.len();
        if dashes == 0 {
            continue;
        }
        let name = option.split('=').next().unwrap_or("");
        if !matches!(name, "var" | "var-file" | "backend-config") {
            continue;
        }
        let value = match option.contains('=') {
            true => Some(word.without_prefix(dashes + name.len() + 1)),
            false => command.words.get(index + 1).cloned(),
        };
        let Some(value) = value else { continue };
        if name == "var-file" {
            found.push((Name::VarFile, value));
            continue;
        }
        let text = value.prefix();
        match text.split_once('=') {
            Some((key, _)) => {
                let rest = value.without_prefix(key.len() + 1);
                let name = if name == "var" { Name::Var(key.to_owned()) } else { Name::Backend(key.to_owned()) };
                found.push((name, rest));
            }
            None if name == "backend-config" => found.push((Name::BackendFile, value)),
            None => {}
        }
    }
    found
}

/// `TF_VAR_name` of workflow, job and step, those that earlier steps and commands set for what follows, and those that
/// stand before the command.
fn variables(scope: &JobScope<'_, '_>, walk: &Run, number: usize) -> Vec<(Arc<str>, Value)> {
    let Some(command) = walk.commands.get(number) else { return Vec::new() };
    let (step, steps) = (scope.step_doc().map(|step| step.node), &scope.doc().steps);
    let owners = [Some(scope.plan.workflow_of(scope.job).root), Some(scope.doc().node), step];
    let assigned =
        |name: &str| command.assignments.iter().rev().find(|(assigned, _)| assigned.strip_prefix(PREFIX) == Some(name));
    let exported = exported(&walk.commands[..number]);
    let mut names: Vec<&str> = command.assignments.iter().filter_map(|(name, _)| name.strip_prefix(PREFIX)).collect();
    names.extend(exported.iter().map(|(name, _)| &**name));
    for owner in owners.into_iter().flatten() {
        let entries = owner.get("env").map(Node::entries).unwrap_or_default();
        names.extend(entries.iter().filter_map(|entry| entry.key.strip_prefix(PREFIX)));
    }
    for step in &steps[..scope.step.unwrap_or(0).min(steps.len())] {
        names.extend(handed_on(step.node.get("run").and_then(Node::as_str).unwrap_or("")));
    }
    names.sort_unstable();
    names.dedup();
    let value = |name: &str| match (assigned(name), exported.iter().rev().find(|(own, _)| own == name)) {
        (Some((_, operand)), _) => Some(operand.value.clone()),
        (None, Some((_, value))) => Some(value.clone()),
        (None, None) => scope.find_env(&format!("{PREFIX}{name}")).map(|operand| operand.value),
    };
    names.into_iter().filter_map(|name| Some((Arc::from(name), value(name)?))).collect()
}

/// `export TF_VAR_name=value` among commands that ran before; what may have run gives a value that nobody knows.
fn exported(before: &[Command]) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for command in before.iter().filter(|command| command.program() == Some("export")) {
        for word in command.arguments() {
            let written = word.prefix();
            let Some((name, _)) = written.strip_prefix(PREFIX).and_then(|rest| rest.split_once('=')) else { continue };
            let value = match command.reached {
                Reached::Always => word.without_prefix(PREFIX.len() + name.len() + 1).operand.value,
                Reached::Conditional => {
                    let reason = Reason::at("run-time-value", format!("{PREFIX}{name}"), word.span);
                    Value::unknown(reason, Origin::written(word.span))
                }
                Reached::Unreachable => continue,
            };
            found.push((name.to_owned(), value));
        }
    }
    found
}

/// The names of variables that a script may write into the environment file.
fn handed_on(script: &str) -> impl Iterator<Item = &str> {
    let script = if script.contains("GITHUB_ENV") { script } else { "" };
    script.split(PREFIX).skip(1).filter_map(|rest| {
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let name = &rest[..end.unwrap_or(rest.len())];
        (!name.is_empty()).then_some(name)
    })
}

/// `yes | terraform apply`, `terraform apply <<< yes`.
fn is_answered(walk: &Run, number: usize, command: &Command) -> bool {
    let by_input =
        command.input.as_ref().and_then(|input| input.value.as_str()).is_some_and(|text| text.trim() == "yes");
    let by_pipe = walk.commands.iter().any(|other| {
        let says_yes = other.name() == "yes" || (other.name() == "echo" && other.texts() == ["yes"]);
        other.pipes_into() == Some(number) && says_yes
    });
    by_input || by_pipe
}

/// Whether a file is left out of the repository on purpose: somebody provides it where it is needed.
fn is_ignored(world: &World, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    world.files().filter(|(_, file)| file.name() == ".gitignore").any(|(_, file)| {
        let lines = file.text().unwrap_or("").lines().map(str::trim);
        let covers = |line: &str| {
            let pattern = line.trim_start_matches('/').trim_start_matches("**/");
            pattern == name
                || pattern == path
                || path.ends_with(&format!("/{pattern}"))
                || pattern == format!("*.{ending}")
        };
        lines.filter(|line| !line.is_empty() && !line.starts_with(['#', '!'])).any(covers)
    })
}
