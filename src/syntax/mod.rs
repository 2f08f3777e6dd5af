//! Readers of text: HCL, YAML and JSON, Dockerfiles, shell words, workflow expressions and small line formats. Each
//! returns what it could read and a list of problems; no meaning here.

pub mod dockerfile;
pub mod expression;
pub mod hcl;
mod kind;
pub mod lines;
pub mod shell;
mod sources;
mod steps;
pub mod yaml;

pub use kind::{Kind, kind_of};
pub use sources::Sources;
