//! What workflows, jobs and steps say of themselves, read once everything around them is known.

use super::permission::{self, Owner};
use super::plan::Plan;
use super::read::{fill, fill_texts, flag_at, plain, texts, value};
use super::scope::JobScope;
use super::script;
use super::{Nothing, uses};
use crate::data::github::schema::system_of;
use crate::logic::Reason;
use crate::model::pipeline::{Concurrency, Condition, Environment, Job, JobContainer, Run, Step};
use crate::model::{Head, Id, Model, One};
use crate::source::Span;
use crate::syntax::expression::{self, Expression};
use crate::syntax::yaml::Node;
use crate::value::{Origin, Value};

/// Labels of GitHub's own runners, known here or newer, begin with one of these.
fn is_hosted_label(label: &str) -> bool {
    system_of(label).is_some()
        || ["ubuntu-", "windows-", "macos-"].iter().any(|system| label.to_ascii_lowercase().starts_with(system))
}

pub(super) fn workflow(model: &mut Model, plan: &Plan<'_>, index: usize) {
    let doc = &plan.workflows[index];
    let (id, root) = (doc.id, doc.root);
    fill(&mut model[id].name, root, "name", &Nothing);
    fill(&mut model[id].cache_mode, root, "cache-mode", &Nothing);
    if let Some(node) = root.get("permissions") {
        permission::lower(model, Owner::Workflow(id), node);
    }
    if let Some(node) = root.get("concurrency") {
        let concurrency = concurrency(model, node, &Nothing);
        model[concurrency].workflow = One::to(id, Origin::written(node.span));
        model[id].concurrency = One::to(concurrency, Origin::written(node.span));
    }
}

fn concurrency(model: &mut Model, node: &Node, scope: &dyn crate::eval::actions::Scope) -> Id<Concurrency> {
    let mut concurrency = Concurrency::new(Head::new("concurrency", node.span));
    if node.is_map() {
        fill(&mut concurrency.group, node, "group", scope);
        fill(&mut concurrency.cancel_in_progress, node, "cancel-in-progress", scope);
        fill(&mut concurrency.queue_limit, node, "queue", scope);
    } else {
        concurrency.group.set(value(node, scope));
    }
    model.pipeline.concurrencies.push(concurrency)
}

pub(super) fn job(model: &mut Model, plan: &Plan<'_>, index: usize) {
    let doc = &plan.jobs[index];
    let scope = JobScope::job(plan, index, None);
    let (id, node) = (doc.id, doc.node);
    runner(model, id, node, &scope);
    fill(&mut model[id].timeout_minutes, node, "timeout-minutes", &scope);
    fill(&mut model[id].cache_mode, node, "cache-mode", &scope);
    let says = |key: &str| node.get(key).is_some();
    if says("continue-on-error") {
        fill(&mut model[id].continue_on_error, node, "continue-on-error", &scope);
    }
    if says("with") {
        fill(&mut model[id].with, node, "with", &scope);
    }
    if says("outputs") {
        fill(&mut model[id].outputs, node, "outputs", &scope);
    }
    if let Some(secrets) = node.entry("secrets")
        && secrets.value.scalar_text() == Some("inherit")
    {
        model[id].inherits_secrets.set(flag_at(true, secrets.span()));
    }
    if let Some(matrix) = node.at(&["strategy", "matrix"]) {
        model[id].matrix.read(node.span, "matrix", Some(value(matrix, &scope)));
    }
    if let Some(block) = node.get("permissions") {
        permission::lower(model, Owner::Job(id), block);
    }
    let levels = effective_levels(plan, index, 0);
    model[id].effective_permission.set(levels);
    environment(model, id, node, &scope);
    if let Some(node) = node.get("concurrency") {
        let concurrency = concurrency(model, node, &scope);
        model[concurrency].job = One::to(id, Origin::written(node.span));
        model[id].concurrency = One::to(concurrency, Origin::written(node.span));
    }
    if let Some(condition) = node.entry("if") {
        let condition = self::condition(model, plan, &condition.value, condition.span());
        model[condition].job = One::to(id, Origin::written(doc.key_span));
        model[id].condition = One::to(condition, Origin::written(node.span));
    }
    cancelled(model, plan, index);
    containers(model, id, node, &scope);
    let mut secrets = Vec::new();
    if plan.parsed.may_name_secrets(plan.world, doc.key_span.file) {
        secret_names(plan, node, &mut secrets);
        if let Some(env) = plan.workflow_of(index).root.get("env") {
            secret_names(plan, env, &mut secrets);
        }
    }
    let list = Value::list(secrets, Origin::written(doc.key_span));
    model[id].secrets.set(list);
    let asks_outcomes = mentions(node, "outcome");
    for step in 0..doc.steps.len() {
        self::step(model, plan, index, step);
        if let (true, Some(key)) = (asks_outcomes, &doc.steps[step].key) {
            outcome(model, plan, index, doc.steps[step].id, key);
        }
    }
}

