//! Trusts of services and accounts.

use crate::data::lists;
use crate::facts::permit::accounts::{is_foreign_principal, is_whole_account};
use crate::facts::permit::can_meet;
use crate::facts::permit::condition::holds_without_key;
use crate::facts::permit::read;
use crate::facts::permit::trusted::{is_trust, members};
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::{self, Role};
use crate::model::{Id, Model};
use crate::source::Place;
use crate::value::Value;

facts! {
    identity::Statement {
        /// Whether a trust lets a service assume the role for whoever asks the service, although AWS advises to name the
        /// own account.
        trusts_service_without_source: Flag = trusts_service_without_source,
    }
    Role {
        /// Whether any identity of AWS may assume it.
        open_to_anyone: Flag = open_to_anyone,
        /// Whether another account as a whole may assume it, without an external id or an organisation.
        trusts_account_without_external_id: Flag = trusts_account_without_external_id,
        /// Whether everybody in the own account may assume it who is allowed to.
        trusts_own_account: Flag = trusts_own_account,
        /// Whether its trust names every service.
        trusts_every_service: Flag = trusts_every_service,
        /// Whether its trust allows every action.
        trust_allows_every_action: Flag = trust_allows_every_action,
    }
}

/// The keys of the conditions of a statement that a request must carry and fulfil.
fn demanded_keys(model: &Model, id: Id<identity::Statement>) -> Vec<String> {
    let conditions = model[id].policy_conditions.ids().map(|id| read::condition(model, &model[id], true));
    conditions
        .filter(|condition| condition.operator.is_some_and(|operator| !holds_without_key(operator)))
        .filter(|condition| !condition.values.iter().any(crate::facts::permit::pattern::Pattern::is_everything))
        .filter_map(|condition| condition.key)
        .collect()
}

fn trusts_service_without_source(facts: &Facts<'_>, id: Id<identity::Statement>) -> Fact {
    let model = facts.model;
    let statement = &model[id];
    let nothing = || Fact::no(vec![Place::new(statement.head.span, "")]);
    if !is_trust(model, id) || statement.effect.as_str() == Some("Deny") {
        return nothing();
    }
    let services = members(&statement.service_principals);
    let advised = services.iter().find(|service| service.as_str().is_some_and(lists::is_source_advised));
    let Some(service) = advised else {
        return match services.iter().any(|service| service.as_str().is_none()) {
            true => Fact::unknown(Reason::at("no-value", "the principal", statement.head.span)),
            false => nothing(),
        };
    };
    let keys = demanded_keys(model, id);
    const SOURCES: [&str; 5] =
        ["aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner"];
    if keys.iter().any(|key| SOURCES.contains(&&**key)) {
        return nothing();
    }
    if let Some(reason) = &statement.policy_conditions.open {
        return Fact::unknown(reason.clone());
    }
    let mut places = vec![Place::new(statement.head.span, "no `aws:SourceAccount` or `aws:SourceArn`")];
    places.extend(service.origin.span().map(|span| Place::new(span, "this service acts for any account")));
    Fact::yes(places)
}

/// Runs over the Allow statements of a role's trust.
fn judge(facts: &Facts<'_>, id: Id<Role>, mut bad: impl FnMut(&Model, Id<identity::Statement>) -> Fact) -> Fact {
    let model = facts.model;
    let role = &model[id];
    let Some(policy) = role.trust.id() else {
        return match &role.trust.link {
            crate::model::Link::Unknown(reason) => Fact::unknown(reason.clone()),
            crate::model::Link::To(_) | crate::model::Link::Absent => Fact::no(vec![Place::new(role.head.span, "")]),
        };
    };
    let allowed = model[policy].statements.ids().filter(|id| model[*id].effect.as_str() != Some("Deny"));
    let found: Vec<Fact> = allowed.map(|statement| bad(model, statement)).collect();
    let found = match found.is_empty() {
        true => Fact::no(vec![Place::new(role.head.span, "")]),
        false => Fact::any(found),
    };
    match &model[policy].statements.open {
        Some(reason) if found.tri == Tri::False => Fact::unknown(reason.clone()),
        Some(_) | None => found,
    }
}

