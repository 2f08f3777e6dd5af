//! What faces the web: names that lead to nothing, buckets whose names others can foresee, web ACLs that let known
//! attacks through.

use super::permit::accounts::names_caller;
use super::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::Bucket;
use crate::model::web::{DistributionOrigin, Record, WebAcl};
use crate::model::{Id, Link, Model, Reading};
use crate::source::Place;
use crate::value::{Kind, Piece, Reference, Text, Value};

facts! {
    WebAcl {
        /// Whether AWS's rules for requests that are known to be attacks are in force.
        blocks_known_bad_inputs: Flag = blocks_known_bad_inputs,
    }
    DistributionOrigin {
        /// Whether its bucket is none of those declared, but one by nearly the same name is.
        names_missing_bucket: Flag = names_missing_bucket,
    }
    Record {
        /// Whether it leads to a bucket that is none of those declared, but one by nearly the same name is.
        dangles: Flag = dangles,
    }
    Bucket {
        /// Whether its name is the one that a service of AWS would give it, made of account and Region.
        name_is_predictable: Flag = name_is_predictable,
    }
}

const KNOWN_BAD_INPUTS: &str = "AWSManagedRulesKnownBadInputsRuleSet";

fn blocks_known_bad_inputs(facts: &Facts<'_>, id: Id<WebAcl>) -> Fact {
    let model = facts.model;
    let acl = &model[id];
    let judged = acl.rules.ids().map(|rule| {
        let rule = &model[rule];
        let is_group = match rule.managed_group.get() {
            Reading::Known(name) => name.equals_str(KNOWN_BAD_INPUTS),
            Reading::Absent => Tri::False,
            Reading::Unknown(_) => Tri::Unknown,
        };
        let place = vec![Place::new(rule.head.span, "known attacks are only counted here")];
        match is_group.and(!rule.only_counts.tri()) {
            Tri::Unknown => Fact::unknown(Reason::at("no-value", rule.head.name.clone(), rule.head.span)),
            Tri::False if is_group == Tri::True => Fact::no(place),
            Tri::False => Fact::no(Vec::new()),
            Tri::True => Fact::yes(Vec::new()),
        }
    });
    let found = Fact::any(judged);
    match (found.tri, &acl.rules.open) {
        (Tri::False, Some(reason)) => Fact::unknown(reason.clone()),
        (Tri::False, None) if found.places.is_empty() => {
            Fact::no(vec![Place::new(acl.head.span, format!("no rule brings in `{KNOWN_BAD_INPUTS}`"))])
        }
        (_, _) => found,
    }
}

/// The name of the bucket in `name.s3.eu-west-1.amazonaws.com` or `name.s3-website-eu-west-1.amazonaws.com`.
fn bucket_in(domain: &str) -> Option<&str> {
    let domain = domain.trim_end_matches('.');
    let rest = domain.strip_suffix(".amazonaws.com").or_else(|| domain.strip_suffix(".amazonaws.com.cn"))?;
    let at = rest.find(".s3-website").or_else(|| rest.find(".s3.")).or_else(|| rest.find(".s3-"));
    match at {
        Some(at) => Some(&rest[..at]),
        None => rest.strip_suffix(".s3"),
    }
}

/// A declared bucket whose name differs by one letter that is missing, too many or swapped: a slip, and no sibling.
fn near_bucket<'m>(model: &'m Model, name: &str) -> Option<&'m Bucket> {
    let mut buckets = model.data.buckets.iter().map(|(_, bucket)| bucket);
    buckets.find(|bucket| bucket.name.as_str().is_some_and(|own| is_slip(own, name)))
}

fn is_slip(right: &str, written: &str) -> bool {
    let (right, written) = (right.as_bytes(), written.as_bytes());
    if right.len() < 6 {
        return false;
    }
    let same_start = right.iter().zip(written).take_while(|(a, b)| a == b).count();
    let (right, written) = (&right[same_start..], &written[same_start..]);
    let is_letter = |byte: u8| byte.is_ascii_alphabetic();
    match (right, written) {
        ([missing, rest @ ..], written) if rest == written => is_letter(*missing),
        (right, [surplus, rest @ ..]) if right == rest => is_letter(*surplus),
        ([a, b, right @ ..], [c, d, written @ ..]) => {
            a == d && b == c && right == written && is_letter(*a) && is_letter(*b)
        }
        _ => false,
    }
}

fn missing_bucket(model: &Model, value: &Value, otherwise: crate::source::Span) -> Fact {
    let place = value.origin.span().unwrap_or(otherwise);
    let Some(text) = value.as_text() else { return Fact::unknown(Reason::at("no-value", "a domain", place)) };
    let Some(domain) = text.known() else {
        return match text.holes().all(|hole| matches!(hole.kind, Kind::Reference(_))) {
            true => Fact::no(Vec::new()),
            false => Fact::unknown(Reason::at("no-value", "a domain", place)),
        };
    };
    let outside = || Fact::unknown(Reason::at("not-declared-here", domain, place));
    let Some(name) = bucket_in(domain) else { return outside() };
    if model.data.buckets.iter().any(|(_, bucket)| bucket.name.as_str() == Some(name)) {
        return Fact::no(Vec::new());
    }
    match near_bucket(model, name) {
        Some(near) => Fact::yes(vec![
            Place::new(place, format!("no bucket `{name}` is declared")),
            Place::new(near.name.origin().span().unwrap_or(near.head.span), format!("`{}` is", near.head.name)),
        ]),
        None => outside(),
    }
}

