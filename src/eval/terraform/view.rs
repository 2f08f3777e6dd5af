//! A block as whoever lowers it sees it: attributes and nested blocks, alike whether they were written as blocks, with
//! `dynamic`, as an attribute that holds objects, or in JSON.

use crate::logic::Reason;
use crate::source::Span;
use crate::value::{Kind, Map, Origin, Value};

#[derive(Clone, Copy, Debug)]
pub struct BlockView<'a> {
    value: &'a Value,
    header_span: Span,
}

/// Nested blocks, and the reason why there may be more.
#[derive(Clone, Debug, Default)]
pub struct Blocks<'a> {
    pub members: Vec<BlockView<'a>>,
    pub open: Option<Reason>,
}

impl<'a> BlockView<'a> {
    /// A view of a map; the span stands for the block where the map was not written as one.
    pub fn new(value: &'a Value, header_span: Span) -> BlockView<'a> {
        BlockView { value, header_span }
    }

    /// The block as a value.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Kind and labels of the block, or the object that stands for it.
    pub fn header_span(&self) -> Span {
        self.value.origin.span().unwrap_or(self.header_span)
    }

    /// The origin of something that this block lacks, for the provider's default in its place.
    pub fn lacks(&self, attribute: &'static str) -> Origin {
        Origin::provider_default(attribute, self.header_span())
    }

    /// The written value. Nothing if none is written, or null; unknown if nobody can say whether it is.
    pub fn attr(&self, name: &str) -> Option<Value> {
        let value = self.written(name)?;
        match value.kind {
            Kind::Null => None,
            _ => Some(value),
        }
    }

    /// The written value, null included.
    pub fn written(&self, name: &str) -> Option<Value> {
        let map = self.map()?;
        if let Some(value) = map.entries.get(name) {
            return Some(value.clone());
        }
        let reason = open_reason(map)?;
        Some(Value::unknown(reason.clone(), self.value.origin.clone()))
    }

    /// The names of what is written.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.map().into_iter().flat_map(|map| map.entries.keys().map(|key| &**key))
    }

    pub fn blocks(&self, name: &str) -> Blocks<'a> {
        let Some(map) = self.map() else { return Blocks::default() };
        match map.entries.get(name) {
            Some(value) => Blocks::of(value, self.header_span),
            None => Blocks { members: Vec::new(), open: open_reason(map).cloned() },
        }
    }

    /// The first nested block of the kind; most kinds allow one.
    pub fn block(&self, name: &str) -> Option<BlockView<'a>> {
        self.blocks(name).members.first().copied()
    }

    fn map(&self) -> Option<&'a Map> {
        self.value.as_map()
    }
}

/// Why a map may have further attributes. A resource may not: what nobody wrote there is the provider's.
fn open_reason(map: &Map) -> Option<&Reason> {
    if map.owner.is_some() { None } else { map.open.as_ref() }
}

impl<'a> Blocks<'a> {
    /// The blocks that a value stands for.
    pub fn of(value: &'a Value, header_span: Span) -> Blocks<'a> {
        let mut blocks = Blocks::default();
        match &value.kind {
            Kind::Map(_) => blocks.members.push(BlockView { value, header_span }),
            Kind::List(list) => {
                blocks.open = list.open.clone();
                for item in &list.items {
                    blocks.add(item, header_span);
                }
            }
            Kind::Null => {}
            Kind::Unknown(_) | Kind::Reference(_) | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => {
                blocks.open = Some(missing(value, header_span));
            }
        }
        blocks
    }

    fn add(&mut self, item: &'a Value, header_span: Span) {
        match &item.kind {
            Kind::Map(_) => self.members.push(BlockView { value: item, header_span }),
            Kind::Null => {}
            _ => self.open = Some(missing(item, header_span)),
        }
    }
}

/// Why nobody can say which blocks a value stands for.
fn missing(value: &Value, header_span: Span) -> Reason {
    let place = value.origin.span().unwrap_or(header_span);
    match &value.kind {
        Kind::Unknown(unknown) => unknown.reason.clone(),
        Kind::Reference(reference) => reference.computed(Some(place)),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => {
            Reason::at("wrong-type", "a block", place)
        }
    }
}
