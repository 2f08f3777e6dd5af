//! Image references: registry, path, tag and digest, each from the place that decided it.

use crate::logic::Reason;
use crate::model::Head;
use crate::model::image::Image;
use crate::source::Span;
use crate::value::{Kind, Origin, Piece, Text, Value};

/// Stands for a hole while a reference is taken apart.
const HOLE: char = '\u{0}';

/// A reference as pieces that are not melted, so that a tag from a variable keeps its own place.
pub(super) struct Reference<'p> {
    pieces: &'p [Piece],
    text: String,
    span: Span,
}

impl<'p> Reference<'p> {
    pub(super) fn new(pieces: &'p [Piece], span: Span) -> Reference<'p> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal, _) => text.push_str(literal),
                Piece::Hole(_) => text.push(HOLE),
            }
        }
        Reference { pieces, text, span }
    }

    /// The whole reference, if nothing in it is missing.
    pub(super) fn known(&self) -> Option<&str> {
        (!self.text.contains(HOLE)).then_some(&self.text)
    }

    pub(super) fn image(&self) -> Image {
        let name_start = self.text.rfind('/').map_or(0, |at| at + 1);
        let at_sign = self.text.find('@');
        let name_end = at_sign.unwrap_or(self.text.len());
        let colon = self.text[name_start.min(name_end)..name_end].rfind(':').map(|at| name_start + at);
        let end = self.text.len();
        // No registry takes upper case here: `FROM BASEIMAGE` waits for an editor that puts a name in.
        let is_placeholder =
            self.text[name_start.min(name_end)..name_end].bytes().any(|byte| byte.is_ascii_uppercase());
        let tag = match colon {
            Some(colon) => self.part(colon + 1..name_end),
            None if is_placeholder => self.unknown(),
            None if self.text[name_start.min(name_end)..name_end].contains(HOLE) => self.unknown(),
            None => self.absent(0..end),
        };
        // Behind a known tag nothing can hide; a hole further in may hold a digest.
        let digest = match (at_sign, colon) {
            (Some(at), _) => self.part(at + 1..end),
            (None, Some(colon)) if !self.text[colon..].contains(HOLE) => self.absent(colon + 1..end),
            (None, None) if !self.text[name_start..].contains(HOLE) => self.absent(0..end),
            (None, Some(_) | None) => self.unknown(),
        };
        let path_end = colon.unwrap_or(name_end);
        let (registry, path_start) = match self.text.find('/') {
            Some(slash) if is_host(&self.text[..slash]) => (Some(self.part(0..slash)), slash + 1),
            Some(_) | None => (None, 0),
        };
        let origin = self.origin(0..end);
        let mut image = Image::new(Head::new(self.shown(), self.decider(0..end)));
        image.text.set(self.part(0..end));
        image.path.set(self.part(path_start.min(path_end)..path_end));
        image.registry.set(registry.unwrap_or_else(|| Value::null(origin)));
        image.tag.set(tag);
        image.digest.set(digest);
        image
    }

    /// How messages show it.
    pub(super) fn shown(&self) -> String {
        Text::from_pieces(self.pieces.iter().cloned()).to_string()
    }

    fn part(&self, range: std::ops::Range<usize>) -> Value {
        let mut pieces = Vec::new();
        let mut at = 0;
        for piece in self.pieces {
            let length = match piece {
                Piece::Literal(literal, _) => literal.len(),
                Piece::Hole(_) => HOLE.len_utf8(),
            };
            let (from, to) = (range.start.max(at), range.end.min(at + length));
            if from < to {
                pieces.push(match piece {
                    Piece::Literal(literal, origin) => {
                        Piece::Literal(literal[from - at..to - at].into(), origin.clone())
                    }
                    Piece::Hole(value) => Piece::Hole(value.clone()),
                });
            }
            at += length;
        }
        Value::new(Kind::Text(Text::from_pieces(pieces)), self.origin(range))
    }

    /// Not written, as the part of the reference shows where it would stand.
    fn absent(&self, range: std::ops::Range<usize>) -> Value {
        Value::null(self.origin(range))
    }

    fn unknown(&self) -> Value {
        let missing = self.pieces.iter().find_map(|piece| match piece {
            Piece::Hole(value) => value.reason().cloned(),
            Piece::Literal(..) => None,
        });
        let reason = missing.unwrap_or_else(|| Reason::at("no-value", "image", self.span));
        Value::unknown(reason, Origin::missing("no-value", self.span))
    }

    /// The way of the last literal in a part, on to where the image is named.
    fn origin(&self, range: std::ops::Range<usize>) -> Origin {
        let mut at = 0;
        let mut found: Option<&Origin> = None;
        for piece in self.pieces {
            let length = match piece {
                Piece::Literal(literal, origin) => {
                    if at < range.end && at + literal.len() > range.start {
                        found = Some(origin);
                    }
                    literal.len()
                }
                Piece::Hole(_) => HOLE.len_utf8(),
            };
            at += length;
        }
        match found {
            // A part that came from elsewhere has a way of its own; one that stands in the name is shown by the name.
            Some(origin) if origin.steps().count() > 1 || !self.holds(origin) => origin.clone(),
            Some(_) | None => Origin::written(self.span),
        }
    }

    fn holds(&self, origin: &Origin) -> bool {
        origin.span().is_none_or(|span| self.span.contains(&span))
    }

    fn decider(&self, range: std::ops::Range<usize>) -> Span {
        self.origin(range).span().unwrap_or(self.span)
    }
}

fn is_host(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':', HOLE])
}