fn names_missing_bucket(facts: &Facts<'_>, id: Id<DistributionOrigin>) -> Fact {
    let origin = &facts.model[id];
    match (&origin.bucket.link, origin.kind.as_str()) {
        (Link::To(_), _) | (_, Some("other")) => Fact::no(Vec::new()),
        (Link::Absent | Link::Unknown(_), _) => missing_bucket(facts.model, origin.domain.value(), origin.head.span),
    }
}

fn dangles(facts: &Facts<'_>, id: Id<Record>) -> Fact {
    let model = facts.model;
    let record = &model[id];
    let targets = match record.targets.get() {
        Reading::Known(targets) => targets,
        Reading::Absent => return Fact::no(Vec::new()),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let leads_to_names = match record.kind.get() {
        Reading::Known(kind) => kind.known().is_none_or(|kind| matches!(kind, "A" | "AAAA" | "CNAME")),
        Reading::Absent | Reading::Unknown(_) => true,
    };
    if !leads_to_names {
        return Fact::no(Vec::new());
    }
    Fact::any(targets.items.iter().map(|target| missing_bucket(model, target, record.head.span)))
}

/// What services call the buckets that they make by themselves, before account and Region.
const OF_SERVICES: [&str; 8] = [
    "aws-athena-query-results-",
    "aws-codestar-",
    "aws-emr-studio-",
    "aws-glue-assets-",
    "cdk-hnb659fds-assets-",
    "codepipeline-",
    "elasticbeanstalk-",
    "sagemaker-",
];

fn name_is_predictable(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    let bucket = &facts.model[id];
    let place = bucket.name.origin().span().unwrap_or(bucket.head.span);
    let name = match bucket.name.get() {
        Reading::Known(name) => name,
        Reading::Absent => return Fact::no(Vec::new()),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let Some(prefix) = OF_SERVICES.iter().find(|prefix| name.prefix().starts_with(**prefix)) else {
        let may_begin_so = Tri::any(OF_SERVICES.iter().map(|prefix| name.starts_with(prefix)));
        return match may_begin_so {
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "the name of the bucket", place)),
            Tri::False | Tri::True => Fact::no(Vec::new()),
        };
    };
    let fact = Fact::new(
        only_account_and_region(&name, prefix.len()),
        vec![Place::new(place, "anybody can foresee this name")],
    );
    match fact.tri {
        Tri::Unknown => Fact::unknown(Reason::at("no-value", "the name of the bucket", place)),
        Tri::True | Tri::False => fact,
    }
}

/// Whether nothing else follows the beginning of a name.
fn only_account_and_region(name: &Text, after: usize) -> Tri {
    let mut skip = after;
    let mut verdict = Tri::True;
    for piece in name.pieces() {
        match piece {
            Piece::Literal(literal, _) => {
                let rest = literal.get(skip.min(literal.len())..).unwrap_or("");
                skip = skip.saturating_sub(literal.len());
                verdict = verdict.and(Tri::from(rest.split('-').all(is_word_of_region_or_account)));
            }
            Piece::Hole(hole) => {
                let is_region = |reference: &&Reference| reference.address.contains("data.aws_region.");
                let is_ours = names_caller(hole) || hole.references().iter().any(is_region);
                verdict = verdict.and(if is_ours { Tri::True } else { Tri::Unknown });
            }
        }
    }
    verdict
}

/// `eu`, `west`, `1`, `123456789012`, or nothing between two hyphens.
fn is_word_of_region_or_account(word: &str) -> bool {
    const WORDS: [&str; 19] = [
        "",
        "af",
        "ap",
        "ca",
        "central",
        "cn",
        "east",
        "eu",
        "gov",
        "il",
        "me",
        "mx",
        "north",
        "northeast",
        "northwest",
        "sa",
        "south",
        "southeast",
        "us",
    ];
    word == "west" || WORDS.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{bucket_in, is_slip};

    #[test]
    fn buckets_stand_in_domains() {
        for (domain, expected) in [
            ("assets.s3.amazonaws.com", Some("assets")),
            ("my.assets.s3.eu-west-1.amazonaws.com", Some("my.assets")),
            ("assets.s3-eu-west-1.amazonaws.com", Some("assets")),
            ("www.example.com.s3-website-eu-west-1.amazonaws.com", Some("www.example.com")),
            ("www.example.com.s3-website.eu-central-1.amazonaws.com.", Some("www.example.com")),
            ("d111111abcdef8.cloudfront.net", None),
            ("app-1.eu-west-1.elb.amazonaws.com", None),
        ] {
            assert_eq!(bucket_in(domain), expected, "{domain}");
        }
    }

    #[test]
    fn slips_are_no_siblings() {
        for (right, written, expected) in [
            ("example-assets", "example-asset", true),
            ("example-assets", "example-asssets", true),
            ("example-assets", "exmaple-assets", true),
            ("example-assets-1", "example-assets-2", false),
            ("example-dev", "example-qa", false),
            ("example-a", "example-b", false),
            ("web", "we", false),
        ] {
            assert_eq!(is_slip(right, written), expected, "{right} {written}");
        }
    }
}
