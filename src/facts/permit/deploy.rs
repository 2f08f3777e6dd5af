//! The blast radius of roles that deploy: which roles they pass on, which images and states they may replace, which roles
//! they make, and who else holds them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::condition::{Context, KeyState};
use super::escalate::{Power, Powers};
use super::passes::{covers_all_roles, passed_roles, resource_span};
use super::pattern::Pattern;
use super::power::has_power;
use super::principal::{Granted, Grants, Source, kind};
use super::roles::{Carriers, RolesByName};
use super::statement::Question;
use super::takeover::{
    TASKS, is_folder, is_same_root, passes_by_name, reaches, replaces_tasks, runs_movable_tag, service_resource,
    state_object,
};
use super::trusted::Trusts;
use crate::facts::trust::asking::Uses;
use crate::facts::{Analysis, Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::Role;
use crate::model::image::Repository;
use crate::model::pipeline::Step;
use crate::model::terraform::Backend;
use crate::model::workload::Task;
use crate::model::{Id, Model, Reading};
use crate::source::Place;

facts! {
    Role {
        /// Whether it deploys tasks and may give them roles of other tasks.
        passes_more_than_it_deploys: Flag = passes_more_than_it_deploys,
        /// Whether it makes roles or gives them permissions, and nothing bounds what they may do.
        makes_roles_without_boundary: Flag = makes_roles_without_boundary,
        /// Whether jobs and tasks have it, or unlike services.
        is_shared_by_ci_and_tasks: Flag = is_shared_by_ci_and_tasks,
    }
    Repository {
        /// Whether somebody who may push to it, and may not pass roles, decides what a task with a role runs.
        runs_as_task_role: Flag = runs_as_task_role,
    }
    Backend {
        /// Whether a role that applies nothing may replace the state.
        is_written_by_others: Flag = is_written_by_others,
        /// Whether a role that neither plans nor applies may read the state, with every secret in it.
        is_read_by_others: Flag = is_read_by_others,
    }
}

fn nothing(model: &Model, id: Id<Role>) -> Fact {
    Fact::no(vec![Place::new(model[id].head.span, "")])
}

/// The services that somebody may deploy.
struct Services {
    all: Vec<Deployable>,
    by_root: BTreeMap<Arc<str>, Vec<usize>>,
}

struct Deployable {
    task: Id<Task>,
    resource: Pattern,
}

impl Analysis for Services {
    fn compute(facts: &Facts<'_>) -> Services {
        let model = facts.model;
        let mut services = Services { all: Vec::new(), by_root: BTreeMap::new() };
        for (_, service) in model.workload.services.iter() {
            let (Some(task), Some(name)) = (service.task.id(), service.name.value().as_text()) else { continue };
            let cluster = service.cluster.id().and_then(|cluster| model[cluster].name.value().as_text());
            if let Some(reference) = &service.head.terraform {
                services.by_root.entry(reference.root.clone()).or_default().push(services.all.len());
            }
            services.all.push(Deployable { task, resource: service_resource(cluster.as_ref(), &name) });
        }
        services
    }
}

/// The tasks that a role deploys, as far as its grants or the jobs that use it name them.
fn deployed_tasks(facts: &Facts<'_>, id: Id<Role>, granted: &Granted) -> Vec<(Id<Task>, Tri)> {
    let model = facts.model;
    let services = facts.analysis::<Services>();
    let reached = |service: &Deployable| {
        let tri = reaches(granted, "ecs:UpdateService", &service.resource);
        (tri != Tri::False).then_some((service.task, tri))
    };
    // Copies of one stack call their services the same: those of the role's own root are meant, if there are any.
    let own = granted.root.as_ref().and_then(|root| services.by_root.get(root));
    let mut tasks: Vec<(Id<Task>, Tri)> =
        own.into_iter().flatten().filter_map(|index| reached(&services.all[*index])).collect();
    if tasks.is_empty() {
        tasks.extend(services.all.iter().filter_map(reached));
    }
    let uses = facts.analysis::<Uses>();
    for (_, credential) in uses.of_role(model, id) {
        for deployment in credential.job.id().into_iter().flat_map(|job| model[job].deployments.ids()) {
            let family = model[deployment].definition.as_str();
            let deployed = family.map_or(&[][..], |family| facts.index().of_family(family));
            tasks.extend(deployed.iter().map(|id| (*id, Tri::True)));
        }
    }
    tasks
}

fn passes_more_than_it_deploys(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let model = facts.model;
    let grants = facts.analysis::<Grants>();
    let powers = facts.analysis::<Powers>();
    let Some(granted) = grants.of(id) else { return nothing(model, id) };
    let replaces = replaces_tasks(granted);
    if replaces == Tri::False || powers.of(id).is_some_and(|of| of.is_administrator == Tri::True) {
        return nothing(model, id);
    }
    let passed = passed_to_tasks(facts, id, granted);
    if passed.is_empty() {
        return nothing(model, id);
    }
    let deployed = deployed_tasks(facts, id, granted);
    let unknown = |what: &str| Fact::unknown(Reason::at("no-value", what, model[id].head.span));
    if deployed.is_empty() {
        return unknown("the services that it deploys");
    }
    let own: Vec<Id<Role>> = deployed
        .iter()
        .flat_map(|(task, _)| [model[*task].task_role.id(), model[*task].execution_role.id()])
        .flatten()
        .collect();
    let carriers = facts.analysis::<Carriers>();
    let strength = |role: &Id<Role>| powers.of(*role).map(|of| of.power).unwrap_or(Power::None);
    let is_used = |role: &Id<Role>| {
        strength(role) == Power::Administrator
            || !carriers.tasks(*role).is_empty()
            || !carriers.starting(*role).is_empty()
    };
    let mut extra: Vec<&(Id<Role>, Tri)> =
        passed.iter().filter(|(role, _)| !own.contains(role) && is_used(role)).collect();
    extra.sort_by_key(|(role, _)| strength(role));
    // What one policy of AWS or a wildcard passes is told of the attachment, and of the wildcard.
    let sure = extra.iter().filter(|(_, tri)| *tri == Tri::True);
    let told = sure.filter_map(|(role, _)| Some((*role, pass_place(facts, granted, *role)?))).next_back();
    let knows_tasks = replaces == Tri::True && deployed.iter().any(|(_, tri)| *tri == Tri::True);
    match told {
        Some((role, place)) if knows_tasks => {
            let head = &model[role].head;
            let words = format!("`{}` is no role of the tasks that it deploys", head.name);
            Fact::yes(vec![place, Place::new(head.span, words)])
        }
        Some(_) => unknown("the services that it deploys"),
        None if extra.iter().any(|(_, tri)| *tri == Tri::Unknown) => unknown("the roles that it passes"),
        None => nothing(model, id),
    }
}

/// The roles of its root that it passes to tasks, or may.
fn passed_to_tasks(facts: &Facts<'_>, id: Id<Role>, granted: &Granted) -> Vec<(Id<Role>, Tri)> {
    let model = facts.model;
    let trusts = facts.analysis::<Trusts>();
    let candidates = facts.analysis::<RolesByName>().candidates(granted, "iam:PassRole");
    let is_near = |role: &Id<Role>| *role != id && is_same_root(model, granted.root.as_deref(), *role);
    let passed = |role: Id<Role>| match trusts.trusts_service(role, TASKS) {
        Tri::False => (role, Tri::False),
        trusted => (role, trusted.and(passes_by_name(model, granted, role, TASKS))),
    };
    candidates.into_iter().filter(is_near).map(passed).filter(|(_, tri)| *tri != Tri::False).collect()
}

/// The resource that covers a role.
fn pass_place(facts: &Facts<'_>, granted: &Granted, role: Id<Role>) -> Option<Place> {
    let model = facts.model;
    granted.set.statements.iter().zip(&granted.sources).find_map(|(statement, source)| match source {
        Source::Written(written) => {
            if statement.names_action(&super::actions::listed("iam:PassRole")) == Tri::False {
                return None;
            }
            let (_, index) = passed_roles(facts, statement).into_iter().find(|(passed, _)| *passed == role)?;
            if covers_all_roles(statement.resources.patterns.get(index)?) != Tri::False {
                return None;
            }
            Some(Place::new(resource_span(model, *written, index), "roles of other tasks can be passed, too"))
        }
        Source::Managed(_) => None,
    })
}

/// `CreateRole` with a policy of one's own is an administrator in effect, whatever the names of the roles.
fn makes_roles_without_boundary(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let model = facts.model;
    let grants = facts.analysis::<Grants>();
    let powers = facts.analysis::<Powers>();
    let Some(granted) = grants.of(id) else { return nothing(model, id) };
    let is_told = powers.of(id).is_some_and(|of| of.power == Power::Administrator);
    if is_told {
        return nothing(model, id);
    }
    let context = || Context::default().with_state("iam:PermissionsBoundary", KeyState::Absent);
    let ask = |action: &str| granted.grants(&Question::some(action, Pattern::anything()).in_context(context()));
    let gives = ["iam:AttachRolePolicy", "iam:PutRolePolicy"];
    let both = ask("iam:CreateRole").and(Tri::any(gives.into_iter().map(ask)));
    match both {
        Tri::True => {
            let all = ["iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy"];
            let mut places: Vec<Place> = all
                .iter()
                .filter(|action| ask(action) == Tri::True)
                .flat_map(|action| granted.places(model, action, &Question::some(action, Pattern::anything())))
                .collect();
            places.dedup_by_key(|place| place.span);
            Fact::yes(places)
        }
        Tri::Unknown => {
            let reason = || Reason::at("scoped-by-condition", "iam:CreateRole", model[id].head.span);
            Fact::unknown(granted.open.clone().unwrap_or_else(reason))
        }
        Tri::False => nothing(model, id),
    }
}

/// Services that run code of others: what one of them runs has no business in what another one runs.
const COMPUTE: [&str; 8] = [
    "ecs-tasks.amazonaws.com",
    "ec2.amazonaws.com",
    "lambda.amazonaws.com",
    "codebuild.amazonaws.com",
    "glue.amazonaws.com",
    "sagemaker.amazonaws.com",
    "tasks.apprunner.amazonaws.com",
    "pods.eks.amazonaws.com",
];

fn is_shared_by_ci_and_tasks(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let model = facts.model;
    let uses = facts.analysis::<Uses>();
    let job = uses.of_role(model, id).into_iter().next().map(|(_, credential)| credential.head.span);
    let carriers = facts.analysis::<Carriers>();
    let task = carriers.tasks(id).iter().chain(carriers.starting(id)).min().map(|task| model[*task].head.span);
    if let (Some(job), Some(task)) = (job, task) {
        return Fact::yes(vec![
            Place::new(model[id].head.span, "jobs and tasks have this role"),
            Place::new(job, "this job asks for it"),
            Place::new(task, "this task has it"),
        ]);
    }
    let trusts = facts.analysis::<Trusts>();
    let Some(trust) = trusts.of(id) else { return nothing(model, id) };
    let mut names: Vec<&str> =
        COMPUTE.into_iter().filter(|service| trust.services.iter().any(|known| known == service)).collect();
    names.sort_unstable();
    match names.len() {
        0 | 1 if trust.is_open => Fact::unknown(Reason::at("no-value", "the trust", model[id].head.span)),
        0 | 1 => nothing(model, id),
        _ => Fact::yes(vec![Place::new(model[id].head.span, format!("{} have this role", names.join(" and ")))]),
    }
}

/// The tasks that run a tag of a repository that can be pushed again.
struct MovableTags {
    of: BTreeMap<u32, Vec<Id<Task>>>,
}

impl Analysis for MovableTags {
    fn compute(facts: &Facts<'_>) -> MovableTags {
        let mut of: BTreeMap<u32, Vec<Id<Task>>> = BTreeMap::new();
        for (_, container) in facts.model.workload.containers.iter() {
            if let Some((repository, task, _)) = runs_movable_tag(facts.model, container) {
                of.entry(repository.index).or_default().push(task);
            }
        }
        MovableTags { of }
    }
}

fn runs_as_task_role(facts: &Facts<'_>, id: Id<Repository>) -> Fact {
    let model = facts.model;
    let repository = &model[id];
    let span = repository.mutability.origin().span().unwrap_or(repository.head.span);
    let grants = facts.analysis::<Grants>();
    let powers = facts.analysis::<Powers>();
    let mut doubt = None;
    let tags = facts.analysis::<MovableTags>();
    for task in tags.of.get(&id.index).into_iter().flatten() {
        let Some(role) = model[*task].task_role.id() else { continue };
        let is_stronger = has_power(facts, role.into(), Power::Data);
        for (holder, path) in powers.leading_to(role) {
            let Some(granted) = grants.of(holder).filter(|_| path.path.id == "ecr-mutable-tag") else { continue };
            // Who may pass the role anyway, or holds everything, gains nothing by a push.
            let passes = passes_by_name(model, granted, role, TASKS);
            match (!passes).and(is_stronger).and(path.tri).and(Tri::from(kind(holder) != "group")) {
                Tri::True => {
                    let mut places = vec![Place::new(span, "a tag can be pushed again")];
                    places.extend(path.places.iter().cloned());
                    places.push(Place::new(model[role].head.span, "and has this role"));
                    return Fact::yes(places);
                }
                Tri::Unknown => {
                    doubt.get_or_insert_with(|| Reason::at("no-value", "the policies", model.head(holder).span));
                }
                Tri::False => {}
            }
        }
    }
    if let Reading::Unknown(reason) = repository.mutability.get() {
        doubt.get_or_insert(reason);
    }
    match doubt {
        Some(reason) => Fact::unknown(reason),
        None => Fact::no(vec![Place::new(span, "")]),
    }
}

/// A role that may do something with the state's object, and that no job here uses for Terraform.
fn touched_by(facts: &Facts<'_>, id: Id<Backend>, action: &str, words: &str, excused: &[&str]) -> Fact {
    let model = facts.model;
    let backend = &model[id];
    let nothing = || Fact::no(vec![Place::new(backend.head.span, "")]);
    let Some(object) = state_object(backend) else {
        return match (backend.kind.as_str(), backend.bucket_name.get(), backend.object_key.get()) {
            (Some("s3"), Reading::Unknown(reason), _) | (Some("s3"), _, Reading::Unknown(reason)) => {
                Fact::unknown(reason)
            }
            _ => nothing(),
        };
    };
    let grants = facts.analysis::<Grants>();
    let powers = facts.analysis::<Powers>();
    let uses = facts.analysis::<Uses>();
    let mut doubt = None;
    for (role, _) in model.identity.roles.iter() {
        let Some(granted) = grants.of(role) else { continue };
        if powers.of(role).is_some_and(|of| of.is_administrator == Tri::True) {
            continue;
        }
        let root = backend.root.id().and_then(|root| model[root].path.as_str());
        // Another root may be another account; a bucket that is named is meant.
        let is_near = match (root, granted.root.as_deref()) {
            (Some(root), Some(own)) => is_folder(root, own) || names_bucket(granted, action, backend),
            (_, _) => true,
        };
        let reached = reaches(granted, action, &object);
        if reached == Tri::False || !is_near {
            continue;
        }
        let jobs = uses.of_role(model, role);
        let runs_terraform = model.delivery.terraform_runs.iter().any(|(_, run)| {
            let verb = run.verb.as_str().unwrap_or("");
            jobs.iter().any(|(_, credential)| credential.job.id() == run.job.id()) && excused.contains(&verb)
        });
        if runs_terraform {
            continue;
        }
        // What a job runs from files that nobody reads here may be Terraform.
        let is_unread = jobs.iter().any(|(_, credential)| {
            let steps = credential.job.id().map(|job| model[job].steps.ids().collect::<Vec<_>>()).unwrap_or_default();
            steps.iter().any(|step| runs_unread(model, *step))
        });
        // A role that nobody here uses may be the one that somebody applies with.
        let trusts = facts.analysis::<Trusts>();
        let is_of_a_service = trusts.of(role).is_some_and(|trust| {
            !trust.services.is_empty() && !trust.has_aws && !trust.has_federated && !trust.is_open
        });
        if reached == Tri::Unknown || is_unread || (jobs.is_empty() && !is_of_a_service) {
            doubt.get_or_insert_with(|| Reason::at("no-value", "who uses the role", model[role].head.span));
            continue;
        }
        let question = Question::some(action, Pattern::anything());
        let mut places = vec![Place::new(backend.head.span, words)];
        places.extend(granted.places(model, action, &question).into_iter().take(1));
        places.push(Place::new(model[role].head.span, format!("`{}` may, and applies nothing", model[role].head.name)));
        return Fact::yes(places);
    }
    doubt.map_or_else(nothing, Fact::unknown)
}

/// A step whose commands lie in a file of the tree, or that sets Terraform up for others.
fn runs_unread(model: &Model, step: Id<Step>) -> bool {
    let executes = match model[step].executes.get() {
        Reading::Known(list) => !list.items.is_empty() || list.open.is_some(),
        Reading::Unknown(_) => true,
        Reading::Absent => false,
    };
    let text = model[step].uses.id().and_then(|uses| model[uses].text.as_str());
    let sets_up = text.is_some_and(|text| ["terraform", "tofu", "terragrunt"].iter().any(|name| text.contains(name)));
    executes || sets_up
}

/// Whether a resource of the grant names the bucket, and not only a wildcard that covers it.
fn names_bucket(granted: &Granted, action: &str, backend: &Backend) -> bool {
    let Some(bucket) = backend.bucket_name.as_str() else { return false };
    let question = Question::some(action, Pattern::anything());
    granted.set.granting(&question).any(|index| {
        let patterns = &granted.set.statements[index].resources.patterns;
        patterns.iter().any(|pattern| pattern.to_string().contains(&format!(":::{bucket}")))
    })
}

fn is_written_by_others(facts: &Facts<'_>, id: Id<Backend>) -> Fact {
    let words = "whoever writes it decides what the next apply does";
    touched_by(facts, id, "s3:PutObject", words, &["apply", "destroy", "import", "state"])
}

fn is_read_by_others(facts: &Facts<'_>, id: Id<Backend>) -> Fact {
    let words = "whoever reads it has every secret in it";
    touched_by(
        facts,
        id,
        "s3:GetObject",
        words,
        &["apply", "destroy", "import", "state", "plan", "init", "output", "refresh"],
    )
}
