//! What operands of a condition are worth, and how they compare. Text that is partly known answers as soon as the known
//! part decides.

use super::evaluate::Evaluator;
use super::evidence::{Verdict, Way};
use crate::logic::{Reason, Tri};
use crate::model::Link;
use crate::rule::condition::{Constant, Operator, TextRelation};
use crate::source::Span;
use crate::value::{Kind, Number, Origin, Text, Value};

/// The value of an operand, or the edge that it is, with the ways along which it came.
pub(super) struct Found {
    pub(super) value: Option<Value>,
    pub(super) link: Option<Link>,
    pub(super) ways: Vec<Way>,
    pub(super) reasons: Vec<Reason>,
    /// A number that may be greater in truth: the length of an open list.
    pub(super) at_least: bool,
}

impl Found {
    pub(super) fn value(value: Value, ways: Vec<Way>) -> Found {
        let reasons = value.reason().cloned().into_iter().collect();
        Found { value: Some(value), link: None, ways, reasons, at_least: false }
    }

    pub(super) fn constant(constant: &Constant) -> Found {
        Found::value(value_of(constant), Vec::new())
    }

    pub(super) fn link(link: Link, ways: Vec<Way>) -> Found {
        let reasons = match &link {
            Link::Unknown(reason) => vec![reason.clone()],
            Link::To(_) | Link::Absent => Vec::new(),
        };
        Found { value: None, link: Some(link), ways, reasons, at_least: false }
    }

    pub(super) fn nothing(reason: Reason) -> Found {
        Found { value: None, link: None, ways: Vec::new(), reasons: vec![reason], at_least: false }
    }

    pub(super) fn length(length: usize, open: Option<Reason>, ways: Vec<Way>) -> Found {
        let value = Value::number(i64::try_from(length).unwrap_or(i64::MAX), Origin::none());
        let at_least = open.is_some();
        Found { value: Some(value), link: None, ways, reasons: open.into_iter().collect(), at_least }
    }

    /// The length of the list or text that was found.
    pub(super) fn into_length(self) -> Found {
        let Some(value) = &self.value else { return self };
        match &value.kind {
            Kind::List(list) => Found::length(list.items.len(), list.open.clone(), self.ways),
            Kind::Map(map) => Found::length(map.entries.len(), map.open.clone(), self.ways),
            Kind::Null => Found::length(0, None, self.ways),
            Kind::Text(text) => match text.known() {
                Some(known) => Found::length(known.chars().count(), None, self.ways),
                None => Found::nothing(self.reason()),
            },
            Kind::Bool(_) | Kind::Number(_) | Kind::Reference(_) | Kind::Unknown(_) => Found::nothing(self.reason()),
        }
    }

    /// Why nothing can be said about the operand.
    pub(super) fn reason(&self) -> Reason {
        if let Some(reason) = self.reasons.first() {
            return reason.clone();
        }
        let span = self.value.as_ref().and_then(|value| value.origin.span());
        if let Some(open) = self.value.as_ref().and_then(Value::as_list).and_then(|list| list.open.clone()) {
            return open;
        }
        let Some(value) = &self.value else { return Reason::with("provider-computed", "", span) };
        match value.references().first() {
            Some(reference) => reference.computed(span),
            None if matches!(value.kind, Kind::Null) => Reason::with("absent", "", span),
            None => Reason::with("provider-computed", "", span),
        }
    }

    pub(super) fn verdict(self, tri: Tri) -> Verdict {
        match tri {
            Tri::Unknown => Verdict::unknown(self.reason()),
            Tri::True | Tri::False => Verdict::of(tri, self.ways),
        }
    }
}

pub(super) fn compare(left: Found, operator: Operator, right: Found) -> Verdict {
    let tri = match operator {
        Operator::Equal => equals(&left, &right),
        Operator::NotEqual => !equals(&left, &right),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            ordered(&left, operator, &right)
        }
    };
    if tri == Tri::Unknown {
        let reasons = if left.ways.is_empty() && left.reasons.is_empty() { right.reason() } else { left.reason() };
        return Verdict::unknown(reasons);
    }
    let mut verdict = Verdict::of(tri, left.ways);
    let other = Verdict::of(tri, right.ways);
    verdict = Verdict::joined(vec![verdict, other], tri);
    verdict
}

