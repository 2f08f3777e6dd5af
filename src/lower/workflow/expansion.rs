//! Expressions where their value becomes code: in scripts, and in inputs that an action evaluates. Each is judged in
//! every way its job begins; the one with most reach counts.

use super::plan::{Plan, StartDoc};
use super::read::flag_at;
use super::scope::JobScope;
use super::{script, uses};
use crate::data::github::lists;
use crate::eval::actions::{Charset, Control, Operand, Outcome, RunSource, Share, evaluate};
use crate::logic::Reason;
use crate::model::pipeline::Expansion;
use crate::model::{Head, Model, One};
use crate::source::Span;
use crate::syntax::expression::{Expression, Hole, Kind as Part};
use crate::syntax::yaml::Node;
use crate::value::{Origin, StepKind, Value};

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>, job: usize) {
    for index in 0..plan.jobs[job].steps.len() {
        let node = plan.jobs[job].steps[index].node;
        if let Some(run) = node.get("run") {
            let quiet = script::quiet_places(plan, run);
            for (hole, span) in plan.parsed.placed(run) {
                add(
                    model,
                    plan,
                    Site { job, step: index, sink: "run", quiet: quiet.get(&span.start).copied() },
                    &hole,
                    span,
                );
            }
        }
        for entry in node.get("env").map(Node::entries).unwrap_or_default() {
            for (hole, span) in plan.parsed.placed(&entry.value).into_iter().filter(|(hole, _)| is_remarkable(hole)) {
                add(model, plan, Site { job, step: index, sink: "other", quiet: None }, &hole, span);
            }
        }
        let action = node.get("uses").and_then(Node::scalar_text).map(|text| uses::parts(text).full());
        let Some(action) = action else { continue };
        for entry in node.get("with").map(Node::entries).unwrap_or_default() {
            let key = entry.key.to_lowercase();
            let sink = match () {
                () if lists::evaluates(&action, &key) => "evaluated-input",
                () if lists::prompts(&action, &key) => "agent-prompt",
                () => "other",
            };
            for (hole, span) in plan.parsed.placed(&entry.value) {
                if sink != "other" || is_remarkable(&hole) {
                    add(model, plan, Site { job, step: index, sink, quiet: None }, &hole, span);
                }
            }
        }
    }
}

/// Where an expansion stands.
#[derive(Clone, Copy)]
struct Site {
    job: usize,
    step: usize,
    sink: &'static str,
    /// The most that may stand there without leaving it.
    quiet: Option<Charset>,
}

/// Expressions that matter wherever they stand.
fn is_remarkable(hole: &Hole) -> bool {
    hole.expression.as_ref().is_ok_and(|expression| {
        takes_all_secrets(expression, None) || derives_from_secret(expression) || loses_value(expression)
    })
}

