//! Where secrets go that should stay with their keeper: the state, user data, command lines, plain environments beside
//! the kept secret, files that others can read.

use std::collections::BTreeMap;

use super::secret::{Source, at, is_pipeline_secret, makers, source_of, unknown_of, url_with_password};
use super::{Facts, facts};
use crate::data::secrets::{is_harmless, is_placeholder, names_secret};
use crate::logic::{Fact, Reason, Tri};
use crate::model::Id;
use crate::model::data::Database;
use crate::model::image::ImageBuild;
use crate::model::secret::{SecretAttribute, Setting, Variable};
use crate::model::terraform::InputVariable;
use crate::model::workload::{Container, Host};
use crate::source::{Place, Span, lies_in};
use crate::value::{Kind, Piece, Value};

facts! {
    Variable {
        /// Whether a workflow's secret ends in it.
        comes_from_pipeline: Flag = comes_from_pipeline,
        /// Whether a secret is written out in a workflow, outside of what only its own tests use.
        is_secret_of_workflow: Flag = is_secret_of_workflow,
    }
    InputVariable {
        /// Whether its value reaches an attribute that can only hold a secret.
        flows_to_secret: Flag = flows_to_secret,
    }
    SecretAttribute {
        /// Whether a secret of Terraform's own is kept in its state.
        is_kept_in_state: Flag = is_kept_in_state,
    }
    Setting {
        /// Whether its module lies in the context of an image that is deployed.
        is_deployed: Flag = is_deployed,
        /// Whether it is the key that the project template wrote.
        is_template_key: Flag = is_template_key,
        /// Whether the database lets clients in without TLS.
        database_accepts_plain: Flag = database_accepts_plain,
    }
    Host {
        /// Whether a secret stands in its first script.
        user_data_has_secret: Flag = user_data_has_secret,
    }
    Container {
        /// Whether a secret stands in its command, its labels or the options of its log.
        shows_secret: Flag = shows_secret,
        /// Whether a name of its secrets is also set in plain, by the task or by the image.
        repeats_secret: Flag = repeats_secret,
        /// Whether others can read its files of variables, or change them on the way.
        environment_files_are_exposed: Flag = environment_files_are_exposed,
    }
}

/// All values in a value, texts and what stands in their holes.
fn leaves(value: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match &value.kind {
            Kind::List(list) => open.extend(list.items.iter().rev()),
            Kind::Map(map) => open.extend(map.entries.values().rev()),
            Kind::Text(text) => match text.wrapped() {
                Some(wrapped) => open.push(&wrapped.value),
                None => found.push(value),
            },
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Reference(_) | Kind::Unknown(_) => found.push(value),
        }
    }
    found
}

/// The way of a value from its newest place to the first.
fn way(value: &Value, fallback: Span, role: &str) -> Vec<Place> {
    let mut places: Vec<Place> = value.origin.steps().map(|step| Place::new(step.span, "")).collect();
    match places.first_mut() {
        Some(first) => role.clone_into(&mut first.role),
        None => places.push(Place::new(fallback, role)),
    }
    places.dedup_by(|later, earlier| later.span == earlier.span);
    places
}

fn comes_from_pipeline(facts: &Facts<'_>, id: Id<Variable>) -> Fact {
    let variable = &facts.model[id];
    let value = variable.content.value();
    let holes = |value: &Value| match &value.kind {
        Kind::Text(text) => text.holes().cloned().collect(),
        _ => vec![value.clone()],
    };
    let secret = holes(value).into_iter().find(|value| value.reason().is_some_and(is_pipeline_secret));
    match secret {
        Some(secret) => {
            let mut places = way(value, variable.head.span, "everyone who may describe the task reads it");
            let source = secret.origin.span().filter(|span| places.iter().all(|place| place.span != *span));
            places.extend(source.map(|span| Place::new(span, "the pipeline's secret")));
            Fact::yes(places)
        }
        None => match super::secret::is_secret(facts, id) {
            unknown if unknown.tri == Tri::Unknown => unknown,
            _ => Fact::no(at(value, variable.head.span, "")),
        },
    }
}

/// Words that say that a value is only for a run of tests.
const FOR_TESTS: [&str; 9] = ["test", "tests", "testing", "ci", "local", "localhost", "insecure", "only", "not"];

