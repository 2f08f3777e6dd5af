//! Whether a VPC endpoint or a way out serves what tasks need.

use super::endpoint;
use super::subnet::Classes;
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::network::{Need, RouteTable, SecurityGroup, Subnet};
use crate::model::range::Family;
use crate::model::workload::Service;
use crate::model::{Id, Link, Model, Reading};
use crate::source::Place;

/// Whether the VPC has an endpoint of the service, usable or not.
pub(super) fn has_endpoint(facts: &Facts<'_>, id: Id<Need>) -> Fact {
    let model = facts.model;
    let need = &model[id];
    let service = match (need.aws_service.as_str(), need.aws_service.get()) {
        (Some(service), _) => service,
        (None, Reading::Unknown(reason)) => return Fact::unknown(reason),
        (None, Reading::Known(_) | Reading::Absent) => return Fact::no(Vec::new()),
    };
    let vpc = match (need.vpc.id(), &need.vpc.link) {
        (Some(vpc), _) => &model[vpc],
        (None, Link::Unknown(reason)) => return Fact::unknown(reason.clone()),
        (None, Link::Absent | Link::To(_)) => {
            return Fact::unknown(Reason::at("vpc-unknown", service.to_owned(), need.head.span));
        }
    };
    let of_service = vpc.endpoints.ids().map(|endpoint| {
        let endpoint = &model[endpoint];
        match endpoint.aws_service.equals(service).and(endpoint.head.presence) {
            Tri::Unknown => Fact::unknown(Reason::at("no-value", endpoint.head.name.clone(), endpoint.head.span)),
            known => Fact::new(known, vec![Place::new(endpoint.head.span, format!("`{}`", endpoint.head.name))]),
        }
    });
    let open = vpc.endpoints.open.clone().map(Fact::unknown);
    let mut fact = Fact::any(of_service.chain(open));
    if fact.tri == Tri::False {
        fact.places = trail(model, need);
        // What the way there lacks is said by who asks for it.
        fact.places.iter_mut().take(1).for_each(|place| place.role.clear());
        fact.missing.push(format!("aws_vpc_endpoint for {service} in {}", vpc.head.name));
    }
    fact
}

/// Table (or subnet), then who needs it and why.
fn trail(model: &Model, need: &Need) -> Vec<Place> {
    let mut places = vec![Place::new(need.head.span, "the subnets of the task use this and nothing leads out of it")];
    if need.route_tables.members.is_empty() {
        places[0].role = "the task runs here".to_owned();
    }
    for (service, origin) in need.services.members.iter().take(3) {
        let head = model.head(*service);
        places.push(Place::new(head.span, format!("`{}` runs there", head.name)));
        if let Some(span) = origin.span() {
            let what = need.aws_service.as_str().filter(|service| !service.is_empty()).unwrap_or("the internet");
            places.push(Place::new(span, format!("it needs {what} for this")));
        }
    }
    places
}

/// Whether every subnet of every task that has the need leads to the internet.
pub(super) fn has_way_out(facts: &Facts<'_>, id: Id<Need>) -> Fact {
    let need = &facts.model[id];
    let judged = ways_out(facts, need).into_iter().map(|(_, way_out)| way_out);
    let mut fact = Fact::all(judged.chain(need.subnets.open.clone().map(Fact::unknown)));
    if fact.tri == Tri::False {
        fact.places = trail(facts.model, need);
    }
    fact
}

/// For each task that has the need and each of its subnets, whether the internet is reached from there.
pub(super) fn ways_out(facts: &Facts<'_>, need: &Need) -> Vec<(Id<Subnet>, Fact)> {
    let model = facts.model;
    let classes = facts.analysis::<Classes>();
    let start_only = need.strength.equals("start") == Tri::True && need.outside_aws.tri() != Tri::True;
    let mut found = Vec::new();
    for service in need.services.ids().map(|service| &model[service]) {
        let address = match service.assign_public_ip.get() {
            Reading::Known(flag) => Fact::new(Tri::from(flag), Vec::new()),
            Reading::Absent => Fact::no(Vec::new()),
            Reading::Unknown(reason) => Fact::unknown(reason),
        };
        for subnet in service.subnets.ids() {
            let out = way_out(model, &classes, subnet, Family::V4, address.clone());
            let out = match start_only {
                true => out,
                false => out.or(way_out(model, &classes, subnet, Family::V6, Fact::yes(Vec::new()))),
            };
            found.push((subnet, out));
        }
    }
    found
}

fn way_out(model: &Model, classes: &Classes, subnet: Id<Subnet>, family: Family, address: Fact) -> Fact {
    let own = classes.gateway(subnet, family).and(address).and(super::block_access::lets_through(
        model,
        subnet,
        super::block_access::Traffic::OutboundByOwnAddress,
    ));
    let out = classes.egress(subnet, family).or(own);
    if out.tri == Tri::False && classes.transit(subnet, family).tri != Tri::False {
        let head = &model[subnet].head;
        return Fact::unknown(Reason::at("leaves-our-sight", head.name.clone(), head.span));
    }
    out
}

