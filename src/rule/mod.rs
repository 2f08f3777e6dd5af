//! Rule files: front matter, condition, examples, catalog. What a condition means for a model is the business of
//! `check`.

mod catalog;
pub mod condition;
mod error;
pub mod example;
mod file;

pub use catalog::{Catalog, builtin_sources};
pub use error::RuleError;
pub use file::{Each, Excerpt, FixAction, FixSpec, FixTarget, Reads, RuleFile, RuleSource};
