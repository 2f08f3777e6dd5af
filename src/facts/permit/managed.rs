//! What the policies that AWS manages grant. Each is read once: many attachments name the same few.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use super::escalate::dangerous_paths;
use super::grant::PolicySet;
use super::power::granted_actions;
use super::read;
use crate::data::managed::{self, ManagedPolicy};
use crate::data::paths::EscalationPath;

pub struct Managed {
    pub policy: &'static ManagedPolicy,
    pub set: PolicySet,
    paths: OnceLock<Vec<&'static EscalationPath>>,
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
        Some(Managed { policy, set, paths: OnceLock::new(), n_actions: OnceLock::new() })
    };
    slot.get_or_init(read).as_ref()
}

impl Managed {
    /// The paths that the policy opens alone, on everything.
    pub fn paths(&self) -> &[&'static EscalationPath] {
        self.paths.get_or_init(|| dangerous_paths(&self.set))
    }

    /// How many actions of the table it allows.
    pub fn n_actions(&self) -> usize {
        *self.n_actions.get_or_init(|| granted_actions(&self.set).len())
    }
}
