//! Options and positional arguments of a command.

use super::{Argument, Command};
use crate::value::{Kind, Piece, Text, Value};

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

impl Command {
    /// The argument that switches an option on: `-k` (also as `-sk`), `--insecure` (also as `--insecure=…`). Pass short
    /// names as one character.
    pub fn flag(&self, names: &[&str]) -> Option<&Argument> {
        let mut arguments = self.arguments().iter().take_while(|argument| argument.value.as_str() != Some("--"));
        arguments.find(|argument| {
            let text = argument.value.as_text();
            let prefix = text.as_ref().map_or("", Text::prefix);
            names.iter().any(|name| is_flag(prefix, name))
        })
    }

    /// The values of an option: `--file x`, `--file=x`, `-f x`, `-fx`, `-chdir=x`. Give names with their dashes.
    pub fn option(&self, names: &[&str]) -> Vec<Argument> {
        let mut found = Vec::new();
        let mut arguments = self.arguments().iter();
        while let Some(argument) = arguments.next() {
            let Some(text) = argument.value.as_text() else { continue };
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
                    found.push(Argument { value: after(&argument.value, length), ..argument.clone() });
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
            let text = argument.value.as_text();
            let prefix = text.as_ref().map_or("", Text::prefix);
            if options_may_come && prefix == "--" {
                options_may_come = false;
            } else if options_may_come && prefix.len() > 1 && prefix.starts_with('-') {
                let takes_next = argument.value.as_str().is_some_and(|text| {
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
