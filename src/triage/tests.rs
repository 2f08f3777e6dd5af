//! What suppressions, absorbing and states do to findings made by hand.

use std::sync::Arc;

use crate::finding::testing::{finding_at, finding_over, rule, span_of, step, world};
use crate::finding::{Confidence, Finding, Outcome, Path, RuleMeta, Run, Severity, State, Subject, Undecided};
use crate::logic::Reason;
use crate::source::{Comment, CommentPosition, Span, World};

use super::{
    Baseline, Config, Date, Enabled, EntryState, Foreign, Old, Selection, Settings, Suppressions, Triaged, compare,
    triage,
};

const TF: &str = "net.tf";
const SUPPRESSION_RULES: [&str; 4] =
    ["suppression-without-reason", "malformed-suppression", "expired-suppression", "unused-suppression"];

fn settings() -> Settings {
    let mut rules: Vec<Arc<RuleMeta>> = SUPPRESSION_RULES.iter().map(|id| rule(id, Severity::Medium)).collect();
    rules.extend([rule("open-port", Severity::High), rule("no-log", Severity::Low)]);
    Settings {
        enabled: Enabled::new(&rules, &Selection::default()),
        all_rules: rules,
        suppressions: Suppressions::Honoured,
        foreign: Foreign::Honour,
        require_reason: true,
        longest_suppression: None,
        allow: Vec::new(),
        config_path: Some("secure-lint.toml".to_owned()),
        today: Date::parse("2026-06-15").expect("a day"),
    }
}

/// `# <text>` alone above `covered`, as a reader of `syntax` would hand it on.
fn comment(world: &World, path: &str, text: &str, covered: &str) -> Comment {
    let span = span_of(world, path, &format!("# {text}"));
    Comment {
        covers: vec![span_of(world, path, covered)],
        enclosing: None,
        ..Comment::new(span, text, CommentPosition::Alone)
    }
}

fn run<'w>(world: &'w World, settings: &Settings, findings: Vec<Finding>, comments: Vec<Comment>) -> Triaged<'w> {
    triage(world, Outcome { findings, comments, ..Outcome::default() }, settings, Run::default())
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule.id.as_str()).collect()
}

fn titles(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.title.as_str()).collect()
}

fn with_comment(text: &str) -> (World, Comment) {
    let world = world(&[(TF, &format!("# {text}\nblock {{\n  port = 22\n}}\nother = 22\n"))]);
    let comment = comment(&world, TF, text, "block {\n  port = 22\n}");
    (world, comment)
}

fn check(text: &str, place: &str, reported: &[&str], state: EntryState) {
    let (world, comment) = with_comment(text);
    let findings = vec![finding_at(&world, "open-port", TF, place)];
    let triaged = run(&world, &settings(), findings, vec![comment]);
    let mut found = ids(&triaged.report.findings);
    found.sort_unstable();
    assert_eq!(found, reported, "{text}");
    assert_eq!(triaged.entries[0].state, state, "{text}");
}

#[test]
fn a_comment_silences_what_begins_in_what_it_covers() {
    check("secure-lint: allow open-port -- lab", "port = 22", &[], EntryState::Active);
    check("secure-lint: allow open-port -- lab", "block {", &[], EntryState::Active);
    check("secure-lint: allow open-port -- lab", "other", &["open-port", "unused-suppression"], EntryState::Unused);
}

#[test]
fn broken_ones_silence_nothing_and_are_told() {
    let both = |id: &'static str| [id, "open-port"];
    check(
        "secure-lint: allow open-port",
        "port = 22",
        &["open-port", "suppression-without-reason"],
        EntryState::Malformed,
    );
    check("secure-lint: allow open-prt -- x", "port = 22", &both("malformed-suppression"), EntryState::Malformed);
    check("secure-lint: allow -- x", "port = 22", &both("malformed-suppression"), EntryState::Malformed);
    check(
        "secure-lint: allow open-port until 2026-02-30 -- x",
        "port",
        &both("malformed-suppression"),
        EntryState::Malformed,
    );
}

#[test]
fn the_last_day_counts_and_the_next_does_not() {
    check("secure-lint: allow open-port until 2026-06-15 -- x", "port = 22", &[], EntryState::Active);
    check(
        "secure-lint: allow open-port until 2026-06-14 -- x",
        "port = 22",
        &["expired-suppression", "open-port"],
        EntryState::Expired,
    );
    check("secure-lint: allow open-port until 2026-06-14 -- x", "other", &["open-port"], EntryState::Expired);
}

