//! What GitHub knows and what is known of popular actions: the schema of workflows (`data/github-schema.txt`), lists
//! kept by hand (`data/github-lists.txt`) and the metadata of actions by release (`data/github-actions.txt`).

pub mod actions;
pub mod lists;
pub mod schema;
