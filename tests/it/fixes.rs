//! Every rule that offers a fix: applied to its own Bad examples, the fix takes the finding away, leaves a file that can
//! still be read, and is offered at least once.

use std::collections::BTreeMap;
use std::sync::Arc;

use secure_lint::cli::examples::Examiner;
use secure_lint::finding::{Fix, Safety};
use secure_lint::rule::RuleFile;
use secure_lint::rule::example::{Example, ExampleKind, Linter, examples, world};
use secure_lint::source::World;

use crate::rules::assert_each;

#[test]
fn what_is_fixed_is_gone() {
    let examiner = Examiner::default();
    assert_each(|rule| {
        // The fix of a comment is one of triage: it is tested with the verb.
        if rule.fix.is_none() || rule.is_about_suppressions() {
            return Vec::new();
        }
        let Ok(found) = examples(rule) else { return vec![format!("{}: examples cannot be read", rule.id())] };
        let bad = found.examples.iter().filter(|example| example.kind == ExampleKind::Bad);
        let mut failures = Vec::new();
        let mut n_offered = 0;
        for example in bad {
            let (offered, failed) = mended(&examiner, rule, example);
            n_offered += offered;
            failures.extend(failed);
        }
        if n_offered == 0 {
            failures.push(format!("{}: no Bad example is offered the fix", rule.id()));
        }
        failures
    });
}

/// How many fixes were applied, and what is wrong afterwards.
fn mended(examiner: &Examiner, rule: &Arc<RuleFile>, example: &Example) -> (usize, Vec<String>) {
    let before = example.world();
    let Ok(report) = examiner.lint(&before, rule) else { return (0, vec![format!("{}: cannot be judged", rule.id())]) };
    let n_problems = report.problems.len();
    let mut failures = Vec::new();
    let mut n_applied = 0;
    for finding in &report.findings {
        let Some(fix) = finding.fix.as_ref().filter(|fix| fix.safety != Safety::Show) else { continue };
        n_applied += 1;
        let texts = applied(&before, fix);
        let after = world(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let shown = || texts.values().cloned().collect::<Vec<_>>().join("\n-----\n");
        match examiner.lint(&after, rule) {
            Err(_) => failures.push(format!("{} ({}): cannot be judged afterwards", rule.id(), example.title)),
            Ok(then) if then.findings.iter().any(|it| it.fingerprint == finding.fingerprint) => {
                failures.push(format!("{} ({}): the finding is still there:\n{}", rule.id(), example.title, shown()));
            }
            Ok(then) if then.problems.len() > n_problems => {
                failures.push(format!("{} ({}): a file broke:\n{}", rule.id(), example.title, shown()));
            }
            Ok(_) => {}
        }
    }
    (n_applied, failures)
}

fn applied(world: &World, fix: &Fix) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> =
        world.files().filter_map(|(_, file)| Some((file.path.clone(), file.text()?.to_owned()))).collect();
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    for edit in edits {
        let path = &world.file(edit.span.file).path;
        texts.get_mut(path).expect("an edit is of a file that was read").replace_range(edit.span.range(), &edit.text);
    }
    texts
}
