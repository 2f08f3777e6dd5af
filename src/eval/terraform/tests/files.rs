//! File forms and precedences: JSON syntax, overrides, dialects, variable files, command lines, workspaces.

use std::sync::Arc;

use super::{attr, deployment, evaluated, shown, world};
use crate::eval::terraform::{Inputs, RunInput, RunVerb, Setting, evaluate};
use crate::source::{FileId, Span};
use crate::value::{Origin, StepKind, Value};

const BUCKET: &str = "resource \"aws_s3_bucket\" \"b\" {\n  bucket = var.name\n}\n";

#[test]
fn json_and_native_syntax_mean_the_same() {
    let json = r#"{"variable": {"name": {"type": "string", "default": "x"}},
      "resource": {"aws_s3_bucket": {"b": {"bucket": "${var.name}-y", "tags": {"a": "b"},
        "dynamic": {"rule": {"for_each": ["p", "q"], "content": {"id": "${rule.value}"}}}}}}}"#;
    let it = deployment(&[("main.tf.json", json)]);
    assert_eq!(attr(&it, "aws_s3_bucket.b", "bucket"), "\"x-y\"");
    assert_eq!(attr(&it, "aws_s3_bucket.b", "tags"), "{a = \"b\"}");
    assert_eq!(attr(&it, "aws_s3_bucket.b", "rule"), "list[{id = \"p\"}, {id = \"q\"}]");
}

#[test]
fn blocks_are_the_same_however_they_are_written() {
    let forms = [
        "  ingress {\n    port = 1\n  }\n  ingress {\n    port = 2\n  }\n",
        "  ingress = [{ port = 1 }, { port = 2 }]\n",
        "  dynamic \"ingress\" {\n    for_each = [1, 2]\n    content {\n      port = ingress.value\n    }\n  }\n",
        "  dynamic \"ingress\" {\n    for_each = { a = 1, b = 2 }\n    iterator = it\n    content {\n      port = it.value\n    }\n  }\n",
    ];
    for form in forms {
        let it = deployment(&[("main.tf", &format!("resource \"aws_security_group\" \"g\" {{\n{form}}}\n"))]);
        let blocks = it.instances[0].view().blocks("ingress");
        let ports: Vec<String> =
            blocks.members.iter().filter_map(|block| block.attr("port")).map(|port| shown(&port)).collect();
        assert_eq!((ports, blocks.open.is_some()), (vec!["1".to_owned(), "2".to_owned()], false), "{form}");
    }
    let unknown = "variable \"v\" {}\nresource \"aws_security_group\" \"g\" {\n  dynamic \"ingress\" {\n    for_each = var.v\n    content {}\n  }\n}\n";
    let it = deployment(&[("main.tf", unknown)]);
    let blocks = it.instances[0].view().blocks("ingress");
    assert_eq!((blocks.members.len(), blocks.open.map(|open| open.code)), (0, Some("no-value")));
}

#[test]
fn overrides_merge_by_name_and_replace_blocks() {
    let base = "resource \"aws_x\" \"a\" {\n  one = 1\n  two = 2\n  rule {\n    id = 1\n  }\n  dynamic \"rule\" {\n    for_each = [2]\n    content {}\n  }\n  lifecycle {\n    prevent_destroy = true\n  }\n}\nlocals {\n  l = 1\n}\nvariable \"v\" {\n  type    = string\n  default = 1\n}\nresource \"aws_x\" \"b\" {\n  l = local.l\n  v = var.v\n}\n";
    let over = "resource \"aws_x\" \"a\" {\n  two = 3\n  rule {\n    id = 9\n  }\n  lifecycle {\n    create_before_destroy = true\n  }\n}\nlocals {\n  l = 2\n}\nvariable \"v\" {\n  type = number\n}\nresource \"aws_x\" \"none\" {}\n";
    let terraform = evaluated(&[("a_override.tf", over), ("main.tf", base)]);
    let it = &terraform.deployments[0];
    assert_eq!(attr(it, "aws_x.a", "one"), "1");
    assert_eq!(attr(it, "aws_x.a", "two"), "3");
    assert_eq!(attr(it, "aws_x.a", "rule"), "list[{id = 9}]");
    assert_eq!(attr(it, "aws_x.a", "lifecycle"), "list[{create_before_destroy = true, prevent_destroy = true}]");
    assert_eq!((attr(it, "aws_x.b", "l"), attr(it, "aws_x.b", "v")), ("2".to_owned(), "1".to_owned()));
    let reasons: Vec<&str> = terraform.problems.iter().map(|problem| problem.reason).collect();
    assert_eq!(reasons, ["override-without-base"]);
}

