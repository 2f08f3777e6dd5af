//! What names mean in one job, at one step, in one of the ways the job begins: `env`, `inputs`, `needs`, `steps`,
//! `matrix`. Values are followed back to where they were written, over jobs, callers and scripts.

use std::rc::Rc;

use super::plan::{JobDoc, Plan, StartDoc, StepDoc};
use super::script;
use crate::eval::actions::{Charset, Control, Operand, Scope, github, read_template};
use crate::logic::Reason;
use crate::syntax::expression::Hole;
use crate::syntax::yaml::{Kind, Node};
use crate::value::{Origin, Value};

/// Values are followed over this many hops; what lies beyond is unknown.
const HOPS: u32 = 24;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Only what the workflow says.
    Workflow,
    Job,
    Step,
}

#[derive(Clone, Copy)]
pub(super) struct JobScope<'p, 'a> {
    pub(super) plan: &'p Plan<'a>,
    pub(super) job: usize,
    /// Without one, what only a run decides is unknown.
    pub(super) start: Option<&'p StartDoc>,
    /// The step where the expression stands; earlier ones have run.
    pub(super) step: Option<usize>,
    /// Entries of `env` at this level and above count.
    pub(super) level: Level,
    /// The composite action that the expression stands in, where no step says so.
    inside: Option<&'p Node>,
    hops: u32,
}

impl Scope for JobScope<'_, '_> {
    fn holes(&self, node: &Node) -> Rc<[Rc<Hole>]> {
        self.plan.parsed.holes(node)
    }

    fn lookup(&self, path: &[String]) -> Operand {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        if self.hops > HOPS {
            return Operand::unknown(Reason::new("too-many-hops", names.join(".")));
        }
        match names.as_slice() {
            ["github", "event", "inputs", name] if self.event() == Some("workflow_dispatch") => match self.choice(name)
            {
                Some(choice) => Operand::text(choice),
                None => self.dispatched(name),
            },
            ["github", ..] => match self.start() {
                Some(start) => github(&start.run, &path[1..]),
                None => Operand::unknown(Reason::new("run-time-value", names.join("."))),
            },
            ["env", name] => self.env(name),
            ["inputs", name] => self.input(name),
            ["needs", job, "outputs", name] => self.need(job, name),
            ["needs", _, "result"] => results(&names.join(".")),
            ["steps", id, "outputs", name] => self.output(id, name),
            ["steps", _, "outcome" | "conclusion"] => results(&names.join(".")),
            ["matrix", rest @ ..] => self.matrix(rest),
            ["secrets", ..] => Operand::setting("secret", &names.join(".")),
            ["vars", ..] => Operand::setting("repository-variable", &names.join(".")),
            ["runner" | "job" | "strategy", ..] => Operand::chosen(Control::Platform, Charset::Enum, &names.join(".")),
            ["env" | "needs" | "steps" | "inputs", ..] => {
                Operand::unknown(Reason::new("run-time-value", names.join(".")))
            }
            _ => Operand::unknown(Reason::new("unknown-context", names.join("."))),
        }
    }
}

fn results(name: &str) -> Operand {
    let among = ["success", "failure", "cancelled", "skipped"].map(str::to_owned);
    Operand::one_of(Control::Platform, name, among.to_vec())
}

impl<'p, 'a> JobScope<'p, 'a> {
    /// The scope of a job's own keys.
    pub(super) fn job(plan: &'p Plan<'a>, job: usize, start: Option<&'p StartDoc>) -> JobScope<'p, 'a> {
        JobScope { plan, job, start, step: None, level: Level::Job, inside: None, hops: 0 }
    }

    /// The scope of a step's keys.
    pub(super) fn step(plan: &'p Plan<'a>, job: usize, start: Option<&'p StartDoc>, step: usize) -> JobScope<'p, 'a> {
        JobScope { plan, job, start, step: Some(step), level: Level::Step, inside: None, hops: 0 }
    }

    /// The same place in another run.
    pub(super) fn begun_by(self, start: &'p StartDoc) -> JobScope<'p, 'a> {
        JobScope { start: Some(start), ..self }
    }

    pub(super) fn doc(&self) -> &'p JobDoc<'a> {
        &self.plan.jobs[self.job]
    }

