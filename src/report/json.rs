//! `secure-lint/report/1`: everything a run knows, for machines. Columns are UTF-16 units, ends exclusive; byte offsets
//! stand beside them. Adding a field keeps the schema's number; changing or dropping one raises it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::{AddressedPlace, Finding, Report, Undecided};
use crate::source::{Problem, Span};

use super::page_url;
use super::view::{Tabs, Views};

const SCHEMA: &str = "secure-lint/report/1";

/// Excerpts are cut behind so many characters: a minified file has one line.
const EXCERPT: usize = 400;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: Tool,
    run: RunInfo<'a>,
    findings: Vec<FindingJson<'a>>,
    suppressed: Vec<FindingJson<'a>>,
    absorbed: Vec<FindingJson<'a>>,
    fixed: Vec<FixedJson<'a>>,
    undecided: Vec<UndecidedJson<'a>>,
    problems: Vec<ProblemJson<'a>>,
    counts: CountsJson,
    exit: u8,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct RunInfo<'a> {
    profile: &'static str,
    rules: usize,
    fail_on: &'static str,
    config: Option<&'a str>,
    since: Option<SinceJson<'a>>,
    roots: Vec<RootJson<'a>>,
    files: &'a BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
struct SinceJson<'a> {
    r#ref: &'a str,
    commit: &'a str,
}

#[derive(Serialize)]
struct RootJson<'a> {
    path: &'a str,
    variants: Vec<VariantJson<'a>>,
}

#[derive(Serialize)]
struct VariantJson<'a> {
    name: &'a str,
    var_files: &'a [String],
}

#[derive(Serialize)]
struct FindingJson<'a> {
    rule: &'a str,
    area: &'a str,
    severity: &'static str,
    confidence: &'static str,
    state: &'static str,
    title: &'a str,
    subjects: Vec<&'a str>,
    variants: &'a [String],
    fingerprint: &'a str,
    assumptions: &'a [String],
    place: PlaceJson<'a>,
    paths: Vec<PathJson<'a>>,
    missing: &'a [String],
    fix: Option<FixJson<'a>>,
    suppression: Option<SuppressionJson<'a>>,
    tags: &'a [String],
    help: Option<String>,
}

#[derive(Serialize)]
struct PlaceJson<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    start_byte: u32,
    end_byte: u32,
    address: &'a str,
    role: &'a str,
    excerpt: String,
}

#[derive(Serialize)]
struct SpanJson<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    start_byte: u32,
    end_byte: u32,
}

#[derive(Serialize)]
struct PathJson<'a> {
    fingerprint: &'a str,
    state: &'static str,
    subject: &'a str,
    variants: &'a [String],
    steps: Vec<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct FixJson<'a> {
    safety: &'static str,
    title: &'a str,
    edits: Vec<EditJson<'a>>,
}

#[derive(Serialize)]
struct EditJson<'a> {
    file: &'a str,
    start_byte: u32,
    end_byte: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct SuppressionJson<'a> {
    kind: &'static str,
    place: Option<SpanJson<'a>>,
    reason: &'a str,
    until: Option<&'a str>,
    owner: Option<&'a str>,
    peer: Option<&'a str>,
    peer_id: Option<&'a str>,
}

#[derive(Serialize)]
struct FixedJson<'a> {
    rule: &'a str,
    fingerprint: &'a str,
    title: &'a str,
}

#[derive(Serialize)]
struct UndecidedJson<'a> {
    rule: &'a str,
    subject: &'a str,
    reason: &'a str,
    object: &'a str,
    place: Option<SpanJson<'a>>,
    /// All of them, where several stand in the way.
    reasons: Vec<ReasonJson<'a>>,
    variants: &'a [String],
}

#[derive(Serialize)]
struct ReasonJson<'a> {
    reason: &'a str,
    object: &'a str,
    place: Option<SpanJson<'a>>,
}

#[derive(Serialize)]
struct ProblemJson<'a> {
    reason: &'static str,
    file: &'a str,
    place: Option<SpanJson<'a>>,
    message: &'a str,
}

#[derive(Serialize)]
struct CountsJson {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    info: usize,
    suppressed: usize,
    undecided: usize,
    new: usize,
    unchanged: usize,
    fixed: usize,
}

