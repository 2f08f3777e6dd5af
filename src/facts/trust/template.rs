//! Subjects of a repository's own choice: the claims that a template lists, and what a trust pattern says of each.

use super::subject::{Context, Reach, Subject, Tenant, Width, context, is_wild, position, strip, width};
use crate::facts::permit::pattern::{Pattern, Symbol};
use crate::model::{Model, Resource};
use crate::value::{Kind, Value};

/// The claims of which the subjects here are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Template {
    /// `repo:OWNER/NAME:CONTEXT`.
    Usual,
    /// `CLAIM:VALUE` joined by colons, in this order.
    Claims(Vec<String>),
    /// There is one of its own, and nobody can say which.
    Hidden,
}

/// What the configuration says, else what Terraform sets for the repository.
pub(super) fn template(model: &Model) -> Template {
    for (_, repository) in model.pipeline.repositories.iter() {
        match repository.subject_form.as_str() {
            Some("custom") => {
                let keys = repository.subject_keys.value().as_list();
                let keys = keys.and_then(|list| list.items.iter().map(|key| key.as_str().map(str::to_owned)).collect());
                return keys.map_or(Template::Hidden, Template::Claims);
            }
            Some(_) => return Template::Usual,
            None => {}
        }
    }
    in_terraform(model)
}

/// Whether Terraform asks for subjects with ids.
pub(super) fn asks_for_ids(model: &Model) -> bool {
    let asked = |resource: &Resource| {
        let value = resource.body.as_map().and_then(|body| body.entries.get("use_immutable_subject"));
        value.is_some_and(|value| matches!(value.kind, Kind::Bool(true)))
    };
    of_type(model, OF_REPOSITORY).chain(of_type(model, OF_ORGANIZATION)).any(asked)
}

const OF_REPOSITORY: &str = "github_actions_repository_oidc_subject_claim_customization_template";
const OF_ORGANIZATION: &str = "github_actions_organization_oidc_subject_claim_customization_template";

fn of_type<'m>(model: &'m Model, type_name: &'static str) -> impl Iterator<Item = &'m Resource> {
    let resources = model.resources.resources.iter().map(|(_, resource)| resource);
    resources.filter(move |resource| &*resource.type_name == type_name)
}

/// The template of the organization holds only for repositories that opted into it.
fn in_terraform(model: &Model) -> Template {
    let own_name = model.pipeline.repositories.iter().find_map(|(_, repository)| repository.name.as_str());
    let own_name = own_name.map(|name| name.rsplit('/').next().unwrap_or(name));
    let mut found: Vec<Template> = of_type(model, OF_REPOSITORY)
        .filter(|resource| {
            let repository = attribute(resource, "repository").and_then(Value::as_str);
            !matches!((repository, own_name), (Some(written), Some(own)) if written != own)
        })
        .map(|resource| match attribute(resource, "use_default").map(|value| &value.kind) {
            Some(Kind::Bool(true)) => Template::Usual,
            Some(Kind::Bool(false)) => match claims(resource) {
                Template::Usual => of_type(model, OF_ORGANIZATION).next().map_or(Template::Hidden, claims),
                own => own,
            },
            Some(_) | None => Template::Hidden,
        })
        .collect();
    found.sort_by_key(|template| matches!(template, Template::Usual));
    found.dedup();
    match found.as_slice() {
        [] => Template::Usual,
        [one] => one.clone(),
        _ => Template::Hidden,
    }
}

fn attribute<'m>(resource: &'m Resource, name: &str) -> Option<&'m Value> {
    resource.body.as_map()?.entries.get(name)
}

/// The claims of a resource; the usual template where it lists none.
fn claims(resource: &Resource) -> Template {
    let Some(written) = attribute(resource, "include_claim_keys") else { return Template::Usual };
    match written.as_list() {
        Some(list) if list.items.is_empty() && list.open.is_none() => Template::Usual,
        Some(list) if list.open.is_none() => {
            let keys: Option<Vec<String>> = list.items.iter().map(|key| key.as_str().map(str::to_owned)).collect();
            keys.map_or(Template::Hidden, Template::Claims)
        }
        Some(_) | None => Template::Hidden,
    }
}

