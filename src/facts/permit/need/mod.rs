//! What principals need: the requests of the steps that hold their credentials, and of ECS for the tasks that carry their
//! names. Each need knows the lines that make it necessary. What `terraform apply` needs is not counted.

mod call;
mod diff;
mod document;
mod index;
mod job;
mod known;
mod narrow;
mod scope;
mod task;
#[cfg(test)]
mod tests;
pub(in crate::facts) mod verdict;
pub mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::condition::Context;
use super::pattern::{Case, Extent, Pattern, Reading as How};
use super::session::Session;
use super::statement::Question;
use super::trusted::Trusts;
use crate::facts::trust;
use crate::facts::{Analysis, Facts};
use crate::logic::Reason;
use crate::model::AnyId;
use crate::model::identity::{IamUser, Role};
use crate::source::{Place, Span};

use known::Known;

pub use document::{PolicyDocument, Statement as DocumentStatement};
pub use scope::Target;

/// How surely something is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// It may be: nobody who grants it grants too much.
    Perhaps,
    /// It is, where a step runs that may be left out.
    Conditional,
    Sure,
}

/// An action that somebody needs on something.
#[derive(Clone, Debug)]
pub struct Need {
    pub action: &'static str,
    pub target: Target,
    pub group: &'static str,
    /// The service that a role is passed to.
    pub passed_to: Option<&'static str>,
    /// The cluster of ECS that the request names.
    pub cluster: Option<Target>,
    pub certainty: Certainty,
    /// Sessions that are left less than the principal has, and how surely it is needed in each.
    pub sessions: Vec<(Arc<Session>, Certainty)>,
    /// The lines that make it necessary.
    pub places: Vec<Place>,
}

impl Need {
    pub(super) fn question(&self) -> Question {
        self.question_with(&Pattern::clone)
    }

    /// The question with its patterns written in another way.
    fn question_with(&self, write: &dyn Fn(&Pattern) -> Pattern) -> Question {
        let mut context = Context::default();
        if let Some(service) = self.passed_to {
            context = context.with("iam:PassedToService", Pattern::parse(service, How::Literal, Case::Kept));
        }
        if let Some(cluster) = &self.cluster {
            context = context.with("ecs:cluster", write(&cluster.pattern));
        }
        Question::new(self.action, write(&self.target.pattern), Extent::All, context)
    }
}

/// What one principal needs.
#[derive(Clone, Debug, Default)]
pub struct NeedSet {
    pub needs: Vec<Need>,
    /// Why it may need more.
    pub open: Vec<Reason>,
    /// Jobs that apply a configuration with it: what that needs is not counted.
    pub left_out: Vec<(String, Span)>,
    /// Who uses it: jobs and tasks.
    pub users: Vec<Place>,
    /// A job holds it, not only tasks.
    pub is_of_job: bool,
    /// ECS starts tasks with it.
    pub starts_tasks: bool,
    /// The code of a task holds it.
    pub is_of_code: bool,
    /// The accounts that logins write for it.
    accounts: BTreeSet<String>,
    known: Known,
}

impl NeedSet {
    /// Several lines may ask for the same.
    pub(super) fn add(&mut self, need: Need) {
        let same = |known: &&mut Need| {
            known.action == need.action && known.target == need.target && known.passed_to == need.passed_to
        };
        match self.needs.iter_mut().find(same) {
            Some(known) => {
                for place in need.places {
                    if !known.places.contains(&place) {
                        known.places.push(place);
                    }
                }
                known.certainty = known.certainty.max(need.certainty);
                for (session, certainty) in need.sessions {
                    match known.sessions.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &session)) {
                        Some((_, known)) => *known = certainty.max(*known),
                        None => known.sessions.push((session, certainty)),
                    }
                }
            }
            None => self.needs.push(need),
        }
    }

    pub(super) fn open(&mut self, reason: Reason) {
        if !self.open.contains(&reason) {
            self.open.push(reason);
        }
    }
}

/// The needs of all roles and users of a model, as far as this tree shows them.
pub struct Needs {
    of: BTreeMap<AnyId, NeedSet>,
    of_tasks: BTreeMap<u32, task::TaskNeeds>,
}

impl Analysis for Needs {
    fn compute(facts: &Facts<'_>) -> Needs {
        let mut of: BTreeMap<AnyId, NeedSet> = BTreeMap::new();
        job::collect(facts, &mut of);
        let of_tasks = task::collect(facts, &mut of);
        for (id, set) in &mut of {
            if let Some(role) = id.typed::<Role>() {
                other_holders(facts, role, set);
            }
        }
        for (id, set) in &mut of {
            set.known = Known::of(facts, *id, set);
            set.needs.sort_by(|a, b| (a.action, &a.target).cmp(&(b.action, &b.target)));
        }
        Needs { of, of_tasks }
    }
}

impl Needs {
    /// Nothing where nobody here uses the principal.
    pub fn of(&self, principal: impl Into<AnyId>) -> Option<&NeedSet> {
        self.of.get(&principal.into())
    }
}

/// Others who may assume a role need what nobody here shows.
fn other_holders(facts: &Facts<'_>, role: crate::model::Id<Role>, set: &mut NeedSet) {
    let model = facts.model;
    let trusts = facts.analysis::<Trusts>();
    let Some(trust) = trusts.of(role) else { return };
    let span = model[role].head.span;
    for service in &trust.services {
        let is_shown = service == "ecs-tasks.amazonaws.com" && (set.starts_tasks || set.is_of_code);
        if !is_shown {
            set.open(Reason::at("other-holder", service.clone(), span));
        }
    }
    if trust.has_aws {
        set.open(Reason::at("other-holder", "an account that it trusts", span));
    }
    if trust.is_open {
        set.open(Reason::at("other-holder", "whoever it trusts", span));
    }
    if trust.has_federated && trust::admits_other_repositories(facts, role) {
        set.open(Reason::at("other-holder", "other repositories", span));
    }
}

/// The principal of a credential's kind: the only user here that has a key.
fn only_user(facts: &Facts<'_>) -> Option<crate::model::Id<IamUser>> {
    let mut users = facts.model.identity.iam_users.iter().filter(|(_, user)| !user.access_keys.members.is_empty());
    let (first, _) = users.next()?;
    users.next().is_none().then_some(first)
}
