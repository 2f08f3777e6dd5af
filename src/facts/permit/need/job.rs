//! Needs of the jobs of workflows: what the steps behind a login ask for, up to the next login.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::call::{self, Call, Said};
use super::index::Index;
use super::known::account_in;
use super::scope::{Deployed, Surroundings};
use super::{Certainty, Need, NeedSet, Target, only_user};
use crate::data::needs::{self, NeedRow};
use crate::facts::Facts;
use crate::facts::permit::roles::RolesByName;
use crate::facts::permit::session::{Session, session_of};
use crate::facts::trust::asking::Uses;
use crate::logic::{Reason, Tri};
use crate::model::identity::Role;
use crate::model::pipeline::{Credential, Job, Step};
use crate::model::{AnyId, Id, Model, Reading};
use crate::source::{Place, Span};
use crate::value::Value;

pub(super) fn collect(facts: &Facts<'_>, of: &mut BTreeMap<AnyId, NeedSet>) {
    for job in facts.model.pipeline.jobs.ids() {
        of_job(facts, job, of);
    }
    unresolved(facts, of);
}

/// A login whose role nobody can tell may be any that jobs can have.
fn unresolved(facts: &Facts<'_>, of: &mut BTreeMap<AnyId, NeedSet>) {
    let model = facts.model;
    let is_role = |credential: &Credential| matches!(credential.kind.as_str(), Some("oidc_role" | "chained_role"));
    let lost = model.pipeline.credentials.iter().find(|(id, credential)| {
        let text = credential.role_reference.value().as_text();
        is_role(credential) && principal_of(facts, *id).is_none() && text.is_none_or(|text| text.known().is_none())
    });
    let Some((_, credential)) = lost else { return };
    for (id, set) in of.iter_mut() {
        if set.is_of_job && id.typed::<Role>().is_some() {
            set.open(Reason::at("role-not-known", "a login of another job", credential.head.span));
        }
    }
}

/// Who a login to AWS is.
pub(super) fn principal_of(facts: &Facts<'_>, id: Id<Credential>) -> Option<AnyId> {
    let model = facts.model;
    let credential = &model[id];
    match credential.kind.as_str()? {
        "oidc_role" => facts.analysis::<Uses>().role_of(id).map(AnyId::from),
        "chained_role" => named(facts, credential),
        // The keys are there to assume the role.
        "static_keys" if credential.role_reference.is_present() != Tri::False => named(facts, credential),
        "static_keys" if credential.is_for_aws.tri() != Tri::False => only_user(facts).map(AnyId::from),
        _ => None,
    }
}

/// The role here whose ARN a login writes.
fn named(facts: &Facts<'_>, credential: &Credential) -> Option<AnyId> {
    let text = credential.role_reference.value().as_text()?;
    let name = text.known()?.rsplit('/').next()?;
    facts.analysis::<RolesByName>().named(name).map(AnyId::from)
}

/// A login that counts at some step: who it is, if that is known.
#[derive(Clone)]
struct Held<'m> {
    principal: Option<(AnyId, Rc<Surroundings<'m>>)>,
    credential: Id<Credential>,
    /// What the login leaves of the principal.
    session: Option<Arc<Session>>,
    /// A script has gone on to another role, and nobody knows which of them its calls use.
    is_left: bool,
}

/// One call of a step, and what is known of it.
#[derive(Clone, Copy)]
struct Asked<'c> {
    call: &'c Call,
    deployed: &'c Deployed,
    certainty: Certainty,
    session: Option<&'c Arc<Session>>,
}

