//! Every instance as it is, for rules that ask its attributes.

use super::context::Context;
use crate::eval::terraform::Mode;
use crate::model::{Resource, ResourceMode};

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in &cx.deployment.instances {
        let mode = match instance.mode {
            Mode::Managed => ResourceMode::Managed,
            Mode::Data => ResourceMode::Data,
            Mode::Ephemeral => ResourceMode::Ephemeral,
        };
        let resource = Resource {
            head: cx.head(instance),
            mode,
            type_name: instance.type_name.clone(),
            body: instance.body.clone(),
        };
        cx.add(instance, resource);
    }
}
