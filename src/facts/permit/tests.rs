//! The worked examples of statements and trusts, as tables.

use std::sync::Arc;

use super::actions::{ActionName, Actions, Allowed};
use super::condition::{Condition, Context, KeyState, Operator};
use super::grant::{Bound, PolicySet};
use super::pattern::tests::with_holes;
use super::pattern::{Case, Extent, Pattern, Reading};
use super::statement::{Effect, Listing, Question, Statement};
use crate::logic::Tri::{self, False, True, Unknown};

const REPO: &str = "arn:aws:ecr:eu-1:1:repository/app";
const TASK: &str = "arn:aws:iam::1:role/task";
const OBJECT: &str = "arn:aws:s3:::b/x";
const SERVICE: &str = "arn:aws:ecs:eu-1:1:service/main/app";

fn listing(texts: &[&str], reading: Reading, case: Case) -> Listing {
    let (texts, is_negated) = match texts {
        ["not", rest @ ..] => (rest, true),
        texts => (texts, false),
    };
    let patterns = texts.iter().map(|text| with_holes(text, reading, case)).collect();
    Listing { patterns, is_negated, is_open: false }
}

fn statement(effect: Effect, actions: &[&str], resources: &[&str], conditions: &[(&str, &str, &[&str])]) -> Statement {
    Statement {
        effect: Some(effect),
        actions: Arc::new(Actions::new(listing(actions, Reading::PlainGlob, Case::Folded))),
        resources: listing(resources, Reading::Glob, Case::Kept),
        conditions: conditions.iter().map(|(operator, key, values)| condition(operator, key, values)).collect(),
        has_open_conditions: false,
    }
}

fn condition(operator: &str, key: &str, values: &[&str]) -> Condition {
    let operator = Operator::parse(operator).expect("an operator of IAM");
    let (reading, case) = super::read::value_reading(operator);
    Condition {
        operator: Some(operator),
        key: Some(key.to_ascii_lowercase()),
        values: values.iter().map(|value| with_holes(value, reading, case)).collect(),
        is_open: false,
    }
}

fn allow(actions: &[&str], resources: &[&str]) -> Statement {
    statement(Effect::Allow, actions, resources, &[])
}

fn deny(actions: &[&str], resources: &[&str]) -> Statement {
    statement(Effect::Deny, actions, resources, &[])
}

fn set(statements: &[Statement]) -> PolicySet {
    PolicySet::of(statements.iter().cloned().map(Arc::new).collect())
}

fn resource(text: &str) -> Pattern {
    with_holes(text, Reading::Glob, Case::Kept)
}

fn value(text: &str) -> Pattern {
    with_holes(text, Reading::Literal, Case::Kept)
}

fn check(statements: &[Statement], action: &str, on: &str, context: Context, expected: Tri) {
    let question = Question::all(action, resource(on)).in_context(context);
    assert_eq!(set(statements).grants(&question), expected, "{action} on {on}: {statements:?}");
}

fn plain(statements: &[Statement], action: &str, on: &str, expected: Tri) {
    check(statements, action, on, Context::default(), expected);
}

#[test]
fn actions_and_resources() {
    plain(&[allow(&["ecr:*"], &["*"])], "ecr:PutImage", REPO, True);
    plain(&[allow(&["ecr:*"], &[REPO])], "ecr:GetAuthorizationToken", "*", False);
    plain(&[allow(&["ecr:*"], &["arn:aws:ecr:*:*:*"])], "ecr:GetAuthorizationToken", "*", False);
    plain(&[allow(&["ecr:*"], &[REPO, "*"])], "ecr:GetAuthorizationToken", "*", True);
    let all_but_iam = allow(&["not", "iam:*"], &["*"]);
    plain(std::slice::from_ref(&all_but_iam), "ecs:RunTask", "*", True);
    plain(&[all_but_iam], "iam:PassRole", TASK, False);
    plain(&[allow(&["⟨p⟩:*"], &["*"])], "ecs:RunTask", "*", Unknown);
    plain(
        &[allow(&["sns:Unsubscribe"], &["arn:aws:sns:eu-1:1:t"])],
        "sns:Unsubscribe",
        "arn:aws:sns:eu-1:1:t",
        Unknown,
    );
    plain(&[allow(&["sns:Unsubscribe"], &["*"])], "sns:Unsubscribe", "arn:aws:sns:eu-1:1:t", True);
    plain(&[allow(&["newsvc:*"], &["arn:aws:newsvc:::x"])], "newsvc:Do", "arn:aws:newsvc:::x", Unknown);
    plain(&[allow(&["S3:getobject"], &["*"])], "s3:GetObject", OBJECT, True);
    plain(&[allow(&["ec*:RunTask"], &["*"])], "ecs:RunTask", "*", Unknown);
}

