//! What a policy says in vain: grants that can never apply, guards that never fire, conditions that hold never or always.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::condition::{Comparison, Condition, Qualifier, holds_without_key, is_known_key};
use super::pattern::{Case, Extent, Pattern, Reading as How, Symbol};
use super::read::{self, written_operator};
use super::scope::{grant_of, known};
use super::statement::{Effect, Statement};
use crate::data::actions::{self, KeyType};
use crate::data::lists::{self, ActsOn};
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::{self, PolicyCondition};
use crate::model::{Id, Model, Reading};
use crate::source::{Place, QuickMap, nearest_within};

facts! {
    identity::Statement {
        /// Whether it allows an action on something that the action never acts on: the grant has no effect.
        is_dead: Flag = is_dead,
        /// Whether it is a Deny that can never deny anything.
        never_denies: Flag = never_denies,
    }
    PolicyCondition {
        /// Whether no request can ever fulfil it.
        is_never_true: Flag = is_never_true,
        /// Whether every request fulfils it, or can by leaving its key out.
        is_always_true: Flag = is_always_true,
        /// Whether the operator compares what the key holds: texts, numbers, dates, ARNs.
        fits_key_type: Flag = fits_key_type,
        /// Whether a request carries at most one value of the key, so that `ForAllValues` and `ForAnyValue` are wrong.
        key_is_single_valued: Flag = key_is_single_valued,
        /// Whether its statement allows something.
        is_of_allow: Flag = is_of_allow,
    }
}

fn is_dead(facts: &Facts<'_>, id: Id<identity::Statement>) -> Fact {
    let model = facts.model;
    let head = &model[id].head;
    let grant = match grant_of(facts, id) {
        Ok(Some(grant)) => grant,
        Ok(None) => return Fact::no(vec![Place::new(head.span, "")]),
        Err(reason) => return Fact::unknown(reason),
    };
    let statement = &grant.statement;
    if statement.resources.is_negated || statement.actions.is_negated || statement.resources.patterns.is_empty() {
        return Fact::no(vec![Place::new(head.span, "")]);
    }
    let mut places = Vec::new();
    let mut doubt = false;
    for action in model[id].actions.ids() {
        let Some(name) = model[action].text.as_str() else {
            doubt = true;
            continue;
        };
        if name.contains(['*', '?']) {
            continue;
        }
        match acts(statement, name) {
            (Tri::False, why) => places.push(Place::new(model[action].head.span, format!("`{name}` {why}"))),
            (Tri::Unknown, _) => doubt = true,
            (Tri::True, _) => {}
        }
    }
    if !places.is_empty() {
        for resource in model[id].resources.ids() {
            places.push(Place::new(model[resource].head.span, "it is allowed here"));
        }
        return Fact::yes(places);
    }
    match doubt {
        true => Fact::unknown(Reason::at("no-value", "the resource", head.span)),
        false => Fact::no(vec![Place::new(head.span, "")]),
    }
}

/// Whether a named action can act on any of the statement's resources, and what it does if not.
/// Whether a statement that names an action does not grant it on anything.
pub(super) fn is_dead_for(statement: &Statement, name: &str) -> bool {
    let can =
        !statement.resources.is_negated && !statement.actions.is_negated && !statement.resources.patterns.is_empty();
    can && acts(statement, name).0 == Tri::False
}

