//! What a run says: findings with their places, verdicts that could not be decided, and the meta data of rules that
//! reports print. Made by `check`, sorted out by `triage`, written by `report`.

mod fingerprint;
mod page;
mod report;
mod run;
#[cfg(test)]
pub(crate) mod testing;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::logic::Reason;
use crate::source::{Place, Span};

pub use fingerprint::{finding_fingerprint, path_fingerprint};
pub use page::Page;
pub(crate) use page::marked_columns;
pub use report::{BaselineUse, Changed, Counts, Fixed, Report, Run, Since};
pub use run::{Outcome, Read, RootRead, UnresolvedRead, VariantRead};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 5] =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    pub fn parse(text: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.name() == text)
    }
}

/// How often a finding of this kind is true: from the rule and from the evidence, the lower counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    Possible,
    Likely,
    Certain,
}

impl Confidence {
    pub const ALL: [Confidence; 3] = [Confidence::Certain, Confidence::Likely, Confidence::Possible];

    pub fn name(self) -> &'static str {
        match self {
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Certain => "certain",
        }
    }

    pub fn parse(text: &str) -> Option<Confidence> {
        Confidence::ALL.into_iter().find(|confidence| confidence.name() == text)
    }
}

/// Each profile holds the rules of those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    #[default]
    Default,
    Strict,
    Audit,
}

impl Profile {
    pub const ALL: [Profile; 3] = [Profile::Default, Profile::Strict, Profile::Audit];

    pub fn name(self) -> &'static str {
        match self {
            Profile::Default => "default",
            Profile::Strict => "strict",
            Profile::Audit => "audit",
        }
    }

    pub fn parse(text: &str) -> Option<Profile> {
        Profile::ALL.into_iter().find(|profile| profile.name() == text)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleState {
    #[default]
    Stable,
    Preview,
    Deprecated,
    Removed,
}

impl RuleState {
    pub const ALL: [RuleState; 4] = [RuleState::Stable, RuleState::Preview, RuleState::Deprecated, RuleState::Removed];

    pub fn name(self) -> &'static str {
        match self {
            RuleState::Stable => "stable",
            RuleState::Preview => "preview",
            RuleState::Deprecated => "deprecated",
            RuleState::Removed => "removed",
        }
    }

    pub fn parse(text: &str) -> Option<RuleState> {
        RuleState::ALL.into_iter().find(|state| state.name() == text)
    }
}

/// How much of a peer's check ours says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    Same,
    /// The peer's check says all that ours says and more.
    Wider,
    /// The peer's check says only a part of ours; its skip comments do not silence us.
    Narrower,
}

impl Relation {
    pub fn name(self) -> &'static str {
        match self {
            Relation::Same => "same",
            Relation::Wider => "wider",
            Relation::Narrower => "narrower",
        }
    }
}

/// One entry of `covers`: the same check in another tool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cover {
    /// `checkov`, `trivy`, `hadolint`, `zizmor`, `tflint`, `buildkit`, …
    pub peer: &'static str,
    pub id: String,
    pub relation: Relation,
}

/// What is known of a rule without its condition: enough for triage and reports.
#[derive(Clone, Debug)]
pub struct RuleMeta {
    pub id: String,
    pub area: Cow<'static, str>,
    /// The heading of the page: the consequence in the user's words.
    pub title: String,
    pub severity: Severity,
    pub confidence: Confidence,
    pub profile: Profile,
    pub state: RuleState,
    pub since: Option<String>,
    pub replaced_by: Option<String>,
    /// Old ids, the first first: fingerprints keep the oldest.
    pub aliases: Vec<String>,
    /// Weaker rules that are not reported where this one holds.
    pub absorbs: Vec<String>,
    pub tags: Vec<String>,
    pub covers: Vec<Cover>,
    /// The name of the entity that each verdict is about.
    pub each: String,
    pub page: Page,
    pub has_fix: bool,
    /// The parameters that the file declares, with their defaults, whose type is theirs.
    pub params: BTreeMap<String, Param>,
    /// `rules/<area>/<id>.md`, or the path of a user's file.
    pub path: Cow<'static, str>,
}

/// The value of a rule's parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    Bool(bool),
    Number(f64),
    Text(String),
    Texts(Vec<String>),
}

impl Param {
    /// The type, as messages name it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Param::Bool(_) => "true or false",
            Param::Number(_) => "a number",
            Param::Text(_) => "a text",
            Param::Texts(_) => "a list of texts",
        }
    }
}

/// A thing that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// `terraform#aws_ecs_service.app`.
    pub address: String,
    /// The short name that messages print.
    pub name: String,
}

/// A place with the address of what stands there (`terraform#aws_lb.main.internal`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressedPlace {
    pub place: Place,
    pub address: String,
}

impl AddressedPlace {
    pub fn span(&self) -> Span {
        self.place.span
    }
}

/// One way to a finding, in reading order; it holds the primary place at `primary`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub steps: Vec<AddressedPlace>,
    pub subject: Subject,
    /// The `module` blocks that the subject comes through, for each way in which it is called.
    pub calls: Vec<Vec<Span>>,
    /// The variable sets under which this way exists; empty if all.
    pub variants: Vec<String>,
    pub fingerprint: String,
    pub state: State,
}

/// Against `--since` or a baseline; `New` where there is neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    #[default]
    New,
    Unchanged,
    /// Matched by a baseline file.
    Known,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::New => "new",
            State::Unchanged => "unchanged",
            State::Known => "known",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: Arc<RuleMeta>,
    /// The rule's, unless the configuration overrides it.
    pub severity: Severity,
    pub confidence: Confidence,
    /// The consequence in the user's words, with the names of the subjects.
    pub title: String,
    /// Where the fix goes: exactly one span.
    pub primary: AddressedPlace,
    pub subjects: Vec<Subject>,
    /// At least one; several if one cause has many ways or places.
    pub paths: Vec<Path>,
    /// The variable sets under which the finding holds; empty if it holds under all.
    pub variants: Vec<String>,
    /// What the finding takes for granted: "a var file outside the repository may set x".
    pub assumptions: Vec<String>,
    /// What is not there and should be: "aws_vpc_endpoint for logs in aws_vpc.main".
    pub missing: Vec<String>,
    pub fingerprint: String,
    pub state: State,
    pub fix: Option<Fix>,
    pub suppression: Option<Suppressed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    Safe,
    Unsafe,
    /// Shown as a hint, never applied.
    Show,
}

impl Safety {
    pub fn name(self) -> &'static str {
        match self {
            Safety::Safe => "safe",
            Safety::Unsafe => "unsafe",
            Safety::Show => "show",
        }
    }
}

/// A change of text that makes the finding go away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub safety: Safety,
    pub title: String,
    pub edits: Vec<Edit>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuppressionKind {
    Comment,
    Config,
    Foreign,
    Baseline,
}

impl SuppressionKind {
    pub fn name(self) -> &'static str {
        match self {
            SuppressionKind::Comment => "comment",
            SuppressionKind::Config => "config",
            SuppressionKind::Foreign => "foreign",
            SuppressionKind::Baseline => "baseline",
        }
    }
}

/// Who said that a finding is accepted, where and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    pub kind: SuppressionKind,
    pub place: Option<Span>,
    pub reason: String,
    pub until: Option<String>,
    pub owner: Option<String>,
    pub peer: Option<String>,
    pub peer_id: Option<String>,
}

/// A verdict that could not be reached, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Undecided {
    pub rule: String,
    pub subject: Subject,
    pub place: Option<Span>,
    pub reasons: Vec<Reason>,
    pub variants: Vec<String>,
}
