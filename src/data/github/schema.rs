//! The schema of workflows and actions (`data/github-schema.txt`): keys and shapes, events, contexts and where they are
//! known, runners and shells.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

static TEXT: &str = include_str!("../../../data/github-schema.txt");

/// What may stand at a key, an expression aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Scalar,
    Number,
    Bool,
    List,
    Map,
}

/// An event of `on`.
#[derive(Debug)]
pub struct Event {
    /// Its activities; one `*` where whoever sends it makes them up.
    pub activities: Vec<&'static str>,
    pub filters: Vec<&'static str>,
}

/// Which contexts and functions an expression may use at a key.
#[derive(Debug)]
pub struct Availability {
    path: Vec<&'static str>,
    pub contexts: Vec<&'static str>,
    /// Functions that are not known everywhere.
    pub functions: Vec<&'static str>,
}

/// What a runner runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    Linux,
    Windows,
    Macos,
}

#[derive(Default)]
struct Schema {
    keys: HashMap<&'static str, Vec<&'static str>>,
    shapes: HashMap<(&'static str, &'static str), Vec<Shape>>,
    events: BTreeMap<&'static str, Event>,
    scopes: Vec<&'static str>,
    contexts: BTreeMap<&'static str, Vec<&'static str>>,
    functions: BTreeMap<&'static str, (usize, usize)>,
    available: Vec<Availability>,
    labels: Vec<(&'static str, Option<System>)>,
    retired_labels: Vec<&'static str>,
    shells: BTreeMap<&'static str, Vec<System>>,
    version_inputs: Vec<&'static str>,
    runtimes: BTreeMap<&'static str, bool>,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let mut schema = Schema::default();
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        row(&mut schema, &words);
    }
    schema
});

fn row(schema: &mut Schema, words: &[&'static str]) {
    match words {
        ["keys", block, keys @ ..] => {
            schema.keys.insert(block, keys.to_vec());
        }
        ["shape", block, key, kinds] => {
            schema.shapes.insert((block, key), kinds.split(',').filter_map(shape).collect());
        }
        ["event", name, activities, filters] => {
            let event = Event { activities: members(activities), filters: members(filters) };
            schema.events.insert(name, event);
        }
        ["scope", names @ ..] => schema.scopes.extend(names),
        ["context", name, names] => {
            schema.contexts.insert(name, members(names));
        }
        ["function", name, fewest, most] => {
            let number = |text: &str| text.parse().unwrap_or(0);
            schema.functions.insert(name, (number(fewest), number(most)));
        }
        ["available", path, contexts, functions] => schema.available.push(Availability {
            path: path.split('.').collect(),
            contexts: members(contexts),
            functions: members(functions),
        }),
        ["label", name, labels @ ..] => schema.labels.extend(labels.iter().map(|label| (*label, system(name)))),
        ["retired", labels @ ..] => schema.retired_labels.extend(labels),
        ["shell", name, systems] => {
            schema.shells.insert(name, systems.split(',').filter_map(system).collect());
        }
        ["version-input", names @ ..] => schema.version_inputs.extend(names),
        ["runtime", name, state] => {
            schema.runtimes.insert(name, *state == "retired");
        }
        _ => {}
    }
}

/// Names with commas between them; `-` for none.
fn members(text: &'static str) -> Vec<&'static str> {
    if text == "-" { Vec::new() } else { text.split(',').collect() }
}

fn shape(word: &str) -> Option<Shape> {
    match word {
        "scalar" => Some(Shape::Scalar),
        "number" => Some(Shape::Number),
        "bool" => Some(Shape::Bool),
        "list" => Some(Shape::List),
        "map" => Some(Shape::Map),
        _ => None,
    }
}

fn system(word: &str) -> Option<System> {
    match word {
        "linux" => Some(System::Linux),
        "windows" => Some(System::Windows),
        "macos" => Some(System::Macos),
        _ => None,
    }
}

/// The keys of a kind of mapping.
pub fn keys(block: &str) -> &'static [&'static str] {
    SCHEMA.keys.get(block).map_or(&[], Vec::as_slice)
}

/// What may stand at a key; nothing where anything may.
pub fn shapes(block: &str, key: &str) -> &'static [Shape] {
    SCHEMA.shapes.iter().find(|((of, name), _)| *of == block && *name == key).map_or(&[], |(_, shapes)| shapes)
}

