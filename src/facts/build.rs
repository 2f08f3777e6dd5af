//! What follows from how an image is built and which containers run it: who its process is, and whether it is told to
//! stop.

use crate::data::images;
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::image::{Command, Image, ImageBuild};
use crate::model::workload::Container;
use crate::model::{Cell, CellType, Id, Reading};
use crate::source::Place;
use crate::value::{Kind, StepKind, Text, Value};

facts! {
    ImageBuild {
        /// Whether a container of the repository runs it, or a workflow pushes it. False is lack of evidence.
        known_deployed: Flag = known_deployed,
        /// Whether its process is root in a container that runs it, or would be where none is known.
        runs_as_root: Flag = runs_as_root,
        /// Whether every container that runs it names a user of its own.
        user_is_overridden: Flag = user_is_overridden,
        /// Whether the signal that stops a container reaches the server.
        stop_signal_arrives: Flag = stop_signal_arrives,
        /// Whether a secret of a workflow is passed as an argument that a stage takes.
        takes_secret_argument: Flag = takes_secret_argument,
        /// Whether a COPY takes a file into which a step wrote a secret.
        takes_written_secret: Flag = takes_written_secret,
        /// Whether a COPY takes the folder of git with the token that the checkout left in it.
        takes_checkout_token: Flag = takes_checkout_token,
    }
    Command {
        /// Whether it stands in a stage that the target makes nothing of.
        is_left_out: Flag = is_left_out,
        /// Whether it stands in a stage of an image.
        is_in_build: Flag = is_in_build,
        /// Whether it stands in a stage that the image consists of.
        is_in_chain: Flag = is_in_chain,
    }
    Image {
        /// Whether it is a release that gets no security fixes any more.
        is_past_end_of_life: Flag = is_past_end_of_life,
        /// Whether it is the full image of a language, where a slim one exists.
        has_slim_variant: Flag = has_slim_variant,
        /// Whether it lies in a registry of somebody's own, which asks for a password.
        needs_registry_password: Flag = needs_registry_password,
    }
}

fn is_left_out(facts: &Facts<'_>, id: Id<Command>) -> Fact {
    stage_is(facts, id, &["unused"])
}

fn is_in_build(facts: &Facts<'_>, id: Id<Command>) -> Fact {
    stage_is(facts, id, &["chain", "reached"])
}

fn is_in_chain(facts: &Facts<'_>, id: Id<Command>) -> Fact {
    stage_is(facts, id, &["chain"])
}

/// What the target makes of the command's stage. What stands in no Dockerfile has none.
fn stage_is(facts: &Facts<'_>, id: Id<Command>, words: &[&str]) -> Fact {
    let Some(stage) = facts.model[id].stage.id() else { return Fact::no(Vec::new()) };
    let closure = &facts.model[stage].closure;
    match Tri::any(words.iter().map(|word| closure.equals(word))) {
        Tri::Unknown => {
            let span = facts.model[stage].head.span;
            Fact::unknown(closure.value().reason().cloned().unwrap_or_else(|| Reason::at("no-value", "stage", span)))
        }
        decided => Fact::new(decided, Vec::new()),
    }
}

pub(super) fn known_deployed(facts: &Facts<'_>, id: Id<ImageBuild>) -> Fact {
    let build = &facts.model[id];
    let mut places: Vec<Place> = Vec::new();
    for container in build.containers.ids() {
        places.push(Place::new(facts.model[container].head.span, "this container runs it"));
    }
    for push in build.pushes.ids().filter(|push| facts.model[*push].head.presence == Tri::True) {
        places.push(Place::new(facts.model[push].head.span, "pushed here"));
    }
    Fact::new(Tri::from(!places.is_empty()), places)
}

/// Places of a cell's value, from the literal on.
fn places<T: CellType>(cell: &Cell<T>, role: &str) -> Vec<Place> {
    let said = |kind: &StepKind| {
        let StepKind::Said(words) = kind else { return String::new() };
        (*words).to_owned()
    };
    let mut steps: Vec<Place> = cell.origin().steps().map(|step| Place::new(step.span, said(step.kind))).collect();
    steps.reverse();
    if let Some(first) = steps.first_mut() {
        first.role = role.to_owned();
    }
    steps
}

/// Whether a user is root: by name or by number, whatever the group.
pub(super) fn is_root(user: &Text) -> Tri {
    let Some(known) = user.known() else {
        return match user.prefix().split_once(':') {
            Some((name, _)) => Tri::from(is_root_name(name)),
            None => Tri::Unknown,
        };
    };
    Tri::from(is_root_name(known.split(':').next().unwrap_or(known)))
}

fn is_root_name(name: &str) -> bool {
    name == "root" || name.parse::<u64>() == Ok(0)
}

