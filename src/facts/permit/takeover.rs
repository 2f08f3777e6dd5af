//! Roles in view that a principal can get hold of by everyday actions: it runs something that has the role already, writes
//! what will run with it, or assumes it. Such a path counts only where the thing stands in this repository and the grant
//! covers it by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::accounts::names_caller;
use super::actions::listed;
use super::escalate::{Escalation, passed_to};
use super::passes::names_role;
use super::pattern::{Case, Extent, Pattern, Reading as How, Symbol};
use super::principal::{Granted, Grants, kind};
use super::roles::RolesByName;
use super::scope::resource_part;
use super::statement::{Effect, Question, Statement};
use super::trusted::{Trusts, arn_of, members};
use super::{artifact, carried};
use crate::data::paths::{self, EscalationPath};
use crate::facts::Facts;
use crate::facts::reach::host_admits_login;
use crate::facts::trust::asking::Uses;
use crate::logic::Tri;
use crate::model::identity::Role;
use crate::model::image::Repository;
use crate::model::terraform::Backend;
use crate::model::workload::{Container, Host, Task};
use crate::model::{AnyId, Id, Model, ResourceMode};
use crate::source::{Place, Span};
use crate::value::{Text, Value};

/// Something that a role can be had through.
pub(super) struct Thing {
    /// The id of the path.
    pub(super) path: &'static str,
    pub(super) role: Id<Role>,
    /// What stands after the account in the ARN that each action of the path names; nothing where anything will do.
    pub(super) resources: Vec<Option<Pattern>>,
    /// Whether the role can be had through it at all.
    pub(super) tri: Tri,
    pub(super) place: Place,
}

/// All ways of this kind, for all principals alike.
pub(super) struct Things {
    /// By the root that makes the role, where that is known.
    all: BTreeMap<Option<Arc<str>>, Vec<Thing>>,
    roles: Arc<RolesByName>,
}

impl Things {
    pub(super) fn new(facts: &Facts<'_>) -> Things {
        let model = facts.model;
        let mut found = Vec::new();
        tasks(model, &mut found);
        services(model, &mut found);
        functions(model, &mut found);
        carried::things(facts, &mut found);
        artifact::things(facts, &mut found);
        hosts(facts, &mut found);
        templates(model, &mut found);
        images(model, &mut found);
        states(facts, &mut found);
        let mut all: BTreeMap<Option<Arc<str>>, Vec<Thing>> = BTreeMap::new();
        for thing in found {
            all.entry(root_of(model, thing.role)).or_default().push(thing);
        }
        Things { all, roles: facts.analysis::<RolesByName>() }
    }

    /// What one principal can take over.
    pub(super) fn open_to(&self, model: &Model, id: AnyId, granted: &Granted, trusts: &Trusts) -> Vec<Escalation> {
        let mut found = Vec::new();
        // Most principals hold none of the actions: things are looked at one by one only where some may be done.
        let mut ways: BTreeMap<&str, Option<&'static EscalationPath>> = BTreeMap::new();
        for thing in self.near(granted.root.as_ref()).filter(|thing| AnyId::from(thing.role) != id) {
            let way = *ways.entry(thing.path).or_insert_with(|| way(granted, thing.path));
            let Some(path) = way else { continue };
            let asked = path.actions.iter().zip(thing.resources.iter().chain(std::iter::repeat(&None)));
            let reached = Tri::all(asked.map(|(action, resource)| match resource {
                Some(resource) => reaches(granted, action, resource),
                None => somehow(granted, action),
            }));
            let tri = reached.and(thing.tri);
            if tri == Tri::False {
                continue;
            }
            let mut places: Vec<Place> =
                path.actions.iter().flat_map(|action| where_granted(model, granted, action)).collect();
            places.dedup();
            places.truncate(2);
            places.push(thing.place.clone());
            found.push(Escalation { path, tri, target: Some(thing.role), places });
        }
        if kind(id) != "group" {
            found.extend(assumed(model, id, granted, &self.roles));
        }
        found.extend(deployed(model, id, granted, trusts, &self.roles));
        found
    }
}

