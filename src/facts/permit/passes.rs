//! Statements that let roles be passed to services: which roles, and to whom.

use super::actions::listed;
use super::condition::{Comparison, holds_without_key};
use super::escalate::{Power, Powers};
use super::pattern::{Case, Pattern, Reading as How, Symbol};
use super::roles::RolesByName;
use super::scope::{narrowed_by_condition, resource_part};
use super::statement::Statement;
use super::trusted::{Trusts, arn_of};
use super::width::{StatementId, on_grant};
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::{self, Role};
use crate::model::{Id, Model};
use crate::source::{Place, Span};

facts! {
    identity::Statement {
        /// Whether it lets every role be passed, or far more than are defined here.
        passes_any_role: Flag = passes_any_role,
        /// Whether one of the roles that it lets be passed is an administrator.
        passes_administrator: Flag = passes_administrator,
        /// Whether roles may be passed to any service.
        passes_to_any_service: Flag = passes_to_any_service,
        /// Whether the service that it names is not trusted by the role that it passes.
        passes_to_wrong_service: Flag = passes_to_wrong_service,
        /// Whether it lets the roles of all services be made.
        creates_any_service_role: Flag = creates_any_service_role,
    }
}

const CREATE: &str = "iam:CreateServiceLinkedRole";

/// A service's role gives the service the rights that AWS chose for it: `*`, `role/*`, `role/aws-service-role/*`, and no
/// condition that names services.
fn creates_any_service_role(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_grant(facts, id, |model, id, statement| {
        let head = &model[id].head;
        let nothing = || Fact::no(vec![Place::new(head.span, "")]);
        // What grants the whole service has a rule of its own.
        let is_wide = |pattern: &Pattern| pattern.is_everything() || pattern.to_string() == "iam:*";
        if statement.actions.is_negated
            || statement.resources.is_negated
            || statement.actions.patterns.iter().any(is_wide)
        {
            return nothing();
        }
        match statement.names_action(&listed(CREATE)) {
            Tri::False => return nothing(),
            Tri::Unknown => return Fact::unknown(Reason::at("no-value", "the actions", head.span)),
            Tri::True => {}
        }
        let reached = Tri::any(statement.resources.patterns.iter().map(covers_all_service_roles));
        if reached != Tri::False && narrowed_by_condition(statement) {
            return match statement.has_open_conditions {
                true => Fact::unknown(Reason::at("scoped-by-condition", "the statement", head.span)),
                false => nothing(),
            };
        }
        match reached {
            Tri::True => Fact::yes(super::principal::action_place(model, id, CREATE).into_iter().collect()),
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "the resource", head.span)),
            Tri::False if statement.resources.is_open => {
                Fact::unknown(Reason::at("no-value", "the resource", head.span))
            }
            Tri::False => nothing(),
        }
    })
}

fn covers_all_service_roles(pattern: &Pattern) -> Tri {
    let below = resource_part(pattern).and_then(|part| {
        let folder: Vec<Symbol> = "role/aws-service-role/".chars().map(Symbol::Literal).collect();
        part.strip_prefix(&*folder).map(|rest| rest.iter().all(|symbol| matches!(symbol, Symbol::Star { .. })))
    });
    match below {
        Some(is_all) => Tri::from(is_all),
        None => covers_all_roles(pattern),
    }
}

const PASS: &str = "iam:PassRole";

/// Judges a statement that lets roles be passed.
fn on_pass(facts: &Facts<'_>, id: StatementId, judge: impl FnOnce(&Model, &Statement) -> Fact) -> Fact {
    on_grant(facts, id, |model, id, statement| {
        match statement.names_action(&listed(PASS)) {
            Tri::False => Fact::no(vec![Place::new(model[id].head.span, "")]),
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "the actions", model[id].head.span)),
            // Everything on everything is an administrator's, which has a rule of its own.
            Tri::True if statement.actions.patterns.iter().any(Pattern::is_everything) => {
                Fact::no(vec![Place::new(model[id].head.span, "")])
            }
            Tri::True => judge(model, statement),
        }
    })
}

