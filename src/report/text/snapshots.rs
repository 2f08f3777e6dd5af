//! The mock-ups of the documentation, drawn at several widths and compared with the files of `testdata/report`.
//! `UPDATE=1 cargo test` rewrites these.

use crate::finding::testing::{finding_over, report_over, span_of, world};
use crate::finding::{
    AddressedPlace, Confidence, Edit, Finding, Fix, Report, Safety, Severity, Subject, Suppressed, SuppressionKind,
    Undecided,
};
use crate::logic::Reason;
use crate::source::{Place, Problem, World};

use super::{Charset, Colour, Detail, GroupBy, ShowSuppressed, Statistics, TextOptions};

const DEPLOY: &str = ".github/workflows/deploy.yml";

fn example() -> World {
    let deploy = "name: deploy\n\non:\n  push:\n    branches: [main]\n  pull_request:\n\njobs:\n  deploy:\n    \
                  runs-on: ubuntu-latest\n    permissions:\n      id-token: write\n    steps:\n      - name: Configure\n        \
                  uses: aws-actions/configure-aws-credentials@v4\n        with:\n          \
                  role-to-assume: arn:aws:iam::123456789012:role/github-actions-deploy\n      \
                  - uses: aws-actions/amazon-ecr-login@v2\n      - run: docker build .\n      \
                  - uses: aws-actions/amazon-ecs-render-task-definition@v1\n";
    let iam = "data \"aws_iam_policy_document\" \"trust\" {\n  statement {\n    condition {\n      \
               values   = [\"repo:your-org/*\"]\n    }\n  }\n}\n\nresource \"aws_iam_role_policy_attachment\" \"ecs\" {\n  \
               role       = \"github-actions-deploy\"\n  \
               policy_arn = \"arn:aws:iam::aws:policy/AmazonECS_FullAccess\"\n}\n";
    let variables = "variable \"bastion_allowed_cidrs\" {\n  default = [\"0.0.0.0/0\"]\n}\n";
    let bastion = "resource \"aws_security_group\" \"bastion\" {\n  ingress {\n    \
                   cidr_blocks = var.bastion_allowed_cidrs\n  }\n}\n\n\n  associate_public_ip_address = true\n";
    let vpc = "resource \"aws_route\" \"private\" {\n    nat_gateway_id = aws_nat_gateway.nat.id\n}\n";
    world(&[
        (DEPLOY, deploy),
        ("terraform/iam.tf", iam),
        ("terraform/variables.tf", variables),
        ("terraform/bastion.tf", bastion),
        ("terraform/vpc.tf", vpc),
        ("infrastructure/terraform-prod.tfvars", "db_master_password = \"correct horse battery\"\n"),
    ])
}

fn step(world: &World, path: &str, text: &str, address: &str, role: &str) -> AddressedPlace {
    AddressedPlace { place: Place::new(span_of(world, path, text), role), address: address.to_owned() }
}

fn chain(world: &World) -> Finding {
    let values = "\"repo:your-org/*\"";
    let steps = [
        step(world, DEPLOY, "pull_request:", ".github/workflows/deploy.yml#on.pull_request", "runs for pull requests"),
        step(
            world,
            DEPLOY,
            "arn:aws:iam::123456789012:role/github-actions-deploy",
            ".github/workflows/deploy.yml#jobs.deploy.steps[Configure].with.role-to-assume",
            "assumes this role",
        ),
        step(
            world,
            "terraform/iam.tf",
            values,
            "terraform#data.aws_iam_policy_document.trust.statement.condition.values[0]",
            "trust accepts every repository and branch",
        ),
        step(
            world,
            "terraform/iam.tf",
            "\"arn:aws:iam::aws:policy/AmazonECS_FullAccess\"",
            "terraform#aws_iam_role_policy_attachment.ecs.policy_arn",
            "may run anything in ECS",
        ),
    ];
    let fix = Fix {
        safety: Safety::Unsafe,
        title: "pin the subject to one repository and ref".to_owned(),
        edits: vec![Edit {
            span: span_of(world, "terraform/iam.tf", values),
            text: "\"repo:your-org/your-repo:ref:refs/heads/main\"".to_owned(),
        }],
    };
    Finding {
        title: "any branch or pull request of any your-org repository can act as github-actions-deploy".to_owned(),
        assumptions: vec!["the role name in the ARN is the name of aws_iam_role.github_actions".to_owned()],
        fix: Some(fix),
        ..finding_over("deploy-role-open-to-pull-requests", Severity::Critical, &steps, 2)
    }
}

fn ssh(world: &World) -> Finding {
    let variables = "terraform/variables.tf";
    let bastion = "terraform/bastion.tf";
    let address = "terraform#var.bastion_allowed_cidrs.default[0]";
    let steps = [
        step(world, variables, "\"0.0.0.0/0\"", address, "the default allows every address"),
        step(
            world,
            bastion,
            "var.bastion_allowed_cidrs",
            "terraform#aws_security_group.bastion",
            "read here, for port 22",
        ),
        step(
            world,
            bastion,
            "associate_public_ip_address = true",
            "terraform#aws_instance.bastion",
            "the host has a public address",
        ),
    ];
    Finding {
        title: "SSH to aws_instance.bastion is open to the whole internet".to_owned(),
        confidence: Confidence::Likely,
        assumptions: vec!["a var file outside the repository may set bastion_allowed_cidrs".to_owned()],
        ..finding_over("ssh-open-to-internet", Severity::High, &steps, 0)
    }
}

