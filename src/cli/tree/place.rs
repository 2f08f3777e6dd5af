//! The ground on which a run stands: the root to which names are relative, and the paths below it that are read. The
//! same file has the same name wherever the run is started.

use std::path::{Component, Path, PathBuf};

use crate::cli::failure::Failure;

/// Real paths, symlinks resolved.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) root: PathBuf,
    /// Each below the root, none twice.
    pub(crate) paths: Vec<PathBuf>,
}

impl Ground {
    pub(crate) fn find(paths: &[PathBuf], root: Option<&Path>) -> Result<Ground, Failure> {
        let here = [PathBuf::from(".")];
        let paths = if paths.is_empty() { &here } else { paths };
        let mut real = Vec::new();
        for path in paths {
            let it = path.canonicalize().map_err(|error| Failure::io("read", path, &error))?;
            if !real.contains(&it) {
                real.push(it);
            }
        }
        let root = match root {
            Some(root) => root.canonicalize().map_err(|error| Failure::io("read", root, &error))?,
            None => git_top(&real[0]).unwrap_or_else(|| common_folder(&real)),
        };
        for (path, given) in real.iter().zip(paths) {
            if !path.starts_with(&root) {
                let given = given.display();
                let root = root.display();
                return Err(Failure::said(format!("`{given}` is not below the root `{root}`; --root names another")));
            }
        }
        Ok(Ground { root, paths: real })
    }

    /// The name of a path below the root, with `/`; nothing if it is not below it or no text.
    pub(crate) fn name_of(&self, path: &Path) -> Option<String> {
        name_below(&self.root, path)
    }
}

pub(crate) fn name_below(root: &Path, path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.strip_prefix(root).ok()?.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// The nearest folder upwards that holds `.git`.
pub(crate) fn git_top(path: &Path) -> Option<PathBuf> {
    let folder = if path.is_dir() { path } else { path.parent()? };
    folder.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_path_buf)
}

fn common_folder(paths: &[PathBuf]) -> PathBuf {
    let folder_of = |path: &PathBuf| match path.is_dir() {
        true => path.clone(),
        false => path.parent().unwrap_or(path).to_path_buf(),
    };
    let mut common = folder_of(&paths[0]);
    for path in &paths[1..] {
        while !path.starts_with(&common) {
            if !common.pop() {
                break;
            }
        }
    }
    common
}
