//! Evaluates a checked condition for one entity, with three truth values and the evidence for the answer.

use super::evidence::{self, Bound, Verdict, Way};
use super::operand::{Found, compare, contains, text_test};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::schema::{Answer, Getter};
use crate::model::{AnyId, Link};
use crate::rule::condition::{Access, Operand, Operands, Quantifier, Test};
use crate::source::Place;
use crate::value::{Kind, Origin, Value};

pub(crate) struct Evaluator<'f, 'm> {
    pub(crate) facts: &'f Facts<'m>,
    /// What each variable stands for, by number.
    pub(crate) bound: Vec<Option<Bound>>,
    pub(crate) evidence: Evidence,
}

/// Whether the ways are wanted: most verdicts are "nothing wrong", and nobody asks why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    Skip,
    Collect,
}

/// What is at the end of a path.
pub(super) enum Reached<'a> {
    Answer(Answer<'a>),
    Entity(AnyId),
    Value(Value),
    /// An edge on the way is absent or unknown.
    Nothing(Reason),
}

impl<'f, 'm> Evaluator<'f, 'm> {
    pub(crate) fn test(&mut self, test: &Test) -> Verdict {
        match test {
            Test::Literal(value) => Verdict::of(Tri::from(*value), Vec::new()),
            Test::Not(inner) => self.test(inner).not(),
            Test::And(operands) => {
                let verdicts = self.until(operands, Tri::False);
                Verdict::joined(verdicts, Tri::False)
            }
            Test::Or(operands) => {
                let verdicts = self.until(operands, Tri::True);
                Verdict::joined(verdicts, Tri::True)
            }
            Test::Flag(operand) => self.flag(operand),
            Test::Has(access) => self.has(access),
            Test::Compare { left, operator, right } => {
                let (left, right) = (self.operand(left), self.operand(right));
                compare(left, *operator, right)
            }
            Test::Quantified { quantifier, variable, list, body } => {
                self.quantified(*quantifier, *variable, list, body)
            }
            Test::Contains { list, item } => {
                let (list, item) = (self.operand(list), self.operand(item));
                contains(list, &item)
            }
            Test::TextTest { relation, text, needle } => {
                let (text, needle) = (self.operand(text), self.operand(needle));
                text_test(text, *relation, &needle)
            }
            Test::Matches { text, pattern } => {
                let found = self.operand(text);
                let tri = match &found.value {
                    Some(value) => match value.as_str() {
                        Some(text) => Tri::from(pattern.is_match(text)),
                        None => Tri::Unknown,
                    },
                    None => Tri::Unknown,
                };
                found.verdict(tri)
            }
            Test::Present(path) => self.resource_present(path),
        }
    }

    /// Evaluates the operands; those behind a decisive one without any evidence of their own are still asked, since
    /// they may stand in the trail.
    fn until(&mut self, operands: &Operands, decisive: Tri) -> Vec<Verdict> {
        if self.evidence == Evidence::Skip {
            return self.until_decided(operands, decisive);
        }
        let mut verdicts = Vec::with_capacity(operands.tests.len());
        for test in &operands.tests {
            let verdict = self.test(test);
            // A guard that holds (`!has_x || …`) is the whole answer: what follows it may not even exist.
            let is_guard = verdict.tri == decisive && decisive == Tri::True;
            verdicts.push(verdict);
            if is_guard {
                break;
            }
        }
        verdicts
    }

    /// Where nobody asks why, one decisive operand is the whole answer, whichever it is.
    fn until_decided(&mut self, operands: &Operands, decisive: Tri) -> Vec<Verdict> {
        let mut verdicts: Vec<Option<Verdict>> = operands.tests.iter().map(|_| None).collect();
        for (at, test) in operands.cheap_first() {
            let verdict = self.test(test);
            if verdict.tri == decisive {
                return vec![verdict];
            }
            verdicts[at] = Some(verdict);
        }
        verdicts.into_iter().flatten().collect()
    }

