//! The worked examples of the language, as far as they are functions. Expressions are read by the parser; a small
//! evaluator of literals, variables and calls stands in for the real one, whose own tests run all of them again.

mod examples;
mod scope;
mod show;
