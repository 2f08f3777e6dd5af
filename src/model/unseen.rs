//! Members that exist and that nobody here can see: an open list of containers, of ports, of secrets. A rule about each of
//! them has no verdict on them, which must not pass for "nothing wrong".

use super::secret::SecretReference;
use super::workload::{Container, PortMapping, Task};
use super::{Entity, Head, Id, Model};
use crate::logic::Reason;

impl Model {
    /// The owners of open lists of an entity, and why these are open.
    pub fn unseen(&self, entity: &str) -> Vec<(&Head, &Reason)> {
        let of_task = |task: Id<Task>| Some((&self[task].head, self[task].containers.open.as_ref()?));
        let tasks = || self.workload.tasks.ids().filter_map(of_task);
        let containers = || self.workload.containers.ids().map(|id| &self[id]);
        match entity {
            it if it == Container::NAME => tasks().collect(),
            it if it == PortMapping::NAME => containers()
                .filter_map(|container| Some((&container.head, container.port_mappings.open.as_ref()?)))
                .chain(tasks())
                .collect(),
            it if it == SecretReference::NAME => containers()
                .filter_map(|container| Some((&container.head, container.secret_references.open.as_ref()?)))
                .chain(tasks())
                .collect(),
            _ => Vec::new(),
        }
    }
}
