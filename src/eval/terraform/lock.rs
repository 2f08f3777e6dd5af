//! `.terraform.lock.hcl`: which version of each provider a root has settled on.

use std::collections::BTreeMap;

use crate::source::{World, clean_path};
use crate::syntax::hcl;
use crate::value::{Origin, Value};

/// Chosen versions by the full address of the provider.
pub(super) fn locked(world: &World, root: &str) -> BTreeMap<String, Value> {
    let mut versions = BTreeMap::new();
    let file = clean_path(root, ".terraform.lock.hcl").and_then(|path| world.find(&path));
    let Some((file, text)) = file.and_then(|file| Some((file, world.file(file).text()?))) else { return versions };
    for block in hcl::parse(file, text).body.blocks("provider") {
        let version = block.body.attribute("version");
        if let (Some(address), Some(version)) = (block.label(0), version)
            && let Some(text) = version.value.as_text()
        {
            versions.insert(address.to_owned(), Value::text(text, Origin::written(version.value.span)));
        }
    }
    versions
}

/// With host and namespace, as the lock file writes it.
pub(super) fn full_address(source: &str) -> String {
    match source.split('/').count() {
        1 => format!("registry.terraform.io/hashicorp/{source}"),
        2 => format!("registry.terraform.io/{source}"),
        _ => source.to_owned(),
    }
}