fn add(model: &mut Model, plan: &Plan<'_>, site: Site, hole: &Hole, span: Span) {
    let Ok(expression) = &hole.expression else { return };
    let doc = &plan.jobs[site.job].steps[site.step];
    let origin = Origin::written(span);
    let mut in_fork_run = false;
    let worst = worst(plan, site, expression, span, &mut in_fork_run);
    let name = expression.path().map_or_else(|| "expression".to_owned(), |path| path.join("."));
    let mut expansion = Expansion::new(Head::new(&name, span));
    expansion.expression.set(Value::text(&name, origin.clone()));
    expansion.sink.set(Value::text(site.sink, origin.clone()));
    match &worst {
        Worst::Share { share, is_trusted } => {
            let origin = way(&share.way, span);
            expansion.control.set(Value::text(share.control.word(), origin.clone()));
            expansion.charset.set(Value::text(share.charset.word(), origin.clone()));
            expansion.source.set(Value::text(&*share.name, origin.clone()));
            expansion.in_trusted_run.set(Value::bool(*is_trusted, origin));
            let can_inject = share.charset.is_open() && site.quiet.is_none_or(|most| share.charset > most);
            expansion.can_inject.set(flag_at(can_inject, span));
        }
        Worst::Nobody => {
            expansion.control.set(Value::text("closed", origin.clone()));
            expansion.charset.set(Value::text("enum", origin.clone()));
            expansion.in_trusted_run.set(flag_at(false, span));
            expansion.can_inject.set(flag_at(false, span));
        }
        Worst::Unknown(reason) => {
            let unknown = || Value::unknown(reason.clone(), origin.clone());
            expansion.control.set(unknown());
            expansion.charset.set(unknown());
            expansion.can_inject.set(unknown());
            expansion.in_trusted_run.set(unknown());
        }
    }
    expansion.outsider_in_fork_run.set(flag_at(in_fork_run, span));
    expansion.is_indirect.set(flag_at(is_indirect(expression), span));
    let scope = JobScope::step(plan, site.job, None, site.step);
    expansion.takes_all_secrets.set(flag_at(takes_all_secrets(expression, Some(&scope)), span));
    expansion.derives_from_secret.set(flag_at(derives_from_secret(expression), span));
    expansion.loses_value.set(flag_at(loses_value(expression), span));
    expansion.step = One::to(doc.id, origin.clone());
    expansion.job = One::to(plan.jobs[site.job].id, origin.clone());
    let run = model[doc.id].run.id().filter(|_| site.sink == "run");
    if let Some(run) = run {
        expansion.run = One::to(run, origin.clone());
    }
    let id = model.pipeline.expansions.push(expansion);
    if let Some(run) = run {
        model[run].expansions.push(id, origin);
    }
}

/// The places that a value came through, the expression last.
fn way(way: &[Span], span: Span) -> Origin {
    let mut origin = Origin::none();
    for place in way.iter().filter(|place| **place != span) {
        origin = match origin.newest() {
            None => Origin::none().then(StepKind::Said("where the text comes from"), *place),
            Some(_) => origin.then(StepKind::Said("through this"), *place),
        };
    }
    match origin.newest() {
        None => Origin::written(span),
        Some(_) => origin.then(StepKind::Said("the expression"), span),
    }
}

enum Worst {
    Share { share: Share, is_trusted: bool },
    Nobody,
    Unknown(Reason),
}

/// The most dangerous share over all ways in which the step runs. One that only a fork's own powerless run brings
/// counts less than any other.
fn worst(plan: &Plan<'_>, site: Site, expression: &Expression, span: Span, in_fork_run: &mut bool) -> Worst {
    let doc = &plan.jobs[site.job];
    let mut found: Option<(bool, Share)> = None;
    let mut open: Option<Reason> = None;
    let mut shared: Option<Operand> = None;
    for start in &doc.starts {
        match start.steps.get(site.step) {
            Some(Outcome::No) => continue,
            Some(Outcome::Unknown) => {
                open.get_or_insert(Reason::at("condition-not-known", "if", span));
            }
            Some(Outcome::Either | Outcome::Yes) | None => {}
        }
        let operand = shared.clone().unwrap_or_else(|| {
            let scope = JobScope::step(plan, site.job, Some(start), site.step);
            let (operand, is_shared) = plan.walks.tracked(|| evaluate(expression, &scope).at(span));
            shared = is_shared.then(|| operand.clone());
            operand
        });
        let is_certain = start.maybe.is_none() && start.steps.get(site.step) != Some(&Outcome::Unknown);
        if !is_certain {
            let dangerous =
                operand.worst().is_some_and(|share| share.control >= Control::Writer && share.charset.is_open());
            let reason = start.maybe.clone().or(operand.open.clone());
            if dangerous || operand.open.is_some() {
                open = open.or(reason);
            }
            continue;
        }
        open = open.or_else(|| operand.open.clone());
        let is_trusted = !is_powerless(start);
        let outsiders = |share: &Share| share.control == Control::Outsider && share.charset.is_open();
        *in_fork_run |= !is_trusted && operand.shares.iter().any(outsiders);
        let open_shares = operand.shares.iter().filter(|share| share.charset.is_open());
        let candidate = open_shares.max_by_key(|share| (share.control, share.charset)).or(operand.worst());
        if let Some(share) = candidate {
            let rank =
                |(trusted, share): &(bool, Share)| (*trusted && share.charset.is_open(), share.control, share.charset);
            let next = (is_trusted, share.clone());
            if found.as_ref().is_none_or(|before| rank(&next) > rank(before)) {
                found = Some(next);
            }
        }
    }
    match (found, open) {
        (Some((is_trusted, share)), None) => Worst::Share { share, is_trusted },
        (Some((is_trusted, share)), Some(_)) if share.control >= Control::Merged && share.charset.is_open() => {
            Worst::Share { share, is_trusted }
        }
        (_, Some(reason)) => Worst::Unknown(reason),
        (None, None) => Worst::Nobody,
    }
}

