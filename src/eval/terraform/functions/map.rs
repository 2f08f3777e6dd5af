//! Functions that make or read maps, and those on sets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::{Answer, Call, Fault, Function, MANY, MOST_MEMBERS, Spread};
use super::list::listed;
use crate::logic::{Reason, Tri};
use crate::value::{
    Entries, Kind, List, ListFlavour, Map, MapFlavour, Origin, Type, Value, common_type, convert, equals, type_of,
};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("keys", 1, 1, keys).spreading(Spread::Shallow),
    Function::new("merge", 0, MANY, merge).spreading(Spread::Shallow),
    Function::new("setintersection", 1, MANY, setintersection),
    Function::new("setproduct", 2, MANY, setproduct).spreading(Spread::Shallow),
    Function::new("setsubtract", 2, 2, setsubtract),
    Function::new("setunion", 1, MANY, setunion),
    Function::new("transpose", 1, 1, transpose),
    Function::new("values", 1, 1, values).spreading(Spread::Shallow),
    Function::new("zipmap", 2, 2, zipmap).spreading(Spread::Shallow),
];

/// Why a map may have more entries than it shows.
fn openness(value: &Value, map: &Map) -> Option<Reason> {
    match (&map.open, &map.owner) {
        (Some(open), _) => Some(open.clone()),
        (None, Some(owner)) => Some(Reason::with(
            "provider-computed",
            owner.address.to_string(),
            value.origin.newest().map(|step| step.span),
        )),
        (None, None) => None,
    }
}

fn flavour_of_members(map: &Map) -> ListFlavour {
    match map.flavour {
        MapFlavour::Object => ListFlavour::Tuple,
        MapFlavour::Map => ListFlavour::List,
    }
}

fn keys(call: &Call<'_>) -> Answer {
    let map = call.map(0)?;
    let items = map.entries.iter().map(|(key, value)| Value::text(key, value.origin.clone())).collect();
    Ok(members(call, map, items))
}

fn values(call: &Call<'_>) -> Answer {
    let map = call.map(0)?;
    Ok(members(call, map, map.entries.values().cloned().collect()))
}

/// The members of an open map stand in order, but not at known places.
fn members(call: &Call<'_>, map: &Map, items: Vec<Value>) -> Value {
    let open = openness(&call.arguments[0], map);
    let is_indexed = open.is_none();
    let made = call.made_list(items, flavour_of_members(map), open);
    match &made.kind {
        Kind::List(list) if !is_indexed => {
            Value { kind: Kind::List(Arc::new(List { is_indexed, ..(**list).clone() })), ..made }
        }
        _ => made,
    }
}

