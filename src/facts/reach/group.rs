//! What a security group opens, judged by what it protects.

use std::collections::HashMap;

use super::party::vpc_ranges;
use super::ports::{ADMIN, SENSITIVE};
use super::rules::{Admitted, Rule, Rules, Source, presence_reason, probes, way};
use crate::facts::{Analysis, Facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::{Cache, Database};
use crate::model::network::{Endpoint, Ingress, LoadBalancer, SecurityGroup};
use crate::model::range::{Family, Range, RangeSet};
use crate::model::workload::{Function, Host, MountTarget, Service};
use crate::model::{AnyId, Id, Model, Reading};
use crate::source::Place;
use crate::value::{Origin, Value};

/// What a group stands in front of, the most sensitive first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Protected {
    Database,
    Cache,
    FileSystem,
    Task,
    Endpoint,
    LoadBalancer,
    Host,
    Function,
    Nothing,
}

impl Protected {
    fn word(self) -> &'static str {
        match self {
            Protected::Database => "database",
            Protected::Cache => "cache",
            Protected::FileSystem => "file_system",
            Protected::Task => "task",
            Protected::Endpoint => "endpoint",
            Protected::LoadBalancer => "load_balancer",
            Protected::Host => "host",
            Protected::Function => "function",
            Protected::Nothing => "none",
        }
    }

    fn of(id: AnyId) -> Protected {
        if id.typed::<Database>().is_some() {
            Protected::Database
        } else if id.typed::<Cache>().is_some() {
            Protected::Cache
        } else if id.typed::<MountTarget>().is_some() {
            Protected::FileSystem
        } else if id.typed::<Service>().is_some() {
            Protected::Task
        } else if id.typed::<Endpoint>().is_some() {
            Protected::Endpoint
        } else if id.typed::<LoadBalancer>().is_some() {
            Protected::LoadBalancer
        } else if id.typed::<Host>().is_some() {
            Protected::Host
        } else if id.typed::<Function>().is_some() {
            Protected::Function
        } else {
            Protected::Nothing
        }
    }
}

pub(super) fn protected(model: &Model, group: Id<SecurityGroup>) -> Protected {
    let consumers = model[group].consumers.members.iter();
    consumers.map(|(id, _)| Protected::of(*id)).min().unwrap_or(Protected::Nothing)
}

pub(super) fn protects(facts: &Facts<'_>, id: Id<SecurityGroup>) -> (Value, Vec<Place>) {
    let model = facts.model;
    let group = &model[id];
    let protected = protected(model, id);
    let deciding = group.consumers.members.iter().find(|(consumer, _)| Protected::of(*consumer) == protected);
    let places = deciding.map(|(consumer, _)| {
        let head = model.head(*consumer);
        Place::new(head.span, format!("`{}` stands behind it", head.name))
    });
    (Value::text(protected.word(), Origin::written(group.head.span)), places.into_iter().collect())
}

/// Whether a task stands behind the group.
pub(super) fn holds_tasks(facts: &Facts<'_>, id: Id<SecurityGroup>) -> Fact {
    let model = facts.model;
    let consumers = &model[id].consumers;
    match consumers.members.iter().find(|(consumer, _)| consumer.typed::<Service>().is_some()) {
        Some((service, _)) => {
            let head = model.head(*service);
            Fact::yes(vec![Place::new(head.span, format!("`{}` runs behind it", head.name))])
        }
        None => match &consumers.open {
            Some(reason) => Fact::unknown(reason.clone()),
            None => Fact::no(Vec::new()),
        },
    }
}

