//! Text as pieces, each literal or a hole: `"${repo}:latest"` has a known end. Whoever asks gets an answer in three
//! values as soon as the known pieces decide. The shapes of references count: an ARN begins with `arn:`.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use unicode_normalization::{UnicodeNormalization, is_nfc_quick};

use super::equal::same_hole;
use super::identity::{ShapePart, shape};
use super::places::Places;
use super::{Kind, Origin, Value};
use crate::logic::Tri;
use crate::source::{Span, World};

#[derive(Clone, Debug)]
pub struct Text(Pieces);

/// Most texts are of one piece and have nothing else, and those need no list.
#[derive(Clone, Debug)]
enum Pieces {
    One(Piece),
    Many(Arc<[Piece]>, Option<Arc<Extra>>),
}

#[derive(Clone, Debug)]
pub enum Piece {
    /// A literal with the place it was written at (the piece's own, inside a template or heredoc).
    Literal(Arc<str>, Origin),
    /// A reference or an unknown.
    Hole(Box<Value>),
}

impl Pieces {
    fn of(mut pieces: Vec<Piece>, extra: Option<Arc<Extra>>) -> Pieces {
        match pieces.pop() {
            Some(only) if pieces.is_empty() && extra.is_none() => Pieces::One(only),
            last => {
                pieces.extend(last);
                Pieces::Many(pieces.into(), extra)
            }
        }
    }
}

/// What few texts have: literals that melted from several places, and the value that the text wraps.
#[derive(Clone, Debug, Default)]
struct Extra {
    seams: Vec<Seam>,
    wraps: Option<Wrapped>,
}

/// From this byte of all literals on, the text was written at this place.
#[derive(Clone, Debug)]
struct Seam {
    start: usize,
    origin: Origin,
}

/// The value that a function turned into this text.
#[derive(Clone, Debug)]
pub struct Wrapped {
    pub by: Wrapper,
    pub value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    Json,
    Yaml,
    Base64,
    Gzip,
}

/// A stretch of a text as seen by comparisons.
enum Part<'a> {
    Known(&'a str),
    Open,
}

impl Text {
    pub fn literal(text: &str, origin: Origin) -> Text {
        Text::shared(text.into(), origin)
    }

    /// A literal that shares its bytes with the tree it was read from.
    pub fn shared(text: Arc<str>, origin: Origin) -> Text {
        Text(Pieces::One(Piece::Literal(text, origin)))
    }

    pub fn hole(value: Value) -> Text {
        Text(Pieces::One(Piece::Hole(Box::new(value))))
    }

    /// Melts adjacent literals and drops empty ones; each stretch keeps its own place.
    pub fn from_pieces(pieces: impl IntoIterator<Item = Piece>) -> Text {
        let mut builder = TextBuilder::default();
        for piece in pieces {
            match piece {
                Piece::Literal(text, origin) => builder.literal(&text, &origin),
                Piece::Hole(value) => builder.hole(*value),
            }
        }
        builder.finish()
    }

    pub fn wrapping(self, by: Wrapper, value: Value) -> Text {
        let extra = Extra { seams: self.seams().to_vec(), wraps: Some(Wrapped { by, value }) };
        let pieces = match self.0 {
            Pieces::One(piece) => Arc::from([piece]),
            Pieces::Many(pieces, _) => pieces,
        };
        Text(Pieces::Many(pieces, Some(Arc::new(extra))))
    }

    /// The same text with other values in its holes.
    pub fn with_holes(&self, change: impl Fn(&Value) -> Value) -> Text {
        let pieces = self.pieces().iter().map(|piece| match piece {
            Piece::Hole(hole) => Piece::Hole(Box::new(change(hole))),
            Piece::Literal(..) => piece.clone(),
        });
        Text(Pieces::of(pieces.collect(), self.extra().cloned()))
    }

    /// The value behind a text that a function made of it.
    pub fn wrapped(&self) -> Option<&Wrapped> {
        self.extra()?.wraps.as_ref()
    }

