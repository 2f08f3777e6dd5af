//! The scripts of steps: their simple commands in order, with what is known of every word and who has a hand in it.
//! Conditions are kept as such, functions and short loops are unrolled, wrappers are seen through.

mod files;
mod quiet;
mod word;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::scope::JobScope;
use crate::eval::actions::Operand;
use crate::source::{MappedText, Span};
use crate::syntax::shell::{
    self, Assigned, CommandKind, Dialect, Item, Joint, List, Redirection, RedirectionKind, Simple, Word,
};
use crate::syntax::yaml::Node;
use crate::value::Origin;

pub(super) use files::{File, path_lines, written, written_by};
pub(super) use quiet::quiet_places;
pub(super) use word::without_prefix;

/// Functions and nested scripts are followed this deep, and this many commands of one script are looked at.
const DEPTH: usize = 8;
const COMMANDS: usize = 4_000;

/// A word with its value.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub(super) operand: Operand,
    pub(super) span: Span,
    /// The variable that is the whole word.
    pub(super) variable: Option<String>,
    /// The text of the last piece, with where it is written.
    pub(super) tail: Option<(String, Origin)>,
}

impl Argument {
    /// The text, if all of it is known.
    pub(super) fn text(&self) -> Option<&str> {
        self.operand.value.as_str()
    }

    /// The text before the first hole.
    pub(super) fn prefix(&self) -> String {
        self.operand.value.as_text().map_or(String::new(), |text| text.prefix().to_owned())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Always,
    Conditional,
}

/// A simple command.
#[derive(Clone, Debug)]
pub(super) struct Command {
    /// The program and its arguments, wrappers and assignments aside.
    pub(super) words: Vec<Argument>,
    pub(super) redirections: Vec<Target>,
    /// What it reads from a here-document or here-string.
    pub(super) input: Option<Operand>,
    pub(super) span: Span,
    /// The folder it runs in, below the workspace; nothing if it is not known.
    pub(super) directory: Option<String>,
    /// The number of the command that reads its output.
    pub(super) pipes_into: Option<usize>,
    /// Whether its failure is swallowed: `|| true`.
    pub(super) is_excused: bool,
    /// Whether it stands in `$( … )`.
    pub(super) is_captured: bool,
}

impl Command {
    /// The program's name without its folder; empty if it is not known.
    pub(super) fn program(&self) -> &str {
        let text = self.words.first().and_then(Argument::text).unwrap_or("");
        text.rsplit('/').next().unwrap_or(text)
    }

    /// The known texts of all arguments behind the program.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.words.iter().skip(1).filter_map(Argument::text).collect()
    }

    /// Whether the arguments begin with these words, options before and between them aside.
    pub(super) fn says(&self, words: &[&str]) -> bool {
        let mut plain = self.words.iter().filter_map(Argument::text).filter(|text| !text.starts_with('-'));
        let program = plain.next().unwrap_or("");
        let first = program.rsplit('/').next().unwrap_or(program);
        std::iter::once(first).chain(plain).take(words.len()).eq(words.iter().copied())
    }

    /// The value of an option: the word behind it, or what stands behind its `=`.
    pub(super) fn option(&self, names: &[&str]) -> Option<Argument> {
        self.options(names).into_iter().next()
    }

    pub(super) fn options(&self, names: &[&str]) -> Vec<Argument> {
        let mut found = Vec::new();
        for (index, word) in self.words.iter().enumerate().skip(1) {
            let prefix = word.prefix();
            for name in names {
                if word.text() == Some(name) {
                    found.extend(self.words.get(index + 1).cloned());
                } else if prefix.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')) {
                    found.push(word::without_prefix(word, name.len() + 1));
                }
            }
        }
        found
    }

    pub(super) fn has(&self, flag: &str) -> bool {
        self.words.iter().skip(1).any(|word| word.text() == Some(flag))
    }
}

/// Where a redirection leads.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) argument: Argument,
    pub(super) is_output: bool,
}

/// All commands of a script, and whether there may be others.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    pub(super) commands: Vec<Command>,
    /// The first place that could not be followed.
    pub(super) open: Option<Span>,
    pub(super) sets_pipefail: bool,
}

/// Walks by job, step and run.
pub(super) type Walks = RefCell<HashMap<(usize, usize, usize), Option<Rc<Walk>>>>;

