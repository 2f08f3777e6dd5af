//! What one analysis of a world hands on: everything that triage sorts out and reports print. No policy here.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Undecided};
use crate::logic::Reason;
use crate::source::{Comment, Problem, Span};

/// The result of analysing one world, before suppressions, absorbing and order.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub findings: Vec<Finding>,
    pub undecided: Vec<Undecided>,
    pub problems: Vec<Problem>,
    /// All comments of the files that were read, whatever they say.
    pub comments: Vec<Comment>,
    /// Of the comments for other tools that count on conditions, those whose conditions hold, each with the number of its
    /// part.
    pub held: BTreeSet<(Span, usize)>,
    /// The literals whose content no output may show: they decided a secret finding, flow into a sensitive place or have
    /// the format of a key.
    pub secrets: Vec<Span>,
    pub read: Read,
}

/// What was read, for `-vv` and the run's meta data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// How many files of a kind were read: `terraform`, `workflow`, `dockerfile`, `task-definition`, …
    pub files: BTreeMap<&'static str, usize>,
    /// The kind of each file that was read, by path.
    pub kinds: BTreeMap<String, &'static str>,
    pub roots: Vec<RootRead>,
    pub unresolved: UnresolvedRead,
}

/// How much of what Terraform's files say could not be resolved, over all roots and sets of variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnresolvedRead {
    pub n_expressions: usize,
    pub n_unresolved: usize,
    /// Root causes, each with the number of expressions that it is in.
    pub reasons: Vec<(Reason, usize)>,
}

/// A root module and the sets of variables it was evaluated with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RootRead {
    pub path: String,
    pub variants: Vec<VariantRead>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VariantRead {
    /// Empty if the root has only one.
    pub name: String,
    pub var_files: Vec<String>,
}
