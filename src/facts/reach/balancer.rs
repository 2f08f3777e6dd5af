//! What stands open at a load balancer, against what it listens on.

use super::party::Party;
use super::rules::{Admitted, Rule, Rules};
use crate::facts::Facts;
use crate::facts::hop::listener::serves_plain_http;
use crate::logic::{Fact, Reason, Tri};
use crate::model::network::{Listener, LoadBalancer};
use crate::model::{Id, Model, Reading};
use crate::source::Place;

/// Ports of its listeners, if all are known.
fn listened(model: &Model, id: Id<LoadBalancer>) -> Result<Vec<(i64, Id<Listener>)>, Reason> {
    let balancer = &model[id];
    if let Some(reason) = &balancer.listeners.open {
        return Err(reason.clone());
    }
    let ports = balancer.listeners.ids().map(|listener| match model[listener].port.get() {
        Reading::Known(port) => {
            let head = &model[listener].head;
            port.as_i64().map(|port| (port, listener)).ok_or_else(|| Reason::at("wrong-type", "a port", head.span))
        }
        Reading::Absent => Err(Reason::at("no-value", "port", model[listener].head.span)),
        Reading::Unknown(reason) => Err(reason),
    });
    ports.collect()
}

/// A port that the internet may reach and nothing listens on.
pub(super) fn admits_world_without_listener(facts: &Facts<'_>, id: Id<LoadBalancer>) -> Fact {
    let model = facts.model;
    let rules = facts.analysis::<Rules>();
    let Some(party) = Party::of(model, id.into()) else { return Fact::no(Vec::new()) };
    let (ingress, open) = party.ingress(&rules);
    let listened = match listened(model, id) {
        Ok(listened) => listened,
        Err(reason) => return Fact::unknown(reason),
    };
    // Nothing at all behind it: its listeners are somebody else's business.
    if listened.is_empty() {
        return Fact::no(Vec::new());
    }
    let judged = ingress.iter().map(|rule| {
        if matches!(rule.ports.protocol.as_deref(), Ok("icmp" | "icmpv6" | "-1")) {
            return Fact::no(Vec::new());
        }
        let (Ok(from), Ok(_), Ok(_)) = (&rule.ports.from, &rule.ports.to, &rule.ports.protocol) else {
            // Which ports it opens is not known, but whom it lets in may be.
            let port = rule.ports.from.as_ref().or(rule.ports.to.as_ref()).map_or(0, |port| *port);
            let protocol = rule.ports.protocol.as_deref().unwrap_or("tcp");
            return Admitted::on_port([*rule], None, protocol, port).world_of_any_family(model);
        };
        let used = Fact::any(
            listened.iter().map(|(port, _)| rule.ports.cover("tcp", *port).or(rule.ports.cover("udp", *port))),
        );
        let protocol = rule.ports.protocol.clone().unwrap_or_else(|_| "tcp".to_owned());
        let world = Admitted::on_port([*rule], None, &protocol, *from).world_of_any_family(model);
        let mut fact = world.and(!used);
        if fact.tri == Tri::True {
            fact.places = with_listeners(model, rule, &listened);
        }
        fact
    });
    Fact::any(judged.chain(open.map(Fact::unknown)))
}

fn with_listeners(model: &Model, rule: &Rule, listened: &[(i64, Id<Listener>)]) -> Vec<Place> {
    let mut places = super::rules::way(model, &[rule]);
    places.extend(listened.iter().map(|(port, listener)| {
        Place::new(model[*listener].head.span, format!("`{}` listens on {port}", model[*listener].head.name))
    }));
    places
}

/// The internet may reach a listener that serves plain HTTP.
pub(super) fn world_reaches_plain_http(facts: &Facts<'_>, id: Id<LoadBalancer>) -> Fact {
    let model = facts.model;
    let rules = facts.analysis::<Rules>();
    let Some(party) = Party::of(model, id.into()) else { return Fact::no(Vec::new()) };
    let (ingress, open) = party.ingress(&rules);
    let balancer = &model[id];
    let judged = balancer.listeners.ids().map(|listener| {
        let plain = serves_plain_http(facts, listener);
        if plain.tri == Tri::False {
            return Fact::no(Vec::new());
        }
        let port = match model[listener].port.get() {
            Reading::Known(port) => port.as_i64(),
            Reading::Absent => None,
            Reading::Unknown(reason) => return Fact::unknown(reason),
        };
        let Some(port) = port else { return Fact::no(Vec::new()) };
        let admitted = Admitted::on_port(ingress.iter().copied(), open.clone(), "tcp", port).world_of_any_family(model);
        admitted.and(plain)
    });
    Fact::any(judged.chain(balancer.listeners.open.clone().map(Fact::unknown)))
}
