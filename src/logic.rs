//! Three truth values and statements with the places that decided them. There is no way from here to `bool`: whoever
//! needs one matches all three cases.

use std::sync::Arc;

use crate::source::{Place, Span};

/// True, false, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub enum Tri {
    False,
    Unknown,
    True,
}

impl From<bool> for Tri {
    fn from(value: bool) -> Tri {
        if value { Tri::True } else { Tri::False }
    }
}

impl std::ops::Not for Tri {
    type Output = Tri;

    fn not(self) -> Tri {
        match self {
            Tri::True => Tri::False,
            Tri::False => Tri::True,
            Tri::Unknown => Tri::Unknown,
        }
    }
}

impl Tri {
    pub fn and(self, other: Tri) -> Tri {
        self.min(other)
    }

    pub fn or(self, other: Tri) -> Tri {
        self.max(other)
    }

    /// True of nothing, like its classical sibling. Nothing is asked after the one that decides.
    pub fn all(values: impl IntoIterator<Item = Tri>) -> Tri {
        !Tri::any(values.into_iter().map(|value| !value))
    }

    /// Nothing is asked after the one that decides.
    pub fn any(values: impl IntoIterator<Item = Tri>) -> Tri {
        let mut any = Tri::False;
        for value in values {
            any = any.or(value);
            if any == Tri::True {
                break;
            }
        }
        any
    }
}

/// A statement about the model, with the places that decided it: the subject's own end of the chain first, then the
/// way in reading order. An unknown fact names its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub tri: Tri,
    pub places: Vec<Place>,
    /// Why nothing can be said: the unknowns that stand in the way. Empty unless `tri` is unknown.
    pub reasons: Vec<Reason>,
    /// What is not there and should be: "aws_vpc_endpoint for logs in aws_vpc.main".
    pub missing: Vec<String>,
    /// What would make it otherwise, where the whole change is known: the spans that go and the texts that come.
    pub edits: Vec<(Span, String)>,
}

/// Why something is not known: a code (one namespace, `spec` of reasons in the documentation), the object it is about
/// (`var.vpc_id`) and where it began.
/// Every edge and value has room for one and few hold any, so all of it lies behind one pointer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason(Arc<Because>);

/// What a `Reason` says.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Because {
    pub code: &'static str,
    pub object: String,
    pub place: Option<Span>,
}

impl Reason {
    pub fn new(code: &'static str, object: impl Into<String>) -> Reason {
        Reason::with(code, object, None)
    }

    pub fn at(code: &'static str, object: impl Into<String>, place: Span) -> Reason {
        Reason::with(code, object, Some(place))
    }

    pub fn with(code: &'static str, object: impl Into<String>, place: Option<Span>) -> Reason {
        Reason(Arc::new(Because { code, object: object.into(), place }))
    }
}

impl std::ops::Deref for Reason {
    type Target = Because;

    fn deref(&self) -> &Because {
        &self.0
    }
}

impl Fact {
    /// A verdict that no place shows.
    pub const fn plain(tri: Tri) -> Fact {
        Fact { tri, places: Vec::new(), reasons: Vec::new(), missing: Vec::new(), edits: Vec::new() }
    }

    /// Whether it says no and nothing else.
    pub fn is_plain_no(&self) -> bool {
        let Fact { tri, places, reasons, missing, edits } = self;
        *tri == Tri::False && places.is_empty() && reasons.is_empty() && missing.is_empty() && edits.is_empty()
    }

    pub fn new(tri: Tri, places: Vec<Place>) -> Fact {
        Fact { places, ..Fact::plain(tri) }
    }

    pub fn yes(places: Vec<Place>) -> Fact {
        Fact::new(Tri::True, places)
    }

    pub fn no(places: Vec<Place>) -> Fact {
        Fact::new(Tri::False, places)
    }

    pub fn unknown(reason: Reason) -> Fact {
        Fact { reasons: vec![reason], ..Fact::new(Tri::Unknown, Vec::new()) }
    }

    /// Both: the first that is false decides; otherwise what is not known; otherwise all places.
    pub fn and(self, other: Fact) -> Fact {
        join(self, other, Tri::False)
    }

    /// Either: the first that is true decides; otherwise what is not known; otherwise all places.
    pub fn or(self, other: Fact) -> Fact {
        join(self, other, Tri::True)
    }

    /// Nothing is asked after the one that decides.
    pub fn all(facts: impl IntoIterator<Item = Fact>) -> Fact {
        join_until(facts, Tri::False)
    }

    /// Nothing is asked after the one that decides.
    pub fn any(facts: impl IntoIterator<Item = Fact>) -> Fact {
        join_until(facts, Tri::True)
    }
}

fn join_until(facts: impl IntoIterator<Item = Fact>, decisive: Tri) -> Fact {
    let mut facts = facts.into_iter();
    let Some(mut joined) = facts.next() else { return Fact::plain(!decisive) };
    while joined.tri != decisive
        && let Some(fact) = facts.next()
    {
        joined = join(joined, fact, decisive);
    }
    joined
}

impl std::ops::Not for Fact {
    type Output = Fact;

    fn not(self) -> Fact {
        Fact { tri: !self.tri, ..self }
    }
}

/// Joins two statements of which the first with the verdict `decisive` settles the whole.
fn join(mut left: Fact, mut right: Fact, decisive: Tri) -> Fact {
    if left.tri == decisive {
        return left;
    }
    if right.tri == decisive {
        return right;
    }
    if left.tri != Tri::Unknown && right.tri == Tri::Unknown {
        return right;
    }
    if left.tri == Tri::Unknown && right.tri != Tri::Unknown {
        return left;
    }
    left.places.append(&mut right.places);
    left.reasons.append(&mut right.reasons);
    left.missing.append(&mut right.missing);
    left
}

#[cfg(test)]
mod tests {
    use super::Tri::{False, True, Unknown};
    use super::{Fact, Reason, Tri};

    #[test]
    fn kleene() {
        assert_eq!(False.and(Unknown), False);
        assert_eq!(True.or(Unknown), True);
        assert_eq!(True.and(Unknown), Unknown);
        assert_eq!(!Unknown, Unknown);
        assert_eq!(Tri::all([]), True);
        assert_eq!(Tri::any([Unknown, False]), Unknown);
    }

    #[test]
    fn a_decided_side_wins_over_an_unknown_one() {
        let unknown = || Fact::unknown(Reason::new("no-value", "var.x"));
        assert_eq!(unknown().and(Fact::no(vec![])).tri, False);
        assert_eq!(unknown().or(Fact::yes(vec![])).tri, True);
        assert_eq!(unknown().and(Fact::yes(vec![])).reasons.len(), 1);
    }
}
