//! The skeleton of a Markdown page: headings and fences with the bytes they cover. Everything else is prose.

use std::ops::Range;

#[derive(Clone, Debug)]
pub(crate) enum Part {
    Heading { level: usize, text: Range<usize>, start: usize },
    Fence(Fence),
}

#[derive(Clone, Debug)]
pub(crate) struct Fence {
    /// What stands behind the backticks: `tf network.tf`.
    pub(crate) info: Range<usize>,
    /// The lines between, each with its end of line.
    pub(crate) body: Range<usize>,
    /// From the first backtick to the end of the last line.
    pub(crate) whole: Range<usize>,
    pub(crate) is_closed: bool,
}

/// The parts of `text` from a byte on, which begins a line, in order.
pub(crate) fn parts(text: &str, from: usize) -> Parts<'_> {
    Parts { text, at: from }
}

pub(crate) struct Parts<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        while self.at < self.text.len() {
            let start = self.at;
            let line = next_line(self.text, start);
            self.at += line.len();
            let content = line.trim_end();
            if content.starts_with('#') {
                let level = content.bytes().take_while(|byte| *byte == b'#').count();
                let after = &content[level..];
                if after.starts_with(' ') {
                    let end = start + content.len();
                    return Some(Part::Heading { level, text: end - after.trim_start().len()..end, start });
                }
            }
            if let Some((mark, length)) = fence_mark(content) {
                return Some(Part::Fence(self.fence(start, mark, length, start + content.len())));
            }
        }
        None
    }
}

impl Parts<'_> {
    /// Reads to the line that closes the fence: the same character, at least as often, and nothing else.
    fn fence(&mut self, start: usize, mark: char, length: usize, line_end: usize) -> Fence {
        let behind = start + length;
        let info_start = line_end - self.text[behind..line_end].trim_start().len();
        let body_start = self.at;
        while self.at < self.text.len() {
            let line_start = self.at;
            let line = next_line(self.text, line_start);
            self.at += line.len();
            let content = line.trim_end();
            if content.len() >= length && content.chars().all(|c| c == mark) {
                let body = body_start..line_start;
                return Fence { info: info_start..line_end, body, whole: start..self.at, is_closed: true };
            }
        }
        let body = body_start..self.at;
        Fence { info: info_start..line_end, body, whole: start..self.at, is_closed: false }
    }
}

fn next_line(text: &str, start: usize) -> &str {
    let rest = &text[start..];
    rest.find('\n').map_or(rest, |end| &rest[..=end])
}

fn fence_mark(line: &str) -> Option<(char, usize)> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == mark).count();
    (length >= 3).then_some((mark, length))
}
