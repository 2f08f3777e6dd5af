//! Joins containers with the builds of their images.

use crate::model::image::ImageBuild;
use crate::model::{Id, Model, One};
use crate::source::parent_of;
use crate::value::{Kind, Text, Value};

/// Draws the edges once tasks and builds are there: by the name of the folder, or where only one of each exists.
pub(crate) fn link(model: &mut Model) {
    let mut links: Vec<(usize, Id<ImageBuild>)> = Vec::new();
    let builds: Vec<Id<ImageBuild>> = model.image.image_builds.ids().collect();
    let mut files: Vec<&str> = builds.iter().filter_map(|id| model[*id].file.as_str()).collect();
    files.dedup();
    let private: Vec<(usize, Repository)> = model
        .workload
        .containers
        .iter()
        .enumerate()
        .filter_map(|(index, (_, container))| Some((index, repository(container.image_name.value())?)))
        .collect();
    for (index, repository) in &private {
        let by_folder = builds.iter().filter(|id| {
            let folder =
                model[**id].file.as_str().map(|file| parent_of(file).rsplit('/').next().unwrap_or("").to_owned());
            let last = repository.path.rsplit('/').next().unwrap_or("");
            folder.is_some_and(|folder| !folder.is_empty() && names_one_thing(&folder, last))
        });
        let named: Vec<Id<ImageBuild>> = by_folder.copied().collect();
        match named.as_slice() {
            [] if files.len() == 1 && private.iter().all(|(_, other)| other == repository) => {
                links.extend(builds.iter().map(|id| (*index, *id)));
            }
            [] => {}
            named => links.extend(named.iter().map(|id| (*index, *id))),
        }
    }
    let containers: Vec<_> = model.workload.containers.ids().collect();
    for (index, build) in links {
        let container = containers[index];
        let origin = model[container].image_name.origin().clone();
        model[container].image_build = One::to(build, origin.clone());
        model[build].containers.push(container, origin);
    }
}

/// What tells one private repository from another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Repository {
    path: String,
}

/// The private repository of ECR that an image lies in; nothing for images of others.
fn repository(image: &Value) -> Option<Repository> {
    if let Kind::Reference(reference) = &image.kind {
        return reference
            .address
            .contains("aws_ecr_repository")
            .then(|| Repository { path: named(&reference.address) });
    }
    let text: Text = image.as_text()?;
    for hole in text.holes() {
        if let Kind::Reference(reference) = &hole.kind
            && reference.address.contains("aws_ecr_repository")
        {
            return Some(Repository { path: named(&reference.address) });
        }
    }
    let literal: String = text
        .pieces()
        .iter()
        .map(|piece| match piece {
            crate::value::Piece::Literal(text, _) => text.to_string(),
            crate::value::Piece::Hole(_) => "*".to_owned(),
        })
        .collect();
    let (_, rest) = literal.split_once(".dkr.ecr.")?;
    let (_, path) = rest.split_once('/')?;
    let path = path.split(['@', ':']).next().unwrap_or(path);
    Some(Repository { path: path.to_owned() })
}

/// The label of a resource's address, without its key.
fn named(address: &str) -> String {
    let label = address.rsplit("aws_ecr_repository.").next().unwrap_or(address);
    match label.split_once('[') {
        Some((_, key)) => key.trim_matches(['"', ']']).to_owned(),
        None => label.to_owned(),
    }
}

/// `app` and `app`, `my-app` and `my_app`.
fn names_one_thing(folder: &str, repository: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    plain(folder) == plain(repository)
}
