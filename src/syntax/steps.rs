//! Comments in the steps of workflows and actions: which step each stands in, and those that the scripts of steps hold.

use super::shell::{self, Dialect};
use super::yaml::Node;
use crate::source::{Comment, FileId, Span};

/// Completes the comments of a workflow's or an action's file.
pub(super) fn complete(file: FileId, text: &str, root: &Node, comments: &mut Vec<Comment>) {
    let steps = steps(root);
    for step in &steps {
        let script = step.get("run").and_then(Node::as_scalar).filter(|script| script.as_str().contains('#'));
        let Some(script) = script else { continue };
        let read = shell::read(&script.mapped(file), Dialect::WORKFLOW).comments;
        comments.extend(read.into_iter().map(|comment| Comment { is_of_script: true, ..comment }));
    }
    for comment in comments.iter_mut() {
        comment.enclosing = around(text, &steps, comment.span);
    }
}

fn steps(root: &Node) -> Vec<&Node> {
    let jobs = root.get("jobs").into_iter().flat_map(Node::entries).filter_map(|job| job.value.get("steps"));
    let own = root.at(&["runs", "steps"]).into_iter();
    let mut steps: Vec<&Node> = jobs.chain(own).flat_map(Node::items).filter(|step| step.is_map()).collect();
    steps.sort_by_key(|step| step.span);
    steps
}

/// The step that a comment stands in. A step ends with its last value; comments below that are as far in belong to it.
fn around(text: &str, steps: &[&Node], comment: Span) -> Option<Span> {
    let behind = steps.partition_point(|step| step.span.start <= comment.start);
    let step = steps.get(behind.checked_sub(1)?)?.span;
    let column = |at: u32| text[..at as usize].rfind('\n').map_or(at as usize, |line| at as usize - line - 1);
    let between = text.get(step.end as usize..comment.start as usize).unwrap_or("");
    let only_comments = between.lines().skip(1).all(|line| line.trim().is_empty() || line.trim().starts_with('#'));
    let is_inside = comment.start < step.end || !between.contains('\n');
    (is_inside || (only_comments && column(comment.start) >= column(step.start))).then_some(step)
}
