//! What keeps the tool from doing its work: exit code 2 with words, and no report.

use std::fmt;
use std::path::Path;

use crate::source::TextError;

#[derive(Debug)]
pub(crate) enum Failure {
    /// A sentence, with a suggestion behind it if there is one.
    Said(String),
    /// Faults of files that people wrote, with their places.
    Files(Vec<TextError>),
}

impl Failure {
    pub(crate) fn said(words: impl Into<String>) -> Failure {
        Failure::Said(words.into())
    }

    pub(crate) fn io(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
        Failure::Said(format!("cannot {doing} `{}`: {}", path.display(), words_of(error)))
    }
}

/// The system's words without the number that Rust adds.
pub(crate) fn words_of(error: &std::io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Said(words) => writeln!(f, "error: {words}"),
            Failure::Files(errors) => {
                for (index, error) in errors.iter().enumerate() {
                    if index > 0 {
                        writeln!(f)?;
                    }
                    writeln!(f, "error: {error}")?;
                }
                Ok(())
            }
        }
    }
}
