//! The ways in which each job begins: triggers with their filters, the jobs' conditions, the jobs they need, and the
//! workflows that call them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::gate::{self, Gate};
use super::plan::{Plan, StartDoc};
use super::scope::JobScope;
use super::trigger::OUTSIDERS_IN_TRUST;
use crate::eval::actions::{Control, Operand, Outcome, RefPattern, Run, RunSource, truth};
use crate::logic::Reason;
use crate::model::pipeline::{Start, Trigger};
use crate::model::{Head, Id, Model, One};
use crate::source::Span;
use crate::syntax::expression::Condition;
use crate::syntax::yaml::Node;
use crate::value::{Origin, Value};

/// Workflows may call each other this deep, and a job may begin in this many ways.
const CALL_DEPTH: usize = 10;
const STARTS: usize = 48;
const PARENT_DEPTH: usize = 4;

/// A run of a workflow before its jobs are looked at.
#[derive(Clone)]
struct Begin {
    run: Run,
    trigger: Id<Trigger>,
    span: Span,
    maybe: Option<Reason>,
}

/// How a workflow is entered: by its own trigger, or called by a job.
struct Entry {
    begin: usize,
    base: Begin,
    /// What all of its starts say.
    start: Start,
    inputs: Option<Arc<HashMap<String, Operand>>>,
    caller: Option<(usize, usize)>,
    callers: Vec<usize>,
}

impl Entry {
    /// By a trigger of the workflow itself.
    fn own(plan: &Plan<'_>, begin: usize, base: Begin) -> Entry {
        let start = common(plan, begin, &base);
        Entry { begin, base, start, inputs: None, caller: None, callers: Vec::new() }
    }
}

/// Finds all starts, puts them into the model and beside it.
pub(super) fn lower(model: &mut Model, plan: &mut Plan<'_>) {
    let mut n_begins = 0;
    for workflow in 0..plan.workflows.len() {
        for base in begins(plan, workflow, 0) {
            n_begins += 1;
            let entry = Entry::own(plan, n_begins, base);
            enter(model, plan, workflow, &entry);
        }
    }
    // What nobody here calls is called from elsewhere, with whatever rights and inputs.
    for workflow in 0..plan.workflows.len() {
        let is_called = plan.jobs.iter().any(|job| job.callee == Some(workflow));
        let call = plan.workflows[workflow].triggers.iter().find(|trigger| trigger.event == "workflow_call");
        if let (false, Some(call)) = (is_called, call) {
            n_begins += 1;
            let reason = Reason::at("callers-elsewhere", "workflow_call", call.span);
            let mut run = plain_run(plan, "workflow_call", RefPattern::Below("refs/".to_owned()), Control::Writer);
            run.source = RunSource::Base;
            let base = Begin { run, trigger: call.id, span: call.span, maybe: Some(reason) };
            let entry = Entry::own(plan, n_begins, base);
            enter(model, plan, workflow, &entry);
        }
    }
}

/// Walks the jobs of a workflow in the order in which they need each other.
fn enter(model: &mut Model, plan: &mut Plan<'_>, workflow: usize, entry: &Entry) {
    let mut ran: HashMap<usize, Passage> = HashMap::new();
    for job in order(plan, workflow) {
        let needs = needed(plan, job, entry, &ran);
        let verdict = judge(plan, job, entry, needs);
        let (outcome, who) = (verdict.outcome, verdict.who);
        let behind = behind(plan, job, entry, &verdict);
        ran.insert(job, behind);
        if outcome == Outcome::No || plan.jobs[job].starts.len() >= STARTS {
            continue;
        }
        let maybe = match outcome {
            Outcome::Unknown => Some(verdict.reason.unwrap_or_else(|| unknown_reason(plan, job, entry))),
            Outcome::No | Outcome::Either | Outcome::Yes => entry.base.maybe.clone(),
        };
        let number = add(model, plan, job, entry, who, maybe.clone());
        let callee = plan.jobs[job].callee;
        if let Some(callee) = callee.filter(|_| entry.callers.len() < CALL_DEPTH && !entry.callers.contains(&job)) {
            let inputs = passed_inputs(plan, job, number);
            let mut callers = entry.callers.clone();
            callers.push(job);
            let mut base = entry.base.clone();
            base.run.who = who;
            base.maybe = maybe;
            let inner = Entry {
                begin: entry.begin,
                start: common(plan, entry.begin, &base),
                base,
                inputs: Some(Arc::new(inputs)),
                caller: Some((job, number)),
                callers,
            };
            enter(model, plan, callee, &inner);
        }
    }
}

