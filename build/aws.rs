//! The AWS tables: reads the text of `data/`, checks the lists kept by hand against it, and packs it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{env, fs};

use crate::pack::{Packer, Sets};

const KEY_TYPES: [&str; 9] =
    ["String", "ArrayOfString", "ARN", "ArrayOfARN", "Bool", "ArrayOfBool", "Numeric", "Date", "IPAddress"];

pub(crate) fn build() {
    println!("cargo::rerun-if-changed=data");
    let actions = read("aws-actions.txt");
    let services = parse_services(&actions);
    check_lists(&services, &[&read("aws-lists.txt"), &read("aws-needs.txt")], &read("iam-privesc-paths.txt"));
    write("aws-actions.bin", &pack_services(&services));
    write("aws-managed-policies.bin", &pack_policies(&read("aws-managed-policies.txt")));
}

fn read(name: &str) -> String {
    let path = Path::new("data").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(name: &str, packed: &Packer) {
    let folder = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&folder).join(name), &packed.bytes).expect("OUT_DIR can be written");
}

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn members(field: Option<&&str>) -> Vec<String> {
    field.map_or(Vec::new(), |field| field.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

#[derive(Default)]
struct Service {
    prefix: String,
    name: String,
    is_under_rcp: bool,
    keys: Vec<(String, usize)>,
    types: Vec<(String, String, Vec<String>)>,
    actions: Vec<Action>,
}

struct Action {
    name: String,
    level: u8,
    is_disputed: bool,
    types: Vec<String>,
    keys: Vec<String>,
    dependents: Vec<String>,
}

fn parse_services(text: &str) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    for fields in rows(text) {
        if fields[0] == "service" {
            let service = Service {
                prefix: fields[1].to_owned(),
                name: fields[2].to_owned(),
                is_under_rcp: fields.get(3) == Some(&"rcp"),
                ..Service::default()
            };
            services.push(service);
            continue;
        }
        let service = services.last_mut().expect("a table begins with a service");
        match fields[0] {
            "key" => {
                let kind = KEY_TYPES.iter().position(|kind| *kind == fields[2]);
                service.keys.push((fields[1].to_owned(), kind.unwrap_or_else(|| panic!("key type {}", fields[2]))));
            }
            "type" => service.types.push((fields[1].to_owned(), fields[2].to_owned(), members(fields.get(3)))),
            "action" => service.actions.push(Action {
                name: fields[1].to_owned(),
                level: "LRWPT".find(&fields[2][..1]).expect("a level is one of LRWPT") as u8,
                is_disputed: fields[2].ends_with('?'),
                types: members(fields.get(3)),
                keys: members(fields.get(4)),
                dependents: members(fields.get(5)),
            }),
            other => panic!("aws-actions.txt: unknown row {other}"),
        }
    }
    services
}

/// Every action that a list or a path names must exist; a prefix with `*` must match something.
fn check_lists(services: &[Service], lists: &[&str], paths: &str) {
    let known: BTreeSet<String> = services
        .iter()
        .flat_map(|service| service.actions.iter().map(|action| format!("{}:{}", service.prefix, action.name)))
        .collect();
    const OF_ACTIONS: [&str; 7] = ["no-resource", "acts-on", "read-data", "expose", "blind", "credential", "need"];
    let in_lists = lists
        .iter()
        .flat_map(|text| rows(text))
        .filter(|row| OF_ACTIONS.contains(&row[0]))
        .flat_map(|row| members(row.get(1)));
    let in_paths = rows(paths).flat_map(|row| members(row.get(2)));
    for name in in_lists.chain(in_paths) {
        let exists = match name.strip_suffix('*') {
            Some(prefix) => known.range(prefix.to_owned()..).next().is_some_and(|found| found.starts_with(prefix)),
            None => known.contains(&name),
        };
        assert!(exists, "{name} stands in a list of data/ and in no table");
    }
}

fn pack_services(services: &[Service]) -> Packer {
    let mut out = Packer::default();
    out.number(services.len());
    for service in services {
        out.text(&service.prefix);
        out.text(&service.name);
        out.block(&pack_service(service));
    }
    out
}

/// Flags, keys, key sets, types, type sets, dependents, actions.
fn pack_service(service: &Service) -> Packer {
    let key_index: BTreeMap<&str, usize> =
        service.keys.iter().enumerate().map(|(index, (name, _))| (name.as_str(), index)).collect();
    let type_index: BTreeMap<&str, usize> =
        service.types.iter().enumerate().map(|(index, (name, ..))| (name.as_str(), index)).collect();
    let dependents: BTreeSet<&str> =
        service.actions.iter().flat_map(|action| action.dependents.iter().map(String::as_str)).collect();
    let dependents: Vec<&str> = dependents.into_iter().collect();
    let keys_of = |keys: &[String]| -> Vec<usize> { keys.iter().map(|key| key_index[key.as_str()]).collect() };

    let (mut key_sets, mut type_sets, mut dependent_sets) = (Sets::default(), Sets::default(), Sets::default());
    let mut types = Packer::default();
    let mut before = "";
    for (name, arn, keys) in &service.types {
        types.next_name(before, name);
        types.text(&short_arn(arn, &service.prefix));
        types.number(key_sets.index_of(keys_of(keys)));
        before = name;
    }
    let mut actions = Packer::default();
    let mut before = "";
    for action in &service.actions {
        actions.next_name(before, &action.name);
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        actions.bytes.push(
            action.level
                | flag(action.is_disputed, 8)
                | flag(!action.types.is_empty(), 16)
                | flag(!action.keys.is_empty(), 32)
                | flag(!action.dependents.is_empty(), 64),
        );
        if !action.types.is_empty() {
            let set = action.types.iter().map(|name| type_number(name, &type_index)).collect();
            actions.number(type_sets.index_of(set));
        }
        if !action.keys.is_empty() {
            actions.number(key_sets.index_of(keys_of(&action.keys)));
        }
        if !action.dependents.is_empty() {
            let place = |name: &String| dependents.binary_search(&name.as_str()).expect("collected above");
            actions.number(dependent_sets.index_of(action.dependents.iter().map(place).collect()));
        }
        before = &action.name;
    }

    let mut out = Packer::default();
    out.bytes.push(u8::from(service.is_under_rcp));
    out.names(service.keys.iter().map(|(name, _)| name.as_str()));
    out.bytes.extend(service.keys.iter().map(|(_, kind)| *kind as u8));
    key_sets.pack(&mut out);
    out.number(service.types.len());
    out.bytes.extend_from_slice(&types.bytes);
    type_sets.pack(&mut out);
    out.names(dependents.iter().copied());
    dependent_sets.pack(&mut out);
    out.number(service.actions.len());
    out.bytes.extend_from_slice(&actions.bytes);
    out
}

/// Twice the index, plus one where the type is required. A type that the table does not describe is a mistake of it.
fn type_number(name: &str, types: &BTreeMap<&str, usize>) -> usize {
    let (name, required) = match name.strip_suffix('*') {
        Some(name) => (name, 1),
        None => (name, 0),
    };
    2 * types.get(name).unwrap_or_else(|| panic!("no resource type {name}")) + required
}

/// The pieces that nearly every ARN format has, as one byte each.
fn short_arn(arn: &str, prefix: &str) -> String {
    arn.replace("arn:${Partition}:", "\u{1}")
        .replace("${Region}:", "\u{2}")
        .replace("${Account}:", "\u{3}")
        .replace(&format!("\u{1}{prefix}:"), "\u{4}")
}

#[derive(Default)]
struct Policy {
    name: String,
    version: String,
    date: String,
    statements: Vec<Vec<(u8, Vec<String>)>>,
}

const ELEMENTS: [&str; 7] = ["allow", "deny", "action", "not-action", "resource", "not-resource", "when"];

/// Texts of policies that are packed together; `src/data/managed.rs` knows the number.
const RUN: usize = 32;

fn pack_policies(text: &str) -> Packer {
    let mut policies: Vec<Policy> = Vec::new();
    let mut linked: Vec<String> = Vec::new();
    for fields in rows(text) {
        let rest: Vec<String> = fields[1..].iter().map(|&field| field.to_owned()).collect();
        match fields[0] {
            "linked" => linked.extend(rest),
            "policy" => policies.push(Policy {
                name: rest[0].clone(),
                version: rest[1].clone(),
                date: rest[2].clone(),
                statements: Vec::new(),
            }),
            element => {
                let code = ELEMENTS.iter().position(|name| *name == element).unwrap_or_else(|| panic!("row {element}"));
                let policy = policies.last_mut().expect("a statement follows a policy");
                if code < 2 {
                    policy.statements.push(Vec::new());
                }
                policy.statements.last_mut().expect("an element follows a statement").push((code as u8, rest));
            }
        }
    }
    linked.sort();
    policies.sort_by(|a, b| a.name.cmp(&b.name));
    let strings: BTreeSet<&str> = policies
        .iter()
        .flat_map(|policy| policy.statements.iter().flatten().flat_map(|(_, texts)| texts.iter().map(String::as_str)))
        .collect();
    let strings: Vec<&str> = strings.into_iter().collect();
    let place = |text: &String| strings.binary_search(&text.as_str()).expect("collected above");

    let mut out = Packer::default();
    // In runs, so that who asks for a few need not read all.
    let runs = strings.chunks(RUN);
    out.number(runs.len());
    for run in runs {
        let mut block = Packer::default();
        block.names(run.iter().copied());
        out.block(&block);
    }
    out.names(linked.iter().map(String::as_str));
    out.number(policies.len());
    for policy in &policies {
        let mut block = Packer::default();
        block.text(&policy.version);
        block.text(&policy.date);
        block.number(policy.statements.len());
        for statement in &policy.statements {
            block.number(statement.len());
            for (code, texts) in statement {
                block.bytes.push(*code);
                pack_run(&mut block, &texts.iter().map(place).collect::<Vec<_>>());
            }
        }
        out.text(&policy.name);
        out.block(&block);
    }
    out
}

/// Indices as differences to the one before (zigzag): lists of actions are mostly sorted.
fn pack_run(out: &mut Packer, numbers: &[usize]) {
    out.number(numbers.len());
    let mut before = 0_i64;
    for number in numbers {
        let step = *number as i64 - before;
        out.number(((step << 1) ^ (step >> 63)) as usize);
        before = *number as i64;
    }
}
