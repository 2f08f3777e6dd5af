//! What `aws_iam_policy_document` makes of its blocks and of other documents.

use super::{shown, world};
use crate::eval::terraform::functions::document;
use crate::eval::terraform::{Inputs, evaluate};

/// The document of a data source `it`, whose body is given.
fn check(body: &str, expected: &str) {
    let main = format!(
        "variable \"unknown\" {{}}\n\
         data \"aws_iam_policy_document\" \"it\" {{\n{body}\n}}\n\
         resource \"t\" \"t\" {{ policy = data.aws_iam_policy_document.it.json }}\n"
    );
    let world = world(&[("main.tf", &main)]);
    let terraform = evaluate(&world, &Inputs::default());
    let instance = terraform.deployments[0].instance("t.t").expect("the resource");
    let policy = instance.view().written("policy").expect("a policy");
    assert_eq!(shown(&document(&policy, &world)), expected, "{body}");
}

#[test]
fn statements_with_defaults() {
    check(
        r#"statement {
             actions   = ["s3:GetObject"]
             resources = ["arn:aws:s3:::b/&{aws:username}/*"]
             condition {
               test     = "StringLike"
               variable = "s3:prefix"
               values   = ["a"]
             }
             condition {
               test     = "StringLike"
               variable = "s3:prefix"
               values   = ["b"]
             }
           }"#,
        concat!(
            r#"{Statement = [{Action = ["s3:GetObject"], Condition = {StringLike = {s3:prefix = ["a", "b"]}}, "#,
            r#"Effect = "Allow", Resource = ["arn:aws:s3:::b/${aws:username}/*"]}], Version = "2012-10-17"}"#
        ),
    );
}

#[test]
fn everyone_and_everyone_with_an_account() {
    let with = |kind: &str| {
        format!(
            "statement {{\n principals {{\n type = \"{kind}\"\n identifiers = [\"*\"]\n }}\n actions = [\"a:b\"]\n }}"
        )
    };
    let statement = |principal: &str| {
        format!(
            r#"{{Statement = [{{Action = ["a:b"], Effect = "Allow", Principal = {principal}}}], Version = "2012-10-17"}}"#
        )
    };
    check(&with("*"), &statement("\"*\""));
    check(&with("AWS"), &statement("{AWS = [\"*\"]}"));
}

#[test]
fn sources_and_overrides() {
    let own = r#"statement {
                   sid     = "one"
                   actions = ["own:one"]
                 }"#;
    let source = r#"source_policy_documents = [null, jsonencode({ Version = "2008-10-17", Id = "src", Statement = [{ Sid = "one", Action = "src:one" }, { Sid = "two", Action = "src:two" }] })]"#;
    let over = r#"override_policy_documents = [jsonencode({ Statement = { Sid = "two", Action = "over:two" } })]"#;
    check(
        &format!("{source}\n{own}\n{over}"),
        concat!(
            r#"{Id = "src", Statement = [{Action = ["own:one"], Effect = "Allow", Sid = "one"}, "#,
            r#"{Action = "over:two", Sid = "two"}], Version = "2012-10-17"}"#
        ),
    );
    check(
        &format!("source_policy_documents = [var.unknown]\n{own}"),
        concat!(
            r#"{Statement = [{Action = ["own:one"], Effect = "Allow", Sid = "one"}, …?no-value], "#,
            r#"Version = "2012-10-17"}"#
        ),
    );
    check(&format!("{own}\n{own}"), "!wrong-argument");
}
