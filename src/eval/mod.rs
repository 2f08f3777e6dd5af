//! From syntax to values: Terraform, workflow expressions, shell. Evaluation cannot fail; what is not known says why.

pub mod actions;
pub mod shell;
pub mod terraform;
