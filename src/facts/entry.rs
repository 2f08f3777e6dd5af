//! The way from an entry of an environment down to the literal that it holds, for those who judge the entry.

use crate::model::secret::Variable;
use crate::source::{Place, Span};
use crate::value::StepKind;

/// The entry itself comes first, where it only reads what stands elsewhere; then the way down to the literal.
pub(super) fn lead(places: &mut Vec<Place>, variable: &Variable) {
    let steps: Vec<_> = variable.content.origin().steps().collect();
    let holds = |span: Span| variable.head.block.contains(&span);
    let Some(own) = steps.iter().position(|step| holds(step.span)) else { return };
    let Some(literal) = places.first().cloned().filter(|literal| !holds(literal.span)) else { return };
    let way = steps[own..].iter().filter(|step| step.span != literal.span);
    let mut led: Vec<Place> = way.map(|step| Place::new(step.span, role_of(step.kind))).collect();
    if let Some(first) = led.first_mut() {
        first.role.clone_from(&literal.role);
    }
    let is_declared_only = steps.last().is_some_and(|step| matches!(step.kind, StepKind::Missing(_)));
    led.push(Place::new(literal.span, if is_declared_only { "declared here" } else { "the value stands here" }));
    led.extend(places.drain(..).skip(1));
    *places = led;
}

fn role_of(kind: &StepKind) -> String {
    match kind {
        StepKind::ReadThrough(name) => format!("read through `{name}`"),
        StepKind::Said(words) => (*words).to_owned(),
        StepKind::Passed { call, argument } => format!("passed to `{call}` as `{argument}`"),
        StepKind::VariableDefault { name, .. } => format!("the default of `{name}`"),
        StepKind::Call(name) => format!("through `{name}`"),
        StepKind::Written | StepKind::VarFile { .. } | StepKind::ProviderDefault(_) | StepKind::Missing(_) => {
            String::new()
        }
    }
}
