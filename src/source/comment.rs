//! A comment with what it may speak for. The readers of `syntax` find out where comments stand and what they cover;
//! what a comment says is read by `triage` alone.

use super::Span;

/// Where a comment stands on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommentPosition {
    /// After code on the same line.
    BehindCode,
    /// The only thing on its line (or lines).
    Alone,
}

/// One comment of a source file. A place is covered if it starts inside one of the spans of `covers`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Comment {
    /// The whole comment with its marker, without the end of its line.
    pub span: Span,
    /// What it says, without the marker (`#`, `//`, `/*`, `*/`) and without blanks at both ends.
    pub text: String,
    pub position: CommentPosition,
    /// Behind code: the line's code, and the block scalar or heredoc that the line opens, if any. Alone: the whole thing
    /// that starts on the next code line if only comments stand between (block, attribute, mapping entry, list item,
    /// instruction with its continuations); inside a Dockerfile instruction the instruction, above a variable of ENV,
    /// ARG or LABEL that variable. Empty where a blank line or the end of the file follows.
    pub covers: Vec<Span>,
    /// What the comment stands inside: the top-level block of HCL (comments on its first or last line do not count),
    /// the step of a workflow's job. Nothing at the top, in Dockerfiles and in formats without such parts.
    pub enclosing: Option<Span>,
    /// It belongs to a script that the file holds, not to the file's own language.
    pub is_of_script: bool,
}

impl Comment {
    /// A comment that covers nothing by its position, for file-wide directives.
    pub fn new(span: Span, text: impl Into<String>, position: CommentPosition) -> Comment {
        Comment { span, text: text.into(), position, covers: Vec::new(), enclosing: None, is_of_script: false }
    }

    /// Whether a place that starts at the start of `span` is spoken for.
    pub fn covers_start_of(&self, span: &Span) -> bool {
        self.covers.iter().any(|cover| starts_in(span, cover))
    }
}

/// Whether `span` begins inside `cover`.
pub fn starts_in(span: &Span, cover: &Span) -> bool {
    span.file == cover.file && cover.start <= span.start && span.start < cover.end.max(cover.start + 1)
}