#[test]
fn not_resource() {
    let all_but_secret = allow(&["s3:GetObject"], &["not", "arn:aws:s3:::secret/*"]);
    plain(std::slice::from_ref(&all_but_secret), "s3:GetObject", OBJECT, True);
    plain(std::slice::from_ref(&all_but_secret), "s3:GetObject", "arn:aws:s3:::secret/x", False);
    plain(&[all_but_secret], "s3:GetObject", "arn:aws:s3:::⟨b⟩/x", Unknown);
    plain(&[allow(&["ecr:GetAuthorizationToken"], &["not", REPO])], "ecr:GetAuthorizationToken", "*", True);
}

#[test]
fn passing_roles() {
    let pass = |operator: &str, values: &[&str]| {
        [statement(Effect::Allow, &["iam:PassRole"], &[TASK], &[(operator, "iam:PassedToService", values)])]
    };
    let to = |service: &str| Context::default().with("iam:PassedToService", value(service));
    let (tasks, ec2) = ("ecs-tasks.amazonaws.com", "ec2.amazonaws.com");
    check(&pass("StringEquals", &[tasks]), "iam:PassRole", TASK, to(tasks), True);
    check(&pass("StringEquals", &[tasks]), "iam:PassRole", TASK, to(ec2), False);
    plain(&pass("StringEquals", &[tasks]), "iam:PassRole", TASK, Unknown);
    check(&pass("StringLike", &["*"]), "iam:PassRole", TASK, to(ec2), True);
    check(&pass("StringEquals", &["ecs*"]), "iam:PassRole", TASK, to(tasks), False);
    check(&pass("StringEqualsIfExists", &[tasks]), "iam:PassRole", TASK, to(ec2), False);
}

#[test]
fn keys_that_are_absent() {
    let with = |operator: &str, key: &str, values: &[&str]| {
        [statement(Effect::Allow, &["s3:GetObject"], &["*"], &[(operator, key, values)])]
    };
    let absent = |key: &str| Context::default().with_state(key, KeyState::Absent);
    let tag = "aws:PrincipalTag/team";
    check(&with("StringEquals", tag, &["a"]), "s3:GetObject", OBJECT, absent(tag), False);
    plain(&with("StringEquals", tag, &["a"]), "s3:GetObject", OBJECT, Unknown);
    check(&with("StringEqualsIfExists", tag, &["a"]), "s3:GetObject", OBJECT, absent(tag), True);
    check(&with("StringNotLike", tag, &["a*"]), "s3:GetObject", OBJECT, absent(tag), True);
    let keys = "aws:TagKeys";
    check(&with("ForAllValues:StringEquals", keys, &["a"]), "s3:GetObject", OBJECT, absent(keys), True);
    check(&with("ForAnyValue:StringEquals", keys, &["a"]), "s3:GetObject", OBJECT, absent(keys), False);
    let guarded = [statement(
        Effect::Allow,
        &["s3:GetObject"],
        &["*"],
        &[("ForAllValues:StringEquals", keys, &["a"]), ("Null", keys, &["false"])],
    )];
    check(&guarded, "s3:GetObject", OBJECT, absent(keys), False);
}

