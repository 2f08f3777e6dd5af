//! Load balancers of all types with their listeners, rules and target groups.

use super::context::{Context, cells, computed};
use super::vpc::each;
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::Reason;
use crate::model::network::{Listener, ListenerRule, LoadBalancer, TargetGroup};
use crate::model::web::WebAcl;
use crate::model::{Id, Link, Many, One};
use crate::value::{Origin, Value};

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_lb") {
        let mut balancer = LoadBalancer::new(cx.head(instance));
        let view = instance.view();
        cells!(balancer, view; kind = "load_balancer_type", internal = "internal", address_type = "ip_address_type",
            drops_invalid_headers = "drop_invalid_header_fields", desync_mode = "desync_mitigation_mode",
            deletion_protection = "enable_deletion_protection");
        if let Some(logs) = view.block("access_logs") {
            cells!(balancer, logs; access_logs = "enabled");
        }
        cx.add(instance, balancer);
    }
    for instance in cx.managed("aws_elb") {
        let mut balancer = LoadBalancer::new(cx.head(instance));
        let view = instance.view();
        cells!(balancer, view; internal = "internal", desync_mode = "desync_mitigation_mode");
        let written = || Origin::written(instance.header_span);
        balancer.kind.set(Value::text("classic", written()));
        if let Some(logs) = view.block("access_logs") {
            balancer.access_logs.set(Value::bool(true, Origin::provider_default("enabled", logs.header_span())));
            cells!(balancer, logs; access_logs = "enabled");
        }
        cx.add(instance, balancer);
    }
    for instance in cx.data("aws_lb") {
        let mut balancer = LoadBalancer::new(cx.head(instance));
        computed!(balancer, instance; kind, internal, address_type, drops_invalid_headers, desync_mode, access_logs,
            deletion_protection);
        balancer.listeners.open(found_elsewhere(instance));
        balancer.security_groups.open(found_elsewhere(instance));
        balancer.subnets.open(found_elsewhere(instance));
        balancer.web_acl = One::unknown(found_elsewhere(instance), Origin::written(instance.header_span));
        cx.add(instance, balancer);
    }
    for instance in cx.managed("aws_lb_target_group") {
        let mut group = TargetGroup::new(cx.head(instance));
        let view = instance.view();
        cells!(group, view; port = "port", protocol = "protocol", protocol_version = "protocol_version",
            target_type = "target_type", preserve_client_ip = "preserve_client_ip");
        let health = view.blocks("health_check");
        if let Some(health) = health.members.first() {
            cells!(group, *health; health_protocol = "protocol", health_port = "port", health_check = "enabled");
        }
        if let Some(reason) = health.open {
            let unknown = Value::unknown(reason, Origin::written(instance.header_span));
            group.health_protocol.set(unknown.clone());
            group.health_port.set(unknown.clone());
            group.health_check.set(unknown);
        }
        cx.add(instance, group);
    }
    for instance in cx.managed("aws_lb_listener") {
        let mut listener = Listener::new(cx.head(instance));
        cells!(listener, instance.view(); port = "port", protocol = "protocol", tls_policy = "ssl_policy",
            certificate_arn = "certificate_arn");
        cx.add(instance, listener);
    }
}

fn found_elsewhere(instance: &Instance) -> Reason {
    Reason::at("provider-computed", instance.address.to_string(), instance.header_span)
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<LoadBalancer>(cx, &["aws_lb", "aws_elb"], |cx, instance, id| {
        let view = instance.view();
        let mut subnets = cx.many(view, "subnets");
        for mapping in view.blocks("subnet_mapping").members {
            if let Some(subnet) = mapping.attr("subnet_id") {
                cx.extend(&mut subnets, &subnet);
            }
        }
        let groups = cx.many(view, "security_groups");
        let hidden = cx.hidden_in_module(&[instance], &["aws_lb_listener", "aws_lb_listener_rule"]);
        let firewall = cx.hidden_in_module(&[instance], &["aws_wafv2_web_acl_association"]);
        let balancer = &mut cx.model[id];
        balancer.subnets = subnets;
        balancer.security_groups = groups;
        super::vpc::open_all(&mut balancer.listeners, hidden);
        if let Some(reason) = firewall {
            balancer.web_acl = One::unknown(reason, Origin::written(instance.header_span));
        }
    });
    each::<LoadBalancer>(cx, &["aws_lb"], |cx, instance, id| {
        let vpc = cx.model[id].subnets.ids().next().map(|subnet| cx.model[subnet].vpc.clone());
        if let Some(vpc) = vpc {
            cx.model[id].vpc = vpc;
        }
        let is_application = cx.model[id].kind.equals("application") == crate::logic::Tri::True;
        if is_application && instance.view().attr("security_groups").is_none() {
            let vpc = cx.model[id].vpc.id();
            let group = super::vpc::default_group(cx, vpc, instance);
            let origin = instance.view().lacks("security_groups");
            cx.model[id].security_groups.push(group, origin);
        }
    });
    each::<LoadBalancer>(cx, &["aws_elb"], classic_listeners);
    each::<TargetGroup>(cx, &["aws_lb_target_group"], |cx, instance, id| {
        let vpc = cx.one(instance.view(), "vpc_id");
        let hidden = cx.hidden_in_module(&[instance], &["aws_lb_listener", "aws_lb_listener_rule"]);
        let group = &mut cx.model[id];
        group.vpc = vpc;
        super::vpc::open_all(&mut group.listeners, hidden);
    });
    each::<Listener>(cx, &["aws_lb_listener"], listener);
    for instance in cx.managed("aws_lb_listener_rule") {
        let view = instance.view();
        let listener = cx.one::<Listener>(view, "listener_arn");
        let actions = view.blocks("action");
        match (listener.id(), listener.link) {
            (Some(id), _) => {
                let rule = rule(cx, instance, &actions.members, view, id);
                cx.model[id].listener_rules.push(rule, Origin::written(instance.header_span));
            }
            (None, Link::Unknown(reason)) => {
                each::<Listener>(cx, &["aws_lb_listener"], |cx, _, id| {
                    cx.model[id].listener_rules.open(reason.clone());
                });
            }
            (None, Link::To(_) | Link::Absent) => {}
        }
    }
    target_groups(cx);
    firewalls(cx);
}

