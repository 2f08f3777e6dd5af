//! The other verbs: explain, rules, test, init, fix, completions, man, docs.

use std::path::Path;
use std::process::Command;

use super::stage::{FAULTY, FAULTY_TF, RULE, Stage};

fn rules(stage: &Stage) -> Vec<serde_json::Value> {
    let played = stage.run(&["rules", "--format", "json"]);
    let rules: serde_json::Value = serde_json::from_str(&played.out).expect("it is JSON");
    rules.as_array().cloned().expect("it is a list")
}

fn rule_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("the folder can be read").flatten();
    entries.map(|entry| if entry.path().is_dir() { rule_files(&entry.path()) } else { 1 }).sum()
}

#[test]
fn every_rule_explains_itself_and_its_peers() {
    let stage = Stage::new("explain");
    let rules = rules(&stage);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(rules.len(), rule_files(&root.join("rules")));
    // Many at once: a process for each rule and check would be thousands.
    for some in rules.chunks(200) {
        let ids = some.iter().map(|rule| rule["id"].as_str().expect("a rule has an id"));
        let explained = explained(&stage, ids.clone());
        assert_eq!(explained.len(), some.len());
        for ((id, rule), explained) in ids.clone().zip(some).zip(&explained) {
            assert_eq!((explained["id"].as_str(), &explained["title"]), (Some(id), &rule["title"]));
            let path = rule["path"].as_str().expect("a rule has a path");
            assert!(root.join(path).is_file(), "{path}");
            assert!(rule["help"].as_str().is_some_and(|url| url.ends_with(path)), "{id}");
        }
        for format in ["text", "markdown"] {
            let played = stage.run(&words(ids.clone(), format));
            assert_eq!(played.code, 0, "{}", played.err);
            for rule in some {
                let title = rule["title"].as_str().expect("a rule has a title");
                assert!(played.out.contains(title), "{title} as {format}");
            }
        }
    }
    let of_rule = |rule: &serde_json::Value| {
        let covers = rule["covers"].as_array().expect("covers is a list").clone();
        let id = rule["id"].clone();
        covers.into_iter().map(move |cover| {
            let word = |key: &str| cover[key].as_str().unwrap_or("").to_owned();
            (format!("{}:{}", word("peer"), word("id")), id.clone())
        })
    };
    let covers: Vec<(String, serde_json::Value)> = rules.iter().flat_map(of_rule).collect();
    for some in covers.chunks(500) {
        let explained = explained(&stage, some.iter().map(|(name, _)| name.as_str()));
        assert_eq!(explained.len(), some.len());
        for ((name, id), explained) in some.iter().zip(&explained) {
            let rules = explained.as_array().expect("the rules of a check are a list");
            assert!(rules.iter().any(|rule| rule["rule"] == *id), "{name}: {explained}");
        }
    }
}

fn words<'a>(ids: impl Iterator<Item = &'a str>, format: &'a str) -> Vec<&'a str> {
    ["explain", "--format", format].into_iter().chain(ids).collect()
}

/// What several rules or checks say of themselves, each as one value.
fn explained<'a>(stage: &Stage, ids: impl Iterator<Item = &'a str>) -> Vec<serde_json::Value> {
    let played = stage.run(&words(ids, "json"));
    assert_eq!(played.code, 0, "{}", played.err);
    serde_json::from_str(&played.out).expect("it is a list in JSON")
}

#[test]
fn a_peers_id_in_any_case() {
    let stage = Stage::new("peer");
    let played = stage.run(&["explain", "ckv_aws_334"]);
    assert_eq!(played.code, 0, "{}", played.err);
    assert!(played.out.contains("privileged-container"), "{}", played.out);
}

#[test]
fn own_rules_are_tested_like_the_built_in_ones() {
    let rule = "---\nseverity: low\neach: container\n---\n# A container has no name of ours\n\nText.\n\n```hcl require\n\
                container.name == \"ours\"\n```\n\n## Bad: another\n\n```json task.json\n\
                {\"family\": \"x\", \"containerDefinitions\": [{\"name\": \"NAME\", \"image\": \"nginx\"}]}\n```\n\n\
                ## Good: ours\n\n```json task.json\n\
                {\"family\": \"x\", \"containerDefinitions\": [{\"name\": \"ours\", \"image\": \"nginx\"}]}\n```\n\n\
                ## Never unknown: the name is always written\n";
    let stage = Stage::new("own-rules").with(".secure-lint/rules/our-name.md", &rule.replace("NAME", "theirs"));
    let played = stage.run(&["test"]);
    assert_eq!((played.code, played.out.as_str()), (0, "1 rule: all examples hold\n"), "{}", played.err);
    stage.write(".secure-lint/rules/our-name.md", &rule.replace("NAME", "ours"));
    let played = stage.run(&["test"]);
    assert_eq!(played.code, 1);
    assert!(played.out.contains("our-name, Bad: another: no finding"), "{}", played.out);
    stage.write("task.json", FAULTY);
    let used = stage.run(&["check", "--root", ".", "--select", "own", "--format", "concise", "-q"]);
    assert!(used.out.contains("our-name"), "{}", used.out);
}