#[test]
fn values_of_keys() {
    let with = |conditions: &[(&str, &str, &[&str])]| {
        [statement(Effect::Allow, &["s3:GetObject", "ecs:UpdateService"], &["*"], conditions)]
    };
    let region = |region: &str| Context::default().with("aws:RequestedRegion", value(region));
    let outside = with(&[("StringNotEquals", "aws:RequestedRegion", &["eu-1", "eu-2"])]);
    check(&outside, "s3:GetObject", OBJECT, region("eu-2"), False);
    check(&outside, "s3:GetObject", OBJECT, region("us-1"), True);
    let both =
        with(&[("StringEquals", "aws:RequestedRegion", &["eu-1"]), ("StringEquals", "s3:ResourceAccount", &["1"])]);
    check(&both, "s3:GetObject", OBJECT, region("eu-1").with("s3:ResourceAccount", value("2")), False);
    plain(&with(&[("DateLessThan", "aws:CurrentTime", &["2027-01-01T00:00:00Z"])]), "s3:GetObject", OBJECT, Unknown);
    let cluster = |wanted: &str| with(&[("ArnEquals", "ecs:cluster", &[wanted])]);
    let main = || Context::default().with("ecs:cluster", value("arn:aws:ecs:eu-1:1:cluster/main"));
    check(&cluster("arn:aws:ecs:eu-1:1:cluster/*"), "ecs:UpdateService", SERVICE, main(), True);
    check(&cluster("⟨main⟩"), "ecs:UpdateService", SERVICE, main(), Unknown);
    check(&cluster("arn:aws:ecs:eu-1:1:cluster/other"), "ecs:UpdateService", SERVICE, main(), False);
}

#[test]
fn denies() {
    let all = || allow(&["*"], &["*"]);
    plain(&[all(), deny(&["s3:DeleteBucket"], &["*"])], "s3:DeleteBucket", "arn:aws:s3:::b", False);
    plain(&[all(), deny(&["not", "s3:*"], &["*"])], "ecs:RunTask", "*", False);
    plain(&[all(), deny(&["s3:*"], &["arn:aws:s3:::⟨b⟩/*"])], "s3:GetObject", "arn:aws:s3:::data/x", Unknown);
    let when = |operator: &str, key: &str, wanted: &str| {
        [all(), statement(Effect::Deny, &["s3:*"], &["*"], &[(operator, key, &[wanted])])]
    };
    let secure = Context::default().with("aws:SecureTransport", value("true"));
    check(&when("Bool", "aws:SecureTransport", "false"), "s3:GetObject", OBJECT, secure, True);
    plain(&when("StringEquals", "aws:PrincipalTag/team", "b"), "s3:GetObject", OBJECT, Unknown);
    plain(&when("StringEquals", "aws:ResourceTg/x", "y"), "s3:GetObject", OBJECT, True);
}

#[test]
fn some_and_all() {
    let some = |statements: &[Statement], action: &str, on: &str| {
        set(statements).grants(&Question::some(action, resource(on)))
    };
    let one_object = [allow(&["s3:*"], &["*"]), deny(&["s3:*"], &[OBJECT])];
    assert_eq!(some(&one_object, "s3:GetObject", "*"), True);
    let statics = [allow(&["s3:GetObject"], &["arn:aws:s3:::b/static/*"])];
    plain(&statics, "s3:GetObject", "arn:aws:s3:::b/*", Unknown);
    assert_eq!(some(&statics, "s3:GetObject", "*"), True);
}

#[test]
fn boundaries_sessions_and_open_sets() {
    let bounded = |bound: Bound| {
        let mut everything = set(&[allow(&["*"], &["*"])]);
        everything.boundary = bound;
        everything
    };
    let only_s3 = || Bound::Statements(vec![Arc::new(allow(&["s3:*"], &["*"]))]);
    let run = Question::all("ecs:RunTask", Pattern::anything());
    let get = Question::all("s3:GetObject", resource(OBJECT));
    assert_eq!(bounded(only_s3()).grants(&run), False);
    assert_eq!(bounded(only_s3()).grants(&get), True);
    assert_eq!(bounded(Bound::Unresolved).grants(&run), Unknown);
    let mut session = bounded(Bound::None);
    session.sessions.push(only_s3());
    assert_eq!(session.grants(&run), False);
    let mut open = set(&[allow(&["s3:*"], &["*"])]);
    open.is_open = true;
    assert_eq!(open.grants(&run), Unknown);
    assert_eq!(open.grants(&get), True);
}

