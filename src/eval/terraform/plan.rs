//! What is settled before a deployment is evaluated: its root, its set of variable values, its workspace.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::input::BackendSetting;
use super::instance::Variant;
use super::scope::{Evaluator, Scope};
use crate::logic::Reason;
use crate::source::{FileId, Problem, Span};
use crate::syntax::hcl::{self, Attribute};
use crate::value::{Kind, List, Map, Origin, StepKind, Type, Value};

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) root: Arc<str>,
    pub(super) variant: Variant,
    pub(super) is_library: bool,
    pub(super) workspace: Option<Value>,
    pub(super) var_files: Vec<FileId>,
    /// Everything that gives a variable a value, what counts most last.
    pub(super) entries: Vec<PlannedEntry>,
    last: BTreeMap<Arc<str>, usize>,
    /// Some file of the set is not known, so any variable may have another value than the one seen.
    pub(super) unknown_values: Option<Reason>,
    pub(super) backend_config: Vec<BackendSetting>,
    pub(super) problems: Vec<Problem>,
}

#[derive(Clone, Debug)]
pub(super) struct PlannedEntry {
    pub(super) name: Arc<str>,
    pub(super) span: Span,
    pub(super) given: Given,
}

#[derive(Clone, Debug)]
pub(super) enum Given {
    /// A line of a variable file.
    Line { attribute: Attribute, by_convention: bool },
    /// A text of a command line or of the environment.
    Text(Value),
}

impl Plan {
    pub(super) fn new(root: &str, variant: Variant) -> Plan {
        Plan {
            root: root.into(),
            variant,
            is_library: false,
            workspace: None,
            var_files: Vec::new(),
            entries: Vec::new(),
            last: BTreeMap::new(),
            unknown_values: None,
            backend_config: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Adds a value that counts more than all before it.
    pub(super) fn give(&mut self, entry: PlannedEntry) {
        self.last.insert(entry.name.clone(), self.entries.len());
        self.entries.push(entry);
    }

    /// A file that nobody can see: every value so far, and every default, may be replaced by it.
    pub(super) fn give_unknown(&mut self, reason: Reason) {
        self.last.clear();
        self.unknown_values = Some(reason);
    }

    pub(super) fn gives(&self, name: &str) -> bool {
        self.last.contains_key(name)
    }

    pub(super) fn is_overridden(&self, index: usize) -> bool {
        self.entries.get(index).is_some_and(|entry| self.last.get(&entry.name) != Some(&index))
    }

    /// The value of a variable of the root before it is converted to its type; the type is missing where none is
    /// declared.
    pub(super) fn value(&self, name: &str, declared: Option<&Type>, evaluator: &Evaluator<'_>) -> Option<Value> {
        if let Some(index) = self.last.get(name) {
            return Some(self.entries[*index].value(declared, evaluator));
        }
        let reason = self.unknown_values.as_ref()?;
        let place = reason.place.map_or_else(Origin::none, |place| Origin::missing(reason.code, place));
        let reason = Reason::with(reason.code, format!("var.{name}"), reason.place);
        Some(Value::unknown(reason, place))
    }
}

impl PlannedEntry {
    pub(super) fn value(&self, declared: Option<&Type>, evaluator: &Evaluator<'_>) -> Value {
        match &self.given {
            Given::Line { attribute, by_convention } => {
                let value = evaluator.eval(&attribute.value, Scope::literal());
                value.through(StepKind::VarFile { by_convention: *by_convention }, attribute.value.span)
            }
            Given::Text(value) => {
                let read = match declared {
                    None | Some(Type::Text | Type::Number | Type::Bool) => value.clone(),
                    Some(_) => parsed(value, evaluator),
                };
                read.through(StepKind::VarFile { by_convention: false }, self.span)
            }
        }
    }
}

/// A text of a command line as an expression without names.
fn parsed(value: &Value, evaluator: &Evaluator<'_>) -> Value {
    let Some(text) = value.as_str() else {
        return match &value.kind {
            Kind::Text(_) => Value::derived("var", std::slice::from_ref(value), value.origin.clone()),
            _ => value.clone(),
        };
    };
    let place = value.origin.span().unwrap_or(Span::file_start(FileId(0)));
    match hcl::parse_expression(place.file, text, place.start as usize) {
        Ok(expr) => relocated(evaluator.eval(&expr, Scope::literal()), &value.origin),
        Err(fault) => super::scope::error("wrong-type", fault.message, place),
    }
}

/// The same value, written where the text is: its own spans would count in a text that no file holds as it is.
fn relocated(value: Value, origin: &Origin) -> Value {
    let kind = match &value.kind {
        Kind::List(list) => {
            let items = list.items.iter().map(|item| relocated(item.clone(), origin)).collect();
            Kind::List(Arc::new(List { items, ..(**list).clone() }))
        }
        Kind::Map(map) => {
            let entries = map.entries.iter().map(|(key, member)| (key.clone(), relocated(member.clone(), origin)));
            Kind::Map(Arc::new(Map { entries: entries.collect(), ..(**map).clone() }))
        }
        Kind::Text(text) => match text.known() {
            Some(known) => Value::text(known, origin.clone()).kind,
            None => value.kind.clone(),
        },
        kind => kind.clone(),
    };
    Value { kind, origin: origin.clone(), sensitive: value.sensitive }
}
