//! `action.yml`: what an action of this repository takes, gives and uses. The steps of a composite are looked at where
//! they are called; what they use is the same everywhere and lowered here, once.

use std::collections::HashMap;

use super::Nothing;
use super::plan::{ActionDoc, Source};
use super::read::value;
use super::uses;
use crate::model::pipeline::{Action, GithubRepository};
use crate::model::{Head, Id, Model, One};
use crate::source::World;
use crate::syntax::yaml::Node;
use crate::value::{Origin, Value};

/// Lowers an action; the key is its folder.
pub(super) fn lower<'a>(
    world: &World,
    model: &mut Model,
    repository: Id<GithubRepository>,
    source: &'a Source<'a>,
) -> Option<(String, ActionDoc<'a>)> {
    let root = source.parsed.root.as_ref()?;
    let runs = root.get("runs")?;
    let folder = crate::source::parent_of(&source.path).to_owned();
    let mut action = Action::new(Head { block: root.span, ..Head::new(&folder, runs.span.at_start()) });
    let using = runs.get("using").and_then(Node::scalar_text).unwrap_or("");
    let kind = match using {
        "composite" => "composite",
        "docker" => "docker",
        _ => "node",
    };
    let origin = Origin::written(runs.span.at_start());
    action.path.set(Value::text(&source.path, origin.clone()));
    action.kind.set(Value::text(kind, origin.clone()));
    action.runtime.read(runs.span, "using", runs.get("using").map(|node| value(node, &Nothing)));
    action.inputs.read(root.span, "inputs", root.get("inputs").map(|node| value(node, &Nothing)));
    action.outputs.read(root.span, "outputs", root.get("outputs").map(|node| value(node, &Nothing)));
    let id = model.pipeline.actions.push(action);
    let mut found = HashMap::new();
    let text = world.file(source.file).text().unwrap_or("");
    for step in runs.get("steps").map(Node::items).unwrap_or_default() {
        let Some(node) = step.get("uses") else { continue };
        if let Some(uses) = uses::lower(model, repository, source, text, node) {
            model[uses].action = One::to(id, Origin::written(node.span));
            model[id].uses.push(uses, Origin::written(node.span));
            found.insert(node.resolved().span, uses);
        }
    }
    Some((folder, ActionDoc { source, root, uses: found }))
}
