//! Type constraints as they are written.

use std::collections::BTreeMap;

use super::scope::{Evaluator, Scope, error};
use crate::source::Span;
use crate::syntax::hcl::{Call, Expr, ExprKind, ObjectKey};
use crate::value::{Attribute, StepKind, Type, Value};

impl<'w> Evaluator<'w> {
    /// The type that an expression names; the error in its place if it names none.
    pub(super) fn type_of_expr(&self, expr: &Expr) -> Result<Type, Value> {
        match &expr.kind {
            ExprKind::Variable(name) => named(name, expr.span),
            // Before 0.12 types were written in quotes.
            ExprKind::Text(name) => named(name, expr.span),
            ExprKind::Parentheses(inner) => self.type_of_expr(inner),
            ExprKind::Call(call) => self.constructed(call, expr.span),
            _ => Err(no_type(expr.span)),
        }
    }

    fn constructed(&self, call: &Call, span: Span) -> Result<Type, Value> {
        let [inner] = call.arguments.as_slice() else { return Err(no_type(span)) };
        match &*call.name {
            "list" => Ok(Type::List(Box::new(self.type_of_expr(inner)?))),
            "set" => Ok(Type::Set(Box::new(self.type_of_expr(inner)?))),
            "map" => Ok(Type::Map(Box::new(self.type_of_expr(inner)?))),
            "tuple" => match &inner.kind {
                ExprKind::List(items) => {
                    items.iter().map(|item| self.type_of_expr(item)).collect::<Result<_, _>>().map(Type::Tuple)
                }
                _ => Err(no_type(span)),
            },
            "object" => self.object_type(inner),
            _ => Err(no_type(span)),
        }
    }

    fn object_type(&self, expr: &Expr) -> Result<Type, Value> {
        let ExprKind::Object(items) = &expr.kind else { return Err(no_type(expr.span)) };
        let mut attributes = BTreeMap::new();
        for item in items {
            let name = match &item.key {
                ObjectKey::Name(name, _) => name.clone(),
                ObjectKey::Expr(key) => key.as_text().map(Into::into).ok_or_else(|| no_type(key.span))?,
            };
            attributes.insert(name, self.attribute_type(&item.value)?);
        }
        Ok(Type::Object(attributes))
    }

    /// `T`, `optional(T)` or `optional(T, default)`.
    fn attribute_type(&self, expr: &Expr) -> Result<Attribute, Value> {
        let ExprKind::Call(call) = &expr.kind else { return Ok(Attribute::required(self.type_of_expr(expr)?)) };
        match (&*call.name, call.arguments.as_slice()) {
            ("optional", [of]) => Ok(Attribute::optional(self.type_of_expr(of)?, None)),
            ("optional", [of, default]) => {
                let of = self.type_of_expr(of)?;
                let value = self.eval(default, Scope::literal());
                let step = StepKind::VariableDefault { name: "optional".into(), of_root: false };
                let value = value.through(step, default.span);
                Ok(Attribute::optional(of, Some(value)))
            }
            _ => Ok(Attribute::required(self.type_of_expr(expr)?)),
        }
    }
}

fn named(name: &str, span: Span) -> Result<Type, Value> {
    match name {
        "any" => Ok(Type::Any),
        "bool" => Ok(Type::Bool),
        "number" => Ok(Type::Number),
        "string" => Ok(Type::Text),
        "list" => Ok(Type::List(Box::new(Type::Any))),
        "set" => Ok(Type::Set(Box::new(Type::Any))),
        "map" => Ok(Type::Map(Box::new(Type::Any))),
        _ => Err(no_type(span)),
    }
}

fn no_type(span: Span) -> Value {
    error("wrong-type", "this is no type", span)
}
