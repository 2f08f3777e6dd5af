//! Conversions between types, `try` and `can`, marks and promises.

use std::sync::Arc;

use super::call::{Answer, Call, Fault, Function, MANY, Spread};
use crate::logic::Tri;
use crate::value::{Kind, List, ListFlavour, Map, Origin, Outcome, TerraformError, Type, Value, convert, equals};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("assumeequal", 2, 2, assumeequal).spreading(Spread::Shallow),
    Function::new("assumelistlength", 3, 3, |call| bounded(call, list_of_any(), Bounds::Both))
        .spreading(Spread::Shallow),
    Function::new("assumelistlengthmax", 2, 2, |call| bounded(call, list_of_any(), Bounds::Most))
        .spreading(Spread::Shallow),
    Function::new("assumelistlengthmin", 2, 2, |call| bounded(call, list_of_any(), Bounds::Least))
        .spreading(Spread::Shallow),
    Function::new("assumemaplength", 3, 3, |call| bounded(call, map_of_any(), Bounds::Both)).spreading(Spread::Shallow),
    Function::new("assumemaplengthmax", 2, 2, |call| bounded(call, map_of_any(), Bounds::Most))
        .spreading(Spread::Shallow),
    Function::new("assumemaplengthmin", 2, 2, |call| bounded(call, map_of_any(), Bounds::Least))
        .spreading(Spread::Shallow),
    Function::new("assumenotnull", 1, 1, assumenotnull).spreading(Spread::Shallow),
    Function::new("assumesetlength", 3, 3, |call| bounded(call, set_of_any(), Bounds::Both)).spreading(Spread::Shallow),
    Function::new("assumesetlengthmax", 2, 2, |call| bounded(call, set_of_any(), Bounds::Most))
        .spreading(Spread::Shallow),
    Function::new("assumesetlengthmin", 2, 2, |call| bounded(call, set_of_any(), Bounds::Least))
        .spreading(Spread::Shallow),
    Function::new("assumestringprefix", 2, 2, assumestringprefix),
    Function::new("can", 1, 1, can).spreading(Spread::Catches),
    Function::new("ephemeralasnull", 1, 1, ephemeralasnull).spreading(Spread::Shallow),
    Function::new("issensitive", 1, 1, issensitive).spreading(Spread::Own),
    Function::new("nonsensitive", 1, 1, nonsensitive).spreading(Spread::Own),
    Function::new("sensitive", 1, 1, sensitive).spreading(Spread::Own),
    Function::new("tobool", 1, 1, |call| to(call, &Type::Bool)).spreading(Spread::Shallow),
    Function::new("tolist", 1, 1, |call| to(call, &list_of_any())).spreading(Spread::Shallow),
    Function::new("tomap", 1, 1, |call| to(call, &map_of_any())).spreading(Spread::Shallow),
    Function::new("tonumber", 1, 1, |call| to(call, &Type::Number)).spreading(Spread::Shallow),
    Function::new("toset", 1, 1, |call| to(call, &set_of_any())).spreading(Spread::Shallow),
    Function::new("tostring", 1, 1, |call| to(call, &Type::Text)).spreading(Spread::Shallow),
    Function::new("try", 1, MANY, try_each).spreading(Spread::Catches),
];

fn list_of_any() -> Type {
    Type::List(Box::new(Type::Any))
}

fn set_of_any() -> Type {
    Type::Set(Box::new(Type::Any))
}

fn map_of_any() -> Type {
    Type::Map(Box::new(Type::Any))
}

fn to(call: &Call<'_>, of: &Type) -> Answer {
    let argument = &call.arguments[0];
    match &argument.kind {
        // It may not convert, and converted it is not the same.
        Kind::Unknown(unknown) => {
            let derived = Value::derived(call.function.name, call.arguments, argument.origin.clone());
            Ok(if unknown.may_be_null { derived.perhaps_null() } else { derived })
        }
        Kind::List(_) | Kind::Map(_) if !argument.is_wholly_known() => {
            convert(argument, of).map_err(|_| Fault::Derived)
        }
        _ => convert(argument, of).map_err(|refused| Fault::Error(TerraformError { code: "wrong-type", ..refused })),
    }
}

/// The first argument that Terraform gets past.
fn try_each(call: &Call<'_>) -> Answer {
    for argument in call.arguments {
        match argument.outcome() {
            Outcome::Success => return Ok(argument.clone()),
            Outcome::Failure => {}
            Outcome::Undecided => {
                let reason = argument.first_reason().ok_or(Fault::Derived)?;
                let derived = Value::derived_for("try", call.arguments, reason, argument.origin.clone());
                // Terraform gets past a `try` of which one argument succeeds; that one may be null.
                return Ok(derived.perhaps_null());
            }
        }
    }
    Err(call.wrong("no argument succeeds"))
}

