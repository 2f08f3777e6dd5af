//! Functions on texts. Most work on the pieces of a text with holes: what is known of the argument stays known.

use unicode_segmentation::UnicodeSegmentation;

use super::call::{Answer, Call, Fault, Function, MANY};
use super::{LONGEST_TEXT, Template};
use crate::logic::Tri;
use crate::value::{Kind, List, ListFlavour, Piece, Text, TextBuilder, Value, is_identity, nfc};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("chomp", 1, 1, chomp),
    Function::new("endswith", 2, 2, endswith),
    Function::new("indent", 2, 2, indent),
    Function::new("join", 2, MANY, join),
    Function::new("lower", 1, 1, lower),
    Function::new("split", 2, 2, split),
    Function::new("startswith", 2, 2, startswith),
    Function::new("strcontains", 2, 2, strcontains),
    Function::new("strrev", 1, 1, strrev),
    Function::new("substr", 3, 3, substr),
    Function::new("templatestring", 2, 2, templatestring),
    Function::new("title", 1, 1, title),
    Function::new("trim", 2, 2, trim),
    Function::new("trimprefix", 2, 2, trimprefix),
    Function::new("trimspace", 1, 1, trimspace),
    Function::new("trimsuffix", 2, 2, trimsuffix),
    Function::new("upper", 1, 1, upper),
];

/// Each literal changed by itself, each hole the same function of what stands in it.
fn each_piece(call: &Call<'_>, change: impl Fn(&str) -> String) -> Answer {
    let text = call.text(0)?;
    let mut builder = TextBuilder::default();
    for piece in text.pieces() {
        match piece {
            Piece::Literal(literal, origin) => builder.literal(&nfc(&change(literal)), origin),
            Piece::Hole(hole) => builder.hole(applied(call, hole)),
        }
    }
    Ok(call.made(builder.finish()))
}

/// The function of what stands in a hole, with the other arguments as they are.
fn applied(call: &Call<'_>, hole: &Value) -> Value {
    let mut arguments = vec![hole.clone()];
    arguments.extend(call.arguments.iter().skip(1).cloned());
    Value::derived(call.function.name, &arguments, hole.origin.clone())
}

fn lower(call: &Call<'_>) -> Answer {
    each_piece(call, |literal| literal.chars().map(lower_one).collect())
}

fn upper(call: &Call<'_>) -> Answer {
    each_piece(call, |literal| literal.chars().map(upper_one).collect())
}

