//! Statements that grant more than anybody names: whole services, every resource, every role.

use super::actions::{ActionName, Actions, Allowed};
use super::pattern::Pattern;
use super::scope::{grant_of, is_everything, is_everything_of_any, narrowed_by_condition};
use super::statement::Statement;
use crate::data::actions::{self, Action, Level, Service};
use crate::data::lists;
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::{self, ActionPattern};
use crate::model::{Id, Model};
use crate::source::Place;

facts! {
    identity::Statement {
        /// Whether it allows all actions of a service, or nearly all that write, on all of its resources.
        grants_whole_service: Flag = grants_whole_service,
        /// Whether such a service holds identities, keys, secrets or the data of many.
        service_is_sensitive: Flag = service_is_sensitive,
        /// Whether it allows to change things that have names, on every resource.
        covers_every_resource: Flag = covers_every_resource,
        /// Whether it is part of a policy that grants something to a principal.
        is_grant: Flag = is_grant,
        /// Whether its `NotAction` or `NotResource` grants all the rest.
        grants_all_the_rest: Flag = grants_all_the_rest,
    }
}

pub(super) type StatementId = Id<identity::Statement>;

/// Runs `judge` on a statement that grants something; anything else is not what the question is about.
pub(super) fn on_grant(
    facts: &Facts<'_>,
    id: StatementId,
    judge: impl FnOnce(&Model, StatementId, &Statement) -> Fact,
) -> Fact {
    match grant_of(facts, id) {
        Ok(Some(grant)) => judge(facts.model, grant.id, &grant.statement),
        Ok(None) => Fact::no(vec![Place::new(facts.model[id].head.span, "")]),
        Err(reason) => Fact::unknown(reason),
    }
}

fn is_grant(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_grant(facts, id, |model, id, _| Fact::yes(vec![Place::new(model[id].head.span, "")]))
}

fn grants_all_the_rest(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_grant(facts, id, |model, id, statement| {
        let written = &model[id];
        if statement.actions.is_negated {
            let place = written.actions.origin.span().unwrap_or(written.head.span);
            let first = written.actions.ids().next().map_or(place, |id| model[id].head.span);
            let strongest = strongest(statement);
            return Fact::yes(vec![Place::new(first, format!("all other actions are allowed: {strongest}"))]);
        }
        if statement.resources.is_negated {
            let first = written.resources.ids().next().map_or(written.head.span, |id| model[id].head.span);
            return Fact::yes(vec![Place::new(first, "all other resources are reached")]);
        }
        Fact::no(vec![Place::new(written.head.span, "")])
    })
}

/// A few actions that an exception leaves allowed, the most dangerous first.
fn strongest(statement: &Statement) -> String {
    let names = |name: &&str| statement.names_action(&ActionName::new(name)) == Tri::True;
    let wanted =
        ["iam:PassRole", "iam:PutRolePolicy", "sts:AssumeRole", "kms:Decrypt", "s3:GetObject", "ec2:RunInstances"];
    let mut found: Vec<&str> = wanted.iter().filter(|name| names(name)).copied().collect();
    found.truncate(3);
    format!("{}, and what AWS adds", found.join(", "))
}

/// One action pattern that stands for a whole service.
struct Whole {
    action: Id<ActionPattern>,
    service: Option<&'static Service>,
    is_scoped: Tri,
}

impl Whole {
    fn is_sensitive(&self) -> bool {
        self.service.is_none_or(|service| lists::is_sensitive_service(service.prefix))
    }
}

