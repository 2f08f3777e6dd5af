//! Comments that other tools honour, read as those tools read them. They silence a rule of ours only if its file says
//! that the peer's check is the same or wider.

use crate::finding::{Relation, RuleMeta};
use crate::source::Comment;
use crate::triage::Date;

use super::scope::Scope;
use super::{Candidate, Entry, EntryKind, EntryState, Input};

/// A skip comment of another tool, one per id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignComment {
    pub peer: &'static str,
    /// `*` for all of the peer's checks.
    pub id: String,
    pub reason: String,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// It counts where all of these hold.
    pub conditions: Vec<Condition>,
    pub(super) reach: Reach,
}

/// What trivy lets a comment depend on. Comments know no values, so whoever has the model answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// An attribute of the block, through nested blocks with dots, has this value.
    Attribute {
        path: String,
        value: String,
    },
    Workspace(String),
}

/// How far a tool lets its comment reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The top-level block or the step around it; in a Dockerfile the file.
    Enclosing,
    /// The line behind which it stands, or what stands below.
    Below,
    /// The same, and above a `module` block everything in that module.
    BelowAndModule,
    File,
    /// The file, if the comment is its first thing.
    FileFromTop,
    /// What holds its line.
    Line,
    LineAndNext,
}

/// Where a comment of ours that says the same would stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignPlace {
    /// Where this one stands.
    Here,
    /// Above the block or step around it.
    Around,
    /// Nowhere: it is about the file.
    File,
    /// Nowhere: it counts on a condition.
    Conditional,
}

impl ForeignComment {
    pub fn place(&self) -> ForeignPlace {
        match self.reach {
            _ if !self.conditions.is_empty() => ForeignPlace::Conditional,
            Reach::Below | Reach::BelowAndModule | Reach::Line | Reach::LineAndNext => ForeignPlace::Here,
            Reach::Enclosing => ForeignPlace::Around,
            Reach::File | Reach::FileFromTop => ForeignPlace::File,
        }
    }
}

/// What a comment says to other tools; most say nothing. zizmor reads the comments of the workflow alone, not those of
/// its scripts.
pub fn read_foreign(comment: &Comment) -> Vec<ForeignComment> {
    let mut found = read(&comment.text);
    found.retain(|it| !comment.is_of_script || it.peer != "zizmor");
    found
}

fn read(text: &str) -> Vec<ForeignComment> {
    let mut found = Vec::new();
    for (head, reader) in HEADS {
        if let Some(rest) = text.strip_prefix(head) {
            reader(rest, &mut found);
            return found;
        }
    }
    // These two may stand anywhere in a comment, several on one line.
    for word in text.split_whitespace() {
        for head in ["tfsec:ignore:", "trivy:ignore:"] {
            if let Some(rest) = word.strip_prefix(head) {
                trivy(rest, &mut found);
            }
        }
    }
    found
}

type ReadRest = fn(&str, &mut Vec<ForeignComment>);

const HEADS: [(&str, ReadRest); 9] = [
    ("checkov:skip=", checkov),
    ("bridgecrew:skip=", checkov),
    ("cortex:skip=", checkov),
    ("hadolint ignore=", |rest, found| listed("hadolint", Reach::Below, rest, found)),
    ("hadolint global ignore=", |rest, found| listed("hadolint", Reach::File, rest, found)),
    ("check=", buildkit),
    ("zizmor: ignore[", zizmor),
    ("tflint-ignore-file:", |rest, found| tflint(Reach::FileFromTop, rest, found)),
    ("tflint-ignore:", |rest, found| tflint(Reach::LineAndNext, rest, found)),
];

fn comment(peer: &'static str, id: &str, reason: &str, reach: Reach) -> ForeignComment {
    ForeignComment {
        peer,
        id: id.trim().to_owned(),
        reason: reason.trim().to_owned(),
        until: None,
        conditions: Vec::new(),
        reach,
    }
}

fn checkov(rest: &str, found: &mut Vec<ForeignComment>) {
    let (ids, reason) = rest.split_once(':').unwrap_or((rest, ""));
    for id in ids.split(',').map(|id| id.split_whitespace().next().unwrap_or("")).filter(|id| !id.is_empty()) {
        // These look at a workflow as a whole.
        let reach = match id {
            "CKV_GHA_5" | "CKV_GHA_6" | "CKV_GHA_7" => Reach::File,
            _ => Reach::Enclosing,
        };
        found.push(comment("checkov", id, reason, reach));
    }
}

