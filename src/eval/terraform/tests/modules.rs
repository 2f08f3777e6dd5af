//! Roots, module calls, holes, references, providers, readable data sources.

use super::{attr, deployment, evaluated, shown};
use crate::eval::terraform::{Deployment, IgnoredChanges, Mode, SourceKind};
use crate::logic::Tri;
use crate::value::Kind;

const NET: &str = "variable \"n\" {}\nresource \"aws_subnet\" \"s\" {\n  count = var.n\n  cidr  = cidrsubnet(\"10.0.0.0/16\", 8, count.index)\n}\noutput \"ids\" {\n  value = aws_subnet.s[*].id\n}\noutput \"first\" {\n  value = aws_subnet.s[0].cidr\n}\n";

#[test]
fn modules_repeat_like_resources() {
    let check = |meta: &str, reference: &str, expected: &str| {
        let main = format!(
            "module \"net\" {{\n  source = \"./net\"\n  n = 2\n{meta}}}\nresource \"aws_x\" \"a\" {{\n  v = {reference}\n}}\n"
        );
        let it = deployment(&[("main.tf", &main), ("net/main.tf", NET)]);
        assert_eq!(attr(&it, "aws_x.a", "v"), expected, "{meta}{reference}");
    };
    check("", "module.net.ids", "[→module.net.aws_subnet.s[0].id, →module.net.aws_subnet.s[1].id]");
    check("", "module.net.first", "\"10.0.0.0/24\"");
    check("count = 2\n", "module.net[1].ids[0]", "→module.net[1].aws_subnet.s[0].id");
    check("count = 2\n", "module.net[*].first", "[\"10.0.0.0/24\", \"10.0.0.0/24\"]");
    check("for_each = toset([\"x\"])\n", "module.net[\"x\"].ids[1]", "→module.net[\"x\"].aws_subnet.s[1].id");
    check("for_each = toset([\"x\"])\n", "[for k, m in module.net : \"${k}${m.first}\"]", "[\"x10.0.0.0/24\"]");
    check("count = 0\n", "try(module.net[0].first, \"none\")", "\"none\"");
    check("", "module.net.frist", "!undeclared-output");
    check("", "module.ner.ids", "!undeclared-module");
}

#[test]
fn called_folders_are_no_roots_unless_they_say_so() {
    let roots = |files: &[(&str, &str)]| {
        let terraform = evaluated(files);
        terraform.deployments.iter().map(|it| (it.root.to_string(), it.is_library)).collect::<Vec<_>>()
    };
    let call = "module \"m\" {\n  source = \"../m\"\n}\n";
    let root = |path: &str, is_library: bool| (path.to_owned(), is_library);
    assert_eq!(roots(&[("a/main.tf", call), ("m/main.tf", "")]), [root("a", false)]);
    assert_eq!(
        roots(&[("a/main.tf", call), ("m/main.tf", "terraform {\n  backend \"s3\" {}\n}\n")]),
        [root("a", false), root("m", false)]
    );
    assert_eq!(roots(&[("m/main.tf", "variable \"x\" {}\n")]), [root("m", true)]);
    let to = |path: &str| format!("module \"m\" {{\n  source = \"{path}\"\n}}\n");
    assert_eq!(roots(&[("a/main.tf", &to("../b")), ("b/main.tf", &to("../a"))]), [root("a", false)]);
}

#[test]
fn a_module_that_is_not_here_is_a_hole() {
    let main = "module \"vpc\" {\n  source  = \"acme/vpc/aws\"\n  version = \"~> 5.0\"\n  cidr    = \"10.0.0.0/16\"\n}\nresource \"aws_x\" \"a\" {\n  v = module.vpc.vpc_id\n  w = module.vpc.private_subnets[0]\n  n = length(module.vpc.private_subnets)\n}\n";
    let it = deployment(&[("main.tf", main)]);
    assert_eq!(attr(&it, "aws_x.a", "v"), "→module.vpc.vpc_id");
    assert_eq!(attr(&it, "aws_x.a", "w"), "→module.vpc.private_subnets[0]");
    assert_eq!(attr(&it, "aws_x.a", "n"), "?provider-computed");
    assert_eq!((it.holes.len(), it.holes[0].reason.code), (1, "module-not-downloaded"));
    assert_eq!(shown(&it.holes[0].arguments), "{cidr = \"10.0.0.0/16\"}");
    assert_eq!(it.module_calls[0].kind, SourceKind::Registry);
    assert_eq!((it.errors.len(), it.problems.len()), (0, 1));
}

