//! The reference of `secure-lint.toml`, from its JSON Schema: the keys that editors complete are those of the page.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::cli::failure::Failure;

pub(super) fn page(schema: &str) -> Result<String, Failure> {
    let schema: Value = serde_json::from_str(schema)
        .map_err(|error| Failure::said(format!("the schema of the configuration cannot be read: {error}")))?;
    let mut out = String::from(
        "# All keys\n\nThe keys of `secure-lint.toml`, as its [JSON Schema](schemas/config.json) holds them. \
         Lists replace the default; `ignore`, `exclude` and `allow` add to it.\n",
    );
    let all = properties(&schema);
    let (tables, keys): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, value)| is_table(value));
    table(&mut out, &keys);
    for (name, value) in tables {
        let is_list = value["type"] == "array";
        let heading = if is_list { format!("[[{name}]]") } else { format!("[{name}]") };
        let _ = writeln!(out, "\n## `{heading}`\n\n{}.", text(value, "description"));
        let inner = if is_list { &value["items"] } else { value };
        match properties_of(inner) {
            Some(_) => table(&mut out, &properties(inner)),
            None => {
                let each = &inner["additionalProperties"];
                let _ = writeln!(out, "\nEach value: {}.", kind(each));
            }
        }
    }
    Ok(out)
}

fn table(out: &mut String, keys: &[(&String, &Value)]) {
    out.push_str("\n| key | value | default | what it does |\n|---|---|---|---|\n");
    for (name, value) in keys {
        let default = value.get("default").map_or_else(String::new, |it| format!("`{it}`"));
        let _ = writeln!(out, "| `{name}` | {} | {default} | {} |", kind(value), cell(&text(value, "description")));
    }
}

fn properties_of(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

fn properties(schema: &Value) -> Vec<(&String, &Value)> {
    properties_of(schema).into_iter().flatten().collect()
}

fn is_table(value: &Value) -> bool {
    value["type"] == "object" || value["items"]["type"] == "object"
}

/// The type in words.
fn kind(value: &Value) -> String {
    if let Some(words) = value["enum"].as_array() {
        let words: Vec<String> = words.iter().filter_map(|word| Some(format!("`{}`", word.as_str()?))).collect();
        return words.join(", ");
    }
    if let Some(kinds) = value["anyOf"].as_array() {
        return kinds.iter().map(kind).collect::<Vec<_>>().join(", or ");
    }
    if let Some(kinds) = value["type"].as_array() {
        return kinds.iter().filter_map(Value::as_str).map(type_word).collect::<Vec<_>>().join(" or ");
    }
    match value["type"].as_str() {
        Some("array") => format!("list of {}", kind(&value["items"])),
        Some("object") => format!("table of {}", kind(&value["additionalProperties"])),
        Some("string") if value["format"] == "date" => "day".to_owned(),
        Some(name) => type_word(name).to_owned(),
        None => "any".to_owned(),
    }
}

fn type_word(name: &str) -> &str {
    match name {
        "string" => "text",
        "boolean" => "true or false",
        "integer" | "number" => "number",
        other => other,
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or("").to_owned()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
