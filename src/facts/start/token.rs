//! The job's token: whose setting decides, who may mint cloud identities, who lacks the right to.

use super::holds::level;
use crate::data::github::lists;
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::pipeline::{Credential, Job, Permission, Step, Workflow};
use crate::model::{Id, Model};
use crate::source::Place;

/// Commands that ask for an identity token by themselves.
const IDENTITY_WORDS: [&str; 16] = [
    "ACTIONS_ID_TOKEN_REQUEST",
    "getIDToken",
    "cosign",
    "sigstore",
    "publish",
    "pkg-pr-new",
    "--provenance",
    "twine",
    "slsa",
    "attest",
    "oidc",
    "OIDC",
    "id-token",
    "release",
    "vault ",
    "web-identity",
];

fn is_default(model: &Model, job: Id<Job>) -> bool {
    level(model, job, "*").as_deref() == Some("repository default")
}

pub(super) fn left_to_default(facts: &Facts, workflow: Id<Workflow>) -> Fact {
    let model = facts.model;
    let jobs = model[workflow].jobs.ids();
    let found = jobs.filter(|job| is_default(model, *job)).map(|job| {
        let place = Place::new(model[job].head.span, "no `permissions` for this job");
        // A callee with callers elsewhere has what they give.
        let is_callee = model[workflow].is_callable.tri() == Tri::True && model[workflow].triggers.ids().count() == 1;
        match is_callee && model[workflow].callers.ids().next().is_none() {
            true => Fact::unknown(Reason::at("callers-elsewhere", "workflow_call", model[workflow].head.span)),
            false => {
                Fact::yes(vec![Place::new(model[workflow].head.span, "nothing here says what the token may do"), place])
            }
        }
    });
    Fact::any(found)
}

/// Whether a job is known to make nothing of an identity token.
fn is_idle(model: &Model, job: Id<Job>) -> Fact {
    if model[job].uses.any().is_some() {
        return Fact::unknown(Reason::at("other-workflow", "uses", model[job].head.span));
    }
    let steps = model[job].steps.ids().map(|step| !step_uses_identity(model, step));
    Fact::all(steps)
}

fn step_uses_identity(model: &Model, step: Id<Step>) -> Fact {
    let span = model[step].head.span;
    if let Some(uses) = model[step].uses.id() {
        let uses = &model[uses];
        if matches!(uses.kind.as_str(), Some("workspace" | "self" | "docker")) {
            // Its own steps stand behind it in the job.
            let kind = uses.action.id().and_then(|action| model[action].kind.as_str());
            return match kind {
                Some("composite") => Fact::no(Vec::new()),
                Some(_) | None => Fact::unknown(Reason::at("action-not-modelled", &uses.head.name, span)),
            };
        }
        let name = format!("{}/{}", uses.owner.as_str().unwrap_or(""), uses.repo.as_str().unwrap_or("")).to_lowercase();
        return match lists::needs(&name) {
            _ if name == "aws-actions/configure-aws-credentials" => Fact::new(
                Tri::from(model[step].credentials.ids().any(|id| model[id].kind.as_str() == Some("oidc_role"))),
                vec![],
            ),
            Some(needs) => Fact::new(Tri::from(needs.iter().any(|(scope, _)| *scope == "id-token")), Vec::new()),
            None => Fact::unknown(Reason::at("action-not-modelled", name, span)),
        };
    }
    let script = model[step].run.id().map(|run| model[run].script.as_str().unwrap_or(""));
    let asks = script.is_some_and(|text| IDENTITY_WORDS.iter().any(|word| text.contains(word)));
    match asks {
        true => Fact::unknown(Reason::at("identity-in-script", "run", span)),
        false => Fact::no(Vec::new()),
    }
}

/// The jobs under a permission: the job's own, or those of the workflow without a block.
pub(super) fn covered(model: &Model, permission: Id<Permission>) -> Vec<Id<Job>> {
    let permission = &model[permission];
    if let Some(job) = permission.job.id() {
        return vec![job];
    }
    let Some(workflow) = permission.workflow.id() else { return Vec::new() };
    model[workflow].jobs.ids().filter(|job| model[*job].permissions.ids().next().is_none()).collect()
}

