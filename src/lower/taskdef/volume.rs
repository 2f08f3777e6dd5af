//! The volumes of a task and the containers that mount them.

use super::container::{part_of, texts};
use super::object::{Object, Spelling, written_at};
use crate::model::workload::{Task, Volume};
use crate::model::{Id, Model};
use crate::source::Span;
use crate::value::{Origin, Value};

/// What is written of one volume, whoever wrote it.
#[derive(Default)]
pub(crate) struct VolumeParts {
    pub(crate) name: Option<Value>,
    pub(crate) host_path: Option<Value>,
    pub(crate) docker: Option<Value>,
    pub(crate) efs: Option<Efs>,
    pub(crate) fsx: Option<Value>,
    /// Given when the service starts: a volume of EBS.
    pub(crate) is_configured_at_launch: Option<Value>,
}

#[derive(Default)]
pub(crate) struct Efs {
    pub(crate) file_system: Option<Value>,
    pub(crate) transit_encryption: Option<Value>,
    pub(crate) access_point: Option<Value>,
    pub(crate) iam: Option<Value>,
    pub(crate) span: Option<Span>,
}

/// The volumes of a definition in the API's form.
pub(super) fn add_volumes(model: &mut Model, task: Id<Task>, object: Object<'_>) {
    let (listed, open) = object.items("volumes");
    if let Some(reason) = open {
        model[task].volumes.open(reason);
    }
    for value in &listed {
        let Some(volume) = Object::of(value, object.span, Spelling::Api) else { continue };
        let efs = volume.object("efsVolumeConfiguration").map(|efs| {
            let authorization = efs.object("authorizationConfig");
            Efs {
                file_system: efs.get("fileSystemId"),
                transit_encryption: efs.get("transitEncryption"),
                access_point: authorization.and_then(|it| it.get("accessPointId")),
                iam: authorization.and_then(|it| it.get("iam")),
                span: Some(efs.span),
            }
        });
        let parts = VolumeParts {
            name: volume.get("name"),
            host_path: volume.object("host").and_then(|host| host.get("sourcePath")),
            docker: volume.get("dockerVolumeConfiguration"),
            efs,
            fsx: volume.get("fsxWindowsFileServerVolumeConfiguration"),
            is_configured_at_launch: volume.get("configuredAtLaunch"),
        };
        add_volume(model, task, parts, volume.span);
    }
}

/// Adds a volume, and joins it with the containers that mount it by name.
pub(crate) fn add_volume(model: &mut Model, task: Id<Task>, parts: VolumeParts, span: Span) -> Id<Volume> {
    let shown = parts.name.as_ref().and_then(Value::as_text).map_or_else(String::new, |text| text.to_string());
    let mut volume = Volume::new(part_of(&model[task].head, shown, span, span));
    let written = |word: &str, place: Option<Span>| Value::text(word, Origin::written(place.unwrap_or(span)));
    let place_of = |value: &Option<Value>| value.as_ref().and_then(written_at);
    let mut refused = Vec::new();
    if let Some(path) = &parts.host_path {
        volume.kind.set(written("host", place_of(&parts.host_path)));
        refused.push(super::named("host", path, span));
    } else if let Some(docker) = &parts.docker {
        volume.kind.set(written("docker", place_of(&parts.docker)));
        refused.push(super::named("dockerVolumeConfiguration", docker, span));
    } else if let Some(efs) = &parts.efs {
        volume.kind.set(written("efs", efs.span));
    } else if parts.fsx.is_some() {
        volume.kind.set(written("fsx", place_of(&parts.fsx)));
    } else {
        match parts.is_configured_at_launch {
            Some(value) if value.reason().is_some() => volume.kind.set(value),
            Some(value) if matches!(value.kind, crate::value::Kind::Bool(true)) => {
                volume.kind.set(written("ebs", written_at(&value)));
            }
            Some(_) | None => volume.kind.set(written("scratch", None)),
        }
    }
    volume.name.read(span, "name", parts.name);
    volume.host_path.read(span, "host_path", parts.host_path);
    if let Some(efs) = parts.efs {
        let block = efs.span.unwrap_or(span);
        volume.transit_encryption.read(block, "transit_encryption", efs.transit_encryption);
        volume.iam_authorization.read(block, "iam", efs.iam);
        volume.access_point.read(block, "access_point_id", efs.access_point);
        volume.file_system_id.read(block, "file_system_id", efs.file_system);
    }
    volume.task = crate::model::One::to(task, Origin::written(span));
    let id = model.workload.volumes.push(volume);
    model[task].volumes.push(id, Origin::written(span));
    refuse(model, task, refused);
    id
}

/// Adds to what Fargate refuses of a task.
fn refuse(model: &mut Model, task: Id<Task>, refused: Vec<Value>) {
    let cell = model[task].refused_by_fargate.value();
    let mut all = cell.as_list().map_or_else(Vec::new, |list| list.items.clone());
    all.extend(refused);
    let place = model[task].head.span;
    model[task].refused_by_fargate.set(texts(all, None, place));
}
