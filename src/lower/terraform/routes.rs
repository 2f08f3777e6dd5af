//! Route tables with the routes and associations of all spellings.

use super::context::{Context, computed};
use super::resolve::Ends;
use super::vpc::{associate, each, implicit_main_table, open_all};
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::Reason;
use crate::model::network::{
    Association, Endpoint, Gateway, NatGateway, ROUTES_PROPAGATED, Route, RouteTable, Subnet, Vpc,
};
use crate::model::workload::Host;
use crate::model::{AnyId, Cell, Entity, Id, Link, Many, One, RouteTarget};
use crate::value::{Origin, Value};

impl Ends for RouteTarget {
    fn takes(id: AnyId) -> bool {
        [Gateway::NAME, NatGateway::NAME, Endpoint::NAME, Host::NAME].contains(&id.entity)
    }
}

/// Arguments of a route that name its target, and the kind that AWS takes there. A gateway's id may be of any kind.
const TARGETS: &[(&str, Option<&str>)] = &[
    ("gateway_id", None),
    ("nat_gateway_id", Some("nat_gateway")),
    ("egress_only_gateway_id", Some("egress_only_gateway")),
    ("transit_gateway_id", Some("transit_gateway")),
    ("vpc_peering_connection_id", Some("peering")),
    ("vpc_endpoint_id", Some("endpoint")),
    ("network_interface_id", Some("network_interface")),
    ("instance_id", Some("host")),
    ("local_gateway_id", Some("local_gateway")),
    ("carrier_gateway_id", Some("carrier_gateway")),
    ("core_network_arn", Some("core_network")),
    ("odb_network_arn", Some("core_network")),
];

/// What the prefix of an id says.
const PREFIXES: &[(&str, &str)] = &[
    ("igw-", "internet_gateway"),
    ("eigw-", "egress_only_gateway"),
    ("nat-", "nat_gateway"),
    ("vgw-", "vpn_gateway"),
    ("tgw-", "transit_gateway"),
    ("pcx-", "peering"),
    ("eni-", "network_interface"),
    ("i-", "host"),
    ("vpce-", "endpoint"),
    ("lgw-", "local_gateway"),
    ("cagw-", "carrier_gateway"),
];

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_route_table") {
        let table = RouteTable::new(cx.head(instance));
        cx.add(instance, table);
    }
    for instance in cx.managed("aws_default_route_table") {
        let mut table = RouteTable::new(cx.head(instance));
        table.is_main.set(Value::bool(true, Origin::written(instance.header_span)));
        cx.add(instance, table);
    }
    for instance in cx.data("aws_route_table") {
        let mut table = RouteTable::new(cx.head(instance));
        computed!(table, instance; is_main);
        table.routes.open(found_elsewhere(instance));
        cx.add(instance, table);
    }
}

fn found_elsewhere(instance: &Instance) -> Reason {
    Reason::at("provider-computed", instance.address.to_string(), instance.header_span)
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<RouteTable>(cx, &["aws_route_table"], |cx, instance, id| {
        let vpc = cx.one(instance.view(), "vpc_id");
        cx.model[id].vpc = vpc;
    });
    adopt_main_tables(cx);
    name_implicit_tables(cx);
    each::<RouteTable>(cx, &["aws_route_table", "aws_default_route_table"], inline_routes);
    separate_routes(cx);
    propagate(cx);
    let tables: Vec<(Id<RouteTable>, Option<Id<Vpc>>)> =
        cx.own::<RouteTable>().into_iter().map(|id| (id, cx.model[id].vpc.id())).collect();
    for (table, vpc) in tables {
        if let Some(vpc) = vpc
            && !cx.model[vpc].route_tables.ids().any(|known| known == table)
        {
            let origin = cx.model[table].vpc.origin.clone();
            cx.model[vpc].route_tables.push(table, origin);
        }
    }
    associations(cx);
}

/// `aws_default_route_table` is the main table of the VPC whose id it names.
fn adopt_main_tables(cx: &mut Context<'_>) {
    each::<RouteTable>(cx, &["aws_default_route_table"], |cx, instance, id| {
        let vpc = cx.one::<Vpc>(instance.view(), "default_route_table_id");
        if let Some(vpc) = vpc.id() {
            cx.model[vpc].main_route_table = One::to(id, vpc_origin(instance));
            let address = cx.model[vpc].head.terraform.clone();
            if let Some(address) = address {
                for path in ["default_route_table_id", "main_route_table_id"] {
                    cx.lead(&address.address, path, id);
                }
            }
        }
        cx.model[id].vpc = vpc;
    });
}

