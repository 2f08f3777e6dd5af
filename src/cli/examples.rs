//! Runs rules over their own examples, for `secure-lint test` and for this repository's tests: each rule alone,
//! whatever its profile and state, with the example's own configuration and comments.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::analyse;
use crate::check::{Rule, load, unwritten_paths};
use crate::finding::{Report, RuleMeta, Run};
use crate::report::{Format, Options, mask, write};
use crate::rule::example::{Failure, Linter, judge_rule};
use crate::rule::{Catalog, RuleError, RuleFile};
use crate::source::{Span, World};
use crate::triage::{Config, Date, Enabled, Settings, Suppressions, triage};

use super::plan::describe;
use super::session::CONFIG_FILE;

/// This program as its rules' examples see it.
pub struct Examiner {
    /// All rules that comments of examples may name.
    catalog: Catalog,
}

impl Default for Examiner {
    fn default() -> Examiner {
        Examiner::new(Catalog::builtin().unwrap_or_default())
    }
}

impl Examiner {
    pub fn new(catalog: Catalog) -> Examiner {
        Examiner { catalog }
    }

    /// Everything that is wrong with one rule's examples; an error if the rule itself cannot be used.
    pub fn examine(&self, rule: &Arc<RuleFile>) -> Result<Vec<Failure>, Vec<RuleError>> {
        if !rule.is_about_suppressions() {
            let unwritten = unwritten_paths(&load(rule, &BTreeMap::new())?);
            if !unwritten.is_empty() {
                return Err(unwritten);
            }
        }
        judge_rule(rule, self)
    }

    /// The rule; for one about suppressions also those that the example's texts name, since these must judge.
    fn rules_for<'r>(&'r self, world: &World, rule: &'r Arc<RuleFile>) -> Vec<&'r Arc<RuleFile>> {
        let mut rules = vec![rule];
        if rule.is_about_suppressions() {
            let texts: Vec<&str> = world.files().filter_map(|(_, file)| file.text()).collect();
            let is_named =
                |it: &&Arc<RuleFile>| it.id() != rule.id() && texts.iter().any(|text| text.contains(it.id()));
            rules.extend(self.catalog.rules().iter().filter(is_named));
        }
        rules
    }

    fn settings(&self, config: &Config, rules: &[&Arc<RuleFile>]) -> Settings {
        let enabled: Vec<Arc<RuleMeta>> = rules.iter().map(|rule| rule.meta.clone()).collect();
        let mut all_rules = enabled.clone();
        all_rules.extend(self.catalog.metas().filter(|meta| !enabled.iter().any(|it| it.id == meta.id)).cloned());
        Settings {
            enabled: Enabled::exactly(enabled),
            all_rules,
            suppressions: Suppressions::Honoured,
            foreign: config.foreign,
            require_reason: config.require_reason.unwrap_or(true),
            longest_suppression: config.longest_suppression,
            allow: config.allow.clone(),
            config_path: Some(CONFIG_FILE.to_owned()),
            today: Date::of_unix_seconds(TODAY),
        }
    }
}

/// The day on which examples are judged: 2026-01-01.
const TODAY: u64 = 1_767_225_600;

impl Linter for Examiner {
    fn lint<'w>(&self, world: &'w World, rule: &Arc<RuleFile>) -> Result<Report<'w>, Vec<RuleError>> {
        let file = world.find(CONFIG_FILE);
        let text = file.and_then(|file| world.file(file).text()).unwrap_or("");
        let (config, errors) = Config::read(CONFIG_FILE, text);
        if !errors.is_empty() {
            return Err(errors);
        }
        let files = self.rules_for(world, rule);
        let mut ready: Vec<Rule> = Vec::new();
        for file in files.iter().filter(|file| !file.is_about_suppressions()) {
            let params = config
                .params
                .iter()
                .filter(|params| params.rule.text == file.id())
                .flat_map(|params| params.values.iter().map(|(name, value, _)| (name.text.clone(), value.clone())))
                .collect();
            ready.push(load(file, &params)?);
        }
        let place = |named: &crate::triage::Named| file.map(|file| Span::new(file, named.range.0, named.range.1));
        let outcome = analyse(world, &describe(&config, place), &ready);
        let settings = self.settings(&config, &files);
        let mut report = triage(world, outcome, &settings, Run::default()).report;
        report.findings.retain(|finding| finding.rule.id == rule.id());
        report.undecided.retain(|undecided| undecided.rule == rule.id());
        report.rules = vec![Arc::clone(&rule.meta)];
        mask(&mut report);
        Ok(report)
    }

    fn print(&self, report: &Report<'_>) -> String {
        write(report, Format::Text, &Options::default()).text
    }
}
