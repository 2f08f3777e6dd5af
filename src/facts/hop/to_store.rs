//! From containers to what keeps their data: databases, caches, buckets, queues, topics, tables and file systems.

use super::connection::root_file_in_image;
use super::edges::{Said, Steps, place_of, reason_of};
use super::policy::refuses_plain;
use super::store::demands_tls;
use crate::facts::Facts;
use crate::facts::reach::{ports_of, stores_of};
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::{Bucket, Cache, Connection, Database, DynamoTable, Queue, Topic};
use crate::model::workload::{Container, Task, Volume};
use crate::model::{AnyId, Entity, Id, Model, Reading};
use crate::source::{Place, Span};
use crate::value::Value;

/// The databases and caches that a container is told of.
pub(super) fn stores(steps: &mut Steps, facts: &Facts<'_>, container: Id<Container>) {
    let model = facts.model;
    let from = &model[container].head.name;
    for (store, origin) in stores_of(model, container) {
        let head = model.head(store);
        let port = ports_of(model, store).ok().and_then(|ports| ports.first().map(|(port, _)| *port));
        let to = port.map_or_else(|| head.name.clone(), |port| format!("{}:{port}", head.name));
        let told = origin.span().unwrap_or(head.span);
        if let Some(database) = store.typed::<Database>() {
            steps.add(from, to, to_database(facts, container, database, told));
        } else if let Some(cache) = store.typed::<Cache>() {
            steps.add(from, to, to_cache(model, container, cache, told));
        }
    }
    // A connection string to a host that no block here declares.
    for connection in connections(model, container) {
        let connection = &model[connection];
        let is_declared = connection.database.id().is_some() || connection.cache.id().is_some();
        if let (false, Some(scheme)) = (is_declared, connection.scheme.as_str()) {
            steps.add(from, format!("{scheme}://"), to_elsewhere(connection, scheme));
        }
    }
}

/// The connection strings and modes that a container is given.
pub(super) fn connections(model: &Model, container: Id<Container>) -> Vec<Id<Connection>> {
    let variables: Vec<_> = model[container].variables.ids().collect();
    let kept: Vec<AnyId> =
        model[container].secret_references.ids().filter_map(|reference| model[reference].source.any()).collect();
    let is_its = |connection: &Connection| {
        connection.variable.id().is_some_and(|variable| variables.contains(&variable))
            || connection.parameter.any().is_some_and(|parameter| kept.contains(&parameter))
            || connection.secret.any().is_some_and(|secret| kept.contains(&secret))
    };
    model.data.connections.iter().filter(|(_, connection)| is_its(connection)).map(|(id, _)| id).collect()
}

fn to_database(facts: &Facts<'_>, container: Id<Container>, database: Id<Database>, told: Span) -> Said {
    let model = facts.model;
    let server = demands_tls(facts, database);
    let decides = server.places.first().map_or(told, |place| place.span);
    let connection = connections(model, container).into_iter().find(|id| model[*id].database.id() == Some(database));
    let server_reason =
        || server.reasons.first().cloned().unwrap_or_else(|| Reason::at("no-value", "parameters", told));
    // Without a connection string the mode stands in a file that nobody reads here.
    let unseen = || match server.tri {
        Tri::True => Said::new("encrypted", "server demands TLS, client not seen", decides),
        Tri::False => {
            let reason = Reason::at("unread-settings", "the client's TLS mode", told);
            Said::hidden(reason, "server accepts clear", decides)
        }
        Tri::Unknown => Said::hidden(server_reason(), "neither end is known", told),
    };
    let Some(id) = connection else { return unseen() };
    let connection = &model[id];
    let place = connection.head.span;
    let mode = match connection.mode.get() {
        Reading::Known(mode) => mode.known().map(str::to_owned),
        Reading::Absent => Some("prefer".to_owned()),
        Reading::Unknown(_) => None,
    };
    match mode {
        Some(mode) => by_mode(&mode, &server, place, || root_file_in_image(facts, id).tri),
        None => unseen(),
    }
}

