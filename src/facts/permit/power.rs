//! What principals can become, and what an attached policy of AWS brings alone.

use super::actions::ActionName;
use super::escalate::{Escalation, Power, PowerOf, Powers, power_within};
use super::grant::{Bound, PolicySet};
use super::managed::Managed;
use super::principal::{self, Attached, Grants};
use super::session::session_of;
use super::spelling::arn_span;
use super::statement::Question;
use super::trusted::Trusts;
use crate::data::actions::{Action, Level, Service};
use crate::data::paths::PathClass;
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::{AccessKey, Attachment, IamGroup, IamUser, Role};
use crate::model::pipeline::Credential;
use crate::model::{AnyId, Entity, Id, Model};
use crate::source::Place;
use crate::value::{Origin, Value};

facts! {
    Role {
        /// What it can do at most, after escalation: 0 nothing, 1 read metadata, 2 read data, 3 write, 4 change what runs
        /// with another role, 5 everything.
        power: Number = power::<Role>,
        /// Whether it may do everything, or give itself that.
        is_administrator: Flag = is_administrator::<Role>,
        /// Whether it is no administrator, and a path that others have described makes it one.
        can_become_administrator: Flag = can_become_administrator::<Role>,
        /// Whether a path leads to another role, whose strength nobody can see or which is no administrator.
        may_escalate: Flag = may_escalate::<Role>,
    }
    IamUser {
        power: Number = power::<IamUser>,
        is_administrator: Flag = is_administrator::<IamUser>,
        can_become_administrator: Flag = can_become_administrator::<IamUser>,
        may_escalate: Flag = may_escalate::<IamUser>,
    }
    IamGroup {
        power: Number = power::<IamGroup>,
        is_administrator: Flag = is_administrator::<IamGroup>,
        can_become_administrator: Flag = can_become_administrator::<IamGroup>,
        may_escalate: Flag = may_escalate::<IamGroup>,
    }
    AccessKey {
        /// Whether it lasts until somebody takes it away, as every key of a user does.
        is_long_lived: Flag = is_long_lived,
    }
    Attachment {
        /// Whether a policy of AWS opens a way to more permissions by itself, and a machine has it.
        opens_path_alone: Flag = opens_path_alone,
        /// Whether a policy of AWS changes things that have names, on every resource.
        writes_every_resource: Flag = writes_every_resource,
    }
}

/// The number of a principal's power and the places that show it; unknown while more may come from what is hidden.
pub(in crate::facts) fn power_of(facts: &Facts<'_>, id: AnyId) -> (Option<Power>, Vec<Place>) {
    let powers = facts.analysis::<Powers>();
    match powers.of(id) {
        Some(of) if of.power == Power::Administrator || of.open.is_none() => (Some(of.power), of.places.clone()),
        Some(_) | None => (None, Vec::new()),
    }
}

/// Whether a principal has at least this power.
pub(in crate::facts) fn has_power(facts: &Facts<'_>, id: AnyId, least: Power) -> Tri {
    let powers = facts.analysis::<Powers>();
    match powers.of(id) {
        Some(of) if of.power >= least => Tri::True,
        Some(PowerOf { open: Some(_), .. }) | None => Tri::Unknown,
        Some(_) => Tri::False,
    }
}

/// Whether a session has at least this power: that of its role, less what a session policy leaves out.
pub(in crate::facts) fn session_has_power(facts: &Facts<'_>, role: Id<Role>, id: Id<Credential>, least: Power) -> Tri {
    let of_role = has_power(facts, role.into(), least);
    let grants = facts.analysis::<Grants>();
    let (Some(session), Some(granted)) = (session_of(facts, id), grants.of(role)) else { return of_role };
    if of_role == Tri::False {
        return Tri::False;
    }
    match &session.bound {
        Bound::Unresolved => Tri::Unknown,
        // What a path leads to needs an action that changes something first.
        Bound::Statements(_) | Bound::None => {
            Tri::from(power_within(facts.model, granted, session.bound.clone()) >= least.min(Power::Write)).and(of_role)
        }
    }
}

fn power<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> (Value, Vec<Place>) {
    let head = facts.model.head(id.into());
    let origin = Origin::written(head.span);
    match power_of(facts, id.into()) {
        (Some(power), places) => (Value::number(power as i64, origin), places),
        (None, places) => {
            let powers = facts.analysis::<Powers>();
            let open = powers.of(id).and_then(|of| of.open.clone());
            let reason = open.unwrap_or_else(|| Reason::at("no-value", "the policies", head.span));
            (Value::unknown(reason, origin), places)
        }
    }
}

fn is_administrator<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    let head = facts.model.head(id.into());
    let powers = facts.analysis::<Powers>();
    let Some(of) = powers.of(id) else { return Fact::no(vec![Place::new(head.span, "")]) };
    match of.is_administrator {
        Tri::True => Fact::yes(of.administrator_places.clone()),
        Tri::False => Fact::no(vec![Place::new(head.span, "")]),
        Tri::Unknown => {
            Fact::unknown(of.open.clone().unwrap_or_else(|| Reason::at("no-value", "the policies", head.span)))
        }
    }
}

