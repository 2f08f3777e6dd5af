//! What no file of the tree says and the configuration may: facts about the repository on GitHub, about roots and about
//! the roles behind secrets. A key that is missing means unknown.

use std::collections::BTreeMap;

use toml::de::DeValue;

use crate::triage::Date;

use super::Named;
use super::reader::{Reader, Value, entries};

/// `[github]`.
#[derive(Clone, Debug, Default)]
pub struct Github {
    pub repository: Option<Named>,
    pub visibility: Option<Named>,
    pub created: Option<Date>,
    pub owner_id: Option<u64>,
    pub repository_id: Option<u64>,
    pub subject: Option<Subject>,
    pub default_branch: Option<Named>,
    pub protected_branches: Option<Vec<Named>>,
    pub token_permissions: Option<Named>,
    pub trusted_owners: Vec<Named>,
    pub allowed_actions: Option<Vec<Named>>,
    pub denied_actions: Option<Vec<Named>>,
    /// Environment → `reviewed`, `branches` or `none`.
    pub environments: BTreeMap<String, Named>,
}

/// Which form the subject of the repository's tokens has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Plain,
    Immutable,
    /// The claims of a custom template.
    Keys(Vec<Named>),
}

/// `[[root]]`.
#[derive(Clone, Debug)]
pub struct RootSettings {
    pub path: Named,
    pub var_sets: Option<Vec<Vec<Named>>>,
    pub workspaces: Vec<Named>,
    pub skip: bool,
}

pub(super) const KEYS: [&str; 13] = [
    "repository",
    "visibility",
    "created",
    "owner-id",
    "repository-id",
    "subject",
    "default-branch",
    "protected-branches",
    "token-permissions",
    "trusted-owners",
    "allowed-actions",
    "denied-actions",
    "environments",
];

pub(super) const ROOT_KEYS: [&str; 4] = ["path", "var-sets", "workspaces", "skip"];

pub(super) fn read<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> Github {
    let mut github = Github::default();
    let Some(table) = reader.table(value) else { return github };
    for (key, value) in entries(table) {
        match key.text.as_str() {
            "repository" => github.repository = repository(reader, value),
            "visibility" => github.visibility = word(reader, value, &["public", "private", "internal"]),
            "created" => github.created = reader.date(value),
            "owner-id" => github.owner_id = reader.number(value),
            "repository-id" => github.repository_id = reader.number(value),
            "subject" => github.subject = subject(reader, value),
            "default-branch" => github.default_branch = reader.text(value),
            "protected-branches" => github.protected_branches = Some(reader.texts(value)),
            "token-permissions" => github.token_permissions = word(reader, value, &["read", "write"]),
            "trusted-owners" => github.trusted_owners = reader.texts(value),
            "allowed-actions" => github.allowed_actions = Some(reader.texts(value)),
            "denied-actions" => github.denied_actions = Some(reader.texts(value)),
            "environments" => github.environments = environments(reader, value),
            _ => reader.unknown_key(&key, &KEYS),
        }
    }
    github
}

fn word(reader: &mut Reader<'_>, value: &Value<'_>, words: &[&str]) -> Option<Named> {
    let text = reader.word(value, words, |text| words.contains(&text).then(|| text.to_owned()))?;
    Some(Named::new(text, value.span()))
}

fn repository(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Named> {
    let named = reader.text(value)?;
    let is_form = named.text.split_once('/').is_some_and(|(owner, name)| {
        !owner.is_empty() && !name.is_empty() && !name.contains('/') && !named.text.contains(char::is_whitespace)
    });
    if !is_form {
        reader.fault(named.range(), "expected `owner/name`");
        return None;
    }
    Some(named)
}

fn subject<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> Option<Subject> {
    if let DeValue::Array(_) = value.get_ref() {
        return Some(Subject::Keys(reader.texts(value)));
    }
    reader.word(value, &["plain", "immutable"], |text| match text {
        "plain" => Some(Subject::Plain),
        "immutable" => Some(Subject::Immutable),
        _ => None,
    })
}

fn environments<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> BTreeMap<String, Named> {
    let Some(table) = reader.table(value) else { return BTreeMap::new() };
    let mut environments = BTreeMap::new();
    for (key, value) in entries(table) {
        if let Some(protection) = word(reader, value, &["reviewed", "branches", "none"]) {
            environments.insert(key.text, protection);
        }
    }
    environments
}

pub(super) fn roles<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> BTreeMap<String, Named> {
    let Some(table) = reader.table(value) else { return BTreeMap::new() };
    entries(table).into_iter().filter_map(|(key, value)| Some((key.text, reader.text(value)?))).collect()
}

pub(super) fn roots<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> Vec<RootSettings> {
    let Some(array) = reader.array(value) else { return Vec::new() };
    array.iter().filter_map(|item| root(reader, item)).collect()
}

fn root<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> Option<RootSettings> {
    let table = reader.table(value)?;
    let mut path = None;
    let mut root = RootSettings { path: Named::new("", 0..0), var_sets: None, workspaces: Vec::new(), skip: false };
    for (key, value) in entries(table) {
        match key.text.as_str() {
            "path" => path = reader.text(value),
            "var-sets" => {
                let sets = reader.array(value)?;
                root.var_sets = Some(sets.iter().map(|set| reader.texts(set)).collect());
            }
            "workspaces" => root.workspaces = reader.texts(value),
            "skip" => root.skip = reader.boolean(value).unwrap_or(false),
            _ => reader.unknown_key(&key, &ROOT_KEYS),
        }
    }
    if path.is_none() {
        reader.fault(value.span(), "a `[[root]]` needs a `path`");
    }
    Some(RootSettings { path: path?, ..root })
}
