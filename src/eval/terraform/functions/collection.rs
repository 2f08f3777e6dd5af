//! Functions that ask about collections or take one member out of them.

use unicode_segmentation::UnicodeSegmentation;

use super::call::{Answer, Call, Fault, Function, MANY, Spread};
use crate::logic::Tri;
use crate::value::{
    Kind, ListFlavour, MapFlavour, Origin, Type, Value, common_type, convert, equals, is_identity, join,
};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("alltrue", 1, 1, alltrue),
    Function::new("anytrue", 1, 1, anytrue),
    Function::new("coalesce", 1, MANY, coalesce),
    Function::new("coalescelist", 1, MANY, coalescelist).spreading(Spread::Shallow),
    Function::new("contains", 2, 2, contains),
    Function::new("element", 2, 2, element).spreading(Spread::Shallow).perhaps_null(),
    Function::new("index", 2, 2, index),
    Function::new("length", 1, 1, length).spreading(Spread::Shallow),
    Function::new("lookup", 2, 3, lookup).spreading(Spread::Shallow).perhaps_null(),
    Function::new("one", 1, 1, one).spreading(Spread::Shallow).perhaps_null(),
];

fn alltrue(call: &Call<'_>) -> Answer {
    truth(call, Tri::True, Tri::and)
}

fn anytrue(call: &Call<'_>) -> Answer {
    truth(call, Tri::False, Tri::or)
}

/// Folds the members; what an open list does not show is unknown.
fn truth(call: &Call<'_>, start: Tri, fold: fn(Tri, Tri) -> Tri) -> Answer {
    let list = call.list(0)?;
    let mut all = start;
    for item in &list.items {
        let converted = convert(item, &Type::Bool).map_err(|error| call.wrong(error))?;
        let tri = match converted.kind {
            Kind::Bool(value) => Tri::from(value),
            Kind::Null => Tri::False,
            _ => Tri::Unknown,
        };
        all = fold(all, tri);
    }
    if list.open.is_some() {
        all = fold(all, Tri::Unknown);
    }
    call.made_tri(all)
}

fn coalesce(call: &Call<'_>) -> Answer {
    let common = common_type(call.arguments).map_err(|error| call.no_common_type(error))?;
    for argument in call.arguments {
        let converted = convert(argument, &common).map_err(|error| call.no_common_type(error))?;
        match &converted.kind {
            Kind::Null => {}
            Kind::Text(text) if text.known() == Some("") => {}
            // A text of holes alone may be empty.
            Kind::Text(text) if text.known_length() == 0 => return Err(Fault::Derived),
            Kind::Reference(reference) if !is_identity(reference) => return Err(Fault::Derived),
            Kind::Unknown(_) => return Err(Fault::Derived),
            _ => return Ok(converted),
        }
    }
    Err(call.wrong("all arguments are null or empty"))
}

fn coalescelist(call: &Call<'_>) -> Answer {
    for (index, argument) in call.arguments.iter().enumerate() {
        match &argument.kind {
            Kind::Null => {}
            Kind::List(list) if list.flavour != ListFlavour::Set => {
                if !list.items.is_empty() {
                    return Ok(argument.clone());
                }
                if list.open.is_some() {
                    return Err(Fault::Derived);
                }
            }
            Kind::Reference(_) | Kind::Unknown(_) => return Err(Fault::Derived),
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => {
                return Err(call.wrong_kind(index, "a list or tuple"));
            }
        }
    }
    Err(call.wrong("all lists are empty or null"))
}

fn contains(call: &Call<'_>) -> Answer {
    let list = call.list(0)?;
    let wanted = &call.arguments[1];
    let is_there = Tri::any(list.items.iter().map(|item| equals(item, wanted)));
    let rest = if list.open.is_some() { Tri::Unknown } else { Tri::False };
    call.made_tri(is_there.or(rest))
}

fn index(call: &Call<'_>) -> Answer {
    let list = call.list(0)?;
    if list.flavour == ListFlavour::Set {
        return Err(call.wrong_kind(0, "a list or tuple"));
    }
    if list.items.is_empty() && list.open.is_none() {
        return Err(call.wrong("an empty list cannot be searched"));
    }
    for (index, item) in list.items.iter().enumerate() {
        match equals(item, &call.arguments[1]) {
            Tri::True if list.is_indexed => return Ok(call.made_number(index as i64)),
            Tri::True | Tri::Unknown => return Err(Fault::Derived),
            Tri::False => {}
        }
    }
    if list.open.is_some() { Err(Fault::Derived) } else { Err(call.wrong("the value is not in the list")) }
}

