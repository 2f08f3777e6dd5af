//! What lowering a deployment needs: its instances by type, what flows where, and the model that is being filled.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::eval::terraform::{BlockView, Deployment, Hole, Instance, Mode};
use crate::logic::{Reason, Tri};
use crate::model::data::{Cache, Database};
use crate::model::network::{Endpoint, Listener, LoadBalancer, RouteTable, Subnet};
use crate::model::workload::{Function, Host, MountTarget, Service};
use crate::model::{AnyId, Entity, Head, Id, Model};
use crate::source::{QuickMap, Span, World};
use crate::value::{Kind, Reference, Value};

pub(crate) struct Context<'a> {
    pub(crate) deployment: &'a Deployment,
    /// What documents in files and heredocs are read from.
    pub(crate) world: &'a World,
    pub(crate) model: &'a mut Model,
    /// What entities call themselves, by the kind of entity.
    pub(super) names: BTreeMap<&'static str, Vec<(Value, AnyId)>>,
    /// Attributes of an instance that lead to something else than the instance: `default_route_table_id`.
    special: QuickMap<Arc<str>, Vec<(Arc<str>, AnyId)>>,
    by_type: QuickMap<&'a str, OfType<'a>>,
    flows: OnceCell<Flows>,
    /// How many entities of a kind the roots before this one have made.
    starts: BTreeMap<&'static str, usize>,
}

/// Which instances and holes mention an address of this deployment.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    by_address: QuickMap<Arc<str>, Flow>,
}

#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// Indices into the deployment's instances, with the top attribute that holds the reference.
    pub(crate) instances: BTreeSet<usize>,
    pub(crate) holes: BTreeSet<usize>,
}

/// The instances of a resource type, by their mode.
#[derive(Default)]
struct OfType<'a> {
    managed: Vec<&'a Instance>,
    data: Vec<&'a Instance>,
    ephemeral: Vec<&'a Instance>,
}

impl<'a> OfType<'a> {
    fn add(&mut self, instance: &'a Instance) {
        match instance.mode {
            Mode::Managed => self.managed.push(instance),
            Mode::Data => self.data.push(instance),
            Mode::Ephemeral => self.ephemeral.push(instance),
        }
    }

    fn all(&self) -> impl Iterator<Item = &'a Instance> {
        self.managed.iter().chain(&self.data).chain(&self.ephemeral).copied()
    }
}

impl<'a> Context<'a> {
    pub(crate) fn new(deployment: &'a Deployment, world: &'a World, model: &'a mut Model) -> Context<'a> {
        let mut by_type: QuickMap<&'a str, OfType<'a>> = QuickMap::default();
        for instance in &deployment.instances {
            by_type.entry(&instance.type_name).or_default().add(instance);
        }
        let starts = starts(model);
        Context {
            starts,
            deployment,
            world,
            model,
            names: BTreeMap::new(),
            special: QuickMap::default(),
            by_type,
            flows: OnceCell::new(),
        }
    }

    /// What this root has made of a kind: those of other roots are joined already.
    pub(crate) fn own<E: Entity>(&self) -> Vec<Id<E>> {
        let start = self.starts.get(E::NAME).copied().unwrap_or(0);
        (start..E::table(self.model).len()).map(|index| Id::new(index as u32)).collect()
    }

    /// All resources of a type, in order of address. Those that surely do not exist were never made.
    pub(crate) fn managed(&self, type_name: &str) -> Vec<&'a Instance> {
        self.by_type.get(type_name).map(|of_type| of_type.managed.clone()).unwrap_or_default()
    }

