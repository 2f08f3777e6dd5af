//! What is known of AWS and GitHub without asking them: actions, managed policies, ways of escalation, schemas and
//! lists kept by hand.
//! The tables are text in `data/`, packed when the program is built and decoded per service when somebody asks. Nothing
//! here judges; three-valued questions are asked in `facts`.

pub mod actions;
pub mod credentials;
pub mod github;
pub mod images;
pub mod lists;
pub mod managed;
pub mod modules;
pub mod needs;
mod pack;
pub mod paths;
pub mod secrets;
pub mod support;
