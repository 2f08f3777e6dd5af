//! Accepted findings: own comments, entries of the configuration and the comments of other tools. Each silences exactly
//! what it names where it stands, and those of ours that are broken, out of date or idle are findings themselves.

mod collect;
mod foreign;
mod own;
mod scope;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Suppressed, SuppressionKind, Undecided};
use crate::source::{Comment, Problem, ProblemLevel, Span, World};

use super::config::{Foreign, Selector};
use super::date::Date;
use super::select::{Settings, Suppressions};

pub use foreign::{Condition, ForeignComment, ForeignPlace, read_foreign};
use scope::Scope;

/// What suppressions are judged by.
pub(super) struct Input<'a> {
    pub(super) world: &'a World,
    pub(super) comments: &'a [Comment],
    /// The comments of other tools whose conditions hold, each with the number of its part.
    pub(super) held: &'a BTreeSet<(Span, usize)>,
    /// The kind of each file that was read, by path.
    pub(super) kinds: &'a BTreeMap<String, &'static str>,
    pub(super) undecided: &'a [Undecided],
    pub(super) absorbed: &'a [Finding],
    /// Paths of files that could not be read as a whole.
    pub(super) unread: &'a [String],
    pub(super) settings: &'a Settings,
}

/// The findings after all suppressions, and what became of these.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) live: Vec<Finding>,
    pub(super) suppressed: Vec<Finding>,
    /// Findings about suppressions.
    pub(super) verdicts: Vec<Finding>,
    pub(super) entries: Vec<Entry>,
}

/// One suppression, for lists.
#[derive(Clone, Debug)]
pub struct Entry {
    pub kind: EntryKind,
    pub place: Option<Span>,
    /// As written.
    pub rules: Vec<String>,
    pub reason: String,
    pub until: Option<Date>,
    pub owner: Option<String>,
    pub peer: Option<String>,
    pub state: EntryState,
    /// How many findings it silences.
    pub silenced: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    Comment,
    Config,
    Foreign,
}

impl EntryKind {
    pub fn name(self) -> &'static str {
        match self {
            EntryKind::Comment => "comment",
            EntryKind::Config => "config",
            EntryKind::Foreign => "foreign",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryState {
    Active,
    Expired,
    Unused,
    Malformed,
}

impl EntryState {
    pub fn name(self) -> &'static str {
        match self {
            EntryState::Active => "active",
            EntryState::Expired => "expired",
            EntryState::Unused => "unused",
            EntryState::Malformed => "malformed",
        }
    }
}

/// A suppression while it is judged.
struct Candidate {
    entry: Entry,
    ids: Vec<Id>,
    scope: Scope,
    /// Why it silences nothing, if it does not.
    faults: Vec<Fault>,
    peer_id: Option<String>,
}

/// One name in a suppression.
struct Id {
    text: String,
    /// Where it is written.
    span: Option<Span>,
    selector: Option<Selector>,
    silenced: usize,
}

/// What is wrong with a suppression.
enum Fault {
    WithoutReason,
    Malformed(String),
}

impl Candidate {
    fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    fn is_expired(&self, today: Date) -> bool {
        self.entry.until.is_some_and(|until| until < today)
    }

    /// The index of the name that speaks of a finding's rule.
    fn id_for(&self, finding: &Finding) -> Option<usize> {
        self.ids.iter().position(|id| id.selector.as_ref().is_some_and(|it| it.matches(&finding.rule)))
    }

