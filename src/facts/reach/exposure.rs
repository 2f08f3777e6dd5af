//! Who on the internet reaches a workload, and where workloads stand.

use super::group::{open_on_any_port, ports_of, presence};
use super::party::{Party, vpc_ranges};
use super::rules::{Admitted, Rules, Source, way};
use super::subnet::Classes;
use crate::facts::{Analysis, Facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::Database;
use crate::model::network::{LoadBalancer, Subnet};
use crate::model::range::{Family, Range, RangeSet};
use crate::model::workload::{Function, Host, Service};
use crate::model::{AnyId, Cell, Entity, Id, Link, Model, Reading, ResourceMode, mark};
use crate::source::Place;

/// Some group of the service admits the internet on some port, whatever the routes are today.
pub(super) fn service_open_to_world(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let model = facts.model;
    let rules = facts.analysis::<Rules>();
    let Some(party) = Party::of(model, id.into()) else { return Fact::no(Vec::new()) };
    let (ingress, open) = party.ingress(&rules);
    with_end(model, id.into(), open_on_any_port(model, ingress, open))
}

/// Whether its tasks get public addresses, and what that means where its subnets lead.
pub(super) fn takes_public_address(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let service = &facts.model[id];
    let flag = match service.assign_public_ip.get() {
        Reading::Known(flag) => flag,
        Reading::Absent => return Fact::no(Vec::new()),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let classes = facts.analysis::<Classes>();
    let open = service.subnets.open.is_some() || service.subnets.members.is_empty();
    let leads_out = Tri::any(service.subnets.ids().map(|subnet| classes.reaches_internet(subnet).tri));
    let role = match (open, leads_out) {
        (false, Tri::False) => "a public address, which has no effect until a route to the internet appears",
        (true, _) | (false, Tri::True | Tri::Unknown) => "its tasks get public addresses",
    };
    let mut places: Vec<Place> =
        service.assign_public_ip.origin().steps().map(|step| Place::new(step.span, "read here")).collect();
    places.reverse();
    if places.is_empty() {
        places.push(Place::new(service.head.span, ""));
    }
    places.iter_mut().take(1).for_each(|place| place.role = role.to_owned());
    Fact::new(Tri::from(flag), places)
}

pub(super) fn store_open_to_world<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    let model = facts.model;
    let id = AnyId::from(id);
    let rules = facts.analysis::<Rules>();
    let Some(party) = Party::of(model, id) else { return Fact::no(Vec::new()) };
    let (ingress, open) = party.ingress(&rules);
    let fact = match ports_of(model, id) {
        Ok(ports) => Fact::any(ports.into_iter().map(|(port, _)| {
            Admitted::on_port(ingress.iter().copied(), open.clone(), "tcp", port).world_of_any_family(model)
        })),
        // Whatever the port is, a rule for all of them holds for it.
        Err(reason) => {
            let everywhere = ingress.iter().copied().filter(|rule| rule.ports.cover_all().tri == Tri::True);
            let fact = Admitted::on_port(everywhere, None, "tcp", 1).world_of_any_family(model);
            if fact.tri == Tri::True { fact } else { Fact::unknown(reason) }
        }
    };
    with_end(model, id, fact)
}

fn with_end(model: &Model, id: AnyId, mut fact: Fact) -> Fact {
    if fact.tri == Tri::True {
        let head = model.head(id);
        fact.places.push(Place::new(head.span, format!("`{}` stands behind it", head.name)));
    }
    fact
}

/// A source that is a whole VPC, a wide private range, or many public addresses.
pub(super) fn store_open_to_wide_range<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    let model = facts.model;
    let id = AnyId::from(id);
    let rules = facts.analysis::<Rules>();
    let Some(party) = Party::of(model, id) else { return Fact::no(Vec::new()) };
    let (ingress, open) = party.ingress(&rules);
    let of_groups = party.groups.ids().find_map(|group| model[group].vpc.id());
    let vpc = party.vpc(model).or(of_groups).map(|vpc| vpc_ranges(model, vpc));
    let judged = ingress.iter().map(|rule| {
        let wide = match &rule.source {
            Source::Ranges(ranges) => Fact::any(ranges.iter().map(|range| is_wide(range, vpc.as_ref()))),
            Source::Unknown(reason) => Fact::unknown(reason.clone()),
            Source::Sized(_) | Source::Group(_) | Source::SomeGroup(_) | Source::Itself | Source::Service(_) => {
                Fact::no(Vec::new())
            }
        };
        let mut fact = wide.and(presence(model, rule));
        if fact.tri == Tri::True {
            fact.places = way(model, &[rule]);
        }
        fact
    });
    let fact = Fact::any(judged.chain(open.map(Fact::unknown)));
    with_end(model, id, fact)
}

