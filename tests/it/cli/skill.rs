//! The skill for agents is kept true: every command in it runs.

use super::stage::{FAULTY_TF, Stage};

const SKILL: &str = include_str!("../../../skills/secure-lint/SKILL.md");

#[test]
fn every_command_of_the_skill_runs() {
    let stage = Stage::new("skill").with("main.tf", FAULTY_TF);
    stage.git(&["init", "-q"]);
    stage.commit("a faulty stack");
    let commands: Vec<&str> = SKILL.lines().filter_map(|line| line.strip_prefix("$ secure-lint")).collect();
    assert!(commands.len() > 8, "{commands:?}");
    for command in commands {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let played = stage.run(&arguments);
        assert!(played.code < 2, "secure-lint{command}: {}", played.err);
        assert!(!played.out.is_empty() || !played.err.is_empty(), "secure-lint{command} says nothing");
    }
}

/// The fields and exit codes that it speaks of are those of the program.
#[test]
fn the_words_of_the_skill_are_those_of_the_report() {
    let stage = Stage::new("skill-words").with("main.tf", FAULTY_TF);
    let played = stage.run(&["--root", ".", "--format", "json"]);
    assert_eq!(played.code, 1);
    let report: serde_json::Value = serde_json::from_str(&played.out).expect("it is JSON");
    let finding = &report["findings"][0];
    assert!(finding["place"]["file"].is_string() && finding["paths"][0]["steps"].is_array());
    assert!(report["undecided"].is_array());
}
