//! One result: the message with links to the steps, the place where the fix goes, the ways as code flows.

use std::collections::BTreeMap;

use crate::finding::{AddressedPlace, Confidence, Finding, Path, Safety, State, SuppressionKind, Undecided};
use crate::report::escape::visible;
use crate::report::reasons;

use super::SarifProfile;
use super::location::{Locations, outside_of_modules, uri};
use super::rules::level;
use super::types::{
    ArtifactChange, ArtifactLocation, CodeFlow, FixJson, FlowStep, Location, Message, Replacement, ResultJson,
    ResultProperties, SuppressionJson, Text, ThreadFlow,
};

/// GitHub shows a hundred locations and takes a thousand steps.
const MOST_RELATED: usize = 100;
const MOST_STEPS: usize = 1_000;
/// The ways that are written out; the others are counted.
const MOST_WAYS: usize = 4;

/// Findings of one rule on one line, as one result.
pub(super) fn of_findings(
    locations: &mut Locations<'_>,
    findings: &[&Finding],
    rule_index: usize,
    profile: SarifProfile,
) -> Option<ResultJson> {
    let first = findings[0];
    let primary = outside_of_modules(locations.views, first);
    let location = locations.addressed(primary)?;
    let mut ways: Vec<&Path> = findings.iter().flat_map(|finding| &finding.paths).collect();
    ways.sort_by_key(|path| path.steps.len());
    let n_more = ways.len().saturating_sub(MOST_WAYS);
    ways.truncate(MOST_WAYS);

    let related = related_locations(locations, &ways);
    let message = message(findings, &related, n_more);
    let mut fingerprints = BTreeMap::new();
    fingerprints.insert("primaryLocationLineHash", locations.line_hash(primary.span()));
    fingerprints.insert("secureLint/v1", first.fingerprint.clone());
    Some(ResultJson {
        rule_id: first.rule.id.clone(),
        rule_index,
        kind: None,
        level: if first.confidence == Confidence::Possible { "note" } else { level(first.severity) },
        message: Text { text: message },
        locations: vec![location],
        code_flows: ways.iter().filter_map(|path| code_flow(locations, path)).collect(),
        related_locations: related,
        partial_fingerprints: fingerprints,
        baseline_state: match (profile, first.state) {
            (SarifProfile::Github, _) => None,
            (SarifProfile::Full, State::New) => Some("new"),
            (SarifProfile::Full, State::Unchanged | State::Known) => Some("unchanged"),
        },
        suppressions: match profile {
            SarifProfile::Github => Vec::new(),
            SarifProfile::Full => suppressions(first),
        },
        fixes: match profile {
            SarifProfile::Github => Vec::new(),
            SarifProfile::Full => fixes(locations, first),
        },
        properties: ResultProperties {
            severity: Some(first.severity.name()),
            confidence: Some(first.confidence.name()),
            address: visible(&primary.address).into_owned(),
            subjects: unique(findings.iter().flat_map(|it| it.subjects.iter().map(|subject| subject.address.as_str()))),
            variants: unique(findings.iter().flat_map(|it| it.variants.iter().map(String::as_str))),
            state: first.state.name(),
        },
    })
}

/// A verdict that could not be reached, as an open result: only in the profile `full`.
pub(super) fn of_undecided(locations: &mut Locations<'_>, it: &Undecided, rule_index: usize) -> Option<ResultJson> {
    let place = it.place.or_else(|| it.reasons.first().and_then(|reason| reason.place))?;
    let why = it.reasons.first().map_or_else(
        || "not supported".to_owned(),
        |reason| format!("{}: {}", reasons::words(reason.code), reason.object),
    );
    let text = sentence(&format!("Not decided for {}: {why}", it.subject.name));
    Some(ResultJson {
        rule_id: it.rule.clone(),
        rule_index,
        kind: Some("open"),
        level: "none",
        message: Text { text },
        locations: vec![locations.plain(place)?],
        related_locations: Vec::new(),
        code_flows: Vec::new(),
        partial_fingerprints: BTreeMap::new(),
        baseline_state: None,
        suppressions: Vec::new(),
        fixes: Vec::new(),
        properties: ResultProperties {
            severity: None,
            confidence: None,
            address: visible(&it.subject.address).into_owned(),
            subjects: vec![visible(&it.subject.address).into_owned()],
            variants: it.variants.clone(),
            state: State::New.name(),
        },
    })
}

