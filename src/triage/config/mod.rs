//! `secure-lint.toml`: what it may say, read with the place of everything that is wrong, all at once. What a setting does
//! is decided by whom it concerns; names of rules are checked when the rules are known.

mod allow;
mod github;
mod names;
mod read;
mod reader;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::finding::{Confidence, Param, Profile, Severity};

pub use allow::{Allow, AllowTarget};
pub use github::{Github, RootSettings, Subject};
pub use names::{Names, Selector};

/// A text of the configuration and its bytes, for messages and as the origin of what it says about the world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    pub text: String,
    pub range: (usize, usize),
}

impl Named {
    pub fn new(text: impl Into<String>, range: Range<usize>) -> Named {
        Named { text: text.into(), range: (range.start, range.end) }
    }

    pub fn range(&self) -> Range<usize> {
        self.range.0..self.range.1
    }
}

/// From which severity on a finding fails a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    At(Severity),
    Never,
}

impl FailOn {
    pub fn parse(text: &str) -> Option<FailOn> {
        if text == "never" { Some(FailOn::Never) } else { Severity::parse(text).map(FailOn::At) }
    }

    pub fn severity(self) -> Option<Severity> {
        match self {
            FailOn::At(severity) => Some(severity),
            FailOn::Never => None,
        }
    }
}

/// What happens to comments that other tools honour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Foreign {
    #[default]
    Honour,
    /// The finding stays and the comment is named.
    Report,
    Off,
}

/// Which preview rules join.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Preview {
    #[default]
    Off,
    On,
    Rules(Vec<Named>),
}

/// The file as written; what it does not say is `None` or empty.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub profile: Option<Profile>,
    pub fail_on: Option<FailOn>,
    pub confidence: Option<Confidence>,
    pub select: Vec<Named>,
    pub ignore: Vec<Named>,
    pub preview: Preview,
    pub require_complete: Option<bool>,
    pub accept_incomplete: Vec<String>,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub ignore_files: Option<bool>,
    /// In bytes.
    pub max_file_size: Option<u64>,
    pub rules: Option<Vec<Named>>,
    pub baseline: Option<Named>,
    pub foreign: Foreign,
    pub require_reason: Option<bool>,
    /// In days; nothing: no limit.
    pub longest_suppression: Option<u32>,
    pub sarif_profile: Option<Named>,
    pub severity: Vec<(Named, Severity)>,
    pub params: Vec<RuleParams>,
    pub roots: Vec<RootSettings>,
    pub github: Github,
    pub roles: BTreeMap<String, Named>,
    pub allow: Vec<Allow>,
}

/// `[params.<rule>]`.
#[derive(Clone, Debug)]
pub struct RuleParams {
    pub rule: Named,
    pub values: Vec<(Named, Param, Range<usize>)>,
}

#[cfg(test)]
mod tests;
