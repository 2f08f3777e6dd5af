//! Transcripts: arguments, streams, exit codes, as a person would type and see them.

mod docs;
mod errors;
mod fingerprints;
mod foreign;
mod hops;
mod iam;
mod masking;
mod output;
mod reading;
mod readme;
mod severity;
mod since;
mod skill;
mod stage;
mod suppress;
mod systems;
mod verbs;
