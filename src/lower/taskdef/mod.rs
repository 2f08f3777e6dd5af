//! ECS task definitions, in every spelling, into tasks and containers. Terraform's resource hands its decoded
//! `container_definitions` in; files of the API's own form are read here whole.

mod command;
mod container;
mod keys;
mod link;
mod object;
mod volume;

use crate::model::workload::Task;
use crate::model::{Head, Id, Model};
use crate::source::{FileId, Span, parent_of};
use crate::syntax::{Kind, Sources};
use crate::value::{Kind as ValueKind, Value};

pub(crate) use container::{add_containers, right_key};
pub(crate) use link::link;
pub(crate) use object::Spelling;
pub(crate) use volume::{Efs, VolumeParts, add_volume};

use container::texts;
use object::{Object, items, written_at};

/// Adds the task definitions of all files that are one.
pub(crate) fn add_files(model: &mut Model, sources: &Sources<'_>) {
    let files: Vec<FileId> = sources.all_of(Kind::TaskDefinition).collect();
    for file in files {
        let Some(root) = &sources.tree(file).root else { continue };
        let value = super::tree::value_of(root);
        let path = &sources.world.file(file).path;
        add_file(model, &value, path, Span::file_start(file));
    }
}

/// Adds the task of one document; nothing if its shape is another's. `describe-task-definition` wraps it.
fn add_file(model: &mut Model, document: &Value, path: &str, file: Span) -> Option<Id<Task>> {
    let whole = Object::of(document, file, Spelling::Api)?;
    let inner = whole.object("taskDefinition");
    let object = inner.unwrap_or(whole);
    let definitions = object.get("containerDefinitions")?;
    let has_image = items(&definitions).0.iter().any(|item| {
        Object::of(item, file, Spelling::Provider).is_some_and(|container| container.get("image").is_some())
    });
    if !has_image && object.get("family").is_none() {
        return None;
    }
    let family = object.get("family");
    let folder = parent_of(path).len();
    let name = family.as_ref().and_then(Value::as_str).unwrap_or(path[folder..].trim_start_matches('/')).to_owned();
    // What a whole file lacks is said at its family, or at its beginning.
    let place = family.as_ref().and_then(written_at).unwrap_or_else(|| definitions.origin.span().unwrap_or(file));
    let mut head = Head::new(name, place);
    head.block = object.span;
    let mut task = Task::new(head);
    read_task(&mut task, object, place);
    task.path.set(Value::text(path, crate::value::Origin::written(file)));
    let id = model.workload.tasks.push(task);
    add_containers(model, id, &definitions, Spelling::Api);
    volume::add_volumes(model, id, object);
    Some(id)
}

fn read_task(task: &mut Task, object: Object<'_>, place: Span) {
    macro_rules! read {
        ($($field:ident = $key:literal),* $(,)?) => {
            $( task.$field.read(place, $key, object.get($key).filter(|value| !is_empty_text(value))); )*
        };
    }
    read!(
        family = "family",
        network_mode = "networkMode",
        cpu = "cpu",
        memory = "memory",
        pid_mode = "pidMode",
        ipc_mode = "ipcMode",
        fault_injection = "enableFaultInjection",
        compatibilities = "requiresCompatibilities",
        execution_role_arn = "executionRoleArn",
        task_role_arn = "taskRoleArn"
    );
    if let Some(storage) = object.object("ephemeralStorage") {
        task.ephemeral_storage.read(storage.span, "sizeInGiB", storage.get("sizeInGiB"));
    }
    if let Some(platform) = object.object("runtimePlatform") {
        task.architecture.read(platform.span, "cpuArchitecture", platform.get("cpuArchitecture"));
    }
    let (constraints, _) = object.items("placementConstraints");
    let refused: Vec<Value> = constraints.iter().map(|it| named("placementConstraints", it, place)).collect();
    task.refused_by_fargate.set(texts(refused, None, place));
}

/// The key of something, as a text where the thing is written.
pub(crate) fn named(key: &str, value: &Value, fallback: Span) -> Value {
    Value::text(key, crate::value::Origin::written(written_at(value).unwrap_or(fallback)))
}

/// Described definitions and templates hold empty texts where nothing is meant.
pub(crate) fn is_empty_text(value: &Value) -> bool {
    matches!(&value.kind, ValueKind::Text(text) if text.known() == Some(""))
}
