//! What policies grant, in three values: patterns, conditions, statements, the policies of a principal, and what follows
//! from them (escalation, data reached, needs and excess).

pub mod arn;
pub mod condition;
pub mod grant;
pub mod pattern;
pub mod principal;
pub mod read;
pub(super) mod spelling;
pub mod statement;

#[cfg(test)]
mod tests;
