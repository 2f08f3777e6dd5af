//! What a finding is called from run to run: the same after moved, renamed and reordered text, another for another thing.

use super::stage::{FAULTY_TF, Stage};

const OTHER: &str = "resource \"aws_sqs_queue\" \"jobs\" {\n  name = \"jobs\"\n}\n";

fn of(stage: &Stage, rule: &str) -> Vec<String> {
    let played = stage.run(&["check", "--root", ".", "--select", rule, "--format", "json", "--no-suppressions"]);
    let json: serde_json::Value = serde_json::from_str(&played.out).expect("it is JSON");
    let findings = json["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().map(|finding| finding["fingerprint"].as_str().unwrap_or("").to_owned()).collect()
}

fn tree(name: &str, files: &[(&str, &str)]) -> Stage {
    let stage = Stage::new(&format!("fingerprint-{name}"));
    files.iter().fold(stage, |stage, (path, text)| stage.with(path, text))
}

fn one(name: &str, files: &[(&str, &str)]) -> String {
    let found = of(&tree(name, files), "privileged-container");
    assert_eq!(found.len(), 1, "{name}");
    found[0].clone()
}

#[test]
fn what_changes_nothing() {
    let both = format!("{FAULTY_TF}{OTHER}");
    let expected = one("base", &[("main.tf", &both)]);
    let check = |name: &str, files: &[(&str, &str)]| assert_eq!(one(name, files), expected, "{name}");
    check("lines", &[("main.tf", &format!("\n\n\n{both}"))]);
    check("renamed", &[("service.tf", &both)]);
    check("reordered", &[("main.tf", &format!("{OTHER}{FAULTY_TF}"))]);
    check("split", &[("a.tf", FAULTY_TF), ("b.tf", OTHER)]);
    check("comment", &[("main.tf", &both.replace("  family", "  # what it is called\n  family"))]);
}

#[test]
fn a_module_is_its_folder() {
    let call = |name: &str, folder: &str| format!("module \"{name}\" {{\n  source = \"./{folder}\"\n}}\n");
    let expected = one("module", &[("web/main.tf", FAULTY_TF), ("main.tf", &call("web", "web"))]);
    let renamed_call = one("module-call", &[("web/main.tf", FAULTY_TF), ("main.tf", &call("site", "web"))]);
    let other_folder = one("module-folder", &[("site/main.tf", FAULTY_TF), ("main.tf", &call("web", "site"))]);
    assert_eq!(renamed_call, expected);
    assert_ne!(other_folder, expected);
}

#[test]
fn another_thing_is_another() {
    let expected = one("thing", &[("main.tf", FAULTY_TF)]);
    assert_ne!(one("name", &[("main.tf", &FAULTY_TF.replace("\"app\" {", "\"other\" {"))]), expected);
    // Another rule, another attribute of the same block.
    let stage = tree("rule", &[("main.tf", FAULTY_TF)]);
    let others = of(&stage, "*");
    assert!(others.len() > 1, "{others:?}");
    let mut distinct = others.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), others.len());
}
