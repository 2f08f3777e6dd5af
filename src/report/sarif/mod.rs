//! SARIF 2.1.0 in two profiles: `github`, what GitHub code scanning accepts and shows, and `full`, which adds what other
//! viewers want and GitHub ignores or misreads.

mod line_hash;
mod location;
mod result;
mod rules;
#[cfg(test)]
mod traps;
mod types;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Finding, Report, RuleMeta, State};
use crate::source::{Problem, ProblemLevel};

use super::escape::visible;
use super::view::Views;

use location::Locations;
use types::{AutomationDetails, Driver, Invocation, Log, Notification, ResultJson, Run, Text, Tool};

/// What GitHub accepts in one run.
const MOST_RESULTS: usize = 25_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SarifProfile {
    #[default]
    Github,
    Full,
}

impl SarifProfile {
    pub const ALL: [SarifProfile; 2] = [SarifProfile::Github, SarifProfile::Full];

    pub fn name(self) -> &'static str {
        match self {
            SarifProfile::Github => "github",
            SarifProfile::Full => "full",
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct SarifOptions {
    pub profile: SarifProfile,
    /// Becomes `automationDetails.id`; it would override the upload step's category.
    pub category: Option<String>,
}

/// A file and how many results did not fit into it.
pub(super) struct Sarif {
    pub(super) text: String,
    pub(super) left_out: usize,
}

pub(super) fn write(report: &Report<'_>, options: &SarifOptions) -> Sarif {
    let views = Views::new(report);
    let rules = rules_of(report);
    let index: BTreeMap<&str, usize> =
        rules.iter().enumerate().map(|(index, rule)| (rule.id.as_str(), index)).collect();
    let mut locations = Locations::new(views, options.profile);

    let mut results: Vec<ResultJson> = Vec::new();
    let mut left_out = 0;
    for group in groups(report, options.profile, views) {
        if results.len() == MOST_RESULTS {
            left_out += 1;
            continue;
        }
        let Some(rule_index) = index.get(group[0].rule.id.as_str()) else { continue };
        results.extend(result::of_findings(&mut locations, &group, *rule_index, options.profile));
    }
    if options.profile == SarifProfile::Full {
        let open = report.undecided.iter().filter_map(|undecided| {
            let rule_index = index.get(undecided.rule.as_str())?;
            result::of_undecided(&mut locations, undecided, *rule_index)
        });
        results.extend(open);
    }
    let mut notifications: Vec<Notification> =
        report.problems.iter().map(|problem| notification(&mut locations, problem)).collect();
    if left_out > 0 {
        let text =
            format!("{left_out} results of the lowest severities are left out: GitHub takes {MOST_RESULTS} a run");
        notifications.push(Notification { level: "warning", message: Text { text }, locations: Vec::new() });
    }
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "secure-lint",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: rules.iter().map(|rule| rules::rule(rule)).collect(),
                },
            },
            invocations: [Invocation {
                execution_successful: report.run.exit != 2,
                tool_execution_notifications: notifications,
            }],
            automation_details: options
                .category
                .as_ref()
                .map(|category| AutomationDetails { id: format!("{}/", category.trim_end_matches('/')) }),
            column_kind: "utf16CodeUnits",
            results,
        }],
    };
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    Sarif { text, left_out }
}

/// All enabled rules, with the severities that the configuration gives them, and those of the findings; each once,
/// sorted by id.
fn rules_of(report: &Report<'_>) -> Vec<Arc<RuleMeta>> {
    let mut rules: BTreeMap<&str, &Arc<RuleMeta>> = BTreeMap::new();
    let of_findings = report.findings.iter().chain(&report.suppressed).map(|finding| &finding.rule);
    for rule in report.rules.iter().chain(of_findings) {
        rules.entry(&rule.id).or_insert(rule);
    }
    rules.into_values().cloned().collect()
}

/// Findings that GitHub would take for one: one rule, one file, one line. They become one result.
fn groups<'a>(report: &'a Report<'_>, profile: SarifProfile, views: Views<'_>) -> Vec<Vec<&'a Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    let mut places: BTreeMap<_, usize> = BTreeMap::new();
    let suppressed: &[Finding] = match profile {
        SarifProfile::Github => &[],
        SarifProfile::Full => &report.suppressed,
    };
    let live = report.findings.iter().filter(|finding| profile == SarifProfile::Full || finding.state != State::Known);
    for finding in live.chain(suppressed) {
        let span = location::outside_of_modules(views, finding).span();
        let key = (finding.rule.id.as_str(), span.file, views.start(span).line, finding.suppression.is_some());
        match places.get(&key) {
            Some(index) => groups[*index].push(finding),
            None => {
                places.insert(key, groups.len());
                groups.push(vec![finding]);
            }
        }
    }
    groups
}

fn notification(locations: &mut Locations<'_>, problem: &Problem) -> Notification {
    let level = match problem.level {
        ProblemLevel::Note => "note",
        ProblemLevel::Warning => "warning",
        ProblemLevel::Tool => "error",
    };
    let text = format!("{}: {}: {}", visible(&problem.path), problem.reason, visible(&problem.message));
    Notification {
        level,
        message: Text { text },
        locations: problem.span.and_then(|span| locations.plain(span)).into_iter().collect(),
    }
}
