//! Security groups, with the rules of all spellings as one entity per source.

use super::context::Context;
use super::resolve::elements;
use super::vpc::{each, open_all};
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::Reason;
use crate::model::data::{Cache, Database};
use crate::model::network::{Egress, Endpoint, Ingress, LoadBalancer, SecurityGroup, Vpc};
use crate::model::workload::{Function, Host, MountTarget, Service};
use crate::model::{Id, Link, One};
use crate::value::{Origin, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_security_group") {
        let group = SecurityGroup::new(cx.head(instance));
        let id = cx.add(instance, group);
        cx.call(id, instance.view().attr("name"));
    }
    for instance in cx.managed("aws_default_security_group") {
        let mut group = SecurityGroup::new(cx.head(instance));
        group.is_default.set(Value::bool(true, Origin::none()));
        cx.add(instance, group);
    }
    for instance in cx.data("aws_security_group").into_iter().chain(cx.data("aws_security_groups")) {
        let mut group = SecurityGroup::new(cx.head(instance));
        let reason = Reason::at("provider-computed", instance.address.to_string(), instance.header_span);
        let name = instance.view().attr("name");
        let is_default = name.is_some_and(|name| name.as_str() == Some("default"));
        group.is_default.set(Value::bool(is_default, Origin::none()));
        group.is_declared.set(Value::bool(false, Origin::written(instance.header_span)));
        group.ingress.open(reason.clone());
        group.egress.open(reason.clone());
        group.consumers.open(reason);
        cx.add(instance, group);
    }
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<SecurityGroup>(cx, &["aws_security_group"], |cx, instance, id| {
        let vpc = cx.one(instance.view(), "vpc_id");
        cx.model[id].vpc = vpc;
    });
    each::<SecurityGroup>(cx, &["aws_default_security_group"], |cx, instance, id| {
        let vpc = cx.one::<Vpc>(instance.view(), "vpc_id");
        if let Some(vpc) = vpc.id() {
            cx.model[vpc].default_security_group = One::to(id, Origin::written(instance.header_span));
            if let Some(address) = cx.model[vpc].head.terraform.clone() {
                cx.lead(&address.address, "default_security_group_id", id);
            }
        }
        cx.model[id].vpc = vpc;
    });
    name_default_groups(cx);
    let types = ["aws_security_group", "aws_default_security_group"];
    each::<SecurityGroup>(cx, &types, |cx, instance, id| {
        for (name, direction) in [("ingress", Direction::In), ("egress", Direction::Out)] {
            let blocks = instance.view().blocks(name);
            if !blocks.members.is_empty() || blocks.open.is_some() {
                style(cx, id, "inline", instance);
            }
            for block in &blocks.members {
                inline_rule(cx, instance, id, *block, direction);
            }
            let drifts = instance.may_drift(name);
            let reason = blocks.open.or_else(|| {
                drifts.then(|| Reason::at("may-drift", instance.address.to_string(), instance.header_span))
            });
            let made = [
                "aws_security_group_rule",
                "aws_vpc_security_group_ingress_rule",
                "aws_vpc_security_group_egress_rule",
            ];
            let hidden = reason.or_else(|| cx.hidden_in_module(&[instance], &made));
            let group = &mut cx.model[id];
            match direction {
                Direction::In => open_all(&mut group.ingress, hidden),
                Direction::Out => open_all(&mut group.egress, hidden),
            }
        }
    });
    old_rules(cx);
    new_rules(cx);
    exclusive(cx);
}

/// A list of all rules of a group: Terraform takes away what it does not name.
fn exclusive(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_vpc_security_group_rules_exclusive") {
        let view = instance.view();
        let Some(group) = cx.one::<SecurityGroup>(view, "security_group_id").id() else { continue };
        let listed = |attribute: &str| -> Option<Vec<std::sync::Arc<str>>> {
            let (items, open) = elements(&view.attr(attribute)?);
            let addresses = items.iter().map(|item| {
                let owner = cx.deployment.referred(item.as_reference()?)?;
                Some(owner.reference(&cx.deployment.root, "").address.clone())
            });
            addresses.collect::<Option<Vec<_>>>().filter(|_| open.is_none())
        };
        let (ingress, egress) = (listed("ingress_rule_ids"), listed("egress_rule_ids"));
        if let Some(kept) = ingress {
            let mut rules = cx.model[group].ingress.clone();
            rules.members.retain(|(rule, _)| is_listed(cx.model, *rule, &kept));
            rules.open = None;
            cx.model[group].ingress = rules;
        }
        if let Some(kept) = egress {
            let mut rules = cx.model[group].egress.clone();
            rules.members.retain(|(rule, _)| is_listed(cx.model, *rule, &kept));
            rules.open = None;
            cx.model[group].egress = rules;
        }
    }
}

