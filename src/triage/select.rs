//! Which rules take part and what is said about them: profile, selection, preview, severities, confidence.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Confidence, Finding, Profile, RuleMeta, RuleState, Severity};

use super::config::{Allow, Foreign, Selector};
use super::date::Date;

/// Whether comments and entries silence anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Suppressions {
    #[default]
    Honoured,
    Ignored,
}

/// What the configuration and the flags say together.
#[derive(Clone, Debug)]
pub struct Settings {
    pub enabled: Enabled,
    /// All rules that there are, whatever is enabled: comments may name any.
    pub all_rules: Vec<Arc<RuleMeta>>,
    pub suppressions: Suppressions,
    pub foreign: Foreign,
    pub require_reason: bool,
    pub longest_suppression: Option<u32>,
    pub allow: Vec<Allow>,
    /// The path of the configuration in the world, if it is there.
    pub config_path: Option<String>,
    pub today: Date,
}

/// What selects the rules of a run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub profile: Profile,
    /// Replaces the profile's set; empty: the profile's.
    pub select: Vec<Selector>,
    pub ignore: Vec<Selector>,
    /// All preview rules join.
    pub all_preview: bool,
    /// Preview rules that the configuration names.
    pub preview: Vec<String>,
    pub confidence: Option<Confidence>,
    pub severity: BTreeMap<String, Severity>,
}

/// The rules that take part.
#[derive(Clone, Debug)]
pub struct Enabled {
    /// Sorted by id, with the severities of the configuration.
    rules: Vec<Arc<RuleMeta>>,
    confidence: Confidence,
}

impl Enabled {
    pub fn new(all: &[Arc<RuleMeta>], selection: &Selection) -> Enabled {
        let mut rules: Vec<Arc<RuleMeta>> = all
            .iter()
            .filter(|rule| selection.takes(rule))
            .map(|rule| match selection.severity.get(&rule.id) {
                Some(severity) if *severity != rule.severity => {
                    Arc::new(RuleMeta { severity: *severity, ..(**rule).clone() })
                }
                Some(_) | None => rule.clone(),
            })
            .collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let least = match selection.profile {
            Profile::Default => Confidence::Likely,
            Profile::Strict | Profile::Audit => Confidence::Possible,
        };
        Enabled { rules, confidence: selection.confidence.unwrap_or(least) }
    }

    /// These and no others, whatever their profile and state, with every confidence: for examples.
    pub fn exactly(mut rules: Vec<Arc<RuleMeta>>) -> Enabled {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        Enabled { rules, confidence: Confidence::Possible }
    }

    pub fn rules(&self) -> &[Arc<RuleMeta>] {
        &self.rules
    }

    pub fn has_rule(&self, id: &str) -> bool {
        self.get(id).is_some()
    }

    pub fn get(&self, id: &str) -> Option<&Arc<RuleMeta>> {
        self.rules.binary_search_by(|rule| rule.id.as_str().cmp(id)).ok().map(|index| &self.rules[index])
    }

    /// Whether a finding's rule takes part; if so, the finding gets the severity that holds here.
    pub(super) fn admit(&self, finding: &mut Finding) -> bool {
        let Some(rule) = self.get(&finding.rule.id) else { return false };
        finding.severity = rule.severity;
        finding.rule = rule.clone();
        true
    }

    pub(super) fn is_confident(&self, finding: &Finding) -> bool {
        finding.confidence >= self.confidence
    }
}

impl Selection {
    fn takes(&self, rule: &RuleMeta) -> bool {
        if rule.state == RuleState::Removed || self.ignore.iter().any(|it| it.matches(rule)) {
            return false;
        }
        let is_named = self.select.contains(&Selector::Rule(rule.id.clone())) || self.preview.contains(&rule.id);
        if rule.state == RuleState::Preview && !self.all_preview && !is_named && self.profile != Profile::Audit {
            return false;
        }
        if self.select.is_empty() {
            rule.profile <= self.profile || is_named
        } else {
            self.select.iter().any(|it| it.matches(rule))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::finding::testing::rule;
    use crate::finding::{Profile, RuleMeta, RuleState, Severity};
    use crate::triage::Selector;

    use super::{Enabled, Selection};

    fn rules() -> Vec<Arc<RuleMeta>> {
        let with = |id, profile, state| Arc::new(RuleMeta { profile, state, ..(*rule(id, Severity::Low)).clone() });
        vec![
            with("plain", Profile::Default, RuleState::Stable),
            with("hygiene", Profile::Strict, RuleState::Stable),
            with("everything", Profile::Audit, RuleState::Stable),
            with("new", Profile::Default, RuleState::Preview),
            with("gone", Profile::Default, RuleState::Removed),
        ]
    }

    fn check(selection: Selection, expected: &[&str]) {
        let enabled = Enabled::new(&rules(), &selection);
        let ids: Vec<&str> = enabled.rules().iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, expected, "{selection:?}");
    }

    #[test]
    fn profiles_hold_those_before_them() {
        let of = |profile| Selection { profile, ..Selection::default() };
        check(of(Profile::Default), &["plain"]);
        check(of(Profile::Strict), &["hygiene", "plain"]);
        check(of(Profile::Audit), &["everything", "hygiene", "new", "plain"]);
    }

    #[test]
    fn select_replaces_and_ignore_wins() {
        let select = |names: &[&str]| names.iter().map(|name| Selector::Rule((*name).to_owned())).collect();
        check(Selection { select: select(&["everything", "new"]), ..Selection::default() }, &["everything", "new"]);
        let ignore = vec![Selector::All];
        check(Selection { select: select(&["plain"]), ignore, ..Selection::default() }, &[]);
        check(Selection { select: vec![Selector::All], ..Selection::default() }, &["everything", "hygiene", "plain"]);
        check(Selection { all_preview: true, ..Selection::default() }, &["new", "plain"]);
        check(Selection { preview: vec!["new".to_owned()], ..Selection::default() }, &["new", "plain"]);
    }

    #[test]
    fn a_configured_severity_is_the_rules() {
        let severity = [("plain".to_owned(), Severity::Info)].into();
        let enabled = Enabled::new(&rules(), &Selection { severity, ..Selection::default() });
        assert_eq!(enabled.rules()[0].severity, Severity::Info);
    }
}
