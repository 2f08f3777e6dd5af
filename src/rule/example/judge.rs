//! Compares what the rule said about an example with what its author expects. Every deviation is a failure of its own,
//! so that one run shows all of them.

use std::ops::Range;
use std::sync::Arc;

use super::{Example, ExampleKind, Examples, Marker, examples};
use crate::finding::{Finding, Report};
use crate::logic::Reason;
use crate::rule::{RuleError, RuleFile};
use crate::source::{Problem, World};

/// Lints a world with one rule, whatever its profile and state; and prints the report as the terminal does. A rule that
/// cannot run says why.
pub trait Linter {
    fn lint<'w>(&self, world: &'w World, rule: &Arc<RuleFile>) -> Result<Report<'w>, Vec<RuleError>>;

    fn print(&self, report: &Report<'_>) -> String;
}

/// What is wrong with one example.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    pub path: String,
    /// The line in the rule file.
    pub line: u32,
    pub rule: String,
    /// The example's heading.
    pub example: String,
    pub message: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}, {}: {}", self.path, self.line, self.rule, self.example, self.message)
    }
}

/// Runs all examples of a rule, and says which kind it lacks.
pub fn judge_rule(rule: &Arc<RuleFile>, linter: &impl Linter) -> Result<Vec<Failure>, Vec<RuleError>> {
    let found = examples(rule)?;
    let mut failures = missing_kinds(rule, &found);
    for example in &found.examples {
        failures.append(&mut judge(rule, example, linter)?);
    }
    Ok(failures)
}

fn missing_kinds(rule: &RuleFile, found: &Examples) -> Vec<Failure> {
    let has = |kind: ExampleKind| found.examples.iter().any(|example| example.kind == kind);
    let failure = |message: &str| Failure {
        path: rule.meta.path.to_string(),
        line: 1,
        rule: rule.meta.id.clone(),
        example: "the file".to_owned(),
        message: message.to_owned(),
    };
    let mut failures = Vec::new();
    for kind in [ExampleKind::Bad, ExampleKind::Good] {
        if !has(kind) {
            failures.push(failure(&format!("no {} example", kind.name())));
        }
    }
    match (has(ExampleKind::Unknown), &found.never_unknown) {
        (true, Some(_)) => failures.push(failure("an Unknown example, and a heading that says there is none")),
        // Whether a comment silences something is always known.
        (false, None) if !rule.is_about_suppressions() => {
            failures.push(failure("no Unknown example, and no heading `## Never unknown: <why>`"));
        }
        (true, None) | (false, Some(_)) | (false, None) => {}
    }
    failures
}

/// Runs one example. The printed output is compared only where the example shows one.
pub fn judge(rule: &Arc<RuleFile>, example: &Example, linter: &impl Linter) -> Result<Vec<Failure>, Vec<RuleError>> {
    let world = example.world();
    let report = linter.lint(&world, rule)?;
    let mut judge = Judge { rule, example, world: &world, failures: Vec::new() };
    for problem in &report.problems {
        judge.problem(problem);
    }
    let findings: Vec<&Finding> = report.findings.iter().collect();
    match example.kind {
        ExampleKind::Bad if findings.is_empty() => {
            let why = reasons(&report);
            judge.fail(example.line, format!("no finding{why}"));
        }
        ExampleKind::Bad => judge.markers(&findings),
        ExampleKind::Good | ExampleKind::Unknown => {
            for finding in findings {
                judge.fail_at(finding, format!("unexpected finding: {}", finding.title));
            }
        }
    }
    match example.kind {
        ExampleKind::Good if !report.undecided.is_empty() => {
            let why = reasons(&report);
            judge.fail(example.line, format!("undecided verdict{why}"));
        }
        ExampleKind::Unknown if report.undecided.is_empty() => {
            judge.fail(example.line, "no undecided verdict".to_owned());
        }
        ExampleKind::Bad | ExampleKind::Good | ExampleKind::Unknown => {}
    }
    if let Some(expected) = &example.output {
        let printed = linter.print(&report);
        if printed.trim_end() != expected.text.trim_end() {
            let message = format!("the output is another (UPDATE=1 rewrites it):\n{}", printed.trim_end());
            judge.fail(example.line, message);
        }
    }
    judge.failures.sort();
    Ok(judge.failures)
}

struct Judge<'a> {
    rule: &'a RuleFile,
    example: &'a Example,
    world: &'a World,
    failures: Vec<Failure>,
}

