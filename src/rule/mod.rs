//! Rule files: front matter, condition, examples, catalog. What a condition means for a model is the business of
//! `check`.

mod catalog;
pub mod condition;
pub mod example;
mod file;

pub use crate::source::TextError as RuleError;
pub use catalog::{Catalog, builtin_sources};
pub use file::{Each, Excerpt, FixAction, FixSpec, FixTarget, Reads, RuleFile, RuleSource};
