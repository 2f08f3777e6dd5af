//! Who can start a job, what it holds then, and what it brings about.

mod code;
mod does;
mod holds;
mod runs;
mod token;

use crate::logic::{Fact, Reason, Tri};
use crate::model::pipeline::{Condition, Credential, Environment, Job, Permission, Start, Workflow};
use crate::model::{Id, Model, Reading};
use crate::source::Place;
use crate::value::Value;

super::facts! {
    Job {
        /// Whether somebody without rights can begin it with the rights of the default branch.
        outsider_can_start: Flag = runs::outsider_can_start,
        /// Whether it runs for pull requests of forks, with whatever rights.
        runs_for_forks: Flag = runs::runs_for_forks,
        /// Whether a pull request begins it before it is merged.
        runs_on_pull_requests: Flag = runs::runs_on_pull_requests,
        /// Whether a push to any branch, or a start by hand on any, begins it.
        runs_on_any_branch: Flag = runs::runs_on_any_branch,
        /// Whether outsiders' code is executed in it where it has the rights of the default branch.
        outsider_code_runs: Flag = code::runs,
        /// Whether outsiders' code lies in its workspace there.
        outsider_code_present: Flag = code::is_present,
        /// Whether files of an outsider's run are executed in it.
        outsider_artifact_runs: Flag = code::artifact_runs,
        /// Whether a checkout lets forks' code in although the platform would refuse it.
        opts_out_of_guard: Flag = code::opts_out,
        /// Whether code is checked out after an approval that further commits pass under.
        approved_code_can_change: Flag = code::can_change,
        /// Whether it holds something worth stealing: a writing token, a secret, a login, an own runner.
        holds_power: Flag = holds::power,
        /// Whether it holds nothing: a reading token at most.
        powerless: Flag = holds::powerless,
        /// Whether it holds access to a cloud.
        holds_cloud: Flag = holds::cloud,
        /// Whether it changes what Terraform manages, or its state.
        changes_state: Flag = does::changes_state,
        /// Whether it deploys a service, a task or a stack.
        deploys: Flag = does::deploys,
        /// Whether what its condition asks for can be had by anybody: a comment, and no right to comment.
        command_is_open: Flag = runs::command_is_open,
        /// Whether a label lets outsiders' code in, and later commits with it.
        label_survives_commits: Flag = runs::label_survives_commits,
        /// Whether its condition, or one of its steps', trusts the last actor where anybody can be it.
        trusts_spoofable_actor: Flag = runs::trusts_spoofable_actor,
        /// Whether a new run cancels one that is under way.
        is_cancelled_midway: Flag = does::is_cancelled_midway,
    }
    Workflow {
        /// Whether some job's token has whatever the repository's setting gives.
        leaves_token_to_default: Flag = token::left_to_default,
    }
    Permission {
        /// Whether it gives a cloud identity to a job that has no use for one.
        covers_idle_job: Flag = token::covers_idle_job,
        /// Whether it stands for all jobs and some other one is known not to need it.
        covers_other_jobs: Flag = token::covers_other_jobs,
    }
    Credential {
        /// Whether it asks for a token that the job may not have.
        needs_id_token: Flag = token::lacks_id_token,
        /// Whether somebody without rights can start the job that holds it.
        outsider_can_start: Flag = runs::credential_of_outsider,
        /// Whether a plan of pull requests and an apply use the same role.
        is_shared_by_plan_and_apply: Flag = does::shared_by_plan_and_apply,
    }
    Condition {
        /// Whether it guards a job or step that deploys, changes state or holds something.
        guards_deploy: Flag = does::guards_deploy,
    }
    Environment {
        /// Whether somebody must agree first, as far as it can be known here.
        is_protected: Flag = does::is_protected,
    }
}

/// Whether a start surely happens, in three values.
pub(super) fn happens(start: &Start) -> Fact {
    match start.maybe.tri() {
        Tri::True => Fact::unknown(Reason::at("condition-not-known", &start.head.name, start.head.span)),
        Tri::False | Tri::Unknown => {
            Fact::yes(vec![Place::new(start.head.span, format!("begins with {}", event(start)))])
        }
    }
}

pub(super) fn event(start: &Start) -> &str {
    start.event.as_str().unwrap_or("an event")
}

/// Whether any start of a job is of a kind.
pub(super) fn any_start(model: &Model, job: Id<Job>, is_meant: impl Fn(&Start) -> Tri) -> Fact {
    let starts = model[job].starts.ids().map(|id| &model[id]);
    Fact::any(starts.map(|start| match is_meant(start) {
        Tri::True => happens(start),
        Tri::False => Fact::no(Vec::new()),
        Tri::Unknown => Fact::unknown(Reason::at("condition-not-known", &start.head.name, start.head.span)),
    }))
}

/// The known texts of a list, and why there may be others.
pub(super) fn texts(cell: &crate::model::Cell<crate::model::mark::Texts>) -> (Vec<&Value>, Option<Reason>) {
    match cell.get() {
        Reading::Known(list) => (list.items.iter().collect(), list.open.clone()),
        Reading::Absent => (Vec::new(), None),
        Reading::Unknown(reason) => (Vec::new(), Some(reason)),
    }
}
