//! Text as pieces, each literal or a hole: `"${repo}:latest"` has a known end. Whoever asks gets an answer in three
//! values as soon as the known pieces decide.

use std::sync::Arc;

use super::{Kind, Origin, Value};
use crate::logic::Tri;

#[derive(Clone, Debug)]
pub struct Text {
    pieces: Arc<[Piece]>,
}

#[derive(Clone, Debug)]
pub enum Piece {
    /// A literal with the place it was written at (the piece's own, inside a template or heredoc).
    Literal(Arc<str>, Origin),
    /// A reference or an unknown.
    Hole(Box<Value>),
}

impl Text {
    pub fn literal(text: &str, origin: Origin) -> Text {
        Text { pieces: Arc::new([Piece::Literal(text.into(), origin)]) }
    }

    pub fn hole(value: Value) -> Text {
        Text { pieces: Arc::new([Piece::Hole(Box::new(value))]) }
    }

    /// Melts adjacent literals that come from one place and drops empty ones.
    pub fn from_pieces(pieces: impl IntoIterator<Item = Piece>) -> Text {
        let mut melted: Vec<Piece> = Vec::new();
        for piece in pieces {
            if let (Piece::Literal(text, _), Some(Piece::Literal(before, _))) = (&piece, melted.last_mut()) {
                if !text.is_empty() {
                    *before = format!("{before}{text}").into();
                }
                continue;
            }
            melted.push(piece);
        }
        if melted.len() > 1 {
            melted.retain(|piece| !matches!(piece, Piece::Literal(text, _) if text.is_empty()));
        }
        if melted.is_empty() {
            return Text::literal("", Origin::none());
        }
        Text { pieces: melted.into() }
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    pub fn holes(&self) -> impl Iterator<Item = &Value> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(value) => Some(&**value),
            Piece::Literal(..) => None,
        })
    }

    /// The whole text, if nothing is missing.
    pub fn known(&self) -> Option<&str> {
        match &*self.pieces {
            [Piece::Literal(text, _)] => Some(text),
            _ => None,
        }
    }

    /// The literal before the first hole (the whole text if there is none).
    pub fn prefix(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Literal(text, _)) => text,
            Some(Piece::Hole(_)) | None => "",
        }
    }

    /// The literal after the last hole (the whole text if there is none).
    pub fn suffix(&self) -> &str {
        match self.pieces.last() {
            Some(Piece::Literal(text, _)) => text,
            Some(Piece::Hole(_)) | None => "",
        }
    }

    pub fn starts_with(&self, needle: &str) -> Tri {
        let prefix = self.prefix();
        if prefix.starts_with(needle) {
            return Tri::True;
        }
        match self.known().is_some() || !needle.starts_with(prefix) {
            true => Tri::False,
            false => Tri::Unknown,
        }
    }

    pub fn ends_with(&self, needle: &str) -> Tri {
        let suffix = self.suffix();
        if suffix.ends_with(needle) {
            return Tri::True;
        }
        match self.known().is_some() || !needle.ends_with(suffix) {
            true => Tri::False,
            false => Tri::Unknown,
        }
    }

    pub fn contains(&self, needle: &str) -> Tri {
        let found = self.pieces.iter().any(|piece| match piece {
            Piece::Literal(text, _) => text.contains(needle),
            Piece::Hole(_) => false,
        });
        match (found, self.known()) {
            (true, _) => Tri::True,
            (false, Some(_)) => Tri::False,
            (false, None) => Tri::Unknown,
        }
    }

    pub fn equals_str(&self, other: &str) -> Tri {
        if let Some(known) = self.known() {
            return Tri::from(known == other);
        }
        let shortest: usize = self.pieces.iter().map(literal_length).sum();
        let fits = other.len() >= shortest && other.starts_with(self.prefix()) && other.ends_with(self.suffix());
        if fits { Tri::Unknown } else { Tri::False }
    }

    /// Equal pieces are equal texts; ends that exclude each other make different ones.
    pub fn equals(&self, other: &Text) -> Tri {
        if let Some(known) = other.known() {
            return self.equals_str(known);
        }
        if let Some(known) = self.known() {
            return other.equals_str(known);
        }
        if self.same_pieces(other) {
            return Tri::True;
        }
        let (a, b) = (self.prefix(), other.prefix());
        let (c, d) = (self.suffix(), other.suffix());
        let heads_fit = a.starts_with(b) || b.starts_with(a);
        let tails_fit = c.ends_with(d) || d.ends_with(c);
        if heads_fit && tails_fit { Tri::Unknown } else { Tri::False }
    }

    fn same_pieces(&self, other: &Text) -> bool {
        self.pieces.len() == other.pieces.len()
            && self.pieces.iter().zip(other.pieces.iter()).all(|(a, b)| match (a, b) {
                (Piece::Literal(a, _), Piece::Literal(b, _)) => a == b,
                (Piece::Hole(a), Piece::Hole(b)) => match (&a.kind, &b.kind) {
                    (Kind::Reference(a), Kind::Reference(b)) => a == b,
                    (Kind::Unknown(a), Kind::Unknown(b)) => a.identity == b.identity,
                    _ => false,
                },
                _ => false,
            })
    }
}

impl std::fmt::Display for Text {
    /// Literals as they are, holes by the name of what is missing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for piece in self.pieces.iter() {
            match piece {
                Piece::Literal(text, _) => f.write_str(text)?,
                Piece::Hole(value) => match &value.kind {
                    Kind::Reference(reference) => write!(f, "${{{}.{}}}", reference.address, reference.path)?,
                    Kind::Unknown(unknown) if !unknown.reason.object.is_empty() => {
                        write!(f, "${{{}}}", unknown.reason.object)?;
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
