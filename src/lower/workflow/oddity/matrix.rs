//! Rows of a matrix that come to nothing: excluded by a row that fits none, written twice, or kept for no value.

use super::{Found, is_expression};
use crate::syntax::yaml::{Kind, Node};

pub(super) fn check(job: &Node, found: &mut Found) {
    let Some(matrix) = job.at(&["strategy", "matrix"]).filter(|matrix| matrix.is_map() && !matrix.is_alias()) else {
        return;
    };
    let is_axis = |key: &str| !matches!(key, "include" | "exclude");
    let axes: Vec<_> = matrix.entries().iter().filter(|entry| is_axis(&entry.key)).collect();
    for axis in &axes {
        let items = axis.value.items();
        for (index, item) in items.iter().enumerate() {
            let is_double = items[..index].iter().any(|other| same(other, item));
            if is_double && !is_expression(item) {
                found.add(
                    "unused-row",
                    &axis.key,
                    item.span,
                    format!("`{}` has this value twice: the job runs twice", axis.key),
                );
            }
        }
    }
    let is_open = axes.iter().any(|axis| !axis.value.is_list() || axis.value.items().iter().any(is_expression));
    let Some(excluded) = matrix.get("exclude").filter(|rows| rows.is_list() && !is_open) else { return };
    for row in excluded.items().iter().filter(|row| row.is_map()) {
        for member in row.entries() {
            if is_expression(&member.value) {
                continue;
            }
            let axis = axes.iter().find(|axis| axis.key.eq_ignore_ascii_case(&member.key));
            match axis {
                None => {
                    let message = format!("the matrix has no `{}`: the row excludes nothing", member.key);
                    found.add("unused-row", &member.key, member.key_span, message);
                }
                Some(axis) if !axis.value.items().iter().any(|item| contains(item, &member.value)) => {
                    let message = format!("`{}` never has this value: the row excludes nothing", member.key);
                    found.add("unused-row", &member.key, member.value.span, message);
                }
                Some(_) => {}
            }
        }
    }
}

/// Whether two values are the same text, list or mapping.
fn same(a: &Node, b: &Node) -> bool {
    match (a.kind(), b.kind()) {
        (Kind::List(a), Kind::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Kind::Map(a), Kind::Map(b)) => a.len() == b.len() && a.iter().all(|entry| has(b, entry)),
        _ => a.scalar_text().is_some() && a.scalar_text() == b.scalar_text(),
    }
}

fn has(entries: &[crate::syntax::yaml::Entry], wanted: &crate::syntax::yaml::Entry) -> bool {
    entries.iter().any(|entry| entry.key == wanted.key && same(&entry.value, &wanted.value))
}

/// A row names a value, or some members of one.
fn contains(value: &Node, wanted: &Node) -> bool {
    match (value.kind(), wanted.kind()) {
        (Kind::Map(all), Kind::Map(some)) => {
            some.iter().all(|entry| all.iter().any(|own| own.key == entry.key && contains(&own.value, &entry.value)))
        }
        _ => same(value, wanted),
    }
}
