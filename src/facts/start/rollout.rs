//! What happens to a service once something deploys to it, and to a tag once it is pushed: what rolls back unseen, what
//! Terraform takes back, what a second push does.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Analysis, Facts, tag, task};
use crate::logic::{Fact, Reason, Tri};
use crate::model::delivery::{Deployment, Push};
use crate::model::image::Repository;
use crate::model::workload::{Container, Service};
use crate::model::{Id, Model, Reading};
use crate::source::{Place, Span};
use crate::value::Value;

/// The service that a deployment names; the reason where it cannot be told.
fn service_of(model: &Model, deployment: &Deployment) -> Result<Option<Id<Service>>, Reason> {
    let hidden = |what: &str| Reason::at("run-time-value", what, deployment.head.span);
    let Reading::Known(name) = deployment.service_name.get() else { return Err(hidden("the service's name")) };
    let mut doubt = false;
    for (id, service) in model.workload.services.iter() {
        let Reading::Known(own) = service.name.get() else {
            doubt = true;
            continue;
        };
        match own.equals(&name) {
            Tri::True => return Ok(Some(id)),
            Tri::Unknown => doubt = true,
            Tri::False => {}
        }
    }
    if doubt { Err(hidden("the service's name")) } else { Ok(None) }
}

/// Whether the action reports success although the service went back to its last version.
pub(super) fn rollback_is_unseen(facts: &Facts<'_>, id: Id<Deployment>) -> Fact {
    let model = facts.model;
    let deployment = &model[id];
    let uses = deployment.step.id().and_then(|step| model[step].uses.id()).map(|uses| &model[uses]);
    let is_action = |uses: &&crate::model::pipeline::Uses| {
        uses.owner.as_str() == Some("aws-actions") && uses.repo.as_str() == Some("amazon-ecs-deploy-task-definition")
    };
    let no = Fact::no(vec![Place::new(deployment.head.span, "")]);
    let Some(uses) = uses.filter(is_action) else { return no };
    if deployment.waits.tri() == Tri::False || deployment.kind.equals("service") != Tri::True {
        return no;
    }
    if let Reading::Unknown(reason) = deployment.waits.get() {
        return Fact::unknown(reason);
    }
    let place = Place::new(uses.head.span, "reports success after a rollback");
    let is_old = match uses.version.as_str() {
        Some(version) => match is_before_fix(version) {
            Some(true) => Fact::yes(vec![place]),
            Some(false) => return no,
            None => Fact::unknown(Reason::at("no-value", "version of the action", uses.head.span)),
        },
        None => Fact::unknown(Reason::at("no-value", "version of the action", uses.head.span)),
    };
    let goes_back = match service_of(model, deployment) {
        Ok(Some(service)) => {
            let span = model[service].head.span;
            let breaker = model[service].rollback.tri().and(model[service].circuit_breaker.tri());
            match breaker.or(model[service].alarms_roll_back.tri()) {
                Tri::Unknown => Fact::unknown(Reason::at("no-value", "the circuit breaker", span)),
                tri => Fact::new(tri, vec![Place::new(span, "goes back by itself")]),
            }
        }
        Ok(None) => Fact::unknown(Reason::at("no-service-here", &deployment.head.name, deployment.head.span)),
        Err(reason) => Fact::unknown(reason),
    };
    is_old.and(goes_back)
}

/// The fix came with 2.6.2, and a tag of the major version alone has it from the second on.
fn is_before_fix(version: &str) -> Option<bool> {
    let numbers: Option<Vec<u64>> = version.trim_start_matches('v').split('.').map(|part| part.parse().ok()).collect();
    match numbers?.as_slice() {
        [major] => Some(*major < 2),
        [major, _] if *major != 2 => Some(*major < 2),
        [major, minor, patch] => Some((*major, *minor, *patch) < (2, 6, 2)),
        _ => None,
    }
}

/// The deployments that wait until their services stand.
struct Waiting {
    by_service: BTreeMap<u32, Span>,
    /// Why one of them may wait for any.
    doubt: Option<Reason>,
}

impl Analysis for Waiting {
    fn compute(facts: &Facts<'_>) -> Waiting {
        let model = facts.model;
        let mut waiting = Waiting { by_service: BTreeMap::new(), doubt: None };
        for (_, deployment) in model.delivery.deployments.iter() {
            if deployment.waits.tri() != Tri::True || deployment.kind.equals("service") != Tri::True {
                continue;
            }
            match service_of(model, deployment) {
                Ok(Some(service)) => {
                    waiting.by_service.entry(service.index).or_insert(deployment.head.span);
                }
                Ok(None) => {}
                Err(reason) => waiting.doubt = Some(reason),
            }
        }
        waiting
    }
}

