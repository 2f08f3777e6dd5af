//! An evaluated deployment into the model. Three passes: every instance becomes an entity that references lead to; then
//! the edges are drawn and split resources joined; then what is asked of the whole is closed or opened. An area is one
//! module with up to three functions, called here.

mod bucket;
mod context;
mod database;
mod ecs;
mod endpoint;
mod groups;
mod host;
mod iam;
mod keys;
mod loadbalancer;
mod managed;
mod other_databases;
mod policies;
mod resolve;
mod resource;
mod root;
mod routes;
mod secret;
mod storage;
mod user_data;
mod vpc;
mod web;

use crate::eval::terraform::Deployment;
use crate::model::Model;
use crate::source::World;

pub(crate) use context::Context;
pub(crate) use user_data::script as script_of;

/// Adds all that a deployment holds to the model.
pub fn lower(deployment: &Deployment, world: &World, model: &mut Model) {
    root::lower(deployment, model);
    let mut cx = Context::new(deployment, world, model);
    resource::make(&mut cx);
    iam::make(&mut cx);
    vpc::make(&mut cx);
    routes::make(&mut cx);
    groups::make(&mut cx);
    endpoint::make(&mut cx);
    loadbalancer::make(&mut cx);
    secret::make(&mut cx);
    secret::make_sinks(&mut cx);
    ecs::make(&mut cx);
    keys::make(&mut cx);
    database::make(&mut cx);
    bucket::make(&mut cx);
    storage::make(&mut cx);
    web::make(&mut cx);
    managed::make(&mut cx);
    host::make(&mut cx);

    iam::connect(&mut cx);
    keys::connect(&mut cx);
    vpc::connect(&mut cx);
    routes::connect(&mut cx);
    groups::connect(&mut cx);
    endpoint::connect(&mut cx);
    loadbalancer::connect(&mut cx);
    secret::connect(&mut cx);
    ecs::connect(&mut cx);
    ecs::in_front(&mut cx);
    database::connect(&mut cx);
    bucket::connect(&mut cx);
    web::connect(&mut cx);
    storage::connect(&mut cx);
    host::connect(&mut cx);

    policies::connect(&mut cx);
    managed::connect(&mut cx);
    storage::keep(&mut cx);
    groups::consumers(&mut cx);
}
