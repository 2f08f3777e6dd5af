//! Configuration that is made to hurt: it ends in a problem, soon, and the rest is analysed.

use super::{attr, evaluated, shown};
use crate::eval::terraform::Deployment;

/// The deployment, its limits and whether the harmless part was looked at.
fn survived(main: &str) -> (Deployment, Vec<&'static str>) {
    let main = format!("{main}\nresource \"aws_x\" \"fine\" {{\n  v = 1\n}}\n");
    let mut terraform = evaluated(&[("main.tf", &main)]);
    let it = terraform.deployments.remove(0);
    assert_eq!(attr(&it, "aws_x.fine", "v"), "1");
    let mut codes: Vec<&'static str> = it.problems.iter().map(|problem| problem.reason).collect();
    codes.extend(it.errors.iter().map(|error| error.code));
    codes.sort_unstable();
    codes.dedup();
    (it, codes)
}

#[test]
fn a_million_instances_are_a_thousand() {
    let (it, codes) = survived(
        "resource \"aws_subnet\" \"many\" {\n  count = 1000000\n  n     = count.index\n}\noutput \"n\" {\n  value = length(aws_subnet.many)\n}\n",
    );
    assert_eq!(it.instances.len(), 1001);
    assert!(codes.contains(&"limit-instances"), "{codes:?}");
    assert_eq!(shown(&it.outputs[0].value), "?limit-instances");
}

#[test]
fn ranges_stop_where_the_language_stops_them() {
    let (_, codes) = survived("locals {\n  a = range(1000000000)\n}\n");
    assert_eq!(codes, ["wrong-argument"]);
}

#[test]
fn names_that_lead_to_themselves_are_cycles() {
    let (_, codes) = survived(
        "locals {\n  a = local.b\n  b = local.c\n  c = [local.a]\n  d = local.d\n}\nresource \"aws_x\" \"r\" {\n  count = length(aws_x.r)\n}\n",
    );
    assert_eq!(codes, ["cycle"]);
}

#[test]
fn modules_that_call_themselves_end() {
    let (it, codes) = survived("module \"a\" {\n  source = \"./\"\n}\nmodule \"b\" {\n  source = \"./\"\n}\n");
    assert!(codes.contains(&"limit-modules"), "{codes:?}");
    assert!(it.instances.len() <= 2_000);
}

#[test]
fn a_million_modules_are_two_thousand() {
    let main = "module \"m\" {\n  source = \"./m\"\n  count = 1000\n}\n";
    let inner = "module \"n\" {\n  source = \"../n\"\n  count = 1000\n}\n";
    let mut terraform = evaluated(&[("main.tf", main), ("m/main.tf", inner), ("n/main.tf", "locals {\n  a = 1\n}\n")]);
    let it = terraform.deployments.remove(0);
    assert!(it.holes.len() <= 2_000, "{}", it.holes.len());
    assert!(it.problems.iter().any(|problem| problem.reason == "limit-modules"));
}

#[test]
fn nested_loops_end() {
    let mut expression = "0".to_owned();
    for depth in 0..8 {
        expression = format!("[for v{depth} in range(1000) : {expression}]");
    }
    let (_, codes) = survived(&format!("locals {{\n  bomb = {expression}\n}}\n"));
    assert!(codes.iter().any(|code| code.starts_with("limit-")), "{codes:?}");
}

#[test]
fn values_that_share_themselves_end() {
    let mut locals = "locals {\n  l0 = [\"x\", \"x\"]\n  t0 = \"0123456789\"\n".to_owned();
    for n in 1..64 {
        let before = n - 1;
        locals += &format!("  l{n} = [local.l{before}, local.l{before}]\n");
        locals += &format!("  t{n} = \"${{local.t{before}}}${{local.t{before}}}\"\n");
    }
    let (_, codes) = survived(&format!("{locals}}}\n"));
    assert_eq!(codes, ["limit-elements", "limit-text"]);
}

#[test]
fn long_chains_of_names_end() {
    let mut locals = "locals {\n  l0 = 1\n".to_owned();
    for n in 1..50_000 {
        locals += &format!("  l{n} = local.l{}\n", n - 1);
    }
    let (_, codes) = survived(&format!("{locals}}}\n"));
    assert!(codes.is_empty() || codes == ["limit-depth"], "{codes:?}");
}

#[test]
fn deep_documents_and_templates_end() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let (_, _) = survived(&format!("locals {{\n  a = jsondecode(\"{deep}\")\n  b = yamldecode(\"{deep}\")\n}}\n"));
    let mut terraform = evaluated(&[
        ("main.tf", "output \"o\" {\n  value = templatefile(\"a.tpl\", {})\n}\n"),
        ("a.tpl", "${templatefile(\"a.tpl\", {})}"),
    ]);
    assert!(shown(&terraform.deployments.remove(0).outputs[0].value).contains("limit-depth"));
}
