//! What is needed against what is granted: what is missing for certain, and what nobody here has a use for.

use std::collections::BTreeSet;

use super::{Certainty, Known, Need, NeedSet};
use crate::data::actions::Level;
use crate::data::lists;
use crate::facts::permit::power::GrantedAction;
use crate::facts::permit::principal::Granted;
use crate::facts::permit::session::Session;
use crate::logic::{Reason, Tri};

/// How many actions of each level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    pub list: usize,
    pub read: usize,
    pub write: usize,
    pub permissions: usize,
    pub tagging: usize,
}

impl Levels {
    pub fn of(actions: impl IntoIterator<Item = Level>) -> Levels {
        let mut levels = Levels::default();
        for level in actions {
            match level {
                Level::List => levels.list += 1,
                Level::Read => levels.read += 1,
                Level::Write => levels.write += 1,
                Level::Permissions => levels.permissions += 1,
                Level::Tagging => levels.tagging += 1,
            }
        }
        levels
    }

    pub fn total(self) -> usize {
        self.list + self.read + self.write + self.permissions + self.tagging
    }

    /// `257 list, 60 read, 110 write`, without what there is none of.
    pub fn words(self) -> String {
        let named = [
            (self.list, "list"),
            (self.read, "read"),
            (self.write, "write"),
            (self.permissions, "permissions"),
            (self.tagging, "tagging"),
        ];
        let words: Vec<String> =
            named.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        words.join(", ")
    }
}

/// The different actions that are needed for certain, steps that may be left out included.
pub(super) fn needed(set: &NeedSet) -> BTreeSet<&'static str> {
    set.needs.iter().filter(|need| need.certainty > Certainty::Perhaps).map(|need| need.action).collect()
}

/// Something that is needed and surely not granted.
pub(super) struct Missing<'a> {
    pub(super) need: &'a Need,
    /// The principal has it, and this session of it not.
    pub(super) session: Option<&'a Session>,
}

/// What is needed and surely not granted, and why something else may be missing too.
pub(super) fn missing<'a>(
    needs: impl IntoIterator<Item = &'a Need>,
    granted: &Granted,
    known: &Known,
) -> (Vec<Missing<'a>>, Option<Reason>) {
    let mut found = Vec::new();
    let mut doubt = None;
    for need in needs.into_iter().filter(|need| need.certainty > Certainty::Perhaps) {
        let place = need.places.first().map(|place| place.span);
        let reason = |code, object: &str| Reason::with(code, object.to_owned(), place);
        match (known.grants(granted, need), need.certainty) {
            (Tri::False, Certainty::Sure) => found.push(Missing { need, session: None }),
            (Tri::False, _) => {
                doubt.get_or_insert_with(|| reason("condition-not-known", need.action));
            }
            (Tri::Unknown, _) => {
                let open = granted.open.clone();
                doubt.get_or_insert_with(|| open.unwrap_or_else(|| reason("no-value", "what a policy names")));
            }
            (Tri::True, _) => {
                for (session, certainty) in need.sessions.iter().filter(|(_, it)| *it > Certainty::Perhaps) {
                    match (known.admits(&session.bound, need), certainty) {
                        (Tri::True, _) => {}
                        (Tri::False, Certainty::Sure) => found.push(Missing { need, session: Some(session) }),
                        (Tri::False | Tri::Unknown, _) => {
                            doubt.get_or_insert_with(|| reason("no-value", "what a session policy leaves"));
                        }
                    }
                }
            }
        }
    }
    (found, doubt)
}

/// Granted actions that no need uses, not even one that only may be.
pub(super) fn excess(all: &[GrantedAction], set: &NeedSet) -> Vec<GrantedAction> {
    let is_used = |granted: &GrantedAction| set.needs.iter().any(|need| granted.is(need.action));
    all.iter().filter(|granted| !is_used(granted)).copied().collect()
}

/// The actions of an excess that are worth a word: what changes something, and what reads data whole. A spare Describe,
/// or one half of a pair, is not.
pub(super) fn grave(excess: &[GrantedAction]) -> Vec<GrantedAction> {
    let has = |name: &&str| excess.iter().any(|granted| granted.is(name));
    // Whole groups, of which nothing is used.
    let groups = lists::read_data().iter();
    let whole: Vec<&str> = groups.filter(|group| group.iter().all(has)).flatten().copied().collect();
    let is_grave = |granted: &&GrantedAction| match granted.level() {
        Level::Write | Level::Permissions | Level::Tagging => true,
        // What takes no resource cannot be granted more narrowly.
        Level::List | Level::Read => granted.takes_resource() && whole.iter().any(|name| granted.is(name)),
    };
    excess.iter().filter(is_grave).copied().collect()
}
