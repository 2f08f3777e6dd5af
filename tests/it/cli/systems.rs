//! Whole systems under the promises that hold for every run: an exit code that is the same in every format, silence where
//! nothing is wrong, the same bytes every time, nothing touched and nobody called.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::stage::{FAULTY, Played, Stage};

const FORMATS: [&str; 10] =
    ["text", "concise", "json", "ndjson", "sarif", "junit", "github", "markdown", "gitlab", "csv"];

fn system(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/terraform/systems").join(name)
}

/// Lints a system where it stands, from an empty folder.
fn lint(stage: &Stage, name: &str, arguments: &[&str]) -> Played {
    let system = system(name).to_string_lossy().into_owned();
    stage.run(&[&["check", &system, "--root", &system], arguments].concat())
}

#[test]
fn every_format_fails_on_a_faulty_system() {
    let stage = Stage::new("systems-faulty");
    for format in FORMATS {
        assert_eq!(lint(&stage, "4-described", &["--format", format]).code, 1, "{format}");
        assert_eq!(lint(&stage, "4-described", &["--format", format, "--fail-on", "never"]).code, 0, "{format}");
    }
    for name in ["0-described", "1-described"] {
        assert_eq!(lint(&stage, name, &["-qq"]).code, 1, "{name}");
    }
}

#[test]
fn a_hardened_system_has_no_finding_in_any_format() {
    let stage = Stage::new("systems-hardened");
    let text = lint(&stage, "2-hardened", &[]);
    assert_eq!((text.code, text.out.lines().count()), (0, 1), "{}", text.out);
    assert!(text.out.starts_with("No findings in "), "{}", text.out);
    for format in FORMATS {
        let played = lint(&stage, "2-hardened", &["--format", format, "-q"]);
        assert_eq!(played.code, 0, "{format}");
        let is_silent = match format {
            "text" | "concise" | "ndjson" | "github" => played.out.is_empty(),
            "csv" => played.out.lines().count() == 1,
            "gitlab" => played.out.trim() == "[]",
            "junit" => !played.out.contains("<failure"),
            "markdown" => played.out.starts_with("## secure-lint: no findings in "),
            _ => {
                let json: serde_json::Value = serde_json::from_str(&played.out).expect("it is JSON");
                let findings = if format == "sarif" { &json["runs"][0]["results"] } else { &json["findings"] };
                findings.as_array().is_some_and(Vec::is_empty)
            }
        };
        assert!(is_silent, "{format}: {}", played.out);
    }
}

#[test]
fn paths_are_those_of_the_root() {
    let stage = Stage::new("systems-paths");
    let rows = lint(&stage, "0-described", &["--format", "ndjson", "-q"]).out;
    let files: BTreeSet<String> = rows
        .lines()
        .map(|row| serde_json::from_str::<serde_json::Value>(row).expect("a row is JSON"))
        .map(|row| row["file"].as_str().expect("a row has a file").to_owned())
        .collect();
    assert!(files.len() > 1);
    assert!(files.iter().all(|file| system("0-described").join(file).is_file()), "{files:?}");
}

#[test]
fn ten_runs_are_one() {
    let stage = Stage::new("systems-runs");
    let outputs: Vec<String> = FORMATS.iter().map(|format| format!("{format}=out.{format}")).collect();
    let mut arguments = vec!["-v"];
    arguments.extend(outputs.iter().flat_map(|output| ["--output", output.as_str()]));
    let run = |threads: &str| {
        for format in FORMATS {
            let _ = std::fs::remove_file(stage.folder.join(format!("out.{format}")));
        }
        let played = lint(&stage, "1-described", &[&arguments[..], &["--threads", threads]].concat());
        let files: Vec<String> = FORMATS.iter().map(|format| stage.read(&format!("out.{format}"))).collect();
        (played.out, files)
    };
    let first = run("1");
    for number in 2..=10 {
        let threads = ["1", "2", "16"][number % 3];
        assert!(run(threads) == first, "run {number} with {threads} threads differs");
    }
}

/// Programs that are called leave a mark; without `--since` and outside of hooks there is none.
#[cfg(unix)]
#[test]
fn nobody_is_called_and_nothing_is_written() {
    use std::os::unix::fs::PermissionsExt;

    let stage = Stage::new("systems-alone")
        .with("repository/task.json", FAULTY)
        .with("programs/git", "#!/bin/sh\n: > called\n");
    let program = stage.folder.join("programs/git");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    stage.git(&["init", "-q", "repository"]);
    let before = all_files(&stage.folder);
    let path = stage.folder.join("programs").to_string_lossy().into_owned();
    let played = stage.run_in("repository", &["check"], &[("PATH", &path)]);
    assert_eq!(played.code, 1, "{}", played.err);
    assert_eq!(all_files(&stage.folder), before);
    // The mark works: this one needs git.
    stage.run_in("repository", &["check", "--since", "HEAD"], &[("PATH", &path)]);
    assert!(stage.folder.join("repository/called").exists());
}

fn all_files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read").flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(all_files(&path)),
            path => {
                found.insert(path);
            }
        }
    }
    found
}

/// The phases are the whole, and the slowest rules and files are named.
#[test]
fn timings_add_up() {
    let stage = Stage::new("systems-timings");
    let played = lint(&stage, "1-described", &["-qq", "--timings"]);
    let milliseconds = |line: &str| -> Option<f64> { line.split_whitespace().rev().nth(1)?.parse().ok() };
    let (phases, rest) = played.err.split_once("\n\n").expect("rules follow the phases");
    let phases: Vec<(&str, f64)> =
        phases.lines().filter_map(|line| Some((line.split("  ").next()?.trim(), milliseconds(line)?))).collect();
    let (all, parts) = phases.split_last().expect("there are phases");
    assert_eq!(all.0, "all");
    assert!((parts.iter().map(|(_, spent)| spent).sum::<f64>() - all.1).abs() < 0.01, "{phases:?}");
    assert!(rest.starts_with("slowest rules\n") && rest.contains("\nslowest files to parse\n"), "{rest}");
    assert!(rest.contains("ms  ecs.tf"), "{rest}");
    assert_eq!(rest.lines().filter(|line| line.contains(" ms  ")).count(), 15, "ten rules, five files: {rest}");
}
