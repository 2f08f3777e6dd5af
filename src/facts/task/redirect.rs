//! Applications that redirect plain requests, and whether the load balancer in front of them sends anything else.

use super::server::unseen;
use super::{place, reason_of};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::secret::Setting;
use crate::model::workload::{Container, Registration};
use crate::model::{Id, Link, Model};
use crate::source::{Place, lies_in};

/// Variables that say whose word a server takes, or give it any option.
const ABOUT_PROXIES: [&str; 2] = ["FORWARDED_ALLOW_IPS", "GUNICORN_CMD_ARGS"];

/// Whether a load balancer sends plain HTTP to a container whose image holds the module, and its server does not learn
/// what the client speaks.
pub(super) fn is_sent_plain_http(facts: &Facts<'_>, id: Id<Setting>) -> Fact {
    let model = facts.model;
    let path = model[id].path.as_str().unwrap_or("");
    let mut judged = Vec::new();
    for (own, container) in model.workload.containers.iter() {
        let Some(build) = container.image_build.id() else { continue };
        let holds = match model[build].context.as_str() {
            Some(context) if lies_in(path, context) => Fact::yes(Vec::new()),
            Some(_) => continue,
            None => Fact::unknown(reason_of(model[build].context.value(), "the context of the build")),
        };
        let Some(task) = container.task.id() else { continue };
        for service in model[task].services.ids() {
            let registrations = &model[service].registrations;
            let plain = registrations.ids().map(|registration| sends_plain(model, &model[registration], own));
            let plain = Fact::any(plain.chain(registrations.open.clone().map(Fact::unknown)));
            judged.push(plain.and(!believes_proxy(model, container)).and(holds.clone()));
        }
    }
    Fact::any(judged)
}

/// Whether what comes through a registration comes in plain text, and to this container.
fn sends_plain(model: &Model, registration: &Registration, container: Id<Container>) -> Fact {
    let group = match (registration.target_group.id(), &registration.target_group.link) {
        (Some(group), _) => &model[group],
        (None, Link::Unknown(reason)) => return Fact::unknown(reason.clone()),
        (None, Link::Absent | Link::To(_)) => return Fact::no(Vec::new()),
    };
    let is_plain = match group.protocol.equals("HTTP") {
        Tri::Unknown => Fact::unknown(reason_of(group.protocol.value(), "protocol")),
        known => Fact::new(known, vec![place(&group.protocol, group.head.span, "the load balancer speaks plain HTTP")]),
    };
    let to_this = match (registration.container.id(), &registration.container.link) {
        (Some(called), _) if called == container => {
            let role = format!("to `{}`", model[called].head.name);
            Fact::yes(vec![Place::new(registration.head.span, role)])
        }
        // A proxy of the same task may tell what the client speaks.
        (Some(called), _) => {
            let head = &model[called].head;
            Fact::unknown(Reason::at("proxy-beside", head.name.clone(), head.span))
        }
        (None, Link::Unknown(reason)) => Fact::unknown(reason.clone()),
        (None, Link::Absent | Link::To(_)) => Fact::no(Vec::new()),
    };
    is_plain.and(to_this)
}

/// Whether the server of a container takes a proxy's word for what the client speaks.
fn believes_proxy(model: &Model, container: &Container) -> Fact {
    let of_image = container.image_build.id().map(|build| &model[build].variables);
    let variables = container.variables.ids().chain(of_image.into_iter().flat_map(|variables| variables.ids()));
    let told = variables.map(|variable| &model[variable]).find(|variable| {
        let named = |name: &&str| variable.name.equals(name) == Tri::True;
        ABOUT_PROXIES.iter().any(named)
    });
    if let Some(told) = told {
        return Fact::unknown(Reason::at("unsupported", told.head.name.clone(), told.head.span));
    }
    let servers = container.servers.ids().map(|id| &model[id]);
    let judged = servers.map(|server| match server.believes_proxy.tri() {
        Tri::Unknown => Fact::unknown(reason_of(server.believes_proxy.value(), "the proxies of the server")),
        known => Fact::new(known, vec![Place::new(server.head.span, "this server learns nothing else")]),
    });
    Fact::any(judged.chain(unseen(container, "the server").map(Fact::unknown)))
}
