//! How far a statement of an identity policy reaches: whether its resources leave anything out, and whether a condition
//! narrows it where the resources do not.

use std::sync::Arc;

use super::condition::{Condition, holds_without_key};
use super::pattern::{Pattern, Symbol};
use super::read;
use super::statement::{Effect, Statement};
use crate::data::actions::{self, Action, Service};
use crate::facts::Facts;
use crate::logic::{Reason, Tri};
use crate::model::Id;
use crate::model::identity;

/// A statement that grants something to a principal.
pub(super) struct Grant {
    pub(super) statement: Arc<Statement>,
    pub(super) id: Id<identity::Statement>,
}

/// The statement as a grant: an Allow of an identity policy. Boundaries, session and resource policies grant nothing to
/// a principal.
pub(super) fn grant_of(facts: &Facts<'_>, id: Id<identity::Statement>) -> Result<Option<Grant>, Reason> {
    let model = facts.model;
    let written = &model[id];
    let Some(policy) = written.policy.id().map(|policy| &model[policy]) else { return Ok(None) };
    if policy.kind.as_str() != Some("identity") {
        return Ok(None);
    }
    let statement = read::statement(facts, id);
    match statement.effect {
        Some(Effect::Allow) => Ok(Some(Grant { statement, id })),
        Some(Effect::Deny) => Ok(None),
        None => Err(Reason::at("no-value", "the effect", written.head.span)),
    }
}

/// Whether a condition narrows which resources the statement reaches. Such a scope can be tight or not: nobody can say
/// from here.
pub(super) fn narrowed_by_condition(statement: &Statement) -> bool {
    statement.has_open_conditions || statement.conditions.iter().any(narrows)
}

fn narrows(condition: &Condition) -> bool {
    let Some(key) = &condition.key else { return true };
    let is_scope =
        key.contains("resourcetag/") || SCOPE_KEYS.contains(&&**key) || (key.starts_with("kms:encryptioncontext:"));
    is_scope && !condition.operator.is_some_and(holds_without_key)
}

const SCOPE_KEYS: [&str; 12] = [
    "ecs:cluster",
    "ecs:service",
    "ecs:task",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "kms:viaservice",
    "kms:resourcealiases",
    "s3:resourceaccount",
    "s3:dataaccesspointarn",
    "ec2:vpc",
    "iam:awsservicename",
];

/// Whether the pattern leaves out nothing of what an action of the service may act on: `*`, `arn:aws:s3:::*`,
/// `arn:…:parameter/*`. Unknown where a hole may hide a name.
pub(super) fn is_everything(pattern: &Pattern, service: &Service, action: &Action) -> Tri {
    match whole_or_part(pattern, service) {
        Whole::Told(tri) => tri,
        Whole::Of(resource) => is_all_of(resource, service, action),
    }
}

/// The same of several actions: whether the pattern leaves out nothing of what one of them may act on.
pub(super) fn is_everything_of_any<'a>(
    pattern: &Pattern,
    service: &Service,
    mut actions: impl Iterator<Item = &'a Action>,
) -> Tri {
    match whole_or_part(pattern, service) {
        Whole::Told(tri) => actions.next().map_or(Tri::False, |_| tri),
        Whole::Of(resource) => Tri::any(actions.map(|action| is_all_of(resource, service, action))),
    }
}

/// How far a pattern reaches among the things of a service.
enum Whole<'p> {
    /// Whatever the action.
    Told(Tri),
    /// That depends on how the things are called: this stands after the fifth colon.
    Of(&'p [Symbol]),
}

fn whole_or_part<'p>(pattern: &'p Pattern, service: &Service) -> Whole<'p> {
    if pattern.is_everything() {
        return Whole::Told(Tri::True);
    }
    let Some(resource) = resource_part(pattern) else {
        let may_be = pattern.is_loose() && pattern.symbols().len() <= 2;
        return Whole::Told(if may_be { Tri::Unknown } else { Tri::False });
    };
    if !names_service(pattern, service) {
        return Whole::Told(Tri::False);
    }
    // What ends in a name leaves things out.
    if !resource.iter().any(|symbol| matches!(symbol, Symbol::Star { .. })) {
        return Whole::Told(Tri::from(resource.iter().all(is_any_or_separator)));
    }
    Whole::Of(resource)
}

fn is_all_of(resource: &[Symbol], service: &Service, action: &Action) -> Tri {
    let templates = service.types_of(action).map(|(kind, _)| kind.arn.splitn(6, ':').nth(5).unwrap_or(""));
    let mut verdict = Tri::from(resource.iter().all(is_any_or_separator));
    for template in templates {
        if let Some(rest) = without_beginning(resource, template.split("${").next().unwrap_or("")) {
            verdict = verdict.or(all_wild(rest));
        }
    }
    verdict
}

fn without_beginning<'s>(symbols: &'s [Symbol], beginning: &str) -> Option<&'s [Symbol]> {
    let mut rest = symbols;
    for character in beginning.chars() {
        rest = rest.strip_prefix(&[Symbol::Literal(character)])?;
    }
    Some(rest)
}

/// Only wildcards; holes among them may be names.
fn all_wild(rest: &[Symbol]) -> Tri {
    if rest.is_empty() || !rest.iter().any(|symbol| matches!(symbol, Symbol::Star { .. })) {
        return Tri::False;
    }
    let literal = |symbol: &Symbol| !is_any_or_separator(symbol) && !matches!(symbol, Symbol::Hole(_));
    if rest.iter().any(literal) {
        return Tri::False;
    }
    if rest.iter().all(is_any_or_separator) { Tri::True } else { Tri::Unknown }
}

fn is_any_or_separator(symbol: &Symbol) -> bool {
    matches!(symbol, Symbol::Star { .. } | Symbol::Literal('/' | ':'))
}

/// What stands after the fifth colon.
pub(super) fn resource_part(pattern: &Pattern) -> Option<&[Symbol]> {
    let symbols = pattern.symbols();
    let mut colons = symbols.iter().enumerate().filter(|(_, symbol)| **symbol == Symbol::Literal(':'));
    let (fifth, _) = colons.nth(4)?;
    symbols.get(fifth + 1..)
}

/// The third field of an ARN is the service's, or may be.
fn names_service(pattern: &Pattern, service: &Service) -> bool {
    let mut fields = pattern.symbols().split(|symbol| *symbol == Symbol::Literal(':'));
    let Some(field) = fields.nth(2) else { return false };
    let is_literal = |(symbol, character): (&Symbol, char)| *symbol == Symbol::Literal(character);
    match field.iter().all(|symbol| matches!(symbol, Symbol::Literal(_))) {
        true => field.len() == service.prefix.len() && field.iter().zip(service.prefix.chars()).all(is_literal),
        false => Pattern::of(field.to_vec()).may_meet(&Pattern::literally(service.prefix)),
    }
}

/// `service:Action` of the table, split.
pub(super) fn known(action: &str) -> Option<(&'static Service, &'static Action)> {
    actions::find(action)
}