/// Egress on every port to the internet of either family.
pub(super) fn sends_anywhere(facts: &Facts<'_>, id: Id<SecurityGroup>) -> Fact {
    let rules = facts.analysis::<Rules>();
    let own = rules.of(id);
    let (surely, perhaps): (Vec<&Rule>, Vec<&Rule>) = own
        .egress
        .iter()
        .filter(|rule| rule.ports.cover_all().tri != Tri::False)
        .partition(|rule| rule.ports.cover_all().tri == Tri::True);
    let mut certain = Admitted::on_port(surely.iter().copied(), None, "tcp", 0).world_of_any_family(facts.model);
    if certain.tri == Tri::True {
        certain.places.extend(super::met::content(facts, id));
    }
    if certain.tri != Tri::False || (perhaps.is_empty() && own.egress_open.is_none()) {
        return certain;
    }
    let all = surely.into_iter().chain(perhaps.iter().copied());
    let mut fact = Admitted::on_port(all, own.egress_open.clone(), "tcp", 0).world_of_any_family(facts.model);
    if fact.tri == Tri::True {
        let reasons = perhaps.iter().flat_map(|rule| rule.ports.cover_all().reasons).collect();
        fact = Fact { reasons, ..Fact::new(Tri::Unknown, Vec::new()) };
    }
    fact
}

pub(super) fn opens_admin_port_to_world(facts: &Facts<'_>, id: Id<SecurityGroup>) -> Fact {
    let rules = facts.analysis::<Rules>();
    let own = rules.of(id);
    let fact = Fact::any(ADMIN.map(|port| {
        Admitted::on_port(&own.ingress, own.ingress_open.clone(), "tcp", port).world_of_any_family(facts.model)
    }));
    with_consumers(facts.model, id, fact)
}

/// What stands behind the group ends the trail.
fn with_consumers(model: &Model, id: Id<SecurityGroup>, mut fact: Fact) -> Fact {
    if fact.tri == Tri::True {
        for (consumer, _) in model[id].consumers.members.iter().take(3) {
            let head = model.head(*consumer);
            fact.places.push(Place::new(head.span, format!("`{}` stands behind it", head.name)));
        }
    }
    fact
}

/// An admin port for more than 16 public addresses that are not the world, or for a range that holds the VPC.
pub(super) fn opens_admin_port_to_wide_range(facts: &Facts<'_>, id: Id<SecurityGroup>) -> Fact {
    let model = facts.model;
    let rules = facts.analysis::<Rules>();
    let own = rules.of(id);
    let vpc = model[id].vpc.id().map(|vpc| vpc_ranges(model, vpc));
    let judged = own.ingress.iter().map(|rule| {
        let covers = Fact::any(ADMIN.map(|port| rule.ports.cover("tcp", port)));
        let wide = match &rule.source {
            Source::Ranges(ranges) => Fact::any(ranges.iter().map(|range| wide_for_admins(range, vpc.as_ref()))),
            Source::Unknown(reason) => Fact::unknown(reason.clone()),
            Source::Sized(_) | Source::Group(_) | Source::SomeGroup(_) | Source::Itself | Source::Service(_) => {
                Fact::no(Vec::new())
            }
        };
        let mut fact = covers.and(wide).and(presence(model, rule));
        if fact.tri == Tri::True {
            fact.places = way(model, &[rule]);
        }
        fact
    });
    let open = own.ingress_open.clone().map(Fact::unknown);
    Fact::any(judged.chain(open))
}

fn wide_for_admins(range: &Range, vpc: Option<&Result<Vec<Range>, Reason>>) -> Fact {
    let public = RangeSet::of(range.family, [*range]).and(&RangeSet::public(range.family));
    if public.is_world() {
        return Fact::no(Vec::new());
    }
    if !public.is_empty() {
        return Fact::new(Tri::from(range.size() > 16), Vec::new());
    }
    match vpc {
        Some(Ok(own)) => Fact::new(Tri::from(own.iter().any(|cidr| range.holds(cidr))), Vec::new()),
        Some(Err(reason)) => Fact::unknown(reason.clone()),
        None => Fact::no(Vec::new()),
    }
}

