//! The short way to a verdict: most conditions hold, and what is plainly written decides them. What cannot be told
//! without reasons or evidence is left to the full evaluation, which says the same.

use super::evaluate::{Evaluator, Reached};
use super::evidence::Bound;
use crate::logic::Tri;
use crate::model::schema::Answer;
use crate::rule::condition::{Access, Constant, Operand, Operands, Operator, Quantifier, Test, TextRelation};
use crate::value::{Kind, Number, Value};

impl Evaluator<'_, '_> {
    /// The verdict, where it is known and nothing more is asked.
    pub(super) fn settled(&mut self, test: &Test) -> Option<bool> {
        match test {
            Test::Literal(value) => Some(*value),
            Test::Not(inner) => self.settled(inner).map(|verdict| !verdict),
            Test::And(operands) => self.settled_among(operands, false),
            Test::Or(operands) => self.settled_among(operands, true),
            Test::Flag(Operand::Access(access)) => self.read(access, |value| match &value.kind {
                Kind::Bool(flag) => Some(*flag),
                _ => None,
            }),
            Test::Has(access) => decided(self.has(access).tri),
            Test::Compare { left: Operand::Access(access), operator, right: Operand::Constant(constant) } => {
                self.read(access, |value| compared(value, *operator, constant))
            }
            Test::Compare {
                left: Operand::Length(inner),
                operator,
                right: Operand::Constant(Constant::Number(number)),
            } => {
                let Operand::Access(access) = &**inner else { return None };
                let length = self.length(access)?;
                match operator {
                    Operator::Equal => Some(Number::from(length) == *number),
                    Operator::NotEqual => Some(Number::from(length) != *number),
                    Operator::Greater if number.mantissa() == 0 => Some(length > 0),
                    Operator::Greater | Operator::Less | Operator::LessOrEqual | Operator::GreaterOrEqual => None,
                }
            }
            Test::Contains { list: Operand::Constant(Constant::List(list)), item: Operand::Access(access) } => {
                self.read(access, |value| is_among(value.as_str()?, list))
            }
            Test::Contains { list: Operand::Access(access), item: Operand::Constant(Constant::Text(text)) } => {
                self.read(access, |value| holds(value, text))
            }
            Test::TextTest {
                relation,
                text: Operand::Access(access),
                needle: Operand::Constant(Constant::Text(needle)),
            } => self.read(access, |value| {
                let text = value.as_str()?;
                Some(match relation {
                    TextRelation::StartsWith => text.starts_with(needle.as_str()),
                    TextRelation::EndsWith => text.ends_with(needle.as_str()),
                    TextRelation::Contains => text.contains(needle.as_str()),
                })
            }),
            Test::Matches { text: Operand::Access(access), pattern } => {
                self.read(access, |value| Some(pattern.is_match(value.as_str()?)))
            }
            Test::Quantified { quantifier, variable, list: Operand::Access(list), body } => {
                self.settled_members(*quantifier, *variable, list, body)
            }
            Test::Flag(_)
            | Test::Compare { .. }
            | Test::Contains { .. }
            | Test::TextTest { .. }
            | Test::Matches { .. }
            | Test::Quantified { .. }
            | Test::Present(_) => None,
        }
    }

    /// One operand with the decisive verdict is enough, whatever is known of the others.
    fn settled_among(&mut self, operands: &Operands, decisive: bool) -> Option<bool> {
        let mut all_known = true;
        for (_, test) in operands.cheap_first() {
            match self.settled(test) {
                Some(verdict) if verdict == decisive => return Some(decisive),
                Some(_) => {}
                None => all_known = false,
            }
        }
        all_known.then_some(!decisive)
    }

    /// What a property, or a fact that is a flag, says.
    fn read(&self, access: &Access, answer: impl Fn(&Value) -> Option<bool>) -> Option<bool> {
        match self.follow(access).0 {
            Reached::Answer(Answer::Cell(value) | Answer::Value { value, .. }) => answer(value),
            Reached::Answer(Answer::Fact(fact)) => match fact.tri {
                Tri::Unknown => None,
                Tri::True | Tri::False => answer(&flag(fact.tri)),
            },
            Reached::Value(value) => answer(&value),
            Reached::Answer(Answer::One { .. } | Answer::Many { .. }) | Reached::Entity(_) | Reached::Nothing(_) => {
                None
            }
        }
    }

