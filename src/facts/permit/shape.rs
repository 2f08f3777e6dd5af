//! The shape of a policy: what AWS refuses to take, and what it takes although it says nothing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::pattern::Pattern;
use super::read;
use crate::facts::trust::admit::{Admissions, Effect as ClaimEffect};
use crate::facts::{Analysis, Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::{Policy, PolicyCondition, Role, Statement};
use crate::model::{Id, Model, Reading};
use crate::source::{Place, Span};
use crate::value::{Kind, Map, Value};

facts! {
    Policy {
        /// Whether AWS refuses it for its shape.
        is_refused: Flag = is_refused,
        /// Whether parts of it say nothing.
        is_oddly_shaped: Flag = is_oddly_shaped,
    }
}

struct Judge<'m> {
    model: &'m Model,
    policy: &'m Policy,
    found: Vec<Place>,
    /// Why there may be something to find although nothing was.
    doubt: Option<Reason>,
}

impl Judge<'_> {
    fn add(&mut self, span: Option<Span>, words: impl Into<String>) {
        self.found.push(Place::new(span.unwrap_or(self.policy.head.span), words));
    }

    /// What is hidden may be what AWS refuses.
    fn doubt(&mut self, value: &Value) {
        if self.doubt.is_none() {
            self.doubt = value.walk().find_map(Value::reason).cloned();
        }
    }

    fn verdict(self) -> Fact {
        let Judge { policy, found, doubt, .. } = self;
        match (found.is_empty(), policy.statements.open.clone().or(doubt)) {
            (false, _) => Fact::yes(found),
            (true, Some(reason)) => Fact::unknown(reason),
            (true, None) => Fact::no(vec![Place::new(policy.head.span, "")]),
        }
    }

    fn is(&self, kind: &str) -> bool {
        self.policy.kind.as_str() == Some(kind)
    }

    /// Resources take shapes of their own; what a principal or a role has must be IAM's.
    fn is_of_iam(&self) -> bool {
        self.is("identity") || self.is("boundary") || self.is("trust")
    }
}

fn is_refused(facts: &Facts<'_>, id: Id<Policy>) -> Fact {
    let model = facts.model;
    let policy = &model[id];
    let mut judge = Judge { model, policy, found: Vec::new(), doubt: None };
    match &policy.document.value().kind {
        Kind::Unknown(unknown) if unknown.reason.code == "not-json" => {
            let words = format!("this is no JSON: {}", unknown.reason.object);
            judge.add(unknown.reason.place, words);
        }
        Kind::Map(document) => {
            top(&mut judge, document);
            for statement in policy.statements.ids() {
                statement_shape(&mut judge, statement);
            }
            sids(&mut judge);
            size(facts, &mut judge, id);
            lonely_claims(facts, &mut judge, id);
        }
        Kind::Null
        | Kind::Bool(_)
        | Kind::Number(_)
        | Kind::Text(_)
        | Kind::List(_)
        | Kind::Reference(_)
        | Kind::Unknown(_) => {}
    }
    judge.verdict()
}

/// What stands around the statements.
fn top(judge: &mut Judge<'_>, document: &Map) {
    if let Some(version) = document.entries.get("Version") {
        if version.as_str().is_some_and(|version| !matches!(version, "2012-10-17" | "2008-10-17")) {
            judge.add(version.origin.span(), "AWS knows the versions 2012-10-17 and 2008-10-17 only");
        }
        judge.doubt(version);
    }
    // What holds policies among other things, such as a template of a stack, is none itself.
    if !document.entries.contains_key("Statement") {
        if document.open.is_none() && document.entries.contains_key("Version") && !is_near_key(document, "Statement") {
            judge.add(None, "a policy needs a Statement");
        }
        return;
    }
    if judge.is_of_iam() {
        for (key, value) in &document.entries {
            if !["Version", "Id", "Statement"].iter().any(|known| key.eq_ignore_ascii_case(known)) {
                judge.add(value.origin.span(), format!("AWS knows no element `{key}`"));
            }
        }
    }
}

/// Whether keys of other capitals are IAM's is nowhere said: they are let pass.
fn is_near_key(map: &Map, name: &str) -> bool {
    map.entries.keys().any(|key| key.eq_ignore_ascii_case(name))
}

