//! A password of a variable file stands in no output of any kind: no excerpt, way, fix, list or baseline.

use std::path::Path;

use super::stage::Stage;

/// Those of the system, and others in their place: the pages of rules, which SARIF holds, show an example like the first.
const WRITTEN: [&str; 2] = ["Pr0d-Django-2024!", "devpass123"];
const PASSWORDS: [&str; 2] = ["Unseen-4711-Tulip!", "quiet-harbour-77"];
const FORMATS: [&str; 10] =
    ["text", "concise", "json", "ndjson", "sarif", "junit", "github", "markdown", "gitlab", "csv"];

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder can be read").flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => {
                std::fs::copy(entry.path(), target).expect("the file can be copied");
            }
        }
    }
}

fn stage(name: &str) -> Stage {
    let stage = Stage::new(name);
    let system = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/terraform/systems/0-described");
    copy(&system, &stage.folder.join("tree"));
    let mut n_written = 0;
    for file in ["tree/terraform-dev.tfvars", "tree/terraform-prod.tfvars"] {
        let text = stage.read(file);
        n_written += WRITTEN.iter().filter(|password| text.contains(**password)).count();
        stage.write(file, &text.replace(WRITTEN[0], PASSWORDS[0]).replace(WRITTEN[1], PASSWORDS[1]));
    }
    assert_eq!(n_written, 2);
    stage
}

fn is_clean(what: &str, text: &str) {
    for password in PASSWORDS {
        assert!(!text.contains(password), "{what} shows it");
    }
}

#[test]
fn no_report_shows_it() {
    let stage = stage("masking");
    for profile in ["default", "audit"] {
        let outputs: Vec<String> = FORMATS.iter().map(|format| format!("{format}={profile}.{format}")).collect();
        let mut arguments =
            vec!["check", "tree", "--root", "tree", "--profile", profile, "-vv", "--show-suppressed", "--all"];
        arguments.extend(outputs.iter().flat_map(|output| ["--output", output.as_str()]));
        let played = stage.run(&arguments);
        assert_eq!(played.code, 1, "{}", played.err);
        is_clean("standard output", &played.out);
        is_clean("the other stream", &played.err);
        for format in FORMATS {
            is_clean(format, &stage.read(&format!("{profile}.{format}")));
        }
    }
    let json = stage.read("default.json");
    assert!(
        json.contains("db_master_password") && json.contains("\\\"********\\\""),
        "it was found, and is shown masked"
    );
}

#[test]
fn nor_does_anything_else() {
    let stage = stage("masking-verbs");
    let calls: [&[&str]; 7] = [
        &["check", "--sarif-profile", "full", "--format", "sarif"],
        &["check", "--color", "always"],
        &["baseline", "-o", "baseline.json"],
        &["fix", "--diff", "--unsafe", "--profile", "audit"],
        &["suppressions"],
        &["iam"],
        &["hops", "--format", "json"],
    ];
    for call in calls {
        let played = match call[0] {
            // Its first argument is a role.
            "iam" => stage.run_in("tree", &["iam", "--root", "."], &[]),
            _ => stage.run(&[call, &["tree", "--root", "tree"]].concat()),
        };
        assert!(played.code < 2, "{call:?}: {}", played.err);
        is_clean(call[0], &played.out);
        is_clean(call[0], &played.err);
    }
    is_clean("the baseline", &stage.read("baseline.json"));
    let narrow = stage.run_with(&["check", "tree", "--root", "tree"], &[("COLUMNS", "50")]);
    is_clean("narrow text", &narrow.out);
}
