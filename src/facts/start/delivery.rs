//! Whether what is built, planned and pushed is what runs in the end.

use super::any_start_of;
use super::does::{Brought, terraform_runs};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::delivery::{Deployment, Push, TerraformRun};
use crate::model::pipeline::{Job, Start, Step};
use crate::model::workload::Container;
use crate::model::{Id, Many, Model, Reading};
use crate::source::Place;
use crate::value::Text;

fn index_of(model: &Model, step: Option<Id<Step>>) -> i64 {
    use crate::model::Reading;
    match step.map(|step| model[step].index.get()) {
        Some(Reading::Known(number)) => number.as_i64().unwrap_or(0),
        _ => 0,
    }
}

/// Whether a run stands before another: earlier in its job, or in a job that it needs.
fn is_before(model: &Model, first: &TerraformRun, second: &TerraformRun) -> bool {
    match (first.job.id(), second.job.id()) {
        (Some(a), Some(b)) if a == b => {
            let order = |run: &TerraformRun| (index_of(model, run.step.id()), run.head.span.start);
            order(first) < order(second)
        }
        (Some(a), Some(b)) => needs(model, b, a),
        _ => false,
    }
}

/// Whether a job needs another, directly or through others.
pub(super) fn needs(model: &Model, job: Id<Job>, wanted: Id<Job>) -> bool {
    let mut open: Vec<Id<Job>> = model[job].needs.ids().collect();
    let mut seen = Vec::new();
    while let Some(next) = open.pop() {
        if next == wanted {
            return true;
        }
        if !seen.contains(&next) {
            seen.push(next);
            open.extend(model[next].needs.ids());
        }
    }
    false
}

fn same_folder(a: &TerraformRun, b: &TerraformRun) -> bool {
    match (a.directory.as_str(), b.directory.as_str()) {
        (Some(a), Some(b)) => a == b,
        (None, _) | (_, None) => false,
    }
}

/// The plan that was saved before this run and that it does not take.
pub(super) fn throws_plan_away(facts: &Facts, run: Id<TerraformRun>) -> Fact {
    let model = facts.model;
    let own = &model[run];
    let takes = own.plan_in.is_present();
    let is_apply = matches!(own.verb.as_str(), Some("apply"));
    if !is_apply || takes != Tri::False {
        return Fact::no(Vec::new());
    }
    let of_job = own.job.id().into_iter().flat_map(|job| facts.index().terraform_runs.of(job)).map(|id| &model[id]);
    let plans = of_job.filter(|other| other.plan_out.is_present() == Tri::True && same_folder(other, own));
    match plans.filter(|plan| is_before(model, plan, own)).last() {
        Some(plan) => Fact::yes(vec![
            Place::new(own.head.span, "plans again, and applies that"),
            Place::new(plan.head.span, "this plan is thrown away"),
        ]),
        None => Fact::no(Vec::new()),
    }
}

/// An apply that asks nobody and takes no plan.
pub(super) fn applies_unseen(facts: &Facts, run: Id<TerraformRun>) -> Fact {
    let own = &facts.model[run];
    // What only takes over the state of the world changes nothing in it.
    let only_reads = super::texts(&own.flags).0.iter().any(|flag| flag.as_str() == Some("-refresh-only"));
    let acts = matches!(own.verb.as_str(), Some("apply" | "destroy")) && !only_reads;
    let is_blind = own.is_approved_in_advance.tri().and(!own.plan_in.is_present());
    let place = Place::new(own.head.span, "plans and applies in one go");
    match is_blind.and(Tri::from(acts)) {
        Tri::True => Fact::yes(vec![place]),
        Tri::False => Fact::no(Vec::new()),
        Tri::Unknown => Fact::unknown(Reason::at("run-time-value", "plan file", own.head.span)),
    }
}

/// The first run of a job in a folder that holds no configuration; the others stand behind it.
pub(super) fn lacks_root(facts: &Facts, run: Id<TerraformRun>) -> Fact {
    let model = facts.model;
    let own = &model[run];
    if own.root_exists.tri() != Tri::False {
        let unknown = own.root_exists.is_present() != Tri::True;
        return match unknown {
            true => Fact::unknown(Reason::at("computed-directory", "terraform", own.head.span)),
            false => Fact::no(Vec::new()),
        };
    }
    let same: Vec<&TerraformRun> = super::does::runs_in_steps(model, own).collect();
    let is_first = same.first().is_some_and(|first| first.head.span == own.head.span);
    let places = same.iter().map(|run| Place::new(run.head.span, "runs where no configuration is"));
    match is_first {
        true => Fact::yes(places.collect()),
        false => Fact::no(Vec::new()),
    }
}