const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// The map of a statement as it is written.
fn written(policy: &Policy, id: Id<Statement>) -> Option<&Map> {
    let statements = policy.document.value().as_map()?.entries.get("Statement")?;
    let items: Vec<&Value> = match &statements.kind {
        Kind::List(list) => list.items.iter().collect(),
        _ => vec![statements],
    };
    let at = policy.statements.ids().position(|known| known == id)?;
    items.into_iter().filter_map(Value::as_map).nth(at)
}

fn statement_shape(judge: &mut Judge<'_>, id: Id<Statement>) {
    let (model, policy) = (judge.model, judge.policy);
    let statement = &model[id];
    let span = statement.head.span;
    let Some(map) = written(policy, id) else { return };
    let has = |name: &str| map.entries.get(name).is_some_and(|value| !matches!(value.kind, Kind::Null));
    let says = |name: &str| map.entries.get(name).is_some_and(says_something);
    for (one, other) in [("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")] {
        let both = [one, other].map(|name| map.entries.get(name));
        match both {
            _ if says(one) && says(other) => {
                judge.add(Some(span), format!("{one} and {other} exclude each other"));
            }
            // A `dynamic` block may turn out to write nothing.
            [Some(one), Some(other)] => {
                judge.doubt(one);
                judge.doubt(other);
            }
            [_, _] => {}
        }
    }
    match statement.effect.as_str() {
        Some("Allow" | "Deny") | None => {}
        Some(other) => {
            let words = format!("an Effect is Allow or Deny, not `{other}`");
            judge.add(statement.effect.origin().span(), words);
        }
    }
    judge.doubt(statement.effect.value());
    if map.open.is_some() {
        return;
    }
    let lacks = |names: &[&str]| !names.iter().any(|name| has(name) || is_near_key(map, name));
    if lacks(&["Effect"]) {
        judge.add(Some(span), "a statement needs an Effect");
    }
    if lacks(&["Action", "NotAction"]) {
        judge.add(Some(span), "a statement needs an Action");
    }
    let is_principals = judge.is("identity") || judge.is("boundary");
    if is_principals && lacks(&["Resource", "NotResource"]) {
        judge.add(Some(span), "a statement needs a Resource");
    }
    if is_principals && (says("Principal") || says("NotPrincipal")) {
        judge.add(Some(span), "a policy of a principal names no Principal");
    }
    if judge.is("trust") {
        trust_shape(judge, map, span);
    }
    if judge.is_of_iam() {
        for (key, value) in &map.entries {
            if !ELEMENTS.iter().any(|known| key.eq_ignore_ascii_case(known)) {
                judge.add(value.origin.span(), format!("AWS knows no element `{key}`"));
            }
        }
    }
    principal_kinds(judge, map);
    conditions(judge, id, map);
    variables(judge, id);
}

/// Neither empty nor hidden: a `dynamic` block may turn out to write nothing.
fn says_something(value: &Value) -> bool {
    match &value.kind {
        Kind::Text(_) | Kind::Bool(_) | Kind::Number(_) => true,
        Kind::List(list) => !list.items.is_empty(),
        Kind::Map(map) => !map.entries.is_empty(),
        Kind::Null | Kind::Reference(_) | Kind::Unknown(_) => false,
    }
}

fn trust_shape(judge: &mut Judge<'_>, map: &Map, span: Span) {
    if !is_near_key(map, "Principal") && !is_near_key(map, "NotPrincipal") {
        judge.add(Some(span), "the trust of a role needs a Principal");
    }
    for name in ["Resource", "NotResource", "NotPrincipal"] {
        let Some(value) = map.entries.get(name) else { continue };
        if says_something(value) {
            judge.add(value.origin.span().or(Some(span)), format!("the trust of a role has no {name}"));
        }
        judge.doubt(value);
    }
    let Some(principal) = map.entries.get("Principal") else { return };
    match &principal.kind {
        Kind::Text(text) if text.known() == Some("*") => {
            judge.add(principal.origin.span(), "the trust of a role takes no bare `*`");
        }
        Kind::Text(_) | Kind::Unknown(_) => judge.doubt(principal),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::List(_) | Kind::Map(_) | Kind::Reference(_) => {}
    }
}

