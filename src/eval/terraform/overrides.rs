//! Override files: what a later file says about a block that another one declares.

use std::collections::HashSet;

use super::instance::Mode;
use super::module::Module;
use crate::source::World;
use crate::syntax::hcl::{Block, Body, Name};

pub(super) fn apply(module: &mut Module, body: Body, world: &World) {
    for block in body.blocks {
        let labels: Vec<Name> = block.labels.iter().map(|label| label.text.clone()).collect();
        let base = match (&*block.kind, labels.as_slice()) {
            ("variable", [name]) => module.variables.get_mut(name),
            ("output", [name]) => module.outputs.get_mut(name),
            ("resource", [of_type, name]) => resource(module, Mode::Managed, of_type, name),
            ("data", [of_type, name]) => resource(module, Mode::Data, of_type, name),
            ("ephemeral", [of_type, name]) => resource(module, Mode::Ephemeral, of_type, name),
            ("module", [name]) => module.calls.iter_mut().find(|call| call.name == *name).map(|call| &mut call.block),
            ("provider", [_]) => {
                override_provider(module, block);
                continue;
            }
            ("locals", []) => {
                override_locals(module, block);
                continue;
            }
            ("terraform", []) => {
                override_settings(module, block);
                continue;
            }
            _ => continue,
        };
        match base {
            Some(base) => merge(base, block),
            None => {
                let message = format!("no other file declares this {}, so nothing is overridden", block.kind);
                module.problem("override-without-base", block.header_span, message, world);
            }
        }
    }
}

fn resource<'a>(module: &'a mut Module, mode: Mode, of_type: &str, name: &str) -> Option<&'a mut Block> {
    let index = module.resource_position(mode, of_type, name)?;
    module.resources.get_mut(index).map(|decl| &mut decl.block)
}

/// Attributes replace by name; nested blocks replace all blocks of their type, `dynamic` ones included, save
/// `lifecycle`, which merges argument by argument.
fn merge(base: &mut Block, over: Block) {
    merge_attributes(&mut base.body, over.body.attributes);
    let (lifecycles, blocks): (Vec<Block>, Vec<Block>) =
        over.body.blocks.into_iter().partition(|block| &*block.kind == "lifecycle");
    for lifecycle in lifecycles {
        match base.body.blocks.iter_mut().find(|block| &*block.kind == "lifecycle") {
            Some(existing) => merge_attributes(&mut existing.body, lifecycle.body.attributes),
            None => base.body.blocks.push(lifecycle),
        }
    }
    let replaced: HashSet<Name> = blocks.iter().map(|block| block_type(block).into()).collect();
    base.body.blocks.retain(|block| !replaced.contains(block_type(block)));
    base.body.blocks.extend(blocks);
}

fn merge_attributes(base: &mut Body, over: Vec<crate::syntax::hcl::Attribute>) {
    for attribute in over {
        match base.attributes.iter_mut().find(|existing| existing.name == attribute.name) {
            Some(existing) => *existing = attribute,
            None => base.attributes.push(attribute),
        }
    }
}

/// `dynamic "rule"` counts as `rule`.
fn block_type(block: &Block) -> &str {
    match &*block.kind {
        "dynamic" => block.label(0).unwrap_or("dynamic"),
        kind => kind,
    }
}

fn override_locals(module: &mut Module, block: Block) {
    for attribute in block.body.attributes {
        module.locals.insert(attribute.name.clone(), attribute);
    }
}

/// A default configuration needs no base.
fn override_provider(module: &mut Module, block: Block) {
    let alias =
        |block: &Block| block.body.attribute("alias").and_then(|alias| alias.value.as_text().map(str::to_owned));
    let wanted = (block.label(0).map(str::to_owned), alias(&block));
    let base = module.providers.iter_mut().find(|base| (base.label(0).map(str::to_owned), alias(base)) == wanted);
    match base {
        Some(base) => merge(base, block),
        None => module.providers.push(block),
    }
}

/// `required_providers` merges by provider, `backend` and `cloud` replace each other.
fn override_settings(module: &mut Module, block: Block) {
    const STATE: [&str; 3] = ["backend", "cloud", "state_store"];
    let has_state = block.body.blocks.iter().any(|inner| STATE.contains(&&*inner.kind));
    let (required, others): (Vec<Block>, Vec<Block>) =
        block.body.blocks.into_iter().partition(|inner| &*inner.kind == "required_providers");
    for settings in &mut module.settings {
        if has_state {
            settings.body.blocks.retain(|inner| !STATE.contains(&&*inner.kind));
        }
        let names: HashSet<Name> = block.body.attributes.iter().map(|attribute| attribute.name.clone()).collect();
        settings.body.attributes.retain(|attribute| !names.contains(&attribute.name));
        for inner in &mut settings.body.blocks {
            if &*inner.kind == "required_providers" {
                let names: HashSet<&Name> =
                    required.iter().flat_map(|over| &over.body.attributes).map(|attribute| &attribute.name).collect();
                inner.body.attributes.retain(|attribute| !names.contains(&attribute.name));
            }
        }
    }
    let blocks = others.into_iter().chain(required).collect();
    module.settings.push(Block { body: Body { attributes: block.body.attributes, blocks }, ..block });
}