#[test]
fn opentofu_files_hide_their_twins() {
    let terraform =
        evaluated(&[("main.tf", "locals {\n  a = 1\n}\n"), ("main.tofu", "output \"o\" {\n  value = 2\n}\n")]);
    assert_eq!(shown(&terraform.deployments[0].outputs[0].value), "2");
    assert_eq!(terraform.problems.iter().map(|problem| problem.reason).collect::<Vec<_>>(), ["two-dialects"]);
}

#[test]
fn variable_files_count_in_order() {
    let variables = "variable \"name\" {\n  default = \"d\"\n}\n";
    let tree = |files: &[(&'static str, &'static str)]| {
        let mut all = vec![("main.tf", BUCKET), ("variables.tf", variables)];
        all.extend(files);
        attr(&deployment(&all), "aws_s3_bucket.b", "bucket")
    };
    assert_eq!(tree(&[]), "\"d\"");
    assert_eq!(tree(&[("terraform.tfvars", "name = \"t\"\n")]), "\"t\"");
    assert_eq!(
        tree(&[("terraform.tfvars", "name = \"t\"\n"), ("terraform.tfvars.json", "{\"name\": \"${j}\"}")]),
        "\"${j}\""
    );
    assert_eq!(
        tree(&[
            ("b.auto.tfvars", "name = \"b\"\n"),
            ("a.auto.tfvars.json", "{\"name\": \"a\"}"),
            ("terraform.tfvars", "name = \"t\"\n")
        ]),
        "\"b\""
    );
    assert_eq!(tree(&[("prod.tfvars", "name = \"p\"\n")]), "\"d\"");
}

#[test]
fn files_beside_a_root_without_values_are_assumed_sets() {
    let terraform = evaluated(&[
        ("main.tf", BUCKET),
        ("v.tf", "variable \"name\" {}\n"),
        ("dev.tfvars", "name = \"d\"\nother = 1\n"),
        ("prod.tfvars", "name = \"p\"\n"),
    ]);
    let sets: Vec<(&str, bool, String)> = terraform
        .deployments
        .iter()
        .map(|it| (&*it.variant.name, it.variant.is_assumed, attr(it, "aws_s3_bucket.b", "bucket")))
        .collect();
    assert_eq!(sets, [("dev.tfvars", true, "\"d\"".to_owned()), ("prod.tfvars", true, "\"p\"".to_owned())]);
    assert_eq!(terraform.deployments[0].problems[0].reason, "undeclared-tfvars-name");
}

fn run(settings: Vec<Setting>) -> RunInput {
    RunInput {
        root_dir: "infra".to_owned(),
        verb: RunVerb::Apply,
        settings,
        environment: vec![(Arc::from("name"), text("from-env"))],
        workspace: Some(text("prod")),
        backend_config: Vec::new(),
        place: Span::file_start(FileId(0)),
        label: "deploy".to_owned(),
    }
}

fn text(text: &str) -> Value {
    Value::text(text, Origin::written(Span::file_start(FileId(0))))
}

