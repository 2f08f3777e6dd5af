//! Words to texts: variables replaced where they are known, holes elsewhere, each with those who have a hand in it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Argument, Surroundings};
use crate::eval::actions::{Charset, Control, Operand};
use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::shell::{Operation, Operator, Piece, PieceKind, Quoting, Variable, Word};
use crate::value::{Kind, Origin, Piece as TextPiece, StepKind, Text, Value};

/// Who knows variables: what the script has set so far, then what surrounds it.
pub(super) struct Names<'a> {
    pub(super) set: &'a BTreeMap<String, Operand>,
    /// What the commands of `$( … )` gave, by place.
    pub(super) captured: &'a HashMap<Span, Operand>,
    pub(super) around: &'a dyn Surroundings,
}

/// The value of a word for whoever expands variables without being a shell: a Dockerfile's instruction.
pub fn word_value(word: &Word, around: &dyn Surroundings) -> Value {
    Names { set: &BTreeMap::new(), captured: &HashMap::new(), around }.text(word).value
}

/// The same as pieces that are not joined, so that each keeps its own place.
pub fn word_pieces(word: &Word, around: &dyn Surroundings) -> Vec<TextPiece> {
    let (set, captured) = (BTreeMap::new(), HashMap::new());
    let names = Names { set: &set, captured: &captured, around };
    word.pieces.iter().flat_map(|piece| names.part(piece).pieces).collect()
}

/// The pieces that one piece of a word becomes, with everybody's shares in them.
struct Part {
    pieces: Vec<TextPiece>,
    /// What it was, where it was no literal.
    operand: Option<Operand>,
}

