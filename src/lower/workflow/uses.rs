//! `uses`: which action or workflow, at what, and how firmly that is pinned.

use super::plan::Source;
use crate::model::pipeline::{ActionReference, GithubRepository, Uses};
use crate::model::{Head, Id, Model, One};
use crate::source::{CommentPosition, Span};
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
    let version = match parts.pin {
        "version" => parts.git_ref.as_deref(),
        "commit" => comment.and_then(|(comment, _)| version_of_comment(comment)),
        _ => None,
    };
    if let Some(version) = version {
        uses.version.set(set(version));
    }
    let is_trusted = is_trusted_owner(model, repository, &parts.owner);
    if let Some(runtime) = retired_runtime(&parts.action(), version) {
        uses.retired_runtime.set(set(runtime));
    }
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

/// The last major of each action that asks for a Node which runners no longer have, as of November 2026.
const LAST_RETIRED: &[(&str, u32)] = &[
    ("actions/checkout", 3),
    ("actions/setup-node", 3),
    ("actions/setup-python", 4),
    ("actions/setup-java", 3),
    ("actions/setup-go", 4),
    ("actions/setup-dotnet", 3),
    ("actions/cache", 3),
    ("actions/upload-artifact", 3),
    ("actions/download-artifact", 3),
    ("actions/github-script", 6),
    ("actions/labeler", 4),
    ("actions/stale", 8),
    ("aws-actions/configure-aws-credentials", 3),
    ("aws-actions/amazon-ecr-login", 1),
    ("docker/build-push-action", 4),
    ("docker/login-action", 2),
    ("docker/metadata-action", 4),
    ("docker/setup-buildx-action", 2),
    ("docker/setup-qemu-action", 2),
    ("hashicorp/setup-terraform", 2),
    ("codecov/codecov-action", 3),
    ("github/codeql-action", 2),
    ("peaceiris/actions-gh-pages", 3),
    ("softprops/action-gh-release", 1),
];

/// `node16` or older, told by the major version. The login to ECR moved on within its first major.
fn retired_runtime(action: &str, version: Option<&str>) -> Option<&'static str> {
    let major: u32 = version?.trim_start_matches(['v', 'V']).split('.').next()?.parse().ok()?;
    let (_, last) = LAST_RETIRED.iter().find(|(name, _)| *name == action)?;
    let is_rolling = action == "aws-actions/amazon-ecr-login" && version.is_some_and(|version| !version.contains('.'));
    (major <= *last && !is_rolling).then_some("node16")
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
    let mut reference = ActionReference::new(Head::new(name, span));
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
    use super::{parts, version_of_comment};

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
