//! What a trust admits: its statements for web identities, the conditions that count, and how far they let it reach.

use std::collections::BTreeMap;

use super::issuer::{Issuer, Known, is_read_claim, issuer_of};
use super::subject::{Context, Reach, Subject, Tenant};
use super::template::{Template, template};
use crate::facts::permit::actions::ActionName;
use crate::facts::permit::condition::{Comparison, Condition, Qualifier};
use crate::facts::permit::pattern::{Pattern, Symbol};
use crate::facts::permit::read;
use crate::facts::permit::trusted::members;
use crate::facts::{Analysis, Facts};
use crate::logic::{Reason, Tri};
use crate::model::identity::{self, PolicyCondition, Role};
use crate::model::{Id, Model, Reading};
use crate::source::Span;

/// The web trusts of all roles.
pub struct Admissions {
    of: BTreeMap<u32, Admission>,
}

/// What the trust of a role says of web identities.
#[derive(Default)]
pub struct Admission {
    pub doors: Vec<Door>,
    /// Why there may be more doors.
    pub open: Option<Reason>,
    /// A Deny that may shut some of them.
    pub has_deny: bool,
    /// The claims of the subjects, where they are the repository's own choice.
    pub subject_keys: Option<Vec<String>>,
}

/// One Allow statement for one issuer.
pub struct Door {
    pub statement: Id<identity::Statement>,
    pub issuer: Issuer,
    pub claims: Vec<Claim>,
    /// The `Condition` block may hold more.
    pub is_open: bool,
    /// Whether the statement's action lets web identities in at all.
    pub takes_web_identity: Tri,
}

/// One condition on a claim.
pub struct Claim {
    /// In lower case: `sub`, `aud`, `repository`.
    pub name: String,
    pub condition: Condition,
    pub id: Id<PolicyCondition>,
    pub effect: Effect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It limits who comes in.
    Limits,
    /// Everybody passes it.
    None,
    /// Nobody does.
    ShutsOut,
    Unknown,
}

impl Analysis for Admissions {
    fn compute(facts: &Facts<'_>) -> Admissions {
        let model = facts.model;
        let keys = match template(model) {
            Template::Claims(keys) => Some(keys),
            Template::Usual | Template::Hidden => None,
        };
        let read = |role: &Role| Admission { subject_keys: keys.clone(), ..admission(facts, role) };
        Admissions { of: model.identity.roles.iter().map(|(id, role)| (id.index, read(role))).collect() }
    }
}

impl Admissions {
    pub fn of(&self, role: Id<Role>) -> Option<&Admission> {
        self.of.get(&role.index)
    }
}

fn admission(facts: &Facts<'_>, role: &Role) -> Admission {
    let model = facts.model;
    let mut admission = Admission::default();
    let Some(policy) = role.trust.id() else {
        admission.open = match &role.trust.link {
            crate::model::Link::Unknown(reason) => Some(reason.clone()),
            crate::model::Link::To(_) | crate::model::Link::Absent => None,
        };
        return admission;
    };
    admission.open.clone_from(&model[policy].statements.open);
    for id in model[policy].statements.ids() {
        let statement = &model[id];
        match statement.effect.as_str() {
            Some("Deny") => admission.has_deny = true,
            Some(_) => {
                for principal in members(&statement.federated_principals) {
                    let door = door(facts, id, &principal);
                    if door.issuer != Issuer::NotWeb {
                        admission.doors.push(door);
                    }
                }
                if let Reading::Unknown(reason) = statement.federated_principals.get() {
                    admission.open.get_or_insert(reason);
                }
            }
            None => {
                admission.open.get_or_insert_with(|| Reason::at("no-value", "the effect", statement.head.span));
            }
        }
    }
    admission
}

fn door(facts: &Facts<'_>, id: Id<identity::Statement>, principal: &crate::value::Value) -> Door {
    let model = facts.model;
    let statement = &model[id];
    let conditions: Vec<(Id<PolicyCondition>, Condition)> =
        statement.policy_conditions.ids().map(|id| (id, read::condition(model, &model[id], true))).collect();
    let keys: Vec<String> = conditions.iter().filter_map(|(_, condition)| condition.key.clone()).collect();
    let issuer = issuer_of(model, principal, &keys);
    let asked = ActionName::new("sts:AssumeRoleWithWebIdentity");
    let takes_web_identity = read::statement(facts, id).names_action(&asked);
    let claims = conditions
        .into_iter()
        .map(|(id, condition)| {
            let (name, effect) = judge(&issuer, &condition);
            Claim { name, condition, id, effect }
        })
        .collect();
    Door { statement: id, issuer, claims, is_open: statement.policy_conditions.open.is_some(), takes_web_identity }
}

