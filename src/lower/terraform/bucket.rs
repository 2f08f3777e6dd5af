//! Buckets, joined from their parts.

use std::sync::Arc;

use super::context::{Context, cells};
use super::keys::key;
use super::vpc::each;
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::Reason;
use crate::model::data::{AccountAccessBlock, Bucket, CorsRule};
use crate::model::network::LoadBalancer;
use crate::model::{Id, Link, One};
use crate::value::{Entries, Kind, Map, MapFlavour, Origin, Value};

const FLAGS: [&str; 4] = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_s3_bucket") {
        let mut bucket = Bucket::new(cx.head(instance));
        let view = instance.view();
        cells!(bucket, view; name = "bucket", acl = "acl");
        if let Some(versioning) = view.block("versioning") {
            let enabled = versioning.attr("enabled").map(|flag| match flag.kind {
                Kind::Bool(true) => Value::text("Enabled", flag.origin),
                Kind::Bool(false) => Value::text("Suspended", flag.origin),
                _ => flag,
            });
            bucket.versioning.read(versioning.header_span(), "enabled", enabled);
        }
        let id = cx.add(instance, bucket);
        cx.call(id, view.attr("bucket"));
    }
    for instance in cx.managed("aws_s3_account_public_access_block") {
        let mut block = AccountAccessBlock::new(cx.head(instance));
        block.block_flags.set(flags(instance.view()));
        cx.add(instance, block);
    }
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<Bucket>(cx, &["aws_s3_bucket"], |cx, instance, id| {
        let view = instance.view();
        if let Some(encryption) = view.block("server_side_encryption_configuration")
            && let Some(rule) = encryption.block("rule")
        {
            encrypt(cx, id, rule);
        }
        if let Some(logging) = view.block("logging") {
            log_to(cx, id, logging);
        }
        if let Some(website) = view.block("website") {
            serve(cx, id, website);
        }
        cross(cx, id, view);
        let parts = [
            "aws_s3_bucket_public_access_block",
            "aws_s3_bucket_acl",
            "aws_s3_bucket_versioning",
            "aws_s3_bucket_logging",
            "aws_s3_bucket_policy",
            "aws_s3_bucket_server_side_encryption_configuration",
        ];
        if let Some(reason) = cx.hidden_in_module(&[instance], &parts) {
            hide(&mut cx.model[id], &reason, instance);
        }
    });
    part(cx, "aws_s3_bucket_server_side_encryption_configuration", |cx, view, id| {
        if let Some(rule) = view.block("rule") {
            encrypt(cx, id, rule);
        }
    });
    part(cx, "aws_s3_bucket_public_access_block", |cx, view, id| cx.model[id].block_flags.set(flags(view)));
    part(cx, "aws_s3_bucket_ownership_controls", |cx, view, id| {
        if let Some(rule) = view.block("rule") {
            let bucket = &mut cx.model[id];
            cells!(bucket, rule; ownership = "object_ownership");
        }
    });
    part(cx, "aws_s3_bucket_acl", |cx, view, id| {
        let bucket = &mut cx.model[id];
        cells!(bucket, view; acl = "acl");
        if let Some(policy) = view.block("access_control_policy") {
            bucket.acl_grants.set(grants(policy));
        }
    });
    part(cx, "aws_s3_bucket_versioning", |cx, view, id| {
        if let Some(configuration) = view.block("versioning_configuration") {
            let bucket = &mut cx.model[id];
            cells!(bucket, configuration; versioning = "status");
        }
    });
    part(cx, "aws_s3_bucket_logging", |cx, view, id| log_to(cx, id, view));
    part(cx, "aws_s3_bucket_website_configuration", |cx, view, id| serve(cx, id, view));
    part(cx, "aws_s3_bucket_cors_configuration", |cx, view, id| cross(cx, id, view));
    balancers_that_log(cx);
}

/// A part of a bucket in a resource of its own. One whose bucket is not known may belong to any.
fn part(cx: &mut Context<'_>, type_name: &'static str, fill: impl Fn(&mut Context<'_>, BlockView<'_>, Id<Bucket>)) {
    for instance in cx.managed(type_name) {
        let view = instance.view();
        let bucket = cx.one::<Bucket>(view, "bucket");
        match (bucket.id(), bucket.link) {
            (Some(id), _) => fill(cx, view, id),
            (None, Link::Unknown(reason)) if reason.code != "not-declared-here" => {
                each::<Bucket>(cx, &["aws_s3_bucket"], |cx, owner, id| {
                    hide_part(&mut cx.model[id], type_name, &reason, owner);
                });
            }
            (None, Link::Unknown(_) | Link::To(_) | Link::Absent) => {}
        }
    }
}

fn hide(bucket: &mut Bucket, reason: &Reason, instance: &Instance) {
    for part in [
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_acl",
        "aws_s3_bucket_versioning",
        "aws_s3_bucket_logging",
        "aws_s3_bucket_server_side_encryption_configuration",
    ] {
        hide_part(bucket, part, reason, instance);
    }
}

