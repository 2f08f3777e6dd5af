//! Which runs of which jobs a role lets in: the subject that a start of a job presents against the trust of the role that
//! the job asks for. The repository itself is the one that the trust names, unless somebody says otherwise.

use std::collections::BTreeMap;

use super::admit::{Admission, Admissions, Claim, Door, Effect, has_star};
use super::subject::{Subject, Tenant, after_repository};
use crate::facts::permit::condition::Comparison;
use crate::facts::permit::escalate::Power;
use crate::facts::permit::pattern::{Case, Extent, Pattern, Reading as How, Symbol};
use crate::facts::permit::power::has_power;
use crate::facts::{Analysis, Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::Role;
use crate::model::pipeline::{Credential, Start, Trigger};
use crate::model::{Id, Link, Model, Reading};
use crate::source::{Place, Span};

facts! {
    Role {
        /// Whether a job of this repository asks for it in a run that its trust refuses.
        refuses_its_own_jobs: Flag = refuses_its_own_jobs,
    }
    Credential {
        /// Whether a run of a pull request gets a role that changes things.
        pull_requests_get_power: Flag = pull_requests_get_power,
        /// Whether a run of a pull request asks for a role that changes things, and is refused.
        pull_requests_ask_for_power: Flag = pull_requests_ask_for_power,
    }
}

/// The roles that the credentials of workflows ask for.
pub(in crate::facts) struct Uses {
    of: BTreeMap<u32, Id<Role>>,
}

impl Analysis for Uses {
    fn compute(facts: &Facts<'_>) -> Uses {
        let model = facts.model;
        let admissions = facts.analysis::<Admissions>();
        let mut github =
            model.identity.roles.ids().filter(|role| {
                admissions.of(*role).is_some_and(|admission| admission.doors.iter().any(Door::is_github))
            });
        let only = github.next().filter(|_| github.next().is_none());
        let asked = model
            .pipeline
            .credentials
            .iter()
            .filter_map(|(id, credential)| role_of(model, credential, only).map(|role| (id.index, role)));
        Uses { of: asked.collect() }
    }
}

impl Uses {
    pub(in crate::facts) fn role_of(&self, credential: Id<Credential>) -> Option<Id<Role>> {
        self.of.get(&credential.index).copied()
    }
}

/// By the name in the ARN; a reference to a setting means the only role here that jobs may have.
fn role_of(model: &Model, credential: &Credential, only: Option<Id<Role>>) -> Option<Id<Role>> {
    if credential.kind.as_str() != Some("oidc_role") {
        return None;
    }
    let text = credential.role_reference.value().as_text()?;
    match text.known() {
        Some(known) => {
            let name = known.rsplit('/').next()?;
            model.identity.roles.iter().find(|(_, role)| role.name.as_str() == Some(name)).map(|(id, _)| id)
        }
        None if text.prefix().is_empty() && text.suffix().is_empty() => only,
        None => {
            let name = text.suffix().rsplit('/').next().filter(|_| text.suffix().contains('/'))?;
            model.identity.roles.iter().find(|(_, role)| role.name.as_str() == Some(name)).map(|(id, _)| id)
        }
    }
}

/// What the subject of a run says after the repository; several where nobody knows which.
fn contexts(model: &Model, start: &Start) -> Option<Vec<Pattern>> {
    let job = start.job.id()?;
    let literal = |text: &str| Pattern::parse(text, How::Literal, Case::Kept);
    match &model[job].environment.link {
        Link::To(_) => {
            let environment = &model[model[job].environment.id()?];
            let name = environment.name.value().as_text()?;
            let mut symbols: Vec<Symbol> = "environment:".chars().map(Symbol::Literal).collect();
            symbols.extend_from_slice(Pattern::new(&name, How::Literal, Case::Kept, &|_| None).symbols());
            return Some(vec![Pattern::of(symbols)]);
        }
        Link::Unknown(_) => return None,
        Link::Absent => {}
    }
    let event = start.event.as_str()?;
    if event == "pull_request" {
        return Some(vec![literal("pull_request")]);
    }
    let git_ref = start.git_ref.value().as_text()?;
    let mut symbols: Vec<Symbol> = "ref:".chars().map(Symbol::Literal).collect();
    symbols.extend_from_slice(Pattern::new(&git_ref, How::Literal, Case::Kept, &|_| None).symbols());
    let by_ref = Pattern::of(symbols);
    match event {
        "pull_request_target" => Some(vec![by_ref, literal("pull_request")]),
        _ => Some(vec![by_ref]),
    }
}

/// Whether a trust lets a run in.
fn admits(admission: &Admission, contexts: &[Pattern], audience: Option<&str>) -> Tri {
    let door = |door: &Door| {
        let by_claims = Tri::all(door.claims.iter().map(|claim| passes(claim, contexts, audience)));
        let tri = Tri::from(door.is_github()).and(door.takes_web_identity).and(by_claims);
        if door.is_open { tri.and(Tri::Unknown) } else { tri }
    };
    let admitted = Tri::any(admission.doors.iter().map(door));
    let admitted = if admission.open.is_some() { admitted.or(Tri::Unknown) } else { admitted };
    if admission.has_deny { admitted.and(Tri::Unknown) } else { admitted }
}

fn passes(claim: &Claim, contexts: &[Pattern], audience: Option<&str>) -> Tri {
    match claim.effect {
        Effect::None => return Tri::True,
        Effect::ShutsOut => return Tri::False,
        Effect::Unknown => return Tri::Unknown,
        Effect::Limits => {}
    }
    let values = &claim.condition.values;
    let found = match &*claim.name {
        "sub" => {
            let is_exact =
                claim.condition.operator.is_some_and(|operator| operator.comparison == Comparison::StringEquals);
            let usable = values.iter().filter(|value| !(is_exact && has_star(value)));
            let each = |context: &Pattern| Tri::any(usable.clone().map(|value| subject_admits(value, context)));
            // Where two subjects are possible, one of them is presented.
            let answers: Vec<Tri> = contexts.iter().map(each).collect();
            match answers.as_slice() {
                [one] => *one,
                several if several.iter().all(|answer| answer == &several[0]) => several[0],
                _ => Tri::Unknown,
            }
        }
        "aud" => match audience {
            Some(audience) => {
                let audience = Pattern::parse(audience, How::Literal, Case::Kept);
                Tri::any(values.iter().map(|value| value.answers(&audience, Extent::All)))
            }
            None => Tri::Unknown,
        },
        // The trust is taken to name this repository.
        "repository" | "repository_id" | "repository_owner_id" | "enterprise_id" => Tri::True,
        _ => Tri::Unknown,
    };
    if claim.condition.is_open { found.or(Tri::Unknown) } else { found }
}

/// A subject pattern against what a run says after the repository.
fn subject_admits(value: &Pattern, context: &Pattern) -> Tri {
    let subject = Subject::of(value.symbols());
    let is_plain = matches!(subject.tenant, Tenant::Repository | Tenant::Pinned);
    if is_plain && let Some(rest) = after_repository(value.symbols()) {
        return Pattern::of(rest.to_vec()).answers(context, Extent::All);
    }
    // Any repository that fits: the own one is a hole that a wildcard takes.
    let mut symbols: Vec<Symbol> = "repo:".chars().map(Symbol::Literal).collect();
    symbols.extend([Symbol::Hole(1), Symbol::Literal('/'), Symbol::Hole(2), Symbol::Literal(':')]);
    symbols.extend_from_slice(context.symbols());
    value.answers(&Pattern::of(symbols), Extent::All)
}

/// A run of a job that asks for a role.
pub(super) struct Asking<'m> {
    pub(super) start: &'m Start,
    pub(super) admitted: Tri,
    pub(super) contexts: Vec<Pattern>,
}

