//! What a trust says by itself, before any workflow is looked at: who may come in, and which conditions are in vain.

use super::admit::{Admission, Admissions, Claim, Door, Effect, has_star};
use super::issuer::Issuer;
use super::subject::{Context, Reach};
use crate::facts::permit::condition::{Comparison, Operator, Qualifier, holds_without_key};
use crate::facts::permit::pattern::Pattern;
use crate::facts::permit::read::written_operator;
use crate::facts::permit::trusted::Trusts;
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::{OidcProvider, PolicyCondition, Role};
use crate::model::{Id, Model, Reading};
use crate::source::{Place, Span};
use crate::value::{Origin, Value};

facts! {
    Role {
        /// Whether web identities of some issuer may assume it.
        trusts_web_identity: Flag = trusts_web_identity,
        /// Whether its trust says whose tokens it takes: every statement for an issuer tests a claim that tells the tenant.
        has_subject: Flag = has_subject,
        /// Whether its trust says for whom the token was made.
        has_audience: Flag = has_audience,
        /// How far its trust reaches by itself: 0 one pinned place, 1 one branch or environment, 2 pull requests or any
        /// branch, 3 one repository, 4 one owner, 5 anyone.
        reach: Number = reach,
        admits_pull_requests: Flag = admits_pull_requests,
        admits_any_branch: Flag = admits_any_branch,
        admits_any_tag: Flag = admits_any_tag,
        /// Whether an environment is all that limits the runs that may have it.
        rests_on_environment: Flag = rests_on_environment,
        /// Whether its trust for web identities lets nobody in.
        trust_is_dead: Flag = trust_is_dead,
        /// Whether the action of a statement for web identities is one that they cannot use.
        has_wrong_assume_action: Flag = has_wrong_assume_action,
        /// Whether a condition of its trust compares a `*` as the character that it is.
        has_wildcard_in_equals: Flag = has_wildcard_in_equals,
        /// Whether a condition of its trust limits nobody.
        has_condition_without_effect: Flag = has_condition_without_effect,
        /// Whether its trust tests a claim that AWS does not read, or under a wrong name.
        tests_unread_claim: Flag = tests_unread_claim,
        /// Whether web identities and services or accounts may assume it.
        is_shared_by_ci_and_services: Flag = is_shared_by_ci_and_services,
    }
    PolicyCondition {
        /// Whether it compares the subject of a web identity as a pattern, and no value is one.
        likes_without_wildcard: Flag = likes_without_wildcard,
        /// Whether it asks all values of a claim that a token has once.
        qualifies_claim: Flag = qualifies_claim,
    }
    OidcProvider {
        /// Whether its address is that of the issuer that it looks like.
        url_is_right: Flag = url_is_right,
        /// Whether it gives thumbprints for an issuer whose certificate AWS checks itself.
        has_thumbprint_without_effect: Flag = has_thumbprint_without_effect,
    }
}

/// A condition that a request without the key passes.
pub(super) fn holds_when_absent(operator: Operator) -> bool {
    holds_without_key(operator) || operator.qualifier == Qualifier::ForAllValues
}

/// Runs over the doors of a role: the first that is bad decides, then what is not known.
fn judge(facts: &Facts<'_>, id: Id<Role>, mut bad: impl FnMut(&Model, &Door) -> Fact) -> Fact {
    let model = facts.model;
    let admissions = facts.analysis::<Admissions>();
    let span = model[id].head.span;
    let Some(admission) = admissions.of(id) else { return Fact::no(vec![Place::new(span, "")]) };
    let found = Fact::any(admission.doors.iter().map(|door| bad(model, door)));
    let found = if admission.doors.is_empty() { Fact::no(vec![Place::new(span, "")]) } else { found };
    match (&admission.open, found.tri) {
        (Some(reason), Tri::False) => Fact::unknown(reason.clone()),
        (_, _) => found,
    }
}

fn no(model: &Model, door: &Door) -> Fact {
    Fact::no(vec![Place::new(model[door.statement].head.span, "")])
}

