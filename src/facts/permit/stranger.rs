//! A request of somebody outside: an account nobody knows, or nobody at all. Which conditions he can meet, and which he
//! cannot escape. Whom a whole policy admits is decided in `exposure`.

use super::condition::{Comparison, Operator, holds_without_key};
use super::pattern::{Case, Extent, Pattern, Reading as How, Symbol};
use super::read::{value_reading, written_operator};
use crate::logic::Tri;
use crate::model::identity::{PolicyCondition, Statement};
use crate::model::range::{Family, Range, RangeSet};
use crate::model::{Model, Reading};
use crate::value::{Kind, Origin, Text, Value};

/// What a stranger's request can say of a condition key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// Whatever he likes: transport, headers, tags of his own.
    Anything,
    /// What is his: one of these, or nothing.
    Own(&'static [&'static str]),
    /// An ARN of something of his.
    OwnArn,
    /// Any public address.
    Address,
    Unknown,
}

const ACCOUNT: Says = Says::Own(&["000000000000"]);
const ORGANISATION: Says = Says::Own(&["o-0000000000"]);
const ORGANISATION_PATH: Says = Says::Own(&["o-0000000000/*"]);
const NOTHING: Says = Says::Own(&[]);

/// Keys are in lower case.
fn says(key: &str) -> Says {
    match key {
        "aws:principalaccount"
        | "aws:sourceaccount"
        | "aws:sourceowner"
        | "aws:vpceaccount"
        | "kms:calleraccount"
        | "s3:dataaccesspointaccount" => ACCOUNT,
        "aws:principalorgid" | "aws:sourceorgid" | "aws:vpceorgid" => ORGANISATION,
        "aws:principalorgpaths" | "aws:sourceorgpaths" | "aws:vpceorgpaths" => ORGANISATION_PATH,
        "aws:principalarn" | "aws:sourcearn" | "aws:sourcevpcarn" | "s3:dataaccesspointarn" => Says::OwnArn,
        "aws:sourcevpc" => Says::Own(&["vpc-00000000000000000"]),
        "aws:sourcevpce" => Says::Own(&["vpce-00000000000000000"]),
        "aws:sourceip" => Says::Address,
        "aws:userid" => Says::Own(&["AIDA00000000000000000", "AROA00000000000000000:*"]),
        // A stranger is no service, and does not reach a mount target.
        "aws:principalisawsservice" | "elasticfilesystem:accessedviamounttarget" => Says::Own(&["false"]),
        "aws:principalservicename" | "aws:principalservicenameslist" => NOTHING,
        "sns:endpoint" => Says::Own(&["https://stranger.invalid/", "stranger@stranger.invalid"]),
        "aws:securetransport"
        | "aws:useragent"
        | "aws:referer"
        | "aws:multifactorauthpresent"
        | "aws:multifactorauthage"
        | "aws:principaltype"
        | "aws:requestedregion"
        | "aws:resourceaccount"
        | "aws:resourceorgid"
        | "aws:resourceorgpaths"
        | "aws:sourceidentity"
        | "aws:tagkeys"
        | "aws:username"
        | "aws:viaawsservice"
        | "aws:vpcsourceip"
        | "s3:resourceaccount"
        | "sns:protocol"
        | "sts:rolesessionname"
        | "sts:transitivetagkeys" => Says::Anything,
        key if key.starts_with("aws:principaltag/") || key.starts_with("aws:requesttag/") => Says::Anything,
        key if key.starts_with("aws:calledvia") || key.starts_with("kms:encryptioncontext") => Says::Anything,
        // What is left of S3's keys is about the request.
        key if key.starts_with("s3:") && !key.contains("tag") => Says::Anything,
        _ => Says::Unknown,
    }
}

/// Whether some request of a stranger meets all conditions of a statement.
pub(in crate::facts) fn can_meet(model: &Model, statement: &Statement) -> Tri {
    let conditions = statement.policy_conditions.ids().map(|id| one_can_meet(&model[id]));
    let open = if statement.policy_conditions.open.is_some() { Tri::Unknown } else { Tri::True };
    Tri::all(conditions).and(open)
}

/// Whether every request of a stranger meets all conditions of a statement.
pub(super) fn cannot_escape(model: &Model, statement: &Statement) -> Tri {
    let conditions = statement.policy_conditions.ids().map(|id| one_cannot_escape(&model[id]));
    let open = if statement.policy_conditions.open.is_some() { Tri::Unknown } else { Tri::True };
    Tri::all(conditions).and(open)
}

/// A condition whose operator and key are known, with what a stranger says of the key.
fn parsed(condition: &PolicyCondition) -> Option<(Operator, Says)> {
    let operator = written_operator(condition)?;
    let key = condition.context_key.as_str()?.to_ascii_lowercase();
    Some((operator, says(&key)))
}

