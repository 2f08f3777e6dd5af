//! VPCs, subnets and gateways.

use std::sync::Arc;

use super::context::{Context, cells, computed};
use super::resolve::elements;
use crate::eval::terraform::Instance;
use crate::logic::Reason;
use crate::model::network::{
    Association, FlowLog, Gateway, NatGateway, PrefixList, RouteTable, SecurityGroup, Subnet, Vpc,
    VpcPublicAccessBlock, VpcPublicAccessExclusion,
};
use crate::model::{Cell, Entity, Id, Link, Many, One, mark};
use crate::value::{Kind, List, ListFlavour, Origin, Value};

/// Resource types of gateways and what kind each is.
const GATEWAYS: &[(&str, &str)] = &[
    ("aws_internet_gateway", "internet_gateway"),
    ("aws_egress_only_internet_gateway", "egress_only_gateway"),
    ("aws_vpn_gateway", "vpn_gateway"),
    ("aws_ec2_transit_gateway", "transit_gateway"),
    ("aws_ec2_transit_gateway_vpc_attachment", "transit_gateway"),
    ("aws_vpc_peering_connection", "peering"),
    ("aws_vpc_peering_connection_accepter", "peering"),
    ("aws_networkmanager_core_network", "core_network"),
    ("aws_networkmanager_vpc_attachment", "core_network"),
    ("aws_ec2_carrier_gateway", "carrier_gateway"),
    ("aws_ec2_local_gateway", "local_gateway"),
    ("aws_network_interface", "network_interface"),
];

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_vpc") {
        let mut vpc = Vpc::new(cx.head(instance));
        read_vpc(&mut vpc, instance);
        cx.add(instance, vpc);
    }
    for instance in cx.managed("aws_default_vpc") {
        let mut vpc = Vpc::new(cx.head(instance));
        read_vpc(&mut vpc, instance);
        vpc.is_default.set(Value::bool(true, Origin::written(instance.header_span)));
        computed!(vpc, instance; cidrs4);
        cx.add(instance, vpc);
    }
    for instance in cx.data("aws_vpc") {
        let mut vpc = Vpc::new(cx.head(instance));
        computed!(vpc, instance; cidrs4, cidrs6, dns_support, dns_hostnames, is_default);
        if let Some(default) = instance.view().attr("default") {
            vpc.is_default.set(default);
        }
        cx.add(instance, vpc);
    }
    make_subnets(cx);
    for (type_name, kind) in GATEWAYS {
        for instance in cx.managed(type_name).into_iter().chain(cx.data(type_name)) {
            let mut gateway = Gateway::new(cx.head(instance));
            gateway.kind.set(Value::text(kind, Origin::written(instance.header_span)));
            cx.add(instance, gateway);
        }
    }
    for instance in cx.managed("aws_nat_gateway") {
        let mut nat = NatGateway::new(cx.head(instance));
        cells!(nat, instance.view(); connectivity = "connectivity_type", availability_mode = "availability_mode");
        cx.add(instance, nat);
    }
    for instance in cx.data("aws_nat_gateway") {
        let mut nat = NatGateway::new(cx.head(instance));
        computed!(nat, instance; connectivity, availability_mode);
        cx.add(instance, nat);
    }
    make_prefix_lists(cx);
    for instance in cx.managed("aws_vpc_block_public_access_options") {
        let mut block = VpcPublicAccessBlock::new(cx.head(instance));
        cells!(block, instance.view(); mode = "internet_gateway_block_mode");
        cx.add(instance, block);
    }
}

fn read_vpc(vpc: &mut Vpc, instance: &Instance) {
    let view = instance.view();
    cells!(vpc, view; dns_support = "enable_dns_support", dns_hostnames = "enable_dns_hostnames");
    let own = |attribute: &'static str| match view.attr(attribute) {
        Some(value) => Value::list(vec![value.clone()], value.origin),
        None => Value::list(Vec::new(), view.lacks(attribute)),
    };
    vpc.cidrs4.set(own("cidr_block"));
    vpc.cidrs6.set(own("ipv6_cidr_block"));
    let open = |cell: &mut Cell<mark::Texts>, attribute: &'static str| {
        let reason = Reason::at("provider-computed", instance.address.to_string(), instance.header_span);
        cell.set(opened(cell.value(), reason, view.lacks(attribute)));
    };
    if view.attr("cidr_block").is_none() {
        open(&mut vpc.cidrs4, "cidr_block");
    }
    if view.attr("assign_generated_ipv6_cidr_block").is_some() || view.attr("ipv6_ipam_pool_id").is_some() {
        open(&mut vpc.cidrs6, "ipv6_cidr_block");
    }
}

