//! One finding for one cause, the stronger in place of the weaker, and the order in which all is told. Done once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, RootRead};
use crate::source::{QuickMap, Span, World};

/// Findings of one rule at one place are one, whatever model they come from: subjects and ways add up, and so do the
/// sets of variables under which it holds, until they are all of a root's and need not be named.
pub fn unify(findings: Vec<Finding>, roots: &[RootRead]) -> Vec<Finding> {
    let mut unified: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut at: QuickMap<Span, Vec<usize>> = QuickMap::default();
    for finding in findings {
        let there = at.entry(finding.primary.span()).or_default();
        let is_same = |known: &Finding| known.rule.id == finding.rule.id && known.fingerprint == finding.fingerprint;
        match there.iter().find(|index| is_same(&unified[**index])) {
            Some(index) => join(&mut unified[*index], finding),
            None => {
                there.push(unified.len());
                unified.push(finding);
            }
        }
    }
    let complete: BTreeSet<Vec<&str>> = roots
        .iter()
        .map(|root| {
            let mut names: Vec<&str> = root.variants.iter().map(|variant| variant.name.as_str()).collect();
            names.sort_unstable();
            names
        })
        .collect();
    for finding in &mut unified {
        finding.variants.sort();
        let names: Vec<&str> = finding.variants.iter().map(String::as_str).collect();
        if complete.contains(&names) {
            finding.variants.clear();
        }
        for path in &mut finding.paths {
            path.variants.sort();
            let names: Vec<&str> = path.variants.iter().map(String::as_str).collect();
            if complete.contains(&names) {
                path.variants.clear();
            }
        }
        finding.subjects.sort();
        finding.subjects.dedup();
    }
    unified
}

fn join(into: &mut Finding, other: Finding) {
    into.confidence = into.confidence.max(other.confidence);
    into.variants = both(&into.variants, other.variants);
    into.subjects.extend(other.subjects);
    for path in other.paths {
        match into.paths.iter_mut().find(|known| known.fingerprint == path.fingerprint && known.steps == path.steps) {
            Some(known) => known.variants = both(&known.variants, path.variants),
            None => into.paths.push(path),
        }
    }
    for assumption in other.assumptions {
        if !into.assumptions.contains(&assumption) {
            into.assumptions.push(assumption);
        }
    }
    for missing in other.missing {
        if !into.missing.contains(&missing) {
            into.missing.push(missing);
        }
    }
    if into.fix != other.fix {
        // Two ways to mend it that differ are none that can be applied without a look.
        into.fix = None;
    }
}

/// The sets under which one of the two holds; none named means all.
fn both(ours: &[String], theirs: Vec<String>) -> Vec<String> {
    if ours.is_empty() || theirs.is_empty() {
        return Vec::new();
    }
    let all: BTreeSet<String> = ours.iter().cloned().chain(theirs).collect();
    all.into_iter().collect()
}

/// Takes out what a stronger rule says more about, at the same subject.
pub(super) fn absorb(findings: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>) {
    let mut absorbed_at: BTreeSet<(String, String)> = BTreeSet::new();
    for finding in &findings {
        for weaker in &finding.rule.absorbs {
            for subject in &finding.subjects {
                absorbed_at.insert((weaker.clone(), subject.address.clone()));
            }
        }
    }
    let (live, absorbed) = findings.into_iter().partition(|finding: &Finding| {
        let is_absorbed = !finding.subjects.is_empty()
            && finding
                .subjects
                .iter()
                .all(|subject| absorbed_at.contains(&(finding.rule.id.clone(), subject.address.clone())));
        !is_absorbed
    });
    (live, absorbed)
}

/// Severity, confidence, file, line, column, rule. Files are in order of path in a world.
pub(super) fn by_severity(world: &World, findings: &mut [Finding]) {
    debug_assert!(world.files().map(|(_, file)| &file.path).is_sorted());
    findings.sort_by(|a, b| {
        let key = |it: &Finding| (Reverse(it.severity), Reverse(it.confidence), it.primary.span());
        key(a).cmp(&key(b)).then_with(|| a.rule.id.cmp(&b.rule.id)).then_with(|| a.fingerprint.cmp(&b.fingerprint))
    });
    for finding in findings {
        finding.paths.sort_by(|a, b| {
            let spans = |it: &crate::finding::Path| it.steps.iter().map(|step| step.span()).collect::<Vec<_>>();
            a.steps.len().cmp(&b.steps.len()).then_with(|| spans(a).cmp(&spans(b)))
        });
    }
}

/// Equal fingerprints in one report get `~2`, `~3`, … in order of place.
pub(super) fn number_equal_fingerprints(findings: &mut [Finding]) {
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_key(|index| findings[*index].primary.span());
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for index in order {
        let finding = &mut findings[index];
        let n = seen.entry(finding.fingerprint.clone()).or_default();
        *n += 1;
        if *n > 1 {
            finding.fingerprint = format!("{}~{n}", finding.fingerprint);
        }
    }
}
