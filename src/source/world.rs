//! All files of a run, in memory, sorted by path. Files whose content was not read stay known by name: whether a path
//! exists is a fact about the world even if its bytes are not.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::{LineIndex, Problem, Watch};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

#[derive(Debug)]
pub enum Content {
    Text(String),
    /// Not UTF-8.
    Bytes(Vec<u8>),
    /// Known by name alone, with the reason code (`too-large`, `unreadable`, or `not-read` for kinds nobody asks for).
    Unread(&'static str),
}

#[derive(Debug)]
pub struct SourceFile {
    /// Relative to the root, with `/`, without `.` and `..`.
    pub path: String,
    pub content: Content,
    /// False for what lies in hidden folders or installed modules: it counts only if something names it.
    pub is_subject: bool,
    lines: OnceLock<LineIndex>,
}

impl SourceFile {
    /// The text, or nothing where the file is not UTF-8 or was not read.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Bytes(_) | Content::Unread(_) => None,
        }
    }

    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Text(text) => Some(text.as_bytes()),
            Content::Bytes(bytes) => Some(bytes),
            Content::Unread(_) => None,
        }
    }

    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(self.text().unwrap_or("")))
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folder of the file, empty for the root.
    pub fn folder(&self) -> &str {
        parent_of(&self.path)
    }
}

/// The folder part of a path, empty for the root.
pub fn parent_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a path is a folder or lies below it.
pub fn lies_in(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `folder/relative` without `.` and `..`; nothing if it leaves the root.
pub fn clean_path(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[derive(Debug, Default)]
pub struct World {
    files: Vec<SourceFile>,
    folders: BTreeSet<String>,
    /// Met while the files were read: links out of the root, unreadable files and the like.
    pub problems: Vec<Problem>,
    /// Who wants to know how long its files take.
    pub watch: Watch,
}

impl World {
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(index, file)| (FileId(index as u32), file))
    }

    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    pub fn find(&self, path: &str) -> Option<FileId> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|index| FileId(index as u32))
    }

    /// The text of a span; empty if the file has none.
    pub fn text(&self, span: super::Span) -> &str {
        self.file(span.file).text().and_then(|text| text.get(span.range())).unwrap_or("")
    }

    pub fn folder_exists(&self, path: &str) -> bool {
        path.is_empty() || self.folders.contains(path)
    }

    /// All files below a folder (the empty path is the root), in order of path.
    pub fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = (FileId, &'a SourceFile)> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let start = self.files.partition_point(|file| file.path.as_str() < prefix.as_str());
        self.files[start..]
            .iter()
            .enumerate()
            .take_while(move |(_, file)| file.path.starts_with(&prefix))
            .map(move |(index, file)| (FileId((start + index) as u32), file))
    }

    /// The files directly in a folder.
    pub fn directly_in<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (FileId, &'a SourceFile)> {
        self.below(folder).filter(move |(_, file)| file.folder() == folder)
    }

    pub fn n_files(&self) -> usize {
        self.files.len()
    }
}

/// Collects files in any order; the first of two with one path stays.
#[derive(Debug, Default)]
pub struct WorldBuilder {
    files: Vec<SourceFile>,
    pub problems: Vec<Problem>,
}

impl WorldBuilder {
    pub fn add(&mut self, path: impl Into<String>, content: Content, is_subject: bool) {
        self.files.push(SourceFile { path: path.into(), content, is_subject, lines: OnceLock::new() });
    }

    pub fn add_bytes(&mut self, path: impl Into<String>, bytes: Vec<u8>, is_subject: bool) {
        let content = match String::from_utf8(bytes) {
            Ok(text) => Content::Text(text),
            Err(error) => Content::Bytes(error.into_bytes()),
        };
        self.add(path, content, is_subject);
    }

    pub fn build(mut self) -> World {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.files.dedup_by(|b, a| a.path == b.path);
        let mut folders = BTreeSet::new();
        for file in &self.files {
            let mut folder = file.folder();
            while !folder.is_empty() && folders.insert(folder.to_owned()) {
                folder = parent_of(folder);
            }
        }
        self.problems.sort();
        self.problems.dedup();
        World { files: self.files, folders, problems: self.problems, watch: Watch::default() }
    }
}
