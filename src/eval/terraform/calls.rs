//! Module calls: where their source leads, their instances, and the values of their outputs.

use std::rc::Rc;
use std::sync::Arc;

use super::expand::{Expansion, Repetition, key_suffix};
use super::expr::either;
use super::instance::{CallSite, InstanceKey, Presence, SourceKind};
use super::manifest::Installed;
use super::module::{CallDecl, Module, argument};
use super::resource::{collected, instance_key};
use super::scope::{Child, Context, Evaluator, Expanding, Named as Asked, Node, Parent, Scope, error, unknown};
use super::stubs::stub;
use super::traverse::{Address, Named};
use crate::logic::{Reason, Tri};
use crate::source::{Span, clean_path, nearest};
use crate::syntax::hcl::StepKind as Written;
use crate::value::{Entries, Kind, Map, MapFlavour, Origin, Reference, StepKind, Value};

/// Instances of all modules together, and how deep calls may nest.
const MOST_MODULES: usize = 2_000;
const DEEPEST_CALL: usize = 32;

/// Where a call leads.
pub(super) enum Target<'w> {
    Module(&'w Module),
    Hole(Reason),
}

impl<'w> Evaluator<'w> {
    /// `module.m…` with as many steps as say which output of which instance is meant.
    pub(super) fn module_value(
        &self,
        address: &Address<'_>,
        span: Span,
        scope: Scope<'_, 'w>,
        context: &Rc<Context<'w>>,
    ) -> Named {
        let Some(name) = address.attribute(0) else {
            let message = "the address of a module is `module` and its name";
            return Named::new(error("undeclared-module", message, span), address.steps.len());
        };
        let words = address.span_to(0);
        let Some(index) = context.module.call(name) else {
            return Named::new(undeclared(context.module, name, words), address.steps.len());
        };
        let expansion = self.call_expansion(context, index);
        if expansion.repetition == Repetition::Single || expansion.repetition == Repetition::Enabled {
            let call = &context.module.calls[index];
            return match (expansion.instances.is_empty(), address.attribute(1)) {
                (true, _) => Named::new(Value::null(Origin::written(call.block.header_span)), 1),
                (false, Some(output)) => {
                    Named::new(self.output_value(context, index, 0, output, address.span_to(1)), 2)
                }
                (false, None) => Named::new(self.module_object(context, index, 0, words), 1),
            };
        }
        let key = match address.steps.get(1).map(|step| &step.kind) {
            Some(Written::Index(key)) => self.eval(key, scope),
            Some(Written::LegacyIndex(digits)) => Value::text(digits, Origin::written(words)),
            Some(Written::Attribute(output)) => {
                let message = format!("module `{name}` has several instances; say which one before `.{output}`");
                return Named::new(error("no-such-attribute", message, span), address.steps.len());
            }
            _ => return Named::new(self.all_modules(context, index, words), 1),
        };
        self.picked_module(address, &key, &expansion, context, index)
    }