/// Jobs of a workflow, each behind those it needs; members of a cycle never run.
fn order(plan: &Plan<'_>, workflow: usize) -> Vec<usize> {
    let jobs = &plan.workflows[workflow].jobs;
    let mut sorted: Vec<usize> = Vec::with_capacity(jobs.len());
    loop {
        let before = sorted.len();
        for job in jobs {
            if !sorted.contains(job) && plan.jobs[*job].needs.iter().all(|need| sorted.contains(need)) {
                sorted.push(*job);
            }
        }
        if sorted.len() == before {
            return sorted;
        }
    }
}

/// Whether a run comes to a place, whose run it is there, and what decides if that is not known.
#[derive(Clone)]
struct Passage {
    outcome: Outcome,
    who: Control,
    reason: Option<Reason>,
}

impl Passage {
    /// Both: whoever had to have rights for one has them for the other.
    fn and(self, other: &Passage) -> Passage {
        let reason = self.reason.or_else(|| other.reason.clone());
        Passage { outcome: self.outcome.and(other.outcome), who: self.who.min(other.who), reason }
    }
}

/// Whether a run gets past the jobs that a job needs.
fn needed(plan: &Plan<'_>, job: usize, entry: &Entry, ran: &HashMap<usize, Passage>) -> Passage {
    let who = entry.base.run.who;
    let never = Passage { outcome: Outcome::No, who, reason: None };
    let start = Passage { outcome: Outcome::Yes, who, reason: None };
    plan.jobs[job].needs.iter().fold(start, |passage, need| passage.and(ran.get(need).unwrap_or(&never)))
}

/// Whether a job runs and whose run it is then.
fn judge(plan: &Plan<'_>, job: usize, entry: &Entry, needs: Passage) -> Passage {
    let start = draft(entry, entry.base.run.clone());
    let Some(node) = plan.jobs[job].node.get("if") else { return needs };
    let outcome = decide(plan, job, None, &start, node);
    let text = node.scalar_text().unwrap_or("").to_lowercase();
    let is_cut = ["always()", "failure()", "cancelled()"].iter().any(|call| text.contains(call));
    let own = Passage { outcome, who: held_by(plan, job, None, entry, node, outcome), reason: None };
    if is_cut { own } else { own.and(&needs) }
}

/// Who gets past a job: a step of it may have asked for rights.
fn behind(plan: &Plan<'_>, job: usize, entry: &Entry, passage: &Passage) -> Passage {
    let mut behind = passage.clone();
    let start = draft(entry, entry.base.run.clone());
    if passage.who != Control::Outsider || !is_trusted(&start.run) {
        return behind;
    }
    let reason = match gate::in_job(plan, job, &start) {
        Some((_, Gate::Refuses)) => {
            behind.who = Control::Writer;
            return behind;
        }
        Some((_, Gate::Decides(reason))) => Some(reason),
        None => gate::elsewhere(plan, job),
    };
    if let Some(reason) = reason {
        behind.outcome = behind.outcome.and(Outcome::Unknown);
        behind.reason = behind.reason.or(Some(reason));
    }
    behind
}

/// A start that is not in the model yet, to evaluate conditions with.
fn draft(entry: &Entry, run: Run) -> StartDoc {
    StartDoc {
        id: Id::new(0),
        run,
        inputs: entry.inputs.clone(),
        begin: entry.begin,
        maybe: None,
        steps: Vec::new(),
        is_trusted: false,
        caller: entry.caller,
    }
}

/// Whether an `if` holds in a start.
pub(super) fn decide(plan: &Plan<'_>, job: usize, step: Option<usize>, start: &StartDoc, node: &Node) -> Outcome {
    let scope = match step {
        Some(step) => JobScope::step(plan, job, Some(start), step),
        None => JobScope::job(plan, job, Some(start)),
    };
    if node.tag.is_some() {
        return Outcome::Unknown;
    }
    if let Some(value) = node.as_bool() {
        return Outcome::from(value);
    }
    let Some(condition) = plan.parsed.condition(node) else { return Outcome::Unknown };
    match &*condition {
        Condition::Expression(Ok(expression)) => truth(expression, &scope),
        Condition::Expression(Err(_)) => Outcome::Unknown,
        Condition::AlwaysTrue(_) => Outcome::Yes,
    }
}

