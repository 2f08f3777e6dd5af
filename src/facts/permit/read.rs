//! From what stands in a policy to patterns and statements: which texts are globs, which are compared as they stand.

use super::arn::unfold;
use super::condition::{Comparison, Condition, Operator};
use super::pattern::{Case, Pattern, Reading};
use super::statement::{Effect, Listing, Statement};
use crate::data::managed::{ManagedPolicy, ManagedStatement};
use crate::model::identity::{self, Policy, PolicyCondition};
use crate::model::{Id, Many, Model, Reading as CellReading};
use crate::value::{Text, Value};

/// A statement of the core and where it stands.
pub struct ReadStatement {
    pub statement: Statement,
    pub id: Id<identity::Statement>,
}

/// The statements of a policy of the model, and whether there may be more.
pub fn policy(model: &Model, id: Id<Policy>) -> (Vec<ReadStatement>, bool) {
    let policy = &model[id];
    // Before the newer version, variables are literal text.
    let has_variables = policy.version.as_str() != Some("2008-10-17");
    let statements =
        policy.statements.ids().map(|id| ReadStatement { statement: statement(model, id, has_variables), id });
    (statements.collect(), policy.statements.open.is_some())
}

pub fn statement(model: &Model, id: Id<identity::Statement>, has_variables: bool) -> Statement {
    let written = &model[id];
    let effect = match written.effect.as_str() {
        Some("Allow") => Some(Effect::Allow),
        Some("Deny") => Some(Effect::Deny),
        Some(_) | None => None,
    };
    let actions = texts_of(&written.actions, |id: Id<identity::ActionPattern>| &model[id].text);
    let resources = texts_of(&written.resources, |id: Id<identity::WrittenArn>| &model[id].text);
    let glob = if has_variables { Reading::Glob } else { Reading::PlainGlob };
    let read = |texts: &[Text], reading, case| -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text, reading, case, &|hole| unfold(model, hole))).collect()
    };
    let conditions = &written.policy_conditions;
    Statement {
        effect,
        actions: Listing {
            patterns: read(&actions, Reading::PlainGlob, Case::Folded),
            is_negated: is_set(&written.has_not_action),
            is_open: written.actions.open.is_some(),
        },
        resources: Listing {
            patterns: read(&resources, glob, Case::Kept),
            is_negated: is_set(&written.has_not_resource),
            is_open: written.resources.open.is_some(),
        },
        conditions: conditions.ids().map(|id| condition(model, &model[id], has_variables)).collect(),
        has_open_conditions: conditions.open.is_some(),
    }
}

fn is_set(flag: &crate::model::Cell<crate::model::mark::Flag>) -> bool {
    matches!(flag.get(), CellReading::Known(true))
}

fn texts_of<'m, T: crate::model::Entity>(
    many: &Many<T>,
    text: impl Fn(Id<T>) -> &'m crate::model::Cell<crate::model::mark::Text>,
) -> Vec<Text> {
    many.ids().filter_map(|id| text(id).value().as_text()).collect()
}

pub fn condition(model: &Model, written: &PolicyCondition, has_variables: bool) -> Condition {
    let operator = written_operator(written);
    let (reading, case) = operator.map_or((Reading::Exact, Case::Kept), value_reading);
    let reading = match (has_variables, reading) {
        (false, Reading::Glob) => Reading::PlainGlob,
        (false, Reading::Exact) => Reading::Literal,
        (_, reading) => reading,
    };
    let (values, is_open) = match written.values.get() {
        CellReading::Known(list) => (list.items.iter().collect::<Vec<&Value>>(), list.open.is_some()),
        CellReading::Absent => (Vec::new(), false),
        CellReading::Unknown(_) => (Vec::new(), true),
    };
    let pattern = |text: Text| Pattern::new(&text, reading, case, &|hole| unfold(model, hole));
    Condition {
        operator,
        key: written.context_key.as_str().map(str::to_ascii_lowercase),
        values: values.into_iter().filter_map(Value::as_text).map(pattern).collect(),
        is_open,
    }
}

/// The operator with its qualifier and suffix put back; nothing if it is not known, or IAM knows none such.
pub fn written_operator(written: &PolicyCondition) -> Option<Operator> {
    let qualifier = match written.qualifier.as_str()? {
        "none" => String::new(),
        qualifier => format!("{qualifier}:"),
    };
    let suffix = if is_set(&written.if_exists) { "IfExists" } else { "" };
    Operator::parse(&format!("{qualifier}{}{suffix}", written.operator.as_str()?))
}

/// How the values of a condition are read.
pub fn value_reading(operator: Operator) -> (Reading, Case) {
    let reading = match operator.comparison {
        Comparison::StringLike | Comparison::ArnLike => Reading::Glob,
        Comparison::StringEquals
        | Comparison::Bool
        | Comparison::NumericEquals
        | Comparison::NumericLess
        | Comparison::NumericLessOrEqual
        | Comparison::NumericGreater
        | Comparison::NumericGreaterOrEqual
        | Comparison::Date
        | Comparison::IpAddress
        | Comparison::Binary
        | Comparison::Null => Reading::Exact,
    };
    (reading, if operator.ignores_case { Case::Folded } else { Case::Kept })
}

/// The statements of a policy that AWS manages.
pub fn managed(policy: &ManagedPolicy) -> Vec<Statement> {
    policy.statements.iter().map(managed_statement).collect()
}

fn managed_statement(written: &ManagedStatement) -> Statement {
    let listing = |plain: &[&str], negated: &[&str], reading, case| {
        let texts = if negated.is_empty() { plain } else { negated };
        let patterns = texts.iter().map(|text| Pattern::parse(text, reading, case)).collect();
        Listing { patterns, is_negated: !negated.is_empty(), is_open: false }
    };
    let conditions = written.conditions.iter().map(|written| {
        let operator = Operator::parse(written.operator);
        let (reading, case) = operator.map_or((Reading::Exact, Case::Kept), value_reading);
        Condition {
            operator,
            key: Some(written.key.to_ascii_lowercase()),
            values: written.values.iter().map(|value| Pattern::parse(value, reading, case)).collect(),
            is_open: false,
        }
    });
    Statement {
        effect: Some(if written.is_deny { Effect::Deny } else { Effect::Allow }),
        actions: listing(&written.actions, &written.not_actions, Reading::PlainGlob, Case::Folded),
        resources: listing(&written.resources, &written.not_resources, Reading::Glob, Case::Kept),
        conditions: conditions.collect(),
        has_open_conditions: false,
    }
}
