//! Each language into the model, and the links between them. One call makes all models of a world: one for each set of
//! variables that the repository shows, every other root with the set of the same name or its first.

mod address;
mod command;
mod credentials;
mod description;
mod development;
pub(crate) mod dockerfile;
mod edit;
mod listening;
pub(crate) mod policy;
mod secret_files;
mod server;
mod settings;
pub(crate) mod taskdef;
pub mod terraform;
pub(crate) mod tree;
pub mod workflow;
mod worlds;

use std::collections::BTreeMap;

use crate::eval::terraform::{Deployment, Inputs, Terraform, Unresolved, deeply, evaluate, evaluate_deeply};
use crate::logic::Reason;
use crate::model::{Model, Variant};
use crate::source::{Comment, Problem, Span, World};
use crate::syntax::{Kind, Sources};

pub use address::Addresses;
pub use description::{CommandLine, Described, DescribedGithub, DescribedRoot, Description};
pub use edit::{Edits, TextEdit};

/// What lowering makes of a world.
pub struct Lowered<'w> {
    pub models: Vec<Model>,
    pub sources: Sources<'w>,
    pub problems: Vec<Problem>,
    pub comments: Vec<Comment>,
    /// Literals that no output may show.
    pub secrets: Vec<Span>,
    pub roots: Vec<LoweredRoot>,
    pub unresolved: Unresolved,
}

/// A root module and the sets of variables that it was evaluated with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoweredRoot {
    pub path: String,
    /// Label and variable files of each set.
    pub variants: Vec<(String, Vec<String>)>,
}

/// Reads, evaluates and lowers a world. `description` is what the configuration says of it.
pub fn lower<'w>(world: &'w World, description: &Description) -> Lowered<'w> {
    let lowered = deeply(None, || lower_with(world, description, evaluate_deeply));
    lowered.unwrap_or_else(|_| lower_with(world, description, evaluate))
}

fn lower_with<'w>(
    world: &'w World,
    description: &Description,
    evaluate: fn(&World, &Inputs) -> Terraform,
) -> Lowered<'w> {
    let sources = Sources::new(world);
    sources.read_ahead();
    let mut inputs = description.inputs(world);
    // Workflows say how Terraform is run, so they come first; what they are is the same in every world.
    let mut base = Model::default();
    inputs.runs.extend(workflow::lower(&sources, description, &mut base));
    let evaluated = evaluate(world, &inputs);
    let worlds = worlds::worlds(&evaluated.deployments);
    let credentials = credentials::locate(&sources);
    let mut models: Vec<Model> = (1..worlds.len()).map(|_| base.clone()).collect();
    models.push(base);
    for (model, deployments) in models.iter_mut().zip(&worlds) {
        fill(model, &sources, deployments, &evaluated.deployments);
    }
    models.iter_mut().for_each(|model| credentials::add(model, &credentials));
    let mut problems = sources.problems();
    problems.extend(evaluated.problems.iter().cloned());
    problems.extend(evaluated.deployments.iter().flat_map(|deployment| deployment.problems.iter().cloned()));
    let mut comments = sources.comments();
    comments.extend(evaluated.comments.iter().cloned());
    comments.sort();
    comments.dedup();
    let roots = roots(world, &evaluated.deployments);
    let unresolved = unresolved(&evaluated.deployments);
    Lowered { models, problems, comments, secrets: Vec::new(), roots, unresolved, sources }
}

/// One consistent world: everything that workflows do not say, and the links to what they say.
fn fill(model: &mut Model, sources: &Sources<'_>, deployments: &[&Deployment], all: &[Deployment]) {
    for deployment in deployments {
        let n_variants = all.iter().filter(|other| other.root == deployment.root).count();
        model.variants.push(Variant {
            root: deployment.root.to_string(),
            label: deployment.variant.name.clone(),
            workspace: deployment.workspace.as_ref().and_then(|value| value.as_text()?.known().map(str::to_owned)),
            n_variants,
            is_assumed: deployment.variant.is_assumed,
        });
        terraform::lower(deployment, sources.world, model);
    }
    policy::add_files(model, sources);
    command::resources::add_files(model, sources);
    taskdef::add_files(model, sources);
    dockerfile::add_files(model, sources);
    secret_files::add_files(model, sources);
    settings::add_files(model, sources);
    taskdef::link(model);
    dockerfile::link(model, sources.world);
    server::link(model);
}

fn roots(world: &World, deployments: &[Deployment]) -> Vec<LoweredRoot> {
    let mut roots: Vec<LoweredRoot> = Vec::new();
    for deployment in deployments {
        let files = deployment.var_files.iter().map(|file| world.file(*file).path.clone()).collect();
        let variant = (deployment.variant.name.clone(), files);
        match roots.last_mut() {
            Some(root) if root.path == *deployment.root => root.variants.push(variant),
            Some(_) | None => roots.push(LoweredRoot { path: deployment.root.to_string(), variants: vec![variant] }),
        }
    }
    roots
}

/// Over all deployments together.
fn unresolved(deployments: &[Deployment]) -> Unresolved {
    let mut all = Unresolved::default();
    let mut reasons: BTreeMap<Reason, usize> = BTreeMap::new();
    for deployment in deployments {
        all.n_expressions += deployment.unresolved.n_expressions;
        all.n_unresolved += deployment.unresolved.n_unresolved;
        for (reason, n) in &deployment.unresolved.reasons {
            *reasons.entry(reason.clone()).or_default() += n;
        }
    }
    Unresolved { reasons: reasons.into_iter().collect(), ..all }
}

impl Lowered<'_> {
    /// How many subjects of each kind there are, and the kind of each.
    pub fn kinds(&self) -> (BTreeMap<&'static str, usize>, BTreeMap<String, &'static str>) {
        let mut counts = BTreeMap::new();
        let mut kinds = BTreeMap::new();
        for (id, file) in self.sources.world.files() {
            let Some(name) = Kind::name(self.sources.kind(id)).filter(|_| file.is_subject) else { continue };
            *counts.entry(name).or_insert(0) += 1;
            kinds.insert(file.path.clone(), name);
        }
        (counts, kinds)
    }
}
