//! Hosts: the age of their image, and whether they are there unless somebody says no.

use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::workload::Host;
use crate::model::{Id, Link, Reading};
use crate::source::Place;
use crate::value::{StepKind, Value};

/// Parts of the names of images whose system gets no free updates any more. As of 2026-08; there is no clock.
const OUT_OF_SUPPORT: [&str; 17] = [
    "amzn2-ami",
    "amzn-ami-",
    "ubuntu-trusty",
    "ubuntu-xenial",
    "ubuntu-bionic",
    "ubuntu-focal",
    "debian-stretch",
    "debian-9",
    "debian-10",
    "CentOS-6",
    "CentOS-7",
    "CentOS-8",
    "CentOS Linux 7",
    "RHEL-6",
    "RHEL-7",
    "Windows_Server-2008",
    "Windows_Server-2012",
];

/// Judged by the names that its image is looked up by.
pub(super) fn image_out_of_support(facts: &Facts<'_>, id: Id<Host>) -> Fact {
    let host = &facts.model[id];
    let image = match (host.machine_image.id(), &host.machine_image.link) {
        (Some(image), _) => &facts.model[image],
        (None, Link::Unknown(reason)) => return Fact::unknown(reason.clone()),
        (None, Link::Absent | Link::To(_)) => return Fact::no(Vec::new()),
    };
    let patterns = match image.name_patterns.get() {
        Reading::Known(patterns) => patterns,
        Reading::Absent => return Fact::unknown(Reason::at("no-value", image.head.name.clone(), image.head.span)),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let judged = patterns.items.iter().map(|pattern| is_old(pattern, image.head.span));
    let mut fact = Fact::any(judged);
    if fact.tri == Tri::True {
        fact.places.push(Place::new(image.head.span, format!("`{}` looks it up", image.head.name)));
        fact.places.push(Place::new(host.head.span, format!("`{}` starts from it", host.head.name)));
    }
    fact
}

fn is_old(pattern: &Value, otherwise: crate::source::Span) -> Fact {
    let place = pattern.origin.span().unwrap_or(otherwise);
    let Some(text) = pattern.as_text() else { return Fact::no(Vec::new()) };
    let found = Tri::any(OUT_OF_SUPPORT.iter().map(|name| text.contains(name)));
    match found {
        Tri::Unknown => Fact::unknown(Reason::at("no-value", "the name of an image", place)),
        known => Fact::new(known, vec![Place::new(place, "this system is out of support")]),
    }
}

/// Its `count` or `for_each` depends on a variable whose default makes it.
pub(super) fn made_by_default(facts: &Facts<'_>, id: Id<Host>) -> Fact {
    let host = &facts.model[id];
    if host.head.presence != Tri::True {
        return Fact::no(Vec::new());
    }
    let origin = host.made_by.origin();
    let default = origin.steps().find(|step| matches!(step.kind, StepKind::VariableDefault { .. }));
    let by_variable = default.or_else(|| variable_behind(host.made_by.value()));
    match by_variable {
        Some(step) => Fact::yes(vec![
            Place::new(step.span, "the default makes it"),
            Place::new(host.head.span, format!("`{}` is there unless somebody says no", host.head.name)),
        ]),
        None => Fact::no(Vec::new()),
    }
}

/// The default that a member of the deciding collection came from.
fn variable_behind(value: &Value) -> Option<crate::value::Step<'_>> {
    let list = value.as_list()?;
    let steps = list.items.iter().flat_map(|item| item.origin.steps());
    steps.into_iter().find(|step| matches!(step.kind, StepKind::VariableDefault { .. }))
}

/// Keys of a user lie on it, where a role would give it short-lived ones.
pub(super) fn is_given_keys(facts: &Facts<'_>, id: Id<Host>) -> Fact {
    let host = &facts.model[id];
    let given = match host.given_keys.get() {
        Reading::Known(given) => given,
        Reading::Absent => return Fact::no(Vec::new()),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    match (given.items.first(), &given.open) {
        (Some(key), _) => {
            let place = key.origin.span().unwrap_or(host.head.span);
            Fact::yes(vec![
                Place::new(place, "keys of AWS are put here"),
                Place::new(host.head.span, format!("`{}` uses them", host.head.name)),
            ])
        }
        (None, Some(reason)) => Fact::unknown(reason.clone()),
        (None, None) => Fact::no(Vec::new()),
    }
}

/// A script of its user data lets every user on it write to the socket of Docker.
pub(super) fn opens_docker_socket(facts: &Facts<'_>, id: Id<Host>) -> Fact {
    let host = &facts.model[id];
    let opened = match host.opened_files.get() {
        Reading::Known(opened) => opened,
        Reading::Absent => return Fact::no(Vec::new()),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let socket = opened.items.iter().find(|path| path.as_str().is_some_and(|path| path.ends_with("/docker.sock")));
    match (socket, &opened.open) {
        (Some(path), _) => {
            let place = path.origin.span().unwrap_or(host.head.span);
            Fact::yes(vec![
                Place::new(place, "every user may write to the socket"),
                Place::new(host.head.span, format!("`{}` runs this when it starts", host.head.name)),
            ])
        }
        (None, Some(reason)) => Fact::unknown(reason.clone()),
        (None, None) => Fact::no(Vec::new()),
    }
}
