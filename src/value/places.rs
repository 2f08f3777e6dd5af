//! From bytes of a text back to the bytes of the files that it was written in. Literal and source differ where there
//! are escapes and where a heredoc's indentation was taken off; the source is read again to find out how.

use std::cell::OnceCell;
use std::ops::Range;

use super::{Origin, Text};
use crate::source::{Span, World};

/// Answers many questions about one text; each stretch is compared with its source once.
pub struct Places<'a> {
    world: &'a World,
    stretches: Vec<Stretch<'a>>,
}

struct Stretch<'a> {
    range: Range<usize>,
    origin: Origin,
    literal: &'a str,
    mapping: OnceCell<Mapping>,
}

enum Mapping {
    /// From this byte of the file on, byte for byte.
    Direct(Span),
    /// For each byte of the literal (and its end) the byte of the file.
    Escaped(Span, Vec<u32>),
    /// Source and literal do not correspond.
    Whole(Option<Span>),
}

impl<'a> Places<'a> {
    pub fn new(text: &'a Text, world: &'a World) -> Places<'a> {
        let stretches = text.stretches().into_iter().map(|(range, origin, literal)| Stretch {
            range,
            origin,
            literal,
            mapping: OnceCell::new(),
        });
        Places { world, stretches: stretches.collect() }
    }

    /// Where a range of the literals is written. A range over several places in one file reaches from the first to the
    /// last; otherwise the first one is the place.
    pub fn span(&self, range: Range<usize>) -> Option<Span> {
        let stretch = self.stretch(range.start)?;
        let first = self.within(stretch, &range)?;
        if range.end <= stretch.range.end {
            return Some(first);
        }
        let stretch = self.stretch(range.end - 1)?;
        let last = self.within(stretch, &range)?;
        let is_one_place = last.file == first.file && last.end >= first.end;
        Some(if is_one_place { first.to(last) } else { first })
    }

    /// The origin of a range: the chain of its text, from the bytes of the range on.
    pub fn origin(&self, range: Range<usize>) -> Origin {
        let Some(stretch) = self.stretch(range.start) else { return Origin::none() };
        match self.span(range) {
            Some(span) => stretch.origin.narrowed(span),
            None => stretch.origin.clone(),
        }
    }

    /// A range, cut where another place begins.
    pub fn cut(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let first = self.stretches.partition_point(|stretch| stretch.range.end <= range.start);
        let touched = self.stretches[first..].iter().take_while(|stretch| stretch.range.start < range.end);
        touched.map(|it| it.range.start.max(range.start)..it.range.end.min(range.end)).collect()
    }

    fn stretch(&self, at: usize) -> Option<&Stretch<'a>> {
        let index = self.stretches.partition_point(|stretch| stretch.range.end <= at);
        self.stretches.get(index).or(self.stretches.last())
    }

    /// The part of a range that lies in one stretch.
    fn within(&self, stretch: &Stretch<'a>, range: &Range<usize>) -> Option<Span> {
        let start = range.start.clamp(stretch.range.start, stretch.range.end) - stretch.range.start;
        let end = range.end.clamp(stretch.range.start, stretch.range.end) - stretch.range.start;
        match stretch.mapping.get_or_init(|| self.mapping(stretch)) {
            Mapping::Direct(span) => Some(Span::new(span.file, span.start as usize + start, span.start as usize + end)),
            Mapping::Escaped(span, map) => {
                let (start, end) = (*map.get(start)?, *map.get(end)?);
                Some(Span { start, end: end.max(start), ..*span })
            }
            Mapping::Whole(span) => *span,
        }
    }

    fn mapping(&self, stretch: &Stretch<'_>) -> Mapping {
        let Some(span) = stretch.origin.span() else { return Mapping::Whole(None) };
        let whole = Mapping::Whole(Some(span));
        mapping_of(self.world.text(span), stretch.literal, span).unwrap_or(whole)
    }
}

