//! Small line formats: ignore files, requirements of pip, environment files, settings modules. Each entry with its place.

pub mod env;
pub mod ignore;
pub mod requirements;
pub mod settings;
