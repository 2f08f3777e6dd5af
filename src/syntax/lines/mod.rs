//! Small line formats: ignore files, requirements of pip, environment files. One entry a line, each with its place.

pub mod env;
pub mod ignore;
pub mod requirements;
