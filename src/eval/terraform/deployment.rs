//! Everything of one deployment, asked for: modules in order of address, their resources, outputs and settings, and what
//! went wrong on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::block::BodyOf;
use super::calls::{Target, instance_presence, is_meta, not_downloaded, source_kind};
use super::expand::Expansion;
use super::faults::Faults;
use super::instance::{
    Backend, Deployment, Hole, IgnoredChanges, InputVariable, Instance, ModuleCall, Output, Provider,
    ProviderRequirement, SourceKind, TfvarsEntry, Unresolved,
};
use super::module::argument;
use super::names::Variable;
use super::plan::Plan;
use super::resource::ResourceAt;
use super::scope::{Context, Evaluator, Scope};
use super::unresolved::Unresolving;
use crate::source::{Problem, Span};
use crate::syntax::hcl::{Block, Expr, ExprKind};
use crate::value::{Origin, Type, Value};

/// A deployment while it is gathered.
struct Gathering<'e, 'w> {
    evaluator: &'e Evaluator<'w>,
    deployment: Deployment,
    faults: Faults,
    unresolved: Unresolving,
    /// Configurations of providers by the module instance and the block.
    providers: BTreeMap<(Arc<str>, Span), usize>,
    seen_modules: BTreeSet<Arc<str>>,
}

pub(super) fn gather<'w>(evaluator: &Evaluator<'w>, root: Rc<Context<'w>>) -> Deployment {
    let plan = evaluator.plan;
    let mut gathering = Gathering {
        evaluator,
        deployment: empty(plan, evaluator),
        faults: Faults::default(),
        unresolved: Unresolving::default(),
        providers: BTreeMap::new(),
        seen_modules: BTreeSet::new(),
    };
    gathering.settings(&root);
    gathering.entries(&root);
    let mut open = vec![root];
    while let Some(context) = open.pop() {
        gathering.module(&context);
        let mut children = gathering.calls(&context);
        children.reverse();
        open.append(&mut children);
    }
    gathering.finish()
}

fn empty(plan: &Plan, evaluator: &Evaluator<'_>) -> Deployment {
    Deployment {
        root: plan.root.clone(),
        variant: plan.variant.clone(),
        is_library: plan.is_library,
        has_lock_file: evaluator.modules.has_lock_file(&plan.root),
        workspace: plan.workspace.clone(),
        var_files: plan.var_files.clone(),
        instances: Vec::new(),
        holes: Vec::new(),
        module_calls: Vec::new(),
        providers: Vec::new(),
        requirements: Vec::new(),
        required_version: None,
        settings_span: None,
        backend: None,
        variables: Vec::new(),
        outputs: Vec::new(),
        entries: Vec::new(),
        unresolved: Unresolved::default(),
        errors: Vec::new(),
        problems: plan.problems.clone(),
    }
}