    pub fn pieces(&self) -> &[Piece] {
        match &self.0 {
            Pieces::One(piece) => std::slice::from_ref(piece),
            Pieces::Many(pieces, _) => pieces,
        }
    }

    fn extra(&self) -> Option<&Arc<Extra>> {
        match &self.0 {
            Pieces::One(_) => None,
            Pieces::Many(_, extra) => extra.as_ref(),
        }
    }

    /// Whether nothing but its pieces makes it: it melted from no several places and wraps nothing.
    pub fn is_plain(&self) -> bool {
        matches!(&self.0, Pieces::One(_) | Pieces::Many(_, None))
    }

    fn seams(&self) -> &[Seam] {
        self.extra().map_or(&[], |extra| &extra.seams)
    }

    pub fn holes(&self) -> impl Iterator<Item = &Value> {
        self.pieces().iter().filter_map(|piece| match piece {
            Piece::Hole(value) => Some(&**value),
            Piece::Literal(..) => None,
        })
    }

    /// The whole text, if nothing is missing.
    pub fn known(&self) -> Option<&str> {
        match self.pieces() {
            [Piece::Literal(text, _)] => Some(text),
            _ => None,
        }
    }

    /// The literal before the first hole (the whole text if there is none).
    pub fn prefix(&self) -> &str {
        match self.pieces().first() {
            Some(Piece::Literal(text, _)) => text,
            Some(Piece::Hole(_)) | None => "",
        }
    }

    /// The literal after the last hole (the whole text if there is none).
    pub fn suffix(&self) -> &str {
        match self.pieces().last() {
            Some(Piece::Literal(text, _)) => text,
            Some(Piece::Hole(_)) | None => "",
        }
    }

    /// How many bytes the literals have together.
    pub fn known_length(&self) -> usize {
        self.pieces().iter().map(literal_length).sum()
    }

    /// The origin of the literal that holds a byte of all literals, with the bytes that came from there.
    pub fn origin_at(&self, at: usize) -> Option<(&Origin, Range<usize>)> {
        let (origin, piece) = self.piece_at(at)?;
        let seams = self.seams();
        let next = seams.partition_point(|seam| seam.start <= at);
        let end = seams.get(next).map_or(piece.end, |seam| seam.start.min(piece.end));
        match next.checked_sub(1).and_then(|index| seams.get(index)) {
            Some(seam) if seam.start > piece.start => Some((&seam.origin, seam.start..end)),
            _ => Some((origin, piece.start..end)),
        }
    }

    fn piece_at(&self, at: usize) -> Option<(&Origin, Range<usize>)> {
        let mut start = 0;
        for piece in self.pieces().iter() {
            let Piece::Literal(text, origin) = piece else { continue };
            let end = start + text.len();
            if at < end || (at == end && at == self.known_length()) {
                return Some((origin, start..end));
            }
            start = end;
        }
        None
    }

    /// Where bytes of the literals are written, as near as the source tells. For many questions, `Places`.
    pub fn place(&self, world: &World, range: Range<usize>) -> Option<Span> {
        Places::new(self, world).span(range)
    }

    /// The stretches of the literals, each with its origin, in order.
    pub fn stretches(&self) -> Vec<(Range<usize>, Origin, &str)> {
        let seams = self.seams();
        let mut seams = seams.iter().peekable();
        let mut stretches = Vec::new();
        let mut start = 0;
        for piece in self.pieces().iter() {
            let Piece::Literal(text, origin) = piece else { continue };
            let end = start + text.len();
            let (mut at, mut origin) = (start, origin);
            while let Some(seam) = seams.next_if(|seam| seam.start < end) {
                stretches.push((at..seam.start, origin.clone(), &text[at - start..seam.start - start]));
                (at, origin) = (seam.start, &seam.origin);
            }
            stretches.push((at..end, origin.clone(), &text[at - start..]));
            start = end;
        }
        stretches
    }

