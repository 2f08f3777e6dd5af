//! What each comment of a file covers: the code before it on its line, or the whole thing that starts on the line below.

use std::ops::Range;

use super::scan::{Asides, RawComment};
use super::tree::{Block, Body, Expr, ExprKind};
use crate::source::{Comment, CommentPosition, FileId, LineIndex, Span};

pub(super) fn comments(file: FileId, text: &str, asides: &Asides, body: &Body) -> Vec<Comment> {
    if asides.comments.is_empty() {
        return Vec::new();
    }
    let lines = LineIndex::new(text);
    let things = things(body);
    let mut covered = Vec::with_capacity(asides.comments.len());
    for (index, raw) in asides.comments.iter().enumerate() {
        let span = Span::new(file, raw.start, raw.end);
        let behind = raw.is_behind_code;
        let position = if behind { CommentPosition::BehindCode } else { CommentPosition::Alone };
        let mut comment = Comment::new(span, content(&text[raw.start..raw.end]), position);
        comment.covers = match position {
            CommentPosition::BehindCode => behind_code(file, text, &lines, asides, raw),
            CommentPosition::Alone => below(text, &lines, &asides.comments[index..], &things).into_iter().collect(),
        };
        comment.enclosing = enclosing(body, text, &lines, raw);
        covered.push(comment);
    }
    covered
}

/// Without its marker and the blanks at both ends.
fn content(comment: &str) -> &str {
    let inner = match comment.strip_prefix("/*") {
        Some(rest) => rest.strip_suffix("*/").unwrap_or(rest),
        None => comment.strip_prefix("//").or_else(|| comment.strip_prefix('#')).unwrap_or(comment),
    };
    inner.trim()
}

/// The line, and the heredocs that begin on it.
fn behind_code(file: FileId, text: &str, lines: &LineIndex, asides: &Asides, raw: &RawComment) -> Vec<Span> {
    let line = lines.line_range(text, lines.line(raw.start as u32));
    let mut covers = vec![Span::new(file, line.start, line.end)];
    let opened = asides.heredocs.iter().filter(|heredoc| line.contains(&heredoc.start));
    covers.extend(opened.map(|heredoc| Span::new(file, heredoc.start, heredoc.end)));
    covers
}

/// The outermost thing whose first byte is the first code after a run of comments without a blank line.
fn below(text: &str, lines: &LineIndex, comments: &[RawComment], things: &[Span]) -> Option<Span> {
    let mut end = comments.first()?.end;
    for next in &comments[1..] {
        let between = &text[end..next.start];
        if between.trim().is_empty() && n_newlines(between) <= 1 {
            end = next.end;
        } else {
            break;
        }
    }
    let rest = &text[end..];
    let gap = rest.len() - rest.trim_start().len();
    if n_newlines(&rest[..gap]) > 1 {
        return None;
    }
    let start = (end + gap) as u32;
    let first = things.partition_point(|thing| thing.start < start);
    let thing = things.get(first)?;
    let on_line = lines.line(thing.start) == lines.line(start);
    (thing.start == start && on_line).then_some(*thing)
}

fn n_newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The top-level block around a comment, unless the comment stands on its first or last line.
fn enclosing(body: &Body, text: &str, lines: &LineIndex, raw: &RawComment) -> Option<Span> {
    let index = body.blocks.partition_point(|block| (block.span.end as usize) < raw.start);
    let block = body.blocks.get(index)?;
    let inside = Range { start: block.span.start as usize, end: block.span.end as usize };
    let line = |offset: usize| lines.line(offset.min(text.len()) as u32);
    let is_inside = inside.contains(&raw.start)
        && line(raw.start) != line(inside.start)
        && line(raw.start) != line(inside.end.saturating_sub(1));
    is_inside.then_some(block.span)
}

/// Blocks, attributes, entries and items, in order of their first byte, the outer one first.
fn things(body: &Body) -> Vec<Span> {
    let mut found = Vec::new();
    collect_body(body, &mut found);
    found.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    found
}

fn collect_body(body: &Body, found: &mut Vec<Span>) {
    for attribute in &body.attributes {
        found.push(attribute.span);
        collect_expr(&attribute.value, found);
    }
    for block in &body.blocks {
        collect_block(block, found);
    }
}

fn collect_block(block: &Block, found: &mut Vec<Span>) {
    found.push(block.span);
    collect_body(&block.body, found);
}

/// The depth of a tree is bounded by the parser.
fn collect_expr(expr: &Expr, found: &mut Vec<Span>) {
    match &expr.kind {
        ExprKind::List(items) => {
            for item in items {
                found.push(item.span);
                collect_expr(item, found);
            }
        }
        ExprKind::Object(items) => {
            for item in items {
                found.push(item.span());
                collect_expr(&item.value, found);
            }
        }
        ExprKind::Call(call) => {
            for argument in &call.arguments {
                found.push(argument.span);
                collect_expr(argument, found);
            }
        }
        ExprKind::Parentheses(inner) => collect_expr(inner, found),
        ExprKind::Conditional(conditional) => {
            collect_expr(&conditional.then, found);
            collect_expr(&conditional.otherwise, found);
        }
        ExprKind::For(it) => collect_expr(&it.value, found),
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Template(_)
        | ExprKind::Variable(_)
        | ExprKind::Traversal(_)
        | ExprKind::Binary(_)
        | ExprKind::Unary(..)
        | ExprKind::Unreadable(_) => {}
    }
}