/// What a client that asks for a mode of TLS gets of a server.
pub(super) fn by_mode(mode: &str, server: &Fact, place: Span, has_root: impl FnOnce() -> Tri) -> Said {
    let decides = server.places.first().map_or(place, |place| place.span);
    let server_reason =
        || server.reasons.first().cloned().unwrap_or_else(|| Reason::at("no-value", "parameters", place));
    match (mode, server.tri) {
        ("verify-ca" | "verify-full", _) => match has_root() {
            Tri::True => Said::new("verified", "root certificate in the image", place),
            Tri::False => Said::new("dead", "root certificate is not in the image", place),
            Tri::Unknown => Said::new("encrypted", "root certificate not seen in the image", place),
        },
        ("require", _) => Said::new("encrypted", "not verified", place),
        ("disable", Tri::True) => Said::new("dead", "server refuses plain connections", place),
        ("disable" | "allow", Tri::False) => Said::new("clear", "client asks for no TLS", place),
        ("disable" | "allow", Tri::Unknown) => Said::hidden(server_reason(), "client asks for no TLS", place),
        (_, Tri::True) => Said::new("encrypted", "server demands TLS, not verified", decides),
        (_, Tri::False) => Said::new("either", "both ends accept clear", decides),
        (_, Tri::Unknown) => Said::hidden(server_reason(), "client accepts clear", place),
    }
}

fn to_cache(model: &Model, container: Id<Container>, id: Id<Cache>, told: Span) -> Said {
    let cache = &model[id];
    let decides = place_of(&cache.encrypted_in_transit, &cache.head);
    let connection = connections(model, container).into_iter().find(|it| model[*it].cache.id() == Some(id));
    let connection = connection.map(|id| &model[id]);
    let place = connection.map_or(told, |connection| connection.head.span);
    let asks = connection
        .and_then(|connection| connection.scheme.as_str())
        .map(|scheme| scheme.ends_with("ss") || scheme == "valkeys");
    let accepts_both = cache.transit_mode.equals("preferred");
    match (cache.encrypted_in_transit.tri(), asks) {
        (Tri::False, Some(true)) => Said::new("dead", "the cache speaks no TLS", place),
        (Tri::False, Some(false) | None) => Said::new("clear", "encryption in transit is off", decides),
        (Tri::True, Some(true)) => {
            let mode = connection.and_then(|connection| connection.mode.as_str());
            let remark = if mode == Some("require") { "certificate unchecked" } else { "client asks for TLS" };
            Said::new("encrypted", remark, place)
        }
        (Tri::True, Some(false)) => match accepts_both {
            Tri::True => Said::new("clear", "client asks for no TLS", place),
            Tri::False => Said::new("dead", "the cache takes TLS alone", place),
            Tri::Unknown => {
                Said::hidden(reason_of(cache.transit_mode.get(), "mode", decides), "client asks for no TLS", place)
            }
        },
        (Tri::True, None) => match accepts_both {
            Tri::False => Said::new("encrypted", "the cache takes TLS alone", decides),
            Tri::True | Tri::Unknown => {
                let reason = Reason::at("unread-settings", "the client's address", told);
                Said::hidden(reason, "the cache accepts clear", decides)
            }
        },
        (Tri::Unknown, _) => {
            let reason = reason_of(cache.encrypted_in_transit.get(), "transit_encryption_enabled", decides);
            Said::hidden(reason, "not known whether the cache speaks TLS", decides)
        }
    }
}

/// A host that is not declared here: only the client's own words count.
fn to_elsewhere(connection: &Connection, scheme: &str) -> Said {
    let place = connection.head.span;
    let reason = || Reason::at("not-declared-here", "the server", place);
    match (scheme, connection.mode.as_str()) {
        (_, Some("disable")) => Said::new("clear", "client asks for no TLS", place),
        (_, Some("require")) => Said::new("encrypted", "not verified", place),
        (_, Some("verify-ca" | "verify-full")) => Said::new("encrypted", "client verifies", place),
        ("rediss" | "valkeys", _) => Said::new("encrypted", "client asks for TLS", place),
        (_, Some(_) | None) => Said::hidden(reason(), "client accepts clear", place),
    }
}

