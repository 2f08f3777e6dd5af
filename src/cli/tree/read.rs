//! The contents of files. What nobody asks for stays known by name alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

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

/// What a file is found to hold.
pub(crate) enum Bytes {
    Read(Vec<u8>),
    /// More than is wished: only how many there are.
    Many(u64),
}

/// What is kept of some bytes under a name, with the problem that there is with them. `read` gets the limit.
pub(crate) fn content_of(
    name: &str,
    limit: u64,
    read: impl FnOnce(u64) -> std::io::Result<Bytes>,
) -> (Content, Option<Problem>) {
    if !is_read(name) {
        return (Content::Unread("not-read"), None);
    }
    match read(limit) {
        Ok(Bytes::Many(size)) => {
            let words = format!("{size} bytes; at most {limit} are read");
            (Content::Unread("too-large"), Some(Problem::of_file("too-large", name, words)))
        }
        Ok(Bytes::Read(bytes)) => match String::from_utf8(bytes) {
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
        .map(|(name, _)| content_of(name, options.max_file_size, |limit| read_at_most(&ground.root.join(name), limit)))
        .collect();
    for ((name, subject), (content, problem)) in files.into_iter().zip(read) {
        builder.add(name.clone(), content, subject == Subject::Yes);
        builder.problems.extend(problem);
    }
}

/// One look at the file: `std::fs::read` would ask for the size once more.
fn read_at_most(path: &Path, limit: u64) -> std::io::Result<Bytes> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    if size > limit {
        return Ok(Bytes::Many(size));
    }
    // With some room behind it, the end is found without another block.
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 64);
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(Bytes::Read(bytes))
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
