//! `regex`, `regexall` and `replace`. Patterns are RE2's; where our engine reads them differently they are translated.

use std::collections::BTreeMap;

use regex::{Captures, Regex, RegexBuilder};

use super::LONGEST_TEXT;
use super::call::{Answer, Call, Fault, Function};
use super::translate::translate;
use crate::value::{ListFlavour, MapFlavour, Piece, TextBuilder, Value, nfc};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("regex", 2, 2, regex),
    Function::new("regexall", 2, 2, regexall),
    Function::new("replace", 3, 3, replace),
];

/// Longer patterns are not compiled at all.
const LONGEST_PATTERN: usize = 64 << 10;

/// The most memory of a compiled pattern.
const LARGEST_PATTERN: usize = 1 << 20;

fn compile(call: &Call<'_>, pattern: &str) -> Result<Regex, Fault> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(call.unknown("limit-pattern", "a pattern that is too long"));
    }
    let translated = translate(pattern).map_err(|message| call.wrong(message))?;
    match RegexBuilder::new(&translated).size_limit(LARGEST_PATTERN).nest_limit(200).build() {
        Ok(regex) => Ok(regex),
        Err(regex::Error::CompiledTooBig(_)) => Err(call.unknown("limit-pattern", "a pattern that is too big")),
        Err(error) => {
            // The engine's message spans lines and quotes the translation; its last line says what is wrong.
            let message = error.to_string();
            let last = message.lines().last().unwrap_or("it does not parse").trim_start_matches("error: ").to_owned();
            Err(call.wrong(format!("the pattern is invalid: {last}")))
        }
    }
}

/// What a match gives: the whole text, or its groups by number or by name.
enum Groups {
    None,
    Numbered,
    Named,
}

fn groups_of(call: &Call<'_>, regex: &Regex) -> Result<Groups, Fault> {
    let names: Vec<Option<&str>> = regex.capture_names().skip(1).collect();
    let n_named = names.iter().flatten().count();
    match (names.len(), n_named) {
        (0, _) => Ok(Groups::None),
        (_, 0) => Ok(Groups::Numbered),
        (all, named) if all == named => Ok(Groups::Named),
        _ => Err(call.wrong("a pattern has either named groups or unnamed ones, not both")),
    }
}

fn match_value(call: &Call<'_>, regex: &Regex, groups: &Groups, found: &Captures<'_>) -> Value {
    let origin = call.arguments[1].origin.clone();
    let part = |part: Option<regex::Match<'_>>| match part {
        Some(part) => Value::text(nfc(part.as_str()), origin.clone()),
        None => Value::null(origin.clone()),
    };
    match groups {
        Groups::None => part(found.get(0)),
        Groups::Numbered => {
            let items = (1..found.len()).map(|index| part(found.get(index))).collect();
            call.made_list(items, ListFlavour::Tuple, None)
        }
        Groups::Named => {
            let names = regex.capture_names().flatten();
            let entries: BTreeMap<_, _> = names.map(|name| (name.into(), part(found.name(name)))).collect();
            call.made_map(entries, MapFlavour::Object, None)
        }
    }
}

fn regex(call: &Call<'_>) -> Answer {
    let pattern = call.known(0)?;
    let regex = compile(call, &pattern)?;
    let groups = groups_of(call, &regex)?;
    let text = call.text(1)?;
    let Some(known) = text.known() else {
        return Err(excluded(call, &pattern, text.prefix()).unwrap_or(Fault::Derived));
    };
    match regex.captures(known) {
        Some(found) => Ok(match_value(call, &regex, &groups, &found)),
        None => Err(call.wrong("the pattern does not match")),
    }
}

/// An anchored pattern that begins with a literal cannot match what begins otherwise.
fn excluded(call: &Call<'_>, pattern: &str, prefix: &str) -> Option<Fault> {
    let body = pattern.strip_prefix('^')?;
    if body.contains('|') || body.contains("(?") {
        return None;
    }
    let literal: String = body.chars().take_while(|c| c.is_alphanumeric() || "-_/: ".contains(*c)).collect();
    let next = body[literal.len()..].chars().next();
    // A repetition after the last character takes it back.
    let n_kept = literal.chars().count() - usize::from(next.is_some_and(|c| "*?{".contains(c)) && !literal.is_empty());
    let clash = literal.chars().take(n_kept).zip(prefix.chars()).any(|(a, b)| a != b);
    clash.then(|| call.wrong("the pattern does not match"))
}

fn regexall(call: &Call<'_>) -> Answer {
    let pattern = call.known(0)?;
    let regex = compile(call, &pattern)?;
    let groups = groups_of(call, &regex)?;
    let text = match call.known(1) {
        Ok(text) => text,
        Err(fault) => return matches_of_zone(call, &regex).ok_or(fault),
    };
    let matches = regex.captures_iter(&text).take(super::call::MOST_MEMBERS + 1);
    let items = matches.map(|found| match_value(call, &regex, &groups, &found)).collect();
    Ok(call.made_list(items, ListFlavour::List, None))
}

