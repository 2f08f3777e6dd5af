//! What makes two findings of two runs the same: the rule and the address of the primary place, never a line number, a
//! value or a message.

use sha2::{Digest, Sha256};

/// The fingerprint of a finding. `rule` is the first id that the rule ever had.
pub fn finding_fingerprint(rule: &str, address: &str) -> String {
    digest(&["secure-lint/1", rule, address])
}

/// The fingerprint of one way to a finding; `variant` is empty if the way exists under all sets of variables.
pub fn path_fingerprint<'a>(
    finding: &'a str,
    subject: &'a str,
    variant: &'a str,
    steps: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut lines = vec!["secure-lint-path/1", finding, subject, variant];
    lines.extend(steps);
    digest(&lines)
}

/// The first 32 hex digits of SHA-256 over the lines, each ended by LF.
fn digest(lines: &[&str]) -> String {
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|half| char::from(b"0123456789abcdef"[usize::from(half)]));
    hash.finalize().iter().take(16).flat_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::{finding_fingerprint, path_fingerprint};

    #[test]
    fn vectors_of_findings() {
        let check = |rule, address, expected| assert_eq!(finding_fingerprint(rule, address), expected, "{rule}");
        check(
            "task-with-public-ip",
            "terraform#aws_ecs_service.app.network_configuration.assign_public_ip",
            "1be81b70a82bd77079a60c72dbf2ce09",
        );
        check(
            "ssh-open-to-internet",
            "terraform#var.bastion_allowed_cidrs.default[0]",
            "6e1757174265b2696dda4b271f22f160",
        );
        check(
            "plaintext-secret-in-task",
            "task-definition.json#containerDefinitions[my-app].environment[API_KEY].value",
            "265f4305e60c5bef2242e4bcf6bfd9e5",
        );
        check(
            "deploy-role-open-to-pull-requests",
            "terraform#data.aws_iam_policy_document.github_actions_assume.statement.condition[1].values[0]",
            "ddb6b41534b9fa83b6f67f92d7beab8e",
        );
    }

    #[test]
    fn vector_of_a_path() {
        let steps = [
            ".github/workflows/deploy.yml#on.pull_request",
            ".github/workflows/deploy.yml#jobs.deploy.steps[Configure AWS credentials].with.role-to-assume",
            "terraform#data.aws_iam_policy_document.github_actions_assume.statement.condition[1].values[0]",
            "terraform#aws_iam_role_policy_attachment.ecs_deploy.policy_arn",
        ];
        let fingerprint =
            path_fingerprint("ddb6b41534b9fa83b6f67f92d7beab8e", "terraform#aws_iam_role.github_actions", "", steps);
        assert_eq!(fingerprint, "a41244804bee9c32fcc8075e5360d27a");
    }
}