pub(super) fn presence(model: &Model, rule: &Rule) -> Fact {
    match rule.presence {
        Tri::Unknown => {
            Fact::unknown(presence_reason(model, rule).unwrap_or_else(|| Reason::at("no-value", "a rule", rule.head)))
        }
        known => Fact::new(known, Vec::new()),
    }
}

/// A port that is no admin port, open to the world where nothing public stands: hosts, endpoints, file systems.
pub(super) fn opens_other_port_to_world(facts: &Facts<'_>, id: Id<SecurityGroup>) -> Fact {
    let model = facts.model;
    let open = &model[id].consumers.open;
    match protected(model, id) {
        Protected::Database | Protected::Cache | Protected::Task | Protected::LoadBalancer => {
            return Fact::no(Vec::new());
        }
        Protected::FileSystem | Protected::Endpoint | Protected::Host | Protected::Function => {}
        Protected::Nothing => {
            let handed_on = facts.analysis::<HandedOn>();
            if let Some(reason) = open.as_ref().or_else(|| handed_on.groups.get(&id)) {
                return Fact::unknown(reason.clone());
            }
        }
    }
    let rules = facts.analysis::<Rules>();
    let own = rules.of(id);
    let others = own.ingress.iter().filter(|rule| {
        let admin = Fact::any(ADMIN.map(|port| rule.ports.cover("tcp", port)));
        admin.tri != Tri::True && !is_icmp(rule)
    });
    with_consumers(model, id, open_on_any_port(model, others.collect(), own.ingress_open.clone()))
}

/// Groups that a root hands on to others: what stands behind them is declared elsewhere.
struct HandedOn {
    groups: HashMap<Id<SecurityGroup>, Reason>,
}

impl Analysis for HandedOn {
    fn compute(facts: &Facts<'_>) -> HandedOn {
        let model = facts.model;
        let mut groups = HashMap::new();
        for (_, output) in model.terraform.outputs.iter() {
            let owners = output.value.value().references().into_iter().flat_map(|it| model.resolve(it));
            for group in owners.filter_map(|id| id.typed::<SecurityGroup>()) {
                let reason = Reason::at("handed-on", output.head.name.clone(), output.head.span);
                groups.entry(group).or_insert(reason);
            }
        }
        HandedOn { groups }
    }
}

fn is_icmp(rule: &Rule) -> bool {
    matches!(rule.ports.protocol.as_deref(), Ok("icmp" | "icmpv6"))
}

/// Whether the world is admitted on some port of these rules.
pub(super) fn open_on_any_port(model: &Model, rules: Vec<&Rule>, open: Option<Reason>) -> Fact {
    let probes = probes(rules.iter().copied().filter(|rule| !is_icmp(rule)));
    let mut answers: Vec<Fact> = probes
        .iter()
        .map(|(protocol, port)| {
            Admitted::on_port(rules.iter().copied(), None, protocol, *port).world_of_any_family(model)
        })
        .collect();
    if let Some(reason) = open {
        answers.push(Fact::unknown(reason));
    }
    Fact::any(answers)
}

/// What opens remote login, a task or the very port of a store is found as that.
pub(super) fn opens_sensitive_port_to_world(facts: &Facts<'_>, id: Id<SecurityGroup>) -> Fact {
    let model = facts.model;
    let found_already = match protected(model, id) {
        Protected::Task => return Fact::no(Vec::new()),
        Protected::Database | Protected::Cache => served(model, id).ports,
        Protected::FileSystem
        | Protected::Endpoint
        | Protected::LoadBalancer
        | Protected::Host
        | Protected::Function
        | Protected::Nothing => Vec::new(),
    };
    let rules = facts.analysis::<Rules>();
    let own = rules.of(id);
    let is_admin = |rule: &&Rule| Fact::any(ADMIN.map(|port| rule.ports.cover("tcp", port))).tri == Tri::True;
    let others: Vec<&Rule> = own.ingress.iter().filter(|rule| !is_admin(rule)).collect();
    let ports = SENSITIVE.iter().map(|(port, _)| *port).filter(|port| !found_already.contains(port));
    let fact = Fact::any(ports.map(|port| {
        let admitted = Admitted::on_port(others.iter().copied(), own.ingress_open.clone(), "tcp", port);
        admitted.world_of_any_family(model)
    }));
    with_consumers(model, id, fact)
}

