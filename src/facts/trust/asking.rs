//! Which jobs ask for which role, in which of their runs, and what the role's trust answers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::admit::{Admission, Admissions, Door, Effect};
use super::token::{Repository, Token};
use crate::facts::permit::lets_in;
use crate::facts::permit::pattern::Pattern;
use crate::facts::permit::roles::RolesByName;
use crate::facts::{Analysis, Facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::Role;
use crate::model::pipeline::{Credential, Start, Trigger};
use crate::model::{Id, Model, Reading};
use crate::source::{Place, Span};

/// The roles that the credentials of workflows ask for.
pub(in crate::facts) struct Uses {
    of: BTreeMap<u32, Id<Role>>,
    by_role: BTreeMap<u32, Vec<Id<Credential>>>,
}

impl Analysis for Uses {
    fn compute(facts: &Facts<'_>) -> Uses {
        let model = facts.model;
        let admissions = facts.analysis::<Admissions>();
        let mut github =
            model.identity.roles.ids().filter(|role| {
                admissions.of(*role).is_some_and(|admission| admission.doors.iter().any(Door::is_github))
            });
        let only = github.next().filter(|_| github.next().is_none());
        let roles = facts.analysis::<RolesByName>();
        let mut at: BTreeMap<&str, Id<Role>> = BTreeMap::new();
        for (id, role) in model.identity.roles.iter() {
            at.entry(&role.head.name).or_insert(id);
        }
        let mut uses = Uses { of: BTreeMap::new(), by_role: BTreeMap::new() };
        for (id, credential) in model.pipeline.credentials.iter() {
            if let Some(role) = role_of(credential, only, &roles, &at) {
                uses.of.insert(id.index, role);
                uses.by_role.entry(role.index).or_default().push(id);
            }
        }
        uses
    }
}

impl Uses {
    pub(in crate::facts) fn role_of(&self, credential: Id<Credential>) -> Option<Id<Role>> {
        self.of.get(&credential.index).copied()
    }

    /// Why a credential may be for a role here although nobody can tell: the name of the role is hidden.
    pub(in crate::facts) fn hidden_role(&self, facts: &Facts<'_>, id: Id<Credential>) -> Option<Reason> {
        let model = facts.model;
        let credential = &model[id];
        if credential.kind.as_str() != Some("oidc_role") || self.role_of(id).is_some() {
            return None;
        }
        let mut roles = model.identity.roles.iter().filter(|(role, _)| !is_dead(facts, *role));
        let (_, role) = roles.find(|(_, role)| may_ask_for(credential, role))?;
        Some(Reason::at("no-value", "the name of the role", role.head.span))
    }

    /// Why some credential may ask for a role although nobody can tell: the name of the role is hidden.
    pub(in crate::facts) fn hidden_job(&self, model: &Model, role: Id<Role>) -> Option<Reason> {
        if model[role].name.as_str().is_some() {
            return None;
        }
        let mut credentials = model.pipeline.credentials.iter();
        let asks = credentials.any(|(id, credential)| {
            credential.kind.as_str() == Some("oidc_role")
                && self.role_of(id).is_none()
                && may_ask_for(credential, &model[role])
        });
        asks.then(|| Reason::at("no-value", "the name of the role", model[role].head.span))
    }

    /// The credentials that ask for a role.
    pub(in crate::facts) fn of_role<'m>(
        &self,
        model: &'m Model,
        role: Id<Role>,
    ) -> Vec<(Id<Credential>, &'m Credential)> {
        let asking = self.by_role.get(&role.index);
        asking.into_iter().flatten().map(|id| (*id, &model[*id])).collect()
    }
}