/// An outsider's run that passes only if somebody with rights sets a label is that person's.
fn held_by(plan: &Plan<'_>, job: usize, step: Option<usize>, entry: &Entry, node: &Node, outcome: Outcome) -> Control {
    let who = entry.base.run.who;
    if who != Control::Outsider || outcome == Outcome::No {
        return who;
    }
    let mut run = entry.base.run.clone();
    run.has_labels = false;
    match decide(plan, job, step, &draft(entry, run), node) {
        Outcome::No => Control::Reviewer,
        Outcome::Unknown | Outcome::Either | Outcome::Yes => who,
    }
}

fn unknown_reason(plan: &Plan<'_>, job: usize, entry: &Entry) -> Reason {
    if let Some(reason) = &entry.base.maybe {
        return reason.clone();
    }
    let doc = &plan.jobs[job];
    let place = doc.node.get("if").map_or(doc.key_span, |node| node.span);
    Reason::at("condition-not-known", format!("jobs.{}.if", doc.key), place)
}

fn add(
    model: &mut Model,
    plan: &mut Plan<'_>,
    job: usize,
    entry: &Entry,
    who: Control,
    maybe: Option<Reason>,
) -> usize {
    let mut run = entry.base.run.clone();
    run.who = who;
    let is_trusted = is_trusted(&run);
    let mut doc = StartDoc { maybe: maybe.clone(), is_trusted, ..draft(entry, run.clone()) };
    let origin = Origin::written(entry.base.span);
    let name = format!("{} of {}", plan.jobs[job].key, run.event);
    let mut start = Start { head: Head::new(name, entry.base.span), ..entry.start.clone() };
    if who != entry.base.run.who {
        start.who.set(word_of(who, &origin));
    }
    if maybe.is_some() != entry.base.maybe.is_some() {
        start.maybe.set(Value::bool(maybe.is_some(), origin.clone()));
    }
    start.job = One::to(plan.jobs[job].id, origin.clone());
    for caller in &entry.callers {
        start.callers.push(plan.jobs[*caller].id, Origin::written(plan.jobs[*caller].key_span));
    }
    let mut outcomes: Vec<Outcome> =
        (0..plan.jobs[job].steps.len()).map(|step| step_runs(plan, job, step, &doc)).collect();
    // Behind a step that asks for rights, nothing is said to be an outsider's.
    let asks = (who == Control::Outsider && is_trusted).then(|| gate::in_job(plan, job, &doc)).flatten();
    if let Some((at, _)) = &asks {
        start.steps.open(Reason::at(gate::CHECKED, "uses", plan.jobs[job].steps[*at].node.span));
    }
    for (index, (step, outcome)) in plan.jobs[job].steps.iter().zip(&mut outcomes).enumerate() {
        let is_behind = asks.as_ref().is_some_and(|(gate, _)| index > *gate);
        if is_behind {
            *outcome = (*outcome).and(Outcome::Unknown);
        }
        match outcome {
            Outcome::Yes | Outcome::Either => start.steps.push(step.id, origin.clone()),
            Outcome::Unknown => start.steps.open(Reason::at("condition-not-known", "if", step.node.span)),
            Outcome::No => {}
        }
    }
    start.steps.members.shrink_to_fit();
    let id = model.pipeline.starts.push(start);
    model[plan.jobs[job].id].starts.push(id, origin);
    doc.id = id;
    doc.steps = outcomes;
    plan.jobs[job].starts.push(doc);
    plan.jobs[job].starts.len() - 1
}

fn word_of(who: Control, origin: &Origin) -> Value {
    Value::text(if who == Control::Closed { "writer" } else { who.word() }, origin.clone())
}

/// What the starts of all jobs of a run have in common.
fn common(plan: &Plan<'_>, begin: usize, base: &Begin) -> Start {
    let run = &base.run;
    let origin = Origin::written(base.span);
    let set = |value: &str| Value::text(value, origin.clone());
    let mut start = Start::new(Head::new(run.event.as_str(), base.span));
    start.event.set(set(&run.event));
    start.begin.set(Value::number(begin as i64, origin.clone()));
    start.source.set(set(run.source.word()));
    start.who.set(word_of(run.who, &origin));
    start.controls.set(set(controls(run)));
    start.is_trusted.set(Value::bool(is_trusted(run), origin.clone()));
    start.maybe.set(Value::bool(base.maybe.is_some(), origin.clone()));
    match &run.git_ref {
        RefPattern::Exact(text) => start.git_ref.set(set(text)),
        RefPattern::Below(text) => start.git_ref.set(below(text, &origin)),
        RefPattern::DefaultBranch => {
            let name = plan.default_branch.as_deref();
            let unknown = Value::unknown(Reason::new("unknown-default-branch", "github.ref"), origin.clone());
            start.git_ref.set(name.map_or(unknown, |name| set(&format!("refs/heads/{name}"))));
        }
    }
    start.trigger = One::to(base.trigger, origin);
    start
}

