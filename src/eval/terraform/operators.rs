//! Operators: exact numbers, equality without conversions, three-valued logic.

use super::scope::{Evaluator, Scope, error, unknown};
use crate::logic::Tri;
use crate::source::Span;
use crate::syntax::hcl::{Binary, BinaryOperator, UnaryOperator};
use crate::value::{Kind, Number, Origin, StepKind, Type, Value, convert, equals};

impl<'w> Evaluator<'w> {
    pub(super) fn binary(&self, binary: &Binary, span: Span, scope: Scope<'_, 'w>) -> Value {
        let left = self.eval(&binary.left, scope);
        let right = self.eval(&binary.right, scope);
        let value = match binary.operator {
            BinaryOperator::And => logical(&left, &right, Logic::And, span),
            BinaryOperator::Or => logical(&left, &right, Logic::Or, span),
            BinaryOperator::Equal => equality(&left, &right, span),
            BinaryOperator::NotEqual => match equality(&left, &right, span) {
                Value { kind: Kind::Bool(value), origin, sensitive } => {
                    Value { kind: Kind::Bool(!value), origin, sensitive }
                }
                other => other,
            },
            operator => numeric(operator, &left, &right, span),
        };
        value.marked(left.sensitive || right.sensitive)
    }
}

pub(super) fn unary(operator: UnaryOperator, operand: &Value, span: Span) -> Value {
    let value = match operator {
        UnaryOperator::Not => match truth(operand, span) {
            Ok(value) => Value::bool(!value, result_origin(operand, operand, "!", span)),
            Err(stuck) if stuck.error().is_some() => stuck,
            Err(_) => Value::derived("!", std::slice::from_ref(operand), Origin::missing("unsupported", span)),
        },
        UnaryOperator::Negate => match number(operand, span) {
            Ok(number) => match number.negate() {
                Some(number) => Value::number(number, result_origin(operand, operand, "-", span)),
                None => unknown("limit-number", "a number of too many digits", span),
            },
            Err(stuck) if stuck.error().is_some() => stuck,
            Err(_) => Value::derived("-", std::slice::from_ref(operand), Origin::missing("unsupported", span)),
        },
    };
    value.marked(operand.sensitive)
}

/// The value as a condition; what is in the way if it is not known.
pub(super) fn truth(value: &Value, span: Span) -> Result<bool, Value> {
    if let Kind::Null = value.kind {
        return Err(error("null-operand", "a condition cannot be null", span));
    }
    match convert(value, &Type::Bool) {
        Ok(Value { kind: Kind::Bool(value), .. }) => Ok(value),
        Ok(other) => Err(other),
        Err(refused) => Err(refused.at(span)),
    }
}

fn number(value: &Value, span: Span) -> Result<Number, Value> {
    if let Kind::Null = value.kind {
        return Err(error("null-operand", "an operand cannot be null", span));
    }
    match convert(value, &Type::Number) {
        Ok(Value { kind: Kind::Number(number), .. }) => Ok(number),
        Ok(other) => Err(other),
        Err(refused) => Err(refused.at(span)),
    }
}

#[derive(Clone, Copy)]
enum Logic {
    And,
    Or,
}

/// Both sides are equals: one that decides makes the other irrelevant, even if that is an error.
fn logical(left: &Value, right: &Value, logic: Logic, span: Span) -> Value {
    let (decisive, name) = match logic {
        Logic::And => (false, "&&"),
        Logic::Or => (true, "||"),
    };
    let sides = [(truth(left, span), left), (truth(right, span), right)];
    for (truth, side) in &sides {
        if matches!(truth, Ok(value) if *value == decisive) {
            return Value::bool(decisive, result_origin(side, side, name, span));
        }
    }
    let mut stuck = None;
    for (truth, _) in sides {
        match truth {
            Err(refused) if refused.error().is_some() => return refused,
            Err(value) => stuck = Some(value),
            Ok(_) => {}
        }
    }
    match stuck {
        Some(_) => Value::derived(name, &[left.clone(), right.clone()], Origin::missing("unsupported", span)),
        // Both sides hold; what somebody set on purpose tells more than a default, and what comes last is most special.
        None => match purpose(right) > 0 && purpose(right) >= purpose(left) {
            true => Value::bool(!decisive, result_origin(right, left, name, span)),
            false => Value::bool(!decisive, result_origin(left, right, name, span)),
        },
    }
}

/// How much a value was meant: handed to a module or written in a variable file as it is, computed of such a one, or not.
fn purpose(value: &Value) -> u8 {
    let has = |test: fn(&StepKind) -> bool| value.origin.steps().any(|step| test(step.kind));
    let is_set = has(|kind| matches!(kind, StepKind::Passed { .. } | StepKind::VarFile { .. }));
    let is_computed = has(|kind| matches!(kind, StepKind::Call(_)));
    u8::from(is_set) + u8::from(is_set && !is_computed)
}

fn equality(left: &Value, right: &Value, span: Span) -> Value {
    if let Some(refused) = [left, right].into_iter().find(|side| side.error().is_some()) {
        return refused.clone();
    }
    match equals(left, right) {
        Tri::True => Value::bool(true, result_origin(left, right, "==", span)),
        Tri::False => Value::bool(false, result_origin(left, right, "==", span)),
        Tri::Unknown => Value::derived("==", &[left.clone(), right.clone()], Origin::missing("unsupported", span)),
    }
}

fn numeric(operator: BinaryOperator, left: &Value, right: &Value, span: Span) -> Value {
    let name = match operator {
        BinaryOperator::Add => "+",
        BinaryOperator::Subtract => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Remainder => "%",
        BinaryOperator::Less => "<",
        BinaryOperator::LessOrEqual => "<=",
        BinaryOperator::Greater => ">",
        BinaryOperator::GreaterOrEqual => ">=",
        BinaryOperator::Or => "||",
        BinaryOperator::And => "&&",
        BinaryOperator::Equal => "==",
        BinaryOperator::NotEqual => "!=",
    };
    let (a, b) = match (number(left, span), number(right, span)) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(stuck), _) | (_, Err(stuck)) if stuck.error().is_some() => return stuck,
        (_, Err(refused)) if refused.error().is_some() => return refused,
        _ => return Value::derived(name, &[left.clone(), right.clone()], Origin::missing("unsupported", span)),
    };
    let origin = result_origin(left, right, name, span);
    let compared = match operator {
        BinaryOperator::Less => Some(a < b),
        BinaryOperator::LessOrEqual => Some(a <= b),
        BinaryOperator::Greater => Some(a > b),
        BinaryOperator::GreaterOrEqual => Some(a >= b),
        _ => None,
    };
    if let Some(compared) = compared {
        return Value::bool(compared, origin);
    }
    let result = match operator {
        BinaryOperator::Add => a.add(b),
        BinaryOperator::Subtract => a.sub(b),
        BinaryOperator::Multiply => a.mul(b),
        BinaryOperator::Divide => a.div(b),
        _ => a.rem(b),
    };
    match result {
        Some(number) => Value::number(number, origin),
        None => unknown("limit-number", format!("the result of `{name}` is no exact number"), span),
    }
}

/// Where a result comes from: the operand that was written elsewhere, else the expression itself.
fn result_origin(left: &Value, right: &Value, name: &str, span: Span) -> Origin {
    let elsewhere = [left, right].into_iter().find(|side| {
        let first = side.origin.span();
        first.is_some_and(|first| !span.contains(&first))
    });
    match elsewhere {
        Some(side) => side.origin.then(StepKind::ReadThrough(name.into()), span),
        None => Origin::written(span),
    }
}
