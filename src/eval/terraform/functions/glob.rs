//! The patterns of `fileset`: `*` and `?` within a part of a path, `**` across parts, `[…]`, `{…,…}`.

use regex::{Regex, RegexBuilder};

/// Longer patterns are not compiled at all.
const LONGEST_PATTERN: usize = 64 << 10;

/// The most memory of a compiled pattern.
const LARGEST_PATTERN: usize = 1 << 20;

pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err("the pattern of file names is too long".to_owned());
    }
    let translated = translate(pattern)?;
    RegexBuilder::new(&translated)
        .size_limit(LARGEST_PATTERN)
        .build()
        .map_err(|_| format!("\"{pattern}\" is no pattern of file names"))
}

fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::from(r"(?s)\A");
    let mut rest = pattern;
    let mut n_open = 0;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '*' if rest.starts_with("**/") => {
                length = 3;
                out.push_str("(?:[^/]*/)*");
            }
            '*' if rest.starts_with("**") => {
                length = 2;
                out.push_str(".*");
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' => {
                n_open += 1;
                out.push_str("(?:");
            }
            '}' if n_open > 0 => {
                n_open -= 1;
                out.push(')');
            }
            ',' if n_open > 0 => out.push('|'),
            '[' => length = class(rest, &mut out)?,
            '\\' => {
                let Some(escaped) = rest[1..].chars().next() else {
                    return Err("a pattern ends in a backslash".to_owned());
                };
                length += escaped.len_utf8();
                out.push_str(&regex::escape(escaped.encode_utf8(&mut [0; 4])));
            }
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
        rest = &rest[length..];
    }
    if n_open > 0 {
        return Err("a brace of the pattern is never closed".to_owned());
    }
    out.push_str(r"\z");
    Ok(out)
}

/// A class at the start of a text; gives its length.
fn class(text: &str, out: &mut String) -> Result<usize, String> {
    let missing = || "a bracket of the pattern is never closed".to_owned();
    let body = &text[1..];
    let negated = body.starts_with(['^', '!']);
    let skipped = usize::from(negated);
    let end = body[skipped..].char_indices().skip(1).find(|(_, c)| *c == ']').ok_or_else(missing)?.0 + skipped;
    // A class never matches the slash.
    out.push_str(if negated { "[^/" } else { "[" });
    for c in body[skipped..end].chars() {
        if c == '-' || c.is_alphanumeric() {
            out.push(c);
        } else {
            out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
        }
    }
    out.push(']');
    Ok(1 + end + 1)
}
