//! Which thing a comment speaks about: what begins on its line, or, alone on a line, what stands directly below.

use super::{Node, Scalar};
use crate::source::{Comment, CommentPosition, Span};

/// Comments in order of place, each with what it covers.
pub(super) fn attach(text: &str, spans: &[Span], root: Option<&Node>) -> Vec<Comment> {
    let mut spans = spans.to_vec();
    spans.sort();
    spans.dedup();
    let mut comments: Vec<Comment> = spans.into_iter().map(|span| comment(text, span)).collect();
    let Some(root) = root else { return comments };
    // Every covered span so far is one line; nodes that start on it widen it. Both come in order of place.
    let mut wanted: Vec<usize> = (0..comments.len()).filter(|index| !comments[*index].covers.is_empty()).collect();
    wanted.sort_by_key(|index| comments[*index].covers.first().copied());
    if !wanted.is_empty() {
        widen(&mut comments, &wanted, root, text);
    }
    comments
}

fn comment(text: &str, span: Span) -> Comment {
    let said = text.get(span.range()).unwrap_or("").trim_start_matches('#').trim();
    let start = span.start as usize;
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let before = text[line_start..start].trim_start_matches('\u{feff}');
    let line_end = |from: usize| text[from..].find('\n').map_or(text.len(), |at| from + at);
    if !before.trim().is_empty() {
        let line = Span::new(span.file, line_start, line_end(start));
        return Comment { covers: vec![line], ..Comment::new(span, said, CommentPosition::BehindCode) };
    }
    let mut comment = Comment::new(span, said, CommentPosition::Alone);
    let mut at = line_end(start);
    while at < text.len() {
        let (from, to) = (at + 1, line_end((at + 1).min(text.len())));
        let line = text.get(from..to).unwrap_or("").trim();
        match line.as_bytes().first() {
            None => break,
            Some(b'#') => at = to,
            Some(_) => {
                comment.covers.push(Span::new(span.file, from, to));
                break;
            }
        }
    }
    comment
}

/// Walks the tree once and lets the outermost entry or item that starts on a wanted line widen what is covered.
fn widen(comments: &mut [Comment], wanted: &[usize], root: &Node, text: &str) {
    let lines: Vec<Span> = wanted.iter().filter_map(|index| comments[*index].covers.first().copied()).collect();
    let mut done = vec![false; lines.len()];
    let mut open = vec![(root, None)];
    while let Some((node, thing)) = open.pop() {
        let thing: Option<Span> = thing;
        if let Some(span) = thing {
            let first = lines.partition_point(|line| line.end <= span.start);
            for (at, line) in lines.iter().enumerate().skip(first) {
                if line.start > span.start {
                    break;
                }
                let comment = &mut comments[wanted[at]];
                let opens_block =
                    node.as_scalar().is_some_and(Scalar::is_block) && line.contains(&node.span.at_start());
                let is_alone = comment.position == CommentPosition::Alone;
                if is_alone && !done[at] && begins_line(text, *line, span) {
                    comment.covers = vec![line.to(span)];
                    done[at] = true;
                } else if !is_alone && opens_block {
                    comment.covers = vec![line.to(node.span)];
                }
            }
        }
        if node.is_alias() {
            continue;
        }
        open.extend(node.items().iter().rev().map(|item| (item, Some(item.span))));
        open.extend(node.entries().iter().rev().map(|entry| (&entry.value, Some(entry.span()))));
    }
}

/// Whether a thing is the first on its line, a list's dashes aside.
fn begins_line(text: &str, line: Span, thing: Span) -> bool {
    let before = text.get(line.start as usize..thing.start as usize).unwrap_or("");
    before.trim_matches([' ', '\t', '-', '?', '\u{feff}']).is_empty()
}
