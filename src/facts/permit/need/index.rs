//! What needs are looked up by, made once per model: resources by their ARN, Regions by root, pushes and builds by step.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::facts::permit::arn::unfold;
use crate::facts::permit::pattern::{Case, Pattern, Reading as How, Symbol};
use crate::facts::permit::scope::resource_part;
use crate::facts::{Analysis, Facts};
use crate::logic::Tri;
use crate::model::delivery::Push;
use crate::model::image::ImageBuild;
use crate::model::pipeline::{Job, Step};
use crate::model::terraform::Provider;
use crate::model::workload::Task;
use crate::model::{Id, Model, ResourceMode};
use crate::source::{QuickMap, clean_path};
use crate::value::{Kind, Origin, Reference, Value};

/// A resource that needs may act on.
pub(super) struct Anchor {
    pub(super) reference: Reference,
    pub(super) arn: Pattern,
}

pub(super) struct Index {
    /// By root, then by what stands behind the account.
    anchors: QuickMap<Arc<str>, QuickMap<Vec<Symbol>, Vec<Anchor>>>,
    regions: HashMap<String, String>,
    /// The same where a variable names it, as symbols.
    region_words: HashMap<String, Vec<Symbol>>,
    pushes: HashMap<u32, Vec<Id<Push>>>,
    builds: HashMap<u32, Vec<Id<ImageBuild>>>,
    files: TaskFiles,
    /// Where jobs deploy the task definitions of files.
    deployed_in: HashMap<u32, BTreeSet<String>>,
}

/// Types of resources that needs act on, with the attribute that holds the ARN.
const ANCHORS: [(&str, &str); 14] = [
    ("aws_cloudwatch_log_group", "arn"),
    ("aws_codebuild_project", "arn"),
    ("aws_dynamodb_table", "arn"),
    ("aws_ecr_repository", "arn"),
    ("aws_ecs_cluster", "arn"),
    ("aws_ecs_service", "id"),
    ("aws_ecs_task_definition", "arn_without_revision"),
    ("aws_efs_file_system", "arn"),
    ("aws_iam_role", "arn"),
    ("aws_kms_key", "arn"),
    ("aws_lambda_function", "arn"),
    ("aws_s3_bucket", "arn"),
    ("aws_secretsmanager_secret", "arn"),
    ("aws_ssm_parameter", "arn"),
];

impl Analysis for Index {
    fn compute(facts: &Facts<'_>) -> Index {
        let model = facts.model;
        let files = TaskFiles::new(model);
        let mut index = Index {
            anchors: QuickMap::default(),
            regions: regions(model),
            region_words: region_words(model),
            pushes: HashMap::new(),
            builds: HashMap::new(),
            deployed_in: deployed_in(model, &files),
            files,
        };
        for (_, resource) in model.resources.resources.iter() {
            let attribute = ANCHORS.iter().find(|(kind, _)| *kind == &*resource.type_name).map(|(_, it)| *it);
            let Some((attribute, own)) = attribute.zip(resource.head.terraform.as_ref()) else { continue };
            if resource.mode != ResourceMode::Managed {
                continue;
            }
            let reference = Reference { path: attribute.into(), ..(**own).clone() };
            let hole = Value::new(Kind::Reference(Arc::new(reference.clone())), Origin::none());
            let Some(arn) = unfold(model, &hole).map(Pattern::of) else { continue };
            let Some(key) = resource_part(&arn).map(<[Symbol]>::to_vec) else { continue };
            let of_root = index.anchors.entry(reference.root.clone()).or_default();
            of_root.entry(key).or_default().push(Anchor { reference, arn });
        }
        for (id, push) in model.delivery.pushes.iter() {
            if let Some(step) = push.step.id() {
                index.pushes.entry(step.index).or_default().push(id);
            }
        }
        for (id, build) in model.image.image_builds.iter() {
            if let Some(step) = build.step.id() {
                index.builds.entry(step.index).or_default().push(id);
            }
        }
        index
    }
}

impl Index {
    pub(super) fn pushes(&self, step: Id<Step>) -> &[Id<Push>] {
        self.pushes.get(&step.index).map_or(&[], Vec::as_slice)
    }

    pub(super) fn builds(&self, step: Id<Step>) -> &[Id<ImageBuild>] {
        self.builds.get(&step.index).map_or(&[], Vec::as_slice)
    }

    /// The Region of the provider that a root has without an alias.
    pub(super) fn region(&self, root: &str) -> Option<&str> {
        self.regions.get(plain(root)).map(String::as_str)
    }

    /// The task definitions of the file that a job calls so.
    pub(super) fn tasks_of_file(&self, model: &Model, job: Id<Job>, file: &str) -> Vec<Id<Task>> {
        self.files.named(repository_of(model, job), file)
    }

    /// The Region of that provider as symbols, known or not.
    pub(super) fn region_word(&self, root: &str) -> Option<&[Symbol]> {
        self.region_words.get(plain(root)).map(Vec::as_slice)
    }

    /// The only Region that a task definition of a file is deployed in, as far as the logins of jobs tell.
    pub(super) fn deployed_in(&self, task: Id<Task>) -> Option<&str> {
        let regions = self.deployed_in.get(&task.index).filter(|regions| regions.len() == 1)?;
        regions.first().map(String::as_str)
    }

