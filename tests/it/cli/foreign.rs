//! Comments for other tools: each silences what that tool would, and nothing beside it.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::stage::{FAULTY_TF, Stage};

static N_STAGES: AtomicUsize = AtomicUsize::new(0);

/// A file in which one place is faulty, and the rule that says so.
struct Case {
    file: &'static str,
    rule: &'static str,
}

const DOCKERFILE: Case = Case { file: "Dockerfile", rule: "relative-workdir" };
const WORKFLOW: Case =
    Case { file: ".github/workflows/a.yml", rule: "unsecure-commands-enabled,self-hosted-runner-used" };
const TERRAFORM: Case = Case { file: "main.tf", rule: "privileged-container" };

impl Case {
    fn stage(&self, text: &str) -> Stage {
        let number = N_STAGES.fetch_add(1, Ordering::Relaxed);
        Stage::new(&format!("foreign-{number}")).with(self.file, text)
    }

    /// How many findings stay.
    fn check(&self, text: &str, expected: usize) {
        assert_eq!(n_findings(&self.stage(text), self.rule, &[]), expected, "{text}");
    }
}

fn n_findings(stage: &Stage, rule: &str, arguments: &[&str]) -> usize {
    let mut all = vec!["check", "--root", ".", "--select", rule, "--profile", "strict", "--format", "concise", "-q"];
    all.extend(arguments);
    let played = stage.run(&all);
    assert!(played.code < 2, "{}", played.err);
    played.out.lines().count()
}

#[test]
fn checkov_means_the_block_the_file_or_the_step() {
    let with = |line: &str| FAULTY_TF.replace("  family = \"app\"\n", &format!("  family = \"app\"\n  {line}\n"));
    TERRAFORM.check(FAULTY_TF, 1);
    TERRAFORM.check(&with("# checkov:skip=CKV_AWS_334:lab"), 0);
    TERRAFORM.check(&with("# checkov:skip=CKV_AWS_24,CKV_AWS_334: lab"), 0);
    TERRAFORM.check(&with("# checkov:skip=CKV_AWS_24:lab\n  # bridgecrew:skip=CKV_AWS_334:lab"), 0);
    TERRAFORM.check(&with("# checkov:skip=CKV_AWS_24:lab"), 1);
    // Above the block, on its first line or in another one it speaks of something else.
    TERRAFORM.check(&format!("# checkov:skip=CKV_AWS_334:lab\n{FAULTY_TF}"), 1);
    TERRAFORM.check(&FAULTY_TF.replace("\"app\" {", "\"app\" { # checkov:skip=CKV_AWS_334:lab"), 1);
    TERRAFORM.check(&format!("locals {{\n  # checkov:skip=CKV_AWS_334:lab\n  a = 1\n}}\n{FAULTY_TF}"), 1);
    DOCKERFILE.check("FROM scratch\nWORKDIR app\n", 1);
    DOCKERFILE.check("FROM scratch\nWORKDIR app\n# checkov:skip=CKV_DOCKER_10:why\n", 0);
    WORKFLOW.check(&steps("", ""), 2);
    WORKFLOW.check(&steps("# checkov:skip=CKV_GHA_1:old action", ""), 1);
    WORKFLOW.check(&steps("", "# checkov:skip=CKV_GHA_1:old action"), 2);
}

/// Two steps, of which the first switches unsecure commands on, in a job on a runner of one's own.
fn steps(first: &str, second: &str) -> String {
    format!(
        "on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: self-hosted\n    steps:\n      - run: make\n        \
         {first}\n        env:\n          ACTIONS_ALLOW_UNSECURE_COMMANDS: true\n      - run: make test\n        \
         {second}\n        shell: bash\n"
    )
}

