//! Whom the trusts of roles name: services, accounts, federated identities. Admission of web identities is decided in
//! `facts::trust`.

use std::collections::BTreeMap;

use super::arn::unfold;
use super::pattern::{Case, Pattern, Reading as How};
use crate::facts::{Analysis, Facts};
use crate::logic::Tri;
use crate::model::identity::{self, Role};
use crate::model::{Cell, Id, Model, Reading, mark};
use crate::value::Value;

/// The trusts of all roles.
pub struct Trusts {
    of: BTreeMap<u32, Trust>,
}

#[derive(Default)]
pub struct Trust {
    pub services: Vec<String>,
    pub has_aws: bool,
    pub has_federated: bool,
    /// Somebody who is not known may be trusted too.
    pub is_open: bool,
}

impl Trust {
    /// What is not named may be hidden.
    fn asks(&self, is_named: bool) -> Tri {
        if is_named { Tri::True } else { Tri::from(self.is_open).and(Tri::Unknown) }
    }
}

impl Analysis for Trusts {
    fn compute(facts: &Facts<'_>) -> Trusts {
        let model = facts.model;
        let of = model.identity.roles.iter().map(|(id, role)| (id.index, read(model, role))).collect();
        Trusts { of }
    }
}

impl Trusts {
    pub fn of(&self, role: Id<Role>) -> Option<&Trust> {
        self.of.get(&role.index)
    }

    pub fn trusts_service(&self, role: Id<Role>, service: &str) -> Tri {
        self.of(role).map_or(Tri::False, |trust| trust.asks(trust.services.iter().any(|known| known == service)))
    }

    /// A program that nobody watches has the role: a service or a federated identity.
    pub fn is_for_machines(&self, role: Id<Role>) -> Tri {
        self.of(role).map_or(Tri::False, |trust| trust.asks(!trust.services.is_empty() || trust.has_federated))
    }
}

fn read(model: &Model, role: &Role) -> Trust {
    let mut trust = Trust::default();
    let Some(policy) = role.trust.id() else {
        trust.is_open = true;
        return trust;
    };
    trust.is_open = model[policy].statements.open.is_some();
    for id in model[policy].statements.ids() {
        let statement = &model[id];
        match statement.effect.as_str() {
            Some("Deny") => continue,
            Some(_) => {}
            None => {
                trust.is_open = true;
                continue;
            }
        }
        let services = members(&statement.service_principals);
        trust.is_open |= services.iter().any(|value| value.as_str().is_none());
        trust.services.extend(services.iter().filter_map(|value| value.as_str().map(str::to_owned)));
        trust.has_aws |= !members(&statement.aws_principals).is_empty();
        trust.has_federated |= !members(&statement.federated_principals).is_empty();
        trust.is_open |= matches!(statement.principals.get(), Reading::Unknown(_));
    }
    trust
}

/// The members of a list, known or not.
pub fn members(cell: &Cell<mark::Texts>) -> Vec<Value> {
    match cell.get() {
        Reading::Known(list) => list.items.clone(),
        Reading::Absent | Reading::Unknown(_) => Vec::new(),
    }
}

/// A role's ARN as a question names it.
pub fn arn_of(model: &Model, role: Id<Role>) -> Pattern {
    let role = &model[role];
    if let Some(text) = role.arn.value().as_text() {
        return Pattern::new(&text, How::Literal, Case::Kept, &|hole| unfold(model, hole));
    }
    let name = role.name.as_str().unwrap_or("*");
    Pattern::parse(&format!("arn:*:iam::*:role/{name}"), How::PlainGlob, Case::Kept)
}

/// Whether a statement belongs to the trust of a role.
pub fn is_trust(model: &Model, id: Id<identity::Statement>) -> bool {
    let policy = model[id].policy.id();
    policy.is_some_and(|policy| model[policy].kind.as_str() == Some("trust"))
}
