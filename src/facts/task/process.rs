//! What a container starts in the end: the lines of its image with its own in their place, and where that listens.

use super::{reason_of, unless_open};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::image::Command;
use crate::model::range::is_loopback;
use crate::model::workload::{Container, PortMapping};
use crate::model::{Id, Reading};
use crate::source::{Place, Span};
use crate::value::Value;

/// The commands of a container, and why there may be others.
struct Started {
    commands: Vec<Id<Command>>,
    open: Option<Reason>,
}

fn started(facts: &Facts<'_>, id: Id<Container>) -> Started {
    let (model, index) = (facts.model, facts.index());
    let container = &model[id];
    let span = container.head.span;
    let own_entry = container.entry_point.is_present();
    let own_command = container.command_line.is_present();
    let mut found = Started { commands: Vec::new(), open: None };
    for value in [container.entry_point.value(), container.command_line.value()] {
        let open = value.as_list().and_then(|list| list.open.clone()).or_else(|| value.reason().cloned());
        found.open = found.open.take().or(open);
    }
    let build = container.image_build.id();
    let is_replaced = |command: &Id<Command>| match model[*command].line.as_str() {
        Some("entrypoint") => own_entry != Tri::False,
        Some(_) => own_entry != Tri::False || own_command != Tri::False,
        None => true,
    };
    found.commands.extend(index.commands_of_container.of(id));
    let of_image = build.into_iter().flat_map(|build| index.commands_of_build.of(build));
    found.commands.extend(of_image.filter(|command| !is_replaced(command)));
    found.commands.sort_unstable();
    found.commands.dedup();
    if build.is_none() && own_entry == Tri::False && own_command == Tri::False {
        let reason = container.image.origin.span().map_or(span, |place| place);
        found.open = found.open.or(Some(Reason::at("not-declared-here", "the command of the image", reason)));
    }
    found
}

/// `"$@"`: what CMD or the task's command says, which stands for itself.
fn is_rest(command: &Command) -> bool {
    command.program.value().reason().is_some_and(|reason| reason.object.contains('@'))
}

/// The addresses on which a container listens, with the reason why there may be more.
fn addresses(facts: &Facts<'_>, id: Id<Container>) -> (Vec<Value>, Option<Reason>) {
    let model = facts.model;
    let started = started(facts, id);
    let mut found = Vec::new();
    let mut open = started.open;
    for command in started.commands.into_iter().map(|id| &model[id]).filter(|command| !is_rest(command)) {
        let value = command.listens_on.value();
        match value.as_list() {
            Some(list) => {
                found.extend(list.items.iter().cloned());
                open = open.or_else(|| list.open.clone());
            }
            None => open = open.or_else(|| Some(reason_of(value, "where it listens"))),
        }
    }
    if found.is_empty() && open.is_none() {
        open = Some(Reason::at("no-value", "where it listens", model[id].head.span));
    }
    (found, open)
}

/// The host, as far as it is known, and the port.
fn split(address: &Value) -> Option<(Option<String>, String)> {
    let text = address.as_text()?;
    let (_, port) = text.suffix().rsplit_once(':')?;
    let host = text.known().and_then(|known| known.rsplit_once(':')).map(|(host, _)| host.to_owned());
    Some((host, port.to_owned()))
}

/// Whether some container of the task listens on a port: on Fargate they share one address.
pub(super) fn is_listened_on(facts: &Facts<'_>, id: Id<PortMapping>) -> Fact {
    let model = facts.model;
    let mapping = &model[id];
    let span = mapping.head.span;
    let Some(container) = mapping.container.id() else { return Fact::yes(Vec::new()) };
    let Some(port) = mapping.container_port.value().as_text().and_then(|text| text.known().map(str::to_owned)) else {
        return Fact::unknown(reason_of(mapping.container_port.value(), "containerPort"));
    };
    let own_place = || Place::new(mapping.container_port.origin().span().unwrap_or(span), "nothing listens here");
    let task = model[container].task.id();
    let siblings: Vec<Id<Container>> = match task {
        Some(task) => model[task].containers.ids().collect(),
        None => vec![container],
    };
    let mut doubt = None;
    let mut other: Option<Span> = None;
    for sibling in siblings {
        let (addresses, open) = addresses(facts, sibling);
        for address in &addresses {
            if split(address).is_some_and(|(_, number)| number == port) {
                return Fact::yes(vec![own_place()]);
            }
            if sibling == container {
                other = other.or(address.origin.span());
            }
        }
        doubt = doubt.or(open);
    }
    if let Some(reason) = doubt {
        return Fact::unknown(reason);
    }
    let mut places = vec![own_place()];
    places.extend(other.map(|span| Place::new(span, "the server listens here")));
    let no = Fact::no(places);
    task.map_or(no.clone(), |task| unless_open(no, &model[task].containers))
}

/// Whether the container offers a port and its server listens for itself alone.
pub(super) fn is_bound_to_loopback(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let span = container.head.span;
    let offered = || container.port_mappings.ids().map(|mapping| &model[mapping].container_port);
    let ports: Vec<String> = offered().filter_map(|port| port.value().as_text()?.known().map(str::to_owned)).collect();
    let hidden_port = offered().find_map(|port| port.value().walk().find_map(Value::reason)).cloned();
    if container.port_mappings.members.is_empty() {
        return match &container.port_mappings.open {
            Some(reason) => Fact::unknown(reason.clone()),
            None => Fact::no(vec![Place::new(span, "")]),
        };
    }
    let (addresses, open) = addresses(facts, id);
    let on_port = |address: &&Value| split(address).is_some_and(|(_, port)| ports.contains(&port));
    let of_ports: Vec<&Value> = addresses.iter().filter(on_port).collect();
    let host_of = |address: &&&Value| split(address).and_then(|(host, _)| host);
    let local = of_ports.iter().find(|address| host_of(address).is_some_and(|host| is_loopback(&host)));
    let is_open_too = of_ports.iter().any(|address| host_of(&address).is_some_and(|host| !is_loopback(&host)));
    let hidden = of_ports.iter().find(|address| host_of(address).is_none());
    let open = open.or_else(|| hidden.map(|address| reason_of(address, "the address"))).or(hidden_port);
    match (local, open) {
        (Some(address), _) if !is_open_too => {
            let place = address.origin.span().unwrap_or(span);
            let mapping = container.port_mappings.ids().next().map(|mapping| model[mapping].head.span);
            let mut places = vec![Place::new(place, "only the container itself reaches this")];
            places.extend(mapping.map(|span| Place::new(span, "and this offers it to others")));
            Fact::yes(places)
        }
        (_, Some(reason)) => Fact::unknown(reason),
        (_, None) => Fact::no(vec![Place::new(span, "")]),
    }
}

/// Whether what it starts is a server for development.
pub(super) fn serves_development(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let started = started(facts, id);
    let mut doubt = started.open;
    for command in started.commands.into_iter().map(|id| &model[id]).filter(|command| !is_rest(command)) {
        match command.is_development_server.get() {
            Reading::Known(true) => {
                let span = command.is_development_server.origin().span().unwrap_or(command.head.span);
                return Fact::yes(vec![
                    Place::new(span, "a server for development"),
                    Place::new(model[id].head.span, "this container runs it"),
                ]);
            }
            Reading::Known(false) | Reading::Absent => {}
            Reading::Unknown(reason) => doubt = doubt.or(Some(reason)),
        }
    }
    match doubt {
        Some(reason) => Fact::unknown(reason),
        None => Fact::no(vec![Place::new(model[id].head.span, "")]),
    }
}