#[test]
fn the_expired_one_names_what_is_back() {
    let (world, comment) = with_comment("secure-lint: allow open-port until 2026-03-01 -- x");
    let triaged = run(&world, &settings(), vec![finding_at(&world, "open-port", TF, "port = 22")], vec![comment]);
    let expired = triaged.report.findings.iter().find(|it| it.rule.id == "expired-suppression").expect("it is told");
    assert_eq!(expired.title, "the suppression ran out on 2026-03-01; open-port is back");
    assert_eq!(world.text(expired.paths[0].steps[1].span()), "port = 22");
}

#[test]
fn a_day_too_far_ahead_is_malformed() {
    let (world, comment) = with_comment("secure-lint: allow open-port until 2027-06-15 -- x");
    let settings = Settings { longest_suppression: Some(90), ..settings() };
    let triaged = run(&world, &settings, Vec::new(), vec![comment]);
    assert_eq!(
        titles(&triaged.report.findings),
        ["the suppression silences nothing: `until` lies 365 days ahead; at most 90 are allowed here"]
    );
}

#[test]
fn an_undecided_verdict_keeps_a_comment_from_being_unused() {
    let (world, comment) = with_comment("secure-lint: allow open-port, no-log -- x");
    let undecided = Undecided {
        rule: "open-port".to_owned(),
        subject: Subject { address: "x".to_owned(), name: "x".to_owned() },
        place: Some(span_of(&world, TF, "port = 22")),
        reasons: vec![Reason::new("no-value", "var.x")],
        variants: Vec::new(),
    };
    let outcome = Outcome { undecided: vec![undecided], comments: vec![comment], ..Outcome::default() };
    let triaged = triage(&world, outcome, &settings(), Run::default());
    assert_eq!(titles(&triaged.report.findings), ["the suppression of no-log silences nothing"]);
    let fix = triaged.report.findings[0].fix.as_ref().expect("there is a fix");
    assert_eq!(world.text(fix.edits[0].span), ", no-log");
}

#[test]
fn the_fix_of_an_unused_comment_takes_its_line() {
    let (world, comment) = with_comment("secure-lint: allow open-port -- x");
    let triaged = run(&world, &settings(), Vec::new(), vec![comment]);
    let fix = triaged.report.findings[0].fix.as_ref().expect("there is a fix");
    assert_eq!(world.text(fix.edits[0].span), "# secure-lint: allow open-port -- x\n");
}

#[test]
fn ignored_suppressions_silence_nothing_and_are_not_judged() {
    let (world, comment) = with_comment("secure-lint: allow open-port");
    let settings = Settings { suppressions: Suppressions::Ignored, ..settings() };
    let triaged = run(&world, &settings, vec![finding_at(&world, "open-port", TF, "port = 22")], vec![comment]);
    assert_eq!(ids(&triaged.report.findings), ["open-port"]);
}

#[test]
fn comments_of_installed_modules_count_for_nothing() {
    let path = ".terraform/modules/db/main.tf";
    let world = world(&[(path, "# secure-lint: allow open-port -- ours\nblock {}\n")]);
    let comment = comment(&world, path, "secure-lint: allow open-port -- ours", "block {}");
    let triaged = run(&world, &settings(), vec![finding_at(&world, "open-port", path, "block")], vec![comment]);
    assert_eq!(ids(&triaged.report.findings), ["open-port"]);
    assert!(triaged.entries.is_empty());
}

/// Two ways to one primary place, over `one` and over `two`.
fn two_ways(world: &World) -> Finding {
    let way = |first: &str| {
        let steps = [step(world, TF, first, "comes from here"), step(world, TF, "port = 22", "opens this")];
        finding_over("open-port", Severity::High, &steps, 1)
    };
    let mut finding = way("one");
    finding.paths.extend(way("two").paths);
    finding
}

