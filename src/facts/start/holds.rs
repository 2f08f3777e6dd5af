//! What a job holds that is worth having.

use super::texts;
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::pipeline::Job;
use crate::model::{Id, Model, Reading};
use crate::source::Place;

/// The level of a scope; `repository default` where no block speaks.
pub(super) fn level(model: &Model, job: Id<Job>, scope: &str) -> Option<String> {
    match model[job].effective_permission.get() {
        Reading::Known(map) => {
            let value = map.entries.get(scope).or_else(|| map.entries.get("*"));
            value.and_then(|value| value.as_str()).map(str::to_owned)
        }
        Reading::Absent | Reading::Unknown(_) => None,
    }
}

/// A scope that may write.
fn writes(model: &Model, job: Id<Job>) -> Fact {
    match model[job].effective_permission.get() {
        Reading::Known(map) => {
            let found = map.entries.iter().find(|(_, value)| value.as_str() == Some("write"));
            match found {
                Some((scope, value)) => {
                    let span = value.origin.span().unwrap_or(model[job].head.span);
                    Fact::yes(vec![Place::new(span, format!("it holds a token that may write {scope}"))])
                }
                None => Fact::no(Vec::new()),
            }
        }
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

fn holds_secret(model: &Model, job: Id<Job>) -> Fact {
    if model[job].inherits_secrets.tri() == Tri::True {
        return Fact::yes(vec![Place::new(model[job].head.span, "it inherits all secrets")]);
    }
    let (names, _) = texts(&model[job].secrets);
    match names.first() {
        Some(name) => {
            let span = name.origin.span().unwrap_or(model[job].head.span);
            Fact::yes(vec![Place::new(
                span,
                format!("it holds {}", name.as_str().unwrap_or("a secret").to_uppercase()),
            )])
        }
        None => Fact::no(Vec::new()),
    }
}

pub(super) fn cloud(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let credentials = model[job].credentials.ids().map(|id| &model[id]);
    let found = credentials.filter(|credential| credential.is_for_aws.tri() != Tri::False).find(|credential| {
        matches!(credential.kind.as_str(), Some("oidc_role" | "chained_role" | "static_keys" | "other_cloud"))
    });
    match found {
        Some(credential) => {
            Fact::yes(vec![Place::new(credential.head.span, format!("it holds {}", credential.head.name))])
        }
        // An own runner may have rights of its machine.
        None if model[job].is_self_hosted.tri() == Tri::False => Fact::no(Vec::new()),
        None => Fact::unknown(Reason::at("custom-runner-label", "runs-on", model[job].head.span)),
    }
}

/// A login of any kind.
fn login(model: &Model, job: Id<Job>) -> Fact {
    match model[job].credentials.ids().next().map(|id| &model[id]) {
        Some(credential) => {
            Fact::yes(vec![Place::new(credential.head.span, format!("it holds {}", credential.head.name))])
        }
        None => Fact::no(Vec::new()),
    }
}

fn own_runner(model: &Model, job: Id<Job>) -> Fact {
    let cell = &model[job].is_self_hosted;
    let span = cell.origin().span().unwrap_or(model[job].head.span);
    match cell.get() {
        Reading::Known(true) => Fact::yes(vec![Place::new(span, "it runs on a machine of your own")]),
        Reading::Known(false) | Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

fn writes_cache(model: &Model, job: Id<Job>) -> Fact {
    let of_workflow = model[job].workflow.id().map(|workflow| &model[workflow].cache_mode);
    let mode = model[job].cache_mode.as_str().or(of_workflow.and_then(|cell| cell.as_str()));
    Fact::new(Tri::from(matches!(mode, Some("write" | "write-only"))), Vec::new())
}

pub(super) fn power(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    login(model, job)
        .or(holds_secret(model, job))
        .or(writes(model, job))
        .or(writes_cache(model, job))
        .or(own_runner(model, job))
}

pub(super) fn powerless(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    if level(model, job, "*").as_deref() == Some("repository default") {
        let place = Place::new(model[job].head.span, "its token has what the repository's setting gives");
        return (!power(facts, job)).and(Fact::no(vec![place]));
    }
    !power(facts, job)
}
