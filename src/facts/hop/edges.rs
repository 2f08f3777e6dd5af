//! The way of a service's data, step by step: clients, listeners, containers, stores, what AWS's agent fetches and what
//! people may open. Each step with its state and the place that decides it.

use super::listener::{minimum_tls, serves_plain_http};
use super::rest::own_key;
use super::settings;
use super::to_store;
use crate::facts::Facts;
use crate::facts::reach::balancers;
use crate::facts::task::is_plain_upstream;
use crate::logic::{Reason, Tri};
use crate::model::data::Hop;
use crate::model::network::{Listener, LoadBalancer};
use crate::model::workload::{Container, Registration, Service, Task};
use crate::model::{Cell, CellType, Head, Id, Link, Model, One, Reading};
use crate::source::Span;
use crate::value::{Origin, Value};

/// Fills the steps of all services, and of tasks that no service of the tree runs.
pub(in crate::facts) fn derive(model: &mut Model) {
    let mut steps = Steps::default();
    {
        let facts = Facts::new(model);
        for service in facts.model.workload.services.ids() {
            steps.of_service(&facts, service);
        }
        for task in facts.model.workload.tasks.ids() {
            let is_alone = facts.model[task].services.members.is_empty();
            let is_run = facts.model.workload.services.iter().any(|(_, service)| service.task.id() == Some(task));
            if is_alone && !is_run {
                steps.service = None;
                steps.of_task(&facts, task);
            }
        }
    }
    for hop in steps.hops {
        model.data.hops.push(hop);
    }
}

/// What is said of one step.
pub(super) struct Said {
    pub(super) state: Result<&'static str, Reason>,
    pub(super) remark: String,
    pub(super) place: Span,
}

impl Said {
    pub(super) fn new(state: &'static str, remark: impl Into<String>, place: Span) -> Said {
        Said { state: Ok(state), remark: remark.into(), place }
    }

    pub(super) fn hidden(reason: Reason, remark: impl Into<String>, place: Span) -> Said {
        Said { state: Err(reason), remark: remark.into(), place }
    }
}

/// The place of a cell's value, or of what lacks it.
pub(super) fn place_of<T: CellType>(cell: &Cell<T>, head: &Head) -> Span {
    cell.origin().span().unwrap_or(head.span)
}

#[derive(Default)]
pub(super) struct Steps {
    hops: Vec<Hop>,
    service: Option<(Id<Service>, Span)>,
    task: Option<(Id<Task>, Span)>,
}

impl Steps {
    pub(super) fn add(&mut self, from: &str, to: impl AsRef<str>, said: Said) {
        let Said { state, remark, place } = said;
        let mut hop = Hop::new(Head::new(format!("{from} -> {}", to.as_ref()), place));
        let written = || Origin::written(place);
        hop.from.set(Value::text(from, written()));
        hop.to.set(Value::text(to, written()));
        hop.state.set(match state {
            Ok(state) => Value::text(state, written()),
            Err(reason) => Value::unknown(reason, written()),
        });
        hop.remark.set(Value::text(remark, written()));
        if let Some((service, span)) = self.service {
            hop.service = One::to(service, Origin::written(span));
        }
        if let Some((task, span)) = self.task {
            hop.task = One::to(task, Origin::written(span));
        }
        self.hops.push(hop);
    }

    /// A step that only a file of settings tells.
    pub(super) fn of_settings(&mut self, from: &str, to: impl AsRef<str>, said: Said) {
        self.add(from, to, said);
        if let Some(hop) = self.hops.last_mut() {
            hop.from_settings.set(Value::bool(true, Origin::written(hop.head.span)));
        }
    }

    fn of_service(&mut self, facts: &Facts<'_>, id: Id<Service>) {
        let model = facts.model;
        let service = &model[id];
        self.service = Some((id, service.head.span));
        self.task = service.task.id().map(|task| (task, model[task].head.span));
        let (in_front, _) = balancers(model, id);
        for balancer in in_front {
            for listener in model[balancer].listeners.ids() {
                self.client(facts, balancer, listener);
            }
        }
        for registration in service.registrations.ids() {
            self.registered(facts, registration);
        }
        if let Some(task) = service.task.id() {
            self.beside(model, id, task);
            self.of_task(facts, task);
        }
        self.operator(model, service);
    }

