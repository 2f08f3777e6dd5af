//! Exit code 2: the place, one suggestion, and nothing written.

use super::stage::{FAULTY, Stage};

fn check(stage: &Stage, arguments: &[&str], expected: &str) {
    let played = stage.run(arguments);
    assert_eq!((played.code, played.out.as_str()), (2, ""), "{arguments:?}: {}", played.err);
    assert_eq!(played.err.trim_end(), expected, "{arguments:?}");
}

#[test]
fn a_misspelt_verb() {
    let stage = Stage::new("misspelt");
    check(&stage, &["chek"], "error: no such file or verb `chek`; did you mean `check`?");
}

#[test]
fn a_path_that_is_not_there() {
    let stage = Stage::new("no-path");
    check(&stage, &["check", "nowhere"], "error: cannot read `nowhere`: no such file or directory");
}

#[test]
fn outputs_that_cannot_be_written() {
    let stage = Stage::new("outputs").with("task.json", FAULTY);
    check(&stage, &["--output", "sarif=no/such.sarif"], "error: cannot write `no/such.sarif`: there is no folder `no`");
    check(&stage, &["--output", "sarf=x"], "error: no format `sarf`; did you mean `sarif`?");
    check(&stage, &["--output", "x"], "error: --output takes FORMAT=FILE, not `x`");
    check(&stage, &["--output", "json=a", "--output", "sarif=./a"], "error: two outputs go to `./a`");
    check(&stage, &["--output", "json=-", "--output", "sarif=-"], "error: two outputs go to standard output");
    check(&stage, &["--format", "josn"], "error: no format `josn`; did you mean `json`?");
    assert!(!stage.folder.join("a").exists());
}

#[test]
fn names_of_rules() {
    let stage = Stage::new("names");
    check(
        &stage,
        &["--select", "privileged-containr"],
        "error: no rule, area or tag `privileged-containr`; did you mean `privileged-container`?",
    );
    check(
        &stage,
        &["explain", "privileged-containr"],
        "error: no rule `privileged-containr`, and no rule covers a check of that name; did you mean \
         `privileged-container`?",
    );
}

#[test]
fn the_configuration() {
    let stage = Stage::new("config").with("secure-lint.toml", "\n\nfail_on = \"high\"\nselect = [\"newtork\"]\n");
    check(
        &stage,
        &["--root", "."],
        "error: unknown key `fail_on`\n --> secure-lint.toml:3:1\n  |\n3 | fail_on = \"high\"\n  | ^^^^^^^ did you mean \
         `fail-on`?",
    );
    let none = stage.run(&["--root", ".", "--no-config"]);
    assert_eq!(none.code, 0, "{}", none.err);
    check(&stage, &["--config", "other.toml"], "error: cannot read `other.toml`: no such file or directory");
}

#[test]
fn a_rule_file() {
    let stage = Stage::new("rule-file").with(
        ".secure-lint/rules/my-rule.md",
        "---\nseverity: high\neach: container\n---\n# A thing\n\nText.\n\n```hcl require\n!container.privilged\n```\n\n## Bad: x\n\n## Good: x\n",
    );
    let played = stage.run(&["--root", "."]);
    assert_eq!(played.code, 2);
    assert!(played.err.contains("--> .secure-lint/rules/my-rule.md:10:11"), "{}", played.err);
    assert!(played.err.contains("did you mean `privileged`?"), "{}", played.err);
}

#[test]
fn standard_input_needs_a_name() {
    let stage = Stage::new("stdin-name");
    check(&stage, &["check", "-"], "error: `-` needs --stdin-filename: the path that the text stands for");
}

#[test]
fn a_day_that_is_none() {
    let stage = Stage::new("day");
    check(&stage, &["--today", "2026-02-30"], "error: `2026-02-30` is not a day; write it as 2026-12-31");
}

#[test]
fn a_flag_that_is_none() {
    let stage = Stage::new("flag");
    let played = stage.run(&["check", "--slect", "x"]);
    assert_eq!((played.code, played.out.as_str()), (2, ""));
    assert!(
        played.err.contains("unexpected argument '--slect'") && played.err.contains("'--select'"),
        "{}",
        played.err
    );
    let played = stage.run(&["check", "--profile", "strct"]);
    assert_eq!(played.code, 2);
    assert!(played.err.contains("'strict'"), "{}", played.err);
}

/// An output that fails while it is written is told after all others are, and beats the findings.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_with_two() {
    let stage = Stage::new("full").with("task.json", FAULTY);
    let played = stage.check(&["--output", "json=/dev/full", "--output", "sarif=a.sarif"]);
    assert_eq!(played.code, 2);
    assert!(played.err.contains("error: cannot write `/dev/full`"), "{}", played.err);
    assert!(stage.read("a.sarif").contains("privileged-container") && played.out.contains("privileged-container"));
}

#[test]
fn the_first_code_that_holds() {
    let stage = Stage::new("codes").with("task.json", FAULTY).with("broken.tf", "resource {\n");
    assert_eq!(stage.check(&["--require-complete"]).code, 1);
    assert_eq!(stage.check(&["--require-complete", "--fail-on", "critical"]).code, 3);
    assert_eq!(stage.check(&["--fail-on", "critical"]).code, 0);
    stage.write("secure-lint.toml", "accept-incomplete = [\"syntax-error\"]\n");
    assert_eq!(stage.check(&["--require-complete", "--fail-on", "critical"]).code, 0);
    assert_eq!(stage.check(&["--format", "nope"]).code, 2);
}
