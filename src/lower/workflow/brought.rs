//! What a step brings about in each run that it takes part in: images that are pushed, what is deployed, what Terraform
//! does. Runs in which it does the same share it.

use std::rc::Rc;

use super::delivery::with;
use super::plan::{Plan, StartDoc};
use super::push::{lines, push, pushes};
use super::read::flag_at;
use super::scope::JobScope;
use super::{script, terraform, uses};
use crate::eval::actions::Outcome;
use crate::eval::shell::{Argument, Command, Run};
use crate::logic::{Reason, Tri};
use crate::model::delivery::{Deployment, Push, TerraformRun};
use crate::model::pipeline::Start;
use crate::model::{Cell, CellType, Head, Id, Many, Model, One};
use crate::source::Span;
use crate::syntax::yaml::Node;
use crate::value::{Origin, Value};

#[derive(Default)]
struct Brought {
    pushes: Vec<Push>,
    deployments: Vec<Deployment>,
    terraform_runs: Vec<TerraformRun>,
}

/// What the step brings about, with the runs in which it does.
pub(super) fn lower(model: &mut Model, plan: &Plan<'_>, job: usize, step: usize) {
    let doc = &plan.jobs[job];
    let takes_part = |start: &&StartDoc| start.steps.get(step) != Some(&Outcome::No);
    let mut starts: Vec<&StartDoc> = doc.starts.iter().filter(takes_part).collect();
    let mut found = Brought::default();
    if starts.is_empty() {
        found = read(model, plan, &JobScope::step(plan, job, doc.starts.first(), step));
    }
    while !starts.is_empty() {
        let scope = JobScope::step(plan, job, Some(starts[0]), step);
        let (brought, is_shared) = plan.walks.tracked(|| read(model, plan, &scope));
        let alike: Vec<Id<Start>> = match is_shared {
            true => starts.drain(..).map(|start| start.id).collect(),
            false => vec![starts.remove(0).id],
        };
        for push in brought.pushes {
            add(&mut found.pushes, push, &alike, |push| &mut push.starts, push_key);
        }
        for deployment in brought.deployments {
            add(&mut found.deployments, deployment, &alike, |deployment| &mut deployment.starts, deployment_key);
        }
        for run in brought.terraform_runs {
            add(&mut found.terraform_runs, run, &alike, |run| &mut run.starts, terraform_key);
        }
    }
    for push in found.pushes {
        model.delivery.pushes.push(push);
    }
    for deployment in found.deployments {
        let origin = Origin::written(deployment.head.span);
        let id = model.delivery.deployments.push(deployment);
        model[doc.id].deployments.push(id, origin);
    }
    for run in found.terraform_runs {
        model.delivery.terraform_runs.push(run);
    }
}

/// Adds what some runs bring about; what another run brings about just so is the same thing.
fn add<T, K: PartialEq>(
    found: &mut Vec<T>,
    mut one: T,
    runs: &[Id<Start>],
    starts: impl Fn(&mut T) -> &mut Many<Start>,
    key: impl Fn(&T) -> K,
) {
    let place = |run: Id<Start>, many: &mut Many<Start>| {
        if !many.ids().any(|known| known == run) {
            many.push(run, Origin::none());
        }
    };
    let wanted = key(&one);
    let same = found.iter().position(|known| key(known) == wanted);
    let into = match same {
        Some(at) => &mut found[at],
        None => &mut one,
    };
    runs.iter().for_each(|run| place(*run, starts(into)));
    if same.is_none() {
        found.push(one);
    }
}

fn push_key(push: &Push) -> (Span, [String; 2], Tri, Tri) {
    (push.head.span, [shown(&push.target), shown(&push.tags)], push.is_fixed.tri(), push.head.presence)
}

fn deployment_key(it: &Deployment) -> (Span, [String; 6], Tri, Tri) {
    let texts = [
        shown(&it.kind),
        shown(&it.source),
        shown(&it.service_name),
        shown(&it.cluster_name),
        shown(&it.definition),
        shown(&it.definition_file),
    ];
    (it.head.span, texts, it.assigns_public_ip.tri(), it.waits.tri())
}

fn terraform_key(it: &TerraformRun) -> (Span, [String; 6]) {
    let texts = [
        it.head.name.clone(),
        shown(&it.directory),
        shown(&it.plan_in),
        shown(&it.plan_out),
        shown(&it.flags),
        shown(&it.var_files),
    ];
    (it.head.span, texts)
}

/// What is known of a text, or of the members of a list.
fn shown<T: CellType>(cell: &Cell<T>) -> String {
    let value = cell.value();
    let one = |value: &Value| match value.as_text() {
        Some(text) => text.to_string(),
        None => value.reason().map(|reason| reason.object.clone()).unwrap_or_default(),
    };
    match value.as_list() {
        Some(list) => list.items.iter().map(one).collect::<Vec<String>>().join(" "),
        None => one(value),
    }
}

