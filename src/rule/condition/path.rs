//! Paths of a condition: from a variable over edges to a property or a fact.

use super::compile::{Compiler, Typed, name_of};
use super::{Access, Operand, OperandType, Step, Test};
use crate::model::schema::{self, Getter, PropertyType};
use crate::source::Span;
use crate::syntax::hcl::{Expr, ExprKind, StepKind};

/// What a variable stands for.
#[derive(Clone, Debug)]
pub(super) enum PathType {
    /// An entity, or a member of a view.
    Entity(String),
    /// A member of a list of texts.
    Value(PropertyType),
    /// A member of a list whose members are of any kind.
    Any,
}

/// A word of a path with its place.
type Word<'e> = (&'e str, Span);

impl Compiler<'_> {
    /// `x.has_y`, unless a property is called so; nothing if the path does not end like that.
    pub(super) fn has_test(&mut self, expr: &Expr) -> Option<Option<Test>> {
        let words = words_of(expr)?;
        let (last, owner) = words.split_last()?;
        let name = last.0.strip_prefix("has_")?;
        let (variable, target) = self.scope_of(owner.first()?.0)?;
        let PathType::Entity(target) = target else { return None };
        let mut steps = Vec::new();
        let mut at = target;
        for word in &owner[1..] {
            let (step, ty) = match self.step(&at, *word) {
                Some(found) => found,
                None => return Some(None),
            };
            let PropertyType::One(next) = ty else { return None };
            steps.push(step);
            at = next.to_owned();
        }
        // A property or fact that is really called `has_…` is an ordinary path.
        if schema::members(&at).iter().all(|e| self.environment.schema.asked(e, last.0).is_some()) {
            return None;
        }
        let (step, ty) = match self.step(&at, (name, last.1)) {
            Some(found) => found,
            None => return Some(None),
        };
        steps.push(step);
        Some(Some(Test::Has(Access { variable, steps, ty: OperandType::Property(ty) })))
    }

    pub(super) fn path(&mut self, expr: &Expr) -> Option<Typed> {
        let Some(words) = words_of(expr) else {
            return self.error(expr.span, "a path is names with dots: no index, no splat");
        };
        let (first, rest) = words.split_first()?;
        if first.0 == "params" {
            return self.parameter(rest, expr.span);
        }
        let Some((variable, target)) = self.scope_of(first.0) else {
            let names: Vec<String> = self.scope.iter().map(|(name, ..)| name.clone()).collect();
            let message = format!("`{}` is not known here", first.0);
            return self.misspelt(first.1, message, first.0, names.iter().map(String::as_str));
        };
        let mut at = match target {
            PathType::Entity(target) => target,
            PathType::Value(ty) if rest.is_empty() => {
                return Some(access(variable, Vec::new(), OperandType::Property(ty)));
            }
            PathType::Any if rest.is_empty() => return Some(access(variable, Vec::new(), OperandType::Any)),
            PathType::Value(_) | PathType::Any => return self.error(rest[0].1, "a value has no properties"),
        };
        let Some((last, edges)) = rest.split_last() else {
            return Some(access(variable, Vec::new(), OperandType::Property(PropertyType::One(self.target_name(&at)))));
        };
        let mut steps = Vec::new();
        for word in edges {
            let (step, ty) = self.step(&at, *word)?;
            let PropertyType::One(next) = ty else {
                let ty = name_of(OperandType::Property(ty));
                return self.error(word.1, format!("`{}` is a {ty}; a path goes on over single edges only", word.0));
            };
            steps.push(step);
            at = next.to_owned();
        }
        let (step, ty) = self.step(&at, *last)?;
        steps.push(step);
        Some(access(variable, steps, OperandType::Property(ty)))
    }

    fn parameter(&mut self, rest: &[Word<'_>], span: Span) -> Option<Typed> {
        let [(name, at)] = rest else {
            return self.error(span, "a parameter is `params.name`");
        };
        let params = self.environment.params;
        match params.get(*name) {
            Some(constant) => {
                let ty = match constant {
                    super::Constant::Bool(_) => OperandType::Property(PropertyType::Flag),
                    super::Constant::Number(_) => OperandType::Property(PropertyType::Number),
                    super::Constant::Text(_) => OperandType::Property(PropertyType::Text),
                    super::Constant::List(_) => OperandType::List,
                };
                Some(Typed { operand: Operand::Constant(constant.clone()), ty })
            }
            None => {
                let message = format!("the rule declares no parameter `{name}`");
                self.misspelt(*at, message, name, params.keys().map(String::as_str))
            }
        }
    }

    fn scope_of(&self, name: &str) -> Option<(usize, PathType)> {
        let (_, number, ty) = self.scope.iter().rev().find(|(known, ..)| known == name)?;
        Some((*number, ty.clone()))
    }

    /// One step of a path. In a view every member must answer, with one type.
    fn step(&mut self, target: &str, word: Word<'_>) -> Option<(Step, PropertyType)> {
        let schema = self.environment.schema;
        let members = schema::members(target);
        let mut getters: Vec<(&'static str, Getter)> = Vec::new();
        let mut found = None;
        for member in &members {
            let Some(asked) = schema.asked(member, word.0) else {
                let names = schema.names(target);
                let message = match members.len() {
                    1 => format!("`{target}` has no property or fact `{}`", word.0),
                    _ => format!("not every {target} has a property or fact `{}`: `{member}` has none", word.0),
                };
                return self.misspelt(word.1, message, word.0, names);
            };
            if found.is_some_and(|(_, ty)| ty != asked.ty) {
                return self.error(word.1, format!("`{}` is not of one type in every {target}", word.0));
            }
            found = Some((asked.name, asked.ty));
            getters.push((member, asked.getter));
        }
        match found {
            Some((name, ty)) => Some((Step { name, getters }, ty)),
            None => self.misspelt(word.1, format!("there is no entity `{target}`"), target, schema::targets()),
        }
    }

    /// The static name of an entity or view, for the type of a variable by itself.
    fn target_name(&self, name: &str) -> &'static str {
        schema::target(name).unwrap_or("entity")
    }
}

fn access(variable: usize, steps: Vec<Step>, ty: OperandType) -> Typed {
    Typed { operand: Operand::Access(Access { variable, steps, ty }), ty }
}

/// The names of a path with their places; nothing if it has an index or a splat.
fn words_of(expr: &Expr) -> Option<Vec<Word<'_>>> {
    match &expr.kind {
        ExprKind::Variable(name) => Some(vec![(name, expr.span)]),
        ExprKind::Traversal(traversal) => {
            let mut words = words_of(&traversal.base)?;
            for step in &traversal.steps {
                match &step.kind {
                    StepKind::Attribute(name) => words.push((name, step.span)),
                    StepKind::Index(_) | StepKind::LegacyIndex(_) | StepKind::AttributeSplat | StepKind::FullSplat => {
                        return None;
                    }
                }
            }
            Some(words)
        }
        _ => None,
    }
}
