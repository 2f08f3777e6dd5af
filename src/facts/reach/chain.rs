//! The chain load balancer → task → store: whether each end lets the other, and nobody else, in.

use super::group::ports_of;
use super::party::{Party, Side, admits};
use super::rules::{Admitted, Rule, Rules, Source, way};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::{Cache, Database};
use crate::model::network::{LoadBalancer, SecurityGroup, TargetGroup};
use crate::model::range::Range;
use crate::model::secret::{Parameter, Secret};
use crate::model::workload::{Container, Service};
use crate::model::{AnyId, Id, Link, Model, Reading};
use crate::source::{Place, Span};
use crate::value::Origin;

/// The load balancers that forward to a target group, and why there may be more.
fn in_front_of(model: &Model, group: Id<TargetGroup>) -> (Vec<Id<LoadBalancer>>, Option<Reason>) {
    let mut found = Vec::new();
    let mut open = model[group].listeners.open.clone();
    for listener in model[group].listeners.ids() {
        match (&model[listener].load_balancer.link, model[listener].load_balancer.id()) {
            (_, Some(balancer)) if !found.contains(&balancer) => found.push(balancer),
            (Link::Unknown(reason), None) => open = open.or_else(|| Some(reason.clone())),
            (Link::To(_) | Link::Absent | Link::Unknown(_), _) => {}
        }
    }
    (found, open)
}

/// All load balancers in front of a service.
pub(in crate::facts) fn balancers(model: &Model, id: Id<Service>) -> (Vec<Id<LoadBalancer>>, Option<Reason>) {
    let service = &model[id];
    let mut found: Vec<Id<LoadBalancer>> = service.load_balancers.ids().collect();
    let mut open = service.registrations.open.clone();
    for registration in service.registrations.ids() {
        match (&model[registration].target_group.link, model[registration].target_group.id()) {
            (_, Some(group)) => {
                let (more, reason) = in_front_of(model, group);
                found.extend(more);
                open = open.or(reason);
            }
            (Link::Unknown(reason), None) => open = open.or_else(|| Some(reason.clone())),
            (Link::To(_) | Link::Absent, None) => {}
        }
    }
    found.sort();
    found.dedup();
    (found, open)
}

/// For each registration: the task admits the load balancer on the container's port, and the load balancer sends there.
pub(super) fn reached_by_load_balancer(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let model = facts.model;
    let rules = facts.analysis::<Rules>();
    let service = &model[id];
    let Some(task) = Party::of(model, id.into()) else { return Fact::yes(Vec::new()) };
    let mut answers = Vec::new();
    for registration in service.registrations.ids() {
        let registration = &model[registration];
        let port = match registration.container_port.get() {
            Reading::Known(port) => port.as_i64(),
            Reading::Absent => None,
            Reading::Unknown(reason) => {
                answers.push(Fact::unknown(reason));
                continue;
            }
        };
        let (Some(port), Some(group)) = (port, registration.target_group.id()) else { continue };
        let (in_front, open) = in_front_of(model, group);
        let start = registration.container_port.origin().span().unwrap_or(registration.head.span);
        let mut wanted = vec![(port, start, format!("the load balancer sends to port {port}"))];
        if let Some((port, place)) = health_port(&model[group]).filter(|(own, _)| *own != port) {
            wanted.push((port, place, format!("health is asked on port {port}")));
        }
        for balancer in in_front {
            let Some(other) = Party::of(model, balancer.into()) else { continue };
            // Without groups a load balancer sends from its own or the clients' addresses.
            if other.groups.members.is_empty() && other.groups.open.is_none() {
                continue;
            }
            for (port, place, words) in &wanted {
                let lets_in = admits(model, &rules, &task, Side::In, &other, *port);
                let lets_out = admits(model, &rules, &other, Side::Out, &task, *port);
                let mut fact = lets_in.and(lets_out);
                if fact.tri == Tri::False {
                    fact.places.insert(0, Place::new(*place, words.clone()));
                }
                answers.push(fact);
            }
        }
        answers.extend(open.map(Fact::unknown));
    }
    Fact::all(answers)
}

/// A port of its own for the health check, and where it is written.
fn health_port(group: &TargetGroup) -> Option<(i64, Span)> {
    let is_asked = group.health_check.tri() != Tri::False;
    let port = group.health_port.as_str().filter(|_| is_asked)?.parse().ok()?;
    Some((port, group.health_port.origin().span().unwrap_or(group.head.span)))
}

