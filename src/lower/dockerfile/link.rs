//! Joins containers with their images, the repositories that these lie in, and the builds that make them.

use std::collections::{BTreeMap, BTreeSet};

use super::pushed;
use super::reference::Reference;
use crate::logic::{Reason, Tri};
use crate::lower::workflow::nearest_root;
use crate::model::delivery::{Push, Rendering};
use crate::model::image::{ImageBuild, Repository};
use crate::model::workload::Container;
use crate::model::{Id, Model, One, ResourceMode};
use crate::source::{World, parent_of};
use crate::value::{Origin, Piece, Text, Value};

/// What each push surely sends.
type Exact = BTreeMap<Id<Push>, Vec<Id<ImageBuild>>>;

/// Builds by the plain name of a folder.
type ByFolder = BTreeMap<String, Vec<Id<ImageBuild>>>;

/// Draws the edges once tasks, builds and resources are there.
pub(crate) fn link(model: &mut Model, world: &World) {
    add_repositories(model);
    add_images(model);
    let exact = pushed::exact(model);
    let by_folder = builds_by_folder(model);
    link_builds(model, world, &exact, &by_folder);
    link_pushes(model, &exact, &by_folder);
}

/// Pushes and builds: what a push surely sends, else by the name of the folder, or where only one Dockerfile exists.
fn link_pushes(model: &mut Model, exact: &Exact, by_folder: &ByFolder) {
    let builds: Vec<Id<ImageBuild>> = model.image.image_builds.ids().collect();
    let files: BTreeSet<&str> = builds.iter().filter_map(|id| model[*id].file.as_str()).collect();
    let is_only = files.len() == 1;
    let mut links = Vec::new();
    for (push, entity) in model.delivery.pushes.iter() {
        if let Some(builds) = exact.get(&push) {
            links.extend(builds.iter().map(|build| (*build, push, entity.head.span)));
            continue;
        }
        let Some(target) = entity.target.value().as_text() else { continue };
        let last = target.suffix().rsplit('/').next().unwrap_or("");
        let named = match by_folder.get(&plain(last)) {
            Some(named) => named.as_slice(),
            None if is_only => builds.as_slice(),
            None => &[],
        };
        links.extend(named.iter().map(|build| (*build, push, entity.head.span)));
    }
    for (build, push, span) in links {
        model[build].pushes.push(push, Origin::written(span));
    }
}

/// The repositories of ECR that Terraform declares.
fn add_repositories(model: &mut Model) {
    let mut found = Vec::new();
    for (_, resource) in model.resources.resources.iter() {
        let is_public = &*resource.type_name == "aws_ecrpublic_repository";
        if !is_public && &*resource.type_name != "aws_ecr_repository" {
            continue;
        }
        let Some(body) = resource.body.as_map() else { continue };
        let attribute = |name: &str| body.entries.get(name).cloned();
        let block = resource.head.span;
        let mut repository = Repository::new(resource.head.clone());
        repository.path.read(block, "name", attribute(if is_public { "repository_name" } else { "name" }));
        repository.mutability.read(block, "image_tag_mutability", attribute("image_tag_mutability"));
        let scanning = attribute("image_scanning_configuration").map(|value| in_first_block(&value, "scan_on_push"));
        repository.scan_on_push.read(block, "image_scanning_configuration.scan_on_push", scanning.flatten());
        if resource.mode == ResourceMode::Data {
            // It is made elsewhere, and that is where its settings stand.
            let elsewhere = || {
                let reason = Reason::at("not-declared-here", "the settings of the repository", block);
                Value::unknown(reason, Origin::missing("not-declared-here", block))
            };
            repository.encryption_type.set(elsewhere());
            repository.mutability.set(elsewhere());
            repository.scan_on_push.set(elsewhere());
        }
        repository.is_public.set(super::concluded(is_public));
        if let Some(filters) = attribute("image_tag_mutability_exclusion_filter") {
            repository.exclusions.set(filter_texts(&filters));
        }
        found.push((resource.head.terraform.clone(), repository));
    }
    for (address, repository) in found {
        let id = model.image.repositories.push(repository);
        if let Some(address) = address {
            model.register(&address, id);
        }
    }
}

/// The patterns of all exclusion filters.
fn filter_texts(blocks: &Value) -> Value {
    let Some(list) = blocks.as_list() else { return blocks.clone() };
    let filter = |block: &Value| block.as_map().and_then(|map| map.entries.get("filter").cloned());
    let mut filters = crate::value::List { items: list.items.iter().filter_map(filter).collect(), ..list.clone() };
    filters.open = list.open.clone();
    Value::new(crate::value::Kind::List(std::sync::Arc::new(filters)), blocks.origin.clone())
}

