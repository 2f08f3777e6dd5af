//! Reports made by hand, for the tests of the floors that sort and print them.

use std::sync::Arc;

use super::{
    AddressedPlace, Confidence, Cover, Finding, Page, Path, Profile, Relation, Report, RuleMeta, RuleState, Run,
    Severity, State, Subject, finding_fingerprint, path_fingerprint,
};
use crate::source::{Place, Span, World, WorldBuilder};

pub(crate) fn world(files: &[(&str, &str)]) -> World {
    let mut builder = WorldBuilder::default();
    for (path, text) in files {
        builder.add_bytes(*path, text.as_bytes().to_vec(), true);
    }
    builder.build()
}

/// The first place where a text stands in a file.
pub(crate) fn span_of(world: &World, path: &str, wanted: &str) -> Span {
    let file = world.find(path).expect("the test names a file of its world");
    let text = world.file(file).text().expect("the file is text");
    let start = text.find(wanted).expect("the test names a text of its file");
    Span::new(file, start, start + wanted.len())
}

pub(crate) fn rule(id: &str, severity: Severity) -> Arc<RuleMeta> {
    Arc::new(RuleMeta {
        id: id.to_owned(),
        area: "network".into(),
        title: "A thing is open".to_owned(),
        severity,
        confidence: Confidence::Certain,
        profile: Profile::Default,
        state: RuleState::Stable,
        since: None,
        replaced_by: None,
        aliases: Vec::new(),
        absorbs: Vec::new(),
        tags: vec!["CWE-284".to_owned()],
        covers: vec![Cover { peer: "checkov", id: "CKV_AWS_1".to_owned(), relation: Relation::Same }],
        each: "service".to_owned(),
        page: page("# A thing is open\n\n", "Anyone can come in. Close it."),
        has_fix: false,
        params: std::collections::BTreeMap::new(),
        path: format!("rules/network/{id}.md").into(),
    })
}

/// A page of a heading and a summary.
pub(crate) fn page(heading: &str, summary: &str) -> Page {
    Page::new(format!("{heading}{summary}\n").into(), 0, heading.len()..heading.len() + summary.len())
}

pub(crate) fn report_over(world: &World) -> Report<'_> {
    Report {
        world,
        findings: Vec::new(),
        suppressed: Vec::new(),
        absorbed: Vec::new(),
        fixed: Vec::new(),
        undecided: Vec::new(),
        problems: Vec::new(),
        secrets: Vec::new(),
        rules: Vec::new(),
        run: Run { fail_on: Some(Severity::Low), exit: 1, ..Run::default() },
    }
}

pub(crate) fn step(world: &World, path: &str, text: &str, role: &str) -> AddressedPlace {
    AddressedPlace { place: Place::new(span_of(world, path, text), role), address: format!("{path}#{text}") }
}

/// A finding with one step: the primary place.
pub(crate) fn finding_at(world: &World, id: &str, path: &str, text: &str) -> Finding {
    let place = step(world, path, text, "this one");
    finding_over(id, Severity::High, &[place], 0)
}

/// A finding with one way over the given steps.
pub(crate) fn finding_over(id: &str, severity: Severity, steps: &[AddressedPlace], primary: usize) -> Finding {
    let fingerprint = finding_fingerprint(id, &steps[primary].address);
    let subject = Subject { address: "terraform#aws_ecs_service.app".to_owned(), name: "app".to_owned() };
    let path = Path {
        steps: steps.to_vec(),
        subject: subject.clone(),
        calls: Vec::new(),
        variants: Vec::new(),
        fingerprint: path_fingerprint(
            &fingerprint,
            &subject.address,
            "",
            steps.iter().map(|step| step.address.as_str()),
        ),
        state: State::New,
    };
    Finding {
        rule: rule(id, severity),
        severity,
        confidence: Confidence::Certain,
        title: "app is open to the whole internet".to_owned(),
        primary: steps[primary].clone(),
        subjects: vec![subject],
        paths: vec![path],
        variants: Vec::new(),
        assumptions: Vec::new(),
        missing: Vec::new(),
        fingerprint,
        state: State::New,
        fix: None,
        suppression: None,
    }
}