fn is_wide(range: &Range, vpc: Option<&Result<Vec<Range>, Reason>>) -> Fact {
    let public = RangeSet::of(range.family, [*range]).and(&RangeSet::public(range.family));
    if public.is_world() {
        return Fact::no(Vec::new());
    }
    if let Some(Ok(own)) = vpc
        && own.iter().any(|cidr| range.holds(cidr))
    {
        return Fact::yes(Vec::new());
    }
    let wide_public = !public.is_empty() && range.length <= 24;
    if wide_public {
        return Fact::yes(Vec::new());
    }
    match vpc {
        Some(Ok(_)) => Fact::no(Vec::new()),
        Some(Err(_)) | None => match range.is_private() && range.length <= 16 {
            true => Fact::yes(Vec::new()),
            false => match vpc {
                Some(Err(reason)) => Fact::unknown(reason.clone()),
                Some(Ok(_)) | None => Fact::no(Vec::new()),
            },
        },
    }
}

/// Whether it stands in the VPC that AWS made with the account.
pub(super) fn in_default_vpc<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    let model = facts.model;
    let Some(party) = Party::of(model, id.into()) else { return Fact::no(Vec::new()) };
    let judged = party.subnets.members.iter().filter_map(|(subnet, origin)| {
        let subnet = &model[subnet.typed::<Subnet>()?];
        let verdict = match subnet.vpc.id() {
            Some(vpc) => model[vpc].is_default.tri().or(subnet.is_default.tri()),
            None => match (&subnet.vpc.link, subnet.is_default.tri()) {
                (_, Tri::True) => Tri::True,
                (Link::Unknown(_) | Link::Absent | Link::To(_), _) => Tri::Unknown,
            },
        };
        let place = Place::new(origin.span().unwrap_or(subnet.head.span), "a subnet of the default VPC");
        Some(match verdict {
            Tri::Unknown => Fact::unknown(Reason::at("vpc-unknown", subnet.head.name.clone(), subnet.head.span)),
            known => Fact::new(known, vec![place]),
        })
    });
    let open = party.subnets.open.clone().map(Fact::unknown);
    Fact::any(judged.chain(open))
}

/// A public IPv4 address of its own: as written, by its subnet, or an elastic one.
pub(in crate::facts) fn host_has_public_address(facts: &Facts<'_>, id: Id<Host>) -> Fact {
    let model = facts.model;
    let host = &model[id];
    let at = |cell: &crate::model::Cell<crate::model::mark::Flag>, role: &str| {
        vec![Place::new(cell.origin().span().unwrap_or(host.head.span), role)]
    };
    if host.elastic_address.tri() == Tri::True {
        return Fact::yes(at(&host.elastic_address, "this elastic address"));
    }
    match host.associate_public_ip.get() {
        Reading::Known(flag) => Fact::new(Tri::from(flag), at(&host.associate_public_ip, "it gets a public address")),
        Reading::Unknown(reason) => Fact::unknown(reason),
        Reading::Absent => match host.subnet.id() {
            Some(subnet) => {
                let subnet = &model[subnet];
                match subnet.map_public_ip.get() {
                    Reading::Known(flag) => {
                        let origin = host.subnet.origin.span().unwrap_or(host.head.span);
                        let places = vec![
                            Place::new(origin, "it stands in this subnet"),
                            Place::new(subnet.head.span, "which hands out public addresses"),
                        ];
                        Fact::new(Tri::from(flag), places)
                    }
                    Reading::Absent => Fact::no(Vec::new()),
                    Reading::Unknown(reason) => Fact::unknown(reason),
                }
            }
            None => Fact::unknown(Reason::at("subnet-unknown", host.head.name.clone(), host.head.span)),
        },
    }
}

