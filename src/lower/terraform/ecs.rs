//! ECS: clusters, task definitions, services and what else starts tasks. The containers of a definition are read by
//! `lower::taskdef`, whatever they were written in.

use super::context::{Context, cells, computed};
use super::vpc::{default_group, each};
use crate::eval::terraform::functions::document;
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::{Reason, Tri};
use crate::lower::taskdef::{Efs, Spelling, VolumeParts, add_containers, add_volume, named};
use crate::model::network::{SecurityGroup, Subnet, TargetGroup};
use crate::model::workload::{Cluster, Container, Registration, Service, Task};
use crate::model::{Cell, Id, Link, Many, Model, One, mark};
use crate::value::{Kind, Origin, Value};

/// What starts tasks: the resource type, the kind of service, and the block that holds the settings if they do not stand
/// at the top.
const STARTERS: &[(&str, &str, &[&str])] = &[
    ("aws_ecs_service", "service", &[]),
    ("aws_ecs_task_set", "task_set", &[]),
    ("aws_cloudwatch_event_target", "event", &["ecs_target"]),
    ("aws_scheduler_schedule", "schedule", &["target", "ecs_parameters"]),
];

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_ecs_cluster") {
        let cluster = cluster(cx, instance);
        let name = cluster.name.value().clone();
        let id = cx.add(instance, cluster);
        cx.call(id, Some(name));
    }
    for instance in cx.data("aws_ecs_cluster") {
        let mut cluster = Cluster::new(cx.head(instance));
        computed!(cluster, instance; insights, exec_logging);
        cells!(cluster, instance.view(); name = "cluster_name");
        let reason = Reason::at("provider-computed", instance.address.to_string(), instance.header_span);
        cluster.exec_key = One::unknown(reason.clone(), Origin::written(instance.header_span));
        cluster.storage_key = One::unknown(reason, Origin::written(instance.header_span));
        cx.add(instance, cluster);
    }
    for instance in cx.managed("aws_ecs_task_definition") {
        make_task(cx, instance);
    }
    for (type_name, kind, path) in STARTERS {
        for instance in cx.managed(type_name) {
            let Some(view) = settings(instance, path) else { continue };
            let service = service(cx, instance, view, kind);
            cx.add(instance, service);
        }
    }
}

/// The block with the settings of what starts a task; nothing if the resource starts something else.
fn settings<'a>(instance: &'a Instance, path: &[&str]) -> Option<BlockView<'a>> {
    path.iter().try_fold(instance.view(), |view, name| view.block(name))
}

fn cluster(cx: &Context<'_>, instance: &Instance) -> Cluster {
    let mut cluster = Cluster::new(cx.head(instance));
    let view = instance.view();
    cells!(cluster, view; name = "name");
    let settings = view.blocks("setting");
    for setting in &settings.members {
        let is_insights =
            setting.attr("name").and_then(|name| name.as_text()).map(|name| name.equals_str("containerInsights"));
        match is_insights {
            Some(Tri::True) => {
                if let Some(value) = setting.attr("value") {
                    cluster.insights.set(match value.as_str() {
                        Some(word) => Value::bool(matches!(word, "enabled" | "enhanced"), value.origin.clone()),
                        None => value,
                    });
                }
            }
            // It may be this setting or another.
            Some(Tri::Unknown) => {
                if let Some(name) = setting.attr("name") {
                    cluster.insights.set(name);
                }
            }
            Some(Tri::False) | None => {}
        }
    }
    if let Some(reason) = settings.open
        && cluster.insights.is_default()
    {
        cluster.insights = Cell::unknown(reason, Origin::written(instance.header_span));
    }
    if let Some(exec) = view.block("configuration").and_then(|it| it.block("execute_command_configuration")) {
        cells!(cluster, exec; exec_logging = "logging");
    }
    cluster
}

