//! What few entities of a kind have: the others share one blank, and it takes no room in them.

use std::ops::{Deref, DerefMut};

/// Properties that are blank in most entities; the first change makes an entity a set of its own.
#[derive(Clone, Debug)]
pub struct Rarely<T>(Option<Box<T>>);

/// What has one blank form for all.
pub trait Rare: Clone + 'static {
    fn blank() -> &'static Self;
}

impl<T> Default for Rarely<T> {
    fn default() -> Rarely<T> {
        Rarely(None)
    }
}

impl<T: Rare> Rarely<T> {
    pub fn of(value: T) -> Rarely<T> {
        Rarely(Some(Box::new(value)))
    }
}

impl<T: Rare> Deref for Rarely<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or_else(|| T::blank())
    }
}

impl<T: Rare> DerefMut for Rarely<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_with(|| Box::new(T::blank().clone()))
    }
}
