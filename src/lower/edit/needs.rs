//! What a job needs of its token, as far as all of its steps are known: the smallest `permissions` block that keeps it
//! running.

use std::collections::BTreeMap;

use crate::syntax::yaml::Node;

/// Scope to level, in the order of the alphabet.
pub(super) type Needs = BTreeMap<&'static str, &'static str>;

/// Actions that are known to ask nothing of the token.
const NOTHING: [&str; 33] = [
    "actions/setup-node",
    "actions/setup-python",
    "actions/setup-java",
    "actions/setup-go",
    "actions/setup-dotnet",
    "actions/cache",
    "actions/upload-artifact",
    "actions/download-artifact",
    "actions/upload-pages-artifact",
    "actions/configure-pages",
    "ruby/setup-ruby",
    "hashicorp/setup-terraform",
    "opentofu/setup-opentofu",
    "docker/setup-buildx-action",
    "docker/setup-qemu-action",
    "docker/metadata-action",
    "docker/build-push-action",
    "aws-actions/amazon-ecr-login",
    "aws-actions/amazon-ecs-render-task-definition",
    "aws-actions/amazon-ecs-deploy-task-definition",
    "aws-actions/aws-cloudformation-github-deploy",
    "pnpm/action-setup",
    "oven-sh/setup-bun",
    "terraform-linters/setup-tflint",
    "dtolnay/rust-toolchain",
    "actions-rs/toolchain",
    "swatinem/rust-cache",
    "gradle/actions/setup-gradle",
    "astral-sh/setup-uv",
    "azure/setup-helm",
    "azure/setup-kubectl",
    "codecov/codecov-action",
    "taiki-e/install-action",
];

/// Actions that need these scopes.
const SCOPES: &[(&str, &[(&str, &str)])] = &[
    ("actions/checkout", &[("contents", "read")]),
    ("actions/attest", &[("attestations", "write"), ("id-token", "write")]),
    ("actions/attest-build-provenance", &[("attestations", "write"), ("id-token", "write")]),
    ("actions/attest-sbom", &[("attestations", "write"), ("id-token", "write")]),
    ("actions/deploy-pages", &[("id-token", "write"), ("pages", "write")]),
    ("actions/labeler", &[("contents", "read"), ("pull-requests", "write")]),
    ("actions/stale", &[("issues", "write"), ("pull-requests", "write")]),
    ("actions/dependency-review-action", &[("contents", "read")]),
    ("softprops/action-gh-release", &[("contents", "write")]),
    ("peaceiris/actions-gh-pages", &[("contents", "write")]),
    ("github/codeql-action/init", &[("contents", "read"), ("security-events", "write")]),
    ("github/codeql-action/analyze", &[("contents", "read"), ("security-events", "write")]),
    ("github/codeql-action/autobuild", &[("contents", "read")]),
    ("github/codeql-action/upload-sarif", &[("contents", "read"), ("security-events", "write")]),
];

/// Words of scripts that may use the token.
const IN_SCRIPTS: [&str; 15] = [
    "gh ",
    "git push",
    "git tag",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "github.token",
    "ACTIONS_ID_TOKEN",
    "ghcr.io",
    "pkg.github.com",
    "publish",
    "release",
    "cosign",
    "sigstore",
    "hub ",
    "lerna",
];

/// What all steps of a job need together; nothing if one of them is not known.
pub(super) fn of_job(job: &Node) -> Option<Needs> {
    let mut needs = Needs::new();
    if job.get("uses").is_some() || holds_token(job.get("env")) {
        return None;
    }
    for step in job.get("steps")?.items() {
        if holds_token(step.get("env")) || holds_token(step.get("with")) {
            return None;
        }
        match (step.get("uses").and_then(Node::scalar_text), step.get("run").and_then(Node::as_str)) {
            (Some(uses), _) => of_action(uses, step.get("with"), &mut needs)?,
            (None, Some(script)) if !IN_SCRIPTS.iter().any(|word| script.contains(word)) => {}
            (None, _) => return None,
        }
    }
    Some(needs)
}

/// Whether the token is handed to somebody by name, who may do anything with it.
fn holds_token(map: Option<&Node>) -> bool {
    let texts = map.map(Node::entries).unwrap_or_default().iter().filter_map(|entry| entry.value.scalar_text());
    texts.into_iter().any(|text| text.contains("GITHUB_TOKEN") || text.contains("github.token"))
}

fn of_action(uses: &str, with: Option<&Node>, needs: &mut Needs) -> Option<()> {
    let name = uses.split('@').next().unwrap_or("").to_lowercase();
    let input = |name: &str| with.and_then(|with| with.get(name)).and_then(Node::scalar_text);
    if name == "aws-actions/configure-aws-credentials" {
        let is_federated = input("role-to-assume").is_some()
            && input("aws-access-key-id").is_none()
            && input("role-chaining") != Some("true")
            && input("web-identity-token-file").is_none();
        if is_federated {
            needs.insert("id-token", "write");
        }
        return Some(());
    }
    if name == "docker/login-action" {
        // Another registry has its own password; GitHub's takes the token.
        return match input("registry") {
            Some(registry) if registry.contains("amazonaws.com") || registry == "docker.io" => Some(()),
            None => Some(()),
            Some(_) => None,
        };
    }
    if NOTHING.contains(&name.as_str()) {
        return Some(());
    }
    let (_, scopes) = SCOPES.iter().find(|(known, _)| *known == name)?;
    for (scope, level) in *scopes {
        let entry = needs.entry(scope).or_insert(level);
        if *level == "write" {
            *entry = level;
        }
    }
    Some(())
}
