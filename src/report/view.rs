//! Lines of the sources as reports may show them: secrets masked, control characters visible, and for each place in the
//! text the column where it is shown. Real lines and columns are never taken from here.

use crate::finding::Report;
use crate::source::{FileId, Position, Span, World};

use super::escape::{columns_of, push_visible};

/// In place of the content of a secret literal, whatever its length.
const MASK: &str = "********";

/// Longer lines are shown from this many bytes before the mark to as many behind it.
const WINDOW: usize = 2_000;

/// A piece of a source line: the bytes it stands for and what is shown for them.
struct Piece {
    source: std::ops::Range<usize>,
    shown: String,
}

/// One line of a file, ready to be shown.
pub(crate) struct LineView {
    pieces: Vec<Piece>,
    end: usize,
}

/// How a tab is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tabs {
    Keep,
    Spaces,
}

/// Gives out lines of one report's world.
#[derive(Clone, Copy)]
pub(crate) struct Views<'a> {
    pub(crate) world: &'a World,
    secrets: &'a [Span],
}

impl<'a> Views<'a> {
    /// `report.secrets` is sorted.
    pub(crate) fn new(report: &'a Report<'a>) -> Views<'a> {
        Views { world: report.world, secrets: &report.secrets }
    }

    pub(crate) fn path(&self, span: Span) -> &'a str {
        &self.world.file(span.file).path
    }

    pub(crate) fn start(&self, span: Span) -> Position {
        self.position(span.file, span.start)
    }

    pub(crate) fn end(&self, span: Span) -> Position {
        self.position(span.file, span.end)
    }

    fn position(&self, file: FileId, offset: u32) -> Position {
        let file = self.world.file(file);
        file.lines().position(file.text().unwrap_or(""), offset)
    }

    /// The part of a span on its first line; never empty unless the line is.
    pub(crate) fn first_line_of(&self, span: Span) -> Span {
        let file = self.world.file(span.file);
        let text = file.text().unwrap_or("");
        let line = file.lines().line_range(text, file.lines().line(span.start.min(text.len() as u32)));
        let start = (span.start as usize).clamp(line.start, line.end);
        let end = (span.end as usize).clamp(start, line.end);
        let end = if end == start { next_boundary(text, start).min(line.end) } else { end };
        Span::new(span.file, start, end.max(start))
    }

    /// The line on which `near` starts; of a very long line only what stands around it.
    pub(crate) fn line_at(&self, near: Span, tabs: Tabs) -> LineView {
        let file = self.world.file(near.file);
        self.line(near.file, file.lines().line(near.start), near.start as usize, tabs)
    }

    /// A line by its number.
    pub(crate) fn line(&self, id: FileId, number: u32, near: usize, tabs: Tabs) -> LineView {
        let file = self.world.file(id);
        let text = file.text().unwrap_or("");
        let mut range = file.lines().line_range(text, number);
        if range.len() > 2 * WINDOW {
            range.start = boundary_at(text, near.saturating_sub(WINDOW).max(range.start));
            range.end = boundary_at(text, near.saturating_add(WINDOW).min(range.end)).max(range.start);
        }
        self.pieces(id, text, range, tabs)
    }

    /// Any stretch of a file, with its line ends, masked.
    pub(crate) fn stretch(&self, span: Span) -> String {
        let file = self.world.file(span.file);
        let text = file.text().unwrap_or("");
        let range = boundary_at(text, span.start as usize)..boundary_at(text, span.end as usize);
        let mut out = String::new();
        for (index, line) in text[range.clone()].split_inclusive('\n').enumerate() {
            let _ = index;
            let start = line.as_ptr() as usize - text.as_ptr() as usize;
            let content = line.trim_end_matches(['\n', '\r']);
            let view = self.pieces(span.file, text, start..start + content.len(), Tabs::Keep);
            out.push_str(&view.text());
            if line.ends_with('\n') {
                out.push('\n');
            }
        }
        out
    }

    fn pieces(&self, file: FileId, text: &str, range: std::ops::Range<usize>, tabs: Tabs) -> LineView {
        let mut pieces = Vec::new();
        let mut at = range.start;
        while at < range.end {
            if let Some(end) = self.secret_at(file, text, at) {
                let end = boundary_at(text, end.min(range.end)).max(next_boundary(text, at));
                pieces.push(Piece { source: at..end, shown: MASK.to_owned() });
                at = end;
                continue;
            }
            let Some(c) = text[at..].chars().next() else { break };
            let mut shown = String::new();
            match c {
                '\t' if tabs == Tabs::Spaces => shown.push_str("    "),
                '\t' => shown.push('\t'),
                '\u{feff}' if at == 0 => {}
                c => push_visible(&mut shown, c),
            }
            pieces.push(Piece { source: at..at + c.len_utf8(), shown });
            at += c.len_utf8();
        }
        LineView { pieces, end: range.end }
    }

    /// The end of the secret content that holds this byte.
    fn secret_at(&self, file: FileId, text: &str, at: usize) -> Option<usize> {
        let before = self.secrets.partition_point(|secret| (secret.file, secret.start as usize) <= (file, at));
        // Spans of secrets may lie in each other, so a few before the nearest are asked too.
        self.secrets[before.saturating_sub(8)..before]
            .iter()
            .filter(|secret| secret.file == file)
            .map(|secret| content_of(text, *secret))
            .filter(|content| content.contains(&at))
            .map(|content| content.end)
            .max()
    }
}

