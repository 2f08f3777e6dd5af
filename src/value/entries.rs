//! The members of a map or object, in the order of their keys. Most have few, so they stand side by side and not in a tree.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Value;

/// A key stands once.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    rows: Vec<(Arc<str>, Value)>,
}

/// So many keys are looked at one by one.
const FEW: usize = 8;

impl Entries {
    pub fn new() -> Entries {
        Entries::default()
    }

    pub fn with_capacity(n: usize) -> Entries {
        Entries { rows: Vec::with_capacity(n) }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.rows.binary_search_by(|(known, _)| (**known).cmp(key))
    }

    /// Where a key stands. Among few, most differ in their lengths already.
    fn position(&self, key: &str) -> Option<usize> {
        match self.rows.len() {
            0..=FEW => self.rows.iter().position(|(known, _)| **known == *key),
            _ => self.find(key).ok(),
        }
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.position(key).map(|index| &self.rows[index].1)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.position(key).map(|index| &mut self.rows[index].1)
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// The later of two equal keys stays. For many members in no order, collect them.
    pub fn insert(&mut self, key: Arc<str>, value: Value) {
        match self.find(&key) {
            Ok(index) => self.rows[index].1 = value,
            Err(index) => self.rows.insert(index, (key, value)),
        }
    }

    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.find(key).ok().map(|index| self.rows.remove(index).1)
    }

    pub fn iter(&self) -> Iter<'_> {
        self.rows.iter().map(|(key, value)| (key, value))
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Arc<str>> + ExactSizeIterator + Clone {
        self.rows.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.rows.iter().map(|(_, value)| value)
    }
}

type Iter<'a> =
    std::iter::Map<std::slice::Iter<'a, (Arc<str>, Value)>, fn(&'a (Arc<str>, Value)) -> (&'a Arc<str>, &'a Value)>;

impl<'a> IntoIterator for &'a Entries {
    type Item = (&'a Arc<str>, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Sorts the rows; of equal keys the last one stays.
impl From<Vec<(Arc<str>, Value)>> for Entries {
    fn from(mut rows: Vec<(Arc<str>, Value)>) -> Entries {
        if !rows.is_sorted_by(|a, b| a.0 < b.0) {
            rows.reverse();
            rows.sort_by(|a, b| a.0.cmp(&b.0));
            rows.dedup_by(|later, earlier| later.0 == earlier.0);
        }
        rows.shrink_to_fit();
        Entries { rows }
    }
}

impl FromIterator<(Arc<str>, Value)> for Entries {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(rows: I) -> Entries {
        Entries::from(rows.into_iter().collect::<Vec<_>>())
    }
}

impl From<BTreeMap<Arc<str>, Value>> for Entries {
    fn from(entries: BTreeMap<Arc<str>, Value>) -> Entries {
        Entries { rows: entries.into_iter().collect() }
    }
}

impl<const N: usize> From<[(Arc<str>, Value); N]> for Entries {
    fn from(rows: [(Arc<str>, Value); N]) -> Entries {
        Entries::from(Vec::from(rows))
    }
}

impl Extend<(Arc<str>, Value)> for Entries {
    fn extend<I: IntoIterator<Item = (Arc<str>, Value)>>(&mut self, rows: I) {
        let mut all = std::mem::take(&mut self.rows);
        all.extend(rows);
        *self = Entries::from(all);
    }
}

impl IntoIterator for Entries {
    type Item = (Arc<str>, Value);
    type IntoIter = std::vec::IntoIter<(Arc<str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Entries;
    use crate::value::{Origin, Value};

    fn check(keys: &[&str], expected: &[(&str, &str)]) {
        let row = |(index, key): (usize, &&str)| ((*key).into(), Value::text(index.to_string(), Origin::none()));
        let collected: Entries = keys.iter().enumerate().map(row).collect();
        let mut inserted = Entries::new();
        for (key, value) in keys.iter().enumerate().map(row) {
            inserted.insert(key, value);
        }
        let mut extended = Entries::new();
        extended.extend(keys.iter().enumerate().map(row));
        for entries in [collected, inserted, extended] {
            let shown: Vec<(&str, &str)> =
                entries.iter().map(|(key, value)| (&**key, value.as_str().expect("is a text"))).collect();
            assert_eq!(shown, expected);
            assert!(expected.iter().all(|(key, value)| entries.get(key).and_then(Value::as_str) == Some(value)));
            assert!(!entries.contains_key("z"));
        }
    }

    #[test]
    fn keys_are_sorted_and_the_last_of_equal_ones_stays() {
        check(&[], &[]);
        check(&["a", "b"], &[("a", "0"), ("b", "1")]);
        check(&["b", "a", "c", "a"], &[("a", "3"), ("b", "0"), ("c", "2")]);
    }
}
