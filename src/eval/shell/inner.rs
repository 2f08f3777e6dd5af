//! Scripts that commands run: in their words, from their input, as functions, and files of the tree by their path.

use std::collections::BTreeMap;

use super::effects::join;
use super::run::{DEEPEST, MOST_COMMANDS, NOT_YET, Walker};
use super::{Argument, Command, Named, Output, Run};
use crate::eval::actions::Operand;
use crate::logic::Reason;
use crate::source::MappedText;
use crate::syntax::shell::{self, PieceKind, RedirectionKind, Simple};

/// Files of the tree are followed this deep.
const MOST_FILES: u32 = 2;

/// What a script inside a script leaves to the one around it.
enum Leaves {
    Nothing,
    /// It is sourced: its variables and its folder.
    Everything,
}

impl<'a> Walker<'a> {
    /// `sh -c '…'`, `eval '…'`, `su -c '…'` and `sh <<E`: a script inside the command.
    pub(super) fn inner_script(&mut self, index: usize, simple: &'a Simple, command: &'a shell::Command) {
        let outer = &self.run.commands[index];
        let is_shell = runs_scripts(outer);
        let takes_script = is_shell || outer.program() == Some("su");
        let script_argument = if outer.program() == Some("eval") {
            outer.words.get(1).map(|argument| argument.span)
        } else if takes_script && outer.flag(&["c"]).is_some() {
            let flag = outer.arguments().iter().position(is_c_flag);
            flag.and_then(|flag| outer.words.get(flag + 2)).map(|argument| argument.span)
        } else {
            None
        };
        let document = command.redirections.iter().find_map(|redirection| match &redirection.kind {
            RedirectionKind::HereDocument(document) => Some(&document.body),
            RedirectionKind::HereString => Some(&redirection.target),
            _ => None,
        });
        let reads_input = is_shell && outer.positionals(&[]).is_empty();
        let word = match (script_argument, document) {
            (Some(span), _) => simple.words.iter().find(|word| word.span == span),
            (None, Some(document)) if reads_input => Some(document),
            (None, _) => None,
        };
        let Some(word) = word else { return };
        if self.depth >= DEEPEST || word.pieces.iter().all(|piece| matches!(piece.kind, PieceKind::Command(_))) {
            return;
        }
        let text = word.as_script(self.source);
        let script = shell::read(&text, self.dialect);
        let mut walker = self.below(index, self.source);
        walker.script(&script);
        let (run, steps) = (walker.run, walker.steps);
        self.take_in(index, run, steps);
    }

