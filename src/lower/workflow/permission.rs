//! `permissions` blocks, and the level of each scope that a job ends up with.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::data::github::schema::scopes;
use crate::model::pipeline::{Job, Permission, Workflow};
use crate::model::{Head, Id, Model, One};
use crate::source::Span;
use crate::syntax::yaml::{Kind, Node};
use crate::value::{Entries, Kind as ValueKind, Map, MapFlavour, Origin, Value};

/// Where no block speaks, the setting of the repository decides.
pub(super) const DEFAULT: &str = "repository default";

/// Whose block it is.
#[derive(Clone, Copy)]
pub(super) enum Owner {
    Workflow(Id<Workflow>),
    Job(Id<Job>),
}

/// Lowers a block.
pub(super) fn lower(model: &mut Model, owner: Owner, node: &Node) {
    match node.kind() {
        Kind::Text(text) => {
            let level = match text.as_str() {
                "write-all" => "write",
                "read-all" => "read",
                _ => return,
            };
            push(model, owner, "all", level, node.span, true);
        }
        Kind::Map(entries) => {
            for entry in entries {
                if let Some(level @ ("read" | "write" | "none")) = entry.value.as_str() {
                    push(model, owner, &entry.key, level, entry.span(), false);
                }
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::List(_) | Kind::Unread(_) => {}
    }
}

fn push(model: &mut Model, owner: Owner, scope: &str, level: &str, span: Span, is_for_all: bool) {
    let origin = Origin::written(span);
    let name = if is_for_all { format!("{level}-all") } else { format!("{scope}: {level}") };
    let mut permission = Permission::new(Head::new(name, span));
    permission.scope.set(Value::text(scope, origin.clone()));
    permission.level.set(Value::text(level, origin.clone()));
    permission.is_for_all.set(Value::bool(is_for_all, origin.clone()));
    let word = match owner {
        Owner::Workflow(id) => {
            permission.workflow = One::to(id, origin.clone());
            "workflow"
        }
        Owner::Job(id) => {
            permission.job = One::to(id, origin.clone());
            "job"
        }
    };
    permission.set_in.set(Value::text(word, origin.clone()));
    let id = model.pipeline.permissions.push(permission);
    match owner {
        Owner::Workflow(workflow) => model[workflow].permissions.push(id, origin),
        Owner::Job(job) => model[job].permissions.push(id, origin),
    }
}

/// The levels that a block gives, every scope named; one entry `*` where the repository's setting decides.
pub(super) fn levels(block: Option<&Node>, place: Span) -> Value {
    let Some(block) = block else {
        let origin = Origin::written(place);
        return map(vec![("*", DEFAULT)], &origin);
    };
    let origin = Origin::written(block.span);
    let all = |level: fn(&str) -> &'static str| scopes().iter().map(|scope| (*scope, level(scope))).collect::<Vec<_>>();
    match block.kind() {
        Kind::Text(text) if text.as_str() == "write-all" => map(all(highest), &origin),
        Kind::Text(text) if text.as_str() == "read-all" => {
            map(all(|scope| if matches!(scope, "id-token" | "copilot-requests") { "none" } else { "read" }), &origin)
        }
        Kind::Map(entries) => {
            let mut entries_of = map(all(|_| "none"), &origin);
            if let ValueKind::Map(levels) = &mut entries_of.kind {
                let levels = Arc::make_mut(levels);
                for entry in entries {
                    if let Some(level) = entry.value.as_str() {
                        let value = Value::text(level, Origin::written(entry.span()));
                        levels.entries.insert(Arc::from(&*entry.key), value);
                    }
                }
            }
            entries_of
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Unread(_) => {
            Value::unknown(crate::logic::Reason::at("wrong-type", "permissions", block.span), origin)
        }
    }
}

/// The smaller level of each scope. Where one side is the repository's setting, the other decides what is known.
pub(super) fn least(own: Value, caller: Value) -> Value {
    let (Some(a), Some(b)) = (own.as_map(), caller.as_map()) else { return own };
    if b.entries.contains_key("*") {
        return own;
    }
    let rank = |value: Option<&Value>| match value.and_then(Value::as_str) {
        Some("write") => 2,
        Some("read") => 1,
        _ => 0,
    };
    let lesser = a.entries.iter().map(|(scope, value)| {
        let other = b.entries.get(scope);
        let none = || Value::text("none", caller.origin.clone());
        let is_less = rank(other) < rank(Some(value));
        (scope.clone(), if is_less { other.cloned().unwrap_or_else(none) } else { value.clone() })
    });
    let entries = lesser.collect();
    let map = Map { entries, flavour: MapFlavour::Object, open: None, owner: None };
    Value::new(ValueKind::Map(Arc::new(map)), own.origin.clone())
}

/// The name of a scope, shared by all blocks.
fn name_of(scope: &str) -> Arc<str> {
    static NAMES: LazyLock<Vec<Arc<str>>> = LazyLock::new(|| scopes().iter().map(|scope| Arc::from(*scope)).collect());
    NAMES.iter().find(|name| &***name == scope).cloned().unwrap_or_else(|| Arc::from(scope))
}

/// What `write-all` gives: some scopes know no writing.
fn highest(scope: &str) -> &'static str {
    if matches!(scope, "models" | "vulnerability-alerts") { "read" } else { "write" }
}

fn map(levels: Vec<(&str, &str)>, origin: &Origin) -> Value {
    // There are many scopes and few levels, so each level is written once.
    let mut texts: BTreeMap<&str, Value> = BTreeMap::new();
    let mut text = |level| texts.entry(level).or_insert_with(|| Value::text(level, origin.clone())).clone();
    let entries: Entries = levels.into_iter().map(|(scope, level)| (name_of(scope), text(level))).collect();
    let map = Map { entries, flavour: MapFlavour::Object, open: None, owner: None };
    Value::new(ValueKind::Map(Arc::new(map)), origin.clone())
}
