//! One build: which stages the target needs, and what each hands on to the next.

use std::collections::BTreeSet;

use super::audit::{Case, usual_case};
use super::context::{Context, Tree};
use super::process::Process;
use super::reference::Reference;
use super::request::Request;
use super::scope::Scope;
use super::{concluded, texts, unknown, word};
use crate::eval::shell::{word_pieces, word_value};
use crate::model::image::{ImageBuild, Stage};
use crate::model::{Head, Id, Model, One};
use crate::source::{FileId, Span, nearest};
use crate::syntax::Sources;
use crate::syntax::dockerfile::{Arguments, Dockerfile, From, Instruction, Keyword};
use crate::syntax::shell::PieceKind;
use crate::value::{Origin, StepKind, Value};

/// What a stage has become so far.
#[derive(Clone)]
pub(super) struct State<'a> {
    pub(super) id: Id<Stage>,
    pub(super) scope: Scope,
    pub(super) user: Option<Value>,
    pub(super) entrypoint: Option<Process<'a>>,
    pub(super) command: Option<Process<'a>>,
    pub(super) healthcheck: Option<Value>,
    pub(super) exposes: Vec<Value>,
    /// Whether a WORKDIR set an absolute folder; nothing if that cannot be told.
    pub(super) has_workdir: Option<bool>,
    pub(super) workdir: Option<String>,
    pub(super) shell: Shell,
    pub(super) onbuild: Vec<&'a Instruction>,
    /// The base that is no stage, and the FROM of the stage itself.
    pub(super) base: Option<(String, Span)>,
    pub(super) from: Span,
    pub(super) is_scratch: bool,
}

/// What runs the shell form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shell {
    Posix,
    /// As `Posix`, and it stops at the first failure.
    PosixWithErrexit,
    /// As `Posix`, and a pipe fails with any of its parts.
    PosixWithPipefail,
    PosixWithBoth,
    Other,
}

pub(super) struct Builder<'a> {
    pub(super) model: &'a mut Model,
    pub(super) sources: &'a Sources<'a>,
    pub(super) file: FileId,
    pub(super) text: &'a str,
    pub(super) dockerfile: &'a Dockerfile,
    pub(super) request: &'a Request,
    pub(super) id: Id<ImageBuild>,
    pub(super) context: Context<'a>,
    pub(super) plan: Plan,
    /// How most keywords of the file are written.
    pub(super) usual_case: Case,
    /// How many commands and copies there were before this build's own.
    pub(super) n_commands: usize,
    pub(super) n_copies: usize,
    pub(super) states: Vec<State<'a>>,
}

/// The stages as their FROM lines name each other.
pub(super) struct Plan {
    /// Lower-case names; empty for stages without one.
    pub(super) names: Vec<String>,
    /// For each stage what the target makes of it; nothing if the target is not known.
    closures: Vec<Option<&'static str>>,
    target: Option<usize>,
    global: Scope,
}

pub(super) fn add<'a>(
    model: &'a mut Model,
    sources: &'a Sources<'a>,
    (file, dockerfile): (FileId, &'a Dockerfile),
    request: &'a Request,
    tree: &'a Tree,
) {
    let source = sources.world.file(file);
    if !dockerfile.instructions.iter().any(|instruction| instruction.keyword == Keyword::From) {
        return;
    }
    let id = model.image.image_builds.push(ImageBuild::new(Head::new(source.path.clone(), Span::file_start(file))));
    let plan = Plan::new(dockerfile, request);
    let context = Context::new(sources, &source.path, request, tree);
    let text = source.text().unwrap_or("");
    let usual_case = usual_case(dockerfile, text);
    let (n_commands, n_copies) = (model.image.commands.len(), model.image.copies.len());
    let mut builder = Builder {
        model,
        sources,
        file,
        text,
        dockerfile,
        request,
        id,
        context,
        plan,
        usual_case,
        n_commands,
        n_copies,
        states: Vec::new(),
    };
    builder.stages();
    builder.finish();
}

