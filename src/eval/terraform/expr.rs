//! Expressions. Evaluation cannot fail: what Terraform would refuse is an unknown value whose reason is the error.

use std::sync::Arc;

use super::scope::{Evaluator, Place, Scope, error, unknown};
use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::hcl::{Call, Conditional, Expr, ExprKind, ObjectItem, ObjectKey};
use crate::value::{
    Kind, Map, MapFlavour, Number, Origin, StepKind, Text, Type, Value, common_type, convert, is_error_code, join,
};

use super::functions::{CallContext, Template, Templates, call};

impl<'w> Evaluator<'w> {
    pub(super) fn eval(&self, expr: &Expr, scope: Scope<'_, 'w>) -> Value {
        self.step(expr.span, || self.eval_kind(expr, scope))
    }

    fn eval_kind(&self, expr: &Expr, scope: Scope<'_, 'w>) -> Value {
        let span = expr.span;
        let origin = || Origin::written(span);
        match &expr.kind {
            ExprKind::Null => Value::null(origin()),
            ExprKind::Bool(value) => Value::bool(*value, origin()),
            ExprKind::Number(text) => match Number::parse(text) {
                Some(number) => Value::number(number, origin()),
                None => unknown("limit-number", text.to_string(), span),
            },
            ExprKind::Text(text) => Value::new(Kind::Text(Text::shared(text.clone(), origin())), origin()),
            ExprKind::Template(template) => self.template(template, span, scope),
            ExprKind::Variable(name) => self.lone_word(name, span, scope),
            ExprKind::Traversal(traversal) => self.traversal(traversal, span, scope),
            ExprKind::Call(call) => self.call(call, span, scope),
            ExprKind::Conditional(conditional) => self.conditional(conditional, span, scope),
            ExprKind::Binary(binary) => self.binary(binary, span, scope),
            ExprKind::Unary(operator, operand) => {
                let operand = self.eval(operand, scope);
                super::operators::unary(*operator, &operand, span)
            }
            ExprKind::Parentheses(inner) => self.eval(inner, scope),
            ExprKind::List(items) => {
                let items = items.iter().map(|item| self.eval(item, scope)).collect();
                Value::list(items, origin())
            }
            ExprKind::Object(items) => self.object(items, span, scope),
            ExprKind::For(it) => self.for_expr(it, span, scope),
            ExprKind::Unreadable(code) if is_error_code(code) => error(code, "Terraform refuses this expression", span),
            ExprKind::Unreadable(code) => unknown(code, "an expression that cannot be read", span),
        }
    }

    fn lone_word(&self, name: &str, span: Span, scope: Scope<'_, 'w>) -> Value {
        if let Some(value) = scope.variable(name) {
            return value.clone().through(StepKind::ReadThrough(name.into()), span);
        }
        match scope.place {
            Place::Template(variables) => self.template_variable(variables, name, span),
            Place::Literal => error("undeclared-variable", "only literals can stand here, no names", span),
            Place::Module(_) => {
                let message = format!("`{name}` names nothing; an address has at least two words, a text needs quotes");
                error("undeclared-resource", message, span)
            }
        }
    }

    pub(super) fn template_variable(&self, variables: &Map, name: &str, span: Span) -> Value {
        if let Some(value) = variables.entries.get(name) {
            return value.clone().through(StepKind::ReadThrough(name.into()), span);
        }
        match &variables.open {
            Some(reason) => Value::unknown(reason.clone(), Origin::missing(reason.code, span)),
            None => {
                let message = format!("the template uses `{name}`, which it is not given");
                error("template-key-missing", message, span)
            }
        }
    }

