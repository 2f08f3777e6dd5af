//! The scripts of steps: their commands as `eval::shell` finds them, with what surrounds them: variables of the step,
//! the job and the workflow, what earlier steps wrote, expressions, scripts of the tree.

mod content;
mod files;
mod quiet;
mod word;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::scope::JobScope;
use crate::eval::actions::{Operand, Scope, evaluate};
use crate::eval::shell::{Command, Named, Run, Surroundings, run};
use crate::logic::Reason;
use crate::source::{QuickMap, Span};
use crate::syntax::expression;
use crate::syntax::shell::Dialect;
use crate::syntax::yaml::Node;
use crate::value::StepKind;

use files::Line;
pub(super) use files::{File, path_lines, written, written_by};
pub(super) use quiet::quiet_places;

/// What scripts do, each walked through once for all runs in which it does the same.
#[derive(Default)]
pub(super) struct Walks {
    /// By job and step, where it is all one how the job begins.
    shared: RefCell<QuickMap<(usize, usize), Option<Rc<Run>>>>,
    /// By job, step and run.
    by_run: RefCell<QuickMap<(usize, usize, usize), Option<Rc<Run>>>>,
    /// By job and step, the walks so far with what each was told of the run that it stands for.
    told: RefCell<QuickMap<(usize, usize), Vec<Rc<Told>>>>,
    /// Whether what was looked at since this was last cleared depends on how the job begins.
    pub(super) depends_on_start: Cell<bool>,
    /// What walks write into files for later steps.
    lines: RefCell<QuickMap<(*const Run, File), Rc<[Line]>>>,
    /// By job and step, whether the script names such a file.
    names: RefCell<QuickMap<(usize, usize, File), bool>>,
}

impl Walks {
    /// What somebody looks up, and whether it is all one for that how the job begins.
    pub(super) fn tracked<T>(&self, look: impl FnOnce() -> T) -> (T, bool) {
        let outside = self.depends_on_start.replace(false);
        let found = look();
        let is_shared = !self.depends_on_start.get();
        self.depends_on_start.set(outside || !is_shared);
        (found, is_shared)
    }

    /// What a walk writes into a file for later steps.
    pub(super) fn lines(&self, walk: &Rc<Run>, file: File) -> Rc<[Line]> {
        let read = || written_by(walk, file).into();
        self.lines.borrow_mut().entry((Rc::as_ptr(walk), file)).or_insert_with(read).clone()
    }
}

/// Walks through the script of the scope's step, once per run; nothing if it has none that a POSIX shell would run.
pub(super) fn walk(scope: &JobScope<'_, '_>) -> Option<Rc<Run>> {
    let walks = &scope.plan.walks;
    let step = scope.step?;
    if let Some(known) = walks.shared.borrow().get(&(scope.job, step)) {
        return known.clone();
    }
    let begin = scope.start.map_or(0, |start| start.begin);
    if let Some(known) = walks.by_run.borrow().get(&(scope.job, step, begin)) {
        walks.depends_on_start.set(true);
        return known.clone();
    }
    let run = scope.step_doc()?.node.get("run")?;
    let is_posix = matches!(shell_of(scope), "bash" | "bash-default" | "sh");
    let around = Around { scope: *scope, answers: RefCell::default(), variables: RefCell::default() };
    if let Some(known) = same_walk(&around, step) {
        walks.depends_on_start.set(true);
        walks.by_run.borrow_mut().insert((scope.job, step, begin), Some(known.clone()));
        return Some(known);
    }
    let (walk, is_shared) = walks.tracked(|| is_posix.then(|| Rc::new(walk_node(&around, run))));
    if is_shared {
        walks.shared.borrow_mut().insert((scope.job, step), walk.clone());
        return walk;
    }
    walks.by_run.borrow_mut().insert((scope.job, step, begin), walk.clone());
    if let Some(walk) = &walk {
        let told = Rc::new(Told { answers: around.answers.into_inner(), walk: walk.clone() });
        walks.told.borrow_mut().entry((scope.job, step)).or_default().push(told);
    }
    walk
}

/// A walk for another run in which the script would have been told the same all along.
fn same_walk(around: &Around<'_, '_>, step: usize) -> Option<Rc<Run>> {
    const MOST: usize = 8;
    let scope = &around.scope;
    let walks = &scope.plan.walks;
    let n_told = walks.told.borrow().get(&(scope.job, step)).map_or(0, Vec::len);
    (0..n_told.min(MOST)).find_map(|index| {
        let told = walks.told.borrow().get(&(scope.job, step))?.get(index)?.clone();
        told.answers.iter().all(|answer| around.would_answer(answer)).then(|| told.walk.clone())
    })
}

