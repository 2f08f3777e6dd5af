//! Terraform's own blocks: the root, its backend, providers, module calls, variables, outputs and what is refused.

use std::collections::HashMap;
use std::sync::Arc;

use crate::eval::terraform::{Backend as BackendBlock, BlockView, Deployment, SourceKind};
use crate::logic::Tri;
use crate::model::secret::SecretAttribute;
use crate::model::terraform::{
    Backend, InputVariable, ModuleCall, Output, Provider, ProviderRequirement, Root, TerraformError, TfvarsEntry,
};
use crate::model::{Cell, Head, Id, Model, One, mark};
use crate::source::Span;
use crate::value::{Origin, Value};

/// Lowers what is not a resource. Nothing where the root has no block at all.
pub(crate) fn lower(deployment: &Deployment, model: &mut Model) -> Option<Id<Root>> {
    let span = deployment.settings_span?;
    let path = if deployment.root.is_empty() { "." } else { &*deployment.root };
    let mut root = Root::new(Head::new(path, span));
    root.path.set(Value::text(path, Origin::written(span)));
    root.required_version.read(span, "required_version", deployment.required_version.clone());
    root.is_library.set(Value::bool(deployment.is_library, Origin::written(span)));
    root.has_lock_file.set(Value::bool(deployment.has_lock_file, Origin::written(span)));
    root.var_sets
        .set(Value::list(vec![Value::text(&deployment.variant.name, Origin::written(span))], Origin::written(span)));
    let id = model.terraform.roots.push(root);
    if let Some(block) = &deployment.backend {
        let backend = model.terraform.backends.push(backend(block, id, span));
        model[id].backend = One::to(backend, Origin::written(block.header_span));
    }
    lower_providers(deployment, model, id);
    lower_calls(deployment, model, id);
    lower_variables(deployment, model, id);
    for fault in &deployment.errors {
        if fault.is_third_party {
            continue;
        }
        let mut error = TerraformError::new(Head::new(fault.code, fault.span));
        error.code.set(written(fault.code, fault.span));
        error.message.set(written(&fault.message, fault.span));
        error.root = One::to(id, Origin::written(span));
        model.terraform.terraform_errors.push(error);
    }
    Some(id)
}

fn backend(block: &BackendBlock, root: Id<Root>, root_span: Span) -> Backend {
    let span = block.header_span;
    let view = BlockView::new(&block.body, span);
    let mut backend =
        Backend::new(Head { block: block.span, ..Head::new(format!("backend \"{}\"", block.kind), span) });
    backend.kind.set(written(&block.kind, span));
    // What a command line may add is unknown, not absent.
    let attr = |name: &str| match (view.attr(name), &block.open) {
        (Some(value), _) => Some(value),
        (None, Some(reason)) => Some(Value::unknown(reason.clone(), Origin::written(span))),
        (None, None) => None,
    };
    backend.encrypted.read(span, "encrypt", attr("encrypt"));
    backend.bucket_name.read(span, "bucket", attr("bucket"));
    backend.object_key.read(span, "key", attr("key"));
    backend.use_lockfile.read(span, "use_lockfile", attr("use_lockfile"));
    backend.lock_table.read(span, "dynamodb_table", attr("dynamodb_table"));
    backend.root = One::to(root, Origin::written(root_span));
    backend
}

fn lower_providers(deployment: &Deployment, model: &mut Model, root: Id<Root>) {
    for block in &deployment.providers {
        let span = block.header_span;
        let view = BlockView::new(&block.body, span);
        let name = match &block.alias {
            Some(alias) => format!("provider {}.{alias}", block.name),
            None => format!("provider {}", block.name),
        };
        let mut provider = Provider::new(Head { block: block.span, ..Head::new(name, span) });
        provider.kind.set(written(&block.name, span));
        if let Some(alias) = &block.alias {
            provider.alias.set(written(alias, span));
        }
        provider.region.read(span, "region", view.attr("region"));
        provider.profile.read(span, "profile", view.attr("profile"));
        provider.access_key.read(span, "access_key", view.attr("access_key"));
        provider.secret_key.read(span, "secret_key", view.attr("secret_key"));
        let of_role = || view.block("assume_role").and_then(|block| block.attr("role_arn"));
        provider.account_ids.read(span, "allowed_account_ids", view.attr("allowed_account_ids").or_else(of_role));
        provider.root = One::to(root, Origin::written(span));
        let id = model.terraform.providers.push(provider);
        model[root].providers.push(id, Origin::written(span));
    }
    for entry in &deployment.requirements {
        let name = format!("{}{}", module_prefix(&entry.module_path), entry.name);
        let mut requirement = ProviderRequirement::new(Head::new(name, entry.span));
        requirement.source.read(entry.span, "source", entry.source.clone());
        requirement.constraint.read(entry.span, "version", entry.constraint.clone());
        requirement.root = One::to(root, Origin::written(entry.span));
        let id = model.terraform.provider_requirements.push(requirement);
        model[root].provider_requirements.push(id, Origin::written(entry.span));
    }
}

