//! A small evaluator: literals, collections, templates of interpolations, `var.x`, attributes of resources, calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::eval::terraform::functions::{CallContext, Template, Templates, call};
use crate::logic::{Reason, Tri};
use crate::source::{FileId, Span, World, WorldBuilder};
use crate::syntax::hcl::{BinaryOperator, Call, Expr, ExprKind, ObjectKey, Part, UnaryOperator, parse_expression};
use crate::value::{Kind, Map, Number, Origin, Reference, TextBuilder, Type, Value, convert, equals};

pub(super) struct Scope {
    pub(super) world: World,
}

/// Renders `${name}` alone: directives are the evaluator's.
impl Templates for Scope {
    fn render(&self, template: Template<'_>, variables: &Map) -> Value {
        let text = match template {
            Template::File(id) => self.world.file(id).text().unwrap_or("").to_owned(),
            Template::Text(text) => text.to_string(),
        };
        let mut builder = TextBuilder::default();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').expect("an interpolation ends");
            builder.literal(before, &Origin::none());
            let value = variables.entries.get(name).expect("the variable is given");
            builder.text(&value.as_text().expect("a text"));
            rest = after;
        }
        builder.literal(rest, &Origin::none());
        Value::new(Kind::Text(builder.finish()), Origin::none())
    }
}

impl Scope {
    pub(super) fn new() -> Scope {
        let mut files = WorldBuilder::default();
        files.add_bytes("hello.txt", b"hello!".to_vec(), true);
        files.add_bytes("policies/a.json", b"{\"a\": [1, \"x\"]}".to_vec(), true);
        files.add_bytes("policies/c.yaml", b"c: 1\n".to_vec(), true);
        files.add_bytes("bytes.bin", vec![0xff, 0xfe], true);
        files.add_bytes("greet.tftpl", b"Hi ${name}!".to_vec(), true);
        Scope { world: files.build() }
    }

    pub(super) fn evaluate(&self, source: &str) -> Value {
        let expression = parse_expression(FileId(0), source, 0).expect(source);
        self.expression(&expression)
    }

    fn expression(&self, expression: &Expr) -> Value {
        let origin = Origin::written(expression.span);
        match &expression.kind {
            ExprKind::Null => Value::null(origin),
            ExprKind::Bool(value) => Value::bool(*value, origin),
            ExprKind::Number(text) => Value::number(Number::parse(text).expect("a number"), origin),
            ExprKind::Text(text) => Value::text(crate::value::nfc(text), origin),
            ExprKind::Parentheses(inner) => self.expression(inner),
            ExprKind::Unary(UnaryOperator::Negate, inner) => match self.expression(inner).kind {
                Kind::Number(number) => Value::number(number.negate().expect("a small number"), origin),
                other => panic!("{other:?} cannot be negated"),
            },
            ExprKind::List(items) => Value::list(items.iter().map(|item| self.expression(item)).collect(), origin),
            ExprKind::Object(items) => {
                let entries = items.iter().map(|item| {
                    let key: Arc<str> = match &item.key {
                        ObjectKey::Name(name, _) => name.clone(),
                        ObjectKey::Expr(key) => self.expression(key).as_str().expect("a known key").into(),
                    };
                    (key, self.expression(&item.value))
                });
                Value::map(entries.collect(), origin)
            }
            ExprKind::Template(template) => {
                let mut builder = TextBuilder::default();
                let mut is_sensitive = false;
                for part in &template.parts {
                    match part {
                        Part::Literal { text, span } => builder.literal(text, &Origin::written(*span)),
                        Part::Interpolation { value, .. } => {
                            let value = self.expression(value);
                            is_sensitive |= value.sensitive;
                            builder.text(&value.as_text().expect("a text"));
                        }
                        Part::If { .. } | Part::For { .. } => panic!("no directives here"),
                    }
                }
                Value { sensitive: is_sensitive, ..Value::new(Kind::Text(builder.finish()), origin) }
            }
            ExprKind::Binary(it) => {
                let sides = [self.expression(&it.left), self.expression(&it.right)];
                match (equals(&sides[0], &sides[1]), it.operator) {
                    (Tri::Unknown, BinaryOperator::Equal) => Value::derived("==", &sides, origin),
                    (tri, BinaryOperator::Equal) => Value::bool(tri == Tri::True, origin),
                    (_, other) => panic!("{other:?} is not for this evaluator"),
                }
            }
            ExprKind::Call(it) => self.call(it, expression.span),
            ExprKind::Traversal(_) => self.path(&expression.as_path().expect("a path")),
            other => panic!("{other:?} is not for this evaluator"),
        }
    }

    fn call(&self, it: &Call, span: Span) -> Value {
        if &*it.name == "convert" {
            let to = match it.arguments[1].as_variable() {
                Some("number") => Type::Number,
                other => panic!("{other:?} is not for this evaluator"),
            };
            return convert(&self.expression(&it.arguments[0]), &to).unwrap_or_else(|error| error.at(span));
        }
        let arguments: Vec<Value> = it.arguments.iter().map(|argument| self.expression(argument)).collect();
        call(&it.name, &arguments, &CallContext { world: &self.world, folder: "", span, templates: self })
    }

    fn path(&self, path: &[&str]) -> Value {
        let text = |text: &str| Value::text(text, Origin::none());
        let texts = |texts: &[&str]| Value::list(texts.iter().map(|it| text(it)).collect(), Origin::none());
        let made = |value: Value, of: Type| convert(&value, &of).expect("it converts");
        match path {
            ["var", "env"] => Value::unknown(Reason::new("no-value", "var.env"), Origin::none()),
            ["var", "names"] => made(texts(&["a", "b"]), Type::List(Box::new(Type::Text))),
            ["var", "ids"] => made(texts(&["b", "a", "b"]), Type::Set(Box::new(Type::Text))),
            ["var", "tags"] => {
                let entries = [("app", text("web")), ("n", text("1"))].map(|(key, value)| (key.into(), value));
                made(Value::map(BTreeMap::from(entries), Origin::none()), Type::Map(Box::new(Type::Text)))
            }
            ["var", "nothing"] => Value::null(Origin::none()),
            ["var", "secret"] => text("hush").sensitive(),
            ["path", "cwd"] => super::super::file::cwd(Origin::none()),
            [kind, name, rest @ ..] => {
                let (address, rest) = match *kind {
                    "data" => (format!("data.{name}.{}", rest[0]), &rest[1..]),
                    kind => (format!("{kind}.{name}"), rest),
                };
                let reference = Reference { root: "".into(), address: address.into(), path: rest.join(".").into() };
                Value::new(Kind::Reference(Arc::new(reference)), Origin::none())
            }
            [] | [_] => panic!("no name"),
        }
    }
}
