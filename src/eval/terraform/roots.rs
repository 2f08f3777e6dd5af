//! Which folders are roots, and with which sets of variable values each of them is deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::input::{Inputs, NamedSet, RunInput, RunVerb, Setting};
use super::instance::Variant;
use super::load::Modules;
use super::module::argument;
use super::plan::{Given, Plan, PlannedEntry};
use crate::logic::Reason;
use crate::source::{FileId, Problem, Span, clean_path};
use crate::syntax::hcl::Expr;
use crate::value::Value;

/// A set of values for one root before its files are read.
#[derive(Default)]
struct Set {
    variant: Variant,
    environment: Vec<(Arc<str>, Value)>,
    settings: Vec<SetSetting>,
    workspace: Option<Value>,
    runs: Vec<usize>,
}

#[derive(Clone)]
enum SetSetting {
    File(FileId),
    /// A file that nobody can see: whatever counted less may be replaced.
    Unknown(Reason),
    Var(Arc<str>, Value),
}

pub(super) fn plans(modules: &Modules<'_>, inputs: &Inputs) -> Vec<Plan> {
    let mut plans = Vec::new();
    for root in roots(modules, inputs) {
        plans.extend(plans_of(modules, inputs, &root));
    }
    plans
}

/// Folders that no local call reaches, and those that say themselves that somebody runs there.
fn roots(modules: &Modules<'_>, inputs: &Inputs) -> Vec<String> {
    let is_excluded = |folder: &str| {
        inputs.excluded.iter().any(|excluded| {
            folder == excluded || folder.strip_prefix(excluded.as_str()).is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let candidates: Vec<&str> =
        modules.candidates().filter(|folder| !folder.split('/').any(|part| part == ".terraform")).collect();
    let calls: BTreeMap<&str, Vec<String>> =
        candidates.iter().map(|folder| (*folder, called(modules, folder))).collect();
    let reached: BTreeSet<&str> = calls.values().flatten().map(String::as_str).collect();
    let runs: BTreeSet<&str> = inputs.runs.iter().map(|run| run.root_dir.as_str()).collect();
    let is_root = |folder: &str| {
        !reached.contains(folder)
            || runs.contains(folder)
            || modules.has_lock_file(folder)
            || !modules.automatic_values(folder).is_empty()
            || modules.module(folder).is_some_and(super::module::Module::has_backend)
    };
    let mut roots: BTreeSet<String> =
        candidates.iter().filter(|folder| is_root(folder)).map(|folder| (*folder).to_owned()).collect();
    add_rings(&candidates, &calls, &mut roots);
    roots.into_iter().filter(|folder| !is_excluded(folder)).collect()
}

/// Modules that only call each other have no root among them; the first of each such ring counts as one.
fn add_rings(candidates: &[&str], calls: &BTreeMap<&str, Vec<String>>, roots: &mut BTreeSet<String>) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<String> = roots.iter().cloned().collect();
    let mut rest = candidates.iter();
    loop {
        while let Some(folder) = open.pop() {
            if seen.insert(folder.clone()) {
                open.extend(calls.get(folder.as_str()).into_iter().flatten().cloned());
            }
        }
        let Some(next) = rest.find(|folder| !seen.contains(**folder)) else { return };
        roots.insert((*next).to_owned());
        open.push((*next).to_owned());
    }
}

/// Folders that the module in a folder calls with a literal path, itself left out.
fn called(modules: &Modules<'_>, folder: &str) -> Vec<String> {
    let Some(module) = modules.module(folder) else { return Vec::new() };
    let sources = module.calls.iter().filter_map(|call| argument(&call.block, "source").and_then(Expr::as_text));
    let local = sources.filter(|source| source.starts_with('.'));
    let folders = local.filter_map(|source| clean_path(folder, &source.replace('\\', "/")));
    folders.filter(|called| called != folder).collect()
}

fn plans_of(modules: &Modules<'_>, inputs: &Inputs, root: &str) -> Vec<Plan> {
    let mut sets = run_sets(modules, inputs, root);
    sets.extend(inputs.named_sets.iter().filter_map(|set| named_set(set, root)));
    if sets.is_empty() {
        sets = own_sets(modules, root);
    }
    let names: Vec<String> = sets.iter().map(|set| set.variant.name.clone()).collect();
    let n_called = |name: &String| names.iter().filter(|other| *other == name).count();
    sets.into_iter()
        .map(|mut set| {
            if names.len() == 1 && !set.variant.is_assumed {
                set.variant.name = String::new();
            }
            // One job that applies several sets does not tell them apart.
            if n_called(&set.variant.name) > 1
                && let Some(SetSetting::File(file)) = set.settings.last()
            {
                set.variant.name = format!("{} with {}", set.variant.name, modules.world.file(*file).name());
            }
            plan(modules, inputs, root, set)
        })
        .collect()
}

/// One set per distinct list of values that a run uses. Runs that only plan or destroy count where no run applies.
fn run_sets(modules: &Modules<'_>, inputs: &Inputs, root: &str) -> Vec<Set> {
    let here = || inputs.runs.iter().enumerate().filter(|(_, run)| run.root_dir == root);
    let applies = here().any(|(_, run)| run.verb == RunVerb::Apply);
    let counts = |run: &RunInput| match run.verb {
        RunVerb::Apply => true,
        RunVerb::Plan | RunVerb::Destroy => !applies,
        RunVerb::Other => false,
    };
    let mut sets: Vec<Set> = Vec::new();
    for (index, run) in here().filter(|(_, run)| counts(run)) {
        for set in expanded(modules, run, root) {
            let same = sets.iter_mut().find(|other| is_same(other, &set));
            match same {
                Some(other) => other.runs.push(index),
                None => sets.push(Set { runs: vec![index], ..set }),
            }
        }
    }
    sets
}

/// The sets of a run: several where a file's name has a hole that several files fit.
fn expanded(modules: &Modules<'_>, run: &RunInput, root: &str) -> Vec<Set> {
    let variant = Variant { name: run.label.clone(), is_assumed: false };
    let first =
        Set { variant, environment: run.environment.clone(), workspace: run.workspace.clone(), ..Set::default() };
    let mut sets = vec![first];
    for setting in &run.settings {
        match setting {
            Setting::Var(name, value) => {
                for set in &mut sets {
                    set.settings.push(SetSetting::Var(name.clone(), value.clone()));
                }
            }
            Setting::File(path) => sets = with_file(modules, sets, path, root, run.place),
        }
    }
    sets
}

fn with_file(modules: &Modules<'_>, sets: Vec<Set>, path: &Value, root: &str, place: Span) -> Vec<Set> {
    let files = fitting(modules, path, root);
    let is_known = path.as_str().is_some();
    let mut result = Vec::new();
    for set in sets {
        if files.is_empty() {
            let object = path.as_str().map_or_else(|| "-var-file".to_owned(), str::to_owned);
            let code = if is_known { "file-not-in-tree" } else { "from-workflow" };
            let mut set = set;
            set.settings.push(SetSetting::Unknown(Reason::at(code, object, place)));
            result.push(set);
            continue;
        }
        for file in &files {
            let mut settings = set.settings.clone();
            settings.push(SetSetting::File(*file));
            let name = modules.world.file(*file).name().to_owned();
            let variant =
                Variant { name: if is_known { set.variant.name.clone() } else { name }, is_assumed: !is_known };
            result.push(Set {
                variant,
                settings,
                environment: set.environment.clone(),
                workspace: set.workspace.clone(),
                runs: Vec::new(),
            });
        }
    }
    result
}

/// The files that a path may mean: one if it is known, those that fit its known ends otherwise.
fn fitting(modules: &Modules<'_>, path: &Value, root: &str) -> Vec<FileId> {
    let world = modules.world;
    if let Some(known) = path.as_str() {
        return clean_path(root, known).and_then(|path| world.find(&path)).into_iter().collect();
    }
    let Some(text) = path.as_text() else { return Vec::new() };
    let (prefix, suffix) = (text.prefix(), text.suffix());
    let Some(start) = clean_path(root, prefix) else { return Vec::new() };
    let is_folder = prefix.is_empty() || prefix.ends_with('/');
    let start = if is_folder && !start.is_empty() { format!("{start}/") } else { start };
    let is_values = |name: &str| name.ends_with(".tfvars") || name.ends_with(".tfvars.json");
    let fits = world.files().filter(|(_, file)| {
        is_values(&file.path)
            && file.path.starts_with(&start)
            && file.path.ends_with(suffix)
            && file.path.len() >= start.len() + suffix.len()
            && !file.path[start.len()..].contains('/')
    });
    fits.map(|(id, _)| id).collect()
}

fn is_same(a: &Set, b: &Set) -> bool {
    let settings = |set: &Set| -> Vec<(u64, String)> {
        set.settings
            .iter()
            .map(|setting| match setting {
                SetSetting::File(file) => (u64::from(file.0), String::new()),
                SetSetting::Unknown(reason) => (u64::MAX, reason.object.clone()),
                SetSetting::Var(name, value) => (value.identity(), name.to_string()),
            })
            .collect()
    };
    let environment =
        |set: &Set| set.environment.iter().map(|(name, value)| (name.clone(), value.identity())).collect::<Vec<_>>();
    let workspace = |set: &Set| set.workspace.as_ref().map(Value::identity);
    settings(a) == settings(b) && environment(a) == environment(b) && workspace(a) == workspace(b)
}

fn named_set(set: &NamedSet, root: &str) -> Option<Set> {
    if set.root_dir.as_deref().is_some_and(|dir| dir != root) {
        return None;
    }
    let files = set.files.iter().map(|file| SetSetting::File(*file));
    let vars = set.vars.iter().map(|(name, value)| SetSetting::Var(name.clone(), value.clone()));
    Some(Set {
        variant: Variant { name: set.name.clone(), is_assumed: false },
        settings: files.chain(vars).collect(),
        workspace: set.workspace.clone(),
        ..Set::default()
    })
}

/// Without runs: what is loaded by convention; where that leaves variables without value, each other variable file
/// beside the root suggests a set.
fn own_sets(modules: &Modules<'_>, root: &str) -> Vec<Set> {
    let others = modules.other_values(root);
    let needs_more = !missing(modules, root, &plan(modules, &Inputs::default(), root, Set::default())).is_empty();
    if !needs_more || others.is_empty() {
        return vec![Set::default()];
    }
    let sets = others.iter().map(|file| Set {
        variant: Variant { name: modules.world.file(*file).name().to_owned(), is_assumed: true },
        settings: vec![SetSetting::File(*file)],
        ..Set::default()
    });
    sets.collect()
}

/// Variables of the root that have neither a default nor a value.
fn missing(modules: &Modules<'_>, root: &str, plan: &Plan) -> Vec<String> {
    let Some(module) = modules.module(root) else { return Vec::new() };
    let required = module.variables.iter().filter(|(_, block)| block.body.attribute("default").is_none());
    required.filter(|(name, _)| !plan.gives(name)).map(|(name, _)| name.to_string()).collect()
}

fn plan(modules: &Modules<'_>, inputs: &Inputs, root: &str, set: Set) -> Plan {
    let mut plan = Plan::new(root, set.variant);
    plan.workspace = set.workspace;
    for (name, value) in set.environment {
        let span = value.origin.span().unwrap_or(Span::file_start(FileId(0)));
        plan.give(PlannedEntry { name, span, given: Given::Text(value) });
    }
    for file in modules.automatic_values(root) {
        add_file(modules, *file, Convention::Automatic, &mut plan);
    }
    for setting in set.settings {
        match setting {
            SetSetting::File(file) => add_file(modules, file, Convention::Named, &mut plan),
            SetSetting::Unknown(reason) => plan.give_unknown(reason),
            SetSetting::Var(name, value) => {
                let span = value.origin.span().unwrap_or(Span::file_start(FileId(0)));
                plan.give(PlannedEntry { name, span, given: Given::Text(value) });
            }
        }
    }
    for index in set.runs {
        if let Some(run) = inputs.runs.get(index) {
            plan.backend_config.extend(run.backend_config.iter().cloned());
        }
    }
    if plan.backend_config.is_empty() {
        let inits = inputs.runs.iter().filter(|run| run.root_dir == root);
        plan.backend_config.extend(inits.flat_map(|run| run.backend_config.iter().cloned()));
    }
    plan.is_library = is_library(modules, inputs, root, &plan);
    plan
}

/// Variables without value and nobody who says where state is kept: a module of its own.
fn is_library(modules: &Modules<'_>, inputs: &Inputs, root: &str, plan: &Plan) -> bool {
    let has_backend = modules.module(root).is_some_and(super::module::Module::has_backend);
    let is_run = inputs.runs.iter().any(|run| run.root_dir == root);
    if modules.is_written_into(root) {
        return true;
    }
    !has_backend && !is_run && !modules.has_lock_file(root) && !missing(modules, root, plan).is_empty()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Convention {
    Automatic,
    Named,
}

fn add_file(modules: &Modules<'_>, file: FileId, convention: Convention, plan: &mut Plan) {
    let Some(parsed) = modules.values(file) else { return };
    let path = &modules.world.file(file).path;
    plan.problems.extend(parsed.faults.iter().map(|fault| fault.problem(path)));
    if let Some(block) = parsed.body.blocks.first() {
        let message = "blocks cannot stand in a variable file, so Terraform refuses it";
        plan.problems.push(Problem::at("variable-block-in-tfvars", path, block.header_span, message).note());
        return;
    }
    plan.var_files.push(file);
    let module = modules.module(&plan.root);
    for attribute in &parsed.body.attributes {
        let is_declared =
            module.is_some_and(|module| module.hides.is_some() || module.variables.contains_key(&attribute.name));
        if !is_declared {
            let message = format!("the root declares no variable `{}`", attribute.name);
            let problem = Problem::at("undeclared-tfvars-name", path, attribute.name_span, message);
            plan.problems.push(problem.note());
        }
        let given = Given::Line { attribute: attribute.clone(), by_convention: convention == Convention::Automatic };
        plan.give(PlannedEntry { name: attribute.name.clone(), span: attribute.span, given });
    }
}
