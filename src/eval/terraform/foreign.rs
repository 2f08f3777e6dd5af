//! Folders into which another tool writes configuration before Terraform runs: names that are not declared there may be
//! declared in what it writes.

use std::collections::BTreeSet;

use crate::source::{World, clean_path};
use crate::syntax::hcl::{self, Expr, ExprKind, Part};

/// The file by which a tool that writes configuration of its own is known.
pub(super) const FOREIGN: &str = "terragrunt.hcl";

/// The folder that each such file works in: the one that its `source` names, or its own.
pub(super) fn folders(world: &World) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    for (id, file) in world.files().filter(|(_, file)| file.is_subject && file.name() == FOREIGN) {
        let parsed = hcl::parse(id, file.text().unwrap_or(""));
        let source = parsed.body.block("terraform").and_then(|block| block.body.attribute("source"));
        match source {
            Some(source) => folders.extend(named(&source.value, file.folder())),
            None => {
                folders.insert(file.folder().to_owned());
            }
        }
    }
    folders
}

/// Every folder of the tree that the texts of an expression may name.
fn named(source: &Expr, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![source];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::Text(text) => found.extend(relative(text, folder)),
            ExprKind::Conditional(it) => open.extend([&it.then, &it.otherwise]),
            ExprKind::Parentheses(inner) => open.push(inner),
            ExprKind::Template(template) => match template.parts.as_slice() {
                [Part::Interpolation { value, .. }] => open.push(value),
                // What is interpolated first leads to the top of the repository.
                [Part::Interpolation { .. }, Part::Literal { text, .. }] => {
                    found.extend(clean_path("", &text.replace("//", "/")));
                }
                _ => {}
            },
            _ => {}
        }
    }
    found
}

fn relative(text: &str, folder: &str) -> Option<String> {
    let is_local = text.starts_with("./") || text.starts_with("../");
    if is_local { clean_path(folder, &text.replace("//", "/")) } else { None }
}
