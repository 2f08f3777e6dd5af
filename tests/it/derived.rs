//! Tests that are made from every rule's examples: hiding a value never turns a verdict into its opposite, writing the
//! same thing in another way never changes one, and an allow-comment silences each Bad example.

mod allow;
mod hide;
mod json;
mod rewrite;
mod terraform;
#[cfg(test)]
mod tests;

use secure_lint::cli::examples::Examiner;
use secure_lint::finding::{Finding, Report};
use secure_lint::rule::RuleFile;
use secure_lint::rule::example::{Example, ExampleKind, Linter, examples, world};

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

/// How many of the hidings of one example are run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Amount {
    All,
    /// This many, the same in every run.
    Sample(usize),
}

/// What a rule said about one world.
struct Verdict {
    n_findings: usize,
    is_undecided: bool,
    /// The text at each primary place, sorted.
    primaries: Vec<String>,
}

impl Verdict {
    fn of(report: &Report<'_>) -> Verdict {
        let mut primaries: Vec<String> = report.findings.iter().map(|finding| text_at(report, finding)).collect();
        primaries.sort();
        Verdict { n_findings: primaries.len(), is_undecided: !report.undecided.is_empty(), primaries }
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

/// The text of a finding's primary place, as it would stand in native syntax.
fn text_at(report: &Report<'_>, finding: &Finding) -> String {
    let span = finding.primary.span();
    let text = report.world.text(span);
    let is_json = report.world.file(span.file).path.ends_with(".tf.json");
    if is_json { text.replace("\\\"", "\"") } else { text.to_owned() }
}

/// `RUN_SLOW_TESTS` runs all hidings; without it each example has a few.
#[test]
fn what_is_derived_from_every_example() {
    let amount = match std::env::var_os("RUN_SLOW_TESTS") {
        Some(_) => Amount::All,
        None => Amount::Sample(3),
    };
    let examiner = Examiner::default();
    crate::rules::assert_each(|rule| derived_failures(rule, &examiner, amount));
}

/// All that is wrong with what is derived from one rule's examples.
fn derived_failures(rule: &RuleFile, linter: &impl Linter, amount: Amount) -> Vec<String> {
    // What cannot be read or run is the business of the test of examples.
    let Ok(found) = examples(rule) else { return Vec::new() };
    let mut failures = Vec::new();
    for example in &found.examples {
        let world = example.world();
        let Ok(report) = linter.lint(&world, rule) else { return Vec::new() };
        let verdict = Verdict::of(&report);
        let is_right = match example.kind {
            ExampleKind::Bad => verdict.n_findings > 0,
            ExampleKind::Good => verdict.n_findings == 0 && !verdict.is_undecided,
            ExampleKind::Unknown => verdict.n_findings == 0 && verdict.is_undecided,
        };
        if !is_right {
            continue;
        }
        let mut run = Run { rule, example, linter, verdict, failures: &mut failures };
        let files: Files = example.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
        run.hidings(&files, amount);
        run.rewritings(&files);
        run.allow(&files, &report);
    }
    failures
}

struct Run<'a, L: Linter> {
    rule: &'a RuleFile,
    example: &'a Example,
    linter: &'a L,
    /// What the rule says of the example as it stands.
    verdict: Verdict,
    failures: &'a mut Vec<String>,
}

impl<L: Linter> Run<'_, L> {
    fn hidings(&mut self, files: &Files, amount: Amount) {
        if self.rule.reads.literals || self.rule.is_about_suppressions() {
            return;
        }
        let mut variants = hide::hidings(files);
        if let Amount::Sample(n) = amount {
            variants.sort_by_key(|variant| secure_lint::value::fingerprint(&(self.rule.id(), &variant.what)));
            variants.truncate(n);
        }
        for variant in variants {
            let after = self.lint(&variant.files);
            let is_flipped = match self.example.kind {
                ExampleKind::Bad => after.n_findings == 0 && !after.is_undecided,
                ExampleKind::Good => after.n_findings > 0,
                ExampleKind::Unknown => after.n_findings > 0,
            };
            if is_flipped {
                self.fail(&variant, &after);
            }
        }
    }

    fn rewritings(&mut self, files: &Files) {
        if self.rule.is_about_suppressions() {
            return;
        }
        for variant in rewrite::rewritings(files, self.rule.reads) {
            let after = self.lint(&variant.files);
            let is_same = after.n_findings == self.verdict.n_findings
                && after.is_undecided == self.verdict.is_undecided
                && self.same_literals(files, &after);
            if !is_same {
                self.fail(&variant, &after);
            }
        }
    }

    /// A literal that decides stays the deciding one. Blocks and attributes look different when they are rewritten, and
    /// so does a name that only stands for the thing that lacks something.
    fn same_literals(&self, files: &Files, after: &Verdict) -> bool {
        let is_literal =
            |text: &str| matches!(text, "true" | "false") || text.starts_with('"') || text.parse::<f64>().is_ok();
        // In JSON a text within an expression is escaped.
        let is_there =
            |literal: &String| after.primaries.iter().any(|it| it == literal || it.replace("\\\"", "\"") == *literal);
        let gone = self.verdict.primaries.iter().filter(|it| is_literal(it) && !is_there(it));
        gone.into_iter().all(|literal| !self.decides(files, literal))
    }

    /// Whether hiding the literal makes a difference.
    fn decides(&self, files: &Files, literal: &str) -> bool {
        let hidden = hide::hidings(files).into_iter().filter(|variant| variant.what.starts_with(literal));
        hidden.map(|variant| self.lint(&variant.files)).any(|after| after.n_findings < self.verdict.n_findings)
    }

    fn allow(&mut self, files: &Files, report: &Report<'_>) {
        if self.example.kind != ExampleKind::Bad || self.rule.meta.area == "suppression" {
            return;
        }
        let changed = allow::with_comments(files, report, self.rule.id());
        let variant = Variant::new("allow", "a comment at each finding".to_owned(), changed);
        let after = self.lint(&variant.files);
        if after.n_findings > 0 {
            self.fail(&variant, &after);
        }
    }

    fn lint(&self, files: &Files) -> Verdict {
        let world = world(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        match self.linter.lint(&world, self.rule) {
            Ok(report) => Verdict::of(&report),
            Err(_) => Verdict { n_findings: 0, is_undecided: false, primaries: vec!["rule that does not load".into()] },
        }
    }

    fn fail(&mut self, variant: &Variant, after: &Verdict) {
        let place = format!("{}:{}", self.rule.meta.path, self.example.line);
        let title = &self.example.title;
        let (before, after) = (self.verdict.name(), after.name());
        let Variant { way, what, .. } = variant;
        self.failures.push(format!("{place}: {title}: {way} ({what}): was {before}, is {after}"));
        if std::env::var_os("RULE").is_some() {
            for (path, text) in &variant.files {
                self.failures.push(format!("--- {path}\n{text}"));
            }
        }
    }
}