    /// How many members a closed list has.
    fn length(&self, access: &Access) -> Option<i64> {
        let length = match self.follow(access).0 {
            Reached::Answer(Answer::Many { members, open: None, .. }) => members.len(),
            Reached::Answer(Answer::Cell(value) | Answer::Value { value, .. }) => match &value.kind {
                Kind::List(list) if list.open.is_none() => list.items.len(),
                Kind::Null => 0,
                _ => return None,
            },
            Reached::Answer(_) | Reached::Value(_) | Reached::Entity(_) | Reached::Nothing(_) => return None,
        };
        i64::try_from(length).ok()
    }

    fn settled_members(&mut self, quantifier: Quantifier, variable: usize, list: &Access, body: &Test) -> Option<bool> {
        let decisive = quantifier == Quantifier::Any;
        match self.follow(list).0 {
            Reached::Answer(Answer::Many { members, open, .. }) => {
                let model = self.facts.model;
                let members = members.iter().map(|(id, _)| (Bound::Entity(*id), model.head(*id).presence));
                self.settled_each(decisive, variable, members, open.is_none(), body)
            }
            // A single value is a list of one.
            Reached::Answer(Answer::Cell(value) | Answer::Value { value, .. }) => {
                let (items, is_closed) = match &value.kind {
                    Kind::List(list) => (&list.items[..], list.open.is_none()),
                    Kind::Null => (&[][..], true),
                    Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => (std::slice::from_ref(value), true),
                    Kind::Map(_) | Kind::Reference(_) | Kind::Unknown(_) => return None,
                };
                let members = items.iter().map(|item| (Bound::Value(item.clone()), Tri::True));
                self.settled_each(decisive, variable, members, is_closed, body)
            }
            Reached::Answer(_) | Reached::Value(_) | Reached::Entity(_) | Reached::Nothing(_) => None,
        }
    }

    /// Asks of one member after another, each with whether it is there at all.
    fn settled_each(
        &mut self,
        decisive: bool,
        variable: usize,
        members: impl Iterator<Item = (Bound, Tri)>,
        is_closed: bool,
        body: &Test,
    ) -> Option<bool> {
        let mut all_known = is_closed;
        let mut has_decided = false;
        for (member, presence) in members {
            self.bound[variable] = Some(member);
            match self.settled(body) {
                Some(verdict) if verdict == decisive => {
                    has_decided = presence == Tri::True;
                    all_known = false;
                }
                Some(_) => {}
                None => all_known = false,
            }
            if has_decided {
                break;
            }
        }
        self.bound[variable] = None;
        match (has_decided, all_known) {
            (true, _) => Some(decisive),
            (false, true) => Some(!decisive),
            (false, false) => None,
        }
    }
}

fn decided(tri: Tri) -> Option<bool> {
    match tri {
        Tri::True => Some(true),
        Tri::False => Some(false),
        Tri::Unknown => None,
    }
}

fn flag(tri: Tri) -> Value {
    Value::bool(tri == Tri::True, crate::value::Origin::none())
}

fn compared(value: &Value, operator: Operator, constant: &Constant) -> Option<bool> {
    let equal = match (&value.kind, constant) {
        (Kind::Text(text), Constant::Text(other)) => text.known()? == other,
        (Kind::Bool(flag), Constant::Bool(other)) => flag == other,
        (Kind::Number(number), Constant::Number(other)) => number == other,
        _ => return None,
    };
    match operator {
        Operator::Equal => Some(equal),
        Operator::NotEqual => Some(!equal),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => None,
    }
}

/// Whether a text is one of these; nothing where they are not all texts.
fn is_among(text: &str, list: &[Constant]) -> Option<bool> {
    let is_it = |constant: &Constant| match constant {
        Constant::Text(other) => Some(other == text),
        Constant::Bool(_) | Constant::Number(_) | Constant::List(_) => None,
    };
    list.iter().map(is_it).try_fold(false, |found, it| Some(found || it?))
}

/// Whether a list holds a text; nothing where a member is not known, or there may be more.
fn holds(value: &Value, text: &str) -> Option<bool> {
    let list = value.as_list().filter(|list| list.open.is_none())?;
    list.items.iter().map(|item| Some(item.as_str()? == text)).try_fold(false, |found, it| Some(found || it?))
}