fn walk_node(around: &Around<'_, '_>, node: &Node) -> Run {
    let scope = &around.scope;
    let file = node.resolved().span.file;
    let Some(scalar) = node.as_scalar() else {
        return Run { open: Some(Reason::at("script-not-followed", "run", node.span)), ..Run::default() };
    };
    let script = scope.plan.parsed.script(node, scalar);
    let source = scope.plan.world.file(file).text().unwrap_or("");
    let mut walk = run(&script, source, Dialect::WORKFLOW, around).reachable();
    for command in &mut walk.commands {
        // What lies outside the workspace is nobody's business here.
        command.directory =
            command.directory.take().filter(|folder| !folder.starts_with('/') && !folder.starts_with(".."));
    }
    walk
}

/// Whether a script lets a pipe fail where one of its commands does.
pub(super) fn sets_pipefail(walk: &Run) -> bool {
    walk.commands.iter().any(|command| command.program() == Some("set") && command.texts().contains(&"pipefail"))
}

/// What surrounds the script of a step.
struct Around<'p, 'a> {
    scope: JobScope<'p, 'a>,
    /// What was answered with a look at how the job begins.
    answers: RefCell<Vec<Answer>>,
    /// Variables that were asked for, and whether their value is all one for that how the job begins.
    variables: RefCell<QuickMap<String, (Option<Operand>, bool)>>,
}

/// A walk, and what it was told of the run that it stands for.
struct Told {
    answers: Vec<Answer>,
    walk: Rc<Run>,
}

enum Answer {
    Variable(String, Option<Operand>),
    Expression(String, Span, Operand),
    Directory(Option<String>),
    /// What a file holds.
    File(String, Option<Operand>),
}

impl Around<'_, '_> {
    /// An answer, written down if it depends on how the job begins.
    fn noted<T: Clone>(&self, look: impl FnOnce() -> T, note: impl FnOnce(T) -> Answer) -> T {
        let (answer, is_shared) = self.scope.plan.walks.tracked(look);
        if !is_shared {
            self.note(note(answer.clone()));
        }
        answer
    }

    /// A variable that is read again has the answer that it had.
    fn note(&self, answer: Answer) {
        let mut answers = self.answers.borrow_mut();
        let is_known = matches!(&answer, Answer::Variable(name, _)
            if answers.iter().any(|known| matches!(known, Answer::Variable(other, _) if other == name)));
        if !is_known {
            answers.push(answer);
        }
    }

    fn would_answer(&self, answer: &Answer) -> bool {
        match answer {
            Answer::Variable(name, Some(before)) => self.known(name).is_some_and(|now| now.is_identical(before)),
            Answer::Variable(name, None) => self.known(name).is_none(),
            Answer::Expression(text, span, before) => self.read(text, *span).is_identical(before),
            Answer::Directory(before) => self.folder() == *before,
            Answer::File(path, before) => match (content::of_file(&self.scope, path), before) {
                (Some(now), Some(before)) => now.is_identical(before),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            },
        }
    }

    /// A variable, looked for once.
    fn known(&self, name: &str) -> Option<Operand> {
        let known = self.variables.borrow().get(name).cloned();
        let depends_on_start = &self.scope.plan.walks.depends_on_start;
        let (found, is_shared) = known.unwrap_or_else(|| {
            let answer = self.scope.plan.walks.tracked(|| self.find(name));
            self.variables.borrow_mut().insert(name.to_owned(), answer.clone());
            answer
        });
        depends_on_start.set(depends_on_start.get() || !is_shared);
        found
    }

    /// A variable of the step's environment, or of the runner.
    fn find(&self, name: &str) -> Option<Operand> {
        if let Some(found) = self.scope.find_env(name) {
            return Some(found);
        }
        let context = match name {
            "GITHUB_SHA" => "sha",
            "GITHUB_REF" => "ref",
            "GITHUB_REF_NAME" => "ref_name",
            "GITHUB_HEAD_REF" => "head_ref",
            "GITHUB_BASE_REF" => "base_ref",
            "GITHUB_ACTOR" => "actor",
            "GITHUB_REPOSITORY" => "repository",
            "GITHUB_REPOSITORY_OWNER" => "repository_owner",
            "GITHUB_RUN_ID" => "run_id",
            "GITHUB_RUN_NUMBER" => "run_number",
            "GITHUB_RUN_ATTEMPT" => "run_attempt",
            "GITHUB_EVENT_NAME" => "event_name",
            "GITHUB_WORKFLOW" => "workflow",
            "GITHUB_JOB" => "job",
            "GITHUB_WORKSPACE" => return Some(Operand::text(".")),
            _ => return None,
        };
        Some(self.scope.lookup(&["github".to_owned(), context.to_owned()]))
    }

