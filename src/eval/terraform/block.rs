//! Bodies as values: attributes, nested blocks as lists of maps, `dynamic` blocks in their place.

use std::sync::Arc;

use super::expand::MOST_INSTANCES;
use super::iterate::members;
use super::scope::{Evaluator, Frame, Scope, error};
use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::hcl::{Block, Body, Name};
use crate::value::{Entries, Kind, List, ListFlavour, Map, MapFlavour, Origin, Reference, Value};

/// Nested blocks of one kind as they come.
#[derive(Default)]
struct Gathered {
    items: Vec<Value>,
    open: Option<Reason>,
    refused: Option<Value>,
}

/// A body that is to become a map.
#[derive(Clone, Copy)]
pub(super) struct BodyOf<'b> {
    pub(super) body: &'b Body,
    pub(super) header_span: Span,
    /// What is not written is below this; nothing for blocks that no provider completes.
    pub(super) owner: Option<&'b Arc<Reference>>,
}

impl<'w> Evaluator<'w> {
    /// The body as a map, save the names that this leaves out.
    pub(super) fn body(&self, it: BodyOf<'_>, scope: Scope<'_, 'w>, leaves_out: fn(&str) -> bool) -> Value {
        let mut entries = Entries::with_capacity(it.body.attributes.len());
        for attribute in it.body.attributes.iter().filter(|attribute| !leaves_out(&attribute.name)) {
            entries.insert(attribute.name.clone(), self.eval(&attribute.value, scope));
        }
        for kind in block_kinds(it.body) {
            if !leaves_out(&kind) && !entries.contains_key(&kind) {
                let blocks = self.nested(it, &kind, scope);
                entries.insert(kind, blocks);
            }
        }
        let map = Map { entries, flavour: MapFlavour::Object, open: None, owner: it.owner.cloned() };
        Value::new(Kind::Map(Arc::new(map)), Origin::written(it.header_span))
    }

    /// The nested blocks of one kind, `dynamic` ones in their place, as a list.
    pub(super) fn nested(&self, it: BodyOf<'_>, kind: &str, scope: Scope<'_, 'w>) -> Value {
        let mut gathered = Gathered::default();
        for block in &it.body.blocks {
            if &*block.kind == kind {
                let owner = it.owner.map(|owner| below(owner, kind, gathered.items.len()));
                let inner = BodyOf { body: &block.body, header_span: block.header_span, owner: owner.as_ref() };
                let value = self.body(inner, scope, meta_of_block(kind));
                gathered.items.push(labelled(value, block));
            } else if &*block.kind == "dynamic" && block.label(0) == Some(kind) {
                self.dynamic(block, it, kind, scope, &mut gathered);
            }
        }
        if let Some(refused) = gathered.refused {
            return refused;
        }
        let list = List { items: gathered.items, flavour: ListFlavour::List, open: gathered.open, is_indexed: true };
        Value::new(Kind::List(Arc::new(list)), Origin::written(it.header_span))
    }

    fn dynamic(&self, block: &Block, it: BodyOf<'_>, kind: &str, scope: Scope<'_, 'w>, gathered: &mut Gathered) {
        let Some(for_each) = block.body.attribute("for_each") else {
            let message = "a `dynamic` block needs `for_each`";
            gathered.refused = Some(error("for-each-type", message, block.header_span));
            return;
        };
        let Some(content) = block.body.block("content") else { return };
        let iterator = block.body.attribute("iterator").and_then(|iterator| iterator.value.as_variable());
        let source = self.eval(&for_each.value, scope);
        let found = match members(&source, for_each.value.span) {
            Ok(found) => found,
            Err(refused) => {
                gathered.refused = Some(refused);
                return;
            }
        };
        if let Some(open) = found.open {
            // Blocks that nobody can count are left out: nothing is certain of any of them.
            gathered.open.get_or_insert(open);
        }
        for (index, (key, value)) in found.pairs.into_iter().enumerate() {
            if index >= MOST_INSTANCES {
                let object = format!("more than {MOST_INSTANCES} blocks `{kind}`; nothing is said about the rest");
                gathered.open = Some(Reason::at("limit-instances", object, for_each.value.span));
                return;
            }
            let iterated = iterated(key, value, for_each.value.span);
            let frame = Frame { name: iterator.unwrap_or(kind), value: iterated, outer: scope.frame };
            let inner = Scope { frame: Some(&frame), ..scope };
            let owner = it.owner.map(|owner| below(owner, kind, gathered.items.len()));
            let body = BodyOf { body: &content.body, header_span: block.header_span, owner: owner.as_ref() };
            gathered.items.push(self.body(body, inner, meta_of_block(kind)));
        }
    }
}

/// The label of a nested block (`provisioner "local-exec"`) is its `type`.
fn labelled(value: Value, block: &Block) -> Value {
    let (Kind::Map(map), Some(label)) = (&value.kind, block.labels.first()) else { return value };
    let mut map = (**map).clone();
    map.entries.insert("type".into(), Value::text(&label.text, Origin::written(label.span)));
    Value { kind: Kind::Map(Arc::new(map)), ..value }
}

/// `iterator.key` and `iterator.value`.
fn iterated(key: Value, value: Value, span: Span) -> Value {
    let entries = Entries::from([("key".into(), key), ("value".into(), value)]);
    Value::map(entries, Origin::written(span))
}

/// The kinds of nested blocks, `dynamic` ones by their label.
pub(super) fn block_kinds(body: &Body) -> Vec<Name> {
    let mut kinds: Vec<Name> = Vec::new();
    for block in &body.blocks {
        let kind = match (&*block.kind, block.labels.first()) {
            ("dynamic", Some(label)) => &label.text,
            _ => &block.kind,
        };
        if !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
    }
    kinds
}

fn below(owner: &Reference, kind: &str, index: usize) -> Arc<Reference> {
    let dot = if owner.path.is_empty() { "" } else { "." };
    let path = [&*owner.path, dot, kind, ".", index.to_string().as_str()].concat();
    Arc::new(Reference { path: path.into(), ..owner.clone() })
}

/// In a `lifecycle` block addresses and conditions stand that are no values.
fn meta_of_block(kind: &str) -> fn(&str) -> bool {
    match kind {
        "lifecycle" => |name| {
            matches!(
                name,
                "ignore_changes"
                    | "replace_triggered_by"
                    | "precondition"
                    | "postcondition"
                    | "action_trigger"
                    | "enabled"
            )
        },
        _ => |_| false,
    }
}

/// Arguments of a resource that are about the block, not about the object.
pub(super) fn is_meta_of_resource(name: &str) -> bool {
    matches!(name, "count" | "for_each" | "provider" | "depends_on")
}
