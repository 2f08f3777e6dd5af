//! How findings are put together on a screen: by cause (what one fold shows), or under headings by file, rule or
//! resource. Counts and machine formats know nothing of this.

use crate::finding::Finding;
use crate::report::escape::visible;
use crate::report::view::Views;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupBy {
    #[default]
    Cause,
    File,
    Rule,
    Resource,
}

/// Findings that are drawn as one, under an optional heading.
pub(super) struct Group<'a> {
    pub(super) title: Option<String>,
    pub(super) findings: Vec<&'a Finding>,
}

/// The findings in the order of drawing.
pub(super) fn groups<'a>(findings: &[&'a Finding], by: GroupBy, views: Views<'_>) -> Vec<Group<'a>> {
    let key = |finding: &Finding| match by {
        GroupBy::Cause => None,
        GroupBy::File => Some(visible(views.path(finding.primary.span())).into_owned()),
        GroupBy::Rule => Some(finding.rule.id.clone()),
        GroupBy::Resource => {
            Some(finding.subjects.first().map_or_else(String::new, |it| visible(&it.address).into_owned()))
        }
    };
    if by == GroupBy::Cause {
        return by_cause(findings);
    }
    let mut groups: Vec<Group<'a>> =
        findings.iter().map(|finding| Group { title: key(finding), findings: vec![*finding] }).collect();
    groups.sort_by(|a, b| a.title.cmp(&b.title));
    groups
}

/// One rule, one file, nothing but one step: drawn as one block of lines, where its first finding stands.
fn by_cause<'a>(findings: &[&'a Finding]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for finding in findings {
        let fits = |group: &&mut Group<'a>| {
            let first = group.findings[0];
            is_single(first)
                && is_single(finding)
                && first.rule.id == finding.rule.id
                && first.severity == finding.severity
                && first.confidence == finding.confidence
                && first.primary.span().file == finding.primary.span().file
        };
        match groups.iter_mut().find(fits) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group { title: None, findings: vec![finding] }),
        }
    }
    groups
}

/// Whether a finding is nothing but its primary place, so that a line of code says it all.
fn is_single(finding: &Finding) -> bool {
    finding.suppression.is_none()
        && finding.missing.is_empty()
        && finding.assumptions.is_empty()
        && finding.paths.iter().all(|path| path.steps.len() <= 1)
        && finding.fix.as_ref().is_none_or(|fix| fix.edits.is_empty())
}