/// Runs over the escalations of a principal: the first that `wanted` takes decides.
fn judge<E: Entity>(facts: &Facts<'_>, id: Id<E>, wanted: impl Fn(&Powers, &PowerOf, &Escalation) -> bool) -> Fact {
    let model = facts.model;
    let head = model.head(id.into());
    let powers = facts.analysis::<Powers>();
    let Some(of) = powers.of(id) else { return Fact::no(vec![Place::new(head.span, "")]) };
    let mut doubt = false;
    for escalation in of.escalations.iter().filter(|escalation| wanted(&powers, of, escalation)) {
        match escalation.tri {
            Tri::True => return Fact::yes(trail(model, escalation)),
            Tri::Unknown => doubt = true,
            Tri::False => {}
        }
    }
    match (&of.open, doubt) {
        (Some(reason), _) => Fact::unknown(reason.clone()),
        (None, true) => Fact::unknown(Reason::at("scoped-by-condition", "the policies", head.span)),
        (None, false) => Fact::no(vec![Place::new(head.span, "")]),
    }
}

/// One place an action, and the role that is taken over.
fn trail(model: &Model, escalation: &Escalation) -> Vec<Place> {
    let mut places = escalation.places.clone();
    if let Some(target) = escalation.target {
        let role = &model[target];
        places.push(Place::new(role.head.span, format!("`{}` can be taken over", role.head.name)));
    }
    if let Some(first) = places.first_mut() {
        first.role = format!("{} (path `{}`)", first.role, escalation.path.id);
    }
    places
}

/// Leads to an administrator for certain: what the path rewrites, or whom it takes over.
fn leads_to_administrator(powers: &Powers, escalation: &Escalation) -> bool {
    match (escalation.path.class, escalation.target) {
        (PathClass::Own | PathClass::Trust | PathClass::Credentials, None) => true,
        (_, Some(target)) => powers.of(target).is_some_and(|of| of.power == Power::Administrator),
        (_, None) => false,
    }
}

/// Ways that have a rule of their own, or that somebody opened on purpose by naming both ends.
fn is_told_elsewhere(escalation: &Escalation) -> bool {
    matches!(escalation.path.id, "assume-role" | "ecs-update-service" | "ecr-mutable-tag" | "tf-state-write")
}

fn can_become_administrator<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    judge(facts, id, |powers, _, escalation| {
        escalation.path.has_outside_evidence
            && !is_told_elsewhere(escalation)
            && leads_to_administrator(powers, escalation)
    })
}

fn may_escalate<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    judge(facts, id, |powers, of, escalation| {
        let is_critical = escalation.path.has_outside_evidence && leads_to_administrator(powers, escalation);
        if is_critical || is_told_elsewhere(escalation) {
            return false;
        }
        match escalation.target {
            // A role that is no stronger than its holder is nothing to escalate to.
            Some(target) => powers.of(target).is_some_and(|target| target.power > of.own),
            None => true,
        }
    })
}

fn is_long_lived(facts: &Facts<'_>, id: Id<AccessKey>) -> Fact {
    let model = facts.model;
    let key = &model[id];
    let mut places = vec![Place::new(key.head.span, "this key never ends")];
    if let Some(user) = key.iam_user.id() {
        places.push(Place::new(model[user].head.span, "the user that it is made for"));
    }
    Fact::yes(places)
}

/// The policy of AWS that an attachment brings.
fn brought(model: &Model, id: Id<Attachment>) -> Option<&'static Managed> {
    match principal::resolve(model, id) {
        Attached::Managed(managed) => Some(managed),
        Attached::Customer(_) | Attached::Unresolved(_) => None,
    }
}

fn opens_path_alone(facts: &Facts<'_>, id: Id<Attachment>) -> Fact {
    let model = facts.model;
    let span = arn_span(model, id);
    let nothing = || Fact::no(vec![Place::new(span, "")]);
    let Some(managed) = brought(model, id) else { return unresolved(model, id) };
    let (policy, opened) = (managed.policy, managed.paths());
    let Some(path) = opened.first() else { return nothing() };
    match is_for_a_machine(facts, id) {
        Tri::True => {}
        Tri::False => return nothing(),
        Tri::Unknown => return Fact::unknown(Reason::at("no-value", "who has it", model[id].head.span)),
    }
    let n_actions = managed.n_actions();
    let more = match opened.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let numbers = model[id].principal.any().and_then(|holder| super::need::verdict::numbers(facts, holder));
    let numbers = numbers.map_or_else(String::new, |numbers| format!("; {numbers}"));
    let role = format!("`{}` grants {n_actions} actions and opens the path `{}`{more}{numbers}", policy.name, path.id);
    Fact::yes(vec![Place::new(span, role)])
}

