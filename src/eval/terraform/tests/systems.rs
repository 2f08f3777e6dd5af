//! Whole configurations as people write them: everything is known that can be, and nothing is a problem.

use std::path::{Path, PathBuf};

use super::attr;
use crate::eval::terraform::functions::document;
use crate::eval::terraform::{Deployment, Inputs, Mode, evaluate};
use crate::source::{Span, World, WorldBuilder};
use crate::value::{StepKind, Value};

fn read(system: &str) -> World {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/terraform/systems").join(system);
    let mut builder = WorldBuilder::default();
    let mut open: Vec<PathBuf> = vec![top.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(&top).expect("it lies below").to_string_lossy().into_owned();
            builder.add_bytes(name, std::fs::read(&path).expect("a file of the repository"), true);
        }
    }
    builder.build()
}

/// The deployments of a system, of which none has a problem, a hole or an error, and whose spans lie in the tree.
fn deployments(world: &World) -> Vec<Deployment> {
    let terraform = evaluate(world, &Inputs::default());
    assert_eq!(terraform.problems, []);
    for it in &terraform.deployments {
        assert_eq!((it.problems.as_slice(), it.errors.as_slice(), it.holes.len()), (&[][..], &[][..], 0));
        for value in it.instances.iter().flat_map(|instance| instance.body.walk()) {
            for step in value.origin.steps() {
                let text = world.file(step.span.file).text().expect("a text");
                assert!(text.get(step.span.range()).is_some(), "{step:?}");
            }
        }
    }
    terraform.deployments
}

fn place(world: &World, span: Span) -> String {
    let file = world.file(span.file);
    format!("{}:{}", file.path, file.lines().line(span.start))
}

/// Where the chain of a value begins.
fn first(world: &World, value: &Value) -> String {
    value.origin.span().map_or_else(String::new, |span| place(world, span))
}

fn value(it: &Deployment, address: &str, name: &str) -> Value {
    it.instance(address).and_then(|instance| instance.view().attr(name)).expect(address)
}

/// A member of a document by keys and indices.
fn at(world: &World, text: &Value, path: &[&str]) -> Value {
    path.iter().fold(document(text, world), |value, step| match (value.as_map(), value.as_list()) {
        (Some(map), _) => map.entries.get(step).cloned().expect(step),
        (None, Some(list)) => step.parse().ok().and_then(|index: usize| list.items.get(index)).cloned().expect(step),
        (None, None) => panic!("{step} of {value:?}"),
    })
}

#[test]
fn subnets_through_two_modules() {
    let world = read("0-hardened");
    let it = deployments(&world).remove(0);
    let ranges =
        |kind: &str| [0, 1].map(|index| attr(&it, &format!("module.subnets.aws_subnet.{kind}[{index}]"), "cidr_block"));
    assert_eq!(ranges("public"), ["\"10.20.0.0/20\"", "\"10.20.16.0/20\""].map(str::to_owned));
    assert_eq!(ranges("private"), ["\"10.20.32.0/20\"", "\"10.20.48.0/20\""].map(str::to_owned));
    let endpoints = it.of_type(Mode::Managed, "aws_vpc_endpoint");
    assert_eq!(endpoints.filter(|endpoint| endpoint.address.contains("interface[")).count(), 4);
    let rules = it.of_type(Mode::Managed, "aws_wafv2_web_acl").next().expect("a list").view().blocks("rule");
    assert_eq!((rules.members.len(), rules.open), (3, None));
}

#[test]
fn images_and_passwords_know_their_lines() {
    let world = read("0-described");
    let all = deployments(&world);
    let it = all.iter().find(|it| it.variant.name == "terraform-prod.tfvars").expect("the set");
    let containers = value(it, "module.computes.aws_ecs_task_definition.app", "container_definitions");
    let image = at(&world, &containers, &["0", "image"]);
    let text = image.as_text().expect("a text");
    assert!(text.suffix().ends_with(":latest") && text.to_string().contains(".dkr.ecr.us-east-1.amazonaws.com/"));
    let end = text.known_length() - "latest".len();
    let tag = text.place(&world, end..end + "latest".len()).expect("a place");
    assert_eq!(place(&world, tag), "main.tf:29");
    let password = value(it, "aws_db_instance.postgres", "password");
    assert_eq!(first(&world, &password), "terraform-prod.tfvars:7");
    let environment = at(&world, &containers, &["0", "environment"]);
    let variables = environment.as_list().expect("a list").items.iter().filter_map(Value::as_map);
    let in_container = variables
        .filter(|variable| variable.entries.get("name").and_then(Value::as_str) == Some("POSTGRES_PASSWORD"))
        .find_map(|variable| variable.entries.get("value"))
        .expect("the variable");
    assert_eq!(first(&world, in_container), "terraform-prod.tfvars:7");
}

#[test]
fn trust_documents_are_read_through_instances() {
    let world = read("1-described");
    let it = deployments(&world).remove(0);
    let documents: Vec<String> = it
        .of_type(Mode::Managed, "aws_iam_role")
        .filter_map(|role| role.view().attr("assume_role_policy"))
        .map(|policy| policy.as_text().map(|text| text.to_string()).unwrap_or_default())
        .collect();
    assert!(documents.iter().any(|text| text.contains("repo:your-org/your-repo")), "{documents:?}");
}

#[test]
fn merged_containers_keep_the_place_of_every_attribute() {
    let world = read("2-hardened");
    let it = deployments(&world).remove(0);
    let families: Vec<&str> = it.of_type(Mode::Managed, "aws_ecs_task_definition").map(|task| &*task.address).collect();
    assert_eq!(families.len(), 3, "{families:?}");
    let containers = value(&it, "aws_ecs_task_definition.web", "container_definitions");
    let read_only = at(&world, &containers, &["0", "readonlyRootFilesystem"]);
    let name = at(&world, &containers, &["0", "name"]);
    assert_ne!(first(&world, &read_only), first(&world, &name));
    let text = world.text(read_only.origin.span().expect("a place"));
    assert_eq!(text, "true");
    let mut secrets = document(&containers, &world).walk().filter_map(Value::as_text).collect::<Vec<_>>();
    secrets.retain(|text| text.suffix() == ":password::");
    assert!(!secrets.is_empty());
}

#[test]
fn the_bastion_hangs_on_its_variable() {
    let world = read("4-described");
    let it = deployments(&world).remove(0);
    let bastion = it.instance("aws_instance.bastion[0]").expect("it is created");
    let decided_by = bastion.presence.decided_by.as_ref().expect("a count");
    assert_eq!(first(&world, decided_by), "variables.tf:53");
    let group = it.instance("aws_security_group.bastion[0]").expect("it is created");
    let source = group.view().block("ingress").and_then(|rule| rule.attr("cidr_blocks")).expect("a source");
    assert_eq!(first(&world, &source), "variables.tf:58");
    assert!(source.origin.steps().any(|step| matches!(step.kind, StepKind::ReadThrough(_))));
    let subnets = it.of_type(Mode::Managed, "aws_route_table_association");
    let referred: Vec<String> = subnets
        .filter_map(|association| association.view().attr("subnet_id"))
        .map(|subnet| subnet.as_reference().map(|reference| reference.address.to_string()).unwrap_or_default())
        .collect();
    let expected = ["aws_subnet.private[0]", "aws_subnet.private[1]", "aws_subnet.public[0]", "aws_subnet.public[1]"];
    assert_eq!(referred, expected);
}
