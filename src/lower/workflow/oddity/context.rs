//! The members of contexts at one place: earlier steps and what they give, needed jobs, rows of the matrix, inputs.

use super::is_expression;
use super::types::{Members, Missing, Type};
use crate::data::github::{lists, schema};
use crate::lower::workflow::plan::{Plan, StepDoc};
use crate::lower::workflow::scope::JobScope;
use crate::lower::workflow::{call_outputs, output, script, uses};
use crate::model::Model;
use crate::source::nearest;
use crate::syntax::yaml::{Kind, Node};

/// Where an expression stands.
pub(super) enum Place<'p, 'a> {
    Workflow {
        plan: &'p Plan<'a>,
        workflow: usize,
    },
    /// In a job; steps before the index have run, all where there is none.
    Job {
        model: &'p Model,
        plan: &'p Plan<'a>,
        job: usize,
        before: Option<usize>,
    },
    /// In an action of this repository, likewise.
    Action {
        root: &'p Node,
        before: Option<usize>,
    },
}

/// The inputs that triggers declare, if any of them takes inputs.
fn declared_inputs(plan: &Plan<'_>, workflow: usize) -> Option<Vec<String>> {
    let triggers = &plan.workflows[workflow].triggers;
    let taking: Vec<_> =
        triggers.iter().filter(|it| matches!(it.event.as_str(), "workflow_call" | "workflow_dispatch")).collect();
    if taking.is_empty() {
        return None;
    }
    let mut names = Vec::new();
    for trigger in taking {
        let Some(inputs) = trigger.node.and_then(|node| node.get("inputs")) else { continue };
        if !inputs.is_map() && !inputs.is_null() {
            return None;
        }
        names.extend(inputs.entries().iter().map(|entry| entry.key.to_lowercase()));
    }
    Some(names)
}

fn members(kind: &'static str, lacks: impl Into<String>, names: Vec<String>, inner: Type) -> Type {
    Type::Members(Members { kind, lacks: lacks.into(), names, inner: Box::new(inner) })
}

fn lower_keys(node: Option<&Node>) -> Vec<String> {
    node.map(Node::entries).unwrap_or_default().iter().map(|entry| entry.key.to_lowercase()).collect()
}

impl Place<'_, '_> {
    pub(super) fn inputs(&self) -> Type {
        let names = match self {
            Place::Workflow { plan, workflow } => declared_inputs(plan, *workflow),
            Place::Job { plan, job, .. } => declared_inputs(plan, plan.jobs[*job].workflow),
            Place::Action { root, .. } => Some(lower_keys(root.get("inputs"))),
        };
        match names {
            Some(names) => members("unknown-property", "this file declares no input", names, Type::Any),
            None => Type::Any,
        }
    }

    pub(super) fn matrix(&self) -> Type {
        let Place::Job { plan, job, .. } = self else { return Type::Any };
        let node = plan.jobs[*job].node;
        // Jobs of a callee know nothing of the caller's matrix.
        let Some(matrix) = node.at(&["strategy", "matrix"]) else {
            let is_open = node.get("strategy").is_some_and(|strategy| !strategy.is_map());
            return if is_open {
                Type::Any
            } else {
                members("unknown-matrix", "the matrix has no", Vec::new(), Type::Any)
            };
        };
        let Kind::Map(entries) = matrix.kind() else { return Type::Any };
        let mut names = Vec::new();
        for entry in entries {
            match &*entry.key {
                "include" if !entry.value.is_list() => return Type::Any,
                "include" => {
                    for row in entry.value.items() {
                        if !row.is_map() {
                            return Type::Any;
                        }
                        names.extend(row.entries().iter().map(|member| member.key.to_lowercase()));
                    }
                }
                "exclude" => {}
                key => names.push(key.to_lowercase()),
            }
        }
        members("unknown-matrix", "the matrix has no", names, Type::Any)
    }

