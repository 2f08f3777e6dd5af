//! Modes of files: who may write, and what runs with another's rights.

use super::{reason_of, texts};
use crate::logic::Reason;
use crate::source::Span;
use crate::value::Value;

#[derive(Default)]
pub(super) struct Modes {
    world_writable: Vec<Value>,
    setuid: Vec<Value>,
    open: Option<Reason>,
}

/// Sorts modes such as `0777`, `u+s`, `a=rw`.
pub(super) fn of<'v>(values: impl IntoIterator<Item = &'v Value>) -> Modes {
    let mut modes = Modes::default();
    for value in values {
        let Some(text) = value.as_str() else {
            modes.open = modes.open.or(reason_of(value));
            continue;
        };
        if is_world_writable(text) {
            modes.world_writable.push(value.clone());
        }
        if is_setuid(text) {
            modes.setuid.push(value.clone());
        }
    }
    modes
}

impl Modes {
    pub(super) fn world_writable(&self, place: Span) -> Value {
        texts(self.world_writable.clone(), self.open.clone(), place)
    }

    pub(super) fn setuid(&self, place: Span) -> Value {
        texts(self.setuid.clone(), self.open.clone(), place)
    }
}

fn octal(mode: &str) -> Option<u32> {
    let is_octal = !mode.is_empty() && mode.len() <= 5 && mode.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    if is_octal { u32::from_str_radix(mode, 8).ok() } else { None }
}

/// A folder with the sticky bit is meant for everybody.
fn is_world_writable(mode: &str) -> bool {
    match octal(mode) {
        Some(mode) => mode & 0o2 != 0 && mode & 0o1000 == 0,
        None => {
            let is_sticky = symbolic(mode).any(|(_, what)| what.contains('t'));
            !is_sticky && symbolic(mode).any(|(who, what)| who.contains(['o', 'a']) && what.contains('w'))
        }
    }
}

fn is_setuid(mode: &str) -> bool {
    match octal(mode) {
        Some(mode) => mode & 0o6000 != 0,
        None => symbolic(mode).any(|(_, what)| what.contains('s')),
    }
}

/// Who gets what by `u+s,o=rw`; what is taken away does not count.
fn symbolic(mode: &str) -> impl Iterator<Item = (&str, &str)> {
    mode.split(',').filter_map(|clause| {
        let at = clause.find(['+', '='])?;
        let (who, what) = (&clause[..at], &clause[at + 1..]);
        let is_mode =
            who.bytes().all(|byte| b"ugoa".contains(&byte)) && what.bytes().all(|byte| b"rwxXst".contains(&byte));
        is_mode.then_some((who, what))
    })
}

#[cfg(test)]
mod tests {
    use super::{is_setuid, is_world_writable};

    #[test]
    fn modes() {
        for mode in ["777", "0666", "o+w", "a+rwx", "u=rw,o=rw", "ugo+w"] {
            assert!(is_world_writable(mode), "{mode}");
        }
        for mode in ["755", "1777", "0775", "u+w", "o-w", "+x", "a+rwt", "fileo+w"] {
            assert!(!is_world_writable(mode), "{mode}");
        }
        for mode in ["4755", "u+s", "02755", "g+s"] {
            assert!(is_setuid(mode), "{mode}");
        }
        assert!(!is_setuid("0755") && !is_setuid("u+x"));
    }
}
