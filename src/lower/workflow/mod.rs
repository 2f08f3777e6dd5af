//! GitHub workflows, the actions of this repository, `actions.lock`, `dependabot.yml` and hooks into the model. A folder
//! that holds `.github/workflows` is a repository of its own.

mod action;
mod arrival;
mod brought;
mod checkout;
mod conduct;
mod credential;
mod delivery;
mod described;
mod env;
mod execute;
mod expansion;
mod fill;
mod gate;
mod habit;
mod install;
mod job;
mod oddity;
mod output;
mod parsed;
mod permission;
mod plan;
mod push;
mod read;
mod rendering;
mod repository;
mod scope;
mod script;
mod secrecy;
mod service;
mod starts;
mod taint;
mod terraform;
mod trigger;
mod uses;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::eval::actions::{Operand, Scope};
use crate::eval::terraform::RunInput;
use crate::logic::Reason;
use crate::lower::Description;
use crate::model::pipeline::{GithubRepository, Workflow};
use crate::model::{Head, Id, Model, One};
use crate::source::{FileId, Span, World};
use crate::syntax::{Kind, Sources, yaml};
use crate::value::{Origin, Value};
use plan::{ActionDoc, JobDoc, Plan, Source, WorkflowDoc};

/// Names that mean nothing before a run: for what GitHub reads without one.
struct Nothing;

impl Scope for Nothing {
    fn lookup(&self, path: &[String]) -> Operand {
        Operand::unknown(Reason::new("run-time-value", path.join(".")))
    }
}

/// Lowers all workflows of the world and what belongs to them; gives the runs of Terraform that they show.
pub fn lower(sources: &Sources<'_>, description: &Description, model: &mut Model) -> Vec<RunInput> {
    let mut runs = Vec::new();
    let world = sources.world;
    let mut workflows: BTreeMap<String, Vec<Source<'_>>> = BTreeMap::new();
    for file in sources.subjects_of(Kind::Workflow) {
        let folder = world.file(file).folder();
        let root = match folder {
            ".github/workflows" => "",
            folder => folder.strip_suffix("/.github/workflows").unwrap_or(folder),
        };
        workflows.entry(root.to_owned()).or_default().push(source(sources, file));
    }
    // An `action.yaml` beside an `action.yml` is not read.
    let is_read = |source: &Source<'_>| {
        let folder = crate::source::parent_of(&source.path);
        source.path.ends_with(".yml") || world.find(&format!("{folder}/action.yml")).is_none()
    };
    let actions: Vec<Source<'_>> =
        sources.subjects_of(Kind::Action).map(|file| source(sources, file)).filter(is_read).collect();
    let roots: BTreeSet<&str> = workflows.keys().map(String::as_str).collect();
    for (root, files) in &workflows {
        let own: Vec<&Source<'_>> =
            actions.iter().filter(|action| nearest_root(&roots, &action.path) == root).collect();
        runs.extend(repository(sources, description, model, root, files, &own));
    }
    runs
}

fn source<'s>(sources: &'s Sources<'_>, file: FileId) -> Source<'s> {
    Source { file, path: sources.world.file(file).path.clone(), parsed: sources.tree(file) }
}

/// The innermost folder with workflows around a file.
pub(super) fn nearest_root<'r>(roots: &BTreeSet<&'r str>, path: &str) -> &'r str {
    let mut folder = crate::source::parent_of(path);
    while !folder.is_empty() {
        if let Some(root) = roots.get(folder) {
            return root;
        }
        folder = crate::source::parent_of(folder);
    }
    ""
}

