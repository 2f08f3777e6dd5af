//! `--since REF`: the old tree from git's objects, judged with today's rules and configuration. Nothing is checked out
//! and neither index nor work tree is touched.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Changed, Run, Since, State};
use crate::source::{Content, FileId, World, WorldBuilder};
use crate::triage::{Config, EntryKind, Old, Triaged, compare};

use super::failure::Failure;
use super::git::{Git, is_asked};
use super::plan::Plan;
use super::session::Session;
use super::tree::{Bytes, Excluded, Subject, content_of, is_closed_folder, subject_of};

const MODULES: &str = ".terraform/modules/";

/// What a run is compared with.
pub(crate) enum Reference {
    /// Everything is new: there is no commit yet, or nothing was pushed before.
    Nothing,
    Commit {
        name: String,
        commit: String,
    },
}

/// Finds the commit to compare with.
pub(crate) fn resolve(session: &Session, flag: &str) -> Result<Option<Reference>, Failure> {
    let Some(git) = &session.git else {
        return Err(Failure::said("--since needs a git repository, and there is none around this folder"));
    };
    if let Err(words) = git.works() {
        return Err(Failure::said(format!("git: {words}")));
    }
    let name = match flag {
        "auto" => match automatic(session) {
            Some(name) => name,
            None => return Ok(None),
        },
        name => name.to_owned(),
    };
    if git.head().is_none() {
        return Ok(Some(Reference::Nothing));
    }
    let commit = git.commit_of(&name).map_err(|words| {
        Failure::said(format!("git: {words}; if `{name}` is not in this clone, fetch it: `fetch-depth: 0`"))
    })?;
    let base = git.merge_base(&commit).unwrap_or_else(|| {
        session
            .streams
            .note(&format!("no common ancestor of `{name}` and HEAD in this clone: compared with `{name}` itself"));
        commit.clone()
    });
    Ok(Some(Reference::Commit { name, commit: base }))
}

/// In a hook what the hook gives, else HEAD. A push of a first commit is compared with nothing.
fn automatic(session: &Session) -> Option<String> {
    let surroundings = &session.surroundings;
    if !surroundings.in_pre_commit {
        return Some("HEAD".to_owned());
    }
    match (&surroundings.pre_commit_from, &surroundings.pre_commit_remote) {
        (Some(from), _) => Some(from.clone()),
        (None, Some(_)) => None,
        (None, None) => Some("HEAD".to_owned()),
    }
}

/// Judges the old tree and marks what was there already.
pub(crate) fn apply(
    session: &Session,
    plan: &Plan,
    reference: &Reference,
    triaged: &mut Triaged<'_>,
) -> Result<(), Failure> {
    let (name, commit) = match reference {
        Reference::Nothing => {
            triaged.report.run.since = Some(Since { reference: "nothing".to_owned(), ..Since::default() });
            return Ok(());
        }
        Reference::Commit { name, commit } => (name, commit),
    };
    let Some(git) = &session.git else { return Ok(()) };
    let world = old_world(session, git, commit, triaged.report.world)?;
    let old = plan.judge(&world, session.arguments.repo.as_deref(), Run::default());
    let renamed = renames(git, commit, &world, triaged.report.world);
    let known = Old::of_findings(&old.report.findings, &renamed);
    let suppressions_added = suppressions_added(session, &old, &world, triaged);
    let report = &mut triaged.report;
    report.fixed = compare(&mut report.findings, &report.suppressed, &known, State::Unchanged);
    report.run.since = Some(Since {
        reference: name.clone(),
        commit: commit.clone(),
        suppressions_added,
        config_changed: config_changed(session, &world),
    });
    Ok(())
}

