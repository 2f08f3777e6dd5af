//! Needs of the roles of tasks: what ECS does with the execution role before a container runs, and what it does with the
//! task role beside the container's own code.

use std::collections::BTreeMap;

use super::known::account_in;
use super::scope::{ImagePlace, Surroundings, Target, image_in_ecr};
use super::{Certainty, Need, NeedSet};
use crate::facts::Facts;
use crate::facts::permit::arn::unfold;
use crate::facts::permit::pattern::{Case, Pattern, Reading as How, Symbol};
use crate::logic::{Reason, Tri};
use crate::model::data::Key;
use crate::model::identity::Role;
use crate::model::secret::{Parameter, Secret, SecretReference};
use crate::model::workload::{Container, Task};
use crate::model::{AnyId, Id, Link, Model, One, Reading};
use crate::source::{Place, Span};
use crate::value::{Text, Value};

/// What one task needs of its two roles, and why there may be more.
#[derive(Clone, Debug, Default)]
pub(super) struct TaskNeeds {
    pub(super) execution: Vec<Need>,
    pub(super) task: Vec<Need>,
    pub(super) open: Option<Reason>,
}

pub(super) fn collect(facts: &Facts<'_>, of: &mut BTreeMap<AnyId, NeedSet>) -> BTreeMap<u32, TaskNeeds> {
    let model = facts.model;
    let mut found = BTreeMap::new();
    for (id, task) in model.workload.tasks.iter() {
        let mut needs = TaskNeeds::default();
        if let Some(role) = task.execution_role.id() {
            needs = execution(facts, id, role);
            let set = of.entry(role.into()).or_default();
            set.starts_tasks = true;
            set.accounts.extend(account_in(&task.execution_role_arn).map(str::to_owned));
            set.users.push(Place::new(task.head.span, format!("`{}` starts with it", task.head.name)));
            for need in needs.execution.iter().cloned() {
                set.add(need);
            }
            if let Some(reason) = &needs.open {
                set.open(reason.clone());
            }
        }
        if let Some(role) = task.task_role.id() {
            needs.task = infrastructure(facts, id, role);
            let set = of.entry(role.into()).or_default();
            set.is_of_code = true;
            set.accounts.extend(account_in(&task.task_role_arn).map(str::to_owned));
            set.users.push(Place::new(task.head.span, format!("the containers of `{}` have it", task.head.name)));
            for need in needs.task.iter().cloned() {
                set.add(need);
            }
            // What the code in the container asks for stands in no file that is read here.
            set.open(Reason::at("code-not-read", format!("the code of `{}`", task.head.name), task.head.span));
        }
        found.insert(id.index, needs);
    }
    found
}

fn surroundings<'m>(facts: &Facts<'m>, role: Id<Role>) -> Surroundings<'m> {
    Surroundings::new(facts, role.into(), None)
}

fn need(action: &'static str, group: &'static str, target: Target, certainty: Certainty, place: Place) -> Need {
    Need { action, target, group, passed_to: None, cluster: None, certainty, sessions: Vec::new(), places: vec![place] }
}

/// What ECS does with an execution role.
fn execution(facts: &Facts<'_>, id: Id<Task>, role: Id<Role>) -> TaskNeeds {
    let model = facts.model;
    let around = surroundings(facts, role);
    let mut needs = TaskNeeds { open: model[id].containers.open.clone(), ..TaskNeeds::default() };
    for container in model[id].containers.ids() {
        let container = &model[container];
        pulls(&around, container, &mut needs);
        logs(&around, container, &mut needs);
        for reference in container.secret_references.ids() {
            secret(&around, &model[reference], &mut needs);
        }
        if let Some(reason) = &container.secret_references.open {
            needs.open.get_or_insert_with(|| reason.clone());
        }
        credentials(&around, container, &mut needs);
        environment_files(&around, container, &mut needs);
        if container.firelens.is_present() != Tri::False {
            let reason = Reason::at("command-not-known", "the configuration of the log router", container.head.span);
            needs.open.get_or_insert(reason);
        }
    }
    needs
}

fn star() -> Target {
    Target { pattern: Pattern::star_character(), expression: "\"*\"".to_owned() }
}

const PULL: [&str; 3] = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

