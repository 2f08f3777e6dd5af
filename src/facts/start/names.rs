//! Names, Regions and versions that a pipeline writes down, against what Terraform says of the same things.

use crate::facts::Facts;
use crate::facts::state::version::Constraint;
use crate::logic::{Fact, Reason, Tri};
use crate::model::delivery::Deployment;
use crate::model::pipeline::{Credential, Step, Uses};
use crate::model::{Cell, Id, Model, Reading, mark};
use crate::source::{Place, nearest};
use crate::value::Value;

/// Whether a literal name is none of those that the repository declares; silent unless all of them are known.
fn is_unknown(name: &Cell<mark::Text>, known: &[&Cell<mark::Text>], what: &str) -> Fact {
    let (Some(name), Some(span)) = (name.as_str(), name.origin().span()) else {
        return match name.get() {
            Reading::Unknown(reason) => Fact::unknown(reason),
            Reading::Known(_) | Reading::Absent => Fact::no(Vec::new()),
        };
    };
    // An ARN ends with the name.
    let name = name.rsplit('/').next().unwrap_or(name);
    if known.is_empty() || known.iter().any(|cell| cell.as_str() == Some(name)) {
        return Fact::no(Vec::new());
    }
    let texts: Option<Vec<&str>> = known.iter().map(|cell| cell.as_str()).collect();
    let Some(texts) = texts else {
        return Fact::unknown(Reason::at("run-time-value", what, span));
    };
    let role = match nearest(name, texts.iter().copied()) {
        Some(near) => format!("no {what} here has this name; did you mean `{near}`?"),
        None => format!("no {what} here has this name"),
    };
    let declared = known
        .iter()
        .filter_map(|cell| cell.origin().span())
        .map(|span| Place::new(span, format!("a {what} of this repository")));
    Fact::yes(std::iter::once(Place::new(span, role)).chain(declared.take(3)).collect())
}

pub(super) fn names_unknown(facts: &Facts, deployment: Id<Deployment>) -> Fact {
    let model = facts.model;
    let own = &model[deployment];
    let services: Vec<_> = model.workload.services.iter().map(|(_, service)| &service.name).collect();
    let clusters: Vec<_> = model.workload.clusters.iter().map(|(_, cluster)| &cluster.name).collect();
    is_unknown(&own.service_name, &services, "service").or(is_unknown(&own.cluster_name, &clusters, "cluster"))
}

/// The credential's Region, if no provider of any configuration here is in it.
pub(super) fn region_differs(facts: &Facts, credential: Id<Credential>) -> Fact {
    let model = facts.model;
    let own = &model[credential];
    let (Some(region), Some(span)) = (own.region.as_str(), own.region.origin().span()) else {
        return match own.region.get() {
            Reading::Unknown(reason) => Fact::unknown(reason),
            Reading::Known(_) | Reading::Absent => Fact::no(Vec::new()),
        };
    };
    let deploys = own.job.id().is_some_and(|job| model[job].deployments.ids().next().is_some());
    let providers: Vec<_> = model
        .terraform
        .providers
        .iter()
        .map(|(_, provider)| provider)
        .filter(|it| it.kind.as_str() == Some("aws"))
        .collect();
    if providers.is_empty() || !deploys {
        return Fact::no(Vec::new());
    }
    let known: Option<Vec<&str>> = providers.iter().map(|provider| provider.region.as_str()).collect();
    match known {
        None => Fact::unknown(Reason::at("run-time-value", "region", span)),
        Some(regions) if regions.contains(&region) => Fact::no(Vec::new()),
        Some(_) => {
            let place = providers[0].region.origin().span().unwrap_or(providers[0].head.span);
            Fact::yes(vec![
                Place::new(span, "deploys in this Region"),
                Place::new(place, "while everything is declared in this one"),
            ])
        }
    }
}

/// The version of Terraform that a step installs, if the configuration that the job runs refuses it.
pub(super) fn version_is_refused(facts: &Facts, uses: Id<Uses>) -> Fact {
    let model = facts.model;
    let own = &model[uses];
    let is_setup = own.owner.as_str() == Some("hashicorp") && own.repo.as_str() == Some("setup-terraform");
    let (Some(step), Some(job)) = (own.step.id(), own.job.id()) else { return Fact::no(Vec::new()) };
    if !is_setup {
        return Fact::no(Vec::new());
    }
    let Some((version, span)) = input(model, step, "terraform_version") else {
        let is_bound = model.terraform.roots.iter().any(|(_, root)| root.required_version.is_present() != Tri::False);
        return match hidden_input(model, step, "terraform_version").filter(|_| is_bound) {
            Some(reason) => Fact::unknown(reason),
            None => Fact::no(Vec::new()),
        };
    };
    let runs = super::does::terraform_runs(facts, job);
    let folders: Vec<&str> = runs.filter_map(|run| run.directory.as_str()).collect();
    let roots = model.terraform.roots.iter().map(|(_, root)| root).filter(|root| {
        let path = root.path.as_str().unwrap_or("").trim_start_matches('.').trim_matches('/');
        folders.contains(&path)
    });
    Fact::any(roots.map(|root| {
        let required = root.required_version.as_str();
        let constraint = required.and_then(Constraint::parse);
        match constraint.and_then(|constraint| constraint.admits(&version)) {
            Some(false) => {
                let place = root.required_version.origin().span().unwrap_or(root.head.span);
                Fact::yes(vec![Place::new(span, "installs this version"), Place::new(place, "which is refused here")])
            }
            Some(true) => Fact::no(Vec::new()),
            None if required.is_none() => Fact::no(Vec::new()),
            None => Fact::unknown(Reason::at("version-unread", "required_version", span)),
        }
    }))
}

/// Why the text of an input of a step is not known, although it is given.
fn hidden_input(model: &Model, step: Id<Step>, name: &str) -> Option<Reason> {
    let Reading::Known(with) = model[step].with.get() else { return None };
    let (_, value) = with.entries.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    value.walk().find_map(Value::reason).cloned()
}

/// The literal text of an input of a step.
pub(super) fn input(model: &Model, step: Id<Step>, name: &str) -> Option<(String, crate::source::Span)> {
    let Reading::Known(with) = model[step].with.get() else { return None };
    let (_, value) = with.entries.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some((value.as_str()?.to_owned(), value.origin.span()?))
}