impl Plan {
    fn new(dockerfile: &Dockerfile, request: &Request) -> Plan {
        let global = global_scope(dockerfile, request);
        let mut names: Vec<String> = Vec::new();
        let mut parents: Vec<BTreeSet<usize>> = Vec::new();
        let mut bases: Vec<Option<usize>> = Vec::new();
        for instruction in &dockerfile.instructions {
            match &instruction.arguments {
                Arguments::From(from) => {
                    let base = word_value(&from.image, &global);
                    bases.push(base.as_str().and_then(|base| position(&names, base)));
                    names.push(from.name.as_ref().map(|name| name.text.to_lowercase()).unwrap_or_default());
                    parents.push(BTreeSet::new());
                }
                _ => {
                    let earlier = names.len().saturating_sub(1);
                    let known = &names[..earlier.min(names.len())];
                    let taken = taken_from(instruction).filter_map(|name| stage_number(known, &name));
                    if let Some(parents) = parents.last_mut() {
                        parents.extend(taken);
                    }
                }
            }
        }
        let target = match &request.target {
            None => names.len().checked_sub(1),
            Some(target) => target.as_str().and_then(|target| match target {
                "" => names.len().checked_sub(1),
                target => stage_number(&names, target),
            }),
        };
        let closures = closures(target, &bases, &parents);
        Plan { names, closures, target, global }
    }

    /// The value of an argument above the first FROM, for a stage that takes it over.
    pub(super) fn global_argument(&self, name: &str) -> Option<Value> {
        self.global.arguments.get(name).cloned()
    }
}

/// The earlier stage of this name; the latest of several.
fn position(names: &[String], name: &str) -> Option<usize> {
    let lower = name.to_lowercase();
    names.iter().rposition(|other| !other.is_empty() && *other == lower)
}

/// A stage by name or, in `--from`, by number.
pub(super) fn stage_number(names: &[String], name: &str) -> Option<usize> {
    position(names, name).or_else(|| name.parse().ok().filter(|number| *number < names.len()))
}

/// What COPY, ADD and the mounts of RUN take from.
fn taken_from(instruction: &Instruction) -> impl Iterator<Item = String> {
    let mut names = Vec::new();
    for flag in &instruction.flags {
        let Some(value) = flag.value.as_ref().and_then(|value| value.literal()) else { continue };
        match flag.name.as_str() {
            "from" => names.push(value.into_owned()),
            "mount" => names.extend(value.split(',').filter_map(|part| part.strip_prefix("from=")).map(str::to_owned)),
            _ => {}
        }
    }
    names.into_iter()
}

fn closures(target: Option<usize>, bases: &[Option<usize>], parents: &[BTreeSet<usize>]) -> Vec<Option<&'static str>> {
    let Some(target) = target else { return vec![None; bases.len()] };
    let mut closures = vec![Some("unused"); bases.len()];
    let mut chain = BTreeSet::new();
    let mut next = Some(target);
    while let Some(stage) = next {
        chain.insert(stage);
        // A base stands above its stage, so this ends.
        next = bases[stage];
    }
    let mut open: Vec<usize> = chain.iter().copied().collect();
    while let Some(stage) = open.pop() {
        for parent in parents[stage].iter().copied().chain(bases[stage]) {
            if closures[parent] == Some("unused") {
                closures[parent] = Some("reached");
                open.push(parent);
            }
        }
    }
    for stage in chain {
        closures[stage] = Some("chain");
    }
    closures
}

/// ARG above the first FROM.
fn global_scope(dockerfile: &Dockerfile, request: &Request) -> Scope {
    let mut scope = Scope { is_global: true, ..Scope::default() };
    for instruction in &dockerfile.instructions {
        match &instruction.arguments {
            Arguments::From(_) => break,
            Arguments::Pairs(pairs) if instruction.keyword == Keyword::Arg => {
                for pair in &pairs.pairs {
                    let Some(name) = pair.name.literal() else { continue };
                    let default = pair.value.as_ref().map(|value| word_value(value, &scope));
                    let value = request.arguments.get(&*name).cloned().or(default);
                    let value = value.unwrap_or_else(|| Scope::unset(&name, pair.span));
                    scope.arguments.insert(name.into_owned(), value);
                }
            }
            _ => {}
        }
    }
    scope
}

impl<'a> Builder<'a> {
    fn stages(&mut self) {
        let dockerfile = self.dockerfile;
        let last = last_of_kind(&dockerfile.instructions);
        for (instruction, is_last) in dockerfile.instructions.iter().zip(last) {
            if let Arguments::From(from) = &instruction.arguments {
                self.from(instruction, from);
            } else if !self.states.is_empty() {
                self.instruction(instruction, concluded(is_last));
            }
        }
    }