fn equals(left: &Found, right: &Found) -> Tri {
    if let (Some(a), Some(b)) = (&left.link, &right.link) {
        return match (a, b) {
            (Link::To(a), Link::To(b)) => Tri::from(a == b),
            // An absent edge equals nothing.
            (Link::Absent, _) | (_, Link::Absent) => Tri::False,
            (Link::Unknown(_), _) | (_, Link::Unknown(_)) => Tri::Unknown,
        };
    }
    let (Some(a), Some(b)) = (&left.value, &right.value) else {
        return Tri::Unknown;
    };
    if left.at_least || right.at_least {
        return Tri::Unknown;
    }
    equal_values(a, b)
}

/// Equality as conditions mean it: text that reads as the number or flag it is compared with is equal to it, since
/// attributes under `resource(…)` have no schema.
pub(super) fn equal_values(a: &Value, b: &Value) -> Tri {
    match (&a.kind, &b.kind) {
        (Kind::Null, _) | (_, Kind::Null) => Tri::Unknown,
        (Kind::Unknown(a), Kind::Unknown(b)) if a.identity == b.identity => Tri::True,
        (Kind::Reference(a), Kind::Reference(b)) if a == b => Tri::True,
        (Kind::Bool(a), Kind::Bool(b)) => Tri::from(a == b),
        (Kind::Number(a), Kind::Number(b)) => Tri::from(a == b),
        (Kind::List(a), Kind::List(b)) if a.open.is_none() && b.open.is_none() => {
            if a.items.len() != b.items.len() {
                return Tri::False;
            }
            Tri::all(a.items.iter().zip(&b.items).map(|(a, b)| equal_values(a, b)))
        }
        (Kind::List(_) | Kind::Map(_), _) | (_, Kind::List(_) | Kind::Map(_)) => Tri::Unknown,
        (Kind::Unknown(_), _) | (_, Kind::Unknown(_)) => Tri::Unknown,
        (
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Reference(_),
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Reference(_),
        ) => match (a.as_text(), b.as_text()) {
            (Some(a), Some(b)) => a.equals(&b),
            (Some(_) | None, _) => Tri::Unknown,
        },
    }
}

/// Of a length that is only "at least n", no more is said than n decides.
fn ordered(left: &Found, operator: Operator, right: &Found) -> Tri {
    let (Some(a), Some(b)) = (number(left), number(right)) else {
        return Tri::Unknown;
    };
    let (holds, grows) = match operator {
        Operator::Less => (a < b, false),
        Operator::LessOrEqual => (a <= b, false),
        Operator::Greater => (a > b, true),
        Operator::GreaterOrEqual => (a >= b, true),
        Operator::Equal | Operator::NotEqual => return Tri::Unknown,
    };
    match left.at_least && holds != grows {
        true => Tri::Unknown,
        false => Tri::from(holds),
    }
}

fn number(found: &Found) -> Option<Number> {
    match &found.value.as_ref()?.kind {
        Kind::Number(number) => Some(*number),
        Kind::Text(text) => text.known().and_then(Number::parse),
        Kind::Null | Kind::Bool(_) | Kind::List(_) | Kind::Map(_) | Kind::Reference(_) | Kind::Unknown(_) => None,
    }
}

pub(super) fn contains(list: Found, item: &Found) -> Verdict {
    let (Some(value), Some(wanted)) = (&list.value, &item.value) else {
        return Verdict::unknown(list.reason());
    };
    let (items, open): (Vec<&Value>, Option<&Reason>) = match &value.kind {
        Kind::List(members) => (members.items.iter().collect(), members.open.as_ref()),
        Kind::Null => (Vec::new(), None),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => (vec![value], None),
        Kind::Map(_) | Kind::Reference(_) | Kind::Unknown(_) => return Verdict::unknown(list.reason()),
    };
    let tri = Tri::any(items.iter().map(|member| equal_values(member, wanted)));
    if tri != Tri::True
        && let Some(reason) = open
    {
        return Verdict::unknown(reason.clone());
    }
    let ways = if item.ways.is_empty() { list.ways.clone() } else { [list.ways.clone(), item.ways.clone()].concat() };
    Found { ways: ways.into_iter().take(1).collect(), ..list }.verdict(tri)
}