/// By the name in the ARN or by the address that the configuration gives; a reference to a setting means the only role
/// here that jobs may have.
fn role_of(
    credential: &Credential,
    only: Option<Id<Role>>,
    roles: &RolesByName,
    at: &BTreeMap<&str, Id<Role>>,
) -> Option<Id<Role>> {
    if credential.kind.as_str() != Some("oidc_role") {
        return None;
    }
    let text = credential.role_reference.value().as_text()?;
    match text.known() {
        Some(known) if known.starts_with("arn:") => roles.named(known.rsplit('/').next()?),
        Some(known) => {
            let address = known.strip_prefix("terraform#").unwrap_or(known);
            at.get(address).copied().or_else(|| roles.named(address.rsplit('/').next()?))
        }
        None if text.prefix().is_empty() && text.suffix().is_empty() => only,
        None => roles.named(text.suffix().rsplit('/').next().filter(|_| text.suffix().contains('/'))?),
    }
}

/// The way of a credential to its role: by a token, or by the role that the job has before.
pub(super) struct Way {
    /// The role that it ends in.
    pub(super) role: Id<Role>,
    /// The login whose token is judged, and the role that it gives.
    pub(super) first: (Id<Credential>, Id<Role>),
    /// Whether the first role may go on to the last.
    pub(super) goes_on: Tri,
}

/// How a credential gets its role, as far as the roles are here.
pub(super) fn way_of(facts: &Facts<'_>, id: Id<Credential>) -> Option<Way> {
    let model = facts.model;
    let uses = facts.analysis::<Uses>();
    if let Some(role) = uses.role_of(id) {
        return Some(Way { role, first: (id, role), goes_on: Tri::True });
    }
    let credential = &model[id];
    if credential.kind.as_str() != Some("chained_role") {
        return None;
    }
    let text = credential.role_reference.value().as_text()?;
    let role = facts.analysis::<RolesByName>().named(text.known()?.rsplit('/').next()?)?;
    // The last login before counts.
    let step = |credential: &Credential| match credential.from_step.get() {
        Reading::Known(step) => step.as_i64(),
        Reading::Absent | Reading::Unknown(_) => None,
    };
    let own = step(credential)?;
    let before = model[credential.job.id()?].credentials.ids().filter(|other| {
        let is_role = matches!(model[*other].kind.as_str(), Some("oidc_role" | "chained_role" | "static_keys"));
        is_role && step(&model[*other]).is_some_and(|other| other < own)
    });
    let source = before.max_by_key(|other| step(&model[*other]))?;
    let first = uses.role_of(source)?;
    Some(Way { role, first: (source, first), goes_on: lets_in(facts, role, first) })
}

/// A run of a job that asks for a role.
pub(super) struct Asking<'m> {
    pub(super) token: Token<'m>,
    pub(super) admitted: Tri,
}

impl<'m> Asking<'m> {
    pub(super) fn start(&self) -> &'m Start {
        self.token.start
    }

    /// No condition stands in the way of the run that is not known.
    pub(super) fn is_sure(&self) -> bool {
        matches!(self.start().maybe.get(), Reading::Known(false) | Reading::Absent)
    }

    pub(super) fn trigger_span(&self, model: &Model) -> Option<Span> {
        let trigger: Id<Trigger> = self.start().trigger.id()?;
        Some(model[trigger].head.span)
    }
}

/// The starts of a credential's job in which its step runs and a token can be had, each with the trust's answer.
pub(super) fn askings<'m>(
    facts: &'m Facts<'_>,
    repository: &'m Repository,
    id: Id<Credential>,
    role: Id<Role>,
) -> Vec<Asking<'m>> {
    let model = facts.model;
    let audience = model[id].audience.as_str();
    let told = facts.analysis::<Answers>();
    let answers = || answers(facts, repository, id, role);
    let (of_role, known) = told.of[id.index as usize].get_or_init(|| (role, answers()));
    let known = if *of_role == role { Cow::Borrowed(known) } else { Cow::Owned(answers()) };
    let asking = |(start, admitted): &(Id<Start>, Tri)| {
        let token = Token::new(model, &model[*start], repository, audience);
        Asking { token, admitted: *admitted }
    };
    known.iter().map(asking).collect()
}

/// Whether a credential may be for a role whose name nobody knows, or not all of it.
fn may_ask_for(credential: &Credential, role: &Role) -> bool {
    let wanted = credential.role_reference.as_str().and_then(|arn| arn.rsplit('/').next());
    wanted.is_some_and(|wanted| role.name.equals(wanted) == Tri::Unknown && role.name.is_present() != Tri::False)
}

