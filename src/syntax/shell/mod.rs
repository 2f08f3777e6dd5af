//! Shell scripts as a tree of commands: words with their quoting and expansions, redirections, here-documents and
//! compound commands, each with its place. Reading never fails: what does not fit is skipped and marked. What a
//! variable holds and which commands run is the business of `eval::shell`.

mod list;
mod redirect;
#[cfg(test)]
mod tests;
mod word;

use std::borrow::Cow;

use crate::source::{Comment, MappedText, Span};

/// Deeper nesting than this is skipped and marked as broken.
const DEEPEST: u32 = 48;

/// How a text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// `\`, or a backtick in Dockerfiles that say so.
    pub escape: u8,
    pub expressions: Expressions,
}

/// Whether `${{ … }}` was to be replaced before the shell saw the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expressions {
    None,
    GitHub,
}

impl Dialect {
    pub const PLAIN: Dialect = Dialect { escape: b'\\', expressions: Expressions::None };
    pub const WORKFLOW: Dialect = Dialect { escape: b'\\', expressions: Expressions::GitHub };
}

#[derive(Clone, Debug)]
pub struct Script {
    pub list: List,
    pub comments: Vec<Comment>,
    /// The first place that could not be read: commands may be missing from there on.
    pub broken: Option<Span>,
}

/// Commands in order.
#[derive(Clone, Debug, Default)]
pub struct List {
    pub items: Vec<Item>,
}

#[derive(Clone, Debug)]
pub struct Item {
    pub joint: Joint,
    pub pipeline: Pipeline,
    /// Ended by `&`.
    pub is_background: bool,
}

/// How an item hangs on the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// `;`, `&`, a new line, or the first one.
    Sequence,
    /// `&&`
    And,
    /// `||`
    Or,
}