/// `ID[name=value,…]:exp:YYYY-MM-DD:ws:NAME`, all but the id as one likes.
fn trivy(rest: &str, found: &mut Vec<ForeignComment>) {
    let end = rest.find(['[', ':']).unwrap_or(rest.len());
    let (id, mut rest) = rest.split_at(end);
    let mut it = comment("trivy", id, "", Reach::BelowAndModule);
    if let Some((inside, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        it.conditions.extend(inside.split(',').map(|pair| {
            let (path, value) = pair.split_once('=').unwrap_or((pair, ""));
            Condition::Attribute { path: path.trim().to_owned(), value: value.trim().to_owned() }
        }));
        rest = behind;
    }
    let mut parts = rest.split(':').skip(1);
    while let Some(key) = parts.next() {
        match (key, parts.next()) {
            // Until the start of that day, so the day before is the last; a broken date has passed.
            ("exp", Some(day)) => it.until = Date::parse(day).and_then(Date::before).or(Date::new(1970, 1, 1)),
            ("ws", Some(name)) => it.conditions.push(Condition::Workspace(name.to_owned())),
            _ => {}
        }
    }
    if !it.id.is_empty() {
        found.push(it);
    }
}

fn listed(peer: &'static str, reach: Reach, rest: &str, found: &mut Vec<ForeignComment>) {
    let (ids, reason) = rest.split_once(" # ").unwrap_or((rest, ""));
    let ids = ids.split(',').filter_map(|id| id.split_whitespace().next());
    found.extend(ids.map(|id| comment(peer, id, reason, reach)));
}

/// BuildKit's directive: `check=skip=A,B;error=true`.
fn buildkit(rest: &str, found: &mut Vec<ForeignComment>) {
    for option in rest.split(';') {
        if let Some(ids) = option.trim().strip_prefix("skip=") {
            listed("buildkit", Reach::File, ids, found);
        }
    }
}

fn zizmor(rest: &str, found: &mut Vec<ForeignComment>) {
    let Some((ids, reason)) = rest.split_once(']') else { return };
    found
        .extend(ids.split(',').filter(|id| !id.trim().is_empty()).map(|id| comment("zizmor", id, reason, Reach::Line)));
}

fn tflint(reach: Reach, rest: &str, found: &mut Vec<ForeignComment>) {
    let (ids, reason) = rest.split_once('#').unwrap_or((rest, ""));
    for id in ids.split(',').filter(|id| !id.trim().is_empty()) {
        let id = if id.trim() == "all" { "*" } else { id };
        found.push(comment("tflint", id, reason, reach));
    }
}

/// The candidates that one comment gives.
pub(super) fn candidates(input: &Input<'_>, comment: &Comment, kind: Option<&str>) -> Vec<Candidate> {
    let holds =
        |number: usize, it: &ForeignComment| it.conditions.is_empty() || input.held.contains(&(comment.span, number));
    let candidate = |(number, it): (usize, ForeignComment)| {
        let scope = if holds(number, &it) { scope_of(input, comment, kind, it.reach) } else { Scope::Nothing };
        let entry = Entry {
            kind: EntryKind::Foreign,
            place: Some(comment.span),
            rules: vec![it.id.clone()],
            reason: it.reason,
            until: it.until,
            owner: None,
            peer: Some(it.peer.to_owned()),
            state: EntryState::Active,
            silenced: 0,
        };
        Candidate { entry, ids: Vec::new(), scope, faults: Vec::new(), peer_id: Some(it.id) }
    };
    read_foreign(comment).into_iter().enumerate().map(candidate).collect()
}

fn scope_of(input: &Input<'_>, comment: &Comment, kind: Option<&str>, reach: Reach) -> Scope {
    let file = input.world.file(comment.span.file);
    let line = file.lines().line(comment.span.start);
    match reach {
        Reach::File => Scope::File(comment.span.file),
        // In JSON the place of a key says nothing.
        Reach::FileFromTop if line == 1 || file.name().ends_with(".json") => Scope::File(comment.span.file),
        Reach::FileFromTop => Scope::Nothing,
        Reach::Line => Scope::HoldsLine(comment.span.file, line),
        Reach::LineAndNext => Scope::LineAndNext(comment.span.file, line),
        Reach::Below => Scope::Spans(comment.covers.clone()),
        Reach::BelowAndModule => Scope::SpansAndModules(comment.covers.clone()),
        Reach::Enclosing if kind == Some("dockerfile") => Scope::File(comment.span.file),
        Reach::Enclosing => match comment.enclosing {
            Some(block) => Scope::Spans(vec![block]),
            None => Scope::Nothing,
        },
    }
}

/// Whether a rule's file says that the peer's check is the same or wider.
pub(super) fn speaks_of(candidate: &Candidate, rule: &RuleMeta) -> bool {
    let peer = candidate.entry.peer.as_deref().unwrap_or("");
    let id = candidate.peer_id.as_deref().unwrap_or("");
    rule.covers.iter().any(|cover| {
        cover.peer == peer
            && cover.relation != Relation::Narrower
            && is_meant(&normal(peer, id), &normal(peer, &cover.id))
    })
}

/// `*` means all, `aws-s3-*` all that begin so.
fn is_meant(pattern: &str, id: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => id.starts_with(beginning),
        None => id == pattern,
    }
}