impl<'w> Gathering<'_, 'w> {
    /// What one module instance holds, save its calls.
    fn module(&mut self, context: &Rc<Context<'w>>) {
        let module = context.module;
        if module.stub.is_none() && self.seen_modules.insert(module.folder.clone()) {
            for (span, message) in &module.faults {
                self.faults.declare("duplicate-declaration", message, *span, context);
            }
        }
        self.provider_blocks(context);
        if !context.is_third_party {
            self.requirements(context);
        }
        for index in 0..module.resources.len() {
            self.resource(context, index);
        }
        for name in module.locals.keys() {
            let value = self.evaluator.local(context, name, module.locals[name].name_span);
            self.faults.collect(&value, context);
            self.unresolved.expression(&value);
        }
        for (name, block) in &module.variables {
            self.variable(context, name, block);
        }
        for (name, block) in &module.outputs {
            self.output(context, name, block);
        }
    }

    fn resource(&mut self, context: &Rc<Context<'w>>, index: usize) {
        let evaluator = self.evaluator;
        let decl = &context.module.resources[index];
        let expansion = evaluator.resource_expansion(context, index);
        self.expansion_faults(&expansion, context);
        let provider = evaluator
            .provider_of(context, decl)
            .and_then(|(holder, block)| self.providers.get(&(holder.path.clone(), block.header_span)).copied());
        let ignored = ignored_changes(&decl.block);
        for (ordinal, instance) in expansion.instances.iter().enumerate() {
            let at = ResourceAt::new(context, decl, &expansion, ordinal);
            let body = evaluator.resource_body(at);
            self.faults.collect(&body, context);
            self.unresolved.body(&body);
            let presence = instance_presence(&expansion, &instance.key).within(&context.presence);
            self.deployment.instances.push(Instance {
                address: at.node.reference.address.clone(),
                module_path: context.path.clone(),
                mode: decl.mode,
                type_name: decl.type_name.clone(),
                name: decl.name.clone(),
                key: instance.key.clone(),
                presence,
                header_span: decl.block.header_span,
                span: decl.block.span,
                provider,
                ignored: ignored.clone(),
                calls: context.sites.clone(),
                is_third_party: context.is_third_party,
                body,
            });
        }
    }

    fn expansion_faults(&mut self, expansion: &Expansion, context: &Context<'w>) {
        if let Some(refused) = &expansion.refused {
            self.faults.collect(refused, context);
        }
        if let Some(open) = expansion.open.as_ref().filter(|open| open.code.starts_with("limit-")) {
            self.faults.limit(open);
        }
    }

    fn calls(&mut self, context: &Rc<Context<'w>>) -> Vec<Rc<Context<'w>>> {
        let evaluator = self.evaluator;
        let mut children = Vec::new();
        for (index, call) in context.module.calls.iter().enumerate() {
            let expansion = evaluator.call_expansion(context, index);
            self.expansion_faults(&expansion, context);
            let scope = Scope::of(context);
            let evaluated = |name: &str| argument(&call.block, name).map(|value| evaluator.eval(value, scope));
            let (source, version) = (evaluated("source"), evaluated("version"));
            let target = evaluator.target(context, call);
            let folder = match &target {
                Target::Module(module) if module.stub.is_none() => Some(module.folder.clone()),
                Target::Module(_) | Target::Hole(_) => None,
            };
            for ordinal in 0..expansion.instances.len() {
                let arguments = evaluator.call_arguments(context, index, ordinal);
                self.faults.collect(&arguments, context);
                arguments
                    .as_map()
                    .iter()
                    .flat_map(|map| map.entries.values())
                    .for_each(|it| self.unresolved.expression(it));
                let (reason, creates) = match evaluator.child(context, index, ordinal) {
                    Ok(child) => {
                        let stub = child.module.stub;
                        if stub.is_none() {
                            self.undeclared_arguments(&child, context, index);
                        }
                        children.push(child);
                        let Some(stub) = stub else { continue };
                        (not_downloaded(call), Some(stub.creates.iter().copied().map(Arc::from).collect()))
                    }
                    Err(reason) => (reason, None),
                };
                self.faults.hole(&reason, &call.block, context);
                // Where there are too many instances of modules, one hole stands for all that are left.
                let is_last = reason.code == "limit-modules";
                let key = &expansion.instances[ordinal].key;
                self.deployment.holes.push(Hole {
                    address: evaluator.call_address(context, index, ordinal).into(),
                    reason,
                    source: source.clone().unwrap_or(Value::null(Origin::written(call.block.header_span))),
                    arguments,
                    presence: instance_presence(&expansion, key).within(&context.presence),
                    header_span: call.block.header_span,
                    creates,
                });
                if is_last {
                    break;
                }
            }
            let kind = match source.as_ref().and_then(Value::as_str) {
                Some(text) if version.is_none() => source_kind(text),
                Some(_) => SourceKind::Registry,
                None => SourceKind::Computed,
            };
            self.deployment.module_calls.push(ModuleCall {
                address: context.address(&format!("module.{}", call.name)).into(),
                module_path: context.path.clone(),
                name: call.name.clone(),
                source,
                kind,
                version,
                folder,
                arguments: evaluator.call_arguments(context, index, 0),
                header_span: call.block.header_span,
                span: call.block.span,
                is_third_party: context.is_third_party,
            });
        }
        children
    }

    fn undeclared_arguments(&mut self, child: &Rc<Context<'w>>, context: &Context<'w>, index: usize) {
        if child.module.hides.is_some() {
            return;
        }
        let call = &context.module.calls[index];
        for attribute in call.block.body.attributes.iter().filter(|attribute| !is_meta(&attribute.name)) {
            if child.module.variables.contains_key(&attribute.name) {
                continue;
            }
            let near = crate::source::nearest(&attribute.name, child.module.variables.keys().map(|name| &**name));
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("module `{}` takes no argument `{}`{hint}", call.name, attribute.name);
            self.faults.declare("undeclared-module-argument", &message, attribute.name_span, context);
        }
    }

    fn provider_blocks(&mut self, context: &Rc<Context<'w>>) {
        for block in &context.module.providers {
            let Some(name) = block.labels.first().map(|label| label.text.clone()) else { continue };
            let body = self.block_body(block, context);
            self.faults.collect(&body, context);
            let alias = argument(block, "alias").and_then(Expr::as_text).map(Into::into);
            self.providers.insert((context.path.clone(), block.header_span), self.deployment.providers.len());
            self.deployment.providers.push(Provider {
                module_path: context.path.clone(),
                name,
                alias,
                body,
                header_span: block.header_span,
                span: block.span,
            });
        }
    }

    fn block_body(&self, block: &Block, context: &Rc<Context<'w>>) -> Value {
        let of = BodyOf { body: &block.body, header_span: block.header_span, owner: None };
        self.evaluator.body(of, Scope::of(context), |name| matches!(name, "for_each" | "count" | "alias"))
    }

    fn requirements(&mut self, context: &Rc<Context<'w>>) {
        let locked = super::lock::locked(self.evaluator.world, &self.deployment.root);
        for block in context.module.setting_blocks("required_providers") {
            for attribute in &block.body.attributes {
                // `configuration_aliases` holds addresses, so the object is not evaluated as a whole.
                let (source, constraint) = match &attribute.value.kind {
                    ExprKind::Object(items) => {
                        let field = |wanted: &str| {
                            let item = items.iter().find(|item| key_is(&item.key, wanted))?;
                            Some(self.evaluator.eval(&item.value, Scope::literal()))
                        };
                        (field("source"), field("version"))
                    }
                    _ => (None, Some(self.evaluator.eval(&attribute.value, Scope::literal()))),
                };
                let address = source.as_ref().and_then(Value::as_str);
                let locked = address.and_then(|address| locked.get(&super::lock::full_address(address)).cloned());
                self.deployment.requirements.push(ProviderRequirement {
                    module_path: context.path.clone(),
                    name: attribute.name.clone(),
                    source,
                    constraint,
                    locked,
                    span: attribute.span,
                });
            }
        }
    }

    fn variable(&mut self, context: &Rc<Context<'w>>, name: &Arc<str>, block: &Block) {
        let evaluator = self.evaluator;
        let value = evaluator.variable(context, name, block.header_span);
        self.faults.collect(&value, context);
        // How somebody else's module declares its inputs is not for its callers to change.
        if context.is_third_party {
            return;
        }
        let of = argument(block, "type");
        let shape = Variable { context, name, block, of: Type::Any, is_nullable: true };
        self.deployment.variables.push(InputVariable {
            address: context.address(&format!("var.{name}")).into(),
            module_path: context.path.clone(),
            name: name.clone(),
            type_text: of.map_or("", |of| evaluator.world.text(of.span)).into(),
            default: evaluator.default_value(&shape),
            value,
            sensitive: self.flag(block, "sensitive", context),
            ephemeral: self.flag(block, "ephemeral", context),
            nullable: self.flag(block, "nullable", context),
            header_span: block.header_span,
            span: block.span,
        });
    }

    fn output(&mut self, context: &Rc<Context<'w>>, name: &Arc<str>, block: &Block) {
        let value = self.evaluator.output(context, name, block.header_span);
        self.faults.collect(&value, context);
        self.unresolved.expression(&value);
        if context.is_third_party {
            return;
        }
        self.deployment.outputs.push(Output {
            address: context.address(&format!("output.{name}")).into(),
            module_path: context.path.clone(),
            name: name.clone(),
            value,
            sensitive: self.flag(block, "sensitive", context),
            ephemeral: self.flag(block, "ephemeral", context),
            header_span: block.header_span,
            span: block.span,
        });
    }

    /// `nullable` is true where it is not written, the others are false.
    fn flag(&self, block: &Block, name: &'static str, context: &Rc<Context<'w>>) -> Value {
        match argument(block, name) {
            Some(value) => self.evaluator.eval(value, Scope::of(context)),
            None => Value::bool(name == "nullable", Origin::provider_default(name, block.header_span)),
        }
    }

    /// The `terraform` blocks of the root.
    fn settings(&mut self, context: &Rc<Context<'w>>) {
        let module = context.module;
        let first = module.settings.first().map(|block| block.header_span).or(module.first_span);
        self.deployment.settings_span = first;
        let version = module.setting("required_version");
        self.deployment.required_version = version.map(|version| self.evaluator.eval(&version.value, Scope::literal()));
        for kind in ["backend", "cloud", "state_store"] {
            if let Some(block) = module.setting_blocks(kind).next() {
                self.deployment.backend = Some(self.backend(kind, block, context));
                return;
            }
        }
    }

    fn backend(&self, kind: &str, block: &Block, context: &Rc<Context<'w>>) -> Backend {
        let body = self.block_body(block, context);
        let (body, open) = super::backend::merged(self.evaluator, body);
        Backend {
            kind: block.label(0).unwrap_or(kind).into(),
            body,
            open,
            header_span: block.header_span,
            span: block.span,
        }
    }

    fn entries(&mut self, context: &Rc<Context<'w>>) {
        let plan = self.evaluator.plan;
        for (index, entry) in plan.entries.iter().enumerate() {
            let block = context.module.variables.get(&entry.name);
            let of = block.and_then(|block| argument(block, "type")).map(|of| self.evaluator.type_of_expr(of));
            let declared = of.as_ref().map(|of| of.as_ref().unwrap_or(&Type::Any));
            self.deployment.entries.push(TfvarsEntry {
                name: entry.name.clone(),
                value: entry.value(declared, self.evaluator),
                span: entry.span,
                is_overridden: plan.is_overridden(index),
            });
        }
        self.unused_entries();
    }

    /// Files beside the root that this set leaves out: what they hold is in the repository all the same.
    fn unused_entries(&mut self) {
        let modules = self.evaluator.modules;
        let plan = self.evaluator.plan;
        let unused = modules.other_values(&plan.root).iter().filter(|file| !plan.var_files.contains(file));
        for parsed in unused.filter_map(|file| modules.values(*file)) {
            for attribute in &parsed.body.attributes {
                self.deployment.entries.push(TfvarsEntry {
                    name: attribute.name.clone(),
                    value: self.evaluator.eval(&attribute.value, Scope::literal()),
                    span: attribute.span,
                    is_overridden: true,
                });
            }
        }
    }

    fn finish(mut self) -> Deployment {
        let (errors, limits) = self.faults.finish();
        let world = self.evaluator.world;
        let problems = limits.into_iter().map(|limit| {
            let path = world.file(limit.span.file).path.clone();
            let problem = Problem::at(limit.code, path, limit.span, limit.message);
            if limit.is_note { problem.note() } else { problem }
        });
        self.deployment.problems.extend(problems);
        self.deployment.problems.sort();
        self.deployment.problems.dedup();
        self.deployment.errors = errors;
        self.deployment.unresolved = self.unresolved.finish();
        self.deployment.instances.sort_by(|a, b| a.address.cmp(&b.address));
        self.deployment.holes.sort_by(|a, b| a.address.cmp(&b.address));
        self.deployment
    }
}

