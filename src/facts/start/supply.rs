//! What the uses of actions of one repository say of each other, and what a checkout lets in where it matters.

use super::event;
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::Id;
use crate::model::pipeline::Uses;
use crate::source::Place;

/// Two comments about one commit, or two commits under one full version.
pub(super) fn comment_disagrees(facts: &Facts, uses: Id<Uses>) -> Fact {
    let model = facts.model;
    let own = &model[uses];
    let (Some(version), Some(commit)) = (own.comment_version.as_str(), own.git_ref.as_str()) else {
        return Fact::no(Vec::new());
    };
    let earlier = facts.index().versions(model, uses).iter().take_while(|id| **id < uses).map(|id| &model[*id]);
    for other in earlier {
        let (Some(known), Some(other_commit)) = (other.comment_version.as_str(), other.git_ref.as_str()) else {
            continue;
        };
        let is_same_commit = commit.eq_ignore_ascii_case(other_commit);
        let is_wrong = match is_same_commit {
            true => !is_part(version, known) && !is_part(known, version),
            false => is_full(version) && plain(version) == plain(known),
        };
        if is_wrong {
            let place =
                |uses: &Uses, role| Place::new(uses.comment_version.origin().span().unwrap_or(uses.head.span), role);
            return Fact::yes(vec![place(own, "one of the two is not what it says"), place(other, "the other")]);
        }
    }
    Fact::no(Vec::new())
}

fn plain(version: &str) -> &str {
    version.trim_start_matches(['v', 'V'])
}

fn is_full(version: &str) -> bool {
    plain(version).split('.').count() >= 3
}

/// `v4` and `v4.2` are parts of `v4.2.1`.
fn is_part(short: &str, long: &str) -> bool {
    let (short, long) = (plain(short), plain(long));
    long == short || long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'))
}

/// A checkout from before the guard, where the guard would refuse forks.
pub(super) fn is_older_than_guard(facts: &Facts, uses: Id<Uses>) -> Fact {
    let model = facts.model;
    let own = &model[uses];
    let Some(job) = own.job.id().filter(|_| own.checkout_guard.is_present() == Tri::True) else {
        return Fact::no(Vec::new());
    };
    let starts = model[job].starts.ids().map(|id| &model[id]);
    let guarded = starts
        .filter(|start| matches!(event(start), "pull_request_target" | "workflow_run"))
        .find(|start| super::runs::is_outsiders(start) == Tri::True && start.maybe.tri() != Tri::True);
    let Some(start) = guarded else { return Fact::no(Vec::new()) };
    match own.checkout_guard.as_str() {
        Some("absent") => Fact::yes(vec![
            Place::new(own.head.span, "this release refuses nobody's code"),
            Place::new(start.head.span, "and anybody begins this run"),
        ]),
        Some("present") => Fact::no(Vec::new()),
        _ => Fact::unknown(Reason::at("checkout-version-unread", "actions/checkout", own.head.span)),
    }
}
