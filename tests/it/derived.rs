//! Tests that are made from every rule's examples: hiding a value never turns a verdict into its opposite, writing the
//! same thing in another way never changes one, and an allow-comment silences each Bad example.

mod allow;
mod hide;
mod json;
mod rewrite;
mod spell;
mod terraform;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use secure_lint::cli::examples::Examiner;
use secure_lint::finding::Report;
use secure_lint::rule::RuleFile;
use secure_lint::rule::example::{Example, ExampleKind, Linter, examples, world};
use secure_lint::source::Span;

use terraform::Files;

/// An example, changed in one way.
struct Variant {
    way: &'static str,
    what: String,
    files: Files,
}

impl Variant {
    fn new(way: &'static str, what: String, files: Files) -> Variant {
        Variant { way, what, files }
    }
}

/// How many of a rule's variants are run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Amount {
    All,
    /// This many, the same in every run.
    Sample(usize),
}

/// What must hold for a variant.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Demand {
    /// The verdict stays or becomes unknown.
    NoFlip,
    /// The verdict stays.
    NoChange,
    /// Nothing is found any more.
    Silence,
}

/// What a rule said about one world.
#[derive(Clone)]
struct Verdict {
    n_findings: usize,
    is_undecided: bool,
    /// The text at each primary place, sorted.
    primaries: Vec<String>,
    /// The texts on the ways to them.
    trail: Vec<String>,
}

impl Verdict {
    fn of(report: &Report<'_>) -> Verdict {
        let mut primaries: Vec<String> =
            report.findings.iter().map(|finding| text_at(report, finding.primary.span())).collect();
        primaries.sort();
        let steps = report.findings.iter().flat_map(|finding| &finding.paths).flat_map(|path| &path.steps);
        let trail = steps.map(|step| text_at(report, step.span())).collect();
        Verdict { n_findings: primaries.len(), is_undecided: !report.undecided.is_empty(), primaries, trail }
    }

    fn name(&self) -> String {
        match (self.n_findings, self.is_undecided) {
            (0, false) => "good".to_owned(),
            (0, true) => "undecided".to_owned(),
            (n, false) => format!("{n} findings at {}", self.primaries.join(" and ")),
            (n, true) => format!("{n} findings at {}, and undecided", self.primaries.join(" and ")),
        }
    }
}

/// `RUN_SLOW_TESTS`, and `RULE` for one rule, runs everything; otherwise each rule has a few.
#[test]
fn what_is_derived_from_every_example() {
    let wants_all = ["RUN_SLOW_TESTS", "RULE"].iter().any(|name| std::env::var_os(name).is_some());
    let amount = if wants_all { Amount::All } else { Amount::Sample(10) };
    let examiner = Examiner::default();
    crate::rules::assert_each(|rule| derived_failures(rule, &examiner, amount));
}

/// All that is wrong with what is derived from one rule's examples.
fn derived_failures(rule: &Arc<RuleFile>, linter: &impl Linter, amount: Amount) -> Vec<String> {
    // What cannot be read or run is the business of the test of examples.
    let Ok(found) = examples(rule) else { return Vec::new() };
    let mut jobs = Vec::new();
    for example in &found.examples {
        let world = example.world();
        let Ok(report) = linter.lint(&world, rule) else { return Vec::new() };
        let subject = Subject { rule, example, linter, verdict: Verdict::of(&report) };
        if subject.is_right() {
            jobs.extend(subject.variants(&report).into_iter().map(|job| (subject.clone(), job)));
        }
    }
    if let Amount::Sample(n) = amount {
        let hash = |example: &Example, demand: Demand, variant: &Variant| {
            secure_lint::value::fingerprint(&(rule.id(), example.line, demand, variant.way, &variant.what))
        };
        jobs.sort_by_key(|(subject, (demand, variant))| hash(subject.example, *demand, variant));
        jobs.truncate(n);
    }
    jobs.iter().filter_map(|(subject, (demand, variant))| subject.failure(*demand, variant)).collect()
}

/// An example of a rule, and what the rule says of it as it stands.
struct Subject<'a, L: Linter> {
    rule: &'a Arc<RuleFile>,
    example: &'a Example,
    linter: &'a L,
    verdict: Verdict,
}

impl<L: Linter> Clone for Subject<'_, L> {
    fn clone(&self) -> Self {
        Subject { rule: self.rule, example: self.example, linter: self.linter, verdict: self.verdict.clone() }
    }
}

