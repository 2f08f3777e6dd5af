//! The containers of a task definition, with their environment, secrets, ports and logs.

use std::sync::Arc;

use super::keys::{CONTAINER, FARGATE_LOG_DRIVERS, REFUSED_IN_CONTAINER, REFUSED_LINUX_PARAMETERS, TASK};
use super::object::{Object, Spelling, items, written_at};
use crate::logic::Reason;
use crate::model::secret::{SecretReference, Variable};
use crate::model::workload::{Container, LogConfiguration, PortMapping, Task};
use crate::model::{Head, Id, Many, Model, One};
use crate::source::{Span, nearest};
use crate::value::{Kind, List, ListFlavour, Origin, Value};

/// Adds the containers that `definitions` lists to a task.
pub(crate) fn add_containers(model: &mut Model, task: Id<Task>, definitions: &Value, spelling: Spelling) {
    let (listed, open) = items(definitions);
    let mut containers = Many::none(model[task].head.span);
    containers.origin = definitions.origin.clone();
    containers.open = open;
    for (index, value) in listed.iter().enumerate() {
        match Object::of(value, model[task].head.span, spelling) {
            Some(object) => {
                let id = add_container(model, task, object, index);
                containers.push(id, value.origin.clone());
            }
            None => containers.open(reason_of(value)),
        }
    }
    model[task].containers = containers;
}

fn add_container(model: &mut Model, task: Id<Task>, object: Object<'_>, index: usize) -> Id<Container> {
    let name = object.get("name");
    let shown =
        name.as_ref().and_then(Value::as_text).map_or_else(|| format!("container {}", index + 1), |it| it.to_string());
    // What a container lacks is said at its name.
    let place = name.as_ref().and_then(written_at).unwrap_or(object.span);
    let mut container = Container::new(part_of(&model[task].head, shown, place, object.span));
    read_cells(&mut container, object, place);
    container.task = One::to(task, Origin::written(place));
    if let Some(program) = super::command::health_check_program(container.health_check.value()) {
        container.health_check_program.set(program);
    }
    let id = model.workload.containers.push(container);
    super::command::add_commands(model, id);
    add_environment(model, id, object);
    add_secrets(model, id, object);
    add_ports(model, id, object);
    match (object.object("logConfiguration"), object.get("logConfiguration")) {
        (Some(log), _) => {
            let log = add_log(model, id, log);
            model[id].log_configuration = One::to(log, Origin::written(model[log].head.span));
        }
        (None, Some(value)) => model[id].log_configuration = One::unknown(reason_of(&value), value.origin.clone()),
        (None, None) => {}
    }
    id
}

/// `read!(container, object, place; user = "user", …)`: each cell from its key.
macro_rules! read {
    ($entity:expr, $object:expr, $place:expr; $($field:ident = $key:literal),* $(,)?) => {
        $( $entity.$field.read($place, $key, $object.get($key).filter(|value| !super::is_empty_text(value))); )*
    };
}

fn read_cells(container: &mut Container, object: Object<'_>, place: Span) {
    read!(container, object, place;
        name = "name", essential = "essential", user = "user", privileged = "privileged",
        readonly_root = "readonlyRootFilesystem", cpu = "cpu", memory = "memory",
        memory_reservation = "memoryReservation", entry_point = "entryPoint", command_line = "command",
        health_check = "healthCheck", stop_timeout = "stopTimeout", image_name = "image", dependencies = "dependsOn", mount_points = "mountPoints",
        labels = "dockerLabels");
    if let Some(consistency) = object.get("versionConsistency") {
        container.version_consistency.set(match consistency.as_str() {
            Some(word) => Value::bool(word != "disabled", consistency.origin.clone()),
            None => consistency,
        });
    }
    if let Some(linux) = object.object("linuxParameters") {
        container.init_process.read(linux.span, "initProcessEnabled", linux.get("initProcessEnabled"));
        if let Some(capabilities) = linux.object("capabilities") {
            container.capabilities_added.read(capabilities.span, "add", capabilities.get("add"));
            container.capabilities_dropped.read(capabilities.span, "drop", capabilities.get("drop"));
        }
    }
    if let Some(credentials) = object.object("repositoryCredentials") {
        let parameter = credentials.get("credentialsParameter");
        container.repository_credentials.read(credentials.span, "credentialsParameter", parameter);
    }
    if let Some(firelens) = object.object("firelensConfiguration") {
        container.firelens.read(firelens.span, "type", firelens.get("type"));
    }
    let (options, open) = object.items("dockerSecurityOptions");
    container.security_options.set(texts(options, open, place));
    let (files, open) = object.items("environmentFiles");
    let files = files.iter().filter_map(|file| Object::of(file, place, Spelling::Provider)?.get("value")).collect();
    container.environment_files.set(texts(files, open, place));
    container.unknown_keys.set(texts(unknown_keys(object), object.open(), place));
    container.refused_by_fargate.set(texts(refused_by_fargate(object), object.open(), place));
}

