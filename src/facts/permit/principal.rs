//! The policies of every principal as one set: inline ones, attached ones, those of its groups, bounded by its boundary.
//! An attached policy whose ARN has one right neighbour is evaluated as that one, so that what is behind it shows at once.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::grant::{Bound, PolicySet};
use super::managed::Managed;
use super::pattern::{Case, Pattern, Reading as How, Symbol};
use super::power::{GrantedAction, granted_actions};
use super::read;
use super::statement::{Effect, Question, Statement};
use crate::data::managed;
use crate::facts::{Analysis, Facts};
use crate::logic::{Reason, Tri};
use crate::model::identity::{self, Attachment, IamGroup, IamUser, Policy, Role};
use crate::model::{AnyId, Entity, Id, Link, Many, Model, One};
use crate::source::Place;
use crate::value::Text;

/// What all principals of a model are granted.
pub struct Grants {
    of: BTreeMap<AnyId, Granted>,
}

/// What one principal is granted, and from where.
pub struct Granted {
    pub set: PolicySet,
    /// Where each statement of the set stands.
    pub sources: Vec<Source>,
    /// Why the set may hold more.
    pub open: Option<Reason>,
    /// The principal's own ARN.
    pub arn: Pattern,
    /// The root module that makes it.
    pub root: Option<Arc<str>>,
    /// The policies of AWS among what it has.
    pub managed: Vec<&'static Managed>,
    actions: OnceLock<Box<[GrantedAction]>>,
}

/// How a principal has a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    Inline,
    Attached,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Written(Id<identity::Statement>),
    /// A statement of a policy that AWS manages, by the attachment.
    Managed(Id<Attachment>),
}

impl Analysis for Grants {
    fn compute(facts: &Facts<'_>) -> Grants {
        let model = facts.model;
        let mut of = BTreeMap::new();
        for (id, role) in model.identity.roles.iter() {
            let mut granted = Granted::none(model, "role", role.name.value().as_text(), role.arn.value().as_text());
            granted.root = role.arn.value().as_reference().map(|reference| reference.root.clone());
            granted.add_all(facts, &role.policies, &role.attachments);
            granted.bound(facts, &role.boundary, role.boundary_arn.value().as_text());
            of.insert(id.into(), granted);
        }
        for (id, user) in model.identity.iam_users.iter() {
            let mut granted = Granted::none(model, "user", user.name.value().as_text(), user.arn.value().as_text());
            granted.root = user.arn.value().as_reference().map(|reference| reference.root.clone());
            granted.add_all(facts, &user.policies, &user.attachments);
            for group in user.groups.ids() {
                let group = &model[group];
                granted.add_all(facts, &group.policies, &group.attachments);
            }
            if let Some(reason) = &user.groups.open {
                granted.open(reason);
            }
            granted.bound(facts, &user.boundary, user.boundary_arn.value().as_text());
            of.insert(id.into(), granted);
        }
        for (id, group) in model.identity.iam_groups.iter() {
            let mut granted = Granted::none(model, "group", group.name.value().as_text(), group.arn.value().as_text());
            granted.root = group.arn.value().as_reference().map(|reference| reference.root.clone());
            granted.add_all(facts, &group.policies, &group.attachments);
            of.insert(id.into(), granted);
        }
        Grants { of }
    }
}

impl Grants {
    pub fn of(&self, principal: impl Into<AnyId>) -> Option<&Granted> {
        self.of.get(&principal.into())
    }

    pub fn iter(&self) -> impl Iterator<Item = (AnyId, &Granted)> {
        self.of.iter().map(|(id, granted)| (*id, granted))
    }
}

impl Granted {
    fn none(model: &Model, kind: &str, name: Option<Text>, arn: Option<Text>) -> Granted {
        let unfold = |hole: &crate::value::Value| super::arn::unfold(model, hole);
        let arn = match (arn, name) {
            (Some(arn), _) => Pattern::new(&arn, How::Literal, Case::Kept, &unfold),
            (None, Some(name)) => {
                let mut symbols: Vec<Symbol> = "arn:".chars().map(Symbol::Literal).collect();
                symbols.push(Symbol::Hole(super::pattern::shared_hole("partition", "")));
                symbols.extend(":iam::".chars().map(Symbol::Literal));
                symbols.push(Symbol::Hole(super::pattern::shared_hole("account", "")));
                symbols.extend(format!(":{kind}/").chars().map(Symbol::Literal));
                symbols.extend_from_slice(Pattern::new(&name, How::Literal, Case::Kept, &unfold).symbols());
                Pattern::of(symbols)
            }
            (None, None) => Pattern::parse(&format!("arn:aws:iam::*:{kind}/*"), How::PlainGlob, Case::Kept),
        };
        Granted { arn, ..Granted::of(PolicySet::default()) }
    }

