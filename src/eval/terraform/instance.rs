//! What evaluation hands to the floors above: one deployment is one root with one set of variable values, and in it
//! every block that means something, evaluated. Absence is kept apart from every value, so that whoever lowers a block
//! can put the provider's default in its place.

use std::sync::Arc;

use super::view::BlockView;
use crate::logic::{Reason, Tri};
use crate::source::{Comment, FileId, Problem, Span};
use crate::value::{Reference, Value};

/// Everything that Terraform means in a tree of files.
#[derive(Debug, Default)]
pub struct Terraform {
    /// In the order of root and variant.
    pub deployments: Vec<Deployment>,
    /// Of the files themselves; those of a deployment stand there.
    pub problems: Vec<Problem>,
    /// Of every configuration and variable file.
    pub comments: Vec<Comment>,
}

/// The set of variable values that makes a deployment of a root.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variant {
    /// Empty if the root has only this one; else what tells it from the others (`prod.tfvars`).
    pub name: String,
    /// No run of the repository shows the set; the files beside the root suggest it.
    pub is_assumed: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// The folder of the root module, empty for the top of the tree.
    pub root: Arc<str>,
    pub variant: Variant,
    /// Nobody in the tree says with which values it runs: a module of its own.
    pub is_library: bool,
    pub has_lock_file: bool,
    pub workspace: Option<Value>,
    /// Named and automatically loaded, in the order in which they count.
    pub var_files: Vec<FileId>,
    /// Resources, data sources and ephemeral resources of all modules, in order of address.
    pub instances: Vec<Instance>,
    pub holes: Vec<Hole>,
    pub module_calls: Vec<ModuleCall>,
    pub providers: Vec<Provider>,
    pub requirements: Vec<ProviderRequirement>,
    pub required_version: Option<Value>,
    /// The `terraform` block, or the first block of the root: where something is missing that belongs into it.
    pub settings_span: Option<Span>,
    /// Nothing where no block says so: Terraform then keeps the state in a local file.
    pub backend: Option<Backend>,
    pub variables: Vec<InputVariable>,
    pub outputs: Vec<Output>,
    pub entries: Vec<TfvarsEntry>,
    /// What is not known of the values above, and why.
    pub unresolved: Unresolved,
    /// What Terraform would refuse, once per code and place, outside `try` and `can`.
    pub errors: Vec<TerraformFault>,
    pub problems: Vec<Problem>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    Managed,
    Data,
    Ephemeral,
}

/// Which of the instances of a block this is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstanceKey {
    /// The block has neither `count` nor `for_each`.
    None,
    Index(u64),
    Text(Arc<str>),
    /// Stands for all those that nobody can count.
    Symbolic,
}

/// Whether the object exists at all.
#[derive(Clone, Debug)]
pub struct Presence {
    pub tri: Tri,
    /// The value of `count`, `for_each` or `enabled` of the block or of a module around it; nothing where none is
    /// written.
    pub decided_by: Option<Value>,
}

#[derive(Clone, Debug)]
pub struct Instance {
    /// `module.net["a"].aws_subnet.app[0]`, with the type folded.
    pub address: Arc<str>,
    /// `module.net["a"]`, empty in the root.
    pub module_path: Arc<str>,
    pub mode: Mode,
    /// With aliases folded: `aws_lb`, never `aws_alb`.
    pub type_name: Arc<str>,
    pub name: Arc<str>,
    pub key: InstanceKey,
    pub presence: Presence,
    /// Kind and labels.
    pub header_span: Span,
    /// The whole block.
    pub span: Span,
    /// The configuration of its provider, an index into the deployment's providers.
    pub provider: Option<usize>,
    pub ignored: IgnoredChanges,
    /// The calls that lead to the module of the block, the outermost first.
    pub calls: Arc<[CallSite]>,
    /// The block belongs to a module that the repository does not own.
    pub is_third_party: bool,
    /// Written attributes and nested blocks, the latter as lists of maps; meta-arguments are not among them, save
    /// `lifecycle`, `provisioner` and `connection`.
    pub body: Value,
}

/// `lifecycle { ignore_changes }`: what is named there is an initial value only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IgnoredChanges {
    #[default]
    None,
    All,
    Named(Vec<Arc<str>>),
}

/// One step of the way from the root into a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSite {
    pub name: Arc<str>,
    pub header_span: Span,
    pub source_span: Option<Span>,
}

/// A module that could not be read. Its outputs are references below its address; it may hold any resource.
#[derive(Clone, Debug)]
pub struct Hole {
    /// `module.vpc`
    pub address: Arc<str>,
    pub reason: Reason,
    pub source: Value,
    /// What is handed to it, meta-arguments apart.
    pub arguments: Value,
    pub presence: Presence,
    pub header_span: Span,
    /// Resource types that the module can create; nothing if any.
    pub creates: Option<Vec<Arc<str>>>,
}

#[derive(Clone, Debug)]
pub struct ModuleCall {
    pub address: Arc<str>,
    pub module_path: Arc<str>,
    pub name: Arc<str>,
    /// Nothing where none is written.
    pub source: Option<Value>,
    pub kind: SourceKind,
    pub version: Option<Value>,
    /// The folder of the module in this tree.
    pub folder: Option<Arc<str>>,
    pub arguments: Value,
    pub header_span: Span,
    pub span: Span,
    pub is_third_party: bool,
}

