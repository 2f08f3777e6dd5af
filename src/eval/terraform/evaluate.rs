//! From files to deployments: roots are found and planned, then each is evaluated on a stack of its own.

use rayon::prelude::*;

use super::deployment::gather;
use super::input::Inputs;
use super::instance::{Deployment, Terraform};
use super::load::Modules;
use super::plan::Plan;
use super::roots::{FOREIGN, plans};
use super::scope::{Context, Evaluator, OtherRoots};
use super::states::States;
use crate::source::{Problem, World};
use crate::syntax::hcl::Expr;

/// Enough for the deepest evaluation that is allowed, in a build without optimisation too.
const STACK_BYTES: usize = 256 << 20;

/// Evaluates all Terraform of a tree.
pub fn evaluate(world: &World, inputs: &Inputs) -> Terraform {
    let named = inputs.named_files(world);
    let modules = Modules::new(world, &named);
    modules.read_all();
    let plans = plans(&modules, inputs);
    let deployments: Vec<Deployment> =
        plans.par_iter().filter_map(|plan| on_own_stack(&modules, &plans, plan)).collect();
    Terraform { problems: problems_of_files(&modules), comments: modules.comments(), deployments }
}

/// Of every folder that the repository owns, whether a deployment reads it or not.
fn problems_of_files(modules: &Modules<'_>) -> Vec<Problem> {
    let folders = modules.candidates().filter_map(|folder| modules.module(folder));
    let mut problems: Vec<Problem> = folders.flat_map(|module| module.problems.iter().cloned()).collect();
    for (_, file) in modules.world.files().filter(|(_, file)| file.is_subject && file.name() == FOREIGN) {
        let message = "another tool makes configuration from this file; what it makes is not seen";
        problems.push(Problem::of_file("foreign-tool", &file.path, message).note());
    }
    problems
}

fn on_own_stack(modules: &Modules<'_>, plans: &[Plan], plan: &Plan) -> Option<Deployment> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let running = thread.spawn_scoped(scope, || deployment(modules, plans, plan)).ok()?;
        match running.join() {
            Ok(deployment) => deployment,
            // The guard around each analysis reports the fault.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn deployment(modules: &Modules<'_>, plans: &[Plan], plan: &Plan) -> Option<Deployment> {
    let module = modules.module(&plan.root)?;
    let states = States::new(modules, plans);
    let evaluator = Evaluator::new(modules, plan, &states);
    Some(gather(&evaluator, Context::root(module)))
}

/// Evaluates one expression in the root of a tree, for those who try expressions.
pub fn evaluate_expression(world: &World, inputs: &Inputs, root: &str, expr: &Expr) -> Option<crate::value::Value> {
    let modules = Modules::new(world, &[]);
    let plans = plans(&modules, inputs);
    let plan = plans.iter().find(|plan| &*plan.root == root)?;
    let module = modules.module(root)?;
    let states = States::new(&modules, &plans);
    let evaluator = Evaluator::new(&modules, plan, &states as &dyn OtherRoots);
    Some(evaluator.eval(expr, super::scope::Scope::of(&Context::root(module))))
}
