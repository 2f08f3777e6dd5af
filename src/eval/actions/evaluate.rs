//! Values and conditions of expressions. `truth` looks at each part by itself, so that one false part of a conjunction
//! decides it whatever is not known about the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Charset, Control, Operand, Outcome, Scope};
use crate::logic::{Reason, Tri};
use crate::syntax::expression::{Expression, Kind as Part, Operator};
use crate::value::{Kind, Number, Origin, Piece, Text, Value};

/// Whether a condition can hold in the run that the scope describes.
pub fn truth(expression: &Expression, scope: &dyn Scope) -> Outcome {
    match &expression.kind {
        Part::And(parts) => parts.iter().map(|part| truth(part, scope)).fold(Outcome::Yes, Outcome::and),
        Part::Or(parts) => parts.iter().map(|part| truth(part, scope)).fold(Outcome::No, Outcome::or),
        Part::Not(inner) => !truth(inner, scope),
        Part::Compare(operator, left, right) => compare(*operator, &evaluate(left, scope), &evaluate(right, scope)),
        Part::Call(name, arguments) => call_truth(&name.to_lowercase(), arguments, scope),
        _ => outcome(&evaluate(expression, scope)),
    }
}

/// The value of an expression, with everybody's share in it.
pub fn evaluate(expression: &Expression, scope: &dyn Scope) -> Operand {
    if let Some(path) = expression.path() {
        return scope.lookup(&path);
    }
    match &expression.kind {
        Part::Null => Operand::null(),
        Part::Bool(value) => Operand::known(Value::bool(*value, Origin::none())),
        Part::Number(value) => match Number::from_f64(*value) {
            Some(number) => Operand::known(Value::number(number, Origin::none())),
            None => Operand::unknown(Reason::new("not-a-number", "")),
        },
        Part::Text(text) => Operand::text(text),
        Part::Not(_) | Part::Compare(..) => flag(truth(expression, scope)),
        Part::And(parts) => chain(parts, scope, Outcome::No),
        Part::Or(parts) => chain(parts, scope, Outcome::Yes),
        Part::Call(name, arguments) => call(&name.to_lowercase(), arguments, scope),
        Part::Property(object, name) => member(evaluate(object, scope), &name.to_lowercase()),
        Part::Index(object, index) => {
            let (object, index) = (evaluate(object, scope), evaluate(index, scope));
            match index.value.as_text().and_then(|text| text.known().map(str::to_lowercase)) {
                Some(name) => member(object, &name),
                None => shares_of([object, index]),
            }
        }
        Part::Every(object) => shares_of([evaluate(object, scope)]),
        Part::Context(_) => Operand::unknown(Reason::new("unknown-context", "")),
    }
}

/// What a value is as a condition.
fn outcome(operand: &Operand) -> Outcome {
    match &operand.value.kind {
        Kind::Null => Outcome::No,
        Kind::Bool(value) => Outcome::from(*value),
        Kind::Number(number) => Outcome::from(number.mantissa() != 0),
        Kind::Text(text) => match text.known() {
            Some(known) => Outcome::from(!known.is_empty()),
            None if !text.prefix().is_empty() || !text.suffix().is_empty() => Outcome::Yes,
            None => undecided(operand),
        },
        Kind::List(_) | Kind::Map(_) | Kind::Reference(_) => Outcome::Yes,
        Kind::Unknown(_) => undecided(operand),
    }
}

fn undecided(operand: &Operand) -> Outcome {
    if operand.is_chosen() && !operand.is_unsure { Outcome::Either } else { Outcome::Unknown }
}

fn flag(outcome: Outcome) -> Operand {
    match outcome {
        Outcome::Yes | Outcome::No => Operand::known(Value::bool(outcome == Outcome::Yes, Origin::none())),
        Outcome::Either => Operand::chosen(Control::Closed, Charset::Enum, "condition"),
        Outcome::Unknown => Operand::setting("unknown-condition", "condition"),
    }
}

/// `a && b` and `a || b` are one of their parts: the first that decides, or the last.
fn chain(parts: &[Expression], scope: &dyn Scope, decisive: Outcome) -> Operand {
    let mut possible = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let operand = evaluate(part, scope);
        let verdict = outcome(&operand);
        let is_last = index + 1 == parts.len();
        if verdict == decisive || is_last {
            possible.push(operand);
            break;
        }
        // A part that surely does not decide is never the value.
        if verdict != !decisive {
            possible.push(match &part.kind {
                Part::And(inner) if decisive == Outcome::Yes => where_true(operand, inner, scope),
                _ => operand,
            });
        }
    }
    match possible.len() {
        1 => possible.pop().unwrap_or_else(Operand::null),
        _ => one_of(possible),
    }
}