fn one_can_meet(condition: &PolicyCondition) -> Tri {
    let Some((operator, says)) = parsed(condition) else { return Tri::Unknown };
    match (says, operator.comparison) {
        (Says::Unknown, _) | (_, Comparison::Date) => Tri::Unknown,
        (Says::Anything, _) => Tri::True,
        // He has the key, or leaves it out, as he likes; a service alone has those of services.
        (Says::Own(_) | Says::OwnArn | Says::Address, Comparison::Null) => Tri::from(says != NOTHING),
        (Says::Address, _) if operator.is_negated => !excludes_all(condition),
        (Says::Address, _) => names_world(condition),
        (Says::Own(_) | Says::OwnArn, _) => {
            let named = names_own(condition, operator, says);
            let with_key = if operator.is_negated { !named } else { named };
            Tri::from(holds_without_key(operator)).or(with_key)
        }
    }
}

fn one_cannot_escape(condition: &PolicyCondition) -> Tri {
    let Some((operator, says)) = parsed(condition) else { return Tri::Unknown };
    match (says, operator.comparison) {
        (Says::Unknown, _) | (_, Comparison::Date) => Tri::Unknown,
        (Says::Anything, _) | (Says::Own(_) | Says::OwnArn | Says::Address, Comparison::Null) => Tri::False,
        (Says::Address, _) if operator.is_negated => !excludes_all(condition),
        (Says::Address, _) => names_world(condition),
        (Says::Own(_) | Says::OwnArn, _) => {
            let named = names_own(condition, operator, says);
            let with_key = if operator.is_negated { !named } else { named };
            Tri::from(holds_without_key(operator)).and(with_key)
        }
    }
}

/// The values as texts in which everything that is declared here stands for itself: it is not the stranger's.
fn values(condition: &PolicyCondition) -> (Vec<Text>, Tri) {
    match condition.values.get() {
        Reading::Known(list) => {
            let open = if list.open.is_some() { Tri::Unknown } else { Tri::False };
            let unread = list.items.iter().any(|item| item.as_text().is_none());
            (list.items.iter().filter_map(ours).collect(), open.or(if unread { Tri::Unknown } else { Tri::False }))
        }
        Reading::Absent => (Vec::new(), Tri::False),
        Reading::Unknown(_) => (Vec::new(), Tri::Unknown),
    }
}

fn ours(value: &Value) -> Option<Text> {
    let text = value.as_text()?;
    Some(text.with_holes(|hole| match &hole.kind {
        Kind::Reference(_) => Value::text("\u{1}", Origin::none()),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => hole.clone(),
        Kind::Unknown(_) => hole.clone(),
    }))
}

/// Whether a value of the condition takes what is the stranger's.
fn names_own(condition: &PolicyCondition, operator: Operator, says: Says) -> Tri {
    let (values, open) = values(condition);
    let (how, case) = value_reading(operator);
    let named = values.iter().map(|value| {
        let wanted = Pattern::new(value, how, case, &|_| None);
        match says {
            Says::Own(own) => Tri::any(own.iter().map(|own| meets(&wanted, own))),
            Says::OwnArn => names_own_arn(&wanted),
            Says::Anything | Says::Address | Says::Unknown => Tri::Unknown,
        }
    });
    Tri::any(named).or(open)
}

fn meets(wanted: &Pattern, own: &str) -> Tri {
    wanted.answers(&Pattern::parse(own, How::PlainGlob, Case::Kept), Extent::Some)
}

/// Whether an ARN of something of the stranger's is among those that a pattern names. Field by field: what stands in
/// one field says nothing of the account. ARNs of buckets say no account, and their names are everybody's: one that is
/// written belongs to somebody already.
fn names_own_arn(wanted: &Pattern) -> Tri {
    let symbols = wanted.symbols();
    let mut fields: Vec<Pattern> =
        symbols.splitn(6, |symbol| *symbol == Symbol::Literal(':')).map(|field| Pattern::of(field.to_vec())).collect();
    let Some(rest) = fields.pop() else { return Tri::False };
    let [_, _, service, _, account] = &*fields else {
        let is_open_ended = matches!(symbols.last(), Some(Symbol::Star { .. }));
        return if wanted.is_loose() { Tri::Unknown } else { Tri::from(is_open_ended) };
    };
    let by_name = meets(&rest, "stranger");
    if service.literal().as_deref() == Some("s3") {
        return by_name;
    }
    let by_account = meets(account, "000000000000");
    if account.symbols().is_empty() { by_name } else { by_account }
}

/// Whether the ranges of the condition hold so many addresses that anybody has one.
fn names_world(condition: &PolicyCondition) -> Tri {
    let (ranges, doubt) = ranges(condition);
    let is_world = |family: Family| Tri::from(RangeSet::of(family, ranges.iter().copied()).is_world());
    Tri::any(Family::BOTH.into_iter().map(is_world)).or(doubt)
}

/// Whether no address is left beside the ranges of the condition.
fn excludes_all(condition: &PolicyCondition) -> Tri {
    let (ranges, doubt) = ranges(condition);
    let holds_all = RangeSet::of(Family::V4, ranges).holds(&Range::whole(Family::V4));
    Tri::from(holds_all).or(doubt)
}