fn is_listed(model: &crate::model::Model, rule: crate::model::AnyId, kept: &[std::sync::Arc<str>]) -> bool {
    model.head(rule).terraform.as_ref().is_some_and(|it| kept.contains(&it.address))
}

/// Blocks may name the group that AWS makes with a VPC although none adopts it.
fn name_default_groups(cx: &mut Context<'_>) {
    let deployment = cx.deployment;
    for instance in &deployment.instances {
        for reference in instance.body.references() {
            if &*reference.path != "default_security_group_id" || &*instance.type_name == "aws_default_security_group" {
                continue;
            }
            let vpc = cx.referred(reference).into_iter().find_map(crate::model::AnyId::typed::<Vpc>);
            let address = deployment.referred(reference).map(|owner| owner.address.clone());
            let (Some(vpc), Some(address)) = (vpc, address) else { continue };
            let group = super::vpc::default_group(cx, Some(vpc), instance);
            cx.lead(&address, &reference.path, group);
        }
    }
}

/// Fills the rules that AWS gives a default group and keeps it.
pub(super) fn as_amazon_makes_it(
    cx: &mut Context<'_>,
    group: SecurityGroup,
    vpc: Option<Id<Vpc>>,
    origin: Origin,
) -> Id<SecurityGroup> {
    let head = group.head.clone();
    let id = cx.model.network.security_groups.push(group);
    let mut ingress = Ingress::new(head.clone());
    ingress.protocol.set(Value::text("-1", origin.clone()));
    ingress.to_itself.set(Value::bool(true, origin.clone()));
    ingress.security_group = One::to(id, origin.clone());
    let ingress = cx.model.network.ingresses.push(ingress);
    let mut egress = Egress::new(head);
    egress.protocol.set(Value::text("-1", origin.clone()));
    egress.range.set(Value::text("0.0.0.0/0", origin.clone()));
    egress.security_group = One::to(id, origin.clone());
    let egress = cx.model.network.egresses.push(egress);
    cx.model[id].ingress.push(ingress, origin.clone());
    cx.model[id].egress.push(egress, origin.clone());
    if let Some(vpc) = vpc {
        cx.model[vpc].default_security_group = One::to(id, origin);
    }
    id
}

fn style(cx: &mut Context<'_>, id: Id<SecurityGroup>, style: &str, instance: &Instance) {
    let cell = &mut cx.model[id].rule_styles;
    let mut items = cell.value().as_list().map(|list| list.items.clone()).unwrap_or_default();
    if items.iter().any(|item| item.as_str() == Some(style)) {
        return;
    }
    items.push(Value::text(style, Origin::written(instance.header_span)));
    // The separate resource is where the quarrel is ended, so it gives the place.
    cell.set(Value::list(items, Origin::written(instance.header_span)));
}

/// One source of a rule as it is written.
enum Source {
    Range(Value),
    List(Value),
    Group(Value),
    Itself(Value),
}

/// What a rule says besides its sources.
struct Written<'a> {
    instance: &'a Instance,
    block: BlockView<'a>,
    protocol: Option<Value>,
    group: One<SecurityGroup>,
    direction: Direction,
}

