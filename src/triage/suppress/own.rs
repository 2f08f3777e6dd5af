//! `# secure-lint: allow <id>[, <id>…] [until YYYY-MM-DD] -- <reason>`

use std::ops::Range;

use crate::triage::Date;

/// An own comment as read; ranges are bytes of the comment's text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OwnComment {
    pub(super) ids: Vec<(String, Range<usize>)>,
    pub(super) until: Option<Date>,
    pub(super) reason: Option<String>,
    /// What is wrong with it.
    pub(super) faults: Vec<String>,
}

const HEAD: &str = "secure-lint:";

/// Reads a comment; nothing if it does not speak to us.
pub(super) fn read(text: &str) -> Option<OwnComment> {
    let rest = text.strip_prefix(HEAD)?;
    let mut own = OwnComment::default();
    let (body, reason) = match split_reason(rest) {
        Some((body, reason)) => (body, Some(reason.trim())),
        None => (rest, None),
    };
    own.reason = reason.filter(|reason| !reason.is_empty()).map(str::to_owned);
    let mut words = Words { text, at: HEAD.len(), end: HEAD.len() + body.len() };
    match words.next() {
        Some(("allow", _)) => {}
        Some((word, _)) => {
            own.faults.push(format!("`{word}` is not a word it knows; write `allow <rule> -- <reason>`"));
            return Some(own);
        }
        None => {
            own.faults.push("says nothing; write `allow <rule> -- <reason>`".to_owned());
            return Some(own);
        }
    }
    while let Some((word, range)) = words.next() {
        if word == "until" {
            match words.next() {
                Some((day, _)) => match Date::parse(day) {
                    Some(date) => own.until = Some(date),
                    None => own.faults.push(format!("`{day}` is not a day; write it as 2026-12-31")),
                },
                None => own.faults.push("`until` names no day; write it as 2026-12-31".to_owned()),
            }
            if let Some((word, _)) = words.next() {
                own.faults.push(format!("`{word}` follows the day; a reason stands behind ` -- `"));
            }
            break;
        }
        own.ids.push((word.to_owned(), range));
    }
    if own.ids.is_empty() && own.faults.is_empty() {
        own.faults.push("names no rule".to_owned());
    }
    Some(own)
}

/// The reason is what stands behind the first ` -- `; a `--` at the end has none.
fn split_reason(rest: &str) -> Option<(&str, &str)> {
    if let Some(split) = rest.split_once(" -- ") {
        return Some(split);
    }
    rest.strip_suffix(" --").map(|body| (body, ""))
}

/// Words between blanks and commas, with their places.
struct Words<'t> {
    text: &'t str,
    at: usize,
    end: usize,
}

impl<'t> Words<'t> {
    fn next(&mut self) -> Option<(&'t str, Range<usize>)> {
        let is_gap = |c: char| c == ',' || c.is_whitespace();
        let rest = &self.text[self.at..self.end];
        let start = self.at + rest.find(|c| !is_gap(c))?;
        let rest = &self.text[start..self.end];
        let end = start + rest.find(is_gap).unwrap_or(rest.len());
        self.at = end;
        Some((&self.text[start..end], start..end))
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn reads_names_a_day_and_a_reason() {
        let own = read("secure-lint: allow one-rule, two-rule until 2026-12-31 -- only in the lab -- really")
            .expect("it speaks to us");
        let ids: Vec<&str> = own.ids.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["one-rule", "two-rule"]);
        assert_eq!(own.ids[1].1, 29..37);
        assert_eq!(own.until.map(|date| date.to_string()), Some("2026-12-31".to_owned()));
        assert_eq!(own.reason.as_deref(), Some("only in the lab -- really"));
        assert_eq!(own.faults, Vec::<String>::new());
        assert_eq!(read("see secure-lint: allow x"), None);
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |text: &str, expected: &str| {
            let own = read(text).expect("it speaks to us");
            assert_eq!(own.faults, [expected], "{text}");
        };
        check("secure-lint: disable x", "`disable` is not a word it knows; write `allow <rule> -- <reason>`");
        check("secure-lint:", "says nothing; write `allow <rule> -- <reason>`");
        check("secure-lint: allow -- why", "names no rule");
        check("secure-lint: allow x until tomorrow -- why", "`tomorrow` is not a day; write it as 2026-12-31");
        check("secure-lint: allow x until -- why", "`until` names no day; write it as 2026-12-31");
        check(
            "secure-lint: allow x until 2026-12-31 because -- why",
            "`because` follows the day; a reason stands behind ` -- `",
        );
    }

    #[test]
    fn a_reason_has_at_least_one_word() {
        assert_eq!(read("secure-lint: allow x --").and_then(|own| own.reason), None);
        assert_eq!(read("secure-lint: allow x -- ").and_then(|own| own.reason), None);
        assert_eq!(read("secure-lint: allow x").and_then(|own| own.reason), None);
        assert_eq!(read("secure-lint: allow x -- y").and_then(|own| own.reason), Some("y".to_owned()));
    }
}
