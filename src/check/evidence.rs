//! Why a verdict is what it is: ways, each a trail of places in reading order with the one where the fix goes.

use crate::logic::{Reason, Tri};
use crate::model::AnyId;
use crate::source::{Place, Span};
use crate::value::{Kind, Origin, StepKind, Value};

/// One way to a verdict.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    /// In reading order.
    pub(crate) places: Vec<Place>,
    /// The index of the place where the fix goes.
    pub(crate) primary: usize,
    /// The loop variables of this way, by number.
    pub(crate) bindings: Vec<(usize, Bound)>,
    /// What a call that the repository does not show may override.
    pub(crate) assumptions: Vec<String>,
    pub(crate) missing: Vec<String>,
    /// What a fact knows would make it otherwise.
    pub(crate) edits: Vec<(Span, String)>,
    /// A plain value decided: the fix goes to its literal. Otherwise a fact did, and the fix goes to the subject's own
    /// end of the chain, which is the first place.
    pub(crate) is_of_value: bool,
}

/// What a variable of a condition stands for.
#[derive(Clone, Debug)]
pub(crate) enum Bound {
    Entity(AnyId),
    Value(Value),
}

/// The result of evaluating a test.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) tri: Tri,
    /// What made it so; empty for literals.
    pub(crate) ways: Vec<Way>,
    /// What stands in the way of an answer, if there is none.
    pub(crate) reasons: Vec<Reason>,
}

impl Verdict {
    pub(crate) fn of(tri: Tri, ways: Vec<Way>) -> Verdict {
        Verdict { tri, ways, reasons: Vec::new() }
    }

    pub(crate) fn unknown(reason: Reason) -> Verdict {
        Verdict { tri: Tri::Unknown, ways: Vec::new(), reasons: vec![reason] }
    }

    pub(crate) fn not(self) -> Verdict {
        Verdict { tri: !self.tri, ..self }
    }

    /// Joins the operands of `&&` (`decisive` is false) or `||` (`decisive` is true), in the order of writing: the
    /// first that decided gives the way, the others with the same verdict stand in its trail.
    pub(crate) fn joined(verdicts: Vec<Verdict>, decisive: Tri) -> Verdict {
        let deciders: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.tri == decisive).collect();
        if let Some((first, others)) = deciders.split_first() {
            // Of what is not known, the places that can be shown belong to the story of a fault.
            let unknown = verdicts.iter().filter(|it| it.tri == Tri::Unknown && decisive == Tri::False);
            let others: Vec<&Verdict> = others.iter().copied().chain(unknown).collect();
            return Verdict::of(decisive, with_trail(first.ways.clone(), &others));
        }
        if verdicts.iter().any(|verdict| verdict.tri == Tri::Unknown) {
            let reasons = verdicts.into_iter().flat_map(|verdict| verdict.reasons).collect();
            return Verdict { tri: Tri::Unknown, ways: Vec::new(), reasons };
        }
        let all: Vec<&Verdict> = verdicts.iter().collect();
        match all.split_first() {
            Some((first, others)) => Verdict::of(!decisive, with_trail(first.ways.clone(), others)),
            None => Verdict::of(!decisive, Vec::new()),
        }
    }
}

/// Adds the first way of each other verdict to the trail of every way.
fn with_trail(mut ways: Vec<Way>, others: &[&Verdict]) -> Vec<Way> {
    let mut extra = others.iter().flat_map(|verdict| verdict.ways.iter().take(1)).peekable();
    if ways.is_empty() {
        // The first operand has no place (a literal): the next one that has leads.
        let Some(first) = extra.next() else { return ways };
        ways.push(first.clone());
    }
    let extra: Vec<&Way> = extra.collect();
    for way in &mut ways {
        for other in &extra {
            for place in &other.places {
                if !way.places.iter().any(|known| known.span == place.span) {
                    way.places.push(place.clone());
                }
            }
            way.assumptions.extend(other.assumptions.iter().cloned());
            way.bindings.extend(other.bindings.iter().cloned());
            way.missing.extend(other.missing.iter().cloned());
        }
    }
    ways
}

/// The way along which a value came: the edges that were followed to the entity, then from the literal (or the block
/// that lacks it) to the place that reads it.
pub(crate) fn way_of_value(value: &Value, property: &str, edges: &[Place]) -> Vec<Way> {
    let mut way = Way { assumptions: assumptions(&value.origin), is_of_value: true, ..Way::default() };
    for place in edges {
        push_place(&mut way.places, place.span, place.role.clone());
    }
    let mut steps: Vec<crate::value::Step<'_>> = value.origin.steps().collect();
    steps.reverse();
    for step in &steps {
        push_place(&mut way.places, step.span, role(step.kind, value, property));
    }
    if let Some(first) = steps.first() {
        way.primary = way.places.iter().position(|place| place.span == first.span).unwrap_or(0);
    }
    if way.places.is_empty() { Vec::new() } else { vec![way] }
}

/// The way of a fact: the edges that led to the entity, then the fact's own places.
pub(crate) fn way_of_places(edges: &[Place], places: &[Place]) -> Vec<Way> {
    let mut way = Way::default();
    for place in edges.iter().chain(places) {
        push_place(&mut way.places, place.span, place.role.clone());
    }
    if way.places.is_empty() { Vec::new() } else { vec![way] }
}

/// The place where an edge is written.
pub(crate) fn place_of_edge(origin: &Origin, name: &str) -> Option<Place> {
    let written = origin.newest()?;
    Some(Place::new(written.span, format!("`{name}` is named here")))
}

