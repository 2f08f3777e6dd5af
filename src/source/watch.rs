//! How long each file and each rule takes, for whoever asks. The floors above have no clock: the command line hands one in.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    /// To parse a file.
    File,
    /// To judge a rule, with the facts that nobody had asked for before.
    Rule,
}

/// Nothing is measured without a clock.
#[derive(Debug, Default)]
pub struct Watch {
    clock: Option<fn() -> u64>,
    spent: Mutex<BTreeMap<(Watched, String), u64>>,
}

impl Watch {
    /// `clock` counts microseconds from any point.
    pub fn new(clock: fn() -> u64) -> Watch {
        Watch { clock: Some(clock), spent: Mutex::default() }
    }

    pub fn around<T>(&self, what: Watched, name: &str, work: impl FnOnce() -> T) -> T {
        let Some(clock) = self.clock else { return work() };
        let before = clock();
        let result = work();
        let spent = clock().saturating_sub(before);
        let mut all = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        *all.entry((what, name.to_owned())).or_default() += spent;
        result
    }

    /// Names with their microseconds, the longest first.
    pub fn longest(&self, what: Watched) -> Vec<(String, u64)> {
        let all = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spent: Vec<(String, u64)> = all
            .iter()
            .filter(|((kind, _), _)| *kind == what)
            .map(|((_, name), spent)| (name.clone(), *spent))
            .collect();
        spent.sort_by_key(|(_, spent)| std::cmp::Reverse(*spent));
        spent
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Watch, Watched};

    static NOW: AtomicU64 = AtomicU64::new(0);

    #[test]
    fn adds_up_what_is_done_several_times() {
        let watch = Watch::new(|| NOW.load(Ordering::Relaxed));
        let work = |n: u64| NOW.fetch_add(n, Ordering::Relaxed);
        watch.around(Watched::Rule, "a", || work(2));
        watch.around(Watched::Rule, "b", || work(5));
        watch.around(Watched::Rule, "a", || work(4));
        watch.around(Watched::File, "f", || work(9));
        assert_eq!(watch.longest(Watched::Rule), [("a".to_owned(), 6), ("b".to_owned(), 5)]);
        assert_eq!(Watch::default().around(Watched::File, "f", || 7), 7);
    }
}
