//! The class of a subnet, per family of addresses: public, with a way out, in transit, or isolated. Decided by the
//! table that the subnet uses, the routes of it and what they lead to; never by a name.

use std::collections::HashMap;

use super::block_access::{Traffic, lets_through};
use super::route::{Legs, Propagation, Quality};
use crate::facts::{Analysis, Facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::network::{Association, Endpoint, NatGateway, Route, RouteTable, Subnet, Vpc};
use crate::model::range::Family;
use crate::model::workload::Host;
use crate::model::{AnyId, Id, Link, Many, Model, Reading};
use crate::source::Place;
use crate::value::{Origin, Value};

/// The classes of all subnets, computed together since egress depends on the subnets of NAT gateways.
pub(super) struct Classes {
    subnets: Vec<[FamilyClass; 2]>,
    candidates: Vec<Vec<Candidate>>,
    nat_works: Vec<Fact>,
}

#[derive(Clone, Debug)]
struct FamilyClass {
    has: Fact,
    /// Some public address is reached by an internet gateway, whatever blocks it.
    gateway: Fact,
    public: Fact,
    egress: Fact,
    transit: Fact,
}

/// A table that a subnet may use, with the way to it.
#[derive(Clone, Debug)]
pub(super) enum Candidate {
    /// The last part says why it is not sure that this is the table.
    Table(Id<RouteTable>, Vec<Place>, Option<Reason>),
    /// The main table as AWS makes it: nothing leaves the VPC.
    LocalOnly(Vec<Place>),
    /// The main table of a default VPC leads to its internet gateway.
    DefaultVpc(Vec<Place>),
    Unknown(Reason),
}

impl Analysis for Classes {
    fn compute(facts: &Facts<'_>) -> Classes {
        let model = facts.model;
        let index = Index::of(model);
        let candidates: Vec<Vec<Candidate>> =
            model.network.subnets.ids().map(|subnet| candidates(model, &index, subnet)).collect();
        let legs: Vec<Legs> = model.network.route_tables.ids().map(|table| Legs::of(model, table)).collect();
        let mut leads = Leads::of(model, &legs, &candidates, None);
        // What lies behind a firewall depends on the tables of its own subnets: one step, and no further.
        if model.network.routes.ids().any(|route| !firewall_subnets(model, route).members.is_empty()) {
            leads = Leads::of(model, &legs, &candidates, Some(&leads));
        }
        let Leads { gateways, nat_works, egress, transit } = leads;
        let subnets = model.network.subnets.ids().map(|subnet| {
            Family::BOTH.map(|family| {
                let has = has_family(model, subnet, family);
                let of =
                    |leads: &[[Fact; 2]]| combine(model, subnet, &candidates[subnet.index as usize], leads, family);
                let gateway = of(&gateways);
                FamilyClass {
                    public: has.clone().and(gateway.clone()).and(lets_through(model, subnet, Traffic::Inbound)),
                    egress: has.clone().and(of(&egress)).and(egress_passes(model, subnet, family)),
                    transit: has.clone().and(of(&transit)),
                    gateway: has.clone().and(gateway),
                    has,
                }
            })
        });
        Classes { subnets: subnets.collect(), nat_works, candidates }
    }
}

/// Where each table leads, per family.
struct Leads {
    gateways: Vec<[Fact; 2]>,
    nat_works: Vec<Fact>,
    egress: Vec<[Fact; 2]>,
    transit: Vec<[Fact; 2]>,
}

impl Leads {
    /// `known` is what the tables of firewalls lead to.
    fn of(model: &Model, legs: &[Legs], candidates: &[Vec<Candidate>], known: Option<&Leads>) -> Leads {
        let behind = |route: Id<Route>, family: Family, of: fn(&Leads) -> &[[Fact; 2]]| match known {
            Some(known) => behind_firewall(model, route, &|subnet| {
                combine(model, subnet, &candidates[subnet.index as usize], of(known), family)
            }),
            None => not_followed(model, route),
        };
        let gateways = per_table(model, legs, Propagation::IsOfAnotherKind, &|family, route| {
            is_internet_gateway(model, route, &|| behind(route, family, |leads| &leads.gateways))
        });
        let gateway_of = |subnet: Id<Subnet>, family: Family| {
            combine(model, subnet, &candidates[subnet.index as usize], &gateways, family)
        };
        let nat_works: Vec<Fact> =
            model.network.nat_gateways.ids().map(|nat| nat_works(model, nat, &gateway_of)).collect();
        let egress = per_table(model, legs, Propagation::IsOfAnotherKind, &|family, route| {
            let behind = || behind(route, family, |leads| &leads.egress);
            let ways = Ways { nat_works: &nat_works, gateway_of: &gateway_of, behind: &behind };
            is_way_out(model, route, family, &ways)
        });
        let transit = per_table(model, legs, Propagation::Matters, &|family, route| {
            is_transit(model, route, &|| behind(route, family, |leads| &leads.transit))
        });
        Leads { gateways, nat_works, egress, transit }
    }
}

/// The subnets of the firewall that a route leads to; none where it leads to no firewall, or to one that nobody declares.
fn firewall_subnets(model: &Model, route: Id<Route>) -> &Many<Subnet> {
    match model[route].target.any().and_then(AnyId::typed::<Endpoint>) {
        Some(endpoint) => &model[endpoint].subnets,
        None => &model[route].inspected_in,
    }
}

/// What the firewall's own subnets lead to, if they agree.
fn behind_firewall(model: &Model, route: Id<Route>, leads: &dyn Fn(Id<Subnet>) -> Fact) -> Fact {
    let subnets = firewall_subnets(model, route);
    if subnets.open.is_some() || subnets.members.is_empty() {
        return not_followed(model, route);
    }
    let mut joined: Option<Fact> = None;
    for subnet in subnets.ids() {
        let head = &model[subnet].head;
        let mut fact = leads(subnet).and(lets_through(model, subnet, Traffic::Inspected));
        fact.places.insert(0, Place::new(head.span, format!("a firewall in `{}` sends it on", head.name)));
        match &joined {
            Some(known) if known.tri != fact.tri => return not_followed(model, route),
            Some(_) => {}
            None => joined = Some(fact),
        }
    }
    joined.unwrap_or_else(|| not_followed(model, route))
}

impl Classes {
    fn at(&self, subnet: Id<Subnet>, family: Family) -> &FamilyClass {
        &self.subnets[subnet.index as usize][family as usize]
    }

    pub(super) fn public(&self, subnet: Id<Subnet>, family: Family) -> Fact {
        self.at(subnet, family).public.clone()
    }

    pub(super) fn egress(&self, subnet: Id<Subnet>, family: Family) -> Fact {
        self.at(subnet, family).egress.clone()
    }

    pub(super) fn transit(&self, subnet: Id<Subnet>, family: Family) -> Fact {
        self.at(subnet, family).transit.clone()
    }

    /// Whether an internet gateway stands at the end of its routes, whoever may use it.
    pub(super) fn gateway(&self, subnet: Id<Subnet>, family: Family) -> Fact {
        self.at(subnet, family).gateway.clone()
    }

    pub(super) fn has(&self, subnet: Id<Subnet>, family: Family) -> Fact {
        self.at(subnet, family).has.clone()
    }

    pub(super) fn candidates(&self, subnet: Id<Subnet>) -> &[Candidate] {
        &self.candidates[subnet.index as usize]
    }

    /// The table that the subnet surely uses.
    pub(super) fn table(&self, subnet: Id<Subnet>) -> Option<Id<RouteTable>> {
        match self.candidates(subnet) {
            [Candidate::Table(table, ..)] => Some(*table),
            _ => None,
        }
    }

    pub(super) fn nat_works(&self, nat: Id<NatGateway>) -> Fact {
        self.nat_works[nat.index as usize].clone()
    }

    pub(super) fn reaches_internet(&self, subnet: Id<Subnet>) -> Fact {
        self.public(subnet, Family::V4).or(self.public(subnet, Family::V6))
    }
}

/// Associations by what they may concern.
struct Index {
    /// Those whose subnet is not known, by VPC; under nothing where the VPC is not known either.
    unresolved: HashMap<Option<Id<Vpc>>, Vec<Id<Association>>>,
    main: HashMap<Option<Id<Vpc>>, Vec<Id<Association>>>,
}

impl Index {
    fn of(model: &Model) -> Index {
        let mut index = Index { unresolved: HashMap::new(), main: HashMap::new() };
        for (id, association) in model.network.associations.iter() {
            if association.is_main.tri() == Tri::True {
                index.main.entry(association.vpc.id()).or_default().push(id);
                continue;
            }
            if let Link::Unknown(_) = association.subnet.link {
                let vpc = association.route_table.id().and_then(|table| model[table].vpc.id());
                index.unresolved.entry(vpc).or_default().push(id);
            }
        }
        index
    }
}

fn candidates(model: &Model, index: &Index, id: Id<Subnet>) -> Vec<Candidate> {
    let subnet = &model[id];
    let start = Place::new(subnet.head.span, format!("the subnet `{}`", subnet.head.name));
    let mut certain = Vec::new();
    let mut found = Vec::new();
    for association in subnet.associations.ids() {
        let association = &model[association];
        let candidate = of_association(association, &start);
        match association.head.presence {
            Tri::True => certain.push(candidate),
            Tri::Unknown => found.push(candidate),
            Tri::False => {}
        }
    }
    if certain.len() > 1 {
        let reason = Reason::at("two-route-tables", subnet.head.name.clone(), subnet.head.span);
        return vec![Candidate::Unknown(reason)];
    }
    if !certain.is_empty() {
        return certain;
    }
    if let Some(reason) = &subnet.associations.open {
        found.push(Candidate::Unknown(reason.clone()));
    }
    let vpc = subnet.vpc.id();
    let nearby = [vpc, None].into_iter().filter_map(|vpc| index.unresolved.get(&vpc)).flatten();
    for association in nearby {
        let association = &model[*association];
        let candidate = of_association(association, &start);
        found.push(match (candidate, &association.subnet.link) {
            (Candidate::Table(table, way, _), Link::Unknown(reason)) => {
                Candidate::Table(table, way, Some(reason.clone()))
            }
            (other, _) => other,
        });
    }
    found.extend(fallback(model, index, id, &start));
    found
}

fn of_association(association: &Association, start: &Place) -> Candidate {
    let place = Place::new(association.head.span, "this association gives it its route table");
    match (&association.route_table.link, association.route_table.id()) {
        (Link::To(_), Some(table)) => {
            Candidate::Table(table, vec![start.clone(), place], association.head.presence_reason.clone())
        }
        (Link::Unknown(reason), _) => Candidate::Unknown(reason.clone()),
        (Link::To(_) | Link::Absent, _) => {
            let head = &association.head;
            Candidate::Unknown(Reason::at("route-table-unknown", head.name.clone(), head.span))
        }
    }
}

/// The main table: what a subnet without association uses.
fn fallback(model: &Model, index: &Index, id: Id<Subnet>, start: &Place) -> Vec<Candidate> {
    let subnet = &model[id];
    let way = |text: &str| vec![Place::new(start.span, format!("{}: {text}", start.role))];
    if subnet.is_default.tri() == Tri::True {
        return vec![Candidate::DefaultVpc(way(
            "made by AWS in the default VPC, whose main table leads to the internet",
        ))];
    }
    let vpc = match (&subnet.vpc.link, subnet.vpc.id()) {
        (_, Some(vpc)) => vpc,
        (Link::Unknown(reason), None) => return vec![Candidate::Unknown(reason.clone())],
        (Link::To(_) | Link::Absent, None) => {
            return vec![Candidate::Unknown(Reason::at("vpc-unknown", subnet.head.name.clone(), subnet.head.span))];
        }
    };
    let mut found = Vec::new();
    for association in index.main.get(&Some(vpc)).into_iter().flatten() {
        let association = &model[*association];
        let mut candidate = of_association(association, start);
        if let Candidate::Table(_, places, _) = &mut candidate {
            *places = way("no association, so it uses the VPC's main route table");
            places.push(Place::new(association.head.span, "this makes it the main table"));
        }
        found.push(candidate);
        if association.head.presence == Tri::True {
            return found;
        }
    }
    let vpc = &model[vpc];
    let places = way("no association, so it uses the VPC's main route table");
    found.push(match (&vpc.main_route_table.link, vpc.main_route_table.id()) {
        (_, Some(table)) => Candidate::Table(table, places, None),
        (Link::Unknown(reason), None) => Candidate::Unknown(reason.clone()),
        (Link::To(_) | Link::Absent, None) => match vpc.is_default.tri() {
            Tri::True => Candidate::DefaultVpc(places),
            Tri::False => Candidate::LocalOnly(places),
            Tri::Unknown => Candidate::Unknown(Reason::at("vpc-unknown", vpc.head.name.clone(), vpc.head.span)),
        },
    });
    found
}

/// One answer per table and family.
fn per_table(
    model: &Model,
    legs: &[Legs],
    propagation: Propagation,
    quality: &dyn Fn(Family, Id<Route>) -> Fact,
) -> Vec<[Fact; 2]> {
    let of_family = |legs: &Legs, family: Family| {
        let quality: &Quality<'_> = &|route| quality(family, route);
        legs.lead(model, family, propagation, quality)
    };
    legs.iter().map(|legs| Family::BOTH.map(|family| of_family(legs, family))).collect()
}

/// A fact of a subnet is what holds for every table that it may use.
fn combine(model: &Model, subnet: Id<Subnet>, candidates: &[Candidate], leads: &[[Fact; 2]], family: Family) -> Fact {
    let mut answers = candidates.iter().map(|candidate| match candidate {
        Candidate::Table(table, way, _) => {
            let mut fact = leads[table.index as usize][family as usize].clone();
            if fact.tri == Tri::False {
                let head = &model[*table].head;
                fact.places.push(Place::new(head.span, format!("no route of `{}` leads there", head.name)));
            }
            fact.places.splice(0..0, way.iter().cloned());
            fact
        }
        Candidate::LocalOnly(way) => Fact::no(way.clone()),
        Candidate::DefaultVpc(way) => Fact::yes(way.clone()),
        Candidate::Unknown(reason) => Fact::unknown(reason.clone()),
    });
    let Some(mut joined) = answers.next() else {
        let head = &model[subnet].head;
        return Fact::unknown(Reason::at("route-table-unknown", head.name.clone(), head.span));
    };
    for answer in answers {
        if answer.tri == joined.tri && joined.tri != Tri::Unknown {
            continue;
        }
        joined.tri = Tri::Unknown;
        joined.reasons.extend(answer.reasons);
    }
    if joined.tri == Tri::Unknown {
        joined.reasons.extend(candidates.iter().filter_map(|candidate| match candidate {
            Candidate::Table(_, _, reason) => reason.clone(),
            Candidate::LocalOnly(_) | Candidate::DefaultVpc(_) | Candidate::Unknown(_) => None,
        }));
    }
    if joined.tri == Tri::Unknown && joined.reasons.is_empty() {
        let head = &model[subnet].head;
        joined.reasons.push(Reason::at("route-table-unknown", head.name.clone(), head.span));
    }
    joined
}

fn has_family(model: &Model, subnet: Id<Subnet>, family: Family) -> Fact {
    let subnet = &model[subnet];
    let (tri, cell_reason) = match family {
        Family::V4 => (!subnet.ipv6_native.tri(), reason_of(subnet.ipv6_native.get())),
        Family::V6 => (subnet.cidr6.is_present(), reason_of(subnet.cidr6.get())),
    };
    let reasons = match tri {
        Tri::Unknown => vec![cell_reason.unwrap_or_else(|| Reason::new("no-value", subnet.head.name.clone()))],
        Tri::True | Tri::False => Vec::new(),
    };
    Fact { reasons, ..Fact::new(tri, Vec::new()) }
}

pub(super) fn reason_of<T>(reading: Reading<T>) -> Option<Reason> {
    match reading {
        Reading::Unknown(reason) => Some(reason),
        Reading::Known(_) | Reading::Absent => None,
    }
}

/// The kind of a route's target as a word, or why it is not known.
fn kind_of(model: &Model, route: Id<Route>) -> Result<String, Reason> {
    let route = &model[route];
    let unknown = || Reason::at("target-unknown", route.head.name.clone(), route.head.span);
    match route.target_kind.get() {
        Reading::Known(kind) => kind.known().map(str::to_owned).ok_or_else(unknown),
        Reading::Absent => Err(unknown()),
        Reading::Unknown(reason) => Err(reason),
    }
}

/// What is asked where a firewall stands between.
type Behind<'a> = dyn Fn() -> Fact + 'a;

fn is_internet_gateway(model: &Model, route: Id<Route>, behind: &Behind<'_>) -> Fact {
    match kind_of(model, route).as_deref() {
        Ok("internet_gateway" | "carrier_gateway") => Fact::yes(Vec::new()),
        Ok("endpoint") => behind(),
        Ok(_) => Fact::no(Vec::new()),
        Err(reason) => Fact::unknown(reason.clone()),
    }
}

/// A firewall stands between, and where it sends what it lets through is not in sight.
fn not_followed(model: &Model, route: Id<Route>) -> Fact {
    let head = &model[route].head;
    Fact::unknown(Reason::at("behind-a-firewall", head.name.clone(), head.span))
}

fn is_transit(model: &Model, route: Id<Route>, behind: &Behind<'_>) -> Fact {
    match kind_of(model, route).as_deref() {
        Ok("vpn_gateway" | "transit_gateway" | "peering" | "core_network" | "local_gateway" | "network_interface") => {
            Fact::yes(Vec::new())
        }
        Ok("nat_gateway") => match model[route].target.any().and_then(AnyId::typed::<NatGateway>) {
            Some(nat) => of_word(model[nat].connectivity.equals("private"), &model[nat].head),
            None => Fact::no(Vec::new()),
        },
        Ok("host") => match model[route].target.any().and_then(AnyId::typed::<Host>) {
            Some(host) => of_word(model[host].checks_source.tri(), &model[host].head),
            None => Fact::yes(Vec::new()),
        },
        Ok("endpoint") => behind(),
        Ok(_) => Fact::no(Vec::new()),
        Err(reason) => Fact::unknown(reason.clone()),
    }
}

/// What a way out depends on beside its route.
struct Ways<'a> {
    nat_works: &'a [Fact],
    gateway_of: &'a dyn Fn(Id<Subnet>, Family) -> Fact,
    behind: &'a Behind<'a>,
}

