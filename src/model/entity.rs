//! What all entities have in common, typed ids and tables, and the macros that declare entities and views.

use std::marker::PhantomData;

use super::rarely::{Rare, Rarely};
use super::{Blank, Model};
use crate::logic::{Reason, Tri};
use crate::source::Span;
use crate::value::{Origin, Value};

/// An entity of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnyId {
    pub entity: &'static str,
    pub index: u32,
}

impl AnyId {
    pub fn typed<E: Entity>(self) -> Option<Id<E>> {
        (self.entity == E::NAME).then(|| Id::new(self.index))
    }
}

/// An entity of the kind `E`, in the model that made it.
pub struct Id<E> {
    pub index: u32,
    marker: PhantomData<fn() -> E>,
}

impl<E> Id<E> {
    pub fn new(index: u32) -> Id<E> {
        Id { index, marker: PhantomData }
    }
}

impl<E> Clone for Id<E> {
    fn clone(&self) -> Id<E> {
        *self
    }
}

impl<E> Copy for Id<E> {}

impl<E> PartialEq for Id<E> {
    fn eq(&self, other: &Id<E>) -> bool {
        self.index == other.index
    }
}

impl<E> Eq for Id<E> {}

impl<E> PartialOrd for Id<E> {
    fn partial_cmp(&self, other: &Id<E>) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Id<E> {
    fn cmp(&self, other: &Id<E>) -> std::cmp::Ordering {
        self.index.cmp(&other.index)
    }
}

impl<E> std::hash::Hash for Id<E> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}

impl<E: Entity> std::fmt::Debug for Id<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", E::NAME, self.index)
    }
}

impl<E: Entity> From<Id<E>> for AnyId {
    fn from(id: Id<E>) -> AnyId {
        AnyId { entity: E::NAME, index: id.index }
    }
}

/// What every entity has.
#[derive(Clone, Debug)]
pub struct Head {
    /// How messages call it: the Terraform address without module keys, the job's id, the container's name.
    pub name: String,
    /// What stands for the entity where nothing finer does: the block's header, the job's key, the instruction.
    pub span: Span,
    /// All of it, for what is said about everything inside.
    pub block: Span,
    pub presence: Tri,
    /// The whole way in Terraform, with instance keys: references resolve to it. Empty elsewhere.
    pub terraform: Option<std::sync::Arc<crate::value::Reference>>,
    /// What few entities have.
    pub rarely: Rarely<HeadRarely>,
}

#[derive(Clone, Debug, Default)]
pub struct HeadRarely {
    /// Why the presence is not known.
    pub presence_reason: Option<Reason>,
    /// What is used here and elsewhere, where findings about all uses of it are one: `action#actions/checkout@v4`.
    pub thing: Option<String>,
    /// The `module` block in the user's own code, where the entity comes from a module that is not theirs.
    pub caller: Option<Span>,
    /// All `module` blocks that the entity comes through, the outermost first.
    pub calls: Option<std::sync::Arc<[Span]>>,
}

impl Rare for HeadRarely {
    fn blank() -> &'static HeadRarely {
        static BLANK: HeadRarely = HeadRarely { presence_reason: None, thing: None, caller: None, calls: None };
        &BLANK
    }
}

impl std::ops::Deref for Head {
    type Target = HeadRarely;

    fn deref(&self) -> &HeadRarely {
        &self.rarely
    }
}

impl std::ops::DerefMut for Head {
    fn deref_mut(&mut self) -> &mut HeadRarely {
        &mut self.rarely
    }
}

impl Head {
    pub fn new(name: impl Into<String>, span: Span) -> Head {
        Head { name: name.into(), span, block: span, presence: Tri::True, terraform: None, rarely: Rarely::default() }
    }

    /// The same, as one of the uses of this thing.
    pub fn of_thing(self, thing: String) -> Head {
        Head { rarely: Rarely::of(HeadRarely { thing: Some(thing), ..HeadRarely::blank().clone() }), ..self }
    }
}

/// What an edge may lead to: an entity or a view.
pub trait Target {
    const TARGET: &'static str;
}

pub trait Entity: Target + Sized + 'static {
    const NAME: &'static str;

    fn table(model: &Model) -> &Table<Self>;
    fn table_mut(model: &mut Model) -> &mut Table<Self>;
    fn head(&self) -> &Head;

    /// Lets go of what it says just like others.
    fn share(&mut self) {}
}