fn mapping_of(source: &str, literal: &str, span: Span) -> Option<Mapping> {
    if source == literal {
        return Some(Mapping::Direct(span));
    }
    for escapes in [Escapes::Template, Escapes::Indented, Escapes::Quoted] {
        if let Some(map) = escape_map(source, literal, escapes) {
            return Some(Mapping::Escaped(span, map.into_iter().map(|at| at + span.start).collect()));
        }
    }
    let inside = source.strip_prefix('"')?.strip_suffix('"')?;
    let start = span.start as usize + 1;
    mapping_of(inside, literal, Span::new(span.file, start, start + inside.len()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// Heredocs and template files: `$${` and `%%{`.
    Template,
    /// The same with indentation taken off each line.
    Indented,
    /// Quoted texts: backslashes too.
    Quoted,
}

/// For each byte of the literal (and its end) the byte of the source that it begins at.
fn escape_map(source: &str, literal: &str, escapes: Escapes) -> Option<Vec<u32>> {
    let mut map = Vec::with_capacity(literal.len() + 1);
    let mut at = 0;
    let mut rest = literal;
    let mut is_line_start = true;
    while let Some(next) = source.get(at..).filter(|next| !next.is_empty()) {
        if is_line_start && escapes == Escapes::Indented {
            at += indentation(next).saturating_sub(indentation(rest));
            is_line_start = false;
            continue;
        }
        let (decoded, length) = decode_one(next, escapes)?;
        let mut buffer = [0; 4];
        rest = rest.strip_prefix(&*decoded.encode_utf8(&mut buffer))?;
        map.extend(std::iter::repeat_n(at as u32, decoded.len_utf8()));
        at += length;
        is_line_start = decoded == '\n';
    }
    map.push(at as u32);
    rest.is_empty().then_some(map)
}

fn indentation(text: &str) -> usize {
    text.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The next character and how many bytes of source it takes.
fn decode_one(source: &str, escapes: Escapes) -> Option<(char, usize)> {
    let first = source.chars().next()?;
    if source.starts_with("$${") || source.starts_with("%%{") {
        return Some((first, 2));
    }
    if first != '\\' || escapes != Escapes::Quoted {
        return Some((first, first.len_utf8()));
    }
    let hex = |digits: usize| {
        let code = u32::from_str_radix(source.get(2..2 + digits)?, 16).ok()?;
        Some((char::from_u32(code)?, 2 + digits))
    };
    match source.as_bytes().get(1)? {
        b'n' => Some(('\n', 2)),
        b'r' => Some(('\r', 2)),
        b't' => Some(('\t', 2)),
        b'b' => Some(('\u{8}', 2)),
        b'f' => Some(('\u{c}', 2)),
        escaped @ (b'"' | b'\\' | b'/') => Some((char::from(*escaped), 2)),
        b'u' => hex(4),
        b'U' => hex(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::source::{FileId, Span, WorldBuilder};
    use crate::value::{Origin, Text};

    /// The source of the part of a literal that was written as the whole of `source`.
    fn check(source: &str, literal: &str, part: &str, expected: &str) {
        let mut files = WorldBuilder::default();
        files.add_bytes("main.tf", source.as_bytes().to_vec(), true);
        let world = files.build();
        let text = Text::literal(literal, Origin::written(Span::new(FileId(0), 0, source.len())));
        let start = literal.find(part).expect("the part is in the literal");
        let place = text.place(&world, start..start + part.len());
        assert_eq!(place.map(|span| world.text(span)), Some(expected));
    }

    #[test]
    fn escapes_and_indentation() {
        check(r#"a\n$${b}c"#, "a\n${b}c", "c", "c");
        check(r#""a\"b\u00e9c""#, "a\"béc", "éc", r"\u00e9c");
        check("    {\n      \"a\": 1\n    }\n", "{\n  \"a\": 1\n}\n", "\"a\": 1", "\"a\": 1");
        check("x = 1", "something else", "else", "x = 1");
    }
}
