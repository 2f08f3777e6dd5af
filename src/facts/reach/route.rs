//! Where a route table leads, per family of addresses: decided on sets of addresses, so that two half routes are a
//! whole one and a longer prefix takes its part away.

use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::network::{PrefixList, ROUTES_PROPAGATED, Route, RouteTable};
use crate::model::range::{Family, Range, RangeSet};
use crate::model::{Head, Id, Link, Model, Reading};
use crate::source::Place;
use crate::value::Value;

/// How sure it is that a route leads to the kind of thing that is asked for.
pub(super) type Quality<'a> = dyn Fn(Id<Route>) -> Fact + 'a;

/// Whether routes that a VPN gateway may add matter to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Propagation {
    Matters,
    IsOfAnotherKind,
}

/// What one table's routes say, read once for the several questions.
pub(super) struct Legs {
    legs: Vec<Leg>,
    open: Option<Reason>,
}

/// One destination of one route: a prefix list has several.
struct Leg {
    route: Id<Route>,
    destination: Destination,
    presence: Tri,
}

enum Destination {
    Known(Range),
    /// One range that is not known.
    Hole(Reason),
    /// A prefix list that is not known: any number of ranges.
    OpenList(Reason),
    /// The addresses of a service that has an endpoint; nothing that is asked about here.
    Service,
}

impl Legs {
    pub(super) fn of(model: &Model, id: Id<RouteTable>) -> Legs {
        let table = &model[id];
        let mut legs = Vec::new();
        for route in table.routes.ids() {
            // A route whose table is not known may be one of this.
            let belongs = if model[route].route_table.id() == Some(id) { Tri::True } else { Tri::Unknown };
            let presence = model[route].head.presence.and(belongs);
            if presence == Tri::False {
                continue;
            }
            for destination in destinations(model, &model[route]) {
                legs.push(Leg { route, destination, presence });
            }
        }
        Legs { legs, open: table.routes.open.clone() }
    }

    /// Whether a packet to some public address takes a route of the quality that is asked for.
    pub(super) fn lead(&self, model: &Model, family: Family, propagation: Propagation, quality: &Quality<'_>) -> Fact {
        let public = RangeSet::public(family);
        let mut reasons: Vec<Reason> = Vec::new();
        for leg in &self.legs {
            let part = match &leg.destination {
                Destination::Known(range) => RangeSet::of(family, [*range]).and(&public),
                Destination::Hole(_) | Destination::OpenList(_) => public.clone(),
                Destination::Service => continue,
            };
            if part.is_empty() {
                continue;
            }
            let wanted = quality(leg.route);
            if wanted.tri == Tri::False {
                continue;
            }
            let range = match &leg.destination {
                Destination::Known(range) => range,
                Destination::Hole(reason) | Destination::OpenList(reason) => {
                    reasons.push(reason.clone());
                    continue;
                }
                Destination::Service => continue,
            };
            let uncovered = !self.coverage(leg.route, range, part, quality);
            match leg.presence.and(wanted.tri).and(uncovered) {
                Tri::True => return Fact::yes(way(model, leg.route, wanted.places)),
                Tri::False => {}
                Tri::Unknown => {
                    let head = &model[leg.route].head;
                    reasons.extend(wanted.reasons);
                    if let Link::Unknown(reason) = &model[leg.route].route_table.link {
                        reasons.push(reason.clone());
                    }
                    reasons.extend(head.presence_reason.clone());
                    reasons.push(Reason::at("route-unknown", head.name.clone(), head.span));
                }
            }
        }
        if let Some(reason) = &self.open
            && (reason.code != ROUTES_PROPAGATED || propagation == Propagation::Matters)
        {
            reasons.push(reason.clone());
        }
        let tri = if reasons.is_empty() { Tri::False } else { Tri::Unknown };
        Fact { reasons, ..Fact::new(tri, Vec::new()) }
    }

