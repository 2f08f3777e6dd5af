//! A job summary: the headline, the first ways as pictures and lists, all findings in tables by severity. No repository
//! text is left unescaped, and none of it becomes HTML.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::{Changed, Finding, Report, Severity, State};

use super::escape::visible;
use super::mermaid;
use super::page_url;
use super::reasons;
use super::text::count;
use super::view::Views;

/// A step's summary may hold 1 MiB.
const LONGEST: usize = 900_000;
/// Ways that are drawn.
const DRAWN: usize = 3;

pub(super) fn write(report: &Report<'_>) -> String {
    let views = Views::new(report);
    let mut out = String::new();
    headline(&mut out, report);
    ways(&mut out, views, report);
    let mut left_out = 0;
    for severity in Severity::ALL {
        left_out += table(&mut out, views, report, severity);
    }
    silenced(&mut out, report);
    undecided(&mut out, report);
    if left_out > 0 {
        let _ = writeln!(out, "{left_out} more\n");
    }
    out
}

fn headline(out: &mut String, report: &Report<'_>) {
    let n = report.findings.len();
    let counts = report.counts();
    let parts: Vec<String> = Severity::ALL
        .into_iter()
        .filter(|severity| counts.of(*severity) > 0)
        .map(|severity| format!("{} {}", counts.of(severity), severity.name()))
        .collect();
    if n == 0 {
        let n_files: usize = report.run.read.files.values().sum();
        let _ = writeln!(out, "## secure-lint: no findings in {}\n", count(n_files, "file", "files"));
    } else {
        let _ = writeln!(out, "## secure-lint: {} ({})\n", count(n, "finding", "findings"), parts.join(", "));
    }
    if let Some(since) = &report.run.since {
        let _ = writeln!(
            out,
            "Since {}: **{} new**, {} fixed, {} unchanged.\n",
            text(&since.reference),
            counts.new,
            counts.fixed,
            counts.unchanged
        );
        if since.suppressions_added > 0 {
            let _ = writeln!(
                out,
                "{} added with this change.\n",
                count(since.suppressions_added, "suppression", "suppressions")
            );
        }
        if since.config_changed == Changed::Yes {
            let _ = writeln!(out, "This change touches the configuration of secure-lint.\n");
        }
    }
    for fixed in &report.fixed {
        let _ = writeln!(out, "- fixed: {} ({})", text(&fixed.title), text(&fixed.rule));
    }
    if !report.fixed.is_empty() {
        out.push('\n');
    }
}

fn ways(out: &mut String, views: Views<'_>, report: &Report<'_>) {
    let long = |finding: &&Finding| finding.paths.iter().any(|path| path.steps.len() > 1);
    let drawn: Vec<&Finding> = report.shown().filter(long).take(DRAWN).collect();
    for finding in drawn {
        let _ = writeln!(out, "### {}: {}\n", finding.severity.name(), text(&finding.title));
        let _ = writeln!(out, "```mermaid\n{}```\n", mermaid::flowchart(views, &[finding]));
        let Some(path) = finding.paths.iter().min_by_key(|path| path.steps.len()) else { continue };
        for (index, step) in path.steps.iter().enumerate() {
            let line = views.start(step.span()).line;
            let place = text(&format!("{}:{line}", views.path(step.span())));
            let _ = writeln!(out, "{}. {place}: {}", index + 1, text(&step.place.role));
        }
        out.push('\n');
    }
}

/// The findings of one severity; how many did not fit.
fn table(out: &mut String, views: Views<'_>, report: &Report<'_>, severity: Severity) -> usize {
    let findings: Vec<&Finding> = report.findings.iter().filter(|finding| finding.severity == severity).collect();
    if findings.is_empty() {
        return 0;
    }
    let _ = writeln!(out, "<details><summary>{} {}</summary>\n", findings.len(), severity.name());
    out.push_str("| state | finding | place | rule |\n|---|---|---|---|\n");
    let mut left_out = 0;
    for finding in findings {
        if out.len() > LONGEST {
            left_out += 1;
            continue;
        }
        let span = finding.primary.span();
        let place = text(&format!("{}:{}", views.path(span), views.start(span).line));
        let id = text(&finding.rule.id);
        let rule = page_url(&finding.rule).map_or_else(|| id.clone(), |url| format!("[{id}]({url})"));
        let state = match finding.state {
            State::New => "new",
            State::Unchanged => "unchanged",
            State::Known => "known",
        };
        let _ = writeln!(out, "| {state} | {} | {place} | {rule} |", text(&finding.title));
    }
    out.push_str("\n</details>\n\n");
    left_out
}

fn silenced(out: &mut String, report: &Report<'_>) {
    if report.suppressed.is_empty() {
        return;
    }
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for finding in &report.suppressed {
        let reason = finding.suppression.as_ref().map_or("", |by| by.reason.as_str());
        *reasons.entry((finding.rule.id.as_str(), reason)).or_default() += 1;
    }
    let _ = writeln!(out, "<details><summary>{} suppressed</summary>\n", report.suppressed.len());
    for ((rule, reason), n) in reasons {
        if out.len() > LONGEST {
            break;
        }
        let _ = writeln!(out, "- {} ({n}): {}", text(rule), text(reason));
    }
    out.push_str("\n</details>\n\n");
}

fn undecided(out: &mut String, report: &Report<'_>) {
    if report.undecided.is_empty() {
        return;
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for undecided in &report.undecided {
        *reasons.entry(undecided.reasons.first().map_or("unsupported", |reason| reason.code)).or_default() += 1;
    }
    let _ = writeln!(out, "{} not decided:\n", count(report.undecided.len(), "verdict", "verdicts"));
    for (code, n) in reasons {
        let _ = writeln!(out, "- {}: {n}", text(&reasons::words(code)));
    }
    out.push('\n');
}

/// Repository text for Markdown: on one line, no markup, no HTML, no mention, no table cell.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            ':' => out.push_str("&#58;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::finding::testing::{finding_at, report_over, world};

    #[test]
    fn repository_text_is_no_markup() {
        let world = world(&[("a.tf", "here\n")]);
        let mut report = report_over(&world);
        let mut finding = finding_at(&world, "some-rule", "a.tf", "here");
        finding.title = "](1)<script>|`x` @all ##[error]".to_owned();
        report.findings.push(finding);
        let text = super::write(&report);
        assert!(text.contains("\\]\\(1\\)&lt;script&gt;\\|\\`x\\` &#64;all \\#\\#\\[error\\]"), "{text}");
    }

    #[test]
    fn stops_before_the_limit() {
        let world = world(&[("a.tf", "here\n")]);
        let mut report = report_over(&world);
        let mut finding = finding_at(&world, "some-rule", "a.tf", "here");
        finding.title = "x".repeat(1_000);
        report.findings = vec![finding; 1_200];
        let text = super::write(&report);
        assert!(text.len() < 1_000_000);
        assert!(text.contains(" more\n"));
    }
}
