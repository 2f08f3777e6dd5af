//! What steps put into a task definition of the tree before it is deployed: the action that renders it, and editors of
//! text, of which it is only known that they changed something.

use super::plan::Plan;
use super::read;
use super::scope::JobScope;
use super::uses;
use crate::eval::shell::{Command, Direction, Run};
use crate::model::delivery::Rendering;
use crate::model::{Head, Model, One};
use crate::source::{FileId, Span, clean_path};
use crate::syntax::yaml::Node;
use crate::value::{Origin, Value};

const EDITORS: [&str; 5] = ["sed", "jq", "yq", "envsubst", "perl"];

/// `aws-actions/amazon-ecs-render-task-definition`, in each run that begins it.
pub(super) fn by_action(model: &mut Model, plan: &Plan<'_>, scope: &JobScope<'_, '_>, node: &Node) {
    let Some(image) = node.at(&["with", "image"]) else { return };
    let mut seen: Vec<Option<FileId>> = Vec::new();
    for start in &scope.doc().starts {
        let scope = scope.begun_by(start);
        for file in files_of(plan, &scope, node) {
            let id = match &file {
                Changed::File(id) => Some(*id),
                Changed::Hidden(_) => None,
            };
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let mut rendering = new(plan, &scope, &file, node.span);
            rendering.image.set(scope.read(image).value);
            if let Some(names) = node.at(&["with", "container-name"]) {
                rendering.container_names.set(container_names(&scope, names));
            }
            model.delivery.renderings.push(rendering);
        }
    }
}

fn container_names(scope: &JobScope<'_, '_>, names: &Node) -> Value {
    let value = scope.read(names).value;
    let origin = Origin::written(names.span);
    match value.as_str() {
        Some(text) => {
            Value::list(text.split(',').map(|name| Value::text(name.trim(), origin.clone())).collect(), origin.clone())
        }
        None => Value::list(vec![value], origin),
    }
}

/// A file that is changed.
enum Changed {
    File(FileId),
    /// Only a run knows which.
    Hidden(Value),
}

/// The file that a step renders, through the steps that rendered it before; each that it may be.
fn files_of(plan: &Plan<'_>, scope: &JobScope<'_, '_>, node: &Node) -> Vec<Changed> {
    let find = |path: &str| plan.local_folder(path).and_then(|path| plan.world.find(&path)).map(Changed::File);
    let steps = &scope.doc().steps;
    let Some(mut index) = scope.step else { return Vec::new() };
    let mut node = node;
    loop {
        let Some(input) = node.at(&["with", "task-definition"]) else { return Vec::new() };
        let operand = scope.read(input);
        if let Some(path) = operand.value.as_str() {
            return find(path).into_iter().collect();
        }
        if let Some(paths) = &operand.among {
            return paths.iter().filter_map(|path| find(path)).collect();
        }
        let text = input.as_str().unwrap_or("");
        let earlier = steps[..index].iter().enumerate().rev().find(|(_, step)| {
            let key = step.key.as_deref().unwrap_or("");
            let action = step.node.get("uses").and_then(Node::scalar_text).map(|uses| uses::parts(uses).full());
            !key.is_empty()
                && text.contains(&format!("steps.{key}.outputs."))
                && action.as_deref() == Some("aws-actions/amazon-ecs-render-task-definition")
        });
        // Each turn goes to a step further up, so this ends.
        (index, node) = match earlier {
            Some((index, step)) => (index, step.node),
            None => return vec![Changed::Hidden(operand.value)],
        };
    }
}

/// `sed -i …`, `jq … file > other`: each task definition that such a command names.
pub(super) fn by_editor(model: &mut Model, plan: &Plan<'_>, scope: &JobScope<'_, '_>, walk: &Run, command: &Command) {
    let editor = match command.pipes_into() {
        Some(reader) if command.program() == Some("cat") => &walk.commands[reader],
        Some(_) | None => command,
    };
    if !editor.program().is_some_and(|program| EDITORS.contains(&program)) {
        return;
    }
    let read_in = command.redirections.iter().filter(|it| it.kind == Direction::Reads).map(|it| &it.target);
    let folder = scope.step_doc().and_then(|step| step.node.get("working-directory")).and_then(Node::as_str);
    for argument in command.arguments().iter().chain(read_in) {
        let Some(path) = argument.text().filter(|it| [".json", ".yml", ".yaml"].iter().any(|end| it.ends_with(end)))
        else {
            continue;
        };
        let inside = command.directory.as_deref().and_then(|inner| clean_path(folder.unwrap_or(""), inner));
        let path = inside.and_then(|inside| clean_path(&inside, path)).and_then(|path| plan.local_folder(&path));
        let Some(file) = path.and_then(|path| plan.world.find(&path)) else { continue };
        let mut rendering = new(plan, scope, &Changed::File(file), command.span);
        let words = editor.arguments().iter().filter(|word| word.span != argument.span);
        let pattern: Option<Vec<&str>> = words.map(|word| word.text()).collect();
        if let Some(words) = pattern {
            rendering.pattern.set(Value::text(words.join(" "), Origin::written(editor.span)));
        }
        model.delivery.renderings.push(rendering);
    }
}

fn new(plan: &Plan<'_>, scope: &JobScope<'_, '_>, file: &Changed, span: Span) -> Rendering {
    let origin = Origin::written(span);
    let (name, file) = match file {
        Changed::File(file) => {
            let path = plan.world.file(*file).path.clone();
            (path.clone(), Value::text(path, origin.clone()))
        }
        Changed::Hidden(value) => ("a file".to_owned(), value.clone()),
    };
    let mut rendering = Rendering::new(Head::new(name, span));
    rendering.file.set(file);
    rendering.container_names.set(read::open_list(
        Vec::new(),
        crate::logic::Reason::at("no-value", "container-name", span),
        origin.clone(),
    ));
    rendering.job = One::to(scope.doc().id, origin.clone());
    if let Some(step) = scope.step_doc() {
        rendering.step = One::to(step.id, origin);
    }
    rendering
}
