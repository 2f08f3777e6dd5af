//! Subjects of GitHub's tokens, as patterns of a trust name them: owner, repository, context. How far a pattern reaches.

use crate::facts::permit::pattern::Symbol;

/// How many can present a subject that matches, from one pinned repository to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// One branch, tag or environment, with ids or a reusable workflow pinned.
    Pinned,
    /// One branch, tag pattern or environment.
    One,
    /// Pull requests, or any branch, or any tag.
    Kind,
    /// Anything in one repository.
    Repository,
    /// Any repository of one owner, or of a name that begins so.
    Owner,
    Anyone,
}

/// What a context of a subject admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    Branch,
    AnyBranch,
    Tag,
    AnyTag,
    PullRequest,
    Environment,
    Workflow,
    Anything,
    /// No token has such a context.
    Impossible,
    Unknown,
}

/// A subject pattern, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub tenant: Tenant,
    pub context: Context,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tenant {
    /// The ids stand beside the names.
    Pinned,
    Repository,
    Owner,
    Anyone,
    /// A template of the repository's own puts another claim first.
    Custom,
}

impl Subject {
    pub fn of(symbols: &[Symbol]) -> Subject {
        let Some(rest) = strip(symbols, "repo:") else { return without_repository(symbols) };
        if let Some((tenant, after)) = hidden_repository(rest) {
            return Subject { tenant, context: after.map_or(Context::Unknown, context) };
        }
        let Some(slash) = position(rest, '/') else {
            return Subject { tenant: Tenant::Anyone, context: Context::Anything };
        };
        let (owner, rest) = (&rest[..slash], &rest[slash + 1..]);
        let colon = position(rest, ':');
        let repository = &rest[..colon.unwrap_or(rest.len())];
        let context = match colon {
            Some(colon) => context(&rest[colon + 1..]),
            None if rest.iter().any(is_wild) => Context::Anything,
            None if rest.iter().any(|symbol| matches!(symbol, Symbol::Hole(_))) => Context::Unknown,
            None => Context::Impossible,
        };
        let tenant = match (width(owner), width(repository)) {
            (Width::Wild, _) => Tenant::Anyone,
            (_, Width::Wild) => Tenant::Owner,
            (Width::WithId, Width::WithId) => Tenant::Pinned,
            (Width::Name | Width::WithId | Width::AnyId, Width::Name | Width::WithId | Width::AnyId) => {
                Tenant::Repository
            }
        };
        Subject { tenant, context }
    }

    /// How far it reaches by itself; nothing if its context is not known.
    pub fn reach(&self) -> Option<Reach> {
        let by_context = match self.context {
            Context::Branch | Context::Tag | Context::Environment => Reach::One,
            Context::Workflow => Reach::Pinned,
            Context::AnyBranch | Context::AnyTag | Context::PullRequest => Reach::Kind,
            Context::Anything => Reach::Repository,
            Context::Impossible => Reach::Pinned,
            Context::Unknown => return None,
        };
        Some(match self.tenant {
            Tenant::Anyone => Reach::Anyone,
            Tenant::Owner => Reach::Owner,
            Tenant::Pinned if by_context == Reach::One => Reach::Pinned,
            Tenant::Pinned | Tenant::Repository | Tenant::Custom => by_context,
        })
    }
}

/// `${var.repository}:…`: owner and name are one hole. It is one repository, whichever it is.
fn hidden_repository(rest: &[Symbol]) -> Option<(Tenant, Option<&[Symbol]>)> {
    let colon = position(rest, ':');
    let repository = &rest[..colon.unwrap_or(rest.len())];
    let is_hidden = repository.iter().any(|symbol| matches!(symbol, Symbol::Hole(_)));
    if !is_hidden || repository.iter().any(is_wild) || position(repository, '/').is_some() {
        return None;
    }
    Some((Tenant::Repository, colon.map(|colon| &rest[colon + 1..])))
}

/// What stands after the repository of a pattern that names one.
pub fn after_repository(symbols: &[Symbol]) -> Option<&[Symbol]> {
    let rest = strip(symbols, "repo:")?;
    if let Some((_, after)) = hidden_repository(rest) {
        return after;
    }
    let slash = position(rest, '/')?;
    let colon = position(&rest[slash..], ':')?;
    rest.get(slash + colon + 1..)
}

