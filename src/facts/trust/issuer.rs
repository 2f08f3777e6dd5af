//! Issuers of web identities: which one a trust names, and which of its claims AWS looks at.

use crate::facts::permit::arn::unfold;
use crate::facts::permit::pattern::{Case, Pattern, Reading as How};
use crate::model::Model;
use crate::value::Value;

/// Who signs the tokens that a statement admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// GitHub, with the host and path that condition keys begin with.
    GitHub(String),
    /// Another one that is known, by its host and path.
    Other(String, &'static Known),
    /// None of those in the table.
    Foreign(String),
    /// SAML, or a service of AWS.
    NotWeb,
    Unknown,
}

/// What is known of an issuer other than GitHub.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    host: &'static str,
    /// The claims of which one must tell the tenant; none where the address of the issuer does.
    pub tenant: &'static [&'static str],
    /// What a subject is made of, widest first: `organization:O:pipeline:P`. The first tells the owner, the second one
    /// thing of his. A path does both.
    pub subject: &'static [&'static str],
}

const GITHUB: &str = "token.actions.githubusercontent.com";

const fn known(host: &'static str, tenant: &'static [&'static str], subject: &'static [&'static str]) -> Known {
    Known { host, tenant, subject }
}

/// Issuers that many tenants share, and those that have one address for each.
static KNOWN: &[Known] = &[
    known("gitlab.com", &["sub", "project_id", "namespace_id"], &["project_path", "ref_type", "ref"]),
    known("app.terraform.io", &["sub"], &["organization", "project", "workspace", "run_phase"]),
    known(
        "agent.buildkite.com",
        &["sub", "organization_id", "organization_slug", "pipeline_id", "pipeline_slug"],
        &["organization", "pipeline", "ref"],
    ),
    known("oidc.codefresh.io", &["sub"], &[]),
    known("studio.datachain.ai", &["sub"], &[]),
    known("scalr.io", &["sub"], &[]),
    known("tokens.cloud.shisho.dev", &["sub"], &[]),
    known("proidc.upbound.io", &["sub"], &[]),
    known("oidc-configuration.audit-log.githubusercontent.com", &["sub"], &[]),
    known("vstoken.actions.githubusercontent.com", &["sub"], &[]),
    known("oidc.circleci.com", &[], &[]),
    known("api.bitbucket.org", &[], &[]),
    known("oidc.eks", &[], &[]),
    known("oidc.vercel.com", &["aud"], &[]),
    known("api.pulumi.com", &["aud"], &[]),
    known("sandboxes.cloud", &["aud"], &[]),
    known("cognito-identity.amazonaws.com", &["aud"], &[]),
    known("accounts.google.com", &["aud", "sub", "oaud"], &[]),
];

/// Claims of GitHub's tokens that AWS puts into a request.
static READ_CLAIMS: &[&str] = &[
    "sub",
    "aud",
    "amr",
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "workflow",
];

pub fn is_read_claim(claim: &str) -> bool {
    READ_CLAIMS.contains(&claim)
}

/// The issuer of a Federated principal. Where the principal cannot be told, the keys of the conditions do.
pub fn issuer_of(model: &Model, principal: &Value, keys: &[String]) -> Issuer {
    let Some(text) = principal.as_text() else { return Issuer::Unknown };
    let pattern = Pattern::new(&text, How::Literal, Case::Kept, &|hole| unfold(model, hole));
    let written = pattern.to_string();
    if let Some((_, host)) = written.split_once(":oidc-provider/") {
        if !host.contains('…') {
            return of_host(host);
        }
    } else if written.contains(":saml-provider/") || written.ends_with(".amazon.com") {
        return Issuer::NotWeb;
    } else if !pattern.is_loose() {
        return match KNOWN.iter().find(|known| known.host == written) {
            Some(known) => Issuer::Other(written, known),
            None => Issuer::Foreign(written),
        };
    }
    let prefix =
        keys.iter().filter_map(|key| key.rsplit_once(':')).map(|(prefix, _)| prefix).find(|prefix| is_github(prefix));
    prefix.map_or(Issuer::Unknown, |prefix| Issuer::GitHub(prefix.to_owned()))
}

fn of_host(host: &str) -> Issuer {
    if is_github(host) {
        return Issuer::GitHub(host.to_owned());
    }
    let is_of = |known: &&Known| {
        let rest = host.strip_prefix(known.host);
        // `oidc.eks.REGION.amazonaws.com` has a host for each Region, `x.scalr.io` one for each account.
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
            || host.split('/').next().is_some_and(|name| name.ends_with(&format!(".{}", known.host)))
    };
    let known = KNOWN.iter().find(is_of);
    match known {
        Some(known) => Issuer::Other(host.to_owned(), known),
        None => Issuer::Foreign(host.to_owned()),
    }
}

/// GitHub itself, an enterprise's own issuer, a data residency host, or an Enterprise Server.
fn is_github(host: &str) -> bool {
    host == GITHUB
        || host.starts_with(&format!("{GITHUB}/"))
        || (host.starts_with("token.actions.") && host.contains(".ghe.com"))
        || host.ends_with("/_services/token")
}
