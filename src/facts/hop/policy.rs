//! Policies of buckets and keys: who may come in, and whether plain requests are refused.

use crate::facts::Facts;
use crate::facts::permit::accounts::is_foreign_principal;
use crate::facts::permit::exposure::admits_everyone;
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::{Bucket, Key, LogGroup, Topic, Trail};
use crate::model::identity::{Policy, Statement};
use crate::model::secret::Secret;
use crate::model::{AnyId, Cell, Head, Id, Link, Model, One, Reading, ResourceMode, mark};
use crate::source::{Place, Span};
use crate::value::{Piece, Text, Value};

fn statements(model: &Model, edge: &One<Policy>) -> Result<Vec<Id<Statement>>, Option<Reason>> {
    match (edge.id(), &edge.link) {
        (Some(policy), _) => match &model[policy].statements.open {
            Some(reason) => Err(Some(reason.clone())),
            None => Ok(model[policy].statements.ids().collect()),
        },
        (None, Link::Unknown(reason)) => Err(Some(reason.clone())),
        (None, Link::Absent | Link::To(_)) => Err(None),
    }
}

fn has_text(cell: &Cell<mark::Texts>, wanted: &str) -> Tri {
    match cell.get() {
        Reading::Known(list) => {
            let found = list.items.iter().map(|item| item.as_text().map_or(Tri::False, |text| text.equals_str(wanted)));
            let open = if list.open.is_some() { Tri::Unknown } else { Tri::False };
            Tri::any(found).or(open)
        }
        Reading::Absent => Tri::False,
        Reading::Unknown(_) => Tri::Unknown,
    }
}

/// Whether the statement speaks of an action that begins like one of these.
fn does(model: &Model, statement: &Statement, beginnings: &[&str]) -> Tri {
    if statement.has_not_action.tri() == Tri::True {
        return Tri::Unknown;
    }
    let named = statement.actions.ids().map(|action| {
        let text = &model[action].text;
        match text.as_str() {
            Some(action) => {
                let action = action.to_ascii_lowercase();
                let fits = |beginning: &&str| action.starts_with(*beginning);
                Tri::from(action == "*" || action == "s3:*" || beginnings.iter().any(fits))
            }
            None => Tri::Unknown,
        }
    });
    let open = if statement.actions.open.is_some() { Tri::Unknown } else { Tri::False };
    Tri::any(named).or(open)
}

fn opened(facts: &Facts<'_>, id: Id<Bucket>, beginnings: &[&str], role: &str) -> Fact {
    let model = facts.model;
    let bucket = &model[id];
    let statements = match statements(model, &bucket.policy) {
        Ok(statements) => statements,
        Err(Some(reason)) => return Fact::unknown(reason),
        Err(None) => return Fact::no(Vec::new()),
    };
    let judged = statements.into_iter().map(|id| {
        let verdict = admits_everyone(facts, id).and(does(model, &model[id], beginnings));
        of(verdict, model[id].head.span, role)
    });
    let declared = !matches!(bucket.block_flags.get(), Reading::Absent);
    let blocked = match declared {
        true => super::rest::blocks_public_access(facts, id),
        false => Fact::no(Vec::new()),
    };
    Fact::any(judged).and(!blocked)
}

fn of(tri: Tri, place: Span, role: &str) -> Fact {
    match tri {
        Tri::Unknown => Fact::unknown(Reason::at("no-value", "a statement", place)),
        known => Fact::new(known, vec![Place::new(place, role)]),
    }
}

pub(in crate::facts) fn readable_by_everyone(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    opened(facts, id, &["s3:get", "s3:list"], "this lets everyone read")
}

pub(super) fn writable_by_everyone(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    opened(facts, id, &["s3:put", "s3:delete"], "this lets everyone write")
}

/// By a policy or an ACL of the bucket.
pub(super) fn bucket_is_public(facts: &Facts<'_>, id: Id<Trail>) -> Fact {
    let trail = &facts.model[id];
    let mut fact = match (trail.bucket.id(), &trail.bucket.link) {
        (Some(bucket), _) => readable_by_everyone(facts, bucket).or(super::rest::acl_is_open(facts, bucket)),
        (None, Link::Unknown(reason)) => Fact::unknown(reason.clone()),
        (None, Link::Absent | Link::To(_)) => Fact::no(Vec::new()),
    };
    if fact.tri == Tri::True {
        let place = trail.bucket.origin.span().unwrap_or(trail.head.span);
        fact.places.push(Place::new(place, format!("`{}` writes there", trail.head.name)));
    }
    fact
}