fn opened(list: &Value, reason: Reason, origin: Origin) -> Value {
    let items = list.as_list().map(|list| list.items.clone()).unwrap_or_default();
    let list = List { items, flavour: ListFlavour::Tuple, open: Some(reason), is_indexed: false };
    Value::new(Kind::List(Arc::new(list)), origin)
}

fn make_subnets(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_subnet") {
        let mut subnet = Subnet::new(cx.head(instance));
        let view = instance.view();
        cells!(subnet, view; zone = "availability_zone", cidr4 = "cidr_block", cidr6 = "ipv6_cidr_block",
            ipv6_native = "ipv6_native", map_public_ip = "map_public_ip_on_launch",
            assign_ipv6 = "assign_ipv6_address_on_creation");
        if let Some(zone) = view.attr("availability_zone_id").filter(|_| view.attr("availability_zone").is_none()) {
            subnet.zone.set(zone);
        }
        subnet.names.set(names(instance));
        cx.add(instance, subnet);
    }
    for instance in cx.managed("aws_default_subnet") {
        let mut subnet = Subnet::new(cx.head(instance));
        let view = instance.view();
        let yes = || Value::bool(true, Origin::provider_default("map_public_ip_on_launch", instance.header_span));
        subnet.map_public_ip.set(yes());
        cells!(subnet, view; zone = "availability_zone", map_public_ip = "map_public_ip_on_launch");
        subnet.is_default.set(Value::bool(true, Origin::written(instance.header_span)));
        subnet.names.set(names(instance));
        computed!(subnet, instance; cidr4);
        cx.add(instance, subnet);
    }
    for type_name in ["aws_subnet", "aws_subnets", "aws_subnet_ids"] {
        for instance in cx.data(type_name) {
            let mut subnet = Subnet::new(cx.head(instance));
            computed!(subnet, instance; zone, cidr4, cidr6, ipv6_native, map_public_ip, assign_ipv6);
            subnet.names.set(names(instance));
            subnet.associations.open(Reason::at(
                "provider-computed",
                instance.address.to_string(),
                instance.header_span,
            ));
            cx.add(instance, subnet);
        }
    }
}

/// What people call it: its label, the modules around it, its tags.
fn names(instance: &Instance) -> Value {
    let written = || Origin::written(instance.header_span);
    let mut names = vec![Value::text(&*instance.name, written())];
    if !instance.module_path.is_empty() {
        names.push(Value::text(&*instance.module_path, written()));
    }
    if let Some(tags) = instance.view().attr("tags")
        && let Some(map) = tags.as_map()
    {
        for name in ["Name", "name", "Tier", "tier", "Type", "type"] {
            names.extend(map.entries.get(name).cloned());
        }
    }
    Value::list(names, written())
}

fn make_prefix_lists(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_ec2_managed_prefix_list") {
        let mut list = PrefixList::new(cx.head(instance));
        let blocks = instance.view().blocks("entry");
        let items = blocks.members.iter().filter_map(|entry| entry.attr("cidr")).collect();
        let mut value = Value::list(items, Origin::written(instance.header_span));
        if let Some(reason) = blocks.open {
            value = opened(&value, reason, Origin::written(instance.header_span));
        }
        list.entries.set(value);
        cx.add(instance, list);
    }
    for type_name in ["aws_ec2_managed_prefix_list", "aws_prefix_list"] {
        // A list that is looked up has entries that nobody shows.
        for instance in cx.data(type_name) {
            let mut list = PrefixList::new(cx.head(instance));
            computed!(list, instance; entries);
            let view = instance.view();
            let filter = view.block("filter").and_then(|filter| filter.attr("values"));
            let name = view.attr("name").or_else(|| filter.and_then(|values| elements(&values).0.into_iter().next()));
            if let Some(service) = name.as_ref().and_then(service_of_list) {
                list.aws_service.set(service);
            }
            cx.add(instance, list);
        }
    }
}