    pub fn starts_with(&self, needle: &str) -> Tri {
        let mut rest = needle;
        for part in self.parts() {
            let Part::Known(text) = part else { return if rest.is_empty() { Tri::True } else { Tri::Unknown } };
            if text.starts_with(rest) {
                return Tri::True;
            }
            match rest.strip_prefix(text) {
                Some(after) => rest = after,
                None => return Tri::False,
            }
        }
        Tri::from(rest.is_empty())
    }

    pub fn ends_with(&self, needle: &str) -> Tri {
        let mut rest = needle;
        for part in self.parts().into_iter().rev() {
            let Part::Known(text) = part else { return if rest.is_empty() { Tri::True } else { Tri::Unknown } };
            if text.ends_with(rest) {
                return Tri::True;
            }
            match rest.strip_suffix(text) {
                Some(before) => rest = before,
                None => return Tri::False,
            }
        }
        Tri::from(rest.is_empty())
    }

    pub fn contains(&self, needle: &str) -> Tri {
        let mut run = String::new();
        for part in self.parts() {
            match part {
                Part::Known(text) => run.push_str(text),
                Part::Open if run.contains(needle) => return Tri::True,
                Part::Open => run.clear(),
            }
        }
        match (run.contains(needle), self.known()) {
            (true, _) => Tri::True,
            (false, Some(_)) => Tri::False,
            (false, None) => Tri::Unknown,
        }
    }

    pub fn equals_str(&self, other: &str) -> Tri {
        if let Some(known) = self.known() {
            return Tri::from(known == other);
        }
        if fits(&self.parts(), other) { Tri::Unknown } else { Tri::False }
    }

    /// Equal pieces are equal texts; ends that exclude each other make different ones.
    pub fn equals(&self, other: &Text) -> Tri {
        if let Some(known) = other.known() {
            return self.equals_str(known);
        }
        if let Some(known) = self.known() {
            return other.equals_str(known);
        }
        match self.same_frame(other) {
            Some(Tri::True) => return Tri::True,
            Some(Tri::False) => return Tri::False,
            Some(Tri::Unknown) | None => {}
        }
        let (a, b) = (known_prefix(&self.parts()), known_prefix(&other.parts()));
        let (c, d) = (known_suffix(&self.parts()), known_suffix(&other.parts()));
        let heads_fit = a.starts_with(&b) || b.starts_with(&a);
        let tails_fit = c.ends_with(&d) || d.ends_with(&c);
        if heads_fit && tails_fit { Tri::Unknown } else { Tri::False }
    }

    /// Texts with the same literals are equal if their holes are, and different if their only holes are.
    fn same_frame(&self, other: &Text) -> Option<Tri> {
        if self.pieces().len() != other.pieces().len() {
            return None;
        }
        let mut holes = Vec::new();
        for (a, b) in self.pieces().iter().zip(other.pieces().iter()) {
            match (a, b) {
                (Piece::Literal(a, _), Piece::Literal(b, _)) if a == b => {}
                (Piece::Hole(a), Piece::Hole(b)) => holes.push(same_hole(a, b)),
                _ => return None,
            }
        }
        let n_equal = holes.iter().filter(|hole| **hole == Tri::True).count();
        let n_different = holes.iter().filter(|hole| **hole == Tri::False).count();
        match (holes.len() - n_equal, n_different) {
            (0, _) => Some(Tri::True),
            (1, 1) => Some(Tri::False),
            _ => None,
        }
    }

    /// The literals, with what the shapes of references add to them.
    fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::with_capacity(self.pieces().len());
        for piece in self.pieces().iter() {
            match piece {
                Piece::Literal(text, _) => parts.push(Part::Known(text)),
                Piece::Hole(value) => match &value.kind {
                    Kind::Reference(reference) => parts.extend(shape(reference).iter().map(|part| match part {
                        ShapePart::Literal(text) => Part::Known(text),
                        ShapePart::Anything | ShapePart::Attribute(_) => Part::Open,
                    })),
                    _ => parts.push(Part::Open),
                },
            }
        }
        parts
    }
}

