//! One statement and one question: may this action be done to this resource, in this context? The answer is `and` of
//! action, resource and conditions.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use super::actions::{ActionName, Actions, listed};
use super::condition::{Condition, Context};
use super::pattern::{Extent, Pattern, Symbol};
use crate::logic::Tri;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub patterns: Vec<Pattern>,
    /// It says what is left out.
    pub is_negated: bool,
    /// There may be more entries than these.
    pub is_open: bool,
}

impl Listing {
    /// There may be more than shows: further entries, or what is hidden in these.
    pub fn is_hidden(&self) -> bool {
        self.is_open || self.patterns.iter().any(Pattern::is_hidden)
    }
}

#[derive(Clone, Debug)]
pub struct Statement {
    /// Nothing if it is not known.
    pub effect: Option<Effect>,
    pub actions: Arc<Actions>,
    pub resources: Listing,
    pub conditions: Vec<Condition>,
    /// The `Condition` block may hold more.
    pub has_open_conditions: bool,
}

/// May this be done, to all of the resource or to any of it?
#[derive(Clone, Debug)]
pub struct Question {
    pub(super) action: Cow<'static, ActionName>,
    pub resource: Pattern,
    pub extent: Extent,
    pub context: Context,
    request: Request,
}

/// What the request of an action names as its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    /// What the question says.
    Resource,
    /// The one character `*`.
    Star,
    /// Nobody knows which of the two.
    Either,
}

impl Question {
    pub fn new(action: &str, resource: Pattern, extent: Extent, context: Context) -> Question {
        Question::about(listed(action), resource, extent, context)
    }

    /// The same of an action that is made ready.
    pub fn about(action: Cow<'static, ActionName>, resource: Pattern, extent: Extent, context: Context) -> Question {
        let request = match action.known() {
            Some((_, found)) if found.is_disputed => Request::Either,
            Some((_, found)) if found.takes_resource() => Request::Resource,
            Some(_) if action.is("logs:describeloggroups") => Request::Resource,
            // AWS's own policies write `arn:aws:s3:::*` as often as `*`.
            Some(_) if action.is("s3:listallmybuckets") => Request::Either,
            Some(_) => Request::Star,
            None => Request::Either,
        };
        Question { action, resource, extent, context, request }
    }

    /// To anything at all, of an action that is made ready.
    pub fn somewhere(action: ActionName) -> Question {
        Question::about(Cow::Owned(action), Pattern::anything(), Extent::Some, Context::default())
    }

    /// To everything that the resource pattern names.
    pub fn all(action: &str, resource: Pattern) -> Question {
        Question::new(action, resource, Extent::All, Context::default())
    }

    /// To anything that the resource pattern names.
    pub fn some(action: &str, resource: Pattern) -> Question {
        Question::new(action, resource, Extent::Some, Context::default())
    }

    pub fn in_context(self, context: Context) -> Question {
        Question { context, ..self }
    }
}

/// What the request of an action says that takes no resource.
static STAR: LazyLock<Pattern> = LazyLock::new(Pattern::star_character);

impl Statement {
    /// Whether the statement speaks about the question, whatever its effect.
    pub fn applies(&self, question: &Question, extent: Extent) -> Tri {
        let action = self.actions.name(&question.action);
        if action == Tri::False {
            return Tri::False;
        }
        let about = action.and(self.names_resource(question, extent));
        if about == Tri::False {
            return Tri::False;
        }
        about.and(self.conditions_hold(&question.context, question.extent))
    }

    /// Whether an action is among its actions.
    pub fn names_action(&self, action: &ActionName) -> Tri {
        self.actions.name(action)
    }

    fn names_resource(&self, question: &Question, extent: Extent) -> Tri {
        match question.request {
            Request::Resource => self.covers_resource(&question.resource, extent),
            Request::Star => self.covers_resource(&STAR, Extent::All),
            Request::Either => {
                let as_asked = self.covers_resource(&question.resource, extent);
                if as_asked == self.covers_resource(&STAR, Extent::All) { as_asked } else { Tri::Unknown }
            }
        }
    }

    /// It names resources, and asks nothing of the request.
    pub fn grants_something(&self) -> bool {
        !self.resources.is_negated
            && !self.resources.patterns.is_empty()
            && self.conditions.is_empty()
            && !self.has_open_conditions
    }

    pub fn covers_resource(&self, resource: &Pattern, extent: Extent) -> Tri {
        let patterns = &self.resources.patterns;
        if !self.resources.is_negated {
            let named = Tri::any(patterns.iter().map(|pattern| pattern.answers(resource, extent)));
            return if self.resources.is_open { named.or(Tri::Unknown) } else { named };
        }
        if patterns.iter().any(|pattern| pattern.covers(resource) == Tri::True) {
            return Tri::False;
        }
        let nothing_left_out = match extent {
            Extent::All => !patterns.iter().any(|pattern| pattern.may_meet(resource)),
            Extent::Some => !patterns.iter().any(|pattern| pattern.may_cover(resource)),
        };
        if nothing_left_out && !self.resources.is_open { Tri::True } else { Tri::Unknown }
    }

    pub fn conditions_hold(&self, context: &Context, extent: Extent) -> Tri {
        let written = Tri::all(self.conditions.iter().map(|condition| condition.holds(context, extent)));
        if self.has_open_conditions { written.and(Tri::Unknown) } else { written }
    }
}

/// A wildcard in the part before the colon that is not the whole pattern.
pub fn has_odd_service(pattern: &Pattern) -> bool {
    if pattern.is_everything() {
        return false;
    }
    let before_colon = pattern.symbols().iter().take_while(|symbol| **symbol != Symbol::Literal(':'));
    before_colon.clone().any(|symbol| matches!(symbol, Symbol::Star { .. } | Symbol::Question))
}
