//! Where reading stands: the text, the next byte, what a line break means here, and how deep things nest. Knows blanks,
//! comments and words; bodies, expressions and templates are read by its other parts.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::scan::{Asides, RawComment};
use super::tree::Name;
use crate::source::{FileId, QuickSet, Span};
use crate::syntax::yaml::{Fault, Scalar};

/// Expressions, templates and blocks nest this deep.
const DEEPEST: u32 = 64;

/// What a line break is where reading stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    /// It ends an attribute or a member of an object.
    End,
    /// Between brackets it is a blank.
    Blank,
}

/// Where the bytes of the text stand in a file.
#[derive(Clone, Copy)]
pub(super) enum Spans<'a> {
    /// The text begins at this byte.
    From(FileId, usize),
    /// The text is the content of a text of JSON, escapes decoded.
    Scalar(FileId, &'a Scalar),
    /// The text is none of the file; all of it stands here.
    At(Span),
}

impl Spans<'_> {
    pub(super) fn of(&self, range: Range<usize>) -> Span {
        match self {
            Spans::From(file, base) => Span::new(*file, base + range.start, base + range.end),
            Spans::Scalar(file, scalar) => {
                Span::new(*file, scalar.source_offset(range.start), scalar.source_end(range.end))
            }
            Spans::At(place) => *place,
        }
    }
}

/// Why a text cannot be read on, and where.
#[derive(Debug)]
pub(super) struct Refused {
    at: usize,
    reason: &'static str,
    message: String,
}

pub(super) type Read<T> = Result<T, Box<Refused>>;

impl Refused {
    pub(super) fn fault(self, spans: &Spans<'_>) -> Fault {
        Fault { reason: self.reason, span: spans.of(self.at..self.at), message: self.message }
    }
}

/// Names of one file, or of several that are read one after the other, each kept once.
#[derive(Debug, Default)]
pub struct Names {
    names: QuickSet<Name>,
}

impl Names {
    /// Names beyond this length are texts; sharing them costs more than it saves.
    const LONGEST: usize = 40;

    /// For a file of so many bytes.
    pub(super) fn of_file(n_bytes: usize) -> Names {
        Names { names: QuickSet::with_capacity_and_hasher(n_bytes / 32, Default::default()) }
    }

    pub(super) fn share(&mut self, text: &str) -> Name {
        if !text.is_ascii() && !is_nfc(text) {
            return self.share(&text.nfc().collect::<String>());
        }
        if text.len() > Names::LONGEST {
            return text.into();
        }
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        let name: Name = text.into();
        self.names.insert(name.clone());
        name
    }
}