/// Owner and name of the repository that a pattern names, wildcards and all; `${var.repository}` is both in one.
pub(super) enum Named<'a> {
    Parts(&'a [Symbol], &'a [Symbol]),
    Hidden(&'a [Symbol]),
}

pub(super) fn repository(symbols: &[Symbol]) -> Option<Named<'_>> {
    let rest = strip(symbols, "repo:").or_else(|| strip(symbols, "repository:"))?;
    let colon = position(rest, ':');
    let written = &rest[..colon.unwrap_or(rest.len())];
    if hidden_repository(rest).is_some() {
        return Some(Named::Hidden(written));
    }
    let slash = position(written, '/')?;
    Some(Named::Parts(&written[..slash], &written[slash + 1..]))
}

/// A pattern that does not begin with the repository: a wildcard, or a template of its own.
fn without_repository(symbols: &[Symbol]) -> Subject {
    let nobody = Subject { tenant: Tenant::Custom, context: Context::Unknown };
    match symbols.first() {
        None => Subject { tenant: Tenant::Repository, context: Context::Impossible },
        Some(symbol) if is_wild(symbol) => {
            let context = position(symbols, ':').map_or(Context::Anything, |colon| context(&symbols[colon + 1..]));
            let known = matches!(context, Context::Environment | Context::PullRequest | Context::Branch);
            Subject { tenant: Tenant::Anyone, context: if known { context } else { Context::Anything } }
        }
        Some(Symbol::Hole(_) | Symbol::Variable(_)) => nobody,
        Some(_) => {
            let key: String = symbols
                .iter()
                .map_while(|symbol| match symbol {
                    Symbol::Literal(':') => None,
                    Symbol::Literal(character) => Some(*character),
                    Symbol::Star { .. } | Symbol::Question | Symbol::Hole(_) | Symbol::Variable(_) => None,
                })
                .collect();
            match &*key {
                // `repo*`, `re*`: still any repository of anybody.
                key if "repo".starts_with(key) => Subject { tenant: Tenant::Anyone, context: Context::Anything },
                "repository" | "repository_id" | "job_workflow_ref" | "workflow_ref" => {
                    Subject { tenant: Tenant::Custom, context: Context::Unknown }
                }
                "repository_owner" | "repository_owner_id" => {
                    Subject { tenant: Tenant::Owner, context: Context::Anything }
                }
                "environment" | "ref" | "context" | "actor" | "event_name" | "workflow" | "head_ref" | "base_ref" => {
                    Subject { tenant: Tenant::Anyone, context: Context::Anything }
                }
                _ => nobody,
            }
        }
    }
}

pub(super) enum Width {
    Name,
    /// `owner@123`.
    WithId,
    /// `owner@*`: the name is fixed, the id is not.
    AnyId,
    Wild,
}

pub(super) fn width(part: &[Symbol]) -> Width {
    let at = position(part, '@');
    let (name, id) = match at {
        Some(at) => (&part[..at], Some(&part[at + 1..])),
        None => (part, None),
    };
    if name.iter().any(is_wild) {
        return Width::Wild;
    }
    match id {
        None => Width::Name,
        Some(id) if id.iter().any(is_wild) => Width::AnyId,
        Some(_) => Width::WithId,
    }
}

pub(super) fn context(symbols: &[Symbol]) -> Context {
    let starts = |literal: &str| strip(symbols, literal);
    if let Some(branch) = starts("ref:refs/heads/") {
        return if branch.iter().any(is_wild) { Context::AnyBranch } else { Context::Branch };
    }
    if let Some(tag) = starts("ref:refs/tags/") {
        let is_any = matches!(tag, [Symbol::Star { .. }]);
        return if is_any { Context::AnyTag } else { Context::Tag };
    }
    if let Some(rest) = starts("ref:refs/pull/") {
        return if rest.is_empty() { Context::Unknown } else { Context::Impossible };
    }
    if let Some(environment) = starts("environment:") {
        let is_any = matches!(environment, [Symbol::Star { .. }]);
        return if is_any { Context::AnyBranch } else { Context::Environment };
    }
    if starts("job_workflow_ref:").is_some() {
        return Context::Workflow;
    }
    if starts("pull_request").is_some_and(|rest| rest.is_empty() || rest.iter().all(is_wild)) {
        return Context::PullRequest;
    }
    partial_context(symbols)
}

