//! secure-lint: from a tree of files to a list of findings. The floors and what each may import stand in
//! ARCHITECTURE.md; nothing below `cli` touches the disk, the clock, the environment or the network.

pub mod analysis;
pub mod check;
pub mod cli;
pub mod data;
pub mod eval;
pub mod facts;
pub mod finding;
pub mod logic;
pub mod lower;
pub mod model;
pub mod report;
pub mod rule;
pub mod source;
pub mod syntax;
pub mod triage;
pub mod value;