fn runs_as_root(facts: &Facts<'_>, id: Id<ImageBuild>) -> Fact {
    let own = own_user(facts, id);
    let overridden = user_is_overridden(facts, id);
    match overridden.tri {
        Tri::True => Fact::no(overridden.places),
        Tri::False => own.and(Fact::yes(overridden.places)),
        Tri::Unknown => own.and(overridden),
    }
}

/// What the image itself says.
fn own_user(facts: &Facts<'_>, id: Id<ImageBuild>) -> Fact {
    let build = &facts.model[id];
    match build.base_gives_root_up.tri() {
        Tri::True => return Fact::no(Vec::new()),
        Tri::False | Tri::Unknown => {}
    }
    match build.user.get() {
        Reading::Known(user) => {
            let shown = user.to_string();
            match is_root(&user) {
                Tri::Unknown => Fact::unknown(Reason::at("no-value", shown, build.head.span)),
                decided => Fact::new(decided, places(&build.user, &format!("the process runs as `{shown}`"))),
            }
        }
        Reading::Absent => Fact::unknown(Reason::at("no-value", "user", build.head.span)),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

fn user_is_overridden(facts: &Facts<'_>, id: Id<ImageBuild>) -> Fact {
    let build = &facts.model[id];
    let containers: Vec<Id<Container>> = build.containers.ids().collect();
    if containers.is_empty() {
        return Fact::no(Vec::new());
    }
    let one = |container: &Id<Container>| {
        let container = &facts.model[*container];
        let place = vec![Place::new(container.head.span, "this container runs the image")];
        match container.user.get() {
            Reading::Known(_) => Fact::yes(places(&container.user, "the container names its user")),
            Reading::Absent => Fact::no(place),
            Reading::Unknown(reason) => Fact::unknown(reason),
        }
    };
    Fact::all(containers.iter().map(one))
}

fn stop_signal_arrives(facts: &Facts<'_>, id: Id<ImageBuild>) -> Fact {
    let build = &facts.model[id];
    let own = match build.process_gets_signal.get() {
        Reading::Known(arrives) => Fact::new(
            Tri::from(arrives),
            places(&build.process_gets_signal, "the shell stays in front of what this starts"),
        ),
        Reading::Absent => Fact::unknown(Reason::at("no-value", "process", build.head.span)),
        Reading::Unknown(reason) => Fact::unknown(reason),
    };
    let containers: Vec<Id<Container>> = build.containers.ids().collect();
    if containers.is_empty() || own.tri != Tri::False {
        return own;
    }
    // A container with a command of its own does not run this line.
    let replaced = Fact::all(containers.iter().map(|container| {
        let container = &facts.model[*container];
        let of = |tri: Tri, place| match tri {
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "command", place)),
            tri => Fact::new(tri, Vec::new()),
        };
        let entry_point = of(container.entry_point.is_present(), container.head.span);
        match build.entrypoint.is_present() {
            Tri::False => entry_point.or(of(container.command_line.is_present(), container.head.span)),
            Tri::True | Tri::Unknown => entry_point,
        }
    }));
    own.or(replaced)
}

/// An image without tag and digest, with its registry if one is named.
fn whole_path(image: &Image) -> Result<String, Reason> {
    let unknown = |what: &str| Reason::at("no-value", what, image.head.span);
    let Reading::Known(path) = image.path.get() else { return Err(unknown("image")) };
    let path = path.known().map(str::to_owned).ok_or_else(|| unknown("image"))?;
    match image.registry.get() {
        Reading::Known(registry) => match registry.known() {
            Some(registry) => Ok(format!("{registry}/{path}")),
            None => Err(unknown("registry")),
        },
        Reading::Absent => Ok(path),
        Reading::Unknown(reason) => Err(reason),
    }
}

