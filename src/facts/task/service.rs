//! Services: whether a deployment can happen, goes back when it fails, and reaches a container.

use super::{place, reason_of, unless_open};
use crate::facts::Facts;
use crate::logic::{Fact, Tri};
use crate::model::workload::{Registration, Service};
use crate::model::{Id, Link};
use crate::source::Place;
use crate::value::{Kind, Value};

pub(in crate::facts) fn rolls_back(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let service = &facts.model[id];
    let span = service.head.span;
    match service.controller.equals("ECS") {
        Tri::True => {}
        Tri::False => return Fact::yes(vec![place(&service.controller, span, "something else deploys")]),
        Tri::Unknown => return Fact::unknown(reason_of(service.controller.value(), "the deployment controller")),
    }
    let flag = |cell: &crate::model::Cell<crate::model::mark::Flag>, what: &str, role: &str| match cell.tri() {
        Tri::True => Fact::yes(vec![place(cell, span, "")]),
        Tri::False => Fact::no(vec![place(cell, span, role)]),
        Tri::Unknown => Fact::unknown(reason_of(cell.value(), what)),
    };
    let breaker =
        flag(&service.circuit_breaker, "the circuit breaker", "no circuit breaker stops a failing deployment");
    let breaker = breaker.and(flag(&service.rollback, "rollback", "the circuit breaker stops, but does not go back"));
    breaker.or(flag(&service.alarms_roll_back, "alarms", "no alarm rolls back"))
}

pub(super) fn can_replace_tasks(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let service = &facts.model[id];
    let span = service.head.span;
    let both = || {
        vec![
            place(&service.minimum_percent, span, "so many must keep running"),
            place(&service.maximum_percent, span, "and no more may run"),
        ]
    };
    let minimum = number(service.minimum_percent.value());
    // A daemon runs once per host: its maximum is always 100.
    let maximum = match service.scheduling.equals("DAEMON") {
        Tri::True => Some(100),
        Tri::False => number(service.maximum_percent.value()),
        Tri::Unknown => None,
    };
    let (Some(minimum), Some(maximum)) = (minimum, maximum) else {
        let cell = if minimum.is_none() { &service.minimum_percent } else { &service.maximum_percent };
        return Fact::unknown(reason_of(cell.value(), "deployment percent"));
    };
    if maximum <= 100 && minimum >= 100 {
        return Fact::no(both());
    }
    match number(service.desired_count.value()) {
        Some(desired) if desired > 0 => {
            let most = desired.saturating_mul(maximum) / 100;
            let least = desired.saturating_mul(minimum).div_euclid(100) + i64::from(desired * minimum % 100 != 0);
            if most - least < 1 { Fact::no(both()) } else { Fact::yes(both()) }
        }
        Some(_) => Fact::yes(both()),
        // Only one task at a time can be out of step; with any room at all a count large enough exists.
        None => match &service.desired_count.value().kind {
            Kind::Null => Fact::yes(both()),
            _ if minimum == 0 || maximum >= 200 => Fact::yes(both()),
            _ => Fact::unknown(reason_of(service.desired_count.value(), "desired_count")),
        },
    }
}

fn number(value: &Value) -> Option<i64> {
    match &value.kind {
        Kind::Number(number) => number.as_i64(),
        _ => None,
    }
}

pub(super) fn container_exists(facts: &Facts<'_>, id: Id<Registration>) -> Fact {
    let model = facts.model;
    let registration = &model[id];
    let span = registration.head.span;
    let container = match &registration.container.link {
        Link::Unknown(reason) => return Fact::unknown(reason.clone()),
        Link::Absent => {
            let role = "the task has no container of this name";
            return Fact::no(vec![place(&registration.container_name, span, role)]);
        }
        Link::To(_) => registration.container.id(),
    };
    let Some(container) = container else { return Fact::yes(Vec::new()) };
    let Some(wanted) = number(registration.container_port.value()) else {
        return Fact::unknown(reason_of(registration.container_port.value(), "container_port"));
    };
    let mappings = &model[container].port_mappings;
    for mapping in mappings.ids() {
        let mapping = &model[mapping];
        match number(mapping.container_port.value()) {
            Some(port) if port == wanted => return Fact::yes(vec![Place::new(mapping.head.span, "")]),
            Some(_) => {}
            // A range of ports stands in another key.
            None => return Fact::unknown(reason_of(mapping.container_port.value(), "containerPort")),
        }
    }
    let role = format!("`{}` maps no such port", model[container].head.name);
    let here = place(&registration.container_port, span, &role);
    unless_open(Fact::no(vec![here, Place::new(model[container].head.span, "the container")]), mappings)
}