pub(super) fn goes_through_nat(facts: &Facts<'_>, id: Id<Need>) -> Fact {
    let classes = facts.analysis::<Classes>();
    let need = &facts.model[id];
    let of_subnets = need.subnets.ids().map(|subnet| classes.egress(subnet, Family::V4));
    let mut fact = Fact::any(of_subnets.chain(need.subnets.open.clone().map(Fact::unknown)));
    if fact.tri == Tri::True {
        fact.places.insert(0, Place::new(need.head.span, "this traffic pays for NAT"));
    }
    fact
}

/// Whether every task that has the need gets what it needs, from each of its subnets: by an endpoint that catches its
/// traffic, lets it in and allows what it does, or, where none catches it, by a way out.
pub(super) fn is_met(facts: &Facts<'_>, id: Id<Need>) -> Fact {
    let model = facts.model;
    let need = &model[id];
    // An endpoint that nobody sees may catch the traffic, and shut it out.
    let unseen = || match (need.vpc.id(), &need.vpc.link) {
        (Some(vpc), _) => model[vpc].endpoints.open.clone(),
        (None, Link::Unknown(reason)) => Some(reason.clone()),
        (None, Link::Absent | Link::To(_)) => None,
    };
    let unseen = unseen().filter(|_| need.outside_aws.tri() != Tri::True).map(Fact::unknown);
    let judged = ways_out(facts, need).into_iter().map(|(subnet, way_out)| {
        let spared = need.endpoint_uses.ids().map(|pair| endpoint::spares_or_serves(facts, pair, subnet));
        let without = Fact::all(spared.chain(unseen.clone())).and(way_out);
        let served = is_served_from(facts, need, subnet);
        let served = Fact::any([served].into_iter().chain(unseen.clone()));
        served.or(without)
    });
    let mut fact = Fact::all(judged.chain(need.subnets.open.clone().map(Fact::unknown)));
    if fact.tri == Tri::False {
        let decided = std::mem::take(&mut fact.places);
        fact.places = trail(model, need);
        fact.places[0].role = "what the tasks need here does not reach them".to_owned();
        fact.places.extend(decided);
    }
    fact
}

/// Whether an endpoint takes what is sent from a subnet, and serves it.
fn is_served_from(facts: &Facts<'_>, need: &Need, subnet: Id<Subnet>) -> Fact {
    Fact::any(need.endpoint_uses.ids().map(|pair| endpoint::serves_from(facts, pair, subnet)))
}

/// Whether endpoints serve it, whatever else leads out.
fn is_served(facts: &Facts<'_>, id: Id<Need>) -> Tri {
    let need = &facts.model[id];
    let judged = need.subnets.ids().map(|subnet| is_served_from(facts, need, subnet).tri);
    let open = need.subnets.open.is_some() || need.subnets.members.is_empty();
    Tri::all(judged.chain(open.then_some(Tri::Unknown)))
}

/// The services behind a group that need no more than the endpoints of their VPC.
pub(super) fn content(facts: &Facts<'_>, group: Id<SecurityGroup>) -> Vec<Place> {
    let model = facts.model;
    let services = model[group].consumers.members.iter().filter_map(|(consumer, _)| consumer.typed::<Service>());
    let is_content = |service: &Id<Service>| {
        let needs = model.network.needs.iter().filter(|(_, need)| {
            need.strength.equals("hint") != Tri::True && need.services.ids().any(|user| user == *service)
        });
        let served: Vec<Tri> = needs.map(|(id, _)| is_served(facts, id)).collect();
        !served.is_empty() && Tri::all(served) == Tri::True
    };
    services
        .filter(is_content)
        .map(|service| {
            let head = &model[service].head;
            Place::new(head.span, format!("endpoints serve all that `{}` needs of AWS: it needs no more", head.name))
        })
        .collect()
}

/// A need of a task behind the table that goes through NAT although an endpoint could serve it.
pub(super) fn carries_aws_traffic_through_nat(facts: &Facts<'_>, id: Id<RouteTable>) -> Fact {
    let model = facts.model;
    let judged = model.network.needs.iter().filter_map(|(need_id, need)| {
        let first = need.route_tables.ids().next()?;
        let is_ours = first == id && need.outside_aws.tri() != Tri::True;
        is_ours.then(|| {
            let mut fact = goes_through_nat(facts, need_id).and(!has_endpoint(facts, need_id));
            if fact.tri == Tri::True {
                let head = &model[id].head;
                fact.places = vec![Place::new(head.span, "this table sends traffic to AWS through NAT")];
                fact.places.extend(trail(model, need).into_iter().skip(1));
            }
            (!need.strength.equals("hint"), fact)
        })
    });
    let judged: Vec<(Tri, Fact)> = judged.collect();
    let all: Vec<Place> =
        judged.iter().filter(|(_, fact)| fact.tri == Tri::True).flat_map(|(_, fact)| fact.places.clone()).collect();
    // What a task may do some day is listed with the rest, and is no cause by itself.
    let mut fact = Fact::any(judged.into_iter().map(|(is_sure, fact)| fact.and(Fact::new(is_sure, Vec::new()))));
    if fact.tri == Tri::True {
        fact.places = all;
        fact.places.truncate(12);
    }
    fact
}