pub fn event(name: &str) -> Option<&'static Event> {
    SCHEMA.events.get(name)
}

pub fn events() -> impl Iterator<Item = &'static str> {
    SCHEMA.events.keys().copied()
}

/// The scopes of `permissions`.
pub fn scopes() -> &'static [&'static str] {
    &SCHEMA.scopes
}

/// The members of a context, `*` for any; nothing for what is no context.
pub fn context(name: &str) -> Option<&'static [&'static str]> {
    SCHEMA.contexts.get(name).map(Vec::as_slice)
}

pub fn contexts() -> impl Iterator<Item = &'static str> {
    SCHEMA.contexts.keys().copied()
}

/// The fewest and the most arguments of a function, by its name in lower case.
pub fn function(name: &str) -> Option<(usize, usize)> {
    SCHEMA.functions.get(name).copied()
}

pub fn functions() -> impl Iterator<Item = &'static str> {
    SCHEMA.functions.keys().copied()
}

/// Whether a function is known at some keys only.
pub fn is_special(function: &str) -> bool {
    matches!(function, "always" | "cancelled" | "success" | "failure" | "hashfiles")
}

/// What an expression may use at a path of keys; nothing where no expression is looked for.
pub fn available(path: &[&str]) -> Option<&'static Availability> {
    SCHEMA.available.iter().find(|row| {
        let (most, is_open) = match row.path.split_last() {
            Some((&"**", most)) => (most, true),
            _ => (row.path.as_slice(), false),
        };
        let is_long_enough = if is_open { path.len() >= most.len() } else { path.len() == most.len() };
        is_long_enough
            && path.iter().zip(most).all(|(name, wanted)| *wanted == "*" || name.eq_ignore_ascii_case(wanted))
    })
}

/// The labels of GitHub's own runners, and those that runners of one's own get by themselves.
pub fn labels() -> impl Iterator<Item = &'static str> {
    SCHEMA.labels.iter().map(|(label, _)| *label)
}

/// The system behind a label of GitHub's own.
pub fn system_of(label: &str) -> Option<System> {
    SCHEMA.labels.iter().find(|(known, _)| known.eq_ignore_ascii_case(label)).and_then(|(_, system)| *system)
}

pub fn is_retired_label(label: &str) -> bool {
    SCHEMA.retired_labels.contains(&label)
}

/// Where a shell is; nothing for one that GitHub does not know by its name.
pub fn systems_of_shell(shell: &str) -> Option<&'static [System]> {
    SCHEMA.shells.get(shell).map(Vec::as_slice)
}

pub fn shells() -> impl Iterator<Item = &'static str> {
    SCHEMA.shells.keys().copied()
}

/// Whether a number as this input's value would lose its last zero.
pub fn is_version_input(name: &str) -> bool {
    SCHEMA.version_inputs.contains(&name)
}

/// Whether runners no longer have what an action runs on; nothing for what never was.
pub fn is_retired_runtime(using: &str) -> Option<bool> {
    SCHEMA.runtimes.get(using).copied()
}

pub fn runtimes() -> impl Iterator<Item = &'static str> {
    SCHEMA.runtimes.keys().copied()
}

#[cfg(test)]
mod tests {
    use super::{available, context, event, function, keys, shapes, system_of};

    #[test]
    fn rows_are_read() {
        assert!(keys("step").contains(&"uses") && shapes("job", "steps").len() == 1);
        assert!(event("push").is_some_and(|event| event.filters.contains(&"tags") && event.activities.is_empty()));
        assert!(context("github").is_some_and(|members| members.contains(&"sha")) && function("join") == Some((1, 2)));
        assert!(system_of("ubuntu-24.04").is_some() && system_of("self-hosted").is_none());
    }

    #[test]
    fn places_know_their_contexts() {
        let contexts = |path: &str| available(&path.split('.').collect::<Vec<_>>()).map(|row| row.contexts.join(" "));
        assert_eq!(contexts("jobs.a.if").as_deref(), Some("github inputs vars needs"));
        assert!(contexts("jobs.a.strategy.matrix.os.0").is_some_and(|names| !names.contains("matrix")));
        assert!(contexts("jobs.a.steps.0.with.x").is_some_and(|names| names.contains("secrets")));
        assert!(contexts("jobs.a.steps.0.uses").is_none());
    }
}
