//! Who can start a job, what it holds then, and what it brings about.

mod code;
mod delivery;
mod does;
mod grants;
mod handed;
mod holds;
mod names;
mod outside;
mod rollout;
mod runs;
mod supply;
mod token;

use crate::logic::{Fact, Reason, Tri};
use crate::model::delivery::{Deployment, Push, TerraformRun};
use crate::model::pipeline::{Condition, Credential, Environment, Job, Permission, Start, Step, Uses, Workflow};
use crate::model::workload::{Container, Service};
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
        /// Whether it deploys or changes state for whatever branch somebody pushes.
        acts_on_any_branch: Flag = delivery::acts_on_any_branch,
        /// Whether it deploys or changes state for a pull request that is not merged.
        acts_on_pull_requests: Flag = delivery::acts_on_pull_requests,
        /// Whether files of an outsider's run are unpacked over its workspace, where it holds something.
        outsider_artifact_over_workspace: Flag = outside::artifact_over_workspace,
        /// Whether it merges or approves an outsider's pull request.
        outsider_steers_merge: Flag = outside::steers_merge,
        /// Whether somebody lets it write the default branch's cache whoever begins it.
        writes_shared_cache: Flag = outside::writes_shared_cache,
        /// Whether it publishes what it builds from a cache that a job with less in its hands writes.
        restores_weaker_cache: Flag = outside::restores_weaker_cache,
        /// Whether the workflow that it calls asks for more than it has.
        grants_too_little: Flag = grants::caller_grants_too_little,
        /// Whether whoever may apply by hand may destroy as well.
        destroys_as_openly_as_it_applies: Flag = handed::destroys_as_openly_as_it_applies,
        /// Whether a job of the same run tests, and this one does not wait for it.
        skips_tests: Flag = delivery::skips_tests,
        /// Whether another job of the same run deploys or changes state at the same time.
        races: Flag = delivery::races,
        /// Whether two of its runs may write one state at once.
        writes_state_in_parallel: Flag = delivery::state_in_parallel,
    }
    Workflow {
        /// Whether some job's token has whatever the repository's setting gives.
        leaves_token_to_default: Flag = token::left_to_default,
    }
    Permission {
        /// Whether it gives a cloud identity to a job that has no use for one.
        covers_idle_job: Flag = token::covers_idle_job,
        /// Whether it lets something be written that no step under it writes.
        is_unused: Flag = grants::is_unused,
        /// Whether it stands for all jobs and some other one is known not to need it.
        covers_other_jobs: Flag = token::covers_other_jobs,
    }
    Credential {
        /// Whether it asks for a token that the job may not have.
        needs_id_token: Flag = token::lacks_id_token,
        /// Whether somebody without rights can start the job that holds it.
        outsider_can_start: Flag = runs::credential_of_outsider,
        /// Whether its session lasts longer than its job can.
        outlives_job: Flag = grants::outlives_job,
        /// Whether its Region is that of no provider here.
        region_differs: Flag = names::region_differs,
        /// Whether a plan of pull requests and an apply use the same role.
        is_shared_by_plan_and_apply: Flag = does::shared_by_plan_and_apply,
    }
    Step {
        /// Whether it uploads a plan for a later job to apply.
        hands_on_plan: Flag = handed::hands_on_plan,
        /// Whether a build for production reads a cache that pull requests write.
        builds_on_cache_of_pulls: Flag = handed::builds_on_cache_of_pulls,
    }
    Uses {
        /// Whether another use says something else of the same commit or version.
        comment_disagrees: Flag = supply::comment_disagrees,
        /// Whether it is a checkout from before the guard, in a run that outsiders begin.
        is_older_than_guard: Flag = supply::is_older_than_guard,
        /// Whether it installs a Terraform that the configuration refuses.
        version_is_refused: Flag = names::version_is_refused,
    }
    Condition {
        /// Whether it guards a job or step that deploys, changes state or holds something.
        guards_deploy: Flag = does::guards_deploy,
    }
    TerraformRun {
        /// Whether a plan was saved before it and is not what it applies.
        throws_plan_away: Flag = delivery::throws_plan_away,
        /// Whether it plans and applies in one go, unseen.
        applies_unseen: Flag = delivery::applies_unseen,
        /// Whether it is the first of its job in a folder without configuration.
        lacks_root: Flag = delivery::lacks_root,
        /// Whether its state is gone when the runner is.
        loses_state: Flag = delivery::loses_state,
    }
    Push {
        /// Whether a tag of the same image stays with its build.
        has_fixed_tag: Flag = delivery::has_fixed_tag,
        /// Whether a container of this repository runs the image under this tag.
        is_what_runs: Flag = delivery::is_what_runs,
        /// Whether something behind it starts the image.
        is_deployed: Flag = delivery::is_deployed,
        /// Whether the service that needs the image is started before it.
        comes_after_apply: Flag = delivery::comes_after_apply,
        /// Whether the repository refuses the next push of the same tag.
        is_refused_next_time: Flag = rollout::is_refused_next_time,
        /// Whether the tag of a commit can be given to another image.
        can_be_overwritten: Flag = rollout::can_be_overwritten,
        /// Whether something looks the image through for known holes.
        is_scanned: Flag = rollout::is_scanned,
    }
    Service {
        /// Whether Terraform or a workflow waits for it.
        is_awaited: Flag = rollout::is_awaited,
        /// Whether it hangs instead of going back while somebody waits for it.
        hangs_in_rollout: Flag = rollout::hangs_in_rollout,
        /// Whether the next run of Terraform takes back what a workflow deploys to it.
        is_reverted: Flag = rollout::is_reverted,
    }
    Container {
        /// Whether some push of its repository carries the tag that it names; true where no workflow pushes to it.
        tag_is_pushed: Flag = rollout::tag_is_pushed,
    }
    Deployment {
        /// Whether the file that is deployed names another image than the one that was pushed.
        ignores_pushed_image: Flag = delivery::ignores_pushed_image,
        /// Whether it names a service or cluster that the repository does not declare.
        names_unknown: Flag = names::names_unknown,
        /// Whether it deploys a tag that moves although the build has one that stays.
        takes_movable_tag: Flag = delivery::takes_movable_tag,
        /// Whether the action that waits reports success after a rollback.
        rollback_is_unseen: Flag = rollout::rollback_is_unseen,
        /// Whether a task that runs once gets a public address that the service does not have.
        is_exposed: Flag = rollout::is_exposed,
    }
    Environment {
        /// Whether somebody must agree first, as far as it can be known here.
        is_protected: Flag = does::is_protected,
    }
}

