//! Tests that talk to the program as a whole. Each file checks one promise of ARCHITECTURE.md.

mod cli;
mod columns;
mod derived;
mod fixes;
mod rules;
mod situations;
mod tidy;
mod trusts;
mod worlds;