fn of_job(facts: &Facts<'_>, job: Id<Job>, of: &mut BTreeMap<AnyId, NeedSet>) {
    let model = facts.model;
    let logins: Vec<Id<Credential>> = model[job].credentials.ids().filter(|id| is_login(&model[*id])).collect();
    if logins.is_empty() {
        return;
    }
    let held = |id: Id<Credential>| Held {
        principal: principal_of(facts, id).map(|principal| with_surroundings(facts, principal, id)),
        credential: id,
        session: session_of(facts, id).map(Arc::new),
        is_left: false,
    };
    let mut now: Vec<Held<'_>> = logins.iter().filter(|id| !is_of_step(model, **id)).map(|id| held(*id)).collect();
    for step in model[job].steps.ids() {
        let own: Vec<Id<Credential>> =
            logins.iter().copied().filter(|id| is_of_step(model, *id) && model[*id].step.id() == Some(step)).collect();
        let is_action = model[step].uses.any().is_some();
        if is_action && !own.is_empty() {
            chained(facts, step, &now, &own, of);
            // A login that may be left out leaves the one before it.
            if model[step].condition.any().is_none() {
                now.clear();
            }
            now.extend(own.iter().map(|id| held(*id)));
            continue;
        }
        // Keys in the variables of one step count there and nowhere else.
        let here: Vec<Held<'_>> = if own.is_empty() { now.clone() } else { own.iter().map(|id| held(*id)).collect() };
        for one in &here {
            let assumed = of_step(facts, job, step, one, of);
            // What a script hands to the later steps may be what it assumed.
            if let Some(assumed) = assumed.filter(|_| hands_keys_on(model, step)) {
                now.iter_mut().for_each(|held| held.is_left = true);
                now.push(assumed);
            }
        }
    }
    for id in logins {
        if let Some(principal) = principal_of(facts, id) {
            let set = of.entry(principal).or_default();
            set.is_of_job = true;
            set.accounts.extend(account_in(&model[id].role_reference).map(str::to_owned));
            let place = Place::new(model[id].head.span, format!("job `{}` logs in", model[job].head.name));
            if !set.users.contains(&place) {
                set.users.push(place);
            }
        }
    }
}

fn is_login(credential: &Credential) -> bool {
    matches!(credential.kind.as_str(), Some("oidc_role" | "chained_role" | "static_keys"))
}

/// Whether a login is a step's, and not the whole job's.
fn is_of_step(model: &Model, id: Id<Credential>) -> bool {
    model[id].scope.as_str() == Some("step")
}

/// A role that is assumed with another one needs that one's permission.
fn chained(
    facts: &Facts<'_>,
    step: Id<Step>,
    now: &[Held<'_>],
    own: &[Id<Credential>],
    of: &mut BTreeMap<AnyId, NeedSet>,
) {
    let model = facts.model;
    let is_chained = own.iter().any(|id| model[*id].kind.as_str() == Some("chained_role"));
    let Some(source) = now.last().and_then(Held::id).filter(|_| is_chained) else { return };
    let mut call = Call::new("role chaining", model[step].head.span);
    if let Reading::Known(with) = model[step].with.get() {
        for (name, value) in &with.entries {
            call = call.with(&name.to_lowercase(), value.clone());
        }
    }
    let around = surroundings(facts, source, own.first().copied());
    let certainty = certainty_of(model, step);
    let session = now.last().and_then(|held| held.session.as_ref());
    let set = of.entry(source).or_default();
    of_call(&around, &Asked { call: &call, deployed: &Deployed::default(), certainty, session }, set);
}

impl Held<'_> {
    fn id(&self) -> Option<AnyId> {
        self.principal.as_ref().map(|(id, _)| *id)
    }
}

fn with_surroundings<'m>(
    facts: &Facts<'m>,
    principal: AnyId,
    credential: Id<Credential>,
) -> (AnyId, Rc<Surroundings<'m>>) {
    (principal, Rc::new(surroundings(facts, principal, Some(credential))))
}

fn surroundings<'m>(facts: &Facts<'m>, principal: AnyId, credential: Option<Id<Credential>>) -> Surroundings<'m> {
    let region = credential.and_then(|id| facts.model[id].region.value().as_text());
    Surroundings::new(facts, principal, region.as_ref())
}

