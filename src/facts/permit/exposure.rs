//! Whom a policy that a resource carries lets in: everyone, and accounts that are not this one. One judgement for all
//! kinds of resources; what a single stranger can do about a condition is decided in `stranger`.

use super::accounts::{OwnAccounts, account_in, is_whole_account};
use super::actions::ActionName;
use super::pattern::Extent;
use super::stranger::{can_meet, cannot_escape, names_everyone};
use super::{read, statement};
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::{Policy, ResourcePolicy, Statement};
use crate::model::{Id, Link, Model, One, Reading};
use crate::source::Place;
use crate::value::{Origin, Value};

facts! {
    ResourcePolicy {
        /// Whether it lets everyone in: any account, or nobody in particular, under conditions that anybody meets.
        open_to_everyone: Flag = open_to_everyone,
        /// The accounts beside this one that it lets in.
        foreign_accounts: Texts = foreign_accounts,
        /// The accounts beside this one that may change who else gets in, or how the data is kept.
        foreign_administrators: Texts = foreign_administrators,
        /// Whether it allows every action to somebody else than the whole account.
        allows_every_action: Flag = allows_every_action,
        /// Whether it allows all actions but those that it names.
        allows_the_rest: Flag = allows_the_rest,
        /// Whether it lets in people whom nothing identifies, under whatever conditions.
        names_everyone: Flag = lets_anybody_in,
        /// Whether it denies everything to everybody, so that only the root user of the account can undo it.
        locks_owner_out: Flag = locks_owner_out,
    }
}

/// The statements behind an edge to a policy; nothing where no policy is written.
enum Written {
    Statements(Vec<Id<Statement>>, Option<Reason>),
    Nothing,
    Unknown(Reason),
}

fn written(model: &Model, edge: &One<Policy>) -> Written {
    match (edge.id(), &edge.link) {
        (Some(policy), _) => {
            let statements = &model[policy].statements;
            Written::Statements(statements.ids().collect(), statements.open.clone())
        }
        (None, Link::Unknown(reason)) => Written::Unknown(reason.clone()),
        (None, Link::Absent | Link::To(_)) => Written::Nothing,
    }
}

/// The first statement of a policy that is bad; more of them where others may stand beside it.
fn any_statement(model: &Model, edge: &One<Policy>, judge: impl Fn(Id<Statement>) -> Fact) -> Fact {
    match written(model, edge) {
        Written::Nothing => Fact::no(Vec::new()),
        Written::Unknown(reason) => Fact::unknown(reason),
        Written::Statements(statements, open) => {
            let judged = Fact::any(statements.into_iter().map(judge));
            match (judged.tri, open) {
                (Tri::False, Some(reason)) => Fact::unknown(reason),
                (_, _) => judged,
            }
        }
    }
}

fn of(model: &Model, id: Id<Statement>, tri: Tri, role: &str) -> Fact {
    let place = model[id].head.span;
    match tri {
        Tri::Unknown => Fact::unknown(hidden(model, id)),
        known => Fact::new(known, vec![Place::new(place, role)]),
    }
}

/// What of a statement is not known, the most telling first.
fn hidden(model: &Model, id: Id<Statement>) -> Reason {
    let statement = &model[id];
    let conditions = || statement.policy_conditions.ids().map(|id| &model[id].values);
    let of_conditions = conditions().find_map(|values| match values.get() {
        Reading::Known(list) => list.items.iter().find_map(|item| item.reason().cloned()),
        Reading::Absent => None,
        Reading::Unknown(reason) => Some(reason),
    });
    let of_principals = match statement.principals.get() {
        Reading::Known(list) => list.open.clone().or_else(|| list.items.iter().find_map(|it| it.reason().cloned())),
        Reading::Absent => None,
        Reading::Unknown(reason) => Some(reason),
    };
    of_principals
        .or_else(|| statement.policy_conditions.open.clone())
        .or(of_conditions)
        .unwrap_or_else(|| Reason::at("no-value", "a statement", statement.head.span))
}

/// Whether a statement lets everyone do something of what it names: no condition keeps strangers out, and no Deny of the
/// same policy does.
pub(in crate::facts) fn admits_everyone(facts: &Facts<'_>, id: Id<Statement>) -> Tri {
    let model = facts.model;
    let statement = &model[id];
    let admits = statement.effect.equals("Allow").and(names_everyone(statement));
    if admits == Tri::False {
        return Tri::False;
    }
    let admits = admits.and(can_meet(model, statement));
    if admits == Tri::False {
        return Tri::False;
    }
    let Some(policy) = statement.policy.id() else { return admits };
    let others = model[policy].statements.ids().filter(|other| *other != id);
    admits.and(!Tri::any(others.map(|other| denies_strangers(facts, other, id))))
}