/// `a && b` where it holds: then it is its last part.
fn where_true(operand: Operand, parts: &[Expression], scope: &dyn Scope) -> Operand {
    let among = parts.last().and_then(|last| texts(&evaluate(last, scope)));
    Operand { among: among.map(Into::into), ..operand }
}

/// The texts that a value is one of.
fn texts(operand: &Operand) -> Option<Vec<String>> {
    match (&operand.among, operand.value.as_text()) {
        (Some(among), _) => Some(among.to_vec()),
        (None, Some(text)) => text.known().map(|text| vec![text.to_owned()]),
        (None, None) if matches!(operand.value.kind, Kind::Null) => Some(vec![String::new()]),
        (None, None) => None,
    }
}

/// A value that is one of several: texts stay a closed set where all are known.
fn one_of(operands: Vec<Operand>) -> Operand {
    let among: Option<Vec<String>> =
        operands.iter().map(texts).collect::<Option<Vec<_>>>().map(|sets| sets.into_iter().flatten().collect());
    let mut joined = shares_of(operands);
    if let Some(among) = among {
        if joined.shares.is_empty() && joined.open.is_none() {
            let is_unsure = joined.is_unsure;
            joined = Operand { is_unsure, ..Operand::chosen(Control::Closed, Charset::Enum, "condition") };
        }
        joined.among = Some(among.into());
    }
    joined
}

/// An unknown value with the shares of everything that went into it.
fn shares_of(operands: impl IntoIterator<Item = Operand>) -> Operand {
    let mut joined = Operand { is_unsure: false, ..Operand::setting("run-time-value", "") };
    for operand in operands {
        if joined.value.reason().is_some_and(|reason| reason.object.is_empty())
            && let Some(reason) = operand.value.reason()
        {
            joined.value = Value::unknown(reason.clone(), operand.value.origin.clone());
        }
        joined.take_shares(&operand);
    }
    joined
}

fn compare(operator: Operator, left: &Operand, right: &Operand) -> Outcome {
    match operator {
        Operator::Equal => equal(left, right),
        Operator::NotEqual => !equal(left, right),
        Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => {
            let (Some(a), Some(b)) = (number_of(&left.value), number_of(&right.value)) else {
                return either(left, right);
            };
            Outcome::from(match operator {
                Operator::Less => a < b,
                Operator::LessEqual => a <= b,
                Operator::Greater => a > b,
                _ => a >= b,
            })
        }
    }
}

fn either(left: &Operand, right: &Operand) -> Outcome {
    let is_unsure = left.is_unsure || right.is_unsure;
    if (left.is_chosen() || right.is_chosen()) && !is_unsure { Outcome::Either } else { Outcome::Unknown }
}

fn equal(left: &Operand, right: &Operand) -> Outcome {
    if let (Kind::Reference(a), Kind::Reference(b)) = (&left.value.kind, &right.value.kind) {
        return Outcome::from(a == b);
    }
    for (thing, other) in [(left, right), (right, left)] {
        if let (Kind::Reference(thing), Kind::Text(text)) = (&thing.value.kind, &other.value.kind) {
            // Whoever writes down a name here means this repository; a fork has another.
            return match text.known() {
                Some("") => Outcome::No,
                Some(_) => Outcome::from(!thing.address.starts_with("fork")),
                None => Outcome::Unknown,
            };
        }
    }
    for (set, other) in [(left, right), (right, left)] {
        if let (Some(among), Some(text)) = (&set.among, other.value.as_text()) {
            let Some(known) = text.known() else { return either(left, right) };
            let is_member = among.iter().any(|member| member.eq_ignore_ascii_case(known));
            return match (is_member, among.len(), &set.open) {
                (true, 1, None) => Outcome::Yes,
                (true, ..) if set.is_unsure => Outcome::Unknown,
                (true, ..) => Outcome::Either,
                (false, _, None) => Outcome::No,
                (false, _, Some(_)) => Outcome::Unknown,
            };
        }
    }
    known_equal(&left.value, &right.value).unwrap_or_else(|| either(left, right))
}

