//! Arguments, reading the tree, git, printing, exit codes.

pub mod examples;