impl Names<'_> {
    /// The word as one text.
    pub(super) fn text(&self, word: &Word) -> Operand {
        match &*word.pieces {
            // A word that is one expansion has its value, whatever its type.
            [piece] if !matches!(piece.kind, PieceKind::Literal(_)) => self.operand(piece),
            pieces => {
                let parts: Vec<Part> = pieces.iter().map(|piece| self.part(piece)).collect();
                whole_of(parts, word.span)
            }
        }
    }

    /// The first of the words that one word becomes.
    pub(super) fn first_field(&self, word: &Word) -> Option<Argument> {
        let mut fields = Vec::new();
        self.fields(word, &mut fields);
        fields.into_iter().next()
    }

    /// The words that one word becomes: a variable outside quotes is split at blanks.
    pub(super) fn fields(&self, word: &Word, found: &mut Vec<Argument>) {
        let argument = |operand: Operand, tail| Argument {
            operand,
            span: word.span,
            is_quoted: word.is_quoted(),
            variable: whole_variable(word),
            tail,
        };
        let is_splittable =
            |piece: &Piece| piece.quoting == Quoting::Bare && matches!(piece.kind, PieceKind::Variable(_));
        if let [piece] = &*word.pieces
            && !is_splittable(piece)
            && !matches!(piece.kind, PieceKind::Literal(_))
        {
            let operand = self.operand(piece);
            let tail = operand.value.as_str().map(|text| (text.into(), operand.value.origin.clone()));
            return found.push(argument(operand, tail));
        }
        if let [Piece { kind: PieceKind::Literal(text), span, .. }] = &*word.pieces
            && (1..=LONGEST).contains(&text.len())
        {
            // Most words are this simple.
            let origin = Origin::written(*span);
            let shared: Arc<str> = Arc::from(&**text);
            let tail = Some((shared.clone(), origin.clone()));
            let text = Kind::Text(Text::shared(shared, origin));
            return found.push(argument(Operand::known(Value::new(text, Origin::written(word.span))), tail));
        }
        let parts: Vec<Part> = word.pieces.iter().map(|piece| self.part(piece)).collect();
        let tail = parts.last().and_then(tail_of);
        if !word.pieces.iter().any(is_splittable) {
            return found.push(argument(whole_of(parts, word.span), tail));
        }
        if let [part] = &*parts
            && let Some(operand) = &part.operand
            && operand.value.as_str().is_none_or(|text| !text.is_empty() && !text.contains(BLANKS))
        {
            return found.push(argument(operand.clone(), tail));
        }
        let mut fields: Vec<Vec<TextPiece>> = vec![Vec::new()];
        for (piece, part) in word.pieces.iter().zip(&parts) {
            for part in &part.pieces {
                match part {
                    TextPiece::Literal(text, origin) if is_splittable(piece) => split(&mut fields, text, origin),
                    part => fields.last_mut().expect("there is always a field").push(part.clone()),
                }
            }
        }
        fields.retain(|field| !field.is_empty());
        let shared = joined(parts.into_iter().filter_map(|part| part.operand));
        let field = |pieces| Operand { value: whole(pieces, word.span), ..shared.clone() };
        found.extend(fields.into_iter().map(|pieces| argument(field(pieces), tail.clone())));
    }

    fn operand(&self, piece: &Piece) -> Operand {
        match &piece.kind {
            PieceKind::Literal(text) => Operand::known(Value::text(&**text, Origin::written(piece.span))),
            PieceKind::Variable(variable) => self.variable(variable, piece.span),
            PieceKind::Expression(text) => self.around.expression(text, piece.span),
            PieceKind::Command(_) | PieceKind::Process(_) => match self.captured.get(&piece.span) {
                Some(operand) => operand.clone(),
                None => hole("command-output", "$(…)", piece.span),
            },
            PieceKind::Arithmetic => {
                let number = Operand::chosen(Control::Closed, Charset::Number, "arithmetic");
                Operand { value: hole("command-output", "$((…))", piece.span).value, ..number }
            }
        }
    }

    fn part(&self, piece: &Piece) -> Part {
        if let PieceKind::Literal(text) = &piece.kind {
            let literal = TextPiece::Literal(text.as_ref().into(), Origin::written(piece.span));
            return Part { pieces: vec![literal], operand: None };
        }
        let operand = self.operand(piece);
        let value = &operand.value;
        if matches!(value.kind, Kind::Null) {
            return Part { pieces: Vec::new(), operand: Some(operand) };
        }
        let Some(text) = value.as_text() else {
            return Part { pieces: vec![TextPiece::Hole(Box::new(value.clone()))], operand: Some(operand) };
        };
        // A literal goes on from where it was written, through what it was read through.
        let name = match &piece.kind {
            PieceKind::Variable(variable) => format!("${}", variable.name),
            _ => "${{ … }}".to_owned(),
        };
        let step = StepKind::ReadThrough(name.into());
        let pieces = match text.pieces() {
            [TextPiece::Literal(text, _)] => vec![TextPiece::Literal(text.clone(), value.origin.clone())],
            pieces => pieces
                .iter()
                .map(|inner| match inner {
                    TextPiece::Literal(text, origin) => {
                        TextPiece::Literal(text.clone(), origin.then(step.clone(), piece.span))
                    }
                    TextPiece::Hole(value) => TextPiece::Hole(value.clone()),
                })
                .collect(),
        };
        Part { pieces, operand: Some(operand) }
    }

    fn variable(&self, variable: &Variable, span: Span) -> Operand {
        let found = self.set.get(&variable.name).cloned().or_else(|| self.around.variable(&variable.name, span));
        let found = found.map(|mut operand| {
            operand.value = operand.value.through(StepKind::ReadThrough(format!("${}", variable.name).into()), span);
            operand.at(span)
        });
        match &variable.operation {
            None => found.unwrap_or_else(|| self.unset(variable, span)),
            Some(operation) => self.operation(variable, operation, found, span),
        }
    }

    fn unset(&self, variable: &Variable, span: Span) -> Operand {
        hole("no-value", &format!("${}", variable.name), span)
    }

    fn operation(&self, variable: &Variable, operation: &Operation, found: Option<Operand>, span: Span) -> Operand {
        let is_empty = |operand: &Operand| operand.value.as_str().map(str::is_empty);
        let operand = || self.text(&operation.operand);
        // A variable that nothing here sets may be set by something that cannot be read.
        let default = || Operand { is_unsure: true, ..operand() };
        match operation.operator {
            Operator::Default | Operator::Assign => found.unwrap_or_else(default),
            Operator::DefaultIfEmpty | Operator::AssignIfEmpty => match found {
                None => default(),
                Some(found) => match is_empty(&found) {
                    Some(true) => operand(),
                    Some(false) | None => found,
                },
            },
            Operator::Alternative => match found {
                Some(_) => operand(),
                None => self.unset(variable, span),
            },
            Operator::AlternativeUnlessEmpty => match found.as_ref().and_then(is_empty) {
                Some(false) => operand(),
                Some(true) => Operand::known(Value::text("", Origin::written(span))),
                None => self.unset(variable, span),
            },
            Operator::Require | Operator::RequireNotEmpty => found.unwrap_or_else(|| self.unset(variable, span)),
            Operator::TrimStart
            | Operator::TrimStartLongest
            | Operator::TrimEnd
            | Operator::TrimEndLongest
            | Operator::Replace
            | Operator::ReplaceAll => {
                let Some(found) = found else { return self.unset(variable, span) };
                match self.changed(&found.value, operation) {
                    Some(value) => Operand { value, among: None, ..found },
                    None => self.made_of([found, operand()].into_iter(), variable, span),
                }
            }
            Operator::Other => self.made_of(found.into_iter(), variable, span),
        }
    }

    /// Something that is not known, of everybody who has a hand in these.
    fn made_of(&self, operands: impl Iterator<Item = Operand>, variable: &Variable, span: Span) -> Operand {
        Operand { value: self.unset(variable, span).value, ..joined(operands) }
    }

    /// Prefixes, suffixes and replacements of a known text, where the pattern is known.
    fn changed(&self, value: &Value, operation: &Operation) -> Option<Value> {
        let text = value.as_str()?;
        let operand = self.text(&operation.operand);
        let pattern = operand.value.as_str()?;
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
    for (index, part) in text.split(BLANKS).enumerate() {
        if index > 0 {
            fields.push(Vec::new());
        }
        if !part.is_empty() {
            fields.last_mut().expect("there is always a field").push(TextPiece::Literal(part.into(), origin.clone()));
        }
    }
}