/// `AVD-AWS-0104` is `aws-0104`; the other tools' ids are compared without regard to case.
fn normal(peer: &str, id: &str) -> String {
    let id = id.to_ascii_lowercase();
    match (peer, id.strip_prefix("avd-")) {
        ("trivy", Some(rest)) => rest.to_owned(),
        _ => id,
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, ForeignPlace, Reach, read};

    fn check(text: &str, expected: &[(&str, &str, &str, Reach)]) {
        let found = read(text);
        let found: Vec<_> = found.iter().map(|it| (it.peer, it.id.as_str(), it.reason.as_str(), it.reach)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn reads_the_comments_of_six_tools() {
        check("checkov:skip=CKV_AWS_20:public site", &[("checkov", "CKV_AWS_20", "public site", Reach::Enclosing)]);
        check(
            "checkov:skip=CKV_AWS_20,CKV_AWS_57: both",
            &[("checkov", "CKV_AWS_20", "both", Reach::Enclosing), ("checkov", "CKV_AWS_57", "both", Reach::Enclosing)],
        );
        check("checkov:skip=CKV_GHA_7", &[("checkov", "CKV_GHA_7", "", Reach::File)]);
        check(
            "tfsec:ignore:aws-s3-no-public tfsec:ignore:AVD-AWS-0104",
            &[
                ("trivy", "aws-s3-no-public", "", Reach::BelowAndModule),
                ("trivy", "AVD-AWS-0104", "", Reach::BelowAndModule),
            ],
        );
        check("trivy:ignore:*", &[("trivy", "*", "", Reach::BelowAndModule)]);
        check(
            "hadolint ignore=DL3008,DL3009",
            &[("hadolint", "DL3008", "", Reach::Below), ("hadolint", "DL3009", "", Reach::Below)],
        );
        check("hadolint global ignore=DL3008", &[("hadolint", "DL3008", "", Reach::File)]);
        check("check=skip=JSONArgsRecommended;error=true", &[("buildkit", "JSONArgsRecommended", "", Reach::File)]);
        check("zizmor: ignore[unpinned-uses] ours", &[("zizmor", "unpinned-uses", "ours", Reach::Line)]);
        check(
            "tflint-ignore: a, b # because",
            &[("tflint", "a", "because", Reach::LineAndNext), ("tflint", "b", "because", Reach::LineAndNext)],
        );
        check("tflint-ignore-file: all", &[("tflint", "*", "", Reach::FileFromTop)]);
        check("nosemgrep: x", &[]);
        check("a word about checkov:skip=CKV_AWS_20", &[]);
    }

    #[test]
    fn trivys_conditions() {
        let check = |text: &str, expected: &[Condition]| {
            let found = read(text);
            assert_eq!((found[0].id.as_str(), found[0].conditions.as_slice()), ("AWS-0104", expected), "{text}");
            let is_conditional = found[0].place() == ForeignPlace::Conditional;
            assert_eq!(is_conditional, !expected.is_empty(), "{text}");
        };
        let attribute =
            |path: &str, value: &str| Condition::Attribute { path: path.to_owned(), value: value.to_owned() };
        let workspace = || Condition::Workspace("dev".to_owned());
        check("trivy:ignore:AWS-0104", &[]);
        check("trivy:ignore:AWS-0104[cidr=::/0]", &[attribute("cidr", "::/0")]);
        check("tfsec:ignore:AWS-0104[a=1,b.c=x]", &[attribute("a", "1"), attribute("b.c", "x")]);
        check("trivy:ignore:AWS-0104:ws:dev", &[workspace()]);
        check("trivy:ignore:AWS-0104[a=1]:exp:2024-03-01:ws:dev", &[attribute("a", "1"), workspace()]);
        check("trivy:ignore:AWS-0104[a", &[]);
    }

    #[test]
    fn a_star_ends_a_pattern() {
        let check = |pattern, id, expected| assert_eq!(super::is_meant(pattern, id), expected, "{pattern} {id}");
        check("*", "aws-0104", true);
        check("aws-s3-*", "aws-s3-enable-versioning", true);
        check("aws-s3-*", "aws-ec2-no-public", false);
        check("aws-0104", "aws-01045", false);
    }

    #[test]
    fn trivys_last_day_is_the_day_before() {
        let until = |text: &str| read(text)[0].until.map(|date| date.to_string());
        assert_eq!(until("trivy:ignore:AWS-0104:exp:2024-03-01"), Some("2024-02-29".to_owned()));
        assert_eq!(until("trivy:ignore:AWS-0104:exp:soon"), Some("1970-01-01".to_owned()));
        assert_eq!(until("trivy:ignore:AWS-0104"), None);
    }
}
