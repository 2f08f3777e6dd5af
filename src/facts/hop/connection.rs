//! Connection strings and TLS modes that containers are given: which mode they name, and what that means with the store
//! behind them. Of databases only the modes of libpq are decided, and what other drivers refuse outright.

use super::store::demands_tls;
use crate::facts::Facts;
use crate::facts::reach::stores_of;
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::{Cache, Connection, Database};
use crate::model::image::Copy;
use crate::model::range::is_loopback;
use crate::model::secret::Variable;
use crate::model::workload::Container;
use crate::model::{AnyId, Cell, Entity, Head, Id, Link, Model, One, Reading, mark};
use crate::source::Place;
use crate::value::{Kind, Origin, Text, Value};

/// Settings of other drivers that switch TLS off.
const REFUSALS: [&str; 5] = ["ssl=false", "tls=false", "ssl-mode=DISABLED", "useSSL=false", "sslMode=DISABLED"];

/// Connections in values of parameters and secrets and in environments.
pub(in crate::facts) fn derive(model: &mut Model) {
    let mut found: Vec<Connection> = Vec::new();
    for (id, parameter) in model.secret.parameters.iter() {
        let (head, value) = (parameter.head.clone(), parameter.content.value());
        let made = connection(model, head.clone(), value).or_else(|| hidden(&parameter.name, head, value));
        let Some(mut connection) = made else { continue };
        let origin = parameter.content.origin().clone();
        connection.container = reader_of(model, id.into());
        connection.parameter = One::to(id, origin);
        found.push(connection);
    }
    for (id, secret) in model.secret.secrets.iter() {
        for value in texts_in(secret.content.value()) {
            let Some(mut connection) = connection(model, secret.head.clone(), value) else { continue };
            connection.container = reader_of(model, id.into());
            connection.secret = One::to(id, value.origin.clone());
            found.push(connection);
        }
    }
    for (id, variable) in model.secret.variables.iter().filter(|(_, variable)| is_deployed(variable)) {
        let value = variable.content.value();
        let made = connection(model, variable.head.clone(), value).or_else(|| mode_alone(model, variable, value));
        let made = made.or_else(|| hidden(&variable.name, variable.head.clone(), value));
        let Some(mut connection) = made else { continue };
        connection.variable = One::to(id, value.origin.clone());
        connection.container = variable.container.clone();
        found.push(connection);
    }
    complete(model, &mut found);
    for connection in found {
        model.data.connections.push(connection);
    }
}

/// What workflows set serves their own tests, and files of variables are patterns unless a task reads them.
fn is_deployed(variable: &Variable) -> bool {
    variable.container.id().is_some() || matches!(variable.set_in.as_str(), Some("task" | "image"))
}

/// The text itself, or those of the JSON object that it holds.
fn texts_in(value: &Value) -> Vec<&Value> {
    match &value.kind {
        Kind::Text(text) => match text.wrapped().map(|wrapped| &wrapped.value.kind) {
            Some(Kind::Map(map)) => map.entries.values().collect(),
            Some(_) => Vec::new(),
            None => vec![value],
        },
        Kind::Null
        | Kind::Bool(_)
        | Kind::Number(_)
        | Kind::List(_)
        | Kind::Map(_)
        | Kind::Reference(_)
        | Kind::Unknown(_) => Vec::new(),
    }
}

/// The container that reads a parameter or a secret when it starts.
fn reader_of(model: &Model, id: AnyId) -> One<Container> {
    let mut readers = model.secret.secret_references.iter().filter(|(_, reference)| reference.source.any() == Some(id));
    match readers.next() {
        Some((_, reference)) => reference.container.clone(),
        None => One::absent(model.head(id).span),
    }
}

