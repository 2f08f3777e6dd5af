//! Takes the content of secrets out of everything that is said about a run, once, before any reporter sees it. Excerpts
//! are masked by span where lines are shown (`view`); here it is about titles, roles and addresses, which may have been
//! put together from values.

use crate::finding::{Finding, Report, Undecided};
use crate::logic::Reason;

use super::view::content_of;

/// Shorter contents, and longer ones of small letters alone, are ordinary words too often (`postgres`); they are masked by
/// their spans alone.
const SHORTEST: usize = 8;
const LONGEST_WORD: usize = 16;

/// Sorts the secret spans, as excerpts need them, and masks all texts of the report.
pub fn mask(report: &mut Report) {
    report.secrets.sort_unstable();
    report.secrets.dedup();
    let mut contents: Vec<&str> = Vec::new();
    for secret in &report.secrets {
        let text = report.world.file(secret.file).text().unwrap_or("");
        let content = text.get(content_of(text, *secret)).unwrap_or("").trim();
        let is_word = content.len() <= LONGEST_WORD && content.bytes().all(|byte| byte.is_ascii_lowercase());
        if content.len() >= SHORTEST && !is_word {
            contents.push(content);
        }
    }
    if contents.is_empty() {
        return;
    }
    // The longest first, so that a secret that holds another goes as a whole.
    contents.sort_unstable_by_key(|content| (std::cmp::Reverse(content.len()), *content));
    contents.dedup();
    let hide = |text: &mut String| {
        for content in &contents {
            if text.contains(content) {
                *text = text.replace(content, "********");
            }
        }
    };
    for findings in [&mut report.findings, &mut report.suppressed, &mut report.absorbed] {
        findings.iter_mut().for_each(|finding| mask_finding(finding, &hide));
    }
    report.undecided.iter_mut().for_each(|undecided| mask_undecided(undecided, &hide));
    report.problems.iter_mut().for_each(|problem| hide(&mut problem.message));
    report.fixed.iter_mut().for_each(|fixed| hide(&mut fixed.title));
}

fn mask_finding(finding: &mut Finding, hide: &impl Fn(&mut String)) {
    hide(&mut finding.title);
    hide(&mut finding.primary.place.role);
    hide(&mut finding.primary.address);
    for subject in &mut finding.subjects {
        hide(&mut subject.name);
        hide(&mut subject.address);
    }
    for path in &mut finding.paths {
        hide(&mut path.subject.name);
        hide(&mut path.subject.address);
        for step in &mut path.steps {
            hide(&mut step.place.role);
            hide(&mut step.address);
        }
    }
    finding.assumptions.iter_mut().chain(&mut finding.missing).for_each(hide);
}

fn mask_undecided(undecided: &mut Undecided, hide: &impl Fn(&mut String)) {
    hide(&mut undecided.subject.name);
    hide(&mut undecided.subject.address);
    for reason in &mut undecided.reasons {
        let mut object = reason.object.clone();
        hide(&mut object);
        *reason = Reason::with(reason.code, object, reason.place);
    }
}

#[cfg(test)]
mod tests {
    use crate::finding::testing::{finding_at, report_over, span_of, world};

    #[test]
    fn no_text_quotes_a_secret() {
        let world = world(&[("a.tfvars", "password = \"hunter2hunter2\"\n")]);
        let mut report = report_over(&world);
        report.secrets = vec![span_of(&world, "a.tfvars", "\"hunter2hunter2\"")];
        let mut finding = finding_at(&world, "secret-in-repository", "a.tfvars", "\"hunter2hunter2\"");
        finding.title = "the value hunter2hunter2 is known".to_owned();
        report.findings.push(finding);
        super::mask(&mut report);
        assert_eq!(report.findings[0].title, "the value ******** is known");
    }
}