/// The claim behind a key, and what a condition on it does.
fn judge(issuer: &Issuer, condition: &Condition) -> (String, Effect) {
    let (Some(key), Some(operator)) = (&condition.key, condition.operator) else {
        return (String::new(), Effect::Unknown);
    };
    let (prefix, claim) = key.rsplit_once(':').unwrap_or(("", key));
    let claim = claim.to_owned();
    let host = match issuer {
        Issuer::GitHub(host) | Issuer::Other(host, _) | Issuer::Foreign(host) => host.to_ascii_lowercase(),
        Issuer::NotWeb | Issuer::Unknown => return (claim, Effect::Unknown),
    };
    // Keys of AWS itself limit in their own way; they tell no tenant.
    if !prefix.contains('.') {
        return (key.clone(), Effect::Limits);
    }
    let is_present = prefix == host && (!matches!(issuer, Issuer::GitHub(_)) || is_read_claim(&claim));
    let is_always_there = is_present && matches!(&*claim, "sub" | "aud");
    let effect = match (operator.comparison, operator.qualifier) {
        (Comparison::Null, _) => Effect::Limits,
        _ if !is_present && super::alone::holds_when_absent(operator) => Effect::None,
        _ if !is_present => Effect::ShutsOut,
        _ if operator.is_negated => Effect::None,
        (_, Qualifier::ForAllValues) if !is_always_there => Effect::None,
        _ if operator.if_exists && !is_always_there => Effect::None,
        (Comparison::StringEquals, _) if !condition.values.is_empty() && condition.values.iter().all(has_star) => {
            Effect::ShutsOut
        }
        (Comparison::StringLike, _) if condition.values.iter().any(Pattern::is_everything) => Effect::None,
        _ => Effect::Limits,
    };
    (claim, effect)
}

/// A literal star, where nothing is a wildcard.
pub fn has_star(pattern: &Pattern) -> bool {
    pattern.symbols().contains(&Symbol::Literal('*'))
}

/// How far a door lets in, and the values that decide.
pub struct Width {
    /// Nothing if it is not known.
    pub reach: Option<Reach>,
    pub contexts: Vec<(Context, Span)>,
    /// The value that reaches farthest.
    pub span: Option<Span>,
}

impl Door {
    pub fn is_github(&self) -> bool {
        matches!(self.issuer, Issuer::GitHub(_))
    }

    pub fn claims<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Claim> {
        self.claims.iter().filter(move |claim| claim.name == name)
    }

    /// Nobody comes in through it.
    pub fn is_dead(&self) -> bool {
        self.takes_web_identity == Tri::False || self.claims.iter().any(|claim| claim.effect == Effect::ShutsOut)
    }

    /// Whether some condition tells whose repository it is.
    pub fn names_tenant(&self) -> Tri {
        let tenant: &[&str] = match &self.issuer {
            Issuer::GitHub(_) => &["sub", "repository", "repository_id", "repository_owner_id"],
            Issuer::Other(_, known) if known.tenant.is_empty() => return Tri::True,
            Issuer::Other(_, known) => known.tenant,
            // Of an issuer that nobody knows only the complete absence of conditions says something.
            Issuer::Foreign(_) => return Tri::from(!self.claims.is_empty() || self.is_open),
            Issuer::NotWeb => return Tri::True,
            Issuer::Unknown => return Tri::Unknown,
        };
        let limits =
            self.claims.iter().filter(|claim| tenant.contains(&&*claim.name)).map(|claim| match claim.effect {
                Effect::Limits | Effect::ShutsOut => Tri::True,
                Effect::None => Tri::False,
                Effect::Unknown => Tri::Unknown,
            });
        let named = Tri::any(limits);
        if self.is_open { named.or(Tri::Unknown) } else { named }
    }

    /// How far the conditions let it reach, for GitHub.
    pub fn width(&self, model: &Model, keys: Option<&[String]>) -> Width {
        let mut reach = Some(Reach::Anyone);
        let mut contexts = Vec::new();
        let mut span = None;
        for claim in self.claims("sub").filter(|claim| claim.effect == Effect::Limits) {
            let (widest, at) = widest(model, claim, keys, &mut contexts);
            match (reach, widest) {
                (Some(known), Some(found)) if found <= known => {
                    reach = Some(found);
                    span = at;
                }
                (_, None) => {
                    reach = None;
                    span = at;
                }
                (Some(_) | None, Some(_)) => {}
            }
        }
        let mut width = Width { reach, contexts, span };
        self.refine(&mut width);
        if self.is_open && width.reach.is_none_or(|reach| reach > Reach::Pinned) {
            width.reach = None;
        }
        width
    }

