//! Patterns over texts that may have holes: what a policy writes against what is asked. Three relations, each wider than
//! the one before: a pattern covers a question, meets it, or may meet it.

use crate::logic::Tri;
use crate::value::{Kind, Piece, Text, Value, fingerprint};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Symbol {
    Literal(char),
    /// Any text. An inner one (`a*b` within a field of an ARN) is not known to cross a colon.
    Star {
        is_inner: bool,
    },
    /// One character.
    Question,
    /// A value that is not known; equal holes are the same value.
    Hole(Hole),
    /// A policy variable such as `${aws:username}`: known only when a request is made.
    Variable(u64),
}

/// A value of which only is known whether it is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hole {
    id: u64,
    /// Nobody here knows it, so it may be any; otherwise AWS assigns it.
    is_hidden: bool,
}

/// How literal text becomes symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// `*` and `?` are wildcards, `${…}` policy variables.
    Glob,
    /// `*` and `?` are themselves, `${…}` policy variables (StringEquals).
    Exact,
    /// Wildcards, and nothing else is special (actions; documents of the old version).
    PlainGlob,
    /// Nothing is special (values of a request).
    Literal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Kept,
    Folded,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    symbols: Box<[Symbol]>,
    /// Some symbol stands for a text that is not known.
    is_loose: bool,
    /// Some of it is hidden: it may be equal to anything.
    is_hidden: bool,
    /// Every symbol is a literal.
    is_literal: bool,
    has_inner_star: bool,
}

/// What a question asks of the things it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// To everything in it: needs, and what a Deny takes away.
    All,
    /// To anything in it: escalation and exposure.
    Some,
}

impl Pattern {
    /// `unfold` may know more of a hole than that it is one: the ARN of a resource here has known pieces.
    pub fn new(text: &Text, reading: Reading, case: Case, unfold: &dyn Fn(&Value) -> Option<Vec<Symbol>>) -> Pattern {
        let mut symbols = Vec::new();
        for piece in text.pieces() {
            match piece {
                Piece::Literal(literal, _) => read_literal(literal, reading, case, &mut symbols),
                Piece::Hole(value) => match unfold(value) {
                    Some(known) => symbols.extend(known),
                    None => symbols.push(Symbol::Hole(identity(value))),
                },
            }
        }
        Pattern::of(symbols)
    }

    pub fn parse(text: &str, reading: Reading, case: Case) -> Pattern {
        let mut symbols = Vec::new();
        read_literal(text, reading, case, &mut symbols);
        Pattern::of(symbols)
    }

    /// A text, of which nothing is special.
    pub fn literally(text: &str) -> Pattern {
        Pattern::parse(text, Reading::Literal, Case::Kept)
    }

    /// Every text.
    pub fn anything() -> Pattern {
        Pattern::of(vec![Symbol::Star { is_inner: false }])
    }

    /// What the request of an action says that takes no resource: the one character `*`.
    pub fn star_character() -> Pattern {
        Pattern::of(vec![Symbol::Literal('*')])
    }

    pub fn of(mut symbols: Vec<Symbol>) -> Pattern {
        let is_literal = symbols.iter().all(|symbol| matches!(symbol, Symbol::Literal(_)));
        let (mut is_loose, mut is_hidden, mut has_inner_star) = (false, false, false);
        if !is_literal {
            symbols.dedup_by(|b, a| matches!((a, b), (Symbol::Star { .. }, Symbol::Star { .. })));
            for index in 0..symbols.len() {
                match symbols[index] {
                    Symbol::Literal(_) | Symbol::Question => {}
                    Symbol::Variable(_) => is_loose = true,
                    Symbol::Hole(hole) => {
                        is_loose = true;
                        is_hidden |= hole.is_hidden;
                    }
                    Symbol::Star { .. } => {
                        let is_inner = !matches!(symbols.get(index + 1), None | Some(Symbol::Literal(':')));
                        symbols[index] = Symbol::Star { is_inner };
                        has_inner_star |= is_inner;
                    }
                }
            }
        }
        Pattern { symbols: symbols.into(), is_loose, is_hidden, is_literal, has_inner_star }
    }

    /// The same without regard to case.
    pub fn folded(&self) -> Pattern {
        let fold = |symbol: &Symbol| match symbol {
            Symbol::Literal(character) => character.to_lowercase().map(Symbol::Literal).collect(),
            Symbol::Star { .. } | Symbol::Question | Symbol::Hole(_) | Symbol::Variable(_) => vec![*symbol],
        };
        Pattern::of(self.symbols.iter().flat_map(fold).collect())
    }

    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    pub fn is_everything(&self) -> bool {
        matches!(*self.symbols, [Symbol::Star { .. }])
    }

