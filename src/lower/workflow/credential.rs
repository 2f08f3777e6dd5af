//! What the steps of a job log in to: AWS by role or by keys, registries, app tokens, other clouds.

use super::plan::Plan;
use super::read::{fill, fill_texts, flag_at};
use super::scope::JobScope;
use super::uses;
use crate::data::github::lists;
use crate::eval::terraform::functions::document;
use crate::lower::policy::{PolicyKind, add_policy};
use crate::model::pipeline::Credential;
use crate::model::{Head, Id, Model, One};
use crate::source::Span;
use crate::syntax::expression;
use crate::syntax::yaml::{Entry, Node};
use crate::value::{Origin, Value};

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>, job: usize) {
    let doc = &plan.jobs[job];
    let workflow_env = plan.workflow_of(job).root.get("env");
    keys_in_env(model, plan, job, workflow_env, "workflow", None);
    keys_in_env(model, plan, job, doc.node.get("env"), "job", None);
    for index in 0..doc.steps.len() {
        let node = doc.steps[index].node;
        keys_in_env(model, plan, job, node.get("env"), "step", Some(index));
        let Some(written) = node.get("uses").and_then(Node::scalar_text) else { continue };
        let with = node.get("with");
        match uses::parts(written).full().as_str() {
            "aws-actions/configure-aws-credentials" => aws(model, plan, job, index, node),
            "aws-actions/amazon-ecr-login" => {
                let id = add(model, plan, job, Some(index), "registry", node.span);
                ecr_outputs(model, id, written, with);
            }
            "docker/login-action" | "azure/docker-login" => {
                add(model, plan, job, Some(index), "registry", node.span);
            }
            action => {
                if let Some(kind) = lists::login(action) {
                    let id = add(model, plan, job, Some(index), kind, node.span);
                    if kind == "app_token" {
                        app_token(model, id, node);
                    }
                }
            }
        }
    }
}

fn add(model: &mut Model, plan: &Plan<'_>, job: usize, step: Option<usize>, kind: &str, span: Span) -> Id<Credential> {
    let doc = &plan.jobs[job];
    let origin = Origin::written(span);
    let name = match kind {
        "static_keys" => "the AWS keys",
        "oidc_role" | "chained_role" => "the AWS role",
        "registry" => "the registry login",
        "app_token" => "the app token",
        _ => "the login",
    };
    let mut credential = Credential::new(Head::new(name, span));
    credential.kind.set(Value::text(kind, origin.clone()));
    credential.scope.set(Value::text("step", origin.clone()));
    credential.from_step.set(Value::number(step.unwrap_or(0) as i64, origin.clone()));
    credential.job = One::to(doc.id, origin.clone());
    if let Some(step) = step {
        credential.step = One::to(doc.steps[step].id, origin.clone());
    }
    let id = model.pipeline.credentials.push(credential);
    model[doc.id].credentials.push(id, origin.clone());
    if let Some(step) = step {
        model[doc.steps[step].id].credentials.push(id, origin);
    }
    id
}

/// `AWS_SECRET_ACCESS_KEY` as a variable. Keys for another endpoint are not Amazon's.
fn keys_in_env(model: &mut Model, plan: &Plan<'_>, job: usize, env: Option<&Node>, scope: &str, step: Option<usize>) {
    let Some(env) = env else { return };
    let find = |name: &str| env.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(name));
    let Some(entry) = find("AWS_SECRET_ACCESS_KEY") else { return };
    let is_session = find("AWS_SESSION_TOKEN").is_some();
    let scope_of = match step {
        Some(step) => JobScope::step(plan, job, None, step),
        None => JobScope::job(plan, job, None),
    };
    let is_elsewhere = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"].iter().any(|name| scope_of.find_env(name).is_some());
    if is_session || is_elsewhere || !is_long_lived(&entry.value) {
        return;
    }
    let id = add(model, plan, job, step, "static_keys", entry.span());
    model[id].scope.set(Value::text(scope, Origin::written(entry.span())));
    let users_elsewhere = super::delivery::all_use_other_endpoint(plan, job);
    if users_elsewhere {
        model[id].is_for_aws.set(flag_at(false, entry.span()));
    }
}

/// Keys from secrets, variables or literals live until somebody revokes them; an output of a step is made for the run.
fn is_long_lived(node: &Node) -> bool {
    let Some(text) = node.scalar_text() else { return false };
    let found = expression::holes(text);
    if found.is_empty() {
        return !text.trim().is_empty()
            && !matches!(
                text.trim(),
                "test" | "dummy" | "mock" | "local" | "localstack" | "minioadmin" | "minio" | "x" | "fake"
            );
    }
    let reads = |context: &str| {
        found.iter().filter_map(|hole| hole.expression.as_ref().ok()).any(|expression| {
            expression.all().into_iter().any(|part| part.path().is_some_and(|path| path[0] == context))
        })
    };
    (reads("secrets") || reads("vars")) && !reads("steps")
}