fn acts(statement: &Statement, name: &str) -> (Tri, String) {
    let patterns = &statement.resources.patterns;
    let open = |answer: Tri| if statement.resources.is_open { answer.or(Tri::Unknown) } else { answer };
    let takes_none = known(name).is_some_and(|(_, action)| !action.takes_resource());
    if takes_none && lists::surely_takes_no_resource(name) {
        let star = Pattern::star_character();
        let buckets = name.eq_ignore_ascii_case("s3:ListAllMyBuckets").then(every_bucket);
        let asked = || std::iter::once(&star).chain(&buckets);
        let answers = |pattern: &Pattern| Tri::any(asked().map(|asked| pattern.answers(asked, Extent::All)));
        let answer = Tri::any(patterns.iter().map(answers));
        return (open(answer), "takes no resource: only `*` grants it".to_owned());
    }
    match lists::acts_on(name) {
        None => (Tri::True, String::new()),
        Some(ActsOn::Arn(arn)) => {
            let parsed = || Pattern::parse(arn, How::PlainGlob, Case::Kept);
            let shape = SHAPES.get(arn).map_or_else(|| Cow::Owned(parsed()), Cow::Borrowed);
            let answers = |pattern: &Pattern| with_plain_fields(pattern).answers(&shape, Extent::Some);
            let answer = Tri::any(patterns.iter().map(answers));
            (open(answer), format!("acts on `{arn}` only"))
        }
        Some(ActsOn::WithoutSlash) => {
            let has_slash = |pattern: &Pattern| match pattern.symbols().contains(&Symbol::Literal('/')) {
                true if !is_access_point(pattern) => Tri::False,
                _ => Tri::True,
            };
            (open(Tri::any(patterns.iter().map(has_slash))), "acts on buckets, not on what is in them".to_owned())
        }
    }
}

/// What the actions of the table act on, read once.
static SHAPES: LazyLock<QuickMap<&'static str, Pattern>> = LazyLock::new(|| {
    let parsed = |arn: &'static str| (arn, Pattern::parse(arn, How::PlainGlob, Case::Kept));
    lists::shapes().map(parsed).collect()
});

/// What AWS's own policies write for the list of all buckets, beside `*`.
fn every_bucket() -> Pattern {
    Pattern::parse("arn:aws:s3:::*", How::PlainGlob, Case::Kept)
}

/// A hole that is the whole partition, Region or account holds no colon.
fn with_plain_fields(pattern: &Pattern) -> Cow<'_, Pattern> {
    if !pattern.is_loose() {
        return Cow::Borrowed(pattern);
    }
    let mut symbols = pattern.symbols().to_vec();
    let mut n_colons = 0;
    for index in 0..symbols.len() {
        let ends = |at: Option<&Symbol>| at == Some(&Symbol::Literal(':'));
        match symbols[index] {
            Symbol::Literal(':') => n_colons += 1,
            Symbol::Hole(_) if (1..5).contains(&n_colons) => {
                if ends(symbols.get(index.wrapping_sub(1))) && ends(symbols.get(index + 1)) {
                    symbols[index] = Symbol::Literal('-');
                }
            }
            Symbol::Literal(_) | Symbol::Hole(_) | Symbol::Star { .. } | Symbol::Question | Symbol::Variable(_) => {}
        }
    }
    Cow::Owned(Pattern::of(symbols))
}

fn is_access_point(pattern: &Pattern) -> bool {
    pattern.to_string().contains(":accesspoint/")
}

fn never_denies(facts: &Facts<'_>, id: Id<identity::Statement>) -> Fact {
    let model = facts.model;
    let written = &model[id];
    match written.effect.as_str() {
        Some("Deny") => {}
        Some(_) => return Fact::no(vec![Place::new(written.head.span, "")]),
        None => return Fact::unknown(Reason::at("no-value", "the effect", written.head.span)),
    }
    let mut hidden = None;
    for condition in written.policy_conditions.ids() {
        match never(model, id, &model[condition]) {
            Never::Always(why) => {
                let place = Place::new(model[condition].head.span, format!("this guard never fires: {why}"));
                return Fact::yes(vec![place]);
            }
            Never::Unknown(reason) => {
                hidden.get_or_insert(reason);
            }
            Never::No => {}
        }
    }
    if let Some(reason) = hidden {
        return Fact::unknown(reason);
    }
    denies_nothing(model, id, &read::statement(facts, id))
}

