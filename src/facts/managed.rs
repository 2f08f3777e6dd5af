//! What AWS runs for others: whether it still supports the version, who may ask, and what is written down.

use super::permit::principal::Grants;
use super::permit::{pattern::Pattern, statement::Question};
use super::{Facts, facts};
use crate::data::support;
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::{Cache, Database, ParameterGroup, Trail};
use crate::model::managed::{Broker, ClassicSecurityGroup, EmrCluster, KubernetesCluster};
use crate::model::range::{Family, Range, RangeSet};
use crate::model::workload::Function;
use crate::model::{Cell, Id, Link, Model, One, Reading, mark};
use crate::source::{Place, Span};
use crate::value::Value;

facts! {
    Database {
        /// Whether AWS has ended the standard support of its engine's version.
        version_has_ended: Flag = database_has_ended,
        /// Whether its version has a hole that lets users of the database read files of its host.
        version_leaks_files: Flag = version_leaks_files,
        /// Whether a PostgreSQL server writes down no statements.
        keeps_no_statements: Flag = keeps_no_statements,
    }
    Cache {
        /// Whether AWS has ended the standard support of its engine's version.
        version_has_ended: Flag = cache_has_ended,
    }
    KubernetesCluster {
        /// Whether AWS has ended the standard support of its version.
        version_has_ended: Flag = kubernetes_has_ended,
        /// Whether everyone on the internet may ask its API.
        api_open_to_world: Flag = api_open_to_world,
    }
    Broker {
        /// Whether AWS has ended the support of its engine's version.
        version_has_ended: Flag = broker_has_ended,
    }
    Function {
        /// Whether AWS has ended the support of its runtime.
        runtime_has_ended: Flag = runtime_has_ended,
    }
    EmrCluster {
        /// Whether one of its security groups lets the internet in.
        open_to_world: Flag = emr_open_to_world,
    }
    ClassicSecurityGroup {
        /// Whether it lets in addresses of the internet, or more than a /24.
        opens_wide_range: Flag = opens_wide_range,
    }
    Trail {
        /// Whether its records go to a log group, under a role that may write there.
        is_sent_to_logs: Flag = is_sent_to_logs,
    }
}

