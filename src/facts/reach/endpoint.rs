//! Whether an endpoint serves those who need it: does it catch their traffic, let them in, and permit what they do.

use super::met::ways_out;
use super::need::{secret_services, tables_of, users};
use super::party::{Party, Side, admits};
use super::rules::{Admitted, Rules, Source};
use super::subnet::Classes;
use crate::facts::Facts;
use crate::facts::permit::accounts::is_own_account;
use crate::facts::permit::arn::unfold;
use crate::facts::permit::condition::Condition;
use crate::facts::permit::grant::PolicySet;
use crate::facts::permit::pattern::{Case, Pattern, Reading as How, Symbol};
use crate::facts::permit::read;
use crate::facts::permit::statement::{Effect, Question, Statement};
use crate::logic::{Fact, Reason, Tri};
use crate::model::network::{Endpoint, EndpointUse, Need, Subnet};
use crate::model::range::{Family, Range};
use crate::model::workload::Service;
use crate::model::{Cell, Head, Id, Link, Model, Reading, mark};
use crate::source::{Place, Span};

/// Only S3 and DynamoDB have gateways.
pub(super) fn type_fits_service(facts: &Facts<'_>, id: Id<Endpoint>) -> Fact {
    let endpoint = &facts.model[id];
    let place = endpoint.kind.origin().span().unwrap_or(endpoint.head.span);
    let is_gateway = match endpoint.kind.get() {
        Reading::Known(kind) => kind.equals_str("Gateway"),
        Reading::Absent => Tri::True,
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let service = match endpoint.aws_service.get() {
        Reading::Known(text) => match text.known() {
            Some(service) => service.to_owned(),
            None => return Fact::unknown(Reason::at("no-value", "service_name", endpoint.head.span)),
        },
        Reading::Absent => return Fact::yes(Vec::new()),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let has_gateway = matches!(service.as_str(), "s3" | "dynamodb" | "s3express");
    Fact::new(!is_gateway.and(Tri::from(!has_gateway)), vec![Place::new(place, format!("{service} has no gateway"))])
}

fn pair(model: &Model, id: Id<EndpointUse>) -> Option<(&Need, Id<Endpoint>)> {
    let pair = &model[id];
    Some((&model[pair.need.id()?], pair.endpoint.id()?))
}

/// Whether the traffic of the tasks goes to this endpoint.
pub(super) fn caught(facts: &Facts<'_>, id: Id<EndpointUse>) -> Fact {
    let model = facts.model;
    let Some((need, endpoint)) = pair(model, id) else { return Fact::no(Vec::new()) };
    if model[endpoint].kind.equals("Gateway") != Tri::True {
        return interface_catches(model, &model[endpoint]);
    }
    let from_each = need.subnets.ids().map(|subnet| caught_from(facts, id, subnet));
    Fact::all(from_each.chain(need.subnets.open.clone().map(Fact::unknown)))
}

/// Whether what tasks send from one of their subnets goes to this endpoint.
pub(super) fn caught_from(facts: &Facts<'_>, id: Id<EndpointUse>, subnet: Id<Subnet>) -> Fact {
    let model = facts.model;
    let Some((need, endpoint_id)) = pair(model, id) else { return Fact::no(Vec::new()) };
    let endpoint = &model[endpoint_id];
    if endpoint.kind.equals("Gateway") != Tri::True {
        return interface_catches(model, endpoint);
    }
    // Names are looked up before routes, and what an interface then serves of the layers is not known for sure.
    let beside =
        need.endpoint_uses.ids().filter_map(|other| model[other].endpoint.id()).filter(|it| *it != endpoint_id);
    let mut interfaces = beside.map(|it| &model[it]).filter(|other| other.kind.equals("Interface") != Tri::False);
    match interfaces.find(|other| interface_catches(model, other).tri != Tri::False) {
        Some(interface) => {
            Fact::unknown(Reason::at("endpoint-beside", interface.head.name.clone(), interface.head.span))
        }
        None => gateway_catches(facts, subnet, endpoint),
    }
}

/// Whether the subnets of the tasks whose traffic it does not catch have another way: an endpoint of their own tables, or
/// one out.
pub(super) fn rest_has_another_way(facts: &Facts<'_>, id: Id<EndpointUse>) -> Fact {
    let Some(need_id) = facts.model[id].need.id() else { return Fact::yes(Vec::new()) };
    let need = &facts.model[need_id];
    let judged = ways_out(facts, need).into_iter().map(|(subnet, way_out)| {
        let by_endpoint =
            need.endpoint_uses.ids().map(|pair| caught_from(facts, pair, subnet).and(surely(facts, pair)));
        Fact::any(by_endpoint.chain([way_out]))
    });
    Fact::all(judged.chain(need.subnets.open.clone().map(Fact::unknown)))
}

/// Whether the endpoint of a pair is there at all.
fn surely(facts: &Facts<'_>, id: Id<EndpointUse>) -> Fact {
    let head = &facts.model[id].head;
    match (head.presence, &head.presence_reason) {
        (Tri::Unknown, Some(reason)) => Fact::unknown(reason.clone()),
        (Tri::Unknown, None) => Fact::unknown(Reason::at("no-value", head.name.clone(), head.span)),
        (known, _) => Fact::new(known, Vec::new()),
    }
}

/// Whether the endpoint of a pair is there, and what comes to it from a subnet is let in and allowed.
pub(super) fn serves_from(facts: &Facts<'_>, id: Id<EndpointUse>, subnet: Id<Subnet>) -> Fact {
    surely(facts, id).and(caught_from(facts, id, subnet)).and(is_usable(facts, id))
}

/// Whether the endpoint of a pair leaves alone what comes from a subnet, or serves it.
pub(super) fn spares_or_serves(facts: &Facts<'_>, id: Id<EndpointUse>, subnet: Id<Subnet>) -> Fact {
    let catches = surely(facts, id).and(caught_from(facts, id, subnet));
    (!catches).or(is_usable(facts, id))
}

fn is_usable(facts: &Facts<'_>, id: Id<EndpointUse>) -> Fact {
    admitted(facts, id).and(permitted(facts, id))
}

/// Whether an interface endpoint takes over the name of its service in the VPC.
fn interface_catches(model: &Model, endpoint: &Endpoint) -> Fact {
    let of = |tri: Tri, what: &str| match tri {
        Tri::Unknown => Fact::unknown(Reason::at("no-value", what, endpoint.head.span)),
        known => Fact::new(known, Vec::new()),
    };
    let Some(vpc) = endpoint.vpc.id() else {
        return Fact::unknown(Reason::at("vpc-unknown", endpoint.head.name.clone(), endpoint.head.span));
    };
    let vpc = &model[vpc];
    let has_subnet = match (endpoint.subnets.members.is_empty(), &endpoint.subnets.open) {
        (false, _) => Fact::yes(Vec::new()),
        (true, Some(reason)) => Fact::unknown(reason.clone()),
        (true, None) => Fact::no(Vec::new()),
    };
    has_subnet
        .and(of(endpoint.private_dns.tri(), "private_dns_enabled"))
        .and(of(vpc.dns_support.tri(), "enable_dns_support"))
        .and(of(vpc.dns_hostnames.tri(), "enable_dns_hostnames"))
        .and(of(!endpoint.only_for_inbound_resolver.tri(), "dns_options"))
        .and(amazon_resolves(vpc))
}

fn amazon_resolves(vpc: &crate::model::network::Vpc) -> Fact {
    match vpc.dns_servers.get() {
        Reading::Absent => Fact::yes(Vec::new()),
        Reading::Known(list) if list.items.iter().all(|item| item.as_str() == Some("AmazonProvidedDNS")) => {
            Fact::yes(Vec::new())
        }
        Reading::Known(_) => {
            let place = vpc.dns_servers.origin().span().unwrap_or(vpc.head.span);
            Fact::unknown(Reason::at("other-resolver", vpc.head.name.clone(), place))
        }
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

fn gateway_catches(facts: &Facts<'_>, subnet: Id<Subnet>, endpoint: &Endpoint) -> Fact {
    let classes = facts.analysis::<Classes>();
    match tables_of(&classes, subnet) {
        Ok(table) if endpoint.route_tables.ids().any(|own| own == table) => Fact::yes(Vec::new()),
        Ok(table) => match &endpoint.route_tables.open {
            Some(reason) => Fact::unknown(reason.clone()),
            None => {
                let place = endpoint.route_tables.origin.span().unwrap_or(endpoint.head.span);
                let table = &facts.model[table].head;
                Fact::no(vec![
                    Place::new(place, "the endpoint serves these route tables"),
                    Place::new(table.span, format!("the tasks use `{}`", table.name)),
                ])
            }
        },
        Err(reason) => Fact::unknown(reason),
    }
}

/// Whether the groups of both ends let port 443 through.
pub(super) fn admitted(facts: &Facts<'_>, id: Id<EndpointUse>) -> Fact {
    let model = facts.model;
    let Some((need, endpoint_id)) = pair(model, id) else { return Fact::yes(Vec::new()) };
    let endpoint = &model[endpoint_id];
    let rules = facts.analysis::<Rules>();
    let judged = users(need).filter_map(|user| Party::of(model, user)).map(|task| {
        if endpoint.kind.equals("Gateway") == Tri::True {
            return sends_to_service(model, &rules, &task, endpoint);
        }
        let Some(other) = Party::of(model, endpoint_id.into()) else { return Fact::yes(Vec::new()) };
        let lets_in = admits(model, &rules, &other, Side::In, &task, 443);
        let lets_out = admits(model, &rules, &task, Side::Out, &other, 443);
        lets_in.and(lets_out)
    });
    Fact::all(judged)
}

/// A gateway has no group: the task must send to the service's prefix list, or to the world.
fn sends_to_service(model: &Model, rules: &Rules, task: &Party, endpoint: &Endpoint) -> Fact {
    let (egress, open) = task.egress(rules);
    let service = endpoint.aws_service.as_str().unwrap_or_default();
    let judged = egress.iter().map(|rule| {
        let covers = rule.ports.cover("tcp", 443);
        let named = match &rule.source {
            Source::Service(own) => Fact::new(Tri::from(own == service), Vec::new()),
            Source::Ranges(ranges) if ranges.contains(&Range::whole(Family::V4)) => Fact::yes(Vec::new()),
            Source::Ranges(_) => {
                let world = Admitted::on_port([*rule], None, "tcp", 443).world(model, Family::V4);
                if world.tri == Tri::True {
                    world
                } else if Admitted::on_port([*rule], None, "tcp", 443).is_public(Family::V4) {
                    Fact::unknown(Reason::at("range-holds-a-part", "a range", rule.place))
                } else {
                    Fact::no(Vec::new())
                }
            }
            Source::Sized(_) => Fact::unknown(Reason::at("no-value", "a range", rule.place)),
            Source::Unknown(reason) => Fact::unknown(reason.clone()),
            Source::Group(_) | Source::SomeGroup(_) | Source::Itself => Fact::no(Vec::new()),
        };
        covers.and(named).and(super::group::presence(model, rule))
    });
    let mut fact = Fact::any(judged.chain(open.map(Fact::unknown)));
    if fact.tri == Tri::False {
        let place = task.groups.origin.span().unwrap_or(model.head(task.id).span);
        fact.places = vec![
            Place::new(place, "no rule of these groups lets the task send to the service"),
            Place::new(endpoint.head.span, format!("`{}`", endpoint.head.name)),
        ];
    }
    fact
}

/// What a need of strength start does with the service.
fn actions(service: &str) -> &'static [(&'static str, &'static str)] {
    match service {
        "ecr.api" => &[("ecr:GetAuthorizationToken", "*")],
        "ecr.dkr" => &[("ecr:BatchGetImage", "*"), ("ecr:GetDownloadUrlForLayer", "*")],
        "s3" => &[("s3:GetObject", "arn:aws:s3:::prod-*-starport-layer-bucket/*")],
        "logs" => &[("logs:CreateLogStream", "*"), ("logs:PutLogEvents", "*")],
        "secretsmanager" => &[("secretsmanager:GetSecretValue", "*")],
        "ssm" => &[("ssm:GetParameters", "*")],
        _ => &[],
    }
}

/// Keys that tell who calls, or whose the resource is.
const ABOUT_CALLERS: [&str; 8] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
];

/// A statement as it stands for the tasks: with the execution role as caller, whose account is that of the root. Layers
/// come by an address that an account of ECR has signed, from its own bucket: a statement that asks for one's own account
/// or organisation does not speak of them.
fn for_caller(facts: &Facts<'_>, home: &Head, read: read::ReadStatement, service: &str) -> Option<Statement> {
    let model = facts.model;
    let mut statement = (*read.statement).clone();
    let is_allow = statement.effect == Some(Effect::Allow);
    let names_caller = |condition: &Condition| {
        let is_plain = condition.operator.is_some_and(|operator| !operator.is_negated && !operator.if_exists);
        is_plain && condition.key.as_deref().is_some_and(|key| ABOUT_CALLERS.contains(&key))
    };
    if service == "s3" {
        return (!is_allow || !statement.conditions.iter().any(names_caller)).then_some(statement);
    }
    // The conditions stand in the order in which they are written.
    let written: Vec<_> = model[read.id].policy_conditions.ids().map(|id| &model[id]).collect();
    let mut index = 0;
    statement.conditions.retain(|condition| {
        let values = written.get(index).and_then(|written| written.values.value().as_list());
        index += 1;
        let is_account = condition.key.as_deref() == Some("aws:principalaccount") && names_caller(condition);
        let is_own = values
            .is_some_and(|values| values.items.iter().any(|value| is_own_account(facts, home, value) == Tri::True));
        !(is_account && is_own)
    });
    Some(statement)
}

/// Whether the endpoint's policy may allow what the tasks do. Other conditions that depend on the caller leave it open.
pub(super) fn permitted(facts: &Facts<'_>, id: Id<EndpointUse>) -> Fact {
    let model = facts.model;
    let Some((need, endpoint)) = pair(model, id) else { return Fact::yes(Vec::new()) };
    let endpoint = &model[endpoint];
    let Some(policy) = endpoint.policy.id() else {
        return match &endpoint.policy.link {
            Link::Unknown(reason) => Fact::unknown(reason.clone()),
            Link::Absent | Link::To(_) => Fact::yes(Vec::new()),
        };
    };
    if let Some(reason) = &model[policy].statements.open {
        return Fact::unknown(reason.clone());
    }
    let statements = read::policy(facts, policy);
    if let Reading::Unknown(reason) = need.aws_service.get() {
        return Fact::unknown(reason);
    }
    let service = need.aws_service.as_str().unwrap_or_default();
    let asked = statements.into_iter().filter_map(|read| for_caller(facts, &endpoint.head, read, service));
    let set = PolicySet::of(asked.map(std::sync::Arc::new).collect());
    let place = endpoint.policy.origin.span().unwrap_or(endpoint.head.span);
    let judge = |action: &str, resource: Pattern| match set.grants(&Question::some(action, resource)) {
        Tri::Unknown => Fact::unknown(Reason::at("depends-on-the-caller", action.to_owned(), place)),
        known => Fact::new(known, vec![Place::new(place, format!("this policy does not allow `{action}`"))]),
    };
    let in_general = actions(service).iter().map(|(action, resource)| {
        let resource = match *resource {
            "*" => Pattern::anything(),
            text => Pattern::parse(text, How::Glob, Case::Kept),
        };
        judge(action, resource)
    });
    let of_secrets = wanted_secrets(model, need, service).into_iter().filter_map(|(secret, place)| {
        let (action, _) = actions(service).first()?;
        let mut fact = judge(action, secret);
        if fact.tri == Tri::False {
            fact.places.push(Place::new(place, "the task reads this secret"));
        }
        Some(fact)
    });
    Fact::all(in_general.chain(of_secrets))
}

/// The very secrets that the tasks read from a service, where their ARNs are known well enough, and where each is named.
fn wanted_secrets(model: &Model, need: &Need, service: &str) -> Vec<(Pattern, Span)> {
    let tasks = users(need).filter_map(|user| model[user.typed::<Service>()?].task.id());
    let containers = tasks.flat_map(|task| model[task].containers.ids());
    let mut found = Vec::new();
    for container in containers {
        for (kept_by, reference) in secret_services(model, &model[container]) {
            let reference = &model[reference];
            let value = reference.value_from.value();
            let Some(text) = value.as_text().filter(|_| kept_by == service) else { continue };
            let is_name = text.known().is_some_and(|known| !known.starts_with("arn:"));
            let pattern = match (is_name, service) {
                (true, "ssm") => {
                    let name = text.known().unwrap_or_default().trim_start_matches('/');
                    Pattern::parse(&format!("arn:*:ssm:*:*:parameter/{name}"), How::Glob, Case::Kept)
                }
                (true, _) => continue,
                (false, _) => Pattern::new(&text, How::Literal, Case::Kept, &|hole| unfold(model, hole)),
            };
            // Behind the seventh colon stands the key within the secret.
            let symbols = pattern.symbols();
            let mut colons = symbols.iter().enumerate().filter(|(_, it)| **it == Symbol::Literal(':'));
            let end = colons.nth(6).map_or(symbols.len(), |(at, _)| at);
            let is_arn = symbols.iter().filter(|it| **it == Symbol::Literal(':')).count() >= 5;
            if is_arn {
                let place = reference.value_from.origin().span().unwrap_or(reference.head.span);
                found.push((Pattern::of(symbols[..end].to_vec()), place));
            }
        }
    }
    found
}

/// Whether the policy has an Allow at all: one of Deny statements only allows nothing.
pub(super) fn policy_allows_something(facts: &Facts<'_>, id: Id<Endpoint>) -> Fact {
    let model = facts.model;
    let endpoint = &model[id];
    let Some(policy) = endpoint.policy.id() else {
        return match &endpoint.policy.link {
            Link::Unknown(reason) => Fact::unknown(reason.clone()),
            Link::Absent | Link::To(_) => Fact::yes(Vec::new()),
        };
    };
    let place = endpoint.policy.origin.span().unwrap_or(endpoint.head.span);
    let statements = &model[policy].statements;
    let allows = statements.ids().map(|statement| match model[statement].effect.equals("Allow") {
        Tri::Unknown => Fact::unknown(Reason::at("no-value", "Effect", place)),
        known => Fact::new(known, Vec::new()),
    });
    let mut fact = Fact::any(allows.chain(statements.open.clone().map(Fact::unknown)));
    if fact.tri == Tri::False {
        fact.places = vec![Place::new(place, "a policy that only denies allows nothing")];
    }
    fact
}

/// Keys that every request through the endpoint answers alike: they say how or when, not who asks or whose the thing is.
const ABOUT_THE_WAY: [&str; 8] = [
    "aws:currenttime",
    "aws:epochtime",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:vpcsourceip",
    "s3:tlsversion",
];

fn says_who_or_whose(key: &str) -> bool {
    !ABOUT_THE_WAY.iter().any(|own| key.eq_ignore_ascii_case(own))
}

/// `*`, or the ARN of everything of a service in every account.
fn is_everything(resource: &str) -> bool {
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    match parts.as_slice() {
        ["*"] => true,
        ["arn", _, _, _, account, rest] => matches!(*account, "" | "*") && matches!(*rest, "*" | "*/*"),
        _ => false,
    }
}

/// Neither the callers nor the resources are limited; no policy counts so.
pub(super) fn open_to_all(facts: &Facts<'_>, id: Id<Endpoint>) -> Fact {
    let model = facts.model;
    let endpoint = &model[id];
    if endpoint.kind.equals("GatewayLoadBalancer") == Tri::True {
        return Fact::no(Vec::new());
    }
    let Some(policy) = endpoint.policy.id() else {
        return match &endpoint.policy.link {
            Link::Unknown(reason) => Fact::unknown(reason.clone()),
            Link::Absent | Link::To(_) => {
                Fact::yes(vec![Place::new(endpoint.head.span, "without a policy everything is allowed through it")])
            }
        };
    };
    let statements = &model[policy].statements;
    let judged = statements.ids().map(|statement| {
        let statement = &model[statement];
        let is_allow = statement.effect.equals("Allow");
        let limits = statement.policy_conditions.ids().map(|condition| {
            model[condition].context_key.as_str().map_or(Tri::Unknown, |key| Tri::from(says_who_or_whose(key)))
        });
        let open = if statement.policy_conditions.open.is_some() { Tri::Unknown } else { Tri::False };
        let is_limited = Tri::any(limits).or(open);
        let whole = |text: &Cell<mark::Text>| match text.as_str() {
            Some(text) => Tri::from(is_everything(text)),
            None => text.equals("*"),
        };
        let everything = Tri::any(statement.resources.ids().map(|resource| whole(&model[resource].text)))
            .or(if statement.resources.open.is_some() { Tri::Unknown } else { Tri::False });
        let everyone = match statement.principals.get() {
            Reading::Known(list) => Tri::any(list.items.iter().map(|item| Tri::from(item.as_str() == Some("*")))),
            Reading::Absent => Tri::False,
            Reading::Unknown(_) => Tri::Unknown,
        };
        let verdict = is_allow.and(!is_limited).and(everything).and(everyone);
        match verdict {
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "a statement", statement.head.span)),
            known => Fact::new(known, vec![Place::new(statement.head.span, "this allows everyone everything")]),
        }
    });
    Fact::any(judged.chain(statements.open.clone().map(Fact::unknown)))
}
