//! Connection strings: which TLS mode they name, and what that means with the database behind them. Only the modes of
//! libpq are decided.

use super::store::demands_tls;
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::{Connection, Database};
use crate::model::{AnyId, Head, Id, Link, Model, One, Reading};
use crate::source::Place;
use crate::value::{Kind, Origin, Piece, Text, Value};

/// Connection strings in values of parameters and in environments.
pub(in crate::facts) fn derive(model: &mut Model) {
    let mut found: Vec<Connection> = Vec::new();
    let of_parameters = model
        .secret
        .parameters
        .iter()
        .map(|(_, parameter)| (parameter.head.clone(), parameter.content.value().clone()));
    let of_variables =
        model.secret.variables.iter().map(|(_, variable)| (variable.head.clone(), variable.content.value().clone()));
    for (head, value) in of_parameters.chain(of_variables) {
        found.extend(connection(model, head, &value));
    }
    for connection in found {
        model.data.connections.push(connection);
    }
}

fn connection(model: &Model, head: Head, value: &Value) -> Option<Connection> {
    let Kind::Text(text) = &value.kind else { return None };
    let (scheme, _) = text.prefix().split_once("://")?;
    let is_libpq = scheme == "postgres" || scheme == "postgresql" || scheme.starts_with("postgresql+psycopg");
    if !is_libpq {
        return None;
    }
    let span = value.origin.span().unwrap_or(head.span);
    let mut connection = Connection::new(Head { span, ..head });
    connection.scheme.set(Value::text(scheme, value.origin.clone()));
    connection.mode.set(mode(text, value));
    connection.database = database(model, text, &value.origin);
    Some(connection)
}

/// Null where the string surely names none.
fn mode(text: &Text, value: &Value) -> Value {
    for piece in text.pieces() {
        let Piece::Literal(literal, _) = piece else { continue };
        if let Some((_, rest)) = literal.split_once("sslmode=") {
            let word = rest.split('&').next().unwrap_or(rest);
            return Value::text(word, value.origin.clone());
        }
    }
    match text.pieces().last() {
        Some(Piece::Literal(literal, _)) if text.known().is_some() || literal.contains('/') => {
            Value::null(value.origin.clone())
        }
        Some(Piece::Literal(..) | Piece::Hole(_)) | None => {
            let reason = Reason { code: "no-value", object: "sslmode".to_owned(), place: value.origin.span() };
            Value::unknown(reason, value.origin.clone())
        }
    }
}

fn database(model: &Model, text: &Text, origin: &Origin) -> One<Database> {
    for hole in text.holes() {
        let Some(reference) = hole.as_reference() else { continue };
        let found = model.resolve(reference).iter().find_map(|id: &AnyId| id.typed::<Database>());
        if let Some(database) = found {
            return One::to(database, hole.origin.clone());
        }
    }
    One::unknown(Reason { code: "no-value", object: "the database".to_owned(), place: origin.span() }, origin.clone())
}

fn place(connection: &Connection) -> Place {
    Place::new(connection.head.span, "this connection string")
}

/// Whether it says how TLS is to be used; `prefer` says nothing.
pub(super) fn names_mode(facts: &Facts<'_>, id: Id<Connection>) -> Fact {
    let connection = &facts.model[id];
    let places = vec![place(connection)];
    match connection.mode.get() {
        Reading::Known(mode) => match mode.known() {
            Some(mode) => Fact::new(Tri::from(mode != "prefer"), places),
            None => Fact::unknown(Reason::at("no-value", "sslmode", connection.head.span)),
        },
        Reading::Absent => Fact::no(places),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// TLS without a look at who answers.
pub(super) fn encrypts_unverified(facts: &Facts<'_>, id: Id<Connection>) -> Fact {
    let connection = &facts.model[id];
    match connection.mode.get() {
        Reading::Known(mode) => match mode.known() {
            Some(mode) => Fact::new(Tri::from(mode == "require"), vec![place(connection)]),
            None => Fact::unknown(Reason::at("no-value", "sslmode", connection.head.span)),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// The client insists on plain text and the server on TLS.
pub(super) fn is_refused(facts: &Facts<'_>, id: Id<Connection>) -> Fact {
    let connection = &facts.model[id];
    let disables = match connection.mode.get() {
        Reading::Known(mode) => match mode.known() {
            Some(mode) => Fact::new(Tri::from(mode == "disable"), vec![place(connection)]),
            None => Fact::unknown(Reason::at("no-value", "sslmode", connection.head.span)),
        },
        Reading::Absent => return Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    };
    let demanded = match (connection.database.id(), &connection.database.link) {
        (Some(database), _) => demands_tls(facts, database),
        (None, Link::Unknown(reason)) => Fact::unknown(reason.clone()),
        (None, Link::Absent | Link::To(_)) => Fact::no(Vec::new()),
    };
    disables.and(demanded)
}
