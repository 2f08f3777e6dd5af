//! Requirements of pip: packages with their versions, and files that are read along.

use crate::source::{Comment, CommentPosition, FileId, Span};

#[derive(Clone, Debug, Default)]
pub struct Requirements {
    pub entries: Vec<Entry>,
    pub comments: Vec<Comment>,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub kind: EntryKind,
    /// The requirement without its hashes and comment.
    pub span: Span,
    pub has_hash: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    Package {
        name: String,
        /// One version and no other: `==`, `===`, or `@` a commit or hash.
        version: Option<String>,
    },
    /// `-r` and `-c`
    File(String),
    /// `-e`, a path, another option.
    Other,
}

/// Reads a file of requirements.
pub fn read(file: FileId, text: &str) -> Requirements {
    let mut requirements = Requirements::default();
    let mut at = 0;
    let mut above: Vec<usize> = Vec::new();
    while at < text.len() {
        let (start, end) = (at, logical_end(text, at));
        at = end;
        let line = &text[start..end];
        let code = line.split_once(" #").map_or(line, |(code, _)| code);
        let shown = code.trim();
        let offset = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
        if shown.is_empty() || shown.starts_with('#') {
            if let Some(comment) = shown.strip_prefix('#') {
                let span = Span::new(file, offset(shown), offset(shown) + shown.len());
                above.push(requirements.comments.len());
                requirements.comments.push(Comment::new(span, comment.trim(), CommentPosition::Alone));
            } else {
                above.clear();
            }
            continue;
        }
        let has_hash = shown.contains("--hash=") || shown.contains("--hash ");
        let requirement = before_options(shown);
        let span = Span::new(file, offset(requirement), offset(requirement) + requirement.len());
        let whole = Span::new(file, offset(shown), offset(shown) + shown.len());
        for comment in above.drain(..) {
            requirements.comments[comment].covers.push(whole);
        }
        if let Some((_, comment)) = line.split_once(" #") {
            let comment = comment.trim_end();
            let from = offset(comment) - 1;
            let mut behind = Comment::new(
                Span::new(file, from, from + 1 + comment.len()),
                comment.trim(),
                CommentPosition::BehindCode,
            );
            behind.covers.push(whole);
            requirements.comments.push(behind);
        }
        requirements.entries.push(Entry { kind: entry_kind(requirement), span, has_hash });
    }
    requirements
}

/// The end of a line with the lines that continue it.
fn logical_end(text: &str, start: usize) -> usize {
    let mut at = start;
    loop {
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length + 1);
        if end == text.len() || !text[at..end].trim_end().ends_with('\\') {
            return end;
        }
        at = end;
    }
}

/// The requirement without `--hash` and the line's continuation.
fn before_options(code: &str) -> &str {
    if code.starts_with('-') {
        return code.trim_end_matches('\\').trim_end();
    }
    let ends = [" --", " \\", "\\\n"].iter().filter_map(|end| code.find(end));
    let end = ends.min().unwrap_or(code.len());
    code[..end].trim_end_matches('\\').trim_end()
}

fn entry_kind(requirement: &str) -> EntryKind {
    for flag in ["-r", "--requirement", "-c", "--constraint"] {
        if let Some(path) = requirement.strip_prefix(flag).filter(|rest| rest.starts_with([' ', '=', '\t'])) {
            return EntryKind::File(path.trim_start_matches(['=', ' ', '\t']).to_owned());
        }
    }
    package(requirement).map_or(EntryKind::Other, |(name, version)| EntryKind::Package { name, version })
}

/// Name and exact version of a requirement such as `Django[x]==4.2 ; python_version > "3"`; nothing for paths.
pub fn package(requirement: &str) -> Option<(String, Option<String>)> {
    let code = requirement.split_once(';').map_or(requirement, |(code, _)| code).trim();
    let is_path = code.starts_with(['.', '/', '-', '~']) || code.ends_with(".whl") || code.ends_with(".tar.gz");
    if code.starts_with('-') || (is_path && !code.contains("://")) {
        return None;
    }
    let is_url = code.contains("://") && !code.contains(" @ ");
    if is_url {
        return Some((code.to_owned(), reference_of_url(code)));
    }
    let name_end =
        code.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(code.len());
    let name = &code[..name_end];
    if name.is_empty() {
        return None;
    }
    let mut rest = code[name_end..].trim_start();
    if rest.starts_with('[') {
        rest = rest.split_once(']').map_or("", |(_, rest)| rest).trim_start();
    }
    let version = match rest.strip_prefix('@') {
        Some(url) => reference_of_url(url.trim()),
        None => rest
            .strip_prefix("===")
            .or_else(|| rest.strip_prefix("=="))
            .map(str::trim)
            .filter(|version| !version.contains(['*', ',']) && !version.is_empty())
            .map(str::to_owned),
    };
    Some((name.to_owned(), version))
}

/// The commit or hash that an address names.
fn reference_of_url(url: &str) -> Option<String> {
    if let Some((_, hash)) = url.split_once("#sha256=") {
        return Some(hash.to_owned());
    }
    let url = url.split('#').next().unwrap_or(url);
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let reference = after_scheme.split_once('/').and_then(|(_, path)| path.rsplit_once('@')).map(|(_, it)| it)?;
    (reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| reference.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{EntryKind, read};
    use crate::source::FileId;

    fn check(text: &str, expected: &[(&str, Option<&str>, bool)]) {
        let file = read(FileId(0), text);
        let shown: Vec<_> = file
            .entries
            .iter()
            .map(|entry| match &entry.kind {
                EntryKind::Package { name, version } => (name.as_str(), version.as_deref(), entry.has_hash),
                EntryKind::File(path) => (path.as_str(), Some("file"), false),
                EntryKind::Other => ("other", None, false),
            })
            .collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn packages_versions_and_hashes() {
        check(
            "# c\nDjango\nFlask>=2.3\ngunicorn==23.0.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nx[a,b] == 1.2 ; python_version<'3' # why\n",
            &[
                ("Django", None, false),
                ("Flask", None, false),
                ("gunicorn", Some("23.0.0"), true),
                ("x", Some("1.2"), false),
            ],
        );
        check(
            "-r base.txt\n--constraint=c.txt\n-e .\n./x.whl\n--index-url https://x\ny==1.*\nz===1\n",
            &[
                ("base.txt", Some("file"), false),
                ("c.txt", Some("file"), false),
                ("other", None, false),
                ("other", None, false),
                ("other", None, false),
                ("y", None, false),
                ("z", Some("1"), false),
            ],
        );
        let commit = "0123456789012345678901234567890123456789";
        check(
            &format!("a @ git+https://h/a@{commit}\nb @ git+https://h/b@main\ngit+https://u@h/c@{commit}#egg=c\n"),
            &[
                ("a", Some(commit), false),
                ("b", None, false),
                (&format!("git+https://u@h/c@{commit}#egg=c"), Some(commit), false),
            ],
        );
    }

    #[test]
    fn places() {
        let text = "a==1 \\\n  --hash=sha256:x\n  b  # c\n";
        let file = read(FileId(0), text);
        let spans: Vec<&str> = file.entries.iter().map(|entry| &text[entry.span.range()]).collect();
        assert_eq!(spans, ["a==1", "b"]);
        assert_eq!(&text[file.comments[0].span.range()], "# c");
    }
}