    fn object(&self, items: &[ObjectItem], span: Span, scope: Scope<'_, 'w>) -> Value {
        let mut entries = Vec::with_capacity(items.len());
        let mut open = None;
        let mut refused = None;
        for item in items {
            let value = self.eval(&item.value, scope);
            let key = match &item.key {
                ObjectKey::Name(name, _) => Ok(name.clone()),
                ObjectKey::Expr(key) => key_text(&self.eval(key, scope), key.span),
            };
            match key {
                Ok(key) => {
                    entries.push((key, value));
                }
                Err(key) if key.error().is_some() => refused = Some(key),
                Err(key) => open = open.or_else(|| Some(cause("key-unknown", &key, item.key.span()))),
            }
        }
        if let Some(refused) = refused {
            return refused;
        }
        let map = Map { entries: entries.into(), flavour: MapFlavour::Object, open, owner: None };
        Value::new(Kind::Map(Arc::new(map)), Origin::written(span))
    }

    fn conditional(&self, conditional: &Conditional, span: Span, scope: Scope<'_, 'w>) -> Value {
        let condition = self.eval(&conditional.condition, scope);
        let at = conditional.condition.span;
        let then = self.eval(&conditional.then, scope);
        let otherwise = self.eval(&conditional.otherwise, scope);
        let chosen = match super::operators::truth(&condition, at) {
            Ok(true) => &then,
            Ok(false) => &otherwise,
            Err(refused) if refused.error().is_some() => return refused,
            Err(_) => {
                let chosen = either(&[then, otherwise], "condition-unknown", &condition, at);
                return chosen.marked(condition.sensitive);
            }
        };
        if chosen.error().is_some() {
            return chosen.clone();
        }
        let both = [&then, &otherwise];
        let converted = match common_type(both.into_iter().filter(|side| side.error().is_none())) {
            Ok(of) => convert(chosen, &of),
            Err(refused) => Err(refused),
        };
        match converted {
            Ok(value) => value.through(StepKind::ReadThrough("condition".into()), at).marked(condition.sensitive),
            Err(refused) => refused.at(span),
        }
    }

    fn call(&self, it: &Call, span: Span, scope: Scope<'_, 'w>) -> Value {
        if matches!(&*it.name, "convert" | "core::convert")
            && let [value, of] = it.arguments.as_slice()
        {
            return self.convert_call(value, of, span, scope);
        }
        let mut arguments: Vec<Value> = it.arguments.iter().map(|argument| self.eval(argument, scope)).collect();
        if it.spreads_last
            && let Some(last) = arguments.pop()
            && let Some(stuck) = spread(last, &mut arguments, it, span)
        {
            return stuck;
        }
        self.call_with(&it.name, &arguments, span, scope)
    }

    pub(super) fn call_with(&self, name: &str, arguments: &[Value], span: Span, scope: Scope<'_, 'w>) -> Value {
        let folder = match scope.place {
            Place::Literal => {
                return error("no-such-function", "only literals can stand here, no calls of functions", span);
            }
            Place::Module(_) | Place::Template(_) => &*self.root,
        };
        let context = CallContext { world: self.world, folder, span, templates: &Renderer { evaluator: self } };
        let remembered = is_costly(name).then(|| Remembered::new(name, arguments, span));
        if let Some(value) = remembered.as_ref().and_then(|key| self.remembered.borrow().get(key).cloned()) {
            return value;
        }
        let value = call(name, arguments, &context);
        if let Some(key) = remembered {
            self.remember(key, &value);
        }
        match &value.kind {
            Kind::Text(text) if !self.spend_text(text.known_length()) => {
                unknown("limit-text", "all texts of the deployment together are too long", span)
            }
            Kind::List(list) => {
                self.spend(list.items.len() as u32);
                value
            }
            _ => value,
        }
    }

    /// Documents are often read again for every member of a loop.
    fn remember(&self, key: Remembered, value: &Value) {
        let mut remembered = self.remembered.borrow_mut();
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(key, value.clone());
    }

    fn convert_call(&self, value: &Expr, of: &Expr, span: Span, scope: Scope<'_, 'w>) -> Value {
        let value = self.eval(value, scope);
        let of = match self.type_of_expr(of) {
            Ok(of) => of,
            Err(refused) => return refused,
        };
        match convert(&value, &of) {
            Ok(value) => value.through(StepKind::Call("convert".into()), span),
            Err(refused) => refused.at(span),
        }
    }
}

