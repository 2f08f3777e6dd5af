//! Edges read backwards: what belongs to a job, a stage or a build, gathered once per model, so that nobody looks through
//! a whole table for a few rows.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::model::delivery::{Deployment, Push, TerraformRun};
use crate::model::image::{Command, Copy, ImageBuild, Stage};
use crate::model::pipeline::{Arrival, Expansion, Job, Uses, Workflow};
use crate::model::workload::{Container, Task};
use crate::model::{Entity, Id, Model, One, Resource, ResourceMode};
use crate::source::FileId;

pub(in crate::facts) struct Index {
    pub(in crate::facts) arrivals: Owned<Job, Arrival>,
    pub(in crate::facts) expansions: Owned<Job, Expansion>,
    pub(in crate::facts) terraform_runs: Owned<Job, TerraformRun>,
    pub(in crate::facts) pushes: Owned<Job, Push>,
    pub(in crate::facts) commands: Owned<Stage, Command>,
    pub(in crate::facts) copies: Owned<ImageBuild, Copy>,
    pub(in crate::facts) commands_of_container: Owned<Container, Command>,
    pub(in crate::facts) commands_of_build: Owned<ImageBuild, Command>,
    pub(in crate::facts) workflow_pushes: Owned<Workflow, Push>,
    pub(in crate::facts) workflow_deployments: Owned<Workflow, Deployment>,
    pub(in crate::facts) workflow_terraform_runs: Owned<Workflow, TerraformRun>,
    containers: HashMap<FileId, Vec<Id<Container>>>,
    families: HashMap<String, Vec<Id<Task>>>,
    managed: HashMap<Arc<str>, Vec<Id<Resource>>>,
    versions: HashMap<(String, String), Vec<Id<Uses>>>,
}

/// Rows of one table by the row of another that they belong to, each group in the order of its table.
pub(in crate::facts) struct Owned<O, E> {
    rows: HashMap<u32, Vec<Id<E>>>,
    owner: PhantomData<fn() -> O>,
}

impl<O: Entity, E: Entity> Owned<O, E> {
    fn new(model: &Model, owner: impl Fn(&E) -> Option<Id<O>>) -> Owned<O, E> {
        let mut rows: HashMap<u32, Vec<Id<E>>> = HashMap::new();
        for (id, entity) in E::table(model).iter() {
            if let Some(owner) = owner(entity) {
                rows.entry(owner.index).or_default().push(id);
            }
        }
        Owned { rows, owner: PhantomData }
    }

    pub(in crate::facts) fn of(&self, owner: Id<O>) -> impl Iterator<Item = Id<E>> + Clone {
        self.rows.get(&owner.index).into_iter().flatten().copied()
    }
}

impl Index {
    pub(in crate::facts) fn new(model: &Model) -> Index {
        let workflow = |job: &One<Job>| job.id().and_then(|job| model[job].workflow.id());
        let mut containers: HashMap<FileId, Vec<Id<Container>>> = HashMap::new();
        for (id, container) in model.workload.containers.iter() {
            containers.entry(container.head.span.file).or_default().push(id);
        }
        let mut families: HashMap<String, Vec<Id<Task>>> = HashMap::new();
        for (id, task) in model.workload.tasks.iter() {
            if let Some(family) = task.family.as_str() {
                families.entry(family.to_owned()).or_default().push(id);
            }
        }
        let mut managed: HashMap<Arc<str>, Vec<Id<Resource>>> = HashMap::new();
        for (id, resource) in model.resources.resources.iter() {
            if resource.mode == ResourceMode::Managed {
                managed.entry(resource.type_name.clone()).or_default().push(id);
            }
        }
        Index {
            containers,
            families,
            managed,
            commands_of_container: Owned::new(model, |it: &Command| it.container.id()),
            commands_of_build: Owned::new(model, |it: &Command| it.image_build.id()),
            workflow_pushes: Owned::new(model, |it: &Push| workflow(&it.job)),
            workflow_deployments: Owned::new(model, |it: &Deployment| workflow(&it.job)),
            workflow_terraform_runs: Owned::new(model, |it: &TerraformRun| workflow(&it.job)),
            arrivals: Owned::new(model, |it: &Arrival| it.step.id().and_then(|step| model[step].job.id())),
            expansions: Owned::new(model, |it: &Expansion| it.job.id()),
            terraform_runs: Owned::new(model, |it: &TerraformRun| it.job.id()),
            pushes: Owned::new(model, |it: &Push| it.job.id()),
            commands: Owned::new(model, |it: &Command| it.stage.id()),
            copies: Owned::new(model, |it: &Copy| it.stage.id().and_then(|stage| model[stage].image_build.id())),
            versions: versions(model),
        }
    }

    /// The containers that stand in a file.
    pub(in crate::facts) fn containers_in(&self, file: FileId) -> &[Id<Container>] {
        self.containers.get(&file).map_or(&[], Vec::as_slice)
    }

    /// The task definitions of a family.
    pub(in crate::facts) fn of_family(&self, family: &str) -> &[Id<Task>] {
        self.families.get(family).map_or(&[], Vec::as_slice)
    }

    /// The instances of a type of resource that Terraform makes.
    pub(in crate::facts) fn managed(&self, type_name: &str) -> &[Id<Resource>] {
        self.managed.get(type_name).map_or(&[], Vec::as_slice)
    }

    /// The uses of an action whose comments name a version: of those that say the same of the same commit, the first.
    pub(in crate::facts) fn versions(&self, model: &Model, uses: Id<Uses>) -> &[Id<Uses>] {
        let found = action(&model[uses]).and_then(|action| self.versions.get(&action));
        found.map_or(&[], Vec::as_slice)
    }
}

fn versions(model: &Model) -> HashMap<(String, String), Vec<Id<Uses>>> {
    let mut found: HashMap<(String, String), Vec<Id<Uses>>> = HashMap::new();
    let claim =
        |uses: &Uses| Some((uses.git_ref.as_str()?.to_ascii_lowercase(), uses.comment_version.as_str()?.to_owned()));
    for (id, uses) in model.pipeline.uses.iter() {
        let (Some(own), Some(action)) = (claim(uses), action(uses)) else { continue };
        let known = found.entry(action).or_default();
        if !known.iter().any(|other| claim(&model[*other]).as_ref() == Some(&own)) {
            known.push(id);
        }
    }
    found
}

fn action(uses: &Uses) -> Option<(String, String)> {
    Some((uses.owner.as_str()?.to_ascii_lowercase(), uses.repo.as_str()?.to_ascii_lowercase()))
}