    pub(super) fn step_doc(&self) -> Option<&'p StepDoc<'a>> {
        self.step.and_then(|step| self.doc().steps.get(step))
    }

    /// How the job begins, for whoever makes something of it.
    pub(super) fn start(&self) -> Option<&'p StartDoc> {
        self.plan.walks.depends_on_start.set(true);
        self.start
    }

    fn event(&self) -> Option<&str> {
        self.start().map(|start| start.run.event.as_str())
    }

    /// What is picked from a closed list in this start.
    fn choice(&self, name: &str) -> Option<&'p str> {
        self.start()?.run.choices.get(&name.to_lowercase()).map(String::as_str)
    }

    fn further(self) -> JobScope<'p, 'a> {
        JobScope { hops: self.hops + 1, ..self }
    }

    /// A step of this or another job of the same run; nothing where values have been followed far enough.
    pub(super) fn further_at(self, job: usize, step: usize) -> Option<JobScope<'p, 'a>> {
        let start = match job == self.job {
            true => self.start,
            false => {
                let starts = &self.plan.jobs[job].starts;
                self.start().and_then(|start| starts.iter().find(|other| other.begin == start.begin))
            }
        };
        let inside = JobScope { job, start, step: Some(step), level: Level::Step, inside: None, ..self.further() };
        (inside.hops <= HOPS).then_some(inside)
    }

    /// The scope of the outputs of a composite action, behind all of its steps.
    pub(super) fn behind(self, action: &'p Node, next: usize) -> JobScope<'p, 'a> {
        JobScope { step: Some(next), inside: Some(action), ..self.further() }
    }

    /// Reads a node in this scope.
    pub(super) fn read(&self, node: &Node) -> Operand {
        read_template(node, &self.further())
    }

    /// The value of an environment variable at this place, as a script or `env` reads it.
    pub(super) fn env(&self, name: &str) -> Operand {
        self.find_env(name).unwrap_or_else(|| Operand::setting("unset-variable", name))
    }

    pub(super) fn find_env(&self, name: &str) -> Option<Operand> {
        if let (true, Some(step)) = (self.level == Level::Step, self.step)
            && let Some(found) = self.step_env(step, name)
        {
            return Some(found);
        }
        if self.level >= Level::Job {
            if let Some(found) = self.written_env(name) {
                return Some(found);
            }
            let above = JobScope { level: Level::Workflow, ..*self };
            if let Some(found) = above.env_of(self.doc().node, name) {
                return Some(found);
            }
        }
        let above = JobScope { level: Level::Workflow, step: None, ..*self };
        above.env_of(self.plan.workflow_of(self.job).root, name)
    }

    /// A step's own entries, then those of the step that calls its composite action.
    fn step_env(&self, step: usize, name: &str) -> Option<Operand> {
        let doc = self.doc().steps.get(step)?;
        let above = JobScope { level: Level::Job, step: Some(step), ..*self };
        above.env_of(doc.node, name).or_else(|| {
            let caller = doc.caller?;
            JobScope { step: Some(caller), ..*self }.step_env(caller, name)
        })
    }

    fn env_of(&self, owner: &Node, name: &str) -> Option<Operand> {
        let env = owner.get("env")?;
        match env.kind() {
            Kind::Map(entries) => {
                let entry = entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(name))?;
                Some(self.read(&entry.value))
            }
            Kind::Null => None,
            _ => Some(Operand::unknown(Reason::at("computed-env", name, env.span))),
        }
    }

    /// What earlier steps of this job wrote into the environment file; the last one counts.
    fn written_env(&self, name: &str) -> Option<Operand> {
        let before = self.step.unwrap_or(self.doc().steps.len());
        (0..before).rev().find_map(|index| {
            let scope = JobScope { step: Some(index), level: Level::Step, ..self.further() };
            if scope.hops > HOPS {
                return None;
            }
            script::written(&scope, script::File::Environment, name)
        })
    }

    fn input(&self, name: &str) -> Operand {
        let inner = self.step_doc().filter(|step| step.action.is_some());
        if let Some(step) = inner {
            return self.action_input(step, name);
        }
        let Some(start) = self.start() else {
            return Operand::unknown(Reason::new("run-time-value", format!("inputs.{name}")));
        };
        if let Some(inputs) = &start.inputs {
            return match inputs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
                Some((_, operand)) => operand.clone(),
                None => self.call_default(name).unwrap_or_else(Operand::null),
            };
        }
        match start.run.event.as_str() {
            "workflow_dispatch" => self.dispatched(name),
            "workflow_call" => Operand {
                open: Some(Reason::new("callers-elsewhere", format!("inputs.{name}"))),
                ..Operand::chosen(Control::Writer, Charset::Text, &format!("inputs.{name}"))
            },
            _ => Operand::null(),
        }
    }

    fn trigger_input(&self, event: &str, name: &str) -> Option<&'p Node> {
        let triggers = &self.plan.workflow_of(self.job).triggers;
        let inputs = triggers.iter().find(|trigger| trigger.event == event)?.node?.get("inputs")?;
        inputs.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(name)).map(|entry| &entry.value)
    }

    fn call_default(&self, name: &str) -> Option<Operand> {
        let default = self.trigger_input("workflow_call", name)?.get("default")?;
        Some(self.read(default))
    }

    /// What whoever starts the run by hand may fill in.
    fn dispatched(&self, name: &str) -> Operand {
        let full = format!("inputs.{name}");
        let Some(input) = self.trigger_input("workflow_dispatch", name) else { return Operand::null() };
        let kind = input.get("type").and_then(Node::scalar_text).unwrap_or("string");
        if let Some(choice) = self.choice(name) {
            return match kind {
                "boolean" => Operand::known(Value::bool(choice == "true", Origin::none())),
                _ => Operand::text(choice),
            };
        }
        match kind {
            "choice" => {
                let options = input.get("options").map(Node::items).unwrap_or_default();
                let among: Vec<String> = options.iter().filter_map(Node::scalar_text).map(str::to_owned).collect();
                Operand::one_of(Control::Closed, &full, among)
            }
            "boolean" => Operand::one_of(Control::Closed, &full, vec!["true".to_owned(), "false".to_owned()]),
            "number" => Operand::chosen(Control::Closed, Charset::Number, &full),
            "environment" => Operand::chosen(Control::Closed, Charset::Name, &full),
            _ => Operand::chosen(Control::Writer, Charset::Line, &full),
        }
    }

    /// An input of a composite action: what the calling step passes, or the default.
    fn action_input(&self, step: &StepDoc<'a>, name: &str) -> Operand {
        let Some(caller) = step.caller else { return Operand::null() };
        let outside = JobScope { step: Some(caller), level: Level::Step, ..self.further() };
        let passed = outside.step_doc().and_then(|doc| doc.node.get("with"));
        let passed = passed.and_then(|with| with.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(name)));
        if let Some(entry) = passed {
            return outside.read(&entry.value);
        }
        let declared = step.action.and_then(|action| action.at(&["inputs"])).map(Node::entries).unwrap_or_default();
        let declared = declared.iter().find(|entry| entry.key.eq_ignore_ascii_case(name));
        match declared.and_then(|entry| entry.value.get("default")) {
            Some(default) => outside.read(default),
            None => Operand::text(""),
        }
    }

    /// An output of a needed job.
    fn need(&self, job: &str, name: &str) -> Operand {
        let needed =
            self.doc().needs.iter().copied().find(|index| self.plan.jobs[*index].key.eq_ignore_ascii_case(job));
        let Some(needed) = needed else { return Operand::null() };
        self.job_output(needed, name)
    }

    fn job_output(&self, job: usize, name: &str) -> Operand {
        let doc = &self.plan.jobs[job];
        let start = self.start.and_then(|start| doc.starts.iter().find(|other| other.begin == start.begin));
        let inside = JobScope { job, start, step: None, level: Level::Job, ..self.further() };
        if let Some(callee) = doc.callee {
            return inside.callee_output(callee, name);
        }
        if doc.node.get("uses").is_some() {
            return Operand::unknown(Reason::at("other-repository", format!("needs.{}", doc.key), doc.key_span));
        }
        let outputs = doc.node.get("outputs").map(Node::entries).unwrap_or_default();
        match outputs.iter().find(|entry| entry.key.eq_ignore_ascii_case(name)) {
            Some(entry) => inside.read(&entry.value),
            None => Operand::null(),
        }
    }

    /// `on.workflow_call.outputs` of a called workflow: one of its jobs' outputs.
    fn callee_output(&self, callee: usize, name: &str) -> Operand {
        let doc = &self.plan.workflows[callee];
        let call = doc.triggers.iter().find(|trigger| trigger.event == "workflow_call").and_then(|it| it.node);
        let outputs = call.and_then(|call| call.get("outputs")).map(Node::entries).unwrap_or_default();
        let output = outputs.iter().find(|entry| entry.key.eq_ignore_ascii_case(name));
        let Some(value) = output.and_then(|entry| entry.value.get("value")) else { return Operand::null() };
        read_template(value, &CallScope { inner: self.further(), callee })
    }

    /// An output of an earlier step.
    fn output(&self, id: &str, name: &str) -> Operand {
        let steps = &self.doc().steps;
        let before = self.step.unwrap_or(steps.len());
        let action = self.inside.or(self.step_doc().and_then(|step| step.action));
        let found = (0..before).rev().find(|index| {
            let step = &steps[*index];
            let same_file = match (step.action, action) {
                (Some(a), Some(b)) => std::ptr::eq(a, b),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            same_file && step.key.as_deref() == Some(id)
        });
        let Some(index) = found else { return Operand::null() };
        let inside = JobScope { step: Some(index), level: Level::Step, ..self.further() };
        super::output::of_step(&inside, index, name)
    }

    /// One value per row of the matrix.
    fn matrix(&self, path: &[&str]) -> Operand {
        let full = format!("matrix.{}", path.join("."));
        let Some(matrix) = self.doc().node.at(&["strategy", "matrix"]) else { return Operand::null() };
        let Some((name, rest)) = path.split_first() else {
            return Operand::unknown(Reason::at("run-time-value", full, matrix.span));
        };
        let Kind::Map(entries) = matrix.kind() else {
            return self.read(matrix);
        };
        let mut operands = Vec::new();
        for entry in entries {
            if entry.key.eq_ignore_ascii_case(name) {
                match entry.value.kind() {
                    Kind::List(items) => operands.extend(items.iter().map(|item| self.row_value(item, rest))),
                    _ => operands.push(self.read(&entry.value)),
                }
            } else if &*entry.key == "include" {
                for row in entry.value.items() {
                    let member = row.entries().iter().find(|member| member.key.eq_ignore_ascii_case(name));
                    operands.extend(member.map(|member| self.row_value(&member.value, rest)));
                }
            }
        }
        one_of_rows(operands, &full)
    }

    fn row_value(&self, node: &Node, rest: &[&str]) -> Operand {
        match rest.iter().try_fold(node, |node, key| {
            node.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(key)).map(|entry| &entry.value)
        }) {
            Some(node) => self.read(node),
            None => Operand::null(),
        }
    }
}