#[test]
fn init_overwrites_nothing() {
    let stage = Stage::new("init");
    let first = stage.run(&["init", "--hook", "--workflow"]);
    assert_eq!(first.code, 0, "{}", first.err);
    assert_eq!(stage.run(&["check", "--root", "."]).code, 0);
    assert_eq!(stage.run(&["init", "--hook", "--workflow"]).code, 0);
    stage.write("secure-lint.toml", "profile = \"strict\"\n");
    let again = stage.run(&["init"]);
    assert_eq!(again.code, 2);
    assert_eq!(stage.read("secure-lint.toml"), "profile = \"strict\"\n");
}

#[test]
fn a_diff_applied_is_a_fix() {
    let by_fix = Stage::new("fix").with("main.tf", FAULTY_TF).with("task.json", FAULTY);
    let by_patch = Stage::new("fix-diff").with("main.tf", FAULTY_TF).with("task.json", FAULTY);
    let fix = ["fix", "--root", ".", "--unsafe", "--select", RULE];
    let diff = by_patch.run(&[&fix[..], &["--diff"]].concat());
    assert_eq!(diff.code, 1, "{}", diff.err);
    by_patch.write("change.diff", &diff.out);
    let patched = Command::new("patch").args(["-s", "-p1", "-i", "change.diff"]).current_dir(&by_patch.folder).status();
    assert!(patched.expect("patch runs").success());
    let fixed = by_fix.run(&fix);
    assert_eq!(fixed.code, 0, "{}{}", fixed.out, fixed.err);
    for file in ["main.tf", "task.json"] {
        assert_eq!(by_fix.read(file), by_patch.read(file));
    }
    assert_eq!(by_fix.read("main.tf"), FAULTY_TF.replace("privileged = true", "privileged = false"));
}

#[test]
fn an_idle_comment_is_removed() {
    let text = FAULTY_TF.replace("privileged = true", "privileged = false");
    let idle = format!("# secure-lint: allow privileged-container -- was needed\n{text}");
    let stage = Stage::new("fix-idle").with("main.tf", &idle);
    let fixed = stage.run(&["fix", "--root", ".", "--select", "unused-suppression,privileged-container"]);
    assert_eq!(fixed.code, 0, "{}{}", fixed.out, fixed.err);
    assert_eq!(stage.read("main.tf"), text);
}

#[test]
fn help_fits_a_screen() {
    let stage = Stage::new("help");
    let verbs = [
        "check",
        "explain",
        "rules",
        "test",
        "init",
        "fix",
        "suppressions",
        "hops",
        "iam",
        "baseline",
        "migrate",
        "completions",
        "man",
    ];
    let calls = verbs.iter().map(|verb| vec![*verb, "--help"]).chain([vec!["--help"]]);
    for call in calls {
        let played = stage.run(&call);
        let verb = call[0];
        assert_eq!(played.code, 0, "{verb}");
        assert!(played.out.lines().count() <= 50, "{verb}");
        for line in played.out.lines() {
            assert!(line.chars().count() <= 80, "{verb}: {line}");
        }
    }
}

#[test]
fn completions_and_the_man_page() {
    let stage = Stage::new("completions");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let played = stage.run(&["completions", shell]);
        assert_eq!(played.code, 0, "{shell}");
        assert!(played.out.contains("require-complete"), "{shell}");
    }
    let page = stage.run(&["man"]).out;
    assert!(page.contains("SECURE-LINT CHECK") && page.contains("sarif\\-category"), "{page}");
}

#[test]
fn the_model_can_be_asked() {
    let stage = Stage::new("model");
    let played = stage.run(&["explain", "--model", "container"]);
    assert!(played.out.contains("  privileged (flag"), "{}", played.out);
    assert_eq!(stage.run(&["explain", "--model", "contaner"]).code, 2);
    let all: serde_json::Value =
        serde_json::from_str(&stage.run(&["explain", "--model", "--format", "json"]).out).expect("it is JSON");
    assert!(all.as_array().is_some_and(|entities| entities.len() > 20));
}

#[test]
fn pages_for_the_documentation() {
    let stage = Stage::new("docs");
    assert_eq!(stage.run(&["docs", "out"]).code, 0);
    assert!(stage.read("out/migrating/checkov.md").contains("CKV_AWS_334"));
    assert!(stage.read("out/rules/privileged-container.md").starts_with("# A container runs"));
}
