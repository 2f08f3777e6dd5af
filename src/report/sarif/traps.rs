//! The ways in which SARIF files go wrong, as properties of what we write, over worlds made to provoke them. The file
//! is also read back with the types of another crate.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::finding::testing::{finding_at, finding_over, report_over, rule, span_of, step, world};
use crate::finding::{Finding, Report, Severity, State, Suppressed, SuppressionKind};
use crate::source::{Problem, Span, World};

use super::{SarifOptions, SarifProfile, write};

fn hostile_world() -> World {
    world(&[
        ("a b\\c:d%/main.tf", "\u{feff}x = 1\r\nname = \"é😀\" here\r\nblock {\r\n  y = 2\r\n}\r\n"),
        ("git::https:/example/x.tf", "here\n"),
        (".terraform/modules/db/main.tf", "inside\n"),
        ("root.tf", "module \"db\" {\n}\n"),
        ("empty.tf", ""),
    ])
}

fn findings(world: &World) -> Vec<Finding> {
    let odd = "a b\\c:d%/main.tf";
    let mut block = finding_at(world, "whole-block", odd, "block {\r\n  y = 2\r\n}");
    block.title = "see ](1) and [x](7) \u{1b}[2J".to_owned();
    let mut empty = finding_at(world, "some-rule", "root.tf", "module");
    let file = world.find("empty.tf").expect("the world has it");
    empty.primary.place.span = Span::file_start(file);
    empty.paths[0].steps[0].place.span = Span::file_start(file);
    let inside = [
        step(world, "root.tf", "module \"db\"", "calls the module"),
        step(world, ".terraform/modules/db/main.tf", "inside", "written here"),
    ];
    let mut twice = finding_over("some-rule", Severity::High, &[step(world, odd, "here", "")], 0);
    twice.title = String::new();
    let mut unchanged = finding_at(world, "some-rule", odd, "x = 1");
    unchanged.state = State::Unchanged;
    let mut many = (*rule("many-tags", Severity::Low)).clone();
    many.tags = (0..25).map(|n| format!("t{n}")).collect();
    many.title = "t".repeat(2_000);
    let mut tagged = finding_at(world, "many-tags", odd, "y = 2");
    tagged.rule = many.into();
    vec![
        block,
        empty,
        finding_over("in-module", Severity::Critical, &inside, 1),
        finding_at(world, "some-rule", odd, "here"),
        twice,
        unchanged,
        finding_at(world, "some-rule", "git::https:/example/x.tf", "here"),
        tagged,
    ]
}

fn report(world: &World) -> Report<'_> {
    let mut report = report_over(world);
    report.findings = findings(world);
    let mut silenced = finding_at(world, "whole-block", "root.tf", "module");
    silenced.suppression = Some(Suppressed {
        kind: SuppressionKind::Comment,
        place: Some(span_of(world, "root.tf", "module")),
        reason: "because".to_owned(),
        until: None,
        owner: None,
        peer: None,
        peer_id: None,
    });
    report.suppressed = vec![silenced];
    report.problems = vec![Problem::of_file("syntax-error", "root.tf", "odd \u{1b}")];
    report.rules = vec![rule("some-rule", Severity::High), rule("some-rule", Severity::High)];
    report
}

fn run(profile: SarifProfile) -> Value {
    let world = hostile_world();
    let options = SarifOptions { profile, category: None };
    let text = write(&report(&world), &options).text;
    let read_back: serde_sarif::sarif::Sarif = serde_json::from_str(&text).expect("serde-sarif reads it");
    assert_eq!(read_back.runs.len(), 1);
    serde_json::from_str(&text).expect("it is JSON")
}

/// All objects with this key, at any depth.
fn all<'v>(value: &'v Value, key: &str) -> Vec<&'v Value> {
    let mut found = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                found.extend(map.get(key));
                open.extend(map.values());
            }
            Value::Array(values) => open.extend(values),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

#[test]
fn paths_are_relative_encoded_and_not_empty() {
    for profile in SarifProfile::ALL {
        let log = run(profile);
        for uri in all(&log, "uri") {
            let uri = uri.as_str().expect("a uri is text");
            assert!(!uri.is_empty() && !uri.starts_with('/') && !uri.contains(['\\', ' ', ':']), "{uri}");
            assert!(!uri.split('/').any(|part| part == ".."), "{uri}");
        }
        assert!(all(&log, "uriBaseId").is_empty());
    }
}

#[test]
fn regions_are_whole_and_one_line_long() {
    let log = run(SarifProfile::Github);
    let regions = all(&log, "region");
    assert!(!regions.is_empty());
    for region in regions {
        let number = |key: &str| region[key].as_u64().unwrap_or(0);
        assert!(number("startLine") >= 1 && number("startColumn") >= 1);
        assert_eq!(number("startLine"), number("endLine"));
        assert!(number("endColumn") >= number("startColumn"));
    }
}

#[test]
fn columns_are_right_behind_wide_characters_and_a_byte_order_mark() {
    let log = run(SarifProfile::Github);
    let columns: BTreeSet<(u64, u64, u64)> = all(&log, "region")
        .iter()
        .filter_map(|it| Some((it["startLine"].as_u64()?, it["startColumn"].as_u64()?, it["endColumn"].as_u64()?)))
        .collect();
    assert!(columns.contains(&(2, 14, 18)), "{columns:?}");
    assert!(columns.contains(&(1, 1, 6)), "{columns:?}");
    assert!(columns.contains(&(3, 1, 8)), "a span over lines ends with its first: {columns:?}");
}

