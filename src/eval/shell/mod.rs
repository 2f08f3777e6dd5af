//! Which commands a script runs, in order, with variables replaced where they are known. What a command does is said by
//! those who ask: `lower` for models of builds and deployments.

mod expand;
mod options;
mod run;
#[cfg(test)]
mod tests;
mod wrapper;

pub use expand::{word_pieces, word_value};
pub use options::{after, literal};
pub use run::run;

use std::collections::BTreeMap;

use crate::logic::Reason;
use crate::source::Span;
use crate::value::Value;

/// What is set before the script begins.
pub trait Surroundings {
    /// The value of a variable that the script has not set; nothing if nobody is known to set it.
    fn variable(&self, name: &str, span: Span) -> Option<Value>;

    /// What `${{ … }}` is replaced by.
    fn expression(&self, text: &str, span: Span) -> Value;
}

/// Nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Surroundings for Nothing {
    fn variable(&self, _: &str, _: Span) -> Option<Value> {
        None
    }

    fn expression(&self, text: &str, span: Span) -> Value {
        let reason = Reason::at("no-value", text, span);
        Value::unknown(reason, crate::value::Origin::missing("no-value", span))
    }
}

/// What a script does.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// In the order of writing; those of a substitution stand before the command that it is a part of.
    pub commands: Vec<Command>,
    /// Variables at the end of the script.
    pub variables: BTreeMap<String, Value>,
    /// There may be more commands, for this reason.
    pub open: Option<Reason>,
}

/// One simple command.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program and its arguments, wrappers such as `sudo` taken off; never empty.
    pub words: Vec<Argument>,
    /// What was taken off, by name: `sudo`, `exec`, `timeout`.
    pub wrappers: Vec<String>,
    /// Variables that are set for this command alone.
    pub assignments: Vec<(String, Value)>,
    pub redirections: Vec<Redirection>,
    /// The body of a here-document or here-string that it reads.
    pub input: Option<Value>,
    pub output: Output,
    pub reached: Reached,
    /// Where it runs, seen from the start of the script; nothing after a `cd` to an unknown place.
    pub directory: Option<String>,
    /// The command whose argument or input this one was written in: `sh -c '…'`.
    pub inside: Option<usize>,
    /// As written, without redirections in front.
    pub span: Span,
    /// The whole pipeline that it is a part of.
    pub pipeline: Span,
}

#[derive(Clone, Debug)]
pub struct Argument {
    /// A text, maybe with holes.
    pub value: Value,
    pub span: Span,
    /// Whether any of it stood in quotes.
    pub is_quoted: bool,
}

#[derive(Clone, Debug)]
pub struct Redirection {
    pub kind: Direction,
    /// The number of the stream, 0 for input and 1 for output unless another is written.
    pub descriptor: u32,
    pub target: Value,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Reads,
    Writes,
    Appends,
}

/// Where the output of a command goes, if the script says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    Open,
    /// Into the input of the command with this index, over a pipe or `<( … )`.
    Piped(usize),
    /// Into the words of the command with this index.
    Substituted(usize),
    /// Into a variable.
    Assigned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    Always,
    /// Behind `&&`, `||`, in a branch, or in a loop that may be empty.
    Conditional,
    /// Behind `exit`.
    Unreachable,
}

impl Command {
    /// The name of the program without its folder, if it is known.
    pub fn program(&self) -> Option<&str> {
        let whole = self.words.first()?.value.as_str()?;
        Some(whole.rsplit('/').next().unwrap_or(whole))
    }

    pub fn arguments(&self) -> &[Argument] {
        self.words.get(1..).unwrap_or(&[])
    }

    /// The text of an argument (the program is 0), if all of it is known.
    pub fn word(&self, index: usize) -> Option<&str> {
        self.words.get(index)?.value.as_str()
    }

    /// Whether the command begins with these words: `["docker", "buildx", "build"]`.
    pub fn starts_with(&self, words: &[&str]) -> bool {
        let Some((program, rest)) = words.split_first() else { return true };
        self.program() == Some(program)
            && rest.iter().enumerate().all(|(index, word)| self.word(index + 1) == Some(word))
    }
}
