//! One finding for less than 60 columns: places and words below each other, no frames.

use std::fmt::Write as _;

use crate::finding::Finding;
use crate::report::concise::safe_path;
use crate::report::escape::visible;

use super::Context;
use super::ink::{Role, wrap};
use super::wide::{notes_of, shortest};

pub(super) fn write(out: &mut String, context: &Context<'_>, finding: &Finding) {
    let views = context.views;
    let width = context.options.width;
    let place = views.start(finding.primary.span());
    let severity = context.ink.paint(Role::Severity(finding.severity), finding.severity.name());
    let path = safe_path(views.path(finding.primary.span()));
    let suppressed = finding.suppression.as_ref().map_or("", |_| " (suppressed)");
    let _ = writeln!(out, "{path}:{}:{}: {severity}{suppressed}", place.line, place.column);
    indented(out, 2, width, &finding.rule.id);
    indented(out, 2, width, &finding.title);
    let way = shortest(finding);
    for (index, step) in way.map_or(&[][..], |path| &path.steps).iter().enumerate() {
        let here = if step.span() == finding.primary.span() { "  <- here" } else { "" };
        let _ = writeln!(
            out,
            "  {} {}:{}{here}",
            index + 1,
            visible(views.path(step.span())),
            views.start(step.span()).line
        );
        if !step.place.role.is_empty() {
            indented(out, 4, width, &step.place.role);
        }
    }
    for note in notes_of(context, finding, None) {
        indented(out, 2, width, &format!("= {note}"));
    }
    if let Some(fix) = &finding.fix {
        indented(out, 2, width, &format!("help: {}", fix.title));
    }
}

fn indented(out: &mut String, indent: usize, width: usize, text: &str) {
    let room = width.saturating_sub(indent).max(16);
    for line in wrap(&visible(text), room, room) {
        let _ = writeln!(out, "{}{line}", " ".repeat(indent));
    }
}
