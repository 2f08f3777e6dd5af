//! Edges from one entity to one or many others. An edge knows where it is written, since a trail leads along it.

use std::marker::PhantomData;

use super::entity::{AnyId, Entity, Id, Target};
use crate::logic::Reason;
use crate::source::Span;
use crate::value::Origin;

/// An edge to at most one entity (or member of a view) `T`.
#[derive(Debug)]
pub struct One<T> {
    pub link: Link,
    /// Where the edge is written, or the block that lacks it.
    pub origin: Origin,
    marker: PhantomData<fn() -> T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    To(AnyId),
    Absent,
    Unknown(Reason),
}

impl<T> Clone for One<T> {
    fn clone(&self) -> One<T> {
        One { link: self.link.clone(), origin: self.origin.clone(), marker: PhantomData }
    }
}

impl<T: Target> One<T> {
    pub fn absent(block: Span) -> One<T> {
        One::missing(Origin::written(block))
    }

    pub fn missing(origin: Origin) -> One<T> {
        One { link: Link::Absent, origin, marker: PhantomData }
    }

    pub fn to(id: impl Into<AnyId>, origin: Origin) -> One<T> {
        One { link: Link::To(id.into()), origin, marker: PhantomData }
    }

    pub fn unknown(reason: Reason, origin: Origin) -> One<T> {
        One { link: Link::Unknown(reason), origin, marker: PhantomData }
    }

    pub fn any(&self) -> Option<AnyId> {
        match &self.link {
            Link::To(id) => Some(*id),
            Link::Absent | Link::Unknown(_) => None,
        }
    }
}

impl<T: Entity> One<T> {
    pub fn id(&self) -> Option<Id<T>> {
        self.any().and_then(AnyId::typed)
    }
}

/// Edges to many entities: the members, and the reason why there may be more.
#[derive(Debug)]
pub struct Many<T> {
    pub members: Vec<(AnyId, Origin)>,
    pub open: Option<Reason>,
    /// Where the collection is written, or the block that lacks it.
    pub origin: Origin,
    marker: PhantomData<fn() -> T>,
}

impl<T> Clone for Many<T> {
    fn clone(&self) -> Many<T> {
        Many {
            members: self.members.clone(),
            open: self.open.clone(),
            origin: self.origin.clone(),
            marker: PhantomData,
        }
    }
}

impl<T> Many<T> {
    /// The same members without their static type.
    pub fn cast<U>(self) -> Many<U> {
        Many { members: self.members, open: self.open, origin: self.origin, marker: PhantomData }
    }
}

impl<T: Target> Many<T> {
    pub fn none(block: Span) -> Many<T> {
        Many::missing(Origin::written(block))
    }

    pub fn missing(origin: Origin) -> Many<T> {
        Many { members: Vec::new(), open: None, origin, marker: PhantomData }
    }

    pub fn push(&mut self, id: impl Into<AnyId>, origin: Origin) {
        // Most collections have one member or two: a vector would begin with room for four.
        if self.members.len() == self.members.capacity() && self.members.len() < 4 {
            self.members.reserve_exact(self.members.len().max(1));
        }
        self.members.push((id.into(), origin));
    }

    /// There may be more members; the first reason stays.
    pub fn open(&mut self, reason: Reason) {
        self.open.get_or_insert(reason);
    }
}

impl<T: Entity> Many<T> {
    pub fn ids(&self) -> impl Iterator<Item = Id<T>> {
        self.members.iter().filter_map(|(id, _)| id.typed())
    }
}
