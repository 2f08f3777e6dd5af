//! What is certain of a value that is one of several candidates.

use std::sync::Arc;

use super::equal::equals;
use super::{Entries, Kind, List, ListFlavour, Map, Origin, Piece, Text, TextBuilder, Unknown, Value, fingerprint};
use crate::logic::{Reason, Tri};

/// Nested candidates deeper than this are simply unknown.
const DEEPEST: usize = 64;
/// Candidates with more members than this are not compared member by member.
const MOST_COMPARED: usize = 512;

/// The join of the candidates of a choice that is not known for this reason. Equal candidates give the value; texts
/// keep common ends; objects join key by key; lists keep common members.
pub fn join(candidates: &[Value], reason: &Reason, origin: &Origin) -> Value {
    let mut joined = match candidates {
        [] => Value::unknown(reason.clone(), origin.clone()),
        [first, rest @ ..] => {
            rest.iter().fold(first.clone(), |so_far, next| two(&so_far, next, &Choice { reason, origin }, 0))
        }
    };
    joined.sensitive |= candidates.iter().any(|candidate| candidate.sensitive);
    joined
}

struct Choice<'a> {
    reason: &'a Reason,
    origin: &'a Origin,
}

impl Choice<'_> {
    fn unknown(&self, a: &Value, b: &Value) -> Value {
        let identity = fingerprint(&("join", self.reason, a.identity(), b.identity()));
        let may_be_null = a.is_null() != Tri::False || b.is_null() != Tri::False;
        let may_fail = [a, b].iter().any(|side| side.outcome() != super::Outcome::Success);
        let unknown = Unknown { reason: self.reason.clone(), identity, may_be_null, may_fail, settles: None };
        Value::new(Kind::Unknown(Arc::new(unknown)), self.origin.clone())
    }
}

fn two(a: &Value, b: &Value, choice: &Choice<'_>, depth: usize) -> Value {
    if depth > DEEPEST {
        return choice.unknown(a, b);
    }
    if is_same(a, b) {
        return a.clone();
    }
    let kind = match (&a.kind, &b.kind) {
        (Kind::List(one), Kind::List(other)) if one.flavour == other.flavour => {
            Kind::List(Arc::new(lists(one, other, choice, depth)))
        }
        (Kind::Map(one), Kind::Map(other)) if one.flavour == other.flavour => {
            Kind::Map(Arc::new(maps(one, other, choice, depth)))
        }
        (Kind::Text(one), Kind::Text(other)) => return texts(a, b, one, other, choice),
        _ => return choice.unknown(a, b),
    };
    Value { kind, origin: a.origin.clone(), sensitive: a.sensitive || b.sensitive }
}

/// Certainly the same value, with the same flavours.
fn is_same(a: &Value, b: &Value) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Null, Kind::Null) => true,
        (Kind::List(one), Kind::List(other)) if Arc::ptr_eq(one, other) => true,
        (Kind::Map(one), Kind::Map(other)) if Arc::ptr_eq(one, other) => true,
        (Kind::List(one), Kind::List(other)) if one.items.is_empty() && other.items.is_empty() => {
            one.flavour == other.flavour && one.open == other.open
        }
        (Kind::Map(one), Kind::Map(other)) if one.entries.is_empty() && other.entries.is_empty() => {
            one.flavour == other.flavour && one.open == other.open && one.owner == other.owner
        }
        _ => equals(a, b) == Tri::True,
    }
}

fn texts(a: &Value, b: &Value, one: &Text, other: &Text, choice: &Choice<'_>) -> Value {
    let hole = choice.unknown(a, b).never_null();
    let (one_prefix, other_prefix) = (one.prefix(), other.prefix());
    let prefix = common_prefix(one_prefix, other_prefix);
    let suffix_room = [one, other]
        .map(|text| if text.known().is_some() { text.suffix().len() - prefix } else { text.suffix().len() });
    let suffix = common_suffix(one.suffix(), other.suffix()).min(suffix_room[0]).min(suffix_room[1]);
    let suffix = floor_boundary(one.suffix(), suffix);
    let mut builder = TextBuilder::default();
    builder.literal(&one_prefix[..prefix], &first_origin(one));
    builder.hole(hole.clone());
    builder.literal(&one.suffix()[one.suffix().len() - suffix..], &last_origin(one));
    if builder.known_length() == 0 {
        return hole;
    }
    Value { kind: Kind::Text(builder.finish()), origin: choice.origin.clone(), sensitive: a.sensitive || b.sensitive }
}