fn is_secret_of_workflow(facts: &Facts<'_>, id: Id<Variable>) -> Fact {
    let model = facts.model;
    let variable = &model[id];
    let value = variable.content.value();
    let no = || Fact::no(at(value, variable.head.span, ""));
    let is_of_workflow = Tri::any(["workflow", "job", "step"].map(|word| variable.set_in.equals(word)));
    let (Tri::True, Some(text)) = (is_of_workflow, value.as_str()) else { return no() };
    let has_password = url_with_password(value, variable.head.span).is_some_and(|fact| fact.tri == Tri::True);
    // A list of names or of places is no secret, whatever it is called.
    let is_list = text.trim().contains(['\n', ',', '|']) || text.trim().contains("=");
    let is_named = variable.name.as_str().is_some_and(names_secret) && !is_harmless(text) && !is_list;
    let is_for_tests =
        text.to_ascii_lowercase().split(|c: char| !c.is_ascii_alphabetic()).any(|word| FOR_TESTS.contains(&word));
    if !(has_password || is_named) || is_for_tests {
        return no();
    }
    // What a job with a throw-away service sets is for that service.
    let jobs = match (variable.job.id(), variable.workflow.id()) {
        (Some(job), _) => vec![job],
        (None, Some(workflow)) => model[workflow].jobs.ids().collect(),
        (None, None) => Vec::new(),
    };
    let has_service = jobs.iter().any(|job| {
        model[*job].job_containers.ids().any(|container| model[container].kind.equals("service") == Tri::True)
    });
    if has_service { no() } else { Fact::yes(at(value, variable.head.span, "written out")) }
}

fn is_kept_in_state(facts: &Facts<'_>, id: Id<SecretAttribute>) -> Fact {
    let sink = &facts.model[id];
    let value = sink.content.value();
    let span = sink.head.span;
    let no = || Fact::no(at(value, span, ""));
    if sink.is_write_only.tri() == Tri::True || sink.has_other_way.tri() == Tri::False {
        return no();
    }
    // What another system keeps is read into the state by its data source whatever is done with it.
    let is_foreign = value.references().iter().any(|reference| {
        reference.address.split('.').any(|part| part == "data")
            && facts.index().managed(type_of(&reference.address)).is_empty()
    });
    let is_strong = sink.sink.equals("attribute") == Tri::True;
    let is_secret = match (source_of(value), is_strong) {
        (Source::Secret(_), _) => true,
        (Source::Literal(text), true) => !text.trim().is_empty() && !is_placeholder(&text),
        (Source::Literal(_), false) => false,
        // Whatever it is, such an attribute makes it a secret.
        (Source::Unknown(_), true) => true,
        (Source::Unknown(reason), false) => return Fact::unknown(reason),
        (Source::Harmless, _) => false,
    };
    if !is_secret || is_foreign {
        return no();
    }
    let mut places = way(value, span, "kept in the state in clear");
    places.extend(makers(facts.model, value));
    Fact::yes(places)
}

/// `aws_x` of `module.a.data.aws_x.b`.
fn type_of(address: &str) -> &str {
    let before = address.rsplit_once('.').map_or(address, |(before, _)| before);
    before.rsplit('.').next().unwrap_or(before)
}

fn user_data_has_secret(facts: &Facts<'_>, id: Id<Host>) -> Fact {
    let host = &facts.model[id];
    let value = host.user_data.value();
    let mut doubt = None;
    for leaf in leaves(value) {
        let Kind::Text(text) = &leaf.kind else {
            doubt = doubt.or_else(|| leaf.reason().cloned());
            continue;
        };
        for (index, piece) in text.pieces().iter().enumerate() {
            match piece {
                Piece::Hole(hole) => {
                    let before = index.checked_sub(1).and_then(|before| text.pieces().get(before));
                    let is_named = before.is_some_and(assigns_secret);
                    match source_of(hole) {
                        Source::Secret(words) => return secret_in(facts, hole, host.head.span, words),
                        Source::Unknown(reason) if is_named => doubt = doubt.or(Some(reason)),
                        Source::Unknown(_) | Source::Literal(_) | Source::Harmless => {}
                    }
                }
                Piece::Literal(literal, origin) => {
                    if let Some(name) = written_secret(literal) {
                        let span = origin.span().unwrap_or(host.head.span);
                        return Fact::yes(vec![Place::new(span, format!("`{name}` is written out"))]);
                    }
                }
            }
        }
    }
    match doubt {
        Some(reason) => Fact::unknown(reason),
        None => Fact::no(at(value, host.head.span, "")),
    }
}

fn secret_in(facts: &Facts<'_>, value: &Value, fallback: Span, words: &str) -> Fact {
    let mut places = way(value, fallback, words);
    places.extend(makers(facts.model, value));
    Fact::yes(places)
}

/// Whether a line ends in `PASSWORD=`, with or without a quote.
fn assigns_secret(piece: &Piece) -> bool {
    let Piece::Literal(text, _) = piece else { return false };
    let line = text.rsplit('\n').next().unwrap_or(text).trim_end_matches(['"', '\'']);
    let Some(line) = line.strip_suffix('=') else { return false };
    names_secret(line.rsplit([' ', ';', '\t']).next().unwrap_or(line))
}