/// Adds what a step asks for; returns the role that its script goes on to.
fn of_step<'m>(
    facts: &Facts<'m>,
    job: Id<Job>,
    step: Id<Step>,
    held: &Held<'m>,
    of: &mut BTreeMap<AnyId, NeedSet>,
) -> Option<Held<'m>> {
    let model = facts.model;
    let index = facts.analysis::<Index>();
    let certainty = certainty_of(model, step);
    let mut holders = vec![held.clone()];
    for said in call::of_step(model, &index, step) {
        match said {
            Said::Calls(calls) => {
                for call in calls {
                    let deployed = deployed(facts, &index, job, &call);
                    let certainty = if call.is_conditional { certainty.min(Certainty::Conditional) } else { certainty };
                    let certainty = match is_sure_image(model, &index, job, &call) {
                        Tri::True => certainty,
                        Tri::False | Tri::Unknown => Certainty::Perhaps,
                    };
                    let asked = Asked { call: &call, deployed: &deployed, certainty, session: None };
                    asked_by(&holders, &asked, of);
                    if let Some(next) = assumed(facts, held, &call) {
                        holders.iter_mut().for_each(|held| held.is_left = true);
                        holders.push(next);
                    }
                }
            }
            Said::Configuration(span) => each_set(&holders, of, |set| left_out(model, job, span, set)),
            Said::Unread(reason) => each_set(&holders, of, |set| set.open(reason.clone())),
        }
    }
    let certainty = certainty.min(Certainty::Conditional);
    for base in private_bases(model, &index, step) {
        let call = Call { is_conditional: true, ..Call::new("image pull", model[step].head.span) }.with("image", base);
        let asked = Asked { call: &call, deployed: &Deployed::default(), certainty, session: None };
        asked_by(&holders, &asked, of);
    }
    holders.pop().filter(|_| !holders.is_empty())
}

