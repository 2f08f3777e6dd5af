//! One finding as a frame: what can happen to whom, where exactly, why we know, how to fix it.

use std::fmt::Write as _;

use crate::finding::{AddressedPlace, Finding, Fix, Path};
use crate::report::chain;
use crate::report::escape::{visible, width_of};
use crate::report::page_url;

use super::frame::{Frame, Mark, MarkKind, gutter_for};
use super::ink::{Role, wrap};
use super::patch::change_of;
use super::{Context, Links};

/// Where the tag of a fix ends, if the terminal is that wide.
const TAG_END: usize = 96;

/// How many lines a fold shows before it cuts.
const FOLD_LINES: usize = 8;
const FOLD_LINES_CUT: usize = 6;

pub(super) fn write(out: &mut String, context: &Context<'_>, finding: &Finding) {
    let path = shortest(finding);
    let marks = marks_of(finding, path);
    let edits = finding.fix.iter().flat_map(|fix| fix.edits.iter().map(|edit| edit.span));
    let gutter = gutter_for(context.views, marks.iter().map(|mark| mark.span).chain(edits));
    let frame = Frame { views: context.views, ink: context.ink, width: context.options.width, gutter };

    let others = finding.suppression.as_ref().map_or("", |_| " (suppressed)");
    title(out, context, finding, &format!("{others}: "), &finding.title);
    frame.marks(out, &marks);
    let notes = notes_of(context, finding, path);
    if !notes.is_empty() || finding.fix.is_some() {
        frame.bar_line(out, "");
    }
    for note in &notes {
        frame.note(out, note);
    }
    if let Some(fix) = &finding.fix {
        help(out, &frame, finding, fix);
    }
}

/// Several findings of one rule in one file, as lines of code under one title.
pub(super) fn write_fold(out: &mut String, context: &Context<'_>, findings: &[&Finding]) {
    let first = findings[0];
    let spans: Vec<_> = findings.iter().map(|finding| finding.primary.span()).collect();
    let n_shown = if spans.len() > FOLD_LINES { FOLD_LINES_CUT } else { spans.len() };
    let gutter = gutter_for(context.views, spans.iter().copied());
    let frame = Frame { views: context.views, ink: context.ink, width: context.options.width, gutter };
    let has_one_title = findings.iter().all(|finding| finding.title == first.title);
    let words = if has_one_title { &first.title } else { &first.rule.title };
    title(out, context, first, ": ", &format!("{words} ({} places)", findings.len()));
    frame.lines(out, &spans[..n_shown], spans.len() - n_shown);
    if let Some(fix) = &first.fix {
        frame.bar_line(out, "");
        help(out, &frame, first, fix);
    }
}

/// `severity[rule]: title`, continued with two blanks.
fn title(out: &mut String, context: &Context<'_>, finding: &Finding, joint: &str, words: &str) {
    let severity = finding.severity.name();
    let rule = &finding.rule.id;
    let head_width = width_of(severity) + width_of(rule) + 2 + width_of(joint);
    let width = context.options.width;
    let lines = wrap(&visible(words), width.saturating_sub(head_width), width.saturating_sub(2));
    let url = (context.options.links == Links::On).then(|| page_url(&finding.rule)).flatten();
    let id = context.ink.link(rule, url.as_deref());
    let _ = write!(out, "{}{joint}", context.ink.paint(Role::Severity(finding.severity), &format!("{severity}[{id}]")));
    for (index, line) in lines.iter().enumerate() {
        let indent = if index == 0 { "" } else { "  " };
        let _ = writeln!(out, "{indent}{}", context.ink.paint(Role::Strong, line));
    }
}

/// The way with the fewest steps, the first of those.
pub(super) fn shortest(finding: &Finding) -> Option<&Path> {
    finding.paths.iter().min_by_key(|path| path.steps.len())
}

