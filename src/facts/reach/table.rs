//! What tables and VPCs mean for the subnets in them.

use super::subnet::{Candidate, Classes};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::network::{RouteTable, Subnet, Vpc};
use crate::model::{Id, Model};
use crate::source::{Place, Span};
use crate::value::{Kind, Piece};

const PRIVATE: [&str; 12] =
    ["private", "app", "internal", "intra", "isolated", "db", "database", "data", "cache", "redis", "worker", "rds"];
const PUBLIC: [&str; 6] = ["public", "web", "dmz", "nat", "bastion", "ingress"];

/// Whether people call it private and not public: the words of its label, its tags and the modules around it.
fn is_called_private(model: &Model, subnet: Id<Subnet>) -> bool {
    let mut words: Vec<String> = Vec::new();
    let names = model[subnet].names.value();
    for name in names.as_list().map(|list| list.items.as_slice()).unwrap_or_default() {
        match &name.kind {
            Kind::Text(text) => {
                for piece in text.pieces() {
                    if let Piece::Literal(text, _) = piece {
                        words.extend(words_of(text));
                    }
                }
            }
            Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::List(_)
            | Kind::Map(_)
            | Kind::Reference(_)
            | Kind::Unknown(_) => {}
        }
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&PRIVATE) && !has(&PUBLIC)
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
}

/// Subnets that are called private, use this table and reach the internet.
pub(super) fn exposes_private_subnets(facts: &Facts<'_>, id: Id<RouteTable>) -> Fact {
    let model = facts.model;
    let classes = facts.analysis::<Classes>();
    let mut exposed: Vec<Id<Subnet>> = Vec::new();
    let mut doubt: Option<Reason> = None;
    for subnet in model.network.subnets.ids() {
        let uses = classes
            .candidates(subnet)
            .iter()
            .any(|candidate| matches!(candidate, Candidate::Table(table, ..) if *table == id));
        if !uses || !is_called_private(model, subnet) {
            continue;
        }
        let fact = classes.reaches_internet(subnet);
        match (fact.tri, model[subnet].head.presence) {
            (Tri::True, Tri::True) if classes.table(subnet) == Some(id) => exposed.push(subnet),
            (Tri::False, _) | (_, Tri::False) => {}
            (Tri::True | Tri::Unknown, _) => {
                doubt = doubt
                    .or(fact.reasons.into_iter().next())
                    .or_else(|| Some(Reason::at("no-value", model[subnet].head.name.clone(), model[subnet].head.span)))
            }
        }
    }
    if exposed.is_empty() {
        return match doubt {
            Some(reason) => Fact::unknown(reason),
            None => Fact::no(Vec::new()),
        };
    }
    exposed.sort_by_key(|subnet| (!holds_data(model, *subnet), *subnet));
    Fact::yes(places(facts, &classes, id, &exposed))
}

fn holds_data(model: &Model, subnet: Id<Subnet>) -> bool {
    let groups = model.data.subnet_groups.iter();
    groups
        .into_iter()
        .any(|(_, group)| !group.consumers.members.is_empty() && group.subnets.ids().any(|own| own == subnet))
}

/// Route, gateway, table, and each subnet with what gives it the table.
fn places(facts: &Facts<'_>, classes: &Classes, id: Id<RouteTable>, exposed: &[Id<Subnet>]) -> Vec<Place> {
    let model = facts.model;
    let mut places = Vec::new();
    let Some(first) = exposed.first() else { return places };
    let way = classes.reaches_internet(*first).places;
    let table = &model[id].head;
    let start = way.iter().position(|place| place.span == table.span && place.role.starts_with("the route table"));
    places.extend(way.iter().skip(start.map_or(0, |at| at + 1)).cloned());
    places.push(Place::new(table.span, super::route::table_in_words(table)));
    // Instances of one block stand at one place, which names them all.
    let mut users: Vec<(Span, Vec<String>)> = Vec::new();
    for subnet in exposed {
        let head = &model[*subnet].head;
        let name = format!("`{}`", head.name);
        match users.iter_mut().find(|(span, _)| *span == head.span) {
            Some((_, names)) => names.push(name),
            None => users.push((head.span, vec![name])),
        }
    }
    places.extend(users.into_iter().map(|(span, names)| match names.as_slice() {
        [only] => Place::new(span, format!("{only} uses it")),
        several => Place::new(span, format!("{} use it", several.join(", "))),
    }));
    places
}

