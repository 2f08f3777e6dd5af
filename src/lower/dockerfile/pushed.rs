//! Which push sends which build: the step that does both, or the name that the image was built under and given later.
//! The repository that a build is pushed to says which containers run it, better than any name of a folder.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::delivery::Push;
use crate::model::image::{Command, ImageBuild};
use crate::model::pipeline::{Step, Workflow};
use crate::model::{Id, Model};
use crate::value::{Piece, Text, Value};

/// Every push with the builds that it surely sends.
pub(super) fn exact(model: &Model) -> BTreeMap<Id<Push>, Vec<Id<ImageBuild>>> {
    let made = Made::new(model);
    let of_push = |(id, push): (Id<Push>, &Push)| {
        let by_action = push.step.id().filter(|step| model[*step].uses.id().is_some());
        let builds = match by_action {
            Some(step) => made.by_step.get(&step).cloned().unwrap_or_default(),
            None => made.by_name(push),
        };
        (id, builds)
    };
    model.delivery.pushes.iter().map(of_push).filter(|(_, builds)| !builds.is_empty()).collect()
}

/// What steps and workflows build, and what they call it.
struct Made<'m> {
    model: &'m Model,
    by_step: BTreeMap<Id<Step>, Vec<Id<ImageBuild>>>,
    by_workflow: BTreeMap<Id<Workflow>, Vec<(Id<ImageBuild>, BTreeSet<String>)>>,
    /// `docker tag A B` of each workflow.
    retags: BTreeMap<Id<Workflow>, Vec<(String, String)>>,
}

impl<'m> Made<'m> {
    fn new(model: &'m Model) -> Made<'m> {
        let mut commands: BTreeMap<Id<Step>, Vec<&Command>> = BTreeMap::new();
        let mut made = Made { model, by_step: BTreeMap::new(), by_workflow: BTreeMap::new(), retags: BTreeMap::new() };
        for (_, command) in model.image.commands.iter() {
            let Some(step) = command.step.id() else { continue };
            commands.entry(step).or_default().push(command);
            let workflow = model[step].job.id().and_then(|job| model[job].workflow.id());
            if let (Some(workflow), Some(retag)) = (workflow, retag(command)) {
                made.retags.entry(workflow).or_default().push(retag);
            }
        }
        for (id, build) in model.image.image_builds.iter() {
            let step = build.step.id();
            if let Some(step) = step {
                made.by_step.entry(step).or_default().push(id);
            }
            if let Some(workflow) = build.job.id().and_then(|job| model[job].workflow.id()) {
                let commands = step.and_then(|step| commands.get(&step)).map_or(&[][..], Vec::as_slice);
                made.by_workflow.entry(workflow).or_default().push((id, names_of(build, commands)));
            }
        }
        made
    }

    fn by_name(&self, push: &Push) -> Vec<Id<ImageBuild>> {
        let workflow = push.job.id().and_then(|job| self.model[job].workflow.id());
        let Some(builds) = workflow.and_then(|workflow| self.by_workflow.get(&workflow)) else { return Vec::new() };
        let Some(target) = push.target.value().as_text() else { return Vec::new() };
        let mut names: BTreeSet<String> = name(&target).into_iter().collect();
        // `docker tag A B`: B was A. A chain of names is short, and each turn adds one.
        let retags = workflow.and_then(|workflow| self.retags.get(&workflow)).map_or(&[][..], Vec::as_slice);
        loop {
            let earlier = retags.iter().filter(|(_, new)| names.contains(new)).map(|(old, _)| old.clone());
            let earlier: BTreeSet<String> = earlier.filter(|old| !names.contains(old)).collect();
            if earlier.is_empty() {
                break;
            }
            names.extend(earlier);
        }
        let matching = builds.iter().filter(|(_, own)| !own.is_disjoint(&names));
        let matching: Vec<Id<ImageBuild>> = matching.map(|(id, _)| *id).collect();
        // Another job may build a namesake; the own job's comes first.
        let is_own = |id: &Id<ImageBuild>| self.model[*id].job.id() == push.job.id();
        let own: Vec<Id<ImageBuild>> = matching.iter().copied().filter(is_own).collect();
        if own.is_empty() { matching } else { own }
    }
}

/// The names that a build is given, without hosts and tags; `commands` are those of its step.
fn names_of(build: &ImageBuild, commands: &[&Command]) -> BTreeSet<String> {
    let written = build.tags.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
    let mut names: BTreeSet<String> =
        written.iter().filter_map(Value::as_text).filter_map(|text| name(&text)).collect();
    let place = build.step.origin.span();
    let mut same = commands.iter().filter(|command| Some(command.head.block) == place);
    // A loop repeats one command; which turn built this is told by the words that the build itself knows.
    if let (Some(only), None) = (same.next(), same.next()) {
        names.extend(options(only, &["-t", "--tag"]).iter().filter_map(|value| name(&value.as_text()?)));
    }
    names
}

/// The old and the new name of `docker tag`.
fn retag(command: &Command) -> Option<(String, String)> {
    let is_tool = command.program.as_str().is_some_and(|it| matches!(it, "docker" | "podman" | "nerdctl"));
    let items = command.arguments.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
    let [verb, old, new] = items else { return None };
    if !is_tool || verb.as_str() != Some("tag") {
        return None;
    }
    Some((name(&old.as_text()?)?, name(&new.as_text()?)?))
}

/// The values of an option of a command that is an entity.
fn options(command: &Command, names: &[&str]) -> Vec<Value> {
    let items = command.arguments.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
    let behind = items.windows(2).filter(|pair| pair[0].as_str().is_some_and(|it| names.contains(&it)));
    behind.map(|pair| pair[1].clone()).collect()
}

/// What an image is called, without the registry in front and the tag behind; holes by what they stand for.
pub(super) fn name(image: &Text) -> Option<String> {
    let mut shown = String::new();
    for piece in image.pieces() {
        match piece {
            Piece::Literal(text, _) => shown.push_str(text),
            // No colon or slash of a hole's own name may be taken for the image's.
            Piece::Hole(hole) => {
                let object = hole.reason().map_or_else(
                    || hole.references().first().map(|it| format!("{}.{}", it.address, it.path)).unwrap_or_default(),
                    |reason| reason.object.clone(),
                );
                shown.push('{');
                shown.push_str(&object.replace([':', '/', '@'], "."));
                shown.push('}');
            }
        }
    }
    let shown = shown.split('@').next().unwrap_or_default();
    let start = shown.rfind('/').map_or(0, |at| at + 1);
    let end = shown[start..].find(':').map_or(shown.len(), |at| start + at);
    let path = &shown[..end];
    let path = match path.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':', '{']) || host == "localhost" => rest,
        Some(_) | None => path,
    };
    (!path.is_empty()).then(|| path.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::name;
    use crate::value::{Origin, Value};

    #[test]
    fn names() {
        let check = |image: &str, expected: Option<&str>| {
            let text = Value::text(image, Origin::none()).as_text().expect("a text");
            assert_eq!(name(&text).as_deref(), expected, "{image}");
        };
        check("app", Some("app"));
        check("app:1", Some("app"));
        check("team/app:1", Some("team/app"));
        check("123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app:1", Some("team/app"));
        check("localhost:5000/app@sha256:00", Some("app"));
        check("", None);
    }
}