#[test]
fn a_well_known_module_that_is_not_here_has_a_stub() {
    let call = |version: &str| {
        format!(
            "module \"vpc\" {{\n  source          = \"terraform-aws-modules/vpc/aws\"\n  version         = \"{version}\"\n  cidr            = \"10.1.0.0/16\"\n  azs             = [\"eu-west-1a\", \"eu-west-1b\"]\n  private_subnets = [\"10.1.1.0/24\", \"10.1.2.0/24\"]\n  public_subnets  = [\"10.1.11.0/24\"]\n  unheard_of      = 1\n}}\nresource \"aws_x\" \"a\" {{\n  ids   = module.vpc.private_subnets\n  cidr  = module.vpc.private_subnets_cidr_blocks[1]\n  other = module.vpc.not_in_the_stub\n}}\n"
        )
    };
    let it = deployment(&[("main.tf", &call("~> 5.1"))]);
    assert_eq!(
        attr(&it, "aws_x.a", "ids"),
        "[→module.vpc.aws_subnet.private[0].id, →module.vpc.aws_subnet.private[1].id]"
    );
    assert_eq!(attr(&it, "aws_x.a", "cidr"), "\"10.1.2.0/24\"");
    assert_eq!(attr(&it, "aws_x.a", "other"), "→module.vpc.not_in_the_stub");
    assert_eq!((it.holes.len(), it.holes[0].reason.code, it.errors.len()), (1, "module-not-downloaded", 0));
    assert!(it.holes[0].creates.as_ref().is_some_and(|creates| !creates.iter().any(|of| &**of == "aws_route")));
    let subnet = it.instance("module.vpc.aws_subnet.private[1]").expect("a subnet of the stub");
    assert!(subnet.is_third_party);
    assert_eq!((subnet.header_span.start, subnet.header_span.end), (0, 12));
    let cidr = subnet.view().attr("cidr_block").expect("it is written");
    assert!(cidr.origin.span().is_some_and(|span| span.start > 100), "the caller's literal");
    // Version 3 was another module.
    let it = deployment(&[("main.tf", &call("3.0.0"))]);
    assert_eq!(attr(&it, "aws_x.a", "cidr"), "→module.vpc.private_subnets_cidr_blocks[1]");
}

/// Which subnets have which table, and where each table leads, in the words of the stub.
fn routes(it: &Deployment) -> Vec<String> {
    let short = |address: &str, name: &str| {
        attr(it, address, name).replace("→module.vpc.aws_", "").replace(".id", "").replace("route_table.", "")
    };
    let mut lines = Vec::new();
    for instance in it.of_type(Mode::Managed, "aws_route_table_association") {
        let (subnet, table) = (short(&instance.address, "subnet_id"), short(&instance.address, "route_table_id"));
        lines.push(format!("{} by {table}", subnet.replace("subnet.", "")));
    }
    for instance in it.of_type(Mode::Managed, "aws_route") {
        let target = ["gateway_id", "nat_gateway_id", "egress_only_gateway_id"]
            .map(|name| short(&instance.address, name))
            .into_iter()
            .find(|target| target != "nothing");
        lines.push(format!("{} to {}", short(&instance.address, "route_table_id"), target.unwrap_or_default()));
    }
    lines
}