/// A fork's own run holds nothing that is not read only.
fn is_powerless(start: &StartDoc) -> bool {
    start.run.source == RunSource::Fork && !start.is_trusted
}

/// Whether anything else than the platform's own numbers and names goes into a value.
fn is_indirect(expression: &Expression) -> bool {
    expression.all().into_iter().filter_map(Expression::path).any(|path| match path.first().map(String::as_str) {
        Some("steps" | "needs") => {
            !matches!(path.last().map(String::as_str), Some("outcome" | "conclusion" | "result"))
        }
        Some("env" | "inputs" | "vars" | "secrets") => path.len() > 1,
        _ => false,
    })
}

/// `toJSON(secrets)`, `secrets[computed]`, `secrets` as a whole.
fn takes_all_secrets(expression: &Expression, scope: Option<&JobScope<'_, '_>>) -> bool {
    let is_secrets =
        |part: &Expression| matches!(&part.kind, Part::Context(name) if name.eq_ignore_ascii_case("secrets"));
    if is_secrets(expression) {
        return true;
    }
    expression.all().into_iter().any(|part| match &part.kind {
        Part::Call(_, arguments) => arguments.iter().any(is_secrets),
        Part::Index(object, index) => is_secrets(object) && !is_closed_index(index, scope),
        Part::Every(object) => is_secrets(object),
        _ => false,
    })
}

/// A literal name, or one of a few.
fn is_closed_index(index: &Expression, scope: Option<&JobScope<'_, '_>>) -> bool {
    let is_one_of_few = scope.is_some_and(|scope| {
        let operand = evaluate(index, scope);
        operand.open.is_none() && (operand.among.is_some() || operand.value.as_str().is_some())
    });
    match &index.kind {
        _ if is_one_of_few => true,
        Part::Text(_) => true,
        Part::And(parts) | Part::Or(parts) => parts.last().is_some_and(|part| is_closed_index(part, scope)),
        Part::Call(name, arguments) => {
            name.eq_ignore_ascii_case("format")
                && arguments
                    .iter()
                    .skip(1)
                    .all(|argument| argument.path().is_some_and(|path| path[0] == "matrix" || path[0] == "inputs"))
        }
        _ => false,
    }
}

/// A member of a secret that holds JSON: the log masks the whole alone.
fn derives_from_secret(expression: &Expression) -> bool {
    let reads_secret =
        |part: &Expression| part.path().is_some_and(|path| path.first().is_some_and(|it| it == "secrets"));
    expression.all().into_iter().any(|part| {
        let object = match &part.kind {
            Part::Property(object, _) | Part::Index(object, _) => object,
            _ => return false,
        };
        matches!(&object.kind, Part::Call(name, arguments)
            if name.eq_ignore_ascii_case("fromjson") && arguments.iter().any(reads_secret))
    })
}

/// `c && '' || 'x'`: the empty value counts as false, so that the last one is taken always.
fn loses_value(expression: &Expression) -> bool {
    let is_falsy = |part: &Expression| match &part.kind {
        Part::Text(text) => text.is_empty(),
        Part::Bool(value) => !value,
        Part::Null => true,
        Part::Number(number) => *number == 0.0,
        _ => false,
    };
    expression.all().into_iter().any(|part| {
        let Part::Or(branches) = &part.kind else { return false };
        let [Expression { kind: Part::And(parts), .. }, otherwise] = branches.as_slice() else { return false };
        parts.last().is_some_and(|value| is_falsy(value) && value.kind != otherwise.kind && !is_falsy(otherwise))
    })
}
