//! Terraform and OpenTofu, evaluated on demand.

mod backend;
mod block;
mod calls;
mod deployment;
mod evaluate;
mod expand;
mod expr;
mod faults;
mod foreign;
pub mod functions;
mod input;
mod instance;
mod iterate;
mod load;
mod lock;
mod manifest;
mod module;
mod names;
mod operators;
mod overrides;
mod plan;
mod policy;
mod providers;
mod readable;
mod resource;
mod roots;
mod scope;
mod states;
mod stubs;
mod template;
#[cfg(test)]
mod tests;
mod traverse;
mod types;
mod unresolved;
mod version;
mod view;

pub use evaluate::{deeply, evaluate, evaluate_deeply};
pub use input::{BackendSetting, Inputs, NamedSet, RunInput, RunVerb, Setting};
pub use instance::{
    Backend, CallSite, Deployment, Hole, IgnoredChanges, InputVariable, Instance, InstanceKey, Mode, ModuleCall,
    Output, Presence, Provider, ProviderRequirement, SourceKind, Terraform, TerraformFault, TfvarsEntry, Unresolved,
    Variant,
};
pub use view::{BlockView, Blocks};