/// The last part of an image's path: what a repository is called, whatever registry holds it.
pub(super) fn repository(text: &Text) -> Option<String> {
    let suffix = text.suffix();
    let name = suffix.rsplit('/').next().unwrap_or("");
    (!name.is_empty() && (suffix.contains('/') || text.known().is_some())).then(|| name.to_lowercase())
}

/// The path and the tag of an image as a container names it.
pub(super) fn image_of(container: &Container) -> Option<(String, String)> {
    let text = container.image_name.value().as_text()?;
    let suffix = text.suffix();
    let (path, tag) = suffix.rsplit_once(':')?;
    let is_tag = !tag.contains('/');
    let name = path.rsplit('/').next().unwrap_or("");
    (is_tag && !name.is_empty()).then(|| (name.to_lowercase(), tag.to_owned()))
}

/// Whether two things come about in one run; where it was not seen in which, they may.
fn share_run(model: &Model, some: &Many<Start>, others: &Many<Start>) -> bool {
    let begin = |id: Id<Start>| match model[id].begin.get() {
        Reading::Known(number) => number.as_i64(),
        Reading::Absent | Reading::Unknown(_) => None,
    };
    let are_seen = some.ids().next().is_some() && others.ids().next().is_some();
    !are_seen || some.ids().any(|one| others.ids().any(|other| begin(one) == begin(other)))
}

/// All pushes of the same image in the same run.
fn siblings<'m>(facts: &Facts<'m>, push: &'m Push) -> impl Iterator<Item = &'m Push> {
    let model = facts.model;
    let workflow = push.job.id().and_then(|job| model[job].workflow.id());
    let of_workflow = workflow.into_iter().flat_map(|workflow| facts.index().workflow_pushes.of(workflow));
    of_workflow.map(|id| &model[id]).filter(move |other| {
        share_run(model, &push.starts, &other.starts)
            && match (push.target.value().as_text(), other.target.value().as_text()) {
                (Some(a), Some(b)) => a.equals(&b) != Tri::False && repository(&a) == repository(&b),
                (None, _) | (_, None) => false,
            }
    })
}

pub(super) fn has_fixed_tag(facts: &Facts, push: Id<Push>) -> Fact {
    let model = facts.model;
    Fact::any(siblings(facts, &model[push]).map(|other| match other.is_fixed.tri() {
        Tri::True if other.head.presence != Tri::True => {
            Fact::unknown(Reason::at("run-time-value", "push", other.head.span))
        }
        Tri::True => Fact::yes(vec![Place::new(other.head.span, "this tag stays")]),
        Tri::False => Fact::no(vec![Place::new(tag_place(other), "every build moves this tag")]),
        Tri::Unknown => Fact::unknown(Reason::at("run-time-value", "image tag", other.head.span)),
    }))
}

/// Where the tag is written.
fn tag_place(push: &Push) -> crate::source::Span {
    push.is_fixed.origin().span().unwrap_or(push.head.span)
}

/// Whether some container of this repository runs the image under the tag that is pushed.
pub(super) fn is_what_runs(facts: &Facts, push: Id<Push>) -> Fact {
    let model = facts.model;
    let own = &model[push];
    let tag = match own.tags.get() {
        crate::model::Reading::Known(list) => list.items.first().and_then(|tag| tag.as_str().map(str::to_owned)),
        _ => None,
    };
    let name = own.target.value().as_text().and_then(|text| repository(&text));
    let (Some(tag), Some(name)) = (tag, name) else { return Fact::no(Vec::new()) };
    let runs = model
        .workload
        .containers
        .iter()
        .map(|(_, container)| container)
        .find(|container| image_of(container).is_some_and(|(image, image_tag)| image == name && image_tag == tag));
    match runs {
        Some(container) => {
            let span = container.image_name.origin().span().unwrap_or(container.head.span);
            Fact::yes(vec![
                Place::new(tag_place(own), "every build moves this tag"),
                Place::new(span, "and this is what runs"),
            ])
        }
        None => Fact::no(Vec::new()),
    }
}

