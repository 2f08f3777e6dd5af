//! JUnit XML: one suite per area, one case per finding; what was silenced or is unchanged is skipped.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::{Finding, Report, State};

use super::concise;
use super::escape::visible;
use super::view::Views;

pub(super) fn write(report: &Report<'_>) -> String {
    let views = Views::new(report);
    let mut suites: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in report.findings.iter().chain(&report.suppressed) {
        suites.entry(&finding.rule.area).or_default().push(finding);
    }
    let n: usize = suites.values().map(Vec::len).sum();
    let failures = report.shown().count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let total = n.max(1);
    let _ = writeln!(out, "<testsuites name=\"secure-lint\" tests=\"{total}\" failures=\"{failures}\" time=\"0\">");
    if suites.is_empty() {
        // Jenkins calls a report without a case an error.
        out.push_str("  <testsuite name=\"secure-lint\" tests=\"1\" failures=\"0\" skipped=\"0\" time=\"0\">\n");
        out.push_str("    <testcase classname=\"secure-lint\" name=\"secure-lint\" time=\"0\"/>\n");
        problems(&mut out, report);
        out.push_str("  </testsuite>\n");
    }
    for (index, (area, findings)) in suites.iter().enumerate() {
        let skipped = findings.iter().filter(|finding| is_skipped(finding)).count();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{skipped}\" time=\"0\">",
            xml(area),
            findings.len(),
            findings.len() - skipped
        );
        for finding in findings {
            case(&mut out, views, finding);
        }
        if index == 0 {
            problems(&mut out, report);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn is_skipped(finding: &Finding) -> bool {
    finding.suppression.is_some() || finding.state != State::New
}

fn case(out: &mut String, views: Views<'_>, finding: &Finding) {
    let _ = writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"0\">",
        xml(&finding.rule.id),
        xml(&finding.primary.address)
    );
    if is_skipped(finding) {
        let reason = finding.suppression.as_ref().map_or(finding.state.name(), |by| by.reason.as_str());
        let _ = writeln!(out, "      <skipped message=\"{}\"/>", xml(reason));
    } else {
        let _ = write!(
            out,
            "      <failure type=\"{}\" message=\"{}\">{}",
            finding.severity.name(),
            xml(&finding.title),
            xml(&concise::line(views, finding))
        );
        let way = finding.paths.iter().min_by_key(|path| path.steps.len());
        for (index, step) in way.map_or(&[][..], |path| &path.steps).iter().enumerate() {
            let line = views.start(step.span()).line;
            let text = format!("{}. {}:{line} {}", index + 1, views.path(step.span()), step.place.role);
            let _ = write!(out, "\n{}", xml(&text));
        }
        out.push_str("</failure>\n");
    }
    out.push_str("    </testcase>\n");
}

fn problems(out: &mut String, report: &Report<'_>) {
    if report.problems.is_empty() {
        return;
    }
    out.push_str("    <system-err>");
    for problem in &report.problems {
        let _ = writeln!(out, "{}", xml(&format!("{}: {}: {}", problem.path, problem.reason, problem.message)));
    }
    out.push_str("</system-err>\n");
}

/// Text for XML, in elements and attributes; the characters that XML forbids are dropped.
pub(crate) fn xml(text: &str) -> String {
    let allowed: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'))
        .collect();
    let mut out = String::with_capacity(allowed.len());
    for c in visible(&allowed).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::finding::testing::{finding_at, report_over, world};

    #[test]
    fn a_clean_run_has_one_passing_case() {
        let world = world(&[]);
        let text = super::write(&report_over(&world));
        assert_eq!(text.matches("<testcase").count(), 1);
        assert!(!text.contains("<failure"));
    }

    #[test]
    fn every_control_character_in_a_name_is_harmless() {
        let world = world(&[("a.tf", "here\n")]);
        let mut report = report_over(&world);
        let mut finding = finding_at(&world, "some-rule", "a.tf", "here");
        finding.title = (0..0x20).filter_map(char::from_u32).chain("<script>\"'&\u{202e}".chars()).collect();
        report.findings.push(finding);
        let text = super::write(&report);
        assert!(text.contains("&lt;script&gt;&quot;&apos;&amp;\\u{202e}"), "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    }
}
