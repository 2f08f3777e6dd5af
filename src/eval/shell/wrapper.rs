//! Programs that run another program: `sudo -E env A=b timeout 5 x` runs `x`.

use super::{Argument, Command};
use crate::eval::actions::Operand;

/// Takes wrappers off the front of a command, noting their names and the variables that `env` sets.
pub(super) fn take_off(command: &mut Command) {
    // A real line has a handful; the bound keeps a hostile one cheap.
    for _ in 0..16 {
        let Some(program) = command.program().map(str::to_owned) else { return };
        let Some(n_words) = wrapper_length(&program, &command.words) else { return };
        if n_words >= command.words.len() {
            return;
        }
        let taken: Vec<Argument> = command.words.drain(..n_words).collect();
        for argument in &taken {
            if let Some((name, value)) = assignment(argument) {
                command.assignments.push((name, value));
            }
        }
        command.wrappers.push(program);
    }
}

fn assignment(argument: &Argument) -> Option<(String, Operand)> {
    let text = argument.value().as_text()?;
    let (name, _) = text.prefix().split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| (name.to_owned(), argument.without_prefix(name.len() + 1).operand))
}

/// How many words a wrapper takes with its own options; nothing if the program is none.
fn wrapper_length(program: &str, words: &[Argument]) -> Option<usize> {
    let length = match program {
        "sudo" | "doas" => {
            skip_options(words, &["-u", "--user", "-g", "--group", "-C", "-D", "-h", "-p", "-r", "-t", "-U"])
        }
        "env" => skip_assignments(words, skip_options(words, &["-u", "--unset", "-C", "--chdir", "-S"])),
        "exec" => skip_options(words, &["-a"]),
        "command" | "time" | "nohup" | "setsid" | "builtin" | "busybox" | "npx" | "catchsegv" | "winpty" => {
            // `command -v x` asks, and runs nothing.
            if program == "command" && matches!(text(words, 1), Some("-v" | "-V")) {
                return None;
            }
            skip_options(words, &["-p", "--package"])
        }
        "nice" | "ionice" => skip_options(words, &["-n", "-c", "--adjustment"]),
        "stdbuf" => skip_options(words, &["-i", "-o", "-e"]),
        "timeout" => skip_options(words, &["-k", "-s", "--signal", "--kill-after"]) + 1,
        "gosu" | "su-exec" | "setpriv" | "chroot" => skip_options(words, &[]) + 1,
        "tini" | "dumb-init" => skip_options(words, &["-p", "-e", "-r", "--rewrite"]),
        "xvfb-run" => skip_options(words, &["-n", "-s", "-e", "-f", "-p"]),
        "xargs" => skip_options(words, &["-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E"]),
        "retry" => skip_options(words, &["-t", "-d", "-n", "-s", "--times", "--delay"]),
        _ => return None,
    };
    Some(length)
}

fn text(words: &[Argument], index: usize) -> Option<&str> {
    words.get(index)?.text()
}

/// The index of the first word that is no option and no option's value.
fn skip_options(words: &[Argument], with_value: &[&str]) -> usize {
    let mut index = 1;
    while let Some(word) = text(words, index) {
        if word == "--" {
            return index + 1;
        }
        if !word.starts_with('-') || word == "-" {
            return index;
        }
        index += if with_value.contains(&word) { 2 } else { 1 };
    }
    index
}

fn skip_assignments(words: &[Argument], from: usize) -> usize {
    from + words.iter().skip(from).take_while(|word| assignment(word).is_some()).count()
}
