//! The table of what steps need, row by row: the words of a command or the inputs of an action, and what they ask for.

use super::call::{self, Call, Said};
use super::scope::{Deployed, ImagePlace, Surroundings, image_in_ecr};
use crate::data::needs;
use crate::facts::Facts;
use crate::logic::Tri;
use crate::model::identity::Role;
use crate::model::{Head, Model};
use crate::source::{FileId, Span};
use crate::value::{Origin, Value};

fn span() -> Span {
    Span::file_start(FileId(0))
}

fn text(word: &str) -> Value {
    Value::text(word, Origin::written(span()))
}

fn said(line: &str) -> Option<Said> {
    let mut words = line.split_whitespace();
    let program = words.next().expect("a line has a program");
    let arguments: Vec<Value> = words.map(text).collect();
    call::of_words(program, &arguments, span())
}

fn calls(line: &str) -> Vec<Call> {
    match said(line) {
        Some(Said::Calls(calls)) => calls,
        Some(Said::Configuration(_) | Said::Unread(_)) => panic!("`{line}` is not read"),
        None => Vec::new(),
    }
}

/// Every action with what it acts on; `?` in front of what is only perhaps needed.
fn asked(calls: &[Call]) -> Vec<String> {
    let mut model = Model::default();
    let mut role = Role::new(Head::new("deploy", span()));
    role.arn.set(text("arn:aws:iam::123456789012:role/deploy"));
    let role = model.identity.roles.push(role);
    let facts = Facts::new(&model);
    let region = crate::value::Text::literal("eu-1", Origin::none());
    let around = Surroundings::new(&facts, role.into(), Some(&region));
    let deployed = Deployed { family: Some(text("app")), tasks: Vec::new() };
    let mut found = Vec::new();
    for call in calls {
        for row in needs::of_call(&call.name).unwrap_or_default() {
            if Tri::all(row.when.iter().map(|when| call.fits(when))) != Tri::True {
                continue;
            }
            for target in around.targets(row.scope, call, &deployed) {
                let mark = if row.is_sure { "" } else { "?" };
                let thing = target.expression.trim_matches('"').replace("arn:aws:", "");
                found.push(format!("{mark}{} {}", row.action, thing.replace(":eu-1:123456789012:", "::")));
            }
        }
    }
    found.sort();
    found
}

fn check(line: &str, expected: &[&str]) {
    let mut expected: Vec<String> = expected.iter().map(|text| (*text).to_owned()).collect();
    expected.sort();
    assert_eq!(asked(&calls(line)), expected, "{line}");
}

fn check_action(name: &str, inputs: &[(&str, &str)], expected: &[&str]) {
    let call = inputs.iter().fold(Call::new(name, span()), |call, (input, value)| call.with(input, text(value)));
    let mut expected: Vec<String> = expected.iter().map(|text| (*text).to_owned()).collect();
    expected.sort();
    assert_eq!(asked(&[call]), expected, "{name}");
}

const TASK: &str = "ecs::task-definition/app:*";

#[test]
fn logins() {
    check_action("aws-actions/amazon-ecr-login", &[], &["ecr:GetAuthorizationToken *"]);
    check_action(
        "aws-actions/amazon-ecr-login",
        &[("registry-type", "public")],
        &["ecr-public:GetAuthorizationToken *", "sts:GetServiceBearerToken *"],
    );
    check("aws ecr get-login-password --region eu-1", &["ecr:GetAuthorizationToken *"]);
    check("aws sts get-caller-identity", &[]);
    check_action(
        "role chaining",
        &[("role-to-assume", "arn:aws:iam::123456789012:role/next")],
        &["sts:AssumeRole iam::123456789012:role/next", "sts:TagSession iam::123456789012:role/next"],
    );
    check_action(
        "role chaining",
        &[("role-to-assume", "arn:aws:iam::123456789012:role/next"), ("role-skip-session-tagging", "true")],
        &["sts:AssumeRole iam::123456789012:role/next"],
    );
}

