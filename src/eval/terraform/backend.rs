//! The backend's arguments with what `-backend-config` adds to them.

use std::sync::Arc;

use super::input::BackendSetting;
use super::scope::{Evaluator, Scope};
use crate::logic::Reason;
use crate::source::clean_path;
use crate::value::{Kind, Map, Value};

/// The body with everything that command lines add, and the reason why there may be more.
pub(super) fn merged(evaluator: &Evaluator<'_>, body: Value) -> (Value, Option<Reason>) {
    let Value { kind: Kind::Map(map), origin, sensitive } = &body else { return (body, None) };
    let mut entries = map.entries.clone();
    let mut open = None;
    for setting in &evaluator.plan.backend_config {
        match setting {
            BackendSetting::Entry(name, value) => {
                entries.insert(name.clone(), value.clone());
            }
            BackendSetting::File(path) => match lines(evaluator, path) {
                Ok(lines) => entries.extend(lines),
                Err(reason) => open = Some(reason),
            },
        }
    }
    let map = Map { entries, ..(**map).clone() };
    (Value { kind: Kind::Map(Arc::new(map)), origin: origin.clone(), sensitive: *sensitive }, open)
}

fn lines(evaluator: &Evaluator<'_>, path: &Value) -> Result<Vec<(Arc<str>, Value)>, Reason> {
    let Some(name) = path.as_str() else {
        return Err(path.first_reason().unwrap_or_else(|| Reason::new("from-workflow", "-backend-config")));
    };
    let found = clean_path(&evaluator.root, name).and_then(|path| evaluator.world.find(&path));
    let Some((file, text)) = found.and_then(|file| Some((file, evaluator.world.file(file).text()?))) else {
        return Err(Reason::new("file-not-in-tree", name));
    };
    let parsed = crate::syntax::hcl::parse(file, text);
    let values = parsed
        .body
        .attributes
        .iter()
        .map(|attribute| (attribute.name.clone(), evaluator.eval(&attribute.value, Scope::literal())));
    Ok(values.collect())
}