/// Names of zones are of one form, and so are their ids: a pattern that finds as much in one of each kind finds as much in
/// all of them.
const ZONES: [(&str, [&str; 6]); 2] = [
    (
        "names",
        [
            "us-east-1a",
            "eu-central-1c",
            "ap-southeast-2b",
            "us-gov-west-1a",
            "us-west-2-lax-1a",
            "us-east-1-wl1-bos-wlz-1",
        ],
    ),
    ("zone_ids", ["use1-az1", "euc1-az3", "apse2-az2", "usgw1-az1", "usw2-lax1-az1", "use1-wl1-bos-wlz1"]),
];

/// What a pattern finds in the name of a zone, whichever that is.
fn matches_of_zone(call: &Call<'_>, regex: &Regex) -> Option<Value> {
    let reference = call.arguments.get(1)?.as_reference()?;
    let owner = reference.address.rsplit_once('.').map_or("", |(owner, _)| owner);
    if !owner.ends_with("data.aws_availability_zones") {
        return None;
    }
    let attribute = reference.path.split(['.', '[']).next()?;
    let (_, samples) = ZONES.iter().find(|(name, _)| *name == attribute)?;
    let mut found = samples.iter().map(|sample| regex.find_iter(sample).count());
    let n_found = found.next()?;
    if found.any(|other| other != n_found) {
        return None;
    }
    let part = || Value::derived("regexall", call.arguments, call.arguments[1].origin.clone());
    Some(call.made_list((0..n_found).map(|_| part()).collect(), ListFlavour::List, None))
}

fn replace(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    let (needle, replacement) = (call.known(1)?, call.known(2)?);
    let pattern = needle.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    if let Some(pattern) = pattern.filter(|_| needle.len() > 1) {
        let regex = compile(call, pattern)?;
        let Some(known) = text.known() else { return Err(Fault::Derived) };
        return replace_pattern(call, &regex, known, &replacement);
    }
    let mut builder = TextBuilder::default();
    let pieces = text.pieces();
    let n_hits: usize = text.known().map_or(0, |known| known.matches(&*needle).count());
    if n_hits.saturating_mul(replacement.len()) > 4 * LONGEST_TEXT {
        return Err(call.unknown("limit-text", "a text with many replacements"));
    }
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Literal(literal, origin) => {
                let is_after_hole = index > 0;
                let is_before_hole = index + 1 < pieces.len();
                if (is_after_hole || is_before_hole) && crosses(literal, &needle, is_after_hole, is_before_hole) {
                    return Err(Fault::Derived);
                }
                if literal.matches(&*needle).count().saturating_mul(replacement.len()) > 4 * LONGEST_TEXT {
                    return Err(call.unknown("limit-text", "a text with many replacements"));
                }
                builder.literal(&nfc(&literal.replace(&*needle, &replacement)), origin);
            }
            Piece::Hole(hole) => {
                let arguments = [(**hole).clone(), call.arguments[1].clone(), call.arguments[2].clone()];
                builder.hole(Value::derived("replace", &arguments, hole.origin.clone()));
            }
        }
    }
    Ok(call.made(builder.finish()))
}

/// A longer needle is not tried at all borders.
const LONGEST_NEEDLE: usize = 4096;

/// Whether a hit may lie across the border of a literal and a hole.
fn crosses(literal: &str, needle: &str, is_after_hole: bool, is_before_hole: bool) -> bool {
    if needle.len() > LONGEST_NEEDLE {
        return true;
    }
    let borders = needle.char_indices().skip(1).map(|(at, _)| at);
    let (mut into_next, mut from_last) = (false, false);
    for at in borders {
        into_next |= literal.ends_with(&needle[..at]);
        from_last |= literal.starts_with(&needle[at..]);
    }
    // The empty needle stands at every border.
    let is_inside =
        needle.is_empty() || (is_after_hole && is_before_hole && needle.contains(literal) && needle != literal);
    (is_before_hole && into_next) || (is_after_hole && from_last) || ((is_before_hole || is_after_hole) && is_inside)
}

fn replace_pattern(call: &Call<'_>, regex: &Regex, text: &str, replacement: &str) -> Answer {
    let mut out = String::new();
    let mut end = 0;
    for found in regex.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        out.push_str(&text[end..whole.start()]);
        found.expand(replacement, &mut out);
        end = whole.end();
        if out.len() > 4 * LONGEST_TEXT {
            return Err(call.unknown("limit-text", "a text with many replacements"));
        }
    }
    out.push_str(&text[end..]);
    Ok(call.made_known(&out))
}
