//! Targets of bake files: `docker-bake.hcl` and `docker-bake.json`. Literal attributes and the targets that they inherit
//! from; what a variable or function decides is unknown.

use std::collections::BTreeMap;

use super::request::Request;
use crate::source::{FileId, Span, clean_path};
use crate::syntax::hcl::{Block, Expr, ExprKind, ObjectItem, ObjectKey};
use crate::syntax::{Kind, Sources};
use crate::value::{Origin, Value};

/// Targets that inherit from targets, at most so often.
const DEEPEST: usize = 8;

/// A target as its attributes name it.
#[derive(Clone, Default)]
struct Target<'a> {
    attributes: BTreeMap<&'a str, &'a Expr>,
    place: Option<Span>,
}

pub(super) fn requests(sources: &Sources<'_>, found: &mut Vec<Request>) {
    for file in sources.all_of(Kind::Other) {
        let name = sources.world.file(file).name();
        if name.starts_with("docker-bake") && name.ends_with(".hcl") {
            of_file(sources, file, found);
        }
    }
}

fn of_file(sources: &Sources<'_>, file: FileId, found: &mut Vec<Request>) {
    let blocks: BTreeMap<&str, &Block> = sources
        .hcl(file)
        .body
        .blocks
        .iter()
        .filter(|block| &*block.kind == "target")
        .filter_map(|block| Some((&*block.labels.first()?.text, block)))
        .collect();
    let folder = sources.world.file(file).folder();
    for name in blocks.keys() {
        let target = resolved(&blocks, name);
        // A name with an underscore in front is there to be inherited.
        if !name.starts_with('_') {
            found.extend(request(&target, folder));
        }
    }
}

fn resolved<'a>(blocks: &BTreeMap<&'a str, &'a Block>, name: &str) -> Target<'a> {
    let mut target = Target::default();
    let mut open = vec![(name.to_owned(), 0)];
    while let Some((name, depth)) = open.pop() {
        let Some(block) = blocks.get(name.as_str()) else { continue };
        target.place.get_or_insert(block.header_span);
        for attribute in &block.body.attributes {
            target.attributes.entry(&attribute.name).or_insert(&attribute.value);
            if &*attribute.name == "inherits" && depth < DEEPEST {
                open.extend(texts(&attribute.value).into_iter().map(|parent| (parent.to_owned(), depth + 1)));
            }
        }
    }
    target
}

fn text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Text(text) => Some(text),
        _ => None,
    }
}

fn texts(expr: &Expr) -> Vec<&str> {
    match &expr.kind {
        ExprKind::List(items) => items.iter().filter_map(text).collect(),
        _ => text(expr).into_iter().collect(),
    }
}

fn request(target: &Target<'_>, folder: &str) -> Option<Request> {
    let attribute = |name: &str| target.attributes.get(name).copied();
    let literal = |name: &str, otherwise: &'static str| match attribute(name) {
        Some(expr) => text(expr),
        None => Some(otherwise),
    };
    let context = literal("context", ".").filter(|context| !context.contains("://"))?;
    let context = clean_path(folder, context)?;
    let file = clean_path(&context, literal("dockerfile", "Dockerfile")?)?;
    let value = |expr: &Expr| match text(expr) {
        Some(text) => Value::text(text, Origin::written(expr.span)),
        None => super::unknown("no-value", "an argument of the build", expr.span),
    };
    Some(Request {
        context: Some(context),
        target: attribute("target").map(value),
        arguments: entries(attribute("args")).into_iter().map(|(name, expr)| (name, value(expr))).collect(),
        contexts: entries(attribute("contexts"))
            .into_iter()
            .map(|(name, expr)| (name, text(expr).unwrap_or("").to_owned()))
            .collect(),
        platforms: attribute("platforms").map(|expr| {
            let origin = Origin::written(expr.span);
            Value::text(texts(expr).join(","), origin)
        }),
        ..Request::default_for(&file)
    })
}

fn entries(expr: Option<&Expr>) -> Vec<(String, &Expr)> {
    let Some(ExprKind::Object(items)) = expr.map(|expr| &expr.kind) else { return Vec::new() };
    let named = |item: &ObjectItem| match &item.key {
        ObjectKey::Name(name, _) => Some(name.to_string()),
        ObjectKey::Expr(expr) => text(expr).map(str::to_owned),
    };
    items.iter().filter_map(|item| Some((named(item)?, &item.value))).collect()
}
