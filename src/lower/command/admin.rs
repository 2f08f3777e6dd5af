//! Administrators that a command makes with a password which stands in the text.

use super::{concluded, shown};
use crate::data::secrets::is_placeholder;
use crate::eval::shell::Command;
use crate::source::Span;
use crate::value::{Kind, Piece, Value};

/// `create_superuser(…, …, 'word')` in a program's text, `useradd -p word`, `createsuperuser` with its variable.
pub(super) fn admin_password(command: &Command) -> Value {
    let literal_option = || {
        let given = command.options(&["-p", "--password"]);
        given
            .into_iter()
            .find(|it| it.operand.value.as_str().is_some_and(|word| !is_placeholder(word)))
            .map(|it| it.span)
    };
    let mut found = match command.program() {
        Some("useradd" | "adduser") => literal_option(),
        Some(_) | None => None,
    };
    if command.words.iter().any(|word| word.text() == Some("createsuperuser")) {
        let given = command.assignments.iter().find(|(name, _)| name == "DJANGO_SUPERUSER_PASSWORD");
        found = found.or(given
            .filter(|(_, given)| given.value.as_str().is_some())
            .and_then(|(_, given)| given.value.origin.span()));
    }
    let texts =
        command.arguments().iter().map(|it| &it.operand.value).chain(command.input.iter().map(|input| &input.value));
    found = found.or_else(|| texts.into_iter().find_map(superuser_password));
    match found {
        Some(span) => shown(true, span),
        None => concluded(false),
    }
}

/// The third argument of a call in a text, if it is a literal.
fn superuser_password(value: &Value) -> Option<Span> {
    let Kind::Text(text) = &value.kind else { return None };
    for piece in text.pieces() {
        let Piece::Literal(code, origin) = piece else { continue };
        // Few words have a call in them, and that is quickly seen.
        if !code.contains('(') {
            continue;
        }
        let Some(call) = code.find("create_superuser(") else { continue };
        let arguments = call + "create_superuser(".len();
        let (start, end) = third_argument(code, arguments)?;
        let written = &code[start..end];
        let is_literal = written.starts_with(['\'', '"']) && written.len() > 2;
        if !is_literal || is_placeholder(written) {
            return None;
        }
        let span = origin.span()?;
        // Where nothing was decoded the literal's own place is known.
        let is_exact = (span.end - span.start) as usize == code.len();
        let (from, to) = (span.start + start as u32, span.start + end as u32);
        return Some(if is_exact { Span { start: from, end: to, ..span } } else { span });
    }
    None
}

/// The bytes of the third argument of a call whose arguments begin at `start`, or of `password=`.
fn third_argument(code: &str, start: usize) -> Option<(usize, usize)> {
    let mut ends = Vec::new();
    let mut quote = None;
    let mut depth = 0;
    for (offset, character) in code[start..].char_indices() {
        let at = start + offset;
        match (quote, character) {
            (Some(open), character) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')') if depth == 0 => {
                ends.push(at);
                break;
            }
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => ends.push(at),
            (None, _) => {}
        }
    }
    let mut begin = start;
    for (index, end) in ends.into_iter().enumerate() {
        let part = &code[begin..end];
        let trimmed = part.trim_start();
        let from = begin + part.len() - trimmed.len();
        if let Some(rest) = trimmed.strip_prefix("password=") {
            return Some((end - rest.len(), from + trimmed.trim_end().len()));
        }
        if index == 2 && !trimmed.contains('=') {
            return Some((from, from + trimmed.trim_end().len()));
        }
        begin = end + 1;
    }
    None
}