/// Whether something behind the push takes the image or starts it anew.
pub(super) fn is_deployed(facts: &Facts, push: Id<Push>) -> Fact {
    let model = facts.model;
    let own = &model[push];
    let Some(job) = own.job.id() else { return Fact::yes(Vec::new()) };
    let Some(workflow) = model[job].workflow.id() else { return Fact::yes(Vec::new()) };
    let index = facts.index();
    let follows = |other: Option<Id<Job>>, step: Option<Id<Step>>| match other {
        Some(other) if other == job => index_of(model, step) >= index_of(model, own.step.id()),
        Some(other) => needs(model, other, job),
        None => false,
    };
    let mut deployments = index.workflow_deployments.of(workflow).map(|id| &model[id]);
    let deployed =
        deployments.any(|it| follows(it.job.id(), it.step.id()) && share_run(model, &own.starts, &it.starts));
    let applied = index
        .workflow_terraform_runs
        .of(workflow)
        .map(|id| &model[id])
        .filter(|run| run.verb.as_str() == Some("apply") && share_run(model, &own.starts, &run.starts))
        .any(|run| follows(run.job.id(), run.step.id()));
    if deployed || applied {
        return Fact::yes(Vec::new());
    }
    // Another workflow may be begun by hand for it, and steps that cannot be read may do it.
    let elsewhere = model
        .delivery
        .deployments
        .iter()
        .any(|(_, it)| it.job.id().is_some_and(|it| model[it].workflow.id() != Some(workflow)));
    let has_services = !model.workload.services.is_empty();
    let unread = model[job].steps.ids().skip_while(|step| Some(*step) != own.step.id()).skip(1).find(|step| {
        let is_unread_action = model[*step].uses.id().is_some_and(|uses| model[uses].kind.as_str() == Some("action"));
        let (_, open) = super::texts(&model[*step].executes);
        is_unread_action || open.is_some()
    });
    match (has_services && !elsewhere, unread) {
        (true, None) => Fact::no(vec![Place::new(own.head.span, "nothing behind this starts the image")]),
        (_, Some(step)) => {
            Fact::unknown(Reason::at("action-not-modelled", &model[step].head.name, model[step].head.span))
        }
        (false, None) => Fact::unknown(Reason::at("no-service-here", &own.head.name, own.head.span)),
    }
}

pub(super) fn comes_after_apply(facts: &Facts, push: Id<Push>) -> Fact {
    let model = facts.model;
    let own = &model[push];
    let Some(job) = own.job.id() else { return Fact::no(Vec::new()) };
    let workflow = model[job].workflow.id().into_iter();
    let mut runs = workflow.flat_map(|it| facts.index().workflow_terraform_runs.of(it)).map(|id| &model[id]);
    let apply = runs.find(|run| {
        let other = run.job.id();
        run.verb.as_str() == Some("apply") && other.is_some_and(|other| other != job && needs(model, job, other))
    });
    match apply {
        Some(apply) if !model.workload.services.is_empty() => Fact::yes(vec![
            Place::new(model[job].head.span, "pushes the image"),
            Place::new(own.head.span, "here"),
            Place::new(apply.head.span, "after this has started the service"),
        ]),
        Some(_) | None => Fact::no(Vec::new()),
    }
}

/// The containers of the committed file that is deployed, with the pushes of their images in the same workflow.
fn file_images<'m>(facts: &Facts<'m>, deployment: &Deployment) -> Vec<(&'m Container, String, Vec<&'m Push>)> {
    let (model, index) = (facts.model, facts.index());
    let Some(file) = deployment.definition_file.origin().span().map(|span| span.file) else { return Vec::new() };
    if deployment.definition_file.is_present() != Tri::True {
        return Vec::new();
    }
    let workflow = deployment.job.id().and_then(|job| model[job].workflow.id());
    let mut found = Vec::new();
    for container in index.containers_in(file).iter().map(|id| &model[*id]) {
        let Some((name, tag)) = image_of(container) else { continue };
        let pushes: Vec<&Push> = workflow
            .into_iter()
            .flat_map(|workflow| index.workflow_pushes.of(workflow))
            .map(|id| &model[id])
            .filter(|push| share_run(model, &deployment.starts, &push.starts))
            .filter(|push| push.target.value().as_text().and_then(|text| repository(&text)).as_deref() == Some(&name))
            .collect();
        found.push((container, tag, pushes));
    }
    found
}