    fn suppressed(&self) -> Suppressed {
        Suppressed {
            kind: match self.entry.kind {
                EntryKind::Comment => SuppressionKind::Comment,
                EntryKind::Config => SuppressionKind::Config,
                EntryKind::Foreign => SuppressionKind::Foreign,
            },
            place: self.entry.place,
            reason: self.entry.reason.clone(),
            until: self.entry.until.map(|date| date.to_string()),
            owner: self.entry.owner.clone(),
            peer: self.entry.peer.clone(),
            peer_id: self.peer_id.clone(),
        }
    }
}

/// Judges all suppressions against all findings.
pub(super) fn apply(input: &Input<'_>, findings: Vec<Finding>, problems: &mut Vec<Problem>) -> Sorted {
    let mut candidates = collect::all(input);
    let mut sorted = Sorted::default();
    if input.settings.suppressions == Suppressions::Ignored {
        sorted.live = findings;
        sorted.entries = candidates.into_iter().map(|candidate| candidate.entry).collect();
        return sorted;
    }
    let today = input.settings.today;
    for mut finding in findings {
        let mut by = None;
        for candidate in &mut candidates {
            let is_live = candidate.is_sound() && !candidate.is_expired(today);
            if !is_live || candidate.entry.kind == EntryKind::Foreign {
                continue;
            }
            if silence(input.world, candidate, &mut finding) == Silence::Whole {
                by = Some(candidate.suppressed());
                break;
            }
        }
        let by = by.or_else(|| foreign_silence(input, &mut candidates, &mut finding, problems));
        match by {
            Some(by) => sorted.suppressed.push(Finding { suppression: Some(by), ..finding }),
            None => sorted.live.push(finding),
        }
    }
    for candidate in &mut candidates {
        count_absorbed(input, candidate);
    }
    sorted.verdicts = verdicts::all(input, &mut candidates, &sorted.live);
    sorted.entries = candidates.into_iter().map(|candidate| candidate.entry).collect();
    sorted
}

/// How much of a finding a suppression takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Silence {
    Nothing,
    /// Some of its ways; the others keep it alive.
    Part,
    Whole,
}

/// Takes out of a finding the ways that a suppression covers.
fn silence(world: &World, candidate: &mut Candidate, finding: &mut Finding) -> Silence {
    let Some(id) = candidate.id_for(finding) else { return Silence::Nothing };
    let covered = covered_ways(world, &candidate.scope, finding);
    if !covered.contains(&true) {
        return Silence::Nothing;
    }
    candidate.ids[id].silenced += 1;
    candidate.entry.silenced += 1;
    if covered.iter().all(|it| *it) {
        return Silence::Whole;
    }
    let mut covered = covered.into_iter();
    finding.paths.retain(|_| covered.next() == Some(false));
    Silence::Part
}

/// For each way whether a step of it is covered; a finding without ways counts as one that is its primary place.
fn covered_ways(world: &World, scope: &Scope, finding: &Finding) -> Vec<bool> {
    if scope.is_for_all_of(finding) || scope.glob_holds(world, finding) {
        return vec![true];
    }
    if finding.paths.is_empty() {
        return vec![scope.covers(world, &finding.primary)];
    }
    finding
        .paths
        .iter()
        .map(|path| {
            let covers = |step| scope.covers(world, step);
            scope.is_for_path(path) || scope.is_for_module_of(path) || path.steps.iter().any(covers)
        })
        .collect()
}

/// Comments of other tools: honoured, or only named.
fn foreign_silence(
    input: &Input<'_>,
    candidates: &mut [Candidate],
    finding: &mut Finding,
    problems: &mut Vec<Problem>,
) -> Option<Suppressed> {
    for candidate in candidates.iter_mut().filter(|it| it.entry.kind == EntryKind::Foreign) {
        if !foreign::speaks_of(candidate, &finding.rule) || candidate.is_expired(input.settings.today) {
            continue;
        }
        let covered = covered_ways(input.world, &candidate.scope, finding);
        if !covered.contains(&true) {
            continue;
        }
        match input.settings.foreign {
            Foreign::Off => return None,
            Foreign::Report => {
                problems
                    .extend(candidate.entry.place.map(|place| named_comment(input.world, candidate, finding, place)));
            }
            Foreign::Honour => {
                candidate.entry.silenced += 1;
                if covered.iter().all(|it| *it) {
                    return Some(candidate.suppressed());
                }
                let mut covered = covered.into_iter();
                finding.paths.retain(|_| covered.next() == Some(false));
            }
        }
    }
    None
}

fn named_comment(world: &World, candidate: &Candidate, finding: &Finding, place: Span) -> Problem {
    let peer = candidate.entry.peer.as_deref().unwrap_or("another tool");
    let message = format!("a comment for {peer} accepts {} here", finding.rule.id);
    Problem {
        level: ProblemLevel::Note,
        ..Problem::at("foreign-suppression", &world.file(place.file).path, place, message)
    }
}

/// A suppression of a finding that a stronger one absorbed is not idle.
fn count_absorbed(input: &Input<'_>, candidate: &mut Candidate) {
    for finding in input.absorbed {
        let Some(id) = candidate.id_for(finding) else { continue };
        if covered_ways(input.world, &candidate.scope, finding).contains(&true) {
            candidate.ids[id].silenced += 1;
        }
    }
}