/// All entities of one kind, in blocks of so many: a table that grows moves nothing and keeps little room to spare.
#[derive(Clone, Debug)]
pub struct Table<E> {
    blocks: Vec<Vec<E>>,
}

const BLOCK: usize = 256;

impl<E> Default for Table<E> {
    fn default() -> Table<E> {
        Table { blocks: Vec::new() }
    }
}

impl<E: Entity> Table<E> {
    pub fn push(&mut self, mut entity: E) -> Id<E> {
        entity.share();
        let index = self.len() as u32;
        match self.blocks.last_mut().filter(|block| block.len() < BLOCK) {
            Some(block) => block.push(entity),
            None => {
                // The first may stay the only one, and small.
                let mut block = Vec::with_capacity(if self.blocks.is_empty() { 1 } else { BLOCK });
                block.push(entity);
                self.blocks.push(block);
            }
        }
        Id::new(index)
    }
}

impl<E> Table<E> {
    pub fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * BLOCK + last.len())
    }

    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (Id<E>, &E)> {
        self.blocks.iter().flatten().enumerate().map(|(index, entity)| (Id::new(index as u32), entity))
    }

    /// Those that were added when there were already so many.
    pub fn added_since(&self, n_rows: usize) -> impl Iterator<Item = (Id<E>, &E)> {
        (n_rows as u32..self.len() as u32).map(|index| (Id::new(index), self.at(index)))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Id<E>, &mut E)> {
        self.blocks.iter_mut().flatten().enumerate().map(|(index, entity)| (Id::new(index as u32), entity))
    }

    pub fn ids(&self) -> impl Iterator<Item = Id<E>> + use<E> {
        (0..self.len() as u32).map(Id::new)
    }

    /// The entity of an id's index.
    pub fn at(&self, index: u32) -> &E {
        &self.blocks[index as usize / BLOCK][index as usize % BLOCK]
    }
}

impl<E> std::ops::Index<Id<E>> for Table<E> {
    type Output = E;

    fn index(&self, id: Id<E>) -> &E {
        self.at(id.index)
    }
}

impl<E> std::ops::IndexMut<Id<E>> for Table<E> {
    fn index_mut(&mut self, id: Id<E>) -> &mut E {
        &mut self.blocks[id.index as usize / BLOCK][id.index as usize % BLOCK]
    }
}

/// `model[id]`, whatever the kind.
impl<E: Entity> std::ops::Index<Id<E>> for Model {
    type Output = E;

    fn index(&self, id: Id<E>) -> &E {
        &E::table(self)[id]
    }
}

impl<E: Entity> std::ops::IndexMut<Id<E>> for Model {
    fn index_mut(&mut self, id: Id<E>) -> &mut E {
        &mut E::table_mut(self)[id]
    }
}