/// Whether somebody outside may open a shell on it: its groups admit SSH or remote desktop from public addresses.
pub(in crate::facts) fn host_admits_login(facts: &Facts<'_>, id: Id<Host>) -> Fact {
    let model = facts.model;
    let rules = facts.analysis::<Rules>();
    let Some(party) = Party::of(model, id.into()) else { return Fact::no(Vec::new()) };
    let (ingress, open) = party.ingress(&rules);
    let judged = ingress.iter().map(|rule| {
        let covers = Fact::any(super::ports::ADMIN.map(|port| rule.ports.cover("tcp", port)));
        let public = match &rule.source {
            Source::Ranges(ranges) => {
                Fact::new(Tri::from(ranges.iter().any(|range| RangeSet::public(range.family).meets(range))), Vec::new())
            }
            Source::Sized(_) => Fact::yes(Vec::new()),
            Source::Unknown(reason) => Fact::unknown(reason.clone()),
            Source::Group(_) | Source::SomeGroup(_) | Source::Itself | Source::Service(_) => Fact::no(Vec::new()),
        };
        let mut fact = covers.and(public).and(presence(model, rule));
        if fact.tri == Tri::True {
            fact.places = way(model, &[rule]);
        }
        fact
    });
    Fact::any(judged.chain(open.map(Fact::unknown)))
}

/// Whether an address of the internet reaches some port of it directly: in one subnet, over one family of addresses.
pub(super) fn reachable_from_internet<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    let model = facts.model;
    let id = AnyId::from(id);
    let Some(party) = Party::of(model, id) else { return Fact::no(Vec::new()) };
    let rules = facts.analysis::<Rules>();
    let (ingress, open) = party.ingress(&rules);
    let classes = facts.analysis::<Classes>();
    let probes = super::rules::probes(ingress.iter().copied());
    let admitted = |family: Family, protocol: &str, port: i64| {
        Admitted::on_port(ingress.iter().copied(), None, protocol, port).world(model, family)
    };
    let in_subnet = |subnet: Id<Subnet>, family: Family| {
        let stands_open = has_address(facts, id, Some(subnet), family).and(classes.public(subnet, family));
        if stands_open.tri == Tri::False {
            return stands_open;
        }
        let let_in = probes.iter().map(|(protocol, port)| {
            let admitted = admitted(family, protocol, *port);
            match admitted.tri {
                Tri::False => admitted,
                Tri::True | Tri::Unknown => {
                    admitted.and(super::acl::lets_in(facts, subnet, family, (protocol.as_str(), *port)))
                }
            }
        });
        stands_open.and(Fact::any(let_in.chain(open.clone().map(Fact::unknown))))
    };
    let of_family = |family: Family| {
        let seen = party.subnets.ids().map(|subnet| in_subnet(subnet, family));
        let unseen = party.subnets.open.clone().map(|reason| {
            let let_in = probes.iter().map(|(protocol, port)| admitted(family, protocol, *port));
            let let_in = Fact::any(let_in.chain(open.clone().map(Fact::unknown)));
            has_address(facts, id, None, family).and(Fact::unknown(reason)).and(let_in)
        });
        Fact::any(seen.chain(unseen))
    };
    of_family(Family::V4).or(of_family(Family::V6))
}

/// The account's setting `dualStackIPv6`, as far as a root declares it.
struct DualStack(Tri);

