//! `format` and `formatlist`: the verbs of Go's printing as Terraform has them, on values that may be unknown.

use unicode_segmentation::UnicodeSegmentation;

use super::LONGEST_TEXT;
use super::call::{Answer, Call, Fault, Function, MANY};
use super::digits::Digits;
use super::json::{quoted, to_json};
use crate::value::{
    Kind, ListFlavour, Number, Origin, TerraformError, Text, TextBuilder, Type, Value, convert, is_identity,
};

pub(super) const FUNCTIONS: &[Function] =
    &[Function::new("format", 1, MANY, format_one), Function::new("formatlist", 1, MANY, format_list)];

/// Widths and precisions beyond this are refused rather than printed.
const WIDEST: usize = 64 << 10;

#[derive(Debug, Default)]
struct Verb {
    /// Where it stands in the format, as written.
    text: String,
    mode: char,
    /// From 0.
    argument: usize,
    is_sharp: bool,
    is_plus: bool,
    is_left: bool,
    is_spaced: bool,
    is_zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

enum Part {
    Literal(String),
    Verb(Verb),
}

fn format_one(call: &Call<'_>) -> Answer {
    let format = call.known(0)?;
    let parts = parse(call, &format)?;
    let arguments: Vec<&Value> = call.arguments[1..].iter().collect();
    Ok(call.made(print(call, &parts, &arguments)?))
}

fn format_list(call: &Call<'_>) -> Answer {
    let format = call.known(0)?;
    let parts = parse(call, &format)?;
    let arguments = &call.arguments[1..];
    let mut length: Option<usize> = None;
    let mut open = None;
    for (index, argument) in arguments.iter().enumerate() {
        match &argument.kind {
            // What is not known may be a list or not, save what identifies a resource.
            Kind::Unknown(_) => return Err(Fault::Derived),
            Kind::Reference(reference) if !is_identity(reference) => return Err(Fault::Derived),
            Kind::List(list) => {
                if !list.is_indexed || (list.flavour == ListFlavour::Set && !argument.is_wholly_known()) {
                    return Err(Fault::Derived);
                }
                let n_members = list.items.len();
                match (length, &list.open) {
                    (Some(length), None) if length != n_members && open.is_none() => {
                        let message = format!("argument {} has {n_members} members, others have {length}", index + 2);
                        return Err(call.wrong(message));
                    }
                    (length_so_far, _) => length = Some(length_so_far.map_or(n_members, |it| it.min(n_members))),
                }
                open = open.or_else(|| list.open.clone());
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Map(_) | Kind::Reference(_) => {}
        }
    }
    let mut items = Vec::new();
    for index in 0..length.unwrap_or(1) {
        let row: Vec<&Value> = arguments
            .iter()
            .filter_map(|argument| match &argument.kind {
                Kind::List(list) => list.items.get(index),
                _ => Some(argument),
            })
            .collect();
        items.push(call.made(print(call, &parts, &row)?));
    }
    Ok(call.made_list(items, ListFlavour::List, open))
}

fn parse(call: &Call<'_>, format: &str) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::new();
    let mut rest = format;
    let mut next = 0;
    while let Some(at) = rest.find('%') {
        parts.push(Part::Literal(rest[..at].to_owned()));
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("%%") {
            parts.push(Part::Literal("%".to_owned()));
            rest = after;
            continue;
        }
        let (verb, length) = parse_verb(call, rest, next)?;
        next = verb.argument + 1;
        parts.push(Part::Verb(verb));
        rest = &rest[length..];
    }
    parts.push(Part::Literal(rest.to_owned()));
    Ok(parts)
}

/// One verb at the start of a text, and its length.
fn parse_verb(call: &Call<'_>, text: &str, next: usize) -> Result<(Verb, usize), Fault> {
    let mut verb = Verb { argument: next, ..Verb::default() };
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        match bytes.get(at) {
            Some(b'#') => verb.is_sharp = true,
            Some(b'+') => verb.is_plus = true,
            Some(b'-') => verb.is_left = true,
            Some(b' ') => verb.is_spaced = true,
            Some(b'0') => verb.is_zero = true,
            _ => break,
        }
        at += 1;
    }
    verb.width = digits(call, text, &mut at)?;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        verb.precision = Some(digits(call, text, &mut at)?.unwrap_or(0));
    }
    if bytes.get(at) == Some(&b'[') {
        at += 1;
        let index = digits(call, text, &mut at)?.filter(|index| *index > 0);
        let (Some(index), Some(b']')) = (index, bytes.get(at)) else {
            return Err(call.wrong("`%[` must be followed by the number of an argument and `]`"));
        };
        verb.argument = index - 1;
        at += 1;
    }
    let Some(mode) = text[at..].chars().next() else {
        return Err(call.wrong("the format ends in the middle of a verb"));
    };
    if !"vtbdoxXeEfgGsq".contains(mode) {
        return Err(call.wrong(format!("`%{mode}` is no verb")));
    }
    let end = at + mode.len_utf8();
    verb.mode = mode;
    text[..end].clone_into(&mut verb.text);
    Ok((verb, end))
}