fn make_task(cx: &mut Context<'_>, instance: &Instance) {
    let mut task = Task::new(cx.head(instance));
    let view = instance.view();
    cells!(task, view; family = "family", network_mode = "network_mode", cpu = "cpu", memory = "memory",
        pid_mode = "pid_mode", ipc_mode = "ipc_mode", fault_injection = "enable_fault_injection",
        compatibilities = "requires_compatibilities", execution_role_arn = "execution_role_arn",
        task_role_arn = "task_role_arn");
    if let Some(storage) = view.block("ephemeral_storage") {
        cells!(task, storage; ephemeral_storage = "size_in_gib");
    }
    if let Some(platform) = view.block("runtime_platform") {
        cells!(task, platform; architecture = "cpu_architecture");
    }
    let constraints = view.blocks("placement_constraints").members;
    let refused = constraints.iter().map(|it| named("placement_constraints", it.value(), it.header_span()));
    task.refused_by_fargate.set(Value::list(refused.collect(), Origin::written(instance.header_span)));
    let family = task.family.value().clone();
    let id = cx.add(instance, task);
    cx.call(id, Some(family));
    match view.attr("container_definitions") {
        Some(definitions) => add_containers(cx.model, id, &document(&definitions, cx.world), Spelling::Provider),
        None => cx.model[id].containers.origin = view.lacks("container_definitions"),
    }
    let volumes = view.blocks("volume");
    for volume in &volumes.members {
        add_volume(cx.model, id, volume_parts(*volume), volume.header_span());
    }
    if let Some(reason) = volumes.open {
        cx.model[id].volumes.open(reason);
    }
}

fn volume_parts(volume: BlockView<'_>) -> VolumeParts {
    let efs = volume.block("efs_volume_configuration").map(|efs| {
        let authorization = efs.block("authorization_config");
        Efs {
            file_system: efs.attr("file_system_id"),
            transit_encryption: efs.attr("transit_encryption"),
            access_point: authorization.and_then(|it| it.attr("access_point_id")),
            iam: authorization.and_then(|it| it.attr("iam")),
            span: Some(efs.header_span()),
        }
    });
    VolumeParts {
        name: volume.attr("name"),
        host_path: volume.attr("host_path"),
        docker: volume.block("docker_volume_configuration").map(|it| it.value().clone()),
        efs,
        fsx: volume.block("fsx_windows_file_server_volume_configuration").map(|it| it.value().clone()),
        is_configured_at_launch: volume.attr("configure_at_launch"),
    }
}

fn service(cx: &Context<'_>, instance: &Instance, view: BlockView<'_>, kind: &'static str) -> Service {
    let mut service = Service::new(cx.head(instance));
    cells!(service, instance.view(); name = "name");
    cells!(service, view; scheduling = "scheduling_strategy", launch_type = "launch_type",
        desired_count = "desired_count", minimum_percent = "deployment_minimum_healthy_percent",
        maximum_percent = "deployment_maximum_percent", exec_enabled = "enable_execute_command",
        grace_period = "health_check_grace_period_seconds", platform_version = "platform_version",
        waits = "wait_for_steady_state");
    service.kind.set(Value::text(kind, Origin::written(instance.header_span)));
    service
        .ignores_task_definition
        .set(Value::bool(instance.may_drift("task_definition"), Origin::written(instance.header_span)));
    if instance.may_drift("desired_count") {
        let reason = Reason::at("may-drift", "desired_count", instance.header_span);
        service.desired_count = Cell::unknown(reason, Origin::written(instance.header_span));
    }
    if let Some(network) = view.block("network_configuration") {
        cells!(service, network; assign_public_ip = "assign_public_ip");
    }
    read_launch(&mut service, view);
    read_rollback(&mut service, view);
    if let Some(propagated) = view.attr("propagate_tags") {
        service.propagates_tags.set(match propagated.as_str() {
            Some(word) => Value::bool(word != "NONE", propagated.origin.clone()),
            None => propagated,
        });
    }
    read_service_connect(&mut service, view);
    service
}

/// Providers of Fargate are Fargate; any other strategy is a group of hosts.
fn read_launch(service: &mut Service, view: BlockView<'_>) {
    let strategies = view.blocks("capacity_provider_strategy");
    if let Some(reason) = strategies.open
        && service.launch_type.is_default()
    {
        service.launch_type = Cell::unknown(reason, Origin::written(view.header_span()));
    }
    for strategy in strategies.members {
        let Some(provider) = strategy.attr("capacity_provider") else { continue };
        match provider.as_str() {
            Some("FARGATE" | "FARGATE_SPOT") => service.launch_type.set(Value::text("FARGATE", provider.origin)),
            Some(_) => {}
            None => service.launch_type.set(provider),
        }
    }
}

