//! Files that should not lie in a repository: environments with their variables, and states of Terraform.

use crate::data::secrets::{is_in_example_folder, is_template_suffix};
use crate::logic::Reason;
use crate::model::secret::{EnvFile, StateFile, Variable};
use crate::model::{Cell, Head, Many, Model};
use crate::source::{FileId, Span};
use crate::syntax::lines::env;
use crate::syntax::{Kind, Sources};
use crate::value::{Origin, Value};

pub(crate) fn add_files(model: &mut Model, sources: &Sources<'_>) {
    for file in sources.subjects_of(Kind::EnvFile) {
        add_env_file(model, sources, file);
    }
    for file in sources.subjects_of(Kind::StateFile) {
        add_state_file(model, sources, file);
    }
}

fn add_env_file(model: &mut Model, sources: &Sources<'_>, file: FileId) {
    let source = sources.world.file(file);
    let Some(text) = source.text() else { return };
    let whole = Span::file_start(file);
    let mut entity = EnvFile::new(Head::new(&*source.path, whole));
    let name = source.name().to_ascii_lowercase();
    entity.path.set(Value::text(&source.path, Origin::written(whole)));
    let is_template = is_template_suffix(&name) || is_in_example_folder(&source.path);
    entity.is_template.set(Value::bool(is_template, Origin::written(whole)));
    let mut variables = Many::none(whole);
    for entry in env::read(file, text).entries {
        let mut variable = Variable::new(Head::new(&*entry.name, entry.name_span));
        variable.name.set(Value::text(&entry.name, Origin::written(entry.name_span)));
        variable.content.set(Value::text(&entry.value, Origin::written(entry.value_span)));
        variable.set_in.set(Value::text("file", Origin::written(entry.name_span)));
        variables.push(model.secret.variables.push(variable), Origin::written(entry.name_span));
    }
    entity.variables = variables;
    model.secret.env_files.push(entity);
}

fn add_state_file(model: &mut Model, sources: &Sources<'_>, file: FileId) {
    let source = sources.world.file(file);
    let whole = Span::file_start(file);
    let mut state = StateFile::new(Head::new(&*source.path, whole));
    state.path.set(Value::text(&source.path, Origin::written(whole)));
    let root = source.text().map(|_| &sources.tree(file).root);
    state.has_resources = match root {
        Some(Some(root)) => {
            let resources = root.get("resources").filter(|node| !node.items().is_empty());
            // Before Terraform 0.12 they stood in modules.
            let modules = root.get("modules").filter(|node| !node.items().is_empty());
            let found = resources.or(modules);
            Cell::of(Value::bool(found.is_some(), Origin::written(found.map_or(whole, |node| node.span.at_start()))))
        }
        Some(None) | None => Cell::unknown(Reason::at("not-json", &*source.path, whole), Origin::written(whole)),
    };
    model.secret.state_files.push(state);
}