fn pulls(around: &Surroundings<'_>, container: &Container, needs: &mut TaskNeeds) {
    let image = container.image_name.value();
    let span = image.origin.span().unwrap_or(container.head.span);
    let place = |action: &str| Place::new(span, format!("needs {action}"));
    let (target, certainty) = match image_in_ecr(image) {
        ImagePlace::Elsewhere => return,
        ImagePlace::Unknown => (any("{image}"), Certainty::Perhaps),
        ImagePlace::Repository(reference) => (around.written(&reference), Certainty::Sure),
        ImagePlace::Path { account, path, .. } => {
            let certainty = if account.is_some() { Certainty::Sure } else { Certainty::Perhaps };
            (around.named("ecr", "repository/", &path, ""), certainty)
        }
    };
    needs.execution.push(need(
        "ecr:GetAuthorizationToken",
        "login",
        star(),
        certainty,
        place("ecr:GetAuthorizationToken"),
    ));
    for action in PULL {
        needs.execution.push(need(action, "pull", target.clone(), certainty, place(action)));
    }
}

/// Something that nobody can name.
fn any(what: &str) -> Target {
    let hole = Symbol::Hole(crate::facts::permit::pattern::shared_hole(what, ""));
    Target { pattern: Pattern::of(vec![hole]), expression: "\"*\"".to_owned() }
}

fn logs(around: &Surroundings<'_>, container: &Container, needs: &mut TaskNeeds) {
    let Some(log) = container.log_configuration.id() else { return };
    let log = &around.model[log];
    let certainty = match log.driver.equals("awslogs") {
        Tri::True => Certainty::Sure,
        Tri::Unknown => Certainty::Perhaps,
        Tri::False => return,
    };
    let span = log.driver.origin().span().unwrap_or(log.head.span);
    let options = log.options.value().as_map();
    let option = |name: &str| options.and_then(|options| options.entries.get(name));
    let group = option("awslogs-group").and_then(Value::as_text);
    let region = option("awslogs-region").and_then(Value::as_str);
    let elsewhere = region.map(|region| around.in_region(region));
    let target = |behind: &str| match &group {
        Some(group) => elsewhere.as_ref().unwrap_or(around).named("logs", "log-group:", group, behind),
        None => any("{log group}"),
    };
    for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        needs.execution.push(need(
            action,
            "logs",
            target(":*"),
            certainty,
            Place::new(span, format!("needs {action}")),
        ));
    }
    let creates = option("awslogs-create-group");
    if let Some(creates) = creates.filter(|creates| creates.as_str() != Some("false")) {
        let place = Place::new(creates.origin.span().unwrap_or(span), "needs logs:CreateLogGroup");
        let certainty = if creates.as_str() == Some("true") { certainty } else { Certainty::Perhaps };
        needs.execution.push(need("logs:CreateLogGroup", "logs", target(""), certainty, place));
    }
    let secret_options = log.secret_options.value().as_map();
    for value in secret_options.into_iter().flat_map(|options| options.entries.values()) {
        let place = value.origin.span().unwrap_or(span);
        named_secret(around, value, &One::unknown(Reason::new("no-value", ""), value.origin.clone()), place, needs);
    }
}

fn secret(around: &Surroundings<'_>, reference: &SecretReference, needs: &mut TaskNeeds) {
    let value = reference.value_from.value();
    let place = value.origin.span().unwrap_or(reference.head.span);
    named_secret(around, value, &reference.source, place, needs);
}

