//! The change that leaves a principal with what it needs: its policies, where they are resources of their own in one file,
//! become one policy.

use super::{NeedSet, PolicyDocument};
use crate::model::identity::{IamUser, Role};
use crate::model::{AnyId, Model, Resource, ResourceMode};
use crate::source::Span;
use crate::value::Value;

/// Resources that give a policy to a role or a user, with the argument that names it.
const GIVING: [(&str, &str); 4] = [
    ("aws_iam_role_policy", "role"),
    ("aws_iam_role_policy_attachment", "role"),
    ("aws_iam_user_policy", "user"),
    ("aws_iam_user_policy_attachment", "user"),
];

/// The spans that go and the texts that come; nothing where other files or other principals have a part in it.
pub(super) fn edits(model: &Model, id: AnyId, set: &NeedSet, n_policies: usize) -> Vec<(Span, String)> {
    let nothing = Vec::new();
    if !set.open.is_empty() {
        return nothing;
    }
    let Some(own) = model.head(id).terraform.clone() else { return nothing };
    let giving: Vec<&Resource> =
        GIVING.iter().flat_map(|(kind, argument)| given_by(model, id, kind, argument)).collect();
    let is_plain = |resource: &&Resource| {
        let address = resource.head.terraform.as_ref().map(|reference| &*reference.address);
        address.is_some_and(|address| !address.contains('[') && !address.starts_with("module."))
    };
    let file = model.head(id).span.file;
    let fits = giving.len() == n_policies
        && giving.iter().all(is_plain)
        && giving.iter().all(|resource| resource.head.block.file == file)
        && !own.address.contains('[')
        && !own.address.starts_with("module.");
    let Some((first, others)) = giving.split_first().filter(|_| fits) else { return nothing };
    let name = own.address.rsplit('.').next().unwrap_or("policy");
    let document = PolicyDocument::of(&free_name(model, &own.root, "data.aws_iam_policy_document", name), set);
    let mut edits = vec![(first.head.block, replacement(model, id, &own.address, &own.root, name, &document))];
    edits.extend(others.iter().map(|resource| (resource.head.block, String::new())));
    edits.sort_by_key(|(span, _)| *span);
    edits
}

/// The resources that name the principal, by reference or by the name that it has.
fn given_by<'m>(model: &'m Model, id: AnyId, kind: &'m str, argument: &'m str) -> impl Iterator<Item = &'m Resource> {
    let name = match (id.typed::<Role>(), id.typed::<IamUser>()) {
        (Some(role), _) => model[role].name.as_str(),
        (_, Some(user)) => model[user].name.as_str(),
        (None, None) => None,
    };
    model.resources_of(ResourceMode::Managed, kind).map(|(_, resource)| resource).filter(move |resource| {
        let named = resource.body.as_map().and_then(|body| body.entries.get(argument)).and_then(Value::as_text);
        let reference = named.as_ref().and_then(|text| text.holes().next()).and_then(Value::as_reference);
        let by_name = name.is_some() && named.as_ref().and_then(|text| text.known()) == name;
        by_name || reference.is_some_and(|reference| model.resolve(reference).contains(&id))
    })
}

fn replacement(model: &Model, id: AnyId, address: &str, root: &str, name: &str, document: &PolicyDocument) -> String {
    let (kind, argument) = match id.typed::<Role>() {
        Some(_) => ("aws_iam_role_policy", "role"),
        None => ("aws_iam_user_policy", "user"),
    };
    let attribute = if argument == "role" { "id" } else { "name" };
    let own = free_name(model, root, kind, &format!("{name}_needs"));
    let width = argument.len().max("policy".len());
    format!(
        "{}\nresource \"{kind}\" \"{own}\" {{\n  {argument:<width$} = {address}.{attribute}\n  {:<width$} = data.aws_iam_policy_document.{}.json\n}}",
        document.terraform(),
        "policy",
        document.name,
    )
}

/// The name, or one with a number behind it that nothing has yet.
fn free_name(model: &Model, root: &str, kind: &str, name: &str) -> String {
    let type_name = kind.trim_start_matches("data.");
    let mode = if kind.starts_with("data.") { ResourceMode::Data } else { ResourceMode::Managed };
    let taken: Vec<&str> = model
        .resources_of(mode, type_name)
        .filter_map(|(_, resource)| resource.head.terraform.as_ref())
        .filter(|reference| &*reference.root == root)
        .map(|reference| &*reference.address)
        .collect();
    let is_free = |name: &str| {
        let address = format!("{kind}.{name}");
        !taken.iter().any(|known| *known == address || known.starts_with(&format!("{address}[")))
    };
    let mut found = name.to_owned();
    let mut number = 2;
    while !is_free(&found) {
        found = format!("{name}_{number}");
        number += 1;
    }
    found
}