/// What a pattern says of each claim, as far as it goes: a wildcard swallows what follows.
fn values<'k, 's>(keys: &'k [String], symbols: &'s [Symbol]) -> Vec<(&'k str, &'s [Symbol])> {
    let mut found = Vec::new();
    let mut rest = symbols;
    for (index, key) in keys.iter().enumerate() {
        if key != "context" {
            let Some(value) = strip(rest, &format!("{key}:")) else { return found };
            rest = value;
        }
        let Some(next) = keys.get(index + 1) else {
            found.push((key.as_str(), rest));
            return found;
        };
        let end = match next.as_str() {
            "context" => position(rest, ':'),
            next => find(rest, &format!(":{next}:")),
        };
        let Some(end) = end else {
            found.push((key.as_str(), rest));
            return found;
        };
        found.push((key.as_str(), &rest[..end]));
        rest = &rest[end + 1..];
    }
    found
}

fn find(symbols: &[Symbol], literal: &str) -> Option<usize> {
    (0..symbols.len()).find(|start| strip(&symbols[*start..], literal).is_some())
}

/// How far a pattern over these claims reaches.
pub(super) fn subject(keys: &[String], symbols: &[Symbol]) -> Subject {
    let values = values(keys, symbols);
    let value = |wanted: &str| values.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
    let is_fixed = |wanted: &str| value(wanted).is_some_and(|value| !value.is_empty() && !has_wildcard(value));
    let by_repository = value("repo").or(value("repository")).map(|value| {
        let slash = position(value, '/');
        match slash.map(|slash| (width(&value[..slash]), width(&value[slash + 1..]))) {
            None | Some((Width::Wild, _)) => Tenant::Anyone,
            Some((_, Width::Wild)) => Tenant::Owner,
            Some((Width::WithId, Width::WithId)) => Tenant::Pinned,
            Some(_) => Tenant::Repository,
        }
    });
    let is_pinned = ["repository_id", "workflow_ref", "job_workflow_ref"].iter().any(|key| is_fixed(key));
    let is_owned = ["repository_owner", "repository_owner_id"].iter().any(|key| is_fixed(key));
    let tenant = match (by_repository, is_pinned, is_owned) {
        (Some(tenant @ (Tenant::Pinned | Tenant::Repository)), _, _) => tenant,
        (_, true, _) => Tenant::Repository,
        (Some(Tenant::Owner), false, _) | (_, false, true) => Tenant::Owner,
        (Some(Tenant::Anyone | Tenant::Custom) | None, false, false) => Tenant::Anyone,
    };
    Subject { tenant, context: context_of(&value, &is_fixed) }
}

/// How far a subject of another issuer reaches, by the claims that it is made of: a path of a group and its project, or an
/// organization and what is below it.
pub(super) fn reach_of_other<'s>(keys: &[&str], symbols: &'s [Symbol]) -> Option<Reach> {
    let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    // What a wildcard swallowed begins behind a colon.
    let cut = |value: &'s [Symbol]| &value[..position(value, ':').unwrap_or(value.len())];
    let found: Vec<(&str, &[Symbol])> =
        values(&keys, symbols).into_iter().map(|(key, value)| (key, cut(value))).collect();
    let Some((key, tenant)) = found.first() else {
        let is_open = symbols.first().is_none_or(is_wild);
        return is_open.then_some(Reach::Anyone);
    };
    let is_path = key.ends_with("_path");
    let group = if is_path { &tenant[..position(tenant, '/').unwrap_or(tenant.len())] } else { tenant };
    if has_wildcard(group) {
        return Some(Reach::Anyone);
    }
    let below = found.get(1).map(|(_, value)| *value);
    let is_any_below = match is_path {
        true => has_wildcard(tenant),
        false => below.is_none_or(has_wildcard),
    };
    if is_any_below {
        return Some(Reach::Owner);
    }
    let is_hidden = |value: &[Symbol]| value.iter().any(|symbol| matches!(symbol, Symbol::Hole(_)));
    if found.iter().any(|(_, value)| is_hidden(value)) {
        return None;
    }
    let branch = found.iter().find(|(key, _)| *key == "ref").map(|(_, value)| *value);
    match (is_path, branch) {
        (true, None) => Some(Reach::Repository),
        (_, Some(branch)) if has_wildcard(branch) => Some(Reach::Kind),
        (_, _) => Some(Reach::One),
    }
}

