//! What the token of a run says: its subject in every form that it may have, and the claims that AWS reads. The repository
//! is the one that a trust names, unless the configuration gives its name.

use super::admit::{Admission, Claim, Door, Effect, has_star};
use super::issuer::Issuer;
use super::subject::{Named, is_wild, position, repository};
use super::template::{Template, asks_for_ids, template};
use crate::facts::permit::condition::Comparison;
use crate::facts::permit::pattern::{Case, Extent, Pattern, Reading as How, Symbol, shared_hole};
use crate::facts::{Analysis, Facts};
use crate::logic::Tri;
use crate::model::pipeline::{GithubRepository, Start};
use crate::model::{Link, Model};
use crate::value::Text;

/// The two forms of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `repo:OWNER/NAME:…`
    Plain,
    /// `repo:OWNER@1/NAME@2:…`
    Immutable,
}

/// What is known of the repository whose jobs ask.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    owner: Option<String>,
    name: Option<String>,
    owner_id: Option<String>,
    id: Option<String>,
    /// The forms that its subjects may have.
    pub(super) forms: Vec<Form>,
    pub(super) template: Template,
}

impl Analysis for Repository {
    fn compute(facts: &Facts<'_>) -> Repository {
        let model = facts.model;
        let of = |read: &dyn Fn(&GithubRepository) -> Option<String>| {
            model.pipeline.repositories.iter().find_map(|(_, repository)| read(repository))
        };
        let full = of(&|repository| repository.name.as_str().map(str::to_owned));
        let (owner, name) = match full.as_deref().and_then(|full| full.split_once('/')) {
            Some((owner, name)) => (Some(owner.to_owned()), Some(name.to_owned())),
            None => (None, None),
        };
        let number = |value: &crate::value::Value| crate::value::Text::known(&value.as_text()?).map(str::to_owned);
        let forms = match of(&|repository| repository.subject_form.as_str().map(str::to_owned)).as_deref() {
            Some("plain") => vec![Form::Plain],
            Some("immutable") => vec![Form::Immutable],
            Some(_) | None if asks_for_ids(model) => vec![Form::Immutable],
            Some(_) | None => vec![Form::Plain, Form::Immutable],
        };
        Repository {
            owner,
            name,
            owner_id: of(&|repository| number(repository.owner_id.value())),
            id: of(&|repository| number(repository.repository_id.value())),
            forms,
            template: template(model),
        }
    }
}

impl Repository {
    /// The only form that subjects can have, where that is known.
    pub(super) fn only_form(&self) -> Option<Form> {
        match self.forms.as_slice() {
            [form] => Some(*form),
            _ => None,
        }
    }

    /// `OWNER/NAME` as the configuration gives it.
    pub(super) fn full_name(&self) -> Option<String> {
        Some(format!("{}/{}", self.owner.as_deref()?, self.name.as_deref()?))
    }

    /// The repository in one form, as a value names it where nobody else does.
    fn symbols(&self, form: Form, value: &Pattern) -> Vec<Symbol> {
        let named = repository(value.symbols());
        if let Some(Named::Hidden(written)) = named {
            return written.to_vec();
        }
        let (owner, name) = match named {
            Some(Named::Parts(owner, name)) => (Some(owner), Some(name)),
            Some(Named::Hidden(_)) | None => (None, None),
        };
        let mut symbols = part(owner, self.owner.as_deref(), self.owner_id.as_deref(), form, "owner");
        symbols.push(Symbol::Literal('/'));
        symbols.extend(part(name, self.name.as_deref(), self.id.as_deref(), form, "repository"));
        symbols
    }
}

fn part(written: Option<&[Symbol]>, known: Option<&str>, id: Option<&str>, form: Form, what: &str) -> Vec<Symbol> {
    let (name, written_id) = match written.map(|written| (written, position(written, '@'))) {
        Some((written, Some(at))) => (Some(&written[..at]), Some(&written[at + 1..])),
        Some((written, None)) => (Some(written), None),
        None => (None, None),
    };
    let has_hole = name.is_some_and(|name| name.iter().any(|symbol| matches!(symbol, Symbol::Hole(_))));
    let mut symbols = match (known, name) {
        (Some(known), _) if !has_hole => literal(known),
        (_, Some(name)) => concrete(name, what),
        (_, None) => vec![hole(what)],
    };
    if form == Form::Immutable {
        symbols.push(Symbol::Literal('@'));
        match (id, written_id) {
            (Some(id), _) => symbols.extend(literal(id)),
            (None, Some(written)) => symbols.extend(concrete(written, &format!("{what} id"))),
            (None, None) => symbols.push(hole(&format!("{what} id"))),
        }
    }
    symbols
}

