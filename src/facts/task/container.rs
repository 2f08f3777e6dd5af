//! What one container needs beside it: those it waits for, a health check, a way for its logs.

use super::{place, place_of, reason_of, unless_open};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::workload::{Container, LogConfiguration, Volume};
use crate::model::{Id, Link};
use crate::source::Place;
use crate::value::{Kind, Map, Value};

/// A member of an object, whatever the case of its key: Terraform's provider does not mind it.
fn member<'a>(map: &'a Map, key: &str) -> Option<&'a Value> {
    let found = map
        .entries
        .get(key)
        .or_else(|| map.entries.iter().find(|(it, _)| it.eq_ignore_ascii_case(key)).map(|(_, value)| value));
    found.filter(|value| !matches!(value.kind, Kind::Null))
}

pub(super) fn dependencies_can_be_met(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let span = container.head.span;
    let written = container.dependencies.value();
    let Some(list) = written.as_list() else {
        return match written.reason() {
            Some(reason) => Fact::unknown(reason.clone()),
            None => Fact::yes(vec![Place::new(span, "")]),
        };
    };
    let Some(task) = container.task.id() else { return Fact::yes(Vec::new()) };
    let mut all = Fact::yes(vec![place_of(&written.origin, span, "")]);
    for entry in &list.items {
        all = all.and(one_dependency(facts, id, task, entry));
    }
    if let Some(reason) = &list.open {
        all = all.and(Fact::unknown(reason.clone()));
    }
    all.and(no_cycle(facts, id))
}

fn one_dependency(facts: &Facts<'_>, id: Id<Container>, task: Id<crate::model::workload::Task>, entry: &Value) -> Fact {
    let model = facts.model;
    let span = model[id].head.span;
    let Some(map) = entry.as_map() else { return Fact::unknown(reason_of(entry, "dependsOn")) };
    let at = |value: Option<&Value>, role: String| {
        let origin = value.map_or(&entry.origin, |value| &value.origin);
        vec![place_of(origin, span, &role)]
    };
    let written = member(map, "containerName");
    let Some(name) = written.and_then(Value::as_str) else {
        return Fact::unknown(reason_of(written.unwrap_or(entry), "containerName"));
    };
    let siblings = &model[task].containers;
    let Some(target) = siblings.ids().find(|it| model[*it].name.as_str() == Some(name)) else {
        let unnamed = siblings.ids().find(|it| model[*it].name.as_str().is_none());
        if let Some(unnamed) = unnamed {
            return Fact::unknown(reason_of(model[unnamed].name.value(), "name"));
        }
        return unless_open(Fact::no(at(written, format!("the task has no container `{name}`"))), siblings);
    };
    let condition = member(map, "condition");
    match condition.and_then(Value::as_str) {
        Some("HEALTHY") => match model[target].health_check.is_present() {
            Tri::False => Fact::no(at(condition, format!("`{name}` has no health check and is never healthy"))),
            Tri::True => Fact::yes(Vec::new()),
            Tri::Unknown => Fact::unknown(reason_of(model[target].health_check.value(), "healthCheck")),
        },
        Some("COMPLETE" | "SUCCESS") => match model[target].essential.tri() {
            Tri::True => {
                let mut places = at(condition, format!("waits for the end of `{name}`"));
                places.push(place(
                    &model[target].essential,
                    model[target].head.span,
                    "whose end is the end of the task",
                ));
                Fact::no(places)
            }
            Tri::False => Fact::yes(Vec::new()),
            Tri::Unknown => Fact::unknown(reason_of(model[target].essential.value(), "essential")),
        },
        Some(_) => Fact::yes(Vec::new()),
        None => match condition {
            Some(condition) => Fact::unknown(reason_of(condition, "condition")),
            None => Fact::yes(Vec::new()),
        },
    }
}

/// Nobody in a ring of containers can be the first.
fn no_cycle(facts: &Facts<'_>, start: Id<Container>) -> Fact {
    let model = facts.model;
    let mut seen = Vec::new();
    let mut open: Vec<Id<Container>> = model[start].depends_on.ids().collect();
    while let Some(next) = open.pop() {
        if next == start {
            let first = model[start].depends_on.members.first();
            let span = first.and_then(|(_, origin)| origin.span()).unwrap_or(model[start].head.span);
            return Fact::no(vec![Place::new(span, "waits for a container that waits for this one")]);
        }
        if !seen.contains(&next) {
            seen.push(next);
            open.extend(model[next].depends_on.ids());
        }
    }
    Fact::yes(Vec::new())
}

/// Name of a number in a health check, least and most.
const HEALTH_NUMBERS: [(&str, i64, i64); 4] =
    [("interval", 5, 300), ("timeout", 2, 60), ("retries", 1, 10), ("startPeriod", 0, 300)];

