//! What went wrong while the world was read: said to the user once per place, never a finding, never an end.

use super::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemLevel {
    Note,
    Warning,
    /// A fault of this program: the run ends with exit code 2.
    Tool,
}

/// A problem with its reason code (one namespace with the reasons of unknown values).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    pub reason: &'static str,
    pub level: ProblemLevel,
    pub path: String,
    pub span: Option<Span>,
    pub message: String,
}

impl Problem {
    pub fn at(reason: &'static str, path: impl Into<String>, span: Span, message: impl Into<String>) -> Problem {
        Problem { reason, level: ProblemLevel::Warning, path: path.into(), span: Some(span), message: message.into() }
    }

    pub fn of_file(reason: &'static str, path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { reason, level: ProblemLevel::Warning, path: path.into(), span: None, message: message.into() }
    }

    pub fn note(self) -> Problem {
        Problem { level: ProblemLevel::Note, ..self }
    }

    pub fn tool(self) -> Problem {
        Problem { level: ProblemLevel::Tool, ..self }
    }
}
