//! A fix as changed lines: what stands there and what would stand there, masked like every excerpt.

use crate::finding::Edit;
use crate::report::escape::visible;
use crate::report::view::Views;
use crate::source::Span;

/// The lines that one edit changes.
pub(crate) struct Change {
    pub(crate) first_line: u32,
    pub(crate) old: Vec<String>,
    pub(crate) new: Vec<String>,
}

/// The change that an edit makes, without the lines that stay.
pub(crate) fn change_of(views: Views<'_>, edit: &Edit) -> Change {
    let file = views.world.file(edit.span.file);
    let text = file.text().unwrap_or("");
    let first_line = file.lines().line(edit.span.start);
    let last_line = file.lines().line(edit.span.end.max(edit.span.start));
    let start = file.lines().line_range(text, first_line).start;
    let end = file.lines().line_range(text, last_line).end.max(edit.span.end as usize);
    let stretch = |from: usize, to: usize| views.stretch(Span::new(edit.span.file, from, to.max(from)));
    let before = stretch(start, edit.span.start as usize);
    let after = stretch(edit.span.end as usize, end);
    let old = lines_of(&stretch(start, end));
    let new = lines_of(&format!("{before}{}{after}", edit.text));
    without_common(first_line, old, new)
}

fn lines_of(text: &str) -> Vec<String> {
    text.split('\n').map(|line| visible(line.trim_end_matches('\r')).replace("\\u{9}", "    ")).collect()
}

fn without_common(mut first_line: u32, mut old: Vec<String>, mut new: Vec<String>) -> Change {
    while old.last().is_some() && old.last() == new.last() {
        old.pop();
        new.pop();
    }
    let common = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    old.drain(..common);
    new.drain(..common);
    first_line += common as u32;
    Change { first_line, old, new }
}