#[test]
fn hadolint_and_buildkit_mean_an_instruction_or_the_file() {
    DOCKERFILE.check("FROM scratch\n# hadolint ignore=DL3000\nWORKDIR app\n", 0);
    DOCKERFILE.check("FROM scratch\n# hadolint ignore=DL3007,DL3000\nWORKDIR app\n", 0);
    DOCKERFILE.check("# hadolint ignore=DL3000\nFROM scratch\nWORKDIR app\n", 1);
    DOCKERFILE.check("# hadolint global ignore=DL3000\nFROM scratch\nWORKDIR app\n", 0);
    DOCKERFILE.check("# hadolint global ignore=DL3001\nFROM scratch\nWORKDIR app\n", 1);
    DOCKERFILE.check("# check=skip=WorkdirRelativePath\nFROM scratch\nWORKDIR app\n", 0);
    DOCKERFILE.check("# check=skip=StageNameCasing\nFROM scratch\nWORKDIR app\n", 1);
}

/// A comment of a script is one of the shell's, which zizmor does not read; for ours and for checkov it is one like others.
#[test]
fn scripts_have_comments_of_their_own() {
    let with =
        |comment: &str| steps("", "").replace("run: make\n", &format!("run: |\n          {comment}\n          make\n"));
    WORKFLOW.check(&with("# checkov:skip=CKV_GHA_1:old action"), 1);
    let injected = "on:\n  issues:\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n          \
                    COMMENT\n          echo ${{ github.event.issue.title }}\n";
    let script =
        Case { file: ".github/workflows/a.yml", rule: "outsider-text-in-script,outsider-text-in-powerless-script" };
    script.check(&injected.replace("COMMENT", "# what follows is printed"), 1);
    script.check(&injected.replace("COMMENT", "# zizmor: ignore[template-injection]"), 1);
    let both = "# secure-lint: allow outsider-text-in-script, outsider-text-in-powerless-script -- lab";
    script.check(&injected.replace("COMMENT", both), 0);
}

#[test]
fn zizmor_means_its_line() {
    let on = |words: &str| steps("", "").replace("self-hosted", &format!("self-hosted # {words}"));
    WORKFLOW.check(&on("zizmor: ignore[self-hosted-runner] ours"), 1);
    WORKFLOW.check(&on("zizmor: ignore[artipacked, self-hosted-runner]"), 1);
    WORKFLOW.check(&on("zizmor: ignore[artipacked]"), 2);
    WORKFLOW.check(&steps("# zizmor: ignore[self-hosted-runner]", ""), 2);
}

#[test]
fn tflint_means_its_line_and_the_next_or_the_file() {
    let case = Case { file: "versions.tf", rule: "terraform-version-not-required" };
    case.check("terraform {\n}\n", 1);
    case.check("# tflint-ignore: terraform_required_version # one team\nterraform {\n}\n", 0);
    case.check("terraform { # tflint-ignore: all\n}\n", 0);
    case.check("# tflint-ignore: terraform_required_version\n\nterraform {\n}\n", 1);
    case.check("# tflint-ignore: terraform_typed_variables\nterraform {\n}\n", 1);
    case.check("# tflint-ignore-file: terraform_required_version\nlocals {\n}\n\nterraform {\n}\n", 0);
    case.check("locals {\n}\n# tflint-ignore-file: terraform_required_version\n\nterraform {\n}\n", 1);
    let json = Case { file: "versions.tf.json", rule: "terraform-version-not-required" };
    json.check("{\"terraform\": [{}]}", 1);
    json.check("{\"//\": \"tflint-ignore-file: terraform_required_version\", \"terraform\": [{}]}", 0);
}

const OPEN: &str = "resource \"aws_security_group\" \"web\" {\n  name = \"web\"\n  ingress {\n    from_port   = 22\n    \
                    to_port     = 22\n    protocol    = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n";
const SSH: Case = Case { file: "main.tf", rule: "admin-port-open-to-the-world" };

fn above(comment: &str) -> String {
    format!("{comment}\n{OPEN}")
}

