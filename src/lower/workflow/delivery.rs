//! What steps bring about: images pushed, services deployed, Terraform run. Read from the actions that do it and from
//! the commands of scripts.

use std::rc::Rc;
use std::sync::Arc;

use super::plan::Plan;
use super::read::flag_at;
use super::rendering;
use super::scope::JobScope;
use super::script;
use super::{terraform, uses};
use crate::eval::actions::{Charset, Control, Operand};
use crate::eval::shell::{Argument, Command, Run};
use crate::eval::terraform::RunInput;
use crate::logic::{Reason, Tri};
use crate::lower::command::{self, Description, Stands};
use crate::model::delivery::{Deployment, Push};
use crate::model::image::Command as CommandEntity;
use crate::model::secret::Variable;
use crate::model::{Head, Id, Model, One};
use crate::source::Span;
use crate::syntax::yaml::Node;
use crate::value::{Origin, Piece, Text, Value};

/// Tags that another build moves.
const MOVABLE: [&str; 22] = [
    "latest",
    "stable",
    "edge",
    "nightly",
    "main",
    "master",
    "prod",
    "production",
    "staging",
    "stage",
    "dev",
    "develop",
    "development",
    "test",
    "testing",
    "qa",
    "uat",
    "release",
    "current",
    "canary",
    "preview",
    "beta",
];

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
            for (number, command) in walk.commands.iter().enumerate() {
                ran(model, plan, &scope, &walk, number, command);
            }
            terraform::lower(model, &scope, &walk);
        } else if let Some(run) = node.get("run") {
            let step = plan.jobs[job].steps[index].id;
            model[step].commands.open(Reason::at("shell", "run", run.span));
        }
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

fn with<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let entries = node.get("with").map(Node::entries).unwrap_or_default();
    entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(name)).map(|entry| &entry.value)
}

