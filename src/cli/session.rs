//! What a run stands on before anything is read for meaning: ground, configuration, rules, git. Every verb that analyses
//! opens one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::finding::RuleMeta;
use crate::rule::{Catalog, RuleSource, builtin_sources};
use crate::source::World;
use crate::triage::{Config, Date, Names};

use super::arguments::WorldArguments;
use super::failure::Failure;
use super::git::Git;
use super::terminal::{Streams, Surroundings};
use super::tree::{self, Ground, IgnoreFiles, Listing, Overlay, TreeOptions};

pub(crate) const CONFIG_FILE: &str = "secure-lint.toml";
pub(crate) const OWN_RULES: &str = ".secure-lint/rules";
const MAX_FILE_SIZE: u64 = 10 << 20;

pub(crate) struct Session {
    pub(crate) arguments: WorldArguments,
    pub(crate) surroundings: Surroundings,
    pub(crate) streams: Streams,
    pub(crate) ground: Ground,
    pub(crate) git: Option<Git>,
    pub(crate) config: Config,
    /// Path as reported, and text.
    pub(crate) config_file: Option<(String, String)>,
    pub(crate) catalog: Catalog,
    pub(crate) metas: Vec<Arc<RuleMeta>>,
    pub(crate) today: Date,
}

impl Session {
    pub(crate) fn open(arguments: &WorldArguments, surroundings: &Surroundings) -> Result<Session, Failure> {
        let streams = Streams { in_github_actions: surroundings.in_github_actions };
        let stdin = PathBuf::from("-");
        let mut paths = arguments.paths.clone();
        if paths.contains(&stdin) {
            if paths.len() > 1 {
                return Err(Failure::said("`-` is standard input and stands alone"));
            }
            if arguments.stdin_filename.is_none() {
                return Err(Failure::said("`-` needs --stdin-filename: the path that the text stands for"));
            }
            paths.clear();
        }
        let ground = Ground::find(&paths, arguments.root.as_deref())?;
        let (config, config_file) = read_config(arguments, &ground)?;
        let catalog = read_rules(&ground.root, config.rules.as_deref(), &arguments.rules)?;
        let metas: Vec<Arc<RuleMeta>> = catalog.metas().cloned().collect();
        if let Some((path, text)) = &config_file {
            let errors = config.check_names(path, text, Names::new(&metas));
            if !errors.is_empty() {
                return Err(Failure::Files(errors));
            }
        }
        Ok(Session {
            today: today(arguments.today.as_deref())?,
            git: Git::at(&ground.root),
            arguments: arguments.clone(),
            surroundings: surroundings.clone(),
            streams,
            ground,
            config,
            config_file,
            catalog,
            metas,
        })
    }

    /// What is read of a tree, without a text from standard input.
    pub(crate) fn tree_options_without_input(&self) -> Result<TreeOptions, Failure> {
        let with = |config: &[String], flags: &[String]| config.iter().chain(flags).cloned().collect::<Vec<String>>();
        let obeys = self.config.ignore_files.unwrap_or(true) && !self.arguments.no_ignore_files;
        let mut named: Vec<PathBuf> =
            self.var_files()?.into_iter().map(|(_, path)| self.ground.root.join(path)).collect();
        if let Some((path, _)) = &self.config_file {
            named.push(self.ground.root.join(path));
        }
        named.retain(|path| path.is_file());
        Ok(TreeOptions {
            include: with(&self.config.include, &self.arguments.include),
            exclude: with(&self.config.exclude, &self.arguments.exclude),
            ignore_files: if obeys { IgnoreFiles::Obeyed } else { IgnoreFiles::Disregarded },
            max_file_size: self.config.max_file_size.unwrap_or(MAX_FILE_SIZE),
            listing: if self.surroundings.in_pre_commit { Listing::Index } else { Listing::Disk },
            named,
            overlay: None,
        })
    }

    pub(crate) fn read_world(&self) -> Result<World, Failure> {
        let options = TreeOptions { overlay: self.overlay()?, ..self.tree_options_without_input()? };
        tree::read(&self.ground, &options)
    }

    /// `--var-file`: the root's folder, if named, and the file, both as names below the root.
    pub(crate) fn var_files(&self) -> Result<Vec<(Option<String>, String)>, Failure> {
        self.arguments.var_file.iter().map(|text| self.var_file(text)).collect()
    }

