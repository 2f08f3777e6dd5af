//! Decoded text and the way back to the source: through quotes, escapes, folded lines and the indentation of blocks.
//! The map is a list of runs; within a run, decoded and source bytes advance together.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Single,
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

#[derive(Clone, Debug)]
pub struct Scalar {
    text: Box<str>,
    pub style: Style,
    /// Where the first decoded byte stands, and one past the last source byte of the content.
    start: u32,
    end: u32,
    /// Starts of further runs: decoded offset, source offset. Most scalars have none.
    runs: Box<[(u32, u32)]>,
}

impl Scalar {
    /// A scalar from the bytes `start..end` of a text, delimiters included.
    pub(super) fn new(decoded: &str, style: Style, source: &str, start: usize, end: usize) -> Scalar {
        let raw = source.get(start..end).unwrap_or("");
        let mut runs = Runs { base: start, runs: Vec::new() };
        let (inner_start, inner_end) = match style {
            Style::Plain => (start, end),
            Style::Single | Style::Double => (start + 1, end.max(start + 2) - 1),
            Style::Literal | Style::Folded => {
                let header = raw.find('\n').map_or(raw.len(), |at| at + 1);
                (start + header, end)
            }
        };
        let inner = source.get(inner_start..inner_end).unwrap_or("");
        match style {
            _ if inner == decoded => runs.push(0, inner_start - start),
            Style::Plain | Style::Single | Style::Double => {
                align_flow(&mut runs, decoded, inner, style, inner_start - start)
            }
            Style::Literal => align_literal(&mut runs, decoded, inner, inner_start - start),
            Style::Folded => align_folded(&mut runs, decoded, inner, inner_start - start),
        }
        Scalar::from_runs(decoded, style, runs.runs, inner_start, inner_end)
    }

