//! An evaluated deployment into the model. Three passes: every instance becomes an entity that references lead to; then
//! the edges are drawn and split resources joined; then what is asked of the whole is closed or opened. An area is one
//! module with up to three functions, called here.

mod context;
mod ecs;
mod endpoint;
mod groups;
mod iam;
mod loadbalancer;
mod resolve;
mod resource;
mod root;
mod routes;
mod secret;
mod vpc;

use crate::eval::terraform::Deployment;
use crate::model::Model;

pub(crate) use context::Context;

/// Adds all that a deployment holds to the model.
pub fn lower(deployment: &Deployment, model: &mut Model) {
    root::lower(deployment, model);
    let mut cx = Context::new(deployment, model);
    resource::make(&mut cx);
    iam::make(&mut cx);
    vpc::make(&mut cx);
    routes::make(&mut cx);
    groups::make(&mut cx);
    endpoint::make(&mut cx);
    loadbalancer::make(&mut cx);
    secret::make(&mut cx);
    ecs::make(&mut cx);

    iam::connect(&mut cx);
    vpc::connect(&mut cx);
    routes::connect(&mut cx);
    groups::connect(&mut cx);
    endpoint::connect(&mut cx);
    loadbalancer::connect(&mut cx);
    secret::connect(&mut cx);
    ecs::connect(&mut cx);
    ecs::in_front(&mut cx);

    groups::consumers(&mut cx);
}
