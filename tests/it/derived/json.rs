//! Writes a Terraform file in JSON syntax: texts and numbers as they are, every other expression as `"${…}"`.

use secure_lint::syntax::hcl::{Block, Body, Expr, ExprKind, ObjectKey};
use serde_json::{Map, Value, json};

pub(super) fn to_json(text: &str, body: &Body) -> String {
    let value = Value::Object(object(text, body, ""));
    let mut printed = serde_json::to_string_pretty(&value).expect("texts and maps can be written");
    printed.push('\n');
    printed
}

fn object(text: &str, body: &Body, kind: &str) -> Map<String, Value> {
    let mut members = Map::new();
    for attribute in &body.attributes {
        let value = match &*attribute.name {
            "depends_on" | "ignore_changes" | "replace_triggered_by" | "provider" | "providers" | "from" | "to" => {
                addresses(text, &attribute.value)
            }
            "type" if kind == "variable" => Value::String(text[attribute.value.span.range()].to_owned()),
            _ => value(text, &attribute.value),
        };
        members.insert(attribute.name.to_string(), value);
    }
    for block in &body.blocks {
        let list = members.entry(block.kind.to_string()).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(labelled(text, block));
        }
    }
    members
}

fn labelled(text: &str, block: &Block) -> Value {
    let inside = Value::Object(object(text, &block.body, &block.kind));
    block.labels.iter().rev().fold(inside, |inside, label| json!({ label.text.to_string(): inside }))
}

fn value(text: &str, expr: &Expr) -> Value {
    match &expr.kind {
        ExprKind::Null => Value::Null,
        ExprKind::Bool(value) => Value::Bool(*value),
        ExprKind::Number(number) => match number.parse::<i64>() {
            Ok(number) => json!(number),
            Err(_) => interpolation(text, expr),
        },
        ExprKind::Text(text) => Value::String(text.replace("${", "$${").replace("%{", "%%{")),
        ExprKind::List(items) => Value::Array(items.iter().map(|item| value(text, item)).collect()),
        ExprKind::Object(items) if items.iter().all(|item| matches!(item.key, ObjectKey::Name(..))) => {
            let mut members = Map::new();
            for item in items {
                if let ObjectKey::Name(name, _) = &item.key {
                    members.insert(name.to_string(), value(text, &item.value));
                }
            }
            Value::Object(members)
        }
        _ => interpolation(text, expr),
    }
}

fn interpolation(text: &str, expr: &Expr) -> Value {
    Value::String(format!("${{{}}}", &text[expr.span.range()]))
}

/// What Terraform reads as an address, not as a value: JSON syntax takes it as a bare text.
fn addresses(text: &str, expr: &Expr) -> Value {
    match &expr.kind {
        ExprKind::List(items) => Value::Array(items.iter().map(|item| addresses(text, item)).collect()),
        ExprKind::Object(items) => {
            let mut members = Map::new();
            for item in items {
                let key = text[item.key.span().range()].trim_matches('"').to_owned();
                members.insert(key, addresses(text, &item.value));
            }
            Value::Object(members)
        }
        _ => Value::String(text[expr.span.range()].to_owned()),
    }
}