    pub fn has_wildcard(&self) -> bool {
        self.symbols.iter().any(|symbol| matches!(symbol, Symbol::Star { .. } | Symbol::Question))
    }

    /// Some part is not known.
    pub fn is_loose(&self) -> bool {
        self.is_loose
    }

    /// Some part may be anything; what AWS assigns is not, as long as it is compared with what it assigns to others.
    pub fn is_hidden(&self) -> bool {
        self.is_hidden
    }

    /// The text, if all of it is literal.
    pub fn literal(&self) -> Option<String> {
        self.symbols
            .iter()
            .map(|symbol| match symbol {
                Symbol::Literal(character) => Some(*character),
                Symbol::Star { .. } | Symbol::Question | Symbol::Hole(_) | Symbol::Variable(_) => None,
            })
            .collect()
    }

    /// Everything that the question names is in this pattern. Where only an inner `*` that crosses a colon would make
    /// it so, the answer is open.
    pub fn covers(&self, question: &Pattern) -> Tri {
        if self.is_everything() {
            return Tri::True;
        }
        if !glob(&self.symbols, &question.symbols) {
            return Tri::False;
        }
        let may_cross = self.has_inner_star && question.symbols.contains(&Symbol::Literal(':'));
        if !may_cross || overlap(&self.symbols, &question.symbols, Stars::OfPolicyWithinFields) {
            Tri::True
        } else {
            Tri::Unknown
        }
    }

    /// Something is in both.
    pub fn meets(&self, question: &Pattern) -> bool {
        if self.is_everything() || question.is_everything() {
            return true;
        }
        if question.is_literal {
            return glob(&self.symbols, &question.symbols);
        }
        overlap(&self.symbols, &question.symbols, Stars::OfBoth)
    }

    /// Something may be in both, depending on what is not known.
    pub fn may_meet(&self, question: &Pattern) -> bool {
        if !self.is_loose && !question.is_loose {
            return self.meets(question);
        }
        overlap(&loosened(&self.symbols), &loosened(&question.symbols), Stars::OfBoth)
    }

    /// The answer to a question, from this one pattern.
    pub fn answers(&self, question: &Pattern, extent: Extent) -> Tri {
        let surely = match extent {
            Extent::All => self.covers(question),
            Extent::Some => Tri::from(self.meets(question)),
        };
        match surely {
            Tri::True => Tri::True,
            Tri::Unknown => Tri::Unknown,
            // A text that a known pattern does not cover is not in it.
            Tri::False if question.is_literal && !self.is_loose => Tri::False,
            Tri::False if self.may_meet(question) => Tri::Unknown,
            Tri::False => Tri::False,
        }
    }

    /// Whether this pattern, of which everything is known, takes a text in.
    pub fn takes(&self, text: &[u8]) -> bool {
        // Each symbol takes one byte.
        if self.is_literal && self.symbols.len() != text.len() {
            return false;
        }
        let same = |symbol: &Symbol, byte: u8| match symbol {
            Symbol::Literal(character) => *character == char::from(byte),
            Symbol::Question => true,
            Symbol::Star { .. } | Symbol::Hole(_) | Symbol::Variable(_) => false,
        };
        glob_by(&self.symbols, text.len(), |symbol, at| same(symbol, text[at]))
    }

    /// Covers, if every hole and variable of it were anything.
    pub fn may_cover(&self, question: &Pattern) -> bool {
        glob(&loosened(&self.symbols), &question.symbols)
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for symbol in &self.symbols {
            match symbol {
                Symbol::Literal(character) => write!(f, "{character}")?,
                Symbol::Star { .. } => f.write_str("*")?,
                Symbol::Question => f.write_str("?")?,
                Symbol::Hole(_) | Symbol::Variable(_) => f.write_str("…")?,
            }
        }
        Ok(())
    }
}

fn read_literal(text: &str, reading: Reading, case: Case, symbols: &mut Vec<Symbol>) {
    let has_variables = matches!(reading, Reading::Glob | Reading::Exact);
    let is_glob = matches!(reading, Reading::Glob | Reading::PlainGlob);
    symbols.reserve_exact(text.len());
    let mut characters = text.chars();
    loop {
        let rest = characters.as_str();
        let Some(character) = characters.next() else { return };
        if has_variables
            && character == '$'
            && rest.starts_with("${")
            && let Some(end) = rest.find('}')
        {
            symbols.push(variable(&rest[2..end]));
            characters = rest[end + 1..].chars();
            continue;
        }
        match character {
            '*' if is_glob => symbols.push(Symbol::Star { is_inner: false }),
            '?' if is_glob => symbols.push(Symbol::Question),
            _ => match case {
                Case::Kept => symbols.push(Symbol::Literal(character)),
                Case::Folded => symbols.extend(character.to_lowercase().map(Symbol::Literal)),
            },
        }
    }
}

