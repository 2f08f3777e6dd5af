//! What popular actions take, give and run on, by release (`data/github-actions.txt`): a release is known by its version
//! or by its commit.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::schema::is_retired_runtime;

static TEXT: &str = include_str!("../../../data/github-actions.txt");

/// The first characters of a commit that the table keeps.
const COMMIT: usize = 10;

type Version = [u32; 3];

struct Repository {
    releases: Vec<(Version, &'static str)>,
}

/// A name with the releases that have it.
struct Member {
    name: &'static str,
    is_required: bool,
    is_deprecated: bool,
    /// First and last release, both included.
    ranges: Vec<(usize, usize)>,
}

#[derive(Default)]
struct Action {
    repository: &'static str,
    runs: Vec<Member>,
    takes: Vec<Member>,
    gives: Vec<Member>,
    pulls: Vec<Member>,
}

#[derive(Default)]
struct Table {
    repositories: HashMap<&'static str, Repository>,
    actions: HashMap<&'static str, Action>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    let (mut repository, mut action) = ("", "");
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let Some((kind, rest)) = line.split_once(' ') else { continue };
        match kind {
            "repo" => {
                let mut words = rest.split(' ');
                repository = words.next().unwrap_or("");
                let releases = words.filter_map(|word| word.split_once(':'));
                let releases = releases.filter_map(|(version, commit)| Some((exact(version)?, commit))).collect();
                table.repositories.insert(repository, Repository { releases });
            }
            "action" => {
                action = rest;
                table.actions.insert(action, Action { repository, ..Action::default() });
            }
            _ => {
                let Some(action) = table.actions.get_mut(action) else { continue };
                let list = match kind {
                    "runs" => &mut action.runs,
                    "takes" => &mut action.takes,
                    "pulls" => &mut action.pulls,
                    _ => &mut action.gives,
                };
                list.extend(member(rest));
            }
        }
    }
    table
});

fn member(text: &'static str) -> Option<Member> {
    let (name, ranges) = text.rsplit_once(' ')?;
    let number = |text: &str| text.parse::<usize>().ok();
    let range = |text: &str| match text.split_once('-') {
        Some((first, "")) => Some((number(first)?, usize::MAX)),
        Some((first, last)) => Some((number(first)?, number(last)?)),
        None => Some((number(text)?, number(text)?)),
    };
    let bare = name.trim_end_matches(['!', '~']);
    let marks = &name[bare.len()..];
    Some(Member {
        name: bare,
        is_required: marks.contains('!'),
        is_deprecated: marks.contains('~'),
        ranges: ranges.split(',').filter_map(range).collect(),
    })
}

/// `4.2.1`, with or without its `v`.
fn numbers(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    text.split('.').map(|part| part.parse().ok()).collect()
}

fn exact(text: &str) -> Option<Version> {
    numbers(text)?.try_into().ok()
}

/// Some releases of one action: those that a ref may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Releases {
    action: &'static str,
    first: usize,
    last: usize,
    /// Whether a release that the table does not know may be meant.
    pub may_be_newer: bool,
}

/// How a ref names a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A tag, which may move within its major or minor.
    Tag,
    /// The version that is said of a commit.
    Commit,
}

/// The releases of an action (`owner/name/folder` in lower case) that a version means; nothing for what is not known.
pub fn releases(action: &str, version: &str, named: Named) -> Option<Releases> {
    let (name, action) = TABLE.actions.get_key_value(action)?;
    let releases = &TABLE.repositories.get(action.repository)?.releases;
    let wanted = numbers(version)?;
    let fits = |release: &(Version, &str)| release.0.starts_with(&wanted);
    let first = releases.iter().position(fits)?;
    let last = releases.iter().rposition(fits)?;
    let is_whole = wanted.len() == 3;
    let is_newest = last + 1 == releases.len();
    Some(Releases {
        action: name,
        first: if is_whole || named == Named::Tag { last } else { first },
        last,
        may_be_newer: !is_whole && is_newest,
    })
}

/// The version of a commit of a repository (`owner/name` in lower case).
pub fn version_of(repository: &str, commit: &str) -> Option<String> {
    let beginning = commit.get(..COMMIT)?;
    let releases = &TABLE.repositories.get(repository)?.releases;
    let (version, _) = releases.iter().find(|(_, known)| known.eq_ignore_ascii_case(beginning))?;
    Some(version.map(|number| number.to_string()).join("."))
}

