//! `primaryLocationLineHash` as GitHub's upload action computes it: 100 UTF-16 units from the start of a line, without
//! blanks and tabs, and how often that hash has come in the file.

use std::collections::HashMap;

/// How many units a hash covers.
const UNITS: usize = 100;
const BASE: u64 = 37;
/// Stands behind the last unit of a file.
const END: u16 = 0xffff;

/// The hash of each line of a file, the first line first.
pub(crate) fn line_hashes(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let (units, starts) = kept_units(&text);
    let mut seen: HashMap<u64, usize> = HashMap::new();
    let mut hashes = Vec::with_capacity(starts.len());
    for start in starts {
        let window = units[start..].iter().copied().chain(std::iter::repeat(0)).take(UNITS);
        let hash = window.fold(0_u64, |hash, unit| hash.wrapping_mul(BASE).wrapping_add(u64::from(unit)));
        let n = seen.entry(hash).or_insert(0);
        *n += 1;
        hashes.push(format!("{hash:x}:{n}"));
    }
    hashes
}

/// The units that count, with the index of each line's first one.
fn kept_units(text: &str) -> (Vec<u16>, Vec<usize>) {
    const SPACE: u16 = 0x20;
    const TAB: u16 = 0x09;
    const LF: u16 = 0x0a;
    const CR: u16 = 0x0d;
    let mut kept = Vec::with_capacity(text.len() + 1);
    let mut starts = vec![0];
    let mut before = 0;
    let mut keep = |unit: u16| {
        kept.push(unit);
        if unit == LF {
            starts.push(kept.len());
        }
    };
    for unit in text.encode_utf16() {
        match unit {
            SPACE | TAB => {}
            LF if before == CR => {}
            CR => keep(LF),
            unit => keep(unit),
        }
        before = unit;
    }
    kept.push(END);
    (kept, starts)
}

#[cfg(test)]
mod tests {
    use super::line_hashes;

    fn check(file: &str, expected: &[&str]) {
        assert_eq!(line_hashes(file.as_bytes()), expected, "{file:?}");
    }

    #[test]
    fn vectors() {
        check("", &["c129715d7a2bc9a3:1"]);
        check("a\n", &["243cbaa4685aab12:1", "c129715d7a2bc9a3:1"]);
        check("FROM python:latest\nUSER root\n", &["cd7a8c4b8d74563f:1", "43f93dba3974e70:1", "c129715d7a2bc9a3:1"]);
        for file in ["a\nb\n", "a\r\nb\r\n", "a\rb\r"] {
            check(file, &["81b8d8db678b2bbe:1", "ade70578248be16f:1", "c129715d7a2bc9a3:1"]);
        }
        check("a\r \nb\n", &["818c3a85b988abe4:1", "bf4c4d48992e2ca5:1", "ade70578248be16f:1", "c129715d7a2bc9a3:1"]);
        check("   \n\n  a", &["6aef5ba169c14e20:1", "7c78184e49cfb836:1", "53b5d4aabe50d64:1"]);
    }

    #[test]
    fn vectors_of_the_first_lines() {
        assert_eq!(line_hashes("\u{feff}a\n".as_bytes())[0], "25afd31b599dedcd:1");
        assert_eq!(line_hashes(b"\xff\n")[0], "a88b3c201b7e6ebe:1");
        assert_eq!(line_hashes("name = \"é😀\"\n".as_bytes())[0], "58b0126f0d7b10ad:1");
        let lines = line_hashes(b"x = 1\nx=1\n\tx  =\t1\n");
        assert_eq!(lines[..3], ["b06211268476d237:1", "87c133c3324ef59b:1", "8e00d41f0ebba6bf:1"]);
        let lines = line_hashes("}\n".repeat(60).as_bytes());
        for (index, line) in lines[..11].iter().enumerate() {
            assert_eq!(*line, format!("4d54ff68c4c1c5ce:{}", index + 1));
        }
        assert_eq!(lines[11], "4d54ff68c4e6b38e:1");
    }
}