fn read(model: &Model, plan: &Plan<'_>, scope: &JobScope<'_, '_>) -> Brought {
    let mut found = Brought::default();
    let Some(node) = scope.step_doc().map(|step| step.node) else { return found };
    if let Some(text) = node.get("uses").and_then(Node::scalar_text) {
        used(plan, scope, &uses::parts(text).full(), node, &mut found);
    }
    if let Some(walk) = script::walk(scope) {
        for (number, command) in walk.commands.iter().enumerate() {
            ran(plan, scope, (&walk, number), command, &mut found);
        }
        found.terraform_runs = terraform::runs(model, scope, &walk);
    }
    found
}

fn used(plan: &Plan<'_>, scope: &JobScope<'_, '_>, action: &str, node: &Node, found: &mut Brought) {
    match action {
        "docker/build-push-action" | "docker/bake-action" => {
            let pushes = with(node, "push").map_or(Tri::False, |node| is_switched_on(&scope.read(node).value));
            let by_output =
                with(node, "outputs").and_then(Node::scalar_text).is_some_and(|text| text.contains("push=true"));
            // What is pushed by digest alone gets its tags elsewhere.
            let by_digest =
                with(node, "outputs").and_then(Node::as_str).is_some_and(|text| text.contains("push-by-digest=true"));
            let pushes = pushes.or(Tri::from(by_output)).and(Tri::from(!by_digest));
            let Some(tags) = with(node, "tags").filter(|_| pushes != Tri::False) else { return };
            let operand = scope.read(tags);
            let images = lines(&operand, &['\n', ',']);
            found.pushes.extend(images.iter().filter_map(|image| push(scope, image, tags.span, None)));
            if let (Tri::Unknown, Some(node)) = (pushes, with(node, "push")) {
                for push in &mut found.pushes {
                    push.head.presence = Tri::Unknown;
                    push.head.presence_reason = Some(Reason::at("run-time-value", "push", node.span));
                }
            }
        }
        "aws-actions/amazon-ecs-deploy-task-definition" => {
            let definition = with(node, "task-definition");
            let rendered = definition.and_then(Node::as_str).is_some_and(|text| text.contains("steps."));
            let kind = match (with(node, "service"), with(node, "run-task"), with(node, "codedeploy-appspec")) {
                (_, _, Some(_)) => "codedeploy",
                (Some(_), ..) => "service",
                (None, Some(_), None) => "task",
                (None, None, None) => return,
            };
            let waiting = ["wait-for-service-stability", "wait-for-task-stopped"].map(|name| with(node, name));
            let waits = waiting.iter().flatten().map(|node| is_switched_on(&scope.read(node).value));
            let waits = match Tri::any(waits) {
                Tri::Unknown => {
                    Value::unknown(Reason::at("run-time-value", "wait", node.span), Origin::written(node.span))
                }
                tri => flag_at(tri == Tri::True, node.span),
            };
            let mut deployment = new(scope, kind, node.span);
            deployment.source.set(Value::text(if rendered { "rendered" } else { "file" }, Origin::written(node.span)));
            if let Some((definition, file)) = definition.and_then(|it| Some((it, committed(plan, scope, it)?))) {
                let text = definition.scalar_text().unwrap_or("");
                deployment.definition_file.set(Value::text(text, Origin::written(Span::file_start(file))));
            }
            if let Some(definition) = definition {
                deployment.definition.set(super::read::value(definition, scope));
            }
            for (name, cell) in [("service", &mut deployment.service_name), ("cluster", &mut deployment.cluster_name)] {
                if let Some(node) = with(node, name) {
                    cell.set(super::read::value(node, scope));
                }
            }
            deployment.waits.set(waits);
            if let Some(address) = with(node, "run-task-assign-public-IP") {
                deployment.assigns_public_ip.set(flag_at(address.scalar_text() == Some("ENABLED"), address.span));
            }
            found.deployments.push(deployment);
        }
        "aws-actions/aws-cloudformation-github-deploy" => {
            found.deployments.push(new(scope, "stack", node.span));
        }
        _ => {}
    }
}

/// Whether an input says yes, as actions read it.
fn is_switched_on(value: &Value) -> Tri {
    match &value.kind {
        crate::value::Kind::Bool(on) => Tri::from(*on),
        crate::value::Kind::Unknown(_) | crate::value::Kind::Reference(_) => Tri::Unknown,
        _ => value.as_text().map_or(Tri::False, |text| text.equals_str("true")),
    }
}