/// The title as a sentence, then the steps as links to related locations.
fn message(findings: &[&Finding], related: &[Location], n_more: usize) -> String {
    let first = findings[0];
    let mut text = sentence(&first.title);
    let others = unique(findings[1..].iter().map(|it| it.title.as_str()).filter(|title| *title != first.title));
    for title in others {
        text.push(' ');
        text.push_str(&sentence(&title));
    }
    if !first.missing.is_empty() {
        text.push_str(&format!(" Missing: {}.", plain(&first.missing.join(", "))));
    }
    if related.len() > 1 {
        let links: Vec<String> = related
            .iter()
            .filter_map(|location| Some((location.id?, location.message.as_ref()?)))
            .map(|(id, message)| format!("[{}]({id})", message.text.replace(['[', ']'], "")))
            .collect();
        text.push_str(&format!(" Steps: {}.", links.join(", ")));
    }
    if n_more > 0 {
        text.push_str(&format!(" And {n_more} more {}.", if n_more == 1 { "way" } else { "ways" }));
    }
    text
}

/// The steps of the ways, each place once, numbered from 1.
fn related_locations(locations: &Locations<'_>, ways: &[&Path]) -> Vec<Location> {
    let mut seen: Vec<&AddressedPlace> = Vec::new();
    for step in ways.iter().flat_map(|path| &path.steps) {
        if seen.len() == MOST_RELATED {
            break;
        }
        if !seen.iter().any(|it| it.span() == step.span() && it.place.role == step.place.role) {
            seen.push(step);
        }
    }
    let words = |step: &AddressedPlace| {
        if step.place.role.is_empty() { plain(&step.address) } else { plain(&step.place.role) }
    };
    let steps = seen.into_iter().filter_map(|step| locations.step(step, words(step)));
    steps.enumerate().map(|(index, location)| Location { id: Some(index + 1), ..location }).collect()
}

/// A way of several steps; one step is no way.
fn code_flow(locations: &Locations<'_>, path: &Path) -> Option<CodeFlow> {
    if path.steps.len() < 2 {
        return None;
    }
    let mut steps = Vec::new();
    for (index, step) in path.steps.iter().take(MOST_STEPS).enumerate() {
        let role = if step.place.role.is_empty() { &step.address } else { &step.place.role };
        let text = format!("{}. {}", index + 1, plain(role));
        let Some(location) = locations.step(step, text) else { continue };
        steps.push(FlowStep { location, execution_order: index + 1, importance: "essential" });
    }
    Some(CodeFlow { thread_flows: [ThreadFlow { locations: steps }] })
}

fn suppressions(finding: &Finding) -> Vec<SuppressionJson> {
    let (kind, justification) = match (&finding.suppression, finding.state) {
        (Some(by), _) => {
            let kind = match by.kind {
                SuppressionKind::Comment | SuppressionKind::Foreign => "inSource",
                SuppressionKind::Config | SuppressionKind::Baseline => "external",
            };
            (kind, visible(&by.reason).into_owned())
        }
        (None, State::Known) => ("external", "in the baseline".to_owned()),
        (None, State::New | State::Unchanged) => return Vec::new(),
    };
    vec![SuppressionJson { kind, status: "accepted", justification }]
}

fn fixes(locations: &Locations<'_>, finding: &Finding) -> Vec<FixJson> {
    let Some(fix) = &finding.fix else { return Vec::new() };
    if fix.edits.is_empty() || fix.safety == Safety::Show {
        return Vec::new();
    }
    let mut changes: Vec<ArtifactChange> = Vec::new();
    for edit in &fix.edits {
        let uri = uri(locations.views.path(edit.span));
        let replacement = Replacement {
            deleted_region: locations.whole(edit.span),
            inserted_content: Message { text: edit.text.clone() },
        };
        match changes.iter_mut().find(|change| change.artifact_location.uri == uri) {
            Some(change) => change.replacements.push(replacement),
            None => changes
                .push(ArtifactChange { artifact_location: ArtifactLocation { uri }, replacements: vec![replacement] }),
        }
    }
    vec![FixJson { description: Text { text: sentence(&fix.title) }, artifact_changes: changes }]
}

/// Ends with a full stop; GitHub shows the first sentence as the title.
fn sentence(text: &str) -> String {
    let text = plain(text);
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

/// Text that holds no link and no control character; never empty.
fn plain(text: &str) -> String {
    let text = visible(text.trim()).replace("](", "] (");
    if text.is_empty() { "-".to_owned() } else { text }
}

fn unique<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for text in texts {
        let text = visible(text).into_owned();
        if !unique.contains(&text) {
            unique.push(text);
        }
    }
    unique
}