/// Whether a Deny takes from strangers all that another statement gives.
fn denies_strangers(facts: &Facts<'_>, deny: Id<Statement>, allow: Id<Statement>) -> Tri {
    let model = facts.model;
    let written = &model[deny];
    let about_strangers = written.effect.equals("Deny").and(names_everyone(written));
    if about_strangers == Tri::False {
        return Tri::False;
    }
    let about_strangers = match written.has_not_principal.tri() {
        // It spares those whom it names; whether they are strangers, nobody knows.
        Tri::True | Tri::Unknown => about_strangers.and(Tri::Unknown),
        Tri::False => about_strangers,
    };
    let unescaped = cannot_escape(model, written);
    if unescaped == Tri::False {
        return Tri::False;
    }
    let (deny, allow) = (read::statement(facts, deny), read::statement(facts, allow));
    about_strangers.and(unescaped).and(covers(&deny, &allow))
}

/// Whether one statement names all actions and resources of another.
fn covers(wide: &statement::Statement, narrow: &statement::Statement) -> Tri {
    if wide.actions.is_negated || narrow.actions.is_negated || wide.resources.is_negated || narrow.resources.is_negated
    {
        return Tri::Unknown;
    }
    let actions = Tri::all(narrow.actions.patterns.iter().map(|action| wide.actions.name_all(action)));
    let resources = narrow.resources.patterns.iter().map(|resource| match wide.resources.patterns.is_empty() {
        true => Tri::Unknown,
        false => wide.covers_resource(resource, Extent::All),
    });
    actions.and(Tri::all(resources))
}

fn open_to_everyone(facts: &Facts<'_>, id: Id<ResourcePolicy>) -> Fact {
    let model = facts.model;
    let mut fact = any_statement(model, &model[id].policy, |statement| {
        of(model, statement, admits_everyone(facts, statement), "this lets everyone in")
    });
    if fact.tri == Tri::True {
        let head = &model[id].head;
        fact.places.push(Place::new(head.block, format!("`{}` is opened by it", head.name)));
    }
    fact
}

fn lets_anybody_in(facts: &Facts<'_>, id: Id<ResourcePolicy>) -> Fact {
    let model = facts.model;
    any_statement(model, &model[id].policy, |statement| {
        let written = &model[statement];
        let verdict = written.effect.equals("Allow").and(names_everyone(written));
        of(model, statement, verdict, "nobody has to say who he is")
    })
}

fn foreign_accounts(facts: &Facts<'_>, id: Id<ResourcePolicy>) -> (Value, Vec<Place>) {
    foreign(facts, id, |_| Tri::True)
}

/// Actions that change who gets in, or how the data is kept.
const ADMINISTRATION: [&str; 8] = [
    "s3:deletebucketpolicy",
    "s3:putbucketpolicy",
    "s3:putbucketacl",
    "s3:putobjectacl",
    "s3:putencryptionconfiguration",
    "s3:putbucketpublicaccessblock",
    "s3:putbucketownershipcontrols",
    "s3:deletebucket",
];

fn foreign_administrators(facts: &Facts<'_>, id: Id<ResourcePolicy>) -> (Value, Vec<Place>) {
    foreign(facts, id, |statement| {
        let read = read::statement(facts, statement);
        Tri::any(ADMINISTRATION.iter().map(|action| read.names_action(&ActionName::new(action))))
    })
}

/// The accounts of principals of Allow statements that are surely not this root's own. Without knowing which one is its
/// own, every number may be.
fn foreign(facts: &Facts<'_>, id: Id<ResourcePolicy>, concerns: impl Fn(Id<Statement>) -> Tri) -> (Value, Vec<Place>) {
    let model = facts.model;
    let carrier = &model[id];
    let origin = Origin::written(carrier.head.span);
    let (statements, open) = match written(model, &carrier.policy) {
        Written::Statements(statements, open) => (statements, open),
        Written::Nothing => (Vec::new(), None),
        Written::Unknown(reason) => return (Value::unknown(reason, origin), Vec::new()),
    };
    let accounts = facts.analysis::<OwnAccounts>();
    let mut found = Vec::new();
    let mut places = Vec::new();
    let mut doubt = open;
    for statement in statements {
        let allows = model[statement].effect.equals("Allow").and(concerns(statement));
        if allows == Tri::False {
            continue;
        }
        for principal in super::trusted::members(&model[statement].aws_principals) {
            let place = principal.origin.span().unwrap_or(model[statement].head.span);
            let Some(account) = account_in(&principal) else {
                doubt = doubt.or_else(|| principal.reason().cloned());
                continue;
            };
            match accounts.is_foreign(&carrier.head, &account).and(allows) {
                Tri::True => {
                    found.push(Value::text(&account, principal.origin.clone()));
                    places.push(Place::new(place, format!("account {account}")));
                }
                Tri::False => {}
                Tri::Unknown => doubt = doubt.or(Some(Reason::at("account-unknown", "the own account", place))),
            }
        }
    }
    match (found.is_empty(), doubt) {
        (true, Some(reason)) => (Value::unknown(reason, origin), places),
        (_, _) => (Value::list(found, origin), places),
    }
}

