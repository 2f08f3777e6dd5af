//! Conditions times entities: findings. Here the schema of the model and the facts become one, rules are made ready,
//! run over every entity of every model, and their verdicts gathered by cause.

mod collect;
mod evaluate;
mod evidence;
mod fix;
mod judge;
mod load;
mod operand;
mod settle;
#[cfg(test)]
mod tests;

pub use fix::Sites;
pub use load::{Rule, load, prepare, unwritten_paths};

use std::sync::LazyLock;

use crate::facts;
use crate::finding::{Finding, Undecided};
use crate::model::Model;
use crate::model::schema::{Asked, Getter, Schema};
use crate::source::{Problem, World};

/// Properties and facts as one: all that a condition can ask.
pub fn schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(whole_schema);
    &SCHEMA
}

fn whole_schema() -> Schema {
    let mut schema = Schema::of_model();
    for (number, fact) in facts::schema().enumerate() {
        let asked = Asked { name: fact.name, doc: fact.doc, ty: fact.ty, default: "", getter: Getter::Fact(number) };
        schema.add(fact.entity, asked);
    }
    schema
}

/// What the rules say of the models, before triage.
#[derive(Debug, Default)]
pub struct Checked {
    pub findings: Vec<Finding>,
    pub undecided: Vec<Undecided>,
    pub problems: Vec<Problem>,
}

/// Runs all rules over all models.
pub fn check(world: &World, models: &[Model], rules: &[Rule], sites: &dyn Sites) -> Checked {
    let mut collector = collect::Collector::new(world, sites, models.len());
    let mut problems = Vec::new();
    for (number, model) in models.iter().enumerate() {
        let judged = judge::judge(model, rules, &world.watch);
        problems.extend(judged.problems);
        for draft in judged.drafts {
            collector.add(number, model, draft);
        }
    }
    let (findings, undecided) = collector.finish(models);
    Checked { findings, undecided, problems }
}