fn merge(call: &Call<'_>) -> Answer {
    let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    let mut open: Option<Reason> = None;
    let mut types: Vec<Option<String>> = Vec::new();
    for (index, argument) in call.arguments.iter().enumerate() {
        let hides = match &argument.kind {
            Kind::Null => continue,
            Kind::Map(map) => {
                types.push(type_of_entries(map));
                openness(argument, map)
            }
            Kind::Reference(_) | Kind::Unknown(_) => {
                types.push(None);
                argument.first_reason()
            }
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) => {
                return Err(call.wrong_kind(index, "a map or object"));
            }
        };
        if let Some(reason) = &hides {
            // What is not shown may replace everything before it.
            for (key, value) in &mut entries {
                let key = Value::text(key, Origin::none());
                let arguments = [value.clone(), argument.clone(), key];
                let derived = Value::derived_for("merge", &arguments, reason.clone(), argument.origin.clone());
                *value = derived.perhaps_null();
            }
            open = open.or(hides);
        }
        if let Kind::Map(map) = &argument.kind {
            entries.extend(map.entries.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    let is_map = !types.is_empty() && types.iter().all(Option::is_some) && {
        let mut known: Vec<&str> = types.iter().flatten().map(String::as_str).filter(|of| *of != "any").collect();
        known.dedup();
        known.len() < 2
    };
    let flavour = if is_map { MapFlavour::Map } else { MapFlavour::Object };
    Ok(call.made_map(entries, flavour, open))
}

/// The name of the type of a map's values; nothing for objects.
fn type_of_entries(map: &Map) -> Option<String> {
    match map.flavour {
        MapFlavour::Object => None,
        MapFlavour::Map => Some(map.entries.values().next().map_or(Type::Any, type_of).to_string()),
    }
}

/// All arguments as sets of the type that they have in common.
fn sets(call: &Call<'_>) -> Result<Vec<Arc<List>>, Fault> {
    let mut lists = Vec::new();
    for index in 0..call.arguments.len() {
        lists.push(listed(call, index, Type::Any)?);
    }
    let of = common_type(lists.iter().flat_map(|list| &list.items)).map_err(|error| call.no_common_type(error))?;
    let as_set = |argument: &Value| match convert(argument, &Type::Set(Box::new(of.clone()))) {
        Ok(Value { kind: Kind::List(list), .. }) => Ok(list),
        Ok(_) => Err(Fault::Derived),
        Err(error) => Err(call.no_common_type(error)),
    };
    call.arguments.iter().map(as_set).collect()
}

fn made_set(call: &Call<'_>, items: Vec<Value>, open: Option<Reason>) -> Answer {
    let list = call.made_list(items, ListFlavour::List, open);
    convert(&list, &Type::Set(Box::new(Type::Any))).map_err(|error| call.wrong(error))
}

fn setunion(call: &Call<'_>) -> Answer {
    let sets = sets(call)?;
    let items = sets.iter().flat_map(|set| set.items.iter().cloned()).collect();
    let open = sets.iter().find_map(|set| set.open.clone());
    made_set(call, items, open)
}

fn setintersection(call: &Call<'_>) -> Answer {
    combined(call, |is_in_others| is_in_others)
}

fn setsubtract(call: &Call<'_>) -> Answer {
    combined(call, |is_in_other| !is_in_other)
}

/// The members of the first set that are, or are not, in all others.
fn combined(call: &Call<'_>, keeps: fn(Tri) -> Tri) -> Answer {
    let sets = sets(call)?;
    if sets.iter().any(|set| set.open.is_some()) {
        return Err(Fault::Derived);
    }
    let [first, others @ ..] = &sets[..] else { return Err(Fault::Derived) };
    let is_known = |set: &Arc<List>| set.items.iter().all(Value::is_wholly_known);
    if sets.iter().all(is_known) {
        // By identity, since equal known values of one type hash alike.
        let hashed: Vec<std::collections::BTreeSet<u64>> =
            others.iter().map(|set| set.items.iter().map(Value::identity).collect()).collect();
        let is_kept = |item: &&Value| {
            let identity = item.identity();
            let is_in_all = hashed.iter().all(|set| set.contains(&identity));
            keeps(Tri::from(is_in_all)) == Tri::True
        };
        return made_set(call, first.items.iter().filter(is_kept).cloned().collect(), None);
    }
    let mut items = Vec::new();
    for item in &first.items {
        let in_one = |set: &Arc<List>| Tri::any(set.items.iter().take(512).map(|it| equals(it, item)));
        let is_big = others.iter().any(|set| set.items.len() > 512);
        match keeps(Tri::all(others.iter().map(in_one))) {
            _ if is_big => return Err(Fault::Derived),
            Tri::True => items.push(item.clone()),
            Tri::False => {}
            Tri::Unknown => return Err(Fault::Derived),
        }
    }
    made_set(call, items, None)
}

fn setproduct(call: &Call<'_>) -> Answer {
    let is_list = call.arguments.iter().all(|argument| match &argument.kind {
        Kind::List(list) => list.flavour != ListFlavour::Set,
        _ => false,
    });
    let mut lists = Vec::new();
    for index in 0..call.arguments.len() {
        let list = listed(call, index, Type::Any)?;
        if list.open.is_some() {
            return Err(Fault::Derived);
        }
        lists.push(list);
    }
    let total = lists.iter().fold(1usize, |total, list| total.saturating_mul(list.items.len()));
    let mut rows = Vec::new();
    for row in 0..total.min(MOST_MEMBERS + 1) {
        let mut rest = row;
        let mut members = Vec::with_capacity(lists.len());
        for list in lists.iter().rev() {
            members.push(list.items[rest % list.items.len()].clone());
            rest /= list.items.len();
        }
        members.reverse();
        let origin = members.first().map_or_else(Origin::none, |first| first.origin.clone());
        rows.push(Value { origin, ..call.made_list(members, ListFlavour::Tuple, None) });
    }
    let made = call.made_list(rows, ListFlavour::List, None);
    let is_indexed = lists.iter().all(|list| list.is_indexed);
    if let (true, Kind::List(list)) = (is_list, &made.kind) {
        let list = List { is_indexed, ..(**list).clone() };
        return Ok(Value { kind: Kind::List(Arc::new(list)), ..made });
    }
    convert(&made, &Type::Set(Box::new(Type::Any))).map_err(|error| call.wrong(error))
}

fn transpose(call: &Call<'_>) -> Answer {
    call.map(0)?;
    let of = Type::Map(Box::new(Type::List(Box::new(Type::Text))));
    let converted = convert(&call.arguments[0], &of).map_err(|error| call.wrong(error))?;
    if !converted.is_wholly_known() {
        return Err(Fault::Derived);
    }
    let mut turned: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for (key, list) in converted.as_map().into_iter().flat_map(|map| &map.entries) {
        let Some(list) = list.as_list() else { return Err(call.wrong("the values must be lists of texts")) };
        for item in &list.items {
            let Some(text) = item.as_str() else { return Err(call.wrong("the lists must not hold null")) };
            turned.entry(text.into()).or_default().push(Value::text(key, item.origin.clone()));
        }
    }
    let entries = turned.into_iter().map(|(key, items)| (key, call.made_list(items, ListFlavour::List, None)));
    Ok(call.made_map(entries.collect::<Entries>(), MapFlavour::Map, None))
}

fn zipmap(call: &Call<'_>) -> Answer {
    let keys = listed(call, 0, Type::Text)?;
    let argument = &call.arguments[1];
    let list = match &argument.kind {
        Kind::List(list) if list.flavour == ListFlavour::Set => return Err(call.wrong_kind(1, "a list or tuple")),
        Kind::Reference(_) | Kind::Unknown(_) => None,
        _ => Some(call.list(1)?),
    };
    let is_whole = keys.open.is_none() && keys.is_indexed;
    if let Some(list) = list.filter(|list| is_whole && list.open.is_none() && list.items.len() != keys.items.len()) {
        return Err(call.wrong(format!("{} keys have {} values", keys.items.len(), list.items.len())));
    }
    if !keys.is_indexed || list.is_some_and(|list| !list.is_indexed) {
        return Err(Fault::Derived);
    }
    let mut open = keys.open.clone();
    let mut entries: BTreeMap<Arc<str>, (usize, Value)> = BTreeMap::new();
    let mut last_unknown = None;
    for (index, key) in keys.items.iter().enumerate() {
        let shown = list.and_then(|list| list.items.get(index)).cloned();
        let value = shown.unwrap_or_else(|| argument.member(&index.to_string()));
        match (&key.kind, key.as_str()) {
            (Kind::Null, _) => return Err(call.wrong("a key must not be null")),
            (_, Some(key)) => {
                entries.insert(key.into(), (index, value));
            }
            (_, None) => {
                open = open.or_else(|| key.first_reason());
                last_unknown = Some((index, key));
            }
        }
    }
    if keys.open.is_some() {
        last_unknown = Some((usize::MAX, &call.arguments[0]));
    }
    // An unknown key may be one of those before it.
    let settle = |(index, value): (usize, Value)| match last_unknown {
        Some((last, key)) if index < last => {
            Value::derived("zipmap", &[value, key.clone()], key.origin.clone()).perhaps_null()
        }
        _ => value,
    };
    let entries: Entries = entries.into_iter().map(|(key, value)| (key, settle(value))).collect();
    let is_map = list.is_some_and(|list| list.flavour == ListFlavour::List);
    let flavour = if is_map { MapFlavour::Map } else { MapFlavour::Object };
    Ok(call.made_map(entries, flavour, open))
}
