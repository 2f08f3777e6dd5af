//! The page of a rule: the text of its file behind the front matter. Its forms are made when somebody asks, because
//! most runs print no page.

use std::borrow::Cow;
use std::ops::Range;

#[derive(Clone, Debug)]
pub struct Page {
    /// The whole file.
    text: Cow<'static, str>,
    /// Where the heading begins.
    start: usize,
    summary: Range<usize>,
}

impl Page {
    /// The page that begins at `start`; `summary` is the prose between its heading and the first fence or example.
    pub fn new(text: Cow<'static, str>, start: usize, summary: Range<usize>) -> Page {
        Page { text, start, summary }
    }

    /// Heading, text and examples as Markdown, without the lines that say `^^^^ here`. They are looked for by their
    /// last word, which is rare.
    pub fn markdown(&self) -> String {
        let page = &self.text[self.start..];
        let mut kept = String::with_capacity(page.len());
        let mut from = 0;
        let mut search = 0;
        while let Some(at) = page[search..].find(" here") {
            let at = search + at;
            let start = page[..at].rfind('\n').map_or(0, |newline| newline + 1);
            let end = page[at..].find('\n').map_or(page.len(), |newline| at + newline + 1);
            if marked_columns(&page[start..end]).is_some() {
                kept.push_str(&page[from..start]);
                from = end;
            }
            search = end;
        }
        kept.push_str(&page[from..]);
        kept
    }

    /// The text between the heading and the first fence, as Markdown.
    pub fn summary(&self) -> &str {
        self.text[self.summary.clone()].trim()
    }
}

/// The columns of the carets, in characters from 0, if the line is a marker: blanks, at most one `#` or `//`, carets,
/// `here`, and nothing else.
pub(crate) fn marked_columns(line: &str) -> Option<Range<usize>> {
    let blank = |c: char| c == ' ' || c == '\t';
    let before = line.trim_end_matches(['\n', '\r']).trim_end_matches(blank).strip_suffix("here")?;
    let marked = before.trim_end_matches(blank);
    let lead = marked.trim_end_matches('^');
    if marked.len() == before.len() || lead.len() == marked.len() {
        return None;
    }
    let comment = lead.trim_matches(blank);
    matches!(comment, "" | "#" | "//").then(|| lead.chars().count()..marked.chars().count())
}
