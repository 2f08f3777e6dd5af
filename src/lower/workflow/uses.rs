//! `uses`: which action or workflow, at what, and how firmly that is pinned.

use super::plan::Source;
use crate::data::github::actions::{self, Named, Releases};
use crate::data::github::lists;
use crate::model::pipeline::{ActionReference, GithubRepository, Uses};
use crate::model::{Head, Id, Model, One};
use crate::source::{CommentPosition, Span, nearest_within};
use crate::syntax::yaml::Node;
use crate::value::{Origin, Value};

/// The parts of a `uses`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) kind: &'static str,
    pub(super) owner: String,
    pub(super) repo: String,
    pub(super) path: String,
    pub(super) git_ref: Option<String>,
    pub(super) pin: &'static str,
}

impl Parts {
    /// `owner/repo` in lower case; empty for what lies in this repository or is an image.
    pub(super) fn action(&self) -> String {
        match self.owner.is_empty() {
            true => String::new(),
            false => format!("{}/{}", self.owner, self.repo).to_lowercase(),
        }
    }

    /// `owner/repo/path` in lower case.
    pub(super) fn full(&self) -> String {
        match self.path.is_empty() {
            true => self.action(),
            false => format!("{}/{}", self.action(), self.path.to_lowercase()),
        }
    }
}

pub(super) fn parts(text: &str) -> Parts {
    let none = |kind, path: &str, git_ref: Option<&str>, pin| Parts {
        kind,
        owner: String::new(),
        repo: String::new(),
        path: path.to_owned(),
        git_ref: git_ref.map(str::to_owned),
        pin,
    };
    if let Some(image) = text.strip_prefix("docker://") {
        return none("docker", image, None, image_pin(image));
    }
    if let Some(path) = text.strip_prefix("$/") {
        return none("self", path, None, "local");
    }
    if text.starts_with("./") || text.starts_with("../") || text == "." {
        return none("workspace", text, None, "local");
    }
    let (name, git_ref) = match text.split_once('@') {
        Some((name, git_ref)) => (name, Some(git_ref)),
        None => (text, None),
    };
    let mut names = name.splitn(3, '/');
    let (owner, repo, path) = (names.next(), names.next(), names.next());
    let is_workflow = path.is_some_and(|path| path.ends_with(".yml") || path.ends_with(".yaml"));
    Parts {
        kind: if is_workflow { "reusable" } else { "action" },
        owner: owner.unwrap_or("").to_owned(),
        repo: repo.unwrap_or("").to_owned(),
        path: path.unwrap_or("").trim_matches('/').to_owned(),
        git_ref: git_ref.map(str::to_owned),
        pin: git_ref.map_or("none", ref_pin),
    }
}

fn ref_pin(git_ref: &str) -> &'static str {
    let is_hex = git_ref.bytes().all(|byte| byte.is_ascii_hexdigit());
    match git_ref.len() {
        0 => "none",
        40 | 64 if is_hex => "commit",
        7..=39 if is_hex && !git_ref.bytes().all(|byte| byte.is_ascii_digit()) => "short-commit",
        _ if is_version(git_ref) => "version",
        _ => "branch",
    }
}