/// A Deny for everyone of every action on the bucket and its objects where a request came without TLS.
pub(in crate::facts) fn refuses_plain(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    let model = facts.model;
    let bucket = &model[id];
    let statements = match statements(model, &bucket.policy) {
        Ok(statements) => statements,
        Err(Some(reason)) => return Fact::unknown(reason),
        Err(None) => return Fact::no(vec![Place::new(bucket.head.span, "no policy refuses requests without TLS")]),
    };
    let mut half: Option<Span> = None;
    let mut doubt: Option<Reason> = None;
    for id_of_statement in statements {
        let statement = &model[id_of_statement];
        let about_tls = asks_for_tls(model, statement);
        let denies = statement.effect.equals("Deny").and(has_text(&statement.principals, "*"));
        let everything = does(model, statement, &[]);
        match denies.and(about_tls).and(everything) {
            Tri::False => continue,
            Tri::Unknown => {
                doubt = Some(Reason::at("no-value", "a statement", statement.head.span));
                continue;
            }
            Tri::True => {}
        }
        let covered = |wanted: Part| {
            let named = statement.resources.ids().map(|resource| covers(model, &model[resource].text, id, wanted));
            let open = if statement.resources.open.is_some() { Tri::Unknown } else { Tri::False };
            Tri::any(named).or(open)
        };
        match covered(Part::Bucket).and(covered(Part::Objects)) {
            Tri::True => return Fact::yes(vec![Place::new(statement.head.span, "this refuses requests without TLS")]),
            Tri::Unknown => doubt = Some(Reason::at("no-value", "a resource", statement.head.span)),
            Tri::False => half = Some(statement.head.span),
        }
    }
    match (doubt, half) {
        (Some(reason), _) => Fact::unknown(reason),
        (None, Some(place)) => Fact::no(vec![
            Place::new(place, "this covers a half: the bucket and its objects are two ARNs"),
            Place::new(bucket.head.span, format!("`{}`", bucket.head.name)),
        ]),
        (None, None) => Fact::no(vec![Place::new(bucket.head.span, "no statement refuses requests without TLS")]),
    }
}

/// True for `aws:SecureTransport = false` alone; unknown for a bound on the version alone, which plain requests may lack.
fn asks_for_tls(model: &Model, statement: &Statement) -> Tri {
    let mut answers = statement.policy_conditions.ids().map(|condition| {
        let condition = &model[condition];
        let key = condition.context_key.as_str().map(str::to_ascii_lowercase);
        match key.as_deref() {
            Some("aws:securetransport") => condition.operator.equals("Bool").and(has_text(&condition.values, "false")),
            Some("s3:tlsversion") | None => Tri::Unknown,
            Some(_) => Tri::False,
        }
    });
    let Some(first) = answers.next() else { return Tri::False };
    answers.fold(first, Tri::and)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Bucket,
    Objects,
}

fn covers(model: &Model, resource: &Cell<mark::Text>, bucket: Id<Bucket>, part: Part) -> Tri {
    let Reading::Known(text) = resource.get() else { return Tri::Unknown };
    if text.known() == Some("*") {
        return Tri::True;
    }
    // The ARN of a bucket itself never ends so; a hole that is anything else is not known below.
    let names_objects = text.suffix().ends_with("/*");
    let fits = match part {
        Part::Bucket => !names_objects,
        Part::Objects => names_objects,
    };
    Tri::from(fits).and(is_of(model, &text, bucket))
}

