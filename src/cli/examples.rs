//! Runs rules over their own examples, for `secure-lint test` and for this repository's tests: each rule alone,
//! whatever its profile and state, with the example's own configuration and comments.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::analyse;
use crate::check::{load, schema, unwritten_paths};
use crate::finding::{Report, Run};
use crate::lower::Description;
use crate::model::schema::Schema;
use crate::report::{Format, Options, write};
use crate::rule::example::{Failure, Linter, judge_rule};
use crate::rule::{RuleError, RuleFile};
use crate::source::World;

/// This program as its rules' examples see it.
pub struct Examiner {
    schema: Schema,
}

impl Default for Examiner {
    fn default() -> Examiner {
        Examiner { schema: schema() }
    }
}

impl Examiner {
    /// Everything that is wrong with one rule's examples; an error if the rule itself cannot be used.
    pub fn examine(&self, rule: &RuleFile) -> Result<Vec<Failure>, Vec<RuleError>> {
        if !rule.is_about_suppressions() {
            let unwritten = unwritten_paths(&load(rule, &self.schema, &BTreeMap::new())?);
            if !unwritten.is_empty() {
                return Err(unwritten);
            }
        }
        judge_rule(rule, self)
    }
}

impl Linter for Examiner {
    fn lint<'w>(&self, world: &'w World, rule: &RuleFile) -> Result<Report<'w>, Vec<RuleError>> {
        let ready = load(rule, &self.schema, &BTreeMap::new())?;
        let outcome = analyse(world, &Description::default(), &[ready]);
        Ok(Report {
            world,
            findings: outcome.findings,
            suppressed: Vec::new(),
            absorbed: Vec::new(),
            fixed: Vec::new(),
            undecided: outcome.undecided,
            problems: outcome.problems,
            secrets: outcome.secrets,
            rules: vec![Arc::clone(&rule.meta)],
            run: Run { read: outcome.read, ..Run::default() },
        })
    }

    fn print(&self, report: &Report<'_>) -> String {
        write(report, Format::Text, &Options::default()).text
    }
}
