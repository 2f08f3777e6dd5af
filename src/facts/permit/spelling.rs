//! Names that AWS does not know: ARNs that are none, actions that match nothing, managed policies that do not exist.

use super::principal::managed_name;
use crate::data::{actions, lists, managed};
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason};
use crate::model::identity::{ActionPattern, Attachment, WrittenArn};
use crate::model::{Id, Model};
use crate::source::{Place, Span, nearest_within};
use crate::value::{Piece, Text};

facts! {
    WrittenArn {
        /// Whether the text is no ARN that AWS would take: a field is missing, or holds what it cannot hold.
        is_malformed: Flag = is_malformed,
    }
    ActionPattern {
        /// Whether it matches no action, and a name that differs by two letters at most exists.
        is_misspelt: Flag = action_is_misspelt,
        /// Whether it matches no action, and nothing is near.
        is_unknown: Flag = action_is_unknown,
        /// Whether the part before the colon has a wildcard, which IAM refuses.
        has_wildcard_service: Flag = has_wildcard_service,
    }
    Attachment {
        /// Whether AWS has no policy of this name there, but one at another path or with a name near it.
        is_misspelt: Flag = attachment_is_misspelt,
        /// Whether AWS has no policy of this name, and none near it, as far as the table knows.
        is_unknown: Flag = attachment_is_unknown,
    }
}

fn is_malformed(facts: &Facts<'_>, id: Id<WrittenArn>) -> Fact {
    let arn = &facts.model[id];
    let Some(text) = arn.text.value().as_text() else { return Fact::no(vec![]) };
    let place = |why: String| Fact::yes(vec![Place::new(arn.head.span, why)]);
    match arn_fault(&text) {
        Ok(()) => Fact::no(vec![Place::new(arn.head.span, "")]),
        Err(Fault::Wrong(why)) => place(match text.known().and_then(managed::intended) {
            Some(name) => format!("{why}; meant is arn:aws:iam::aws:policy/{name}"),
            None => why,
        }),
        Err(Fault::Unknown) => Fact::unknown(missing_in(&text, arn.head.span)),
    }
}

enum Fault {
    Wrong(String),
    /// A hole hides the fields.
    Unknown,
}

/// Checks the fields that stand before the first hole, and all of them where there is none.
fn arn_fault(text: &Text) -> Result<(), Fault> {
    let wrong = |why: &str| Err(Fault::Wrong(why.to_owned()));
    let marked: String = text
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Literal(literal, _) => &**literal,
            Piece::Hole(_) => HOLE,
        })
        .collect();
    if !marked.is_empty() && marked.chars().all(|character| matches!(character, '*' | '?')) {
        return Ok(());
    }
    if marked.starts_with(HOLE) {
        return Err(Fault::Unknown);
    }
    // The short form of API Gateway's own policies.
    if marked.starts_with("execute-api:") {
        return Ok(());
    }
    let fields: Vec<&str> = marked.splitn(6, ':').collect();
    if fields[0] != "arn" && !fields[0].contains(['*', '?']) {
        return wrong("it does not begin with `arn:`");
    }
    let &[_, partition, service, region, account, resource] = &*fields else {
        // A hole may hold the fields that seem to be missing.
        return match marked.contains(HOLE) {
            true => Err(Fault::Unknown),
            false => wrong("it has fewer than six fields: one is missing"),
        };
    };
    if !is_open(partition) && !PARTITIONS.contains(&partition) {
        return wrong("its second field is no partition of AWS");
    }
    if !is_open(service) && service.chars().any(|character| character.is_ascii_uppercase()) {
        return wrong("its service is not written in lower case");
    }
    if service == "iam" && !region.is_empty() && !is_open(region) {
        return wrong("IAM has no Regions, so this field must be empty");
    }
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if !account.is_empty() && !is_account && account != "aws" && account != "cloudfront" && !is_open(account) {
        return wrong("its account is not twelve digits");
    }
    let is_bucket = service == "s3"
        && !["accesspoint", "job/", "storage-lens", "access-grants"].iter().any(|kind| resource.contains(kind));
    let bucket = resource.split('/').next().unwrap_or("");
    if is_bucket && !is_open(bucket) && (!region.is_empty() || !account.is_empty()) {
        return wrong("the ARN of a bucket has neither Region nor account");
    }
    match resource.is_empty() {
        true => wrong("it names no resource"),
        false => Ok(()),
    }
}

