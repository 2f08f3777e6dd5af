//! The evaluator of one deployment: module instances, what was computed already, and the bounds of the work. A node is
//! computed when somebody asks for it, once.

use std::cell::{Cell, RefCell};
use std::collections::hash_map::Entry;
use std::rc::Rc;
use std::sync::Arc;

use super::expand::Expansion;
use super::expr::Remembered;
use super::instance::{CallSite, InstanceKey, Presence};
use super::load::Modules;
use super::manifest::Manifest;
use super::module::{CallDecl, Module};
use super::plan::Plan;
use crate::logic::{Reason, Tri};
use crate::source::{QuickMap, QuickSet, Span, World};
use crate::value::{Kind, Map, Origin, Reference, TerraformError, Value};

/// Evaluation steps of one deployment.
const MOST_STEPS: u32 = 20_000_000;
/// Nested evaluations, through names and expressions alike; the stack of the evaluating thread is made for it.
const DEEPEST: u32 = 1_500;
/// Members of one value at all depths; what is larger was made to be large.
const MOST_WEIGHT: usize = 200_000;
/// Bytes of all texts that templates and functions make in one deployment.
const MOST_TEXT: usize = 64 << 20;

pub(super) struct Evaluator<'w> {
    pub(super) world: &'w World,
    pub(super) modules: &'w Modules<'w>,
    /// The folder of the root module.
    pub(super) root: Arc<str>,
    /// The path of a reference to the whole of something.
    pub(super) no_path: Arc<str>,
    pub(super) plan: &'w Plan,
    pub(super) manifest: Manifest,
    /// Deployments of other roots, for `terraform_remote_state`.
    pub(super) others: &'w dyn OtherRoots,
    pub(super) n_contexts: Cell<usize>,
    n_steps: Cell<u32>,
    depth: Cell<u32>,
    n_text: Cell<usize>,
    pub(super) n_renderings: Cell<u32>,
    pub(super) remembered: RefCell<QuickMap<Remembered, Value>>,
    pub(super) dotted: RefCell<Dotted>,
}

/// Names of two words as they stand in origins, each kept once.
#[derive(Default)]
pub(super) struct Dotted {
    pub(super) known: QuickSet<Arc<str>>,
    /// Where the next one is put together.
    pub(super) draft: String,
}

/// What the outputs of other roots are, for those who read their state.
pub(super) trait OtherRoots {
    /// The outputs of the one root whose backend has this type and this configuration.
    fn outputs(&self, asking: &str, backend: &str, config: &Map) -> Option<Value>;
}

/// One instance of a module.
pub(super) struct Context<'w> {
    pub(super) module: &'w Module,
    /// `module.net["a"]`, empty for the root.
    pub(super) path: Arc<str>,
    pub(super) parent: Option<Parent<'w>>,
    pub(super) n_calls: usize,
    pub(super) is_third_party: bool,
    pub(super) sites: Arc<[CallSite]>,
    pub(super) presence: Presence,
    memo: RefCell<QuickMap<Node<'w>, Slot>>,
    expansions: RefCell<QuickMap<Expanding, Expanded>>,
    pub(super) children: RefCell<QuickMap<(usize, usize), Child<'w>>>,
    pub(super) supposed: RefCell<QuickMap<(usize, u64), Rc<Supposed>>>,
}

/// An instance of which nobody knows whether it exists, by the resource and its number.
pub(super) struct Supposed {
    pub(super) instance: InstanceScope,
    pub(super) node: InstanceNode,
}

pub(super) type Child<'w> = Result<Rc<Context<'w>>, Reason>;

pub(super) struct Parent<'w> {
    pub(super) context: Rc<Context<'w>>,
    pub(super) call: &'w CallDecl,
    pub(super) instance: InstanceScope,
}

