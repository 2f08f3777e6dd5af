//! One pass over the bytes of HCL that knows texts, templates, heredocs, comments and brackets: it finds the comments
//! and where each top-level attribute or block begins and ends, so that a broken one costs no other. Only files that
//! cannot be read as a whole need it.

use std::ops::Range;

/// Bytes of a comment, and whether code stands before it on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawComment {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_behind_code: bool,
}

/// What a file holds beside its code, and what spans lines.
#[derive(Debug, Default)]
pub(super) struct Asides {
    pub(super) comments: Vec<RawComment>,
    /// The bytes of heredocs from `<<` to the end of their closing word.
    pub(super) heredocs: Vec<Range<usize>>,
    /// Where a comment begins that nothing ends.
    pub(super) unclosed_comment: Option<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Top-level attributes and blocks.
    pub(super) items: Vec<Range<usize>>,
    pub(super) asides: Asides,
    /// Brackets nest and close as they should, and every heredoc ends.
    is_balanced: bool,
}

/// Block types that stand at the top of a file and nowhere else with labels like theirs: where brackets do not close,
/// one of these at the start of a line begins a new item.
const TOP_LEVEL: [&str; 13] = [
    "resource",
    "data",
    "ephemeral",
    "variable",
    "output",
    "locals",
    "module",
    "provider",
    "terraform",
    "moved",
    "import",
    "removed",
    "check",
];

pub(super) fn scan(text: &str, start: usize) -> Scan {
    let scan = Scanner::new(text, start, Mode::Trusting).run();
    if scan.is_balanced {
        return scan;
    }
    Scanner::new(text, start, Mode::Recovering).run()
}

/// Which bytes are among these.
const fn among(bytes: &[u8]) -> [bool; 256] {
    let mut among = [false; 256];
    let mut index = 0;
    while index < bytes.len() {
        among[bytes[index] as usize] = true;
        index += 1;
    }
    among
}

/// Bytes that mean something outside texts.
static ENDS_WORD: [bool; 256] = among(b"\n#/\"<{([})]");

/// Bytes that mean something inside quotes.
pub(super) static ENDS_QUOTED: [bool; 256] = among(b"\"\\\n$%");

/// Bytes that mean something inside a heredoc.
static ENDS_LINE: [bool; 256] = among(b"\n$%");

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Trusting,
    Recovering,
}

