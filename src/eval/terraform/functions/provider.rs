//! The functions of providers that need no provider: ARNs taken apart and put together, values as source text.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::{Answer, Call, Fault, Function};
use super::json::DEEPEST;
use crate::source::FileId;
use crate::syntax::hcl::{self, Expr, ExprKind, ObjectKey, UnaryOperator};
use crate::value::{Entries, Kind, ListFlavour, MapFlavour, Number, Places, TextBuilder, Value, nfc};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("provider::aws::arn_build", 5, 5, arn_build),
    Function::new("provider::aws::arn_parse", 1, 1, arn_parse),
    Function::new("provider::aws::trim_iam_role_path", 1, 1, trim_iam_role_path),
    Function::new("provider::terraform::decode_tfvars", 1, 1, decode_tfvars),
    Function::new("provider::terraform::encode_expr", 1, 1, encode_expr),
    Function::new("provider::terraform::encode_tfvars", 1, 1, encode_tfvars),
];

fn arn_build(call: &Call<'_>) -> Answer {
    let mut builder = TextBuilder::default();
    builder.literal("arn", &call.arguments[0].origin);
    for index in 0..5 {
        builder.literal(":", &call.arguments[index].origin);
        builder.text(&call.text(index)?);
    }
    Ok(call.made(builder.finish()))
}

const PARTS: [&str; 5] = ["partition", "service", "region", "account_id", "resource"];

/// The five parts behind `arn:`.
fn parts_of<'a>(call: &Call<'_>, arn: &'a str) -> Result<Vec<&'a str>, Fault> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", ref rest @ ..] if rest.len() == 5 => Ok(rest.to_vec()),
        _ => Err(call.wrong(format!("\"{arn}\" is no ARN"))),
    }
}

fn arn_parse(call: &Call<'_>) -> Answer {
    let arn = call.known(0)?;
    let parts = parts_of(call, &arn)?;
    let entries = PARTS.iter().zip(parts).map(|(name, part)| (Arc::from(*name), Value::text(part, call.origin())));
    Ok(call.made_map(entries.collect::<Entries>(), MapFlavour::Object, None))
}

