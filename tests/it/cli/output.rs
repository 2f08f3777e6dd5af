//! What goes where: one report on standard output, files whole, notes on the other stream, the same bytes every time.

use std::io::Read;
use std::process::Stdio;

use super::stage::{FAULTY, FAULTY_TF, RULE, Stage};

const FORMATS: [&str; 10] =
    ["text", "concise", "json", "ndjson", "sarif", "junit", "github", "markdown", "gitlab", "csv"];

#[test]
fn an_empty_folder_is_one_line() {
    let stage = Stage::new("empty");
    let played = stage.run(&["--root", "."]);
    assert_eq!(played.code, 0);
    assert_eq!(played.out.lines().count(), 1, "{}", played.out);
    assert!(played.out.starts_with("No findings in 0 files ("), "{}", played.out);
    assert_eq!(std::fs::read_dir(&stage.folder).expect("it is there").count(), 0);
}

#[test]
fn every_format_fails_on_a_finding() {
    let stage = Stage::new("formats").with("task.json", FAULTY);
    for format in FORMATS {
        assert_eq!(stage.check(&["--format", format]).code, 1, "{format}");
        assert_eq!(stage.check(&["--format", format, "--fail-on", "never"]).code, 0, "{format}");
    }
}

#[test]
fn the_place_is_exact() {
    let stage = Stage::new("place").with("deploy/task.json", FAULTY);
    let played = stage.check(&["--format", "concise", "-q"]);
    let expected = format!("deploy/task.json:6:21: high {RULE}");
    assert!(played.out.starts_with(&expected), "{}", played.out);
    assert_eq!(played.err, "");
}

#[test]
fn the_same_bytes_from_everywhere() {
    let stage = Stage::new("everywhere").with("a/task.json", FAULTY).with("b/main.tf", FAULTY_TF);
    stage.git(&["init", "-q"]);
    for format in FORMATS {
        let from = |folder: &str, paths: &[&str]| {
            let mut arguments = vec!["check", "-q", "--format", format];
            arguments.extend(paths);
            stage.run_in(folder, &arguments, &[]).out
        };
        let expected = from(".", &[]);
        assert!(!expected.is_empty());
        for (folder, paths) in [("a", vec![".."]), (".", vec![".", "."]), (".", vec!["a", "b", "a/task.json"])] {
            assert_eq!(from(folder, &paths), expected, "{format} from {folder} with {paths:?}");
        }
        for threads in ["1", "2", "16"] {
            assert_eq!(from(".", &["--threads", threads]), expected, "{format} with {threads} threads");
        }
    }
}

#[test]
fn several_outputs_in_one_run() {
    let stage = Stage::new("several").with("task.json", FAULTY).with("summary.md", "before\n");
    let played =
        stage.check(&["--output", "sarif=a.sarif", "--output", "json=a.json", "--output", "markdown=summary.md"]);
    assert_eq!(played.code, 1);
    assert!(played.out.contains(RULE));
    let sarif: serde_json::Value = serde_json::from_str(&stage.read("a.sarif")).expect("it is JSON");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], RULE);
    let json: serde_json::Value = serde_json::from_str(&stage.read("a.json")).expect("it is JSON");
    assert_eq!(json["exit"], 1);
    assert!(stage.read("summary.md").starts_with("before\n## secure-lint: 1 finding"));
    let quiet = stage.check(&["-qq", "--output", "json=a.json"]);
    assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.as_str()), (1, "", ""));
}

