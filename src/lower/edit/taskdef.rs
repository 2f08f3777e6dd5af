//! The edits that rules about task definitions name, in files of their own and in Terraform alike.

use super::TextEdit;
use crate::lower::taskdef::right_key;
use crate::source::{FileId, Span};

/// The edit of this name; nothing if there is none, or if it does not fit here.
pub(super) fn named(file: FileId, text: &str, name: &str, place: Span) -> Option<Vec<TextEdit>> {
    match name {
        "spell-key" => spell_key(file, text, place),
        _ => None,
    }
}

/// The key in front of a value, as ECS writes it.
fn spell_key(file: FileId, text: &str, value: Span) -> Option<Vec<TextEdit>> {
    let before = text.get(..value.start as usize)?.trim_end();
    let before = before.strip_suffix([':', '='])?.trim_end();
    let quote = before.ends_with('"');
    let before = before.strip_suffix('"').unwrap_or(before);
    let is_part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-');
    let start = before.rfind(|it| !is_part(it)).map_or(0, |at| at + 1);
    let key = before.get(start..)?;
    let is_whole = !key.is_empty() && (!quote || before[..start].ends_with('"'));
    let right = right_key(key).filter(|right| is_whole && *right != key)?;
    Some(vec![(Span::new(file, start, before.len()), right.to_owned())])
}