/// Whether somebody waits for the service: Terraform, or the workflow that deploys.
pub(super) fn is_awaited(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let model = facts.model;
    let service = &model[id];
    let waiting = facts.analysis::<Waiting>();
    if let Some(span) = waiting.by_service.get(&id.index) {
        return Fact::yes(vec![Place::new(*span, "waits for it")]);
    }
    match (service.waits.tri(), waiting.doubt.clone()) {
        (Tri::True, _) => {
            let span = service.waits.origin().span().unwrap_or(service.head.span);
            Fact::yes(vec![Place::new(span, "Terraform waits for it")])
        }
        (Tri::False, None) => Fact::no(vec![Place::new(service.head.span, "")]),
        (Tri::Unknown, None) => Fact::unknown(Reason::at("no-value", "wait_for_steady_state", service.head.span)),
        (_, Some(reason)) => Fact::unknown(reason),
    }
}

/// Whether it hangs instead of going back while somebody waits.
pub(super) fn hangs_in_rollout(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let stays = !task::rolls_back(facts, id);
    let mut hangs = stays.and(is_awaited(facts, id));
    if hangs.tri == Tri::True {
        let span = facts.model[id].head.span;
        hangs.places.insert(0, Place::new(span, "cannot go back by itself"));
        hangs.places.dedup_by(|later, earlier| later.span == earlier.span);
    }
    hangs
}

/// Whether the next run of Terraform takes back what a workflow deploys.
pub(super) fn is_reverted(facts: &Facts<'_>, id: Id<Service>) -> Fact {
    let model = facts.model;
    let service = &model[id];
    let no = Fact::no(vec![Place::new(service.head.span, "")]);
    let is_of_terraform = service.head.terraform.is_some() && service.task.any().is_some();
    if !is_of_terraform || service.ignores_task_definition.tri() == Tri::True {
        return no;
    }
    let mut doubt = None;
    for (_, deployment) in model.delivery.deployments.iter() {
        let brings_another =
            ["file", "rendered", "registered"].iter().any(|word| deployment.source.equals(word) == Tri::True);
        if !brings_another || deployment.kind.equals("service") != Tri::True {
            continue;
        }
        match service_of(model, deployment) {
            Ok(Some(found)) if found == id => {
                let own = service.task.origin.newest().map_or(service.head.span, |step| step.span);
                return Fact::yes(vec![
                    Place::new(own, "Terraform sets this definition"),
                    Place::new(deployment.head.span, "and the workflow another one"),
                ]);
            }
            Ok(_) => {}
            Err(reason) => doubt = Some(reason),
        }
    }
    doubt.map_or(no, Fact::unknown)
}

/// Whether a task that runs once gets a public address that no service has.
pub(super) fn is_exposed(facts: &Facts<'_>, id: Id<Deployment>) -> Fact {
    let model = facts.model;
    let deployment = &model[id];
    let span = deployment.head.span;
    match deployment.assigns_public_ip.tri() {
        Tri::True => {}
        Tri::False => return Fact::no(vec![Place::new(span, "")]),
        Tri::Unknown => return Fact::unknown(Reason::at("run-time-value", "network configuration", span)),
    }
    let services: Vec<&Service> = model.workload.services.iter().map(|(_, service)| service).collect();
    if services.is_empty() {
        return Fact::unknown(Reason::at("no-service-here", &deployment.head.name, span));
    }
    let public = Tri::any(services.iter().map(|service| service.assign_public_ip.tri()));
    match public {
        Tri::True => Fact::no(vec![Place::new(span, "")]),
        Tri::Unknown => Fact::unknown(Reason::at("no-value", "assign_public_ip", services[0].head.span)),
        Tri::False => {
            let place = deployment.assigns_public_ip.origin().span().unwrap_or(span);
            Fact::yes(vec![
                Place::new(place, "a public address"),
                Place::new(services[0].head.span, "the service has none"),
            ])
        }
    }
}