fn known_prefix(parts: &[Part<'_>]) -> String {
    parts.iter().map_while(|part| if let Part::Known(text) = part { Some(*text) } else { None }).collect()
}

fn known_suffix(parts: &[Part<'_>]) -> String {
    let tail: Vec<&str> =
        parts.iter().rev().map_while(|part| if let Part::Known(text) = part { Some(*text) } else { None }).collect();
    tail.into_iter().rev().collect()
}

/// Whether a text may be these parts with something in the open ones: head and tail fit, the rest follows in order.
fn fits(parts: &[Part<'_>], text: &str) -> bool {
    let (head, tail) = (known_prefix(parts), known_suffix(parts));
    let Some(rest) = text.strip_prefix(head.as_str()) else { return false };
    let Some(mut rest) = rest.strip_suffix(tail.as_str()) else { return false };
    let is_open = |part: &Part<'_>| matches!(part, Part::Open);
    let first = parts.iter().position(is_open).unwrap_or(0);
    let last = parts.iter().rposition(is_open).unwrap_or(0);
    let mut run = String::new();
    for part in &parts[first..=last.max(first)] {
        match part {
            Part::Known(text) => run.push_str(text),
            Part::Open => match rest.find(run.as_str()) {
                Some(at) => {
                    rest = &rest[at + run.len()..];
                    run.clear();
                }
                None => return false,
            },
        }
    }
    true
}

/// Puts a text together from stretches, each with its own place.
#[derive(Debug, Default)]
pub struct TextBuilder {
    pieces: Vec<Piece>,
    /// The literal that is still growing.
    literal: String,
    origin: Origin,
    seams: Vec<Seam>,
    /// The newest part stands nowhere: what follows it there needs no seam.
    is_nowhere: bool,
    known_length: usize,
}

impl TextBuilder {
    pub fn literal(&mut self, text: &str, origin: &Origin) {
        if text.is_empty() {
            return;
        }
        let is_nowhere = origin.is_none();
        if self.literal.is_empty() {
            self.origin = origin.clone();
        } else if !(is_nowhere && self.is_nowhere) {
            self.seams.push(Seam { start: self.known_length, origin: origin.clone() });
        }
        self.is_nowhere = is_nowhere;
        self.literal.push_str(text);
        self.known_length += text.len();
    }

    pub fn hole(&mut self, value: Value) {
        self.end_literal();
        self.pieces.push(Piece::Hole(Box::new(value)));
    }

    pub fn text(&mut self, text: &Text) {
        let mut stretches = text.stretches().into_iter().peekable();
        let mut at = 0;
        for piece in text.pieces() {
            match piece {
                Piece::Hole(value) => self.hole((**value).clone()),
                Piece::Literal(literal, _) => {
                    at += literal.len();
                    while let Some((_, origin, part)) = stretches.next_if(|(range, _, _)| range.end <= at) {
                        self.literal(part, &origin);
                    }
                }
            }
        }
    }

    fn end_literal(&mut self) {
        if !self.literal.is_empty() {
            self.pieces.push(Piece::Literal(self.literal.as_str().into(), std::mem::take(&mut self.origin)));
            self.literal.clear();
        }
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.literal.is_empty()
    }

    /// How many bytes of literals are in it so far.
    pub fn known_length(&self) -> usize {
        self.known_length
    }

    pub fn finish(mut self) -> Text {
        self.end_literal();
        if self.pieces.is_empty() {
            return Text::literal("", self.origin);
        }
        let extra = match self.seams.is_empty() {
            true => None,
            false => Some(Arc::new(Extra { seams: self.seams, wraps: None })),
        };
        Text(Pieces::of(self.pieces, extra))
    }
}

/// Terraform's texts are in normal form C.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == unicode_normalization::IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfc().collect())
}

impl std::fmt::Display for Text {
    /// Literals as they are, holes by the name of what is missing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for piece in self.pieces().iter() {
            match piece {
                Piece::Literal(text, _) => f.write_str(text)?,
                Piece::Hole(value) => match &value.kind {
                    Kind::Reference(reference) => write!(f, "${{{reference}}}")?,
                    Kind::Unknown(unknown) if !unknown.reason.object.is_empty() => {
                        // What the shell writes with `$` has it already.
                        match unknown.reason.object.strip_prefix('$') {
                            Some(rest) if rest.starts_with(['(', '{']) => write!(f, "${rest}")?,
                            Some(name) => write!(f, "${{{name}}}")?,
                            None => write!(f, "${{{}}}", unknown.reason.object)?,
                        }
                    }
                    _ => f.write_str("${…}")?,
                },
            }
        }
        Ok(())
    }
}

