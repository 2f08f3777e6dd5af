//! Severity is reach times power: how many can be a role, against what the role may do. Every cell of the matrix is a role
//! of one world, judged by the rules on who is let in.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::stage::Stage;

/// How many can have the role, by the subject that its trust takes.
const REACH: [(&str, &str); 6] = [
    ("anyone", "repo:*"),
    ("owner", "repo:acme/*"),
    ("repository", "repo:acme/app:*"),
    ("pulls", "repo:acme/app:pull_request"),
    ("branches", "repo:acme/app:ref:refs/heads/*"),
    ("main", "repo:acme/app:ref:refs/heads/main"),
];

/// What the role may do: actions and resource.
const POWER: [(&str, &str, &str); 5] = [
    ("metadata", "\"ec2:DescribeInstances\"", "*"),
    ("data", "\"s3:GetObject\"", "arn:aws:s3:::reports/*"),
    ("write", "\"sqs:SendMessage\"", "arn:aws:sqs:eu-west-1:123456789012:jobs"),
    ("deploy", "[\"iam:PassRole\", \"ecs:RegisterTaskDefinition\", \"ecs:RunTask\"]", "*"),
    ("administrator", "\"*\"", "*"),
];

const EXPECTED: [[&str; 5]; 6] = [
    ["critical", "critical", "critical", "critical", "critical"],
    ["high", "high", "high", "high", "critical"],
    ["medium", "medium", "high", "high", "critical"],
    ["medium", "medium", "critical", "critical", "critical"],
    ["", "info", "medium", "medium", "critical"],
    ["", "", "", "", "high"],
];

const RULES: &str = "trust-without-subject,trust-open-to-any-owner,trust-open-to-organization,trust-open-to-whole-repository,\
                     read-role-open-to-whole-repository,read-role-trusts-pull-requests,deploy-role-trusts-pull-requests,\
                     trust-open-to-any-branch,read-role-open-to-any-branch,administrator-role,administrator-open-to-outside";

const TASK: &str = r#"resource "aws_iam_role" "task" {
  name = "task"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}
"#;

fn role(name: &str, subject: &str, actions: &str, resource: &str) -> String {
    format!(
        r#"
resource "aws_iam_role" "{name}" {{
  name = "{name}"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = {{ Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }}
      Condition = {{
        StringEquals = {{ "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" }}
        StringLike   = {{ "token.actions.githubusercontent.com:sub" = "{subject}" }}
      }}
    }}]
  }})
}}

resource "aws_iam_role_policy" "{name}" {{
  role = aws_iam_role.{name}.id
  policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = {actions}, Resource = "{resource}" }}]
  }})
}}
"#
    )
}

#[test]
fn severity_is_reach_times_power() {
    let mut text = TASK.to_owned();
    for (reach, subject) in REACH {
        for (power, actions, resource) in POWER {
            let _ = write!(text, "{}", role(&format!("{reach}_{power}"), subject, actions, resource));
        }
    }
    let stage = Stage::new("severity").with("main.tf", &text);
    let arguments = ["check", "--root", ".", "--profile", "audit", "--select", RULES, "--format", "json"];
    let played = stage.run(&arguments);
    let report: serde_json::Value = serde_json::from_str(&played.out).expect("it is JSON");
    let order = ["", "info", "low", "medium", "high", "critical"];
    let rank = |severity: &str| order.iter().position(|known| *known == severity).expect("a severity");
    let mut worst: BTreeMap<&str, &str> = BTreeMap::new();
    for finding in report["findings"].as_array().expect("findings") {
        let severity = finding["severity"].as_str().expect("a severity");
        for subject in finding["subjects"].as_array().expect("subjects") {
            let name = subject.as_str().and_then(|it| it.rsplit('.').next()).expect("an address");
            let known = worst.entry(name).or_default();
            if rank(severity) > rank(known) {
                *known = severity;
            }
        }
    }
    for ((reach, _), row) in REACH.iter().zip(EXPECTED) {
        let found = POWER.map(|(power, ..)| worst.get(&*format!("{reach}_{power}")).copied().unwrap_or_default());
        assert_eq!(found, row, "{reach}: power from metadata to administrator");
    }
}
