//! What `$( … )` gives: something of everybody who has a hand in the words of commands that only change texts, and
//! nothing known otherwise.

use super::content;
use crate::eval::actions::{Charset, Control, Operand};
use crate::eval::shell::Command;
use crate::logic::Reason;
use crate::source::Span;
use crate::value::{Origin, Value};

/// What the output of these commands is made of; `file` tells what a file holds, if somebody has a hand in it.
pub(super) fn output_of(commands: &[Command], span: Span, file: &dyn Fn(&str) -> Option<Operand>) -> Operand {
    let words = commands.iter().flat_map(|command| &command.words);
    let mut operand = mixed(words.map(|word| word.operand.clone()), "");
    let program = |command: &Command| command.program().unwrap_or("").to_owned();
    let shown = commands.first().map_or(String::new(), |command| format!("$({} …)", program(command)));
    operand.value = Value::unknown(Reason::at("command-output", shown, span), Origin::written(span));
    for command in commands {
        let read = content::read_by(command);
        let files: Vec<Operand> = read.iter().filter_map(|path| file(path)).collect();
        files.iter().for_each(|content| operand.take_shares(content));
        if files.len() < read.len() {
            // Nobody knows what stands in the others.
            operand.open.get_or_insert(Reason::at("command-output", program(command), span));
        }
        match made_of(&program(command), &command.texts()) {
            Output::Unknown if !files.is_empty() => {}
            Output::OfWords => {}
            Output::Chosen(control, charset, name) => {
                operand.take_shares(&Operand::chosen(control, charset, name));
            }
            Output::Unknown => {
                operand.open.get_or_insert(Reason::at("command-output", program(command), span));
            }
        }
    }
    operand.at(span)
}

/// What the output of a program is made of.
enum Output {
    OfWords,
    Chosen(Control, Charset, &'static str),
    Unknown,
}

fn made_of(program: &str, texts: &[&str]) -> Output {
    match program {
        "echo" | "printf" | "sed" | "awk" | "tr" | "cut" | "head" | "tail" | "basename" | "dirname" | "sort"
        | "uniq" | "wc" | "rev" | "test" | "[" | "true" | "grep" | "xargs" => Output::OfWords,
        "date" | "uuidgen" | "nproc" | "id" | "openssl" | "sha256sum" | "md5sum" => {
            Output::Chosen(Control::Platform, Charset::Name, "a command of the runner")
        }
        "git" => match texts.first().copied() {
            Some("rev-parse" | "describe" | "rev-list") if !texts.contains(&"--abbrev-ref") => {
                Output::Chosen(Control::Platform, Charset::Hex, "git")
            }
            _ => Output::Unknown,
        },
        _ => Output::Unknown,
    }
}

/// Something made of all of these, whose value is not known.
pub(super) fn mixed(operands: impl Iterator<Item = Operand>, name: &str) -> Operand {
    let mut joined = Operand::setting("computed-in-script", name);
    for operand in operands {
        joined.take_shares(&operand);
    }
    joined
}