fn digits(call: &Call<'_>, text: &str, at: &mut usize) -> Result<Option<usize>, Fault> {
    let length = text[*at..].bytes().take_while(u8::is_ascii_digit).count();
    let digits = &text[*at..*at + length];
    *at += length;
    if digits.is_empty() {
        return Ok(None);
    }
    match digits.parse::<usize>() {
        Ok(number) if number <= WIDEST => Ok(Some(number)),
        Ok(_) | Err(_) => Err(call.unknown("limit-text", format!("a width of {digits} in a format"))),
    }
}

fn print(call: &Call<'_>, parts: &[Part], arguments: &[&Value]) -> Result<Text, Fault> {
    let mut builder = TextBuilder::default();
    let mut n_used = 0;
    let origin = &call.arguments[0].origin;
    for part in parts {
        match part {
            Part::Literal(text) => builder.literal(text, origin),
            Part::Verb(verb) => {
                let Some(argument) = arguments.get(verb.argument) else {
                    return Err(call.wrong(format!("`{}` has no argument", verb.text)));
                };
                n_used = n_used.max(verb.argument + 1);
                builder.text(&print_one(call, verb, argument)?);
            }
        }
        if builder.known_length() > 2 * LONGEST_TEXT {
            return Err(call.unknown("limit-text", "a formatted text"));
        }
    }
    if n_used < arguments.len() {
        return Err(call.wrong(format!("the format uses {n_used} of {} arguments", arguments.len())));
    }
    Ok(builder.finish())
}

fn print_one(call: &Call<'_>, verb: &Verb, argument: &Value) -> Result<Text, Fault> {
    let refused = |error: TerraformError| call.wrong(format!("`{}`: {error}", verb.text));
    if matches!(argument.kind, Kind::Null) && verb.mode != 'v' {
        return Err(call.wrong(format!("`{}` cannot print null", verb.text)));
    }
    let wanted = match verb.mode {
        'v' => return print_any(call, verb, argument),
        't' => Type::Bool,
        's' | 'q' => Type::Text,
        _ => Type::Number,
    };
    let converted = convert(argument, &wanted).map_err(refused)?;
    let hole = |value: &Value| {
        let verb = Value::text(&verb.text, Origin::none());
        Value::derived("format", &[verb, value.clone()], value.origin.clone())
    };
    let text = match &converted.kind {
        Kind::Bool(value) => pad(verb, if *value { "true" } else { "false" }),
        Kind::Number(number) => print_number(call, verb, *number)?,
        Kind::Text(text) => match text.known() {
            Some(known) => pad(verb, &shortened(verb, known)),
            None if verb.mode == 's' && verb.width.is_none() && verb.precision.is_none() => return Ok(text.clone()),
            None => return Ok(Text::hole(hole(&converted))),
        },
        Kind::Reference(_) | Kind::Unknown(_)
            if verb.mode == 's' && verb.width.is_none() && verb.precision.is_none() =>
        {
            return Ok(Text::hole(converted.never_null()));
        }
        _ => return Ok(Text::hole(hole(&converted))),
    };
    Ok(Text::literal(&text, converted.origin))
}

