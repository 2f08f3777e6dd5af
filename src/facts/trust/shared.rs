//! Whether a role that jobs of this repository have is open to others, too: to other repositories, or to other issuers.

use std::collections::BTreeSet;

use super::admit::{Admissions, Effect};
use super::subject::{Subject, Tenant, after_repository};
use crate::facts::Facts;
use crate::facts::permit::pattern::{Pattern, Symbol};
use crate::model::Id;
use crate::model::identity::Role;

/// More than one repository may have the role, as far as its subjects say.
pub(in crate::facts) fn admits_other_repositories(facts: &Facts<'_>, role: Id<Role>) -> bool {
    let admissions = facts.analysis::<Admissions>();
    let Some(admission) = admissions.of(role) else { return false };
    let mut named: BTreeSet<String> = BTreeSet::new();
    for door in admission.doors.iter().filter(|door| !door.is_dead()) {
        if !door.is_github() {
            return true;
        }
        let claims = door.claims("sub").filter(|claim| claim.effect == Effect::Limits);
        for value in claims.flat_map(|claim| &claim.condition.values) {
            match Subject::of(value.symbols()).tenant {
                Tenant::Owner | Tenant::Anyone => return true,
                Tenant::Repository | Tenant::Pinned => {
                    named.insert(repository(value.symbols()));
                }
                Tenant::Custom => {}
            }
        }
    }
    named.len() > 1
}

/// The part of a subject that names the repository, ids aside: both forms of one name are one.
fn repository(symbols: &[Symbol]) -> String {
    let rest = after_repository(symbols).map_or(0, <[Symbol]>::len);
    let text = Pattern::of(symbols[..symbols.len() - rest].to_vec()).to_string();
    let without_id = |part: &str| part.split('@').next().unwrap_or(part).to_owned();
    text.trim_end_matches(':').split('/').map(without_id).collect::<Vec<_>>().join("/").to_lowercase()
}
