//! Dockerfiles into image builds, stages, instructions, commands and copies. What follows from them together (who runs
//! as root, what arrives at the first process) is the business of `facts::build`.

mod build;
mod command;
mod context;
mod describe;
mod installs;
mod instruction;
mod link;
mod modes;
mod process;
mod reference;
mod request;
mod scope;

use crate::model::Model;
use crate::syntax::{Kind, Sources};

/// Adds the builds of all Dockerfiles of the tree.
pub(crate) fn add_files(model: &mut Model, sources: &Sources<'_>) {
    let requests = request::requests(sources);
    let git = context::git_ignores(sources.world);
    for file in sources.subjects_of(Kind::Dockerfile) {
        let path = sources.world.file(file).path.as_str();
        let mut wanted: Vec<&request::Request> = requests.iter().filter(|request| request.file == path).collect();
        let default = request::Request::default_for(path);
        if wanted.is_empty() {
            wanted.push(&default);
        }
        for request in wanted {
            build::add(model, sources, file, request, &git);
        }
    }
    installs::add_requirements(model, sources);
}

pub(crate) use link::link;

use std::sync::Arc;

use crate::logic::Reason;
use crate::source::Span;
use crate::value::{Kind as ValueKind, List, ListFlavour, Origin, Value};

/// A flag that the text itself shows.
fn shown(value: bool, span: Span) -> Value {
    Value::bool(value, Origin::written(span))
}

/// A flag, word or text that lowering concluded, and that no single place shows.
fn concluded(value: bool) -> Value {
    Value::bool(value, Origin::none())
}

fn word(text: &str) -> Value {
    Value::text(text, Origin::none())
}

fn unknown(code: &'static str, object: &str, span: Span) -> Value {
    Value::unknown(Reason::at(code, object, span), Origin::missing(code, span))
}

/// A list that is shown by its first member.
fn texts(items: Vec<Value>, open: Option<Reason>, fallback: Span) -> Value {
    let first = items.first().map(|item| item.origin.clone());
    let list = List { items, flavour: ListFlavour::Tuple, open, is_indexed: true };
    Value::new(ValueKind::List(Arc::new(list)), first.unwrap_or_else(|| Origin::written(fallback)))
}

/// Why a value is not wholly known; nothing if it is.
fn reason_of(value: &Value) -> Option<Reason> {
    match value.reason() {
        Some(reason) => Some(reason.clone()),
        None => value.as_text()?.holes().find_map(|hole| hole.reason().cloned()),
    }
}