#[test]
fn the_stub_of_the_vpc_expands_like_the_module() {
    let check = |arguments: &str, expected: &[&str]| {
        let main = format!(
            "module \"vpc\" {{\n  source = \"terraform-aws-modules/vpc/aws\"\n  version = \"6.0.0\"\n  name = \"n\"\n  azs = [\"eu-west-1a\", \"eu-west-1b\"]\n{arguments}}}\n"
        );
        assert_eq!(routes(&deployment(&[("main.tf", &main)])), expected, "{arguments}");
    };
    let private = "  private_subnets = [\"10.0.1.0/24\", \"10.0.2.0/24\"]\n";
    let public = "  public_subnets = [\"10.0.11.0/24\"]\n";
    let database = "  database_subnets = [\"10.0.21.0/24\"]\n";
    // Without gateways there are as many tables as subnets, and none leads anywhere.
    check(private, &["private[0] by private[0]", "private[1] by private[1]"]);
    // One gateway serves all, and a database without a table of its own uses the private one.
    check(
        &format!("{private}{public}{database}  enable_nat_gateway = true\n  single_nat_gateway = true\n"),
        &[
            "database[0] by private[0]",
            "private[0] by private[0]",
            "private[1] by private[0]",
            "public[0] by public[0]",
            "private[0] to nat_gateway.this[0]",
            "public[0] to internet_gateway.this[0]",
        ],
    );
    check(
        &format!(
            "{public}{database}  create_database_subnet_route_table = true\n  create_database_internet_gateway_route = true\n"
        ),
        &[
            "database[0] by database[0]",
            "public[0] by public[0]",
            "database[0] to internet_gateway.this[0]",
            "public[0] to internet_gateway.this[0]",
        ],
    );
    // Terraform refuses to choose from two empty lists.
    check(database, &["database[0] by !wrong-argument"]);
}

#[test]
fn installed_modules_are_read_if_they_are_the_ones_asked_for() {
    let manifest = r#"{"Modules":[{"Key":"","Source":"","Dir":"."},
      {"Key":"vpc","Source":"registry.terraform.io/acme/vpc/aws","Version":"5.1.0","Dir":".terraform/modules/vpc"}]}"#;
    let check = |version: &str, expected: &str| {
        let main = format!(
            "module \"vpc\" {{\n  source  = \"acme/vpc/aws\"\n  version = \"{version}\"\n}}\noutput \"o\" {{\n  value = module.vpc.id\n}}\n"
        );
        let it = deployment(&[
            ("main.tf", &main),
            (".terraform/modules/modules.json", manifest),
            (
                ".terraform/modules/vpc/main.tf",
                "output \"id\" {\n  value = aws_vpc.v.id\n}\nresource \"aws_vpc\" \"v\" {}\n",
            ),
        ]);
        assert_eq!(shown(&it.outputs.last().expect("an output").value), expected);
        it
    };
    let it = check("~> 5.0", "→module.vpc.aws_vpc.v.id");
    assert!(it.instances[0].is_third_party);
    let it = check("~> 6.0", "→module.vpc.id");
    assert_eq!(it.holes[0].reason.code, "module-stale");
}

#[test]
fn what_terraform_refuses_is_said_once_at_its_place() {
    let main = "resource \"aws_x\" \"a\" {\n  count = 3\n  v     = local.x\n  w     = try(local.none, 1)\n  u     = [for i in [1] : var.y]\n}\nlocals {\n  x = aws_y.b.id\n}\nmodule \"m\" {\n  source = \"./m\"\n  wrong  = 1\n}\n";
    let it = deployment(&[("main.tf", main), ("m/main.tf", "variable \"need\" {}\n")]);
    let codes: Vec<&str> = it.errors.iter().map(|error| error.code).collect();
    assert_eq!(
        codes,
        ["undeclared-variable", "undeclared-resource", "missing-module-argument", "undeclared-module-argument"]
    );
}

