//! Outsiders' code and files in jobs that have the rights of the default branch: brought in, and executed where they
//! lie.

use super::runs::is_outsiders;
use super::{event, happens, texts};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::pipeline::{Arrival, Job, Start, Step};
use crate::model::{Id, Model, Reading};
use crate::source::{Place, Span, lies_in};
use crate::value::Value;

/// What steps of a job bring in, of one kind.
pub(super) fn arrivals<'f>(facts: &'f Facts, job: Id<Job>, kind: &'f str) -> impl Iterator<Item = &'f Arrival> {
    let arrivals = facts.index().arrivals.of(job).map(|id| &facts.model[id]);
    arrivals.filter(move |arrival| arrival.kind.as_str() == Some(kind))
}

fn start_of<'m>(model: &'m Model, arrival: &Arrival) -> Option<&'m Start> {
    arrival.start.id().map(|id| &model[id])
}

/// Whether an arrival is an outsider's where the job has rights.
pub(super) fn is_dangerous(model: &Model, arrival: &Arrival) -> Fact {
    let Some(start) = start_of(model, arrival) else { return Fact::no(Vec::new()) };
    let tri = start.is_trusted.tri().and(arrival.control.equals("outsider")).and(is_outsiders(start));
    let place = Place::new(arrival.head.span, "brings code that anybody can write");
    match tri {
        Tri::True => Fact::yes(vec![place]).and(happens(start)),
        Tri::False => Fact::no(Vec::new()),
        Tri::Unknown => Fact::unknown(Reason::at("condition-not-known", "if", arrival.head.span)),
    }
}

/// Whether the platform lets the code in.
fn gets_in(arrival: &Arrival) -> Fact {
    match arrival.guard.as_str() {
        Some("absent" | "off") => Fact::yes(Vec::new()),
        Some("present") => Fact::no(Vec::new()),
        Some(_) | None => Fact::unknown(Reason::at("checkout-version-unread", "actions/checkout", arrival.head.span)),
    }
}

pub(super) fn runs(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    Fact::any(
        arrivals(facts, job, "code")
            .map(|arrival| is_dangerous(model, arrival).and(gets_in(arrival)).and(executed(model, job, arrival))),
    )
}

/// Brought in, whether or not something executes it, and whether or not the platform refuses it today.
pub(super) fn is_present(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    Fact::any(arrivals(facts, job, "code").map(|arrival| is_dangerous(model, arrival)))
}

pub(super) fn artifact_runs(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    Fact::any(
        arrivals(facts, job, "artifact").map(|arrival| is_dangerous(model, arrival).and(executed(model, job, arrival))),
    )
}

pub(super) fn opts_out(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    Fact::any(arrivals(facts, job, "code").map(|arrival| {
        let Some(start) = start_of(model, arrival) else { return Fact::no(Vec::new()) };
        let is_guarded = Tri::from(matches!(event(start), "pull_request_target" | "workflow_run"));
        let opts_out = match arrival.lets_forks_in.get() {
            Reading::Known(value) => Fact::new(Tri::from(value).and(is_guarded), Vec::new()),
            Reading::Absent => Fact::no(Vec::new()),
            Reading::Unknown(reason) => Fact::unknown(reason),
        };
        opts_out.and(is_dangerous(model, arrival))
    }))
}

/// Code that somebody let in at one state, taken by a name that moves on.
pub(super) fn can_change(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    Fact::any(arrivals(facts, job, "code").map(|arrival| {
        let Some(start) = start_of(model, arrival) else { return Fact::no(Vec::new()) };
        let is_held = start.is_trusted.tri() == Tri::True && matches!(start.who.as_str(), Some("reviewer" | "writer"));
        let from_outside = arrival.control.as_str() == Some("outsider") || start.source.as_str() == Some("fork");
        let is_let_in = arrival.guard.as_str() != Some("present");
        let role = "takes whatever the branch holds by then";
        let moves = match arrival.is_mutable.get() {
            Reading::Known(true) => Fact::yes(vec![Place::new(arrival.head.span, role)]),
            Reading::Known(false) | Reading::Absent => Fact::no(Vec::new()),
            Reading::Unknown(reason) => Fact::unknown(reason),
        };
        match is_held && from_outside && is_let_in {
            true => moves.and(happens(start)).and(executed(model, job, arrival)),
            false => Fact::no(Vec::new()),
        }
    }))
}

/// Whether a later step executes what lies where the arrival lies.
fn executed(model: &Model, job: Id<Job>, arrival: &Arrival) -> Fact {
    let Some(brought) = arrival.step.id() else { return Fact::no(Vec::new()) };
    let start = start_of(model, arrival);
    let later = model[job].steps.ids().skip_while(|step| *step != brought);
    Fact::any(later.map(|step| {
        let is_same = step == brought;
        let runs = start.is_none_or(|start| start.steps.ids().any(|it| it == step));
        let maybe = start.and_then(|start| start.steps.open.clone());
        match (runs, maybe) {
            (true, _) => in_step(model, step, arrival, is_same),
            (false, Some(reason)) => match in_step(model, step, arrival, is_same).tri {
                Tri::False => Fact::no(Vec::new()),
                Tri::True | Tri::Unknown => Fact::unknown(reason),
            },
            (false, None) => Fact::no(Vec::new()),
        }
    }))
}

fn in_step(model: &Model, step: Id<Step>, arrival: &Arrival, is_same: bool) -> Fact {
    let (folders, mut open) = texts(&model[step].executes);
    if let (Reading::Unknown(reason), [_, ..]) = (arrival.folder.get(), &*folders) {
        open = open.or(Some(reason));
    }
    let inside = |value: &&Value| match (arrival.folder.as_str(), value.as_str()) {
        (Some(lies), Some(runs)) => lies_in(runs, lies),
        (None, _) | (_, None) => false,
    };
    // In the step that brings it, only what stands behind.
    let place = |value: &Value| value.origin.span();
    let behind = |span: Option<Span>| !is_same || span.is_some_and(|span| span.start > arrival.head.span.start);
    let found = folders.iter().copied().filter(inside).find(|value| behind(place(value)));
    match (found, open) {
        (Some(value), _) => {
            let span = place(value).unwrap_or(model[step].head.span);
            Fact::yes(vec![Place::new(span, "executes what was brought in")])
        }
        (None, Some(reason)) => Fact::unknown(reason),
        (None, None) => Fact::no(Vec::new()),
    }
}
