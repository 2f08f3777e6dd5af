//! Conditions against a model made by hand: types, three truth values, evidence.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::evaluate::{Evaluator, Evidence};
use super::evidence::{Bound, Verdict};
use super::judge::{guarded, judge};
use super::{Rule, prepare};
use crate::facts::Facts;
use crate::logic::{Reason, Tri};
use crate::model::network::{Route, RouteTable, Subnet};
use crate::model::{Cell, Head, Id, Model};
use crate::rule::condition::{Condition, ConditionError, Environment, compile};
use crate::rule::{RuleFile, RuleSource};
use crate::source::{FileId, ProblemLevel, Span, Watch};
use crate::value::{Origin, Value};

fn span(start: usize, end: usize) -> Span {
    Span::new(FileId(0), start, end)
}

fn compiled(condition: &str, each: &str) -> Result<Condition, Vec<ConditionError>> {
    let params = BTreeMap::new();
    compile(condition, 0, &Environment { schema: super::schema(), each, params: &params })
}

fn refused(condition: &str, each: &str) -> (String, String) {
    let errors = compiled(condition, each).expect_err("the condition is refused");
    (errors[0].message.clone(), errors[0].suggestion.clone().unwrap_or_default())
}

fn evaluated(model: &Model, condition: &str, each: &str, bound: Bound) -> Verdict {
    let condition = compiled(condition, each).expect("the condition is right");
    let facts = Facts::new(model);
    let mut variables = vec![None; condition.variables.len()];
    variables[0] = Some(bound);
    let mut evaluator = Evaluator { facts: &facts, bound: variables, evidence: Evidence::Collect };
    evaluator.test(&condition.test)
}

/// A subnet that hands out public addresses, for a reason that stands at byte 10.
fn subnet() -> (Model, Id<Subnet>) {
    let mut model = Model::default();
    let mut subnet = Subnet::new(Head::new("aws_subnet.app", span(0, 5)));
    subnet.map_public_ip = Cell::of(Value::bool(true, Origin::written(span(10, 14))));
    subnet.zone = Cell::unknown(Reason::new("no-value", "var.zone"), Origin::none());
    let id = model.network.subnets.push(subnet);
    (model, id)
}

#[test]
fn misspelt_names_are_errors_with_a_suggestion() {
    assert_eq!(refused("subnet.map_public_op", "subnet").1, "map_public_ip");
    assert_eq!(refused("sbnet.map_public_ip", "subnet").1, "subnet");
    assert_eq!(refused("subnet.vpc.dns_suport", "subnet").1, "dns_support");
    assert_eq!(refused("nat_gateway.connectivity == \"pubic\"", "nat_gateway").1, "public");
}

#[test]
fn types_must_fit() {
    assert!(refused("subnet.zone", "subnet").0.contains("a flag is wanted"));
    assert!(refused("subnet.zone < 3", "subnet").0.contains("only numbers have an order"));
    assert!(refused("subnet.map_public_ip == \"x\"", "subnet").0.contains("never equal"));
    assert!(refused("alltrue([for x in subnet.vpc : true])", "subnet").0.contains("a list is wanted"));
    assert!(refused("attr(\"a\") == 1", "subnet").0.contains("resource"));
    assert!(refused("subnet.vpc == null", "subnet").0.contains("null"));
}

#[test]
fn unknown_stays_unknown_unless_the_rest_decides() {
    let (model, id) = subnet();
    let check = |condition: &str, expected: Tri| {
        let verdict = evaluated(&model, condition, "subnet", Bound::Entity(id.into()));
        assert_eq!(verdict.tri, expected, "{condition}");
    };
    check("subnet.map_public_ip", Tri::True);
    check("subnet.zone == \"a\"", Tri::Unknown);
    check("subnet.zone == \"a\" && !subnet.map_public_ip", Tri::False);
    check("subnet.zone == \"a\" || subnet.map_public_ip", Tri::True);
    check("subnet.has_vpc", Tri::False);
    check("subnet.vpc.dns_support", Tri::Unknown);
    check("!subnet.has_vpc || subnet.vpc.dns_support", Tri::True);
    check("startswith(subnet.zone, \"eu-\")", Tri::Unknown);
}

#[test]
fn the_literal_that_decides_is_the_place() {
    let (model, id) = subnet();
    let verdict = evaluated(&model, "!subnet.map_public_ip", "subnet", Bound::Entity(id.into()));
    assert_eq!(verdict.tri, Tri::False);
    let way = &verdict.ways[0];
    assert_eq!(way.places[way.primary].span, span(10, 14));
}

#[test]
fn an_open_list_proves_nothing_about_all() {
    let mut model = Model::default();
    let mut table = RouteTable::new(Head::new("aws_route_table.main", span(0, 5)));
    let mut route = Route::new(Head::new("route", span(20, 25)));
    route.target_kind = Cell::of(Value::text("internet_gateway", Origin::written(span(22, 24))));
    let route = model.network.routes.push(route);
    table.routes.push(route, Origin::written(span(6, 9)));
    table.routes.open(Reason::new("no-value", "var.more"));
    let id = model.network.route_tables.push(table);
    let verdict = |condition: &str| evaluated(&model, condition, "route_table", Bound::Entity(id.into()));
    let all = verdict("alltrue([for r in route_table.routes : r.target_kind == \"internet_gateway\"])");
    assert_eq!(all.tri, Tri::Unknown);
    let none = verdict("alltrue([for r in route_table.routes : r.target_kind != \"internet_gateway\"])");
    assert_eq!(none.tri, Tri::False);
    let places: Vec<Span> = none.ways[0].places.iter().map(|place| place.span).collect();
    assert_eq!(places, [span(6, 9), span(22, 24)]);
    assert_eq!(none.ways[0].primary, 1);
    assert_eq!(verdict("length(route_table.routes) >= 1").tri, Tri::True);
    assert_eq!(verdict("length(route_table.routes) < 2").tri, Tri::Unknown);
}

/// A rule about subnets whose condition nobody has checked yet.
fn unchecked(id: &str, condition: &str) -> Rule {
    let text = format!("---\nseverity: low\neach: subnet\n---\n\n# A title\n\n```hcl require\n{condition}\n```\n");
    let file = RuleFile::read(RuleSource::new("rules", &format!("network/{id}.md"), text)).expect("a rule file");
    prepare(&Arc::new(file), &BTreeMap::new()).expect("there are subnets")
}

#[test]
fn a_rule_that_fails_is_a_fault_of_the_tool_and_the_others_still_run() {
    let (model, _) = subnet();
    let rules = [unchecked("broken", "subnet.no_such_thing"), unchecked("public", "!subnet.map_public_ip")];
    let judged = judge(&model, &rules, &Watch::default());
    assert_eq!(judged.problems.len(), 1);
    assert!(judged.problems[0].level == ProblemLevel::Tool, "{:?}", judged.problems);
    assert!(judged.problems[0].message.contains("rule broken failed"), "{:?}", judged.problems);
    let found: Vec<&str> = judged.drafts.iter().map(|draft| &*draft.rule.meta.id).collect();
    assert_eq!(found, ["public"]);

    let fault = guarded(&rules[1], || panic!("index out of bounds")).err().expect("a problem");
    assert!(
        fault.level == ProblemLevel::Tool && fault.message.contains("rule public failed: index out of bounds"),
        "{fault:?}"
    );
}