/// The starts of a credential's job in which its step runs and a token can be had, each with the trust's answer.
pub(super) fn askings<'m>(facts: &Facts<'m>, id: Id<Credential>, role: Id<Role>) -> Vec<Asking<'m>> {
    let model = facts.model;
    let credential = &model[id];
    let admissions = facts.analysis::<Admissions>();
    let (Some(job), Some(admission)) = (credential.job.id(), admissions.of(role)) else { return Vec::new() };
    let step = credential.step.id();
    let starts = model[job].starts.ids().map(|start| &model[start]);
    starts
        .filter(|start| start.source.as_str() != Some("fork"))
        .filter(|start| step.is_none_or(|step| start.steps.ids().any(|it| it == step)))
        .map(|start| {
            let found = contexts(model, start);
            let audience = credential.audience.as_str();
            let admitted = found.as_ref().map_or(Tri::Unknown, |contexts| admits(admission, contexts, audience));
            Asking { start, admitted, contexts: found.unwrap_or_default() }
        })
        .collect()
}

/// What is wrong with the trust itself is told by other rules.
fn is_dead(facts: &Facts<'_>, role: Id<Role>) -> bool {
    let admissions = facts.analysis::<Admissions>();
    admissions.of(role).is_none_or(|admission| admission.doors.iter().all(Door::is_dead))
}

