//! The last lines of a run: how many of what, what was silenced, what could not be decided or read, what to do next.
//! It never says that all is well where something was not read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::{Changed, Report, Safety, Severity};
use crate::report::escape::{visible, width_of};
use crate::report::reasons;
use crate::source::ProblemLevel;

use super::Context;
use super::ink::{Role, wrap};

pub(super) fn write(out: &mut String, context: &Context<'_>, report: &Report<'_>) {
    let n_shown = report.shown().count();
    if n_shown == 0 {
        clean(out, context, report);
    } else {
        headline(out, context, report, n_shown);
        not_counted(out, context, report);
        objects(out, context, report);
    }
    came_with_the_change(out, report);
    if n_shown > 0 {
        next(out, context, report);
    }
}

fn clean(out: &mut String, context: &Context<'_>, report: &Report<'_>) {
    let n_files: usize = report.run.read.files.values().sum();
    let new = if report.run.since.is_some() || report.run.baseline.is_some() { "new " } else { "" };
    let mut line = format!(
        "No {new}findings in {} ({}).",
        count(n_files, "file", "files"),
        count(report.rules.len(), "rule", "rules")
    );
    let unchanged = report.findings.len();
    if unchanged > 0 {
        let _ = write!(line, " {} from before.", count(unchanged, "finding", "findings"));
    }
    if !report.suppressed.is_empty() {
        let _ = write!(line, " {} suppressed.", report.suppressed.len());
    }
    let n_undecided = report.undecided.len();
    let n_unread = n_not_read(report);
    let hint = if context.options.detail < super::Detail::Verbose { ": -v shows all" } else { "" };
    match (n_undecided, n_unread) {
        (0, 0) => {}
        (0, n) => {
            let _ = write!(line, " {} could not be read{hint}.", count(n, "thing", "things"));
        }
        (n, 0) => {
            let _ = write!(line, " {} could not be decided{hint}.", count(n, "verdict", "verdicts"));
        }
        (n, unread) => {
            let verdicts = count(n, "verdict", "verdicts");
            let _ = write!(
                line,
                " {verdicts} could not be decided, {} could not be read{hint}.",
                count(unread, "thing", "things")
            );
        }
    }
    for line in wrap(&line, context.options.width, context.options.width) {
        let _ = writeln!(out, "{line}");
    }
}

/// Problems that stand for something not read; notes do not.
fn n_not_read(report: &Report<'_>) -> usize {
    report.problems.iter().filter(|problem| problem.level != ProblemLevel::Note).count()
}

fn headline(out: &mut String, context: &Context<'_>, report: &Report<'_>, n_shown: usize) {
    let mut parts = Vec::new();
    for severity in Severity::ALL {
        let n = report.shown().filter(|finding| finding.severity == severity).count();
        if n > 0 {
            parts.push(context.ink.paint(Role::Severity(severity), &format!("{n} {}", severity.name())));
        }
    }
    let mut line = format!("{}: {}", count(n_shown, "finding", "findings"), parts.join(", "));
    if let Some(since) = &report.run.since {
        let n_fixed = report.fixed.len();
        let fixed = if n_fixed > 0 { format!(", fixed: {n_fixed}") } else { String::new() };
        let unchanged = report.findings.len() - n_shown;
        let before = if unchanged > 0 { format!(", from before: {unchanged}") } else { String::new() };
        let _ = write!(line, "          new since {}: {n_shown}{fixed}{before}", visible(&since.reference));
    }
    let _ = writeln!(out, "{line}");
}

fn not_counted(out: &mut String, context: &Context<'_>, report: &Report<'_>) {
    let mut parts = Vec::new();
    if !report.suppressed.is_empty() {
        let mut untils: Vec<String> = Vec::new();
        for finding in &report.suppressed {
            let Some(until) = finding.suppression.as_ref().and_then(|it| it.until.as_ref()) else { continue };
            untils.push(format!("{} until {until}", finding.rule.id));
        }
        untils.sort();
        untils.dedup();
        let untils =
            if untils.is_empty() || untils.len() > 3 { String::new() } else { format!(" ({})", untils.join(", ")) };
        parts.push(format!("suppressed {}{untils}", report.suppressed.len()));
    }
    if !report.undecided.is_empty() {
        parts.push(format!("not decided {}", report.undecided.len()));
    }
    let n_unread = n_not_read(report);
    if n_unread > 0 {
        parts.push(format!("not read {n_unread}"));
    }
    if parts.is_empty() {
        return;
    }
    for (index, line) in
        wrap(&parts.join(", "), context.options.width, context.options.width.saturating_sub(2)).iter().enumerate()
    {
        let indent = if index == 0 { "" } else { "  " };
        let _ = writeln!(out, "{indent}{line}");
    }
}

/// What stood in the way most often, on one line.
fn objects(out: &mut String, context: &Context<'_>, report: &Report<'_>) {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for reason in report.undecided.iter().flat_map(|undecided| undecided.reasons.first()) {
        *counts.entry((reason.code, reason.object.as_str())).or_default() += 1;
    }
    if counts.is_empty() && n_not_read(report) == 0 {
        return;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(key, n)| (std::cmp::Reverse(*n), *key));
    let mut line = String::new();
    let hint = "--require-complete exits 3, -v shows all";
    for ((code, object), n) in counts {
        let object = if object.is_empty() { String::new() } else { format!(": {}", visible(object)) };
        let item = format!("  {}{object} ({n}) ", reasons::words(code));
        if width_of(&line) + width_of(&item) + hint.len() + 2 > context.options.width {
            break;
        }
        line.push_str(&item);
    }
    let _ = writeln!(out, "{line}  {hint}");
}

fn came_with_the_change(out: &mut String, report: &Report<'_>) {
    let mut parts = Vec::new();
    if let Some(since) = &report.run.since {
        if since.suppressions_added > 0 {
            parts.push(format!("{} added", count(since.suppressions_added, "suppression", "suppressions")));
        }
        if since.config_changed == Changed::Yes {
            parts.push(format!("`{}` changed", report.run.config.as_deref().unwrap_or("secure-lint.toml")));
        }
    }
    if let Some(baseline) = &report.run.baseline
        && baseline.stale > 0
    {
        parts.push(format!("{} of the baseline match nothing", count(baseline.stale, "entry", "entries")));
    }
    if !parts.is_empty() {
        let _ = writeln!(out, "{}", parts.join(", "));
    }
}

fn next(out: &mut String, context: &Context<'_>, report: &Report<'_>) {
    let n_safe = report
        .shown()
        .filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe && !fix.edits.is_empty()))
        .count();
    let mut lines = Vec::new();
    if n_safe > 0 {
        let fixes = count(n_safe, "safe fix", "safe fixes");
        lines.push(match context.options.width < super::NARROWEST_FRAME {
            true => format!("secure-lint fix --diff  {fixes}"),
            false => format!("secure-lint fix --diff         {fixes}"),
        });
    }
    if let Some(first) = report.shown().next() {
        lines.push(format!("secure-lint explain {}", first.rule.id));
    }
    let fits = lines.iter().all(|line| "Next: ".len() + width_of(line) <= context.options.width);
    if !fits {
        let _ = writeln!(out, "Next:");
    }
    for (index, line) in lines.iter().enumerate() {
        let head = match (fits, index) {
            (true, 0) => "Next: ",
            (true, _) => "      ",
            (false, _) => "  ",
        };
        let _ = writeln!(out, "{head}{line}");
    }
}

/// `1 file`, `2 files`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