/// What the `source` of a module call points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    Local,
    Registry,
    Git,
    /// An archive, a bucket, another version control.
    Remote,
    Computed,
}

#[derive(Clone, Debug)]
pub struct Provider {
    pub module_path: Arc<str>,
    pub name: Arc<str>,
    pub alias: Option<Arc<str>>,
    pub body: Value,
    pub header_span: Span,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct ProviderRequirement {
    pub module_path: Arc<str>,
    pub name: Arc<str>,
    pub source: Option<Value>,
    pub constraint: Option<Value>,
    /// The version that the lock file of the root chose.
    pub locked: Option<Value>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Backend {
    /// `s3`, `local`, `cloud`, ...
    pub kind: Arc<str>,
    pub body: Value,
    /// Arguments may also come from a command line that is not known.
    pub open: Option<Reason>,
    pub header_span: Span,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct InputVariable {
    pub address: Arc<str>,
    pub module_path: Arc<str>,
    pub name: Arc<str>,
    /// As written: `string`, `list(string)`; empty if not written.
    pub type_text: Arc<str>,
    pub default: Option<Value>,
    pub value: Value,
    pub sensitive: Value,
    pub ephemeral: Value,
    pub nullable: Value,
    pub header_span: Span,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Output {
    pub address: Arc<str>,
    pub module_path: Arc<str>,
    pub name: Arc<str>,
    pub value: Value,
    pub sensitive: Value,
    pub ephemeral: Value,
    pub header_span: Span,
    pub span: Span,
}

/// A value for a variable that a file, a command line or an environment gives.
#[derive(Clone, Debug)]
pub struct TfvarsEntry {
    pub name: Arc<str>,
    pub value: Value,
    pub span: Span,
    /// A later source gives the variable another value, or the file is not of this set and only known to be there.
    pub is_overridden: bool,
}

/// How many expressions have a value that is not known in all its parts.
#[derive(Clone, Debug, Default)]
pub struct Unresolved {
    pub n_expressions: usize,
    pub n_unresolved: usize,
    /// Root causes, each with the number of expressions that it is in.
    pub reasons: Vec<(Reason, usize)>,
}

/// Something that Terraform would refuse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TerraformFault {
    pub code: &'static str,
    pub message: String,
    pub span: Span,
    pub module_path: Arc<str>,
    pub is_third_party: bool,
}

impl Hole {
    /// Whether a resource stands inside: a stub does not say all of the module whose resources it holds.
    pub fn holds(&self, address: &str) -> bool {
        address.strip_prefix(&*self.address).is_some_and(|rest| rest.starts_with('.'))
    }
}

impl Deployment {
    /// All instances of a type (aliases folded), in order of address.
    pub fn of_type<'a>(&'a self, mode: Mode, type_name: &'a str) -> impl Iterator<Item = &'a Instance> {
        self.instances.iter().filter(move |instance| instance.mode == mode && &*instance.type_name == type_name)
    }

    pub fn instance(&self, address: &str) -> Option<&Instance> {
        let index = self.instances.binary_search_by(|instance| (*instance.address).cmp(address)).ok()?;
        self.instances.get(index)
    }

    /// The instance that a reference points into; the symbolic one where its block has no instances that can be
    /// counted.
    pub fn referred(&self, reference: &Reference) -> Option<&Instance> {
        if reference.root != self.root {
            return None;
        }
        if let Some(instance) = self.instance(&reference.address) {
            return Some(instance);
        }
        let block = reference.address.strip_suffix(']').and_then(|address| address.rsplit_once('['))?.0;
        self.instance(&format!("{block}[?]"))
    }

    /// The module call that could not be read and that a reference points into.
    pub fn referred_hole(&self, reference: &Reference) -> Option<&Hole> {
        self.holes.iter().find(|hole| reference.root == self.root && hole.address == reference.address)
    }

    /// What is written at the path of a reference; nothing if the provider assigns it.
    pub fn value_behind(&self, reference: &Reference) -> Option<Value> {
        let instance = self.referred(reference)?;
        let mut value = instance.body.clone();
        for step in reference.path.split('.') {
            value = match (value.as_map(), value.as_list()) {
                (Some(map), _) => map.entries.get(step)?.clone(),
                (None, Some(list)) => list.items.get(step.parse::<usize>().ok()?)?.clone(),
                (None, None) => return None,
            };
        }
        Some(value)
    }
}

impl Instance {
    pub fn view(&self) -> BlockView<'_> {
        BlockView::new(&self.body, self.header_span)
    }

    /// Whether the deployed object may differ from what is written here.
    pub fn may_drift(&self, attribute: &str) -> bool {
        match &self.ignored {
            IgnoredChanges::None => false,
            IgnoredChanges::All => true,
            IgnoredChanges::Named(names) => names.iter().any(|name| &**name == attribute),
        }
    }

    /// A reference to the whole instance.
    pub fn itself(&self, root: &Arc<str>) -> Arc<Reference> {
        let owner = self.body.as_map().and_then(|body| body.owner.clone());
        owner.unwrap_or_else(|| Arc::new(self.reference(root, "")))
    }

    /// A reference to an attribute that the provider assigns, as other blocks would write it.
    pub fn reference(&self, root: &Arc<str>, path: &str) -> Reference {
        Reference { root: root.clone(), address: self.address.clone(), path: path.into() }
    }
}