fn connection(model: &Model, head: Head, value: &Value) -> Option<Connection> {
    let Kind::Text(text) = &value.kind else { return None };
    let (scheme, _) = text.prefix().split_once("://")?;
    if !is_redis(scheme) && !is_of_database(scheme) || goes_to_loopback(text.prefix()) {
        return None;
    }
    let span = value.origin.span().unwrap_or(head.span);
    let mut connection = Connection::new(Head { span, ..head });
    connection.scheme.set(Value::text(scheme, value.origin.clone()));
    connection.mode.set(mode(scheme, text, value));
    if let Some(path) = setting(text, "sslrootcert=") {
        connection.root_file.set(Value::text(path, value.origin.clone()));
    }
    connection.database = store(model, text, &value.origin);
    connection.cache = store(model, text, &value.origin);
    Some(connection)
}

/// What a name calls the address of a database may be one, whatever it is.
fn hidden(name: &Cell<mark::Text>, head: Head, value: &Value) -> Option<Connection> {
    const STORES: [&str; 8] = ["DATABASE", "DB", "POSTGRES", "POSTGRESQL", "MYSQL", "REDIS", "VALKEY", "CACHE"];
    let reason = value.reason()?;
    let name = name.as_str()?.to_ascii_uppercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let is_address = words.last().is_some_and(|last| matches!(*last, "URL" | "URI" | "DSN"));
    if !is_address || !words.iter().any(|word| STORES.contains(word)) {
        return None;
    }
    let mut connection = Connection::new(Head { span: value.origin.span().unwrap_or(head.span), ..head });
    connection.head.presence = Tri::Unknown;
    connection.head.presence_reason = Some(reason.clone());
    connection.scheme.set(value.clone());
    connection.mode.set(value.clone());
    connection.root_file.set(value.clone());
    connection.database = unseen(&value.origin, "the database");
    connection.cache = unseen(&value.origin, "the cache");
    Some(connection)
}

fn is_libpq(scheme: &str) -> bool {
    scheme == "postgres" || scheme == "postgresql" || scheme.starts_with("postgresql+psycopg")
}

/// Drivers stand behind a plus (`postgresql+asyncpg`), Java's own scheme before all.
fn is_of_database(scheme: &str) -> bool {
    let bare = scheme.strip_prefix("jdbc:").unwrap_or(scheme);
    ["postgres", "mysql", "mariadb", "mongodb", "mssql", "sqlserver"].iter().any(|known| bare.starts_with(known))
}

/// Nobody listens between two containers of one task.
fn goes_to_loopback(address: &str) -> bool {
    let authority = address.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or(rest));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    is_loopback(name)
}

fn is_redis(scheme: &str) -> bool {
    matches!(scheme, "redis" | "rediss" | "valkey" | "valkeys")
}

/// `PGSSLMODE=require` sets the mode of every connection that names none.
fn mode_alone(model: &Model, variable: &Variable, value: &Value) -> Option<Connection> {
    if variable.container.id().is_none() && variable.set_in.as_str() != Some("image") {
        return None;
    }
    let name = variable.name.as_str()?;
    if !name.to_ascii_uppercase().ends_with("SSLMODE") || matches!(value.kind, Kind::Null) {
        return None;
    }
    let mut connection =
        Connection::new(Head { span: value.origin.span().unwrap_or(variable.head.span), ..variable.head.clone() });
    connection.mode.set(value.clone());
    connection.database = only_database(model, variable.container.id(), &value.origin);
    Some(connection)
}

/// The database that a container is told of, if it is one.
fn only_database(model: &Model, container: Option<Id<Container>>, origin: &Origin) -> One<Database> {
    let stores = container.map(|container| stores_of(model, container)).unwrap_or_default();
    let mut databases = stores.iter().filter_map(|(id, origin)| Some((id.typed::<Database>()?, origin)));
    match (databases.next(), databases.next()) {
        (Some((only, origin)), None) => One::to(only, origin.clone()),
        (Some(_) | None, _) => unseen(origin, "the database"),
    }
}

fn unseen<T: crate::model::Target>(origin: &Origin, what: &str) -> One<T> {
    One::unknown(Reason::with("no-value", what.to_owned(), origin.span()), origin.clone())
}