/// The entries that allow whole services, with whether their resources are all of the service's; sensitive ones first.
fn whole_services(model: &Model, id: StatementId, statement: &Statement) -> Result<Vec<Whole>, Reason> {
    if statement.actions.is_negated {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let mut hidden = None;
    for action in model[id].actions.ids() {
        let Some(text) = model[action].text.value().as_text() else { continue };
        let Some(known) = text.known() else {
            hidden.get_or_insert_with(|| Reason::at("no-value", text.to_string(), model[action].head.span));
            continue;
        };
        if known == "*" || known == "*:*" {
            // On everything it is an administrator's, which has a rule of its own.
            if statement.resources.patterns.iter().any(Pattern::is_everything) {
                continue;
            }
            found.push(Whole { action, service: None, is_scoped: Tri::False });
            continue;
        }
        let Some((prefix, name)) = known.split_once(':') else { continue };
        let Some(service) = actions::service(prefix) else { continue };
        if !name.contains('*') || !is_most_of(service, name) {
            continue;
        }
        let unscoped = Tri::any(
            statement
                .resources
                .patterns
                .iter()
                .map(|pattern| is_everything_of_any(pattern, service, service.matching(name).take(40))),
        );
        let unscoped = if statement.resources.is_negated { Tri::True } else { unscoped };
        if unscoped != Tri::False {
            found.push(Whole { action, service: Some(service), is_scoped: !unscoped });
        }
    }
    found.sort_by_key(|whole| (whole.is_scoped != Tri::False, !whole.is_sensitive()));
    match hidden {
        Some(reason) if found.is_empty() => Err(reason),
        Some(_) | None => Ok(found),
    }
}

/// All actions, or more than 60 % of those that write.
fn is_most_of(service: &Service, name: &str) -> bool {
    if name == "*" {
        return true;
    }
    let writes = |action: &&Action| matches!(action.level, Level::Write | Level::Permissions);
    let all = service.actions.iter().filter(writes).count();
    let matched = service.matching(name).filter(writes).count();
    all > 3 && matched * 10 > all * 6
}

/// Whether an entry of the statement stands for a whole service, or for everything.
pub(super) fn names_whole_service(statement: &Statement) -> bool {
    statement.actions.patterns.iter().any(|pattern| {
        let text = pattern.to_string();
        let Some((prefix, name)) = text.split_once(':') else { return text == "*" };
        actions::service(prefix).is_some_and(|service| name.contains('*') && is_most_of(service, name))
    })
}

fn grants_whole_service(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_grant(facts, id, |model, id, statement| {
        let found = match whole_services(model, id, statement) {
            Err(reason) => return Fact::unknown(reason),
            Ok(found) => found,
        };
        let unscoped = found.iter().filter(|whole| whole.is_scoped == Tri::False);
        let places: Vec<Place> =
            unscoped.map(|whole| Place::new(model[whole.action].head.span, count(whole.service))).collect();
        match (found.is_empty(), places.is_empty()) {
            (true, _) => Fact::no(vec![Place::new(model[id].head.span, "")]),
            (false, false) if !narrowed_by_condition(statement) => Fact::yes(places),
            (false, _) => Fact::unknown(Reason::at("scoped-by-condition", "the statement", model[id].head.span)),
        }
    })
}

/// What is in the service: how many actions of each level.
fn count(service: Option<&Service>) -> String {
    let Some(service) = service else { return "every action of every service".to_owned() };
    let of = |level: Level| service.actions.iter().filter(|action| action.level == level).count();
    let (writes, permissions) = (of(Level::Write), of(Level::Permissions));
    let all = service.actions.len();
    format!("all {all} actions of {}: {writes} write, {permissions} manage permissions", service.name)
}

fn service_is_sensitive(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_grant(facts, id, |model, id, statement| match whole_services(model, id, statement) {
        Err(reason) => Fact::unknown(reason),
        Ok(found) => match found.first() {
            None => Fact::no(vec![Place::new(model[id].head.span, "")]),
            Some(whole) => {
                let place = Place::new(model[whole.action].head.span, count(whole.service));
                Fact::new(whole.is_sensitive().into(), vec![place])
            }
        },
    })
}

/// A resource entry with the actions that it lets reach everything.
fn covers_every_resource(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_grant(facts, id, |model, id, statement| {
        let written = &model[id];
        let nothing = Fact::no(vec![Place::new(written.head.span, "")]);
        if statement.actions.is_negated || statement.resources.is_negated {
            return nothing;
        }
        if super::sets::reads_everything(statement) {
            return nothing;
        }
        let candidates = statement.actions.nameable(nameable_actions);
        let is_wide = |pattern: &Pattern| pattern.to_string().ends_with('*');
        let has_hidden_action = statement.actions.patterns.iter().any(Pattern::is_loose);
        let mut doubt = has_hidden_action && statement.resources.patterns.iter().any(is_wide);
        for (resource, pattern) in written.resources.ids().zip(&statement.resources.patterns) {
            let mut reached: Vec<String> = Vec::new();
            for Allowed { service, action, .. } in candidates {
                match is_everything(pattern, service, action) {
                    Tri::True => reached.push(format!("{}:{}", service.prefix, action.name)),
                    Tri::Unknown => doubt = true,
                    Tri::False => {}
                }
            }
            if reached.is_empty() {
                continue;
            }
            if narrowed_by_condition(statement) {
                return Fact::unknown(Reason::at("scoped-by-condition", "the statement", written.head.span));
            }
            let mut places = vec![Place::new(model[resource].head.span, "nothing is left out")];
            places.extend(reached.iter().take(8).filter_map(|name| super::principal::action_place(model, id, name)));
            places.dedup();
            return Fact::yes(places);
        }
        match doubt {
            true => Fact::unknown(Reason::at("no-value", "the resource", written.head.span)),
            false => nothing,
        }
    })
}

/// The actions of a statement that change things with names, on everything.
pub(super) fn changed_everywhere(statement: &Statement) -> Vec<String> {
    let reaches = |service: &Service, action: &Action| {
        statement.resources.patterns.iter().any(|pattern| is_everything(pattern, service, action) == Tri::True)
    };
    let allowed = statement.actions.allowed();
    let is_it = |allowed: &&Allowed| {
        allowed.named == Tri::True
            && matches!(allowed.action.level, Level::Write | Level::Permissions)
            && can_be_named(allowed.service, allowed.action)
            && reaches(allowed.service, allowed.action)
    };
    allowed.iter().filter(is_it).map(Allowed::name).collect()
}

/// What a statement surely allows that changes something, or pulls images, and acts on things that have names.
fn nameable_actions(actions: &Actions) -> Vec<Allowed> {
    let allowed = actions.allowed();
    let has = |name: &str| actions.name(&ActionName::new(name)) == Tri::True;
    let pulls_images = has("ecr:BatchGetImage") && has("ecr:GetDownloadUrlForLayer");
    let mut whole: Vec<(&'static str, bool)> = Vec::new();
    let mut is_whole = |service: &'static Service| match whole.last() {
        Some((prefix, is_whole)) if *prefix == service.prefix => *is_whole,
        Some(_) | None => {
            whole.push((service.prefix, self::is_whole(actions, service)));
            whole.last().is_some_and(|(_, is_whole)| *is_whole)
        }
    };
    let mut found = Vec::new();
    for it in allowed.iter().filter(|it| it.named == Tri::True && !it.action.is_disputed) {
        let changes = match it.action.level {
            Level::Write | Level::Permissions | Level::Tagging => true,
            Level::Read | Level::List => pulls_images && is_image_pull(it.service, it.action),
        };
        if changes && can_be_named(it.service, it.action) && !is_whole(it.service) {
            found.push(*it);
        }
    }
    found
}

fn is_image_pull(service: &Service, action: &Action) -> bool {
    service.prefix == "ecr" && matches!(&*action.name, "BatchGetImage" | "GetDownloadUrlForLayer")
}

/// A whole service has a rule of its own.
fn is_whole(actions: &Actions, service: &Service) -> bool {
    actions.patterns.iter().any(|pattern| {
        let text = pattern.to_string();
        text == "*"
            || text.split_once(':').is_some_and(|(prefix, name)| prefix == service.prefix && is_most_of(service, name))
    })
}

/// Whether somebody who writes a policy can name what the action acts on. Passing roles has rules of its own; a new
/// revision of a task definition is written with `*` in the documentation of AWS.
fn can_be_named(service: &Service, action: &Action) -> bool {
    if matches!((service.prefix, &*action.name), ("iam", "PassRole") | ("ecs", "RegisterTaskDefinition")) {
        return false;
    }
    let creates = ["Create", "Run", "Allocate", "Import", "Request", "Purchase", "Register", "Start"]
        .iter()
        .any(|verb| action.name.starts_with(verb));
    service.types_of(action).any(|(kind, _)| !creates || !ends_in_assigned_id(&kind.arn))
}

/// `${VpcId}`: the last part of the ARN is given by AWS.
fn ends_in_assigned_id(arn: &str) -> bool {
    let last = arn.rsplit("${").next().unwrap_or("").trim_end_matches('}');
    last.ends_with("Id") || last.ends_with("ID") || last.ends_with("Uuid") || last.ends_with("Number")
}
