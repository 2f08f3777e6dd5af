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
}

const GITHUB: &str = "token.actions.githubusercontent.com";

static KNOWN: &[Known] = &[
    Known { host: "gitlab.com", tenant: &["sub", "project_id", "namespace_id"] },
    Known { host: "app.terraform.io", tenant: &["sub"] },
    Known { host: "oidc.circleci.com", tenant: &[] },
    Known { host: "api.bitbucket.org", tenant: &[] },
    Known { host: "agent.buildkite.com", tenant: &["sub", "organization_id", "organization_slug", "pipeline_id"] },
    Known { host: "oidc.vercel.com", tenant: &["aud"] },
    Known { host: "api.pulumi.com", tenant: &["aud"] },
    Known { host: "cognito-identity.amazonaws.com", tenant: &["aud"] },
    Known { host: "accounts.google.com", tenant: &["aud", "sub", "oaud"] },
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
    let known = KNOWN.iter().find(|known| host == known.host || host.starts_with(&format!("{}/", known.host)));
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
