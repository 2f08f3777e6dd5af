//! A workload as one end of a connection: its subnets and security groups, whatever kind it is, and whether the rules
//! of one end admit the other.

use super::rules::{Rule, Rules, Source, way};
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::{Cache, Database, SubnetGroup};
use crate::model::network::{Endpoint, LoadBalancer, SecurityGroup, Subnet, Vpc};
use crate::model::range::{Family, Range};
use crate::model::workload::{Function, Host, MountTarget, Service};
use crate::model::{AnyId, Id, Link, Many, Model, One, Reading};
use crate::source::Place;

#[derive(Clone, Debug)]
pub(super) struct Party {
    pub(super) id: AnyId,
    pub(super) subnets: Many<Subnet>,
    pub(super) groups: Many<SecurityGroup>,
}

impl Party {
    /// Nothing for what is no workload.
    pub(super) fn of(model: &Model, id: AnyId) -> Option<Party> {
        let (subnets, groups) = if let Some(service) = id.typed::<Service>() {
            of_service(&model[service])
        } else if let Some(host) = id.typed::<Host>() {
            (of_one(&model[host].subnet), model[host].security_groups.clone())
        } else if let Some(function) = id.typed::<Function>() {
            (model[function].subnets.clone(), model[function].security_groups.clone())
        } else if let Some(database) = id.typed::<Database>() {
            (of_group(model, &model[database].subnet_group), model[database].security_groups.clone())
        } else if let Some(cache) = id.typed::<Cache>() {
            (of_group(model, &model[cache].subnet_group), model[cache].security_groups.clone())
        } else if let Some(balancer) = id.typed::<LoadBalancer>() {
            (model[balancer].subnets.clone(), model[balancer].security_groups.clone())
        } else if let Some(mount) = id.typed::<MountTarget>() {
            (of_one(&model[mount].subnet), model[mount].security_groups.clone())
        } else if let Some(endpoint) = id.typed::<Endpoint>() {
            (model[endpoint].subnets.clone(), model[endpoint].security_groups.clone())
        } else {
            return None;
        };
        Some(Party { id, subnets, groups })
    }

    /// The rules of all its groups that let traffic in, and why there may be more.
    pub(super) fn ingress<'r>(&self, rules: &'r Rules) -> (Vec<&'r Rule>, Option<Reason>) {
        let groups: Vec<_> = self.groups.ids().map(|group| rules.of(group)).collect();
        let open = groups.iter().find_map(|group| group.ingress_open.clone()).or_else(|| self.groups.open.clone());
        (groups.iter().flat_map(|group| &group.ingress).collect(), open)
    }

    pub(super) fn egress<'r>(&self, rules: &'r Rules) -> (Vec<&'r Rule>, Option<Reason>) {
        let groups: Vec<_> = self.groups.ids().map(|group| rules.of(group)).collect();
        let open = groups.iter().find_map(|group| group.egress_open.clone()).or_else(|| self.groups.open.clone());
        (groups.iter().flat_map(|group| &group.egress).collect(), open)
    }

    /// The ranges of its subnets in one family; nothing where one is not known.
    fn ranges(&self, model: &Model, family: Family) -> Option<Vec<Range>> {
        if self.subnets.open.is_some() || self.subnets.members.is_empty() {
            return None;
        }
        self.subnets
            .ids()
            .map(|subnet| {
                let subnet = &model[subnet];
                let cell = match family {
                    Family::V4 => &subnet.cidr4,
                    Family::V6 => &subnet.cidr6,
                };
                cell.as_str().and_then(Range::parse)
            })
            .collect()
    }

    /// The VPC of its subnets, if it is one and known.
    pub(super) fn vpc(&self, model: &Model) -> Option<Id<Vpc>> {
        let mut vpcs = self.subnets.ids().map(|subnet| model[subnet].vpc.id());
        let first = vpcs.next()??;
        vpcs.all(|vpc| vpc == Some(first)).then_some(first)
    }
}

/// A service that names no network shares that of its hosts, which are not in sight.
fn of_service(service: &Service) -> (Many<Subnet>, Many<SecurityGroup>) {
    let (mut subnets, mut groups) = (service.subnets.clone(), service.security_groups.clone());
    let names_nothing = subnets.members.is_empty() && subnets.open.is_none();
    if names_nothing && groups.members.is_empty() && groups.open.is_none() {
        let reason = Reason::at("on-its-host", service.head.name.clone(), service.head.span);
        subnets.open(reason.clone());
        groups.open(reason);
    }
    (subnets, groups)
}

fn of_one(subnet: &One<Subnet>) -> Many<Subnet> {
    let mut many = Many::none(subnet.origin.span().unwrap_or(NOWHERE));
    many.origin = subnet.origin.clone();
    match &subnet.link {
        Link::To(id) => many.push(*id, subnet.origin.clone()),
        Link::Absent => {}
        Link::Unknown(reason) => many.open(reason.clone()),
    }
    many
}

fn of_group(model: &Model, group: &One<SubnetGroup>) -> Many<Subnet> {
    match group.id() {
        Some(group) => model[group].subnets.clone(),
        None => {
            let mut many = Many::none(group.origin.span().unwrap_or(NOWHERE));
            many.origin = group.origin.clone();
            many.open(match &group.link {
                Link::Unknown(reason) => reason.clone(),
                Link::To(_) | Link::Absent => Reason::new("default-subnet-group", "the account's default subnet group"),
            });
            many
        }
    }
}