/// The name in a line `PASSWORD=word` of a script.
fn written_secret(script: &str) -> Option<&str> {
    script.lines().find_map(|line| {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=')?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let value = value.trim_matches(['"', '\'']);
        let is_computed = value.contains(['$', '`', ' ']);
        (is_name && names_secret(name) && !is_computed && !is_harmless(value)).then_some(name)
    })
}

fn shows_secret(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let options = container.log_configuration.id().map(|log| model[log].options.value());
    let shown = [container.command_line.value(), container.entry_point.value(), container.labels.value()];
    let mut doubt = None;
    for value in shown.into_iter().chain(options) {
        for leaf in leaves(value) {
            let texts = match &leaf.kind {
                Kind::Text(text) => text.holes().collect(),
                _ => vec![leaf],
            };
            if let Some(fact) = url_with_password(leaf, container.head.span).filter(|fact| fact.tri == Tri::True) {
                return fact;
            }
            for hole in texts.into_iter().chain([leaf]) {
                match source_of(hole) {
                    Source::Secret(words) => return secret_in(facts, hole, container.head.span, words),
                    Source::Unknown(reason) => doubt = doubt.or(Some(reason)),
                    Source::Literal(_) | Source::Harmless => {}
                }
            }
        }
    }
    for (name, value) in named_values(container.labels.value()).chain(options.into_iter().flat_map(named_values)) {
        if names_secret(name) && value.as_str().is_some_and(|text| !is_harmless(text)) {
            return Fact::yes(at(value, container.head.span, "written out"));
        }
    }
    match doubt {
        Some(reason) => Fact::unknown(reason),
        None => Fact::no(vec![Place::new(container.head.span, "")]),
    }
}

fn named_values(map: &Value) -> impl Iterator<Item = (&str, &Value)> {
    map.as_map().into_iter().flat_map(|map| map.entries.iter().map(|(name, value)| (&**name, value)))
}

fn repeats_secret(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let mut secrets: BTreeMap<&str, Span> = BTreeMap::new();
    for reference in container.secret_references.ids() {
        if let Some(name) = model[reference].name.as_str() {
            secrets.insert(name, model[reference].head.span);
        }
    }
    let no = Fact::no(vec![Place::new(container.head.span, "")]);
    if secrets.is_empty() {
        return match &container.secret_references.open {
            Some(reason) if !container.variables.members.is_empty() => Fact::unknown(reason.clone()),
            Some(_) | None => no,
        };
    }
    let image = container.image_build.id().map(|build| &model[build].variables);
    let plain = container.variables.ids().chain(image.into_iter().flat_map(|variables| variables.ids()));
    for variable in plain {
        let variable = &model[variable];
        let is_empty = variable.content.value().as_str() == Some("");
        let secret = variable.name.as_str().filter(|_| !is_empty).and_then(|name| Some((name, secrets.get(name)?)));
        if let Some((name, secret)) = secret {
            let mut places = at(variable.content.value(), variable.head.span, "set in plain");
            places.push(Place::new(*secret, format!("`{name}` is a secret here")));
            return Fact::yes(places);
        }
    }
    let open = container.variables.open.as_ref().or(container.secret_references.open.as_ref());
    match open {
        Some(reason) => Fact::unknown(reason.clone()),
        None => no,
    }
}

fn environment_files_are_exposed(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let written = container.environment_files.value();
    let Some(list) = written.as_list() else {
        return match written.reason() {
            Some(reason) => Fact::unknown(reason.clone()),
            None => Fact::no(Vec::new()),
        };
    };
    let one = |file: &Value| {
        let place = || at(file, container.head.span, "variables of the container");
        let bucket = file.references().iter().find_map(|reference| {
            model.resolve(reference).iter().find_map(|id| id.typed::<crate::model::data::Bucket>())
        });
        let named = || {
            let name = file.as_str()?.strip_prefix("arn:aws:s3:::")?.split('/').next()?;
            model.data.buckets.iter().find(|(_, bucket)| bucket.name.as_str() == Some(name)).map(|(id, _)| id)
        };
        let Some(bucket) = bucket.or_else(named) else {
            let reason = unknown_of(file, "the bucket of the file");
            return Fact::unknown(Reason::with("not-declared-here", reason.object.clone(), reason.place));
        };
        let open = super::hop::policy::readable_by_everyone(facts, bucket)
            .or(!super::hop::policy::refuses_plain(facts, bucket));
        match open.tri {
            Tri::True => {
                let mut places = place();
                places.push(Place::new(model[bucket].head.span, "the bucket"));
                places.extend(open.places);
                Fact::yes(places)
            }
            Tri::False => Fact::no(place()),
            Tri::Unknown => open,
        }
    };
    let mut all = Fact::any(list.items.iter().map(one));
    if let Some(reason) = &list.open {
        all = all.or(Fact::unknown(reason.clone()));
    }
    all
}

