//! Findings about suppressions: broken ones, ones without a reason, ones whose day has passed, idle ones. Their rules are
//! files like all others; their verdict is reached here.

use crate::finding::{
    AddressedPlace, Edit, Finding, Fix, Path, Safety, State, Subject, finding_fingerprint, path_fingerprint,
};
use crate::source::{CommentPosition, Place, Span};

use super::{Candidate, EntryKind, EntryState, Fault, Input, covered_ways};

/// Judges every own suppression.
pub(super) fn all(input: &Input<'_>, candidates: &mut [Candidate], live: &[Finding]) -> Vec<Finding> {
    let mut verdicts = Vec::new();
    for candidate in candidates.iter_mut().filter(|it| it.entry.kind != EntryKind::Foreign) {
        let Some(place) = candidate.entry.place else { continue };
        if candidate.is_sound() {
            if candidate.is_expired(input.settings.today) {
                candidate.entry.state = EntryState::Expired;
                verdicts.extend(expired(input, candidate, place, live));
            } else {
                verdicts.extend(unused(input, candidate, place));
            }
            continue;
        }
        for fault in &candidate.faults {
            let (rule, title) = match fault {
                Fault::WithoutReason => {
                    let rules = candidate.entry.rules.join(", ");
                    let title = format!("the suppression of {rules} says nothing about why; write `-- <reason>`");
                    ("suppression-without-reason", title)
                }
                Fault::Malformed(what) => {
                    ("malformed-suppression", format!("the suppression silences nothing: {what}"))
                }
            };
            verdicts.extend(finding(input, candidate, rule, title, place, ""));
        }
    }
    verdicts
}

/// What would be silenced if the day had not passed.
fn expired(input: &Input<'_>, candidate: &Candidate, place: Span, live: &[Finding]) -> Vec<Finding> {
    let until = candidate.entry.until.map_or_else(String::new, |date| date.to_string());
    let mut verdicts = Vec::new();
    for back in live {
        let is_meant =
            candidate.id_for(back).is_some() && covered_ways(input.world, &candidate.scope, back).contains(&true);
        if !is_meant {
            continue;
        }
        let title = format!("the suppression ran out on {until}; {} is back", back.rule.id);
        let Some(mut verdict) = finding(input, candidate, "expired-suppression", title, place, &back.rule.id) else {
            continue;
        };
        let mut step = back.primary.clone();
        step.place.role = "this is reported again".to_owned();
        for path in &mut verdict.paths {
            path.steps.push(step.clone());
        }
        if !verdicts.iter().any(|it: &Finding| it.fingerprint == verdict.fingerprint) {
            verdicts.push(verdict);
        }
    }
    verdicts
}

/// Names that silence nothing although their rule looked at all of what they cover.
fn unused(input: &Input<'_>, candidate: &mut Candidate, place: Span) -> Vec<Finding> {
    let world = input.world;
    let file = world.file(place.file);
    if !file.is_subject || input.unread.contains(&file.path) {
        return Vec::new();
    }
    let mut idle = Vec::new();
    for (index, id) in candidate.ids.iter().enumerate() {
        if id.silenced > 0 {
            continue;
        }
        let rules: Vec<&str> = input
            .settings
            .enabled
            .rules()
            .iter()
            .filter(|rule| id.selector.as_ref().is_some_and(|selector| selector.matches(rule)))
            .map(|rule| rule.id.as_str())
            .collect();
        let is_open = input
            .undecided
            .iter()
            .any(|undecided| rules.contains(&undecided.rule.as_str()) && may_cover(input, candidate, undecided));
        // The four rules here cannot be suppressed by comments, so one that tries is idle whatever else holds.
        if !rules.is_empty() && !is_open {
            idle.push(index);
        }
    }
    if idle.is_empty() {
        return Vec::new();
    }
    if idle.len() == candidate.ids.len() {
        candidate.entry.state = EntryState::Unused;
    }
    idle.into_iter()
        .filter_map(|index| {
            let id = &candidate.ids[index];
            let title = format!("the suppression of {} silences nothing", id.text);
            let at = id.span.unwrap_or(place);
            let mut verdict = finding(input, candidate, "unused-suppression", title, at, &id.text)?;
            verdict.fix = removal(input, candidate, index, place);
            Some(verdict)
        })
        .collect()
}

/// An undecided verdict without a place may be anywhere.
fn may_cover(input: &Input<'_>, candidate: &Candidate, undecided: &crate::finding::Undecided) -> bool {
    let mut places =
        undecided.place.into_iter().chain(undecided.reasons.iter().filter_map(|reason| reason.place)).peekable();
    let is_by_place = candidate.entry.kind == EntryKind::Comment;
    !is_by_place || places.peek().is_none() || places.any(|place| candidate.scope.covers_span(input.world, place))
}

/// Takes the name out of a comment, or the comment if it is the only one.
fn removal(input: &Input<'_>, candidate: &Candidate, index: usize, place: Span) -> Option<Fix> {
    let title = "remove it".to_owned();
    let comment = input.comments.iter().find(|comment| comment.span == place)?;
    let text = input.world.file(place.file).text()?;
    let span = if candidate.ids.len() > 1 {
        let own = candidate.ids[index].span?;
        match candidate.ids.get(index + 1).and_then(|next| next.span) {
            Some(next) => Span { end: next.start, ..own },
            None => Span { start: candidate.ids[index - 1].span?.end, ..own },
        }
    } else {
        let before = &text[..place.start as usize];
        let start = before.trim_end_matches([' ', '\t']).len();
        let mut end = place.end as usize;
        if comment.position == CommentPosition::Alone {
            let rest = &text[end..];
            end += rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let rest = &text[end..];
            end += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with(['\n', '\r'])) };
        }
        Span::new(place.file, start, end)
    };
    Some(Fix { safety: Safety::Safe, title, edits: vec![Edit { span, text: String::new() }] })
}

/// A finding at a suppression. Its address holds the names, so that a moved line changes nothing.
fn finding(
    input: &Input<'_>,
    candidate: &Candidate,
    rule: &str,
    title: String,
    at: Span,
    about: &str,
) -> Option<Finding> {
    let rule = input.settings.enabled.get(rule)?.clone();
    let path = &input.world.file(at.file).path;
    let names = candidate.entry.rules.join(",");
    let address = match about {
        "" => format!("{path}#allow[{names}]"),
        about => format!("{path}#allow[{names}].{about}"),
    };
    let fingerprint = finding_fingerprint(rule.aliases.first().unwrap_or(&rule.id), &address);
    let role = match candidate.entry.kind {
        EntryKind::Comment => "this comment",
        EntryKind::Config | EntryKind::Foreign => "this entry",
    };
    let primary = AddressedPlace { place: Place::new(at, role), address: address.clone() };
    let subject = Subject { address: address.clone(), name: format!("allow {names}") };
    let path = Path {
        steps: vec![primary.clone()],
        subject: subject.clone(),
        calls: Vec::new(),
        variants: Vec::new(),
        fingerprint: path_fingerprint(&fingerprint, &address, "", [address.as_str()]),
        state: State::New,
    };
    Some(Finding {
        severity: rule.severity,
        confidence: rule.confidence,
        rule,
        title,
        primary,
        subjects: vec![subject],
        paths: vec![path],
        variants: Vec::new(),
        assumptions: Vec::new(),
        missing: Vec::new(),
        fingerprint,
        state: State::New,
        fix: None,
        suppression: None,
    })
}