/// A condition on the subject of a GitHub token; every other claim that AWS does not read is absent.
fn admits(operator: &str, claim: &str, wanted: &str, subject: &str) -> Tri {
    let key = format!("token.actions.githubusercontent.com:{claim}");
    let trust = statement(Effect::Allow, &["sts:AssumeRoleWithWebIdentity"], &["*"], &[(operator, &key, &[wanted])]);
    let context = Context::default()
        .with("token.actions.githubusercontent.com:sub", value(subject))
        .with_state("token.actions.githubusercontent.com:repository_owner", KeyState::Absent);
    trust.conditions_hold(&context, Extent::All)
}

#[test]
fn trusts() {
    let main = "repo:o/r:ref:refs/heads/main";
    let check = |operator: &str, wanted: &str, subject: &str, expected: Tri| {
        assert_eq!(admits(operator, "sub", wanted, subject), expected, "{operator} {wanted}: {subject}");
    };
    check("StringLike", main, main, True);
    check("StringLike", main, "repo:o/r:environment:production", False);
    check("StringLike", main, "repo:o@1/r@2:ref:refs/heads/main", False);
    check("StringEquals", "repo:o/r:*", "repo:o/r:pull_request", False);
    check("StringLike", "repo:o/*:ref:refs/heads/main", "repo:o/other:ref:refs/heads/main", True);
    check("StringLike", "repo:o/r*", "repo:o/r-fork:pull_request", True);
    check("StringLike", "repo:o/r:ref:*", "repo:o/r:pull_request", False);
    check("StringLike", "repo:o/r:ref:*", "repo:o/r:ref:refs/tags/v1", True);
    check("StringLike", "*:environment:prod", "repo:x/y:environment:prod", True);
    check("StringLike", "repo:o*/r*:ref:refs/heads/main", "repo:oscar/rogue:ref:refs/heads/main", True);
    check("StringLike", "repo:o@*/r@*:ref:refs/heads/main", "repo:o@1/r@2:ref:refs/heads/main", True);
    check("StringLike", "repo:O/r:*", "repo:o/r:pull_request", False);
    check("StringNotLike", "repo:o/r:pull_request", "repo:x/y:pull_request", True);
    check("ForAllValues:StringLike", "repo:o/r:*", "repo:x/y:pull_request", False);
    check("StringLike", "repo:o/r:ref:refs/heads/release-*", "repo:o/r:ref:refs/heads/⟨b⟩", Unknown);
    check("StringLike", "repo:o/r:ref:refs/heads/*", "repo:o/r:ref:refs/heads/⟨b⟩", True);
    check("StringEquals", "repo:⟨org⟩/r:environment:production", "repo:o/r:environment:production", Unknown);
    check("StringEquals", "repo:⟨org⟩/r:environment:production", "repo:o/r:pull_request", False);
    assert_eq!(admits("StringLike", "Sub", main, main), True);
    assert_eq!(admits("StringEquals", "repository_owner", "o", main), False);
    assert_eq!(admits("StringEqualsIfExists", "repository_owner", "o", main), True);
    assert_eq!(admits("ForAllValues:StringEquals", "repository_owner", "o", main), True);
}

/// The literal beginnings of the patterns leave no action out.
#[test]
fn allowed_actions_are_all_that_are_named() {
    let policy = super::managed::named("AmazonECS_FullAccess").expect("a policy of the table");
    for statement in &policy.set.statements {
        let listed: Vec<String> = statement.actions.allowed().iter().map(Allowed::name).collect();
        let named: Vec<String> = crate::data::actions::services()
            .flat_map(|service| service.actions.iter().map(move |action| format!("{}:{}", service.prefix, action.name)))
            .filter(|name| statement.names_action(&ActionName::new(name)) != Tri::False)
            .collect();
        assert_eq!(listed, named);
    }
}
