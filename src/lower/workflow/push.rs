//! Images that are pushed: repository and tag of each, and whether the tag stays with this build.

use std::sync::Arc;

use super::scope::JobScope;
use super::uses;
use crate::eval::actions::{Charset, Control, Operand};
use crate::eval::shell::Command;
use crate::logic::{Reason, Tri};
use crate::model::delivery::Push;
use crate::model::{Head, One};
use crate::source::Span;
use crate::value::{Origin, Piece, Text, Value};

/// Tags that another build moves.
const MOVABLE: [&str; 22] = [
    "latest",
    "stable",
    "edge",
    "nightly",
    "main",
    "master",
    "prod",
    "production",
    "staging",
    "stage",
    "dev",
    "develop",
    "development",
    "test",
    "testing",
    "qa",
    "uat",
    "release",
    "current",
    "canary",
    "preview",
    "beta",
];

/// Whether a command of a container tool sends what it names or builds to a registry.
pub(super) fn pushes(command: &Command) -> bool {
    let tool = command.name();
    command.says(&[tool, "push"])
        || command.says(&[tool, "image", "push"])
        || command.has("--push")
        || command.option(&["--output", "-o"]).is_some_and(|output| {
            output.text().is_some_and(|text| text.contains("push=true") || text.contains("type=registry"))
        })
}

/// One image under one tag.
pub(super) fn push(
    scope: &JobScope<'_, '_>,
    image: &Operand,
    span: Span,
    tail: Option<&(Arc<str>, Origin)>,
) -> Option<Push> {
    let origin = Origin::written(span);
    let text = image.value.as_text()?;
    let (target, tag) = split_tag(&text);
    let shown = Text::from_pieces(target.clone()).to_string();
    let mut found = Push::new(Head::new(shown, span));
    found.target.set(Value::new(crate::value::Kind::Text(Text::from_pieces(target)), origin.clone()));
    let class = match &tag {
        None => Ok("movable"),
        Some(tag) => tag_class(tag, image),
    };
    let tag_value = match &tag {
        Some(tag) => Value::new(crate::value::Kind::Text(tag.clone()), origin.clone()),
        None => Value::text("latest", origin.clone()),
    };
    // The tag alone, where it is a variable's value, is written where the variable is.
    let own = tail.filter(|(text, _)| tag.as_ref().and_then(Text::known) == Some(&**text));
    let written = match own {
        Some((_, written)) => written.clone(),
        None => tag.as_ref().and_then(literal_origin).unwrap_or(origin.clone()),
    };
    found.tags.set(Value::list(vec![tag_value], origin.clone()));
    match class {
        Ok(class) => found.is_fixed.set(Value::bool(class == "fixed", written)),
        Err(reason) => found.is_fixed.set(Value::unknown(reason, origin.clone())),
    }
    found.job = One::to(scope.doc().id, origin.clone());
    if let Some(step) = scope.step_doc() {
        found.step = One::to(step.id, origin);
    }
    Some(found)
}

/// The origin of the literal that a tag is made of: the place where `latest` is written.
fn literal_origin(tag: &Text) -> Option<Origin> {
    tag.pieces().iter().find_map(|piece| match piece {
        Piece::Literal(_, origin) if origin.newest().is_some() => Some(origin.clone()),
        Piece::Literal(..) | Piece::Hole(_) => None,
    })
}

/// The pieces before and behind the last colon that stands behind the last slash.
fn split_tag(text: &Text) -> (Vec<Piece>, Option<Text>) {
    let pieces = text.pieces();
    for (index, piece) in pieces.iter().enumerate().rev() {
        let Piece::Literal(literal, origin) = piece else { continue };
        if let Some(at) = literal.rfind([':', '/']) {
            if literal[at..].starts_with('/') {
                break;
            }
            let mut before = pieces[..index].to_vec();
            before.push(Piece::Literal(literal[..at].trim_end_matches('@').into(), origin.clone()));
            let mut behind = Vec::new();
            if at + 1 < literal.len() {
                behind.push(Piece::Literal(literal[at + 1..].into(), origin.clone()));
            }
            behind.extend(pieces[index + 1..].iter().cloned());
            return (before, Some(Text::from_pieces(behind)));
        }
    }
    let has_hole = pieces.len() > 1 || matches!(pieces.first(), Some(Piece::Hole(_)));
    // `"$IMAGE"` alone may hold a tag.
    match has_hole {
        true => (pieces.to_vec(), Some(text.clone())),
        false => (pieces.to_vec(), None),
    }
}

/// `movable` or `fixed`; the reason where the tag is not known enough.
fn tag_class(tag: &Text, image: &Operand) -> Result<&'static str, Reason> {
    if let Some(known) = tag.known() {
        return Ok(class_of_word(known));
    }
    let fixed = image.shares.iter().any(|share| {
        let is_run = matches!(share.charset, Charset::Hex | Charset::Number) && share.control == Control::Platform;
        is_run || share.name.ends_with(".sha") || share.name.contains("run_") || share.name.ends_with("tag_name")
    });
    if fixed || tag.contains("@sha256") == Tri::True {
        return Ok("fixed");
    }
    let hole = tag.holes().find_map(Value::reason).cloned();
    Err(hole.unwrap_or_else(|| Reason::new("run-time-value", "image tag")))
}

fn class_of_word(tag: &str) -> &'static str {
    let is_bare = uses::is_version(tag) && tag.split('.').count() < 3;
    match MOVABLE.contains(&tag.to_lowercase().as_str()) || is_bare {
        true => "movable",
        false => "fixed",
    }
}

/// The lines of a text; a text that is one unknown value is one line.
pub(super) fn lines(operand: &Operand, separators: &[char]) -> Vec<Operand> {
    let Some(text) = operand.value.as_text() else { return Vec::new() };
    let mut found: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in text.pieces() {
        match piece {
            Piece::Literal(text, origin) => {
                for (index, part) in text.split(separators).enumerate() {
                    if index > 0 {
                        found.push(Vec::new());
                    }
                    if let (false, Some(line)) = (part.trim().is_empty(), found.last_mut()) {
                        line.push(Piece::Literal(part.trim().into(), origin.clone()));
                    }
                }
            }
            Piece::Hole(_) => found.last_mut().into_iter().for_each(|line| line.push(piece.clone())),
        }
    }
    let whole = |pieces: Vec<Piece>| {
        let value = Value::new(crate::value::Kind::Text(Text::from_pieces(pieces)), operand.value.origin.clone());
        Operand { value, among: None, ..operand.clone() }
    };
    found.into_iter().filter(|pieces| !pieces.is_empty()).map(whole).collect()
}