#[derive(Clone, Debug)]
pub struct Pipeline {
    pub is_negated: bool,
    /// At least one, each reading what the one before it writes.
    pub commands: Vec<Command>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Command {
    pub kind: CommandKind,
    pub redirections: Vec<Redirection>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum CommandKind {
    Simple(Simple),
    /// `{ … }`
    Group(List),
    /// `( … )`
    Subshell(List),
    If {
        /// Each condition with its body: `if`, then every `elif`.
        branches: Vec<(List, List)>,
        otherwise: Option<List>,
    },
    For {
        variable: Word,
        /// The words after `in`; nothing where the positional parameters or an arithmetic loop are meant.
        words: Option<Vec<Word>>,
        body: List,
    },
    /// `while` and `until`.
    While {
        condition: List,
        body: List,
    },
    Case {
        subject: Word,
        arms: Vec<Arm>,
    },
    Function {
        name: String,
        body: Box<Command>,
    },
    /// `[[ … ]]`, by its words.
    Test(Vec<Word>),
    /// `(( … ))`
    Arithmetic,
}

#[derive(Clone, Debug)]
pub struct Arm {
    pub patterns: Vec<Word>,
    pub body: List,
}

/// Assignments and words; one of both may be empty.
#[derive(Clone, Debug, Default)]
pub struct Simple {
    pub assignments: Vec<Assignment>,
    pub words: Vec<Word>,
}

#[derive(Clone, Debug)]
pub struct Assignment {
    pub name: String,
    pub value: Assigned,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Assigned {
    /// `X=word`
    Word(Word),
    /// `X+=word`
    Appended(Word),
    /// `X=(a b)`, and anything with an index.
    Array(Vec<Word>),
}

#[derive(Clone, Debug)]
pub struct Redirection {
    /// The number before the operator, if one is written.
    pub descriptor: Option<u32>,
    pub kind: RedirectionKind,
    /// The file, the descriptor, the here-string, or the word that ends the here-document.
    pub target: Word,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum RedirectionKind {
    /// `<`
    Input,
    /// `>`, `>|`
    Output,
    /// `>>`
    Append,
    /// `&>`, `&>>`
    OutputAndErrors,
    /// `<>`
    ReadWrite,
    /// `<&`, `>&`
    Duplicate,
    /// `<<<`
    HereString,
    /// `<<`, `<<-`
    HereDocument(HereDocument),
}

#[derive(Clone, Debug)]
pub struct HereDocument {
    /// The body; without expansions if the ending word is quoted.
    pub body: Word,
    pub is_quoted: bool,
    /// The body with the line of its ending word.
    pub span: Span,
}

/// Pieces that are joined without blanks.
#[derive(Clone, Debug)]
pub struct Word {
    pub pieces: Vec<Piece>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Piece {
    pub kind: PieceKind,
    pub quoting: Quoting,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    Bare,
    Single,
    Double,
}

#[derive(Clone, Debug)]
pub enum PieceKind {
    /// Text without its quotes and escapes; as long as its span, or a single escaped character.
    Literal(Box<str>),
    Variable(Box<Variable>),
    /// `$( … )` and backticks.
    Command(Box<List>),
    /// `<( … )` and `>( … )`
    Process(Box<List>),
    /// `$(( … ))`
    Arithmetic,
    /// `${{ … }}`: what stands between the braces.
    Expression(Box<str>),
}

/// `$X` and `${X…}`. The name of a parameter such as `$1` or `$@` is that character.
#[derive(Clone, Debug)]
pub struct Variable {
    pub name: String,
    pub operation: Option<Operation>,
}

#[derive(Clone, Debug)]
pub struct Operation {
    pub operator: Operator,
    pub operand: Word,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `-`
    Default,
    /// `:-`
    DefaultIfEmpty,
    /// `=`
    Assign,
    /// `:=`
    AssignIfEmpty,
    /// `+`
    Alternative,
    /// `:+`
    AlternativeUnlessEmpty,
    /// `?`
    Require,
    /// `:?`
    RequireNotEmpty,
    /// `#`
    TrimStart,
    /// `##`
    TrimStartLongest,
    /// `%`
    TrimEnd,
    /// `%%`
    TrimEndLongest,
    /// `/`
    Replace,
    /// `//`
    ReplaceAll,
    /// Length, indirection, index, substring, case: whatever else stands between the braces.
    Other,
}

/// Reads a script.
pub fn read(text: &MappedText, dialect: Dialect) -> Script {
    let mut reader = Reader::new(text, dialect, 0);
    let list = reader.whole_list();
    Script { list, comments: reader.comments, broken: reader.broken }
}

/// Reads a text as one word that nothing but its end ends: quotes and expansions count, blanks and operators are text.
pub fn read_word(text: &MappedText, dialect: Dialect) -> Word {
    Reader::new(text, dialect, 0).whole_word()
}

/// Splits a text at blanks outside quotes, as the shell does, without operators, comments and command substitution.
pub fn split_words(text: &MappedText, dialect: Dialect) -> Vec<Word> {
    Reader::new(text, dialect, 0).plain_words()
}

/// One cursor over the decoded text.
struct Reader<'a> {
    text: &'a MappedText,
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
    depth: u32,
    /// The end of the line that opened here-documents, and where reading goes on after their bodies.
    here_documents: Option<(usize, usize)>,
    comments: Vec<Comment>,
    /// Comments that wait for the command below them.
    waiting: Vec<usize>,
    broken: Option<Span>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a MappedText, dialect: Dialect, depth: u32) -> Reader<'a> {
        Reader {
            text,
            bytes: text.text().as_bytes(),
            at: 0,
            dialect,
            depth,
            here_documents: None,
            comments: Vec::new(),
            waiting: Vec::new(),
            broken: None,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn peek_at(&self, distance: usize) -> Option<u8> {
        self.bytes.get(self.at + distance).copied()
    }

    fn looks_at(&self, text: &str) -> bool {
        self.bytes[self.at.min(self.bytes.len())..].starts_with(text.as_bytes())
    }

    /// Moves over `text` if it comes next.
    fn take(&mut self, text: &str) -> bool {
        let found = self.looks_at(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn span_from(&self, start: usize) -> Span {
        self.text.span(start..self.at.max(start))
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.text().get(start..end).unwrap_or("")
    }

    fn mark_broken(&mut self) {
        if self.broken.is_none() {
            self.broken = Some(self.text.span(self.at.min(self.bytes.len())..self.at.min(self.bytes.len())));
        }
    }

    /// The length of an end of line at the cursor, 0 if there is none.
    fn newline_length(&self, at: usize) -> usize {
        match (self.bytes.get(at), self.bytes.get(at + 1)) {
            (Some(b'\n'), _) => 1,
            (Some(b'\r'), Some(b'\n')) => 2,
            _ => 0,
        }
    }

    /// Moves over an escape character with the end of line behind it.
    fn take_continuation(&mut self) -> bool {
        if self.peek() != Some(self.dialect.escape) {
            return false;
        }
        let length = self.newline_length(self.at + 1);
        if length > 0 {
            self.at += 1 + length;
        }
        length > 0
    }

    /// Moves over blanks and continuations, not over ends of lines.
    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\r') if self.newline_length(self.at) == 0 => self.at += 1,
                _ if self.take_continuation() => {}
                _ => return,
            }
        }
    }

    /// Moves over one end of line and the here-documents that begin there.
    fn take_newline(&mut self) -> bool {
        let length = self.newline_length(self.at);
        if length == 0 {
            return false;
        }
        match self.here_documents.take() {
            Some((line_end, resume)) if line_end <= self.at => self.at = resume.max(self.at + length),
            other => {
                self.here_documents = other;
                self.at += length;
            }
        }
        true
    }

    /// Runs a part of the reading one level deeper; nothing if that is too deep, and the rest is skipped.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEEPEST {
            self.mark_broken();
            self.at = self.bytes.len();
            return None;
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        Some(result)
    }
}

impl Word {
    /// The whole text, if nothing in it is expanded.
    pub fn literal(&self) -> Option<Cow<'_, str>> {
        match &*self.pieces {
            [] => Some(Cow::Borrowed("")),
            [Piece { kind: PieceKind::Literal(text), .. }] => Some(Cow::Borrowed(text)),
            pieces => {
                let mut whole = String::new();
                for piece in pieces {
                    match &piece.kind {
                        PieceKind::Literal(text) => whole.push_str(text),
                        _ => return None,
                    }
                }
                Some(Cow::Owned(whole))
            }
        }
    }

    /// Whether the word is exactly this text, and without quotes.
    pub fn is_bare(&self, text: &str) -> bool {
        self.pieces.iter().all(|piece| piece.quoting == Quoting::Bare) && self.literal().as_deref() == Some(text)
    }

    pub fn is_quoted(&self) -> bool {
        self.pieces.iter().any(|piece| piece.quoting != Quoting::Bare)
    }

    /// The text with expansions as they are written, and the way back: for a script inside a word (`sh -c '…'`).
    pub fn as_script(&self, source: &str) -> MappedText {
        let mut mapped = MappedText::new(self.span.file, self.span.start as usize);
        for piece in &self.pieces {
            match &piece.kind {
                PieceKind::Literal(text) => mapped.push(text, piece.span.range()),
                _ => mapped.push(source.get(piece.span.range()).unwrap_or(""), piece.span.range()),
            }
        }
        mapped
    }
}
