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