/// No text that anybody writes.
const HOLE: &str = "\u{1}";

const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// Wildcards, policy variables and holes may be anything.
fn is_open(field: &str) -> bool {
    field.contains(['*', '?', '$']) || field.contains(HOLE)
}

fn missing_in(text: &Text, span: Span) -> Reason {
    let hole = text.holes().next();
    let reason = hole.and_then(|hole| hole.reason().cloned());
    reason.unwrap_or_else(|| Reason::at("provider-computed", text.to_string(), span))
}

/// What the table says of one entry of Action.
enum Spelling {
    Known,
    /// With the name that was probably meant.
    Misspelt(String),
    Unknown,
    Hidden(Reason),
}

fn spelling(model: &Model, id: Id<ActionPattern>) -> Spelling {
    let action = &model[id];
    let Some(text) = action.text.value().as_text() else { return Spelling::Known };
    match text.known() {
        Some(known) => spelling_of(known),
        None => Spelling::Hidden(missing_in(&text, action.head.span)),
    }
}

fn spelling_of(known: &str) -> Spelling {
    let Some((prefix, name)) = known.split_once(':') else { return Spelling::Known };
    if prefix.contains(['*', '?']) || lists::is_retired(known) {
        return Spelling::Known;
    }
    let Some(service) = actions::service(prefix) else {
        let near = nearest_within(prefix, actions::prefixes().filter(|_| prefix.len() > 3), 1);
        let near = near.and_then(actions::service).filter(|service| service.has_match(name));
        return match near {
            Some(service) => Spelling::Misspelt(format!("{}:{name}", service.prefix)),
            None => Spelling::Unknown,
        };
    };
    if service.has_match(name) {
        return Spelling::Known;
    }
    match nearest_within(name, service.actions.iter().map(|action| action.name.as_str()), 2) {
        Some(near) => Spelling::Misspelt(format!("{}:{near}", service.prefix)),
        None => Spelling::Unknown,
    }
}

/// Whether a misspelt name was probably meant for this action.
pub(super) fn means(model: &Model, id: Id<ActionPattern>, action: &str) -> bool {
    matches!(spelling(model, id), Spelling::Misspelt(near) if near.eq_ignore_ascii_case(action))
}

fn action_is_misspelt(facts: &Facts<'_>, id: Id<ActionPattern>) -> Fact {
    let span = facts.model[id].head.span;
    match spelling(facts.model, id) {
        Spelling::Misspelt(near) => Fact::yes(vec![Place::new(span, format!("no such action; `{near}` exists"))]),
        Spelling::Known | Spelling::Unknown => Fact::no(vec![Place::new(span, "")]),
        Spelling::Hidden(reason) => Fact::unknown(reason),
    }
}

fn action_is_unknown(facts: &Facts<'_>, id: Id<ActionPattern>) -> Fact {
    let span = facts.model[id].head.span;
    match spelling(facts.model, id) {
        Spelling::Unknown => Fact::yes(vec![Place::new(span, format!("no action of AWS as of {}", actions::DATE))]),
        Spelling::Known | Spelling::Misspelt(_) => Fact::no(vec![Place::new(span, "")]),
        Spelling::Hidden(reason) => Fact::unknown(reason),
    }
}

fn has_wildcard_service(facts: &Facts<'_>, id: Id<ActionPattern>) -> Fact {
    let action = &facts.model[id];
    let Some(text) = action.text.value().as_text() else { return Fact::no(vec![]) };
    let before = text.prefix().split(':').next().unwrap_or("");
    if text.prefix().contains(':') || text.known().is_some() {
        let is_wild = text.known() != Some("*") && before.contains(['*', '?']);
        let place = Place::new(action.head.span, if is_wild { "IAM refuses a wildcard before the colon" } else { "" });
        return Fact::new(is_wild.into(), vec![place]);
    }
    Fact::unknown(missing_in(&text, action.head.span))
}

/// What the table says of an attached policy of AWS.
enum Policy {
    Known,
    Meant(String),
    Unknown,
    Hidden(Reason),
}