pub(super) fn resource_span(model: &Model, id: StatementId, index: usize) -> Span {
    let resource = model[id].resources.ids().nth(index);
    resource.map_or(model[id].head.span, |resource| model[resource].head.span)
}

/// The first resource that leaves no role out: `*`, `role/*`.
fn any_role(statement: &Statement) -> (Tri, usize) {
    let mut doubt = None;
    for (index, pattern) in statement.resources.patterns.iter().enumerate() {
        match covers_all_roles(pattern) {
            Tri::True => return (Tri::True, index),
            Tri::Unknown => doubt = Some(index),
            Tri::False => {}
        }
    }
    match doubt {
        Some(index) => (Tri::Unknown, index),
        None => (if statement.resources.is_open { Tri::Unknown } else { Tri::False }, 0),
    }
}

pub(super) fn covers_all_roles(pattern: &Pattern) -> Tri {
    if pattern.is_everything() {
        return Tri::True;
    }
    if let [Symbol::Hole(_)] = pattern.symbols() {
        return Tri::Unknown;
    }
    let Some(resource) = resource_part(pattern) else { return Tri::False };
    let prefix: Vec<Symbol> = "role/".chars().map(Symbol::Literal).collect();
    let names = resource.strip_prefix(&*prefix).unwrap_or(resource);
    let only_wild = |symbol: &Symbol| matches!(symbol, Symbol::Star { .. } | Symbol::Literal('/'));
    Tri::from(!names.is_empty() && names.iter().all(only_wild))
}

/// Roles of this tree that the statement lets be passed.
pub(super) fn passed_roles(facts: &Facts<'_>, statement: &Statement) -> Vec<(Id<Role>, usize)> {
    let model = facts.model;
    let mut found = Vec::new();
    if statement.resources.is_negated {
        return found;
    }
    for role in facts.analysis::<RolesByName>().of_statement(statement) {
        let name = model[role].name.as_str();
        let mut patterns = statement.resources.patterns.iter();
        // Most statements name one role and most roles are another: a look at the name is enough.
        if name.is_some_and(|name| !patterns.any(|pattern| may_end_in(pattern, name))) {
            continue;
        }
        let arn = arn_of(model, role);
        let covering = statement
            .resources
            .patterns
            .iter()
            .position(|pattern| pattern.covers(&arn) == Tri::True || names_role(model, pattern, role));
        if let Some(index) = covering {
            found.push((role, index));
        }
    }
    found
}

/// Whether what a pattern names can end in a text.
fn may_end_in(pattern: &Pattern, name: &str) -> bool {
    if pattern.has_wildcard() {
        return true;
    }
    let mut symbols = pattern.symbols().iter().rev();
    for character in name.chars().rev() {
        match symbols.next() {
            Some(Symbol::Literal(literal)) if *literal == character => {}
            Some(Symbol::Literal(_)) | None => return false,
            Some(Symbol::Star { .. } | Symbol::Question | Symbol::Hole(_) | Symbol::Variable(_)) => return true,
        }
    }
    true
}

/// `arn:aws:iam::123456789012:role/x` of a role here called x, whatever the account.
pub(super) fn names_role(model: &Model, pattern: &Pattern, role: Id<Role>) -> bool {
    let Some(name) = model[role].name.as_str() else { return false };
    let Some(resource) = resource_part(pattern) else { return false };
    let text = Pattern::of(resource.to_vec()).to_string();
    text.strip_prefix("role/").is_some_and(|rest| rest == name || rest.ends_with(&format!("/{name}")))
}