fn unknown(model: &Model, door: &Door) -> Fact {
    Fact::unknown(Reason::at("no-value", "the conditions of the trust", model[door.statement].head.span))
}

fn trusts_web_identity(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    judge(facts, id, |model, door| Fact::yes(vec![Place::new(model[door.statement].head.span, "")]))
}

fn has_subject(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    !judge(facts, id, |model, door| {
        let span = model[door.statement].head.span;
        if door.is_dead() {
            return no(model, door);
        }
        match door.names_tenant() {
            Tri::True => no(model, door),
            Tri::Unknown => unknown(model, door),
            Tri::False => {
                Fact::yes(vec![Place::new(span, format!("anyone with a token of {}", name_of(&door.issuer)))])
            }
        }
    })
}

fn name_of(issuer: &Issuer) -> &str {
    match issuer {
        Issuer::GitHub(_) => "GitHub",
        Issuer::Other(host, _) | Issuer::Foreign(host) => host,
        Issuer::NotWeb | Issuer::Unknown => "the issuer",
    }
}

fn has_audience(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    !judge(facts, id, |model, door| {
        if !door.is_github() || door.is_dead() {
            return no(model, door);
        }
        let tests = door.claims("aud").any(|claim| matches!(claim.effect, Effect::Limits | Effect::ShutsOut));
        let n_clients = model[id].oidc_providers.ids().next().map(|provider| &model[provider].client_ids);
        // STS refuses a token for anybody but the provider's own client ids.
        let has_one_client = n_clients.is_some_and(
            |clients| matches!(clients.get(), Reading::Known(list) if list.items.len() == 1 && list.open.is_none()),
        );
        match tests || has_one_client {
            true => no(model, door),
            false if door.is_open => unknown(model, door),
            false => {
                Fact::yes(vec![Place::new(model[door.statement].head.span, "tokens for any audience of the provider")])
            }
        }
    })
}

/// The widest door of a role with the value that makes it so.
fn widest(model: &Model, admission: &Admission) -> (Option<Reach>, Option<Span>) {
    let mut found: (Option<Reach>, Option<Span>) = (Some(Reach::Pinned), None);
    for door in admission.doors.iter().filter(|door| !door.is_dead()) {
        let (reach, span) = match (&door.issuer, door.names_tenant()) {
            (Issuer::GitHub(_), _) => {
                let width = door.width(model, admission.subject_keys.as_deref());
                (width.reach, width.span)
            }
            (Issuer::Unknown, _) | (_, Tri::Unknown) => (None, None),
            (Issuer::Other(_, known), Tri::True) => door.width_of_other(model, known),
            (_, Tri::True) => (Some(Reach::One), None),
            (_, Tri::False) => (Some(Reach::Anyone), None),
        };
        let span = span.or(Some(model[door.statement].head.span));
        match (reach, found.0) {
            (None, Some(known)) if known < Reach::Owner => found = (None, span),
            (Some(reach), Some(known)) if reach >= known => found = (Some(reach), span),
            (Some(reach), None) if reach >= Reach::Owner => found = (Some(reach), span),
            (Some(_) | None, _) => {}
        }
    }
    if admission.open.is_some() && found.0.is_some_and(|reach| reach < Reach::Anyone) {
        found.0 = None;
    }
    if admission.has_deny && found.0.is_some_and(|reach| reach > Reach::One) {
        found.0 = None;
    }
    found
}

/// How far a role reaches; nothing if it is not known.
pub(in crate::facts) fn reach_of(facts: &Facts<'_>, id: Id<Role>) -> (Option<Reach>, Option<Span>) {
    let admissions = facts.analysis::<Admissions>();
    admissions.of(id).map_or((None, None), |admission| widest(facts.model, admission))
}

