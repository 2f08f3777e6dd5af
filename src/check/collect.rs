//! From verdicts about single entities of single models to findings: one for each cause, with all its subjects and
//! ways, and the variable sets under which it holds.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::evidence::Way;
use super::fix::{self, Sites};
use super::judge::{Draft, DraftSubject, DraftVerdict};
use crate::finding::{
    AddressedPlace, Confidence, Edit, Finding, Fix, Path, Safety, State, Subject, Undecided, finding_fingerprint,
    path_fingerprint,
};
use crate::model::Model;
use crate::source::{Place, Span, World};

pub(super) struct Collector<'a> {
    world: &'a World,
    sites: &'a dyn Sites,
    n_models: usize,
    findings: BTreeMap<(String, Cause), Gathered>,
    undecided: BTreeMap<Undecided, Vec<usize>>,
}

/// The same fix for one more subject: one cause is mended everywhere at once.
fn add_edits(finding: &mut Finding, fix: Option<Fix>) {
    let (Some(known), Some(fix)) = (&mut finding.fix, fix) else { return };
    let meets = |edit: &Edit| known.edits.iter().any(|other| other == edit || other.span.overlaps(&edit.span));
    if known.title == fix.title && !fix.edits.iter().any(meets) {
        known.edits.extend(fix.edits);
        known.safety = known.safety.max(fix.safety);
    }
}

/// What makes two verdicts of one rule one finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    Place(Span),
    Thing(String),
}

struct Gathered {
    finding: Finding,
    /// In which models it holds, and each way.
    models: Vec<usize>,
    ways: Vec<(Path, Vec<usize>)>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(world: &'a World, sites: &'a dyn Sites, n_models: usize) -> Collector<'a> {
        Collector { world, sites, n_models, findings: BTreeMap::new(), undecided: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, number: usize, model: &Model, draft: Draft<'_>) {
        // What is used in many places is called by what it is: the first place may go.
        let address = match (&draft.subject.thing, &draft.verdict) {
            (Some(thing), _) => thing.clone(),
            (None, DraftVerdict::Undecided(_)) => self.sites.address_of_undecided(draft.subject.span),
            (None, DraftVerdict::Fails { .. }) => self.sites.address(draft.subject.span),
        };
        let subject = Subject { address, name: draft.subject.name.clone() };
        match draft.verdict {
            DraftVerdict::Undecided(mut reasons) => {
                reasons.sort();
                reasons.dedup();
                let undecided = Undecided {
                    rule: draft.rule.meta.id.clone(),
                    subject,
                    place: Some(draft.subject.span),
                    reasons,
                    variants: Vec::new(),
                };
                self.undecided.entry(undecided).or_default().push(number);
            }
            DraftVerdict::Fails { ways, message, fix } => {
                let is_assumed = model.variants.iter().any(|variant| variant.n_variants > 1 && variant.is_assumed);
                let confidence = if is_assumed { Confidence::Likely } else { Confidence::Certain };
                let found = Found { draft: &draft.subject, subject, message, confidence, fix };
                self.add_finding(number, draft.rule, found, ways);
            }
        }
    }

