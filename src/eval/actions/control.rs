//! Who decides a value, and what can be written into it. Both are ordered by danger, so that the worst is the greatest.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Control {
    /// One of a few literals.
    Closed,
    Platform,
    Writer,
    Reviewer,
    /// An outsider's text that a reviewer let in.
    Merged,
    Outsider,
}

impl Control {
    pub const WORDS: [&str; 6] = ["closed", "platform", "writer", "reviewer", "merged", "outsider"];

    pub fn word(self) -> &'static str {
        Control::WORDS[self as usize]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Charset {
    Enum,
    Number,
    Hex,
    /// Letters, digits, `-`.
    Name,
    Url,
    Email,
    Path,
    /// Git's grammar of refs: no blank, but `$`, quotes, `;` and brackets.
    Ref,
    /// Anything on one line.
    Line,
    Text,
}

impl Charset {
    pub const WORDS: [&str; 10] = ["enum", "number", "hex", "name", "url", "email", "path", "ref", "line", "text"];

    pub fn word(self) -> &'static str {
        Charset::WORDS[self as usize]
    }

    /// Whether a shell or another language can be left with it.
    pub fn is_open(self) -> bool {
        self >= Charset::Url
    }
}
