//! Runs rules over the entities of one model. Each rule runs guarded: a fault in one is a problem of the tool, and all
//! others still run.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::evaluate::{Evaluator, Evidence};
use super::evidence::{Bound, Way};
use super::fix;
use super::load::{Ready, Rule};
use super::operand::Found;
use crate::facts::{Analysis, Facts};
use crate::finding::Safety;
use crate::logic::{Reason, Tri};
use crate::model::schema;
use crate::model::{AnyId, Head, Id, Link, Model, Resource, ResourceMode};
use crate::rule::condition::{Message, MessagePiece};
use crate::rule::{Each, RuleError};
use crate::source::{Problem, Span, Watch, Watched};
use crate::value::Kind;

/// What one rule says of one entity of one model.
pub(super) struct Draft<'r> {
    pub(super) rule: &'r Rule,
    pub(super) subject: DraftSubject,
    pub(super) verdict: DraftVerdict,
}

pub(super) struct DraftSubject {
    pub(super) name: String,
    /// What a title says that has no words of its own: the whole address where the name is its end.
    pub(super) shown: String,
    pub(super) span: Span,
    pub(super) caller: Option<Span>,
    pub(super) calls: Vec<Span>,
    pub(super) thing: Option<String>,
}

pub(super) enum DraftVerdict {
    Fails { ways: Vec<Way>, message: Option<String>, fix: Option<(fix::Draft, Safety)> },
    Undecided(Vec<Reason>),
}

pub(super) struct Judged<'r> {
    pub(super) drafts: Vec<Draft<'r>>,
    pub(super) problems: Vec<Problem>,
}

/// All verdicts but "nothing wrong", in the order of the rules and entities.
pub(super) fn judge<'r>(model: &Model, rules: &'r [Rule], watch: &Watch) -> Judged<'r> {
    let facts = Facts::new(model);
    let results: Vec<Result<Vec<Draft<'r>>, Problem>> = rules
        .par_iter()
        .map(|rule| guarded(rule, || watch.around(Watched::Rule, &rule.meta.id, || judge_rule(&facts, rule))))
        .collect();
    let mut judged = Judged { drafts: Vec::new(), problems: Vec::new() };
    for result in results {
        match result {
            Ok(drafts) => judged.drafts.extend(drafts),
            Err(problem) => judged.problems.push(problem),
        }
    }
    judged
}

/// What a rule says; its fault, should it fail.
pub(super) fn guarded<'r>(
    rule: &Rule,
    judged: impl FnOnce() -> Result<Vec<Draft<'r>>, Vec<RuleError>>,
) -> Result<Vec<Draft<'r>>, Problem> {
    let fault = |words: &str| {
        let message = format!("rule {} failed: {words}; this is a fault of secure-lint", rule.meta.id);
        Problem::of_file("rule-failed", &*rule.meta.path, message).tool()
    };
    match catch_unwind(AssertUnwindSafe(judged)) {
        Ok(Ok(drafts)) => Ok(drafts),
        Ok(Err(errors)) => Err(fault(&errors.first().map(ToString::to_string).unwrap_or_default())),
        Err(panic) => Err(fault(panic_words(&*panic))),
    }
}

fn panic_words(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic")
}

fn judge_rule<'r>(facts: &Facts<'_>, rule: &'r Rule) -> Result<Vec<Draft<'r>>, Vec<RuleError>> {
    let mut drafts = unseen(facts.model, rule);
    let subjects = subjects(facts, rule);
    if subjects.is_empty() {
        return Ok(drafts);
    }
    let ready = rule.ready()?;
    let bound = vec![None; ready.condition.variables.len()];
    let mut evaluator = Evaluator { facts, bound, evidence: Evidence::Skip };
    // Subjects of one kind follow each other.
    let mut known: Option<(&'static str, &'static schema::EntitySchema)> = None;
    for id in subjects {
        let same = known.filter(|(name, _)| std::ptr::eq(*name, id.entity));
        let kind = same.unwrap_or_else(|| (id.entity, schema::entity(id.entity)));
        known = Some(kind);
        let head = (kind.1.head)(facts.model, id.index);
        drafts.extend(judge_entity(&mut evaluator, rule, ready, id, head));
    }
    Ok(drafts)
}

/// What is there and nobody can see is not passed: it is undecided, for the reason why it is not seen.
fn unseen<'r>(model: &Model, rule: &'r Rule) -> Vec<Draft<'r>> {
    let owners = rule.entities.iter().flat_map(|entity| model.unseen(entity));
    let here = owners.filter(|(head, _)| head.presence != Tri::False);
    here.map(|(head, reason)| Draft {
        rule,
        subject: subject_of(head),
        verdict: DraftVerdict::Undecided(vec![reason.clone()]),
    })
    .collect()
}

fn subject_of(head: &Head) -> DraftSubject {
    DraftSubject {
        name: head.name.clone(),
        shown: shown(head),
        span: head.span,
        caller: head.caller,
        calls: head.calls.as_deref().unwrap_or_default().to_vec(),
        thing: head.thing.clone(),
    }
}

