//! Silencing: a comment of ours above the thing that holds a finding's primary place, or an entry of the configuration
//! where the language has no comments.

use std::ops::Range;

use secure_lint::finding::{Finding, Report};
use secure_lint::source::{FileId, Span};
use secure_lint::syntax::{hcl, yaml};

use super::terraform::{Edit, Files, edited};

/// The files with every finding allowed.
pub(super) fn with_comments(files: &Files, report: &Report<'_>, rule: &str) -> Files {
    let mut changed = files.clone();
    let mut entries = String::new();
    for (path, text) in files {
        let mut lines: Vec<usize> = Vec::new();
        for (finding, span) in report.findings.iter().flat_map(places) {
            if report.world.file(span.file).path != *path {
                continue;
            }
            match start_of_thing(path, text, &span.range()) {
                Some(start) => lines.push(start),
                None => entries.push_str(&entry(finding, rule)),
            }
        }
        lines.sort_unstable();
        lines.dedup();
        let edits = lines.into_iter().map(|start| {
            let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
            let indent = &text[line_start..start];
            Edit::insert(line_start, format!("{indent}# secure-lint: allow {rule} -- accepted by the test\n"))
        });
        changed.insert(path.clone(), edited(text, edits.collect()));
    }
    if !entries.is_empty() {
        changed.entry("secure-lint.toml".to_owned()).or_default().push_str(&entries);
    }
    changed
}

/// The primary place, and where each other way begins: one that no comment covers keeps a finding alive.
fn places(finding: &Finding) -> Vec<(&Finding, Span)> {
    let others = finding.paths.iter().skip(1).filter_map(|path| path.steps.first());
    let spans = std::iter::once(finding.primary.span()).chain(others.map(|step| step.span()));
    spans.map(|span| (finding, span)).collect()
}

fn entry(finding: &Finding, rule: &str) -> String {
    let address = finding.primary.address.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\n[[allow]]\nrule = \"{rule}\"\naddress = \"{address}\"\nreason = \"accepted by the test\"\n")
}

/// The first byte of the block, entry or instruction around a place; nothing where comments cannot stand.
fn start_of_thing(path: &str, text: &str, place: &Range<usize>) -> Option<usize> {
    let at = place.start;
    // A file as a whole has no line of its own.
    if place.is_empty() {
        return None;
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.ends_with(".tf") || name.ends_with(".tfvars") {
        let body = hcl::parse(FileId(0), text).body;
        let blocks = body.blocks.iter().map(|block| block.span);
        let attributes = body.attributes.iter().map(|attribute| attribute.span);
        return blocks.chain(attributes).find(|span| span.range().contains(&at)).map(|span| span.start as usize);
    }
    if name.ends_with(".yml") || name.ends_with(".yaml") {
        let root = yaml::parse(FileId(0), text).root?;
        let around =
            |node: &yaml::Node| node.entries().iter().find(|entry| entry.span().range().contains(&at)).cloned();
        let entry = around(&root)?;
        let inner = if &*entry.key == "jobs" { around(&entry.value) } else { None };
        return Some(inner.unwrap_or(entry).key_span.start as usize);
    }
    if name.contains("Dockerfile") || name.contains("Containerfile") {
        return Some(start_of_instruction(text, at));
    }
    let by_line = [".sh", ".py", "ignore"].iter().any(|ending| name.ends_with(ending));
    if name == ".env" || name.starts_with("requirements") || by_line {
        return Some(text[..at].rfind('\n').map_or(0, |newline| newline + 1));
    }
    None
}

/// The first line of an instruction, through continuations and comments between them.
fn start_of_instruction(text: &str, at: usize) -> usize {
    let mut start = 0;
    let mut is_continued = false;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let is_comment = content.starts_with('#') || content.is_empty();
        if !is_continued && !is_comment {
            start = offset;
        }
        if !is_comment {
            is_continued = content.ends_with('\\');
        }
        offset += line.len();
        if offset > at {
            break;
        }
    }
    start
}
