//! What the `github` context holds in one run: known values, things that are only equal to themselves, and values that
//! somebody decides, with who and how free.

use std::collections::BTreeMap;

use super::{Charset, Control, Operand};
use crate::value::{Origin, Piece, Text, Value};

/// Where the code and the payload of a run come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunSource {
    /// The repository itself.
    Base,
    /// A pull request between branches of the repository.
    Same,
    Fork,
}

impl RunSource {
    pub const WORDS: [&str; 3] = ["base", "same", "fork"];

    pub fn word(self) -> &'static str {
        RunSource::WORDS[self as usize]
    }
}

/// One way a run can begin, as expressions see it.
#[derive(Clone, Debug)]
pub struct Run {
    pub event: String,
    /// The activity types; empty where the event has none or all are meant.
    pub activities: Vec<String>,
    /// `refs/heads/main`, or what is known of its beginning.
    pub git_ref: RefPattern,
    pub source: RunSource,
    pub who: Control,
    /// What whoever starts it by hand picks from closed lists, by the input's name in lower case.
    pub choices: BTreeMap<String, String>,
    /// Whether somebody with rights may have set labels and milestones.
    pub has_labels: bool,
    /// Whether the pull request is merged; nothing for runs that have none.
    pub is_merged: Option<bool>,
    /// The event of the workflow whose end began this run.
    pub parent_event: Option<String>,
    pub repository: Option<String>,
    pub default_branch: Option<String>,
}

/// What is known of a git ref.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefPattern {
    Exact(String),
    /// Somebody chooses, below this beginning.
    Below(String),
    DefaultBranch,
}

use Charset::{Email, Enum, Hex, Line, Name, Number, Path, Ref, Text as AnyText, Url};

/// Who decides a member of the payload: its author is whoever opened, wrote or pushed.
#[derive(Clone, Copy)]
enum By {
    Author,
    Merged,
    Reviewer,
    Writer,
    Platform,
}

/// Members of `github.event`; `*` stands for any one name. The first match counts.
const PAYLOAD: &[(&str, By, Charset)] = &[
    ("issue.title", By::Author, Line),
    ("issue.body", By::Author, AnyText),
    ("pull_request.title", By::Author, Line),
    ("pull_request.body", By::Author, AnyText),
    ("pull_request.head.ref", By::Author, Ref),
    ("pull_request.head.label", By::Author, Ref),
    ("pull_request.head.repo.default_branch", By::Author, Ref),
    ("pull_request.head.repo.description", By::Author, AnyText),
    ("pull_request.head.repo.homepage", By::Author, Url),
    ("pull_request.head.repo.*", By::Author, Name),
    ("pull_request.head.sha", By::Author, Hex),
    ("pull_request.merge_commit_sha", By::Author, Hex),
    ("pull_request.base.ref", By::Author, Enum),
    ("pull_request.base.*", By::Platform, Hex),
    ("pull_request.labels.*.name", By::Reviewer, Line),
    ("pull_request.milestone.*", By::Reviewer, Line),
    ("pull_request.author_association", By::Platform, Enum),
    ("pull_request.draft", By::Author, Enum),
    ("pull_request.merged", By::Writer, Enum),
    ("pull_request.state", By::Platform, Enum),
    ("issue.labels.*.name", By::Reviewer, Line),
    ("issue.milestone.*", By::Reviewer, Line),
    ("discussion.title", By::Author, Line),
    ("discussion.body", By::Author, AnyText),
    ("comment.body", By::Author, AnyText),
    ("review.body", By::Author, AnyText),
    ("review.state", By::Author, Enum),
    ("review_comment.body", By::Author, AnyText),
    ("pages.*.page_name", By::Author, Line),
    ("changes.title.from", By::Author, Line),
    ("changes.body.from", By::Author, AnyText),
    ("changes.head.ref.from", By::Author, Ref),
    ("workflow_run.display_title", By::Author, Line),
    ("workflow_run.head_branch", By::Author, Ref),
    ("workflow_run.head_sha", By::Author, Hex),
    ("workflow_run.head_repository.description", By::Author, AnyText),
    ("workflow_run.pull_requests.*.head.ref", By::Author, Ref),
    ("workflow_run.head_commit.message", By::Author, AnyText),
    ("workflow_run.head_commit.author.email", By::Author, Email),
    ("workflow_run.head_commit.author.name", By::Author, Line),
    ("workflow_run.head_commit.committer.*", By::Author, Line),
    ("workflow_run.conclusion", By::Author, Enum),
    ("head_commit.message", By::Merged, AnyText),
    ("head_commit.author.email", By::Merged, Email),
    ("head_commit.author.*", By::Merged, Line),
    ("head_commit.committer.email", By::Merged, Email),
    ("head_commit.committer.*", By::Merged, Line),
    ("commits.*.message", By::Merged, AnyText),
    ("commits.*.author.*", By::Merged, Line),
    ("commits.*.committer.*", By::Merged, Line),
    ("merge_group.head_commit.message", By::Merged, AnyText),
    ("merge_group.head_commit.*.*", By::Merged, Line),
    ("merge_group.head_ref", By::Merged, Ref),
    ("label.name", By::Reviewer, Line),
    ("client_payload.*", By::Writer, AnyText),
    ("client_payload", By::Writer, AnyText),
    ("release.body", By::Writer, AnyText),
    ("release.name", By::Writer, Line),
    ("release.tag_name", By::Writer, Ref),
    ("release.target_commitish", By::Writer, Ref),
    ("ref", By::Writer, Ref),
    ("base_ref", By::Writer, Ref),
];

