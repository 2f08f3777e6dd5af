//! Conditions in runs of different origin, and who controls what.

use super::{Charset, Control, Operand, Outcome, RefPattern, Run, RunSource, Scope, evaluate, github, truth};
use crate::syntax::expression::parse;

struct Only(Run);

impl Scope for Only {
    fn lookup(&self, path: &[String]) -> Operand {
        match path.first().map(String::as_str) {
            Some("github") => github(&self.0, &path[1..]),
            Some("inputs") => Operand::one_of(Control::Writer, "inputs.x", vec!["a".to_owned(), "b".to_owned()]),
            _ => Operand::setting("unknown-variable", "x"),
        }
    }
}

fn run(event: &str, git_ref: RefPattern, source: RunSource, who: Control) -> Only {
    Only(Run {
        event: event.to_owned(),
        activities: vec!["opened".to_owned(), "labeled".to_owned()],
        git_ref,
        source,
        who,
        choices: std::collections::BTreeMap::new(),
        has_labels: true,
        is_merged: None,
        parent_event: None,
        repository: None,
        default_branch: None,
    })
}

fn fork(event: &str) -> Only {
    run(event, RefPattern::Below("refs/pull/".to_owned()), RunSource::Fork, Control::Outsider)
}

fn push(branch: &str) -> Only {
    run("push", RefPattern::Exact(format!("refs/heads/{branch}")), RunSource::Base, Control::Writer)
}

#[test]
fn conditions_of_runs() {
    use Outcome::{Either, No, Unknown, Yes};
    let check = |scope: &Only, text: &str, expected: Outcome| {
        let expression = parse(text, 0..text.len()).expect("the expression parses");
        assert_eq!(truth(&expression, scope), expected, "{text}");
    };
    let (fork_run, main) = (fork("pull_request"), push("main"));
    check(&main, "github.ref == 'refs/heads/main'", Yes);
    check(&main, "github.ref == 'refs/heads/dev' && vars.x", No);
    check(&main, "vars.x && github.event_name == 'pull_request'", No);
    check(&main, "vars.x || github.event_name == 'PUSH'", Yes);
    check(&main, "vars.x == 'y'", Unknown);
    check(&main, "!startsWith(github.ref, 'refs/tags/')", Yes);
    check(&main, "github.repository == 'a/b'", Yes);
    check(&main, "github.event.pull_request.merged", No);
    check(&main, "inputs.x == 'a'", Either);
    check(&main, "inputs.x == 'c'", No);
    check(&main, "contains(fromJSON('[\"main\", \"dev\"]'), github.ref_name)", Yes);
    check(&main, "contains(github.event.head_commit.message, 'deploy')", Either);
    check(&main, "format('refs/heads/{0}', 'main') == github.ref", Yes);
    check(&main, "1 == '1' && null == 0 && '' == false", Yes);
    check(&fork_run, "github.ref == 'refs/heads/main'", No);
    check(&fork_run, "github.event.pull_request.head.repo.full_name == github.repository", No);
    check(&fork_run, "github.event.pull_request.head.repo.full_name != 'a/b'", Yes);
    check(&fork_run, "github.event.pull_request.head.repo.fork", Yes);
    check(&fork_run, "github.actor == 'dependabot[bot]'", Either);
    check(&fork_run, "github.event.action == 'labeled'", Either);
    check(&fork_run, "github.event.action == 'closed'", No);
    check(&fork_run, "always() && !cancelled()", Either);
}

#[test]
fn a_choice_is_one_of_its_texts() {
    let check = |text: &str, expected: Option<&[&str]>| {
        let expression = parse(text, 0..text.len()).expect("the expression parses");
        let among = evaluate(&expression, &push("main")).among;
        let among = among.as_ref().map(|among| among.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(among.as_deref(), expected, "{text}");
    };
    check("inputs.x == 'a' && 'one.json' || 'two.json'", Some(&["one.json", "two.json"]));
    check("inputs.x == 'a' && 'one' || vars.y && 'two' || 'three'", Some(&["one", "two", "three"]));
    check("inputs.x == 'a' && vars.y || 'two'", None);
    // What does not hold is told as `false`.
    check("inputs.x == 'a' && 'one'", None);
}

#[test]
fn shares_in_values() {
    let worst = |scope: &Only, text: &str| {
        let expression = parse(text, 0..text.len()).expect("the expression parses");
        evaluate(&expression, scope).worst().map(|share| (share.control, share.charset))
    };
    let (target, issue) = (fork("pull_request_target"), fork("issue_comment"));
    assert_eq!(worst(&target, "github.head_ref"), Some((Control::Outsider, Charset::Ref)));
    assert_eq!(worst(&target, "github.event.pull_request.head.sha"), Some((Control::Outsider, Charset::Hex)));
    assert_eq!(worst(&issue, "github.event.issue.title"), Some((Control::Outsider, Charset::Line)));
    assert_eq!(worst(&issue, "github.event.pull_request.title"), None);
    assert_eq!(worst(&issue, "toJSON(github.event)"), Some((Control::Outsider, Charset::Text)));
    assert_eq!(worst(&issue, "format('{0}', github.event.comment.body)"), Some((Control::Outsider, Charset::Text)));
    assert_eq!(worst(&push("main"), "github.event.head_commit.message"), Some((Control::Merged, Charset::Text)));
    assert_eq!(worst(&push("main"), "github.sha"), Some((Control::Platform, Charset::Hex)));
    assert_eq!(worst(&push("main"), "github.ref == 'x' && 'a' || 'b'"), None);
}