fn inline_rule(
    cx: &mut Context<'_>,
    instance: &Instance,
    id: Id<SecurityGroup>,
    block: BlockView<'_>,
    direction: Direction,
) {
    let (sources, open) = sources(block, ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups"]);
    let written = Written {
        instance,
        block,
        protocol: block.attr("protocol"),
        group: One::to(id, Origin::written(instance.header_span)),
        direction,
    };
    add(cx, &written, sources, open);
}

fn sources(block: BlockView<'_>, [v4, v6, lists, groups]: [&str; 4]) -> (Vec<Source>, Option<Reason>) {
    let mut found = Vec::new();
    let mut open = None;
    let mut take = |attribute: &str, make: fn(Value) -> Source| {
        if let Some(value) = block.attr(attribute) {
            let (items, reason) = elements(&value);
            open = open.take().or(reason);
            found.extend(items.into_iter().map(make));
        }
    };
    take(v4, Source::Range);
    take(v6, Source::Range);
    take(lists, Source::List);
    // A group that is not known is a group all the same, and never a range: it is a source, not a hole among them.
    if let Some(value) = block.attr(groups) {
        let (items, reason) = elements(&value);
        found.extend(items.into_iter().map(Source::Group));
        found.extend(reason.map(|reason| Source::Group(Value::unknown(reason, value.origin.clone()))));
    }
    if let Some(value) = block.attr("self")
        && value.as_str() != Some("false")
        && !matches!(value.kind, crate::value::Kind::Bool(false))
    {
        found.push(Source::Itself(value));
    }
    (found, open)
}

fn old_rules(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_security_group_rule") {
        let view = instance.view();
        let names = ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "source_security_group_id"];
        let (sources, open) = sources(view, names);
        let direction = match view.attr("type").as_ref().and_then(Value::as_str) {
            Some("ingress") => Direction::In,
            Some("egress") => Direction::Out,
            Some(_) | None => {
                open_groups(cx, instance);
                continue;
            }
        };
        separate(cx, instance, direction, view.attr("protocol"), sources, open);
    }
}

/// A rule whose direction is not known may be either.
fn open_groups(cx: &mut Context<'_>, instance: &Instance) {
    let reason = Reason::at("no-value", instance.address.to_string(), instance.header_span);
    if let Some(group) = cx.one::<SecurityGroup>(instance.view(), "security_group_id").id() {
        let group = &mut cx.model[group];
        group.ingress.open(reason.clone());
        group.egress.open(reason);
    }
}

fn new_rules(cx: &mut Context<'_>) {
    for (type_name, direction) in
        [("aws_vpc_security_group_ingress_rule", Direction::In), ("aws_vpc_security_group_egress_rule", Direction::Out)]
    {
        for instance in cx.managed(type_name) {
            let view = instance.view();
            let names = ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];
            let (sources, open) = sources(view, names);
            separate(cx, instance, direction, view.attr("ip_protocol"), sources, open);
        }
    }
}

fn separate(
    cx: &mut Context<'_>,
    instance: &Instance,
    direction: Direction,
    protocol: Option<Value>,
    sources: Vec<Source>,
    open: Option<Reason>,
) {
    let view = instance.view();
    let group = cx.one::<SecurityGroup>(view, "security_group_id");
    match (group.id(), &group.link) {
        (Some(id), _) => {
            style(cx, id, "separate", instance);
            let group = &cx.model[id];
            let home = &group.head.terraform;
            let rules = match direction {
                Direction::In => &group.ingress.members,
                Direction::Out => &group.egress.members,
            };
            // Each apply takes away what the other way of writing has made: what is left is at most all of it.
            if rules.iter().any(|(rule, _)| cx.model.head(*rule).terraform == *home) {
                let reason = Reason::at("rules-in-two-styles", instance.address.to_string(), instance.header_span);
                match direction {
                    Direction::In => cx.model[id].ingress.open(reason),
                    Direction::Out => cx.model[id].egress.open(reason),
                }
            }
        }
        (None, Link::Unknown(reason)) => {
            let reason = reason.clone();
            each::<SecurityGroup>(cx, &["aws_security_group", "aws_default_security_group"], |cx, _, id| {
                let group = &mut cx.model[id];
                match direction {
                    Direction::In => group.ingress.open(reason.clone()),
                    Direction::Out => group.egress.open(reason.clone()),
                }
            });
        }
        (None, Link::To(_) | Link::Absent) => {}
    }
    let written = Written { instance, block: view, protocol, group, direction };
    add(cx, &written, sources, open);
}

fn add(cx: &mut Context<'_>, written: &Written<'_>, sources: Vec<Source>, open: Option<Reason>) {
    let head = cx.part_head(written.instance, written.block);
    let origin = Origin::written(written.block.header_span());
    let span = written.block.header_span();
    for source in sources {
        // The two kinds of rule have the same cells and no type in common.
        macro_rules! fill {
            ($Rule:ident, $table:ident, $edge:ident) => {{
                let mut rule = $Rule::new(head.clone());
                rule.protocol.read(span, "protocol", written.protocol.clone());
                rule.from_port.read(span, "from_port", written.block.attr("from_port"));
                rule.to_port.read(span, "to_port", written.block.attr("to_port"));
                rule.security_group = written.group.clone();
                match source {
                    Source::Range(value) => rule.range.read(span, "cidr_blocks", Some(value)),
                    Source::List(value) => rule.prefix_list = prefix_list(cx, &value),
                    Source::Itself(value) => rule.to_itself.read(span, "self", Some(value)),
                    Source::Group(value) => {
                        rule.source_group = cx.edge(&value);
                        if rule.source_group.id().is_some() && rule.source_group.id() == written.group.id() {
                            rule.to_itself.set(Value::bool(true, value.origin.clone()));
                        }
                    }
                }
                let id = cx.model.network.$table.push(rule);
                if let Some(group) = written.group.id() {
                    cx.model[group].$edge.push(id, origin.clone());
                }
            }};
        }
        match written.direction {
            Direction::In => fill!(Ingress, ingresses, ingress),
            Direction::Out => fill!(Egress, egresses, egress),
        }
    }
    if let (Some(group), Some(reason)) = (written.group.id(), open) {
        let group = &mut cx.model[group];
        match written.direction {
            Direction::In => group.ingress.open(reason),
            Direction::Out => group.egress.open(reason),
        }
    }
}

