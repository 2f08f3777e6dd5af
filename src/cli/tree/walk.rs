//! The names of the files to read: from the disk, as ignore files allow, or from git's index.

use std::ffi::OsString;
use std::fs::FileType;
use std::path::Path;

use ignore::overrides::{Override, OverrideBuilder};

use crate::cli::failure::{Failure, words_of};
use crate::cli::git::Git;
use crate::source::Problem;

use super::ignored::IgnoreRules;
use super::place::Ground;
use super::{Found, IgnoreFiles, Subject, TreeOptions, is_closed_folder, subject_of};

pub(super) fn disk(ground: &Ground, options: &TreeOptions, found: &mut Found) -> Result<(), Failure> {
    let excluded = Excluded::new(ground, &options.exclude)?;
    for path in &ground.paths {
        if path.is_file() {
            if let Some(name) = ground.name_of(path) {
                found.add(name, Subject::Yes);
            }
            continue;
        }
        walk(ground, path, options.ignore_files, found, |name, subject| (!excluded.holds(name)).then_some(subject));
        if !options.include.is_empty() {
            let included = globs(&ground.root, &options.include)?;
            walk(ground, path, IgnoreFiles::Disregarded, found, |name, _| {
                let is_taken = included.matched(name, false).is_whitelist();
                (is_taken && !excluded.holds(name)).then_some(Subject::Yes)
            });
        }
    }
    Ok(())
}

/// The files that git knows; their contents come from the work tree.
pub(super) fn index(ground: &Ground, options: &TreeOptions, git: &Git, found: &mut Found) -> Result<(), Failure> {
    let excluded = Excluded::new(ground, &options.exclude)?;
    for name in git.indexed_files()? {
        let path = ground.root.join(&name);
        let is_asked = ground.paths.iter().any(|asked| path.starts_with(asked));
        let is_closed = name.split('/').any(is_closed_folder);
        if is_asked && !is_closed && path.exists() && !excluded.holds(&name) {
            let subject = if ground.paths.contains(&path) { Subject::Yes } else { subject_of(&name) };
            found.add(name, subject);
        }
    }
    Ok(())
}

/// What `exclude` leaves out. A path that is named on the command line is read whatever the configuration leaves out.
pub(crate) struct Excluded {
    globs: Override,
    /// Named folders that the globs would leave out.
    named: Vec<String>,
}

impl Excluded {
    pub(crate) fn new(ground: &Ground, patterns: &[String]) -> Result<Excluded, Failure> {
        let globs = globs(&ground.root, patterns)?;
        let names = ground.paths.iter().filter_map(|path| ground.name_of(path)).filter(|name| !name.is_empty());
        // `src/**` means what is in a folder and not the folder.
        let is_left_out = |name: &String| {
            globs.matched(name, true).is_whitelist() || globs.matched(format!("{name}/-"), false).is_whitelist()
        };
        let named = names.filter(is_left_out).collect();
        Ok(Excluded { globs, named })
    }

    pub(crate) fn holds(&self, name: &str) -> bool {
        let is_below = |folder: &String| name.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'));
        self.globs.matched(name, false).is_whitelist() && !self.named.iter().any(is_below)
    }
}

/// Globs as in an ignore file; a match is a whitelist match.
fn globs(root: &Path, patterns: &[String]) -> Result<Override, Failure> {
    let mut builder = OverrideBuilder::new(root);
    for pattern in patterns {
        if builder.add(pattern).is_err() {
            return Err(Failure::said(format!("`{pattern}` is not a pattern for paths")));
        }
    }
    builder.build().map_err(|error| Failure::said(error.to_string()))
}

fn walk(
    ground: &Ground,
    start: &Path,
    ignore_files: IgnoreFiles,
    found: &mut Found,
    take: impl Fn(&str, Subject) -> Option<Subject>,
) {
    let above = match ignore_files {
        IgnoreFiles::Obeyed => IgnoreRules::above(start),
        IgnoreFiles::Disregarded => None,
    };
    let mut open = vec![(start.to_path_buf(), above)];
    while let Some((folder, rules)) = open.pop() {
        let (entries, errors) = entries_of(&folder);
        found.problems.extend(errors.iter().map(|error| problem_of(ground, &folder, error)));
        let rules = match ignore_files {
            IgnoreFiles::Obeyed => IgnoreRules::within(&folder, |name| entries.iter().any(|it| it.name == name), rules),
            IgnoreFiles::Disregarded => None,
        };
        for Entry { name, kind } in entries {
            let path = folder.join(&name);
            let is_closed = kind.is_dir() && name.to_str().is_some_and(is_closed_folder);
            if is_closed || rules.as_ref().is_some_and(|rules| rules.leave_out(&path, kind.is_dir())) {
                continue;
            }
            match kind.is_dir() {
                true => open.push((path, rules.clone())),
                false => visit(ground, &path, kind, found, &take),
            }
        }
    }
}

struct Entry {
    name: OsString,
    kind: FileType,
}

fn entries_of(folder: &Path) -> (Vec<Entry>, Vec<std::io::Error>) {
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) => return (Vec::new(), vec![error]),
    };
    let (mut entries, mut errors) = (Vec::new(), Vec::new());
    for entry in listing {
        match entry.and_then(|entry| Ok(Entry { name: entry.file_name(), kind: entry.file_type()? })) {
            Ok(entry) => entries.push(entry),
            Err(error) => errors.push(error),
        }
    }
    (entries, errors)
}

fn visit(
    ground: &Ground,
    path: &Path,
    kind: FileType,
    found: &mut Found,
    take: &impl Fn(&str, Subject) -> Option<Subject>,
) {
    let Some(name) = ground.name_of(path) else {
        let path = path.to_string_lossy().into_owned();
        found.problems.push(Problem::of_file("unreadable", path, "the name is not UTF-8"));
        return;
    };
    let Some(subject) = take(&name, subject_of(&name)) else { return };
    if kind.is_symlink() {
        match link(ground, path, &name) {
            Some(problem) => found.problems.push(problem),
            None => {
                found.links.insert(name);
            }
        }
    } else if kind.is_file() {
        found.add(name, subject);
    } else {
        found.problems.push(Problem::of_file("unreadable", name, "neither a file nor a folder").note());
    }
}

/// A link's target is read under its own name, if it lies in the root.
fn link(ground: &Ground, path: &Path, name: &str) -> Option<Problem> {
    match path.canonicalize() {
        Ok(target) if target.starts_with(&ground.root) => None,
        Ok(_) => Some(Problem::of_file("link-outside", name, "a link that leads out of the root")),
        Err(error) => Some(Problem::of_file("unreadable", name, format!("a link: {}", words_of(&error)))),
    }
}

fn problem_of(ground: &Ground, path: &Path, error: &std::io::Error) -> Problem {
    let path = ground.name_of(path).unwrap_or_else(|| ".".to_owned());
    Problem::of_file("unreadable", path, words_of(error))
}
