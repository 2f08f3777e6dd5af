//! One line per finding, unfolded and never cut: for `grep`, editors and eyes that know the rules.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::finding::{Finding, Report};

use super::escape::visible;
use super::text::{Colour, ShowSuppressed, TextOptions};
use super::view::Views;

pub(super) fn write(report: &Report<'_>, options: &TextOptions) -> String {
    let views = Views::new(report);
    let mut out = String::new();
    for finding in report.shown() {
        let _ = writeln!(out, "{}", line(views, finding));
    }
    if options.suppressed == ShowSuppressed::Yes {
        for finding in &report.suppressed {
            let _ = writeln!(out, "{} (suppressed)", line(views, finding));
        }
    }
    debug_assert!(options.colour == Colour::On || !out.contains('\u{1b}'));
    out
}

/// `file:line:column: severity rule[*] title (+n steps)`; `[*]` says that a fix exists.
pub(crate) fn line(views: Views<'_>, finding: &Finding) -> String {
    let span = finding.primary.span();
    let place = views.start(span);
    let fix = finding.fix.as_ref().is_some_and(|fix| !fix.edits.is_empty());
    let fix = if fix { "[*]" } else { "" };
    let n_steps = finding.paths.iter().map(|path| path.steps.len()).min().unwrap_or(1).saturating_sub(1);
    let steps = match n_steps {
        0 => String::new(),
        1 => " (+1 step)".to_owned(),
        n => format!(" (+{n} steps)"),
    };
    format!(
        "{}:{}:{}: {} {}{fix} {}{steps}",
        safe_path(views.path(span)),
        place.line,
        place.column,
        finding.severity.name(),
        finding.rule.id,
        visible(&finding.title)
    )
}

/// A path at the start of a line: in a GitHub log `::` there would be a command.
pub(crate) fn safe_path(path: &str) -> Cow<'_, str> {
    let path = visible(path);
    if path.starts_with("::") { Cow::Owned(format!("./{path}")) } else { path }
}
