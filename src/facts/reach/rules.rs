//! What the rules of a security group say, in one form: protocol, ports and one source each.

use super::route::{ranges_of_list, unknown_of};
use super::subnet::reason_of;
use crate::facts::{Analysis, Facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::network::{Egress, Ingress, PrefixList, SecurityGroup};
use crate::model::range::{Family, Range, RangeSet};
use crate::model::{Cell, Entity, Head, Id, Link, Many, Model, One, Reading, mark};
use crate::source::{Place, Span};
use crate::value::Origin;

/// The rules of all groups.
pub(super) struct Rules {
    groups: Vec<GroupRules>,
}

pub(super) struct GroupRules {
    pub(super) ingress: Vec<Rule>,
    pub(super) egress: Vec<Rule>,
    pub(super) ingress_open: Option<Reason>,
    pub(super) egress_open: Option<Reason>,
}

/// One rule with one source (or destination).
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) group: Id<SecurityGroup>,
    pub(super) index: u32,
    pub(super) ports: Ports,
    pub(super) source: Source,
    pub(super) presence: Tri,
    /// The value of the source.
    pub(super) place: Span,
    /// The way of that value from the literal to the rule.
    pub(super) origin: Origin,
    /// Where the first port is written.
    pub(super) port_place: Span,
    pub(super) head: Span,
}

#[derive(Clone, Debug)]
pub(super) struct Ports {
    /// `tcp`, `udp`, …; `-1` is all of them.
    pub(super) protocol: Result<String, Reason>,
    pub(super) from: Result<i64, Reason>,
    pub(super) to: Result<i64, Reason>,
}

#[derive(Clone, Debug)]
pub(super) enum Source {
    Ranges(Vec<Range>),
    /// A range of this prefix length whose place is not known.
    Sized(u8),
    Group(Id<SecurityGroup>),
    Itself,
    /// The addresses of an AWS service: neither the world nor a workload.
    Service(String),
    /// A security group that nobody here knows: members of a network, never the internet.
    SomeGroup(Reason),
    Unknown(Reason),
}

impl Analysis for Rules {
    fn compute(facts: &Facts<'_>) -> Rules {
        let model = facts.model;
        let groups = model.network.security_groups.iter().map(|(id, group)| GroupRules {
            ingress: ingress_rules(model, id, &group.ingress),
            egress: egress_rules(model, id, &group.egress),
            ingress_open: group.ingress.open.clone(),
            egress_open: group.egress.open.clone(),
        });
        Rules { groups: groups.collect() }
    }
}

impl Rules {
    pub(super) fn of(&self, group: Id<SecurityGroup>) -> &GroupRules {
        &self.groups[group.index as usize]
    }
}

fn ingress_rules(model: &Model, group: Id<SecurityGroup>, many: &Many<Ingress>) -> Vec<Rule> {
    let rows = many.ids().map(|id| (id.index, &model[id]));
    rows.map(|(index, row)| {
        let parts = Parts {
            head: row.head(),
            protocol: &row.protocol,
            from: &row.from_port,
            to: &row.to_port,
            range: &row.range,
            itself: &row.to_itself,
            source_group: &row.source_group,
            prefix_list: &row.prefix_list,
        };
        parts.rule(model, group, index)
    })
    .collect()
}

fn egress_rules(model: &Model, group: Id<SecurityGroup>, many: &Many<Egress>) -> Vec<Rule> {
    let rows = many.ids().map(|id| (id.index, &model[id]));
    rows.map(|(index, row)| {
        let parts = Parts {
            head: row.head(),
            protocol: &row.protocol,
            from: &row.from_port,
            to: &row.to_port,
            range: &row.range,
            itself: &row.to_itself,
            source_group: &row.source_group,
            prefix_list: &row.prefix_list,
        };
        parts.rule(model, group, index)
    })
    .collect()
}

/// The cells that both directions have.
struct Parts<'a> {
    head: &'a Head,
    protocol: &'a Cell<mark::Text>,
    from: &'a Cell<mark::Number>,
    to: &'a Cell<mark::Number>,
    range: &'a Cell<mark::Text>,
    itself: &'a Cell<mark::Flag>,
    source_group: &'a One<SecurityGroup>,
    prefix_list: &'a One<PrefixList>,
}

