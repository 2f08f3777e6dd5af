//! `explain`: the page of a rule, the rules behind another tool's check, the model that conditions ask. All from the rule
//! files and the schema; there is no other text.

use std::fmt::Write as _;

use serde_json::json;

use crate::check::schema;
use crate::finding::{Cover, Param, RuleMeta, RuleState};
use crate::model::schema::{entities, find_entity};
use crate::report::page_url;
use crate::rule::{Catalog, RuleFile};

use super::arguments::ExplainArguments;
use super::failure::Failure;
use super::session::{open_rules, pretty};
use super::terminal::Streams;

pub(crate) fn run(arguments: &ExplainArguments, streams: Streams) -> Result<u8, Failure> {
    if let Some(entity) = &arguments.model {
        let text = model(entity, &arguments.format)?;
        streams.out_text(&text);
        return Ok(0);
    }
    let catalog = open_rules(&arguments.rules)?;
    let pages: Vec<String> =
        arguments.ids.iter().map(|id| page_of(&catalog, id, &arguments.format, streams)).collect::<Result<_, _>>()?;
    // One is printed as it is; several are one list in JSON.
    streams.out_text(&match (&*pages, arguments.format.as_str()) {
        ([_, _, ..], "json") => {
            format!("[\n{}\n]\n", pages.iter().map(|page| page.trim_end()).collect::<Vec<_>>().join(",\n"))
        }
        _ => pages.join("\n"),
    });
    Ok(0)
}

fn page_of(catalog: &Catalog, id: &str, format: &str, streams: Streams) -> Result<String, Failure> {
    if let Some(rule) = catalog.get(id) {
        if rule.meta.id != id {
            streams.note(&format!("`{id}` is now `{}`", rule.meta.id));
        }
        return Ok(page(rule, format));
    }
    let covering = catalog.by_peer(id);
    match covering.is_empty() {
        true => Err(unknown(catalog, id)),
        false => Ok(peers(id, &covering, format)),
    }
}

fn unknown(catalog: &Catalog, id: &str) -> Failure {
    let help = catalog.nearest(id).map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
    Failure::said(format!("no rule `{id}`, and no rule covers a check of that name{help}"))
}

pub(crate) fn page(rule: &RuleFile, format: &str) -> String {
    match format {
        "json" => pretty(&rule_json(rule)),
        "markdown" => format!("{}\n{}", rule.meta.page.markdown().trim_end(), markdown_facts(&rule.meta)),
        _ => text(&rule.meta),
    }
}

fn text(meta: &RuleMeta) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}\n", meta.title);
    for (name, value) in facts(meta) {
        let _ = writeln!(out, "  {name:<11} {value}");
    }
    let body = meta.page.markdown();
    let body = body.split_once('\n').map_or("", |(_, body)| body);
    let _ = writeln!(out, "\n{}\n", body.trim());
    let _ = writeln!(out, "To accept it:\n  # secure-lint: allow {} until YYYY-MM-DD -- <reason>", meta.id);
    if let Some(url) = page_url(meta) {
        let _ = writeln!(out, "\nmore: {url}");
    }
    out
}

/// What is known of a rule beside its page, in the order in which people ask.
fn facts(meta: &RuleMeta) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("rule", meta.id.clone()),
        ("area", meta.area.to_string()),
        ("severity", meta.severity.name().to_owned()),
        ("confidence", meta.confidence.name().to_owned()),
        ("profile", meta.profile.name().to_owned()),
        ("state", state(meta)),
        ("about", meta.each.clone()),
    ];
    facts.extend(meta.since.as_ref().map(|since| ("since", since.clone())));
    if !meta.params.is_empty() {
        let params = meta.params.iter().map(|(name, value)| format!("{name} = {}", param_json(value)));
        facts.push(("parameters", params.collect::<Vec<_>>().join(", ")));
    }
    if !meta.tags.is_empty() {
        facts.push(("tags", meta.tags.join(", ")));
    }
    if !meta.absorbs.is_empty() {
        facts.push(("absorbs", meta.absorbs.join(", ")));
    }
    if !meta.covers.is_empty() {
        let covers = meta.covers.iter().map(|it| format!("{}:{} ({})", it.peer, it.id, it.relation.name()));
        facts.push(("covers", covers.collect::<Vec<_>>().join(", ")));
    }
    if meta.has_fix {
        facts.push(("fix", "yes".to_owned()));
    }
    facts
}

fn state(meta: &RuleMeta) -> String {
    match (meta.state, &meta.replaced_by) {
        (RuleState::Removed | RuleState::Deprecated, Some(successor)) => {
            format!("{}, replaced by {successor}", meta.state.name())
        }
        (state, _) => state.name().to_owned(),
    }
}