    /// A member of a value by its name as it is written, or why it has none of this name.
    pub(super) fn member(&self, object: &Type, shown: &str) -> Result<Type, Missing> {
        let lower = shown.to_lowercase();
        let name = lower.as_str();
        match object {
            Type::Any | Type::List => Ok(Type::Any),
            Type::Text | Type::Number | Type::Bool => Err(Missing {
                kind: "unknown-property",
                nearest: None,
                message: format!("a text has no member `{shown}`"),
            }),
            Type::Listed(context) => {
                let known = schema::context(context).unwrap_or_default();
                let found = known.contains(&name).then_some(Type::Any);
                let lacks = format!("`{context}` has no");
                found.ok_or_else(|| missing("unknown-property", &lacks, shown, known.iter().copied()))
            }
            Type::Members(all) => match all.names.iter().any(|known| known == name) {
                true => Ok((*all.inner).clone()),
                false => Err(missing(all.kind, &all.lacks, shown, all.names.iter().map(String::as_str))),
            },
            Type::Steps => self.step(name, shown),
            Type::Step(index) => match name {
                "outputs" => Ok(self.step_outputs(*index)),
                "outcome" | "conclusion" => Ok(Type::Text),
                _ => Err(missing(
                    "unknown-property",
                    "a step has no",
                    shown,
                    ["outputs", "outcome", "conclusion"].into_iter(),
                )),
            },
            Type::Needs => self.need(name, shown),
            Type::Jobs => self.job(name, shown),
            Type::Need(job) => match name {
                "outputs" => Ok(self.job_outputs(*job)),
                "result" => Ok(Type::Text),
                _ => Err(missing("unknown-property", "a job has no", shown, ["outputs", "result"].into_iter())),
            },
        }
    }

    fn step(&self, name: &str, shown: &str) -> Result<Type, Missing> {
        let (ids, before): (Vec<Option<String>>, usize) = match self {
            Place::Workflow { .. } => return Ok(Type::Any),
            Place::Job { plan, job, before, .. } => {
                let steps = &plan.jobs[*job].steps;
                let own = |step: &StepDoc<'_>| step.key.clone().filter(|_| step.action.is_none());
                (steps.iter().map(own).collect(), before.unwrap_or(steps.len()))
            }
            Place::Action { root, before } => {
                let steps = root.at(&["runs", "steps"]).map(Node::items).unwrap_or_default();
                let id = |step: &Node| step.get("id").and_then(Node::scalar_text).map(str::to_lowercase);
                (steps.iter().map(id).collect(), before.unwrap_or(steps.len()))
            }
        };
        let at = ids.iter().position(|id| id.as_deref() == Some(name));
        match at {
            Some(at) if at < before => Ok(Type::Step(at)),
            Some(_) => Err(Missing {
                kind: "unknown-output",
                nearest: None,
                message: format!("the step `{shown}` runs later: this is empty"),
            }),
            None if ids.iter().flatten().any(|id| id.contains("${{")) => Ok(Type::Any),
            None => {
                let earlier = ids[..before.min(ids.len())].iter().flatten().map(String::as_str);
                let near = nearest(name, earlier).map(str::to_owned);
                let message = format!("no earlier step here has the id `{shown}`: this is empty");
                Err(Missing { kind: "unknown-output", nearest: near, message })
            }
        }
    }

    fn step_outputs(&self, index: usize) -> Type {
        let names = match self {
            Place::Workflow { .. } => None,
            Place::Job { model, plan, job, .. } => job_step_outputs(model, plan, *job, index),
            // The scripts of an action are walked where it is called.
            Place::Action { .. } => None,
        };
        match names {
            Some(names) => members("unknown-output", "the step gives no output", names, Type::Text),
            None => Type::Any,
        }
    }