/// Whether only its load balancers, other tasks and itself may reach a registered service. The internet as a source
/// has a rule of its own.
pub(super) fn bound_to_load_balancer(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let model = facts.model;
    let service = &model[id];
    if service.registrations.members.is_empty() && service.registrations.open.is_none() {
        return Fact::yes(Vec::new());
    }
    let rules = facts.analysis::<Rules>();
    let Some(task) = Party::of(model, id.into()) else { return Fact::yes(Vec::new()) };
    let (ingress, open) = task.ingress(&rules);
    let (in_front, unseen) = balancers(model, id);
    // ECS takes no target group that nothing forwards to: its load balancer is there, and nobody sees it.
    let nowhere = || Reason::at("not-declared-here", "the load balancer", service.head.span);
    let unseen = unseen.or_else(|| in_front.is_empty().then(nowhere));
    let judged = ingress.iter().map(|rule| {
        let mut fact = match is_bound(model, rule, &in_front, unseen.as_ref()) {
            Bound::Is(fact) => fact,
            Bound::ByRange(ranges) => of_network_balancer(model, ranges, &in_front, id),
        };
        if rule.presence != Tri::True && fact.tri == Tri::False {
            fact = Fact::unknown(Reason::at("no-value", "a rule", rule.head));
        }
        if fact.tri == Tri::False {
            fact.places = way(model, &[rule]);
            fact.places.push(Place::new(service.head.span, format!("`{}` runs behind it", service.head.name)));
            fact.places.extend(in_front.iter().map(|balancer| {
                let head = &model[*balancer].head;
                Place::new(head.span, format!("`{}` is its load balancer", head.name))
            }));
        }
        fact
    });
    Fact::all(judged.chain(open.map(Fact::unknown)))
}

/// What a rule says of it, or the ranges that only a network load balancer explains.
enum Bound<'r> {
    Is(Fact),
    ByRange(&'r [Range]),
}

fn is_bound<'r>(model: &Model, rule: &'r Rule, in_front: &[Id<LoadBalancer>], unseen: Option<&Reason>) -> Bound<'r> {
    let of_balancer = |group: Id<SecurityGroup>| {
        in_front.iter().any(|balancer| model[*balancer].security_groups.ids().any(|own| own == group))
    };
    let of_tasks = |group: Id<SecurityGroup>| {
        model[group].consumers.members.iter().any(|(consumer, _)| consumer.typed::<Service>().is_some())
    };
    Bound::Is(match &rule.source {
        Source::Itself => Fact::yes(Vec::new()),
        Source::Group(group) if of_balancer(*group) || of_tasks(*group) => Fact::yes(Vec::new()),
        Source::Group(group) => match (unseen, &model[*group].consumers.open) {
            (Some(reason), _) | (None, Some(reason)) => Fact::unknown(reason.clone()),
            (None, None) => Fact::no(Vec::new()),
        },
        Source::Ranges(ranges) => {
            let port = rule.ports.from.clone().unwrap_or(0).max(0);
            let protocol = rule.ports.protocol.clone().unwrap_or_else(|_| "tcp".to_owned());
            let protocol = if protocol == "-1" { "tcp".to_owned() } else { protocol };
            if Admitted::on_port([rule], None, &protocol, port).world_of_any_family(model).tri != Tri::False {
                return Bound::Is(Fact::yes(Vec::new()));
            }
            match unseen {
                Some(reason) => Fact::unknown(reason.clone()),
                None => return Bound::ByRange(ranges),
            }
        }
        Source::Service(_) => Fact::no(Vec::new()),
        Source::Sized(_) => Fact::no(Vec::new()),
        Source::SomeGroup(reason) | Source::Unknown(reason) => Fact::unknown(reason.clone()),
    })
}