fn repository<'s>(
    all: &'s Sources<'_>,
    description: &Description,
    model: &mut Model,
    root: &str,
    sources: &'s [Source<'s>],
    action_sources: &[&'s Source<'s>],
) -> Vec<RunInput> {
    let world = all.world;
    let Some(first) = sources.first() else { return Vec::new() };
    let place = Span::file_start(first.file);
    let name = if root.is_empty() { "this repository".to_owned() } else { root.to_owned() };
    // What concerns several workflows is said once, whichever of them comes first.
    let thing = format!("repository#{root}");
    let mut repository = GithubRepository::new(Head::new(name, place).of_thing(thing));
    repository.path.set(Value::text(root, Origin::written(place)));
    describe(&mut repository, description, place);
    let repository = model.pipeline.repositories.push(repository);
    let actions: HashMap<String, ActionDoc<'_>> =
        action_sources.iter().filter_map(|source| action::lower(world, model, repository, source)).collect();
    let n_inputs = model.pipeline.dispatch_inputs.len();
    let mut plan = Plan {
        world,
        root: root.to_owned(),
        workflows: Vec::new(),
        jobs: Vec::new(),
        walks: script::Walks::default(),
        parsed: parsed::Parsed::default(),
        actions,
        repository: model[repository].name.as_str().map(str::to_owned),
        default_branch: model[repository].default_branch.as_str().map(str::to_owned),
    };
    for source in sources {
        workflow(world, model, repository, &mut plan, source);
    }
    link(model, &mut plan);
    starts::lower(model, &mut plan);
    for index in 0..plan.workflows.len() {
        fill::workflow(model, &plan, index);
        env::workflow(model, &plan, index);
    }
    for index in 0..plan.jobs.len() {
        fill::job(model, &plan, index);
        env::job(model, &plan, index);
        credential::lower(model, &plan, index);
        expansion::lower(model, &plan, index);
        arrival::lower(model, &plan, index);
        delivery::lower(model, &plan, index);
        habit::lower(model, &plan, index);
        checkout::lower(model, &plan, index);
        habit::rendered(model, &plan, index);
        conduct::lower(model, &plan, index);
        secrecy::lower(model, &plan, index);
        install::lower(model, &plan, index);
        taint::lower(model, &plan, index);
    }
    described::roles(model, description);
    guarded_jobs(model, &plan, n_inputs);
    oddity::lower(model, &plan);
    self::repository::lower(all, model, repository, root);
    (0..plan.jobs.len()).flat_map(|job| delivery::terraform_inputs(&plan, job)).collect()
}

/// The jobs whose condition, or that of a job they need, asks an input. Inputs before the first of this repository are
/// others'.
fn guarded_jobs(model: &mut Model, plan: &Plan<'_>, first: usize) {
    let inputs: Vec<_> = model.pipeline.dispatch_inputs.ids().skip(first).collect();
    let condition =
        |job: &JobDoc<'_>| job.node.get("if").and_then(yaml::Node::scalar_text).unwrap_or("").to_lowercase();
    let conditions: Vec<String> = match inputs.is_empty() {
        true => Vec::new(),
        false => plan.jobs.iter().map(condition).collect(),
    };
    for input in inputs {
        let Some(trigger) = model[input].trigger.id() else { continue };
        let asked = format!("inputs.{}", model[input].head.name.to_lowercase());
        let owner = plan.workflows.iter().find(|workflow| workflow.triggers.iter().any(|own| own.id == trigger));
        for job in owner.map_or(&[][..], |workflow| &workflow.jobs) {
            let doc = &plan.jobs[*job];
            let is_asked = [*job].iter().chain(&doc.needs).any(|job| conditions[*job].contains(&asked));
            if is_asked {
                let origin = Origin::written(doc.key_span);
                model[input].guarded_jobs.push(doc.id, origin);
            }
        }
    }
}

/// What the configuration says of the repository.
fn describe(repository: &mut GithubRepository, description: &Description, place: Span) {
    let github = &description.github;
    let origin = |span: Option<Span>| Origin::written(span.unwrap_or(place));
    if let Some(name) = &github.repository {
        repository.name.set(Value::text(&name.value, origin(name.place)));
    }
    if let Some(visibility) = &github.visibility {
        repository.visibility.set(Value::text(&visibility.value, origin(visibility.place)));
    }
    if let Some(branch) = &github.default_branch {
        repository.default_branch.set(Value::text(&branch.value, origin(branch.place)));
    }
    for (listed, cell) in [
        (&github.allowed_actions, &mut repository.allowed_actions),
        (&github.denied_actions, &mut repository.denied_actions),
    ] {
        if let Some(names) = listed {
            let texts = names.value.iter().map(|name| Value::text(name, origin(names.place)));
            cell.set(Value::list(texts.collect(), origin(names.place)));
        }
    }
    if let Some(owners) = &github.trusted_owners {
        let texts = owners.value.iter().map(|owner| Value::text(owner, origin(owners.place)));
        repository.trusted_owners.set(Value::list(texts.collect(), origin(owners.place)));
    }
    described::subject(repository, github, place);
}

