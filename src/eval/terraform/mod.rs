//! Terraform and OpenTofu, evaluated on demand.

pub mod functions;
mod input;
mod instance;
mod view;

pub use input::{BackendSetting, Inputs, NamedSet, RunInput, RunVerb, Setting};
pub use instance::{
    Backend, CallSite, Deployment, Hole, IgnoredChanges, InputVariable, Instance, InstanceKey, Mode, ModuleCall,
    Output, Presence, Provider, ProviderRequirement, SourceKind, Terraform, TerraformFault, TfvarsEntry, Variant,
};
pub use view::{BlockView, Blocks};
