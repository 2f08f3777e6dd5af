//! `for` expressions and splats: every member in turn, and the reason why there may be more.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::expr::{cause, key_text};
use super::operators::truth;
use super::scope::{Evaluator, Frame, Scope, error};
use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::hcl::{For, Step};
use crate::value::{Kind, List, ListFlavour, Map, MapFlavour, Origin, Value};

/// Members of a computed collection.
const MOST_MEMBERS: usize = 10_000;
/// Steps that a made member costs, so that nested collections stay within the memory of a small machine.
const MEMBER_COST: u32 = 8;

/// What a collection is iterated by.
pub(super) struct Members {
    pub(super) pairs: Vec<(Value, Value)>,
    pub(super) open: Option<Reason>,
    pub(super) is_indexed: bool,
}

/// Keys and values of anything that can be iterated: lists by index, maps by key, sets by member.
pub(super) fn members(source: &Value, span: Span) -> Result<Members, Value> {
    match &source.kind {
        Kind::List(list) => {
            let pairs = list.items.iter().enumerate().map(|(index, item)| {
                let item = item.clone().marked(source.sensitive);
                let key = match list.flavour {
                    ListFlavour::Set => item.clone(),
                    ListFlavour::Tuple | ListFlavour::List => Value::number(index as i64, Origin::written(span)),
                };
                (key, item)
            });
            Ok(Members { pairs: pairs.collect(), open: list.open.clone(), is_indexed: list.is_indexed })
        }
        Kind::Map(map) => {
            let pairs = map.entries.iter().map(|(key, value)| {
                let key = Value::text(key, value.origin.clone()).marked(source.sensitive);
                (key, value.clone().marked(source.sensitive))
            });
            Ok(Members { pairs: pairs.collect(), open: map.open.clone(), is_indexed: true })
        }
        Kind::Unknown(_) if source.error().is_some() => Err(source.clone()),
        Kind::Unknown(_) | Kind::Reference(_) => {
            Ok(Members { pairs: Vec::new(), open: Some(cause("for-each-unknown", source, span)), is_indexed: true })
        }
        Kind::Null => Err(error("null-operand", "null cannot be iterated", span)),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => {
            Err(error("wrong-type", format!("{} cannot be iterated", source.kind_name()), span))
        }
    }
}

impl<'w> Evaluator<'w> {
    pub(super) fn for_expr(&self, it: &For, span: Span, scope: Scope<'_, 'w>) -> Value {
        let source = self.eval(&it.collection, scope);
        let members = match members(&source, it.collection.span) {
            Ok(members) => members,
            Err(refused) => return refused,
        };
        let mut result = Collected { open: members.open, is_indexed: members.is_indexed, ..Collected::default() };
        let is_sensitive = source.sensitive;
        for (key, value) in members.pairs {
            self.spend(MEMBER_COST);
            if self.is_spent() || result.n_members >= MOST_MEMBERS {
                let code = if self.is_spent() { "limit-steps" } else { "limit-elements" };
                result.open = Some(Reason::at(code, "a `for` that makes too many members", span));
                break;
            }
            let key_frame = it.key_variable.as_deref().map(|name| Frame { name, value: key, outer: scope.frame });
            let outer = key_frame.as_ref().or(scope.frame);
            let frame = Frame { name: &it.value_variable, value, outer };
            let inner = Scope { frame: Some(&frame), ..scope };
            if let Err(refused) = self.for_member(it, inner, &mut result) {
                return refused;
            }
        }
        result.finish(it, span).marked(is_sensitive)
    }

