//! Finds the examples in a rule file. Everything that could make one not run, or run as something else than its
//! author meant, is an error with its place.

use std::ops::Range;

use super::{Example, ExampleFile, ExampleKind, Marker, Output};
use crate::finding::marked_columns;
use crate::rule::file::{Fence, Part, parts};
use crate::rule::{RuleError, RuleFile, RuleSource};
use crate::source::{LineIndex, clean_path};

/// What a rule file shows.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    pub examples: Vec<Example>,
    /// Why the rule's verdict is never unknown, where it says so.
    pub never_unknown: Option<String>,
}

pub fn examples(rule: &RuleFile) -> Result<Examples, Vec<RuleError>> {
    let source = &*rule.source;
    let lines = LineIndex::new(&source.text);
    let mut errors = Vec::new();
    let mut found = Examples::default();
    let mut section = Section::Page;
    for part in parts(&source.text, rule.body) {
        match part {
            Part::Heading { level, text, start } if level <= 2 => {
                section = section_of(&source.text[text.clone()]);
                match &section {
                    Section::Page => {}
                    Section::Example(kind) => found.examples.push(Example {
                        kind: *kind,
                        title: source.text[text].to_owned(),
                        line: lines.line(start as u32),
                        files: Vec::new(),
                        output: None,
                    }),
                    Section::NeverUnknown(why) if why.is_empty() => {
                        errors.push(source.error(text, "say why: `## Never unknown: …`"));
                    }
                    Section::NeverUnknown(why) => found.never_unknown = Some(why.clone()),
                }
            }
            Part::Heading { .. } => {}
            Part::Fence(fence) => {
                let example = match &section {
                    Section::Example(_) => found.examples.last_mut(),
                    Section::Page | Section::NeverUnknown(_) => None,
                };
                if let Err(error) = read_fence(source, &lines, fence, example) {
                    errors.push(error);
                }
            }
        }
    }
    for example in &found.examples {
        if example.files.is_empty() {
            let start = lines.line_range(&source.text, example.line);
            errors.push(source.error(start, "this example has no file: a fence with language and path, ```tf main.tf"));
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

enum Section {
    /// Prose; its fences are not run.
    Page,
    Example(ExampleKind),
    NeverUnknown(String),
}

fn section_of(heading: &str) -> Section {
    let (first, rest) = heading.split_once(':').unwrap_or((heading, ""));
    let first = first.trim_end();
    if first == "Never unknown" {
        return Section::NeverUnknown(rest.trim().to_owned());
    }
    match ExampleKind::ALL.into_iter().find(|kind| kind.name() == first) {
        Some(kind) => Section::Example(kind),
        None => Section::Page,
    }
}

fn read_fence(
    source: &RuleSource,
    lines: &LineIndex,
    fence: Fence,
    example: Option<&mut Example>,
) -> Result<(), RuleError> {
    let info = &source.text[fence.info.clone()];
    let words: Vec<&str> = info.split_ascii_whitespace().collect();
    let at_info = |message: String| source.error(fence.info.clone(), message);
    if !fence.is_closed {
        return Err(source.error(fence.whole, "this fence is not closed"));
    }
    let Some(example) = example else {
        if words.len() > 1 && words != ["hcl", "require"] {
            return Err(at_info(
                "a file outside an example: examples stand under `## Bad`, `## Good`, `## Unknown`".into(),
            ));
        }
        return Ok(());
    };
    match words[..] {
        ["output"] if example.kind != ExampleKind::Bad => Err(at_info("only a Bad example has output".into())),
        ["output"] if example.output.is_some() => Err(at_info("an example has one output".into())),
        ["output"] => {
            let text = source.text[fence.body.clone()].replace("\r\n", "\n");
            example.output = Some(Output { text, body: fence.body });
            Ok(())
        }
        [language, path] => {
            if clean_path("", path).as_deref() != Some(path) {
                return Err(at_info(format!("`{path}` is no path inside a repository")));
            }
            if example.files.iter().any(|file| file.path == path) {
                return Err(at_info(format!("the example has a file `{path}` already")));
            }
            let file = read_file(source, lines, fence.body, language, path)?;
            example.files.push(file);
            Ok(())
        }
        _ => Err(at_info("a fence in an example names a language and a file: ```tf main.tf".into())),
    }
}

fn read_file(
    source: &RuleSource,
    lines: &LineIndex,
    body: Range<usize>,
    language: &str,
    path: &str,
) -> Result<ExampleFile, RuleError> {
    let mut file = ExampleFile {
        path: path.to_owned(),
        language: language.to_owned(),
        text: String::new(),
        markers: Vec::new(),
        lines: Vec::new(),
    };
    let first = lines.line(body.start as u32);
    let mut at = body.start;
    let mut above = 0..0;
    for (number, line) in (first..).zip(source.text[body].split_inclusive('\n')) {
        let content = line.trim_end_matches(['\n', '\r']);
        if let Some(carets) = marked_columns(content) {
            let range = columns(&file.text[above.clone()], carets).ok_or_else(|| {
                let message = "the carets do not stand below text of the line above";
                source.error(at..at + content.len(), message)
            })?;
            file.markers.push(Marker { range: above.start + range.start..above.start + range.end, line: number });
        } else {
            above = file.text.len()..file.text.len() + content.len();
            file.text.push_str(content);
            file.text.push('\n');
            file.lines.push(number);
        }
        at += line.len();
    }
    Ok(file)
}

/// The bytes of the characters in these columns; nothing if the line is shorter.
fn columns(line: &str, columns: Range<usize>) -> Option<Range<usize>> {
    let mut starts = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    let start = starts.nth(columns.start)?;
    let end = starts.nth(columns.end - columns.start - 1)?;
    Some(start..end)
}

#[cfg(test)]
mod tests {
    use super::{columns, marked_columns};

    #[test]
    fn a_marker_is_carets_and_here() {
        let check = |line, expected| assert_eq!(marked_columns(line), expected, "{line}");
        check("  ^^^ here", Some(2..5));
        check("#  ^ here", Some(3..4));
        check("// ^^ here", Some(3..5));
        check("  # ^^^^ here  ", Some(4..8));
        check("^^^^", None);
        check("^^^^here", None);
        check("## ^^ here", None);
        check("x ^^ here", None);
        check("# there", None);
    }

    #[test]
    fn columns_count_characters() {
        let line = "é = \"😀b\"";
        assert_eq!(columns(line, 5..7).map(|range| &line[range]), Some("😀b"));
        assert_eq!(columns(line, 7..8).map(|range| &line[range]), Some("\""));
        assert_eq!(columns(line, 7..9), None);
    }
}