/// One character for one, as Terraform maps them: `ß` has no great letter of its own.
fn upper_one(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn lower_one(c: char) -> char {
    if c == '\u{130}' {
        return 'i';
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn title(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    let mut builder = TextBuilder::default();
    let mut before = Some(' ');
    for piece in text.pieces() {
        match piece {
            Piece::Hole(hole) => {
                builder.hole(applied(call, hole));
                before = None;
            }
            Piece::Literal(literal, origin) => {
                let starts_apart = literal.starts_with(is_separator);
                if before.is_none() && !starts_apart {
                    // Whether the first letter begins a word depends on the hole: nothing more is certain.
                    builder.hole(applied(call, &call.arguments[0]));
                    return Ok(call.made(builder.finish()));
                }
                let mut last = before.unwrap_or(' ');
                let titled: String = literal
                    .chars()
                    .map(|c| if is_separator(std::mem::replace(&mut last, c)) { upper_one(c) } else { c })
                    .collect();
                builder.literal(&nfc(&titled), origin);
                before = Some(last);
            }
        }
    }
    Ok(call.made(builder.finish()))
}

/// What stands between words: ASCII other than letters, digits and `_`; beyond ASCII white space.
fn is_separator(c: char) -> bool {
    if c.is_ascii() { !c.is_ascii_alphanumeric() && c != '_' } else { !c.is_alphanumeric() && c.is_whitespace() }
}

fn startswith(call: &Call<'_>) -> Answer {
    let (text, needle) = (call.text(0)?, call.text(1)?);
    let tri = match needle.known() {
        Some(known) => text.starts_with(known),
        None if text.equals(&needle) == Tri::True => Tri::True,
        None => text.starts_with(needle.prefix()).and(Tri::Unknown),
    };
    call.made_tri(tri)
}

fn endswith(call: &Call<'_>) -> Answer {
    let (text, needle) = (call.text(0)?, call.text(1)?);
    let tri = match needle.known() {
        Some(known) => text.ends_with(known),
        None if text.equals(&needle) == Tri::True => Tri::True,
        None => text.ends_with(needle.suffix()).and(Tri::Unknown),
    };
    call.made_tri(tri)
}

fn strcontains(call: &Call<'_>) -> Answer {
    let (text, needle) = (call.text(0)?, call.text(1)?);
    let tri = match (needle.known(), text.known()) {
        (Some(known), _) => text.contains(known),
        (None, _) if text.equals(&needle) == Tri::True => Tri::True,
        (None, Some(text)) if needle.pieces().iter().any(|piece| is_absent(text, piece)) => Tri::False,
        (None, _) => Tri::Unknown,
    };
    call.made_tri(tri)
}

fn is_absent(text: &str, piece: &Piece) -> bool {
    match piece {
        Piece::Literal(literal, _) => !text.contains(&**literal),
        Piece::Hole(_) => false,
    }
}

fn indent(call: &Call<'_>) -> Answer {
    let n_blanks = call.integer(0)?;
    let text = call.text(1)?;
    let n_blanks = usize::try_from(n_blanks).map_err(|_| call.wrong("the number of blanks must not be negative"))?;
    let n_lines = text.pieces().iter().map(|piece| match piece {
        Piece::Literal(literal, _) => literal.matches('\n').count(),
        Piece::Hole(_) => 0,
    });
    let n_lines: usize = n_lines.sum();
    if n_lines.saturating_mul(n_blanks) > LONGEST_TEXT {
        return Err(call.unknown("limit-text", format!("{n_lines} lines indented by {n_blanks}")));
    }
    let newline = if n_lines == 0 { String::new() } else { format!("\n{}", " ".repeat(n_blanks)) };
    let mut builder = TextBuilder::default();
    for piece in text.pieces() {
        match piece {
            Piece::Hole(hole) if is_plain(hole) => builder.hole((**hole).clone()),
            Piece::Hole(hole) => {
                let arguments = [call.arguments[0].clone(), (**hole).clone()];
                builder.hole(Value::derived("indent", &arguments, hole.origin.clone()));
            }
            Piece::Literal(literal, origin) => {
                // Line by line, so that each keeps its place.
                for line in literal.split_inclusive('\n') {
                    match line.strip_suffix('\n') {
                        Some(body) => {
                            builder.literal(body, origin);
                            builder.literal(&newline, origin);
                        }
                        None => builder.literal(line, origin),
                    }
                }
            }
        }
    }
    Ok(call.made(builder.finish()))
}

/// What identifies a resource has no white space and is not empty.
fn is_plain(hole: &Value) -> bool {
    hole.as_reference().is_some_and(is_identity)
}

fn join(call: &Call<'_>) -> Answer {
    let separator = call.text(0)?;
    let mut builder = TextBuilder::default();
    let mut is_first = true;
    for index in 1..call.arguments.len() {
        let list = call.list(index)?;
        check_members(call, list)?;
        let is_set = list.flavour == ListFlavour::Set;
        if (is_set && list.items.iter().any(|item| !item.is_wholly_known())) || !list.is_indexed {
            return Err(Fault::Derived);
        }
        for item in &list.items {
            let Some(text) = call.text_of(item) else { return Err(Fault::Derived) };
            if !std::mem::replace(&mut is_first, false) {
                builder.text(&separator);
            }
            builder.text(&text);
            if builder.known_length() > 2 * LONGEST_TEXT {
                return Err(call.unknown("limit-text", "a text of many members joined"));
            }
        }
        if list.open.is_some() {
            // What follows the known members, and the lists after this one, is one hole.
            builder.hole(Value::derived("join", call.arguments, call.arguments[index].origin.clone()));
            return Ok(call.made(builder.finish()));
        }
    }
    Ok(call.made(builder.finish()))
}

fn check_members(call: &Call<'_>, list: &List) -> Result<(), Fault> {
    match list.items.iter().find(|item| matches!(item.kind, Kind::Null | Kind::List(_) | Kind::Map(_))) {
        Some(item) => Err(call.wrong(format!("only texts can be joined, not {}", item.kind_name()))),
        None => Ok(()),
    }
}

fn split(call: &Call<'_>) -> Answer {
    let (separator, text) = (call.known(0)?, call.text(1)?);
    let origin = call.arguments[1].origin.clone();
    let member = |part: &str, at: usize| {
        let own = text.origin_at(at).map_or(&origin, |(origin, _)| origin);
        Value::text(part, own.clone())
    };
    let prefix = text.prefix();
    let parts: Vec<(usize, &str)> = match separator.is_empty() {
        true => prefix.char_indices().map(|(at, c)| (at, &prefix[at..at + c.len_utf8()])).collect(),
        false => {
            let mut at = 0;
            let step = |part: &'_ str| {
                let start = at;
                at += part.len() + separator.len();
                start
            };
            let starts: Vec<usize> = prefix.split(&*separator).map(step).collect();
            starts.into_iter().zip(prefix.split(&*separator)).collect()
        }
    };
    let is_known = text.known().is_some();
    // With a hole, the part that touches it is not whole.
    let n_whole = if is_known || separator.is_empty() { parts.len() } else { parts.len() - 1 };
    let items = parts[..n_whole].iter().map(|(at, part)| member(part, *at)).collect();
    let open = if is_known { None } else { call.arguments[1].first_reason() };
    Ok(call.made_list(items, ListFlavour::List, open))
}

fn strrev(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    let joins_hole = |piece: &Piece| match piece {
        Piece::Literal(literal, _) => !literal.is_ascii() || literal.contains(['\r', '\n']),
        Piece::Hole(_) => false,
    };
    // A cluster may go on in a hole.
    if text.known().is_none() && text.pieces().iter().any(joins_hole) {
        return Err(Fault::Derived);
    }
    let mut builder = TextBuilder::default();
    for piece in text.pieces().iter().rev() {
        match piece {
            Piece::Literal(literal, origin) => {
                builder.literal(&literal.graphemes(true).rev().collect::<String>(), origin)
            }
            Piece::Hole(hole) => builder.hole(applied(call, hole)),
        }
    }
    Ok(call.made(builder.finish()))
}

fn substr(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    let (offset, length) = (call.integer(1)?, call.integer(2)?);
    if offset >= 0 && length == 0 {
        return Ok(call.made_known(""));
    }
    let Some(known) = text.known() else {
        // Known only if it lies in the known prefix, whose last cluster may go on in the hole.
        let n_whole = text.prefix().graphemes(true).count().saturating_sub(1);
        let end = offset.checked_add(length).and_then(|end| usize::try_from(end).ok());
        return match (usize::try_from(offset), end) {
            (Ok(offset), Some(end)) if length > 0 && (end <= n_whole || ends_before_hole(&text, end)) => {
                let part: String = text.prefix().graphemes(true).skip(offset).take(length as usize).collect();
                Ok(Value::text(part, call.origin()))
            }
            _ => Err(Fault::Derived),
        };
    };
    let n_clusters = known.graphemes(true).count() as i64;
    let start = if offset < 0 { offset.saturating_add(n_clusters).max(0) } else { offset };
    let rest = known.graphemes(true).skip(usize::try_from(start).unwrap_or(usize::MAX));
    // A length of nought after a negative offset is the rest: so Terraform does.
    let part: String = match usize::try_from(length) {
        Err(_) | Ok(0) => rest.collect(),
        Ok(length) => rest.take(length).collect(),
    };
    Ok(Value::text(part, call.origin()))
}

/// Whether the prefix has exactly this many clusters and ends in plain ASCII, which joins nothing that people write
/// into names.
fn ends_before_hole(text: &Text, n_clusters: usize) -> bool {
    let prefix = text.prefix();
    prefix.is_ascii() && !prefix.ends_with('\r') && prefix.graphemes(true).count() == n_clusters
}

fn templatestring(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    let variables = call.map(1)?;
    if text.known().is_none() {
        return Err(Fault::Derived);
    }
    Ok(call.context.templates.render(Template::Text(&text), variables))
}

fn chomp(call: &Call<'_>) -> Answer {
    trimmed(call, |c| c == '\n' || c == '\r', Ends::Last)
}

fn trim(call: &Call<'_>) -> Answer {
    let set = call.known(1)?;
    trimmed(call, |c| set.contains(c), Ends::Both)
}

fn trimspace(call: &Call<'_>) -> Answer {
    trimmed(call, char::is_whitespace, Ends::Both)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Last,
    Both,
}

/// Cuts characters off the ends. At an end that is a hole, what may be cut belongs to the hole.
fn trimmed(call: &Call<'_>, is_cut: impl Fn(char) -> bool, ends: Ends) -> Answer {
    let text = call.text(0)?;
    let mut pieces: Vec<Piece> = text.pieces().to_vec();
    cut_last(call, &mut pieces, |literal| literal.trim_end_matches(&is_cut).len());
    if ends == Ends::Both {
        pieces.reverse();
        // Lengths count from the other side now.
        cut_first(call, &mut pieces, |literal| literal.trim_start_matches(&is_cut).len());
        pieces.reverse();
    }
    if text.pieces().len() == 1 && text.known().is_none() {
        return Err(Fault::Derived);
    }
    Ok(call.made(Text::from_pieces(pieces)))
}

fn cut_last(call: &Call<'_>, pieces: &mut Vec<Piece>, kept: impl Fn(&str) -> usize) {
    cut_end(call, pieces, |literal| literal[..kept(literal)].to_owned());
}

fn cut_first(call: &Call<'_>, pieces: &mut Vec<Piece>, kept: impl Fn(&str) -> usize) {
    cut_end(call, pieces, |literal| literal[literal.len() - kept(literal)..].to_owned());
}

/// Takes what is cut off the end of the pieces; a hole met on the way swallows the literal after it that may go too.
fn cut_end(call: &Call<'_>, pieces: &mut Vec<Piece>, rest_of: impl Fn(&str) -> String) {
    let mut swallowed: Option<Value> = None;
    while let Some(last) = pieces.pop() {
        match last {
            Piece::Literal(literal, origin) => {
                let rest = rest_of(&literal);
                if !rest.is_empty() {
                    pieces.push(Piece::Literal(rest.into(), origin));
                    break;
                }
            }
            Piece::Hole(hole) if is_plain(&hole) => {
                pieces.push(Piece::Hole(hole));
                break;
            }
            Piece::Hole(hole) => {
                let inner =
                    swallowed.take().map_or_else(|| vec![(*hole).clone()], |after| vec![(*hole).clone(), after]);
                swallowed = Some(Value::derived(call.function.name, &inner, hole.origin.clone()));
            }
        }
    }
    if let Some(hole) = swallowed {
        pieces.push(Piece::Hole(Box::new(hole)));
    }
}

fn trimprefix(call: &Call<'_>) -> Answer {
    let (text, prefix) = (call.text(0)?, call.known(1)?);
    match (text.starts_with(&prefix), text.prefix().strip_prefix(&*prefix)) {
        (Tri::False, _) => Ok(call.made(text)),
        (Tri::True, Some(rest)) => {
            let rest = rest.to_owned();
            let mut pieces = text.pieces().to_vec();
            if let Some(Piece::Literal(literal, _)) = pieces.first_mut() {
                *literal = rest.into();
            }
            Ok(call.made(Text::from_pieces(pieces)))
        }
        (Tri::True | Tri::Unknown, _) => Err(Fault::Derived),
    }
}

fn trimsuffix(call: &Call<'_>) -> Answer {
    let (text, suffix) = (call.text(0)?, call.known(1)?);
    match (text.ends_with(&suffix), text.suffix().strip_suffix(&*suffix)) {
        (Tri::False, _) => Ok(call.made(text)),
        (Tri::True, Some(rest)) => {
            let rest = rest.to_owned();
            let mut pieces = text.pieces().to_vec();
            if let Some(Piece::Literal(literal, _)) = pieces.last_mut() {
                *literal = rest.into();
            }
            Ok(call.made(Text::from_pieces(pieces)))
        }
        (Tri::True | Tri::Unknown, _) => Err(Fault::Derived),
    }
}