/// `com.amazonaws.<region>.s3`, `com.amazonaws.global.cloudfront.origin-facing`.
fn service_of_list(name: &Value) -> Option<Value> {
    super::resolve::aws_service(name)
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<Vpc>(cx, &["aws_vpc", "aws_default_vpc"], |cx, instance, id| {
        let owners = [instance];
        let hidden = cx.hidden_in_module(&owners, &["aws_vpc_endpoint", "aws_flow_log"]);
        let vpc = &mut cx.model[id];
        if let Some(reason) = hidden {
            vpc.endpoints.open(reason.clone());
            vpc.flow_logs.open(reason);
        }
    });
    connect_cidrs(cx);
    connect_entries(cx);
    let types = ["aws_subnet", "aws_default_subnet"];
    each::<Subnet>(cx, &types, |cx, instance, id| {
        let vpc = cx.one(instance.view(), "vpc_id");
        let hidden = cx.hidden_in_module(&[instance], &["aws_route_table_association"]);
        let subnet = &mut cx.model[id];
        subnet.vpc = vpc;
        if let Some(reason) = hidden {
            subnet.associations.open(reason);
        }
    });
    connect_found_subnets(cx);
    let subnets: Vec<(Id<Subnet>, One<Vpc>)> =
        cx.own::<Subnet>().into_iter().map(|id| (id, cx.model[id].vpc.clone())).collect();
    let own: Vec<Id<Vpc>> = cx.own::<Vpc>();
    for (subnet, vpc) in subnets {
        match (vpc.id(), vpc.link) {
            (Some(vpc), _) => {
                let origin = cx.model[subnet].vpc.origin.clone();
                cx.model[vpc].subnets.push(subnet, origin);
            }
            // It may stand in any VPC; one that is named outright is not declared here.
            (None, Link::Unknown(reason)) if reason.code != "not-declared-here" => {
                own.iter().for_each(|vpc| cx.model[*vpc].subnets.open(reason.clone()));
            }
            (None, Link::Unknown(_) | Link::To(_) | Link::Absent) => {}
        }
    }
    each::<Vpc>(cx, &["aws_vpc"], |cx, instance, id| {
        if let Some(reason) = cx.hidden_in_module(&[instance], &["aws_subnet"]) {
            cx.model[id].subnets.open(reason);
        }
    });
    for (type_name, _) in GATEWAYS {
        each::<Gateway>(cx, &[type_name], |cx, instance, id| {
            let vpc = cx.one(instance.view(), "vpc_id");
            cx.model[id].vpc = vpc;
        });
    }
    each::<NatGateway>(cx, &["aws_nat_gateway"], |cx, instance, id| {
        let (vpc, subnet) = (cx.one(instance.view(), "vpc_id"), cx.one(instance.view(), "subnet_id"));
        let nat = &mut cx.model[id];
        nat.vpc = vpc;
        nat.subnet = subnet;
    });
    connect_flow_logs(cx);
    connect_dhcp(cx);
    for instance in cx.managed("aws_vpc_block_public_access_exclusion") {
        let mut exclusion = VpcPublicAccessExclusion::new(cx.head(instance));
        let view = instance.view();
        cells!(exclusion, view; mode = "internet_gateway_exclusion_mode");
        exclusion.vpc = cx.one(view, "vpc_id");
        exclusion.subnet = cx.one(view, "subnet_id");
        let id = cx.add(instance, exclusion);
        let blocks: Vec<Id<VpcPublicAccessBlock>> = cx
            .managed("aws_vpc_block_public_access_options")
            .into_iter()
            .flat_map(|instance| cx.made_of(instance).iter().filter_map(|made| made.typed()).collect::<Vec<_>>())
            .collect();
        for block in blocks {
            cx.model[block].exclusions.push(id, Origin::written(instance.header_span));
        }
    }
}

