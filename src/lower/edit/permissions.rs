//! Edits of `permissions`: a missing block, a missing scope, a scope that moves to the jobs that need it.

use super::TextEdit;
use super::needs::{self, Needs};
use super::tree::{Member, Step, Tree};
use crate::source::Span;
use crate::syntax::yaml::{Entry, Node};

/// Lets the job around a place ask for identity tokens.
pub(super) fn grant_id_token(tree: Tree<'_>, place: Span) -> Option<Vec<TextEdit>> {
    let job = tree.job(place)?;
    match (job.value.entry("permissions"), tree.root.entry("permissions")) {
        (Some(own), _) => granted(tree, own),
        (None, Some(all)) => {
            // The job's own block takes the place of the workflow's, so it says again what that one says.
            let mut scopes = written(&all.value)?;
            scopes.retain(|(scope, _)| scope != "id-token");
            scopes.push(("id-token".to_owned(), "write".to_owned()));
            before_steps(tree, &job.value, Member::Map(scopes))
        }
        (None, None) => {
            let mut needs = needs::of_job(&job.value)?;
            needs.insert("id-token", "write");
            before_steps(tree, &job.value, block(&needs))
        }
    }
}

fn granted(tree: Tree<'_>, own: &Entry) -> Option<Vec<TextEdit>> {
    if let Some(scope) = own.value.entry("id-token") {
        return Some(vec![(scope.value.span, "write".to_owned())]);
    }
    match own.value.is_map() {
        true => Some(vec![tree.insert(&own.value, "id-token", &Member::Scalar("write".to_owned()))?]),
        false => None,
    }
}

fn block(needs: &Needs) -> Member {
    Member::Map(needs.iter().map(|(scope, level)| ((*scope).to_owned(), (*level).to_owned())).collect())
}

/// The scopes of a block that is a mapping of words.
fn written(block: &Node) -> Option<Vec<(String, String)>> {
    if !block.is_map() {
        return None;
    }
    let scope = |entry: &Entry| Some((entry.key.to_string(), entry.value.scalar_text()?.to_owned()));
    block.entries().iter().map(scope).collect()
}

/// A block of a job stands in front of its steps.
fn before_steps(tree: Tree<'_>, job: &Node, member: Member) -> Option<Vec<TextEdit>> {
    if tree.is_flow(job) {
        return Some(vec![tree.insert(job, "permissions", &member)?]);
    }
    let steps = job.entry("steps").or(job.entries().last())?;
    let (span, text) = tree.insert_before(steps, "permissions", &member)?;
    // Inside a job no blank line parts the members.
    Some(vec![(span, text.trim_end_matches(['\r', '\n']).to_owned() + newline(&text))])
}

fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Writes the smallest block for a workflow whose jobs are all known.
pub(super) fn write_permissions(tree: Tree<'_>) -> Option<Vec<TextEdit>> {
    if tree.root.entry("permissions").is_some() || tree.is_flow(tree.root) {
        return None;
    }
    let jobs = tree.root.entry("jobs")?;
    let mut edits = Vec::new();
    let mut reads = Needs::new();
    for job in jobs.value.entries().iter().filter(|job| job.value.entry("permissions").is_none()) {
        let needs = needs::of_job(&job.value)?;
        match needs.values().any(|level| *level == "write") {
            true => edits.extend(before_steps(tree, &job.value, block(&needs))?),
            false => reads.extend(needs),
        }
    }
    edits.push(tree.insert_before(jobs, "permissions", &block(&reads))?);
    Some(edits)
}

/// Moves a scope of the workflow's block to the jobs that need it; takes it away where it stands in a job's own block.
pub(super) fn move_scope(tree: Tree<'_>, place: Span) -> Option<Vec<TextEdit>> {
    let path = tree.path(place);
    let [.., Step::Member { entry: holder, .. }, Step::Member { map, entry }] = path.as_slice() else { return None };
    if &*holder.key != "permissions" {
        return None;
    }
    let mut edits = vec![match map.entries().len() {
        1 => (map.span, "{}".to_owned()),
        _ => tree.remove_member(map, entry)?,
    }];
    if map.entries().len() == 1 && !tree.is_flow(map) {
        // A block that is empty now stands behind its key.
        edits = vec![(Span::new(tree.file, holder.key_span.end as usize + 1, map.span.end as usize), " {}".to_owned())];
    }
    if path.len() > 2 {
        return Some(edits);
    }
    let scopes = written(map)?;
    let jobs = tree.root.get("jobs")?.entries();
    let without: Vec<&Entry> = jobs.iter().filter(|job| job.value.entry("permissions").is_none()).collect();
    for job in &without {
        let wants = match without.len() {
            1 => true,
            // A job that is not known keeps what it has.
            _ => needs::of_job(&job.value).is_none_or(|needs| needs.contains_key(&*entry.key)),
        };
        if wants {
            edits.extend(before_steps(tree, &job.value, Member::Map(scopes.clone()))?);
        }
    }
    Some(edits)
}
