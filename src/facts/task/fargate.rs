//! What Fargate asks of a task: its sizes, and room for its containers.

use super::{is_word, place, reason_of, unless_open};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::workload::Task;
use crate::model::{Cell, Id, Link, Reading, mark};
use crate::source::Place;
use crate::value::Value;

pub(super) fn on_fargate(facts: &Facts<'_>, id: Id<Task>) -> Fact {
    let model = facts.model;
    let task = &model[id];
    let demanded = task.compatibilities.value();
    if let Some(list) = demanded.as_list() {
        if let Some(item) = list.items.iter().find(|item| item.as_str() == Some("FARGATE")) {
            let span = item.origin.span().unwrap_or(task.head.span);
            return Fact::yes(vec![Place::new(span, "the task is for Fargate")]);
        }
        let unknown = list.items.iter().find(|item| item.as_str().is_none());
        if let Some(item) = unknown {
            return Fact::unknown(reason_of(item, "requires_compatibilities"));
        }
        if let Some(reason) = &list.open {
            return Fact::unknown(reason.clone());
        }
    } else if demanded.reason().is_some() {
        return Fact::unknown(reason_of(demanded, "requires_compatibilities"));
    }
    let mut doubt = None;
    for service in task.services.ids() {
        let launch = &model[service].launch_type;
        match is_word(launch, &["FARGATE", "FARGATE_SPOT"]) {
            Tri::True => {
                return Fact::yes(vec![place(launch, model[service].head.span, "the service runs it on Fargate")]);
            }
            Tri::Unknown => doubt = Some(reason_of(launch.value(), "launch_type")),
            Tri::False => {}
        }
    }
    // A service whose task nobody can tell may be the one that runs it.
    for (_, service) in model.workload.services.iter() {
        let may_run_it = matches!(service.task.link, Link::Unknown(_)) && demanded.as_list().is_none();
        if may_run_it && is_word(&service.launch_type, &["FARGATE"]) != Tri::False {
            doubt = doubt.or(match &service.task.link {
                Link::Unknown(reason) => Some(reason.clone()),
                Link::To(_) | Link::Absent => None,
            });
        }
    }
    match doubt.or_else(|| task.services.open.clone()) {
        Some(reason) => Fact::unknown(reason),
        None => Fact::no(Vec::new()),
    }
}

/// Units of CPU, and the memory in MiB that goes with them: least, most, step.
const SIZES: [(i64, i64, i64, i64); 7] = [
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
    // The largest has three sizes of its own.
    (32768, 61440, 249_856, 1),
];

fn is_pair(cpu: i64, memory: i64) -> bool {
    match cpu {
        256 => matches!(memory, 512 | 1024 | 2048),
        32768 => matches!(memory, 61440 | 122_880 | 249_856),
        _ => SIZES.iter().any(|(size, least, most, step)| {
            *size == cpu && (*least..=*most).contains(&memory) && (memory - least) % step == 0
        }),
    }
}

pub(super) fn size_is_valid(facts: &Facts<'_>, id: Id<Task>) -> Fact {
    let fargate = on_fargate(facts, id);
    if fargate.tri == Tri::False {
        return Fact::yes(fargate.places);
    }
    let task = &facts.model[id];
    let span = task.head.span;
    let sizes = [(&task.cpu, Unit::Cpu, "cpu"), (&task.memory, Unit::Memory, "memory")];
    let mut known = Vec::new();
    for (cell, unit, what) in sizes {
        match size(cell, unit) {
            Size::Known(number) => known.push(number),
            Size::Absent => {
                return fargate.and_invalid(vec![place(cell, span, "Fargate needs a size")]);
            }
            Size::Wrong => return fargate.and_invalid(vec![place(cell, span, "no size that Fargate knows")]),
            Size::Placeholder => return Fact::unknown(Reason::at("from-workflow", what, span)),
            Size::Unknown => return Fact::unknown(reason_of(cell.value(), what)),
        }
    }
    let [cpu, memory] = known[..] else { return fargate };
    if is_pair(cpu, memory) {
        return Fact::yes(vec![place(&task.cpu, span, "")]);
    }
    let places =
        vec![place(&task.cpu, span, "this much CPU"), place(&task.memory, span, "does not go with this much memory")];
    fargate.and_invalid(places)
}

/// What is invalid on Fargate is so only if the task runs there.
trait AndInvalid {
    fn and_invalid(self, places: Vec<Place>) -> Fact;
}