fn read_rollback(service: &mut Service, view: BlockView<'_>) {
    let span = view.header_span();
    if let Some(controller) = view.block("deployment_controller") {
        cells!(service, controller; controller = "type");
    }
    let breaker = view.blocks("deployment_circuit_breaker");
    for breaker in &breaker.members {
        cells!(service, *breaker; circuit_breaker = "enable", rollback = "rollback");
    }
    if let Some(reason) = breaker.open {
        service.circuit_breaker = Cell::unknown(reason.clone(), Origin::written(span));
        service.rollback = Cell::unknown(reason, Origin::written(span));
    }
    let alarms = view.blocks("alarms");
    for alarms in &alarms.members {
        let both = [alarms.attr("enable"), alarms.attr("rollback")];
        let rolls_back: Option<Value> = both.into_iter().flatten().reduce(|a, b| match a.kind {
            Kind::Bool(true) => b,
            _ => a,
        });
        service.alarms_roll_back.read(alarms.header_span(), "rollback", rolls_back);
    }
    if let Some(reason) = alarms.open {
        service.alarms_roll_back = Cell::unknown(reason, Origin::written(span));
    }
}

/// Whether every name of Service Connect is encrypted; absent where the service has none.
fn read_service_connect(service: &mut Service, view: BlockView<'_>) {
    for connect in view.blocks("service_connect_configuration").members {
        let is_off = connect.attr("enabled").is_some_and(|enabled| matches!(enabled.kind, Kind::Bool(false)));
        let names = connect.blocks("service");
        if is_off || (names.members.is_empty() && names.open.is_none()) {
            continue;
        }
        let plain = names.members.iter().find(|name| {
            let tls = name.blocks("tls");
            tls.members.is_empty() && tls.open.is_none()
        });
        let all = names.members.iter().all(|name| !name.blocks("tls").members.is_empty());
        let cell = match (plain, all, names.open) {
            (Some(plain), _, _) => Cell::of(Value::bool(false, Origin::written(plain.header_span()))),
            (None, true, None) => Cell::of(Value::bool(true, Origin::written(connect.header_span()))),
            (None, _, open) => {
                let reason = open.unwrap_or_else(|| Reason::at("dynamic-unknown", "tls", connect.header_span()));
                Cell::unknown(reason, Origin::written(connect.header_span()))
            }
        };
        service.service_connect_tls = cell;
    }
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<Cluster>(cx, &["aws_ecs_cluster"], |cx, instance, id| {
        let Some(configuration) = instance.view().block("configuration") else { return };
        if let Some(exec) = configuration.block("execute_command_configuration") {
            cx.model[id].exec_key = cx.one(exec, "kms_key_id");
        }
        if let Some(storage) = configuration.block("managed_storage_configuration") {
            cx.model[id].storage_key = cx.one(storage, "fargate_ephemeral_storage_kms_key_id");
        }
    });
    for (type_name, _, path) in STARTERS {
        each::<Service>(cx, &[type_name], |cx, instance, id| {
            let Some(view) = settings(instance, path) else { return };
            connect_service(cx, instance, view, id);
        });
    }
}

fn connect_service(cx: &mut Context<'_>, instance: &Instance, view: BlockView<'_>, id: Id<Service>) {
    let attribute = if view.attr("task_definition_arn").is_some() { "task_definition_arn" } else { "task_definition" };
    cx.model[id].task = match view.attr(attribute) {
        Some(value) => task_edge(cx, &value),
        None => {
            let mut edge = One::absent(view.header_span());
            edge.origin = view.lacks(attribute);
            edge
        }
    };
    if instance.may_drift("task_definition") {
        let reason = Reason::at("may-drift", "task_definition", instance.header_span);
        let origin = cx.model[id].task.origin.clone();
        cx.model[id].task = One::unknown(reason, origin);
    }
    if let Some(task) = cx.model[id].task.id() {
        let origin = cx.model[id].task.origin.clone();
        cx.model[task].services.push(id, origin);
    }
    cx.model[id].cluster = cx.one(view, "cluster");
    let networks = view.blocks("network_configuration");
    for network in &networks.members {
        let subnets: Many<Subnet> = cx.many(*network, "subnets");
        cx.model[id].subnets = subnets;
        let mut groups: Many<SecurityGroup> = cx.many(*network, "security_groups");
        if groups.members.is_empty() && groups.open.is_none() {
            let vpc = cx.model[id].subnets.ids().next().and_then(|subnet| cx.model[subnet].vpc.id());
            let group = default_group(cx, vpc, instance);
            groups.push(group, network.lacks("security_groups"));
        }
        cx.model[id].security_groups = groups;
    }
    if let Some(reason) = networks.open {
        cx.model[id].subnets.open(reason.clone());
        cx.model[id].security_groups.open(reason);
    }
    let registrations = view.blocks("load_balancer");
    for block in &registrations.members {
        let registration = add_registration(cx, id, *block);
        cx.model[id].registrations.push(registration, Origin::written(block.header_span()));
    }
    if let Some(reason) = registrations.open {
        cx.model[id].registrations.open(reason);
    }
}

