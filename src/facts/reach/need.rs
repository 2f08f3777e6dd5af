//! What AWS services tasks must reach, and why. Whether something serves them is the business of `met`.

use std::collections::{BTreeMap, BTreeSet};

use super::subnet::{Candidate, Classes};
use crate::facts::Facts;
use crate::logic::{Reason, Tri};
use crate::model::network::{Endpoint, EndpointUse, Need, RouteTable, Subnet};
use crate::model::secret::{Parameter, Secret, SecretReference};
use crate::model::workload::{Container, LogConfiguration, Service, Task};
use crate::model::{AnyId, Head, Id, Model, One};
use crate::source::Span;
use crate::value::{Kind, Origin, Piece, Text, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    /// The task does not start without it.
    Start,
    /// A feature fails.
    Run,
    /// Something that the task may do, and perhaps never does.
    Hint,
}

/// One thing that a task needs, and the value that makes it so.
struct Wanted {
    which: Which,
    strength: Strength,
    place: Span,
}

/// The service of AWS that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    /// Empty for what lies on the internet.
    Known(&'static str),
    /// An image or a secret that nobody can tell needs one of these, or something else.
    OneOf(&'static [&'static str]),
}

/// What an image may need that is not known, and what a secret.
const OF_IMAGE: Which = Which::OneOf(&["ecr.api", "ecr.dkr", "s3"]);
const OF_SECRET: Which = Which::OneOf(&["secretsmanager", "ssm"]);

/// The tables of a service, or the service itself where they are not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Tables(Vec<u32>),
    Subnets(Vec<u32>),
    Of(u32),
}

type Key = (Way, Which, Strength);

pub(super) fn derive(model: &mut Model) {
    let mut needs: BTreeMap<Key, Vec<(Id<Service>, Span)>> = BTreeMap::new();
    {
        let facts = Facts::new(model);
        let classes = facts.analysis::<Classes>();
        for (id, service) in facts.model.workload.services.iter() {
            if !runs_on_fargate(facts.model, service) {
                continue;
            }
            let way = way_of(&facts, &classes, id);
            for wanted in wanted_by(facts.model, id) {
                let key = (way.clone(), wanted.which, wanted.strength);
                let users = needs.entry(key).or_default();
                if !users.iter().any(|(user, _)| *user == id) {
                    users.push((id, wanted.place));
                }
            }
        }
    }
    // What is needed for sure needs no hint.
    let sure: BTreeSet<(Way, Which)> = needs
        .keys()
        .filter(|(_, _, strength)| *strength != Strength::Hint)
        .map(|(way, which, _)| (way.clone(), *which))
        .collect();
    needs.retain(|(way, which, strength), _| *strength != Strength::Hint || !sure.contains(&(way.clone(), *which)));
    for ((way, which, strength), users) in needs {
        add(model, way, which, strength, &users);
    }
}

fn runs_on_fargate(model: &Model, service: &Service) -> bool {
    let by_type = service.launch_type.equals("FARGATE") == Tri::True;
    let by_task = service.task.id().is_some_and(|task| {
        let list = model[task].compatibilities.value();
        list.as_list().is_some_and(|list| list.items.iter().any(|item| item.as_str() == Some("FARGATE")))
    });
    by_type || by_task
}

fn way_of(facts: &Facts<'_>, classes: &Classes, id: Id<Service>) -> Way {
    let service = &facts.model[id];
    if service.subnets.open.is_some() || service.subnets.members.is_empty() {
        return Way::Of(id.index);
    }
    let subnets: Vec<Id<Subnet>> = service.subnets.ids().collect();
    let tables: Option<Vec<u32>> =
        subnets.iter().map(|subnet| classes.table(*subnet).map(|table| table.index)).collect();
    match tables {
        Some(mut tables) => {
            tables.sort_unstable();
            tables.dedup();
            Way::Tables(tables)
        }
        None => {
            let mut subnets: Vec<u32> = subnets.iter().map(|subnet| subnet.index).collect();
            subnets.sort_unstable();
            Way::Subnets(subnets)
        }
    }
}

