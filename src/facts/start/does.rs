//! What jobs bring about outside GitHub, and what stands in front of it.

use super::{any_start, event, happens};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::delivery::{Deployment, TerraformRun};
use crate::model::pipeline::{Condition, Credential, Environment, Job, Start, Step};
use crate::model::{Id, Many, Model, Reading};
use crate::source::Place;

/// The runs of Terraform in a job.
pub(super) fn terraform_runs<'f>(facts: &'f Facts, job: Id<Job>) -> impl Iterator<Item = &'f TerraformRun> {
    facts.index().terraform_runs.of(job).map(|id| &facts.model[id])
}

/// The runs of the same job in the same folder, in order of writing.
pub(super) fn runs_in_steps<'m>(model: &'m Model, own: &'m TerraformRun) -> impl Iterator<Item = &'m TerraformRun> {
    let runs = model.delivery.terraform_runs.iter().map(|(_, run)| run);
    runs.filter(|run| run.job.id() == own.job.id() && run.directory.as_str() == own.directory.as_str())
}

/// What a step brings about: the step, and the runs in which it was seen to.
#[derive(Clone, Copy)]
pub(super) struct Brought<'m> {
    step: Option<Id<Step>>,
    starts: &'m Many<Start>,
}

impl<'m> Brought<'m> {
    pub(super) fn deployed(it: &'m Deployment) -> Brought<'m> {
        Brought { step: it.step.id(), starts: &it.starts }
    }

    pub(super) fn run(it: &'m TerraformRun) -> Brought<'m> {
        Brought { step: it.step.id(), starts: &it.starts }
    }

    /// Whether it comes about in a start; why nobody knows where a condition decides.
    pub(super) fn comes_in(self, model: &Model, start: Id<Start>) -> Result<bool, Reason> {
        let is_seen = self.starts.ids().next().is_none() || self.starts.ids().any(|it| it == start);
        let Some(step) = self.step.filter(|_| is_seen) else { return Ok(is_seen) };
        let start = &model[start];
        if start.steps.ids().any(|it| it == step) {
            return Ok(true);
        }
        start.steps.open.clone().map_or(Ok(false), Err)
    }
}

/// Whether it comes about in some start of its job.
fn comes_about(model: &Model, brought: Brought<'_>, job: Id<Job>) -> Fact {
    if brought.step.is_none() {
        return Fact::yes(Vec::new());
    }
    Fact::any(model[job].starts.ids().map(|id| match brought.comes_in(model, id) {
        Ok(true) => happens(&model[id]),
        Ok(false) => Fact::no(Vec::new()),
        Err(reason) => Fact::unknown(reason),
    }))
}

fn has_access(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let (secrets, _) = super::texts(&model[job].secrets);
    let token = secrets
        .iter()
        .any(|name| name.as_str().is_some_and(|name| name.starts_with("tf_") || name.contains("terraform")));
    Fact::new(Tri::from(token), Vec::new()).or(super::holds::cloud(facts, job))
}

pub(super) fn changes_state(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let found = Fact::any(terraform_runs(facts, job).filter(|run| run.changes_state.tri() == Tri::True).map(|run| {
        let place = Place::new(run.head.span, format!("`{}` runs here", run.head.name));
        let job_place = Place::new(model[job].head.span, "changes what Terraform manages");
        Fact::yes(vec![job_place, place]).and(comes_about(model, Brought::run(run), job))
    }));
    match found.tri {
        Tri::False => found,
        Tri::True | Tri::Unknown => found.and(has_access(facts, job)),
    }
}

pub(super) fn deploys(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let found = Fact::any(model[job].deployments.ids().map(|id| {
        let deployment = &model[id];
        let what = match deployment.kind.as_str() {
            Some("task") => "runs a task",
            Some("stack") => "deploys a stack",
            _ => "deploys a service",
        };
        let job_place = Place::new(model[job].head.span, "deploys");
        Fact::yes(vec![job_place, Place::new(deployment.head.span, what)]).and(comes_about(
            model,
            Brought::deployed(deployment),
            job,
        ))
    }));
    match found.tri {
        Tri::False => found,
        Tri::True | Tri::Unknown => found.and(super::holds::cloud(facts, job)),
    }
}

/// A start in which a newer run of the group stops what deploys or changes state.
pub(super) fn is_cancelled_midway(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let deploying = model[job].deployments.ids().map(|id| Brought::deployed(&model[id]));
    let changing = terraform_runs(facts, job).filter(|run| run.changes_state.tri() == Tri::True);
    let acting: Vec<Brought<'_>> = deploying.chain(changing.map(Brought::run)).collect();
    Fact::any(model[job].starts.ids().map(|id| {
        let start = &model[id];
        let may_run = acting.iter().any(|it| it.step.is_some() && it.comes_in(model, id) != Ok(false));
        let span = start.is_cancelled.origin().span().unwrap_or(start.head.span);
        let cancels = match start.is_cancelled.get() {
            Reading::Known(true) => Fact::yes(vec![Place::new(span, "a new run cancels this one")]),
            Reading::Known(false) | Reading::Absent => Fact::no(Vec::new()),
            Reading::Unknown(reason) => Fact::unknown(reason),
        };
        match may_run {
            true => cancels.and(happens(start)),
            false => Fact::no(Vec::new()),
        }
    }))
}

/// The condition's job, or its step's, is one that matters.
pub(super) fn guards_deploy(facts: &Facts, condition: Id<Condition>) -> Fact {
    let model = facts.model;
    let condition = &model[condition];
    let step = condition.step.id();
    let job = condition.job.id().or_else(|| step.and_then(|step| model[step].job.id()));
    let Some(job) = job else { return Fact::no(Vec::new()) };
    if let Some(step) = step {
        let deploys = model[job].deployments.ids().any(|id| model[id].step.id() == Some(step));
        let changes =
            terraform_runs(facts, job).any(|run| run.step.id() == Some(step) && run.changes_state.tri() == Tri::True);
        let holds = model[step].credentials.ids().next().is_some();
        return Fact::new(
            Tri::from(deploys || changes || holds),
            vec![Place::new(model[step].head.span, "this step follows")],
        );
    }
    deploys(facts, job).or(changes_state(facts, job)).or(super::holds::cloud(facts, job))
}

/// One role for the plan of a pull request and for what changes state.
pub(super) fn shared_by_plan_and_apply(facts: &Facts, credential: Id<Credential>) -> Fact {
    let model = facts.model;
    let own = &model[credential];
    let Some(job) = own.job.id().filter(|_| own.role_reference.is_present() != Tri::False) else {
        return Fact::no(Vec::new());
    };
    let plan = terraform_runs(facts, job).find(|run| run.verb.as_str() == Some("plan"));
    let Some(plan) = plan else { return Fact::no(Vec::new()) };
    let in_pull = any_start(model, job, |start| {
        let runs = plan.step.id().is_none_or(|step| start.steps.ids().any(|it| it == step));
        Tri::from(event(start) == "pull_request" && start.source.as_str() == Some("same") && runs)
    });
    if in_pull.tri == Tri::False {
        return in_pull;
    }
    // The step that takes the role is what has to be split; the role stands in it.
    let uses = own.step.id().and_then(|step| model[step].uses.id()).map(|uses| model[uses].head.span);
    let planned = Fact::yes(vec![
        Place::new(uses.unwrap_or(own.head.span), "this step takes the role"),
        Place::new(own.head.span, "the role"),
        Place::new(plan.head.span, "plans what a pull request says"),
    ]);
    let applied =
        Fact::any(model.pipeline.credentials.iter().filter(|(_, other)| same_role(own, other)).map(|(_, other)| {
            let Some(other_job) = other.job.id() else { return Fact::no(Vec::new()) };
            Fact::any(terraform_runs(facts, other_job).filter(|run| run.changes_state.tri() == Tri::True).map(|run| {
                Fact::yes(vec![Place::new(run.head.span, "and applies with the same rights")]).and(comes_about(
                    model,
                    Brought::run(run),
                    other_job,
                ))
            }))
        }));
    planned.and(in_pull).and(applied)
}

/// The same text, or the same secret or variable.
fn same_role(a: &Credential, b: &Credential) -> bool {
    let (Some(a), Some(b)) = (a.role_reference.value().as_text(), b.role_reference.value().as_text()) else {
        return false;
    };
    if a.equals(&b) == Tri::True {
        return true;
    }
    let object = |text: &crate::value::Text| {
        text.holes().next().and_then(|hole| hole.reason()).map(|reason| reason.object.clone())
    };
    match (object(&a), object(&b)) {
        (Some(a), Some(b)) => a == b && a.starts_with("secrets."),
        (None, _) | (_, None) => false,
    }
}

/// Only the configuration of the repository knows; files say nothing of it.
pub(super) fn is_protected(facts: &Facts, environment: Id<Environment>) -> Fact {
    let span = facts.model[environment].head.span;
    Fact::unknown(Reason::at("environment-settings-not-known", "environment", span))
}