fn classic_listeners(cx: &mut Context<'_>, instance: &Instance, id: Id<LoadBalancer>) {
    let blocks = instance.view().blocks("listener");
    for block in blocks.members {
        let mut listener = Listener::new(cx.part_head(instance, block));
        cells!(listener, block; port = "lb_port", certificate_arn = "ssl_certificate_id");
        let protocol = block.attr("lb_protocol").map(|value| match value.as_str() {
            Some(text) => Value { kind: Value::text(protocol_of_classic(text), value.origin.clone()).kind, ..value },
            None => value,
        });
        listener.protocol.read(block.header_span(), "lb_protocol", protocol);
        listener.load_balancer = One::to(id, Origin::written(instance.header_span));
        listener.certificate = cx.one(block, "ssl_certificate_id");
        // A policy of its own resource decides, which is not joined.
        listener.tls_policy.set(Value::unknown(
            Reason::at("unsupported", "the policy of a classic load balancer", block.header_span()),
            Origin::written(block.header_span()),
        ));
        let mut does = ListenerRule::new(cx.part_head(instance, block));
        does.does.set(Value::text("forward", Origin::written(block.header_span())));
        let listener = cx.model.network.listeners.push(listener);
        does.listener = One::to(listener, Origin::written(block.header_span()));
        let does = cx.model.network.listener_rules.push(does);
        let origin = Origin::written(block.header_span());
        cx.model[listener].listener_rules.push(does, origin.clone());
        cx.model[id].listeners.push(listener, origin);
    }
    if let Some(reason) = blocks.open {
        cx.model[id].listeners.open(reason);
    }
}

fn protocol_of_classic(text: &str) -> &'static str {
    match text.to_ascii_lowercase().as_str() {
        "http" => "HTTP",
        "https" => "HTTPS",
        "ssl" => "TLS",
        _ => "TCP",
    }
}

fn listener(cx: &mut Context<'_>, instance: &Instance, id: Id<Listener>) {
    let view = instance.view();
    let balancer = cx.one::<LoadBalancer>(view, "load_balancer_arn");
    let certificate = cx.one(view, "certificate_arn");
    let actions = view.blocks("default_action");
    let hidden = cx.hidden_in_module(&[instance], &["aws_lb_listener_rule"]);
    let kind = balancer.id().map(|balancer| cx.model[balancer].kind.value().clone());
    {
        let listener = &mut cx.model[id];
        listener.load_balancer = balancer.clone();
        listener.certificate = certificate;
        let lacks = view.lacks("protocol");
        if view.attr("protocol").is_none() {
            let default = match kind.as_ref().and_then(Value::as_str) {
                Some("application") => Value::text("HTTP", lacks),
                Some(_) | None => Value::unknown(Reason::at("no-value", "protocol", instance.header_span), lacks),
            };
            listener.protocol.set(default);
        }
        if view.attr("ssl_policy").is_none() && matches!(listener.protocol.as_str(), Some("HTTPS" | "TLS")) {
            listener.tls_policy.set(Value::text("ELBSecurityPolicy-2016-08", view.lacks("ssl_policy")));
        }
        super::vpc::open_all(&mut listener.listener_rules, hidden);
        super::vpc::open_all(&mut listener.listener_rules, actions.open.clone());
    }
    if !actions.members.is_empty() {
        let rule = rule(cx, instance, &actions.members, view, id);
        cx.model[id].listener_rules.push(rule, Origin::written(instance.header_span));
    }
    match (balancer.id(), balancer.link) {
        (Some(balancer), _) => cx.model[balancer].listeners.push(id, Origin::written(instance.header_span)),
        (None, Link::Unknown(reason)) => {
            each::<LoadBalancer>(cx, &["aws_lb"], |cx, _, id| cx.model[id].listeners.open(reason.clone()));
        }
        (None, Link::To(_) | Link::Absent) => {}
    }
}