    fn for_member(&self, it: &For, scope: Scope<'_, 'w>, result: &mut Collected) -> Result<(), Value> {
        if let Some(condition) = &it.condition {
            let decides = self.eval(condition, scope);
            match truth(&decides, condition.span) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(refused) if refused.error().is_some() => return Err(refused),
                Err(_) => {
                    result.open.get_or_insert_with(|| cause("filter-unknown", &decides, condition.span));
                    result.is_indexed = false;
                    return Ok(());
                }
            }
        }
        let value = self.eval(&it.value, scope);
        result.n_members += 1;
        let Some(key) = &it.key else {
            result.items.push(value);
            return Ok(());
        };
        let key_value = self.eval(key, scope);
        match key_text(&key_value, key.span) {
            Ok(name) => result.insert(name, value, it, key.span),
            Err(refused) if refused.error().is_some() => Err(refused),
            Err(unknown) => {
                result.open.get_or_insert_with(|| cause("key-unknown", &unknown, key.span));
                Ok(())
            }
        }
    }

    /// The members of a value under `[*]` or `.*`, each followed by these steps.
    pub(super) fn splat(&self, source: Value, steps: &[Step], span: Span, scope: Scope<'_, 'w>) -> Value {
        let (items, open, flavour, is_indexed) = match &source.kind {
            Kind::List(list) => {
                let flavour = match list.flavour {
                    ListFlavour::Tuple => ListFlavour::Tuple,
                    ListFlavour::List | ListFlavour::Set => ListFlavour::List,
                };
                (list.items.clone(), list.open.clone(), flavour, list.is_indexed)
            }
            Kind::Null => (Vec::new(), None, ListFlavour::Tuple, true),
            Kind::Unknown(_) if source.error().is_some() => return source,
            Kind::Unknown(_) => (Vec::new(), Some(cause("index-unknown", &source, span)), ListFlavour::Tuple, true),
            Kind::Reference(reference) if !crate::value::is_identity(reference) => {
                (Vec::new(), Some(cause("provider-computed", &source, span)), ListFlavour::Tuple, true)
            }
            Kind::Reference(_) | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Map(_) => {
                (vec![source.clone()], None, ListFlavour::Tuple, true)
            }
        };
        self.spend(MEMBER_COST.saturating_mul(items.len() as u32));
        let mut members = Vec::with_capacity(items.len());
        for item in items {
            let member = self.steps(item.marked(source.sensitive), steps, span, scope);
            if member.error().is_some() {
                return member;
            }
            members.push(member);
        }
        let list = List { items: members, flavour, open, is_indexed };
        Value::new(Kind::List(Arc::new(list)), Origin::written(span)).marked(source.sensitive)
    }
}

/// What a `for` has made so far.
#[derive(Default)]
struct Collected {
    items: Vec<Value>,
    entries: BTreeMap<Arc<str>, Value>,
    groups: BTreeMap<Arc<str>, Vec<Value>>,
    open: Option<Reason>,
    is_indexed: bool,
    n_members: usize,
}

impl Collected {
    fn insert(&mut self, name: Arc<str>, value: Value, it: &For, span: Span) -> Result<(), Value> {
        if it.groups {
            self.groups.entry(name).or_default().push(value);
            return Ok(());
        }
        if self.entries.contains_key(&name) {
            let message = format!("two members have the key `{name}`; with `...` behind the value they are gathered");
            return Err(error("duplicate-key", message, span));
        }
        self.entries.insert(name, value);
        Ok(())
    }

    fn finish(self, it: &For, span: Span) -> Value {
        let origin = Origin::written(span);
        if it.key.is_none() {
            let list =
                List { items: self.items, flavour: ListFlavour::Tuple, open: self.open, is_indexed: self.is_indexed };
            return Value::new(Kind::List(Arc::new(list)), origin);
        }
        let mut entries = self.entries;
        for (key, values) in self.groups {
            let list = List { items: values, flavour: ListFlavour::Tuple, open: self.open.clone(), is_indexed: false };
            entries.insert(key, Value::new(Kind::List(Arc::new(list)), origin.clone()));
        }
        let map = Map { entries: entries.into(), flavour: MapFlavour::Object, open: self.open, owner: None };
        Value::new(Kind::Map(Arc::new(map)), origin)
    }
}