fn vpc_origin(instance: &Instance) -> Origin {
    Origin::written(instance.header_span)
}

/// A main table that blocks mention but none adopts still is a table with routes.
fn name_implicit_tables(cx: &mut Context<'_>) {
    let deployment = cx.deployment;
    for instance in &deployment.instances {
        if !matches!(
            &*instance.type_name,
            "aws_route"
                | "aws_route_table_association"
                | "aws_main_route_table_association"
                | "aws_vpc_endpoint"
                | "aws_vpc_endpoint_route_table_association"
                | "aws_vpn_gateway_route_propagation"
        ) {
            continue;
        }
        for reference in instance.body.references() {
            if !matches!(&*reference.path, "default_route_table_id" | "main_route_table_id") {
                continue;
            }
            let vpc = cx.referred(reference).into_iter().find_map(AnyId::typed::<Vpc>);
            let Some(vpc) = vpc else { continue };
            let Some(address) = deployment.referred(reference).map(|instance| instance.address.clone()) else {
                continue;
            };
            let table = implicit_main_table(cx, vpc);
            for path in ["default_route_table_id", "main_route_table_id"] {
                cx.lead(&address, path, table);
            }
        }
    }
}

fn inline_routes(cx: &mut Context<'_>, instance: &Instance, id: Id<RouteTable>) {
    let view = instance.view();
    let blocks = view.blocks("route");
    let origin = Origin::written(instance.header_span);
    if !blocks.members.is_empty() {
        style(cx, id, "inline", instance);
    }
    for block in &blocks.members {
        let mut route = Route::new(cx.part_head(instance, *block));
        let attributes = ["cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"];
        read_route(cx, &mut route, *block, attributes);
        route.route_table = One::to(id, origin.clone());
        let route = cx.model.network.routes.push(route);
        cx.model[id].routes.push(route, Origin::written(block.header_span()));
    }
    let table = &mut cx.model[id];
    open_all(&mut table.routes, blocks.open);
    if instance.may_drift("route") {
        table.routes.open(Reason::at("may-drift", instance.address.to_string(), instance.header_span));
    }
    if view
        .attr("propagating_vgws")
        .is_some_and(|list| list.as_list().is_none_or(|list| !list.items.is_empty() || list.open.is_some()))
    {
        table.routes.open(Reason::at(ROUTES_PROPAGATED, instance.address.to_string(), instance.header_span));
    }
    let vpc = cx.model[id].vpc.any();
    let owner = vpc.and_then(|vpc| cx.model.head(vpc).terraform.clone());
    let owner = owner.and_then(|address| cx.deployment.instance(&address.address));
    let owners: Vec<&Instance> = [Some(instance), owner].into_iter().flatten().collect();
    let hidden = cx.hidden_in_module(&owners[..1], &["aws_route"]);
    open_all(&mut cx.model[id].routes, hidden);
}

/// The spellings of a table's routes, each once.
fn style(cx: &mut Context<'_>, id: Id<RouteTable>, style: &str, instance: &Instance) {
    let cell = &mut cx.model[id].rule_styles;
    let mut items = cell.value().as_list().map(|list| list.items.clone()).unwrap_or_default();
    if items.iter().any(|item| item.as_str() == Some(style)) {
        return;
    }
    items.push(Value::text(style, Origin::written(instance.header_span)));
    let origin = Origin::written(instance.header_span);
    cell.set(Value::list(items, origin));
}

/// Empty texts stand for nothing where objects with all keys are written.
fn written(block: BlockView<'_>, attribute: &str) -> Option<Value> {
    block.attr(attribute).filter(|value| value.as_str() != Some(""))
}

