//! What the policies that AWS manages grant. Each is read once: many attachments name the same few.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use super::escalate::dangerous_paths;
use super::escalate::opens;
use super::grant::PolicySet;
use super::pattern::Pattern;
use super::power::allowed_by;
use super::read;
use crate::data::managed::{self, ManagedPolicy};
use crate::data::paths::{self, EscalationPath, PathClass};
use crate::logic::Tri;

pub struct Managed {
    pub policy: &'static ManagedPolicy,
    pub set: PolicySet,
    paths: OnceLock<Vec<&'static EscalationPath>>,
    opened: OnceLock<Vec<&'static EscalationPath>>,
    n_actions: OnceLock<usize>,
}

static ALL: LazyLock<BTreeMap<&'static str, OnceLock<Option<Managed>>>> =
    LazyLock::new(|| managed::names().map(|name| (name, OnceLock::new())).collect());

/// The policy with this name after `policy/`.
pub fn named(name: &str) -> Option<&'static Managed> {
    let (name, slot) = ALL.get_key_value(name)?;
    let read = || {
        let policy = managed::policy(name)?;
        let set = PolicySet::of(read::managed(policy));
        Some(Managed { policy, set, paths: OnceLock::new(), opened: OnceLock::new(), n_actions: OnceLock::new() })
    };
    slot.get_or_init(read).as_ref()
}

impl Managed {
    /// The paths that the policy opens alone, on everything.
    pub fn paths(&self) -> &[&'static EscalationPath] {
        self.paths.get_or_init(|| dangerous_paths(&self.set))
    }

    /// Whether the policy opens a path alone, whatever it leads to.
    pub fn opens(&self, path: &'static EscalationPath, own: &Pattern) -> bool {
        // What rewrites its holder depends on who that is.
        if path.class == PathClass::Own {
            return opens(&self.set, path, own) == Tri::True;
        }
        let is_open = |path: &&'static EscalationPath| opens(&self.set, path, &Pattern::anything()) == Tri::True;
        let opened = self
            .opened
            .get_or_init(|| paths::all().iter().filter(|path| path.class != PathClass::Own).filter(is_open).collect());
        opened.iter().any(|known| known.id == path.id)
    }

    /// How many actions of the table it allows.
    pub fn n_actions(&self) -> usize {
        *self.n_actions.get_or_init(|| allowed_by(&self.set).len())
    }
}
