//! One principal as people want to see it: who can be it, what it needs, has and misses, and the policy that is enough.

use std::collections::BTreeMap;

use super::{Certainty, Need, NeedSet, Needs, PolicyDocument, diff};
use crate::data::actions::Level;
use crate::facts::Facts;
use crate::facts::permit::grant::PolicySet;
use crate::facts::permit::power::GrantedAction;
use crate::facts::permit::principal::{self, Granted, Grants, Source};
use crate::facts::permit::spelling::arn_span;
use crate::facts::permit::trusted::members;
use crate::facts::trust::{Attempt, attempts, subjects};
use crate::logic::{Reason, Tri};
use crate::model::identity::{IamUser, Role};
use crate::model::{AnyId, Model};
use crate::source::{Place, Span};

pub use super::diff::Levels;

/// A role, user or group with everything that is known of what it may and must do.
pub struct PrincipalView {
    /// As messages call it: `aws_iam_role.deploy`.
    pub name: String,
    /// Its name in AWS, where that is known.
    pub name_in_aws: Option<String>,
    pub kind: &'static str,
    pub span: Span,
    /// Services, accounts and issuers that its trust names.
    pub trusted: Vec<String>,
    /// The subjects that its trust takes of GitHub's tokens, as they are written.
    pub subjects: Vec<(String, Span)>,
    /// The runs of jobs here that ask for it.
    pub attempts: Vec<Attempt>,
    /// Jobs and tasks that have it.
    pub users: Vec<Place>,
    pub needs: Vec<Need>,
    pub n_needed: usize,
    /// Every policy that it has, and how many actions each allows.
    pub policies: Vec<(String, Span, usize)>,
    pub granted: Vec<(String, Level)>,
    /// Why it may be granted more.
    pub granted_open: Option<Reason>,
    pub missing: Vec<Need>,
    /// Needs of which nobody can say whether they are granted.
    pub undecided: Vec<Need>,
    /// Granted and used by nothing here.
    pub excess: Vec<(String, Level)>,
    /// Granted beyond what is surely needed, by level.
    pub beyond: Levels,
    /// Why it may need more than is counted.
    pub open: Vec<Reason>,
    /// The policy that is enough for what is counted.
    pub document: Option<PolicyDocument>,
}

/// All principals of a model, in the order of their places.
pub fn principals(facts: &Facts<'_>) -> Vec<PrincipalView> {
    let mut found: Vec<PrincipalView> = principal::all(facts.model).map(|id| view(facts, id)).collect();
    found.sort_by_key(|view| view.span);
    found
}

fn view(facts: &Facts<'_>, id: AnyId) -> PrincipalView {
    let model = facts.model;
    let (needs, grants) = (facts.analysis::<Needs>(), facts.analysis::<Grants>());
    let nobody = NeedSet::default();
    let set = needs.of(id).unwrap_or(&nobody);
    let head = model.head(id);
    let granted = grants.of(id);
    let all = granted.map_or(&[][..], Granted::actions);
    let needed = diff::needed(set);
    let (missing, undecided) = judged(set, granted);
    let is_needed = |action: &str| needed.iter().any(|name| name.eq_ignore_ascii_case(action));
    let beyond = Levels::of(all.iter().filter(|granted| !is_needed(&granted.name())).map(GrantedAction::level));
    let named = |actions: &[GrantedAction]| actions.iter().map(|it| (it.name(), it.level())).collect();
    let document = (!needed.is_empty()).then(|| PolicyDocument::of(&document_name(&head.name), set));
    let role = id.typed::<Role>();
    PrincipalView {
        name: head.terraform.as_ref().map_or_else(|| head.name.clone(), |reference| reference.address.to_string()),
        name_in_aws: name_in_aws(model, id),
        kind: principal::kind(id),
        span: head.span,
        trusted: role.map_or_else(Vec::new, |role| trusted(model, &model[role])),
        subjects: role.map_or_else(Vec::new, |role| subjects(facts, role)),
        attempts: role.map_or_else(Vec::new, |role| attempts(facts, role)),
        users: set.users.clone(),
        n_needed: needed.len(),
        needs: set.needs.clone(),
        policies: granted.map_or_else(Vec::new, |granted| policies(model, granted)),
        granted_open: granted.and_then(|granted| granted.open.clone()),
        missing,
        undecided,
        excess: named(&diff::excess(all, set)),
        granted: named(all),
        beyond,
        open: set.open.clone(),
        document,
    }
}

