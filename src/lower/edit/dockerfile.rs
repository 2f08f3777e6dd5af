//! The edits that rules about Dockerfiles name.

use super::TextEdit;
use crate::source::{FileId, Span};

/// The edit of this name; nothing if there is none, or if it does not fit here.
pub(super) fn named(file: FileId, text: &str, name: &str, place: Span) -> Option<Vec<TextEdit>> {
    let word = text.get(place.range())?;
    let one = |start: usize, end: usize, new: &str| Some(vec![(Span::new(file, start, end), new.to_owned())]);
    let (start, end) = (place.start as usize, place.end as usize);
    match name {
        "remove-instruction" => {
            let (start, end) = instruction(text, start)?;
            one(start, end, "")
        }
        "end-with-slash" => match word.ends_with(['"', '\'', '/']) {
            true => None,
            false => one(end, end, "/"),
        },
        "start-with-slash" => match word.starts_with(['"', '\'', '$', '/']) {
            true => None,
            false => one(start, start, "/"),
        },
        "use-apt-get" => (word == "apt").then(|| one(start, end, "apt-get"))?,
        "lower-case" => {
            let lower = word.to_lowercase();
            let (ports, protocol) = lower.split_once('/').unwrap_or((&lower, "tcp"));
            let are_ports = ports.split('-').all(|port| !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit()));
            (lower != word && are_ports && matches!(protocol, "tcp" | "udp" | "sctp"))
                .then(|| one(start, end, &lower))?
        }
        "exec-form" => {
            let (start, end, words) = exec_form(text, end)?;
            one(start, end, &words)
        }
        "remove-platform" => {
            let flag = text.get(..start)?.strip_suffix("--platform=")?.len();
            let blanks = text.get(end..)?.len() - text.get(end..)?.trim_start_matches([' ', '\t']).len();
            one(flag, end + blanks, "")
        }
        "lower-case-name" => (word.to_lowercase() != word).then(|| one(start, end, &word.to_lowercase()))?,
        "change-case" => {
            let is_lower = !word.chars().any(char::is_uppercase);
            let is_upper = !word.chars().any(char::is_lowercase);
            match (is_lower, is_upper) {
                (_, true) => one(start, end, &word.to_lowercase()),
                (true, _) | (false, false) => one(start, end, &word.to_uppercase()),
            }
        }
        "copy-instead" => word.eq_ignore_ascii_case("ADD").then(|| one(start, end, "COPY"))?,
        "remove-line" => {
            let first = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
            let last = text.get(first..)?.find('\n')? + first + 1;
            text.get(first..last)?.trim().is_empty().then(|| one(first, last, ""))?
        }
        "write-equals" => {
            let (start, end, new) = with_equals(text, end)?;
            one(start, end, &new)
        }
        "leave-out-login-log" => {
            let line = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
            let at = text.get(line..start)?.rfind("useradd ")? + line + "useradd".len();
            one(at, at, " --no-log-init")
        }
        "leave-out-recommended" => {
            let line = text.get(end..)?.split('\n').next()?;
            let own = line.split(['&', ';', '|']).next()?;
            let at = own.find(" install ")? + end + " install".len();
            one(at, at, " --no-install-recommends")
        }
        "stop-at-failures" => {
            let line_end = text.get(end..)?.find('\n')? + end + 1;
            let is_script = text.get(line_end..)?.starts_with("#!");
            let at = if is_script { text.get(line_end..)?.find('\n')? + line_end + 1 } else { line_end };
            one(at, at, "set -e\n")
        }
        _ => None,
    }
}

/// The lines of the instruction that begins at a place, continuations included.
fn instruction(text: &str, start: usize) -> Option<(usize, usize)> {
    let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
    // ONBUILD stands in front of what it wraps, and a here-document goes on below.
    if !text.get(first..start)?.trim().is_empty() {
        return None;
    }
    let mut end = first;
    for line in text.get(first..)?.split_inclusive('\n') {
        if line.contains("<<") {
            return None;
        }
        end += line.len();
        let bare = line.trim_end();
        let is_comment = end > first + line.len() && bare.trim_start().starts_with('#');
        if !is_comment && !bare.ends_with('\\') {
            return Some((first, end));
        }
    }
    Some((first, end))
}

/// The words behind ENTRYPOINT or CMD as a JSON array, if no shell is needed to read them.
fn exec_form(text: &str, behind: usize) -> Option<(usize, usize, String)> {
    let line = text.get(behind..)?.split('\n').next()?;
    let written = line.trim();
    let start = behind + (line.len() - line.trim_start().len());
    let end = start + written.len();
    // An array in single quotes was meant as JSON.
    let inner = written.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let words: Option<Vec<&str>> = match inner {
        Some(inner) => {
            inner.split(',').map(|word| word.trim().strip_prefix('\'').and_then(|it| it.strip_suffix('\''))).collect()
        }
        None => Some(written.split_whitespace().collect()),
    };
    let words = words?;
    const BUILTINS: [&str; 9] = ["cd", "exec", "export", "set", "source", ".", "eval", "trap", "ulimit"];
    let is_plain = |word: &&str| {
        let needs_shell = |it: char| "$&|;<>()*?`\"'\\#~={}[]!^%".contains(it);
        !word.is_empty() && !word.contains(needs_shell)
    };
    let is_simple = words.iter().all(is_plain) && words.first().is_some_and(|first| !BUILTINS.contains(first));
    let array = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    is_simple.then(|| (start, end, format!("[{array}]")))
}

/// `NAME some value` as `NAME="some value"`, if the value says the same between quotes.
fn with_equals(text: &str, behind: usize) -> Option<(usize, usize, String)> {
    let line = text.get(behind..)?.split('\n').next()?;
    let written = line.trim();
    let start = behind + (line.len() - line.trim_start().len());
    let (name, value) = written.split_once(char::is_whitespace)?;
    let value = value.trim();
    let is_plain = |it: char| it.is_ascii_alphanumeric() || " ./:@%+,_-$".contains(it);
    if value.is_empty() || !value.chars().all(is_plain) {
        return None;
    }
    let new = if value.contains(' ') { format!("{name}=\"{value}\"") } else { format!("{name}={value}") };
    Some((start, start + written.len(), new))
}