#[test]
fn unknown_repetition_makes_one_symbolic_instance() {
    let main = "variable \"on\" {}\nvariable \"m\" {}\nresource \"aws_vpc\" \"a\" {\n  count = var.on ? 1 : 0\n  n     = count.index\n}\nresource \"aws_vpc\" \"b\" {\n  for_each = merge({ k = 1 }, var.m)\n  n        = each.value\n}\nresource \"aws_vpc\" \"c\" {\n  count = 0\n}\nresource \"aws_x\" \"a\" {\n  first = aws_vpc.a[0].id\n  all   = aws_vpc.a[*].id\n  or    = try(aws_vpc.a[0].id, \"none\")\n  b     = [for k, v in aws_vpc.b : k]\n  c     = one(aws_vpc.c[*].id)\n}\n";
    let it = deployment(&[("main.tf", main)]);
    let instances: Vec<(&str, Tri)> =
        it.of_type(Mode::Managed, "aws_vpc").map(|instance| (&*instance.address, instance.presence.tri)).collect();
    assert_eq!(
        instances,
        [("aws_vpc.a[?]", Tri::Unknown), ("aws_vpc.b[\"k\"]", Tri::True), ("aws_vpc.b[?]", Tri::Unknown)]
    );
    let values = ["first", "all", "or", "b", "c"].map(|name| attr(&it, "aws_x.a", name));
    assert_eq!(
        values,
        ["→aws_vpc.a[0].id", "[…?no-value]", "?no-value", "[\"k\", …?no-value]", "null"].map(str::to_owned)
    );
    let first = it.instance("aws_x.a").and_then(|it| it.view().attr("first")).expect("it is written");
    let Kind::Reference(reference) = &first.kind else { panic!("a reference") };
    assert_eq!(it.referred(reference).map(|it| &*it.address), Some("aws_vpc.a[?]"));
    assert_eq!(attr(&it, "aws_vpc.a[?]", "n"), "?no-value");
    assert_eq!(it.errors, []);
}

#[test]
fn presence_hangs_on_the_condition() {
    let it = deployment(&[(
        "main.tf",
        "variable \"on\" {\n  default = true\n}\nresource \"aws_instance\" \"b\" {\n  count = var.on ? 1 : 0\n}\n",
    )]);
    let decided_by = it.instances[0].presence.decided_by.as_ref().expect("a count");
    assert_eq!(shown(decided_by), "true");
    assert_eq!(decided_by.origin.span().map(|span| span.start), Some(28));
}

#[test]
fn attributes_of_resources_are_values_or_references() {
    let main = "resource \"aws_db_instance\" \"d\" {\n  port = 5432\n  timeouts {\n    create = \"1h\"\n  }\n  rule {\n    a = 1\n  }\n  rule {\n    a = 2\n  }\n}\nresource \"aws_s3_bucket\" \"b\" {\n  bucket_prefix = \"logs-\"\n}\nresource \"random_password\" \"p\" {}\nresource \"aws_alb\" \"old\" {}\nresource \"aws_x\" \"a\" {\n  port   = aws_db_instance.d.port\n  create = aws_db_instance.d.timeouts[0].create\n  none   = aws_db_instance.d.rule[1].b\n  all    = aws_db_instance.d.rule[*].a\n  secret = aws_db_instance.d.master_user_secret[0].secret_arn\n  bucket = aws_s3_bucket.b.bucket\n  pass   = random_password.p.result\n  lb     = aws_lb.old.arn\n  whole  = aws_s3_bucket.b\n}\n";
    let it = deployment(&[("main.tf", main)]);
    let check = |name: &str, expected: &str| assert_eq!(attr(&it, "aws_x.a", name), expected, "{name}");
    check("port", "5432");
    check("create", "\"1h\"");
    check("none", "→aws_db_instance.d.rule[1].b");
    check("all", "list[1, 2]");
    check("secret", "→aws_db_instance.d.master_user_secret[0].secret_arn");
    check("bucket", "\"logs-⟦aws_s3_bucket.b.bucket⟧\"");
    check("lb", "→aws_lb.old.arn");
    check("whole", "{bucket_prefix = \"logs-\", …?provider-computed}");
    let pass = it.instance("aws_x.a").and_then(|it| it.view().attr("pass")).expect("it is written");
    assert!(pass.sensitive);
}

