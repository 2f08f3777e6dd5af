//! Where a value came from: a chain of steps from the literal to the place that asks. Chains share their tails, so a
//! step costs one small allocation and a copy of a value none. Addresses are not kept here: they follow from the span.

use std::borrow::Cow;
use std::sync::Arc;

use crate::source::Span;

/// The longest chain that is kept; beyond it the outermost steps are dropped, never the literal.
const LONGEST: u16 = 48;

/// The newest step first; empty for values that nobody wrote.
#[derive(Clone, Debug, Default)]
pub struct Origin(Chain);

/// Most chains are one step long, and those need no memory of their own.
#[derive(Clone, Debug, Default)]
enum Chain {
    #[default]
    None,
    Written(Span),
    /// Nobody wrote anything in this block.
    Default(Span),
    /// What many entities say alike lies once for all of them: it stands where the one stands that says it.
    Own(Own),
    Steps(Arc<Link>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    Written,
    Default,
}

#[derive(Debug)]
struct Link {
    kind: StepKind,
    span: Span,
    from: Origin,
    depth: u16,
}

/// One step of a chain.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub kind: &'a StepKind,
    pub span: Span,
    from: &'a Origin,
}

static NOWHERE: Origin = Origin(Chain::None);
static WRITTEN: StepKind = StepKind::Written;
static DEFAULT: StepKind = StepKind::ProviderDefault(Cow::Borrowed(""));

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// The literal, attribute or block itself.
    Written,
    /// A line of a variable file, or a `-var` of a command line. Loaded by convention means that a call we cannot see
    /// may override it.
    VarFile { by_convention: bool },
    /// `var.x`, `local.y`, `aws_lb.main.arn`, `each.value`, or the construct that chose (`condition`, `for`, `index`).
    ReadThrough(Arc<str>),
    /// A place that has to do with the value, and what, in words for the reader.
    Said(&'static str),
    /// An argument of a module call.
    Passed { call: Arc<str>, argument: Arc<str> },
    /// The default of a variable or of an optional attribute. A root's variable may be set by a call that the
    /// repository does not show; a module's cannot, since its call is in the tree.
    VariableDefault { name: Arc<str>, of_root: bool },
    /// The result of a function.
    Call(Arc<str>),
    /// Nobody wrote it; the provider assumes this. The span is the block that lacks the attribute.
    ProviderDefault(Cow<'static, str>),
    /// Nothing is known from here on; the reason's code.
    Missing(&'static str),
}

impl Origin {
    pub fn none() -> Origin {
        Origin(Chain::None)
    }

    pub fn is_none(&self) -> bool {
        matches!(self.0, Chain::None)
    }

    pub fn written(span: Span) -> Origin {
        Origin(Chain::Written(span))
    }

    /// Nobody wrote the attribute; no name where nobody knows yet what it is called.
    pub fn provider_default(attribute: impl Into<Cow<'static, str>>, block: Span) -> Origin {
        let attribute = attribute.into();
        if attribute.is_empty() {
            return Origin(Chain::Default(block));
        }
        Origin::none().then(StepKind::ProviderDefault(attribute), block)
    }

    /// Nobody wrote it, in a value that many entities share.
    pub const fn own_default() -> Origin {
        Origin(Chain::Own(Own::Default))
    }

    /// The entity's own place shows it, in a value that many entities share.
    pub const fn own_written() -> Origin {
        Origin(Chain::Own(Own::Written))
    }

    /// Whether the place is that of the entity which says it.
    pub fn is_own(&self) -> bool {
        matches!(self.0, Chain::Own(_))
    }

    /// The same, told of the entity at this place.
    pub fn of(&self, entity: Span) -> Origin {
        match self.0 {
            Chain::Own(Own::Written) => Origin(Chain::Written(entity)),
            Chain::Own(Own::Default) => Origin(Chain::Default(entity)),
            Chain::None | Chain::Written(_) | Chain::Default(_) | Chain::Steps(_) => self.clone(),
        }
    }

    /// Whether nobody wrote the value, and a provider assumes it.
    pub fn is_default(&self) -> bool {
        match &self.0 {
            Chain::Default(_) | Chain::Own(Own::Default) => true,
            Chain::Steps(link) => matches!(link.kind, StepKind::ProviderDefault(_)),
            Chain::None | Chain::Written(_) | Chain::Own(Own::Written) => false,
        }
    }

    /// Whether one place and nothing else shows the value.
    pub fn is_written_at(&self, place: Span) -> bool {
        matches!(self.0, Chain::Written(span) if span == place)
    }

    pub fn missing(code: &'static str, span: Span) -> Origin {
        Origin::none().then(StepKind::Missing(code), span)
    }

    pub fn then(&self, kind: StepKind, span: Span) -> Origin {
        let depth = match &self.0 {
            Chain::None | Chain::Own(_) => 0,
            Chain::Written(_) | Chain::Default(_) => 1,
            Chain::Steps(link) => link.depth,
        };
        if depth >= LONGEST {
            return self.clone();
        }
        if depth == 0 && kind == StepKind::Written {
            return Origin::written(span);
        }
        Origin(Chain::Steps(Arc::new(Link { kind, span, from: self.clone(), depth: depth + 1 })))
    }

    /// The same chain from a place inside the first one: a part of a text has the way of the text.
    pub fn narrowed(&self, span: Span) -> Origin {
        let steps: Vec<Step<'_>> = self.steps().collect();
        let mut rest = steps.iter().rev();
        let Some(first) = rest.next() else { return Origin::written(span) };
        rest.fold(Origin::none().then(first.kind.clone(), span), |so_far, step| {
            so_far.then(step.kind.clone(), step.span)
        })
    }

    pub fn newest(&self) -> Option<Step<'_>> {
        match &self.0 {
            Chain::None | Chain::Own(_) => None,
            Chain::Written(span) => Some(Step { kind: &WRITTEN, span: *span, from: &NOWHERE }),
            Chain::Default(span) => Some(Step { kind: &DEFAULT, span: *span, from: &NOWHERE }),
            Chain::Steps(link) => Some(Step { kind: &link.kind, span: link.span, from: &link.from }),
        }
    }

    /// From the newest step to the first.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        std::iter::successors(self.newest(), |step| step.from.newest())
    }

    /// Where the chain begins: the literal, or the block that lacks it.
    pub fn first(&self) -> Option<Step<'_>> {
        self.steps().last()
    }

    /// The span of the literal (or of the block that lacks it).
    pub fn span(&self) -> Option<Span> {
        self.first().map(|step| step.span)
    }

    /// Whether a call that the repository does not show may override the value.
    pub fn is_assumed(&self) -> bool {
        self.steps().any(|step| match step.kind {
            StepKind::VariableDefault { of_root, .. } => *of_root,
            StepKind::VarFile { by_convention } => *by_convention,
            StepKind::Written
            | StepKind::ReadThrough(_)
            | StepKind::Said(_)
            | StepKind::Passed { .. }
            | StepKind::Call(_)
            | StepKind::ProviderDefault(_)
            | StepKind::Missing(_) => false,
        })
    }
}
