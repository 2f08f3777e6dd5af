//! Every instance as it is, for rules that ask its attributes.

use std::sync::Arc;

use super::context::Context;
use crate::eval::terraform::functions::{document, yaml_document};
use crate::eval::terraform::{Instance, Mode};
use crate::model::{Resource, ResourceMode};
use crate::source::World;
use crate::value::{Kind, Map, Value, Wrapper};

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in &cx.deployment.instances {
        let mode = match instance.mode {
            Mode::Managed => ResourceMode::Managed,
            Mode::Data => ResourceMode::Data,
            Mode::Ephemeral => ResourceMode::Ephemeral,
        };
        let resource = Resource {
            head: cx.head(instance),
            mode,
            type_name: instance.type_name.clone(),
            body: with_documents(instance, cx.world),
        };
        cx.add(instance, resource);
    }
}

/// The body with each text of JSON or YAML read as what it says, so that rules go on into it however it is written.
fn with_documents(instance: &Instance, world: &World) -> Value {
    let body = &instance.body;
    let Kind::Map(map) = &body.kind else { return body.clone() };
    let read = map.entries.iter().filter_map(|(name, value)| {
        let document = json(value, world).or_else(|| match takes_yaml(instance, name) {
            true => yaml(value, instance, world),
            false => None,
        })?;
        Some((name.clone(), document))
    });
    let read: Vec<(Arc<str>, Value)> = read.collect();
    if read.is_empty() {
        return body.clone();
    }
    let mut entries = map.entries.clone();
    for (name, value) in read {
        entries.insert(name, value);
    }
    Value { kind: Kind::Map(Arc::new(Map { entries, ..(**map).clone() })), ..body.clone() }
}

/// A text that looks like JSON and is; what a function encoded knows what it says already.
fn json(value: &Value, world: &World) -> Option<Value> {
    let Kind::Text(text) = &value.kind else { return None };
    if text.wrapped().is_some() || !text.prefix().trim_start().starts_with(['{', '[']) {
        return None;
    }
    let said = document(value, world);
    let is_read = matches!(said.kind, Kind::Map(_) | Kind::List(_));
    is_read.then(|| Value { kind: Kind::Text(text.clone().wrapping(Wrapper::Json, said)), ..value.clone() })
}

/// Whether AWS reads the attribute as YAML, too.
fn takes_yaml(instance: &Instance, attribute: &str) -> bool {
    match (&*instance.type_name, attribute) {
        ("aws_ssm_document", "content") => {
            instance.view().attr("document_format").is_some_and(|format| format.as_str() == Some("YAML"))
        }
        ("aws_cloudformation_stack" | "aws_cloudformation_stack_set", "template_body") => true,
        ("aws_api_gateway_rest_api" | "aws_apigatewayv2_api", "body") => true,
        _ => false,
    }
}

/// A text of YAML that holds more than a word.
fn yaml(value: &Value, instance: &Instance, world: &World) -> Option<Value> {
    let Kind::Text(text) = &value.kind else { return None };
    if text.wrapped().is_some() {
        return None;
    }
    let said = yaml_document(value, instance.header_span, world);
    let is_read = matches!(said.kind, Kind::Map(_) | Kind::List(_));
    is_read.then(|| Value { kind: Kind::Text(text.clone().wrapping(Wrapper::Yaml, said)), ..value.clone() })
}
