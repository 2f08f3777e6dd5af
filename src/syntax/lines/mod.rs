//! Small line formats: ignore files, requirements of pip, environment files, settings modules,
//! configurations of nginx. Each entry with its place.

pub mod env;
pub mod ignore;
pub mod nginx;
pub mod requirements;
pub mod settings;