#[test]
fn images() {
    let repository = "123456789012.dkr.ecr.eu-1.amazonaws.com/app:1";
    let push = Call::new("image push", span()).with("image", text(repository));
    let thing = "ecr::repository/app";
    let expected = [
        format!("?ecr:BatchGetImage {thing}"),
        format!("ecr:BatchCheckLayerAvailability {thing}"),
        format!("ecr:CompleteLayerUpload {thing}"),
        format!("ecr:InitiateLayerUpload {thing}"),
        format!("ecr:PutImage {thing}"),
        format!("ecr:UploadLayerPart {thing}"),
    ];
    assert_eq!(asked(&[push]), expected);
    check(
        &format!("docker pull {repository}"),
        &[
            "?ecr:BatchCheckLayerAvailability ecr::repository/app",
            "ecr:BatchGetImage ecr::repository/app",
            "ecr:GetDownloadUrlForLayer ecr::repository/app",
        ],
    );
    check("docker pull ghcr.io/acme/app:1", &[]);
    check("docker pull python:3.13", &[]);
    check(
        &format!("docker buildx imagetools create --tag {repository} {repository}"),
        &[
            "?ecr:BatchCheckLayerAvailability ecr::repository/app",
            "ecr:BatchGetImage ecr::repository/app",
            "ecr:PutImage ecr::repository/app",
        ],
    );
    check("aws ecr describe-images --repository-name app", &["ecr:DescribeImages ecr::repository/app"]);
    check("aws ecr create-repository --repository-name app", &["ecr:CreateRepository ecr::repository/app"]);
    check(
        "aws ecr create-repository --repository-name app --tags Key=a,Value=b",
        &["ecr:CreateRepository ecr::repository/app", "ecr:TagResource ecr::repository/app"],
    );
    check("aws ecr start-image-scan --repository-name app", &["ecr:StartImageScan ecr::repository/app"]);
    check(
        "aws ecr wait image-scan-complete --repository-name app",
        &["ecr:DescribeImageScanFindings ecr::repository/app"],
    );
}

#[test]
fn where_images_lie() {
    let is_elsewhere = |name: &str| matches!(image_in_ecr(&text(name)), ImagePlace::Elsewhere);
    assert!(
        is_elsewhere("public.ecr.aws/docker/library/nginx:1.29") && is_elsewhere("nginx") && is_elsewhere("acme/app:1")
    );
    match image_in_ecr(&text("123456789012.dkr.ecr.eu-1.amazonaws.com/team/app@sha256:00")) {
        ImagePlace::Path { account, region, path } => {
            assert_eq!((account.as_deref(), region.as_deref()), (Some("123456789012"), Some("eu-1")));
            assert_eq!(path.known(), Some("team/app"));
        }
        ImagePlace::Elsewhere | ImagePlace::Repository(_) | ImagePlace::Unknown => panic!("it is a private registry"),
    }
}

#[test]
fn task_definitions_and_services() {
    check(
        "aws ecs describe-task-definition --task-definition app --query taskDefinition",
        &["ecs:DescribeTaskDefinition *"],
    );
    check_action(
        "aws-actions/amazon-ecs-render-task-definition",
        &[("task-definition-family", "app")],
        &["ecs:DescribeTaskDefinition *"],
    );
    check_action("aws-actions/amazon-ecs-render-task-definition", &[("task-definition", "task.json")], &[]);
    let service = "ecs::service/main/web";
    let deploy = [("task-definition", "task.json"), ("service", "web"), ("cluster", "main")];
    check_action(
        "aws-actions/amazon-ecs-deploy-task-definition",
        &deploy,
        &[
            &format!("ecs:DescribeServices {service}"),
            &format!("ecs:RegisterTaskDefinition {TASK}"),
            &format!("ecs:UpdateService {service}"),
            "iam:PassRole *",
        ],
    );
    check_action(
        "aws-actions/amazon-ecs-deploy-task-definition",
        &[("task-definition", "task.json"), ("run-task", "true"), ("cluster", "main")],
        &[
            "ecs:DescribeTasks ecs::task/main/*",
            &format!("ecs:RegisterTaskDefinition {TASK}"),
            &format!("ecs:RunTask {TASK}"),
            "iam:PassRole *",
        ],
    );
    let by_codedeploy = [
        ("service", "web"),
        ("cluster", "main"),
        ("codedeploy-appspec", "appspec.yml"),
        ("codedeploy-application", "a"),
        ("codedeploy-deployment-group", "g"),
    ];
    check_action(
        "aws-actions/amazon-ecs-deploy-task-definition",
        &by_codedeploy,
        &[
            "codedeploy:CreateDeployment codedeploy::deploymentgroup:a/g",
            "codedeploy:GetDeployment codedeploy::deploymentgroup:a/g",
            "codedeploy:GetDeploymentConfig codedeploy::deploymentconfig:*",
            "codedeploy:GetDeploymentGroup codedeploy::deploymentgroup:a/g",
            "codedeploy:RegisterApplicationRevision codedeploy::application:a",
            &format!("ecs:DescribeServices {service}"),
            &format!("ecs:RegisterTaskDefinition {TASK}"),
            "iam:PassRole *",
        ],
    );
    check(
        "aws ecs update-service --cluster main --service web --force-new-deployment",
        &[&format!("ecs:UpdateService {service}")],
    );
    check(
        "aws ecs update-service --cluster arn:aws:ecs:eu-1:123456789012:cluster/main --service web",
        &[&format!("ecs:UpdateService {service}")],
    );
    check(
        "aws --region eu-1 ecs wait services-stable --cluster main --services web api",
        &["ecs:DescribeServices ecs::service/main/api", "ecs:DescribeServices ecs::service/main/web"],
    );
    check("aws ecs wait tasks-stopped --cluster=main --tasks 1", &["ecs:DescribeTasks ecs::task/main/*"]);
    check("aws ecs create-cluster --cluster-name main", &["ecs:CreateCluster ecs::cluster/main"]);
    check("aws ecs run-task --cluster main --task-definition app", &[&format!("ecs:RunTask {TASK}")]);
    check(
        "aws ecs execute-command --cluster main --task 1 --interactive --command sh",
        &["?kms:GenerateDataKey *", "ecs:ExecuteCommand ecs::cluster/main", "ecs:ExecuteCommand ecs::task/main/*"],
    );
}