fn principal_kinds(judge: &mut Judge<'_>, map: &Map) {
    for name in ["Principal", "NotPrincipal"] {
        let Some(value) = map.entries.get(name) else { continue };
        match &value.kind {
            Kind::Map(kinds) => {
                for (kind, members) in &kinds.entries {
                    if !["AWS", "Service", "Federated", "CanonicalUser", "*"].contains(&&**kind) {
                        judge.add(members.origin.span(), format!("AWS knows no kind `{kind}` of principal"));
                    }
                }
            }
            Kind::Text(text) if text.known().is_some_and(|text| text != "*") => {
                judge.add(value.origin.span(), "a principal is `*`, or has a kind: AWS, Service, Federated");
            }
            Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::List(_)
            | Kind::Reference(_)
            | Kind::Unknown(_) => {}
        }
    }
}

fn conditions(judge: &mut Judge<'_>, id: Id<Statement>, map: &Map) {
    let model = judge.model;
    if let Some(blocks) = map.entries.get("Condition").and_then(Value::as_map) {
        for (operator, block) in &blocks.entries {
            let Some(keys) = block.as_map() else { continue };
            let mut seen = BTreeSet::new();
            for (key, values) in &keys.entries {
                if !seen.insert(key.to_ascii_lowercase()) {
                    judge.add(values.origin.span(), format!("`{key}` stands twice under {operator}"));
                }
            }
        }
    }
    for id in model[id].policy_conditions.ids() {
        let condition = &model[id];
        let Some(operator) = condition.operator.as_str() else { continue };
        let span = first_value(condition);
        if read::written_operator(condition).is_none() && condition.qualifier.as_str().is_some() {
            judge.add(condition.operator.origin().span().or(Some(span)), format!("AWS knows no operator `{operator}`"));
        }
        let is = |name: &str| operator.eq_ignore_ascii_case(name);
        if is("Null") && matches!(condition.if_exists.get(), Reading::Known(true)) {
            judge.add(Some(span), "Null asks whether the key exists: IfExists says nothing beside it");
        }
        let Reading::Known(values) = condition.values.get() else { continue };
        if is("Bool") && values.items.len() > 1 {
            judge.add(Some(span), "Bool takes one value");
        }
        let key = condition.context_key.as_str().unwrap_or("").to_ascii_lowercase();
        let wanted = match &*key {
            "aws:sourcevpc" => "vpc-",
            "aws:sourcevpce" => "vpce-",
            _ => continue,
        };
        let is_wrong = |value: &&Value| {
            value.as_str().is_some_and(|text| !text.starts_with(wanted) && !text.contains(['*', '?', '$']))
        };
        if let Some(value) =
            values.items.iter().find(is_wrong).filter(|_| operator.to_ascii_lowercase().starts_with("string"))
        {
            judge.add(value.origin.span(), format!("an id here begins with `{wanted}`"));
        }
    }
}

fn first_value(condition: &PolicyCondition) -> Span {
    let first = condition.values.value().as_list().and_then(|list| list.items.first()?.origin.span());
    first.unwrap_or(condition.head.span)
}

/// `${aws:username}`: what stands between the braces is one name, and the braces are closed.
fn variables(judge: &mut Judge<'_>, id: Id<Statement>) {
    let model = judge.model;
    if judge.policy.version.as_str() != Some("2012-10-17") {
        return;
    }
    let statement = &model[id];
    let resources = statement.resources.ids().map(|id| (model[id].text.value(), model[id].head.span));
    let conditions = statement.policy_conditions.ids().flat_map(|id| {
        let condition = &model[id];
        let values = condition.values.value().as_list().map(|list| list.items.as_slice()).unwrap_or_default();
        values.iter().map(|value| (value, value.origin.span().unwrap_or(condition.head.span)))
    });
    let texts: Vec<(&Value, Span)> = resources.chain(conditions).collect();
    for (value, span) in texts {
        if let Some(fault) = value.as_str().and_then(variable_fault) {
            judge.add(Some(span), fault);
        }
        // What stands between literals is the name of something, as a rule.
        if matches!(value.kind, Kind::Unknown(_)) || value.as_text().is_some_and(|text| text.prefix().contains("${")) {
            judge.doubt(value);
        }
    }
}

