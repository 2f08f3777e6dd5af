//! Every case of a trust, in every way to write one: the provider by reference, by data source, by literal ARN; the
//! document as a data source, as `jsonencode`, as a heredoc and as a file of its own. The verdict is the same.

use std::collections::BTreeSet;

use secure_lint::analysis::analyse;
use secure_lint::check::{Rule, load};
use secure_lint::facts::Facts;
use secure_lint::facts::trust::attempts;
use secure_lint::logic::Tri;
use secure_lint::lower::{Described, Description};
use secure_lint::rule::Catalog;
use secure_lint::rule::example::world;

const ISSUER: &str = "token.actions.githubusercontent.com";
const AUD: Condition = Condition { operator: "StringEquals", claim: "aud", values: &["sts.amazonaws.com"] };

#[derive(Clone, Copy)]
struct Condition {
    operator: &'static str,
    claim: &'static str,
    values: &'static [&'static str],
}

/// Conditions on one claim beside the audience, and the rules that speak. The role may change things.
struct Case {
    conditions: Vec<Condition>,
    expected: &'static [&'static str],
}

fn case(
    operator: &'static str,
    claim: &'static str,
    values: &'static [&'static str],
    expected: &'static [&'static str],
) -> Case {
    Case { conditions: vec![AUD, Condition { operator, claim, values }], expected }
}

fn cases() -> Vec<Case> {
    let main: &[&str] = &["repo:o/r:ref:refs/heads/main"];
    vec![
        case("StringEquals", "sub", main, &[]),
        case("StringLike", "sub", main, &["like-without-wildcard"]),
        case("StringEquals", "sub", &["repo:o@1/r@2:ref:refs/heads/main"], &[]),
        case("StringLike", "sub", &["repo:o@*/r@*:ref:refs/heads/main"], &[]),
        case("StringLike", "sub", &["*"], &["trust-without-subject"]),
        case("StringLike", "sub", &["repo:*"], &["trust-open-to-any-owner"]),
        case("StringLike", "sub", &["repo:o*/r*:ref:refs/heads/main"], &["trust-open-to-any-owner"]),
        case("StringLike", "sub", &["*:environment:prod"], &["trust-open-to-any-owner"]),
        case("StringLike", "sub", &["repo:o/*"], &["trust-open-to-organization"]),
        case("StringLike", "sub", &["repo:o/*:ref:refs/heads/main"], &["trust-open-to-organization"]),
        case("StringLike", "sub", &["repo:o/r*"], &["trust-open-to-organization"]),
        case("StringLike", "sub", &["repo:o/r:*"], &["trust-open-to-whole-repository"]),
        case("StringEquals", "sub", &["repo:o/r:pull_request"], &["deploy-role-trusts-pull-requests"]),
        case("StringLike", "sub", &["repo:o/r:ref:refs/heads/*"], &["trust-open-to-any-branch"]),
        case("StringLike", "sub", &["repo:o/r:ref:refs/heads/feature/*"], &["trust-open-to-any-branch"]),
        case("StringLike", "sub", &["repo:o/r:ref:refs/tags/*"], &["trust-open-to-any-tag"]),
        case("StringLike", "sub", &["repo:o/r:ref:refs/tags/v*"], &[]),
        case("StringEquals", "sub", &["repo:o/r:environment:production"], &[]),
        case("StringEquals", "sub", &["repo:o/r:*"], &["wildcard-in-equals"]),
        case("StringEquals", "Sub", main, &[]),
        case("ForAllValues:StringEquals", "sub", main, &["set-operator-on-claim"]),
        case(
            "ForAllValues:StringLike",
            "sub",
            &["repo:o/r:*"],
            &["set-operator-on-claim", "trust-open-to-whole-repository"],
        ),
        case(
            "StringNotLike",
            "sub",
            &["repo:o/r:pull_request"],
            &["trust-condition-without-effect", "trust-without-subject"],
        ),
        case(
            "StringEqualsIfExists",
            "repository_owner",
            &["o"],
            &["trust-condition-without-effect", "trust-without-subject"],
        ),
        case(
            "ForAllValues:StringEquals",
            "repository_owner",
            &["o"],
            &["trust-condition-without-effect", "trust-without-subject"],
        ),
        case("StringEquals", "repository_owner", &["o"], &["trust-on-unread-claim"]),
        case("StringEquals", "event_name", &["push"], &["trust-on-unread-claim"]),
        Case { conditions: vec![AUD], expected: &["trust-without-subject"] },
        Case { conditions: vec![], expected: &["trust-without-subject", "trust-without-audience"] },
        Case {
            conditions: vec![Condition { operator: "StringEquals", claim: "sub", values: main_values() }],
            expected: &["trust-without-audience"],
        },
        Case {
            conditions: vec![
                Condition { operator: "StringEquals", claim: "aud", values: &["https://github.com/o"] },
                Condition { operator: "StringEquals", claim: "sub", values: main_values() },
            ],
            expected: &[],
        },
        Case {
            conditions: vec![
                AUD,
                Condition { operator: "StringLike", claim: "sub", values: &["repo:o/*"] },
                Condition { operator: "StringEquals", claim: "repository_id", values: &["2"] },
            ],
            expected: &["trust-open-to-whole-repository"],
        },
    ]
}