/// Every action of the Deny is about something else than its resources.
fn denies_nothing(model: &Model, id: Id<identity::Statement>, statement: &Statement) -> Fact {
    let written = &model[id];
    let no = || Fact::no(vec![Place::new(written.head.span, "")]);
    let (actions, resources) = (&statement.actions, &statement.resources);
    if actions.is_negated || resources.is_negated || resources.patterns.is_empty() || actions.is_open {
        return no();
    }
    let mut places = Vec::new();
    let mut verdict = Tri::True;
    for action in written.actions.ids() {
        let denied = match model[action].text.as_str() {
            Some(name) if !name.contains(['*', '?']) => {
                let (acts, why) = acts(statement, name);
                places.push(Place::new(model[action].head.span, format!("this guard never fires: `{name}` {why}")));
                acts
            }
            Some(_) => Tri::True,
            None => Tri::Unknown,
        };
        verdict = verdict.and(!denied);
    }
    match (verdict, places.is_empty()) {
        (Tri::True, false) => {
            let resources = written.resources.ids().map(|id| model[id].head.span);
            places.extend(resources.map(|span| Place::new(span, "this is what it denies")));
            Fact::yes(places)
        }
        (Tri::Unknown, _) => Fact::unknown(Reason::at("no-value", "the resource", written.head.span)),
        (Tri::True | Tri::False, _) => no(),
    }
}

/// Whether a condition can hold for any request.
enum Never {
    /// It cannot, and why.
    Always(String),
    No,
    Unknown(Reason),
}

fn never(model: &Model, statement: Id<identity::Statement>, written: &PolicyCondition) -> Never {
    let condition = read::condition(model, written, true);
    let Some(key) = written.context_key.as_str() else {
        return Never::Unknown(Reason::at("no-value", "the key", written.head.span));
    };
    let Some(operator) = condition.operator else { return Never::No };
    if operator.comparison == Comparison::Null {
        return Never::No;
    }
    if !is_known_key(&key.to_ascii_lowercase()) && !holds_without_key(operator) {
        let names = key_names(model, statement);
        let near = nearest_within(key, names.iter().map(String::as_str), 2);
        let hint = near.map_or(String::new(), |near| format!("; `{near}` is one"));
        return Never::Always(format!("`{key}` is no key of AWS{hint}"));
    }
    if operator.comparison == Comparison::IpAddress && !operator.is_negated && key.eq_ignore_ascii_case("aws:SourceIp")
    {
        let addresses: Vec<Option<String>> = condition.values.iter().map(Pattern::literal).collect();
        let is_hidden = condition.is_open || addresses.iter().any(Option::is_none);
        let is_never = !addresses.is_empty() && addresses.iter().flatten().all(|address| is_private(address));
        return match (is_never, is_hidden) {
            (true, false) => Never::Always("requests come from public addresses, and these are private".to_owned()),
            (true, true) => Never::Unknown(Reason::at("no-value", key, written.head.span)),
            (false, _) => Never::No,
        };
    }
    let is_exact = operator.comparison == Comparison::StringEquals && !operator.is_negated;
    let has_star = |pattern: &Pattern| pattern.symbols().contains(&Symbol::Literal('*'));
    let names_records = key.contains("RecordNames");
    let is_plain = |pattern: &Pattern| !has_star(pattern) && !pattern.is_loose();
    if !is_exact || names_records || condition.values.is_empty() || condition.values.iter().any(is_plain) {
        return Never::No;
    }
    if !condition.is_open && condition.values.iter().all(has_star) {
        return Never::Always("StringEquals compares `*` as the character that it is".to_owned());
    }
    match condition.is_open || condition.values.iter().any(Pattern::is_loose) {
        true => Never::Unknown(Reason::at("no-value", key, written.head.span)),
        false => Never::No,
    }
}

/// A network of which no address is routed on the internet.
fn is_private(text: &str) -> bool {
    let (address, length) = text.split_once('/').unwrap_or((text, "32"));
    let (Ok(address), Ok(length)) = (address.parse::<std::net::Ipv4Addr>(), length.parse::<u8>()) else { return false };
    let least = match address.octets() {
        [10, ..] => 8,
        [172, second, ..] if (16..32).contains(&second) => 12,
        [192, 168, ..] => 16,
        _ => return false,
    };
    length >= least
}