/// Only for edges that nobody wrote anywhere.
const NOWHERE: crate::source::Span = crate::source::Span { file: crate::source::FileId(0), start: 0, end: 0 };

/// Which rules of an end are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Those that let the peer in.
    In,
    /// Those that let it out to the peer.
    Out,
}

/// Whether the rules of `here` on one side name `peer` on a port.
pub(super) fn admits(model: &Model, rules: &Rules, here: &Party, side: Side, peer: &Party, port: i64) -> Fact {
    let (list, open) = match side {
        Side::In => here.ingress(rules),
        Side::Out => here.egress(rules),
    };
    let mut answers: Vec<Fact> = Vec::new();
    for rule in &list {
        let covers = rule.ports.cover("tcp", port);
        let presence = match rule.presence {
            Tri::Unknown => Fact::unknown(Reason::at("no-value", model[rule.group].head.name.clone(), rule.head)),
            known => Fact::new(known, Vec::new()),
        };
        let verdict = covers.and(presence).and(names(model, rule, peer));
        if verdict.tri == Tri::True {
            return Fact::yes(way(model, &[rule]));
        }
        answers.push(verdict);
    }
    if let Some(reason) = open {
        answers.push(Fact::unknown(reason));
    }
    let mut joined = Fact::any(answers);
    if joined.tri == Tri::False {
        joined.places = groups_looked_at(model, here, &list);
    }
    joined
}

/// Whether the source of a rule is the peer.
fn names(model: &Model, rule: &Rule, peer: &Party) -> Fact {
    let is_member = |group: Id<SecurityGroup>| {
        if peer.groups.ids().any(|own| own == group) {
            return Fact::yes(Vec::new());
        }
        match &peer.groups.open {
            Some(reason) => Fact::unknown(reason.clone()),
            None => Fact::no(Vec::new()),
        }
    };
    match &rule.source {
        Source::Group(group) => is_member(*group),
        Source::Itself => is_member(rule.group),
        Source::Ranges(ranges) => hold(model, ranges, peer, rule),
        Source::Service(service) => {
            let is_endpoint_of =
                peer.id.typed::<Endpoint>().map(|endpoint| model[endpoint].aws_service.equals(service));
            Fact::new(is_endpoint_of.unwrap_or(Tri::False), Vec::new())
        }
        Source::Sized(_) => Fact::unknown(Reason::at("no-value", "a range", rule.place)),
        Source::SomeGroup(reason) | Source::Unknown(reason) => Fact::unknown(reason.clone()),
    }
}

/// Whether ranges hold every subnet of the peer; some of them only is not enough to say either.
fn hold(model: &Model, ranges: &[Range], peer: &Party, rule: &Rule) -> Fact {
    if ranges.contains(&Range::whole(Family::V4)) {
        return Fact::yes(Vec::new());
    }
    match peer.ranges(model, Family::V4) {
        Some(subnets) => {
            let n_held = subnets.iter().filter(|subnet| ranges.iter().any(|range| range.holds(subnet))).count();
            let meets = subnets.iter().any(|subnet| ranges.iter().any(|range| range.meets(subnet)));
            match (n_held == subnets.len(), meets) {
                (true, _) => Fact::yes(Vec::new()),
                (false, true) => Fact::unknown(Reason::at("range-holds-a-part", "a range", rule.place)),
                (false, false) => Fact::no(Vec::new()),
            }
        }
        None => {
            let vpc = peer.vpc(model).map(|vpc| vpc_ranges(model, vpc));
            match vpc {
                Some(Ok(cidrs)) if !cidrs.is_empty() => {
                    let held = |cidr: &Range| ranges.iter().any(|range| range.holds(cidr));
                    let met = |cidr: &Range| ranges.iter().any(|range| range.meets(cidr));
                    match (cidrs.iter().all(held), cidrs.iter().any(met)) {
                        (true, _) => Fact::yes(Vec::new()),
                        (false, true) => Fact::unknown(Reason::at("subnet-unknown", "a subnet", rule.place)),
                        (false, false) => Fact::no(Vec::new()),
                    }
                }
                Some(Ok(_)) | None => Fact::unknown(Reason::at("subnet-unknown", "a subnet", rule.place)),
                Some(Err(reason)) => Fact::unknown(reason),
            }
        }
    }
}

/// The IPv4 ranges of a VPC, if all are known.
pub(super) fn vpc_ranges(model: &Model, vpc: Id<Vpc>) -> Result<Vec<Range>, Reason> {
    let vpc = &model[vpc];
    let unknown = || Reason::at("no-value", vpc.head.name.clone(), vpc.head.span);
    match vpc.cidrs4.get() {
        Reading::Known(list) if list.open.is_none() => {
            list.items.iter().map(|item| item.as_str().and_then(Range::parse).ok_or_else(unknown)).collect()
        }
        Reading::Known(_) | Reading::Absent => Err(unknown()),
        Reading::Unknown(reason) => Err(reason),
    }
}

fn groups_looked_at(model: &Model, here: &Party, list: &[&Rule]) -> Vec<Place> {
    let name = &model.head(here.id).name;
    let mut places: Vec<Place> =
        here.groups.origin.span().map(|span| Place::new(span, format!("the groups of `{name}`"))).into_iter().collect();
    for group in here.groups.ids() {
        let head = &model[group].head;
        places.push(Place::new(head.span, format!("the security group `{}`", head.name)));
    }
    for rule in list.iter().take(4) {
        places.push(Place::new(rule.place, super::rules::source_in_words(model, rule)));
    }
    places
}