    fn need(&self, name: &str, shown: &str) -> Result<Type, Missing> {
        let Place::Job { plan, job, .. } = self else { return Ok(Type::Any) };
        let doc = &plan.jobs[*job];
        if doc.node.get("needs").is_some_and(is_expression) {
            return Ok(Type::Any);
        }
        let found = doc.needs.iter().copied().find(|need| plan.jobs[*need].key.eq_ignore_ascii_case(name));
        found.map(Type::Need).ok_or_else(|| {
            let needed = doc.needs.iter().map(|need| plan.jobs[*need].key.as_str());
            let is_job = plan.workflow_of(*job).jobs.iter().any(|it| plan.jobs[*it].key.eq_ignore_ascii_case(name));
            let near = nearest(name, needed).map(str::to_owned).filter(|_| !is_job);
            let message = match is_job {
                true => format!("`{}` does not wait for `{shown}`: name it in `needs`", doc.key),
                false => format!("`{}` waits for no job `{shown}`: this is empty", doc.key),
            };
            Missing { kind: "unknown-output", nearest: near, message }
        })
    }

    fn job(&self, name: &str, shown: &str) -> Result<Type, Missing> {
        let Place::Workflow { plan, workflow } = self else { return Ok(Type::Any) };
        let jobs = &plan.workflows[*workflow].jobs;
        let found = jobs.iter().copied().find(|job| plan.jobs[*job].key.eq_ignore_ascii_case(name));
        found.map(Type::Need).ok_or_else(|| {
            missing("unknown-output", "the file has no job", shown, jobs.iter().map(|job| plan.jobs[*job].key.as_str()))
        })
    }

    fn job_outputs(&self, needed: usize) -> Type {
        let plan = match self {
            Place::Workflow { plan, .. } | Place::Job { plan, .. } => plan,
            Place::Action { .. } => return Type::Any,
        };
        let doc = &plan.jobs[needed];
        if let Some(callee) = doc.callee {
            let path = &plan.workflows[callee].source.path;
            let file = path.rsplit('/').next().unwrap_or(path);
            return members(
                "call-mismatch",
                format!("`{file}` gives no output"),
                call_outputs(plan, callee),
                Type::Text,
            );
        }
        let outputs = doc.node.get("outputs");
        if doc.node.get("uses").is_some() || outputs.is_some_and(|outputs| !outputs.is_map() && !outputs.is_null()) {
            return Type::Any;
        }
        members("unknown-output", format!("`{}` gives no output", doc.key), lower_keys(outputs), Type::Text)
    }
}

fn missing<'n>(kind: &'static str, lacks: &str, shown: &str, known: impl Iterator<Item = &'n str>) -> Missing {
    let near = nearest(&shown.to_lowercase(), known).map(str::to_owned);
    Missing { kind, nearest: near, message: format!("{lacks} `{shown}`") }
}

/// All outputs of a step of a job; nothing where there may be others.
fn job_step_outputs(model: &Model, plan: &Plan<'_>, job: usize, index: usize) -> Option<Vec<String>> {
    let step = &plan.jobs[job].steps[index];
    if step.node.get("run").is_some() {
        return output::names_of_script(&JobScope::step(plan, job, None, index));
    }
    let uses = &model[step.uses?];
    let parts = uses::parts(uses.text.as_str()?);
    if matches!(parts.kind, "workspace" | "self") {
        let action = plan.actions.get(&plan.local_folder(&parts.path)?)?;
        let is_composite = action.root.at(&["runs", "using"]).and_then(Node::scalar_text) == Some("composite");
        return is_composite.then(|| lower_keys(action.root.get("outputs")));
    }
    let action = parts.full();
    let releases = uses::releases(&parts, uses.version.as_str()?)?;
    let is_closed = !lists::gives_anything(&action) && !releases.may_be_newer;
    let outputs: Vec<String> = releases.outputs().into_iter().map(str::to_lowercase).collect();
    // A program may give outputs that its metadata does not name; where it names none, it never says.
    (is_closed && !outputs.is_empty()).then_some(outputs)
}

/// Whether a script of the step may be read at all: for messages about steps without an id.
pub(super) fn writes_output(plan: &Plan<'_>, job: usize, index: usize, name: &str) -> bool {
    let scope = JobScope::step(plan, job, None, index);
    script::written(&scope, script::File::Output, name).is_some()
}
