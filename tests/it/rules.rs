//! Every example of every rule. All failures are shown at once; `RULE=id` runs one rule, `UPDATE=1` rewrites the
//! `output` fences.

use std::path::Path;
use std::sync::Arc;

use secure_lint::cli::examples::Examiner;
use secure_lint::rule::example::with_outputs;
use secure_lint::rule::{Catalog, RuleFile};

/// The built-in rules, or the one that `RULE` names.
pub(crate) fn rules() -> Vec<Arc<RuleFile>> {
    let catalog = match Catalog::builtin() {
        Ok(catalog) => catalog,
        Err(errors) => panic!("{}", joined(errors)),
    };
    let wanted = std::env::var("RULE").ok();
    let rules: Vec<Arc<RuleFile>> = catalog
        .rules()
        .iter()
        .filter(|rule| wanted.as_deref().is_none_or(|wanted| rule.id() == wanted))
        .cloned()
        .collect();
    if let Some(wanted) = wanted {
        assert!(!rules.is_empty(), "there is no rule `{wanted}`");
    }
    rules
}

/// Runs a check of every rule, on all cores, and fails with everything that any of them said, in order.
pub(crate) fn assert_each(check: impl Fn(&Arc<RuleFile>) -> Vec<String> + Sync) {
    let rules = rules();
    let n_threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let mut failures: Vec<String> = std::thread::scope(|scope| {
        let work = || {
            let mut found = Vec::new();
            while let Some(rule) = rules.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                found.extend(check(rule));
            }
            found
        };
        let workers: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a check does not panic")).collect()
    });
    failures.sort();
    let n = failures.len();
    assert!(failures.is_empty(), "{n} failures:\n\n{}\n", failures.join("\n\n"));
}

#[test]
fn every_example_of_every_rule() {
    let examiner = Examiner::default();
    if std::env::var_os("UPDATE").is_some() {
        rules().iter().for_each(|rule| update(rule, &examiner));
    }
    assert_each(|rule| match examiner.examine(rule) {
        Ok(failures) => failures.iter().map(ToString::to_string).collect(),
        Err(errors) => vec![joined(errors)],
    });
}

fn update(rule: &Arc<RuleFile>, examiner: &Examiner) {
    let Ok(text) = with_outputs(rule, examiner) else { return };
    if text != rule.source.text {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&*rule.source.path);
        std::fs::write(path, text).expect("the rule's file can be written");
    }
}

fn joined(errors: Vec<impl ToString>) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
