//! Which push sends which build: the step that does both, or the name that the image was built under and given later.
//! The repository that a build is pushed to says which containers run it, better than any name of a folder.

use std::collections::BTreeSet;

use crate::model::delivery::Push;
use crate::model::image::{Command, ImageBuild};
use crate::model::pipeline::{Step, Workflow};
use crate::model::{Id, Model};
use crate::value::{Piece, Text, Value};

/// Every push with the builds that it surely sends.
pub(super) fn exact(model: &Model) -> Vec<(Id<Push>, Vec<Id<ImageBuild>>)> {
    let named: Vec<(Id<ImageBuild>, BTreeSet<String>)> =
        model.image.image_builds.ids().map(|id| (id, names_of(model, id))).collect();
    let of_push = |(id, push): (Id<Push>, &Push)| {
        let by_action = push.step.id().filter(|step| model[*step].uses.id().is_some());
        let builds = match by_action {
            Some(step) => {
                named.iter().filter(|(build, _)| model[*build].step.id() == Some(step)).map(|it| it.0).collect()
            }
            None => by_name(model, push, &named),
        };
        (id, builds)
    };
    model.delivery.pushes.iter().map(of_push).filter(|(_, builds)| !builds.is_empty()).collect()
}

fn by_name(model: &Model, push: &Push, named: &[(Id<ImageBuild>, BTreeSet<String>)]) -> Vec<Id<ImageBuild>> {
    let Some(workflow) = push.job.id().and_then(|job| model[job].workflow.id()) else { return Vec::new() };
    let Some(target) = push.target.value().as_text() else { return Vec::new() };
    let mut names: BTreeSet<String> = name(&target).into_iter().collect();
    // `docker tag A B`: B was A. A chain of names is short, and each turn adds one.
    let retags = retags(model, workflow);
    loop {
        let earlier = retags.iter().filter(|(_, new)| names.contains(new)).map(|(old, _)| old.clone());
        let earlier: BTreeSet<String> = earlier.filter(|old| !names.contains(old)).collect();
        if earlier.is_empty() {
            break;
        }
        names.extend(earlier);
    }
    let of_workflow = |build: &ImageBuild| build.job.id().and_then(|job| model[job].workflow.id()) == Some(workflow);
    let matching = named.iter().filter(|(id, own)| of_workflow(&model[*id]) && !own.is_disjoint(&names));
    let matching: Vec<Id<ImageBuild>> = matching.map(|(id, _)| *id).collect();
    // Another job may build a namesake; the own job's comes first.
    let own: Vec<Id<ImageBuild>> = matching.iter().copied().filter(|id| model[*id].job.id() == push.job.id()).collect();
    if own.is_empty() { matching } else { own }
}

/// The names that a build is given, without hosts and tags.
fn names_of(model: &Model, build: Id<ImageBuild>) -> BTreeSet<String> {
    let written = model[build].tags.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
    let mut names: BTreeSet<String> =
        written.iter().filter_map(Value::as_text).filter_map(|text| name(&text)).collect();
    let Some(step) = model[build].step.id() else { return names };
    let place = model[build].step.origin.span();
    let mut same = commands_of(model, step).filter(|command| Some(command.head.block) == place);
    // A loop repeats one command; which turn built this is told by the words that the build itself knows.
    if let (Some(only), None) = (same.next(), same.next()) {
        names.extend(options(only, &["-t", "--tag"]).iter().filter_map(|value| name(&value.as_text()?)));
    }
    names
}

fn commands_of<'m>(model: &'m Model, step: Id<Step>) -> impl Iterator<Item = &'m Command> {
    model.image.commands.iter().map(|(_, command)| command).filter(move |command| command.step.id() == Some(step))
}

fn retags(model: &Model, workflow: Id<Workflow>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (_, command) in model.image.commands.iter() {
        let is_here = command.step.id().and_then(|step| model[step].job.id()).and_then(|job| model[job].workflow.id());
        let is_tool = command.program.as_str().is_some_and(|it| matches!(it, "docker" | "podman" | "nerdctl"));
        if is_here != Some(workflow) || !is_tool {
            continue;
        }
        let items = command.arguments.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
        let [verb, old, new] = items else { continue };
        if verb.as_str() != Some("tag") {
            continue;
        }
        let of = |value: &Value| name(&value.as_text()?);
        found.extend(of(old).zip(of(new)));
    }
    found
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