fn element(call: &Call<'_>) -> Answer {
    let argument = &call.arguments[0];
    let list = match &argument.kind {
        Kind::List(list) if list.flavour != ListFlavour::Set => list,
        Kind::Reference(_) | Kind::Unknown(_) => {
            let index = call.integer(1)?;
            return if index < 0 { Err(Fault::Derived) } else { Ok(argument.member(&index.to_string())) };
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => {
            return Err(call.wrong_kind(0, "a list or tuple"));
        }
    };
    if list.items.is_empty() {
        return Err(if list.open.is_some() { Fault::Derived } else { call.wrong("an empty list has no elements") });
    }
    let index = match call.integer(1) {
        Ok(index) => index,
        Err(Fault::Derived) if list.open.is_none() => return any_of(call, &list.items, 1),
        Err(fault) => return Err(fault),
    };
    if list.open.is_none() && !list.is_indexed {
        return any_of(call, &list.items, 0);
    }
    if list.open.is_none() {
        let at = index.rem_euclid(list.items.len() as i64) as usize;
        return Ok(list.items[at].clone());
    }
    // Of an open list only the members before its end are certain.
    let shown = usize::try_from(index).ok().filter(|_| list.is_indexed).and_then(|at| list.items.get(at));
    shown.cloned().ok_or(Fault::Derived)
}

/// One of these, and the argument that would say which is not known.
fn any_of(call: &Call<'_>, candidates: &[Value], chooser: usize) -> Answer {
    let Some(reason) = call.arguments[chooser].first_reason() else { return Err(Fault::Derived) };
    Ok(join(candidates, &reason, &call.arguments[chooser].origin))
}

fn length(call: &Call<'_>) -> Answer {
    let argument = &call.arguments[0];
    let length = match &argument.kind {
        Kind::Text(text) => text.known().map(|text| text.graphemes(true).count()),
        Kind::List(list) => Some(list.items.len()).filter(|_| list.has_certain_length()),
        Kind::Map(map) => Some(map.entries.len()).filter(|_| map.open.is_none() && map.owner.is_none()),
        Kind::Reference(_) | Kind::Unknown(_) => None,
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => return Err(call.wrong_kind(0, "a text or a collection")),
    };
    let length = length.ok_or(Fault::Derived)?;
    Ok(call.made_number(length as i64))
}

fn lookup(call: &Call<'_>) -> Answer {
    let argument = &call.arguments[0];
    let default = call.arguments.get(2);
    let map = match (&argument.kind, default) {
        (Kind::Reference(_), None) => return Ok(argument.member(&call.known(1)?)),
        _ => call.map(0)?,
    };
    let of = match map.flavour {
        MapFlavour::Map => common_type(map.entries.values()).unwrap_or(Type::Any),
        MapFlavour::Object => Type::Any,
    };
    let default = match default {
        Some(default) => Some(convert(default, &of).map_err(|error| call.no_common_type(error))?),
        None => None,
    };
    let key = match call.known(1) {
        Ok(key) => key,
        Err(Fault::Derived) if map.open.is_none() && map.owner.is_none() => {
            let candidates: Vec<Value> = map.entries.values().cloned().chain(default).collect();
            return any_of(call, &candidates, 1);
        }
        Err(fault) => return Err(fault),
    };
    match (map.entries.get(&key), default) {
        (Some(hit), _) => Ok(hit.clone()),
        (None, None) if map.owner.is_some() => Ok(argument.member_of_open(map, &key)),
        (None, _) if map.open.is_some() || map.owner.is_some() => Err(Fault::Derived),
        (None, Some(default)) => Ok(default),
        (None, None) => Err(call.wrong(format!("there is no key \"{key}\""))),
    }
}

fn one(call: &Call<'_>) -> Answer {
    let list = call.list(0)?;
    match (&list.items[..], &list.open) {
        ([], None) => Ok(Value::null(Origin::none())),
        ([item], None) => Ok(item.clone()),
        ([] | [_], Some(_)) => Err(Fault::Derived),
        _ if !list.has_certain_length() => Err(Fault::Derived),
        _ => Err(call.wrong("the list has more than one member")),
    }
}
