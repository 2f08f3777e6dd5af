//! Joins what task definitions name with what the tree declares: secrets, parameters, log groups, roles, file systems,
//! and containers with their volumes and with each other. A name that nothing here carries leads outside: unknown.

use crate::logic::{Reason, Tri};
use crate::model::data::{FileSystem, LogGroup};
use crate::model::identity::Role;
use crate::model::secret::{Parameter, Secret};
use crate::model::workload::{Container, Volume};
use crate::model::{AnyId, Entity, Id, Link, Model, One, Reading, Target};
use crate::value::{Kind, Text, Value};

/// Draws the edges once all entities are there.
pub(crate) fn link(model: &mut Model) {
    link_secrets(model);
    link_logs(model);
    link_roles(model);
    link_volumes(model);
    link_mounts(model);
    link_dependencies(model);
}

fn link_secrets(model: &mut Model) {
    let ids: Vec<_> = model.secret.secret_references.ids().collect();
    for id in ids {
        let from = model[id].value_from.value().clone();
        let is_source = |id: AnyId| [Secret::NAME, Parameter::NAME].contains(&id.entity);
        model[id].source = edge(model, &from, is_source, |model, text| {
            let known = text.known()?;
            match known.split(':').collect::<Vec<_>>().as_slice() {
                ["arn", _, "secretsmanager", _, _, "secret", name, ..] => secret_named(model, name),
                ["arn", _, "ssm", _, _, parameter, ..] => {
                    parameter_named(model, parameter.strip_prefix("parameter").unwrap_or(parameter))
                }
                [name] => parameter_named(model, name),
                _ => None,
            }
        });
    }
}

/// An ARN ends in a hyphen and six characters that the service chose.
fn secret_named(model: &Model, written: &str) -> Option<AnyId> {
    let is_it = |name: &str| {
        let rest = written.strip_prefix(name).unwrap_or("?");
        rest.is_empty() || (rest.len() == 7 && rest.starts_with('-'))
    };
    let mut secrets = model.secret.secrets.iter();
    secrets.find(|(_, secret)| secret.name.as_str().is_some_and(is_it)).map(|(id, _)| id.into())
}

/// A parameter's name may begin with a slash, which its ARN does not double.
fn parameter_named(model: &Model, written: &str) -> Option<AnyId> {
    let bare = written.trim_start_matches('/');
    let is_it = |name: &str| name.trim_start_matches('/') == bare;
    let mut parameters = model.secret.parameters.iter();
    parameters.find(|(_, parameter)| parameter.name.as_str().is_some_and(is_it)).map(|(id, _)| id.into())
}

fn link_logs(model: &mut Model) {
    let ids: Vec<_> = model.workload.log_configurations.ids().collect();
    for id in ids {
        let options = model[id].options.value().clone();
        let Some(group) = options.as_map().and_then(|options| options.entries.get("awslogs-group")).cloned() else {
            continue;
        };
        let is_group = |id: AnyId| id.entity == LogGroup::NAME;
        model[id].log_group = edge(model, &group, is_group, |model, text| {
            let mut groups = model.data.log_groups.iter();
            let found =
                groups.find(|(_, group)| group.name.get().known().is_some_and(|it| it.equals(text) == Tri::True));
            found.map(|(id, _)| id.into())
        });
        if let Link::Unknown(reason) = &model[id].log_group.link
            && reason.code == "not-declared-here"
            && may_be_declared(model, &group)
        {
            let reason = Reason::with("may-be-another", reason.object.clone(), reason.place);
            model[id].log_group.link = Link::Unknown(reason);
        }
    }
}

/// Whether some group here may have this name although nobody can tell.
fn may_be_declared(model: &Model, name: &Value) -> bool {
    let Some(name) = name.as_text() else { return true };
    model.data.log_groups.iter().any(|(_, group)| match group.name.get() {
        Reading::Known(own) => own.equals(&name) == Tri::Unknown,
        Reading::Unknown(_) => true,
        Reading::Absent => false,
    })
}

fn link_roles(model: &mut Model) {
    let ids: Vec<_> = model.workload.tasks.ids().collect();
    let is_role = |id: AnyId| id.entity == Role::NAME;
    for id in ids {
        let execution = model[id].execution_role_arn.value().clone();
        let task = model[id].task_role_arn.value().clone();
        model[id].execution_role = edge(model, &execution, is_role, role_named);
        model[id].task_role = edge(model, &task, is_role, role_named);
    }
}

/// `arn:aws:iam::123456789012:role/path/name`, or the name alone.
fn role_named(model: &Model, text: &Text) -> Option<AnyId> {
    let known = text.known()?;
    let name = match known.split_once(":role/") {
        Some((_, path)) => path.rsplit('/').next().unwrap_or(path),
        None => known,
    };
    let mut roles = model.identity.roles.iter();
    roles.find(|(_, role)| role.name.as_str() == Some(name)).map(|(id, _)| id.into())
}