fn nat(world: &World) -> Finding {
    let nat = "aws_nat_gateway.nat.id";
    let steps =
        [step(world, "terraform/vpc.tf", nat, "terraform#aws_route.private", "the private subnets' only way out")];
    Finding {
        title: "images, logs and parameters of app leave through NAT".to_owned(),
        missing: vec!["aws_vpc_endpoint for ecr.api, ecr.dkr, s3, logs, ssm in aws_vpc.main".to_owned()],
        ..finding_over("no-private-way-to-aws-services", Severity::Medium, &steps, 0)
    }
}

fn secret(world: &World) -> Finding {
    let path = "infrastructure/terraform-prod.tfvars";
    let address = "infrastructure/terraform-prod.tfvars#db_master_password";
    let steps = [step(world, path, "\"correct horse battery\"", address, "the value of var.db_master_password")];
    Finding {
        title: "the production database password is written in the repository".to_owned(),
        ..finding_over("secret-in-repository", Severity::High, &steps, 0)
    }
}

fn action(world: &World, uses: &str) -> Finding {
    let steps = [step(world, DEPLOY, uses, &format!("action#{uses}"), "")];
    let title = "write the full commit, with the tag as a comment behind it".to_owned();
    Finding {
        title: format!("{uses} runs at a tag that can move"),
        fix: Some(Fix { safety: Safety::Show, title, edits: Vec::new() }),
        ..finding_over("action-at-movable-tag", Severity::High, &steps, 0)
    }
}

fn full(world: &World) -> Report<'_> {
    let mut report = report_over(world);
    report.secrets = vec![span_of(world, "infrastructure/terraform-prod.tfvars", "\"correct horse battery\"")];
    report.findings = vec![
        chain(world),
        ssh(world),
        secret(world),
        action(world, "aws-actions/configure-aws-credentials@v4"),
        action(world, "aws-actions/amazon-ecr-login@v2"),
        action(world, "aws-actions/amazon-ecs-render-task-definition@v1"),
        nat(world),
    ];
    let mut accepted = ssh(world);
    accepted.suppression = Some(Suppressed {
        kind: SuppressionKind::Comment,
        place: Some(span_of(world, "terraform/bastion.tf", "ingress {")),
        reason: "VPN only".to_owned(),
        until: Some("2026-12-31".to_owned()),
        owner: None,
        peer: None,
        peer_id: None,
    });
    report.suppressed = vec![accepted];
    let reason = Reason::at("no-value", "var.public_subnet_ids", span_of(world, "terraform/variables.tf", "variable"));
    for rule in ["service-in-public-subnet", "load-balancer-in-private-subnet"] {
        report.undecided.push(Undecided {
            rule: rule.to_owned(),
            subject: Subject {
                address: "terraform#aws_ecs_service.app".to_owned(),
                name: "aws_ecs_service.app".to_owned(),
            },
            place: None,
            reasons: vec![reason.clone()],
            variants: Vec::new(),
        });
    }
    let call = span_of(world, "terraform/vpc.tf", "resource");
    report.problems.push(Problem::at("module-not-downloaded", "terraform/vpc.tf", call, "module.db"));
    report.run.read.files.insert("terraform", 5);
    report.run.read.files.insert("workflow", 1);
    crate::report::mask(&mut report);
    report
}

fn check(name: &str, text: &str) {
    let path = format!("{}/testdata/report/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).expect("the snapshot can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name}: UPDATE=1 cargo test rewrites it");
}

#[test]
fn at_all_widths() {
    let world = example();
    let report = full(&world);
    for width in [120, 80, 60, 50] {
        let text = super::write(&report, &TextOptions { width, ..TextOptions::default() });
        for line in text.lines() {
            let is_one_word = line.trim().split(' ').filter(|word| word.len() > 20).count() == 1 || width < 60;
            assert!(line.chars().count() <= width || is_one_word, "{width}: {line}");
        }
        assert!(!text.contains('\u{1b}') && !text.contains("horse"));
        check(&format!("width-{width}"), &text);
    }
}

/// Colour changes no word and no column.
#[test]
fn with_colour_and_unicode() {
    let world = example();
    let report = full(&world);
    for (width, name) in [(120, "colour"), (80, "colour-80"), (50, "colour-50")] {
        let options = TextOptions {
            width,
            colour: Colour::On,
            charset: Charset::Unicode,
            suppressed: ShowSuppressed::Yes,
            ..TextOptions::default()
        };
        let text = super::write(&report, &options);
        check(name, &text);
        let plain = super::write(&report, &TextOptions { colour: Colour::Off, ..options });
        assert_eq!(without_escapes(&text), plain, "{width}");
    }
}

/// The text without colours: `ESC [ … m`.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn verbose_by_rule_and_statistics() {
    let world = example();
    let report = full(&world);
    let options = TextOptions {
        detail: Detail::Debug,
        group_by: GroupBy::Rule,
        max_findings: Some(2),
        statistics: Statistics::On,
        ..TextOptions::default()
    };
    check("verbose", &super::write(&report, &options));
}

#[test]
fn clean() {
    let world = example();
    let mut report = full(&world);
    report.findings.clear();
    check("clean", &super::write(&report, &TextOptions::default()));
    report.undecided.clear();
    report.problems.clear();
    report.suppressed.clear();
    let text = super::write(&report, &TextOptions::default());
    assert_eq!(text, "No findings in 6 files (0 rules).\n");
}