fn judged(set: &NeedSet, granted: Option<&Granted>) -> (Vec<Need>, Vec<Need>) {
    let (mut missing, mut undecided) = (Vec::new(), Vec::new());
    for need in set.needs.iter().filter(|need| need.certainty > Certainty::Perhaps) {
        let by_sessions = || Tri::all(need.sessions.iter().map(|(session, _)| set.known.admits(&session.bound, need)));
        match granted.map_or(Tri::False, |granted| set.known.grants(granted, need)).and(by_sessions()) {
            Tri::True => {}
            Tri::False => missing.push(need.clone()),
            Tri::Unknown => undecided.push(need.clone()),
        }
    }
    (missing, undecided)
}

fn name_in_aws(model: &Model, id: AnyId) -> Option<String> {
    let name = match (id.typed::<Role>(), id.typed::<IamUser>()) {
        (Some(role), _) => model[role].name.as_str(),
        (_, Some(user)) => model[user].name.as_str(),
        (None, None) => None,
    };
    name.map(str::to_owned)
}

/// The last part of an address, as a name for a data source.
fn document_name(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let last = last.split('[').next().unwrap_or(last);
    let plain: String = last.chars().map(|it| if it.is_ascii_alphanumeric() || it == '_' { it } else { '_' }).collect();
    match plain.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("_{plain}"),
        Some(_) => plain,
        None => "policy".to_owned(),
    }
}

fn trusted(model: &Model, role: &Role) -> Vec<String> {
    let Some(policy) = role.trust.id() else { return Vec::new() };
    let mut found = Vec::new();
    for statement in model[policy].statements.ids().map(|id| &model[id]) {
        if statement.effect.as_str() == Some("Deny") {
            continue;
        }
        for (cell, kind) in [
            (&statement.service_principals, "service"),
            (&statement.aws_principals, "account"),
            (&statement.federated_principals, "issuer"),
        ] {
            for value in members(cell) {
                found.push(format!("{kind} {}", shown(&value)));
            }
        }
    }
    found.dedup();
    found
}

/// A principal as it is written; a reference by its address.
fn shown(value: &crate::value::Value) -> String {
    let text = value.as_text();
    let hole = text.as_ref().and_then(|text| text.holes().next());
    match (text.as_ref().and_then(|text| text.known()), hole.and_then(crate::value::Value::as_reference)) {
        (Some(known), _) => known.to_owned(),
        (None, Some(reference)) => reference.address.to_string(),
        (None, None) => "that is not known".to_owned(),
    }
}

/// What brings its statements, with the number of actions of each.
fn policies(model: &Model, granted: &Granted) -> Vec<(String, Span, usize)> {
    let mut by_source: BTreeMap<(Span, String), Vec<usize>> = BTreeMap::new();
    for (index, source) in granted.sources.iter().enumerate() {
        let key = match source {
            Source::Written(id) => {
                let head = model[*id].policy.id().map_or(&model[*id].head, |policy| &model[policy].head);
                (head.span, head.name.clone())
            }
            Source::Managed(id) => {
                let name = principal::managed_name(model, *id).unwrap_or_default();
                (arn_span(model, *id), name.to_owned())
            }
        };
        by_source.entry(key).or_default().push(index);
    }
    by_source
        .into_iter()
        .map(|((span, name), indices)| {
            let statements = indices.iter().map(|index| granted.set.statements[*index].clone()).collect();
            let alone = Granted::of(PolicySet::of(statements));
            (name, span, alone.actions().len())
        })
        .collect()
}
