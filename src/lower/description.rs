//! What the configuration says of the world: `[github]`, `[roles]`, `[[root]]`. It is lowered like a file, so every
//! value carries the place where it is written.

use std::collections::BTreeMap;

use crate::eval::terraform::{Inputs, NamedSet};
use crate::source::{Span, World, clean_path, parent_of};
use crate::value::{Origin, Value};

/// A value of the configuration and where it stands; nothing for values of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described<T> {
    pub value: T,
    pub place: Option<Span>,
}

#[derive(Clone, Debug, Default)]
pub struct Description {
    pub github: DescribedGithub,
    /// The name of a secret or variable that holds a role: the role's Terraform address or ARN.
    pub roles: BTreeMap<String, Described<String>>,
    pub roots: Vec<DescribedRoot>,
    /// `--var-file`, `--var`, `--workspace`.
    pub command_line: CommandLine,
}

#[derive(Clone, Debug, Default)]
pub struct DescribedGithub {
    pub repository: Option<Described<String>>,
    pub visibility: Option<Described<String>>,
    /// `2026-09-01`
    pub created: Option<Described<String>>,
    pub owner_id: Option<Described<i64>>,
    pub repository_id: Option<Described<i64>>,
    /// `plain`, `immutable`, or the keys of a custom template.
    pub subject: Option<Described<Vec<String>>>,
    pub default_branch: Option<Described<String>>,
    pub protected_branches: Option<Described<Vec<String>>>,
    pub token_permissions: Option<Described<String>>,
    pub trusted_owners: Option<Described<Vec<String>>>,
    pub allowed_actions: Option<Described<Vec<String>>>,
    pub denied_actions: Option<Described<Vec<String>>>,
    /// `reviewed`, `branches` or `none`, by environment.
    pub environments: BTreeMap<String, Described<String>>,
}

#[derive(Clone, Debug)]
pub struct DescribedRoot {
    pub path: Described<String>,
    pub var_sets: Vec<Vec<String>>,
    pub workspaces: Vec<String>,
    pub is_skipped: bool,
}

/// Values for the roots of this run alone; they replace the sets that the repository shows.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    /// The root's folder, if named, and the file's path, in order.
    pub var_files: Vec<(Option<String>, String)>,
    pub vars: Vec<(String, String)>,
    pub workspace: Option<String>,
}

impl Description {
    /// What evaluation is told: the sets of variables that the configuration and the command line name.
    pub(super) fn inputs(&self, world: &World) -> Inputs {
        let mut inputs = Inputs::default();
        for root in &self.roots {
            let folder = clean_path("", &root.path.value).unwrap_or_default();
            if root.is_skipped {
                inputs.excluded.push(folder);
                continue;
            }
            let no_set = [Vec::new()];
            let sets: &[Vec<String>] = if root.var_sets.is_empty() { &no_set } else { &root.var_sets };
            let no_workspace = [None];
            let workspaces: Vec<Option<&String>> = match root.workspaces.is_empty() {
                true => no_workspace.to_vec(),
                false => root.workspaces.iter().map(Some).collect(),
            };
            if root.var_sets.is_empty() && root.workspaces.is_empty() {
                continue;
            }
            for set in sets {
                for workspace in &workspaces {
                    let paths = set.iter().filter_map(|file| clean_path(&folder, file));
                    let name: Vec<&str> = set.iter().map(String::as_str).chain(workspace.map(String::as_str)).collect();
                    inputs.named_sets.push(NamedSet {
                        root_dir: Some(folder.clone()),
                        name: name.join(" "),
                        files: paths.filter_map(|path| world.find(&path)).collect(),
                        vars: Vec::new(),
                        workspace: workspace.map(|name| Value::text(name, Origin::none())),
                    });
                }
            }
        }
        inputs.named_sets.extend(self.command_line.sets(world));
        inputs
    }
}

impl CommandLine {
    /// One set for each root that a file belongs to; what belongs to no root belongs to all.
    fn sets(&self, world: &World) -> Vec<NamedSet> {
        if self.var_files.is_empty() && self.vars.is_empty() && self.workspace.is_none() {
            return Vec::new();
        }
        let mut folders: Vec<Option<String>> = Vec::new();
        for (root, file) in &self.var_files {
            let folder = root.clone().or_else(|| holds_root(world, parent_of(file)));
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        if folders.is_empty() {
            folders.push(None);
        }
        let vars: Vec<_> =
            self.vars.iter().map(|(name, text)| (name.as_str().into(), Value::text(text, Origin::none()))).collect();
        let set = |root_dir: Option<String>| {
            let belongs = |(root, file): &&(Option<String>, String)| {
                let folder = root.clone().or_else(|| holds_root(world, parent_of(file)));
                folder.is_none() || folder == root_dir
            };
            NamedSet {
                files: self.var_files.iter().filter(belongs).filter_map(|(_, file)| world.find(file)).collect(),
                name: "command line".to_owned(),
                vars: vars.clone(),
                workspace: self.workspace.as_ref().map(|name| Value::text(name, Origin::none())),
                root_dir,
            }
        };
        folders.into_iter().map(set).collect()
    }
}

/// The folder itself if it holds configuration.
fn holds_root(world: &World, folder: &str) -> Option<String> {
    let is_configuration = |name: &str| [".tf", ".tf.json", ".tofu"].iter().any(|ending| name.ends_with(ending));
    let holds = world.directly_in(folder).any(|(_, file)| is_configuration(file.name()));
    holds.then(|| folder.to_owned())
}