/// `v4`, `1.2`, `v1.2.3-beta.1`.
pub(super) fn is_version(text: &str) -> bool {
    let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let core = digits.split(['-', '+']).next().unwrap_or("");
    !core.is_empty() && core.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

pub(super) fn image_pin(image: &str) -> &'static str {
    if image.contains("@sha256:") {
        return "digest";
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    match name.split_once(':') {
        None | Some((_, "latest" | "")) => "image-latest",
        Some(_) => "image-tag",
    }
}

/// The version that a comment behind a pin names: `# v4.2.1`, `# tag=v4`.
pub(super) fn version_of_comment(comment: &str) -> Option<&str> {
    comment
        .split(|c: char| c.is_whitespace() || matches!(c, '=' | '@' | ':' | '(' | ')' | ','))
        .find(|word| is_version(word) && (word.starts_with(['v', 'V']) || word.contains('.')))
}

/// Lowers a `uses`; what it belongs to is linked by the caller.
pub(super) fn lower(
    model: &mut Model,
    repository: Id<GithubRepository>,
    source: &Source<'_>,
    text: &str,
    node: &Node,
) -> Option<Id<Uses>> {
    let written = node.scalar_text()?;
    let parts = parts(written);
    let span = node.resolved().span;
    let origin = Origin::written(span);
    let mut uses = Uses::new(Head::new(written, span));
    let set = |value: &str| Value::text(value, origin.clone());
    uses.text.set(set(written));
    uses.kind.set(set(parts.kind));
    uses.pin.set(set(parts.pin));
    if !parts.owner.is_empty() {
        uses.owner.set(set(&parts.owner));
        uses.repo.set(set(&parts.repo));
    }
    uses.path.set(set(&parts.path));
    if let Some(git_ref) = &parts.git_ref {
        uses.git_ref.set(set(git_ref));
    }
    let comment = comment_behind(source, text, span);
    if let Some((comment, comment_span)) = comment {
        uses.comment.set(Value::text(comment, Origin::written(comment_span)));
    }
    let said = comment.and_then(|(comment, span)| Some((version_of_comment(comment)?, span)));
    let commit = parts.git_ref.as_deref().filter(|_| parts.pin == "commit");
    if let (Some((said, span)), Some(commit)) = (said, commit) {
        uses.comment_version.set(Value::text(said, Origin::written(span)));
        let is_wrong = actions::is_no_release(&parts.action(), said, commit);
        uses.comment_is_wrong.set(Value::bool(is_wrong, Origin::written(span)));
    }
    let known = commit.and_then(|commit| actions::version_of(&parts.action(), commit));
    let version = match parts.pin {
        "version" => parts.git_ref.as_deref(),
        // A comment may lie; the table of releases does not.
        "commit" => known.as_deref().or(said.map(|(said, _)| said)),
        _ => None,
    };
    if let Some(version) = version {
        uses.version.set(set(version));
    }
    // Some refuse to run unless they are named by their tag, which they check themselves.
    let is_trusted = is_trusted_owner(model, repository, &parts.owner) || lists::checks_its_tag(&parts.action());
    if let Some(runtime) = retired_runtime(&parts, version) {
        uses.retired_runtime.set(set(runtime));
    }
    reputation(&mut uses, &parts, &origin);
    let is_forbidden = !parts.owner.is_empty() && is_forbidden(model, repository, written);
    uses.is_forbidden.set(Value::bool(is_forbidden, origin.clone()));
    uses.trusted_owner.set(Value::bool(is_trusted, origin.clone()));
    let reference = (!parts.owner.is_empty()).then(|| reference(model, repository, &parts, span));
    if let Some(reference) = reference {
        uses.reference = One::to(reference, origin.clone());
    }
    let id = model.pipeline.uses.push(uses);
    if let Some(reference) = reference {
        model[reference].uses.push(id, origin);
    }
    Some(id)
}

/// What an action runs on, where runners no longer have it.
fn retired_runtime(parts: &Parts, version: Option<&str>) -> Option<&'static str> {
    releases(parts, version?)?.runs_on_retired()
}

/// The releases of a popular action that are meant.
pub(super) fn releases(parts: &Parts, version: &str) -> Option<Releases> {
    let named = if parts.pin == "version" { Named::Tag } else { Named::Commit };
    actions::releases(&parts.full(), version, named)
}