/// `${*}`, `${?}` and `${$}` are the characters themselves; a variable with a default is still a variable.
fn variable(name: &str) -> Symbol {
    match name {
        "*" => Symbol::Literal('*'),
        "?" => Symbol::Literal('?'),
        "$" => Symbol::Literal('$'),
        name => Symbol::Variable(fingerprint(&name.to_ascii_lowercase())),
    }
}

/// Account, partition and Region are one symbol each within a root module.
pub fn identity(value: &Value) -> Hole {
    match &value.kind {
        Kind::Reference(reference) => {
            let last = |name: &str| &*reference.path == name;
            let of = |kind: &str| reference.address.contains(kind);
            let shared = if of("data.aws_caller_identity.") && last("account_id") {
                "account"
            } else if of("data.aws_partition.") && last("partition") {
                "partition"
            } else if of("data.aws_region.") && (last("region") || last("name") || last("id")) {
                "region"
            } else {
                return Hole { id: fingerprint(&**reference), is_hidden: false };
            };
            shared_hole(shared, &reference.root)
        }
        Kind::Unknown(unknown) => Hole { id: unknown.identity, is_hidden: true },
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => {
            Hole { id: fingerprint(&format!("{value:?}")), is_hidden: true }
        }
    }
}

/// The hole that all mentions of the account (or partition, or Region) of a root module share.
pub fn shared_hole(kind: &str, root: &str) -> Hole {
    Hole { id: fingerprint(&(kind, root)), is_hidden: false }
}

fn loosened(symbols: &[Symbol]) -> Vec<Symbol> {
    let loose = |symbol: &Symbol| match symbol {
        Symbol::Hole(_) | Symbol::Variable(_) => Symbol::Star { is_inner: false },
        Symbol::Literal(_) | Symbol::Star { .. } | Symbol::Question => *symbol,
    };
    symbols.iter().map(loose).collect()
}

/// `one` of the policy against one symbol of the question, both not stars.
fn same(one: Symbol, other: Symbol) -> bool {
    match (one, other) {
        (Symbol::Question, Symbol::Literal(_) | Symbol::Question) => true,
        (Symbol::Literal(a), Symbol::Literal(b)) => a == b,
        (Symbol::Hole(a), Symbol::Hole(b)) => a == b,
        _ => false,
    }
}

/// The pattern's stars absorb anything; the question's symbols are stiff.
fn glob(pattern: &[Symbol], question: &[Symbol]) -> bool {
    glob_by(pattern, question.len(), |symbol, at| same(*symbol, question[at]))
}

