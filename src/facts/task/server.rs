//! What the servers of a container say to the network: TLS or plain text, all addresses or one's own.

use super::{place, place_of, reason_of};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::workload::{Container, Server};
use crate::model::{Id, Link, Model, Reading};
use crate::source::Place;

fn servers<'m>(model: &'m Model, container: &'m Container) -> impl Iterator<Item = &'m Server> {
    container.servers.ids().map(|id| &model[id])
}

/// Whether others than the container itself may call.
fn is_on_all_addresses(server: &Server) -> Fact {
    match server.address.get() {
        Reading::Known(address) => match address.known() {
            Some(known) => {
                let role = "it listens on all addresses";
                let is_all = matches!(known, "0.0.0.0" | "::" | "*" | "");
                Fact::new(Tri::from(is_all), vec![place(&server.address, server.head.span, role)])
            }
            None => Fact::unknown(reason_of(server.address.value(), "address")),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

fn is_plain(server: &Server) -> Fact {
    match server.speaks_tls.get() {
        Reading::Known(tls) => {
            Fact::new(Tri::from(!tls), vec![Place::new(server.head.span, "it answers in plain text")])
        }
        Reading::Absent => Fact::unknown(Reason::at("no-value", "TLS", server.head.span)),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// Whether every server of a container speaks TLS.
pub(super) fn speaks_tls(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let judged = servers(model, container).map(|server| !is_plain(server));
    Fact::all(judged.chain(unseen(container, "no server").map(Fact::unknown)))
}

/// Why a container may start other servers than those that are seen, or none is.
pub(super) fn unseen(container: &Container, what: &'static str) -> Option<Reason> {
    let servers = &container.servers;
    let unread = || Reason::at("unread-program", what, container.head.span);
    servers.open.clone().or_else(|| servers.members.is_empty().then(unread))
}

pub(super) fn is_redis_without_tls(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let offered = match (&container.port_mappings.members[..], &container.port_mappings.open) {
        ([], None) => return Fact::no(vec![Place::new(container.head.span, "it offers no port")]),
        ([], Some(reason)) => Fact::unknown(reason.clone()),
        ([_, ..], _) => Fact::yes(Vec::new()),
    };
    let judged = servers(model, container).map(|server| {
        let is_redis = match server.program.equals("redis-server") {
            Tri::Unknown => Fact::unknown(reason_of(server.program.value(), "command")),
            known => Fact::new(known, Vec::new()),
        };
        is_redis.and(is_plain(server)).and(is_on_all_addresses(server))
    });
    let open = container.servers.open.clone().filter(|_| may_be_redis(container));
    Fact::any(judged.chain(open.map(Fact::unknown))).and(offered)
}

/// Nobody asks of a container that names another program whether it is a Redis.
fn may_be_redis(container: &Container) -> bool {
    let named = |text: Option<crate::value::Text>| {
        text.is_none_or(|text| text.contains("redis").or(text.contains("valkey")) != Tri::False)
    };
    named(container.image_name.value().as_text()) || container.command_line.value().reason().is_some()
}

pub(in crate::facts) fn is_plain_upstream(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let Some(task) = container.task.id() else { return Fact::no(Vec::new()) };
    let mut answers = Vec::new();
    for registration in model[task].services.ids().flat_map(|service| model[service].registrations.ids()) {
        let registration = &model[registration];
        let is_this = match (registration.container.id(), &registration.container.link) {
            (Some(other), _) if other == id => Fact::yes(Vec::new()),
            (None, Link::Unknown(reason)) => Fact::unknown(reason.clone()),
            (Some(_) | None, Link::To(_) | Link::Absent | Link::Unknown(_)) => continue,
        };
        let Some(group) = registration.target_group.id() else {
            if let Link::Unknown(reason) = &registration.target_group.link {
                answers.push(Fact::unknown(reason.clone()));
            }
            continue;
        };
        let group = &model[group];
        let role = "the load balancer speaks TLS to it";
        let speaks_tls = match Tri::any(["HTTPS", "TLS"].map(|word| group.protocol.equals(word))) {
            Tri::Unknown => Fact::unknown(reason_of(group.protocol.value(), "protocol")),
            known => Fact::new(known, vec![place(&group.protocol, group.head.span, role)]),
        };
        if speaks_tls.tri == Tri::False {
            continue;
        }
        let plain = answers_in_plain(model, container, registration.container_port.value());
        answers.push(plain.and(speaks_tls).and(is_this));
    }
    Fact::any(answers)
}

/// Whether the server on a port is seen, and speaks plain text.
fn answers_in_plain(model: &Model, container: &Container, port: &crate::value::Value) -> Fact {
    let on_port = servers(model, container).filter(|server| {
        let (own, asked) = (server.port.value().as_text(), port.as_text());
        own.zip(asked).is_none_or(|(own, asked)| own.equals(&asked) != Tri::False)
    });
    let judged: Vec<Fact> = on_port.map(is_plain).collect();
    match (judged.is_empty(), &container.servers.open) {
        (_, Some(reason)) => Fact::unknown(reason.clone()),
        (true, None) => Fact::unknown(Reason::at("unread-program", "no server on this port", container.head.span)),
        (false, None) => Fact::all(judged),
    }
}

/// A server without a port of its own beside a container that the load balancer calls.
pub(super) fn is_open_sidecar(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let Some(task) = container.task.id() else { return Fact::no(Vec::new()) };
    let no_mapping = match (container.port_mappings.members.is_empty(), &container.port_mappings.open) {
        (false, _) => return Fact::no(vec![Place::new(container.head.span, "it offers a port of its own")]),
        (true, Some(reason)) => Fact::unknown(reason.clone()),
        (true, None) => Fact::yes(Vec::new()),
    };
    let mut proxy = Fact::no(Vec::new());
    for service in model[task].services.ids() {
        let registrations = &model[service].registrations;
        if let Some(reason) = &registrations.open {
            proxy = proxy.or(Fact::unknown(reason.clone()));
        }
        for registration in registrations.ids() {
            let registration = &model[registration];
            let span = registration.head.span;
            proxy = match (registration.container.id(), &registration.container.link) {
                (Some(own), _) if own == id => return Fact::no(vec![Place::new(span, "the load balancer calls it")]),
                (Some(other), _) => {
                    let name = &model[other].head.name;
                    let role = format!("the load balancer calls `{name}`, which shares the loopback address");
                    proxy.or(Fact::yes(vec![Place::new(span, role)]))
                }
                (None, Link::Unknown(reason)) => proxy.or(Fact::unknown(reason.clone())),
                (None, Link::Absent | Link::To(_)) => proxy,
            };
        }
    }
    if proxy.tri == Tri::False {
        return proxy;
    }
    let judged = servers(model, container).map(|server| {
        let mut fact = is_on_all_addresses(server);
        if fact.tri == Tri::True {
            fact.places.extend(in_image(model, container, server));
        }
        fact
    });
    let open = container.servers.open.clone().map(Fact::unknown);
    let mut fact = Fact::any(judged.chain(open)).and(no_mapping).and(proxy);
    fact.places.dedup_by(|later, earlier| later.span == earlier.span);
    fact
}

/// The same word in the image's own command, which the task's command repeats.
fn in_image(model: &Model, container: &Container, server: &Server) -> Option<Place> {
    let build = container.image_build.id()?;
    let words = model[build].command_line.value().as_list()?;
    let address = server.address.as_str()?;
    let same = words.items.iter().find(|word| word.as_str().is_some_and(|word| word.starts_with(address)))?;
    Some(place_of(&same.origin, model[build].head.span, "the image says the same"))
}
