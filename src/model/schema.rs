//! What entities there are and what can be asked of them: made from the declarations, read by the type checker, by
//! `explain --model` and by the evaluation of conditions.

use std::sync::LazyLock;

use super::entity::{AnyId, Head};
use super::{
    Model, data, delivery, identity, image, managed, network, pipeline, resource, secret, terraform, web, workload,
};
use crate::logic::{Fact, Reason};
use crate::source::{Place, QuickMap};
use crate::value::{Origin, Value};

/// The type of a property or fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyType {
    Flag,
    Number,
    Text,
    Word(&'static [&'static str]),
    Texts,
    Entries,
    Raw,
    /// An edge to an entity or view.
    One(&'static str),
    Many(&'static str),
}

impl std::fmt::Display for PropertyType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PropertyType::Flag => f.write_str("flag"),
            PropertyType::Number => f.write_str("number"),
            PropertyType::Text => f.write_str("text"),
            PropertyType::Word(words) => write!(f, "one of {}", words.join(", ")),
            PropertyType::Texts => f.write_str("list of texts"),
            PropertyType::Entries => f.write_str("map"),
            PropertyType::Raw => f.write_str("value"),
            PropertyType::One(target) => f.write_str(target),
            PropertyType::Many(target) => write!(f, "list of {target}"),
        }
    }
}

pub struct EntitySchema {
    pub name: &'static str,
    pub doc: &'static str,
    pub len: fn(&Model) -> usize,
    pub head: fn(&Model, u32) -> &Head,
    pub properties: &'static [PropertySchema],
}

pub struct PropertySchema {
    pub name: &'static str,
    pub doc: &'static str,
    pub ty: PropertyType,
    /// The provider's default as people write it; empty where there is none.
    pub default: &'static str,
    pub get: fn(&Model, u32) -> Answer<'_>,
}

/// What several entities share: `each` may be a view, and edges may lead to one.
pub struct ViewSchema {
    pub name: &'static str,
    pub doc: &'static str,
    pub members: &'static [&'static str],
}

/// What a property or fact says of one entity.
#[derive(Debug)]
pub enum Answer<'a> {
    Cell(&'a Value),
    One {
        link: &'a super::Link,
        origin: &'a Origin,
    },
    Many {
        members: &'a [(AnyId, Origin)],
        open: Option<&'a Reason>,
        origin: &'a Origin,
    },
    Fact(&'a Fact),
    /// A fact that is a number, a word or texts, with the places that decided.
    Value {
        value: &'a Value,
        places: &'a [Place],
    },
}

/// All entities, by declaring module. A new module of the model adds its line here.
static ALL: &[&[EntitySchema]] = &[
    resource::ENTITIES,
    network::ENTITIES,
    workload::ENTITIES,
    image::ENTITIES,
    identity::ENTITIES,
    pipeline::ENTITIES,
    delivery::ENTITIES,
    data::ENTITIES,
    secret::ENTITIES,
    terraform::ENTITIES,
    web::ENTITIES,
    managed::ENTITIES,
];

/// All views, likewise (`network::VIEWS`).
static ALL_VIEWS: &[&[ViewSchema]] = &[network::VIEWS, data::VIEWS, identity::VIEWS, secret::VIEWS];

pub fn entities() -> impl Iterator<Item = &'static EntitySchema> {
    ALL.iter().copied().flatten()
}

pub fn views() -> impl Iterator<Item = &'static ViewSchema> {
    ALL_VIEWS.iter().copied().flatten()
}

static BY_NAME: LazyLock<QuickMap<&'static str, &'static EntitySchema>> =
    LazyLock::new(|| entities().map(|entity| (entity.name, entity)).collect());

pub fn find_entity(name: &str) -> Option<&'static EntitySchema> {
    BY_NAME.get(name).copied()
}

/// The entities behind a name: itself, or the members of a view. Empty if there is no such name.
pub fn members(name: &str) -> Vec<&'static str> {
    if let Some(entity) = find_entity(name) {
        return vec![entity.name];
    }
    views().find(|view| view.name == name).map_or_else(Vec::new, |view| view.members.to_vec())
}

/// Names of entities and views.
pub fn targets() -> Vec<&'static str> {
    let mut names: Vec<&'static str> =
        entities().map(|entity| entity.name).chain(views().map(|view| view.name)).collect();
    names.sort_unstable();
    names
}

/// The name of an entity or view as it is declared.
pub(crate) fn target(name: &str) -> Option<&'static str> {
    let view = || views().map(|view| view.name).find(|view| *view == name);
    find_entity(name).map(|entity| entity.name).or_else(view)
}

/// The schema of an entity that exists; its name comes from an id, and ids are only made for declared entities.
pub(crate) fn entity(name: &'static str) -> &'static EntitySchema {
    find_entity(name).expect("every id names a declared entity")
}

/// Where a property's or a fact's answer comes from.
#[derive(Clone, Copy)]
pub enum Getter {
    Property(fn(&Model, u32) -> Answer<'_>),
    /// The fact's number in `facts::schema`.
    Fact(usize),
}

/// One thing that can be asked of an entity, wherever it is declared.
#[derive(Clone, Copy)]
pub struct Asked {
    pub name: &'static str,
    pub doc: &'static str,
    pub ty: PropertyType,
    pub default: &'static str,
    pub getter: Getter,
}

/// Properties and facts as one: what conditions are checked against. `check` makes it; `rule` is handed it.
#[derive(Default)]
pub struct Schema {
    entities: QuickMap<&'static str, QuickMap<&'static str, Asked>>,
}

impl Schema {
    /// The properties of the model; facts are added with `add`.
    pub fn of_model() -> Schema {
        let mut schema = Schema::default();
        for entity in entities() {
            let asked = schema.entities.entry(entity.name).or_default();
            for property in entity.properties {
                let getter = Getter::Property(property.get);
                let PropertySchema { name, doc, ty, default, .. } = *property;
                asked.insert(name, Asked { name, doc, ty, default, getter });
            }
        }
        schema
    }

    pub fn add(&mut self, entity: &'static str, asked: Asked) {
        self.entities.entry(entity).or_default().insert(asked.name, asked);
    }

    pub fn asked(&self, entity: &str, name: &str) -> Option<&Asked> {
        self.entities.get(entity)?.get(name)
    }

    /// What can be asked of an entity, or of every member of a view, in the order of names.
    pub fn names(&self, target: &str) -> Vec<&'static str> {
        let members = members(target);
        let Some((first, others)) = members.split_first() else {
            return Vec::new();
        };
        let mut names: Vec<&'static str> =
            self.entities.get(first).map_or_else(Vec::new, |e| e.keys().copied().collect());
        names.retain(|name| others.iter().all(|other| self.asked(other, name).is_some()));
        names.sort_unstable();
        names
    }
}