/// `%v`: texts and numbers as they are, everything else as JSON.
fn print_any(call: &Call<'_>, verb: &Verb, argument: &Value) -> Result<Text, Fault> {
    if !verb.is_sharp {
        match &argument.kind {
            Kind::Text(text) if verb.width.is_none() => return Ok(text.clone()),
            Kind::Text(text) => {
                if let Some(known) = text.known() {
                    return Ok(Text::literal(&pad(verb, known), argument.origin.clone()));
                }
            }
            Kind::Number(number) => {
                let text = pad(verb, &Digits::of(*number).shortest(false));
                return Ok(Text::literal(&text, argument.origin.clone()));
            }
            Kind::Reference(_) | Kind::Unknown(_) if verb.width.is_none() => {
                return Ok(Text::hole(argument.clone().never_null()));
            }
            _ => {}
        }
    }
    let json = to_json(argument).map_err(|error| call.wrong(error))?;
    match (json.known(), verb.width) {
        (Some(known), _) => Ok(Text::literal(&pad(verb, known), argument.origin.clone())),
        (None, None) => Ok(json),
        (None, Some(_)) => Ok(Text::hole(Value::derived("format", std::slice::from_ref(argument), Origin::none()))),
    }
}

fn shortened(verb: &Verb, text: &str) -> String {
    let text: String = match verb.precision {
        Some(precision) => text.graphemes(true).take(precision).collect(),
        None => text.to_owned(),
    };
    if verb.mode == 'q' { quoted(&text) } else { text }
}

/// Fills up to the width, counted in grapheme clusters.
fn pad(verb: &Verb, text: &str) -> String {
    let missing = verb.width.unwrap_or(0).saturating_sub(text.graphemes(true).count());
    let filling = if verb.is_zero { "0" } else { " " }.repeat(missing);
    if verb.is_left { format!("{text}{filling}") } else { format!("{filling}{text}") }
}

fn print_number(call: &Call<'_>, verb: &Verb, number: Number) -> Result<String, Fault> {
    let is_negative = number.mantissa() < 0;
    let body = match verb.mode {
        'b' | 'd' | 'o' | 'x' | 'X' => {
            if !number.is_whole() {
                return Err(call.wrong(format!("`{}` needs a whole number, not {number}", verb.text)));
            }
            print_whole(verb, number.mantissa().unsigned_abs())
        }
        'f' => Digits::of(number).fixed(verb.precision.unwrap_or(6)),
        'e' | 'E' => Digits::of(number).scientific(verb.precision.unwrap_or(6), verb.mode == 'E'),
        _ => match verb.precision {
            Some(precision) => Digits::of(number).general(precision, verb.mode == 'G'),
            None => Digits::of(number).shortest(verb.mode == 'G'),
        },
    };
    let body = body.strip_prefix('-').unwrap_or(&body);
    let sign = match (is_negative, verb.is_plus, verb.is_spaced) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    };
    let has_precision = verb.precision.is_some() && "bdoxX".contains(verb.mode);
    if verb.is_zero && !verb.is_left && !has_precision {
        let missing = verb.width.unwrap_or(0).saturating_sub(sign.len() + body.len());
        return Ok(format!("{sign}{}{body}", "0".repeat(missing)));
    }
    let blank = Verb { width: verb.width, is_left: verb.is_left, ..Verb::default() };
    Ok(pad(&blank, &format!("{sign}{body}")))
}

fn print_whole(verb: &Verb, magnitude: u128) -> String {
    let digits = match verb.mode {
        'b' => format!("{magnitude:b}"),
        'o' => format!("{magnitude:o}"),
        'x' => format!("{magnitude:x}"),
        'X' => format!("{magnitude:X}"),
        _ => magnitude.to_string(),
    };
    let missing = verb.precision.unwrap_or(0).saturating_sub(digits.len());
    let prefix = match (verb.is_sharp, verb.mode) {
        (true, 'b') => "0b",
        (true, 'o') => "0",
        (true, 'x') => "0x",
        (true, 'X') => "0X",
        _ => "",
    };
    format!("{prefix}{}{digits}", "0".repeat(missing))
}