/// What one variable of a container says of all its connections: mode and root file.
fn complete(model: &Model, found: &mut [Connection]) {
    for connection in found {
        let Some(container) = connection.container.id() else { continue };
        let named =
            |ending: &str| {
                model[container].variables.ids().map(|id| &model[id]).find(|variable| {
                    variable.name.as_str().is_some_and(|name| name.to_ascii_uppercase().ends_with(ending))
                })
            };
        let is_of_libpq = connection.scheme.as_str().is_some_and(is_libpq);
        if is_of_libpq
            && matches!(connection.mode.get(), Reading::Absent)
            && let Some(variable) = named("PGSSLMODE")
        {
            connection.mode.set(variable.content.value().clone());
        }
        if matches!(connection.root_file.get(), Reading::Absent)
            && let Some(variable) = named("SSLROOTCERT")
        {
            connection.root_file.set(variable.content.value().clone());
        }
    }
}

/// What stands behind `key=` in the text, up to the next setting.
fn setting<'t>(text: &'t Text, key: &str) -> Option<&'t str> {
    text.pieces().iter().find_map(|piece| {
        let crate::value::Piece::Literal(literal, _) = piece else { return None };
        let (_, rest) = literal.split_once(key)?;
        Some(rest.split('&').next().unwrap_or(rest))
    })
}

/// Null where the string surely names none.
fn mode(scheme: &str, text: &Text, value: &Value) -> Value {
    let of = |word: &str| Value::text(word, value.origin.clone());
    if is_redis(scheme) {
        let is_unverified = text.contains("ssl_cert_reqs=none").or(text.contains("ssl_cert_reqs=CERT_NONE"));
        return match (scheme, is_unverified) {
            ("redis" | "valkey", _) => of("disable"),
            (_, Tri::True) => of("require"),
            (_, Tri::False | Tri::Unknown) => Value::null(value.origin.clone()),
        };
    }
    if REFUSALS.iter().any(|refusal| text.contains(refusal) == Tri::True) {
        return of("disable");
    }
    if let Some(word) = setting(text, "sslmode=") {
        return of(word);
    }
    // A literal end proves that no setting follows; a hole may hold one.
    let is_whole = text.known().is_some() || text.suffix().contains('/');
    if is_libpq(scheme) && is_whole {
        return Value::null(value.origin.clone());
    }
    let reason = Reason::with("no-value", "sslmode", value.origin.span());
    Value::unknown(reason, value.origin.clone())
}

/// The store whose address is a part of the text.
fn store<E: Entity>(model: &Model, text: &Text, origin: &Origin) -> One<E> {
    for hole in text.holes() {
        let Some(reference) = hole.as_reference() else { continue };
        let found = model.resolve(reference).iter().find_map(|id: &AnyId| id.typed::<E>());
        if let Some(store) = found {
            return One::to(store, hole.origin.clone());
        }
    }
    unseen(origin, "the store")
}

fn place(connection: &Connection) -> Place {
    Place::new(connection.head.span, "this connection string")
}

/// Whether the mode is one of these words; false where none is named.
fn mode_is(connection: &Connection, words: &[&str]) -> Fact {
    word_is(&connection.mode, words, "sslmode", connection)
}