/// A literal without its quotes.
pub(crate) fn content_of(text: &str, literal: Span) -> std::ops::Range<usize> {
    let range = literal.range();
    let Some(written) = text.get(range.clone()) else { return range };
    let is_quoted = written.len() >= 2
        && ['"', '\'', '`'].iter().any(|quote| written.starts_with(*quote) && written.ends_with(*quote));
    if is_quoted { range.start + 1..range.end - 1 } else { range }
}

fn boundary_at(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn next_boundary(text: &str, offset: usize) -> usize {
    text.get(offset..).and_then(|rest| rest.chars().next()).map_or(offset, |c| offset + c.len_utf8())
}

impl LineView {
    pub(crate) fn text(&self) -> String {
        self.pieces.iter().map(|piece| piece.shown.as_str()).collect()
    }

    /// The columns of the terminal (from 0) under which a span of the source is shown.
    pub(crate) fn columns(&self, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let mut column = 0;
        let mut start = None;
        let mut end = 0;
        for piece in &self.pieces {
            let width: usize = piece.shown.chars().map(columns_of).sum();
            let touches = piece.source.start < span.end && span.start < piece.source.end;
            if touches {
                start.get_or_insert(column);
                end = column + width;
            }
            column += width;
        }
        match start {
            Some(start) => start..end.max(start + 1),
            // An empty span, or one at the end of the line.
            None if span.start >= self.end => column..column + 1,
            None => {
                let before = self.pieces.iter().take_while(|piece| piece.source.end <= span.start);
                let column = before.map(|piece| piece.shown.chars().map(columns_of).sum::<usize>()).sum();
                column..column + 1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::finding::testing::{report_over, span_of, world};

    use super::{Tabs, Views};

    #[test]
    fn masks_the_content_and_keeps_the_quotes() {
        let world = world(&[("a.tfvars", "\u{feff}é = \"hunter2hunter2\" # 😀 here\r\n")]);
        let mut report = report_over(&world);
        report.secrets = vec![span_of(&world, "a.tfvars", "\"hunter2hunter2\"")];
        let views = Views::new(&report);
        let here = span_of(&world, "a.tfvars", "here");
        let line = views.line_at(here, Tabs::Spaces);
        assert_eq!(line.text(), "é = \"********\" # 😀 here");
        assert_eq!(line.columns(here.range()), 20..24);
        assert_eq!(line.columns(report.secrets[0].range()), 4..14);
        assert_eq!((views.start(here).line, views.start(here).column16), (1, 27));
    }

    #[test]
    fn shows_a_window_of_a_very_long_line() {
        let text = format!("{}here{}", "x".repeat(100_000), "y".repeat(100_000));
        let world = world(&[("a.json", &text)]);
        let report = report_over(&world);
        let here = span_of(&world, "a.json", "here");
        let line = Views::new(&report).line_at(here, Tabs::Keep);
        assert!(line.text().len() < 5_000);
        assert_eq!(line.columns(here.range()).len(), 4);
    }
}
