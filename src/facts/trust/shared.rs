//! Whether a role that jobs of this repository have is open to others, too: to other repositories, or to other issuers.

use std::collections::BTreeSet;

use super::admit::{Admissions, Door, Effect};
use super::issuer::Issuer;
use super::subject::{Subject, Tenant, after_repository};
use crate::facts::Facts;
use crate::facts::permit::pattern::{Pattern, Symbol};
use crate::facts::permit::trusted::members;
use crate::logic::Tri;
use crate::model::identity::Role;
use crate::model::{Id, Model};
use crate::value::Value;

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

/// Whether some door of the role takes tokens for any client of its provider.
pub(in crate::facts) fn takes_any_audience(facts: &Facts<'_>, role: Id<Role>) -> Tri {
    some_door(facts, role, |door| {
        let is_asked = door.claims("aud").any(|claim| claim.effect != Effect::None);
        Tri::from(!is_asked).and(if door.is_open { Tri::Unknown } else { Tri::True })
    })
}

/// Whether the role trusts an issuer whose certificate AWS knows by its thumbprint only, as far as the table says.
pub(in crate::facts) fn rests_on_thumbprint(facts: &Facts<'_>, role: Id<Role>) -> Tri {
    some_door(facts, role, |door| Tri::from(matches!(door.issuer, Issuer::Foreign(_))))
}

/// Whether a door that is not shut is of a kind; doors that nobody sees may be.
fn some_door(facts: &Facts<'_>, role: Id<Role>, is: impl Fn(&Door) -> Tri) -> Tri {
    let admissions = facts.analysis::<Admissions>();
    let Some(admission) = admissions.of(role) else { return Tri::False };
    let found = Tri::any(admission.doors.iter().filter(|door| !door.is_dead()).map(is));
    if admission.open.is_some() { found.or(Tri::Unknown) } else { found }
}

/// Whether the role trusts a SAML provider.
pub(in crate::facts) fn trusts_saml(model: &Model, role: Id<Role>) -> Tri {
    let Some(policy) = model[role].trust.id() else { return Tri::False };
    let is_saml = |value: &Value| match value.as_reference() {
        Some(reference) => Tri::from(reference.address.contains("aws_iam_saml_provider.")),
        None => value.as_text().map_or(Tri::Unknown, |text| text.contains(":saml-provider/")),
    };
    let found = model[policy].statements.ids().flat_map(|id| {
        let effect = !model[id].effect.equals("Deny");
        members(&model[id].federated_principals).into_iter().map(move |value| effect.and(is_saml(&value)))
    });
    let found = Tri::any(found);
    if model[policy].statements.open.is_some() { found.or(Tri::Unknown) } else { found }
}

/// The part of a subject that names the repository, ids aside: both forms of one name are one.
fn repository(symbols: &[Symbol]) -> String {
    let rest = after_repository(symbols).map_or(0, <[Symbol]>::len);
    let text = Pattern::of(symbols[..symbols.len() - rest].to_vec()).to_string();
    let without_id = |part: &str| part.split('@').next().unwrap_or(part).to_owned();
    text.trim_end_matches(':').split('/').map(without_id).collect::<Vec<_>>().join("/").to_lowercase()
}