fn aws(model: &mut Model, plan: &Plan<'_>, job: usize, index: usize, node: &Node) {
    let Some(with) = node.get("with") else { return };
    let scope = JobScope::step(plan, job, None, index);
    let find = |name: &str| with.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(name));
    let is_true = |name: &str| find(name).and_then(|entry| entry.value.scalar_text()) == Some("true");
    let key: Option<&Entry> = find("aws-access-key-id").or(find("aws-secret-access-key"));
    let is_static = key.is_some_and(|entry| is_long_lived(&entry.value))
        && find("aws-session-token").is_none()
        && find("sts-endpoint").is_none();
    let role = find("role-to-assume");
    let kind = match (role, key) {
        (Some(_), Some(_)) if is_static => "static_keys",
        (Some(_), _) if is_true("role-chaining") => "chained_role",
        (Some(_), None) if find("web-identity-token-file").is_none() && !is_true("force-skip-oidc") => "oidc_role",
        (Some(_), _) => "chained_role",
        (None, Some(_)) if is_static => "static_keys",
        (None, _) => return,
    };
    let place = match (kind, key, role) {
        ("static_keys", Some(key), _) => key.span(),
        (_, _, Some(role)) => role.span(),
        _ => node.span,
    };
    let id = add(model, plan, job, Some(index), kind, place);
    if let Some(role) = role {
        let value = super::read::value(&role.value, &scope);
        // Without a literal account, whoever sets the variable decides which account is meant.
        let is_open = value.as_text().is_none_or(|text| !names_account(&text)) && find("allowed-account-ids").is_none();
        if kind == "oidc_role" {
            model[id].account_is_open.set(flag_at(is_open, place));
        }
        model[id].role_reference.read(with.span, "role-to-assume", Some(value));
        if kind == "static_keys" {
            model[id].has_keys_beside.set(flag_at(true, place));
        }
    }
    session(model, plan, id, with, &scope);
    let credential = &mut model[id];
    fill(&mut credential.audience, with, "audience", &scope);
    fill(&mut credential.duration, with, "role-duration-seconds", &scope);
    fill(&mut credential.region, with, "aws-region", &scope);
    fill(&mut credential.session_name, with, "role-session-name", &scope);
    fill_texts(&mut credential.account_ids, with, "allowed-account-ids", &scope);
    if let Some(output) = find("output-credentials").filter(|_| is_true("output-credentials")) {
        credential.is_output.set(flag_at(true, output.span()));
    }
}

/// The policies that leave a session less than its role.
fn session(model: &mut Model, plan: &Plan<'_>, id: Id<Credential>, with: &Node, scope: &JobScope<'_, '_>) {
    let find = |name: &str| with.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(name));
    if let Some(entry) = find("inline-session-policy") {
        let written = super::read::value(&entry.value, scope);
        let policy = document(&written, plan.world);
        let head = Head::new("the session policy", entry.value.span);
        let policy = add_policy(model, &policy, PolicyKind::Session, head);
        model[id].session_policy = One::to(policy, Origin::written(entry.span()));
    }
    let lines = find("managed-session-policies").map(|entry| {
        let written = super::read::value(&entry.value, scope);
        let origin = written.origin.clone();
        match written.as_str() {
            Some(text) => {
                let arns = text.split(['\n', ',']).map(str::trim).filter(|arn| !arn.is_empty());
                Value::list(arns.map(|arn| Value::text(arn, origin.clone())).collect(), origin.clone())
            }
            None => written,
        }
    });
    if let Some(lines) = lines {
        model[id].session_policy_arns.set(lines);
    }
}

/// Whether an ARN has its account written out: `arn:aws:iam::123456789012:role/…`.
fn names_account(text: &crate::value::Text) -> bool {
    text.prefix().split(':').nth(4).is_some_and(|account| account.len() == 12) && text.prefix().split(':').count() > 5
}

/// An app's token for whatever the app may do, or for all repositories of its owner, or one that outlives the job.
fn app_token(model: &mut Model, id: Id<Credential>, node: &Node) {
    let entries = node.get("with").map(Node::entries).unwrap_or_default();
    let find = |name: &str| entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(name));
    let is_limited = entries.iter().any(|entry| entry.key.starts_with("permission-") || &*entry.key == "permissions");
    let lives_on = find("skip-token-revoke").filter(|entry| entry.value.scalar_text() == Some("true"));
    let span = node.get("uses").map_or(node.span, |uses| uses.span);
    let place = match (lives_on, find("owner"), find("repositories").or(find("repository"))) {
        (Some(entry), ..) => Some(entry.span()),
        (None, Some(owner), None) => Some(owner.span()),
        (None, ..) => (!is_limited).then_some(span),
    };
    if let Some(place) = place {
        model[id].is_wide.set(flag_at(true, place));
    }
}

/// The login hands the registry's password on unless it is masked: the first major by default, later ones when told.
fn ecr_outputs(model: &mut Model, id: Id<Credential>, written: &str, with: Option<&Node>) {
    let mask = with.and_then(|with| with.entry("mask-password"));
    let is_first = uses::parts(written).git_ref.is_some_and(|git_ref| git_ref == "v1" || git_ref.starts_with("v1."));
    let said = mask.and_then(|entry| entry.value.scalar_text());
    let place = mask.map_or(model[id].head.span, Entry::span);
    if said == Some("false") || (is_first && said != Some("true")) {
        model[id].is_output.set(flag_at(true, place));
    }
}