    fn read(&self, text: &str, span: Span) -> Operand {
        match expression::parse(text, 0..text.len()) {
            Ok(parsed) => {
                let mut operand = evaluate(&parsed, &self.scope).at(span);
                operand.value = operand.value.through(StepKind::ReadThrough(text.trim().into()), span);
                operand
            }
            Err(_) => Operand::unknown(Reason::at("syntax-error", "expression", span)),
        }
    }

    fn folder(&self) -> Option<String> {
        Some(directory_of(&self.scope)).filter(|folder| folder != "?")
    }
}

impl Surroundings for Around<'_, '_> {
    fn variable(&self, name: &str, _: Span) -> Option<Operand> {
        self.noted(|| self.known(name), |answer| Answer::Variable(name.to_owned(), answer))
    }

    fn expression(&self, text: &str, span: Span) -> Operand {
        self.noted(|| self.read(text, span), |answer| Answer::Expression(text.to_owned(), span, answer))
    }

    fn output(&self, commands: &[Command], span: Span) -> Operand {
        let file = |path: &str| {
            self.noted(|| content::of_file(&self.scope, path), |answer| Answer::File(path.to_owned(), answer))
        };
        word::output_of(commands, span, &file)
    }

    fn directory(&self) -> Option<String> {
        self.noted(|| self.folder(), Answer::Directory)
    }

    fn script(&self, path: Option<&str>) -> Named<'_> {
        let world = self.scope.plan.world;
        let file = path.and_then(|path| world.find(&self.scope.plan.local_folder(path)?));
        let found = file.and_then(|file| Some((file, world.file(file).text()?)));
        match found {
            Some((file, text)) if crate::lower::command::is_shell_script(world.file(file).name(), text) => {
                Named::Script(file, text)
            }
            Some(_) | None => Named::Unread,
        }
    }
}

/// The shell that runs a step: its own, then the defaults of job and workflow.
pub(super) fn shell_of<'p>(scope: &JobScope<'p, '_>) -> &'p str {
    let written = scope.step_doc().and_then(|step| step.node.get("shell")).or_else(|| default(scope, "shell"));
    let Some(written) = written.and_then(Node::scalar_text) else {
        let runner = scope.doc().node.get("runs-on").and_then(Node::scalar_text).unwrap_or("");
        return if runner.starts_with("windows") { "pwsh" } else { "bash-default" };
    };
    let program = written.split_whitespace().next().unwrap_or("");
    match program.rsplit('/').next().unwrap_or("") {
        "bash" if written.trim() == "bash" || written.contains("pipefail") => "bash",
        "bash" => "bash-default",
        "sh" => "sh",
        "pwsh" => "pwsh",
        "powershell" => "powershell",
        "cmd" => "cmd",
        "python" => "python",
        _ => "other",
    }
}

fn default<'p>(scope: &JobScope<'p, '_>, key: &str) -> Option<&'p Node> {
    let path = ["defaults", "run", key];
    if scope.step_doc().is_some_and(|step| step.action.is_some()) {
        return None;
    }
    scope.doc().node.at(&path).or_else(|| scope.plan.workflow_of(scope.job).root.at(&path))
}

/// The folder in which a step's script begins, below the workspace; `?` if it is not known.
pub(super) fn directory_of(scope: &JobScope<'_, '_>) -> String {
    let written = scope.step_doc().and_then(|step| step.node.get("working-directory"));
    let Some(node) = written.or_else(|| default(scope, "working-directory")) else { return String::new() };
    let value = scope.read(node).value;
    let text = value.as_str().map(|text| {
        // The workspace by its name is the workspace.
        let text = text.trim_start_matches("$GITHUB_WORKSPACE").trim_start_matches("${GITHUB_WORKSPACE}");
        text.trim_start_matches('/').to_owned()
    });
    text.and_then(|text| crate::source::clean_path("", &text)).unwrap_or_else(|| "?".to_owned())
}