    fn add_finding(&mut self, number: usize, rule: &super::load::Rule, found: Found<'_>, mut ways: Vec<Way>) {
        if ways.is_empty() {
            let place = Place::new(found.draft.span, String::new());
            ways.push(Way { places: vec![place], ..Way::default() });
        }
        for way in &mut ways {
            self.move_out_of_downloads(way, found.draft);
        }
        let primary = self.addressed(&ways[0].places[ways[0].primary]);
        let cause = match &found.draft.thing {
            Some(thing) => Cause::Thing(thing.clone()),
            None => Cause::Place(primary.span()),
        };
        let has_assumption = ways.iter().all(|way| !way.assumptions.is_empty());
        let evidence = if has_assumption { Confidence::Likely } else { Confidence::Certain };
        let confidence = rule.meta.confidence.min(evidence).min(found.confidence);
        let paths: Vec<Path> = ways
            .iter()
            .map(|way| Path {
                steps: way.places.iter().map(|place| self.addressed(place)).collect(),
                subject: found.subject.clone(),
                calls: Vec::new(),
                variants: Vec::new(),
                fingerprint: String::new(),
                state: State::New,
            })
            .collect();
        let title = found.message.unwrap_or_else(|| format!("{}: {}", rule.meta.title, found.draft.shown));
        let sites = self.sites;
        let is_named = matches!(found.fix, Some((fix::Draft::Named(_), _)));
        let places: Vec<Span> = ways.iter().map(|way| way.places[way.primary].span).collect();
        let fix = found.fix.and_then(|(draft, safety)| fix::finished(draft, safety, &places, sites));
        // A literal that had no part in the verdict is not to blame.
        let is_blamed = |edit: &Edit| {
            let places = || ways.iter().flat_map(|way| &way.places);
            edit.span.start == edit.span.end || places().any(|place| place.span.overlaps(&edit.span))
        };
        let fix = fix.filter(|fix| is_named || fix.edits.iter().all(is_blamed));
        let changes = |edit: &Edit| {
            self.world.file(edit.span.file).text().and_then(|text| text.get(edit.span.range())) != Some(&*edit.text)
        };
        // What stands there already mends nothing.
        let fix = fix.filter(|fix| fix.edits.iter().any(changes));
        let gathered = match self.findings.entry((rule.meta.id.clone(), cause)) {
            Entry::Occupied(known) => {
                let known = known.into_mut();
                add_edits(&mut known.finding, fix);
                known
            }
            Entry::Vacant(place) => place.insert(Gathered {
                finding: Finding {
                    rule: rule.meta.clone(),
                    severity: rule.meta.severity,
                    confidence,
                    title,
                    primary,
                    subjects: Vec::new(),
                    paths: Vec::new(),
                    variants: Vec::new(),
                    assumptions: Vec::new(),
                    missing: Vec::new(),
                    fingerprint: String::new(),
                    state: State::New,
                    fix,
                    suppression: None,
                },
                models: Vec::new(),
                ways: Vec::new(),
            }),
        };
        let finding = &mut gathered.finding;
        finding.confidence = finding.confidence.max(confidence);
        finding.subjects.push(found.subject);
        push_new(&mut gathered.models, number);
        for way in &ways {
            for assumption in &way.assumptions {
                push_new(&mut finding.assumptions, assumption.clone());
            }
            for missing in &way.missing {
                push_new(&mut finding.missing, missing.clone());
            }
        }
        for path in paths {
            let is_same = |known: &Path| known.steps == path.steps && known.subject == path.subject;
            match gathered.ways.iter_mut().find(|(known, _)| is_same(known)) {
                Some((known, models)) => {
                    push_new(models, number);
                    push_new(&mut known.calls, found.draft.calls.clone());
                }
                None => gathered.ways.push((Path { calls: vec![found.draft.calls.clone()], ..path }, vec![number])),
            }
        }
    }

    /// Inside a module that is not the user's own, a finding stands at the call; what the user wrote stays.
    fn move_out_of_downloads(&self, way: &mut Way, subject: &DraftSubject) {
        let Some(caller) = subject.caller else { return };
        let is_foreign = |span: Span| {
            let path = &self.world.file(span.file).path;
            path.starts_with(".terraform/") || path.contains("/.terraform/")
        };
        if is_foreign(way.places[way.primary].span) {
            way.places.insert(0, Place::new(caller, "the module is called here"));
            way.primary = 0;
        }
    }

    fn addressed(&self, place: &Place) -> AddressedPlace {
        AddressedPlace { address: self.sites.address(place.span), place: place.clone() }
    }

    pub(super) fn finish(self, models: &[Model]) -> (Vec<Finding>, Vec<Undecided>) {
        let n_models = self.n_models;
        let findings =
            self.findings.into_iter().map(|((_, cause), gathered)| finished(gathered, cause, models)).collect();
        let undecided = self
            .undecided
            .into_iter()
            .map(|(undecided, numbers)| Undecided { variants: variants(&numbers, n_models, models), ..undecided })
            .collect();
        (findings, undecided)
    }
}

struct Found<'a> {
    draft: &'a DraftSubject,
    subject: Subject,
    message: Option<String>,
    confidence: Confidence,
    fix: Option<(fix::Draft, Safety)>,
}

fn finished(gathered: Gathered, cause: Cause, models: &[Model]) -> Finding {
    let Gathered { mut finding, models: holds_in, ways } = gathered;
    finding.variants = variants(&holds_in, models.len(), models);
    finding.subjects.sort();
    finding.subjects.dedup();
    let oldest = finding.rule.aliases.first().unwrap_or(&finding.rule.id).clone();
    finding.fingerprint = match &cause {
        Cause::Place(_) => finding_fingerprint(&oldest, &finding.primary.address),
        Cause::Thing(thing) => finding_fingerprint(&oldest, thing),
    };
    for (mut path, numbers) in ways {
        path.variants = variants(&numbers, models.len(), models);
        let addresses: Vec<&str> = path.steps.iter().map(|step| step.address.as_str()).collect();
        let variant = path.variants.first().map_or("", String::as_str);
        path.fingerprint = path_fingerprint(&finding.fingerprint, &path.subject.address, variant, addresses);
        finding.paths.push(path);
    }
    finding.paths.sort_by_key(|path| path.steps.len());
    finding
}

/// The names of the variable sets, unless it holds under all.
fn variants(numbers: &[usize], n_models: usize, models: &[Model]) -> Vec<String> {
    if numbers.len() == n_models {
        return Vec::new();
    }
    let mut labels: Vec<String> = numbers
        .iter()
        .filter_map(|number| models.get(*number))
        .flat_map(|model| model.variants.iter().filter(|variant| variant.n_variants > 1))
        .map(|variant| variant.label.clone())
        .collect();
    labels.sort();
    labels.dedup();
    labels
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
