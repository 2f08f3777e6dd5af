//! Policy documents into the model, whatever they were written in: a structured value with origins becomes a policy with
//! statements, conditions, actions and ARNs. What is missing or cannot be read leaves the collections open.

mod element;
mod files;

use crate::data::managed;
use crate::logic::Reason;
use crate::model::identity::{ActionPattern, Attachment, Policy, PolicyCondition, Statement, WrittenArn};
use crate::model::{Head, Id, Link, Many, Model, One};
use crate::source::Span;
use crate::value::{Kind, Map, Origin, Value};

pub(crate) use files::add_files;

use element::{Entries, entries, keyed, texts};

/// What a document is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyKind {
    Identity,
    Trust,
    /// Of a resource of this service.
    Resource(&'static str),
    Endpoint,
    /// What bounds one session of a role.
    Session,
}

impl PolicyKind {
    fn word(self) -> &'static str {
        match self {
            PolicyKind::Identity => "identity",
            PolicyKind::Trust => "trust",
            PolicyKind::Resource(_) => "resource",
            PolicyKind::Endpoint => "endpoint",
            PolicyKind::Session => "session",
        }
    }
}

/// Adds the policy that `document` holds. The head names the policy and stands for it where nothing finer does.
pub(crate) fn add_policy(model: &mut Model, document: &Value, kind: PolicyKind, head: Head) -> Id<Policy> {
    let written = head.span;
    let mut policy = Policy::new(head);
    policy.kind.set(Value::text(kind.word(), Origin::written(written)));
    if let PolicyKind::Resource(service) = kind {
        policy.attached_to.set(Value::text(service, Origin::written(written)));
    }
    policy.document.set(document.clone());
    policy.statements.origin = document.origin.clone();
    match &document.kind {
        Kind::Map(map) => {
            policy.version.read(written, "Version", map.entries.get("Version").cloned());
            if let Some(size) = element::size(document) {
                policy.size.set(Value::number(size, document.origin.clone()));
            }
            if let Some(reason) = &map.open {
                policy.statements.open(reason.clone());
            }
        }
        Kind::Unknown(unknown) => policy.statements.open(unknown.reason.clone()),
        Kind::Reference(reference) => policy.statements.open(reference.computed(document.origin.span())),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) => {
            policy.statements.open(Reason::with("not-a-policy", "", document.origin.span()));
        }
    }
    let found = document.as_map().and_then(|map| map.entries.get("Statement")).map(entries);
    let name = policy.head.name.clone();
    let id = model.identity.policies.push(policy);
    let Some(Entries { items, open }) = found else { return id };
    let mut statements = Many::none(written);
    statements.origin = model[id].statements.origin.clone();
    statements.open = model[id].statements.open.clone().or(open);
    for (index, item) in items.into_iter().enumerate() {
        let Kind::Map(map) = &item.kind else {
            statements.open(element::reason(item));
            continue;
        };
        let span = item.origin.span().unwrap_or(written);
        let statement = add_statement(model, id, map, Head::new(label(&name, index, map), span));
        statements.push(statement, item.origin.clone());
    }
    model[id].statements = statements;
    id
}

/// The Sid where there is one, else the place in the document.
fn label(policy: &str, index: usize, map: &Map) -> String {
    match map.entries.get("Sid").and_then(Value::as_str) {
        Some(sid) if !sid.is_empty() => format!("{policy} {sid}"),
        Some(_) | None => format!("{policy} statement {}", index + 1),
    }
}