/// More ports than anything behind the group listens on. What is open to the world has its own rules.
pub(super) fn opens_more_than_served(facts: &Facts<'_>, id: Id<SecurityGroup>) -> Fact {
    let model = facts.model;
    match protected(model, id) {
        Protected::Database | Protected::Cache | Protected::FileSystem | Protected::Task => {}
        Protected::Endpoint | Protected::LoadBalancer | Protected::Host | Protected::Function | Protected::Nothing => {
            return Fact::no(Vec::new());
        }
    }
    let rules = facts.analysis::<Rules>();
    let own = rules.of(id);
    let served = served(model, id);
    let judged = own.ingress.iter().filter(|rule| !is_icmp(rule)).map(|rule| {
        if Admitted::on_port([rule], None, "tcp", rule.ports.from.clone().unwrap_or(0)).world_of_any_family(model).tri
            == Tri::True
        {
            return Fact::no(Vec::new());
        }
        let mut fact = beyond(rule, &served).and(presence(model, rule));
        if fact.tri == Tri::True {
            fact.places = vec![Place::new(rule.port_place, super::rules::source_in_words(model, rule))];
            fact.places.push(Place::new(model[id].head.span, format!("the security group `{}`", model[id].head.name)));
            fact.places.extend(served.places.iter().cloned());
        }
        fact
    });
    Fact::any(judged)
}

/// The ports that are listened on behind a group.
struct Served {
    ports: Vec<i64>,
    places: Vec<Place>,
    unknown: Option<Reason>,
}

fn beyond(rule: &Rule, served: &Served) -> Fact {
    if rule.ports.is_everything() {
        return Fact::yes(Vec::new());
    }
    let (from, to) = match (&rule.ports.from, &rule.ports.to) {
        (Ok(from), Ok(to)) => (*from, *to),
        (Err(reason), _) | (_, Err(reason)) => return Fact::unknown(reason.clone()),
    };
    let within = served.ports.iter().filter(|port| from <= **port && **port <= to).count() as i64;
    if within > to.saturating_sub(from) {
        return Fact::no(Vec::new());
    }
    match &served.unknown {
        Some(reason) => Fact::unknown(reason.clone()),
        None => Fact::yes(Vec::new()),
    }
}

fn served(model: &Model, group: Id<SecurityGroup>) -> Served {
    let mut served = Served { ports: Vec::new(), places: Vec::new(), unknown: model[group].consumers.open.clone() };
    for (consumer, _) in &model[group].consumers.members {
        let head = model.head(*consumer);
        match ports_of(model, *consumer) {
            Ok(ports) => {
                for (port, span) in ports {
                    served.ports.push(port);
                    served.places.push(Place::new(span, format!("`{}` listens on {port}", head.name)));
                }
            }
            Err(reason) => served.unknown = Some(reason),
        }
    }
    served.ports.sort_unstable();
    served.ports.dedup();
    served.places.dedup();
    served
}

type PortsAt = Result<Vec<(i64, crate::source::Span)>, Reason>;

