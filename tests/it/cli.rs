//! Transcripts: arguments, streams, exit codes, as a person would type and see them.

mod errors;
mod hops;
mod iam;
mod output;
mod reading;
mod severity;
mod since;
mod stage;
mod suppress;
mod verbs;
