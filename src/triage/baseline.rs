//! The file of known findings, for people who want one. It holds fingerprints and addresses, never a value.

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Fixed, State};

use super::state::{Old, compare};

const SCHEMA: &str = "secure-lint/baseline/1";

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Baseline {
    schema: String,
    findings: Vec<Known>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    fingerprint: String,
    rule: String,
    address: String,
    paths: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    #[error("not a baseline file: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the baseline has the schema `{0}`, this version reads `{SCHEMA}`")]
    Schema(String),
}

impl Baseline {
    pub fn of(findings: &[Finding]) -> Baseline {
        let mut known: Vec<Known> = findings
            .iter()
            .map(|finding| {
                let mut paths: Vec<String> = finding.paths.iter().map(|path| path.fingerprint.clone()).collect();
                paths.sort();
                Known {
                    fingerprint: finding.fingerprint.clone(),
                    rule: finding.rule.id.clone(),
                    address: finding.primary.address.clone(),
                    paths,
                }
            })
            .collect();
        known.sort();
        Baseline { schema: SCHEMA.to_owned(), findings: known }
    }

    pub fn read(text: &str) -> Result<Baseline, BaselineError> {
        let baseline: Baseline = serde_json::from_str(text)?;
        if baseline.schema != SCHEMA {
            return Err(BaselineError::Schema(baseline.schema));
        }
        Ok(baseline)
    }

    /// How many findings it knows.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Marks what the file knows; how many entries match nothing.
    pub fn apply(&self, findings: &mut [Finding], suppressed: &[Finding]) -> usize {
        let mut old = Old::default();
        for known in &self.findings {
            let fixed =
                Fixed { rule: known.rule.clone(), fingerprint: known.fingerprint.clone(), title: String::new() };
            old.insert(fixed, known.paths.iter().cloned());
        }
        compare(findings, suppressed, &old, State::Known);
        old.n_stale(findings.iter().chain(suppressed))
    }

    /// The file without the entries that match nothing.
    pub fn pruned(mut self, findings: &[Finding], suppressed: &[Finding]) -> Baseline {
        let is_there =
            |known: &Known| findings.iter().chain(suppressed).any(|finding| finding.fingerprint == known.fingerprint);
        self.findings.retain(is_there);
        self
    }
}
