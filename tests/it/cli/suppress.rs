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

/// The rows of "what a comment covers": each silences what it says, and a line beside it does not.
#[test]
fn where_a_comment_stands() {
    let ours = "secure-lint: allow privileged-container -- lab";
    let check = |file: &str, text: &str, expected: i32| {
        let stage = Stage::new("stands").with(file, text);
        assert_eq!(code(&stage, &["--fail-on", "high"]), expected, "{text}");
    };
    let tf = |from: &str, to: &str| FAULTY_TF.replace(from, to);
    check("main.tf", FAULTY_TF, 1);
    check("main.tf", &tf(LINE, &format!("{LINE} # {ours}")), 0);
    check("main.tf", &tf(LINE, &format!("{LINE} // {ours}")), 0);
    check("main.tf", &tf(LINE, &format!("{LINE} /* {ours} */")), 0);
    check("main.tf", &tf("    privileged", &format!("    # {ours}\n    privileged")), 0);
    check("main.tf", &format!("# {ours}\n{FAULTY_TF}"), 0);
    check("main.tf", &format!("# {ours}\n# another comment\n{FAULTY_TF}"), 0);
    check("main.tf", &format!("# {ours}\n\n{FAULTY_TF}"), 1);
    check("main.tf", &tf("  family", &format!("  # {ours}\n  family")), 1);
    check("main.tf", &format!("{FAULTY_TF}# {ours}\n"), 1);
}

#[test]
fn in_scripts_and_dockerfiles() {
    let check = |file: &str, rule: &str, text: &str, expected: i32| {
        let stage = Stage::new("stands-elsewhere").with(file, text);
        let played = stage.run(&["check", "--root", ".", "--select", rule, "--profile", "strict"]);
        assert_eq!(played.code, expected, "{text}\n{}", played.out);
    };
    let relative = |comment: &str| format!("FROM scratch\n{comment}WORKDIR app\n");
    let ours = "# secure-lint: allow relative-workdir -- lab\n";
    check("Dockerfile", "relative-workdir", &relative(""), 1);
    check("Dockerfile", "relative-workdir", &relative(ours), 0);
    check("Dockerfile", "relative-workdir", &format!("{ours}{}", relative("")), 1);
    // In a script the shell's own comment: behind the command, or above it.
    let script = |before: &str, after: &str| {
        format!(
            "on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n          \
             {before}curl http://example.com/install.sh | sh{after}\n          make\n"
        )
    };
    let workflow = ".github/workflows/a.yml";
    let rule = "piped-remote-script";
    let ours = format!("# secure-lint: allow {rule} -- lab");
    check(workflow, rule, &script("", ""), 1);
    check(workflow, rule, &script("", &format!(" {ours}")), 0);
    check(workflow, rule, &script(&format!("{ours}\n          "), ""), 0);
    check(workflow, rule, &script(&format!("{ours}\n          true\n          "), ""), 1);
}