/// Whether outsiders' code or files are executed in a job that has the rights of the default branch.
pub(in crate::facts) fn arrives_from_outside(facts: &super::Facts, job: Id<Job>) -> Fact {
    code::runs(facts, job).or(code::artifact_runs(facts, job))
}

/// Whether an outsider's text becomes code in a job that has the rights of the default branch.
pub(in crate::facts) fn injected_from_outside(facts: &super::Facts, job: Id<Job>) -> Fact {
    let expansions = facts.index().expansions.of(job).map(|id| &facts.model[id]);
    let own = expansions.filter(|expansion| expansion.control.as_str() == Some("outsider"));
    Fact::any(own.map(|expansion| {
        let tri = expansion.can_inject.tri().and(expansion.in_trusted_run.tri());
        Fact::new(tri, vec![Place::new(expansion.head.span, "anybody writes what is executed here")])
    }))
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
    any_start_of(model, job, |id| is_meant(&model[id]))
}

/// The same for those who ask what comes about in it.
fn any_start_of(model: &Model, job: Id<Job>, is_meant: impl Fn(Id<Start>) -> Tri) -> Fact {
    Fact::any(model[job].starts.ids().map(|id| match (is_meant(id), &model[id]) {
        (Tri::True, start) => happens(start),
        (Tri::False, _) => Fact::no(Vec::new()),
        (Tri::Unknown, start) => Fact::unknown(Reason::at("condition-not-known", &start.head.name, start.head.span)),
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