fn literal(text: &str) -> Vec<Symbol> {
    text.chars().map(Symbol::Literal).collect()
}

fn hole(what: &str) -> Symbol {
    Symbol::Hole(shared_hole("token", what))
}

/// One name that a pattern takes: what is a wildcard in it is something that nobody knows.
fn concrete(symbols: &[Symbol], what: &str) -> Vec<Symbol> {
    symbols.iter().map(|symbol| if is_wild(symbol) { hole(what) } else { *symbol }).collect()
}

/// The token of one start of a job.
pub(super) struct Token<'m> {
    model: &'m Model,
    pub(super) start: &'m Start,
    repository: &'m Repository,
    /// What stands behind the repository; several where nobody knows which.
    pub(super) contexts: Vec<Pattern>,
    audience: Option<String>,
}

impl<'m> Token<'m> {
    pub(super) fn new(
        model: &'m Model,
        start: &'m Start,
        repository: &'m Repository,
        audience: Option<&str>,
    ) -> Token<'m> {
        let contexts = contexts(model, start).unwrap_or_else(|| vec![Pattern::of(vec![hole("context")])]);
        Token { model, start, repository, contexts, audience: audience.map(str::to_owned) }
    }

    /// Whether a trust lets the run in.
    pub(super) fn is_admitted(&self, admission: &Admission) -> Tri {
        let door = |door: &Door| {
            let by_claims = Tri::all(door.claims.iter().map(|claim| self.passes(claim)));
            let is_ours = match door.issuer {
                Issuer::GitHub(_) => Tri::True,
                Issuer::Unknown => Tri::Unknown,
                Issuer::Other(..) | Issuer::Foreign(_) | Issuer::NotWeb => Tri::False,
            };
            let tri = is_ours.and(door.takes_web_identity).and(by_claims);
            if door.is_open { tri.and(Tri::Unknown) } else { tri }
        };
        let admitted = Tri::any(admission.doors.iter().map(door));
        let admitted = if admission.open.is_some() { admitted.or(Tri::Unknown) } else { admitted };
        if admission.has_deny { admitted.and(Tri::Unknown) } else { admitted }
    }

    fn passes(&self, claim: &Claim) -> Tri {
        match claim.effect {
            Effect::None => return Tri::True,
            Effect::ShutsOut => return Tri::False,
            Effect::Unknown => return Tri::Unknown,
            Effect::Limits => {}
        }
        let Some(operator) = claim.condition.operator else { return Tri::Unknown };
        if !matches!(operator.comparison, Comparison::StringEquals | Comparison::StringLike) {
            return Tri::Unknown;
        }
        let is_exact = operator.comparison == Comparison::StringEquals;
        let values: Vec<&Pattern> =
            claim.condition.values.iter().filter(|value| !(is_exact && has_star(value))).collect();
        let found = match &*claim.name {
            "sub" => Tri::any(values.iter().map(|value| self.presents(value))),
            // A condition on a claim that the token does not have.
            "environment" if matches!(environment(self.model, self.start), Some(None)) => Tri::False,
            name => match self.claim(name) {
                Some(own) => Tri::any(values.iter().map(|value| value.answers(&own, Extent::All))),
                // The trust is taken to name this repository.
                None if matches!(name, "repository" | "repository_id" | "repository_owner_id" | "enterprise_id") => {
                    Tri::True
                }
                None => Tri::Unknown,
            },
        };
        if claim.condition.is_open { found.or(Tri::Unknown) } else { found }
    }

    /// Whether the subject of the run matches a value of a trust, in one of the forms that it may have.
    pub(super) fn presents(&self, value: &Pattern) -> Tri {
        Tri::any(self.repository.forms.iter().map(|form| {
            // Where two subjects are possible, one of them is presented.
            let answers: Vec<Tri> = self
                .contexts
                .iter()
                .map(|context| match self.subject(*form, context, value) {
                    Some(subject) => value.answers(&subject, Extent::All),
                    None => Tri::Unknown,
                })
                .collect();
            match answers.as_slice() {
                [first, rest @ ..] if rest.iter().all(|answer| answer == first) => *first,
                _ => Tri::Unknown,
            }
        }))
    }

    fn subject(&self, form: Form, context: &Pattern, value: &Pattern) -> Option<Pattern> {
        let own = self.repository.symbols(form, value);
        let mut symbols = Vec::new();
        let usual = ["repo".to_owned(), "context".to_owned()];
        let keys: &[String] = match &self.repository.template {
            Template::Usual => &usual,
            Template::Claims(keys) => keys,
            Template::Hidden => return None,
        };
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                symbols.push(Symbol::Literal(':'));
            }
            if key == "context" {
                symbols.extend_from_slice(context.symbols());
                continue;
            }
            symbols.extend(literal(key));
            symbols.push(Symbol::Literal(':'));
            match (key.as_str(), self.claim(key)) {
                ("repo", _) => symbols.extend_from_slice(&own),
                (_, Some(claim)) => symbols.extend_from_slice(claim.symbols()),
                (_, None) => symbols.push(hole(key)),
            }
        }
        Some(Pattern::of(symbols))
    }

    /// A claim other than the subject, as far as it is known.
    fn claim(&self, name: &str) -> Option<Pattern> {
        let start = self.start;
        let job = &self.model[start.job.id()?];
        let exact = |text: &str| Pattern::parse(text, How::Literal, Case::Kept);
        match name {
            "aud" => self.audience.as_deref().map(exact),
            "repository" => self.repository.full_name().as_deref().map(exact),
            "repository_owner" => self.repository.owner.as_deref().map(exact),
            "repository_id" => self.repository.id.as_deref().map(exact),
            "repository_owner_id" => self.repository.owner_id.as_deref().map(exact),
            "event_name" => start.event.as_str().map(exact),
            "environment" => environment(self.model, start)?.map(|name| text(&name)),
            "ref" => git_ref(start),
            "workflow" => self.model[job.workflow.id()?].name.as_str().map(exact),
            "job_workflow_ref" => {
                let path = self.model[job.workflow.id()?].path.as_str()?;
                let mut symbols = match self.repository.full_name() {
                    Some(full) => literal(&full),
                    None => vec![hole("owner"), Symbol::Literal('/'), hole("repository")],
                };
                symbols.extend(literal(&format!("/{path}@")));
                symbols.extend_from_slice(git_ref(start)?.symbols());
                Some(Pattern::of(symbols))
            }
            _ => None,
        }
    }
}

