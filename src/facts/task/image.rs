//! What a container makes of its image: who its process is, whether the tool of its health check is there, whether the
//! processor fits, whether the stop signal reaches the server behind a script.

use super::{place, reason_of};
use crate::data::images::{BaseImage, StartsAs, base_image};
use crate::facts::{Facts, build};
use crate::logic::{Fact, Reason, Tri};
use crate::model::image::{Image, ImageBuild};
use crate::model::workload::Container;
use crate::model::{Id, Link, Model, Reading};
use crate::source::Place;

/// What the table of public images says of a container's image; the reason where it says nothing.
fn foreign(model: &Model, container: &Container) -> Result<&'static BaseImage, Reason> {
    let span = container.head.span;
    let image: &Image = match &container.image.link {
        Link::To(_) => match container.image.id() {
            Some(id) => &model[id],
            None => return Err(Reason::at("no-value", "image", span)),
        },
        Link::Absent => return Err(Reason::at("no-value", "image", span)),
        Link::Unknown(reason) => return Err(reason.clone()),
    };
    let unknown = || Reason::at("not-declared-here", &image.head.name, span);
    let path = image.path.as_str().ok_or_else(unknown)?;
    let whole = match image.registry.get() {
        Reading::Known(registry) => format!("{}/{path}", registry.known().ok_or_else(unknown)?),
        Reading::Absent => path.to_owned(),
        Reading::Unknown(reason) => return Err(reason),
    };
    base_image(&whole, image.tag.as_str()).ok_or_else(unknown)
}

pub(super) fn runs_as_root(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let span = container.head.span;
    match container.user.get() {
        Reading::Known(user) => {
            return match build::is_root(&user) {
                Tri::Unknown => Fact::unknown(reason_of(container.user.value(), "user")),
                decided => Fact::new(decided, vec![place(&container.user, span, "the container's user")]),
            };
        }
        Reading::Unknown(reason) => return Fact::unknown(reason),
        Reading::Absent => {}
    }
    // Of an image that is built here its Dockerfile tells.
    if container.image_build.any().is_some() {
        return Fact::no(vec![Place::new(span, "")]);
    }
    match foreign(model, container) {
        Err(reason) => Fact::unknown(reason),
        Ok(base) => match base.starts_as {
            StartsAs::Root => Fact::yes(vec![Place::new(span, "no user is set, and the image starts as root")]),
            StartsAs::Other => Fact::no(vec![Place::new(span, "")]),
            StartsAs::GivesRootUp => keeps_entrypoint(container),
        },
    }
}

/// The entrypoint of such an image gives root up for its own server only.
fn keeps_entrypoint(container: &Container) -> Fact {
    let span = container.head.span;
    let no = Fact::no(vec![Place::new(span, "")]);
    let root = Fact::yes(vec![Place::new(span, "with another command the image's entrypoint keeps root")]);
    match container.entry_point.is_present() {
        Tri::True => return root,
        Tri::Unknown => return Fact::unknown(reason_of(container.entry_point.value(), "entryPoint")),
        Tri::False => {}
    }
    let Some(list) = container.command_line.value().as_list() else {
        return match container.command_line.value().reason() {
            Some(reason) => Fact::unknown(reason.clone()),
            None => no,
        };
    };
    const SERVERS: [&str; 8] =
        ["redis-server", "postgres", "mysqld", "mariadbd", "mongod", "mongos", "rabbitmq-server", "redis-sentinel"];
    match list.items.first() {
        None => no,
        Some(first) => match first.as_str() {
            Some(word) if word.starts_with('-') || SERVERS.contains(&word) => no,
            Some(_) => root,
            None => Fact::unknown(reason_of(first, "command")),
        },
    }
}