/// The first principal that `wanted` takes, unless conditions limit who it is.
fn principal(
    model: &Model,
    id: Id<identity::Statement>,
    keys: &[&str],
    wanted: impl Fn(&Value) -> Tri,
    why: &str,
) -> Fact {
    let statement = &model[id];
    let nothing = || Fact::no(vec![Place::new(statement.head.span, "")]);
    let found = members(&statement.aws_principals).into_iter().map(|value| (wanted(&value), value));
    let Some((tri, value)) = found.filter(|(tri, _)| *tri != Tri::False).max_by_key(|(tri, _)| *tri) else {
        return nothing();
    };
    if demanded_keys(model, id).iter().any(|key| keys.iter().any(|known| key.starts_with(known))) {
        return nothing();
    }
    let span = value.origin.span().unwrap_or(statement.head.span);
    if let Some(reason) = &statement.policy_conditions.open {
        return Fact::unknown(reason.clone());
    }
    match tri {
        Tri::True => Fact::yes(vec![Place::new(span, why)]),
        Tri::False | Tri::Unknown => Fact::unknown(Reason::at("no-value", "the principal", span)),
    }
}

/// Conditions that anybody can meet limit nobody. An external id is a secret, which nobody guesses.
fn open_to_anyone(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    const LIMITS: [&str; 1] = ["sts:externalid"];
    let is_everyone = |value: &Value| match value.as_text() {
        Some(text) => text.equals_str("*"),
        None => Tri::False,
    };
    judge(facts, id, |model, statement| {
        let named = principal(model, statement, &LIMITS, is_everyone, "any identity of AWS");
        if named.tri == Tri::False {
            return named;
        }
        let span = model[statement].head.span;
        match can_meet(model, &model[statement]) {
            Tri::True => named,
            Tri::False => Fact::no(vec![Place::new(span, "")]),
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "the conditions", span)),
        }
    })
}

fn trusts_account_without_external_id(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    const LIMITS: [&str; 7] = [
        "sts:externalid",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalarn",
        "aws:multifactorauthpresent",
        "aws:principaltag/",
        "sts:rolesessionname",
    ];
    let home = &facts.model[id].head;
    let is_foreign = |value: &Value| is_whole_account(value).and(is_foreign_principal(facts, home, value));
    judge(facts, id, |model, statement| principal(model, statement, &LIMITS, is_foreign, "whoever this account lets"))
}

fn trusts_own_account(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let home = &facts.model[id].head;
    let is_own = |value: &Value| is_whole_account(value).and(!is_foreign_principal(facts, home, value));
    judge(facts, id, |model, statement| principal(model, statement, &["aws:", "sts:"], is_own, "the whole account"))
}

fn trusts_every_service(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    judge(facts, id, |model, statement| {
        let written = &model[statement];
        let every = members(&written.service_principals).into_iter().find(|value| value.as_str() == Some("*"));
        let hidden = members(&written.service_principals).into_iter().any(|value| value.as_str().is_none());
        match every.and_then(|value| value.origin.span()) {
            Some(span) => Fact::yes(vec![Place::new(span, "every service")]),
            None if hidden => Fact::unknown(Reason::at("no-value", "the principal", written.head.span)),
            None => Fact::no(vec![Place::new(written.head.span, "")]),
        }
    })
}

fn trust_allows_every_action(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    judge(facts, id, |model, statement| {
        let written = &model[statement];
        let every = written.actions.ids().find(|action| matches!(model[*action].text.as_str(), Some("*" | "sts:*")));
        let hidden = written.actions.ids().any(|action| model[action].text.as_str().is_none());
        match every {
            Some(action) => Fact::yes(vec![Place::new(model[action].head.span, "every action")]),
            None if hidden => Fact::unknown(Reason::at("no-value", "the action", written.head.span)),
            None => Fact::no(vec![Place::new(written.head.span, "")]),
        }
    })
}