fn key_is(key: &crate::syntax::hcl::ObjectKey, wanted: &str) -> bool {
    match key {
        crate::syntax::hcl::ObjectKey::Name(name, _) => &**name == wanted,
        crate::syntax::hcl::ObjectKey::Expr(key) => key.as_text() == Some(wanted),
    }
}

/// `ignore_changes = [tags, size]` or `all`; members of an attribute count as the attribute.
fn ignored_changes(block: &Block) -> IgnoredChanges {
    let lifecycle = block.body.block("lifecycle");
    let Some(value) = lifecycle.and_then(|lifecycle| argument(lifecycle, "ignore_changes")) else {
        return IgnoredChanges::None;
    };
    match &value.kind {
        ExprKind::Variable(name) if &**name == "all" => IgnoredChanges::All,
        ExprKind::List(items) => {
            let names: Vec<Arc<str>> = items.iter().filter_map(first_word).collect();
            if names.iter().any(|name| matches!(&**name, "all" | "*")) {
                return IgnoredChanges::All;
            }
            IgnoredChanges::Named(names)
        }
        _ => IgnoredChanges::None,
    }
}

fn first_word(expr: &Expr) -> Option<Arc<str>> {
    match &expr.kind {
        ExprKind::Variable(name) => Some(name.clone()),
        ExprKind::Text(text) => Some(text.split(['.', '[']).next().unwrap_or("").into()),
        ExprKind::Traversal(traversal) => traversal.base.as_variable().map(Into::into),
        _ => None,
    }
}