impl Parts<'_> {
    fn rule(&self, model: &Model, group: Id<SecurityGroup>, index: u32) -> Rule {
        let (source, place) = self.source(model);
        Rule {
            group,
            index,
            ports: Ports {
                protocol: match self.protocol.as_str() {
                    Some(text) => Ok(protocol_name(text)),
                    None => Err(reason_of(self.protocol.get()).unwrap_or_else(|| unknown_of(self.protocol.value()))),
                },
                from: port(self.from),
                to: port(self.to),
            },
            source,
            presence: self.head.presence,
            place: place.as_ref().and_then(Origin::span).unwrap_or(self.head.span),
            origin: place.unwrap_or_default(),
            port_place: self.from.origin().span().unwrap_or(self.head.span),
            head: self.head.span,
        }
    }

    fn source(&self, model: &Model) -> (Source, Option<Origin>) {
        match (&self.source_group.link, self.source_group.id()) {
            (Link::To(_), Some(group)) => return (Source::Group(group), Some(self.source_group.origin.clone())),
            (Link::Unknown(reason), _) => {
                return (Source::SomeGroup(reason.clone()), Some(self.source_group.origin.clone()));
            }
            (Link::To(_) | Link::Absent, _) => {}
        }
        match (&self.prefix_list.link, self.prefix_list.id()) {
            (Link::To(_), Some(list)) => return (of_list(&model[list]), Some(self.prefix_list.origin.clone())),
            (Link::Unknown(reason), _) => {
                return (Source::Unknown(reason.clone()), Some(self.prefix_list.origin.clone()));
            }
            (Link::To(_) | Link::Absent, _) => {}
        }
        match self.itself.tri() {
            Tri::True => return (Source::Itself, Some(self.itself.origin().clone())),
            Tri::False | Tri::Unknown => {}
        }
        (of_range(self.range), Some(self.range.origin().clone()))
    }
}

fn of_list(list: &PrefixList) -> Source {
    if let Some(service) = list.aws_service.as_str() {
        return Source::Service(service.to_owned());
    }
    match ranges_of_list(list) {
        Ok(ranges) => Source::Ranges(ranges),
        Err(reason) => Source::Unknown(reason),
    }
}

fn of_range(cell: &Cell<mark::Text>) -> Source {
    let text = match cell.get() {
        Reading::Known(text) => text,
        Reading::Absent => return Source::Unknown(Reason::new("no-value", "a source")),
        Reading::Unknown(reason) => return Source::Unknown(reason),
    };
    if let Some(known) = text.known() {
        return match Range::parse(known) {
            Some(range) => Source::Ranges(vec![range]),
            None => Source::Unknown(Reason::new("wrong-type", known)),
        };
    }
    let length = text.suffix().rsplit_once('/').and_then(|(_, length)| length.parse().ok());
    match length {
        Some(length) => Source::Sized(length),
        None => Source::Unknown(unknown_of(cell.value())),
    }
}

pub(super) fn protocol_name(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "-1" | "all" => "-1",
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "58" => "icmpv6",
        other => return other.to_owned(),
    }
    .to_owned()
}

fn port(cell: &Cell<mark::Number>) -> Result<i64, Reason> {
    match cell.get() {
        Reading::Known(number) => number.as_i64().ok_or_else(|| Reason::new("wrong-type", "a port")),
        Reading::Absent => Err(Reason::new("no-value", "a port")),
        Reading::Unknown(reason) => Err(reason),
    }
}

impl Ports {
    pub(super) fn is_everything(&self) -> bool {
        self.protocol.as_deref() == Ok("-1")
    }

    /// Whether the rule holds for this port; ICMP has none.
    pub(super) fn cover(&self, protocol: &str, port: i64) -> Fact {
        match &self.protocol {
            Ok(all) if all == "-1" => return Fact::yes(Vec::new()),
            Ok(own) if own != protocol => return Fact::no(Vec::new()),
            Ok(_) => {}
            Err(reason) => return Fact::unknown(reason.clone()),
        }
        let at_least =
            self.from.as_ref().map_or_else(|reason| Fact::unknown(reason.clone()), |from| known(*from <= port));
        let at_most = self.to.as_ref().map_or_else(|reason| Fact::unknown(reason.clone()), |to| known(port <= *to));
        at_least.and(at_most)
    }

    /// Whether the rule holds for every TCP port.
    pub(super) fn cover_all(&self) -> Fact {
        if self.is_everything() {
            return Fact::yes(Vec::new());
        }
        self.cover("tcp", 0).or(self.cover("tcp", 1)).and(self.cover("tcp", 65535))
    }
}

fn known(value: bool) -> Fact {
    Fact::new(Tri::from(value), Vec::new())
}

/// What a set of rules lets in, taken together.
pub(super) struct Admitted<'r> {
    rules: Vec<(&'r Rule, Fact)>,
    open: Option<Reason>,
}

