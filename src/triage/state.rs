//! What is new: a finding whose fingerprint was not there before, or one of whose ways was not. Moved lines change
//! nothing; a renamed file is compared under its new name.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Fixed, State, finding_fingerprint, path_fingerprint};

/// What an earlier analysis or a baseline file knew.
#[derive(Clone, Debug, Default)]
pub struct Old {
    findings: BTreeMap<String, Fixed>,
    paths: BTreeSet<String>,
}

impl Old {
    /// The findings of the old tree, with the files that have another name now.
    pub fn of_findings(findings: &[Finding], renamed: &BTreeMap<String, String>) -> Old {
        let mut old = Old::default();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for finding in findings {
            let (fingerprint, paths) = under_new_names(finding, renamed);
            let n = seen.entry(fingerprint.clone()).or_default();
            *n += 1;
            let fingerprint = if *n > 1 { format!("{fingerprint}~{n}") } else { fingerprint };
            let fixed =
                Fixed { rule: finding.rule.id.clone(), fingerprint: fingerprint.clone(), title: finding.title.clone() };
            old.findings.insert(fingerprint, fixed);
            old.paths.extend(paths);
        }
        old
    }

    pub(super) fn insert(&mut self, fixed: Fixed, paths: impl IntoIterator<Item = String>) {
        self.findings.insert(fixed.fingerprint.clone(), fixed);
        self.paths.extend(paths);
    }

    fn knows(&self, finding: &Finding) -> bool {
        self.findings.contains_key(&finding.fingerprint)
            && finding.paths.iter().all(|path| self.paths.contains(&path.fingerprint))
    }

    fn mark(&self, finding: &mut Finding, state: State) {
        for path in &mut finding.paths {
            if self.paths.contains(&path.fingerprint) {
                path.state = state;
            }
        }
        if self.knows(finding) {
            finding.state = state;
        }
    }

    /// Those of which nothing is left.
    fn gone<'f>(&self, findings: impl Iterator<Item = &'f Finding>) -> Vec<Fixed> {
        let now: BTreeSet<&str> = findings.map(|finding| finding.fingerprint.as_str()).collect();
        self.findings.values().filter(|fixed| !now.contains(fixed.fingerprint.as_str())).cloned().collect()
    }

    pub(super) fn n_stale<'f>(&self, findings: impl Iterator<Item = &'f Finding>) -> usize {
        self.gone(findings).len()
    }
}

/// Sets the states of the findings and lists what is gone. Suppressed findings are not gone.
pub fn compare(findings: &mut [Finding], suppressed: &[Finding], old: &Old, state: State) -> Vec<Fixed> {
    for finding in findings.iter_mut() {
        old.mark(finding, state);
    }
    old.gone(findings.iter().chain(suppressed))
}

/// The fingerprints of a finding as they would be with its files under their new names.
fn under_new_names(finding: &Finding, renamed: &BTreeMap<String, String>) -> (String, Vec<String>) {
    let plain = finding.fingerprint.split('~').next().unwrap_or("").to_owned();
    if renamed.is_empty() {
        return (plain, finding.paths.iter().map(|path| path.fingerprint.clone()).collect());
    }
    let rename = |address: &str| match address.split_once('#') {
        Some((home, rest)) => match renamed.get(home) {
            Some(new) => format!("{new}#{rest}"),
            None => address.to_owned(),
        },
        None => address.to_owned(),
    };
    // The hash is over the first id that the rule ever had; one whose address keeps its name keeps its fingerprint.
    let primary = rename(&finding.primary.address);
    let fingerprint = if primary == finding.primary.address {
        plain
    } else {
        let rule = finding.rule.aliases.first().unwrap_or(&finding.rule.id);
        finding_fingerprint(rule, &primary)
    };
    let paths = finding.paths.iter().map(|path| {
        let steps: Vec<String> = path.steps.iter().map(|step| rename(&step.address)).collect();
        let variant = path.variants.first().map_or("", String::as_str);
        let subject = rename(&path.subject.address);
        path_fingerprint(&fingerprint, &subject, variant, steps.iter().map(String::as_str))
    });
    let paths: Vec<String> = paths.collect();
    (fingerprint, paths)
}