fn pushes_tag(push: &Push, tag: &str) -> Tri {
    match push.tags.get() {
        crate::model::Reading::Known(list) => Tri::any(list.items.iter().map(|item| match item.as_text() {
            Some(text) => match text.equals_str(tag) {
                // A commit or a run's number is not a word that somebody wrote down.
                Tri::Unknown if push.is_fixed.tri() == Tri::True => Tri::False,
                tri => tri,
            },
            None => Tri::Unknown,
        })),
        _ => Tri::Unknown,
    }
}

/// Why nobody can tell whether a committed file is deployed.
fn hidden_file(deployment: &Deployment) -> Option<Reason> {
    let reason = deployment.definition.value().first_reason().filter(|reason| reason.code != "run-time-value")?;
    (deployment.definition_file.is_present() != Tri::True).then_some(reason)
}

/// The committed file names another tag than any that was pushed for its image.
pub(super) fn ignores_pushed_image(facts: &Facts, deployment: Id<Deployment>) -> Fact {
    let model = facts.model;
    let own = &model[deployment];
    if let Some(reason) = hidden_file(own) {
        return Fact::unknown(reason);
    }
    Fact::any(file_images(facts, own).into_iter().filter(|(_, _, pushes)| !pushes.is_empty()).map(
        |(container, tag, pushes)| {
            let taken = Tri::any(pushes.iter().map(|push| pushes_tag(push, &tag)));
            let image = container.image_name.origin().span().unwrap_or(container.head.span);
            let place = own.definition.origin().span().unwrap_or(own.head.span);
            let places = vec![
                Place::new(place, "deploys the committed file"),
                Place::new(pushes[0].head.span, "the image that is pushed"),
                Place::new(image, "the image that the file names"),
            ];
            match taken {
                Tri::False => Fact::yes(places),
                Tri::True => Fact::no(Vec::new()),
                Tri::Unknown => Fact::unknown(Reason::at("run-time-value", "image tag", pushes[0].head.span)),
            }
        },
    ))
}

/// The committed file names a tag that every build moves, while the build's own tag is pushed for nothing.
pub(super) fn takes_movable_tag(facts: &Facts, deployment: Id<Deployment>) -> Fact {
    let model = facts.model;
    let own = &model[deployment];
    if let Some(reason) = hidden_file(own) {
        return Fact::unknown(reason);
    }
    Fact::any(file_images(facts, own).into_iter().map(|(container, tag, pushes)| {
        let movable =
            pushes.iter().find(|push| pushes_tag(push, &tag) == Tri::True && push.is_fixed.tri() == Tri::False);
        let fixed = pushes.iter().find(|push| push.is_fixed.tri() == Tri::True);
        let (Some(_), Some(fixed)) = (movable, fixed) else { return Fact::no(Vec::new()) };
        let image = container.image_name.origin().span().unwrap_or(container.head.span);
        let place = own.definition.origin().span().unwrap_or(own.head.span);
        Fact::yes(vec![
            Place::new(place, "deploys the committed file"),
            Place::new(image, "which names the tag that moves"),
            Place::new(fixed.head.span, "this tag is used by nothing"),
        ])
    }))
}

/// A job that tests and that this one does not wait for.
pub(super) fn skips_tests(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let Some(workflow) = model[job].workflow.id() else { return Fact::no(Vec::new()) };
    let mut tests = model[workflow].jobs.ids().filter(|other| *other != job && tests(model, *other));
    let skipped = tests.find(|other| !needs(model, job, *other) && share_a_start(model, job, *other));
    match skipped {
        Some(other) => Fact::yes(vec![
            Place::new(model[job].head.span, "deploys"),
            Place::new(model[other].head.span, "whatever this job finds"),
        ]),
        None => Fact::no(Vec::new()),
    }
}

fn tests(model: &Model, job: Id<Job>) -> bool {
    const WORDS: [&str; 8] = ["test", "tests", "lint", "check", "checks", "e2e", "unit", "integration"];
    let id = model[job].id.as_str().unwrap_or("").to_lowercase();
    id.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word))
}

/// Whether both jobs may be part of one run.
fn share_a_start(model: &Model, a: Id<Job>, b: Id<Job>) -> bool {
    let begin = |start: Id<crate::model::pipeline::Start>| match model[start].begin.get() {
        crate::model::Reading::Known(number) => number.as_i64(),
        _ => None,
    };
    let of_a: Vec<Option<i64>> = model[a].starts.ids().map(begin).collect();
    model[b].starts.ids().map(begin).any(|it| of_a.contains(&it))
}

