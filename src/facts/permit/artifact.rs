//! Code and orders that lie in a bucket until something with a role takes them: whoever may write there has the role.

use super::carried::{at, role_behind, symbols_of};
use super::pattern::{Pattern, Symbol, shared_hole};
use super::scope::resource_part;
use super::takeover::{Thing, literal};
use crate::facts::Facts;
use crate::logic::Tri;
use crate::model::identity::Role;
use crate::model::{Id, Resource, ResourceMode};
use crate::source::Place;
use crate::value::Value;

/// A type of resources that take something from a bucket: where the role stands, where the bucket, where the key, if
/// that is an argument of its own.
const TAKERS: [(&str, &str, &str, Option<&str>); 3] = [
    ("aws_lambda_function", "role", "s3_bucket", Some("s3_key")),
    ("aws_glue_job", "role_arn", "command.script_location", None),
    ("aws_mwaa_environment", "execution_role_arn", "source_bucket_arn", Some("dag_s3_path")),
];

pub(super) fn things(facts: &Facts<'_>, all: &mut Vec<Thing>) {
    for (type_name, role, bucket, key) in TAKERS {
        for (_, it) in facts.model.resources_of(ResourceMode::Managed, type_name) {
            let taken = at(&it.body, bucket).into_iter().next();
            let key = key.and_then(|key| at(&it.body, key).into_iter().next());
            let role = at(&it.body, role).first().and_then(|written| role_behind(facts, written));
            let (Some(taken), Some(role)) = (taken, role) else { continue };
            let Some(mut object) = object(facts, &taken, key.as_ref()) else { continue };
            if type_name == "aws_mwaa_environment" {
                // Any file below the folder is loaded.
                object.push(Symbol::Literal('/'));
                object.push(Symbol::Hole(shared_hole("file", &it.head.name)));
            }
            all.push(thing(it, role, object));
        }
    }
    builds(facts, all);
    pipelines(facts, all);
}

fn thing(taker: &Resource, role: Id<Role>, object: Vec<Symbol>) -> Thing {
    let place = Place::new(taker.head.span, format!("`{}` takes it from the bucket", taker.head.name));
    Thing { path: "artifact-bucket", role, resources: vec![Some(Pattern::of(object))], tri: Tri::True, place }
}

/// `bucket/key`, from the name, the ARN or the URL of a bucket or an object.
fn object(facts: &Facts<'_>, bucket: &Value, key: Option<&Value>) -> Option<Vec<Symbol>> {
    let written = symbols_of(facts, bucket)?;
    let is_arn = written.starts_with(&literal("arn:"));
    let mut symbols = match resource_part(&Pattern::of(written.clone())) {
        Some(part) if is_arn => part.to_vec(),
        Some(_) | None => match written.strip_prefix(&*literal("s3://")) {
            Some(rest) => rest.to_vec(),
            None => written,
        },
    };
    if let Some(key) = key {
        symbols.push(Symbol::Literal('/'));
        let key = symbols_of(facts, key)?;
        symbols.extend_from_slice(key.strip_prefix(&[Symbol::Literal('/')]).unwrap_or(&key));
    }
    symbols.contains(&Symbol::Literal('/')).then_some(symbols)
}

/// Projects whose source lies in a bucket.
fn builds(facts: &Facts<'_>, all: &mut Vec<Thing>) {
    for (_, it) in facts.model.resources_of(ResourceMode::Managed, "aws_codebuild_project") {
        let is_stored = at(&it.body, "source.type").iter().any(|kind| kind.as_str() == Some("S3"));
        let source = at(&it.body, "source.location").into_iter().next().filter(|_| is_stored);
        let role = at(&it.body, "service_role").first().and_then(|written| role_behind(facts, written));
        if let (Some(role), Some(object)) = (role, source.and_then(|source| object(facts, &source, None))) {
            all.push(thing(it, role, object));
        }
    }
}

/// Pipelines hand what they take from a bucket, and what they keep in their own, to builds and stacks.
fn pipelines(facts: &Facts<'_>, all: &mut Vec<Thing>) {
    for (_, it) in facts.model.resources_of(ResourceMode::Managed, "aws_codepipeline") {
        let actions = at(&it.body, "stage.action");
        let mut objects = Vec::new();
        for action in &actions {
            let is_source = at(action, "provider").iter().any(|provider| provider.as_str() == Some("S3"))
                && at(action, "category").iter().any(|category| category.as_str() == Some("Source"));
            let bucket = at(action, "configuration.S3Bucket").into_iter().next().filter(|_| is_source);
            let key = at(action, "configuration.S3ObjectKey").into_iter().next();
            objects.extend(bucket.zip(key).and_then(|(bucket, key)| object(facts, &bucket, Some(&key))));
        }
        let kept = at(&it.body, "artifact_store.location").into_iter().next();
        let inside = Value::text("", crate::value::Origin::none());
        if let Some(mut store) = kept.and_then(|store| object(facts, &store, Some(&inside))) {
            store.push(Symbol::Hole(shared_hole("artifact", &it.head.name)));
            objects.push(store);
        }
        for role in takers(facts, &actions) {
            all.extend(objects.iter().map(|object| thing(it, role, object.clone())));
        }
    }
}

/// The roles that work on what a pipeline hands on.
fn takers(facts: &Facts<'_>, actions: &[Value]) -> Vec<Id<Role>> {
    let mut roles = Vec::new();
    for action in actions {
        let named = at(action, "configuration.RoleArn");
        roles.extend(named.first().and_then(|written| role_behind(facts, written)));
        let Some(project) = at(action, "configuration.ProjectName").first().and_then(|name| symbols_of(facts, name))
        else {
            continue;
        };
        for (_, it) in facts.model.resources_of(ResourceMode::Managed, "aws_codebuild_project") {
            let name = at(&it.body, "name").first().and_then(|name| symbols_of(facts, name));
            if name.is_some_and(|name| name == project) {
                let role = at(&it.body, "service_role").first().and_then(|written| role_behind(facts, written));
                roles.extend(role);
            }
        }
    }
    roles.sort_unstable_by_key(|role| role.index);
    roles.dedup();
    roles
}
