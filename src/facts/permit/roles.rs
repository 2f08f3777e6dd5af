//! The roles of a model by what other things know of them: their name, the tasks that run with them. Whoever looks for
//! one role does not look at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::actions::listed;
use super::pattern::Pattern;
use super::principal::Granted;
use super::scope::resource_part;
use super::statement::{Effect, Statement};
use crate::facts::{Analysis, Facts};
use crate::logic::Tri;
use crate::model::Id;
use crate::model::identity::Role;
use crate::model::workload::Task;

/// The roles by name.
pub(in crate::facts) struct RolesByName {
    /// In the order of the model.
    by_name: HashMap<String, Vec<Id<Role>>>,
    /// A role without a known name may be meant by any.
    hidden: Vec<Id<Role>>,
    all: Vec<Id<Role>>,
}

impl Analysis for RolesByName {
    fn compute(facts: &Facts<'_>) -> RolesByName {
        let roles = &facts.model.identity.roles;
        let mut by_name: HashMap<String, Vec<Id<Role>>> = HashMap::new();
        let mut hidden = Vec::new();
        for (id, role) in roles.iter() {
            match role.name.as_str() {
                Some(name) => by_name.entry(name.to_owned()).or_default().push(id),
                None => hidden.push(id),
            }
        }
        RolesByName { by_name, hidden, all: roles.ids().collect() }
    }
}

impl RolesByName {
    /// The first role that is surely called so.
    pub(in crate::facts) fn named(&self, name: &str) -> Option<Id<Role>> {
        self.by_name.get(name).and_then(|roles| roles.first()).copied()
    }

    /// The roles with which a principal may be able to do something.
    pub(super) fn candidates(&self, granted: &Granted, action: &str) -> Vec<Id<Role>> {
        let asked = listed(action);
        let mut found: BTreeSet<Id<Role>> = BTreeSet::new();
        for statement in &granted.set.statements {
            if statement.effect == Some(Effect::Deny) || statement.names_action(&asked) == Tri::False {
                continue;
            }
            match self.reached(statement) {
                Some(roles) => found.extend(roles),
                None => return self.all.clone(),
            }
        }
        found.into_iter().collect()
    }

    /// The roles that the resources of a statement can name.
    pub(super) fn of_statement(&self, statement: &Statement) -> Vec<Id<Role>> {
        match self.reached(statement) {
            Some(roles) => roles.into_iter().collect(),
            None => self.all.clone(),
        }
    }

    /// Nothing if any role may be meant.
    fn reached(&self, statement: &Statement) -> Option<BTreeSet<Id<Role>>> {
        if statement.resources.is_negated || statement.resources.is_open {
            return None;
        }
        let mut found: BTreeSet<Id<Role>> = BTreeSet::new();
        for pattern in &statement.resources.patterns {
            let literal = resource_part(pattern).and_then(|part| Pattern::of(part.to_vec()).literal())?;
            let named = literal.rsplit('/').next().and_then(|name| self.by_name.get(name));
            found.extend(named.into_iter().flatten().chain(&self.hidden).copied());
        }
        Some(found)
    }
}

/// What runs with which role.
pub(super) struct Carriers {
    tasks: BTreeMap<u32, Vec<Id<Task>>>,
    starting: BTreeMap<u32, Vec<Id<Task>>>,
    /// Roles of functions and hosts.
    others: BTreeSet<u32>,
}

impl Analysis for Carriers {
    fn compute(facts: &Facts<'_>) -> Carriers {
        let workload = &facts.model.workload;
        let mut carriers = Carriers { tasks: BTreeMap::new(), starting: BTreeMap::new(), others: BTreeSet::new() };
        for (id, task) in workload.tasks.iter() {
            if let Some(role) = task.task_role.id() {
                carriers.tasks.entry(role.index).or_default().push(id);
            }
            if let Some(role) = task.execution_role.id() {
                carriers.starting.entry(role.index).or_default().push(id);
            }
        }
        let functions = workload.functions.iter().filter_map(|(_, function)| function.role.id());
        let hosts = workload.hosts.iter().filter_map(|(_, host)| host.role.id());
        carriers.others.extend(functions.chain(hosts).map(|role| role.index));
        carriers
    }
}

impl Carriers {
    /// The tasks whose code has the role.
    pub(super) fn tasks(&self, role: Id<Role>) -> &[Id<Task>] {
        self.tasks.get(&role.index).map_or(&[], Vec::as_slice)
    }

    /// The tasks that start with the role.
    pub(super) fn starting(&self, role: Id<Role>) -> &[Id<Task>] {
        self.starting.get(&role.index).map_or(&[], Vec::as_slice)
    }

    /// Code that others write runs with the role: in a task, in a function or on a host.
    pub(super) fn run_code(&self, role: Id<Role>) -> bool {
        self.tasks.contains_key(&role.index) || self.others.contains(&role.index)
    }
}