pub(super) fn text_test(text: Found, relation: TextRelation, needle: &Found) -> Verdict {
    let needle = needle.value.as_ref().and_then(Value::as_str);
    let known: Option<Text> = text.value.as_ref().and_then(Value::as_text);
    let tri = match (known, needle) {
        (Some(text), Some(needle)) => match relation {
            TextRelation::StartsWith => text.starts_with(needle),
            TextRelation::EndsWith => text.ends_with(needle),
            TextRelation::Contains => text.contains(needle),
        },
        (Some(_) | None, _) => Tri::Unknown,
    };
    text.verdict(tri)
}

fn value_of(constant: &Constant) -> Value {
    match constant {
        Constant::Bool(value) => Value::bool(*value, Origin::none()),
        Constant::Number(number) => Value::number(*number, Origin::none()),
        Constant::Text(text) => Value::text(text, Origin::none()),
        Constant::List(items) => Value::list(items.iter().map(value_of).collect(), Origin::none()),
    }
}

/// Everything found along a path through maps and lists.
enum Walk {
    None,
    One(Value),
    /// Several, or one behind a list that may have more members.
    Many(Vec<Value>, Option<Reason>),
    Unknown(Reason),
}

impl Evaluator<'_, '_> {
    /// `attr("a.b", default)`.
    pub(super) fn resource_attribute(&self, path: &[String], default: Option<&Constant>) -> Found {
        let Some((body, span)) = self.resource_body() else {
            return Found::nothing(Reason::new("wrong-type", "a resource"));
        };
        let name = path.join(".");
        match walk(body, path) {
            Walk::One(value) => {
                let ways = self.way_of_value(&value, &name, &[]);
                Found::value(value, ways)
            }
            Walk::None => match default {
                Some(constant) => {
                    let mut value = value_of(constant);
                    value.origin = Origin::provider_default(name.clone(), block_of(body, path).unwrap_or(span));
                    let ways = self.way_of_value(&value, &name, &[]);
                    Found::value(value, ways)
                }
                None => Found::nothing(Reason::at("absent", name, span)),
            },
            Walk::Many(..) => Found::nothing(Reason::at("unsupported", format!("several values at {name}"), span)),
            Walk::Unknown(reason) => Found::nothing(reason),
        }
    }

    /// `attrs("a.b")`.
    pub(super) fn resource_attributes(&self, path: &[String]) -> Found {
        let Some((body, span)) = self.resource_body() else {
            return Found::nothing(Reason::new("wrong-type", "a resource"));
        };
        let (values, open) = match walk(body, path) {
            Walk::None => (Vec::new(), None),
            Walk::One(value) => match &value.kind {
                Kind::List(list) => (list.items.clone(), list.open.clone()),
                Kind::Null => (Vec::new(), None),
                Kind::Unknown(unknown) => (Vec::new(), Some(unknown.reason.clone())),
                Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Map(_) | Kind::Reference(_) => {
                    (vec![value], None)
                }
            },
            Walk::Many(values, open) => (values, open),
            Walk::Unknown(reason) => return Found::nothing(reason),
        };
        let mut list = Value::list(values, Origin::provider_default(path.join("."), span));
        if let Kind::List(members) = &mut list.kind {
            std::sync::Arc::make_mut(members).open = open;
        }
        let ways = self.way_of_value(&list, &path.join("."), &[]);
        Found::value(list, ways)
    }

