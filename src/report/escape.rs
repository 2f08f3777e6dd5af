//! Text of a repository made harmless: control characters and bidirectional marks become visible. The escaping of a
//! format (XML, CSV, Markdown, commands of a log) stands beside that format.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text on one line with every control character and bidirectional mark shown as `\u{1b}`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push_visible(&mut out, c);
    }
    Cow::Owned(out)
}

/// One character, or how it is shown.
pub(crate) fn push_visible(out: &mut String, c: char) {
    if is_hostile(c) {
        let _ = write!(out, "\\u{{{:x}}}", c as u32);
    } else {
        out.push(c);
    }
}

/// Characters that move the cursor, end a line or turn the direction of what follows, and those that nobody sees.
pub(crate) fn is_hostile(c: char) -> bool {
    matches!(
        c,
        '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// JSON in which hostile characters stand as `\u202e`: the same text for a reader, harmless on a screen. What JSON itself
/// escapes is escaped already.
pub(crate) fn harmless_json(json: String) -> String {
    let is_left = |c: char| is_hostile(c) && c != '\n';
    if !json.contains(is_left) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_left(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// How many columns of a terminal a character takes. An estimate by blocks: a mark that is off by one under a rare
/// script is worth less than a table of all of Unicode.
pub(crate) fn columns_of(c: char) -> usize {
    match c as u32 {
        0x300..=0x36f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The columns that a text takes.
pub(crate) fn width_of(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

#[cfg(test)]
mod tests {
    use super::{harmless_json, visible, width_of};

    #[test]
    fn shows_what_would_act() {
        assert_eq!(visible("a\u{1b}[2Jb\u{202e}c\r\n"), "a\\u{1b}[2Jb\\u{202e}c\\u{d}\\u{a}");
        assert_eq!(visible("é😀 fine"), "é😀 fine");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = "a\u{202e}b\u{e0041}c\n";
        let json = harmless_json(serde_json::to_string(text).expect("a text is JSON"));
        assert!(json.is_ascii(), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).expect("it is still JSON"), text);
    }

    #[test]
    fn counts_columns() {
        assert_eq!(width_of("é😀漢e\u{301}"), 6);
    }
}
