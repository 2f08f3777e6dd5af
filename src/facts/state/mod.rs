//! What Terraform's own blocks add up to: whether a module or provider is pinned, and whether a state is locked and
//! kept where it survives.

pub(super) mod version;

use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::terraform::{Backend, ModuleCall, ProviderRequirement, TerraformError};
use crate::model::{Cell, Id, Link, Reading};
use crate::source::Place;

use version::Constraint;

facts! {
    ModuleCall {
        /// Whether every run takes the same code: an exact version of a registry module, a commit of a repository.
        is_pinned: Flag = is_pinned,
    }
    ProviderRequirement {
        /// Whether a new major version cannot come by itself: the constraint has an upper bound, or the root commits
        /// a lock file.
        is_bounded: Flag = is_bounded,
    }
    Backend {
        /// Whether two runs at a time keep each other out.
        locks: Flag = locks,
    }
    TerraformError {
        /// A name that is declared nowhere.
        is_undeclared_name: Flag = is_undeclared_name,
        /// A module is called with an argument that it does not have, or without one that it needs.
        is_module_argument: Flag = is_module_argument,
    }
}

fn is_pinned(facts: &Facts<'_>, id: Id<ModuleCall>) -> Fact {
    let call = &facts.model[id];
    let source = match call.source.get() {
        Reading::Known(text) => text,
        Reading::Absent => return Fact::unknown(Reason::at("no-value", "source", call.head.span)),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    match call.source_kind.as_str() {
        Some("local") => Fact::yes(place_of(&call.source, "a folder of this repository")),
        Some("registry") => registry_pin(call),
        Some("git") => {
            let Some(source) = source.known() else { return Fact::unknown(call.source_reason()) };
            let reference = source.split_once("?ref=").or(source.split_once("&ref=")).map(|(_, rest)| rest);
            let reference = reference.map(|rest| rest.split('&').next().unwrap_or(rest));
            match reference {
                Some(commit) if is_commit(commit) => Fact::yes(place_of(&call.source, "a commit")),
                Some(_) => Fact::no(place_of(&call.source, "a tag or branch, which can move")),
                None => Fact::no(place_of(&call.source, "whatever the default branch holds")),
            }
        }
        Some("remote") => {
            let Some(source) = source.known() else { return Fact::unknown(call.source_reason()) };
            match source.contains("checksum=") {
                true => Fact::yes(place_of(&call.source, "a checksum")),
                false => Fact::no(place_of(&call.source, "whatever this address serves")),
            }
        }
        Some(_) | None => Fact::unknown(call.source_reason()),
    }
}

fn registry_pin(call: &ModuleCall) -> Fact {
    match call.version.get() {
        Reading::Absent => Fact::no(place_of(&call.source, "no version is asked for")),
        Reading::Unknown(reason) => Fact::unknown(reason),
        Reading::Known(text) => {
            let Some(constraint) = text.known().and_then(Constraint::parse) else {
                return Fact::unknown(Reason::at("unsupported", "version constraint", call.head.span));
            };
            match constraint.is_exact() {
                true => Fact::yes(place_of(&call.version, "an exact version")),
                false => Fact::no(place_of(&call.version, "any version in this range")),
            }
        }
    }
}

impl ModuleCall {
    fn source_reason(&self) -> Reason {
        Reason::at("module-source-computed", self.head.name.clone(), self.head.span)
    }
}

/// All forty digits: a shorter one can be made to mean something else.
fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_bounded(facts: &Facts<'_>, id: Id<ProviderRequirement>) -> Fact {
    let requirement = &facts.model[id];
    if let Link::To(root) = &requirement.root.link
        && let Some(root) = root.typed::<crate::model::terraform::Root>()
        && facts.model[root].has_lock_file.tri() == Tri::True
    {
        return Fact::yes(vec![Place::new(facts.model[root].head.span, "the lock file fixes the version")]);
    }
    match requirement.constraint.get() {
        Reading::Absent => {
            Fact::no(vec![Place::new(requirement.head.span, "no version is asked for, and no lock file is committed")])
        }
        Reading::Unknown(reason) => Fact::unknown(reason),
        Reading::Known(text) => match text.known().and_then(Constraint::parse) {
            Some(constraint) if constraint.has_upper_bound() => {
                Fact::yes(place_of(&requirement.constraint, "has an upper bound"))
            }
            Some(_) => Fact::no(place_of(&requirement.constraint, "has no upper bound, and no lock file is committed")),
            None => Fact::unknown(Reason::at("unsupported", "version constraint", requirement.head.span)),
        },
    }
}

pub(super) fn locks(facts: &Facts<'_>, id: Id<Backend>) -> Fact {
    let backend = &facts.model[id];
    if backend.kind.equals("s3") != Tri::True {
        return Fact::yes(vec![Place::new(backend.head.span, "this backend locks by itself")]);
    }
    let table = match backend.lock_table.get() {
        Reading::Known(_) => Tri::True,
        Reading::Absent => Tri::False,
        Reading::Unknown(reason) => return unless(backend.use_lockfile.tri(), reason, backend),
    };
    match backend.use_lockfile.get() {
        Reading::Unknown(reason) if table != Tri::True => Fact::unknown(reason),
        _ => Fact::new(
            backend.use_lockfile.tri().or(table),
            vec![Place::new(backend.head.span, "neither `use_lockfile` nor `dynamodb_table` is set")],
        ),
    }
}

fn unless(lockfile: Tri, reason: Reason, backend: &Backend) -> Fact {
    match lockfile {
        Tri::True => Fact::yes(vec![Place::new(backend.head.span, "`use_lockfile` is set")]),
        Tri::False | Tri::Unknown => Fact::unknown(reason),
    }
}

fn is_undeclared_name(facts: &Facts<'_>, id: Id<TerraformError>) -> Fact {
    let error = &facts.model[id];
    let is_name = error.code.as_str().is_some_and(|code| {
        code.starts_with("undeclared-") && !matches!(code, "undeclared-module-argument" | "undeclared-tfvars-name")
    });
    said(error, is_name)
}

fn is_module_argument(facts: &Facts<'_>, id: Id<TerraformError>) -> Fact {
    let error = &facts.model[id];
    let code = error.code.as_str();
    said(error, matches!(code, Some("undeclared-module-argument" | "missing-module-argument")))
}

/// The error in Terraform's own words, at its place.
fn said(error: &TerraformError, holds: bool) -> Fact {
    let words = error.message.as_str().unwrap_or("Terraform refuses this").to_owned();
    Fact::new(Tri::from(holds), vec![Place::new(error.head.span, words)])
}

fn place_of(cell: &Cell<crate::model::mark::Text>, role: &str) -> Vec<Place> {
    cell.origin().span().map(|span| Place::new(span, role)).into_iter().collect()
}
