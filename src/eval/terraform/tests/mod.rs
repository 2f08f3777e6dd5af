//! Terraform in memory: small trees, their deployments, and values as texts.

mod expressions;
mod files;
mod limits;
mod modules;
mod policies;
mod systems;

pub(super) use expressions::check_table;

use super::{Deployment, Inputs, Terraform, evaluate};
use crate::source::{World, WorldBuilder};
use crate::value::{Kind, ListFlavour, Map, MapFlavour, Piece, Text, Value, is_error_code};

/// A tree of files by path and text.
pub(super) fn world(files: &[(&str, &str)]) -> World {
    let mut builder = WorldBuilder::default();
    for (path, text) in files {
        builder.add_bytes(*path, text.as_bytes().to_vec(), !path.contains(".terraform/"));
    }
    builder.build()
}

pub(super) fn evaluated(files: &[(&str, &str)]) -> Terraform {
    evaluate(&world(files), &Inputs::default())
}

/// The only deployment of a tree.
pub(super) fn deployment(files: &[(&str, &str)]) -> Deployment {
    let mut terraform = evaluated(files);
    assert_eq!(terraform.deployments.len(), 1, "one deployment is expected");
    assert_eq!(terraform.problems, []);
    terraform.deployments.remove(0)
}

/// An attribute of an instance as text.
pub(super) fn attr(deployment: &Deployment, address: &str, name: &str) -> String {
    let Some(instance) = deployment.instance(address) else { return format!("no {address}") };
    instance.view().written(name).map_or_else(|| "nothing".to_owned(), |value| shown(&value))
}

/// A value in the notation of `testdata/terraform/expressions.txt`.
pub(super) fn shown(value: &Value) -> String {
    match &value.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => shown_text(text),
        Kind::List(list) => {
            let mut items: Vec<String> = list.items.iter().map(shown).collect();
            items.extend(list.open.iter().map(|open| format!("…?{}", open.code)));
            let flavour = match list.flavour {
                ListFlavour::Tuple => "",
                ListFlavour::List => "list",
                ListFlavour::Set => "set",
            };
            format!("{flavour}[{}]", items.join(", "))
        }
        Kind::Map(map) => shown_map(map),
        Kind::Reference(reference) => {
            let path = reference.path.split('.').fold(String::new(), |path, step| match step.parse::<u32>() {
                Ok(index) => format!("{path}[{index}]"),
                Err(_) => format!("{path}.{step}"),
            });
            format!("→{}{path}", reference.address)
        }
        Kind::Unknown(unknown) if is_error_code(unknown.reason.code) => format!("!{}", unknown.reason.code),
        Kind::Unknown(unknown) => format!("?{}", unknown.reason.code),
    }
}

fn shown_map(map: &Map) -> String {
    let mut entries: Vec<String> = map.entries.iter().map(|(key, value)| format!("{key} = {}", shown(value))).collect();
    entries.extend(map.open.iter().map(|open| format!("…?{}", open.code)));
    let flavour = match map.flavour {
        MapFlavour::Object => "",
        MapFlavour::Map => "map",
    };
    format!("{flavour}{{{}}}", entries.join(", "))
}

fn shown_text(text: &Text) -> String {
    let pieces = text.pieces().iter().map(|piece| match piece {
        Piece::Literal(text, _) => escaped(text),
        Piece::Hole(hole) => match &hole.kind {
            Kind::Reference(reference) => format!("⟦{reference}⟧"),
            Kind::Unknown(unknown) if unknown.reason.object.starts_with("var.") && hole.origin.steps().count() > 0 => {
                format!("⟦{}⟧", unknown.reason.object)
            }
            _ => "⟦?⟧".to_owned(),
        },
    });
    format!("\"{}\"", pieces.collect::<String>())
}

fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            '\t' => "\\t".to_owned(),
            c => c.to_string(),
        })
        .collect()
}