/// Each entity that was made of an instance of these types.
pub(super) fn each<E: Entity>(
    cx: &mut Context<'_>,
    types: &[&str],
    visit: impl Fn(&mut Context<'_>, &Instance, Id<E>),
) {
    for instance in cx.of_types(types) {
        let ids: Vec<Id<E>> = cx.made_of(instance).iter().filter_map(|id| id.typed()).collect();
        for id in ids {
            visit(cx, instance, id);
        }
    }
}

/// Entries of prefix lists that stand in resources of their own.
fn connect_entries(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_ec2_managed_prefix_list_entry") {
        let view = instance.view();
        let list = cx.one::<PrefixList>(view, "prefix_list_id");
        match (list.id(), list.link) {
            (Some(id), _) => {
                let entries = &mut cx.model[id].entries;
                let origin = entries.origin().clone();
                let known = entries.value().as_list().cloned();
                let mut items = known.as_ref().map(|list| list.items.clone()).unwrap_or_default();
                items.extend(view.attr("cidr"));
                let open = known.and_then(|list| list.open);
                let list = List { items, flavour: ListFlavour::Tuple, open, is_indexed: true };
                entries.set(Value::new(Kind::List(Arc::new(list)), origin));
            }
            (None, Link::Unknown(reason)) => {
                for id in cx.own::<PrefixList>() {
                    let entries = &mut cx.model[id].entries;
                    let origin = entries.origin().clone();
                    let value = opened(entries.value(), reason.clone(), origin);
                    entries.set(value);
                }
            }
            (None, Link::To(_) | Link::Absent) => {}
        }
    }
}

fn connect_cidrs(cx: &mut Context<'_>) {
    for (type_name, attribute) in [
        ("aws_vpc_ipv4_cidr_block_association", "cidr_block"),
        ("aws_vpc_ipv6_cidr_block_association", "ipv6_cidr_block"),
    ] {
        for instance in cx.managed(type_name) {
            let view = instance.view();
            let Some(vpc) = cx.one::<Vpc>(view, "vpc_id").id() else { continue };
            let added = view.attr(attribute);
            let vpc = &mut cx.model[vpc];
            let cell = if attribute == "cidr_block" { &mut vpc.cidrs4 } else { &mut vpc.cidrs6 };
            let Some(list) = cell.value().as_list() else { continue };
            let mut items = list.items.clone();
            let open = list.open.clone();
            items.extend(added);
            let list = List { items, flavour: ListFlavour::Tuple, open, is_indexed: true };
            let origin = cell.origin().clone();
            cell.set(Value::new(Kind::List(Arc::new(list)), origin));
        }
    }
}

/// Subnets that a data source looks up: those of a VPC stand for all of it.
fn connect_found_subnets(cx: &mut Context<'_>) {
    for type_name in ["aws_subnet", "aws_subnets", "aws_subnet_ids"] {
        for instance in cx.data(type_name) {
            let view = instance.view();
            let filter = view
                .blocks("filter")
                .members
                .into_iter()
                .find(|filter| filter.attr("name").is_some_and(|name| name.as_str() == Some("vpc-id")));
            let vpc = match (view.attr("vpc_id"), filter.and_then(|filter| filter.attr("values"))) {
                (Some(vpc), _) => Some(vpc),
                (None, Some(values)) => elements(&values).0.into_iter().next(),
                (None, None) => None,
            };
            let Some(vpc) = vpc.map(|vpc| cx.edge::<Vpc>(&vpc)) else { continue };
            let ids: Vec<Id<Subnet>> = cx.made_of(instance).iter().filter_map(|id| id.typed()).collect();
            for id in ids {
                let is_default = vpc.id().map(|vpc| cx.model[vpc].is_default.value().clone());
                let is_public_default =
                    vpc.id().is_some_and(|vpc| cx.model[vpc].is_default.tri() == crate::logic::Tri::True);
                let subnet = &mut cx.model[id];
                subnet.vpc = vpc.clone();
                if is_public_default {
                    subnet.is_default.set(is_default.unwrap_or_else(|| Value::null(Origin::none())));
                    subnet.ipv6_native.set(Value::bool(false, Origin::written(instance.header_span)));
                    subnet.associations.open = None;
                }
            }
        }
    }
}