/// `*`, or `service:*`, for a service or a principal that is not the account as a whole, whose owner has all of it anyway.
fn allows_every_action(facts: &Facts<'_>, id: Id<ResourcePolicy>) -> Fact {
    let model = facts.model;
    any_statement(model, &model[id].policy, |statement| {
        let written = &model[statement];
        let all = written.actions.ids().find(|action| {
            let text = model[*action].text.as_str();
            text.is_some_and(|text| text == "*" || text.ends_with(":*"))
        });
        let hidden = written.actions.ids().any(|action| model[action].text.as_str().is_none());
        let Some(action) = all.filter(|_| written.has_not_action.tri() != Tri::True) else {
            let unread = hidden || written.actions.open.is_some();
            return of(model, statement, if unread { Tri::Unknown } else { Tri::False }, "");
        };
        let verdict = written.effect.equals("Allow").and(is_for_more_than_accounts(model, written));
        let mut fact = of(model, statement, verdict, "for this principal");
        if fact.tri == Tri::True {
            fact.places.insert(0, Place::new(model[action].head.span, "every action"));
        }
        fact
    })
}

fn is_for_more_than_accounts(model: &Model, statement: &Statement) -> Tri {
    let is_narrower = |value: &Value| match value.as_text() {
        Some(_) if is_whole_account(value) == Tri::True => Tri::False,
        // Everyone, under conditions that only the own account meets, is the account.
        Some(text) if text.known() == Some("*") => match can_meet(model, statement) {
            Tri::True => Tri::True,
            Tri::False | Tri::Unknown => Tri::Unknown,
        },
        Some(text) if text.known().is_some() => Tri::True,
        Some(text) if text.prefix().starts_with("arn:") => Tri::True,
        Some(_) if value.as_reference().is_some_and(|reference| !reference.address.starts_with("data.")) => Tri::True,
        Some(_) | None => Tri::Unknown,
    };
    let listed = super::trusted::members(&statement.principals);
    let open = match statement.principals.get() {
        Reading::Known(list) if list.open.is_none() => Tri::False,
        Reading::Absent => Tri::False,
        Reading::Known(_) | Reading::Unknown(_) => Tri::Unknown,
    };
    Tri::any(listed.iter().map(is_narrower)).or(open)
}

fn allows_the_rest(facts: &Facts<'_>, id: Id<ResourcePolicy>) -> Fact {
    let model = facts.model;
    any_statement(model, &model[id].policy, |statement| {
        let written = &model[statement];
        let verdict = written.effect.equals("Allow").and(written.has_not_action.tri());
        of(model, statement, verdict, "all other actions are allowed")
    })
}

fn locks_owner_out(facts: &Facts<'_>, id: Id<ResourcePolicy>) -> Fact {
    let model = facts.model;
    any_statement(model, &model[id].policy, |statement| {
        let written = &model[statement];
        let spares =
            written.has_not_principal.tri().or(written.has_not_action.tri()).or(written.has_not_resource.tri());
        let everybody = written.effect.equals("Deny").and(names_everyone(written)).and(!spares);
        let conditions = match (written.policy_conditions.members.is_empty(), &written.policy_conditions.open) {
            (true, None) => Tri::True,
            (true, Some(_)) => Tri::Unknown,
            (false, _) => Tri::False,
        };
        let everything = written.actions.ids().map(|action| match model[action].text.as_str() {
            Some(text) => Tri::from(text == "*" || text.ends_with(":*")),
            None => Tri::Unknown,
        });
        let verdict = everybody.and(conditions).and(Tri::any(everything));
        of(model, statement, verdict, "everybody, the owner included")
    })
}
