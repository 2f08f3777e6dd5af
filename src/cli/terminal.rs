//! What the surroundings say: environment, terminal, colour. Read once; everything else is handed values.

use std::io::{IsTerminal, Write};

use crate::report::{Charset, Colour, Links, defuse};

use super::arguments::When;

/// Columns of what is no terminal: logs of CI are pipes and need the frames.
const WIDTH_OF_PIPES: usize = 120;
/// Columns of a terminal that does not say.
const WIDTH_OF_TERMINALS: usize = 100;

/// The environment as far as the program reads it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    no_color: bool,
    force_color: bool,
    is_dumb: bool,
    columns: Option<usize>,
    is_utf8: bool,
    knows_links: bool,
    pub(crate) in_github_actions: bool,
    pub(crate) in_ci: bool,
    pub(crate) in_pre_commit: bool,
    pub(crate) pre_commit_from: Option<String>,
    pub(crate) pre_commit_remote: Option<String>,
}

impl Surroundings {
    pub(crate) fn read() -> Surroundings {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let is_on = |name: &str| text(name).is_some_and(|text| text != "0");
        let locale = text("LC_ALL").or_else(|| text("LC_CTYPE")).or_else(|| text("LANG")).unwrap_or_default();
        let program = text("TERM_PROGRAM").unwrap_or_default();
        Surroundings {
            no_color: text("NO_COLOR").is_some(),
            force_color: is_on("FORCE_COLOR") || is_on("CLICOLOR_FORCE"),
            is_dumb: text("TERM").is_some_and(|term| term == "dumb"),
            columns: text("COLUMNS").and_then(|text| text.parse().ok()).filter(|columns| *columns >= 20),
            is_utf8: locale.to_lowercase().replace('-', "").contains("utf8"),
            knows_links: ["iTerm.app", "WezTerm", "vscode", "ghostty"].contains(&program.as_str())
                || text("VTE_VERSION").is_some()
                || text("WT_SESSION").is_some()
                || text("TERM").is_some_and(|term| term == "xterm-kitty"),
            in_github_actions: text("GITHUB_ACTIONS").is_some_and(|text| text == "true"),
            in_ci: text("CI").is_some(),
            in_pre_commit: text("PRE_COMMIT").is_some_and(|text| text == "1"),
            pre_commit_from: text("PRE_COMMIT_FROM_REF"),
            pre_commit_remote: text("PRE_COMMIT_REMOTE_NAME"),
        }
    }

    pub(crate) fn colour(&self, when: When, is_terminal: bool) -> Colour {
        let on = match when {
            When::Always => true,
            When::Never => false,
            When::Auto if self.no_color => false,
            When::Auto if self.force_color || self.in_github_actions => true,
            When::Auto => is_terminal && !self.is_dumb,
        };
        if on { Colour::On } else { Colour::Off }
    }

    pub(crate) fn links(&self, when: When, colour: Colour, is_terminal: bool) -> Links {
        let on = match when {
            When::Always => true,
            When::Never => false,
            When::Auto => is_terminal && self.knows_links && !self.in_ci,
        };
        if on && colour == Colour::On { Links::On } else { Links::Off }
    }

    pub(crate) fn width(&self, is_terminal: bool) -> usize {
        match is_terminal {
            true => self.columns.or_else(columns_of_stdout).unwrap_or(WIDTH_OF_TERMINALS),
            false => self.columns.unwrap_or(WIDTH_OF_PIPES),
        }
    }

    pub(crate) fn charset(&self, is_terminal: bool) -> Charset {
        if is_terminal && self.is_utf8 && !self.is_dumb { Charset::Unicode } else { Charset::Ascii }
    }
}

/// What the terminal says: shells keep `COLUMNS` to themselves.
fn columns_of_stdout() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(width.0)).filter(|columns| *columns >= 20)
}

pub(crate) fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// The two streams. A reader that went away is no failure: what was computed stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streams {
    pub(crate) in_github_actions: bool,
}

impl Streams {
    /// The report and nothing else.
    pub(crate) fn out(self, text: &str) {
        write_all(&mut std::io::stdout().lock(), text);
    }

    /// Text for people, in which a log's commands must not stand.
    pub(crate) fn out_text(self, text: &str) {
        match self.in_github_actions {
            true => self.out(&defuse(text)),
            false => self.out(text),
        }
    }

    /// A line about the run.
    pub(crate) fn note(self, line: &str) {
        let line = format!("{line}\n");
        let line = if self.in_github_actions { defuse(&line) } else { line.as_str().into() };
        write_all(&mut std::io::stderr().lock(), &line);
    }
}

fn write_all(stream: &mut impl Write, text: &str) {
    // Nobody is left to be told if this fails.
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

#[cfg(test)]
mod tests {
    use super::super::arguments::When;
    use super::Surroundings;
    use crate::report::Colour;

    #[test]
    fn who_wins_over_colour() {
        let plain = Surroundings::default;
        let check = |surroundings: Surroundings, when, is_terminal, expected| {
            assert_eq!(surroundings.colour(when, is_terminal), expected, "{surroundings:?}");
        };
        check(plain(), When::Auto, true, Colour::On);
        check(plain(), When::Auto, false, Colour::Off);
        check(Surroundings { no_color: true, force_color: true, ..plain() }, When::Auto, true, Colour::Off);
        check(Surroundings { no_color: true, ..plain() }, When::Always, false, Colour::On);
        check(Surroundings { force_color: true, is_dumb: true, ..plain() }, When::Auto, false, Colour::On);
        check(Surroundings { in_github_actions: true, ..plain() }, When::Auto, false, Colour::On);
        check(Surroundings { is_dumb: true, ..plain() }, When::Auto, true, Colour::Off);
        check(plain(), When::Never, true, Colour::Off);
    }
}