fn literal_length(piece: &Piece) -> usize {
    match piece {
        Piece::Literal(text, _) => text.len(),
        Piece::Hole(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, TextBuilder};
    use crate::logic::{Reason, Tri};
    use crate::source::{FileId, Span, World, WorldBuilder};
    use crate::value::{Origin, Reference, Value};
    use std::sync::Arc;

    fn hole() -> Value {
        Value::unknown(Reason::new("no-value", "var.x"), Origin::none())
    }

    fn reference(address: &str, path: &str) -> Value {
        let reference = Reference { root: "".into(), address: address.into(), path: path.into() };
        Value::new(super::Kind::Reference(Arc::new(reference)), Origin::none())
    }

    fn text(before: &str, value: Value, after: &str) -> Text {
        let mut builder = TextBuilder::default();
        builder.literal(before, &Origin::none());
        builder.hole(value);
        builder.literal(after, &Origin::none());
        builder.finish()
    }

    #[test]
    fn the_known_ends_decide() {
        let it = text("a-", hole(), "-z");
        assert_eq!(it.starts_with("a"), Tri::True);
        assert_eq!(it.starts_with("a-b"), Tri::Unknown);
        assert_eq!(it.starts_with("b"), Tri::False);
        assert_eq!(it.ends_with("y-z"), Tri::Unknown);
        assert_eq!(it.equals_str("a-z"), Tri::False);
        assert_eq!(it.equals_str("a--z"), Tri::Unknown);
        assert_eq!(it.equals(&text("a-", hole(), "-z")), Tri::True);
        assert_eq!(it.equals(&text("b-", hole(), "-z")), Tri::False);
    }

    #[test]
    fn shapes_of_references_count() {
        let it = text("", reference("aws_s3_bucket.logs", "arn"), "/*");
        assert_eq!(it.starts_with("arn:"), Tri::True);
        assert_eq!(it.equals_str("*"), Tri::False);
        assert_eq!(it.equals_str("arn:aws:sqs:x"), Tri::False);
        assert_eq!(it.equals_str("arn:aws:s3:::logs/*"), Tri::Unknown);
        let url = Text::hole(reference("aws_ecr_repository.app", "repository_url"));
        assert_eq!(url.contains(".dkr.ecr."), Tri::True);
        assert_eq!(url.starts_with("docker.io/"), Tri::Unknown);
    }

    #[test]
    fn each_stretch_keeps_its_place() {
        let source = "x = \"a\\n$${b}\"\nfar";
        let mut files = WorldBuilder::default();
        files.add_bytes("main.tf", source.as_bytes().to_vec(), true);
        let world: World = files.build();
        let span = |start, end| Span::new(FileId(0), start, end);
        let mut builder = TextBuilder::default();
        builder.literal("a\n${b}", &Origin::written(span(5, 13)));
        builder.literal("far", &Origin::written(span(15, 18)));
        let it = builder.finish();
        assert_eq!(it.known(), Some("a\n${b}far"));
        let at = |range| it.place(&world, range).map(|span| world.text(span).to_owned());
        assert_eq!(at(4..5).as_deref(), Some("b"));
        assert_eq!(at(1..2).as_deref(), Some("\\n"));
        assert_eq!(at(7..9).as_deref(), Some("ar"));
        assert_eq!(at(4..7).as_deref(), Some("b}\"\nf"));
    }
}
