//! What a called workflow asks for and its caller does not have, and write scopes that nothing needs.

use crate::data::github::lists;
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::pipeline::{Job, Permission, Step};
use crate::model::{Id, Model, Reading};
use crate::source::Place;

use super::holds::level;

fn rank(level: &str) -> u8 {
    match level {
        "write" => 2,
        "read" => 1,
        _ => 0,
    }
}

/// The block that speaks for a job: its own, or its workflow's.
fn asked(model: &Model, job: Id<Job>) -> Vec<Id<Permission>> {
    let own: Vec<_> = model[job].permissions.ids().collect();
    if !own.is_empty() {
        return own;
    }
    model[job].workflow.id().map_or(Vec::new(), |workflow| model[workflow].permissions.ids().collect())
}

/// GitHub refuses a run in which a callee's job asks for more than the calling job has.
pub(super) fn caller_grants_too_little(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let Some(callee) = model[job].callee.id() else { return Fact::no(Vec::new()) };
    Fact::any(model[callee].jobs.ids().flat_map(|inner| asked(model, inner)).map(|permission| {
        let wanted = &model[permission];
        let (Some(scope), Some(wanted_level)) = (wanted.scope.as_str(), wanted.level.as_str()) else {
            return Fact::no(Vec::new());
        };
        let scopes: Vec<&str> = match wanted.is_for_all.tri() {
            Tri::True => crate::data::github::schema::scopes().to_vec(),
            Tri::False | Tri::Unknown => vec![scope],
        };
        let places = || {
            vec![
                Place::new(model[job].uses.origin.span().unwrap_or(model[job].head.span), "calls with less"),
                Place::new(wanted.head.span, format!("asks for `{}`", wanted.head.name)),
            ]
        };
        Fact::any(scopes.into_iter().filter(|_| rank(wanted_level) > 0).map(|scope| {
            // Reading is what every default gives; an identity token is in none.
            match level(model, job, scope).as_deref() {
                Some("repository default") if scope == "id-token" && wanted_level == "write" => Fact::yes(places()),
                Some("repository default") if wanted_level == "read" => Fact::no(Vec::new()),
                Some("repository default") | None => {
                    Fact::unknown(Reason::at("repository-default", scope, model[job].head.span))
                }
                Some(own) if wanted.is_for_all.tri() == Tri::True && rank(own) > 0 => Fact::no(Vec::new()),
                Some(own) => Fact::new(Tri::from(rank(own) < rank(wanted_level)), places()),
            }
        }))
    }))
}

/// A write scope that no step of the jobs under it needs.
pub(super) fn is_unused(facts: &Facts, permission: Id<Permission>) -> Fact {
    let model = facts.model;
    let own = &model[permission];
    let scope = own.scope.as_str().unwrap_or("");
    let is_meant = own.level.as_str() == Some("write") && !matches!(scope, "id-token" | "all");
    if !is_meant {
        return Fact::no(Vec::new());
    }
    let jobs = super::token::covered(model, permission);
    if jobs.is_empty() {
        return Fact::no(Vec::new());
    }
    let place = Place::new(own.head.span, "nothing that runs here needs it");
    Fact::all(jobs.into_iter().map(|job| {
        if model[job].uses.any().is_some() || model[job].steps.ids().next().is_none() {
            return Fact::unknown(Reason::at("other-workflow", "uses", model[job].head.span));
        }
        Fact::all(model[job].steps.ids().map(|step| !writes(model, step, scope)))
    }))
    .and(Fact::yes(vec![place]))
}

/// Whether a step writes something that a scope is for; unknown for what is not modelled.
fn writes(model: &Model, step: Id<Step>, scope: &str) -> Fact {
    let span = model[step].head.span;
    if let Some(uses) = model[step].uses.id() {
        let uses = &model[uses];
        let name = format!("{}/{}", uses.owner.as_str().unwrap_or(""), uses.repo.as_str().unwrap_or("")).to_lowercase();
        if matches!(uses.kind.as_str(), Some("workspace" | "self")) {
            let is_composite = model[step].job.id().is_some_and(|job| {
                let later = model[job].steps.ids().skip_while(|it| *it != step).nth(1);
                later.is_some_and(|later| model[later].uses.id().is_some_and(|uses| model[uses].action.any().is_some()))
            });
            return match is_composite {
                true => Fact::no(Vec::new()),
                false => Fact::unknown(Reason::at("action-not-modelled", &uses.head.name, span)),
            };
        }
        return match lists::needs(&name) {
            Some(needs) => Fact::new(Tri::from(needs.contains(&(scope, "write"))), Vec::new()),
            None => Fact::unknown(Reason::at("action-not-modelled", name, span)),
        };
    }
    // A script of the tree may do anything, and so may one that is handed a token.
    let (folders, open) = super::texts(&model[step].executes);
    let is_followed = folders.is_empty() && open.is_none() && !is_handed_token(model, step);
    match super::token::may_write(model, step) {
        Tri::False if is_followed => Fact::no(Vec::new()),
        Tri::False => Fact::unknown(Reason::at("script-may-write", "run", span)),
        Tri::True | Tri::Unknown => Fact::unknown(Reason::at("script-may-write", "run", span)),
    }
}

/// Whether a variable with a token or another secret reaches a step.
fn is_handed_token(model: &Model, step: Id<Step>) -> bool {
    let job = model[step].job.id();
    let workflow = job.and_then(|job| model[job].workflow.id());
    model.secret.variables.iter().map(|(_, variable)| variable).any(|variable| {
        let reaches = match (variable.step.id(), variable.job.id(), variable.workflow.id()) {
            (Some(own), ..) => own == step,
            (None, Some(own), _) => Some(own) == job,
            (None, None, own) => own.is_some() && own == workflow,
        };
        let is_token = variable.content.value().reason().is_some_and(|reason| reason.code == "secret");
        reaches && (is_token || variable.head.name.to_uppercase().contains("TOKEN"))
    })
}

/// Whether a session lives longer than its job can.
pub(super) fn outlives_job(facts: &Facts, credential: Id<crate::model::pipeline::Credential>) -> Fact {
    let model = facts.model;
    let own = &model[credential];
    let Some(job) = own.job.id().filter(|_| !own.duration.is_default()) else { return Fact::no(Vec::new()) };
    let number = |cell: Reading<crate::value::Number>| match cell {
        Reading::Known(number) => Ok(crate::value::Number::as_f64(&number)),
        Reading::Absent => Err(None),
        Reading::Unknown(reason) => Err(Some(reason)),
    };
    match (number(own.duration.get()), number(model[job].timeout_minutes.get())) {
        (Ok(seconds), Ok(minutes)) => {
            let place = own.duration.origin().span().unwrap_or(own.head.span);
            let is_longer = seconds > 3600.0 && seconds > minutes * 60.0;
            Fact::new(Tri::from(is_longer), vec![Place::new(place, "the session outlives the job")])
        }
        (Err(Some(reason)), _) | (_, Err(Some(reason))) => Fact::unknown(reason),
        (Err(None), _) | (_, Err(None)) => Fact::no(Vec::new()),
    }
}