#[test]
fn each_way_without_a_covered_step_keeps_a_finding_alive() {
    let world = world(&[(TF, "# secure-lint: allow open-port -- x\none = 1\ntwo = 2\nport = 22\n")]);
    let text = "secure-lint: allow open-port -- x";
    let triaged = run(&world, &settings(), vec![two_ways(&world)], vec![comment(&world, TF, text, "one = 1")]);
    assert_eq!(ids(&triaged.report.findings), ["open-port"]);
    let paths: &[Path] = &triaged.report.findings[0].paths;
    assert_eq!(paths.len(), 1);
    assert_eq!(world.text(paths[0].steps[0].span()), "two");
    assert_eq!(triaged.report.findings[0].fingerprint, two_ways(&world).fingerprint);
    let triaged = run(&world, &settings(), vec![two_ways(&world)], vec![comment(&world, TF, text, "port = 22")]);
    assert!(triaged.report.findings.is_empty());
    assert_eq!(triaged.report.suppressed.len(), 1);
}

#[test]
fn foreign_comments_count_where_the_rule_says_so() {
    let check = |text: &str, relation: &str, foreign: Foreign, silenced: usize| {
        let (world, mut comment) = with_comment(text);
        comment.enclosing = Some(span_of(&world, TF, "block {\n  port = 22\n}"));
        let mut finding = finding_at(&world, "open-port", TF, "port = 22");
        let mut settings = settings();
        let mut meta = (*finding.rule).clone();
        meta.covers[0].relation = match relation {
            "narrower" => crate::finding::Relation::Narrower,
            _ => crate::finding::Relation::Same,
        };
        finding.rule = Arc::new(meta);
        settings.all_rules = vec![finding.rule.clone()];
        settings.enabled = Enabled::new(&settings.all_rules, &Selection::default());
        settings.foreign = foreign;
        let triaged = run(&world, &settings, vec![finding], vec![comment]);
        assert_eq!(triaged.report.suppressed.len(), silenced, "{text}");
        triaged.report.problems.len()
    };
    check("checkov:skip=CKV_AWS_1:known", "same", Foreign::Honour, 1);
    check("checkov:skip=ckv_aws_1", "same", Foreign::Honour, 1);
    check("checkov:skip=CKV_AWS_2", "same", Foreign::Honour, 0);
    check("checkov:skip=CKV_AWS_1", "narrower", Foreign::Honour, 0);
    check("checkov:skip=CKV_AWS_1", "same", Foreign::Off, 0);
    assert_eq!(check("checkov:skip=CKV_AWS_1", "same", Foreign::Report, 0), 1);
}

#[test]
fn entries_of_the_configuration() {
    let text = "[[allow]]\nrule = \"open-port\"\naddress = \"net.tf#port = 22\"\nreason = \"lab\"\n\
                [[allow]]\nrule = \"network\"\nfile = \"sub/**\"\nreason = \"lab\"\n\
                [[allow]]\nrule = \"*\"\naddress = \"x*\"\nreason = \"lab\"\n";
    let world = world(&[(TF, "port = 22\nother\n"), ("sub/deep/x.tf", "port = 22\n"), ("secure-lint.toml", text)]);
    let (config, errors) = Config::read("secure-lint.toml", text);
    assert_eq!(errors, []);
    let settings = Settings { allow: config.allow, ..settings() };
    let findings = vec![
        finding_at(&world, "open-port", TF, "port = 22"),
        finding_at(&world, "open-port", TF, "other"),
        finding_at(&world, "no-log", "sub/deep/x.tf", "port"),
    ];
    let triaged = run(&world, &settings, findings, Vec::new());
    assert_eq!(ids(&triaged.report.findings), ["open-port", "malformed-suppression"]);
    assert_eq!(world.text(triaged.report.findings[0].primary.span()), "other");
    assert_eq!(triaged.report.suppressed.len(), 2);
    let file: Span = triaged.report.findings[1].primary.span();
    assert_eq!(world.file(file.file).path, "secure-lint.toml");
}

#[test]
fn the_stronger_rule_absorbs_at_the_same_subject() {
    let world = world(&[(TF, "port = 22\nother\n")]);
    let mut strong = finding_at(&world, "open-port", TF, "port = 22");
    let mut meta = (*strong.rule).clone();
    meta.absorbs = vec!["no-log".to_owned()];
    strong.rule = Arc::new(meta);
    let mut settings = settings();
    settings.all_rules = vec![strong.rule.clone(), rule("no-log", Severity::Low)];
    settings.enabled = Enabled::new(&settings.all_rules, &Selection::default());
    let mut elsewhere = finding_at(&world, "no-log", TF, "other");
    elsewhere.subjects[0].address = "terraform#aws_ecs_service.other".to_owned();
    let findings = vec![strong, finding_at(&world, "no-log", TF, "other"), elsewhere];
    // Two findings at one place are one before anything is absorbed, so they differ in their place here.
    let mut findings = findings;
    findings[2].primary.place.span = span_of(&world, TF, "22");
    let triaged = run(&world, &settings, findings, Vec::new());
    assert_eq!(ids(&triaged.report.findings), ["open-port", "no-log"]);
    assert_eq!(ids(&triaged.report.absorbed), ["no-log"]);
}