    pub(crate) fn data(&self, type_name: &str) -> Vec<&'a Instance> {
        self.by_type.get(type_name).map(|of_type| of_type.data.clone()).unwrap_or_default()
    }

    /// All instances of several types, of whatever mode, in order of address.
    pub(super) fn of_types(&self, types: &[&str]) -> Vec<&'a Instance> {
        let found = types.iter().filter_map(|type_name| self.by_type.get(type_name));
        let mut instances: Vec<&Instance> = found.flat_map(OfType::all).collect();
        instances.sort_by(|a, b| a.address.cmp(&b.address));
        instances
    }

    /// From now on this attribute of an instance leads to the entity, too.
    pub(super) fn lead(&mut self, address: &Arc<str>, path: &str, id: impl Into<AnyId>) {
        let (ends, id) = (self.special.entry(address.clone()).or_default(), id.into());
        if !ends.iter().any(|(known, end)| &**known == path && *end == id) {
            ends.push((path.into(), id));
        }
    }

    /// What `lead` says of an attribute.
    pub(super) fn led(&self, address: &str, path: &str) -> impl Iterator<Item = AnyId> {
        let ends = self.special.get(address).into_iter().flatten();
        ends.filter(move |(known, _)| &**known == path).map(|(_, id)| *id)
    }

    /// What all entities have, for one that an instance makes.
    pub(crate) fn head(&self, instance: &Instance) -> Head {
        let mut head = Head::new(short_name(instance), instance.header_span);
        head.block = instance.span;
        head.presence = instance.presence.tri;
        if instance.presence.tri == Tri::Unknown {
            head.presence_reason = Some(presence_reason(instance));
        }
        if !instance.calls.is_empty() {
            head.calls = Some(instance.calls.iter().map(|call| call.header_span).collect());
        }
        if instance.is_third_party {
            head.caller = instance.calls.first().map(|call| call.header_span);
        }
        head.terraform = Some(instance.itself(&self.deployment.root));
        head
    }

    /// For a part of an instance (a nested block): its own place, the rest from the instance.
    pub(crate) fn part_head(&self, instance: &Instance, block: BlockView<'_>) -> Head {
        let mut head = self.head(instance);
        head.span = block.header_span();
        head.block = block.header_span();
        head
    }

    /// Keeps an entity and lets references to its instance lead to it.
    pub(crate) fn add<E: Entity>(&mut self, instance: &Instance, entity: E) -> Id<E> {
        let id = E::table_mut(self.model).push(entity);
        self.model.register(&instance.itself(&self.deployment.root), id);
        id
    }

    /// The entities that were made of what a reference points to.
    pub(crate) fn referred(&self, reference: &Reference) -> Vec<AnyId> {
        let direct = self.model.resolve(reference);
        if !direct.is_empty() {
            return direct.to_vec();
        }
        match self.deployment.referred(reference) {
            Some(instance) => self.made_of(instance).to_vec(),
            None => Vec::new(),
        }
    }

    /// The entities that were made of an instance.
    pub(super) fn made_of(&self, instance: &Instance) -> &[AnyId] {
        self.model.made_of(&self.deployment.root, &instance.address)
    }

    pub(crate) fn flow(&self, instance: &Instance) -> Option<&Flow> {
        self.flows().by_address.get(&instance.address)
    }

    fn flows(&self) -> &Flows {
        self.flows.get_or_init(|| Flows::of(self.deployment))
    }

    /// Why something that belongs to `owners` may stand in a module that nobody could read. `creates` are the resource
    /// types that would matter.
    pub(crate) fn hidden_in_module(&self, owners: &[&Instance], creates: &[&str]) -> Option<Reason> {
        for (index, hole) in self.deployment.holes.iter().enumerate() {
            if hole.presence.tri == Tri::False || !may_create(hole, creates) {
                continue;
            }
            let flows_in = |owner: &&Instance| self.flow(owner).is_some_and(|flow| flow.holes.contains(&index));
            let handed_over = owners.iter().any(|owner| hole.holds(&owner.address) || flows_in(owner));
            if handed_over || has_unknown(&hole.arguments) {
                return Some(hole.reason.clone());
            }
        }
        None
    }
}

