//! Who can begin a job, judged by its starts and by what its conditions ask.

use super::{any_start, event, happens};
use crate::facts::Facts;
use crate::logic::{Fact, Tri};
use crate::model::pipeline::{Condition, Credential, Job, Start, Step};
use crate::model::{Id, Model};
use crate::source::{Place, Span};

pub(super) fn is_outsiders(start: &Start) -> Tri {
    start.is_trusted.tri().and(start.who.equals("outsider"))
}

pub(super) fn outsider_can_start(facts: &Facts, job: Id<Job>) -> Fact {
    any_start(facts.model, job, is_outsiders)
}

pub(super) fn runs_for_forks(facts: &Facts, job: Id<Job>) -> Fact {
    any_start(facts.model, job, |start| start.source.equals("fork").and(start.who.equals("outsider")))
}

pub(super) fn runs_on_pull_requests(facts: &Facts, job: Id<Job>) -> Fact {
    // What a merge begins is behind it.
    any_start(facts.model, job, |start| {
        Tri::from(event(start) == "pull_request" && start.source.as_str() != Some("base"))
    })
}

pub(super) fn runs_on_any_branch(facts: &Facts, job: Id<Job>) -> Fact {
    any_start(facts.model, job, |start| {
        let git_ref = start.git_ref.value().as_text();
        let prefix = git_ref.as_ref().map_or("", |text| text.prefix());
        let is_open = git_ref.as_ref().is_some_and(|text| text.known().is_none());
        Tri::from(
            is_open
                && match event(start) {
                    "push" => prefix == "refs/heads/",
                    "workflow_dispatch" => prefix == "refs/",
                    _ => false,
                },
        )
    })
}

pub(super) fn credential_of_outsider(facts: &Facts, credential: Id<Credential>) -> Fact {
    let model = facts.model;
    let Some(job) = model[credential].job.id() else { return Fact::no(Vec::new()) };
    any_start(model, job, is_outsiders)
}

/// The conditions of a job and of its steps.
fn conditions(model: &Model, job: Id<Job>) -> impl Iterator<Item = &Condition> {
    let own = model[job].condition.id();
    let steps = model[job].steps.ids().filter_map(|step| model[step].condition.id());
    own.into_iter().chain(steps).map(|id| &model[id])
}

pub(super) fn command_is_open(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let asks = conditions(model, job).find(|condition| {
        // What a step asks guards that step alone: it must hold something itself.
        let holds = condition.step.id().is_none_or(|step| holds_secret_of_its_own(model, job, step));
        condition.asks_for_comment.tri() == Tri::True && holds
    });
    let Some(asks) = asks else { return Fact::no(Vec::new()) };
    let asked = Fact::yes(vec![Place::new(asks.head.span, "anybody can write what this asks for")]);
    asked.and(any_start(model, job, |start| {
        let by_comment = matches!(event(start), "issue_comment" | "issues" | "discussion_comment" | "discussion");
        is_outsiders(start).and(Tri::from(by_comment)).and(!asks_for_rights(start))
    }))
}

/// Whether a step of the job asks what whoever begins it may do, so that nobody knows how far others come.
fn asks_for_rights(start: &Start) -> Tri {
    match &start.steps.open {
        Some(reason) if reason.code == "permission-checked-by-step" => Tri::Unknown,
        Some(_) | None => Tri::False,
    }
}

fn holds_secret_of_its_own(model: &Model, job: Id<Job>, step: Id<Step>) -> bool {
    let block = model[step].head.block;
    let (secrets, _) = super::texts(&model[job].secrets);
    let is_inside = |span: Span| span.file == block.file && block.start <= span.start && span.end <= block.end;
    secrets.iter().filter_map(|secret| secret.origin.span()).any(is_inside)
        || model[step].credentials.ids().next().is_some()
}

/// A label that stays while new commits arrive: the run for the new commits passes under the old label.
pub(super) fn label_survives_commits(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let asks = conditions(model, job).find(|condition| condition.asks_for_label.tri() == Tri::True);
    let Some(asks) = asks else { return Fact::no(Vec::new()) };
    let code = super::code::arrivals(facts, job, "code").find(|arrival| arrival.guard.as_str() != Some("present"));
    let Some(code) = code else { return Fact::no(Vec::new()) };
    let start = code.start.id().map(|id| &model[id]);
    let Some(trigger) = start.and_then(|start| start.trigger.id()).map(|id| &model[id]) else {
        return Fact::no(Vec::new());
    };
    let is_target = trigger.event.as_str() == Some("pull_request_target");
    let (types, _) = super::texts(&trigger.types);
    let comes_again = types.is_empty() || types.iter().any(|value| value.as_str() == Some("synchronize"));
    // The label's own event names one label at one commit; only a look at all labels passes later ones.
    match is_target && comes_again {
        true => Fact::yes(vec![
            Place::new(asks.asks_for_label.origin().span().unwrap_or(asks.head.span), "the label stays"),
            Place::new(trigger.head.span, "and new commits begin a run, too"),
            Place::new(code.head.span, "which takes their code"),
        ]),
        false => Fact::no(Vec::new()),
    }
}

pub(super) fn trusts_spoofable_actor(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let Some(trusts) = conditions(model, job).find(|condition| condition.trusts_last_actor.tri() == Tri::True) else {
        return Fact::no(Vec::new());
    };
    let place = trusts.trusts_last_actor.origin().span().unwrap_or(trusts.head.span);
    let starts = model[job].starts.ids().map(|id| &model[id]);
    let reached = Fact::any(starts.map(|start| match is_outsiders(start) {
        Tri::True if matches!(event(start), "pull_request_target" | "workflow_run") => happens(start),
        Tri::True | Tri::False | Tri::Unknown => Fact::no(Vec::new()),
    }));
    Fact::yes(vec![Place::new(place, "the last actor need not be the author")]).and(reached)
}
