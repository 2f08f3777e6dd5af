//! Runs of Terraform and OpenTofu: verb, folder, files of variables, plans.

use super::read::{flag_at, open_list};
use super::scope::JobScope;
use super::script::{Argument, Command, Walk};
use crate::logic::Reason;
use crate::model::delivery::TerraformRun;
use crate::model::{Head, Model, One};
use crate::source::clean_path;
use crate::value::{Kind, Origin, Value};

/// Verbs that change what exists or what the state says of it.
const CHANGING: [&str; 9] =
    ["apply", "destroy", "import", "taint", "untaint", "force-unlock", "refresh", "state", "workspace"];

pub(super) fn lower(model: &mut Model, scope: &JobScope<'_, '_>, walk: &Walk) {
    for (number, command) in walk.commands.iter().enumerate() {
        let program = command.program();
        if program == "terraform" || program == "tofu" {
            run(model, scope, walk, number, command);
        }
    }
}

/// The verb and what follows it that is no option; a plan file, a subcommand.
fn operands(command: &Command) -> Vec<&Argument> {
    command.words.iter().skip(1).filter(|word| !word.prefix().starts_with('-')).collect()
}

fn run(model: &mut Model, scope: &JobScope<'_, '_>, walk: &Walk, number: usize, command: &Command) {
    let operands = operands(command);
    let Some(verb) = operands.first().and_then(|word| word.text()) else { return };
    let sub = operands.get(1).and_then(|word| word.text());
    let origin = Origin::written(command.span);
    let mut run = TerraformRun::new(Head::new(format!("{} {verb}", command.program()), command.span));
    run.program.set(Value::text(command.program(), origin.clone()));
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
    if verb == "apply" {
        if let Some(plan) = operands.get(1) {
            run.plan_in.set(plan.operand.value.clone().through(crate::value::StepKind::Written, plan.span));
        }
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
    model.delivery.terraform_runs.push(run);
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
    let mut found: Vec<Value> = Vec::new();
    let mut open = None;
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

/// `yes | terraform apply`, `terraform apply <<< yes`.
fn is_answered(walk: &Walk, number: usize, command: &Command) -> bool {
    let by_input =
        command.input.as_ref().and_then(|input| input.value.as_str()).is_some_and(|text| text.trim() == "yes");
    let by_pipe = walk.commands.iter().any(|other| {
        let says_yes = other.program() == "yes" || (other.program() == "echo" && other.texts() == ["yes"]);
        other.pipes_into == Some(number) && says_yes
    });
    by_input || by_pipe
}
