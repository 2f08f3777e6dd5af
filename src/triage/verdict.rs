//! The exit code, the same for all formats.

use crate::finding::{Report, Severity};
use crate::source::{Problem, ProblemLevel};

/// Whether everything was read and decided, apart from what the configuration accepts.
pub fn is_complete(report: &Report<'_>, accepted: &[String]) -> bool {
    let is_accepted = |code: &str, object: &str| {
        accepted.iter().any(|entry| match entry.split_once(':') {
            Some((wanted, of)) => wanted == code && of == object,
            None => entry == code,
        })
    };
    let problems = report.problems.iter().filter(|problem| counts(problem));
    let mut problems = problems.filter(|problem| !is_accepted(problem.reason, &problem.path));
    let mut undecided = report.undecided.iter().filter(|undecided| {
        undecided.reasons.is_empty() || !undecided.reasons.iter().all(|it| is_accepted(it.code, &it.object))
    });
    problems.next().is_none() && undecided.next().is_none()
}

/// A note is for the reader, unless it says that a part of the configuration was not seen.
fn counts(problem: &Problem) -> bool {
    const MISSING: [&str; 5] =
        ["module-not-downloaded", "module-stale", "module-source-computed", "outside-tree", "unsupported"];
    problem.level != ProblemLevel::Note || MISSING.contains(&problem.reason)
}

/// Whether an incomplete analysis fails the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Incomplete {
    Fails,
    #[default]
    Passes,
}

/// 2 for a fault of the tool, 1 for findings at or above the fail level, 3 for an incomplete analysis that must be
/// complete, else 0; the first that holds.
pub fn exit_code(report: &Report<'_>, fail_on: Option<Severity>, incomplete: Incomplete, accepted: &[String]) -> u8 {
    if report.problems.iter().any(|problem| problem.level == ProblemLevel::Tool) {
        return 2;
    }
    if let Some(level) = fail_on
        && report.shown().any(|finding| finding.severity >= level)
    {
        return 1;
    }
    if incomplete == Incomplete::Fails && !is_complete(report, accepted) { 3 } else { 0 }
}

#[cfg(test)]
mod tests {
    use crate::finding::testing::{finding_at, report_over, world};
    use crate::finding::{Report, Severity, State, Subject, Undecided};
    use crate::logic::Reason;
    use crate::source::Problem;

    use super::{Incomplete, exit_code, is_complete};

    fn check(report: &Report<'_>, fail_on: Option<Severity>, expected: u8) {
        assert_eq!(exit_code(report, fail_on, Incomplete::Fails, &[]), expected);
    }

    #[test]
    fn the_first_that_holds() {
        let world = world(&[("a.tf", "here\n")]);
        let mut report = report_over(&world);
        check(&report, Some(Severity::Low), 0);
        report.undecided.push(Undecided {
            rule: "some-rule".to_owned(),
            subject: Subject { address: "x".to_owned(), name: "x".to_owned() },
            place: None,
            reasons: vec![Reason::new("no-value", "var.x")],
            variants: Vec::new(),
        });
        check(&report, Some(Severity::Low), 3);
        assert!(is_complete(&report, &["no-value:var.x".to_owned()]));
        assert!(is_complete(&report, &["no-value".to_owned()]));
        assert!(!is_complete(&report, &["no-value:var.y".to_owned()]));
        report.findings.push(finding_at(&world, "some-rule", "a.tf", "here"));
        check(&report, Some(Severity::High), 1);
        check(&report, Some(Severity::Critical), 3);
        check(&report, None, 3);
        report.problems.push(Problem::of_file("rule-failed", "a.tf", "x").tool());
        check(&report, Some(Severity::High), 2);
        report.problems.clear();
        report.findings[0].state = State::Unchanged;
        check(&report, Some(Severity::Low), 3);
    }
}
