//! Functions that make lists of lists.

use std::sync::Arc;

use super::call::{Answer, Call, Fault, Function, MANY, MOST_MEMBERS, Spread, made_list_of};
use crate::logic::{Reason, Tri};
use crate::value::{Kind, List, ListFlavour, Number, Origin, Text, Type, Value, convert, equals, is_identity};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("chunklist", 2, 2, chunklist).spreading(Spread::Shallow),
    Function::new("compact", 1, 1, compact).spreading(Spread::Shallow),
    Function::new("concat", 1, MANY, concat).spreading(Spread::Shallow),
    Function::new("distinct", 1, 1, distinct).spreading(Spread::Shallow),
    Function::new("flatten", 1, 1, flatten).spreading(Spread::Shallow),
    Function::new("matchkeys", 3, 3, matchkeys),
    Function::new("range", 1, 3, range),
    Function::new("reverse", 1, 1, reverse).spreading(Spread::Shallow),
    Function::new("slice", 3, 3, slice).spreading(Spread::Shallow),
    Function::new("sort", 1, 1, sort),
];

/// The argument as a list whose members have this type.
pub(super) fn listed(call: &Call<'_>, index: usize, of: Type) -> Result<Arc<List>, Fault> {
    let argument = &call.arguments[index];
    if matches!(argument.kind, Kind::Null) {
        return Err(call.wrong_kind(index, "a list"));
    }
    match convert(argument, &Type::List(Box::new(of))).map_err(|error| call.no_common_type(error))?.kind {
        Kind::List(list) => Ok(list),
        _ => Err(Fault::Derived),
    }
}

fn chunklist(call: &Call<'_>) -> Answer {
    let list = listed(call, 0, Type::Any)?;
    let size = call.integer(1)?;
    let size = usize::try_from(size).map_err(|_| call.wrong("the size must not be negative"))?;
    if list.open.is_some() || !list.is_indexed {
        return Err(Fault::Derived);
    }
    let size = if size == 0 { list.items.len().max(1) } else { size };
    let chunks = list.items.chunks(size).map(|chunk| {
        let origin = chunk.first().map_or_else(Origin::none, |first| first.origin.clone());
        Value { origin, ..call.made_list(chunk.to_vec(), ListFlavour::List, None) }
    });
    Ok(call.made_list(chunks.collect(), ListFlavour::List, None))
}

fn compact(call: &Call<'_>) -> Answer {
    let list = listed(call, 0, Type::Text)?;
    let mut open = list.open.clone();
    let mut is_indexed = list.is_indexed;
    let mut items = Vec::new();
    for item in &list.items {
        let is_kept = match &item.kind {
            Kind::Null => Tri::False,
            Kind::Text(text) if text.known_length() > 0 => Tri::True,
            Kind::Text(text) if text.known().is_some() => Tri::False,
            Kind::Reference(reference) if is_identity(reference) => Tri::True,
            _ => Tri::Unknown,
        };
        match is_kept {
            Tri::True => items.push(item.clone()),
            Tri::False => {}
            Tri::Unknown => {
                open = open.or_else(|| item.first_reason());
                is_indexed = false;
            }
        }
    }
    Ok(made_list_of(List { items, flavour: ListFlavour::List, open, is_indexed }))
}

fn concat(call: &Call<'_>) -> Answer {
    let mut joined = Joined { items: Vec::new(), open: None, is_indexed: true };
    let mut is_list = true;
    for (index, argument) in call.arguments.iter().enumerate() {
        match &argument.kind {
            Kind::List(list) if list.flavour != ListFlavour::Set => {
                is_list &= list.flavour == ListFlavour::List;
                joined.add(list);
            }
            Kind::Reference(_) | Kind::Unknown(_) => joined.open_by(argument.first_reason()),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => {
                return Err(call.wrong_kind(index, "a list or tuple"));
            }
        }
    }
    let (known, open) = (&joined.items[..], &joined.open);
    if let ([argument], [], Some(_)) = (call.arguments, known, open) {
        return Ok(argument.clone());
    }
    let is_list = is_list && crate::value::common_type(known).is_ok_and(|of| has_one_type(known, &of));
    let flavour = if is_list { ListFlavour::List } else { ListFlavour::Tuple };
    Ok(joined.made(call, flavour))
}

/// Whether no member would change by conversion to the type of all: lists of different types make a tuple.
fn has_one_type(items: &[Value], of: &Type) -> bool {
    let kind = of.to_string();
    items.iter().map(crate::value::type_of).all(|it| matches!(it, Type::Any) || it.to_string() == kind)
}

/// Members put one behind the other; behind an open end their places are lost.
struct Joined {
    items: Vec<Value>,
    open: Option<Reason>,
    is_indexed: bool,
}

impl Joined {
    fn add(&mut self, list: &List) {
        self.is_indexed &= list.is_indexed && (self.open.is_none() || list.items.is_empty());
        self.items.extend_from_slice(&list.items);
        self.open_by(list.open.clone());
    }