fn trim_iam_role_path(call: &Call<'_>) -> Answer {
    let arn = call.known(0)?;
    let parts = parts_of(call, &arn)?;
    let (service, region, resource) = (parts[1], parts[2], parts[4]);
    let Some(path) = resource.strip_prefix("role/").filter(|_| service == "iam" && region.is_empty()) else {
        return Err(call.wrong(format!("\"{arn}\" is no ARN of a role")));
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let head = arn.strip_suffix(resource).unwrap_or("");
    Ok(call.made_known(&format!("{head}role/{name}")))
}

fn encode_expr(call: &Call<'_>) -> Answer {
    let value = &call.arguments[0];
    if !value.is_wholly_known() {
        return Err(Fault::Derived);
    }
    let mut out = String::new();
    write(call, &mut out, value, 0)?;
    Ok(call.made_known(&out))
}

fn encode_tfvars(call: &Call<'_>) -> Answer {
    let map = call.map(0)?;
    if !call.arguments[0].is_wholly_known() {
        return Err(Fault::Derived);
    }
    let mut out = String::new();
    let width = map.entries.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, value) in &map.entries {
        if !is_identifier(name) {
            return Err(call.wrong(format!("\"{name}\" is no name of a variable")));
        }
        out.push_str(&format!("{name:width$} = "));
        write(call, &mut out, value, 0)?;
        out.push('\n');
    }
    Ok(call.made_known(&out))
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// A value as source text.
fn write(call: &Call<'_>, out: &mut String, value: &Value, depth: usize) -> Result<(), Fault> {
    if depth > DEEPEST {
        return Err(call.unknown("limit-depth", "a value nested too deeply"));
    }
    match &value.kind {
        Kind::Null => out.push_str("null"),
        Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(&number.to_string()),
        Kind::Text(text) => out.push_str(&quoted(text.known().unwrap_or(""))),
        Kind::List(list) => {
            out.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(call, out, item, depth + 1)?;
            }
            out.push(']');
        }
        Kind::Map(map) if map.entries.is_empty() => out.push_str("{}"),
        Kind::Map(map) => {
            let names: Vec<String> =
                map.entries.keys().map(|key| if is_identifier(key) { key.to_string() } else { quoted(key) }).collect();
            let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
            out.push_str("{\n");
            for (name, item) in names.iter().zip(map.entries.values()) {
                out.push_str(&format!("{}{name:width$} = ", "  ".repeat(depth + 1)));
                write(call, out, item, depth + 1)?;
                out.push('\n');
            }
            out.push_str(&format!("{}}}", "  ".repeat(depth)));
        }
        Kind::Reference(_) | Kind::Unknown(_) => return Err(Fault::Derived),
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest[1..].starts_with('{') => out.extend([c, c]),
            c => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    out.push('"');
    out
}

fn decode_tfvars(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    let known = text.known().ok_or(Fault::Derived)?;
    let parsed = hcl::parse(FileId(0), known);
    if let Some(fault) = parsed.faults.first() {
        return Err(call.wrong(format!("no variable values: {}", fault.message)));
    }
    if !parsed.body.blocks.is_empty() {
        return Err(call.wrong("only attributes may stand among variable values"));
    }
    let places = Places::new(&text, call.context.world);
    let mut entries = BTreeMap::new();
    for attribute in &parsed.body.attributes {
        entries.insert(attribute.name.clone(), literal(call, &attribute.value, &places, 0)?);
    }
    Ok(call.made_map(entries, MapFlavour::Object, None))
}

/// The value of an expression that is a literal all through.
fn literal(call: &Call<'_>, expression: &Expr, places: &Places<'_>, depth: usize) -> Answer {
    if depth > DEEPEST {
        return Err(call.unknown("limit-depth", "a value nested too deeply"));
    }
    let origin = places.origin(expression.span.range());
    let kind = match &expression.kind {
        ExprKind::Null => Kind::Null,
        ExprKind::Bool(value) => Kind::Bool(*value),
        ExprKind::Number(text) => match Number::parse(text) {
            Some(number) => Kind::Number(number),
            None => return Err(call.unknown("limit-number", &**text)),
        },
        ExprKind::Text(text) => return Ok(Value::text(nfc(text), origin)),
        ExprKind::Parentheses(inner) => return literal(call, inner, places, depth + 1),
        ExprKind::Unary(UnaryOperator::Negate, inner) => match literal(call, inner, places, depth + 1)?.kind {
            Kind::Number(number) => match number.negate() {
                Some(number) => Kind::Number(number),
                None => return Err(call.unknown("limit-number", "a number of too many digits")),
            },
            _ => return Err(call.wrong("only numbers can be negated")),
        },
        ExprKind::List(items) => {
            let items: Result<Vec<Value>, Fault> =
                items.iter().map(|item| literal(call, item, places, depth + 1)).collect();
            return Ok(Value { origin, ..call.made_list(items?, ListFlavour::Tuple, None) });
        }
        ExprKind::Object(items) => {
            let mut entries = BTreeMap::new();
            for item in items {
                let key: Arc<str> = match &item.key {
                    ObjectKey::Name(name, _) => name.clone(),
                    ObjectKey::Expr(key) => match literal(call, key, places, depth + 1)?.as_str() {
                        Some(key) => key.into(),
                        None => return Err(call.wrong("a key must be a text")),
                    },
                };
                entries.insert(key, literal(call, &item.value, places, depth + 1)?);
            }
            return Ok(Value { origin, ..call.made_map(entries, MapFlavour::Object, None) });
        }
        ExprKind::Template(_)
        | ExprKind::Variable(_)
        | ExprKind::Traversal(_)
        | ExprKind::Call(_)
        | ExprKind::Conditional(_)
        | ExprKind::Binary(_)
        | ExprKind::Unary(UnaryOperator::Not, _)
        | ExprKind::For(_)
        | ExprKind::Unreadable(_) => return Err(call.wrong("variable values must be literals")),
    };
    Ok(Value::new(kind, origin))
}
