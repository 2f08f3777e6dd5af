//! What the names of an expression stand for, as far as files say: closed sets of members, texts, or anything. A check of
//! an expression asks for members one by one; what nobody asks for is not computed.

use super::context::Place;
use crate::data::github::schema;
use crate::source::nearest;
use crate::syntax::expression::{Expression, Kind, Operator};

/// What an expression gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Any,
    Text,
    Number,
    Bool,
    List,
    /// A context whose members `data` lists.
    Listed(&'static str),
    /// Members that files declare.
    Members(Members),
    /// `steps`, and one of them by its index in the job or action.
    Steps,
    Step(usize),
    /// `needs`, and one of them by its index in the plan; `jobs` of a callee's outputs.
    Needs,
    Need(usize),
    Jobs,
}

/// A closed set of members of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Members {
    /// The kind of oddity that a missing one is.
    pub(super) kind: &'static str,
    /// What lacks a member of another name, as a message begins: `the matrix has no`.
    pub(super) lacks: String,
    pub(super) names: Vec<String>,
    pub(super) inner: Box<Type>,
}

/// Why a name stands for nothing.
pub(super) struct Missing {
    pub(super) kind: &'static str,
    pub(super) nearest: Option<String>,
    pub(super) message: String,
}

/// A fault of an expression with the part that has it.
pub(super) struct Fault<'e> {
    pub(super) part: &'e Expression,
    pub(super) name: String,
    pub(super) missing: Missing,
}

/// What names mean at a place, and the faults found there.
pub(super) struct Checker<'e, 'p, 'a> {
    pub(super) place: &'p Place<'p, 'a>,
    pub(super) available: &'static schema::Availability,
    pub(super) faults: Vec<Fault<'e>>,
}

impl<'e> Checker<'e, '_, '_> {
    fn fault(
        &mut self,
        part: &'e Expression,
        name: &str,
        kind: &'static str,
        near: Option<&str>,
        message: String,
    ) -> Type {
        let missing = Missing { kind, nearest: near.map(str::to_owned), message };
        self.faults.push(Fault { part, name: name.to_owned(), missing });
        Type::Any
    }

    /// The type of a part; expressions nest no deeper than their parser lets them.
    pub(super) fn check(&mut self, part: &'e Expression) -> Type {
        match &part.kind {
            Kind::Null => Type::Any,
            Kind::Bool(_) | Kind::Not(_) => {
                part.children().for_each(|inner| drop(self.check(inner)));
                Type::Bool
            }
            Kind::Number(_) => Type::Number,
            Kind::Text(_) => Type::Text,
            Kind::Context(name) => self.context(part, &name.to_lowercase()),
            Kind::Property(object, name) => {
                let object = self.check(object);
                self.member(part, &object, name)
            }
            Kind::Index(object, index) => {
                let object = self.check(object);
                self.check(index);
                match &index.kind {
                    Kind::Text(name) => self.member(part, &object, name),
                    _ => Type::Any,
                }
            }
            Kind::Every(object) => {
                self.check(object);
                Type::List
            }
            Kind::Call(name, arguments) => self.call(part, name, arguments),
            Kind::Compare(operator, left, right) => {
                let sides = [self.check(left), self.check(right)];
                let is_order = !matches!(operator, Operator::Equal | Operator::NotEqual);
                if is_order && sides.iter().any(Type::is_collection) {
                    let message = "only numbers and texts have an order: this is always false".to_owned();
                    self.fault(part, "comparison", "unknown-property", None, message);
                }
                Type::Bool
            }
            Kind::And(parts) | Kind::Or(parts) => {
                let types: Vec<Type> = parts.iter().map(|part| self.check(part)).collect();
                match types.split_first() {
                    Some((first, rest)) if rest.iter().all(|other| other == first) => first.clone(),
                    _ => Type::Any,
                }
            }
        }
    }

    fn context(&mut self, part: &'e Expression, name: &str) -> Type {
        let Some(members) = schema::context(name) else {
            let near = nearest(name, self.available.contexts.iter().copied());
            let message = format!("GitHub knows no `{name}` in an expression");
            return self.fault(part, name, "unknown-property", near, message);
        };
        if !self.available.contexts.contains(&name) {
            let known = self.available.contexts.join("`, `");
            let message = format!("`{name}` is not known here, only `{known}`");
            return self.fault(part, name, "unavailable-context", None, message);
        }
        match name {
            "steps" => Type::Steps,
            "needs" => Type::Needs,
            "jobs" => Type::Jobs,
            "matrix" => self.place.matrix(),
            "inputs" => self.place.inputs(),
            "env" | "vars" | "secrets" => Type::Any,
            _ if members == ["*"] => Type::Any,
            "github" => Type::Listed("github"),
            "job" => Type::Listed("job"),
            "runner" => Type::Listed("runner"),
            "strategy" => Type::Listed("strategy"),
            _ => Type::Any,
        }
    }

    fn member(&mut self, part: &'e Expression, object: &Type, name: &str) -> Type {
        match self.place.member(object, name) {
            Ok(found) => found,
            Err(missing) => {
                self.faults.push(Fault { part, name: name.to_owned(), missing });
                Type::Any
            }
        }
    }

    fn call(&mut self, part: &'e Expression, name: &str, arguments: &'e [Expression]) -> Type {
        arguments.iter().for_each(|argument| drop(self.check(argument)));
        let lower = name.to_lowercase();
        let Some((fewest, most)) = schema::function(&lower) else {
            let near = nearest(&lower, schema::functions());
            return self.fault(part, name, "unknown-property", near, format!("GitHub knows no function `{name}`"));
        };
        if schema::is_special(&lower) && !self.available.functions.contains(&lower.as_str()) {
            let message = format!("`{name}` is not known here");
            return self.fault(part, name, "unavailable-context", None, message);
        }
        if arguments.len() < fewest || arguments.len() > most {
            let message = format!("`{name}` takes {}, not {}", count(fewest, most), arguments.len());
            return self.fault(part, name, "unknown-property", None, message);
        }
        match lower.as_str() {
            "contains" | "startswith" | "endswith" | "always" | "success" | "failure" | "cancelled" => Type::Bool,
            "format" | "join" | "tojson" | "hashfiles" => Type::Text,
            _ => Type::Any,
        }
    }
}

impl Type {
    fn is_collection(&self) -> bool {
        match self {
            Type::Any | Type::Text | Type::Number | Type::Bool => false,
            Type::List
            | Type::Listed(_)
            | Type::Members(_)
            | Type::Steps
            | Type::Step(_)
            | Type::Needs
            | Type::Need(_)
            | Type::Jobs => true,
        }
    }
}

fn count(fewest: usize, most: usize) -> String {
    match (fewest, most) {
        (0, 0) => "nothing".to_owned(),
        (1, 1) => "one value".to_owned(),
        _ if fewest == most => format!("{fewest} values"),
        (fewest, 255) => format!("at least {fewest}"),
        (fewest, most) => format!("{fewest} to {most} values"),
    }
}