    /// What the target makes of the stage at hand; nothing if it is not known.
    pub(super) fn closure(&self) -> Option<&'static str> {
        self.plan.closures[self.states.len() - 1]
    }

    pub(super) fn state(&mut self) -> &mut State<'a> {
        self.states.last_mut().expect("instructions are read after a FROM only")
    }

    fn from(&mut self, instruction: &'a Instruction, from: &'a From) {
        let number = self.states.len();
        let name = self.plan.names[number].clone();
        let pieces = word_pieces(&from.image, &self.plan.global);
        let reference = Reference::new(&pieces, from.image.span);
        let shown = from.name.as_ref().map_or_else(|| reference.shown(), |name| name.text.clone());
        let mut head = Head::new(shown, from.name.as_ref().map_or(from.image.span, |name| name.span));
        head.block = instruction.span;
        let mut stage = Stage::new(head);
        let is_replaced = reference.known().is_some_and(|name| self.request.contexts.contains_key(name));
        let base = reference.known().filter(|_| !is_replaced);
        let base = base.and_then(|base| position(&self.plan.names[..number], base));
        let is_scratch = reference.known() == Some("scratch");
        let has_hole = reference.known().is_none();
        stage.is_from_scratch.set(if has_hole && pieces.len() == 1 {
            unknown("no-value", "base image", from.image.span)
        } else {
            concluded(is_scratch)
        });
        match self.plan.closures[number] {
            Some(closure) => stage.closure.set(word(closure)),
            None => stage.closure.set(unknown("no-value", "target of the build", from.image.span)),
        }
        if let Some(stage_name) = &from.name {
            stage.name.set(Value::text(&name, Origin::written(stage_name.span)));
            let repeats = self.plan.names[..number].contains(&name);
            stage.repeats_name.set(super::shown(repeats, stage_name.span));
        } else {
            stage.repeats_name.set(concluded(false));
        }
        if let Some(platform) = instruction.flag("platform").and_then(|flag| flag.value.as_ref()) {
            stage.platform.set(word_value(platform, &self.plan.global));
        }
        stage.undeclared_arguments.set(self.undeclared(from));
        self.audit_from(instruction, from, &mut stage);
        stage.image_build = One::to(self.id, Origin::none());
        stage.base_stage.origin = Origin::none();
        let image = reference.image();
        let external = (base.is_none() && !is_scratch)
            .then(|| (image.path.as_str().map_or_else(|| reference.shown(), str::to_owned), image.head.span));
        if let Some(base) = base {
            stage.base_stage = One::to(self.states[base].id, Origin::written(from.image.span));
        } else if is_replaced {
            // Whatever the build gives under this name.
            stage.base_image = One::unknown(
                crate::logic::Reason::at("no-value", "a named context", from.image.span),
                Origin::written(from.image.span),
            );
        } else if !is_scratch {
            let image = self.model.image.images.push(image);
            stage.base_image = One::to(image, Origin::written(from.image.span));
        }
        let id = self.model.image.stages.push(stage);
        let build = self.id;
        self.model[build].stages.push(id, Origin::written(from.image.span));
        self.begin(id, base, external, is_scratch, from.image.span);
    }

    /// The state of a new stage, with what its parent hands on.
    fn begin(
        &mut self,
        id: Id<Stage>,
        base: Option<usize>,
        external: Option<(String, Span)>,
        is_scratch: bool,
        from: Span,
    ) {
        let mut state = match base {
            Some(base) => State { id, from, ..self.states[base].clone() },
            None => State {
                id,
                scope: Scope { is_closed: is_scratch, ..Scope::default() },
                user: None,
                entrypoint: None,
                command: None,
                healthcheck: None,
                exposes: Vec::new(),
                has_workdir: Some(false),
                workdir: None,
                shell: Shell::Posix,
                onbuild: Vec::new(),
                base: external,
                from,
                is_scratch,
            },
        };
        if self.dockerfile.escape == b'`' {
            state.shell = Shell::Other;
        }
        let inherited = std::mem::take(&mut state.onbuild);
        self.states.push(state);
        for instruction in inherited {
            self.onbuild(instruction, from);
        }
    }

    fn undeclared(&self, from: &From) -> Value {
        let mut found = Vec::new();
        for piece in &from.image.pieces {
            let PieceKind::Variable(variable) = &piece.kind else { continue };
            if !self.plan.global.declares(&variable.name) && variable.operation.is_none() {
                let hint = nearest(&variable.name, self.plan.global.declared());
                let shown = hint.map_or_else(|| variable.name.clone(), |hint| format!("{} ({hint}?)", variable.name));
                found.push(Value::text(shown, Origin::written(piece.span)));
            }
        }
        texts(found, None, from.image.span)
    }

    /// What the target has become.
    fn finish(&mut self) {
        let (build, request) = (self.id, self.request);
        let path = self.sources.world.file(self.file).path.clone();
        let start = Span::file_start(self.file);
        let model = &mut *self.model;
        model[build].file.set(word(&path));
        match &request.context {
            Some(context) => model[build].context.set(word(context)),
            None => model[build].context.set(unknown("no-value", "context", start)),
        }
        model[build].is_git_context.set(concluded(request.is_git_context));
        if let Some(target) = &request.target {
            model[build].target.set(target.clone());
        }
        if let Some(platforms) = &request.platforms {
            model[build].platforms.set(split_list(platforms));
        }
        if let Some(place) = request.place {
            join_step(model, build, place);
        }
        model[build].tags.set(texts(request.tags.clone(), None, start));
        let written = self.written_secrets();
        self.model[build].written_secrets.set(written);
        match self.plan.target {
            Some(target) => {
                let state = self.states[target].clone();
                self.target(&state);
            }
            None => self.unknown_target(start),
        }
    }

    /// Files with a workflow's secret that a COPY of the chain takes: the write, then the COPY.
    fn written_secrets(&self) -> Value {
        let mut found = Vec::new();
        for (_, copy) in self.model.image.copies.added_since(self.n_copies) {
            let stage = copy.stage.id().map(|stage| &self.model[stage]);
            let is_ours =
                stage.is_some_and(|it| it.image_build.id() == Some(self.id) && it.closure.as_str() == Some("chain"));
            let is_external = copy.from_stage.id().is_none() && copy.from_image.id().is_none();
            let sources = copy.sources.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
            for source in sources.iter().filter(|_| is_ours && is_external) {
                let Some(path) = source.as_str() else { continue };
                for (written, place) in &self.request.written_secrets {
                    if self.context.takes(path, written) {
                        let at = source.origin.span().unwrap_or(copy.head.span);
                        let step = StepKind::Said("copied into the image");
                        found.push(Value::text(written, Origin::written(*place).then(step, at)));
                    }
                }
            }
        }
        texts(found, None, Span::file_start(self.file))
    }

    fn unknown_target(&mut self, place: Span) {
        let hole = || unknown("no-value", "target of the build", place);
        let build = &mut self.model[self.id];
        build.sets_user.set(hole());
        build.base_is_known.set(hole());
        build.user.set(hole());
        build.base_gives_root_up.set(hole());
        build.process.set(hole());
        build.process_form.set(hole());
        build.healthcheck.set(hole());
        build.loses_command.set(hole());
    }
}