    fn flag(&mut self, operand: &Operand) -> Verdict {
        if let Operand::Access(access) = operand {
            let (reached, edges) = self.follow(access);
            if let Reached::Answer(Answer::Fact(fact)) = reached {
                return self.verdict_of_fact(fact, &edges);
            }
        }
        let found = self.operand(operand);
        let tri = match found.value.as_ref().map(|value| &value.kind) {
            Some(Kind::Bool(value)) => Tri::from(*value),
            Some(Kind::Text(text)) => match text.known() {
                Some("true") => Tri::True,
                Some("false") => Tri::False,
                Some(_) | None => Tri::Unknown,
            },
            Some(
                Kind::Null | Kind::Number(_) | Kind::List(_) | Kind::Map(_) | Kind::Reference(_) | Kind::Unknown(_),
            )
            | None => Tri::Unknown,
        };
        found.verdict(tri)
    }

    pub(super) fn has(&mut self, access: &Access) -> Verdict {
        let name = access.steps.last().map_or("", |step| step.name);
        let (reached, mut edges, told) = self.reach(access);
        match reached {
            Reached::Answer(Answer::Cell(value) | Answer::Value { value, .. }) => self.has_value(value, name, &edges),
            Reached::Value(value) => self.has_value(&value, name, &edges),
            Reached::Answer(Answer::One { link, origin }) => {
                let origin = told.as_ref().unwrap_or(origin);
                edges.extend(match link {
                    Link::Absent => self.place_without(origin, name),
                    Link::To(_) | Link::Unknown(_) => self.place_of_edge(origin, name),
                });
                match link {
                    Link::To(id) => match self.facts.model.head(*id).presence {
                        Tri::True => Verdict::of(Tri::True, self.way_of_places(&edges, &[])),
                        Tri::False | Tri::Unknown => Verdict::unknown(self.presence_reason(*id)),
                    },
                    Link::Absent => Verdict::of(Tri::False, self.way_of_places(&edges, &[])),
                    // A name or ARN that leads outside is there, whatever it leads to.
                    Link::Unknown(reason) if reason.code == "not-declared-here" => {
                        Verdict::of(Tri::True, self.way_of_places(&edges, &[]))
                    }
                    Link::Unknown(reason) => Verdict::unknown(reason.clone()),
                }
            }
            Reached::Answer(Answer::Many { members, open, origin }) => {
                let origin = told.as_ref().unwrap_or(origin);
                edges.extend(match members.is_empty() {
                    true => self.place_without(origin, name),
                    false => self.place_of_edge(origin, name),
                });
                match (members.is_empty(), open) {
                    (false, _) => Verdict::of(Tri::True, self.way_of_places(&edges, &[])),
                    (true, Some(reason)) => Verdict::unknown(reason.clone()),
                    (true, None) => Verdict::of(Tri::False, self.way_of_places(&edges, &[])),
                }
            }
            Reached::Answer(Answer::Fact(fact)) => self.verdict_of_fact(fact, &edges),
            Reached::Entity(_) => Verdict::of(Tri::True, self.way_of_places(&edges, &[])),
            Reached::Nothing(reason) => Verdict::unknown(reason),
        }
    }

    fn has_value(&self, value: &Value, name: &str, edges: &[Place]) -> Verdict {
        let tri = !value.is_null();
        match value.reason() {
            Some(reason) if tri == Tri::Unknown => Verdict::unknown(reason.clone()),
            Some(_) | None => Verdict::of(tri, self.way_of_value(value, name, edges)),
        }
    }

