//! `rules`: the catalog, one line a rule.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::json;

use crate::finding::{Profile, RuleMeta, RuleState};
use crate::report::csv_field;
use crate::rule::RuleFile;
use crate::triage::{Enabled, Names, Selection};

use super::arguments::RulesArguments;
use super::explain::rule_json;
use super::failure::Failure;
use super::plan::selectors;
use super::session::{open_rules, pretty};
use super::terminal::Streams;

pub(crate) fn run(arguments: &RulesArguments, streams: Streams) -> Result<u8, Failure> {
    let catalog = open_rules(&arguments.rules)?;
    let metas: Vec<_> = catalog.metas().cloned().collect();
    let files: Vec<&Arc<RuleFile>> = match is_filtered(arguments) {
        false => catalog.rules().iter().collect(),
        true => {
            let names = Names::new(&metas);
            let flags = &arguments.select;
            let selection = Selection {
                profile: flags.profile.as_deref().and_then(Profile::parse).unwrap_or_default(),
                select: selectors(names, flags.select.iter().map(String::as_str))?,
                ignore: selectors(names, flags.ignore.iter().map(String::as_str))?,
                all_preview: flags.preview,
                ..Selection::default()
            };
            let enabled = Enabled::new(&metas, &selection);
            catalog.rules().iter().filter(|rule| enabled.has_rule(rule.id())).collect()
        }
    };
    let rules: Vec<&RuleMeta> = files.iter().map(|rule| &*rule.meta).collect();
    let text = match arguments.format.as_str() {
        "json" => pretty(&json!(files.iter().map(|rule| rule_json(rule)).collect::<Vec<_>>())),
        "markdown" => markdown(&rules, arguments.covers),
        "csv" => csv(&rules, arguments.covers),
        _ => plain(&rules, arguments.covers),
    };
    streams.out_text(&text);
    Ok(0)
}

fn is_filtered(arguments: &RulesArguments) -> bool {
    let flags = &arguments.select;
    !flags.select.is_empty() || !flags.ignore.is_empty() || flags.profile.is_some() || flags.preview
}

fn covers(rule: &RuleMeta) -> String {
    rule.covers.iter().map(|it| format!("{}:{}", it.peer, it.id)).collect::<Vec<_>>().join(" ")
}

fn plain(rules: &[&RuleMeta], with_covers: bool) -> String {
    let widest = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut out = String::new();
    for rule in rules {
        let state = match rule.state {
            RuleState::Stable => String::new(),
            state => format!(" [{}]", state.name()),
        };
        let covers = if with_covers { format!("  {}", covers(rule)) } else { String::new() };
        let line = format!(
            "{:<widest$}  {:<8}  {:<7}  {}{state}{covers}",
            rule.id,
            rule.severity.name(),
            rule.profile.name(),
            rule.title
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

pub(crate) fn markdown(rules: &[&RuleMeta], with_covers: bool) -> String {
    let mut out = String::from("| rule | severity | profile | state | title |");
    out.push_str(if with_covers { " covers |\n|---|---|---|---|---|---|\n" } else { "\n|---|---|---|---|---|\n" });
    for rule in rules {
        let covers = if with_covers { format!(" {} |", covers(rule)) } else { String::new() };
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} |{covers}",
            rule.id,
            rule.severity.name(),
            rule.profile.name(),
            rule.state.name(),
            rule.title.replace('|', "\\|")
        );
    }
    out
}

fn csv(rules: &[&RuleMeta], with_covers: bool) -> String {
    let mut out = String::from("rule,area,severity,profile,state,title");
    out.push_str(if with_covers { ",covers\r\n" } else { "\r\n" });
    for rule in rules {
        let mut fields = vec![
            rule.id.clone(),
            rule.area.to_string(),
            rule.severity.name().to_owned(),
            rule.profile.name().to_owned(),
            rule.state.name().to_owned(),
            rule.title.clone(),
        ];
        if with_covers {
            fields.push(covers(rule));
        }
        let fields: Vec<String> = fields.iter().map(|field| csv_field(field)).collect();
        let _ = write!(out, "{}\r\n", fields.join(","));
    }
    out
}
