//! From paths on the disk to a `World`: which files are looked at, under which names, and what could not be read.

mod ignored;
mod modules;
mod place;
mod read;
mod walk;

pub(crate) use place::Ground;
pub(crate) use read::{Bytes, Overlay, content_of};
pub(crate) use walk::Excluded;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::source::{Content, Problem, World, WorldBuilder};

use super::failure::Failure;
use super::git::Git;

/// What is read of the ground.
#[derive(Clone, Debug)]
pub(crate) struct TreeOptions {
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) ignore_files: IgnoreFiles,
    pub(crate) max_file_size: u64,
    pub(crate) listing: Listing,
    /// Files that are read whatever ignore files say: configuration, named variable files.
    pub(crate) named: Vec<PathBuf>,
    pub(crate) overlay: Option<Overlay>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IgnoreFiles {
    Obeyed,
    Disregarded,
}

/// Where the names of files come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    Disk,
    /// git's index: a hook stashes unstaged changes only, so files that git does not know are left out.
    Index,
}

/// Reads the files of the ground.
pub(crate) fn read(ground: &Ground, options: &TreeOptions) -> Result<World, Failure> {
    let mut found = Found::default();
    match (options.listing, Git::at(&ground.root)) {
        (Listing::Index, Some(git)) => walk::index(ground, options, &git, &mut found)?,
        (Listing::Index, None) | (Listing::Disk, _) => walk::disk(ground, options, &mut found)?,
    }
    for path in &options.named {
        if let Some(name) = ground.name_of(path) {
            found.files.insert(name, Subject::Yes);
        }
    }
    modules::installed(ground, &mut found);
    modules::unnamed_var_files(ground, &mut found);
    let mut builder = WorldBuilder::default();
    builder.problems = found.problems;
    read::contents(ground, options, &found.files, &mut builder);
    for name in found.links {
        builder.add(name, Content::Unread("link"), true);
    }
    if let Some(overlay) = &options.overlay {
        builder.add_bytes(overlay.path.clone(), overlay.bytes.clone(), true);
    }
    Ok(builder.build())
}

/// Names of files below the root, and what was met on the way.
#[derive(Debug, Default)]
pub(crate) struct Found {
    files: BTreeMap<String, Subject>,
    problems: Vec<Problem>,
    /// Links to files of the tree: their targets are read under their own names, and what the links add to their
    /// folders is not known.
    links: BTreeSet<String>,
    seen_folders: BTreeSet<PathBuf>,
}

/// Whether a file is looked at by itself or only if something names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Yes,
    No,
}

impl Found {
    fn add(&mut self, name: String, subject: Subject) {
        let known = self.files.entry(name).or_insert(subject);
        if subject == Subject::Yes {
            *known = Subject::Yes;
        }
    }
}

/// What lies in hidden folders counts only if something names it; GitHub's and our own are no hidden folders.
pub(crate) fn subject_of(name: &str) -> Subject {
    let mut folders: Vec<&str> = name.split('/').collect();
    folders.pop();
    let is_hidden = |folder: &&str| folder.starts_with('.') && **folder != *".github" && **folder != *".secure-lint";
    if folders.iter().any(is_hidden) { Subject::No } else { Subject::Yes }
}

/// Folders that are never read as such.
pub(crate) fn is_closed_folder(name: &str) -> bool {
    name == ".git" || name == ".terraform"
}
