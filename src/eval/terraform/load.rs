//! The folders of a tree with their configuration and variable files. A folder is read when somebody asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::module::{Module, ModuleFile};
use crate::source::{Comment, Content, FileId, Problem, SourceFile, Watched, World};
use crate::syntax::hcl::{self, Names, Parsed};

#[derive(Debug)]
pub(super) struct Modules<'w> {
    pub(super) world: &'w World,
    folders: BTreeMap<&'w str, Folder>,
    values: BTreeMap<FileId, OnceLock<Parsed>>,
    comments: BTreeMap<FileId, OnceLock<Vec<Comment>>>,
    /// Folders have most of their names in common; who reads one takes a set, and gives it back.
    names: Mutex<Vec<Names>>,
    /// Folders into which another tool writes.
    written_into: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Folder {
    /// Configuration, in the order of names; what OpenTofu hides is left out.
    files: Vec<ConfigFile>,
    /// Variable files that are loaded without being named, in the order in which they count.
    automatic: Vec<FileId>,
    /// All other variable files.
    other_values: Vec<FileId>,
    has_lock_file: bool,
    is_subject: bool,
    hidden: Vec<(FileId, String)>,
    module: OnceLock<Module>,
}

#[derive(Clone, Copy, Debug)]
struct ConfigFile {
    file: FileId,
    syntax: Syntax,
    is_override: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    Native,
    Json,
}

/// What a file is by its name.
enum Role {
    Config { syntax: Syntax, is_tofu: bool, is_override: bool },
    Values,
    Lock,
}

fn role(name: &str) -> Option<Role> {
    let is_ignored = name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'));
    if name == ".terraform.lock.hcl" {
        return Some(Role::Lock);
    }
    if is_ignored {
        return None;
    }
    if name.ends_with(".tfvars") || name.ends_with(".tfvars.json") {
        return Some(Role::Values);
    }
    const ENDS: [(&str, Syntax, bool); 4] = [
        (".tf.json", Syntax::Json, false),
        (".tofu.json", Syntax::Json, true),
        (".tf", Syntax::Native, false),
        (".tofu", Syntax::Native, true),
    ];
    let (stem, syntax, is_tofu) =
        ENDS.iter().find_map(|(end, syntax, is_tofu)| Some((name.strip_suffix(end)?, *syntax, *is_tofu)))?;
    Some(Role::Config { syntax, is_tofu, is_override: stem == "override" || stem.ends_with("_override") })
}

impl<'w> Modules<'w> {
    /// Files that are named as variable files are read as such whatever they are called.
    pub(super) fn new(world: &'w World, named: &[FileId]) -> Modules<'w> {
        let values = named.iter().map(|file| (*file, OnceLock::new())).collect();
        let written_into = super::foreign::folders(world);
        let (folders, comments, names) = (BTreeMap::new(), BTreeMap::new(), Mutex::default());
        let mut modules = Modules { world, folders, values, comments, names, written_into };
        let mut tofu: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (_, file) in world.files() {
            if let Some(Role::Config { is_tofu: true, .. }) = role(file.name()) {
                tofu.insert((file.folder(), file.name()));
            }
        }
        for (id, file) in world.files() {
            modules.add(id, file, &tofu);
        }
        for folder in modules.folders.values_mut() {
            folder.automatic.sort_by_key(|id| automatic_order(world.file(*id).name()));
        }
        modules
    }

    fn add(&mut self, id: FileId, file: &'w SourceFile, tofu: &BTreeSet<(&str, &str)>) {
        let Some(role) = role(file.name()) else { return };
        let folder = self.folders.entry(file.folder()).or_default();
        match role {
            Role::Config { syntax, is_tofu, is_override } => {
                let hiding = twin(file.name());
                if !is_tofu && tofu.contains(&(file.folder(), hiding.as_str())) {
                    folder.hidden.push((id, hiding));
                    return;
                }
                folder.is_subject |= file.is_subject;
                folder.files.push(ConfigFile { file: id, syntax, is_override });
                self.comments.insert(id, OnceLock::new());
            }
            Role::Values => {
                self.values.insert(id, OnceLock::new());
                if automatic_order(file.name()).0 == u8::MAX {
                    folder.other_values.push(id);
                } else if file.is_subject {
                    folder.automatic.push(id);
                }
            }
            Role::Lock => folder.has_lock_file = true,
        }
    }

    /// Reads all folders that the repository owns at once.
    pub(super) fn read_all(&self) {
        let folders: Vec<&'w str> = self.candidates().collect();
        folders.par_iter().for_each(|folder| {
            self.module(folder);
        });
    }

    /// Folders with configuration that the repository owns.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &'w str> {
        let own = self.folders.iter().filter(|(_, folder)| folder.is_subject && !folder.files.is_empty());
        own.map(|(path, _)| *path)
    }