fn refuses_its_own_jobs(facts: &Facts<'_>, role: Id<Role>) -> Fact {
    let model = facts.model;
    let head = &model[role].head;
    let uses = facts.analysis::<Uses>();
    let admissions = facts.analysis::<Admissions>();
    if is_dead(facts, role) {
        return Fact::no(vec![Place::new(head.span, "")]);
    }
    let mut places: Vec<Place> = Vec::new();
    let mut doubt = false;
    for (id, credential) in model.pipeline.credentials.iter().filter(|(id, _)| uses.role_of(*id) == Some(role)) {
        for asking in askings(facts, id, role) {
            let is_sure = !matches!(asking.start.maybe.get(), Reading::Known(true) | Reading::Unknown(_));
            match asking.admitted {
                Tri::False if is_sure => {
                    for place in refused(model, credential, &asking) {
                        if !places.contains(&place) {
                            places.push(place);
                        }
                    }
                }
                Tri::False | Tri::Unknown => doubt = true,
                Tri::True => {}
            }
        }
    }
    if places.is_empty() {
        return match doubt {
            true => Fact::unknown(Reason::at("no-value", "the subjects of its jobs", head.span)),
            false => Fact::no(vec![Place::new(head.span, "")]),
        };
    }
    let value = admissions.of(role).and_then(|admission| subject_span(model, admission));
    places.insert(0, Place::new(value.unwrap_or(head.span), "only these subjects are let in"));
    Fact::yes(places)
}

/// The run and the step that asks.
fn refused(model: &Model, credential: &Credential, asking: &Asking<'_>) -> Vec<Place> {
    let subject = asking.contexts.iter().map(ToString::to_string).next().unwrap_or_default();
    let job = asking.start.job.id();
    let environment = job.and_then(|job| model[job].environment.id()).map(|id| model[id].head.span);
    let span = environment.or_else(|| trigger_span(model, asking.start));
    let mut places: Vec<Place> =
        span.map(|span| Place::new(span, format!("the subject of this run ends in `{subject}`"))).into_iter().collect();
    places.push(Place::new(credential.head.span, "it asks for the role here"));
    places
}

pub(super) fn trigger_span(model: &Model, start: &Start) -> Option<Span> {
    let trigger: Id<Trigger> = start.trigger.id()?;
    Some(model[trigger].head.span)
}

/// The first value of the first condition on a subject.
pub(super) fn subject_span(model: &Model, admission: &Admission) -> Option<Span> {
    let claim = admission.doors.iter().flat_map(|door| door.claims("sub")).next()?;
    let condition = &model[claim.id];
    match condition.values.get() {
        Reading::Known(list) => list.items.first().and_then(|value| value.origin.span()),
        Reading::Absent | Reading::Unknown(_) => Some(condition.head.span),
    }
}

/// Runs of pull requests that ask for a role that changes things, with the answer `wanted`.
fn pull_requests(facts: &Facts<'_>, id: Id<Credential>, wanted: Tri, words: &str) -> Fact {
    let model = facts.model;
    let credential = &model[id];
    let nothing = || Fact::no(vec![Place::new(credential.head.span, "")]);
    let uses = facts.analysis::<Uses>();
    let Some(role) = uses.role_of(id).filter(|role| !is_dead(facts, *role)) else { return nothing() };
    let mut doubt = false;
    for asking in askings(facts, id, role) {
        let event = asking.start.event.as_str();
        if event != Some("pull_request") {
            continue;
        }
        let is_sure = Tri::from(asking.admitted == wanted);
        let is_sure = if asking.admitted == Tri::Unknown { Tri::Unknown } else { is_sure };
        let is_sure = match asking.start.maybe.get() {
            Reading::Known(true) | Reading::Unknown(_) => is_sure.and(Tri::Unknown),
            Reading::Known(false) | Reading::Absent => is_sure,
        };
        match is_sure.and(has_power(facts, role.into(), Power::Write)) {
            Tri::True => {
                let mut places =
                    vec![Place::new(trigger_span(model, asking.start).unwrap_or(credential.head.span), words)];
                places.push(Place::new(credential.head.span, "this step asks for the role"));
                let admissions = facts.analysis::<Admissions>();
                let value = admissions.of(role).and_then(|admission| subject_span(model, admission));
                places.extend(value.map(|span| Place::new(span, "the trust decides here")));
                return Fact::yes(places);
            }
            Tri::Unknown => doubt = true,
            Tri::False => {}
        }
    }
    match doubt {
        true => Fact::unknown(Reason::at("no-value", "what the role may do, or whom it lets in", credential.head.span)),
        false => nothing(),
    }
}

fn pull_requests_get_power(facts: &Facts<'_>, id: Id<Credential>) -> Fact {
    pull_requests(facts, id, Tri::True, "every pull request gets the role")
}

fn pull_requests_ask_for_power(facts: &Facts<'_>, id: Id<Credential>) -> Fact {
    pull_requests(facts, id, Tri::False, "pull requests ask for the role, and are refused today")
}
