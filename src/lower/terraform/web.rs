//! Distributions with their origins, web ACLs with their rules, zones and records.

use super::context::{Context, cells};
use super::vpc::{each, open_all};
use crate::eval::terraform::{BlockView, Instance, Mode};
use crate::logic::{Reason, Tri};
use crate::model::data::Bucket;
use crate::model::web::{Distribution, DistributionOrigin, HostedZone, Record, WebAcl, WebAclRule};
use crate::model::{Entity, Id, Link, One};
use crate::source::Span;
use crate::value::{Kind, Origin, Piece, Reference, Value};

/// Types of web ACLs and groups of rules, and the blocks that are their rules.
const RULES: [(&str, &str); 6] = [
    ("aws_wafv2_web_acl", "rule"),
    ("aws_wafv2_rule_group", "rule"),
    ("aws_wafregional_web_acl", "rule"),
    ("aws_wafregional_rule_group", "activated_rule"),
    ("aws_waf_web_acl", "rules"),
    ("aws_waf_rule_group", "activated_rule"),
];

const ACLS: [&str; 3] = ["aws_wafv2_web_acl", "aws_wafregional_web_acl", "aws_waf_web_acl"];

pub(super) fn make(cx: &mut Context<'_>) {
    for type_name in ACLS {
        for instance in cx.managed(type_name).into_iter().chain(cx.data(type_name)) {
            let acl = web_acl(cx, instance, type_name);
            cx.add(instance, acl);
        }
    }
    for (type_name, block) in RULES {
        for instance in cx.managed(type_name) {
            add_rules(cx, instance, block);
        }
    }
    for instance in cx.managed("aws_cloudfront_distribution") {
        let mut distribution = Distribution::new(cx.head(instance));
        cells!(distribution, instance.view(); enabled = "enabled");
        cx.add(instance, distribution);
    }
    for instance in cx.managed("aws_route53_zone") {
        let zone = zone(cx, instance);
        cx.add(instance, zone);
    }
    for instance in cx.managed("aws_route53_record") {
        let record = record(cx, instance);
        cx.add(instance, record);
    }
}

fn web_acl(cx: &Context<'_>, instance: &Instance, type_name: &str) -> WebAcl {
    let mut acl = WebAcl::new(cx.head(instance));
    let written = Origin::written(instance.header_span);
    acl.is_classic.set(Value::bool(type_name != "aws_wafv2_web_acl", written.clone()));
    if instance.mode != Mode::Managed {
        let reason = Reason::at("provider-computed", instance.address.to_string(), instance.header_span);
        acl.logged.set(Value::unknown(reason.clone(), written));
        acl.rules.open(reason);
        return acl;
    }
    let logging = instance.view().blocks("logging_configuration");
    acl.logged.set(match (logging.members.first(), logging.open) {
        (Some(block), _) => Value::bool(true, Origin::written(block.header_span())),
        (None, Some(reason)) => Value::unknown(reason, written),
        (None, None) => Value::bool(false, written),
    });
    acl
}

/// The rules of an ACL, or of a group of rules that has none.
fn add_rules(cx: &mut Context<'_>, instance: &Instance, name: &str) {
    let view = instance.view();
    let acl: Option<Id<WebAcl>> = cx.made_of(instance).iter().find_map(|id| id.typed());
    let blocks = view.blocks(name);
    for block in &blocks.members {
        let mut rule = WebAclRule::new(cx.part_head(instance, *block));
        let label = block.attr("name").and_then(|name| name.as_str().map(str::to_owned));
        rule.head.name = format!("{} {}", rule.head.name, label.unwrap_or_else(|| "rule".to_owned()));
        read_rule(&mut rule, *block);
        let origin = Origin::written(block.header_span());
        if let Some(acl) = acl {
            rule.web_acl = One::to(acl, origin.clone());
        }
        let id = cx.model.web.web_acl_rules.push(rule);
        if let Some(acl) = acl {
            cx.model[acl].rules.push(id, origin);
        }
    }
    let as_json =
        view.attr("rule_json").map(|json| Reason::at("unsupported", "rule_json", place(&json, instance.header_span)));
    if let Some(acl) = acl {
        open_all(&mut cx.model[acl].rules, blocks.open.or(as_json));
    }
}

fn read_rule(rule: &mut WebAclRule, block: BlockView<'_>) {
    let written = Origin::written(block.header_span());
    let actions = ["action", "override_action"].map(|name| block.blocks(name));
    let decides = actions.iter().flat_map(|blocks| &blocks.members).any(|action| action.names().next().is_some());
    let open = actions.iter().find_map(|blocks| blocks.open.clone());
    rule.decides.set(match (decides, open) {
        (true, _) => Value::bool(true, written.clone()),
        (false, Some(reason)) => Value::unknown(reason, written.clone()),
        (false, None) => Value::bool(false, written.clone()),
    });
    let statement = block.block("statement").and_then(|it| it.block("managed_rule_group_statement"));
    if let Some(statement) = statement {
        cells!(rule, statement; managed_group = "name");
    }
    let counts = block.block("override_action").map(|action| action.blocks("count"));
    if let Some(counts) = counts {
        rule.only_counts.set(match (counts.members.first(), counts.open) {
            (Some(count), _) => Value::bool(true, Origin::written(count.header_span())),
            (None, Some(reason)) => Value::unknown(reason, written),
            (None, None) => Value::bool(false, written),
        });
    }
}

