//! Habits with principals that catalogues ask about: keys and consoles of users, roles that unlike hosts share, foreigners
//! that read everything.

use super::actions::listed;
use super::pattern::Pattern;
use super::principal::{Attached, managed_name};
use super::scope::{is_everything, known, resource_part};
use super::trusted::{Trusts, members};
use super::width::{StatementId, on_grant};
use crate::facts::reach::host_has_public_address;
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::{self, AccessKey, IamUser, Role};
use crate::model::{Id, Link};
use crate::source::Place;
use crate::value::Value;

facts! {
    AccessKey {
        /// Whether it lives until somebody revokes it.
        is_long_lived: Flag = is_long_lived,
    }
    IamUser {
        /// Whether something is attached to it or written into it, instead of a group.
        has_policies_of_its_own: Flag = has_policies_of_its_own,
    }
    Role {
        /// Whether another account may assume it and read everything here.
        lets_foreigners_read_all: Flag = lets_foreigners_read_all,
        /// Whether hosts with a public address and hosts without one have it.
        is_shared_by_public_and_private_hosts: Flag = is_shared_by_public_and_private_hosts,
    }
    identity::Statement {
        /// Whether it lets a function be called, and not its versions or aliases.
        misses_function_versions: Flag = misses_function_versions,
        /// Whether it lets the names of all buckets, or of all objects in them, be listed.
        lists_all_buckets: Flag = lists_all_buckets,
    }
}

fn is_long_lived(facts: &Facts<'_>, id: Id<AccessKey>) -> Fact {
    let key = &facts.model[id];
    let mut places = vec![Place::new(key.head.span, "a key without an end")];
    if let Some(user) = key.iam_user.id() {
        places.push(Place::new(facts.model[user].head.span, "of this user"));
    }
    Fact::yes(places)
}

fn has_policies_of_its_own(facts: &Facts<'_>, id: Id<IamUser>) -> Fact {
    let model = facts.model;
    let user = &model[id];
    let written = user.policies.ids().map(|id| model[id].head.span);
    let attached = user.attachments.ids().map(|id| super::spelling::arn_span(model, id));
    let places: Vec<Place> = written.chain(attached).map(|span| Place::new(span, "this user alone has it")).collect();
    match (places.is_empty(), user.policies.open.as_ref().or(user.attachments.open.as_ref())) {
        (false, _) => Fact::yes(places),
        (true, Some(reason)) => Fact::unknown(reason.clone()),
        (true, None) => Fact::no(vec![Place::new(user.head.span, "")]),
    }
}

fn lets_foreigners_read_all(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let model = facts.model;
    let role = &model[id];
    let nothing = || Fact::no(vec![Place::new(role.head.span, "")]);
    let reads = role.attachments.ids().map(|id| {
        let place = Place::new(super::spelling::arn_span(model, id), "reads everything");
        match super::principal::resolve(model, id) {
            Attached::Managed(_) => {
                Fact::new(Tri::from(managed_name(model, id) == Some("ReadOnlyAccess")), vec![place])
            }
            Attached::Customer(_) => Fact::no(Vec::new()),
            Attached::Unresolved(reason) => Fact::unknown(reason),
        }
    });
    let reads = Fact::any(reads.chain(role.attachments.open.clone().map(Fact::unknown)));
    if reads.tri == Tri::False {
        return nothing();
    }
    let Some(trust) = role.trust.id() else {
        return match &role.trust.link {
            Link::Unknown(reason) => Fact::unknown(reason.clone()),
            Link::To(_) | Link::Absent => nothing(),
        };
    };
    let allowed = model[trust].statements.ids().filter(|id| model[*id].effect.equals("Deny") != Tri::True);
    let foreign = allowed.flat_map(|id| {
        let effect = model[id].effect.equals("Allow");
        members(&model[id].aws_principals).into_iter().map(move |value| {
            let place = Place::new(value.origin.span().unwrap_or(role.head.span), "and this account may have it");
            match effect.and(is_account(&value)) {
                Tri::Unknown => Fact::unknown(Reason::at("no-value", "the principal", place.span)),
                tri => Fact::new(tri, vec![place]),
            }
        })
    });
    let unseen = model[trust].statements.open.clone().map(Fact::unknown);
    match reads.and(Fact::any(foreign.chain(unseen))) {
        fact if fact.tri == Tri::False => nothing(),
        fact => fact,
    }
}

/// Whether a principal is one of an account that is written; what a reference leads to is one's own.
fn is_account(value: &Value) -> Tri {
    if value.walk().any(|part| part.reason().is_some()) {
        return Tri::Unknown;
    }
    let account = value.as_str().map(|text| text.split(':').nth(4).unwrap_or(text));
    Tri::from(account.is_some_and(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())))
}

