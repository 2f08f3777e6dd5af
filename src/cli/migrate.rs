//! `migrate`: the skip comments of other tools as ours, where a rule says that it covers the same or less. What has no
//! counterpart is listed and stays.

use std::collections::BTreeMap;

use crate::analysis::OfUndecided;
use crate::finding::Relation;
use crate::rule::Catalog;
use crate::source::{Comment, CommentPosition, FileId, Span, World};
use crate::triage::{ForeignComment, ForeignPlace, Suppressions, read_foreign};

use super::arguments::{MigrateArguments, SelectArguments};
use super::diff::unified;
use super::failure::Failure;
use super::fix::bytes_of;
use super::output::{Mode, put};
use super::plan::Plan;
use super::session::Session;
use super::terminal::Surroundings;

/// One change of a text.
struct Rewrite {
    span: Span,
    text: String,
}

pub(crate) fn run(arguments: &MigrateArguments, surroundings: &Surroundings) -> Result<u8, Failure> {
    let session = Session::open(&arguments.world, surroundings)?;
    let plan = Plan::new(&session, &SelectArguments::default(), Suppressions::Honoured)?;
    let world = session.read_world()?;
    let outcome = plan.analyse(&world, arguments.world.repo.as_deref(), OfUndecided::Places);
    let mut rewrites: BTreeMap<FileId, Vec<Rewrite>> = BTreeMap::new();
    let mut left = Vec::new();
    for comment in outcome.comments.iter().filter(|it| world.file(it.span.file).is_subject) {
        let foreign = read_foreign(comment);
        if foreign.is_empty() {
            continue;
        }
        match rewrite(&world, &session.catalog, comment, &foreign) {
            Ok(found) => rewrites.entry(comment.span.file).or_default().extend(found),
            Err(why) => left.push((comment.span, why)),
        }
    }
    for (id, rewrites) in rewrites {
        let file = world.file(id);
        let Some(old) = file.text() else { continue };
        let new = applied(old, rewrites);
        if arguments.write {
            let path = session.ground.root.join(&file.path);
            put(&path, &new, Mode::Replace).map_err(|error| Failure::io("write", &path, &error))?;
            session.streams.out_text(&format!("rewrote {}\n", file.path));
        } else {
            let diff = unified(&file.path, old, &new, &bytes_of(&world, &file.path, &outcome.secrets));
            session.streams.out(&diff.text);
            for line in diff.hidden {
                session.streams.note(&format!("{}:{line}: not shown, because the line holds a secret", file.path));
            }
        }
    }
    for (span, why) in left {
        let file = world.file(span.file);
        session.streams.note(&format!("{}:{}: stays: {why}", file.path, file.lines().line(span.start)));
    }
    Ok(0)
}

/// What becomes of one comment, or why it stays.
fn rewrite(
    world: &World,
    catalog: &Catalog,
    comment: &Comment,
    foreign: &[ForeignComment],
) -> Result<Vec<Rewrite>, String> {
    let mut rules: Vec<&str> = Vec::new();
    for it in foreign {
        let name = format!("{}:{}", it.peer, it.id);
        let covering = catalog.by_peer(&name);
        let covering: Vec<&str> = covering
            .iter()
            .filter(|(_, cover)| cover.relation != Relation::Narrower)
            .map(|(rule, _)| rule.id())
            .collect();
        if covering.is_empty() {
            return Err(format!("no rule covers {name} as a whole"));
        }
        rules.extend(covering.iter().filter(|id| !rules.contains(id)).copied().collect::<Vec<_>>());
    }
    let first = &foreign[0];
    let reason = match first.reason.as_str() {
        "" => format!("was accepted for {} as {}", first.peer, ids(foreign)),
        reason => reason.to_owned(),
    };
    let until = first.until.map_or_else(String::new, |date| format!(" until {date}"));
    let text = world.text(comment.span);
    let marker = if text.starts_with("//") { "//" } else { "#" };
    let ours = format!("{marker} secure-lint: allow {}{until} -- {reason}", rules.join(", "));
    match first.place() {
        ForeignPlace::Here => Ok(vec![Rewrite { span: comment.span, text: ours }]),
        ForeignPlace::Around => match comment.enclosing {
            Some(block) => Ok(moved_above(world, comment, block, &ours)),
            None => Err("ours would have to stand at each place".to_owned()),
        },
        ForeignPlace::File => {
            Err(format!("it is about the whole file: an [[allow]] with `file` says that for {}", rules.join(", ")))
        }
        ForeignPlace::Conditional => Err("it counts on a condition that ours do not know".to_owned()),
    }
}

fn ids(foreign: &[ForeignComment]) -> String {
    foreign.iter().map(|it| it.id.as_str()).collect::<Vec<_>>().join(", ")
}

/// The comment goes from inside a block to the line above it.
fn moved_above(world: &World, comment: &Comment, block: Span, ours: &str) -> Vec<Rewrite> {
    let text = world.file(block.file).text().unwrap_or("");
    let line_start = text[..block.start as usize].rfind('\n').map_or(0, |end| end + 1);
    let indent: String = text[line_start..].chars().take_while(|c| *c == ' ' || *c == '\t').collect();
    let above = Span::new(block.file, line_start, line_start);
    vec![
        Rewrite { span: above, text: format!("{indent}{ours}\n") },
        Rewrite { span: with_line(text, comment), text: String::new() },
    ]
}

/// The comment with its line, if it stands alone, else with the blanks before it.
fn with_line(text: &str, comment: &Comment) -> Span {
    let before = &text[..comment.span.start as usize];
    let start = before.trim_end_matches([' ', '\t']).len();
    let mut end = comment.span.end as usize;
    if comment.position == CommentPosition::Alone {
        end += text[end..].find('\n').map_or(text.len() - end, |length| length + 1);
    }
    Span::new(comment.span.file, start, end)
}

fn applied(old: &str, mut rewrites: Vec<Rewrite>) -> String {
    let mut text = old.to_owned();
    rewrites.sort_by_key(|rewrite| std::cmp::Reverse(rewrite.span));
    for rewrite in rewrites {
        if text.get(rewrite.span.range()).is_some() {
            text.replace_range(rewrite.span.range(), &rewrite.text);
        }
    }
    text
}