/// An attribute of a block that stands at most once; a block that cannot be read makes it unknown.
fn in_first_block(block: &Value, name: &str) -> Option<Value> {
    let inner = match block.as_list() {
        Some(list) => list.items.first()?,
        None => block,
    };
    match inner.as_map() {
        Some(map) => map.entries.get(name).cloned(),
        None => Some(inner.clone()),
    }
}

/// The image of each container, with the repository that it lies in.
fn add_images(model: &mut Model) {
    let containers: Vec<_> = model.workload.containers.ids().collect();
    for id in containers {
        if let Some(image) = rendered(model, id) {
            model[id].image_name.set(image);
        }
        let container = &model[id];
        let (value, name_span) = (container.image_name.value().clone(), container.head.span);
        if let Some(reason) = value.reason() {
            model[id].image = One::unknown(reason.clone(), value.origin.clone());
            continue;
        }
        let Some(text) = value.as_text() else { continue };
        let is_placeholder = text.known().is_some_and(|known| {
            known.starts_with('<') || known.contains("PLACEHOLDER") || !known.contains(|c: char| c.is_lowercase())
        });
        if text.known() == Some("") {
            continue;
        }
        let place = value.origin.newest().map_or(name_span, |step| step.span);
        if is_placeholder {
            let reason = Reason::at("from-workflow", "image", place);
            model[id].image = One::unknown(reason, value.origin.clone());
            continue;
        }
        // A text of one literal keeps the way that the whole value came, unless it came into the text from elsewhere.
        let mut pieces = stretches(&text);
        if let [Piece::Literal(_, origin)] = &mut *pieces {
            let is_from_elsewhere = origin.span().is_some_and(|span| !place.contains(&span));
            if value.origin.steps().count() > 1 || !is_from_elsewhere {
                *origin = value.origin.clone();
            }
        }
        let mut image = Reference::new(&pieces, place).image();
        image.repository = repository_of(model, &value, &image.registry, &image.path);
        let image = model.image.images.push(image);
        model[id].image = One::to(image, value.origin.clone());
    }
}

/// The pieces of a text, literals cut where another place begins.
fn stretches(text: &Text) -> Vec<Piece> {
    let mut cut = text.stretches().into_iter().peekable();
    let mut pieces = Vec::new();
    let mut end = 0;
    for piece in text.pieces() {
        match piece {
            Piece::Hole(_) => pieces.push(piece.clone()),
            Piece::Literal(literal, _) => {
                end += literal.len();
                while let Some((_, origin, part)) = cut.next_if(|(range, ..)| range.end <= end) {
                    pieces.push(Piece::Literal(part.into(), origin));
                }
            }
        }
    }
    pieces
}

/// The image that a step puts into a definition before it is deployed; unknown where an editor of text did.
fn rendered(model: &Model, id: Id<Container>) -> Option<Value> {
    let container = &model[id];
    let path = container.task.id().and_then(|task| model[task].path.as_str())?;
    let may_change_container = |rendering: &Rendering| {
        let names = rendering.container_names.value().as_list();
        names.is_none_or(|list| {
            let named = list.items.iter().any(|name| name.as_text().is_none_or(|text| text.known().is_none()));
            named || list.open.is_some() || list.items.iter().any(|name| name.as_str() == container.name.as_str())
        })
    };
    let all = || model.delivery.renderings.iter().map(|(_, it)| it).filter(|it| may_change_container(it));
    let of_file: Vec<&Rendering> = all().filter(|it| it.file.as_str() == Some(path)).collect();
    if let Some(by_action) = of_file.iter().find(|it| it.image.is_present() != Tri::False) {
        return Some(by_action.image.value().clone());
    }
    let image = container.image_name.value();
    let edit = of_file.into_iter().find(|it| may_change(it.pattern.as_str(), image));
    // A step that renders a file of which nobody knows the name may render this one.
    let edit = edit.or_else(|| all().find(|it| it.file.equals(path) == Tri::Unknown))?;
    let reason = Reason::at("from-workflow", "image", edit.head.span);
    Some(Value::unknown(reason, image.origin.clone()))
}