fn below(prefix: &str, origin: &Origin) -> Value {
    use crate::value::{Kind, Piece, Text};
    let hole = Value::unknown(Reason::new("chosen-by-writer", "github.ref"), origin.clone());
    let pieces = [Piece::Literal(prefix.into(), origin.clone()), Piece::Hole(Box::new(hole))];
    Value::new(Kind::Text(Text::from_pieces(pieces)), origin.clone())
}

/// A step runs if its `if` holds and the step that calls its composite action runs.
fn step_runs(plan: &Plan<'_>, job: usize, step: usize, start: &StartDoc) -> Outcome {
    let doc = &plan.jobs[job].steps[step];
    let own = match doc.node.get("if") {
        Some(node) => decide(plan, job, Some(step), start, node),
        None => Outcome::Yes,
    };
    match doc.caller {
        Some(caller) => own.and(step_runs(plan, job, caller, start)),
        None => own,
    }
}

/// Whether a run has the rights of the default branch although somebody from outside may have begun it.
fn is_trusted(run: &Run) -> bool {
    OUTSIDERS_IN_TRUST.contains(&run.event.as_str())
        || (run.event.starts_with("pull_request_review") && run.source == RunSource::Same)
}

fn controls(run: &Run) -> &'static str {
    match (run.event.as_str(), run.source) {
        ("workflow_run", RunSource::Fork) => "artifact",
        ("pull_request_review" | "pull_request_review_comment", RunSource::Same) => "text",
        (_, RunSource::Fork | RunSource::Same) => "code",
        ("push" | "workflow_dispatch" | "create" | "delete" | "release" | "merge_group" | "registry_package", _) => {
            "code"
        }
        ("schedule" | "watch" | "fork", _) => "nothing",
        _ => "text",
    }
}

/// The values that a caller passes, evaluated where it stands.
fn passed_inputs(plan: &Plan<'_>, job: usize, start: usize) -> HashMap<String, Operand> {
    let doc = &plan.jobs[job];
    let scope = JobScope::job(plan, job, doc.starts.get(start));
    let with = doc.node.get("with").map(Node::entries).unwrap_or_default();
    with.iter().map(|entry| (entry.key.to_lowercase(), scope.read(&entry.value).at(entry.span()))).collect()
}

fn plain_run(plan: &Plan<'_>, event: &str, git_ref: RefPattern, who: Control) -> Run {
    Run {
        event: event.to_owned(),
        activities: Vec::new(),
        git_ref,
        source: RunSource::Base,
        who,
        choices: BTreeMap::new(),
        has_labels: true,
        is_merged: None,
        parent_event: None,
        repository: plan.repository.clone(),
        default_branch: plan.default_branch.clone(),
    }
}

/// All runs that the triggers of a workflow begin.
fn begins(plan: &Plan<'_>, workflow: usize, depth: usize) -> Vec<Begin> {
    let mut found = Vec::new();
    for trigger in &plan.workflows[workflow].triggers {
        let runs = match trigger.event.as_str() {
            "workflow_call" => Vec::new(),
            "workflow_run" => parents(plan, trigger.node, depth),
            "workflow_dispatch" => picked(plan, workflow, trigger.node),
            _ => runs_of(plan, &trigger.event, trigger.node),
        };
        for (run, maybe) in runs {
            found.push(Begin { run, trigger: trigger.id, span: trigger.span, maybe });
        }
    }
    found
}

