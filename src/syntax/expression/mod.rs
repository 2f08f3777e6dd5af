//! The expression language of GitHub workflows.