    /// `present("a.b")`.
    pub(super) fn resource_present(&self, path: &[String]) -> Verdict {
        let Some((body, span)) = self.resource_body() else {
            return Verdict::unknown(Reason::new("wrong-type", "a resource"));
        };
        let name = path.join(".");
        match walk(body, path) {
            Walk::One(value) => match is_written(&value) {
                Tri::Unknown => Found::value(value, Vec::new()).verdict(Tri::Unknown),
                tri => Verdict::of(tri, self.way_of_value(&value, &name, &[])),
            },
            Walk::None => {
                let at = block_of(body, path).unwrap_or(span);
                let absent = Value::null(Origin::provider_default(name.clone(), at));
                Verdict::of(Tri::False, self.way_of_value(&absent, &name, &[]))
            }
            Walk::Many(values, open) => match (values.first(), open) {
                (Some(value), _) => Verdict::of(Tri::True, self.way_of_value(value, &name, &[])),
                (None, Some(reason)) => Verdict::unknown(reason),
                (None, None) => Verdict::of(Tri::False, Vec::new()),
            },
            Walk::Unknown(reason) => Verdict::unknown(reason),
        }
    }
}

/// Whether anything stands there: a list of blocks that may be empty does not tell.
fn is_written(value: &Value) -> Tri {
    match &value.kind {
        Kind::List(list) if list.open.is_some() => Tri::Unknown,
        Kind::List(list) => Tri::from(!list.items.is_empty()),
        Kind::Null
        | Kind::Bool(_)
        | Kind::Number(_)
        | Kind::Text(_)
        | Kind::Map(_)
        | Kind::Reference(_)
        | Kind::Unknown(_) => !value.is_null(),
    }
}

/// Nothing and null are the same to a provider.
fn walk(body: &Value, path: &[String]) -> Walk {
    let mut current = vec![body.clone()];
    let mut open: Option<Reason> = None;
    let mut went_through_list = false;
    for part in path {
        let mut next = Vec::new();
        for value in current {
            let value = behind(value);
            match &value.kind {
                Kind::Map(map) => match map.entries.get(part.as_str()) {
                    Some(found) => next.push(found.clone()),
                    None => open = open.or_else(|| map.open.clone()),
                },
                Kind::List(list) => {
                    went_through_list |= list.items.len() > 1 || list.open.is_some();
                    open = open.or_else(|| list.open.clone());
                    let members = list.items.iter().filter_map(Value::as_map);
                    next.extend(members.filter_map(|map| map.entries.get(part.as_str()).cloned()));
                }
                Kind::Unknown(unknown) => return Walk::Unknown(unknown.reason.clone()),
                Kind::Reference(reference) => return Walk::Unknown(reference.computed(value.origin.span())),
                // What a text says that could not be read as a document, nobody knows.
                Kind::Text(text) if text.known() != Some("") => {
                    return Walk::Unknown(Reason::with("not-json", "", value.origin.span()));
                }
                Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => {}
            }
        }
        current = next;
    }
    current.retain(|value| !matches!(value.kind, Kind::Null));
    match (current.len(), open) {
        (0, None) => Walk::None,
        (0, Some(reason)) => Walk::Unknown(reason),
        (1, None) if !went_through_list => Walk::One(current.remove(0)),
        (_, open) => Walk::Many(current, open),
    }
}

/// The structured value behind a text that a function made of it.
fn behind(value: Value) -> Value {
    match &value.kind {
        Kind::Text(text) => match text.wrapped() {
            Some(wrapped) => wrapped.value.clone(),
            None => value,
        },
        _ => value,
    }
}

/// The innermost written block on the way of a path: where the absence of the rest stands.
fn block_of(body: &Value, path: &[String]) -> Option<Span> {
    let mut found = None;
    let mut current = body.clone();
    for part in path {
        let map = match &current.kind {
            Kind::Map(map) => map.clone(),
            Kind::List(list) => match list.items.first().map(|item| &item.kind) {
                Some(Kind::Map(map)) => map.clone(),
                Some(_) | None => break,
            },
            _ => break,
        };
        let Some(next) = map.entries.get(part.as_str()) else { break };
        found = next.origin.span();
        current = next.clone();
    }
    found
}
