//! What stands beside the workflows of a repository: `dependabot.yml`, `actions.lock`, pre-commit's configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Nothing;
use super::read::{fill_texts, flag_at, value};
use crate::data::github::lists;
use crate::model::pipeline::{ActionLock, GithubRepository, Hook, LockEntry, Update};
use crate::model::{Head, Id, Model, One};
use crate::source::{FileId, World};
use crate::syntax::yaml::{self, Node};
use crate::syntax::{Kind, Sources};
use crate::value::{Origin, Value};

pub(super) fn lower(sources: &Sources<'_>, model: &mut Model, repository: Id<GithubRepository>, root: &str) {
    let world = sources.world;
    let below = |path: &str| if root.is_empty() { path.to_owned() } else { format!("{root}/{path}") };
    for name in [".github/dependabot.yml", ".github/dependabot.yaml"] {
        if let Some(file) = world.find(&below(name)) {
            updates(sources, model, repository, file);
        }
    }
    for file in sources.subjects_of(Kind::PreCommit) {
        if world.file(file).folder() == root {
            hooks(sources, model, repository, file);
        }
    }
    if let Some(file) = world.find(&below(".github/workflows/actions.lock")) {
        lock(world, model, repository, file);
    }
}

fn updates(sources: &Sources<'_>, model: &mut Model, repository: Id<GithubRepository>, file: FileId) {
    let Some(root) = sources.tree(file).root.as_ref() else { return };
    for entry in root.get("updates").map(Node::items).unwrap_or_default() {
        let ecosystem = entry.get("package-ecosystem");
        let span = ecosystem.map_or(entry.span, |node| node.span);
        let name = ecosystem.and_then(Node::scalar_text).unwrap_or("updates");
        let mut update = Update::new(Head { block: entry.span, ..Head::new(name, span) });
        update.ecosystem.set(Value::text(name, Origin::written(span)));
        fill_texts(&mut update.directories, entry, "directories", &Nothing);
        fill_texts(&mut update.directories, entry, "directory", &Nothing);
        if let Some(cooldown) = entry.entry("cooldown") {
            update.has_cooldown.set(flag_at(true, cooldown.span()));
        }
        if let Some(external) = entry.entry("insecure-external-code-execution") {
            let is_allowed = external.value.scalar_text() == Some("allow");
            update.runs_external_code.set(flag_at(is_allowed, external.span()));
        }
        update.github_repository = One::to(repository, Origin::written(span));
        let id = model.pipeline.updates.push(update);
        model[repository].updates.push(id, Origin::written(span));
    }
}

fn hooks(sources: &Sources<'_>, model: &mut Model, repository: Id<GithubRepository>, file: FileId) {
    let Some(root) = sources.tree(file).root.as_ref() else { return };
    for entry in root.get("repos").map(Node::items).unwrap_or_default() {
        let Some(url) = entry.get("repo") else { continue };
        let mut hook =
            Hook::new(Head { block: entry.span, ..Head::new(url.scalar_text().unwrap_or("hook"), url.span) });
        hook.url.set(value(url, &Nothing));
        let name = url.scalar_text().and_then(|text| text.split_once("github.com/")).map_or("", |(_, name)| name);
        let name = name.trim_end_matches(['/']).trim_end_matches(".git").to_lowercase();
        hook.is_archived.set(flag_at(lists::is_archived(&name), url.span));
        if let Some(rev) = entry.get("rev") {
            hook.rev.set(value(rev, &Nothing));
        }
        hook.github_repository = One::to(repository, Origin::written(url.span));
        let id = model.pipeline.hooks.push(hook);
        model[repository].hooks.push(id, Origin::written(url.span));
    }
}

