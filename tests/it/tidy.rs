//! The house rules that no compiler checks: imports go to lower floors, files stay short and say what they are.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module with what it may import, from the roof down. `model::schema` is the schema alone.
const FLOORS: [(&str, &[&str]); 14] = [
    (
        "cli",
        &[
            "analysis", "report", "triage", "check", "rule", "facts", "lower", "model", "eval", "value", "finding",
            "syntax", "logic", "source", "data",
        ],
    ),
    (
        "analysis",
        &["check", "rule", "facts", "lower", "model", "eval", "value", "finding", "syntax", "logic", "source"],
    ),
    ("report", &["finding", "logic", "source"]),
    ("triage", &["finding", "logic", "source"]),
    ("check", &["rule", "facts", "model", "finding", "value", "logic", "source"]),
    ("rule", &["syntax", "model::schema", "value", "finding", "logic", "source"]),
    ("facts", &["model", "value", "logic", "source", "data"]),
    ("lower", &["eval", "syntax", "model", "value", "logic", "source", "data"]),
    ("model", &["value", "finding", "logic", "source"]),
    ("eval", &["syntax", "value", "logic", "source", "data"]),
    ("value", &["logic", "source"]),
    ("finding", &["logic", "source"]),
    ("syntax", &["source"]),
    ("logic", &["source"]),
];

/// The ground floor imports nothing.
const GROUND: [&str; 2] = ["source", "data"];

const LONGEST_FILE: usize = 600;

#[test]
fn imports_go_to_lower_floors() {
    let mut breaches = Vec::new();
    for file in rust_files("src") {
        let module = module_of(&file);
        let Some(floor) = module.first() else { continue };
        let allowed = FLOORS.iter().find(|(name, _)| name == floor).map_or(&[][..], |(_, allowed)| *allowed);
        if allowed.is_empty() && !GROUND.contains(&floor.as_str()) {
            breaches.push(format!("{}: `{floor}` stands on no floor", shown(&file)));
        }
        for import in imports(&read(&file), &module) {
            let is_own = import.path[0] == *floor;
            let is_allowed = allowed.iter().any(|allowed| {
                let parts: Vec<&str> = allowed.split("::").collect();
                import.path.iter().map(String::as_str).take(parts.len()).eq(parts)
            });
            if !is_own && !is_allowed {
                breaches.push(format!("{}:{}: {floor} imports {}", shown(&file), import.line, import.path.join("::")));
            }
        }
    }
    assert_none("imports that go up or sideways", &breaches);
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let check = |text: &str, module: &[&str], expected: &[&str]| {
        let module: Vec<String> = module.iter().map(|part| (*part).to_owned()).collect();
        let found: Vec<String> = imports(text, &module).iter().map(|import| import.path.join("::")).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("use crate::value::Value;", &["a"], &["value::Value"]);
    check("use crate::{value::{Text, Value}, logic};", &["a"], &["value::Text", "value::Value", "logic"]);
    check("fn f(x: &crate::model::schema::Schema) {}", &["a"], &["model::schema"]);
    check("use super::b::C;", &["a", "d"], &["a::b"]);
    check("use super::super::value::Value;", &["a", "d"], &["value::Value"]);
    check("mod tests { use super::super::c::D; } use super::e::F;", &["a", "d"], &["a::c", "a::e"]);
    check("// crate::report\n/* crate::report /* */ */ \"crate::report\" r#\"crate::report\"# 'c' 'a", &["a"], &[]);
}

#[test]
fn files_say_what_they_are_and_stay_short() {
    let mut breaches = Vec::new();
    for file in ["src", "tests", "build", "benches"].into_iter().flat_map(rust_files) {
        let text = read(&file);
        let n_lines = text.lines().count();
        if !text.starts_with("//! ") {
            breaches.push(format!("{}: the head `//!` is missing", shown(&file)));
        }
        if n_lines > LONGEST_FILE {
            breaches.push(format!("{}: {n_lines} lines, more than {LONGEST_FILE}", shown(&file)));
        }
    }
    assert_none("files against the style", &breaches);
}

#[test]
fn nothing_in_the_code_gives_up() {
    let forbidden = [".unwrap()", "todo!(", "unimplemented!(", "unreachable!(", "allow(dead_code)"];
    let mut breaches = Vec::new();
    for file in ["src", "build"].into_iter().flat_map(rust_files) {
        for (number, line) in code_lines(&read(&file)) {
            for word in forbidden {
                if line.contains(word) {
                    breaches.push(format!("{}:{number}: {word}", shown(&file)));
                }
            }
        }
    }
    assert_none("words that stop the program or hide dead code", &breaches);
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    let here = env!("CARGO_MANIFEST_DIR");
    let mut breaches = Vec::new();
    for file in files("", &|_| true) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for (index, line) in text.lines().enumerate() {
            if line.contains(here) || line.contains(concat!("/Us", "ers/")) {
                breaches.push(format!("{}:{}: {line}", shown(&file), index + 1));
            }
        }
    }
    assert_none("paths of one machine", &breaches);
}