fn reach(facts: &Facts<'_>, id: Id<Role>) -> (Value, Vec<Place>) {
    let role = &facts.model[id];
    let (reach, span) = reach_of(facts, id);
    let span = span.unwrap_or(role.head.span);
    let place = |words: &str| vec![Place::new(span, words)];
    match reach {
        Some(reach) => {
            let words = match reach {
                Reach::Anyone => "anyone may come in",
                Reach::Owner => "any repository of the owner may come in",
                Reach::Repository => "anything in the repository may come in, pull requests too",
                Reach::Kind => "any run of this kind may come in",
                Reach::One | Reach::Pinned => "",
            };
            (Value::number(reach as i64, Origin::written(span)), place(words))
        }
        None => {
            let reason = Reason::at("no-value", "the subjects of the trust", span);
            (Value::unknown(reason, Origin::written(span)), place(""))
        }
    }
}

/// Whether some value of the subject has one of these contexts.
fn admits(facts: &Facts<'_>, id: Id<Role>, wanted: &[Context], words: &str) -> Fact {
    let admissions = facts.analysis::<Admissions>();
    let keys = admissions.of(id).and_then(|admission| admission.subject_keys.clone());
    judge(facts, id, |model, door| {
        if !door.is_github() || door.is_dead() {
            return no(model, door);
        }
        let width = door.width(model, keys.as_deref());
        if let Some((_, span)) = width.contexts.iter().find(|(context, _)| wanted.contains(context)) {
            return Fact::yes(vec![Place::new(*span, words)]);
        }
        match width.contexts.iter().any(|(context, _)| *context == Context::Unknown) || door.is_open {
            true => unknown(model, door),
            false => no(model, door),
        }
    })
}

fn admits_pull_requests(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    admits(facts, id, &[Context::PullRequest], "every pull request has this subject")
}

/// Whether the trust names pull requests, as part of what it lets in or alone.
pub(in crate::facts) fn opens_to_pull_requests(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    admits_pull_requests(facts, id)
}

fn admits_any_branch(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    admits(facts, id, &[Context::AnyBranch], "whoever may push a branch has such a subject")
}

fn admits_any_tag(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    admits(facts, id, &[Context::AnyTag], "whoever may push a tag has such a subject")
}

fn rests_on_environment(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    admits(facts, id, &[Context::Environment], "as strong as the protection of this environment")
}

fn trust_is_dead(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let admissions = facts.analysis::<Admissions>();
    let model = facts.model;
    let span = model[id].head.span;
    match admissions.of(id) {
        Some(admission) if !admission.doors.is_empty() => {
            let dead = Fact::all(admission.doors.iter().map(|door| {
                Fact::new(door.is_dead().into(), vec![Place::new(model[door.statement].head.span, "nobody passes")])
            }));
            match &admission.open {
                Some(reason) if dead.tri == Tri::True => Fact::unknown(reason.clone()),
                Some(_) | None => dead,
            }
        }
        Some(Admission { open: Some(reason), .. }) => Fact::unknown(reason.clone()),
        Some(_) | None => Fact::no(vec![Place::new(span, "")]),
    }
}

fn has_wrong_assume_action(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    judge(facts, id, |model, door| match door.takes_web_identity {
        Tri::True => no(model, door),
        Tri::Unknown => unknown(model, door),
        Tri::False => {
            let action = model[door.statement].actions.ids().next();
            let span = action.map_or(model[door.statement].head.span, |action| model[action].head.span);
            Fact::yes(vec![Place::new(span, "a web identity needs `sts:AssumeRoleWithWebIdentity`")])
        }
    })
}

/// Judges the claims of a role's doors one by one; what is hidden may turn out bad.
fn judge_claims(
    facts: &Facts<'_>,
    id: Id<Role>,
    may_be_bad: impl Fn(&Door, &Claim) -> bool,
    bad: impl Fn(&Door, &Claim) -> Option<String>,
) -> Fact {
    judge(facts, id, |model, door| {
        for claim in &door.claims {
            if let Some(why) = bad(door, claim) {
                let span = value_span(&model[claim.id]);
                return Fact::yes(vec![
                    Place::new(span, why),
                    Place::new(model[door.statement].head.span, "in this statement"),
                ]);
            }
        }
        match door.is_open || door.claims.iter().any(|claim| may_be_bad(door, claim)) {
            true => unknown(model, door),
            false => no(model, door),
        }
    })
}