    /// The module in a folder; nothing if it has no configuration.
    pub(super) fn module(&self, path: &str) -> Option<&Module> {
        let folder = self.folders.get(path).filter(|folder| !folder.files.is_empty())?;
        Some(folder.module.get_or_init(|| {
            let mut names = self.names.lock().ok().and_then(|mut all| all.pop()).unwrap_or_default();
            let module = self.read(path, folder, &mut names);
            self.names.lock().iter_mut().for_each(|all| all.push(std::mem::take(&mut names)));
            module
        }))
    }

    fn read(&self, path: &str, folder: &Folder, names: &mut Names) -> Module {
        let mut files = Vec::new();
        let mut unread = Vec::new();
        for config in &folder.files {
            let file = self.world.file(config.file);
            let Some(text) = file.text() else {
                unread.push(unread_problem(file));
                continue;
            };
            let mut parsed = self.world.watch.around(Watched::File, &file.path, || match config.syntax {
                Syntax::Native => hcl::parse_sharing(config.file, text, names),
                Syntax::Json => hcl::parse_json(config.file, text),
            });
            if let Some(slot) = self.comments.get(&config.file) {
                // The slot is filled once, by whoever reads the folder first; both would put the same into it.
                let _ = slot.set(std::mem::take(&mut parsed.comments));
            }
            files.push(ModuleFile { path: file.path.clone(), parsed, is_override: config.is_override });
        }
        let mut module = Module::build(path, files, self.world);
        if !unread.is_empty() {
            module.hides = Some("syntax-error");
        } else if module.hides.is_none() && self.is_written_into(path) {
            module.hides = Some("foreign-tool");
        }
        module.problems.append(&mut unread);
        for (hidden, by) in &folder.hidden {
            let path = self.world.file(*hidden).path.clone();
            let message = format!("OpenTofu reads `{by}` in the place of this file, and so do we");
            module.problems.push(Problem::of_file("two-dialects", path, message).note());
        }
        module
    }

    /// Whether another tool writes configuration into a folder.
    pub(super) fn is_written_into(&self, path: &str) -> bool {
        self.written_into.contains(path)
    }

    pub(super) fn automatic_values(&self, path: &str) -> &[FileId] {
        self.folders.get(path).map_or(&[], |folder| &folder.automatic)
    }

    pub(super) fn other_values(&self, path: &str) -> &[FileId] {
        self.folders.get(path).map_or(&[], |folder| &folder.other_values)
    }

    pub(super) fn has_lock_file(&self, path: &str) -> bool {
        self.folders.get(path).is_some_and(|folder| folder.has_lock_file)
    }

    /// A file of variable values, named or not.
    pub(super) fn values(&self, file: FileId) -> Option<&Parsed> {
        let slot = self.values.get(&file)?;
        Some(slot.get_or_init(|| {
            let source = self.world.file(file);
            let text = source.text().unwrap_or("");
            self.world.watch.around(Watched::File, &source.path, || match source.name().ends_with(".json") {
                true => hcl::parse_json_values(file, text),
                false => hcl::parse(file, text),
            })
        }))
    }

    /// Every comment of the files that were read.
    pub(super) fn comments(&self) -> Vec<Comment> {
        let configs = self.comments.values().filter_map(|slot| slot.get());
        let values = self.values.values().filter_map(|slot| slot.get()).map(|parsed| &parsed.comments);
        configs.chain(values).flatten().cloned().collect()
    }
}

/// The name of the file by which OpenTofu replaces this one.
fn twin(name: &str) -> String {
    match (name.strip_suffix(".tf.json"), name.strip_suffix(".tf")) {
        (Some(stem), _) => format!("{stem}.tofu.json"),
        (None, Some(stem)) => format!("{stem}.tofu"),
        (None, None) => name.to_owned(),
    }
}

fn unread_problem(file: &SourceFile) -> Problem {
    match &file.content {
        Content::Unread(reason) => {
            let message = "this file was not read, so nothing is known of what it declares";
            Problem::of_file(reason, &file.path, message)
        }
        Content::Text(_) | Content::Bytes(_) => {
            let message = "this file is not text in UTF-8, so nothing is known of what it declares";
            Problem::of_file("not-text", &file.path, message)
        }
    }
}

/// `terraform.tfvars`, then its JSON form, then the `*.auto` ones by name; others last.
fn automatic_order(name: &str) -> (u8, &str) {
    match name {
        "terraform.tfvars" => (0, name),
        "terraform.tfvars.json" => (1, name),
        _ if name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json") => (2, name),
        _ => (u8::MAX, name),
    }
}