/// The repository of this tree that a push goes to.
fn repository_of<'m>(model: &'m Model, push: &Push) -> Result<Option<(Id<Repository>, &'m Repository)>, Reason> {
    let hidden = || Reason::at("run-time-value", "the repository", push.head.span);
    let Some(target) = push.target.value().as_text() else { return Err(hidden()) };
    let suffix = target.suffix().to_owned();
    let path = suffix.split_once('/').map_or(suffix.as_str(), |(_, path)| path);
    if path.is_empty() || (target.known().is_none() && !suffix.contains('/')) {
        return Err(hidden());
    }
    let mut doubt = false;
    for (id, repository) in model.image.repositories.iter() {
        match repository.path.as_str() {
            Some(own) if own == path || suffix == own => return Ok(Some((id, repository))),
            Some(_) => {}
            None => doubt = true,
        }
    }
    if doubt { Err(hidden()) } else { Ok(None) }
}

fn literal_tag(push: &Push) -> Option<String> {
    match push.tags.get() {
        Reading::Known(list) => list.items.first().and_then(|tag| tag.as_str().map(str::to_owned)),
        Reading::Absent | Reading::Unknown(_) => None,
    }
}

/// Whether tags of a repository stay, for one tag: exclusions turn the rule around.
fn keeps_tag(repository: &Repository, tag: &str) -> Tri {
    let is_excluded = match repository.exclusions.get() {
        Reading::Known(list) => Tri::any(list.items.iter().map(|filter| match filter.as_str() {
            Some(pattern) => Tri::from(matches(pattern, tag)),
            None => Tri::Unknown,
        })),
        Reading::Absent => Tri::False,
        Reading::Unknown(_) => Tri::Unknown,
    };
    match repository.mutability.as_str() {
        Some("IMMUTABLE") => Tri::True,
        Some("MUTABLE") => Tri::False,
        Some("IMMUTABLE_WITH_EXCLUSION") => !is_excluded,
        Some("MUTABLE_WITH_EXCLUSION") => is_excluded,
        Some(_) | None => Tri::Unknown,
    }
}

/// A filter of ECR: `*` stands for any characters.
fn matches(pattern: &str, tag: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return pattern == tag };
    let Some(mut rest) = tag.strip_prefix(first) else { return false };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn settings_place(repository: &Repository, role: &str) -> Place {
    Place::new(repository.mutability.origin().span().unwrap_or(repository.head.span), role)
}

/// Whether the second push of the tag is refused.
pub(super) fn is_refused_next_time(facts: &Facts<'_>, id: Id<Push>) -> Fact {
    let push = &facts.model[id];
    let place = |role: &str| Place::new(push.is_fixed.origin().span().unwrap_or(push.head.span), role);
    let Some(tag) = literal_tag(push) else { return Fact::no(vec![Place::new(push.head.span, "")]) };
    match repository_of(facts.model, push) {
        Ok(Some((_, repository))) => match keeps_tag(repository, &tag) {
            Tri::True => Fact::yes(vec![
                place("every build pushes this tag"),
                settings_place(repository, "which the repository takes once"),
            ]),
            Tri::False => Fact::no(vec![place("")]),
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "mutability", repository.head.span)),
        },
        Ok(None) => Fact::no(vec![place("")]),
        Err(reason) => Fact::unknown(reason),
    }
}

/// Whether the tag of a commit can be given to another image.
pub(super) fn can_be_overwritten(facts: &Facts<'_>, id: Id<Push>) -> Fact {
    let push = &facts.model[id];
    let no = || Fact::no(vec![Place::new(push.head.span, "")]);
    if literal_tag(push).is_some() || push.is_fixed.tri() == Tri::False {
        return no();
    }
    let found = match repository_of(facts.model, push) {
        Ok(Some((_, repository))) => match keeps_tag(repository, "0123456789abcdef0123456789abcdef01234567") {
            Tri::True => return no(),
            Tri::False => Fact::yes(vec![
                Place::new(push.head.span, "the tag of one commit"),
                settings_place(repository, "the repository lets tags move"),
            ]),
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "mutability", repository.head.span)),
        },
        Ok(None) => return no(),
        Err(reason) => Fact::unknown(reason),
    };
    match push.is_fixed.tri() {
        Tri::Unknown => Fact::unknown(Reason::at("run-time-value", "image tag", push.head.span)),
        Tri::True | Tri::False => found,
    }
}

/// Actions that look an image through for known holes.
const SCANNERS: [&str; 9] = [
    "aquasecurity/trivy-action",
    "anchore/scan-action",
    "azure/container-scan",
    "crazy-max/ghaction-container-scan",
    "docker/scout-action",
    "snyk/actions",
    "sysdiglabs/scan-action",
    "aws-actions/vulnerability-scan-github-action-for-amazon-inspector",
    "jfrog/frogbot",
];

/// Programs that do.
const SCANNING_PROGRAMS: [&str; 7] =
    ["trivy", "grype", "snyk", "docker-scout", "clair-scanner", "start-image-scan", "describe-image-scan-findings"];

