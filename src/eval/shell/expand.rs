//! Words to texts: variables replaced where they are known, holes elsewhere.

use std::collections::BTreeMap;

use super::Surroundings;
use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::shell::{Operation, Operator, Piece, PieceKind, Quoting, Variable, Word};
use crate::value::{Kind, Origin, Piece as TextPiece, StepKind, Text, Value};

/// Who knows variables: what the script has set so far, then what surrounds it.
pub(super) struct Names<'a> {
    pub(super) set: &'a BTreeMap<String, Value>,
    pub(super) around: &'a dyn Surroundings,
}

/// The value of a word for whoever expands variables without being a shell: a Dockerfile's instruction.
pub fn word_value(word: &Word, around: &dyn Surroundings) -> Value {
    Names { set: &BTreeMap::new(), around }.text(word)
}

/// The same as pieces that are not joined, so that each keeps its own place.
pub fn word_pieces(word: &Word, around: &dyn Surroundings) -> Vec<TextPiece> {
    let set = BTreeMap::new();
    let names = Names { set: &set, around };
    word.pieces.iter().flat_map(|piece| names.pieces(piece)).collect()
}

impl Names<'_> {
    /// The word as one text.
    pub(super) fn text(&self, word: &Word) -> Value {
        // A word that is one variable is that variable's value, whatever its type.
        if let [Piece { kind: PieceKind::Variable(variable), span, .. }] = &*word.pieces {
            return self.variable(variable, *span);
        }
        let pieces = word.pieces.iter().flat_map(|piece| self.pieces(piece));
        whole(pieces, word.span)
    }

    /// The words that one word becomes: a variable outside quotes is split at blanks.
    pub(super) fn fields(&self, word: &Word) -> Vec<Value> {
        let is_splittable =
            |piece: &Piece| piece.quoting == Quoting::Bare && matches!(piece.kind, PieceKind::Variable(_));
        if !word.pieces.iter().any(is_splittable) {
            return vec![self.text(word)];
        }
        let mut fields: Vec<Vec<TextPiece>> = vec![Vec::new()];
        for piece in &word.pieces {
            for part in self.pieces(piece) {
                match part {
                    TextPiece::Literal(text, origin) if is_splittable(piece) => split(&mut fields, &text, &origin),
                    part => fields.last_mut().expect("there is always a field").push(part),
                }
            }
        }
        fields.retain(|field| !field.is_empty());
        fields.into_iter().map(|field| whole(field, word.span)).collect()
    }

    fn pieces(&self, piece: &Piece) -> Vec<TextPiece> {
        let value = match &piece.kind {
            PieceKind::Literal(text) => {
                return vec![TextPiece::Literal(text.as_ref().into(), Origin::written(piece.span))];
            }
            PieceKind::Variable(variable) => self.variable(variable, piece.span),
            PieceKind::Expression(text) => self.around.expression(text, piece.span),
            PieceKind::Command(_) | PieceKind::Process(_) => hole("command-output", "$(…)", piece.span),
            PieceKind::Arithmetic => hole("command-output", "$((…))", piece.span),
        };
        let Some(text) = value.as_text() else { return vec![TextPiece::Hole(Box::new(value))] };
        // A literal goes on from where it was written, through what it was read through.
        let name = match &piece.kind {
            PieceKind::Variable(variable) => format!("${}", variable.name),
            _ => "${{ … }}".to_owned(),
        };
        let step = StepKind::ReadThrough(name.into());
        match text.pieces() {
            [TextPiece::Literal(text, _)] => vec![TextPiece::Literal(text.clone(), value.origin)],
            pieces => pieces
                .iter()
                .map(|inner| match inner {
                    TextPiece::Literal(text, origin) => {
                        TextPiece::Literal(text.clone(), origin.then(step.clone(), piece.span))
                    }
                    TextPiece::Hole(value) => TextPiece::Hole(value.clone()),
                })
                .collect(),
        }
    }

    fn variable(&self, variable: &Variable, span: Span) -> Value {
        let value = self.set.get(&variable.name).cloned().or_else(|| self.around.variable(&variable.name, span));
        let value = value.map(|value| value.through(StepKind::ReadThrough(format!("${}", variable.name).into()), span));
        match &variable.operation {
            None => value.unwrap_or_else(|| self.unset(variable, span)),
            Some(operation) => self.operation(variable, operation, value, span),
        }
    }

    fn unset(&self, variable: &Variable, span: Span) -> Value {
        hole("no-value", &format!("${}", variable.name), span)
    }

    fn operation(&self, variable: &Variable, operation: &Operation, value: Option<Value>, span: Span) -> Value {
        let is_empty = |value: &Value| value.as_str().map(str::is_empty);
        let operand = || self.text(&operation.operand);
        match operation.operator {
            Operator::Default | Operator::Assign => value.unwrap_or_else(operand),
            Operator::DefaultIfEmpty | Operator::AssignIfEmpty => match value {
                None => operand(),
                Some(value) => match is_empty(&value) {
                    Some(true) => operand(),
                    Some(false) | None => value,
                },
            },
            Operator::Alternative => match value {
                Some(_) => operand(),
                None => self.unset(variable, span),
            },
            Operator::AlternativeUnlessEmpty => match value.as_ref().and_then(is_empty) {
                Some(false) => operand(),
                Some(true) => Value::text("", Origin::written(span)),
                None => self.unset(variable, span),
            },
            Operator::Require | Operator::RequireNotEmpty => value.unwrap_or_else(|| self.unset(variable, span)),
            Operator::TrimStart
            | Operator::TrimStartLongest
            | Operator::TrimEnd
            | Operator::TrimEndLongest
            | Operator::Replace
            | Operator::ReplaceAll => {
                let changed = value.as_ref().and_then(|value| self.changed(value, operation));
                changed.unwrap_or_else(|| self.unset(variable, span))
            }
            Operator::Other => self.unset(variable, span),
        }
    }

    /// Prefixes, suffixes and replacements of a known text, where the pattern is known.
    fn changed(&self, value: &Value, operation: &Operation) -> Option<Value> {
        let text = value.as_str()?;
        let operand = self.text(&operation.operand);
        let pattern = operand.as_str()?;
        let new = match operation.operator {
            Operator::TrimStart => starts(text).find(|end| matches(pattern, &text[..*end])).map(|end| &text[end..]),
            Operator::TrimStartLongest => {
                starts(text).filter(|end| matches(pattern, &text[..*end])).last().map(|end| &text[end..])
            }
            Operator::TrimEnd => {
                starts(text).filter(|start| matches(pattern, &text[*start..])).last().map(|start| &text[..start])
            }
            Operator::TrimEndLongest => {
                starts(text).find(|start| matches(pattern, &text[*start..])).map(|start| &text[..start])
            }
            Operator::Replace | Operator::ReplaceAll => {
                let (from, to) = pattern.split_once('/').unwrap_or((pattern, ""));
                if from.is_empty() || from.contains(['*', '?', '[', '#', '%']) {
                    return None;
                }
                let times = if operation.operator == Operator::Replace { 1 } else { usize::MAX };
                return Some(Value { kind: literal_kind(&text.replacen(from, to, times), value), ..value.clone() });
            }
            _ => return None,
        };
        Some(Value { kind: literal_kind(new.unwrap_or(text), value), ..value.clone() })
    }
}