fn used(model: &mut Model, plan: &Plan<'_>, scope: &JobScope<'_, '_>, action: &str, node: &Node) {
    match action {
        "docker/build-push-action" | "docker/bake-action" => {
            registry_caches(model, scope, node);
            let pushes = with(node, "push").map_or(Tri::False, |node| is_switched_on(&scope.read(node).value));
            let by_output =
                with(node, "outputs").and_then(Node::scalar_text).is_some_and(|text| text.contains("push=true"));
            // What is pushed by digest alone gets its tags elsewhere.
            let by_digest =
                with(node, "outputs").and_then(Node::as_str).is_some_and(|text| text.contains("push-by-digest=true"));
            let pushes = pushes.or(Tri::from(by_output)).and(Tri::from(!by_digest));
            let Some(tags) = with(node, "tags").filter(|_| pushes != Tri::False) else { return };
            let operand = scope.read(tags);
            let first = model.delivery.pushes.len() as u32;
            for line in lines(&operand, &['\n', ',']) {
                push(model, scope, &line, tags.span, None);
            }
            if let (Tri::Unknown, Some(node)) = (pushes, with(node, "push")) {
                for index in first..model.delivery.pushes.len() as u32 {
                    let head = &mut model[Id::<Push>::new(index)].head;
                    head.presence = Tri::Unknown;
                    head.presence_reason = Some(Reason::at("run-time-value", "push", node.span));
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
            let mut found = new(scope, kind, node.span);
            found.source.set(Value::text(if rendered { "rendered" } else { "file" }, Origin::written(node.span)));
            if let Some((definition, file)) = definition.and_then(|it| Some((it, committed(plan, scope, it)?))) {
                let text = definition.scalar_text().unwrap_or("");
                found.definition_file.set(Value::text(text, Origin::written(Span::file_start(file))));
            }
            if let Some(definition) = definition {
                found.definition.set(super::read::value(definition, scope));
            }
            for (name, cell) in [("service", &mut found.service_name), ("cluster", &mut found.cluster_name)] {
                if let Some(node) = with(node, name) {
                    cell.set(super::read::value(node, scope));
                }
            }
            found.waits.set(waits);
            if let Some(address) = with(node, "run-task-assign-public-IP") {
                found.assigns_public_ip.set(flag_at(address.scalar_text() == Some("ENABLED"), address.span));
            }
            keep(model, scope, found);
        }
        "aws-actions/amazon-ecs-render-task-definition" => {
            rendering::by_action(model, plan, scope, node);
            if let Some(entries) = with(node, "environment-variables") {
                rendered_variables(model, scope, entries);
            }
        }
        "aws-actions/aws-cloudformation-github-deploy" => keep(model, scope, new(scope, "stack", node.span)),
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

/// The lines of a text; a text that is one unknown value is one line.
fn lines(operand: &Operand, separators: &[char]) -> Vec<Operand> {
    let Some(text) = operand.value.as_text() else { return Vec::new() };
    let mut found: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in text.pieces() {
        match piece {
            Piece::Literal(text, origin) => {
                for (index, part) in text.split(separators).enumerate() {
                    if index > 0 {
                        found.push(Vec::new());
                    }
                    if let (false, Some(line)) = (part.trim().is_empty(), found.last_mut()) {
                        line.push(Piece::Literal(part.trim().into(), origin.clone()));
                    }
                }
            }
            Piece::Hole(_) => found.last_mut().into_iter().for_each(|line| line.push(piece.clone())),
        }
    }
    let whole = |pieces: Vec<Piece>| {
        let value = Value::new(crate::value::Kind::Text(Text::from_pieces(pieces)), operand.value.origin.clone());
        Operand { value, among: None, ..operand.clone() }
    };
    found.into_iter().filter(|pieces| !pieces.is_empty()).map(whole).collect()
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

fn keep(model: &mut Model, scope: &JobScope<'_, '_>, found: Deployment) {
    let origin = Origin::written(found.head.span);
    let id = model.delivery.deployments.push(found);
    model[scope.doc().id].deployments.push(id, origin);
}

fn ran(model: &mut Model, plan: &Plan<'_>, scope: &JobScope<'_, '_>, walk: &Run, number: usize, command: &Command) {
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
        for image in images {
            push(model, scope, &image.operand, image.span, image.tail.as_ref());
        }
    }
    if command.name() != "aws" {
        rendering::by_editor(model, plan, scope, walk, command);
        return;
    }
    super::service::created(model, scope, command);
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
    let mut found = new(scope, kind, command.span);
    let source = if command.option(&["--task-definition"]).is_some() { "registered" } else { "described" };
    found.source.set(Value::text(source, Origin::written(command.span)));
    let named = [("--service", &mut found.service_name), ("--cluster", &mut found.cluster_name)];
    for (option, cell) in named {
        if let Some(argument) = command.option(&[option]) {
            cell.set(argument.operand.value.clone());
        }
    }
    if let Some(definition) = command.option(&["--task-definition"]) {
        found.definition.set(definition.operand.value);
    }
    if let Some(network) = command.option(&["--network-configuration"]).filter(|_| kind == "task") {
        found.assigns_public_ip.set(super::service::assigns_public_ip(&network));
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
    found.waits.set(flag_at(waits, command.span));
    keep(model, scope, found);
}

fn pushes(command: &Command) -> bool {
    let tool = command.name();
    command.says(&[tool, "push"])
        || command.says(&[tool, "image", "push"])
        || command.has("--push")
        || command.option(&["--output", "-o"]).is_some_and(|output| {
            output.text().is_some_and(|text| text.contains("push=true") || text.contains("type=registry"))
        })
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

/// One image under one tag.
fn push(model: &mut Model, scope: &JobScope<'_, '_>, image: &Operand, span: Span, tail: Option<&(Arc<str>, Origin)>) {
    let origin = Origin::written(span);
    let Some(text) = image.value.as_text() else { return };
    let (target, tag) = split_tag(&text);
    let shown = Text::from_pieces(target.clone()).to_string();
    let mut found = Push::new(Head::new(shown, span));
    found.target.set(Value::new(crate::value::Kind::Text(Text::from_pieces(target)), origin.clone()));
    let class = match &tag {
        None => Ok("movable"),
        Some(tag) => tag_class(tag, image),
    };
    let tag_value = match &tag {
        Some(tag) => Value::new(crate::value::Kind::Text(tag.clone()), origin.clone()),
        None => Value::text("latest", origin.clone()),
    };
    // The tag alone, where it is a variable's value, is written where the variable is.
    let own = tail.filter(|(text, _)| tag.as_ref().and_then(Text::known) == Some(&**text));
    let written = match own {
        Some((_, written)) => written.clone(),
        None => tag.as_ref().and_then(literal_origin).unwrap_or(origin.clone()),
    };
    found.tags.set(Value::list(vec![tag_value], origin.clone()));
    match class {
        Ok(class) => found.is_fixed.set(Value::bool(class == "fixed", written)),
        Err(reason) => found.is_fixed.set(Value::unknown(reason, origin.clone())),
    }
    found.job = One::to(scope.doc().id, origin.clone());
    if let Some(step) = scope.step_doc() {
        found.step = One::to(step.id, origin);
    }
    model.delivery.pushes.push(found);
}

/// The origin of the literal that a tag is made of: the place where `latest` is written.
fn literal_origin(tag: &Text) -> Option<Origin> {
    tag.pieces().iter().find_map(|piece| match piece {
        Piece::Literal(_, origin) if origin.newest().is_some() => Some(origin.clone()),
        Piece::Literal(..) | Piece::Hole(_) => None,
    })
}

/// The pieces before and behind the last colon that stands behind the last slash.
fn split_tag(text: &Text) -> (Vec<Piece>, Option<Text>) {
    let pieces = text.pieces();
    for (index, piece) in pieces.iter().enumerate().rev() {
        let Piece::Literal(literal, origin) = piece else { continue };
        if let Some(at) = literal.rfind([':', '/']) {
            if literal[at..].starts_with('/') {
                break;
            }
            let mut before = pieces[..index].to_vec();
            before.push(Piece::Literal(literal[..at].trim_end_matches('@').into(), origin.clone()));
            let mut behind = Vec::new();
            if at + 1 < literal.len() {
                behind.push(Piece::Literal(literal[at + 1..].into(), origin.clone()));
            }
            behind.extend(pieces[index + 1..].iter().cloned());
            return (before, Some(Text::from_pieces(behind)));
        }
    }
    let has_hole = pieces.len() > 1 || matches!(pieces.first(), Some(Piece::Hole(_)));
    // `"$IMAGE"` alone may hold a tag.
    match has_hole {
        true => (pieces.to_vec(), Some(text.clone())),
        false => (pieces.to_vec(), None),
    }
}

/// `movable` or `fixed`; the reason where the tag is not known enough.
fn tag_class(tag: &Text, image: &Operand) -> Result<&'static str, Reason> {
    if let Some(known) = tag.known() {
        return Ok(class_of_word(known));
    }
    let fixed = image.shares.iter().any(|share| {
        let is_run = matches!(share.charset, Charset::Hex | Charset::Number) && share.control == Control::Platform;
        is_run || share.name.ends_with(".sha") || share.name.contains("run_") || share.name.ends_with("tag_name")
    });
    if fixed || tag.contains("@sha256") == Tri::True {
        return Ok("fixed");
    }
    let hole = tag.holes().find_map(Value::reason).cloned();
    Err(hole.unwrap_or_else(|| Reason::new("run-time-value", "image tag")))
}

fn class_of_word(tag: &str) -> &'static str {
    let is_bare = uses::is_version(tag) && tag.split('.').count() < 3;
    match MOVABLE.contains(&tag.to_lowercase().as_str()) || is_bare {
        true => "movable",
        false => "fixed",
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