pub(super) fn health_check_is_valid(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let container = &facts.model[id];
    let span = container.head.span;
    let written = container.health_check.value();
    let Some(map) = written.as_map() else {
        return match written.reason() {
            Some(reason) => Fact::unknown(reason.clone()),
            None => Fact::yes(vec![Place::new(span, "")]),
        };
    };
    let mut all = Fact::yes(vec![place_of(&written.origin, span, "")]);
    if let Some(command) = member(map, "command") {
        all = all.and(command_is_valid(command, span));
    }
    for (key, least, most) in HEALTH_NUMBERS {
        let Some(value) = member(map, key) else { continue };
        let number = match &value.kind {
            Kind::Number(number) => number.as_i64(),
            Kind::Text(text) => text.known().and_then(|text| text.parse().ok()),
            _ => None,
        };
        all = all.and(match number {
            Some(number) if (least..=most).contains(&number) => Fact::yes(Vec::new()),
            Some(_) => {
                Fact::no(vec![place_of(&value.origin, span, &format!("`{key}` lies between {least} and {most}"))])
            }
            None => Fact::unknown(reason_of(value, key)),
        });
    }
    all
}

fn command_is_valid(command: &Value, span: crate::source::Span) -> Fact {
    let Some(list) = command.as_list() else { return Fact::unknown(reason_of(command, "command")) };
    let Some(first) = list.items.first() else {
        return match &list.open {
            Some(reason) => Fact::unknown(reason.clone()),
            None => Fact::no(vec![place_of(&command.origin, span, "no command")]),
        };
    };
    let at = |value: &Value, role: &str| Fact::no(vec![place_of(&value.origin, span, role)]);
    match first.as_str() {
        Some("NONE") => at(first, "switches the health check of the image off"),
        Some("CMD") => match list.items.get(1).map(|item| (item, item.as_str())) {
            Some((item, Some(line))) if list.items.len() == 2 && line.trim().contains(' ') => {
                at(item, "a shell line, which CMD takes for the name of one program: write CMD-SHELL")
            }
            Some((item, None)) => Fact::unknown(reason_of(item, "command")),
            None if list.open.is_none() => at(first, "no program"),
            Some((_, Some(_))) | None => Fact::yes(Vec::new()),
        },
        Some("CMD-SHELL") => Fact::yes(Vec::new()),
        Some(_) => at(first, "the first word is CMD or CMD-SHELL"),
        None => Fact::unknown(reason_of(first, "command")),
    }
}

pub(super) fn has_log_router(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let span = container.head.span;
    let Some(log) = container.log_configuration.id() else { return Fact::yes(vec![Place::new(span, "")]) };
    let driver = &model[log].driver;
    match driver.equals("awsfirelens") {
        Tri::False => return Fact::yes(vec![place(driver, span, "")]),
        Tri::Unknown => return Fact::unknown(reason_of(driver.value(), "logDriver")),
        Tri::True => {}
    }
    let Some(task) = container.task.id() else { return Fact::yes(Vec::new()) };
    let mut doubt = None;
    for sibling in model[task].containers.ids().map(|it| &model[it]) {
        let is_router = Tri::any(["fluentd", "fluentbit"].map(|kind| sibling.firelens.equals(kind)));
        let is_present = sibling.firelens.is_present();
        match (is_present.and(is_router), sibling.essential.tri()) {
            (Tri::True, Tri::True) => return Fact::yes(vec![place(&sibling.firelens, sibling.head.span, "")]),
            (Tri::True, Tri::False) => {
                let role = "the router may end while the task goes on";
                return Fact::no(vec![
                    place(driver, span, "logs go through a router"),
                    place(&sibling.essential, sibling.head.span, role),
                ]);
            }
            (Tri::True, Tri::Unknown) => doubt = Some(reason_of(sibling.essential.value(), "essential")),
            (Tri::Unknown, _) if is_present != Tri::False => {
                doubt = Some(reason_of(sibling.firelens.value(), "firelensConfiguration"));
            }
            (Tri::Unknown | Tri::False, _) => {}
        }
    }
    match doubt {
        Some(reason) => Fact::unknown(reason),
        None => unless_open(
            Fact::no(vec![place(driver, span, "logs go through a router that the task does not have")]),
            &model[task].containers,
        ),
    }
}

