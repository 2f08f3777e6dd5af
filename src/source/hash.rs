//! Tables that are asked very often: maps and sets with a quick hash. Each table begins with a seed of its own, so nobody
//! can write names that all fall together. The order of members means nothing.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};

pub type QuickMap<K, V> = HashMap<K, V, Quick>;
pub type QuickSet<K> = HashSet<K, Quick>;

/// Makes the hashers of one table.
#[derive(Clone, Copy, Debug)]
pub struct Quick {
    seed: u64,
}

impl Default for Quick {
    fn default() -> Quick {
        Quick { seed: RandomState::new().hash_one(0u8) }
    }
}

impl BuildHasher for Quick {
    type Hasher = QuickHasher;

    fn build_hasher(&self) -> QuickHasher {
        QuickHasher { state: self.seed }
    }
}

/// Words are multiplied into the state, and both halves of the product count.
#[derive(Clone, Copy, Debug)]
pub struct QuickHasher {
    state: u64,
}

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

impl QuickHasher {
    fn word(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(FACTOR);
        self.state = (product as u64) ^ ((product >> 64) as u64).rotate_left(23);
    }
}

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        self.word(last_word(rest));
        // The length tells `a` from `a\0`.
        self.state ^= bytes.len() as u64;
    }

    fn write_u8(&mut self, value: u8) {
        self.word(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.word(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.word(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.word(value as u64);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

/// Less than eight bytes as a word; of those of one length no two are the same.
fn last_word(rest: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) | (u64::from(u32::from_le_bytes(*last)) << 32);
    }
    match *rest {
        [a] => u64::from(a),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::Quick;
    use std::collections::BTreeSet;
    use std::hash::BuildHasher;

    #[test]
    fn unlike_words_fall_apart() {
        let quick = Quick::default();
        let words = (0..1000).flat_map(|number| [format!("name_{number}"), format!("{number}"), "x".repeat(number)]);
        let hashes: Vec<u64> = words.map(|word| quick.hash_one(word)).collect();
        let distinct = |part: fn(&u64) -> u64| hashes.iter().map(part).collect::<BTreeSet<u64>>().len();
        assert!(distinct(|hash| *hash) >= 2999);
        // A table looks at both ends.
        assert!(distinct(|hash| *hash & 0xFFFF) > 2500);
        assert_eq!(distinct(|hash| *hash >> 57), 128);
        assert_ne!(quick.hash_one("a"), quick.hash_one("a\0"));
        assert_ne!(quick.hash_one("a"), Quick::default().hash_one("a"));
    }
}