/// Whether a commit of a repository is known to be no release of a version; false where nothing is known of either.
pub fn is_no_release(repository: &str, version: &str, commit: &str) -> bool {
    let (Some(wanted), Some(beginning)) = (numbers(version), commit.get(..COMMIT)) else { return false };
    let Some(releases) = TABLE.repositories.get(repository).map(|it| &it.releases) else { return false };
    let mut own = releases.iter().filter(|(_, known)| known.eq_ignore_ascii_case(beginning)).peekable();
    match own.peek() {
        Some(_) => !own.any(|(known, _)| known.starts_with(&wanted)),
        None => releases.iter().any(|(known, _)| known[..] == wanted[..]),
    }
}

/// The names of all repositories in the table.
pub fn repositories() -> impl Iterator<Item = &'static str> {
    TABLE.repositories.keys().copied()
}

/// An input as the releases have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    pub name: &'static str,
    /// In all of the releases, and without a default.
    pub is_required: bool,
    /// In all of the releases.
    pub is_deprecated: bool,
}

impl Releases {
    fn action(&self) -> Option<&'static Action> {
        TABLE.actions.get(self.action)
    }

    fn has_any(&self, member: &Member) -> bool {
        member.ranges.iter().any(|(first, last)| *first <= self.last && self.first <= *last)
    }

    fn has_all(&self, member: &Member) -> bool {
        member.ranges.iter().any(|(first, last)| *first <= self.first && self.last <= *last)
    }

    /// The inputs that any of the releases has.
    pub fn inputs(&self) -> Vec<Input> {
        let takes: &[Member] = self.action().map_or(&[], |action| &action.takes);
        let of = |member: &Member| Input {
            name: member.name,
            is_required: member.is_required && self.has_all(member),
            is_deprecated: member.is_deprecated && self.has_all(member),
        };
        takes.iter().filter(|member| self.has_any(member)).map(of).collect()
    }

    /// The outputs that any of the releases has.
    pub fn outputs(&self) -> Vec<&'static str> {
        let gives: &[Member] = self.action().map_or(&[], |action| &action.gives);
        gives.iter().filter(|member| self.has_any(member)).map(|member| member.name).collect()
    }

    /// What all of the releases run on.
    pub fn runtime(&self) -> Option<&'static str> {
        self.action()?.runs.iter().find(|member| self.has_all(member)).map(|member| member.name)
    }

    /// Whether runners no longer have what any of the releases runs on.
    pub fn runs_on_retired(&self) -> Option<&'static str> {
        let runs: &[Member] = self.action().map_or(&[], |action| &action.runs);
        let retired = |at: usize| {
            let is_at = |member: &&Member| member.ranges.iter().any(|(first, last)| *first <= at && at <= *last);
            runs.iter().find(is_at).map(|member| member.name).filter(|name| is_retired_runtime(name) == Some(true))
        };
        (self.first..=self.last).map(retired).collect::<Option<Vec<_>>>()?.pop()
    }

    /// What all of the releases take that their own commit does not fix.
    pub fn pulls(&self) -> impl Iterator<Item = &'static str> {
        let pulls: &[Member] = self.action().map_or(&[], |action| &action.pulls);
        pulls.iter().filter(|member| self.has_all(member)).map(|member| member.name)
    }

    /// Whether every one of the releases has an input, or none has.
    pub fn input_state(&self, name: &str) -> Option<bool> {
        let mut members = self.action()?.takes.iter().filter(|member| member.name == name);
        if members.clone().any(|member| self.has_all(member)) {
            return Some(true);
        }
        if members.any(|member| self.has_any(member)) { None } else { Some(false) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Named, is_no_release, releases, version_of};

    #[test]
    fn releases_are_told_apart() {
        let of = |version: &str, named| releases("actions/checkout", version, named).expect("a release");
        let guard = "allow-unsafe-pr-checkout";
        assert_eq!(of("v4.2.2", Named::Tag).input_state(guard), Some(false));
        assert_eq!(of("v4", Named::Tag).input_state(guard), Some(true));
        assert_eq!(of("v4", Named::Commit).input_state(guard), None);
        assert_eq!(of("v3", Named::Tag).runtime(), Some("node16"));
        assert!(releases("actions/checkout", "v99", Named::Tag).is_none());
    }

    #[test]
    fn commits_have_versions() {
        let commit = "11bd71901bbe5b1630ceea73d27597364c9af683";
        assert_eq!(version_of("actions/checkout", commit).as_deref(), Some("4.2.2"));
        assert!(is_no_release("actions/checkout", "v4.2.1", commit) && is_no_release("actions/checkout", "v3", commit));
        assert!(
            !is_no_release("actions/checkout", "v4.2.2", commit) && !is_no_release("actions/checkout", "v4", commit)
        );
    }
}
