//! GitLab's code quality report: an array of issues with a fingerprint each.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::{Report, Severity};

use super::escape::visible;
use super::view::Views;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

pub(super) fn write(report: &Report<'_>) -> String {
    let views = Views::new(report);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let issues: Vec<Issue<'_>> = report
        .findings
        .iter()
        .map(|finding| {
            let n = seen.entry(finding.fingerprint.as_str()).or_default();
            *n += 1;
            let suffix = if *n > 1 { format!("~{n}") } else { String::new() };
            Issue {
                description: visible(&finding.title).into_owned(),
                check_name: &finding.rule.id,
                fingerprint: format!("{}{suffix}", finding.fingerprint),
                severity: severity_of(finding.severity),
                location: Location {
                    path: views.path(finding.primary.span()),
                    lines: Lines { begin: views.start(finding.primary.span()).line },
                },
            }
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&issues).unwrap_or_default();
    text.push('\n');
    text
}

fn severity_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    }
}

#[cfg(test)]
mod tests {
    use crate::finding::testing::{finding_at, report_over, world};

    #[test]
    fn fingerprints_are_unique() {
        let world = world(&[("a.tf", "here\n")]);
        let mut report = report_over(&world);
        report.findings = (0..2).map(|_| finding_at(&world, "some-rule", "a.tf", "here")).collect();
        let issues: serde_json::Value = serde_json::from_str(&super::write(&report)).expect("the report is JSON");
        assert_ne!(issues[0]["fingerprint"], issues[1]["fingerprint"]);
        assert_eq!(issues[0]["severity"], "critical");
        assert_eq!(issues[0]["location"]["lines"]["begin"], 1);
    }
}
