//! What GitHub refuses in a workflow or an action, or never does: keys that it does not know, jobs that wait for nobody,
//! expressions that name nothing, calls that do not fit. What GitHub knows stands in `data`; a newer key is no mistake for
//! certain.

mod action;
mod call;
mod context;
mod expression;
mod filter;
mod job;
mod matrix;
mod name;
mod schema;
mod types;

use super::plan::Plan;
use crate::model::pipeline::Oddity;
use crate::model::{Head, Model, One};
use crate::source::Span;
use crate::syntax::yaml::Node;
use crate::value::{Origin, Value};

/// One oddity before it is in the model.
struct Odd {
    kind: &'static str,
    name: String,
    nearest: Option<String>,
    span: Span,
    message: String,
}

/// What is found in one file.
#[derive(Default)]
struct Found {
    odds: Vec<Odd>,
}

impl Found {
    fn add(&mut self, kind: &'static str, name: &str, span: Span, message: impl Into<String>) {
        self.odds.push(Odd { kind, name: name.to_owned(), nearest: None, span, message: message.into() });
    }

    /// The message says what is not known; the name that was probably meant is put behind it.
    fn add_near(&mut self, kind: &'static str, name: &str, nearest: Option<&str>, span: Span, message: String) {
        let message = match nearest {
            Some(nearest) => format!("{message}; did you mean `{nearest}`?"),
            None => message,
        };
        let nearest = nearest.map(str::to_owned);
        self.odds.push(Odd { kind, name: name.to_owned(), nearest, span, message });
    }
}

/// A list's members, or the single value that stands for a list of one.
fn items(node: &Node) -> &[Node] {
    if node.is_list() { node.items() } else { std::slice::from_ref(node) }
}

/// Whether a text holds an expression, which only a run decides.
fn is_expression(node: &Node) -> bool {
    node.as_str().is_some_and(|text| text.contains("${{"))
}

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>) {
    for index in 0..plan.workflows.len() {
        let mut found = Found::default();
        workflow(model, plan, index, &mut found);
        keep(model, plan, Some(index), found);
    }
    let mut actions: Vec<&super::plan::ActionDoc<'_>> = plan.actions.values().collect();
    actions.sort_by(|a, b| a.source.path.cmp(&b.source.path));
    for doc in actions {
        let mut found = Found::default();
        action::check(plan, doc, &mut found);
        expression::action(doc.root, &mut found);
        keep(model, plan, None, found);
    }
}

fn workflow(model: &Model, plan: &Plan<'_>, index: usize, found: &mut Found) {
    let doc = &plan.workflows[index];
    schema::workflow(plan, doc, found);
    filter::triggers(plan, doc, found);
    name::workflow(doc.root, found);
    for job in &doc.jobs {
        job::check(plan, *job, found);
        matrix::check(plan.jobs[*job].node, found);
        call::job(model, plan, *job, found);
    }
    expression::workflow(model, plan, index, found);
}

fn keep(model: &mut Model, plan: &Plan<'_>, workflow: Option<usize>, found: Found) {
    for odd in found.odds {
        let origin = Origin::written(odd.span);
        let mut oddity = Oddity::new(Head::new(odd.name.as_str(), odd.span));
        oddity.kind.set(Value::text(odd.kind, origin.clone()));
        oddity.name.set(Value::text(odd.name, origin.clone()));
        if let Some(nearest) = odd.nearest {
            oddity.nearest.set(Value::text(nearest, origin.clone()));
        }
        oddity.message.set(Value::text(odd.message, origin.clone()));
        if let Some(workflow) = workflow {
            oddity.workflow = One::to(plan.workflows[workflow].id, origin);
        }
        model.pipeline.oddities.push(oddity);
    }
}
