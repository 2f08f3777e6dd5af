//! Reports for people at a terminal: frames from 60 columns on, the narrow form below. The same bytes for every run: no
//! time, no absolute path, no host.

mod frame;
mod ink;
mod narrow;
mod order;
mod patch;
#[cfg(test)]
mod snapshots;
mod statistics;
mod summary;
mod undecided;
mod wide;

use crate::finding::{Finding, Report};

use ink::Ink;
pub use ink::{Charset, Colour};
pub use order::GroupBy;
pub(super) use summary::count;

use super::view::Views;

/// Below this the narrow form is used.
const NARROWEST_FRAME: usize = 60;

/// How text is laid out, and how much of it.
#[derive(Clone, Debug)]
pub struct TextOptions {
    pub width: usize,
    pub colour: Colour,
    pub charset: Charset,
    pub links: Links,
    pub group_by: GroupBy,
    /// Findings drawn at most; the rest is announced.
    pub max_findings: Option<usize>,
    pub detail: Detail,
    pub statistics: Statistics,
    pub suppressed: ShowSuppressed,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    On,
    #[default]
    Off,
}

/// `-q`, nothing, `-v`, `-vv`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Findings without a summary.
    Quiet,
    #[default]
    Normal,
    /// And what was not decided or read.
    Verbose,
    /// And what was read.
    Debug,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Statistics {
    On,
    #[default]
    Off,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShowSuppressed {
    Yes,
    #[default]
    No,
}

impl Default for TextOptions {
    fn default() -> TextOptions {
        TextOptions {
            width: 120,
            colour: Colour::Off,
            charset: Charset::Ascii,
            links: Links::Off,
            group_by: GroupBy::Cause,
            max_findings: None,
            detail: Detail::Normal,
            statistics: Statistics::Off,
            suppressed: ShowSuppressed::No,
        }
    }
}

/// The whole report.
pub(super) fn write(report: &Report<'_>, options: &TextOptions) -> String {
    let context =
        Context { views: Views::new(report), options, ink: Ink { colour: options.colour, charset: options.charset } };
    let mut out = String::new();
    let only_statistics = options.statistics == Statistics::On && options.detail == Detail::Quiet;
    if !only_statistics {
        findings(&mut out, &context, report);
    }
    if options.statistics == Statistics::On {
        statistics::write(&mut out, &context, report);
    }
    if options.detail > Detail::Quiet {
        summary::write(&mut out, &context, report);
    }
    if options.detail >= Detail::Verbose {
        undecided::write(&mut out, &context, report);
    }
    if options.detail >= Detail::Debug {
        undecided::write_read(&mut out, report);
    }
    out
}

/// What all writers of text share.
struct Context<'a> {
    views: Views<'a>,
    options: &'a TextOptions,
    ink: Ink,
}

fn findings(out: &mut String, context: &Context<'_>, report: &Report<'_>) {
    let mut shown: Vec<&Finding> = report.shown().collect();
    if context.options.suppressed == ShowSuppressed::Yes {
        shown.extend(&report.suppressed);
    }
    let groups = order::groups(&shown, context.options.group_by, context.views);
    let mut left = context.options.max_findings.unwrap_or(usize::MAX);
    let mut drawn = 0;
    let mut title = None;
    for group in groups {
        if left == 0 {
            break;
        }
        if group.title != title {
            if let Some(title) = &group.title {
                out.push_str(&context.ink.paint(ink::Role::Strong, title));
                out.push_str("\n\n");
            }
            title.clone_from(&group.title);
        }
        if context.options.width < NARROWEST_FRAME {
            for finding in group.findings.iter().take(left) {
                narrow::write(out, context, finding);
                out.push('\n');
            }
        } else if group.findings.len() == 1 {
            wide::write(out, context, group.findings[0]);
            out.push('\n');
        } else {
            wide::write_fold(out, context, &group.findings);
            out.push('\n');
        }
        let n = group.findings.len().min(left);
        left -= n;
        drawn += n;
    }
    if drawn < shown.len() {
        out.push_str(&format!("{} more; --all shows them\n\n", shown.len() - drawn));
    }
}
