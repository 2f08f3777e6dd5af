//! Terraform and OpenTofu, evaluated on demand.

pub mod functions;