/// A context that a wildcard or a hole cuts short: `ref:*`, `pull*`, `*`.
fn partial_context(symbols: &[Symbol]) -> Context {
    let literal: String = symbols
        .iter()
        .map_while(|symbol| match symbol {
            Symbol::Literal(character) => Some(*character),
            Symbol::Star { .. } | Symbol::Question | Symbol::Hole(_) | Symbol::Variable(_) => None,
        })
        .collect();
    let cut = symbols.get(literal.chars().count());
    match cut {
        // Keys of a template, which nobody here knows.
        None => Context::Unknown,
        Some(symbol) if is_wild(symbol) => match &*literal {
            "" => Context::Anything,
            literal if "ref:refs/heads/".starts_with(literal) && literal.starts_with("ref:") => Context::AnyBranch,
            literal if "pull_request".starts_with(literal) => Context::PullRequest,
            literal if "environment:".starts_with(literal) => Context::AnyBranch,
            literal if "ref:refs/".starts_with(literal) => Context::AnyBranch,
            _ => Context::Unknown,
        },
        Some(_) => Context::Unknown,
    }
}

pub(super) fn is_wild(symbol: &Symbol) -> bool {
    matches!(symbol, Symbol::Star { .. } | Symbol::Question)
}

pub(super) fn position(symbols: &[Symbol], character: char) -> Option<usize> {
    symbols.iter().position(|symbol| *symbol == Symbol::Literal(character))
}

pub(super) fn strip<'a>(symbols: &'a [Symbol], literal: &str) -> Option<&'a [Symbol]> {
    let wanted: Vec<Symbol> = literal.chars().map(Symbol::Literal).collect();
    symbols.strip_prefix(&*wanted)
}

#[cfg(test)]
mod tests {
    use super::{Context, Reach, Subject};
    use crate::facts::permit::pattern::{Case, Pattern, Reading};

    fn check(text: &str, reach: Option<Reach>, context: Context) {
        let subject = Subject::of(Pattern::parse(text, Reading::Glob, Case::Kept).symbols());
        assert_eq!((subject.reach(), subject.context), (reach, context), "{text}");
    }

    #[test]
    fn how_far_a_subject_reaches() {
        check("repo:o/r:ref:refs/heads/main", Some(Reach::One), Context::Branch);
        check("repo:o@1/r@2:ref:refs/heads/main", Some(Reach::Pinned), Context::Branch);
        check("repo:o@*/r@*:ref:refs/heads/main", Some(Reach::One), Context::Branch);
        check("repo:o/r:environment:production", Some(Reach::One), Context::Environment);
        check("repo:o/r:pull_request", Some(Reach::Kind), Context::PullRequest);
        check("repo:o/r:ref:refs/heads/*", Some(Reach::Kind), Context::AnyBranch);
        check("repo:o/r:ref:refs/heads/feature/*", Some(Reach::Kind), Context::AnyBranch);
        check("repo:o/r:ref:refs/tags/*", Some(Reach::Kind), Context::AnyTag);
        check("repo:o/r:ref:refs/tags/v*", Some(Reach::One), Context::Tag);
        check("repo:o/r:ref:*", Some(Reach::Kind), Context::AnyBranch);
        check("repo:o/r:*", Some(Reach::Repository), Context::Anything);
        check("repo:o/r*", Some(Reach::Owner), Context::Anything);
        check("repo:o/*", Some(Reach::Owner), Context::Anything);
        check("repo:o/*:ref:refs/heads/main", Some(Reach::Owner), Context::Branch);
        check("repo:o*/r:ref:refs/heads/main", Some(Reach::Anyone), Context::Branch);
        check("repo:*", Some(Reach::Anyone), Context::Anything);
        check("*", Some(Reach::Anyone), Context::Anything);
        check("*:environment:prod", Some(Reach::Anyone), Context::Environment);
        check("repo:o/r:job_workflow_ref:o/w/.github/workflows/x.yml@v1", Some(Reach::Pinned), Context::Workflow);
        check("repo:o/r:ref:refs/pull/1/merge", Some(Reach::Pinned), Context::Impossible);
        check("environment:prod", Some(Reach::Anyone), Context::Anything);
    }
}