/// Whether the value of a variable reaches an attribute that can only hold a secret.
fn flows_to_secret(facts: &Facts<'_>, id: Id<InputVariable>) -> Fact {
    let variable = &facts.model[id];
    let block = variable.head.block;
    let is_inside = |span: Span| span.file == block.file && block.start <= span.start && span.end <= block.end;
    for (_, sink) in facts.model.secret.secret_attributes.iter() {
        if sink.sink.equals("attribute") != Tri::True {
            continue;
        }
        for leaf in leaves(sink.content.value()) {
            let holes: Vec<&Value> = match &leaf.kind {
                Kind::Text(text) => text.holes().chain([leaf]).collect(),
                _ => vec![leaf],
            };
            let comes_from_it = holes.iter().any(|value| {
                let reason = value.reason().and_then(|reason| reason.place);
                value.origin.steps().map(|step| step.span).chain(reason).any(is_inside)
            });
            if comes_from_it {
                let span = variable.head.span;
                return Fact::yes(vec![Place::new(span, ""), Place::new(sink.head.span, "a secret by its use")]);
            }
        }
    }
    Fact::no(vec![Place::new(variable.head.span, "")])
}

/// A module of Django lies in the context of a deployed image; a configuration of nginx is copied into one.
fn is_deployed(facts: &Facts<'_>, id: Id<Setting>) -> Fact {
    let model = facts.model;
    let setting = &model[id];
    let path = setting.path.as_str().unwrap_or("");
    if setting.kind.equals("nginx") == Tri::True {
        return is_copied(facts, path, setting.head.span);
    }
    let one = |build: Id<ImageBuild>| {
        let Some(context) = model[build].context.as_str() else {
            return Fact::unknown(unknown_of(model[build].context.value(), "the context of the build"));
        };
        match lies_in(path, context) {
            true => super::build::known_deployed(facts, build),
            false => Fact::no(Vec::new()),
        }
    };
    let found = Fact::any(model.image.image_builds.ids().map(one));
    match found.tri {
        Tri::True => {
            let mut places = vec![Place::new(setting.head.span, "")];
            places.extend(found.places);
            Fact::yes(places)
        }
        Tri::False | Tri::Unknown => found,
    }
}

fn is_copied(facts: &Facts<'_>, path: &str, span: Span) -> Fact {
    let model = facts.model;
    let copied = model.image.copies.iter().filter_map(|(_, copy)| {
        let stage = copy.stage.id()?;
        let list = copy.nginx_files.value().as_list()?;
        let build = model[stage].image_build.id()?;
        let is_used = !model[stage].closure.equals("unused");
        if !list.items.iter().any(|item| item.as_str() == Some(path)) {
            // Another source may be this file.
            let reason = list.open.clone()?;
            return Some(Fact::unknown(reason).and(super::build::known_deployed(facts, build)));
        }
        let used = match is_used {
            Tri::Unknown => Fact::unknown(unknown_of(model[stage].closure.value(), "stage")),
            known => Fact::new(known, vec![Place::new(copy.head.span, "copied into the image here")]),
        };
        Some(used.and(super::build::known_deployed(facts, build)))
    });
    let mut found = Fact::any(copied);
    if found.tri == Tri::True {
        found.places.insert(0, Place::new(span, ""));
    }
    found
}

fn is_template_key(facts: &Facts<'_>, id: Id<Setting>) -> Fact {
    let setting = &facts.model[id];
    let is_it = setting.content.value().as_str().is_some_and(|text| text.starts_with("django-insecure-"));
    Fact::new(Tri::from(is_it), vec![Place::new(setting.head.span, "the key of the project template")])
}

fn database_accepts_plain(facts: &Facts<'_>, id: Id<Setting>) -> Fact {
    let model = facts.model;
    let span = model[id].head.span;
    let databases: Vec<Id<Database>> = model.data.databases.ids().collect();
    if databases.is_empty() {
        return Fact::unknown(Reason::at("not-declared-here", "the database", span));
    }
    let found = Fact::any(databases.iter().map(|database| !super::hop::demands_tls(facts, *database)));
    match found.tri {
        Tri::True => {
            let mut places = vec![Place::new(span, "asks for no TLS")];
            places.extend(found.places);
            Fact::yes(places)
        }
        Tri::False | Tri::Unknown => found,
    }
}
