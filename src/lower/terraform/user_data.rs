//! What the script that a host runs at its first start does: which files it opens to every user, which keys of AWS it
//! puts there.

use std::sync::Arc;

use crate::eval::shell::{Command, Direction, Nothing, Run, run};
use crate::logic::Reason;
use crate::lower::command::{self, Description, Stands};
use crate::model::{Head, Model, One};
use crate::source::{MappedText, Span};
use crate::syntax::shell::{Dialect, read};
use crate::value::{Kind, List, ListFlavour, Origin, Piece, Text, Value};

/// What the script of a host shows when it is followed.
pub(super) struct FirstStart {
    ran: Run,
    /// Some of it could not be followed.
    open: Option<Reason>,
    origin: Origin,
}

impl FirstStart {
    /// Nothing if the user data is no script that can be read.
    pub(super) fn of(user_data: &Value) -> Option<FirstStart> {
        let (user_data, mapped) = script_of_host(user_data)?;
        let script = read(&mapped, Dialect::PLAIN);
        let ran = run(&script, mapped.text(), Dialect::PLAIN, &Nothing);
        let broken = || script.broken.map(|place| Reason::at("syntax-error", "user_data", place));
        let open = ran.open.clone().or_else(broken);
        Some(FirstStart { ran, open, origin: user_data.origin })
    }

    /// The files that `chmod` lets everybody write to, as a list with the places of the commands.
    pub(super) fn opened_files(&self) -> Value {
        self.list(self.ran.commands.iter().flat_map(opened_by).collect())
    }

    /// Where the script puts keys of AWS: variables that it sets, files that it writes.
    pub(super) fn given_keys(&self) -> Value {
        let set = self.ran.variables.iter().filter(|(name, _)| is_key(name));
        let set = set.map(|(name, value)| Value::text(name, value.value.origin.clone()));
        self.list(set.chain(self.ran.commands.iter().flat_map(keys_given_by)).collect())
    }

    fn list(&self, items: Vec<Value>) -> Value {
        let list = List { items, flavour: ListFlavour::Tuple, open: self.open.clone(), is_indexed: false };
        Value::new(Kind::List(Arc::new(list)), self.origin.clone())
    }

    /// The commands of the script as entities: rules about commands ask for them wherever they stand. What a hole of the
    /// text takes part in is left to those who know what it holds.
    pub(super) fn add_commands(&self, model: &mut Model, host: &Head) {
        for (index, command) in self.ran.commands.iter().enumerate() {
            if command.words.iter().any(|word| word.text().is_none_or(|text| text.contains(HOLE))) {
                continue;
            }
            let description = Description { mounts_secret: false, stands: Stands::InUserData };
            let mut entity = command::entity(&self.ran, index, description);
            entity.head.presence = host.presence;
            entity.head.presence_reason.clone_from(&host.presence_reason);
            entity.head.caller = host.caller;
            entity.stage = One::absent(command.span);
            model.image.commands.push(entity);
        }
    }
}

/// The script that stands in user data, with the value that holds it; nothing for what is no script.
fn script_of_host(user_data: &Value) -> Option<(Value, MappedText)> {
    let mut user_data = user_data.clone();
    let mut text = user_data.as_text()?;
    while let Some(wrapped) = text.wrapped() {
        user_data = wrapped.value.clone();
        text = user_data.as_text()?;
    }
    let mapped = script(&user_data, &text)?;
    mapped.text().starts_with("#!").then_some((user_data, mapped))
}

