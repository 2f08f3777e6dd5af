//! What a run on a part of a repository did not look at. It opens no collection: who names a folder says that it is the
//! whole.

use ignore::WalkBuilder;

use crate::source::World;

use super::tree::Ground;

/// How deep and how far is looked for Terraform outside.
const DEPTH: usize = 3;
const MOST_ENTRIES: usize = 2_000;

/// A line if the repository around the paths holds workflows or Terraform that were left out.
pub(crate) fn not_looked_at(ground: &Ground, world: &World) -> Option<String> {
    if ground.paths.contains(&ground.root) {
        return None;
    }
    let is_outside = |path: &std::path::Path| !ground.paths.iter().any(|asked| path.starts_with(asked));
    let workflows = ground.root.join(".github/workflows");
    let holds_workflows = workflows.is_dir() && is_outside(&workflows) && world.find(".github/workflows").is_none();
    let walker = WalkBuilder::new(&ground.root).max_depth(Some(DEPTH)).build();
    let holds_terraform = walker.flatten().take(MOST_ENTRIES).any(|entry| {
        let path = entry.path();
        path.extension().is_some_and(|ending| ending == "tf" || ending == "tofu") && is_outside(path)
    });
    let what = match (holds_workflows, holds_terraform) {
        (true, true) => "workflows and Terraform",
        (true, false) => "workflows",
        (false, true) => "Terraform",
        (false, false) => return None,
    };
    Some(format!("the repository holds {what} outside of what was named: not looked at"))
}