fn assert_none(what: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{what}:\n{}", breaches.join("\n"));
}

/// All files below a folder of the repository, without what is built or installed.
fn files(folder: &str, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if matches!(name.to_str(), Some("target" | ".git" | ".venv" | "node_modules" | "__pycache__")) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if wanted(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    files(folder, &|path| path.extension().is_some_and(|extension| extension == "rs"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a listed file can be read")
}

fn shown(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display().to_string()
}

/// `src/rule/file/mod.rs` is `[rule, file]`; the roots of library and binary are the empty path.
fn module_of(file: &Path) -> Vec<String> {
    let inside = shown(file);
    let path = inside.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    if matches!(path, "lib" | "main") {
        return Vec::new();
    }
    path.split('/').map(str::to_owned).collect()
}

#[derive(Debug)]
struct Import {
    line: usize,
    /// The first two names behind the crate's root.
    path: Vec<String>,
}

/// Every path that begins with `crate::` or `super::`, in `use` or in code, as seen from the root.
fn imports(text: &str, module: &[String]) -> Vec<Import> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut inline: Vec<usize> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        let (line, token) = &tokens[at];
        match token.as_str() {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if inline.last() == Some(&depth) {
                    inline.pop();
                }
            }
            "mod" if tokens.get(at + 2).is_some_and(|(_, next)| next == "{") => inline.push(depth),
            "crate" | "super" if begins_a_path(&tokens, at) => {
                let mut prefix: Vec<String> = Vec::new();
                let mut next = at;
                if token == "super" {
                    // An inline module stands one deeper than its file.
                    let mut n_up = 0;
                    while tokens.get(next).is_some_and(|(_, token)| token == "super") {
                        n_up += 1;
                        next += 2;
                    }
                    let deep = module.len() + inline.len();
                    prefix = module.iter().take(deep.saturating_sub(n_up)).cloned().collect();
                } else {
                    next += 2;
                }
                let before = next;
                tree(&tokens, &mut next, &prefix, *line, &mut found);
                at = next.max(before);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found.retain(|import| !import.path.is_empty());
    found
}

/// `crate::…` but not `pub(crate)`, and not the `super` in the midst of `super::super`.
fn begins_a_path(tokens: &[(usize, String)], at: usize) -> bool {
    let is = |index: usize| tokens.get(index).is_some_and(|(_, token)| token == "::");
    is(at + 1) && !(at > 0 && is(at - 1))
}

/// Reads one tree of a path (`a::{b, c::d}`), a token behind the last `::`.
fn tree(tokens: &[(usize, String)], at: &mut usize, prefix: &[String], line: usize, found: &mut Vec<Import>) {
    let mut path = prefix.to_vec();
    while let Some((_, token)) = tokens.get(*at) {
        if token == "{" {
            *at += 1;
            while tokens.get(*at).is_some_and(|(_, token)| token != "}") {
                tree(tokens, at, &path, line, found);
                if tokens.get(*at).is_some_and(|(_, token)| token == ",") {
                    *at += 1;
                }
            }
            *at += 1;
            return;
        }
        let is_name = token.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '*');
        if !is_name {
            // Keeps moving over what is no path, such as an attribute in a macro.
            break;
        }
        path.push(token.clone());
        *at += 1;
        if tokens.get(*at).is_none_or(|(_, token)| token != "::") {
            if tokens.get(*at).is_some_and(|(_, token)| token == "as") {
                *at += 2;
            }
            break;
        }
        *at += 1;
    }
    path.truncate(2);
    found.push(Import { line, path });
}

/// Names, `::` and single signs, with their lines; no comments, texts, characters.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let mut tokens = Vec::new();
    for (number, line) in code_lines(text) {
        let mut rest = line.as_str();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            if !first.is_whitespace() {
                tokens.push((number, rest[..length].to_owned()));
            }
            rest = &rest[length..];
        }
    }
    tokens
}

/// The lines with numbers from 1, with comments and the content of texts and characters left out.
fn code_lines(text: &str) -> Vec<(usize, String)> {
    let mut code = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = text_literal(rest, code.chars().next_back()) {
            length
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
        rest = &rest[skipped..];
    }
    code.lines().enumerate().map(|(index, line)| (index + 1, line.to_owned())).collect()
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of a text or character that begins here.
fn text_literal(rest: &str, before: Option<char>) -> Option<usize> {
    let is_in_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if let Some(raw) = rest.strip_prefix('r').filter(|_| !is_in_name || before == Some('b')) {
        let n_hashes = raw.bytes().take_while(|byte| *byte == b'#').count();
        if raw[n_hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(n_hashes));
            let end = raw[n_hashes + 1..].find(&close)?;
            return Some(1 + n_hashes + 1 + end + close.len());
        }
    }
    if rest.starts_with('"') {
        return Some(quoted(rest, '"'));
    }
    // A lifetime has no closing quote behind one character.
    let inside = rest.strip_prefix('\'')?;
    let second = inside.chars().nth(1);
    (inside.starts_with('\\') || second == Some('\'')).then(|| quoted(rest, '\''))
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    rest.len()
}