fn variable_fault(text: &str) -> Option<&'static str> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else { return Some("a `${` without its `}`") };
        let name = name.split(',').next().unwrap_or("");
        if name.is_empty() {
            return Some("a policy variable without a name");
        }
        if !matches!(name, "*" | "?" | "$") && (name.contains(char::is_whitespace) || name.contains(['\'', '"'])) {
            return Some("the name of a policy variable has no blanks and quotes");
        }
        rest = behind;
    }
    None
}

/// IAM takes letters and digits, and each Sid once.
fn sids(judge: &mut Judge<'_>) {
    let (model, policy) = (judge.model, judge.policy);
    let mut seen = BTreeSet::new();
    for id in policy.statements.ids() {
        let statement = &model[id];
        if judge.is_of_iam() {
            judge.doubt(statement.sid.value());
        }
        let Some(sid) = statement.sid.as_str().filter(|sid| !sid.is_empty()) else { continue };
        let span = statement.sid.origin().span();
        // Policies of keys and buckets take more.
        if !judge.is_of_iam() {
            continue;
        }
        if !seen.insert(sid) {
            judge.add(span, format!("the Sid `{sid}` stands twice"));
        } else if !sid.chars().all(|character| character.is_ascii_alphanumeric()) {
            judge.add(span, "a Sid has letters and digits only");
        }
    }
}

const MANAGED: i64 = 6144;
const INLINE_OF_ROLE: i64 = 10_240;
const INLINE_OF_USER: i64 = 2048;
const INLINE_OF_GROUP: i64 = 5120;
/// What AWS raises it to when asked; 2,048 by itself.
const TRUST: i64 = 8192;

fn size(facts: &Facts<'_>, judge: &mut Judge<'_>, id: Id<Policy>) {
    let model = facts.model;
    let Some(own) = number(judge.policy) else { return };
    let span = judge.policy.document.origin().span();
    let holders = facts.analysis::<Holders>();
    let inline = |ids: &[Id<Policy>], most: i64| {
        let sizes: Option<Vec<i64>> = ids.iter().map(|id| number(&model[*id])).collect();
        sizes.map(|sizes| sizes.iter().sum::<i64>()).filter(|sum| ids.first() == Some(&id) && *sum > most)
    };
    let words = if judge.is("trust") {
        (own > TRUST).then(|| format!("{own} characters: the trust of a role has {TRUST} at most"))
    } else if holders.attached.contains(&id.index) {
        (own > MANAGED).then(|| format!("{own} characters: a managed policy has {MANAGED} at most"))
    } else {
        let holder = holders.inline.get(&id.index);
        holder
            .and_then(|(ids, most)| inline(ids, *most).map(|sum| (sum, most)))
            .map(|(sum, most)| format!("{sum} characters: the policies inside one principal have {most} at most"))
    };
    if let Some(words) = words {
        judge.add(span, words);
    }
}

fn number(policy: &Policy) -> Option<i64> {
    match policy.size.get() {
        Reading::Known(size) => size.as_i64(),
        Reading::Absent | Reading::Unknown(_) => None,
    }
}

/// What holds the policies of a model: the principals that have them inline, the roles that have them as trust.
struct Holders {
    inline: HashMap<u32, (Arc<[Id<Policy>]>, i64)>,
    trusts: HashMap<u32, Id<Role>>,
    attached: HashSet<u32>,
}

impl Analysis for Holders {
    fn compute(facts: &Facts<'_>) -> Holders {
        let identity = &facts.model.identity;
        let roles = identity.roles.iter().map(|(_, role)| (&role.policies, INLINE_OF_ROLE));
        let users = identity.iam_users.iter().map(|(_, user)| (&user.policies, INLINE_OF_USER));
        let groups = identity.iam_groups.iter().map(|(_, group)| (&group.policies, INLINE_OF_GROUP));
        let attached = identity.attachments.iter().filter_map(|(_, attachment)| attachment.policy.id());
        let attached = attached.map(|policy| policy.index).collect();
        let mut holders = Holders { inline: HashMap::new(), trusts: HashMap::new(), attached };
        for (policies, most) in roles.chain(users).chain(groups) {
            let together: Arc<[Id<Policy>]> = policies.ids().collect();
            for policy in together.iter() {
                holders.inline.entry(policy.index).or_insert_with(|| (together.clone(), most));
            }
        }
        for (id, role) in identity.roles.iter() {
            if let Some(trust) = role.trust.id() {
                holders.trusts.entry(trust.index).or_insert(id);
            }
        }
        holders
    }
}

