//! Environment files: `NAME=value` a line.

use crate::source::{Comment, CommentPosition, FileId, Span};

#[derive(Clone, Debug, Default)]
pub struct EnvFile {
    pub entries: Vec<Entry>,
    pub comments: Vec<Comment>,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    pub name_span: Span,
    /// Without quotes.
    pub value: String,
    pub value_span: Span,
}

/// Reads a file; lines that are no assignment are skipped.
pub fn read(file: FileId, text: &str) -> EnvFile {
    let mut env = EnvFile::default();
    let mut above: Vec<usize> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let code = line.trim();
        let offset = start + (line.len() - line.trim_start().len());
        if let Some(comment) = code.strip_prefix('#') {
            above.push(env.comments.len());
            let span = Span::new(file, offset, offset + code.len());
            env.comments.push(Comment::new(span, comment.trim(), CommentPosition::Alone));
            continue;
        }
        for comment in above.drain(..).filter(|_| !code.is_empty()) {
            env.comments[comment].covers.push(Span::new(file, offset, offset + code.len()));
        }
        env.entries.extend(entry(file, code, offset));
    }
    env
}

fn entry(file: FileId, code: &str, offset: usize) -> Option<Entry> {
    let export = if code.starts_with("export ") { "export ".len() } else { 0 };
    let equals = code.find('=')?;
    let name = code.get(export..equals)?.trim();
    if name.is_empty() || name.contains(char::is_whitespace) {
        return None;
    }
    let name_start = offset + export + (code[export..].len() - code[export..].trim_start().len());
    let raw = code[equals + 1..].trim_start();
    let raw_start = offset + code.len() - raw.len();
    let (value, inner) = match raw.chars().next() {
        Some(quote @ ('"' | '\'')) => match raw[1..].find(quote) {
            Some(end) => (&raw[1..1 + end], 1),
            None => (raw, 0),
        },
        Some(_) | None => (raw.split_once(" #").map_or(raw, |(value, _)| value).trim_end(), 0),
    };
    Some(Entry {
        name: name.to_owned(),
        name_span: Span::new(file, name_start, name_start + name.len()),
        value: value.to_owned(),
        value_span: Span::new(file, raw_start + inner, raw_start + inner + value.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::source::FileId;

    #[test]
    fn names_values_and_places() {
        let text = "# c\nA=1\n export B = \"x # y\" # z\nC='q\nno entry\nD=v # w\nE=\n";
        let file = read(FileId(0), text);
        let entries: Vec<_> = file.entries.iter().map(|entry| (entry.name.as_str(), entry.value.as_str())).collect();
        assert_eq!(entries, [("A", "1"), ("B", "x # y"), ("C", "'q"), ("D", "v"), ("E", "")]);
        assert_eq!(&text[file.entries[1].value_span.range()], "x # y");
        assert_eq!(&text[file.entries[1].name_span.range()], "B");
        assert_eq!(&text[file.comments[0].covers[0].range()], "A=1");
    }
}