fn each_set(holders: &[Held<'_>], of: &mut BTreeMap<AnyId, NeedSet>, mut change: impl FnMut(&mut NeedSet)) {
    for principal in holders.iter().filter_map(Held::id) {
        change(of.entry(principal).or_default());
    }
}

/// Adds what a call asks for to all that may be meant.
fn asked_by(holders: &[Held<'_>], asked: &Asked<'_>, of: &mut BTreeMap<AnyId, NeedSet>) {
    for held in holders {
        let Some((principal, around)) = &held.principal else { continue };
        let certainty = if held.is_left { Certainty::Perhaps } else { asked.certainty };
        let set = of.entry(*principal).or_default();
        of_call(around, &Asked { certainty, session: held.session.as_ref(), ..*asked }, set);
    }
}

/// The role that `aws sts assume-role` leads to. Whether the script goes on with its keys is not known.
fn assumed<'m>(facts: &Facts<'m>, held: &Held<'m>, call: &Call) -> Option<Held<'m>> {
    if call.name != "aws sts assume-role" {
        return None;
    }
    let named = call.known("role-arn").and_then(|arn| arn.rsplit('/').next());
    let role = named.and_then(|name| facts.analysis::<RolesByName>().named(name));
    let principal = role.map(|role| with_surroundings(facts, role.into(), held.credential));
    Some(Held { principal, credential: held.credential, session: None, is_left: true })
}

/// Whether a script writes keys to where later steps find them.
fn hands_keys_on(model: &Model, step: Id<Step>) -> bool {
    let commands = model[step].commands.ids().map(|id| &model[id]);
    let mut writers =
        commands.filter(|it| matches!(it.program.as_str(), Some("echo" | "printf" | "cat" | "tee" | "jq")));
    writers.any(|command| match command.arguments.get() {
        Reading::Known(list) => {
            list.items.iter().any(|argument| argument.as_text().is_some_and(|text| text.contains("AWS_") != Tri::False))
        }
        Reading::Absent | Reading::Unknown(_) => true,
    })
}

fn left_out(model: &Model, job: Id<Job>, span: Span, set: &mut NeedSet) {
    let name = &model[job].head.name;
    if !set.left_out.iter().any(|(known, _)| known == name) {
        set.left_out.push((name.clone(), span));
        set.open(Reason::at("terraform-not-counted", format!("job `{name}`"), span));
    }
}

/// Whether a step surely runs whenever one kind of run of its job happens.
fn certainty_of(model: &Model, step: Id<Step>) -> Certainty {
    let Some(job) = model[step].job.id() else { return Certainty::Conditional };
    // What runs only when another step failed, or somebody stops the run, mostly does not.
    let condition = model[step].condition.id().and_then(|id| model[id].text.as_str());
    if condition.is_some_and(|text| text.contains("failure()") || text.contains("cancelled()")) {
        return Certainty::Conditional;
    }
    let surely = model[job].starts.ids().any(|id| {
        let start = &model[id];
        start.maybe.tri() == Tri::False && start.steps.ids().any(|it| it == step)
    });
    if surely { Certainty::Sure } else { Certainty::Conditional }
}

/// A registry that a hole names is AWS's where the job logs in to one of AWS.
fn is_sure_image(model: &Model, index: &Index, job: Id<Job>, call: &Call) -> Tri {
    let Some(image) = call.option("image") else { return Tri::True };
    let is_named = image.as_text().is_some_and(|text| text.contains(".dkr.ecr.") == Tri::True);
    if is_named {
        return Tri::True;
    }
    let logs_in = model[job].steps.ids().flat_map(|step| call::of_step(model, index, step)).any(|said| match said {
        Said::Calls(calls) => calls.iter().any(|call| LOGINS.contains(&&*call.name)),
        Said::Configuration(_) | Said::Unread(_) => false,
    });
    if logs_in { Tri::True } else { Tri::Unknown }
}

const LOGINS: [&str; 3] =
    ["aws-actions/amazon-ecr-login", "aws ecr get-login-password", "aws ecr get-authorization-token"];

/// The base images of what a step builds, as far as they may lie in a private registry.
fn private_bases(model: &Model, index: &Index, step: Id<Step>) -> Vec<Value> {
    let stages = index.builds(step).iter().flat_map(|build| model[*build].stages.ids());
    let images = stages.filter_map(|stage| model[stage].base_image.id());
    let is_private = |text: &&Value| text.as_text().is_some_and(|text| text.contains(".dkr.ecr.") == Tri::True);
    images.map(|image| model[image].text.value()).filter(is_private).cloned().collect()
}

/// The rows of the table that count for a call, as needs.
fn of_call(around: &Surroundings<'_>, asked: &Asked<'_>, set: &mut NeedSet) {
    let Asked { call, deployed, certainty, session } = *asked;
    let mut targets = Targets { around, call, deployed, known: Vec::new() };
    for row in needs::of_call(&call.name).unwrap_or_default() {
        let fits = Tri::all(row.when.iter().map(|when| call.fits(when)));
        let certainty = match fits {
            Tri::False => continue,
            Tri::Unknown => Certainty::Perhaps,
            Tri::True if row.is_sure => certainty,
            Tri::True => Certainty::Perhaps,
        };
        for target in targets.of(row.scope) {
            let place = Place::new(call.span, format!("needs {}", row.action));
            let cluster = cluster_of(&mut targets, row);
            let mut places = vec![place];
            places.extend(passed_at(around.model, row, &target, deployed));
            set.add(Need {
                action: row.action,
                target,
                group: row.group,
                passed_to: row.passed_to,
                cluster,
                certainty,
                sessions: session.map(|session| (session.clone(), certainty)).into_iter().collect(),
                places,
            });
        }
    }
}

/// What a call acts on. Most rows of a call name the same.
struct Targets<'a> {
    around: &'a Surroundings<'a>,
    call: &'a Call,
    deployed: &'a Deployed,
    known: Vec<(&'static str, Vec<Target>)>,
}

impl Targets<'_> {
    fn of(&mut self, scope: &'static str) -> Vec<Target> {
        if let Some((_, known)) = self.known.iter().find(|(known, _)| *known == scope) {
            return known.clone();
        }
        let found = self.around.targets(scope, self.call, self.deployed);
        self.known.push((scope, found.clone()));
        found
    }
}

/// Where the task definition names the role that is passed.
fn passed_at(model: &Model, row: &NeedRow, target: &Target, deployed: &Deployed) -> Vec<Place> {
    let mut found = Vec::new();
    if row.scope != "{roles}" {
        return found;
    }
    for id in &deployed.tasks {
        let task = &model[*id];
        for (written, words) in [(&task.execution_role_arn, "execution role"), (&task.task_role_arn, "task role")] {
            let is_it =
                written.as_str().is_none_or(|arn| target.expression.contains(arn.rsplit('/').next().unwrap_or(arn)));
            if let Some(span) = written.origin().span().filter(|_| written.is_present() != Tri::False && is_it) {
                found.push(Place::new(span, format!("the {words} that is passed")));
            }
        }
    }
    found
}

/// The cluster of a request of ECS that a condition may ask for.
fn cluster_of(targets: &mut Targets<'_>, row: &NeedRow) -> Option<Target> {
    let knows_key = crate::data::actions::find(row.action)
        .is_some_and(|(service, action)| service.keys_of(action).any(|key| key.name == "ecs:cluster"));
    if !knows_key {
        return None;
    }
    targets.of("arn:{P}:ecs:{R}:{A}:cluster/{cluster:default}").into_iter().next()
}

/// The task definition that a call names: a file, a family, or what an earlier step of the job read.
fn deployed(facts: &Facts<'_>, index: &Index, job: Id<Job>, call: &Call) -> Deployed {
    let model = facts.model;
    let written = ["task-definition", "cli-input-json", "family"].iter().find_map(|name| call.option(name));
    let mut found = written.map_or_else(Deployed::default, |value| named_definition(facts, index, job, value));
    if found.tasks.is_empty() && found.family.is_none() {
        found = earlier_definition(facts, index, job);
    }
    if found.tasks.is_empty()
        && let Some(service) = call.known("service")
    {
        let services = model.workload.services.iter().filter(|(_, it)| it.name.as_str() == Some(service));
        found.tasks.extend(services.filter_map(|(_, service)| service.task.id()));
    }
    if found.family.is_none() {
        let mut families = found.tasks.iter().map(|task| model[*task].family.value());
        found.family = families.find(|family| family.is_null() != Tri::True).cloned();
    }
    found
}

fn named_definition(facts: &Facts<'_>, index: &Index, job: Id<Job>, value: &Value) -> Deployed {
    let Some(text) = value.as_str() else { return Deployed::default() };
    let path = text.trim_start_matches("file://").trim_start_matches("./");
    if path.ends_with(".json") || path.contains('.') && !path.starts_with("arn:") {
        let tasks = index.tasks_of_file(facts.model, job, path);
        return Deployed { family: None, tasks };
    }
    let name = text.rsplit_once("task-definition/").map_or(text, |(_, name)| name);
    let family = name.split(':').next().unwrap_or(name);
    let tasks = facts.index().of_family(family).to_vec();
    Deployed { family: Some(Value::text(family, value.origin.clone())), tasks }
}

/// What `describe-task-definition` and the rendering step of the job were told.
fn earlier_definition(facts: &Facts<'_>, index: &Index, job: Id<Job>) -> Deployed {
    let model = facts.model;
    let calls =
        model[job].steps.ids().flat_map(|step| call::of_step(model, index, step)).filter_map(|said| match said {
            Said::Calls(calls) => Some(calls),
            Said::Configuration(_) | Said::Unread(_) => None,
        });
    let mut found = Deployed::default();
    for call in calls.flatten() {
        let option = match &*call.name {
            "aws ecs describe-task-definition" => call.option("task-definition"),
            "aws-actions/amazon-ecs-render-task-definition" => {
                ["task-definition-family", "task-definition-arn", "task-definition"]
                    .iter()
                    .find_map(|name| call.option(name))
            }
            "aws ecs register-task-definition" => {
                ["cli-input-json", "family"].iter().find_map(|name| call.option(name))
            }
            _ => None,
        };
        let Some(named) = option.map(|value| named_definition(facts, index, job, value)) else { continue };
        if found.tasks.is_empty() {
            found.tasks = named.tasks;
        }
        found.family = found.family.or(named.family);
    }
    found
}