/// Runs that somebody starts by hand, one for each choice that some job's condition asks for.
fn picked(plan: &Plan<'_>, workflow: usize, node: Option<&Node>) -> Vec<(Run, Option<Reason>)> {
    const COMBINATIONS: usize = 24;
    let mut runs = runs_of(plan, "workflow_dispatch", node);
    let jobs = &plan.workflows[workflow].jobs;
    let conditions: Vec<String> = jobs
        .iter()
        .filter_map(|job| plan.jobs[*job].node.get("if").and_then(Node::scalar_text))
        .map(str::to_lowercase)
        .collect();
    for input in node.and_then(|node| node.get("inputs")).map(Node::entries).unwrap_or_default() {
        let name = input.key.to_lowercase();
        let options: Vec<String> = match input.value.get("type").and_then(Node::scalar_text) {
            Some("boolean") => vec!["true".to_owned(), "false".to_owned()],
            Some("choice") => names(Some(&input.value), "options").unwrap_or_default(),
            _ => continue,
        };
        let is_asked = conditions.iter().any(|text| text.contains(&format!("inputs.{name}")));
        if !is_asked || options.is_empty() || runs.len() * options.len() > COMBINATIONS {
            continue;
        }
        let with = |(run, maybe): &(Run, Option<Reason>), option: &String| {
            let mut run = run.clone();
            run.choices.insert(name.clone(), option.clone());
            (run, maybe.clone())
        };
        runs = runs.iter().flat_map(|run| options.iter().map(move |option| with(run, option))).collect();
    }
    runs
}

fn names(node: Option<&Node>, key: &str) -> Option<Vec<String>> {
    let node = node?.get(key)?;
    match node.scalar_text() {
        Some(text) => Some(vec![text.to_owned()]),
        None => Some(node.items().iter().filter_map(Node::scalar_text).map(str::to_owned).collect()),
    }
}

fn runs_of(plan: &Plan<'_>, event: &str, node: Option<&Node>) -> Vec<(Run, Option<Reason>)> {
    let activities = names(node, "types").unwrap_or_default();
    let make = |git_ref: RefPattern, source: RunSource, who: Control| {
        let base = plain_run(plan, event, git_ref, who);
        let activities = match (event, activities.is_empty()) {
            ("pull_request" | "pull_request_target", true) => {
                ["opened", "synchronize", "reopened"].map(str::to_owned).to_vec()
            }
            _ => activities.clone(),
        };
        (Run { source, activities, ..base }, None)
    };
    let pull = || RefPattern::Below("refs/pull/".to_owned());
    // Only people with rights cause these.
    const HELD: [&str; 11] = [
        "labeled",
        "unlabeled",
        "assigned",
        "unassigned",
        "milestoned",
        "demilestoned",
        "locked",
        "unlocked",
        "review_requested",
        "review_request_removed",
        "pinned",
    ];
    let all_held = !activities.is_empty() && activities.iter().all(|it| HELD.contains(&it.as_str()));
    let outsider = if all_held { Control::Reviewer } else { Control::Outsider };
    match event {
        "push" => pushed(node).into_iter().map(|git_ref| make(git_ref, RunSource::Base, Control::Writer)).collect(),
        "pull_request" => {
            let merged = make(RefPattern::Below("refs/heads/".to_owned()), RunSource::Base, Control::Writer);
            let runs = [make(pull(), RunSource::Same, Control::Writer), make(pull(), RunSource::Fork, outsider)];
            merged_or_not(runs, merged)
        }
        "pull_request_target" => {
            let default = |source, who| make(RefPattern::DefaultBranch, source, who);
            let runs = [default(RunSource::Same, Control::Writer), default(RunSource::Fork, outsider)];
            merged_or_not(runs, default(RunSource::Base, Control::Writer))
        }
        "pull_request_review" | "pull_request_review_comment" => {
            vec![make(pull(), RunSource::Same, Control::Outsider), make(pull(), RunSource::Fork, Control::Outsider)]
        }
        "workflow_dispatch" => {
            vec![make(RefPattern::Below("refs/".to_owned()), RunSource::Base, Control::Writer)]
        }
        "schedule" => vec![make(RefPattern::DefaultBranch, RunSource::Base, Control::Platform)],
        "merge_group" => {
            let queue = RefPattern::Below("refs/heads/gh-readonly-queue/".to_owned());
            vec![make(queue, RunSource::Base, Control::Merged)]
        }
        "release" => vec![make(RefPattern::Below("refs/tags/".to_owned()), RunSource::Base, Control::Writer)],
        "create" | "delete" | "registry_package" | "page_build" => {
            vec![make(RefPattern::Below("refs/".to_owned()), RunSource::Base, Control::Writer)]
        }
        "repository_dispatch" | "label" | "milestone" | "branch_protection_rule" | "public" => {
            vec![make(RefPattern::DefaultBranch, RunSource::Base, Control::Writer)]
        }
        event if OUTSIDERS_IN_TRUST.contains(&event) => {
            let members = (outsider == Control::Outsider)
                .then(|| make(RefPattern::DefaultBranch, RunSource::Base, Control::Writer));
            let mut runs = vec![make(RefPattern::DefaultBranch, RunSource::Base, outsider)];
            runs.extend(members);
            runs
        }
        event => {
            let (run, _) = make(RefPattern::DefaultBranch, RunSource::Base, Control::Writer);
            vec![(run, Some(Reason::new("unknown-event", event)))]
        }
    }
}

