//! Which account is one's own: what a provider is bound to, and whose roles the services of a root run under. Every
//! question about strangers is asked here, so that all rules mean the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Analysis, Facts};
use crate::logic::Tri;
use crate::model::{Head, Reading, ResourceMode};
use crate::value::{Kind, Value};

/// The account numbers that are surely the one that a root runs in: what a provider is bound to, and whose roles its own
/// services run under.
pub(in crate::facts) struct OwnAccounts {
    of: BTreeMap<String, Own>,
}

#[derive(Default)]
struct Own {
    accounts: BTreeSet<String>,
    /// There is another one that nobody can read.
    is_open: bool,
}

impl OwnAccounts {
    /// Whether an account is surely another one than that of the root in which an entity stands.
    pub(in crate::facts) fn is_foreign(&self, home: &Head, account: &str) -> Tri {
        self.own(home).map_or(Tri::Unknown, |own| own.is_foreign(account))
    }

    /// Whether nothing in the root says which account it runs in.
    pub(in crate::facts) fn is_anybodys(&self, home: &Head) -> bool {
        self.own(home).is_none_or(|own| own.accounts.is_empty() && !own.is_open)
    }

    fn own(&self, home: &Head) -> Option<&Own> {
        self.of.get(home.terraform.as_ref().map_or("", |reference| &*reference.root))
    }
}

impl Own {
    fn is_foreign(&self, account: &str) -> Tri {
        match (self.accounts.contains(account), self.is_open || self.accounts.is_empty()) {
            (true, _) => Tri::False,
            (false, true) => Tri::Unknown,
            (false, false) => Tri::True,
        }
    }
}

/// Whether a number, an ARN or a text about one names the account that a root runs in: by what AWS tells the caller of
/// itself, or by a number that is known to be its own.
pub(in crate::facts) fn is_own_account(facts: &Facts<'_>, home: &Head, value: &Value) -> Tri {
    if names_caller(value) {
        return Tri::True;
    }
    account_in(value).map_or(Tri::Unknown, |account| !facts.analysis::<OwnAccounts>().is_foreign(home, &account))
}

/// Whether a principal is of another account than that of the root. Where nothing says which one that is, a whole account
/// is written where another is meant; a single role may be one's own.
pub(in crate::facts) fn is_foreign_principal(facts: &Facts<'_>, home: &Head, principal: &Value) -> Tri {
    let is_anybodys = facts.analysis::<OwnAccounts>().is_anybodys(home);
    let is_surely_whole = || is_whole_account(principal) == Tri::True && account_in(principal).is_some();
    match !is_own_account(facts, home, principal) {
        Tri::Unknown if is_anybodys && is_surely_whole() => Tri::True,
        known => known,
    }
}

/// Whether a principal stands for an account as a whole: `arn:aws:iam::123456789012:root`, `123456789012`.
pub(in crate::facts) fn is_whole_account(principal: &Value) -> Tri {
    match &principal.kind {
        Kind::Unknown(_) => return Tri::Unknown,
        Kind::Reference(_) => return Tri::from(names_caller(principal)),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => {}
    }
    let is_number = account_in(principal).is_some_and(|account| principal.as_str() == Some(&*account));
    let is_root = principal.as_text().map_or(Tri::False, |text| text.ends_with(":root"));
    Tri::from(is_number).or(is_root)
}

/// Whether a value is made of the account of whoever runs Terraform: `data.aws_caller_identity.….account_id`.
pub(in crate::facts) fn names_caller(value: &Value) -> bool {
    value
        .references()
        .iter()
        .any(|reference| reference.address.contains("data.aws_caller_identity.") && &*reference.path == "account_id")
}

/// Arguments that name something of the same account.
const SAME_ACCOUNT: [(&str, &str); 6] = [
    ("aws_ecs_task_definition", "execution_role_arn"),
    ("aws_ecs_task_definition", "task_role_arn"),
    ("aws_lambda_function", "role"),
    ("aws_iam_role_policy_attachment", "policy_arn"),
    ("aws_lb_listener", "certificate_arn"),
    ("aws_cloudtrail", "cloud_watch_logs_role_arn"),
];

impl Analysis for OwnAccounts {
    fn compute(facts: &Facts<'_>) -> OwnAccounts {
        let model = facts.model;
        let mut of: BTreeMap<String, Own> = BTreeMap::new();
        for (_, provider) in model.terraform.providers.iter() {
            let Some(root) = provider.root.id() else { continue };
            let path = model[root].path.as_str().unwrap_or("").to_owned();
            let own = of.entry(if path == "." { String::new() } else { path }).or_default();
            match provider.account_ids.get() {
                Reading::Known(ids) => {
                    own.is_open |= ids.open.is_some() || ids.items.iter().any(|id| account_in(id).is_none());
                    own.accounts.extend(ids.items.iter().filter_map(account_in));
                }
                Reading::Absent => {}
                Reading::Unknown(_) => own.is_open = true,
            }
        }
        for (type_name, attribute) in SAME_ACCOUNT {
            for (_, resource) in model.resources_of(ResourceMode::Managed, type_name) {
                let written = resource.body.as_map().and_then(|body| body.entries.get(attribute));
                let (Some(account), Some(reference)) = (written.and_then(account_in), &resource.head.terraform) else {
                    continue;
                };
                of.entry(reference.root.to_string()).or_default().accounts.insert(account);
            }
        }
        OwnAccounts { of }
    }
}

/// The account that a text names: a number of twelve digits, alone or in an ARN.
pub(in crate::facts) fn account_in(value: &Value) -> Option<String> {
    let text = value.as_text()?;
    let known = text.known()?;
    let account = match known.strip_prefix("arn:") {
        Some(rest) => rest.split(':').nth(3)?,
        None => known,
    };
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then(|| account.to_owned())
}
