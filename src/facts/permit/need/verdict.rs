//! What the difference between needs and grants says of a principal, a task or an attachment.

use super::diff;
use super::index::Index;
use super::known::account_in;
use super::narrow;
use super::task::role_place;
use super::{Known, Need, NeedSet, Needs};
use crate::data::actions::Level;
use crate::facts::permit::actions::{ActionName, listed};
use crate::facts::permit::pattern::{Case, Pattern, Reading as How};
use crate::facts::permit::power::GrantedAction;
use crate::facts::permit::principal::{Granted, Grants, Source, action_place};
use crate::facts::permit::spelling::arn_span;
use crate::facts::permit::statement::{Effect, Question};
use crate::facts::permit::{dead, execution, passes, spelling};
use crate::facts::trust::asking::Uses;
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::{IamGroup, IamUser, Role};
use crate::model::secret::{Parameter, Secret, SecretReference};
use crate::model::workload::Task;
use crate::model::{AnyId, Entity, Id, Model};
use crate::source::{Place, Span};
use crate::value::{Origin, Value};

facts! {
    Role {
        /// Whether a job of this repository needs something with it that is surely not granted.
        lacks_permission: Flag = lacks_permission::<Role>,
        /// The actions that a job needs with it and that are surely not granted.
        missing_actions: Texts = missing_actions::<Role>,
        /// Whether it may change things, or read data, that nothing in this repository needs.
        is_granted_more_than_used: Flag = is_granted_more_than_used::<Role>,
        /// Whether a task's own code has it, and it manages infrastructure that applications do not manage.
        is_wider_than_its_task: Flag = is_wider_than_its_task,
    }
    IamUser {
        lacks_permission: Flag = lacks_permission::<IamUser>,
        missing_actions: Texts = missing_actions::<IamUser>,
        is_granted_more_than_used: Flag = is_granted_more_than_used::<IamUser>,
    }
    IamGroup {
        lacks_permission: Flag = lacks_permission::<IamGroup>,
        missing_actions: Texts = missing_actions::<IamGroup>,
        is_granted_more_than_used: Flag = is_granted_more_than_used::<IamGroup>,
    }
    Task {
        /// Whether ECS cannot start it with its execution role: an image, a log, a secret or a key is not granted.
        execution_role_lacks: Flag = execution_role_lacks,
        /// The actions that starting it takes and that its execution role surely does not allow.
        execution_actions_missing: Texts = execution_actions_missing,
        /// Whether ECS cannot do with its task role what the task asks for: a shell, a file system.
        task_role_lacks: Flag = task_role_lacks,
        /// Whether its code is told the name of a secret that the execution role may read and the task role may not.
        reads_secret_with_wrong_role: Flag = reads_secret_with_wrong_role,
    }
    SecretReference {
        /// Whether the secret lies in the Region in which its task runs.
        is_in_task_region: Flag = is_in_task_region,
    }
}

fn nothing(span: Span) -> Fact {
    Fact::no(vec![Place::new(span, "")])
}

fn lacks_permission<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    let model = facts.model;
    let head = model.head(id.into());
    let (needs, grants) = (facts.analysis::<Needs>(), facts.analysis::<Grants>());
    let hidden_job = || hidden_job(facts, id.into()).map_or_else(|| nothing(head.span), Fact::unknown);
    let (Some(set), Some(granted)) = (needs.of(id), grants.of(id)) else { return hidden_job() };
    if !set.is_of_job {
        return hidden_job();
    }
    // What tasks lack is told of the tasks.
    let of_jobs = set.needs.iter().filter(|need| !is_of_tasks(need));
    let (missing, doubt) = diff::missing(of_jobs, granted, &set.known);
    let mut told = Vec::new();
    let mut is_told_elsewhere = false;
    for one in missing {
        match one.session.is_none() && explained(facts, granted, one.need.action) {
            true => is_told_elsewhere = true,
            false => told.push(one),
        }
    }
    if told.is_empty() {
        return match (doubt, is_told_elsewhere) {
            (Some(reason), false) => Fact::unknown(reason),
            (_, true) | (None, false) => nothing(head.span),
        };
    }
    let mut lines = Lines::default();
    for one in &told {
        match one.session {
            Some(session) => lines.add(session.span, "not left to this session: ", one.need.action, ""),
            None => {
                let span = companion(model, set, granted, one.need).unwrap_or(head.span);
                lines.add(span, "not granted: ", one.need.action, "");
            }
        }
    }
    for one in &told {
        lines.add_reasons(one.need);
    }
    Fact::yes(lines.places())
}

