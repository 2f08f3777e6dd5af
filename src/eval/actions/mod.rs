//! Workflow expressions, evaluated with three truth values, and who has a hand in each value. What a name means in one
//! workflow (`env`, `needs`, `steps`) is told by a `Scope`; what GitHub itself provides is told here.

mod context;
mod control;
mod evaluate;
mod template;
#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::sync::Arc;

use crate::logic::{Reason, Tri};
use crate::source::Span;
use crate::syntax::expression::{Hole, holes};
use crate::syntax::yaml::Node;
use crate::value::{Kind, Origin, Reference, Value};

pub use context::{RefPattern, Run, RunSource, github};
pub use control::{Charset, Control};
pub use evaluate::{evaluate, truth};
pub use template::read_template;

/// Someone's share in a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub control: Control,
    pub charset: Charset,
    /// What it came from: `github.event.issue.title`.
    pub name: Arc<str>,
    /// The places it came through, the source first.
    pub way: Vec<Span>,
}

/// What an expression is worth at run time.
#[derive(Clone, Debug)]
pub struct Operand {
    pub value: Value,
    /// Who can put something into it. Empty for what nobody varies.
    pub shares: Vec<Share>,
    /// Why there may be further shares: the output of something that cannot be read.
    pub open: Option<Reason>,
    /// The texts it is one of, where they are known.
    pub among: Option<Arc<[String]>>,
    /// Whether something that cannot be read decides, too: nobody can be said to have it either way.
    pub is_unsure: bool,
}

impl Operand {
    pub fn known(value: Value) -> Operand {
        Operand { value, shares: Vec::new(), open: None, among: None, is_unsure: false }
    }

    pub fn text(text: &str) -> Operand {
        Operand::known(Value::text(text, Origin::none()))
    }

    pub fn null() -> Operand {
        Operand::known(Value::null(Origin::none()))
    }

    /// Somebody decides it at run time.
    pub fn chosen(control: Control, charset: Charset, name: &str) -> Operand {
        let value = Value::unknown(Reason::new("run-time-value", name), Origin::none());
        let share = Share { control, charset, name: name.into(), way: Vec::new() };
        Operand { value, shares: vec![share], open: None, among: None, is_unsure: false }
    }

    /// One of these texts; somebody decides which.
    pub fn one_of(control: Control, name: &str, among: Vec<String>) -> Operand {
        Operand { among: Some(among.into()), ..Operand::chosen(control, Charset::Enum, name) }
    }

    /// A setting or result that the files do not show.
    pub fn unknown(reason: Reason) -> Operand {
        let value = Value::unknown(reason.clone(), Origin::none());
        Operand { value, shares: Vec::new(), open: Some(reason), among: None, is_unsure: true }
    }

    /// A setting that the files do not show, and into which nobody from outside can put anything.
    pub fn setting(code: &'static str, name: &str) -> Operand {
        Operand { open: None, ..Operand::unknown(Reason::new(code, name)) }
    }

    /// Something of the platform that is equal to itself alone: this repository, its owner.
    pub fn thing(name: &str) -> Operand {
        let reference = Reference { root: "github".into(), address: name.into(), path: "".into() };
        Operand::known(Value::new(Kind::Reference(Arc::new(reference)), Origin::none()))
    }

    /// Whether both are the same in all that anybody could tell of them. It may say no of two that are.
    pub fn is_identical(&self, other: &Operand) -> bool {
        self.value.is_identical(&other.value)
            && self.shares == other.shares
            && self.open == other.open
            && self.among == other.among
            && self.is_unsure == other.is_unsure
    }

    /// Whether somebody decides the value when the run begins or while it goes on.
    pub fn is_chosen(&self) -> bool {
        !self.shares.is_empty()
    }

    /// The most dangerous share.
    pub fn worst(&self) -> Option<&Share> {
        self.shares.iter().max_by_key(|share| (share.control, share.charset))
    }

    /// Takes over the shares of another value, with why there may be more. One share of a thing is enough: a value that
    /// is put together again and again holds each of its sources once.
    pub fn take_shares(&mut self, other: &Operand) {
        for share in &other.shares {
            let same =
                |own: &Share| (own.control, own.charset, &own.name) == (share.control, share.charset, &share.name);
            if !self.shares.iter().any(same) {
                self.shares.push(share.clone());
            }
        }
        if self.open.is_none() {
            self.open.clone_from(&other.open);
        }
        self.is_unsure |= other.is_unsure;
    }

    /// The same, read at one more place.
    pub fn at(mut self, span: Span) -> Operand {
        for share in &mut self.shares {
            if share.way.len() < 16 && share.way.last() != Some(&span) {
                share.way.push(span);
            }
        }
        self
    }
}

/// Whether a condition holds in one run: what people decide can be had either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use]
pub enum Outcome {
    No,
    Unknown,
    /// Whoever starts the run, or the course of it, decides.
    Either,
    Yes,
}

impl Outcome {
    pub fn and(self, other: Outcome) -> Outcome {
        self.min(other)
    }

    pub fn or(self, other: Outcome) -> Outcome {
        self.max(other)
    }

    /// Whether a run can come this far.
    pub fn is_possible(self) -> Tri {
        match self {
            Outcome::No => Tri::False,
            Outcome::Unknown => Tri::Unknown,
            Outcome::Either | Outcome::Yes => Tri::True,
        }
    }
}

impl std::ops::Not for Outcome {
    type Output = Outcome;

    fn not(self) -> Outcome {
        match self {
            Outcome::No => Outcome::Yes,
            Outcome::Yes => Outcome::No,
            Outcome::Unknown => Outcome::Unknown,
            Outcome::Either => Outcome::Either,
        }
    }
}

impl From<bool> for Outcome {
    fn from(value: bool) -> Outcome {
        if value { Outcome::Yes } else { Outcome::No }
    }
}

/// What the names of an expression mean where it stands.
pub trait Scope {
    /// The value at a path of lower-case names, the context first.
    fn lookup(&self, path: &[String]) -> Operand;

    /// The expressions of a text.
    fn holes(&self, node: &Node) -> Rc<[Rc<Hole>]> {
        holes(node.as_str().unwrap_or("")).into_iter().map(Rc::new).collect()
    }
}