/// Declares entities. One line a property: doc comment, name, type, and the provider's default if there is one.
///
/// ```text
/// entities! { in network;                       // the field of `Model` that holds this module's `Tables`
///     /// A virtual private cloud.
///     Vpc "vpc" vpcs {                          // type, name in conditions, table
///         /// Whether names resolve inside.
///         dns_support: Flag = true,             // Flag, Number, Text, Texts, Entries, Raw
///         /// The tenancy.
///         tenancy: Word["default", "dedicated"] = "default",
///         /// The table of subnets without one of their own.
///         main_route_table: One<RouteTable>,
///         subnets: Many<Subnet>,
///         kind as "type": Text;                 // where Rust keeps the name to itself
///         rarely VpcRarely {                    // what few of them have: it takes no room in the others
///             /// Always said by lowering, without a place, and mostly this.
///             is_shared: Flag else false,
///         }
///     }
/// }
/// ```
///
/// `in network at shared` lets all entities of the module share their defaults, which then stand where the entity does
/// (`Origin::is_own`): worth it where a tree has many of them. Makes the struct (with `head`), `Vpc::new(head)` where every cell holds its default, the `Tables` and `ENTITIES`.
macro_rules! entities {
    (in $module:ident; $($entities:tt)*) => {
        $crate::model::entity::entities! { in $module at block; $($entities)* }
    };
    (in $module:ident at $places:ident; $(
        $(#[doc = $doc:literal])*
        $Entity:ident $name:literal $table:ident {
            $( $(#[doc = $field_doc:literal])* $field:ident $(as $alias:literal)? : $Kind:ident $(<$Target:ty>)? $([$($word:literal),* $(,)?])? $(= $default:literal)? ),* $(,)?
            $(; rarely $Rarely:ident {
                $( $(#[doc = $rare_doc:literal])* $rare:ident $(as $rare_alias:literal)? : $RareKind:ident $(<$RareTarget:ty>)? $([$($rare_word:literal),* $(,)?])? $(= $rare_default:literal)? $(else $said:tt)? ),* $(,)?
            })?
        }
    )*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Debug)]
            pub struct $Entity {
                pub head: $crate::model::Head,
                $( $(#[doc = $field_doc])* pub $field: $crate::model::entity::field!(type $Kind $(<$Target>)?), )*
                $( pub rarely: $crate::model::Rarely<$Rarely>, )?
            }

            $(
                #[derive(Clone, Debug)]
                pub struct $Rarely {
                    $( $(#[doc = $rare_doc])* pub $rare: $crate::model::entity::field!(type $RareKind $(<$RareTarget>)?), )*
                }

                impl $crate::model::Rare for $Rarely {
                    fn blank() -> &'static $Rarely {
                        static BLANK: std::sync::LazyLock<$Rarely> = std::sync::LazyLock::new(|| {
                            let blank = $crate::model::Blank::shared();
                            $Rarely {
                                $( $rare: $crate::model::entity::field!(new $RareKind $(<$RareTarget>)?, &blank $(, $rare_default)? $(, else $said)?), )*
                            }
                        });
                        &BLANK
                    }
                }

                impl std::ops::Deref for $Entity {
                    type Target = $Rarely;

                    fn deref(&self) -> &$Rarely {
                        &self.rarely
                    }
                }

                impl std::ops::DerefMut for $Entity {
                    fn deref_mut(&mut self) -> &mut $Rarely {
                        &mut self.rarely
                    }
                }
            )?

            impl $Entity {
                /// Every cell holds the provider's default, or nothing.
                pub fn new(head: $crate::model::Head) -> $Entity {
                    let blank = $crate::model::entity::blank!($places, head.span);
                    $Entity {
                        $( $field: $crate::model::entity::field!(new $Kind $(<$Target>)?, &blank $(, $default)?), )*
                        $( rarely: $crate::model::Rarely::<$Rarely>::default(), )?
                        head,
                    }
                }
            }

            impl $crate::model::Target for $Entity {
                const TARGET: &'static str = $name;
            }

            impl $crate::model::Entity for $Entity {
                const NAME: &'static str = $name;

                fn table(model: &$crate::model::Model) -> &$crate::model::Table<$Entity> {
                    &model.$module.$table
                }

                fn table_mut(model: &mut $crate::model::Model) -> &mut $crate::model::Table<$Entity> {
                    &mut model.$module.$table
                }

                fn head(&self) -> &$crate::model::Head {
                    &self.head
                }

                fn share(&mut self) {
                    let place = self.head.span;
                    let _ = place;
                    $( $crate::model::entity::share!($places $Kind, self.$field, place); )*
                }
            }
        )*

        #[derive(Clone, Debug, Default)]
        pub struct Tables {
            $( pub $table: $crate::model::Table<$Entity>, )*
        }

        pub static ENTITIES: &[$crate::model::schema::EntitySchema] = &[ $(
            $crate::model::schema::EntitySchema {
                name: $name,
                doc: concat!($($doc),*),
                len: |model| model.$module.$table.len(),
                head: |model, index| &model.$module.$table.at(index).head,
                properties: &[ $(
                    $crate::model::schema::PropertySchema {
                        name: $crate::model::entity::field!(name $field $($alias)?),
                        doc: concat!($($field_doc),*),
                        ty: $crate::model::entity::field!(schema $Kind $(<$Target>)? $([$($word),*])?),
                        default: concat!($($default)?),
                        get: |model, index| {
                            let _ = index;
                            $crate::model::entity::field!(answer $Kind, &model.$module.$table.at(index).$field)
                        },
                    },
                )* $( $(
                    $crate::model::schema::PropertySchema {
                        name: $crate::model::entity::field!(name $rare $($rare_alias)?),
                        doc: concat!($($rare_doc),*),
                        ty: $crate::model::entity::field!(schema $RareKind $(<$RareTarget>)? $([$($rare_word),*])?),
                        default: concat!($($rare_default)? $($crate::model::entity::field!(shown $said))?),
                        get: |model, index| {
                            $crate::model::entity::field!(answer $RareKind, &model.$module.$table.at(index).$rare)
                        },
                    },
                )* )? ],
            },
        )* ];
    };
}

/// What an entity holds before lowering says anything: with its own place, or shared.
macro_rules! blank {
    (block, $place:expr) => {
        $crate::model::Blank::block($place)
    };
    (shared, $place:expr) => {
        $crate::model::Blank::shared()
    };
}

/// Shares a property of an entity, where its module does.
macro_rules! share {
    (shared One, $field:expr, $place:expr) => {};
    (shared Many, $field:expr, $place:expr) => {};
    (shared $Kind:ident, $field:expr, $place:expr) => {
        $field.share($place)
    };
    (block $Kind:ident, $field:expr, $place:expr) => {};
}

/// What a field's declared type means in each of its four uses, and what conditions call it.
macro_rules! field {
    (shown []) => { "" };
    (shown $said:literal) => { $said };

    (name $field:ident) => { stringify!($field) };
    (name $field:ident $alias:literal) => { $alias };

    (type One<$Target:ty>) => { $crate::model::One<$Target> };
    (type Many<$Target:ty>) => { $crate::model::Many<$Target> };
    (type $Kind:ident) => { $crate::model::Cell<$crate::model::mark::$Kind> };

    (new One<$Target:ty>, $blank:expr) => { $crate::model::One::missing($blank.edge()) };
    (new Many<$Target:ty>, $blank:expr) => { $crate::model::Many::missing($blank.edge()) };
    (new Texts, $blank:expr, else []) => {
        $crate::model::Cell::of($crate::value::Value::list(Vec::new(), $blank.edge()))
    };
    (new $Kind:ident, $blank:expr, else $said:literal) => {
        $crate::model::Cell::of($crate::model::entity::IntoSaid::into_said($said))
    };
    (new $Kind:ident, $blank:expr) => { $crate::model::Cell::absent($blank) };
    (new Flag, $blank:expr, $default:literal) => { $crate::model::Cell::default_of($blank, $default) };
    (new $Kind:ident, $blank:expr, $default:literal) => {
        $crate::model::Cell::of($crate::model::entity::IntoDefault::into_default($default, $blank))
    };

    (schema One<$Target:ty>) => {
        $crate::model::schema::PropertyType::One(<$Target as $crate::model::Target>::TARGET)
    };
    (schema Many<$Target:ty>) => {
        $crate::model::schema::PropertyType::Many(<$Target as $crate::model::Target>::TARGET)
    };
    (schema Word [$($word:literal),*]) => { $crate::model::schema::PropertyType::Word(&[$($word),*]) };
    (schema $Kind:ident) => { $crate::model::schema::PropertyType::$Kind };

    (answer One, $field:expr) => {{
        let field = $field;
        $crate::model::schema::Answer::One { link: &field.link, origin: &field.origin }
    }};
    (answer Many, $field:expr) => {{
        let field = $field;
        $crate::model::schema::Answer::Many {
            members: &field.members,
            open: field.open.as_ref(),
            origin: &field.origin,
        }
    }};
    (answer $Kind:ident, $field:expr) => { $crate::model::schema::Answer::Cell($field.value()) };
}

/// Declares views: `views! { /// What keeps data. Store "store" { Database, Cache } }`.
macro_rules! views {
    ($( $(#[doc = $doc:literal])* $View:ident $name:literal { $($Member:ty),* $(,)? } )*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $View;

            impl $crate::model::Target for $View {
                const TARGET: &'static str = $name;
            }
        )*

        pub static VIEWS: &[$crate::model::schema::ViewSchema] = &[ $(
            $crate::model::schema::ViewSchema {
                name: $name,
                doc: concat!($($doc),*),
                members: &[$(<$Member as $crate::model::Entity>::NAME),*],
            },
        )* ];
    };
}

pub(crate) use {blank, entities, field, share, views};

/// A provider's default, as written in a declaration.
pub(crate) trait IntoDefault {
    fn into_default(self, blank: &Blank) -> Value;
}

impl IntoDefault for i64 {
    fn into_default(self, blank: &Blank) -> Value {
        Value::number(self, blank.default())
    }
}

impl IntoDefault for &str {
    fn into_default(self, blank: &Blank) -> Value {
        Value::text(self, blank.default())
    }
}

/// What lowering concludes of most entities.
pub(crate) trait IntoSaid {
    fn into_said(self) -> Value;
}

impl IntoSaid for bool {
    fn into_said(self) -> Value {
        Value::bool(self, Origin::none())
    }
}