    /// Whether longer prefixes that lead elsewhere take all of `part`, the public share of a route's range, away.
    fn coverage(&self, route: Id<Route>, range: &Range, part: RangeSet, quality: &Quality<'_>) -> Tri {
        let mut surely = Vec::new();
        let mut perhaps = Vec::new();
        // One more half cannot take the whole internet, two can; in IPv6 one half holds all of it.
        let mut n_holes = 0;
        for other in self.legs.iter().filter(|other| other.route != route) {
            match &other.destination {
                Destination::Known(longer) => {
                    if !range.holds(longer) || longer.length <= range.length {
                        continue;
                    }
                    match other.presence.and(!quality(other.route).tri) {
                        Tri::True => surely.push(*longer),
                        Tri::Unknown => perhaps.push(*longer),
                        Tri::False => {}
                    }
                }
                Destination::Hole(_) if quality(other.route).tri != Tri::True => {
                    n_holes += if range.family == Family::V6 { 2 } else { 1 };
                }
                Destination::OpenList(_) if quality(other.route).tri != Tri::True => n_holes += 2,
                Destination::Hole(_) | Destination::OpenList(_) | Destination::Service => {}
            }
        }
        let left = part.without(&RangeSet::of(range.family, surely));
        if left.is_empty() {
            return Tri::True;
        }
        let left = left.without(&RangeSet::of(range.family, perhaps));
        if left.is_empty() || n_holes > 1 {
            return Tri::Unknown;
        }
        // What is left may be so little that one longer prefix holds it.
        let is_half = |half: &Range| left.without(&RangeSet::of(range.family, [*half])).is_empty();
        let fits_in_one = range.halves().is_some_and(|halves| halves.iter().any(is_half));
        if n_holes == 1 && fits_in_one { Tri::Unknown } else { Tri::False }
    }
}

/// Table, route, and what the route leads to.
fn way(model: &Model, route: Id<Route>, target: Vec<Place>) -> Vec<Place> {
    let route = &model[route];
    let mut places = Vec::new();
    if let Some(table) = route.route_table.id() {
        let head = &model[table].head;
        places.push(Place::new(head.span, table_in_words(head)));
    }
    let destination = route.destination.value().as_str().map(|range| format!("{range} ")).unwrap_or_default();
    places.push(Place::new(route.head.span, format!("{destination}goes to {}", kind_in_words(model, route))));
    places.extend(maker(route));
    if target.is_empty()
        && let Some(end) = route.target.any()
    {
        let head = model.head(end);
        places.push(Place::new(head.span, format!("`{}`", head.name)));
    }
    places.extend(target);
    places
}

/// The value, written elsewhere, without which the route would not be.
fn maker(route: &Route) -> Option<Place> {
    let span = route.made_by.origin().span()?;
    (!route.head.block.contains(&span)).then(|| Place::new(span, "this makes the route"))
}

pub(super) fn kind_in_words(model: &Model, route: &Route) -> String {
    let name = route.target.any().map(|target| format!(" `{}`", model.head(target).name)).unwrap_or_default();
    let kind = match route.target_kind.as_str() {
        Some("internet_gateway") => "the internet gateway",
        Some("carrier_gateway") => "the carrier gateway",
        Some("egress_only_gateway") => "the egress-only gateway",
        Some("nat_gateway") => "the NAT gateway",
        Some("vpn_gateway") => "the VPN gateway",
        Some("transit_gateway") => "the transit gateway",
        Some("peering") => "the peering connection",
        Some("core_network") => "the core network",
        Some("local_gateway") => "the local gateway",
        Some("network_interface") => "the network interface",
        Some("host") => "the instance",
        Some("endpoint") => "the endpoint",
        Some(_) | None => "its target",
    };
    format!("{kind}{name}")
}

fn destinations(model: &Model, route: &Route) -> Vec<Destination> {
    match &route.prefix_list.link {
        Link::To(_) => match route.prefix_list.id() {
            Some(list) => return of_list(&model[list]),
            None => return Vec::new(),
        },
        Link::Unknown(reason) => return vec![Destination::OpenList(reason.clone())],
        Link::Absent => {}
    }
    match route.destination.get() {
        Reading::Known(value) => match value.as_str() {
            Some(text) => match Range::parse(text) {
                Some(range) => vec![Destination::Known(range)],
                None => vec![Destination::Hole(Reason::new("wrong-type", text))],
            },
            None => vec![Destination::Hole(unknown_of(value))],
        },
        Reading::Absent => Vec::new(),
        Reading::Unknown(reason) => vec![Destination::Hole(reason)],
    }
}

