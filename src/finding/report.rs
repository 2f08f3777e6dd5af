//! A run as reports print it: what stays after triage, in order, with the counts and the verdict. Made once, by `triage`
//! and `cli`; every reporter reads it and none changes it.

use std::sync::Arc;

use super::{Finding, Profile, Read, RuleMeta, Severity, State, Undecided};
use crate::source::{Problem, Span, World};

/// The single input of all reporters.
#[derive(Debug)]
pub struct Report<'a> {
    pub world: &'a World,
    /// Sorted: severity, confidence, file, line, column, rule.
    pub findings: Vec<Finding>,
    /// Silenced by a comment, the configuration or a baseline; each says by what.
    pub suppressed: Vec<Finding>,
    /// Left out because a stronger rule says more about the same subject.
    pub absorbed: Vec<Finding>,
    /// What `--since` had found in the old tree and no longer finds.
    pub fixed: Vec<Fixed>,
    pub undecided: Vec<Undecided>,
    pub problems: Vec<Problem>,
    pub secrets: Vec<Span>,
    /// All enabled rules, sorted by id, with the severities that the configuration gives them.
    pub rules: Vec<Arc<RuleMeta>>,
    pub run: Run,
}

/// A finding of the old tree that is gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixed {
    pub rule: String,
    pub fingerprint: String,
    pub title: String,
}

/// The settings and circumstances of a run that outputs name.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pub profile: Profile,
    /// Nothing: `never`.
    pub fail_on: Option<Severity>,
    /// The path of the configuration file, relative to the root.
    pub config: Option<String>,
    pub since: Option<Since>,
    pub baseline: Option<BaselineUse>,
    pub read: Read,
    /// `--repo`, else what the configuration says, else empty.
    pub repository: String,
    /// HEAD, else empty.
    pub commit: String,
    pub exit: u8,
}

/// What a run was compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since {
    pub reference: String,
    pub commit: String,
    /// Suppressions that came with the change.
    pub suppressions_added: usize,
    /// Whether the change touches the configuration.
    pub config_changed: Changed,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Changed {
    Yes,
    #[default]
    No,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaselineUse {
    /// Entries that match nothing any more.
    pub stale: usize,
}

/// How many findings of which kind a report holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub critical: usize,
    pub high: usize,
    pub medium: usize,
    pub low: usize,
    pub info: usize,
    pub suppressed: usize,
    pub undecided: usize,
    pub new: usize,
    pub unchanged: usize,
    pub fixed: usize,
}

impl Counts {
    pub fn of(&self, severity: Severity) -> usize {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Info => self.info,
        }
    }

    pub fn findings(&self) -> usize {
        Severity::ALL.into_iter().map(|severity| self.of(severity)).sum()
    }
}

impl Report<'_> {
    pub fn counts(&self) -> Counts {
        let with = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        let in_state = |state| self.findings.iter().filter(|finding| finding.state == state).count();
        Counts {
            critical: with(Severity::Critical),
            high: with(Severity::High),
            medium: with(Severity::Medium),
            low: with(Severity::Low),
            info: with(Severity::Info),
            suppressed: self.suppressed.len(),
            undecided: self.undecided.len(),
            new: in_state(State::New),
            unchanged: in_state(State::Unchanged),
            fixed: self.fixed.len(),
        }
    }

    /// What people are shown and what decides the exit code: under `--since` the new ones alone.
    pub fn shown(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.state == State::New)
    }
}
