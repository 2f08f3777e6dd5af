//! Sets of actions that matter by what they lead to: reading all data, opening it to others, minting credentials, ending
//! the watching. Asked of principals, and of single statements.

use super::actions::{ActionName, listed};
use super::principal::{Granted, Grants, Source, action_place};
use super::scope::{is_everything, narrowed_by_condition};
use super::statement::{Effect, Statement};
use crate::data::lists;
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::{IamGroup, IamUser, Role};
use crate::model::{AnyId, Entity, Id, Model};
use crate::source::Place;

facts! {
    Role {
        /// Whether it may read all secrets, parameters, objects or tables, or decrypt with every key.
        reads_all_data: Flag = reads_all_data::<Role>,
        /// Whether it may open data to others, without limit.
        can_expose_data: Flag = can_expose_data::<Role>,
        /// Whether it may make credentials that outlive it, without limit.
        can_mint_credentials: Flag = can_mint_credentials::<Role>,
        /// Whether it may end the watching, without limit.
        can_blind_logging: Flag = can_blind_logging::<Role>,
    }
    IamUser {
        reads_all_data: Flag = reads_all_data::<IamUser>,
        can_expose_data: Flag = can_expose_data::<IamUser>,
        can_mint_credentials: Flag = can_mint_credentials::<IamUser>,
        can_blind_logging: Flag = can_blind_logging::<IamUser>,
    }
    IamGroup {
        reads_all_data: Flag = reads_all_data::<IamGroup>,
        can_expose_data: Flag = can_expose_data::<IamGroup>,
        can_mint_credentials: Flag = can_mint_credentials::<IamGroup>,
        can_blind_logging: Flag = can_blind_logging::<IamGroup>,
    }
}

/// The groups of actions that read data, without those that have a rule of their own.
pub(super) fn data_groups() -> impl Iterator<Item = &'static Vec<&'static str>> {
    lists::read_data().iter().filter(|group| !group.iter().any(|name| name.starts_with("ecr:")))
}

/// Whether a statement alone lets all data of some kind be read.
pub(super) fn reads_everything(statement: &Statement) -> bool {
    statement.effect == Some(Effect::Allow)
        && !narrowed_by_condition(statement)
        && statement
            .actions
            .data_groups()
            .iter()
            .any(|group| Tri::all(group.iter().map(|name| reaches_all(statement, &listed(name)))) == Tri::True)
}

/// Whether a statement allows an action on everything that it may act on. What takes no resource is never unscoped.
fn reaches_all(statement: &Statement, asked: &ActionName) -> Tri {
    let named = statement.names_action(asked);
    if named == Tri::False {
        return Tri::False;
    }
    let Some((service, action)) = asked.known() else { return Tri::False };
    if !action.takes_resource() {
        return Tri::False;
    }
    let patterns = &statement.resources.patterns;
    let unscoped = match statement.resources.is_negated {
        true => Tri::True,
        false => Tri::any(patterns.iter().map(|pattern| is_everything(pattern, service, action))),
    };
    let unscoped = if statement.resources.is_open { unscoped.or(Tri::Unknown) } else { unscoped };
    let reached = named.and(unscoped);
    if narrowed_by_condition(statement) { reached.and(Tri::Unknown) } else { reached }
}

/// Where in the set an action reaches everything, and whether a Deny or a bound leaves it so.
fn unscoped(granted: &Granted, name: &'static str) -> (Tri, Vec<usize>) {
    let mut verdict = Tri::False;
    let mut found = Vec::new();
    let asked = listed(name);
    for (index, statement) in granted.set.speaking_of(&asked) {
        let reached = match statement.effect {
            Some(Effect::Allow) => reaches_all(statement, &asked),
            Some(Effect::Deny) => continue,
            None => reaches_all(statement, &asked).and(Tri::Unknown),
        };
        match reached {
            Tri::False => {}
            answer => {
                verdict = verdict.or(answer);
                found.push(index);
            }
        }
    }
    if verdict == Tri::False {
        return (verdict, found);
    }
    let question = super::statement::Question::some(name, super::pattern::Pattern::anything());
    (verdict.and(without_conditions(granted.grants(&question))), found)
}