/// What is known of the action from outside this repository.
fn reputation(uses: &mut Uses, parts: &Parts, origin: &Origin) {
    let name = parts.action();
    if name.is_empty() {
        return;
    }
    let set = |text: &str| Value::text(text, origin.clone());
    uses.is_archived.set(Value::bool(lists::is_archived(&name), origin.clone()));
    if let Some(popular) = resembles(&name) {
        uses.lookalike_of.set(set(popular));
    }
    let version = uses.version.as_str().map(str::to_owned);
    let Some(version) = version else { return };
    if let Some(advisory) = lists::advisory(&name, &version) {
        uses.advisory.set(set(advisory.id));
    }
    if let Some(part) = releases(parts, &version).and_then(|releases| releases.pulls().next()) {
        uses.mutable_part.set(set(part));
    }
}

/// The popular action that a name resembles, if it is none itself: a letter off in the owner or in the name.
fn resembles(name: &str) -> Option<&'static str> {
    let all = || actions::repositories().chain(lists::popular());
    if all().any(|known| known == name) || lists::is_archived(name) {
        return None;
    }
    let (owner, repo) = name.split_once('/')?;
    let is_near = |a: &str, b: &str| b.len() > 4 && nearest_within(a, [b], 1).is_some();
    let mut found: Vec<&'static str> = all()
        .filter(|known| {
            let Some((known_owner, known_repo)) = known.split_once('/') else { return false };
            (owner == known_owner && is_near(repo, known_repo)) || (repo == known_repo && is_near(owner, known_owner))
        })
        .collect();
    found.sort_unstable();
    found.first().copied()
}

