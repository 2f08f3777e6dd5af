//! Who on the internet reaches a workload, and where workloads stand.

use super::group::{open_on_any_port, ports_of, presence};
use super::party::{Party, vpc_ranges};
use super::rules::{Admitted, Rules, Source, way};
use super::subnet::Classes;
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::{Cache, Database};
use crate::model::network::{AclRule, NetworkAcl};
use crate::model::range::{Family, Range, RangeSet};
use crate::model::workload::{Host, Service};
use crate::model::{AnyId, Entity, Id, Link, Model, Reading, ResourceMode};
use crate::source::Place;

/// Some group of the service admits the internet on some port, whatever the routes are today.
pub(super) fn service_open_to_world(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let model = facts.model;
    let rules = facts.analysis::<Rules>();
    let Some(party) = Party::of(model, id.into()) else { return Fact::no(Vec::new()) };
    let (ingress, open) = party.ingress(&rules);
    with_end(model, id.into(), open_on_any_port(model, ingress, open))
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
        let subnet = &model[subnet.typed::<crate::model::network::Subnet>()?];
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
pub(super) fn host_admits_login(facts: &Facts<'_>, id: Id<Host>) -> Fact {
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

/// Whether an address of the internet reaches some port of it directly.
pub(super) fn reachable_from_internet<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    let model = facts.model;
    let id = AnyId::from(id);
    let Some(party) = Party::of(model, id) else { return Fact::no(Vec::new()) };
    let rules = facts.analysis::<Rules>();
    let (ingress, open) = party.ingress(&rules);
    let classes = facts.analysis::<Classes>();
    let of_family = |family: Family| {
        let address = has_address(facts, id, family);
        let probes = super::rules::probes(ingress.iter().copied());
        let admitted = Fact::any(
            probes
                .iter()
                .map(|(protocol, port)| {
                    Admitted::on_port(ingress.iter().copied(), None, protocol, *port).world(model, family)
                })
                .chain(open.clone().map(Fact::unknown)),
        );
        let public = party.subnets.ids().map(|subnet| classes.public(subnet, family));
        let somewhere = Fact::any(public.chain(party.subnets.open.clone().map(Fact::unknown)));
        address.and(somewhere).and(admitted)
    };
    of_family(Family::V4).or(of_family(Family::V6))
}

/// The account's setting `dualStackIPv6`, as far as a root declares it.
fn dual_stack(model: &Model) -> Tri {
    let settings = model.resources_of(ResourceMode::Managed, "aws_ecs_account_setting_default");
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
    declared.reduce(Tri::and).unwrap_or(Tri::Unknown)
}

fn has_address(facts: &Facts<'_>, id: AnyId, family: Family) -> Fact {
    let model = facts.model;
    let of_flag = |cell: &crate::model::Cell<crate::model::mark::Flag>| match cell.get() {
        Reading::Known(flag) => {
            let place = cell.origin().span().unwrap_or(model.head(id).span);
            Fact::new(Tri::from(flag), vec![Place::new(place, "a public address")])
        }
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    };
    if family == Family::V6 {
        let head = model.head(id);
        let unknown = || Fact::unknown(Reason::at("ipv6-address", head.name.clone(), head.span));
        let Some(party) = Party::of(model, id) else { return Fact::no(Vec::new()) };
        let assigned = party.subnets.ids().map(|subnet| of_flag(&model[subnet].assign_ipv6));
        let assigned = Fact::any(assigned.chain(party.subnets.open.clone().map(Fact::unknown)));
        // A task also needs the account's dual-stack setting, whose default is not one value for every account.
        return match (id.typed::<Service>(), dual_stack(model)) {
            (Some(_), Tri::Unknown) => assigned.and(unknown()),
            (Some(_), setting) => assigned.and(Fact::new(setting, Vec::new())),
            (None, _) => assigned,
        };
    }
    if let Some(service) = id.typed::<Service>() {
        return of_flag(&model[service].assign_public_ip);
    }
    if let Some(host) = id.typed::<Host>() {
        return host_has_public_address(facts, host);
    }
    if let Some(database) = id.typed::<Database>() {
        return of_flag(&model[database].publicly_accessible);
    }
    if let Some(balancer) = id.typed::<crate::model::network::LoadBalancer>() {
        return !of_flag(&model[balancer].internal);
    }
    let _: Option<Id<Cache>> = id.typed();
    Fact::no(Vec::new())
}

/// Whether a network ACL lets the internet in on a port of remote shells or desktops: the first rule that fits decides.
pub(super) fn acl_opens_admin_port(facts: &Facts<'_>, id: Id<NetworkAcl>) -> Fact {
    Fact::any(super::ports::ADMIN.map(|port| acl_admits_world(facts.model, id, Some(port))))
}

/// Whether a network ACL lets the internet in on every port.
pub(super) fn acl_opens_every_port(facts: &Facts<'_>, id: Id<NetworkAcl>) -> Fact {
    acl_admits_world(facts.model, id, None)
}

fn acl_admits_world(model: &Model, id: Id<NetworkAcl>, port: Option<i64>) -> Fact {
    let acl = &model[id];
    let mut rules: Vec<(i64, &AclRule)> = Vec::new();
    for rule in acl.rules.ids().map(|rule| &model[rule]) {
        if rule.outbound.tri() == Tri::True || rule.head.presence == Tri::False {
            continue;
        }
        match rule.number.get() {
            Reading::Known(number) => rules.push((number.as_i64().unwrap_or(i64::MAX), rule)),
            Reading::Absent => rules.push((i64::MAX, rule)),
            Reading::Unknown(reason) => return Fact::unknown(reason),
        }
    }
    rules.sort_by_key(|(number, _)| *number);
    let mut denied: Vec<Range> = Vec::new();
    let mut doubt: Option<Reason> = None;
    for (_, rule) in rules {
        let covers = acl_covers(rule, port);
        if covers == Tri::False {
            continue;
        }
        let range = rule.range.as_str().and_then(Range::parse);
        let (Some(range), Tri::True, Some(allow)) = (range, covers.and(rule.head.presence), rule.allow.get().known())
        else {
            doubt = Some(Reason::at("no-value", acl.head.name.clone(), rule.head.span));
            continue;
        };
        if !allow {
            denied.push(range);
            continue;
        }
        let left = RangeSet::of(range.family, [range]).without(&RangeSet::of(range.family, denied.iter().copied()));
        if left.is_world() {
            return match doubt {
                Some(reason) => Fact::unknown(reason),
                None => Fact::yes(vec![Place::new(rule.head.span, "this rule lets the whole internet in")]),
            };
        }
    }
    match doubt.or(acl.rules.open.clone()) {
        Some(reason) => Fact::unknown(reason),
        None => Fact::no(Vec::new()),
    }
}

fn acl_covers(rule: &AclRule, port: Option<i64>) -> Tri {
    let protocol = rule.protocol.as_str().map(str::to_ascii_lowercase);
    match protocol.as_deref() {
        Some("-1" | "all") => return Tri::True,
        Some("6" | "tcp") => {}
        Some(_) => return Tri::False,
        None => return Tri::Unknown,
    }
    let number =
        |cell: &crate::model::Cell<crate::model::mark::Number>| cell.get().known().and_then(|number| number.as_i64());
    match (number(&rule.from_port), number(&rule.to_port), port) {
        (Some(from), Some(to), Some(port)) => Tri::from(from <= port && port <= to),
        (Some(from), Some(to), None) => Tri::from(from <= 1 && to >= 65535),
        (_, None, _) | (None, _, _) => Tri::Unknown,
    }
}
