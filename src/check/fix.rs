//! A fix as data becomes an edit of text: a literal replaced where it is written, an attribute written into the block
//! that lacks it, or an edit that is named in the rule and stands beside its language.

use super::evaluate::Evaluator;
use super::evidence::Way;
use crate::finding::{Edit, Fix, Safety};
use crate::rule::condition::{Environment, Operand, compile_operand};
use crate::rule::{FixAction, FixTarget, RuleError, RuleFile};
use crate::source::Span;
use crate::value::{Origin, StepKind};

/// Where text stands and how it is edited: what the syntax floors know and this one does not.
pub trait Sites {
    /// What stands at a span: `terraform#aws_lb.main.internal`.
    fn address(&self, span: Span) -> String;

    /// The same for a verdict that could not be decided; empty if nobody shows it.
    fn address_of_undecided(&self, span: Span) -> String;

    /// Writes `attribute = literal` at the end of the block whose header stands at `block`; a path writes into the
    /// nested block if there is one.
    fn insertion(&self, block: Span, attribute: &str, literal: &str) -> Option<Edit>;

    /// Takes away the whole attribute whose value (or a part of it) stands at `value`.
    fn removal(&self, value: Span) -> Option<Edit>;

    /// Another text in place of what stands there; nothing where the file would no longer be read after it.
    fn replacement(&self, place: Span, text: &str) -> Option<Edit>;

    /// An edit that a rule names, for a finding at `primary`.
    fn named(&self, edit: &str, primary: Span) -> Option<Vec<Edit>>;
}

/// A rule's fix, checked against the schema.
#[derive(Debug)]
pub(super) enum Action {
    Set {
        target: Operand,
        name: String,
        literal: String,
    },
    /// The text of one property, written where another one stands.
    Write {
        target: Operand,
        text: Operand,
    },
    Remove {
        target: Operand,
        name: String,
    },
    Named(String),
}

/// What a fix would change, for one entity.
pub(super) enum Draft {
    Set {
        origin: Origin,
        name: String,
        literal: String,
    },
    Write {
        origin: Origin,
        text: String,
    },
    Remove {
        origin: Origin,
        name: String,
    },
    Named(String),
    /// The whole change, as a fact knows it.
    Known {
        name: String,
        edits: Vec<Edit>,
    },
}

pub(super) fn load(file: &RuleFile, environment: &Environment<'_>) -> Result<Option<(Action, Safety)>, Vec<RuleError>> {
    let Some(spec) = &file.fix else { return Ok(None) };
    let property = |path: &str| -> Result<(Operand, String), Vec<RuleError>> {
        let each = environment.each;
        let whole = if path.starts_with(&format!("{each}.")) { path.to_owned() } else { format!("{each}.{path}") };
        let error = |message: String| vec![file.source.error(spec.range.clone(), message)];
        let operand = compile_operand(&whole, 0, environment)
            .map_err(|errors| errors.into_iter().flat_map(|it| error(it.message)).collect::<Vec<_>>())?;
        Ok((operand, whole))
    };
    let target = |target: &FixTarget| -> Result<(Operand, String), Vec<RuleError>> {
        match target {
            FixTarget::Attribute(path) => {
                let path: Vec<String> = path.split('.').map(str::to_owned).collect();
                let name = path.join(".");
                Ok((Operand::Attribute { path, default: None }, name))
            }
            FixTarget::Property(path) => property(path),
        }
    };
    let action = match &spec.action {
        FixAction::Set { target: at, literal } => {
            let (target, name) = target(at)?;
            match names_property(literal) {
                true => Action::Write { target, text: property(literal)?.0 },
                false => Action::Set { target, name, literal: literal.clone() },
            }
        }
        FixAction::Remove(at) => {
            let (target, name) = target(at)?;
            Action::Remove { target, name }
        }
        FixAction::Edit(name) => Action::Named(name.clone()),
    };
    Ok(Some((action, spec.safety)))
}

/// `nearest`, `oddity.nearest`: neither a number nor a word of the language nor a text in quotes.
fn names_property(literal: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.');
    !matches!(literal, "true" | "false" | "null") && literal.bytes().all(is_word)
}

