//! What a set of policies grants: Allow is `or` over statements, Deny takes away, a boundary and session policies bound.

use std::sync::{Arc, OnceLock};

use super::actions::ActionName;
use super::index::ByService;
use super::pattern::Extent;
use super::statement::{Effect, Question, Statement};
use crate::logic::Tri;

/// Statements that count together, and what they belong to.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    pub statements: Vec<Arc<Statement>>,
    /// Something attached could not be read: what is not granted here may be granted there.
    pub is_open: bool,
    pub boundary: Bound,
    pub sessions: Vec<Bound>,
    /// Which statements can name what, once they are complete.
    pub(super) index: OnceLock<ByService>,
}

/// What limits a set of policies without granting anything itself.
#[derive(Clone, Debug, Default)]
pub enum Bound {
    #[default]
    None,
    Statements(Vec<Arc<Statement>>),
    /// There is one, but it cannot be read.
    Unresolved,
}

impl PolicySet {
    pub fn of(statements: Vec<Arc<Statement>>) -> PolicySet {
        PolicySet { statements, ..PolicySet::default() }
    }

    /// The principal may do it, as far as this repository says.
    pub fn grants(&self, question: &Question) -> Tri {
        let own = decide(self.speaking_of(&question.action).map(|(_, statement)| statement), question);
        // A hidden Deny is not presumed; a hidden Allow may be there unless something denies.
        let own = match own {
            Decision::Denied => Tri::False,
            Decision::Allowed(tri) if self.is_open => tri.or(Tri::Unknown),
            Decision::Allowed(tri) => tri,
        };
        let bounds = std::iter::once(&self.boundary).chain(&self.sessions);
        own.and(Tri::all(bounds.map(|bound| bound.admits(question))))
    }

    /// Whether an action may be granted at all; a cheap look before a question is put together.
    pub fn may_name(&self, action: &ActionName) -> bool {
        self.is_open || self.names(action)
    }

    /// Whether any statement may speak of an action.
    pub fn names(&self, action: &ActionName) -> bool {
        self.speaking_of(action).any(|(_, statement)| statement.names_action(action) != Tri::False)
    }

    /// The same statements but some.
    pub fn keeping(&self, kept: &[usize]) -> PolicySet {
        let statements = kept.iter().map(|index| self.statements[*index].clone()).collect();
        PolicySet { statements, index: OnceLock::new(), ..self.clone() }
    }

    /// The statements whose entries can name actions of the service, in order, each with its number.
    pub(super) fn speaking_of(&self, action: &ActionName) -> impl Iterator<Item = (usize, &Arc<Statement>)> {
        let index = self.index.get_or_init(|| ByService::of_statements(&self.statements));
        index.of(action.service()).map(|number| (number, &self.statements[number]))
    }

    /// Nothing in it takes away or bounds what its statements allow.
    pub fn is_plain(&self) -> bool {
        self.sessions.is_empty()
            && matches!(self.boundary, Bound::None)
            && self.statements.iter().all(|statement| statement.effect == Some(Effect::Allow))
    }

    /// The indices of the statements that allow it, or may.
    pub fn granting<'a>(&'a self, question: &'a Question) -> impl Iterator<Item = usize> + 'a {
        self.speaking_of(&question.action).filter_map(|(index, statement)| {
            let speaks = statement.effect == Some(Effect::Allow) && is_possible(statement, question);
            speaks.then_some(index)
        })
    }
}

impl Bound {
    pub fn admits(&self, question: &Question) -> Tri {
        match self {
            Bound::None => Tri::True,
            Bound::Unresolved => Tri::Unknown,
            Bound::Statements(statements) => match decide(statements.iter(), question) {
                Decision::Denied => Tri::False,
                Decision::Allowed(tri) => tri,
            },
        }
    }
}

fn is_possible(statement: &Statement, question: &Question) -> bool {
    statement.applies(question, question.extent) != Tri::False
}

/// The statements' answer, where a Deny is told apart from nobody allowing it.
pub enum Decision {
    Denied,
    Allowed(Tri),
}

pub fn decide<'s>(statements: impl Iterator<Item = &'s Arc<Statement>>, question: &Question) -> Decision {
    let mut allowed = Tri::False;
    let mut denied = Tri::False;
    for statement in statements {
        match statement.effect {
            // One that allows for certain is enough; a Deny may follow.
            Some(Effect::Allow) if allowed == Tri::True => {}
            Some(Effect::Allow) => allowed = allowed.or(statement.applies(question, question.extent)),
            Some(Effect::Deny) => denied = denied.or(denial(statement, question)),
            None => {
                let applies = statement.applies(question, question.extent).and(Tri::Unknown);
                allowed = allowed.or(applies);
                denied = denied.or(applies);
            }
        }
    }
    match denied {
        Tri::True => Decision::Denied,
        Tri::Unknown => Decision::Allowed(allowed.and(Tri::Unknown)),
        Tri::False => Decision::Allowed(allowed),
    }
}

/// A Deny takes the answer to "all" away where it meets anything, and the answer to "some" only where it covers all.
fn denial(statement: &Statement, question: &Question) -> Tri {
    let covers = statement.applies(question, Extent::All);
    match question.extent {
        Extent::All => covers,
        Extent::Some => match covers {
            Tri::Unknown if !may_cover(statement, question) => Tri::False,
            covers => covers,
        },
    }
}

/// Whether the Deny, with holes as anything, would cover all that the question names.
fn may_cover(statement: &Statement, question: &Question) -> bool {
    statement.resources.is_negated
        || statement.resources.is_open
        || statement.resources.patterns.iter().any(|pattern| pattern.may_cover(&question.resource))
}
