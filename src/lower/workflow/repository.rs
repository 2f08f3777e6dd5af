//! What stands beside the workflows of a repository: `dependabot.yml`, `actions.lock`, pre-commit's configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Nothing;
use super::read::{fill_texts, flag_at, value};
use crate::model::pipeline::{ActionLock, GithubRepository, Hook, Update};
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
    let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    for entry in root.get("dependencies").map(Node::entries).unwrap_or_default() {
        let commit =
            entry.value.get("commit").map_or_else(|| value(&entry.value, &Nothing), |node| value(node, &Nothing));
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
