//! Steps that ask whether whoever begins a run has rights in the repository: what comes behind them is no longer
//! anybody's. An action that refuses the run decides it; of a script or an action that only tells, the answer is not
//! known here, and neither is what a workflow of another repository looks at.

use super::plan::{Plan, StepDoc};
use super::starts::decide;
use super::{plan::StartDoc, uses};
use crate::data::github::lists;
use crate::eval::actions::Outcome;
use crate::logic::Reason;
use crate::syntax::yaml::Node;

/// Why it is not known whether what lies behind such a step is anybody's.
pub(super) const CHECKED: &str = "permission-checked-by-step";

/// What a step that asks for rights does to those without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// They get no further.
    Refuses,
    /// Something that is not read here decides.
    Decides(Reason),
}

/// The first step of a job that asks for rights in one of its starts, with its index.
pub(super) fn in_job(plan: &Plan<'_>, job: usize, start: &StartDoc) -> Option<(usize, Gate)> {
    let steps = &plan.jobs[job].steps;
    steps.iter().enumerate().find_map(|(index, step)| {
        let gate = of_step(step)?;
        let runs = step.node.get("if").map_or(Outcome::Yes, |node| decide(plan, job, Some(index), start, node));
        (runs != Outcome::No).then_some((index, gate))
    })
}

/// What a job that calls a workflow of another repository looks at before others go on.
pub(super) fn elsewhere(plan: &Plan<'_>, job: usize) -> Option<Reason> {
    let doc = &plan.jobs[job];
    let calls = doc.node.get("uses").filter(|_| doc.callee.is_none())?;
    Some(Reason::at("other-workflow", calls.scalar_text().unwrap_or("uses"), calls.span))
}

fn of_step(step: &StepDoc<'_>) -> Option<Gate> {
    let span = step.node.span;
    let decides = |object: &str| Gate::Decides(Reason::at(CHECKED, object, span));
    if let Some(run) = step.node.get("run") {
        return run.as_str().is_some_and(asks_for_rights).then(|| decides("run"));
    }
    let action = uses::parts(step.node.get("uses").and_then(Node::scalar_text)?).action();
    if lists::refuses_strangers(&action) {
        return Some(Gate::Refuses);
    }
    if lists::tells_rights(&action) {
        return Some(decides(&action));
    }
    let script = step.node.at(&["with", "script"]).and_then(Node::as_str);
    script.is_some_and(asks_for_rights).then(|| decides(&action))
}

/// Whether a script asks GitHub what somebody may do: its interface has few ways to.
fn asks_for_rights(script: &str) -> bool {
    const QUESTIONS: [&str; 9] = [
        "/collaborators/",
        "/memberships/",
        "/members/",
        "getCollaboratorPermissionLevel",
        "checkCollaborator",
        "checkMembershipForUser",
        "getMembershipForUserInOrg",
        "author_association",
        "authorAssociation",
    ];
    QUESTIONS.iter().any(|question| script.contains(question))
}