    fn picked_module(
        &self,
        address: &Address<'_>,
        key: &Value,
        expansion: &Rc<Expansion>,
        context: &Rc<Context<'w>>,
        index: usize,
    ) -> Named {
        if key.error().is_some() {
            return Named::new(key.clone(), address.steps.len());
        }
        let words = address.span_to(1);
        let output = address.attribute(2);
        let value_of = |ordinal: usize| match output {
            Some(output) => self.output_value(context, index, ordinal, output, address.span_to(2)),
            None => self.module_object(context, index, ordinal, words),
        };
        let n_steps = 2 + usize::from(output.is_some());
        let wanted = instance_key(key, expansion.repetition);
        if let Some(ordinal) = wanted.as_ref().and_then(|key| expansion.position(key)) {
            return Named::new(value_of(ordinal).marked(key.sensitive), n_steps);
        }
        if let (Some(wanted), None) = (&wanted, &expansion.open) {
            let name = &context.module.calls[index].name;
            let message = format!("module `{name}` has no instance {}", key_suffix(wanted));
            return Named::new(error("invalid-index", message, words), address.steps.len());
        }
        let is_first = matches!(wanted, Some(InstanceKey::Index(0)));
        if let (true, Some(open), Some(symbolic)) = (is_first, &expansion.open, expansion.symbolic()) {
            // If there is a first instance at all, the one that stands for all of them is it.
            return Named::new(value_of(symbolic).unless_refused("index", open.clone()), n_steps);
        }
        let mut candidates: Vec<Value> = match wanted {
            Some(_) => Vec::new(),
            None => (0..expansion.known().len()).map(value_of).collect(),
        };
        if expansion.open.is_some() || candidates.is_empty() {
            let all = self.all_modules(context, index, words);
            candidates.push(Value::derived("index", &[all, key.clone()], Origin::missing("key-unknown", words)));
        }
        Named::new(either(&candidates, "key-unknown", key, words), n_steps)
    }

    pub(super) fn call_expansion(&self, context: &Rc<Context<'w>>, index: usize) -> Rc<Expansion> {
        let call = &context.module.calls[index];
        let compute = || self.expand(&call.block.body, Scope::of(context));
        let span = call.block.header_span;
        let name = &call.name;
        self.expansion(
            context,
            Expanding::Call(index),
            Asked { name: &format_args!("module.{name}"), span },
            compute,
            |it| it,
        )
    }

    fn all_modules(&self, context: &Rc<Context<'w>>, index: usize, span: Span) -> Value {
        let call = &context.module.calls[index];
        let expansion = self.call_expansion(context, index);
        let name = format!("module.{}", call.name);
        let asked = Asked { name: &name, span };
        self.node(context, Node::Call(index), asked, || {
            let known = expansion.known().iter().enumerate();
            let objects =
                known.map(|(at, instance)| (instance.key.clone(), self.module_object(context, index, at, span)));
            collected(objects, &expansion, call.block.header_span)
        })
    }

    /// The outputs of one instance.
    fn module_object(&self, context: &Rc<Context<'w>>, index: usize, ordinal: usize, span: Span) -> Value {
        let call = &context.module.calls[index];
        match self.child(context, index, ordinal) {
            Ok(child) => {
                let outputs = child.module.outputs.keys();
                let entries: Entries = outputs.map(|name| (name.clone(), self.output(&child, name, span))).collect();
                let mut map = Map { entries, flavour: MapFlavour::Object, open: None, owner: None };
                if child.module.stub.is_some() {
                    map.open = Some(not_downloaded(call));
                    map.owner = Some(Arc::new(self.hole_reference(context, index, ordinal, "")));
                }
                Value::new(Kind::Map(Arc::new(map)), Origin::written(call.block.header_span))
            }
            Err(reason) => {
                let owner = Arc::new(self.hole_reference(context, index, ordinal, ""));
                let map = Map {
                    entries: Entries::new(),
                    flavour: MapFlavour::Object,
                    open: Some(reason),
                    owner: Some(owner),
                };
                Value::new(Kind::Map(Arc::new(map)), Origin::written(call.block.header_span))
            }
        }
    }

    fn output_value(&self, context: &Rc<Context<'w>>, index: usize, ordinal: usize, output: &str, span: Span) -> Value {
        let call = &context.module.calls[index];
        match self.child(context, index, ordinal) {
            Ok(child) if child.module.stub.is_none() || child.module.outputs.contains_key(output) => {
                let read = StepKind::ReadThrough(format!("module.{}.{output}", call.name).into());
                self.output(&child, output, span).through(read, span)
            }
            Ok(_) | Err(_) => {
                let reference = self.hole_reference(context, index, ordinal, output);
                Value::new(Kind::Reference(Arc::new(reference)), Origin::written(span))
            }
        }
    }