/// Keys that are another's, another language's, or a slip; each as a text at the place of its value.
fn unknown_keys(object: Object<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    for (key, value) in object.entries() {
        let is_comment = key.starts_with('_') || key.starts_with("//");
        if is_comment || object.knows(key, CONTAINER) {
            continue;
        }
        let folded: String = key.chars().filter(|c| !matches!(c, '_' | '-')).collect();
        let is_respelt = CONTAINER.iter().chain(TASK).any(|known| known.eq_ignore_ascii_case(&folded));
        let is_near = || nearest(key, CONTAINER.iter().copied()).is_some();
        if is_respelt || is_near() {
            found.push(Value::text(key, Origin::written(written_at(value).unwrap_or(object.span))));
        }
    }
    found
}

/// The key of a container that somebody meant; nothing for keys of the task, which stand elsewhere.
pub(crate) fn right_key(written: &str) -> Option<&'static str> {
    let folded: String = written.chars().filter(|c| !matches!(c, '_' | '-')).collect();
    if TASK.iter().any(|known| known.eq_ignore_ascii_case(&folded)) {
        return CONTAINER.iter().find(|known| known.eq_ignore_ascii_case(&folded)).copied();
    }
    let respelt = CONTAINER.iter().find(|known| known.eq_ignore_ascii_case(&folded)).copied();
    respelt.or_else(|| nearest(written, CONTAINER.iter().copied()))
}

/// What Fargate does not take, each as a text at the place of its value.
fn refused_by_fargate(object: Object<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    let mut refuse = |key: &str, value: &Value, fallback: Span| {
        found.push(Value::text(key, Origin::written(written_at(value).unwrap_or(fallback))));
    };
    let is_set = |value: &Value| match &value.kind {
        Kind::List(list) => !list.items.is_empty(),
        Kind::Bool(value) => *value,
        Kind::Null | Kind::Unknown(_) => false,
        Kind::Number(_) | Kind::Text(_) | Kind::Map(_) | Kind::Reference(_) => true,
    };
    for key in REFUSED_IN_CONTAINER {
        if let Some(value) = object.get(key).filter(is_set) {
            refuse(key, &value, object.span);
        }
    }
    if let Some(linux) = object.object("linuxParameters") {
        for key in REFUSED_LINUX_PARAMETERS {
            if let Some(value) = linux.get(key).filter(is_set) {
                refuse(key, &value, linux.span);
            }
        }
        let added = linux.object("capabilities").map_or_else(Vec::new, |it| it.items("add").0);
        for capability in added {
            if capability.as_str().is_some_and(|name| !matches!(name, "SYS_PTRACE" | "CAP_SYS_PTRACE")) {
                refuse("capabilities", &capability, linux.span);
            }
        }
    }
    for requirement in object.items("resourceRequirements").0 {
        let kind = Object::of(&requirement, object.span, Spelling::Provider).and_then(|it| it.get("type"));
        if let Some(kind) = kind.filter(|kind| kind.as_str() == Some("GPU")) {
            refuse("resourceRequirements", &kind, object.span);
        }
    }
    let driver = object.object("logConfiguration").and_then(|log| log.get("logDriver"));
    if let Some(driver) = driver
        && driver.as_str().is_some_and(|name| !FARGATE_LOG_DRIVERS.contains(&name))
    {
        refuse("logDriver", &driver, object.span);
    }
    found
}

fn add_environment(model: &mut Model, container: Id<Container>, object: Object<'_>) {
    let (entries, open) = object.items("environment");
    let mut variables = Many::none(model[container].head.span);
    variables.open = open;
    for value in entries {
        let Some(entry) = Object::of(&value, object.span, object.spelling()) else {
            variables.open(reason_of(&value));
            continue;
        };
        let name = entry.get("name");
        let shown = name.as_ref().and_then(Value::as_text).map_or_else(String::new, |text| text.to_string());
        let mut variable = Variable::new(part_of(&model[container].head, shown, entry.span, entry.span));
        variable.name.read(entry.span, "name", name);
        variable.content.read(entry.span, "value", entry.get("value"));
        variable.set_in.set(Value::text("task", Origin::written(entry.span)));
        variable.container = One::to(container, Origin::written(model[container].head.span));
        variables.push(model.secret.variables.push(variable), value.origin.clone());
    }
    if let Some(reason) = variables.open.clone() {
        add_unseen_variable(model, container, &reason);
    }
    model[container].variables = variables;
}