fn workflow<'a>(
    world: &World,
    model: &mut Model,
    repository: Id<GithubRepository>,
    plan: &mut Plan<'a>,
    source: &'a Source<'a>,
) {
    let Some(root) = &source.parsed.root else { return };
    // What concerns the whole file is shown at its first key.
    let span = root.entries().first().map_or(Span::file_start(source.file), |entry| entry.key_span);
    let name = root.get("name").and_then(yaml::Node::scalar_text).map(str::to_owned);
    let file_name = source.path.rsplit('/').next().unwrap_or(&source.path);
    let mut workflow = Workflow::new(Head { block: root.span, ..Head::new(file_name, span) });
    workflow.path.set(Value::text(&source.path, Origin::written(span)));
    workflow.github_repository = One::to(repository, Origin::written(span));
    let id = model.pipeline.workflows.push(workflow);
    model[repository].workflows.push(id, Origin::written(span));
    let triggers = trigger::lower(model, id, root, &Nothing);
    let is_callable = triggers.iter().find(|trigger| trigger.event == "workflow_call");
    if let Some(call) = is_callable {
        model[id].is_callable.set(read::flag_at(true, call.span));
    }
    let number = plan.workflows.len();
    let mut jobs = Vec::new();
    for entry in root.get("jobs").map(yaml::Node::entries).unwrap_or_default() {
        let mut maker = job::Maker { world, model: &mut *model, repository, root: &plan.root, actions: &plan.actions };
        let doc: JobDoc<'a> = maker.job(number, id, source, entry);
        jobs.push(plan.jobs.len());
        plan.jobs.push(doc);
    }
    plan.workflows.push(WorkflowDoc { id, source, root, name, jobs, triggers });
}

/// Joins jobs to the jobs they need and to the workflows they call.
fn link(model: &mut Model, plan: &mut Plan<'_>) {
    for index in 0..plan.jobs.len() {
        let job = &plan.jobs[index];
        let siblings = &plan.workflows[job.workflow].jobs;
        let mut needs = Vec::new();
        if let Some(node) = job.node.get("needs") {
            let single = std::slice::from_ref(node);
            let members = if node.is_list() { node.items() } else { single };
            for member in members {
                let Some(name) = member.scalar_text() else { continue };
                let found = siblings.iter().copied().find(|it| plan.jobs[*it].key.eq_ignore_ascii_case(name));
                let Some(found) = found else { continue };
                needs.push(found);
                model[job.id].needs.push(plan.jobs[found].id, Origin::written(member.span));
            }
        }
        let callee = model[job.id].uses.id().and_then(|uses| called_workflow(model, plan, uses));
        if let Some(callee) = callee {
            let origin = model[job.id].uses.origin.clone();
            model[job.id].callee = One::to(plan.workflows[callee].id, origin.clone());
            model[plan.workflows[callee].id].callers.push(job.id, origin);
        }
        plan.jobs[index].needs = needs;
        plan.jobs[index].callee = callee;
    }
}

fn called_workflow(model: &Model, plan: &Plan<'_>, uses: Id<crate::model::pipeline::Uses>) -> Option<usize> {
    let uses = &model[uses];
    let is_local = matches!(uses.kind.as_str(), Some("workspace" | "self"));
    let own = plan.repository.as_deref().and_then(|name| name.split_once('/'));
    let is_own = own.is_some_and(|(owner, repo)| {
        let same = |cell: Option<&str>, text: &str| cell.is_some_and(|it| it.eq_ignore_ascii_case(text));
        same(uses.owner.as_str(), owner) && same(uses.repo.as_str(), repo)
    });
    if !is_local && !is_own {
        return None;
    }
    let path = plan.local_folder(uses.path.as_str()?)?;
    plan.workflows.iter().position(|workflow| workflow.source.path == path)
}

/// The outputs that a called workflow declares, in lower case.
fn call_outputs(plan: &Plan<'_>, callee: usize) -> Vec<String> {
    let triggers = &plan.workflows[callee].triggers;
    let call = triggers.iter().find(|trigger| trigger.event == "workflow_call").and_then(|trigger| trigger.node);
    let outputs = call.and_then(|call| call.get("outputs")).map(yaml::Node::entries).unwrap_or_default();
    outputs.iter().map(|entry| entry.key.to_lowercase()).collect()
}