fn add_statement(model: &mut Model, policy: Id<Policy>, map: &Map, head: Head) -> Id<Statement> {
    let span = head.span;
    let name = head.name.clone();
    let mut statement = Statement::new(head);
    let flag = |value: bool| Value::bool(value, Origin::written(span));
    statement.policy = One::to(policy, Origin::written(span));
    statement.sid.read(span, "Sid", map.entries.get("Sid").cloned());
    statement.effect.read(span, "Effect", map.entries.get("Effect").cloned());
    statement.has_not_action.set(flag(map.entries.contains_key("NotAction")));
    statement.has_not_resource.set(flag(map.entries.contains_key("NotResource")));
    statement.has_not_principal.set(match map.entries.get("NotPrincipal").map(|value| &value.kind) {
        None | Some(Kind::Null) => flag(false),
        // A `dynamic` block may turn out to write nothing.
        Some(Kind::Unknown(unknown)) => Value::unknown(unknown.reason.clone(), Origin::written(span)),
        Some(Kind::Map(named)) if named.entries.is_empty() => match &named.open {
            Some(reason) => Value::unknown(reason.clone(), Origin::written(span)),
            None => flag(false),
        },
        Some(Kind::List(named)) if named.items.is_empty() => match &named.open {
            Some(reason) => Value::unknown(reason.clone(), Origin::written(span)),
            None => flag(false),
        },
        Some(_) => flag(true),
    });
    set_principals(&mut statement, map, span);
    let id = model.identity.statements.push(statement);

    let both = |plain: &str, negated: &str| map.entries.get(plain).or_else(|| map.entries.get(negated)).map(texts);
    if let Some(listed) = both("Action", "NotAction") {
        let mut actions = Many::none(span);
        actions.open = listed.open;
        for value in listed.items {
            let place = value.origin.span().unwrap_or(span);
            let mut action = ActionPattern::new(Head::new(value_name(&value), place));
            action.text.set(value.clone());
            action.statement = One::to(id, Origin::written(span));
            actions.push(model.identity.action_patterns.push(action), value.origin);
        }
        model[id].actions = actions;
    }
    if let Some(listed) = both("Resource", "NotResource") {
        let mut resources = Many::none(span);
        resources.open = listed.open;
        for value in listed.items {
            let origin = value.origin.clone();
            let arn = add_written_arn(model, value, span);
            model[arn].statement = One::to(id, Origin::written(span));
            resources.push(arn, origin);
        }
        model[id].resources = resources;
    }
    if let Some(condition) = map.entries.get("Condition") {
        model[id].policy_conditions = add_conditions(model, id, condition, &name, span);
    }
    if let Some(reason) = &map.open {
        let statement = &mut model[id];
        statement.actions.open(reason.clone());
        statement.resources.open(reason.clone());
        statement.policy_conditions.open(reason.clone());
    }
    id
}

/// A text that stands where an ARN must stand.
pub(crate) fn add_written_arn(model: &mut Model, value: Value, fallback: Span) -> Id<WrittenArn> {
    let place = value.origin.span().unwrap_or(fallback);
    let mut arn = WrittenArn::new(Head::new(value_name(&value), place));
    arn.text.set(value);
    model.identity.written_arns.push(arn)
}

/// An attachment of a policy by its ARN, whatever language it is written in.
pub(crate) fn new_attachment(
    model: &mut Model,
    head: Head,
    written: Id<WrittenArn>,
    arn: &Value,
    policy: One<Policy>,
) -> Id<Attachment> {
    let span = head.span;
    let mut attachment = Attachment::new(head);
    let kind = match (&policy.link, arn.as_str()) {
        (Link::To(_), _) => "customer",
        (_, Some(text)) if managed::name_in_arn(text).is_some_and(|name| managed::policy(name).is_some()) => "aws",
        (_, Some(text)) if managed::intended(text).is_some() => "malformed",
        (_, Some(_) | None) => "unresolved",
    };
    attachment.kind.set(Value::text(kind, Origin::written(span)));
    attachment.written_arn = One::to(written, arn.origin.clone());
    attachment.policy = policy;
    let id = model.identity.attachments.push(attachment);
    model[written].attachment = One::to(id, Origin::written(span));
    id
}

fn value_name(value: &Value) -> String {
    value.as_text().map_or_else(String::new, |text| text.to_string())
}