/// Which events carry which part of the payload. Parts that are not listed come with any event.
const CARRIERS: &[(&str, &[&str])] = &[
    ("pull_request", &["pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"]),
    ("issue", &["issues", "issue_comment"]),
    ("comment", &["issue_comment", "pull_request_review_comment", "commit_comment", "discussion_comment"]),
    ("review", &["pull_request_review"]),
    ("discussion", &["discussion", "discussion_comment"]),
    ("workflow_run", &["workflow_run"]),
    ("head_commit", &["push"]),
    ("commits", &["push"]),
    ("merge_group", &["merge_group"]),
    ("pages", &["gollum"]),
    ("client_payload", &["repository_dispatch"]),
    ("release", &["release"]),
    ("ref", &["push", "create", "delete", "workflow_dispatch"]),
    ("base_ref", &["push"]),
];

/// The value of `github.…`, the path without its first name.
pub fn github(run: &Run, path: &[String]) -> Operand {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let name = format!("github.{}", names.join("."));
    match names.as_slice() {
        [] => worst_of(run, "", &name),
        ["event_name"] => Operand::text(&run.event),
        ["repository"] => thing(run.repository.as_deref(), "repository"),
        ["repository_owner"] => thing(run.repository.as_deref().and_then(owner_of), "owner"),
        ["ref"] => git_ref(run, "", &name),
        ["ref_name"] => git_ref(run, "refs/heads/", &name),
        ["ref_type"] => match &run.git_ref {
            RefPattern::Exact(text) | RefPattern::Below(text) if text.starts_with("refs/tags/") => Operand::text("tag"),
            RefPattern::Below(text) if text == "refs/" => {
                Operand::one_of(Control::Writer, &name, vec!["branch".to_owned(), "tag".to_owned()])
            }
            RefPattern::Exact(_) | RefPattern::Below(_) | RefPattern::DefaultBranch => Operand::text("branch"),
        },
        ["head_ref"] => match carries(run, "pull_request") && run.event != "pull_request_review" {
            true => Operand::chosen(author(run), Ref, &name),
            false => Operand::text(""),
        },
        ["base_ref"] => match carries(run, "pull_request") {
            true => Operand::chosen(Control::Platform, Enum, &name),
            false => Operand::text(""),
        },
        ["event", rest @ ..] => event(run, rest, &name),
        ["actor" | "triggering_actor"] => who_acts(run, &name),
        ["sha"] => Operand::chosen(Control::Platform, Hex, &name),
        ["run_id" | "run_number" | "run_attempt" | "actor_id" | "repository_id" | "repository_owner_id"] => {
            Operand::chosen(Control::Platform, Number, &name)
        }
        ["token"] => Operand::setting("secret", &name),
        [_] => Operand::chosen(Control::Platform, Enum, &name),
        _ => Operand::null(),
    }
}

