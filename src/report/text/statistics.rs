//! `--statistics`: how many findings of which rule, and how many of them a fix would mend.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::{Report, Severity};

use super::Context;
use super::ink::Role;

pub(super) fn write(out: &mut String, context: &Context<'_>, report: &Report<'_>) {
    let mut rows: BTreeMap<(std::cmp::Reverse<Severity>, &str), (usize, usize)> = BTreeMap::new();
    for finding in report.shown() {
        let row = rows.entry((std::cmp::Reverse(finding.severity), finding.rule.id.as_str())).or_default();
        row.0 += 1;
        row.1 += usize::from(finding.fix.as_ref().is_some_and(|fix| !fix.edits.is_empty()));
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|((severity, rule), (n, _))| (std::cmp::Reverse(*n), *severity, *rule));
    for ((severity, rule), (n, fixable)) in rows {
        let fix = match fixable {
            0 => String::new(),
            n => format!("  {n} fixable"),
        };
        let name = context.ink.paint(Role::Severity(severity.0), &format!("{:<8}", severity.0.name()));
        let _ = writeln!(out, "{n:>5}  {name}  {rule}{fix}");
    }
    if report.shown().next().is_some() {
        out.push('\n');
    }
}
