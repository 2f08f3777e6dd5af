//! Edits of YAML that leave everything else as it is: a member written into a mapping, a member taken away. Comments,
//! quotes and blanks of the rest stay; what does not fit is not edited.

use crate::lower::edit::TextEdit;
use crate::source::{FileId, Span};
use crate::syntax::yaml::{Entry, Node};

/// The tree of one file with its text.
#[derive(Clone, Copy)]
pub(super) struct Tree<'a> {
    pub(super) file: FileId,
    pub(super) text: &'a str,
    pub(super) root: &'a Node,
}

/// One step on the way from the root to a place.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Member { map: &'a Node, entry: &'a Entry },
    Item { node: &'a Node },
}

impl<'a> Step<'a> {
    pub(super) fn value(&self) -> &'a Node {
        match self {
            Step::Member { entry, .. } => &entry.value,
            Step::Item { node } => node,
        }
    }
}

impl<'a> Tree<'a> {
    /// From the root to the innermost node around a place; what an alias shares is reached where it is written.
    pub(super) fn path(&self, place: Span) -> Vec<Step<'a>> {
        let mut path = Vec::new();
        let mut node = self.root;
        loop {
            let member = node.entries().iter().find(|entry| entry.span().contains(&place) && !node.is_alias());
            let item = node.items().iter().find(|item| item.span.contains(&place) && !node.is_alias());
            let step = match (member, item) {
                (Some(entry), _) => Step::Member { map: node, entry },
                (None, Some(item)) => Step::Item { node: item },
                (None, None) => return path,
            };
            path.push(step);
            node = step.value();
        }
    }

    /// The job around a place: its key and its mapping.
    pub(super) fn job(&self, place: Span) -> Option<&'a Entry> {
        match self.path(place).as_slice() {
            [Step::Member { entry: jobs, .. }, Step::Member { entry, .. }, ..] if &*jobs.key == "jobs" => Some(entry),
            _ => None,
        }
    }

    /// The step around a place.
    pub(super) fn step(&self, place: Span) -> Option<&'a Node> {
        let path = self.path(place);
        let at = path.iter().position(|step| matches!(step, Step::Member { entry, .. } if &*entry.key == "steps"))?;
        match path.get(at + 1)? {
            Step::Item { node } if node.is_map() => Some(node),
            Step::Item { .. } | Step::Member { .. } => None,
        }
    }

    /// Writes a member at the end of a mapping. `flow` is its value on one line; `block` are lines as they stand below
    /// the key, or nothing where the value stands behind it.
    pub(super) fn insert(&self, map: &Node, key: &str, member: &Member) -> Option<TextEdit> {
        if map.is_alias() {
            return None;
        }
        if self.is_flow(map) {
            return self.insert_flow(map, key, &member.flow());
        }
        let first = map.entries().first()?;
        let last = map.entries().iter().max_by_key(|entry| entry.key_span.start)?;
        let indent = self.column(first.key_span)?;
        let at = self.line_after(last)?;
        Some((Span::new(self.file, at, at), self.lines(at, &indent, key, member)))
    }

    /// Writes a member in front of another one, with a blank line between.
    pub(super) fn insert_before(&self, entry: &Entry, key: &str, member: &Member) -> Option<TextEdit> {
        let indent = self.column(entry.key_span)?;
        let start = entry.key_span.start as usize;
        let mut at = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        // What is said above the member stays above it.
        while at > 0 {
            let above = self.text[..at - 1].rfind('\n').map_or(0, |at| at + 1);
            if !self.text[above..at].trim_start().starts_with('#') {
                break;
            }
            at = above;
        }
        let newline = self.newline();
        Some((Span::new(self.file, at, at), format!("{}{newline}", self.lines(usize::MAX, &indent, key, member))))
    }

    fn insert_flow(&self, map: &Node, key: &str, value: &str) -> Option<TextEdit> {
        let end = map.span.end as usize;
        if self.text.get(..end)?.as_bytes().last() != Some(&b'}') {
            return None;
        }
        let inner = self.text.get(map.span.start as usize + 1..end - 1)?;
        if inner.contains('#') || inner.trim_end().ends_with(',') {
            return None;
        }
        let at = map.span.start as usize + 1 + inner.trim_end().len();
        let pad = if inner.starts_with(' ') { " " } else { "" };
        let text = match (map.entries().is_empty(), inner.trim_end().len() < inner.len()) {
            (true, _) => format!("{key}: {value}"),
            (false, _) => format!(", {key}: {value}"),
        };
        let text = if map.entries().is_empty() { format!("{pad}{text}{pad}") } else { text };
        let span = match map.entries().is_empty() {
            true => Span::new(self.file, map.span.start as usize + 1, end - 1),
            false => Span::new(self.file, at, at),
        };
        Some((span, text))
    }

    pub(super) fn is_flow(&self, node: &Node) -> bool {
        self.text.as_bytes().get(node.span.start as usize).is_some_and(|byte| matches!(byte, b'{' | b'['))
    }

    /// Takes a member away with its lines; the whole mapping where it holds nothing else.
    pub(super) fn remove(&self, place: Span) -> Option<TextEdit> {
        let path = self.path(place);
        for step in path.iter().rev() {
            let Step::Member { map, entry } = step else { return None };
            if map.entries().len() > 1 {
                return self.remove_member(map, entry);
            }
        }
        None
    }

    /// Takes a member of a mapping with several away.
    pub(super) fn remove_member(&self, map: &Node, entry: &Entry) -> Option<TextEdit> {
        if self.is_flow(map) {
            return self.remove_flow(map, entry);
        }
        let start = entry.key_span.start as usize;
        let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.line_after(entry)?;
        if self.text[line..start].trim().is_empty() {
            return Some((Span::new(self.file, line, end), String::new()));
        }
        // The first member of a step stands behind the dash: the next one takes its place.
        let next = map.entries().iter().filter(|it| it.key_span.start > entry.key_span.start);
        let next = next.min_by_key(|it| it.key_span.start)?;
        Some((Span::new(self.file, start, next.key_span.start as usize), String::new()))
    }

    fn remove_flow(&self, map: &Node, entry: &Entry) -> Option<TextEdit> {
        let members = map.entries();
        let at = members.iter().position(|it| it.key_span == entry.key_span)?;
        let span = match (members.get(at + 1), at.checked_sub(1).and_then(|before| members.get(before))) {
            (Some(next), _) => Span::new(self.file, entry.key_span.start as usize, next.key_span.start as usize),
            (None, Some(before)) => Span::new(self.file, before.span().end as usize, entry.span().end as usize),
            (None, None) => return None,
        };
        Some((span, String::new()))
    }

    /// The blanks in front of a key that stands in the first column of its mapping.
    fn column(&self, key: Span) -> Option<String> {
        let start = key.start as usize;
        let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let before = self.text.get(line..start)?;
        let is_plain = before.chars().all(|it| matches!(it, ' ' | '-'));
        is_plain.then(|| " ".repeat(before.len()))
    }

    /// Where the line behind the last one of a member begins.
    fn line_after(&self, entry: &Entry) -> Option<usize> {
        let end = entry.span().end.max(entry.key_span.end + 1) as usize;
        let trimmed = self.text.get(..end.min(self.text.len()))?.trim_end().len();
        let end = trimmed.max(entry.key_span.end as usize);
        let rest = self.text.get(end..)?;
        let line = rest.split('\n').next().unwrap_or("");
        let behind = line.trim_start_matches(':').trim();
        if !behind.is_empty() && !behind.starts_with('#') {
            return None;
        }
        Some((end + line.len() + 1).min(self.text.len()))
    }

    fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    fn lines(&self, at: usize, indent: &str, key: &str, member: &Member) -> String {
        let newline = self.newline();
        // The last line of a file may lack its end.
        let lead = if at == self.text.len() && !self.text.ends_with('\n') { newline } else { "" };
        let mut text = String::from(lead);
        match member {
            Member::Scalar(value) => text.push_str(&format!("{indent}{key}: {value}{newline}")),
            Member::Map(entries) if entries.is_empty() => text.push_str(&format!("{indent}{key}: {{}}{newline}")),
            Member::Map(entries) => {
                text.push_str(&format!("{indent}{key}:{newline}"));
                for (key, value) in entries {
                    text.push_str(&format!("{indent}  {key}: {value}{newline}"));
                }
            }
        }
        text
    }
}

/// What is written behind a key.
pub(super) enum Member {
    Scalar(String),
    Map(Vec<(String, String)>),
}

impl Member {
    fn flow(&self) -> String {
        match self {
            Member::Scalar(value) => in_flow(value),
            Member::Map(entries) => {
                let members: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{key}: {}", in_flow(value))).collect();
                if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
            }
        }
    }
}

/// A plain value between braces must not hold any.
fn in_flow(value: &str) -> String {
    let is_plain = !value.contains(['{', '}', '[', ']', ',']);
    if is_plain || value.starts_with(['"', '\'']) { value.to_owned() } else { quoted(value) }
}

/// A text as YAML writes it between single quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