#[test]
fn policy_documents_are_put_together() {
    let main = r#"
data "aws_iam_policy_document" "base" {
  statement {
    sid       = "A"
    actions   = ["s3:Get*"]
    resources = ["arn:aws:s3:::b/&{aws:username}/*"]
  }
  statement {
    sid     = "B"
    effect  = "Deny"
    actions = ["*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
data "aws_iam_policy_document" "all" {
  source_policy_documents   = [data.aws_iam_policy_document.base.json, null]
  override_policy_documents = [jsonencode({ Statement = { Sid = "B", Effect = "Allow", Action = "x:Y" } })]
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["a.amazonaws.com"]
    }
    principals {
      type        = "Service"
      identifiers = ["b.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = ["1"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = ["2"]
    }
  }
}
output "o" {
  value = jsondecode(data.aws_iam_policy_document.all.json).Statement
}
"#;
    let it = deployment(&[("main.tf", main)]);
    assert_eq!(it.errors, []);
    let expected = concat!(
        "[{Action = [\"s3:Get*\"], Effect = \"Allow\", Resource = [\"arn:aws:s3:::b/${aws:username}/*\"], Sid = \"A\"}, ",
        "{Action = \"x:Y\", Effect = \"Allow\", Sid = \"B\"}, ",
        "{Action = [\"sts:AssumeRole\"], Condition = {StringEquals = {aws:SourceAccount = [\"1\", \"2\"]}}, ",
        "Effect = \"Allow\", Principal = {Service = [\"a.amazonaws.com\", \"b.amazonaws.com\"]}}]"
    );
    assert_eq!(shown(&it.outputs[0].value), expected);
}

#[test]
fn the_state_of_another_root_is_its_outputs() {
    let backend = |key: &str| {
        format!("terraform {{\n  backend \"s3\" {{\n    bucket = \"b\"\n    key    = \"{key}\"\n  }}\n}}\n")
    };
    let net =
        format!("{}resource \"aws_vpc\" \"v\" {{}}\noutput \"id\" {{\n  value = aws_vpc.v.id\n}}\n", backend("net"));
    let app = |key: &str| {
        format!(
            "data \"terraform_remote_state\" \"net\" {{\n  backend = \"s3\"\n  config = {{\n    bucket = \"b\"\n    key    = \"{key}\"\n  }}\n}}\noutput \"vpc\" {{\n  value = data.terraform_remote_state.net.outputs.id\n}}\n"
        )
    };
    for (key, expected) in [("net", "→aws_vpc.v.id"), ("other", "→data.terraform_remote_state.net.outputs.id")] {
        let terraform = evaluated(&[("app/main.tf", &app(key)), ("net/main.tf", &net)]);
        assert_eq!(shown(&terraform.deployments[0].outputs[0].value), expected);
    }
}

#[test]
fn providers_are_handed_down() {
    let it = deployment(&[
        (
            "main.tf",
            "provider \"aws\" {\n  region = \"eu-west-1\"\n}\nprovider \"aws\" {\n  alias  = \"us\"\n  region = \"us-east-1\"\n}\nmodule \"m\" {\n  source    = \"./m\"\n  providers = { aws.far = aws.us }\n}\nresource \"aws_x\" \"a\" {\n  provider = aws.us\n}\ndata \"aws_region\" \"here\" {}\noutput \"r\" {\n  value = data.aws_region.here.name\n}\n",
        ),
        ("m/main.tf", "resource \"aws_x\" \"near\" {}\nresource \"aws_x\" \"far\" {\n  provider = aws.far\n}\n"),
    ]);
    let region = |address: &str| {
        let provider = it.instance(address).and_then(|it| it.provider)?;
        it.providers[provider].body.as_map()?.entries.get("region").map(shown)
    };
    assert_eq!(region("aws_x.a").as_deref(), Some("\"us-east-1\""));
    assert_eq!(region("module.m.aws_x.near").as_deref(), Some("\"eu-west-1\""));
    assert_eq!(region("module.m.aws_x.far").as_deref(), Some("\"us-east-1\""));
    assert_eq!(
        it.outputs.iter().find(|output| &*output.name == "r").map(|it| shown(&it.value)).as_deref(),
        Some("\"eu-west-1\"")
    );
}

#[test]
fn ignored_changes_are_kept() {
    let it = deployment(&[(
        "main.tf",
        "resource \"aws_x\" \"a\" {\n  lifecycle {\n    ignore_changes = [tags[\"x\"], size, \"old\"]\n  }\n}\nresource \"aws_x\" \"b\" {\n  lifecycle {\n    ignore_changes = all\n  }\n}\n",
    )]);
    let names = ["tags", "size", "old"].map(std::sync::Arc::from).to_vec();
    assert_eq!(it.instances[0].ignored, IgnoredChanges::Named(names));
    assert!(it.instances[1].may_drift("anything"));
    assert_eq!(it.errors, []);
}

#[test]
fn files_and_templates_come_from_the_tree() {
    let it = deployment(&[
        (
            "infra/main.tf",
            "locals {\n  d = templatefile(\"${path.module}/p.tpl\", { arn = aws_s3_bucket.b.arn, l = [\"x\", \"y\"] })\n}\nresource \"aws_s3_bucket\" \"b\" {}\noutput \"o\" {\n  value = local.d\n}\noutput \"f\" {\n  value = file(\"../../etc/passwd\")\n}\n",
        ),
        ("infra/p.tpl", "%{ for i in l ~}\n- ${i} ${upper(i)}\n%{ endfor ~}\n${arn}/*\n"),
    ]);
    assert_eq!(shown(&it.outputs[1].value), "\"- x X\\n- y Y\\n⟦aws_s3_bucket.b.arn⟧/*\\n\"");
    assert!(matches!(shown(&it.outputs[0].value).as_str(), "?outside-tree" | "?file-not-in-tree"));
}

#[test]
fn tags_and_labels() {
    let main = "provider \"aws\" {\n  default_tags {\n    tags = { a = 1, b = 2 }\n  }\n}\nresource \"aws_x\" \"r\" {\n  tags = { b = 3 }\n  provisioner \"local-exec\" {\n    command = self.id\n  }\n}\noutput \"t\" {\n  value = aws_x.r.tags_all\n}\n";
    let it = deployment(&[("main.tf", main)]);
    assert_eq!(shown(&it.outputs[0].value), "{a = 1, b = 3}");
    assert_eq!(attr(&it, "aws_x.r", "provisioner"), "list[{command = ?self, type = \"local-exec\"}]");
}

#[test]
fn what_another_tool_writes_is_not_seen() {
    let terraform = evaluated(&[("a/main.tf", "locals {\n  a = 1\n}\n"), ("a/terragrunt.hcl", "")]);
    assert!(terraform.deployments[0].is_library);
    assert_eq!(terraform.problems.iter().map(|problem| problem.reason).collect::<Vec<_>>(), ["foreign-tool"]);
}

#[test]
fn names_that_stand_twice_in_json_are_several_blocks() {
    let json = r#"{
      "resource": { "aws_security_group": { "a": {
        "ingress": { "from_port": 80 }, "ingress": [{ "from_port": 443 }], "name": "x" } } },
      "resource": { "aws_x": { "b": { "v": "${length(aws_security_group.a.ingress)}",
        "tags": { "k": 1, "k": 2 },
        "config": { "dynamic": { "rule": { "for_each": [1, 2], "content": { "n": "${rule.value}" } } } } } } }
    }"#;
    let it = deployment(&[("main.tf.json", json)]);
    assert_eq!(attr(&it, "aws_x.b", "v"), "2");
    assert_eq!(attr(&it, "aws_x.b", "tags"), "!duplicate-key");
    assert_eq!(attr(&it, "aws_x.b", "config"), "list[{rule = list[{n = 1}, {n = 2}]}]");
}

#[test]
fn names_that_another_tool_writes_are_not_undeclared() {
    let source =
        "terraform {\n  source = get_env(\"CI\") == \"\" ? \"../..//aws/net\" : \"git::https://example.com/net\"\n}\n";
    let main = "resource \"aws_x\" \"a\" {\n  v = var.env\n}\n";
    let terraform = evaluated(&[("env/prod/terragrunt.hcl", source), ("aws/net/main.tf", main)]);
    let it = &terraform.deployments[0];
    assert_eq!(attr(it, "aws_x.a", "v"), "?foreign-tool");
    assert_eq!((it.errors.len(), terraform.problems[0].reason), (0, "foreign-tool"));
}
