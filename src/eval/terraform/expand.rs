//! Expansion: how many instances a block has, and what `each` and `count` are in each of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::expr::cause;
use super::instance::InstanceKey;
use super::operators::truth;
use super::scope::{Evaluator, InstanceNode, InstanceScope, Scope, error};
use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::hcl::{Attribute, Body, Expr, ExprKind, Part};
use crate::value::{Kind, List, ListFlavour, Map, Type, Unknown, Value, convert};

/// Instances of one block, and blocks of one `dynamic`.
pub(super) const MOST_INSTANCES: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repetition {
    Single,
    Count,
    ForEach,
    /// `enabled = false` makes the block null.
    Enabled,
}

#[derive(Debug)]
pub(super) struct Expansion {
    pub(super) repetition: Repetition,
    /// The symbolic one last.
    pub(super) instances: Vec<InstanceScope>,
    /// What is computed of each instance of a resource, in the same order.
    pub(super) nodes: Vec<InstanceNode>,
    /// There may be more than the known instances.
    pub(super) open: Option<Reason>,
    pub(super) decided_by: Option<Value>,
    /// What Terraform refuses about the argument itself.
    pub(super) refused: Option<Value>,
}

impl Expansion {
    fn single() -> Expansion {
        Expansion {
            repetition: Repetition::Single,
            instances: vec![InstanceScope::only()],
            nodes: Vec::new(),
            open: None,
            decided_by: None,
            refused: None,
        }
    }

    /// Nobody knows how many: one instance stands for all.
    pub(super) fn unknown(decided_by: Value) -> Expansion {
        let span = decided_by.origin.newest().map(|step| step.span);
        let reason = decided_by.first_reason().unwrap_or_else(|| Reason::new("count-unknown", ""));
        let mut expansion = Expansion { repetition: Repetition::Count, ..Expansion::single() };
        expansion.instances = vec![symbolic(Repetition::Count, &decided_by, span)];
        expansion.open = Some(reason);
        expansion.refused = decided_by.error().is_some().then(|| decided_by.clone());
        expansion.decided_by = Some(decided_by);
        expansion
    }

    pub(super) fn position(&self, key: &InstanceKey) -> Option<usize> {
        match (key, self.repetition) {
            (InstanceKey::Index(index), Repetition::Count) => {
                let index = usize::try_from(*index).ok()?;
                self.instances.get(index).filter(|instance| instance.key == *key).map(|_| index)
            }
            _ => self.instances.iter().position(|instance| instance.key == *key),
        }
    }

    /// The instance that stands for all, where there is no other.
    pub(super) fn symbolic(&self) -> Option<usize> {
        match self.instances.as_slice() {
            [only] if only.key == InstanceKey::Symbolic => Some(0),
            _ => None,
        }
    }

    /// The instances that can be counted.
    pub(super) fn known(&self) -> &[InstanceScope] {
        let n_known = self.instances.iter().take_while(|instance| instance.key != InstanceKey::Symbolic).count();
        &self.instances[..n_known]
    }
}

/// The instance that stands for all that nobody can count.
fn symbolic(repetition: Repetition, decided_by: &Value, span: Option<Span>) -> InstanceScope {
    let part = |name: &str| {
        let derived = Value::derived(name, std::slice::from_ref(decided_by), decided_by.origin.clone());
        let Kind::Unknown(it) = &derived.kind else { return derived };
        // Whatever stands there, Terraform got as far as making the instance.
        let kept = Unknown { may_fail: false, may_be_null: name == "each.value", ..(**it).clone() };
        let kept = if kept.reason.place.is_none() {
            Unknown { reason: Reason::with(kept.reason.code, kept.reason.object.clone(), span), ..kept }
        } else {
            kept
        };
        Value { kind: Kind::Unknown(Arc::new(kept)), ..derived }
    };
    match repetition {
        Repetition::ForEach => InstanceScope {
            key: InstanceKey::Symbolic,
            each: Some((part("each.key"), part("each.value"))),
            index: None,
        },
        Repetition::Single | Repetition::Count | Repetition::Enabled => {
            InstanceScope { key: InstanceKey::Symbolic, each: None, index: Some(part("count.index")) }
        }
    }
}

