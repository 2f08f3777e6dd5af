//! VPC endpoints with their satellites, and network ACLs.

use super::context::{Context, cells};
use super::resolve::aws_service;
use super::vpc::{default_group, each, open_all};
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::{Reason, Tri};
use crate::model::network::{AclRule, Endpoint, NetworkAcl, RouteTable, SecurityGroup, Subnet, Vpc};
use crate::model::{Id, Link};
use crate::value::{Origin, Value};

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_vpc_endpoint") {
        let mut endpoint = Endpoint::new(cx.head(instance));
        let view = instance.view();
        cells!(endpoint, view; kind = "vpc_endpoint_type", private_dns = "private_dns_enabled");
        if let Some(options) = view.block("dns_options") {
            cells!(endpoint, options;
                only_for_inbound_resolver = "private_dns_only_for_inbound_resolver_endpoint");
        }
        match view.attr("service_name") {
            Some(name) => {
                let service = service_of(cx, &name);
                endpoint.aws_service.read(view.header_span(), "service_name", Some(service));
            }
            None => endpoint.aws_service.read(view.header_span(), "service_name", None),
        }
        cx.add(instance, endpoint);
    }
    for type_name in ["aws_network_acl", "aws_default_network_acl"] {
        for instance in cx.managed(type_name) {
            let mut acl = NetworkAcl::new(cx.head(instance));
            let is_default = type_name == "aws_default_network_acl";
            acl.is_default.set(Value::bool(is_default, Origin::written(instance.header_span)));
            cx.add(instance, acl);
        }
    }
}

/// The service's own name, or what is not known of it.
fn service_of(cx: &Context<'_>, name: &Value) -> Value {
    if let Some(service) = aws_service(name) {
        return service;
    }
    if let Some(reference) = name.as_reference()
        && let Some(source) = cx.deployment.referred(reference)
        && &*source.type_name == "aws_vpc_endpoint_service"
    {
        let view = source.view();
        if let Some(service) = view.attr("service") {
            return Value { origin: name.origin.clone(), ..service };
        }
        if let Some(service) = view.attr("service_name").as_ref().and_then(aws_service) {
            return service;
        }
    }
    name.clone()
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<Endpoint>(cx, &["aws_vpc_endpoint"], |cx, instance, id| {
        let view = instance.view();
        let vpc = cx.one::<Vpc>(view, "vpc_id");
        let (subnets, groups) = (cx.many(view, "subnet_ids"), cx.many(view, "security_group_ids"));
        let tables = cx.many(view, "route_table_ids");
        let endpoint = &mut cx.model[id];
        endpoint.vpc = vpc.clone();
        endpoint.subnets = subnets;
        endpoint.security_groups = groups;
        endpoint.route_tables = tables;
        for block in view.blocks("subnet_configuration").members {
            if let Some(subnet) = block.attr("subnet_id") {
                let mut subnets = cx.model[id].subnets.clone();
                cx.extend(&mut subnets, &subnet);
                cx.model[id].subnets = subnets;
            }
        }
        match (vpc.id(), vpc.link) {
            (Some(vpc), _) => cx.model[vpc].endpoints.push(id, Origin::written(instance.header_span)),
            (None, Link::Unknown(reason)) => {
                each::<Vpc>(cx, &["aws_vpc", "aws_default_vpc"], |cx, _, vpc| {
                    cx.model[vpc].endpoints.open(reason.clone());
                });
            }
            (None, Link::To(_) | Link::Absent) => {}
        }
    });
    for instance in cx.managed("aws_vpc_endpoint_private_dns") {
        let view = instance.view();
        if let Some(id) = cx.one::<Endpoint>(view, "vpc_endpoint_id").id() {
            let endpoint = &mut cx.model[id];
            cells!(endpoint, view; private_dns = "private_dns_enabled");
        }
    }
    satellites(cx);
    each::<Endpoint>(cx, &["aws_vpc_endpoint"], |cx, instance, id| {
        let endpoint = &cx.model[id];
        let is_bare = endpoint.security_groups.members.is_empty() && endpoint.security_groups.open.is_none();
        if is_bare && endpoint.kind.equals("Interface") == Tri::True {
            let group = default_group(cx, cx.model[id].vpc.id(), instance);
            let origin = instance.view().lacks("security_group_ids");
            cx.model[id].security_groups.push(group, origin);
        }
    });
    acls(cx);
}