/// What the trust of a role answers to the runs of each credential's job: several facts look at them.
struct Answers {
    of: Box<[OnceLock<(Id<Role>, Vec<(Id<Start>, Tri)>)>]>,
}

impl Analysis for Answers {
    fn compute(facts: &Facts<'_>) -> Answers {
        Answers { of: facts.model.pipeline.credentials.ids().map(|_| OnceLock::new()).collect() }
    }
}

fn answers(facts: &Facts<'_>, repository: &Repository, id: Id<Credential>, role: Id<Role>) -> Vec<(Id<Start>, Tri)> {
    let model = facts.model;
    let credential = &model[id];
    let admissions = facts.analysis::<Admissions>();
    let (Some(job), Some(admission)) = (credential.job.id(), admissions.of(role)) else { return Vec::new() };
    let step = credential.step.id();
    let asks = |id: &Id<Start>| {
        let start = &model[*id];
        // The token of a fork's own run asks for nothing.
        (start.source.as_str() != Some("fork") || start.is_trusted.tri() == Tri::True)
            && step.is_none_or(|step| start.steps.ids().any(|it| it == step))
    };
    let answer = |id: Id<Start>| {
        let token = Token::new(model, &model[id], repository, credential.audience.as_str());
        (id, token.is_admitted(admission))
    };
    model[job].starts.ids().filter(asks).map(answer).collect()
}

/// Whether a run of a pull request asks for a role and is let in.
pub(in crate::facts) fn pull_request_admitted(facts: &Facts<'_>, role: Id<Role>) -> Fact {
    let model = facts.model;
    let uses = facts.analysis::<Uses>();
    let repository = facts.analysis::<Repository>();
    let mut answers = Vec::new();
    for (id, credential) in uses.of_role(model, role) {
        for asking in askings(facts, &repository, id, role) {
            if asking.start().event.as_str() != Some("pull_request") || asking.admitted == Tri::False {
                continue;
            }
            let span = asking.trigger_span(model).unwrap_or(credential.head.span);
            let sure = if asking.is_sure() { Tri::True } else { Tri::Unknown };
            answers.push(Fact::new(asking.admitted.and(sure), vec![Place::new(span, "pull requests are let in")]));
        }
    }
    Fact::any(answers)
}

/// What is wrong with the trust itself is told by other rules.
pub(super) fn is_dead(facts: &Facts<'_>, role: Id<Role>) -> bool {
    let admissions = facts.analysis::<Admissions>();
    admissions.of(role).is_none_or(|admission| admission.open.is_none() && admission.doors.iter().all(Door::is_dead))
}

/// The values of the conditions on the subject in the doors that let somebody in, each with its place.
pub(super) fn alternatives<'a>(model: &Model, admission: &'a Admission) -> Vec<(&'a Pattern, Span)> {
    let doors = admission.doors.iter().filter(|door| door.is_github() && !door.is_dead());
    let claims = doors.flat_map(|door| door.claims("sub")).filter(|claim| claim.effect == Effect::Limits);
    claims
        .flat_map(|claim| {
            let written = &model[claim.id];
            let span_of = |index: usize| match written.values.get() {
                Reading::Known(list) => list.items.get(index).and_then(|value| value.origin.span()),
                Reading::Absent | Reading::Unknown(_) => None,
            };
            let values = claim.condition.values.iter().enumerate();
            values
                .map(|(index, value)| (value, span_of(index).unwrap_or(written.head.span)))
                .collect::<Vec<(&Pattern, Span)>>()
        })
        .collect()
}

/// The first value of the first condition on a subject.
pub(super) fn subject_span(model: &Model, admission: &Admission) -> Option<Span> {
    let claim = admission.doors.iter().flat_map(|door| door.claims("sub")).next()?;
    let condition = &model[claim.id];
    match condition.values.get() {
        Reading::Known(list) => list.items.first().and_then(|value| value.origin.span()),
        Reading::Absent | Reading::Unknown(_) => Some(condition.head.span),
    }
}