/// The older places of an edge that came through lists, variables and modules.
pub(crate) fn places_behind(origin: &Origin) -> Vec<Place> {
    origin.steps().skip(1).map(|step| Place::new(step.span, "")).collect()
}

/// The place that lacks what an edge would lead to.
pub(crate) fn place_without(origin: &Origin, name: &str) -> Option<Place> {
    let lacking = origin.newest()?;
    Some(Place::new(lacking.span, format!("there is no {}", name.replace('_', " "))))
}

fn push_place(places: &mut Vec<Place>, span: Span, role: String) {
    match places.iter_mut().find(|place| place.span == span) {
        Some(place) if place.role.is_empty() => place.role = role,
        Some(_) => {}
        None => places.push(Place { span, role }),
    }
}

fn assumptions(origin: &Origin) -> Vec<String> {
    origin
        .steps()
        .filter_map(|step| match &step.kind {
            StepKind::VariableDefault { name, of_root: true } => {
                Some(format!("a var file outside the repository may set {}", name.trim_start_matches("var.")))
            }
            StepKind::VarFile { by_convention: true } => {
                Some("a call with other var files may override this one".to_owned())
            }
            StepKind::VariableDefault { .. }
            | StepKind::VarFile { .. }
            | StepKind::Written
            | StepKind::ReadThrough(_)
            | StepKind::Said(_)
            | StepKind::Passed { .. }
            | StepKind::Call(_)
            | StepKind::ProviderDefault(_)
            | StepKind::Missing(_) => None,
        })
        .collect()
}

fn role(kind: &StepKind, value: &Value, property: &str) -> String {
    let words = property.replace('_', " ");
    match kind {
        StepKind::Written => match (&value.kind, short(value)) {
            (Kind::Bool(flag), _) => flag_words(&words, *flag),
            (Kind::Null, _) => format!("there is no {words}"),
            (_, Some(text)) => format!("{words}: {text}"),
            (Kind::List(_), None) if words.ends_with('s') => format!("{words} are set here"),
            (_, None) => format!("{words} is set here"),
        },
        StepKind::VarFile { .. } => "the variable file says so".to_owned(),
        StepKind::ReadThrough(name) => format!("read through `{name}`"),
        StepKind::Said(words) => (*words).to_owned(),
        StepKind::Passed { call, argument } => format!("passed to `{call}` as `{argument}`"),
        StepKind::VariableDefault { name, .. } => format!("the default of `{name}`"),
        StepKind::Call(name) => format!("through `{name}`"),
        StepKind::ProviderDefault(attribute) => {
            let attribute = if attribute.is_empty() { property } else { attribute };
            match short(value) {
                Some(text) => format!("`{attribute}` is not set here, which means {text}"),
                None => format!("`{attribute}` is not set here"),
            }
        }
        StepKind::Missing(code) => format!("not known: {code}"),
    }
}

/// Names of properties that begin like a verb and are none.
const NOUNS: [&str; 15] = [
    "access",
    "acls",
    "alarms",
    "class",
    "containers",
    "dependencies",
    "dns",
    "insights",
    "options",
    "outsiders",
    "peers",
    "powerless",
    "process",
    "tables",
    "tls",
];

/// `is_pinned` as words: `is pinned`, `is not pinned`; `has_hashes`: `has no hashes`; `waits`: `does not wait`. Other
/// properties are called as their attributes: `privileged: true`.
fn flag_words(words: &str, flag: bool) -> String {
    let (verb, rest) = words.split_once(' ').map_or((words, ""), |(verb, rest)| (verb, rest));
    if !verb.ends_with('s') || NOUNS.contains(&verb) {
        return format!("{words}: {flag}");
    }
    let said = match (verb, flag) {
        (_, true) => return words.to_owned(),
        ("is", false) => format!("is not {rest}"),
        ("has", false) => format!("has no {rest}"),
        (verb, false) => format!("does not {} {rest}", infinitive(verb)),
    };
    said.trim_end().to_owned()
}

fn infinitive(verb: &str) -> String {
    if let Some(stem) = verb.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let with_es = ["sses", "ches", "shes", "xes", "oes"].iter().any(|ending| verb.ends_with(ending));
    verb.strip_suffix(if with_es { "es" } else { "s" }).unwrap_or(verb).to_owned()
}

/// A value that fits a label; never a sensitive one.
pub(crate) fn short(value: &Value) -> Option<String> {
    const LONGEST: usize = 40;
    if value.sensitive {
        return None;
    }
    let text = match &value.kind {
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => format!("`{text}`"),
        Kind::List(list) if list.open.is_none() && !list.items.is_empty() => {
            let one = |item: &Value| item.as_str().filter(|_| !item.sensitive).map(|text| format!("`{text}`"));
            let items: Option<Vec<String>> = list.items.iter().map(one).collect();
            items?.join(", ")
        }
        Kind::Null | Kind::List(_) | Kind::Map(_) | Kind::Reference(_) | Kind::Unknown(_) => return None,
    };
    let fits = text.chars().count() <= LONGEST && !text.contains(char::is_control);
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::flag_words;

    #[test]
    fn flags_are_said_in_words() {
        let check = |words, flag, expected| assert_eq!(flag_words(words, flag), expected);
        check("is pinned", true, "is pinned");
        check("is pinned", false, "is not pinned");
        check("has hashes", false, "has no hashes");
        check("waits", false, "does not wait");
        check("verifies download", false, "does not verify download");
        check("passes role", false, "does not pass role");
        check("opens port", true, "opens port");
        check("privileged", true, "privileged: true");
        check("tls enabled", false, "tls enabled: false");
    }
}