/// By reference, by `family:revision`, or by the family alone.
fn task_edge(cx: &Context<'_>, value: &Value) -> One<Task> {
    let direct = cx.edge::<Task>(value);
    if !matches!(direct.link, Link::Unknown(_)) {
        return direct;
    }
    let Some(text) = value.as_text() else { return direct };
    let referred = text.holes().find_map(|hole| cx.edge::<Task>(hole).id());
    let written = text.prefix();
    let named = written.split_once(':').map(|(family, _)| family.rsplit('/').next().unwrap_or(family));
    let by_family = named.and_then(|family| {
        let mut tasks = cx.model.workload.tasks.iter();
        tasks.find(|(_, task)| task.family.as_str() == Some(family)).map(|(id, _)| id)
    });
    match referred.or(by_family) {
        Some(id) => One::to(id, value.origin.clone()),
        None => direct,
    }
}

fn add_registration(cx: &mut Context<'_>, service: Id<Service>, block: BlockView<'_>) -> Id<Registration> {
    let mut head = cx.model[service].head.clone();
    head.span = block.header_span();
    head.block = block.header_span();
    head.terraform = None;
    let mut registration = Registration::new(head);
    cells!(registration, block; container_name = "container_name", container_port = "container_port");
    registration.service = One::to(service, Origin::written(block.header_span()));
    let group: One<TargetGroup> = cx.one(block, "target_group_arn");
    let target = group.id();
    registration.target_group = group;
    registration.container = container_edge(cx.model, service, &registration.container_name);
    let id = cx.model.workload.registrations.push(registration);
    if let Some(target) = target {
        cx.model[target].registrations.push(id, Origin::written(block.header_span()));
    }
    id
}

/// The container of the service's task with this name.
fn container_edge(model: &Model, service: Id<Service>, name: &Cell<mark::Text>) -> One<Container> {
    let origin = name.origin().clone();
    let Some(task) = model[service].task.id() else {
        let reason = match &model[service].task.link {
            Link::Unknown(reason) => reason.clone(),
            Link::To(_) | Link::Absent => Reason::new("not-declared-here", "the task definition"),
        };
        return One::unknown(reason, origin);
    };
    let containers = &model[task].containers;
    let found = name.as_str().and_then(|name| containers.ids().find(|id| model[*id].name.as_str() == Some(name)));
    match (found, &containers.open) {
        (Some(id), _) => One::to(id, origin),
        (None, Some(reason)) => One::unknown(reason.clone(), origin),
        (None, None) => match name.value().as_str() {
            Some(_) if containers.ids().any(|id| model[id].name.as_str().is_none()) => {
                let unnamed = containers.ids().find_map(|id| model[id].name.value().reason().cloned());
                One::unknown(unnamed.unwrap_or_else(|| Reason::new("provider-computed", "a container's name")), origin)
            }
            Some(_) => {
                let mut edge = One::absent(model[service].head.span);
                edge.origin = origin;
                edge
            }
            None => {
                let reason = name.value().reason().cloned();
                One::unknown(reason.unwrap_or_else(|| Reason::new("provider-computed", "container_name")), origin)
            }
        },
    }
}

/// The load balancers in front of each service, once listeners know their target groups.
pub(super) fn in_front(cx: &mut Context<'_>) {
    for service in cx.own::<Service>() {
        let registrations: Vec<Id<Registration>> = cx.model[service].registrations.ids().collect();
        let mut front = Many::none(cx.model[service].head.span);
        front.open = cx.model[service].registrations.open.clone();
        for registration in registrations {
            let model = &cx.model;
            let Some(group) = model[registration].target_group.id() else {
                if let Link::Unknown(reason) = &model[registration].target_group.link {
                    front.open(reason.clone());
                }
                continue;
            };
            for listener in model[group].listeners.ids() {
                let edge = &model[listener].load_balancer;
                match &edge.link {
                    Link::To(id) if !front.members.iter().any(|(known, _)| known == id) => {
                        front.push(*id, model[registration].target_group.origin.clone());
                    }
                    Link::To(_) | Link::Absent => {}
                    Link::Unknown(reason) => front.open(reason.clone()),
                }
            }
            if let Some(reason) = &model[group].listeners.open {
                front.open(reason.clone());
            }
        }
        cx.model[service].load_balancers = front;
    }
}