fn is_way_out(model: &Model, route: Id<Route>, family: Family, ways: &Ways<'_>) -> Fact {
    let target = model[route].target.any();
    match kind_of(model, route).as_deref() {
        Ok("egress_only_gateway") => Fact::new(Tri::from(family == Family::V6), Vec::new()),
        Ok("nat_gateway") => match target.and_then(AnyId::typed::<NatGateway>) {
            Some(nat) => ways.nat_works[nat.index as usize].clone(),
            None => Fact::unknown(match &model[route].target.link {
                Link::Unknown(reason) => reason.clone(),
                Link::To(_) | Link::Absent => Reason::new("target-unknown", model[route].head.name.clone()),
            }),
        },
        Ok("host") => match target.and_then(AnyId::typed::<Host>) {
            Some(host) => {
                let forwards = of_word(!model[host].checks_source.tri(), &model[host].head);
                let stands_open = match model[host].subnet.id() {
                    Some(subnet) => {
                        let passes = lets_through(model, subnet, Traffic::OutboundByOwnAddress);
                        (ways.gateway_of)(subnet, Family::V4).and(passes)
                    }
                    None => Fact::unknown(Reason::new("subnet-unknown", model[host].head.name.clone())),
                };
                forwards.and(stands_open)
            }
            None => Fact::no(Vec::new()),
        },
        Ok("endpoint") => (ways.behind)(),
        Ok(_) => Fact::no(Vec::new()),
        Err(reason) => Fact::unknown(reason.clone()),
    }
}