    fn client(&mut self, facts: &Facts<'_>, balancer: Id<LoadBalancer>, id: Id<Listener>) {
        let model = facts.model;
        let listener = &model[id];
        let to = with_port(&model[balancer].head.name, listener.port.value());
        let place = place_of(&listener.protocol, &listener.head);
        let said = match listener.protocol.as_str() {
            Some("HTTPS" | "TLS") => {
                let (minimum, places) = minimum_tls(facts, id);
                let place = places.first().map_or(place, |place| place.span);
                let remark = match minimum.as_text().as_ref().and_then(|text| text.known()) {
                    Some("10") => "accepts TLS 1.0",
                    Some("11") => "accepts TLS 1.1",
                    Some("12") => "TLS 1.2 or later",
                    Some("13") => "TLS 1.3",
                    Some(_) | None => "policy not known",
                };
                Said::new("encrypted", remark, place)
            }
            Some("HTTP") => plain_client(facts, id, place),
            Some(protocol) => {
                let reason = Reason::at("passes-through", protocol.to_owned(), place);
                Said::hidden(reason, "passes bytes through", place)
            }
            None => Said::hidden(reason_of(listener.protocol.get(), "protocol", place), "protocol not known", place),
        };
        self.add("client", to, said);
    }

    /// From the load balancers to the container that is registered.
    fn registered(&mut self, facts: &Facts<'_>, id: Id<Registration>) {
        let model = facts.model;
        let registration = &model[id];
        let name =
            registration.container_name.value().as_text().map_or_else(|| "container".into(), |it| it.to_string());
        let to = with_port(&name, registration.container_port.value());
        let span = registration.head.span;
        let Some(group) = registration.target_group.id() else {
            let reason = match &registration.target_group.link {
                Link::Unknown(reason) => reason.clone(),
                Link::Absent | Link::To(_) => Reason::at("no-value", "target group", span),
            };
            return self.add("load balancer", to, Said::hidden(reason, "target group not known", span));
        };
        let from = model[group].listeners.ids().find_map(|listener| model[listener].load_balancer.id());
        let from = from.map_or("load balancer", |balancer| model[balancer].head.name.as_str());
        let group = &model[group];
        let place = place_of(&group.protocol, &group.head);
        let is_dead = registration.container.id().map(|container| is_plain_upstream(facts, container).tri);
        let said = match group.protocol.as_str() {
            Some("HTTPS" | "TLS") if is_dead == Some(Tri::True) => {
                Said::new("dead", "the container answers in plain text", place)
            }
            Some("HTTPS" | "TLS") => Said::new("encrypted", "certificate unchecked", place),
            Some("HTTP") => Said::new("clear", "plain HTTP", place),
            Some(protocol) => {
                let reason = Reason::at("passes-through", protocol.to_owned(), place);
                Said::hidden(reason, "passes bytes through", place)
            }
            None => Said::hidden(reason_of(group.protocol.get(), "protocol", place), "protocol not known", place),
        };
        self.add(from, to, said);
    }

    /// From the registered container to the servers beside it, over the loopback address.
    fn beside(&mut self, model: &Model, service: Id<Service>, task: Id<Task>) {
        let registered: Vec<Id<Container>> =
            model[service].registrations.ids().filter_map(|it| model[it].container.id()).collect();
        let Some(proxy) = registered.first() else { return };
        for container in model[task].containers.ids().filter(|id| !registered.contains(id)) {
            for server in model[container].servers.ids().map(|id| &model[id]) {
                let remark = match server.address.as_str() {
                    Some("0.0.0.0" | "::" | "*") => "listens on all addresses",
                    Some("127.0.0.1" | "localhost" | "::1") => "loopback address",
                    Some(_) | None => "same task",
                };
                let to = with_port(&model[container].head.name, server.port.value());
                self.add(
                    &model[*proxy].head.name,
                    to,
                    Said::new("inside", remark, place_of(&server.address, &server.head)),
                );
            }
        }
    }

    fn of_task(&mut self, facts: &Facts<'_>, task: Id<Task>) {
        let model = facts.model;
        self.task = Some((task, model[task].head.span));
        for container in model[task].containers.ids() {
            to_store::stores(self, facts, container);
            to_store::services(self, facts, container);
            settings::add(self, facts, container);
        }
        to_store::of_role(self, facts, task);
        to_store::files(self, model, task);
        self.agent(model, task);
    }

