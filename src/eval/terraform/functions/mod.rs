//! The functions of the language, on values that may be partly unknown. A call cannot fail: what Terraform would
//! refuse is an unknown value whose reason is the error. `try`, `can` and the rest see values only, since errors are
//! values; rendering templates is the evaluator's, behind `Templates`.

mod call;
mod collection;
mod csv;
mod date;
mod digits;
mod document;
mod encoding;
mod file;
mod format;
#[cfg(test)]
mod fuzz;
mod glob;
mod hash;
mod inflate;
mod json;
mod kind;
mod list;
mod map;
mod network;
mod number;
mod pattern;
mod provider;
mod read_json;
#[cfg(test)]
mod tests;
mod text;
mod translate;
mod yaml;

use crate::logic::Reason;
use crate::source::{FileId, Span, World, nearest};
use crate::value::{Kind, Map, Origin, StepKind, TerraformError, Text, TextBuilder, Value};

use call::{Call, Fault, Function, Nullness, Spread};
pub use document::{document, yaml_document};

/// What a call knows besides its arguments.
pub struct CallContext<'a> {
    pub world: &'a World,
    /// The folder of the root module: what relative paths start from.
    pub folder: &'a str,
    /// The place of the call.
    pub span: Span,
    pub templates: &'a dyn Templates,
}

/// The text of a template and where it stands.
#[derive(Clone, Copy, Debug)]
pub enum Template<'a> {
    File(FileId),
    Text(&'a Text),
}

/// Renders templates: the part of `templatefile` and `templatestring` that needs the evaluator.
pub trait Templates {
    /// The text of a template in which only these variables and the functions are in scope.
    fn render(&self, template: Template<'_>, variables: &Map) -> Value;
}

/// The longest text that is kept whole.
const LONGEST_TEXT: usize = 1 << 20;
/// Holes and literals of one text.
const MOST_PIECES: usize = 2_000;
/// What stays of a longer one at each end.
const KEPT_END: usize = 4 << 10;

const TABLES: [&[Function]; 17] = [
    collection::FUNCTIONS,
    csv::FUNCTIONS,
    date::FUNCTIONS,
    encoding::FUNCTIONS,
    file::FUNCTIONS,
    format::FUNCTIONS,
    hash::FUNCTIONS,
    json::FUNCTIONS,
    kind::FUNCTIONS,
    list::FUNCTIONS,
    map::FUNCTIONS,
    network::FUNCTIONS,
    number::FUNCTIONS,
    pattern::FUNCTIONS,
    provider::FUNCTIONS,
    text::FUNCTIONS,
    yaml::FUNCTIONS,
];

/// Calls a function by the name it is written with, `core::upper` and `provider::aws::arn_parse` included.
pub fn call(name: &str, arguments: &[Value], context: &CallContext<'_>) -> Value {
    let short = name.strip_prefix("core::").unwrap_or(name);
    let Some(function) = find(short) else {
        return no_such_function(name, arguments, context.span);
    };
    if let Some(error) = wrong_count(function, arguments.len()) {
        return error.at(context.span);
    }
    let call = Call { function, arguments, context };
    let refused = arguments.iter().find(|argument| argument.error().is_some());
    let answer = match refused {
        Some(error) if function.spread != Spread::Catches => Ok(error.clone()),
        _ => (function.run)(&call),
    };
    finish(&call, answer)
}

fn find(name: &str) -> Option<&'static Function> {
    TABLES.iter().find_map(|table| table.iter().find(|function| function.name == name))
}

fn no_such_function(name: &str, arguments: &[Value], span: Span) -> Value {
    if name.starts_with("provider::") {
        let reason = Reason::at("provider-function", name, span);
        return Value::derived_for(name, arguments, reason, Origin::missing("provider-function", span));
    }
    let suggestion = match name {
        "list" | "map" => Some(if name == "list" { "tolist" } else { "tomap" }),
        _ => nearest(name, TABLES.iter().flat_map(|table| table.iter().map(|function| function.name))),
    };
    let message = match suggestion {
        Some(near) => format!("there is no function `{name}`; did you mean `{near}`?"),
        None => format!("there is no function `{name}`"),
    };
    TerraformError::new("no-such-function", message).at(span)
}

fn wrong_count(function: &Function, given: usize) -> Option<TerraformError> {
    let (least, most) = (function.least, function.most);
    if given >= least && given <= most {
        return None;
    }
    let wanted = match (least, most) {
        (least, usize::MAX) => format!("at least {least}"),
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least} to {most}"),
    };
    let message = format!("`{}` takes {wanted} arguments, not {given}", function.name);
    Some(TerraformError::new("wrong-argument-count", message))
}

/// Turns the answer into a value with its origin, its mark and its limits.
fn finish(call: &Call<'_>, answer: Result<Value, Fault>) -> Value {
    let (name, span) = (call.function.name, call.context.span);
    let is_derived = matches!(answer, Err(Fault::Derived | Fault::Unknown(_)));
    let mut value = match answer {
        Ok(value) => limited(call, value),
        Err(Fault::Error(error)) => return error.at(span),
        Err(Fault::Derived) => {
            let mut derived = Value::derived(name, call.arguments, Origin::none());
            let reason = derived.reason().filter(|reason| reason.place.is_none()).cloned();
            if let Some(reason) = reason {
                let reason = Reason::with(reason.code, reason.object.clone(), Some(span));
                derived = Value::derived_for(name, call.arguments, reason, Origin::none());
            }
            derived
        }
        Err(Fault::Unknown(reason)) => Value::derived_for(name, call.arguments, reason, Origin::none()),
    };
    value.sensitive = match call.function.spread {
        Spread::Deep => value.sensitive || call.arguments.iter().any(Value::is_sensitive_within),
        Spread::Shallow => value.sensitive || call.arguments.iter().any(|argument| argument.sensitive),
        Spread::Own | Spread::Catches => value.sensitive,
    };
    if is_derived && call.function.result == Nullness::PerhapsNull {
        value = value.perhaps_null();
    }
    if value.origin.newest().is_none() {
        let first = call.arguments.iter().find(|argument| argument.origin.newest().is_some());
        value.origin = first.map_or_else(Origin::none, |argument| argument.origin.clone());
    }
    value.through(StepKind::Call(name.into()), span)
}

/// Cuts what is longer than the limits allow; what is cut is said in the reason.
fn limited(call: &Call<'_>, value: Value) -> Value {
    match &value.kind {
        Kind::Text(text) if text.known_length() > LONGEST_TEXT || text.pieces().len() > MOST_PIECES => {
            let message = format!("a text of {} bytes made by `{}`", text.known_length(), call.function.name);
            let reason = Reason::at("limit-text", message, call.context.span);
            let hole = Value::derived_for(call.function.name, call.arguments, reason, Origin::none());
            let mut builder = TextBuilder::default();
            builder.literal(head(text.prefix(), KEPT_END), &value.origin);
            builder.hole(hole);
            builder.literal(tail(text.suffix(), KEPT_END), &value.origin);
            Value { kind: Kind::Text(builder.finish()), ..value }
        }
        _ => value,
    }
}

/// At most this many bytes from the start, cut between characters.
fn head(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn tail(text: &str, most: usize) -> &str {
    let mut start = text.len().saturating_sub(most);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}
