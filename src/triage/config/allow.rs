//! `[[allow]]`: suppressions for files without comments, or for many places at once.

use std::ops::Range;

use toml::de::DeValue;

use crate::triage::Date;

use super::Named;
use super::reader::{Reader, Value, entries};

/// One entry. What is wrong with its rule or its day is a finding of `triage`, like for a comment.
#[derive(Clone, Debug)]
pub struct Allow {
    pub rules: Vec<Named>,
    pub target: AllowTarget,
    pub reason: String,
    pub until: Option<Date>,
    pub owner: Option<String>,
    /// The whole entry.
    pub range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowTarget {
    /// May end in `*`.
    Address(String),
    /// A glob.
    File(String),
    Fingerprint(String),
}

pub(super) const KEYS: [&str; 7] = ["rule", "address", "file", "fingerprint", "reason", "until", "owner"];

pub(super) fn read<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> Vec<Allow> {
    let Some(array) = reader.array(value) else { return Vec::new() };
    array.iter().filter_map(|item| entry(reader, item)).collect()
}

fn entry<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> Option<Allow> {
    let table = reader.table(value)?;
    let mut rules = Vec::new();
    let mut targets = Vec::new();
    let mut reason = String::new();
    let mut until = None;
    let mut owner = None;
    for (key, value) in entries(table) {
        let mut target = |reader: &mut Reader<'t>, make: fn(String) -> AllowTarget| {
            targets.extend(reader.text(value).map(|named| make(named.text)));
        };
        match key.text.as_str() {
            "rule" => match value.get_ref() {
                DeValue::Array(_) => rules = reader.texts(value),
                _ => rules = reader.text(value).into_iter().collect(),
            },
            "address" => target(reader, AllowTarget::Address),
            "file" => target(reader, AllowTarget::File),
            "fingerprint" => target(reader, AllowTarget::Fingerprint),
            "reason" => reason = reader.text(value).map_or_else(String::new, |named| named.text.trim().to_owned()),
            "until" => until = reader.date(value),
            "owner" => owner = reader.text(value).map(|named| named.text),
            _ => reader.unknown_key(&key, &KEYS),
        }
    }
    let range = value.span();
    if rules.is_empty() {
        reader.fault(range.clone(), "an `[[allow]]` needs a `rule`");
        return None;
    }
    if targets.len() != 1 {
        reader.fault(range, "an `[[allow]]` needs exactly one of `address`, `file` and `fingerprint`");
        return None;
    }
    let target = targets.remove(0);
    Some(Allow { rules, target, reason, until, owner, range })
}
