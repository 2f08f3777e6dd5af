//! Places of a script that a narrow value cannot leave: a comment ends with its line, a quoted here-document with a line
//! of its own.

use std::collections::HashMap;

use crate::eval::actions::Charset;
use crate::lower::workflow::plan::Plan;
use crate::syntax::expression::has_hole;
use crate::syntax::shell::{self, CommandKind, Dialect, List, PieceKind, RedirectionKind, Word};
use crate::syntax::yaml::Node;

/// The start of each expression at such a place, with the widest characters that stay inside.
pub(in crate::lower::workflow) fn quiet_places(plan: &Plan<'_>, run: &Node) -> HashMap<u32, Charset> {
    let mut found = HashMap::new();
    let Some(scalar) = run.as_scalar() else { return found };
    let text = scalar.as_str();
    // Neither a comment nor a here-document.
    if !has_hole(text) || !(text.contains('#') || text.contains("<<")) {
        return found;
    }
    let text = scalar.mapped(run.resolved().span.file);
    let script = shell::read(&text, Dialect::WORKFLOW);
    for (_, span) in plan.parsed.placed(run) {
        if script.comments.iter().any(|comment| comment.span.contains(&span)) {
            found.insert(span.start, Charset::Line);
        }
    }
    bodies(&script.list, &mut found, 0);
    found
}

fn bodies(list: &List, found: &mut HashMap<u32, Charset>, depth: usize) {
    for command in list.items.iter().flat_map(|item| &item.pipeline.commands) {
        for redirection in &command.redirections {
            if let RedirectionKind::HereDocument(document) = &redirection.kind
                && document.is_quoted
            {
                expressions(&document.body, found);
            }
        }
        if depth > 40 {
            continue;
        }
        let lists: Vec<&List> = match &command.kind {
            CommandKind::Group(list) | CommandKind::Subshell(list) => vec![list],
            CommandKind::If { branches, otherwise } => {
                let both = branches.iter().flat_map(|(condition, body)| [condition, body]);
                both.chain(otherwise).collect()
            }
            CommandKind::For { body, .. } => vec![body],
            CommandKind::While { condition, body } => vec![condition, body],
            CommandKind::Case { arms, .. } => arms.iter().map(|arm| &arm.body).collect(),
            CommandKind::Simple(_) | CommandKind::Function { .. } | CommandKind::Test(_) | CommandKind::Arithmetic => {
                Vec::new()
            }
        };
        lists.into_iter().for_each(|list| bodies(list, found, depth + 1));
    }
}

fn expressions(word: &Word, found: &mut HashMap<u32, Charset>) {
    for piece in &word.pieces {
        if let PieceKind::Expression(_) = piece.kind {
            found.insert(piece.span.start, Charset::Line);
        }
    }
}
