//! Jobs that ask for a role, seen from the job: pull requests and outsiders that get power, sessions that are too long,
//! roles of other accounts.

use super::admit::Admissions;
use super::asking::{Asking, Uses, Way, askings, is_dead, subject_span, way_of};
use super::token::Repository;
use crate::facts::permit::escalate::Power;
use crate::facts::permit::power::session_has_power;
use crate::facts::start::{arrives_from_outside, injected_from_outside};
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::pipeline::Credential;
use crate::model::{Id, Model, Reading};
use crate::source::Place;

facts! {
    Credential {
        /// Whether a run of a pull request gets a role that changes things.
        pull_requests_get_power: Flag = pull_requests_get_power,
        /// Whether a run of a pull request asks for a role that changes things, and is refused.
        pull_requests_ask_for_power: Flag = pull_requests_ask_for_power,
        /// Whether somebody without rights decides what a job does that gets a role that changes things.
        outsiders_get_power: Flag = outsiders_get_power,
        /// Whether it asks for a longer session than its role gives.
        exceeds_role_session: Flag = exceeds_role_session,
        /// Whether its role is in another account than the one whose images the job pushes, or the one it is told to use.
        is_of_other_account: Flag = is_of_other_account,
        /// Whether the job installs packages or runs what it downloads once it has the credentials.
        precedes_fetched_code: Flag = precedes_fetched_code,
    }
}

fn nothing(model: &Model, id: Id<Credential>) -> Fact {
    Fact::no(vec![Place::new(model[id].head.span, "")])
}

/// What can be said of a credential whose role is not here, or of which nobody can tell whether it is.
fn no_role(facts: &Facts<'_>, id: Id<Credential>) -> Fact {
    let hidden = facts.analysis::<Uses>().hidden_role(facts, id);
    hidden.map_or_else(|| nothing(facts.model, id), Fact::unknown)
}

/// The runs of a credential's job for which `wanted` holds that end with `answer`, and in which the role changes things.
fn with_power(
    facts: &Facts<'_>,
    id: Id<Credential>,
    wanted: impl Fn(&Asking<'_>) -> Tri,
    answer: Tri,
    words: &str,
) -> Fact {
    let model = facts.model;
    let credential = &model[id];
    let repository = facts.analysis::<Repository>();
    let Some(way) = way_of(facts, id).filter(|way| !is_dead(facts, way.first.1)) else { return no_role(facts, id) };
    let role = way.role;
    let step = credential.step.id();
    let mut doubt = false;
    for asking in askings(facts, &repository, way.first.0, way.first.1) {
        if step.is_some_and(|step| !asking.start().steps.ids().any(|it| it == step)) {
            continue;
        }
        let is_wanted = wanted(&asking);
        if is_wanted == Tri::False {
            continue;
        }
        let answered = match asking.admitted {
            Tri::Unknown => Tri::Unknown,
            Tri::True if answer == Tri::True => way.goes_on,
            known => Tri::from(known == answer),
        };
        let runs = if asking.is_sure() { Tri::True } else { Tri::Unknown };
        match Tri::all([is_wanted, answered, runs, session_has_power(facts, role, id, Power::Write)]) {
            Tri::True => return Fact::yes(trail(facts, credential, &asking, &way, words)),
            Tri::Unknown => doubt = true,
            Tri::False => {}
        }
    }
    match doubt {
        true => Fact::unknown(Reason::at("no-value", "what the role may do, or whom it lets in", credential.head.span)),
        false => nothing(model, id),
    }
}

/// The event, the step, the value of the trust.
fn trail(facts: &Facts<'_>, credential: &Credential, asking: &Asking<'_>, way: &Way, words: &str) -> Vec<Place> {
    let model = facts.model;
    let mut places = vec![Place::new(asking.trigger_span(model).unwrap_or(credential.head.span), words)];
    places.push(Place::new(credential.head.span, "this step asks for the role"));
    let admissions = facts.analysis::<Admissions>();
    if way.first.1 != way.role {
        places.push(Place::new(model[way.first.0].head.span, "with the role that this one gave it"));
    }
    let value = admissions.of(way.first.1).and_then(|admission| subject_span(model, admission));
    places.extend(value.map(|span| Place::new(span, "the trust decides here")));
    places
}

fn is_pull_request(asking: &Asking<'_>) -> Tri {
    Tri::from(asking.start().event.as_str() == Some("pull_request"))
}

fn pull_requests_get_power(facts: &Facts<'_>, id: Id<Credential>) -> Fact {
    with_power(facts, id, is_pull_request, Tri::True, "every pull request gets the role")
}

fn pull_requests_ask_for_power(facts: &Facts<'_>, id: Id<Credential>) -> Fact {
    with_power(facts, id, is_pull_request, Tri::False, "pull requests ask for the role, and are refused today")
}

/// A run that outsiders begin where secrets are, in a job that takes their code, their files or their text.
fn outsiders_get_power(facts: &Facts<'_>, id: Id<Credential>) -> Fact {
    let model = facts.model;
    let Some(job) = model[id].job.id() else { return nothing(model, id) };
    let taken = arrives_from_outside(facts, job).or(injected_from_outside(facts, job));
    if taken.tri == Tri::False {
        return nothing(model, id);
    }
    let is_outside = |asking: &Asking<'_>| {
        let start = asking.start();
        start.is_trusted.tri().and(start.who.equals("outsider"))
    };
    let given = with_power(facts, id, is_outside, Tri::True, "anybody can begin this run");
    taken.and(given)
}