impl<'w> Evaluator<'w> {
    pub(super) fn expand(&self, body: &Body, scope: Scope<'_, 'w>) -> Expansion {
        if let Some(count) = body.attribute("count") {
            return self.expand_count(count, scope);
        }
        if let Some(for_each) = body.attribute("for_each") {
            return self.expand_for_each(for_each, scope);
        }
        match body.block("lifecycle").and_then(|lifecycle| lifecycle.body.attribute("enabled")) {
            Some(enabled) => self.expand_enabled(enabled, scope),
            None => Expansion::single(),
        }
    }

    fn expand_count(&self, count: &Attribute, scope: Scope<'_, 'w>) -> Expansion {
        let value = self.eval(&count.value, scope);
        let span = count.value.span;
        let decided_by = self.deciding(&count.value, &value, scope);
        let wrong =
            |message: &str| Expansion { decided_by: None, ..Expansion::unknown(error("count-type", message, span)) };
        if value.error().is_some() {
            return Expansion::unknown(value);
        }
        if let Kind::Null = value.kind {
            return wrong("`count` cannot be null");
        }
        let number = match convert(&value, &Type::Number) {
            Ok(Value { kind: Kind::Number(number), .. }) => number,
            Ok(_) => return Expansion { decided_by: Some(decided_by), ..Expansion::unknown(value) },
            Err(_) => return wrong("`count` must be a number"),
        };
        let Some(n) = number.as_i128().filter(|n| *n >= 0) else {
            return wrong("`count` must be a whole number and not negative");
        };
        let n_kept = n.min(MOST_INSTANCES as i128) as usize;
        let instances = (0..n_kept).map(|index| InstanceScope {
            key: InstanceKey::Index(index as u64),
            each: None,
            index: Some(Value::number(index as i64, value.origin.clone())),
        });
        let instances = instances.collect();
        let open = (n > n_kept as i128).then(|| too_many(n, span));
        let counted = Expansion { repetition: Repetition::Count, instances, open, ..Expansion::single() };
        Expansion { decided_by: Some(decided_by), ..counted }
    }

    fn expand_for_each(&self, for_each: &Attribute, scope: Scope<'_, 'w>) -> Expansion {
        let value = self.eval(&for_each.value, scope);
        let span = for_each.value.span;
        let decided_by = self.deciding(&for_each.value, &value, scope);
        let mut expansion = match &value.kind {
            Kind::Map(map) => over_map(map, &value, span),
            Kind::List(list) => over_list(list, &value, span),
            Kind::Unknown(_) | Kind::Reference(_) => unknown_for_each(&value, span),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => {
                let message = format!("`for_each` needs a map or a set of texts, not {}", value.kind_name());
                unknown_for_each(&error("for-each-type", message, span), span)
            }
        };
        if value.sensitive && expansion.refused.is_none() {
            let message = "the keys of `for_each` are shown in addresses, so the value cannot be sensitive";
            expansion.refused = Some(error("for-each-sensitive", message, span));
        }
        expansion.decided_by = Some(decided_by);
        expansion
    }

    fn expand_enabled(&self, enabled: &Attribute, scope: Scope<'_, 'w>) -> Expansion {
        let value = self.eval(&enabled.value, scope);
        let mut expansion = Expansion { repetition: Repetition::Enabled, ..Expansion::single() };
        match truth(&value, enabled.value.span) {
            Ok(true) => {}
            Ok(false) => expansion.instances.clear(),
            Err(_) => {
                expansion.instances[0].key = InstanceKey::Symbolic;
                expansion.open = Some(cause("enabled-unknown", &value, enabled.value.span));
                expansion.refused = value.error().is_some().then(|| value.clone());
            }
        }
        expansion.decided_by = Some(self.deciding(&enabled.value, &value, scope));
        expansion
    }

