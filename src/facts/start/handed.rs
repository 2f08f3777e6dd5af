//! What jobs hand to each other and to other runs: plans as artifacts, layers of images, and who may destroy.

use super::delivery::needs;
use super::does::terraform_runs;
use super::names::input;
use super::{any_start, event};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::delivery::TerraformRun;
use crate::model::pipeline::{Job, Step};
use crate::model::{Id, Model, Reading};
use crate::source::Place;
use crate::value::Value;

/// The file name of a plan, if it is known.
fn file_name(cell: &crate::model::Cell<crate::model::mark::Text>) -> Option<&str> {
    let text = cell.as_str()?;
    Some(text.rsplit('/').next().unwrap_or(text)).filter(|name| !name.is_empty())
}

/// An upload of a plan that a later job of the same run applies.
pub(super) fn hands_on_plan(facts: &Facts, step: Id<Step>) -> Fact {
    let model = facts.model;
    let is_upload = model[step].uses.id().is_some_and(|uses| {
        model[uses].owner.as_str() == Some("actions") && model[uses].repo.as_str() == Some("upload-artifact")
    });
    let (Some(job), Some((paths, span))) = (model[step].job.id(), input(model, step, "path")) else {
        return Fact::no(Vec::new());
    };
    if !is_upload {
        return Fact::no(Vec::new());
    }
    let uploaded = |name: &str| paths.lines().any(|line| line.trim().rsplit('/').next() == Some(name));
    let saved = terraform_runs(facts, job).find(|run| file_name(&run.plan_out).is_some_and(uploaded));
    let Some(saved) = saved else { return Fact::no(Vec::new()) };
    let applied = model.delivery.terraform_runs.iter().map(|(_, run)| run).find(|run| {
        let is_later = run.job.id().is_some_and(|other| other != job && needs(model, other, job));
        is_later && file_name(&run.plan_in).is_some() && file_name(&run.plan_in) == file_name(&saved.plan_out)
    });
    match applied {
        Some(applied) => Fact::yes(vec![
            Place::new(span, "everybody who may read the run can read the plan"),
            Place::new(saved.head.span, "made here"),
            Place::new(applied.head.span, "and applied here"),
        ]),
        None => Fact::no(Vec::new()),
    }
}

/// A build that reads the cache which builds of pull requests write, in a run of a pushed or released commit.
pub(super) fn builds_on_cache_of_pulls(facts: &Facts, step: Id<Step>) -> Fact {
    let model = facts.model;
    let (read, read_open) = super::texts(&model[step].cache_from);
    let is_read = !read.is_empty() || read_open.is_some();
    let Some(job) = model[step].job.id().filter(|_| is_read) else { return Fact::no(Vec::new()) };
    let in_production = any_start(model, job, |start| {
        Tri::from(matches!(event(start), "push" | "release" | "workflow_dispatch" | "schedule"))
    });
    let writers = model.pipeline.steps.iter().filter(|(_, other)| {
        let (written, _) = super::texts(&other.cache_to);
        written.iter().any(|value| read.iter().any(|own| same_text(own, value)))
    });
    // A reference that is not known may be the one that the other side names.
    let hidden = model.pipeline.steps.iter().find_map(|(_, other)| {
        let (written, open) = super::texts(&other.cache_to);
        match (&read_open, open) {
            (Some(reason), open) if !written.is_empty() || open.is_some() => Some(reason.clone()),
            (None, Some(reason)) => Some(reason),
            (Some(_) | None, _) => None,
        }
    });
    let maybe = hidden.map_or(Fact::no(Vec::new()), Fact::unknown).and(in_production.clone());
    Fact::any(writers.map(|(id, other)| {
        let Some(writer) = other.job.id() else { return Fact::no(Vec::new()) };
        let in_pull = any_start(model, writer, |start| {
            let runs = start.steps.ids().any(|it| it == id);
            Tri::from(event(start) == "pull_request" && start.source.as_str() == Some("same") && runs)
        });
        let place = model[step].cache_from.origin().span().unwrap_or(model[step].head.span);
        Fact::yes(vec![
            Place::new(place, "reads the cache"),
            Place::new(
                other.cache_to.origin().span().unwrap_or(other.head.span),
                "which a pull request's build writes",
            ),
        ])
        .and(in_pull)
        .and(in_production.clone())
    }))
    .or(maybe)
}

fn same_text(a: &Value, b: &Value) -> bool {
    a.as_str().is_some() && a.as_str() == b.as_str()
}

/// A job that destroys by the same dispatch, role and environment by which another run applies.
pub(super) fn destroys_as_openly_as_it_applies(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let flags = |run: &TerraformRun| {
        super::texts(&run.flags).0.iter().any(|flag| flag.as_str().is_some_and(|it| it.contains("-destroy")))
    };
    let destroys =
        |run: &TerraformRun| run.verb.as_str() == Some("destroy") || (run.verb.as_str() == Some("apply") && flags(run));
    let Some(destroying) = terraform_runs(facts, job).find(|run| destroys(run)) else { return Fact::no(Vec::new()) };
    let is_dispatched = |job| any_start(model, job, |start| Tri::from(event(start) == "workflow_dispatch"));
    let siblings = model[job].workflow.id().map_or(Vec::new(), |workflow| model[workflow].jobs.ids().collect());
    Fact::any(siblings.into_iter().filter(|other| same_environment(model, job, *other)).map(|other| {
        let applying = terraform_runs(facts, other).find(|run| run.verb.as_str() == Some("apply") && !destroys(run));
        let Some(applying) = applying else { return Fact::no(Vec::new()) };
        let places = vec![
            Place::new(destroying.head.span, "destroys"),
            Place::new(applying.head.span, "with nothing more than this needs"),
        ];
        Fact::yes(places).and(same_role(model, job, other)).and(is_dispatched(job)).and(is_dispatched(other))
    }))
    .and(super::does::changes_state(facts, job))
}

fn same_environment(model: &Model, a: Id<Job>, b: Id<Job>) -> bool {
    let name = |job: Id<Job>| model[job].environment.id().map(|id| model[id].name.as_str().map(str::to_owned));
    match (name(a), name(b)) {
        (None, None) => true,
        (Some(Some(a)), Some(Some(b))) => a == b,
        (Some(_), _) | (_, Some(_)) => a == b,
    }
}

fn same_role(model: &Model, a: Id<Job>, b: Id<Job>) -> Fact {
    let role = |job: Id<Job>| {
        let mut credentials = model[job].credentials.ids().map(|id| &model[id]);
        credentials.find(|it| matches!(it.kind.as_str(), Some("oidc_role" | "static_keys" | "chained_role")))
    };
    let (Some(own), Some(other)) = (role(a), role(b)) else { return Fact::yes(Vec::new()) };
    match (own.role_reference.get(), other.role_reference.get()) {
        (Reading::Known(a), Reading::Known(b)) => match a.equals(&b) {
            Tri::True => Fact::yes(Vec::new()),
            Tri::False => Fact::no(Vec::new()),
            Tri::Unknown => Fact::unknown(Reason::at("run-time-value", "role", own.head.span)),
        },
        (Reading::Unknown(reason), _) | (_, Reading::Unknown(reason)) => Fact::unknown(reason),
        (Reading::Absent, Reading::Absent) => Fact::yes(Vec::new()),
        (Reading::Absent, Reading::Known(_)) | (Reading::Known(_), Reading::Absent) => Fact::no(Vec::new()),
    }
}