enum Context {
    /// Inside a bracket or an interpolation that this byte closes.
    Code(u8),
    Quoted,
    /// The closing word.
    Heredoc(Range<usize>),
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    mode: Mode,
    stack: Vec<Context>,
    item: Option<usize>,
    heredoc_starts: Vec<usize>,
    line_has_code: bool,
    found: Scan,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, start: usize, mode: Mode) -> Scanner<'a> {
        let found = Scan { is_balanced: true, ..Scan::default() };
        Scanner {
            text,
            bytes: text.as_bytes(),
            at: start,
            mode,
            stack: Vec::new(),
            item: None,
            heredoc_starts: Vec::new(),
            line_has_code: false,
            found,
        }
    }

    fn run(mut self) -> Scan {
        while self.at < self.bytes.len() {
            match self.stack.last() {
                None | Some(Context::Code(_)) => self.code(),
                Some(Context::Quoted) => self.quoted(),
                Some(Context::Heredoc(_)) => self.heredoc(),
            }
        }
        self.found.is_balanced &= self.stack.is_empty();
        self.close_item(self.bytes.len());
        self.found
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Runs over the byte that stands here and all that are like this behind it.
    fn pass(&mut self, is_like: impl Fn(u8) -> bool) {
        let rest = &self.bytes[self.at + 1..];
        self.at += 1 + rest.iter().position(|byte| !is_like(*byte)).unwrap_or(rest.len());
    }

    fn code(&mut self) {
        let byte = self.bytes[self.at];
        match byte {
            b'\n' => self.newline(),
            b' ' | b'\t' | b'\r' => self.pass(|byte| matches!(byte, b' ' | b'\t' | b'\r')),
            b'#' => self.line_comment(),
            b'/' if self.peek(1) == b'/' => self.line_comment(),
            b'/' if self.peek(1) == b'*' => self.block_comment(),
            b'"' => {
                self.open_code();
                self.stack.push(Context::Quoted);
                self.at += 1;
            }
            b'<' if self.peek(1) == b'<' => self.open_heredoc(),
            b'{' | b'(' | b'[' => {
                self.open_code();
                self.stack.push(Context::Code(if byte == b'(' { b')' } else { byte + 2 }));
                self.at += 1;
            }
            b'}' | b')' | b']' => self.close_bracket(byte),
            _ => self.word(),
        }
    }

    /// Runs over bytes that mean nothing here.
    fn word(&mut self) {
        if self.at == 0 || self.bytes[self.at - 1] == b'\n' {
            self.recover_at_line_start();
        }
        self.open_code();
        self.pass(|byte| !ENDS_WORD[usize::from(byte)]);
    }

    /// Brackets did not close: a known block at the start of a line ends what was open.
    fn recover_at_line_start(&mut self) {
        let is_new_item = self.mode == Mode::Recovering
            && !self.stack.is_empty()
            && self.stack.iter().all(|context| matches!(context, Context::Code(_)))
            && begins_block(&self.text[self.at..]);
        if is_new_item {
            self.stack.clear();
            self.close_item(self.at);
        }
    }

    fn open_code(&mut self) {
        self.line_has_code = true;
        if self.item.is_none() {
            self.item = Some(self.at);
        }
    }

    fn close_item(&mut self, end: usize) {
        if let Some(start) = self.item.take() {
            let trimmed = start + self.text[start..end].trim_end().len();
            self.found.items.push(start..trimmed);
        }
    }

    fn newline(&mut self) {
        if self.stack.is_empty() {
            self.close_item(self.at);
        }
        self.at += 1;
        self.line_has_code = false;
    }

    fn line_comment(&mut self) {
        let start = self.at;
        let rest = &self.bytes[start..];
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let length = if length > 0 && rest[length - 1] == b'\r' { length - 1 } else { length };
        self.at = start + length;
        self.found.asides.comments.push(RawComment { start, end: self.at, is_behind_code: self.line_has_code });
    }

    fn block_comment(&mut self) {
        let start = self.at;
        self.at = match self.text[start + 2..].find("*/") {
            Some(length) => start + 2 + length + 2,
            None => {
                self.found.asides.unclosed_comment = Some(start);
                self.bytes.len()
            }
        };
        self.found.asides.comments.push(RawComment { start, end: self.at, is_behind_code: self.line_has_code });
    }

    fn close_bracket(&mut self, byte: u8) {
        self.open_code();
        match self.stack.last() {
            Some(Context::Code(expected)) if *expected == byte => {
                self.stack.pop();
            }
            _ => self.found.is_balanced = false,
        }
        self.at += 1;
    }

    /// Inside quotes. A newline ends a text that nobody closed, so that it costs its line and not the file.
    fn quoted(&mut self) {
        match self.bytes[self.at] {
            b'"' => {
                self.stack.pop();
                self.at += 1;
            }
            b'\\' => self.at += 2,
            b'\n' => {
                self.found.is_balanced = false;
                self.stack.pop();
            }
            b'$' | b'%' => self.marker(),
            _ => self.pass(|byte| !ENDS_QUOTED[usize::from(byte)]),
        }
    }

    /// At `$` or `%` of a template: an escape, an interpolation, or plain text.
    fn marker(&mut self) {
        let byte = self.bytes[self.at];
        if self.peek(1) == byte && self.peek(2) == b'{' {
            self.at += 3;
        } else if self.peek(1) == b'{' {
            self.stack.push(Context::Code(b'}'));
            self.at += 2;
        } else {
            self.at += 1;
        }
    }

    fn open_heredoc(&mut self) {
        let start = self.at;
        let mut at = start + 2;
        if self.bytes.get(at) == Some(&b'-') {
            at += 1;
        }
        let length = self.text[at..].find(['\n', '\r']).unwrap_or(0);
        let word = at..at + length;
        self.open_code();
        if length == 0 || !self.text[word.clone()].chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            self.at += 2;
            return;
        }
        self.at = word.end + self.text[word.end..].find('\n').map_or(0, |length| length + 1);
        self.heredoc_starts.push(start);
        self.stack.push(Context::Heredoc(word));
        self.end_heredoc_here();
    }

    fn heredoc(&mut self) {
        match self.bytes[self.at] {
            b'\n' => {
                self.at += 1;
                self.end_heredoc_here();
            }
            b'$' | b'%' => self.marker(),
            _ => self.pass(|byte| !ENDS_LINE[usize::from(byte)]),
        }
    }

    /// At the start of a line: the closing word ends the heredoc.
    fn end_heredoc_here(&mut self) {
        let Some(Context::Heredoc(word)) = self.stack.last() else { return };
        let line = &self.text[self.at..];
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let word = &self.text[word.clone()];
        let Some(rest) = line[indent..].strip_prefix(word) else { return };
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-') {
            return;
        }
        self.at += indent + word.len();
        self.stack.pop();
        self.line_has_code = true;
        if let Some(start) = self.heredoc_starts.pop() {
            self.found.asides.heredocs.push(start..self.at);
        }
    }
}

/// Whether a line begins with a known block type, its labels and `{`.
fn begins_block(text: &str) -> bool {
    let length = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    if !TOP_LEVEL.contains(&&text[..length]) {
        return false;
    }
    let line = text.lines().next().unwrap_or("");
    let rest = line[length..].trim_start();
    rest.starts_with(['"', '{'])
}