/// Whether an attachment brings a policy of AWS that opens a path alone.
pub(super) fn is_dangerous(model: &Model, id: Id<Attachment>) -> bool {
    brought(model, id).is_some_and(|managed| !managed.paths().is_empty())
}

/// An attachment that brings nothing of AWS: a policy of this tree says nothing here, one that is hidden nobody knows.
fn unresolved(model: &Model, id: Id<Attachment>) -> Fact {
    match principal::resolve(model, id) {
        Attached::Unresolved(reason)
            if model[id].written_arn.id().is_none_or(|arn| model[arn].text.as_str().is_none()) =>
        {
            Fact::unknown(reason)
        }
        Attached::Unresolved(_) | Attached::Customer(_) | Attached::Managed(_) => {
            Fact::no(vec![Place::new(arn_span(model, id), "")])
        }
    }
}

/// An action of the table that somebody has.
#[derive(Clone, Copy, Debug)]
pub struct GrantedAction {
    service: &'static Service,
    action: &'static Action,
    /// Some statement grants it on a resource, without conditions.
    is_sure: bool,
}

impl GrantedAction {
    /// `service:Action`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service.prefix, self.action.name)
    }

    pub fn level(&self) -> Level {
        self.action.level
    }

    pub fn takes_resource(&self) -> bool {
        self.action.takes_resource()
    }

    /// Whether it is this one, without regard to case.
    pub fn is(&self, name: &str) -> bool {
        let (prefix, own) = (self.service.prefix, &self.action.name);
        // Most names have another length.
        name.len() == prefix.len() + 1 + own.len()
            && name.as_bytes()[prefix.len()] == b':'
            && name.as_bytes()[prefix.len() + 1..].eq_ignore_ascii_case(own.as_bytes())
            && name.as_bytes()[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes())
    }

    pub fn prefix(&self) -> &'static str {
        self.service.prefix
    }

    fn order(&self) -> (&'static str, &'static str) {
        (self.service.prefix, &self.action.name)
    }
}

/// All actions of the table that a set allows anywhere.
pub fn allowed_by(set: &PolicySet) -> Vec<GrantedAction> {
    let mut found = Vec::new();
    for statement in &set.statements {
        if statement.effect != Some(super::statement::Effect::Allow) {
            continue;
        }
        let grants_something = statement.grants_something();
        for allowed in statement.actions.allowed().iter().filter(|allowed| allowed.named == Tri::True) {
            let action = allowed.action;
            let is_sure = grants_something && action.takes_resource() && !action.is_disputed;
            found.push(GrantedAction { service: allowed.service, action, is_sure });
        }
    }
    found.sort_by_key(GrantedAction::order);
    found.dedup_by(|later, first| {
        let is_same = std::ptr::eq(later.action, first.action);
        first.is_sure |= is_same && later.is_sure;
        is_same
    });
    found
}

/// The actions that a set grants on something, whatever bounds or denies.
pub fn granted_actions(set: &PolicySet) -> Vec<GrantedAction> {
    let is_plain = set.is_plain();
    let works = |granted: &GrantedAction| {
        let question = || Question::somewhere(ActionName::of(granted.service, granted.action));
        (is_plain && granted.is_sure) || set.grants(&question()) != Tri::False
    };
    allowed_by(set).into_iter().filter(works).collect()
}

/// A program holds the permissions: nobody looks at what it does with them.
fn is_for_a_machine(facts: &Facts<'_>, id: Id<Attachment>) -> Tri {
    let model = facts.model;
    let Some(holder) = model[id].principal.any() else { return Tri::False };
    if let Some(role) = holder.typed::<Role>() {
        return facts.analysis::<Trusts>().is_for_machines(role);
    }
    Tri::from(holder.typed::<IamUser>().is_some_and(|user| !model[user].access_keys.members.is_empty()))
}

fn writes_every_resource(facts: &Facts<'_>, id: Id<Attachment>) -> Fact {
    let model = facts.model;
    let span = arn_span(model, id);
    let nothing = || Fact::no(vec![Place::new(span, "")]);
    let Some(managed) = brought(model, id) else { return unresolved(model, id) };
    let policy = managed.policy;
    let is_of_service = policy.name.starts_with("service-role/") && model[id].principal.any().is_some();
    if is_of_service || !managed.paths().is_empty() {
        return nothing();
    }
    for (statement, written) in managed.set.statements.iter().zip(&policy.statements) {
        let is_allow = statement.effect == Some(super::statement::Effect::Allow);
        if !is_allow || !written.conditions.is_empty() || statement.resources.is_negated {
            continue;
        }
        let changed = super::width::changed_everywhere(statement);
        if let [first, ..] = &*changed {
            let role =
                format!("`{}` allows {first} and {} more actions on every resource", policy.name, changed.len() - 1);
            return Fact::yes(vec![Place::new(span, role)]);
        }
    }
    nothing()
}