    /// What a set of policies grants, whoever has it.
    pub fn of(set: PolicySet) -> Granted {
        Granted {
            set,
            sources: Vec::new(),
            open: None,
            arn: Pattern::anything(),
            root: None,
            managed: Vec::new(),
            actions: OnceLock::new(),
        }
    }

    /// Why it may be granted more than it shows: a policy is not here, or an effect or an action is hidden.
    pub(in crate::facts) fn doubt(&self, model: &Model) -> Option<Reason> {
        let is_hidden = |statement: &Arc<Statement>| {
            let is_hole = |pattern: &Pattern| matches!(pattern.symbols().first(), Some(Symbol::Hole(_)));
            let actions = &statement.actions;
            statement.effect.is_none() || actions.is_open || actions.patterns.iter().any(is_hole)
        };
        let hidden = || {
            let index = self.set.statements.iter().position(is_hidden)?;
            match self.sources.get(index)? {
                Source::Written(id) => Some(Reason::at("no-value", "what a statement allows", model[*id].head.span)),
                Source::Managed(_) => None,
            }
        };
        self.open.clone().or_else(hidden)
    }

    /// The actions of the table that are granted on something.
    pub fn actions(&self) -> &[GrantedAction] {
        self.actions.get_or_init(|| granted_actions(&self.set).into())
    }

    /// The same in a session that is bounded, too.
    pub fn within(&self, bound: Bound) -> Granted {
        let mut set = self.set.clone();
        set.sessions.push(bound);
        self.with(set)
    }

    /// The same without its boundary, if it has one.
    pub fn without_boundary(&self) -> Option<Granted> {
        let has_one = !matches!(self.set.boundary, Bound::None);
        has_one.then(|| self.with(PolicySet { boundary: Bound::None, ..self.set.clone() }))
    }

    /// The same without the Deny statements that stand in policies of its own, or in attached ones; nothing if there
    /// are none.
    pub fn without_denials(&self, model: &Model, holding: Holding) -> Option<Granted> {
        let is_attached = |policy: Id<Policy>| {
            let mut attachments = model.identity.attachments.iter();
            attachments.any(|(_, attachment)| attachment.policy.id() == Some(policy))
        };
        let is_held = |source: &Source| match (source, holding) {
            (Source::Written(id), Holding::Inline) => model[*id].policy.id().is_some_and(|it| !is_attached(it)),
            (Source::Written(id), Holding::Attached) => model[*id].policy.id().is_some_and(is_attached),
            (Source::Managed(_), holding) => holding == Holding::Attached,
        };
        let is_denial =
            |index: usize| self.set.statements[index].effect == Some(Effect::Deny) && is_held(&self.sources[index]);
        let kept: Vec<usize> = (0..self.sources.len()).filter(|index| !is_denial(*index)).collect();
        if kept.len() == self.sources.len() {
            return None;
        }
        let mut free = self.with(self.set.keeping(&kept));
        free.sources = kept.iter().map(|index| self.sources[*index]).collect();
        Some(free)
    }

    /// The same holder with another set.
    fn with(&self, set: PolicySet) -> Granted {
        Granted {
            sources: self.sources.clone(),
            open: self.open.clone(),
            arn: self.arn.clone(),
            root: self.root.clone(),
            managed: self.managed.clone(),
            ..Granted::of(set)
        }
    }

    fn open(&mut self, reason: &Reason) {
        self.set.is_open = true;
        self.open.get_or_insert_with(|| reason.clone());
    }

    fn add_all(&mut self, facts: &Facts<'_>, policies: &Many<Policy>, attachments: &Many<Attachment>) {
        for id in policies.ids() {
            self.add_policy(facts, id);
        }
        for id in attachments.ids() {
            self.add_attachment(facts, id);
        }
        for reason in policies.open.iter().chain(&attachments.open) {
            self.open(reason);
        }
    }

    fn add_policy(&mut self, facts: &Facts<'_>, id: Id<Policy>) {
        for read in read::policy(facts, id) {
            self.set.statements.push(read.statement);
            self.sources.push(Source::Written(read.id));
        }
        if let Some(reason) = &facts.model[id].statements.open {
            self.open(reason);
        }
    }

