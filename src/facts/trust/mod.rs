//! Whom a role admits: services, accounts, and above all the jobs of workflows. What a subject looks like, how wide a
//! trust is by itself, and whether a run of a job here passes it.

pub mod admit;
pub(super) mod alone;
pub(super) mod asking;
mod attempt;
pub mod issuer;
pub(super) mod join;
pub(super) mod run;
pub(super) mod service;
mod shared;
pub mod subject;
mod template;
mod token;

pub use attempt::{Attempt, attempts, subjects};
pub(super) use shared::{admits_other_repositories, rests_on_thumbprint, takes_any_audience, trusts_saml};