/// What nobody wrote here may be written where we cannot look.
fn hide_part(bucket: &mut Bucket, part: &str, reason: &Reason, instance: &Instance) {
    let unknown = || Value::unknown(reason.clone(), Origin::written(instance.header_span));
    let is_bare = |value: &Value| matches!(value.kind, Kind::Null);
    match part {
        "aws_s3_bucket_public_access_block" if is_bare(bucket.block_flags.value()) => {
            bucket.block_flags.set(unknown());
        }
        "aws_s3_bucket_acl" if is_bare(bucket.acl.value()) => bucket.acl.set(unknown()),
        "aws_s3_bucket_versioning" if is_bare(bucket.versioning.value()) => bucket.versioning.set(unknown()),
        "aws_s3_bucket_ownership_controls" if is_bare(bucket.ownership.value()) => bucket.ownership.set(unknown()),
        "aws_s3_bucket_logging" => {
            if let Link::Absent = bucket.log_bucket.link {
                bucket.log_bucket = One::unknown(reason.clone(), Origin::written(instance.header_span));
            }
        }
        "aws_s3_bucket_server_side_encryption_configuration" if bucket.algorithm.is_default() => {
            bucket.algorithm.set(unknown());
        }
        _ => {}
    }
}

fn encrypt(cx: &mut Context<'_>, id: Id<Bucket>, rule: BlockView<'_>) {
    let own_key = rule.block("apply_server_side_encryption_by_default").map(|by_default| {
        let bucket = &mut cx.model[id];
        cells!(bucket, by_default; algorithm = "sse_algorithm");
        key(cx, by_default, "kms_master_key_id")
    });
    let bucket = &mut cx.model[id];
    cells!(bucket, rule; bucket_key = "bucket_key_enabled");
    if let Some(own_key) = own_key {
        bucket.key = own_key;
    }
}

/// A website, unless all of it is sent elsewhere.
fn serve(cx: &mut Context<'_>, id: Id<Bucket>, website: BlockView<'_>) {
    let redirects = website.blocks("redirect_all_requests_to");
    let redirects_all = !redirects.members.is_empty() || website.attr("redirect_all_requests_to").is_some();
    let origin = Origin::written(website.header_span());
    cx.model[id].website.set(Value::bool(!redirects_all, origin));
}

fn cross(cx: &mut Context<'_>, id: Id<Bucket>, view: BlockView<'_>) {
    let blocks = view.blocks("cors_rule");
    for block in &blocks.members {
        let origin = Origin::written(block.header_span());
        let mut head = cx.model[id].head.clone();
        head.span = block.header_span();
        head.block = block.header_span();
        let mut rule = CorsRule::new(head);
        cells!(rule, *block; origins = "allowed_origins", methods = "allowed_methods", headers = "allowed_headers");
        rule.bucket = One::to(id, origin.clone());
        let rule = cx.model.data.cors_rules.push(rule);
        cx.model[id].cors_rules.push(rule, origin);
    }
    super::vpc::open_all(&mut cx.model[id].cors_rules, blocks.open);
}

/// The four switches; each is off unless written.
fn flags(view: BlockView<'_>) -> Value {
    let entries: Entries = FLAGS
        .iter()
        .map(|flag| {
            let value = view.attr(flag).unwrap_or_else(|| Value::bool(false, view.lacks(flag)));
            ((*flag).into(), value)
        })
        .collect();
    let map = Map { entries, flavour: MapFlavour::Map, open: None, owner: None };
    Value::new(Kind::Map(Arc::new(map)), Origin::written(view.header_span()))
}

fn grants(policy: BlockView<'_>) -> Value {
    let blocks = policy.blocks("grant");
    let mut items = Vec::new();
    for grant in &blocks.members {
        let uri = grant.block("grantee").and_then(|grantee| grantee.attr("uri"));
        let permission = grant.attr("permission");
        if let Some(uri) = uri {
            let text = match (permission.as_ref().and_then(Value::as_str), uri.as_str()) {
                (Some(permission), Some(uri)) => {
                    Value::text(format!("{permission} {uri}"), Origin::clone(&uri_origin(grant)))
                }
                (_, _) => uri.clone(),
            };
            items.push(text);
        }
    }
    Value::list(items, Origin::written(policy.header_span()))
}

fn uri_origin(grant: &BlockView<'_>) -> Origin {
    let uri = grant.block("grantee").and_then(|grantee| grantee.attr("uri"));
    uri.map_or_else(|| Origin::written(grant.header_span()), |uri| uri.origin)
}

fn log_to(cx: &mut Context<'_>, id: Id<Bucket>, view: BlockView<'_>) {
    let target = cx.one::<Bucket>(view, "target_bucket");
    if let Some(receiver) = target.id() {
        cx.model[receiver].logging_buckets.push(id, target.origin.clone());
    }
    let bucket = &mut cx.model[id];
    cells!(bucket, view; log_target = "target_bucket");
    bucket.log_bucket = target;
}

fn balancers_that_log(cx: &mut Context<'_>) {
    each::<LoadBalancer>(cx, &["aws_lb", "aws_elb"], |cx, instance, id| {
        let Some(logs) = instance.view().block("access_logs") else { return };
        let bucket = cx.one::<Bucket>(logs, "bucket");
        if let Some(receiver) = bucket.id() {
            cx.model[receiver].logging_load_balancers.push(id, bucket.origin);
        }
    });
}