/// Whether a list of the configuration forbids an action: one that denies it, or one that names all that are allowed.
fn is_forbidden(model: &Model, repository: Id<GithubRepository>, written: &str) -> bool {
    let repository = &model[repository];
    let lists = [(&repository.denied_actions, Listed::Denied), (&repository.allowed_actions, Listed::Allowed)];
    lists.into_iter().any(|(cell, listed)| {
        let crate::model::Reading::Known(list) = cell.get() else { return false };
        let names = list.items.iter().filter_map(Value::as_str).any(|pattern| fits(pattern, written));
        names == (listed == Listed::Denied)
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Listed {
    Allowed,
    Denied,
}

/// `owner/*`, `owner/name`, `owner/name@v4`: a pattern without a ref speaks of all refs.
fn fits(pattern: &str, written: &str) -> bool {
    let written = if pattern.contains('@') { written } else { written.split('@').next().unwrap_or(written) };
    let mut parts = pattern.split('*');
    let lower = written.to_lowercase();
    let Some(rest) = parts.next().and_then(|first| lower.strip_prefix(first.to_lowercase().as_str())) else {
        return false;
    };
    let mut rest = rest;
    let parts: Vec<String> = parts.map(str::to_lowercase).collect();
    let Some((last, middle)) = parts.split_last() else {
        // A name without a folder speaks of all folders of its repository.
        return rest.is_empty() || rest.starts_with('/');
    };
    for part in middle {
        match rest.find(part.as_str()) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

fn is_trusted_owner(model: &Model, repository: Id<GithubRepository>, owner: &str) -> bool {
    let repository = &model[repository];
    let own = repository.name.as_str().and_then(|name| name.split_once('/')).map(|(owner, _)| owner);
    let configured = match repository.trusted_owners.get() {
        crate::model::Reading::Known(list) => {
            list.items.iter().filter_map(Value::as_str).any(|it| it.eq_ignore_ascii_case(owner))
        }
        crate::model::Reading::Absent | crate::model::Reading::Unknown(_) => false,
    };
    let is_own = own.is_some_and(|own| own.eq_ignore_ascii_case(owner));
    owner.eq_ignore_ascii_case("actions") || owner.eq_ignore_ascii_case("github") || is_own || configured
}

/// The reference that all uses of one action at one ref share.
fn reference(model: &mut Model, repository: Id<GithubRepository>, parts: &Parts, span: Span) -> Id<ActionReference> {
    let git_ref = parts.git_ref.as_deref().unwrap_or("");
    let known = model[repository].action_references.ids().find(|id| {
        let reference = &model[*id];
        let same = |cell: Option<&str>, text: &str| cell.is_some_and(|it| it.eq_ignore_ascii_case(text));
        same(reference.owner.as_str(), &parts.owner)
            && same(reference.repo.as_str(), &parts.repo)
            && reference.git_ref.as_str() == Some(git_ref)
    });
    if let Some(known) = known {
        return known;
    }
    let origin = Origin::written(span);
    let name = match git_ref.is_empty() {
        true => format!("{}/{}", parts.owner, parts.repo),
        false => format!("{}/{}@{git_ref}", parts.owner, parts.repo),
    };
    // All uses are one finding, whichever is the first.
    let thing = format!("action#{name}");
    let mut reference = ActionReference::new(Head::new(name, span).of_thing(thing));
    reference.owner.set(Value::text(&parts.owner, origin.clone()));
    reference.repo.set(Value::text(&parts.repo, origin.clone()));
    reference.git_ref.set(Value::text(git_ref, origin.clone()));
    reference.github_repository = One::to(repository, origin.clone());
    let id = model.pipeline.action_references.push(reference);
    model[repository].action_references.push(id, origin);
    id
}

/// The comment on the same line behind a value.
fn comment_behind<'a>(source: &'a Source<'_>, text: &str, span: Span) -> Option<(&'a str, Span)> {
    let comments = &source.parsed.comments;
    let comment = comments.get(comments.partition_point(|comment| comment.span.start < span.end))?;
    let between = text.get(span.end as usize..comment.span.start as usize)?;
    let is_behind = comment.position == CommentPosition::BehindCode && !between.contains('\n');
    is_behind.then_some((comment.text.as_str(), comment.span))
}

#[cfg(test)]
mod tests {
    use super::{fits, parts, resembles, version_of_comment};

    #[test]
    fn patterns_of_the_configuration() {
        assert!(fits("actions/*", "actions/checkout@v4") && fits("a/b@v1", "A/b@v1") && fits("a/b", "a/b/c@v2"));
        assert!(!fits("a/b", "a/bc@v1") && !fits("a/b@v1", "a/b@v2") && fits("*/b@*", "x/b@v2"));
    }

    #[test]
    fn names_that_resemble_others() {
        assert_eq!(resembles("action/checkout"), Some("actions/checkout"));
        assert_eq!(resembles("actions/checkuot"), Some("actions/checkout"));
        assert_eq!(resembles("actions/checkout"), None);
        assert_eq!(resembles("me/my-action"), None);
    }

    #[test]
    fn tells_pins_apart() {
        let check = |text: &str, kind: &str, pin: &str| {
            let parts = parts(text);
            assert_eq!((parts.kind, parts.pin), (kind, pin), "{text}");
        };
        check("actions/checkout@v4", "action", "version");
        check("actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683", "action", "commit");
        check("actions/checkout@11bd719", "action", "short-commit");
        check("a/b/c@main", "action", "branch");
        check("a/b@release/v1", "action", "branch");
        check("a/b@20240101", "action", "version");
        check("a/b", "action", "none");
        check("a/b/.github/workflows/x.yml@v1", "reusable", "version");
        check("./.github/actions/x", "workspace", "local");
        check("$/actions/x", "self", "local");
        check("docker://alpine", "docker", "image-latest");
        check("docker://ghcr.io:443/a/b:1", "docker", "image-tag");
        assert_eq!(parts("a/b/c/d@x@y").git_ref.as_deref(), Some("x@y"));
        assert_eq!(parts("a/b/c/d@x").path, "c/d");
    }

    #[test]
    fn versions_stand_in_comments() {
        assert_eq!(version_of_comment("v4.2.1"), Some("v4.2.1"));
        assert_eq!(version_of_comment("tag=v4, pinned 2024"), Some("v4"));
        assert_eq!(version_of_comment("pinned in 2024"), None);
    }
}
