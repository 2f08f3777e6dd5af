//! Whole repositories in `testdata/worlds`, checked by the program as a user runs it: the text and the SARIF of each
//! stand beside it as `expected.txt` and `expected.sarif`. `UPDATE=1` rewrites both.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use serde_sarif::sarif::Sarif;

#[test]
fn every_world_says_what_is_expected() {
    let mut failures = Vec::new();
    for world in worlds() {
        let text = run(&world, &["-v"]);
        compare(&world.join("expected.txt"), &without_number_of_rules(&text.output), &mut failures);
        let sarif = run(&world, &["--format", "sarif"]);
        compare(&world.join("expected.sarif"), &with_used_rules_only(&sarif.output), &mut failures);
        if text.code != sarif.code {
            failures.push(format!("{}: exit code {} as text, {} as SARIF", shown(&world), text.code, sarif.code));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// A second reader, which is not ours, takes every SARIF file and finds in it what the JSON report says.
#[test]
fn every_sarif_file_can_be_read_back() {
    for world in worlds() {
        let text = run(&world, &["--format", "sarif"]).output;
        let sarif: Sarif = serde_json::from_str(&text).expect("our SARIF is one to serde-sarif");
        let json: Value = serde_json::from_str(&run(&world, &["--format", "json"]).output).expect("our JSON is one");
        let findings = json["findings"].as_array().expect("a report lists its findings");
        let [run] = &sarif.runs[..] else { panic!("{}: not exactly one run", shown(&world)) };
        let results = run.results.as_deref().unwrap_or(&[]);
        // Findings of one rule on one line are one result.
        let lines: BTreeSet<String> = findings
            .iter()
            .map(|finding| format!("{} {} {}", finding["rule"], finding["place"]["file"], finding["place"]["line"]))
            .collect();
        assert_eq!(results.len(), lines.len(), "{}", shown(&world));
        let rules = run.tool.driver.rules.as_deref().unwrap_or(&[]);
        for result in results {
            let index =
                result.rule_index.and_then(|index| usize::try_from(index).ok()).expect("a result names its rule");
            assert_eq!(Some(&rules[index].id), result.rule_id.as_ref(), "{}", shown(&world));
        }
    }
}

/// The same bytes whatever the number of threads, and in every order of the arguments.
#[test]
fn a_run_is_the_same_every_time() {
    for world in worlds() {
        let one = run(&world, &["--threads", "1", "--format", "json"]);
        let many = run(&world, &["--format", "json", "--threads", "7"]);
        assert_eq!(one.output, many.output, "{}", shown(&world));
    }
}

fn worlds() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/worlds");
    let entries = fs::read_dir(folder).expect("testdata/worlds is there");
    let mut worlds: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    worlds.sort();
    assert!(!worlds.is_empty(), "testdata/worlds holds repositories");
    worlds
}

struct Run {
    output: String,
    code: i32,
}

/// Runs the program in a world, with a fixed day and none of the caller's environment.
fn run(world: &Path, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_secure-lint"))
        .current_dir(world)
        .env_clear()
        .args(["check", ".", "--root", ".", "--today", "2026-11-21"])
        .args(arguments)
        .output()
        .expect("the program starts");
    let code = output.status.code().unwrap_or(-1);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(code, 0 | 1), "{}: exit code {code}\n{errors}", shown(world));
    Run { output: String::from_utf8(output.stdout).expect("output is UTF-8"), code }
}

/// A clean run says how many rules looked; a new one must not change every world.
fn without_number_of_rules(text: &str) -> String {
    let is_count = |line: &str| line.starts_with("No findings in ") && line.contains(" rules)");
    let mut kept = String::new();
    for line in text.split_inclusive('\n') {
        match (is_count(line), line.split_once(" (")) {
            (true, Some((before, _))) => kept.push_str(&format!("{before}\n")),
            _ => kept.push_str(line),
        }
    }
    kept
}

/// The SARIF file without the pages of rules, and without the rules that have no result: they stand in their own files, and a new one must not change
/// every world.
fn with_used_rules_only(text: &str) -> String {
    let mut sarif: Value = serde_json::from_str(text).expect("our SARIF is JSON");
    for run in sarif["runs"].as_array_mut().into_iter().flatten() {
        let results = run["results"].as_array().cloned().unwrap_or_default();
        let used: BTreeSet<&str> = results.iter().filter_map(|result| result["ruleId"].as_str()).collect();
        let mut kept = Vec::new();
        if let Some(rules) = run["tool"]["driver"]["rules"].as_array_mut() {
            rules.retain(|rule| rule["id"].as_str().is_some_and(|id| used.contains(id)));
            // Their pages stand in their files, too.
            rules.iter_mut().filter_map(Value::as_object_mut).for_each(|rule| {
                rule.retain(|key, _| !matches!(key.as_str(), "help" | "fullDescription"));
            });
            kept = rules.iter().filter_map(|rule| rule["id"].as_str().map(str::to_owned)).collect();
        }
        for result in run["results"].as_array_mut().into_iter().flatten() {
            let index = result["ruleId"].as_str().and_then(|id| kept.iter().position(|kept| kept == id));
            result["ruleIndex"] = index.into();
        }
    }
    let mut text = serde_json::to_string_pretty(&sarif).expect("JSON can be written");
    text.push('\n');
    text
}

fn compare(path: &Path, output: &str, failures: &mut Vec<String>) {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == output {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, output).expect("the expected text can be written");
        return;
    }
    let differs = expected.lines().zip(output.lines()).position(|(a, b)| a != b);
    let line = differs.unwrap_or_else(|| expected.lines().count().min(output.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("(nothing)").to_owned();
    failures.push(format!(
        "{}:{}: expected `{}`, found `{}` (UPDATE=1 rewrites it)",
        shown(path),
        line + 1,
        at(&expected),
        at(output)
    ));
}

fn shown(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display().to_string()
}