impl Things {
    /// Those of one root, and those of which nobody knows the root.
    fn near(&self, root: Option<&Arc<str>>) -> impl Iterator<Item = &Thing> {
        let (own, all) = match root {
            Some(root) => (self.all.get(&Some(root.clone())).into_iter().chain(self.all.get(&None)), None),
            None => (None.into_iter().chain(None), Some(self.all.values())),
        };
        own.chain(all.into_iter().flatten()).flatten()
    }
}

/// The root that makes a role.
fn root_of(model: &Model, role: Id<Role>) -> Option<Arc<str>> {
    model[role].arn.value().as_reference().map(|reference| reference.root.clone())
}

/// The path of an id, if the principal may do each of its actions to something.
fn way(granted: &Granted, id: &str) -> Option<&'static EscalationPath> {
    let path = paths::all().iter().find(|path| path.id == id)?;
    path.actions.iter().all(|action| granted.set.names(&listed(action))).then_some(path)
}

/// Roots may be accounts of their own: what one grants reaches nothing of another that is called the same.
pub(super) fn is_same_root(model: &Model, root: Option<&str>, role: Id<Role>) -> bool {
    let other = model[role].arn.value().as_reference().map(|reference| &*reference.root);
    match (root, other) {
        (Some(root), Some(other)) => root == other,
        (_, None) | (None, _) => true,
    }
}

fn where_granted(model: &Model, granted: &Granted, action: &str) -> Vec<Place> {
    granted.places(model, action, &Question::some(action, Pattern::anything()))
}

pub(super) fn literal(text: &str) -> Vec<Symbol> {
    text.chars().map(Symbol::Literal).collect()
}

/// Literals and what is known of texts, one behind the other.
fn resource(before: &str, name: &Text, after: &str) -> Pattern {
    let mut symbols = literal(before);
    symbols.extend_from_slice(Pattern::new(name, How::Literal, Case::Kept, &|_| None).symbols());
    symbols.extend(literal(after));
    Pattern::of(symbols)
}

/// A task definition's family with a role for its containers.
fn tasks(model: &Model, all: &mut Vec<Thing>) {
    for (_, task) in model.workload.tasks.iter() {
        let (Some(role), Some(family)) = (task.task_role.id(), task.family.value().as_text()) else { continue };
        let place = Place::new(task.head.span, format!("`{}` runs with the role", task.head.name));
        all.push(Thing {
            path: "ecs-run-override",
            role,
            resources: vec![Some(resource("task-definition/", &family, ":1"))],
            tri: Tri::True,
            place,
        });
    }
}

/// A service whose containers can be entered.
fn services(model: &Model, all: &mut Vec<Thing>) {
    for (_, service) in model.workload.services.iter() {
        let role = service.task.id().and_then(|task| model[task].task_role.id());
        let cluster = service.cluster.id().and_then(|cluster| model[cluster].name.value().as_text());
        let (Some(role), Some(cluster), Tri::True) = (role, cluster, service.exec_enabled.tri()) else { continue };
        let task = resource("task/", &cluster, "/1");
        for (path, n_actions) in [("ecs-exec", 2), ("ssm-start-session", 1)] {
            let place =
                Place::new(service.head.span, format!("anybody with the permission enters `{}`", service.head.name));
            let resources = vec![Some(task.clone()); n_actions];
            all.push(Thing { path, role, resources, tri: Tri::True, place });
        }
    }
}

/// `service/CLUSTER/NAME`.
pub(super) fn service_resource(cluster: Option<&Text>, name: &Text) -> Pattern {
    let mut symbols = match cluster {
        Some(cluster) => resource("service/", cluster, "/").symbols().to_vec(),
        None => {
            let hidden = [Symbol::Hole(super::pattern::shared_hole("cluster", "")), Symbol::Literal('/')];
            literal("service/").into_iter().chain(hidden).collect()
        }
    };
    symbols.extend_from_slice(resource("", name, "").symbols());
    Pattern::of(symbols)
}