/// The lock and what it means for the uses that are lowered by now: a workflow that it names runs what it records.
fn lock(world: &World, model: &mut Model, repository: Id<GithubRepository>, file: FileId) {
    let parsed = yaml::read(file, "actions.lock", world.file(file).text().unwrap_or(""));
    let Some(root) = &parsed.root else { return };
    let mut lock = ActionLock::new(Head { block: root.span, ..Head::new("actions.lock", root.span.at_start()) });
    lock.version.read(root.span, "version", root.get("version").map(|node| value(node, &Nothing)));
    stale_workflows(world, model, repository, root);
    let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    for entry in root.get("dependencies").map(Node::entries).unwrap_or_default() {
        let commit =
            entry.value.get("commit").map_or_else(|| value(&entry.value, &Nothing), |node| value(node, &Nothing));
        dependency(model, repository, entry, &commit);
        entries.insert(Arc::from(entry.key.to_lowercase()), commit);
    }
    let onboarded: Vec<&str> =
        root.get("workflows").map(Node::entries).unwrap_or_default().iter().map(|entry| &*entry.key).collect();
    let workflows: Vec<_> = model[repository].workflows.ids().collect();
    for workflow in workflows {
        let path = model[workflow].path.as_str().unwrap_or("").to_owned();
        let Some(listed) = onboarded.iter().find(|listed| path.ends_with(*listed)) else { continue };
        let place = root.at(&["workflows", listed]).map_or(root.span, |node| node.span);
        model[workflow].is_onboarded.set(flag_at(true, place));
        pin_uses(model, workflow, &entries);
    }
    lock.entries.set(Value::map(entries, Origin::written(root.span)));
    lock.github_repository = One::to(repository, Origin::written(root.span.at_start()));
    let id = model.pipeline.action_locks.push(lock);
    model[repository].action_lock = One::to(id, Origin::written(root.span.at_start()));
}

/// A row of the lock whose commit a workflow pins otherwise.
fn dependency(model: &mut Model, repository: Id<GithubRepository>, entry: &yaml::Entry, commit: &Value) {
    let (name, git_ref) = entry.key.split_once('@').unwrap_or((&entry.key, ""));
    let hash = commit.as_str().unwrap_or("").trim_start_matches("sha1-").to_lowercase();
    let is_commit = git_ref.len() == 40 && git_ref.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_own = |text: &str| text.eq_ignore_ascii_case(name);
    let pinned = model.pipeline.uses.iter().map(|(_, uses)| uses).find(|uses| {
        let action = format!("{}/{}", uses.owner.as_str().unwrap_or(""), uses.repo.as_str().unwrap_or(""));
        is_own(&action) && uses.git_ref.as_str().is_some_and(|own| own.eq_ignore_ascii_case(git_ref))
    });
    let is_stale = is_commit && !hash.is_empty() && !hash.eq_ignore_ascii_case(git_ref) && pinned.is_some();
    let row = lock_entry(entry, "dependency", is_stale, repository);
    let id = model.pipeline.lock_entries.push(row);
    model[id].commit.set(commit.clone());
}

fn lock_entry(entry: &yaml::Entry, kind: &str, is_stale: bool, repository: Id<GithubRepository>) -> LockEntry {
    let origin = Origin::written(entry.key_span);
    let mut row = LockEntry::new(Head { block: entry.span(), ..Head::new(&*entry.key, entry.key_span) });
    row.kind.set(Value::text(kind, origin.clone()));
    row.key.set(Value::text(&*entry.key, origin.clone()));
    row.is_stale.set(flag_at(is_stale, entry.key_span));
    row.github_repository = One::to(repository, origin);
    row
}

/// Workflows that the lock names, gone or not.
fn stale_workflows(world: &World, model: &mut Model, repository: Id<GithubRepository>, root: &Node) {
    let folder = model[repository].path.as_str().unwrap_or("").to_owned();
    for entry in root.get("workflows").map(Node::entries).unwrap_or_default() {
        let path = if folder.is_empty() { entry.key.to_string() } else { format!("{folder}/{}", entry.key) };
        let row = lock_entry(entry, "workflow", world.find(&path).is_none(), repository);
        model.pipeline.lock_entries.push(row);
    }
}

fn pin_uses(model: &mut Model, workflow: Id<crate::model::pipeline::Workflow>, entries: &BTreeMap<Arc<str>, Value>) {
    let of_workflow: Vec<_> = model
        .pipeline
        .uses
        .iter()
        .filter(|(_, uses)| uses.job.id().and_then(|job| model[job].workflow.id()) == Some(workflow))
        .filter(|(_, uses)| matches!(uses.kind.as_str(), Some("action" | "reusable")))
        .map(|(id, _)| id)
        .collect();
    for id in of_workflow {
        let part = |cell: &crate::model::Cell<crate::model::mark::Text>| cell.as_str().unwrap_or("").to_lowercase();
        let uses = &model[id];
        let key = format!("{}/{}@{}", part(&uses.owner), part(&uses.repo), part(&uses.git_ref));
        let span = uses.head.span;
        match entries.get(key.as_str()) {
            Some(commit) => {
                model[id].locked_commit.set(commit.clone());
                if model[id].pin.as_str() == Some("version") {
                    model[id].pin.set(Value::text("locked", Origin::written(span)));
                }
            }
            None => model[id].is_missing_in_lock.set(flag_at(true, span)),
        }
    }
}
