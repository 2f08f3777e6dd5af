//! `.dockerignore` and `.gitignore`: patterns, and whether they cover a path. Of several patterns that match the last
//! one counts.

use crate::source::{FileId, Span};

/// Whose rules apply. Docker anchors every pattern at the context's root; git lets a name match at any depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Docker,
    Git,
}

#[derive(Clone, Debug)]
pub struct Pattern {
    /// Without `!` and the slashes around it.
    pub text: String,
    pub span: Span,
    /// Begins with `!`: what it matches is taken in again.
    pub is_exception: bool,
    /// Git: it matches from the file's own folder only.
    is_anchored: bool,
    /// Git: ends with a slash, so it matches folders only.
    is_folder: bool,
    parts: Vec<Vec<char>>,
}

#[derive(Clone, Debug)]
pub struct Ignore {
    pub flavour: Flavour,
    pub patterns: Vec<Pattern>,
}

/// Reads a file of patterns.
pub fn read(file: FileId, text: &str, flavour: Flavour) -> Ignore {
    let mut patterns = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_start_matches('\u{feff}');
        let code = match flavour {
            Flavour::Docker => line.trim(),
            Flavour::Git => line.trim_end(),
        };
        if code.is_empty() || code.starts_with('#') {
            continue;
        }
        let offset = start + (code.as_ptr() as usize - text[start..].as_ptr() as usize);
        let span = Span::new(file, offset, offset + code.len());
        patterns.extend(pattern(code, span, flavour));
    }
    Ignore { flavour, patterns }
}

fn pattern(code: &str, span: Span, flavour: Flavour) -> Option<Pattern> {
    let (is_exception, code) = match code.strip_prefix('!') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, code.strip_prefix('\\').filter(|rest| rest.starts_with(['!', '#'])).unwrap_or(code)),
    };
    let text = code.trim_matches('/');
    let text = match flavour {
        // Docker cleans paths: `./a` and `a/.` are `a`.
        Flavour::Docker => text.strip_prefix("./").unwrap_or(text).trim_end_matches("/."),
        Flavour::Git => text,
    };
    if text.is_empty() || (text == "." && flavour == Flavour::Docker) {
        return None;
    }
    Some(Pattern {
        text: text.to_owned(),
        span,
        is_exception,
        is_anchored: code.starts_with('/') || text.contains('/'),
        is_folder: code.ends_with('/'),
        parts: text.split('/').map(|part| part.chars().collect()).collect(),
    })
}

impl Ignore {
    /// The pattern that decides about a file, by itself or by one of its folders; nothing if none speaks of it.
    pub fn decides(&self, path: &str) -> Option<&Pattern> {
        let parts: Vec<Vec<char>> = path.split('/').map(|part| part.chars().collect()).collect();
        match self.flavour {
            Flavour::Docker => self.patterns.iter().rev().find(|pattern| pattern.covers_docker(&parts)),
            // A folder that is ignored takes its content along, whatever is said of that.
            Flavour::Git => (1..=parts.len()).find_map(|depth| {
                let is_file = depth == parts.len();
                let last = self.patterns.iter().rev().find(|it| it.matches_git(&parts[..depth], is_file));
                last.filter(|pattern| is_file || !pattern.is_exception)
            }),
        }
    }

    /// Whether a path is kept out.
    pub fn covers(&self, path: &str) -> bool {
        self.decides(path).is_some_and(|pattern| !pattern.is_exception)
    }
}

impl Pattern {
    fn covers_docker(&self, path: &[Vec<char>]) -> bool {
        (1..=path.len()).any(|depth| matches_parts(&self.parts, &path[..depth]))
    }

    fn matches_git(&self, path: &[Vec<char>], is_file: bool) -> bool {
        if self.is_folder && is_file {
            return false;
        }
        if self.is_anchored {
            return matches_parts(&self.parts, path);
        }
        path.last().is_some_and(|name| matches_part(&self.parts[0], name))
    }
}

/// Whether a pattern fits a whole path, `**` over any number of folders.
fn matches_parts(pattern: &[Vec<char>], path: &[Vec<char>]) -> bool {
    // Which ends of the path the patterns so far can reach.
    let mut reachable = vec![false; path.len() + 1];
    reachable[0] = true;
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        if part.as_slice() == ['*', '*'] {
            let first = reachable.iter().position(|it| *it);
            if let Some(first) = first {
                next[first..].fill(true);
            }
        } else {
            for (index, name) in path.iter().enumerate() {
                next[index + 1] = reachable[index] && matches_part(part, name);
            }
        }
        reachable = next;
    }
    reachable[path.len()]
}

