//! What `terraform init` has put beside the sources: installed modules are read through their manifest alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::source::{Problem, parent_of};

use super::place::Ground;
use super::{Found, Subject};

/// More than any repository installs; a hostile manifest costs no more.
const MOST_FILES: usize = 50_000;

/// The folders below the root that hold Terraform files.
fn terraform_folders(found: &Found) -> BTreeSet<String> {
    let is_terraform = |name: &&String| [".tf", ".tf.json", ".tofu"].iter().any(|ending| name.ends_with(ending));
    found.files.keys().filter(is_terraform).map(|name| parent_of(name).to_owned()).collect()
}

/// The files of the modules that each folder's manifest names.
pub(super) fn installed(ground: &Ground, found: &mut Found) {
    for folder in terraform_folders(found) {
        let base = ground.root.join(&folder);
        let manifest = base.join(".terraform/modules/modules.json");
        let Ok(text) = std::fs::read_to_string(&manifest) else { continue };
        if let Some(name) = ground.name_of(&manifest) {
            found.add(name, Subject::No);
        }
        for path in folders_of_manifest(&base, &text) {
            let Ok(real) = path.canonicalize() else { continue };
            if real.starts_with(&ground.root) && found.seen_folders.insert(real.clone()) {
                files_below(ground, &real, found);
            }
        }
    }
}

/// The folders of modules that lie below `.terraform`; the others are sources like all.
fn folders_of_manifest(base: &Path, text: &str) -> Vec<PathBuf> {
    let Ok(manifest) = serde_json::from_str::<serde_json::Value>(text) else { return Vec::new() };
    let modules = manifest["Modules"].as_array().map_or(&[][..], Vec::as_slice);
    let folders = modules.iter().filter_map(|module| module["Dir"].as_str());
    folders.filter(|folder| folder.starts_with(".terraform/")).map(|folder| base.join(folder)).collect()
}

fn files_below(ground: &Ground, folder: &Path, found: &mut Found) {
    let walker = WalkBuilder::new(folder).standard_filters(false).follow_links(false).build();
    for entry in walker.flatten().take(MOST_FILES) {
        if entry.file_type().is_some_and(|kind| kind.is_file())
            && let Some(name) = ground.name_of(entry.path())
            && !name.contains("/.git/")
        {
            found.add(name, Subject::No);
        }
    }
}

/// Variable files that ignore files leave out: results would differ between two machines, so they are only mentioned.
pub(super) fn unnamed_var_files(ground: &Ground, found: &mut Found) {
    for folder in terraform_folders(found) {
        let Ok(entries) = std::fs::read_dir(ground.root.join(&folder)) else { continue };
        for entry in entries.flatten() {
            let file = entry.file_name();
            let Some(file) = file.to_str() else { continue };
            if !file.ends_with(".tfvars") && !file.ends_with(".tfvars.json") {
                continue;
            }
            let name = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
            if !found.files.contains_key(&name) {
                let words = "not read, since git ignores it; --var-file names it";
                found.problems.push(Problem::of_file("outside-tree", name, words).note());
            }
        }
    }
}