/// A network load balancer without groups sends from its subnets' addresses, or keeps its clients'.
fn of_network_balancer(model: &Model, ranges: &[Range], in_front: &[Id<LoadBalancer>], id: Id<Service>) -> Fact {
    let bare: Vec<&LoadBalancer> = in_front
        .iter()
        .map(|balancer| &model[*balancer])
        .filter(|balancer| balancer.kind.equals("network") != Tri::False && balancer.security_groups.members.is_empty())
        .collect();
    if bare.is_empty() {
        return Fact::no(Vec::new());
    }
    let held = bare.iter().any(|balancer| {
        balancer.subnets.ids().any(|subnet| {
            let own = model[subnet].cidr4.as_str().and_then(Range::parse);
            own.is_some_and(|own| ranges.iter().any(|range| range.holds(&own)))
        })
    });
    if held {
        return Fact::yes(Vec::new());
    }
    let groups = model[id].registrations.ids().filter_map(|registration| model[registration].target_group.id());
    match Tri::any(groups.map(|group| keeps_clients(&model[group]))) {
        Tri::Unknown => {
            let head = &bare[0].head;
            Fact::unknown(Reason::at("client-addresses", head.name.clone(), head.span))
        }
        known => Fact::new(known, Vec::new()),
    }
}

/// Whether targets of a network load balancer see the addresses of the clients.
fn keeps_clients(group: &TargetGroup) -> Tri {
    let of_protocol = match group.protocol.as_str() {
        Some("UDP" | "TCP_UDP" | "QUIC" | "TCP_QUIC") => return Tri::True,
        Some(_) => Tri::False,
        None => Tri::Unknown,
    };
    match group.preserve_client_ip.get() {
        Reading::Known(keeps) => Tri::from(keeps).or(of_protocol),
        Reading::Unknown(_) => Tri::Unknown,
        Reading::Absent => of_protocol.or(!group.target_type.equals("ip")),
    }
}

/// For each store whose address the task is given: both ends let each other through. No flow, no claim.
pub(super) fn reaches_its_stores(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let model = facts.model;
    let Some(task) = model[id].task.id() else { return Fact::yes(Vec::new()) };
    let mut stores: Vec<AnyId> = model[task]
        .containers
        .ids()
        .flat_map(|container| stores_of(model, container))
        .map(|(store, _)| store)
        .collect();
    stores.sort();
    stores.dedup();
    Fact::all(stores.into_iter().map(|store| reaches_store(facts, id, store)))
}

/// The stores whose addresses a container is given, in its environment or in parameters and secrets that it reads, and
/// where.
pub(in crate::facts) fn stores_of(model: &Model, container: Id<Container>) -> Vec<(AnyId, Origin)> {
    let container = &model[container];
    let written = container.variables.ids().map(|variable| model[variable].content.value());
    let kept = container.secret_references.ids().filter_map(|reference| {
        let source = model[reference].source.any()?;
        let of_parameter = source.typed::<Parameter>().map(|parameter| model[parameter].content.value());
        of_parameter.or_else(|| Some(model[source.typed::<Secret>()?].content.value()))
    });
    let mut stores: Vec<(AnyId, Origin)> = Vec::new();
    for value in written.chain(kept) {
        for reference in value.references() {
            let is_address = ["address", "endpoint", "primary_endpoint_address", "reader_endpoint"]
                .iter()
                .any(|path| reference.path.starts_with(path));
            let found = model.resolve(reference).iter().filter(|id| is_address && is_store(**id));
            for id in found {
                if !stores.iter().any(|(known, _)| known == id) {
                    stores.push((*id, value.origin.clone()));
                }
            }
        }
    }
    stores
}

fn is_store(id: AnyId) -> bool {
    id.typed::<Database>().is_some() || id.typed::<Cache>().is_some()
}

/// Whether a task and a store that it is told of let each other through on the store's port.
fn reaches_store(facts: &Facts<'_>, service: Id<Service>, store: AnyId) -> Fact {
    let model = facts.model;
    let rules = facts.analysis::<Rules>();
    let (Some(task), Some(other)) = (Party::of(model, service.into()), Party::of(model, store)) else {
        return Fact::yes(Vec::new());
    };
    let ports = match ports_of(model, store) {
        Ok(ports) => ports,
        Err(reason) => return Fact::unknown(reason),
    };
    Fact::all(ports.into_iter().map(|(port, _)| {
        let out = admits(model, &rules, &task, Side::Out, &other, port);
        let within = admits(model, &rules, &other, Side::In, &task, port);
        let mut fact = out.and(within);
        if fact.tri == Tri::False {
            let head = model.head(store);
            let groups = task.groups.origin.span().unwrap_or(model[service].head.span);
            fact.places.insert(0, Place::new(groups, format!("the groups of `{}`", model[service].head.name)));
            fact.places.push(Place::new(head.span, format!("`{}` listens on {port}", head.name)));
        }
        fact
    }))
}
