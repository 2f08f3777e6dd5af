//! Logical lines: continuations joined, comment lines dropped, directives and here-document bodies taken out.

use std::collections::HashMap;

use super::Directive;
use crate::source::{Comment, CommentPosition, FileId, MappedText, Span};

/// Walks over a file.
pub(super) struct Lines<'a> {
    pub(super) file: FileId,
    text: &'a str,
    at: usize,
    pub(super) escape: u8,
    pub(super) directives: Vec<Directive>,
    directives_may_come: bool,
    pub(super) comments: Vec<Comment>,
    /// Comments that stand inside an instruction, by index.
    pub(super) inner: Vec<usize>,
    /// Comments that stand directly above what comes next.
    waiting: Vec<usize>,
    /// Where each line, with and without tabs in front, stands for the last time: made for the first here-document, so
    /// that one without an end costs no search.
    last_lines: Option<HashMap<&'a str, usize>>,
}

/// An instruction's text in one line.
pub(super) struct Line {
    pub(super) text: MappedText,
    pub(super) blank_line: Option<Span>,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Comments directly above it.
    above: Vec<usize>,
}

struct Physical<'a> {
    start: usize,
    text: &'a str,
    next: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(file: FileId, text: &'a str) -> Lines<'a> {
        Lines {
            file,
            text,
            at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 },
            escape: b'\\',
            directives: Vec::new(),
            directives_may_come: true,
            comments: Vec::new(),
            inner: Vec::new(),
            waiting: Vec::new(),
            last_lines: None,
        }
    }

    pub(super) fn next_line(&mut self) -> Option<Line> {
        loop {
            let line = self.physical()?;
            let code = line.text.trim_start();
            let start = line.start + line.text.len() - code.len();
            if code.is_empty() {
                self.at = line.next;
                self.directives_may_come = false;
                self.waiting.clear();
            } else if code.starts_with('#') {
                self.at = line.next;
                if !self.directives_may_come || !self.directive(start, code) {
                    self.waiting.push(self.comments.len());
                    self.comment(start, code);
                }
            } else {
                self.directives_may_come = false;
                return Some(self.logical(start));
            }
        }
    }

    fn physical(&self) -> Option<Physical<'a>> {
        if self.at >= self.text.len() {
            return None;
        }
        let rest = &self.text[self.at..];
        let (length, next) = rest.find('\n').map_or((rest.len(), rest.len()), |end| (end, end + 1));
        let text = rest[..length].strip_suffix('\r').unwrap_or(&rest[..length]);
        Some(Physical { start: self.at, text, next: self.at + next })
    }

    /// Takes a parser directive; false if the comment is none.
    fn directive(&mut self, start: usize, code: &str) -> bool {
        let Some((key, value)) = split_directive(code) else {
            self.directives_may_come = false;
            return false;
        };
        let key = key.to_ascii_lowercase();
        if !["syntax", "escape", "check"].contains(&&*key) {
            return false;
        }
        if key == "escape" && matches!(value, "\\" | "`") {
            self.escape = value.as_bytes()[0];
        }
        // Other tools' comments are read where all comments are; this one is in force as a directive.
        if key == "check" {
            self.comment(start, code);
        }
        let value_start = start + (value.as_ptr() as usize - code.as_ptr() as usize);
        self.directives.push(Directive {
            key,
            value: value.to_owned(),
            value_span: Span::new(self.file, value_start, value_start + value.len()),
            span: Span::new(self.file, start, start + code.trim_end().len()),
        });
        true
    }

    fn comment(&mut self, start: usize, code: &str) {
        let code = code.trim_end();
        let text = code.trim_start_matches('#').trim();
        let span = Span::new(self.file, start, start + code.len());
        self.comments.push(Comment::new(span, text, CommentPosition::Alone));
    }

    /// The instruction that starts at `start`, which is on the line at the cursor.
    fn logical(&mut self, start: usize) -> Line {
        let mut line = Line {
            text: MappedText::new(self.file, start),
            blank_line: None,
            start,
            end: start,
            above: std::mem::take(&mut self.waiting),
        };
        while let Some(physical) = self.physical() {
            self.at = physical.next;
            let from = physical.start.max(start);
            let text = &self.text[from..physical.start + physical.text.len()];
            let is_first = from == start;
            if !is_first && text.trim_start().starts_with('#') {
                let code = text.trim_start();
                self.inner.push(self.comments.len());
                self.comment(from + text.len() - code.len(), code);
                continue;
            }
            if !is_first && text.trim().is_empty() {
                line.blank_line.get_or_insert(Span::new(self.file, from, from + text.len()));
                continue;
            }
            let kept = self.before_continuation(text);
            line.text.push(&text[..kept.unwrap_or(text.len())], from..from + kept.unwrap_or(text.len()));
            line.end = from + text.trim_end().len();
            if kept.is_none() {
                break;
            }
        }
        line
    }

    /// The length of a line without its continuation; nothing if it does not continue.
    fn before_continuation(&self, line: &str) -> Option<usize> {
        let code = line.trim_end_matches([' ', '\t']);
        let before = code.as_bytes().strip_suffix(&[self.escape])?;
        // A doubled escape character is text.
        (before.last() != Some(&self.escape)).then_some(before.len())
    }

    /// The body of a here-document at the cursor, up to a line that is `name`; nothing if the file ends before.
    pub(super) fn here_document(&mut self, name: &str, drops_tabs: Tabs) -> Option<MappedText> {
        let text = self.text;
        let last_lines = self.last_lines.get_or_insert_with(|| last_lines(text));
        // Without its end the rest of the file would be lost: reading goes on below the line that opened it.
        last_lines.get(name).filter(|at| **at >= self.at)?;
        let resume = self.at;
        let mut body = MappedText::new(self.file, self.at);
        while let Some(line) = self.physical() {
            let code = match drops_tabs {
                Tabs::Dropped => line.text.trim_start_matches('\t'),
                Tabs::Kept => line.text,
            };
            self.at = line.next;
            if code == name {
                return Some(body);
            }
            let start = line.start + line.text.len() - code.len();
            body.push(&self.text[start..line.next], start..line.next);
        }
        self.at = resume;
        None
    }

    /// The end of what was read so far, without the end of line.
    pub(super) fn end(&self) -> usize {
        self.text[..self.at].trim_end_matches(['\n', '\r']).len()
    }

    /// The comments above a line speak for `span`.
    pub(super) fn cover(&mut self, line: &Line, span: Span) {
        for index in &line.above {
            self.comments[*index].covers.push(span);
        }
    }
}

/// Whether tabs at the start of a here-document's lines count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tabs {
    Kept,
    Dropped,
}

fn last_lines(text: &str) -> HashMap<&str, usize> {
    let mut lines = HashMap::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let code = line.trim_end_matches('\n').trim_end_matches('\r');
        lines.insert(code, at);
        lines.insert(code.trim_start_matches('\t'), at);
        at += line.len();
    }
    lines
}

/// `# key = value` as key and value.
fn split_directive(code: &str) -> Option<(&str, &str)> {
    let (key, value) = code.strip_prefix('#')?.split_once('=')?;
    let (key, value) = (key.trim(), value.trim());
    let starts_well = key.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_word = starts_well && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_word && !value.is_empty()).then_some((key, value))
}
