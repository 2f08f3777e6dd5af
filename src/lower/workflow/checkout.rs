//! What checkouts, uploads and installers leave behind or leave open: the job's token on the disk, in an artifact, and
//! tools without a version.

use super::plan::{Plan, StepDoc};
use super::read::flag_at;
use super::uses;
use crate::model::Model;
use crate::syntax::yaml::{Entry, Node};
use crate::value::{Origin, Value};

const TERRAFORM: [(&str, &str); 2] =
    [("hashicorp/setup-terraform", "terraform_version"), ("opentofu/setup-opentofu", "tofu_version")];

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>, job: usize) {
    let steps = &plan.jobs[job].steps;
    for (index, step) in steps.iter().enumerate() {
        let Some(written) = step.node.get("uses") else { continue };
        let action = uses::parts(written.scalar_text().unwrap_or("")).action();
        if let (Some((_, input)), Some(uses)) = (TERRAFORM.iter().find(|(name, _)| *name == action), step.uses) {
            let version = with(step.node, input);
            let is_floating = version.is_none_or(|entry| entry.value.scalar_text() == Some("latest"));
            let from_file = with(step.node, "terraform_version_file").or(with(step.node, "tofu_version_file"));
            let span = version.map_or(written.span, Entry::span);
            let is_open = version.is_some_and(|entry| entry.value.as_str().is_some_and(|text| text.contains("${{")));
            if is_floating && from_file.is_none() && !is_open {
                model[uses].installs_latest.set(flag_at(true, span));
            }
        }
        if action == "actions/checkout" && keeps_token(step) && with(step.node, "path").is_none() {
            let version = step.uses.and_then(|uses| model[uses].version.as_str().map(str::to_owned));
            model[step.id].keeps_token.set(match version {
                Some(version) => flag_at(!keeps_elsewhere(&version), written.span),
                None => Value::unknown(
                    crate::logic::Reason::at("no-value", "version of the checkout", written.span),
                    Origin::written(written.span),
                ),
            });
        }
        if let (true, Some(uses)) = (action == "actions/checkout" && keeps_token(step), step.uses)
            && !steps[index + 1..].iter().any(needs_token)
        {
            model[uses].leaves_token.set(flag_at(true, written.span));
        }
        if action == "actions/upload-artifact" {
            upload(model, plan, job, index);
        }
    }
}

fn with<'n>(node: &'n Node, name: &str) -> Option<&'n Entry> {
    let entries = node.get("with").map(Node::entries).unwrap_or_default();
    entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(name))
}

fn keeps_token(step: &StepDoc<'_>) -> bool {
    with(step.node, "persist-credentials").is_none_or(|entry| entry.value.scalar_text() != Some("false"))
}

/// Steps that talk to the repository by git, or that may.
fn needs_token(step: &StepDoc<'_>) -> bool {
    let script = step.node.get("run").and_then(Node::as_str).unwrap_or("");
    let by_git =
        ["git push", "git fetch", "git pull", "git submodule", "git clone", "git tag", "git lfs", "git ls-remote"];
    const PUSHERS: [&str; 12] = [
        "stefanzweifel/git-auto-commit-action",
        "peter-evans/create-pull-request",
        "ad-m/github-push-action",
        "jamesives/github-pages-deploy-action",
        "peaceiris/actions-gh-pages",
        "endbug/add-and-commit",
        "changesets/action",
        "cycjimmy/semantic-release-action",
        "mathieudutour/github-tag-action",
        "anothrnick/github-tag-action",
        "lerna/lerna",
        "googleapis/release-please-action",
    ];
    let action = step.node.get("uses").and_then(Node::scalar_text).map(|text| uses::parts(text).action());
    by_git.iter().any(|word| script.contains(word))
        || script.contains("semantic-release")
        || script.contains("npm version")
        || script.contains("lerna ")
        || action.is_some_and(|action| PUSHERS.contains(&action.as_str()))
}

fn upload(model: &mut Model, plan: &Plan<'_>, job: usize, index: usize) {
    let steps = &plan.jobs[job].steps;
    let step = &steps[index];
    let Some(path) = with(step.node, "path") else { return };
    let text = path.value.as_str().unwrap_or("");
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_root = |line: &&&str| {
        matches!(
            **line,
            "." | "./" | "*" | "**" | "**/*" | "./*" | "./**" | "${{ github.workspace }}" | "${{ github.workspace }}/"
        )
    };
    let takes_git = lines.iter().any(|line| line.trim_end_matches('/').ends_with(".git"));
    let version = step.uses.and_then(|uses| model[uses].version.as_str().map(str::to_owned));
    let hidden = with(step.node, "include-hidden-files").is_some_and(|entry| entry.value.scalar_text() == Some("true"))
        || version.as_deref().is_some_and(takes_hidden);
    let kept = steps[..index].iter().rev().find(|step| {
        step.node
            .get("uses")
            .and_then(Node::scalar_text)
            .is_some_and(|text| uses::parts(text).action() == "actions/checkout")
    });
    let keeps = kept.is_some_and(|checkout| {
        let version = checkout.uses.and_then(|uses| model[uses].version.as_str().map(str::to_owned));
        keeps_token(checkout)
            && with(checkout.node, "path").is_none()
            && !version.as_deref().is_some_and(keeps_elsewhere)
    });
    if keeps && ((lines.iter().any(|line| is_root(&line)) && hidden) || takes_git) {
        model[step.id].uploads_token.set(flag_at(true, path.span()));
    }
    let is_state = |line: &&str| line.contains(".tfstate") || line.trim_end_matches('/').ends_with(".terraform");
    if let Some(line) = lines.iter().find(|line| is_state(line)) {
        let at = text.find(line).unwrap_or(0);
        let span = path.value.span_of(at..at + line.len());
        model[step.id].publishes_state.set(Value::bool(true, Origin::written(span)));
    }
}

/// Hidden files were taken before 4.4.0, and in the third major before 3.2.0.
fn takes_hidden(version: &str) -> bool {
    let numbers: Vec<u32> = version.trim_start_matches('v').split('.').filter_map(|part| part.parse().ok()).collect();
    match numbers.as_slice() {
        [major] => *major < 3,
        [3, minor, ..] => *minor < 2,
        [4, minor, ..] => *minor < 4,
        [major, ..] => *major < 3,
        [] => false,
    }
}

/// From the sixth major on, the token lies outside the workspace.
fn keeps_elsewhere(version: &str) -> bool {
    let major = version.trim_start_matches('v').split('.').next().and_then(|part| part.parse::<u32>().ok());
    major.is_some_and(|major| major >= 6)
}