    fn var_file(&self, text: &str) -> Result<(Option<String>, String), Failure> {
        let (root, file) = match text.split_once('=') {
            Some((root, file)) if Path::new(root).is_dir() => (Some(root), file),
            Some(_) | None => (None, text),
        };
        let name = |path: &str| {
            let real = Path::new(path).canonicalize().map_err(|error| Failure::io("read", Path::new(path), &error))?;
            let outside = || Failure::said(format!("`{path}` is not below the root"));
            self.ground.name_of(&real).ok_or_else(outside)
        };
        Ok((root.map(name).transpose()?, name(file)?))
    }

    /// The text on standard input, under the name that it stands for.
    fn overlay(&self) -> Result<Option<Overlay>, Failure> {
        let Some(path) = self.stdin_path()? else { return Ok(None) };
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)
            .map_err(|error| Failure::io("read", Path::new("-"), &error))?;
        Ok(Some(Overlay { path, bytes }))
    }

    /// The reported path of `--stdin-filename`.
    pub(crate) fn stdin_path(&self) -> Result<Option<String>, Failure> {
        let is_stdin = self.arguments.paths == [PathBuf::from("-")];
        let Some(file) = self.arguments.stdin_filename.as_ref().filter(|_| is_stdin) else { return Ok(None) };
        let path = Path::new(file);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let real = folder.canonicalize().map_err(|error| Failure::io("read", folder, &error))?;
        let name = path.file_name().and_then(|name| self.ground.name_of(&real.join(name)));
        name.map(Some).ok_or_else(|| Failure::said(format!("`{file}` is not below the root")))
    }
}

fn read_config(arguments: &WorldArguments, ground: &Ground) -> Result<(Config, Option<(String, String)>), Failure> {
    if arguments.no_config {
        return Ok((Config::default(), None));
    }
    let path = match &arguments.config {
        Some(path) => path.clone(),
        None => ground.root.join(CONFIG_FILE),
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && arguments.config.is_none() => {
            return Ok((Config::default(), None));
        }
        Err(error) => return Err(Failure::io("read", &path, &error)),
    };
    let real = path.canonicalize().unwrap_or_else(|_| path.clone());
    let name = ground.name_of(&real).unwrap_or_else(|| path.to_string_lossy().into_owned());
    let (config, errors) = Config::read(&name, &text);
    if errors.is_empty() { Ok((config, Some((name, text)))) } else { Err(Failure::Files(errors)) }
}

/// The built-in rules and those of the user's folders. The default folder may be missing, a named one may not.
pub(crate) fn read_rules(
    root: &Path,
    configured: Option<&[crate::triage::Named]>,
    flags: &[PathBuf],
) -> Result<Catalog, Failure> {
    let mut sources = builtin_sources();
    match configured {
        Some(folders) => {
            for folder in folders {
                sources.extend(rule_files(&root.join(&folder.text), &folder.text)?);
            }
        }
        None if root.join(OWN_RULES).is_dir() => sources.extend(rule_files(&root.join(OWN_RULES), OWN_RULES)?),
        None => {}
    }
    for folder in flags {
        sources.extend(rule_files(folder, &folder.to_string_lossy())?);
    }
    Catalog::read(sources).map_err(Failure::Files)
}

/// All Markdown files of a folder, in order of path.
pub(crate) fn rule_files(folder: &Path, shown: &str) -> Result<Vec<RuleSource>, Failure> {
    let mut paths = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| Failure::io("read", &folder, &error))?;
        for entry in entries.flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(_) if path.extension().is_some_and(|ending| ending == "md") => paths.push(path),
                Ok(_) | Err(_) => {}
            }
        }
    }
    paths.sort();
    let mut sources = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if name != "README.md" {
            sources.push(RuleSource::new(shown, &name, text));
        }
    }
    Ok(sources)
}

/// The only clock that the program has.
fn today(flag: Option<&str>) -> Result<Date, Failure> {
    if let Some(text) = flag {
        return Date::parse(text)
            .ok_or_else(|| Failure::said(format!("`{text}` is not a day; write it as 2026-12-31")));
    }
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Ok(Date::of_unix_seconds(seconds))
}

/// The rules as seen from the working directory, for verbs that read no tree.
pub(crate) fn open_rules(folders: &[PathBuf]) -> Result<Catalog, Failure> {
    read_rules(Path::new("."), None, folders)
}

/// JSON for people and machines, with a line end.
pub(crate) fn pretty(value: &serde_json::Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
