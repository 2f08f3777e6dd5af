//! From what an analysis found to what a run says: configuration, choice of rules, absorbing, suppressions, baseline,
//! order, exit code. Nothing here looks at sources for meaning; comments arrive with what they cover.

mod baseline;
mod config;
mod date;
mod select;
mod sort;
mod state;
mod suppress;
mod verdict;

pub use baseline::{Baseline, BaselineError};
pub use config::{
    Allow, AllowTarget, Config, FailOn, Foreign, Github, Named, Names, Preview, RootSettings, RuleParams, Selector,
    Subject,
};
pub use date::Date;
pub use select::{Enabled, Selection, Settings, Suppressions};
pub use sort::unify;
pub use state::{Old, compare};
pub use suppress::{Condition, Entry, EntryKind, EntryState, ForeignComment, ForeignPlace, read_foreign};
pub use verdict::{Incomplete, exit_code, is_complete};

use crate::finding::{Finding, Outcome, Report, Run, Undecided};
use crate::source::{ProblemLevel, World};

/// What an analysis found, sorted out; the counts and the exit code follow from it.
#[derive(Debug)]
pub struct Triaged<'a> {
    pub report: Report<'a>,
    /// Every suppression that there is, with what became of it.
    pub entries: Vec<Entry>,
}

/// Sorts out one analysis. The states of the findings (new, unchanged) are set afterwards by `compare`.
pub fn triage<'a>(world: &'a World, outcome: Outcome, settings: &Settings, run: Run) -> Triaged<'a> {
    let enabled = &settings.enabled;
    let roots = &outcome.read.roots;
    let mut findings = unify(outcome.findings, roots);
    findings.retain_mut(|finding| enabled.admit(finding));
    let mut undecided: Vec<Undecided> = outcome.undecided.into_iter().filter(|it| enabled.has_rule(&it.rule)).collect();
    undecided.sort();
    undecided.dedup();
    let mut problems = outcome.problems;

    let (live, absorbed) = sort::absorb(findings);
    let unread: Vec<String> = problems
        .iter()
        .filter(|problem| problem.level != ProblemLevel::Note)
        .map(|problem| problem.path.clone())
        .collect();
    let input = suppress::Input {
        world,
        comments: &outcome.comments,
        held: &outcome.held,
        kinds: &outcome.read.kinds,
        undecided: &undecided,
        absorbed: &absorbed,
        unread: &unread,
        settings,
    };
    let sorted = suppress::apply(&input, live, &mut problems);
    let mut findings: Vec<Finding> = sorted.live;
    findings
        .extend(sorted.verdicts.into_iter().filter_map(|mut finding| enabled.admit(&mut finding).then_some(finding)));
    findings.retain(|finding| enabled.is_confident(finding));
    let mut suppressed = sorted.suppressed;
    suppressed.retain(|finding| enabled.is_confident(finding));

    sort::by_severity(world, &mut findings);
    sort::by_severity(world, &mut suppressed);
    sort::number_equal_fingerprints(&mut findings);
    problems.sort();
    problems.dedup();
    let mut secrets = outcome.secrets;
    secrets.sort_unstable();
    secrets.dedup();
    let report = Report {
        world,
        findings,
        suppressed,
        absorbed,
        fixed: Vec::new(),
        undecided,
        problems,
        secrets,
        rules: enabled.rules().to_vec(),
        run: Run { read: outcome.read, ..run },
    };
    Triaged { report, entries: sorted.entries }
}

#[cfg(test)]
mod tests;
