//! What is wrong with a file that a person wrote for this program (a rule, the configuration): the place, the words, and
//! what was probably meant. All errors of a file are collected and shown at once.

use std::ops::Range;

use super::{LineIndex, nearest};

/// Prints as the message, the place, the line with a caret, and the suggestion behind the caret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{message}\n{}", frame(self))]
pub struct TextError {
    pub path: String,
    /// Both from 1; the column in characters.
    pub line: u32,
    pub column: u32,
    pub message: String,
    /// "did you mean `severity`?"
    pub help: Option<String>,
    excerpt: String,
    n_carets: usize,
}

impl TextError {
    /// An error at some bytes of a file; a range over several lines is marked on its first.
    pub fn new(path: &str, text: &str, range: Range<usize>, message: impl Into<String>) -> TextError {
        let lines = LineIndex::new(text);
        let start = lines.position(text, range.start as u32);
        let line_range = lines.line_range(text, start.line);
        let excerpt = text[line_range.clone()].to_owned();
        let marked = text.get(range.start..range.end.min(line_range.end)).unwrap_or("");
        TextError {
            path: path.to_owned(),
            line: start.line,
            column: start.column,
            message: message.into(),
            help: None,
            excerpt,
            n_carets: marked.chars().count().max(1),
        }
    }

    pub fn help(mut self, help: impl Into<String>) -> TextError {
        self.help = Some(help.into());
        self
    }

    /// Offers the nearest of the names that would have been right, or lists them if they are few.
    pub fn offer<'a>(self, wrong: &str, right: impl IntoIterator<Item = &'a str> + Clone) -> TextError {
        if let Some(name) = nearest(wrong, right.clone()) {
            return self.help(format!("did you mean `{name}`?"));
        }
        let names: Vec<&str> = right.into_iter().collect();
        if names.is_empty() || names.len() > 24 {
            return self;
        }
        self.help(format!("one of {}", names.join(", ")))
    }
}

fn frame(error: &TextError) -> String {
    let TextError { path, line, column, help, excerpt, n_carets, .. } = error;
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    // Tabs stay tabs, so that the caret stands below its mark in every terminal.
    let blanks: String =
        excerpt.chars().take(*column as usize - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let carets = "^".repeat(*n_carets);
    let help = help.as_ref().map_or(String::new(), |help| format!(" {help}"));
    format!("{gutter}--> {path}:{line}:{column}\n{gutter} |\n{number} | {excerpt}\n{gutter} | {blanks}{carets}{help}")
}