#[test]
fn order_confidence_and_equal_fingerprints() {
    let world = world(&[(TF, "port = 22\nother\n"), ("a.tf", "x\n")]);
    let mut unlikely = finding_at(&world, "open-port", TF, "22");
    unlikely.confidence = Confidence::Possible;
    let mut same = finding_at(&world, "open-port", TF, "other");
    same.fingerprint = finding_at(&world, "open-port", TF, "port = 22").fingerprint;
    let findings = vec![
        finding_at(&world, "no-log", "a.tf", "x"),
        same,
        finding_at(&world, "open-port", TF, "port = 22"),
        unlikely,
    ];
    let triaged = run(&world, &settings(), findings, Vec::new());
    assert_eq!(ids(&triaged.report.findings), ["open-port", "open-port", "no-log"]);
    assert!(triaged.report.findings[1].fingerprint.ends_with("~2"));
}

#[test]
fn findings_of_several_models_are_one() {
    let world = world(&[(TF, "port = 22\n")]);
    let of = |variant: &str| {
        let mut finding = finding_at(&world, "open-port", TF, "port = 22");
        finding.variants = vec![variant.to_owned()];
        finding.paths[0].variants = vec![variant.to_owned()];
        finding
    };
    let one = run(&world, &settings(), vec![of("dev"), of("prod")], Vec::new());
    assert_eq!(one.report.findings.len(), 1);
    assert_eq!(one.report.findings[0].variants, ["dev", "prod"]);
    assert_eq!(one.report.findings[0].paths.len(), 1);
}

#[test]
fn new_is_what_was_not_there_or_has_a_new_way() {
    let world = world(&[(TF, "one = 1\ntwo = 2\nport = 22\nother\n")]);
    let mut before = two_ways(&world);
    before.paths.truncate(1);
    let gone = finding_at(&world, "no-log", TF, "other");
    let old = Old::of_findings(&[before.clone(), gone], &Default::default());
    let mut now = vec![two_ways(&world)];
    let fixed = compare(&mut now, &[], &old, State::Unchanged);
    assert_eq!(now[0].state, State::New);
    let states: Vec<State> = now[0].paths.iter().map(|path| path.state).collect();
    assert_eq!(states, [State::Unchanged, State::New]);
    assert_eq!(fixed.iter().map(|it| it.rule.as_str()).collect::<Vec<_>>(), ["no-log"]);
    let mut same = vec![before];
    compare(&mut same, &[], &old, State::Unchanged);
    assert_eq!(same[0].state, State::Unchanged);
}

#[test]
fn a_renamed_file_is_compared_under_its_new_name() {
    let old_world = world(&[("old.yml", "port\n")]);
    let new_world = world(&[("new.yml", "port\n")]);
    let renamed = [("old.yml".to_owned(), "new.yml".to_owned())].into();
    let old = Old::of_findings(&[finding_at(&old_world, "open-port", "old.yml", "port")], &renamed);
    let mut now = vec![finding_at(&new_world, "open-port", "new.yml", "port")];
    let fixed = compare(&mut now, &[], &old, State::Unchanged);
    assert_eq!((now[0].state, fixed.len()), (State::Unchanged, 0));
}

#[test]
fn a_baseline_knows_findings_and_ways() {
    let world = world(&[(TF, "one = 1\ntwo = 2\nport = 22\nother\n")]);
    let mut known = two_ways(&world);
    known.paths.truncate(1);
    let text = Baseline::of(&[known.clone(), finding_at(&world, "no-log", TF, "other")]).write();
    let baseline = Baseline::read(&text).expect("it reads what it writes");
    let mut now = vec![known];
    assert_eq!(baseline.apply(&mut now, &[]), 1);
    assert_eq!(now[0].state, State::Known);
    let mut more = vec![two_ways(&world)];
    baseline.apply(&mut more, &[]);
    assert_eq!(more[0].state, State::New);
    assert!(Baseline::read("{\"schema\":\"other/1\",\"findings\":[]}").is_err());
    assert_ne!(baseline.pruned(&more, &[]).write(), text);
}
