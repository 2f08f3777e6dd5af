//! What is read: ignore files, hidden folders, links, pipes, sizes, git's index, standard input.

use std::io::Write;
use std::process::{Command, Stdio};

use super::stage::{FAULTY, FAULTY_TF, RULE, Stage};

/// The paths with findings, in the order of the report.
fn found(stage: &Stage, arguments: &[&str]) -> Vec<String> {
    let mut all = vec!["--format", "ndjson"];
    all.extend(arguments);
    let played = stage.check(&all);
    let row = |line: &str| -> serde_json::Value { serde_json::from_str(line).expect("a row is JSON") };
    played.out.lines().map(|line| row(line)["file"].as_str().unwrap_or("").to_owned()).collect()
}

#[test]
fn ignore_files_and_hidden_folders() {
    let stage = Stage::new("ignored")
        .with(".gitignore", "/out\n")
        .with("out/task.json", FAULTY)
        .with("src/task.json", FAULTY)
        .with(".cache/main.tf", FAULTY_TF)
        .with(".github/task.json", FAULTY);
    assert_eq!(found(&stage, &[]), [".github/task.json", "src/task.json"]);
    assert_eq!(found(&stage, &["--no-ignore-files"]), [".github/task.json", "out/task.json", "src/task.json"]);
    assert_eq!(found(&stage, &["out/task.json"]), ["out/task.json"]);
    assert_eq!(found(&stage, &["--exclude", "src/**"]), [".github/task.json"]);
    assert_eq!(found(&stage, &["--exclude", "src/**", "src"]), ["src/task.json"]);
    assert_eq!(found(&stage, &["--include", "out/*.json"]), [".github/task.json", "out/task.json", "src/task.json"]);
}

#[test]
fn inner_ignore_files_come_before_outer_ones_and_ours_before_gits() {
    let stage = Stage::new("ignored-in-order")
        .with(".gitignore", "*.json\n!/kept/\n")
        .with(".git/info/exclude", "excluded/\n")
        .with(".ignore", "!/a/task.json\n")
        .with("a/task.json", FAULTY)
        .with("b/.gitignore", "!task.json\n")
        .with("b/task.json", FAULTY)
        .with("b/inner/task.json", FAULTY)
        .with("c/task.json", FAULTY)
        .with("excluded/main.tf", FAULTY_TF)
        .with("d/.ignore", "main.tf\n")
        .with("d/main.tf", FAULTY_TF)
        .with("e/main.tf", FAULTY_TF);
    assert_eq!(found(&stage, &[]), ["a/task.json", "b/inner/task.json", "b/task.json", "e/main.tf"]);
    // What lies above a path that is named counts as well.
    assert_eq!(found(&stage, &["b", "c"]), ["b/inner/task.json", "b/task.json"]);
    assert_eq!(found(&stage, &["c", "--no-ignore-files"]), ["c/task.json"]);
}

#[test]
fn a_broken_file_costs_itself_alone() {
    let stage = Stage::new("broken").with("task.json", FAULTY).with("broken.tf", "resource \"a\" {\n");
    assert_eq!(found(&stage, &[]), ["task.json"]);
    let played = stage.check(&["-v"]);
    assert!(played.out.contains("not read: 1\n"), "{}", played.out);
    assert!(played.out.contains("broken.tf"), "{}", played.out);
}

#[test]
fn files_over_the_limit_are_told() {
    let stage = Stage::new("large").with("task.json", FAULTY).with("big.tf", &"#".repeat(3_000));
    stage.write("secure-lint.toml", "max-file-size = \"1 KiB\"\n");
    assert_eq!(found(&stage, &[]), ["task.json"]);
    let played = stage.check(&["-v"]);
    assert!(played.out.contains("too large: 3000 bytes; at most 1024 are read  big.tf"), "{}", played.out);
}