fn is_shared_by_public_and_private_hosts(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let model = facts.model;
    let head = &model[id].head;
    let is_for_hosts = facts.analysis::<Trusts>().trusts_service(id, "ec2.amazonaws.com") != Tri::False;
    let hidden = model.workload.hosts.iter().find_map(|(_, host)| match &host.role.link {
        Link::Unknown(reason) if is_for_hosts => Some(reason.clone()),
        Link::Unknown(_) | Link::Absent | Link::To(_) => None,
    });
    let hosts = model.workload.hosts.iter().filter(|(_, host)| host.role.id() == Some(id));
    let judged: Vec<(Fact, &crate::model::Head)> =
        hosts.map(|(id, host)| (host_has_public_address(facts, id), &host.head)).collect();
    let of = |tri: Tri| judged.iter().find(|(fact, _)| fact.tri == tri).map(|(_, head)| *head);
    match (of(Tri::True), of(Tri::False), of(Tri::Unknown)) {
        (Some(public), Some(private), _) => Fact::yes(vec![
            Place::new(head.span, "hosts of both kinds have this role"),
            Place::new(public.span, "this one has a public address"),
            Place::new(private.span, "this one has none"),
        ]),
        (_, _, Some(unknown)) if judged.len() > 1 => {
            Fact::unknown(Reason::at("no-value", "associate_public_ip_address", unknown.span))
        }
        (_, _, _) => hidden.map_or_else(|| Fact::no(vec![Place::new(head.span, "")]), Fact::unknown),
    }
}

fn misses_function_versions(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_grant(facts, id, |model, id, statement| {
        let head = &model[id].head;
        let nothing = || Fact::no(vec![Place::new(head.span, "")]);
        match statement.names_action(&listed("lambda:InvokeFunction")) {
            Tri::False => return nothing(),
            Tri::Unknown => return Fact::unknown(Reason::at("no-value", "the actions", head.span)),
            Tri::True if statement.actions.is_negated || statement.resources.is_negated => return nothing(),
            Tri::True => {}
        }
        let parts: Vec<Option<String>> = statement
            .resources
            .patterns
            .iter()
            .map(|pattern| resource_part(pattern).map(|part| Pattern::of(part.to_vec()).to_string()))
            .collect();
        let plain = parts.iter().position(|part| {
            part.as_deref().and_then(|part| part.strip_prefix("function:")).is_some_and(|name| {
                let versions = format!("function:{name}:*");
                !name.ends_with('*')
                    && !name.contains(':')
                    && !parts.iter().any(|other| other.as_deref() == Some(&versions))
            })
        });
        match plain {
            // The versions may stand in what is hidden.
            Some(_) if statement.resources.is_hidden() => {
                Fact::unknown(Reason::at("no-value", "the resource", head.span))
            }
            Some(index) => {
                let resource = model[id].resources.ids().nth(index).map_or(head.span, |id| model[id].head.span);
                Fact::yes(vec![Place::new(resource, "a version or an alias of it is another resource")])
            }
            None if statement
                .resources
                .patterns
                .iter()
                .any(|pattern| resource_part(pattern).is_none() && pattern.is_loose()) =>
            {
                Fact::unknown(Reason::at("no-value", "the resource", head.span))
            }
            None => nothing(),
        }
    })
}

fn lists_all_buckets(facts: &Facts<'_>, id: StatementId) -> Fact {
    on_grant(facts, id, |model, id, statement| {
        let head = &model[id].head;
        let mut verdict = Tri::False;
        for name in ["s3:ListAllMyBuckets", "s3:ListBucket"] {
            let Some((service, action)) = known(name) else { continue };
            let named = statement.names_action(&listed(name));
            let every = |pattern: &Pattern| match action.takes_resource() {
                true => is_everything(pattern, service, action),
                false => Tri::from(pattern.is_everything()),
            };
            let reached = match statement.resources.is_negated {
                true => Tri::Unknown,
                false => Tri::any(statement.resources.patterns.iter().map(every)),
            };
            if named.and(reached) == Tri::True && !super::scope::narrowed_by_condition(statement) {
                let place = super::principal::action_place(model, id, name);
                return Fact::yes(place.into_iter().collect());
            }
            verdict = verdict.or(named.and(reached));
        }
        match verdict {
            Tri::False => Fact::no(vec![Place::new(head.span, "")]),
            Tri::True | Tri::Unknown => Fact::unknown(Reason::at("no-value", "what the statement reaches", head.span)),
        }
    })
}
