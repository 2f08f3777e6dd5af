//! Every file of a world with its kind, read when somebody asks and once only.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::kind::{Kind, kind_of};
use super::{dockerfile, hcl, lines, shell, steps, yaml};
use crate::source::{Comment, FileId, MappedText, Problem, SourceFile, Watched, World};

pub struct Sources<'w> {
    pub world: &'w World,
    files: Vec<Source>,
    by_kind: BTreeMap<Kind, Vec<FileId>>,
}

struct Source {
    kind: Kind,
    hcl: OnceLock<hcl::Parsed>,
    tree: OnceLock<yaml::Parsed>,
    dockerfile: OnceLock<Aside>,
}

/// What a Dockerfile says beside its instructions.
struct Aside {
    comments: Vec<Comment>,
    problems: Vec<Problem>,
}

impl<'w> Sources<'w> {
    pub fn new(world: &'w World) -> Sources<'w> {
        let mut by_kind: BTreeMap<Kind, Vec<FileId>> = BTreeMap::new();
        let mut files = Vec::with_capacity(world.n_files());
        for (id, file) in world.files() {
            let kind = kind_of(file);
            by_kind.entry(kind).or_default().push(id);
            files.push(Source { kind, hcl: OnceLock::new(), tree: OnceLock::new(), dockerfile: OnceLock::new() });
        }
        Sources { world, files, by_kind }
    }

    pub fn kind(&self, file: FileId) -> Kind {
        self.files[file.0 as usize].kind
    }

    /// All files of a kind, in order of path; those in hidden folders and installed modules too.
    pub fn all_of(&self, kind: Kind) -> impl Iterator<Item = FileId> {
        self.by_kind.get(&kind).into_iter().flatten().copied()
    }

    /// The files of a kind that are subjects of their own.
    pub fn subjects_of(&self, kind: Kind) -> impl Iterator<Item = FileId> {
        self.all_of(kind).filter(|id| self.world.file(*id).is_subject)
    }

    /// A file of HCL; empty if it has no text.
    pub fn hcl(&self, file: FileId) -> &hcl::Parsed {
        self.files[file.0 as usize].hcl.get_or_init(|| {
            self.timed(file, |source| source.text().map(|text| hcl::parse(file, text)).unwrap_or_default())
        })
    }

    /// A file of YAML or JSON; empty if it has no text.
    pub fn tree(&self, file: FileId) -> &yaml::Parsed {
        self.files[file.0 as usize].tree.get_or_init(|| {
            self.timed(file, |source| {
                source.text().map(|text| yaml::read(file, source.name(), text)).unwrap_or_default()
            })
        })
    }

    /// A Dockerfile; empty if it has no text or is a template for one. Its instructions are not kept: whoever lowers them
    /// needs them once.
    pub fn dockerfile(&self, file: FileId) -> dockerfile::Dockerfile {
        let read = self.timed(file, |source| {
            let text = source.text().filter(|text| !dockerfile::is_template(&source.path, text)).unwrap_or("");
            dockerfile::read(file, &source.path, text)
        });
        self.files[file.0 as usize]
            .dockerfile
            .get_or_init(|| Aside { comments: read.comments.clone(), problems: read.problems.clone() });
        read
    }

    fn timed<T>(&self, file: FileId, read: impl FnOnce(&SourceFile) -> T) -> T {
        let source = self.world.file(file);
        self.world.watch.around(Watched::File, &source.path, || read(source))
    }

    /// Reads all subjects of the kinds that are always asked for, on all threads.
    pub fn read_ahead(&self) {
        let subjects: Vec<FileId> = self.world.files().filter(|(_, file)| file.is_subject).map(|(id, _)| id).collect();
        subjects.par_iter().for_each(|id| self.read(*id));
    }

    fn read(&self, id: FileId) {
        match self.kind(id) {
            Kind::Workflow
            | Kind::Action
            | Kind::Dependabot
            | Kind::PreCommit
            | Kind::Compose
            | Kind::TaskDefinition
            | Kind::Policy => {
                self.tree(id);
            }
            // Dockerfiles are read by their lowering, Terraform's files by their evaluation, here only to tell addresses.
            Kind::Dockerfile
            | Kind::Terraform
            | Kind::Tfvars
            | Kind::LockFile
            | Kind::TerraformJson
            | Kind::TfvarsJson
            | Kind::StateFile
            | Kind::DockerIgnore
            | Kind::Requirements
            | Kind::EnvFile
            | Kind::ShellScript
            | Kind::Config
            | Kind::Other => {}
        }
    }

    /// The comments of all files but Terraform's, which come with its evaluation.
    pub fn comments(&self) -> Vec<Comment> {
        let mut comments = Vec::new();
        for (source, (id, file)) in self.files.iter().zip(self.world.files()) {
            if let Some(parsed) = source.tree.get() {
                let mut found = parsed.comments.clone();
                if let (Kind::Workflow | Kind::Action, Some(root), Some(text)) =
                    (source.kind, &parsed.root, file.text())
                {
                    steps::complete(id, text, root, &mut found);
                }
                comments.append(&mut found);
            }
            comments.extend(source.dockerfile.get().into_iter().flat_map(|parsed| parsed.comments.iter().cloned()));
        }
        for (id, file) in self.world.files() {
            if let Some(text) = file.text() {
                comments.extend(self.comments_of_lines(id, text));
            }
        }
        comments
    }

    /// The comments of small formats, which are read by whoever needs them and not kept.
    fn comments_of_lines(&self, id: FileId, text: &str) -> Vec<Comment> {
        match self.kind(id) {
            Kind::Requirements => lines::requirements::read(id, text).comments,
            Kind::EnvFile => lines::env::read(id, text).comments,
            Kind::ShellScript => {
                let whole = MappedText::part(id, text, 0..text.len());
                shell::read(&whole, shell::Dialect::PLAIN).comments
            }
            Kind::Other if lines::settings::is_module(&self.world.file(id).path) => lines::settings::comments(id, text),
            // The sign of a comment is the same.
            Kind::Other if lines::nginx::is_configuration(&self.world.file(id).path) => {
                lines::settings::comments(id, text)
            }
            _ => Vec::new(),
        }
    }

    /// What could not be read of them.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (source, (_, file)) in self.files.iter().zip(self.world.files()) {
            let tree = source.tree.get().into_iter().flat_map(|parsed| parsed.faults.iter());
            problems.extend(tree.map(|fault| fault.problem(&file.path)));
            problems.extend(source.dockerfile.get().into_iter().flat_map(|parsed| parsed.problems.iter().cloned()));
            if source.kind.name().is_some() && is_not_text(file) {
                let message = "not UTF-8, so nothing of it was read".to_owned();
                problems.push(Problem::of_file("not-text", &file.path, message));
            }
        }
        problems
    }
}

fn is_not_text(file: &SourceFile) -> bool {
    matches!(file.content, crate::source::Content::Bytes(_))
}
