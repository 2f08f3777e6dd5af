//! How text is laid on a terminal or into a file: colour, frame characters, wrapping at blanks. Nothing here knows what
//! a finding is.

use anstyle::{AnsiColor, Color, Effects, RgbColor, Style};

use crate::finding::Severity;
use crate::report::escape::width_of;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    On,
    #[default]
    Off,
}

/// The characters of frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    #[default]
    Ascii,
    Unicode,
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Severity(Severity),
    Strong,
    Frame,
    Path,
    Help,
    Added,
    Removed,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ink {
    pub(crate) colour: Colour,
    pub(crate) charset: Charset,
}

impl Ink {
    pub(crate) fn paint(self, role: Role, text: &str) -> String {
        match self.colour {
            Colour::Off => text.to_owned(),
            // An empty text in colour would hold up blanks that are cut at the end of a line.
            Colour::On if text.is_empty() => String::new(),
            Colour::On => {
                let style = style_of(role);
                format!("{style}{text}{style:#}")
            }
        }
    }

    /// The text as a link (OSC 8); without colour there are no escape bytes at all.
    pub(crate) fn link(self, text: &str, target: Option<&str>) -> String {
        match (self.colour, target) {
            (Colour::On, Some(target)) => format!("\u{1b}]8;;{target}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\"),
            (Colour::On, None) | (Colour::Off, _) => text.to_owned(),
        }
    }

    pub(crate) fn bar(self) -> &'static str {
        match self.charset {
            Charset::Ascii => "|",
            Charset::Unicode => "│",
        }
    }

    pub(crate) fn first_arrow(self) -> &'static str {
        match self.charset {
            Charset::Ascii => "-->",
            Charset::Unicode => "╭─▸",
        }
    }

    pub(crate) fn next_arrow(self) -> &'static str {
        match self.charset {
            Charset::Ascii => ":::",
            Charset::Unicode => "├─▸",
        }
    }

    pub(crate) fn step_mark(self) -> &'static str {
        match self.charset {
            Charset::Ascii => "-",
            Charset::Unicode => "─",
        }
    }
}

/// Okabe and Ito's colours, which stay apart for people who do not tell red from green.
fn style_of(role: Role) -> Style {
    const VERMILION: Color = Color::Rgb(RgbColor(213, 94, 0));
    const ORANGE: Color = Color::Rgb(RgbColor(230, 159, 0));
    const BLUE: Color = Color::Rgb(RgbColor(0, 114, 178));
    const GREY: Color = Color::Ansi(AnsiColor::BrightBlack);
    let plain = Style::new();
    match role {
        Role::Severity(Severity::Critical) => plain.fg_color(Some(VERMILION)).effects(Effects::BOLD | Effects::INVERT),
        Role::Severity(Severity::High) => plain.fg_color(Some(VERMILION)).bold(),
        Role::Severity(Severity::Medium) => plain.fg_color(Some(ORANGE)),
        Role::Severity(Severity::Low) => plain.fg_color(Some(BLUE)),
        Role::Severity(Severity::Info) => plain.fg_color(Some(GREY)),
        Role::Strong => plain.bold(),
        Role::Frame | Role::Path => plain.fg_color(Some(BLUE)),
        Role::Help | Role::Added => plain.fg_color(Some(BLUE)).bold(),
        Role::Removed => plain.fg_color(Some(ORANGE)).effects(Effects::STRIKETHROUGH),
    }
}

/// Breaks a text at blanks into lines of at most `first` and then `rest` columns; a word that is longer fills a line.
pub(crate) fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut width = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let limit = if lines.is_empty() { first } else { rest };
        let word_width = width_of(word);
        if !line.is_empty() && width + 1 + word_width > limit {
            lines.push(std::mem::take(&mut line));
            width = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += word_width;
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Colour, Ink, Role, wrap};

    #[test]
    fn wraps_at_blanks() {
        assert_eq!(wrap("one two three four", 8, 10), ["one two", "three four"]);
        assert_eq!(wrap("averyverylongword x", 4, 4), ["averyverylongword", "x"]);
        assert_eq!(wrap("", 4, 4), [""]);
    }

    #[test]
    fn without_colour_there_is_no_escape_byte() {
        let ink = Ink::default();
        assert_eq!(ink.paint(Role::Strong, "a") + &ink.link("b", Some("https://x")), "ab");
        let ink = Ink { colour: Colour::On, ..ink };
        assert!(ink.paint(Role::Strong, "a").contains('\u{1b}'));
    }
}