/// Whether an ARN, whatever stands behind it, is that of the bucket.
fn is_of(model: &Model, text: &Text, bucket: Id<Bucket>) -> Tri {
    let named = |hole: &Value| match hole.as_reference() {
        Some(reference) => {
            Tri::from(model.resolve(reference).iter().any(|id: &AnyId| id.typed::<Bucket>() == Some(bucket)))
        }
        None => Tri::Unknown,
    };
    let pieces = text.pieces();
    if let Some(Piece::Hole(hole)) = pieces.first() {
        return named(hole);
    }
    // What follows `arn:<partition>:s3:::`.
    let mut name: Option<Vec<Piece>> = None;
    for piece in pieces {
        match (&mut name, piece) {
            (None, Piece::Literal(literal, origin)) => {
                if let Some((_, rest)) = literal.split_once(":::") {
                    name = Some(vec![Piece::Literal(rest.split('/').next().unwrap_or(rest).into(), origin.clone())]);
                }
            }
            (None, Piece::Hole(_)) => {}
            (Some(name), Piece::Literal(literal, origin)) => {
                name.push(Piece::Literal(literal.split('/').next().unwrap_or(literal).into(), origin.clone()));
            }
            (Some(name), hole @ Piece::Hole(_)) => name.push(hole.clone()),
        }
    }
    let Some(name) = name else { return Tri::Unknown };
    let name = Text::from_pieces(name);
    if let [Piece::Hole(hole)] = name.pieces() {
        return named(hole);
    }
    model[bucket].name.value().as_text().map_or(Tri::Unknown, |own| own.equals(&name))
}

/// Everyone may use the key, whoever they are.
pub(super) fn key_open_to_everyone(facts: &Facts<'_>, id: Id<Key>) -> Fact {
    let model = facts.model;
    let statements = match statements(model, &model[id].policy) {
        Ok(statements) => statements,
        Err(Some(reason)) => return Fact::unknown(reason),
        Err(None) => return Fact::no(Vec::new()),
    };
    Fact::any(
        statements
            .into_iter()
            .map(|id| of(admits_everyone(facts, id), model[id].head.span, "this lets everyone use the key")),
    )
}

/// The key's policy names the service of CloudWatch Logs. AWS's own default policy names no service.
pub(super) fn key_admits_logs(facts: &Facts<'_>, id: Id<LogGroup>) -> Fact {
    let model = facts.model;
    let group = &model[id];
    let key = match (group.key.id(), &group.key.link) {
        (Some(key), _) => &model[key],
        (None, Link::Unknown(reason)) => return Fact::unknown(reason.clone()),
        (None, Link::Absent | Link::To(_)) => return Fact::no(Vec::new()),
    };
    if key.head.terraform.is_none() || key.rotation.value().reason().is_some() {
        return Fact::unknown(Reason::at("not-declared-here", key.head.name.clone(), key.head.span));
    }
    let at_fault = |place: Span| {
        vec![
            Place::new(place, "nothing here admits CloudWatch Logs"),
            Place::new(group.head.span, format!("`{}` is to be encrypted under it", group.head.name)),
        ]
    };
    let statements = match statements(model, &key.policy) {
        Ok(statements) => statements,
        Err(Some(reason)) => return Fact::unknown(reason),
        Err(None) => return Fact::no(at_fault(key.head.span)),
    };
    let judged = statements.into_iter().map(|id| {
        let statement = &model[id];
        let services = match statement.service_principals.get() {
            Reading::Known(list) => Tri::any(list.items.iter().map(|item| {
                item.as_text().map_or(Tri::Unknown, |text| {
                    text.starts_with("logs.")
                        .and(text.ends_with("amazonaws.com").or(text.ends_with("amazonaws.com.cn")))
                })
            })),
            Reading::Absent => Tri::False,
            Reading::Unknown(_) => Tri::Unknown,
        };
        of(statement.effect.equals("Allow").and(services), statement.head.span, "this admits CloudWatch Logs")
    });
    let mut fact = Fact::any(judged);
    if fact.tri == Tri::False {
        let place = key.policy.origin.span().unwrap_or(key.head.span);
        fact.places = at_fault(place);
    }
    fact
}

/// Accounts that a policy lets in, beside the one that the root runs in.
pub(super) fn shared_across_accounts(facts: &Facts<'_>, id: Id<Secret>) -> Fact {
    let model = facts.model;
    let secret = &model[id];
    let statements = match statements(model, &secret.policy) {
        Ok(statements) => statements,
        Err(Some(reason)) => return Fact::unknown(reason),
        Err(None) => return Fact::no(Vec::new()),
    };
    Fact::any(statements.into_iter().map(|id| {
        let statement = &model[id];
        let named = match statement.aws_principals.get() {
            Reading::Known(list) => {
                let open = if list.open.is_some() { Tri::Unknown } else { Tri::False };
                Tri::any(list.items.iter().map(|principal| is_foreign_account(facts, secret, principal))).or(open)
            }
            Reading::Absent => Tri::False,
            Reading::Unknown(_) => Tri::Unknown,
        };
        let verdict = statement.effect.equals("Allow").and(named);
        of(verdict, statement.head.span, "this lets another account read it")
    }))
}