/// Everything that the rule is asked of; under `resource(…)` only the named types.
fn subjects(facts: &Facts<'_>, rule: &Rule) -> Vec<AnyId> {
    if let Each::Resource(types) = &rule.file.each {
        let by_type = facts.analysis::<ResourcesByType>();
        return types.iter().flat_map(|wanted| by_type.of(wanted)).map(AnyId::from).collect();
    }
    let mut subjects = Vec::new();
    for name in &rule.entities {
        let Some(entity) = schema::find_entity(name) else { continue };
        subjects.extend((0..(entity.len)(facts.model) as u32).map(|index| AnyId { entity: name, index }));
    }
    subjects
}

/// Resources of a model by type, `data.` in front of those that are only read.
struct ResourcesByType {
    ids: HashMap<String, Vec<Id<Resource>>>,
}

impl ResourcesByType {
    fn of(&self, name: &str) -> impl Iterator<Item = Id<Resource>> {
        self.ids.get(name).into_iter().flatten().copied()
    }
}

impl Analysis for ResourcesByType {
    fn compute(facts: &Facts<'_>) -> ResourcesByType {
        let mut ids: HashMap<String, Vec<Id<Resource>>> = HashMap::new();
        for (id, resource) in facts.model.resources.resources.iter() {
            let name = match resource.mode {
                ResourceMode::Managed => resource.type_name.to_string(),
                ResourceMode::Data => format!("data.{}", resource.type_name),
                ResourceMode::Ephemeral => continue,
            };
            ids.entry(name).or_default().push(id);
        }
        ResourcesByType { ids }
    }
}

fn judge_entity<'r>(
    evaluator: &mut Evaluator<'_, '_>,
    rule: &'r Rule,
    ready: &Ready,
    id: AnyId,
    head: &Head,
) -> Option<Draft<'r>> {
    if head.presence == Tri::False {
        return None;
    }
    let subject = || subject_of(head);
    evaluator.bound.fill(None);
    evaluator.bound[0] = Some(Bound::Entity(id));
    evaluator.evidence = Evidence::Skip;
    if evaluator.settled(&ready.condition.test) == Some(true) {
        return None;
    }
    let verdict = evaluator.test(&ready.condition.test);
    match (verdict.tri, head.presence) {
        (Tri::True, _) => None,
        (Tri::Unknown, _) => {
            Some(Draft { rule, subject: subject(), verdict: DraftVerdict::Undecided(verdict.reasons) })
        }
        (Tri::False, Tri::Unknown) => {
            let reason = head.presence_reason.clone();
            let reason = reason.unwrap_or_else(|| Reason::at("count-unknown", head.name.clone(), head.span));
            Some(Draft { rule, subject: subject(), verdict: DraftVerdict::Undecided(vec![reason]) })
        }
        (Tri::False, Tri::True | Tri::False) => {
            evaluator.evidence = Evidence::Collect;
            let ways = evaluator.test(&ready.condition.test).ways;
            for (number, bound) in ways.iter().take(1).flat_map(|way| way.bindings.iter().cloned()) {
                evaluator.bound[number] = Some(bound);
            }
            let message = ready.message.as_ref().and_then(|template| message(evaluator, template));
            let fix = ready.fix.as_ref();
            let fix = fix.and_then(|(action, safety)| Some((fix::draft(evaluator, action, &ways)?, *safety)));
            Some(Draft { rule, subject: subject(), verdict: DraftVerdict::Fails { ways, message, fix } })
        }
    }
}

fn shown(head: &Head) -> String {
    match &head.terraform {
        Some(reference) if reference.address.ends_with(&head.name) => reference.address.to_string(),
        Some(_) | None => head.name.clone(),
    }
}

/// The rule's message about the first way; nothing if a part of it is not known.
fn message(evaluator: &mut Evaluator<'_, '_>, message: &Message) -> Option<String> {
    let mut text = String::new();
    for piece in &message.pieces {
        match piece {
            MessagePiece::Literal(literal) => text.push_str(literal),
            MessagePiece::Operand(operand) => {
                text.push_str(&printed(evaluator.facts.model, &evaluator.operand(operand))?)
            }
        }
    }
    Some(text)
}

fn printed(model: &Model, found: &Found) -> Option<String> {
    if let Some(link) = &found.link {
        return match link {
            Link::To(id) => Some(model.head(*id).name.clone()),
            Link::Absent | Link::Unknown(_) => None,
        };
    }
    let value = found.value.as_ref()?;
    if value.sensitive {
        return None;
    }
    match &value.kind {
        Kind::Bool(value) => Some(value.to_string()),
        Kind::Number(number) => Some(number.to_string()),
        Kind::Text(text) => text.known().map(str::to_owned),
        Kind::List(list) if list.open.is_none() => {
            let items: Option<Vec<&str>> = list.items.iter().map(crate::value::Value::as_str).collect();
            Some(items?.join(", "))
        }
        Kind::Null | Kind::List(_) | Kind::Map(_) | Kind::Reference(_) | Kind::Unknown(_) => None,
    }
}