/// `*`, `?`, `[a-z]` and `\x` within one part of a path.
fn matches_part(pattern: &[char], name: &[char]) -> bool {
    let mut reachable = vec![false; name.len() + 1];
    reachable[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let mut next = vec![false; name.len() + 1];
        let (length, test): (usize, Test<'_>) = match pattern[at] {
            '*' => {
                if let Some(first) = reachable.iter().position(|it| *it) {
                    next[first..].fill(true);
                }
                reachable = next;
                at += 1;
                continue;
            }
            '?' => (1, Test::Any),
            '[' => match class(&pattern[at..]) {
                Some(class) => (class.len(), Test::Class(class)),
                None => (1, Test::Is('[')),
            },
            '\\' if at + 1 < pattern.len() => (2, Test::Is(pattern[at + 1])),
            other => (1, Test::Is(other)),
        };
        for (index, character) in name.iter().enumerate() {
            next[index + 1] = reachable[index] && test.fits(*character);
        }
        reachable = next;
        at += length;
    }
    reachable[name.len()]
}

enum Test<'a> {
    Any,
    Is(char),
    Class(&'a [char]),
}

impl Test<'_> {
    fn fits(&self, character: char) -> bool {
        let class = match self {
            Test::Any => return true,
            Test::Is(wanted) => return *wanted == character,
            Test::Class(class) => &class[1..class.len() - 1],
        };
        let (is_negated, class) = match class.split_first() {
            Some(('!' | '^', rest)) => (true, rest),
            Some(_) | None => (false, class),
        };
        let mut found = false;
        let mut at = 0;
        while at < class.len() {
            if at + 2 < class.len() && class[at + 1] == '-' {
                found |= (class[at]..=class[at + 2]).contains(&character);
                at += 3;
            } else {
                found |= class[at] == character;
                at += 1;
            }
        }
        found != is_negated
    }
}

/// `[…]` at the start of a pattern.
fn class(pattern: &[char]) -> Option<&[char]> {
    let end = pattern.iter().skip(2).position(|character| *character == ']')? + 2;
    Some(&pattern[..=end])
}

#[cfg(test)]
mod tests {
    use super::{Flavour, read};
    use crate::source::FileId;

    fn check(flavour: Flavour, patterns: &str, covered: &[&str], free: &[&str]) {
        let ignore = read(FileId(0), patterns, flavour);
        for path in covered {
            assert!(ignore.covers(path), "{path} is kept out by {patterns:?}");
        }
        for path in free {
            assert!(!ignore.covers(path), "{path} is let in by {patterns:?}");
        }
    }

    #[test]
    fn docker_anchors_patterns_and_takes_the_last() {
        check(Flavour::Docker, "# c\n.env\n/b/\n ./d \n", &[".env", "b", "b/c/x", "d"], &["app/.env", "bb"]);
        check(Flavour::Docker, "*\n!.env\n!src\n", &["a", "a/b"], &[".env", "src/x"]);
        check(Flavour::Docker, "**/.env*\n*/x?.[a-c]\n", &[".env", "a/b/.env.prod", "p/x1.b"], &["x1.b", "p/x1.d"]);
        check(Flavour::Docker, "a/**/z\n**\n!k", &["a/z", "a/b/c/z", "q/w"], &["k"]);
    }

    #[test]
    fn git_matches_names_at_any_depth() {
        check(
            Flavour::Git,
            ".env\n*.pem\n/top\ndir/\n",
            &[".env", "a/.env", "a/k.pem", "top", "x/dir/y"],
            &["a/top", "dir"],
        );
        check(
            Flavour::Git,
            "secrets/*\n!secrets/ok\nbuild/\n!build/keep\n",
            &["secrets/a", "build/keep"],
            &["secrets/ok"],
        );
    }

    #[test]
    fn hostile_patterns_end() {
        let stars = "*a".repeat(2000);
        check(Flavour::Docker, &stars, &[], &[&"a".repeat(2000)[..1000]]);
        check(Flavour::Docker, &"**/".repeat(500), &["a/b"], &[]);
    }

    #[test]
    fn patterns_know_their_place() {
        let text = "a\n  !b/ \n";
        let ignore = read(FileId(0), text, Flavour::Docker);
        assert_eq!(&text[ignore.patterns[1].span.range()], "!b/");
        assert_eq!(ignore.patterns[1].text, "b");
    }
}