/// A prefix list of one's own, or the one that AWS keeps for an endpoint's service.
fn prefix_list(cx: &mut Context<'_>, value: &Value) -> One<crate::model::network::PrefixList> {
    if let Some(reference) = value.as_reference()
        && &*reference.path == "prefix_list_id"
        && let Some(endpoint) = cx.deployment.referred(reference)
        && &*endpoint.type_name == "aws_vpc_endpoint"
    {
        let mut list = crate::model::network::PrefixList::new(cx.head(endpoint));
        if let Some(service) = endpoint.view().attr("service_name").as_ref().and_then(super::resolve::aws_service) {
            list.aws_service.set(service);
        }
        let id = cx.model.network.prefix_lists.push(list);
        return One::to(id, value.origin.clone());
    }
    cx.edge(value)
}

/// Resource types in which the id of a group means nothing but a rule.
const HARMLESS: &[&str] = &[
    "aws_security_group",
    "aws_default_security_group",
    "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_rules_exclusive",
];

/// Resource types whose use of a group the model knows as an edge.
const KNOWN: &[&str] = &[
    "aws_ecs_service",
    "aws_ecs_task_set",
    "aws_cloudwatch_event_target",
    "aws_scheduler_schedule",
    "aws_instance",
    "aws_launch_template",
    "aws_launch_configuration",
    "aws_lambda_function",
    "aws_db_instance",
    "aws_rds_cluster",
    "aws_docdb_cluster",
    "aws_neptune_cluster",
    "aws_redshift_cluster",
    "aws_elasticache_replication_group",
    "aws_elasticache_cluster",
    "aws_elasticache_serverless_cache",
    "aws_lb",
    "aws_elb",
    "aws_efs_mount_target",
    "aws_vpc_endpoint",
    "aws_vpc_endpoint_security_group_association",
];

/// Closes the consumers of each group, or says where else its id goes. Asked once all edges stand.
pub(super) fn consumers(cx: &mut Context<'_>) {
    let mut found = Vec::new();
    {
        let model = &*cx.model;
        macro_rules! behind {
            ($($Entity:ty),*) => { $(
                for id in cx.own::<$Entity>() {
                    for (group, origin) in &model[id].security_groups.members {
                        found.push((*group, crate::model::AnyId::from(id), origin.clone()));
                    }
                }
            )* };
        }
        behind!(Service, Host, Function, MountTarget, Database, Cache, LoadBalancer, Endpoint);
    }
    for (group, consumer, origin) in found {
        let Some(group) = group.typed::<SecurityGroup>() else { continue };
        let consumers = &mut cx.model[group].consumers;
        if !consumers.members.iter().any(|(known, _)| *known == consumer) {
            consumers.push(consumer, origin);
        }
    }
    each::<SecurityGroup>(cx, &["aws_security_group", "aws_default_security_group"], |cx, instance, id| {
        let hidden = hidden_consumer(cx, instance);
        open_all(&mut cx.model[id].consumers, hidden);
    });
}

fn hidden_consumer(cx: &Context<'_>, instance: &Instance) -> Option<Reason> {
    let flow = cx.flow(instance)?;
    for index in &flow.instances {
        let user = &cx.deployment.instances[*index];
        let name = &*user.type_name;
        if !HARMLESS.contains(&name) && !KNOWN.contains(&name) {
            return Some(Reason::at("unknown-consumer", user.address.to_string(), user.header_span));
        }
    }
    let hole = flow.holes.first().and_then(|index| cx.deployment.holes.get(*index));
    hole.map(|hole| hole.reason.clone())
}
