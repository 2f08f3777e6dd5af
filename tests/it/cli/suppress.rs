//! Suppressions from the outside: days, other tools' comments, lists.

use super::stage::{FAULTY, FAULTY_TF, Stage};

const LINE: &str = "privileged = true";

fn stage(name: &str, comment: &str) -> Stage {
    Stage::new(name).with("main.tf", &FAULTY_TF.replace(LINE, &format!("{LINE} # {comment}")))
}

fn code(stage: &Stage, arguments: &[&str]) -> i32 {
    stage.check(arguments).code
}

#[test]
fn a_comment_until_a_day() {
    let stage = stage("until", "secure-lint: allow privileged-container until 2026-06-15 -- lab");
    assert_eq!(code(&stage, &["--today", "2026-06-15"]), 0);
    assert_eq!(code(&stage, &["--today", "2026-06-16"]), 1);
    assert_eq!(code(&stage, &["--today", "2026-06-15", "--no-suppressions"]), 1);
    assert_eq!(code(&stage, &["--today", "2026-06-15", "--profile", "audit"]), 1);
    let shown = stage.check(&["--today", "2026-06-15", "--show-suppressed"]);
    assert!(
        shown.out.contains("(suppressed)") && shown.out.contains("= suppressed: comment at main.tf:6: lab"),
        "{}",
        shown.out
    );
}

#[test]
fn a_comment_of_another_tool() {
    let stage = stage("foreign", "checkov:skip=CKV_AWS_334:needed for the agent");
    assert_eq!(code(&stage, &[]), 0);
    stage.write("secure-lint.toml", "foreign-suppressions = \"off\"\n");
    assert_eq!(code(&stage, &[]), 1);
}

#[test]
fn an_entry_for_a_file_without_comments() {
    let stage = Stage::new("entry")
        .with("task.json", FAULTY)
        .with("secure-lint.toml", "[[allow]]\nrule = \"privileged-container\"\nfile = \"*.json\"\nreason = \"lab\"\n");
    assert_eq!(code(&stage, &[]), 0);
    let listed = stage.run(&["suppressions", "--root", "."]);
    assert_eq!(listed.out, "secure-lint.toml:1: privileged-container: active, silences 1: lab\n");
    let json: serde_json::Value =
        serde_json::from_str(&stage.run(&["suppressions", "--root", ".", "--format", "json"]).out).expect("it is JSON");
    assert_eq!(json[0]["state"], "active");
}

#[test]
fn comments_of_other_tools_become_ours() {
    let stage = stage("migrate", "checkov:skip=CKV_AWS_334:needed for the agent");
    let diff = stage.run(&["migrate", "--root", "."]);
    assert!(diff.out.contains("+# secure-lint: allow privileged-container -- needed for the agent"), "{}", diff.out);
    assert!(stage.read("main.tf").contains("checkov"));
    stage.run(&["migrate", "--root", ".", "--write"]);
    assert!(!stage.read("main.tf").contains("checkov"));
    assert_eq!(code(&stage, &[]), 0);
}
