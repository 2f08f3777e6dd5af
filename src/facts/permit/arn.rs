//! What is known of the ARN of a resource in this repository: the format of its type, filled with the pieces that are
//! written. Account, partition and Region are one hole each within a root module.

use super::pattern::{Symbol, identity, shared_hole};
use crate::model::{Model, Resource};
use crate::value::{Kind, Piece, Reference, Text, Value};

/// What stands between the parts of an ARN of one type, for the attributes that hold it.
struct Format {
    type_name: &'static str,
    attributes: &'static [&'static str],
    /// `{P}`, `{R}`, `{A}` are partition, Region and account; `{x}` is the attribute x, `{/x}` the same without a
    /// leading slash, `{?}` one character nobody knows.
    arn: &'static str,
}

const fn format(type_name: &'static str, attributes: &'static [&'static str], arn: &'static str) -> Format {
    Format { type_name, attributes, arn }
}

static FORMATS: &[Format] = &[
    format("aws_cloudwatch_log_group", &["arn"], "arn:{P}:logs:{R}:{A}:log-group:{name}"),
    format("aws_codebuild_project", &["arn", "id"], "arn:{P}:codebuild:{R}:{A}:project/{name}"),
    format("aws_db_instance", &["arn"], "arn:{P}:rds:{R}:{A}:db:{identifier}"),
    format("aws_dynamodb_table", &["arn"], "arn:{P}:dynamodb:{R}:{A}:table/{name}"),
    format("aws_ecr_repository", &["arn"], "arn:{P}:ecr:{R}:{A}:repository/{name}"),
    format("aws_ecs_cluster", &["arn", "id"], "arn:{P}:ecs:{R}:{A}:cluster/{name}"),
    format("aws_ecs_task_definition", &["arn"], "arn:{P}:ecs:{R}:{A}:task-definition/{family}:{revision}"),
    format("aws_ecs_task_definition", &["arn_without_revision"], "arn:{P}:ecs:{R}:{A}:task-definition/{family}"),
    format("aws_efs_file_system", &["arn"], "arn:{P}:elasticfilesystem:{R}:{A}:file-system/{id}"),
    format("aws_iam_group", &["arn"], "arn:{P}:iam::{A}:group{path}{name}"),
    format("aws_iam_instance_profile", &["arn"], "arn:{P}:iam::{A}:instance-profile{path}{name}"),
    format("aws_iam_openid_connect_provider", &["arn", "id"], "arn:{P}:iam::{A}:oidc-provider/{https:url}"),
    format("aws_iam_policy", &["arn", "id"], "arn:{P}:iam::{A}:policy{path}{name}"),
    format("aws_iam_role", &["arn"], "arn:{P}:iam::{A}:role{path}{name}"),
    format("aws_iam_user", &["arn"], "arn:{P}:iam::{A}:user{path}{name}"),
    format("aws_kms_alias", &["arn"], "arn:{P}:kms:{R}:{A}:{name}"),
    format("aws_kms_key", &["arn"], "arn:{P}:kms:{R}:{A}:key/{key_id}"),
    format("aws_lambda_function", &["arn"], "arn:{P}:lambda:{R}:{A}:function:{function_name}"),
    format("aws_s3_bucket", &["arn"], "arn:{P}:s3:::{bucket}"),
    format(
        "aws_secretsmanager_secret",
        &["arn", "id"],
        "arn:{P}:secretsmanager:{R}:{A}:secret:{name}-{?}{?}{?}{?}{?}{?}",
    ),
    format("aws_sns_topic", &["arn", "id"], "arn:{P}:sns:{R}:{A}:{name}"),
    format("aws_sqs_queue", &["arn"], "arn:{P}:sqs:{R}:{A}:{name}"),
    format("aws_ssm_parameter", &["arn"], "arn:{P}:ssm:{R}:{A}:parameter/{/name}"),
];

/// The attribute that an identity attribute repeats: `id` of a bucket is its name.
static NAMES: &[(&str, &str, &str)] = &[
    ("aws_cloudwatch_log_group", "id", "name"),
    ("aws_ecr_repository", "id", "name"),
    ("aws_iam_group", "id", "name"),
    ("aws_iam_role", "id", "name"),
    ("aws_iam_user", "id", "name"),
    ("aws_s3_bucket", "id", "bucket"),
    ("aws_ssm_parameter", "id", "name"),
];

/// The symbols of what a hole stands for, if it is an attribute of a resource here whose format is known.
pub fn unfold(model: &Model, hole: &Value) -> Option<Vec<Symbol>> {
    let Kind::Reference(reference) = &hole.kind else { return None };
    let resource = resource_of(model, reference)?;
    let attribute = &*reference.path;
    let service = ecs_service(model, resource, reference);
    if service.is_some() {
        return service;
    }
    let found = FORMATS
        .iter()
        .find(|format| format.type_name == &*resource.type_name && format.attributes.contains(&attribute));
    match found {
        Some(format) => Some(fill(model, format.arn, resource, reference)),
        None => {
            let (.., name) = NAMES.iter().find(|(kind, id, _)| *kind == &*resource.type_name && *id == attribute)?;
            Some(attribute_symbols(model, resource, reference, name))
        }
    }
}

/// The resource that a reference leads to.
pub fn resource_of<'m>(model: &'m Model, reference: &Reference) -> Option<&'m Resource> {
    model.resolve(reference).iter().find_map(|id| id.typed::<Resource>()).map(|id| &model[id])
}