/// What AWS's libraries speak to, named in the environment of a container.
pub(super) fn services(steps: &mut Steps, facts: &Facts<'_>, container: Id<Container>) {
    let model = facts.model;
    let mut found: Vec<AnyId> = Vec::new();
    for variable in model[container].variables.ids() {
        let value = model[variable].content.value();
        collect(model, value, &mut found);
        let bucket = bucket_named(model, value);
        found.extend(bucket.filter(|id| !found.contains(id)));
    }
    for target in found {
        steps.add(&model[container].head.name, &model.head(target).name, to_service(facts, target));
    }
}

/// What the role of a task may use beside that.
pub(super) fn of_role(steps: &mut Steps, facts: &Facts<'_>, task: Id<Task>) {
    let model = facts.model;
    let Some(role) = model[task].task_role.id() else { return };
    let mut named: Vec<AnyId> = Vec::new();
    for container in model[task].containers.ids() {
        for variable in model[container].variables.ids() {
            let value = model[variable].content.value();
            collect(model, value, &mut named);
            named.extend(bucket_named(model, value));
        }
    }
    let mut found: Vec<AnyId> = Vec::new();
    let attached = model[role].attachments.ids().filter_map(|attachment| model[attachment].policy.id());
    for policy in model[role].policies.ids().chain(attached) {
        let allowing = model[policy].statements.ids().filter(|id| model[*id].effect.equals("Allow") == Tri::True);
        for resource in allowing.flat_map(|statement| model[statement].resources.ids()) {
            collect(model, model[resource].text.value(), &mut found);
        }
    }
    found.retain(|id| !named.contains(id));
    for target in found {
        steps.add("task role", &model.head(target).name, to_service(facts, target));
    }
}

fn collect(model: &Model, value: &Value, found: &mut Vec<AnyId>) {
    let kinds = [Bucket::NAME, Queue::NAME, Topic::NAME, DynamoTable::NAME];
    for reference in value.references() {
        for id in model.resolve(reference) {
            if kinds.contains(&id.entity) && !found.contains(id) {
                found.push(*id);
            }
        }
    }
}

/// A bucket whose name, which nobody else in the world can have, is the value.
fn bucket_named(model: &Model, value: &Value) -> Option<AnyId> {
    let name = value.as_str()?;
    let found = model.data.buckets.iter().find(|(_, bucket)| bucket.name.as_str() == Some(name));
    found.map(|(id, _)| id.into())
}

/// AWS's libraries speak HTTPS and check the certificate.
fn to_service(facts: &Facts<'_>, target: AnyId) -> Said {
    let head = facts.model.head(target);
    let Some(bucket) = target.typed::<Bucket>() else { return Said::new("verified", "", head.span) };
    let refuses = refuses_plain(facts, bucket);
    let remark = match refuses.tri {
        Tri::True => "bucket refuses plain",
        Tri::False => "bucket accepts plain",
        Tri::Unknown => "policy of the bucket not known",
    };
    let first = |places: &[Place]| places.first().map_or(head.span, |place| place.span);
    Said::new("verified", remark, first(&refuses.places))
}

/// File systems that a task mounts.
pub(super) fn files(steps: &mut Steps, model: &Model, task: Id<Task>) {
    for volume in model[task].volumes.ids().map(|id| &model[id]) {
        if volume.kind.equals("efs") != Tri::True {
            continue;
        }
        let container = volume.containers.ids().next().map(|id| model[id].head.name.as_str());
        let system = volume.file_system.id().map_or(volume.head.name.as_str(), |it| model[it].head.name.as_str());
        steps.add(container.unwrap_or("task"), format!("{system}:2049"), to_files(volume));
    }
}

fn to_files(volume: &Volume) -> Said {
    let place = place_of(&volume.transit_encryption, &volume.head);
    let needs_iam = volume.iam_authorization.equals("ENABLED");
    match (volume.transit_encryption.equals("ENABLED"), needs_iam) {
        (Tri::True, _) => Said::new("encrypted", "", place),
        (Tri::False, Tri::True) => Said::new("dead", "IAM needs encryption in transit", place),
        (Tri::False, Tri::False) => Said::new("clear", "encryption in transit is off", place),
        (Tri::False, Tri::Unknown) => Said::new("clear", "encryption in transit is off", place),
        (Tri::Unknown, _) => {
            let reason = reason_of(volume.transit_encryption.get(), "transit_encryption", place);
            Said::hidden(reason, "encryption in transit not known", place)
        }
    }
}