fn of_list(list: &PrefixList) -> Vec<Destination> {
    if matches!(list.aws_service.as_str(), Some("s3" | "dynamodb" | "s3express")) {
        return vec![Destination::Service];
    }
    match ranges_of_list(list) {
        Ok(ranges) => ranges.into_iter().map(Destination::Known).collect(),
        Err(reason) => vec![Destination::OpenList(reason)],
    }
}

/// All entries of a prefix list, if all are known.
pub(super) fn ranges_of_list(list: &PrefixList) -> Result<Vec<Range>, Reason> {
    let unknown = || Reason::at("prefix-list-unknown", list.head.name.clone(), list.head.span);
    match list.entries.get() {
        Reading::Known(entries) if entries.open.is_none() => {
            entries.items.iter().map(|entry| entry.as_str().and_then(Range::parse).ok_or_else(unknown)).collect()
        }
        Reading::Known(_) | Reading::Absent => Err(unknown()),
        Reading::Unknown(reason) => Err(reason),
    }
}

/// Why a value that should be a text is not known.
pub(super) fn unknown_of(value: &Value) -> Reason {
    value.missing().unwrap_or_else(|| Reason::with("wrong-type", "a text", value.origin.span()))
}

/// Whether a peer gets everything, or a whole private block. A default route to a transit gateway is a design.
pub(super) fn peers_widely(facts: &Facts<'_>, id: Id<Route>) -> Fact {
    let model = facts.model;
    let route = &model[id];
    let is_wide = |range: &Range, kind: &str| match kind {
        "peering" => range.length == 0 || range.holds_private_block(),
        "transit_gateway" => range.length != 0 && range.holds_private_block(),
        _ => false,
    };
    let place = route.destination.origin().span().unwrap_or(route.head.span);
    let places = vec![Place::new(place, "the whole range goes to the peer")];
    let kind = match route.target_kind.get() {
        Reading::Known(kind) => kind.known().map(str::to_owned),
        Reading::Absent => return Fact::no(places),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let Some(kind) = kind.filter(|kind| kind == "peering" || kind == "transit_gateway") else {
        return Fact::no(places);
    };
    let mut fact = Fact::any(destinations(model, route).into_iter().map(|destination| match destination {
        Destination::Known(range) => Fact::new(Tri::from(is_wide(&range, &kind)), Vec::new()),
        Destination::Hole(reason) | Destination::OpenList(reason) => Fact::unknown(reason),
        Destination::Service => Fact::no(Vec::new()),
    }));
    fact.places = places;
    fact
}

/// Whether everything that has no nearer way goes to a transit gateway: a design, in which the other side decides.
pub(super) fn hands_all_to_transit(facts: &Facts<'_>, id: Id<Route>) -> Fact {
    let model = facts.model;
    let route = &model[id];
    let place = route.destination.origin().span().unwrap_or(route.head.span);
    let is_transit = match route.target_kind.get() {
        Reading::Known(kind) => kind.equals_str("transit_gateway"),
        Reading::Absent => Tri::False,
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    if is_transit == Tri::False {
        return Fact::no(Vec::new());
    }
    Fact::any(destinations(model, route).into_iter().map(|destination| match destination {
        Destination::Known(range) => {
            let places = vec![Place::new(place, "everything without a nearer way goes to the transit gateway")];
            Fact::new(Tri::from(range.length == 0), places)
        }
        Destination::Hole(reason) | Destination::OpenList(reason) => Fact::unknown(reason),
        Destination::Service => Fact::no(Vec::new()),
    }))
}

/// A table as a trail names it; the main table that no block declares has no name of its own.
pub(super) fn table_in_words(head: &Head) -> String {
    match head.name.starts_with("the main route table") {
        true => format!("the route table: {}", head.name),
        false => format!("the route table `{}`", head.name),
    }
}
