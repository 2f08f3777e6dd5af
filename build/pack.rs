//! Writing packed tables: numbers as varints, sorted names front-coded. `src/data/pack.rs` reads them.

use std::collections::BTreeMap;

/// Bytes under construction.
#[derive(Default)]
pub(crate) struct Packer {
    pub(crate) bytes: Vec<u8>,
}

impl Packer {
    pub(crate) fn number(&mut self, mut value: usize) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// A name by the length that it shares with the one before it and the rest.
    pub(crate) fn next_name(&mut self, before: &str, name: &str) {
        let mut shared = before.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        while !name.is_char_boundary(shared) {
            shared -= 1;
        }
        self.number(shared);
        self.text(&name[shared..]);
    }

    pub(crate) fn names<'a>(&mut self, names: impl ExactSizeIterator<Item = &'a str>) {
        self.number(names.len());
        let mut before = "";
        for name in names {
            self.next_name(before, name);
            before = name;
        }
    }

    /// Numbers in the order given.
    pub(crate) fn numbers(&mut self, numbers: &[usize]) {
        self.number(numbers.len());
        for number in numbers {
            self.number(*number);
        }
    }

    pub(crate) fn block(&mut self, block: &Packer) {
        self.number(block.bytes.len());
        self.bytes.extend_from_slice(&block.bytes);
    }
}

/// Lists that occur many times, each kept once.
#[derive(Default)]
pub(crate) struct Sets {
    known: BTreeMap<Vec<usize>, usize>,
    list: Vec<Vec<usize>>,
}

impl Sets {
    pub(crate) fn index_of(&mut self, set: Vec<usize>) -> usize {
        if let Some(index) = self.known.get(&set) {
            return *index;
        }
        self.known.insert(set.clone(), self.list.len());
        self.list.push(set);
        self.list.len() - 1
    }

    pub(crate) fn pack(&self, out: &mut Packer) {
        out.number(self.list.len());
        for set in &self.list {
            out.numbers(set);
        }
    }
}