#[cfg(unix)]
#[test]
fn links_loops_and_pipes_end_nothing() {
    let outside = Stage::new("links-outside").with("task.json", FAULTY);
    let stage = Stage::new("links").with("task.json", FAULTY);
    let link = |target: &std::path::Path, name: &str| {
        std::os::unix::fs::symlink(target, stage.folder.join(name)).expect("the link can be made");
    };
    link(&outside.folder.join("task.json"), "outside.json");
    link(&stage.folder, "loop");
    link(std::path::Path::new("self"), "self");
    link(&stage.folder.join("task.json"), "same.json");
    let made = Command::new("mkfifo").arg(stage.folder.join("pipe.tf")).status().expect("mkfifo runs");
    assert!(made.success());
    assert_eq!(found(&stage, &[]), ["task.json"]);
    let played = stage.check(&["-v"]);
    assert!(played.out.contains("outside.json"), "{}", played.out);
}

#[test]
fn a_hook_sees_what_git_knows() {
    let stage = Stage::new("index").with("task.json", FAULTY);
    stage.git(&["init", "-q"]);
    stage.commit("first");
    stage.write("untracked.json", FAULTY);
    stage.write("task.json", &FAULTY.replace("true", "false"));
    let arguments = ["check", "--select", RULE, "--format", "concise", "-q"];
    let hook = stage.run_with(&arguments, &[("PRE_COMMIT", "1")]);
    assert_eq!((hook.code, hook.out.as_str()), (0, ""));
    assert_eq!(stage.run(&arguments).code, 1);
}

#[test]
fn standard_input_stands_for_a_file() {
    let stage = Stage::new("stdin").with("task.json", &FAULTY.replace("true", "false")).with("other.json", FAULTY);
    let arguments =
        ["check", "-", "--stdin-filename", "task.json", "--root", ".", "--select", RULE, "--format", "concise"];
    let mut child = stage
        .command(".", &arguments, &[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    child.stdin.take().expect("it is piped").write_all(FAULTY.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let out = String::from_utf8(output.stdout).expect("it is text");
    assert_eq!(output.status.code(), Some(1));
    assert!(out.starts_with("task.json:6:21: "), "{out}");
    assert_eq!(out.lines().count(), 1, "{out}");
}

#[test]
fn a_variable_file_decides() {
    let text = format!("variable \"p\" {{\n  type = bool\n}}\n{}", FAULTY_TF.replace("= true", "= var.p"));
    let stage = Stage::new("var").with("main.tf", &text).with("vars/bad.tfvars", "p = true\n");
    assert_eq!(found(&stage, &[]), Vec::<String>::new());
    assert_eq!(stage.check(&["--var-file", ".=vars/bad.tfvars"]).code, 1);
    assert_eq!(stage.check(&["--var", "p=true"]).code, 1);
    assert_eq!(stage.check(&["--var", "p=false"]).code, 0);
}

#[test]
fn the_branch_chooses_the_variable_file() {
    let text = format!("variable \"p\" {{\n  type = bool\n}}\n{}", FAULTY_TF.replace("= true", "= var.p"));
    let workflow = |command: &str| {
        format!(
            "on:\n  push:\n    branches: [main, dev]\npermissions: {{}}\njobs:\n  apply:\n    runs-on: ubuntu-24.04\n    \
             timeout-minutes: 9\n    environment: it\n    concurrency: it\n    steps:\n      - run: {command}\n"
        )
    };
    let stage = Stage::new("branch-var")
        .with("main.tf", &text)
        .with("envs/main.tfvars", "p = false\n")
        .with("envs/dev.tfvars", "p = true\n")
        .with(".github/workflows/apply.yml", &workflow("terraform apply -var-file=envs/${{ github.ref_name }}.tfvars"));
    let sets = |stage: &Stage| -> Vec<String> {
        let report: serde_json::Value = serde_json::from_str(&stage.check(&["--format", "json"]).out).expect("json");
        let findings = report["findings"].as_array().expect("findings");
        let here = findings.iter().filter(|it| it["variants"].as_array().is_some_and(|variants| !variants.is_empty()));
        here.map(|it| it["variants"].to_string()).collect()
    };
    assert_eq!(sets(&stage), [r#"["apply with dev.tfvars"]"#]);
    // A value of the run's own makes no second set.
    let once = workflow("terraform apply -var p=false -var commit=${{ github.sha }} -var ref=${{ github.ref }}x");
    let stage = stage.with(".github/workflows/apply.yml", &once);
    assert_eq!(sets(&stage), Vec::<String>::new());
}