fn literal_kind(text: &str, value: &Value) -> Kind {
    Kind::Text(Text::literal(text, value.origin.clone()))
}

/// All places between characters, ends included.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    // Trimming tries every place, so a long text is not tried at all.
    let most = if text.len() > 4096 { 0 } else { usize::MAX };
    text.char_indices().map(|(at, _)| at).chain([text.len()]).take(most)
}

/// Whether a shell pattern of `*` and `?` fits the whole text; brackets never do.
fn matches(pattern: &str, text: &str) -> bool {
    if pattern.contains('[') {
        return false;
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == text[t] => {
                p += 1;
                t += 1;
            }
            Some(_) | None => match star {
                Some((star_p, star_t)) => {
                    star = Some((star_p, star_t + 1));
                    p = star_p + 1;
                    t = star_t + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

/// Cuts a text at its blanks into the fields.
fn split(fields: &mut Vec<Vec<TextPiece>>, text: &str, origin: &Origin) {
    let is_blank = |byte: char| matches!(byte, ' ' | '\t' | '\n');
    for (index, part) in text.split(is_blank).enumerate() {
        if index > 0 {
            fields.push(Vec::new());
        }
        if !part.is_empty() {
            fields.last_mut().expect("there is always a field").push(TextPiece::Literal(part.into(), origin.clone()));
        }
    }
}

/// A text whose way leads through the word, and on through what its literals were read through.
fn whole(pieces: impl IntoIterator<Item = TextPiece>, span: Span) -> Value {
    let pieces: Vec<TextPiece> = pieces.into_iter().collect();
    let origin = match &*pieces {
        [TextPiece::Literal(_, origin)] if origin.steps().count() > 1 => origin.clone(),
        _ => Origin::written(span),
    };
    Value::new(Kind::Text(Text::from_pieces(pieces)), origin)
}

pub(super) fn hole(code: &'static str, object: &str, span: Span) -> Value {
    Value::unknown(Reason::at(code, object, span), Origin::missing(code, span))
}