/// In which of its starts a newer run cancels a job: what a group says may depend on the event.
fn cancelled(model: &mut Model, plan: &Plan<'_>, index: usize) {
    let doc = &plan.jobs[index];
    let groups = [doc.node.get("concurrency"), plan.workflow_of(index).root.get("concurrency")];
    for cancels in groups.into_iter().flatten().filter_map(|group| group.get("cancel-in-progress")) {
        for start in &doc.starts {
            let scope = JobScope::job(plan, index, Some(start));
            let mut verdict = scope.read(cancels).value;
            verdict.origin = Origin::written(cancels.span);
            if model[start.id].is_cancelled.tri() != crate::logic::Tri::True {
                model[start.id].is_cancelled.set(verdict);
            }
        }
    }
}

fn runner(model: &mut Model, id: Id<Job>, node: &Node, scope: &JobScope<'_, '_>) {
    let Some(entry) = node.entry("runs-on") else { return };
    let labels = match entry.value.get("labels") {
        Some(labels) => texts(labels, scope),
        None if entry.value.is_map() => Value::list(Vec::new(), Origin::written(entry.value.span)),
        None => texts(&entry.value, scope),
    };
    let has_group = entry.value.get("group").is_some();
    let known: Vec<&str> =
        labels.as_list().map_or(Vec::new(), |list| list.items.iter().filter_map(Value::as_str).collect());
    let is_complete = labels.as_list().is_some_and(|list| list.open.is_none() && list.items.len() == known.len());
    let is_self_hosted = known.iter().any(|label| label.eq_ignore_ascii_case("self-hosted"));
    // A group may hold machines of GitHub's or one's own.
    let is_hosted = is_complete && !has_group && known.iter().any(|label| is_hosted_label(label));
    let origin = Origin::written(entry.value.span);
    let verdict = match (is_self_hosted, is_hosted) {
        (true, _) => Value::bool(true, origin),
        (false, true) => Value::bool(false, origin),
        (false, false) => {
            let label = known.first().copied().unwrap_or("runs-on");
            Value::unknown(Reason::at("custom-runner-label", label, entry.value.span), origin)
        }
    };
    model[id].is_self_hosted.set(verdict);
    model[id].runs_on.read(node.span, "runs-on", Some(labels));
}

/// The job's own block, else its workflow's; in a callee never more than the calling job has.
fn effective_levels(plan: &Plan<'_>, index: usize, depth: usize) -> Value {
    let doc = &plan.jobs[index];
    let workflow = plan.workflow_of(index);
    let block = doc.node.get("permissions").or_else(|| workflow.root.get("permissions"));
    let own = match block {
        Some(block) => plan.parsed.levels(block),
        None => permission::levels(None, doc.key_span),
    };
    let caller = doc.starts.iter().find_map(|start| start.caller).filter(|_| depth < 10);
    match (block, caller) {
        (None, Some((caller, _))) => effective_levels(plan, caller, depth + 1),
        (Some(_), Some((caller, _))) => permission::least(own, effective_levels(plan, caller, depth + 1)),
        (_, None) => own,
    }
}

fn environment(model: &mut Model, id: Id<Job>, node: &Node, scope: &JobScope<'_, '_>) {
    let Some(entry) = node.entry("environment") else { return };
    let name = entry.value.get("name").unwrap_or(&entry.value);
    let shown = name.scalar_text().unwrap_or("environment");
    let mut environment = Environment::new(Head::new(shown, entry.span()));
    environment.name.set(value(name, scope));
    fill(&mut environment.url, &entry.value, "url", scope);
    environment.job = One::to(id, Origin::written(entry.key_span));
    let environment = model.pipeline.environments.push(environment);
    model[id].environment = One::to(environment, Origin::written(entry.span()));
}

fn containers(model: &mut Model, id: Id<Job>, node: &Node, scope: &JobScope<'_, '_>) {
    if let Some(entry) = node.entry("container") {
        container(model, id, "container", &entry.key, &entry.value, scope);
    }
    for entry in node.get("services").map(Node::entries).unwrap_or_default() {
        container(model, id, "service", &entry.key, &entry.value, scope);
    }
}