impl<L: Linter> Subject<'_, L> {
    /// A wrong example is the business of the test of examples.
    fn is_right(&self) -> bool {
        let Verdict { n_findings, is_undecided, .. } = self.verdict;
        match self.example.kind {
            ExampleKind::Bad => n_findings > 0,
            ExampleKind::Good => n_findings == 0 && !is_undecided,
            ExampleKind::Unknown => n_findings == 0 && is_undecided,
        }
    }

    fn variants(&self, report: &Report<'_>) -> Vec<(Demand, Variant)> {
        // Where a comment stands and what it says is what these rules read.
        if self.rule.is_about_suppressions() {
            return Vec::new();
        }
        let files = self.files();
        let mut variants: Vec<(Demand, Variant)> =
            rewrite::rewritings(&files, self.rule.reads).into_iter().map(|it| (Demand::NoChange, it)).collect();
        if !self.rule.reads.literals {
            variants.extend(hide::hidings(&files).into_iter().map(|it| (Demand::NoFlip, it)));
        }
        if self.example.kind == ExampleKind::Bad {
            let changed = allow::with_comments(&files, report, self.rule.id());
            let variant = Variant::new("allow", "a comment at each finding".to_owned(), changed);
            variants.push((Demand::Silence, variant));
        }
        variants
    }

    fn failure(&self, demand: Demand, variant: &Variant) -> Option<String> {
        let after = self.lint(&variant.files);
        let holds = match (demand, self.example.kind) {
            (Demand::Silence, _) => after.n_findings == 0,
            (Demand::NoFlip, ExampleKind::Bad) => after.n_findings > 0 || after.is_undecided,
            (Demand::NoFlip, ExampleKind::Good | ExampleKind::Unknown) => after.n_findings == 0,
            (Demand::NoChange, _) => {
                after.n_findings == self.verdict.n_findings
                    && after.is_undecided == self.verdict.is_undecided
                    && self.has_same_literals(&after)
            }
        };
        (!holds).then(|| self.message(variant, &after))
    }

    /// A literal that decides stays the deciding one. Blocks and attributes look different when they are rewritten, and
    /// so does a name that only stands for the thing that lacks something. A finding about where a value is put stays
    /// there, with the literal on the way to it.
    fn has_same_literals(&self, after: &Verdict) -> bool {
        let is_literal =
            |text: &str| matches!(text, "true" | "false") || text.starts_with('"') || text.parse::<f64>().is_ok();
        // One value may be written as a list of one, and a place may be finer than the literal that it lies in.
        let is_same = |literal: &str, primary: &str| {
            let alone = primary.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(primary);
            literal == alone || (!primary.is_empty() && literal.contains(primary))
        };
        let is_put = |text: &String| ["var.", "local."].iter().any(|start| text.starts_with(start));
        let is_told = |literal: &String| {
            after.primaries.iter().any(|primary| is_same(literal, primary))
                || (after.primaries.iter().any(is_put) && after.trail.contains(literal))
        };
        let mut gone = self.verdict.primaries.iter().filter(|it| is_literal(it) && !is_told(it));
        gone.all(|literal| !self.is_deciding(literal))
    }

    /// Whether hiding the literal makes a difference.
    fn is_deciding(&self, literal: &str) -> bool {
        let hidden = hide::hidings(&self.files()).into_iter().filter(|variant| variant.what.starts_with(literal));
        hidden.map(|variant| self.lint(&variant.files)).any(|after| after.n_findings < self.verdict.n_findings)
    }

    fn files(&self) -> Files {
        self.example.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect()
    }

    fn lint(&self, files: &Files) -> Verdict {
        let world = world(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        match self.linter.lint(&world, self.rule) {
            Ok(report) => Verdict::of(&report),
            Err(_) => {
                let primaries = vec!["rule that does not load".to_owned()];
                Verdict { n_findings: 0, is_undecided: false, primaries, trail: Vec::new() }
            }
        }
    }

    fn message(&self, variant: &Variant, after: &Verdict) -> String {
        let place = format!("{}:{}", self.rule.meta.path, self.example.line);
        let title = &self.example.title;
        let (before, after) = (self.verdict.name(), after.name());
        let Variant { way, what, files } = variant;
        let mut message = format!("{place}: {title}: {way} ({what}): was {before}, is {after}");
        // One rule alone is looked at closely.
        if std::env::var_os("RULE").is_some() {
            for (path, text) in files {
                message.push_str(&format!("\n--- {path}\n{text}"));
            }
        }
        message
    }
}

/// The text of a place. Quotes are escaped more often in JSON syntax than in the native one, and templates in files less.
fn text_at(report: &Report<'_>, span: Span) -> String {
    report.world.text(span).replace("\\\"", "\"").replace("$${", "${")
}