#[test]
fn runs_make_deployments() {
    let main = "variable \"name\" {}\nvariable \"ports\" {\n  type = list(number)\n}\nresource \"aws_x\" \"a\" {\n  name  = var.name\n  ports = var.ports\n  space = terraform.workspace\n}\n";
    let world = world(&[
        ("infra/main.tf", main),
        ("infra/prod.tfvars", "name = \"prod\"\nports = [1]\n"),
        ("infra/dev.tfvars", "name = \"dev\"\nports = [2]\n"),
    ]);
    let evaluated = |settings: Vec<Setting>| {
        let inputs = Inputs { runs: vec![run(settings)], ..Inputs::default() };
        let terraform = evaluate(&world, &inputs);
        let values = terraform
            .deployments
            .iter()
            .map(|it| ["name", "ports", "space"].map(|name| attr(it, "aws_x.a", name)).join(" "));
        values.collect::<Vec<_>>()
    };
    let var = |name: &str, value: &str| Setting::Var(name.into(), text(value));
    assert_eq!(evaluated(vec![var("ports", "[443, 80]")]), ["\"from-env\" list[443, 80] \"prod\""]);
    assert_eq!(evaluated(vec![Setting::File(text("prod.tfvars"))]), ["\"prod\" list[1] \"prod\""]);
    assert_eq!(evaluated(vec![Setting::File(text("prod.tfvars")), var("name", "last")]), ["\"last\" list[1] \"prod\""]);
    assert_eq!(evaluated(vec![var("ports", "x")]), ["\"from-env\" !undeclared-variable \"prod\""]);
    assert_eq!(
        evaluated(vec![Setting::File(text("none.tfvars")), var("ports", "[7]")]),
        ["?file-not-in-tree list[7] \"prod\""]
    );
    let reason = crate::logic::Reason::new("from-workflow", "inputs.env");
    let unknown = Value::unknown(reason, Origin::none());
    assert_eq!(evaluated(vec![Setting::File(unknown.clone())]).len(), 2);
    assert_eq!(
        evaluated(vec![Setting::Var("name".into(), unknown), var("ports", "[]")]),
        ["?from-workflow list[] \"prod\""]
    );
}

#[test]
fn origins_lead_to_the_line_of_the_variable_file() {
    let it = deployment(&[
        ("main.tf", "module \"db\" {\n  source  = \"./db\"\n  encrypt = var.encrypt\n}\nvariable \"encrypt\" {}\n"),
        (
            "db/main.tf",
            "variable \"encrypt\" {}\nresource \"aws_db_instance\" \"a\" {\n  storage_encrypted = var.encrypt\n}\n",
        ),
        ("terraform.tfvars", "encrypt = false\n"),
    ]);
    let value = it.instances[0].view().attr("storage_encrypted").expect("it is written");
    let steps: Vec<StepKind> = value.origin.steps().map(|step| step.kind.clone()).collect();
    assert_eq!(
        steps,
        [
            StepKind::ReadThrough("var.encrypt".into()),
            StepKind::Passed { call: "db".into(), argument: "encrypt".into() },
            StepKind::ReadThrough("var.encrypt".into()),
            StepKind::VarFile { by_convention: true },
            StepKind::Written,
        ]
    );
    assert_eq!(value.origin.first().map(|step| step.span.start), Some(10));
}

#[test]
fn a_broken_file_makes_names_unknown_and_nothing_else() {
    let terraform = evaluated(&[
        ("bad.tf", "variable \"x\" {\n  type = = 1\n}\n"),
        ("main.tf", "resource \"aws_x\" \"a\" {\n  x = var.x\n  y = local.y\n  z = 1\n}\n"),
    ]);
    let it = &terraform.deployments[0];
    assert_eq!(
        ["x", "y", "z"].map(|name| attr(it, "aws_x.a", name)),
        ["?syntax-error", "?syntax-error", "1"].map(str::to_owned)
    );
    assert_eq!((terraform.problems.len(), it.errors.len()), (1, 0));
    assert_eq!(terraform.problems[0].reason, "syntax-error");
}

#[test]
fn blocks_in_variable_files_cost_the_file() {
    let terraform = evaluated(&[
        ("main.tf", "variable \"a\" {\n  default = 1\n}\noutput \"o\" {\n  value = var.a\n}\n"),
        ("terraform.tfvars", "a = 2\nvariable \"a\" {}\n"),
    ]);
    let it = &terraform.deployments[0];
    assert_eq!((shown(&it.outputs[0].value), it.problems[0].reason), ("1".to_owned(), "variable-block-in-tfvars"));
}