/// Results that are kept at a time.
const MOST_REMEMBERED: usize = 256;

/// One call with what it was given: equal arguments from equal places give the same value with the same origins.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Remembered {
    name: Box<str>,
    span: Span,
    arguments: Vec<(u64, Option<Span>)>,
}

impl Remembered {
    fn new(name: &str, arguments: &[Value], span: Span) -> Remembered {
        let arguments = arguments.iter().map(|argument| (argument.identity(), argument.origin.span())).collect();
        Remembered { name: name.into(), span, arguments }
    }
}

/// Functions that read whole documents.
fn is_costly(name: &str) -> bool {
    matches!(name, "templatefile" | "jsondecode" | "yamldecode" | "csvdecode")
}

/// The members of the last argument become arguments; the result of the call where they are not all known.
fn spread(last: Value, arguments: &mut Vec<Value>, it: &Call, span: Span) -> Option<Value> {
    match &last.kind {
        Kind::List(list) if list.open.is_none() => {
            arguments.extend(list.items.iter().cloned());
            None
        }
        Kind::List(_) | Kind::Unknown(_) | Kind::Reference(_) => {
            if last.error().is_some() {
                return Some(last);
            }
            arguments.push(last);
            Some(Value::derived(&it.name, arguments, Origin::missing("unsupported", span)))
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Map(_) => {
            let message = format!("`...` needs a list, not {}", last.kind_name());
            Some(error("wrong-argument", message, span))
        }
    }
}

/// The text of a key of an object; the value in the way if there is none.
pub(super) fn key_text(key: &Value, span: Span) -> Result<Arc<str>, Value> {
    match &key.kind {
        Kind::Null => Err(error("null-operand", "a key cannot be null", span)),
        Kind::Unknown(_) | Kind::Reference(_) => Err(key.clone()),
        Kind::List(_) | Kind::Map(_) => Err(error("wrong-type", "a key must be a text", span)),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => match convert(key, &Type::Text) {
            Ok(text) => text.as_str().map(Arc::from).ok_or(text),
            Err(refused) => Err(refused.at(span)),
        },
    }
}

/// Why a choice that turns on something unknown is not known: the root cause. The choice's own code stands in the origin
/// of what it gives.
pub(super) fn cause(code: &'static str, on: &Value, span: Span) -> Reason {
    on.first_reason().unwrap_or_else(|| Reason::at(code, "", span))
}

/// The join of what a choice may give; candidates that Terraform would refuse are no candidates.
pub(super) fn either(candidates: &[Value], code: &'static str, on: &Value, span: Span) -> Value {
    let reason = &cause(code, on, span);
    let possible: Vec<Value> = candidates.iter().filter(|value| value.error().is_none()).cloned().collect();
    let origin = Origin::missing(code, span);
    if possible.is_empty() {
        return candidates.first().cloned().unwrap_or_else(|| Value::unknown(reason.clone(), origin));
    }
    let same_type: Vec<Value> = match common_type(&possible) {
        Ok(of) => possible.iter().map(|value| convert(value, &of).unwrap_or_else(|_| value.clone())).collect(),
        Err(_) => possible,
    };
    join(&same_type, reason, &origin)
}

impl Value {
    /// The same value, sensitive if it was or if it hangs on something that is.
    pub(super) fn marked(self, sensitive: bool) -> Value {
        Value { sensitive: self.sensitive || sensitive, ..self }
    }
}

/// Renders templates for the functions.
struct Renderer<'e, 'w> {
    evaluator: &'e Evaluator<'w>,
}

impl Templates for Renderer<'_, '_> {
    fn render(&self, template: Template<'_>, variables: &Map) -> Value {
        self.evaluator.render(template, variables)
    }
}
