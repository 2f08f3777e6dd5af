//! Availability zones: which are used, and whether that is one alone although the VPC has more.

use super::subnet::{Candidate, Classes};
use crate::facts::{Analysis, Facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::SubnetGroup;
use crate::model::network::{Endpoint, LoadBalancer, NatGateway, RouteTable, Subnet};
use crate::model::workload::{AutoscalingGroup, Service};
use crate::model::{Id, Many, Model};
use crate::source::Place;
use crate::value::{Kind, List, ListFlavour, Origin, Value};

/// The zones of some subnets, each once, and why there may be more.
struct Zones {
    distinct: Vec<Value>,
    open: Option<Reason>,
}

/// The zones of each VPC's subnets, which everything that stands in one of them asks for.
struct VpcZones {
    /// By the index of the VPC.
    of: Vec<Zones>,
}

impl Analysis for VpcZones {
    fn compute(facts: &Facts<'_>) -> VpcZones {
        let model = facts.model;
        let vpcs = model.network.vpcs.iter();
        VpcZones { of: vpcs.map(|(_, vpc)| zones_of(model, vpc.subnets.ids(), vpc.subnets.open.clone())).collect() }
    }
}

fn zones_of(model: &Model, subnets: impl Iterator<Item = Id<Subnet>>, open: Option<Reason>) -> Zones {
    let mut zones = Zones { distinct: Vec::new(), open };
    for subnet in subnets {
        let zone = &model[subnet].zone;
        let mut verdict = Tri::False;
        for known in &zones.distinct {
            verdict = verdict.or(same_zone(known, zone.value()));
        }
        match verdict {
            Tri::True => {}
            Tri::False if zone.is_present() == Tri::True && zone.value().reason().is_none() => {
                zones.distinct.push(zone.value().clone());
            }
            Tri::False | Tri::Unknown => {
                let head = &model[subnet].head;
                let reason = zone.value().reason().cloned();
                zones.open =
                    zones.open.or(reason).or_else(|| Some(Reason::at("no-value", head.name.clone(), head.span)));
            }
        }
    }
    zones
}

/// Members of the list of all zones differ from each other.
pub(super) fn same_zone(a: &Value, b: &Value) -> Tri {
    if let (Kind::Reference(a), Kind::Reference(b)) = (&a.kind, &b.kind) {
        if a == b {
            return Tri::True;
        }
        if a.address == b.address && a.address.contains("aws_availability_zones") {
            return Tri::False;
        }
        return Tri::Unknown;
    }
    match (a.as_text(), b.as_text()) {
        (Some(a), Some(b)) => a.equals(&b),
        (_, None) | (None, _) => Tri::Unknown,
    }
}

/// One zone alone, although the VPC's subnets stand in several.
fn one_zone(facts: &Facts<'_>, subnets: &Many<Subnet>, name: &str) -> Fact {
    let model = facts.model;
    if subnets.members.is_empty() && subnets.open.is_none() {
        return Fact::no(Vec::new());
    }
    let used = zones_of(model, subnets.ids(), subnets.open.clone());
    if used.distinct.len() > 1 {
        return Fact::no(Vec::new());
    }
    if let Some(reason) = used.open {
        return Fact::unknown(reason);
    }
    let vpc = subnets.ids().find_map(|subnet| model[subnet].vpc.id());
    let Some(vpc) = vpc else {
        return Fact::unknown(Reason::new("vpc-unknown", name));
    };
    let all = &facts.analysis::<VpcZones>().of[vpc.index as usize];
    let place = subnets.origin.span().or(subnets.members.first().and_then(|(_, origin)| origin.span()));
    let mut places: Vec<Place> = place
        .map(|place| Place::new(place, format!("all subnets of `{name}` stand in one zone")))
        .into_iter()
        .collect();
    places.extend(subnets.ids().take(3).map(|subnet| {
        let head = &model[subnet].head;
        Place::new(head.span, format!("`{}`", head.name))
    }));
    match (all.distinct.len() > 1, &all.open) {
        (true, _) => Fact::yes(places),
        (false, Some(reason)) => Fact::unknown(reason.clone()),
        (false, None) => Fact::no(Vec::new()),
    }
}

pub(super) fn of_service(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let service = &facts.model[id];
    one_zone(facts, &service.subnets, &service.head.name)
}

pub(super) fn of_subnet_group(facts: &Facts<'_>, id: Id<SubnetGroup>) -> Fact {
    let group = &facts.model[id];
    one_zone(facts, &group.subnets, &group.head.name)
}

pub(super) fn of_endpoint(facts: &Facts<'_>, id: Id<Endpoint>) -> Fact {
    let endpoint = &facts.model[id];
    match endpoint.kind.equals("Interface") {
        Tri::False => Fact::no(Vec::new()),
        Tri::True | Tri::Unknown => one_zone(facts, &endpoint.subnets, &endpoint.head.name),
    }
}

pub(super) fn one_zone_of_load_balancer(facts: &Facts<'_>, id: Id<LoadBalancer>) -> Fact {
    let balancer = &facts.model[id];
    one_zone(facts, &balancer.subnets, &balancer.head.name)
}

pub(super) fn of_autoscaling_group(facts: &Facts<'_>, id: Id<AutoscalingGroup>) -> Fact {
    let group = &facts.model[id];
    one_zone(facts, &group.subnets, &group.head.name)
}

/// The zones of a load balancer as a list, each once.
pub(super) fn of_load_balancer(facts: &Facts<'_>, id: Id<LoadBalancer>) -> (Value, Vec<Place>) {
    let balancer = &facts.model[id];
    let zones = zones_of(facts.model, balancer.subnets.ids(), balancer.subnets.open.clone());
    let origin = match balancer.subnets.origin.span() {
        Some(_) => balancer.subnets.origin.clone(),
        None => Origin::written(balancer.head.span),
    };
    let list = List { items: zones.distinct, flavour: ListFlavour::Tuple, open: zones.open, is_indexed: false };
    let place = Place::new(origin.span().unwrap_or(balancer.head.span), "all of its subnets stand in one zone");
    (Value::new(Kind::List(std::sync::Arc::new(list)), origin), vec![place])
}

/// Whether subnets of other zones depend on this NAT gateway.
pub(super) fn serves_other_zones(facts: &Facts<'_>, id: Id<NatGateway>) -> Fact {
    let model = facts.model;
    let nat = &model[id];
    match nat.availability_mode.equals("regional") {
        Tri::True => return Fact::no(Vec::new()),
        Tri::False => {}
        Tri::Unknown => return Fact::unknown(Reason::at("no-value", nat.head.name.clone(), nat.head.span)),
    }
    let Some(home) = nat.subnet.id() else {
        return Fact::unknown(Reason::at("subnet-unknown", nat.head.name.clone(), nat.head.span));
    };
    let classes = facts.analysis::<Classes>();
    let tables: Vec<Id<RouteTable>> = model
        .network
        .routes
        .iter()
        .filter(|(_, route)| route.target.any() == Some(id.into()) && route.head.presence == Tri::True)
        .filter_map(|(_, route)| route.route_table.id())
        .collect();
    let mut doubt = None;
    for subnet in model.network.subnets.ids() {
        let uses = classes.candidates(subnet).iter().any(|candidate| match candidate {
            Candidate::Table(table, ..) => tables.contains(table),
            Candidate::LocalOnly(_) | Candidate::DefaultVpc(_) | Candidate::Unknown(_) => false,
        });
        if !uses {
            continue;
        }
        match same_zone(model[subnet].zone.value(), model[home].zone.value()) {
            Tri::True => {}
            Tri::False => {
                let user = &model[subnet].head;
                let places = vec![
                    Place::new(nat.head.span, format!("`{}` stands in one zone", nat.head.name)),
                    Place::new(user.span, format!("`{}` of another zone goes out through it", user.name)),
                ];
                return Fact::yes(places);
            }
            Tri::Unknown => {
                doubt = Some(Reason::at("zone-unknown", model[subnet].head.name.clone(), model[subnet].head.span))
            }
        }
    }
    match doubt {
        Some(reason) => Fact::unknown(reason),
        None => Fact::no(Vec::new()),
    }
}