/// Anybody who is not of one's own account.
fn is_foreign_account(facts: &Facts<'_>, secret: &Secret, principal: &Value) -> Tri {
    let Some(text) = principal.as_text() else { return Tri::Unknown };
    let Some(known) = text.known() else {
        // The ARN of what this root declares, or one made of the caller's account.
        return match text.holes().all(|hole| hole.as_reference().is_some()) {
            true => Tri::False,
            false => Tri::Unknown,
        };
    };
    if known == "*" {
        return Tri::True;
    }
    is_foreign_principal(facts, &secret.head, principal)
}

pub(super) fn secret_has_own_key(facts: &Facts<'_>, id: Id<Secret>) -> Fact {
    let secret = &facts.model[id];
    let mut fact = super::rest::own_key(facts.model, &secret.key);
    let place = secret.key.origin.span().unwrap_or(secret.head.span);
    fact.places.insert(0, Place::new(place, "under AWS's own key, which cannot be shared"));
    fact
}

/// Resource types that publish to topics, and the service that does it.
const PUBLISHERS: [(&str, &str); 5] = [
    ("aws_cloudwatch_metric_alarm", "cloudwatch."),
    ("aws_cloudwatch_composite_alarm", "cloudwatch."),
    ("aws_cloudwatch_event_target", "events."),
    ("aws_s3_bucket_notification", "s3."),
    ("aws_db_event_subscription", "events.rds."),
];

/// Whether the services that are seen to publish to a topic may use its key.
pub(super) fn key_admits_services(facts: &Facts<'_>, id: Id<Topic>) -> Fact {
    let model = facts.model;
    let topic = &model[id];
    let mut answers = Vec::new();
    for (type_name, service) in PUBLISHERS {
        for (_, resource) in model.resources_of(ResourceMode::Managed, type_name) {
            let is_here = resource.body.references().iter().any(|it| model.resolve(it).contains(&id.into()));
            if is_here {
                answers.push(admits_publisher(model, topic, service, &resource.head));
                break;
            }
        }
    }
    Fact::all(answers)
}

fn admits_publisher(model: &Model, topic: &Topic, service: &str, publisher: &Head) -> Fact {
    let place = topic.key.origin.span().unwrap_or(topic.head.span);
    let shut_out = |role: &str| {
        Fact::no(vec![
            Place::new(place, role),
            Place::new(publisher.span, format!("`{}` publishes here", publisher.name)),
        ])
    };
    let key = match (topic.key.id(), &topic.key.link) {
        (Some(key), _) => &model[key],
        (None, Link::Unknown(reason)) => return Fact::unknown(reason.clone()),
        (None, Link::Absent | Link::To(_)) => return Fact::yes(Vec::new()),
    };
    match key.is_aws_managed.tri() {
        Tri::True => return shut_out("the policy of AWS's own key cannot be opened for services"),
        Tri::False => {}
        Tri::Unknown => return Fact::unknown(Reason::at("no-value", "key", key.head.span)),
    }
    if key.head.terraform.is_none() || key.rotation.value().reason().is_some() {
        return Fact::unknown(Reason::at("not-declared-here", key.head.name.clone(), key.head.span));
    }
    let statements = match statements(model, &key.policy) {
        Ok(statements) => statements,
        Err(Some(reason)) => return Fact::unknown(reason),
        Err(None) => return shut_out("no policy of the key admits a service"),
    };
    let judged = statements.into_iter().map(|id| {
        let statement = &model[id];
        let admits = match statement.service_principals.get() {
            Reading::Known(list) => Tri::any(list.items.iter().map(|item| {
                let text = item.as_text();
                text.map_or(Tri::Unknown, |text| text.starts_with(service).or(text.equals_str("*")))
            })),
            Reading::Absent => Tri::False,
            Reading::Unknown(_) => Tri::Unknown,
        };
        of(statement.effect.equals("Allow").and(admits), statement.head.span, "this admits the service")
    });
    let fact = Fact::any(judged);
    if fact.tri == Tri::False { shut_out("no statement of the key's policy admits the service") } else { fact }
}
