//! Jobs and steps: first as a skeleton that knows what belongs to what, then, once all workflows are known, with what
//! they say of themselves.

use super::plan::{ActionDoc, JobDoc, Source, StepDoc};
use super::uses;
use crate::model::pipeline::{GithubRepository, Job, Step, Uses, Workflow};
use crate::model::{Head, Id, Model, One};
use crate::source::{Span, World};
use crate::syntax::yaml::{Entry, Node};
use crate::value::{Origin, Value};
use std::collections::HashMap;

/// Composite actions may call each other this deep.
const COMPOSITE_DEPTH: usize = 10;

/// What the skeleton of jobs is made with.
pub(super) struct Maker<'a, 'm> {
    pub(super) world: &'m World,
    pub(super) model: &'m mut Model,
    pub(super) repository: Id<GithubRepository>,
    pub(super) root: &'m str,
    pub(super) actions: &'m HashMap<String, ActionDoc<'a>>,
}

/// Where the steps that are lowered stand.
#[derive(Clone, Copy)]
struct Inside<'a, 'm> {
    job: Id<Job>,
    source: &'a Source<'a>,
    /// The step that calls the composite action.
    caller: Option<usize>,
    action: Option<&'m ActionDoc<'a>>,
    depth: usize,
}

impl<'a, 'm> Maker<'a, 'm> {
    pub(super) fn job(
        &mut self,
        workflow: usize,
        id: Id<Workflow>,
        source: &'a Source<'a>,
        entry: &'a Entry,
    ) -> JobDoc<'a> {
        let origin = Origin::written(entry.key_span);
        let mut job = Job::new(Head { block: entry.span(), ..Head::new(&*entry.key, entry.key_span) });
        job.id.set(Value::text(&*entry.key, origin.clone()));
        job.workflow = One::to(id, origin.clone());
        let workflow_id = id;
        let id = self.model.pipeline.jobs.push(job);
        self.model[workflow_id].jobs.push(id, origin.clone());
        if let Some(node) = entry.value.get("uses") {
            let text = self.world.file(source.file).text().unwrap_or("");
            if let Some(uses) = uses::lower(self.model, self.repository, source, text, node) {
                self.model[uses].job = One::to(id, origin.clone());
                self.model[id].uses = One::to(uses, Origin::written(node.span));
            }
        }
        let mut steps = Vec::new();
        let inside = Inside { job: id, source, caller: None, action: None, depth: 0 };
        for node in entry.value.get("steps").map(Node::items).unwrap_or_default() {
            self.step(inside, node, &mut steps);
        }
        JobDoc {
            id,
            workflow,
            key: entry.key.to_string(),
            node: &entry.value,
            key_span: entry.key_span,
            steps,
            needs: Vec::new(),
            callee: None,
            starts: Vec::new(),
        }
    }

    /// A step, with the steps of the composite action that it uses behind it, and members of `parallel` as steps.
    fn step(&mut self, inside: Inside<'a, 'm>, node: &'a Node, steps: &mut Vec<StepDoc<'a>>) {
        let members = node.get("parallel").map(Node::items).unwrap_or_default();
        if !members.is_empty() {
            for member in members.iter().filter(|member| member.get("parallel").is_none()) {
                self.step(inside, member, steps);
            }
            return;
        }
        let span = step_span(node);
        let origin = Origin::written(span);
        let index = steps.len();
        let mut step = Step::new(Head { block: node.resolved().span, ..Head::new(step_name(node, index), span) });
        step.index.set(Value::number(index as i64, origin.clone()));
        step.job = One::to(inside.job, origin.clone());
        let id = self.model.pipeline.steps.push(step);
        self.model[inside.job].steps.push(id, origin.clone());
        let uses = match (node.get("uses"), inside.action) {
            // The uses of a composite's steps were lowered with the action, once.
            (Some(written), Some(action)) => action.uses.get(&written.resolved().span).copied(),
            (Some(written), None) => {
                let text = self.world.file(inside.source.file).text().unwrap_or("");
                uses::lower(self.model, self.repository, inside.source, text, written)
            }
            (None, _) => None,
        };
        if let Some(uses) = uses {
            if inside.action.is_none() {
                self.model[uses].step = One::to(id, origin.clone());
                self.model[uses].job = One::to(inside.job, origin.clone());
            }
            self.model[id].uses = One::to(uses, origin);
        }
        steps.push(StepDoc {
            id,
            node,
            key: node.get("id").and_then(Node::scalar_text).map(str::to_lowercase),
            uses,
            caller: inside.caller,
            action: inside.action.map(|action| action.root),
        });
        let Some(called) = self.called_action(uses) else { return };
        if inside.depth < COMPOSITE_DEPTH {
            let within = Inside {
                source: called.source,
                caller: Some(index),
                action: Some(called),
                depth: inside.depth + 1,
                ..inside
            };
            for inner in called.root.at(&["runs", "steps"]).map(Node::items).unwrap_or_default() {
                self.step(within, inner, steps);
            }
        }
    }

    /// The action of this repository that a step uses.
    fn called_action(&self, uses: Option<Id<Uses>>) -> Option<&'m ActionDoc<'a>> {
        let uses = &self.model[uses?];
        let is_local = matches!(uses.kind.as_str(), Some("workspace" | "self"));
        let folder = crate::source::clean_path(self.root, uses.path.as_str()?)?;
        if is_local { self.actions.get(&folder) } else { None }
    }
}

/// Where a step is shown: its first key.
pub(super) fn step_span(node: &Node) -> Span {
    node.resolved().entries().first().map_or(node.span, |entry| entry.span())
}

fn step_name(node: &Node, index: usize) -> String {
    let named = node.get("name").or_else(|| node.get("id")).or_else(|| node.get("uses")).and_then(Node::scalar_text);
    match named {
        Some(name) => name.to_owned(),
        None => format!("step {}", index + 1),
    }
}
