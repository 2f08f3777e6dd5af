//! What lowering keeps beside the model while it works: the trees of all workflows and actions of one repository, their
//! jobs and steps in order, and the ways in which each job begins.

use std::collections::HashMap;
use std::sync::Arc;

use super::parsed::Parsed;
use super::script::Walks;
use crate::eval::actions::{Operand, Outcome, Run};
use crate::logic::Reason;
use crate::model::Id;
use crate::model::pipeline::{Job, Start, Step, Trigger, Uses, Workflow};
use crate::source::{FileId, Span, World};
use crate::syntax::yaml::{self, Node};

/// A file with its tree.
pub(super) struct Source<'s> {
    pub(super) file: FileId,
    pub(super) path: String,
    pub(super) parsed: &'s yaml::Parsed,
}

/// Everything below one folder with `.github/workflows`.
pub(super) struct Plan<'a> {
    pub(super) world: &'a World,
    /// The folder, empty for the root.
    pub(super) root: String,
    pub(super) workflows: Vec<WorkflowDoc<'a>>,
    pub(super) jobs: Vec<JobDoc<'a>>,
    /// By path of the folder that holds `action.yml`.
    pub(super) actions: HashMap<String, ActionDoc<'a>>,
    pub(super) walks: Walks,
    pub(super) parsed: Parsed,
    pub(super) repository: Option<String>,
    pub(super) default_branch: Option<String>,
}

pub(super) struct WorkflowDoc<'a> {
    pub(super) id: Id<Workflow>,
    pub(super) source: &'a Source<'a>,
    pub(super) root: &'a Node,
    pub(super) name: Option<String>,
    /// Indices of `Plan::jobs` in order of writing.
    pub(super) jobs: Vec<usize>,
    pub(super) triggers: Vec<TriggerDoc<'a>>,
}

pub(super) struct TriggerDoc<'a> {
    pub(super) id: Id<Trigger>,
    pub(super) event: String,
    /// The mapping below the event, if there is one.
    pub(super) node: Option<&'a Node>,
    pub(super) span: Span,
}

pub(super) struct JobDoc<'a> {
    pub(super) id: Id<Job>,
    pub(super) workflow: usize,
    pub(super) key: String,
    pub(super) node: &'a Node,
    pub(super) key_span: Span,
    pub(super) steps: Vec<StepDoc<'a>>,
    /// Indices of `Plan::jobs`.
    pub(super) needs: Vec<usize>,
    /// Index of `Plan::workflows`.
    pub(super) callee: Option<usize>,
    pub(super) starts: Vec<StartDoc>,
}

pub(super) struct StepDoc<'a> {
    pub(super) id: Id<Step>,
    pub(super) node: &'a Node,
    pub(super) key: Option<String>,
    pub(super) uses: Option<Id<Uses>>,
    /// The step of this job that calls the composite action whose step this is.
    pub(super) caller: Option<usize>,
    /// The composite action whose step this is.
    pub(super) action: Option<&'a Node>,
}

pub(super) struct ActionDoc<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) root: &'a Node,
    /// The uses of the composite's own steps, by the place where they are written.
    pub(super) uses: HashMap<Span, Id<Uses>>,
}

/// One way in which a job begins.
#[derive(Clone)]
pub(super) struct StartDoc {
    pub(super) id: Id<Start>,
    pub(super) run: Run,
    /// The inputs that a caller passes.
    pub(super) inputs: Option<Arc<HashMap<String, Operand>>>,
    /// The run of the workflow that this is a part of: jobs with one number run together.
    pub(super) begin: usize,
    /// The condition that is not known.
    pub(super) maybe: Option<Reason>,
    /// Whether each step runs.
    pub(super) steps: Vec<Outcome>,
    pub(super) is_trusted: bool,
    /// The job and the number of its start that call this workflow.
    pub(super) caller: Option<(usize, usize)>,
}

impl<'a> Plan<'a> {
    pub(super) fn workflow_of(&self, job: usize) -> &WorkflowDoc<'a> {
        &self.workflows[self.jobs[job].workflow]
    }

    /// The folder of a local action, as a path of the world.
    pub(super) fn local_folder(&self, path: &str) -> Option<String> {
        crate::source::clean_path(&self.root, path)
    }
}