fn functions(model: &Model, all: &mut Vec<Thing>) {
    for (_, function) in model.workload.functions.iter() {
        let named = model
            .resources_of(ResourceMode::Managed, "aws_lambda_function")
            .find(|(_, resource)| resource.head.span == function.head.span)
            .and_then(|(_, resource)| resource.body.as_map()?.entries.get("function_name")?.as_text());
        let (Some(role), Some(name)) = (function.role.id(), named) else { continue };
        for path in ["lambda-update-code", "lambda-layer"] {
            let place = Place::new(function.head.span, format!("`{}` runs with the role", function.head.name));
            let resources = vec![Some(resource("function:", &name, ""))];
            all.push(Thing { path, role, resources, tri: Tri::True, place });
        }
    }
}

/// AWS gives an instance its id: only a grant on all of them is sure to cover it.
fn hosts(facts: &Facts<'_>, all: &mut Vec<Thing>) {
    let model = facts.model;
    let grants = facts.analysis::<Grants>();
    for (id, host) in model.workload.hosts.iter().filter(|(_, host)| host.kind.as_str() == Some("instance")) {
        let Some(role) = host.role.id() else { continue };
        let instance = with_assigned_id("instance/", "instance", &host.head.name);
        // Without this its agent comes in only where the whole account is set to let it.
        let registers = Question::some("ssm:UpdateInstanceInformation", Pattern::anything());
        let is_managed = grants.of(role).map_or(Tri::Unknown, |granted| granted.grants(&registers).or(Tri::Unknown));
        let ways: [(&'static str, Vec<Option<Pattern>>, Tri); 5] = [
            ("ssm-send-command", vec![Some(instance.clone())], is_managed),
            ("ssm-start-session", vec![Some(instance.clone())], is_managed),
            ("ssm-association", vec![Some(instance.clone())], is_managed),
            ("ec2-user-data", vec![Some(instance.clone()); 3], Tri::True),
            ("ec2-instance-connect", vec![Some(instance.clone()), None], host_admits_login(facts, id).tri),
        ];
        for (path, resources, tri) in ways {
            let place = Place::new(host.head.span, format!("`{}` has the role", host.head.name));
            all.push(Thing { path, role, resources, tri, place });
        }
    }
}

/// Templates of which groups of machines take whatever version is the default or the last.
fn templates(model: &Model, all: &mut Vec<Thing>) {
    for (_, group) in model.resources_of(ResourceMode::Managed, "aws_autoscaling_group") {
        for block in carried::at(&group.body, "launch_template") {
            let version = carried::at(&block, "version").into_iter().next();
            let moves = version.map_or(Tri::True, |version| match version.as_text() {
                Some(text) => Tri::any(["$Latest", "$Default"].map(|name| text.equals_str(name))),
                None => Tri::Unknown,
            });
            let named = ["id", "name"].iter().find_map(|name| carried::at(&block, name).into_iter().next());
            let reference = named.as_ref().and_then(Value::as_reference);
            let ids = reference.map_or(&[][..], |reference| model.resolve(reference));
            let Some(host) = ids.iter().find_map(|id| id.typed::<Host>()).map(|id| &model[id]) else { continue };
            let Some(role) = host.role.id().filter(|_| moves != Tri::False) else { continue };
            let template = with_assigned_id("launch-template/", "launch-template", &host.head.name);
            let place =
                Place::new(block.origin.span().unwrap_or(group.head.span), "the next machines take what it says");
            let resources = vec![Some(template); 2];
            all.push(Thing { path: "ec2-template-version", role, resources, tri: moves, place });
        }
    }
}

/// What has an id that AWS gives.
fn with_assigned_id(before: &str, kind: &str, name: &str) -> Pattern {
    let mut symbols = literal(before);
    symbols.push(Symbol::Hole(super::pattern::shared_hole(kind, name)));
    Pattern::of(symbols)
}

/// An image that a task runs by a tag that can be pushed again.
fn images(model: &Model, all: &mut Vec<Thing>) {
    for (_, container) in model.workload.containers.iter() {
        let Some((repository, task, tri)) = runs_movable_tag(model, container) else { continue };
        let (Some(role), Some(path)) = (model[task].task_role.id(), model[repository].path.value().as_text()) else {
            continue;
        };
        let span = container.image_name.origin().span().unwrap_or(container.head.span);
        let place = Place::new(span, format!("`{}` runs whatever has this tag", container.head.name));
        let resources = vec![Some(resource("repository/", &path, "")); 4];
        all.push(Thing { path: "ecr-mutable-tag", role, resources, tri, place });
    }
}

/// The repository whose tag a container runs, if the tag is known, and whether it may move.
pub(super) fn runs_movable_tag(model: &Model, container: &Container) -> Option<(Id<Repository>, Id<Task>, Tri)> {
    let image = &model[container.image.id()?];
    let repository = image.repository.id()?;
    image.tag.as_str()?;
    let moves = model[repository].mutability.equals("MUTABLE").and(!image.digest.is_present());
    (moves != Tri::False).then_some((repository, container.task.id()?, moves))
}

/// The state of a root that some role here applies.
fn states(facts: &Facts<'_>, all: &mut Vec<Thing>) {
    let model = facts.model;
    let uses = facts.analysis::<Uses>();
    for (_, backend) in model.terraform.backends.iter() {
        let (Some(resource), Some(root)) = (state_object(backend), backend.root.id()) else { continue };
        let path = model[root].path.as_str().unwrap_or("");
        for (id, credential) in model.pipeline.credentials.iter() {
            let (Some(role), Some(job)) = (uses.role_of(id), credential.job.id()) else { continue };
            let applies = model.delivery.terraform_runs.iter().any(|(_, run)| {
                run.job.id() == Some(job)
                    && run.changes_state.tri() == Tri::True
                    && run.directory.as_str().is_some_and(|folder| is_folder(folder, path))
            });
            if applies {
                let place = Place::new(backend.head.span, "whoever applies does what this state says");
                let resources = vec![Some(resource.clone())];
                all.push(Thing { path: "tf-state-write", role, resources, tri: Tri::True, place });
            }
        }
    }
}

pub(super) fn is_folder(a: &str, b: &str) -> bool {
    let bare = |folder: &str| folder.trim_start_matches("./").trim_matches('.').trim_matches('/').to_owned();
    bare(a) == bare(b)
}

/// `bucket/key` of a state in S3.
pub(super) fn state_object(backend: &Backend) -> Option<Pattern> {
    let bucket = backend.bucket_name.as_str().filter(|_| backend.kind.as_str() == Some("s3"))?;
    let key = backend.object_key.as_str()?;
    Some(Pattern::of(literal(&format!("{bucket}/{key}"))))
}

/// Whether some statement grants an action on a thing by its name, in whatever account and Region.
pub(super) fn reaches(granted: &Granted, action: &str, resource: &Pattern) -> Tri {
    let asked = listed(action);
    let by_statement = granted.set.statements.iter().map(|statement| match statement.effect {
        Some(Effect::Allow) => {
            let named = statement.names_action(&asked);
            if named == Tri::False {
                return Tri::False;
            }
            let context = super::condition::Context::default();
            named.and(covers(statement, resource)).and(statement.conditions_hold(&context, Extent::All))
        }
        Some(Effect::Deny) => Tri::False,
        None => Tri::Unknown,
    });
    let found = Tri::any(by_statement);
    if found == Tri::False {
        return Tri::False;
    }
    match granted.grants(&Question::some(action, Pattern::anything())) {
        Tri::False => Tri::False,
        Tri::True | Tri::Unknown => found,
    }
}

fn covers(statement: &Statement, resource: &Pattern) -> Tri {
    if statement.resources.is_negated {
        return Tri::Unknown;
    }
    Tri::any(statement.resources.patterns.iter().map(|pattern| {
        if pattern.is_everything() {
            return Tri::True;
        }
        match resource_part(pattern) {
            Some(part) => sure_or_hidden(&Pattern::of(part.to_vec()), resource),
            None => Tri::from(pattern.is_loose()).and(Tri::Unknown),
        }
    }))
}

/// Covers, or would if what is hidden were something that it may be.
fn sure_or_hidden(pattern: &Pattern, asked: &Pattern) -> Tri {
    match pattern.covers(asked) {
        Tri::False if (pattern.is_hidden() || asked.is_hidden()) && pattern.may_meet(asked) => Tri::Unknown,
        answer => answer,
    }
}

/// Roles whose trust names the holder or the account as a whole, and that the holder may assume by name.
fn assumed(model: &Model, id: AnyId, granted: &Granted, roles: &RolesByName) -> Vec<Escalation> {
    let Some(path) = paths::all().iter().find(|path| path.id == "assume-role") else { return Vec::new() };
    let own_name = model.head(id).name.clone();
    let mut found = Vec::new();
    let root = granted.root.as_deref();
    let is_other = |role: &Id<Role>| AnyId::from(*role) != id && is_same_root(model, root, *role);
    for role in roles.candidates(granted, "sts:AssumeRole").into_iter().filter(is_other) {
        let target = &model[role];
        let Some(name) = target.name.value().as_text() else { continue };
        let tri = reaches(granted, "sts:AssumeRole", &resource("role/", &name, ""));
        if tri == Tri::False {
            continue;
        }
        if let Some(span) = trusts_holder(model, target, granted, &own_name) {
            let mut places = where_granted(model, granted, "sts:AssumeRole");
            places.truncate(1);
            places.push(Place::new(span, format!("`{}` lets it in", target.head.name)));
            found.push(Escalation { path, tri, target: Some(role), places });
        }
    }
    found
}

/// Whether a role lets another role in that wants to assume it.
pub(in crate::facts) fn lets_in(facts: &Facts<'_>, target: Id<Role>, holder: Id<Role>) -> Tri {
    let model = facts.model;
    let grants = facts.analysis::<Grants>();
    let trusts = facts.analysis::<Trusts>();
    let (Some(granted), Some(trust)) = (grants.of(holder), trusts.of(target)) else { return Tri::Unknown };
    let name = model[holder].name.as_str();
    let names_holder = |value: &Value| {
        let text = value.as_text();
        let behind = text.as_ref().map_or("", |text| text.suffix());
        name.is_some_and(|name| behind.ends_with(&format!(":role/{name}")))
    };
    let statements = model[target].trust.id().into_iter().flat_map(|policy| model[policy].statements.ids());
    let is_plain = |id: &Id<crate::model::identity::Statement>| {
        let conditions = &model[*id].policy_conditions;
        model[*id].effect.as_str() == Some("Allow") && conditions.members.is_empty() && conditions.open.is_none()
    };
    let is_named = statements.filter(is_plain).any(|id| members(&model[id].aws_principals).iter().any(names_holder));
    let admits = trusts_holder(model, &model[target], granted, &model.head(holder.into()).name).is_some();
    match (is_named || admits, trust.has_aws || trust.is_open) {
        (true, _) => Tri::True,
        (false, true) => Tri::Unknown,
        (false, false) => Tri::False,
    }
}

/// The statement of a trust that surely admits the holder.
fn trusts_holder(model: &Model, target: &Role, granted: &Granted, own_address: &str) -> Option<Span> {
    let policy = target.trust.id()?;
    let statements = || model[policy].statements.ids();
    if statements().any(|id| model[id].effect.as_str() != Some("Allow")) {
        return None;
    }
    statements().find_map(|id| {
        let statement = &model[id];
        if !statement.policy_conditions.members.is_empty() || statement.policy_conditions.open.is_some() {
            return None;
        }
        let admits = members(&statement.aws_principals).into_iter().any(|value| {
            let is_reference = value
                .references()
                .iter()
                .any(|reference| *reference.address == *own_address && &*reference.path == "arn");
            let Some(text) = value.as_text() else { return false };
            let pattern = Pattern::new(&text, How::Literal, Case::Kept, &|hole| super::arn::unfold(model, hole));
            is_reference
                || pattern.covers(&granted.arn) == Tri::True
                || (text.suffix() == ":root" && names_caller(&value))
        });
        admits.then_some(statement.head.span)
    })
}

/// What every deploy role does: it passes roles to the tasks whose definition it replaces.
fn deployed(model: &Model, id: AnyId, granted: &Granted, trusts: &Trusts, roles: &RolesByName) -> Vec<Escalation> {
    let Some(path) = paths::all().iter().find(|path| path.id == "ecs-update-service") else { return Vec::new() };
    let replaces = replaces_tasks(granted);
    if replaces == Tri::False {
        return Vec::new();
    }
    let mut found = Vec::new();
    let root = granted.root.as_deref();
    let is_other = |role: &Id<Role>| AnyId::from(*role) != id && is_same_root(model, root, *role);
    for role in roles.candidates(granted, "iam:PassRole").into_iter().filter(is_other) {
        let passes = || passes_by_name(model, granted, role, TASKS);
        let tri = match trusts.trusts_service(role, TASKS) {
            Tri::False => continue,
            trusted => replaces.and(trusted).and(passes()),
        };
        if tri == Tri::False {
            continue;
        }
        let mut places = where_granted(model, granted, "iam:PassRole");
        places.truncate(1);
        found.push(Escalation { path, tri, target: Some(role), places });
    }
    found
}

pub(super) const TASKS: &str = "ecs-tasks.amazonaws.com";

/// Whether it may register a task definition and have it run.
pub(super) fn replaces_tasks(granted: &Granted) -> Tri {
    let deploys = ["ecs:UpdateService", "ecs:RunTask", "ecs:CreateService", "ecs:CreateTaskSet"];
    let may = |action: &str| somehow(granted, action);
    may("ecs:RegisterTaskDefinition").and(Tri::any(deploys.into_iter().map(may)))
}

/// Whether it may do something to something. What a condition scopes it may; what is hidden nobody knows.
fn somehow(granted: &Granted, action: &str) -> Tri {
    let asked = listed(action);
    if !granted.set.may_name(&asked) {
        return Tri::False;
    }
    let is_named = granted
        .set
        .speaking_of(&asked)
        .any(|(_, statement)| statement.effect == Some(Effect::Allow) && statement.names_action(&asked) == Tri::True);
    match granted.grants(&Question::some(action, Pattern::anything())) {
        Tri::False => Tri::False,
        Tri::True | Tri::Unknown => Tri::from(is_named).or(Tri::Unknown),
    }
}

/// Whether a role here may be passed to a service: by its ARN, or by its name in an ARN of some account.
pub(super) fn passes_by_name(model: &Model, granted: &Granted, role: Id<Role>, service: &str) -> Tri {
    let asked = listed("iam:PassRole");
    let arn = arn_of(model, role);
    let context = passed_to(service);
    let by_statement = granted.set.statements.iter().map(|statement| {
        let effect = match statement.effect {
            Some(Effect::Allow) => Tri::True,
            None => Tri::Unknown,
            Some(Effect::Deny) => return Tri::False,
        };
        let named = statement.names_action(&asked);
        if statement.resources.is_negated || named == Tri::False {
            return Tri::False;
        }
        let patterns = &statement.resources.patterns;
        let covered = Tri::any(patterns.iter().map(|pattern| match names_role(model, pattern, role) {
            true => Tri::True,
            false => sure_or_hidden(pattern, &arn),
        }));
        effect.and(named).and(covered).and(statement.conditions_hold(&context, Extent::All))
    });
    let found = Tri::any(by_statement);
    let question = Question::new("iam:PassRole", Pattern::anything(), Extent::Some, context.clone());
    match granted.grants(&question) {
        Tri::False => Tri::False,
        Tri::True | Tri::Unknown => found,
    }
}