fn passes_any_role(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_pass(facts, id, |model, statement| {
        if statement.resources.is_negated {
            return Fact::no(vec![Place::new(model[id].head.span, "")]);
        }
        let (tri, index) = any_role(statement);
        let span = resource_span(model, id, index);
        match tri {
            Tri::True => {
                let here = model.identity.roles.len();
                Fact::yes(vec![Place::new(span, format!("every role of the account, {here} of them defined here"))])
            }
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "the resource", span)),
            Tri::False => Fact::no(vec![Place::new(span, "")]),
        }
    })
}

fn passes_administrator(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_pass(facts, id, |model, statement| {
        let powers = facts.analysis::<Powers>();
        let trusts = facts.analysis::<Trusts>();
        let mut doubt = None;
        let passed = passed_roles(facts, statement);
        if statement.resources.is_hidden() {
            let mut others = model.identity.roles.ids().filter(|role| !passed.iter().any(|(known, _)| known == role));
            let is_administrator = |role: &Id<Role>| {
                powers.of(*role).is_some_and(|of| of.is_administrator != Tri::False)
                    && trusts.is_for_machines(*role) != Tri::False
                    && may_name(model, statement, *role)
            };
            doubt = others.find(is_administrator).map(|_| Reason::at("no-value", "the resource", model[id].head.span));
        }
        for (role, index) in passed {
            let Some(trust) = trusts.of(role).filter(|trust| !trust.services.is_empty() || trust.is_open) else {
                continue;
            };
            let Some(of) = powers.of(role) else { continue };
            if of.power == Power::Administrator && trust.services.is_empty() {
                doubt.get_or_insert_with(|| Reason::at("no-value", "the trust", model[role].head.span));
                continue;
            }
            if of.power == Power::Administrator {
                let mut places = vec![Place::new(resource_span(model, id, index), "lets an administrator be passed")];
                places
                    .push(Place::new(model[role].head.span, format!("`{}` may do everything", model[role].head.name)));
                places.extend(of.administrator_places.iter().take(1).cloned());
                return Fact::yes(places);
            }
            if of.is_administrator == Tri::Unknown {
                doubt.get_or_insert_with(|| Reason::at("no-value", "the policies", model[role].head.span));
            }
            if let Some(reason) = &of.open {
                doubt.get_or_insert_with(|| reason.clone());
            }
        }
        match doubt {
            Some(reason) => Fact::unknown(reason),
            None => Fact::no(vec![Place::new(model[id].head.span, "")]),
        }
    })
}

/// Whether what is hidden of the resources of a statement may name a role.
fn may_name(model: &Model, statement: &Statement, role: Id<Role>) -> bool {
    let arn = arn_of(model, role);
    let mut hidden = statement.resources.patterns.iter().filter(|pattern| pattern.is_hidden());
    statement.resources.is_open || hidden.any(|pattern| pattern.may_meet(&arn))
}

const PASSED_TO: &str = "iam:passedtoservice";

/// The services that the statement names, by positive conditions on the key.
fn named_services(statement: &Statement) -> Option<Vec<Pattern>> {
    let limits = |condition: &&super::condition::Condition| {
        condition.key.as_deref() == Some(PASSED_TO)
            && condition.operator.is_some_and(|operator| {
                matches!(operator.comparison, Comparison::StringEquals | Comparison::StringLike)
                    && !operator.is_negated
                    && (!holds_without_key(operator) || operator.if_exists)
            })
            && !condition.values.iter().any(Pattern::is_everything)
    };
    let condition = statement.conditions.iter().find(limits)?;
    Some(condition.values.clone())
}

