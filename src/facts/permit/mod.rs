//! What policies grant, in three values: patterns, conditions, statements, the policies of a principal, and what follows
//! from them (escalation, data reached, needs and excess).

pub(super) mod accounts;
pub mod actions;
pub mod arn;
mod artifact;
mod carried;
pub(super) mod chain;
pub mod condition;
pub(super) mod dead;
pub(super) mod deploy;
pub mod escalate;
pub(super) mod execution;
pub(super) mod exposure;
pub mod grant;
pub(super) mod hygiene;
mod index;
pub(super) mod keys;
pub mod managed;
pub mod need;
pub(super) mod passes;
pub mod pattern;
pub mod power;
pub mod principal;
pub mod read;
pub(in crate::facts) mod roles;
mod scope;
mod session;
pub(super) mod sets;
pub(super) mod shape;
pub(super) mod spelling;
pub mod statement;
mod stranger;
mod takeover;
pub mod trusted;
pub(super) mod width;

pub(in crate::facts) use stranger::can_meet;
pub(in crate::facts) use takeover::lets_in;

#[cfg(test)]
mod tests;
