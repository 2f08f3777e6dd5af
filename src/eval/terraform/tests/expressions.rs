//! Every worked example of `testdata/terraform/expressions.txt`.

use super::{shown, world};
use crate::eval::terraform::Inputs;
use crate::eval::terraform::load::Modules;
use crate::eval::terraform::roots::plans;
use crate::eval::terraform::scope::{Context, Evaluator, Scope};
use crate::eval::terraform::states::States;
use crate::source::{FileId, World};
use crate::syntax::hcl::parse_expression;

const DECLARATIONS: &str = include_str!("../../../../testdata/terraform/declarations.tf");

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
    check_table(table, &world);
}

/// Each row of a table is an expression and its value.
pub(in crate::eval::terraform) fn check_table(table: &str, world: &World) {
    let modules = Modules::new(world, &[]);
    let plans = plans(&modules, &Inputs::default());
    let states = States::new(&modules, &plans);
    let evaluator = Evaluator::new(&modules, &plans[0], &states);
    let context = Context::root(modules.module("").expect("there is a root"));
    let mut wrong = Vec::new();
    let mut n_rows = 0;
    for row in table.lines().filter(|row| !row.starts_with('#') && !row.is_empty()) {
        n_rows += 1;
        let (expression, expected) = row.split_once("  =>  ").expect("a row has two sides");
        let parsed = parse_expression(FileId(0), expression, 0).expect(expression);
        let value = evaluator.eval(&parsed, Scope::of(&context));
        let sensitive = if value.sensitive && expected.ends_with("(sensitive)") { "  (sensitive)" } else { "" };
        let actual = format!("{}{sensitive}", shown(&value)).replace("data.aws_availability_zones.a.", "….");
        let actual = actual.replace("….names", "…names");
        if !same(&actual, expected) {
            wrong.push(format!("{expression}\n    is       {actual}\n    expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {n_rows} rows:\n{}", wrong.len(), wrong.join("\n"));
}
