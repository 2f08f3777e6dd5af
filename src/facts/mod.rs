//! Hard reasoning over the model, written once. A fact is a function from an entity to an answer; it is declared with
//! `facts!` in its module, computed when asked, once per entity. What many facts share is an `Analysis`.

mod build;
mod entry;
mod hop;
mod index;
mod leak;
mod managed;
pub mod permit;
mod reach;
pub mod secret;
mod start;
mod state;
mod tag;
mod task;
pub mod trust;
mod web;

use std::any::{Any, TypeId};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use crate::logic::{Fact, Tri};
use crate::model::data::AtRest;
use crate::model::schema::{Answer, PropertyType};
use crate::model::{Id, Model};
use crate::source::{Place, QuickMap};
use crate::value::Value;

/// Fills the derived entities. They are made once, after linking, before any rule looks.
pub fn derive(model: &mut Model) {
    reach::derive(model);
    hop::connection::derive(model);
    hop::edges::derive(model);
}

/// All facts, by declaring module. A new module of facts adds its line here.
static ALL: &[&[FactSchema]] = &[
    build::FACTS,
    tag::FACTS,
    permit::chain::FACTS,
    permit::dead::FACTS,
    permit::deploy::FACTS,
    permit::execution::FACTS,
    permit::hygiene::FACTS,
    permit::keys::FACTS,
    permit::need::verdict::FACTS,
    permit::exposure::FACTS,
    permit::passes::FACTS,
    permit::power::FACTS,
    permit::sets::FACTS,
    permit::shape::FACTS,
    permit::spelling::FACTS,
    permit::width::FACTS,
    hop::FACTS,
    leak::FACTS,
    reach::FACTS,
    start::FACTS,
    secret::FACTS,
    state::FACTS,
    task::FACTS,
    trust::alone::FACTS,
    trust::join::FACTS,
    trust::run::FACTS,
    trust::service::FACTS,
    web::FACTS,
    managed::FACTS,
];

/// Whether a thing that keeps data keeps it encrypted.
pub fn is_encrypted(facts: &Facts<'_>, id: Id<AtRest>) -> Tri {
    hop::encrypted(facts, id).tri
}

/// Whether it does so under a key of one's own.
pub fn has_own_key(facts: &Facts<'_>, id: Id<AtRest>) -> Tri {
    hop::has_own_key(facts, id).tri
}

pub struct FactSchema {
    pub entity: &'static str,
    pub name: &'static str,
    pub doc: &'static str,
    pub ty: PropertyType,
    pub compute: fn(&Facts, u32) -> FactAnswer,
}

/// What a fact says of one entity.
#[derive(Debug)]
pub enum FactAnswer {
    Fact(Fact),
    /// A number, a word or texts, with the places that decided.
    Value(Value, Vec<Place>),
    /// Entities, with the edges' origins.
    Many(crate::model::Many<()>),
}

impl From<Fact> for FactAnswer {
    fn from(fact: Fact) -> FactAnswer {
        FactAnswer::Fact(fact)
    }
}

impl From<(Value, Vec<Place>)> for FactAnswer {
    fn from((value, places): (Value, Vec<Place>)) -> FactAnswer {
        FactAnswer::Value(value, places)
    }
}

impl<T> From<crate::model::Many<T>> for FactAnswer {
    fn from(many: crate::model::Many<T>) -> FactAnswer {
        FactAnswer::Many(many.cast())
    }
}

/// What several facts need and is computed once per model: routes as a graph, grants of all roles.
pub trait Analysis: Any + Send + Sync {
    fn compute(facts: &Facts<'_>) -> Self;
}

/// By entity; nothing is a plain no, which most answers are.
type Answers = Box<[OnceLock<Option<Box<FactAnswer>>>]>;

static PLAIN_NO: FactAnswer = FactAnswer::Fact(Fact::plain(Tri::False));

type Slot = Arc<OnceLock<Arc<dyn Any + Send + Sync>>>;

/// The facts of one model, memoised.
pub struct Facts<'m> {
    pub model: &'m Model,
    answers: Vec<OnceLock<Answers>>,
    analyses: Mutex<QuickMap<TypeId, Slot>>,
    index: OnceLock<index::Index>,
}

