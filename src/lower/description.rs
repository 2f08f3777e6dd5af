//! What the configuration says of the world: `[github]`, `[roles]`, `[[root]]`. It is lowered like a file, so every
//! value carries the place where it is written.

use std::collections::BTreeMap;

use crate::source::Span;

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