fn of_word(tri: Tri, head: &crate::model::Head) -> Fact {
    match tri {
        Tri::Unknown => Fact::unknown(Reason::at("no-value", head.name.clone(), head.span)),
        Tri::True | Tri::False => Fact::new(tri, Vec::new()),
    }
}

/// A NAT gateway works if it is public and stands where an internet gateway is reached.
fn nat_works(model: &Model, id: Id<NatGateway>, gateway_of: &dyn Fn(Id<Subnet>, Family) -> Fact) -> Fact {
    let nat = &model[id];
    let public = of_word(nat.connectivity.equals("public"), &nat.head);
    let regional = of_word(nat.availability_mode.equals("regional"), &nat.head);
    let placed = match (&nat.subnet.link, nat.subnet.id()) {
        (_, Some(subnet)) => gateway_of(subnet, Family::V4).and(lets_through(model, subnet, Traffic::Nat)),
        (Link::Unknown(reason), None) => Fact::unknown(reason.clone()),
        (Link::To(_) | Link::Absent, None) => Fact::no(Vec::new()),
    };
    let origin = nat.subnet.origin.span().unwrap_or(nat.head.span);
    let mut fact = public.and(regional.or(placed));
    fact.places.insert(0, Place::new(origin, format!("`{}` stands in this subnet", nat.head.name)));
    fact
}