    fn quantified(&mut self, quantifier: Quantifier, variable: usize, list: &Operand, body: &Test) -> Verdict {
        let decisive = match quantifier {
            Quantifier::All => Tri::False,
            Quantifier::Any => Tri::True,
        };
        let (members, open, origin_places) = match self.members(list) {
            Ok(members) => members,
            Err(reason) => return Verdict::unknown(reason),
        };
        let mut deciding: Vec<Way> = Vec::new();
        let mut has_decided = false;
        let mut others: Vec<Verdict> = Vec::new();
        let mut reasons: Vec<Reason> = open.into_iter().collect();
        for (bound, places) in members {
            let absent = match &bound {
                Bound::Entity(id) => !self.facts.model.head(*id).presence,
                Bound::Value(_) => Tri::False,
            };
            self.bound[variable] = Some(bound.clone());
            let mut verdict = self.test(body);
            if absent != Tri::False
                && verdict.tri == decisive
                && let Bound::Entity(id) = bound
            {
                verdict = Verdict::unknown(self.presence_reason(id));
            }
            if verdict.ways.is_empty() {
                // Nobody wrote what decided: the edge to the member is what can be pointed at.
                verdict.ways = self.way_of_places(&places, &[]);
            }
            for way in &mut verdict.ways {
                prepend(way, &places);
                way.bindings.push((variable, bound.clone()));
            }
            if verdict.tri == decisive {
                has_decided = true;
                deciding.append(&mut verdict.ways);
            } else if verdict.tri == Tri::Unknown {
                reasons.append(&mut verdict.reasons);
            } else {
                others.push(verdict);
            }
        }
        self.bound[variable] = None;
        if has_decided {
            return Verdict::of(decisive, deciding);
        }
        if !reasons.is_empty() {
            // Where another operand decides, the list that nobody knows stands in its trail.
            return Verdict { tri: Tri::Unknown, ways: self.way_of_places(&origin_places, &[]), reasons };
        }
        if others.is_empty() {
            return Verdict::of(!decisive, self.way_of_places(&origin_places, &[]));
        }
        Verdict::joined(others, decisive)
    }

    /// The members of a list, each with the places of the edges that lead to it; why there may be more; and where the
    /// list itself stands.
    #[allow(clippy::type_complexity, reason = "a private triple that is taken apart at once")]
    fn members(&mut self, list: &Operand) -> Result<(Vec<(Bound, Vec<Place>)>, Option<Reason>, Vec<Place>), Reason> {
        if let Operand::Access(access) = list {
            let name = access.steps.last().map_or("", |step| step.name);
            let (reached, edges, told) = self.reach(access);
            match reached {
                Reached::Answer(Answer::Many { members, open, origin }) => {
                    let origin = told.as_ref().unwrap_or(origin);
                    let members = members
                        .iter()
                        .map(|(id, origin)| {
                            let entity = &self.facts.model.head(*id).name;
                            let mut places = edges.clone();
                            places.extend(self.place_of_edge(origin, entity));
                            places.extend(self.places_behind(origin));
                            (Bound::Entity(*id), places)
                        })
                        .collect();
                    let mut places = edges;
                    places.extend(self.place_of_edge(origin, name));
                    return Ok((members, open.cloned(), places));
                }
                Reached::Answer(Answer::Cell(value) | Answer::Value { value, .. }) => {
                    return values_of(value, edges);
                }
                Reached::Value(value) => return values_of(&value, edges),
                Reached::Nothing(reason) => return Err(reason),
                Reached::Answer(Answer::One { .. } | Answer::Fact(_)) | Reached::Entity(_) => {
                    return Err(Reason::new("wrong-type", name));
                }
            }
        }
        let found = self.operand(list);
        match &found.value {
            Some(value) => values_of(value, Vec::new()),
            None => Err(found.reason()),
        }
    }

    /// The value of an operand with the ways along which it came.
    pub(super) fn operand(&mut self, operand: &Operand) -> Found {
        match operand {
            Operand::Constant(constant) => Found::constant(constant),
            Operand::Access(access) => self.access(access),
            Operand::Length(inner) => {
                if let Operand::Access(access) = &**inner {
                    let (reached, edges, told) = self.reach(access);
                    if let Reached::Answer(Answer::Many { members, open, origin }) = reached {
                        let origin = told.as_ref().unwrap_or(origin);
                        let name = access.steps.last().map_or("", |step| step.name);
                        let mut places = edges;
                        places.extend(self.place_of_edge(origin, name));
                        return Found::length(members.len(), open.cloned(), self.way_of_places(&places, &[]));
                    }
                }
                self.operand(inner).into_length()
            }
            Operand::Attribute { path, default } => self.resource_attribute(path, default.as_ref()),
            Operand::Attributes { path } => self.resource_attributes(path),
        }
    }