/// Walks through the script of the scope's step, once per run; nothing if it has none that a POSIX shell would run.
pub(super) fn walk(scope: &JobScope<'_, '_>) -> Option<Rc<Walk>> {
    let key = (scope.job, scope.step?, scope.start.map_or(0, |start| start.begin));
    if let Some(known) = scope.plan.walks.borrow().get(&key) {
        return known.clone();
    }
    let step = scope.step_doc()?;
    let run = step.node.get("run")?;
    let is_posix = matches!(shell_of(scope), "bash" | "bash-default" | "sh");
    let walk = is_posix.then(|| Rc::new(walk_node(scope, run)));
    scope.plan.walks.borrow_mut().insert(key, walk.clone());
    walk
}

fn walk_node(scope: &JobScope<'_, '_>, run: &Node) -> Walk {
    let file = run.resolved().span.file;
    let Some(scalar) = run.as_scalar() else {
        return Walk { open: Some(run.span), ..Walk::default() };
    };
    let script = shell::read(&scalar.mapped(file), Dialect::WORKFLOW);
    let mut walker = Walker {
        scope: *scope,
        locals: HashMap::new(),
        functions: HashMap::new(),
        walk: Walk { open: script.broken, ..Walk::default() },
        directory: Some(directory_of(scope)).filter(|folder| folder != "?"),
        outputs: Vec::new(),
        depth: 0,
        is_captured: false,
    };
    walker.list(&script.list, Reached::Always);
    walker.walk
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

struct Walker<'p, 'a> {
    scope: JobScope<'p, 'a>,
    locals: HashMap<String, Operand>,
    functions: HashMap<String, shell::Command>,
    walk: Walk,
    directory: Option<String>,
    /// Redirections of the groups around.
    outputs: Vec<Target>,
    depth: usize,
    is_captured: bool,
}

impl Walker<'_, '_> {
    fn open(&mut self, span: Span) {
        self.walk.open.get_or_insert(span);
    }

    fn list(&mut self, list: &List, reached: Reached) {
        let mut now = reached;
        for (index, item) in list.items.iter().enumerate() {
            if self.walk.commands.len() > COMMANDS {
                return self.open(item.pipeline.span);
            }
            now = match item.joint {
                Joint::Sequence => reached,
                Joint::And => now,
                Joint::Or => Reached::Conditional,
            };
            let follower = list.items.get(index + 1).filter(|next| next.joint == Joint::Or);
            let is_excused = follower.is_some_and(|next| is_true(next));
            let first = self.walk.commands.len();
            self.pipeline(item, now);
            if is_excused {
                self.walk.commands[first..].iter_mut().for_each(|command| command.is_excused = true);
            }
            let ends = now == Reached::Always && is_exit(item);
            if ends && follower.is_none() {
                return;
            }
        }
    }

    fn pipeline(&mut self, item: &Item, reached: Reached) {
        let mut before: Option<usize> = None;
        for command in &item.pipeline.commands {
            let first = self.walk.commands.len();
            self.command(command, reached);
            let next = self.walk.commands.len();
            if let (Some(before), true) = (before, next > first) {
                self.walk.commands[before].pipes_into = Some(first);
            }
            before = (next > first).then(|| next - 1);
        }
    }

    fn command(&mut self, command: &shell::Command, reached: Reached) {
        let inside = Reached::Conditional;
        match &command.kind {
            CommandKind::Simple(simple) => self.simple(simple, &command.redirections, command.span, reached),
            CommandKind::Group(list) => self.within(&command.redirections, |walker| walker.list(list, reached)),
            CommandKind::Subshell(list) => {
                let directory = self.directory.clone();
                let locals = self.locals.clone();
                self.within(&command.redirections, |walker| walker.list(list, reached));
                self.directory = directory;
                self.locals = locals;
            }
            CommandKind::If { branches, otherwise } => self.within(&command.redirections, |walker| {
                for (index, (condition, body)) in branches.iter().enumerate() {
                    walker.list(condition, if index == 0 { reached } else { inside });
                    walker.list(body, inside);
                }
                otherwise.iter().for_each(|body| walker.list(body, inside));
            }),
            CommandKind::For { variable, words, body } => {
                self.within(&command.redirections, |walker| walker.for_loop(variable, words.as_deref(), body, reached));
            }
            CommandKind::While { condition, body } => self.within(&command.redirections, |walker| {
                walker.list(condition, reached);
                walker.list(body, inside);
            }),
            CommandKind::Case { arms, .. } => self.within(&command.redirections, |walker| {
                arms.iter().for_each(|arm| walker.list(&arm.body, inside));
            }),
            CommandKind::Function { name, body } => {
                self.functions.insert(name.clone(), (**body).clone());
            }
            CommandKind::Test(_) | CommandKind::Arithmetic => {}
        }
    }

    /// What a group writes goes where the group is redirected.
    fn within(&mut self, redirections: &[Redirection], inner: impl FnOnce(&mut Self)) {
        let before = self.outputs.len();
        let targets: Vec<Target> = redirections.iter().filter_map(|it| self.target(it)).collect();
        self.outputs.extend(targets);
        inner(self);
        self.outputs.truncate(before);
    }

    fn for_loop(&mut self, variable: &Word, words: Option<&[Word]>, body: &List, reached: Reached) {
        const UNROLLED: usize = 32;
        let name = variable.pieces.first().and_then(|piece| match &piece.kind {
            shell::PieceKind::Literal(text) => Some(text.to_string()),
            _ => None,
        });
        let arguments: Vec<Argument> = words.unwrap_or_default().iter().map(|word| self.argument(word)).collect();
        let all_known = !arguments.is_empty() && arguments.iter().all(|it| it.text().is_some_and(is_plain_item));
        let Some(name) = name else { return self.list(body, Reached::Conditional) };
        if all_known && arguments.len() <= UNROLLED {
            for argument in arguments {
                self.locals.insert(name.clone(), argument.operand);
                self.list(body, reached);
            }
            return;
        }
        let item = word::mixed(arguments.iter().map(|argument| argument.operand.clone()), &name);
        self.locals.insert(name, item);
        self.list(body, Reached::Conditional);
    }

    fn target(&mut self, redirection: &Redirection) -> Option<Target> {
        let is_output = match redirection.kind {
            RedirectionKind::Output | RedirectionKind::Append | RedirectionKind::OutputAndErrors => {
                redirection.descriptor != Some(2)
            }
            RedirectionKind::ReadWrite | RedirectionKind::Input => false,
            // `>& file` is a file, `2>&1` is none.
            RedirectionKind::Duplicate => {
                let argument = self.argument(&redirection.target);
                let is_file = argument.prefix().starts_with('/');
                return is_file.then_some(Target { argument, is_output: true });
            }
            RedirectionKind::HereString | RedirectionKind::HereDocument(_) => return None,
        };
        Some(Target { argument: self.argument(&redirection.target), is_output })
    }

    fn simple(&mut self, simple: &Simple, redirections: &[Redirection], span: Span, reached: Reached) {
        let mut settings = Vec::new();
        for assignment in &simple.assignments {
            let operand = match &assignment.value {
                Assigned::Word(word) => self.argument(word).operand,
                Assigned::Appended(word) => {
                    let operands = [self.variable(&assignment.name), self.argument(word).operand];
                    word::mixed(operands.into_iter(), &assignment.name)
                }
                Assigned::Array(words) => {
                    let operands: Vec<Operand> = words.iter().map(|word| self.argument(word).operand).collect();
                    word::mixed(operands.into_iter(), &assignment.name)
                }
            };
            settings.push((assignment.name.clone(), operand));
        }
        let words: Vec<Argument> = simple.words.iter().map(|word| self.argument(word)).collect();
        if words.is_empty() {
            self.locals.extend(settings);
            return;
        }
        let mut targets: Vec<Target> = redirections.iter().filter_map(|it| self.target(it)).collect();
        if !targets.iter().any(|target| target.is_output) {
            targets.extend(self.outputs.last().cloned());
        }
        let input = redirections.iter().find_map(|redirection| match &redirection.kind {
            RedirectionKind::HereString => Some(self.argument(&redirection.target).operand),
            RedirectionKind::HereDocument(document) => Some(self.argument(&document.body).operand),
            _ => None,
        });
        let words = unwrap(words);
        let command = Command {
            words,
            redirections: targets,
            input,
            span,
            directory: self.directory.clone(),
            pipes_into: None,
            is_excused: false,
            is_captured: self.is_captured,
        };
        self.effects(&command, simple);
        self.walk.commands.push(command);
        self.follow(reached);
    }

    /// What a command changes for those behind it.
    fn effects(&mut self, command: &Command, simple: &Simple) {
        match command.program() {
            "cd" | "pushd" => {
                let folder = command.words.get(1).and_then(Argument::text);
                self.directory = match (&self.directory, folder) {
                    (Some(now), Some(folder)) if !folder.starts_with(['/', '~', '-']) => {
                        crate::source::clean_path(now, folder)
                    }
                    _ => None,
                };
            }
            "export" | "declare" | "local" | "readonly" | "typeset" => {
                for word in &simple.words {
                    let argument = self.argument(word);
                    let prefix = argument.prefix();
                    if let Some((name, _)) = prefix.split_once('=') {
                        let value = word::without_prefix(&argument, name.len() + 1);
                        self.locals.insert(name.to_owned(), value.operand);
                    }
                }
            }
            "read" | "mapfile" | "readarray" => {
                for name in command.texts().into_iter().filter(|text| !text.starts_with('-')) {
                    let operand = match &command.input {
                        Some(input) => input.clone(),
                        None => Operand::unknown(crate::logic::Reason::at("command-input", name, command.span)),
                    };
                    self.locals.insert(name.to_owned(), operand);
                }
            }
            "set" => self.walk.sets_pipefail |= command.texts().contains(&"pipefail"),
            "source" | "." | "eval" => self.open(command.span),
            _ => {}
        }
    }

    /// Goes into functions of the script and into `bash -c 'script'`.
    fn follow(&mut self, reached: Reached) {
        let Some(command) = self.walk.commands.last() else { return };
        let (program, span) = (command.program().to_owned(), command.span);
        if self.depth >= DEPTH {
            return self.open(span);
        }
        if let Some(body) = self.functions.get(&program).cloned() {
            let arguments: Vec<Operand> = command.words.iter().skip(1).map(|word| word.operand.clone()).collect();
            let before = self.locals.clone();
            for (index, operand) in arguments.into_iter().enumerate() {
                self.locals.insert((index + 1).to_string(), operand);
            }
            self.depth += 1;
            self.command(&body, reached);
            self.depth -= 1;
            self.locals.retain(|name, _| !name.bytes().all(|byte| byte.is_ascii_digit()));
            self.locals.extend(before.into_iter().filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_digit())));
            return;
        }
        let is_shell = matches!(program.as_str(), "bash" | "sh" | "dash" | "zsh");
        let script = command.words.iter().position(|word| matches!(word.text(), Some("-c" | "-ec" | "-lc" | "-exc")));
        let Some(inner) = script.filter(|_| is_shell).and_then(|at| command.words.get(at + 1)).cloned() else { return };
        let Some(text) = inner.text() else { return self.open(span) };
        let mut mapped = MappedText::new(inner.span.file, inner.span.start as usize);
        mapped.push(text, inner.span.range());
        let nested = shell::read(&mapped, Dialect::WORKFLOW);
        self.depth += 1;
        self.list(&nested.list, reached);
        self.depth -= 1;
    }
}