/// The text with the place of every line; what stands in a hole is one word or a part of one.
pub(crate) fn script(user_data: &Value, text: &Text) -> Option<MappedText> {
    let start = user_data.origin.span()?;
    let mut mapped = MappedText::new(start.file, start.start as usize);
    let mut stretches = text.stretches().into_iter().peekable();
    let mut at = 0;
    // A hole stands between what is written around it, wherever its value comes from.
    let mut here = start.range().start;
    let mut n_holes = 0;
    for piece in text.pieces() {
        let Piece::Literal(literal, _) = piece else {
            n_holes += 1;
            continue;
        };
        at += literal.len();
        while let Some((_, origin, part)) = stretches.next_if(|(range, _, _)| range.end <= at) {
            let span = origin.span().filter(|span| span.file == start.file).unwrap_or(start).range();
            mapped.push(&HOLE.repeat(n_holes), here..span.start.max(here));
            n_holes = 0;
            here = span.end;
            mapped.push(part, span);
        }
    }
    mapped.push(&HOLE.repeat(n_holes), here..here);
    Some(mapped)
}

const HOLE: &str = "HOLE";

/// `chmod 666 path`, `chmod -R o+w path`.
fn opened_by(command: &Command) -> Vec<Value> {
    if command.program() != Some("chmod") {
        return Vec::new();
    }
    let mut words = command
        .arguments()
        .iter()
        .filter(|argument| argument.operand.value.as_str().is_none_or(|word| !is_option(word)));
    let Some(mode) = words.next().and_then(|mode| mode.operand.value.as_str().map(str::to_owned)) else {
        return Vec::new();
    };
    if !lets_others_write(&mode) {
        return Vec::new();
    }
    let paths =
        words.filter_map(|argument| argument.operand.value.as_str().map(|path| (path.to_owned(), argument.span)));
    paths.map(|(path, place): (String, Span)| Value::text(path, Origin::written(command.span.to(place)))).collect()
}

fn is_key(name: &str) -> bool {
    matches!(name, "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY")
}

/// `export AWS_SECRET_ACCESS_KEY=…`, `aws configure set aws_secret_access_key …`, `… > ~/.aws/credentials`.
fn keys_given_by(command: &Command) -> Vec<Value> {
    let at = |text: &str, span: Span| Value::text(text, Origin::written(span));
    let mut found: Vec<Value> =
        command.assignments.iter().filter(|(name, _)| is_key(name)).map(|(name, _)| at(name, command.span)).collect();
    let words: Vec<&str> = command.arguments().iter().filter_map(|argument| argument.operand.value.as_str()).collect();
    if command.program() == Some("aws")
        && let ["configure", "set", name, ..] = *words
        && matches!(name, "aws_access_key_id" | "aws_secret_access_key")
    {
        found.push(at(name, command.span));
    }
    for redirection in &command.redirections {
        let writes = matches!(redirection.kind, Direction::Writes | Direction::Appends);
        let is_credentials =
            redirection.target.value().as_text().is_some_and(|path| path.suffix().ends_with(".aws/credentials"));
        if writes && is_credentials {
            found.push(at("credentials", redirection.span));
        }
    }
    found
}

fn is_option(word: &str) -> bool {
    word.starts_with("--") || matches!(word, "-R" | "-v" | "-f" | "-c" | "-Rf" | "-fR" | "-Rv")
}

/// The last digit of an octal mode, or a clause for others or all that adds or sets `w`.
fn lets_others_write(mode: &str) -> bool {
    if mode.bytes().all(|byte| byte.is_ascii_digit()) {
        let last = mode.bytes().last().map_or(0, |byte| byte - b'0');
        return last & 2 != 0;
    }
    mode.split(',').any(|clause| {
        let Some(at) = clause.find(['+', '=', '-']) else { return false };
        let (who, what) = clause.split_at(at);
        let everybody = who.is_empty() || who.contains('o') || who.contains('a');
        everybody && !what.starts_with('-') && what.contains('w')
    })
}

#[cfg(test)]
mod tests {
    use super::lets_others_write;

    #[test]
    fn modes() {
        for mode in ["666", "0777", "o+w", "a+rw", "g+w,o+w", "+w", "o=rw"] {
            assert!(lets_others_write(mode), "{mode}");
        }
        for mode in ["660", "755", "o-w", "u+w", "g+rw", "o+r"] {
            assert!(!lets_others_write(mode), "{mode}");
        }
    }
}
