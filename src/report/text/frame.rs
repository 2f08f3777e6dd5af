//! Excerpts with marks below them, in the manner of rustc: one frame over several files, line numbers in a gutter, long
//! lines cut around the mark, labels that would pass the edge below their mark.

use std::fmt::Write as _;

use crate::report::escape::{columns_of, visible, width_of};
use crate::report::view::{Tabs, Views};
use crate::source::{FileId, Span};

use super::ink::{Ink, Role, wrap};

/// A span to be marked, with what is said about it.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) span: Span,
    pub(crate) label: String,
    pub(crate) kind: MarkKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkKind {
    Primary,
    Step,
}

/// Draws frames of one report.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) views: Views<'a>,
    pub(crate) ink: Ink,
    pub(crate) width: usize,
    /// Columns of the line numbers, the same for all frames of a finding.
    pub(crate) gutter: usize,
}

/// The columns that the line numbers of these spans need.
pub(crate) fn gutter_for(views: Views<'_>, spans: impl Iterator<Item = Span>) -> usize {
    let largest = spans.map(|span| views.start(span).line).max().unwrap_or(1);
    largest.to_string().len()
}

impl Frame<'_> {
    /// All marks, file after file in the order of their first mark.
    pub(crate) fn marks(&self, out: &mut String, marks: &[Mark]) {
        let mut files: Vec<FileId> = Vec::new();
        for mark in marks {
            if !files.contains(&mark.span.file) {
                files.push(mark.span.file);
            }
        }
        for (index, file) in files.iter().enumerate() {
            let mut here: Vec<&Mark> = marks.iter().filter(|mark| mark.span.file == *file).collect();
            here.sort_by_key(|mark| (mark.span.start, mark.span.end));
            if index > 0 {
                self.bar_line(out, "");
            }
            let arrow = if index == 0 { self.ink.first_arrow() } else { self.ink.next_arrow() };
            let named = here.iter().find(|mark| mark.kind == MarkKind::Primary).unwrap_or(&here[0]);
            self.arrow_line(out, arrow, named.span);
            self.bar_line(out, "");
            self.file(out, &here);
        }
    }

    /// Lines without marks, under one path.
    pub(crate) fn lines(&self, out: &mut String, spans: &[Span], more: usize) {
        let path = visible(self.views.path(spans[0])).into_owned();
        let arrow = self.ink.paint(Role::Frame, self.ink.first_arrow());
        let _ = writeln!(out, "{}{arrow} {}", " ".repeat(self.gutter), self.ink.paint(Role::Path, &path));
        self.bar_line(out, "");
        let mut last = 0;
        for span in spans {
            let number = self.views.start(*span).line;
            if number != last {
                self.code_line(out, *span);
            }
            last = number;
        }
        if more > 0 {
            self.bar_line(out, &format!("and {more} more"));
        }
    }

    /// `--> file:line:column`, the true ones whatever the excerpt shows.
    pub(crate) fn arrow_line(&self, out: &mut String, arrow: &str, span: Span) {
        let position = self.views.start(span);
        let place = format!("{}:{}:{}", visible(self.views.path(span)), position.line, position.column);
        let arrow = self.ink.paint(Role::Frame, arrow);
        let _ = writeln!(out, "{}{arrow} {}", " ".repeat(self.gutter), self.ink.paint(Role::Path, &place));
    }

    /// A line of the frame without a number.
    pub(crate) fn bar_line(&self, out: &mut String, text: &str) {
        let bar = self.ink.paint(Role::Frame, self.ink.bar());
        let line = format!("{} {bar} {text}", " ".repeat(self.gutter));
        let _ = writeln!(out, "{}", line.trim_end());
    }

    /// `= word: text`, wrapped behind the sign.
    pub(crate) fn note(&self, out: &mut String, text: &str) {
        let indent = " ".repeat(self.gutter + 1);
        let room = self.width.saturating_sub(self.gutter + 3).max(20);
        for (index, line) in wrap(&visible(text), room, room.saturating_sub(2)).iter().enumerate() {
            let sign = if index == 0 { self.ink.paint(Role::Frame, "=") } else { "   ".to_owned() };
            let _ = writeln!(out, "{indent}{sign} {line}");
        }
    }

    fn file(&self, out: &mut String, marks: &[&Mark]) {
        let mut last = None;
        for (index, mark) in marks.iter().enumerate() {
            let number = self.views.start(mark.span).line;
            if last != Some(number) {
                match last {
                    Some(last) if number > last + 1 => {
                        let _ = writeln!(out, "{}", self.ink.paint(Role::Frame, "..."));
                    }
                    Some(_) | None => {}
                }
                self.code(out, mark.span, number);
            }
            last = Some(number);
            let line_start = self.window_of(mark.span, first_on_line(self.views, marks, index));
            self.underline(out, mark, &line_start);
        }
    }

    fn code_line(&self, out: &mut String, span: Span) {
        self.code(out, span, self.views.start(span).line);
    }

    fn code(&self, out: &mut String, near: Span, number: u32) {
        let window = self.window_of(near, near);
        self.numbered(out, number, " ", &window.text);
    }

    fn numbered(&self, out: &mut String, number: u32, sign: &str, text: &str) {
        let number = self.ink.paint(Role::Frame, &format!("{number:>width$}", width = self.gutter));
        let bar = if sign == " " { self.ink.paint(Role::Frame, self.ink.bar()) } else { sign.to_owned() };
        let _ = writeln!(out, "{}", format!("{number} {bar} {text}").trim_end());
    }

    /// What of the line of `shown` fits, and where in it `mark` is.
    fn window_of(&self, mark: Span, shown: Span) -> Window {
        let line = self.views.line_at(shown, Tabs::Spaces);
        let columns = line.columns(self.views.first_line_of(shown).range());
        let (text, shift) = cut(&line.text(), &columns, self.width.saturating_sub(self.gutter + 3).max(20));
        let own = line.columns(self.views.first_line_of(mark).range());
        let width = width_of(&text);
        let start = (own.start as isize + shift).clamp(0, width as isize) as usize;
        let end = (own.end as isize + shift).clamp(start as isize + 1, width.max(start + 1) as isize) as usize;
        Window { text, start, end }
    }

    fn underline(&self, out: &mut String, mark: &Mark, window: &Window) {
        let room = self.width.saturating_sub(self.gutter + 3).max(20);
        let (sign, role) = match mark.kind {
            MarkKind::Primary => ("^", Role::Severity(crate::finding::Severity::High)),
            MarkKind::Step => (self.ink.step_mark(), Role::Frame),
        };
        let line = self.ink.paint(role, &sign.repeat(window.end - window.start));
        let indent = " ".repeat(window.start);
        if mark.label.is_empty() {
            self.bar_line(out, &format!("{indent}{line}"));
            return;
        }
        if window.end + 1 + width_of(&mark.label) <= room {
            let label = self.ink.paint(role, &mark.label);
            self.bar_line(out, &format!("{indent}{line} {label}"));
            return;
        }
        self.bar_line(out, &format!("{indent}{line}"));
        let start = window.start.min(room.saturating_sub(width_of(&mark.label).min(40)));
        for text in wrap(&mark.label, room - start, room - start) {
            self.bar_line(out, &format!("{}{}", " ".repeat(start), self.ink.paint(role, &text)));
        }
    }

    /// A change of whole lines, old ones first.
    pub(crate) fn change(&self, out: &mut String, first_line: u32, old: &[String], new: &[String]) {
        let room = self.width.saturating_sub(self.gutter + 3).max(20);
        for (index, line) in old.iter().enumerate() {
            let text = self.ink.paint(Role::Removed, &cut(line, &(0..1), room).0);
            self.numbered(out, first_line + index as u32, &self.ink.paint(Role::Removed, "-"), &text);
        }
        for (index, line) in new.iter().enumerate() {
            let text = self.ink.paint(Role::Added, &cut(line, &(0..1), room).0);
            self.numbered(out, first_line + index as u32, &self.ink.paint(Role::Added, "+"), &text);
        }
    }
}