fn word_is(cell: &Cell<mark::Text>, words: &[&str], what: &str, connection: &Connection) -> Fact {
    match cell.get() {
        Reading::Known(text) => match text.known() {
            Some(word) => Fact::new(Tri::from(words.contains(&word)), vec![place(connection)]),
            None => Fact::unknown(Reason::at("no-value", what, connection.head.span)),
        },
        Reading::Absent => Fact::no(vec![place(connection)]),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// Whether it says how TLS is to be used; `prefer` says nothing. Of databases only: the scheme says it for a cache.
pub(super) fn names_mode(facts: &Facts<'_>, id: Id<Connection>) -> Fact {
    let connection = &facts.model[id];
    if connection.scheme.as_str().is_some_and(is_redis) {
        return Fact::yes(vec![place(connection)]);
    }
    match connection.mode.get() {
        Reading::Known(_) => !mode_is(connection, &["prefer"]),
        Reading::Absent => Fact::no(vec![place(connection)]),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// Whether what a container is given asks for no TLS to a database, or for it only if the server insists.
pub(super) fn is_clear(facts: &Facts<'_>, id: Id<Connection>) -> Fact {
    let connection = &facts.model[id];
    match connection.scheme.as_str().is_some_and(is_redis) {
        true => Fact::no(Vec::new()),
        false => mode_is(connection, &["disable", "allow"]),
    }
}

/// TLS to a database without a look at who answers.
pub(super) fn encrypts_unverified(facts: &Facts<'_>, id: Id<Connection>) -> Fact {
    let connection = &facts.model[id];
    match connection.scheme.as_str().is_some_and(is_redis) {
        true => Fact::no(Vec::new()),
        false => mode_is(connection, &["require"]),
    }
}

/// The client insists on plain text and the server on TLS.
pub(super) fn is_refused(facts: &Facts<'_>, id: Id<Connection>) -> Fact {
    let connection = &facts.model[id];
    if connection.scheme.as_str().is_some_and(is_redis) {
        return Fact::no(Vec::new());
    }
    let disables = mode_is(connection, &["disable"]);
    if disables.tri == Tri::False {
        return disables;
    }
    let demanded = match (connection.database.id(), &connection.database.link) {
        (Some(database), _) => demands_tls(facts, database),
        (None, Link::Unknown(reason)) => Fact::unknown(reason.clone()),
        (None, Link::Absent | Link::To(_)) => Fact::no(Vec::new()),
    };
    disables.and(demanded)
}

/// The cache of a connection, as far as it is declared here.
fn cache_of<'m>(facts: &Facts<'m>, connection: &Connection) -> Result<&'m Cache, Fact> {
    match (connection.cache.id(), &connection.cache.link) {
        (Some(cache), _) => Ok(&facts.model[cache]),
        (None, Link::Unknown(reason)) => Err(Fact::unknown(reason.clone())),
        (None, Link::Absent | Link::To(_)) => Err(Fact::no(Vec::new())),
    }
}

fn flag(cell: &Cell<mark::Flag>, head: &Head, role: &str) -> Fact {
    let place = Place::new(cell.origin().span().unwrap_or(head.span), role);
    match cell.get() {
        Reading::Known(flag) => Fact::new(Tri::from(flag), vec![place]),
        Reading::Absent => Fact::unknown(Reason::at("no-value", "transit_encryption_enabled", head.span)),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// `rediss://` where nobody speaks TLS.
pub(super) fn expects_tls_of_plain_cache(facts: &Facts<'_>, id: Id<Connection>) -> Fact {
    let connection = &facts.model[id];
    let asks = word_is(&connection.scheme, &["rediss", "valkeys"], "scheme", connection);
    if asks.tri == Tri::False {
        return asks;
    }
    match cache_of(facts, connection) {
        Ok(cache) => asks.and(!flag(&cache.encrypted_in_transit, &cache.head, "the cache speaks plain text")),
        Err(fact) => asks.and(fact),
    }
}

/// `redis://` where TLS is required.
pub(super) fn is_plain_to_tls_cache(facts: &Facts<'_>, id: Id<Connection>) -> Fact {
    let connection = &facts.model[id];
    let asks = word_is(&connection.scheme, &["redis", "valkey"], "scheme", connection);
    if asks.tri == Tri::False {
        return asks;
    }
    let cache = match cache_of(facts, connection) {
        Ok(cache) => cache,
        Err(fact) => return asks.and(fact),
    };
    let required = match cache.transit_mode.equals("required") {
        Tri::Unknown => Fact::unknown(Reason::at("no-value", "transit_encryption_mode", cache.head.span)),
        known => Fact::new(known, Vec::new()),
    };
    asks.and(flag(&cache.encrypted_in_transit, &cache.head, "the cache takes TLS alone")).and(required)
}

/// Folders and words that lead to what every image brings along.
const SYSTEM_ROOTS: [&str; 4] = ["/etc/ssl/", "/etc/pki/", "/usr/share/ca-certificates/", "system"];

/// Whether something in the image's chain writes the root file.
pub(super) fn root_file_in_image(facts: &Facts<'_>, id: Id<Connection>) -> Fact {
    let model = facts.model;
    let connection = &model[id];
    let span = connection.head.span;
    let path = match connection.root_file.get() {
        Reading::Known(path) => match path.known() {
            Some(path) => path.to_owned(),
            None => return Fact::unknown(Reason::at("no-value", "sslrootcert", span)),
        },
        Reading::Absent => return Fact::unknown(Reason::at("no-value", "sslrootcert", span)),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let unread = |object: &str| Fact::unknown(Reason::at("unread-image", object, span));
    if SYSTEM_ROOTS.iter().any(|root| path.starts_with(root)) || !path.starts_with('/') {
        return unread(&path);
    }
    let Some(container) = connection.container.id() else { return unread("container") };
    let Some(build) = model[container].image_build.id() else { return unread("image") };
    if may_be_mounted(model[container].mount_points.value(), &path) || model[build].base_is_known.tri() != Tri::True {
        return unread(&path);
    }
    let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
    let stages: Vec<_> = model[build].stages.ids().collect();
    for (_, command) in model.image.commands.iter().filter(|(_, it)| it.image_build.id() == Some(build)) {
        let arguments = command.arguments.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
        for argument in arguments {
            let Some(text) = argument.as_text() else { continue };
            match text.contains(&name) {
                Tri::True => return Fact::yes(vec![Place::new(command.head.span, "written here")]),
                Tri::Unknown if text.known().is_none() => return unread(&name),
                Tri::Unknown | Tri::False => {}
            }
        }
    }
    for (_, copy) in model.image.copies.iter() {
        if !copy.stage.id().is_some_and(|stage| stages.contains(&stage)) {
            continue;
        }
        match brings(copy, &path, &name) {
            Tri::True => return Fact::yes(vec![Place::new(copy.head.span, "copied here")]),
            Tri::Unknown => return unread(&path),
            Tri::False => {}
        }
    }
    let head = &model[build].head;
    Fact::no(vec![place(connection), Place::new(head.span, format!("nothing in this image writes `{path}`"))])
}

/// Whether a volume covers a path when the container runs.
fn may_be_mounted(mount_points: &Value, path: &str) -> bool {
    if matches!(mount_points.kind, Kind::Null) {
        return false;
    }
    let Some(list) = mount_points.as_list().filter(|list| list.open.is_none()) else { return true };
    list.items.iter().any(|item| {
        let entries = item.as_map().map(|map| &map.entries);
        let target = entries.and_then(|map| map.iter().find(|(key, _)| key.eq_ignore_ascii_case("containerPath")));
        target.and_then(|(_, target)| target.as_str()).is_none_or(|target| path.starts_with(target))
    })
}

/// Whether a COPY or ADD puts a file at a path; unknown where it copies a folder that may hold it.
fn brings(copy: &Copy, path: &str, name: &str) -> Tri {
    let Some(target) = copy.target.as_str() else { return Tri::Unknown };
    let (target, is_relative) = (target.trim_end_matches('/'), !target.starts_with('/'));
    let bare = target.trim_start_matches("./").trim_start_matches('.');
    // A relative target lies somewhere below the root.
    let is_it = |wanted: &str| match is_relative {
        true => path.ends_with(&format!("/{wanted}")),
        false => path == wanted,
    };
    let sources = copy.sources.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
    let is_named = sources.iter().any(|source| source.as_str().is_some_and(|it| it.rsplit('/').next() == Some(name)));
    let inside = if bare.is_empty() { name.to_owned() } else { format!("{bare}/{name}") };
    if is_named && (is_it(bare) || is_it(&inside)) {
        return Tri::True;
    }
    let may_hold = is_relative || target.is_empty() || path.starts_with(&format!("{target}/"));
    // A single file with another name brings no folder.
    let is_other_file = |source: &Value| {
        source.as_str().is_some_and(|it| it.rsplit('/').next().is_some_and(|it| it.contains('.') && it != "."))
    };
    match may_hold && !sources.iter().all(is_other_file) {
        true => Tri::Unknown,
        false => Tri::False,
    }
}