fn set_principals(statement: &mut Statement, map: &Map, span: Span) {
    let Some(written) = map.entries.get("Principal").or_else(|| map.entries.get("NotPrincipal")) else { return };
    let origin = written.origin.clone();
    let mut all = Vec::new();
    let mut open = None;
    match &written.kind {
        // The bare `*` is everyone, as `{"AWS": "*"}` is.
        Kind::Text(_) => {
            all.push(written.clone());
            statement.aws_principals.read(span, "Principal", Some(written.clone()));
        }
        Kind::Map(kinds) => {
            for (kind, members) in &kinds.entries {
                let listed = texts(members);
                let value = element::list(listed.items.clone(), listed.open.clone(), members.origin.clone());
                match &**kind {
                    "AWS" => statement.aws_principals.read(span, "AWS", Some(value)),
                    "Service" => statement.service_principals.read(span, "Service", Some(value)),
                    "Federated" => statement.federated_principals.read(span, "Federated", Some(value)),
                    _ => {}
                }
                all.extend(listed.items);
                open = open.or(listed.open);
            }
            if let Some(reason) = &kinds.open {
                // A principal of a kind that nobody knows.
                let hidden = || Value::unknown(reason.clone(), origin.clone());
                for (kind, cell) in [
                    ("AWS", &mut statement.aws_principals),
                    ("Service", &mut statement.service_principals),
                    ("Federated", &mut statement.federated_principals),
                ] {
                    if !kinds.entries.contains_key(kind) {
                        cell.set(hidden());
                    }
                }
                open.get_or_insert_with(|| reason.clone());
            }
        }
        Kind::Unknown(_) | Kind::Reference(_) => {
            for cell in
                [&mut statement.aws_principals, &mut statement.service_principals, &mut statement.federated_principals]
            {
                cell.set(written.clone());
            }
            statement.principals.set(written.clone());
            return;
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::List(_) => {}
    }
    statement.principals.read(span, "Principal", Some(element::list(all, open, origin)));
}

fn add_conditions(
    model: &mut Model,
    statement: Id<Statement>,
    condition: &Value,
    name: &str,
    span: Span,
) -> Many<PolicyCondition> {
    let mut conditions = Many::none(span);
    conditions.origin = condition.origin.clone();
    let (operators, open) = keyed(condition);
    if let Some(reason) = open {
        push_hidden(model, statement, &mut conditions, reason, condition);
    }
    for (operator, block) in operators {
        let (keys, open) = keyed(block);
        if let Some(reason) = open {
            push_hidden(model, statement, &mut conditions, reason, block);
        }
        for (key, values) in keys {
            let place = values.origin.span().unwrap_or(span);
            let mut entity = PolicyCondition::new(Head::new(format!("{name} {operator} {key}"), place));
            set_operator(&mut entity, operator, &block.origin);
            entity.context_key.set(Value::text(key, values.origin.clone()));
            let listed = texts(values);
            entity.values.set(element::list(listed.items, listed.open, values.origin.clone()));
            entity.statement = One::to(statement, Origin::written(span));
            conditions.push(model.identity.policy_conditions.push(entity), values.origin.clone());
        }
    }
    conditions
}

/// There is a condition here that nobody can read.
fn push_hidden(
    model: &mut Model,
    statement: Id<Statement>,
    conditions: &mut Many<PolicyCondition>,
    reason: Reason,
    written: &Value,
) {
    let origin = written.origin.clone();
    let span = origin.span().unwrap_or(model[statement].head.span);
    let mut entity = PolicyCondition::new(Head::new("a condition", span));
    entity.operator.set(Value::unknown(reason.clone(), origin.clone()));
    entity.qualifier.set(Value::unknown(reason.clone(), origin.clone()));
    entity.context_key.set(Value::unknown(reason.clone(), origin.clone()));
    entity.values.set(Value::unknown(reason.clone(), origin.clone()));
    entity.statement = One::to(statement, Origin::written(span));
    conditions.push(model.identity.policy_conditions.push(entity), origin);
    conditions.open(reason);
}

/// Takes the qualifier and `IfExists` off.
fn set_operator(condition: &mut PolicyCondition, written: &str, origin: &Origin) {
    let (qualifier, rest) = match written.split_once(':') {
        Some((qualifier, rest)) if qualifier.eq_ignore_ascii_case("ForAllValues") => ("ForAllValues", rest),
        Some((qualifier, rest)) if qualifier.eq_ignore_ascii_case("ForAnyValue") => ("ForAnyValue", rest),
        Some(_) | None => ("none", written),
    };
    let tail = rest.len().checked_sub("IfExists".len()).and_then(|at| rest.get(at..));
    let if_exists = tail.is_some_and(|tail| tail.eq_ignore_ascii_case("IfExists"));
    let rest = if if_exists { &rest[..rest.len() - "IfExists".len()] } else { rest };
    condition.qualifier.set(Value::text(qualifier, origin.clone()));
    condition.if_exists.set(Value::bool(if_exists, origin.clone()));
    condition.operator.set(Value::text(rest, origin.clone()));
}