/// One rule from its actions: those that authenticate are followed to the one that routes.
fn rule(
    cx: &mut Context<'_>,
    instance: &Instance,
    actions: &[BlockView<'_>],
    view: BlockView<'_>,
    listener: Id<Listener>,
) -> Id<ListenerRule> {
    let kind = |action: &BlockView<'_>| action.attr("type");
    let routing = actions.iter().find(|action| {
        !kind(action).is_some_and(|kind| kind.as_str().is_some_and(|kind| kind.starts_with("authenticate")))
    });
    let action = routing.or(actions.first()).copied().unwrap_or(view);
    let mut rule = ListenerRule::new(cx.part_head(instance, action));
    rule.listener = One::to(listener, Origin::written(instance.header_span));
    if let Some(value) = kind(&action) {
        let word = match value.as_str() {
            Some("forward") => Some("forward"),
            Some("redirect") => Some("redirect"),
            Some("fixed-response") => Some("fixed"),
            Some(name) if name.starts_with("authenticate") => Some("authenticate"),
            Some(_) | None => None,
        };
        let value = match word {
            Some(word) => Value::text(word, value.origin.clone()),
            None => value,
        };
        rule.does.read(action.header_span(), "type", Some(value));
    }
    if let Some(redirect) = action.block("redirect") {
        let own = |name: &str, attribute: &'static str| Value::text(name, redirect.lacks(attribute));
        rule.to_protocol.set(own("#{protocol}", "protocol"));
        rule.to_port.set(own("#{port}", "port"));
        rule.to_host.set(own("#{host}", "host"));
        cells!(rule, redirect; to_protocol = "protocol", to_port = "port", to_host = "host");
    }
    let mut groups = Many::none(action.header_span());
    if let Some(group) = action.attr("target_group_arn") {
        cx.extend(&mut groups, &group);
    }
    for forward in action.blocks("forward").members {
        let targets = forward.blocks("target_group");
        for target in targets.members {
            if let Some(group) = target.attr("arn") {
                cx.extend(&mut groups, &group);
            }
        }
        super::vpc::open_all(&mut groups, targets.open);
    }
    rule.target_groups = groups;
    cx.model.network.listener_rules.push(rule)
}

/// Both ends of "forwards to".
fn target_groups(cx: &mut Context<'_>) {
    for id in cx.own::<Listener>() {
        let rules: Vec<Id<ListenerRule>> = cx.model[id].listener_rules.ids().collect();
        for rule in rules {
            let groups = cx.model[rule].target_groups.clone();
            for (group, origin) in &groups.members {
                let Some(group) = group.typed::<TargetGroup>() else { continue };
                if !cx.model[id].target_groups.ids().any(|known| known == group) {
                    cx.model[id].target_groups.push(group, origin.clone());
                }
                if !cx.model[group].listeners.ids().any(|known| known == id) {
                    cx.model[group].listeners.push(id, origin.clone());
                }
            }
            super::vpc::open_all(&mut cx.model[id].target_groups, groups.open);
        }
    }
}

fn firewalls(cx: &mut Context<'_>) {
    for type_name in ["aws_wafv2_web_acl_association", "aws_wafregional_web_acl_association"] {
        for instance in cx.managed(type_name) {
            let view = instance.view();
            let balancer = cx.one::<LoadBalancer>(view, "resource_arn");
            let acl = cx.one_of::<WebAcl>(view, &["web_acl_arn", "web_acl_id"]);
            match (balancer.id(), balancer.link) {
                (Some(balancer), _) => {
                    if let Some(acl) = acl.id() {
                        cx.model[acl].load_balancers.push(balancer, Origin::written(instance.header_span));
                    }
                    cx.model[balancer].web_acl = acl;
                }
                (None, Link::Unknown(reason)) => {
                    each::<LoadBalancer>(cx, &["aws_lb"], |cx, _, id| {
                        if let Link::Absent = cx.model[id].web_acl.link {
                            let origin = cx.model[id].web_acl.origin.clone();
                            cx.model[id].web_acl = One::unknown(reason.clone(), origin);
                        }
                    });
                }
                (None, Link::To(_) | Link::Absent) => {}
            }
        }
    }
}