/// The length of a suffix, not longer than `length`, that begins at a character.
fn floor_boundary(text: &str, mut length: usize) -> usize {
    while !text.is_char_boundary(text.len() - length) {
        length -= 1;
    }
    length
}

fn first_origin(text: &Text) -> Origin {
    match text.pieces().first() {
        Some(Piece::Literal(_, origin)) => origin.clone(),
        Some(Piece::Hole(_)) | None => Origin::none(),
    }
}

fn last_origin(text: &Text) -> Origin {
    match text.pieces().last() {
        Some(Piece::Literal(_, origin)) => origin.clone(),
        Some(Piece::Hole(_)) | None => Origin::none(),
    }
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.char_indices().zip(b.chars()).find(|((_, a), b)| a != b).map_or(a.len().min(b.len()), |((at, _), _)| at)
}

fn common_suffix(a: &str, b: &str) -> usize {
    a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

fn maps(one: &Map, other: &Map, choice: &Choice<'_>, depth: usize) -> Map {
    let mut entries = Entries::new();
    let mut open = one.open.clone().or_else(|| other.open.clone());
    for (key, a) in &one.entries {
        match other.entries.get(key) {
            Some(b) => {
                entries.insert(key.clone(), two(a, b, choice, depth + 1));
            }
            None => open = open.or_else(|| Some(choice.reason.clone())),
        }
    }
    if other.entries.keys().any(|key| !one.entries.contains_key(key)) {
        open = open.or_else(|| Some(choice.reason.clone()));
    }
    let owner = one.owner.clone().filter(|_| one.owner == other.owner);
    if one.owner != other.owner {
        open = open.or_else(|| Some(choice.reason.clone()));
    }
    Map { entries, flavour: one.flavour, open, owner }
}

/// The indices in the first list of the members that both have, each as often as both have it.
fn common_members(one: &List, other: &List) -> Vec<usize> {
    let mut is_taken = vec![false; other.items.len()];
    let mut common = Vec::new();
    for (index, item) in one.items.iter().enumerate() {
        // The twin at the same place first, so that lists of equal members stay aligned.
        let places = std::iter::once(index).chain(0..other.items.len()).filter(|place| *place < other.items.len());
        let twin = places.into_iter().find(|place| !is_taken[*place] && is_same(item, &other.items[*place]));
        if let Some(twin) = twin {
            is_taken[twin] = true;
            common.push(index);
        }
    }
    common
}

/// Members at the same place stay there; where the candidates share members at other places, these are what is known.
fn lists(one: &List, other: &List, choice: &Choice<'_>, depth: usize) -> List {
    let open = one.open.clone().or_else(|| other.open.clone()).unwrap_or_else(|| choice.reason.clone());
    let flavour = one.flavour;
    let is_small = one.items.len().max(other.items.len()) <= MOST_COMPARED;
    let is_indexed = one.is_indexed && other.is_indexed && flavour != ListFlavour::Set;
    let n_leading = one.items.iter().zip(&other.items).take_while(|(a, b)| is_same(a, b)).count();
    if !is_small {
        let n_leading = if is_indexed { n_leading } else { 0 };
        return List { items: one.items[..n_leading].to_vec(), flavour, open: Some(open), is_indexed: true };
    }
    let common = common_members(one, other);
    let is_aligned =
        common.iter().all(|index| other.items.get(*index).is_some_and(|it| is_same(it, &one.items[*index])));
    let is_closed = one.open.is_none() && other.open.is_none();
    if is_indexed && is_closed && is_aligned && one.items.len() == other.items.len() {
        let items = one.items.iter().zip(&other.items).map(|(a, b)| two(a, b, choice, depth + 1)).collect();
        return List { items, flavour, open: None, is_indexed: true };
    }
    let keeps_indices = is_indexed && common.len() == n_leading;
    let items = common.into_iter().map(|index| one.items[index].clone()).collect();
    List { items, flavour, open: Some(open), is_indexed: keeps_indices }
}
