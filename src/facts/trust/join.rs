//! A trust beside the workflows of this repository: which of its jobs a role refuses, which of its subjects nobody here
//! presents, and where only a letter stands between the two.

use super::admit::{Admission, Admissions, Claim, Door, Effect};
use super::asking::{Asking, Uses, alternatives, askings, is_dead, subject_span};
use super::issuer::Issuer;
use super::subject::{Named, Subject, Tenant, is_wild, position, repository};
use super::token::{Form, Repository};
use crate::facts::permit::pattern::{Case, Extent, Pattern, Reading as How, Symbol};
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::identity::Role;
use crate::model::pipeline::Credential;
use crate::model::{Id, Model, Reading};
use crate::source::{Place, Span, nearest_within};
use crate::value::Value;

facts! {
    Role {
        /// Whether a job of this repository asks for it in a run that its trust refuses.
        refuses_its_own_jobs: Flag = refuses_its_own_jobs,
        /// Whether its trust lists a subject of this repository that no job presents that asks for it.
        has_unused_alternative: Flag = has_unused_alternative,
        /// Whether owner, repository or branch of its trust differ from those of this repository in case alone.
        differs_in_case: Flag = differs_in_case,
        /// Whether its trust names an environment that no job has, and one that a job has is called almost so.
        misspells_environment: Flag = misspells_environment,
        /// Whether its trust asks for an audience that no token for it has.
        refuses_audience: Flag = refuses_audience,
        /// Whether all its subjects have another form than the tokens of this repository.
        refuses_subject_form: Flag = refuses_subject_form,
        /// Whether its subjects have one of the two forms only, so that a rename or a change of the form shuts it.
        takes_one_subject_form: Flag = takes_one_subject_form,
        /// Whether names alone, which others can take over, say who comes in.
        rests_on_names: Flag = rests_on_names,
    }
}

/// Judges the role's trust if it lets GitHub's jobs in at all; says why nobody can tell if it may.
fn on_github(facts: &Facts<'_>, role: Id<Role>, judge: impl FnOnce(&Admission) -> Fact) -> Fact {
    let model = facts.model;
    let admissions = facts.analysis::<Admissions>();
    let Some(admission) = admissions.of(role) else { return nothing(model, role) };
    let mut open_doors = admission.doors.iter().filter(|door| !door.is_dead());
    if open_doors.clone().any(Door::is_github) {
        return judge(admission);
    }
    let hidden = open_doors.any(|door| door.issuer == Issuer::Unknown);
    let issuer = hidden.then(|| Reason::at("no-value", "who is let in", model[role].head.span));
    admission.open.clone().or(issuer).map_or_else(|| nothing(model, role), Fact::unknown)
}

fn nothing(model: &Model, role: Id<Role>) -> Fact {
    Fact::no(vec![Place::new(model[role].head.span, "")])
}

/// The values of the subject with whatever is not known of them.
fn hidden(model: &Model, admission: &Admission, role: Id<Role>) -> Option<Reason> {
    let is_hidden = admission.doors.iter().any(|door| {
        let is_hidden = |claim: &Claim| {
            let condition = &claim.condition;
            condition.is_open || claim.effect == Effect::Unknown || condition.values.iter().any(Pattern::is_loose)
        };
        door.is_open || door.claims.iter().any(is_hidden)
    });
    let reason = || Reason::at("no-value", "the subjects of the trust", model[role].head.span);
    admission.open.clone().or_else(|| is_hidden.then(reason))
}

/// Whether jobs may ask for the role although nobody can tell: its name is hidden, or theirs is.
fn unnamed(facts: &Facts<'_>, role: Id<Role>) -> Option<Reason> {
    let model = facts.model;
    let uses = facts.analysis::<Uses>();
    if model[role].name.as_str().is_some() || !uses.of_role(model, role).is_empty() {
        return None;
    }
    let mut asked = model
        .pipeline
        .credentials
        .iter()
        .filter(|(id, credential)| credential.kind.as_str() == Some("oidc_role") && uses.role_of(*id).is_none());
    let reason = || Reason::at("no-value", "the name of the role", model[role].head.span);
    asked.next().map(|_| reason())
}

/// What is not known of a trust beside the jobs here.
fn doubt(facts: &Facts<'_>, admission: &Admission, role: Id<Role>) -> Fact {
    match hidden(facts.model, admission, role).or_else(|| unnamed(facts, role)) {
        Some(reason) => Fact::unknown(reason),
        None => nothing(facts.model, role),
    }
}