fn read_route(cx: &Context<'_>, route: &mut Route, block: BlockView<'_>, destination: [&'static str; 3]) {
    let [v4, v6, list] = destination;
    match (written(block, v4), written(block, v6)) {
        (Some(value), _) => route.destination.read(block.header_span(), v4, Some(value)),
        (None, value) => route.destination.read(block.header_span(), v6, value),
    }
    if let Some(value) = written(block, list) {
        route.prefix_list = cx.edge(&value);
    }
    for (attribute, kind) in TARGETS {
        let Some(value) = written(block, attribute) else { continue };
        if value.as_str() == Some("local") {
            route.target_kind.set(Value::text("local", value.origin.clone()));
            return;
        }
        route.target = cx.edge(&value);
        route.target_kind = kind_of_target(cx, &route.target, &value, *kind);
        route.inspected_in = firewall_subnets(cx, block, &value);
        return;
    }
}

/// The subnets of a Network Firewall, whose endpoints only the provider knows.
fn firewall_subnets(cx: &Context<'_>, block: BlockView<'_>, value: &Value) -> Many<Subnet> {
    let mut subnets = Many::none(block.header_span());
    let owner = value.references().into_iter().find_map(|reference| cx.deployment.referred(reference));
    if let Some(firewall) = owner.filter(|owner| &*owner.type_name == "aws_networkfirewall_firewall") {
        let mappings = firewall.view().blocks("subnet_mapping");
        for mapping in mappings.members {
            if let Some(subnet) = mapping.attr("subnet_id") {
                cx.extend(&mut subnets, &subnet);
            }
        }
        open_all(&mut subnets, mappings.open);
    }
    subnets
}

/// From the thing itself, else from the prefix of its id, else from the argument where AWS takes one kind only.
fn kind_of_target(
    cx: &Context<'_>,
    target: &One<RouteTarget>,
    value: &Value,
    argument: Option<&str>,
) -> Cell<crate::model::mark::Word> {
    let origin = value.origin.clone();
    let named = |kind: &str| Cell::of(Value::text(kind, origin.clone()));
    if let Some(id) = target.any() {
        if let Some(gateway) = id.typed::<Gateway>() {
            return cx.model[gateway].kind.clone();
        }
        return named(match id.entity {
            "nat_gateway" => "nat_gateway",
            "host" => "host",
            _ => "endpoint",
        });
    }
    let text = value.as_text();
    let prefix = text.as_ref().map_or("", |text| text.prefix());
    if let Some((_, kind)) = PREFIXES.iter().find(|(start, _)| prefix.starts_with(start)) {
        return named(kind);
    }
    match (argument, &target.link) {
        (Some(kind), _) => named(kind),
        (None, Link::Unknown(reason)) => Cell::unknown(reason.clone(), origin),
        (None, Link::To(_) | Link::Absent) => Cell::unknown(Reason::new("target-unknown", "gateway_id"), origin),
    }
}

fn separate_routes(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_route") {
        let view = instance.view();
        let mut route = Route::new(cx.head(instance));
        let attributes = ["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"];
        read_route(cx, &mut route, view, attributes);
        route.route_table = cx.one(view, "route_table_id");
        if let Some(made_by) = &instance.presence.decided_by {
            route.made_by.set(made_by.clone());
        }
        let table = route.route_table.clone();
        let id = cx.add(instance, route);
        match (table.id(), table.link) {
            (Some(table), _) => {
                style(cx, table, "separate", instance);
                let home = &cx.model[table].head.terraform;
                let mut routes = cx.model[table].routes.members.iter();
                if routes.any(|(route, _)| cx.model.head(*route).terraform == *home) {
                    let reason = Reason::at("routes-in-two-styles", instance.address.to_string(), instance.header_span);
                    cx.model[table].routes.open(reason);
                }
                cx.model[table].routes.push(id, Origin::written(instance.header_span));
            }
            // It may be a route of any table; what it leads to is known all the same.
            (None, Link::Unknown(_)) => {
                let origin = Origin::written(instance.header_span);
                each::<RouteTable>(cx, &["aws_route_table", "aws_default_route_table"], |cx, _, table| {
                    cx.model[table].routes.push(id, origin.clone());
                });
            }
            (None, Link::To(_) | Link::Absent) => {}
        }
    }
}

fn propagate(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_vpn_gateway_route_propagation") {
        let reason = Reason::at(ROUTES_PROPAGATED, instance.address.to_string(), instance.header_span);
        if let Some(table) = cx.one::<RouteTable>(instance.view(), "route_table_id").id() {
            cx.model[table].routes.open(reason);
        }
    }
    for instance in cx.managed("aws_vpc_route_server_propagation") {
        let reason = Reason::at("route-server", instance.address.to_string(), instance.header_span);
        if let Some(table) = cx.one::<RouteTable>(instance.view(), "route_table_id").id() {
            cx.model[table].routes.open(reason);
        }
    }
}

fn associations(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_route_table_association") {
        let view = instance.view();
        let mut association = Association::new(cx.head(instance));
        association.subnet = cx.one(view, "subnet_id");
        association.gateway = cx.one(view, "gateway_id");
        association.route_table = cx.one(view, "route_table_id");
        let id = cx.add(instance, association);
        associate(cx, id);
    }
    for instance in cx.managed("aws_main_route_table_association") {
        let view = instance.view();
        let mut association = Association::new(cx.head(instance));
        association.is_main.set(Value::bool(true, Origin::written(instance.header_span)));
        association.vpc = cx.one(view, "vpc_id");
        association.route_table = cx.one(view, "route_table_id");
        cx.add(instance, association);
    }
}
