//! How much of a deployment could not be resolved, and why: every attribute counts once for each reason that is in its
//! value.

use std::collections::{BTreeMap, BTreeSet};

use super::instance::Unresolved;
use crate::logic::Reason;
use crate::source::Span;
use crate::value::{Kind, Value};

#[derive(Debug, Default)]
pub(super) struct Unresolving {
    n_expressions: usize,
    n_unresolved: usize,
    reasons: BTreeMap<&'static str, BTreeMap<String, (usize, Option<Span>)>>,
}

impl Unresolving {
    /// Each attribute of a body, those of nested blocks too.
    pub(super) fn body(&mut self, body: &Value) {
        let mut open = vec![body];
        while let Some(value) = open.pop() {
            match &value.kind {
                Kind::Map(map) if map.owner.is_some() => open.extend(map.entries.values()),
                Kind::List(list) if is_blocks(&list.items) => {
                    open.extend(&list.items);
                    if let Some(reason) = &list.open {
                        self.count(1, [reason]);
                    }
                }
                _ => self.expression(value),
            }
        }
    }

    pub(super) fn expression(&mut self, value: &Value) {
        if is_plain(value) {
            self.n_expressions += 1;
            return;
        }
        let reasons = value.walk().filter_map(|part| match &part.kind {
            Kind::Unknown(unknown) => Some(&unknown.reason),
            Kind::List(list) => list.open.as_ref(),
            // What nobody wrote in a resource is not missing: it is the provider's.
            Kind::Map(map) if map.owner.is_none() => map.open.as_ref(),
            Kind::Map(_) | Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Reference(_) => None,
        });
        self.count(1, reasons);
    }

    fn count<'r>(&mut self, n: usize, reasons: impl IntoIterator<Item = &'r Reason>) {
        self.n_expressions += n;
        let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
        for reason in reasons {
            if !seen.insert((reason.code, &reason.object)) {
                continue;
            }
            let objects = self.reasons.entry(reason.code).or_default();
            match objects.get_mut(&reason.object) {
                Some((n_seen, _)) => *n_seen += n,
                None => {
                    objects.insert(reason.object.clone(), (n, reason.place));
                }
            }
        }
        self.n_unresolved += if seen.is_empty() { 0 } else { n };
    }

    pub(super) fn finish(self) -> Unresolved {
        let reasons = self.reasons.into_iter().flat_map(|(code, objects)| {
            objects.into_iter().map(move |(object, (n, place))| (Reason::with(code, object, place), n))
        });
        Unresolved { n_expressions: self.n_expressions, n_unresolved: self.n_unresolved, reasons: reasons.collect() }
    }
}

/// Surely known in all its parts, as most values are.
fn is_plain(value: &Value) -> bool {
    match &value.kind {
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Reference(_) => true,
        Kind::Text(text) => text.known().is_some(),
        Kind::List(_) | Kind::Map(_) | Kind::Unknown(_) => false,
    }
}

/// Nested blocks as they come from a body.
fn is_blocks(items: &[Value]) -> bool {
    items.iter().all(|item| matches!(&item.kind, Kind::Map(map) if map.owner.is_some()))
}
