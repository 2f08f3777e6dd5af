//! The contents of files. What nobody asks for stays known by name alone.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::cli::failure::words_of;
use crate::source::{Content, Problem, WorldBuilder};

use super::place::Ground;
use super::{Subject, TreeOptions};

/// A text that stands for a file, from standard input.
#[derive(Clone, Debug)]
pub(crate) struct Overlay {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// Endings of files in which nothing is looked for: pictures, archives, compiled code, and sources of programs, which
/// are another tool's business. That such a file exists is still known.
const UNREAD: [&str; 81] = [
    "7z", "a", "avi", "avif", "bin", "bmp", "bz2", "c", "cc", "class", "cpp", "cs", "css", "dart", "db", "deb", "dll",
    "dmg", "doc", "docx", "dylib", "eot", "exe", "gif", "go", "gz", "h", "heic", "hpp", "htm", "html", "icns", "ico",
    "ipynb", "iso", "jar", "java", "jpeg", "jpg", "js", "jsx", "kt", "less", "m4a", "map", "md", "mjs", "mov", "mp3",
    "mp4", "o", "ogg", "otf", "parquet", "pdf", "php", "png", "ppt", "pptx", "pyc", "rb", "rlib", "rs", "rst", "scala",
    "scss", "so", "sqlite", "svg", "swift", "tar", "tgz", "tif", "tiff", "ttf", "wasm", "wav", "webp", "woff", "xlsx",
    "zip",
];

/// Whether the content of a file may matter, by its name.
fn is_read(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    match file.rsplit_once('.') {
        Some((_, ending)) => UNREAD.binary_search(&ending.to_ascii_lowercase().as_str()).is_err(),
        None => true,
    }
}

/// What is kept of some bytes under a name, with the problem that there is with them.
pub(crate) fn content_of(
    name: &str,
    size: u64,
    limit: u64,
    bytes: impl FnOnce() -> std::io::Result<Vec<u8>>,
) -> (Content, Option<Problem>) {
    if !is_read(name) {
        return (Content::Unread("not-read"), None);
    }
    if size > limit {
        let words = format!("{size} bytes; at most {limit} are read");
        return (Content::Unread("too-large"), Some(Problem::of_file("too-large", name, words)));
    }
    match bytes() {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => (Content::Text(text), None),
            Err(error) => (Content::Bytes(error.into_bytes()), None),
        },
        Err(error) => (Content::Unread("unreadable"), Some(Problem::of_file("unreadable", name, words_of(&error)))),
    }
}

/// Reads all files, on all threads.
pub(super) fn contents(
    ground: &Ground,
    options: &TreeOptions,
    files: &BTreeMap<String, Subject>,
    builder: &mut WorldBuilder,
) {
    let overlaid = options.overlay.as_ref().map_or("", |overlay| overlay.path.as_str());
    let files: Vec<(&String, Subject)> =
        files.iter().map(|(name, subject)| (name, *subject)).filter(|(name, _)| *name != overlaid).collect();
    let read: Vec<(Content, Option<Problem>)> = files
        .par_iter()
        .map(|(name, _)| {
            let path = ground.root.join(name);
            let size = path.metadata().map_or(0, |metadata| metadata.len());
            content_of(name, size, options.max_file_size, || std::fs::read(&path))
        })
        .collect();
    for ((name, subject), (content, problem)) in files.into_iter().zip(read) {
        builder.add(name.clone(), content, subject == Subject::Yes);
        builder.problems.extend(problem);
    }
}

#[cfg(test)]
mod tests {
    use super::{UNREAD, is_read};

    #[test]
    fn endings_are_sorted() {
        assert!(UNREAD.is_sorted());
        assert!(!is_read("a/logo.PNG") && is_read("a/main.tf") && is_read("Dockerfile") && is_read("app/run.sh"));
    }
}
