//! Execution roles: what ECS does with them before a container runs, and nothing else.

use super::principal::{Grants, Source, action_place};
use super::roles::Carriers;
use super::statement::Effect;
use crate::data::actions::Level;
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Tri};
use crate::model::Id;
use crate::model::identity::Role;
use crate::source::Place;

facts! {
    Role {
        /// Whether a task starts with it, and it may change more than starting takes.
        does_more_than_start_tasks: Flag = does_more_than_start_tasks,
    }
}

/// All that ECS calls with the role: pulling images, writing logs, reading what `secrets` and environment files name.
const STARTS: &[&str] = &[
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "kms:Decrypt",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameters",
];

/// Whether ECS calls an action with every execution role that has AWS's own policy: pulling and logging.
pub(super) fn starts(action: &str) -> bool {
    (action.starts_with("ecr:") || action.starts_with("logs:")) && STARTS.contains(&action)
}

fn does_more_than_start_tasks(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let model = facts.model;
    let head = &model[id].head;
    let nothing = || Fact::no(vec![Place::new(head.span, "")]);
    // A role that the code in the container has too is another matter.
    let carriers = facts.analysis::<Carriers>();
    let mut tasks = carriers.starting(id).iter().map(|task| &model[*task]);
    let Some(task) = tasks.find(|task| task.task_role.id() != Some(id)) else { return nothing() };
    let grants = facts.analysis::<Grants>();
    let Some(granted) = grants.of(id) else { return nothing() };
    let mut places = Vec::new();
    let mut doubt = granted.open.clone();
    for (statement, source) in granted.set.statements.iter().zip(&granted.sources) {
        let Source::Written(written) = source else { continue };
        match statement.effect {
            Some(Effect::Deny) => continue,
            Some(Effect::Allow) if !super::width::names_whole_service(statement) => {}
            // Whole services have a rule of their own.
            Some(Effect::Allow) => continue,
            None => {
                doubt.get_or_insert_with(|| crate::logic::Reason::at("no-value", "the effect", head.span));
                continue;
            }
        }
        if statement.actions.patterns.iter().any(super::pattern::Pattern::is_loose) {
            doubt.get_or_insert_with(|| crate::logic::Reason::at("no-value", "the actions", head.span));
        }
        for allowed in statement.actions.allowed().iter().filter(|allowed| allowed.named == Tri::True) {
            let changes = matches!(allowed.action.level, Level::Write | Level::Permissions | Level::Tagging);
            if changes && !STARTS.contains(&&*allowed.name()) {
                places.extend(action_place(model, *written, &allowed.name()));
            }
        }
    }
    places.dedup();
    if !places.is_empty() {
        places.push(Place::new(task.head.span, "this task starts with the role"));
        return Fact::yes(places);
    }
    match doubt {
        Some(reason) => Fact::unknown(reason),
        None => nothing(),
    }
}