fn wanted_by(model: &Model, id: Id<Service>) -> Vec<Wanted> {
    let service = &model[id];
    let mut wanted = Vec::new();
    let mut want = |which: Which, strength: Strength, place: Span| wanted.push(Wanted { which, strength, place });
    let mut add = |aws_service: &'static str, strength: Strength, place: Span| {
        want(Which::Known(aws_service), strength, place);
    };
    if service.exec_enabled.tri() == Tri::True {
        let place = service.exec_enabled.origin().span().unwrap_or(service.head.span);
        add("ssmmessages", Strength::Run, place);
        if service.cluster.id().is_some_and(|cluster| model[cluster].exec_key.any().is_some()) {
            add("kms", Strength::Run, place);
        }
    }
    if service.service_connect_tls.is_present() == Tri::True {
        let place = service.service_connect_tls.origin().span().unwrap_or(service.head.span);
        add("ecs-agent", Strength::Hint, place);
    }
    let Some(task) = service.task.id() else { return wanted };
    let region = home_region(model, &service.head);
    let pinned_old = service
        .platform_version
        .as_str()
        .is_some_and(|version| matches!(version, "1.0.0" | "1.1.0" | "1.2.0" | "1.3.0"));
    let mut hidden: Vec<(Which, Span)> = Vec::new();
    for container in model[task].containers.ids() {
        let container = &model[container];
        let image = container.image_name.origin().span().unwrap_or(container.head.span);
        match registry(&container.image_name.value().as_text(), region) {
            Some(Registry::Ecr) => {
                if !pinned_old {
                    add("ecr.api", Strength::Start, image);
                }
                add("ecr.dkr", Strength::Start, image);
                add("s3", Strength::Start, image);
            }
            Some(Registry::Internet) => add("", Strength::Start, image),
            None if is_hidden(container.image_name.value()) => hidden.push((OF_IMAGE, image)),
            None => {}
        }
        if let Some(log) = container.log_configuration.id()
            && model[log].driver.equals("awslogs") == Tri::True
            && !goes_to_another_region(model, log, region)
        {
            add("logs", Strength::Start, model[log].driver.origin().span().unwrap_or(container.head.span));
        }
        for (service, place) in secrets(model, container) {
            add(service, Strength::Start, place);
        }
        hidden.extend(hidden_secret(model, container).map(|place| (OF_SECRET, place)));
        if container.repository_credentials.is_present() == Tri::True {
            let place = container.repository_credentials.origin().span().unwrap_or(container.head.span);
            add("secretsmanager", Strength::Start, place);
        }
        if container.environment_files.value().as_list().is_some_and(|files| !files.items.is_empty()) {
            let place = container.environment_files.origin().span().unwrap_or(container.head.span);
            add("s3", Strength::Start, place);
        }
    }
    for (aws_service, place) in may_call(model, task) {
        add(aws_service, Strength::Hint, place);
    }
    for (which, place) in hidden {
        want(which, Strength::Start, place);
    }
    wanted
}

/// Whether a value decides and nobody gives it.
fn is_hidden(value: &Value) -> bool {
    value.walk().any(|part| matches!(part.kind, Kind::Unknown(_)))
}

/// The first secret of a container of which nobody can tell where it is kept.
fn hidden_secret(model: &Model, container: &Container) -> Option<Span> {
    let mut references = container.secret_references.ids().map(|id| &model[id]);
    let hidden = references.find(|reference| {
        let value = reference.value_from.value();
        reference.source.any().is_none() && by_text(value).is_none() && is_hidden(value)
    })?;
    Some(hidden.value_from.origin().span().unwrap_or(hidden.head.span))
}

/// The region of the root in which something stands, if its provider says so.
fn home_region<'m>(model: &'m Model, head: &Head) -> Option<&'m str> {
    let home = head.terraform.as_ref().map(|reference| &*reference.root)?;
    let is_home = |path: &str| path == home || (path == "." && home.is_empty());
    let mut regions = model
        .terraform
        .providers
        .iter()
        .filter(|(_, provider)| provider.kind.as_str() == Some("aws") && provider.alias.is_present() == Tri::False)
        .filter(|(_, provider)| provider.root.id().is_some_and(|root| model[root].path.as_str().is_some_and(is_home)))
        .map(|(_, provider)| provider.region.as_str());
    let first = regions.next()??;
    regions.all(|other| other == Some(first)).then_some(first)
}

/// An endpoint here does not lead to another region.
fn goes_to_another_region(model: &Model, log: Id<LogConfiguration>, home: Option<&str>) -> bool {
    let options = model[log].options.value();
    let region = options.as_map().and_then(|map| map.entries.get("awslogs-region")).and_then(Value::as_str);
    home.zip(region).is_some_and(|(home, region)| home != region)
}

/// Services with endpoints, by the prefix of their actions.
const BY_ACTION: [(&str, &str); 8] = [
    ("cloudwatch", "monitoring"),
    ("dynamodb", "dynamodb"),
    ("s3", "s3"),
    ("ses", "email"),
    ("sns", "sns"),
    ("sqs", "sqs"),
    ("sts", "sts"),
    ("xray", "xray"),
];