pub(super) fn write(report: &Report<'_>) -> String {
    let views = Views::new(report);
    let counts = report.counts();
    let document = Document {
        schema: SCHEMA,
        tool: Tool { name: "secure-lint", version: env!("CARGO_PKG_VERSION") },
        run: run_info(report),
        findings: report.findings.iter().map(|it| finding(views, it)).collect(),
        suppressed: report.suppressed.iter().map(|it| finding(views, it)).collect(),
        absorbed: report.absorbed.iter().map(|it| finding(views, it)).collect(),
        fixed: report
            .fixed
            .iter()
            .map(|it| FixedJson { rule: &it.rule, fingerprint: &it.fingerprint, title: &it.title })
            .collect(),
        undecided: report.undecided.iter().map(|it| undecided(views, it)).collect(),
        problems: report.problems.iter().map(|it| problem(views, it)).collect(),
        counts: CountsJson {
            critical: counts.critical,
            high: counts.high,
            medium: counts.medium,
            low: counts.low,
            info: counts.info,
            suppressed: counts.suppressed,
            undecided: counts.undecided,
            new: counts.new,
            unchanged: counts.unchanged,
            fixed: counts.fixed,
        },
        exit: report.run.exit,
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn run_info<'a>(report: &'a Report<'_>) -> RunInfo<'a> {
    let run = &report.run;
    let roots = run.read.roots.iter().map(|root| RootJson {
        path: &root.path,
        variants: root
            .variants
            .iter()
            .map(|variant| VariantJson { name: &variant.name, var_files: &variant.var_files })
            .collect(),
    });
    RunInfo {
        profile: run.profile.name(),
        rules: report.rules.len(),
        fail_on: run.fail_on.map_or("never", |severity| severity.name()),
        config: run.config.as_deref(),
        since: run.since.as_ref().map(|since| SinceJson { r#ref: &since.reference, commit: &since.commit }),
        roots: roots.collect(),
        files: &run.read.files,
    }
}

fn finding<'a>(views: Views<'a>, it: &'a Finding) -> FindingJson<'a> {
    FindingJson {
        rule: &it.rule.id,
        area: &it.rule.area,
        severity: it.severity.name(),
        confidence: it.confidence.name(),
        state: it.state.name(),
        title: &it.title,
        subjects: it.subjects.iter().map(|subject| subject.address.as_str()).collect(),
        variants: &it.variants,
        fingerprint: &it.fingerprint,
        assumptions: &it.assumptions,
        place: place(views, &it.primary),
        paths: it
            .paths
            .iter()
            .map(|path| PathJson {
                fingerprint: &path.fingerprint,
                state: path.state.name(),
                subject: &path.subject.address,
                variants: &path.variants,
                steps: path.steps.iter().map(|step| place(views, step)).collect(),
            })
            .collect(),
        missing: &it.missing,
        fix: it.fix.as_ref().map(|fix| FixJson {
            safety: fix.safety.name(),
            title: &fix.title,
            edits: fix
                .edits
                .iter()
                .map(|edit| EditJson {
                    file: views.path(edit.span),
                    start_byte: edit.span.start,
                    end_byte: edit.span.end,
                    text: &edit.text,
                })
                .collect(),
        }),
        suppression: it.suppression.as_ref().map(|by| SuppressionJson {
            kind: by.kind.name(),
            place: by.place.map(|at| span(views, at)),
            reason: &by.reason,
            until: by.until.as_deref(),
            owner: by.owner.as_deref(),
            peer: by.peer.as_deref(),
            peer_id: by.peer_id.as_deref(),
        }),
        tags: &it.rule.tags,
        help: page_url(&it.rule),
    }
}

fn place<'a>(views: Views<'a>, it: &'a AddressedPlace) -> PlaceJson<'a> {
    let at = span(views, it.span());
    let excerpt = views.line_at(it.span(), Tabs::Keep).text();
    PlaceJson {
        file: at.file,
        line: at.line,
        column: at.column,
        end_line: at.end_line,
        end_column: at.end_column,
        start_byte: at.start_byte,
        end_byte: at.end_byte,
        address: &it.address,
        role: &it.place.role,
        excerpt: excerpt.chars().take(EXCERPT).collect(),
    }
}

fn span(views: Views<'_>, it: Span) -> SpanJson<'_> {
    let start = views.start(it);
    let end = views.end(it);
    SpanJson {
        file: views.path(it),
        line: start.line,
        column: start.column16,
        end_line: end.line,
        end_column: end.column16,
        start_byte: it.start,
        end_byte: it.end,
    }
}

fn undecided<'a>(views: Views<'a>, it: &'a Undecided) -> UndecidedJson<'a> {
    let first = it.reasons.first();
    UndecidedJson {
        rule: &it.rule,
        subject: &it.subject.address,
        reason: first.map_or("unsupported", |reason| reason.code),
        object: first.map_or("", |reason| reason.object.as_str()),
        place: first.and_then(|reason| reason.place).or(it.place).map(|at| span(views, at)),
        reasons: it
            .reasons
            .iter()
            .map(|reason| ReasonJson {
                reason: reason.code,
                object: &reason.object,
                place: reason.place.map(|at| span(views, at)),
            })
            .collect(),
        variants: &it.variants,
    }
}

fn problem<'a>(views: Views<'a>, it: &'a Problem) -> ProblemJson<'a> {
    ProblemJson { reason: it.reason, file: &it.path, place: it.span.map(|at| span(views, at)), message: &it.message }
}

#[cfg(test)]
mod tests {
    use crate::finding::testing::{finding_at, report_over, world};

    #[test]
    fn counts_columns_in_utf16_units_and_offsets_in_bytes() {
        let world = world(&[("a.tf", "x = 1\r\nname = \"é😀\" here\r\n")]);
        let mut report = report_over(&world);
        report.findings.push(finding_at(&world, "some-rule", "a.tf", "here"));
        let document: serde_json::Value = serde_json::from_str(&super::write(&report)).expect("the report is JSON");
        let place = &document["findings"][0]["place"];
        assert_eq!(place["line"], 2);
        assert_eq!(place["column"], 14);
        assert_eq!(place["end_column"], 18);
        assert_eq!(place["start_byte"], 23);
        assert_eq!(place["excerpt"], "name = \"é😀\" here");
        assert_eq!(document["schema"], "secure-lint/report/1");
        assert_eq!(document["counts"]["high"], 1);
        assert_eq!(document["exit"], 1);
    }
}