/// Whether anybody says who the process is: the container, or an image that is known.
pub(super) fn user_is_settled(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let span = container.head.span;
    match container.user.is_present() {
        Tri::True => return Fact::yes(vec![place(&container.user, span, "")]),
        Tri::Unknown => return Fact::unknown(reason_of(container.user.value(), "user")),
        Tri::False => {}
    }
    if container.image_build.any().is_some() || foreign(model, container).is_ok() {
        return Fact::yes(vec![Place::new(span, "")]);
    }
    match &container.image.link {
        Link::Unknown(reason) => Fact::unknown(reason.clone()),
        Link::To(_) | Link::Absent => {
            Fact::no(vec![Place::new(span, "no user is set, and nothing is known of the image")])
        }
    }
}

/// Tools that health checks call and that slim images lack.
const TOOLS: [&str; 3] = ["curl", "wget", "nc"];

pub(super) fn health_check_tool_exists(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let span = container.head.span;
    let program = &container.health_check_program;
    let at = |role: &str| place(program, span, role);
    let name = match program.get() {
        Reading::Absent => return Fact::yes(vec![Place::new(span, "")]),
        Reading::Unknown(reason) => return Fact::unknown(reason),
        Reading::Known(name) => match name.known() {
            Some(known) => known.to_owned(),
            None => return Fact::unknown(reason_of(program.value(), "healthCheck")),
        },
    };
    if !TOOLS.contains(&name.as_str()) {
        return Fact::yes(vec![at("")]);
    }
    let Some(build) = container.image_build.id().map(|id| &model[id]) else {
        return match &container.image.link {
            Link::Unknown(reason) => Fact::unknown(reason.clone()),
            Link::To(_) | Link::Absent => Fact::unknown(Reason::at("not-declared-here", "the image", span)),
        };
    };
    let tools = build.tools.value();
    let Some(list) = tools.as_list() else { return Fact::unknown(reason_of(tools, "tools of the image")) };
    let found = list.items.iter().any(|tool| tool.as_str() == Some(&name));
    match (found, &list.open) {
        (true, _) => Fact::yes(vec![at("")]),
        (false, Some(reason)) => Fact::unknown(reason.clone()),
        (false, None) => {
            let mut places = vec![at(&format!("the image has no `{name}`"))];
            places.extend(base_of(model, build));
            Fact::no(places)
        }
    }
}

/// The FROM that decides what an image brings along.
fn base_of(model: &Model, build: &ImageBuild) -> Option<Place> {
    let mut stage = build.target_stage.id()?;
    // A base stands above its stage, so this ends.
    while let Some(parent) = model[stage].base_stage.id() {
        stage = parent;
    }
    let span = model[stage].base_image.origin.span().unwrap_or(model[stage].head.span);
    Some(Place::new(span, "nothing from here on brings it"))
}

/// The processors that an image is built for.
fn built_for(model: &Model, build: &ImageBuild) -> Result<(Vec<&'static str>, Place), Reason> {
    let span = build.head.span;
    let of_platform = |text: &str| match text {
        text if text.contains("arm64") || text.contains("aarch64") => Some("ARM64"),
        text if text.contains("amd64") || text.contains("x86_64") => Some("X86_64"),
        _ => None,
    };
    if build.platforms.is_present() != Tri::False {
        let value = build.platforms.value();
        let Some(list) = value.as_list() else { return Err(reason_of(value, "platforms")) };
        let known: Option<Vec<&'static str>> =
            list.items.iter().map(|item| item.as_str().and_then(of_platform)).collect();
        let place = Place::new(value.origin.span().unwrap_or(span), "the platforms of the build");
        return known.map(|known| (known, place)).ok_or_else(|| reason_of(value, "platforms"));
    }
    let stage = build.target_stage.id().map(|id| &model[id]);
    if let Some(stage) = stage
        && stage.platform.is_present() != Tri::False
    {
        let known = stage.platform.as_str().and_then(of_platform);
        let place = Place::new(stage.platform.origin().span().unwrap_or(span), "the platform of the image");
        return known.map(|known| (vec![known], place)).ok_or_else(|| reason_of(stage.platform.value(), "platform"));
    }
    let Some(job) = build.job.id().map(|id| &model[id]) else {
        return Err(Reason::at("not-declared-here", "who builds the image", span));
    };
    let labels = job.runs_on.value();
    let words = labels.as_list().map(|list| list.items.iter().filter_map(|it| it.as_str()).collect::<Vec<_>>());
    let place = Place::new(labels.origin.span().unwrap_or(job.head.span), "the runner that builds it");
    match words.as_deref() {
        Some([label]) if label.starts_with("ubuntu-") => {
            let kind = if label.ends_with("-arm") { "ARM64" } else { "X86_64" };
            // A larger runner of one's own making may have any name.
            let is_hosted = label.split('-').count() <= 3;
            if is_hosted { Ok((vec![kind], place)) } else { Err(reason_of(labels, "the runner")) }
        }
        Some(_) | None => Err(reason_of(labels, "the runner")),
    }
}

