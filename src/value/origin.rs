//! Where a value came from: a chain of steps from the literal to the place that asks. Chains share their tails, so a
//! step costs one small allocation and a copy of a value none. Addresses are not kept here: they follow from the span.

use std::sync::Arc;

use crate::source::Span;

/// The longest chain that is kept; beyond it the outermost steps are dropped, never the literal.
const LONGEST: u16 = 48;

/// The newest step first; empty for values that nobody wrote.
#[derive(Clone, Debug, Default)]
pub struct Origin(Option<Arc<Step>>);

#[derive(Debug)]
pub struct Step {
    pub kind: StepKind,
    pub span: Span,
    pub from: Origin,
    depth: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// The literal, attribute or block itself.
    Written,
    /// A line of a variable file, or a `-var` of a command line. Loaded by convention means that a call we cannot see
    /// may override it.
    VarFile { by_convention: bool },
    /// `var.x`, `local.y`, `aws_lb.main.arn`, `each.value`, or the construct that chose (`condition`, `for`, `index`).
    ReadThrough(Arc<str>),
    /// An argument of a module call.
    Passed { call: Arc<str>, argument: Arc<str> },
    /// The default of a variable or of an optional attribute. A root's variable may be set by a call that the
    /// repository does not show; a module's cannot, since its call is in the tree.
    VariableDefault { name: Arc<str>, of_root: bool },
    /// The result of a function.
    Call(Arc<str>),
    /// Nobody wrote it; the provider assumes this. The span is the block that lacks the attribute.
    ProviderDefault(Arc<str>),
    /// Nothing is known from here on; the reason's code.
    Missing(&'static str),
}

impl Origin {
    pub fn none() -> Origin {
        Origin(None)
    }

    pub fn written(span: Span) -> Origin {
        Origin::none().then(StepKind::Written, span)
    }

    pub fn provider_default(attribute: &str, block: Span) -> Origin {
        Origin::none().then(StepKind::ProviderDefault(attribute.into()), block)
    }

    pub fn missing(code: &'static str, span: Span) -> Origin {
        Origin::none().then(StepKind::Missing(code), span)
    }

    pub fn then(&self, kind: StepKind, span: Span) -> Origin {
        let depth = self.0.as_ref().map_or(0, |step| step.depth);
        if depth >= LONGEST {
            return self.clone();
        }
        Origin(Some(Arc::new(Step { kind, span, from: self.clone(), depth: depth + 1 })))
    }

    /// The same chain from a place inside the first one: a part of a text has the way of the text.
    pub fn narrowed(&self, span: Span) -> Origin {
        let steps: Vec<&Step> = self.steps().collect();
        let mut rest = steps.iter().rev();
        let Some(first) = rest.next() else { return Origin::written(span) };
        rest.fold(Origin::none().then(first.kind.clone(), span), |so_far, step| {
            so_far.then(step.kind.clone(), step.span)
        })
    }

    pub fn newest(&self) -> Option<&Step> {
        self.0.as_deref()
    }

    /// From the newest step to the first.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        std::iter::successors(self.newest(), |step| step.from.newest())
    }

    /// Where the chain begins: the literal, or the block that lacks it.
    pub fn first(&self) -> Option<&Step> {
        self.steps().last()
    }

    /// The span of the literal (or of the block that lacks it).
    pub fn span(&self) -> Option<Span> {
        self.first().map(|step| step.span)
    }

    /// Whether a call that the repository does not show may override the value.
    pub fn is_assumed(&self) -> bool {
        self.steps().any(|step| match step.kind {
            StepKind::VariableDefault { of_root, .. } => of_root,
            StepKind::VarFile { by_convention } => by_convention,
            StepKind::Written
            | StepKind::ReadThrough(_)
            | StepKind::Passed { .. }
            | StepKind::Call(_)
            | StepKind::ProviderDefault(_)
            | StepKind::Missing(_) => false,
        })
    }
}