fn old_world(session: &Session, git: &Git, commit: &str, new: &World) -> Result<World, Failure> {
    let options = session.tree_options_without_input()?;
    let excluded = Excluded::new(&session.ground, &options.exclude)?;
    let files: Vec<_> = git
        .tree(commit)?
        .into_iter()
        .filter(|file| is_asked(&session.ground, &file.path) && !file.path.split('/').any(is_closed_folder))
        .filter(|file| !excluded.holds(&file.path))
        .collect();
    let objects: Vec<String> = files.iter().map(|file| file.object.clone()).collect();
    let mut builder = WorldBuilder::default();
    let mut seen = vec![false; files.len()];
    git.contents(&objects, options.max_file_size, |index, bytes| {
        let path = &files[index].path;
        let read = |_| Ok(bytes.map_or_else(Bytes::Many, Bytes::Read));
        let (content, problem) = content_of(path, options.max_file_size, read);
        builder.add(path.clone(), content, subject_of(path) == Subject::Yes);
        builder.problems.extend(problem);
        seen[index] = true;
    })?;
    if let Some(index) = seen.iter().position(|seen| !seen) {
        let path = &files[index].path;
        return Err(Failure::said(format!("`{path}` of {commit} is not in this clone; fetch it: `fetch-depth: 0`")));
    }
    // What `terraform init` installed is not in git and serves both trees.
    for (_, file) in new.files().filter(|(_, file)| file.path.contains(MODULES)) {
        let content = match &file.content {
            Content::Text(text) => Content::Text(text.clone()),
            Content::Bytes(bytes) => Content::Bytes(bytes.clone()),
            Content::Unread(why) => Content::Unread(why),
        };
        builder.add(file.path.clone(), content, false);
    }
    Ok(builder.build())
}

/// Files that have another name now: git's own detection, and for files that git does not know yet equal content.
fn renames(git: &Git, commit: &str, old: &World, new: &World) -> BTreeMap<String, String> {
    let mut renamed: BTreeMap<String, String> = git.renames(commit).into_iter().collect();
    let taken: BTreeSet<&String> = renamed.values().collect();
    let mut arrived: BTreeMap<&[u8], &str> = BTreeMap::new();
    for (_, file) in new.files() {
        if let Some(bytes) = file.bytes().filter(|bytes| !bytes.is_empty())
            && old.find(&file.path).is_none()
            && !taken.contains(&file.path)
        {
            arrived.insert(bytes, &file.path);
        }
    }
    let mut by_content = Vec::new();
    for (_, file) in old.files() {
        if new.find(&file.path).is_none()
            && !renamed.contains_key(&file.path)
            && let Some(name) = file.bytes().and_then(|bytes| arrived.get(bytes))
        {
            by_content.push((file.path.clone(), (*name).to_owned()));
        }
    }
    renamed.extend(by_content);
    renamed
}

/// Own suppressions that the old tree did not have; moved lines are none.
fn suppressions_added(session: &Session, old: &Triaged<'_>, old_world: &World, new: &Triaged<'_>) -> usize {
    let mut before: Vec<String> = Vec::new();
    for entry in old.entries.iter().filter(|entry| entry.kind == EntryKind::Comment) {
        before.extend(entry.place.map(|span| old_world.text(span).to_owned()));
    }
    let mut n_added = 0;
    for entry in new.entries.iter().filter(|entry| entry.kind == EntryKind::Comment) {
        let Some(text) = entry.place.map(|span| new.report.world.text(span)) else { continue };
        match before.iter().position(|known| known == text) {
            Some(index) => drop(before.swap_remove(index)),
            None => n_added += 1,
        }
    }
    let n_before = old_config(session, old_world).map_or(0, |config| config.allow.len());
    n_added + session.config.allow.len().saturating_sub(n_before)
}

fn old_config(session: &Session, old_world: &World) -> Option<Config> {
    let (path, _) = session.config_file.as_ref()?;
    let file: FileId = old_world.find(path)?;
    old_world.file(file).text().map(|text| Config::read(path, text).0)
}

fn config_changed(session: &Session, old_world: &World) -> Changed {
    let now = session.config_file.as_ref().map(|(_, text)| text.as_str());
    let path = session.config_file.as_ref().map_or(super::session::CONFIG_FILE, |(path, _)| path.as_str());
    let before = old_world.find(path).and_then(|file| old_world.file(file).text());
    if now == before { Changed::No } else { Changed::Yes }
}