/// Condition keys that may have been meant: those of the services that the statement names, and the global ones.
fn key_names(model: &Model, statement: Id<identity::Statement>) -> Vec<String> {
    let mut names: Vec<String> = lists::global_keys().iter().map(|key| key.name.replace("/*", "/")).collect();
    for action in model[statement].actions.ids() {
        let prefix = model[action].text.as_str().and_then(|text| text.split(':').next());
        if let Some(service) = prefix.and_then(actions::service) {
            names.extend(service.keys.iter().map(|key| key.name.clone()));
        }
    }
    names
}

/// Trusts of web identities have rules of their own.
fn is_judged(model: &Model, statement: Id<identity::Statement>) -> bool {
    let written = &model[statement];
    let kind = written.policy.id().and_then(|policy| model[policy].kind.as_str());
    let is_federated = matches!(written.federated_principals.get(), Reading::Known(_) | Reading::Unknown(_));
    !(kind == Some("trust") && is_federated)
}

fn effect(model: &Model, statement: Id<identity::Statement>) -> Result<Effect, Reason> {
    match model[statement].effect.as_str() {
        Some("Deny") => Ok(Effect::Deny),
        Some(_) => Ok(Effect::Allow),
        None => Err(Reason::at("no-value", "the effect", model[statement].head.span)),
    }
}

fn is_of_allow(facts: &Facts<'_>, id: Id<PolicyCondition>) -> Fact {
    on_allow(facts, id, |_, _, written| Fact::yes(vec![Place::new(written.head.span, "")]))
}

fn on_allow(
    facts: &Facts<'_>,
    id: Id<PolicyCondition>,
    judge: impl FnOnce(&Model, Id<identity::Statement>, &PolicyCondition) -> Fact,
) -> Fact {
    let model = facts.model;
    let written = &model[id];
    let no = || Fact::no(vec![Place::new(written.head.span, "")]);
    let Some(statement) = written.statement.id() else { return no() };
    if !is_judged(model, statement) {
        return no();
    }
    match effect(model, statement) {
        Ok(Effect::Allow) => judge(model, statement, written),
        Ok(Effect::Deny) => no(),
        Err(reason) => Fact::unknown(reason),
    }
}

pub(super) fn is_never_true(facts: &Facts<'_>, id: Id<PolicyCondition>) -> Fact {
    on_allow(facts, id, |model, statement, written| match never(model, statement, written) {
        Never::Always(why) => Fact::yes(vec![Place::new(written.head.span, format!("never holds: {why}"))]),
        Never::No => Fact::no(vec![Place::new(written.head.span, "")]),
        Never::Unknown(reason) => Fact::unknown(reason),
    })
}

fn is_always_true(facts: &Facts<'_>, id: Id<PolicyCondition>) -> Fact {
    on_allow(facts, id, |model, statement, written| {
        let condition = read::condition(model, written, true);
        let (Some(operator), Some(key)) = (condition.operator, &condition.key) else {
            return Fact::unknown(Reason::at("no-value", "the condition", written.head.span));
        };
        let yes = |why: &str| Fact::yes(vec![Place::new(written.head.span, format!("always holds: {why}"))]);
        let takes_anything = condition.values.iter().any(Pattern::is_everything);
        let is_like = matches!(operator.comparison, Comparison::StringLike | Comparison::ArnLike);
        if is_like && takes_anything && !operator.is_negated {
            return yes("`*` matches every value");
        }
        let may_take_anything = |pattern: &Pattern| matches!(pattern.symbols(), [Symbol::Hole(_)]);
        if is_like && !operator.is_negated && condition.values.iter().any(may_take_anything) {
            return Fact::unknown(Reason::at("no-value", "the value", written.head.span));
        }
        let guards = model[statement].policy_conditions.ids().map(|other| demands_presence(model, &model[other], key));
        let is_guarded = Tri::any(guards);
        if operator.comparison == Comparison::Null || is_guarded == Tri::True || is_always_present(key) {
            return Fact::no(vec![Place::new(written.head.span, "")]);
        }
        if is_guarded == Tri::Unknown {
            return Fact::unknown(Reason::at("no-value", "the conditions", written.head.span));
        }
        match operator.qualifier {
            Qualifier::ForAllValues => yes("`ForAllValues` is true of a request without the key"),
            Qualifier::None if operator.is_negated && !operator.if_exists => {
                yes("a request without the key passes a negated operator")
            }
            Qualifier::None if operator.if_exists && never_carries(model, statement, key) => {
                yes("the actions never carry the key")
            }
            Qualifier::None | Qualifier::ForAnyValue => Fact::no(vec![Place::new(written.head.span, "")]),
        }
    })
}