/// The ports that a workload listens on.
pub(in crate::facts) fn ports_of(model: &Model, id: AnyId) -> PortsAt {
    if let Some(service) = id.typed::<Service>() {
        return ports_of_service(model, service);
    }
    let head = model.head(id);
    let of_cell = |cell: &crate::model::Cell<crate::model::mark::Number>| match cell.get() {
        Reading::Known(number) => Ok(number.as_i64().map(|port| (port, cell.origin().span().unwrap_or(head.span)))),
        Reading::Absent => Err(Reason::at("no-value", head.name.clone(), head.span)),
        Reading::Unknown(reason) => Err(reason),
    };
    if let Some(database) = id.typed::<Database>() {
        return of_cell(&model[database].port).map(|port| port.into_iter().collect());
    }
    if let Some(cache) = id.typed::<Cache>() {
        return of_cell(&model[cache].port).map(|port| port.into_iter().collect());
    }
    if let Some(mount) = id.typed::<MountTarget>() {
        return of_cell(&model[mount].port).map(|port| port.into_iter().collect());
    }
    if id.typed::<Endpoint>().is_some() {
        return Ok(vec![(443, head.span)]);
    }
    if let Some(balancer) = id.typed::<LoadBalancer>() {
        let listeners = &model[balancer].listeners;
        if let Some(reason) = &listeners.open {
            return Err(reason.clone());
        }
        let ports = listeners.ids().map(|listener| of_cell(&model[listener].port));
        return ports.collect::<Result<Vec<_>, _>>().map(|ports| ports.into_iter().flatten().collect());
    }
    Err(Reason::at("ports-unknown", head.name.clone(), head.span))
}

fn ports_of_service(model: &Model, id: Id<Service>) -> PortsAt {
    let service = &model[id];
    let mut ports = Vec::new();
    for registration in service.registrations.ids() {
        let cell = &model[registration].container_port;
        match cell.get() {
            Reading::Known(port) => {
                let span = cell.origin().span().unwrap_or(service.head.span);
                ports.extend(port.as_i64().map(|port| (port, span)));
            }
            Reading::Absent => {}
            Reading::Unknown(reason) => return Err(reason),
        }
    }
    let Some(task) = service.task.id() else {
        let head = &service.head;
        return Err(Reason::at("task-unknown", head.name.clone(), service.task.origin.span().unwrap_or(head.span)));
    };
    if let Some(reason) = &model[task].containers.open {
        return Err(reason.clone());
    }
    for container in model[task].containers.ids() {
        if let Some(reason) = &model[container].port_mappings.open {
            return Err(reason.clone());
        }
        for mapping in model[container].port_mappings.ids() {
            let cell = &model[mapping].container_port;
            match cell.get() {
                Reading::Known(port) => {
                    let span = cell.origin().span().unwrap_or(model[mapping].head.span);
                    ports.extend(port.as_i64().map(|port| (port, span)));
                }
                Reading::Absent => return Err(Reason::at("port-range", "a mapping", model[mapping].head.span)),
                Reading::Unknown(reason) => return Err(reason),
            }
        }
    }
    ports.sort_unstable();
    ports.dedup_by_key(|(port, _)| *port);
    Ok(ports)
}

/// Whether unrelated workloads share the group of a rule that admits its own members.
pub(super) fn group_is_shared(facts: &Facts<'_>, id: Id<Ingress>) -> Fact {
    let model = facts.model;
    let Some(group) = model[id].security_group.id() else {
        return Fact::unknown(Reason::new("group-unknown", model[id].head.name.clone()));
    };
    let consumers = &model[group].consumers;
    let mut kinds: Vec<&AnyId> = consumers.members.iter().map(|(id, _)| id).collect();
    kinds.dedup();
    if kinds.len() > 1 {
        let places = consumers.members.iter().take(3).map(|(id, _)| {
            let head = model.head(*id);
            Place::new(head.span, format!("`{}` stands behind it", head.name))
        });
        return Fact::yes(places.collect());
    }
    match &consumers.open {
        Some(reason) => Fact::unknown(reason.clone()),
        None => Fact::no(Vec::new()),
    }
}