/// The runs for a pull request: whoever merges it begins the one that follows, with what is then the repository's code.
fn merged_or_not(runs: [(Run, Option<Reason>); 2], merged: (Run, Option<Reason>)) -> Vec<(Run, Option<Reason>)> {
    let is_about_end = |run: &Run| run.activities.iter().any(|activity| activity == "closed");
    let behind = Some(merged)
        .filter(|(run, _)| is_about_end(run))
        .map(|(run, maybe)| (Run { is_merged: Some(true), activities: vec!["closed".to_owned()], ..run }, maybe));
    let before = runs.map(|(run, maybe)| (Run { is_merged: Some(false), ..run }, maybe));
    before.into_iter().chain(behind).collect()
}

/// The refs that a `push` trigger admits; several literal branches are several ways.
fn pushed(node: Option<&Node>) -> Vec<RefPattern> {
    let filters = [("branches", "refs/heads/"), ("tags", "refs/tags/")];
    let has = |key: &str| node.and_then(|node| node.get(key)).is_some();
    let has_branches = has("branches") || has("branches-ignore");
    let has_tags = has("tags") || has("tags-ignore");
    let mut refs = Vec::new();
    for (key, prefix) in filters {
        let (own, other) = if key == "branches" { (has_branches, has_tags) } else { (has_tags, has_branches) };
        match names(node, key) {
            Some(patterns) => {
                let admitted = patterns.iter().filter(|pattern| !pattern.starts_with('!'));
                refs.extend(admitted.map(|pattern| pattern_of(prefix, pattern)));
            }
            None if own || !other => refs.push(RefPattern::Below(prefix.to_owned())),
            None => {}
        }
    }
    refs.sort();
    refs.dedup();
    refs
}

fn pattern_of(prefix: &str, pattern: &str) -> RefPattern {
    match pattern.find(['*', '?', '+', '[', '\\']) {
        None => RefPattern::Exact(format!("{prefix}{pattern}")),
        Some(at) => {
            // `?` and `+` repeat the character before them.
            let known = if pattern[at..].starts_with(['?', '+']) { at.saturating_sub(1) } else { at };
            RefPattern::Below(format!("{prefix}{}", pattern.get(..known).unwrap_or("")))
        }
    }
}

/// The runs that the end of other workflows begins.
fn parents(plan: &Plan<'_>, node: Option<&Node>, depth: usize) -> Vec<(Run, Option<Reason>)> {
    let wanted = names(node, "workflows").unwrap_or_default();
    let mut found: Vec<(Run, Option<Reason>)> = Vec::new();
    let child = |source: RunSource, who: Control, parent: Option<&str>| {
        let base = plain_run(plan, "workflow_run", RefPattern::DefaultBranch, who);
        Run { source, parent_event: parent.map(str::to_owned), ..base }
    };
    for name in &wanted {
        let is_named = |doc: &super::plan::WorkflowDoc<'_>| match &doc.name {
            Some(own) => own == name,
            None => doc.source.path.ends_with(name.as_str()),
        };
        let parent = plan.workflows.iter().position(is_named).filter(|_| depth < PARENT_DEPTH);
        let Some(parent) = parent else {
            let reason = Reason::new("unknown-parent", name.as_str());
            found.push((child(RunSource::Fork, Control::Outsider, None), Some(reason)));
            continue;
        };
        for begin in begins(plan, parent, depth + 1) {
            let run = child(begin.run.source, begin.run.who, Some(&begin.run.event));
            let is_new = !found.iter().any(|(other, maybe)| {
                other.source == run.source
                    && other.who == run.who
                    && other.parent_event == run.parent_event
                    && maybe.is_none() == begin.maybe.is_none()
            });
            if is_new {
                found.push((run, begin.maybe));
            }
        }
    }
    found
}
