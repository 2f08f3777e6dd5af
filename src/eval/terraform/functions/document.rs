//! The structured value behind a text: what an encoding function made it of, or what its JSON says, with the places of
//! its parts in heredocs, files and templates.

use std::sync::Arc;

use super::json::{DEEPEST, decoded};
use super::read_json::{JsonError, read_json};
use super::{CallContext, Template, Templates, call};
use crate::logic::Reason;
use crate::source::{Span, World};
use crate::value::{Kind, List, Map, Origin, Piece, Text, Value, Wrapper};

/// Encodings around encodings, such as base64 of JSON: more than anybody writes.
const MOST_WRAPPERS: usize = 16;

/// What a policy, a trust or a list of containers says. A value that is no text is itself; a text that is no JSON is
/// unknown, for the reason `not-json` at the place where reading stopped.
pub fn document(value: &Value, world: &World) -> Value {
    let mut value = value.clone();
    for _ in 0..MOST_WRAPPERS {
        let is_sensitive = value.sensitive;
        let inner = match &value.kind {
            Kind::Text(text) => match text.wrapped() {
                Some(wrapped) if matches!(wrapped.by, Wrapper::Json | Wrapper::Yaml) => {
                    return spread(decoded(&wrapped.value), is_sensitive);
                }
                Some(wrapped) => wrapped.value.clone(),
                None => return spread(of_text(&value, text, world), is_sensitive),
            },
            _ => return value,
        };
        value = Value { sensitive: inner.sensitive || is_sensitive, ..inner };
    }
    value
}

/// What a text says that somebody reads as YAML; what is refused or not known stands at this place.
pub fn yaml_document(value: &Value, place: Span, world: &World) -> Value {
    let context = CallContext { world, folder: "", span: place, templates: &NoTemplates };
    call("yamldecode", std::slice::from_ref(value), &context)
}

/// YAML renders nothing.
struct NoTemplates;

impl Templates for NoTemplates {
    fn render(&self, _: Template<'_>, _: &Map) -> Value {
        Value::null(Origin::none())
    }
}

fn of_text(value: &Value, text: &Text, world: &World) -> Value {
    if let [Piece::Hole(hole)] = text.pieces() {
        return (**hole).clone();
    }
    let origin = value.origin.clone();
    let reason = match read_json(text, world) {
        Ok(document) => return document,
        Err(JsonError::Depth) => Reason::with("limit-depth", "a JSON text", origin.span()),
        // What stands in a hole may set right what looks wrong.
        Err(JsonError::Syntax { .. }) if text.known().is_none() => {
            return Value::derived("jsondecode", std::slice::from_ref(value), origin);
        }
        Err(JsonError::Syntax { at, message }) => {
            let place = text.place(world, at..(at + 1).min(text.known_length())).or(origin.span());
            Reason::with("not-json", message.to_owned(), place)
        }
    };
    Value::derived_for("jsondecode", std::slice::from_ref(value), reason, origin)
}

/// A text is sensitive for a part of it that is, and then the part alone; or as a whole, and then all of it.
fn spread(document: Value, is_sensitive: bool) -> Value {
    match document.is_sensitive_within() {
        true => document,
        false => marked(document, is_sensitive, 0),
    }
}

/// Everything in a sensitive text is sensitive.
fn marked(value: Value, is_sensitive: bool, depth: usize) -> Value {
    if !is_sensitive || depth > DEEPEST {
        return Value { sensitive: value.sensitive || is_sensitive, ..value };
    }
    let kind = match &value.kind {
        Kind::List(list) => {
            let items = list.items.iter().map(|item| marked(item.clone(), true, depth + 1)).collect();
            Kind::List(Arc::new(List { items, ..(**list).clone() }))
        }
        Kind::Map(map) => {
            let entries =
                map.entries.iter().map(|(key, it)| (key.clone(), marked(it.clone(), true, depth + 1))).collect();
            Kind::Map(Arc::new(Map { entries, ..(**map).clone() }))
        }
        _ => value.kind,
    };
    Value { kind, origin: value.origin, sensitive: true }
}

#[cfg(test)]
mod tests {
    use super::document;
    use crate::eval::terraform::tests::{shown, world};
    use crate::eval::terraform::{Inputs, evaluate};
    use crate::value::Value;

    const TEMPLATE: &str = r#"{
  "Statement": [{
    "Action": "s3:GetObject",
    "Resource": ["${arn}/*"],
    "Limit": ${limit}
  }, ${more}]
}"#;

    const MAIN: &str = r#"
variable "more" {}
resource "aws_s3_bucket" "b" {}
resource "t" "heredoc" {
  policy = <<-EOF
    {
      "Statement": [{ "Action": "s3:\u002A", "Resource": "${aws_s3_bucket.b.arn}/*" }]
    }
  EOF
}
resource "t" "quoted" {
  policy = "{\"Statement\": [{\"Action\": \"s3:PutObject\"}]}"
}
resource "t" "file" {
  policy = file("${path.module}/policy.json")
}
resource "t" "template" {
  policy = templatefile("policy.tftpl", { arn = aws_s3_bucket.b.arn, limit = 3, more = var.more })
}
resource "t" "encoded" {
  policy = base64encode(jsonencode({ Statement = toset([{ Action = "s3:ListBucket" }]) }))
}
resource "t" "words" {
  policy = "[1, 2"
}
"#;

    fn check(name: &str, expected: &str, action: &str) {
        let files = [
            ("main.tf", MAIN),
            ("policy.json", "{\n  \"Statement\": {\"Action\": \"s3:DeleteObject\"}\n}\n"),
            ("policy.tftpl", TEMPLATE),
        ];
        let world = world(&files);
        let terraform = evaluate(&world, &Inputs::default());
        let instance = terraform.deployments[0].instance(&format!("t.{name}")).expect(name);
        let document = document(&instance.view().written("policy").expect("a policy"), &world);
        assert_eq!(shown(&document), expected, "{name}");
        let place = find_action(&document).and_then(|value| value.origin.span());
        assert_eq!(place.map_or("", |span| world.text(span)), action, "{name}");
    }

    fn find_action(document: &Value) -> Option<&Value> {
        document.walk().find_map(|value| value.as_map()?.entries.get("Action"))
    }

    #[test]
    fn every_spelling_with_its_places() {
        check(
            "heredoc",
            r#"{Statement = [{Action = "s3:*", Resource = "⟦aws_s3_bucket.b.arn⟧/*"}]}"#,
            r#""s3:\u002A""#,
        );
        check("quoted", r#"{Statement = [{Action = "s3:PutObject"}]}"#, r#"\"s3:PutObject\""#);
        check("file", r#"{Statement = {Action = "s3:DeleteObject"}}"#, r#""s3:DeleteObject""#);
        check(
            "template",
            concat!(
                r#"{Statement = [{Action = "s3:GetObject", Limit = 3, Resource = ["⟦aws_s3_bucket.b.arn⟧/*"]}, "#,
                r#"…?no-value]}"#
            ),
            r#""s3:GetObject""#,
        );
        check("encoded", r#"{Statement = [{Action = "s3:ListBucket"}]}"#, r#""s3:ListBucket""#);
        check("words", "?not-json", "");
    }
}
