//! Options and positional arguments of a command.

use super::{Argument, Command, Direction, Output, Redirection};
use crate::eval::actions::Operand;
use crate::source::Span;
use crate::value::{Kind, Origin, Piece, Text, Value};

/// A text without its first bytes, which must be literal; with its holes.
pub fn after(value: &Value, length: usize) -> Value {
    let Kind::Text(text) = &value.kind else { return value.clone() };
    let mut left = length;
    let pieces = text.pieces().iter().map(|piece| match piece {
        Piece::Literal(literal, origin) => {
            let cut = left.min(literal.len());
            left -= cut;
            Piece::Literal(literal.get(cut..).unwrap_or("").into(), origin.clone())
        }
        Piece::Hole(value) => Piece::Hole(value.clone()),
    });
    Value { kind: Kind::Text(Text::from_pieces(pieces)), ..value.clone() }
}

/// The known text of an optional value.
pub fn literal(value: Option<&Value>) -> Option<&str> {
    value?.as_str()
}

impl Argument {
    /// The argument without its first bytes, which are a part of its first literal.
    pub fn without_prefix(&self, length: usize) -> Argument {
        let Some(text) = self.operand.value.as_text() else { return self.clone() };
        let mut pieces: Vec<Piece> = text.pieces().to_vec();
        let mut span = self.span;
        if let Some(Piece::Literal(first, origin)) = pieces.first_mut()
            && let Some(rest) = first.get(length..)
        {
            *first = rest.into();
            if let Some(written) = origin.span().filter(|written| self.span.contains(written)) {
                span = Span { start: (written.start + length as u32).min(self.span.end), ..self.span };
                *origin = Origin::written(Span { start: (written.start + length as u32).min(written.end), ..written });
            }
        }
        let value = match pieces.as_slice() {
            // What follows the prefix is one value of its own.
            [Piece::Literal(first, _), Piece::Hole(value)] if first.is_empty() => (**value).clone(),
            _ => Value::new(Kind::Text(Text::from_pieces(pieces)), Origin::written(span)),
        };
        let operand = Operand { value, among: None, ..self.operand.clone() };
        Argument { operand, span, variable: None, ..self.clone() }
    }
}

impl Command {
    /// The name of the program without its folder, if it is known.
    pub fn program(&self) -> Option<&str> {
        let whole = self.words.first()?.text()?;
        let folder = whole.bytes().rposition(|byte| byte == b'/').map_or(0, |at| at + 1);
        Some(&whole[folder..])
    }

    /// The same, empty where it is not known.
    pub fn name(&self) -> &str {
        self.program().unwrap_or("")
    }

    pub fn arguments(&self) -> &[Argument] {
        self.words.get(1..).unwrap_or(&[])
    }

    /// The text of an argument (the program is 0), if all of it is known.
    pub fn word(&self, index: usize) -> Option<&str> {
        self.words.get(index)?.text()
    }

    /// The known texts of all arguments.
    pub fn texts(&self) -> Vec<&str> {
        self.arguments().iter().filter_map(Argument::text).collect()
    }

    /// Whether the command begins with these words: `["docker", "buildx", "build"]`.
    pub fn starts_with(&self, words: &[&str]) -> bool {
        let Some((program, rest)) = words.split_first() else { return true };
        self.program() == Some(program)
            && rest.iter().enumerate().all(|(index, word)| self.word(index + 1) == Some(word))
    }

    /// The same, options before and between the words aside: `aws --region x ecs wait` says `aws ecs wait`.
    pub fn says(&self, words: &[&str]) -> bool {
        let Some((program, rest)) = words.split_first() else { return true };
        let plain = self.arguments().iter().filter_map(Argument::text).filter(|text| !text.starts_with('-'));
        self.program() == Some(program) && plain.take(rest.len()).eq(rest.iter().copied())
    }

    /// Whether this very word is among the arguments.
    pub fn has(&self, word: &str) -> bool {
        self.arguments().iter().any(|argument| argument.text() == Some(word))
    }

    /// The command with this index reads what this one prints.
    pub fn pipes_into(&self) -> Option<usize> {
        match self.output {
            Output::Piped(reader) => Some(reader),
            Output::Open | Output::Substituted(_) | Output::Assigned => None,
        }
    }

    /// The files that its output goes to.
    pub fn writes_to(&self) -> impl Iterator<Item = &Redirection> {
        self.redirections.iter().filter(|it| it.kind != Direction::Reads && it.descriptor == 1)
    }

    /// The value of an option that is given once.
    pub fn option(&self, names: &[&str]) -> Option<Argument> {
        self.options(names).into_iter().next()
    }

    /// The argument that switches an option on: `-k` (also as `-sk`), `--insecure` (also as `--insecure=…`). Pass short
    /// names as one character.
    pub fn flag(&self, names: &[&str]) -> Option<&Argument> {
        let mut arguments = self.arguments().iter().take_while(|argument| argument.text() != Some("--"));
        arguments.find(|argument| {
            let text = argument.value().as_text();
            let prefix = text.as_ref().map_or("", Text::prefix);
            names.iter().any(|name| is_flag(prefix, name))
        })
    }

    /// The values of an option: `--file x`, `--file=x`, `-f x`, `-fx`, `-chdir=x`. Give names with their dashes.
    pub fn options(&self, names: &[&str]) -> Vec<Argument> {
        let mut found = Vec::new();
        let mut arguments = self.arguments().iter();
        while let Some(argument) = arguments.next() {
            let Some(text) = argument.value().as_text() else { continue };
            if text.known() == Some("--") {
                break;
            }
            for name in names {
                if text.known() == Some(name) || ends_cluster(text.prefix(), name) {
                    found.extend(arguments.next().cloned());
                    break;
                }
                let Some(rest) = text.prefix().strip_prefix(name) else { continue };
                let is_short = name.len() == 2 && !rest.is_empty();
                if rest.starts_with('=') || is_short {
                    let length = name.len() + usize::from(rest.starts_with('='));
                    found.push(argument.without_prefix(length));
                    break;
                }
            }
        }
        found
    }

    /// The arguments that are no options; options of `with_value` take the next one along. `--` ends options.
    pub fn positionals(&self, with_value: &[&str]) -> Vec<&Argument> {
        let mut found = Vec::new();
        let mut arguments = self.arguments().iter();
        let mut options_may_come = true;
        while let Some(argument) = arguments.next() {
            let text = argument.value().as_text();
            let prefix = text.as_ref().map_or("", Text::prefix);
            if options_may_come && prefix == "--" {
                options_may_come = false;
            } else if options_may_come && prefix.len() > 1 && prefix.starts_with('-') {
                let takes_next = argument.text().is_some_and(|text| {
                    with_value.contains(&text) || with_value.iter().any(|name| ends_cluster(text, name))
                });
                if takes_next {
                    arguments.next();
                }
            } else {
                found.push(argument);
            }
        }
        found
    }
}

/// Whether several short options end with the one that takes a value: `-fsSLo file`.
fn ends_cluster(argument: &str, name: &str) -> bool {
    let Some(letters) = argument.strip_prefix('-').filter(|letters| (2..=6).contains(&letters.len())) else {
        return false;
    };
    name.len() == 2 && letters.ends_with(&name[1..]) && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_flag(argument: &str, name: &str) -> bool {
    let name = name.trim_start_matches('-');
    if let Some(long) = argument.strip_prefix("--") {
        return name.len() > 1 && (long == name || long.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')));
    }
    let Some(short) = argument.strip_prefix('-') else { return false };
    if name.len() > 1 {
        return short == name || short.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
    }
    let letters: &str = short.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or("");
    letters.contains(name)
}