fn exceeds_role_session(facts: &Facts<'_>, id: Id<Credential>) -> Fact {
    let model = facts.model;
    let credential = &model[id];
    let uses = facts.analysis::<Uses>();
    let Some(role) = uses.role_of(id) else { return no_role(facts, id) };
    let role = &model[role];
    let place = credential.duration.origin().span().unwrap_or(credential.head.span);
    match (credential.duration.get(), role.max_session_duration.get()) {
        (Reading::Known(asked), Reading::Known(most)) if asked.as_i64() > most.as_i64() => Fact::yes(vec![
            Place::new(place, "longer than the role gives"),
            Place::new(role.max_session_duration.origin().span().unwrap_or(role.head.span), "this long at most"),
        ]),
        (Reading::Known(_), Reading::Known(_)) | (Reading::Absent, _) | (_, Reading::Absent) => nothing(model, id),
        (Reading::Unknown(reason), _) | (_, Reading::Unknown(reason)) => Fact::unknown(reason),
    }
}

/// The account in an ARN that is written out.
fn account_of(arn: &str) -> Option<&str> {
    let account = arn.split(':').nth(4)?;
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}

fn is_of_other_account(facts: &Facts<'_>, id: Id<Credential>) -> Fact {
    let model = facts.model;
    let credential = &model[id];
    let Some(arn) = credential.role_reference.as_str() else {
        return match credential.role_reference.get() {
            Reading::Unknown(reason) => Fact::unknown(reason),
            Reading::Known(_) | Reading::Absent => nothing(model, id),
        };
    };
    let (Some(account), Some(job)) = (account_of(arn), credential.job.id()) else { return nothing(model, id) };
    let mut doubt = match credential.account_ids.get() {
        Reading::Unknown(reason) => Some(reason),
        Reading::Known(_) | Reading::Absent => None,
    };
    if let Reading::Known(allowed) = credential.account_ids.get() {
        let known: Option<Vec<&str>> = allowed.items.iter().map(|id| id.as_str()).collect();
        if known.is_none() || allowed.open.is_some() {
            doubt = Some(Reason::at("run-time-value", "allowed-account-ids", credential.head.span));
        }
        if known.is_some_and(|known| !known.is_empty() && !known.contains(&account)) && allowed.open.is_none() {
            let span = credential.account_ids.origin().span().unwrap_or(credential.head.span);
            return Fact::yes(vec![
                Place::new(credential.head.span, format!("the role is in account {account}")),
                Place::new(span, "only these are allowed"),
            ]);
        }
    }
    // Where a job logs in several times nobody knows which login is meant.
    let n_logins = model[job]
        .credentials
        .ids()
        .filter(|id| matches!(model[*id].kind.as_str(), Some("oidc_role" | "chained_role" | "static_keys")))
        .count();
    let pushed = facts.index().pushes.of(job).map(|id| &model[id]).find_map(|push| {
        let text = push.target.value().as_text()?;
        let (registry, _) = text.prefix().split_once(".dkr.ecr.")?;
        (registry.len() == 12 && registry != account).then(|| (registry.to_owned(), &push.head))
    });
    match pushed {
        Some((_, head)) if n_logins == 1 && head.presence != Tri::True => {
            Fact::unknown(Reason::at("run-time-value", "push", head.span))
        }
        Some((registry, head)) if n_logins == 1 => Fact::yes(vec![
            Place::new(credential.head.span, format!("the role is in account {account}")),
            Place::new(head.span, format!("the image goes to account {registry}")),
        ]),
        Some(_) | None => doubt.map_or_else(|| nothing(model, id), Fact::unknown),
    }
}

/// The first later step that runs code of others. A login to a registry of packages has to come before.
fn precedes_fetched_code(facts: &Facts<'_>, id: Id<Credential>) -> Fact {
    let model = facts.model;
    let credential = &model[id];
    let is_aws = matches!(credential.kind.as_str(), Some("oidc_role" | "chained_role" | "static_keys"));
    let (Some(job), Some(own), true) = (credential.job.id(), credential.step.id(), is_aws) else {
        return nothing(model, id);
    };
    let mut behind = model[job].steps.ids().skip_while(|step| *step != own).skip(1);
    let found = behind.find_map(|step| {
        let run = &model[model[step].run.id()?];
        (run.runs_fetched_code.tri() == Tri::True)
            .then(|| run.runs_fetched_code.origin().span().unwrap_or(run.head.span))
    });
    match found {
        Some(span) => Fact::yes(vec![
            Place::new(span, "code of others runs with the credentials in its environment"),
            Place::new(credential.head.span, "they are there from here on"),
        ]),
        None => nothing(model, id),
    }
}