/// Loose equality of known values; nothing where it depends on what is not known.
fn known_equal(left: &Value, right: &Value) -> Option<Outcome> {
    if let (Kind::Text(a), Kind::Text(b)) = (&left.kind, &right.kind) {
        return match lower(a).equals(&lower(b)) {
            Tri::True => Some(Outcome::Yes),
            Tri::False => Some(Outcome::No),
            Tri::Unknown => None,
        };
    }
    match (&left.kind, &right.kind) {
        (Kind::Unknown(_), _) | (_, Kind::Unknown(_)) => None,
        (Kind::Null, Kind::Null) => Some(Outcome::Yes),
        (Kind::Bool(a), Kind::Bool(b)) => Some(Outcome::from(a == b)),
        (Kind::List(_) | Kind::Map(_), _) | (_, Kind::List(_) | Kind::Map(_)) => Some(Outcome::No),
        _ => match (number_of(left), number_of(right)) {
            (Some(a), Some(b)) => Some(Outcome::from(a == b)),
            // What is no number equals nothing, unless a part of the text is missing.
            _ if is_whole(left) && is_whole(right) => Some(Outcome::No),
            _ => None,
        },
    }
}

fn is_whole(value: &Value) -> bool {
    value.as_text().is_none_or(|text| text.known().is_some())
}

fn lower(text: &Text) -> Text {
    Text::from_pieces(text.pieces().iter().map(|piece| match piece {
        Piece::Literal(text, origin) => Piece::Literal(text.to_lowercase().into(), origin.clone()),
        Piece::Hole(value) => Piece::Hole(value.clone()),
    }))
}

/// The number that a value counts as; nothing for what is none.
fn number_of(value: &Value) -> Option<f64> {
    match &value.kind {
        Kind::Null => Some(0.0),
        Kind::Bool(value) => Some(f64::from(u8::from(*value))),
        Kind::Number(number) => Some(number.as_f64()),
        Kind::Text(text) => match text.known()?.trim() {
            "" => Some(0.0),
            text => text.parse().ok(),
        },
        Kind::List(_) | Kind::Map(_) | Kind::Reference(_) | Kind::Unknown(_) => None,
    }
}

fn call_truth(name: &str, arguments: &[Expression], scope: &dyn Scope) -> Outcome {
    let text = |index: usize| arguments.get(index).map(|argument| evaluate(argument, scope));
    match (name, text(0), text(1)) {
        ("always", ..) => Outcome::Yes,
        ("success", ..) => Outcome::Yes,
        ("failure" | "cancelled", ..) => Outcome::Either,
        ("contains", Some(hay), Some(needle)) => contains(&hay, &needle),
        ("startswith", Some(text), Some(start)) => begins(&text, &start, |text, start| text.starts_with(start)),
        ("endswith", Some(text), Some(end)) => begins(&text, &end, |text, end| text.ends_with(end)),
        ("hashfiles", ..) => Outcome::Either,
        _ => outcome(&call(name, arguments, scope)),
    }
}

fn contains(hay: &Operand, needle: &Operand) -> Outcome {
    if let Kind::List(list) = &hay.value.kind {
        let found = list.items.iter().map(|item| equal(&Operand::known(item.clone()), needle));
        let found = found.fold(Outcome::No, Outcome::or);
        return if list.open.is_some() { found.or(Outcome::Unknown) } else { found };
    }
    begins(hay, needle, |hay, needle| hay.contains(needle))
}

fn begins(text: &Operand, part: &Operand, test: fn(&Text, &str) -> Tri) -> Outcome {
    let (Some(part_text), Some(whole)) = (part.value.as_text(), text.value.as_text()) else {
        return either(text, part);
    };
    let part_text = lower(&part_text);
    if let (Some(among), Some(part)) = (&text.among, part_text.known()) {
        let fits = among.iter().map(|member| test(&Text::literal(&member.to_lowercase(), Origin::none()), part));
        let fits: Vec<Tri> = fits.collect();
        return match (fits.contains(&Tri::True), fits.contains(&Tri::False)) {
            (true, false) if text.open.is_none() => Outcome::Yes,
            (false, _) if text.open.is_none() => Outcome::No,
            (true, _) if !text.is_unsure => Outcome::Either,
            (true | false, _) => Outcome::Unknown,
        };
    }
    let Some(known) = part_text.known() else {
        // One literal and many candidates: `contains('a b', x)` with x chosen.
        return either(text, part);
    };
    match test(&lower(&whole), known) {
        Tri::True => Outcome::Yes,
        Tri::False => Outcome::No,
        Tri::Unknown => either(text, part),
    }
}