    /// Of `condition ? 1 : 0` it is the condition that decides.
    fn deciding(&self, expr: &Expr, value: &Value, scope: Scope<'_, 'w>) -> Value {
        match &expr.kind {
            ExprKind::Conditional(conditional) => self.eval(&conditional.condition, scope),
            ExprKind::Parentheses(inner) => self.deciding(inner, value, scope),
            // In JSON syntax every expression is a template of one interpolation.
            ExprKind::Template(template) => match template.parts.as_slice() {
                [Part::Interpolation { value: inner, .. }] => self.deciding(inner, value, scope),
                _ => value.clone(),
            },
            _ => value.clone(),
        }
    }
}

fn too_many(n: i128, span: Span) -> Reason {
    let object = format!("{n} instances, of which {MOST_INSTANCES} are looked at; nothing is said about the rest");
    Reason::at("limit-instances", object, span)
}

fn unknown_for_each(value: &Value, span: Span) -> Expansion {
    let mut expansion = Expansion::unknown(value.clone());
    expansion.repetition = Repetition::ForEach;
    expansion.instances = vec![symbolic(Repetition::ForEach, value, Some(span))];
    expansion
}

fn over_map(map: &Map, value: &Value, span: Span) -> Expansion {
    let pairs = map.entries.iter().map(|(key, member)| {
        let key_value = Value::text(key, member.origin.clone());
        (key.clone(), key_value, member.clone().marked(value.sensitive))
    });
    expanded(pairs.collect(), map.open.clone(), value, span)
}

/// A set of texts. Terraform refuses lists; their texts count as a set, so that nothing is lost.
fn over_list(list: &List, value: &Value, span: Span) -> Expansion {
    let mut texts = BTreeSet::new();
    let mut pairs = Vec::new();
    let mut open = list.open.clone();
    let mut refused = (list.flavour != ListFlavour::Set)
        .then(|| error("for-each-type", "`for_each` needs a map or a set, not a list; `toset` makes one", span));
    for item in &list.items {
        match (&item.kind, item.as_str()) {
            (_, Some(text)) => {
                if texts.insert(text.to_owned()) {
                    pairs.push((Arc::from(text), item.clone(), item.clone()));
                }
            }
            (Kind::Unknown(_) | Kind::Reference(_) | Kind::Text(_), None) => {
                open.get_or_insert_with(|| cause("for-each-unknown", item, span));
            }
            _ => {
                let message = format!("`for_each` needs a set of texts, not of {}", item.kind_name());
                refused = Some(error("for-each-type", message, span));
            }
        }
    }
    pairs.sort_by(|a: &(Arc<str>, Value, Value), b| a.0.cmp(&b.0));
    let mut expansion = expanded(pairs, open, value, span);
    expansion.refused = refused;
    expansion
}

fn expanded(
    mut pairs: Vec<(Arc<str>, Value, Value)>,
    mut open: Option<Reason>,
    value: &Value,
    span: Span,
) -> Expansion {
    let has_rest = open.is_some();
    if pairs.len() > MOST_INSTANCES {
        open = Some(too_many(pairs.len() as i128, span));
        pairs.truncate(MOST_INSTANCES);
    }
    let mut instances: Vec<InstanceScope> = pairs
        .into_iter()
        .map(|(key, key_value, member)| InstanceScope {
            key: InstanceKey::Text(key),
            each: Some((key_value, member)),
            index: None,
        })
        .collect();
    if has_rest {
        instances.push(symbolic(Repetition::ForEach, value, Some(span)));
    }
    Expansion { repetition: Repetition::ForEach, instances, open, ..Expansion::single() }
}

/// The key of an instance as it stands in an address.
pub(super) fn key_suffix(key: &InstanceKey) -> String {
    match key {
        InstanceKey::None => String::new(),
        InstanceKey::Index(index) => format!("[{index}]"),
        InstanceKey::Text(text) => format!("[{}]", quoted(text)),
        InstanceKey::Symbolic => "[?]".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