fn refuses_its_own_jobs(facts: &Facts<'_>, role: Id<Role>) -> Fact {
    let model = facts.model;
    let head = &model[role].head;
    let uses = facts.analysis::<Uses>();
    let admissions = facts.analysis::<Admissions>();
    let repository = facts.analysis::<Repository>();
    if is_dead(facts, role) {
        return nothing(model, role);
    }
    let mut places: Vec<Place> = Vec::new();
    let mut doubt = false;
    for (id, credential) in uses.of_role(model, role) {
        for asking in askings(facts, &repository, id, role) {
            match asking.admitted {
                Tri::False if asking.is_sure() => {
                    for place in refused(model, credential, &asking) {
                        if !places.contains(&place) {
                            places.push(place);
                        }
                    }
                }
                Tri::False | Tri::Unknown => doubt = true,
                Tri::True => {}
            }
        }
    }
    if places.is_empty() {
        return match (doubt, unnamed(facts, role)) {
            (true, _) => Fact::unknown(Reason::at("no-value", "the subjects of its jobs", head.span)),
            (false, Some(reason)) => Fact::unknown(reason),
            (false, None) => nothing(model, role),
        };
    }
    let value = admissions.of(role).and_then(|admission| subject_span(model, admission));
    places.insert(0, Place::new(value.unwrap_or(head.span), "only these subjects are let in"));
    Fact::yes(places)
}

/// The run and the step that asks.
fn refused(model: &Model, credential: &Credential, asking: &Asking<'_>) -> Vec<Place> {
    let subject = asking.token.contexts.iter().map(ToString::to_string).next().unwrap_or_default();
    let job = asking.start().job.id();
    let environment = job.and_then(|job| model[job].environment.id()).map(|id| model[id].head.span);
    let span = environment.or_else(|| asking.trigger_span(model));
    let mut places: Vec<Place> =
        span.map(|span| Place::new(span, format!("the subject of this run ends in `{subject}`"))).into_iter().collect();
    places.push(Place::new(credential.head.span, "it asks for the role here"));
    places
}

/// A subject of this repository that no run presents, beside others that some run does: a trust whose subjects nobody
/// here presents is another repository's.
fn has_unused_alternative(facts: &Facts<'_>, role: Id<Role>) -> Fact {
    let model = facts.model;
    let repository = facts.analysis::<Repository>();
    let uses = facts.analysis::<Uses>();
    on_github(facts, role, |admission| {
        let asking: Vec<Asking<'_>> =
            uses.of_role(model, role).into_iter().flat_map(|(id, _)| askings(facts, &repository, id, role)).collect();
        let answer = |value: &Pattern| Tri::any(asking.iter().map(|asking| asking.token.presents(value)));
        let judged: Vec<(&Pattern, Span, Tri)> =
            alternatives(model, admission).into_iter().map(|(value, span)| (value, span, answer(value))).collect();
        let Some((used, _, _)) = judged.iter().find(|(_, _, tri)| *tri == Tri::True) else {
            return match judged.iter().any(|(_, _, tri)| *tri == Tri::Unknown) {
                true => Fact::unknown(Reason::at("no-value", "the subjects of its jobs", model[role].head.span)),
                false => doubt(facts, admission, role),
            };
        };
        let own = tenant_text(used);
        let of_this = |value: &Pattern| own.is_some() && tenant_text(value) == own;
        let unused = judged.iter().find(|(value, _, tri)| *tri == Tri::False && of_this(value));
        let Some((_, span, _)) = unused else {
            let is_open = |(value, _, tri): &&(&Pattern, Span, Tri)| {
                *tri == Tri::Unknown && (value.is_hidden() || of_this(value))
            };
            return match judged.iter().find(is_open) {
                Some((_, span, _)) => Fact::unknown(Reason::at("no-value", "the subject", *span)),
                None => nothing(model, role),
            };
        };
        // A job whose role nobody can tell may be the one.
        let unread = model.pipeline.credentials.iter().find(|(id, credential)| {
            credential.kind.as_str() == Some("oidc_role")
                && uses.role_of(*id).is_none()
                && credential.role_reference.as_str().is_none()
        });
        match unread {
            Some((_, credential)) => Fact::unknown(Reason::at("no-value", "role-to-assume", credential.head.span)),
            None => Fact::yes(vec![Place::new(*span, "no run of a job that asks for the role has this subject")]),
        }
    })
}