fn link_volumes(model: &mut Model) {
    let ids: Vec<_> = model.workload.volumes.ids().collect();
    for id in ids {
        let written = model[id].file_system_id.value().clone();
        let is_file_system = |id: AnyId| id.entity == FileSystem::NAME;
        model[id].file_system = edge(model, &written, is_file_system, |_, _| None);
    }
}

/// A mount point names a volume of its task.
fn link_mounts(model: &mut Model) {
    let ids: Vec<Id<Container>> = model.workload.containers.ids().collect();
    for id in ids {
        let Some(list) = model[id].mount_points.value().as_list().cloned() else { continue };
        let volumes: Vec<Id<Volume>> =
            model[id].task.id().map_or_else(Vec::new, |task| model[task].volumes.ids().collect());
        for entry in &list.items {
            let entries = entry.as_map().map(|entry| &entry.entries);
            let named =
                |key: &str| entries.and_then(|entries| entries.iter().find(|(it, _)| it.eq_ignore_ascii_case(key)));
            let Some((_, source)) = named("sourceVolume") else { continue };
            // A volume whose name nobody knows may be the one.
            for volume in &volumes {
                if let Some(reason) = model[*volume].name.value().reason().cloned() {
                    model[*volume].containers.open(reason);
                }
            }
            let fits = |volume: &&Id<Volume>| {
                let name = model[**volume].name.value();
                name.as_text().zip(source.as_text()).is_some_and(|(a, b)| a.equals(&b) == Tri::True)
            };
            match volumes.iter().find(fits).copied() {
                Some(volume) => {
                    model[id].volumes.push(volume, source.origin.clone());
                    model[volume].containers.push(id, source.origin.clone());
                }
                None if source.as_str().is_none() => {
                    let reason = source.reason().cloned();
                    let reason = reason.unwrap_or_else(|| Reason::new("provider-computed", "sourceVolume"));
                    volumes.iter().for_each(|volume| model[*volume].containers.open(reason.clone()));
                }
                None => {}
            }
        }
        if let Some(reason) = &list.open {
            volumes.iter().for_each(|volume| model[*volume].containers.open(reason.clone()));
        }
    }
    let tasks: Vec<_> = model.workload.tasks.ids().collect();
    for task in tasks {
        let Some(reason) = model[task].containers.open.clone() else { continue };
        let volumes: Vec<Id<Volume>> = model[task].volumes.ids().collect();
        volumes.iter().for_each(|volume| model[*volume].containers.open(reason.clone()));
    }
}

/// `dependsOn` as edges; a name that no container of the task has stays out, and the fact about it says so.
fn link_dependencies(model: &mut Model) {
    let ids: Vec<Id<Container>> = model.workload.containers.ids().collect();
    for id in ids {
        let Some(list) = model[id].dependencies.value().as_list().cloned() else { continue };
        let siblings: Vec<Id<Container>> =
            model[id].task.id().map_or_else(Vec::new, |task| model[task].containers.ids().collect());
        for entry in &list.items {
            let name = entry.as_map().and_then(|entry| entry.entries.get("containerName")).and_then(Value::as_str);
            let found = siblings.iter().find(|it| name.is_some() && model[**it].name.as_str() == name);
            if let Some(found) = found.copied() {
                model[id].depends_on.push(found, entry.origin.clone());
            }
        }
        if let Some(reason) = &list.open {
            model[id].depends_on.open(reason.clone());
        }
    }
}

/// Where a value leads: by reference, by the reference that its text begins with, or by name.
fn edge<T: Target>(
    model: &Model,
    value: &Value,
    fits: impl Fn(AnyId) -> bool,
    by_name: impl Fn(&Model, &Text) -> Option<AnyId>,
) -> One<T> {
    let text = match &value.kind {
        Kind::Null => {
            let mut edge = One::absent(
                value.origin.span().unwrap_or_else(|| crate::source::Span::file_start(crate::source::FileId(0))),
            );
            edge.origin = value.origin.clone();
            return edge;
        }
        Kind::Unknown(unknown) => return One::unknown(unknown.reason.clone(), value.origin.clone()),
        Kind::Text(_) | Kind::Reference(_) => value.as_text(),
        Kind::Bool(_) | Kind::Number(_) | Kind::List(_) | Kind::Map(_) => None,
    };
    let Some(text) = text else {
        let reason = Reason::with("wrong-type", "a text", value.origin.span());
        return One::unknown(reason, value.origin.clone());
    };
    let referred = text.holes().find_map(|hole| {
        let reference = hole.as_reference()?;
        model.resolve(reference).iter().copied().find(|id| fits(*id))
    });
    match referred.or_else(|| by_name(model, &text)) {
        Some(id) => One::to(id, value.origin.clone()),
        None => {
            let hole = text.holes().find_map(|hole| hole.reason().cloned());
            let outside = || Reason::with("not-declared-here", text.to_string(), value.origin.span());
            One::unknown(hole.unwrap_or_else(outside), value.origin.clone())
        }
    }
}