fn zone(cx: &Context<'_>, instance: &Instance) -> HostedZone {
    let mut zone = HostedZone::new(cx.head(instance));
    let view = instance.view();
    cells!(zone, view; name = "name");
    let networks = view.blocks("vpc");
    let written = Origin::written(instance.header_span);
    match (networks.members.first(), networks.open) {
        (Some(network), _) => zone.is_private.set(Value::bool(true, Origin::written(network.header_span()))),
        (None, Some(reason)) => zone.is_private.set(Value::unknown(reason, written)),
        (None, None) => {}
    }
    zone
}

fn record(cx: &Context<'_>, instance: &Instance) -> Record {
    let mut record = Record::new(cx.head(instance));
    let view = instance.view();
    cells!(record, view; name = "name", kind = "type", targets = "records");
    if let Some(alias) = view.block("alias") {
        cells!(record, alias; targets = "name");
    }
    record
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<WebAcl>(cx, &["aws_wafv2_web_acl"], |cx, instance, id| {
        if let Some(reason) = cx.hidden_in_module(&[instance], &["aws_wafv2_web_acl_logging_configuration"]) {
            cx.model[id].logged.set(Value::unknown(reason, Origin::written(instance.header_span)));
        }
    });
    logging(cx);
    rules_elsewhere(cx);
    each::<HostedZone>(cx, &["aws_route53_zone"], |cx, instance, id| {
        if let Some(reason) = cx.hidden_in_module(&[instance], &["aws_route53_query_log"]) {
            cx.model[id].logs_queries.set(Value::unknown(reason, Origin::written(instance.header_span)));
        }
    });
    query_logs(cx);
    each::<Record>(cx, &["aws_route53_record"], |cx, instance, id| {
        cx.model[id].hosted_zone = cx.one(instance.view(), "zone_id");
    });
    each::<Distribution>(cx, &["aws_cloudfront_distribution"], |cx, instance, id| {
        cx.model[id].web_acl = cx.one(instance.view(), "web_acl_id");
        add_origins(cx, instance, id);
    });
}

/// Marks what a resource of its own switches on. One whose owner is not known may be anybody's.
pub(super) fn mark<E: Entity>(
    cx: &mut Context<'_>,
    type_name: &'static str,
    owner: &'static str,
    set: impl Fn(&mut Context<'_>, Id<E>, Value),
) {
    for instance in cx.managed(type_name) {
        let edge = cx.one::<E>(instance.view(), owner);
        let written = Origin::written(instance.header_span);
        match (edge.id(), edge.link) {
            (Some(id), _) => set(cx, id, Value::bool(true, written)),
            (None, Link::Unknown(reason)) if reason.code != "not-declared-here" => {
                let ids: Vec<Id<E>> = E::table(cx.model).ids().collect();
                for id in ids {
                    set(cx, id, Value::unknown(reason.clone(), written.clone()));
                }
            }
            (None, Link::Unknown(_) | Link::To(_) | Link::Absent) => {}
        }
    }
}

fn logging(cx: &mut Context<'_>) {
    mark::<WebAcl>(cx, "aws_wafv2_web_acl_logging_configuration", "resource_arn", |cx, id, value| {
        if cx.model[id].logged.tri() == Tri::False {
            cx.model[id].logged.set(value);
        }
    });
}

fn query_logs(cx: &mut Context<'_>) {
    mark::<HostedZone>(cx, "aws_route53_query_log", "zone_id", |cx, id, value| {
        if cx.model[id].logs_queries.tri() == Tri::False {
            cx.model[id].logs_queries.set(value);
        }
    });
}

/// Groups of rules that are tied to an ACL by a resource of their own.
fn rules_elsewhere(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_wafv2_web_acl_rule_group_association") {
        let view = instance.view();
        let acl = cx.one::<WebAcl>(view, "web_acl_arn");
        let mut rule = WebAclRule::new(cx.head(instance));
        let written = Origin::written(instance.header_span);
        rule.decides.set(Value::bool(true, written.clone()));
        if let Some(group) = view.block("managed_rule_group") {
            cells!(rule, group; managed_group = "name");
        }
        if view.attr("override_action").is_some_and(|action| action.as_str() == Some("count")) {
            rule.only_counts.set(Value::bool(true, written.clone()));
        }
        let owner = acl.id();
        rule.web_acl = acl;
        let id = cx.model.web.web_acl_rules.push(rule);
        if let Some(owner) = owner {
            cx.model[owner].rules.push(id, written);
        }
    }
}

