//! `--since`: what is new against a commit, without touching the work tree; and the baseline file.

use super::stage::{FAULTY, FAULTY_TF, Stage};

fn stage(name: &str) -> Stage {
    let stage = Stage::new(name).with("task.json", FAULTY).with("main.tf", "# nothing yet\n");
    stage.git(&["init", "-q"]);
    stage.commit("first");
    stage
}

fn states(stage: &Stage, arguments: &[&str]) -> Vec<(String, String)> {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    let played = stage.check(&all);
    let json: serde_json::Value = serde_json::from_str(&played.out).unwrap_or_else(|_| panic!("{}", played.err));
    let findings = json["findings"].as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("").to_owned();
    findings.iter().map(|it| (text(&it["place"]["file"]), text(&it["state"]))).collect()
}

fn pair(file: &str, state: &str) -> (String, String) {
    (file.to_owned(), state.to_owned())
}

#[test]
fn only_new_findings_count() {
    let stage = stage("since-new");
    assert_eq!(states(&stage, &["--since", "HEAD"]), [pair("task.json", "unchanged")]);
    assert_eq!(stage.check(&["--since", "HEAD"]).code, 0);
    stage.write("main.tf", FAULTY_TF);
    let played = stage.check(&["--since", "HEAD"]);
    assert_eq!(played.code, 1);
    assert!(played.out.contains("new since HEAD: 1"), "{}", played.out);
    assert!(!played.out.contains("task.json"), "{}", played.out);
    let sarif = stage.check(&["--since", "HEAD", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_str(&sarif.out).expect("it is JSON");
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(2));
}

#[test]
fn moved_lines_and_renamed_files_are_not_new() {
    let stage = stage("since-moved");
    stage.write("task.json", &FAULTY.replace("\"family\"", "\n\n  \"family\""));
    assert_eq!(stage.check(&["--since", "HEAD"]).code, 0);
    stage.git(&["mv", "task.json", "renamed.json"]);
    assert_eq!(states(&stage, &["--since", "HEAD"]), [pair("renamed.json", "unchanged")]);
}

#[test]
fn an_untracked_copy_under_another_name_is_a_rename() {
    let stage = stage("since-untracked");
    std::fs::rename(stage.folder.join("task.json"), stage.folder.join("other.json")).expect("it can be renamed");
    assert_eq!(states(&stage, &["--since", "HEAD"]), [pair("other.json", "unchanged")]);
}

#[test]
fn what_is_gone_is_fixed() {
    let stage = stage("since-fixed");
    std::fs::remove_file(stage.folder.join("task.json")).expect("it can be removed");
    let played = stage.check(&["--since", "HEAD", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&played.out).expect("it is JSON");
    assert_eq!(json["counts"]["fixed"], 1);
    assert_eq!(json["fixed"][0]["rule"], "privileged-container");
}

#[test]
fn the_base_is_where_the_branches_part() {
    let stage = stage("since-base");
    stage.git(&["checkout", "-q", "-b", "topic"]);
    stage.write("main.tf", FAULTY_TF);
    stage.commit("fault");
    stage.git(&["checkout", "-q", "main"]);
    std::fs::remove_file(stage.folder.join("task.json")).expect("it can be removed");
    stage.commit("gone on main");
    stage.git(&["checkout", "-q", "topic"]);
    assert_eq!(states(&stage, &["--since", "main"]), [pair("main.tf", "new"), pair("task.json", "unchanged")]);
}

#[test]
fn nothing_is_touched() {
    let stage = stage("since-untouched");
    stage.write("main.tf", FAULTY_TF);
    let before =
        (stage.git(&["status", "--porcelain"]), std::fs::read(stage.folder.join(".git/index")).expect("it is there"));
    stage.check(&["--since", "HEAD"]);
    let after = std::fs::read(stage.folder.join(".git/index")).expect("it is there");
    assert_eq!(before.1, after);
    assert_eq!(before.0, stage.git(&["status", "--porcelain"]));
}

#[test]
fn without_a_commit_all_is_new() {
    let stage = Stage::new("since-none").with("task.json", FAULTY);
    stage.git(&["init", "-q"]);
    assert_eq!(states(&stage, &["--since", "auto"]), [pair("task.json", "new")]);
}

#[test]
fn what_git_refuses_is_said_in_its_words() {
    let stage = stage("since-unknown");
    let played = stage.check(&["--since", "no-such-branch"]);
    assert_eq!(played.code, 2);
    assert!(played.err.contains("Needed a single revision"), "{}", played.err);
    assert!(played.err.contains("`fetch-depth: 0`"), "{}", played.err);
    let option = stage.check(&["--since=--output=x"]);
    assert_eq!(option.code, 2);
    assert!(!stage.folder.join("x").exists());
}

#[test]
fn the_change_says_what_it_silences() {
    let stage = stage("since-silenced");
    let silenced = FAULTY_TF.replace("= true", "= true # secure-lint: allow privileged-container -- lab");
    stage.write("main.tf", &silenced);
    stage.write("secure-lint.toml", "profile = \"strict\"\n");
    stage.write("task.json", &FAULTY.replace("agent", "other"));
    let played = stage.check(&["--since", "HEAD"]);
    assert!(played.out.contains("1 suppression added, `secure-lint.toml` changed"), "{}", played.out);
}

const USE: &str =
    "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: acme/tool@v4\n";

/// All uses of one action are one finding; a further one is a new way to it, and one less changes nothing.
#[test]
fn a_new_way_to_an_old_fault_is_new() {
    let stage = Stage::new("since-way").with(".github/workflows/a.yml", USE).with(".github/workflows/b.yml", USE);
    stage.git(&["init", "-q"]);
    stage.commit("two uses");
    let rule = "third-party-action-at-movable-ref";
    let check = ["check", "--root", ".", "--select", rule, "--since", "HEAD", "--format", "json"];
    let report =
        |stage: &Stage| -> serde_json::Value { serde_json::from_str(&stage.run(&check).out).expect("it is JSON") };
    let states = |report: &serde_json::Value| -> Vec<String> {
        let paths = report["findings"][0]["paths"].as_array().cloned().unwrap_or_default();
        paths.iter().map(|path| path["state"].as_str().unwrap_or("").to_owned()).collect()
    };
    let before = report(&stage);
    assert_eq!((before["counts"]["new"].as_u64(), states(&before)), (Some(0), vec!["unchanged".to_owned(); 2]));
    stage.write(".github/workflows/c.yml", USE);
    let after = report(&stage);
    assert_eq!((after["exit"].as_u64(), after["counts"]["new"].as_u64()), (Some(1), Some(1)));
    assert_eq!(after["findings"].as_array().map(Vec::len), Some(1));
    assert_eq!(after["findings"][0]["fingerprint"], before["findings"][0]["fingerprint"]);
    assert_eq!(states(&after).iter().filter(|state| *state == "new").count(), 1);
    std::fs::remove_file(stage.folder.join(".github/workflows/a.yml")).expect("it can be removed");
    std::fs::remove_file(stage.folder.join(".github/workflows/c.yml")).expect("it can be removed");
    assert_eq!(report(&stage)["counts"]["new"].as_u64(), Some(0));
}

#[test]
fn a_deleted_file_takes_its_findings_along() {
    let stage = stage("since-deleted");
    stage.git(&["rm", "-q", "task.json"]);
    let played = stage.check(&["--since", "HEAD"]);
    assert_eq!(played.code, 0, "{}", played.err);
    stage.commit("gone");
    assert_eq!(stage.check(&["--since", "HEAD~1", "--format", "json"]).code, 0);
}

#[test]
fn a_merge_is_compared_with_its_first_parent() {
    let stage = stage("since-merge");
    stage.git(&["checkout", "-q", "-b", "topic"]);
    stage.write("main.tf", FAULTY_TF);
    stage.commit("fault");
    stage.git(&["checkout", "-q", "main"]);
    stage.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    assert_eq!(states(&stage, &["--since", "HEAD^1"]), [pair("main.tf", "new"), pair("task.json", "unchanged")]);
    assert_eq!(states(&stage, &["--since", "HEAD^2"]), [pair("main.tf", "unchanged"), pair("task.json", "unchanged")]);
}

#[test]
fn a_shallow_clone_has_what_it_has() {
    let origin = stage("since-origin");
    origin.write("main.tf", FAULTY_TF);
    origin.commit("fault");
    let clone = Stage::new("since-shallow");
    let from = format!("file://{}", origin.folder.display());
    clone.git(&["clone", "-q", "--depth", "1", &from, "."]);
    // The base is not here: git's words, and what to do.
    let played = clone.check(&["--since", "HEAD~1"]);
    assert_eq!((played.code, played.out.as_str()), (2, ""));
    assert!(played.err.contains("`fetch-depth: 0`"), "{}", played.err);
    clone.git(&["fetch", "-q", "--depth", "2", "origin", "main"]);
    assert_eq!(states(&clone, &["--since", "HEAD~1"]), [pair("main.tf", "new"), pair("task.json", "unchanged")]);
}

#[test]
fn without_a_common_ancestor_the_ref_itself_counts() {
    let stage = stage("since-orphan");
    stage.git(&["checkout", "-q", "--orphan", "other"]);
    stage.write("main.tf", FAULTY_TF);
    stage.commit("a history of its own");
    let played = stage.check(&["--since", "main"]);
    assert!(played.err.contains("no common ancestor of `main` and HEAD in this clone"), "{}", played.err);
    assert_eq!(states(&stage, &["--since", "main"]), [pair("main.tf", "new"), pair("task.json", "unchanged")]);
}

#[test]
fn outside_of_git_and_without_git() {
    // Below the target folder there is a repository above, so this one stands elsewhere.
    let stage = stage("since-nowhere");
    let outside = std::env::temp_dir().join(format!("secure-lint-since-{}", std::process::id()));
    std::fs::create_dir_all(&outside).expect("the folder can be made");
    let path = outside.to_string_lossy().into_owned();
    let played = stage.run(&["check", &path, "--root", &path, "--since", "HEAD"]);
    std::fs::remove_dir_all(&outside).expect("the folder can be removed");
    assert_eq!(played.code, 2);
    assert_eq!(played.err, "error: --since needs a git repository, and there is none around this folder\n");
    let played = stage.run_with(&["check", "--root", ".", "--since", "HEAD"], &[("PATH", "/nowhere")]);
    assert_eq!(played.code, 2);
    assert!(played.err.contains("git cannot be run"), "{}", played.err);
}

#[test]
fn a_file_of_known_findings() {
    let stage = stage("baseline");
    let written = stage.run(&["baseline", "--select", "privileged-container"]);
    assert_eq!(written.out, "wrote .secure-lint/baseline.json: 1 known finding\n");
    let with = ["--baseline", ".secure-lint/baseline.json"];
    assert_eq!(stage.check(&with).code, 0);
    stage.write("main.tf", FAULTY_TF);
    assert_eq!(states(&stage, &with), [pair("main.tf", "new"), pair("task.json", "known")]);
    std::fs::remove_file(stage.folder.join("task.json")).expect("it can be removed");
    let played = stage.check(&with);
    assert!(played.out.contains("1 entry of the baseline match nothing"), "{}", played.out);
    let pruned = stage.run(&["baseline", "--prune", "--select", "privileged-container"]);
    assert_eq!(pruned.out, "wrote .secure-lint/baseline.json: 0 known findings\n");
}
