//! Entries of `env` at all three levels, as variables.

use super::Nothing;
use super::plan::Plan;
use super::read::value;
use super::scope::JobScope;
use crate::data::secrets::names_secret;
use crate::eval::actions::Scope;
use crate::model::pipeline::{Job, Step};
use crate::model::secret::Variable;
use crate::model::{Head, Id, Model, One};
use crate::syntax::expression;
use crate::syntax::yaml::{Entry, Node};
use crate::value::{Origin, Value};

pub(super) fn workflow(model: &mut Model, plan: &Plan<'_>, index: usize) {
    let doc = &plan.workflows[index];
    for entry in doc.root.get("env").map(Node::entries).unwrap_or_default() {
        let mut variable = variable(entry, "workflow", &Nothing);
        variable.workflow = One::to(doc.id, Origin::written(entry.key_span));
        model.secret.variables.push(variable);
    }
}

pub(super) fn job(model: &mut Model, plan: &Plan<'_>, index: usize) {
    let doc = &plan.jobs[index];
    let scope = JobScope::job(plan, index, None);
    for entry in doc.node.get("env").map(Node::entries).unwrap_or_default() {
        keep(model, variable(entry, "job", &scope), Some(doc.id), None);
    }
    for step in 0..doc.steps.len() {
        let scope = JobScope::step(plan, index, None, step);
        let node = doc.steps[step].node;
        for entry in node.get("env").map(Node::entries).unwrap_or_default() {
            keep(model, variable(entry, "step", &scope), Some(doc.id), Some(doc.steps[step].id));
        }
        // An input that is made for a secret is as good a place to write one out.
        for entry in node.get("with").map(Node::entries).unwrap_or_default() {
            let is_written_out = entry.value.as_str().is_some_and(|text| !text.contains("${{"));
            // An input called `secrets` names the secrets that the action fetches.
            if is_written_out && names_secret(&entry.key) && !entry.key.eq_ignore_ascii_case("secrets") {
                keep(model, variable(entry, "step", &scope), Some(doc.id), Some(doc.steps[step].id));
            }
        }
    }
}

fn keep(model: &mut Model, mut variable: Variable, job: Option<Id<Job>>, step: Option<Id<Step>>) {
    let origin = Origin::written(variable.head.span);
    if let Some(job) = job {
        variable.job = One::to(job, origin.clone());
    }
    if let Some(step) = step {
        variable.step = One::to(step, origin);
    }
    model.secret.variables.push(variable);
}

fn variable(entry: &Entry, set_in: &str, scope: &dyn Scope) -> Variable {
    let origin = Origin::written(entry.key_span);
    let mut variable = Variable::new(Head { block: entry.span(), ..Head::new(&*entry.key, entry.span()) });
    variable.name.set(Value::text(&*entry.key, origin.clone()));
    variable.content.set(value(&entry.value, scope));
    variable.set_in.set(Value::text(set_in, origin));
    let is_other_secret = |path: Vec<String>| {
        path.first().is_some_and(|name| name == "secrets") && path.get(1).is_none_or(|name| name != "github_token")
    };
    let reads_secret = entry.value.as_str().is_some_and(expression::has_hole)
        && scope.holes(&entry.value).iter().filter_map(|hole| hole.expression.as_ref().ok()).any(|expression| {
            expression.all().into_iter().filter_map(expression::Expression::path).any(is_other_secret)
        });
    variable.comes_from_secret.set(Value::bool(reads_secret, Origin::written(entry.span())));
    variable
}
