//! Every run of a job here that asks for a role, with what the trust answers and where it says so: for people who want to
//! see all of them, not only the wrong ones.

use super::admit::Admissions;
use super::asking::{Asking, Uses, askings, subject_span};
use super::token::Repository;
use crate::facts::Facts;
use crate::logic::Tri;
use crate::model::identity::Role;
use crate::model::{Id, Reading};
use crate::source::Span;

/// One way in which a job asks for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub job: String,
    pub event: String,
    /// What the subject says after the repository; several where one of them is presented.
    pub contexts: Vec<String>,
    pub admitted: Tri,
    /// A condition that is not known stands in the way of the run.
    pub is_conditional: bool,
    /// The step that asks.
    pub asks: Span,
    /// What gives the run its subject: the environment, or the event.
    pub subject: Option<Span>,
    /// The value of the trust that decides.
    pub decides: Option<Span>,
}

/// All runs that ask for a role, in the order of the jobs.
pub fn attempts(facts: &Facts<'_>, role: Id<Role>) -> Vec<Attempt> {
    let model = facts.model;
    let (uses, admissions) = (facts.analysis::<Uses>(), facts.analysis::<Admissions>());
    let repository = facts.analysis::<Repository>();
    let decides = admissions.of(role).and_then(|admission| subject_span(model, admission));
    let mut found: Vec<Attempt> = Vec::new();
    for (id, credential) in uses.of_role(model, role) {
        for asking in askings(facts, &repository, id, role) {
            let attempt = attempt(facts, &asking, credential.head.span, decides);
            if !found.contains(&attempt) {
                found.push(attempt);
            }
        }
    }
    found
}

/// The subjects that the trust of a role takes of GitHub's tokens, each where it is written.
pub fn subjects(facts: &Facts<'_>, role: Id<Role>) -> Vec<(String, Span)> {
    let model = facts.model;
    let admissions = facts.analysis::<Admissions>();
    let Some(admission) = admissions.of(role) else { return Vec::new() };
    let doors = admission.doors.iter().filter(|door| door.is_github() && !door.is_dead());
    let mut found = Vec::new();
    for claim in doors.flat_map(|door| door.claims("sub")) {
        let written = &model[claim.id];
        let places = match written.values.get() {
            Reading::Known(list) => list.items.iter().map(|value| value.origin.span()).collect(),
            Reading::Absent | Reading::Unknown(_) => Vec::new(),
        };
        for (index, value) in claim.condition.values.iter().enumerate() {
            let span = places.get(index).copied().flatten().unwrap_or(written.head.span);
            found.push((value.to_string(), span));
        }
    }
    found
}

fn attempt(facts: &Facts<'_>, asking: &Asking<'_>, asks: Span, decides: Option<Span>) -> Attempt {
    let model = facts.model;
    let start = asking.start();
    let job = start.job.id();
    let environment = job.and_then(|job| model[job].environment.id()).map(|id| model[id].head.span);
    Attempt {
        job: job.map_or_else(String::new, |job| model[job].head.name.clone()),
        event: start.event.as_str().unwrap_or("an event").to_owned(),
        contexts: asking.token.contexts.iter().map(ToString::to_string).collect(),
        admitted: asking.admitted,
        is_conditional: start.maybe.tri() != Tri::False,
        asks,
        subject: environment.or_else(|| asking.trigger_span(model)),
        decides,
    }
}
