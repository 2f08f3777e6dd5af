//! Whom a role admits: services, accounts, and above all the jobs of workflows. What a subject looks like, how wide a
//! trust is by itself, and whether a run of a job here passes it.

pub mod admit;
pub(super) mod alone;
pub mod issuer;
pub(super) mod run;
pub(super) mod service;
pub mod subject;