fn text(text: &Text) -> Pattern {
    Pattern::new(text, How::Literal, Case::Kept, &|_| None)
}

/// The ref of a run; a pull request has one with its number.
fn git_ref(start: &Start) -> Option<Pattern> {
    if start.event.as_str()? == "pull_request" {
        let mut symbols = literal("refs/pull/");
        symbols.push(hole("number"));
        symbols.extend(literal("/merge"));
        return Some(Pattern::of(symbols));
    }
    Some(text(&start.git_ref.value().as_text()?))
}

/// The environment of the job: nothing if nobody knows, none if it has none.
fn environment(model: &Model, start: &Start) -> Option<Option<Text>> {
    let job = &model[start.job.id()?];
    match &job.environment.link {
        Link::To(_) => Some(Some(model[job.environment.id()?].name.value().as_text()?)),
        Link::Unknown(_) => None,
        Link::Absent => Some(None),
    }
}

/// What the subject of a run says after the repository; several where nobody knows which.
fn contexts(model: &Model, start: &Start) -> Option<Vec<Pattern>> {
    let after = |key: &str, rest: &Pattern| {
        let mut symbols = literal(key);
        symbols.extend_from_slice(rest.symbols());
        Pattern::of(symbols)
    };
    if let Some(name) = environment(model, start)? {
        return Some(vec![after("environment:", &encoded(&text(&name)))]);
    }
    let pull_request = || Pattern::parse("pull_request", How::Literal, Case::Kept);
    match start.event.as_str()? {
        "pull_request" => Some(vec![pull_request()]),
        "pull_request_target" => Some(vec![after("ref:", &git_ref(start)?), pull_request()]),
        _ => Some(vec![after("ref:", &git_ref(start)?)]),
    }
}

/// A colon inside a value is written `%3A`.
fn encoded(pattern: &Pattern) -> Pattern {
    let symbols = pattern.symbols().iter().flat_map(|symbol| match symbol {
        Symbol::Literal(':') => literal("%3A"),
        other => vec![*other],
    });
    Pattern::of(symbols.collect())
}