pub(super) fn architecture_fits(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let span = container.head.span;
    let Some(build) = container.image_build.id().map(|id| &model[id]) else {
        return Fact::yes(vec![Place::new(span, "")]);
    };
    let Some(task) = container.task.id().map(|id| &model[id]) else { return Fact::yes(Vec::new()) };
    let (kinds, runner) = match built_for(model, build) {
        Ok(found) => found,
        Err(reason) => return Fact::unknown(reason),
    };
    let own = place(&task.architecture, span, "the processor of the task");
    match Tri::any(kinds.iter().map(|kind| task.architecture.equals(kind))) {
        Tri::True => Fact::yes(vec![own]),
        Tri::Unknown => Fact::unknown(reason_of(task.architecture.value(), "cpu_architecture")),
        Tri::False => Fact::no(vec![own, runner]),
    }
}

/// Whether the server behind an entrypoint script hears the signal that stops the container.
pub(super) fn signal_passes_script(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let span = container.head.span;
    let yes = Fact::yes(vec![Place::new(span, "")]);
    let is_kept_running = container.task.id().is_some_and(|task| !model[task].services.members.is_empty());
    let build = match (container.image_build.id(), &container.image_build.link) {
        (Some(build), _) if is_kept_running => &model[build],
        (None, Link::Unknown(reason)) if is_kept_running => return Fact::unknown(reason.clone()),
        (_, Link::To(_) | Link::Absent | Link::Unknown(_)) => return yes,
    };
    let script = match build.script_hands_over.get() {
        Reading::Known(true) | Reading::Absent => return yes,
        Reading::Known(false) => {
            let mut places: Vec<Place> =
                build.script_hands_over.origin().steps().map(|step| Place::new(step.span, "")).collect();
            places.reverse();
            if let Some(first) = places.first_mut() {
                "the shell stays the first process".clone_into(&mut first.role);
            }
            places.push(Place::new(span, "the container"));
            Fact::no(places)
        }
        Reading::Unknown(reason) => Fact::unknown(reason),
    };
    let replaced = match container.entry_point.is_present() {
        Tri::True => Fact::yes(vec![place(&container.entry_point, span, "")]),
        Tri::False => Fact::no(Vec::new()),
        Tri::Unknown => Fact::unknown(reason_of(container.entry_point.value(), "entryPoint")),
    };
    // An init process passes the signal to the shell, and it depends on the init whether also to its children.
    let init = match container.init_process.tri() {
        Tri::False => Fact::no(Vec::new()),
        Tri::True | Tri::Unknown => Fact::unknown(Reason::at("unsupported", "initProcessEnabled", span)),
    };
    script.or(replaced).or(init)
}

