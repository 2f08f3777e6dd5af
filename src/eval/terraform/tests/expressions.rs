//! Every worked example of `testdata/terraform/expressions.txt`.

use super::{shown, world};
use crate::eval::terraform::{Inputs, evaluate_expression};
use crate::source::FileId;
use crate::syntax::hcl::parse_expression;

const DECLARATIONS: &str = r#"
variable "env" { type = string }
variable "names" {
  type    = list(string)
  default = ["a", "b"]
}
variable "ids" {
  type    = set(string)
  default = ["b", "a", "b"]
}
variable "tags" {
  type    = map(string)
  default = { app = "web", n = 1 }
}
variable "nothing" {
  type    = string
  default = null
}
variable "secret" {
  sensitive = true
  default   = "hush"
}
variable "svc" {
  type    = object({ name = string, port = optional(number, 80), labels = optional(map(string), {}) })
  default = { name = "web", extra = true }
}
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_vpc" "other" {}
resource "aws_subnet" "app" {
  count      = 2
  cidr_block = cidrsubnet("10.0.0.0/16", 8, count.index)
}
resource "aws_subnet" "db" {
  for_each = toset(["a", "b"])
}
data "aws_availability_zones" "a" {}
"#;

/// Holes that stand for one choice of several are shown as `⟦?⟧` in the table.
fn same(actual: &str, expected: &str) -> bool {
    let loose = |text: &str| {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('⟦') {
            let (_, behind) = after.split_once('⟧').unwrap_or((after, ""));
            result += before;
            result += "⟦?⟧";
            rest = behind;
        }
        result + rest
    };
    actual == expected || (expected.contains("⟦?⟧") && loose(actual) == loose(expected))
}

#[test]
fn worked_examples() {
    let table = include_str!("../../../../testdata/terraform/expressions.txt");
    let world = world(&[
        ("main.tf", DECLARATIONS),
        ("hello.txt", "hello!"),
        ("policies/a.json", "{}"),
        ("policies/c.yaml", "a: 1"),
    ]);
    let mut wrong = Vec::new();
    let mut n_rows = 0;
    for row in table.lines().filter(|row| !row.starts_with('#') && !row.is_empty()) {
        n_rows += 1;
        let (expression, expected) = row.split_once("  =>  ").expect("a row has two sides");
        let parsed = parse_expression(FileId(0), expression, 0).expect(expression);
        let value = evaluate_expression(&world, &Inputs::default(), "", &parsed).expect("there is a root");
        let sensitive = if value.sensitive && expected.ends_with("(sensitive)") { "  (sensitive)" } else { "" };
        let actual = format!("{}{sensitive}", shown(&value)).replace("data.aws_availability_zones.a.", "….");
        let actual = actual.replace("….names", "…names");
        if !same(&actual, expected) {
            wrong.push(format!("{expression}\n    is       {actual}\n    expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {n_rows} rows:\n{}", wrong.len(), wrong.join("\n"));
}