enum Expanded {
    /// What stands for the instances if they are asked for on the way to them.
    Running(Option<Rc<Expansion>>),
    Done(Rc<Expansion>),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Expanding {
    Resource(usize),
    Call(usize),
}

/// Something that is computed once in a module instance.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Node<'w> {
    Variable(&'w str),
    Local(&'w str),
    Output(&'w str),
    /// All instances of a resource.
    Resource(usize),
    /// All instances of a module.
    Call(usize),
}

#[derive(Clone, Debug)]
enum Slot {
    Running,
    Done(Value),
}

/// What was computed of one instance of a resource.
#[derive(Debug)]
pub(super) struct InstanceNode {
    /// The whole instance, as others refer to it.
    pub(super) reference: Arc<Reference>,
    slots: RefCell<Vec<Option<Slot>>>,
}

/// A part of an instance that is computed once.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// The instance as a whole.
    Object,
    /// What a readable data source gives.
    Readable,
    /// An attribute or the nested blocks of one kind, by their place in the declaration.
    Written(usize),
}

impl InstanceNode {
    pub(super) fn new(reference: Arc<Reference>, n_written: usize) -> InstanceNode {
        InstanceNode { reference, slots: RefCell::new(vec![None; n_written + 2]) }
    }
}

impl Part {
    fn slot(self) -> usize {
        match self {
            Part::Object => 0,
            Part::Readable => 1,
            Part::Written(place) => place + 2,
        }
    }
}

/// What `each` and `count` are in one instance of a block.
#[derive(Clone, Debug)]
pub(super) struct InstanceScope {
    pub(super) key: InstanceKey,
    /// `each.key` and `each.value`.
    pub(super) each: Option<(Value, Value)>,
    /// `count.index`.
    pub(super) index: Option<Value>,
}

/// Where an expression stands: what its names mean.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'w> {
    pub(super) place: Place<'s, 'w>,
    pub(super) instance: Option<&'s InstanceScope>,
    pub(super) frame: Option<&'s Frame<'s>>,
}

#[derive(Clone, Copy)]
pub(super) enum Place<'s, 'w> {
    Module(&'s Rc<Context<'w>>),
    /// A template file or text: these variables alone.
    Template(&'s Map),
    /// A variable file or a default: no names at all.
    Literal,
}

/// A variable of a `for`, a directive or a `dynamic` block.
pub(super) struct Frame<'s> {
    pub(super) name: &'s str,
    pub(super) value: Value,
    pub(super) outer: Option<&'s Frame<'s>>,
}

impl<'s, 'w> Scope<'s, 'w> {
    pub(super) fn of(context: &'s Rc<Context<'w>>) -> Scope<'s, 'w> {
        Scope { place: Place::Module(context), instance: None, frame: None }
    }

    pub(super) fn literal() -> Scope<'s, 'w> {
        Scope { place: Place::Literal, instance: None, frame: None }
    }

    pub(super) fn with_instance(self, instance: &'s InstanceScope) -> Scope<'s, 'w> {
        Scope { instance: Some(instance), ..self }
    }

    pub(super) fn variable(&self, name: &str) -> Option<&'s Value> {
        let mut frame = self.frame;
        while let Some(it) = frame {
            if it.name == name {
                return Some(&it.value);
            }
            frame = it.outer;
        }
        None
    }
}

impl InstanceScope {
    pub(super) fn only() -> InstanceScope {
        InstanceScope { key: InstanceKey::None, each: None, index: None }
    }
}

impl Presence {
    pub(super) fn certain() -> Presence {
        Presence { tri: Tri::True, decided_by: None }
    }

    /// Of something inside: what is less certain decides, then what is nearer.
    pub(super) fn within(&self, outer: &Presence) -> Presence {
        if outer.tri < self.tri || (outer.tri == self.tri && self.decided_by.is_none()) {
            return outer.clone();
        }
        self.clone()
    }
}

