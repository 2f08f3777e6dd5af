//! Readers of text: HCL, YAML and JSON, Dockerfiles, shell words, workflow expressions and small line formats. Each
//! returns what it could read and a list of problems; no meaning here.

pub mod dockerfile;
pub mod expression;
pub mod hcl;
pub mod lines;
pub mod shell;
pub mod yaml;