fn markdown_facts(meta: &RuleMeta) -> String {
    let mut out = String::from("\n| | |\n|---|---|\n");
    for (name, value) in facts(meta) {
        let _ = writeln!(out, "| {name} | {} |", value.replace('|', "\\|"));
    }
    let _ = writeln!(out, "\nTo accept it: `# secure-lint: allow {} until YYYY-MM-DD -- <reason>`", meta.id);
    out
}

fn param_json(param: &Param) -> serde_json::Value {
    match param {
        Param::Bool(value) => json!(value),
        Param::Number(value) if value.fract() == 0.0 && value.abs() < 1e15 => json!(*value as i64),
        Param::Number(value) => json!(value),
        Param::Text(text) => json!(text),
        Param::Texts(texts) => json!(texts),
    }
}

pub(crate) fn rule_json(rule: &RuleFile) -> serde_json::Value {
    let meta = &rule.meta;
    let condition = rule.condition.as_ref().map_or("", |condition| condition.text.trim());
    let covers: Vec<_> =
        meta.covers.iter().map(|it| json!({"peer": it.peer, "id": it.id, "relation": it.relation.name()})).collect();
    let params: serde_json::Map<String, serde_json::Value> =
        meta.params.iter().map(|(name, value)| (name.clone(), param_json(value))).collect();
    json!({
        "id": meta.id, "area": meta.area, "title": meta.title, "severity": meta.severity.name(),
        "confidence": meta.confidence.name(), "profile": meta.profile.name(), "state": meta.state.name(),
        "since": meta.since, "replaced_by": meta.replaced_by, "aliases": meta.aliases, "absorbs": meta.absorbs,
        "tags": meta.tags, "covers": covers, "params": params, "each": meta.each, "condition": condition,
        "fix": meta.has_fix, "path": meta.path, "help": page_url(meta), "page": meta.page.markdown(),
    })
}

fn peers(id: &str, covering: &[(&RuleFile, &Cover)], format: &str) -> String {
    if format == "json" {
        let rules: Vec<_> = covering
            .iter()
            .map(|(rule, cover)| {
                json!({"rule": rule.meta.id, "title": rule.meta.title, "peer": cover.peer, "id": cover.id,
                    "relation": cover.relation.name()})
            })
            .collect();
        return pretty(&json!(rules));
    }
    let mut out = String::new();
    let bullet = if format == "markdown" { "- " } else { "  " };
    let peer = covering.first().map_or("", |(_, cover)| cover.peer);
    let _ = writeln!(out, "{id} of {peer} is covered by:");
    for (rule, cover) in covering {
        let words = match cover.relation {
            crate::finding::Relation::Same => "the same check",
            crate::finding::Relation::Wider => "a part of what that check says",
            crate::finding::Relation::Narrower => "more than that check says",
        };
        let _ = writeln!(out, "{bullet}{}: {} ({words})", rule.meta.id, rule.meta.title);
    }
    if let [(rule, _)] = covering {
        let _ = writeln!(out, "\n{}", page(rule, format).trim_end());
    }
    out
}

/// Entities with what can be asked of them.
fn model(entity: &str, format: &str) -> Result<String, Failure> {
    let schema = schema();
    let mut names: Vec<&str> = entities().map(|it| it.name).collect();
    names.sort_unstable();
    let wanted: Vec<&str> = names.iter().copied().filter(|name| entity.is_empty() || *name == entity).collect();
    if wanted.is_empty() {
        let help = crate::source::nearest(entity, names)
            .map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
        return Err(Failure::said(format!("no entity `{entity}`{help}")));
    }
    let mut out = String::new();
    let mut json_entities = Vec::new();
    for it in wanted.into_iter().filter_map(find_entity) {
        let properties: Vec<_> =
            schema.names(it.name).into_iter().filter_map(|name| schema.asked(it.name, name)).collect();
        json_entities.push(json!({
            "entity": it.name, "doc": it.doc,
            "properties": properties.iter().map(|property| json!({
                "name": property.name, "type": property.ty.to_string(), "default": property.default,
                "doc": property.doc})).collect::<Vec<_>>(),
        }));
        let head = if format == "markdown" { "## " } else { "" };
        let _ = writeln!(out, "{head}{}: {}\n", it.name, it.doc.trim());
        for property in properties {
            let default = match property.default {
                "" => String::new(),
                default => format!(", by default {default}"),
            };
            let bullet = if format == "markdown" { "- " } else { "  " };
            let _ = writeln!(out, "{bullet}{} ({}{default}): {}", property.name, property.ty, property.doc.trim());
        }
        out.push('\n');
    }
    if format == "json" { Ok(pretty(&json!(json_entities))) } else { Ok(out) }
}