impl Analysis for DualStack {
    fn compute(facts: &Facts<'_>) -> DualStack {
        let settings = facts.model.resources_of(ResourceMode::Managed, "aws_ecs_account_setting_default");
        let declared = settings.filter_map(|(_, setting)| {
            let body = setting.body.as_map()?;
            let is_it = body.entries.get("name").and_then(|name| name.as_str()) == Some("dualStackIPv6");
            let value = body.entries.get("value").and_then(|value| value.as_str());
            is_it.then_some(match value {
                Some("enabled") => Tri::True,
                Some("disabled") => Tri::False,
                Some(_) | None => Tri::Unknown,
            })
        });
        DualStack(declared.reduce(Tri::and).unwrap_or(Tri::Unknown))
    }
}

/// Whether it gets a public address of the family in a subnet; without a subnet, in one that nobody knows.
fn has_address(facts: &Facts<'_>, id: AnyId, subnet: Option<Id<Subnet>>, family: Family) -> Fact {
    match family {
        Family::V4 => has_address4(facts, id),
        Family::V6 => has_address6(facts, id, subnet),
    }
}

fn of_flag(model: &Model, id: AnyId, cell: &Cell<mark::Flag>) -> Fact {
    match cell.get() {
        Reading::Known(flag) => {
            let place = cell.origin().span().unwrap_or(model.head(id).span);
            Fact::new(Tri::from(flag), vec![Place::new(place, "a public address")])
        }
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

fn has_address6(facts: &Facts<'_>, id: AnyId, subnet: Option<Id<Subnet>>) -> Fact {
    let model = facts.model;
    let head = model.head(id);
    let unknown = || Fact::unknown(Reason::at("ipv6-address", head.name.clone(), head.span));
    // A load balancer or a database has IPv6 only if it is told to speak both.
    if let Some(balancer) = id.typed::<LoadBalancer>() {
        return match model[balancer].address_type.equals("ipv4") {
            Tri::Unknown => unknown(),
            known => Fact::new(!known, Vec::new()).and(!of_flag(model, id, &model[balancer].internal)),
        };
    }
    if let Some(database) = id.typed::<Database>() {
        return match model[database].network_type.equals("IPV4") {
            Tri::Unknown => unknown(),
            known => Fact::new(!known, Vec::new()).and(of_flag(model, id, &model[database].publicly_accessible)),
        };
    }
    if id.typed::<Function>().is_some() {
        return Fact::no(Vec::new());
    }
    let assigned = match subnet {
        Some(subnet) => of_flag(model, id, &model[subnet].assign_ipv6),
        None => unknown(),
    };
    if let Some(host) = id.typed::<Host>() {
        return assigned.or(of_flag(model, id, &model[host].has_ipv6));
    }
    // A task also needs the account's dual-stack setting, whose default is not one value for every account.
    match (id.typed::<Service>(), facts.analysis::<DualStack>().0) {
        (Some(_), Tri::Unknown) => assigned.and(unknown()),
        (Some(_), setting) => assigned.and(Fact::new(setting, Vec::new())),
        (None, _) => assigned,
    }
}

fn has_address4(facts: &Facts<'_>, id: AnyId) -> Fact {
    let model = facts.model;
    if let Some(service) = id.typed::<Service>() {
        return task_has_address(model, service);
    }
    if let Some(host) = id.typed::<Host>() {
        return host_has_public_address(facts, host);
    }
    if let Some(database) = id.typed::<Database>() {
        return of_flag(model, id, &model[database].publicly_accessible);
    }
    if let Some(balancer) = id.typed::<LoadBalancer>() {
        return !of_flag(model, id, &model[balancer].internal);
    }
    Fact::no(Vec::new())
}

/// Only tasks of Fargate can be given one; on hosts it is their addresses that count, and those are not in sight.
fn task_has_address(model: &Model, id: Id<Service>) -> Fact {
    let service = &model[id];
    let shares_host = service.task.id().map_or(Tri::False, |task| match model[task].network_mode.get() {
        Reading::Known(mode) => !mode.equals_str("awsvpc"),
        Reading::Absent => Tri::True,
        Reading::Unknown(_) => Tri::Unknown,
    });
    match shares_host {
        Tri::False => of_flag(model, id.into(), &service.assign_public_ip),
        Tri::True | Tri::Unknown => {
            Fact::unknown(Reason::at("on-its-host", service.head.name.clone(), service.head.span))
        }
    }
}