/// NAT is judged at its own subnet; the egress-only gateway at the user's.
fn egress_passes(model: &Model, subnet: Id<Subnet>, family: Family) -> Fact {
    match family {
        Family::V4 => Fact::yes(Vec::new()),
        Family::V6 => lets_through(model, subnet, Traffic::EgressOnlyGateway),
    }
}

pub(super) fn nat_gateway_works(facts: &Facts<'_>, nat: Id<NatGateway>) -> Fact {
    facts.analysis::<Classes>().nat_works(nat)
}

pub(super) fn has4(facts: &Facts<'_>, subnet: Id<Subnet>) -> Fact {
    facts.analysis::<Classes>().has(subnet, Family::V4)
}

pub(super) fn has6(facts: &Facts<'_>, subnet: Id<Subnet>) -> Fact {
    facts.analysis::<Classes>().has(subnet, Family::V6)
}

pub(super) fn public4(facts: &Facts<'_>, subnet: Id<Subnet>) -> Fact {
    facts.analysis::<Classes>().public(subnet, Family::V4)
}

pub(super) fn public6(facts: &Facts<'_>, subnet: Id<Subnet>) -> Fact {
    facts.analysis::<Classes>().public(subnet, Family::V6)
}

pub(super) fn egress4(facts: &Facts<'_>, subnet: Id<Subnet>) -> Fact {
    facts.analysis::<Classes>().egress(subnet, Family::V4)
}