fn connect_flow_logs(cx: &mut Context<'_>) {
    let mut unresolved = None;
    for instance in cx.managed("aws_flow_log") {
        let mut log = FlowLog::new(cx.head(instance));
        log.vpc = cx.one(instance.view(), "vpc_id");
        log.subnet = cx.one(instance.view(), "subnet_id");
        if let Link::Unknown(reason) = &log.vpc.link {
            unresolved = Some(reason.clone());
        }
        let of_subnet = log.subnet.id().and_then(|subnet| cx.model[subnet].vpc.id());
        let vpc = log.vpc.id().or(of_subnet);
        let origin = log.vpc.origin.clone();
        let id = cx.add(instance, log);
        if let Some(vpc) = vpc {
            cx.model[vpc].flow_logs.push(id, origin);
        }
    }
    if let Some(reason) = unresolved {
        each::<Vpc>(cx, &["aws_vpc", "aws_default_vpc"], |cx, _, id| cx.model[id].flow_logs.open(reason.clone()));
    }
}

/// Resolvers other than Amazon's come with a set of DHCP options.
fn connect_dhcp(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_vpc_dhcp_options_association") {
        let view = instance.view();
        let Some(vpc) = cx.one::<Vpc>(view, "vpc_id").id() else { continue };
        let options = view.attr("dhcp_options_id").and_then(|id| {
            let reference = id.as_reference()?.clone();
            cx.deployment.referred(&reference)
        });
        let servers = match options {
            Some(options) => options.view().attr("domain_name_servers"),
            None => Some(Value::unknown(
                Reason::at("provider-computed", instance.address.to_string(), instance.header_span),
                Origin::written(instance.header_span),
            )),
        };
        if let Some(servers) = servers {
            cx.model[vpc].dns_servers.set(servers);
        }
    }
}

/// The group that AWS makes with every VPC: it admits itself, and sends anywhere.
pub(super) fn default_group(cx: &mut Context<'_>, vpc: Option<Id<Vpc>>, user: &Instance) -> Id<SecurityGroup> {
    if let Some(group) = vpc.and_then(|vpc| cx.model[vpc].default_security_group.id()) {
        return group;
    }
    let mut head = match vpc {
        Some(vpc) => cx.model[vpc].head.clone(),
        None => cx.head(user),
    };
    head.name = format!("the default security group of {}", vpc.map_or("the VPC", |_| &head.name));
    let origin = Origin::written(head.span);
    let mut group = SecurityGroup::new(head);
    // Nobody wrote it: the edge that leads here is what can be pointed at.
    group.is_default.set(Value::bool(true, Origin::none()));
    group.is_declared.set(Value::bool(false, origin.clone()));
    if let Some(vpc) = vpc {
        group.vpc = crate::model::One::to(vpc, origin.clone());
    }
    super::groups::as_amazon_makes_it(cx, group, vpc, origin)
}

/// The table of subnets without one of their own, where something names it but no block adopts it.
pub(super) fn implicit_main_table(cx: &mut Context<'_>, vpc: Id<Vpc>) -> Id<RouteTable> {
    if let Some(table) = cx.model[vpc].main_route_table.id() {
        return table;
    }
    let mut head = cx.model[vpc].head.clone();
    head.name = format!("the main route table of {}", head.name);
    let origin = Origin::written(head.span);
    let mut table = RouteTable::new(head);
    table.is_main.set(Value::bool(true, origin.clone()));
    table.vpc = crate::model::One::to(vpc, origin.clone());
    let id = cx.model.network.route_tables.push(table);
    cx.model[vpc].main_route_table = crate::model::One::to(id, origin.clone());
    cx.model[vpc].route_tables.push(id, origin);
    id
}

/// Gives a subnet one more association.
pub(super) fn associate(cx: &mut Context<'_>, association: Id<Association>) {
    let (subnet, table) = {
        let association = &cx.model[association];
        (association.subnet.clone(), association.route_table.clone())
    };
    if let Some(id) = subnet.id() {
        cx.model[id].associations.push(association, subnet.origin.clone());
        if let Some(table) = table.id() {
            cx.model[table].subnets.push(id, subnet.origin);
        }
    }
}

/// A list that may have more members, for this reason.
pub(super) fn open_all<T: crate::model::Target>(many: &mut Many<T>, reason: Option<Reason>) {
    if let Some(reason) = reason {
        many.open(reason);
    }
}