/// `Null: {key: "false"}`, or a plain operator on the same key.
fn demands_presence(model: &Model, other: &PolicyCondition, key: &str) -> Tri {
    let other = read::condition(model, other, true);
    let (Some(operator), Some(known)) = (other.operator, other.key.as_deref()) else { return Tri::Unknown };
    if known != key {
        return Tri::False;
    }
    match operator.comparison {
        Comparison::Null => Tri::all(other.values.iter().map(|value| match value.literal() {
            Some(text) => Tri::from(text == "false"),
            None => Tri::Unknown,
        })),
        _ => Tri::from(!holds_without_key(operator)),
    }
}

fn is_always_present(key: &str) -> bool {
    lists::global_key(key).is_some_and(|key| key.is_always_present)
}

/// Every action of the statement is known, and none lists the key.
fn never_carries(model: &Model, statement: Id<identity::Statement>, key: &str) -> bool {
    if lists::global_key(key).is_some() {
        return false;
    }
    let mut actions = model[statement].actions.ids().peekable();
    actions.peek().is_some()
        && actions.all(|action| {
            let found = model[action].text.as_str().and_then(known);
            found.is_some_and(|(service, _)| service.key(key).is_none())
        })
}

fn fits_key_type(facts: &Facts<'_>, id: Id<PolicyCondition>) -> Fact {
    let written = &facts.model[id];
    let place = |why: &str| vec![Place::new(written.head.span, why)];
    let (Some(operator), Some(key)) = (written_operator(written), written.context_key.as_str()) else {
        return match written.operator.as_str().is_some() && written.context_key.as_str().is_some() {
            // An operator that IAM does not know has a rule of its own.
            true => Fact::yes(place("")),
            false => Fact::unknown(Reason::at("no-value", "the condition", written.head.span)),
        };
    };
    let Some(kind) = actions::condition_key(key) else { return Fact::yes(place("")) };
    let fits = match operator.comparison {
        Comparison::Null => true,
        Comparison::StringEquals | Comparison::StringLike => {
            matches!(
                kind,
                KeyType::String | KeyType::ArrayOfString | KeyType::Arn | KeyType::ArrayOfArn | KeyType::Bool
            )
        }
        Comparison::ArnLike => {
            matches!(kind, KeyType::Arn | KeyType::ArrayOfArn)
                || values_are_arns(&read::condition(facts.model, written, true))
        }
        Comparison::Bool => matches!(kind, KeyType::Bool | KeyType::ArrayOfBool | KeyType::String),
        Comparison::NumericEquals
        | Comparison::NumericLess
        | Comparison::NumericLessOrEqual
        | Comparison::NumericGreater
        | Comparison::NumericGreaterOrEqual => matches!(kind, KeyType::Numeric | KeyType::Date),
        Comparison::Date => matches!(kind, KeyType::Date | KeyType::Numeric),
        Comparison::IpAddress => kind == KeyType::IpAddress,
        Comparison::Binary => true,
    };
    match fits {
        true => Fact::yes(place("")),
        false => Fact::no(place(&format!("`{key}` is a {kind:?}, which this operator does not compare"))),
    }
}

