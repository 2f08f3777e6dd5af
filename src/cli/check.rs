//! The verb `check`: read, analyse, sort out, report, decide.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::finding::{BaselineUse, Report, Run, Severity};
use crate::report::{
    Detail, Format, GroupBy, Options, SarifOptions, SarifProfile, ShowSuppressed, Statistics, TextOptions, mask,
    visible,
};
use crate::source::{Watch, Watched, World};
use crate::triage::{Baseline, FailOn, Incomplete, Suppressions, Triaged, exit_code};

use super::arguments::{CheckArguments, GroupByArgument, TerminalArguments};
use super::failure::Failure;
use super::git::Git;
use super::output::Outputs;
use super::plan::Plan;
use super::progress::Progress;
use super::session::Session;
use super::since;
use super::terminal::{Surroundings, stdout_is_terminal};

/// Findings drawn on a terminal unless more are asked for.
const ON_A_TERMINAL: usize = 50;
/// Rules and files that `--timings` names.
const LONGEST_SHOWN: usize = 10;

pub(crate) fn run(arguments: &CheckArguments, surroundings: &Surroundings) -> Result<u8, Failure> {
    let start = Instant::now();
    let outputs = Outputs::new(&arguments.format, &arguments.output)?;
    let session = Session::open(&arguments.world, surroundings)?;
    let reference = match &arguments.since {
        Some(reference) => since::resolve(&session, reference)?,
        None => None,
    };
    let suppressions = if arguments.no_suppressions { Suppressions::Ignored } else { Suppressions::Honoured };
    let plan = Plan::new(&session, &arguments.select, suppressions)?;
    let baseline = baseline(&session, arguments)?;
    let mut timings = Timings { start, phases: vec![("start", start.elapsed().as_micros())] };

    let progress = Progress::start();
    let mut world = session.read_world()?;
    if arguments.timings {
        world.watch = Watch::new(microseconds);
    }
    timings.phase("read");
    let fail_on = fail_on(arguments, &session);
    let outcome = plan.analyse(&world, session.arguments.repo.as_deref(), outputs.of_undecided());
    timings.phase("analyse");
    let mut triaged = crate::triage::triage(&world, outcome, &plan.settings, new_run(&session, &plan, fail_on));
    only_stdin(&session, &mut triaged)?;
    timings.phase("sort out");
    if let Some(reference) = &reference {
        since::apply(&session, &plan, reference, &mut triaged)?;
        timings.phase("compare");
    }
    let mut report = triaged.report;
    if let Some(baseline) = &baseline {
        let stale = baseline.apply(&mut report.findings, &report.suppressed);
        report.run.baseline = Some(BaselineUse { stale });
    }
    let is_strict = arguments.require_complete || session.config.require_complete.unwrap_or(false);
    let incomplete = if is_strict { Incomplete::Fails } else { Incomplete::Passes };
    report.run.exit = exit_code(&report, fail_on, incomplete, &session.config.accept_incomplete);
    progress.stop();

    mask(&mut report);
    let options = options(arguments, &session, &report);
    let written = outputs.write_files(&report, &options, session.streams);
    if arguments.terminal.quiet < 2 {
        outputs.write_stdout(&report, &options, session.streams);
    }
    timings.phase("report");
    if arguments.terminal.quiet == 0 {
        notes(&session, &world, &report, start, arguments);
    }
    if arguments.timings {
        timings.print(&session, &world.watch);
    }
    written?;
    let exit = report.run.exit;
    // The process ends here, and its memory with it.
    std::mem::forget((report, plan, session));
    Ok(exit)
}

pub(crate) fn new_run(session: &Session, plan: &Plan, fail_on: Option<Severity>) -> Run {
    let configured = session.config.github.repository.as_ref().map(|named| named.text.clone());
    Run {
        profile: plan.profile,
        fail_on,
        config: session.config_file.as_ref().map(|(path, _)| path.clone()),
        repository: session.arguments.repo.clone().or(configured).unwrap_or_default(),
        commit: session.git.as_ref().and_then(Git::commit_in_files).unwrap_or_default(),
        ..Run::default()
    }
}

fn fail_on(arguments: &CheckArguments, session: &Session) -> Option<Severity> {
    let flag = arguments.fail_on.as_deref().and_then(FailOn::parse);
    flag.or(session.config.fail_on).unwrap_or(FailOn::At(Severity::Low)).severity()
}

fn baseline(session: &Session, arguments: &CheckArguments) -> Result<Option<Baseline>, Failure> {
    let configured = session.config.baseline.as_ref().map(|named| session.ground.root.join(&named.text));
    let Some(path) = arguments.baseline.clone().or(configured) else { return Ok(None) };
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
    let baseline = Baseline::read(&text).map_err(|error| Failure::said(format!("`{}`: {error}", path.display())))?;
    Ok(Some(baseline))
}

