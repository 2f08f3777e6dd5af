//! `.terraform/modules/modules.json`: which installed modules a root has, and whether they are those that it asks for.

use std::collections::BTreeMap;

use super::scope::Evaluator;
use super::version::satisfies;
use crate::source::{World, clean_path};
use crate::syntax::yaml::{self, Node};

pub(super) enum Installed {
    /// The folder of the module.
    At(String),
    /// Installed, but not what is asked for now.
    Stale,
    No,
}

/// Installed modules by their path of call names joined with dots.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    source: String,
    version: Option<String>,
    folder: String,
}

impl Manifest {
    /// The manifest of a root; empty where nothing is installed.
    pub(super) fn read(world: &World, root: &str) -> Manifest {
        let path = clean_path(root, ".terraform/modules/modules.json");
        let Some(file) = path.and_then(|path| world.find(&path)) else { return Manifest::default() };
        let Some(text) = world.file(file).text() else { return Manifest::default() };
        let parsed = yaml::json::parse(file, text);
        let modules = parsed.root.as_ref().and_then(|root| root.get("Modules"));
        let mut manifest = Manifest::default();
        for node in modules.map_or(&[][..], Node::items) {
            let field = |name: &str| node.get(name).and_then(Node::as_str);
            let (Some(key), Some(folder)) = (field("Key"), field("Dir")) else { continue };
            let Some(folder) = clean_path(root, folder) else { continue };
            let source = field("Source").unwrap_or("").to_owned();
            let version = field("Version").map(str::to_owned);
            manifest.entries.insert(key.to_owned(), Entry { source, version, folder });
        }
        manifest
    }
}

impl Evaluator<'_> {
    /// The installed module of a call in a module instance.
    pub(super) fn installed(&self, path: &str, call: &str, source: &str, version: Option<&str>) -> Installed {
        let key = manifest_key(path, call);
        let Some(entry) = self.manifest.entries.get(&key) else { return Installed::No };
        let is_same = normal(&entry.source) == normal(source);
        let fits = match (version, &entry.version) {
            (Some(constraint), Some(version)) => satisfies(version, constraint),
            (Some(_), None) => false,
            (None, _) => true,
        };
        if is_same && fits { Installed::At(entry.folder.clone()) } else { Installed::Stale }
    }
}

/// `module.db["a"].module.net` and `vpc` make `db.net.vpc`.
fn manifest_key(path: &str, call: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut rest = path;
    while let Some(after) = rest.strip_prefix("module.") {
        let end = after.find(['.', '[']).unwrap_or(after.len());
        names.push(&after[..end]);
        rest = match after.get(end..) {
            Some(tail) if tail.starts_with('[') => skip_key(tail),
            Some(tail) => tail,
            None => "",
        };
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    names.push(call);
    names.join(".")
}

/// What follows `["key"]`.
fn skip_key(text: &str) -> &str {
    let mut in_quotes = false;
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if in_quotes => is_escaped = true,
            '"' => in_quotes = !in_quotes,
            ']' if !in_quotes => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// Registry addresses are written with their host in the manifest.
pub(super) fn normal(source: &str) -> &str {
    source
        .strip_prefix("registry.terraform.io/")
        .or_else(|| source.strip_prefix("registry.opentofu.org/"))
        .unwrap_or(source)
}

#[cfg(test)]
mod tests {
    use super::manifest_key;

    #[test]
    fn keys_are_the_names_of_calls() {
        assert_eq!(manifest_key("", "vpc"), "vpc");
        assert_eq!(manifest_key("module.db[\"a.]\\\"b\"].module.net[0]", "vpc"), "db.net.vpc");
    }
}