/// What is declared here is no stranger's address, and never all of them.
fn ranges(condition: &PolicyCondition) -> (Vec<Range>, Tri) {
    let (values, open) = values(condition);
    let is_hidden = |value: &Text| value.known().is_none();
    let doubt = if values.iter().any(is_hidden) { Tri::Unknown } else { open };
    (values.iter().filter_map(|value| value.known().and_then(Range::parse)).collect(), doubt)
}

/// Whether a statement's principals include everyone.
pub(super) fn names_everyone(statement: &Statement) -> Tri {
    if statement.has_not_principal.tri() == Tri::True {
        return Tri::True;
    }
    match statement.aws_principals.get() {
        Reading::Known(list) => {
            let is_everyone = |item: &Value| match (&item.kind, item.as_text()) {
                (Kind::Reference(_), _) => Tri::False,
                (_, Some(text)) => text.equals_str("*"),
                (_, None) => Tri::Unknown,
            };
            let open = if list.open.is_some() { Tri::Unknown } else { Tri::False };
            Tri::any(list.items.iter().map(is_everyone)).or(open)
        }
        Reading::Absent => Tri::False,
        Reading::Unknown(_) => Tri::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{one_can_meet, one_cannot_escape};
    use crate::logic::Tri;
    use crate::model::Head;
    use crate::model::identity::PolicyCondition;
    use crate::source::{FileId, Span};
    use crate::value::{Origin, Value};

    fn condition(operator: &str, key: &str, values: &[&str]) -> PolicyCondition {
        let mut condition = PolicyCondition::new(Head::new("", Span::file_start(FileId(0))));
        let (qualifier, operator) = operator.split_once(':').unwrap_or(("none", operator));
        let (operator, if_exists) = match operator.strip_suffix("IfExists") {
            Some(rest) => (rest, true),
            None => (operator, false),
        };
        let text = |text: &str| Value::text(text, Origin::none());
        condition.operator.set(text(operator));
        condition.qualifier.set(text(qualifier));
        condition.if_exists.set(Value::bool(if_exists, Origin::none()));
        condition.context_key.set(text(key));
        condition.values.set(Value::list(values.iter().map(|value| text(value)).collect(), Origin::none()));
        condition
    }

    #[test]
    fn strangers_meet_what_they_choose_and_what_names_everyone() {
        for (operator, key, value, expected) in [
            ("Bool", "aws:SecureTransport", "true", Tri::True),
            ("StringEquals", "aws:PrincipalOrgID", "o-abc1234567", Tri::False),
            ("StringLike", "aws:PrincipalOrgID", "o-*", Tri::True),
            ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-abc1234567", Tri::True),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-abc1234567/r-ab12/ou-ab12-11111111/*", Tri::False),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-abc1234567/*", Tri::False),
            // Roots and units of other organisations may have the same ids.
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "*/ou-ab12-11111111/*", Tri::True),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-*", Tri::True),
            // Whoever is in no organisation carries no path.
            ("ForAllValues:StringLike", "aws:PrincipalOrgPaths", "o-abc1234567/*", Tri::True),
            ("ForAnyValue:StringNotLike", "aws:PrincipalOrgPaths", "o-abc1234567/*", Tri::True),
            ("ForAnyValue:StringLike", "aws:SourceOrgPaths", "o-abc1234567/*", Tri::False),
            ("ForAnyValue:StringLike", "aws:VpceOrgPaths", "o-abc1234567/*", Tri::False),
            ("StringNotEquals", "aws:PrincipalAccount", "123456789012", Tri::True),
            ("StringEquals", "AWS:SourceOwner", "123456789012", Tri::False),
            ("ArnLike", "aws:SourceArn", "arn:aws:sns:eu-west-1:123456789012:*", Tri::False),
            ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:*", Tri::True),
            ("StringLike", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/*-admin", Tri::False),
            ("StringLike", "aws:PrincipalArn", "arn:aws:iam::*:role/admin", Tri::True),
            ("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:example-bucket", Tri::False),
            ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*", Tri::True),
            ("IpAddress", "aws:SourceIp", "203.0.113.0/24", Tri::False),
            ("IpAddress", "aws:SourceIp", "0.0.0.0/0", Tri::True),
            ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", Tri::True),
            ("Bool", "elasticfilesystem:AccessedViaMountTarget", "true", Tri::False),
            ("StringEquals", "somebody:Key", "x", Tri::Unknown),
        ] {
            assert_eq!(one_can_meet(&condition(operator, key, &[value])), expected, "{operator} {key} {value}");
        }
    }

    #[test]
    fn strangers_escape_what_they_can_choose() {
        for (operator, key, value, expected) in [
            ("Bool", "aws:SecureTransport", "false", Tri::False),
            ("StringNotEquals", "aws:PrincipalOrgID", "o-abc1234567", Tri::True),
            ("StringNotEquals", "aws:SourceVpce", "vpce-1", Tri::True),
            ("StringEquals", "aws:PrincipalAccount", "123456789012", Tri::False),
            ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", Tri::True),
        ] {
            assert_eq!(one_cannot_escape(&condition(operator, key, &[value])), expected, "{operator} {key} {value}");
        }
    }
}