#[test]
fn rules_are_listed_once_and_results_point_at_them() {
    let log = run(SarifProfile::Github);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("there are rules");
    let ids: Vec<&str> = rules.iter().filter_map(|rule| rule["id"].as_str()).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    assert!(ids.is_sorted());
    for result in run["results"].as_array().expect("there are results") {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(result["ruleId"], rules[index]["id"]);
        assert_eq!(result["locations"].as_array().map(Vec::len), Some(1));
    }
}

#[test]
fn rules_keep_githubs_limits() {
    let log = run(SarifProfile::Github);
    for rule in log["runs"][0]["tool"]["driver"]["rules"].as_array().expect("there are rules") {
        let properties = &rule["properties"];
        assert!(properties["tags"].as_array().is_some_and(|tags| tags.len() <= 10));
        let severity: f64 = properties["security-severity"].as_str().expect("a text").parse().expect("a number");
        assert!((0.0..=10.0).contains(&severity));
        assert!(["very-high", "high", "medium", "low"].contains(&properties["precision"].as_str().unwrap_or("")));
        assert!(rule["shortDescription"]["text"].as_str().is_some_and(|text| text.len() <= 1_024));
        assert!(rule["help"]["markdown"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(rule["help"]["text"].as_str().is_some_and(|text| !text.is_empty()));
    }
}

#[test]
fn messages_have_text_and_link_only_to_what_is_there() {
    for profile in SarifProfile::ALL {
        let log = run(profile);
        for result in log["runs"][0]["results"].as_array().expect("there are results") {
            let ids: BTreeSet<u64> = all(result, "id").into_iter().filter_map(Value::as_u64).collect();
            let text = result["message"]["text"].as_str().expect("a message has text");
            assert!(!text.trim().is_empty());
            for (at, _) in text.match_indices("](") {
                let number = text[at + 2..].split(')').next().unwrap_or("");
                let id: u64 = number.parse().expect("a link is a number");
                assert!(ids.contains(&id), "{text}");
            }
        }
        for message in all(&log, "message") {
            let text = message["text"].as_str().unwrap_or("");
            assert!(!text.is_empty() && !text.contains('\u{1b}'), "{message}");
        }
    }
}

#[test]
fn every_step_of_a_flow_has_a_message() {
    let log = run(SarifProfile::Github);
    let flows = all(&log, "threadFlows");
    assert!(!flows.is_empty());
    for step in all(&log, "location") {
        assert!(step["message"]["text"].is_string());
        assert!(step["physicalLocation"].is_object());
    }
}

#[test]
fn no_two_results_are_one_to_github() {
    let log = run(SarifProfile::Github);
    let results = log["runs"][0]["results"].as_array().expect("there are results");
    let mut seen = BTreeSet::new();
    for result in results {
        let physical = &result["locations"][0]["physicalLocation"];
        let key =
            format!("{}{}{}", result["ruleId"], physical["artifactLocation"]["uri"], physical["region"]["startLine"]);
        assert!(seen.insert(key), "{result}");
    }
    assert_eq!(results.len(), 7);
}

#[test]
fn only_the_full_profile_holds_what_github_misreads() {
    let github = run(SarifProfile::Github);
    for key in ["suppressions", "baselineState", "fixes", "snippet", "contextRegion", "automationDetails"] {
        assert!(all(&github, key).is_empty(), "{key}");
    }
    let full = run(SarifProfile::Full);
    assert_eq!(all(&full, "justification"), ["because"]);
    assert!(!all(&full, "snippet").is_empty());
}

#[test]
fn findings_in_installed_modules_stand_at_the_call() {
    let log = run(SarifProfile::Github);
    let results = log["runs"][0]["results"].as_array().expect("there are results");
    let inside = results.iter().find(|result| result["ruleId"] == "in-module").expect("it is reported");
    assert_eq!(inside["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "root.tf");
}

#[test]
fn rule_text_does_not_depend_on_results() {
    let world = hostile_world();
    let mut some = report(&world);
    some.rules = some.findings.iter().map(|finding| finding.rule.clone()).collect();
    let before: Value = serde_json::from_str(&write(&some, &SarifOptions::default()).text).expect("it is JSON");
    some.findings.clear();
    some.suppressed.clear();
    let after: Value = serde_json::from_str(&write(&some, &SarifOptions::default()).text).expect("it is JSON");
    assert_eq!(before["runs"][0]["tool"], after["runs"][0]["tool"]);
}

#[test]
fn too_many_results_are_cut_from_the_lowest_severity_and_said() {
    let text: String = (0..30_000).map(|n| format!("x{n:05} = 1\n")).collect();
    let world = world(&[("a.tf", &text)]);
    let file = world.find("a.tf").expect("the world has it");
    let mut report = report_over(&world);
    let model = finding_at(&world, "some-rule", "a.tf", "x00000");
    for line in 0..30_000 {
        let mut finding = model.clone();
        finding.primary.place.span = Span::new(file, line * 11, line * 11 + 6);
        finding.paths.clear();
        report.findings.push(finding);
    }
    let sarif = write(&report, &SarifOptions::default());
    assert_eq!(sarif.left_out, 5_000);
    let log: Value = serde_json::from_str(&sarif.text).expect("it is JSON");
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(25_000));
    assert!(sarif.text.contains("5000 results of the lowest severities are left out"));
}