fn add_origins(cx: &mut Context<'_>, instance: &Instance, id: Id<Distribution>) {
    let blocks = instance.view().blocks("origin");
    for block in &blocks.members {
        let mut head = cx.part_head(instance, *block);
        let label = block.attr("origin_id").and_then(|name| name.as_str().map(str::to_owned));
        head.name = format!("{} {}", head.name, label.unwrap_or_else(|| "origin".to_owned()));
        let mut origin = DistributionOrigin::new(head);
        cells!(origin, *block; domain = "domain_name");
        let written = Origin::written(block.header_span());
        if let Some(domain) = block.attr("domain_name") {
            origin.head.span = domain.origin.span().unwrap_or(origin.head.span);
            origin.kind.set(kind(&domain));
            origin.bucket = bucket(cx, &domain, block.header_span());
        }
        origin.signs_requests.set(signs_requests(*block));
        origin.distribution = One::to(id, written.clone());
        let bucket = origin.bucket.id();
        let origin = cx.model.web.distribution_origins.push(origin);
        cx.model[id].origins.push(origin, written.clone());
        if let Some(bucket) = bucket {
            cx.model[bucket].distributions.push(id, written);
        }
    }
    open_all(&mut cx.model[id].origins, blocks.open);
}

/// By an access control, or by an identity of the older kind.
fn signs_requests(block: BlockView<'_>) -> Value {
    let identity = block.block("s3_origin_config").and_then(|config| config.attr("origin_access_identity"));
    let lacks = || Value::bool(false, block.lacks("origin_access_control_id"));
    match block.attr("origin_access_control_id").or(identity) {
        Some(value) => match (&value.kind, value.as_str()) {
            (_, Some("")) => lacks(),
            (Kind::Unknown(_), _) => value,
            (_, _) => Value::bool(true, value.origin.clone()),
        },
        None => lacks(),
    }
}

/// `name.s3.amazonaws.com`, `name.s3.eu-west-1.amazonaws.com` are the bucket; `name.s3-website-…` is a website; an
/// attribute of a bucket is what it is called.
fn kind(domain: &Value) -> Value {
    let word = |word: &str| Value::text(word, domain.origin.clone());
    if let Some(reference) = domain.as_reference() {
        return word(kind_of_attribute(reference));
    }
    let Some(text) = domain.as_text() else { return domain.clone() };
    let holes = text.holes().filter_map(Value::as_reference).map(kind_of_attribute);
    let by_hole = holes.into_iter().find(|kind| *kind != "other");
    let literals = || {
        text.pieces().iter().filter_map(|piece| match piece {
            Piece::Literal(literal, _) => Some(&**literal),
            Piece::Hole(_) => None,
        })
    };
    let is_aws = text.suffix().ends_with(".amazonaws.com") || text.suffix().ends_with(".amazonaws.com.cn");
    if is_aws && literals().any(|literal| literal.contains(".s3-website")) {
        return word("website");
    }
    if is_aws && literals().any(|literal| literal.contains(".s3.") || literal.contains(".s3-")) {
        return word("bucket");
    }
    match (text.known(), by_hole) {
        (_, Some(kind)) => word(kind),
        (Some(_), None) => word("other"),
        (None, None) if !text.suffix().is_empty() && !is_aws => word("other"),
        (None, None) => Value::unknown(Reason::new("no-value", "the origin's domain"), domain.origin.clone()),
    }
}

fn kind_of_attribute(reference: &Reference) -> &'static str {
    match &*reference.path {
        "bucket_domain_name" | "bucket_regional_domain_name" => "bucket",
        "website_endpoint" | "website_domain" if reference.address.contains("aws_s3_bucket") => "website",
        _ => "other",
    }
}

/// The bucket behind a domain: by the reference in it, or by the name before `.s3`.
fn bucket(cx: &Context<'_>, domain: &Value, otherwise: Span) -> One<Bucket> {
    for reference in domain.references() {
        if let Some(id) = cx.referred(reference).into_iter().find_map(|id| id.typed::<Bucket>()) {
            return One::to(id, domain.origin.clone());
        }
        let website = cx.deployment.referred(reference);
        if let Some(website) = website.filter(|it| &*it.type_name == "aws_s3_bucket_website_configuration") {
            let mut edge = cx.one::<Bucket>(website.view(), "bucket");
            edge.origin = domain.origin.clone();
            return edge;
        }
    }
    let name = domain.as_str().and_then(|text| text.split_once(".s3"));
    match name {
        Some((name, rest)) if rest.ends_with(".amazonaws.com") => cx.edge(&Value::text(name, domain.origin.clone())),
        Some(_) | None => {
            let reason =
                Reason::at("not-declared-here", domain.as_str().unwrap_or("an origin"), place(domain, otherwise));
            One::unknown(reason, domain.origin.clone())
        }
    }
}

fn place(value: &Value, otherwise: Span) -> Span {
    value.origin.span().unwrap_or(otherwise)
}
