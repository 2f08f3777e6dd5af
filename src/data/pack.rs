//! Reading packed tables as `build/pack.rs` writes them. The bytes are our own, so a short read means a broken build;
//! it yields empty texts and zeros, never a panic.

pub(super) struct Unpacker {
    bytes: &'static [u8],
    at: usize,
}

impl Unpacker {
    pub(super) fn new(bytes: &'static [u8]) -> Unpacker {
        Unpacker { bytes, at: 0 }
    }

    pub(super) fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    pub(super) fn number(&mut self) -> usize {
        let mut value = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 || shift > 21 {
                return value;
            }
            shift += 7;
        }
    }

    pub(super) fn block(&mut self) -> &'static [u8] {
        let length = self.number();
        let block = self.bytes.get(self.at..self.at + length).unwrap_or(&[]);
        self.at += length;
        block
    }

    pub(super) fn text(&mut self) -> &'static str {
        std::str::from_utf8(self.block()).unwrap_or("")
    }

    pub(super) fn next_name(&mut self, before: &str) -> String {
        let shared = self.number();
        let rest = self.text();
        let mut name = String::with_capacity(shared + rest.len());
        name.push_str(before.get(..shared).unwrap_or(""));
        name.push_str(rest);
        name
    }

    pub(super) fn names(&mut self) -> Vec<String> {
        let n_names = self.number();
        let mut names: Vec<String> = Vec::with_capacity(n_names);
        for _ in 0..n_names {
            let name = self.next_name(names.last().map_or("", String::as_str));
            names.push(name);
        }
        names
    }

    pub(super) fn numbers(&mut self) -> Vec<usize> {
        (0..self.number()).map(|_| self.number()).collect()
    }

    pub(super) fn sets(&mut self) -> Vec<Vec<usize>> {
        (0..self.number()).map(|_| self.numbers()).collect()
    }

    /// Numbers kept as differences, as `pack_run` writes them.
    pub(super) fn run(&mut self) -> Vec<usize> {
        let mut before = 0_i64;
        (0..self.number())
            .map(|_| {
                let coded = self.number() as i64;
                before += (coded >> 1) ^ -(coded & 1);
                before as usize
            })
            .collect()
    }
}