fn container(model: &mut Model, id: Id<Job>, kind: &str, name: &str, node: &Node, scope: &JobScope<'_, '_>) {
    let image = node.get("image").unwrap_or(node);
    let origin = Origin::written(image.span);
    let mut container = JobContainer::new(Head { block: node.span, ..Head::new(name, image.span) });
    container.kind.set(Value::text(kind, origin.clone()));
    let image_value = value(image, scope);
    match image_value.as_str().filter(|text| !text.is_empty()).map(pin_of) {
        Some(pin) => container.pin.set(Value::text(pin, origin.clone())),
        None => {
            let reason = Reason::at("run-time-value", "image", image.span);
            container.pin.set(Value::unknown(reason, origin.clone()));
        }
    }
    container.image.set(image_value);
    fill(&mut container.options, node, "options", scope);
    fill_texts(&mut container.ports, node, "ports", scope);
    if let Some(password) = node.at(&["credentials", "password"]) {
        let is_literal = password.scalar_text().is_some_and(|text| !text.contains("${{") && !text.is_empty());
        container.has_literal_password.set(flag_at(is_literal, password.span));
    }
    container.job = One::to(id, origin.clone());
    let container = model.pipeline.job_containers.push(container);
    model[id].job_containers.push(container, origin);
}

/// How an image is named.
fn pin_of(image: &str) -> &'static str {
    match uses::image_pin(image) {
        "digest" => "digest",
        "image-tag" => "tag",
        _ if image.ends_with(":latest") => "latest",
        _ => "none",
    }
}

/// The image that a step runs: `docker://alpine:3.20`.
fn step_image(model: &mut Model, job: Id<Job>, node: &Node) {
    let Some(written) = node.get("uses") else { return };
    let Some(image) = written.scalar_text().and_then(|text| text.strip_prefix("docker://")) else { return };
    let origin = Origin::written(written.span);
    let mut container = JobContainer::new(Head { block: node.span, ..Head::new(image, written.span) });
    container.kind.set(Value::text("step", origin.clone()));
    container.image.set(Value::text(image, origin.clone()));
    container.pin.set(Value::text(pin_of(image), origin.clone()));
    container.job = One::to(job, origin.clone());
    let container = model.pipeline.job_containers.push(container);
    model[job].job_containers.push(container, origin);
}

/// The names of all secrets that expressions below a node read, each once, where it is read first.
fn secret_names(plan: &Plan<'_>, node: &Node, found: &mut Vec<Value>) {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        for (hole, span) in plan.parsed.placed(node) {
            let Ok(expression) = &hole.expression else { continue };
            for name in expression.all().into_iter().filter_map(|part| part.member_of("secrets")) {
                let is_new = !found.iter().any(|value| value.as_str() == Some(&name));
                if name != "github_token" && is_new {
                    found.push(Value::text(name, Origin::written(span)));
                }
            }
        }
        open.extend(node.items().iter().rev());
        open.extend(node.entries().iter().rev().map(|entry| &entry.value));
    }
}

fn step(model: &mut Model, plan: &Plan<'_>, job: usize, index: usize) {
    let doc = &plan.jobs[job].steps[index];
    let scope = JobScope::step(plan, job, None, index);
    let (id, node) = (doc.id, doc.node);
    step_image(model, plan.jobs[job].id, node);
    if let Some(key) = &doc.key {
        let span = node.get("id").map_or(node.span, |node| node.span);
        model[id].id.set(Value::text(key, Origin::written(span)));
    }
    // What few steps say takes no room in the others.
    let says = |key: &str| node.get(key).is_some();
    if says("name") {
        fill(&mut model[id].name, node, "name", &scope);
    }
    if says("with") {
        fill(&mut model[id].with, node, "with", &scope);
    }
    if says("shell") {
        fill(&mut model[id].shell, node, "shell", &scope);
    }
    if says("working-directory") {
        fill(&mut model[id].working_directory, node, "working-directory", &scope);
    }
    if says("continue-on-error") {
        fill(&mut model[id].continue_on_error, node, "continue-on-error", &scope);
    }
    if says("background") {
        fill(&mut model[id].background, node, "background", &scope);
    }
    if let Some(condition) = node.entry("if") {
        let condition = self::condition(model, plan, &condition.value, condition.span());
        model[condition].step = One::to(id, Origin::written(node.span));
        model[id].condition = One::to(condition, Origin::written(node.span));
    }
    if let Some(entry) = node.entry("run") {
        let origin = Origin::written(entry.value.span);
        let mut run = Run::new(Head { block: entry.span(), ..Head::new("run", entry.key_span) });
        if let Some(text) = entry.value.as_str() {
            run.script.set(Value::text(text, origin.clone()));
        }
        run.shell.set(Value::text(script::shell_of(&scope), origin.clone()));
        let directory = script::directory_of(&scope);
        run.directory.set(match directory.as_str() {
            "?" => Value::unknown(Reason::at("computed-directory", "working-directory", node.span), origin.clone()),
            directory => Value::text(directory, origin.clone()),
        });
        run.step = One::to(id, origin.clone());
        let run = model.pipeline.runs.push(run);
        model[id].run = One::to(run, origin);
    }
}