fn main_values() -> &'static [&'static str] {
    &["repo:o/r:ref:refs/heads/main"]
}

/// How a provider is written: the blocks beside the role, and the expression for its ARN.
const PROVIDERS: [(&str, &str, &str); 4] = [
    (
        "by reference",
        "resource \"aws_iam_openid_connect_provider\" \"github\" {\n  url            = \"https://token.actions.githubusercontent.com\"\n  client_id_list = [\"sts.amazonaws.com\", \"https://github.com/o\"]\n}\n",
        "aws_iam_openid_connect_provider.github.arn",
    ),
    (
        "by data source",
        "data \"aws_iam_openid_connect_provider\" \"github\" {\n  url = \"https://token.actions.githubusercontent.com\"\n}\n",
        "data.aws_iam_openid_connect_provider.github.arn",
    ),
    ("by literal ARN", "", "\"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com\""),
    (
        "by an ARN with a hole",
        "data \"aws_caller_identity\" \"own\" {}\n",
        "\"arn:aws:iam::${data.aws_caller_identity.own.account_id}:oidc-provider/token.actions.githubusercontent.com\"",
    ),
];

const DOCUMENTS: [&str; 5] = ["data source", "jsonencode", "heredoc", "template", "file"];

const POLICY: &str = "resource \"aws_iam_role_policy\" \"ci\" {\n  role = aws_iam_role.ci.id\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [{ Effect = \"Allow\", Action = \"ecr:PutImage\", Resource = \"arn:aws:ecr:eu-west-1:123456789012:repository/r\" }]\n  })\n}\n";

/// The files of a case in one spelling; nothing where there is no such spelling.
fn files(case: &Case, provider: &(&str, &str, &str), document: &str) -> Option<Vec<(&'static str, String)>> {
    let (_, blocks, arn) = *provider;
    let role = |trust: &str| {
        format!(
            "{blocks}resource \"aws_iam_role\" \"ci\" {{\n  name = \"ci\"\n  assume_role_policy = {trust}\n}}\n{POLICY}"
        )
    };
    let file = |text: String| vec![("main.tf", text)];
    let plain = arn.trim_matches('"');
    Some(match document {
        "data source" => {
            let conditions: String = case
                .conditions
                .iter()
                .map(|condition| {
                    let Condition { operator, claim, values } = condition;
                    let values = quoted(values);
                    format!("    condition {{\n      test = \"{operator}\"\n      variable = \"{ISSUER}:{claim}\"\n      values = [{values}]\n    }}\n")
                })
                .collect();
            let data = format!(
                "data \"aws_iam_policy_document\" \"ci\" {{\n  statement {{\n    actions = [\"sts:AssumeRoleWithWebIdentity\"]\n    principals {{\n      type = \"Federated\"\n      identifiers = [{arn}]\n    }}\n{conditions}  }}\n}}\n"
            );
            file(data + &role("data.aws_iam_policy_document.ci.json"))
        }
        "jsonencode" => {
            let statement = |condition: &str| {
                format!(
                    "{{ Effect = \"Allow\", Action = \"sts:AssumeRoleWithWebIdentity\", Principal = {{ Federated = {arn} }}{condition} }}"
                )
            };
            let condition = match case.conditions.is_empty() {
                true => String::new(),
                false => format!(", Condition = {{ {} }}", grouped(case, " = ", ", ")),
            };
            file(role(&format!("jsonencode({{ Version = \"2012-10-17\", Statement = [{}] }})", statement(&condition))))
        }
        "heredoc" => {
            let arn = if arn.starts_with('"') { plain.to_owned() } else { format!("${{{arn}}}") };
            file(role(&format!("<<EOF\n{}\nEOF\n", json(case, &arn))))
        }
        "template" => {
            let template = ("trust.json.tftpl", json(case, "${provider}"));
            let main = role(&format!("templatefile(\"trust.json.tftpl\", {{ provider = {arn} }})"));
            vec![("main.tf", main), template]
        }
        _ if arn.starts_with("\"arn:aws:iam::1") => {
            vec![("main.tf", role("file(\"trust.json\")")), ("trust.json", json(case, plain))]
        }
        _ => return None,
    })
}

fn quoted(values: &[&str]) -> String {
    values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<String>>().join(", ")
}

/// The conditions by operator, as the inside of a map.
fn grouped(case: &Case, is: &str, and: &str) -> String {
    let mut operators: Vec<&str> = case.conditions.iter().map(|condition| condition.operator).collect();
    operators.sort_unstable();
    operators.dedup();
    let of = |operator: &str| {
        let own = case.conditions.iter().filter(|condition| condition.operator == operator);
        own.map(|condition| format!("\"{ISSUER}:{}\"{is}[{}]", condition.claim, quoted(condition.values)))
            .collect::<Vec<String>>()
            .join(and)
    };
    let blocks: Vec<String> =
        operators.iter().map(|operator| format!("\"{operator}\"{is}{{ {} }}", of(operator))).collect();
    blocks.join(and)
}

