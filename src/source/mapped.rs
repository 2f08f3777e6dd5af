//! Text that was decoded from a part of a file (a block scalar, a joined instruction, a quoted word), with the way back
//! to the bytes it was written with.

use std::ops::Range;

use super::{FileId, Span};

/// Decoded text and where each part of it stands in its file.
#[derive(Clone, Debug)]
pub struct MappedText {
    text: String,
    file: FileId,
    /// In order of `at`; the first one begins at 0.
    segments: Vec<Segment>,
    /// Where an empty text stands.
    start: u32,
}

/// The decoded text from `at` to the next segment was written at `start..end`; byte for byte if both are of one length.
#[derive(Clone, Copy, Debug)]
struct Segment {
    at: u32,
    start: u32,
    end: u32,
}

impl MappedText {
    /// An empty text that stands at `start`, to be filled with `push`.
    pub fn new(file: FileId, start: usize) -> MappedText {
        MappedText { text: String::new(), file, segments: Vec::new(), start: start as u32 }
    }

    /// A part of a file as it stands there.
    pub fn part(file: FileId, text: &str, range: Range<usize>) -> MappedText {
        let mut mapped = MappedText::new(file, range.start);
        mapped.push(&text[range.clone()], range);
        mapped
    }

    /// Appends `text`, which was written at the bytes `source` of the file.
    pub fn push(&mut self, text: &str, source: Range<usize>) {
        if text.is_empty() {
            return;
        }
        let (at, start, end) = (self.text.len() as u32, source.start as u32, source.end as u32);
        let is_exact = text.len() == source.len();
        if let Some(last) = self.segments.last_mut() {
            let last_is_exact = last.end - last.start == at - last.at;
            if is_exact && last_is_exact && last.end == start {
                last.end = end;
                self.text.push_str(text);
                return;
            }
        }
        self.segments.push(Segment { at, start, end });
        self.text.push_str(text);
    }

    /// Appends a part of another decoded text of the same file.
    pub fn push_part(&mut self, other: &MappedText, range: Range<usize>) {
        let mut from = range.start;
        while from < range.end {
            let index = other.index(from);
            let end = other.segment_end(index).min(range.end);
            let source = other.span(from..end);
            self.push(&other.text[from..end], source.range());
            from = end;
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn file(&self) -> FileId {
        self.file
    }

    /// Where a part of the text was written.
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.offset(range.start);
        if range.is_empty() {
            return Span::new(self.file, start, start);
        }
        let index = self.index(range.end - 1);
        let segment = self.segments[index];
        let end = match self.is_exact(index) {
            true => segment.start + (range.end as u32 - segment.at),
            false => segment.end,
        };
        Span::new(self.file, start, end as usize)
    }

    /// The whole text's place.
    pub fn whole(&self) -> Span {
        self.span(0..self.text.len())
    }

    fn offset(&self, at: usize) -> usize {
        if self.segments.is_empty() {
            return self.start as usize;
        }
        let index = self.index(at);
        let segment = self.segments[index];
        if at >= self.text.len() {
            return segment.end as usize;
        }
        match self.is_exact(index) {
            true => segment.start as usize + at - segment.at as usize,
            false => segment.start as usize,
        }
    }

    /// The segment that holds a byte of the decoded text.
    fn index(&self, at: usize) -> usize {
        self.segments.partition_point(|segment| segment.at as usize <= at).saturating_sub(1)
    }

    fn segment_end(&self, index: usize) -> usize {
        self.segments.get(index + 1).map_or(self.text.len(), |next| next.at as usize)
    }

    fn is_exact(&self, index: usize) -> bool {
        let segment = self.segments[index];
        self.segment_end(index) - segment.at as usize == (segment.end - segment.start) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::{FileId, MappedText};

    #[test]
    fn finds_the_way_back_over_gaps_and_escapes() {
        // `ab` at 10, an escape of six bytes for one character, `cd` at 18 and `e` after a gap.
        let mut mapped = MappedText::new(FileId(0), 10);
        mapped.push("ab", 10..12);
        mapped.push("é", 12..18);
        mapped.push("c", 18..19);
        mapped.push("d", 19..20);
        mapped.push("e", 30..31);
        assert_eq!(mapped.text(), "abécde");
        let range = |from: &str, to: &str| {
            let text = mapped.text();
            let start = text.find(from).expect("is in the text");
            let end = text.find(to).expect("is in the text") + to.len();
            mapped.span(start..end).range()
        };
        assert_eq!(range("b", "b"), 11..12);
        assert_eq!(range("é", "é"), 12..18);
        assert_eq!(range("c", "d"), 18..20);
        assert_eq!(range("d", "e"), 19..31);
        let mut part = MappedText::new(FileId(0), 0);
        part.push_part(&mapped, 1..mapped.text().len());
        assert_eq!(part.text(), "bécde");
        assert_eq!(part.whole().range(), 11..31);
        assert_eq!(MappedText::new(FileId(0), 7).whole().range(), 7..7);
    }
}