fn starts(model: &Model) -> BTreeMap<&'static str, usize> {
    fn of<E: Entity>(model: &Model) -> (&'static str, usize) {
        (E::NAME, E::table(model).len())
    }
    BTreeMap::from([
        of::<Subnet>(model),
        of::<RouteTable>(model),
        of::<Listener>(model),
        of::<LoadBalancer>(model),
        of::<Endpoint>(model),
        of::<Service>(model),
        of::<Host>(model),
        of::<Function>(model),
        of::<MountTarget>(model),
        of::<Database>(model),
        of::<Cache>(model),
    ])
}

fn may_create(hole: &Hole, types: &[&str]) -> bool {
    match &hole.creates {
        Some(creates) => creates.iter().any(|made| types.contains(&&**made)),
        None => true,
    }
}

fn has_unknown(arguments: &Value) -> bool {
    let mut open = vec![arguments];
    while let Some(value) = open.pop() {
        match &value.kind {
            Kind::Unknown(_) => return true,
            Kind::List(list) => open.extend(&list.items),
            Kind::Map(map) => open.extend(map.entries.values()),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Reference(_) => {}
        }
    }
    false
}

/// `aws_subnet.app[0]`, without the modules around it.
fn short_name(instance: &Instance) -> String {
    let path = if instance.module_path.is_empty() { 0 } else { instance.module_path.len() + 1 };
    let address = instance.address.get(path..).unwrap_or(&instance.address);
    let kind = if instance.mode == Mode::Data { address.strip_prefix("data.").unwrap_or(address) } else { address };
    kind.split_once('.').map_or(kind, |(_, name)| name).to_owned()
}

fn presence_reason(instance: &Instance) -> Reason {
    let decided = instance.presence.decided_by.as_ref();
    match decided.map(|value| (value, value.reason())) {
        Some((_, Some(reason))) => reason.clone(),
        Some((value, None)) => Reason::with(
            "count-unknown",
            instance.address.to_string(),
            value.origin.span().or(Some(instance.header_span)),
        ),
        None => Reason::at("count-unknown", instance.address.to_string(), instance.header_span),
    }
}

impl Flows {
    fn of(deployment: &Deployment) -> Flows {
        let mut flows = Flows::default();
        for (index, instance) in deployment.instances.iter().enumerate() {
            for reference in instance.body.references() {
                if let Some(flow) = flows.at(deployment, reference) {
                    flow.instances.insert(index);
                }
            }
        }
        for (index, hole) in deployment.holes.iter().enumerate() {
            for reference in hole.arguments.references() {
                if let Some(flow) = flows.at(deployment, reference) {
                    flow.holes.insert(index);
                }
            }
        }
        flows
    }

    fn at(&mut self, deployment: &Deployment, reference: &Reference) -> Option<&mut Flow> {
        if reference.root != deployment.root {
            return None;
        }
        let address = match self.by_address.contains_key(&reference.address) {
            true => reference.address.clone(),
            false => deployment.referred(reference)?.address.clone(),
        };
        Some(self.by_address.entry(address).or_default())
    }
}

/// The place of a value, or of the block that lacks it.
pub(crate) fn place_of(value: Option<&Value>, block: BlockView<'_>) -> Span {
    value.and_then(|value| value.origin.span()).unwrap_or_else(|| block.header_span())
}

/// Fills cells from the attributes of a block: `cells!(vpc, view; dns_support = "enable_dns_support")`.
macro_rules! cells {
    ($entity:expr, $view:expr; $($field:ident = $attribute:literal),* $(,)?) => {
        $( $entity.$field.read($view.header_span(), $attribute, $view.attr($attribute)); )*
    };
}

/// Makes cells unknown that only the provider can tell: those of a data source.
macro_rules! computed {
    ($entity:expr, $instance:expr; $($field:ident),* $(,)?) => {
        $( $entity.$field = $crate::model::Cell::unknown(
            $crate::logic::Reason::at("provider-computed", $instance.address.to_string(), $instance.header_span),
            $crate::value::Origin::missing("provider-computed", $instance.header_span),
        ); )*
    };
}

pub(crate) use {cells, computed};
