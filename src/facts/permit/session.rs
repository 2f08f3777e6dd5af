//! What a login leaves of its role: the policy that it writes for its session, and those that it names.

use super::grant::Bound;
use super::read;
use crate::facts::Facts;
use crate::model::pipeline::Credential;
use crate::model::{Id, Link, Reading};
use crate::source::Span;

/// A bound that a login puts on its session.
#[derive(Clone, Debug)]
pub struct Session {
    pub bound: Bound,
    /// Where the login writes it.
    pub span: Span,
}

/// What bounds the session of a login, beside its role.
pub(super) fn session_of(facts: &Facts<'_>, id: Id<Credential>) -> Option<Session> {
    let credential = &facts.model[id];
    let inline = &credential.session_policy;
    let named = &credential.session_policy_arns;
    let mut span = named.origin().span().unwrap_or(credential.head.span);
    let mut statements = Vec::new();
    let mut is_open = matches!(inline.link, Link::Unknown(_));
    if let Some(policy) = inline.id() {
        span = facts.model[policy].head.span;
        is_open |= facts.model[policy].statements.open.is_some();
        statements.extend(read::policy(facts, policy).into_iter().map(|read| read.statement));
    }
    match named.get() {
        Reading::Known(arns) => {
            is_open |= arns.open.is_some();
            for arn in &arns.items {
                let name = arn.as_str().and_then(crate::data::managed::intended);
                match name.and_then(super::managed::named) {
                    Some(managed) => statements.extend_from_slice(&managed.set.statements),
                    None => is_open = true,
                }
            }
        }
        Reading::Unknown(_) => is_open = true,
        Reading::Absent if matches!(inline.link, Link::Absent) => return None,
        Reading::Absent => {}
    }
    let bound = if is_open { Bound::Unresolved } else { Bound::Statements(statements) };
    Some(Session { bound, span })
}