fn attached(model: &Model, id: Id<Attachment>) -> Policy {
    let attachment = &model[id];
    let Some(arn) = attachment.written_arn.id() else { return Policy::Known };
    let Some(text) = model[arn].text.value().as_text() else { return Policy::Known };
    let Some(known) = text.known() else {
        // A reference to a policy of this tree is no name of AWS.
        return match attachment.policy.id() {
            Some(_) => Policy::Known,
            None => Policy::Hidden(missing_in(&text, attachment.head.span)),
        };
    };
    let Some(name) = managed::name_in_arn(known) else { return Policy::Known };
    if managed::policy(name).is_some() {
        return Policy::Known;
    }
    if managed::is_linked(name) {
        return Policy::Meant("only a service-linked role may have it".to_owned());
    }
    if let Some(meant) = managed_name(model, id) {
        return Policy::Meant(format!("the policy is `{meant}`"));
    }
    let bare = name.rsplit('/').next().unwrap_or(name);
    let bare_names = managed::names().map(|name| name.rsplit('/').next().unwrap_or(name));
    match nearest_within(bare, bare_names, 3) {
        Some(near) => Policy::Meant(format!("`{}` exists", managed::at_any_path(near).unwrap_or(near))),
        None => Policy::Unknown,
    }
}

fn attachment_is_misspelt(facts: &Facts<'_>, id: Id<Attachment>) -> Fact {
    let span = arn_span(facts.model, id);
    match attached(facts.model, id) {
        Policy::Meant(what) => Fact::yes(vec![Place::new(span, format!("no such policy: {what}"))]),
        Policy::Known | Policy::Unknown => Fact::no(vec![Place::new(span, "")]),
        Policy::Hidden(reason) => Fact::unknown(reason),
    }
}

fn attachment_is_unknown(facts: &Facts<'_>, id: Id<Attachment>) -> Fact {
    let span = arn_span(facts.model, id);
    match attached(facts.model, id) {
        Policy::Unknown => {
            let role = format!("no policy of AWS as of {}; it may be newer", managed::DATE);
            Fact::yes(vec![Place::new(span, role)])
        }
        Policy::Known | Policy::Meant(_) => Fact::no(vec![Place::new(span, "")]),
        Policy::Hidden(reason) => Fact::unknown(reason),
    }
}

/// Where the attached policy is named.
pub(super) fn arn_span(model: &Model, id: Id<Attachment>) -> Span {
    model[id].written_arn.id().map_or(model[id].head.span, |arn| model[arn].head.span)
}

#[cfg(test)]
mod tests {
    use super::{Fault, Spelling, arn_fault, spelling_of};
    use crate::data::managed;
    use crate::value::{Origin, Text};

    #[test]
    fn arns() {
        let check = |text: &str, is_right: bool| {
            let found = arn_fault(&Text::literal(text, Origin::none()));
            assert_eq!(found.is_ok(), is_right, "{text}");
            assert!(!matches!(found, Err(Fault::Unknown)), "{text}");
        };
        check("*", true);
        check("arn:aws:s3:::bucket/*", true);
        check("arn:aws:iam::aws:policy/ReadOnlyAccess", true);
        check("arn:aws-cn:iam::123456789012:role/x", true);
        check("arn:*:ecr:*:*:repository/*", true);
        check("arn:aws:execute-api:eu-west-1:123456789012:abc/*/GET/", true);
        check("arn:aws:s3:eu-west-1:123456789012:accesspoint/x/object/*", true);
        check("arn:aws:iam::policy/ReadOnlyAccess", false);
        check("arn:aws:iam::1234:role/x", false);
        check("arn:aws:iam:eu-west-1:123456789012:role/x", false);
        check("arn:aws:S3:::bucket", false);
        check("arn:amazon:s3:::bucket", false);
        check("arn:aws:s3:eu-west-1:123456789012:bucket", false);
        check("bucket/*", false);
        check("arn:aws:ec2", false);
    }

    /// The policies of AWS as a measure of noise: next to nothing in them is unknown.
    #[test]
    fn actions_of_the_policies_of_aws() {
        let mut n_patterns = 0;
        let mut unknown = Vec::new();
        for policy in managed::names().filter_map(managed::policy) {
            for statement in &policy.statements {
                for action in statement.actions.iter().chain(&statement.not_actions) {
                    n_patterns += 1;
                    if matches!(spelling_of(action), Spelling::Unknown | Spelling::Misspelt(_)) {
                        unknown.push(format!("{}: {action}", policy.name));
                    }
                }
            }
        }
        assert!(n_patterns > 40_000, "{n_patterns}");
        assert!(unknown.len() * 1000 <= n_patterns * 3, "{} of {n_patterns}: {unknown:?}", unknown.len());
    }
}