/// Whether an association gives the subnet a table. The default VPC's own are not asked.
pub(super) fn has_own_table(facts: &Facts<'_>, id: Id<Subnet>) -> Fact {
    let model = facts.model;
    let subnet = &model[id];
    let in_default = subnet.is_default.tri() == Tri::True
        || subnet.vpc.id().is_some_and(|vpc| model[vpc].is_default.tri() == Tri::True);
    if in_default {
        return Fact::yes(Vec::new());
    }
    let places =
        vec![Place::new(subnet.head.span, format!("no association gives `{}` a route table", subnet.head.name))];
    let mut verdict = Fact::no(places);
    for association in subnet.associations.ids() {
        let head = &model[association].head;
        match head.presence {
            Tri::True => return Fact::yes(vec![Place::new(head.span, "this association gives it its route table")]),
            Tri::Unknown => {
                let reason = head.presence_reason.clone();
                verdict = Fact::unknown(reason.unwrap_or_else(|| Reason::at("no-value", head.name.clone(), head.span)));
            }
            Tri::False => {}
        }
    }
    if let Some(reason) = &subnet.associations.open {
        return Fact::unknown(reason.clone());
    }
    let nearby = model.network.associations.iter().find(|(_, association)| {
        let vpc = association.route_table.id().and_then(|table| model[table].vpc.id());
        let is_near = vpc.is_none() || vpc == subnet.vpc.id();
        matches!(association.subnet.link, crate::model::Link::Unknown(_)) && is_near
    });
    if let Some((_, association)) = nearby
        && let crate::model::Link::Unknown(reason) = &association.subnet.link
    {
        return Fact::unknown(reason.clone());
    }
    verdict
}

/// Whether at most one association claims the subnet.
pub(super) fn tables_agree(facts: &Facts<'_>, id: Id<Subnet>) -> Fact {
    let model = facts.model;
    let claims = model[id].associations.ids().filter(|association| model[*association].head.presence == Tri::True);
    let places: Vec<Place> = claims
        .map(|association| {
            Place::new(model[association].head.span, format!("gives `{}` a route table", model[id].head.name))
        })
        .collect();
    match places.len() {
        0 | 1 => Fact::yes(Vec::new()),
        _ => Fact::no(places.into_iter().rev().collect()),
    }
}

/// A log of the VPC, or one of each subnet. An adopted default VPC that nobody uses is not asked.
pub(super) fn has_flow_log(facts: &Facts<'_>, id: Id<Vpc>) -> Fact {
    let model = facts.model;
    let vpc = &model[id];
    if is_idle_default(model, id) {
        return Fact::yes(Vec::new());
    }
    if !is_declared(model, id) {
        return Fact::unknown(Reason::at("provider-computed", vpc.head.name.clone(), vpc.head.span));
    }
    let logs = || vpc.flow_logs.ids().map(|log| &model[log]);
    let presence = logs().filter(|log| log.vpc.id() == Some(id)).map(|log| log.head.presence);
    let of_vpc = Tri::any(presence);
    let covered = |subnet: Id<Subnet>| {
        Tri::any(logs().filter(|log| log.subnet.id() == Some(subnet)).map(|log| log.head.presence))
    };
    let of_subnets = match vpc.subnets.members.is_empty() {
        true => Tri::False,
        false => Tri::all(vpc.subnets.ids().map(covered)),
    };
    match of_vpc.or(of_subnets) {
        Tri::True => Fact::yes(Vec::new()),
        Tri::Unknown => Fact::unknown(Reason::at("no-value", vpc.head.name.clone(), vpc.head.span)),
        Tri::False => match &vpc.flow_logs.open {
            Some(reason) => Fact::unknown(reason.clone()),
            None => {
                let mut fact = Fact::no(vec![Place::new(vpc.head.span, "no flow log records its traffic")]);
                fact.missing.push(format!("aws_flow_log of {}", vpc.head.name));
                fact
            }
        },
    }
}

pub(super) fn is_idle_default(model: &Model, id: Id<Vpc>) -> bool {
    model[id].is_default.tri() == Tri::True && model[id].subnets.members.is_empty()
}

/// Whether a resource block makes or adopts the VPC; a data source only finds it.
pub(super) fn is_declared(model: &Model, id: Id<Vpc>) -> bool {
    let address = model[id].head.terraform.as_ref().map(|reference| reference.address.clone());
    address.is_some_and(|address| !address.split('.').any(|part| part == "data"))
}

/// Whether some subnet of the VPC is out of the internet's reach.
pub(super) fn has_private_subnet(facts: &Facts<'_>, id: Id<Vpc>) -> Fact {
    let model = facts.model;
    let vpc = &model[id];
    if vpc.subnets.members.is_empty() {
        return Fact::yes(Vec::new());
    }
    let classes = facts.analysis::<Classes>();
    let open = vpc.subnets.open.clone().map(Fact::unknown);
    let private = vpc.subnets.ids().map(|subnet| !classes.reaches_internet(subnet));
    let mut fact = Fact::any(private.chain(open));
    if fact.tri == Tri::False {
        fact.places.insert(0, Place::new(vpc.head.span, "every subnet of it reaches the internet"));
        fact.places.truncate(6);
    }
    fact
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn names_are_words() {
        assert_eq!(words_of("prod-app_private1").collect::<Vec<_>>(), ["prod", "app", "private"]);
    }
}
