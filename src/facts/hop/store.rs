//! What databases and caches demand of their clients.

use super::engine::{EngineVersion, TlsDemand, ca_has_expired, is_on, tls_demand};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::{Cache, Database, ParameterGroup};
use crate::model::{Cell, Id, Link, Model, One, Reading, mark};
use crate::source::{Place, Span};

pub(super) fn is_aurora(facts: &Facts<'_>, id: Id<Database>) -> Fact {
    let database = &facts.model[id];
    match database.engine.get() {
        Reading::Known(engine) => match engine.known() {
            Some(engine) => Fact::new(Tri::from(engine.starts_with("aurora")), Vec::new()),
            None => match engine.starts_with("aurora") {
                Tri::Unknown => Fact::unknown(Reason::at("no-value", "engine", database.head.span)),
                known => Fact::new(known, Vec::new()),
            },
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// Where the demand comes from.
struct Demand {
    fact: Fact,
    by_default: bool,
}

pub(in crate::facts) fn demands_tls(facts: &Facts<'_>, id: Id<Database>) -> Fact {
    demand(facts.model, id).fact
}

/// Nothing in the repository holds the demand; the engine's default does.
pub(super) fn tls_only_by_default(facts: &Facts<'_>, id: Id<Database>) -> Fact {
    let demand = demand(facts.model, id);
    match (demand.fact.tri, demand.by_default) {
        (Tri::True, true) => Fact::yes(demand.fact.places),
        (Tri::True, false) | (Tri::False, _) => Fact::no(demand.fact.places),
        (Tri::Unknown, _) => demand.fact,
    }
}

fn demand(model: &Model, id: Id<Database>) -> Demand {
    let database = &model[id];
    let unknown = |reason: Reason| Demand { fact: Fact::unknown(reason), by_default: false };
    let engine = match database.engine.get() {
        Reading::Known(engine) => match engine.known() {
            Some(engine) => engine.to_owned(),
            None => return unknown(Reason::at("no-value", "engine", database.head.span)),
        },
        Reading::Absent => return unknown(Reason::at("no-value", "engine", database.head.span)),
        Reading::Unknown(reason) => return unknown(reason),
    };
    let reads_cluster_group = database.kind.equals("cluster") == Tri::True;
    let (edge, name) = match reads_cluster_group {
        true => (&database.cluster_parameter_group, &database.cluster_parameter_group_name),
        false => (&database.parameter_group, &database.parameter_group_name),
    };
    match group(model, edge, name) {
        Group::Declared(group) => in_group(model, database, &engine, group),
        Group::Default(family) => {
            by_default(database, &engine, EngineVersion::of_family(&family), &format!("the group `default.{family}`"))
        }
        Group::Unknown(reason) => unknown(reason),
        Group::None => {
            if let Some(source) = database.source.id()
                && source != id
            {
                return demand(model, source);
            }
            if let Link::Unknown(reason) = &database.source.link {
                return unknown(reason.clone());
            }
            let version = database.engine_version.as_str().and_then(|version| EngineVersion::parse(&engine, version));
            let reading = match (&version, database.engine_version.get()) {
                (None, Reading::Unknown(reason)) => Some(reason),
                (_, Reading::Known(_) | Reading::Absent | Reading::Unknown(_)) => None,
            };
            match reading {
                Some(reason) => unknown(reason),
                None => {
                    let family = version.as_ref().map_or_else(|| engine.clone(), family_name);
                    by_default(database, &engine, version, &format!("no parameter group, so `default.{family}`"))
                }
            }
        }
    }
}

fn family_name(version: &EngineVersion) -> String {
    match version.engine.as_str() {
        "postgres" | "aurora-postgresql" => format!("{}{}", version.engine, version.major),
        engine => format!("{engine}{}.{}", version.major, version.minor),
    }
}

enum Group {
    Declared(Id<ParameterGroup>),
    Default(String),
    None,
    Unknown(Reason),
}

fn group(model: &Model, edge: &One<ParameterGroup>, name: &Cell<mark::Text>) -> Group {
    let _ = model;
    if let Some(group) = edge.id() {
        return Group::Declared(group);
    }
    if let Some(family) = name.as_str().and_then(|name| name.strip_prefix("default.")) {
        return Group::Default(family.to_owned());
    }
    match &edge.link {
        Link::Unknown(reason) => Group::Unknown(reason.clone()),
        Link::Absent | Link::To(_) => Group::None,
    }
}

fn in_group(model: &Model, database: &Database, engine: &str, id: Id<ParameterGroup>) -> Demand {
    let group = &model[id];
    let family = group.family.as_str().and_then(EngineVersion::of_family);
    let name = match tls_demand(engine, family.as_ref()) {
        Some(TlsDemand::Parameter { name, .. }) => name,
        Some(TlsDemand::Never | TlsDemand::CannotSee) | None => {
            return by_default(database, engine, family, "its engine");
        }
    };
    let unknown = |reason: Reason| Demand { fact: Fact::unknown(reason), by_default: false };
    let settings = match group.settings.get() {
        Reading::Known(settings) => settings,
        Reading::Absent => return by_default(database, engine, family, "its parameter group"),
        Reading::Unknown(reason) => return unknown(reason),
    };
    match settings.entries.get(name) {
        Some(value) => {
            let place = value.origin.span().unwrap_or(group.head.span);
            let text = value.as_text();
            let on = text.as_ref().and_then(|text| text.known()).map_or(Tri::Unknown, is_on);
            let places = vec![
                Place::new(place, format!("`{name}` decides whether plain connections are refused")),
                Place::new(group.head.span, format!("the parameter group `{}`", group.head.name)),
                Place::new(database.head.span, format!("of `{}`", database.head.name)),
            ];
            let fact = match on {
                Tri::Unknown => {
                    let reason = value.reason().cloned();
                    Fact::unknown(reason.unwrap_or_else(|| Reason::at("no-value", name, place)))
                }
                known => Fact::new(known, places),
            };
            Demand { fact, by_default: false }
        }
        None => match &settings.open {
            Some(reason) => unknown(reason.clone()),
            None => {
                let mut demand = by_default(database, engine, family, "its parameter group leaves the default");
                let head = &group.head;
                demand.fact.places.push(Place::new(head.span, format!("`{}` does not set `{name}`", head.name)));
                demand
            }
        },
    }
}

fn by_default(database: &Database, engine: &str, version: Option<EngineVersion>, why: &str) -> Demand {
    let at = |role: String| vec![Place::new(place_of_default(database), role)];
    let fact = match tls_demand(engine, version.as_ref()) {
        Some(TlsDemand::Parameter { name, on_by_default }) => match on_by_default {
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "engine_version", database.head.span)),
            Tri::True => Fact::yes(at(format!("{why}: `{name}` is on by default"))),
            Tri::False => Fact::no(at(format!("{why}: `{name}` is off by default"))),
        },
        Some(TlsDemand::Never) => Fact::no(at(format!("{why}: this version cannot refuse plain connections"))),
        Some(TlsDemand::CannotSee) | None => {
            Fact::unknown(Reason::at("unsupported", engine.to_owned(), database.head.span))
        }
    };
    Demand { fact, by_default: true }
}

/// The block: it names no group, or one that does not say.
fn place_of_default(database: &Database) -> Span {
    database.head.span
}

pub(super) fn ca_expired(facts: &Facts<'_>, id: Id<Database>) -> Fact {
    let database = &facts.model[id];
    match database.ca.get() {
        Reading::Known(name) => match name.known() {
            Some(name) => {
                let place = database.ca.origin().span().unwrap_or(database.head.span);
                match ca_has_expired(name) {
                    Tri::Unknown => Fact::unknown(Reason::at("unknown-authority", name.to_owned(), place)),
                    known => Fact::new(known, vec![Place::new(place, format!("`{name}`"))]),
                }
            }
            None => Fact::unknown(Reason::at("no-value", "ca_cert_identifier", database.head.span)),
        },
        // The account's current authority is not an expired one.
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// A password or user groups; a value that surely is set counts although it is not known.
pub(super) fn authenticates(facts: &Facts<'_>, id: Id<Cache>) -> Fact {
    let cache = &facts.model[id];
    let token = cache.auth_token.is_present();
    let groups = match cache.user_groups.get() {
        Reading::Known(list) if list.items.is_empty() && list.open.is_none() => Tri::False,
        Reading::Known(list) if list.items.is_empty() => Tri::Unknown,
        Reading::Known(_) => Tri::True,
        Reading::Absent => Tri::False,
        Reading::Unknown(_) => cache.user_groups.is_present().and(Tri::Unknown),
    };
    let place = Place::new(cache.head.span, "neither a password nor user groups");
    match token.or(groups) {
        Tri::Unknown => {
            let reason = cache.auth_token.value().reason().or(cache.user_groups.value().reason()).cloned();
            Fact::unknown(reason.unwrap_or_else(|| Reason::at("no-value", "auth_token", cache.head.span)))
        }
        known => Fact::new(known, vec![place]),
    }
}
