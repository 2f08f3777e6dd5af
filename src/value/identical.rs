//! Whether two values are the same in all that anybody could tell of them, their origins included. It may say no of two
//! that are, never yes of two that are not.

use std::sync::Arc;

use super::{Kind, Origin, Piece, Text, Value};

impl Value {
    /// Whether both hold one list or map: all that are empty are one.
    pub fn is_same_collection(&self, other: &Value) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::List(a), Kind::List(b)) => Arc::ptr_eq(a, b),
            (Kind::Map(a), Kind::Map(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    pub fn is_identical(&self, other: &Value) -> bool {
        let same_kind = match (&self.kind, &other.kind) {
            (Kind::Null, Kind::Null) => true,
            (Kind::Bool(a), Kind::Bool(b)) => a == b,
            (Kind::Number(a), Kind::Number(b)) => a == b,
            (Kind::Text(a), Kind::Text(b)) => same_text(a, b),
            (Kind::List(a), Kind::List(b)) => Arc::ptr_eq(a, b),
            (Kind::Map(a), Kind::Map(b)) => Arc::ptr_eq(a, b),
            (Kind::Reference(a), Kind::Reference(b)) => a == b,
            (Kind::Unknown(a), Kind::Unknown(b)) => {
                let marks = |it: &super::Unknown| (it.identity, it.may_be_null, it.may_fail, it.settles.is_none());
                marks(a) == marks(b) && a.settles.is_none() && a.reason == b.reason
            }
            (
                Kind::Null
                | Kind::Bool(_)
                | Kind::Number(_)
                | Kind::Text(_)
                | Kind::List(_)
                | Kind::Map(_)
                | Kind::Reference(_)
                | Kind::Unknown(_),
                _,
            ) => false,
        };
        same_kind && self.sensitive == other.sensitive && self.origin.is_identical(&other.origin)
    }
}

impl Origin {
    pub fn is_identical(&self, other: &Origin) -> bool {
        self.is_own() == other.is_own()
            && self.is_default() == other.is_default()
            && self.steps().map(|step| (step.kind, step.span)).eq(other.steps().map(|step| (step.kind, step.span)))
    }
}

fn same_text(a: &Text, b: &Text) -> bool {
    let same_piece = |(a, b): (&Piece, &Piece)| match (a, b) {
        (Piece::Literal(a, from_a), Piece::Literal(b, from_b)) => a == b && from_a.is_identical(from_b),
        // A text inside a text is not looked into: nobody knows how deep it goes.
        (Piece::Hole(a), Piece::Hole(b)) => !matches!(a.kind, Kind::Text(_)) && a.is_identical(b),
        (Piece::Literal(..), Piece::Hole(_)) | (Piece::Hole(_), Piece::Literal(..)) => false,
    };
    a.is_plain()
        && b.is_plain()
        && a.pieces().len() == b.pieces().len()
        && a.pieces().iter().zip(b.pieces()).all(same_piece)
}