fn can(call: &Call<'_>) -> Answer {
    match call.arguments[0].outcome() {
        Outcome::Success => Ok(call.made_bool(true)),
        Outcome::Failure => Ok(call.made_bool(false)),
        Outcome::Undecided => Err(Fault::Derived),
    }
}

fn sensitive(call: &Call<'_>) -> Answer {
    Ok(call.arguments[0].clone().sensitive())
}

fn nonsensitive(call: &Call<'_>) -> Answer {
    Ok(Value { sensitive: false, ..call.arguments[0].clone() })
}

/// What is not known may turn out either way.
fn issensitive(call: &Call<'_>) -> Answer {
    match call.arguments[0].kind {
        Kind::Unknown(_) | Kind::Reference(_) => Err(Fault::Derived),
        _ => Ok(call.made_bool(call.arguments[0].sensitive)),
    }
}

fn ephemeralasnull(call: &Call<'_>) -> Answer {
    Ok(without_ephemeral(&call.arguments[0], 0))
}

/// Values nested deeper than this stay as they are.
const DEEPEST: usize = 128;

fn without_ephemeral(value: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return value.clone();
    }
    let kind = match &value.kind {
        Kind::Unknown(unknown) if unknown.reason.code == "ephemeral" => Kind::Null,
        Kind::List(list) => {
            let items = list.items.iter().map(|item| without_ephemeral(item, depth + 1)).collect();
            Kind::List(Arc::new(List { items, ..(**list).clone() }))
        }
        Kind::Map(map) => {
            let entries = map.entries.iter().map(|(key, item)| (key.clone(), without_ephemeral(item, depth + 1)));
            Kind::Map(Arc::new(Map { entries: entries.collect(), ..(**map).clone() }))
        }
        _ => return value.clone(),
    };
    Value { kind, origin: value.origin.clone(), sensitive: value.sensitive }
}

fn assumeequal(call: &Call<'_>) -> Answer {
    let [actual, expected] = call.arguments else { return Err(Fault::Derived) };
    match equals(actual, expected) {
        Tri::False => Err(call.wrong("the value is not the one that was promised")),
        Tri::True | Tri::Unknown => Ok(expected.clone()),
    }
}

fn assumenotnull(call: &Call<'_>) -> Answer {
    match call.arguments[0].kind {
        Kind::Null => Err(call.wrong("the value is null, against the promise")),
        _ => Ok(call.arguments[0].clone().never_null()),
    }
}

fn assumestringprefix(call: &Call<'_>) -> Answer {
    let (text, prefix) = (call.text(0)?, call.known(1)?);
    match text.starts_with(&prefix) {
        Tri::True => Ok(call.made(text)),
        Tri::False => Err(call.wrong(format!("the text does not begin with \"{prefix}\", against the promise"))),
        Tri::Unknown if matches!(call.arguments[0].kind, Kind::Unknown(_)) => {
            let rest = Value::derived("assumestringprefix", call.arguments, call.arguments[0].origin.clone());
            let mut builder = crate::value::TextBuilder::default();
            builder.literal(&prefix, &call.arguments[1].origin);
            builder.hole(rest);
            Ok(call.made(builder.finish()))
        }
        Tri::Unknown => Ok(call.made(text)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bounds {
    Least,
    Most,
    Both,
}

fn bounded(call: &Call<'_>, of: Type, bounds: Bounds) -> Answer {
    let converted = convert(&call.arguments[0], &of).map_err(|error| call.wrong(error))?;
    let bound = |index: usize| -> Result<usize, Fault> {
        usize::try_from(call.integer(index)?).map_err(|_| call.wrong("a length must not be negative"))
    };
    let (least, most) = match bounds {
        Bounds::Least => (bound(1)?, usize::MAX),
        Bounds::Most => (0, bound(1)?),
        Bounds::Both => (bound(1)?, bound(2)?),
    };
    let (length, is_closed) = match &converted.kind {
        Kind::List(list) => {
            let may_melt = list.flavour == ListFlavour::Set && !converted.is_wholly_known();
            (list.items.len(), list.open.is_none() && !may_melt)
        }
        Kind::Map(map) => (map.entries.len(), map.open.is_none() && map.owner.is_none()),
        Kind::Null => return Err(call.wrong("the value is null, against the promise")),
        _ => return Ok(with_length(call, converted, least, most)),
    };
    if is_closed && !(least..=most).contains(&length) {
        return Err(call.wrong(format!("the length is {length}, against the promise")));
    }
    Ok(converted)
}

/// An unknown list whose length is promised exactly has that many members.
fn with_length(call: &Call<'_>, value: Value, least: usize, most: usize) -> Value {
    let is_list = call.function.name.starts_with("assumelist");
    if !is_list || least != most || most > super::call::MOST_MEMBERS {
        return value.never_null();
    }
    let items = (0..least).map(|index| value.member(&index.to_string())).collect();
    Value { origin: Origin::none(), ..call.made_list(items, ListFlavour::List, None) }
}