    /// A walker for a script that the command runs: it sees the variables, and what it sets stays inside.
    fn below<'b>(&self, index: usize, source: &'b str) -> Walker<'b>
    where
        'a: 'b,
    {
        let mut walker = Walker::new(source, self.dialect, self.around);
        walker.run = Run { variables: self.run.variables.clone(), ..Run::default() };
        walker.directory = self.directory.clone();
        walker.reached = self.run.commands[index].reached;
        walker.inside = Some(NOT_YET);
        walker.depth = self.depth + 1;
        walker.n_files = self.n_files;
        walker.steps = self.steps + self.run.variables.len();
        walker
    }

    fn take_in(&mut self, index: usize, run: Run, steps: usize) {
        self.steps = steps;
        let offset = self.run.commands.len();
        let room = MOST_COMMANDS.saturating_sub(offset);
        for mut command in run.commands.into_iter().take(room) {
            command.inside = match command.inside {
                Some(NOT_YET) | None => Some(index),
                Some(inner) => Some(inner + offset),
            };
            command.output = match command.output {
                Output::Piped(reader) => Output::Piped(reader.saturating_add(offset)),
                Output::Substituted(reader) => Output::Substituted(reader + offset),
                other @ (Output::Open | Output::Assigned) => other,
            };
            self.run.commands.push(command);
        }
        if let Some(reason) = run.open {
            self.run.open.get_or_insert(reason);
        }
    }

    /// A function is run at each of its calls, with the words of the call as `$1`, `$2`, ….
    pub(super) fn call(&mut self, index: usize) {
        let Some(name) = self.run.commands[index].program() else { return };
        let Some((name, body)) = self.functions.get_key_value(name).map(|(name, body)| (*name, *body)) else { return };
        self.called.insert(name);
        self.run.commands[index].is_call = true;
        if self.depth >= DEEPEST {
            let span = self.run.commands[index].span;
            self.run.open.get_or_insert(Reason::at("limit-steps", "shell", span));
            return;
        }
        let before = self.take_positionals();
        self.set_positionals(index, 1);
        self.depth += 1;
        self.compound(body, body.span);
        self.depth -= 1;
        self.take_positionals();
        self.run.variables.extend(before);
    }

    fn take_positionals(&mut self) -> BTreeMap<String, Operand> {
        self.steps += self.run.variables.len();
        let names: Vec<String> = self.run.variables.keys().filter(|name| is_positional(name)).cloned().collect();
        names.into_iter().filter_map(|name| self.run.variables.remove_entry(&name)).collect()
    }

    /// The arguments of a command from this one on as `$1`, `$2`, ….
    fn set_positionals(&mut self, index: usize, from: usize) {
        let words = self.run.commands[index].words.get(from..).unwrap_or(&[]);
        let operands: Vec<Operand> = words.iter().map(|word| word.operand.clone()).collect();
        for (number, operand) in operands.into_iter().enumerate() {
            self.set(&(number + 1).to_string(), operand);
        }
    }

    /// `./deploy.sh`, `bash deploy.sh`, `source deploy.sh`: the commands of that file.
    pub(super) fn named_script(&mut self, index: usize) {
        let command = &self.run.commands[index];
        let Some((at, leaves)) = named_by(command) else { return };
        let around = self.around;
        let target = command.words.get(at).and_then(Argument::text);
        let path = self.directory.as_deref().zip(target).and_then(|(folder, target)| join(folder, target));
        let path = path.filter(|_| self.n_files < MOST_FILES && self.depth < DEEPEST);
        let (file, text) = match around.script(path.as_deref()) {
            Named::Script(file, text) => (file, text),
            Named::Unread => {
                let reason = Reason::at("script-not-followed", target.unwrap_or("run"), command.span);
                self.run.open.get_or_insert(reason);
                return;
            }
            Named::Ignored => return,
        };
        let script = shell::read(&MappedText::part(file, text, 0..text.len()), shell::Dialect::PLAIN);
        let outer = self.take_positionals();
        self.set_positionals(index, at + 1);
        let mut walker = self.below(index, text);
        walker.dialect = shell::Dialect::PLAIN;
        walker.n_files += 1;
        walker.script(&script);
        let (run, steps, directory) = (walker.run, walker.steps, walker.directory);
        self.take_positionals();
        if let Leaves::Everything = leaves {
            self.run.variables = run.variables.clone();
            self.directory = directory;
            self.take_positionals();
            if script.list.items.iter().any(defines_function) {
                let reason = Reason::at("script-not-followed", "function", self.run.commands[index].span);
                self.run.open.get_or_insert(reason);
            }
        }
        self.run.variables.extend(outer);
        self.take_in(index, run, steps);
    }
}

fn defines_function(item: &shell::Item) -> bool {
    item.pipeline.commands.iter().any(|command| matches!(command.kind, shell::CommandKind::Function { .. }))
}

fn is_positional(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Which word of a command names a file that it runs.
fn named_by(command: &Command) -> Option<(usize, Leaves)> {
    match command.program()? {
        "source" | "." => Some((1, Leaves::Everything)),
        _ if runs_scripts(command) && command.flag(&["c", "s"]).is_none() => {
            let first = command.positionals(&["-o", "-O"]).first().map(|first| first.span)?;
            let at = command.words.iter().position(|word| word.span == first)?;
            Some((at, Leaves::Nothing))
        }
        _ if command.word(0).is_some_and(is_relative_path) => Some((0, Leaves::Nothing)),
        _ => None,
    }
}

/// `./x` and `scripts/x`; what lies at an absolute path is no file of the tree.
fn is_relative_path(program: &str) -> bool {
    program.contains('/') && !program.starts_with(['/', '~'])
}

fn runs_scripts(command: &Command) -> bool {
    matches!(command.program(), Some("sh" | "bash" | "dash" | "ash" | "zsh" | "ksh"))
}

fn is_c_flag(argument: &Argument) -> bool {
    let text = argument.text().unwrap_or("");
    let letters = text.strip_prefix('-').unwrap_or("");
    !letters.starts_with('-') && letters.contains('c')
}