impl<'w> Evaluator<'w> {
    pub(super) fn new(modules: &'w Modules<'w>, plan: &'w Plan, others: &'w dyn OtherRoots) -> Evaluator<'w> {
        Evaluator {
            world: modules.world,
            modules,
            root: plan.root.clone(),
            no_path: "".into(),
            plan,
            manifest: Manifest::read(modules.world, &plan.root),
            others,
            n_contexts: Cell::new(1),
            n_steps: Cell::new(0),
            depth: Cell::new(0),
            n_text: Cell::new(0),
            n_renderings: Cell::new(0),
            remembered: RefCell::default(),
            dotted: RefCell::default(),
        }
    }

    /// Runs one step of evaluation, unless a bound is reached.
    pub(super) fn step(&self, span: Span, run: impl FnOnce() -> Value) -> Value {
        let n_steps = self.n_steps.get();
        if n_steps >= MOST_STEPS {
            return unknown("limit-steps", "evaluation stopped after 20 million steps", span);
        }
        self.n_steps.set(n_steps + 1);
        let depth = self.depth.get();
        if depth >= DEEPEST {
            return unknown("limit-depth", "names and expressions lead deeper than 1,500 levels", span);
        }
        self.depth.set(depth + 1);
        let value = run();
        self.depth.set(depth);
        value
    }

    /// Takes steps for members that are made, so that collections of collections stay within bounds.
    pub(super) fn spend(&self, n: u32) {
        self.n_steps.set(self.n_steps.get().saturating_add(n));
    }

    /// Whether nothing more is computed.
    pub(super) fn is_spent(&self) -> bool {
        self.n_steps.get() >= MOST_STEPS
    }

    /// Takes bytes of a text that was made; false if there are too many.
    pub(super) fn spend_text(&self, n: usize) -> bool {
        let spent = self.n_text.get().saturating_add(n);
        self.n_text.set(spent);
        spent <= MOST_TEXT
    }

    /// The value of a node, computed if nobody asked before.
    pub(super) fn node(
        &self,
        context: &Rc<Context<'w>>,
        node: Node<'w>,
        named: Named<'_>,
        compute: impl FnOnce() -> Value,
    ) -> Value {
        match context.memo.borrow_mut().entry(node) {
            Entry::Occupied(found) => {
                return match found.get() {
                    Slot::Done(value) => value.clone(),
                    Slot::Running => cycle(named),
                };
            }
            Entry::Vacant(free) => {
                free.insert(Slot::Running);
            }
        }
        let value = self.step(named.span, || bounded(compute(), named));
        context.memo.borrow_mut().insert(node, Slot::Done(value.clone()));
        value
    }

    /// A part of an instance, computed if nobody asked before.
    pub(super) fn part(
        &self,
        node: &InstanceNode,
        part: Part,
        named: Named<'_>,
        compute: impl FnOnce() -> Value,
    ) -> Value {
        let slot = part.slot();
        match &mut node.slots.borrow_mut()[slot] {
            Some(Slot::Done(value)) => return value.clone(),
            Some(Slot::Running) => return cycle(named),
            free => *free = Some(Slot::Running),
        }
        let value = self.step(named.span, || bounded(compute(), named));
        node.slots.borrow_mut()[slot] = Some(Slot::Done(value.clone()));
        value
    }

    /// The instances of a block, computed and finished if nobody asked before. One that leads to itself is an error in the
    /// meantime, the same whoever asks.
    pub(super) fn expansion(
        &self,
        context: &Rc<Context<'w>>,
        expanding: Expanding,
        named: Named<'_>,
        compute: impl FnOnce() -> Expansion,
        finish: impl Fn(Expansion) -> Expansion,
    ) -> Rc<Expansion> {
        match context.expansions.borrow_mut().entry(expanding) {
            Entry::Occupied(mut found) => match found.get_mut() {
                Expanded::Done(expansion) => return expansion.clone(),
                Expanded::Running(meantime) => {
                    let refused = || Rc::new(finish(Expansion::unknown(cycle(named))));
                    return meantime.get_or_insert_with(refused).clone();
                }
            },
            Entry::Vacant(free) => {
                free.insert(Expanded::Running(None));
            }
        }
        let expansion = Rc::new(finish(compute()));
        context.expansions.borrow_mut().insert(expanding, Expanded::Done(expansion.clone()));
        expansion
    }
}

impl<'w> Context<'w> {
    pub(super) fn root(module: &'w Module) -> Rc<Context<'w>> {
        Rc::new(Context::new(module, "".into(), None, Arc::new([]), Presence::certain()))
    }

    pub(super) fn new(
        module: &'w Module,
        path: Arc<str>,
        parent: Option<Parent<'w>>,
        sites: Arc<[CallSite]>,
        presence: Presence,
    ) -> Context<'w> {
        let in_installed = module.folder.split('/').any(|part| part == ".terraform");
        Context {
            module,
            path,
            n_calls: sites.len(),
            is_third_party: in_installed
                || module.stub.is_some()
                || parent.as_ref().is_some_and(|parent| parent.context.is_third_party),
            parent,
            sites,
            presence,
            memo: RefCell::default(),
            expansions: RefCell::default(),
            children: RefCell::default(),
            supposed: RefCell::default(),
        }
    }

    /// The address of something in this module instance.
    pub(super) fn address(&self, local: &str) -> String {
        if self.path.is_empty() { local.to_owned() } else { format!("{}.{local}", self.path) }
    }
}

/// A node as messages name it, and the place that asks.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) name: &'a dyn std::fmt::Display,
    pub(super) span: Span,
}

fn cycle(named: Named<'_>) -> Value {
    TerraformError::new("cycle", format!("`{}` leads back to itself", named.name)).at(named.span)
}

/// A value that holds more at all depths than anybody would write is not kept. In what is kept Terraform got past every
/// operation.
fn bounded(value: Value, named: Named<'_>) -> Value {
    match &value.kind {
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Reference(_) => return value,
        Kind::Text(text) if text.known().is_some() => return value,
        Kind::Text(_) | Kind::List(_) | Kind::Map(_) | Kind::Unknown(_) => {}
    }
    let mut weight = 0;
    let mut settles = false;
    for part in value.walk() {
        weight += 1;
        if weight > MOST_WEIGHT {
            let message = format!("`{}` holds more than {MOST_WEIGHT} values at all depths", named.name);
            return unknown("limit-elements", message, named.span);
        }
        settles |= matches!(&part.kind, Kind::Unknown(unknown) if unknown.settles.is_some());
    }
    if settles { value.settled() } else { value }
}

/// An unknown that begins here.
pub(super) fn unknown(code: &'static str, object: impl Into<String>, span: Span) -> Value {
    Value::unknown(Reason::at(code, object, span), Origin::missing(code, span))
}

pub(super) fn error(code: &'static str, message: impl Into<String>, span: Span) -> Value {
    TerraformError::new(code, message).at(span)
}
