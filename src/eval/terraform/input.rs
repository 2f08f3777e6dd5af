//! What evaluation is told besides the files: the runs that workflows and scripts show, and what configuration says.

use std::sync::Arc;

use crate::source::{FileId, Span, World, clean_path};
use crate::value::Value;

/// Everything from outside the Terraform files.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    pub runs: Vec<RunInput>,
    /// `--var-file` and `--var` of our own command line, or sets named in configuration: each makes a deployment.
    pub named_sets: Vec<NamedSet>,
    /// Folders that configuration excludes, with all below them.
    pub excluded: Vec<String>,
}

/// A call of `terraform` or `tofu` that a workflow or script of the tree makes.
#[derive(Clone, Debug)]
pub struct RunInput {
    /// The folder in which it runs, relative to the top of the tree.
    pub root_dir: String,
    pub verb: RunVerb,
    /// In the order of the command line.
    pub settings: Vec<Setting>,
    /// `TF_VAR_name` in the environment of the step, job or workflow.
    pub environment: Vec<(Arc<str>, Value)>,
    /// Nothing where the run does not say.
    pub workspace: Option<Value>,
    pub backend_config: Vec<BackendSetting>,
    pub place: Span,
    /// Names the set where a root has several: the workflow's name and the job.
    pub label: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunVerb {
    Apply,
    Plan,
    Destroy,
    /// `init`, `validate`, `output` and others that take no variables.
    Other,
}

#[derive(Clone, Debug)]
pub enum Setting {
    /// `-var-file=path`; the path is relative to the root's folder. The value may be unknown.
    File(Value),
    /// `-var 'name=text'`: the text after the equals sign.
    Var(Arc<str>, Value),
}

#[derive(Clone, Debug)]
pub enum BackendSetting {
    /// `-backend-config=path`
    File(Value),
    /// `-backend-config="key=text"`
    Entry(Arc<str>, Value),
}

/// A set of values that configuration or the command line names.
#[derive(Clone, Debug)]
pub struct NamedSet {
    /// Empty for every root.
    pub root_dir: Option<String>,
    pub name: String,
    pub files: Vec<FileId>,
    pub vars: Vec<(Arc<str>, Value)>,
    pub workspace: Option<Value>,
}

impl Inputs {
    /// Every file that a run or a set names.
    pub(super) fn named_files(&self, world: &World) -> Vec<FileId> {
        let mut files: Vec<FileId> = self.named_sets.iter().flat_map(|set| set.files.iter().copied()).collect();
        for run in &self.runs {
            for setting in &run.settings {
                if let Setting::File(path) = setting
                    && let Some(path) = path.as_str().and_then(|path| clean_path(&run.root_dir, path))
                {
                    files.extend(world.find(&path));
                }
            }
        }
        files
    }
}
