//! Dockerfiles into image builds, stages, instructions, commands and copies. What follows from them together (who runs
//! as root, what arrives at the first process) is the business of `facts::build`.

mod audit;
mod bake;
mod build;
mod command;
mod context;
mod installs;
mod instruction;
mod link;
mod modes;
mod process;
mod pushed;
mod reference;
mod request;
mod scope;
mod tools;

use std::collections::HashMap;

use super::command::{concluded, reason_of, say, shown, texts, unknown, word};
use crate::model::Model;
use crate::syntax::{Kind, Sources};

/// Adds the builds of all Dockerfiles of the tree.
pub(crate) fn add_files(model: &mut Model, sources: &Sources<'_>) {
    let requests = request::requests(sources);
    let tree = context::Tree::new(sources.world);
    let mut by_file: HashMap<&str, Vec<&request::Request>> = HashMap::new();
    for request in &requests {
        by_file.entry(&request.file).or_default().push(request);
    }
    for file in sources.subjects_of(Kind::Dockerfile) {
        let path = sources.world.file(file).path.as_str();
        let mut wanted = by_file.remove(path).unwrap_or_default();
        let dockerfile = sources.dockerfile(file);
        let folder = context::likely_folder(sources.world, path, &dockerfile).to_owned();
        let default = request::Request { context: Some(folder), ..request::Request::default_for(path) };
        if wanted.is_empty() {
            wanted.push(&default);
        }
        for request in wanted {
            build::add(model, sources, (file, &dockerfile), request, &tree);
        }
    }
    installs::add_requirements(model, sources);
}

pub(crate) use link::link;
