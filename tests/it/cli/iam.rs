//! `iam`: the page of a role as a person reads it, its JSON, names that nobody has, and the policy as a fix.

use super::stage::Stage;

const ROLES: &str = r#"resource "aws_ecr_repository" "app" {
  name = "app"
}

resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:acme/app:ref:refs/heads/main"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "deploy" {
  role       = aws_iam_role.deploy.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
}
"#;

const WORKFLOW: &str = r#"on:
  push:
    branches: [main]
  pull_request:
permissions:
  id-token: write
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn:aws:iam::123456789012:role/deploy
          aws-region: eu-west-1
      - id: login
        uses: aws-actions/amazon-ecr-login@v2
      - run: docker push ${{ steps.login.outputs.registry }}/app:${{ github.sha }}
      - run: aws ecs update-service --cluster main --service app --force-new-deployment
"#;

const PAGE: &str = r#"aws_iam_role.deploy (main.tf:5)

Who can assume it:
  trusts    issuer arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com
  takes     repo:acme/app:ref:refs/heads/main (main.tf:16)
  admitted  deploy on push: its subject ends in `ref:refs/heads/main`
            asked for in .github/workflows/deploy.yml:13
            the subject comes from .github/workflows/deploy.yml:2
            decided by main.tf:16
  refused   deploy on pull_request: its subject ends in `pull_request`
            asked for in .github/workflows/deploy.yml:13
            the subject comes from .github/workflows/deploy.yml:4
            decided by main.tf:16

What it needs: 7 actions
  .github/workflows/deploy.yml:16
    ecr:GetAuthorizationToken on *
  .github/workflows/deploy.yml:17
    ecr:BatchCheckLayerAvailability on aws_ecr_repository.app.arn
    ecr:BatchGetImage on aws_ecr_repository.app.arn (perhaps)
    ecr:CompleteLayerUpload on aws_ecr_repository.app.arn
    ecr:InitiateLayerUpload on aws_ecr_repository.app.arn
    ecr:PutImage on aws_ecr_repository.app.arn
    ecr:UploadLayerPart on aws_ecr_repository.app.arn
  .github/workflows/deploy.yml:18
    ecs:UpdateService on arn:aws:ecs:eu-west-1:*:service/main/app

What it has: 16 actions (2 list, 10 read, 4 write)
  16   AmazonEC2ContainerRegistryPowerUser (main.tf:25)

What it misses: 1 action
  ecs:UpdateService on arn:aws:ecs:eu-west-1:*:service/main/app
    needs ecs:UpdateService (.github/workflows/deploy.yml:18)

Beyond what is counted: 10 actions (2 list, 8 read)
  ecr:DescribeImageScanFindings, ecr:DescribeImages, ecr:DescribeRepositories,
  ecr:GetDownloadUrlForLayer, ecr:GetLifecyclePolicy,
  ecr:GetLifecyclePolicyPreview, ecr:GetRepositoryPolicy, ecr:ListImages,
  ecr:ListTagsForResource

The policy that is enough for what it needs:

data "aws_iam_policy_document" "deploy" {
  statement {
    sid       = "Login"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "Push"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:CompleteLayerUpload",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [aws_ecr_repository.app.arn]
  }

  statement {
    sid       = "Service"
    actions   = ["ecs:UpdateService"]
    resources = ["arn:aws:ecs:eu-west-1:*:service/main/app"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = ["arn:aws:ecs:eu-west-1:*:cluster/main"]
    }
  }
}
"#;

fn stage(name: &str) -> Stage {
    Stage::new(name).with("main.tf", ROLES).with(".github/workflows/deploy.yml", WORKFLOW)
}

#[test]
fn a_role_on_one_page() {
    let stage = stage("iam-page");
    for name in ["deploy", "aws_iam_role.deploy", "arn:aws:iam::123456789012:role/deploy"] {
        let played = stage.run(&["iam", name, "--root", "."]);
        assert_eq!((played.code, played.out.as_str()), (0, PAGE), "{}", played.err);
    }
    // All of them is this one.
    assert_eq!(stage.run(&["iam", "--root", "."]).out, PAGE);
}

#[test]
fn the_same_as_json() {
    let played = stage("iam-json").run(&["iam", "deploy", "--root", ".", "--format", "json"]);
    let whole: serde_json::Value = serde_json::from_str(&played.out).expect("it is JSON");
    let role = &whole["principals"][0];
    assert_eq!((role["needed"].as_u64(), role["granted"]["count"].as_u64()), (Some(7), Some(16)));
    assert_eq!(role["missing"][0]["action"], "ecs:UpdateService");
    assert_eq!(role["missing"][0]["places"][0]["place"]["line"], 18);
    assert_eq!(role["attempts"][0]["admitted"], "yes");
    assert_eq!(role["attempts"][1]["admitted"], "no");
    assert!(role["excess"].as_array().is_some_and(|excess| excess.len() == 9), "{}", role["excess"]);
    assert!(role["policy"].as_str().is_some_and(|policy| PAGE.ends_with(policy)));
}

#[test]
fn a_name_that_nobody_has() {
    let stage = stage("iam-unknown");
    let played = stage.run(&["iam", "deploi", "--root", "."]);
    assert_eq!(played.code, 2);
    assert!(
        played.err.contains("no role, user or group `deploi` is declared here; did you mean `deploy`?"),
        "{}",
        played.err
    );
    let empty = Stage::new("iam-empty").run(&["iam"]);
    assert_eq!((empty.code, empty.out.as_str()), (0, "No role, user or group is declared here.\n"));
}

#[test]
fn the_fix_leaves_what_is_needed() {
    let wide = ROLES.replace("AmazonEC2ContainerRegistryPowerUser", "AmazonEC2ContainerRegistryFullAccess");
    let only_push = WORKFLOW.lines().filter(|line| !line.contains("aws ecs")).collect::<Vec<_>>().join("\n");
    let stage = Stage::new("iam-fix").with("main.tf", &wide).with(".github/workflows/deploy.yml", &only_push);
    let check = ["check", "--root", ".", "--select", "role-granted-more-than-used", "--format", "concise", "-q"];
    assert!(stage.run(&check).out.contains("main.tf:25"), "{}", stage.run(&check).out);
    let sarif = ["--format", "sarif", "--sarif-profile", "full"];
    let sarif = stage.run(&[&["check", "--root", ".", "--select", "role-granted-more-than-used"][..], &sarif].concat());
    assert!(sarif.out.contains("aws_iam_policy_document"), "the fix stands in SARIF");
    let fixed = stage.run(&["fix", "--root", ".", "--unsafe", "--select", "role-granted-more-than-used"]);
    assert_eq!(fixed.code, 0, "{}{}", fixed.out, fixed.err);
    let after = stage.read("main.tf");
    assert!(after.contains("resource \"aws_iam_role_policy\" \"deploy_needs\""), "{after}");
    assert!(!after.contains("FullAccess"), "{after}");
    let again = stage.run(&check);
    assert_eq!((again.code, again.out.as_str()), (0, ""), "{}", again.err);
}