impl AndInvalid for Fact {
    fn and_invalid(self, mut places: Vec<Place>) -> Fact {
        match self.tri {
            Tri::True => {
                places.extend(self.places);
                Fact::no(places)
            }
            Tri::False => Fact::yes(self.places),
            Tri::Unknown => self,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Cpu,
    Memory,
}

enum Size {
    Known(i64),
    Absent,
    Wrong,
    /// A step fills it in before it is registered.
    Placeholder,
    Unknown,
}

/// A number, or a text with a unit: `1 vCPU`, `.5 vcpu`, `2 GB`.
fn size(cell: &Cell<mark::Text>, unit: Unit) -> Size {
    match cell.get() {
        Reading::Absent => Size::Absent,
        Reading::Unknown(_) => Size::Unknown,
        Reading::Known(text) => match text.known() {
            None => Size::Unknown,
            Some(written) if written.starts_with(['<', '$', '{', '_', '%']) => Size::Placeholder,
            Some(written) => parse_size(written, unit).map_or(Size::Wrong, Size::Known),
        },
    }
}

fn parse_size(written: &str, unit: Unit) -> Option<i64> {
    let lower = written.trim().to_ascii_lowercase();
    let suffix = match unit {
        Unit::Cpu => "vcpu",
        Unit::Memory => "gb",
    };
    if let Some(number) = lower.strip_suffix(suffix) {
        let number: f64 = number.trim().parse().ok()?;
        let whole = number * 1024.0;
        return (whole.fract() == 0.0 && whole.abs() < 1e9).then_some(whole as i64);
    }
    lower.parse().ok()
}

pub(super) fn containers_fit(facts: &Facts<'_>, id: Id<Task>) -> Fact {
    let model = facts.model;
    let task = &model[id];
    let span = task.head.span;
    let mut used = [0, 0];
    let mut places: [Vec<Place>; 2] = [Vec::new(), Vec::new()];
    let mut doubt: Option<Reason> = None;
    for container in task.containers.ids().map(|container| &model[container]) {
        let reserved =
            if container.memory.is_present() == Tri::False { &container.memory_reservation } else { &container.memory };
        for (index, (cell, what)) in [(&container.cpu, "cpu"), (reserved, "memory")].into_iter().enumerate() {
            match number(cell.value(), what) {
                Ok(Some(number)) => {
                    used[index] += number;
                    places[index].push(place(
                        cell,
                        container.head.span,
                        &format!("`{}` asks for this", container.head.name),
                    ));
                }
                Ok(None) => {}
                Err(reason) => doubt = doubt.or(Some(reason)),
            }
        }
        let limit = number(container.memory.value(), "memory");
        let reservation = number(container.memory_reservation.value(), "memoryReservation");
        if let (Ok(Some(limit)), Ok(Some(reservation))) = (limit, reservation)
            && reservation > limit
        {
            let reserved = place(&container.memory_reservation, container.head.span, "reserved");
            return Fact::no(vec![
                reserved,
                place(&container.memory, container.head.span, "but no more than this may be used"),
            ]);
        }
    }
    let limits = [
        (&task.cpu, Unit::Cpu, "the task has no more CPU"),
        (&task.memory, Unit::Memory, "the task has no more memory"),
    ];
    for (index, (cell, unit, role)) in limits.into_iter().enumerate() {
        match size(cell, unit) {
            // What is known already is too much, whatever the rest asks for.
            Size::Known(limit) if used[index] > limit => {
                let mut shown = std::mem::take(&mut places[index]);
                shown.push(place(cell, span, role));
                return Fact::no(shown);
            }
            Size::Unknown => doubt = doubt.or_else(|| Some(reason_of(cell.value(), "the task's size"))),
            Size::Placeholder => {
                doubt = doubt.or_else(|| Some(Reason::at("from-workflow", "the task's size", span)));
            }
            Size::Known(_) | Size::Absent | Size::Wrong => {}
        }
    }
    match doubt {
        Some(reason) => Fact::unknown(reason),
        None => unless_open(Fact::yes(vec![Place::new(span, "")]), &task.containers),
    }
}

/// Nothing where nothing is written.
fn number(value: &Value, what: &str) -> Result<Option<i64>, Reason> {
    match &value.kind {
        crate::value::Kind::Null => Ok(None),
        crate::value::Kind::Number(number) => Ok(number.as_i64()),
        _ => Err(reason_of(value, what)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Unit, is_pair, parse_size};

    #[test]
    fn sizes_of_fargate() {
        for (cpu, memory) in [(256, 512), (256, 2048), (512, 4096), (4096, 30720), (8192, 20480), (32768, 249_856)] {
            assert!(is_pair(cpu, memory), "{cpu} {memory}");
        }
        for (cpu, memory) in [(256, 4096), (256, 1536), (512, 1536), (1024, 1024), (8192, 17408), (300, 512), (0, 0)] {
            assert!(!is_pair(cpu, memory), "{cpu} {memory}");
        }
    }

    #[test]
    fn sizes_with_units() {
        assert_eq!(parse_size(".5 vcpu", Unit::Cpu), Some(512));
        assert_eq!(parse_size("1 vCPU", Unit::Cpu), Some(1024));
        assert_eq!(parse_size("2 GB", Unit::Memory), Some(2048));
        assert_eq!(parse_size("1024", Unit::Memory), Some(1024));
        assert_eq!(parse_size("2 GB", Unit::Cpu), None);
    }
}
