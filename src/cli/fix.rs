//! `fix`: applies what findings offer, whole fixes at a time and none that meet, until nothing is left to apply.

use std::collections::BTreeMap;

use crate::finding::{Edit, Fix, Report, Run, Safety, Severity};
use crate::report::{Format, Options, mask, write};
use crate::source::{Content, FileId, Span, World, WorldBuilder};
use crate::triage::{Incomplete, Suppressions, exit_code};

use super::arguments::FixArguments;
use super::check::{new_run, text_options};
use super::diff::unified;
use super::failure::Failure;
use super::output::{Mode, put};
use super::plan::Plan;
use super::session::Session;
use super::terminal::Surroundings;

/// A fix may make room for another; more rounds than this are a circle.
const ROUNDS: usize = 5;

pub(crate) fn run(arguments: &FixArguments, surroundings: &Surroundings) -> Result<u8, Failure> {
    let session = Session::open(&arguments.world, surroundings)?;
    let plan = Plan::new(&session, &arguments.select, Suppressions::Honoured)?;
    let repository = arguments.world.repo.as_deref();
    let least = if arguments.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
    let original = session.read_world()?;
    let mut world = copy(&original, &BTreeMap::new());
    let mut n_applied = 0;
    let mut secrets = None;
    let mut n_unsafe = 0;
    for _ in 0..ROUNDS {
        let report = plan.judge(&world, repository, Run::default()).report;
        // Of the first round: the text that is changed is the old one.
        secrets.get_or_insert_with(|| report.secrets.clone());
        n_unsafe = fixes(&report, Safety::Unsafe).count();
        let edits = edits(&report, least);
        if edits.is_empty() {
            break;
        }
        n_applied += edits.len();
        let texts = applied(&world, &edits);
        drop(report);
        world = copy(&world, &texts);
    }
    let changed = changed(&original, &world);
    if arguments.diff {
        let secrets = secrets.unwrap_or_default();
        for (path, old, new) in &changed {
            let diff = unified(path, old, new, &bytes_of(&original, path, &secrets));
            session.streams.out(&diff.text);
            for line in diff.hidden {
                session.streams.note(&format!("{path}:{line}: not shown, because the line holds a secret"));
            }
        }
        if changed.is_empty() {
            session.streams.note(&nothing_to_do(n_unsafe));
        }
        return Ok(u8::from(!changed.is_empty()));
    }
    for (path, _, new) in &changed {
        let path = session.ground.root.join(path);
        put(&path, new, Mode::Replace).map_err(|error| Failure::io("write", &path, &error))?;
    }
    let fail_on = session.config.fail_on.map_or(Some(Severity::Low), |level| level.severity());
    let mut report = plan.judge(&world, repository, new_run(&session, &plan, fail_on)).report;
    report.run.exit = exit_code(&report, fail_on, Incomplete::Passes, &[]);
    mask(&mut report);
    if arguments.terminal.quiet < 2 {
        let text = text_options(&arguments.terminal, surroundings);
        let options = Options { text, ..Options::default() };
        session.streams.out_text(&write(&report, Format::Text, &options).text);
    }
    if arguments.terminal.quiet == 0 && n_applied == 0 {
        session.streams.note(&nothing_to_do(n_unsafe));
    } else if arguments.terminal.quiet == 0 {
        let fixes = if n_applied == 1 { "fix" } else { "fixes" };
        let files = if changed.len() == 1 { "file" } else { "files" };
        session.streams.note(&format!("Applied {n_applied} {fixes} in {} {files}", changed.len()));
    }
    Ok(report.run.exit)
}

fn nothing_to_do(n_unsafe: usize) -> String {
    match n_unsafe {
        0 => "No fix applies".to_owned(),
        1 => "No safe fix applies; --unsafe takes 1 that may change what the code does".to_owned(),
        n => format!("No safe fix applies; --unsafe takes {n} that may change what the code does"),
    }
}

/// The secrets of one file, as bytes of its text.
pub(crate) fn bytes_of(world: &World, path: &str, secrets: &[Span]) -> Vec<std::ops::Range<usize>> {
    let file = world.find(path);
    secrets.iter().filter(|secret| Some(secret.file) == file).map(|secret| secret.range()).collect()
}

/// Fixes that may be applied, in the order of the findings.
fn fixes<'r>(report: &'r Report<'_>, least: Safety) -> impl Iterator<Item = &'r Fix> {
    let is_wanted = move |fix: &&Fix| match fix.safety {
        Safety::Safe => true,
        Safety::Unsafe => least == Safety::Unsafe,
        Safety::Show => false,
    };
    let with_edits = |fix: &&Fix| !fix.edits.is_empty();
    report.findings.iter().filter_map(|finding| finding.fix.as_ref()).filter(is_wanted).filter(with_edits)
}

/// Those that can be applied together.
fn edits(report: &Report<'_>, least: Safety) -> Vec<Vec<Edit>> {
    let mut taken: Vec<Edit> = Vec::new();
    let mut chosen = Vec::new();
    for fix in fixes(report, least) {
        let is_secret = |edit: &Edit| report.secrets.iter().any(|secret| secret.overlaps(&edit.span));
        let meets = |edit: &Edit| taken.iter().any(|other| other.span.overlaps(&edit.span));
        if fix.edits.iter().any(|edit| is_secret(edit) || meets(edit)) {
            continue;
        }
        taken.extend(fix.edits.iter().cloned());
        chosen.push(fix.edits.clone());
    }
    chosen
}

/// The new texts of the files that edits touch.
fn applied(world: &World, fixes: &[Vec<Edit>]) -> BTreeMap<String, String> {
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in fixes.iter().flatten() {
        by_file.entry(edit.span.file).or_default().push(edit);
    }
    let mut texts = BTreeMap::new();
    for (id, mut edits) in by_file {
        let file = world.file(id);
        let Some(text) = file.text() else { continue };
        let mut text = text.to_owned();
        // From the end, so that offsets before an edit stay true.
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
        for edit in edits {
            if text.get(edit.span.range()).is_some() {
                text.replace_range(edit.span.range(), &edit.text);
            }
        }
        texts.insert(file.path.clone(), text);
    }
    texts
}

/// The same world with other texts in some files.
fn copy(world: &World, texts: &BTreeMap<String, String>) -> World {
    let mut builder = WorldBuilder::default();
    builder.problems.clone_from(&world.problems);
    for (_, file) in world.files() {
        let content = match (texts.get(&file.path), &file.content) {
            (Some(text), _) | (None, Content::Text(text)) => Content::Text(text.clone()),
            (None, Content::Bytes(bytes)) => Content::Bytes(bytes.clone()),
            (None, Content::Unread(why)) => Content::Unread(why),
        };
        builder.add(file.path.clone(), content, file.is_subject);
    }
    builder.build()
}

/// Path, old and new text of each file that differs.
fn changed<'w>(old: &'w World, new: &'w World) -> Vec<(&'w str, &'w str, &'w str)> {
    old.files()
        .filter_map(|(_, file)| {
            let before = file.text()?;
            let after = new.find(&file.path).and_then(|id| new.file(id).text())?;
            (before != after).then_some((file.path.as_str(), before, after))
        })
        .collect()
}