fn json(case: &Case, arn: &str) -> String {
    let condition = match case.conditions.is_empty() {
        true => String::new(),
        false => format!(", \"Condition\": {{ {} }}", grouped(case, ": ", ", ")),
    };
    format!(
        "{{ \"Version\": \"2012-10-17\", \"Statement\": [{{ \"Effect\": \"Allow\", \"Action\": \"sts:AssumeRoleWithWebIdentity\", \"Principal\": {{ \"Federated\": \"{arn}\" }}{condition} }}] }}"
    )
}

/// The rules about trusts in the default and strict profiles.
fn rules() -> Vec<Rule> {
    let catalog = Catalog::builtin().expect("the rules of the program load");
    let wanted = catalog
        .rules()
        .iter()
        .filter(|rule| rule.meta.area == "oidc" && rule.meta.profile != secure_lint::finding::Profile::Audit);
    wanted.map(|rule| load(rule, &Default::default()).expect("a rule of the program loads")).collect()
}

#[test]
fn a_trust_in_every_spelling() {
    let rules = rules();
    let mut failures = Vec::new();
    for case in cases() {
        let expected: BTreeSet<&str> = case.expected.iter().copied().collect();
        for provider in &PROVIDERS {
            for document in DOCUMENTS {
                let Some(files) = files(&case, provider, document) else { continue };
                let world = world(files.iter().map(|(path, text)| (*path, text.as_str())));
                let outcome = analyse(&world, &Description::default(), &rules);
                let found: BTreeSet<&str> = outcome.findings.iter().map(|finding| finding.rule.id.as_str()).collect();
                if found != expected {
                    let conditions = grouped(&case, ": ", ", ");
                    failures.push(format!(
                        "{conditions}, provider {}, {document}: {found:?} instead of {expected:?}",
                        provider.0
                    ));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

/// What the trust of a role answers to each run of the jobs that ask for it, by what the configuration says of the
/// repository's subjects.
#[test]
fn runs_of_jobs_against_a_trust() {
    let pipeline = "on:\n  push:\n    branches: [main]\n  pull_request:\npermissions:\n  id-token: write\njobs:\n  deploy:\n    if: github.ref == 'refs/heads/main'\n    runs-on: ubuntu-24.04\n    environment: production\n    steps:\n      - uses: aws-actions/configure-aws-credentials@v4\n        with:\n          role-to-assume: ${{ secrets.ROLE }}\n          aws-region: eu-west-1\n  plan:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: aws-actions/configure-aws-credentials@v4\n        with:\n          role-to-assume: ${{ secrets.ROLE }}\n          aws-region: eu-west-1\n";
    let answers = |value: &'static str, config: &str| -> Vec<(String, Tri)> {
        let values: &'static [&'static str] = Box::leak(Box::new([value]));
        let case = case("StringEquals", "sub", values, &[]);
        let mut all = files(&case, &PROVIDERS[0], "data source").expect("a spelling");
        all.push((".github/workflows/pipeline.yml", pipeline.to_owned()));
        let world = world(all.iter().map(|(path, text)| (*path, text.as_str())));
        let lowered = secure_lint::lower::lower(&world, &description(config));
        let model = lowered.models.first().expect("one world");
        let facts = Facts::new(model);
        let role = model.identity.roles.ids().next().expect("a role");
        let mut found: Vec<(String, Tri)> =
            attempts(&facts, role).into_iter().map(|it| (format!("{} on {}", it.job, it.event), it.admitted)).collect();
        found.sort();
        found
    };
    let expect = |deploy: Tri, plan_on_pull: Tri, plan_on_push: Tri| {
        vec![
            ("deploy on push".to_owned(), deploy),
            ("plan on pull_request".to_owned(), plan_on_pull),
            ("plan on push".to_owned(), plan_on_push),
        ]
    };
    let (yes, no) = (Tri::True, Tri::False);
    assert_eq!(answers("repo:o/r:ref:refs/heads/main", ""), expect(no, no, yes));
    assert_eq!(answers("repo:o/r:environment:production", ""), expect(yes, no, no));
    assert_eq!(answers("repo:o/r:pull_request", ""), expect(no, yes, no));
    assert_eq!(answers("repo:o/r:ref:refs/heads/main", "immutable"), expect(no, no, no));
    assert_eq!(answers("repo:o@1/r@2:ref:refs/heads/main", "immutable"), expect(no, no, yes));
    assert_eq!(answers("repo:o@1/r@2:ref:refs/heads/main", "plain"), expect(no, no, no));
    assert_eq!(answers("repo:o/r:ref:refs/heads/main", "repository ref"), expect(no, no, no));
}

/// A configuration that says what form the subjects have, or which claims they are made of.
fn description(subject: &str) -> Description {
    let mut description = Description::default();
    if !subject.is_empty() {
        let value = subject.split(' ').map(str::to_owned).collect();
        description.github.subject = Some(Described { value, place: None });
    }
    description
}
