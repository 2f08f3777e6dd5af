//! Which commands a script runs, in order, with variables replaced where they are known. What a command does is said by
//! those who ask: `lower` for models of builds and deployments.

mod effects;
mod expand;
mod inner;
mod options;
mod run;
#[cfg(test)]
mod tests;
mod wrapper;

pub use expand::{word_pieces, word_value};
pub use options::{after, literal};
pub use run::run;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::eval::actions::Operand;
use crate::logic::Reason;
use crate::source::{FileId, Span};
use crate::value::{Origin, Value};

/// What is set before the script begins.
pub trait Surroundings {
    /// The value of a variable that the script has not set; nothing if nobody is known to set it.
    fn variable(&self, name: &str, span: Span) -> Option<Operand>;

    /// What `${{ … }}` is replaced by.
    fn expression(&self, text: &str, span: Span) -> Operand;

    /// What these commands, which stand in `$( … )`, print.
    fn output(&self, _commands: &[Command], span: Span) -> Operand {
        expand::hole("command-output", "$(…)", span)
    }

    /// The folder in which the script begins; nothing if it is not known.
    fn directory(&self) -> Option<String> {
        Some(String::new())
    }

    /// What a command runs by its path, which may not be known.
    fn script(&self, _path: Option<&str>) -> Named<'_> {
        Named::Ignored
    }
}

/// What a path in a command leads to.
#[derive(Clone, Copy, Debug)]
pub enum Named<'t> {
    /// A shell script: its file and its text.
    Script(FileId, &'t str),
    /// Something that runs commands which nobody can read.
    Unread,
    /// Nobody asks what it runs.
    Ignored,
}

/// Nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Surroundings for Nothing {
    fn variable(&self, _: &str, _: Span) -> Option<Operand> {
        None
    }

    fn expression(&self, text: &str, span: Span) -> Operand {
        Operand::unknown(Reason::at("no-value", text, span))
    }
}

/// What a script does.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// In the order of writing; those of a substitution stand before the command that it is a part of.
    pub commands: Vec<Command>,
    /// Variables at the end of the script.
    pub variables: BTreeMap<String, Operand>,
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
    pub assignments: Vec<(String, Operand)>,
    pub redirections: Vec<Redirection>,
    /// The body of a here-document or here-string that it reads.
    pub input: Option<Operand>,
    pub output: Output,
    /// Whether it stands in `$( … )`.
    pub is_captured: bool,
    /// Whether its failure is swallowed: `|| true`.
    pub is_excused: bool,
    pub reached: Reached,
    /// Where it runs, seen from the start of the script; nothing after a `cd` to an unknown place.
    pub directory: Option<String>,
    /// The command whose argument or input this one was written in: `sh -c '…'`.
    pub inside: Option<usize>,
    /// Whether it calls a function of the script, whose commands stand behind it.
    pub is_call: bool,
    /// As written, without redirections in front.
    pub span: Span,
    /// The whole pipeline that it is a part of.
    pub pipeline: Span,
}

#[derive(Clone, Debug)]
pub struct Argument {
    /// A text, maybe with holes, and who has a hand in it.
    pub operand: Operand,
    pub span: Span,
    /// Whether any of it stood in quotes.
    pub is_quoted: bool,
    /// The variable that is the whole word.
    pub variable: Option<String>,
    /// The text of its last piece, with where that is written.
    pub tail: Option<(Arc<str>, Origin)>,
}

impl Argument {
    pub fn value(&self) -> &Value {
        &self.operand.value
    }

    /// The text, if all of it is known.
    pub fn text(&self) -> Option<&str> {
        self.operand.value.as_str()
    }

    /// The text before the first hole.
    pub fn prefix(&self) -> String {
        self.operand.value.as_text().map_or(String::new(), |text| text.prefix().to_owned())
    }
}

#[derive(Clone, Debug)]
pub struct Redirection {
    pub kind: Direction,
    /// The number of the stream, 0 for input and 1 for output unless another is written.
    pub descriptor: u32,
    pub target: Argument,
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

/// The command of words that no shell reads: the exec form of an image, the list of a task definition.
pub fn of_words(words: &[Value], place: Span) -> Option<Command> {
    let span = words.first()?.origin.span().unwrap_or(place);
    let argument = |value: &Value| Argument {
        operand: Operand::known(value.clone()),
        span: value.origin.span().unwrap_or(place),
        is_quoted: true,
        variable: None,
        tail: None,
    };
    let mut command = Command {
        words: words.iter().map(argument).collect(),
        wrappers: Vec::new(),
        assignments: Vec::new(),
        redirections: Vec::new(),
        input: None,
        output: Output::Open,
        is_captured: false,
        is_excused: false,
        reached: Reached::Always,
        directory: None,
        inside: None,
        is_call: false,
        span,
        pipeline: span,
    };
    wrapper::take_off(&mut command);
    Some(command)
}

impl Run {
    /// The run without the commands behind `exit`.
    pub fn reachable(mut self) -> Run {
        let is_kept = |command: &Command| command.reached != Reached::Unreachable;
        if self.commands.iter().all(is_kept) {
            return self;
        }
        let mut kept = 0;
        let numbers: Vec<Option<usize>> = self
            .commands
            .iter()
            .map(|command| {
                let number = is_kept(command).then_some(kept);
                kept += usize::from(number.is_some());
                number
            })
            .collect();
        let new = |index: usize| numbers.get(index).copied().flatten();
        self.commands.retain(is_kept);
        for command in &mut self.commands {
            command.inside = command.inside.and_then(new);
            command.output = match command.output {
                Output::Piped(reader) => new(reader).map_or(Output::Open, Output::Piped),
                Output::Substituted(reader) => new(reader).map_or(Output::Assigned, Output::Substituted),
                other @ (Output::Open | Output::Assigned) => other,
            };
        }
        self
    }
}