/// Owner and name without their ids, where nothing of them is a wildcard.
fn tenant_text(value: &Pattern) -> Option<String> {
    let name = |part: &[Symbol]| {
        let part = &part[..position(part, '@').unwrap_or(part.len())];
        (!part.iter().any(is_wild)).then(|| Pattern::of(part.to_vec()).to_string())
    };
    match repository(value.symbols())? {
        Named::Parts(owner, repository) => Some(format!("{}/{}", name(owner)?, name(repository)?)),
        Named::Hidden(written) => Some(Pattern::of(written.to_vec()).to_string()),
    }
}

fn differs_in_case(facts: &Facts<'_>, role: Id<Role>) -> Fact {
    let model = facts.model;
    let own = facts.analysis::<Repository>();
    on_github(facts, role, |admission| {
        let uses = facts.analysis::<Uses>();
        let asking: Vec<Asking<'_>> =
            uses.of_role(model, role).into_iter().flat_map(|(id, _)| askings(facts, &own, id, role)).collect();
        for (value, span) in alternatives(model, admission) {
            if let (Some(written), Some(full)) = (tenant_text(value), own.full_name())
                && written != full
                && written.eq_ignore_ascii_case(&full)
            {
                return Fact::yes(vec![Place::new(
                    span,
                    format!("the repository is `{full}`: subjects are compared with case"),
                )]);
            }
            if is_environment(value) {
                continue;
            }
            for asking in asking.iter().filter(|asking| asking.admitted == Tri::False) {
                let near = asking.token.contexts.iter().find(|context| {
                    after(value).is_some_and(|own| {
                        own.answers(context, Extent::All) == Tri::False
                            && own.folded().answers(&context.folded(), Extent::All) == Tri::True
                    })
                });
                if let Some(context) = near {
                    let words = format!("the run has `{context}`: subjects are compared with case");
                    let run = asking.trigger_span(model).map(|span| Place::new(span, "this run is refused"));
                    return Fact::yes(std::iter::once(Place::new(span, words)).chain(run).collect());
                }
            }
        }
        doubt(facts, admission, role)
    })
}

/// What stands after the repository.
fn after(value: &Pattern) -> Option<Pattern> {
    let mut colons = value.symbols().iter().enumerate().filter(|(_, symbol)| **symbol == Symbol::Literal(':'));
    let (second, _) = colons.nth(1)?;
    Some(Pattern::of(value.symbols()[second + 1..].to_vec()))
}

fn is_environment(value: &Pattern) -> bool {
    environment_of(value).is_some()
}

/// The environment that a subject ends in, if its name is plain.
fn environment_of(value: &Pattern) -> Option<String> {
    after(value)?.literal()?.strip_prefix("environment:").map(str::to_owned)
}

fn misspells_environment(facts: &Facts<'_>, role: Id<Role>) -> Fact {
    let model = facts.model;
    on_github(facts, role, |admission| {
        let uses = facts.analysis::<Uses>();
        let mut here: Vec<(String, Span)> = Vec::new();
        for (_, credential) in uses.of_role(model, role) {
            let Some(environment) = credential.job.id().and_then(|job| model[job].environment.id()) else { continue };
            let environment = &model[environment];
            match environment.name.as_str() {
                Some(name) => here.push((name.to_owned(), environment.head.span)),
                None => return Fact::unknown(Reason::at("no-value", "environment", environment.head.span)),
            }
        }
        for (value, span) in alternatives(model, admission) {
            let Some(written) = environment_of(value) else { continue };
            if here.iter().any(|(name, _)| name.replace(':', "%3A") == written) {
                continue;
            }
            let near = here.iter().find(|(name, _)| is_near(name, &written));
            if let Some((name, job)) = near {
                let words = format!("the job's environment is `{name}`");
                return Fact::yes(vec![Place::new(span, words), Place::new(*job, "this one")]);
            }
        }
        doubt(facts, admission, role)
    })
}

/// The same but for case, an encoded colon, or one slip.
fn is_near(name: &str, written: &str) -> bool {
    name.eq_ignore_ascii_case(written)
        || name == written
        || name.replace(':', "%3a") == written.to_ascii_lowercase()
        || (written.len() > 3 && nearest_within(written, [name], 1).is_some())
}

