//! secure-lint: from a tree of files to a list of findings. The floors and what each may import stand in
//! ARCHITECTURE.md; nothing below `cli` touches the disk, the clock, the environment or the network.

pub mod logic;
pub mod source;
pub mod value;
