//! `-v`: what was not decided and not read, by reason and by what stood in the way; `-vv`: what was read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::{Report, Undecided};
use crate::logic::Reason;
use crate::report::escape::visible;
use crate::report::reasons;
use crate::report::view::Views;
use crate::source::{ProblemLevel, Span};

use super::Context;

pub(super) fn write(out: &mut String, context: &Context<'_>, report: &Report<'_>) {
    not_decided(out, context.views, report);
    not_resolved(out, context.views, report);
    not_read(out, context.views, report);
}

fn not_decided(out: &mut String, views: Views<'_>, report: &Report<'_>) {
    if report.undecided.is_empty() {
        return;
    }
    let _ = writeln!(out, "not decided: {}", report.undecided.len());
    let mut codes: BTreeMap<&str, BTreeMap<(&str, Option<Span>), Vec<&Undecided>>> = BTreeMap::new();
    for undecided in &report.undecided {
        let (code, object, place) = match undecided.reasons.first() {
            Some(reason) => (reason.code, reason.object.as_str(), reason.place),
            None => ("unsupported", "", undecided.place),
        };
        codes.entry(code).or_default().entry((object, place)).or_default().push(undecided);
    }
    for (code, objects) in codes {
        let n: usize = objects.values().map(Vec::len).sum();
        let _ = writeln!(out, "  {} ({n})", reasons::words(code));
        for ((object, place), verdicts) in objects {
            let place = place.map_or_else(String::new, |span| format!("  {}", place_of(views, span)));
            let object = if object.is_empty() { "-".into() } else { visible(object) };
            let _ = writeln!(out, "    {object}{place}");
            let mut lines: Vec<String> =
                verdicts.iter().map(|it| format!("      {}: {}", it.rule, visible(&it.subject.name))).collect();
            lines.sort();
            lines.dedup();
            for line in lines {
                let _ = writeln!(out, "{line}");
            }
        }
    }
}

/// What Terraform's files say and nobody can know, whether a rule asked for it or not.
fn not_resolved(out: &mut String, views: Views<'_>, report: &Report<'_>) {
    let unresolved = &report.run.read.unresolved;
    if unresolved.n_unresolved == 0 {
        return;
    }
    let (n, all) = (unresolved.n_unresolved, unresolved.n_expressions);
    let _ = writeln!(out, "not resolved: {n} of {all} expressions of Terraform");
    let mut codes: BTreeMap<&str, Vec<&(Reason, usize)>> = BTreeMap::new();
    for entry in &unresolved.reasons {
        codes.entry(entry.0.code).or_default().push(entry);
    }
    for (code, mut entries) in codes {
        let n: usize = entries.iter().map(|(_, n)| n).sum();
        let _ = writeln!(out, "  {} ({n})", reasons::words(code));
        entries.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        for (reason, n) in entries {
            let object = if reason.object.is_empty() { "-".into() } else { visible(&reason.object) };
            let place = reason.place.map_or_else(String::new, |span| format!("  {}", place_of(views, span)));
            let _ = writeln!(out, "    {object} ({n}){place}");
        }
    }
}

fn not_read(out: &mut String, views: Views<'_>, report: &Report<'_>) {
    let problems: Vec<_> = report.problems.iter().filter(|problem| problem.level != ProblemLevel::Note).collect();
    if !problems.is_empty() {
        let _ = writeln!(out, "not read: {}", problems.len());
    }
    for problem in problems {
        let place = problem.span.map_or_else(|| visible(&problem.path).into_owned(), |span| place_of(views, span));
        let advice = reasons::advice(problem.reason).map_or_else(String::new, |advice| format!("   {advice}"));
        let words = reasons::words(problem.reason);
        let _ = writeln!(out, "  {words}: {}  {place}{advice}", visible(&problem.message));
    }
}

/// What was read, file by file, and with which sets of variables.
pub(super) fn write_read(out: &mut String, report: &Report<'_>) {
    for problem in report.problems.iter().filter(|problem| problem.level == ProblemLevel::Note) {
        let _ = writeln!(out, "note: {}: {}", visible(&problem.path), visible(&problem.message));
    }
    let _ = writeln!(out, "read:");
    for (path, kind) in &report.run.read.kinds {
        let _ = writeln!(out, "  {kind}: {}", visible(path));
    }
    for root in &report.run.read.roots {
        let path = if root.path.is_empty() { "." } else { root.path.as_str() };
        for variant in &root.variants {
            let name = if variant.name.is_empty() { "" } else { variant.name.as_str() };
            let files = variant.var_files.join(", ");
            let _ = writeln!(out, "  root {}: {}", visible(path), visible(format!("{name} [{files}]").trim()));
        }
    }
}

fn place_of(views: Views<'_>, span: Span) -> String {
    let position = views.start(span);
    format!("{}:{}:{}", visible(views.path(span)), position.line, position.column)
}