/// A text on standard input is judged in its world, but only what has a place in it is told.
fn only_stdin(session: &Session, triaged: &mut Triaged<'_>) -> Result<(), Failure> {
    let Some(path) = session.stdin_path()? else { return Ok(()) };
    let report = &mut triaged.report;
    let world = report.world;
    let is_there = |finding: &crate::finding::Finding| {
        let spans = finding.paths.iter().flat_map(|path| path.steps.iter().map(|step| step.span()));
        std::iter::once(finding.primary.span()).chain(spans).any(|span| world.file(span.file).path == path)
    };
    report.findings.retain(is_there);
    report.suppressed.retain(is_there);
    Ok(())
}

fn options(arguments: &CheckArguments, session: &Session, report: &Report<'_>) -> Options {
    let mut text = text_options(&arguments.terminal, &session.surroundings);
    text.group_by = match arguments.group_by {
        GroupByArgument::Cause => GroupBy::Cause,
        GroupByArgument::File => GroupBy::File,
        GroupByArgument::Rule => GroupBy::Rule,
        GroupByArgument::Resource => GroupBy::Resource,
    };
    let most = if stdout_is_terminal() { Some(ON_A_TERMINAL) } else { None };
    text.max_findings = if arguments.all { None } else { arguments.max_findings.or(most) };
    if arguments.statistics {
        text.statistics = Statistics::On;
    }
    if arguments.show_suppressed {
        text.suppressed = ShowSuppressed::Yes;
    }
    // An audit lists what could not be decided as open questions.
    if report.run.profile == crate::finding::Profile::Audit && text.detail == Detail::Normal {
        text.detail = Detail::Verbose;
    }
    let configured = session.config.sarif_profile.as_ref().map(|named| named.text.as_str());
    let profile = match arguments.sarif_profile.as_deref().or(configured) {
        Some("full") => SarifProfile::Full,
        Some(_) | None => SarifProfile::Github,
    };
    Options { text, sarif: SarifOptions { profile, category: arguments.sarif_category.clone() } }
}

pub(crate) fn text_options(arguments: &TerminalArguments, surroundings: &Surroundings) -> TextOptions {
    let is_terminal = stdout_is_terminal();
    let colour = surroundings.colour(arguments.color, is_terminal);
    TextOptions {
        width: surroundings.width(is_terminal),
        colour,
        charset: surroundings.charset(is_terminal),
        links: surroundings.links(arguments.hyperlinks, colour, is_terminal),
        detail: match (arguments.quiet, arguments.verbose) {
            (1.., _) => Detail::Quiet,
            (0, 0) => Detail::Normal,
            (0, 1) => Detail::Verbose,
            (0, _) => Detail::Debug,
        },
        ..TextOptions::default()
    }
}

/// What is said about the run on stderr.
fn notes(session: &Session, world: &World, report: &Report<'_>, start: Instant, arguments: &CheckArguments) {
    if let Some(what) = super::outside::not_looked_at(&session.ground, world) {
        session.streams.note(&what);
    }
    let read = &report.run.read.files;
    let n_files: usize = read.values().sum();
    let kinds: Vec<String> = read.iter().map(|(kind, n)| kind_words(kind, *n)).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let files = if n_files == 1 { "file" } else { "files" };
    session.streams.note(&format!("Checked {n_files} {files}{kinds} in {} ms", start.elapsed().as_millis()));
    let to_people = Outputs::new(&arguments.format, &[]).is_ok_and(|outputs| outputs.stdout() == Format::Text);
    if !to_people && report.run.exit == 2 {
        for problem in &report.problems {
            session.streams.note(&format!("{}: {}: {}", problem.path, problem.reason, problem.message));
        }
    }
}

fn kind_words(kind: &str, n: usize) -> String {
    let (one, many) = match kind {
        "terraform" => ("Terraform", "Terraform"),
        "workflow" => ("workflow", "workflows"),
        "action" => ("action", "actions"),
        "dockerfile" => ("Dockerfile", "Dockerfiles"),
        "task-definition" => ("task definition", "task definitions"),
        "policy" => ("policy", "policies"),
        "configuration" => ("configuration", "configurations"),
        other => (other, other),
    };
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Where the time goes, for `--timings`.
struct Timings {
    start: Instant,
    /// Phase and microseconds since the start.
    phases: Vec<(&'static str, u128)>,
}

impl Timings {
    fn phase(&mut self, name: &'static str) {
        self.phases.push((name, self.start.elapsed().as_micros()));
    }

    fn print(&self, session: &Session, watch: &Watch) {
        let mut before = 0;
        for (name, until) in &self.phases {
            let spent = until - before;
            session.streams.note(&format!("{name:<9} {:>6}.{:03} ms", spent / 1_000, spent % 1_000));
            before = *until;
        }
        session.streams.note(&format!("{:<9} {:>6}.{:03} ms", "all", before / 1_000, before % 1_000));
        // Rules and files run on all threads at once: together they may take longer than the whole.
        for (what, title) in [(Watched::Rule, "slowest rules"), (Watched::File, "slowest files to parse")] {
            let longest = watch.longest(what);
            if !longest.is_empty() {
                session.streams.note(&format!("\n{title}"));
            }
            for (name, spent) in longest.iter().take(LONGEST_SHOWN) {
                session.streams.note(&format!("{:>6}.{:03} ms  {}", spent / 1_000, spent % 1_000, visible(name)));
            }
        }
    }
}

/// The clock of `--timings`.
fn microseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
