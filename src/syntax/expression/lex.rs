//! From characters to tokens, and the end of a hole: the first `}}` outside a text.

use std::ops::Range;

use super::Error;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Number(f64),
    Text(String),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 16] = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ".", ",", "*"];

/// The offset of the `}}` that closes a hole whose content starts at `from`.
pub(super) fn end_of_hole(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut in_text = false;
    while at < bytes.len() {
        match bytes[at] {
            // Doubled quotes leave and enter again.
            b'\'' => in_text = !in_text,
            b'}' if !in_text && bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

pub(super) fn tokens(text: &str, range: Range<usize>) -> Result<Vec<(Token, Range<usize>)>, Error> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let byte = bytes[at];
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let (token, end) = match byte {
            b'\'' => quoted(text, at, range.end)?,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let end =
                    end_of(bytes, at, range.end, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
                (Token::Name(text[at..end].to_owned()), end)
            }
            b'0'..=b'9' | b'+' | b'-' => number(text, at, range.end)?,
            b'.' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) && at + 1 < range.end => {
                number(text, at, range.end)?
            }
            _ => symbol(text, at, range.end)?,
        };
        found.push((token, at..end));
        at = end;
    }
    Ok(found)
}

fn end_of(bytes: &[u8], start: usize, limit: usize, belongs: fn(u8) -> bool) -> usize {
    bytes[start..limit].iter().position(|byte| !belongs(*byte)).map_or(limit, |length| start + length)
}

fn quoted(text: &str, start: usize, limit: usize) -> Result<(Token, usize), Error> {
    let mut value = String::new();
    let mut at = start + 1;
    loop {
        let Some(quote) = text[at..limit].find('\'').map(|offset| at + offset) else {
            return Err(Error { range: start..limit, message: "this text has no closing `'`".to_owned() });
        };
        value.push_str(&text[at..quote]);
        if text[quote + 1..limit].starts_with('\'') {
            value.push('\'');
            at = quote + 2;
        } else {
            return Ok((Token::Text(value), quote + 1));
        }
    }
}

fn number(text: &str, start: usize, limit: usize) -> Result<(Token, usize), Error> {
    let end = end_of(text.as_bytes(), start, limit, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-')
    });
    let word = &text[start..end];
    let unsigned = word.strip_prefix(['-', '+']).unwrap_or(word);
    let sign = if word.starts_with('-') { -1.0 } else { 1.0 };
    let radix = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(|value| value as f64);
    let value = match (unsigned.get(..2), unsigned.get(2..)) {
        (Some("0x"), Some(digits)) => radix(digits, 16),
        (Some("0o"), Some(digits)) => radix(digits, 8),
        _ if unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') => unsigned.parse::<f64>().ok(),
        _ => None,
    };
    match value {
        Some(value) => Ok((Token::Number(sign * value), end)),
        None => Err(Error { range: start..end, message: format!("`{word}` is no number") }),
    }
}

fn symbol(text: &str, start: usize, limit: usize) -> Result<(Token, usize), Error> {
    let rest = &text[start..limit];
    let is_it = |symbol: &&str| symbol.as_bytes().first() == rest.as_bytes().first() && rest.starts_with(*symbol);
    if let Some(symbol) = SYMBOLS.into_iter().find(is_it) {
        return Ok((Token::Symbol(symbol), start + symbol.len()));
    }
    let length = rest.chars().next().map_or(1, char::len_utf8);
    let message = match &rest[..length] {
        "\"" => "texts stand in single quotes here".to_owned(),
        other => format!("`{other}` has no meaning here"),
    };
    Err(Error { range: start..start + length, message })
}
