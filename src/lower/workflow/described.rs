//! What the configuration says of identities: the form of the tokens' subjects, and the roles behind secrets and
//! variables.

use crate::lower::{DescribedGithub, Description};
use crate::model::Model;
use crate::model::pipeline::GithubRepository;
use crate::source::Span;
use crate::value::{Origin, Value};

/// From this day on new, renamed and transferred repositories carry ids in their subjects.
const IMMUTABLE_SINCE: &str = "2026-07-15";

/// Which form the subjects have. A repository that is older may have been renamed since: that says nothing.
pub(super) fn subject(repository: &mut GithubRepository, github: &DescribedGithub, place: Span) {
    let origin = |span: Option<Span>| Origin::written(span.unwrap_or(place));
    if let Some(id) = &github.owner_id {
        repository.owner_id.set(Value::number(id.value, origin(id.place)));
    }
    if let Some(id) = &github.repository_id {
        repository.repository_id.set(Value::number(id.value, origin(id.place)));
    }
    let by_ids = github.owner_id.as_ref().or(github.repository_id.as_ref()).map(|id| id.place);
    let by_age = github.created.as_ref().filter(|day| &*day.value >= IMMUTABLE_SINCE).map(|day| day.place);
    let (form, at) = match (&github.subject, by_ids.or(by_age)) {
        (Some(subject), _) => match subject.value.as_slice() {
            [form] if form == "plain" || form == "immutable" => (form.as_str(), subject.place),
            keys => {
                let keys = keys.iter().map(|key| Value::text(key, origin(subject.place)));
                repository.subject_keys.set(Value::list(keys.collect(), origin(subject.place)));
                ("custom", subject.place)
            }
        },
        (None, Some(at)) => ("immutable", at),
        (None, None) => return,
    };
    repository.subject_form.set(Value::text(form, origin(at)));
}

/// The roles of `[roles]`: a login that takes its role from a secret or variable named there asks for that one.
pub(super) fn roles(model: &mut Model, described: &Description) {
    if described.roles.is_empty() {
        return;
    }
    for (_, credential) in model.pipeline.credentials.iter_mut() {
        let Some(text) = credential.role_reference.value().as_text() else { continue };
        let (true, true, Some(hole)) = (text.prefix().is_empty(), text.suffix().is_empty(), text.holes().next()) else {
            continue;
        };
        let named = hole.reason().and_then(|reason| {
            reason.object.strip_prefix("secrets.").or_else(|| reason.object.strip_prefix("vars.")).map(str::to_owned)
        });
        let given = named.and_then(|name| {
            described.roles.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name)).map(|(_, given)| given.clone())
        });
        if let Some(given) = given {
            let origin = given.place.map_or_else(|| credential.role_reference.origin().clone(), Origin::written);
            credential.role_reference.set(Value::text(&given.value, origin));
        }
    }
}