fn refuses_audience(facts: &Facts<'_>, role: Id<Role>) -> Fact {
    let model = facts.model;
    on_github(facts, role, |admission| {
        let doors = admission.doors.iter().filter(|door| door.is_github() && !door.is_dead());
        let audiences: Vec<_> =
            doors.flat_map(|door| door.claims("aud")).filter(|claim| claim.effect == Effect::Limits).collect();
        let mut doubt = hidden(model, admission, role).or_else(|| unnamed(facts, role));
        for claim in audiences {
            let takes = |audience: &str| {
                let audience = Pattern::parse(audience, How::Literal, Case::Kept);
                let taken = Tri::any(claim.condition.values.iter().map(|value| value.answers(&audience, Extent::All)));
                if claim.condition.is_open { taken.or(Tri::Unknown) } else { taken }
            };
            let span = first_value(&model[claim.id]);
            match by_provider(model, role, &takes) {
                Some((Tri::False, place)) => {
                    return Fact::yes(vec![Place::new(span, "no client of the provider is called so"), place]);
                }
                Some((Tri::Unknown, place)) => {
                    doubt.get_or_insert_with(|| Reason::at("no-value", "client_id_list", place.span));
                }
                Some((Tri::True, _)) | None => {}
            }
            match asks_for_other(facts, role, &takes) {
                Ok(Some(credential)) => {
                    let place = Place::new(credential, "this job asks for another audience");
                    return Fact::yes(vec![Place::new(span, "only tokens for this audience are taken"), place]);
                }
                Ok(None) => {}
                Err(reason) => doubt = doubt.or(Some(reason)),
            }
        }
        match asks_for_other_partition(facts, admission, role) {
            Some(places) => Fact::yes(places),
            None => doubt.map_or_else(|| nothing(model, role), Fact::unknown),
        }
    })
}

/// STS in China takes tokens that are made for it, and the action asks for those of the other Regions unless it is told.
fn asks_for_other_partition(facts: &Facts<'_>, admission: &Admission, role: Id<Role>) -> Option<Vec<Place>> {
    let model = facts.model;
    let is_in_china = |credential: &Credential| {
        credential.region.as_str().is_some_and(|region| region.starts_with("cn-"))
            || credential.role_reference.value().as_text().is_some_and(|text| text.prefix().starts_with("arn:aws-cn:"))
    };
    let uses = facts.analysis::<Uses>();
    let asking = uses.of_role(model, role);
    let (_, credential) = asking
        .into_iter()
        .find(|(_, credential)| is_in_china(credential) && credential.audience.as_str() == Some("sts.amazonaws.com"))?;
    let written = credential.audience.origin().span();
    let place = Place::new(credential.head.span, "this job asks for a token for `sts.amazonaws.com`");
    let claim = admission.doors.iter().flat_map(|door| door.claims("aud")).next();
    let trust = claim.map_or(model[role].head.span, |claim| first_value(&model[claim.id]));
    let mut places = vec![Place::new(trust, "in China tokens are made for `sts.amazonaws.com.cn`"), place];
    places.extend(written.map(|span| Place::new(span, "the audience")));
    Some(places)
}

/// Whether some client of the role's provider is taken.
fn by_provider(model: &Model, role: Id<Role>, takes: &dyn Fn(&str) -> Tri) -> Option<(Tri, Place)> {
    let mut providers = model[role].oidc_providers.ids();
    let provider = &model[providers.next()?];
    let Reading::Known(clients) = provider.client_ids.get() else { return None };
    if providers.next().is_some() || clients.open.is_some() || clients.items.is_empty() {
        return None;
    }
    let each = clients.items.iter().map(|client| client.as_str().map_or(Tri::Unknown, takes));
    let span = provider.client_ids.origin().span().unwrap_or(provider.head.span);
    Some((Tri::any(each), Place::new(span, "these are")))
}

/// A job that asks for the role with an audience that is not taken.
fn asks_for_other(facts: &Facts<'_>, role: Id<Role>, takes: &dyn Fn(&str) -> Tri) -> Result<Option<Span>, Reason> {
    let uses = facts.analysis::<Uses>();
    let mut doubt = None;
    for (_, credential) in uses.of_role(facts.model, role) {
        match (credential.audience.as_str().map(takes), credential.audience.get()) {
            (Some(Tri::False), _) => {
                return Ok(Some(credential.audience.origin().span().unwrap_or(credential.head.span)));
            }
            (None, Reading::Unknown(reason)) => doubt = Some(reason),
            (None, Reading::Known(text)) => doubt = text.holes().find_map(Value::reason).cloned().or(doubt),
            (Some(_), _) | (None, Reading::Absent) => {}
        }
    }
    doubt.map_or(Ok(None), Err)
}