    /// The same for another issuer: by the claims that its subjects are made of, where they are known.
    pub fn width_of_other(&self, model: &Model, known: &Known) -> (Option<Reach>, Option<Span>) {
        let limiting = |claim: &&Claim| claim.effect == Effect::Limits;
        let pins_id =
            |name: &&&str| name.ends_with("_id") && self.claims(name).any(|claim| claim.effect == Effect::Limits);
        if known.subject.is_empty() || known.tenant.iter().any(|name| pins_id(&name)) {
            return (Some(Reach::One), None);
        }
        let mut narrowest: (Option<Reach>, Option<Span>) = (Some(Reach::One), None);
        for claim in self.claims("sub").filter(limiting) {
            let span = model[claim.id].values.value().as_list().and_then(|list| list.items.first()?.origin.span());
            let mut each = claim
                .condition
                .values
                .iter()
                .map(|value| super::template::reach_of_other(known.subject, value.symbols()));
            let widest = each.try_fold(Reach::Pinned, |widest, reach| Some(widest.max(reach?)));
            narrowest = (widest.filter(|_| !claim.condition.is_open), span);
        }
        narrowest
    }

    /// Claims other than the subject pin the tenant or the context.
    fn refine(&self, width: &mut Width) {
        let pins = |name: &str| {
            self.claims(name).any(|claim| {
                claim.effect == Effect::Limits && !claim.condition.values.iter().any(Pattern::has_wildcard)
            })
        };
        let Some(reach) = width.reach else { return };
        let tenant = if pins("repository") || pins("repository_id") {
            Reach::Repository
        } else if pins("repository_owner_id") {
            Reach::Owner
        } else {
            Reach::Anyone
        };
        let context = if pins("job_workflow_ref") {
            Reach::Pinned
        } else if pins("environment") || pins("ref") {
            Reach::One
        } else {
            Reach::Anyone
        };
        // A context says nothing about whose it is.
        let by_context = if reach.min(tenant) <= Reach::Repository { context } else { Reach::Anyone };
        width.reach = Some(reach.min(tenant).min(by_context));
    }
}

/// The widest value of a condition on the subject; nothing if one is not known.
fn widest(
    model: &Model,
    claim: &Claim,
    keys: Option<&[String]>,
    contexts: &mut Vec<(Context, Span)>,
) -> (Option<Reach>, Option<Span>) {
    let written = &model[claim.id];
    let spans: Vec<Option<Span>> = match written.values.get() {
        Reading::Known(list) => list.items.iter().map(|value| value.origin.span()).collect(),
        Reading::Absent | Reading::Unknown(_) => Vec::new(),
    };
    let is_exact = claim.condition.operator.is_some_and(|operator| operator.comparison == Comparison::StringEquals);
    let mut found: Option<(Reach, Option<Span>)> = None;
    let mut unknown = None;
    for (index, value) in claim.condition.values.iter().enumerate() {
        let span = spans.get(index).copied().flatten().or(Some(written.head.span));
        // An alternative that nothing matches lets nobody in.
        if is_exact && has_star(value) {
            continue;
        }
        let subject = match keys {
            Some(keys) => super::template::subject(keys, value.symbols()),
            None => Subject::of(value.symbols()),
        };
        if let Some(span) = span {
            contexts.push((subject.context, span));
        }
        match subject.reach() {
            Some(reach) if found.is_none_or(|(known, _)| reach > known) => found = Some((reach, span)),
            Some(_) => {}
            None => {
                // Owner and repository may still be plain.
                unknown = Some((subject.tenant == Tenant::Anyone, span));
            }
        }
    }
    if let Some((reach, span)) = found.filter(|(reach, _)| *reach >= Reach::Owner) {
        return (Some(reach), span);
    }
    if let Some((_, span)) = unknown {
        return (None, span);
    }
    if claim.condition.is_open {
        return (None, Some(written.head.span));
    }
    match found {
        Some((reach, span)) => (Some(reach), span),
        None => (Some(Reach::Pinned), Some(written.head.span)),
    }
}
