//! `terraform_remote_state`: the outputs of another root of the tree, found by where it keeps its state.

use super::load::Modules;
use super::module::argument;
use super::plan::Plan;
use super::scope::{Context, Evaluator, OtherRoots};
use crate::source::Span;
use crate::syntax::hcl::{Block, Expr};
use crate::value::{Entries, Map, Origin, Value};
use std::cell::Cell;

/// Roots may read each other's state in a chain of this length.
const LONGEST_CHAIN: u32 = 4;

pub(super) struct States<'a, 'w> {
    modules: &'a Modules<'w>,
    plans: &'a [Plan],
    chain: Cell<u32>,
}

impl<'a, 'w> States<'a, 'w> {
    pub(super) fn new(modules: &'a Modules<'w>, plans: &'a [Plan]) -> States<'a, 'w> {
        States { modules, plans, chain: Cell::new(0) }
    }

    /// Whether the root of a plan keeps its state where this configuration says.
    fn keeps(&self, plan: &Plan, backend: &str, config: &Map) -> bool {
        let Some(module) = self.modules.module(&plan.root) else { return false };
        let Some(block) = module.setting_blocks("backend").next() else { return false };
        block.label(0) == Some(backend) && has_same_place(block, config)
    }
}

/// Every argument that says where the state lies is known on both sides and equal.
fn has_same_place(block: &Block, config: &Map) -> bool {
    let mut n_equal = 0;
    for name in ["bucket", "key", "path", "prefix", "container_name", "organization"] {
        let own = argument(block, name).and_then(Expr::as_text);
        let asked = config.entries.get(name).and_then(Value::as_str);
        match (own, asked, config.entries.contains_key(name)) {
            (Some(own), Some(asked), _) if own == asked => n_equal += 1,
            (None, None, false) => {}
            _ => return false,
        }
    }
    n_equal > 0
}

impl OtherRoots for States<'_, '_> {
    fn outputs(&self, asking: &str, backend: &str, config: &Map) -> Option<Value> {
        let mut roots = self.plans.iter().filter(|plan| &*plan.root != asking && self.keeps(plan, backend, config));
        let plan = roots.next()?;
        // Several sets of one root, or several roots with one state: nobody knows which of them is meant.
        if roots.next().is_some() || self.chain.get() >= LONGEST_CHAIN {
            return None;
        }
        let module = self.modules.module(&plan.root)?;
        self.chain.set(self.chain.get() + 1);
        let evaluator = Evaluator::new(self.modules, plan, self);
        let context = Context::root(module);
        let place = module.first_span.unwrap_or(Span::file_start(crate::source::FileId(0)));
        let outputs = module
            .outputs
            .iter()
            .map(|(name, block)| (name.clone(), evaluator.output(&context, name, block.header_span)));
        let value = Value::map(outputs.collect::<Entries>(), Origin::written(place));
        self.chain.set(self.chain.get() - 1);
        Some(value)
    }
}
