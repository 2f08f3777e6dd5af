//! The one typed model of everything that was read: entities with properties, edges between them, and the schema that
//! conditions are checked against. Filled by `lower`, completed by `facts`, asked by `check`. No reasoning here.

mod cell;
pub mod data;
pub mod delivery;
mod edge;
mod entity;
pub mod identity;
pub mod image;
pub mod managed;
pub mod network;
pub mod pipeline;
pub mod range;
mod rarely;
mod resource;
pub mod schema;
pub mod secret;
pub mod terraform;
mod unseen;
pub mod web;
pub mod workload;

pub use cell::{Blank, Cell, CellType, Reading, mark};
pub use data::Store;
pub use edge::{Link, Many, One};
pub use entity::{AnyId, Entity, Head, Id, Table, Target};
pub use network::{RouteTarget, Workload};
pub use rarely::{Rare, Rarely};
pub use resource::{Resource, ResourceMode};

#[allow(unused_imports, reason = "used as soon as the first module declares facts")]
pub(crate) use entity::{entities, field, views};

use std::sync::Arc;

use crate::source::QuickMap;
use crate::value::Reference;

/// One consistent world: every root with one of its variable sets, and all files of the other languages.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The variable set of this world per root with several, for findings that hold under some only.
    pub variants: Vec<Variant>,
    pub resources: resource::Tables,
    pub network: network::Tables,
    pub workload: workload::Tables,
    pub image: image::Tables,
    pub identity: identity::Tables,
    pub pipeline: pipeline::Tables,
    pub delivery: delivery::Tables,
    pub data: data::Tables,
    pub secret: secret::Tables,
    pub terraform: terraform::Tables,
    pub web: web::Tables,
    pub managed: managed::Tables,
    /// By the root and the address in it.
    by_address: QuickMap<Arc<str>, QuickMap<Arc<str>, Vec<AnyId>>>,
}

/// A root evaluated with one of several variable sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    pub root: String,
    /// What people call it: `terraform-prod.tfvars`, `-var env=prod`.
    pub label: String,
    /// Where somebody names it.
    pub workspace: Option<String>,
    /// How many sets the root has; with one, no finding names it.
    pub n_variants: usize,
    /// No call in the repository names the set: it only lies there.
    pub is_assumed: bool,
}

impl Model {
    /// From now on references to this Terraform address lead to the entity.
    pub fn register(&mut self, reference: &Reference, id: impl Into<AnyId>) {
        let of_root = match self.by_address.get_mut(&reference.root) {
            Some(of_root) => of_root,
            None => self.by_address.entry(reference.root.clone()).or_default(),
        };
        of_root.entry(reference.address.clone()).or_default().push(id.into());
    }

    /// The entities that were lowered from what a reference points to, in the order of lowering.
    pub fn resolve(&self, reference: &Reference) -> &[AnyId] {
        self.made_of(&reference.root, &reference.address)
    }

    /// The entities that were lowered from what has this address in a root.
    pub fn made_of(&self, root: &str, address: &str) -> &[AnyId] {
        let ids = self.by_address.get(root).and_then(|of_root| of_root.get(address));
        ids.map_or(&[], Vec::as_slice)
    }

    /// What every entity has, whatever its kind.
    pub fn head(&self, id: AnyId) -> &Head {
        (schema::entity(id.entity).head)(self, id.index)
    }

    /// All instances of a resource type.
    pub fn resources_of(&self, mode: ResourceMode, type_name: &str) -> impl Iterator<Item = (Id<Resource>, &Resource)> {
        self.resources
            .resources
            .iter()
            .filter(move |(_, resource)| resource.mode == mode && &*resource.type_name == type_name)
    }
}