/// The narrowest of the claims that say where a run comes from.
fn context_of<'s>(value: &dyn Fn(&str) -> Option<&'s [Symbol]>, is_fixed: &dyn Fn(&str) -> bool) -> Context {
    if is_fixed("job_workflow_ref") || is_fixed("workflow_ref") {
        return Context::Workflow;
    }
    if is_fixed("environment") {
        return Context::Environment;
    }
    if let Some(written) = value("ref") {
        let with_key: Vec<Symbol> = "ref:".chars().map(Symbol::Literal).chain(written.iter().copied()).collect();
        return context(&with_key);
    }
    value("context").map_or(Context::Anything, context)
}

fn has_wildcard(symbols: &[Symbol]) -> bool {
    Pattern::of(symbols.to_vec()).has_wildcard()
}

#[cfg(test)]
mod tests {
    use super::super::subject::Reach;
    use super::{reach_of_other, subject};
    use crate::facts::permit::pattern::{Case, Pattern, Reading};

    fn check(keys: &[&str], text: &str, expected: Reach) {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let pattern = Pattern::parse(text, Reading::Glob, Case::Kept);
        assert_eq!(subject(&keys, pattern.symbols()).reach(), Some(expected), "{keys:?} {text}");
    }

    #[test]
    fn how_far_a_subject_of_ones_own_reaches() {
        let by_workflow = ["repo", "context", "job_workflow_ref"];
        check(
            &by_workflow,
            "repo:o/r:environment:prod:job_workflow_ref:o/w/.github/workflows/x.yml@refs/heads/main",
            Reach::Pinned,
        );
        check(&by_workflow, "repo:o/r:*", Reach::Repository);
        check(&["repo", "ref"], "repo:o/r:ref:refs/heads/main", Reach::One);
        check(&["repo", "ref"], "repo:o@1/r@2:ref:refs/heads/main", Reach::Pinned);
        check(&["environment", "repo"], "environment:prod:repo:o/r", Reach::One);
        check(&["environment"], "environment:prod", Reach::Anyone);
        check(&["repository_owner", "environment"], "repository_owner:o:environment:prod", Reach::Owner);
        check(&["repository_id", "ref"], "repository_id:1:ref:*", Reach::Kind);
        check(&["actor", "repo"], "actor:ann:*", Reach::Anyone);
    }

    #[test]
    fn how_far_other_issuers_reach() {
        let check = |keys: &[&str], text: &str, expected: Reach| {
            let pattern = Pattern::parse(text, Reading::Glob, Case::Kept);
            assert_eq!(reach_of_other(keys, pattern.symbols()), Some(expected), "{text}");
        };
        let gitlab = ["project_path", "ref_type", "ref"];
        check(&gitlab, "project_path:group/app:ref_type:branch:ref:main", Reach::One);
        check(&gitlab, "project_path:group/app:ref_type:branch:ref:*", Reach::Kind);
        check(&gitlab, "project_path:group/app:*", Reach::Repository);
        check(&gitlab, "project_path:group/*:ref_type:branch:ref:main", Reach::Owner);
        check(&gitlab, "project_path:*", Reach::Anyone);
        let terraform = ["organization", "project", "workspace", "run_phase"];
        check(&terraform, "organization:acme:project:app:workspace:prod:run_phase:apply", Reach::One);
        check(&terraform, "organization:acme:project:app:workspace:prod:run_phase:*", Reach::One);
        check(&terraform, "organization:acme:*", Reach::Owner);
        check(&terraform, "organization:acme:project:*:workspace:*:run_phase:*", Reach::Owner);
        check(&terraform, "organization:*:project:app:workspace:prod:run_phase:apply", Reach::Anyone);
        check(&["organization", "pipeline", "ref"], "organization:acme:pipeline:*", Reach::Owner);
    }
}