/// An entry that nobody here can see stands for all of them: rules about entries do not pass them over.
fn add_unseen_variable(model: &mut Model, container: Id<Container>, reason: &Reason) {
    let place = model[container].head.span;
    let name = format!("the environment of {}", model[container].head.name);
    let unknown = || Value::unknown(reason.clone(), Origin::missing(reason.code, place));
    let mut variable = Variable::new(part_of(&model[container].head, name, place, place));
    variable.name.set(unknown());
    variable.content.set(unknown());
    variable.set_in.set(Value::text("task", Origin::written(place)));
    variable.container = One::to(container, Origin::written(place));
    model.secret.variables.push(variable);
}

fn add_secrets(model: &mut Model, container: Id<Container>, object: Object<'_>) {
    let (mut entries, mut open) = object.items("secrets");
    if let Some(log) = object.object("logConfiguration") {
        let (options, more) = log.items("secretOptions");
        entries.extend(options);
        open = open.or(more);
    }
    let mut references = Many::none(model[container].head.span);
    references.open = open;
    for value in entries {
        let Some(entry) = Object::of(&value, object.span, object.spelling()) else {
            references.open(reason_of(&value));
            continue;
        };
        let name = entry.get("name");
        let shown = name.as_ref().and_then(Value::as_text).map_or_else(String::new, |text| text.to_string());
        let mut reference = SecretReference::new(part_of(&model[container].head, shown, entry.span, entry.span));
        let from = entry.get("valueFrom");
        reference.name.read(entry.span, "name", name);
        if let Some(key) = from.as_ref().and_then(json_key) {
            reference.json_key.set(key);
        }
        reference.value_from.read(entry.span, "valueFrom", from);
        reference.container = One::to(container, Origin::written(model[container].head.span));
        references.push(model.secret.secret_references.push(reference), value.origin.clone());
    }
    model[container].secret_references = references;
}

/// `…:secret:name-AbCdEf:KEY:stage:version`: the eighth part of an ARN; behind a hole that is an ARN the first.
fn json_key(from: &Value) -> Option<Value> {
    let text = from.as_text()?;
    let (written, skipped) = match text.known() {
        Some(known) if known.starts_with("arn:") => (known.to_owned(), 7),
        Some(_) => return None,
        None => (text.suffix().to_owned(), 1),
    };
    let key = written.split(':').nth(skipped)?;
    (!key.is_empty()).then(|| Value::text(key, from.origin.clone()))
}

fn add_ports(model: &mut Model, container: Id<Container>, object: Object<'_>) {
    let (entries, open) = object.items("portMappings");
    let mut mappings = Many::none(model[container].head.span);
    mappings.open = open;
    for value in entries {
        let Some(entry) = Object::of(&value, object.span, object.spelling()) else {
            mappings.open(reason_of(&value));
            continue;
        };
        let port = entry.get("containerPort");
        let shown = port.as_ref().and_then(Value::as_text).map_or_else(|| "port".to_owned(), |text| text.to_string());
        let mut mapping = PortMapping::new(part_of(&model[container].head, shown, entry.span, entry.span));
        read!(mapping, entry, entry.span;
            container_port = "containerPort", host_port = "hostPort", protocol = "protocol", name = "name");
        mapping.container = One::to(container, Origin::written(model[container].head.span));
        mappings.push(model.workload.port_mappings.push(mapping), value.origin.clone());
    }
    model[container].port_mappings = mappings;
}

fn add_log(model: &mut Model, container: Id<Container>, object: Object<'_>) -> Id<LogConfiguration> {
    let head = part_of(&model[container].head, model[container].head.name.clone(), object.span, object.span);
    let mut log = LogConfiguration::new(head);
    read!(log, object, object.span; driver = "logDriver", options = "options");
    if let Some(mode) = log.options.value().as_map().and_then(|options| options.entries.get("mode")) {
        log.mode.set(mode.clone());
    }
    log.container = One::to(container, Origin::written(model[container].head.span));
    model.workload.log_configurations.push(log)
}

/// The head of something inside: it exists when the whole does, and lies in the same module.
pub(super) fn part_of(whole: &Head, name: String, span: Span, block: Span) -> Head {
    let mut head = Head::new(name, span);
    head.block = block;
    head.presence = whole.presence;
    head.presence_reason = whole.presence_reason.clone();
    head.caller = whole.caller;
    head.calls = whole.calls.clone();
    head
}

fn reason_of(value: &Value) -> Reason {
    items(value).1.unwrap_or_else(|| Reason::with("wrong-type", "an object", value.origin.span()))
}

pub(super) fn texts(items: Vec<Value>, open: Option<Reason>, place: Span) -> Value {
    let list = List { items, flavour: ListFlavour::Tuple, open, is_indexed: true };
    Value::new(Kind::List(Arc::new(list)), Origin::written(place))
}