fn lower_calls(deployment: &Deployment, model: &mut Model, root: Id<Root>) {
    for block in &deployment.module_calls {
        if block.is_third_party {
            continue;
        }
        let span = block.header_span;
        let mut call = ModuleCall::new(Head { block: block.span, ..Head::new(&*block.address, span) });
        call.source.read(span, "source", block.source.clone());
        let kind = match block.kind {
            SourceKind::Local => "local",
            SourceKind::Registry => "registry",
            SourceKind::Git => "git",
            SourceKind::Remote => "remote",
            SourceKind::Computed => "computed",
        };
        let origin = block.source.as_ref().map_or(Origin::written(span), |source| source.origin.clone());
        call.source_kind.set(Value::text(kind, origin));
        call.version.read(span, "version", block.version.clone());
        call.root = One::to(root, Origin::written(span));
        let id = model.terraform.module_calls.push(call);
        model[root].module_calls.push(id, Origin::written(span));
    }
}

fn lower_variables(deployment: &Deployment, model: &mut Model, root: Id<Root>) {
    let mut by_name: HashMap<Arc<str>, Id<InputVariable>> = HashMap::new();
    for block in &deployment.variables {
        let span = block.header_span;
        let mut variable = InputVariable::new(Head { block: block.span, ..Head::new(&*block.address, span) });
        if !block.type_text.is_empty() {
            variable.type_text.set(written(&block.type_text, span));
        }
        variable.default.read(span, "default", block.default.clone());
        variable.value.set(block.value.clone());
        flag(&mut variable.sensitive, span, "sensitive", &block.sensitive);
        flag(&mut variable.ephemeral, span, "ephemeral", &block.ephemeral);
        flag(&mut variable.nullable, span, "nullable", &block.nullable);
        variable.root = One::to(root, Origin::written(span));
        let id = model.terraform.input_variables.push(variable);
        if block.module_path.is_empty() {
            by_name.insert(block.name.clone(), id);
        }
        model[root].input_variables.push(id, Origin::written(span));
    }
    for block in &deployment.outputs {
        let span = block.header_span;
        let mut output = Output::new(Head { block: block.span, ..Head::new(&*block.address, span) });
        output.value.set(block.value.clone());
        flag(&mut output.sensitive, span, "sensitive", &block.sensitive);
        flag(&mut output.ephemeral, span, "ephemeral", &block.ephemeral);
        output.root = One::to(root, Origin::written(span));
        // A marked output is not printed, and stands in the state all the same.
        if output.sensitive.tri() == Tri::True && output.ephemeral.tri() == Tri::False {
            let place = block.value.origin.newest().map_or(span, |step| step.span);
            let mut sink = SecretAttribute::new(Head { block: block.span, ..Head::new(&*block.address, place) });
            sink.attribute.set(written("value", place));
            sink.sink.set(written("output", place));
            sink.has_other_way.set(Value::bool(true, Origin::written(place)));
            sink.content.set(block.value.clone());
            model.secret.secret_attributes.push(sink);
        }
        let id = model.terraform.outputs.push(output);
        model[root].outputs.push(id, Origin::written(span));
    }
    for line in &deployment.entries {
        let mut entry = TfvarsEntry::new(Head::new(&*line.name, line.span));
        entry.variable_name.set(written(&line.name, line.span));
        entry.value.set(line.value.clone());
        entry.is_overridden.set(Value::bool(line.is_overridden, Origin::written(line.span)));
        entry.root = One::to(root, Origin::written(line.span));
        let variable = by_name.get(&line.name).copied();
        if let Some(variable) = variable {
            entry.input_variable = One::to(variable, Origin::written(line.span));
        }
        let id = model.terraform.tfvars_entries.push(entry);
        if let Some(variable) = variable {
            model[variable].tfvars_entries.push(id, Origin::written(line.span));
        }
    }
}

fn flag(cell: &mut Cell<mark::Flag>, span: Span, attribute: &'static str, value: &Value) {
    cell.read(span, attribute, Some(value.clone()));
}

fn written(text: &str, span: Span) -> Value {
    Value::text(text, Origin::written(span))
}

fn module_prefix(module_path: &str) -> String {
    if module_path.is_empty() { String::new() } else { format!("{module_path}.") }
}