/// For GitHub the claim that tells the tenant is `sub`: the id of the repository alone does not satisfy IAM.
fn lonely_claims(facts: &Facts<'_>, judge: &mut Judge<'_>, id: Id<Policy>) {
    let model = facts.model;
    let Some(role) = facts.analysis::<Holders>().trusts.get(&id.index).copied() else { return };
    let admissions = facts.analysis::<Admissions>();
    let Some(admission) = admissions.of(role) else { return };
    for door in admission.doors.iter().filter(|door| door.is_github() && !door.is_open && !door.is_dead()) {
        let limits = |name: &str| door.claims(name).any(|claim| claim.effect == ClaimEffect::Limits);
        let by_other = ["repository", "repository_id", "repository_owner_id"].into_iter().any(limits);
        if by_other && door.claims("sub").next().is_none() {
            judge.add(Some(model[door.statement].head.span), "IAM wants a condition on `sub` for this provider");
        }
    }
}

fn is_oddly_shaped(facts: &Facts<'_>, id: Id<Policy>) -> Fact {
    let model = facts.model;
    let policy = &model[id];
    let mut judge = Judge { model, policy, found: Vec::new(), doubt: None };
    let Some(document) = policy.document.value().as_map() else {
        return match &policy.statements.open {
            Some(reason) => Fact::unknown(reason.clone()),
            None => Fact::no(vec![Place::new(policy.head.span, "")]),
        };
    };
    if !document.entries.contains_key("Version") && document.open.is_none() {
        judge.add(None, "without a Version policy variables are plain text");
    }
    for id in policy.statements.ids() {
        redundancies(facts, &mut judge, id);
    }
    judge.verdict()
}

fn redundancies(facts: &Facts<'_>, judge: &mut Judge<'_>, id: Id<Statement>) {
    let model = judge.model;
    let read = read::statement(facts, id);
    let written = &model[id];
    let entries: Vec<(&Value, Span)> =
        written.actions.ids().map(|id| (model[id].text.value(), model[id].head.span)).collect();
    repeated(judge, &read.actions.patterns, &entries, "action");
    let entries: Vec<(&Value, Span)> =
        written.resources.ids().map(|id| (model[id].text.value(), model[id].head.span)).collect();
    repeated(judge, &read.resources.patterns, &entries, "resource");
    let Some(map) = self::written(judge.policy, id) else { return };
    for name in ["Action", "NotAction", "Resource", "NotResource", "Condition"] {
        let is_empty = map.entries.get(name).is_some_and(|value| match &value.kind {
            Kind::List(list) => list.items.is_empty() && list.open.is_none(),
            Kind::Map(map) => map.entries.is_empty() && map.open.is_none(),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Reference(_) | Kind::Unknown(_) => {
                false
            }
        });
        if is_empty && name != "Condition" {
            judge.add(Some(written.head.span), format!("{name} is empty"));
        }
    }
}

/// An entry that another one of the same list covers.
fn repeated(judge: &mut Judge<'_>, patterns: &[Pattern], entries: &[(&Value, Span)], what: &str) {
    if patterns.len() != entries.len() {
        return;
    }
    for (index, pattern) in patterns.iter().enumerate() {
        let covering = patterns.iter().enumerate().find(|(other, wider)| {
            *other != index && wider.covers(pattern) == Tri::True && (pattern != *wider || *other < index)
        });
        if let Some((_, wider)) = covering {
            judge.add(Some(entries[index].1), format!("the {what} `{wider}` says this already"));
        }
    }
    if patterns.len() > 1 {
        entries.iter().for_each(|(value, _)| judge.doubt(value));
    }
}