    fn hole_reference(&self, context: &Rc<Context<'w>>, index: usize, ordinal: usize, path: &str) -> Reference {
        Reference {
            root: self.root.clone(),
            address: self.call_address(context, index, ordinal).into(),
            path: path.into(),
        }
    }

    pub(super) fn call_address(&self, context: &Rc<Context<'w>>, index: usize, ordinal: usize) -> String {
        let call = &context.module.calls[index];
        let expansion = self.call_expansion(context, index);
        let key = expansion.instances.get(ordinal).map_or(String::new(), |instance| key_suffix(&instance.key));
        context.address(&format!("module.{}{key}", call.name))
    }

    /// The module instance behind a call; the reason where it cannot be read.
    pub(super) fn child(&self, context: &Rc<Context<'w>>, index: usize, ordinal: usize) -> Child<'w> {
        if let Some(child) = context.children.borrow().get(&(index, ordinal)) {
            return child.clone();
        }
        let child = self.new_child(context, index, ordinal);
        context.children.borrow_mut().insert((index, ordinal), child.clone());
        child
    }

    fn new_child(&self, context: &Rc<Context<'w>>, index: usize, ordinal: usize) -> Child<'w> {
        let call: &'w CallDecl = &context.module.calls[index];
        let module = match self.target(context, call) {
            Target::Module(module) => module,
            Target::Hole(reason) => return Err(reason),
        };
        let header = call.block.header_span;
        if context.n_calls >= DEEPEST_CALL {
            let object =
                format!("calls of modules nest deeper than {DEEPEST_CALL}; `{}` is not looked into", call.name);
            return Err(Reason::at("limit-modules", object, header));
        }
        if self.n_contexts.get() >= MOST_MODULES {
            let object = format!("more than {MOST_MODULES} instances of modules; nothing is said about the rest");
            return Err(Reason::at("limit-modules", object, header));
        }
        self.n_contexts.set(self.n_contexts.get() + 1);
        let expansion = self.call_expansion(context, index);
        let Some(instance) = expansion.instances.get(ordinal).cloned() else {
            return Err(Reason::at("count-unknown", format!("module.{}", call.name), header));
        };
        let presence = instance_presence(&expansion, &instance.key).within(&context.presence);
        let path = self.call_address(context, index, ordinal);
        let site = CallSite {
            name: call.name.clone(),
            header_span: header,
            source_span: argument(&call.block, "source").map(|source| source.span),
        };
        let sites: Arc<[CallSite]> = context.sites.iter().cloned().chain([site]).collect();
        let parent = Parent { context: context.clone(), call, instance };
        Ok(Rc::new(Context::new(module, path.into(), Some(parent), sites, presence)))
    }

    /// Where the source of a call leads.
    pub(super) fn target(&self, context: &Rc<Context<'w>>, call: &'w CallDecl) -> Target<'w> {
        let header = call.block.header_span;
        let Some(source) = argument(&call.block, "source") else {
            return Target::Hole(Reason::at("module-not-found", format!("module.{}", call.name), header));
        };
        let value = self.eval(source, Scope::of(context));
        let Some(text) = value.as_str() else {
            return Target::Hole(Reason::at("module-source-computed", format!("module.{}", call.name), source.span));
        };
        let version = argument(&call.block, "version").map(|version| self.eval(version, Scope::of(context)));
        if source_kind(text) == SourceKind::Local && version.is_none() {
            return self.local_target(context, text, source.span);
        }
        let is_version_known = version.as_ref().is_none_or(|version| version.as_str().is_some());
        let version = version.as_ref().and_then(Value::as_str);
        match self.installed(&context.path, &call.name, text, version) {
            Installed::At(folder) => match self.modules.module(&folder) {
                Some(module) => Target::Module(module),
                None => Target::Hole(Reason::at("module-not-found", folder, source.span)),
            },
            Installed::Stale => Target::Hole(Reason::at("module-stale", text, source.span)),
            Installed::No => match self.stub(call, text, version) {
                Some(module) if is_version_known => Target::Module(module),
                Some(_) | None => Target::Hole(Reason::at("module-not-downloaded", text, source.span)),
            },
        }
    }

    /// What stands for a well-known module that is not here.
    fn stub(&self, call: &'w CallDecl, source: &str, version: Option<&str>) -> Option<&'w Module> {
        let stub = call.stub.get_or_init(|| stub(source, version, call.block.header_span, self.world).map(Box::new));
        stub.as_deref()
    }

    fn local_target(&self, context: &Context<'w>, source: &str, span: Span) -> Target<'w> {
        let source = source.replace('\\', "/");
        let Some(folder) = clean_path(&context.module.folder, &source) else {
            return Target::Hole(Reason::at("outside-tree", source, span));
        };
        match self.modules.module(&folder) {
            Some(module) => Target::Module(module),
            None => Target::Hole(Reason::at("module-not-found", folder, span)),
        }
    }

    /// What is handed to a call, meta-arguments apart.
    pub(super) fn call_arguments(&self, context: &Rc<Context<'w>>, index: usize, ordinal: usize) -> Value {
        let call = &context.module.calls[index];
        let expansion = self.call_expansion(context, index);
        let mut entries = Entries::new();
        if let Some(instance) = expansion.instances.get(ordinal) {
            let scope = Scope::of(context).with_instance(instance);
            for attribute in call.block.body.attributes.iter().filter(|attribute| !is_meta(&attribute.name)) {
                entries.insert(attribute.name.clone(), self.eval(&attribute.value, scope));
            }
        }
        Value::map(entries, Origin::written(call.block.header_span))
    }
}

/// Why a stub does not say all of a module.
pub(super) fn not_downloaded(call: &CallDecl) -> Reason {
    let source = argument(&call.block, "source");
    let text = source.and_then(|source| source.as_text()).unwrap_or("");
    Reason::at("module-not-downloaded", text, source.map_or(call.block.header_span, |source| source.span))
}

pub(super) fn is_meta(name: &str) -> bool {
    matches!(name, "source" | "version" | "count" | "for_each" | "providers" | "depends_on" | "lifecycle")
}

pub(super) fn instance_presence(expansion: &Expansion, key: &InstanceKey) -> Presence {
    let tri = match key {
        InstanceKey::Symbolic => Tri::Unknown,
        InstanceKey::None | InstanceKey::Index(_) | InstanceKey::Text(_) => Tri::True,
    };
    Presence { tri, decided_by: expansion.decided_by.clone() }
}

/// What a source points at, by its spelling.
pub(super) fn source_kind(source: &str) -> SourceKind {
    let local = ["./", "../", ".\\", "..\\"];
    if local.iter().any(|start| source.starts_with(start)) || source == "." || source == ".." {
        return SourceKind::Local;
    }
    let is_git = source.starts_with("git::")
        || source.starts_with("git@")
        || source.starts_with("github.com/")
        || source.starts_with("bitbucket.org/");
    if is_git {
        return SourceKind::Git;
    }
    let has_scheme = source.contains("::") || source.contains("://") || source.starts_with('/');
    let address = source.split_once("//").map_or(source, |(address, _)| address);
    let n_parts = address.split('/').filter(|part| !part.is_empty()).count();
    if !has_scheme
        && (n_parts == 3 || (n_parts == 4 && address.split('/').next().is_some_and(|host| host.contains('.'))))
    {
        return SourceKind::Registry;
    }
    SourceKind::Remote
}

fn undeclared(module: &Module, name: &str, span: Span) -> Value {
    if let Some(code) = module.hides {
        return unknown(code, format!("module.{name}"), span);
    }
    let message = match nearest(name, module.calls.iter().map(|call| &*call.name)) {
        Some(near) => format!("there is no module `{name}`; did you mean `module.{near}`?"),
        None => format!("there is no module `{name}`"),
    };
    error("undeclared-module", message, span)
}