/// A line as far as it fits and the columns of a mark in it.
struct Window {
    text: String,
    start: usize,
    end: usize,
}

/// The first mark on the line of the mark at `index`: the line is cut around that one.
fn first_on_line(views: Views<'_>, marks: &[&Mark], index: usize) -> Span {
    let line = views.start(marks[index].span).line;
    marks.iter().map(|mark| mark.span).find(|span| views.start(*span).line == line).unwrap_or(marks[index].span)
}

/// Cuts a line to a width around some columns, with `...` on the sides that lost text, and says by how much columns have
/// moved.
fn cut(line: &str, around: &std::ops::Range<usize>, room: usize) -> (String, isize) {
    const DOTS: usize = 3;
    let width = width_of(line);
    if width <= room {
        return (line.to_owned(), 0);
    }
    let inner = room - 2 * DOTS;
    let wanted = around.len().min(inner);
    let before = (inner - wanted) / 3;
    let start = around.start.saturating_sub(before).min(width.saturating_sub(room - DOTS));
    let start = if start <= DOTS { 0 } else { start };
    let mut out = String::new();
    let lead = if start > 0 { DOTS } else { 0 };
    out.push_str(&".".repeat(lead));
    let mut limit = room - lead;
    if width - start > limit {
        limit -= DOTS;
    }
    let mut column = 0;
    let mut used = 0;
    let mut first = start;
    for c in line.chars() {
        let columns = columns_of(c);
        if column >= start {
            if used == 0 {
                first = column;
            }
            if used + columns > limit {
                break;
            }
            out.push(c);
            used += columns;
        }
        column += columns;
    }
    if width - start > room - lead {
        out.push_str(&".".repeat(DOTS));
    }
    (out, lead as isize - first as isize)
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn cuts_on_both_sides_of_the_mark() {
        let line = format!("{}MARK{}", "a".repeat(100), "b".repeat(100));
        let (text, shift) = cut(&line, &(100..104), 40);
        assert_eq!(text.len(), 40);
        assert!(text.starts_with("...") && text.ends_with("..."), "{text}");
        let start = (100 + shift) as usize;
        assert_eq!(&text[start..start + 4], "MARK");
        assert_eq!(cut("short", &(0..1), 40), ("short".to_owned(), 0));
        let (text, _) = cut(&line, &(0..1), 40);
        assert!(text.starts_with("aaa") && text.ends_with("b...") || text.ends_with("a..."), "{text}");
        let (text, shift) = cut(&line, &(203..204), 40);
        assert!(text.ends_with('b') && text.len() == 40, "{text} {shift}");
    }
}