fn event(run: &Run, rest: &[&str], name: &str) -> Operand {
    let Some(part) = rest.first() else { return worst_of(run, "", name) };
    if !carries(run, part) {
        return Operand::null();
    }
    let own_repository = match run.source {
        RunSource::Fork => "fork",
        RunSource::Base | RunSource::Same => "repository",
    };
    let repository = run.repository.as_deref();
    match rest {
        ["action"] if !run.activities.is_empty() => {
            let is_held = |activity: &String| activity.ends_with("labeled") || activity.ends_with("milestoned");
            let possible = run.activities.iter().filter(|activity| run.has_labels || !is_held(activity));
            Operand::one_of(Control::Platform, name, possible.cloned().collect())
        }
        ["ref"] if matches!(run.event.as_str(), "push" | "workflow_dispatch") => git_ref(run, "", name),
        ["pull_request", "merged"] if run.is_merged.is_some() => {
            Operand::known(Value::bool(run.is_merged == Some(true), Origin::none()))
        }
        ["repository", "full_name"] | ["pull_request", "base", "repo", "full_name"] => thing(repository, "repository"),
        ["repository", "default_branch"] => default_branch(run, "", name),
        ["repository", "fork"] => Operand::known(Value::bool(false, Origin::none())),
        ["repository", ..] | ["organization", ..] => Operand::chosen(Control::Platform, Name, name),
        ["pull_request", "head", "repo", "full_name"] | ["workflow_run", "head_repository", "full_name"] => {
            if run.source == RunSource::Fork { Operand::thing("fork") } else { thing(repository, "repository") }
        }
        ["pull_request", "head", "repo", "owner", "login"]
        | ["pull_request", "head", "user", "login"]
        | ["workflow_run", "head_repository", "owner", "login"] => {
            let owner = repository.and_then(owner_of);
            if run.source == RunSource::Fork { Operand::thing("fork-owner") } else { thing(owner, "owner") }
        }
        ["pull_request", "head", "repo", "fork"] | ["workflow_run", "head_repository", "fork"] => {
            Operand::known(Value::bool(own_repository == "fork", Origin::none()))
        }
        ["workflow_run", "event"] => match &run.parent_event {
            Some(event) => Operand::text(event),
            None => Operand::unknown(crate::logic::Reason::new("unknown-parent", name)),
        },
        ["inputs", ..] => Operand::chosen(Control::Writer, AnyText, name),
        ["sender", "login"] => who_acts(run, name),
        [_, "user", "login"] => who_wrote(run, name),
        [_, "author_association"] => {
            let words: &[&str] = match author(run) {
                Control::Outsider if run.who == Control::Outsider || run.source == RunSource::Fork => {
                    &["CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR", "FIRST_TIMER", "NONE", "MANNEQUIN"]
                }
                _ => &["OWNER", "MEMBER", "COLLABORATOR"],
            };
            Operand::one_of(Control::Platform, name, words.iter().map(|word| (*word).to_owned()).collect())
        }
        _ => payload(run, rest, name),
    }
}

fn payload(run: &Run, rest: &[&str], name: &str) -> Operand {
    for (pattern, by, charset) in PAYLOAD {
        if matches(pattern, rest) {
            if matches!(by, By::Reviewer) && !run.has_labels {
                return Operand::text("");
            }
            let is_said = pattern.starts_with("comment.") || pattern.starts_with("review");
            let control = if is_said && run.who == Control::Writer { Control::Writer } else { control(run, *by) };
            return Operand::chosen(control, *charset, name);
        }
    }
    let joined = rest.join(".");
    let is_object = PAYLOAD.iter().any(|(pattern, ..)| is_below(pattern, &joined));
    if is_object {
        return worst_of(run, &joined, name);
    }
    let last = rest.last().copied().unwrap_or("");
    let charset = match last {
        "number" | "id" | "comments" | "commits" | "additions" | "deletions" | "changed_files" => Number,
        "sha" | "node_id" | "after" | "before" | "head_sha" => Hex,
        "path" | "filename" => Path,
        _ => Name,
    };
    let control = if charset == Number || last == "author_association" { Control::Platform } else { author(run) };
    Operand::chosen(control, charset, name)
}

/// A whole object: its worst member decides.
fn worst_of(run: &Run, below: &str, name: &str) -> Operand {
    let worst = PAYLOAD
        .iter()
        .filter(|(pattern, ..)| below.is_empty() || is_below(pattern, below))
        .filter(|(pattern, ..)| carries(run, pattern.split('.').next().unwrap_or("")))
        .map(|(_, by, charset)| (control(run, *by), *charset))
        .max();
    match worst {
        Some((control, charset)) => Operand::chosen(control, charset.max(Line), name),
        None => Operand::chosen(Control::Platform, Line, name),
    }
}

/// Whether a pattern is a member of the object at a path.
fn is_below(pattern: &str, path: &str) -> bool {
    pattern.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
}

/// Case is ignored, indices of lists and `*` match `*`, and a pattern's `*` matches any name.
fn matches(pattern: &str, path: &[&str]) -> bool {
    if !path.first().is_some_and(|first| pattern.starts_with(first)) {
        return false;
    }
    let mut names = pattern.split('.');
    let fits = path.iter().all(|name| names.next().is_some_and(|wanted| wanted == "*" || wanted == *name));
    fits && names.next().is_none()
}

