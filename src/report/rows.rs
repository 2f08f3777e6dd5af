//! One flat row per finding, suppressed ones too: NDJSON for queries over many repositories, and the same as CSV.

use serde::Serialize;

use crate::finding::{Finding, Report};

use super::escape::visible;
use super::view::Views;

const SCHEMA: &str = "secure-lint/finding/1";

#[derive(Serialize)]
struct Row<'a> {
    schema: &'static str,
    repo: &'a str,
    commit: &'a str,
    rule: &'a str,
    area: &'a str,
    severity: &'static str,
    confidence: &'static str,
    state: &'static str,
    fingerprint: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
    address: &'a str,
    subject: &'a str,
    variant: String,
    title: &'a str,
    steps: Vec<String>,
    suppressed: bool,
    suppressed_by: &'static str,
    reason: &'a str,
    expires: &'a str,
}

/// One JSON object a line.
pub(super) fn write_ndjson(report: &Report<'_>) -> String {
    let mut out = String::new();
    for row in rows(report) {
        if let Ok(line) = serde_json::to_string(&row) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

/// RFC 4180 with a header; a field that a spreadsheet would run gets a leading `'`.
pub(super) fn write_csv(report: &Report<'_>) -> String {
    const HEADER: [&str; 21] = [
        "schema",
        "repo",
        "commit",
        "rule",
        "area",
        "severity",
        "confidence",
        "state",
        "fingerprint",
        "file",
        "line",
        "column",
        "address",
        "subject",
        "variant",
        "title",
        "steps",
        "suppressed",
        "suppressed_by",
        "reason",
        "expires",
    ];
    let mut out = HEADER.join(",");
    out.push_str("\r\n");
    for row in rows(report) {
        let fields = [
            row.schema.to_owned(),
            row.repo.to_owned(),
            row.commit.to_owned(),
            row.rule.to_owned(),
            row.area.to_owned(),
            row.severity.to_owned(),
            row.confidence.to_owned(),
            row.state.to_owned(),
            row.fingerprint.to_owned(),
            row.file.to_owned(),
            row.line.to_string(),
            row.column.to_string(),
            row.address.to_owned(),
            row.subject.to_owned(),
            row.variant.clone(),
            row.title.to_owned(),
            row.steps.join("; "),
            row.suppressed.to_string(),
            row.suppressed_by.to_owned(),
            row.reason.to_owned(),
            row.expires.to_owned(),
        ];
        let fields: Vec<String> = fields.iter().map(|field| csv_field(field)).collect();
        out.push_str(&fields.join(","));
        out.push_str("\r\n");
    }
    out
}

/// The findings and the suppressed ones, in the order of places in which findings are sorted.
fn rows<'a>(report: &'a Report<'_>) -> Vec<Row<'a>> {
    let views = Views::new(report);
    let mut all: Vec<&Finding> = report.findings.iter().chain(&report.suppressed).collect();
    all.sort_by_key(|finding| {
        let span = finding.primary.span();
        (std::cmp::Reverse(finding.severity), std::cmp::Reverse(finding.confidence), span, &finding.rule.id)
    });
    all.into_iter().map(|finding| row(report, views, finding)).collect()
}

fn row<'a>(report: &'a Report<'_>, views: Views<'a>, finding: &'a Finding) -> Row<'a> {
    let span = finding.primary.span();
    let start = views.start(span);
    let suppression = finding.suppression.as_ref();
    let shortest = finding.paths.iter().min_by_key(|path| path.steps.len());
    let steps = shortest.map_or(&[][..], |path| &path.steps).iter().map(|step| {
        let line = views.start(step.span()).line;
        format!("{}:{line} {}", views.path(step.span()), step.place.role).trim_end().to_owned()
    });
    Row {
        schema: SCHEMA,
        repo: &report.run.repository,
        commit: &report.run.commit,
        rule: &finding.rule.id,
        area: &finding.rule.area,
        severity: finding.severity.name(),
        confidence: finding.confidence.name(),
        state: finding.state.name(),
        fingerprint: &finding.fingerprint,
        file: views.path(span),
        line: start.line,
        column: start.column16,
        address: &finding.primary.address,
        subject: finding.subjects.first().map_or("", |subject| subject.address.as_str()),
        variant: finding.variants.join(", "),
        title: &finding.title,
        steps: steps.collect(),
        suppressed: suppression.is_some(),
        suppressed_by: suppression.map_or("", |by| by.kind.name()),
        reason: suppression.map_or("", |by| by.reason.as_str()),
        expires: suppression.and_then(|by| by.until.as_deref()).unwrap_or(""),
    }
}

/// Quoted where it must be, and harmless in a spreadsheet.
pub(crate) fn csv_field(field: &str) -> String {
    let field = visible(field);
    let is_formula = field.starts_with(['=', '+', '-', '@']) || field.starts_with("\\u{9}");
    let field = if is_formula { format!("'{field}") } else { field.into_owned() };
    if field.contains([',', '"', '\r', '\n']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

#[cfg(test)]
mod tests {
    use crate::finding::testing::{finding_at, report_over, world};

    #[test]
    fn csv_is_quoted_and_runs_nothing() {
        assert_eq!(super::csv_field("=cmd()"), "'=cmd()");
        assert_eq!(super::csv_field("\t=1"), "'\\u{9}=1");
        assert_eq!(super::csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(super::csv_field("plain"), "plain");
    }

    #[test]
    fn one_row_per_finding_and_suppressed_one() {
        let world = world(&[("a.tf", "one\ntwo\n")]);
        let mut report = report_over(&world);
        report.findings.push(finding_at(&world, "some-rule", "a.tf", "two"));
        report.suppressed.push(finding_at(&world, "some-rule", "a.tf", "one"));
        let text = super::write_ndjson(&report);
        let rows: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!((&rows[0]["line"], &rows[1]["line"]), (&1.into(), &2.into()));
        assert_eq!(rows[1]["steps"][0], "a.tf:2 this one");
        let csv = super::write_csv(&report);
        assert_eq!(csv.lines().count(), 3);
        assert_eq!(csv.lines().next().map(|header| header.split(',').count()), Some(21));
    }
}