/// The first value of a condition, or the condition.
fn value_span(condition: &PolicyCondition) -> Span {
    let first = match condition.values.get() {
        Reading::Known(list) => list.items.first().and_then(|value| value.origin.span()),
        Reading::Absent | Reading::Unknown(_) => None,
    };
    first.unwrap_or(condition.head.span)
}

fn has_wildcard_in_equals(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let is_equals = |claim: &Claim| {
        let operator = claim.condition.operator;
        operator.is_none_or(|operator| operator.comparison == Comparison::StringEquals && !operator.is_negated)
    };
    let is_hidden = |_: &Door, claim: &Claim| {
        is_equals(claim) && (claim.condition.is_open || claim.condition.values.iter().any(Pattern::is_hidden))
    };
    judge_claims(facts, id, is_hidden, |door, claim| {
        let has_star = claim.condition.values.iter().any(has_star) && claim.condition.operator.is_some();
        (is_equals(claim) && has_star && matches!(door.issuer, Issuer::GitHub(_) | Issuer::Other(..)))
            .then(|| "`*` is a character here: no token matches".to_owned())
    })
}

fn has_condition_without_effect(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    judge_claims(
        facts,
        id,
        |_, _| false,
        |door, claim| {
            let is_claim = matches!(door.issuer, Issuer::GitHub(_));
            // `*` as a value is told by how far the trust reaches.
            let takes_anything = claim.condition.values.iter().any(Pattern::is_everything);
            (is_claim && claim.effect == Effect::None && !takes_anything)
                .then(|| format!("every token passes this condition on `{}`", claim.name))
        },
    )
}

fn tests_unread_claim(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    judge_claims(
        facts,
        id,
        |_, _| false,
        |door, claim| {
            let Issuer::GitHub(host) = &door.issuer else { return None };
            let equals =
                claim.condition.operator.is_some_and(|operator| operator.comparison == Comparison::StringEquals);
            let star_is_why = equals && claim.condition.values.iter().all(has_star);
            if claim.effect != Effect::ShutsOut || (star_is_why && super::issuer::is_read_claim(&claim.name)) {
                return None;
            }
            let key = claim.condition.key.as_deref()?;
            match key.strip_prefix(&format!("{}:", host.to_ascii_lowercase())) {
                Some(name) => Some(format!("AWS does not read `{name}`: no token passes")),
                None => Some(format!("keys of this provider begin with `{host}:`: no token passes")),
            }
        },
    )
}

fn is_shared_by_ci_and_services(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let trusts = facts.analysis::<Trusts>();
    let has_others = trusts.of(id).is_some_and(|trust| !trust.services.is_empty() || trust.has_aws);
    judge(facts, id, |model, door| match has_others {
        true => Fact::yes(vec![Place::new(model[door.statement].head.span, "jobs may have it, and others too")]),
        false if trusts.of(id).is_some_and(|trust| trust.is_open) => unknown(model, door),
        false => no(model, door),
    })
}

/// A condition on a claim of a web identity, in the trust of a role.
fn is_on_claim(model: &Model, condition: &PolicyCondition) -> bool {
    let is_claim = condition
        .context_key
        .as_str()
        .is_some_and(|key| key.rsplit_once(':').is_some_and(|(prefix, _)| prefix.contains('.')));
    is_claim && condition.statement.id().is_some_and(|id| crate::facts::permit::trusted::is_trust(model, id))
}