/// A value per row: one of a closed set if all rows are written out.
fn one_of_rows(operands: Vec<Operand>, name: &str) -> Operand {
    if operands.len() == 1 {
        return operands.into_iter().next().unwrap_or_else(Operand::null);
    }
    if operands.is_empty() {
        return Operand::null();
    }
    let known: Option<Vec<String>> = operands
        .iter()
        .map(|operand| operand.value.as_text().and_then(|text| text.known().map(str::to_owned)))
        .collect();
    let mut joined = match known {
        Some(among) => Operand::one_of(Control::Closed, name, among),
        None => Operand::setting("run-time-value", name),
    };
    for operand in operands {
        joined.take_shares(&operand);
    }
    joined
}

/// The names inside `on.workflow_call.outputs`: the jobs of the called workflow.
struct CallScope<'p, 'a> {
    inner: JobScope<'p, 'a>,
    callee: usize,
}

impl Scope for CallScope<'_, '_> {
    fn holes(&self, node: &Node) -> Rc<[Rc<Hole>]> {
        self.inner.plan.parsed.holes(node)
    }

    fn lookup(&self, path: &[String]) -> Operand {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let ["jobs", job, "outputs", name] = names.as_slice() else { return self.inner.lookup(path) };
        let jobs = &self.inner.plan.workflows[self.callee].jobs;
        let found = jobs.iter().copied().find(|index| self.inner.plan.jobs[*index].key.eq_ignore_ascii_case(job));
        match found {
            Some(index) => self.inner.job_output(index, name),
            None => Operand::null(),
        }
    }
}