/// Whether the group that AWS made with the VPC lets nobody in and nothing out.
pub(super) fn default_group_locked(facts: &Facts<'_>, id: Id<crate::model::network::Vpc>) -> Fact {
    let model = facts.model;
    let vpc = &model[id];
    let Some(group) = vpc.default_security_group.id() else {
        return match &vpc.default_security_group.link {
            crate::model::Link::Unknown(reason) => Fact::unknown(reason.clone()),
            crate::model::Link::Absent | crate::model::Link::To(_) => {
                Fact::no(vec![Place::new(vpc.head.span, "nobody locks the security group that AWS makes with it")])
            }
        };
    };
    let rules = facts.analysis::<Rules>();
    let own = rules.of(group);
    let all = own.ingress.iter().chain(&own.egress);
    let none_of = all.map(|rule| {
        let mut fact = !presence(model, rule);
        fact.places = way(model, &[rule]);
        fact
    });
    let open = own.ingress_open.iter().chain(&own.egress_open).map(|reason| Fact::unknown(reason.clone()));
    let adopted = match model[group].head.presence {
        Tri::True => Fact::yes(Vec::new()),
        Tri::False => Fact::no(vec![Place::new(vpc.head.span, "the default group is not adopted")]),
        Tri::Unknown => Fact::unknown(Reason::at("no-value", model[group].head.name.clone(), model[group].head.span)),
    };
    adopted.and(Fact::all(none_of.chain(open)))
}

/// Whether a public source that is not the world is wider than a /16.
pub(super) fn comes_from_wide_public_range(facts: &Facts<'_>, id: Id<Ingress>) -> Fact {
    judge_range(facts, id, |range| {
        let public = RangeSet::of(range.family, [*range]).and(&RangeSet::public(range.family));
        let widest = if range.family == Family::V4 { 16 } else { 32 };
        !public.is_empty() && !public.is_world() && range.length < widest
    })
}

fn judge_range(facts: &Facts<'_>, id: Id<Ingress>, judge: impl Fn(&Range) -> bool) -> Fact {
    let rules = facts.analysis::<Rules>();
    let Some(group) = facts.model[id].security_group.id() else {
        return Fact::no(Vec::new());
    };
    let Some(rule) = rules.of(group).ingress.iter().find(|rule| rule.index == id.index) else {
        return Fact::no(Vec::new());
    };
    let fact = match &rule.source {
        Source::Ranges(ranges) => Fact::new(Tri::from(ranges.iter().any(judge)), Vec::new()),
        Source::Unknown(reason) => Fact::unknown(reason.clone()),
        Source::Sized(_) | Source::Group(_) | Source::SomeGroup(_) | Source::Itself | Source::Service(_) => {
            Fact::no(Vec::new())
        }
    };
    Fact { places: way(facts.model, &[rule]), ..fact }
}

/// A port of a closed service for some public addresses.
pub(super) fn opens_sensitive_port_to_public_range(facts: &Facts<'_>, id: Id<Ingress>) -> Fact {
    let public = |range: &Range| {
        let public = RangeSet::of(range.family, [*range]).and(&RangeSet::public(range.family));
        !public.is_empty() && !public.is_world() && range.size() > 1
    };
    sensitive(facts, id).and(judge_range(facts, id, public))
}

/// A port of a closed service for a whole block of private addresses.
pub(super) fn opens_sensitive_port_to_private_block(facts: &Facts<'_>, id: Id<Ingress>) -> Fact {
    let block = |range: &Range| range.is_private() && range.holds_private_block();
    sensitive(facts, id).and(judge_range(facts, id, block))
}

fn sensitive(facts: &Facts<'_>, id: Id<Ingress>) -> Fact {
    let rules = facts.analysis::<Rules>();
    let Some(group) = facts.model[id].security_group.id() else {
        return Fact::no(Vec::new());
    };
    let rule = rules.of(group).ingress.iter().find(|rule| rule.index == id.index);
    let ports = rule.map(|rule| Fact::any(SENSITIVE.iter().map(|(port, _)| rule.ports.cover("tcp", *port))));
    ports.unwrap_or_else(|| Fact::no(Vec::new()))
}
