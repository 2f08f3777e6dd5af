//! What a command changes for those after it: folder, variables, the end of the script.

use super::expand::hole;
use super::run::Walker;
use super::{Command, Reached};
use crate::eval::actions::Operand;

impl Walker<'_> {
    pub(super) fn effects(&mut self, command: &Command) {
        match command.program() {
            Some("exit" | "return") if self.reached == Reached::Always && self.depth == 0 => {
                self.reached = Reached::Unreachable;
            }
            Some("cd" | "pushd") => {
                let target = command.positionals(&[]).first().map(|target| target.text());
                self.directory = match (self.directory.take(), target) {
                    (Some(directory), Some(Some(target))) => join(&directory, target),
                    (_, Some(_) | None) => None,
                };
            }
            Some("popd") => self.directory = None,
            Some("export" | "declare" | "local" | "readonly" | "typeset") => {
                for argument in command.arguments() {
                    if let Some((name, _)) = argument.prefix().split_once('=') {
                        self.set(name, argument.without_prefix(name.len() + 1).operand);
                    }
                }
            }
            Some("read" | "mapfile" | "readarray" | "getopts") => {
                for argument in command.positionals(&["-p", "-t", "-n", "-d", "-u", "-N", "-i"]) {
                    let Some(name) = argument.text() else { continue };
                    let read = hole("command-output", &format!("${name}"), argument.span);
                    let operand = match &command.input {
                        Some(input) => Operand { value: read.value, ..input.clone() },
                        None => Operand { open: read.value.reason().cloned(), ..read },
                    };
                    self.set(name, operand);
                }
            }
            Some("unset") => {
                for argument in command.positionals(&[]) {
                    if let Some(name) = argument.text() {
                        self.run.variables.remove(name);
                    }
                }
            }
            _ => {}
        }
        if command.wrappers.iter().any(|wrapper| wrapper == "exec")
            && self.reached == Reached::Always
            && self.depth == 0
        {
            self.reached = Reached::Unreachable;
        }
    }
}

/// A folder seen from the start of the script.
pub(super) fn join(directory: &str, target: &str) -> Option<String> {
    if target.starts_with(['~', '-']) {
        return None;
    }
    let is_absolute = target.starts_with('/') || directory.starts_with('/');
    let base = if target.starts_with('/') { "" } else { directory };
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if is_absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    Some(if is_absolute { format!("/{joined}") } else { joined })
}
