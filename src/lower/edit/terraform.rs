//! The edits that rules about Terraform name, each for the finding at a place.

use super::{Edits, TextEdit, at_end, find_block, inner_indent};
use crate::source::Span;
use crate::syntax::hcl::{Block, Body};

/// The edit of this name; nothing if there is none, or if it does not fit here.
pub(super) fn named(edits: &Edits<'_, '_>, name: &str, place: Span) -> Option<Vec<TextEdit>> {
    match name {
        "add-circuit-breaker" => add_circuit_breaker(edits, place),
        "switch-insights-on" => match edits.text(place)? {
            "\"disabled\"" => Some(vec![(place, "\"enabled\"".to_owned())]),
            _ => write_block(edits, place, "setting", &["name  = \"containerInsights\"", "value = \"enabled\""]),
        },
        "propagate-service-tags" => match edits.text(place)? {
            "\"NONE\"" => Some(vec![(place, "\"SERVICE\"".to_owned())]),
            _ => edits.insertion(place, "propagate_tags", "\"SERVICE\"").map(|edit| vec![edit]),
        },
        _ => None,
    }
}

fn add_circuit_breaker(edits: &Edits<'_, '_>, place: Span) -> Option<Vec<TextEdit>> {
    let body = &edits.sources.hcl(place.file).body;
    let resource = resource_around(body, place)?;
    let Some(breaker) = resource.body.block("deployment_circuit_breaker") else {
        return write_block(
            edits,
            resource.header_span,
            "deployment_circuit_breaker",
            &["enable   = true", "rollback = true"],
        );
    };
    let mut changes = Vec::new();
    for name in ["enable", "rollback"] {
        match breaker.body.attributes.iter().find(|it| &*it.name == name).map(|it| it.value.span) {
            Some(value) if edits.text(value) == Some("false") => changes.push((value, "true".to_owned())),
            Some(value) if edits.text(value) == Some("true") => {}
            // What an expression says is somebody's own decision.
            Some(_) => return None,
            None => changes.push(edits.insertion(breaker.header_span, name, "true")?),
        }
    }
    (!changes.is_empty()).then_some(changes)
}

/// The outermost block around a place.
fn resource_around(body: &Body, place: Span) -> Option<&Block> {
    body.blocks.iter().find(|block| block.span.contains(&place))
}

/// A block with these lines, at the end of the block whose header stands at a place.
fn write_block(edits: &Edits<'_, '_>, header: Span, name: &str, lines: &[&str]) -> Option<Vec<TextEdit>> {
    let text = edits.sources.world.file(header.file).text()?;
    let block = find_block(&edits.sources.hcl(header.file).body, header)?;
    let indent = inner_indent(text, block);
    let inner: String = lines.iter().map(|line| format!("{indent}  {line}\n")).collect();
    Some(vec![at_end(text, block, &format!("\n{indent}{name} {{\n{inner}{indent}}}\n"))])
}