/// Another job of the same run that changes the same thing in no order.
pub(super) fn races(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let Some(workflow) = model[job].workflow.id() else { return Fact::no(Vec::new()) };
    let acts = |other: Id<Job>| super::does::deploys(facts, other).or(super::does::changes_state(facts, other));
    let others = model[workflow].jobs.ids().take_while(|other| *other != job);
    let racing = others
        .filter(|other| !needs(model, job, *other) && !needs(model, *other, job) && share_a_start(model, job, *other));
    Fact::any(racing.map(|other| {
        let places = vec![
            Place::new(model[job].head.span, "changes what runs"),
            Place::new(model[other].head.span, "while this job does, too"),
        ];
        Fact::yes(places).and(acts(other))
    }))
    .and(acts(job))
}

pub(super) fn acts_on_any_branch(facts: &Facts, job: Id<Job>) -> Fact {
    let acts = super::does::deploys(facts, job).or(super::does::changes_state(facts, job));
    super::runs::runs_on_any_branch(facts, job).and(acts)
}

/// A start by a pull request in which a step deploys or changes state.
pub(super) fn acts_on_pull_requests(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let deploying = model[job].deployments.ids().map(|id| Brought::deployed(&model[id]));
    let changing = terraform_runs(facts, job).filter(|run| run.changes_state.tri() == Tri::True);
    let acting: Vec<Brought<'_>> = deploying.chain(changing.map(Brought::run)).collect();
    let start = any_start_of(model, job, |id| {
        let start = &model[id];
        let is_pull = start.event.as_str() == Some("pull_request") && start.source.as_str() == Some("same");
        if !is_pull {
            return Tri::False;
        }
        Tri::any(acting.iter().map(|it| it.comes_in(model, id).map_or(Tri::Unknown, Tri::from)))
    });
    start.and(super::holds::cloud(facts, job))
}

/// The state of a run that begins on a hosted runner and stays there.
pub(super) fn loses_state(facts: &Facts, run: Id<TerraformRun>) -> Fact {
    let model = facts.model;
    let own = &model[run];
    if own.changes_state.tri() != Tri::True || own.verb.as_str() != Some("apply") {
        return Fact::no(Vec::new());
    }
    let Some(job) = own.job.id() else { return Fact::no(Vec::new()) };
    let root = model.terraform.roots.iter().map(|(_, root)| root).find(|root| {
        let path = root.path.as_str().unwrap_or("").trim_start_matches('.').trim_matches('/');
        own.directory.as_str() == Some(path)
    });
    let Some(root) = root else {
        return Fact::unknown(Reason::at("root-not-found", "terraform", own.head.span));
    };
    let is_local = match root.backend.id() {
        None => root.backend.link == crate::model::Link::Absent,
        Some(backend) => model[backend].kind.as_str() == Some("local"),
    };
    let hosted = Fact::new(!model[job].is_self_hosted.tri(), Vec::new());
    match is_local {
        true => Fact::yes(vec![
            Place::new(own.head.span, "writes its state to the runner's disk"),
            Place::new(root.head.span, "no backend keeps it"),
        ])
        .and(hosted),
        false => Fact::no(Vec::new()),
    }
}

/// Two runs at once over a state that nothing locks.
pub(super) fn state_in_parallel(facts: &Facts, job: Id<Job>) -> Fact {
    let model = facts.model;
    let of_workflow = model[job].workflow.id().and_then(|workflow| model[workflow].concurrency.id());
    if model[job].concurrency.any().is_some() || of_workflow.is_some() {
        return Fact::no(Vec::new());
    }
    let runs = super::does::terraform_runs(facts, job).filter(|run| run.changes_state.tri() == Tri::True);
    Fact::any(runs.map(|run| {
        let root = model.terraform.roots.iter().map(|(_, root)| root).find(|root| {
            let path = root.path.as_str().unwrap_or("").trim_start_matches('.').trim_matches('/');
            run.directory.as_str() == Some(path)
        });
        let Some(backend) = root.and_then(|root| root.backend.id()) else {
            return Fact::unknown(Reason::at("root-not-found", "terraform", run.head.span));
        };
        let locks = crate::facts::state::locks(facts, backend);
        let places = vec![
            Place::new(model[job].head.span, "two runs of this job may meet"),
            Place::new(run.head.span, "both write the state"),
        ];
        Fact::yes(places).and(!locks)
    }))
}