pub(super) fn is_watched(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let span = container.head.span;
    match container.health_check.is_present() {
        Tri::True => return Fact::yes(vec![place(&container.health_check, span, "")]),
        Tri::Unknown => return Fact::unknown(reason_of(container.health_check.value(), "healthCheck")),
        Tri::False => {}
    }
    if container.essential.tri() == Tri::False {
        return Fact::yes(vec![place(&container.essential, span, "")]);
    }
    let Some(task) = container.task.id() else { return Fact::yes(Vec::new()) };
    let services: Vec<_> = model[task].services.ids().collect();
    if services.is_empty() {
        return Fact::yes(vec![Place::new(span, "")]);
    }
    let mut doubt: Option<Reason> = None;
    for service in &services {
        let registrations = &model[*service].registrations;
        for registration in registrations.ids() {
            match &model[registration].container.link {
                Link::To(target) if target.typed() == Some(id) => {
                    return Fact::yes(vec![Place::new(model[registration].head.span, "")]);
                }
                Link::To(_) | Link::Absent => {}
                Link::Unknown(reason) => doubt = Some(reason.clone()),
            }
        }
        doubt = doubt.or_else(|| registrations.open.clone());
    }
    match (doubt, container.essential.tri()) {
        (Some(reason), _) => Fact::unknown(reason),
        (None, Tri::Unknown) => Fact::unknown(reason_of(container.essential.value(), "essential")),
        (None, Tri::True | Tri::False) => Fact::no(vec![Place::new(span, "neither a health check nor a target group")]),
    }
}

pub(super) fn is_mounted(facts: &Facts<'_>, id: Id<Volume>) -> Fact {
    let volume = &facts.model[id];
    match volume.containers.members.first() {
        Some((_, origin)) => Fact::yes(vec![place_of(origin, volume.head.span, "mounted here")]),
        None => unless_open(Fact::no(vec![Place::new(volume.head.span, "no container mounts it")]), &volume.containers),
    }
}

pub(super) fn options_complete(facts: &Facts<'_>, id: Id<LogConfiguration>) -> Fact {
    let model = facts.model;
    let log = &model[id];
    let span = log.head.span;
    match log.driver.equals("awslogs") {
        Tri::False => return Fact::yes(vec![place(&log.driver, span, "")]),
        Tri::Unknown => return Fact::unknown(reason_of(log.driver.value(), "logDriver")),
        Tri::True => {}
    }
    let written = log.options.value();
    if written.reason().is_some() {
        return Fact::unknown(reason_of(written, "options"));
    }
    let task = log.container.id().and_then(|container| model[container].task.id());
    let on_fargate = task.map_or(Tri::Unknown, |task| super::fargate::on_fargate(facts, task).tri);
    let options = written.as_map();
    let lacks = |key: &str| options.is_none_or(|options| !options.entries.contains_key(key));
    let is_open = options.and_then(|options| options.open.clone());
    for (key, needed) in
        [("awslogs-group", Tri::True), ("awslogs-region", Tri::True), ("awslogs-stream-prefix", on_fargate)]
    {
        if !lacks(key) || needed == Tri::False {
            continue;
        }
        if let Some(reason) = &is_open {
            return Fact::unknown(reason.clone());
        }
        if needed == Tri::Unknown {
            return Fact::unknown(Reason::at("not-declared-here", "whether the task runs on Fargate", span));
        }
        return Fact::no(vec![place(&log.driver, span, &format!("`{key}` is missing"))]);
    }
    Fact::yes(vec![place(&log.driver, span, "")])
}

pub(super) fn group_in_code(facts: &Facts<'_>, id: Id<LogConfiguration>) -> Fact {
    let log = &facts.model[id];
    let span = log.head.span;
    match log.driver.equals("awslogs") {
        Tri::False => return Fact::yes(vec![place(&log.driver, span, "")]),
        Tri::Unknown => return Fact::unknown(reason_of(log.driver.value(), "logDriver")),
        Tri::True => {}
    }
    let written = log.options.value();
    let Some(options) = written.as_map() else { return Fact::unknown(reason_of(written, "options")) };
    let makes = options.entries.get("awslogs-create-group");
    let is_made = makes.and_then(Value::as_str) == Some("true");
    if let Some(reason) = makes.and_then(Value::reason)
        && !matches!(log.log_group.link, Link::To(_))
    {
        return Fact::unknown(reason.clone());
    }
    let group = options.entries.get("awslogs-group");
    match (&log.log_group.link, group) {
        (Link::To(_), _) => Fact::yes(vec![Place::new(span, "")]),
        (_, _) if is_made => Fact::yes(vec![Place::new(span, "")]),
        (Link::Unknown(reason), Some(group)) if reason.code != "not-declared-here" || group.as_str().is_none() => {
            Fact::unknown(reason.clone())
        }
        (Link::Unknown(_) | Link::Absent, Some(group)) => {
            Fact::no(vec![place_of(&group.origin, span, "no code here makes this group")])
        }
        (Link::Unknown(_) | Link::Absent, None) => Fact::yes(vec![Place::new(span, "")]),
    }
}
