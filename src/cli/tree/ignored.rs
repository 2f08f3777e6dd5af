//! What ignore files leave out. A folder's own are read where its listing names them, so that a folder without any costs
//! no look at the disk.

use std::ffi::OsStr;
use std::path::Path;
use std::rc::Rc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Each with the entry of its folder that holds it. All of the first, from the inside out, decide before the next.
const FILES: [(&str, &str); 3] = [(".ignore", ".ignore"), (".gitignore", ".gitignore"), (".git", ".git/info/exclude")];

/// The ignore files of a folder and of all above it.
#[derive(Debug)]
pub(super) struct IgnoreRules {
    of: [Option<Gitignore>; FILES.len()],
    above: Option<Rc<IgnoreRules>>,
}

impl IgnoreRules {
    /// Those of the folders above one.
    pub(super) fn above(folder: &Path) -> Option<Rc<IgnoreRules>> {
        let mut folders: Vec<&Path> = folder.ancestors().skip(1).collect();
        folders.reverse();
        folders.into_iter().fold(None, |rules, folder| {
            IgnoreRules::within(folder, |name| folder.join(name).symlink_metadata().is_ok(), rules)
        })
    }

    /// Those of a folder as well; the same where it has none.
    pub(super) fn within(
        folder: &Path,
        holds: impl Fn(&OsStr) -> bool,
        above: Option<Rc<IgnoreRules>>,
    ) -> Option<Rc<IgnoreRules>> {
        let of = FILES.map(|(entry, file)| if holds(OsStr::new(entry)) { read(folder, file) } else { None });
        match of.iter().all(Option::is_none) {
            true => above,
            false => Some(Rc::new(IgnoreRules { of, above })),
        }
    }

    pub(super) fn leave_out(&self, path: &Path, is_folder: bool) -> bool {
        for number in 0..FILES.len() {
            let mut here = Some(self);
            while let Some(rules) = here {
                match rules.of[number].as_ref().map_or(Match::None, |rules| rules.matched(path, is_folder)) {
                    Match::Ignore(_) => return true,
                    Match::Whitelist(_) => return false,
                    Match::None => here = rules.above.as_deref(),
                }
            }
        }
        false
    }
}

/// A pattern that cannot be read counts for nothing, and leaves the others.
fn read(folder: &Path, file: &str) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new(folder);
    builder.add(folder.join(file));
    builder.build().ok().filter(|rules| !rules.is_empty())
}