    /// A scalar whose runs are known; the first run begins at decoded offset 0.
    pub(super) fn from_runs(decoded: &str, style: Style, runs: Vec<(u32, u32)>, start: usize, end: usize) -> Scalar {
        let first = runs.first().map_or(start as u32, |(_, source)| *source);
        let rest = runs.get(1..).unwrap_or(&[]);
        Scalar { text: decoded.into(), style, start: first, end: end as u32, runs: rest.into() }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the text stands on lines of its own below `|` or `>`.
    pub fn is_block(&self) -> bool {
        matches!(self.style, Style::Literal | Style::Folded)
    }

    /// The decoded text with the way back to its file.
    pub fn mapped(&self, file: crate::source::FileId) -> crate::source::MappedText {
        let mut mapped = crate::source::MappedText::new(file, self.start as usize);
        let mut run = (0, self.start);
        for next in self.runs.iter().copied().chain([(self.text.len() as u32, u32::MAX)]) {
            let decoded = &self.text[run.0 as usize..next.0 as usize];
            let exact = run.1 as usize + decoded.len();
            // One character that was written with several: an escape.
            let is_escape = !self.is_block() && next.1 != u32::MAX && decoded.chars().nth(1).is_none();
            let end = if is_escape { next.1 as usize } else { exact };
            mapped.push(decoded, run.1 as usize..end);
            run = next;
        }
        mapped
    }

    /// Where the decoded byte at this offset stands in the source.
    pub fn source_offset(&self, decoded: usize) -> usize {
        let decoded = decoded.min(self.text.len()) as u32;
        let index = self.runs.partition_point(|(start, _)| *start <= decoded);
        let (run, source) = match index {
            0 => (0, self.start),
            index => self.runs[index - 1],
        };
        (source + (decoded - run)).min(self.end) as usize
    }

    /// One past the source byte of the decoded byte before this offset: the end of a range.
    pub fn source_end(&self, decoded: usize) -> usize {
        if decoded == 0 {
            return self.source_offset(0);
        }
        let decoded = decoded.min(self.text.len());
        let mut last = decoded - 1;
        while !self.text.is_char_boundary(last) {
            last -= 1;
        }
        let next = self.runs.binary_search_by_key(&(decoded as u32), |(start, _)| *start);
        match next {
            // The character before is an escape: it ends where the next run begins.
            Ok(index) if !self.is_block() => self.runs[index].1 as usize,
            Ok(_) | Err(_) => self.source_offset(last) + (decoded - last),
        }
    }
}

struct Runs {
    base: usize,
    runs: Vec<(u32, u32)>,
}

impl Runs {
    /// From this decoded offset on, source bytes start at this offset of the raw scalar.
    fn push(&mut self, decoded: usize, raw: usize) {
        let next = (decoded as u32, (self.base + raw) as u32);
        match self.runs.last_mut() {
            Some(last) if last.0 == next.0 => *last = next,
            Some(last) if next.1.checked_sub(last.1) == next.0.checked_sub(last.0) => {}
            _ => self.runs.push(next),
        }
    }
}

/// Plain and quoted scalars: escapes, and lines folded into blanks.
fn align_flow(runs: &mut Runs, decoded: &str, inner: &str, style: Style, offset: usize) {
    let (bytes, target) = (inner.as_bytes(), decoded.as_bytes());
    let (mut source, mut done) = (0, 0);
    runs.push(0, offset);
    while source < bytes.len() && done < target.len() {
        let blank_end = blanks_with_break(bytes, source);
        if let Some((end, n_breaks)) = blank_end {
            runs.push(done, offset + source);
            done += n_breaks.saturating_sub(1).max(1);
            source = end;
        } else if style == Style::Single && bytes[source..].starts_with(b"''") {
            runs.push(done, offset + source);
            source += 2;
            done += 1;
        } else if style == Style::Double && bytes[source] == b'\\' {
            runs.push(done, offset + source);
            let (length, is_break) = escape_length(bytes, source);
            source += length;
            done += if is_break { 0 } else { char_length(decoded, done) };
        } else {
            source += 1;
            done += 1;
            continue;
        }
        runs.push(done, offset + source);
    }
}

/// Blanks around at least one line break: their end and the number of breaks.
fn blanks_with_break(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let mut end = start;
    let mut n_breaks = 0;
    while let Some(byte) = bytes.get(end) {
        match byte {
            b' ' | b'\t' | b'\r' => {}
            b'\n' => n_breaks += 1,
            _ => break,
        }
        end += 1;
    }
    if n_breaks == 0 { None } else { Some((end, n_breaks)) }
}

/// The length of an escape in a double-quoted scalar, and whether it only joins two lines.
fn escape_length(bytes: &[u8], start: usize) -> (usize, bool) {
    match bytes.get(start + 1) {
        Some(b'x') => (4, false),
        Some(b'u') => (6, false),
        Some(b'U') => (10, false),
        Some(b'\r' | b'\n') => {
            let end = blanks_with_break(bytes, start + 1).map_or(start + 2, |(end, _)| end);
            (end - start, true)
        }
        _ => (2, false),
    }
}

fn char_length(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}

/// `|`: decoded and source lines are the same lines, the latter indented.
fn align_literal(runs: &mut Runs, decoded: &str, inner: &str, offset: usize) {
    let mut done = 0;
    let mut lines = LinesOf { rest: inner, at: 0 };
    for line in decoded.split_inclusive('\n') {
        let Some((start, source)) = lines.next() else { break };
        let text = line.trim_end_matches('\n');
        let indent = source.len().saturating_sub(text.len());
        runs.push(done, offset + start + indent);
        done += line.len();
    }
}

/// `>`: each source line with content is found again behind the blank or the breaks that its line end became.
fn align_folded(runs: &mut Runs, decoded: &str, inner: &str, offset: usize) {
    let blanks = |text: &str| text.len() - text.trim_start_matches(' ').len();
    let first = inner.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let indent = blanks(first).saturating_sub(blanks(decoded.trim_start_matches('\n')));
    let mut done = 0;
    for (start, line) in (LinesOf { rest: inner, at: 0 }) {
        let Some(content) = line.get(indent..).filter(|content| !content.is_empty()) else { continue };
        let breaks = decoded[done..].len() - decoded[done..].trim_start_matches('\n').len();
        let blank =
            usize::from(breaks == 0 && !decoded[done..].starts_with(content) && decoded[done..].starts_with(' '));
        if !decoded[done + breaks + blank..].starts_with(content) {
            break;
        }
        if breaks + blank > 0 {
            runs.push(done, offset + start.saturating_sub(1));
        }
        done += breaks + blank;
        runs.push(done, offset + start + indent);
        done += content.len();
    }
}

/// Lines without their ends, with their offsets.
struct LinesOf<'a> {
    rest: &'a str,
    at: usize,
}

impl<'a> Iterator for LinesOf<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<(usize, &'a str)> {
        if self.rest.is_empty() {
            return None;
        }
        let length = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(length);
        let start = self.at;
        self.rest = rest;
        self.at += length;
        Some((start, line.trim_end_matches(['\n', '\r'])))
    }
}