#[test]
fn colour_is_for_those_who_want_it() {
    let stage = Stage::new("colour").with("task.json", FAULTY);
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut all = vec!["check", "--root", ".", "--select", RULE];
        all.extend(arguments);
        stage.run_with(&all, environment).out.contains('\u{1b}')
    };
    assert!(!run(&[], &[]));
    assert!(run(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(run(&[], &[("FORCE_COLOR", "1")]));
    assert!(!run(&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
    assert!(run(&[], &[("GITHUB_ACTIONS", "true")]));
    assert!(!run(&["--color", "always", "--format", "json"], &[]));
    let file = stage.check(&["--color", "always", "--output", "text=out.txt"]);
    assert!(file.out.contains('\u{1b}') && !stage.read("out.txt").contains('\u{1b}'));
}

#[test]
fn repository_text_is_harmless() {
    let hostile = "x\\u001b[2J\\u202e##[error]x::stop-commands::x](1)<script>=cmd()";
    let task = FAULTY.replace("\"agent\"", &format!("\"{hostile}\""));
    let stage = Stage::new("hostile").with("##[error]x/::warning::.json", &task).with("=cmd.json", &task);
    for format in FORMATS {
        let played = stage.run_with(
            &["check", "--root", ".", "--select", RULE, "--color", "never", "--format", format],
            &[("GITHUB_ACTIONS", "true")],
        );
        assert_eq!(played.code, 1, "{format}: {}", played.err);
        let is_people = ["text", "concise"].contains(&format);
        for line in played.out.lines() {
            assert!(!line.contains(['\u{1b}', '\u{202e}']), "{format}: {line}");
            assert!(!is_people || !line.contains("##["), "{format}: {line}");
            let is_command = line.starts_with("::");
            assert!(!is_command || format == "github", "{format}: {line}");
            assert!(
                !line.contains("<script>")
                    || ["json", "ndjson", "sarif", "gitlab", "csv", "text", "concise", "github"].contains(&format),
                "{format}: {line}"
            );
            assert!(!line.starts_with("=cmd") || format != "csv", "{format}: {line}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let stage = Stage::new("pipe").with("task.json", FAULTY);
    let mut child = stage
        .command(".", &["check", "--root", ".", "--select", RULE, "--format", "json"], &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut err).expect("it is text");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert!(!err.contains("panicked"), "{err}");
}

#[test]
fn rows_are_findings_and_suppressed_ones() {
    let stage = Stage::new("rows").with("task.json", FAULTY).with(
        "main.tf",
        &FAULTY_TF.replace("privileged = true", "privileged = true # secure-lint: allow privileged-container -- lab"),
    );
    let json: serde_json::Value = serde_json::from_str(&stage.check(&["--format", "json"]).out).expect("it is JSON");
    let n = |key: &str| json[key].as_array().map_or(0, Vec::len);
    assert_eq!((n("findings"), n("suppressed")), (1, 1));
    assert_eq!(stage.check(&["--format", "ndjson"]).out.lines().count(), 2);
    assert_eq!(stage.check(&["--format", "csv"]).out.lines().count(), 3);
}

#[test]
fn rows_name_the_commit() {
    let stage = Stage::new("rows-commit").with("task.json", FAULTY);
    let commit = |stage: &Stage| {
        let row: serde_json::Value =
            serde_json::from_str(&stage.check(&["--format", "ndjson"]).out).expect("a row is JSON");
        row["commit"].as_str().map(str::to_owned)
    };
    stage.git(&["init", "-q"]);
    assert_eq!(commit(&stage).as_deref(), Some(""));
    stage.commit("first");
    let head = Some(stage.git(&["rev-parse", "HEAD"]));
    assert_eq!(commit(&stage), head);
    stage.git(&["pack-refs", "--all"]);
    assert_eq!(commit(&stage), head);
    stage.git(&["checkout", "-q", "--detach"]);
    assert_eq!(commit(&stage), head);
    let linked = Stage::new("rows-linked");
    std::fs::remove_dir(&linked.folder).expect("git makes the folder");
    stage.git(&["worktree", "add", "-q", "-b", "other", &linked.folder.to_string_lossy()]);
    assert_eq!(commit(&linked), head);
}

#[test]
fn the_summary_says_how_many() {
    let stage = Stage::new("summary").with("task.json", FAULTY).with("main.tf", FAULTY_TF);
    let played = stage.check(&[]);
    assert!(played.out.contains("2 findings: 2 high\n"), "{}", played.out);
    assert!(played.err.starts_with("Checked 2 files (1 task definition, 1 Terraform) in "), "{}", played.err);
    let limited = stage.check(&["--max-findings", "1"]);
    assert!(limited.out.contains("1 more; --all shows them\n"), "{}", limited.out);
    assert!(limited.out.contains("2 findings: 2 high\n"), "{}", limited.out);
    let counted = stage.check(&["--statistics", "-q"]);
    assert!(counted.out.starts_with("    2  high      privileged-container"), "{}", counted.out);
}

const SERVICE_TF: &str = r#"
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  network_mode          = "awsvpc"
  container_definitions = jsonencode([{ name = "app", image = "registry.example.com/app:1.4.2" }])
}

resource "aws_ecs_service" "app" {
  name            = "app"
  task_definition = aws_ecs_task_definition.app.arn
  launch_type     = "FARGATE"
  network_configuration {
    subnets         = [aws_subnet.a.id]
    security_groups = ["sg-0123456789abcdef0"]
  }
}
"#;
const SUBNETS_TF: &str = r#"
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
}
"#;
const ROUTES_TF: &str = r#"
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route_table" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.main.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "a" {
  subnet_id      = aws_subnet.a.id
  route_table_id = aws_route_table.main.id
}
"#;

/// Service, subnet, association, table, route, gateway: the whole way over three files, in that order.
#[test]
fn a_way_over_several_files_is_told_whole() {
    let stage =
        Stage::new("way").with("service.tf", SERVICE_TF).with("subnets.tf", SUBNETS_TF).with("routes.tf", ROUTES_TF);
    let select = ["--root", ".", "--select", "internet-facing-task"];
    let text = stage.run(&select).out;
    let lines = [
        "[aws_subnet.a.id]",
        r#"resource "aws_subnet" "a""#,
        r#"resource "aws_route_table_association" "a""#,
        r#"resource "aws_route_table" "main""#,
        r#"resource "aws_route" "out""#,
        r#"resource "aws_internet_gateway" "main""#,
    ];
    for line in lines {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let sarif = stage.run(&[&select[..], &["--format", "sarif"]].concat()).out;
    let sarif: serde_json::Value = serde_json::from_str(&sarif).expect("it is JSON");
    let steps = &sarif["runs"][0]["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"];
    let files: Vec<&str> = steps
        .as_array()
        .expect("a code flow has steps")
        .iter()
        .filter_map(|step| step["location"]["physicalLocation"]["artifactLocation"]["uri"].as_str())
        .collect();
    assert_eq!(files, ["service.tf", "subnets.tf", "routes.tf", "routes.tf", "routes.tf", "routes.tf"]);
}