/// The name of the cluster is the last part of its ARN, or the name itself.
fn ecs_service(model: &Model, resource: &Resource, reference: &Reference) -> Option<Vec<Symbol>> {
    if &*resource.type_name != "aws_ecs_service" || !matches!(&*reference.path, "id" | "arn") {
        return None;
    }
    let mut symbols = fill(model, "arn:{P}:ecs:{R}:{A}:service/", resource, reference);
    let cluster = attribute_symbols(model, resource, reference, "cluster");
    let after_slash = cluster.iter().rposition(|symbol| *symbol == Symbol::Literal('/')).map_or(0, |at| at + 1);
    symbols.extend_from_slice(&cluster[after_slash..]);
    symbols.push(Symbol::Literal('/'));
    symbols.extend(attribute_symbols(model, resource, reference, "name"));
    Some(symbols)
}

fn fill(model: &Model, format: &str, resource: &Resource, reference: &Reference) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((slot, after)) = after.split_once('}') else { break };
        symbols.extend(before.chars().map(Symbol::Literal));
        match slot {
            "P" => symbols.push(Symbol::Hole(shared_hole("partition", &reference.root))),
            "R" => symbols.push(Symbol::Hole(shared_hole("region", &reference.root))),
            "A" => symbols.push(Symbol::Hole(shared_hole("account", &reference.root))),
            "?" => symbols.push(Symbol::Question),
            "path" => match attribute(resource, "path") {
                Some(path) => symbols.extend(text_symbols(model, &path)),
                None => symbols.push(Symbol::Literal('/')),
            },
            slot => {
                let (skipped, name) = match slot.split_once(':') {
                    Some((_, name)) => ("https://", name),
                    None if slot.starts_with('/') => ("/", &slot[1..]),
                    None => ("", slot),
                };
                let filled = attribute_symbols(model, resource, reference, name);
                let skipped: Vec<Symbol> = skipped.chars().map(Symbol::Literal).collect();
                symbols.extend_from_slice(filled.strip_prefix(&*skipped).unwrap_or(&filled));
            }
        }
        rest = after;
    }
    symbols.extend(rest.chars().map(Symbol::Literal));
    symbols
}

fn attribute(resource: &Resource, name: &str) -> Option<Text> {
    resource.body.as_map()?.entries.get(name)?.as_text()
}

/// What is written for an attribute, else a hole for it.
fn attribute_symbols(model: &Model, resource: &Resource, reference: &Reference, name: &str) -> Vec<Symbol> {
    match attribute(resource, name) {
        Some(text) => text_symbols(model, &text),
        None => {
            let missing = Reference { path: name.into(), ..reference.clone() };
            let hole = Value::new(Kind::Reference(std::sync::Arc::new(missing)), resource.body.origin.clone());
            vec![Symbol::Hole(identity(&hole))]
        }
    }
}

/// References inside a name are followed one step: names rarely hold more.
fn text_symbols(model: &Model, text: &Text) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    for piece in text.pieces() {
        match piece {
            Piece::Literal(literal, _) => symbols.extend(literal.chars().map(Symbol::Literal)),
            Piece::Hole(value) => match name_behind(model, value) {
                Some(name) => symbols.extend(name.chars().map(Symbol::Literal)),
                None => symbols.push(Symbol::Hole(identity(value))),
            },
        }
    }
    symbols
}

/// The literal name of the resource that a hole identifies: `aws_ecs_cluster.main.id` has it at its end.
fn name_behind(model: &Model, hole: &Value) -> Option<String> {
    let reference = hole.as_reference()?;
    let resource = resource_of(model, reference)?;
    let name = attribute(resource, "name").or_else(|| attribute(resource, "bucket"))?;
    let known = name.known()?;
    match &*reference.path {
        "id" | "arn" if &*resource.type_name == "aws_ecs_cluster" => Some(format!("/{known}")),
        "id" | "name" | "bucket" => Some(known.to_owned()),
        _ => None,
    }
}