/// What the code of a task may call with the task's role, as far as policies of this tree say so.
fn may_call(model: &Model, task: Id<Task>) -> Vec<(&'static str, Span)> {
    let Some(role) = model[task].task_role.id() else { return Vec::new() };
    let attached = model[role].attachments.ids().filter_map(|attachment| model[attachment].policy.id());
    let statements = model[role].policies.ids().chain(attached).flat_map(|policy| model[policy].statements.ids());
    let allowing = statements.filter(|statement| model[*statement].effect.equals("Allow") == Tri::True);
    let mut found: Vec<(&'static str, Span)> = Vec::new();
    for action in allowing.flat_map(|statement| model[statement].actions.ids()) {
        let Some((prefix, _)) = model[action].text.as_str().and_then(|text| text.split_once(':')) else { continue };
        let known = BY_ACTION.iter().find(|(own, _)| prefix.eq_ignore_ascii_case(own));
        if let Some((_, service)) = known.filter(|(_, service)| !found.iter().any(|(had, _)| had == service)) {
            found.push((service, model[action].head.span));
        }
    }
    found
}

enum Registry {
    Ecr,
    Internet,
}

/// Where an image comes from; nothing where the name does not tell. No endpoint leads to a registry in another region.
fn registry(image: &Option<Text>, home: Option<&str>) -> Option<Registry> {
    let text = image.as_ref()?;
    if text.contains(".dkr.ecr.") == Tri::True {
        let is_elsewhere = home.zip(region_of_registry(text)).is_some_and(|(home, region)| home != region);
        return Some(if is_elsewhere { Registry::Internet } else { Registry::Ecr });
    }
    if let Some(Piece::Hole(hole)) = text.pieces().first() {
        let is_repository = hole.as_reference().is_some_and(|reference| reference.path.contains("repository_url"));
        return is_repository.then_some(Registry::Ecr);
    }
    let prefix = text.prefix();
    let host = prefix.split('/').next().unwrap_or("");
    let is_whole = prefix.contains('/') || text.known().is_some();
    // A name whose first part is cut off by a hole may still turn out to be a registry of AWS.
    (is_whole && !host.is_empty() && !host.ends_with(".amazonaws.com")).then_some(Registry::Internet)
}

/// `eu-west-1` in `123456789012.dkr.ecr.eu-west-1.amazonaws.com/app`.
fn region_of_registry(image: &Text) -> Option<&str> {
    image.pieces().iter().find_map(|piece| match piece {
        Piece::Literal(literal, _) => {
            let (_, rest) = literal.split_once(".dkr.ecr.")?;
            rest.split_once(".amazonaws.").map(|(region, _)| region)
        }
        Piece::Hole(_) => None,
    })
}

fn secrets(model: &Model, container: &Container) -> Vec<(&'static str, Span)> {
    let services = secret_services(model, container).into_iter();
    services
        .map(|(service, reference)| {
            let reference = &model[reference];
            (service, reference.value_from.origin().span().unwrap_or(reference.head.span))
        })
        .collect()
}

/// The secrets that a container is given, and the service that keeps each.
pub(super) fn secret_services(model: &Model, container: &Container) -> Vec<(&'static str, Id<SecretReference>)> {
    let mut found = Vec::new();
    for id in container.secret_references.ids() {
        let reference = &model[id];
        let service = match reference.source.any() {
            Some(id) if id.typed::<Secret>().is_some() => Some("secretsmanager"),
            Some(id) if id.typed::<Parameter>().is_some() => Some("ssm"),
            Some(_) | None => by_text(reference.value_from.value()),
        };
        found.extend(service.map(|service| (service, id)));
    }
    found
}

fn by_text(value: &Value) -> Option<&'static str> {
    let text = value.as_text()?;
    if text.contains(":secretsmanager:") == Tri::True {
        return Some("secretsmanager");
    }
    if text.contains(":ssm:") == Tri::True {
        return Some("ssm");
    }
    match text.pieces().first() {
        Some(Piece::Hole(hole)) => match &hole.kind {
            Kind::Reference(reference) if reference.path.contains("secret_arn") => Some("secretsmanager"),
            _ => None,
        },
        Some(Piece::Literal(literal, _)) if literal.starts_with('/') => Some("ssm"),
        Some(Piece::Literal(literal, _)) if text.known().is_some() && !literal.starts_with("arn:") => Some("ssm"),
        Some(Piece::Literal(..)) | None => None,
    }
}