#[test]
fn trivy_means_a_line_or_what_is_below() {
    SSH.check(OPEN, 1);
    SSH.check(&above("#trivy:ignore:AVD-AWS-0107"), 0);
    SSH.check(&above("# tfsec:ignore:aws-0107"), 0);
    SSH.check(&above("# tfsec:ignore:AWS-0001 trivy:ignore:AWS-0107"), 0);
    SSH.check(&above("#trivy:ignore:AWS-0107\n#trivy:ignore:AWS-0001"), 0);
    SSH.check(&above("#trivy:ignore:*"), 0);
    SSH.check(&above("#trivy:ignore:AWS-01*"), 0);
    SSH.check(&above("#trivy:ignore:AWS-0108"), 1);
    SSH.check(&above("#trivy:ignore:AWS-0107\n"), 1);
    SSH.check(&OPEN.replace("\"0.0.0.0/0\"]", "\"0.0.0.0/0\"] #trivy:ignore:AWS-0107"), 0);
}

#[test]
fn trivys_day_does_not_count_any_more() {
    let stage = SSH.stage(&above("#trivy:ignore:AWS-0107:exp:2026-06-15"));
    assert_eq!(n_findings(&stage, SSH.rule, &["--today", "2026-06-14"]), 0);
    assert_eq!(n_findings(&stage, SSH.rule, &["--today", "2026-06-15"]), 1);
    SSH.check(&above("#trivy:ignore:AWS-0107:exp:soon"), 1);
}

#[test]
fn trivys_conditions_are_asked_of_the_block() {
    SSH.check(&above("#trivy:ignore:AWS-0107[name=web]"), 0);
    SSH.check(&above("#trivy:ignore:AWS-0107[name=api]"), 1);
    SSH.check(&above("#trivy:ignore:AWS-0107[ingress.from_port=22]"), 0);
    SSH.check(&above("#trivy:ignore:AWS-0107[name=web,ingress.from_port=23]"), 1);
    SSH.check(&above("#trivy:ignore:AWS-0107[description=web]"), 1);
    // Read through a variable, and not at all if nobody gives one.
    let named = |default: &str| {
        let variable = format!("variable \"name\" {{\n  {default}\n}}\n");
        variable + &above("#trivy:ignore:AWS-0107[name=web]").replace("name = \"web\"", "name = var.name")
    };
    SSH.check(&named("default = \"web\""), 0);
    SSH.check(&named(""), 1);
}

#[test]
fn trivys_workspace_has_to_be_known() {
    let stage = SSH.stage(&above("#trivy:ignore:AWS-0107:ws:dev"));
    assert_eq!(n_findings(&stage, SSH.rule, &[]), 1);
    assert_eq!(n_findings(&stage, SSH.rule, &["--workspace", "dev"]), 0);
    assert_eq!(n_findings(&stage, SSH.rule, &["--workspace", "prod"]), 1);
}

#[test]
fn trivy_above_a_call_means_the_module() {
    let call = |comment: &str, name: &str| format!("{comment}\nmodule \"{name}\" {{\n  source = \"./web\"\n}}\n");
    let stage = Stage::new("foreign-module").with("web/main.tf", OPEN);
    stage.write("main.tf", &call("", "a"));
    assert_eq!(n_findings(&stage, SSH.rule, &[]), 1);
    stage.write("main.tf", &call("#trivy:ignore:AWS-0107", "a"));
    assert_eq!(n_findings(&stage, SSH.rule, &[]), 0);
    // Another call of the same module is not spoken of.
    stage.write("main.tf", &(call("#trivy:ignore:AWS-0107", "a") + &call("", "b")));
    assert_eq!(n_findings(&stage, SSH.rule, &[]), 1);
}

#[test]
fn they_can_be_reported_or_disregarded() {
    let stage = SSH.stage(&above("#trivy:ignore:AWS-0107"));
    for (word, expected) in [("honour", 0), ("report", 1), ("off", 1)] {
        stage.write("secure-lint.toml", &format!("foreign-suppressions = \"{word}\"\n"));
        assert_eq!(n_findings(&stage, SSH.rule, &[]), expected, "{word}");
    }
    // Addressed to another tool, they are never idle.
    stage.write("main.tf", &above("#trivy:ignore:AWS-0001"));
    assert_eq!(n_findings(&stage, "unused-suppression,malformed-suppression", &[]), 0);
}