fn satellites(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_vpc_endpoint_subnet_association") {
        let view = instance.view();
        let subnet = cx.one::<Subnet>(view, "subnet_id");
        if let Some(id) = endpoint_of(cx, view, |endpoint, reason| endpoint.subnets.open(reason)) {
            match (subnet.any(), subnet.link) {
                (Some(subnet), _) => cx.model[id].subnets.push(subnet, Origin::written(instance.header_span)),
                (None, Link::Unknown(reason)) => cx.model[id].subnets.open(reason),
                (None, Link::To(_) | Link::Absent) => {}
            }
        }
    }
    for instance in cx.managed("aws_vpc_endpoint_security_group_association") {
        let view = instance.view();
        let group = cx.one::<SecurityGroup>(view, "security_group_id");
        if let Some(id) = endpoint_of(cx, view, |endpoint, reason| endpoint.security_groups.open(reason)) {
            match (group.any(), group.link) {
                (Some(group), _) => cx.model[id].security_groups.push(group, Origin::written(instance.header_span)),
                (None, Link::Unknown(reason)) => cx.model[id].security_groups.open(reason),
                (None, Link::To(_) | Link::Absent) => {}
            }
        }
    }
    for instance in cx.managed("aws_vpc_endpoint_route_table_association") {
        let view = instance.view();
        let table = cx.one::<RouteTable>(view, "route_table_id");
        if let Some(id) = endpoint_of(cx, view, |endpoint, reason| endpoint.route_tables.open(reason)) {
            match (table.any(), table.link) {
                (Some(table), _) => cx.model[id].route_tables.push(table, Origin::written(instance.header_span)),
                (None, Link::Unknown(reason)) => cx.model[id].route_tables.open(reason),
                (None, Link::To(_) | Link::Absent) => {}
            }
        }
    }
}

/// The endpoint of a satellite; where it is not known, every endpoint may have one more of its kind.
fn endpoint_of(
    cx: &mut Context<'_>,
    view: BlockView<'_>,
    open: impl Fn(&mut Endpoint, Reason),
) -> Option<Id<Endpoint>> {
    let edge = cx.one::<Endpoint>(view, "vpc_endpoint_id");
    if let Link::Unknown(reason) = &edge.link {
        for id in cx.own::<Endpoint>() {
            open(&mut cx.model[id], reason.clone());
        }
    }
    edge.id()
}

fn acls(cx: &mut Context<'_>) {
    each::<NetworkAcl>(cx, &["aws_network_acl", "aws_default_network_acl"], |cx, instance, id| {
        let view = instance.view();
        let vpc = cx.one_of::<Vpc>(view, &["vpc_id", "default_network_acl_id"]);
        let subnets = cx.many(view, "subnet_ids");
        let acl = &mut cx.model[id];
        acl.vpc = vpc;
        acl.subnets = subnets;
        for (name, outbound) in [("ingress", Direction::In), ("egress", Direction::Out)] {
            let blocks = view.blocks(name);
            for block in blocks.members {
                let parts = ["rule_no", "action", "cidr_block", "ipv6_cidr_block"];
                acl_rule(cx, instance, Some(id), block, outbound, parts);
            }
            open_all(&mut cx.model[id].rules, blocks.open);
        }
    });
    for instance in cx.managed("aws_network_acl_rule") {
        let view = instance.view();
        let acl = cx.one::<NetworkAcl>(view, "network_acl_id");
        let outbound = match view.attr("egress") {
            Some(value) if matches!(value.kind, crate::value::Kind::Bool(true)) => Direction::Out,
            Some(_) | None => Direction::In,
        };
        let parts = ["rule_number", "rule_action", "cidr_block", "ipv6_cidr_block"];
        acl_rule(cx, instance, acl.id(), view, outbound, parts);
        if let Link::Unknown(reason) = acl.link {
            for id in cx.own::<NetworkAcl>() {
                cx.model[id].rules.open(reason.clone());
            }
        }
    }
    for instance in cx.managed("aws_network_acl_association") {
        let view = instance.view();
        let subnet = cx.one::<Subnet>(view, "subnet_id");
        let acl = cx.one::<NetworkAcl>(view, "network_acl_id").id();
        match (acl, subnet.id(), subnet.link) {
            (Some(acl), Some(subnet), _) => {
                cx.model[acl].subnets.push(subnet, Origin::written(instance.header_span));
            }
            (Some(acl), None, Link::Unknown(reason)) => cx.model[acl].subnets.open(reason),
            (None, _, _) | (_, None, Link::To(_) | Link::Absent) => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}

fn acl_rule(
    cx: &mut Context<'_>,
    instance: &Instance,
    acl: Option<Id<NetworkAcl>>,
    block: BlockView<'_>,
    direction: Direction,
    [number, action, v4, v6]: [&'static str; 4],
) {
    let mut rule = AclRule::new(cx.part_head(instance, block));
    let span = block.header_span();
    rule.number.read(span, number, block.attr(number));
    let allow = block.attr(action).map(|value| match value.as_str() {
        Some(word) => Value::bool(word.eq_ignore_ascii_case("allow"), value.origin.clone()),
        None => value,
    });
    rule.allow.read(span, action, allow);
    rule.outbound.set(Value::bool(direction == Direction::Out, Origin::written(span)));
    cells!(rule, block; protocol = "protocol", from_port = "from_port", to_port = "to_port");
    let written = |attribute: &str| block.attr(attribute).filter(|value| value.as_str() != Some(""));
    rule.range.read(span, v4, written(v4).or_else(|| written(v6)));
    let id = cx.model.network.acl_rules.push(rule);
    if let Some(acl) = acl {
        cx.model[acl].rules.push(id, Origin::written(span));
    }
}