/// Whether CMD or a task's command is lost behind an ENTRYPOINT in shell form.
pub(super) fn command_is_lost(facts: &Facts<'_>, id: Id<ImageBuild>) -> Fact {
    let model = facts.model;
    let build = &model[id];
    let span = build.head.span;
    let own = match build.loses_command.get() {
        Reading::Known(true) => {
            let mut places: Vec<Place> = build
                .loses_command
                .origin()
                .steps()
                .map(|step| Place::new(step.span, "the shell takes no words"))
                .collect();
            places.reverse();
            if let Some(first) = places.first_mut() {
                "nobody sees these words".clone_into(&mut first.role);
            }
            return Fact::yes(places);
        }
        Reading::Known(false) | Reading::Absent => Fact::no(vec![Place::new(span, "")]),
        Reading::Unknown(reason) => Fact::unknown(reason),
    };
    let is_shell = build.process.equals("ENTRYPOINT").and(build.process_form.equals("shell"));
    if is_shell == Tri::False {
        return own;
    }
    let of = |tri: Tri, place, role: &str| match tri {
        Tri::Unknown => Fact::unknown(Reason::at("no-value", "command", span)),
        tri => Fact::new(tri, vec![Place::new(place, role)]),
    };
    let lost = build.containers.ids().map(|container| {
        let container = &model[container];
        let command = container.command_line.origin().span().unwrap_or(container.head.span);
        of(container.command_line.is_present(), command, "nobody sees these words")
            .and(of(!container.entry_point.is_present(), container.head.span, ""))
            .and(of(is_shell, span, "the shell takes no words"))
    });
    Fact::any(lost).or(own)
}

/// Whether some port that the image exposes is offered by the container; true where the image exposes none.
pub(super) fn exposed_port_is_mapped(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let span = container.head.span;
    let yes = Fact::yes(vec![Place::new(span, "")]);
    if container.port_mappings.members.is_empty() {
        return yes;
    }
    let build = match (container.image_build.id(), &container.image_build.link) {
        (Some(build), _) => &model[build],
        (None, Link::Unknown(reason)) => return Fact::unknown(reason.clone()),
        (None, Link::To(_) | Link::Absent) => return yes,
    };
    let exposed = build.exposes.value();
    let Some(list) = exposed.as_list() else { return exposed.reason().map_or(yes, |it| Fact::unknown(it.clone())) };
    let Some(first) = list.items.first() else {
        return list.open.as_ref().map_or(yes, |reason| Fact::unknown(reason.clone()));
    };
    let mut places = Vec::new();
    for mapping in container.port_mappings.ids().map(|mapping| &model[mapping]) {
        let Some(port) = mapping.container_port.value().as_text() else {
            return Fact::unknown(reason_of(mapping.container_port.value(), "containerPort"));
        };
        match Tri::any(list.items.iter().map(|it| it.as_text().map_or(Tri::Unknown, |own| own.equals(&port)))) {
            Tri::True => return yes,
            Tri::Unknown => return Fact::unknown(reason_of(mapping.container_port.value(), "containerPort")),
            Tri::False => places.push(place(&mapping.container_port, span, "the image does not expose this")),
        }
    }
    if let Some(reason) = list.open.clone().or_else(|| container.port_mappings.open.clone()) {
        return Fact::unknown(reason);
    }
    places.push(Place::new(first.origin.span().unwrap_or(build.head.span), "what it exposes"));
    Fact::no(places)
}

/// Whether the image's HEALTHCHECK is all that would watch a container, and ECS does not look at it.
pub(super) fn healthcheck_is_ignored(facts: &Facts<'_>, id: Id<ImageBuild>) -> Fact {
    let model = facts.model;
    let build = &model[id];
    let span = build.head.span;
    match build.healthcheck.equals("command") {
        Tri::False => return Fact::no(vec![Place::new(span, "")]),
        Tri::Unknown => return Fact::unknown(reason_of(build.healthcheck.value(), "HEALTHCHECK")),
        Tri::True => {}
    }
    let unwatched = build.containers.ids().map(|container| !super::container::is_watched(facts, container));
    let unseen = build.containers.open.clone().map(Fact::unknown);
    let found = Fact::any(unwatched.chain(unseen));
    match found.tri {
        Tri::True => {
            let mut places = vec![place(&build.healthcheck, span, "ECS does not look at this")];
            places
                .extend(found.places.into_iter().map(|place| Place::new(place.span, "this container is not checked")));
            Fact::yes(places)
        }
        Tri::False | Tri::Unknown => found,
    }
}
