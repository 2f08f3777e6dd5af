//! All suppressions of a run, each with what is wrong with it.

use crate::source::{Comment, Span};
use crate::triage::Date;
use crate::triage::config::{Allow, AllowTarget, Names, Selector};

use super::own::{self, OwnComment};
use super::scope::Scope;
use super::{Candidate, Entry, EntryKind, EntryState, Fault, Id, Input, foreign};

/// Third parties do not silence our findings.
const INSTALLED_MODULES: &str = ".terraform/modules/";

pub(super) fn all(input: &Input<'_>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for comment in input.comments {
        let path = &input.world.file(comment.span.file).path;
        if path.contains(INSTALLED_MODULES) {
            continue;
        }
        match own::read(&comment.text) {
            Some(own) => candidates.push(of_comment(input, comment, own)),
            None => {
                let kind = input.kinds.get(path).copied();
                candidates.extend(foreign::candidates(input, comment, kind));
            }
        }
    }
    candidates.extend(input.settings.allow.iter().map(|allow| of_allow(input, allow)));
    candidates
}

fn of_comment(input: &Input<'_>, comment: &Comment, own: OwnComment) -> Candidate {
    let text_start = input.world.text(comment.span).find(&comment.text).unwrap_or(0);
    let span_of = |range: &std::ops::Range<usize>| {
        let start = comment.span.start as usize + text_start;
        Span::new(comment.span.file, start + range.start, start + range.end)
    };
    let names = Names::new(&input.settings.all_rules);
    let mut faults: Vec<Fault> = own.faults.into_iter().map(Fault::Malformed).collect();
    let mut ids = Vec::new();
    for (text, range) in &own.ids {
        let selector = match names.rule(text) {
            Some(rule) => Some(Selector::Rule(rule.id.clone())),
            None => {
                faults.push(unknown_rule(names, text));
                None
            }
        };
        ids.push(Id { text: text.clone(), span: Some(span_of(range)), selector, silenced: 0 });
    }
    let entry = Entry {
        kind: EntryKind::Comment,
        place: Some(comment.span),
        rules: own.ids.into_iter().map(|(text, _)| text).collect(),
        reason: own.reason.unwrap_or_default(),
        until: own.until,
        owner: None,
        peer: None,
        state: EntryState::Active,
        silenced: 0,
    };
    checked(input, Candidate { entry, ids, scope: Scope::Spans(comment.covers.clone()), faults, peer_id: None })
}

fn of_allow(input: &Input<'_>, allow: &Allow) -> Candidate {
    let names = Names::new(&input.settings.all_rules);
    let file = input.settings.config_path.as_ref().and_then(|path| input.world.find(path));
    let span = |range: std::ops::Range<usize>| file.map(|file| Span::new(file, range.start, range.end));
    let by_file = matches!(allow.target, AllowTarget::File(_));
    let mut faults = Vec::new();
    let mut ids = Vec::new();
    for named in &allow.rules {
        let selector = match names.selector(&named.text) {
            Ok(Selector::Rule(id)) => Some(Selector::Rule(id)),
            Ok(wide) if by_file => Some(wide),
            Ok(_) => {
                faults.push(Fault::Malformed(format!("`{}` needs a `file`; elsewhere name the rule", named.text)));
                None
            }
            Err(_) => {
                faults.push(unknown_rule(names, &named.text));
                None
            }
        };
        ids.push(Id { text: named.text.clone(), span: span(named.range()), selector, silenced: 0 });
    }
    let scope = match &allow.target {
        AllowTarget::Address(address) => Scope::Address(address.clone()),
        AllowTarget::Fingerprint(fingerprint) => Scope::Fingerprint(fingerprint.clone()),
        AllowTarget::File(pattern) => Scope::glob(pattern),
    };
    if let (AllowTarget::File(pattern), Scope::Glob(None)) = (&allow.target, &scope) {
        faults.push(Fault::Malformed(format!("`{pattern}` is not a pattern")));
    }
    let entry = Entry {
        kind: EntryKind::Config,
        place: span(allow.range.clone()),
        rules: allow.rules.iter().map(|named| named.text.clone()).collect(),
        reason: allow.reason.clone(),
        until: allow.until,
        owner: allow.owner.clone(),
        peer: None,
        state: EntryState::Active,
        silenced: 0,
    };
    checked(input, Candidate { entry, ids, scope, faults, peer_id: None })
}

fn unknown_rule(names: Names<'_>, text: &str) -> Fault {
    let nearest = names.nearest(text).map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
    Fault::Malformed(format!("there is no rule `{text}`{nearest}"))
}

/// The faults that comments and entries share.
fn checked(input: &Input<'_>, mut candidate: Candidate) -> Candidate {
    let settings = input.settings;
    if settings.require_reason && candidate.entry.reason.is_empty() && candidate.faults.is_empty() {
        candidate.faults.push(Fault::WithoutReason);
    }
    if let (Some(until), Some(longest)) = (candidate.entry.until, settings.longest_suppression) {
        candidate.faults.extend(too_long(settings.today, until, longest));
    }
    if !candidate.faults.is_empty() {
        candidate.entry.state = EntryState::Malformed;
    }
    candidate
}

fn too_long(today: Date, until: Date, longest: u32) -> Option<Fault> {
    let days = today.days_until(until);
    let message = format!("`until` lies {days} days ahead; at most {longest} are allowed here");
    (days > i64::from(longest)).then_some(Fault::Malformed(message))
}