/// Whether what an editor looks for may be, or stand in, the image; what nobody can read may be anything.
fn may_change(pattern: Option<&str>, image: &Value) -> bool {
    let (Some(pattern), Some(image)) = (pattern, image.as_str()) else { return true };
    let mut words = pattern.split(['|', '#', ',', '/', '\'', '"', ' ']).filter(|word| word.len() > 2);
    pattern.to_ascii_lowercase().contains("image") || image.contains(['$', '<']) || words.any(|it| image.contains(it))
}

fn repository_of(
    model: &Model,
    image: &Value,
    registry: &crate::model::Cell<crate::model::mark::Text>,
    path: &crate::model::Cell<crate::model::mark::Text>,
) -> One<Repository> {
    let references = image.references();
    for reference in &references {
        let id = model.resolve(reference).iter().find_map(|id| id.typed::<Repository>());
        if let Some(id) = id {
            return One::to(id, image.origin.clone());
        }
    }
    let host = registry.value().as_text();
    let is_private = match host.as_ref().map(|host| host.contains(".dkr.ecr.")) {
        Some(crate::logic::Tri::True) => Some(true),
        Some(crate::logic::Tri::False) => Some(false),
        Some(crate::logic::Tri::Unknown) | None => None,
    };
    let known = path.as_str();
    let by_name = model.image.repositories.iter().find(|(_, it)| known.is_some() && it.path.as_str() == known);
    match (is_private, by_name) {
        (Some(true), Some((id, _))) => One::to(id, image.origin.clone()),
        (Some(true), None) => One::unknown(Reason::new("no-value", "repository"), image.origin.clone()),
        (Some(false), _) => {
            One::absent(image.origin.span().unwrap_or(crate::source::Span::file_start(crate::source::FileId(0))))
        }
        (None, _)
            if registry.value().is_null() == crate::logic::Tri::True && references.is_empty() && known.is_some() =>
        {
            let mut absent = One::absent(crate::source::Span::file_start(crate::source::FileId(0)));
            absent.origin = image.origin.clone();
            absent
        }
        (None, _) => One::unknown(Reason::new("no-value", "repository"), image.origin.clone()),
    }
}

/// Containers and builds: by what is pushed to the container's repository; else by the name of the folder, or where only
/// one of each exists, unless the build is pushed elsewhere.
fn link_builds(model: &mut Model, world: &World, exact: &Exact, by_folder: &ByFolder) {
    let mut links: Vec<(Id<Container>, Id<ImageBuild>)> = Vec::new();
    let builds: Vec<Id<ImageBuild>> = model.image.image_builds.ids().collect();
    let mut files: Vec<&str> = builds.iter().filter_map(|id| model[*id].file.as_str()).collect();
    files.dedup();
    let private: Vec<(Id<Container>, String)> = model
        .workload
        .containers
        .iter()
        .filter_map(|(id, container)| Some((id, private_repository(model, container.image_name.value())?)))
        .collect();
    let is_one_repository = private.windows(2).all(|pair| pair[0].1 == pair[1].1);
    let sent = Sent::new(model, exact);
    for (container, repository) in &private {
        let by_push = sent.to(repository, &world.file(model[*container].head.span.file).path);
        if !by_push.is_empty() {
            links.extend(by_push.iter().map(|build| (*container, *build)));
            continue;
        }
        let last = repository.rsplit('/').next().unwrap_or("");
        let is_free = |id: &&Id<ImageBuild>| !sent.goes_elsewhere(**id, repository);
        let named = by_folder.get(&plain(last)).map_or(&[][..], Vec::as_slice);
        let before = links.len();
        links.extend(named.iter().filter(is_free).map(|build| (*container, *build)));
        if links.len() == before && files.len() == 1 && is_one_repository {
            links.extend(builds.iter().filter(is_free).map(|build| (*container, *build)));
        }
    }
    for (container, build) in links {
        let origin = model[container].image_name.origin().clone();
        model[container].image_build = One::to(build, origin.clone());
        model[build].containers.push(container, origin);
    }
    leave_open(model, &builds);
}

/// A container whose image nobody can see may run any build here.
fn leave_open(model: &mut Model, builds: &[Id<ImageBuild>]) {
    if builds.is_empty() {
        return;
    }
    let containers: Vec<_> = model.workload.containers.ids().collect();
    let mut first = None;
    for id in containers {
        let container = &model[id];
        let value = container.image_name.value();
        let hidden = value.walk().find_map(Value::reason).cloned();
        let is_private = || private_repository(model, value).is_some();
        let Some(reason) = hidden.filter(|_| container.image_build.any().is_none() && !is_private()) else { continue };
        let origin = value.origin.clone();
        model[id].image_build = One::unknown(reason.clone(), origin);
        first.get_or_insert(reason);
    }
    if let Some(reason) = first {
        builds.iter().for_each(|build| model[*build].containers.open(reason.clone()));
    }
}