    fn access(&mut self, access: &Access) -> Found {
        let name = access.steps.last().map_or("", |step| step.name);
        let (reached, mut edges, told) = self.reach(access);
        match reached {
            Reached::Answer(Answer::Cell(value)) => Found::value(value.clone(), self.way_of_value(value, name, &edges)),
            Reached::Answer(Answer::Value { value, places }) => {
                Found::value(value.clone(), self.way_of_places(&edges, places))
            }
            Reached::Answer(Answer::One { link, origin }) => {
                edges.extend(self.place_of_edge(told.as_ref().unwrap_or(origin), name));
                Found::link(link.clone(), self.way_of_places(&edges, &[]))
            }
            Reached::Answer(Answer::Fact(fact)) => {
                let verdict = self.verdict_of_fact(fact, &edges);
                let value = match fact.tri {
                    Tri::True => Some(Value::bool(true, Origin::none())),
                    Tri::False => Some(Value::bool(false, Origin::none())),
                    Tri::Unknown => None,
                };
                Found { value, link: None, ways: verdict.ways, reasons: verdict.reasons, at_least: false }
            }
            Reached::Answer(Answer::Many { origin, .. }) => {
                edges.extend(self.place_of_edge(told.as_ref().unwrap_or(origin), name));
                Found::nothing(Reason::new("wrong-type", name))
            }
            Reached::Entity(id) => Found::link(Link::To(id), self.way_of_places(&edges, &[])),
            Reached::Value(value) => Found::value(value.clone(), self.way_of_value(&value, name, &edges)),
            Reached::Nothing(reason) => Found::nothing(reason),
        }
    }

    /// The same as `follow`, with what the entity shares with others told of itself: its values stand at its own place,
    /// and an edge has an origin of its own.
    fn reach(&self, access: &Access) -> (Reached<'f>, Vec<Place>, Option<Origin>) {
        let (reached, places, at) = self.follow_to(access);
        let Some(at) = at else { return (reached, places, None) };
        let told = |origin: &Origin| origin.is_own().then(|| origin.of(self.facts.model.head(at).span));
        let edge = match &reached {
            Reached::Answer(Answer::Cell(value)) => {
                if let Some(origin) = told(&value.origin) {
                    return (Reached::Value(Value { origin, ..(*value).clone() }), places, None);
                }
                None
            }
            Reached::Answer(Answer::One { origin, .. } | Answer::Many { origin, .. }) => told(origin),
            Reached::Answer(Answer::Fact(_) | Answer::Value { .. })
            | Reached::Entity(_)
            | Reached::Value(_)
            | Reached::Nothing(_) => None,
        };
        (reached, places, edge)
    }

    /// What stands at the end of a path; the places are where its edges are written.
    pub(super) fn follow(&self, access: &Access) -> (Reached<'f>, Vec<Place>) {
        let (reached, places, _) = self.follow_to(access);
        (reached, places)
    }

    /// The same, with the entity that was asked last.
    fn follow_to(&self, access: &Access) -> (Reached<'f>, Vec<Place>, Option<AnyId>) {
        let mut places = Vec::new();
        let mut at = match &self.bound[access.variable] {
            Some(Bound::Entity(id)) => *id,
            Some(Bound::Value(value)) => return (Reached::Value(value.clone()), places, None),
            None => return (Reached::Nothing(Reason::new("unsupported", "an unbound variable")), places, None),
        };
        let Some((last, edges)) = access.steps.split_last() else {
            return (Reached::Entity(at), places, None);
        };
        for step in edges {
            match self.answer(at, &step.getters) {
                Some(Answer::One { link: Link::To(id), origin }) => {
                    places.extend(self.place_of_edge(origin, &self.facts.model.head(*id).name));
                    if self.facts.model.head(*id).presence != Tri::True {
                        return (Reached::Nothing(self.presence_reason(*id)), places, None);
                    }
                    at = *id;
                }
                Some(Answer::One { link: Link::Absent, .. }) => {
                    return (Reached::Nothing(Reason::new("absent", step.name)), places, None);
                }
                Some(Answer::One { link: Link::Unknown(reason), .. }) => {
                    return (Reached::Nothing(reason.clone()), places, None);
                }
                Some(Answer::Cell(_) | Answer::Many { .. } | Answer::Fact(_) | Answer::Value { .. }) | None => {
                    return (Reached::Nothing(Reason::new("wrong-type", step.name)), places, None);
                }
            }
        }
        match self.answer(at, &last.getters) {
            Some(answer) => (Reached::Answer(answer), places, Some(at)),
            None => (Reached::Nothing(Reason::new("wrong-type", last.name)), places, None),
        }
    }

