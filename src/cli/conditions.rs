//! The conditions on which comments for other tools count, answered from the models: the value of an attribute, the name
//! of the workspace. What is not known does not hold, and what several instances or variable sets share must hold in all.

use std::collections::BTreeSet;

use crate::model::{Model, Resource};
use crate::source::{Comment, Span};
use crate::triage::{Condition, read_foreign};
use crate::value::{Kind, Value};

/// The comments whose conditions hold, each with the number of its part.
pub(crate) fn held(comments: &[Comment], models: &[Model]) -> BTreeSet<(Span, usize)> {
    let mut held = BTreeSet::new();
    for comment in comments.iter().filter(|comment| comment.text.contains(":ignore:")) {
        for (number, part) in read_foreign(comment).into_iter().enumerate() {
            if !part.conditions.is_empty() && part.conditions.iter().all(|it| holds(it, comment, models)) {
                held.insert((comment.span, number));
            }
        }
    }
    held
}

fn holds(condition: &Condition, comment: &Comment, models: &[Model]) -> bool {
    let mut n_resources = 0;
    for model in models {
        for (_, resource) in model.resources.resources.iter().filter(|(_, resource)| is_meant(comment, resource)) {
            n_resources += 1;
            let is_so = match condition {
                Condition::Attribute { path, value } => {
                    attribute(&resource.body, path).is_some_and(|found| says(found, value))
                }
                Condition::Workspace(name) => workspace(model, resource) == Some(name),
            };
            if !is_so {
                return false;
            }
        }
    }
    n_resources > 0
}

/// The comment stands above the block, or above or behind something in it.
fn is_meant(comment: &Comment, resource: &Resource) -> bool {
    comment.covers.iter().any(|cover| resource.head.block.overlaps(cover))
}

fn workspace<'m>(model: &'m Model, resource: &Resource) -> Option<&'m String> {
    let root = &resource.head.terraform.as_ref()?.root;
    model.variants.iter().find(|variant| *variant.root == **root)?.workspace.as_ref()
}

/// The value at a path of names, in the first block where there are several.
fn attribute<'v>(body: &'v Value, path: &str) -> Option<&'v Value> {
    let mut value = body;
    for name in path.split('.') {
        if let Some(list) = value.as_list() {
            value = list.items.first()?;
        }
        value = value.as_map()?.entries.get(name)?;
    }
    Some(value)
}

fn says(value: &Value, wanted: &str) -> bool {
    match &value.kind {
        Kind::Text(text) => text.known() == Some(wanted),
        Kind::Number(number) => wanted.parse() == Ok(number.as_f64()),
        Kind::Bool(flag) => wanted.parse() == Ok(*flag),
        Kind::Null | Kind::List(_) | Kind::Map(_) | Kind::Reference(_) | Kind::Unknown(_) => false,
    }
}