#[test]
fn parameters_secrets_and_buckets() {
    check("aws ssm get-parameter --name /app/url", &["ssm:GetParameter ssm::parameter/app/url"]);
    check(
        "aws ssm get-parameters --names /app/a b --with-decryption",
        &["?kms:Decrypt *", "ssm:GetParameters ssm::parameter/app/a", "ssm:GetParameters ssm::parameter/b"],
    );
    check(
        "aws secretsmanager get-secret-value --secret-id app",
        &["?kms:Decrypt *", "secretsmanager:GetSecretValue secretsmanager::secret:app-??????"],
    );
    check(
        "aws s3 sync ./public s3://site --delete",
        &[
            "?kms:Decrypt *",
            "?kms:GenerateDataKey *",
            "?s3:AbortMultipartUpload s3:::site/*",
            "s3:DeleteObject s3:::site/*",
            "s3:ListBucket s3:::site",
            "s3:PutObject s3:::site/*",
        ],
    );
    check(
        "aws s3 cp s3://site/a.txt a.txt",
        &["?kms:Decrypt *", "?kms:GenerateDataKey *", "s3:GetObject s3:::site/a.txt*"],
    );
    check(
        "aws s3 cp --acl public-read a.txt s3://site/a.txt",
        &[
            "?kms:Decrypt *",
            "?kms:GenerateDataKey *",
            "?s3:AbortMultipartUpload s3:::site/a.txt*",
            "?s3:ListBucket s3:::site",
            "s3:PutObject s3:::site/a.txt*",
            "s3:PutObjectAcl s3:::site/a.txt*",
        ],
    );
    check("aws s3api head-object --bucket site --key a.txt", &["s3:GetObject s3:::site/a.txt"]);
    check("aws s3api list-objects-v2 --bucket site", &["s3:ListBucket s3:::site"]);
}

#[test]
fn the_rest() {
    check(
        "aws cloudfront create-invalidation --distribution-id E1 --paths /*",
        &["cloudfront:CreateInvalidation cloudfront::123456789012:distribution/E1"],
    );
    check(
        "aws logs tail /ecs/app --follow",
        &["?logs:DescribeLogGroups *", "logs:FilterLogEvents logs::log-group:/ecs/app:*"],
    );
    check_action(
        "aws-actions/aws-codebuild-run-build",
        &[("project-name", "p")],
        &[
            "codebuild:BatchGetBuilds codebuild::project/p",
            "codebuild:StartBuild codebuild::project/p",
            "logs:GetLogEvents logs::log-group:/aws/codebuild/p:*",
        ],
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    for line in [
        "cdk deploy",
        "sam deploy",
        "serverless deploy",
        "pulumi up",
        "python deploy.py",
        "./deploy.sh",
        "aws glue start-job-run",
    ] {
        assert!(matches!(said(line), Some(Said::Unread(_))), "{line}");
    }
    assert!(matches!(said("aws --profile other s3 ls"), Some(Said::Unread(_))));
    for line in ["terraform apply", "terraform init", "tofu plan", "terragrunt run-all apply"] {
        assert!(matches!(said(line), Some(Said::Configuration(_))), "{line}");
    }
    for line in ["terraform fmt -check", "echo done", "jq . a.json"] {
        assert!(said(line).is_none(), "{line}");
    }
    assert!(calls("docker build -t app .").is_empty());
    assert!(calls("aws --endpoint-url http://localhost:4566 s3 ls").is_empty());
    assert!(matches!(said("docker run -e AWS_SECRET_ACCESS_KEY app"), Some(Said::Unread(_))));
}