/// Whether a word stands in a text below a node.
fn mentions(node: &Node, word: &str) -> bool {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if node.as_str().is_some_and(|text| text.contains(word)) {
            return true;
        }
        open.extend(node.items());
        open.extend(node.entries().iter().map(|entry| &entry.value));
    }
    false
}

/// Whether a later step or another job looks at how a step ended.
fn outcome(model: &mut Model, plan: &Plan<'_>, job: usize, id: Id<Step>, key: &str) {
    let wanted = ["steps", key, "outcome"];
    let mut open = vec![plan.jobs[job].node];
    while let Some(node) = open.pop() {
        let Some(text) = node.as_str().filter(|text| text.contains("outcome")) else {
            open.extend(node.items());
            open.extend(node.entries().iter().map(|entry| &entry.value));
            continue;
        };
        let mut expressions: Vec<Expression> =
            expression::holes(text).into_iter().filter_map(|hole| hole.expression.ok()).collect();
        expressions.extend(expression::parse(text, 0..text.len()).ok());
        let reads = |part: &Expression| part.path().is_some_and(|path| path.iter().eq(wanted.iter()));
        if expressions.iter().any(|expression| expression.all().into_iter().any(reads)) {
            model[id].outcome_is_read.set(flag_at(true, node.span));
        }
    }
}

fn condition(model: &mut Model, plan: &Plan<'_>, node: &Node, span: Span) -> Id<Condition> {
    let place = node.span;
    let mut condition = Condition::new(Head { block: span, ..Head::new("if", place) });
    let text = plain(Some(node)).unwrap_or_default();
    condition.text.set(Value::text(&text, Origin::written(place)));
    match plan.parsed.condition(node).as_deref() {
        Some(expression::Condition::AlwaysTrue(_)) => condition.is_always_true.set(flag_at(true, place)),
        Some(expression::Condition::Expression(Ok(parsed))) => {
            let at = |part: &Expression| node.span_of(part.range.clone());
            let depends =
                |part: &Expression| matches!(&part.kind, expression::Kind::Context(_) | expression::Kind::Call(..));
            if !parsed.all().into_iter().any(depends) {
                condition.is_constant.set(flag_at(true, place));
            }
            for part in parsed.all() {
                let Some(asks) = asked(part) else { continue };
                let cell = match asks {
                    Asked::LastActor => &mut condition.trusts_last_actor,
                    Asked::Label => &mut condition.asks_for_label,
                    Asked::Comment => &mut condition.asks_for_comment,
                    Asked::Membership => &mut condition.asks_for_membership,
                    Asked::Substrings => &mut condition.matches_substrings,
                };
                cell.set(flag_at(true, at(part)));
            }
        }
        Some(expression::Condition::Expression(Err(_))) | None => {}
    }
    model.pipeline.conditions.push(condition)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    LastActor,
    Label,
    Comment,
    Membership,
    Substrings,
}

/// What a part of a condition looks at.
fn asked(part: &Expression) -> Option<Asked> {
    use expression::{Kind as Part, Operator};
    match &part.kind {
        Part::Compare(Operator::Equal, left, right) => {
            let (path, literal) = match (left.path(), right.path()) {
                (Some(path), _) => (path, right),
                (None, Some(path)) => (path, left),
                (None, None) => return None,
            };
            let Part::Text(literal) = &literal.kind else { return None };
            let joined = path.join(".");
            let is_actor =
                matches!(joined.as_str(), "github.actor" | "github.triggering_actor" | "github.event.sender.login");
            let is_bot = literal.ends_with("[bot]");
            match joined.as_str() {
                _ if is_actor && is_bot => Some(Asked::LastActor),
                "github.event.label.name" => Some(Asked::Label),
                "github.event.comment.body" | "github.event.issue.body" | "github.event.issue.title" => {
                    Some(Asked::Comment)
                }
                _ if joined.ends_with("author_association") => Some(Asked::Membership),
                _ => None,
            }
        }
        Part::Call(name, arguments) => {
            let path = |index: usize| arguments.get(index).and_then(Expression::path).map(|path| path.join("."));
            let (first, second) = (path(0).unwrap_or_default(), path(1).unwrap_or_default());
            let is_contains = name.eq_ignore_ascii_case("contains");
            let is_list = |text: &str| text.split_whitespace().count() > 1 || text.contains(',');
            match arguments.first().map(|argument| &argument.kind) {
                Some(Part::Text(text)) if is_contains && is_list(text) && !second.is_empty() => Some(Asked::Substrings),
                _ if is_contains && first.contains(".labels") => Some(Asked::Label),
                _ if first.ends_with("comment.body") || first.ends_with("issue.body") => Some(Asked::Comment),
                _ if second.ends_with("author_association") => Some(Asked::Membership),
                _ => None,
            }
        }
        _ => None,
    }
}