/// A grant that conditions leave open was judged by its statement already; only a sure no counts here.
fn without_conditions(granted: Tri) -> Tri {
    match granted {
        Tri::False => Tri::False,
        Tri::Unknown | Tri::True => Tri::True,
    }
}

/// Judges a principal by groups of actions: true if one group is granted whole, on everything.
fn judge<E: Entity>(
    facts: &Facts<'_>,
    id: Id<E>,
    groups: impl Iterator<Item = &'static Vec<&'static str>>,
    what: &str,
    told: Told,
) -> Fact {
    let model = facts.model;
    let grants = facts.analysis::<Grants>();
    let any: AnyId = id.into();
    let head = model.head(any);
    let Some(granted) = grants.of(any) else { return Fact::no(vec![Place::new(head.span, "")]) };
    let mut places = Vec::new();
    let mut doubt = None;
    for group in groups {
        let answers: Vec<(Tri, Vec<usize>)> = group.iter().map(|name| unscoped(granted, name)).collect();
        match Tri::all(answers.iter().map(|(tri, _)| *tri)) {
            Tri::False => {}
            Tri::Unknown => {
                doubt.get_or_insert_with(|| Reason::at("scoped-by-condition", group.join(", "), head.span));
            }
            Tri::True => {
                for ((_, statements), name) in answers.iter().zip(group) {
                    for index in statements.iter().filter(|index| !is_told_elsewhere(model, granted, **index, told)) {
                        add_places(model, granted.sources[*index], name, what, &mut places);
                    }
                }
            }
        }
    }
    if !places.is_empty() {
        return Fact::yes(places);
    }
    match (doubt, &granted.open) {
        (Some(reason), _) => Fact::unknown(reason),
        (None, Some(reason)) => Fact::unknown(reason.clone()),
        (None, None) => Fact::no(vec![Place::new(head.span, "")]),
    }
}

/// Which causes have a finding of their own that says the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Policies of AWS that open a path alone.
    ByAttachment,
    /// And statements that grant a whole service.
    ByStatementToo,
}

fn is_told_elsewhere(model: &Model, granted: &Granted, index: usize, told: Told) -> bool {
    match granted.sources[index] {
        Source::Managed(id) => super::power::is_dangerous(model, id),
        Source::Written(_) => {
            told == Told::ByStatementToo && super::width::names_whole_service(&granted.set.statements[index])
        }
    }
}

/// The resource first, then the action; for a policy of AWS, its attachment.
fn add_places(model: &Model, source: Source, name: &str, what: &str, places: &mut Vec<Place>) {
    let mut add = |place: Place| {
        if !places.contains(&place) {
            places.push(place);
        }
    };
    match source {
        Source::Managed(id) => add(Place::new(super::spelling::arn_span(model, id), format!("{what}: {name}"))),
        Source::Written(id) => {
            let written = &model[id];
            let resource = written.resources.ids().next().map_or(written.head.span, |id| model[id].head.span);
            add(Place::new(resource, what));
            if let Some(place) = action_place(model, id, name) {
                add(place);
            }
        }
    }
}

fn reads_all_data<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    judge(facts, id, data_groups(), "nothing is left out", Told::ByAttachment)
}

fn can_expose_data<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    judge(facts, id, lists::expose().iter(), "opens data of all kinds to others", Told::ByStatementToo)
}

fn can_mint_credentials<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    judge(facts, id, lists::credential().iter(), "makes credentials of any other", Told::ByStatementToo)
}

fn can_blind_logging<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    judge(facts, id, lists::blind().iter(), "ends the watching of anything", Told::ByStatementToo)
}
