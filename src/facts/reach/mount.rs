//! Tasks and the file systems that they mount: a mount target in each zone, and port 2049 let through both ways.

use super::party::{Party, Side, admits};
use super::rules::Rules;
use super::zone::same_zone;
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::FileSystem;
use crate::model::network::Subnet;
use crate::model::workload::{MountTarget, Service, Volume};
use crate::model::{Id, Link};
use crate::source::Place;

pub(super) fn reaches_its_mount_targets(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let model = facts.model;
    let service = &model[id];
    let Some(task) = service.task.id() else {
        return match &service.task.link {
            Link::Unknown(reason) => Fact::unknown(reason.clone()),
            Link::To(_) | Link::Absent => Fact::yes(Vec::new()),
        };
    };
    let volumes = model[task].volumes.ids().map(|volume| {
        let entity = &model[volume];
        match entity.kind.equals("efs") {
            Tri::False => return Fact::yes(Vec::new()),
            Tri::True => {}
            Tri::Unknown => return Fact::unknown(Reason::at("no-value", "volume", entity.head.span)),
        }
        match (entity.file_system.id(), &entity.file_system.link) {
            (Some(system), _) => reaches(facts, id, volume, system),
            (None, Link::Unknown(reason)) => Fact::unknown(reason.clone()),
            (None, Link::To(_) | Link::Absent) => Fact::yes(Vec::new()),
        }
    });
    Fact::all(volumes.chain(model[task].volumes.open.clone().map(Fact::unknown)))
}

fn reaches(facts: &Facts<'_>, id: Id<Service>, volume: Id<Volume>, system: Id<FileSystem>) -> Fact {
    let model = facts.model;
    let service = &model[id];
    let written = Place::new(
        model[volume].head.span,
        format!("`{}` is mounted by `{}`", model[volume].head.name, service.head.name),
    );
    let of_subnets = service.subnets.ids().map(|subnet| has_target(facts, id, subnet, system, &written));
    let open = service.subnets.open.clone().map(Fact::unknown);
    Fact::all(of_subnets.chain(open))
}

/// A mount target in the zone of a subnet that the task can talk to.
fn has_target(facts: &Facts<'_>, id: Id<Service>, subnet: Id<Subnet>, system: Id<FileSystem>, written: &Place) -> Fact {
    let model = facts.model;
    let targets = &model[system].mount_targets;
    let home = &model[subnet];
    let mut doubt = targets.open.clone();
    let mut shut: Option<Fact> = None;
    for target in targets.ids() {
        let zone = match (model[target].subnet.id(), &model[target].subnet.link) {
            (Some(other), _) if other == subnet => Tri::True,
            (Some(other), _) => same_zone(home.zone.value(), model[other].zone.value()),
            (None, Link::Unknown(_) | Link::To(_) | Link::Absent) => Tri::Unknown,
        };
        match zone {
            Tri::False => continue,
            Tri::Unknown => {
                doubt = doubt.or_else(|| Some(Reason::at("zone-unknown", home.head.name.clone(), home.head.span)));
                continue;
            }
            Tri::True => {}
        }
        let through = lets_through(facts, id, target);
        match through.tri {
            Tri::True => return through,
            Tri::Unknown => doubt = doubt.or_else(|| through.reasons.first().cloned()),
            Tri::False => shut = Some(through),
        }
    }
    if let Some(reason) = doubt {
        return Fact::unknown(reason);
    }
    let head = &home.head;
    let mut places = vec![written.clone()];
    match shut {
        Some(shut) => places.extend(shut.places),
        None => {
            let role = format!("tasks run in `{}`, in whose zone the file system has no mount target", head.name);
            places.push(Place::new(head.span, role));
            let system = &model[system].head;
            places.push(Place::new(system.span, format!("the file system `{}`", system.name)));
        }
    }
    Fact::no(places)
}

fn lets_through(facts: &Facts<'_>, id: Id<Service>, target: Id<MountTarget>) -> Fact {
    const NFS: i64 = 2049;
    let model = facts.model;
    let rules = facts.analysis::<Rules>();
    let (Some(task), Some(other)) = (Party::of(model, id.into()), Party::of(model, target.into())) else {
        return Fact::yes(Vec::new());
    };
    let out = admits(model, &rules, &task, Side::Out, &other, NFS);
    let within = admits(model, &rules, &other, Side::In, &task, NFS);
    let mut fact = out.and(within);
    if fact.tri == Tri::False {
        let head = &model[target].head;
        fact.places.push(Place::new(head.span, format!("`{}` listens on {NFS}", head.name)));
    }
    fact
}