/// ARN operators fit a text key whose values are ARNs.
fn values_are_arns(condition: &Condition) -> bool {
    condition.values.iter().all(|value| {
        let text = value.to_string();
        text.starts_with("arn:") || text.starts_with('…') || text.starts_with('*')
    })
}

fn key_is_single_valued(facts: &Facts<'_>, id: Id<PolicyCondition>) -> Fact {
    let written = &facts.model[id];
    let Some(key) = written.context_key.as_str() else {
        return Fact::unknown(Reason::at("no-value", "the key", written.head.span));
    };
    let is_claim = key.split(':').next().is_some_and(|issuer| issuer.contains('.'));
    let kind = actions::condition_key(key);
    let is_single = !is_claim && kind.is_some_and(|kind| !kind.has_many_values());
    Fact::new(is_single.into(), vec![Place::new(written.head.span, "a request carries one value of this key")])
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::acts;
    use crate::data::managed;
    use crate::logic::Tri;

    /// What AWS's own policies grant in vain, each looked at: these take no resource, or another one, and stand in
    /// statements that are about something else.
    const REVIEWED: &[&str] = &[
        "AWSDeepRacerRoboMakerAccessPolicy: s3:ListAllMyBuckets",
        "AmazonDataZoneSageMakerEnvironmentRolePermissionsBoundary: s3:ListAllMyBuckets",
        "AmazonRedshiftAllCommandsFullAccess: s3:ListAllMyBuckets",
        "AmazonRekognitionCustomLabelsFullAccess: s3:ListAllMyBuckets",
        "AmazonSageMakerServiceCatalogProductsCodeBuildServiceRolePolicy: s3:ListAllMyBuckets",
        "AmazonSageMakerServiceCatalogProductsGlueServiceRolePolicy: s3:ListAllMyBuckets",
        "AmazonSageMakerServiceCatalogProductsLambdaServiceRolePolicy: s3:ListAllMyBuckets",
        "AmazonEC2RoleforAWSCodeDeployLimited: s3:ListBucket",
        "AmplifyBackendDeployFullAccess: ec2:DescribeSubnets",
        // By the table it takes none; AWS narrows it all the same.
        "ROSASRESupportPolicy: ec2:DescribeAddressesAttribute",
        "SageMakerStudioProjectProvisioningRolePolicy: ecr:GetAuthorizationToken",
    ];

    #[test]
    fn grants_of_the_policies_of_aws() {
        let mut dead = std::collections::BTreeSet::new();
        for policy in managed::names().filter_map(managed::policy) {
            for (statement, written) in read::managed(policy).iter().zip(&policy.statements) {
                if written.is_deny || !written.not_resources.is_empty() || !written.not_actions.is_empty() {
                    continue;
                }
                for action in written.actions.iter().filter(|action| !action.contains(['*', '?'])) {
                    if acts(statement, action).0 == Tri::False {
                        dead.insert(format!("{}: {action} on {}", policy.name, written.resources.join(" ")));
                    }
                }
            }
        }
        // No guard of AWS's own policies is in vain.
        let in_vain: Vec<&str> = managed::names()
            .filter_map(managed::policy)
            .filter(|policy| {
                read::managed(policy).iter().zip(&policy.statements).any(|(statement, written)| {
                    let names_all = !written.actions.is_empty() && written.not_resources.is_empty();
                    let is_dead =
                        |action: &String| !action.contains(['*', '?']) && acts(statement, action).0 == Tri::False;
                    written.is_deny
                        && names_all
                        && written.actions.iter().map(|action| action.to_string()).all(|action| is_dead(&action))
                })
            })
            .map(|policy| policy.name)
            .collect();
        assert!(in_vain.is_empty(), "{in_vain:?}");
        let unreviewed: Vec<&String> =
            dead.iter().filter(|it| !REVIEWED.iter().any(|known| it.contains(known))).collect();
        assert!(unreviewed.is_empty(), "{} {unreviewed:#?}", dead.len());
    }
}