fn has_slim_variant(facts: &Facts<'_>, id: Id<Image>) -> Fact {
    let image = &facts.model[id];
    let whole = match whole_path(image) {
        Ok(whole) => whole,
        Err(reason) => return Fact::unknown(reason),
    };
    let tag = match image.tag.get() {
        Reading::Known(tag) => match tag.known() {
            Some(known) => known.to_owned(),
            // Most of what is said of a variant stands at the end.
            None if images::names_variant(tag.suffix()) => return Fact::no(places(&image.tag, "")),
            None => return Fact::unknown(Reason::at("no-value", "tag", image.head.span)),
        },
        Reading::Absent => String::new(),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let is_full = images::is_full(&whole, &tag);
    Fact::new(Tri::from(is_full), places(&image.text, "the whole distribution comes along"))
}

/// Registries that give their images to everybody, or to whoever runs in the cloud that they belong to.
const OPEN_REGISTRIES: [&str; 22] = [
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
    "ghcr.io",
    "quay.io",
    "gcr.io",
    "pkg.dev",
    "amazonaws.com",
    "public.ecr.aws",
    "azurecr.io",
    "mcr.microsoft.com",
    "registry.k8s.io",
    "k8s.gcr.io",
    "registry.access.redhat.com",
    "docker.elastic.co",
    "nvcr.io",
    "cgr.dev",
    "lscr.io",
    "registry.gitlab.com",
    "docker.n8n.io",
    "localhost",
];

fn needs_registry_password(facts: &Facts<'_>, id: Id<Image>) -> Fact {
    let image = &facts.model[id];
    match image.registry.get() {
        Reading::Known(registry) => match registry.known() {
            Some(host) => {
                let is_open = OPEN_REGISTRIES
                    .iter()
                    .any(|open| host == *open || host.strip_suffix(open).is_some_and(|rest| rest.ends_with('.')));
                Fact::new(Tri::from(!is_open), places(&image.registry, "a registry of somebody's own"))
            }
            None if registry.contains(".dkr.ecr.") == Tri::True => Fact::no(Vec::new()),
            None => Fact::unknown(Reason::at("no-value", "registry", image.head.span)),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

fn is_past_end_of_life(facts: &Facts<'_>, id: Id<Image>) -> Fact {
    let image = &facts.model[id];
    let unknown = |what: &str| Fact::unknown(Reason::at("no-value", what, image.head.span));
    let whole = match whole_path(image) {
        Ok(whole) => whole,
        Err(reason) => return Fact::unknown(reason),
    };
    match image.tag.get() {
        Reading::Known(tag) => match tag.known() {
            Some(tag) => match images::ended(&whole, tag) {
                Some(month) => Fact::yes(places(&image.tag, &format!("security fixes ended in {month}"))),
                None => Fact::no(places(&image.tag, "")),
            },
            None => unknown("tag"),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

fn takes_secret_argument(facts: &Facts<'_>, id: Id<ImageBuild>) -> Fact {
    let model = facts.model;
    let build = &model[id];
    for argument in build.build_arguments.ids().map(|id| &model[id]) {
        let is_needed = argument.stage.id().is_none_or(|stage| model[stage].closure.equals("unused") != Tri::True);
        let passed = argument.passed.value();
        let holes: Vec<&Value> = match &passed.kind {
            Kind::Text(text) => text.holes().collect(),
            _ => vec![passed],
        };
        let secret = holes.into_iter().find(|hole| hole.reason().is_some_and(|reason| reason.code == "secret"));
        if let Some(secret) = secret.filter(|_| is_needed) {
            let place = secret.origin.span().unwrap_or(argument.head.span);
            return Fact::yes(vec![
                Place::new(place, "a secret of the workflow"),
                Place::new(argument.head.span, "stays in the history of the image"),
            ]);
        }
    }
    Fact::no(vec![Place::new(build.head.span, "")])
}

fn takes_written_secret(facts: &Facts<'_>, id: Id<ImageBuild>) -> Fact {
    let build = &facts.model[id];
    let written = build.written_secrets.value().as_list().and_then(|list| list.items.first().cloned());
    match written {
        Some(first) => {
            let mut steps: Vec<Place> = first.origin.steps().map(|step| Place::new(step.span, "")).collect();
            steps.reverse();
            let roles = ["a secret is written into the context", "and copied into the image"];
            steps.iter_mut().zip(roles).for_each(|(place, role)| role.clone_into(&mut place.role));
            Fact::yes(steps)
        }
        None => Fact::no(vec![Place::new(build.head.span, "")]),
    }
}

fn takes_checkout_token(facts: &Facts<'_>, id: Id<ImageBuild>) -> Fact {
    let model = facts.model;
    let build = &model[id];
    let no = Fact::no(vec![Place::new(build.head.span, "")]);
    let copy = facts.index().copies.of(id).map(|id| &model[id]).find(|copy| {
        let stage = copy.stage.id().map(|stage| &model[stage]);
        let is_ours = stage.is_some_and(|it| it.closure.equals("chain") == Tri::True);
        let uncovered = copy.uncovered.value().as_list();
        is_ours && uncovered.is_some_and(|list| list.items.iter().any(|item| item.as_str() == Some(".git")))
    });
    let Some(copy) = copy else { return no };
    let source = copy.takes_whole_context.origin().span().unwrap_or(copy.head.span);
    let (Some(step), Some(job)) = (build.step.id(), build.job.id()) else {
        return Fact::unknown(Reason::at("not-declared-here", "who builds the image", source));
    };
    let before = model[job].steps.ids().take_while(|other| *other != step);
    let mut doubt = None;
    for checkout in before {
        match model[checkout].keeps_token.get() {
            Reading::Known(true) => {
                let place = model[checkout].keeps_token.origin().span().unwrap_or(model[checkout].head.span);
                return Fact::yes(vec![
                    Place::new(place, "leaves the job's token in `.git`"),
                    Place::new(source, "which the image takes along"),
                ]);
            }
            Reading::Known(false) | Reading::Absent => {}
            Reading::Unknown(reason) => doubt = Some(reason),
        }
    }
    match doubt {
        Some(reason) => Fact::unknown(reason),
        None => no,
    }
}