pub(super) fn egress6(facts: &Facts<'_>, subnet: Id<Subnet>) -> Fact {
    facts.analysis::<Classes>().egress(subnet, Family::V6)
}

pub(super) fn transit4(facts: &Facts<'_>, subnet: Id<Subnet>) -> Fact {
    facts.analysis::<Classes>().transit(subnet, Family::V4)
}

pub(super) fn transit6(facts: &Facts<'_>, subnet: Id<Subnet>) -> Fact {
    facts.analysis::<Classes>().transit(subnet, Family::V6)
}

pub(super) fn reaches_internet(facts: &Facts<'_>, subnet: Id<Subnet>) -> Fact {
    facts.analysis::<Classes>().reaches_internet(subnet)
}

pub(super) fn route_tables(facts: &Facts<'_>, subnet: Id<Subnet>) -> Many<RouteTable> {
    let mut tables = Many::none(facts.model[subnet].head.span);
    for candidate in facts.analysis::<Classes>().candidates(subnet) {
        match candidate {
            Candidate::Table(table, places, _) => {
                let place = places.last().map_or(facts.model[*table].head.span, |place| place.span);
                tables.push(*table, Origin::written(place));
            }
            // What AWS makes with a VPC stands in no file.
            Candidate::LocalOnly(_) | Candidate::DefaultVpc(_) => {}
            Candidate::Unknown(reason) => tables.open(reason.clone()),
        }
    }
    tables
}