fn likes_without_wildcard(facts: &Facts<'_>, id: Id<PolicyCondition>) -> Fact {
    let condition = &facts.model[id];
    let place = |why: &str| vec![Place::new(operator_span(condition), why)];
    let is_sub = condition.context_key.as_str().is_some_and(|key| key.to_ascii_lowercase().ends_with(":sub"));
    let operator = written_operator(condition);
    let is_like =
        operator.is_some_and(|operator| operator.comparison == Comparison::StringLike && !operator.is_negated);
    let in_trust = condition.statement.id().is_some_and(|id| crate::facts::permit::trusted::is_trust(facts.model, id));
    let may_be_sub = is_sub || condition.context_key.as_str().is_none();
    if condition.operator.as_str().is_none() && may_be_sub && in_trust {
        return Fact::unknown(Reason::at("no-value", "the operator", condition.head.span));
    }
    if !is_sub || !is_like || !is_on_claim(facts.model, condition) {
        return Fact::no(place(""));
    }
    let read = crate::facts::permit::read::condition(facts.model, condition, true);
    if read.values.iter().any(Pattern::has_wildcard) {
        return Fact::no(place(""));
    }
    match read.is_open || read.values.iter().any(Pattern::is_loose) {
        true => Fact::unknown(Reason::at("no-value", "the subject", condition.head.span)),
        false => Fact::yes(place("no value has a wildcard: StringEquals says what is meant")),
    }
}

/// Where the operator is written, if it is, else the condition.
fn operator_span(condition: &PolicyCondition) -> Span {
    condition.operator.origin().span().unwrap_or(condition.head.span)
}

fn qualifies_claim(facts: &Facts<'_>, id: Id<PolicyCondition>) -> Fact {
    let condition = &facts.model[id];
    let place = vec![Place::new(operator_span(condition), "a token has this claim once, and always")];
    let is_once = condition.context_key.as_str().is_some_and(|key| {
        let key = key.to_ascii_lowercase();
        key.ends_with(":sub") || key.ends_with(":aud")
    });
    let is_all = condition.qualifier.as_str() == Some("ForAllValues");
    if condition.context_key.as_str().is_none() || condition.qualifier.as_str().is_none() {
        return Fact::unknown(Reason::at("no-value", "the condition", condition.head.span));
    }
    Fact::new((is_once && is_all && is_on_claim(facts.model, condition)).into(), place)
}

fn url_is_right(facts: &Facts<'_>, id: Id<OidcProvider>) -> Fact {
    let provider = &facts.model[id];
    let Some(url) = provider.url.as_str() else {
        return match provider.url.get() {
            Reading::Absent => Fact::yes(vec![]),
            Reading::Known(_) | Reading::Unknown(_) => Fact::unknown(Reason::at("no-value", "url", provider.head.span)),
        };
    };
    let span = provider.url.origin().span().unwrap_or(provider.head.span);
    let wrong = |why: &str| Fact::no(vec![Place::new(span, why)]);
    if url.starts_with("http://") {
        return wrong("an issuer has an https address");
    }
    if url.ends_with('/') {
        return wrong("the issuer's address has no slash at its end");
    }
    let bare = url.trim_start_matches("https://");
    let host = bare.split('/').next().unwrap_or("");
    let is_near = host != GITHUB_HOST && crate::source::nearest_within(host, [GITHUB_HOST], 4).is_some();
    if is_near || host == "actions.githubusercontent.com" || host == "github.com" && !bare.contains("/enterprises/") {
        return wrong("GitHub's issuer is https://token.actions.githubusercontent.com");
    }
    Fact::yes(vec![Place::new(span, "")])
}

const GITHUB_HOST: &str = "token.actions.githubusercontent.com";

fn has_thumbprint_without_effect(facts: &Facts<'_>, id: Id<OidcProvider>) -> Fact {
    let provider = &facts.model[id];
    let span = provider.thumbprints.origin().span().unwrap_or(provider.head.span);
    let is_known = provider.url.as_str().is_some_and(|url| url.contains(GITHUB_HOST) || url.contains("gitlab.com"));
    let has_any = matches!(provider.thumbprints.get(), Reading::Known(list) if !list.items.is_empty());
    if has_any && provider.url.as_str().is_none() {
        return Fact::unknown(Reason::at("no-value", "url", provider.head.span));
    }
    Fact::new((is_known && has_any).into(), vec![Place::new(span, "AWS ignores it for this issuer")])
}