impl Judge<'_> {
    fn fail(&mut self, line: u32, message: String) {
        self.failures.push(Failure {
            path: self.rule.meta.path.to_string(),
            line,
            rule: self.rule.meta.id.clone(),
            example: self.example.title.clone(),
            message,
        });
    }

    fn fail_at(&mut self, finding: &Finding, message: String) {
        let line = self.line_of(finding);
        self.fail(line, message);
    }

    /// An example that cannot be read shows nothing: a Good one would pass for the wrong reason.
    fn problem(&mut self, problem: &Problem) {
        let is_fault = match problem.reason {
            "syntax-error" | "rule-failed" | "unreadable" | "not-text" => true,
            _ => problem.level == crate::source::ProblemLevel::Tool,
        };
        if is_fault {
            let line = match problem.span {
                Some(span) => self.line_at(&problem.path, span.start),
                None => self.example.line,
            };
            self.fail(line, format!("{}: {}", problem.path, problem.message));
        }
    }

    /// If one place is marked, all are: each marker has its finding and each finding its marker.
    fn markers(&mut self, findings: &[&Finding]) {
        let example = self.example;
        let n_markers: usize = example.files.iter().map(|file| file.markers.len()).sum();
        if n_markers == 0 {
            return;
        }
        let places: Vec<(&str, Range<usize>)> = findings.iter().map(|finding| place(self.world, finding)).collect();
        for file in &example.files {
            for marker in &file.markers {
                if !places.iter().any(|(path, range)| *path == file.path && *range == marker.range) {
                    self.unmatched(marker, &file.path, &places);
                }
            }
        }
        for (finding, (path, range)) in findings.iter().zip(&places) {
            let is_marked = example
                .files
                .iter()
                .any(|file| file.path == *path && file.markers.iter().any(|marker| marker.range == *range));
            if !is_marked {
                let at = &self.world.text(finding.primary.span());
                let shown = at.lines().next().unwrap_or("");
                self.fail_at(finding, format!("finding at `{shown}` in {path}, which no marker expects"));
            }
        }
    }

    fn unmatched(&mut self, marker: &Marker, path: &str, places: &[(&str, Range<usize>)]) {
        let text = |range: &Range<usize>| {
            let file = self.example.files.iter().find(|file| file.path == path);
            file.and_then(|file| file.text.get(range.clone())).unwrap_or("").to_owned()
        };
        let near = places
            .iter()
            .find(|(other, range)| *other == path && range.start < marker.range.end && marker.range.start < range.end);
        let message = match near {
            Some((_, range)) => format!("no finding at `{}` but at `{}`", text(&marker.range), text(range)),
            None => format!("no finding at `{}`", text(&marker.range)),
        };
        self.fail(marker.line, message);
    }

    fn line_of(&self, finding: &Finding) -> u32 {
        let span = finding.primary.span();
        self.line_at(&self.world.file(span.file).path, span.start)
    }

    /// The line of the rule file that holds this byte of an example's file.
    fn line_at(&self, path: &str, offset: u32) -> u32 {
        let Some(file) = self.example.files.iter().find(|file| file.path == path) else {
            return self.example.line;
        };
        let before = file.text.get(..offset as usize).unwrap_or(&file.text);
        let index = before.matches('\n').count();
        file.lines.get(index).copied().unwrap_or(self.example.line)
    }
}

/// The primary place; of a longer span the part on its first line.
fn place<'a>(world: &'a World, finding: &Finding) -> (&'a str, Range<usize>) {
    let span = finding.primary.span();
    let first_line = world.text(span).lines().next().unwrap_or("").len();
    let start = span.start as usize;
    (&world.file(span.file).path, start..start + first_line)
}

/// Why verdicts could not be reached, in brackets.
fn reasons(report: &Report<'_>) -> String {
    let shown = |reason: &Reason| match reason.object.as_str() {
        "" => reason.code.to_owned(),
        object => format!("{} {object}", reason.code),
    };
    let mut reasons: Vec<String> =
        report.undecided.iter().flat_map(|undecided| undecided.reasons.iter().map(shown)).collect();
    reasons.sort();
    reasons.dedup();
    match (reasons.is_empty(), report.undecided.is_empty()) {
        (true, true) => String::new(),
        (true, false) => " (undecided without a reason)".to_owned(),
        (false, _) => format!(" (not known: {})", reasons.join(", ")),
    }
}