impl<'m> Facts<'m> {
    pub fn new(model: &'m Model) -> Facts<'m> {
        let answers = NUMBERED.iter().map(|_| OnceLock::new()).collect();
        Facts { model, answers, analyses: Mutex::default(), index: OnceLock::new() }
    }

    /// What belongs to what.
    fn index(&self) -> &index::Index {
        self.index.get_or_init(|| index::Index::new(self.model))
    }

    /// The answer of the fact at `number` in the schema. A fact must not ask for itself: cycles are the business of
    /// an `Analysis`, which sees the whole graph.
    pub fn answer(&self, number: usize, index: u32) -> Answer<'_> {
        let fact = NUMBERED[number];
        let table = self.answers[number].get_or_init(|| {
            let entity = crate::model::schema::find_entity(fact.entity);
            let n_rows = entity.map_or(0, |entity| (entity.len)(self.model));
            (0..n_rows).map(|_| OnceLock::new()).collect()
        });
        let answer = table[index as usize].get_or_init(|| match (fact.compute)(self, index) {
            FactAnswer::Fact(fact) if fact.is_plain_no() => None,
            answer => Some(Box::new(answer)),
        });
        match answer.as_deref().unwrap_or(&PLAIN_NO) {
            FactAnswer::Fact(fact) => Answer::Fact(fact),
            FactAnswer::Value(value, places) => Answer::Value { value, places },
            FactAnswer::Many(many) => {
                Answer::Many { members: &many.members, open: many.open.as_ref(), origin: &many.origin }
            }
        }
    }

    pub fn analysis<A: Analysis>(&self) -> Arc<A> {
        let slot = {
            let mut analyses = self.analyses.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            analyses.entry(TypeId::of::<A>()).or_default().clone()
        };
        let computed = slot.get_or_init(|| Arc::new(A::compute(self))).clone();
        computed.downcast::<A>().expect("the slot of a type holds that type")
    }
}

/// All declared facts, in a fixed order; the position is the fact's number.
pub fn schema() -> impl Iterator<Item = &'static FactSchema> {
    ALL.iter().copied().flatten()
}

static NUMBERED: LazyLock<Vec<&'static FactSchema>> = LazyLock::new(|| schema().collect());

/// Declares facts. The function takes `&Facts` and the entity's id and returns a `Fact`, or `(Value, Vec<Place>)` for
/// words, numbers and texts, or `Many<Entity>`.
///
/// ```text
/// facts! {
///     Subnet {
///         /// Whether its routes lead to an internet gateway.
///         reaches_internet: Flag = reach::reaches_internet,
///         class4: Word["none", "public", "egress", "transit", "isolated"] = reach::class4,
///     }
/// }
/// ```
///
/// Makes `FACTS`, which `facts/mod.rs` lists.
macro_rules! facts {
    ($( $Entity:ty { $( $(#[doc = $doc:literal])* $name:ident : $Kind:ident $(<$Target:ty>)? $([$($word:literal),* $(,)?])? = $compute:expr ),* $(,)? } )*) => {
        pub(in $crate::facts) static FACTS: &[$crate::facts::FactSchema] = &[ $( $(
            $crate::facts::FactSchema {
                entity: <$Entity as $crate::model::Entity>::NAME,
                name: stringify!($name),
                doc: concat!($($doc),*),
                ty: $crate::model::field!(schema $Kind $(<$Target>)? $([$($word),*])?),
                compute: |facts, index| $compute(facts, $crate::model::Id::<$Entity>::new(index)).into(),
            },
        )* )* ];
    };
}

pub(crate) use facts;
