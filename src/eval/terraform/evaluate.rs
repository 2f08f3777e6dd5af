//! From files to deployments: roots are found and planned, then each is evaluated, on threads with deep stacks.

use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::deployment::gather;
use super::foreign::FOREIGN;
use super::input::Inputs;
use super::instance::{Deployment, Terraform};
use super::load::Modules;
use super::plan::Plan;
use super::roots::plans;
use super::scope::{Context, Evaluator};
use super::states::States;
use crate::source::{Problem, World};

/// Enough for the deepest evaluation that is allowed, in a build without optimisation too.
const STACK_BYTES: usize = 256 << 20;

/// Evaluates all Terraform of a tree.
pub fn evaluate(world: &World, inputs: &Inputs) -> Terraform {
    match deeply(None, || evaluate_deeply(world, inputs)) {
        Ok(terraform) => terraform,
        // Without threads of our own nothing can be evaluated safely; nothing is then known of Terraform.
        Err(error) => {
            let message = format!("no threads to evaluate Terraform on: {error}");
            Terraform { problems: vec![Problem::of_file("internal-error", "", message).tool()], ..Terraform::default() }
        }
    }
}

thread_local! {
    static IS_DEEP: Cell<bool> = const { Cell::new(false) };
}

/// Runs something, and all that it does at once, on threads that are made for evaluation: as many as wished, else one
/// per core. Whoever is on one of them stays there.
pub fn deeply<T: Send>(threads: Option<u16>, run: impl FnOnce() -> T + Send) -> Result<T, rayon::ThreadPoolBuildError> {
    if IS_DEEP.get() {
        return Ok(run());
    }
    let on_start = |_| {
        IS_DEEP.set(true);
        make_room();
    };
    // Zero threads mean one per core.
    let n_threads = threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).stack_size(STACK_BYTES);
    Ok(pool.start_handler(on_start).build()?.install(run))
}

/// What a thread is given at first: heaps of its own, in blocks that each can hold.
const HEAPS: usize = 4;
const ROOM: [usize; 3] = [20 << 20; 3];
/// Too large for what another heap has left.
const PIN: usize = 3 << 20;

thread_local! {
    /// As long as a heap holds anything it is not given back. Nothing is ever written into these.
    static PINS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// The allocator of many systems lets the heap of a thread grow by single pages, each a call of the system. Blocks that are
/// given back at once leave their room behind, untouched; the first one tells the allocator that large blocks come and go.
fn make_room() {
    let block = |size: usize| {
        let mut block = Vec::<u8>::new();
        // Where there is no room, none is made.
        let _ = block.try_reserve_exact(size);
        black_box(block)
    };
    drop(block((32 << 20) - (16 << 10)));
    let heaps = [(); HEAPS].map(|()| (ROOM.map(block), block(PIN)));
    PINS.set(heaps.into_iter().map(|(_, pin)| pin).collect());
}

/// The same on a thread that is made for it.
pub fn evaluate_deeply(world: &World, inputs: &Inputs) -> Terraform {
    let named = inputs.named_files(world);
    let modules = Modules::new(world, &named);
    modules.read_all();
    let plans = plans(&modules, inputs);
    let evaluated: Vec<Result<Option<Deployment>, Problem>> =
        plans.par_iter().map(|plan| guarded(&modules, &plans, plan)).collect();
    let mut terraform =
        Terraform { problems: problems_of_files(&modules), comments: modules.comments(), deployments: Vec::new() };
    for result in evaluated {
        match result {
            Ok(deployment) => terraform.deployments.extend(deployment),
            Err(problem) => terraform.problems.push(problem),
        }
    }
    terraform
}

/// A fault of ours in one root costs that root and ends the run with exit code 2; the others are still evaluated.
fn guarded(modules: &Modules<'_>, plans: &[Plan], plan: &Plan) -> Result<Option<Deployment>, Problem> {
    catch_unwind(AssertUnwindSafe(|| deployment(modules, plans, plan))).map_err(|_| {
        let message = "the evaluation of this root failed; please report it";
        Problem::of_file("internal-error", &*plan.root, message).tool()
    })
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

fn deployment(modules: &Modules<'_>, plans: &[Plan], plan: &Plan) -> Option<Deployment> {
    let module = modules.module(&plan.root)?;
    let states = States::new(modules, plans);
    let evaluator = Evaluator::new(modules, plan, &states);
    Some(gather(&evaluator, Context::root(module)))
}