const BLANKS: [char; 3] = [' ', '\t', '\n'];

fn whole_variable(word: &Word) -> Option<String> {
    match &*word.pieces {
        [Piece { kind: PieceKind::Variable(variable), .. }] if variable.operation.is_none() => {
            Some(variable.name.clone())
        }
        _ => None,
    }
}

fn tail_of(part: &Part) -> Option<(Arc<str>, Origin)> {
    match (&part.operand, &*part.pieces) {
        (Some(operand), _) => Some((operand.value.as_str()?.into(), operand.value.origin.clone())),
        (None, [TextPiece::Literal(text, origin)]) => Some((text.clone(), origin.clone())),
        (None, _) => None,
    }
}

fn whole_of(parts: Vec<Part>, span: Span) -> Operand {
    let (pieces, operands): (Vec<Vec<TextPiece>>, Vec<Option<Operand>>) =
        parts.into_iter().map(|part| (part.pieces, part.operand)).unzip();
    Operand { value: whole(pieces.into_iter().flatten(), span), ..joined(operands.into_iter().flatten()) }
}

/// A text whose way leads through the word, and on through what its literals were read through.
fn whole(pieces: impl IntoIterator<Item = TextPiece>, span: Span) -> Value {
    let pieces: Vec<TextPiece> = pieces.into_iter().collect();
    if is_too_long(&pieces) {
        return hole("limit-size", "shell", span).value;
    }
    let origin = match &*pieces {
        [TextPiece::Literal(_, origin)] if origin.steps().count() > 1 => origin.clone(),
        _ => Origin::written(span),
    };
    Value::new(Kind::Text(Text::from_pieces(pieces)), origin)
}

/// A text may have this many bytes of literals.
const LONGEST: usize = 262_144;

/// `X=$X$X`, thirty times, would fill the memory.
pub(super) fn is_too_long(pieces: &[TextPiece]) -> bool {
    const MOST_PIECES: usize = 4096;
    let length = |piece: &TextPiece| match piece {
        TextPiece::Literal(text, _) => text.len(),
        TextPiece::Hole(_) => 0,
    };
    pieces.len() > MOST_PIECES || pieces.iter().map(length).sum::<usize>() > LONGEST
}

/// Everybody who has a hand in one of these.
pub(super) fn joined(operands: impl Iterator<Item = Operand>) -> Operand {
    let mut all = Operand::null();
    for operand in operands {
        all.take_shares(&operand);
    }
    all
}

pub(super) fn hole(code: &'static str, object: &str, span: Span) -> Operand {
    let value = Value::unknown(Reason::at(code, object, span), Origin::missing(code, span));
    Operand::known(value)
}