fn add(model: &mut Model, way: Way, which: Which, strength: Strength, users: &[(Id<Service>, Span)]) {
    let Some((first, first_place)) = users.first() else { return };
    let mut head = match &way {
        Way::Tables(tables) => model[Id::<RouteTable>::new(tables[0])].head.clone(),
        Way::Subnets(subnets) => model[Id::<Subnet>::new(subnets[0])].head.clone(),
        Way::Of(service) => model[Id::<Service>::new(*service)].head.clone(),
    };
    let label = match which {
        Which::Known("") => "a registry on the internet",
        Which::Known(aws_service) => aws_service,
        Which::OneOf(_) => "something that is not known",
    };
    head.name = format!("{label} from {}", model[*first].head.name);
    let written = Origin::written(*first_place);
    let mut need = Need::new(Head { ..head });
    let hidden = || Value::unknown(Reason::at("no-value", "what the task needs", *first_place), written.clone());
    let (aws_service, outside_aws) = match which {
        Which::Known(aws_service) => {
            (Value::text(aws_service, written.clone()), Value::bool(aws_service.is_empty(), Origin::none()))
        }
        Which::OneOf(_) => (hidden(), hidden()),
    };
    need.aws_service.set(aws_service);
    need.outside_aws.set(outside_aws);
    let word = match strength {
        Strength::Start => "start",
        Strength::Run => "run",
        Strength::Hint => "hint",
    };
    need.strength.set(Value::text(word, Origin::none()));
    for (user, place) in users {
        need.services.push(*user, Origin::written(*place));
        let subnets = model[*user].subnets.clone();
        for (subnet, origin) in subnets.members {
            if !need.subnets.members.iter().any(|(known, _)| *known == subnet) {
                need.subnets.push(subnet, origin);
            }
        }
        if let Some(reason) = subnets.open {
            need.subnets.open(reason);
        }
    }
    if let Way::Tables(tables) = &way {
        for table in tables {
            need.route_tables.push(Id::<RouteTable>::new(*table), written.clone());
        }
    }
    let vpcs: Vec<_> = need.subnets.ids().map(|subnet| model[subnet].vpc.clone()).collect();
    need.vpc = match vpcs.first() {
        Some(vpc) if vpcs.iter().all(|other| other.any() == vpc.any()) => vpc.clone(),
        Some(_) => One::unknown(Reason::at("vpc-unknown", label, need.head.span), written.clone()),
        None => {
            let reason = need.subnets.open.clone();
            One::unknown(reason.unwrap_or_else(|| Reason::at("vpc-unknown", label, need.head.span)), written.clone())
        }
    };
    let vpc = need.vpc.id();
    let id = model.network.needs.push(need);
    let is_sure = which != Which::Known("") && strength != Strength::Hint;
    let Some(vpc) = vpc.filter(|_| is_sure) else { return };
    let endpoints: Vec<Id<Endpoint>> = model[vpc].endpoints.ids().collect();
    for endpoint in endpoints {
        let serves = |aws_service: &str| model[endpoint].aws_service.equals(aws_service);
        let fits = match which {
            Which::Known(aws_service) => serves(aws_service),
            Which::OneOf(services) => Tri::any(services.iter().map(|it| serves(it))).and(Tri::Unknown),
        };
        if fits == Tri::False {
            continue;
        }
        let mut pair = EndpointUse::new(model[endpoint].head.clone());
        pair.head.name = format!("{} for {label}", model[endpoint].head.name);
        if fits == Tri::Unknown {
            pair.head.presence = Tri::Unknown;
            let reason = || Reason::at("no-value", "the service of the endpoint", model[endpoint].head.span);
            pair.head.presence_reason.get_or_insert_with(reason);
        }
        pair.need = One::to(id, written.clone());
        pair.endpoint = One::to(endpoint, Origin::written(model[endpoint].head.span));
        let pair = model.network.endpoint_uses.push(pair);
        model[id].endpoint_uses.push(pair, written.clone());
    }
}

/// The tables that a subnet may use, for those who ask about a gateway endpoint.
pub(super) fn tables_of(classes: &Classes, subnet: Id<Subnet>) -> Result<Id<RouteTable>, Reason> {
    match classes.candidates(subnet) {
        [Candidate::Table(table, ..)] => Ok(*table),
        [Candidate::Unknown(reason)] => Err(reason.clone()),
        _ => Err(Reason::new("route-table-unknown", "a subnet")),
    }
}

/// Everybody who has the need, as one end of a connection.
pub(super) fn users(need: &Need) -> impl Iterator<Item = AnyId> + '_ {
    need.services.members.iter().map(|(service, _)| *service)
}