/// The file that a step deploys, if it is a file of the tree that no earlier step of the job changes.
fn committed(plan: &Plan<'_>, scope: &JobScope<'_, '_>, node: &Node) -> Option<crate::source::FileId> {
    let value = scope.read(node).value;
    let path = value.as_str()?;
    let file = plan.world.find(&plan.local_folder(path)?)?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let before = &scope.doc().steps[..scope.step.unwrap_or(0)];
    let changes = |step: &super::plan::StepDoc<'_>| {
        let script = step.node.get("run").and_then(Node::as_str).unwrap_or("");
        script.contains(name)
    };
    (!before.iter().any(changes)).then_some(file)
}

fn new(scope: &JobScope<'_, '_>, kind: &str, span: Span) -> Deployment {
    let origin = Origin::written(span);
    let name = scope.doc().key.clone();
    let mut found = Deployment::new(Head::new(name, span));
    found.kind.set(Value::text(kind, origin.clone()));
    found.job = One::to(scope.doc().id, origin.clone());
    if let Some(step) = scope.step_doc() {
        found.step = One::to(step.id, origin);
    }
    found
}

fn ran(
    plan: &Plan<'_>,
    scope: &JobScope<'_, '_>,
    (walk, number): (&Run, usize),
    command: &Command,
    found: &mut Brought,
) {
    let is_container_tool = matches!(command.name(), "docker" | "podman" | "nerdctl" | "buildah");
    if is_container_tool && pushes(command) {
        let images: Vec<Argument> =
            match command.says(&[command.name(), "push"]) || command.says(&[command.name(), "image", "push"]) {
                true => command
                    .words
                    .iter()
                    .skip(2)
                    .filter(|word| !word.prefix().starts_with('-') && word.text() != Some("push"))
                    .take(1)
                    .cloned()
                    .collect(),
                false => command.options(&["-t", "--tag"]),
            };
        let sent = images.iter().filter_map(|image| push(scope, &image.operand, image.span, image.tail.as_ref()));
        found.pushes.extend(sent);
    }
    let kind = if command.says(&["aws", "ecs", "update-service"]) {
        "service"
    } else if command.says(&["aws", "ecs", "run-task"]) {
        "task"
    } else if command.says(&["aws", "deploy", "create-deployment"]) || command.says(&["aws", "ecs", "deploy"]) {
        "codedeploy"
    } else if command.says(&["aws", "cloudformation", "deploy"]) {
        "stack"
    } else {
        return;
    };
    if command.option(&["--desired-count"]).is_some_and(|count| count.text() == Some("0")) {
        return;
    }
    let mut deployment = new(scope, kind, command.span);
    let source = if command.option(&["--task-definition"]).is_some() { "registered" } else { "described" };
    deployment.source.set(Value::text(source, Origin::written(command.span)));
    let named = [("--service", &mut deployment.service_name), ("--cluster", &mut deployment.cluster_name)];
    for (option, cell) in named {
        if let Some(argument) = command.option(&[option]) {
            cell.set(argument.operand.value.clone());
        }
    }
    if let Some(definition) = command.option(&["--task-definition"]) {
        deployment.definition.set(definition.operand.value);
    }
    if let Some(network) = command.option(&["--network-configuration"]).filter(|_| kind == "task") {
        deployment.assigns_public_ip.set(super::service::assigns_public_ip(&network));
    }
    let awaits = |command: &Command| {
        command.says(&["aws", "ecs", "wait", "services-stable"])
            || command.says(&["aws", "ecs", "wait", "tasks-stopped"])
            || command.says(&["aws", "deploy", "wait", "deployment-successful"])
            || command.says(&["aws", "ecs", "describe-services"])
            || command.says(&["aws", "ecs", "describe-tasks"])
    };
    let here = walk.commands.iter().skip(number + 1).any(awaits);
    let waits = here || kind == "stack" || later_steps(plan, scope).iter().any(|walk| walk.commands.iter().any(awaits));
    deployment.waits.set(flag_at(waits, command.span));
    found.deployments.push(deployment);
}

/// The scripts of the steps behind this one, in this job and in jobs that need it.
fn later_steps(plan: &Plan<'_>, scope: &JobScope<'_, '_>) -> Vec<Rc<Run>> {
    let mut walks = Vec::new();
    let after = scope.step.map_or(0, |step| step + 1);
    for step in after..scope.doc().steps.len() {
        walks.extend(script::walk(&JobScope::step(plan, scope.job, None, step)));
    }
    for job in 0..plan.jobs.len() {
        if plan.jobs[job].needs.contains(&scope.job) {
            for step in 0..plan.jobs[job].steps.len() {
                walks.extend(script::walk(&JobScope::step(plan, job, None, step)));
            }
        }
    }
    walks
}