impl<'r> Admitted<'r> {
    /// The rules that hold for one port.
    pub(super) fn on_port(
        rules: impl IntoIterator<Item = &'r Rule>,
        open: Option<Reason>,
        protocol: &str,
        port: i64,
    ) -> Admitted<'r> {
        let rules = rules
            .into_iter()
            .map(|rule| (rule, rule.ports.cover(protocol, port)))
            .filter(|(rule, covers)| rule.presence.and(covers.tri) != Tri::False);
        Admitted { rules: rules.collect(), open }
    }

    /// Whether the rules together admit the internet of one family; the place is the widest source's.
    pub(super) fn world(&self, model: &Model, family: Family) -> Fact {
        let mut surely = Vec::new();
        let mut places = Vec::new();
        let mut perhaps = Vec::new();
        let mut reasons: Vec<Reason> = Vec::new();
        for (rule, covers) in &self.rules {
            let sure = rule.presence.and(covers.tri) == Tri::True;
            match &rule.source {
                Source::Ranges(ranges) => {
                    let public = RangeSet::of(family, ranges.iter().copied()).and(&RangeSet::public(family));
                    if public.is_empty() {
                        continue;
                    }
                    if sure {
                        surely.extend(ranges.iter().copied());
                        places.push((public.size(), *rule));
                        continue;
                    }
                    perhaps.extend(ranges.iter().copied());
                    reasons.extend(covers.reasons.iter().cloned());
                    reasons.extend(presence_reason(model, rule));
                }
                Source::Unknown(reason) => {
                    perhaps.push(Range::whole(family));
                    reasons.push(reason.clone());
                }
                Source::Sized(length) => {
                    // A wide prefix at an unknown place may be public.
                    if *length < 16 {
                        perhaps.push(Range::whole(family));
                        reasons.push(Reason::at("no-value", "a range", rule.place));
                    }
                }
                Source::Group(_) | Source::SomeGroup(_) | Source::Itself | Source::Service(_) => {}
            }
        }
        if RangeSet::of(family, surely.iter().copied()).is_world() {
            places.sort_by_key(|(size, rule)| (std::cmp::Reverse(*size), rule.place));
            let places = match places.first() {
                Some((size, widest)) if *size >= 1 << 24 => way(model, std::slice::from_ref(widest)),
                Some(_) | None => way(model, &places.iter().map(|(_, rule)| *rule).collect::<Vec<_>>()),
            };
            return Fact::yes(places);
        }
        perhaps.extend(surely);
        if let Some(reason) = &self.open {
            return Fact::unknown(reason.clone());
        }
        match RangeSet::of(family, perhaps).is_world() {
            true => Fact { reasons, ..Fact::new(Tri::Unknown, Vec::new()) },
            false => Fact::no(Vec::new()),
        }
    }

    /// Whether some public address of the family is admitted.
    pub(super) fn is_public(&self, family: Family) -> bool {
        self.rules.iter().any(|(rule, _)| match &rule.source {
            Source::Ranges(ranges) => ranges.iter().any(|range| RangeSet::public(family).meets(range)),
            Source::Sized(_) | Source::Unknown(_) => true,
            Source::Group(_) | Source::SomeGroup(_) | Source::Itself | Source::Service(_) => false,
        })
    }

    pub(super) fn world_of_any_family(&self, model: &Model) -> Fact {
        self.world(model, Family::V4).or(self.world(model, Family::V6))
    }
}

pub(super) fn presence_reason(model: &Model, rule: &Rule) -> Option<Reason> {
    model[rule.group].head.presence_reason.clone()
}

/// The source values first, then the rule of the first and its group.
pub(super) fn way(model: &Model, rules: &[&Rule]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for rule in rules {
        places.push(Place::new(rule.place, source_in_words(model, rule)));
        let mut steps: Vec<Span> = rule.origin.steps().map(|step| step.span).collect();
        steps.reverse();
        // The list around the range is no step of its own.
        let further = steps.into_iter().skip(1).filter(|span| !span.contains(&rule.place));
        places.extend(further.map(|span| Place::new(span, "read here")));
    }
    if let Some(rule) = rules.first() {
        if rule.head != rule.place {
            places.push(Place::new(rule.head, "this rule"));
        }
        let head = &model[rule.group].head;
        places.push(Place::new(head.span, format!("of the security group `{}`", head.name)));
    }
    places
}

pub(super) fn source_in_words(model: &Model, rule: &Rule) -> String {
    let who = match &rule.source {
        Source::Ranges(ranges) if ranges.iter().any(|range| range.length == 0) => "the whole internet".to_owned(),
        Source::Ranges(_) => "this range".to_owned(),
        Source::Sized(_) => "this range".to_owned(),
        Source::Group(group) => format!("`{}`", model[*group].head.name),
        Source::SomeGroup(_) => "a group that is not declared here".to_owned(),
        Source::Itself => "its own members".to_owned(),
        Source::Service(service) => format!("the addresses of {service}"),
        Source::Unknown(_) => "this source".to_owned(),
    };
    format!("{who} on {}", ports_in_words(&rule.ports))
}

fn ports_in_words(ports: &Ports) -> String {
    if ports.is_everything() {
        return "every port".to_owned();
    }
    match (&ports.from, &ports.to) {
        (Ok(from), Ok(to)) if from == to => format!("port {from}"),
        (Ok(from), Ok(to)) => format!("ports {from} to {to}"),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => "these ports".to_owned(),
    }
}

/// The ports at which the admitted sources may change: the first port of each rule.
pub(super) fn probes<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Vec<(String, i64)> {
    let mut found: Vec<(String, i64)> = Vec::new();
    for rule in rules {
        let protocol = match &rule.ports.protocol {
            Ok(protocol) if protocol == "-1" => "tcp",
            Ok(protocol) => protocol,
            Err(_) => "tcp",
        };
        found.push((protocol.to_owned(), rule.ports.from.clone().unwrap_or(0).max(0)));
    }
    found.sort();
    found.dedup();
    found
}
