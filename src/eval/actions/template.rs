//! Texts with expressions in them: the value as pieces, each literal with its own place in the source, each hole with
//! what is known of it.

use super::{Operand, Scope, evaluate};
use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::expression::{Hole, has_hole};
use crate::syntax::yaml::Node;
use crate::value::{Kind, Origin, Piece, StepKind, Text, Value};

/// Reads a scalar of a workflow with the expressions in it: a number or flag stays one, a text becomes pieces. A list or
/// mapping is not a text.
pub fn read_template(node: &Node, scope: &dyn Scope) -> Operand {
    let span = node.resolved().span;
    let written = Origin::written(span);
    let Some(scalar) = node.as_scalar() else {
        let value = match node.kind() {
            crate::syntax::yaml::Kind::Bool(value) => Value::bool(*value, written),
            crate::syntax::yaml::Kind::Null => Value::null(written),
            crate::syntax::yaml::Kind::Number(text) => Value::text(&**text, written),
            _ => Value::unknown(Reason::at("wrong-type", "a text", span), written),
        };
        return Operand::known(value);
    };
    let text = scalar.as_str();
    if !has_hole(text) {
        return Operand::known(Value::text(text, written));
    }
    let holes = scope.holes(node);
    let evaluated: Vec<(&Hole, Span, Operand)> = holes
        .iter()
        .map(|hole| {
            let place = node.span_of(hole.range.clone());
            let operand = match &hole.expression {
                Ok(expression) => evaluate(expression, scope).at(place),
                Err(_) => Operand::unknown(Reason::at("syntax-error", "expression", place)),
            };
            (&**hole, place, operand)
        })
        .collect();
    match evaluated.as_slice() {
        [(hole, place, operand)] if hole.range == (0..text.len()) => through(operand.clone(), hole, text, *place),
        _ => join(node, text, &evaluated),
    }
}

/// A value that is one expression keeps its type.
fn through(mut operand: Operand, hole: &Hole, text: &str, place: Span) -> Operand {
    let name = inner(hole, text);
    operand.value = operand.value.through(StepKind::ReadThrough(name.into()), place);
    operand
}

fn inner<'a>(hole: &Hole, text: &'a str) -> &'a str {
    let whole = &text[hole.range.clone()];
    whole.trim_start_matches("${{").trim_end_matches("}}").trim()
}

fn join(node: &Node, text: &str, evaluated: &[(&Hole, Span, Operand)]) -> Operand {
    let mut joined = Operand::text("");
    let mut pieces = Vec::new();
    let mut at = 0;
    let literal =
        |from: usize, to: usize| Piece::Literal(text[from..to].into(), Origin::written(node.span_of(from..to)));
    for (hole, place, operand) in evaluated {
        if hole.range.start > at {
            pieces.push(literal(at, hole.range.start));
        }
        at = hole.range.end;
        let step = StepKind::ReadThrough(inner(hole, text).into());
        match operand.value.as_text() {
            Some(inner) => pieces.extend(inner.pieces().iter().map(|piece| match piece {
                Piece::Literal(text, origin) => Piece::Literal(text.clone(), origin.then(step.clone(), *place)),
                Piece::Hole(value) => Piece::Hole(Box::new((**value).clone().through(step.clone(), *place))),
            })),
            None if matches!(operand.value.kind, Kind::Null) => {}
            None => {
                let reason = Reason::at("run-time-value", "object", *place);
                pieces.push(Piece::Hole(Box::new(Value::unknown(reason, Origin::written(*place)))));
            }
        }
        joined.take_shares(operand);
    }
    if at < text.len() {
        pieces.push(literal(at, text.len()));
    }
    joined.value = Value::new(Kind::Text(Text::from_pieces(pieces)), Origin::written(node.resolved().span));
    joined
}