/// What the fix changes for the entity that the evaluator is bound to; nothing if the value is not known.
pub(super) fn draft(evaluator: &mut Evaluator<'_, '_>, action: &Action, ways: &[Way]) -> Option<Draft> {
    match action {
        Action::Named(name) => match ways.first().map_or(&[][..], |way| &way.edits) {
            [] => Some(Draft::Named(name.clone())),
            edits => {
                let edits = edits.iter().map(|(span, text)| Edit { span: *span, text: text.clone() });
                Some(Draft::Known { name: name.clone(), edits: edits.collect() })
            }
        },
        Action::Set { target, name, literal } => {
            let origin = origin_of(evaluator, target)?;
            Some(Draft::Set { origin, name: name.clone(), literal: literal.clone() })
        }
        Action::Write { target, text } => {
            let origin = origin_of(evaluator, target)?;
            let text = evaluator.operand(text).value?.as_str()?.to_owned();
            Some(Draft::Write { origin, text })
        }
        Action::Remove { target, name } => {
            let origin = origin_of(evaluator, target)?;
            Some(Draft::Remove { origin, name: name.clone() })
        }
    }
}

/// Where the value of the target is written, or which block lacks it.
fn origin_of(evaluator: &mut Evaluator<'_, '_>, target: &Operand) -> Option<Origin> {
    if let Some(value) = evaluator.operand(target).value {
        return Some(value.origin);
    }
    match target {
        Operand::Attribute { path, .. } => {
            let (_, span) = evaluator.resource_body()?;
            Some(Origin::provider_default(path.join("."), span))
        }
        Operand::Constant(_) | Operand::Access(_) | Operand::Length(_) | Operand::Attributes { .. } => None,
    }
}

/// The edits at all places of one cause; where two would change the same text, the first is made.
fn at_each(places: &[Span], edits_at: impl Fn(Span) -> Option<Vec<Edit>>) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    for (index, place) in places.iter().enumerate() {
        if places[..index].contains(place) {
            continue;
        }
        let more = edits_at(*place).unwrap_or_default();
        let meets = |edit: &Edit| edits.iter().any(|it| it.span == edit.span || it.span.overlaps(&edit.span));
        if !more.iter().any(meets) {
            edits.extend(more);
        }
    }
    edits
}

/// The edits of a fix, and how safe they are.
pub(super) fn finished(draft: Draft, safety: Safety, places: &[Span], sites: &dyn Sites) -> Option<Fix> {
    match draft {
        Draft::Named(name) => {
            let edits = at_each(places, |place| sites.named(&name, place));
            (!edits.is_empty()).then(|| Fix { safety, title: name.replace('-', " "), edits })
        }
        Draft::Known { name, edits } => Some(Fix { safety, title: name.replace('-', " "), edits }),
        Draft::Set { origin, name, literal } => {
            let first = origin.first()?;
            let title = format!("set `{}` to {literal}", short(&name));
            let edit = match &first.kind {
                StepKind::ProviderDefault(attribute) if attribute.is_empty() => return None,
                StepKind::ProviderDefault(attribute) => sites.insertion(first.span, attribute, &literal)?,
                StepKind::Written | StepKind::VarFile { .. } | StepKind::VariableDefault { .. } => {
                    Edit { span: first.span, text: literal }
                }
                StepKind::ReadThrough(_)
                | StepKind::Said(_)
                | StepKind::Passed { .. }
                | StepKind::Call(_)
                | StepKind::Missing(_) => {
                    return None;
                }
            };
            Some(Fix { safety: lowered(safety, &origin), title, edits: vec![edit] })
        }
        Draft::Write { origin, text } => {
            let first = origin.first().filter(|first| matches!(first.kind, StepKind::Written))?;
            let edit = sites.replacement(first.span, &text)?;
            Some(Fix { safety: lowered(safety, &origin), title: format!("write `{text}`"), edits: vec![edit] })
        }
        Draft::Remove { origin, name } => {
            let first = origin.first()?;
            if !matches!(first.kind, StepKind::Written) {
                return None;
            }
            let title = format!("remove `{}`", short(&name));
            Some(Fix { safety: lowered(safety, &origin), title, edits: vec![sites.removal(first.span)?] })
        }
    }
}

/// A literal that is read through anything may serve others too.
fn lowered(safety: Safety, origin: &Origin) -> Safety {
    match (safety, origin.steps().count()) {
        (Safety::Safe, 0 | 1) => Safety::Safe,
        (Safety::Safe | Safety::Unsafe, _) => Safety::Unsafe,
        (Safety::Show, _) => Safety::Show,
    }
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
