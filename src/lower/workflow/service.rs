//! Services that a workflow makes with `aws ecs create-service`: where their tasks stand and who can reach them. What the
//! command says of anything else is not read.

use super::read::flag_at;
use super::scope::JobScope;
use crate::eval::shell::{Argument, Command};
use crate::logic::{Reason, Tri};
use crate::model::workload::Service;
use crate::model::{Cell, Head, Model, One, mark};
use crate::value::{Origin, Value};

pub(super) fn created(model: &mut Model, scope: &JobScope<'_, '_>, command: &Command) {
    if !command.says(&["aws", "ecs", "create-service"]) {
        return;
    }
    let span = command.span;
    let origin = || Origin::written(span);
    let unread = |what: &str| Reason::at("unread-option", what, span);
    let named = command.option(&["--service-name"]);
    let name = named.as_ref().and_then(|it| it.text().map(str::to_owned));
    let mut service = Service::new(Head::new(name.unwrap_or_else(|| scope.doc().key.clone()), span));
    if let Some(name) = named {
        service.name.set(name.operand.value);
    }
    let texts = [("--launch-type", &mut service.launch_type), ("--platform-version", &mut service.platform_version)];
    for (option, cell) in texts {
        if let Some(written) = command.option(&[option]) {
            cell.set(written.operand.value);
        }
    }
    if let Some(shell) = command.option(&["--enable-execute-command"]) {
        service.exec_enabled.set(flag_at(true, shell.span));
    }
    hide(&mut service, &unread, &origin);
    service.task = One::unknown(unread("--task-definition"), origin());
    service.cluster = One::unknown(unread("--cluster"), origin());
    service.registrations.open(unread("--load-balancers"));
    service.load_balancers.open(unread("--load-balancers"));
    service.subnets.open(unread("--network-configuration"));
    service.security_groups.open(unread("--network-configuration"));
    if let Some(network) = command.option(&["--network-configuration"]) {
        service.assign_public_ip.set(assigns_public_ip(&network));
    }
    model.workload.services.push(service);
}

/// What the command may say in options that nobody reads here.
fn hide(service: &mut Service, unread: &dyn Fn(&str) -> Reason, origin: &dyn Fn() -> Origin) {
    let deployment = || unread("--deployment-configuration");
    for cell in [&mut service.circuit_breaker, &mut service.rollback, &mut service.alarms_roll_back] {
        *cell = Cell::unknown(deployment(), origin());
    }
    for cell in [&mut service.minimum_percent, &mut service.maximum_percent] {
        *cell = Cell::unknown(deployment(), origin());
    }
    let flags: [(&str, &mut Cell<mark::Flag>); 2] =
        [("--propagate-tags", &mut service.propagates_tags), ("aws ecs wait", &mut service.waits)];
    for (what, cell) in flags {
        *cell = Cell::unknown(unread(what), origin());
    }
    let numbers: [(&str, &mut Cell<mark::Number>); 2] = [
        ("--desired-count", &mut service.desired_count),
        ("--health-check-grace-period-seconds", &mut service.grace_period),
    ];
    for (what, cell) in numbers {
        *cell = Cell::unknown(unread(what), origin());
    }
    service.scheduling = Cell::unknown(unread("--scheduling-strategy"), origin());
    service.controller = Cell::unknown(unread("--deployment-controller"), origin());
}

/// In the short form or as JSON; both name the switch, and it is off unless it says so.
pub(super) fn assigns_public_ip(network: &Argument) -> Value {
    let says = |text: &crate::value::Text| {
        Tri::any(
            ["assignPublicIp=ENABLED", "assignPublicIp\":\"ENABLED", "\"assignPublicIp\": \"ENABLED"]
                .map(|word| text.contains(word)),
        )
    };
    match network.operand.value.as_text().as_ref().map_or(Tri::Unknown, says) {
        Tri::Unknown => Value::unknown(
            Reason::at("run-time-value", "network configuration", network.span),
            Origin::written(network.span),
        ),
        known => flag_at(known == Tri::True, network.span),
    }
}
