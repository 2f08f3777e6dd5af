//! What an image's name promises: the same image tomorrow, or whatever was pushed last.

use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::image::{Image, Repository};
use crate::model::{Id, Link, Reading};
use crate::source::Place;
use crate::value::Value;

facts! {
    Image {
        /// What its name promises: a digest; `unique` to one build; a `release`; a `branch`; a `fixed` word; nothing.
        class: Word["digest", "unique", "release", "branch", "fixed", "none"] = class,
        /// Whether the same name may mean another image tomorrow: no digest, and a repository that lets tags move.
        can_move: Flag = can_move,
    }
    Repository {
        /// Whether every pushed image is looked at for known holes: the repository says so, or the registry does.
        scans_on_push: Flag = scans_on_push,
    }
}

pub(super) fn scans_on_push(facts: &Facts<'_>, id: Id<Repository>) -> Fact {
    let repository = &facts.model[id];
    let span = repository.scan_on_push.origin().span().unwrap_or(repository.head.span);
    match repository.scan_on_push.get() {
        Reading::Known(true) => return Fact::yes(vec![Place::new(span, "scans on push")]),
        Reading::Unknown(reason) => return Fact::unknown(reason),
        Reading::Known(false) | Reading::Absent => {}
    }
    // A registry's rules name repositories by patterns; which of them they reach is not decided here.
    match facts.index().managed("aws_ecr_registry_scanning_configuration").first() {
        Some(registry) => {
            let place = facts.model[*registry].head.span;
            Fact::unknown(Reason::at("unsupported", "the registry's own scanning rules", place))
        }
        None => Fact::no(vec![Place::new(span, "nothing scans what is pushed here")]),
    }
}

/// Words of what a run knows that no other build has.
const OF_ONE_BUILD: [&str; 8] = [
    "github.sha",
    "github_sha",
    "run_id",
    "run_number",
    "run_attempt",
    "rev-parse",
    "pull_request.head.sha",
    "git_sha",
];

fn class(facts: &Facts<'_>, id: Id<Image>) -> (Value, Vec<Place>) {
    let image = &facts.model[id];
    let origin = image.tag.origin().clone();
    let place = Place::new(origin.span().unwrap_or(image.head.span), "the tag");
    let is = |word: &str| (Value::text(word, origin.clone()), vec![place.clone()]);
    let unknown = |reason: Reason| (Value::unknown(reason, origin.clone()), vec![place.clone()]);
    if image.digest.is_present() == Tri::True {
        return is("digest");
    }
    let tag = match image.tag.get() {
        Reading::Known(tag) => tag,
        Reading::Absent => return is("none"),
        Reading::Unknown(reason) => return class_of_hole(&reason).map_or_else(|| unknown(reason.clone()), is),
    };
    if tag.known().is_some() {
        return is("fixed");
    }
    let words: Vec<&'static str> = tag.holes().filter_map(|hole| class_of_hole(hole.reason()?)).collect();
    // A hole behind the name may bring a digest, too: what a word of one build promises holds all the same.
    match words.iter().find(|word| **word == "unique").or(words.first()) {
        Some(word) => is(word),
        None => unknown(hidden(image.tag.value(), "image tag", image)),
    }
}

/// What the name of something that only a run knows says of a tag; nothing where it may be anything.
fn class_of_hole(reason: &Reason) -> Option<&'static str> {
    let object = reason.object.to_ascii_lowercase();
    if OF_ONE_BUILD.iter().any(|word| object.contains(word)) {
        return Some("unique");
    }
    if object.contains("head_ref") {
        return Some("branch");
    }
    object.contains("release.tag_name").then_some("release")
}

fn hidden(value: &Value, what: &str, image: &Image) -> Reason {
    let hole = value.as_text().and_then(|text| text.holes().find_map(|hole| hole.reason().cloned()));
    value.reason().cloned().or(hole).unwrap_or_else(|| Reason::at("no-value", what, image.head.span))
}

fn can_move(facts: &Facts<'_>, id: Id<Image>) -> Fact {
    let image = &facts.model[id];
    let place = |role: &str| {
        let span = image.tag.origin().span().or(image.text.origin().span()).unwrap_or(image.head.span);
        vec![Place::new(span, role)]
    };
    match image.digest.is_present() {
        Tri::True => return Fact::no(place("a digest")),
        Tri::Unknown => return Fact::unknown(Reason::at("no-value", "digest", image.head.span)),
        Tri::False => {}
    }
    let repository = match &image.repository.link {
        Link::To(id) => id.typed::<crate::model::image::Repository>(),
        Link::Absent => return Fact::yes(place("a tag of somebody else's repository")),
        Link::Unknown(reason) => return Fact::unknown(reason.clone()),
    };
    let Some(repository) = repository.map(|id| &facts.model[id]) else {
        return Fact::unknown(Reason::at("no-value", "repository", image.head.span));
    };
    match repository.mutability.get() {
        Reading::Known(word) => match word.equals_str("IMMUTABLE") {
            Tri::True => Fact::no(place("a tag that never moves")),
            Tri::False => {
                let mut places = place("this tag can be pushed again");
                let span = repository.mutability.origin().span().unwrap_or(repository.head.span);
                places.push(Place::new(span, "the repository lets tags move"));
                Fact::yes(places)
            }
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "mutability", repository.head.span)),
        },
        Reading::Absent => Fact::unknown(Reason::at("no-value", "mutability", repository.head.span)),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}
