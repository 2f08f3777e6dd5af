//! The examples of a rule file: small repositories with what its rule must say about them. Read and judged here, for
//! the built-in rules by `cargo test` and for anybody's by `secure-lint test`; the linting itself is handed in.

mod judge;
mod output;
mod read;

use std::ops::Range;

use crate::source::{World, WorldBuilder};

pub use judge::{Failure, Linter, judge, judge_rule};
pub use output::with_outputs;
pub use read::{Examples, examples};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExampleKind {
    /// The rule has a finding.
    Bad,
    /// Neither a finding nor an undecided verdict.
    Good,
    /// An undecided verdict and no finding.
    Unknown,
}

impl ExampleKind {
    pub const ALL: [ExampleKind; 3] = [ExampleKind::Bad, ExampleKind::Good, ExampleKind::Unknown];

    pub fn name(self) -> &'static str {
        match self {
            ExampleKind::Bad => "Bad",
            ExampleKind::Good => "Good",
            ExampleKind::Unknown => "Unknown",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Example {
    pub kind: ExampleKind,
    /// The whole heading: `Bad: the subnet's route leads to an internet gateway`.
    pub title: String,
    /// The line of the heading in the rule file, from 1.
    pub line: u32,
    pub files: Vec<ExampleFile>,
    pub output: Option<Output>,
}

/// A file of an example, as it is linted: without the lines that say `^^^^ here`.
#[derive(Clone, Debug)]
pub struct ExampleFile {
    pub path: String,
    /// The fence's first word: `tf`, `yaml`, `dockerfile`, `json`, `toml`.
    pub language: String,
    pub text: String,
    pub markers: Vec<Marker>,
    /// For each line of `text` its line in the rule file.
    pub lines: Vec<u32>,
}

/// `^^^^ here`: the bytes of the file's text that a finding must point at, no more and no less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    pub range: Range<usize>,
    /// The line of the marker in the rule file.
    pub line: u32,
}

/// The fence that holds what the terminal shows; its lines in the rule file's text.
#[derive(Clone, Debug)]
pub struct Output {
    pub text: String,
    pub body: Range<usize>,
}

impl Example {
    /// The example as a repository of its own.
    pub fn world(&self) -> World {
        world(self.files.iter().map(|file| (file.path.as_str(), file.text.as_str())))
    }
}

/// A repository of these files. What lies in hidden folders is no subject of its own, as when a folder is read.
pub fn world<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> World {
    let mut builder = WorldBuilder::default();
    for (path, text) in files {
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        let is_hidden = |folder: &str| folder.starts_with('.') && !matches!(folder, ".github" | ".secure-lint");
        builder.add_bytes(path, text.as_bytes().to_vec(), !folders.split('/').any(is_hidden));
    }
    builder.build()
}