fn passes_to_any_service(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_pass(facts, id, |model, statement| {
        let span = super::principal::action_place(model, id, PASS).map_or(model[id].head.span, |place| place.span);
        if statement.has_open_conditions {
            return Fact::unknown(Reason::at("no-value", "the conditions", span));
        }
        let nothing = Fact::no(vec![Place::new(span, "")]);
        if named_services(statement).is_some() {
            return nothing;
        }
        // Roles that are named and trust one service each can be passed to that one only.
        let trusts = facts.analysis::<Trusts>();
        let roles = passed_roles(facts, statement);
        let trusts_one =
            |role: Id<Role>| trusts.of(role).is_some_and(|trust| trust.services.len() == 1 && !trust.is_open);
        let all_named = !statement.resources.patterns.iter().any(Pattern::has_wildcard)
            && roles.len() >= statement.resources.patterns.len();
        if all_named && !roles.is_empty() && roles.iter().all(|(role, _)| trusts_one(*role)) {
            return nothing;
        }
        let hidden = roles.iter().find(|(role, _)| trusts.of(*role).is_some_and(|trust| trust.is_open));
        if let Some((role, _)) = hidden.filter(|_| all_named) {
            return Fact::unknown(Reason::at("no-value", "the trust", model[*role].head.span));
        }
        Fact::yes(vec![Place::new(span, "no `iam:PassedToService` says which service may get the role")])
    })
}

pub(super) fn passes_to_wrong_service(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_pass(facts, id, |model, statement| {
        let nothing = || Fact::no(vec![Place::new(model[id].head.span, "")]);
        let Some(services) = named_services(statement) else { return nothing() };
        let trusts = facts.analysis::<Trusts>();
        for condition in model[id].policy_conditions.ids() {
            let written = &model[condition];
            if !written.context_key.as_str().is_some_and(|key| key.eq_ignore_ascii_case(PASSED_TO)) {
                continue;
            }
            for (index, service) in services.iter().filter_map(Pattern::literal).enumerate() {
                let span = value_span(written, index).unwrap_or(written.head.span);
                if !service.contains('.')
                    || service == "ecs.amazonaws.com" && trusts_tasks_only(facts, &trusts, statement)
                {
                    return Fact::yes(vec![Place::new(span, format!("no role here can be passed to `{service}`"))]);
                }
            }
        }
        let mut doubt = None;
        for (role, index) in passed_roles(facts, statement) {
            let Some(trust) = trusts.of(role).filter(|trust| !trust.services.is_empty() || trust.is_open) else {
                continue;
            };
            let may = |pattern: &Pattern| {
                trust
                    .services
                    .iter()
                    .any(|service| pattern.may_meet(&Pattern::parse(service, How::Literal, Case::Kept)))
            };
            if services.iter().filter(|pattern| !pattern.is_loose()).any(may) {
                continue;
            }
            if trust.is_open || services.iter().any(Pattern::is_loose) {
                doubt = Some(Reason::at("no-value", "the trust", model[role].head.span));
                continue;
            }
            let condition = model[id].policy_conditions.ids().find(|condition| {
                model[*condition].context_key.as_str().is_some_and(|key| key.eq_ignore_ascii_case(PASSED_TO))
            });
            let value = condition.and_then(|condition| value_span(&model[condition], 0));
            let role_place = format!("`{}` trusts {}", model[role].head.name, trust.services.join(", "));
            return Fact::yes(vec![
                Place::new(value.unwrap_or(model[id].head.span), "the role does not trust this service"),
                Place::new(resource_span(model, id, index), "this role is passed"),
                Place::new(model[role].head.span, role_place),
            ]);
        }
        match doubt {
            Some(reason) => Fact::unknown(reason),
            None => nothing(),
        }
    })
}

/// All roles that are passed trust tasks, and none the service scheduler of ECS.
fn trusts_tasks_only(facts: &Facts<'_>, trusts: &Trusts, statement: &Statement) -> bool {
    let roles = passed_roles(facts, statement);
    !roles.is_empty()
        && roles.iter().all(|(role, _)| {
            trusts.trusts_service(*role, "ecs-tasks.amazonaws.com") == Tri::True
                && trusts.trusts_service(*role, "ecs.amazonaws.com") == Tri::False
        })
}

fn value_span(written: &identity::PolicyCondition, index: usize) -> Option<Span> {
    written.values.value().as_list()?.items.get(index)?.origin.span()
}