fn call(name: &str, arguments: &[Expression], scope: &dyn Scope) -> Operand {
    let operands = || arguments.iter().map(|argument| evaluate(argument, scope));
    match name {
        "always" | "success" | "failure" | "cancelled" | "contains" | "startswith" | "endswith" => {
            flag(call_truth(name, arguments, scope))
        }
        "hashfiles" => Operand::chosen(Control::Platform, Charset::Hex, "hashFiles"),
        "format" => format(operands().collect()),
        "fromjson" => match operands().next() {
            Some(operand) => from_json(operand),
            None => Operand::null(),
        },
        "tojson" | "join" => shares_of(operands()),
        _ => shares_of(operands()),
    }
}

/// `format('{0}-{1}', a, b)`, with holes where an argument is not known.
fn format(operands: Vec<Operand>) -> Operand {
    let Some(pattern) = operands.first().and_then(|first| first.value.as_str()).map(str::to_owned) else {
        return shares_of(operands);
    };
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = pattern.as_str();
    while let Some(character) = rest.chars().next() {
        let length = character.len_utf8();
        let placeholder = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        if rest.starts_with("{{") || rest.starts_with("}}") {
            literal.push(character);
            rest = &rest[2..];
        } else if let Some((Ok(index), after)) = placeholder.map(|(index, after)| (index.parse::<usize>(), after)) {
            pieces.push(Piece::Literal(std::mem::take(&mut literal).into(), Origin::none()));
            match operands.get(index.saturating_add(1)).and_then(|operand| operand.value.as_text()) {
                Some(text) => pieces.extend(text.pieces().iter().cloned()),
                None => return shares_of(operands),
            }
            rest = after;
        } else {
            literal.push(character);
            rest = &rest[length..];
        }
    }
    pieces.push(Piece::Literal(literal.into(), Origin::none()));
    let value = Value::new(Kind::Text(Text::from_pieces(pieces)), Origin::none());
    Operand { value, among: None, ..shares_of(operands) }
}

fn from_json(operand: Operand) -> Operand {
    let Some(text) = operand.value.as_str() else {
        return Operand { among: None, ..shares_of([operand]) };
    };
    let parsed = crate::syntax::yaml::json::parse(crate::source::FileId(u32::MAX), text);
    match (&parsed.root, parsed.faults.is_empty()) {
        (Some(root), true) => Operand::known(plain(root)),
        _ => Operand::unknown(Reason::new("invalid-json", "fromJSON")),
    }
}

/// A JSON value without places: it was computed, not written.
fn plain(node: &crate::syntax::yaml::Node) -> Value {
    use crate::syntax::yaml::Kind as Node;
    let origin = Origin::none();
    match node.kind() {
        Node::Null | Node::Unread(_) => Value::null(origin),
        Node::Bool(value) => Value::bool(*value, origin),
        Node::Number(text) => match Number::parse(text) {
            Some(number) => Value::number(number, origin),
            None => Value::unknown(Reason::new("number-too-large", &**text), origin),
        },
        Node::Text(text) => Value::text(text.as_str(), origin),
        Node::List(items) => Value::list(items.iter().map(plain).collect(), origin),
        Node::Map(entries) => {
            let members = entries.iter().map(|entry| (Arc::from(entry.key.to_lowercase()), plain(&entry.value)));
            Value::map(members.collect::<BTreeMap<Arc<str>, Value>>(), origin)
        }
    }
}

/// A member of a computed object; a part of a chosen value is chosen as well.
fn member(object: Operand, name: &str) -> Operand {
    match &object.value.kind {
        Kind::Map(map) => match map.entries.get(name) {
            Some(value) => Operand::known(value.clone()),
            None => Operand::null(),
        },
        Kind::List(list) => match name.parse::<usize>().ok().and_then(|index| list.items.get(index)) {
            Some(value) => Operand::known(value.clone()),
            None => Operand::null(),
        },
        _ => Operand { among: None, ..shares_of([object]) },
    }
}