pub(super) fn isolated(facts: &Facts<'_>, subnet: Id<Subnet>) -> Fact {
    let classes = facts.analysis::<Classes>();
    let leaves = Family::BOTH.map(|family| {
        let class = classes.at(subnet, family);
        class.public.clone().or(class.egress.clone()).or(class.transit.clone())
    });
    !Fact::any(leaves)
}

pub(super) fn class4(facts: &Facts<'_>, subnet: Id<Subnet>) -> (Value, Vec<Place>) {
    class(facts, subnet, Family::V4)
}

pub(super) fn class6(facts: &Facts<'_>, subnet: Id<Subnet>) -> (Value, Vec<Place>) {
    class(facts, subnet, Family::V6)
}

fn class(facts: &Facts<'_>, subnet: Id<Subnet>, family: Family) -> (Value, Vec<Place>) {
    let classes = facts.analysis::<Classes>();
    let class = classes.at(subnet, family);
    let span = facts.model[subnet].head.span;
    let questions = [
        ("none", !class.has.clone()),
        ("public", class.public.clone()),
        ("egress", class.egress.clone()),
        ("transit", class.transit.clone()),
    ];
    for (word, fact) in questions {
        match fact.tri {
            Tri::True => return (Value::text(word, Origin::written(span)), fact.places),
            Tri::False => {}
            Tri::Unknown => {
                let reason = fact.reasons.into_iter().next().unwrap_or_else(|| Reason::new("no-value", word));
                return (Value::unknown(reason, Origin::written(span)), fact.places);
            }
        }
    }
    (Value::text("isolated", Origin::written(span)), class.public.places.clone())
}