fn first_value(condition: &crate::model::identity::PolicyCondition) -> Span {
    let first = match condition.values.get() {
        Reading::Known(list) => list.items.first().and_then(|value| value.origin.span()),
        Reading::Absent | Reading::Unknown(_) => None,
    };
    first.unwrap_or(condition.head.span)
}

/// The form of a value, where no wildcard leaves both open.
fn form_of(value: &Pattern) -> Option<Form> {
    let Some(Named::Parts(owner, name)) = repository(value.symbols()) else { return None };
    let has_id = |part: &[Symbol]| position(part, '@').is_some();
    let is_fixed = |part: &[Symbol]| has_id(part) || !part.iter().any(is_wild);
    let is_hidden = |part: &[Symbol]| part.iter().any(|symbol| matches!(symbol, Symbol::Hole(_)));
    if is_hidden(owner) || is_hidden(name) || !is_fixed(owner) || !is_fixed(name) {
        return None;
    }
    Some(if has_id(owner) && has_id(name) { Form::Immutable } else { Form::Plain })
}

/// The form that all values have.
fn one_form(model: &Model, admission: &Admission) -> Option<(Form, Span)> {
    let values = alternatives(model, admission);
    let (first, span) = values.first()?;
    let form = form_of(first)?;
    values.iter().all(|(value, _)| form_of(value) == Some(form)).then_some((form, *span))
}

fn refuses_subject_form(facts: &Facts<'_>, role: Id<Role>) -> Fact {
    let model = facts.model;
    let own = facts.analysis::<Repository>();
    on_github(facts, role, |admission| {
        let uses = facts.analysis::<Uses>();
        let form = own.only_form().filter(|_| !uses.of_role(model, role).is_empty());
        match (one_form(model, admission), form) {
            (Some((Form::Plain, span)), Some(Form::Immutable)) => {
                Fact::yes(vec![Place::new(span, "subjects of this repository carry ids: `repo:OWNER@ID/NAME@ID:…`")])
            }
            (Some((Form::Immutable, span)), Some(Form::Plain)) => {
                Fact::yes(vec![Place::new(span, "subjects of this repository carry no ids")])
            }
            (Some(_), Some(_)) => nothing(model, role),
            (Some((_, span)), None) if !uses.of_role(model, role).is_empty() => {
                Fact::unknown(Reason::at("no-value", "the form of the subjects", span))
            }
            (None, _) | (Some(_), None) => doubt(facts, admission, role),
        }
    })
}

fn takes_one_subject_form(facts: &Facts<'_>, role: Id<Role>) -> Fact {
    let model = facts.model;
    on_github(facts, role, |admission| match one_form(model, admission) {
        Some((Form::Plain, span)) => Fact::yes(vec![Place::new(span, "names only, without ids")]),
        Some((Form::Immutable, span)) => Fact::yes(vec![Place::new(span, "names with ids only")]),
        None => hidden(model, admission, role).map_or_else(|| nothing(model, role), Fact::unknown),
    })
}

fn rests_on_names(facts: &Facts<'_>, role: Id<Role>) -> Fact {
    let model = facts.model;
    on_github(facts, role, |admission| {
        let by_id = |door: &Door| {
            ["repository_id", "repository_owner_id"]
                .iter()
                .any(|name| door.claims(name).any(|claim| claim.effect == Effect::Limits))
        };
        let doors =
            || admission.doors.iter().filter(|door| matches!(door.issuer, Issuer::GitHub(_)) && !door.is_dead());
        if doors().all(by_id) {
            return nothing(model, role);
        }
        let named = alternatives(model, admission).into_iter().find(|(value, _)| {
            Subject::of(value.symbols()).tenant == Tenant::Repository && form_of(value) == Some(Form::Plain)
        });
        // A condition that nobody can tell may ask for an id.
        let may_be_by_id =
            |door: &Door| door.is_open || door.claims.iter().any(|claim| claim.effect == Effect::Unknown);
        let doubt = || Reason::at("no-value", "the conditions of the trust", model[role].head.span);
        match named {
            Some(_) if doors().all(|door| by_id(door) || may_be_by_id(door)) => Fact::unknown(doubt()),
            Some((_, span)) => Fact::yes(vec![Place::new(span, "whoever gets these names later comes in")]),
            None => hidden(model, admission, role).map_or_else(|| nothing(model, role), Fact::unknown),
        }
    })
}
