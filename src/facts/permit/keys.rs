//! Condition keys that AWS keeps for old policies, and keys that say little without another one beside them
//! (`data/aws-lists.txt`).

use super::condition::Comparison;
use super::read::written_operator;
use crate::data::lists;
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::PolicyCondition;
use crate::model::{Id, Model};
use crate::source::Place;

facts! {
    PolicyCondition {
        /// Whether AWS has replaced its key by another one.
        key_is_deprecated: Flag = key_is_deprecated,
        /// Whether what its key holds is unique only together with another key, for which nothing in the statement asks:
        /// private addresses without their network.
        lacks_paired_key: Flag = lacks_paired_key,
    }
}

fn hidden(written: &PolicyCondition) -> Fact {
    Fact::unknown(Reason::at("no-value", "the key", written.head.span))
}

fn key_is_deprecated(facts: &Facts<'_>, id: Id<PolicyCondition>) -> Fact {
    let written = &facts.model[id];
    let Some(key) = written.context_key.as_str() else { return hidden(written) };
    let place = |words: String| vec![Place::new(written.head.span, words)];
    match lists::newer_keys(key) {
        Some(newer) => Fact::yes(place(format!("AWS has {} instead", quoted(newer)))),
        None => Fact::no(place(String::new())),
    }
}

fn lacks_paired_key(facts: &Facts<'_>, id: Id<PolicyCondition>) -> Fact {
    let model = facts.model;
    let written = &model[id];
    let nothing = || Fact::no(vec![Place::new(written.head.span, "")]);
    let Some(key) = written.context_key.as_str() else { return hidden(written) };
    let Some(pairs) = lists::paired_keys(key) else { return nothing() };
    // Whether the key is there at all says nothing of what it holds.
    if written_operator(written).is_some_and(|operator| operator.comparison == Comparison::Null) {
        return nothing();
    }
    let Some(statement) = written.statement.id() else { return nothing() };
    let conditions = &model[statement].policy_conditions;
    let is_beside = Tri::any(conditions.ids().filter(|other| *other != id).map(|other| asks_for(model, other, pairs)));
    match (is_beside, &conditions.open) {
        (Tri::True, _) => nothing(),
        (Tri::Unknown, _) => hidden(written),
        (Tri::False, Some(reason)) => Fact::unknown(reason.clone()),
        (Tri::False, None) => {
            let words = format!("unique only together with {}", quoted(pairs));
            Fact::yes(vec![Place::new(written.head.span, words)])
        }
    }
}

fn asks_for(model: &Model, id: Id<PolicyCondition>, keys: &[&str]) -> Tri {
    match model[id].context_key.as_str() {
        Some(key) => Tri::from(keys.iter().any(|wanted| wanted.eq_ignore_ascii_case(key))),
        None => Tri::Unknown,
    }
}

fn quoted(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    quoted.join(" or ")
}
