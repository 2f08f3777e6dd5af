//! What outsiders reach beyond the code and text that run at once: files over the workspace, merges, caches.

use super::code::{arrivals, is_dangerous};
use super::{any_start, event, happens, holds};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::pipeline::{Job, Start, Step};
use crate::model::{Id, Model};
use crate::source::Place;

/// Files of an outsider's run, unpacked where later steps look for theirs.
pub(super) fn artifact_over_workspace(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let found = Fact::any(arrivals(facts, job, "artifact").map(|arrival| {
        let lies = match arrival.folder.as_str() {
            Some("") => Fact::yes(vec![Place::new(arrival.head.span, "may lie over files that later steps use")]),
            Some(_) => Fact::no(Vec::new()),
            None => Fact::unknown(Reason::at("computed-directory", "path", arrival.head.span)),
        };
        lies.and(is_dangerous(model, arrival))
    }));
    match found.tri {
        Tri::False => found,
        Tri::True | Tri::Unknown => found.and(holds::power(facts, job)),
    }
}

/// A merge or an approval that runs for an outsider's pull request.
pub(super) fn steers_merge(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let merging = model[job].steps.ids().filter(|step| model[*step].merges.tri() == Tri::True);
    Fact::any(merging.map(|step| {
        let place = model[step].merges.origin().span().unwrap_or(model[step].head.span);
        Fact::any(model[job].starts.ids().map(|id| &model[id]).map(|start| {
            let is_pull = matches!(event(start), "pull_request_target" | "workflow_run");
            match super::runs::is_outsiders(start).and(Tri::from(is_pull)) {
                Tri::False => Fact::no(Vec::new()),
                Tri::True | Tri::Unknown => Fact::yes(vec![Place::new(place, "merges or approves")])
                    .and(happens(start))
                    .and(runs_in(start, step)),
            }
        }))
    }))
}

fn runs_in(start: &Start, step: Id<Step>) -> Fact {
    if start.steps.ids().any(|it| it == step) {
        return Fact::yes(Vec::new());
    }
    match &start.steps.open {
        Some(reason) => Fact::unknown(reason.clone()),
        None => Fact::no(Vec::new()),
    }
}

/// Whether somebody wrote that the job may write the default branch's cache.
pub(super) fn writes_shared_cache(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let of_workflow = model[job].workflow.id().map(|workflow| &model[workflow].cache_mode);
    let own = Some(&model[job].cache_mode).filter(|cell| cell.is_present() != Tri::False);
    let Some(mode) = own.or(of_workflow) else { return Fact::no(Vec::new()) };
    let span = mode.origin().span().unwrap_or(model[job].head.span);
    match mode.as_str() {
        Some("write" | "write-only") => Fact::yes(vec![Place::new(span, "may write the cache that others restore")]),
        _ => Fact::no(Vec::new()),
    }
}

/// A job that publishes from a cache that a job with less in its hands writes, in the scope of the same branch.
pub(super) fn restores_weaker_cache(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let publishes = model[job].steps.ids().find(|step| model[*step].publishes.tri() == Tri::True);
    let mut pushes = facts.index().pushes.of(job).map(|id| &model[id]);
    let pushed = pushes.find(|push| push.head.presence == Tri::True);
    let published = publishes
        .map(|step| model[step].publishes.origin().span().unwrap_or(model[step].head.span))
        .or(pushed.map(|push| push.head.span));
    let restoring = model[job].steps.ids().find(|step| model[*step].cache.is_present() == Tri::True);
    let (Some(published), Some(restoring)) = (published, restoring) else { return Fact::no(Vec::new()) };
    let action = model[restoring].cache.as_str().unwrap_or("");
    let writers = model.pipeline.jobs.ids().filter(|other| {
        *other != job
            && on_default_branch(model, *other) == Tri::True
            && model[*other].steps.ids().any(|step| model[step].cache.as_str().is_some_and(|it| same_cache(it, action)))
    });
    let on_branch = any_start(model, job, |start| Tri::from(!matches!(event(start), "pull_request")));
    let cache = model[restoring].cache.origin().span().unwrap_or(model[restoring].head.span);
    Fact::any(writers.map(|writer| {
        Fact::yes(vec![
            Place::new(cache, "restores the cache"),
            Place::new(published, "and publishes what is built from it"),
            Place::new(model[writer].head.span, "this job writes it, too"),
        ])
        .and(holds::powerless(facts, writer))
        .and(on_branch.clone())
    }))
}

fn same_cache(a: &str, b: &str) -> bool {
    a == b || (a.starts_with("actions/cache") && b.starts_with("actions/cache"))
}

/// Whether a job runs where caches of the default branch are written.
fn on_default_branch(model: &Model, job: Id<Job>) -> Tri {
    Tri::any(model[job].starts.ids().map(|id| &model[id]).map(|start| {
        let is_read_only = start.is_trusted.tri() == Tri::True && super::runs::is_outsiders(start) == Tri::True;
        Tri::from(matches!(event(start), "push" | "schedule" | "workflow_dispatch") && !is_read_only)
    }))
}
