//! What a suppression covers.

use ignore::overrides::{Override, OverrideBuilder};

use crate::finding::{AddressedPlace, Finding, Path};
use crate::source::{FileId, Span, World, starts_in};

/// Where a suppression holds.
#[derive(Debug)]
pub(super) enum Scope {
    Nothing,
    /// Places that begin in one of these.
    Spans(Vec<Span>),
    /// The same, and what lies in a module whose call begins in one of these.
    SpansAndModules(Vec<Span>),
    File(FileId),
    /// Places that hold this line.
    HoldsLine(FileId, u32),
    /// Places that begin on this line or the next.
    LineAndNext(FileId, u32),
    /// An address, or the beginning of addresses if it ends in `*`.
    Address(String),
    Glob(Option<Override>),
    Fingerprint(String),
}

impl Scope {
    /// The files that a glob means, like a line of an ignore file turned round.
    pub(super) fn glob(pattern: &str) -> Scope {
        let mut builder = OverrideBuilder::new("");
        let built = builder.add(pattern).ok().and_then(|builder| builder.build().ok());
        Scope::Glob(built)
    }

    pub(super) fn covers(&self, world: &World, place: &AddressedPlace) -> bool {
        self.covers_span(world, place.span()) || self.covers_address(&place.address)
    }

    /// Whether a verdict at this span would be covered, for those that have no address.
    pub(super) fn covers_span(&self, world: &World, span: Span) -> bool {
        let file = world.file(span.file);
        let line = |offset: u32| file.lines().line(offset);
        match self {
            Scope::Spans(spans) | Scope::SpansAndModules(spans) => spans.iter().any(|cover| starts_in(&span, cover)),
            Scope::File(id) => span.file == *id,
            Scope::HoldsLine(id, wanted) => {
                span.file == *id && (line(span.start)..=line(span.end.max(span.start))).contains(wanted)
            }
            Scope::LineAndNext(id, first) => {
                span.file == *id && (*first..=first.saturating_add(1)).contains(&line(span.start))
            }
            Scope::Glob(_) | Scope::Nothing | Scope::Address(_) | Scope::Fingerprint(_) => false,
        }
    }

    fn covers_address(&self, address: &str) -> bool {
        match self {
            Scope::Address(wanted) => match wanted.strip_suffix('*') {
                Some(beginning) => address.starts_with(beginning),
                None => address == wanted,
            },
            Scope::Nothing
            | Scope::Spans(_)
            | Scope::SpansAndModules(_)
            | Scope::File(_)
            | Scope::HoldsLine(..)
            | Scope::LineAndNext(..)
            | Scope::Glob(_)
            | Scope::Fingerprint(_) => false,
        }
    }

    /// Whether it means a finding as a whole, whatever its ways.
    pub(super) fn is_for_all_of(&self, finding: &Finding) -> bool {
        matches!(self, Scope::Fingerprint(wanted) if finding.fingerprint == *wanted)
    }

    pub(super) fn is_for_path(&self, path: &Path) -> bool {
        matches!(self, Scope::Fingerprint(wanted) if path.fingerprint == *wanted)
    }

    /// Whether the subject of a way comes from a module that it means, however it is called.
    pub(super) fn is_for_module_of(&self, path: &Path) -> bool {
        let Scope::SpansAndModules(spans) = self else { return false };
        let is_meant = |call: &Span| spans.iter().any(|cover| starts_in(call, cover));
        !path.calls.is_empty() && path.calls.iter().all(|calls| calls.iter().any(is_meant))
    }

    /// A file pattern means the file in which a finding is reported, not all that its ways pass.
    pub(super) fn glob_holds(&self, world: &World, finding: &Finding) -> bool {
        match self {
            Scope::Glob(Some(glob)) => {
                let path = &world.file(finding.primary.span().file).path;
                glob.matched(path, false).is_whitelist()
            }
            _ => false,
        }
    }
}