pub(super) struct Reader<'a> {
    /// Up to the end of what is to be read.
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) lines: Lines,
    pub(super) spans: Spans<'a>,
    pub(super) names: &'a mut Names,
    /// What was passed so far, save texts and code.
    pub(super) asides: Asides,
    first: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, at: usize, spans: Spans<'a>, names: &'a mut Names) -> Reader<'a> {
        let asides = Asides::default();
        Reader { text, at, lines: Lines::Blank, spans, names, asides, first: at, depth: 0 }
    }

    /// The byte that stands so far ahead; 0 behind the end.
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn span_from(&self, start: usize) -> Span {
        self.spans.of(start..self.at)
    }

    pub(super) fn refused<T>(&self, message: impl Into<String>) -> Read<T> {
        let at = self.at.min(self.text.len());
        Err(Box::new(Refused { at, reason: "syntax-error", message: message.into() }))
    }

    pub(super) fn too_deep<T>(&self, message: &str) -> Read<T> {
        Err(Box::new(Refused { at: self.at, reason: "limit-depth", message: message.to_owned() }))
    }

    /// Reads something that may hold another of its kind.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= DEEPEST {
            return self.too_deep("nested deeper than 64 levels");
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Reads something in which a line break means this.
    pub(super) fn with_lines<T>(&mut self, lines: Lines, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        let before = std::mem::replace(&mut self.lines, lines);
        let result = read(self);
        self.lines = before;
        result
    }

    /// Passes blanks and comments, and line breaks where they are blanks.
    #[inline]
    pub(super) fn skip(&mut self) {
        // Mostly there is nothing, or one blank.
        if self.byte(0) == b' ' {
            self.at += 1;
        }
        if self.byte(0) <= b' ' || matches!(self.byte(0), b'#' | b'/') {
            self.skip_all();
        }
    }

    fn skip_all(&mut self) {
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' if self.lines == Lines::Blank => self.at += 1,
                b'#' => self.line_comment(),
                b'/' if self.byte(1) == b'/' => self.line_comment(),
                b'/' if self.byte(1) == b'*' => self.block_comment(),
                _ => return,
            }
        }
    }

    /// To the end of the line, its line break left.
    fn line_comment(&mut self) {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        self.passed_comment(start);
    }

    fn block_comment(&mut self) {
        let start = self.at;
        let length = self.rest().get(2..).and_then(|rest| rest.find("*/"));
        self.at = length.map_or(self.text.len(), |length| start + 2 + length + 2);
        if length.is_none() {
            self.asides.unclosed_comment = Some(start);
        }
        self.passed_comment(start);
    }

    /// Keeps the comment that ends here, unless it was passed before: to see what follows, some of it is read twice.
    fn passed_comment(&mut self, start: usize) {
        if self.asides.comments.last().is_some_and(|last| start < last.end) {
            return;
        }
        let is_behind_code = self.is_behind_code(start);
        let end = start + self.text[start..self.at].trim_end_matches('\r').len();
        self.asides.comments.push(RawComment { start, end, is_behind_code });
    }

    /// Whether code stands on the line before this byte.
    fn is_behind_code(&self, at: usize) -> bool {
        let before = &self.text.as_bytes()[self.first..at];
        let Some(last) = before.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) else { return false };
        let end = self.first + last + 1;
        match self.asides.comments.last() {
            Some(comment) if comment.end == end => comment.is_behind_code,
            _ => before[last] != b'\n',
        }
    }

    pub(super) fn expect(&mut self, byte: u8) -> Read<()> {
        self.skip();
        if self.byte(0) == byte {
            self.at += 1;
            return Ok(());
        }
        self.refused(format!("`{}` is expected here", char::from(byte)))
    }

    /// A word, if one stands here.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let length = word_length(self.rest());
        let word = self.text.get(self.at..self.at + length).filter(|word| !word.is_empty())?;
        self.at += length;
        Some(word)
    }

    /// Whether the next word is this one.
    pub(super) fn is_at_word(&self, word: &str) -> bool {
        self.rest().starts_with(word) && word_length(self.rest()) == word.len()
    }

    /// Passes a word that must stand here.
    pub(super) fn expect_word(&mut self, word: &str) -> Read<()> {
        self.skip();
        if self.is_at_word(word) {
            self.at += word.len();
            return Ok(());
        }
        self.refused(format!("`{word}` is expected here"))
    }

    pub(super) fn name(&mut self) -> Read<Name> {
        self.skip();
        match self.word() {
            Some(word) => Ok(self.names.share(word)),
            None => self.refused("a name is expected here"),
        }
    }
}

/// Letters, digits, `_` and `-`, a letter or `_` first.
fn word_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' || *byte >= 0x80 => {}
        _ => return 0,
    }
    let length = bytes.iter().position(|byte| !IN_WORD[usize::from(*byte)]).unwrap_or(bytes.len());
    match bytes.get(length) {
        Some(byte) if *byte >= 0x80 => unicode_word_length(text),
        _ => length,
    }
}

static IN_WORD: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        plain[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        byte += 1;
    }
    plain
};

fn unicode_word_length(text: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    match text.chars().next() {
        Some(first) if first.is_alphabetic() || first == '_' => {}
        _ => return 0,
    }
    text.find(|c: char| !is_part(c)).unwrap_or(text.len())
}
