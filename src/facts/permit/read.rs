//! From what stands in a policy to patterns and statements: which texts are globs, which are compared as they stand. Each
//! statement of a model is read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::actions::Actions;
use super::arn::unfold;
use super::condition::{Comparison, Condition, Operator};
use super::pattern::{Case, Pattern, Reading};
use super::statement::{Effect, Listing, Statement};
use crate::data::managed::{ManagedPolicy, ManagedStatement};
use crate::facts::{Analysis, Facts};
use crate::model::identity::{self, Policy, PolicyCondition};
use crate::model::{Id, Many, Model, Reading as CellReading};
use crate::value::{Text, Value};

/// A statement of the core and where it stands.
pub struct ReadStatement {
    pub statement: Arc<Statement>,
    pub id: Id<identity::Statement>,
}

/// All statements of a model, as far as somebody asked for them.
struct Statements {
    read: Box<[OnceLock<Arc<Statement>>]>,
    /// By their entries: many statements have the same.
    actions: Mutex<HashMap<String, Arc<Actions>>>,
}

impl Analysis for Statements {
    fn compute(facts: &Facts<'_>) -> Statements {
        let n_statements = facts.model.identity.statements.len();
        Statements { read: (0..n_statements).map(|_| OnceLock::new()).collect(), actions: Mutex::default() }
    }
}

impl Statements {
    /// The entries as actions; those of the same texts are one.
    fn actions(&self, texts: &[Text], is_negated: bool, is_open: bool) -> Arc<Actions> {
        let read = || {
            let pattern = |text: &Text| Pattern::new(text, Reading::PlainGlob, Case::Folded, &|_| None);
            let patterns = texts.iter().map(pattern).collect();
            Arc::new(Actions::new(Listing { patterns, is_negated, is_open }))
        };
        let mut key = String::from(if is_negated { "not" } else { "" });
        for text in texts {
            match text.known() {
                Some(known) if !is_open => key.extend(["\n", known]),
                Some(_) | None => return read(),
            }
        }
        let mut known = self.actions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.entry(key).or_insert_with(read).clone()
    }
}

/// The statements of a policy of the model.
pub fn policy(facts: &Facts<'_>, id: Id<Policy>) -> Vec<ReadStatement> {
    let statements = facts.model[id].statements.ids();
    statements.map(|id| ReadStatement { statement: statement(facts, id), id }).collect()
}

pub fn statement(facts: &Facts<'_>, id: Id<identity::Statement>) -> Arc<Statement> {
    let statements = facts.analysis::<Statements>();
    statements.read[id.index as usize].get_or_init(|| Arc::new(read(facts.model, &statements, id))).clone()
}

fn read(model: &Model, all: &Statements, id: Id<identity::Statement>) -> Statement {
    let written = &model[id];
    // Before the newer version, variables are literal text.
    let policy = written.policy.id();
    let has_variables = policy.is_none_or(|policy| model[policy].version.as_str() != Some("2008-10-17"));
    let effect = match written.effect.as_str() {
        Some("Allow") => Some(Effect::Allow),
        Some("Deny") => Some(Effect::Deny),
        Some(_) | None => None,
    };
    let actions = texts_of(&written.actions, |id: Id<identity::ActionPattern>| &model[id].text);
    let resources = texts_of(&written.resources, |id: Id<identity::WrittenArn>| &model[id].text);
    let glob = if has_variables { Reading::Glob } else { Reading::PlainGlob };
    let patterns = |texts: &[Text], reading, case| -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text, reading, case, &|hole| unfold(model, hole))).collect()
    };
    let actions = all.actions(&actions, is_set(&written.has_not_action), written.actions.open.is_some());
    let resources = Listing {
        patterns: patterns(&resources, glob, Case::Kept),
        is_negated: is_set(&written.has_not_resource),
        is_open: written.resources.open.is_some(),
    };
    let conditions = &written.policy_conditions;
    Statement {
        effect,
        actions,
        resources,
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
pub fn managed(policy: &ManagedPolicy) -> Vec<Arc<Statement>> {
    policy.statements.iter().map(|written| Arc::new(managed_statement(written))).collect()
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
    let effect = if written.is_deny { Effect::Deny } else { Effect::Allow };
    let actions = listing(&written.actions, &written.not_actions, Reading::PlainGlob, Case::Folded);
    let actions = Arc::new(Actions::new(actions));
    let resources = listing(&written.resources, &written.not_resources, Reading::Glob, Case::Kept);
    let conditions = conditions.collect();
    Statement { effect: Some(effect), actions, resources, conditions, has_open_conditions: false }
}
