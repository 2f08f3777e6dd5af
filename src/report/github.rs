//! Commands of a GitHub log that annotate a pull request, and what keeps other text in such a log from being one.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::finding::{Finding, Report, Severity};

use super::escape::visible;
use super::view::Views;

/// A step shows at most ten of each kind; the last notice says how many are left.
const ERRORS: usize = 10;
const WARNINGS: usize = 10;
const NOTICES: usize = 9;

pub(super) fn write(report: &Report<'_>) -> String {
    let views = Views::new(report);
    let mut out = String::new();
    let mut room = [("error", ERRORS), ("warning", WARNINGS), ("notice", NOTICES)];
    let mut left = 0;
    for finding in report.shown() {
        let kind = kind_of(finding.severity);
        let Some((_, room)) = room.iter_mut().find(|(name, _)| *name == kind) else { continue };
        if *room == 0 {
            left += 1;
            continue;
        }
        *room -= 1;
        command(&mut out, kind, views, finding);
    }
    if left > 0 {
        let _ = writeln!(
            out,
            "::notice title=secure-lint::{left} more findings are not annotated, see the log or the summary"
        );
    }
    out
}

fn kind_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    }
}

fn command(out: &mut String, kind: &str, views: Views<'_>, finding: &Finding) {
    let span = views.first_line_of(finding.primary.span());
    let start = views.start(span);
    let end = views.end(span);
    let file = property(views.path(span));
    let title = property(&format!("{}: {}", finding.severity.name(), finding.rule.id));
    let mut text = visible(&finding.title).into_owned();
    for (index, step) in
        finding.paths.iter().min_by_key(|path| path.steps.len()).map_or(&[][..], |path| &path.steps).iter().enumerate()
    {
        let line = views.start(step.span()).line;
        let _ =
            write!(text, "\n{}. {}:{line} {}", index + 1, visible(views.path(step.span())), visible(&step.place.role));
    }
    let _ = writeln!(
        out,
        "::{kind} file={file},line={},endLine={},col={},endColumn={},title={title}::{}",
        start.line,
        end.line,
        start.column16,
        end.column16,
        data(&text)
    );
}

/// The message of a command. A percent sign goes first, or it would unescape the others.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    data(&visible(text)).replace(':', "%3A").replace(',', "%2C")
}

/// Text for a GitHub log: `##[` is a command anywhere in a line.
pub fn defuse(text: &str) -> Cow<'_, str> {
    if text.contains("##[") { Cow::Owned(text.replace("##[", "# #[")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use crate::finding::testing::{finding_at, report_over, world};

    #[test]
    fn escapes_what_would_end_a_command() {
        let world = world(&[("a,b:%.tf", "here\n")]);
        let mut report = report_over(&world);
        let mut finding = finding_at(&world, "some-rule", "a,b:%.tf", "here");
        finding.title = "50% \r\n::stop-commands::x".to_owned();
        report.findings.push(finding);
        let text = super::write(&report);
        assert_eq!(
            text,
            "::error file=a%2Cb%3A%25.tf,line=1,endLine=1,col=1,endColumn=5,title=high%3A some-rule::\
             50%25 \\u{d}\\u{a}::stop-commands::x%0A1. a,b:%25.tf:1 this one\n"
        );
    }

    #[test]
    fn ten_errors_and_a_notice_about_the_rest() {
        let world = world(&[("a.tf", "here\n")]);
        let mut report = report_over(&world);
        report.findings = (0..13).map(|_| finding_at(&world, "some-rule", "a.tf", "here")).collect();
        let text = super::write(&report);
        assert_eq!(text.lines().count(), 11);
        assert!(text.ends_with("::3 more findings are not annotated, see the log or the summary\n"));
    }

    #[test]
    fn defuses_commands_in_plain_text() {
        assert_eq!(super::defuse("a ##[error]x"), "a # #[error]x");
    }
}