    /// What ECS fetches before the containers start, and where their output goes: over TLS always.
    fn agent(&mut self, model: &Model, task: Id<Task>) {
        let containers: Vec<&Container> = model[task].containers.ids().map(|id| &model[id]).collect();
        let verified = |place: Span| Said::new("verified", "", place);
        let image = containers.iter().find(|container| {
            container.image_name.value().as_text().is_some_and(|it| it.contains(".dkr.ecr.") == Tri::True)
                || container.image.id().is_some_and(|image| model[image].repository.id().is_some())
        });
        if let Some(container) = image {
            self.add("agent", "ecr", verified(place_of(&container.image_name, &container.head)));
        }
        let references =
            || containers.iter().flat_map(|container| container.secret_references.ids()).map(|id| &model[id]);
        for (name, kind) in [("secrets", "secret"), ("parameters", "parameter")] {
            let is_it = |it: &&crate::model::secret::SecretReference| {
                let by_text = || {
                    it.value_from
                        .value()
                        .as_text()
                        .is_some_and(|text| (text.contains(":secretsmanager:") == Tri::True) == (kind == "secret"))
                };
                it.source.any().map_or_else(by_text, |source| source.entity == kind)
            };
            if let Some(reference) = references().find(is_it) {
                self.add("agent", name, verified(place_of(&reference.value_from, &reference.head)));
            }
        }
        let log = containers.iter().filter_map(|container| container.log_configuration.id()).map(|id| &model[id]);
        if let Some(log) = log.into_iter().find(|log| log.driver.equals("awslogs") == Tri::True) {
            self.add("agent", "logs", verified(place_of(&log.driver, &log.head)));
        }
    }

    /// A shell for people, where the service lets them open one.
    fn operator(&mut self, model: &Model, service: &Service) {
        let place = place_of(&service.exec_enabled, &service.head);
        let cluster = service.cluster.id().map(|cluster| &model[cluster]);
        let said = match service.exec_enabled.get() {
            Reading::Known(false) | Reading::Absent => return,
            Reading::Unknown(reason) => Said::hidden(reason, "whether a shell can be opened is not known", place),
            Reading::Known(true) => match cluster {
                Some(cluster) => {
                    let remark = match own_key(model, &cluster.exec_key).tri {
                        Tri::True => "own key",
                        Tri::False => "no own key",
                        Tri::Unknown => "key not known",
                    };
                    Said::new("encrypted", remark, cluster.head.span)
                }
                None => Said::new("encrypted", "key not known", place),
            },
        };
        self.add("operator", "containers", said);
    }
}

/// A listener of plain HTTP: it serves, sends away, or answers by itself.
fn plain_client(facts: &Facts<'_>, id: Id<Listener>, place: Span) -> Said {
    let model = facts.model;
    let listener = &model[id];
    let fact = serves_plain_http(facts, id);
    match fact.tri {
        Tri::True => {
            let place = fact.places.first().map_or(place, |place| place.span);
            Said::new("clear", "plain HTTP", place)
        }
        Tri::Unknown => {
            let reason = fact.reasons.first().cloned();
            Said::hidden(reason.unwrap_or_else(|| Reason::at("no-value", "actions", place)), "actions not known", place)
        }
        Tri::False => {
            let rules = listener.listener_rules.ids().map(|rule| &model[rule]);
            let redirect = rules.into_iter().find(|rule| rule.does.equals("redirect") == Tri::True);
            match redirect {
                Some(rule) => {
                    let own = listener.port.value().as_text();
                    let written = rule.to_port.as_str().filter(|port| *port != "#{port}").map(str::to_owned);
                    let port = written.or_else(|| own.map(|own| own.to_string()));
                    Said::new(
                        "redirect",
                        port.map_or_else(String::new, |port| format!("to {port}")),
                        listener.head.span,
                    )
                }
                None => Said::new("fixed", "answers by itself", listener.head.span),
            }
        }
    }
}

pub(super) fn reason_of<T>(reading: Reading<T>, what: &str, place: Span) -> Reason {
    match reading {
        Reading::Unknown(reason) => reason,
        Reading::Known(_) | Reading::Absent => Reason::at("no-value", what, place),
    }
}

/// `main:443`, or the name alone where the port is not known.
pub(super) fn with_port(name: &str, port: &Value) -> String {
    match port.as_text().as_ref().and_then(|port| port.known()) {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}