fn is_plain_item(text: &str) -> bool {
    !text.contains(['*', '?', '[', '{'])
}

/// `|| true` and `|| :`.
fn is_true(item: &Item) -> bool {
    let [command] = item.pipeline.commands.as_slice() else { return false };
    let CommandKind::Simple(simple) = &command.kind else { return false };
    let [word] = simple.words.as_slice() else { return false };
    matches!(word.pieces.as_slice(), [piece] if matches!(&piece.kind, shell::PieceKind::Literal(text) if matches!(&**text, "true" | ":")))
}

fn is_exit(item: &Item) -> bool {
    let [command] = item.pipeline.commands.as_slice() else { return false };
    let CommandKind::Simple(simple) = &command.kind else { return false };
    let first = simple.words.first().map(|word| word.pieces.as_slice());
    matches!(first, Some([piece]) if matches!(&piece.kind, shell::PieceKind::Literal(text) if &**text == "exit"))
}

/// Takes `sudo`, `env A=b`, `timeout 5` and the like from the front.
fn unwrap(mut words: Vec<Argument>) -> Vec<Argument> {
    const WRAPPERS: [&str; 14] = [
        "sudo", "env", "time", "timeout", "nohup", "exec", "command", "xvfb-run", "retry", "npx", "nice", "stdbuf",
        "builtin", "winpty",
    ];
    for _ in 0..8 {
        let Some(first) = words.first().and_then(Argument::text).map(str::to_owned) else { break };
        if !WRAPPERS.contains(&first.as_str()) || words.len() < 2 {
            break;
        }
        words.remove(0);
        while words.len() > 1 {
            let prefix = words[0].prefix();
            let text = words[0].text().unwrap_or("");
            let is_duration = matches!(first.as_str(), "timeout" | "retry" | "nice")
                && text.starts_with(|c: char| c.is_ascii_digit());
            let takes_value =
                matches!(text, "-u" | "-n" | "-s" | "-k" | "--user" | "--signal" | "-g") && first != "npx";
            if text.starts_with('-') || is_duration {
                let skipped = if takes_value && words.len() > 2 { 2 } else { 1 };
                words.drain(..skipped);
            } else if (first == "env" || first == "sudo") && prefix.contains('=') {
                words.remove(0);
            } else {
                break;
            }
        }
    }
    words
}
