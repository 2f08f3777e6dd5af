//! A span of bytes in one file, and a span with the part that it plays in a finding.

use super::FileId;

/// Bytes `start..end` of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX).max(start);
        Span { file, start, end }
    }

    /// The first byte of a file, as an empty span: the place of what concerns the file as a whole.
    pub fn file_start(file: FileId) -> Span {
        Span { file, start: 0, end: 0 }
    }

    pub fn contains(&self, other: &Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    pub fn overlaps(&self, other: &Span) -> bool {
        self.file == other.file
            && self.start < other.end.max(other.start + 1)
            && other.start < self.end.max(self.start + 1)
    }

    /// From the start of this span to the end of the other, which is in the same file.
    pub fn to(&self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// An empty span at the start of this one.
    pub fn at_start(&self) -> Span {
        Span { end: self.start, ..*self }
    }

    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// A span and the short sentence that says why it matters: "this route leads to the gateway". The role may be empty
/// for a value that speaks for itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub span: Span,
    pub role: String,
}

impl Place {
    pub fn new(span: Span, role: impl Into<String>) -> Place {
        Place { span, role: role.into() }
    }
}