/// `linux/amd64,linux/arm64` as a list.
fn split_list(written: &Value) -> Value {
    let Some(text) = written.as_str() else { return written.clone() };
    let parts = text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty());
    let items = parts.map(|part| Value::text(part, written.origin.clone())).collect();
    texts(items, None, written.origin.span().unwrap_or(Span::file_start(crate::source::FileId(0))))
}

/// The step of a workflow in which a build is written, with its job.
fn join_step(model: &mut Model, build: Id<ImageBuild>, place: Span) {
    let holds = |block: Span| block.file == place.file && block.start <= place.start && place.end <= block.end;
    let step = model.pipeline.steps.iter().find(|(_, step)| holds(step.head.block)).map(|(id, _)| id);
    if let Some(step) = step {
        let job = model[step].job.id();
        model[build].step = One::to(step, Origin::written(place));
        if let Some(job) = job {
            model[build].job = One::to(job, Origin::written(place));
        }
    }
}

/// For each instruction whether no later one of the same stage has the same keyword.
fn last_of_kind(instructions: &[Instruction]) -> Vec<bool> {
    let mut later: BTreeSet<Keyword> = BTreeSet::new();
    let mut last: Vec<bool> = Vec::with_capacity(instructions.len());
    for instruction in instructions.iter().rev() {
        last.push(later.insert(instruction.keyword));
        if instruction.keyword == Keyword::From {
            later.clear();
        }
    }
    last.reverse();
    last
}