pub(super) fn covers_idle_job(facts: &Facts, permission: Id<Permission>) -> Fact {
    let model = facts.model;
    let own = &model[permission];
    let gives = own.scope.as_str() == Some("id-token") && own.level.as_str() == Some("write");
    if !gives {
        return Fact::no(Vec::new());
    }
    Fact::any(covered(model, permission).into_iter().map(|job| {
        let place = Place::new(model[job].head.span, "this job makes nothing of it");
        is_idle(model, job).and(Fact::yes(vec![Place::new(own.head.span, "lets every job mint identities"), place]))
    }))
}

/// What a scope is for, where an action or command needs it.
pub(super) fn covers_other_jobs(facts: &Facts, permission: Id<Permission>) -> Fact {
    let model = facts.model;
    let own = &model[permission];
    let is_writing = own.level.as_str() == Some("write") && own.scope.as_str() != Some("id-token");
    let jobs = covered(model, permission);
    if !is_writing || own.workflow.any().is_none() || jobs.len() < 2 {
        return Fact::no(Vec::new());
    }
    Fact::any(jobs.into_iter().map(|job| {
        let place = Place::new(model[job].head.span, "this job writes nothing");
        writes_nothing(model, job).and(Fact::yes(vec![Place::new(own.head.span, "gives it to every job"), place]))
    }))
}

/// Whether every step of a job is known to write nothing on GitHub.
fn writes_nothing(model: &Model, job: Id<Job>) -> Fact {
    if model[job].uses.any().is_some() || model[job].steps.ids().next().is_none() {
        return Fact::unknown(Reason::at("other-workflow", "uses", model[job].head.span));
    }
    Fact::all(model[job].steps.ids().map(|step| {
        let span = model[step].head.span;
        if let Some(uses) = model[step].uses.id() {
            let uses = &model[uses];
            let name =
                format!("{}/{}", uses.owner.as_str().unwrap_or(""), uses.repo.as_str().unwrap_or("")).to_lowercase();
            let reads = lists::needs(&name).is_some_and(|needs| !needs.iter().any(|(_, level)| *level == "write"));
            return match reads {
                true => Fact::yes(Vec::new()),
                false => Fact::unknown(Reason::at("action-not-modelled", name, span)),
            };
        }
        match may_write(model, step) {
            Tri::False => Fact::yes(Vec::new()),
            Tri::True | Tri::Unknown => Fact::unknown(Reason::at("script-may-write", "run", span)),
        }
    }))
}

/// Whether a step's script may write something on GitHub: it speaks to it, or runs what is not read here.
pub(super) fn may_write(model: &Model, step: Id<Step>) -> Tri {
    const WRITERS: [&str; 8] =
        ["gh ", "git push", "GITHUB_TOKEN", "GH_TOKEN", "github.token", "docker push", "publish", "release"];
    let script = model[step].run.id().map(|run| model[run].script.as_str().unwrap_or("")).unwrap_or("");
    match WRITERS.iter().any(|word| script.contains(word)) {
        true => Tri::Unknown,
        false => Tri::False,
    }
}

pub(super) fn lacks_id_token(facts: &Facts, credential: Id<Credential>) -> Fact {
    let model = facts.model;
    let own = &model[credential];
    let Some(job) = own.job.id().filter(|_| own.kind.as_str() == Some("oidc_role")) else {
        return Fact::no(Vec::new());
    };
    let lacks = match level(model, job, "id-token").as_deref() {
        Some("write") => return Fact::no(Vec::new()),
        Some(_) => Fact::yes(vec![Place::new(own.head.span, "asks for an identity token")]),
        None => return Fact::unknown(Reason::at("wrong-type", "permissions", model[job].head.span)),
    };
    // A callee without a block has what callers elsewhere give.
    let callers_elsewhere = model[job].starts.ids().any(|start| model[start].event.as_str() == Some("workflow_call"));
    if callers_elsewhere {
        return Fact::unknown(Reason::at("callers-elsewhere", "workflow_call", model[job].head.span));
    }
    match model[job].is_self_hosted.tri() {
        Tri::False => lacks,
        Tri::True | Tri::Unknown => Fact::unknown(Reason::at("custom-runner-label", "runs-on", model[job].head.span)),
    }
}