/// Numbered steps and the one primary place.
pub(super) fn marks_of(finding: &Finding, path: Option<&Path>) -> Vec<Mark> {
    let primary = finding.primary.span();
    let mut marks: Vec<Mark> = Vec::new();
    let steps: &[AddressedPlace] = path.map_or(&[], |path| &path.steps);
    for (index, step) in steps.iter().enumerate() {
        let label = if step.place.role.is_empty() {
            String::new()
        } else {
            format!("{}. {}", index + 1, visible(&step.place.role))
        };
        match marks.iter_mut().find(|mark| mark.span == step.span()) {
            // Two steps at one place share a mark.
            Some(mark) => mark.label = format!("{}; {label}", mark.label),
            None => marks.push(Mark { span: step.span(), label, kind: MarkKind::Step }),
        }
    }
    match marks.iter_mut().find(|mark| mark.span == primary) {
        Some(mark) => mark.kind = MarkKind::Primary,
        None => {
            let label = visible(&finding.primary.place.role).into_owned();
            marks.insert(0, Mark { span: primary, label, kind: MarkKind::Primary });
        }
    }
    marks
}

/// The lines behind `=`.
pub(super) fn notes_of(context: &Context<'_>, finding: &Finding, path: Option<&Path>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(chain) = path.and_then(chain::of_path) {
        notes.push(format!("path: {chain}"));
    }
    if finding.paths.len() > 1 {
        let n = finding.paths.len() - 1;
        notes.push(format!("and {n} more {}", if n == 1 { "path" } else { "paths" }));
    }
    if !finding.missing.is_empty() {
        notes.push(format!("missing: {}", finding.missing.join(", ")));
    }
    for assumption in &finding.assumptions {
        notes.push(format!("{}: {assumption}", finding.confidence.name()));
    }
    if !finding.variants.is_empty() {
        notes.push(format!("when: {}", finding.variants.join(", ")));
    }
    if let Some(suppressed) = &finding.suppression {
        let place = suppressed.place.map_or_else(String::new, |span| {
            format!(" at {}:{}", context.views.path(span), context.views.start(span).line)
        });
        notes.push(format!("suppressed: {}{place}: {}", suppressed.kind.name(), suppressed.reason));
    }
    notes
}

fn help(out: &mut String, frame: &Frame<'_>, finding: &Finding, fix: &Fix) {
    let title = visible(&fix.title);
    if fix.edits.is_empty() {
        for (index, line) in
            wrap(&title, frame.width.saturating_sub(6), frame.width.saturating_sub(2)).iter().enumerate()
        {
            let head = if index == 0 { frame.ink.paint(Role::Help, "help: ") } else { "  ".to_owned() };
            let _ = writeln!(out, "{head}{line}");
        }
        return;
    }
    let tag = format!("[fix: {}]", fix.safety.name());
    let end = frame.width.min(TAG_END);
    let used = "help: ".len() + width_of(&title);
    let head = frame.ink.paint(Role::Help, "help: ");
    if used + 2 + tag.len() <= end {
        let _ = writeln!(out, "{head}{title}{}{tag}", " ".repeat(end - used - tag.len()));
    } else {
        for (index, line) in
            wrap(&title, frame.width.saturating_sub(6), frame.width.saturating_sub(2)).iter().enumerate()
        {
            let head = if index == 0 { head.as_str() } else { "  " };
            let _ = writeln!(out, "{head}{line}");
        }
        let _ = writeln!(out, "  {tag}");
    }
    for (index, edit) in fix.edits.iter().enumerate() {
        let arrow = if index == 0 { frame.ink.first_arrow() } else { frame.ink.next_arrow() };
        if index == 0 || fix.edits[index - 1].span.file != edit.span.file {
            frame.arrow_line(out, arrow, edit.span);
            frame.bar_line(out, "");
        }
        let change = change_of(frame.views, edit);
        frame.change(out, change.first_line, &change.old, &change.new);
    }
    frame.bar_line(out, "");
    frame.note(out, &format!("more: secure-lint explain {}", finding.rule.id));
}