    fn add_attachment(&mut self, facts: &Facts<'_>, id: Id<Attachment>) {
        match resolve(facts.model, id) {
            Attached::Customer(policy) => self.add_policy(facts, policy),
            Attached::Managed(managed) => {
                let statements = &managed.set.statements;
                self.sources.extend(statements.iter().map(|_| Source::Managed(id)));
                self.set.statements.extend_from_slice(statements);
                self.managed.push(managed);
            }
            Attached::Unresolved(reason) => self.open(&reason),
        }
    }

    fn bound(&mut self, facts: &Facts<'_>, boundary: &One<Policy>, arn: Option<Text>) {
        self.set.boundary = match (&boundary.link, arn) {
            (Link::To(_), _) => match boundary.id() {
                Some(policy) => Bound::Statements(statements_of(facts, policy)),
                None => Bound::Unresolved,
            },
            (_, Some(arn)) => match arn.known().and_then(managed::intended).and_then(super::managed::named) {
                Some(policy) => Bound::Statements(policy.set.statements.clone()),
                None => Bound::Unresolved,
            },
            (Link::Absent, None) => Bound::None,
            (Link::Unknown(_), None) => Bound::Unresolved,
        };
    }

    pub fn grants(&self, question: &Question) -> Tri {
        self.set.grants(question)
    }

    /// Where the action is granted: the literal that names it, and the resource or attachment behind it.
    pub fn places(&self, model: &Model, action: &str, question: &Question) -> Vec<Place> {
        let mut places = Vec::new();
        for index in self.set.granting(question) {
            match self.sources[index] {
                Source::Written(id) => places.extend(action_place(model, id, action)),
                Source::Managed(id) => {
                    let span = super::spelling::arn_span(model, id);
                    places.push(Place::new(span, format!("this policy allows {action}")));
                }
            }
        }
        places.dedup();
        places
    }
}

fn statements_of(facts: &Facts<'_>, policy: Id<Policy>) -> Vec<Arc<Statement>> {
    read::policy(facts, policy).into_iter().map(|read| read.statement).collect()
}

/// What an attachment brings.
pub enum Attached {
    Customer(Id<Policy>),
    Managed(&'static Managed),
    Unresolved(Reason),
}

pub fn resolve(model: &Model, id: Id<Attachment>) -> Attached {
    let attachment = &model[id];
    if let Some(policy) = attachment.policy.id() {
        return Attached::Customer(policy);
    }
    match managed_name(model, id).and_then(super::managed::named) {
        Some(managed) => Attached::Managed(managed),
        None => Attached::Unresolved(Reason::with(
            "policy-not-here",
            attachment.head.name.clone(),
            Some(attachment.head.span),
        )),
    }
}

/// The managed policy that an attachment names, or surely means.
pub fn managed_name(model: &Model, id: Id<Attachment>) -> Option<&'static str> {
    let arn = model[id].written_arn.id()?;
    managed::intended(model[arn].text.as_str()?)
}

/// The literal of a statement that names an action.
pub fn action_place(model: &Model, id: Id<identity::Statement>, action: &str) -> Option<Place> {
    let asked = Pattern::parse(action, How::Literal, Case::Folded);
    let statement = &model[id];
    let named = statement.actions.ids().find(|id| {
        let text = model[*id].text.value().as_text();
        let pattern = text.map(|text| Pattern::new(&text, How::PlainGlob, Case::Folded, &|_| None));
        pattern.is_some_and(|pattern| pattern.may_meet(&asked))
    });
    let span = named.map_or(statement.head.span, |id| model[id].head.span);
    Some(Place::new(span, format!("allows {action}")))
}

/// All principals of a model.
pub fn all(model: &Model) -> impl Iterator<Item = AnyId> + '_ {
    let roles = model.identity.roles.ids().map(AnyId::from);
    let users = model.identity.iam_users.ids().map(AnyId::from);
    let groups = model.identity.iam_groups.ids().map(AnyId::from);
    roles.chain(users).chain(groups)
}

/// What kind of principal an id is.
pub fn kind(id: AnyId) -> &'static str {
    match id.entity {
        name if name == Role::NAME => "role",
        name if name == IamUser::NAME => "user",
        name if name == IamGroup::NAME => "group",
        _ => "",
    }
}