    fn answer(&self, id: AnyId, getters: &[(&'static str, Getter)]) -> Option<Answer<'f>> {
        // Most names are the same text in memory, too.
        let is_asked = |entity: &str| std::ptr::eq(entity, id.entity) || entity == id.entity;
        let (_, getter) = getters.iter().find(|(entity, _)| is_asked(entity))?;
        let facts: &'f Facts<'m> = self.facts;
        Some(match getter {
            Getter::Property(get) => get(facts.model, id.index),
            Getter::Fact(number) => facts.answer(*number, id.index),
        })
    }

    fn presence_reason(&self, id: AnyId) -> Reason {
        let head = self.facts.model.head(id);
        let reason = head.presence_reason.clone();
        reason.unwrap_or_else(|| Reason::at("count-unknown", head.name.clone(), head.span))
    }

    fn verdict_of_fact(&self, fact: &Fact, edges: &[Place]) -> Verdict {
        if fact.tri == Tri::Unknown {
            return Verdict { tri: Tri::Unknown, ways: Vec::new(), reasons: fact.reasons.clone() };
        }
        let mut ways = self.way_of_places(edges, &fact.places);
        for way in &mut ways {
            way.missing = fact.missing.clone();
            way.edits = fact.edits.clone();
        }
        Verdict::of(fact.tri, ways)
    }

    pub(super) fn way_of_value(&self, value: &Value, property: &str, edges: &[Place]) -> Vec<Way> {
        match self.evidence {
            Evidence::Skip => Vec::new(),
            Evidence::Collect => evidence::way_of_value(value, property, edges),
        }
    }

    pub(super) fn way_of_places(&self, edges: &[Place], places: &[Place]) -> Vec<Way> {
        match self.evidence {
            Evidence::Skip => Vec::new(),
            Evidence::Collect => evidence::way_of_places(edges, places),
        }
    }

    fn place_of_edge(&self, origin: &Origin, name: &str) -> Option<Place> {
        match self.evidence {
            Evidence::Skip => None,
            Evidence::Collect => evidence::place_of_edge(origin, name),
        }
    }

    /// The way of an edge that was not written where it is read.
    fn places_behind(&self, origin: &Origin) -> Vec<Place> {
        match self.evidence {
            Evidence::Skip => Vec::new(),
            Evidence::Collect => evidence::places_behind(origin),
        }
    }

    fn place_without(&self, origin: &Origin, name: &str) -> Option<Place> {
        match self.evidence {
            Evidence::Skip => None,
            Evidence::Collect => evidence::place_without(origin, name),
        }
    }

    /// The body of the resource that the rule is about.
    pub(super) fn resource_body(&self) -> Option<(&'f Value, crate::source::Span)> {
        match self.bound.first() {
            Some(Some(Bound::Entity(id))) => {
                let id = id.typed::<crate::model::Resource>()?;
                let resource = &self.facts.model[id];
                Some((&resource.body, resource.head.span))
            }
            Some(Some(Bound::Value(_)) | None) | None => None,
        }
    }
}

/// Puts the places of the edges that led to a member before its own; the place of the fix stays, unless the member has
/// none of its own.
fn prepend(way: &mut Way, places: &[Place]) {
    let new: Vec<Place> =
        places.iter().filter(|place| !way.places.iter().any(|known| known.span == place.span)).cloned().collect();
    if way.is_of_value {
        way.primary += new.len();
    }
    way.places.splice(0..0, new);
}

fn values_of(
    value: &Value,
    places: Vec<Place>,
) -> Result<(Vec<(Bound, Vec<Place>)>, Option<Reason>, Vec<Place>), Reason> {
    match &value.kind {
        Kind::List(list) => {
            let members = list.items.iter().map(|item| (Bound::Value(item.clone()), Vec::new())).collect();
            let mut at = places;
            at.extend(evidence::place_of_edge(&value.origin, "list"));
            Ok((members, list.open.clone(), at))
        }
        Kind::Null => Ok((Vec::new(), None, places)),
        Kind::Unknown(unknown) => Err(unknown.reason.clone()),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => {
            Ok((vec![(Bound::Value(value.clone()), Vec::new())], None, places))
        }
        Kind::Map(_) | Kind::Reference(_) => Err(Reason::new("wrong-type", "a list")),
    }
}