/// The builds of Dockerfiles by the name of the folder that these lie in.
fn builds_by_folder(model: &Model) -> ByFolder {
    let mut by_folder = ByFolder::new();
    for (id, build) in model.image.image_builds.iter() {
        let folder = build.file.as_str().map(|file| parent_of(file).rsplit('/').next().unwrap_or(""));
        if let Some(folder) = folder.filter(|folder| !folder.is_empty()) {
            by_folder.entry(plain(folder)).or_default().push(id);
        }
    }
    by_folder
}

/// What is surely sent, and where to.
struct Sent<'m> {
    /// The folders that hold a repository's workflows.
    homes: BTreeSet<&'m str>,
    /// By name, then by the home that it is sent from.
    to: BTreeMap<String, BTreeMap<&'m str, Vec<Id<ImageBuild>>>>,
    /// Where each build goes; nothing for a name that may be any.
    of: BTreeMap<Id<ImageBuild>, Vec<Option<String>>>,
}

impl<'m> Sent<'m> {
    fn new(model: &'m Model, exact: &Exact) -> Sent<'m> {
        let homes = model.pipeline.repositories.iter().filter_map(|(_, it)| it.path.as_str()).collect();
        let mut sent = Sent { homes, to: BTreeMap::new(), of: BTreeMap::new() };
        for (push, builds) in exact {
            let push = &model[*push];
            let target = push.target.value().as_text().and_then(|text| pushed::name(&text));
            // A hole in the name may be any repository.
            let target = target.filter(|name| !name.contains('{'));
            let workflow = push.job.id().and_then(|job| model[job].workflow.id());
            let repository = workflow.and_then(|workflow| model[workflow].github_repository.id());
            let home = repository.and_then(|repository| model[repository].path.as_str()).unwrap_or("");
            for build in builds {
                sent.of.entry(*build).or_default().push(target.clone());
                if let Some(target) = &target {
                    let known = sent.to.entry(target.to_ascii_lowercase()).or_default().entry(home).or_default();
                    if !known.contains(build) {
                        known.push(*build);
                    }
                }
            }
        }
        sent
    }

    /// What is sent to a repository of images: from the repository that a file lies in, else from anywhere.
    fn to(&self, repository: &str, path: &str) -> Vec<Id<ImageBuild>> {
        let Some(by_home) = self.to.get(&repository.to_ascii_lowercase()) else { return Vec::new() };
        match by_home.get(nearest_root(&self.homes, path)) {
            Some(own) => own.clone(),
            None => by_home.values().flatten().copied().collect(),
        }
    }

    /// Whether a build is sent, but never to this repository.
    fn goes_elsewhere(&self, build: Id<ImageBuild>, repository: &str) -> bool {
        let is_other =
            |target: &Option<String>| target.as_deref().is_some_and(|it| !it.eq_ignore_ascii_case(repository));
        self.of.get(&build).is_some_and(|targets| targets.iter().all(is_other))
    }
}

/// What the private repository of an image is called; nothing for images of others.
fn private_repository(model: &Model, image: &Value) -> Option<String> {
    for reference in image.references() {
        if reference.address.contains("aws_ecr_repository") {
            let id = model.resolve(reference).iter().find_map(|id| id.typed::<Repository>());
            let name = id.and_then(|id| model[id].path.as_str().map(str::to_owned));
            return Some(name.unwrap_or_else(|| named(&reference.address)));
        }
    }
    let text = image.as_text()?;
    let literal: String = text
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Literal(text, _) => text.to_string(),
            Piece::Hole(_) => "*".to_owned(),
        })
        .collect();
    let (_, rest) = literal.split_once(".dkr.ecr.")?;
    let (_, path) = rest.split_once('/')?;
    Some(path.split(['@', ':']).next().unwrap_or(path).to_owned())
}

/// The label of a resource's address, or the key of its instance.
fn named(address: &str) -> String {
    let label = address.rsplit("aws_ecr_repository.").next().unwrap_or(address);
    match label.split_once('[') {
        Some((_, key)) => key.trim_matches(['"', ']']).to_owned(),
        None => label.to_owned(),
    }
}

/// `my-app` and `My_app` name one thing.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}