/// Whether support of the version has ended; what is not written is the newest, or decided elsewhere.
fn has_ended(product: &str, version: &Cell<mark::Text>, otherwise: Span) -> Fact {
    let place = version.origin().span().unwrap_or(otherwise);
    match version.get() {
        Reading::Known(text) => match text.known() {
            Some(text) => match support::ended(product, text) {
                Some(ended) => Fact::yes(vec![Place::new(place, format!("standard support ended {ended}"))]),
                None => Fact::no(Vec::new()),
            },
            None => Fact::unknown(Reason::at("no-value", "the version", place)),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// The same where the product itself may not be known.
fn engine_has_ended(engine: &Cell<mark::Text>, version: &Cell<mark::Text>, otherwise: Span) -> Fact {
    match (engine.get(), engine.as_str()) {
        (_, Some(engine)) => has_ended(&engine.to_ascii_lowercase(), version, otherwise),
        (Reading::Absent, None) => Fact::no(Vec::new()),
        (Reading::Unknown(reason), None) => Fact::unknown(reason),
        (Reading::Known(_), None) => Fact::unknown(Reason::at("no-value", "the engine", otherwise)),
    }
}

fn database_has_ended(facts: &Facts<'_>, id: Id<Database>) -> Fact {
    let database = &facts.model[id];
    engine_has_ended(&database.engine, &database.engine_version, database.head.span)
}

fn cache_has_ended(facts: &Facts<'_>, id: Id<Cache>) -> Fact {
    let cache = &facts.model[id];
    engine_has_ended(&cache.engine, &cache.engine_version, cache.head.span)
}

fn kubernetes_has_ended(facts: &Facts<'_>, id: Id<KubernetesCluster>) -> Fact {
    let cluster = &facts.model[id];
    has_ended("kubernetes", &cluster.version, cluster.head.span)
}

fn broker_has_ended(facts: &Facts<'_>, id: Id<Broker>) -> Fact {
    let broker = &facts.model[id];
    engine_has_ended(&broker.engine, &broker.engine_version, broker.head.span)
}

fn runtime_has_ended(facts: &Facts<'_>, id: Id<Function>) -> Fact {
    let function = &facts.model[id];
    has_ended("lambda", &function.runtime, function.head.span)
}

/// Versions with the hole of `log_fdw` (AWS-2022-004), by engine and major version: the first minor version that has it,
/// and the first without it.
const LEAKS: [(&str, &[u32], u32, u32); 8] = [
    ("postgres", &[13], 0, 3),
    ("postgres", &[12], 0, 7),
    ("postgres", &[11], 0, 12),
    ("postgres", &[10], 0, 17),
    ("postgres", &[9, 6], 0, 22),
    ("postgres", &[9, 5], 0, u32::MAX),
    ("aurora-postgresql", &[11], 6, 9),
    ("aurora-postgresql", &[10], 11, 14),
];

fn version_leaks_files(facts: &Facts<'_>, id: Id<Database>) -> Fact {
    let database = &facts.model[id];
    let place = database.engine_version.origin().span().unwrap_or(database.head.span);
    let (engine, version) = match (database.engine.as_str(), database.engine_version.get()) {
        (_, Reading::Absent) => return Fact::no(Vec::new()),
        (_, Reading::Unknown(reason)) => return Fact::unknown(reason),
        (Some(engine), Reading::Known(version)) => (engine, version),
        (None, Reading::Known(_)) => return Fact::unknown(Reason::at("no-value", "the engine", place)),
    };
    let Some(version) = version.known() else { return Fact::unknown(Reason::at("no-value", "the version", place)) };
    let parts: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    let Some(parts) = parts else { return Fact::no(Vec::new()) };
    let leaks = LEAKS.iter().any(|(of, major, first, fixed)| {
        // A major version alone means its newest minor version.
        let minor = parts.strip_prefix(*major).and_then(|rest| rest.first());
        *of == engine && minor.is_some_and(|minor| (*first..*fixed).contains(minor))
    });
    Fact::new(Tri::from(leaks), vec![Place::new(place, "this version has the hole of `log_fdw`")])
}

/// What a parameter group says of one parameter.
enum Setting {
    Is(String, Span),
    NotSet,
    Unknown(Reason),
}

fn setting(model: &Model, group: Id<ParameterGroup>, name: &str) -> Setting {
    let group = &model[group];
    let settings = match group.settings.get() {
        Reading::Known(settings) => settings,
        Reading::Absent => return Setting::NotSet,
        Reading::Unknown(reason) => return Setting::Unknown(reason),
    };
    let hidden = || Reason::at("no-value", name, group.head.span);
    match (settings.entries.get(name), &settings.open) {
        (Some(value), _) => match value.as_text().and_then(|text| text.known().map(str::to_owned)) {
            Some(text) => Setting::Is(text.to_ascii_lowercase(), value.origin.span().unwrap_or(group.head.span)),
            None => Setting::Unknown(value.reason().cloned().unwrap_or_else(hidden)),
        },
        (None, Some(reason)) => Setting::Unknown(reason.clone()),
        (None, None) => Setting::NotSet,
    }
}

/// PostgreSQL writes statements down if one of these parameters says so; none does by default.
fn keeps_no_statements(facts: &Facts<'_>, id: Id<Database>) -> Fact {
    let model = facts.model;
    let database = &model[id];
    let engine = match (database.engine.as_str(), database.engine.get()) {
        (Some(engine), _) => engine,
        (None, Reading::Absent) => return Fact::no(Vec::new()),
        (None, Reading::Unknown(reason)) => return Fact::unknown(reason),
        (None, Reading::Known(_)) => return Fact::unknown(Reason::at("no-value", "engine", database.head.span)),
    };
    if !matches!(engine, "postgres" | "aurora-postgresql") || database.kind.as_str() == Some("global_cluster") {
        return Fact::no(Vec::new());
    }
    let is_cluster = database.kind.as_str() == Some("cluster");
    let groups: Vec<(&One<ParameterGroup>, &Cell<mark::Text>)> = match is_cluster {
        true => vec![
            (&database.cluster_parameter_group, &database.cluster_parameter_group_name),
            (&database.parameter_group, &database.parameter_group_name),
        ],
        false => vec![(&database.parameter_group, &database.parameter_group_name)],
    };
    let mut places = vec![Place::new(database.head.span, "no parameter group of its own")];
    let mut doubt = None;
    for (edge, name) in groups {
        let is_default = name.as_str().is_some_and(|name| name.starts_with("default."));
        match (edge.id(), &edge.link) {
            (Some(group), _) => {
                places = vec![Place::new(model[group].head.span, "no statement is written down by these settings")];
                let (logs, reason) = writes_statements(model, group, &mut places);
                if logs == Tri::True {
                    return Fact::no(Vec::new());
                }
                doubt = doubt.or(reason);
            }
            (None, Link::Unknown(reason)) if !is_default => doubt = doubt.or(Some(reason.clone())),
            (None, Link::Unknown(_) | Link::Absent | Link::To(_)) => {}
        }
    }
    match doubt {
        Some(reason) => Fact::unknown(reason),
        None => {
            places.push(Place::new(database.head.span, format!("`{}` uses it", database.head.name)));
            places.dedup_by_key(|place| place.span);
            Fact::yes(places)
        }
    }
}

fn writes_statements(model: &Model, group: Id<ParameterGroup>, places: &mut Vec<Place>) -> (Tri, Option<Reason>) {
    let is_on = |name: &str, text: &str| match name {
        "log_statement" => matches!(text, "ddl" | "mod" | "all"),
        "log_min_duration_statement" => text.parse::<i64>().is_ok_and(|bound| bound >= 0),
        _ => !text.is_empty() && text != "none",
    };
    let mut doubt = None;
    for name in ["log_statement", "log_min_duration_statement", "pgaudit.log"] {
        match setting(model, group, name) {
            Setting::Is(text, _) if is_on(name, &text) => return (Tri::True, None),
            Setting::Is(text, place) => places.insert(0, Place::new(place, format!("`{name}` is {text}"))),
            Setting::NotSet => {}
            Setting::Unknown(reason) => doubt = Some(reason),
        }
    }
    (if doubt.is_some() { Tri::Unknown } else { Tri::False }, doubt)
}

/// The first range of a list that `is_bad` takes.
fn bad_range(cell: &Cell<mark::Texts>, otherwise: Span, role: &str, is_bad: impl Fn(&Range) -> bool) -> Fact {
    let list = match cell.get() {
        Reading::Known(list) => list,
        Reading::Absent => return Fact::no(Vec::new()),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let judge = |item: &Value| {
        let place = item.origin.span().unwrap_or(otherwise);
        match item.as_str() {
            Some(text) => {
                let bad = Range::parse(text).is_some_and(|range| is_bad(&range));
                Fact::new(Tri::from(bad), vec![Place::new(place, role)])
            }
            None if item.as_reference().is_some() => Fact::no(Vec::new()),
            None => Fact::unknown(item.reason().cloned().unwrap_or_else(|| Reason::at("no-value", "a range", place))),
        }
    };
    let found = Fact::any(list.items.iter().map(judge));
    match (found.tri, &list.open) {
        (Tri::False, Some(reason)) => Fact::unknown(reason.clone()),
        (_, _) => found,
    }
}

fn api_open_to_world(facts: &Facts<'_>, id: Id<KubernetesCluster>) -> Fact {
    let cluster = &facts.model[id];
    let is_public = match cluster.public_endpoint.get() {
        Reading::Known(flag) => Fact::new(Tri::from(flag), Vec::new()),
        Reading::Absent => Fact::yes(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    };
    let world = |range: &Range| RangeSet::of(range.family, [*range]).is_world();
    bad_range(&cluster.public_ranges, cluster.head.span, "every address may ask the API", world).and(is_public)
}

fn opens_wide_range(facts: &Facts<'_>, id: Id<ClassicSecurityGroup>) -> Fact {
    let group = &facts.model[id];
    let is_wide = |range: &Range| {
        let narrowest = if range.family == Family::V4 { 24 } else { 64 };
        !range.is_private() || range.length < narrowest
    };
    bad_range(&group.ranges, group.head.span, "these addresses reach the database", is_wide)
}

fn emr_open_to_world(facts: &Facts<'_>, id: Id<EmrCluster>) -> Fact {
    let model = facts.model;
    let cluster = &model[id];
    let mut judged = Vec::new();
    for group in cluster.security_groups.ids() {
        for ingress in model[group].ingress.ids() {
            let ingress = &model[ingress];
            let place = ingress.range.origin().span().unwrap_or(ingress.head.span);
            judged.push(match ingress.range.get() {
                Reading::Known(text) => match text.known().and_then(Range::parse) {
                    Some(range) => {
                        let world = RangeSet::of(range.family, [range]).is_world();
                        let way = Place::new(cluster.head.span, format!("`{}` stands behind it", cluster.head.name));
                        Fact::new(Tri::from(world), vec![Place::new(place, "the internet is let in"), way])
                    }
                    None => Fact::unknown(Reason::at("no-value", "a range", place)),
                },
                Reading::Absent => Fact::no(Vec::new()),
                Reading::Unknown(reason) => Fact::unknown(reason),
            });
        }
        if let Some(reason) = &model[group].ingress.open {
            judged.push(Fact::unknown(reason.clone()));
        }
    }
    if let Some(reason) = &cluster.security_groups.open {
        judged.push(Fact::unknown(reason.clone()));
    }
    Fact::any(judged)
}

fn is_sent_to_logs(facts: &Facts<'_>, id: Id<Trail>) -> Fact {
    let model = facts.model;
    let trail = &model[id];
    match trail.log_target.get() {
        Reading::Absent => {
            return Fact::no(vec![Place::new(trail.head.span, "its records go to a bucket alone")]);
        }
        Reading::Unknown(reason) => return Fact::unknown(reason),
        Reading::Known(_) => {}
    }
    let Some(role) = trail.log_role.id() else { return Fact::yes(Vec::new()) };
    let grants = facts.analysis::<Grants>();
    let Some(granted) = grants.of(role) else { return Fact::yes(Vec::new()) };
    match granted.grants(&Question::some("logs:PutLogEvents", Pattern::anything())) {
        Tri::False => Fact::no(vec![
            Place::new(model[role].head.span, "this role may not write to any log group"),
            Place::new(trail.head.span, format!("`{}` sends its records under it", trail.head.name)),
        ]),
        Tri::True | Tri::Unknown => Fact::yes(Vec::new()),
    }
}