/// Why a job here may need something of a principal although nobody can tell.
fn hidden_job(facts: &Facts<'_>, id: AnyId) -> Option<Reason> {
    let uses = facts.analysis::<Uses>();
    id.typed::<Role>().and_then(|role| uses.hidden_job(facts.model, role))
}

/// What is said about each line, with the actions that belong to it.
#[derive(Default)]
struct Lines {
    all: Vec<Line>,
}

struct Line {
    span: Span,
    before: String,
    actions: Vec<&'static str>,
    behind: String,
}

impl Lines {
    fn add(&mut self, span: Span, before: &str, action: &'static str, behind: &str) {
        let same = |line: &&mut Line| line.span == span && line.before == before && line.behind == behind;
        match self.all.iter_mut().find(same) {
            Some(line) if line.actions.contains(&action) => {}
            Some(line) => line.actions.push(action),
            None => {
                let (before, behind) = (before.to_owned(), behind.to_owned());
                self.all.push(Line { span, before, actions: vec![action], behind });
            }
        }
    }

    /// The lines that make a need necessary: `needs ecr:PutImage on aws_ecr_repository.app.arn`.
    fn add_reasons(&mut self, need: &Need) {
        let thing = need.target.expression.trim_matches('"');
        let behind = if thing == "*" { String::new() } else { format!(" on {thing}") };
        for place in need.places.iter().take(3) {
            match place.role.strip_prefix("needs ") {
                Some(_) => self.add(place.span, "needs ", need.action, &behind),
                None => self.add(place.span, &place.role, "", ""),
            }
        }
    }

    fn places(self) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for line in self.all {
            let role = format!("{}{}{}", line.before, line.actions.join(", "), line.behind);
            match places.iter_mut().find(|known| known.span == line.span) {
                Some(known) => known.role = format!("{}; {role}", known.role),
                None => places.push(Place::new(line.span, role)),
            }
        }
        places
    }
}

