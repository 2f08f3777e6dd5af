//! ECS tasks and services: what runs them, whether they can start, be replaced and be watched.

mod container;
mod fargate;
mod image;
mod process;
mod redirect;
mod reference;
mod server;
mod service;

pub(super) use server::is_plain_upstream;
pub(super) use service::rolls_back;

use super::facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::image::ImageBuild;
use crate::model::secret::{SecretReference, Setting};
use crate::model::workload::{Container, LogConfiguration, PortMapping, Registration, Service, Task, Volume};
use crate::model::{Cell, Many, mark};
use crate::source::{Place, Span};
use crate::value::{Origin, Value};

facts! {
    Task {
        /// Whether it is for Fargate: by what it demands itself, or because a service runs it there.
        on_fargate: Flag = fargate::on_fargate,
        /// Whether CPU and memory are a pair that Fargate offers; anything goes elsewhere.
        size_is_valid: Flag = fargate::size_is_valid,
        /// Whether its containers together ask for no more than it has, and none for less memory than it reserves.
        containers_fit: Flag = fargate::containers_fit,
        /// Whether it cannot start without an execution role: a private image, a log group or a secret of AWS.
        needs_execution_role: Flag = reference::needs_execution_role,
    }
    Setting {
        /// Whether a load balancer sends plain HTTP to the server that runs its module, which learns nothing else.
        is_sent_plain_http: Flag = redirect::is_sent_plain_http,
    }
    Container {
        /// Whether everything that it waits for can happen.
        dependencies_can_be_met: Flag = container::dependencies_can_be_met,
        /// Whether its health check has a form and numbers that ECS accepts; true where it has none.
        health_check_is_valid: Flag = container::health_check_is_valid,
        /// Whether a working router stands beside it, if its logs go through one.
        has_log_router: Flag = container::has_log_router,
        /// Whether all servers that it starts speak TLS.
        speaks_tls: Flag = server::speaks_tls,
        /// Whether it offers a Redis that speaks plain text.
        is_redis_without_tls: Flag = server::is_redis_without_tls,
        /// Whether it answers in plain text where its target group speaks HTTPS.
        is_plain_upstream: Flag = server::is_plain_upstream,
        /// Whether its server is meant for a proxy of the same task and listens on all addresses.
        is_open_sidecar: Flag = server::is_open_sidecar,
        /// Whether a health check of its own or a target group notices when it hangs; true where no service runs it or
        /// nothing depends on it.
        is_watched: Flag = container::is_watched,
        /// Whether its process is root by its own word, or because a public image starts so.
        runs_as_root: Flag = image::runs_as_root,
        /// Whether anybody says who its process is.
        user_is_settled: Flag = image::user_is_settled,
        /// Whether the image has the program that the health check calls; true where that is none of the common tools.
        health_check_tool_exists: Flag = image::health_check_tool_exists,
        /// Whether it offers a port that its image exposes; true where the image exposes none, or it offers none.
        exposed_port_is_mapped: Flag = image::exposed_port_is_mapped,
        /// Whether its image is built for the processor of the task.
        architecture_fits: Flag = image::architecture_fits,
        /// Whether the stop signal reaches the server behind its entrypoint script; true where no service runs it.
        signal_passes_script: Flag = image::signal_passes_script,
        /// Whether it offers a port on which only it can reach its server.
        is_bound_to_loopback: Flag = process::is_bound_to_loopback,
        /// Whether what it starts is a server for development.
        serves_development: Flag = process::serves_development,
    }
    ImageBuild {
        /// Whether a HEALTHCHECK is all that would watch a container of a service.
        healthcheck_is_ignored: Flag = image::healthcheck_is_ignored,
        /// Whether CMD, or the command of a task, is lost behind an ENTRYPOINT in shell form.
        command_is_lost: Flag = image::command_is_lost,
    }
    PortMapping {
        /// Whether a process of the task listens on the port.
        is_listened_on: Flag = process::is_listened_on,
    }
    Volume {
        /// Whether a container mounts it.
        is_mounted: Flag = container::is_mounted,
    }
    LogConfiguration {
        /// Whether `awslogs` has all the options that it needs; true for other drivers.
        options_complete: Flag = container::options_complete,
        /// Whether somebody in this repository makes the log group, or the task does.
        group_in_code: Flag = container::group_in_code,
    }
    SecretReference {
        /// Whether ECS can read `valueFrom`: a whole ARN, with three colons behind the key if it names one, or the name of
        /// a parameter.
        is_valid: Flag = reference::is_valid,
    }
    Registration {
        /// Whether the task has the container and maps the port.
        container_exists: Flag = service::container_exists,
    }
    Service {
        /// Whether a failed deployment goes back by itself; true where something else deploys.
        rolls_back: Flag = service::rolls_back,
        /// Whether minimum and maximum percent leave room to start a new task or to stop an old one.
        can_replace_tasks: Flag = service::can_replace_tasks,
    }
}

/// The place of a cell: its literal, or what lacks it.
fn place<T: crate::model::CellType>(cell: &Cell<T>, fallback: Span, role: &str) -> Place {
    Place::new(cell.origin().span().unwrap_or(fallback), role)
}

fn place_of(origin: &Origin, fallback: Span, role: &str) -> Place {
    Place::new(origin.span().unwrap_or(fallback), role)
}

/// Why a value is not known.
fn reason_of(value: &Value, what: &str) -> Reason {
    match value.reason() {
        Some(reason) => reason.clone(),
        None => Reason::with("provider-computed", what.to_owned(), value.origin.span()),
    }
}

/// A statement that holds unless a collection may hold more than is seen.
fn unless_open<T>(fact: Fact, many: &Many<T>) -> Fact {
    match &many.open {
        Some(reason) => Fact::unknown(reason.clone()),
        None => fact,
    }
}

/// Whether a text is one of these words; unknown with the reason.
fn is_word(cell: &Cell<mark::Text>, words: &[&str]) -> Tri {
    Tri::any(words.iter().map(|word| cell.equals(word)))
}