/// A secret or parameter by its ARN or name: reading it, and the key that it is encrypted with.
fn named_secret(
    around: &Surroundings<'_>,
    value: &Value,
    source: &One<crate::model::secret::SecretSource>,
    span: Span,
    needs: &mut TaskNeeds,
) {
    let model = around.model;
    let Some(text) = value.as_text() else {
        needs.open.get_or_insert_with(|| Reason::at("no-value", "a secret", span));
        return;
    };
    let symbols = Pattern::new(&text, How::Literal, Case::Kept, &|hole| unfold(model, hole)).symbols().to_vec();
    let place = |action: &str| Place::new(span, format!("needs {action}"));
    let secret = source.any().and_then(AnyId::typed::<Secret>);
    let parameter = source.any().and_then(AnyId::typed::<Parameter>);
    let service = field(&symbols, 2);
    let (action, target) = match (service.as_deref(), secret, parameter) {
        (Some("secretsmanager"), ..) => {
            let arn = fields(&symbols, 7);
            ("secretsmanager:GetSecretValue", around.target(with_suffix(arn)))
        }
        (Some("ssm"), ..) => ("ssm:GetParameters", around.target(Pattern::of(fields(&symbols, 6)))),
        (_, Some(_), _) => ("secretsmanager:GetSecretValue", any("{secret}")),
        (_, _, Some(_)) => ("ssm:GetParameters", parameter_named(around, &text)),
        (None, None, None) if text.known().is_some() => ("ssm:GetParameters", parameter_named(around, &text)),
        _ => {
            needs.open.get_or_insert_with(|| Reason::at("no-value", "the ARN of a secret", span));
            for action in ["secretsmanager:GetSecretValue", "ssm:GetParameters", "kms:Decrypt"] {
                needs.execution.push(need(action, "secrets", any("{secret}"), Certainty::Perhaps, place(action)));
            }
            return;
        }
    };
    needs.execution.push(need(action, "secrets", target, Certainty::Sure, place(action)));
    let key = match (secret, parameter) {
        (Some(secret), _) => Some(&model[secret].key),
        (_, Some(parameter)) if model[parameter].kind.equals("SecureString") == Tri::False => return,
        (_, Some(parameter)) => Some(&model[parameter].key),
        (None, None) => None,
    };
    let decrypt = |target, certainty| need("kms:Decrypt", "keys", target, certainty, place("kms:Decrypt"));
    match key.map(|key| (&key.link, key.id())) {
        // The key that AWS keeps for the service lets everybody in who may read the secret.
        Some((Link::Absent, _)) => {}
        Some((Link::To(_), Some(key))) if model[key].is_aws_managed.tri() == Tri::True => {}
        Some((Link::To(_), Some(key))) => needs.execution.push(decrypt(key_target(around, key), Certainty::Sure)),
        Some((Link::To(_) | Link::Unknown(_), _)) | None => {
            needs.execution.push(decrypt(any("{key}"), Certainty::Perhaps));
        }
    }
}

fn parameter_named(around: &Surroundings<'_>, text: &Text) -> Target {
    match text.known() {
        Some(name) => {
            let name = Text::literal(name.trim_start_matches('/'), crate::value::Origin::none());
            around.named("ssm", "parameter/", &name, "")
        }
        None => any("{parameter}"),
    }
}

/// A secret's ARN ends in six characters that nobody chooses; whoever leaves them out means whatever they are.
fn with_suffix(mut symbols: Vec<Symbol>) -> Pattern {
    let n_questions = symbols.iter().rev().take_while(|symbol| **symbol == Symbol::Question).count();
    let is_literal = matches!(symbols.last(), Some(Symbol::Literal(_)));
    let has_suffix = symbols.len() > 7 && symbols[symbols.len() - 7] == Symbol::Literal('-');
    if n_questions == 0 && is_literal && !has_suffix {
        symbols.push(Symbol::Literal('-'));
        symbols.extend([Symbol::Question; 6]);
    }
    Pattern::of(symbols)
}

fn key_target(around: &Surroundings<'_>, key: Id<Key>) -> Target {
    match &around.model[key].head.terraform {
        Some(reference) => {
            let reference = crate::value::Reference { path: "arn".into(), ..(**reference).clone() };
            let kind = crate::value::Kind::Reference(std::sync::Arc::new(reference));
            around.written(&Value::new(kind, crate::value::Origin::none()))
        }
        None => any("{key}"),
    }
}

fn credentials(around: &Surroundings<'_>, container: &Container, needs: &mut TaskNeeds) {
    let value = container.repository_credentials.value();
    if value.is_null() == Tri::True {
        return;
    }
    let span = value.origin.span().unwrap_or(container.head.span);
    named_secret(around, value, &One::unknown(Reason::new("no-value", ""), value.origin.clone()), span, needs);
}

fn environment_files(around: &Surroundings<'_>, container: &Container, needs: &mut TaskNeeds) {
    let list = match container.environment_files.get() {
        Reading::Known(list) => list,
        Reading::Absent => return,
        Reading::Unknown(reason) => {
            needs.open.get_or_insert(reason);
            return;
        }
    };
    for value in &list.items {
        let span = value.origin.span().unwrap_or(container.head.span);
        let object = around.written(value);
        let bucket: Vec<Symbol> =
            object.pattern.symbols().iter().copied().take_while(|symbol| *symbol != Symbol::Literal('/')).collect();
        let place = |action: &str| Place::new(span, format!("needs {action}"));
        needs.execution.push(need("s3:GetObject", "files", object, Certainty::Sure, place("s3:GetObject")));
        let bucket = around.target(Pattern::of(bucket));
        let action = "s3:GetBucketLocation";
        needs.execution.push(need(action, "files", bucket, Certainty::Sure, place(action)));
    }
}