/// The needs of jobs that another rule does not explain, as far as they are surely not granted.
fn missing_of_jobs(facts: &Facts<'_>, id: AnyId) -> Vec<&'static str> {
    let (needs, grants) = (facts.analysis::<Needs>(), facts.analysis::<Grants>());
    let (Some(set), Some(granted)) = (needs.of(id), grants.of(id)) else { return Vec::new() };
    let of_jobs = set.needs.iter().filter(|need| set.is_of_job && !is_of_tasks(need));
    let (missing, _) = diff::missing(of_jobs, granted, &set.known);
    let is_told = |one: &diff::Missing<'_>| one.session.is_some() || !explained(facts, granted, one.need.action);
    missing.into_iter().filter(is_told).map(|one| one.need.action).collect()
}

fn missing_actions<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> (Value, Vec<Place>) {
    let span = facts.model.head(id.into()).span;
    texts(missing_of_jobs(facts, id.into()), span)
}

fn execution_actions_missing(facts: &Facts<'_>, id: Id<Task>) -> (Value, Vec<Place>) {
    let span = facts.model[id].head.span;
    let (needs, grants) = (facts.analysis::<Needs>(), facts.analysis::<Grants>());
    let role = facts.model[id].execution_role.id();
    let granted = role.and_then(|role| Some((role, grants.of(role)?)));
    let (Some(of_task), Some((role, granted))) = (needs.of_tasks.get(&id.index), granted) else {
        return texts(Vec::new(), span);
    };
    let (missing, _) = diff::missing(&of_task.execution, granted, &known_of(facts, id, role));
    let told = missing.into_iter().map(|one| one.need.action).filter(|action| !explained(facts, granted, action));
    texts(told.collect(), span)
}

fn texts(mut names: Vec<&str>, span: Span) -> (Value, Vec<Place>) {
    names.sort_unstable();
    names.dedup();
    let origin = Origin::written(span);
    let items = names.into_iter().map(|name| Value::text(name, origin.clone())).collect();
    (Value::list(items, origin), vec![Place::new(span, "")])
}

fn is_of_tasks(need: &Need) -> bool {
    matches!(need.group, "secrets" | "keys" | "files" | "shell" | "traces")
}

/// Another rule says why the action is not granted: it stands there, and has no effect.
fn explained(facts: &Facts<'_>, granted: &Granted, action: &str) -> bool {
    let model = facts.model;
    let asked = listed(action);
    let mut written =
        granted.set.statements.iter().zip(&granted.sources).filter_map(|(statement, source)| match source {
            Source::Written(id) if statement.effect == Some(Effect::Allow) => Some((statement, *id)),
            Source::Written(_) | Source::Managed(_) => None,
        });
    written.any(|(statement, id)| {
        if model[id].actions.ids().any(|pattern| spelling::means(model, pattern, action)) {
            return true;
        }
        if statement.names_action(&asked) != Tri::True {
            return false;
        }
        let is_dead = dead::is_dead_for(statement, action);
        let never = model[id].policy_conditions.ids().any(|it| dead::is_never_true(facts, it).tri == Tri::True);
        let is_passed_wrong = action == "iam:PassRole" && passes::passes_to_wrong_service(facts, id).tri == Tri::True;
        is_dead || never || is_passed_wrong
    })
}

/// Where what is missing belongs: beside what the same line needs and has.
fn companion(model: &Model, set: &NeedSet, granted: &Granted, missing: &Need) -> Option<Span> {
    let lines: Vec<Span> = missing.places.iter().map(|place| place.span).collect();
    let same_line = |need: &&Need| need.places.iter().any(|place| lines.contains(&place.span));
    // Registering a task definition passes its roles; that is where the permission is looked for.
    let mut others: Vec<&Need> =
        set.needs.iter().filter(same_line).filter(|need| need.action != missing.action).collect();
    others.sort_by_key(|need| need.action != "ecs:RegisterTaskDefinition");
    let of_line = others.into_iter().find_map(|need| granting_span(model, granted, &need.question()));
    let first = || match granted.sources.first()? {
        Source::Written(id) => model[*id].policy.id().map(|policy| model[policy].head.span),
        Source::Managed(id) => Some(arn_span(model, *id)),
    };
    of_line.or_else(first)
}

/// The statement, or the ARN of the attached policy, that grants something.
fn granting_span(model: &Model, granted: &Granted, question: &Question) -> Option<Span> {
    let index = granted.set.granting(question).next()?;
    Some(match granted.sources[index] {
        Source::Written(id) => model[id].head.span,
        Source::Managed(id) => arn_span(model, id),
    })
}

fn is_granted_more_than_used<E: Entity>(facts: &Facts<'_>, id: Id<E>) -> Fact {
    let model = facts.model;
    let any: AnyId = id.into();
    let head = model.head(any);
    let (needs, grants) = (facts.analysis::<Needs>(), facts.analysis::<Grants>());
    let otherwise = |reason: Option<Reason>| reason.map_or_else(|| nothing(head.span), Fact::unknown);
    let (Some(set), Some(granted)) = (needs.of(any), grants.of(any)) else { return otherwise(hidden_job(facts, any)) };
    // What the code of a container needs is told by its own rule.
    if set.is_of_code && !set.is_of_job && !set.starts_tasks {
        return nothing(head.span);
    }
    let all = granted.actions();
    let excess = diff::excess(all, set);
    let mut grave = diff::grave(&excess);
    if set.starts_tasks && !set.is_of_job {
        // What only changes things is told of execution roles by a rule of their own, and the standard policy is right.
        grave.retain(|action| is_read(action) && !execution::starts(&action.name()));
    }
    if grave.is_empty() {
        return otherwise(granted.doubt(model).or_else(|| hidden_job(facts, any)));
    }
    if let Some(reason) = set.open.first() {
        return Fact::unknown(reason.clone());
    }
    let mut places = places_of(model, granted, &grave);
    if places.is_empty() {
        return nothing(head.span);
    }
    let n_needed = diff::needed(set).len();
    let levels = diff::Levels::of(excess.iter().map(GrantedAction::level));
    places[0].role = format!(
        "{} of {} actions are used by nothing here ({}); {n_needed} are needed",
        excess.len(),
        all.len(),
        levels.words()
    );
    places.extend(set.users.iter().take(3).cloned());
    Fact { edits: narrow::edits(model, any, set, n_policies(model, granted)), ..Fact::yes(places) }
}

/// How many policies bring the statements of a principal.
fn n_policies(model: &Model, granted: &Granted) -> usize {
    let mut sources: Vec<Option<AnyId>> = granted
        .sources
        .iter()
        .map(|source| match source {
            Source::Written(id) => model[*id].policy.id().map(AnyId::from),
            Source::Managed(id) => Some(AnyId::from(*id)),
        })
        .collect();
    sources.sort_unstable();
    sources.dedup();
    sources.len()
}

fn is_read(action: &GrantedAction) -> bool {
    matches!(action.level(), Level::List | Level::Read)
}

/// The literals that grant these actions, and the ARNs of policies that do.
fn places_of(model: &Model, granted: &Granted, actions: &[GrantedAction]) -> Vec<Place> {
    let names: Vec<(String, ActionName)> =
        actions.iter().map(|action| action.name()).map(|name| (name.clone(), ActionName::new(&name))).collect();
    let mut places: Vec<Place> = Vec::new();
    for (statement, source) in granted.set.statements.iter().zip(&granted.sources) {
        if statement.effect != Some(Effect::Allow) {
            continue;
        }
        match source {
            Source::Written(id) => {
                for (name, asked) in &names {
                    if statement.names_action(asked) == Tri::True {
                        places.extend(action_place(model, *id, name));
                    }
                }
            }
            Source::Managed(id) => {
                let grants_one = names.iter().any(|(_, asked)| statement.names_action(asked) == Tri::True);
                let span = arn_span(model, *id);
                if grants_one && !places.iter().any(|place| place.span == span) {
                    places.push(Place::new(span, "grants more than is used"));
                }
            }
        }
    }
    let mut seen = Vec::new();
    places.retain(|place| {
        let is_new = !seen.contains(&place.span);
        seen.push(place.span);
        is_new
    });
    places
}

/// What an application hardly ever calls: the services that manage other things.
fn is_wider_than_its_task(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let model = facts.model;
    let head = &model[id].head;
    let (needs, grants) = (facts.analysis::<Needs>(), facts.analysis::<Grants>());
    let (Some(set), Some(granted)) = (needs.of(id), grants.of(id)) else { return nothing(head.span) };
    if !set.is_of_code || set.is_of_job {
        return nothing(head.span);
    }
    let manages = |action: &GrantedAction| {
        crate::data::lists::is_control_plane(action.prefix()) && !set.needs.iter().any(|need| action.is(need.action))
    };
    let changes = |action: &GrantedAction| matches!(action.level(), Level::Write | Level::Permissions);
    let all = granted.actions().iter();
    let wide: Vec<GrantedAction> = all.filter(|action| changes(action) && manages(action)).copied().collect();
    let mut places = places_of(model, granted, &wide);
    match (places.first_mut(), granted.doubt(model)) {
        (Some(first), _) => {
            first.role = format!("{} actions that manage infrastructure, and applications do not", wide.len());
            places.extend(set.users.iter().take(1).cloned());
            Fact::yes(places)
        }
        (None, Some(reason)) => Fact::unknown(reason),
        (None, None) => nothing(head.span),
    }
}

/// Tasks of one family are one task, written twice: the first of them tells what both lack.
fn execution_role_lacks(facts: &Facts<'_>, id: Id<Task>) -> Fact {
    let model = facts.model;
    let judge = |id: Id<Task>| {
        let task = &model[id];
        lacks(facts, id, task.execution_role.id(), task.execution_role_arn.is_present(), role_place(model, id))
    };
    let mut own = judge(id);
    if own.tri != Tri::True {
        return own;
    }
    let is_same = |other: &Task| {
        let family = other.family.as_str();
        family.is_some()
            && family == model[id].family.as_str()
            && other.execution_role.id() == model[id].execution_role.id()
    };
    for (other, _) in model.workload.tasks.iter().filter(|(other, task)| *other != id && is_same(task)) {
        let lacks = judge(other);
        match lacks.tri {
            Tri::True if other < id => return nothing(role_place(model, id)),
            Tri::True => own.places.extend(lacks.places),
            Tri::False | Tri::Unknown => {}
        }
    }
    own
}

fn task_role_lacks(facts: &Facts<'_>, id: Id<Task>) -> Fact {
    let task = &facts.model[id];
    let span = task.task_role_arn.origin().span().unwrap_or(task.head.span);
    lacks(facts, id, task.task_role.id(), task.task_role_arn.is_present(), span)
}

/// What is known of the place where a task runs.
fn known_of(facts: &Facts<'_>, id: Id<Task>, role: Id<Role>) -> Known {
    let index = facts.analysis::<Index>();
    let task = &facts.model[id];
    let account = account_in(&task.execution_role_arn).or_else(|| account_in(&task.task_role_arn));
    Known::at(facts, role.into(), index.deployed_in(id), account)
}

/// What a task needs of one of its roles and surely does not get.
fn lacks(facts: &Facts<'_>, id: Id<Task>, role: Option<Id<Role>>, is_named: Tri, span: Span) -> Fact {
    let model = facts.model;
    let Some(role) = role else {
        return match is_named {
            Tri::False => nothing(span),
            Tri::True | Tri::Unknown => Fact::unknown(Reason::at("not-declared-here", "the role", span)),
        };
    };
    let (needs, grants) = (facts.analysis::<Needs>(), facts.analysis::<Grants>());
    let (Some(of_task), Some(granted)) = (needs.of_tasks.get(&id.index), grants.of(role)) else { return nothing(span) };
    let is_execution = Some(role) == model[id].execution_role.id() && span == role_place(model, id);
    let wanted = if is_execution { &of_task.execution } else { &of_task.task };
    let (missing, doubt) = diff::missing(wanted, granted, &known_of(facts, id, role));
    let told: Vec<&Need> =
        missing.into_iter().map(|one| one.need).filter(|need| !explained(facts, granted, need.action)).collect();
    if told.is_empty() {
        let open = of_task.open.clone().filter(|_| is_execution);
        return doubt.or(open).map_or_else(|| nothing(span), Fact::unknown);
    }
    let mut lines = Lines::default();
    for need in &told {
        lines.add(span, "not granted: ", need.action, "");
    }
    told.iter().for_each(|need| lines.add_reasons(need));
    let mut places = lines.places();
    places.push(Place::new(model[role].head.span, "this role"));
    Fact::yes(places)
}

/// A variable that holds the ARN or the name of a secret is there for the code, which has the task role.
fn reads_secret_with_wrong_role(facts: &Facts<'_>, id: Id<Task>) -> Fact {
    let model = facts.model;
    let task = &model[id];
    let span = task.head.span;
    let (Some(execution), grants) = (task.execution_role.id(), facts.analysis::<Grants>()) else {
        return nothing(span);
    };
    if task.task_role.id() == Some(execution) {
        return nothing(span);
    }
    let mut doubt = None;
    for container in task.containers.ids() {
        for variable in model[container].variables.ids() {
            let variable = &model[variable];
            let Some((action, arn)) = named_in(model, variable.content.value()) else { continue };
            let question = || Question::all(action, arn.clone());
            let may = |role: Id<Role>| grants.of(role).map_or(Tri::Unknown, |granted| granted.grants(&question()));
            let by_task = match (task.task_role.id(), task.task_role_arn.is_present()) {
                (Some(role), _) => may(role),
                (None, Tri::False) => Tri::False,
                (None, Tri::True | Tri::Unknown) => Tri::Unknown,
            };
            match may(execution).and(!by_task) {
                Tri::True => {
                    let value = variable.content.origin().span().unwrap_or(variable.head.span);
                    let mut places =
                        vec![Place::new(value, "the code gets the name of the secret, and reads it itself")];
                    let granted = grants.of(execution);
                    places.extend(
                        granted.into_iter().flat_map(|granted| granted.places(model, action, &question())).take(1),
                    );
                    let place = task.task_role_arn.origin().span().unwrap_or(span);
                    places.push(Place::new(place, "the code has this role, which may not read it"));
                    return Fact::yes(places);
                }
                Tri::Unknown => doubt = Some(Reason::at("no-value", "what the roles may read", variable.head.span)),
                Tri::False => {}
            }
        }
    }
    doubt.map_or_else(|| nothing(span), Fact::unknown)
}

/// The Region of the ARN against that of the root that declares the task, or of the job that deploys its file. Who names
/// no Region means the task's.
fn is_in_task_region(facts: &Facts<'_>, id: Id<SecretReference>) -> Fact {
    let model = facts.model;
    let reference = &model[id];
    let span = reference.value_from.origin().span().unwrap_or(reference.head.span);
    let unknown = |object: &str| Fact::unknown(Reason::at("no-value", object, span));
    let Some(text) = reference.value_from.value().as_text() else { return unknown("the ARN of the secret") };
    let Some(arn) = text.prefix().strip_prefix("arn:") else {
        // A secret of this tree lies where its task does; what is hidden may lie anywhere.
        return match text.holes().next() {
            Some(hole) if text.prefix().is_empty() && hole.reason().is_some() => unknown("the Region of the secret"),
            Some(_) | None => Fact::yes(vec![Place::new(span, "")]),
        };
    };
    let fields: Vec<&str> = arn.split(':').collect();
    let region = match fields.as_slice() {
        [_, _, region, _, ..] => *region,
        _ => return unknown("the Region of the secret"),
    };
    let task = reference.container.id().and_then(|container| model[container].task.id());
    let declared = task.and_then(|task| model[task].head.terraform.clone());
    let index = facts.analysis::<Index>();
    let own = declared.as_ref().and_then(|reference| index.region(&reference.root));
    let Some(own) = own.or_else(|| index.deployed_in(task?)) else {
        return unknown("the Region of the task");
    };
    match own == region {
        true => Fact::yes(vec![Place::new(span, "")]),
        false => Fact::no(vec![Place::new(span, format!("the secret is in {region}, the task in {own}"))]),
    }
}

/// The action that reads the secret or parameter whose ARN a value is, and that ARN.
fn named_in(model: &Model, value: &Value) -> Option<(&'static str, Pattern)> {
    let text = value.as_text()?;
    let [crate::value::Piece::Hole(hole)] = text.pieces() else { return None };
    let reference = hole.as_reference().filter(|reference| matches!(&*reference.path, "arn" | "id"))?;
    let entities = model.resolve(reference);
    let action = match entities {
        ids if ids.iter().any(|id| id.typed::<Secret>().is_some()) => "secretsmanager:GetSecretValue",
        ids if &*reference.path == "arn" && ids.iter().any(|id| id.typed::<Parameter>().is_some()) => {
            "ssm:GetParameter"
        }
        _ => return None,
    };
    let arn = Pattern::new(&text, How::Literal, Case::Kept, &|hole| crate::facts::permit::arn::unfold(model, hole));
    Some((action, arn))
}

/// The statement of `full-access-policy-attached` in numbers: what its holder is granted in all, and what is needed.
pub(in crate::facts::permit) fn numbers(facts: &Facts<'_>, holder: AnyId) -> Option<String> {
    let (needs, grants) = (facts.analysis::<Needs>(), facts.analysis::<Grants>());
    let (set, granted) = (needs.of(holder)?, grants.of(holder)?);
    if !set.is_of_job {
        return None;
    }
    let (all, needed) = (granted.actions().len(), diff::needed(set).len());
    let left_out: Vec<String> = set.left_out.iter().map(|(job, _)| format!("`{job}`")).collect();
    let rest = match left_out.is_empty() {
        true => String::new(),
        false => format!(", job {} not counted", left_out.join(", ")),
    };
    Some(format!("with its other policies {all}; the deploy steps here need {needed}{rest}"))
}