    fn push(&mut self, item: Value) {
        self.is_indexed &= self.open.is_none();
        self.items.push(item);
    }

    fn open_by(&mut self, reason: Option<Reason>) {
        self.open = self.open.take().or(reason);
    }

    fn made(self, call: &Call<'_>, flavour: ListFlavour) -> Value {
        let made = call.made_list(self.items, flavour, self.open);
        match &made.kind {
            Kind::List(list) if !self.is_indexed => {
                let list = List { is_indexed: false, ..(**list).clone() };
                Value { kind: Kind::List(Arc::new(list)), ..made }
            }
            _ => made,
        }
    }
}

fn distinct(call: &Call<'_>) -> Answer {
    let list = listed(call, 0, Type::Any)?;
    let mut seen = std::collections::BTreeSet::new();
    let mut kept: Vec<Value> = Vec::new();
    let mut is_certain = true;
    let is_known = list.items.iter().all(Value::is_wholly_known);
    for item in &list.items {
        if !seen.insert(item.identity()) {
            continue;
        }
        if !is_known {
            // Comparing all pairs is for lists that people write.
            let is_comparable = kept.len() < 512;
            let is_there = Tri::any(kept.iter().take(512).map(|it| equals(it, item)));
            // Collections that are partly hidden may be of one type after all.
            let is_there = if is_collection(item) { is_there.or(Tri::Unknown) } else { is_there };
            is_certain &= is_comparable && is_there != Tri::Unknown;
            if is_there == Tri::True {
                continue;
            }
        }
        kept.push(item.clone());
    }
    let open = match (is_certain, &list.open) {
        (true, open) => open.clone(),
        (false, _) => call.arguments[0].first_reason(),
    };
    let is_indexed = is_certain && list.is_indexed;
    Ok(made_list_of(List { items: kept, flavour: ListFlavour::List, open, is_indexed }))
}

fn is_collection(value: &Value) -> bool {
    matches!(value.kind, Kind::List(_) | Kind::Map(_))
}

/// Lists nested deeper than this are not opened up.
const DEEPEST: usize = 128;

fn flatten(call: &Call<'_>) -> Answer {
    let list = call.list(0)?;
    let mut joined = Joined { items: Vec::new(), open: None, is_indexed: true };
    let mut hidden = Vec::new();
    flatten_into(call, &mut joined, list, &mut hidden, 0)?;
    // What cannot be opened up and stands alone is as unknown as its flat form.
    if let ([], [alone], None) = (&joined.items[..], &hidden[..], &list.open) {
        return Ok((*alone).clone());
    }
    Ok(joined.made(call, ListFlavour::Tuple))
}