/// Whether something looks a pushed image through: a step of the workflow, or the repository.
pub(super) fn is_scanned(facts: &Facts<'_>, id: Id<Push>) -> Fact {
    let model = facts.model;
    let push = &model[id];
    let workflow = push.job.id().and_then(|job| model[job].workflow.id());
    for job in workflow.into_iter().flat_map(|workflow| model[workflow].jobs.ids()) {
        for step in model[job].steps.ids().map(|step| &model[step]) {
            let action = step.uses.id().and_then(|uses| model[uses].text.as_str()).unwrap_or("").to_lowercase();
            let script = step.run.id().and_then(|run| model[run].script.as_str()).unwrap_or("");
            let by_program = script.split_whitespace().any(|word| SCANNING_PROGRAMS.contains(&word));
            let by_scout = script.contains("docker scout");
            if SCANNERS.iter().any(|scanner| action.starts_with(scanner)) || by_program || by_scout {
                return Fact::yes(vec![Place::new(step.head.span, "")]);
            }
        }
    }
    match repository_of(model, push) {
        Ok(Some((repository, _))) => {
            let mut scans = tag::scans_on_push(facts, repository);
            if scans.tri == Tri::False {
                scans.places.insert(0, Place::new(push.head.span, "no step scans what is pushed here"));
            }
            scans
        }
        Ok(None) => Fact::unknown(Reason::at("not-declared-here", "the repository", push.head.span)),
        Err(reason) => Fact::unknown(reason),
    }
}

/// Whether some push of the repository carries the tag that a container names.
pub(super) fn tag_is_pushed(facts: &Facts<'_>, id: Id<Container>) -> Fact {
    let model = facts.model;
    let container = &model[id];
    let yes = Fact::yes(vec![Place::new(container.head.span, "")]);
    let Some((name, wanted)) = super::delivery::image_of(container) else { return yes };
    let pushed = facts.analysis::<Pushed>();
    let Some(tags) = pushed.of.get(&name) else { return yes };
    let is_ours = container.image_name.value().as_text().is_some_and(|text| text.contains(".dkr.ecr.") != Tri::False);
    if !is_ours {
        return yes;
    }
    match (tags.literal.contains(&wanted), tags.has_other) {
        (true, _) => yes,
        (false, true) => Fact::unknown(Reason::at("run-time-value", "image tag", tags.first)),
        (false, false) => Fact::no(vec![
            Place::new(place_of_tag(container.image_name.value(), container), "no build pushes this tag"),
            Place::new(tags.first, "what is pushed"),
        ]),
    }
}

/// What is pushed to each repository, by its name.
struct Pushed {
    of: BTreeMap<String, PushedTags>,
}

struct PushedTags {
    first: Span,
    literal: BTreeSet<String>,
    /// Some push has a tag that only the run knows.
    has_other: bool,
}

impl Analysis for Pushed {
    fn compute(facts: &Facts<'_>) -> Pushed {
        let mut of: BTreeMap<String, PushedTags> = BTreeMap::new();
        for (_, push) in facts.model.delivery.pushes.iter() {
            let name = push.target.value().as_text().and_then(|text| super::delivery::repository(&text));
            let Some(name) = name else { continue };
            let first = push.head.span;
            let new = || PushedTags { first, literal: BTreeSet::new(), has_other: false };
            let tags = of.entry(name).or_insert_with(new);
            match literal_tag(push) {
                Some(tag) => {
                    tags.literal.insert(tag);
                }
                None => tags.has_other = true,
            }
        }
        Pushed { of }
    }
}

fn place_of_tag(value: &Value, container: &Container) -> Span {
    let last = value.as_text().and_then(|text| text.stretches().last().and_then(|(_, origin, _)| origin.span()));
    last.or_else(|| value.origin.span()).unwrap_or(container.head.span)
}

#[cfg(test)]
mod tests {
    use super::{is_before_fix, matches};

    #[test]
    fn versions() {
        let verdicts = ["v1", "v2", "v2.6.1", "2.6.2", "v2.6", "v1.5.0", "main"].map(is_before_fix);
        assert_eq!(verdicts, [Some(true), Some(false), Some(true), Some(false), None, Some(true), None]);
    }

    #[test]
    fn filters() {
        assert!(matches("latest", "latest") && matches("dev-*", "dev-1") && matches("*-rc*", "v1-rc2"));
        assert!(!matches("dev-*", "prod-1") && !matches("latest", "latest2"));
    }
}