/// The pattern against so many things, told which of them one symbol takes.
fn glob_by(pattern: &[Symbol], length: usize, takes: impl Fn(&Symbol, usize) -> bool) -> bool {
    let (mut p, mut q) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while q < length {
        match pattern.get(p) {
            Some(Symbol::Star { .. }) => {
                star = Some((p + 1, q));
                p += 1;
            }
            Some(symbol) if takes(symbol, q) => {
                p += 1;
                q += 1;
            }
            Some(_) | None => {
                let Some((after, from)) = star else { return false };
                star = Some((after, from + 1));
                p = after;
                q = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|symbol| matches!(symbol, Symbol::Star { .. }))
}

/// Whose stars absorb.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stars {
    OfBoth,
    /// Only the policy's, and inner ones do not absorb a colon.
    OfPolicyWithinFields,
}

/// Walks the pattern, and keeps all places of the question at which it may stand: mostly one or two.
fn overlap(pattern: &[Symbol], question: &[Symbol], stars: Stars) -> bool {
    let (pattern, question) = without_common_ends(pattern, question);
    if let (Some(Symbol::Literal(a)), Some(Symbol::Literal(b))) = (pattern.first(), question.first())
        && a != b
    {
        return false;
    }
    let question_stars = stars == Stars::OfBoth;
    let mut places = Places::These(vec![0]);
    for symbol in pattern {
        let next = match (symbol, &places) {
            (Symbol::Star { is_inner }, _) if question_stars || !is_inner => match places.first() {
                Some(first) => Places::From(first),
                None => return false,
            },
            (Symbol::Star { .. }, Places::From(first)) => within_fields(question, *first..question.len() + 1),
            (Symbol::Star { .. }, Places::These(all)) => within_fields(question, all.iter().copied()),
            (_, Places::From(first)) => after(*symbol, question, question_stars, *first..question.len() + 1),
            (_, Places::These(all)) => after(*symbol, question, question_stars, all.iter().copied()),
        };
        places = next;
    }
    let ends = |place: &usize| {
        let rest = &question[*place..];
        rest.is_empty() || (question_stars && rest.iter().all(|symbol| matches!(symbol, Symbol::Star { .. })))
    };
    match places {
        Places::From(_) => true,
        Places::These(all) => all.iter().any(ends),
    }
}

/// Places in a question, before one of its symbols or at its end.
enum Places {
    /// In ascending order.
    These(Vec<usize>),
    /// This one and all behind it.
    From(usize),
}

impl Places {
    fn first(&self) -> Option<usize> {
        match self {
            Places::These(all) => all.first().copied(),
            Places::From(first) => Some(*first),
        }
    }
}

/// Where a star of the pattern leads that does not absorb a colon.
fn within_fields(question: &[Symbol], places: impl Iterator<Item = usize>) -> Places {
    let mut reached: Vec<usize> = Vec::new();
    for place in places {
        // The same field, up to its end.
        if reached.last().is_some_and(|last| place <= *last) {
            continue;
        }
        let is_colon = |symbol: &Symbol| *symbol == Symbol::Literal(':');
        let end = question[place..].iter().position(is_colon).map_or(question.len(), |length| place + length);
        reached.extend(place..=end);
    }
    Places::These(reached)
}

/// Where any other symbol of the pattern leads.
fn after(symbol: Symbol, question: &[Symbol], question_stars: bool, places: impl Iterator<Item = usize>) -> Places {
    let mut reached: Vec<usize> = Vec::new();
    let mut add = |place: usize| {
        if reached.last().is_none_or(|last| *last < place) {
            reached.push(place);
        }
    };
    for place in places {
        let mut at = place;
        // A star of the question takes the symbol in, or is nothing.
        while question_stars && matches!(question.get(at), Some(Symbol::Star { .. })) {
            add(at);
            at += 1;
        }
        let meets = match question.get(at) {
            None => false,
            Some(Symbol::Question) if question_stars && symbol != Symbol::Question => {
                matches!(symbol, Symbol::Literal(_))
            }
            Some(theirs) => same(symbol, *theirs),
        };
        if meets {
            add(at + 1);
        }
    }
    Places::These(reached)
}

/// Equal literals at both beginnings decide nothing.
fn without_common_ends<'a>(pattern: &'a [Symbol], question: &'a [Symbol]) -> (&'a [Symbol], &'a [Symbol]) {
    let shared = pattern
        .iter()
        .zip(question)
        .take_while(|(a, b)| a == b && matches!(a, Symbol::Literal(_) | Symbol::Hole(_)))
        .count();
    (&pattern[shared..], &question[shared..])
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Case, Extent, Pattern, Reading, Stars, Symbol, overlap, same, shared_hole};
    use crate::logic::Tri::{self, False, True, Unknown};

    /// A pattern where `⟨x⟩` is a hole.
    pub(in crate::facts::permit) fn with_holes(text: &str, reading: Reading, case: Case) -> Pattern {
        let mut symbols = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('⟨') {
            let (name, after) = after.split_once('⟩').expect("holes are closed");
            symbols.extend_from_slice(Pattern::parse(before, reading, case).symbols());
            symbols.push(Symbol::Hole(shared_hole(name, "")));
            rest = after;
        }
        symbols.extend_from_slice(Pattern::parse(rest, reading, case).symbols());
        Pattern::of(symbols)
    }

    fn check(pattern: &str, question: &str, all: Tri, some: Tri) {
        let p = with_holes(pattern, Reading::Glob, Case::Kept);
        let q = with_holes(question, Reading::Glob, Case::Kept);
        assert_eq!(p.answers(&q, Extent::All), all, "{pattern} against all of {question}");
        assert_eq!(p.answers(&q, Extent::Some), some, "{pattern} against some of {question}");
    }

    #[test]
    fn the_table_of_patterns() {
        check("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y.txt", True, True);
        check("arn:aws:s3:::b/*", "arn:aws:s3:::b", False, False);
        check("arn:aws:s3:::b*", "arn:aws:s3:::backup/x", True, True);
        check("arn:aws:ecr:*:*:repository/app", "arn:aws:ecr:⟨r⟩:⟨a⟩:repository/app", True, True);
        let fourth = "arn:aws:ecr:eu-1:⟨a⟩:repository/app";
        check(fourth, "arn:aws:ecr:eu-1:1:repository/app", Unknown, Unknown);
        check(fourth, fourth, True, True);
        check(fourth, "arn:aws:ecr:eu-1:⟨b⟩:repository/app", Unknown, Unknown);
        check(fourth, "arn:aws:ecr:eu-1:1:repository/other", False, False);
        check("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/ann/x", Unknown, Unknown);
        check("arn:aws:iam::1:role/app-?", "arn:aws:iam::1:role/app-12", False, False);
        check("arn:aws:iam::1:role/app-?", "arn:aws:iam::1:role/app-1", True, True);
        check("arn:aws:iam::*:role/*", "arn:aws:iam::1:role/app-*", True, True);
        check("arn:aws:iam::1:role/app-*", "arn:aws:iam::1:role/*", Unknown, True);
        check("arn:aws:s3:::*-logs", "arn:aws:s3:::prod-*", Unknown, True);
        check("arn:aws:s3:::⟨b⟩/*", "arn:aws:s3:::⟨b⟩/static/*", True, True);
        check("arn:aws:s3:::⟨b⟩/*", "arn:aws:s3:::⟨c⟩/static/*", Unknown, Unknown);
        check("⟨x⟩", "arn:aws:s3:::b", Unknown, Unknown);
        check("arn:aws:s3:::B/*", "arn:aws:s3:::b/x", False, False);
    }

    #[test]
    fn an_inner_star_is_not_known_to_cross_a_colon() {
        check("arn:aws:logs:eu-1:1:log-group:a*b", "arn:aws:logs:eu-1:1:log-group:axb", True, True);
        check("arn:aws:logs:eu-1:1:log-group:a*b", "arn:aws:logs:eu-1:1:log-group:ax:b", Unknown, True);
        check("arn:*:log-group:a", "arn:aws:logs:eu-1:1:log-group:a", True, True);
    }

    /// The definition: one row per symbol of the pattern, one column per symbol of the question.
    fn overlaps_by_table(pattern: &[Symbol], question: &[Symbol], stars: Stars) -> bool {
        let of_both = stars == Stars::OfBoth;
        let is_star = |symbol: &Symbol| matches!(symbol, Symbol::Star { .. });
        let ends = |at: usize| at == question.len() || (of_both && question[at..].iter().all(is_star));
        let mut below: Vec<bool> = (0..=question.len()).map(ends).collect();
        for symbol in pattern.iter().rev() {
            let mut row = vec![false; question.len() + 1];
            for at in (0..=question.len()).rev() {
                row[at] = match (symbol, question.get(at)) {
                    (Symbol::Star { .. }, None) => below[at],
                    (Symbol::Star { is_inner }, Some(Symbol::Literal(':'))) => {
                        below[at] || ((!is_inner || of_both) && row[at + 1])
                    }
                    (Symbol::Star { .. }, Some(_)) => below[at] || row[at + 1],
                    (_, None) => false,
                    (_, Some(Symbol::Star { .. })) if of_both => below[at] || row[at + 1],
                    (Symbol::Literal(_), Some(Symbol::Question)) if of_both => below[at + 1],
                    (_, Some(theirs)) => same(*symbol, *theirs) && below[at + 1],
                };
            }
            below = row;
        }
        below[0]
    }

    #[test]
    fn the_walk_finds_what_the_table_finds() {
        let letters = ["a", "b", ":", "*", "?", "⟨x⟩"];
        let word = |number: usize| {
            (0..4).map(|at| letters.get(number / 7usize.pow(at) % 7).copied().unwrap_or("")).collect::<String>()
        };
        let words: Vec<Pattern> =
            (0..2401).step_by(11).map(|number| with_holes(&word(number), Reading::Glob, Case::Kept)).collect();
        for (pattern, question) in words.iter().flat_map(|one| words.iter().map(move |other| (one, other))) {
            for stars in [Stars::OfBoth, Stars::OfPolicyWithinFields] {
                let (one, other) = (pattern.symbols(), question.symbols());
                assert_eq!(
                    overlap(one, other, stars),
                    overlaps_by_table(one, other, stars),
                    "{pattern} and {question}"
                );
            }
        }
    }

    #[test]
    fn a_hostile_pattern_costs_little() {
        let pattern = "a*".repeat(2_000);
        check(&format!("{pattern}b"), &"a".repeat(4_000), False, False);
    }
}