fn flatten_into<'a>(
    call: &Call<'_>,
    joined: &mut Joined,
    list: &'a List,
    hidden: &mut Vec<&'a Value>,
    depth: usize,
) -> Result<(), Fault> {
    if depth > DEEPEST {
        return Err(call.unknown("limit-depth", "lists nested too deeply"));
    }
    let has_order =
        list.is_indexed && (list.flavour != ListFlavour::Set || list.items.iter().all(Value::is_wholly_known));
    for item in &list.items {
        match &item.kind {
            Kind::List(inner) => flatten_into(call, joined, inner, hidden, depth + 1)?,
            Kind::Reference(reference) if is_identity(reference) => joined.push(item.clone()),
            // It may be a list of any length.
            Kind::Reference(_) | Kind::Unknown(_) => {
                joined.open_by(item.first_reason());
                hidden.push(item);
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Map(_) => joined.push(item.clone()),
        }
        if joined.items.len() > 4 * MOST_MEMBERS {
            return Err(call.unknown("limit-elements", "a list of too many members"));
        }
    }
    joined.is_indexed &= has_order;
    joined.open_by(list.open.clone());
    if !list.has_certain_length() {
        joined.open_by(list.items.iter().find_map(Value::first_reason));
    }
    Ok(())
}

fn matchkeys(call: &Call<'_>) -> Answer {
    let values = listed(call, 0, Type::Any)?;
    let keys = listed(call, 1, Type::Any)?;
    let wanted = listed(call, 2, Type::Any)?;
    let is_whole = |list: &List| list.open.is_none() && list.is_indexed;
    if !is_whole(&values) || !is_whole(&keys) || wanted.open.is_some() {
        return Err(Fault::Derived);
    }
    if values.items.len() != keys.items.len() {
        return Err(call.wrong(format!("{} values have {} keys", values.items.len(), keys.items.len())));
    }
    let of = crate::value::common_type(keys.items.iter().chain(&wanted.items))
        .map_err(|error| call.no_common_type(error))?;
    let convert_all = |items: &[Value]| -> Result<Vec<Value>, Fault> {
        items.iter().map(|item| convert(item, &of).map_err(|error| call.no_common_type(error))).collect()
    };
    let (keys, wanted) = (convert_all(&keys.items)?, convert_all(&wanted.items)?);
    if keys.len().saturating_mul(wanted.len()) > 4 << 20 {
        return Err(call.unknown("limit-elements", "too many keys to compare"));
    }
    let mut items = Vec::new();
    for (key, value) in keys.iter().zip(&values.items) {
        match Tri::any(wanted.iter().map(|it| equals(it, key))) {
            Tri::True => items.push(value.clone()),
            Tri::False => {}
            Tri::Unknown => return Err(Fault::Derived),
        }
    }
    Ok(call.made_list(items, ListFlavour::List, None))
}

/// The most members that `range` makes.
const LONGEST_RANGE: usize = 1024;

fn range(call: &Call<'_>) -> Answer {
    let zero = Number::from(0);
    let (start, end) = match call.arguments.len() {
        1 => (zero, call.number(0)?),
        _ => (call.number(0)?, call.number(1)?),
    };
    let step = match call.arguments.len() {
        3 => call.number(2)?,
        _ => Number::from(if end < start { -1 } else { 1 }),
    };
    if step == zero {
        return Err(call.wrong("the step must not be 0"));
    }
    let is_down = step < zero;
    if (is_down && end > start) || (!is_down && end < start) {
        return Err(call.wrong(format!("a step of {step} never leads from {start} to {end}")));
    }
    let mut items = Vec::new();
    let mut next = start;
    while if is_down { next > end } else { next < end } {
        if items.len() >= LONGEST_RANGE {
            return Err(call.wrong(format!("more than {LONGEST_RANGE} members")));
        }
        items.push(Value::number(next, call.origin()));
        let Some(sum) = next.add(step) else { return Err(call.unknown("limit-number", "a number of too many digits")) };
        next = sum;
    }
    Ok(call.made_list(items, ListFlavour::List, None))
}

fn reverse(call: &Call<'_>) -> Answer {
    let list = call.list(0)?;
    let flavour = if list.flavour == ListFlavour::Tuple { ListFlavour::Tuple } else { ListFlavour::List };
    let has_order = list.flavour != ListFlavour::Set || list.items.iter().all(Value::is_wholly_known);
    let items = list.items.iter().rev().cloned().collect();
    let open = match (&list.open, list.has_certain_length()) {
        (None, false) => call.arguments[0].first_reason(),
        (open, _) => open.clone(),
    };
    let is_indexed = list.is_indexed && open.is_none() && has_order;
    Ok(made_list_of(List { items, flavour, open, is_indexed }))
}

fn slice(call: &Call<'_>) -> Answer {
    let argument = &call.arguments[0];
    let list = match &argument.kind {
        Kind::List(list) if list.flavour == ListFlavour::Set => return Err(call.wrong_kind(0, "a list or tuple")),
        Kind::Reference(_) | Kind::Unknown(_) => None,
        _ => Some(call.list(0)?),
    };
    let (start, end) = (bound(call, 1)?, bound(call, 2)?);
    if start > end {
        return Err(call.wrong(format!("the start {start} lies behind the end {end}")));
    }
    let Some(list) = list else {
        let n_members = end - start;
        if n_members > MOST_MEMBERS {
            return Err(call.unknown("limit-elements", format!("a slice of {n_members} members")));
        }
        let items = (start..end).map(|at| argument.member(&at.to_string())).collect();
        return Ok(call.made_list(items, ListFlavour::List, None));
    };
    if list.open.is_none() && end > list.items.len() {
        return Err(call.wrong(format!("the end {end} lies behind the last of {} members", list.items.len())));
    }
    if !list.is_indexed || end - start > MOST_MEMBERS {
        return Err(Fault::Derived);
    }
    let member = |at: usize| list.items.get(at).cloned().unwrap_or_else(|| argument.member(&at.to_string()));
    Ok(call.made_list((start..end).map(member).collect(), list.flavour, None))
}

fn bound(call: &Call<'_>, index: usize) -> Result<usize, Fault> {
    let bound = call.integer(index)?;
    usize::try_from(bound).map_err(|_| call.wrong(format!("the bound {bound} is negative")))
}

fn sort(call: &Call<'_>) -> Answer {
    let list = listed(call, 0, Type::Text)?;
    if list.items.iter().any(|item| matches!(item.kind, Kind::Null)) {
        return Err(call.wrong("null cannot be sorted"));
    }
    if list.open.is_some() {
        return Err(Fault::Derived);
    }
    let mut items: Vec<(String, Value)> = Vec::with_capacity(list.items.len());
    for item in &list.items {
        let Some(text) = item.as_text() else { return Err(Fault::Derived) };
        let key = known_text(&text).ok_or(Fault::Derived)?;
        items.push((key, item.clone()));
    }
    items.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(call.made_list(items.into_iter().map(|(_, item)| item).collect(), ListFlavour::List, None))
}

fn known_text(text: &Text) -> Option<String> {
    text.known().map(str::to_owned)
}