/// What ECS does with a task role beside the code: opening shells, mounting file systems, sending traces.
fn infrastructure(facts: &Facts<'_>, id: Id<Task>, role: Id<Role>) -> Vec<Need> {
    let model = facts.model;
    let around = surroundings(facts, role);
    let mut needs = Vec::new();
    for service in model[id].services.ids().map(|id| &model[id]) {
        let certainty = match service.exec_enabled.tri() {
            Tri::True => Certainty::Sure,
            Tri::Unknown => Certainty::Conditional,
            Tri::False => continue,
        };
        let span = service.exec_enabled.origin().span().unwrap_or(service.head.span);
        for action in SHELL {
            needs.push(need(action, "shell", star(), certainty, Place::new(span, format!("needs {action}"))));
        }
        let Some(cluster) = service.cluster.id() else { continue };
        if let Some(key) = model[cluster].exec_key.id() {
            let place = Place::new(model[cluster].exec_key.origin.span().unwrap_or(span), "needs kms:Decrypt");
            needs.push(need("kms:Decrypt", "shell", key_target(&around, key), certainty, place));
        }
        if model[cluster].exec_logging.as_str() == Some("OVERRIDE") {
            let place = |action: &str| Place::new(model[cluster].head.span, format!("may need {action}"));
            for action in AUDIT {
                needs.push(need(action, "shell", any("{audit}"), Certainty::Perhaps, place(action)));
            }
        }
    }
    for volume in model[id].volumes.ids() {
        let volume = &model[volume];
        if volume.iam_authorization.as_str() != Some("ENABLED") {
            continue;
        }
        let span = volume.iam_authorization.origin().span().unwrap_or(volume.head.span);
        let target = match volume.file_system.id().and_then(|id| model[id].head.terraform.clone()) {
            Some(reference) => {
                let reference = crate::value::Reference { path: "arn".into(), ..(*reference).clone() };
                let kind = crate::value::Kind::Reference(std::sync::Arc::new(reference));
                around.written(&Value::new(kind, crate::value::Origin::none()))
            }
            None => any("{file system}"),
        };
        for action in MOUNT {
            let place = Place::new(span, format!("needs {action}"));
            needs.push(need(action, "files", target.clone(), Certainty::Perhaps, place));
        }
    }
    for container in model[id].containers.ids() {
        let container = &model[container];
        let is_daemon = container.image_name.value().as_text().is_some_and(|text| text.contains("xray") == Tri::True);
        if is_daemon {
            let span = container.image_name.origin().span().unwrap_or(container.head.span);
            for action in ["xray:PutTraceSegments", "xray:PutTelemetryRecords"] {
                needs.push(need(
                    action,
                    "traces",
                    star(),
                    Certainty::Perhaps,
                    Place::new(span, format!("needs {action}")),
                ));
            }
        }
    }
    needs
}

const SHELL: [&str; 4] = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

const AUDIT: [&str; 6] = [
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "s3:GetEncryptionConfiguration",
    "s3:PutObject",
];

/// The policy that a file system has by itself lets everybody in who reaches it: nothing is missing for certain.
const MOUNT: [&str; 3] =
    ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"];

/// The first fields of an ARN.
fn fields(symbols: &[Symbol], count: usize) -> Vec<Symbol> {
    let end = symbols.iter().enumerate().filter(|(_, symbol)| **symbol == Symbol::Literal(':')).nth(count - 1);
    symbols[..end.map_or(symbols.len(), |(at, _)| at)].to_vec()
}

/// One field of an ARN, if all of it is literal.
fn field(symbols: &[Symbol], index: usize) -> Option<String> {
    if !symbols.starts_with(&super::scope::literal("arn:")) {
        return None;
    }
    let field = symbols.split(|symbol| *symbol == Symbol::Literal(':')).nth(index)?;
    Pattern::of(field.to_vec()).literal()
}

/// All places at which a model's task asks for something that its role lacks are told by `verdict`.
pub(super) fn role_place(model: &Model, id: Id<Task>) -> Span {
    let task = &model[id];
    task.execution_role_arn.origin().span().unwrap_or(task.head.span)
}
