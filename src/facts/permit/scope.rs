//! How far a statement of an identity policy reaches: whether its resources leave anything out, and whether a condition
//! narrows it where the resources do not.

use super::condition::{Condition, holds_without_key};
use super::pattern::{Case, Pattern, Reading as How, Symbol};
use super::read;
use super::statement::{Effect, Statement};
use crate::data::actions::{self, Action, Service};
use crate::logic::{Reason, Tri};
use crate::model::identity;
use crate::model::{Id, Model};

/// A statement that grants something to a principal.
pub(super) struct Grant {
    pub(super) statement: Statement,
    pub(super) id: Id<identity::Statement>,
}

/// The statement as a grant: an Allow of an identity policy. Boundaries, session and resource policies grant nothing to
/// a principal.
pub(super) fn grant_of(model: &Model, id: Id<identity::Statement>) -> Result<Option<Grant>, Reason> {
    let written = &model[id];
    let Some(policy) = written.policy.id().map(|policy| &model[policy]) else { return Ok(None) };
    if policy.kind.as_str() != Some("identity") {
        return Ok(None);
    }
    let statement = read::statement(model, id, policy.version.as_str() != Some("2008-10-17"));
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
    if pattern.is_everything() {
        return Tri::True;
    }
    let Some(resource) = resource_part(pattern) else {
        return if pattern.is_loose() && pattern.symbols().len() <= 2 { Tri::Unknown } else { Tri::False };
    };
    if !names_service(pattern, service) {
        return Tri::False;
    }
    let templates = service.types_of(action).map(|(kind, _)| kind.arn.splitn(6, ':').nth(5).unwrap_or(""));
    let mut verdict = Tri::from(resource.iter().all(is_any_or_separator));
    for template in templates {
        let literal: Vec<Symbol> = template.split("${").next().unwrap_or("").chars().map(Symbol::Literal).collect();
        if let Some(rest) = resource.strip_prefix(&*literal) {
            verdict = verdict.or(all_wild(rest));
        }
    }
    verdict
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

fn names_service(pattern: &Pattern, service: &Service) -> bool {
    let any = Pattern::parse(&format!("arn:*:{}:*", service.prefix), How::PlainGlob, Case::Kept);
    pattern.meets(&any) || pattern.may_meet(&any)
}

/// `service:Action` of the table, split.
pub(super) fn known(action: &str) -> Option<(&'static Service, &'static Action)> {
    actions::find(action)
}

/// The actions of the table that a statement allows, with how sure that is. Patterns that name no known service are
/// left out.
pub(super) fn allowed_actions(statement: &Statement) -> Vec<(&'static Service, &'static Action, Tri)> {
    let mut found = Vec::new();
    let mut name = String::new();
    for service in services_named(statement) {
        for action in candidates(statement, service).into_iter().filter_map(|index| service.actions.get(index)) {
            name.clear();
            name.extend([service.prefix, ":", &action.name]);
            name.make_ascii_lowercase();
            let named = statement.names_action_written(&name);
            if named != Tri::False {
                found.push((service, action, named));
            }
        }
    }
    found
}

/// The numbers of the actions of a service that the literal beginnings of the patterns leave over, in order.
fn candidates(statement: &Statement, service: &Service) -> Vec<usize> {
    let all = 0..service.actions.len();
    if statement.actions.is_negated || statement.actions.is_open {
        return all.collect();
    }
    let mut found: Vec<usize> = Vec::new();
    for pattern in &statement.actions.patterns {
        let literal: String = pattern
            .symbols()
            .iter()
            .map_while(|symbol| match symbol {
                Symbol::Literal(character) => Some(*character),
                Symbol::Star { .. } | Symbol::Question | Symbol::Hole(_) | Symbol::Variable(_) => None,
            })
            .collect();
        match literal.split_once(':') {
            Some((prefix, beginning)) if prefix == service.prefix => found.extend(service.beginning_with(beginning)),
            Some(_) => {}
            None => return all.collect(),
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The services whose actions a statement can name; all of them where a pattern begins with a wildcard or a hole.
fn services_named(statement: &Statement) -> Vec<&'static Service> {
    let mut prefixes: Vec<String> = Vec::new();
    for pattern in &statement.actions.patterns {
        let before: Vec<Symbol> =
            pattern.symbols().iter().copied().take_while(|symbol| *symbol != Symbol::Literal(':')).collect();
        // What is hidden may be anything; only names that are written are listed.
        if matches!(before.first(), Some(Symbol::Hole(_))) {
            continue;
        }
        let is_literal = before.iter().all(|symbol| matches!(symbol, Symbol::Literal(_)));
        if !is_literal || statement.actions.is_negated {
            return actions::services().collect();
        }
        prefixes.push(Pattern::of(before).to_string());
    }
    if statement.actions.is_negated {
        return actions::services().collect();
    }
    prefixes.sort();
    prefixes.dedup();
    prefixes.iter().filter_map(|prefix| actions::service(prefix)).collect()
}
