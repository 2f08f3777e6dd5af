//! Terraform resources as they are, for attribute checks that no entity carries.

use super::Model;
use super::entity::{Entity, Head, Table, Target};
use super::schema::EntitySchema;
use crate::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceMode {
    Managed,
    Data,
    Ephemeral,
}

/// One instance of a resource or data block.
#[derive(Clone, Debug)]
pub struct Resource {
    pub head: Head,
    pub mode: ResourceMode,
    /// With aliases folded: `aws_lb`, never `aws_alb`.
    pub type_name: std::sync::Arc<str>,
    /// Written attributes and nested blocks, the latter as lists of maps; what is not written is absent.
    pub body: Value,
}

#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub resources: Table<Resource>,
}

impl Target for Resource {
    const TARGET: &'static str = "resource";
}

impl Entity for Resource {
    const NAME: &'static str = "resource";

    fn table(model: &Model) -> &Table<Resource> {
        &model.resources.resources
    }

    fn table_mut(model: &mut Model) -> &mut Table<Resource> {
        &mut model.resources.resources
    }

    fn head(&self) -> &Head {
        &self.head
    }
}

/// Resources have no properties of their own: their rules ask `attr("…")`.
pub(super) static ENTITIES: &[EntitySchema] = &[EntitySchema {
    name: "resource",
    doc: "One instance of a Terraform resource or data block, asked with `attr`, `attrs` and `present`.",
    len: |model| model.resources.resources.len(),
    head: |model, index| &model.resources.resources.at(index).head,
    properties: &[],
}];
