//! Runs rules over the entities of one model. Each rule runs guarded: a fault in one is a problem of the tool, and all
//! others still run.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::evaluate::{Evaluator, Evidence};
use super::evidence::{Bound, Way};
use super::fix;
use super::load::Rule;
use super::operand::Found;
use crate::facts::Facts;
use crate::finding::Safety;
use crate::logic::{Reason, Tri};
use crate::model::{AnyId, Link, Model, Resource, ResourceMode, schema};
use crate::rule::Each;
use crate::rule::condition::MessagePiece;
use crate::source::{Problem, Span};
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
pub(super) fn judge<'r>(model: &Model, rules: &'r [Rule]) -> Judged<'r> {
    let facts = Facts::new(model);
    let results: Vec<Result<Vec<Draft<'r>>, Problem>> = rules
        .par_iter()
        .map(|rule| {
            catch_unwind(AssertUnwindSafe(|| judge_rule(&facts, rule))).map_err(|panic| {
                let words = panic_words(&*panic);
                let message = format!("rule {} failed: {words}; this is a fault of secure-lint", rule.meta.id);
                Problem::of_file("rule-failed", &rule.meta.path, message).tool()
            })
        })
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

fn panic_words(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic")
}

fn judge_rule<'r>(facts: &Facts<'_>, rule: &'r Rule) -> Vec<Draft<'r>> {
    let mut drafts = Vec::new();
    for name in &rule.entities {
        let Some(entity) = schema::find_entity(name) else { continue };
        for index in 0..(entity.len)(facts.model) as u32 {
            let id = AnyId { entity: name, index };
            if is_asked(facts.model, rule, id) {
                drafts.extend(judge_entity(facts, rule, id));
            }
        }
    }
    drafts
}

/// Under `resource(…)` only the named types.
fn is_asked(model: &Model, rule: &Rule, id: AnyId) -> bool {
    let Each::Resource(types) = &rule.file.each else { return true };
    let Some(id) = id.typed::<Resource>() else { return false };
    let resource = &model[id];
    types.iter().any(|wanted| match (wanted.strip_prefix("data."), resource.mode) {
        (Some(wanted), ResourceMode::Data) => *resource.type_name == *wanted,
        (None, ResourceMode::Managed) => *resource.type_name == **wanted,
        (Some(_) | None, _) => false,
    })
}

fn judge_entity<'r>(facts: &Facts<'_>, rule: &'r Rule, id: AnyId) -> Option<Draft<'r>> {
    let head = facts.model.head(id);
    if head.presence == Tri::False {
        return None;
    }
    let subject = || DraftSubject {
        name: head.name.clone(),
        shown: shown(head),
        span: head.span,
        caller: head.caller,
        thing: head.thing.clone(),
    };
    let mut bound: Vec<Option<Bound>> = vec![None; rule.condition.variables.len()];
    bound[0] = Some(Bound::Entity(id));
    let mut evaluator = Evaluator { facts, bound, evidence: Evidence::Skip };
    let verdict = evaluator.test(&rule.condition.test);
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
            let ways = evaluator.test(&rule.condition.test).ways;
            for (number, bound) in ways.iter().take(1).flat_map(|way| way.bindings.iter().cloned()) {
                evaluator.bound[number] = Some(bound);
            }
            let message = message(&mut evaluator, rule);
            let fix = rule.fix.as_ref();
            let fix = fix.and_then(|(action, safety)| Some((fix::draft(&mut evaluator, action)?, *safety)));
            Some(Draft { rule, subject: subject(), verdict: DraftVerdict::Fails { ways, message, fix } })
        }
    }
}

fn shown(head: &crate::model::Head) -> String {
    match &head.terraform {
        Some(reference) if reference.address.ends_with(&head.name) => reference.address.to_string(),
        Some(_) | None => head.name.clone(),
    }
}

/// The rule's message about the first way; nothing if a part of it is not known.
fn message(evaluator: &mut Evaluator<'_, '_>, rule: &Rule) -> Option<String> {
    let pieces = rule.message_pieces();
    if pieces.is_empty() {
        return None;
    }
    let mut text = String::new();
    for piece in pieces {
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