fn carries(run: &Run, part: &str) -> bool {
    match CARRIERS.iter().find(|(name, _)| *name == part) {
        Some((_, events)) => events.contains(&run.event.as_str()),
        None => true,
    }
}

fn control(run: &Run, by: By) -> Control {
    match by {
        By::Author => author(run),
        By::Merged => Control::Merged,
        By::Reviewer => Control::Reviewer,
        By::Writer => Control::Writer,
        By::Platform => Control::Platform,
    }
}

/// Who wrote the issue, comment or pull request that a run is about.
fn author(run: &Run) -> Control {
    match (run.event.as_str(), run.source) {
        ("pull_request" | "pull_request_target", RunSource::Same) => Control::Writer,
        ("workflow_run", RunSource::Same | RunSource::Base) => run.who,
        _ => Control::Outsider,
    }
}

/// The last actor. Where an outsider cannot pretend to be another, he equals no name that is written down.
fn who_acts(run: &Run, name: &str) -> Operand {
    let can_pretend = run.event.starts_with("pull_request") || run.event == "workflow_run";
    match run.who {
        Control::Outsider if !can_pretend => {
            Operand { shares: Operand::chosen(Control::Outsider, Name, name).shares, ..Operand::thing("fork-actor") }
        }
        _ => Operand::chosen(actor(run), Name, name),
    }
}

/// The author of what a run is about.
fn who_wrote(run: &Run, name: &str) -> Operand {
    let is_outsider = run.who == Control::Outsider || run.source == RunSource::Fork;
    match is_outsider {
        true => {
            Operand { shares: Operand::chosen(Control::Outsider, Name, name).shares, ..Operand::thing("fork-author") }
        }
        false => Operand::chosen(author(run), Name, name),
    }
}

/// Who is the actor: on pull requests the last one who pushed or reopened, which need not be the author.
fn actor(run: &Run) -> Control {
    match run.event.as_str() {
        "push" | "workflow_dispatch" | "repository_dispatch" | "release" | "create" | "delete" => Control::Writer,
        "schedule" => Control::Platform,
        _ => run.who,
    }
}

/// The configured name, or the thing itself.
fn thing(name: Option<&str>, thing: &str) -> Operand {
    match name {
        Some(name) => Operand::text(name),
        None => Operand::thing(thing),
    }
}

fn owner_of(repository: &str) -> Option<&str> {
    repository.split_once('/').map(|(owner, _)| owner)
}

/// The ref without a beginning that `ref_name` leaves out.
fn git_ref(run: &Run, strip: &str, name: &str) -> Operand {
    let short = |text: &str| match strip.is_empty() {
        true => text.to_owned(),
        false => text.strip_prefix("refs/heads/").or(text.strip_prefix("refs/tags/")).unwrap_or(text).to_owned(),
    };
    match &run.git_ref {
        RefPattern::Exact(text) => Operand::text(&short(text)),
        RefPattern::DefaultBranch => default_branch(run, if strip.is_empty() { "refs/heads/" } else { "" }, name),
        RefPattern::Below(text) if text.starts_with("refs/pull/") => {
            let chosen = Operand::chosen(Control::Platform, Number, name);
            let prefix = if strip.is_empty() { "refs/pull/" } else { "" };
            with_prefix(chosen, prefix)
        }
        RefPattern::Below(text) => {
            let chosen = Operand::chosen(Control::Writer, Ref, name);
            with_prefix(chosen, &if text == "refs/" && !strip.is_empty() { String::new() } else { short(text) })
        }
    }
}

/// The default branch has no known name without configuration; `main` and `master` are taken for it.
fn default_branch(run: &Run, prefix: &str, name: &str) -> Operand {
    match &run.default_branch {
        Some(branch) => Operand::text(&format!("{prefix}{branch}")),
        None => {
            let names = ["main", "master"].map(|branch| format!("{prefix}{branch}"));
            let reason = crate::logic::Reason::new("unknown-default-branch", name);
            Operand { open: Some(reason), ..Operand::one_of(Control::Platform, name, names.to_vec()) }
        }
    }
}

fn with_prefix(operand: Operand, prefix: &str) -> Operand {
    if prefix.is_empty() {
        return operand;
    }
    let pieces = [Piece::Literal(prefix.into(), Origin::none()), Piece::Hole(Box::new(operand.value))];
    let value = Value::new(crate::value::Kind::Text(Text::from_pieces(pieces)), Origin::none());
    Operand { value, ..operand }
}
