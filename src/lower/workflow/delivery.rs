//! What steps bring about: images pushed, services deployed, Terraform run. Read from the actions that do it and from
//! the commands of scripts; what differs between the runs of a job stands in `brought`.

use super::plan::Plan;
use super::push::lines;
use super::rendering;
use super::scope::JobScope;
use super::script;
use super::{brought, terraform, uses};
use crate::eval::shell::Run;
use crate::eval::terraform::RunInput;
use crate::logic::Reason;
use crate::lower::command::{self, Description, Stands};
use crate::model::image::Command as CommandEntity;
use crate::model::secret::Variable;
use crate::model::{Head, Id, Model, One};
use crate::syntax::yaml::Node;
use crate::value::{Origin, Value};

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>, job: usize) {
    for index in 0..plan.jobs[job].steps.len() {
        let scope = JobScope::step(plan, job, plan.jobs[job].starts.first(), index);
        let node = plan.jobs[job].steps[index].node;
        if let Some(text) = node.get("uses").and_then(Node::scalar_text) {
            let action = uses::parts(text).full();
            used(model, plan, &scope, &action, node);
        }
        if let Some(walk) = script::walk(&scope) {
            commands(model, &scope, &walk);
            for command in &walk.commands {
                if command.name() == "aws" {
                    super::service::created(model, &scope, command);
                } else {
                    rendering::by_editor(model, plan, &scope, &walk, command);
                }
            }
        } else if let Some(run) = node.get("run") {
            let step = plan.jobs[job].steps[index].id;
            model[step].commands.open(Reason::at("shell", "run", run.span));
        }
        brought::lower(model, plan, job, index);
    }
}

/// The commands of the script as entities: rules about commands ask for them wherever they stand.
fn commands(model: &mut Model, scope: &JobScope<'_, '_>, walk: &Run) {
    let Some(step) = scope.step_doc() else { return };
    let first = model.image.commands.len() as u32;
    if let Some(reason) = &walk.open {
        model[step.id].commands.open(reason.clone());
    }
    for (index, command) in walk.commands.iter().enumerate() {
        let is_own = command.span.file == step.node.resolved().span.file;
        let stands = if is_own { Stands::InWorkflow } else { Stands::InScript };
        let mut entity = command::entity(walk, index, Description { mounts_secret: false, stands });
        entity.step = One::to(step.id, Origin::written(command.span));
        entity.stage = One::absent(command.span);
        if let Some(run) = model[step.id].run.id() {
            entity.run = One::to(run, Origin::written(command.span));
        }
        if let Some(reader) = command.pipes_into() {
            entity.piped_into = One::to(Id::<CommandEntity>::new(first + reader as u32), Origin::written(command.span));
        }
        let id = model.image.commands.push(entity);
        // A script or a function that is read stands by its commands.
        if !command.is_call && !walk.commands.iter().any(|inner| inner.inside == Some(index)) {
            model[step.id].commands.push(id, Origin::written(command.span));
        }
    }
}

pub(super) fn with<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let entries = node.get("with").map(Node::entries).unwrap_or_default();
    entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(name)).map(|entry| &entry.value)
}

/// What an action does that is the same however its job begins.
fn used(model: &mut Model, plan: &Plan<'_>, scope: &JobScope<'_, '_>, action: &str, node: &Node) {
    match action {
        "docker/build-push-action" | "docker/bake-action" => registry_caches(model, scope, node),
        "aws-actions/amazon-ecs-render-task-definition" => {
            rendering::by_action(model, plan, scope, node);
            if let Some(entries) = with(node, "environment-variables") {
                rendered_variables(model, scope, entries);
            }
        }
        _ => {}
    }
}

/// `NAME=value`, one a line: what a rendering step puts into the plain environment of a container.
fn rendered_variables(model: &mut Model, scope: &JobScope<'_, '_>, entries: &Node) {
    let operand = scope.read(entries);
    for line in lines(&operand, &['\n']) {
        let Some(text) = line.value.as_text() else { continue };
        let Some((name, _)) = text.prefix().split_once('=') else { continue };
        let mut variable = Variable::new(Head::new(name.trim(), entries.span));
        let origin = Origin::written(entries.span);
        variable.name.set(Value::text(name.trim(), origin.clone()));
        variable.content.set(crate::eval::shell::after(&line.value, name.len() + 1));
        variable.set_in.set(Value::text("task", origin));
        model.secret.variables.push(variable);
    }
}

/// The references of a build's caches that lie in a registry, where any branch can reach them.
fn registry_caches(model: &mut Model, scope: &JobScope<'_, '_>, node: &Node) {
    let Some(step) = scope.step_doc().map(|step| step.id) else { return };
    let found = |input: &str| {
        let entry = with(node, input)?;
        let operand = scope.read(entry);
        let text = operand.value.as_text()?;
        let Some(known) = text.known() else {
            let reason = Reason::at("run-time-value", input, entry.span);
            return Some(super::read::open_list(Vec::new(), reason, Origin::written(entry.span)));
        };
        let refs = known.lines().filter_map(|line| {
            let is_registry = line.contains("type=registry") || !line.contains("type=");
            let reference = line
                .split(',')
                .find_map(|part| part.trim().strip_prefix("ref="))
                .or_else(|| (!line.contains('=') && !line.trim().is_empty()).then(|| line.trim()));
            reference.filter(|_| is_registry).map(|reference| Value::text(reference, Origin::written(entry.span)))
        });
        Some(Value::list(refs.collect(), Origin::written(entry.span)))
    };
    if let Some(list) = found("cache-from") {
        model[step].cache_from.set(list);
    }
    if let Some(list) = found("cache-to") {
        model[step].cache_to.set(list);
    }
}

/// The runs of Terraform in a job, however it begins: the branch may choose the variables.
pub(super) fn terraform_inputs(plan: &Plan<'_>, job: usize) -> Vec<RunInput> {
    let mut found = Vec::new();
    for step in 0..plan.jobs[job].steps.len() {
        let text = plan.jobs[job].steps[step].node.get("run").and_then(Node::as_str).unwrap_or("");
        if !text.contains("terraform") && !text.contains("tofu") {
            continue;
        }
        for start in &plan.jobs[job].starts {
            let scope = JobScope::step(plan, job, Some(start), step);
            let walk = script::walk(&scope).unwrap_or_default();
            found.extend((0..walk.commands.len()).filter_map(|number| terraform::input(&scope, &walk, number)));
        }
    }
    found
}

/// Whether every command of a job that talks to AWS talks to another endpoint.
pub(super) fn all_use_other_endpoint(plan: &Plan<'_>, job: usize) -> bool {
    let mut n_users = 0;
    for step in 0..plan.jobs[job].steps.len() {
        let scope = JobScope::step(plan, job, None, step);
        let Some(walk) = script::walk(&scope) else { continue };
        for command in walk.commands.iter().filter(|command| command.name() == "aws") {
            if command.option(&["--endpoint-url", "--endpoint"]).is_none() {
                return false;
            }
            n_users += 1;
        }
    }
    n_users > 0
}