    /// The resources of a root whose ARN a pattern begins with, the longest first, each with what is left of the pattern.
    pub(super) fn anchors<'i>(&'i self, root: &str, pattern: &Pattern) -> Vec<(&'i Anchor, Vec<Symbol>)> {
        let Some(of_root) = self.anchors.get(root) else { return Vec::new() };
        let Some(part) = resource_part(pattern) else { return Vec::new() };
        let mut found = Vec::new();
        let is_end = |length: &usize| matches!(part.get(*length), None | Some(Symbol::Literal(':' | '/')));
        for length in (1..=part.len()).rev().filter(is_end) {
            for anchor in of_root.get(&part[..length]).into_iter().flatten() {
                let is_other = [1, 3, 4]
                    .iter()
                    .any(|at| field(&anchor.arn, *at).zip(field(pattern, *at)).is_some_and(|(a, b)| differ(a, b)));
                if !is_other && field(&anchor.arn, 2) == field(pattern, 2) {
                    found.push((anchor, part[length..].to_vec()));
                }
            }
        }
        found
    }
}

/// A job whose Region nobody can read stands for one that nobody knows.
fn deployed_in(model: &Model, files: &TaskFiles) -> HashMap<u32, BTreeSet<String>> {
    let is_login = |kind: Option<&str>| matches!(kind, Some("oidc_role" | "chained_role" | "static_keys"));
    let mut by_file: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (_, deployment) in model.delivery.deployments.iter() {
        let file = deployment.definition_file.as_str().or(deployment.definition.as_str());
        let (Some(file), Some(job)) = (file, deployment.job.id()) else { continue };
        let logins = model[job].credentials.ids().map(|id| &model[id]).filter(|it| is_login(it.kind.as_str()));
        let regions = logins.map(|login| login.region.as_str().unwrap_or("not known"));
        by_file.entry((repository_of(model, job), file)).or_default().extend(regions);
    }
    let mut found: HashMap<u32, BTreeSet<String>> = HashMap::new();
    for ((repository, file), regions) in by_file {
        for task in files.named(repository, file.trim_start_matches("./")) {
            found.entry(task.index).or_default().extend(regions.iter().map(|region| (*region).to_owned()));
        }
    }
    found.retain(|_, regions| !regions.contains("not known"));
    found
}

/// The folder that the paths in a job are relative to.
fn repository_of(model: &Model, job: Id<Job>) -> &str {
    let workflow = model[job].workflow.id();
    let repository = workflow.and_then(|workflow| model[workflow].github_repository.id());
    repository.and_then(|repository| model[repository].path.as_str()).unwrap_or("")
}

/// The task definitions of files.
struct TaskFiles {
    by_path: HashMap<String, Vec<Id<Task>>>,
    /// The paths of files of one name.
    by_name: HashMap<String, BTreeSet<String>>,
}

impl TaskFiles {
    fn new(model: &Model) -> TaskFiles {
        let mut files = TaskFiles { by_path: HashMap::new(), by_name: HashMap::new() };
        for (id, task) in model.workload.tasks.iter() {
            if let Some(path) = task.path.as_str() {
                files.by_path.entry(path.to_owned()).or_default().push(id);
                files.by_name.entry(name_of(path).to_owned()).or_default().insert(path.to_owned());
            }
        }
        files
    }

    /// Those of the file that a job of a repository calls so: in the repository's folder, else in any, since the job may
    /// have gone elsewhere.
    fn named(&self, repository: &str, file: &str) -> Vec<Id<Task>> {
        let at_home = clean_path(repository, file).and_then(|path| self.by_path.get(&path));
        if let Some(found) = at_home {
            return found.clone();
        }
        let is_it = |path: &&String| path.strip_suffix(file).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
        let paths = self.by_name.get(name_of(file)).into_iter().flatten().filter(is_it);
        let mut found: Vec<Id<Task>> = paths.filter_map(|path| self.by_path.get(path)).flatten().copied().collect();
        found.sort_unstable();
        found
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn regions(model: &Model) -> HashMap<String, String> {
    let known =
        default_providers(model).filter_map(|(root, provider)| Some((root, provider.region.as_str()?.to_owned())));
    known.collect()
}

fn region_words(model: &Model) -> HashMap<String, Vec<Symbol>> {
    let word = |provider: &Provider| {
        let text = provider.region.value().as_text()?;
        let pattern = Pattern::new(&text, How::Literal, Case::Kept, &|hole| unfold(model, hole));
        Some(pattern.symbols().to_vec())
    };
    default_providers(model).filter_map(|(root, provider)| Some((root, word(provider)?))).collect()
}

/// The providers of AWS without an alias, with the folders of their roots.
fn default_providers(model: &Model) -> impl Iterator<Item = (String, &Provider)> {
    model.terraform.providers.iter().filter_map(|(_, provider)| {
        let path = provider.root.id().and_then(|id| model[id].path.as_str())?;
        let is_default = provider.kind.as_str() == Some("aws") && provider.alias.is_present() == Tri::False;
        is_default.then(|| (plain(path).to_owned(), provider))
    })
}

/// A root's folder, however it is written.
fn plain(root: &str) -> &str {
    root.trim_start_matches('.').trim_matches('/')
}

/// The part of an ARN between two colons.
pub(super) fn field(pattern: &Pattern, index: usize) -> Option<&[Symbol]> {
    pattern.symbols().split(|symbol| *symbol == Symbol::Literal(':')).nth(index)
}

/// Both are literal, and not the same.
fn differ(a: &[Symbol], b: &[Symbol]) -> bool {
    let is_literal = |symbols: &[Symbol]| symbols.iter().all(|symbol| matches!(symbol, Symbol::Literal(_)));
    is_literal(a) && is_literal(b) && a != b
}
